//! HTML as it is stored and shown: cleaned of what could do harm, its headings, its bare text.
//!
//! Every function takes time in proportion to its input, whatever the input is.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::balance::{
    COMMON_ATTRIBUTES, ELEMENTS, Kind, balance, element, is_anchor, own_attributes,
};
use super::markup::{Token, Tokens, decode, is_space};
use super::slug::slugify;

/// A heading of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineEntry {
    /// 1 to 6.
    pub level: i32,
    /// Its text, without tags.
    pub text: String,
    /// A name for links, unique within the body.
    pub anchor: String,
}

/// How often a body is cleaned until it stays the same. Real bodies need two rounds, the second as the proof.
const MAX_ROUNDS: usize = 6;

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.iter().map(|e| e.name).collect())
        .generic_attributes(COMMON_ATTRIBUTES.into_iter().collect())
        .tag_attributes(
            ELEMENTS
                .iter()
                .map(|e| {
                    (
                        e.name,
                        own_attributes(e.name)
                            .iter()
                            .copied()
                            .collect::<HashSet<_>>(),
                    )
                })
                .filter(|(_, attributes)| !attributes.is_empty())
                .collect(),
        )
        .url_schemes(
            ["http", "https", "mailto", "tel", "ftp"]
                .into_iter()
                .collect(),
        )
        .url_relative(UrlRelative::PassThrough)
        .attribute_filter(|_, name, value| {
            (name != "id" || is_anchor(value)).then(|| value.into())
        });
    builder
});

/// `html` without anything that could act in a reader's browser.
///
/// Headings, lists, tables, figures, links, images and emphasis stay, closed and nested the way HTML wants them; scripts,
/// styles, frames, event handlers, classes and addresses other than http, https, mailto, tel and ftp go. Headings keep an `id`
/// of ASCII letters, digits, `_` and `-`. Elements that no browser shows (`hidden`, `display: none`, placed far outside) go with all that
/// is in them: without their style, readers would get what the page never showed. Cleaning what is clean changes nothing: `sanitize(sanitize(x)) == sanitize(x)`.
/// Tags nested more than 64 deep and those after the 100,000th are dropped; their text stays.
pub fn sanitize(html: &str) -> String {
    let mut current = round(html);
    if current == html {
        return current;
    }
    for _ in 1..MAX_ROUNDS {
        let next = round(&current);
        if next == current {
            return current;
        }
        current = next;
    }
    // Markup that parsers read differently each time: keep the words.
    let text = plain_text(&current);
    if text.is_empty() {
        text
    } else {
        balance(&format!(
            "<p>{}</p>",
            text.replace('&', "&amp;").replace('<', "&lt;")
        ))
        .html
    }
}

fn round(html: &str) -> String {
    let balanced = balance(html);
    if balanced.is_plain {
        return balanced.html;
    }
    CLEANER.clean(&with_short_texts(&balanced.html)).to_string()
}

