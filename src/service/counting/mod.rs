//! Counting what readers do, and reading the counters. GET never comes here to write; what was answered is durable.

mod batch;
mod repeats;
mod sweep;
mod targets;
mod visitors;

use std::sync::{Arc, OnceLock};

use chrono::TimeDelta;

use batch::Counter;
pub use batch::{Hit, Outcome};
pub use visitors::Who;

use crate::clock::Clock;
use crate::error::{Error, Resource, Result};
use crate::models::counting::{Day, Policy, Rules, Subject, Tally};
use crate::models::reply::RequestKey;
use crate::models::time::Ts;
use crate::store::writer::GroupCommit;
use crate::store::{self, Store};
use crate::text::bots::Bots;

/// Marks deleted in one transaction.
const MARKS_AT_ONCE: i64 = 2_000;

/// Rows of days and weeks deleted in one transaction.
const PERIODS_AT_ONCE: i64 = 2_000;

/// How counting is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountingSettings {
    /// The rules in force.
    pub rules: Rules,
    /// Most requests that share a commit.
    pub batch: usize,
    /// Days for which numbers of single days and weeks are kept.
    pub days_kept: i32,
}

/// Something that a reader did, as the edge tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// With what.
    pub subjects: Vec<Subject>,
    /// Who.
    pub who: Who,
    /// Names the request, so that it may come again.
    pub request: Option<RequestKey>,
}

/// Use cases on counters.
#[derive(Clone)]
pub struct Counting {
    store: Store,
    clock: Clock,
    settings: Arc<CountingSettings>,
    bots: Arc<Bots>,
    /// Starts with the first hit, so that commands which count nothing have no thread for it.
    writer: Arc<OnceLock<GroupCommit<Counter>>>,
    policy: Arc<OnceLock<Policy>>,
}

impl Counting {
    pub(super) fn new(store: Store, clock: Clock, settings: CountingSettings) -> Self {
        let bots = Arc::new(Bots::new(&settings.rules.bots));
        Self {
            store,
            clock,
            settings: Arc::new(settings),
            bots,
            writer: Arc::default(),
            policy: Arc::default(),
        }
    }

    /// Makes the rules of the configuration the policy in force, with a number of its own where they are new. Blocks the calling
    /// thread.
    pub fn prepare(&self) -> Result<()> {
        let rules = &self.settings.rules;
        let latest = self
            .store
            .read_blocking(store::counting::policies::latest)?;
        let policy = match latest.filter(|latest| latest.rules == *rules) {
            Some(latest) => latest,
            None => self.store.write_blocking(|conn| {
                store::counting::lock(conn)?;
                let latest = store::counting::policies::latest(conn)?;
                let version = latest.as_ref().map_or(0, |latest| latest.version);
                if let Some(latest) = latest.filter(|latest| latest.rules == *rules) {
                    return Ok(latest);
                }
                let policy = Policy {
                    version: version + 1,
                    since: Ts::from(self.clock.now()),
                    rules: rules.clone(),
                };
                store::counting::policies::insert(conn, &policy)?;
                Ok(policy)
            })?,
        };
        self.policy.get_or_init(|| policy);
        Ok(())
    }

    /// Starts to count, and to add up what others left.
    pub fn start(&self) -> Result<()> {
        let writer = GroupCommit::start(
            self.store.clone(),
            Counter::new(self.clock.clone(), self.settings.rules.clone()),
            self.settings.batch,
        )?;
        // Of two that start at once, one stays.
        self.writer.get_or_init(|| writer);
        Ok(())
    }

    /// The policy in force.
    pub fn policy(&self) -> Result<&Policy> {
        let policy = self.policy.get();
        policy.ok_or_else(|| Error::internal("counting was not prepared"))
    }

    /// Every policy there was, the latest first.
    pub async fn policies(&self) -> Result<Vec<Policy>> {
        self.store.read(store::counting::policies::all).await
    }

    /// For how many days numbers of single days are kept.
    pub fn days_kept(&self) -> i32 {
        self.settings.days_kept
    }

    /// Counts what a reader did; it is durable when this returns `Ok`. Fails as a whole where readers do not get one of the
    /// subjects, and then writes nothing.
    pub async fn count(&self, event: Event) -> Result<Outcome> {
        let Event {
            subjects,
            who,
            request,
        } = event;
        let is_bot = self.bots.is_bot(&who.agent);
        let writer = self.writer.get();
        let writer = writer.ok_or_else(|| Error::internal("counting was not prepared"))?;
        let hit = Hit {
            subjects,
            who,
            is_bot,
            request,
        };
        writer.write(hit).await
    }

    /// The view counter of a public article, live; and the present time.
    pub async fn of_article(&self, id: i64) -> Result<(Tally, Ts)> {
        let now = Ts::from(self.clock.now());
        self.store
            .read_short(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    store::counting::zone_of_public(conn, id, now)?;
                    let tally = store::counting::of_article(conn, id)?;
                    Ok((tally.unwrap_or_default(), now))
                })
            })
            .await
    }

    /// The visitor counter of a site, live; and the present time.
    pub async fn of_site(&self, slug: String) -> Result<(Tally, Ts)> {
        let now = Ts::from(self.clock.now());
        self.store
            .read_short(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let tally = store::counting::of_site(conn, &slug)?;
                    let tally = tally.ok_or_else(|| Error::not_found(Resource::Site, &slug))?;
                    Ok((tally, now))
                })
            })
            .await
    }

    /// The present time.
    pub fn now(&self) -> Ts {
        Ts::from(self.clock.now())
    }

    /// Forgets what the window no longer needs, salts that are over, and days that are older than they are kept.
    pub async fn clean_up(&self) -> Result<()> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.forget())
            .await
            .map_err(|e| Error::Internal(e.into()))?
    }

    fn forget(&self) -> Result<()> {
        let now = Ts::from(self.clock.now());
        let window = TimeDelta::seconds(self.settings.rules.window_s.into());
        let (today, former) = batch::salt_days(now, window);
        self.store.write_blocking(|conn| {
            store::counting::salts::delete_before(conn, former.unwrap_or(today))
        })?;
        let before = (now.0 - window).timestamp_micros();
        while self.store.write_blocking(|conn| {
            store::counting::lock(conn)?;
            store::counting::marks::delete_old(conn, before, MARKS_AT_ONCE)
        })? > 0
        {}
        // Sites may be a day ahead or behind.
        let first = Day::at(now, "+00:00").plus(-1 - self.settings.days_kept);
        while self.store.write_blocking(|conn| {
            store::counting::lock(conn)?;
            store::counting::delete_days(conn, first, PERIODS_AT_ONCE)
        })? > 0
        {}
        Ok(())
    }
}
