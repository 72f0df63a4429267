//! Replicas of a PostgreSQL: how far each has come, and which may answer. One may that has everything that this instance wrote or was told
//! of, and that is no more than some seconds behind besides. What is read from them is in `delivery`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use parking_lot::{Condvar, Mutex};

use super::admission::Doors;
use super::connection::{Access, Conn, Target, connect, with_options};
use super::listening::spawn;
use super::pool::Pool;
use crate::error::{Error, Result};

/// A replica that is further behind answers nothing, whoever wrote.
const BEHIND: Duration = Duration::from_secs(3);

/// How often a replica is asked how far it is.
const PROBE: Duration = Duration::from_millis(50);

/// How soon one is asked again that has to have more.
const SOON: Duration = Duration::from_millis(2);

/// Without an answer for so long, a replica counts as lost.
const SILENT: Duration = Duration::from_millis(750);

/// How long a read waits for a connection to a replica before it goes to the primary.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// What every connection to a replica is made with: one that went silent fails within seconds, and is read on the primary.
pub(super) const OPTIONS: &str = "connect_timeout=2&tcp_user_timeout=3000&keepalives_idle=2&keepalives_interval=1&keepalives_count=3";

/// Stands for a place in the log of the primary that nobody knows.
const UNKNOWN: u64 = u64::MAX;

/// All replicas of one store.
pub(super) struct Replicas {
    each: Vec<Replica>,
    /// Where in its log the primary was after the last write that anything here depends on.
    required: AtomicU64,
    /// Where it was [`BEHIND`] ago.
    floor: AtomicU64,
    samples: Mutex<VecDeque<(Instant, u64)>>,
    /// Of which cluster and database these have to be replicas; `None` until the primary was asked.
    identity: Mutex<Option<Primary>>,
    is_started: AtomicBool,
    next: AtomicUsize,
    begun: Instant,
    /// Raised where replicas have to have more.
    news: (Mutex<()>, Condvar),
}

/// What the primary said of itself.
#[derive(Clone, PartialEq, Eq)]
enum Primary {
    /// What a replica of it has to say too.
    Known(String),
    /// It does not say; whoever calls itself a replica is believed.
    Silent,
}

/// One of them.
pub(super) struct Replica {
    /// What it is called in the log, without secrets.
    name: String,
    url: String,
    pub(super) pool: Pool,
    /// Who may read there.
    pub(super) doors: Doors,
    /// How far in the log of the primary it is.
    replayed: AtomicU64,
    /// When it answered last, in milliseconds; 0 where it is lost.
    answered: AtomicU64,
}

impl Replica {
    /// One that is not asked yet.
    pub(super) fn new(name: String, url: &str, pool: Pool, doors: Doors) -> Self {
        Self {
            name,
            url: with_options(url, OPTIONS),
            pool,
            doors,
            replayed: AtomicU64::new(0),
            answered: AtomicU64::new(0),
        }
    }

    /// Leaves it out until it answers its probe again.
    pub(super) fn leave_out(&self) {
        self.answered.store(0, Ordering::SeqCst);
    }
}

impl Replicas {
    pub(super) fn new(each: Vec<Replica>) -> Self {
        Self {
            each,
            required: AtomicU64::new(UNKNOWN),
            floor: AtomicU64::new(0),
            samples: Mutex::default(),
            identity: Mutex::default(),
            is_started: AtomicBool::new(false),
            next: AtomicUsize::new(0),
            begun: Instant::now(),
            news: (Mutex::default(), Condvar::new()),
        }
    }

