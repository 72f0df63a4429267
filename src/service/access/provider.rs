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
use tokio::sync::{Mutex, OwnedMutexGuard};
use ureq::tls::TlsConfig;

use super::jwt::{self, Claims, Unverified};
use super::{Access, Origin, sign_in};
use crate::error::{Error, Result};
use crate::models::access::{Principal, Rights, Scope};
use crate::models::audit::NewEntry;
use crate::models::rules;
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
    /// The scopes of a token that names none, by their words.
    pub default_scopes: Vec<String>,
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
    default_scopes: BTreeSet<Scope>,
    agent: ureq::Agent,
    kept: RwLock<Kept>,
    /// Of many requests with an unknown key one fetches; the others wait for it.
    turn: Arc<Mutex<()>>,
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
        let (words, scopes) = (settings.algorithms.iter(), settings.default_scopes.iter());
        Self {
            algorithms: words.filter_map(|word| word.parse().ok()).collect(),
            default_scopes: scopes.filter_map(|word| Scope::parse(word)).collect(),
            agent: agent.new_agent(),
            settings,
            kept: RwLock::default(),
            turn: Arc::default(),
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
            let turn = match Arc::clone(&self.turn).try_lock_owned() {
                Ok(turn) => Some(turn),
                // An old list with the key in it will do while somebody else fetches the next.
                Err(_) if is_usable => None,
                Err(_) => Some(Arc::clone(&self.turn).lock_owned().await),
            };
            if let Some(turn) = turn
                && wanted(&self.kept())
            {
                self.fetch(turn, now).await?;
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

    /// Fetches the keys. Where that fails, those at hand stay. It goes on and keeps its turn where the request is given up: else
    /// clients that hang up could have the keys fetched as often as they like.
    async fn fetch(self: &Arc<Self>, turn: OwnedMutexGuard<()>, now: Ts) -> Result<()> {
        let this = Arc::clone(self);
        let fetching = move || {
            let fetched = this.fetch_blocking();
            this.keep(|kept| {
                kept.tried_at = Some(now);
                match fetched {
                    Ok(keys) => {
                        kept.keys = Arc::new(keys);
                        kept.fetched_at = Some(now);
                    }
                    Err(cause) => {
                        tracing::warn!(cause, "fetching the keys of the identity provider failed");
                    }
                }
            });
            drop(turn);
        };
        tokio::task::spawn_blocking(fetching)
            .await
            .map_err(|e| Error::Internal(e.into()))
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

        let user = self
            .holder(claims)
            .await?
            .filter(|user| user.content.is_active)
            .ok_or(Error::InvalidToken("nobody here has an account for it"))?;
        // A token that names scopes is good for those of them that are known here, even where that is none.
        let scopes = match &claims.scope {
            Some(words) => sign_in::scopes(words),
            None => provider.default_scopes.clone(),
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

    /// The account of the subject of a token; or else the one with its verified address that no subject has yet. That one is the
    /// subject's from then on, so that whoever gets the address next does not get the account.
    async fn holder(&self, claims: &Claims) -> Result<Option<User>> {
        let subject = claims.sub.clone();
        // No account has such a one, and PostgreSQL refuses to look.
        if rules::key(&subject).is_err() {
            return Ok(None);
        }
        let address = claims.email.clone().filter(|_| claims.email_verified);
        let address = address.filter(|address| rules::email(address).is_ok());
        let wanted = subject.clone();
        let (known, candidate) = self
            .store
            .read_short(move |conn| {
                if let Some(user) = store::users::find_by_external_subject(conn, &wanted)? {
                    return Ok((Some(user), None));
                }
                match candidate(conn, address.as_deref())? {
                    // Perhaps another request of the same subject has linked it between the two looks.
                    None => Ok((store::users::find_by_external_subject(conn, &wanted)?, None)),
                    found => Ok((None, found)),
                }
            })
            .await?;
        let Some(candidate) = candidate else {
            return Ok(known);
        };
        let now = self.now();
        let entry = NewEntry {
            trace_id: None,
            after: Some(serde_json::json!({ "external_subject": subject })),
            ..self.entry(
                "link_subject",
                candidate.id,
                &candidate.content.email,
                &Origin::default(),
            )?
        };
        self.write(move |conn| {
            // Another request may have been faster.
            if let Some(user) = store::users::find_by_external_subject(conn, &subject)? {
                return Ok(Some(user));
            }
            let (id, address) = (candidate.id, &candidate.content.email);
            if !store::users::link_subject(conn, id, address, &subject, now)? {
                return store::users::find_by_external_subject(conn, &subject);
            }
            store::audit::append(conn, &[entry])?;
            store::users::find(conn, id)
        })
        .await
    }
}

/// The active account with exactly this address, but for the case of ASCII, that has no subject. Addresses that merely look alike
/// are those of others.
fn candidate(conn: &mut store::Conn, email: Option<&str>) -> Result<Option<User>> {
    let Some(email) = email else {
        return Ok(None);
    };
    let user = store::users::find_by_email_key(conn, &email_key(email))?;
    Ok(user.filter(|user| {
        let content = &user.content;
        content.is_active
            && content.external_subject.is_none()
            && content.email.eq_ignore_ascii_case(email)
    }))
}
