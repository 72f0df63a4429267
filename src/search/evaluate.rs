//! How a query is answered from segments: window by window of documents, newest first, all segments side by side, so that pages are
//! fetched for all together.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::candidates::{Candidate, retain_living};
use super::pages::Pages;
use super::plan::Plan;
use super::ranking::thousandths;
pub use super::request::{Facet, Found, Matching, Order, Place, Request, Weighed};
use super::segment::{
    Deletions, Entry, List, Segment, boundaries, damaged, fetch, instant, look_up, place,
};
use super::weights;
use crate::error::Result;
use crate::models::time::Ts;

/// Documents of a window. Tests have small ones, so that they have several.
const WINDOW: u32 = if cfg!(test) { 64 } else { 16 * 1024 };

/// When so many entries of the shortest list were gone through, what is left is no longer scored: it comes after what was, the newest
/// first. So what a common word costs is bounded; only a title or a keyword that is exactly what was asked for is still looked for.
const SCORED: usize = if cfg!(test) { 300 } else { 40_000 };

/// Of so many terms in a hundred, where nothing has all, must stand in a hit.
const MOST: usize = 60;

/// Terms that are looked at where nothing has all: the rarest.
const MOST_TERMS: usize = 64;

/// Answers `request` from `segments`.
pub fn evaluate(
    request: &Request,
    segments: &[(Segment, Deletions)],
    pages: &mut impl Pages,
) -> Result<Found> {
    let plan = Plan::new(request);
    let asked: Vec<(&Segment, &[u8])> = segments
        .iter()
        .flat_map(|(segment, _)| plan.terms.iter().map(move |term| (segment, &**term)))
        .collect();
    let entries = look_up(&asked, pages)?;
    let mut question = Question {
        request,
        plan: &plan,
        worths: worths(segments, &plan, &entries),
        matching: Matching::All,
    };
    if let Some(weighed) = &request.weighed {
        question.weigh_like(weighed);
        return Ok(question.answer(segments, &entries, pages)?.0);
    }
    let (found, has_any) = question.answer(segments, &entries, pages)?;
    if has_any || plan.scored().len() < 2 {
        return Ok(found);
    }
    question.matching = Matching::Most;
    let (relaxed, has_any) = question.answer(segments, &entries, pages)?;
    Ok(if has_any { relaxed } else { found })
}

/// What each term of the plan is worth at most.
fn worths(segments: &[(Segment, Deletions)], plan: &Plan, entries: &[Option<Entry>]) -> Vec<f32> {
    let documents = segments
        .iter()
        .map(|(segment, _)| u64::from(segment.documents()))
        .sum();
    let mut with = vec![0_u64; plan.terms.len()];
    for of_segment in entries.chunks(plan.terms.len().max(1)) {
        for (with, entry) in with.iter_mut().zip(of_segment) {
            *with += entry.map_or(0, |entry| u64::from(entry.documents));
        }
    }
    with.into_iter()
        .map(|with| weights::rarity(documents, with))
        // As exactly as it is told, so that the next page counts with the same.
        .map(|worth| f32::from(told(worth)) / 1000.0)
        .collect()
}

/// What a term is worth, in thousandths.
fn told(worth: f32) -> u16 {
    u16::try_from(thousandths(worth)).unwrap_or(u16::MAX)
}

pub(super) struct Question<'a> {
    pub request: &'a Request,
    pub plan: &'a Plan,
    worths: Vec<f32>,
    pub matching: Matching,
}

/// Whether the hits of a window are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// They are.
    Scored,
    /// Enough others were.
    Beyond,
}

/// What is going on in one segment.
pub(super) struct Search<'a> {
    pub segment: &'a Segment,
    deletions: &'a Deletions,
    /// The lists of the terms of the plan that it has and that are needed.
    pub lists: Vec<Option<List>>,
    /// What is left to look at.
    pub left: Range<u32>,
    /// Documents behind the place where the page begins.
    pub behind: Range<u32>,
    /// The best so far, the worst of them on top.
    pub best: BinaryHeap<Reverse<(i64, i64)>>,
    /// Documents that match, a bit each, where they are counted by something.
    pub hits: Vec<u64>,
    pub count: u64,
    /// The candidates of the present window.
    pub candidates: Vec<Candidate>,
}

