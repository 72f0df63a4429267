//! Who may have work done that takes a connection, and who waits for it: as many work as there are connections for that, a bounded
//! number waits its turn, and everybody else is told at once to come again. Knows no connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// Writes that have a thread where only one of them can have a connection.
const WRITES_READY: usize = 4;

/// A place to work at. It goes with the work, which goes on where the request is given up.
pub(super) type Place = OwnedSemaphorePermit;

/// Whose work takes connections. Where all of these are of one pool, what takes its time never has all of them.
#[derive(Clone)]
pub(super) struct Doors {
    /// Reading what is short.
    pub(super) reads: Admission,
    /// Reading what takes its time: searches, and long reads.
    pub(super) heavy_reads: Admission,
    /// Those of these whose work may grow with the data, so that they do not keep the others from theirs.
    pub(super) long_reads: Admission,
    /// Writing.
    pub(super) writes: Admission,
}

impl Doors {
    /// For `connections`, with a queue of `queue` for each. Writes have few: most of what one does is to wait for another, and where there is
    /// one connection for them, a few others are ready when it becomes free.
    pub(super) fn new(
        connections: u32,
        is_one_pool: bool,
        queue: usize,
        patience: Duration,
    ) -> Self {
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        let (heavy, writes) = match is_one_pool {
            true => (connections / 3 * 2, connections / 4),
            false => (connections, WRITES_READY),
        };
        let door = |places| Admission::new(places, queue, patience);
        Self {
            reads: door(connections),
            heavy_reads: door(heavy),
            long_reads: door(connections / 2),
            writes: door(writes),
        }
    }
}

/// The door to the places for work of one kind.
#[derive(Clone)]
pub(super) struct Admission {
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// How many may wait.
    most: usize,
    /// How long they do.
    patience: Duration,
}

impl Admission {
    /// `places` to work at, at least one, and for each of them a queue of `queue`.
    pub(super) fn new(places: usize, queue: usize, patience: Duration) -> Self {
        let places = places.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: Arc::default(),
            most: places.saturating_mul(queue),
            patience,
        }
    }

    /// A place, in the order of arrival.
    ///
    /// # Errors
    ///
    /// `Unavailable`, at once where too many wait already, or after waiting as long as a request does.
    pub(super) async fn enter(&self) -> Result<Place> {
        // Nobody is overtaken here: a place that becomes free goes to the first who waits.
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _turn = self.line_up()?;
        tokio::time::timeout(self.patience, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|e| Error::Unavailable(e.into()))?
            .map_err(|e| Error::Internal(e.into()))
    }

    /// A turn in the queue, which lasts until it is dropped.
    fn line_up(&self) -> Result<Turn> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let turn = Turn(Arc::clone(&self.waiting));
        match before < self.most {
            true => Ok(turn),
            false => Err(Error::Unavailable(
                format!("{before} requests wait for a connection already").into(),
            )),
        }
    }
}

/// One of those who wait.
struct Turn(Arc<AtomicUsize>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(3600);

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[actix_web::test]
    async fn as_many_work_as_there_are_places_and_a_bounded_number_waits() {
        let door = Admission::new(2, 1, PATIENCE);
        let (first, second) = (door.enter().await.unwrap(), door.enter().await.unwrap());
        let mut third = Box::pin(door.enter());
        let mut fourth = Box::pin(door.enter());
        assert!(poll(third.as_mut()).is_pending());
        assert!(poll(fourth.as_mut()).is_pending());
        assert!(matches!(door.enter().await, Err(Error::Unavailable(_))));

        drop(first);
        let Poll::Ready(Ok(third)) = poll(third.as_mut()) else {
            panic!("who came first has the place");
        };
        assert!(poll(fourth.as_mut()).is_pending());
        // Who has a place waits no longer, nor who gave up.
        let mut fifth = Box::pin(door.enter());
        assert!(poll(fifth.as_mut()).is_pending());
        drop(fifth);
        drop(fourth);
        let mut sixth = pin!(door.enter());
        assert!(poll(sixth.as_mut()).is_pending());
        drop((second, third));
        assert!(poll(sixth.as_mut()).is_ready());
        assert_eq!(door.waiting.load(Ordering::Relaxed), 0);
    }

    #[actix_web::test]
    async fn nobody_waits_for_ever() {
        let door = Admission::new(1, 1, Duration::from_millis(1));
        let _place = door.enter().await.unwrap();
        assert!(matches!(door.enter().await, Err(Error::Unavailable(_))));
    }

    #[actix_web::test]
    async fn without_a_queue_nobody_waits() {
        let door = Admission::new(0, 0, PATIENCE);
        let place = door.enter().await.unwrap();
        assert!(matches!(door.enter().await, Err(Error::Unavailable(_))));
        drop(place);
        assert!(door.enter().await.is_ok());
    }
}
