//! Texts cut into the units that are compared, each unit with a number that stands for what it says.

use std::collections::HashMap;
use std::iter::once;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::{Markup, Unit};

/// One of the two texts.
pub(super) struct Side<'a> {
    text: &'a str,
    /// Where each unit ends, in bytes.
    ends: Vec<usize>,
    /// What each unit says: equal numbers for equal texts, on both sides.
    pub(super) ids: Vec<u32>,
}

impl<'a> Side<'a> {
    /// The text of some units.
    pub(super) fn text(&self, units: Range<usize>) -> &'a str {
        self.text
            .get(self.start(units.start)..self.start(units.end))
            .unwrap_or_default()
    }

    /// Where a unit starts, in bytes.
    fn start(&self, unit: usize) -> usize {
        match unit.checked_sub(1) {
            Some(previous) => self.ends.get(previous).map_or(self.text.len(), |end| *end),
            None => 0,
        }
    }
}

/// What a unit looks like to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The start of an element, or a tag that stands alone.
    Opening,
    /// The end of an element.
    Closing,
    /// The end of a line.
    Break,
    /// Other white space.
    Blank,
    /// What ends a sentence.
    Stop,
    /// Other signs.
    Sign,
    /// A single letter or digit of a script that writes words apart.
    Letter,
    /// More of these: a word or a number.
    Word,
    /// What says as much as a word by itself: a Han character, an emoji.
    Ideograph,
}

impl Look {
    fn of(unit: &str, markup: Markup) -> Self {
        if markup == Markup::Html && unit.len() > 1 {
            if unit.starts_with("</") {
                return Self::Closing;
            }
            if unit.starts_with('<') {
                return Self::Opening;
            }
            if matches!(unit, "&nbsp;" | "&ensp;" | "&emsp;") {
                return Self::Blank;
            }
            if unit.starts_with('&') && unit.ends_with(';') {
                return Self::Sign;
            }
        }
        let mut letters = unit.chars().filter(|c| c.is_alphanumeric());
        match (unit.chars().next(), letters.next()) {
            (Some('\n' | '\r' | '\u{2028}' | '\u{2029}'), _) => Self::Break,
            (Some(c), _) if c.is_whitespace() => Self::Blank,
            (Some('.' | '!' | '?' | '。' | '！' | '？' | '．' | '｡' | '…' | '；'), _) => {
                Self::Stop
            }
            (_, Some(c)) if is_ideographic(c) => Self::Ideograph,
            (_, Some(_)) if letters.next().is_some() => Self::Word,
            (_, Some(_)) => Self::Letter,
            (Some(c), None) if u32::from(c) > 0xFFFF => Self::Ideograph,
            _ => Self::Sign,
        }
    }

    /// Whether it says something.
    pub(super) fn speaks(self) -> bool {
        matches!(self, Self::Letter | Self::Word | Self::Ideograph)
    }

    /// Whether it keeps a structure together.
    pub(super) fn is_tag(self) -> bool {
        matches!(self, Self::Opening | Self::Closing)
    }
}

/// Han, kana and what else is written without blanks between words.
fn is_ideographic(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0xA4CF | 0xF900..=0xFAFF | 0xFF66..=0xFF9F | 0x20000..)
}

/// Both texts in units, and the look of each by its number.
pub(super) fn cut<'a>(
    before: &'a str,
    after: &'a str,
    unit: Unit,
    markup: Markup,
) -> (Side<'a>, Side<'a>, Vec<Look>) {
    let mut numbers: HashMap<&'a str, u32> = HashMap::new();
    let mut looks = Vec::new();
    let mut side = |text: &'a str| {
        let mut side = Side {
            text,
            ends: Vec::new(),
            ids: Vec::new(),
        };
        let mut start = 0;
        for_each_end(text, unit, markup, |end| {
            let unit = text.get(start..end).unwrap_or_default();
            let id = *numbers.entry(unit).or_insert_with(|| {
                looks.push(Look::of(unit, markup));
                // A text has at most as many units as bytes, and memory ends before that number does.
                u32::try_from(looks.len() - 1).unwrap_or(u32::MAX)
            });
            side.ends.push(end);
            side.ids.push(id);
            start = end;
        });
        side
    };
    let before = side(before);
    let after = side(after);
    (before, after, looks)
}

