//! Which units of two sequences stay. It knows numbers only.
//!
//! Algorithms that find the shortest way from one sequence to another take time in proportion to their length times their
//! difference: minutes for two long texts that have nothing in common. So the sequences are first pinned together where a long
//! run of units stands once in each, then where shorter ones do, and only what is left between the pins is searched for
//! the shortest way, if it is short. The rest counts as replaced.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::Match;
use crate::text::order::longest_rise;

/// Runs of units that pin two stretches together where each of them has one.
#[derive(Debug, Clone, Copy)]
struct Pins {
    /// How long the runs are.
    length: usize,
    /// Among how many units of two stretches such runs are looked for.
    limit: usize,
    /// Of how many units one must begin such a run, so that these are no accident.
    rarity: usize,
}

/// Longer runs go first; between them there may be shorter ones.
const PINS: [Pins; 3] = [
    Pins {
        length: 32,
        limit: usize::MAX,
        rarity: usize::MAX,
    },
    Pins {
        length: 8,
        limit: usize::MAX,
        rarity: 64,
    },
    Pins {
        length: 4,
        limit: 1 << 16,
        rarity: 64,
    },
];

/// Units of two stretches for each run that is looked at: in long stretches some are enough.
const SAMPLES: usize = 1 << 17;

/// Units of two stretches that are always searched for the shortest way.
const SHORT: usize = 1 << 10;

/// Units of two stretches that are searched for it as long as there is time.
const LONG: usize = 1 << 14;

/// Units of all [`LONG`] stretches that are searched.
const TIME: usize = 1 << 15;

/// What stands in both sequences, in order, without overlaps.
pub(super) fn align(before: &[u32], after: &[u32]) -> Vec<Match> {
    let mut alignment = Alignment {
        before,
        after,
        matches: Vec::new(),
        time: TIME,
    };
    alignment.between(0..before.len(), 0..after.len(), &PINS);
    alignment.matches
}

struct Alignment<'a> {
    before: &'a [u32],
    after: &'a [u32],
    matches: Vec<Match>,
    time: usize,
}

