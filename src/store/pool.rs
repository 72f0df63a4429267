//! Pools of connections: on SQLite one writer and several readers, on PostgreSQL one pool for both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::FairMutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::{self, Access, Conn, Target};
use crate::config::{Config, Database};
use crate::error::{Error, Result};

/// Opens and checks connections for r2d2.
struct Manager {
    target: Target,
    access: Access,
    statements: Arc<AtomicU64>,
}

/// A connection in a pool.
struct Slot {
    conn: Conn,
    /// Set after a failure that may mean that the server is gone; such a connection is not used again.
    suspect: bool,
}

impl Slot {
    fn run<T>(&mut self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
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

type Pool = r2d2::Pool<Manager>;

/// When a pool opens its first connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Now,
    AtFirstUse,
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
    /// On SQLite: whose turn it is to write. Who has just written would else take the connection again before those who wait wake up.
    turns: Option<Arc<FairMutex<()>>>,
    /// Leave to read long: half of the connections for reading.
    long_reads: Arc<Semaphore>,
    /// How long a request waits for a connection.
    patience: Duration,
}

impl Store {
    /// Opens the pools that `config` asks for. Fails where the database cannot be reached. Nothing is written before
    /// a writing connection is asked for.
    pub fn open(config: &Config) -> Result<Self> {
        let target = Target::from(&config.database);
        let statements = Arc::new(AtomicU64::new(0));
        let pool = |access, size: u32, start: Start| {
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
                Start::Now => builder
                    .build(manager)
                    .map_err(|e| unreachable_database(&target, &e)),
            }
        };
        let half = usize::try_from(config.database_connections / 2).unwrap_or(1);
        let long_reads = Arc::new(Semaphore::new(half.max(1)));
        let patience = config.database_timeout;
        match target.clone() {
            Target::Sqlite(_) => Ok(Self {
                target: target.clone(),
                long_reads,
                patience,
                writers: pool(Access::ReadWrite, 1, Start::AtFirstUse)?,
                readers: pool(Access::ReadOnly, config.database_connections, Start::Now)?,
                inline: Some(pool(
                    Access::ReadOnly,
                    u32::try_from(config.workers).unwrap_or(u32::MAX),
                    Start::AtFirstUse,
                )?),
                turns: Some(Arc::default()),
                statements: Arc::clone(&statements),
            }),
            Target::Postgres(_) => {
                let both = pool(Access::ReadWrite, config.database_connections, Start::Now)?;
                Ok(Self {
                    target: target.clone(),
                    long_reads,
                    patience,
                    readers: both.clone(),
                    writers: both,
                    inline: None,
                    turns: None,
                    statements: Arc::clone(&statements),
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
        self.writers.get()?.run(f)
    }

    /// Connections that may write.
    pub(super) fn connections(&self) -> u32 {
        self.writers.max_size()
    }

    /// [`Store::read_blocking`] off the async threads.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read_blocking(f))
            .await
            .map_err(|e| Error::Internal(e.into()))?
    }

    /// [`Store::read`] for `f` whose work may grow with the data. Only some of the connections do such work at a time, so
    /// that it does not keep the others from theirs.
    pub async fn read_long<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self.leave_to_read_long().await?;
        // It goes with the work, which goes on where the request is given up.
        self.read(move |conn| {
            let outcome = f(conn);
            drop(permit);
            outcome
        })
        .await
    }

    /// What `then` makes of what `f` reads, off the async threads; `then` runs without a connection. `is_long` says whether the
    /// work of `f` may grow with the data, as in [`Store::read_long`].
    pub async fn read_then<T, U: Send + 'static>(
        &self,
        is_long: bool,
        f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U> {
        let permit = match is_long {
            true => Some(self.leave_to_read_long().await?),
            false => None,
        };
        let store = self.clone();
        let work = move || {
            let read = store.read_blocking(f);
            drop(permit);
            read.map(then)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| Error::Internal(e.into()))?
    }

    async fn leave_to_read_long(&self) -> Result<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.long_reads).acquire_owned();
        tokio::time::timeout(self.patience, permit)
            .await
            .map_err(|e| Error::Unavailable(e.into()))?
            .map_err(|e| Error::Internal(e.into()))
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

impl From<&Database> for Target {
    fn from(database: &Database) -> Self {
        match database {
            Database::Sqlite { path } => Self::Sqlite(path.clone()),
            Database::Postgres { url } => Self::Postgres(url.clone()),
        }
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
