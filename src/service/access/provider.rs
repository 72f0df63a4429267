//! Tokens of an external identity provider: its keys, fetched and kept, and which account a token is of.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use ureq::tls::TlsConfig;

use super::jwt::{self, Unverified};
use super::{Access, sign_in};
use crate::error::{Error, Result};
use crate::models::access::{Principal, Rights, Scope};
use crate::models::time::Ts;
use crate::models::user::{User, email_key};
use crate::store;

/// How long a list of keys is fresh.
const FRESH_FOR: TimeDelta = TimeDelta::minutes(10);
/// How long it is used where no newer one can be had.
const USED_FOR: TimeDelta = TimeDelta::days(1);
/// How often it is fetched at most, whatever comes in.
const FETCHED_EVERY: TimeDelta = TimeDelta::seconds(30);
/// How long fetching may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of the longest list that is read.
const MAX_BYTES: u64 = 256 * 1024;
/// Keys that are kept of a list.
const MAX_KEYS: usize = 50;

/// What an RSA key is good for.
const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];
/// Bytes of the modulus of an RSA key that is neither too weak nor too much work.
const RSA_BYTES: RangeInclusive<usize> = 256..=1024;

/// Which provider is trusted, and for what.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// What stands in `aud` of those that are meant for this server.
    pub audience: String,
    /// Where its keys are.
    pub jwks_url: String,
    /// The algorithms that it may sign with, as JOSE calls them; only asymmetric ones.
    pub algorithms: Vec<String>,
    /// The types that its access tokens may have, in lower case and without `application/`.
    pub types: Vec<String>,
}

/// A list of keys as RFC 7517 has it. What is no key for signing is left out, not refused.
#[derive(Deserialize)]
struct Fetched {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct FetchedKey {
    kty: String,
    kid: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

struct ProviderKey {
    kid: String,
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
}

/// What was fetched, and when it was last tried.
#[derive(Clone, Default)]
struct Kept {
    keys: Arc<Vec<ProviderKey>>,
    fetched_at: Option<Ts>,
    tried_at: Option<Ts>,
}

impl Kept {
    fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid == kid)
    }

    fn is_younger(at: Option<Ts>, than: TimeDelta, now: Ts) -> bool {
        at.is_some_and(|at| (now.0 - at.0).abs() < than)
    }
}

/// The provider and its keys.
pub(super) struct Provider {
    settings: ProviderSettings,
    algorithms: Vec<Algorithm>,
    agent: ureq::Agent,
    kept: RwLock<Kept>,
    /// Of many requests with an unknown key one fetches; the others wait for it.
    turn: tokio::sync::Mutex<()>,
}

