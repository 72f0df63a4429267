//! The keys that sign access tokens: made, published, put to use, retired. Knows no token.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use sha2::{Digest, Sha256};

use super::TOKEN_LIFE;
use crate::error::{Error, Result};
use crate::models::time::Ts;
use crate::store::signing_keys::SigningKey;
use crate::store::{self, Store};

/// How long a key signs.
const SIGNS_FOR: TimeDelta = TimeDelta::days(30);
/// How long a key is published before it signs, so that whoever keeps the list of keys has it by then.
const PUBLISHED_BEFORE: TimeDelta = TimeDelta::hours(1);
/// How much longer a key is known than the last token that it can have signed.
const SLACK: TimeDelta = TimeDelta::minutes(5);
/// How often the keys are read again because of a token with an unknown one.
const READ_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(5);
/// What stands before the 32 bytes of an Ed25519 private key in PKCS#8 (RFC 8410, section 7).
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Bytes that an Ed25519 key is made of (RFC 8032, section 5.1.5).
pub type Seed = [u8; 32];

/// A key as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name: the thumbprint of RFC 7638.
    pub kid: String,
    /// The key itself, base64url.
    pub x: String,
}

/// A key that signs, or did.
pub(super) struct Key {
    pub(super) public: PublicKey,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    signs_from: Ts,
    retires_at: Option<Ts>,
}

impl Key {
    fn new(pkcs8: &[u8], signs_from: Ts, retires_at: Option<Ts>) -> Result<Self> {
        let encoding = EncodingKey::from_ed_der(pkcs8);
        let unusable = |e: jsonwebtoken::errors::Error| Error::Internal(e.into());
        let jwk = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA).map_err(unusable)?;
        let AlgorithmParameters::OctetKeyPair(pair) = jwk.algorithm else {
            return Err(Error::internal("a signing key is not of Ed25519"));
        };
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, pair.x);
        Ok(Self {
            decoding: DecodingKey::from_ed_components(&pair.x).map_err(unusable)?,
            public: PublicKey {
                kid: URL_SAFE_NO_PAD.encode(Sha256::digest(members)),
                x: pair.x,
            },
            encoding,
            signs_from,
            retires_at,
        })
    }

    fn is_known(&self, now: Ts) -> bool {
        self.retires_at.is_none_or(|at| at > now)
    }
}

/// All keys at a time, the first to sign first.
#[derive(Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    fn of_rows(rows: &[SigningKey]) -> Result<Self> {
        rows.iter()
            .map(|row| Key::new(&row.private_key, row.signs_from, row.retires_at))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// The key with this name.
    pub(super) fn find(&self, kid: &str, now: Ts) -> Option<&Key> {
        self.0
            .iter()
            .find(|key| key.public.kid == kid && key.is_known(now))
    }

    /// The key that signs: the last one whose time has come, or the first where a clock was set back.
    pub(super) fn signing(&self, now: Ts) -> Option<&Key> {
        let ready = self.0.iter().rfind(|key| key.signs_from <= now);
        ready.or_else(|| self.0.first())
    }

    /// What others need to verify tokens.
    pub(super) fn published(&self, now: Ts) -> Vec<PublicKey> {
        let known = self.0.iter().filter(|key| key.is_known(now));
        known.map(|key| key.public.clone()).collect()
    }
}

/// Where the keys come from, and those of them that are at hand.
pub(super) struct KeyRing {
    /// The configuration names them, so they are neither stored nor replaced.
    is_fixed: bool,
    at_hand: RwLock<(Arc<Keys>, Option<Ts>)>,
}

impl KeyRing {
    /// The keys of these seeds, of which the first signs; without any, those in the database.
    pub(super) fn new(seeds: &[Seed]) -> Result<Self> {
        let mut keys: Vec<Key> = seeds
            .iter()
            .map(|seed| Key::new(&pkcs8(seed), Ts::default(), None))
            .collect::<Result<_>>()?;
        // Of keys that are ready the last one signs.
        keys.reverse();
        Ok(Self {
            is_fixed: !keys.is_empty(),
            at_hand: RwLock::new((Arc::new(Keys(keys)), None)),
        })
    }

