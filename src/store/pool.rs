//! Pools of connections: on SQLite one writer and several readers, on PostgreSQL one pool for both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::FairMutex;

use super::admission::Doors;
use super::connection::{self, Access, Conn, Target};
use super::delivery::Delivery;
use super::listening::{Listener, Voice};
use super::replicas::{self, Replica, Replicas};
use super::touched::{self, Touched};
use super::watching::Watch;
use crate::cache::Generations;
use crate::config::{Config, Database};
use crate::error::{Error, Result};

/// Opens and checks connections for r2d2.
pub(super) struct Manager {
    target: Target,
    access: Access,
    statements: Arc<AtomicU64>,
}

/// A connection in a pool.
pub(super) struct Slot {
    pub(super) conn: Conn,
    /// What the file said of the writes of others when it was looked last.
    pub(super) version: Option<i64>,
    /// Set after a failure that may mean that the server is gone; such a connection is not used again.
    suspect: bool,
}

impl Slot {
    pub(super) fn run<T>(&mut self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let outcome = f(&mut self.conn);
        self.suspect |= matches!(outcome, Err(Error::Unavailable(_)));
        outcome
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Slot;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Slot, Self::Error> {
        let conn = connection::connect(&self.target, self.access, &self.statements)?;
        Ok(Slot {
            conn,
            version: None,
            suspect: false,
        })
    }

    fn is_valid(&self, slot: &mut Slot) -> Result<(), Self::Error> {
        match &mut slot.conn {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(c) => {
                diesel::r2d2::R2D2Connection::ping(c).map_err(diesel::r2d2::Error::QueryError)
            }
        }
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        slot.suspect || diesel::r2d2::R2D2Connection::is_broken(&mut slot.conn)
    }
}

pub(super) type Pool = r2d2::Pool<Manager>;

/// When a pool opens its first connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Now,
    AtFirstUse,
    /// At its first use, and it stays open: who opens another one does not know what was written meanwhile.
    AndStay,
}

/// The database: hands out connections for reading and for writing.
#[derive(Clone)]
pub struct Store {
    /// Where the database is.
    pub(super) target: Target,
    readers: Pool,
    writers: Pool,
    /// On SQLite: one reader for each thread that serves requests.
    inline: Option<Pool>,
    statements: Arc<AtomicU64>,
    /// When what last changed, for answers that are kept.
    generations: Generations,
    /// Writes of other processes on SQLite, and of other instances on PostgreSQL.
    watch: Watch,
    voice: Arc<Voice>,
    replicas: Arc<Replicas>,
    /// Threads that look after this end with it.
    life: Arc<()>,
    /// On SQLite: whose turn it is to write. Who has just written would else take the connection again before those who wait wake up.
    turns: Option<Arc<FairMutex<()>>>,
    /// Who may have work done on a connection.
    doors: Doors,
    /// How long a request waits for a connection.
    patience: Duration,
}

