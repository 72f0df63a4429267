//! A document: what of an article is found, and under which terms.

use std::collections::HashMap;

use ahash::RandomState;

use super::segment::many;
use super::terms::{self, Term};
use super::weights::Frequencies;
use crate::models::listing::List;
use crate::models::time::Ts;
use crate::text::units::Units;

/// What part of an article a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// A title, in any language.
    Title,
    /// A subtitle.
    Subtitle,
    /// A summary.
    Summary,
    /// A keyword.
    Keyword,
    /// The name of a contributor, or where it belongs.
    Contributor,
    /// The name of a source.
    Source,
    /// The title of a topic.
    Topic,
    /// The name of a file.
    Attachment,
    /// A body, without its tags.
    Body,
}

/// An article as search knows it.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its id.
    pub article_id: i64,
    /// When it is published.
    pub published_at: Ts,
    /// When it vanishes again.
    pub unpublish_at: Option<Ts>,
    /// When it last changed.
    pub updated_at: Ts,
    /// The year printed on it.
    pub year: i32,
    /// The lists that show it.
    pub lists: Vec<List>,
    /// What it says, in all its languages.
    pub texts: Vec<(Field, String)>,
}

/// Terms by number, while a segment is made.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Term, u32, RandomState>,
}

impl Names {
    /// The number of a term, given to it when it is first met.
    fn number(&mut self, term: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(term) {
            return *number;
        }
        let number = many(self.numbers.len());
        self.numbers.insert(term.into(), number);
        number
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The terms in their order, each with its number.
    pub fn sorted(self) -> Vec<(Term, u32)> {
        // The first bytes as a number tell most terms apart, and numbers compare faster.
        let mut names: Vec<(u128, Term, u32)> = self
            .numbers
            .into_iter()
            .map(|(term, number)| (head(&term), term, number))
            .collect();
        names.sort_unstable();
        let names = names.into_iter();
        names.map(|(_, term, number)| (term, number)).collect()
    }
}

/// The first bytes of a term; of two terms with different ones, the smaller has the smaller.
fn head(term: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(term) {
        *place = *byte;
    }
    u128::from_be_bytes(bytes)
}

/// That a term stands somewhere in a document. They sort by term, then by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Occurrence {
    pub term: u32,
    pub position: u32,
    /// In which field; `None` for what is no text.
    pub field: Option<Field>,
}

impl Document {
    /// Writes what stands in it to `out`, in order, and returns how long its fields are.
    pub(super) fn occurrences(&self, names: &mut Names, out: &mut Vec<Occurrence>) -> Frequencies {
        out.clear();
        let mut plain = |term: &[u8], names: &mut Names| {
            out.push(Occurrence {
                term: names.number(term),
                position: 0,
                field: None,
            });
        };
        plain(&terms::article(self.article_id), names);
        plain(&terms::year(self.year), names);
        if self.unpublish_at.is_some() {
            plain(&terms::expiring(), names);
        }
        for list in &self.lists {
            plain(&terms::list(*list), names);
        }
        let mut lengths = Frequencies::default();
        let mut begin = 0;
        for (field, text) in &self.texts {
            let units = Units::of(text);
            if matches!(field, Field::Title | Field::Keyword) && !units.is_empty() {
                out.push(Occurrence {
                    term: names.number(&terms::whole(&units)),
                    position: 0,
                    field: None,
                });
            }
            lengths.add(*field, units.len());
            terms::of_text(&units, |term, position| {
                out.push(Occurrence {
                    term: names.number(term),
                    position: begin + position,
                    field: Some(*field),
                });
            });
            // No phrase reaches from one text into the next.
            begin += units.items().last().map_or(0, |unit| unit.position + 2);
        }
        out.sort_unstable();
        lengths
    }
}
