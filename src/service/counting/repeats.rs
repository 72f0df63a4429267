//! Requests that come again with the same `Idempotency-Key`: they get the first answer, and nothing is counted twice.

use std::collections::HashMap;

use super::batch::{Hit, Outcome};
use crate::error::{Error, Result};
use crate::models::counting::{Counted, Uncounted};
use crate::models::reply::{Reply, RequestKey};
use crate::models::time::Ts;
use crate::store::{self, Conn};

/// What came of a hit, as short as it can be kept: anybody may have it kept.
type Kept = (i64, Option<Uncounted>);

/// Where the answer to a hit comes from.
pub enum Answer {
    /// It is known already.
    Known(Result<Outcome>),
    /// It is that of the hit which is counted at this place; the flag tells whether this request repeats that one.
    Fresh(usize, bool),
}

/// The keyed requests of a batch, and what became of those that came before.
pub struct Repeats {
    answered: HashMap<String, (String, Vec<Counted>)>,
    /// The first request with each new key, and where it is counted.
    new: HashMap<String, (RequestKey, usize)>,
}

impl Repeats {
    /// Looks up the keys of `hits`.
    pub fn find(conn: &mut Conn, hits: &[Hit], now: Ts) -> Result<Self> {
        let keys: Vec<&RequestKey> = hits.iter().filter_map(|hit| hit.request.as_ref()).collect();
        let mut answered = HashMap::new();
        for (key, reply) in store::idempotency::answered(conn, &keys, now)? {
            let counted: Vec<Kept> =
                serde_json::from_str(&reply.body).map_err(|e| Error::Internal(e.into()))?;
            let counted = counted
                .into_iter()
                .map(|(number, uncounted)| Counted { number, uncounted })
                .collect();
            answered.insert(key.key, (key.fingerprint, counted));
        }
        Ok(Self {
            answered,
            new: HashMap::new(),
        })
    }

    /// The answer to `hit` where it repeats a request, be what it is about there any more or not.
    pub fn answer(&self, hit: &Hit) -> Option<Answer> {
        let request = hit.request.as_ref()?;
        if let Some((fingerprint, counted)) = self.answered.get(&request.key) {
            return Some(Answer::Known(match *fingerprint == request.fingerprint {
                true => Ok(Outcome {
                    counted: counted.clone(),
                    is_replayed: true,
                }),
                false => Err(Error::KeyReused),
            }));
        }
        if let Some((first, at)) = self.new.get(&request.key) {
            return Some(match first.fingerprint == request.fingerprint {
                true => Answer::Fresh(*at, true),
                false => Answer::Known(Err(Error::KeyReused)),
            });
        }
        None
    }

    /// Notes that `hit`, which repeats nothing, is counted at `place`.
    pub fn note(&mut self, hit: &Hit, place: usize) {
        if let Some(request) = &hit.request {
            self.new
                .insert(request.key.clone(), (request.clone(), place));
        }
    }

    /// Keeps the answers to new requests, as `counted` has them by place.
    pub fn keep(self, conn: &mut Conn, counted: &[Vec<Counted>], now: Ts) -> Result<()> {
        let mut replies = Vec::with_capacity(self.new.len());
        for (request, at) in self.new.into_values() {
            let told = counted.get(at).into_iter().flatten();
            let kept: Vec<Kept> = told.map(|told| (told.number, told.uncounted)).collect();
            let body = serde_json::to_string(&kept).map_err(|e| Error::Internal(e.into()))?;
            let reply = Reply {
                status: 200,
                headers: Vec::new(),
                body,
            };
            replies.push((request, reply));
        }
        replies.sort_by(|(a, _), (b, _)| a.key.cmp(&b.key));
        store::idempotency::keep(conn, &replies, now)
    }
}
