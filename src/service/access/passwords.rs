//! Hashing passwords: slow on purpose, so never on the threads that serve requests, and only a few at a time.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a password is compared with where there is no account: made with the same parameters, so that it takes the same time.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmUh$\
                      Tm8gcGFzc3dvcmQgaXMgZXZlciBhY2NlcHRlZCBoZXI";

/// A few places to hash at; each hash takes 19 MiB.
#[derive(Clone)]
pub(super) struct Hashing(Arc<Semaphore>);

impl Hashing {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places.max(1))))
    }

    /// Runs `work`, which hashes once, off the async threads, and to its end even where the request is given up.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned())
            .await
            .map_err(|e| Error::Unavailable(e.into()))?
            .map_err(|e| Error::Internal(e.into()))?;
        tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(place);
            outcome
        })
        .await
        .map_err(|e| Error::Internal(e.into()))?
    }
}

/// The PHC string of a password: argon2id, m=19456, t=2, p=1. Blocks the calling thread for its work.
pub(super) fn hash(password: &str) -> Result<String> {
    let hash = Argon2::default()
        .hash_password(normal(password).as_bytes())
        .map_err(|e| Error::internal(format!("hashing a password: {e}")))?;
    Ok(hash.to_string())
}

/// Whether `password` is the one that was hashed; with no hash it takes as long and is not. Blocks the calling thread for its work.
pub(super) fn is_right(password: &str, hash: Option<&str>) -> bool {
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    let fits = Argon2::default().verify_password(normal(password).as_bytes(), &parsed);
    fits.is_ok() && hash.is_some()
}

/// Whether a hash of the one would fit the other.
pub(super) fn are_same(one: &str, other: &str) -> bool {
    normal(one) == normal(other)
}

/// The same characters, however a keyboard composed them (Unicode NFKC, as NIST SP 800-63B advises).
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_recognised() {
        let hash = hash("pässwörd").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(is_right("pa\u{308}sswo\u{308}rd", Some(&hash)));
        assert!(!is_right("passwort", Some(&hash)));
        assert!(!is_right("passwort", Some("no hash")));
    }

    #[test]
    fn nobody_has_a_hash_that_is_worked_on() {
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(!is_right("pässwörd", None));
    }
}
