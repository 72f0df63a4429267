//! Cursors: opaque, authenticated places in a list, bound to the filters they were made for.
//!
//! A cursor is 41 bytes in base64url: a version, a fingerprint of list and filters, the last row's time and id,
//! and the first half of an HMAC-SHA-256 over all of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::error::Fault;
use crate::http::problem::Problem;
use crate::models::listing::Position;
use crate::models::time::Ts;

/// Signs and checks cursors. All instances of a deployment share it.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

/// Stands for a list together with its filters; a cursor works only where it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 8]);

const VERSION: u8 = 1;
const PAYLOAD: usize = 1 + 8 + 8 + 8;
const SIGNATURE: usize = 16;

impl CursorKey {
    /// A key from shared secret bytes.
    pub fn new(secret: &[u8]) -> Result<Self, hmac::digest::InvalidLength> {
        Hmac::new_from_slice(secret).map(Self)
    }

    /// The cursor that stands behind `position`.
    pub fn encode(&self, fingerprint: Fingerprint, position: Position) -> String {
        let mut bytes = Vec::with_capacity(PAYLOAD + SIGNATURE);
        bytes.push(VERSION);
        bytes.extend(fingerprint.0);
        bytes.extend(position.published_at.0.timestamp_micros().to_be_bytes());
        bytes.extend(position.id.to_be_bytes());
        let signature = self.sign(&bytes).finalize().into_bytes();
        bytes.extend(signature.iter().take(SIGNATURE));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that `cursor` stands for, if it was made here and for these filters.
    pub fn decode(&self, fingerprint: Fingerprint, cursor: &str) -> Result<Position, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| forged())?;
        let (payload, signature) = bytes.split_at_checked(PAYLOAD).ok_or_else(forged)?;
        if signature.len() != SIGNATURE
            || self.sign(payload).verify_truncated_left(signature).is_err()
        {
            return Err(forged());
        }
        let (version, rest) = payload.split_first().ok_or_else(forged)?;
        let (made_for, rest) = rest.split_first_chunk::<8>().ok_or_else(forged)?;
        let (micros, rest) = rest.split_first_chunk::<8>().ok_or_else(forged)?;
        let id = rest.first_chunk::<8>().ok_or_else(forged)?;
        if *version != VERSION {
            return Err(refused(
                "is of another version; start again without `cursor`",
            ));
        }
        if *made_for != fingerprint.0 {
            return Err(refused(
                "belongs to other filters; repeat the request it came from, or start again without `cursor`",
            ));
        }
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros)).ok_or_else(forged)?;
        Ok(Position {
            published_at: Ts(at),
            id: i64::from_be_bytes(*id),
        })
    }

    fn sign(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(payload);
        mac
    }
}

impl Fingerprint {
    /// The fingerprint of a list's name and its filters in a fixed order.
    pub fn of(list: &str, filters: &[Option<String>]) -> Self {
        let mut digest = Sha256::new();
        digest.update(list);
        for filter in filters {
            match filter {
                None => digest.update([0]),
                Some(value) => {
                    digest.update([1]);
                    digest.update(value.len().to_be_bytes());
                    digest.update(value);
                }
            }
        }
        let mut short = [0; 8];
        short
            .iter_mut()
            .zip(digest.finalize())
            .for_each(|(to, from)| *to = from);
        Self(short)
    }
}

fn forged() -> Problem {
    refused(
        "is not one that this server gave out; use `next_cursor` of an answer unchanged, or start again without `cursor`",
    )
}

fn refused(detail: &str) -> Problem {
    Problem::invalid_cursor(vec![Fault::new(
        "/cursor",
        "invalid_cursor",
        format!("`cursor` {detail}"),
    )])
}
