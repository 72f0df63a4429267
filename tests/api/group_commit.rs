//! The queue of writes that share a commit: who gets which answer, and what one that fails does to the others. Knows nothing of counting.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use masthead::config::Config;
use masthead::error::{Error, Result};
use masthead::store::writer::{Batch, GroupCommit};
use masthead::store::{Conn, Store};

use crate::support::accounts::join_all;
use crate::support::{Backend, Database};

/// What a request of these tests does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Writes this number and is told it.
    Write(i64),
    /// Is refused by itself, as something that does not exist.
    Refuse,
    /// Ends the thread it runs on, unless somebody catches that.
    Panic,
    /// Makes the transaction fail.
    Fail,
    /// Loses the connection, some times, as after a restart of the database.
    Lose,
    /// Makes the commit fail.
    Break,
}

/// Writes wishes; before each transaction it waits for leave.
struct Wishes {
    leave: Receiver<()>,
    seen: Arc<Mutex<Vec<Vec<Wish>>>>,
    losses: u32,
    rests: Arc<AtomicU32>,
}

impl Batch for Wishes {
    type Item = Wish;
    type Answer = i64;

    fn weight(_: &Self::Item) -> usize {
        1
    }

    fn write(&mut self, conn: &mut Conn, wishes: &[Wish]) -> Result<Vec<Result<i64>>> {
        self.leave.recv().ok();
        self.seen.lock().unwrap().push(wishes.to_vec());
        let mut answers = Vec::new();
        for wish in wishes {
            answers.push(match *wish {
                Wish::Write(n) => {
                    let sql = format!("INSERT INTO numbers (id) VALUES ({n})");
                    conn.batch_execute(&sql)?;
                    Ok(n)
                }
                Wish::Refuse => Err(Error::KeyReused),
                Wish::Panic => panic!("a wish that panics"),
                Wish::Fail => return Err(Error::internal("a wish that fails")),
                Wish::Lose if self.losses > 0 => {
                    self.losses -= 1;
                    return Err(Error::Unavailable(
                        "server closed the connection unexpectedly".into(),
                    ));
                }
                Wish::Lose => Ok(-1),
                Wish::Break => {
                    conn.batch_execute("INSERT INTO followers (id) VALUES (999)")?;
                    Ok(-2)
                }
            });
        }
        Ok(answers)
    }

    fn ended(&mut self, _: bool) {}

    fn rest(&mut self, _: &Store) -> Result<Duration> {
        self.rests.fetch_add(1, Ordering::Relaxed);
        panic!("nobody rests here");
    }
}

/// A queue, and what holds its transactions back.
struct Queue {
    commits: GroupCommit<Wishes>,
    leave: SyncSender<()>,
    seen: Arc<Mutex<Vec<Vec<Wish>>>>,
    rests: Arc<AtomicU32>,
    database: Database,
}

/// More transactions than any of these tests makes.
const MANY: usize = 1_000;

impl Queue {
    fn open(backend: Backend) -> Option<Self> {
        let database = Database::migrated(backend)?;
        database.execute(
            "CREATE TABLE numbers (id bigint PRIMARY KEY); \
             CREATE TABLE followers (id bigint PRIMARY KEY REFERENCES numbers (id) DEFERRABLE INITIALLY DEFERRED)",
        );
        let config =
            Config::from_vars(|name| (name == "DATABASE_URL").then(|| database.url.clone()));
        let store = Store::open(&config.unwrap()).unwrap();
        let (leave, given) = sync_channel(MANY);
        let (seen, rests) = (Arc::default(), Arc::default());
        let wishes = Wishes {
            leave: given,
            seen: Arc::clone(&seen),
            losses: match backend {
                Backend::Sqlite => 1,
                Backend::Postgres => 3,
            },
            rests: Arc::clone(&rests),
        };
        Some(Self {
            commits: GroupCommit::start(store, wishes, 64).unwrap(),
            leave,
            seen,
            rests,
            database,
        })
    }

    /// Lets transactions go on, as many as there may be.
    fn go_on(&self) {
        while self.leave.try_send(()).is_ok() {}
    }

    /// What comes of wishes that are all in the queue before any is written; a number that nobody asked for is the first.
    async fn together(&self, wishes: &[Wish]) -> Vec<Result<i64>> {
        let all = std::iter::once(&Wish::Write(0)).chain(wishes);
        let mut all = pin!(join_all(all.map(|wish| self.commits.write(*wish))));
        let mut begun = false;
        let mut outcomes = std::future::poll_fn(|cx| {
            let poll = all.as_mut().poll(cx);
            if !begun {
                self.go_on();
                begun = true;
            }
            poll
        })
        .await;
        assert_eq!(told(&outcomes.remove(0)), "0");
        outcomes
    }