/// Balanced HTML with comments in its long texts. The cleaner drops the comments, but what was around them stays apart until
/// it is written: its serialiser takes quadratic time on one text that is full of references.
fn with_short_texts(balanced: &str) -> Cow<'_, str> {
    const SHORT: usize = 4_096;
    let mut out = String::new();
    let mut copied = 0;
    let mut start = 0;
    let mut in_tag = false;
    for (at, c) in balanced.char_indices() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                start = at;
            }
            // Not within a reference.
            '#' | ';' => {}
            c if c.is_ascii_alphanumeric() => {}
            _ if !in_tag && at - start >= SHORT => {
                out.push_str(balanced.get(copied..at).unwrap_or_default());
                out.push_str("<!---->");
                copied = at;
                start = at;
            }
            _ => {}
        }
    }
    if copied == 0 {
        return Cow::Borrowed(balanced);
    }
    out.push_str(balanced.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// The headings of a sanitised body in order, without the empty ones.
///
/// A heading's anchor is its own `id`, else the slug of its text, with `-2`, `-3` and so on where the name is taken.
pub fn outline(sanitised: &str) -> Vec<OutlineEntry> {
    let mut found: Vec<(i32, Option<&str>, String)> = Vec::new();
    let mut open: Option<(i32, Option<&str>, String)> = None;
    for token in Tokens::new(sanitised) {
        match (token, &mut open) {
            (
                Token::Start {
                    name,
                    mut attributes,
                },
                _,
            ) if level(name).is_some() => {
                let id = attributes
                    .find(|(name, value)| *name == "id" && is_anchor(value))
                    .map(|(_, id)| id);
                open = level(name).map(|level| (level, id, String::new()));
            }
            (Token::Start { name: "br", .. }, Some((_, _, text))) => text.push(' '),
            (Token::Text(written), Some((_, _, text))) => text.push_str(&decode(written)),
            (Token::End { name }, _) if level(name).is_some() => {
                if let Some((level, id, text)) = open.take() {
                    let text = text
                        .split(is_space)
                        .filter(|word| !word.is_empty())
                        .collect::<Vec<_>>()
                        .join(" ");
                    found.push((level, id, text.trim().to_owned()));
                }
            }
            _ => {}
        }
    }
    found.retain(|(_, _, text)| !text.is_empty());
    let mut anchors = Anchors::default();
    anchors
        .taken
        .extend(found.iter().filter_map(|(_, id, _)| id.map(str::to_owned)));
    let mut own: HashSet<&str> = HashSet::new();
    found
        .into_iter()
        .map(|(level, id, text)| {
            let anchor = match id {
                Some(id) if own.insert(id) => id.to_owned(),
                Some(id) => anchors.name(id),
                None => anchors.name(&slugify(&text)),
            };
            OutlineEntry {
                level,
                text,
                anchor,
            }
        })
        .collect()
}

fn level(name: &str) -> Option<i32> {
    match name {
        "h1" => Some(1),
        "h2" => Some(2),
        "h3" => Some(3),
        "h4" => Some(4),
        "h5" => Some(5),
        "h6" => Some(6),
        _ => None,
    }
}

/// Gives every heading a name of its own.
#[derive(Default)]
struct Anchors {
    taken: HashSet<String>,
    /// The number to try next, by name.
    next: HashMap<String, u64>,
}

impl Anchors {
    fn name(&mut self, base: &str) -> String {
        if self.taken.insert(base.to_owned()) {
            return base.to_owned();
        }
        let next = self.next.entry(base.to_owned()).or_insert(2);
        loop {
            let name = format!("{base}-{next}");
            *next += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// The words of `html`: tags dropped, references decoded, white space as a browser shows it, one line for every block, table
/// cell and `<br>`. Meant for sanitised bodies, safe on any.
pub fn plain_text(html: &str) -> String {
    let mut lines = Lines::default();
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => lines.text(&decode(text)),
            Token::Start { name, .. } => {
                let element = element(name);
                if element.is_some_and(|e| e.name == "br" || e.kind.breaks_line()) {
                    lines.end();
                }
                if element.is_some_and(|e| e.name == "pre") {
                    lines.pre += 1;
                }
            }
            Token::End { name } => {
                let element = element(name);
                if element.is_some_and(|e| e.kind != Kind::Void && e.kind.breaks_line()) {
                    lines.end();
                }
                if element.is_some_and(|e| e.name == "pre") {
                    lines.pre = lines.pre.saturating_sub(1);
                }
            }
        }
    }
    lines.end();
    let kept = lines.out.trim_end_matches(is_space).len();
    lines.out.truncate(kept);
    lines.out
}

#[derive(Default)]
struct Lines {
    out: String,
    /// A blank that is written when a word follows on the same line.
    blank: bool,
    /// Open `pre` elements.
    pre: usize,
}

impl Lines {
    fn text(&mut self, text: &str) {
        if self.pre > 0 {
            self.flush_blank();
            self.out.push_str(text);
            return;
        }
        let mut words = text.split(is_space);
        if let Some(first) = words.next() {
            self.word(first);
        }
        for word in words {
            self.blank = true;
            self.word(word);
        }
    }

    fn word(&mut self, word: &str) {
        if !word.is_empty() {
            self.flush_blank();
            self.out.push_str(word);
        }
    }

    fn flush_blank(&mut self) {
        if std::mem::take(&mut self.blank) && !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push(' ');
        }
    }

    fn end(&mut self) {
        self.blank = false;
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::balance::Element;
    use super::*;

    fn clean(html: &str) -> String {
        let once = sanitize(html);
        assert_eq!(sanitize(&once), once, "not idempotent: {html}");
        once
    }

    #[test]
    fn simple_bodies_stay_as_they_are() {
        for html in [
            "",
            "<p>甲</p>\n<h2>乙 &amp; 丙</h2><p>“丁”&nbsp;戊</p>",
            "plain words",
            "<ul><li>a</li><li>b <strong>c</strong></li></ul><pre> x\n y</pre>",
            "<figure><img src=\"/a.png\" alt=\"a\"><figcaption>b</figcaption></figure>",
            "<h2 id=\"part_1-a\">x</h2>",
            "<table><thead><tr><th scope=\"col\">a</th></tr></thead><tbody><tr><td colspan=\"2\">b</td></tr></tbody></table>",
        ] {
            assert_eq!(clean(html), html);
        }
    }

    #[test]
    fn harm_is_removed() {
        for (html, expected) in [
            (
                "a<script>alert(1)</script>b<style>*{}</style>c<iframe src=x>d</iframe>e",
                "abce",
            ),
            ("<p onclick=x() style=y class=z id=w>a</p>", "<p>a</p>"),
            ("<img src=x onerror=alert(1)>", "<img src=\"x\">"),
            ("<img src=\"data:image/png;base64,AA\">", "<img>"),
            ("<a href=\"javascript:alert(1)\">a</a>", "<a>a</a>"),
            ("<a href=\" jAva\tscript:alert(1)\">a</a>", "<a>a</a>"),
            (
                "<a href=\"java&#10;script&colon;alert(1)\">a</a>",
                "<a>a</a>",
            ),
            (
                "<a href=\"/b?c=1&d=2\">a</a>",
                "<a href=\"/b?c=1&amp;d=2\" rel=\"noopener noreferrer\">a</a>",
            ),
            ("<svg><style><img src=x onerror=alert(1)></style></svg>", ""),
            (
                "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
                "",
            ),
            (
                "<h2 id=\"1a\">a</h2><h3 id='a b'>b</h3><p id=ok>c</p>",
                "<h2>a</h2><h3>b</h3><p>c</p>",
            ),
            (
                "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
                "<p title=\"&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;\"></p>",
            ),
            (
                "<blockquote cite=\"javascript:alert(1)\">a</blockquote>",
                "<blockquote>a</blockquote>",
            ),
            ("<q cite=\" data:text/html,x\">a</q>", "<q>a</q>"),
            (
                "<ins cite=\"vbscript:x\" datetime=\"2026\">a</ins>",
                "<ins datetime=\"2026\">a</ins>",
            ),
            ("&lt;script&gt;", "&lt;script&gt;"),
            ("a\0b\rc\r\nd", "ab\nc\nd"),
        ] {
            assert_eq!(clean(html), expected, "{html}");
        }
    }

    #[test]
    fn no_attribute_carries_a_script() {
        // Every attribute whose value HTML or SVG takes as an address.
        const ADDRESSES: [&str; 22] = [
            "action",
            "archive",
            "background",
            "cite",
            "classid",
            "codebase",
            "data",
            "dynsrc",
            "formaction",
            "href",
            "icon",
            "imagesrcset",
            "longdesc",
            "lowsrc",
            "manifest",
            "ping",
            "poster",
            "profile",
            "src",
            "srcdoc",
            "srcset",
            "xlink:href",
        ];
        let harmful = [
            "javascript:alert(1)",
            " jAva\tscript:alert(1)",
            "java&#10;script&colon;alert(1)",
            "&#1;vbscript:x",
            " data:text/html,x",
            "blob:x",
        ];
        let own = ELEMENTS.iter().flat_map(|e| own_attributes(e.name));
        let mut unchecked: Vec<_> = own
            .chain(&COMMON_ATTRIBUTES)
            .filter(|name| ADDRESSES.contains(name) && !matches!(**name, "href" | "src"))
            .collect();
        unchecked.dedup();
        assert_eq!(
            unchecked, [&""; 0],
            "the cleaner checks `href` and `src` alone"
        );
        for Element { name, .. } in ELEMENTS {
            for attribute in ADDRESSES {
                for value in harmful {
                    let cleaned = clean(&format!("<{name} {attribute}=\"{value}\">x</{name}>"));
                    assert!(!cleaned.contains(&format!("{attribute}=")), "{cleaned}");
                    assert!(!cleaned.contains("alert"), "{cleaned}");
                }
            }
        }
    }

    #[test]
    fn what_no_browser_shows_goes() {
        for (html, expected) in [
            (
                "<p>a</p><div hidden>b<div>c</div></div><p>d</p>",
                "<p>a</p><p>d</p>",
            ),
            ("a<SPAN Style='Display : NONE'>b</span>c", "ac"),
            (
                "a<div style=\"position:absolute;left:-9999px\"><a href=http://x.y/>b</a></div>c",
                "ac",
            ),
            (
                "a<img src=/a.png style=display:none>b<input type=hidden value=c>d",
                "abd",
            ),
            // What may show stays, and so does what has no end.
            (
                "<p style=font-size:0><img src=/a.png>a</p>",
                "<p><img src=\"/a.png\">a</p>",
            ),
            (
                "<div style='visibility:hidden;opacity:0'>a</div>",
                "<div>a</div>",
            ),
            ("a<p hidden>b<p>c", "a<p>b</p><p>c</p>"),
            (
                "<ul><li hidden>a<li>b</ul>",
                "<ul><li>a</li><li>b</li></ul>",
            ),
        ] {
            assert_eq!(clean(html), expected, "{html}");
        }
        let many = "<div hidden>x".repeat(20_000);
        assert!(clean(&many).starts_with("<div>x<div>x"));
    }

    #[test]
    fn cleaning_settles_on_crossed_markup() {
        for html in [
            "<table><b><tr><i>x</b></table></i>",
            "<p><b><div><p></b></div></p>",
            "<a><table><a>x</table></a>",
            "<ruby>a<rt>b<rt>c<rp>d</ruby>",
            "<h1><h2><h3>x",
            "<pre>\n\n\n&#10;&#10;x</pre>",
            "<pre>\r\n<b>\n</b></pre>",
            "<li><p><li><dd><dt><p>",
            "<details><p><summary><table><caption><p>x<td>y",
            "<b><p>one</b> two</p>three",
            "<p>&quot;&#39;&hellip;&notin;&ampx;&#x0;&#128;</p>",
            "<col><colgroup><tr>x<table><colgroup>y<col>z",
            "<time datetime='<b>\"x'>a</time><q cite=javascript:x>b</q>",
        ] {
            clean(html);
        }
    }

    #[test]
    fn random_markup_settles() {
        let mut random = fastrand::Rng::with_seed(7);
        let names: Vec<&str> = ELEMENTS
            .iter()
            .map(|e| e.name)
            .chain(["script", "svg", "form", "font", "template"])
            .collect();
        for _ in 0..3_000 {
            let mut html = String::new();
            for _ in 0..random.usize(1..24) {
                let name = random.choice(&names).copied().unwrap_or_default();
                match random.u8(0..6) {
                    0 | 1 => html.push_str(&format!("<{name}>")),
                    2 => html.push_str(&format!("<{name} href='x' title=\"&lt;\" id=a>")),
                    3 | 4 => html.push_str(&format!("</{name}>")),
                    _ => html.push_str(
                        random
                            .choice(["x", " ", "\n", "&", "&amp;", "<", "&#10;", "中"])
                            .unwrap_or(""),
                    ),
                }
            }
            clean(&html);
        }
    }

    #[test]
    fn hostile_bodies_take_linear_time() {
        const SIZE: usize = 250_000;
        let limit = Duration::from_secs(20);
        for piece in [
            "<",
            "&",
            "<div>",
            "<b>",
            "<p><b>",
            "<a href=x>",
            "<table>",
            "<table><p>x",
            "<td>",
            "<ul><li>",
            "<!--",
            "<!-- -->",
            "&quot;",
            "&nbsp;",
            "\u{b7}",
            "&amp;",
            "&hellip",
            "</p>",
            "<h2>x</h2>",
            "<script>",
            "<a ",
            "<font a=",
            "<pre>\n",
            "<b><p></b>",
            "<b><i></b>x",
            "\0",
            "<p>x",
            "&#",
            "<svg><math>",
            "<select><option>",
            "<br>",
            "<template>",
            "<object>",
            "</script",
            "<![CDATA[",
            "<a href=\"",
            "<b x><i><u><s></b></i></u></s>",
        ] {
            // The link keeps the shortcut for plain bodies from being taken.
            let html = format!("<a href=/>x</a>{}", piece.repeat(SIZE / piece.len()));
            let start = Instant::now();
            let clean = sanitize(&html);
            outline(&clean);
            plain_text(&clean);
            plain_text(&html);
            assert!(start.elapsed() < limit, "{piece}: {:?}", start.elapsed());
        }
        let attributes: String = (0..200_000).map(|n| format!(" a{n}=1")).collect();
        assert_eq!(sanitize(&format!("<p{attributes}>x</p>")), "<p>x</p>");
        let long = format!("<p title=\"{}\">x</p>", "&amp;".repeat(SIZE));
        assert_eq!(sanitize(&long), "<p>x</p>");
        let spans: String = (0..60_000).map(|n| format!("<b title={n}>")).collect();
        let start = Instant::now();
        sanitize(&format!("{spans}{}", "<p>x".repeat(60_000)));
        assert!(start.elapsed() < limit);
    }

    #[test]
    fn long_texts_stay_whole() {
        let words = "甲&amp;乙&nbsp;&lt;x&gt; &hellip;".repeat(5_000);
        let html = format!("<p lang=\"zh\">{words}</p><pre>{words}</pre>");
        assert_eq!(clean(&html), html.replace("&hellip;", "…"));
    }

    #[test]
    fn headings_become_an_outline() {
        let html = "<h1>Start</h1><p>x</p><h2 id=\"own\">A &amp; <b>B</b></h2><h2>形成国际</h2><h3>Start</h3>\
                    <h4> </h4><h6>own</h6><h2>start\n 2</h2><h2 id=\"own\">c</h2>";
        let found: Vec<_> = outline(&sanitize(html))
            .into_iter()
            .map(|e| (e.level, e.text, e.anchor))
            .collect();
        let expected = [
            (1, "Start", "start"),
            (2, "A & B", "own"),
            (2, "形成国际", "xing-cheng-guo-ji"),
            (3, "Start", "start-2"),
            (6, "own", "own-2"),
            (2, "start 2", "start-2-2"),
            (2, "c", "own-3"),
        ]
        .map(|(level, text, anchor)| (level, text.to_owned(), anchor.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn text_is_what_a_reader_sees() {
        for (html, expected) in [
            ("", ""),
            ("<p>a</p><p>b</p>", "a\nb"),
            ("a<p>b <b>c</b>d</p>e", "a\nb cd\ne"),
            ("x<br>y<hr>z", "x\ny\nz"),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
            ("<p>\n a\n  &amp;&lt;b&gt;&nbsp;c </p>", "a &<b>\u{a0}c"),
            ("<pre>a\n  b</pre>c", "a\n  b\nc"),
            ("<script>x</script>y", "y"),
            ("中<em>文</em>字", "中文字"),
        ] {
            assert_eq!(plain_text(html), expected, "{html}");
        }
    }
}
