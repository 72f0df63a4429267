//! All phrases of all rules found in one pass. It knows phrases and what must stand around them, not what a match means.

use aho_corasick::{AhoCorasick, MatchKind};

use super::expand::Literal;
use super::fold::{Folded, to_u32, to_usize};
use crate::models::hygiene::Boundary;
use crate::text::folding::Kind;

/// A phrase of a rule that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// The number of the rule.
    pub rule: usize,
    /// Its characters.
    pub begin: usize,
    pub end: usize,
}

#[derive(Debug)]
struct Known {
    rule: u32,
    length: u32,
    boundary: Boundary,
}

/// Phrases made ready.
#[derive(Debug, Default)]
pub(super) struct Automaton {
    automaton: Option<AhoCorasick>,
    known: Vec<Known>,
}

impl Automaton {
    /// Phrases with the numbers of their rules.
    pub fn new(literals: Vec<(usize, Boundary, Literal)>) -> Result<Self, String> {
        if literals.is_empty() {
            return Ok(Self::default());
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(literals.iter().map(|(_, _, literal)| &literal.text))
            .map_err(|e| e.to_string())?;
        let known = literals.into_iter().map(|(rule, boundary, literal)| Known {
            rule: to_u32(rule),
            length: to_u32(literal.length),
            boundary,
        });
        Ok(Self {
            automaton: Some(automaton),
            known: known.collect(),
        })
    }

    /// What is found, in the order of the ends.
    pub fn find(&self, folded: &Folded) -> Vec<Hit> {
        let mut hits = Vec::new();
        let Some(automaton) = &self.automaton else {
            return hits;
        };
        // The number of the character behind the last match.
        let mut end = 0;
        for found in automaton.find_overlapping_iter(&folded.text) {
            let Some(known) = self.known.get(found.pattern().as_usize()) else {
                continue;
            };
            let behind = to_u32(found.end());
            while folded.marks.get(end).is_some_and(|mark| mark.at < behind) {
                end += 1;
            }
            let begin = end.saturating_sub(to_usize(known.length));
            if fits(folded, begin, end, known) {
                hits.push(Hit {
                    rule: to_usize(known.rule),
                    begin,
                    end,
                });
            }
        }
        hits
    }
}

/// Whether what stands around and between is what the phrase wants.
fn fits(folded: &Folded, begin: usize, end: usize, known: &Known) -> bool {
    let Some((first, rest)) = folded.marks.get(begin..end).and_then(<[_]>::split_first) else {
        return false;
    };
    let last = rest.last().unwrap_or(first);
    let before = begin.checked_sub(1).and_then(|n| folded.marks.get(n));
    let behind = folded.marks.get(end);
    let joins_before = before.is_some_and(|mark| mark.is_content()) && !first.gap;
    let joins_behind = behind.is_some_and(|mark| mark.is_content() && !mark.gap);
    match known.boundary {
        Boundary::Anywhere => {}
        Boundary::Word => {
            let is_letter = |mark: Option<&super::fold::Mark>| {
                mark.is_some_and(|mark| mark.kind == Kind::Letter)
            };
            if joins_before && first.kind == Kind::Letter && is_letter(before)
                || joins_behind && last.kind == Kind::Letter && is_letter(behind)
            {
                return false;
            }
        }
        Boundary::Alone => {
            if joins_before || joins_behind {
                return false;
            }
        }
    }
    // Two characters that a blank parts may well be of two words, unless all of the text is spread out.
    let is_parted = rest.len() == 1 && last.gap;
    !is_parted || !joins_before && !joins_behind
}
