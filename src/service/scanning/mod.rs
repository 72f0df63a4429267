//! Looking for injected text in what is there already: after a change of the rules, on trial, and from time to time for what came behind the back of the
//! API. Who looks, and what is found, is for `screening` to say.

mod steps;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::index::Index;
use crate::models::hygiene::{ScanPurpose, ScanState};
use crate::models::hygiene_scan::{NewScan, Scan};
use crate::models::revision::Retention;
use crate::models::time::Ts;
use crate::screening::{ACTOR, Screening};
use crate::store::{self, Alone, Conn, Store};

/// How long one run is gone on with before another may have its turn.
const SLICE: Duration = Duration::from_secs(1);

/// How often it is looked for what other instances were asked for.
const EVERY: Duration = Duration::from_secs(60);

/// How long to wait before another attempt where somebody else is at work.
const RETRY: Duration = Duration::from_millis(20);

/// Use cases on runs over everything that is there.
#[derive(Clone)]
pub struct Scanning {
    store: Store,
    clock: Clock,
    retention: Retention,
    index: Index,
    screening: Screening,
    guarded_every: Duration,
    /// Whose turn it is within this process; other processes are kept out by [`Alone`].
    turn: Arc<Mutex<()>>,
}

impl Scanning {
    pub(super) fn new(
        store: Store,
        clock: Clock,
        retention: Retention,
        index: Index,
        screening: Screening,
        guarded_every: Duration,
    ) -> Self {
        Self {
            store,
            clock,
            retention,
            index,
            screening,
            guarded_every,
            turn: Arc::default(),
        }
    }

    /// Looks whether there is something to go on with before a server starts. Blocks the calling thread.
    pub fn prepare(&self) -> Result<()> {
        if !self
            .store
            .read_blocking(store::hygiene_scans::open_ones)?
            .is_empty()
        {
            self.screening.want();
        }
        Ok(())
    }

    /// Waits until a run is asked for here.
    pub async fn wanted(&self) {
        self.screening.wanted().await;
    }

    /// How long to wait at most before [`Scanning::tend`].
    pub fn pause(&self) -> Duration {
        EVERY.min(self.guarded_every)
    }

    /// Goes on with what was asked for, and begins the guard where it is due, until there is nothing left to do.
    pub async fn tend(&self) -> Result<()> {
        // In small steps, so that a process that is to end need not wait.
        while self.blocking(Self::step).await? {}
        Ok(())
    }

    /// [`Scanning::tend`] on the calling thread.
    pub fn tend_blocking(&self) -> Result<()> {
        while self.step()? {}
        Ok(())
    }

    /// Looks at everything now for what came behind the back of the API, whenever that was last done. Blocks the calling thread.
    pub fn guard_blocking(&self) -> Result<()> {
        self.store.write_blocking(|conn| self.begin_guard(conn))?;
        self.tend_blocking()
    }

    /// Goes on with one run for `time`, and for about a second at most, so that whoever asked for it gets a short one done at once.
    pub async fn advance(&self, id: i64, time: Duration) -> Result<()> {
        self.blocking(move |this| {
            this.advance_for(id, time.min(SLICE))?;
            // What is left is for the job.
            this.screening.want();
            Ok(())
        })
        .await
    }

    /// Goes on with one run for at most `time`. Blocks the calling thread.
    pub fn advance_for(&self, id: i64, time: Duration) -> Result<()> {
        self.advance_until(id, Instant::now() + time)
    }

    fn advance_until(&self, id: i64, until: Instant) -> Result<()> {
        loop {
            let open = self.store.read_blocking(store::hygiene_scans::open_ones)?;
            if open.iter().all(|(known, _)| *known != id) {
                return Ok(());
            }
            let Some(_turn) = self.turn.try_lock_until(until) else {
                return Ok(());
            };
            let work = || self.go_on(id, until);
            if self.store.alone(Alone::Scanning, work)?.is_none() {
                std::thread::sleep(RETRY);
            }
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || f(&this))
            .await
            .map_err(|e| Error::Internal(e.into()))?
    }

