//! Which documents of a window match: their terms, their filters, where phrases stand, and whether they show at the present time.

use std::cmp::Reverse;
use std::ops::Range;

use super::candidates::{Candidate, Scored, all_of, intersect, most_of, retain_marked, stand_in};
use super::evaluate::{Question, Reach, Search, most};
use super::pages::Pages;
use super::phrases::{self, Places, Wanted};
use super::plan::Sought;
use super::ranking::thousandths;
use super::request::{Matching, Order};
use super::segment::{List, Segment, Skimmed, damaged, fetch, instant, place, records, week};
use super::weights;
use crate::error::Result;

impl Question<'_> {
    /// The documents of a window that have all terms, or most, and stand where the filters want them; and how many entries of the
    /// shortest list were gone through, or would have been if all hits were counted.
    pub(super) fn match_window(
        &self,
        search: &Search<'_>,
        scored: &[usize],
        window: &Range<u32>,
        reach: Reach,
        keep: usize,
    ) -> Result<(Vec<Candidate>, usize)> {
        let mut scratch = Skimmed::default();
        let list = |number: &usize| search.lists.get(*number).and_then(Option::as_ref);
        let mut lists: Vec<Scored<'_>> = scored
            .iter()
            .filter_map(|number| {
                Some(Scored {
                    list: list(number)?,
                    worth: self.worth(*number),
                })
            })
            .collect();
        let mut groups: Vec<Vec<&List>> = Vec::new();
        for group in &self.plan.within {
            let group: Vec<&List> = group.iter().filter_map(list).collect();
            match &*group {
                [only] if self.matching == Matching::All => lists.push(Scored {
                    list: only,
                    worth: 0.0,
                }),
                _ => groups.push(group),
            }
        }
        lists.sort_by_key(|scored| scored.list.entry.documents);
        let examined = match self.matching {
            Matching::All => lists.first().map_or(0, |s| entries_within(s.list, window)),
            Matching::Most => lists.iter().map(|s| entries_within(s.list, window)).sum(),
        };
        let is_full = self.is_page_alone() && search.best.len() >= keep;
        let whole = if reach == Reach::Beyond && is_full {
            match list(&self.plan.whole) {
                Some(whole) if self.matching == Matching::All => Some(whole),
                _ => return Ok((Vec::new(), examined)),
            }
        } else {
            None
        };
        let mut candidates = match self.matching {
            Matching::Most => {
                let enough = most(scored.len());
                most_of(&lists, enough, window, &mut scratch)?
            }
            Matching::All => {
                lists.extend(whole.map(|list| Scored { list, worth: 0.0 }));
                lists.sort_by_key(|scored| scored.list.entry.documents);
                let Some((shortest, longer)) = lists.split_first() else {
                    return Ok((Vec::new(), 0));
                };
                let floor = self.floor(search, longer.is_empty(), keep);
                let mut candidates = all_of(shortest, window, &mut scratch, |first, impact| {
                    floor.is_none_or(|floor| {
                        let newest = week(search.segment.newest_from(first));
                        let most = shortest.score(impact) + weights::recency(newest);
                        thousandths(most) >= floor
                    })
                })?;
                for scored in longer {
                    intersect(&mut candidates, scored, &mut scratch)?;
                }
                candidates
            }
        };
        for group in groups {
            let mut marks = vec![false; candidates.len()];
            for list in group {
                stand_in(&candidates, list, &mut scratch, &mut marks)?;
            }
            retain_marked(&mut candidates, &marks, true);
        }
        let mut marks = vec![false; candidates.len()];
        for list in self.plan.outside.iter().filter_map(list) {
            stand_in(&candidates, list, &mut scratch, &mut marks)?;
        }
        retain_marked(&mut candidates, &marks, false);
        Ok((candidates, examined))
    }

    /// The score below which nothing gets onto the page, where that alone decides: one list, no counting.
    fn floor(&self, search: &Search<'_>, is_one_list: bool, keep: usize) -> Option<i64> {
        let has_whole = matches!(search.lists.get(self.plan.whole), Some(Some(_)));
        let is_alone = is_one_list
            && !has_whole
            && self.request.order == Order::Relevance
            && self.is_page_alone();
        let Reverse((score, _)) = search.best.peek().filter(|_| is_alone)?;
        (search.best.len() >= keep).then_some(*score)
    }

    /// Keeps candidates in which phrases stand as they should, and drops those with something that may not be there.
    pub(super) fn check_places(
        &self,
        searches: &mut [Search<'_>],
        pages: &mut impl Pages,
    ) -> Result<()> {
        let required = match self.matching {
            Matching::All => &*self.plan.required,
            Matching::Most => &[],
        };
        let mut wanted: Vec<Vec<(usize, Wanted)>> = Vec::with_capacity(searches.len());
        for search in &*searches {
            let placed = required.iter().chain(&self.plan.excluded);
            let mut terms: Vec<usize> = placed
                .flat_map(|sought| sought.places.iter().map(|(term, _)| *term))
                .collect();
            terms.sort_unstable();
            terms.dedup();
            wanted.push(
                terms
                    .into_iter()
                    .filter_map(|term| {
                        let list = search.lists.get(term)?.as_ref()?;
                        Some((term, phrases::wanted(list, &search.candidates)?))
                    })
                    .collect(),
            );
        }
        let extents: Vec<_> = wanted.iter().flatten().map(|(_, w)| w.extent).collect();
        let mut bytes = fetch(&extents, pages)?.into_iter();
        for (search, wanted) in searches.iter_mut().zip(wanted) {
            let read: Vec<Read> = wanted
                .into_iter()
                .map(|(term, wanted)| {
                    let bytes = bytes.next().ok_or_else(damaged)?;
                    Ok(Read {
                        term,
                        wanted,
                        bytes,
                    })
                })
                .collect::<Result<_>>()?;
            for sought in required.iter().filter(|s| !s.places.is_empty()) {
                let marks = placed(search, sought, &search.candidates, &read)?;
                retain_marked(&mut search.candidates, &marks, true);
            }
            for sought in &self.plan.excluded {
                let marks = having(search, sought)?;
                let mut suspects = search.candidates.clone();
                retain_marked(&mut suspects, &marks, true);
                if !sought.places.is_empty() {
                    let marks = placed(search, sought, &suspects, &read)?;
                    retain_marked(&mut suspects, &marks, true);
                }
                let mut suspects = suspects.into_iter().peekable();
                search.candidates.retain(|candidate| {
                    suspects
                        .next_if(|suspect| suspect.document == candidate.document)
                        .is_none()
                });
            }
        }
        Ok(())
    }

    /// Drops candidates that have vanished, or changed too long ago.
    pub(super) fn check_times(
        &self,
        searches: &mut [Search<'_>],
        pages: &mut impl Pages,
    ) -> Result<()> {
        let now = instant(self.request.now);
        let changed = self.request.updated_from.map(instant);
        let mut suspects: Vec<Vec<bool>> = Vec::with_capacity(searches.len());
        for search in &*searches {
            suspects.push(match search.lists.get(self.plan.expiring) {
                _ if changed.is_some() => vec![true; search.candidates.len()],
                Some(Some(list)) => standing(&search.candidates, list)?,
                _ => Vec::new(),
            });
        }
        let asked: Vec<(&Segment, u32)> = searches
            .iter()
            .zip(&suspects)
            .flat_map(|(search, marks)| {
                let marked = search.candidates.iter().zip(marks).filter(|(_, is)| **is);
                marked.map(|(candidate, _)| (search.segment, candidate.document))
            })
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let mut records = records(&asked, pages)?.into_iter();
        for (search, marks) in searches.iter_mut().zip(suspects) {
            let mut marks = marks.into_iter();
            search.candidates.retain(|_| {
                if !marks.next().unwrap_or_default() {
                    return true;
                }
                records.next().is_some_and(|record| {
                    record.unpublish_at > now
                        && changed.is_none_or(|from| record.updated_at >= from)
                })
            });
        }
        Ok(())
    }
}

/// How many entries of a list are of a window, by its blocks.
fn entries_within(list: &List, window: &Range<u32>) -> usize {
    let blocks = list.blocks_within(window);
    blocks.iter().map(|block| place(block.count)).sum()
}

/// Positions that were read.
struct Read {
    term: usize,
    wanted: Wanted,
    bytes: Vec<u8>,
}

/// For each candidate whether the terms of `sought` stand where they should.
fn placed(
    search: &Search<'_>,
    sought: &Sought,
    candidates: &[Candidate],
    read: &[Read],
) -> Result<Vec<bool>> {
    let mut terms = Vec::with_capacity(sought.places.len());
    for (term, offset) in &sought.places {
        let list = search.lists.get(*term).and_then(Option::as_ref);
        let read = read.iter().find(|read| read.term == *term);
        let (Some(list), Some(read)) = (list, read) else {
            return Ok(vec![false; candidates.len()]);
        };
        terms.push((Places::new(list, &read.wanted, &read.bytes)?, *offset));
    }
    phrases::check(candidates, &mut terms)
}

/// For each candidate whether it has all terms of `sought`.
fn having(search: &Search<'_>, sought: &Sought) -> Result<Vec<bool>> {
    let mut all = vec![true; search.candidates.len()];
    for term in &sought.terms {
        let Some(Some(list)) = search.lists.get(*term) else {
            return Ok(vec![false; search.candidates.len()]);
        };
        for (all, stands) in all.iter_mut().zip(standing(&search.candidates, list)?) {
            *all &= stands;
        }
    }
    Ok(all)
}

/// For each candidate whether it stands in a list.
pub(super) fn standing(candidates: &[Candidate], list: &List) -> Result<Vec<bool>> {
    let mut marks = vec![false; candidates.len()];
    stand_in(candidates, list, &mut Skimmed::default(), &mut marks)?;
    Ok(marks)
}
