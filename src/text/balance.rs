//! HTML rewritten so that every tag is known, every element is closed and nothing nests deeply.
//!
//! Parsers that follow the HTML standard take quadratic time and memory on crossed, unclosed or deep markup. What leaves here
//! has none of that, so the sanitiser behind it runs in linear time. It decides on structure; safety is the sanitiser's.

use super::hiding::{Hiding, hiding};
use super::markup::{Attributes, Token, Tokens, is_space};

/// Elements within elements; deeper tags are dropped, their text stays.
const MAX_DEPTH: usize = 64;
/// Elements of one text; the tags after that are dropped, their text stays.
const MAX_ELEMENTS: usize = 100_000;
/// Bytes of an attribute's value; longer ones are dropped. Serialisers take quadratic time on one value.
const MAX_ATTRIBUTE: usize = 8_192;
/// Emphasis that is opened again after a crossed end tag, as in `<b><i></b></i>`.
const MAX_REOPENED: usize = 3;

/// Hidden elements whose end was looked for in vain.
const MAX_ENDLESS: usize = 8;

/// How an element behaves towards its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Part of a line.
    Inline,
    /// Emphasis that survives a crossed end tag.
    Emphasis,
    /// A link; never within another.
    Link,
    /// Part of a line, without content.
    Void,
    /// Ends an open paragraph.
    Block,
    /// A block without content.
    Rule,
    /// A block that ends an open heading.
    Heading,
    /// A block that ends the open item before it.
    Item,
    /// The parts of a table, from the outside in.
    Table,
    Caption,
    Columns,
    Column,
    Section,
    Row,
    Cell,
}

impl Kind {
    fn is_inline(self) -> bool {
        matches!(self, Self::Inline | Self::Emphasis | Self::Link)
    }

    /// Whether end tags inside it leave what is outside alone.
    fn is_scope(self) -> bool {
        matches!(self, Self::Table | Self::Caption | Self::Cell)
    }

    /// Whether it starts and ends a line.
    pub(super) fn breaks_line(self) -> bool {
        !matches!(
            self,
            Self::Inline | Self::Emphasis | Self::Link | Self::Void
        )
    }
}

/// An element that may stand in a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name, lower-case.
    pub(super) name: &'static str,
    /// How it behaves.
    pub(super) kind: Kind,
}

macro_rules! elements {
    ($($name:ident $kind:ident),* $(,)?) => {
        /// The elements that may stand in a body, by name.
        pub(super) static ELEMENTS: &[Element] = &[$(Element { name: stringify!($name), kind: Kind::$kind }),*];
    };
}

elements![
    a Link, abbr Inline, acronym Inline, address Block, article Block, aside Block, b Emphasis, bdi Inline, bdo Inline,
    blockquote Block, br Void, caption Caption, center Block, cite Inline, code Emphasis, col Column, colgroup Columns,
    dd Item, del Inline, details Block, dfn Inline, div Block, dl Block, dt Item, em Emphasis, figcaption Block, figure Block,
    footer Block, h1 Heading, h2 Heading, h3 Heading, h4 Heading, h5 Heading, h6 Heading, header Block, hgroup Block, hr Rule,
    i Emphasis, img Void, ins Inline, kbd Inline, li Item, main Block, mark Inline, nav Block, ol Block, p Block, pre Block,
    q Inline, rp Inline, rt Inline, ruby Inline, s Emphasis, samp Inline, section Block, small Emphasis, span Inline,
    strike Emphasis, strong Emphasis, sub Inline, summary Block, sup Inline, table Table, tbody Section, td Cell,
    tfoot Section, th Cell, thead Section, time Inline, tr Row, tt Emphasis, u Emphasis, ul Block, var Inline, wbr Void,
];

static TBODY: Element = Element {
    name: "tbody",
    kind: Kind::Section,
};
static TR: Element = Element {
    name: "tr",
    kind: Kind::Row,
};
static TD: Element = Element {
    name: "td",
    kind: Kind::Cell,
};
static COLGROUP: Element = Element {
    name: "colgroup",
    kind: Kind::Columns,
};

