//! Who is calling: passwords, sessions, tokens, keys of programs. What they may do stands in `models/access.rs`; knows no HTTP.

mod account;
mod api_keys;
mod jwt;
mod keys;
mod passwords;
mod provider;
mod refresh;
mod sign_in;
mod throttle;
mod verified;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use chrono::TimeDelta;

use self::jwt::Unverified;
use self::keys::KeyRing;
use self::passwords::Hashing;
use self::provider::Provider;
use self::verified::{Known, Verified};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::models::access::{Principal, Rights};
use crate::models::audit::AddressKey;
use crate::models::time::Ts;
use crate::store::{self, Conn, Store};

pub use account::{Account, AccountDetails, Place, ROLES};
pub use api_keys::{MadeKey, make_key};
pub use keys::{PublicKey, Seed};
pub use provider::ProviderSettings;
pub use sign_in::{Issued, Origin};

/// How long an access token is good.
const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(15);
/// Name of the secret that refresh tokens are made with.
const REFRESH_KEY: &str = "refresh_key";
/// Bytes of a secret.
const SECRET_BYTES: usize = 32;

/// What the configuration says on tokens.
#[derive(Clone)]
pub struct AccessSettings {
    /// The `iss` of tokens of this server.
    pub issuer: String,
    /// Their `aud`.
    pub audience: String,
    /// Keys to use instead of those in the database; the first signs.
    pub seeds: Vec<Seed>,
    /// How many passwords are hashed at a time.
    pub hashing_places: usize,
    /// Whose tokens are accepted besides.
    pub provider: Option<ProviderSettings>,
}

/// Secrets that all instances share.
struct Secrets {
    address: AddressKey,
    refresh: Vec<u8>,
}

/// Use cases on who is calling.
#[derive(Clone)]
pub struct Access {
    store: Store,
    clock: Clock,
    settings: Arc<AccessSettings>,
    secrets: Arc<OnceLock<Secrets>>,
    ring: Arc<KeyRing>,
    hashing: Hashing,
    verified: Arc<Verified>,
    uses: Arc<api_keys::Uses>,
    provider: Option<Arc<Provider>>,
}

impl Access {
    pub(super) fn new(store: Store, clock: Clock, settings: AccessSettings) -> Result<Self> {
        let provider = settings.provider.clone().map(Provider::new).map(Arc::new);
        Ok(Self {
            store,
            clock,
            secrets: Arc::default(),
            ring: Arc::new(KeyRing::new(&settings.seeds)?),
            hashing: Hashing::new(settings.hashing_places),
            verified: Arc::default(),
            uses: Arc::default(),
            provider,
            settings: Arc::new(settings),
        })
    }

    /// Makes the secrets and the first key where there are none, and has them at hand. Needs a migrated database, and writes only
    /// where something is missing. Blocks the calling thread.
    pub fn prepare(&self) -> Result<()> {
        self.secrets()?;
        self.ring.tend(&self.store, self.now())
    }

