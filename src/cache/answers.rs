//! Answers by their requests, bounded by bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::flights::{Flights, Turn};
use super::generations::{Generations, Moment};
use crate::clock::Clock;
use crate::models::subject::Slot;

/// How long numbers that have grown may be shown as they were. They are added up within some two seconds, so readers get them within five.
const NUMBERS_STAY: Duration = Duration::from_secs(1);

/// What an entry takes besides its bytes: the maps and counts around it.
const OVERHEAD: usize = 800;

/// An answer and what it depends on.
#[derive(Debug)]
pub struct Kept<A> {
    /// The answer.
    pub answer: A,
    /// When its making began.
    pub since: Moment,
    /// What it shows.
    pub slots: Box<[Slot]>,
    /// Whose numbers it shows.
    pub numbers: Box<[Slot]>,
    /// The time it was read at: a clock that is set back knows nothing of it.
    pub from: DateTime<Utc>,
    /// When it changes by itself.
    pub until: Option<DateTime<Utc>>,
    /// When its making began, for the age of its numbers.
    pub made: Instant,
}

impl<A> Kept<A> {
    /// Whether it has not changed by itself at `now`.
    fn stands(&self, now: DateTime<Utc>) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// Answers that are kept, and those that are being made.
pub struct Answers<A> {
    kept: moka::sync::Cache<String, Arc<Kept<A>>, ahash::RandomState>,
    flights: Flights<Arc<Kept<A>>>,
    generations: Generations,
    clock: Clock,
}

impl<A: Send + Sync + 'static> Answers<A> {
    /// Room for `bytes`, counted by `weigh`.
    pub fn new(
        bytes: u64,
        weigh: impl Fn(&A) -> usize + Send + Sync + 'static,
        generations: Generations,
        clock: Clock,
    ) -> Self {
        let weigher = move |key: &String, kept: &Arc<Kept<A>>| {
            let slots = 2 * (kept.slots.len() + kept.numbers.len());
            u32::try_from(OVERHEAD + 2 * key.len() + slots + weigh(&kept.answer))
                .unwrap_or(u32::MAX)
        };
        let kept = moka::sync::Cache::builder()
            .max_capacity(bytes)
            .weigher(weigher)
            .build_with_hasher(ahash::RandomState::new());
        Self {
            kept,
            flights: Flights::default(),
            generations,
            clock,
        }
    }

    /// The present time and the point in the order of writes, to be taken before an answer is made.
    pub fn now(&self) -> Option<(Moment, DateTime<Utc>)> {
        Some((self.generations.now()?, self.clock.now()))
    }

    /// The answer that is kept for `key`, where it still holds at `now`.
    pub fn find(&self, key: &str, now: DateTime<Utc>) -> Option<Arc<Kept<A>>> {
        self.kept.get(key).filter(|kept| self.holds(kept, now))
    }

    /// Whether an answer was made wholly after the moment `came` and has not changed by itself since: as good as one that a request of then
    /// would have got from the database, even where something was written meanwhile.
    pub fn is_younger(&self, kept: &Kept<A>, came: Moment, now: DateTime<Utc>) -> bool {
        came <= kept.since && kept.stands(now)
    }

    fn holds(&self, kept: &Kept<A>, now: DateTime<Utc>) -> bool {
        kept.stands(now)
            && self.generations.hold(kept.since, &kept.slots)
            && (self.generations.hold(kept.since, &kept.numbers)
                || kept.made.elapsed() < NUMBERS_STAY)
    }

    /// Whose turn it is to make the answer for `key`.
    pub fn board(&self, key: &str) -> Turn<Arc<Kept<A>>> {
        self.flights.board(key)
    }

    /// Keeps an answer, or weighs it anew.
    pub fn keep(&self, key: &str, kept: Arc<Kept<A>>) {
        self.kept.insert(key.to_owned(), kept);
    }
}