/// Tells where each unit ends, in order.
fn for_each_end(text: &str, unit: Unit, markup: Markup, mut tell: impl FnMut(usize)) {
    let mut start = 0;
    if markup == Markup::Html {
        let mut tags = Tags::default();
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find(['<', '&'])) {
            at += found;
            let length = text.get(at..).and_then(|rest| tags.length(rest));
            match length {
                Some(length) => {
                    words(text, start..at, unit, &mut tell);
                    at += length;
                    start = at;
                    tell(at);
                }
                // It stands for itself; both signs are one byte.
                None => at += 1,
            }
        }
    }
    words(text, start..text.len(), unit, &mut tell);
}

/// Tells where each unit of a stretch without markup ends.
fn words(text: &str, stretch: Range<usize>, unit: Unit, tell: &mut impl FnMut(usize)) {
    let start = stretch.start;
    let text = text.get(stretch).unwrap_or_default();
    if text.is_empty() {
        return;
    }
    let after_each = |starts: &mut dyn Iterator<Item = usize>, tell: &mut dyn FnMut(usize)| {
        for end in starts.skip(1).chain(once(text.len())) {
            tell(start + end);
        }
    };
    let mut characters = text.grapheme_indices(true).map(|(at, _)| at);
    let mut words = text.split_word_bound_indices().map(|(at, _)| at);
    match unit {
        Unit::Character => after_each(&mut characters, tell),
        Unit::Word if text.is_ascii() => after_each(&mut words, tell),
        Unit::Word => {
            // In some scripts words as they are found part what a reader takes for one character.
            let mut characters = characters.peekable();
            let mut whole = words.filter(|at| {
                while characters.next_if(|character| character < at).is_some() {}
                characters.peek() == Some(at)
            });
            after_each(&mut whole, tell);
        }
    }
}

/// Finds tags and character references. What looks at much without finding anything is not tried again, so that no text is
/// looked at more than a few times.
#[derive(Default)]
struct Tags {
    /// Whether a quotation mark in a tag was never closed; from then on they mean nothing.
    ignores_quotes: bool,
    /// Whether there is no `>` any more.
    has_ended: bool,
}

impl Tags {
    /// The length of the tag or reference at the start of `rest`.
    fn length(&mut self, rest: &str) -> Option<usize> {
        match rest.strip_prefix('<') {
            Some(inner) => self.tag(inner).map(|length| length + 1),
            None => reference(rest),
        }
    }

    fn tag(&mut self, inner: &str) -> Option<usize> {
        let opens = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?');
        if self.has_ended || !inner.starts_with(opens) {
            return None;
        }
        if !self.ignores_quotes {
            let mut quote = None;
            for (at, byte) in inner.bytes().enumerate() {
                match (quote, byte) {
                    (None, b'>') => return Some(at + 1),
                    (None, b'"' | b'\'') => quote = Some(byte),
                    (Some(open), byte) if open == byte => quote = None,
                    _ => {}
                }
            }
            self.ignores_quotes = true;
        }
        let end = inner.find('>');
        self.has_ended = end.is_none();
        end.map(|at| at + 1)
    }
}

/// The length of the character reference at the start of `rest`.
fn reference(rest: &str) -> Option<usize> {
    /// The longest name that HTML knows has 31 letters.
    const LONGEST: usize = 34;
    let end = rest.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = rest.get(1..end)?;
    let digits = name.strip_prefix('#');
    let digits = digits.map(|d| d.strip_prefix(['x', 'X']).unwrap_or(d));
    let name = digits.unwrap_or(name);
    let is_reference = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_reference.then_some(end + 1)
}
