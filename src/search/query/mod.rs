//! What somebody asks for: terms, phrases, and what must not be there. Knows no index.

#[cfg(test)]
mod tests;

use crate::text::units::{Unit, Units};

/// Characters of a query, at most.
pub const LONGEST: usize = 1_000;

/// Phrases that are required, and phrases that are excluded, at most; what goes beyond is not looked at.
pub const MOST_TERMS: usize = 64;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Each of these must be there.
    pub required: Vec<Phrase>,
    /// None of these may be there.
    pub excluded: Vec<Phrase>,
    /// All that was asked for (nothing of what is excluded), for comparison with whole titles.
    pub whole: Units,
}

/// Units that stand side by side: one word, a run of characters, or what was between quotation marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The units, at least one; their positions say how far apart they stand.
    pub units: Units,
}

/// Why a query cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswerable {
    /// There is nothing in it that could be searched for: blanks, punctuation.
    Nothing,
    /// It only says what must not be there.
    OnlyExclusions,
    /// It has more than [`LONGEST`] characters.
    TooLong,
}

/// Reads a query. Every text has a meaning; nothing in it is a syntax error.
///
/// - Blanks part terms. So do stops, except between two words where they are part of a name or a number (`a.b`, `3.14`, `1,000`).
/// - What has neither in it is one phrase: `科技创新` must stand side by side, so must `2014年`, `co-operation`, `《科学》杂志`.
/// - What stands between two quotation marks (`"`, `“`, `”`, `„`, `＂`) is one phrase with its blanks and stops. The last of an odd number of
///   marks is a plain sign, as are `「」` and `《》`.
/// - `-` at the beginning or behind a blank, right before a word or a phrase, excludes up to the next blank or quotation mark.
///   Anywhere else it is a plain sign.
/// - Nothing else means anything: `OR` and `NEAR` are words, `*`, `^`, `:` signs.
///
/// A phrase that is there twice, in whatever script, width or case, counts once.
pub fn parse(q: &str) -> Result<Query, Unanswerable> {
    if q.chars().nth(LONGEST).is_some() {
        return Err(Unanswerable::TooLong);
    }
    let mut required = Vec::new();
    let mut excluded = Vec::new();
    let mut asked = String::with_capacity(q.len());
    for part in parts(q) {
        let list = if part.is_excluded {
            &mut excluded
        } else {
            asked.push_str(part.text);
            asked.push(' ');
            &mut required
        };
        if part.is_quoted {
            add(list, part.text);
        } else {
            for piece in pieces(part.text) {
                add(list, piece);
            }
        }
    }
    if required.is_empty() {
        return Err(if excluded.is_empty() {
            Unanswerable::Nothing
        } else {
            Unanswerable::OnlyExclusions
        });
    }
    Ok(Query {
        required,
        excluded,
        whole: Units::of(&asked),
    })
}

/// What stands between blanks, or between quotation marks.
struct Part<'q> {
    text: &'q str,
    is_quoted: bool,
    is_excluded: bool,
}

fn parts(q: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = q;
    let mut is_behind_blank = true;
    while let Some(first) = rest.chars().next() {
        let tail = rest.get(first.len_utf8()..).unwrap_or_default();
        if first.is_whitespace() {
            is_behind_blank = true;
            rest = tail;
            continue;
        }
        let is_excluded = is_behind_blank && is_minus(first) && begins_searched(tail);
        is_behind_blank = false;
        let body = if is_excluded { tail } else { rest };
        let (text, is_quoted, behind) = match quoted(body) {
            Some((text, behind)) => (text, true, behind),
            None => {
                let (text, behind) = body.split_at(end_of_part(body));
                (text, false, behind)
            }
        };
        parts.push(Part {
            text,
            is_quoted,
            is_excluded,
        });
        rest = behind;
    }
    parts
}

/// Where a part ends that begins with `text`: at a blank, or where something in quotation marks begins.
fn end_of_part(text: &str) -> usize {
    text.char_indices()
        .skip(1)
        .find(|&(at, c)| {
            c.is_whitespace() || (is_quote(c) && text.get(at..).and_then(quoted).is_some())
        })
        .map_or(text.len(), |(at, _)| at)
}

/// If `text` begins with something in quotation marks: what stands between them, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(is_quote)?.split_once(is_quote)
}

/// Whether `text` begins with something that is searched for, not with a sign.
fn begins_searched(text: &str) -> bool {
    match quoted(text) {
        Some((inside, _)) => !Units::of(inside).is_empty(),
        None => {
            let word = text.get(..end_of_part(text)).unwrap_or_default();
            let units = Units::of(word);
            units.items().first().is_some_and(|u| u.source().start == 0)
        }
    }
}

/// A part, parted at its stops.
fn pieces(part: &str) -> Vec<&str> {
    let units = Units::of(part);
    let mut pieces = Vec::new();
    let mut begin = 0;
    for (before, behind) in units.items().iter().zip(units.items().iter().skip(1)) {
        let is_stopped = behind.position > before.position + 1;
        if is_stopped && !is_one_name(part, &units, before, behind) {
            let end = behind.source().start;
            pieces.extend(part.get(begin..end));
            begin = end;
        }
    }
    pieces.extend(part.get(begin..));
    pieces
}

/// Whether two units belong together although a stop stands between them: `a.b`, `3.14`, `1,000`.
fn is_one_name(part: &str, units: &Units, before: &Unit, behind: &Unit) -> bool {
    if before.is_character || behind.is_character {
        return false;
    }
    match part.get(before.source().end..behind.source().start) {
        // Nothing: both are in one sign.
        None | Some("" | "." | "．") => true,
        Some(",") => {
            units.folded(before).ends_with(|c: char| c.is_ascii_digit())
                && units
                    .folded(behind)
                    .starts_with(|c: char| c.is_ascii_digit())
        }
        Some(_) => false,
    }
}

/// Adds the phrase `text`, unless there is nothing in it, or it is there already, or there are enough.
fn add(phrases: &mut Vec<Phrase>, text: &str) {
    let units = Units::of(text);
    let is_new = || !phrases.iter().any(|phrase| is_same(&phrase.units, &units));
    if !units.is_empty() && phrases.len() < MOST_TERMS && is_new() {
        phrases.push(Phrase { units });
    }
}

/// Whether two phrases find the same, however they were written.
fn is_same(one: &Units, other: &Units) -> bool {
    one.len() == other.len()
        && one.items().iter().zip(other.items()).all(|(a, b)| {
            a.position == b.position
                && a.is_character == b.is_character
                && one.folded(a) == other.folded(b)
        })
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '＂')
}

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '－' | '−')
}
