//! What hits are worth, which of them are on the page, and the answer that is put together from all segments.

use std::cmp::Reverse;
use std::ops::Range;

use super::evaluate::{Question, Reach, Search};
use super::facets;
use super::matching::standing;
use super::pages::Pages;
use super::request::{Found, Order, Place};
use super::segment::{Segment, damaged, pages_of_weeks, place, records};
use super::weights;
use crate::error::Result;
use crate::models::page::Total;
use crate::models::time::Ts;

impl Question<'_> {
    /// Adds to the scores of candidates what is not of single terms.
    pub(super) fn score(
        &self,
        searches: &mut [Search<'_>],
        scored: &[usize],
        reach: Reach,
        pages: &mut impl Pages,
    ) -> Result<()> {
        if self.request.order != Order::Relevance {
            return Ok(());
        }
        let asked: Vec<(&Segment, Range<u32>)> = searches
            .iter()
            .map(|search| {
                let begin = search.candidates.first().map_or(0, |c| c.document);
                let end = search.candidates.last().map_or(0, |c| c.document + 1);
                (search.segment, begin..end)
            })
            .collect();
        let weeks = pages_of_weeks(&asked, pages)?;
        let all: f32 = scored.iter().map(|term| self.worth(*term)).sum();
        for (search, weeks) in searches.iter_mut().zip(weeks) {
            let wholes = match search.lists.get(self.plan.whole) {
                Some(Some(list)) => standing(&search.candidates, list)?,
                _ => Vec::new(),
            };
            let mut wholes = wholes.into_iter();
            for candidate in &mut search.candidates {
                let is_whole = wholes.next().unwrap_or_default();
                if reach == Reach::Beyond && !is_whole {
                    candidate.score = 0.0;
                    continue;
                }
                candidate.score += weights::recency(weeks.of(candidate.document));
                if is_whole {
                    candidate.score += all * weights::WHOLE;
                }
            }
        }
        Ok(())
    }

    /// Counts the candidates of a window, and keeps the best of them.
    pub(super) fn take(&self, search: &mut Search<'_>, keep: usize) {
        let order = self.request.order;
        for candidate in std::mem::take(&mut search.candidates) {
            let document = candidate.document;
            search.count += 1;
            if let Some(bits) = search.hits.get_mut(place(document / 64)) {
                *bits |= 1 << (document % 64);
            }
            let (score, number) = match order {
                Order::Relevance => (thousandths(candidate.score), -i64::from(document)),
                Order::Newest => (0, -i64::from(document)),
                Order::Oldest => (0, i64::from(document)),
            };
            let is_behind = match (self.request.after, order) {
                (None, _) => true,
                (Some(after), Order::Relevance) if score != after.score => score < after.score,
                (Some(_), _) => search.behind.contains(&document),
            };
            if !is_behind {
                continue;
            }
            let rank = Reverse((score, number));
            if search.best.len() < keep {
                search.best.push(rank);
            } else if let Some(mut worst) = search.best.peek_mut()
                && rank < *worst
            {
                *worst = rank;
            }
        }
        let is_enough = order == Order::Newest && search.best.len() >= keep && self.is_page_alone();
        if is_enough {
            search.left.start = search.left.end;
        }
    }

    /// Puts together what the segments have.
    pub(super) fn found(&self, searches: &[Search<'_>], pages: &mut impl Pages) -> Result<Found> {
        let request = self.request;
        let mut best: Vec<(i64, (&Segment, u32))> = Vec::new();
        for search in searches {
            for Reverse((score, number)) in &search.best {
                let document = u32::try_from(number.unsigned_abs()).map_err(|_| damaged())?;
                best.push((*score, (search.segment, document)));
            }
        }
        if request.order == Order::Relevance {
            // What is behind the page whatever its time needs no record.
            let keep = request.skip + request.limit + 1;
            if best.len() > keep {
                best.sort_unstable_by_key(|(score, _)| Reverse(*score));
                let floor = best.get(keep - 1).map_or(i64::MIN, |(score, _)| *score);
                best.retain(|(score, _)| *score >= floor);
            }
        }
        let asked: Vec<(&Segment, u32)> = best.iter().map(|(_, document)| *document).collect();
        let mut hits: Vec<Place> = records(&asked, pages)?
            .into_iter()
            .zip(&best)
            .map(|(record, (score, _))| {
                Ok(Place {
                    score: *score,
                    published_at: Ts(chrono::DateTime::from_timestamp_micros(record.published_at)
                        .ok_or_else(damaged)?),
                    article_id: record.article_id,
                })
            })
            .collect::<Result<_>>()?;
        match request.order {
            Order::Relevance | Order::Newest => hits.sort_unstable_by(|a, b| b.cmp(a)),
            Order::Oldest => hits.sort_unstable(),
        }
        hits.drain(..request.skip.min(hits.len()));
        let has_more = hits.len() > request.limit;
        hits.truncate(request.limit);
        let count: u64 = searches.iter().map(|search| search.count).sum();
        let of_segments: Vec<(&Segment, &[u64])> = searches
            .iter()
            .filter(|search| search.count > 0)
            .map(|search| (search.segment, &*search.hits))
            .collect();
        Ok(Found {
            hits,
            has_more,
            total: if request.is_counted {
                Total::Exact(i64::try_from(count).unwrap_or(i64::MAX))
            } else {
                Total::Unknown
            },
            facets: facets::count(&request.facets, &of_segments, pages)?,
            weighed: self.weighed(),
        })
    }
}

/// A score as it is compared and shown.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "scores are small"
)]
pub(super) fn thousandths(score: f32) -> i64 {
    (score * 1000.0).round() as i64
}