    /// Goes on with the run whose turn it is; tells whether there may be more to do. Where another process does, there is not.
    fn step(&self) -> Result<bool> {
        let (open, is_due) = self.store.read_blocking(|conn| self.look_out(conn))?;
        if open.is_empty() && !is_due {
            return Ok(false);
        }
        let _turn = self.turn.lock();
        let work = || {
            // As it is now that nobody else is at work.
            let (mut open, is_due) = self.store.read_blocking(|conn| self.look_out(conn))?;
            if is_due {
                open = self.store.write_blocking(|conn| {
                    self.begin_guard(conn)?;
                    store::hygiene_scans::open_ones(conn)
                })?;
            }
            // Somebody waits for a trial, and what stands in something that was held back must go.
            open.sort_by_key(|(id, purpose)| {
                let rank = match purpose {
                    ScanPurpose::Settle => 0,
                    ScanPurpose::Trial => 1,
                    ScanPurpose::Rescan | ScanPurpose::Guard => 2,
                };
                (rank, *id)
            });
            match open.first() {
                Some((id, _)) => self.go_on(*id, Instant::now() + SLICE).map(|()| true),
                None => Ok(false),
            }
        };
        Ok(self.store.alone(Alone::Scanning, work)?.unwrap_or(false))
    }

    /// The runs that somebody has to go on with, and whether the guard is due.
    fn look_out(&self, conn: &mut Conn) -> Result<(Vec<(i64, ScanPurpose)>, bool)> {
        let open = store::hygiene_scans::open_ones(conn)?;
        let is_on = open
            .iter()
            .any(|(_, purpose)| *purpose == ScanPurpose::Guard);
        let every = TimeDelta::from_std(self.guarded_every).unwrap_or(TimeDelta::MAX);
        // Any run over everything finds the same.
        let is_due = !is_on
            && store::hygiene_scans::last_over_all(conn)?
                .is_none_or(|last| self.now().0 - last.0 >= every);
        Ok((open, is_due))
    }

    fn begin_guard(&self, conn: &mut Conn) -> Result<i64> {
        let new = NewScan {
            purpose: ScanPurpose::Guard,
            site_id: None,
            draft: None,
            actor: ACTOR.to_owned(),
        };
        store::hygiene_scans::begin(conn, &new, self.now())
    }

    /// Goes on with a run until it is through, is stopped, or the time is over, and keeps how far it is.
    fn go_on(&self, id: i64, until: Instant) -> Result<()> {
        let found = self
            .store
            .read_blocking(|conn| store::hygiene_scans::find(conn, id))?;
        let Some(mut scan) = found.filter(Scan::is_open) else {
            return Ok(());
        };
        scan.state = ScanState::Running;
        loop {
            let step = self.take_step(&mut scan)?;
            if step == Step::Stopped {
                return Ok(());
            }
            let is_through = step == Step::Through;
            if is_through || Instant::now() >= until {
                self.keep(&mut scan, is_through)?;
                return Ok(());
            }
        }
    }

    fn keep(&self, scan: &mut Scan, is_through: bool) -> Result<()> {
        scan.updated_at = self.now();
        if is_through {
            scan.state = ScanState::Done;
            scan.finished_at = Some(scan.updated_at);
        }
        let is_on = self
            .store
            .write_blocking(|conn| store::hygiene_scans::keep(conn, scan))?;
        if is_on && is_through {
            tracing::info!(
                scan = scan.id,
                purpose = scan.purpose.as_str(),
                looked_at = scan.looked_at,
                held = scan.tally.held,
                released = scan.tally.released,
                "looked for injected text"
            );
        }
        Ok(())
    }

    fn now(&self) -> Ts {
        Ts::from(self.clock.now())
    }
}

/// What came of a step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// There is more.
    On,
    /// That was all.
    Through,
    /// Somebody has stopped it.
    Stopped,
}
