//! HTML walked from its begin to its end: where lines begin and end, what they are cut with, and what is no text of a line. It knows markup, not
//! rules.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::elements::{
    gives_way, is_address, is_block, is_for_machines, is_label, is_media, is_void,
};
use super::names::domain_of;
use super::segments::{Segment, Walked};
use crate::models::hygiene::Place;
use crate::text::hiding::hiding;
use crate::text::markup::{Attributes, Token, Tokens, decode};

struct Open<'a> {
    name: Cow<'a, str>,
    start: usize,
    is_block: bool,
    is_link: bool,
    has_media: bool,
    /// How many lines are in it, and the last of them.
    lines: usize,
    last: usize,
}

/// What is read when the lines are through.
struct Later<'a> {
    place: Place,
    cut: Range<usize>,
    is_line: bool,
    is_attribute: bool,
    parts: Vec<(usize, &'a str)>,
    /// The hosts of its links.
    hosts: Vec<String>,
}

/// Somebody who walks through HTML.
pub(super) struct Walker<'a> {
    html: &'a str,
    is_raw: bool,
    walked: Walked,
    open: Vec<Open<'a>>,
    /// How many elements of each name are open.
    names: HashMap<String, usize>,
    /// The hidden element that is open: its place in `open`, and where it begins.
    hidden: Option<(usize, usize)>,
    /// Texts of the hidden element.
    unseen: Vec<(usize, &'a str)>,
    unseen_hosts: Vec<String>,
    later: Vec<Later<'a>>,
    /// The line that is being read: its first character, where it begins, its links, and how deep in elements of lines it is.
    begin: usize,
    start: usize,
    linked: usize,
    hosts: usize,
    depth: i64,
    lowest: i64,
    links: usize,
}

impl<'a> Walker<'a> {
    /// At the begin of a body; of one as it was sent, what readers see is passed by.
    pub fn new(html: &'a str, is_raw: bool) -> Self {
        Self {
            html,
            is_raw,
            walked: Walked::default(),
            open: Vec::new(),
            names: HashMap::new(),
            hidden: None,
            unseen: Vec::new(),
            unseen_hosts: Vec::new(),
            later: Vec::new(),
            begin: 0,
            start: 0,
            linked: 0,
            hosts: 0,
            depth: 0,
            lowest: 0,
            links: 0,
        }
    }

    /// To its end.
    pub fn walk(mut self) -> Walked {
        let mut tokens = Tokens::new(self.html);
        let mut at = 0;
        while let Some(token) = tokens.next_or_skipped() {
            let end = self.html.len() - tokens.rest().len();
            match token {
                Ok(Token::Text(text)) => self.text(at, text),
                Ok(Token::Start { name, attributes }) => self.start(name, attributes, at, end),
                Ok(Token::End { name }) => self.end(name, at, end),
                Err(skipped) => self.skipped(at, skipped),
            }
            at = end;
        }
        while !self.open.is_empty() {
            self.close(at, at);
        }
        self.end_line(at, at);
        for later in std::mem::take(&mut self.later) {
            let Later {
                place,
                cut,
                is_line,
                is_attribute,
                parts,
                mut hosts,
            } = later;
            self.walked.segment(place, cut, is_line, |folded| {
                for (offset, part) in parts {
                    match (is_attribute && place == Place::Address, part) {
                        (true, _) => folded.address(offset, part, true),
                        (false, "") => folded.end(),
                        (false, _) => folded.references(offset, part),
                    }
                }
            });
            if !hosts.is_empty()
                && let Some(segment) = self.walked.segments.last_mut()
            {
                let first = self.walked.hosts.len();
                self.walked.hosts.append(&mut hosts);
                segment.hosts = first..self.walked.hosts.len();
                segment.linked = segment.marks.len();
            }
        }
        self.walked
    }

    fn text(&mut self, at: usize, text: &'a str) {
        if self.hidden.is_some() {
            return self.unseen.push((at, text));
        }
        if self.is_raw {
            return;
        }
        let before = self.walked.folded.len();
        self.walked.folded.references(at, text);
        if self.links > 0 {
            let added = self.walked.folded.marks.get(before..).unwrap_or_default();
            self.linked += added.iter().filter(|mark| mark.is_content()).count();
        }
    }

    fn start(&mut self, name: &'a str, attributes: Attributes<'a>, at: usize, end: usize) {
        let name = lower(name);
        let is_block = is_block(&name);
        if self
            .open
            .last()
            .is_some_and(|open| gives_way(&open.name, &name))
        {
            self.close(at, at);
        }
        self.attributes(attributes);
        if is_block || matches!(&*name, "br" | "hr") {
            self.end_line(at, end);
        }
        if is_media(&name)
            && let Some(open) = self.open.iter_mut().rev().find(|open| open.is_block)
        {
            open.has_media = true;
        }
        if is_void(&name) {
            return;
        }
        if self.hidden.is_none() && hiding(&name, attributes).is_some() {
            self.hidden = Some((self.open.len(), at));
        }
        let is_link = name == "a";
        if is_link {
            self.links += 1;
            let href = attributes
                .clone()
                .find(|(name, _)| name.eq_ignore_ascii_case("href"));
            if let Some(host) = href.and_then(|(_, href)| domain_of(&decode(href))) {
                match self.hidden {
                    Some(_) => self.unseen_hosts.push(host),
                    None => self.walked.hosts.push(host),
                }
            }
        }
        if !is_block && self.hidden.is_none() {
            self.depth += 1;
        }
        *self.names.entry(name.to_string()).or_default() += 1;
        self.open.push(Open {
            name,
            start: at,
            is_block,
            is_link,
            has_media: false,
            lines: 0,
            last: 0,
        });
    }