/// The element called `name`, in any case.
pub(super) fn element(name: &str) -> Option<&'static Element> {
    let found = ELEMENTS.binary_search_by(|e| {
        e.name
            .bytes()
            .cmp(name.bytes().map(|b| b.to_ascii_lowercase()))
    });
    found.ok().and_then(|at| ELEMENTS.get(at))
}

/// The attributes that may stand on the element `name`, those of every element apart. Of addresses only `href` and `src`: the
/// cleaner checks no others.
pub(super) fn own_attributes(name: &str) -> &'static [&'static str] {
    match name {
        "a" => &["href", "hreflang"],
        "img" => &["src", "alt", "width", "height"],
        "del" | "ins" | "time" => &["datetime"],
        "ol" => &["start", "reversed", "type"],
        "li" => &["value"],
        "td" => &["colspan", "rowspan", "align"],
        "th" => &["colspan", "rowspan", "align", "scope", "abbr"],
        "tr" => &["align"],
        "col" | "colgroup" => &["span"],
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => &["id"],
        _ => &[],
    }
}

/// The attributes that may stand on every element.
pub(super) const COMMON_ATTRIBUTES: [&str; 3] = ["lang", "dir", "title"];

/// Rewritten HTML.
pub(super) struct Balanced {
    /// The HTML. Every `<` and `>` in it belongs to a tag.
    pub(super) html: String,
    /// Whether it has only known tags without attributes and text that every parser reads and writes the same way. Such HTML
    /// can do no harm.
    pub(super) is_plain: bool,
}

/// Rewrites `html`. Elements that no browser shows are left out with all that is in them.
pub(super) fn balance(html: &str) -> Balanced {
    let mut balancer = Balancer::new(html.len());
    let mut tokens = Tokens::new(html);
    let mut endless = 0;
    while let Some(token) = tokens.next() {
        match token {
            Token::Start { name, attributes } if hiding(name, attributes) == Some(Hiding::Gone) => {
                match element(name).map(|element| element.kind) {
                    // What the end tag of another element ends is not looked for again and again.
                    _ if endless >= MAX_ENDLESS => {}
                    Some(Kind::Void | Kind::Rule | Kind::Column) => continue,
                    _ => match behind(tokens.clone(), name) {
                        Some(rest) => {
                            tokens = rest;
                            continue;
                        }
                        None => endless += 1,
                    },
                }
                if let Some(element) = element(name) {
                    balancer.start(element, attributes);
                }
            }
            Token::Text(text) => balancer.text(text),
            Token::Start { name, attributes } => {
                if let Some(element) = element(name) {
                    balancer.start(element, attributes);
                }
            }
            Token::End { name } => {
                if let Some(element) = element(name) {
                    balancer.end(element);
                }
            }
        }
    }
    balancer.close_down_to(0);
    Balanced {
        html: balancer.out,
        is_plain: balancer.is_plain,
    }
}

/// What stands behind the end of an element that has begun; `None` where that is not in sight.
fn behind<'a>(mut tokens: Tokens<'a>, name: &str) -> Option<Tokens<'a>> {
    let mut depth = 1_usize;
    while let Some(token) = tokens.next() {
        match token {
            Token::Start { name: other, .. } if other.eq_ignore_ascii_case(name) => depth += 1,
            Token::End { name: other } if other.eq_ignore_ascii_case(name) => {
                depth -= 1;
                if depth == 0 {
                    return Some(tokens);
                }
            }
            _ => {}
        }
    }
    None
}

struct Balancer {
    out: String,
    open: Vec<&'static Element>,
    /// Emphasis to open again before the next content.
    pending: Vec<&'static Element>,
    elements: usize,
    is_plain: bool,
    /// Right behind `<pre>`, where parsers drop a line break.
    after_pre: bool,
}

