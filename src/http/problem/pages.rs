//! The pages that the `type` of a problem leads to: what it means and what to do. Knows the table of codes, no occurrence.

use std::collections::BTreeMap;

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{Problem, ProblemCode};
use crate::http::fixed::{Fixed, Keep};

/// The only style there is; the policy of the pages names its hash.
const STYLE: &str = "\
body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}\
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow-x:auto;padding:1rem;background:#f3f3f3}\
table{border-collapse:collapse}th,td{text-align:left;padding:.3rem 1rem .3rem 0;border-bottom:1px solid #ccc;vertical-align:top}\
a{color:#0b57d0}@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}pre{background:#262626}\
th,td{border-color:#444}a{color:#8ab4f8}}";

/// A page about each kind of problem, and one that lists them.
#[derive(Debug)]
pub struct ProblemPages {
    index: Fixed,
    pages: BTreeMap<String, Fixed>,
}

impl ProblemPages {
    /// Writes the pages; examples show addresses below `public_url`.
    pub fn render(public_url: &str) -> Self {
        let pages = ProblemCode::ALL.iter().map(|code| {
            let page = html(code.title(), &about(*code, public_url));
            (code.slug(), fixed(page))
        });
        Self {
            index: fixed(html("Problems", &list())),
            pages: pages.collect(),
        }
    }
}

fn fixed(page: String) -> Fixed {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // Base64 is visible ASCII.
    let policy =
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    Fixed::new("text/html; charset=utf-8", Keep::Hour, page)
        .with_header(CONTENT_SECURITY_POLICY, policy)
        .with_header(REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
}

fn html(title: &str, main: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{main}</main>\n</body>\n</html>\n"
    )
}

fn list() -> String {
    let rows: String = ProblemCode::ALL
        .iter()
        .map(|code| {
            format!(
                "<tr><td>{}</td><td><a href=\"problems/{}\"><code>{}</code></a></td><td>{}</td></tr>\n",
                code.status().as_u16(),
                escaped(&code.slug()),
                escaped(code.as_str()),
                prose(code.summary()),
            )
        })
        .collect();
    format!(
        "<p>Every answer with a status from 400 up is one of these, as <code>application/problem+json</code> (RFC 9457). \
         Programs compare <code>code</code>; <code>detail</code> is for people and may change.</p>\n\
         <table>\n<thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Code</th><th scope=\"col\">Meaning</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n"
    )
}

fn about(code: ProblemCode, public_url: &str) -> String {
    let example = Problem::example(code).body(
        public_url,
        "/api/v1/articles",
        "4bf92f3577b34da6a3ce929d0e0e4736",
    );
    // Strings and numbers always serialise.
    let json = serde_json::to_string_pretty(&example).unwrap_or_default();
    format!(
        "<table>\n<tr><th scope=\"row\">Status</th><td>{}</td></tr>\n<tr><th scope=\"row\">Code</th><td><code>{}</code></td></tr>\n</table>\n\
         <h2>What happened</h2>\n<p>{}</p>\n<h2>What to do</h2>\n<p>{}</p>\n\
         <h2>Example</h2>\n<pre><code>{}</code></pre>\n<p><a href=\"../problems\">All problems</a></p>\n",
        escaped(&code.status().to_string()),
        escaped(code.as_str()),
        prose(code.summary()),
        prose(code.advice()),
        escaped(&json),
    )
}

/// `text` as HTML, with what stands between backticks as code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = escaped(part);
        if index % 2 == 1 {
            format!("<code>{part}</code>")
        } else {
            part
        }
    });
    parts.collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// All kinds of problems as a page; not part of the document.
#[get("/problems")]
pub async fn list_problems(
    req: HttpRequest,
    pages: Data<ProblemPages>,
) -> Result<HttpResponse, Problem> {
    pages.index.answer(&req)
}

/// One kind of problem as a page: where `type` leads.
#[get("/problems/{slug}")]
pub async fn get_problem(
    req: HttpRequest,
    pages: Data<ProblemPages>,
    slug: Path<String>,
) -> Result<HttpResponse, Problem> {
    let page = pages
        .pages
        .get(slug.as_str())
        .ok_or_else(Problem::not_found)?;
    page.answer(&req)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_code_is_marked() {
        assert_eq!(
            prose("a <b> & `c<d>` \"e\""),
            "a &lt;b&gt; &amp; <code>c&lt;d&gt;</code> &quot;e&quot;"
        );
    }

    #[test]
    fn every_backtick_has_its_partner() {
        for code in ProblemCode::ALL {
            for text in [code.summary(), code.advice()] {
                assert_eq!(text.matches('`').count() % 2, 0, "{text}");
            }
        }
    }
}
