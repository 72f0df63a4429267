//! What is done beside the requests: larger merges, articles that wait, and what killed processes leave. Knows not when.

use std::collections::BTreeMap;

use super::pages::{Apart, Writing};
use super::saving::{mark, pages_of, stored};
use super::{Index, Pending, Room, levels, stored_deletions};
use crate::error::{Error, Result};
use crate::models::subject::Subject;
use crate::models::time::Ts;
use crate::search::FORMAT;
use crate::search::segment::{Deletions, Made, Moved, Segment, merge};
use crate::store::search::{Completed, SegmentRow};
use crate::store::{self, Alone, Conn, Store, touched};

/// Articles that wait which are indexed in one transaction. Others wait for the lock meanwhile.
const QUEUED: i64 = 50;

/// Pages that are removed in one transaction.
const REMOVED: i64 = 1_000;

/// How the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Segments that are searched.
    pub segments: usize,
    /// Those of them that were made by other rules than those of this version.
    pub outdated: usize,
    /// Documents that are left in them.
    pub documents: i64,
    /// Whether a migration asks for an index.
    pub is_missing: bool,
    /// Whether there is something to tend.
    pub has_work: bool,
}

impl Index {
    /// How the index is.
    pub fn state(&self, conn: &mut Conn) -> Result<State> {
        let rows = store::search::live(conn)?;
        let is_missing = store::maintenance::is_search_due(conn)?;
        let has_work = is_missing
            || levels::due(&rows).is_some()
            || store::search::is_waiting(conn)?
            || !store::search::not_live(conn)?.is_empty();
        Ok(State {
            segments: rows.len(),
            outdated: rows.iter().filter(|row| row.format != FORMAT).count(),
            documents: rows.iter().map(levels::left).sum(),
            is_missing,
            has_work,
        })
    }

    /// Waits until there may be something to tend.
    pub async fn wanted(&self) {
        self.work.notified().await;
    }

    /// Says that there may be something to tend.
    pub fn want(&self) {
        self.work.notify_one();
    }

    /// Indexes the articles that wait. `now` is asked again for each transaction. Blocks the calling thread.
    pub fn drain(&self, store: &Store, now: impl Fn() -> Ts) -> Result<()> {
        while store.write_blocking(|conn| {
            // Who reads them with the lock reads what everybody else has committed; who commits later knows better.
            store::stamps::hold(conn)?;
            let ids = store::search::take(conn, QUEUED)?;
            if ids.is_empty() {
                return Ok(false);
            }
            let mut pending = Pending::default();
            self.prepare(conn, &mut pending, &ids, now())?;
            self.commit(conn, pending, Room::SMALL)?;
            touched::touch(Subject::Index);
            Ok(true)
        })? {}
        Ok(())
    }

    /// Does all merges that are due and removes what is left over, unless another process does. Blocks the calling thread.
    pub fn tidy(&self, store: &Store) -> Result<()> {
        let has_work = |conn: &mut Conn| {
            Ok(levels::due(&store::search::live(conn)?).is_some()
                || !store::search::not_live(conn)?.is_empty())
        };
        if !store.read_blocking(has_work)? {
            return Ok(());
        }
        let done = store.alone(Alone::Merging, || {
            // Who makes one by saving commits it when it is made, so these are of processes that are no more.
            sweep(store)?;
            while let Some(rows) =
                store.read_blocking(|conn| Ok(levels::due(&store::search::live(conn)?)))?
            {
                if !self.merge_apart(store, &rows)? {
                    // Others change what it would be made of: later.
                    self.want();
                    break;
                }
                sweep(store)?;
            }
            Ok(())
        })?;
        done.map_or(Ok(()), Ok)
    }

