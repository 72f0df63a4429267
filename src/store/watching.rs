//! Writes of other processes to the SQLite file: the writing connection says whether anybody else has committed. It is asked whenever it is
//! taken, and by a thread of each server meanwhile. PostgreSQL has another way, see `listening`.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use parking_lot::{FairMutex, Mutex};

use super::connection::{Conn, uncounted};
use super::listening::spawn;
use super::pool::{Pool, Slot};
use crate::cache::Generations;
use crate::error::{Error, Result};

/// How often it is looked whether somebody has written.
const LOOK: Duration = Duration::from_millis(300);

/// After so long without a look, somebody may have written unseen.
const UNSEEN: Duration = Duration::from_millis(700);

/// How long the thread waits for a connection, which then is to be opened: it keeps it from nobody.
const PATIENCE: Duration = Duration::from_millis(250);

/// What is known of the writes of others.
#[derive(Clone)]
pub(super) struct Watch {
    generations: Generations,
    looked: Arc<Mutex<Instant>>,
}

impl Watch {
    pub(super) fn new(generations: &Generations) -> Self {
        Self {
            generations: generations.clone(),
            looked: Arc::new(Mutex::new(Instant::now())),
        }
    }

    /// Looks whether anybody has written who did not do it on this connection. One that was not looked at before does not know.
    pub(super) fn look(&self, slot: &mut Slot) -> Result<()> {
        if let Conn::Sqlite(conn) = &mut slot.conn {
            let version = Some(uncounted(|| data_version(conn))?);
            if slot.version != version {
                self.generations.raise_all();
                slot.version = version;
            }
            *self.looked.lock() = Instant::now();
        }
        Ok(())
    }

    /// Looks again and again until the last store is gone.
    pub(super) fn start(
        &self,
        turns: &Arc<FairMutex<()>>,
        writers: &Pool,
        life: Weak<()>,
    ) -> Result<()> {
        let watcher = Watcher {
            watch: self.clone(),
            turns: Arc::clone(turns),
            writers: writers.clone(),
        };
        spawn("sqlite-watch", move || {
            let mut is_lost = false;
            while life.strong_count() > 0 {
                watcher.look(&mut is_lost);
                std::thread::sleep(LOOK);
            }
        })
    }
}

struct Watcher {
    watch: Watch,
    turns: Arc<FairMutex<()>>,
    writers: Pool,
}

impl Watcher {
    fn look(&self, is_lost: &mut bool) {
        let Some(_turn) = self.turns.try_lock() else {
            // Who writes has looked before. Between the transactions of one that takes long others may come.
            let mut looked = self.watch.looked.lock();
            if looked.elapsed() > UNSEEN {
                self.watch.generations.raise_all();
                *looked = Instant::now();
            }
            return;
        };
        let slot = self.writers.get_timeout(PATIENCE);
        let looked = slot
            .map_err(Error::from)
            .and_then(|mut slot| self.watch.look(&mut slot));
        match looked {
            Ok(()) => {
                if std::mem::take(is_lost) {
                    tracing::info!("sees the writes of other processes again");
                }
                self.watch.generations.set_told(true);
            }
            Err(error) => {
                self.watch.generations.set_told(false);
                if !std::mem::replace(is_lost, true) {
                    tracing::warn!(
                        error = error.chain(),
                        "does not see the writes of other processes; answers are made anew for each request"
                    );
                }
            }
        }
    }
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

/// A number that changes with each commit of another connection.
fn data_version(conn: &mut SqliteConnection) -> QueryResult<i64> {
    let version: Version = diesel::sql_query("PRAGMA data_version").get_result(conn)?;
    Ok(version.data_version)
}
