//! One at a time: who asks for an answer that somebody is making waits for it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

/// Parts that are locked apart.
const PARTS: usize = 64;

type Part = Mutex<HashMap<Box<str>, watch::Receiver<()>>>;

/// The answers that are being made.
#[derive(Debug, Clone)]
pub(super) struct Flights(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Vec<Part>,
    hasher: ahash::RandomState,
}

impl Default for Flights {
    fn default() -> Self {
        Self(Arc::new(Inner {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            hasher: ahash::RandomState::new(),
        }))
    }
}

/// Who makes an answer.
#[derive(Debug)]
pub enum Turn {
    /// The caller does; others wait until this is dropped.
    Lead(Lead),
    /// Somebody else does; this waits until they have.
    Follow(Follow),
}

/// The right to make an answer.
#[derive(Debug)]
pub struct Lead {
    flights: Flights,
    key: Box<str>,
    _landing: watch::Sender<()>,
}

/// The end of somebody's making.
#[derive(Debug)]
pub struct Follow(watch::Receiver<()>);

impl Follow {
    /// Waits for it, however it ends.
    pub async fn end(mut self) {
        // Nothing is ever sent; it fails once the sender is gone.
        while self.0.changed().await.is_ok() {}
    }
}

impl Flights {
    pub(super) fn board(&self, key: &str) -> Turn {
        let Some(part) = self.part(key) else {
            return Turn::Lead(self.lead(key, watch::channel(()).0));
        };
        match part.lock().entry(key.into()) {
            Entry::Occupied(flying) => Turn::Follow(Follow(flying.get().clone())),
            Entry::Vacant(free) => {
                let (landing, follow) = watch::channel(());
                free.insert(follow);
                Turn::Lead(self.lead(key, landing))
            }
        }
    }

    fn lead(&self, key: &str, landing: watch::Sender<()>) -> Lead {
        Lead {
            flights: self.clone(),
            key: key.into(),
            _landing: landing,
        }
    }

    fn part(&self, key: &str) -> Option<&Part> {
        let hash = usize::try_from(self.0.hasher.hash_one(key) % 64).unwrap_or_default();
        self.0.parts.get(hash % PARTS)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some(part) = self.flights.part(&self.key) {
            part.lock().remove(&self.key);
        }
    }
}