    /// The keys as they were last read.
    pub(super) fn keys(&self) -> Arc<Keys> {
        let at_hand = self.at_hand.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&at_hand.0)
    }

    /// Reads the keys again, makes a new one where it is time, and removes those that are over.
    pub(super) fn tend(&self, store: &Store, now: Ts) -> Result<()> {
        if self.is_fixed {
            return Ok(());
        }
        let mut rows = store.read_blocking(store::signing_keys::all)?;
        if is_due(&rows, now) || rows.iter().any(|row| is_over(row, now)) {
            rows = store.write_blocking(|conn| {
                store::signing_keys::lock(conn)?;
                replace(conn, now)?;
                store::signing_keys::all(conn)
            })?;
        }
        self.take(Keys::of_rows(&rows)?, now);
        Ok(())
    }

    /// Reads the keys again, unless that was done a moment ago.
    pub(super) async fn look_again(&self, store: &Store, now: Ts) -> Result<()> {
        if self.is_fixed || !self.may_look(now) {
            return Ok(());
        }
        let rows = store.read_short(store::signing_keys::all).await?;
        self.take(Keys::of_rows(&rows)?, now);
        Ok(())
    }

    /// Whether it is time to read again, and if so, from now on no longer.
    fn may_look(&self, now: Ts) -> bool {
        let mut at_hand = self.at_hand.write().unwrap_or_else(PoisonError::into_inner);
        let since = at_hand.1.map(|at| (now.0 - at.0).abs());
        let may = since.is_none_or(|since| since >= READ_AGAIN_AFTER);
        if may {
            at_hand.1 = Some(now);
        }
        may
    }

    fn take(&self, keys: Keys, now: Ts) {
        let mut at_hand = self.at_hand.write().unwrap_or_else(PoisonError::into_inner);
        *at_hand = (Arc::new(keys), Some(now));
    }
}

fn is_due(rows: &[SigningKey], now: Ts) -> bool {
    rows.last()
        .is_none_or(|newest| newest.signs_from.0 + SIGNS_FOR <= now.0)
}

fn is_over(row: &SigningKey, now: Ts) -> bool {
    row.retires_at.is_some_and(|at| at <= now)
}

/// Makes a key where it is time. Looks again, since another instance may have done so meanwhile.
fn replace(conn: &mut store::Conn, now: Ts) -> Result<()> {
    let rows = store::signing_keys::all(conn)?;
    if is_due(&rows, now) {
        let mut seed = Seed::default();
        getrandom::fill(&mut seed).map_err(|e| Error::Internal(e.into()))?;
        let private_key = pkcs8(&seed);
        // The first key of all has nobody to wait for.
        let signs_from = match rows.is_empty() {
            true => now,
            false => Ts(now.0 + PUBLISHED_BEFORE),
        };
        let key = SigningKey {
            kid: Key::new(&private_key, signs_from, None)?.public.kid,
            private_key,
            created_at: now,
            signs_from,
            retires_at: None,
        };
        store::signing_keys::insert(conn, &key)?;
        let retires_at = Ts(signs_from.0 + TOKEN_LIFE + SLACK);
        store::signing_keys::retire_others(conn, &key.kid, retires_at)?;
    }
    store::signing_keys::delete_retired(conn, now)?;
    Ok(())
}

fn pkcs8(seed: &Seed) -> Vec<u8> {
    [PKCS8_HEAD.as_slice(), seed].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_are_their_thumbprints() {
        // RFC 8037, appendix A.1 to A.3.
        let seed = URL_SAFE_NO_PAD
            .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
            .unwrap();
        let key = Key::new(&pkcs8(&seed.try_into().unwrap()), Ts::default(), None).unwrap();
        assert_eq!(key.public.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(
            key.public.kid,
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn of_configured_keys_the_first_signs() {
        let ring = KeyRing::new(&[[1; 32], [2; 32]]).unwrap();
        let first = Key::new(&pkcs8(&[1; 32]), Ts::default(), None).unwrap();
        let keys = ring.keys();
        assert_eq!(keys.signing(Ts::default()).unwrap().public, first.public);
        assert_eq!(keys.published(Ts::default()).len(), 2);
    }
}