impl Balancer {
    fn new(capacity: usize) -> Self {
        Self {
            out: String::with_capacity(capacity),
            open: Vec::new(),
            pending: Vec::new(),
            elements: 0,
            is_plain: true,
            after_pre: false,
        }
    }

    fn is_full(&self) -> bool {
        self.elements >= MAX_ELEMENTS
    }

    fn text(&mut self, text: &str) {
        let text = if self.after_pre {
            text.trim_start_matches(['\n', '\r', '\0'])
        } else {
            text
        };
        if text.is_empty() {
            return;
        }
        if !text.chars().all(is_space) {
            self.make_room();
        }
        self.after_pre = false;
        self.escape(text);
    }

    fn escape(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(['<', '>', '&', '\0', '\r', '\u{a0}']) {
            let (before, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.out.push_str(before);
            let mut chars = special.chars();
            let c = chars.next();
            rest = chars.as_str();
            match c {
                Some('<') => self.out.push_str("&lt;"),
                Some('>') => self.out.push_str("&gt;"),
                Some('\u{a0}') => self.out.push_str("&nbsp;"),
                Some('\r') if !rest.starts_with('\n') => self.out.push('\n'),
                Some('&') => {
                    if rest.starts_with(|c: char| c == '#' || c.is_ascii_alphanumeric()) {
                        self.out.push('&');
                        self.is_plain &= ["amp;", "lt;", "gt;", "nbsp;"]
                            .iter()
                            .any(|known| rest.starts_with(known));
                    } else {
                        self.out.push_str("&amp;");
                    }
                }
                _ => {}
            }
        }
        self.out.push_str(rest);
    }

    fn start(&mut self, element: &'static Element, attributes: Attributes<'_>) {
        if self.is_full() {
            return;
        }
        match element.kind {
            Kind::Caption
            | Kind::Columns
            | Kind::Section
            | Kind::Column
            | Kind::Row
            | Kind::Cell => {
                if !self.make_place(element.kind) {
                    return;
                }
            }
            Kind::Void => self.make_room(),
            Kind::Rule => {
                self.make_room();
                self.close_paragraph();
            }
            _ if self.open.len() >= MAX_DEPTH => return,
            Kind::Inline | Kind::Emphasis => self.make_room(),
            Kind::Link => {
                self.make_room();
                if let Some(at) = self.innermost(|e| e.kind == Kind::Link, Kind::is_scope) {
                    self.close_down_to(at);
                }
            }
            Kind::Block | Kind::Heading | Kind::Item | Kind::Table => {
                self.pending.clear();
                self.make_room();
                if element.kind == Kind::Item {
                    self.close_item(element);
                }
                self.close_paragraph();
                if element.kind == Kind::Heading
                    && self.open.last().is_some_and(|e| e.kind == Kind::Heading)
                {
                    self.close_down_to(self.open.len().saturating_sub(1));
                }
            }
        }
        self.open(element, Some(attributes));
        if self.is_full() {
            self.close_down_to(0);
        }
    }

    fn end(&mut self, element: &'static Element) {
        let name = element.name;
        if element.kind.is_inline() {
            self.end_inline(name);
            return;
        }
        let found = match element.kind {
            Kind::Void | Kind::Rule | Kind::Column => None,
            Kind::Table
            | Kind::Caption
            | Kind::Columns
            | Kind::Section
            | Kind::Row
            | Kind::Cell => self.innermost(|e| e.name == name, |kind| kind == Kind::Table),
            Kind::Heading => self.innermost(|e| e.kind == Kind::Heading, Kind::is_scope),
            _ if name == "li" => self.innermost(
                |e| e.name == name || matches!(e.name, "ul" | "ol"),
                Kind::is_scope,
            ),
            _ => self.innermost(|e| e.name == name, Kind::is_scope),
        };
        if let Some(at) = found
            && (element.kind == Kind::Heading || self.open.get(at).is_some_and(|e| e.name == name))
        {
            self.pending.clear();
            self.close_down_to(at);
        }
    }

    fn end_inline(&mut self, name: &str) {
        if let Some(at) = self.pending.iter().rposition(|e| e.name == name) {
            self.pending.remove(at);
            return;
        }
        let is_wall = |kind: Kind| !kind.is_inline() && kind != Kind::Block;
        let Some(at) = self.innermost(
            |e| e.name == name || (e.kind == Kind::Block && e.name != "p"),
            is_wall,
        ) else {
            return;
        };
        if self.open.get(at).is_none_or(|e| e.name != name) {
            return;
        }
        let crossed = self.open.get(at + 1..).unwrap_or_default();
        if crossed.len() <= MAX_REOPENED {
            self.pending
                .extend(crossed.iter().filter(|e| e.kind == Kind::Emphasis));
        }
        self.close_down_to(at);
    }

    /// Where the innermost wanted element is, looking no further than the first that stops the search.
    fn innermost(
        &self,
        wanted: impl Fn(&Element) -> bool,
        stops: impl Fn(Kind) -> bool,
    ) -> Option<usize> {
        for (at, element) in self.open.iter().enumerate().rev() {
            if wanted(element) {
                return Some(at);
            }
            if stops(element.kind) {
                return None;
            }
        }
        None
    }

    fn close_paragraph(&mut self) {
        if let Some(at) = self.innermost(|e| e.name == "p", Kind::is_scope) {
            self.close_down_to(at);
        }
    }

    /// Closes the item that `item` follows: an `li` the `li` before it, a `dt` or `dd` the one before.
    fn close_item(&mut self, item: &Element) {
        let is_sibling =
            |e: &Element| e.kind == Kind::Item && (e.name == "li") == (item.name == "li");
        let is_wall =
            |e: &Element| !(e.kind.is_inline() || matches!(e.name, "p" | "div" | "address"));
        if let Some(at) = self.innermost(|e| is_sibling(e) || is_wall(e), |_| false)
            && self.open.get(at).is_some_and(|e| is_sibling(e))
        {
            self.close_down_to(at);
        }
    }

    /// Makes sure that content may follow: in a table it goes into a cell. Opens crossed emphasis again.
    fn make_room(&mut self) {
        if self.open.last().is_some_and(|e| e.kind == Kind::Columns) {
            self.close_down_to(self.open.len().saturating_sub(1));
        }
        if self
            .open
            .last()
            .is_some_and(|e| matches!(e.kind, Kind::Table | Kind::Section | Kind::Row))
        {
            self.make_place(Kind::Cell);
            self.open(&TD, None);
        }
        for element in std::mem::take(&mut self.pending) {
            if self.open.len() < MAX_DEPTH && !self.is_full() {
                self.open(element, None);
            }
        }
    }

    /// Closes and opens what it takes for a part of a table to follow; `false` outside tables.
    fn make_place(&mut self, part: Kind) -> bool {
        let Some(table) = self.innermost(|e| e.kind == Kind::Table, |_| false) else {
            return false;
        };
        self.pending.clear();
        let parents: &[&'static Element] = match part {
            Kind::Cell => &[&TBODY, &TR],
            Kind::Row => &[&TBODY],
            Kind::Column => &[&COLGROUP],
            _ => &[],
        };
        let mut level = table + 1;
        for parent in parents {
            if self.open.get(level).is_some_and(|e| e.kind == parent.kind) {
                level += 1;
            } else {
                self.close_down_to(level);
                self.open(parent, None);
                level += 1;
            }
        }
        self.close_down_to(level);
        true
    }

    fn open(&mut self, element: &'static Element, attributes: Option<Attributes<'_>>) {
        self.elements += 1;
        self.after_pre = element.name == "pre";
        self.out.push('<');
        self.out.push_str(element.name);
        if let Some(attributes) = attributes {
            self.attributes(element.name, attributes);
        }
        self.out.push('>');
        if !matches!(element.kind, Kind::Void | Kind::Rule | Kind::Column) {
            self.open.push(element);
        }
    }

    fn attributes(&mut self, element: &str, attributes: Attributes<'_>) {
        let mut written: Vec<&str> = Vec::new();
        for (name, value) in attributes {
            let mut allowed = own_attributes(element).iter().chain(&COMMON_ATTRIBUTES);
            let Some(&name) = allowed.find(|a| a.eq_ignore_ascii_case(name)) else {
                continue;
            };
            if written.contains(&name)
                || value.len() > MAX_ATTRIBUTE
                || (name == "id" && !is_anchor(value))
            {
                continue;
            }
            written.push(name);
            self.is_plain = false;
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            for c in value.chars() {
                match c {
                    '"' => self.out.push_str("&quot;"),
                    '<' => self.out.push_str("&lt;"),
                    '>' => self.out.push_str("&gt;"),
                    '\0' => {}
                    c => self.out.push(c),
                }
            }
            self.out.push('"');
        }
    }

    fn close_down_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some(element) = self.open.pop() {
                self.after_pre = false;
                self.out.push_str("</");
                self.out.push_str(element.name);
                self.out.push('>');
            }
        }
    }
}

