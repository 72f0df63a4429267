//! Who a visitor is, as a hash that cannot be undone and that nobody can make again once its salt is gone. Knows no request and
//! no SQL.
//!
//! A hash covers what was seen, so the marks of one visitor on two articles have nothing in common. Once its salt is gone, a mark tells nothing; until
//! then somebody who has the database and an address can try it.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::models::counting::Gauge;

/// Bytes of a salt.
pub const SALT: usize = 32;

/// Who sends a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// What a front end calls its visitor; instead of address and user agent.
    pub visitor: Option<String>,
    /// What the visitor's program calls itself; empty where it does not.
    pub agent: String,
    /// Where the visitor is.
    pub address: Option<IpAddr>,
}

/// What salts of one day make of visitors.
#[derive(Clone)]
pub struct Hasher(Hmac<Sha256>);

impl Hasher {
    /// With this salt.
    pub fn new(salt: &[u8]) -> Self {
        // Every length will do.
        Self(Hmac::new_from_slice(salt).unwrap_or_else(|_| Hmac::new(&Default::default())))
    }

    /// The visitor and its address, for what is counted of them at `gauge` and `reference`. A visitor who is told by address and user agent has
    /// the first 32 bits of the address, so that both marks mostly stand on one page of the database.
    pub fn keys(&self, who: &Who, gauge: Gauge, reference: i64) -> (i64, i64) {
        /// The bits that tell the visitors of an address apart.
        const APART: i64 = (1 << 32) - 1;
        let network = network(who.address);
        let address = self.hash(b'n', gauge, reference, &[&network]) & !APART;
        let visitor = match &who.visitor {
            Some(visitor) => self.hash(b'v', gauge, reference, &[visitor.as_bytes()]),
            None => {
                let agent = who.agent.as_bytes();
                let apart = self.hash(b'a', gauge, reference, &[&network, agent]) & APART;
                // Zero is the address itself.
                address | apart.max(1)
            }
        };
        (visitor, address)
    }

    fn hash(&self, domain: u8, gauge: Gauge, reference: i64, parts: &[&[u8]]) -> i64 {
        let mut mac = self.0.clone();
        mac.update(&[domain]);
        mac.update(&gauge.code().to_be_bytes());
        mac.update(&reference.to_be_bytes());
        for part in parts {
            mac.update(part);
        }
        let hash = mac.finalize().into_bytes();
        let first: [u8; 8] = std::array::from_fn(|at| hash.get(at).copied().unwrap_or_default());
        i64::from_be_bytes(first)
    }
}

/// What of an address stands for one customer of a network: all of IPv4, the first 64 bits of IPv6 (RFC 6177).
fn network(address: Option<IpAddr>) -> [u8; 9] {
    let mut bytes = [0; 9];
    let (kind, octets): (u8, Vec<u8>) = match address.map(|address| address.to_canonical()) {
        None => (0, Vec::new()),
        Some(IpAddr::V4(v4)) => (4, v4.octets().to_vec()),
        Some(IpAddr::V6(v6)) => (6, v6.octets().into_iter().take(8).collect()),
    };
    for (byte, value) in bytes.iter_mut().zip(std::iter::once(kind).chain(octets)) {
        *byte = value;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(visitor: Option<&str>, agent: &str, address: &str) -> Who {
        Who {
            visitor: visitor.map(str::to_owned),
            agent: agent.to_owned(),
            address: Some(address.parse().unwrap()),
        }
    }

    #[test]
    fn a_visitor_is_known_by_key_or_by_address_and_agent() {
        let salt = Hasher::new(&[7; SALT]);
        let of = |who: &Who| salt.keys(who, Gauge::ArticleViews, 1).0;
        let key = who(Some("k"), "A", "1.2.3.4");
        assert_eq!(of(&key), of(&who(Some("k"), "B", "5.6.7.8")));
        assert_ne!(of(&key), of(&who(Some("l"), "A", "1.2.3.4")));
        let bare = who(None, "A", "1.2.3.4");
        assert_eq!(of(&bare), of(&bare.clone()));
        assert_ne!(of(&bare), of(&who(None, "B", "1.2.3.4")));
        assert_ne!(of(&bare), of(&who(None, "A", "1.2.3.5")));
        assert_ne!(of(&bare), of(&key));
    }

    #[test]
    fn one_network_is_one_address() {
        let salt = Hasher::new(&[7; SALT]);
        let of = |address| salt.keys(&who(None, "", address), Gauge::ArticleViews, 1).1;
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:1.2.3.4"), of("1.2.3.4"));
        assert_ne!(of("1.2.3.5"), of("1.2.3.4"));
    }

    #[test]
    fn nothing_connects_days_or_articles() {
        let key = who(Some("k"), "", "1.2.3.4");
        let (monday, tuesday) = (Hasher::new(&[1; SALT]), Hasher::new(&[2; SALT]));
        let on = |salt: &Hasher, id| salt.keys(&key, Gauge::ArticleViews, id);
        assert_ne!(on(&monday, 1), on(&tuesday, 1));
        assert_ne!(on(&monday, 1), on(&monday, 2));
        assert_ne!(
            monday.keys(&key, Gauge::SiteVisits, 1),
            monday.keys(&key, Gauge::ArticleViews, 1)
        );
    }
}
