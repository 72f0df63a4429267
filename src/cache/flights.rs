//! One at a time: who asks for an answer that somebody is making waits for it, and gets it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

/// Parts that are locked apart.
const PARTS: usize = 64;

type Part<T> = Mutex<HashMap<Box<str>, watch::Receiver<Landing<T>>>>;

/// The answers that are being made.
#[derive(Debug)]
pub(super) struct Flights<T>(Arc<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    parts: Vec<Part<T>>,
    hasher: ahash::RandomState,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Arc::new(Inner {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            hasher: ahash::RandomState::new(),
        }))
    }
}

/// Who makes an answer.
#[derive(Debug)]
pub enum Turn<T> {
    /// The caller does; others wait until this has landed or is dropped.
    Lead(Lead<T>),
    /// Somebody else does; this waits until they have.
    Follow(Follow<T>),
}

/// How a making ended.
#[derive(Debug, Clone)]
pub enum Landing<T> {
    /// With this.
    Answer(T),
    /// With something that is not for others.
    Nothing,
    /// Without an end: whoever made it was dropped.
    Lost,
}

/// The right to make an answer.
#[derive(Debug)]
pub struct Lead<T> {
    flights: Flights<T>,
    key: Box<str>,
    landing: watch::Sender<Landing<T>>,
}

/// The end of somebody's making.
#[derive(Debug)]
pub struct Follow<T>(watch::Receiver<Landing<T>>);

impl<T: Clone> Follow<T> {
    /// Waits for it.
    pub async fn end(mut self) -> Landing<T> {
        // It fails where the sender is gone without a word.
        let _ = self.0.changed().await;
        self.0.borrow().clone()
    }
}

impl<T> Flights<T> {
    pub(super) fn board(&self, key: &str) -> Turn<T> {
        let Some(part) = self.part(key) else {
            return Turn::Lead(self.lead(key, watch::channel(Landing::Lost).0));
        };
        match part.lock().entry(key.into()) {
            Entry::Occupied(flying) => Turn::Follow(Follow(flying.get().clone())),
            Entry::Vacant(free) => {
                let (landing, follow) = watch::channel(Landing::Lost);
                free.insert(follow);
                Turn::Lead(self.lead(key, landing))
            }
        }
    }

    fn lead(&self, key: &str, landing: watch::Sender<Landing<T>>) -> Lead<T> {
        Lead {
            flights: Self(Arc::clone(&self.0)),
            key: key.into(),
            landing,
        }
    }

    fn part(&self, key: &str) -> Option<&Part<T>> {
        let hash = usize::try_from(self.0.hasher.hash_one(key) % 64).unwrap_or_default();
        self.0.parts.get(hash % PARTS)
    }
}

impl<T> Lead<T> {
    /// Gives what was made to those who wait; nothing where it is not for others.
    pub fn land(self, made: Option<T>) {
        self.landing
            .send_replace(made.map_or(Landing::Nothing, Landing::Answer));
    }
}

impl<T> Drop for Lead<T> {
    fn drop(&mut self) {
        if let Some(part) = self.flights.part(&self.key) {
            part.lock().remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(flights: &Flights<u8>) -> Lead<u8> {
        match flights.board("a") {
            Turn::Lead(lead) => lead,
            Turn::Follow(_) => panic!("somebody leads"),
        }
    }

    fn followed(flights: &Flights<u8>) -> Follow<u8> {
        match flights.board("a") {
            Turn::Follow(follow) => follow,
            Turn::Lead(_) => panic!("nobody leads"),
        }
    }

    fn ended(follow: Follow<u8>) -> Landing<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(follow.end())
    }

    #[test]
    fn what_lands_is_for_all_who_wait() {
        let flights = Flights::default();
        let lead = led(&flights);
        let both = [followed(&flights), followed(&flights)];
        lead.land(Some(7));
        for follow in both {
            assert!(matches!(ended(follow), Landing::Answer(7)));
        }
        let lead = led(&flights);
        let follow = followed(&flights);
        lead.land(None);
        assert!(matches!(ended(follow), Landing::Nothing));
        let lead = led(&flights);
        let follow = followed(&flights);
        drop(lead);
        assert!(matches!(ended(follow), Landing::Lost));
        let _next = led(&flights);
    }
}
