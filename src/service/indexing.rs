//! Keeping the search index beside the requests. What is in it is for `index` to say.

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::index::Index;
use crate::models::time::Ts;
use crate::store::Store;

pub use crate::index::Progress;

/// Use cases on the search index as a whole.
#[derive(Clone)]
pub struct Indexing {
    store: Store,
    clock: Clock,
    index: Index,
}

/// How the index is, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether it is as it should be.
    pub ok: bool,
    /// What it is.
    pub text: String,
}

impl Indexing {
    pub(super) fn new(store: Store, clock: Clock, index: Index) -> Self {
        Self {
            store,
            clock,
            index,
        }
    }

    /// Looks at what there is to do before a server starts. Blocks the calling thread.
    pub fn prepare(&self) -> Result<()> {
        let state = self.store.read_blocking(|conn| self.index.state(conn))?;
        if state.outdated > 0 {
            tracing::warn!(
                segments = state.outdated,
                "part of the search index was made by another version: `masthead reindex --search-only` makes it anew"
            );
        }
        if state.has_work {
            self.index.want();
        }
        Ok(())
    }

    /// How the index is. Blocks the calling thread.
    pub fn check(&self) -> Result<Report> {
        let state = self.store.read_blocking(|conn| self.index.state(conn))?;
        let of = format!(
            "{} articles in {} segments",
            state.documents, state.segments
        );
        Ok(match (state.is_missing, state.outdated) {
            (true, _) => Report {
                ok: false,
                text: format!(
                    "search index: {of}, not complete yet: `masthead serve` goes on with it, `masthead reindex` makes it at once"
                ),
            },
            (false, 0) => Report {
                ok: true,
                text: format!("search index: {of}"),
            },
            (false, outdated) => Report {
                ok: false,
                text: format!(
                    "search index: {of}, {outdated} of another version: run `masthead reindex`"
                ),
            },
        })
    }

    /// Waits until there may be something to tend.
    pub async fn wanted(&self) {
        self.index.wanted().await;
    }

    /// Does what there is to do: makes the index where a migration asks for it, indexes articles that wait, merges, removes what is left
    /// over.
    pub async fn tend(&self) -> Result<()> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.tend_blocking())
            .await
            .map_err(|e| Error::Internal(e.into()))?
    }

    /// [`Indexing::tend`] on the calling thread.
    pub fn tend_blocking(&self) -> Result<()> {
        let state = self.store.read_blocking(|conn| self.index.state(conn))?;
        if state.is_missing {
            tracing::info!("indexing for search what is there already");
            self.rebuild(|_| ())?;
        }
        self.index.drain(&self.store, || self.now())?;
        self.index.tidy(&self.store)
    }

    /// Makes the index anew while everything goes on; returns how many articles there are. Blocks the calling thread.
    pub fn rebuild(&self, progress: impl FnMut(Progress)) -> Result<u64> {
        self.index.rebuild(&self.store, || self.now(), progress)
    }

    fn now(&self) -> Ts {
        Ts::from(self.clock.now())
    }
}