    fn attributes(&mut self, attributes: Attributes<'a>) {
        for (attribute, value) in attributes {
            let attribute = lower(attribute);
            if value.len() < 4 || is_for_machines(&attribute) {
                continue;
            }
            let place = match is_address(&attribute) {
                true => Place::Address,
                false => Place::Attribute,
            };
            let offset = value
                .as_ptr()
                .addr()
                .saturating_sub(self.html.as_ptr().addr());
            self.later.push(Later {
                place,
                cut: offset..offset + value.len(),
                is_line: false,
                is_attribute: true,
                parts: vec![(offset, value)],
                hosts: Vec::new(),
            });
        }
    }

    fn end(&mut self, name: &'a str, at: usize, end: usize) {
        let name = lower(name);
        if self.names.get(&*name).is_none_or(|count| *count == 0) {
            if is_block(&name) || name == "br" {
                self.end_line(at, end);
            }
            return;
        }
        while let Some(open) = self.open.last() {
            let is_it = open.name == name;
            self.close(at, if is_it { end } else { at });
            if is_it {
                break;
            }
        }
    }

    /// Closes the innermost element: what is in it ends at `at`, itself at `end`.
    fn close(&mut self, at: usize, end: usize) {
        if self.open.last().is_some_and(|open| open.is_block) {
            self.end_line(at, end);
        }
        let Some(open) = self.open.pop() else {
            return;
        };
        if let Some(count) = self.names.get_mut(&*open.name) {
            *count = count.saturating_sub(1);
        }
        if open.is_link {
            self.links = self.links.saturating_sub(1);
        }
        match self.hidden {
            Some((place, start)) if place == self.open.len() => {
                self.hidden = None;
                let parts = std::mem::take(&mut self.unseen);
                self.later.push(Later {
                    place: Place::Hidden,
                    cut: start..end,
                    is_line: true,
                    is_attribute: false,
                    parts,
                    hosts: std::mem::take(&mut self.unseen_hosts),
                });
            }
            Some(_) => {}
            None if !open.is_block => {
                self.depth -= 1;
                self.lowest = self.lowest.min(self.depth);
            }
            None => {}
        }
        if open.is_block {
            if open.lines == 1
                && !open.has_media
                && let Some(segment) = self.walked.segments.get_mut(open.last)
            {
                segment.cut = open.start..end;
                segment.is_label |= is_label(&open.name);
            }
            if let Some(outer) = self.open.iter_mut().rev().find(|open| open.is_block) {
                outer.lines += open.lines;
                outer.last = open.last;
                outer.has_media |= open.has_media;
            }
        }
    }

    /// Ends a line at `at`; the next one begins at `next`.
    fn end_line(&mut self, at: usize, next: usize) {
        if self.hidden.is_some() {
            if !self.unseen.is_empty() {
                self.unseen.push((at, ""));
            }
            return;
        }
        let folded = &mut self.walked.folded;
        let marks = self.begin..folded.len();
        if !marks.is_empty() {
            let source = folded.source(marks.clone());
            folded.end();
            let is_whole = self.depth == 0 && self.lowest == 0;
            self.walked.segments.push(Segment {
                place: Place::Text,
                marks,
                cut: match is_whole {
                    true => trimmed(self.html, self.start..at),
                    false => source,
                },
                is_line: true,
                is_label: false,
                linked: self.linked,
                hosts: self.hosts..self.walked.hosts.len(),
            });
            let last = self.walked.segments.len() - 1;
            if let Some(open) = self.open.iter_mut().rev().find(|open| open.is_block) {
                open.lines += 1;
                open.last = last;
            }
        }
        self.begin = self.walked.folded.len();
        self.start = next;
        self.linked = 0;
        self.hosts = self.walked.hosts.len();
        self.depth = 0;
        self.lowest = 0;
    }

    /// Takes what browsers do not show: comments, and elements that hold no HTML.
    fn skipped(&mut self, at: usize, skipped: &'a str) {
        let place = match skipped.get(1..2) {
            Some("!" | "?" | "/") => Place::Comment,
            _ => Place::Hidden,
        };
        self.later.push(Later {
            place,
            cut: at..at + skipped.len(),
            is_line: place == Place::Comment,
            is_attribute: false,
            parts: vec![(at, skipped)],
            hosts: Vec::new(),
        });
    }
}

/// A range of a text without the blanks around.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let Some(inner) = text.get(range.clone()) else {
        return range;
    };
    let begin = range.start + (inner.len() - inner.trim_start().len());
    begin..begin + inner.trim().len()
}

fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}
