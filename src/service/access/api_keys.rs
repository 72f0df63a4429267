//! Keys of programs: making one, and recognising it. Of a key only the digest is kept, and its prefix, by which it is found.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Access;
use crate::error::{Error, Result};
use crate::models::access::{Principal, Rights};
use crate::models::time::Ts;
use crate::models::user::ApiKey;
use crate::store;

/// What API keys start with.
pub(super) const MARK: &str = "mh_";
/// Bytes of the public part; written as hex digits, so that it holds no `_`.
const PREFIX_BYTES: usize = 6;
/// Bytes of the secret part.
const SECRET_BYTES: usize = 32;
/// Characters of the longest key that is looked at.
const MAX_CHARACTERS: usize = 200;
/// How often the use of a key is noted.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Keys whose last use is remembered here.
const REMEMBERED: usize = 10_000;

/// A new API key. Its owner sees `key` once; the rest is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct MadeKey {
    /// The key itself.
    pub key: String,
    /// Its public part.
    pub prefix: String,
    /// SHA-256 of its secret part.
    pub digest: Vec<u8>,
}

/// Makes an API key; nothing is stored.
pub fn make_key() -> Result<MadeKey> {
    let mut random = [0; PREFIX_BYTES + SECRET_BYTES];
    getrandom::fill(&mut random).map_err(|e| Error::Internal(e.into()))?;
    let (public, secret) = random.split_at(PREFIX_BYTES);
    let prefix: String = public.iter().map(|byte| format!("{byte:02x}")).collect();
    let secret = URL_SAFE_NO_PAD.encode(secret);
    Ok(MadeKey {
        key: format!("{MARK}{prefix}_{secret}"),
        digest: digest(&secret),
        prefix,
    })
}

/// The secret part is as random as the digest is long, so a fast hash is enough.
fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// When the use of each key was last noted by this process, so that requests at once do not all note it.
#[derive(Default)]
pub(super) struct Uses(Mutex<HashMap<i64, Ts>>);

impl Uses {
    /// Whether the use of `key` is to be noted now; if so, not again for a while.
    fn is_due(&self, key: &ApiKey, now: Ts) -> bool {
        let is_recent = |at: Ts| (now.0 - at.0).abs() < NOTED_EVERY;
        if key.last_used_at.is_some_and(is_recent) {
            return false;
        }
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(&key.id).copied().is_some_and(is_recent) {
            return false;
        }
        if noted.len() >= REMEMBERED {
            noted.clear();
        }
        noted.insert(key.id, now);
        true
    }
}

impl Access {
    /// Who has the API key `bearer`.
    pub(super) async fn of_api_key(&self, bearer: &str) -> Result<Principal> {
        let unknown = Error::InvalidToken("it is no API key of this server");
        let parts = bearer
            .strip_prefix(MARK)
            .filter(|rest| rest.len() < MAX_CHARACTERS)
            .and_then(|rest| rest.split_once('_'));
        let Some((prefix, secret)) = parts else {
            return Err(unknown);
        };
        let (prefix, given) = (prefix.to_owned(), digest(secret));
        // PostgreSQL takes no such text.
        if prefix.contains('\0') {
            return Err(unknown);
        }
        let found = self
            .store
            .read_short(move |conn| store::api_keys::find_by_prefix(conn, &prefix))
            .await?;
        let Some((key, holder)) = found else {
            return Err(unknown);
        };
        if !bool::from(key.digest.ct_eq(&given)) {
            return Err(unknown);
        }
        let now = self.now();
        if key.revoked_at.is_some() {
            return Err(Error::InvalidToken("the API key was revoked"));
        }
        if key.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::InvalidToken("the API key has expired"));
        }
        let Some(holder) = holder else {
            return Err(Error::InvalidToken("its account is closed"));
        };
        if self.uses.is_due(&key, now) {
            self.note_use(key.id, now);
        }
        Ok(Principal {
            user_id: holder.user_id,
            session_id: None,
            api_key_id: Some(key.id),
            actor: format!("{} (key {MARK}{})", holder.email, key.prefix),
            rights: Rights {
                role: holder.role,
                grants: holder.grants,
                scopes: key.scopes.into_iter().collect(),
            },
        })
    }

    /// Notes that a key was used, without having the request wait for it.
    fn note_use(&self, id: i64, now: Ts) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) =
                store.write_blocking(|conn| store::api_keys::note_use(conn, id, now))
            {
                tracing::warn!(error = error.chain(), "noting the use of an API key failed");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_public_and_a_secret_part() {
        let (made, other) = (make_key().unwrap(), make_key().unwrap());
        let (prefix, secret) = made.key[MARK.len()..].split_once('_').unwrap();
        assert_eq!(
            (prefix, digest(secret)),
            (made.prefix.as_str(), made.digest)
        );
        assert_eq!(made.key.len(), 3 + 12 + 1 + 43);
        assert_ne!(made.prefix, other.prefix);
    }
}
