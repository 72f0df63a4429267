//! A segment: some documents, indexed once and for all, in files that are cut into pages.
//!
//! Documents are numbered from the newest to the oldest. Each term has a list of those that have it; long lists are cut into blocks that
//! say which documents they reach to, so that what is not asked for is passed over.

mod build;
mod codec;
mod deletions;
mod lists;
mod merge;
mod reader;
mod writer;

pub use build::build;
pub(super) use codec::{damaged, many, place, wide};
pub use deletions::{CHUNK, Deletions};
pub(super) use lists::unpack_positions;
pub(super) use lists::{Block, List, Skimmed};
pub use merge::{Moved, merge};
pub use reader::Segment;
pub(super) use reader::{
    Entry, Extent, boundaries, fetch, look_up, pages_of_weeks, prefixed, records,
};

use crate::models::time::Ts;
use crate::search::pages::PAGE;

/// What was made: how a segment is recorded.
#[derive(Debug, Clone)]
pub struct Made {
    /// Documents in it.
    pub documents: u32,
    /// Bytes of its pages and its header.
    pub bytes: u64,
    /// Its header.
    pub header: Vec<u8>,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub article_id: i64,
    /// In microseconds since 1970, as the following.
    pub published_at: i64,
    /// The greatest number, where there is none.
    pub unpublish_at: i64,
    pub updated_at: i64,
}

impl Record {
    const BYTES: usize = 32;
    const PER_PAGE: usize = PAGE / Self::BYTES;

    fn bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let numbers = [
            self.article_id,
            self.published_at,
            self.unpublish_at,
            self.updated_at,
        ];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut numbers = bytes
            .chunks_exact(8)
            .map(|number| number.try_into().map_or(0, i64::from_le_bytes));
        Some(Self {
            article_id: numbers.next()?,
            published_at: numbers.next()?,
            unpublish_at: numbers.next()?,
            updated_at: numbers.next()?,
        })
    }

    /// Weeks from 1970 to its publication.
    fn week(&self) -> u16 {
        week(self.published_at)
    }

    /// What documents are sorted by, the greatest first.
    fn key(&self) -> (i64, i64) {
        (self.published_at, self.article_id)
    }
}

/// Weeks from 1970 to a time in microseconds.
pub(super) fn week(at: i64) -> u16 {
    const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000_000;
    u16::try_from((at / WEEK).max(0)).unwrap_or(u16::MAX)
}

/// A time as records have it.
pub(super) fn instant(at: Ts) -> i64 {
    at.0.timestamp_micros()
}