impl Store {
    /// Opens the pools that `config` asks for. Fails where the database cannot be reached. Nothing is written before
    /// a writing connection is asked for.
    pub fn open(config: &Config) -> Result<Self> {
        let target = Target::from(&config.database);
        let statements = Arc::new(AtomicU64::new(0));
        let pool_of = |target: &Target, access, size: u32, start: Start| {
            let manager = Manager {
                target: target.clone(),
                access,
                statements: Arc::clone(&statements),
            };
            let builder = r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(u32::from(start == Start::Now)))
                .connection_timeout(config.database_timeout)
                // A broken connection shows by its error and is then dropped; asking before each use would cost a round trip.
                .test_on_check_out(false)
                .idle_timeout(Some(Duration::from_secs(600)));
            match start {
                Start::AtFirstUse => Ok(builder.build_unchecked(manager)),
                Start::AndStay => Ok(builder
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .build_unchecked(manager)),
                Start::Now => builder
                    .build(manager)
                    .map_err(|e| unreachable_database(target, &e)),
            }
        };
        let pool = |access, size, start| pool_of(&target, access, size, start);
        let replicas = config.database_replicas.iter().map(|database| {
            let size = config.database_connections;
            let url = replica_url(database)?;
            let target = Target::Postgres(connection::with_options(url, replicas::OPTIONS));
            let pool = pool_of(&target, Access::ReadOnly, size, Start::AtFirstUse)?;
            let doors = Doors::new(size, true, config.queue, config.database_timeout);
            Ok(Replica::new(database.to_string(), url, pool, doors))
        });
        let replicas = Arc::new(Replicas::new(replicas.collect::<Result<_>>()?));
        let generations = Generations::default();
        let watch = Watch::new(&generations);
        let voice = Arc::new(Voice::new()?);
        let life = Arc::new(());
        let patience = config.database_timeout;
        let is_one_pool = matches!(target, Target::Postgres(_));
        let doors = Doors::new(
            config.database_connections,
            is_one_pool,
            config.queue,
            patience,
        );
        match target.clone() {
            Target::Sqlite(_) => Ok(Self {
                target: target.clone(),
                doors,
                patience,
                writers: pool(Access::ReadWrite, 1, Start::AndStay)?,
                readers: pool(Access::ReadOnly, config.database_connections, Start::Now)?,
                inline: Some(pool(
                    Access::ReadOnly,
                    u32::try_from(config.workers).unwrap_or(u32::MAX),
                    Start::AtFirstUse,
                )?),
                turns: Some(Arc::default()),
                statements: Arc::clone(&statements),
                generations,
                watch,
                voice,
                replicas,
                life,
            }),
            Target::Postgres(_) => {
                let both = pool(Access::ReadWrite, config.database_connections, Start::Now)?;
                Ok(Self {
                    target: target.clone(),
                    doors,
                    patience,
                    readers: both.clone(),
                    writers: both,
                    inline: None,
                    turns: None,
                    statements: Arc::clone(&statements),
                    generations,
                    watch,
                    voice,
                    replicas,
                    life,
                })
            }
        }
    }

    /// Runs `f` on a reading connection. Blocks the calling thread.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.readers.get()?.run(f)
    }

    /// Runs `f` as one transaction that is durable when this returns `Ok`. Blocks the calling thread.
    pub fn write_blocking<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.with_writer(|conn| connection::immediate(conn, f))
    }

    /// Runs `f` on a writing connection without a transaction around it. Blocks the calling thread.
    pub fn with_writer<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let turn = self.turns.as_ref().map(|turns| {
            let turn = turns.try_lock_for(self.patience);
            turn.ok_or_else(|| Error::Unavailable("another write takes too long".into()))
        });
        let _turn = turn.transpose()?;
        let mut slot = self.writers.get()?;
        self.watch.look(&mut slot)?;
        let outcome = self.voice.speak(|| slot.run(f));
        let touched = touched::take_committed();
        if !touched.is_empty() && self.replicas.are_in_use() {
            self.replicas.require_written(&mut slot.conn);
        }
        drop(slot);
        self.tell(&touched);
        self.voice.settle();
        outcome
    }

    /// From now on hears of what others write to the same database, and reads from replicas. For servers: commands keep no answers.
    pub fn listen(&self) -> Result<()> {
        let life = Arc::downgrade(&self.life);
        match (&self.target, &self.turns) {
            (Target::Postgres(url), _) => {
                self.replicas.start()?;
                Listener::start(url, &self.voice, &self.generations, &self.replicas, life)
            }
            (Target::Sqlite(_), Some(turns)) => self.watch.start(turns, &self.writers, life),
            (Target::Sqlite(_), None) => Ok(()),
        }
    }

    /// Where answers for the public are read.
    pub fn for_delivery(&self) -> Delivery {
        Delivery::new(self.clone(), Arc::clone(&self.replicas))
    }

    /// Ends the answers that show what was written.
    fn tell(&self, touched: &Touched) {
        match touched.everything {
            true => self.generations.raise_all(),
            false => {
                let slots: Vec<_> = touched.slots.iter().copied().collect();
                self.generations.raise(&slots);
            }
        }
    }

    /// When what last changed.
    pub fn generations(&self) -> &Generations {
        &self.generations
    }

    /// Connections that may write.
    pub(super) fn connections(&self) -> u32 {
        self.writers.max_size()
    }

    /// [`Store::read_blocking`] off the async threads. Waits for its turn; `Unavailable` where that takes too long, and at once
    /// where too many others wait.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = self.doors.reads.enter().await?;
        let store = self.clone();
        off_thread(move || {
            let outcome = store.read_blocking(f);
            drop(place);
            outcome
        })
        .await
    }

    /// [`Store::read`] for `f` whose work may grow with the data. Only some of the connections do such work at a time, so
    /// that it does not keep the others from theirs.
    pub async fn read_long<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let long = self.doors.long_reads.enter().await?;
        let heavy = self.doors.heavy_reads.enter().await?;
        let store = self.clone();
        off_thread(move || {
            let outcome = store.read_blocking(f);
            drop((heavy, long));
            outcome
        })
        .await
    }

    /// What `then` makes of what `f` reads, off the async threads, for searches; `then` runs without a connection. `is_long` says
    /// whether the work of `f` may grow with the data, as in [`Store::read_long`].
    pub async fn read_then<T, U: Send + 'static>(
        &self,
        is_long: bool,
        f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U> {
        let long = match is_long {
            true => Some(self.doors.long_reads.enter().await?),
            false => None,
        };
        let heavy = self.doors.heavy_reads.enter().await?;
        let store = self.clone();
        off_thread(move || {
            let read = store.read_blocking(f);
            // One place is kept to the end, so that `then` is not done by any number of threads.
            let kept = match long {
                Some(long) => {
                    drop(heavy);
                    long
                }
                None => heavy,
            };
            let outcome = read.map(then);
            drop(kept);
            outcome
        })
        .await
    }

    /// Runs `f`, which writes, off the async threads. Waits for its turn like [`Store::read`].
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = self.doors.writes.enter().await?;
        let store = self.clone();
        off_thread(move || {
            let outcome = f(&store);
            drop(place);
            outcome
        })
        .await
    }

    /// [`Store::read`] for `f` whose work is short and does not grow with the data. SQLite does such work in less time
    /// than it takes to wake another thread, and readers wait for nobody, so there `f` runs on the calling thread.
    pub async fn read_short<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match &self.inline {
            Some(pool) => pool.get()?.run(f),
            None => self.read(f).await,
        }
    }

    /// Statements run so far on all connections.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

/// Runs `f` on a thread that may block, and to its end even where nobody waits for it.
async fn off_thread<T: Send + 'static>(
    f: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(f)
        .await
        .map_err(|e| Error::Internal(e.into()))?
}

impl From<&Database> for Target {
    fn from(database: &Database) -> Self {
        match database {
            Database::Sqlite { path } => Self::Sqlite(path.clone()),
            Database::Postgres { url } => Self::Postgres(url.clone()),
        }
    }
}

/// The URL of a replica.
fn replica_url(database: &Database) -> Result<&str> {
    match database {
        Database::Postgres { url } => Ok(url),
        Database::Sqlite { .. } => Err(Error::Setup(
            "DATABASE_REPLICA_URLS: only PostgreSQL has replicas".to_owned(),
        )),
    }
}

/// r2d2 says only that time ran out; a direct attempt tells why.
fn unreachable_database(target: &Target, timeout: &r2d2::Error) -> Error {
    let reason = match connection::connect(target, Access::ReadOnly, &Arc::default()) {
        Err(e) => e.to_string(),
        Ok(_) => timeout.to_string(),
    };
    Error::Setup(format!(
        "cannot open the database of DATABASE_URL: {}",
        reason.trim()
    ))
}
