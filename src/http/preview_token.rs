//! Preview tokens: which revision of which article a link shows and until when, under a MAC. None is stored, so a link works on
//! every instance, and one that somebody made up costs nothing but the MAC. They know no article.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::error::{Error, Result};
use crate::models::revision::Preview;
use crate::models::time::Ts;

/// What preview tokens start with.
const MARK: &str = "mhp_";
/// Bytes of the numbers.
const BODY: usize = 32;
/// Bytes of the numbers and the MAC.
const BYTES: usize = BODY + 32;

/// Signs and checks preview tokens. All instances of a deployment share it.
#[derive(Clone)]
pub struct PreviewKey(Vec<u8>);

impl PreviewKey {
    /// The key made of `secret`.
    pub fn new(secret: Vec<u8>) -> Self {
        Self(secret)
    }

    /// The token of a preview.
    ///
    /// # Errors
    ///
    /// `Internal` where the secret is none.
    pub fn encode(&self, preview: &Preview) -> Result<String> {
        let Preview {
            article_id,
            revision,
            saved_at,
            expires_at,
        } = preview;
        let mut bytes = Vec::with_capacity(BYTES);
        for number in [
            *article_id,
            *revision,
            saved_at.0.timestamp_micros(),
            expires_at.0.timestamp(),
        ] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        let mac = self.mac(&bytes)?;
        bytes.extend_from_slice(&mac);
        Ok(format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The preview that `token` is of; `None` where this server did not make it.
    ///
    /// # Errors
    ///
    /// `Internal` where the secret is none.
    pub fn decode(&self, token: &str) -> Result<Option<Preview>> {
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
        if !bool::from(self.mac(body)?.ct_eq(given)) {
            return Ok(None);
        }
        let mut numbers = body
            .as_chunks::<8>()
            .0
            .iter()
            .map(|n| i64::from_be_bytes(*n));
        let mut next = || numbers.next().unwrap_or_default();
        let (article_id, revision) = (next(), next());
        let saved_at = DateTime::from_timestamp_micros(next());
        let expires_at = DateTime::from_timestamp_secs(next());
        Ok(saved_at
            .zip(expires_at)
            .map(|(saved_at, expires_at)| Preview {
                article_id,
                revision,
                saved_at: Ts(saved_at),
                expires_at: Ts(expires_at),
            }))
    }

    fn mac(&self, body: &[u8]) -> Result<Vec<u8>> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).map_err(|e| Error::internal(e.to_string()))?;
        mac.update(body);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_tokens_are_read() {
        let key = |secret: &[u8]| PreviewKey::new(secret.to_vec());
        let at = |micros| Ts(DateTime::from_timestamp_micros(micros).unwrap());
        let preview = Preview {
            article_id: 7,
            revision: 3,
            saved_at: at(1_768_449_600_123_456),
            expires_at: at(1_768_536_000_000_000),
        };
        let text = key(b"key").encode(&preview).unwrap();
        assert_eq!(key(b"key").decode(&text).unwrap(), Some(preview));
        assert_eq!(key(b"other").decode(&text).unwrap(), None);
        for place in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(key(b"key").decode(&forged).unwrap(), None, "{place}");
        }
        let long = format!("{MARK}{}", "A".repeat(100_000));
        let cut = &text[..text.len() - 1];
        for wrong in [
            "",
            MARK,
            "mhp_AAAA",
            &text[4..],
            cut,
            &format!("{text}A"),
            &format!("{text}="),
            &long,
        ] {
            assert_eq!(key(b"key").decode(wrong).unwrap(), None, "{wrong}");
        }
    }
}
