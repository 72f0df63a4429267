//! A text folded for comparison, each character with its place in the text as it is stored. It knows characters, references and percent signs, not
//! elements.

use std::ops::Range;

use crate::text::folding::{self, Kind};
use crate::text::markup;

/// A folded character: where it is in the folded text, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where it begins in the folded text.
    pub at: u32,
    /// Where it begins in the source.
    pub source: u32,
    /// How long it is there.
    pub length: u16,
    /// What it is.
    pub kind: Kind,
    /// Whether a blank stands before it.
    pub gap: bool,
}

impl Mark {
    /// Whether it says something.
    pub fn is_content(&self) -> bool {
        matches!(self.kind, Kind::Character | Kind::Letter)
    }

    /// Where it ends in the source.
    pub fn end(&self) -> usize {
        to_usize(self.source) + usize::from(self.length)
    }
}

/// Folded texts, one behind the other with a sign between them that no rule knows. Blanks are left out, but for one between two words of letters.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// The folded characters.
    pub text: String,
    /// The same, one by one.
    pub marks: Vec<Mark>,
    gap: bool,
}

impl Folded {
    /// The number of characters so far.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// The folded text of some characters.
    pub fn slice(&self, marks: Range<usize>) -> &str {
        let at = |index: usize| {
            self.marks
                .get(index)
                .map_or(self.text.len(), |mark| to_usize(mark.at))
        };
        self.text
            .get(at(marks.start)..at(marks.end))
            .unwrap_or_default()
    }

    /// Where some characters stand in the source.
    pub fn source(&self, marks: Range<usize>) -> Range<usize> {
        let begin = self.marks.get(marks.start);
        let last = marks.end.checked_sub(1).and_then(|n| self.marks.get(n));
        match (begin, last) {
            (Some(begin), Some(last)) => to_usize(begin.source)..last.end(),
            _ => 0..0,
        }
    }

    /// Ends a text: nothing is found across.
    pub fn end(&mut self) {
        self.put('\n', Kind::Sign, self.marks.last().map_or(0, Mark::end), 0);
        self.gap = false;
    }

    fn put(&mut self, c: char, kind: Kind, source: usize, length: usize) {
        if kind == Kind::Blank {
            self.gap = true;
            return;
        }
        let gap = std::mem::take(&mut self.gap);
        if gap
            && kind == Kind::Letter
            && let Some(last) = self.marks.last()
            && last.kind == Kind::Letter
        {
            let behind = last.end();
            self.push(' ', Kind::Blank, behind, 0, false);
        }
        self.push(c, kind, source, length, gap);
    }

    fn push(&mut self, c: char, kind: Kind, source: usize, length: usize, gap: bool) {
        self.marks.push(Mark {
            at: to_u32(self.text.len()),
            source: to_u32(source),
            length: u16::try_from(length).unwrap_or(u16::MAX),
            kind,
            gap,
        });
        self.text.push(c);
    }

    fn fold(&mut self, c: char, source: usize, length: usize) {
        folding::fold(c, |c, kind| self.put(c, kind, source, length));
    }

    /// Adds a text without markup that stands at `offset`.
    pub fn plain(&mut self, offset: usize, text: &str) {
        self.text.reserve(text.len());
        for (at, c) in text.char_indices() {
            self.fold(c, offset + at, c.len_utf8());
        }
    }

    /// Adds a text with references of HTML.
    pub fn references(&mut self, offset: usize, text: &str) {
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|rest| rest.find('&')) {
            let at = from + found;
            self.plain(offset + from, text.get(from..at).unwrap_or_default());
            let rest = text.get(at..).unwrap_or_default();
            let (decoded, length) = reference(rest);
            for c in decoded.chars() {
                self.fold(c, offset + at, length);
            }
            from = at + length;
        }
        self.plain(offset + from, text.get(from..).unwrap_or_default());
    }

    /// Adds an address, or the name of a file: its percent signs are decoded, and what joins words in it counts as a blank.
    pub fn address(&mut self, offset: usize, text: &str, has_references: bool) {
        let mut decoded: Vec<(char, usize, usize)> = Vec::with_capacity(text.len());
        let mut from = 0;
        while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty()) {
            let (said, length) = match rest.chars().next() {
                Some('&') if has_references => reference(rest),
                Some(c) => (c.to_string(), c.len_utf8()),
                None => break,
            };
            decoded.extend(said.chars().map(|c| (c, offset + from, length)));
            from += length;
        }
        let mut rest = decoded.as_slice();
        while let Some(((c, source, length), behind)) = rest.split_first() {
            if let Some((c, taken)) = (*c == '%').then(|| percent(rest)).flatten() {
                let end = taken
                    .checked_sub(1)
                    .and_then(|last| rest.get(last))
                    .map_or(*source, |(_, at, length)| at + length);
                self.joined(c, *source, end - source);
                rest = rest.get(taken..).unwrap_or_default();
            } else {
                self.joined(*c, *source, *length);
                rest = behind;
            }
        }
    }

    fn joined(&mut self, c: char, source: usize, length: usize) {
        match c {
            '+' | '_' | '-' => self.gap = true,
            _ => self.fold(c, source, length),
        }
    }
}

/// The character that percent signs at the begin of `source` stand for, and how many characters they take.
fn percent(source: &[(char, usize, usize)]) -> Option<(char, usize)> {
    let byte = |n: usize| -> Option<u8> {
        let digits = source.get(n * 3..n * 3 + 3)?;
        match digits {
            [('%', ..), (high, ..), (low, ..)] => {
                let value = high.to_digit(16)? * 16 + low.to_digit(16)?;
                u8::try_from(value).ok()
            }
            _ => None,
        }
    };
    let first = byte(0)?;
    let count = match first {
        0..=0x7f => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => return None,
    };
    let bytes: Vec<u8> = (0..count).map_while(byte).collect();
    let c = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    Some((c, count * 3))
}

/// What a reference at the begin of `source` stands for, and how long it is; a `&` that begins none stands for itself.
fn reference(source: &str) -> (String, usize) {
    const LONGEST: usize = 12;
    let bytes = source.as_bytes();
    if bytes.get(1) == Some(&b'#') {
        let is_hex = matches!(bytes.get(2), Some(b'x' | b'X'));
        let from = if is_hex { 3 } else { 2 };
        let digits = bytes
            .iter()
            .skip(from)
            .take(LONGEST)
            .take_while(|b| {
                if is_hex {
                    b.is_ascii_hexdigit()
                } else {
                    b.is_ascii_digit()
                }
            })
            .count();
        let written = source.get(from..from + digits).unwrap_or_default();
        let code = u32::from_str_radix(written, if is_hex { 16 } else { 10 }).ok();
        if let Some(c) = code.and_then(char::from_u32) {
            let end = from + digits;
            let closed = bytes.get(end) == Some(&b';');
            return (c.to_string(), end + usize::from(closed));
        }
    } else if let Some(end) = bytes.iter().take(LONGEST).position(|b| *b == b';')
        && let Some(written) = source.get(..=end)
    {
        let decoded = match written {
            // What joins or hides; the cleaner writes none of these.
            "&zwj;" | "&zwnj;" | "&shy;" | "&ZeroWidthSpace;" | "&NoBreak;" => "\u{200b}".into(),
            "&thinsp;" | "&hairsp;" | "&Tab;" | "&NewLine;" => " ".into(),
            _ => markup::decode(written),
        };
        if decoded != written {
            return (decoded.into_owned(), written.len());
        }
    }
    ("&".to_owned(), 1)
}

pub(super) fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

pub(super) fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
