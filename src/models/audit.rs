//! What the audit log keeps of a write or a sign-in.

use std::net::{IpAddr, Ipv6Addr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::time::Ts;

/// Makes addresses of callers into words that can be compared, but not read back without the key.
#[derive(Clone)]
pub struct AddressKey(Vec<u8>);

impl AddressKey {
    /// A key of these bytes.
    pub fn new(secret: Vec<u8>) -> Self {
        Self(secret)
    }

    /// 32 hexadecimal digits: half of an HMAC-SHA-256. Of IPv6 only the network counts (64 bits), as one customer has all of it.
    pub fn hash(&self, address: IpAddr) -> String {
        let text = match address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64 << 64;
                Ipv6Addr::from_bits(network).to_string()
            }
        };
        self.hash_text(&text)
    }

    /// The same of any text.
    pub fn hash_text(&self, text: &str) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return String::new();
        };
        mac.update(text.as_bytes());
        let hash = mac.finalize().into_bytes();
        hash.iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// An entry to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// When it happened.
    pub at: Ts,
    /// What was done: the word of an [`Operation`](super::access::Operation), or `sign_in`, `sign_in_failed` and the like.
    pub action: String,
    /// What kind of thing it was done to, e.g. `article`.
    pub resource: String,
    /// Which one.
    pub resource_id: Option<i64>,
    /// The site it belongs to.
    pub site_id: Option<i64>,
    /// The account that did it.
    pub user_id: Option<i64>,
    /// The API key that did it.
    pub api_key_id: Option<i64>,
    /// How they are called.
    pub actor: String,
    /// [`AddressKey::hash`] of where they called from.
    pub address_hash: Option<String>,
    /// The trace under which the request is logged.
    pub trace_id: Option<String>,
    /// What changed, as it was; `None` for what is new.
    pub before: Option<serde_json::Value>,
    /// What changed, as it is now; `None` for what is gone.
    pub after: Option<serde_json::Value>,
}

/// A stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id; later ones have higher ids.
    pub id: i64,
    /// Slug of the site it belongs to; `None` also where that is gone.
    pub site: Option<String>,
    /// What was noted.
    pub noted: NewEntry,
}
