//! Which units of two sequences stay. It knows numbers only.
//!
//! Algorithms that find the shortest way from one sequence to another take time in proportion to their length times their
//! difference: minutes for two long texts that have nothing in common. So what stands in one of them only is put aside; the
//! rest is pinned together where a long run of units stands once in each, then where shorter ones do, and between the pins
//! short stretches are searched for the shortest way and long ones step by step, through a window that moves along both of
//! them. Where it sees no more in common than any two stretches have, they count as replaced.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use super::Match;
use super::windows::{WIDTH, Window};
use crate::text::order::longest_rise;

/// How long the runs are that pin two stretches together where each of them has one. Longer ones go first; between them there
/// may be shorter ones.
const PINS: [usize; 4] = [LONGEST, 16, 8, 4];

/// Runs of this length are no accident if one of [`RARITY`] units begins one, or if there are less than [`FEW`] of them with
/// no less than [`VARIED`] kinds of units.
const LONGEST: usize = 32;

/// See [`LONGEST`].
const RARITY: usize = 64;

/// See [`LONGEST`].
const FEW: usize = 8;

/// See [`LONGEST`].
const VARIED: usize = 8;

/// Units of two stretches for each run that is looked at: in long stretches some are enough.
const SAMPLES: usize = 1 << 17;

/// Units of two stretches that are always searched for the shortest way.
const SHORT: usize = 1 << 10;

/// How far into a window its answer is trusted: behind that it may be that of a stretch that ends too early.
const TRUSTED: usize = WIDTH / 4 * 3;

/// What stands in both sequences, in order, without overlaps.
pub(super) fn align(before: &[u32], after: &[u32]) -> Vec<Match> {
    let kinds = before.iter().chain(after).max().map_or(0, |last| last + 1);
    let kinds = usize::try_from(kinds).unwrap_or(usize::MAX);
    let (before, before_places) = shared(before, after, kinds);
    let (after, after_places) = shared(after, &before, kinds);
    let mut alignment = Alignment {
        before: &before,
        after: &after,
        matches: Vec::new(),
        window: Window::new(kinds),
    };
    alignment.between(0..before.len(), 0..after.len(), &PINS);
    let mut matches: Vec<Match> = Vec::with_capacity(alignment.matches.len());
    for same in alignment.matches {
        let before = before_places.get(same.before..same.before_end());
        let after = after_places.get(same.after..same.after_end());
        let pairs = before
            .into_iter()
            .flatten()
            .zip(after.into_iter().flatten());
        for (before, after) in pairs {
            match matches.last_mut() {
                Some(last) if last.before_end() == *before && last.after_end() == *after => {
                    last.length += 1;
                }
                _ => matches.push(Match {
                    before: *before,
                    after: *after,
                    length: 1,
                }),
            }
        }
    }
    matches
}

/// The units that stand in `others` too, and their places.
fn shared(units: &[u32], others: &[u32], kinds: usize) -> (Vec<u32>, Vec<usize>) {
    let mut is_known = vec![false; kinds];
    let index = |unit: &u32| usize::try_from(*unit).unwrap_or(usize::MAX);
    for unit in others {
        if let Some(is_known) = is_known.get_mut(index(unit)) {
            *is_known = true;
        }
    }
    let all = units.iter().copied().enumerate();
    let shared = all.filter(|(_, unit)| is_known.get(index(unit)).copied().unwrap_or_default());
    shared.map(|(at, unit)| (unit, at)).unzip()
}

struct Alignment<'a> {
    before: &'a [u32],
    after: &'a [u32],
    matches: Vec<Match>,
    window: Window,
}