/// Whether `value` may be the `id` of a heading: a letter, then letters, digits, `_` and `-`, all ASCII.
pub(super) fn is_anchor(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_sorted() {
        assert!(ELEMENTS.is_sorted_by_key(|e| e.name));
        assert_eq!(element("BlockQuote").map(|e| e.name), Some("blockquote"));
        assert_eq!(element("script"), None);
    }

    #[test]
    fn markup_is_balanced() {
        for (html, expected) in [
            ("<p>a<p>b", "<p>a</p><p>b</p>"),
            ("<b><i>x</b>y</i>z", "<b><i>x</i></b><i>y</i>z"),
            ("<b><i>x</b></i>", "<b><i>x</i></b>"),
            (
                "<ul><li>a<li>b<ul><li>c</ul></ul>",
                "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>",
            ),
            ("<dl><dt>a<dd>b</dl>", "<dl><dt>a</dt><dd>b</dd></dl>"),
            ("<h1>a</h2>b", "<h1>a</h1>b"),
            (
                "<table><tr><td>a<td>b</table>",
                "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>",
            ),
            (
                "<table>x<tr>y",
                "<table><tbody><tr><td>x</td></tr><tr><td>y</td></tr></tbody></table>",
            ),
            (
                "<table><col><td>a",
                "<table><colgroup><col></colgroup><tbody><tr><td>a</td></tr></tbody></table>",
            ),
            ("<td>a</td></p></div><tr>b", "ab"),
            (
                "<a href=x>1<a href=y>2",
                "<a href=\"x\">1</a><a href=\"y\">2</a>",
            ),
            ("<font><p>a</font>b</p>", "<p>ab</p>"),
            ("<pre>\n\n a\n</pre>", "<pre> a\n</pre>"),
            ("a&b & c > d", "a&b &amp; c &gt; d"),
            (
                "<P ALIGN=x TITLE='a\"b' title=c>",
                "<p title=\"a&quot;b\"></p>",
            ),
            (
                "<div><table><td></div>x",
                "<div><table><tbody><tr><td>x</td></tr></tbody></table></div>",
            ),
            (
                "<ul><li><b>x</li><li>y</ul>",
                "<ul><li><b>x</b></li><li>y</li></ul>",
            ),
        ] {
            assert_eq!(balance(html).html, expected, "{html}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}x{}", "<div>".repeat(1000), "</div>".repeat(1000));
        assert_eq!(balance(&deep).html.matches("<div>").count(), MAX_DEPTH);
        let tables = balance(&"<table>".repeat(1000)).html;
        assert!(tables.matches("<table>").count() <= MAX_DEPTH);
    }
}