impl Alignment<'_> {
    /// Aligns two stretches.
    fn between(&mut self, before: Range<usize>, after: Range<usize>, pins: &[Pins]) {
        let start = self.same_onwards(&before, &after);
        self.push(before.start, after.start, start);
        let before = before.start + start..before.end;
        let after = after.start + start..after.end;
        let end = self.same_backwards(&before, &after);
        let before = before.start..before.end - end;
        let after = after.start..after.end - end;
        if !before.is_empty() && !after.is_empty() {
            self.inside(before.clone(), after.clone(), pins);
        }
        self.push(before.end, after.end, end);
    }

    /// Aligns two stretches that neither begin nor end alike.
    fn inside(&mut self, before: Range<usize>, after: Range<usize>, pins: &[Pins]) {
        let size = before.len() + after.len();
        if size <= SHORT {
            return self.search(before, after);
        }
        let mut rest = pins;
        while let Some((kind, shorter)) = rest.split_first() {
            rest = shorter;
            if size > kind.limit {
                continue;
            }
            let step = (size / SAMPLES).max(1);
            let chain = self.chain(&before, &after, kind.length, step);
            let runs = chain.len().saturating_mul(step);
            if runs.saturating_mul(kind.rarity) >= before.len().min(after.len()) {
                return self.pinned(before, after, &chain, shorter);
            }
        }
        if size <= LONG && size <= self.time {
            self.time -= size;
            self.search(before, after);
        }
    }

    /// Aligns what is between pins, and takes the pins for as long as they go.
    fn pinned(
        &mut self,
        before: Range<usize>,
        after: Range<usize>,
        chain: &[(usize, usize)],
        pins: &[Pins],
    ) {
        let (mut before_start, mut after_start) = (before.start, after.start);
        for (b, a) in chain.iter().copied() {
            // Most pins are within the run that one before them began.
            if b < before_start || a < after_start {
                continue;
            }
            let back = self.same_backwards(&(before_start..b), &(after_start..a));
            let length = back + self.same_onwards(&(b..before.end), &(a..after.end));
            let (b, a) = (b - back, a - back);
            self.between(before_start..b, after_start..a, pins);
            self.push(b, a, length);
            (before_start, after_start) = (b + length, a + length);
        }
        self.between(before_start..before.end, after_start..after.end, pins);
    }

    /// The longest choice of [`Alignment::pins`] that go the same way in both stretches.
    fn chain(
        &self,
        before: &Range<usize>,
        after: &Range<usize>,
        length: usize,
        step: usize,
    ) -> Vec<(usize, usize)> {
        let pins = self.pins(before, after, length, step);
        let places: Vec<usize> = pins.iter().map(|(_, after)| *after).collect();
        let chosen = longest_rise(&places);
        chosen
            .into_iter()
            .filter_map(|at| pins.get(at).copied())
            .collect()
    }

    /// Where runs of `length` units start that stand once in each stretch, in the order of the first; one of `step` runs is
    /// looked at, the same ones on both sides.
    fn pins(
        &self,
        before: &Range<usize>,
        after: &Range<usize>,
        length: usize,
        step: usize,
    ) -> Vec<(usize, usize)> {
        let mut places: HashMap<u64, Place> = HashMap::new();
        for (at, hash) in samples(part(self.before, before), length, step) {
            match places.entry(hash) {
                Entry::Vacant(new) => {
                    new.insert(Place::Before(at));
                }
                Entry::Occupied(mut known) => {
                    known.insert(Place::Several);
                }
            }
        }
        for (at, hash) in samples(part(self.after, after), length, step) {
            places.entry(hash).and_modify(|place| {
                *place = match place {
                    Place::Before(before) => Place::Both(*before, at),
                    _ => Place::Several,
                }
            });
        }
        let mut pins: Vec<(usize, usize)> = places
            .into_values()
            .filter_map(|place| match place {
                Place::Both(b, a) => Some((before.start + b, after.start + a)),
                _ => None,
            })
            // Different runs may have one hash.
            .filter(|(b, a)| {
                part(self.before, &(*b..b + length)) == part(self.after, &(*a..a + length))
            })
            .collect();
        pins.sort_unstable();
        pins
    }

    /// The shortest way from one stretch to the other.
    fn search(&mut self, before: Range<usize>, after: Range<usize>) {
        let steps = capture_diff_slices(
            Algorithm::Myers,
            part(self.before, &before),
            part(self.after, &after),
        );
        for step in steps {
            if let DiffOp::Equal {
                old_index,
                new_index,
                len,
            } = step
            {
                self.push(before.start + old_index, after.start + new_index, len);
            }
        }
    }

    fn push(&mut self, before: usize, after: usize, length: usize) {
        if length > 0 {
            self.matches.push(Match {
                before,
                after,
                length,
            });
        }
    }

    /// How many units are the same from the start.
    fn same_onwards(&self, before: &Range<usize>, after: &Range<usize>) -> usize {
        let pairs = part(self.before, before)
            .iter()
            .zip(part(self.after, after));
        pairs.take_while(|(b, a)| b == a).count()
    }

    /// How many units are the same from the end.
    fn same_backwards(&self, before: &Range<usize>, after: &Range<usize>) -> usize {
        let before = part(self.before, before).iter().rev();
        let pairs = before.zip(part(self.after, after).iter().rev());
        pairs.take_while(|(b, a)| b == a).count()
    }
}

/// Where a run stands.
enum Place {
    Before(usize),
    Both(usize, usize),
    Several,
}

fn part<'a>(units: &'a [u32], range: &Range<usize>) -> &'a [u32] {
    units.get(range.clone()).unwrap_or_default()
}

/// One of `step` runs of `length` units on average, chosen by what they say: where it starts, and its hash.
fn samples(units: &[u32], length: usize, step: usize) -> impl Iterator<Item = (usize, u64)> {
    let step = u64::try_from(step).unwrap_or(u64::MAX);
    hashes(units, length)
        .enumerate()
        .filter(move |(_, hash)| (hash >> 32) % step == 0)
}

/// A hash of each run of `length` units, in order.
fn hashes(units: &[u32], length: usize) -> impl Iterator<Item = u64> {
    const BASE: u64 = 0x9E37_79B9_7F4A_7C15;
    // What the unit that leaves has been multiplied with.
    let factor = (0..length).fold(1_u64, |factor, _| factor.wrapping_mul(BASE));
    let leaving = (0..length)
        .map(|_| 0)
        .chain(units.iter().map(|unit| u64::from(*unit) + 1));
    let mut hash = 0_u64;
    let all = units.iter().zip(leaving).map(move |(unit, left)| {
        hash = hash
            .wrapping_mul(BASE)
            .wrapping_add(u64::from(*unit) + 1)
            .wrapping_sub(left.wrapping_mul(factor));
        hash
    });
    all.skip(length - 1)
}