    fn numbers(&self) -> i64 {
        self.database.rows("numbers")
    }
}

/// Every test on both databases.
macro_rules! queued {
    ($($(#[$about:meta])* async fn $name:ident($queue:ident) $body:block)+) => {$(
        $(#[$about])*
        #[actix_web::test]
        async fn $name() {
            for backend in [Backend::Sqlite, Backend::Postgres] {
                let Some($queue) = Queue::open(backend) else { continue };
                $body
            }
        }
    )+};
}

fn told(outcome: &Result<i64>) -> String {
    match outcome {
        Ok(n) => n.to_string(),
        Err(Error::KeyReused) => "refused".to_owned(),
        Err(Error::Unavailable(_)) => "unavailable".to_owned(),
        Err(Error::Internal(_)) => "internal".to_owned(),
        Err(other) => panic!("{other:?}"),
    }
}

fn all_told(outcomes: &[Result<i64>]) -> Vec<String> {
    outcomes.iter().map(told).collect()
}

queued! {
    /// What waits while one transaction runs shares the next, in its order, and each gets its own answer
    async fn what_waits_shares_a_commit(queue) {
        let wishes: Vec<Wish> = (1..=40).map(|n| if n % 10 == 0 { Wish::Refuse } else { Wish::Write(n) }).collect();
        let told = all_told(&queue.together(&wishes).await);
        let wanted: Vec<String> = (1..=40).map(|n| if n % 10 == 0 { "refused".to_owned() } else { n.to_string() }).collect();
        assert_eq!(told, wanted);
        assert_eq!(queue.numbers(), 37);
        let seen = queue.seen.lock().unwrap().clone();
        assert!(seen.len() <= 2, "{seen:?}");
        assert_eq!(seen.concat().len(), 41);
    }

    /// One that panics, or that the database cannot take, fails by itself, and the thread goes on
    async fn one_that_fails_is_alone(queue) {
        for (n, bad) in [Wish::Panic, Wish::Fail].into_iter().enumerate() {
            let first = 10 * i64::try_from(n).unwrap() + 1;
            let outcomes = match n {
                0 => queue.together(&[Wish::Write(first), bad, Wish::Write(first + 1), Wish::Write(first + 2)]).await,
                _ => join_all([Wish::Write(first), bad, Wish::Write(first + 1), Wish::Write(first + 2)].into_iter().map(|wish| queue.commits.write(wish))).await,
            };
            assert_eq!(all_told(&outcomes), [first.to_string(), "internal".to_owned(), (first + 1).to_string(), (first + 2).to_string()], "{bad:?}");
        }
        // A rest that panics is one that failed.
        let rests = queue.rests.load(Ordering::Relaxed);
        while queue.rests.load(Ordering::Relaxed) == rests {
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(queue.commits.write(Wish::Write(99)).await.unwrap(), 99);
        assert_eq!(queue.numbers(), 8);
    }

    /// After a restart of the database every connection fails once; what was not committed is written again
    async fn a_lost_connection_is_no_lost_write(queue) {
        let outcomes = queue.together(&[Wish::Write(1), Wish::Lose, Wish::Write(2)]).await;
        assert_eq!((all_told(&outcomes), queue.numbers()), (vec!["1".to_owned(), "-1".to_owned(), "2".to_owned()], 3));
    }

    /// Where the commit itself fails nobody knows what is there: everybody is told, and nothing is tried again
    async fn a_failed_commit_is_not_repeated(queue) {
        queue.go_on();
        let outcome = queue.commits.write(Wish::Break).await;
        assert_eq!(told(&outcome), "internal");
        assert_eq!(queue.seen.lock().unwrap().len(), 1);
        queue.go_on();
        assert_eq!(queue.commits.write(Wish::Write(1)).await.unwrap(), 1);
    }

    /// Who has gone is not written, and who comes to a full queue is told to come later
    async fn a_queue_has_an_end(queue) {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut waiting: Vec<_> = (0..16_500).map(|n| Box::pin(queue.commits.write(Wish::Write(n)))).collect();
        let mut refused = 0;
        for one in &mut waiting {
            if let Poll::Ready(outcome) = one.as_mut().poll(cx) {
                assert_eq!(told(&outcome), "unavailable");
                refused += 1;
            }
        }
        // There is room for 16,384, and 64 may have been taken out meanwhile.
        assert!((52..=116).contains(&refused), "{refused}");
        drop(waiting);
        queue.go_on();
        // Those who have gone take their places until the thread comes by.
        while queue.commits.write(Wish::Write(100_000)).await.is_err() {}
        let numbers = queue.numbers();
        assert!((1..=65).contains(&numbers), "{numbers} of those who have gone");
    }
}
