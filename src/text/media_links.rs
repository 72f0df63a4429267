//! Addresses of media, alone and in bodies: recognised, taken out and replaced. It does not know which media there are.

use std::borrow::Cow;
use std::sync::Arc;

use super::markup::{Token, Tokens, decode};

/// What the path of every media begins with.
pub const PREFIX: &str = "/api/v1/media/";

/// What an address below [`PREFIX`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaAddress<'a> {
    /// The media; 0 where the address has no number there, which no media has.
    pub id: i64,
    /// The file of it.
    pub file: &'a str,
    /// What stands behind the file: a query, a fragment.
    pub rest: &'a str,
}

/// What `path` names of media; `None` where it is another address.
pub fn parse(path: &str) -> Option<MediaAddress<'_>> {
    let below = path.strip_prefix(PREFIX)?;
    let end = below.find(['?', '#']).unwrap_or(below.len());
    let (named, rest) = below.split_at_checked(end)?;
    let (id, file) = named.split_once('/').unwrap_or((named, ""));
    let is_number = id.bytes().all(|b| b.is_ascii_digit()) && !id.starts_with('0');
    let id = id.parse().ok().filter(|_| is_number).unwrap_or_default();
    Some(MediaAddress { id, file, rest })
}

/// Whether there may be addresses of media in `html`: a search for bytes, so that bodies without any cost nothing.
pub fn are_in(html: &str) -> bool {
    html.contains(PREFIX)
}

/// Where this API is for the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    url: Arc<str>,
    /// How long its scheme is, with the colon.
    scheme: usize,
    /// How long everything before its path is.
    origin: usize,
}

impl Base {
    /// Below `url`, which has no slash at its end.
    pub fn new(url: &str) -> Self {
        let scheme = url.find("//").unwrap_or_default();
        let host = url.get(scheme + 2..).unwrap_or_default();
        let origin = url.len() - host.find('/').map_or(0, |at| host.len() - at);
        Self {
            url: url.into(),
            scheme,
            origin,
        }
    }

    /// The absolute address of a path of this API.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The path below this API where `address` is one of media, whether it is said as a path, with the host or with the scheme
    /// too. Letters of scheme and host may be of either case.
    pub fn path<'a>(&self, address: &'a str) -> Option<&'a str> {
        if address.starts_with(PREFIX) {
            return Some(address);
        }
        let part = |from, to| self.url.get(from..to).unwrap_or_default();
        let local = without(address, part(0, self.origin))
            .or_else(|| without(address, part(self.scheme, self.origin)))
            .unwrap_or(address);
        local
            .strip_prefix(part(self.origin, self.url.len()))
            .filter(|path| path.starts_with(PREFIX))
    }
}

/// `address` without `start`, whatever the case of its letters.
fn without<'a>(address: &'a str, start: &str) -> Option<&'a str> {
    let (found, rest) = address.split_at_checked(start.len())?;
    found.eq_ignore_ascii_case(start).then_some(rest)
}

/// A tag that has an address, to be changed.
#[derive(Debug)]
pub struct Tag<'h> {
    name: &'h str,
    /// Names, and values as they stand in the source.
    attributes: Vec<(&'h str, Cow<'h, str>)>,
    has_changed: bool,
    is_removed: bool,
}

impl Tag<'_> {
    /// Whether it shows a picture; else it is a link.
    pub fn is_picture(&self) -> bool {
        self.name.eq_ignore_ascii_case("img")
    }

    /// Whether it is a link that somebody may follow.
    pub fn is_link(&self) -> bool {
        self.name.eq_ignore_ascii_case("a")
    }

    fn at(&self) -> Option<usize> {
        let is_address = |(name, _): &(&str, _)| is_address(name);
        self.attributes.iter().position(is_address)
    }

    /// Its address.
    pub fn address(&self) -> Cow<'_, str> {
        let value = self.at().and_then(|at| self.attributes.get(at));
        decode(value.map_or("", |(_, value)| value))
    }

    /// Gives it another address.
    pub fn set_address(&mut self, address: &str) {
        if let Some(at) = self.at()
            && let Some((_, value)) = self.attributes.get_mut(at)
        {
            *value = encode(address).into();
            self.has_changed = true;
        }
    }

    /// Whether it has an attribute.
    pub fn has(&self, name: &str) -> bool {
        let is_it = |(known, _): &(&str, _)| known.eq_ignore_ascii_case(name);
        self.attributes.iter().any(is_it)
    }

    /// Adds an attribute that it has not.
    pub fn add(&mut self, name: &'static str, value: &str) {
        self.attributes.push((name, encode(value).into()));
        self.has_changed = true;
    }

    /// Takes the address away: a picture goes, of a link its words stay.
    pub fn remove(&mut self) {
        self.is_removed = self.is_picture();
        if let Some(at) = self.at() {
            self.attributes.remove(at);
        }
        self.has_changed = true;
    }

    fn write(&self, out: &mut String) {
        if self.is_removed {
            return;
        }
        out.push('<');
        out.push_str(self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            // A value may have stood in other quotes.
            out.push_str(&value.replace('"', "&quot;"));
            out.push('"');
        }
        out.push('>');
    }
}

fn is_address(name: &str) -> bool {
    name.eq_ignore_ascii_case("src") || name.eq_ignore_ascii_case("href")
}

