//! Access tokens whose signature was found right a while ago, so that it need not be computed for each request. Of the account it
//! knows nothing: what that may do is looked up every time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::models::access::Scope;
use crate::models::time::Ts;

/// Tokens that are remembered at most.
const MOST: usize = 4096;

/// What a token says that this server signed.
pub(super) struct Known {
    pub(super) kid: String,
    pub(super) user_id: i64,
    pub(super) session_id: i64,
    pub(super) scopes: BTreeSet<Scope>,
    /// Seconds since 1970, as the next one.
    pub(super) expires: i64,
    pub(super) starts: Option<i64>,
}

/// SHA-256 of a token: what is remembered of it.
pub(super) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The tokens, by their digests.
#[derive(Default)]
pub(super) struct Verified(Mutex<HashMap<[u8; 32], Arc<Known>>>);

impl Verified {
    pub(super) fn find(&self, digest: &[u8; 32]) -> Option<Arc<Known>> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(digest).cloned()
    }

    /// Remembers a token. Where there are too many, those that are over go, and if that is not enough, all.
    pub(super) fn keep(&self, digest: [u8; 32], known: &Arc<Known>, now: Ts) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MOST {
            tokens.retain(|_, known| known.expires > now.0.timestamp());
        }
        if tokens.len() >= MOST {
            tokens.clear();
        }
        tokens.insert(digest, Arc::clone(known));
    }
}
