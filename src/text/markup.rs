//! HTML source cut into tags and text, in one pass and without copying. It knows the tokens of HTML, not what they mean.

use std::borrow::Cow;

/// One piece of HTML source. Comments, declarations and elements that hold no HTML (`script`, `style`, ...) are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// Text as written: references are not decoded, and a `<` that opens nothing comes alone.
    Text(&'a str),
    /// A start tag; names as written, in any case.
    Start {
        /// The name of the element.
        name: &'a str,
        /// What the tag says besides.
        attributes: Attributes<'a>,
    },
    /// An end tag.
    End {
        /// The name of the element.
        name: &'a str,
    },
}

/// Elements whose content is not HTML; they go with their content.
const OPAQUE: [&str; 8] = [
    "script", "style", "iframe", "noembed", "noframes", "textarea", "title", "xmp",
];

/// White space as HTML defines it.
pub fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0C')
}

/// The tokens of a piece of HTML. Every byte is looked at a bounded number of times, whatever the input.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    /// The tokens of `html`.
    pub fn new(html: &'a str) -> Self {
        Self { rest: html }
    }

    /// The source behind the tokens that were taken.
    pub fn rest(&self) -> &'a str {
        self.rest
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = cut(self.rest, length);
        self.rest = rest;
        taken
    }

    /// Reads what starts with `<`; `None` where it is nothing that shows.
    fn markup(&mut self) -> Option<Token<'a>> {
        let inner = self.rest.strip_prefix('<').unwrap_or_default();
        let end = inner.strip_prefix('/');
        let name = end.unwrap_or(inner);
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return self.tag(name, end.is_some());
        }
        if let Some(comment) = inner.strip_prefix("!--") {
            self.rest = after_comment(comment);
            return None;
        }
        if inner.starts_with(['!', '?']) || end.is_some_and(|e| !e.is_empty()) {
            self.rest = inner.split_once('>').map_or("", |(_, rest)| rest);
            return None;
        }
        Some(Token::Text(self.take(1)))
    }

    fn tag(&mut self, source: &'a str, end: bool) -> Option<Token<'a>> {
        let length = source
            .find(|c| is_space(c) || c == '/' || c == '>')
            .unwrap_or(source.len());
        let (name, written) = cut(source, length);
        let mut attributes = Attributes { rest: written };
        while attributes.next().is_some() {}
        let Some(rest) = attributes.rest.strip_prefix('>') else {
            self.rest = "";
            return None;
        };
        self.rest = rest;
        if end {
            return Some(Token::End { name });
        }
        if OPAQUE
            .iter()
            .any(|opaque| opaque.eq_ignore_ascii_case(name))
        {
            self.rest = after_opaque(rest, name);
            return None;
        }
        Some(Token::Start {
            name,
            attributes: Attributes { rest: written },
        })
    }
}

impl<'a> Tokens<'a> {
    /// The next token, or what was skipped instead, as written.
    pub fn next_or_skipped(&mut self) -> Option<Result<Token<'a>, &'a str>> {
        let source = self.rest;
        Some(match source.find('<') {
            None if source.is_empty() => return None,
            Some(0) => self
                .markup()
                .ok_or_else(|| cut(source, source.len() - self.rest.len()).0),
            Some(length) => Ok(Token::Text(self.take(length))),
            None => Ok(Token::Text(self.take(source.len()))),
        })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if let Ok(token) = self.next_or_skipped()? {
                return Some(token);
            }
        }
    }
}

/// The attributes of a tag in order: name as written, value as written but without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    /// `None` at the end of the tag; the rest then starts with `>`, or is empty where the tag has no end.
    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let source = self.rest.trim_start_matches(|c| is_space(c) || c == '/');
        self.rest = source;
        if source.is_empty() || source.starts_with('>') {
            return None;
        }
        let first = source.chars().next().map_or(0, char::len_utf8);
        let length = cut(source, first)
            .1
            .find(|c| is_space(c) || matches!(c, '/' | '>' | '='));
        let (name, rest) = cut(source, length.map_or(source.len(), |l| l + first));
        let Some(value) = rest.trim_start_matches(is_space).strip_prefix('=') else {
            self.rest = rest;
            return Some((name, ""));
        };
        let value = value.trim_start_matches(is_space);
        let (value, rest) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => cut(value, 1).1.split_once(quote).unwrap_or_default(),
            _ => cut(
                value,
                value
                    .find(|c| is_space(c) || c == '>')
                    .unwrap_or(value.len()),
            ),
        };
        self.rest = rest;
        Some((name, value))
    }
}

