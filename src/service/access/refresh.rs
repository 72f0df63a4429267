//! Refresh tokens: which session and which turn one is of, under a MAC. None is stored, so a forged one costs nothing but the MAC,
//! and the session says which turn is good.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::error::{Error, Result};
use crate::models::time::Ts;
use crate::models::user::Session;

/// What refresh tokens start with.
const MARK: &str = "mhr_";
/// Bytes of the numbers.
const BODY: usize = 24;
/// Bytes of the numbers and the MAC.
const BYTES: usize = BODY + 32;

/// The contents of a token that this server made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RefreshToken {
    /// The session.
    pub(super) session_id: i64,
    /// Its turn.
    pub(super) generation: i64,
    /// When the session began: after a database was restored, its id may be that of another one.
    began: i64,
}

impl RefreshToken {
    /// The token of this turn of `session`.
    pub(super) fn of(session: &Session, generation: i64) -> Self {
        Self {
            session_id: session.id,
            generation,
            began: began(session.created_at),
        }
    }

    /// Whether it came of this session.
    pub(super) fn is_of(&self, session: &Session) -> bool {
        self.session_id == session.id && self.began == began(session.created_at)
    }

    /// The token as the client gets it.
    pub(super) fn encode(&self, key: &[u8]) -> Result<String> {
        let mut bytes = Vec::with_capacity(BYTES);
        for number in [self.session_id, self.generation, self.began] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        let mac = mac(key, &bytes)?;
        bytes.extend_from_slice(&mac);
        Ok(format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What is in `token`; `None` where this server did not make it.
    pub(super) fn decode(token: &str, key: &[u8]) -> Result<Option<Self>> {
        // Longer ones are not worth decoding.
        let text = token
            .strip_prefix(MARK)
            .filter(|text| text.len() < 2 * BYTES);
        let Some(bytes) = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()) else {
            return Ok(None);
        };
        let Some((body, given)) = bytes.split_at_checked(BODY) else {
            return Ok(None);
        };
        if !bool::from(mac(key, body)?.ct_eq(given)) {
            return Ok(None);
        }
        let mut numbers = body
            .as_chunks::<8>()
            .0
            .iter()
            .map(|n| i64::from_be_bytes(*n));
        let mut next = || numbers.next().unwrap_or_default();
        Ok(Some(Self {
            session_id: next(),
            generation: next(),
            began: next(),
        }))
    }
}

fn began(created_at: Ts) -> i64 {
    created_at.0.timestamp_micros()
}

fn mac(key: &[u8], body: &[u8]) -> Result<Vec<u8>> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).map_err(|e| Error::internal(e.to_string()))?;
    mac.update(body);
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_tokens_are_read() {
        let token = RefreshToken {
            session_id: 7,
            generation: 3,
            began: -1,
        };
        let text = token.encode(b"key").unwrap();
        assert_eq!(RefreshToken::decode(&text, b"key").unwrap(), Some(token));
        assert_eq!(RefreshToken::decode(&text, b"other").unwrap(), None);
        for at in MARK.len()..text.len() - 1 {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(RefreshToken::decode(&forged, b"key").unwrap(), None, "{at}");
        }
        let long = format!("mhr_{}", "A".repeat(100_000));
        for wrong in [
            "",
            "mhr_",
            "mhr_AAAA",
            &text[4..],
            &format!("{text}A"),
            &long,
        ] {
            assert_eq!(RefreshToken::decode(wrong, b"key").unwrap(), None);
        }
    }
}
