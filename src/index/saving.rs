//! Articles that are saved are indexed in the same transaction. Knows not who saves them.

use std::collections::{BTreeMap, HashSet};

use super::documents::Names;
use super::pages::{Within, Writing};
use super::{Index, documents, headers, levels, stored_deletions};
use crate::error::{Error, Result};
use crate::models::time::Ts;
use crate::search::FORMAT;
use crate::search::document::Document;
use crate::search::pages::PageId;
use crate::search::segment::{Deletions, Made, Segment, build, merge};
use crate::store::listings::Listed;
use crate::store::search::{Completed, SegmentRow};
use crate::store::{self, Conn};

/// Articles that are loaded, or looked for, together.
const TOGETHER: usize = 200;

/// Documents that are gathered before a segment is made of them, and the bytes that they take.
const GATHERED: usize = 1_000;
const GATHERED_BYTES: usize = 8 << 20;

/// What a transaction has to write to the index. An import gathers it while it goes on; memory does not grow with it but for eight bytes
/// an article that is changed.
#[derive(Debug, Default)]
pub struct Pending {
    /// Documents that are in no segment yet.
    waiting: Vec<Document>,
    waiting_bytes: usize,
    /// Segments of this transaction.
    own: Vec<SegmentRow>,
    /// Articles that segments of others may have.
    replaced: Vec<i64>,
    /// Articles that were loaded, and what they name, as it was called then.
    loaded: Vec<i64>,
    names: Names,
}

impl Pending {
    /// Whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.own.is_empty() && self.replaced.is_empty()
    }
}

/// How much is merged while others wait for the lock.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    documents: i64,
    bytes: i64,
}

impl Room {
    /// For one who answers a request.
    pub const SMALL: Self = Self {
        documents: 512,
        bytes: 4 << 20,
    };

    /// For an import, which makes many segments.
    pub const LARGE: Self = Self {
        documents: 16_384,
        bytes: 128 << 20,
    };

    /// For what nobody waits for.
    const ANY: Self = Self {
        documents: i64::MAX,
        bytes: i64::MAX,
    };
}