fn encode(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// `html` with those tags changed that `change` changes, of all that have an address; everything else stays as it is written.
/// Takes time in proportion to `html`.
pub fn rewrite<'h>(html: &'h str, mut change: impl FnMut(&mut Tag<'h>)) -> Cow<'h, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut tokens = Tokens::new(html);
    loop {
        let start = html.len() - tokens.rest().len();
        let Some(token) = tokens.next() else { break };
        let Token::Start { name, attributes } = token else {
            continue;
        };
        if !attributes.into_iter().any(|(name, _)| is_address(name)) {
            continue;
        }
        let mut tag = Tag {
            name,
            attributes: attributes.map(|(n, v)| (n, Cow::Borrowed(v))).collect(),
            has_changed: false,
            is_removed: false,
        };
        change(&mut tag);
        if tag.has_changed {
            out.push_str(html.get(copied..start).unwrap_or_default());
            tag.write(&mut out);
            copied = html.len() - tokens.rest().len();
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(html.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_media_are_told_from_others() {
        let named = |path| parse(path).map(|a| (a.id, a.file, a.rest));
        for (path, expected) in [
            ("/api/v1/media/12/0f.jpg", Some((12, "0f.jpg", ""))),
            (
                "/api/v1/media/12/0f.pdf#page=3",
                Some((12, "0f.pdf", "#page=3")),
            ),
            ("/api/v1/media/12/a?b/c", Some((12, "a", "?b/c"))),
            ("/api/v1/media/12/a/b", Some((12, "a/b", ""))),
            ("/api/v1/media/12", Some((12, "", ""))),
            ("/api/v1/media/012/a", Some((0, "a", ""))),
            ("/api/v1/media/-1/a", Some((0, "a", ""))),
            ("/api/v1/media/+1/a", Some((0, "a", ""))),
            ("/api/v1/media/99999999999999999999/a", Some((0, "a", ""))),
            ("/api/v1/media/中/文.jpg", Some((0, "文.jpg", ""))),
            ("/api/v1/media/", Some((0, "", ""))),
            ("/api/v1/mediax/1/a", None),
            ("api/v1/media/1/a", None),
            ("https://www.example.org/api/v1/media/1/a", None),
            ("", None),
        ] {
            assert_eq!(named(path), expected, "{path}");
        }
    }

    #[test]
    fn the_same_address_is_said_in_several_ways() {
        let here = Some("/api/v1/media/1/a.jpg");
        for (base, address, expected) in [
            (
                "https://www.example.org",
                "https://www.example.org/api/v1/media/1/a.jpg",
                here,
            ),
            (
                "https://www.example.org",
                "HTTPS://WWW.Example.ORG/api/v1/media/1/a.jpg",
                here,
            ),
            (
                "https://www.example.org",
                "//www.example.org/api/v1/media/1/a.jpg",
                here,
            ),
            ("https://www.example.org", "/api/v1/media/1/a.jpg", here),
            (
                "https://www.example.org/内容",
                "https://www.example.org/内容/api/v1/media/1/a.jpg",
                here,
            ),
            (
                "https://www.example.org/cms",
                "/cms/api/v1/media/1/a.jpg",
                here,
            ),
            ("https://www.example.org/cms", "/api/v1/media/1/a.jpg", here),
            (
                "https://www.example.org/cms",
                "https://www.example.org/api/v1/media/1/a.jpg",
                None,
            ),
            (
                "https://www.example.org/cms",
                "/CMS/api/v1/media/1/a.jpg",
                None,
            ),
            (
                "https://www.example.org",
                "https://www.example.org.evil.test/api/v1/media/1/a.jpg",
                None,
            ),
            (
                "https://www.example.org",
                "http://www.example.org/api/v1/media/1/a.jpg",
                None,
            ),
            (
                "https://www.example.org",
                "https://www.example.com/api/v1/media/1/a.jpg",
                None,
            ),
            ("https://www.example.org", "https://中", None),
            ("https://www.example.org", "", None),
        ] {
            assert_eq!(Base::new(base).path(address), expected, "{base} {address}");
        }
    }

    /// Tags with their addresses in capitals.
    fn shouted(html: &str) -> String {
        rewrite(html, |tag| {
            let address = tag.address().to_uppercase();
            tag.set_address(&address);
        })
        .into_owned()
    }

    #[test]
    fn only_tags_with_an_address_are_written_anew() {
        for (html, expected) in [
            ("", ""),
            ("<p>src=\"/a\" 中文</p>", "<p>src=\"/a\" 中文</p>"),
            (
                "<p title=\"<img src='/a'>\">甲</p><img src=\"/a\" alt=\"图\">乙",
                "<p title=\"<img src='/a'>\">甲</p><img src=\"/A\" alt=\"图\">乙",
            ),
            (
                "<a href='/a?b=1&amp;c=\"2\"' title='\"'>x</a><br>😀",
                "<a href=\"/A?B=1&amp;C=&quot;2&quot;\" title=\"&quot;\">x</a><br>😀",
            ),
            (
                "&lt;img src=\"/a\"&gt;<img alt=\"x\">",
                "&lt;img src=\"/a\"&gt;<img alt=\"x\">",
            ),
            ("<img src=/a><img src=\"/b", "<img src=\"/A\"><img src=\"/b"),
        ] {
            assert_eq!(shouted(html), expected, "{html}");
        }
    }

    #[test]
    fn what_is_removed_leaves_its_words() {
        let html = "<p>甲<img src=\"/x\" alt=\"图\">乙<a href=\"/x\" title=\"t\">丙</a></p>";
        let rewritten = rewrite(html, Tag::remove);
        assert_eq!(rewritten, "<p>甲乙<a title=\"t\">丙</a></p>");
    }

    #[test]
    fn what_is_not_changed_is_not_copied() {
        let html = "<img src=\"/a\">";
        assert!(matches!(rewrite(html, |_| {}), Cow::Borrowed(_)));
    }
}
