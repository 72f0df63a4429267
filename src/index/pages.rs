//! Pages in the database: read through what is kept at hand, written many at a time. Knows nothing of what is in them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::search::pages::{PageId, Pages, Sink};
use crate::store::{self, Conn, Store};

/// Bytes of pages that are written together.
const TOGETHER: usize = 2 << 20;

/// Bytes that a page takes beside its data, about.
const BESIDE: usize = 128;

/// Pages that were read lately, of segments that are committed. What a transaction has written itself must not be among them: where
/// it is rolled back the same id may come again with other data.
pub(super) type Shared = moka::sync::Cache<PageId, Arc<[u8]>>;

/// Room for pages of so many bytes.
pub(super) fn shared(bytes: u64) -> Shared {
    moka::sync::Cache::builder()
        .max_capacity(bytes)
        .weigher(|_, data: &Arc<[u8]>| u32::try_from(data.len() + BESIDE).unwrap_or(u32::MAX))
        .build()
}

/// How pages are reached.
pub(super) trait Reach {
    /// Reads.
    fn read<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T>;
    /// Writes.
    fn write<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T>;
}

/// Within one transaction.
pub(super) struct Within<'c>(RefCell<&'c mut Conn>);

impl<'c> Within<'c> {
    pub(super) fn new(conn: &'c mut Conn) -> Self {
        Self(RefCell::new(conn))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self
            .0
            .try_borrow_mut()
            .map_err(|e| Error::Internal(e.into()))?;
        f(&mut conn)
    }
}

impl Reach for Within<'_> {
    fn read<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.with(f)
    }

    fn write<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.with(f)
    }
}

/// Each time on a connection of its own, so that nobody waits for long.
pub(super) struct Apart<'s>(pub &'s Store);

impl Reach for Apart<'_> {
    fn read<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.0.read_blocking(f)
    }

    fn write<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.0.write_blocking(f)
    }
}

/// Reads pages.
pub(super) struct Reading<'r, R> {
    pub(super) reach: &'r R,
    pub(super) shared: &'r Shared,
    /// Whether what is read is kept at hand.
    pub(super) is_kept: bool,
}

impl<R: Reach> Pages for Reading<'_, R> {
    fn read(&mut self, ids: &[PageId]) -> Result<Vec<Arc<[u8]>>> {
        let mut found: Vec<Option<Arc<[u8]>>> = ids.iter().map(|id| self.shared.get(id)).collect();
        let missing: Vec<i64> = ids
            .iter()
            .zip(&found)
            .filter_map(|(id, found)| found.is_none().then_some(id.0))
            .collect();
        if !missing.is_empty() {
            let read: HashMap<i64, Arc<[u8]>> = self
                .reach
                .read(|conn| store::search::pages(conn, &missing))?
                .into_iter()
                .map(|(id, data)| (id, data.into()))
                .collect();
            for (id, found) in ids.iter().zip(&mut found) {
                if found.is_some() {
                    continue;
                }
                *found = read.get(&id.0).cloned();
                if let Some(data) = found
                    && self.is_kept
                {
                    self.shared.insert(*id, Arc::clone(data));
                }
            }
        }
        found
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .ok_or_else(missing_page)
    }
}

fn missing_page() -> Error {
    Error::internal("a page of the search index is missing; `masthead reindex` makes it anew")
}

/// Writes pages, some together.
pub(super) struct Writing<'w, R> {
    reach: &'w R,
    waiting: Vec<(i64, Vec<u8>)>,
    bytes: usize,
}

impl<'w, R: Reach> Writing<'w, R> {
    pub(super) fn new(reach: &'w R) -> Self {
        Self {
            reach,
            waiting: Vec::new(),
            bytes: 0,
        }
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> Result<()> {
        let mut pages = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        if pages.is_empty() {
            return Ok(());
        }
        // In the order of the key: neighbouring rows land on the same pages of the database.
        pages.sort_unstable_by_key(|(id, _)| *id);
        self.reach
            .write(|conn| store::search::insert_pages(conn, &pages))
    }
}

impl<R: Reach> Sink for Writing<'_, R> {
    fn write(&mut self, id: PageId, data: Vec<u8>) -> Result<()> {
        self.bytes += data.len();
        self.waiting.push((id.0, data));
        match self.bytes >= TOGETHER {
            true => self.flush(),
            false => Ok(()),
        }
    }
}
