//! One transaction of counting: who may be counted, who was already, what to add, and what everybody is told. Knows no queue.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use chrono::TimeDelta;

use super::repeats::{Answer, Repeats};
use super::sweep::{self, Sweeper};
use super::targets::{Target, Targets};
use super::visitors::{Hasher, SALT, Who};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::models::counting::{Counted, Day, Gauge, Rules, Subject, Uncounted};
use crate::models::reply::RequestKey;
use crate::models::time::Ts;
use crate::store::counting::fold::{self, Place};
use crate::store::counting::marks::{self, Mark};
use crate::store::counting::{self, Addition, salts};
use crate::store::writer::Batch;
use crate::store::{Conn, Store};

/// When to look again whether another process left something to add up; one that counts does so itself.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// When to look again for what somebody else held a moment ago.
const HELD: Duration = Duration::from_secs(1);

/// What a visitor did, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// With what; nothing twice is counted twice.
    pub subjects: Vec<Subject>,
    /// Who.
    pub who: Who,
    /// Whether the visitor's program says that it is a program.
    pub is_bot: bool,
    /// Names the request, so that it may come again.
    pub request: Option<RequestKey>,
}

/// What came of a [`Hit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Of each subject, in order.
    pub counted: Vec<Counted>,
    /// Whether it was counted when the request came for the first time, and not now.
    pub is_replayed: bool,
}

/// Counts batches of hits.
pub struct Counter {
    clock: Clock,
    rules: Rules,
    /// What was read of the salts; `None` for a day that has none.
    salts: HashMap<Day, Option<Hasher>>,
    sweeper: Sweeper,
    /// Where adding up stands while nobody asks for anything.
    resting: Option<Place>,
}

impl Counter {
    pub(super) fn new(clock: Clock, rules: Rules) -> Self {
        Self {
            clock,
            rules,
            salts: HashMap::new(),
            sweeper: Sweeper::new(),
            resting: None,
        }
    }

    fn salt_days(&self) -> (Day, Option<Day>) {
        salt_days(Ts::from(self.clock.now()), self.window())
    }

    fn window(&self) -> TimeDelta {
        TimeDelta::seconds(self.rules.window_s.into())
    }

    /// The salts that marks within the window may have been made with, the one for new marks first.
    fn hashers(&mut self, conn: &mut Conn, now: Ts) -> Result<Vec<Hasher>> {
        let (today, former) = salt_days(now, self.window());
        self.salts
            .retain(|day, _| *day == today || Some(*day) == former);
        if let std::collections::hash_map::Entry::Vacant(free) = self.salts.entry(today) {
            let mut candidate = [0; SALT];
            getrandom::fill(&mut candidate).map_err(|e| Error::internal(e.to_string()))?;
            let salt = salts::get_or_insert(conn, today, &candidate)?;
            free.insert(Some(Hasher::new(&salt)));
        }
        if let Some(former) = former
            && let std::collections::hash_map::Entry::Vacant(free) = self.salts.entry(former)
        {
            let salt = salts::find(conn, former)?;
            free.insert(salt.map(|salt| Hasher::new(&salt)));
        }
        let days = std::iter::once(today).chain(former);
        Ok(days
            .filter_map(|day| self.salts.get(&day).cloned().flatten())
            .collect())
    }

