//! What is different between two texts, by words or by characters, for people to read. It knows text and tags, not what a
//! field or an article is.
//!
//! Every function takes time in proportion to its input, give or take a logarithm, whatever the input is: where two texts have
//! too little in common to say how one became the other, it says that one was replaced by the other.

mod alignment;
mod tidying;
mod units;
mod windows;

use units::{Side, cut};

/// What is compared as one and never split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A word as Unicode has it (UAX #29): Latin words and numbers as a whole, each Han character by itself.
    Word,
    /// What a reader takes for one character: a grapheme cluster (UAX #29).
    Character,
}

/// How the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Markup {
    /// Every character stands for itself.
    Plain,
    /// HTML: tags and character references are units of their own.
    Html,
}

/// What became of a run of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edit {
    /// It stands in both.
    Equal,
    /// It stands only in the text before.
    Delete,
    /// It stands only in the text after.
    Insert,
}

/// A run of text and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'a> {
    /// What became of it.
    pub edit: Edit,
    /// The text, never empty.
    pub text: &'a str,
}

/// How `before` became `after`, in the order of reading; no two neighbours are of one kind, and what was inserted comes after
/// what it replaces.
///
/// The equal and the deleted runs in a row are `before`, the equal and the inserted ones `after`, to the byte.
pub fn diff<'a>(before: &'a str, after: &'a str, unit: Unit, markup: Markup) -> Vec<Run<'a>> {
    if before == after {
        return run(Edit::Equal, before).into_iter().collect();
    }
    let (before, after, looks) = cut(before, after, unit, markup);
    let mut matches = alignment::align(&before.ids, &after.ids);
    tidying::tidy(&mut matches, &before, &after, &looks);
    runs(&matches, &before, &after)
}

/// Units that are the same in both texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Match {
    /// The first of them before.
    before: usize,
    /// The first of them after.
    after: usize,
    /// How many they are.
    length: usize,
}

impl Match {
    fn before_end(&self) -> usize {
        self.before + self.length
    }

    fn after_end(&self) -> usize {
        self.after + self.length
    }
}

fn run(edit: Edit, text: &str) -> Option<Run<'_>> {
    (!text.is_empty()).then_some(Run { edit, text })
}

fn runs<'a>(matches: &[Match], before: &Side<'a>, after: &Side<'a>) -> Vec<Run<'a>> {
    let end = Match {
        before: before.ids.len(),
        after: after.ids.len(),
        length: 0,
    };
    // Matches that touch in both texts are one run, those that touch in one are kept apart by what was changed.
    let mut whole: Vec<Match> = Vec::with_capacity(matches.len() + 1);
    for next in matches.iter().filter(|m| m.length > 0) {
        match whole.last_mut() {
            Some(last) if last.before_end() == next.before && last.after_end() == next.after => {
                last.length += next.length;
            }
            _ => whole.push(*next),
        }
    }
    whole.push(end);
    let mut found = Vec::with_capacity(3 * whole.len());
    let (mut before_end, mut after_end) = (0, 0);
    for same in whole {
        found.extend(run(Edit::Delete, before.text(before_end..same.before)));
        found.extend(run(Edit::Insert, after.text(after_end..same.after)));
        (before_end, after_end) = (same.before_end(), same.after_end());
        found.extend(run(Edit::Equal, before.text(same.before..before_end)));
    }
    found
}

#[cfg(test)]
mod long_tests;
#[cfg(test)]
mod tests;