    /// Makes one segment of several while others go on, and puts it in their place. Tells whether that was possible.
    fn merge_apart(&self, store: &Store, rows: &[SegmentRow]) -> Result<bool> {
        let Some(format) = rows.first().map(|row| row.format) else {
            return Ok(false);
        };
        let inputs = store
            .read_blocking(|conn| store::connection::snapshot(conn, |conn| stored(conn, rows)));
        let inputs = match inputs {
            Ok(inputs) => inputs,
            Err(error) => return self.given_up(store, rows, error),
        };
        let id = store.write_blocking(|conn| store::search::begin(conn, format))?;
        let reach = Apart(store);
        let mut sink = Writing::new(&reach);
        let merged = merge(id, &inputs, &mut self.reading(&reach, false), &mut sink)
            .and_then(|merged| sink.flush().map(|()| merged))
            .and_then(|merged| {
                store.write_blocking(|conn| {
                    touched::touch(Subject::Index);
                    put_in_place(conn, id, rows, &inputs, &merged)
                })
            });
        match merged {
            Ok(true) => Ok(true),
            Ok(false) => sweep(store).map(|()| false),
            Err(error) => {
                sweep(store)?;
                self.given_up(store, rows, error)
            }
        }
    }

    /// A merge that failed because somebody else removed what it was reading is no failure.
    fn given_up(&self, store: &Store, rows: &[SegmentRow], error: Error) -> Result<bool> {
        let live = store.read_blocking(store::search::live)?;
        match are_live(rows, &live) {
            true => Err(error),
            false => Ok(false),
        }
    }
}

/// Whether all of `rows` are searched still.
fn are_live(rows: &[SegmentRow], live: &[SegmentRow]) -> bool {
    let is_live = |row: &SegmentRow| {
        live.iter()
            .any(|l| (l.id, l.format) == (row.id, row.format))
    };
    rows.iter().all(is_live)
}

/// Has a merged segment be searched in the place of what it was made of, with what is gone of that by now. Short, because others wait.
fn put_in_place(
    conn: &mut Conn,
    id: i64,
    rows: &[SegmentRow],
    inputs: &[(Segment, Deletions)],
    (made, moved): &(Made, Moved),
) -> Result<bool> {
    store::stamps::hold(conn)?;
    let live = store::search::live(conn)?;
    if !are_live(rows, &live) {
        return Ok(false);
    }
    // Those that others took documents out of meanwhile.
    let changed: Vec<i64> = rows
        .iter()
        .filter(|row| {
            live.iter()
                .any(|l| l.id == row.id && l.deleted != row.deleted)
        })
        .map(|row| row.id)
        .collect();
    let present = match changed.is_empty() {
        true => std::collections::HashMap::new(),
        false => stored_deletions(conn, &changed)?,
    };
    let mut gone = Vec::new();
    for (at, (segment, before)) in inputs.iter().enumerate() {
        if let Some(present) = present.get(&segment.id) {
            let new = (0..segment.documents()).filter(|d| present.has(*d) && !before.has(*d));
            gone.extend(new.filter_map(|document| moved.of(at, document)));
        }
    }
    let mut row = SegmentRow {
        id,
        format: 0,
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
    if !store::search::complete(conn, id, &completed)? {
        return Ok(false);
    }
    if !gone.is_empty() {
        mark(
            conn,
            std::slice::from_mut(&mut row),
            BTreeMap::from([(id, gone)]),
        )?;
    }
    let mut retired: Vec<i64> = rows.iter().map(|row| row.id).collect();
    if levels::left(&row) == 0 {
        retired.push(id);
    }
    store::search::retire(conn, &retired)?;
    Ok(true)
}

/// Removes segments that are not searched, a few pages at a time.
fn sweep(store: &Store) -> Result<()> {
    for id in store.read_blocking(store::search::not_live)? {
        let pages = pages_of(id);
        while store.write_blocking(|conn| store::search::remove_pages(conn, &pages, REMOVED))? > 0 {
        }
        store.write_blocking(|conn| store::search::remove(conn, &[id]))?;
    }
    Ok(())
}