fn cut(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// What follows a comment, given what follows its `<!--`.
fn after_comment(comment: &str) -> &str {
    if let Some(rest) = comment
        .strip_prefix('>')
        .or_else(|| comment.strip_prefix("->"))
    {
        return rest;
    }
    let mut rest = comment;
    while let Some(dashes) = rest.find("--") {
        let after = cut(rest, dashes + 2).1;
        if let Some(end) = after.strip_prefix('>').or_else(|| after.strip_prefix("!>")) {
            return end;
        }
        rest = cut(rest, dashes + 1).1;
    }
    ""
}

/// What follows the end tag `name`, given the content of the element.
fn after_opaque<'a>(content: &'a str, name: &str) -> &'a str {
    let mut rest = content;
    while let Some((_, tag)) = rest.split_once("</") {
        if let Some((found, after)) = tag.split_at_checked(name.len())
            && found.eq_ignore_ascii_case(name)
            && after.starts_with(|c| is_space(c) || c == '/' || c == '>')
        {
            return after.split_once('>').map_or("", |(_, rest)| rest);
        }
        rest = tag;
    }
    ""
}

/// References that [`decode`] knows by name: what serialisers write, and what editors like to.
const NAMED: [(&str, &str); 24] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", "\u{a0}"),
    ("ensp", "\u{2002}"),
    ("emsp", "\u{2003}"),
    ("middot", "·"),
    ("bull", "•"),
    ("hellip", "…"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("times", "×"),
    ("deg", "°"),
];

/// `text` with its character references decoded: all numeric ones, and the usual names. Sanitised HTML has no others.
pub fn decode(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 10;
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('&');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.bytes().take(LONGEST).position(|b| b == b';');
        let (name, rest) = end.map_or(("", part), |at| (cut(part, at).0, cut(part, at + 1).1));
        let numeric =
            name.strip_prefix('#')
                .and_then(|digits| match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => digits.parse().ok(),
                });
        if let Some(c) = numeric.and_then(char::from_u32).filter(|c| *c != '\0') {
            out.push(c);
            out.push_str(rest);
        } else if let Some((_, text)) = NAMED.iter().find(|(known, _)| *known == name) {
            out.push_str(text);
            out.push_str(rest);
        } else {
            out.push('&');
            out.push_str(part);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        Tokens::new(html)
            .map(|token| match token {
                Token::Text(text) => format!("[{text}]"),
                Token::Start { name, attributes } => {
                    let written: String = attributes
                        .map(|(name, value)| format!(" {name}={value}"))
                        .collect();
                    format!("<{name}{written}>")
                }
                Token::End { name } => format!("</{name}>"),
            })
            .collect()
    }

    #[test]
    fn html_is_cut_the_way_browsers_cut_it() {
        for (html, expected) in [
            ("a<p>b</p>", "[a]<p>[b]</p>"),
            ("<P Class=x ID='a>b' c>", "<P Class=x ID=a>b c=>"),
            ("<a b\"c>d", "<a b\"c=>[d]"),
            ("<a =b=c>", "<a =b=c>"),
            ("<br/><img src=/a/b/>", "<br><img src=/a/b/>"),
            ("a < b <3 </ x>c", "[a ][<][ b ][<][3 ][c]"),
            ("<!-- <p> -- --!>x<!-->y<!--->z<!--", "[x][y][z]"),
            ("<!doctype html><?xml ?>x</>y", "[x][y]"),
            ("<script>a</scripty></SCRIPT >b", "[b]"),
            ("<style>never closed <p>", ""),
            ("x<a href=\"unclosed>y", "[x]"),
            ("x<", "[x][<]"),
            ("x</", "[x][<][/]"),
        ] {
            assert_eq!(shown(html), expected, "{html}");
        }
    }

    #[test]
    fn references_are_decoded() {
        for (text, expected) in [
            ("a &amp;&lt;&gt; b", "a &<> b"),
            ("&#20013;&#x4E2D;&nbsp;", "中中\u{a0}"),
            (
                "&unknown; &amp & &#0; &#xD800;",
                "&unknown; &amp & &#0; &#xD800;",
            ),
            ("&amp;lt;", "&lt;"),
        ] {
            assert_eq!(decode(text), expected);
        }
    }
}
