//! What makes a list of differences readable: no crumbs of equal text between large changes, and changes that begin and end
//! where words, sentences and paragraphs do. It only ever moves what is equal in both texts, so nothing becomes wrong.

use std::ops::Range;

use super::Match;
use super::units::{Look, Side};

/// How far a change is moved to find a better place, in units.
const REACH: usize = 256;

/// Makes `matches` readable.
pub(super) fn tidy(matches: &mut Vec<Match>, before: &Side<'_>, after: &Side<'_>, looks: &[Look]) {
    let page = Page {
        before,
        after,
        looks,
    };
    page.drop_crumbs(matches);
    page.settle_changes(matches);
}

/// What was changed in one place, in units that say something.
#[derive(Debug, Clone, Copy)]
struct Change {
    deleted: usize,
    inserted: usize,
    /// Whether there is none: the place is the start of both texts.
    is_empty: bool,
}

/// What stayed in one place.
#[derive(Debug, Clone, Copy)]
struct Same {
    /// Units that say something.
    weight: usize,
    has_tags: bool,
    /// Whether there are words of more than one letter.
    has_words: bool,
    /// Whether it is nothing but single letters.
    is_within_word: bool,
}

impl Same {
    /// Whether it says too little to stand between two changes.
    fn is_crumb(&self, earlier: &Change, later: &Change) -> bool {
        let size = |change: &Change| change.deleted.max(change.inserted);
        let least = size(earlier).min(size(later));
        let is_light = match (self.is_within_word, self.has_words) {
            (true, _) => self.weight <= least,
            // One word of three is worth reading, one character is not.
            (false, true) => 2 * self.weight < least,
            (false, false) => 2 * self.weight <= least,
        };
        !earlier.is_empty && !later.is_empty && !self.has_tags && is_light
    }
}

struct Page<'a> {
    before: &'a Side<'a>,
    after: &'a Side<'a>,
    looks: &'a [Look],
}

impl Page<'_> {
    fn looks<'s>(&'s self, side: &'s Side<'_>, units: Range<usize>) -> impl Iterator<Item = Look> {
        let ids = side.ids.get(units).unwrap_or_default().iter();
        ids.filter_map(|id| self.looks.get(usize::try_from(*id).ok()?).copied())
    }

    fn weight(&self, units: Range<usize>, side: &Side<'_>) -> usize {
        self.looks(side, units).filter(|look| look.speaks()).count()
    }

    /// Takes those out that say little between changes that say much.
    fn drop_crumbs(&self, matches: &mut Vec<Match>) {
        let end = Match {
            before: self.before.ids.len(),
            after: self.after.ids.len(),
            length: 0,
        };
        // What is kept, each with the change in front of it.
        let mut kept: Vec<(Change, Same, Match)> = Vec::with_capacity(matches.len() + 1);
        let (mut before_start, mut after_start) = (0, 0);
        for next in matches.iter().copied().chain([end]) {
            let mut change = Change {
                deleted: self.weight(before_start..next.before, self.before),
                inserted: self.weight(after_start..next.after, self.after),
                is_empty: before_start == next.before && after_start == next.after,
            };
            (before_start, after_start) = (next.before_end(), next.after_end());
            while let Some((earlier, same, _)) = kept.last()
                && same.is_crumb(earlier, &change)
            {
                change.deleted += earlier.deleted + same.weight;
                change.inserted += earlier.inserted + same.weight;
                kept.pop();
            }
            kept.push((change, self.same(&next), next));
        }
        kept.pop();
        *matches = kept.into_iter().map(|(_, _, next)| next).collect();
    }

    fn same(&self, matched: &Match) -> Same {
        let mut same = Same {
            weight: 0,
            has_tags: false,
            has_words: false,
            is_within_word: true,
        };
        for look in self.looks(self.before, matched.before..matched.before_end()) {
            same.weight += usize::from(look.speaks());
            same.has_tags |= look.is_tag();
            same.has_words |= look == Look::Word;
            same.is_within_word &= look == Look::Letter;
        }
        same
    }

    /// Moves what was only inserted or only deleted to where it reads best.
    fn settle_changes(&self, matches: &mut Vec<Match>) {
        // What touches the edges of the texts may be moved too.
        let whole = Match {
            before: self.before.ids.len(),
            after: self.after.ids.len(),
            length: 0,
        };
        matches.push(whole);
        let mut last = Match {
            before: 0,
            after: 0,
            length: 0,
        };
        let mut settled = Vec::with_capacity(matches.len());
        for mut next in matches.drain(..) {
            let deleted = last.before_end()..next.before;
            let inserted = last.after_end()..next.after;
            let (back, onwards) = match (deleted.is_empty(), inserted.is_empty()) {
                (true, false) => self.best_move(self.after, inserted, last.length, next.length),
                (false, true) => self.best_move(self.before, deleted, last.length, next.length),
                _ => (0, 0),
            };
            last.length = last.length + onwards - back;
            next.before = next.before + onwards - back;
            next.after = next.after + onwards - back;
            next.length = next.length + back - onwards;
            settled.push(last);
            last = next;
        }
        settled.push(last);
        settled.retain(|same| same.length > 0);
        *matches = settled;
    }

    /// How far to move a change back or onwards, of which one is 0; `back` and `onwards` are how much equal text there is.
    fn best_move(
        &self,
        side: &Side<'_>,
        change: Range<usize>,
        back: usize,
        onwards: usize,
    ) -> (usize, usize) {
        let same = |a: Option<usize>, b: Option<usize>| {
            let unit = |at: Option<usize>| side.ids.get(at?);
            unit(a).is_some() && unit(a) == unit(b)
        };
        let back = (1..=back.min(REACH))
            .take_while(|n| same(change.start.checked_sub(*n), change.end.checked_sub(*n)))
            .count();
        let onwards = (0..onwards.min(REACH))
            .take_while(|n| same(Some(change.start + n), Some(change.end + n)))
            .count();
        let first = change.start - back;
        let length = change.len();
        // Of equally good ones the last: what is written is mostly written behind something.
        let best = (first..=change.start + onwards)
            .max_by_key(|start| self.ease(side, *start) + self.ease(side, start + length))
            .unwrap_or(change.start);
        (
            change.start.saturating_sub(best),
            best.saturating_sub(change.start),
        )
    }

    /// How well a text may be parted before a unit.
    fn ease(&self, side: &Side<'_>, at: usize) -> u8 {
        let previous = at.checked_sub(1);
        let last = previous.and_then(|previous| self.looks(side, previous..at).next());
        let next = self.looks(side, at..at + 1).next();
        match (last, next) {
            (None, _) | (_, None) => 6,
            (Some(Look::Closing | Look::Break), Some(Look::Opening)) => 6,
            (Some(Look::Closing), _) | (_, Some(Look::Opening)) => 5,
            (Some(Look::Break), _) | (_, Some(Look::Break)) => 5,
            (Some(Look::Stop), Some(next)) if next != Look::Stop => 4,
            (Some(Look::Blank), _) => 3,
            (_, Some(Look::Blank)) => 2,
            (Some(Look::Sign), _) => 2,
            (_, Some(Look::Sign | Look::Stop)) => 1,
            (Some(Look::Letter), Some(Look::Letter)) => 0,
            _ => 1,
        }
    }
}
