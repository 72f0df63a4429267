//! What a query needs of an index: the terms to look up, and what is to be made of them.

use std::collections::HashMap;

use super::evaluate::Request;
use super::query::{Phrase, Query};
use super::terms::{self, Term};
use crate::text::units::Units;

/// How a phrase is found.
#[derive(Debug, Clone, Default)]
pub(super) struct Sought {
    /// Numbers of terms: all of them.
    pub terms: Vec<usize>,
    /// Numbers of terms whose places must fit together, each with how far behind the first it stands. Empty where it is enough that
    /// all terms are there.
    pub places: Vec<(usize, u32)>,
}

/// Terms by number, and who asks for them.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub terms: Vec<Term>,
    numbers: HashMap<Term, usize>,
    /// What must be there; scored.
    pub required: Vec<Sought>,
    /// What may not be there.
    pub excluded: Vec<Sought>,
    /// Groups of terms, one of each of which must be there.
    pub within: Vec<Vec<usize>>,
    /// Terms that may not be there.
    pub outside: Vec<usize>,
    /// What articles have of which a whole title or keyword was asked for.
    pub whole: usize,
    /// What articles have that vanish.
    pub expiring: usize,
}

impl Plan {
    pub fn new(request: &Request) -> Self {
        let Query {
            required,
            excluded,
            whole,
        } = &request.query;
        let mut plan = Self::default();
        plan.whole = plan.number(terms::whole(whole));
        plan.expiring = plan.number(terms::expiring());
        plan.required = required.iter().map(|phrase| plan.sought(phrase)).collect();
        plan.excluded = excluded.iter().map(|phrase| plan.sought(phrase)).collect();
        for lists in &request.within {
            let group = lists.iter().map(|list| plan.number(terms::list(*list)));
            let group = group.collect();
            plan.within.push(group);
        }
        if let Some(articles) = &request.articles {
            let group = articles.iter().map(|id| plan.number(terms::article(*id)));
            let group = group.collect();
            plan.within.push(group);
        }
        for list in &request.outside {
            let term = plan.number(terms::list(*list));
            plan.outside.push(term);
        }
        plan
    }

    fn number(&mut self, term: Term) -> usize {
        let next = self.terms.len();
        let number = *self.numbers.entry(term.clone()).or_insert(next);
        if number == next {
            self.terms.push(term);
        }
        number
    }

    fn sought(&mut self, phrase: &Phrase) -> Sought {
        let found: Vec<(usize, u32, u32, bool)> = terms_of(&phrase.units)
            .into_iter()
            .map(|(term, offset, length)| {
                let is_placed = terms::has_positions(&term);
                (self.number(term), offset, length, is_placed)
            })
            .collect();
        let mut terms: Vec<usize> = found.iter().map(|(number, ..)| *number).collect();
        terms.sort_unstable();
        terms.dedup();
        let placed = found
            .into_iter()
            .filter(|(.., is_placed)| *is_placed)
            .map(|(number, offset, length, _)| (number, offset, length))
            .collect::<Vec<_>>();
        let places = cover(&placed);
        Sought {
            terms,
            places: if places.len() > 1 { places } else { Vec::new() },
        }
    }

    /// The numbers of all terms that are scored, each once.
    pub fn scored(&self) -> Vec<usize> {
        let mut all: Vec<usize> = self
            .required
            .iter()
            .flat_map(|sought| sought.terms.iter().copied())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The terms that together say a phrase, each with its offset from the first unit and how many units it is of: pairs of neighbours, and
/// what is in no pair.
fn terms_of(units: &Units) -> Vec<(Term, u32, u32)> {
    let items = units.items();
    let begin = items.first().map_or(0, |first| first.position);
    let mut found = Vec::new();
    let mut is_covered = false;
    for (at, unit) in items.iter().enumerate() {
        let offset = unit.position - begin;
        let pair = items
            .get(at + 1)
            .and_then(|next| terms::neighbours(units, unit, next));
        match pair {
            Some(pair) => {
                found.push((pair, offset, 2));
                is_covered = true;
            }
            None if std::mem::take(&mut is_covered) => {}
            None => found.push((terms::unit(units, unit), offset, 1)),
        }
    }
    found
}

/// As few of `placed`, which are sorted by offset, as cover all units that they all do.
fn cover(placed: &[(usize, u32, u32)]) -> Vec<(usize, u32)> {
    let mut taken = Vec::new();
    let mut covered = 0;
    let mut rest = placed.iter().peekable();
    while let Some((number, offset, length)) = rest.next() {
        let reaches_on = rest.peek().is_some_and(|(_, next, _)| *next <= covered);
        if !reaches_on && offset + length > covered {
            taken.push((*number, *offset));
            covered = offset + length;
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_pair_covers_a_phrase() {
        let pairs = |n: u32| (0..n).map(|at| (0, at, 2)).collect::<Vec<_>>();
        let offsets = |n| cover(&pairs(n)).iter().map(|(_, o)| *o).collect::<Vec<_>>();
        assert_eq!(offsets(1), [0]);
        assert_eq!(offsets(2), [0, 1]);
        assert_eq!(offsets(3), [0, 2]);
        assert_eq!(offsets(4), [0, 2, 3]);
        assert_eq!(offsets(5), [0, 2, 4]);
        let words = [(0, 0, 1), (1, 1, 1), (2, 3, 2)];
        assert_eq!(cover(&words), [(0, 0), (1, 1), (2, 3)]);
    }
}