impl Provider {
    pub(super) fn new(settings: ProviderSettings) -> Self {
        let crypto = rustls::crypto::aws_lc_rs::default_provider();
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(crypto))
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(FETCH_TIMEOUT))
            .max_redirects(0)
            .max_redirects_will_error(true)
            .proxy(None)
            .build();
        let words = settings.algorithms.iter();
        Self {
            algorithms: words.filter_map(|word| word.parse().ok()).collect(),
            agent: agent.new_agent(),
            settings,
            kept: RwLock::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    fn kept(&self) -> Kept {
        self.kept
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.kept.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// The keys at hand, fetched again where they are old or `kid` is not among them.
    async fn keys(self: &Arc<Self>, kid: &str, now: Ts) -> Result<Kept> {
        let wanted = |kept: &Kept| {
            let is_fresh = Kept::is_younger(kept.fetched_at, FRESH_FOR, now);
            let is_tried = Kept::is_younger(kept.tried_at, FETCHED_EVERY, now);
            (!is_fresh || !kept.has(kid)) && !is_tried
        };
        let kept = self.kept();
        if wanted(&kept) {
            let is_usable = kept.has(kid) && Kept::is_younger(kept.fetched_at, USED_FOR, now);
            let turn = match self.turn.try_lock() {
                Ok(turn) => Some(turn),
                // An old list with the key in it will do while somebody else fetches the next.
                Err(_) if is_usable => None,
                Err(_) => Some(self.turn.lock().await),
            };
            if turn.is_some() && wanted(&self.kept()) {
                self.fetch(now).await?;
            }
        }
        let kept = self.kept();
        match Kept::is_younger(kept.fetched_at, USED_FOR, now) {
            true => Ok(kept),
            false => Err(Error::Unavailable(
                "the identity provider's keys could not be fetched".into(),
            )),
        }
    }

    /// Fetches the keys. Where that fails, those at hand stay.
    async fn fetch(self: &Arc<Self>, now: Ts) -> Result<()> {
        let this = Arc::clone(self);
        let fetched = tokio::task::spawn_blocking(move || this.fetch_blocking())
            .await
            .map_err(|e| Error::Internal(e.into()))?;
        match fetched {
            Ok(keys) => self.keep(|kept| {
                *kept = Kept {
                    keys: Arc::new(keys),
                    fetched_at: Some(now),
                    tried_at: Some(now),
                };
            }),
            Err(cause) => {
                tracing::warn!(cause, "fetching the keys of the identity provider failed");
                self.keep(|kept| kept.tried_at = Some(now));
            }
        }
        Ok(())
    }

    fn fetch_blocking(&self) -> Result<Vec<ProviderKey>, String> {
        let url = &self.settings.jwks_url;
        let mut answer = self.agent.get(url).call().map_err(|e| e.to_string())?;
        let body = answer.body_mut().with_config().limit(MAX_BYTES);
        let text = body.read_to_string().map_err(|e| e.to_string())?;
        let list: Fetched = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        let keys = list.keys.into_iter().filter_map(usable);
        Ok(keys.take(MAX_KEYS).collect())
    }
}

/// A key of the list that can verify signatures, with the algorithms that fit it (RFC 8725, section 3.1).
fn usable(json: serde_json::Value) -> Option<ProviderKey> {
    let key: FetchedKey = serde_json::from_value(json).ok()?;
    let is_for_signing = key.usage.as_deref().is_none_or(|usage| usage == "sig");
    let may_verify = key
        .key_ops
        .as_ref()
        .is_none_or(|all| all.iter().any(|operation| operation == "verify"));
    if !is_for_signing || !may_verify {
        return None;
    }
    let has_bytes = |part: &Option<String>, wanted: RangeInclusive<usize>| {
        let bytes = part
            .as_ref()
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        bytes.is_some_and(|bytes| wanted.contains(&bytes.len()))
    };
    let is_point =
        |bytes: usize| has_bytes(&key.x, bytes..=bytes) && has_bytes(&key.y, bytes..=bytes);
    let (algorithms, decoding) = match (key.kty.as_str(), key.crv.as_deref()) {
        ("OKP", Some("Ed25519")) if has_bytes(&key.x, 32..=32) => (
            [Algorithm::EdDSA].as_slice(),
            DecodingKey::from_ed_components(&key.x?),
        ),
        ("EC", Some("P-256")) if is_point(32) => (
            [Algorithm::ES256].as_slice(),
            DecodingKey::from_ec_components(&key.x?, &key.y?),
        ),
        ("EC", Some("P-384")) if is_point(48) => (
            [Algorithm::ES384].as_slice(),
            DecodingKey::from_ec_components(&key.x?, &key.y?),
        ),
        ("RSA", None) if has_bytes(&key.n, RSA_BYTES) => (
            RSA.as_slice(),
            DecodingKey::from_rsa_components(&key.n?, &key.e?),
        ),
        _ => return None,
    };
    let only: Option<Algorithm> = match key.alg {
        Some(word) => Some(word.parse().ok()?),
        None => None,
    };
    let fits = |algorithm: &&Algorithm| only.is_none_or(|only| only == **algorithm);
    let algorithms: Vec<Algorithm> = algorithms.iter().filter(fits).copied().collect();
    // One that is good for nothing must not keep the next list with its name from being fetched.
    (!algorithms.is_empty()).then_some(ProviderKey {
        kid: key.kid,
        algorithms,
        decoding: decoding.ok()?,
    })
}

impl Access {
    /// Who has a token of the identity provider.
    pub(super) async fn of_provider(
        &self,
        provider: &Arc<Provider>,
        token: &Unverified<'_>,
    ) -> Result<Principal> {
        let settings = &provider.settings;
        if !provider.algorithms.contains(&token.algorithm) {
            return Err(Error::InvalidToken("its algorithm is not accepted"));
        }
        if !settings.types.contains(&token.kind) {
            return Err(Error::InvalidToken("its type is not accepted"));
        }
        if !token.claims.aud.has(&settings.audience) {
            return Err(Error::InvalidToken("it is meant for somebody else"));
        }
        let now = self.now();
        let claims = &token.claims;
        jwt::check_time(claims.expires(), claims.starts(), now.0.timestamp())?;
        let kept = provider.keys(&token.kid, now).await?;
        let key = kept
            .keys
            .iter()
            .find(|key| key.kid == token.kid && key.algorithms.contains(&token.algorithm))
            .ok_or(Error::InvalidToken("it is signed with an unknown key"))?;
        token.verify(&key.decoding)?;

        let subject = claims.sub.clone();
        let email = claims.email.clone();
        let email = email.filter(|_| claims.email_verified == Some(true));
        let user = self
            .store
            .read_short(move |conn| account(conn, &subject, email.as_deref()))
            .await?
            .filter(|user| user.content.is_active)
            .ok_or(Error::InvalidToken("nobody here has an account for it"))?;
        let named = sign_in::scopes(claims.scope.as_deref().unwrap_or_default());
        let scopes: BTreeSet<Scope> = match named.is_empty() {
            true => Scope::ALL.into(),
            false => named,
        };
        Ok(Principal {
            user_id: user.id,
            session_id: None,
            api_key_id: None,
            actor: user.content.email,
            rights: Rights {
                role: user.content.role,
                grants: user.content.grants,
                scopes,
            },
        })
    }
}

/// The account of `subject`, or else the one with this address that no other subject has.
fn account(conn: &mut store::Conn, subject: &str, email: Option<&str>) -> Result<Option<User>> {
    // Neither database has such a text, and PostgreSQL refuses to look.
    if subject.is_empty() || subject.contains('\0') {
        return Ok(None);
    }
    if let Some(user) = store::users::find_by_external_subject(conn, subject)? {
        return Ok(Some(user));
    }
    let Some(email) = email.filter(|email| !email.contains('\0')) else {
        return Ok(None);
    };
    let user = store::users::find_by_email_key(conn, &email_key(email))?;
    Ok(user.filter(|user| user.content.external_subject.is_none()))
}