    /// Counts `hits` and tells each what came of it.
    fn count(
        &mut self,
        conn: &mut Conn,
        hits: &[(&Hit, Vec<Target>)],
        now: Ts,
    ) -> Result<Vec<Vec<Counted>>> {
        let verdicts = self.decide(conn, hits, now)?;
        let mut sums: BTreeMap<(Gauge, i64, Day), [i64; 2]> = BTreeMap::new();
        let mut asked: BTreeMap<Gauge, HashSet<i64>> = BTreeMap::new();
        for ((_, targets), verdicts) in hits.iter().zip(&verdicts) {
            for (target, verdict) in targets.iter().zip(verdicts) {
                let is_counted = i64::from(verdict.is_none());
                let key = (target.gauge, target.reference, target.day);
                let [counted, hits] = sums.entry(key).or_default();
                *counted += is_counted;
                *hits += 1;
                if let Some(article) = target.article.filter(|_| is_counted > 0) {
                    let key = (Gauge::ArticleDownloads, article, target.day);
                    let [counted, _] = sums.entry(key).or_default();
                    *counted += 1;
                }
                let of_gauge = asked.entry(target.gauge).or_default();
                of_gauge.insert(target.reference);
            }
        }
        let additions: Vec<Addition> = sums
            .into_iter()
            .map(|((gauge, reference, day), [counted, hits])| Addition {
                gauge,
                reference,
                day,
                counted,
                hits,
            })
            .collect();
        counting::add(conn, &additions)?;
        let mut numbers: HashMap<(Gauge, i64), i64> = HashMap::new();
        for (gauge, references) in asked {
            let references: Vec<i64> = references.into_iter().collect();
            for (reference, number) in counting::numbers(conn, gauge, &references)? {
                numbers.insert((gauge, reference), number);
            }
        }
        let told = |target: &Target, uncounted: &Option<Uncounted>| Counted {
            number: numbers
                .get(&(target.gauge, target.reference))
                .copied()
                .unwrap_or_default(),
            uncounted: *uncounted,
        };
        Ok(hits
            .iter()
            .zip(&verdicts)
            .map(|((_, targets), verdicts)| {
                let pairs = targets.iter().zip(verdicts);
                pairs
                    .map(|(target, verdict)| told(target, verdict))
                    .collect()
            })
            .collect())
    }

    /// Decides which of `hits` count, and keeps that.
    fn decide(
        &mut self,
        conn: &mut Conn,
        hits: &[(&Hit, Vec<Target>)],
        now: Ts,
    ) -> Result<Vec<Vec<Option<Uncounted>>>> {
        if hits.iter().all(|(hit, _)| hit.is_bot) {
            let bots = |targets: &Vec<Target>| vec![Some(Uncounted::Bot); targets.len()];
            return Ok(hits.iter().map(|(_, targets)| bots(targets)).collect());
        }
        let hashers = self.hashers(conn, now)?;
        let keys = |hit: &Hit, target: &Target| {
            let keys = hashers
                .iter()
                .map(|hasher| hasher.keys(&hit.who, target.gauge, target.reference));
            let (visitor, address) = keys.unzip();
            Keys { visitor, address }
        };
        let asked: Vec<Vec<Keys>> = hits
            .iter()
            .filter(|(hit, _)| !hit.is_bot)
            .map(|(hit, targets)| targets.iter().map(|target| keys(hit, target)).collect())
            .collect();
        let all: HashSet<i64> = asked
            .iter()
            .flatten()
            .flat_map(|keys| keys.visitor.iter().chain(&keys.address).copied())
            .collect();
        let at = now.0.timestamp_micros();
        let window = self.window().num_microseconds().unwrap_or(i64::MAX);
        let all: Vec<i64> = all.into_iter().collect();
        let known = marks::find(
            conn,
            &all,
            at.saturating_sub(window),
            at.saturating_add(window),
        )?;
        let mut ledger = Ledger {
            at,
            per_address: self.rules.per_address.into(),
            known: known.into_iter().map(|mark| (mark.key, mark)).collect(),
            new: BTreeMap::new(),
        };
        let mut asked = asked.into_iter();
        let verdicts = hits
            .iter()
            .map(|(hit, targets)| match hit.is_bot {
                true => vec![Some(Uncounted::Bot); targets.len()],
                false => {
                    let keys = asked.next().unwrap_or_default();
                    keys.iter().map(|keys| ledger.judge(keys)).collect()
                }
            })
            .collect();
        let new: Vec<Mark> = ledger.new.into_values().collect();
        marks::put(conn, &new)?;
        Ok(verdicts)
    }
}

