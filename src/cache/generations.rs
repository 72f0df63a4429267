//! When what last changed, as a count of writes. An answer holds as long as nothing that it depends on changed after its making began.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::models::subject::{SLOTS, Slot};

/// A point in the order of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// For each subject the last write that changed it; shared by everybody who reads or writes one database. It takes 512 KB and never grows.
#[derive(Debug, Clone)]
pub struct Generations(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    writes: AtomicU64,
    everything: AtomicU64,
    slots: Box<[AtomicU64]>,
    is_told: AtomicBool,
}

impl Default for Generations {
    fn default() -> Self {
        Self(Arc::new(Inner {
            writes: AtomicU64::new(1),
            everything: AtomicU64::new(0),
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            is_told: AtomicBool::new(true),
        }))
    }
}

impl Generations {
    /// The present, to be taken before anything is read for an answer; none while this process does not hear of the writes of others, and
    /// nothing that is kept can be trusted.
    pub fn now(&self) -> Option<Moment> {
        let is_told = self.0.is_told.load(Ordering::SeqCst);
        is_told.then(|| Moment(self.0.writes.load(Ordering::SeqCst)))
    }

    /// Notes a write that has been committed, before anybody is told of it.
    pub fn raise(&self, slots: &[Slot]) {
        if slots.is_empty() {
            return;
        }
        let write = self.next();
        for slot in slots {
            if let Some(last) = self.0.slots.get(usize::from(*slot)) {
                last.fetch_max(write, Ordering::SeqCst);
            }
        }
    }

    /// Notes that anything may have changed.
    pub fn raise_all(&self) {
        let write = self.next();
        self.0.everything.fetch_max(write, Ordering::SeqCst);
    }

    fn next(&self) -> u64 {
        self.0.writes.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Says whether this process hears of the writes of others. Where it hears of them again, anything may have changed meanwhile.
    pub fn set_told(&self, is_told: bool) {
        if is_told && !self.0.is_told.load(Ordering::SeqCst) {
            self.raise_all();
        }
        self.0.is_told.store(is_told, Ordering::SeqCst);
    }

    /// Whether none of `slots` changed after `since`.
    pub fn hold(&self, since: Moment, slots: &[Slot]) -> bool {
        self.0.everything.load(Ordering::Acquire) <= since.0
            && slots.iter().all(|slot| {
                let last = self.0.slots.get(usize::from(*slot));
                last.is_some_and(|last| last.load(Ordering::Acquire) <= since.0)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_ends_what_depends_on_it_and_nothing_else() {
        let generations = Generations::default();
        let before = generations.now().unwrap();
        assert!(generations.hold(before, &[1, 2]));
        generations.raise(&[2]);
        assert!(!generations.hold(before, &[1, 2]));
        assert!(generations.hold(before, &[1]));
        let after = generations.now().unwrap();
        assert!(generations.hold(after, &[1, 2]));
        generations.raise_all();
        assert!(!generations.hold(after, &[1]));
    }

    #[test]
    fn who_was_not_told_trusts_nothing() {
        let generations = Generations::default();
        let before = generations.now().unwrap();
        generations.set_told(false);
        assert_eq!(generations.now(), None);
        generations.set_told(true);
        assert!(!generations.hold(before, &[1]));
        let after = generations.now().unwrap();
        generations.set_told(true);
        assert!(generations.hold(after, &[1]));
    }
}
