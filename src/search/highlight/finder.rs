//! Where in a text phrases of a query stand. Does not know what is shown of it.

use std::collections::HashSet;
use std::ops::Range;

use super::super::query::Query;
use crate::text::units::{Unit, Units};

/// What is looked for in texts.
pub(super) struct Finder<'q> {
    /// By their first units.
    needles: Vec<Needle<'q>>,
    /// By [`hash`]: whether a needle begins so. Most units of most texts are passed over with that.
    begins: [bool; 256],
}

/// Units that stand side by side.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Needle<'q> {
    first: &'q str,
    /// The others, and how far behind the first they stand.
    others: Vec<(&'q str, u32)>,
}

/// Where a needle stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    /// From its first to its last unit, in bytes, with what stands between.
    pub source: Range<usize>,
    /// Which needle.
    pub needle: usize,
    /// How long that is.
    pub weight: usize,
}

impl<'q> Finder<'q> {
    /// Looks for the phrases of `query`.
    pub(super) fn of_phrases(query: &'q Query) -> Self {
        Self::of(query.required.iter().filter_map(|phrase| {
            let units = &phrase.units;
            Needle::of(units, units.items())
        }))
    }

    /// Looks for pieces of these phrases: two units side by side, single words.
    pub(super) fn of_pieces(query: &'q Query) -> Self {
        Self::of(query.required.iter().flat_map(|phrase| {
            let units = &phrase.units;
            let words = units.items().chunks(1);
            let words = words.filter(|one| one.iter().all(|unit| !unit.is_character));
            let pairs = units.items().windows(2);
            words
                .chain(pairs)
                .filter_map(|piece| Needle::of(units, piece))
        }))
    }

    fn of(needles: impl Iterator<Item = Needle<'q>>) -> Self {
        let needles: HashSet<Needle<'q>> = needles.collect();
        let mut needles: Vec<Needle<'q>> = needles.into_iter().collect();
        needles.sort_unstable();
        let mut begins = [false; 256];
        for needle in &needles {
            if let Some(begins) = begins.get_mut(hash(needle.first)) {
                *begins = true;
            }
        }
        Self { needles, begins }
    }

    /// How many needles there are.
    pub(super) fn len(&self) -> usize {
        self.needles.len()
    }

    /// Where the needles stand within `range` of the text of `units`, in its order: each needle `most_of_one` times at most, all of them
    /// `most` times.
    pub(super) fn find(
        &self,
        units: &Units,
        range: Range<usize>,
        most_of_one: usize,
        most: usize,
    ) -> Vec<Match> {
        let items = units.items();
        let begin = items.partition_point(|unit| unit.source().start < range.start);
        let items = items.get(begin..).unwrap_or_default();
        // A text and a query that are the same character over and over would else take their lengths' product.
        let mut effort = 100_000 + 16 * items.len();
        let mut counts: Vec<usize> = vec![0; self.needles.len()];
        let mut matches = Vec::new();
        for (at, unit) in items.iter().enumerate() {
            let place = unit.source();
            if place.end > range.end || matches.len() >= most || effort == 0 {
                break;
            }
            let folded = units.folded(unit);
            if !self.begins.get(hash(folded)).is_some_and(|begins| *begins) {
                continue;
            }
            let behind = items.get(at + 1..).unwrap_or_default();
            let (first, needles) = self.beginning_with(folded);
            let counts = counts.iter_mut().skip(first);
            for ((number, needle), count) in (first..).zip(needles).zip(counts) {
                if *count >= most_of_one {
                    continue;
                }
                let same = needle.same_units(units, unit, behind);
                effort = effort.saturating_sub(1 + same);
                let last = behind.iter().take(same).next_back().unwrap_or(unit);
                let end = last.source().end.max(place.end);
                if same == needle.others.len() && end <= range.end {
                    *count += 1;
                    matches.push(Match {
                        source: place.start..end,
                        needle: number,
                        weight: needle.weight(),
                    });
                }
            }
        }
        matches
    }

    /// The needles that begin with a unit, and the number of the first of them.
    fn beginning_with(&self, first: &str) -> (usize, &[Needle<'q>]) {
        let begin = self.needles.partition_point(|needle| needle.first < first);
        let needles = self.needles.get(begin..).unwrap_or_default();
        let end = needles.partition_point(|needle| needle.first == first);
        (begin, needles.get(..end).unwrap_or_default())
    }
}

impl<'q> Needle<'q> {
    fn of(units: &'q Units, items: &[Unit]) -> Option<Self> {
        let (first, others) = items.split_first()?;
        Some(Self {
            first: units.folded(first),
            others: others
                .iter()
                .map(|unit| (units.folded(unit), unit.position - first.position))
                .collect(),
        })
    }

    /// How many of the units `behind` the unit `first` are as they should be.
    fn same_units(&self, units: &Units, first: &Unit, behind: &[Unit]) -> usize {
        self.others
            .iter()
            .zip(behind)
            .take_while(|((folded, distance), unit)| {
                unit.position - first.position == *distance && units.folded(unit) == *folded
            })
            .count()
    }

    /// Bytes: a Chinese character says as much as three letters.
    fn weight(&self) -> usize {
        self.first.len()
            + self
                .others
                .iter()
                .map(|(unit, _)| unit.len())
                .sum::<usize>()
    }
}

fn hash(folded: &str) -> usize {
    let mut bytes = folded.bytes().rev();
    let last = bytes.next().unwrap_or_default();
    let before = bytes.next().unwrap_or_default();
    usize::from(last ^ before.rotate_left(5))
}
