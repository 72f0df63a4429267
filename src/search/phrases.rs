//! Whether the terms of a phrase stand where they should, in documents that have all of them.

use super::candidates::Candidate;
use super::segment::{Extent, List, Skimmed, damaged, unpack_positions, wide};
use crate::error::Result;

/// Positions of a list that are to be read: those of blocks from the first with a candidate to the last.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Blocks of the list.
    blocks: std::ops::Range<usize>,
    pub extent: Extent,
}

/// Which positions of `list` the candidates need, if any.
pub(super) fn wanted(list: &List, candidates: &[Candidate]) -> Option<Wanted> {
    let (first, last) = (candidates.first()?.document, candidates.last()?.document);
    let begin = list.blocks.partition_point(|block| block.last < first);
    let end = list.blocks.partition_point(|block| block.first <= last);
    let blocks = list.blocks.get(begin..end)?;
    let start = blocks.first()?.positions.start;
    let length = blocks.last()?.positions.end - start;
    Some(Wanted {
        blocks: begin..end,
        extent: Extent {
            start: list.entry.positions.start + wide(start),
            length: wide(length),
            ..list.entry.positions
        },
    })
}

/// The positions of a term in documents that are asked for in ascending order.
pub(super) struct Places<'a> {
    list: &'a List,
    blocks: std::slice::Iter<'a, super::segment::Block>,
    bytes: &'a [u8],
    /// Where `bytes` begins among the positions of the list.
    begin: usize,
    skimmed: Skimmed,
    /// How many documents of the block were passed.
    passed: usize,
    /// The positions of what is left of the block.
    rest: &'a [u8],
}

impl<'a> Places<'a> {
    /// `bytes` is what `wanted` asked for.
    pub fn new(list: &'a List, wanted: &Wanted, bytes: &'a [u8]) -> Result<Self> {
        let blocks = list.blocks.get(wanted.blocks.clone()).ok_or_else(damaged)?;
        Ok(Self {
            list,
            begin: blocks.first().map_or(0, |block| block.positions.start),
            blocks: blocks.iter(),
            bytes,
            skimmed: Skimmed::default(),
            passed: 0,
            rest: &[],
        })
    }

    /// Writes the positions in `document` to `into`; none, where the term is not there.
    pub fn of(&mut self, document: u32, into: &mut Vec<u32>) -> Result<()> {
        into.clear();
        while self
            .skimmed
            .documents
            .last()
            .is_none_or(|last| *last < document)
        {
            let Some(block) = self.blocks.find(|block| block.last >= document) else {
                return Ok(());
            };
            self.list.skim(block, &mut self.skimmed)?;
            self.passed = 0;
            let range = block.positions.start - self.begin..block.positions.end - self.begin;
            self.rest = self.bytes.get(range).ok_or_else(damaged)?;
        }
        while let Some(at) = self.skimmed.documents.get(self.passed) {
            if *at > document {
                into.clear();
                return Ok(());
            }
            let is_it = *at == document;
            unpack_positions(&mut self.rest, into)?;
            self.passed += 1;
            if is_it {
                return Ok(());
            }
        }
        into.clear();
        Ok(())
    }
}

/// For each candidate whether the terms stand in it with the offsets that go with them.
pub(super) fn check(
    candidates: &[Candidate],
    terms: &mut [(Places<'_>, u32)],
) -> Result<Vec<bool>> {
    let mut begins: Vec<u32> = Vec::new();
    let mut places: Vec<u32> = Vec::new();
    let mut found = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let mut is_first = true;
        for (term, offset) in terms.iter_mut() {
            term.of(candidate.document, &mut places)?;
            // Where the phrase would begin.
            places.retain_mut(|place| match place.checked_sub(*offset) {
                Some(begin) => {
                    *place = begin;
                    true
                }
                None => false,
            });
            if is_first {
                std::mem::swap(&mut begins, &mut places);
                is_first = false;
            } else {
                common(&mut begins, &places);
            }
            if begins.is_empty() {
                break;
            }
        }
        found.push(!begins.is_empty());
    }
    Ok(found)
}

/// Keeps of `a` what is in `b`, both ascending.
fn common(a: &mut Vec<u32>, b: &[u32]) {
    let mut rest = b.iter().peekable();
    a.retain(|x| {
        while rest.next_if(|y| *y < x).is_some() {}
        rest.peek() == Some(&x)
    });
}