    /// Starts to ask them how far they are; until then none answers anything. The threads end with the last owner of this.
    pub(super) fn start(self: &Arc<Self>) -> Result<()> {
        if self.is_started.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        for at in 0..self.each.len() {
            let replicas = Arc::downgrade(self);
            spawn("replica", move || watch(&replicas, at))?;
        }
        Ok(())
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// Whether any may answer at some time.
    pub(super) fn are_in_use(&self) -> bool {
        !self.each.is_empty() && self.is_started.load(Ordering::Relaxed)
    }

    /// Which one may answer a read that begins now; they take turns.
    pub(super) fn choose(&self) -> Option<usize> {
        let needed = self.needed();
        let now = self.elapsed();
        let silent = u64::try_from(SILENT.as_millis()).unwrap_or(u64::MAX);
        let may_answer = |at: &usize| {
            let Some(replica) = self.get(*at) else {
                return false;
            };
            let answered = replica.answered.load(Ordering::SeqCst);
            answered > 0
                && now.saturating_sub(answered) <= silent
                && replica.replayed.load(Ordering::SeqCst) >= needed
        };
        let all = self.each.len();
        let first = self.next.fetch_add(1, Ordering::Relaxed) % all.max(1);
        (first..all).chain(0..first).find(may_answer)
    }

    /// The replica of this number.
    pub(super) fn get(&self, at: usize) -> Option<&Replica> {
        self.each.get(at)
    }

    fn needed(&self) -> u64 {
        self.required
            .load(Ordering::SeqCst)
            .max(self.floor.load(Ordering::SeqCst))
    }

    /// What answers have to be made from.
    pub(super) fn required(&self) -> u64 {
        self.required.load(Ordering::SeqCst)
    }

    /// Answers that are made from here on have to know everything up to this place.
    pub(super) fn require(&self, place: u64) {
        let former = self.required.fetch_max(place, Ordering::SeqCst);
        if former < place {
            // Whoever is about to wait has to see it.
            drop(self.news.0.lock());
            self.news.1.notify_all();
        }
    }

    /// Something was written on `conn`; where that is in the log is found out before anybody is told.
    pub(super) fn require_written(&self, conn: &mut Conn) {
        if let Conn::Postgres(conn) = conn {
            // It is known again with the next beat of the listener.
            self.require(written(conn).unwrap_or(UNKNOWN));
        }
    }

    /// The primary was at `place` in its log, asked after `required` was what these had to have. Where that is more, it is not known, or
    /// the log was set back: then everything up to here will do.
    pub(super) fn primary_is_at(&self, place: u64, required: u64) {
        if place < required {
            self.required
                .compare_exchange(required, place, Ordering::SeqCst, Ordering::SeqCst)
                .ok();
        }
        let mut samples = self.samples.lock();
        if samples.back().is_some_and(|(_, last)| place < *last) {
            samples.clear();
            self.floor.store(0, Ordering::SeqCst);
        }
        samples.push_back((Instant::now(), place));
        while let Some((at, place)) = samples.front().copied()
            && at.elapsed() >= BEHIND
        {
            self.floor.store(place, Ordering::SeqCst);
            samples.pop_front();
        }
    }

    /// Notes which cluster it is that these have to be replicas of; where it does not say, all are believed.
    pub(super) fn meet_primary(&self, conn: &mut PgConnection) {
        if self.are_in_use() {
            *self.identity.lock() = Some(identity(conn).map_or(Primary::Silent, Primary::Known));
        }
    }

    fn elapsed(&self) -> u64 {
        // Never 0, which stands for lost.
        u64::try_from(self.begun.elapsed().as_millis()).map_or(u64::MAX, |elapsed| elapsed + 1)
    }

    /// Waits until the replica should be asked again.
    fn pause(&self, replica: &Replica, patience: &mut Duration) {
        let mut guard = self.news.0.lock();
        if replica.replayed.load(Ordering::SeqCst) < self.needed() {
            drop(guard);
            std::thread::sleep(*patience);
            *patience = (*patience * 2).min(PROBE);
        } else {
            self.news.1.wait_for(&mut guard, PROBE);
            *patience = SOON;
        }
    }
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    place: i64,
}

/// How far the log is written in which everything stands that was committed before. Where commits do not wait for the log to be written,
/// that is where the next record comes.
pub(super) fn written(conn: &mut PgConnection) -> Result<u64> {
    let sql = "SELECT CAST(pg_wal_lsn_diff(CASE current_setting('synchronous_commit') WHEN 'off' \
        THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END, '0/0') AS bigint) AS place";
    let Place { place } = diesel::sql_query(sql).get_result(conn)?;
    u64::try_from(place).map_err(|e| Error::Internal(e.into()))
}

#[derive(QueryableByName)]
struct Identity {
    #[diesel(sql_type = Text)]
    identity: String,
}

/// What a cluster and its replicas have in common, and no other, with the number of the database.
fn identity(conn: &mut PgConnection) -> Result<String> {
    let sql = "SELECT concat(system_identifier, '/', (SELECT oid FROM pg_database WHERE datname = current_database())) AS identity \
        FROM pg_control_system()";
    let Identity { identity } = diesel::sql_query(sql).get_result(conn)?;
    Ok(identity)
}

#[derive(QueryableByName)]
struct Progress {
    #[diesel(sql_type = Bool)]
    is_replica: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    replayed: Option<i64>,
}

/// Asks a replica how far it is, again and again.
fn watch(replicas: &Weak<Replicas>, at: usize) {
    let mut probe = None;
    let mut patience = SOON;
    let mut standing = Standing::Unknown;
    while let Some(replicas) = replicas.upgrade()
        && let Some(replica) = replicas.each.get(at)
    {
        let Some(primary) = replicas.identity.lock().clone() else {
            // None may answer before it is known what it has to be a replica of.
            drop(replicas);
            std::thread::sleep(SOON);
            continue;
        };
        let asked = ask(&primary, replica, &mut probe);
        match &asked {
            Ok(replayed) => {
                replica.replayed.store(*replayed, Ordering::SeqCst);
                replica.answered.store(replicas.elapsed(), Ordering::SeqCst);
            }
            Err(_) => {
                replica.leave_out();
                probe = None;
            }
        }
        let is_behind = |replayed| replayed < replicas.floor.load(Ordering::SeqCst);
        let found = match &asked {
            Ok(replayed) if is_behind(*replayed) => Standing::Behind,
            Ok(_) => Standing::Up,
            Err(_) => Standing::Lost,
        };
        if found != standing {
            found.tell(standing, &replica.name, asked.as_ref().err());
            standing = found;
        }
        match found {
            Standing::Lost => std::thread::sleep(PROBE * 5),
            _ => replicas.pause(replica, &mut patience),
        }
    }
}

/// How far a replica is.
fn ask(primary: &Primary, replica: &Replica, probe: &mut Option<PgConnection>) -> Result<u64> {
    let conn = match probe {
        Some(conn) => conn,
        None => probe.insert(open(primary, replica)?),
    };
    let sql = "SELECT pg_is_in_recovery() AS is_replica, \
        CAST(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') AS bigint) AS replayed";
    let progress: Progress = diesel::sql_query(sql).get_result(conn)?;
    match progress
        .replayed
        .and_then(|place| u64::try_from(place).ok())
    {
        Some(replayed) if progress.is_replica => Ok(replayed),
        _ => Err(Error::Unavailable("it is a primary, not a standby".into())),
    }
}

fn open(primary: &Primary, replica: &Replica) -> Result<PgConnection> {
    let target = Target::Postgres(replica.url.clone());
    let Conn::Postgres(mut conn) = connect(&target, Access::ReadOnly, &Arc::default())? else {
        return Err(Error::internal("PostgreSQL is another database"));
    };
    conn.batch_execute("SET statement_timeout TO '2s'; SET application_name TO 'masthead probe'")?;
    match primary {
        Primary::Known(wanted) if identity(&mut conn).is_ok_and(|found| found != *wanted) => Err(
            Error::Unavailable("it is a replica of another database".into()),
        ),
        Primary::Known(_) | Primary::Silent => Ok(conn),
    }
}

/// What was found of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Unknown,
    Up,
    Behind,
    Lost,
}

impl Standing {
    fn tell(self, former: Self, replica: &str, error: Option<&Error>) {
        match self {
            Self::Up if former == Self::Unknown => tracing::debug!(replica, "reads from a replica"),
            Self::Up => tracing::info!(replica, "reads from a replica again"),
            Self::Behind => tracing::warn!(
                replica,
                "a replica is behind; it is left out until it caught up"
            ),
            Self::Lost => tracing::warn!(
                replica,
                error = error.map(Error::chain),
                "a replica cannot be read; it is left out until it can"
            ),
            Self::Unknown => {}
        }
    }
}
