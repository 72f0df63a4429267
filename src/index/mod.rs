//! The search index as it stands in the database: read for queries, and kept in step with the articles. Knows no HTTP, and no SQL but what
//! `store` has.
//!
//! A transaction that saves articles makes one segment of them before it stamps ([`Index::prepare`]), and after the stamp, where it is
//! alone, marks what other segments have of these articles ([`Index::commit`]). So everything that is searched changes under one
//! row lock, in the order of commits, and no two writers wait for each other in any other place. Small segments are merged then and
//! there, larger ones by a job ([`Index::tidy`]) that takes the lock only to put its segment in the place of others.

mod documents;
mod levels;
mod merging;
mod pages;
mod rebuilding;
mod saving;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

pub use merging::State;
pub use rebuilding::Progress;
pub use saving::{Pending, Room};

use self::pages::{Reach, Reading, Shared, Within};
use crate::error::{Error, Result};
use crate::search::evaluate::{Found, Request, evaluate};
use crate::search::segment::{Deletions, Segment};
use crate::store::search::SegmentRow;
use crate::store::{self, Conn};

/// The index, with what of it is kept at hand.
#[derive(Clone)]
pub struct Index {
    pages: Shared,
    opened: Arc<Mutex<Opened>>,
    work: Arc<Notify>,
}

/// Segments that were read lately, all of them committed.
#[derive(Default)]
struct Opened {
    segments: HashMap<i64, Segment>,
    /// With how many there are, which says whether they are the latest.
    deletions: HashMap<i64, (i64, Deletions)>,
}

impl Index {
    /// The index, of which pages of so many bytes are kept at hand.
    pub fn new(bytes: u64) -> Self {
        Self {
            pages: pages::shared(bytes),
            opened: Arc::default(),
            work: Arc::default(),
        }
    }

    /// What the index answers to `request`, as it stands in the picture of the database that `conn` reads.
    pub fn search(&self, conn: &mut Conn, request: &Request) -> Result<Found> {
        let segments = self.segments(conn)?;
        let reach = Within::new(conn);
        evaluate(request, &segments, &mut self.reading(&reach, true))
    }

    /// The segments that are searched in this picture of the database. Not for a transaction that has changed them.
    pub fn segments(&self, conn: &mut Conn) -> Result<Vec<(Segment, Deletions)>> {
        let rows = store::search::live(conn)?;
        let segments = self.open(conn, &rows)?;
        let deletions = self.deletions(conn, &rows)?;
        Ok(segments.into_iter().zip(deletions).collect())
    }

    fn reading<'r, R: Reach>(&'r self, reach: &'r R, is_kept: bool) -> Reading<'r, R> {
        Reading {
            reach,
            shared: &self.pages,
            is_kept,
        }
    }

    /// Opens committed segments: all that are searched, so that others may be forgotten.
    fn open(&self, conn: &mut Conn, rows: &[SegmentRow]) -> Result<Vec<Segment>> {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let mut known: HashMap<i64, Segment> = {
            let opened = self.opened.lock();
            ids.iter()
                .filter_map(|id| Some((*id, opened.segments.get(id)?.clone())))
                .collect()
        };
        let unknown: Vec<i64> = ids
            .iter()
            .filter(|id| !known.contains_key(id))
            .copied()
            .collect();
        if !unknown.is_empty() {
            let read = headers(conn, &unknown)?;
            let mut opened = self.opened.lock();
            opened.segments.retain(|id, _| known.contains_key(id));
            opened.deletions.retain(|id, _| known.contains_key(id));
            opened.segments.extend(read.clone());
            known.extend(read);
        }
        in_order(&ids, &known)
    }

    /// The deletions of committed segments.
    fn deletions(&self, conn: &mut Conn, rows: &[SegmentRow]) -> Result<Vec<Deletions>> {
        let mut known: HashMap<i64, Deletions> = HashMap::new();
        let mut unknown: Vec<&SegmentRow> = Vec::new();
        {
            let opened = self.opened.lock();
            for row in rows.iter().filter(|row| row.deleted > 0) {
                match opened.deletions.get(&row.id) {
                    Some((deleted, deletions)) if *deleted == row.deleted => {
                        known.insert(row.id, deletions.clone());
                    }
                    _ => unknown.push(row),
                }
            }
        }
        if !unknown.is_empty() {
            let ids: Vec<i64> = unknown.iter().map(|row| row.id).collect();
            let read = stored_deletions(conn, &ids)?;
            let mut opened = self.opened.lock();
            for row in unknown {
                let deletions = read.get(&row.id).cloned().unwrap_or_default();
                opened
                    .deletions
                    .insert(row.id, (row.deleted, deletions.clone()));
                known.insert(row.id, deletions);
            }
        }
        Ok(rows
            .iter()
            .map(|row| known.remove(&row.id).unwrap_or_default())
            .collect())
    }
}

/// Segments as they are stored, by id.
fn headers(conn: &mut Conn, ids: &[i64]) -> Result<HashMap<i64, Segment>> {
    store::search::headers(conn, ids)?
        .into_iter()
        .map(|(id, header)| Ok((id, Segment::open(id, &header)?)))
        .collect()
}

/// Which piece of the deletions of a segment, and its bits.
type Piece = (u32, Arc<[u8]>);

/// Deletions as they are stored, by segment; of segments without any there is nothing.
fn stored_deletions(conn: &mut Conn, ids: &[i64]) -> Result<HashMap<i64, Deletions>> {
    let mut pieces: HashMap<i64, Vec<Piece>> = HashMap::new();
    for (segment, number, bits) in store::search::deletions(conn, ids)? {
        let number = u32::try_from(number).map_err(|e| Error::Internal(e.into()))?;
        pieces
            .entry(segment)
            .or_default()
            .push((number, bits.into()));
    }
    Ok(pieces
        .into_iter()
        .map(|(segment, pieces)| (segment, Deletions::new(pieces)))
        .collect())
}

fn in_order(ids: &[i64], known: &HashMap<i64, Segment>) -> Result<Vec<Segment>> {
    ids.iter()
        .map(|id| {
            known.get(id).cloned().ok_or_else(|| {
                Error::internal(format!("segment {id} of the search index has no header"))
            })
        })
        .collect()
}