/// The day whose salt new marks get, and the one before where the window reaches back into it. Days are those of UTC.
pub(super) fn salt_days(now: Ts, window: TimeDelta) -> (Day, Option<Day>) {
    let today = Day::at(now, "+00:00");
    let former = Day::at(Ts(now.0 - window), "+00:00");
    (today, Some(former).filter(|former| *former < today))
}

/// The hashes of a visitor and of its address, with every salt that counts; with the present one first.
#[derive(Default)]
struct Keys {
    visitor: Vec<i64>,
    address: Vec<i64>,
}

/// Who was counted, while a batch is gone through.
struct Ledger {
    at: i64,
    per_address: i64,
    known: HashMap<i64, Mark>,
    new: BTreeMap<i64, Mark>,
}

impl Ledger {
    /// Whether a hit counts, and if so notes it.
    fn judge(&mut self, keys: &Keys) -> Option<Uncounted> {
        if keys.visitor.iter().any(|key| self.known.contains_key(key)) {
            return Some(Uncounted::Repeat);
        }
        let from_there = keys.address.iter().filter_map(|key| self.known.get(key));
        if from_there.map(|mark| mark.counted).sum::<i64>() >= self.per_address {
            return Some(Uncounted::AddressLimit);
        }
        for key in [keys.visitor.first(), keys.address.first()] {
            let Some(key) = key else { continue };
            let mark = self.known.entry(*key).or_insert(Mark {
                key: *key,
                counted_at: self.at,
                counted: 0,
            });
            mark.counted += 1;
            self.new.insert(*key, *mark);
        }
        None
    }
}

impl Batch for Counter {
    type Item = Hit;
    type Answer = Outcome;

    fn weight(item: &Hit) -> usize {
        item.subjects.len()
    }

    fn write(&mut self, conn: &mut Conn, items: &[Hit]) -> Result<Vec<Result<Outcome>>> {
        counting::lock(conn)?;
        let now = Ts::from(self.clock.now());
        let targets = Targets::find(conn, items, now)?;
        let mut repeats = Repeats::find(conn, items, now)?;
        let mut fresh: Vec<(&Hit, Vec<Target>)> = Vec::with_capacity(items.len());
        let mut answers: Vec<Answer> = Vec::with_capacity(items.len());
        for hit in items {
            let answer = repeats
                .answer(hit)
                .unwrap_or_else(|| match targets.of(&hit.subjects) {
                    Err(error) => Answer::Known(Err(error)),
                    Ok(targets) => {
                        repeats.note(hit, fresh.len());
                        fresh.push((hit, targets));
                        Answer::Fresh(fresh.len() - 1, false)
                    }
                });
            answers.push(answer);
        }
        let counted = self.count(conn, &fresh, now)?;
        repeats.keep(conn, &counted, now)?;
        self.sweeper.step(conn)?;
        let outcome = |answer| match answer {
            Answer::Known(outcome) => outcome,
            Answer::Fresh(at, is_replayed) => Ok(Outcome {
                counted: counted.get(at).cloned().unwrap_or_default(),
                is_replayed,
            }),
        };
        Ok(answers.into_iter().map(outcome).collect())
    }

    fn ended(&mut self, is_committed: bool) {
        if !is_committed {
            // What was made in the transaction is not there.
            self.salts.clear();
            // Should adding up be at fault, counting goes on without it for a while.
            self.sweeper = Sweeper::new();
        }
    }

    fn rest(&mut self, store: &Store) -> Result<Duration> {
        let (today, former) = self.salt_days();
        self.salts
            .retain(|day, _| *day == today || Some(*day) == former);
        if !store.read_blocking(fold::is_due)? {
            return Ok(LOOK_AGAIN);
        }
        let place = self.resting.unwrap_or_default();
        self.resting = store.write_blocking(|conn| {
            counting::lock(conn)?;
            fold::fold(conn, place, sweep::AT_REST)
        })?;
        Ok(match self.resting {
            Some(_) => Duration::ZERO,
            None => HELD,
        })
    }
}
