//! The index is made anew while everything goes on: what is there is searched until something newer stands in its place.

use super::{Index, Pending, Room};
use crate::error::{Error, Result};
use crate::models::subject::Subject;
use crate::models::time::Ts;
use crate::store::{self, Alone, Store, touched};

/// Articles that are indexed in one transaction. Others wait for the lock meanwhile.
const TOGETHER: i64 = 100;

/// Transactions between two looks at whether something is to be merged.
const LOOKS: u64 = 20;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Articles that were looked at.
    pub articles: u64,
    /// Articles that there are, about.
    pub of: u64,
}

impl Index {
    /// Makes the index anew; returns how many articles there are. `now` is asked again for each transaction. Where it is broken off,
    /// what is searched is complete, and it can begin again. Blocks the calling thread.
    pub fn rebuild(
        &self,
        store: &Store,
        now: impl Fn() -> Ts,
        mut progress: impl FnMut(Progress),
    ) -> Result<u64> {
        let rebuilt = store.alone(Alone::Rebuilding, || {
            let of = store.write_blocking(|conn| {
                store::stamps::hold(conn)?;
                store::search::age(conn)?;
                store::articles::count_all(conn)
            })?;
            let mut articles = 0;
            let mut after = 0;
            for round in 0_u64.. {
                let found = store.write_blocking(|conn| {
                    // As in `drain`.
                    store::stamps::hold(conn)?;
                    let ids = store::articles::page_of_ids(conn, None, after, TOGETHER)?;
                    let mut pending = Pending::default();
                    self.prepare(conn, &mut pending, &ids, now())?;
                    self.commit(conn, pending, Room::SMALL)?;
                    touched::touch(Subject::Index);
                    Ok(ids)
                })?;
                let Some(last) = found.last() else { break };
                after = *last;
                articles += u64::try_from(found.len()).unwrap_or_default();
                progress(Progress { articles, of });
                if round % LOOKS == LOOKS - 1 {
                    self.tidy(store)?;
                }
            }
            store.write_blocking(|conn| {
                store::stamps::hold(conn)?;
                let rows = store::search::live(conn)?;
                let old: Vec<i64> = rows.iter().filter(|r| r.format < 0).map(|r| r.id).collect();
                store::search::retire(conn, &old)?;
                touched::touch(Subject::Index);
                store::maintenance::finish_search(conn)
            })?;
            self.tidy(store)?;
            Ok(articles)
        })?;
        rebuilt.ok_or_else(|| {
            Error::Unavailable(
                "another process makes the search index anew just now; wait until it is done"
                    .into(),
            )
        })
    }
}
