//! Group commit: many small writes share one transaction. Requests that arrive while one commits go into the next, so the
//! batch grows with the load by itself. Knows nothing of what is written.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::connection::Conn;
use super::pool::Store;
use crate::error::{Error, Result};

/// Requests that may wait; beyond that, whoever comes is told to come later.
const QUEUE: usize = 16_384;

/// What is written together.
pub trait Batch: Send + 'static {
    /// One request.
    type Item: Send + 'static;
    /// What it gets.
    type Answer: Send + 'static;

    /// How much work an item is, in those that are no work to speak of.
    fn weight(item: &Self::Item) -> usize;

    /// Writes `items` in a transaction that is open; gives each its answer, in their order. It may be called again with the same
    /// items where the transaction failed.
    fn write(&mut self, conn: &mut Conn, items: &[Self::Item])
    -> Result<Vec<Result<Self::Answer>>>;

    /// Told once a transaction was committed, or was not; also where `write` panicked.
    fn ended(&mut self, is_committed: bool);

    /// Does what waits while nobody asks for anything, and says when to be asked next.
    fn rest(&mut self, store: &Store) -> Result<Duration>;
}

/// A request on its way.
struct Job<B: Batch> {
    item: B::Item,
    answer: oneshot::Sender<Result<B::Answer>>,
}

/// The way to the one thread that writes. The thread ends with the last of the clones.
pub struct GroupCommit<B: Batch> {
    jobs: SyncSender<Job<B>>,
}

impl<B: Batch> GroupCommit<B> {
    /// Starts the thread; at most `most` requests share a commit.
    pub fn start(store: Store, batch: B, most: usize) -> Result<Self> {
        let (jobs, received) = mpsc::sync_channel(QUEUE);
        let worker = Worker { store, batch, most };
        std::thread::Builder::new()
            .name("group-commit".to_owned())
            .spawn(move || worker.run(&received))
            .map_err(|e| Error::Internal(e.into()))?;
        Ok(Self { jobs })
    }

    /// Writes `item`; it is durable when this returns `Ok`.
    pub async fn write(&self, item: B::Item) -> Result<B::Answer> {
        let (answer, answered) = oneshot::channel();
        self.jobs
            .try_send(Job { item, answer })
            .map_err(|refused| match refused {
                TrySendError::Full(_) => Error::Unavailable("too many writes wait".into()),
                TrySendError::Disconnected(_) => Error::internal("the thread that writes is gone"),
            })?;
        answered
            .await
            .map_err(|_| Error::internal("the thread that writes dropped a request"))?
    }
}

struct Worker<B: Batch> {
    store: Store,
    batch: B,
    most: usize,
}

impl<B: Batch> Worker<B> {
    fn run(mut self, jobs: &Receiver<Job<B>>) {
        let mut patience = Duration::ZERO;
        loop {
            match jobs.recv_timeout(patience) {
                Ok(first) => {
                    self.serve(first, jobs);
                    patience = PAUSE;
                }
                Err(RecvTimeoutError::Timeout) => {
                    let (batch, store) = (&mut self.batch, &self.store);
                    patience = caught(|| batch.rest(store)).unwrap_or_else(|error| {
                        tracing::warn!(
                            error = error.chain(),
                            "adding up failed; it is tried again"
                        );
                        RETRY
                    });
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Writes what waits, and tells everybody.
    fn serve(&mut self, first: Job<B>, jobs: &Receiver<Job<B>>) {
        let mut weight = B::weight(&first.item);
        let more = std::iter::from_fn(|| {
            let job = (weight < HEAVIEST).then(|| jobs.try_recv().ok())??;
            weight += B::weight(&job.item);
            Some(job)
        });
        let (items, answers): (Vec<B::Item>, Vec<_>) = std::iter::once(first)
            .chain(more)
            .take(self.most)
            // Nobody waits for it any more: it was told to come later.
            .filter(|job| !job.answer.is_closed())
            .map(|job| (job.item, job.answer))
            .unzip();
        if items.is_empty() {
            return;
        }
        for (answer, outcome) in answers.into_iter().zip(self.settle(&items)) {
            // Who went away meanwhile was written all the same.
            answer.send(outcome).ok();
        }
    }

    /// Writes `items` together, or where one of them makes that fail, the others without it: halves of halves, so that one costs few
    /// transactions more.
    fn settle(&mut self, items: &[B::Item]) -> Vec<Result<B::Answer>> {
        match self.commit(items) {
            Ok(outcomes) => outcomes,
            Err(Failure::OfItems(_)) if items.len() > 1 => {
                let (first, second) = items.split_at(items.len() / 2);
                let mut outcomes = self.settle(first);
                outcomes.extend(self.settle(second));
                outcomes
            }
            Err(Failure::OfItems(error) | Failure::OfAll(error)) => {
                items.iter().map(|_| Err(same(&error))).collect()
            }
        }
    }

    /// One transaction. What failed before its commit certainly left nothing, and is tried again as long as that may help: after a
    /// restart of the database every connection fails once, and what adds up is left out the second time.
    fn commit(&mut self, items: &[B::Item]) -> Result<Vec<Result<B::Answer>>, Failure> {
        let mut attempts = self.store.connections().saturating_add(1);
        let mut is_first = true;
        loop {
            let mut is_written = false;
            let (batch, store) = (&mut self.batch, &self.store);
            let outcome = caught(|| {
                store.write_blocking(|conn| {
                    let answers = batch.write(conn, items)?;
                    is_written = true;
                    Ok(answers)
                })
            });
            self.batch.ended(outcome.is_ok());
            attempts = attempts.saturating_sub(1);
            match outcome {
                Ok(answers) => return Ok(answers),
                Err(error) if is_written => return Err(Failure::OfAll(error)),
                Err(Error::Unavailable(cause)) if attempts > 0 && is_lost(&cause) => {}
                Err(error @ Error::Unavailable(_)) => return Err(Failure::OfAll(error)),
                Err(error) if is_first => {
                    tracing::warn!(error = error.chain(), "writing failed; it is tried again");
                }
                Err(error) => return Err(Failure::OfItems(error)),
            }
            is_first = false;
        }
    }
}

/// Why nothing was written.
enum Failure {
    /// The database is not there, or nobody knows whether it was written.
    OfAll(Error),
    /// Something is wrong with one of the items, and perhaps not with the others.
    OfItems(Error),
}

/// What `f` gives; a panic in it is a failure, and no more than that.
fn caught<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    // What panicked in a transaction was rolled back, and `Batch::ended` forgets the rest.
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let said = panic_message(&*panic);
        Err(Error::internal(format!("panic: {said}")))
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

/// Once a batch is as heavy as this, nothing more is added: others wait for it.
const HEAVIEST: usize = 2_000;

/// How long nobody has to ask for anything before what waits is done.
const PAUSE: Duration = Duration::from_millis(250);

/// When what failed while nobody asked for anything is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Whether only the connection was lost, so that another one may do.
fn is_lost(cause: &crate::error::Cause) -> bool {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    if let Some(Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, _)) =
        cause.downcast_ref()
    {
        return true;
    }
    let text = cause.to_string();
    [
        "closed the connection",
        "terminating connection",
        "no connection to the server",
        "could not receive data",
        "could not send data",
        "SSL connection has been closed",
        "SSL SYSCALL error",
    ]
    .iter()
    .any(|known| text.contains(known))
}

/// The failure of a batch as each of its requests gets it.
fn same(error: &Error) -> Error {
    let told = error.chain();
    match error {
        Error::Unavailable(_) => Error::Unavailable(told.into()),
        _ => Error::Internal(told.into()),
    }
}