impl Alignment<'_> {
    /// Aligns two stretches.
    fn between(&mut self, before: Range<usize>, after: Range<usize>, pins: &[usize]) {
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
    fn inside(&mut self, before: Range<usize>, after: Range<usize>, pins: &[usize]) {
        let size = before.len() + after.len();
        if size <= SHORT {
            return self.search(before, after);
        }
        let mut rest = pins;
        while let Some((length, shorter)) = rest.split_first() {
            let step = (size / SAMPLES).max(1);
            let (chain, is_certain) = self.chain(&before, &after, *length, step);
            if is_certain {
                return self.pinned(before, after, &chain, rest);
            }
            rest = shorter;
        }
        self.slide(before, after);
    }

    /// Aligns what is between pins, and takes the pins for as long as they go.
    fn pinned(
        &mut self,
        before: Range<usize>,
        after: Range<usize>,
        chain: &[(usize, usize)],
        pins: &[usize],
    ) {
        let half = (before.len() + after.len()) / 2;
        let shorter = pins.get(1..).unwrap_or_default();
        // What stands several times in the whole may stand once in a part; halves keep that from going on for long.
        let pins = |before: &Range<usize>, after: &Range<usize>| match before.len() + after.len() {
            size if size <= half => pins,
            _ => shorter,
        };
        let (mut before_start, mut after_start) = (before.start, after.start);
        for (b, a) in chain.iter().copied() {
            // Most pins are within the run that one before them began.
            if b < before_start || a < after_start {
                continue;
            }
            let (before_gap, after_gap) = (before_start..b, after_start..a);
            let back = self.same_backwards(&before_gap, &after_gap);
            let length = back + self.same_onwards(&(b..before.end), &(a..after.end));
            let (b, a) = (b - back, a - back);
            let (before_gap, after_gap) = (before_start..b, after_start..a);
            let rest = pins(&before_gap, &after_gap);
            self.between(before_gap, after_gap, rest);
            self.push(b, a, length);
            (before_start, after_start) = (b + length, a + length);
        }
        let (before_gap, after_gap) = (before_start..before.end, after_start..after.end);
        let rest = pins(&before_gap, &after_gap);
        self.between(before_gap, after_gap, rest);
    }

    /// The longest choice of [`Alignment::pins`] that go the same way in both stretches, and whether that is no accident.
    fn chain(
        &self,
        before: &Range<usize>,
        after: &Range<usize>,
        length: usize,
        step: usize,
    ) -> (Vec<(usize, usize)>, bool) {
        let pins = self.pins(before, after, length, step);
        let places: Vec<usize> = pins.iter().map(|(_, after)| *after).collect();
        let chosen = longest_rise(&places);
        let chain: Vec<(usize, usize)> = chosen
            .into_iter()
            .filter_map(|at| pins.get(at).copied())
            .collect();
        // In any order whatever, about twice as many as the root of all go the same way.
        let (all, same) = (runs(&pins, length), runs(&chain, length));
        let is_steady = 4 * same >= all && same.saturating_mul(same) >= 9 * all.max(1);
        let units = chain.len().saturating_mul(step).saturating_mul(RARITY);
        let is_long = length == LONGEST
            && (units >= before.len().min(after.len()) || all < FEW && self.are_varied(&chain));
        let is_certain = !chain.is_empty() && (is_steady || is_long);
        (chain, is_certain)
    }

    /// Whether none of the longest runs says the same few things over and over.
    fn are_varied(&self, pins: &[(usize, usize)]) -> bool {
        pins.iter().all(|(start, _)| {
            let mut kinds = part(self.before, &(*start..start + LONGEST)).to_vec();
            kinds.sort_unstable();
            kinds.dedup();
            kinds.len() >= VARIED
        })
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

    /// Aligns two stretches through a window that moves along them.
    fn slide(&mut self, mut before: Range<usize>, mut after: Range<usize>) {
        while !before.is_empty() && !after.is_empty() {
            let b = before.start..before.end.min(before.start + WIDTH);
            let a = after.start..after.end.min(after.start + WIDTH);
            let (b_part, a_part) = (part(self.before, &b), part(self.after, &a));
            let common = self.window.compare(b_part, a_part);
            // Behind the end of a stretch there is nothing that could change the answer.
            let trusted = |seen: &Range<usize>, whole: &Range<usize>| match seen.end == whole.end {
                true => seen.end,
                false => seen.start + TRUSTED,
            };
            let (b_end, a_end) = (trusted(&b, &before), trusted(&a, &after));
            let is_last = b_end == before.end && a_end == after.end;
            if !is_no_accident(common, b.len(), a.len(), || self.window.chance(a_part)) {
                if is_last {
                    return;
                }
                // Both go on so that they come to their ends together.
                let longest = before.len().max(after.len());
                before.start += before.len() * TRUSTED / longest;
                after.start += after.len() * TRUSTED / longest;
                continue;
            }
            let pairs = self.window.pairs(b_part, a_part);
            let pairs = pairs.into_iter().rev();
            let mut pairs = pairs.map(|(at_b, at_a)| (b.start + at_b, a.start + at_a));
            let next = pairs.find(|(b, a)| {
                let is_behind = *b >= b_end || *a >= a_end;
                if !is_behind {
                    self.push(*b, *a, 1);
                    (before.start, after.start) = (b + 1, a + 1);
                }
                is_behind
            });
            match next {
                _ if is_last => return,
                Some((b, a)) => (before.start, after.start) = (b.min(b_end), a.min(a_end)),
                // One of them may go with what comes later in the other.
                None if b_end == before.end => after.start = a_end,
                None if a_end == after.end => before.start = b_end,
                None => (before.start, after.start) = (b_end, a_end),
            }
        }
    }

    /// The shortest way from one short stretch to the other.
    fn search(&mut self, before: Range<usize>, after: Range<usize>) {
        let (b_part, a_part) = (part(self.before, &before), part(self.after, &after));
        self.window.compare(b_part, a_part);
        for (b, a) in self.window.pairs(b_part, a_part).into_iter().rev() {
            self.push(before.start + b, after.start + a, 1);
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

/// Whether two stretches have more in common than any two of such units have.
fn is_no_accident(
    common: usize,
    before: usize,
    after: usize,
    chance: impl FnOnce() -> usize,
) -> bool {
    let (least, most) = (before.min(after), before.max(after));
    if 16 * common >= 15 * most || common < 8 {
        return common >= 8;
    }
    let chance = chance();
    let gain = common.saturating_sub(chance);
    gain >= 8 && 16 * gain >= least.saturating_sub(chance)
}

/// How many runs `pins` of one length are, of which many are within one that is longer.
fn runs(pins: &[(usize, usize)], length: usize) -> usize {
    let mut last = None;
    let new = pins.iter().filter(|(b, a)| {
        let known = last.replace((*b, *a));
        !known.is_some_and(|(last_b, last_a)| b - last_b <= length && b + last_a == a + last_b)
    });
    new.count()
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
