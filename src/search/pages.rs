//! The pages that segments are cut into, and who keeps them. Knows no database.

use std::sync::Arc;

use crate::error::Result;

/// Bytes of a page, at most.
pub const PAGE: usize = 8 * 1024;

/// The files that a segment consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum File {
    /// Terms in order, each with the place of its list.
    Dictionary,
    /// For each term, which documents have it, and how much it says about them.
    Lists,
    /// For each term and document, where it stands.
    Positions,
    /// Which articles the documents are, and when they show.
    Documents,
    /// When each document was published, in weeks.
    Weeks,
}

impl File {
    fn code(self) -> i64 {
        match self {
            Self::Dictionary => 0,
            Self::Lists => 1,
            Self::Positions => 2,
            Self::Documents => 3,
            Self::Weeks => 4,
        }
    }
}

/// Bits of the number of a page within its file, and of the file.
const NUMBER: u32 = 24;
const FILE: u32 = 3;

/// The number of a page, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageId(pub i64);

impl PageId {
    /// A page of a file of a segment.
    pub fn new(segment: i64, file: File, number: i64) -> Self {
        Self((segment << (NUMBER + FILE)) | (file.code() << NUMBER) | number)
    }

    /// The pages of a segment: from this one, up to but not including that.
    pub fn of_segment(segment: i64) -> (Self, Self) {
        let begin = |segment: i64| Self(segment << (NUMBER + FILE));
        (begin(segment), begin(segment + 1))
    }
}

/// Where pages are read.
pub trait Pages {
    /// The pages called `ids`, in their order. One that is missing is an error.
    fn read(&mut self, ids: &[PageId]) -> Result<Vec<Arc<[u8]>>>;
}

/// Where pages are written.
pub trait Sink {
    /// Takes a page.
    fn write(&mut self, id: PageId, data: Vec<u8>) -> Result<()>;
}