impl Index {
    /// Gathers articles that no segment has yet.
    pub fn add(
        &self,
        conn: &mut Conn,
        pending: &mut Pending,
        new: &[Listed<'_>],
        now: Ts,
    ) -> Result<()> {
        let documents = documents::of_listed(conn, new, now)?;
        self.gather(conn, pending, documents)
    }

    /// Gathers articles that segments may have as they were.
    pub fn replace(
        &self,
        conn: &mut Conn,
        pending: &mut Pending,
        changed: &[Listed<'_>],
        now: Ts,
    ) -> Result<()> {
        let ids: Vec<i64> = changed.iter().map(|article| article.id).collect();
        self.forget(conn, pending, &ids)?;
        let documents = documents::of_listed(conn, changed, now)?;
        self.gather(conn, pending, documents)
    }

    /// Gathers articles as they are in the database by now; those that are gone, or that readers do not get, are only taken out.
    pub fn prepare(
        &self,
        conn: &mut Conn,
        pending: &mut Pending,
        ids: &[i64],
        now: Ts,
    ) -> Result<()> {
        for ids in ids.chunks(TOGETHER) {
            self.forget(conn, pending, ids)?;
            self.load(conn, pending, ids, now)?;
        }
        Ok(())
    }

    /// [`Index::prepare`] for articles that the transaction has made.
    pub fn prepare_new(
        &self,
        conn: &mut Conn,
        pending: &mut Pending,
        ids: &[i64],
        now: Ts,
    ) -> Result<()> {
        for ids in ids.chunks(TOGETHER) {
            self.load(conn, pending, ids, now)?;
        }
        Ok(())
    }

    fn load(&self, conn: &mut Conn, pending: &mut Pending, ids: &[i64], now: Ts) -> Result<()> {
        let (documents, names) = documents::of_stored(conn, ids, now)?;
        pending.loaded.extend(ids);
        pending.names.extend(names);
        self.gather(conn, pending, documents)
    }

    /// Does [`Index::prepare`] again where an import has renamed something meanwhile. For those who have the lock: everything else that
    /// an article says is theirs, or kept from changing by the locks that they took before.
    pub fn refresh(&self, conn: &mut Conn, pending: &mut Pending, now: Ts) -> Result<()> {
        // On SQLite nobody else writes.
        if matches!(conn, Conn::Sqlite(_)) || pending.names.are_so(conn)? {
            return Ok(());
        }
        let ids = std::mem::take(&mut pending.loaded);
        self.prepare(conn, pending, &ids, now)
    }

    /// Gathers articles that are to be taken out.
    pub fn remove(&self, conn: &mut Conn, pending: &mut Pending, ids: &[i64]) -> Result<()> {
        self.forget(conn, pending, ids)
    }

    fn gather(
        &self,
        conn: &mut Conn,
        pending: &mut Pending,
        documents: Vec<Document>,
    ) -> Result<()> {
        pending.waiting_bytes += documents.iter().map(documents::size).sum::<usize>();
        pending.waiting.extend(documents);
        match pending.waiting.len() >= GATHERED || pending.waiting_bytes >= GATHERED_BYTES {
            true => self.settle(conn, pending),
            false => Ok(()),
        }
    }

    /// Takes articles out of what is gathered, and has [`Index::commit`] take them out of the rest.
    fn forget(&self, conn: &mut Conn, pending: &mut Pending, ids: &[i64]) -> Result<()> {
        let gone: HashSet<i64> = ids.iter().copied().collect();
        pending
            .waiting
            .retain(|document| !gone.contains(&document.article_id));
        if !pending.own.is_empty() {
            let own: Vec<i64> = pending.own.iter().map(|row| row.id).collect();
            let segments = super::in_order(&own, &headers(conn, &own)?)?;
            let found = self.find(conn, &segments, ids)?;
            mark(conn, &mut pending.own, found)?;
        }
        pending.replaced.extend(ids);
        Ok(())
    }

    /// Makes a segment of the documents that wait. A transaction does this before it stamps, to be done sooner from then on.
    pub fn settle(&self, conn: &mut Conn, pending: &mut Pending) -> Result<()> {
        let documents = std::mem::take(&mut pending.waiting);
        pending.waiting_bytes = 0;
        if documents.is_empty() {
            return Ok(());
        }
        let id = store::search::begin(conn, FORMAT)?;
        let reach = Within::new(conn);
        let mut pages = Writing::new(&reach);
        let made = build(id, &documents, &mut pages)?;
        pages.flush()?;
        drop(documents);
        pending.own.push(complete(conn, id, FORMAT, &made)?);
        self.merge_crowded(conn, &mut pending.own, Room::ANY)
    }

    /// Writes what was gathered. The transaction has the lock that a stamp takes, and commits right afterwards.
    pub fn commit(&self, conn: &mut Conn, mut pending: Pending, room: Room) -> Result<()> {
        self.settle(conn, &mut pending)?;
        if pending.is_empty() {
            return Ok(());
        }
        let own: HashSet<i64> = pending.own.iter().map(|row| row.id).collect();
        let mut rows = store::search::live(conn)?;
        pending.replaced.sort_unstable();
        pending.replaced.dedup();
        if !pending.replaced.is_empty() {
            rows.retain(|row| !own.contains(&row.id));
            let segments = self.open(conn, &rows)?;
            for ids in pending.replaced.chunks(TOGETHER) {
                let found = self.find(conn, &segments, ids)?;
                mark(conn, &mut rows, found)?;
            }
            rows.extend(pending.own);
        }
        let (gone, mut rows): (Vec<SegmentRow>, Vec<SegmentRow>) =
            rows.into_iter().partition(|row| levels::left(row) == 0);
        remove(conn, &gone)?;
        self.merge_crowded(conn, &mut rows, room)?;
        if levels::due(&rows).is_some() {
            self.work.notify_one();
        }
        Ok(())
    }

    /// Where articles stand: the numbers of their documents by segment.
    fn find(
        &self,
        conn: &mut Conn,
        segments: &[Segment],
        articles: &[i64],
    ) -> Result<BTreeMap<i64, Vec<u32>>> {
        let reach = Within::new(conn);
        let mut pages = self.reading(&reach, false);
        let mut found: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (at, document) in Segment::find_all(segments, articles, &mut pages)? {
            if let Some(segment) = segments.get(at) {
                found.entry(segment.id).or_default().push(document);
            }
        }
        Ok(found)
    }

    /// Merges what is crowded, as far as there is room.
    fn merge_crowded(&self, conn: &mut Conn, rows: &mut Vec<SegmentRow>, room: Room) -> Result<()> {
        while let Some(chosen) = levels::crowded(rows, room.documents, room.bytes) {
            let merged = self.merge_here(conn, &chosen)?;
            remove(conn, &chosen)?;
            rows.retain(|row| chosen.iter().all(|gone| gone.id != row.id));
            rows.extend(merged);
        }
        Ok(())
    }

    /// Makes one segment of several, all within the transaction.
    fn merge_here(&self, conn: &mut Conn, rows: &[SegmentRow]) -> Result<Option<SegmentRow>> {
        let Some(format) = rows.first().map(|row| row.format) else {
            return Ok(None);
        };
        let inputs = stored(conn, rows)?;
        let id = store::search::begin(conn, format)?;
        let reach = Within::new(conn);
        let mut sink = Writing::new(&reach);
        let (made, _) = merge(id, &inputs, &mut self.reading(&reach, false), &mut sink)?;
        sink.flush()?;
        complete(conn, id, format, &made).map(Some)
    }
}

/// Segments as this transaction sees them.
pub(super) fn stored(conn: &mut Conn, rows: &[SegmentRow]) -> Result<Vec<(Segment, Deletions)>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let segments = super::in_order(&ids, &headers(conn, &ids)?)?;
    let mut deletions = stored_deletions(conn, &ids)?;
    Ok(segments
        .into_iter()
        .map(|segment| {
            let deletions = deletions.remove(&segment.id).unwrap_or_default();
            (segment, deletions)
        })
        .collect())
}

/// Has a segment that was begun be searched.
fn complete(conn: &mut Conn, id: i64, format: i16, made: &Made) -> Result<SegmentRow> {
    let row = SegmentRow {
        id,
        format,
        documents: i64::from(made.documents),
        deleted: 0,
        bytes: i64::try_from(made.bytes).unwrap_or(i64::MAX),
    };
    let completed = Completed {
        documents: row.documents,
        deleted: 0,
        bytes: row.bytes,
        header: &made.header,
    };
    match store::search::complete(conn, id, &completed)? {
        true => Ok(row),
        false => Err(Error::internal(
            "a segment that was just begun is not there",
        )),
    }
}

/// Marks documents, by segment, as no longer so; `rows` say so afterwards.
pub(super) fn mark(
    conn: &mut Conn,
    rows: &mut [SegmentRow],
    documents: BTreeMap<i64, Vec<u32>>,
) -> Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = documents.keys().copied().collect();
    let mut stored = stored_deletions(conn, &ids)?;
    let mut pieces = Vec::new();
    let mut counts = Vec::new();
    for (segment, documents) in documents {
        let deletions = stored.entry(segment).or_default();
        let (changed, added) = deletions.add(&documents);
        pieces.extend(
            changed
                .into_iter()
                .map(|(number, bits)| (segment, i64::from(number), bits)),
        );
        if added > 0 {
            counts.push([segment, i64::from(added)]);
        }
        for row in rows.iter_mut().filter(|row| row.id == segment) {
            row.deleted += i64::from(added);
        }
    }
    store::search::put_deletions(conn, &pieces)?;
    store::search::count_deleted(conn, &counts)
}

/// Removes segments at once, with their pages.
fn remove(conn: &mut Conn, rows: &[SegmentRow]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    for row in rows {
        store::search::remove_pages(conn, &pages_of(row.id), i64::MAX)?;
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    store::search::remove(conn, &ids)
}

/// The ids of the pages of a segment.
pub(super) fn pages_of(segment: i64) -> std::ops::Range<i64> {
    let (begin, end) = PageId::of_segment(segment);
    begin.0..end.0
}