impl Question<'_> {
    /// The answer, and whether anything matches at all, on whichever page.
    fn answer(
        &self,
        segments: &[(Segment, Deletions)],
        entries: &[Option<Entry>],
        pages: &mut impl Pages,
    ) -> Result<(Found, bool)> {
        let scored = self.scored();
        let mut searches = self.begin(segments, entries, &scored, pages)?;
        let keep = self.request.skip + self.request.limit + 1;
        let mut examined = 0;
        while searches.iter().any(|search| !search.left.is_empty()) {
            let is_beyond = self.request.order == Order::Relevance && examined >= SCORED;
            let reach = if is_beyond {
                Reach::Beyond
            } else {
                Reach::Scored
            };
            for search in &mut searches {
                let end = search
                    .left
                    .end
                    .min(search.left.start.saturating_add(WINDOW));
                let window = search.left.start..end;
                search.left.start = end;
                let (candidates, entries) =
                    self.match_window(search, &scored, &window, reach, keep)?;
                examined += entries;
                search.candidates = candidates;
                retain_living(&mut search.candidates, search.deletions);
            }
            self.check_places(&mut searches, pages)?;
            self.check_times(&mut searches, pages)?;
            self.score(&mut searches, &scored, reach, pages)?;
            for search in &mut searches {
                self.take(search, keep);
            }
        }
        let has_any = searches.iter().any(|search| search.count > 0);
        Ok((self.found(&searches, pages)?, has_any))
    }

    /// Finds the segments that can have hits, what of them is looked at, and reads their lists.
    fn begin<'s>(
        &self,
        segments: &'s [(Segment, Deletions)],
        entries: &[Option<Entry>],
        scored: &[usize],
        pages: &mut impl Pages,
    ) -> Result<Vec<Search<'s>>> {
        let mut chosen = Vec::new();
        let of_segments = entries.chunks(self.plan.terms.len().max(1));
        for ((segment, deletions), entries) in segments.iter().zip(of_segments) {
            if let Some(needed) = self.needed(entries, scored) {
                chosen.push((segment, deletions, entries, needed));
            }
        }
        let mut extents = Vec::new();
        for (.., entries, needed) in &chosen {
            extents.extend(
                needed
                    .iter()
                    .filter_map(|number| entries.get(*number).copied().flatten())
                    .map(|entry| entry.list),
            );
        }
        let mut bytes = fetch(&extents, pages)?.into_iter();
        let request = self.request;
        let at = |at: Option<Ts>, otherwise: i64| at.map_or(otherwise, instant);
        let newest = at(request.published_to, i64::MAX).min(instant(request.now).saturating_add(1));
        let oldest = at(request.published_from, i64::MIN);
        let after = request
            .after
            .map(|place| (instant(place.published_at), place.article_id));
        let behind = match (after, request.order) {
            (Some((at, id)), Order::Oldest) => (at, id.saturating_add(1)),
            (Some(key), _) => key,
            (None, _) => (i64::MAX, i64::MAX),
        };
        let asked: Vec<(&Segment, (i64, i64))> = chosen
            .iter()
            .flat_map(|(segment, ..)| {
                [(newest, i64::MIN), (oldest, i64::MIN), behind].map(|key| (*segment, key))
            })
            .collect();
        let boundaries = boundaries(&asked, pages)?;
        let mut searches = Vec::with_capacity(chosen.len());
        for ((segment, deletions, entries, needed), boundaries) in
            chosen.into_iter().zip(boundaries.chunks_exact(3))
        {
            let mut lists: Vec<Option<List>> = Vec::new();
            lists.resize_with(entries.len(), || None);
            for number in needed {
                if let Some(Some(entry)) = entries.get(number)
                    && let Some(place) = lists.get_mut(number)
                {
                    let bytes = bytes.next().ok_or_else(damaged)?;
                    *place = Some(List::new(*entry, bytes)?);
                }
            }
            let [begin, end, behind] = boundaries else {
                return Err(damaged());
            };
            searches.push(Search {
                segment,
                deletions,
                lists,
                left: *begin..*end.max(begin),
                behind: match (after, request.order) {
                    (None, _) => 0..u32::MAX,
                    (Some(_), Order::Oldest) => 0..*behind,
                    (Some(_), _) => *behind..u32::MAX,
                },
                best: BinaryHeap::new(),
                hits: if request.facets.is_empty() {
                    Vec::new()
                } else {
                    vec![0; place(segment.documents()).div_ceil(64)]
                },
                count: 0,
                candidates: Vec::new(),
            });
        }
        Ok(searches)
    }

    /// Which terms' lists are needed of a segment with these entries; `None`, if it cannot have hits.
    fn needed(&self, entries: &[Option<Entry>], scored: &[usize]) -> Option<Vec<usize>> {
        let plan = self.plan;
        let has = |number: &usize| entries.get(*number).is_some_and(Option::is_some);
        let present = scored.iter().filter(|number| has(number)).count();
        let enough = match self.matching {
            Matching::All => scored.len(),
            Matching::Most => most(scored.len()),
        };
        if present < enough || !plan.within.iter().all(|group| group.iter().any(has)) {
            return None;
        }
        let excluded = plan.excluded.iter().flat_map(|sought| &sought.terms);
        let mut needed: Vec<usize> = scored
            .iter()
            .chain(excluded)
            .chain(plan.within.iter().flatten())
            .chain(&plan.outside)
            .chain([&plan.whole, &plan.expiring])
            .copied()
            .filter(|number| has(number))
            .collect();
        needed.sort_unstable();
        needed.dedup();
        Some(needed)
    }

    /// The terms that are scored.
    fn scored(&self) -> Vec<usize> {
        let mut scored = self.plan.scored();
        if self.matching == Matching::Most && scored.len() > MOST_TERMS {
            scored.sort_by(|a, b| self.worth(*b).total_cmp(&self.worth(*a)));
            scored.truncate(MOST_TERMS);
        }
        scored
    }

    /// Weighs as another question with the same words did. Where that did not tell what terms are worth, they are worth what they are now.
    fn weigh_like(&mut self, weighed: &Weighed) {
        self.matching = weighed.matching;
        let scored = self.plan.scored();
        if scored.len() == weighed.worths.len() {
            for (number, told) in scored.into_iter().zip(&weighed.worths) {
                if let Some(worth) = self.worths.get_mut(number) {
                    *worth = f32::from(*told) / 1000.0;
                }
            }
        }
    }

    /// How this question weighs.
    pub fn weighed(&self) -> Weighed {
        let scored = self.plan.scored();
        Weighed {
            matching: self.matching,
            worths: scored.iter().map(|n| told(self.worth(*n))).collect(),
        }
    }

    /// Whether hits that do not get onto the page are of no interest either.
    pub fn is_page_alone(&self) -> bool {
        !self.request.is_counted && self.request.facets.is_empty()
    }

    pub fn worth(&self, number: usize) -> f32 {
        self.worths.get(number).copied().unwrap_or_default()
    }
}

/// So many of `terms` must be there where nothing has all.
pub(super) fn most(terms: usize) -> usize {
    (terms * MOST).div_ceil(100)
}