    /// Replaces the key that signs where it is time, and learns of keys that other instances made.
    pub async fn tend_keys(&self) -> Result<()> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.ring.tend(&this.store, this.now()))
            .await
            .map_err(|e| Error::Internal(e.into()))?
    }

    /// The keys that others need to verify tokens of this server.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.ring.keys().published(self.now())
    }

    /// Who has the access token or API key `bearer`, and what they may do now: a role, a password or a session that is no longer
    /// counts at once.
    ///
    /// # Errors
    ///
    /// `InvalidToken`, and why, where it is not good.
    pub async fn authenticate(&self, bearer: &str) -> Result<Principal> {
        if bearer.starts_with(api_keys::MARK) {
            return self.of_api_key(bearer).await;
        }
        let now = self.now();
        let digest = verified::digest(bearer);
        let known = self.verified.find(&digest);
        let is_known = |known: &Known| self.ring.keys().find(&known.kid, now).is_some();
        let known = match known.filter(|known| is_known(known)) {
            Some(known) => known,
            None => {
                let token = Unverified::parse(bearer)?;
                if let Some(provider) = &self.provider
                    && token.claims.iss == provider.issuer()
                {
                    return self.of_provider(provider, &token).await;
                }
                let known = Arc::new(self.verify(&token).await?);
                self.verified.keep(digest, &known, now);
                known
            }
        };
        jwt::check_time(known.expires, known.starts, now.0.timestamp())?;
        let session_id = known.session_id;
        let holder = self
            .store
            .read_short(move |conn| store::sessions::holder(conn, session_id, now))
            .await?;
        let over = Error::InvalidToken("its session is over");
        let holder = holder.ok_or(over)?;
        if holder.user_id != known.user_id {
            return Err(Error::InvalidToken("its session is of somebody else"));
        }
        Ok(Principal {
            user_id: holder.user_id,
            session_id: Some(session_id),
            api_key_id: None,
            actor: holder.email,
            rights: Rights {
                role: holder.role,
                grants: holder.grants,
                scopes: known.scopes.clone(),
            },
        })
    }

    /// What a token of this server says, once its signature is found right.
    async fn verify(&self, token: &Unverified<'_>) -> Result<Known> {
        let claims = &token.claims;
        if claims.iss != self.settings.issuer {
            return Err(Error::InvalidToken("it is of an unknown issuer"));
        }
        if token.algorithm != jsonwebtoken::Algorithm::EdDSA {
            return Err(Error::InvalidToken("its algorithm is not accepted"));
        }
        if token.kind != "at+jwt" {
            return Err(Error::InvalidToken("its type is not accepted"));
        }
        if !claims.aud.has(&self.settings.audience) {
            return Err(Error::InvalidToken("it is meant for somebody else"));
        }
        let now = self.now();
        if self.ring.keys().find(&token.kid, now).is_none() {
            self.ring.look_again(&self.store, now).await?;
        }
        let keys = self.ring.keys();
        let key = keys
            .find(&token.kid, now)
            .ok_or(Error::InvalidToken("it is signed with an unknown key"))?;
        token.verify(&key.decoding)?;
        let incomplete = || Error::InvalidToken("it lacks claims");
        if claims.jti.is_none() {
            return Err(incomplete());
        }
        Ok(Known {
            kid: token.kid.clone(),
            user_id: claims.sub.parse().map_err(|_| incomplete())?,
            session_id: claims.sid.ok_or_else(incomplete)?,
            scopes: sign_in::scopes(claims.scope.as_deref().ok_or_else(incomplete)?),
            expires: claims.expires(),
            starts: Some(claims.starts().ok_or_else(incomplete)?),
        })
    }

    /// A caller's address as the audit log keeps it.
    pub fn address_hash(&self, address: Option<IpAddr>) -> Result<Option<String>> {
        let hasher = &self.secrets()?.address;
        Ok(address.map(|address| hasher.hash(address)))
    }

    /// The PHC string of a new password. Waits for its turn; `Unavailable` where that takes too long.
    pub async fn hash_password(&self, password: String) -> Result<String> {
        self.hashing.run(move || passwords::hash(&password)).await
    }

    fn now(&self) -> Ts {
        Ts::from(self.clock.now())
    }

    /// The shared secrets, read once. Blocks the calling thread where [`Access::prepare`] was not called.
    fn secrets(&self) -> Result<&Secrets> {
        if let Some(secrets) = self.secrets.get() {
            return Ok(secrets);
        }
        let secrets = Secrets {
            address: AddressKey::new(self.secret(store::secrets::ADDRESS_KEY)?),
            refresh: self.secret(REFRESH_KEY)?,
        };
        Ok(self.secrets.get_or_init(|| secrets))
    }

    /// The secret called `name`, which all instances share; made where there is none. Blocks the calling thread.
    pub fn secret(&self, name: &str) -> Result<Vec<u8>> {
        let known = self
            .store
            .read_blocking(|conn| store::secrets::find(conn, name))?;
        if let Some(secret) = known {
            return Ok(secret);
        }
        let mut candidate = [0; SECRET_BYTES];
        getrandom::fill(&mut candidate).map_err(|e| Error::Internal(e.into()))?;
        let now = self.now();
        self.store
            .write_blocking(|conn| store::secrets::get_or_insert(conn, name, &candidate, now))
    }

    /// Runs `f` as one transaction off the async threads.
    async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.store.write(|store| store.write_blocking(f)).await
    }
}
