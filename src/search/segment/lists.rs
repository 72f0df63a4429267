//! Lists are read: which documents have a term, how much it says about them, where it stands.

use std::ops::Range;

use super::codec::{Bytes, damaged, many, place};
use super::reader::Entry;
use super::writer::BLOCK;
use crate::error::Result;

/// A piece of a list.
#[derive(Debug, Clone)]
pub(in crate::search) struct Block {
    /// The first document that it could have.
    pub first: u32,
    /// The last one that it has.
    pub last: u32,
    /// How many it has.
    pub count: u32,
    bytes: Range<usize>,
    /// The greatest impact in it.
    pub impact: u8,
    /// Where its positions stand among those of the list.
    pub positions: Range<usize>,
}

/// A list, cut into its blocks.
#[derive(Debug)]
pub(in crate::search) struct List {
    pub entry: Entry,
    bytes: Vec<u8>,
    pub blocks: Vec<Block>,
}

/// The documents of a block.
#[derive(Debug, Default)]
pub(in crate::search) struct Skimmed {
    pub documents: Vec<u32>,
    /// One a document, where the term has any.
    pub impacts: Vec<u8>,
}

impl List {
    /// Finds the blocks in the bytes of the list that `entry` tells of.
    pub fn new(entry: Entry, bytes: Vec<u8>) -> Result<Self> {
        let mut blocks = Vec::with_capacity(place(entry.documents).div_ceil(BLOCK));
        let has_blocks = place(entry.documents) > BLOCK;
        if has_blocks {
            let mut rest = Bytes(&bytes);
            let mut first = 0_u32;
            let mut position = 0;
            let mut left = entry.documents;
            while left > 0 {
                let last = rest.small()?.checked_add(first).ok_or_else(damaged)?;
                let length = place(rest.small()?);
                let impact = if entry.has_impacts {
                    rest.take(1)?.first().copied().unwrap_or_default()
                } else {
                    0
                };
                let positions = if entry.has_positions {
                    position..position + place(rest.small()?)
                } else {
                    0..0
                };
                position = positions.end;
                let begin = bytes.len() - rest.0.len();
                rest.take(length)?;
                let count = left.min(many(BLOCK));
                blocks.push(Block {
                    first,
                    last,
                    count,
                    bytes: begin..begin + length,
                    impact,
                    positions,
                });
                left -= count;
                first = last.checked_add(1).ok_or_else(damaged)?;
            }
        } else {
            blocks.push(Block {
                first: 0,
                last: u32::MAX,
                count: entry.documents,
                bytes: 0..bytes.len(),
                impact: u8::MAX,
                positions: 0..place(entry.positions.length),
            });
        }
        Ok(Self {
            entry,
            bytes,
            blocks,
        })
    }

    /// Reads a block; what was in `into` goes.
    pub fn skim(&self, block: &Block, into: &mut Skimmed) -> Result<()> {
        into.documents.clear();
        into.impacts.clear();
        let mut bytes = Bytes(self.bytes.get(block.bytes.clone()).ok_or_else(damaged)?);
        let mut next = block.first;
        for _ in 0..block.count {
            let document = next.checked_add(bytes.small()?).ok_or_else(damaged)?;
            into.documents.push(document);
            next = document.wrapping_add(1);
        }
        if self.entry.has_impacts {
            let impacts = bytes.take(place(block.count))?;
            into.impacts.extend_from_slice(impacts);
        }
        Ok(())
    }

    /// The blocks that may have documents from `begin` on, up to but not including `end`.
    pub fn blocks_within(&self, range: &Range<u32>) -> &[Block] {
        let begin = self.blocks.partition_point(|b| b.last < range.start);
        let end = self.blocks.partition_point(|b| b.first < range.end);
        self.blocks.get(begin..end.max(begin)).unwrap_or_default()
    }
}

/// The packed positions of the next document; what was in `into` goes.
pub(in crate::search) fn unpack_positions(bytes: &mut &[u8], into: &mut Vec<u32>) -> Result<()> {
    into.clear();
    let mut rest = Bytes(bytes);
    let mut last = 0_u32;
    loop {
        let number = rest.number()?;
        let gap = u32::try_from(number >> 1).map_err(|_| damaged())?;
        last = last.checked_add(gap).ok_or_else(damaged)?;
        into.push(last);
        if number & 1 == 0 {
            break;
        }
    }
    *bytes = rest.0;
    Ok(())
}

/// Passes over the packed positions of one document; returns them.
pub(in crate::search) fn pass_positions<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let whole: &'a [u8] = bytes;
    let mut length = 0;
    let mut is_first_byte = true;
    let mut has_more = false;
    for byte in whole {
        length += 1;
        if is_first_byte {
            has_more = byte & 1 != 0;
        }
        // The highest bit says that the number goes on.
        is_first_byte = byte & 0x80 == 0;
        if is_first_byte && !has_more {
            let (passed, rest) = whole.split_at_checked(length).ok_or_else(damaged)?;
            *bytes = rest;
            return Ok(passed);
        }
    }
    Err(damaged())
}
