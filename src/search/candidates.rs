//! Which documents of a window of a segment match, and how well: lists are intersected, the shortest first.

use std::ops::Range;

use super::segment::{Deletions, List, Skimmed, place};
use crate::error::Result;

/// A document that matches so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub document: u32,
    pub score: f32,
}

/// A list whose documents are wanted, or not, and what having its term is worth at most.
pub(super) struct Scored<'a> {
    pub list: &'a List,
    pub worth: f32,
}

impl Scored<'_> {
    /// What an impact is worth.
    pub fn score(&self, impact: u8) -> f32 {
        f32::from(impact) * (self.worth / 255.0)
    }
}

/// The documents of `range` that stand in a list, with their scores; blocks of which `is_wanted` says no are passed over.
pub(super) fn all_of(
    scored: &Scored<'_>,
    range: &Range<u32>,
    scratch: &mut Skimmed,
    mut is_wanted: impl FnMut(u32, u8) -> bool,
) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for block in scored.list.blocks_within(range) {
        if !is_wanted(block.first, block.impact) {
            continue;
        }
        scored.list.skim(block, scratch)?;
        let mut impacts = scratch.impacts.iter().copied();
        for document in &scratch.documents {
            let impact = impacts.next().unwrap_or_default();
            if range.contains(document) {
                found.push(Candidate {
                    document: *document,
                    score: scored.score(impact),
                });
            }
        }
    }
    Ok(found)
}

/// Keeps of `candidates` those that stand in the list, and adds to their scores.
pub(super) fn intersect(
    candidates: &mut Vec<Candidate>,
    scored: &Scored<'_>,
    scratch: &mut Skimmed,
) -> Result<()> {
    let mut kept = Vec::with_capacity(candidates.len());
    walk(candidates, scored.list, scratch, |_, candidate, impact| {
        kept.push(Candidate {
            score: candidate.score + scored.score(impact),
            ..candidate
        });
    })?;
    *candidates = kept;
    Ok(())
}

/// Marks the candidates that stand in the list.
pub(super) fn stand_in(
    candidates: &[Candidate],
    list: &List,
    scratch: &mut Skimmed,
    marks: &mut [bool],
) -> Result<()> {
    walk(candidates, list, scratch, |at, _, _| {
        if let Some(mark) = marks.get_mut(at) {
            *mark = true;
        }
    })
}

/// Goes through candidates and list side by side: tells of each candidate that the list has, with its number and its impact.
fn walk(
    candidates: &[Candidate],
    list: &List,
    scratch: &mut Skimmed,
    mut visit: impl FnMut(usize, Candidate, u8),
) -> Result<()> {
    let mut rest = candidates.iter().copied().enumerate().peekable();
    for block in &list.blocks {
        // Most blocks of a long list have no candidate.
        while rest
            .next_if(|(_, candidate)| candidate.document < block.first)
            .is_some()
        {}
        match rest.peek() {
            None => break,
            Some((_, candidate)) if candidate.document > block.last => continue,
            Some(_) => {}
        }
        list.skim(block, scratch)?;
        let mut impacts = scratch.impacts.iter().copied();
        for document in &scratch.documents {
            let impact = impacts.next().unwrap_or_default();
            while rest
                .next_if(|(_, candidate)| candidate.document < *document)
                .is_some()
            {}
            if let Some((at, candidate)) =
                rest.next_if(|(_, candidate)| candidate.document == *document)
            {
                visit(at, candidate, impact);
            }
        }
    }
    Ok(())
}

/// The documents of `range` that stand in at least `enough` of the lists, with their scores.
pub(super) fn most_of(
    lists: &[Scored<'_>],
    enough: usize,
    range: &Range<u32>,
    scratch: &mut Skimmed,
) -> Result<Vec<Candidate>> {
    let length = place(range.end.saturating_sub(range.start));
    let mut found: Vec<(f32, u16)> = vec![(0.0, 0); length];
    for scored in lists {
        for block in scored.list.blocks_within(range) {
            scored.list.skim(block, scratch)?;
            let mut impacts = scratch.impacts.iter().copied();
            for document in &scratch.documents {
                let impact = impacts.next().unwrap_or_default();
                let at = place(document.wrapping_sub(range.start));
                if let Some((score, times)) = found.get_mut(at) {
                    *score += scored.score(impact);
                    *times += 1;
                }
            }
        }
    }
    Ok((range.start..)
        .zip(found)
        .filter(|(_, (_, times))| usize::from(*times) >= enough)
        .map(|(document, (score, _))| Candidate { document, score })
        .collect())
}

/// Drops what is no longer so.
pub(super) fn retain_living(candidates: &mut Vec<Candidate>, deletions: &Deletions) {
    if !deletions.is_empty() {
        candidates.retain(|candidate| !deletions.has(candidate.document));
    }
}

/// Keeps those of `candidates` that are marked, or those that are not.
pub(super) fn retain_marked(candidates: &mut Vec<Candidate>, marks: &[bool], is_kept: bool) {
    let mut marks = marks.iter();
    candidates.retain(|_| marks.next().is_some_and(|mark| *mark == is_kept));
}
