//! Reads for the public: from a replica where one is not behind, else as everything else is read.

use std::sync::Arc;

use super::admission::{Doors, Place};
use super::connection::Conn;
use super::pool::Store;
use super::replicas::{PATIENCE, Replica, Replicas};
use crate::error::{Error, Result};

/// Where answers for the public are read. What this instance has written, or was told of by another, is seen.
///
/// Work is `Clone` so that it can be done again: what a replica fails to read is read on the primary.
#[derive(Clone)]
pub struct Delivery {
    store: Store,
    /// None where there is none at all.
    replicas: Option<Arc<Replicas>>,
}

impl Delivery {
    pub(super) fn new(store: Store, replicas: Arc<Replicas>) -> Self {
        let replicas = (!replicas.is_empty()).then_some(replicas);
        Self { store, replicas }
    }

    /// [`Store::read`].
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        match self.at_replica(Weight::Short, &f).await {
            Some(value) => value,
            None => self.store.read(f).await,
        }
    }

    /// [`Store::read_long`].
    pub async fn read_long<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        match self.at_replica(Weight::Long, &f).await {
            Some(value) => value,
            None => self.store.read_long(f).await,
        }
    }

    /// [`Store::read_short`].
    pub async fn read_short<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        match self.at_replica(Weight::Short, &f).await {
            Some(value) => value,
            None => self.store.read_short(f).await,
        }
    }

    /// [`Store::read_then`].
    pub async fn read_then<T: Send + 'static, U: Send + 'static>(
        &self,
        is_long: bool,
        f: impl FnOnce(&mut Conn) -> Result<T> + Clone + Send + 'static,
        then: impl FnOnce(T) -> U + Clone + Send + 'static,
    ) -> Result<U> {
        let both = self.replicas.is_some().then(|| {
            let (f, then) = (f.clone(), then.clone());
            move |replica: &Replica| run(replica, f).map(|read| read.map(then))
        });
        let found = match both {
            Some(both) if is_long => self.on_replica(Weight::Long, both).await,
            Some(both) => self.on_replica(Weight::Heavy, both).await,
            None => None,
        };
        match found {
            Some(value) => value,
            None => self.store.read_then(is_long, f, then).await,
        }
    }

    async fn at_replica<T: Send + 'static>(
        &self,
        weight: Weight,
        f: &(impl FnOnce(&mut Conn) -> Result<T> + Clone + Send + 'static),
    ) -> Option<Result<T>> {
        self.replicas.as_ref()?;
        let f = f.clone();
        self.on_replica(weight, |replica| run(replica, f)).await
    }

    /// What `work` makes of a replica; `None` where no replica could do it.
    async fn on_replica<T: Send + 'static>(
        &self,
        weight: Weight,
        work: impl FnOnce(&Replica) -> Option<Result<T>> + Send + 'static,
    ) -> Option<Result<T>> {
        let replicas = Arc::clone(self.replicas.as_ref()?);
        let at = replicas.choose()?;
        // Where too many wait for it, the primary is not to get them all.
        let places = match weight.enter(&replicas.get(at)?.doors).await {
            Ok(places) => places,
            Err(error) => return Some(Err(error)),
        };
        let done = tokio::task::spawn_blocking(move || {
            let outcome = work(replicas.get(at)?);
            drop(places);
            outcome
        });
        match done.await {
            Ok(outcome) => outcome,
            Err(e) => Some(Err(Error::Internal(e.into()))),
        }
    }
}

/// How much work it may be to read something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// As for [`Store::read`].
    Short,
    /// As for a search.
    Heavy,
    /// As for [`Store::read_long`].
    Long,
}

impl Weight {
    /// The places that such work takes.
    async fn enter(self, doors: &Doors) -> Result<Vec<Place>> {
        Ok(match self {
            Self::Short => vec![doors.reads.enter().await?],
            Self::Heavy => vec![doors.heavy_reads.enter().await?],
            Self::Long => {
                let long = doors.long_reads.enter().await?;
                vec![doors.heavy_reads.enter().await?, long]
            }
        })
    }
}

/// Reads from a replica; `None` where that has to be done elsewhere.
fn run<T>(replica: &Replica, f: impl FnOnce(&mut Conn) -> Result<T>) -> Option<Result<T>> {
    let mut slot = replica.pool.get_timeout(PATIENCE).ok()?;
    match slot.run(f) {
        Err(Error::Unavailable(_)) => {
            replica.leave_out();
            None
        }
        outcome => Some(outcome),
    }
}
