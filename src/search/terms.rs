//! Terms: the keys of the index. What stands in texts, and what an article is and belongs to, which filters ask for.

use sha2::{Digest, Sha256};

use crate::models::listing::{List, ListKind};
use crate::text::units::{Unit, Units};

/// A key of the index: its kind, then what it is of that kind.
pub(super) type Term = Box<[u8]>;

const ARTICLE: u8 = 1;
const LIST: u8 = 2;
const WHOLE: u8 = 3;
const YEAR: u8 = 4;
const EXPIRING: u8 = 5;
const CHARACTER: u8 = 16;
const WORD: u8 = 17;
const PAIR: u8 = 18;

/// The document of an article.
pub(super) fn article(id: i64) -> Term {
    [&[ARTICLE], &id.to_be_bytes()[..]].concat().into()
}

/// Standing in a list.
pub(super) fn list(list: List) -> Term {
    let kind = list_prefix(list.kind);
    [&kind[..], &list.reference.to_be_bytes()].concat().into()
}

/// What the terms of all lists of a kind begin with; the reference follows.
pub(super) fn list_prefix(kind: ListKind) -> [u8; 2] {
    [LIST, u8::try_from(kind.code()).unwrap_or(u8::MAX)]
}

/// Having a title or a keyword that is `units` and nothing else.
pub(super) fn whole(units: &Units) -> Term {
    let digest = Sha256::digest(units.all_folded());
    let head = digest.first_chunk::<8>().copied().unwrap_or_default();
    [&[WHOLE], &head[..]].concat().into()
}

/// Being published in a year.
pub(super) fn year(year: i32) -> Term {
    [&[YEAR], &i64::from(year).to_be_bytes()[..]]
        .concat()
        .into()
}

/// What the terms of all years begin with.
pub(super) const YEARS: [u8; 1] = [YEAR];

/// The reference of a list, or the year, that a term is of.
pub(super) fn value(term: &[u8]) -> Option<i64> {
    match term {
        [LIST, _, reference @ ..] => Some(i64::from_be_bytes(reference.try_into().ok()?)),
        [YEAR, year @ ..] => Some(i64::from_be_bytes(year.try_into().ok()?)),
        _ => None,
    }
}

/// Vanishing at some time.
pub(super) fn expiring() -> Term {
    [EXPIRING].into()
}

/// The term of one unit.
pub(super) fn unit(units: &Units, unit: &Unit) -> Term {
    let mut term = Vec::new();
    write_unit(&mut term, units, unit);
    term.into()
}

/// The term of two units, if they stand side by side and have one.
pub(super) fn neighbours(units: &Units, first: &Unit, second: &Unit) -> Option<Term> {
    let mut term = Vec::new();
    write_pair(&mut term, units, first, second).then(|| term.into())
}

/// Every term that stands in a text, with its position.
pub(super) fn of_text(units: &Units, mut found: impl FnMut(&[u8], u32)) {
    let mut term = Vec::with_capacity(128);
    let mut last: Option<&Unit> = None;
    for unit in units.items() {
        write_unit(&mut term, units, unit);
        found(&term, unit.position);
        if let Some(last) = last
            && write_pair(&mut term, units, last, unit)
        {
            found(&term, last.position);
        }
        last = Some(unit);
    }
}

fn write_unit(term: &mut Vec<u8>, units: &Units, unit: &Unit) {
    term.clear();
    term.push(if unit.is_character { CHARACTER } else { WORD });
    term.extend_from_slice(units.folded(unit).as_bytes());
}

/// Tells whether there is such a term: whether the units stand side by side, one of them at least a character.
fn write_pair(term: &mut Vec<u8>, units: &Units, first: &Unit, second: &Unit) -> bool {
    let are_side_by_side = second.position == first.position + 1;
    let is_one = are_side_by_side && (first.is_character || second.is_character);
    if is_one {
        term.clear();
        // A word ends where a character begins, so nothing has to stand between.
        term.push(PAIR);
        term.extend_from_slice(units.folded(first).as_bytes());
        term.extend_from_slice(units.folded(second).as_bytes());
    }
    is_one
}

/// Whether the index keeps how much a term says about a document.
pub(super) fn has_impacts(term: &[u8]) -> bool {
    matches!(term.first(), Some(&(CHARACTER | WORD | PAIR)))
}

/// Whether the index keeps where a term stands. A character is found by itself alone, so its place is not asked for.
pub(super) fn has_positions(term: &[u8]) -> bool {
    matches!(term.first(), Some(&(WORD | PAIR)))
}
