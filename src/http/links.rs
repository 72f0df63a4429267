//! Absolute addresses: from a site's template or the configured public URL, never from the `Host` header.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Everything that may not stand in a path segment (RFC 3986, `pchar`).
pub const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Makes absolute addresses.
#[derive(Debug, Clone)]
pub struct Links {
    public_url: String,
}

impl Links {
    /// Addresses below `public_url`, which has no slash at its end.
    pub fn new(public_url: String) -> Self {
        Self { public_url }
    }

    /// The absolute address of a path of this API.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    /// The address of a site: by its template, else where this API serves it.
    pub fn site(&self, slug: &str, template: Option<&str>) -> String {
        match template {
            Some(template) => fill(template, ""),
            None => format!(
                "{}/api/v1/sites/{}",
                self.public_url,
                utf8_percent_encode(slug, SEGMENT)
            ),
        }
    }

    /// The address of an article: by its site's template, else where this API serves it.
    pub fn article(&self, template: Option<&str>, slug: &str, id: i64) -> String {
        match template {
            Some(template) => fill(
                template,
                &format!("articles/{}", utf8_percent_encode(slug, SEGMENT)),
            ),
            None => format!("{}/api/v1/articles/{id}", self.public_url),
        }
    }

    /// Where this API serves the article of a site with a slug, with the query string of a request.
    pub fn article_by_slug(&self, site: &str, slug: &str, query: &str) -> String {
        let segment = |text| utf8_percent_encode(text, SEGMENT);
        let joint = if query.is_empty() { "" } else { "?" };
        format!(
            "{}/api/v1/sites/{}/articles/{}{joint}{query}",
            self.public_url,
            segment(site),
            segment(slug)
        )
    }

    /// Where this API serves the category of a site with a path, with the query string of a request.
    pub fn category_by_path(&self, site: &str, path: &str, query: &str) -> String {
        let segments: Vec<String> = path
            .split('/')
            .map(|slug| utf8_percent_encode(slug, SEGMENT).to_string())
            .collect();
        let joint = if query.is_empty() { "" } else { "?" };
        format!(
            "{}/api/v1/sites/{}/categories/{}{joint}{query}",
            self.public_url,
            utf8_percent_encode(site, SEGMENT),
            segments.join("/")
        )
    }
}

/// `template` with `{path}` replaced, or with the path behind it where it has no `{path}`.
fn fill(template: &str, path: &str) -> String {
    if template.contains("{path}") {
        // Whether or not the template has the slash before the path, there is exactly one.
        template
            .replace("/{path}", "{path}")
            .replace("{path}", &format!("/{path}"))
    } else {
        format!("{}/{path}", template.trim_end_matches('/'))
    }
}
