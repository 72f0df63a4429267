//! Signing in and what follows: tokens, their renewal, their end, and a new password.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::TimeDelta;
use serde::Serialize;

use super::refresh::RefreshToken;
use super::throttle::{self, Subjects};
use super::{Access, TOKEN_LIFE, jwt, passwords};
use crate::error::{Error, Fault, Result};
use crate::models::access::{Caller, Scope};
use crate::models::audit::NewEntry;
use crate::models::time::Ts;
use crate::models::user::{Session, User, email_key};
use crate::store::{self, Conn, Store};

/// How long a session lasts, however often it is renewed.
const SESSION_LIFE: TimeDelta = TimeDelta::days(30);
/// How long the refresh token before the last is still good, for a second tab that was not told.
const GRACE: TimeDelta = TimeDelta::seconds(10);

/// From where somebody calls who has not said yet who they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The address.
    pub address: Option<IpAddr>,
    /// The trace under which the request is logged.
    pub trace_id: String,
}

/// The tokens of a session.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The access token, a JWT.
    pub access_token: String,
    /// The refresh token, good for one time.
    pub refresh_token: String,
    /// Seconds for which the access token is good.
    pub expires_in: i64,
}

/// What an access token of this server says (RFC 9068, section 2.2).
#[derive(Serialize)]
struct OwnClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    scope: String,
    sid: i64,
}

/// What a refresh token is worth.
enum Turn {
    /// It is the good one.
    Good,
    /// It was the good one until a moment ago.
    JustReplaced,
    /// It was good once: somebody has a copy.
    Reused,
}

impl Access {
    /// Opens a session for whoever knows the password. Takes the same time whether there is such an account or not.
    ///
    /// # Errors
    ///
    /// `BadCredentials`; `TooManyAttempts` before the password is looked at; `Unavailable` when too many others sign in.
    pub async fn sign_in(&self, email: String, password: String, origin: Origin) -> Result<Issued> {
        let subjects = self.subjects(&email, origin.address)?;
        let (now, early) = (self.now(), subjects.clone());
        // Who has to wait does not take a place from the others.
        self.store
            .read_short(move |conn| throttle::check(conn, &early, now))
            .await?;
        let this = self.clone();
        self.hashing
            .run(move || this.sign_in_blocking(&email, &password, &subjects, &origin))
            .await
    }

    /// The work of [`Access::sign_in`], in one go: so a failure counts even where nobody waits for the answer, and at most as many
    /// guesses as there are places are looked at before the first of them counts.
    fn sign_in_blocking(
        &self,
        email: &str,
        password: &str,
        subjects: &Subjects,
        origin: &Origin,
    ) -> Result<Issued> {
        let now = self.now();
        let key = email_key(email);
        let user = self.store.read_blocking(|conn| {
            throttle::check(conn, subjects, now)?;
            store::users::find_by_email_key(conn, &key)
        })?;
        let hash = user.as_ref().filter(|user| user.content.is_active);
        let hash = hash.and_then(|user| user.password_hash.as_deref());
        let is_right = passwords::is_right(password, hash);
        let (Some(user), Some(hash), true) = (&user, hash, is_right) else {
            self.fail(subjects, "sign_in_failed", user.as_ref(), &key, origin)?;
            return Err(Error::BadCredentials);
        };
        let session = self.store.write_blocking(|conn| {
            if !store::users::note_sign_in(conn, user.id, hash, now)? {
                return Err(Error::BadCredentials);
            }
            throttle::forgive(conn, subjects)?;
            let session = open(conn, user.id, now)?;
            let entry = self.entry("sign_in", user.id, &user.content.email, origin)?;
            store::audit::append(conn, &[entry.of_session(session.id)])?;
            Ok(session)
        })?;
        self.issue(&session, session.generation)
    }

    /// Counts a failure and writes it down. Of an address that belongs to no account only a keyed hash is kept.
    fn fail(
        &self,
        subjects: &Subjects,
        action: &str,
        user: Option<&User>,
        key: &str,
        origin: &Origin,
    ) -> Result<()> {
        let now = self.now();
        let entry = match user {
            Some(user) => self.entry(action, user.id, &user.content.email, origin)?,
            None => {
                let nobody = format!("unknown:{}", self.secrets()?.address.hash_text(key));
                NewEntry {
                    user_id: None,
                    resource_id: None,
                    ..self.entry(action, 0, &nobody, origin)?
                }
            }
        };
        self.store.write_blocking(|conn| {
            throttle::count(conn, subjects, now)?;
            store::audit::append(conn, &[entry])
        })
    }

    /// The next tokens of the session that `token` came of.
    ///
    /// # Errors
    ///
    /// `InvalidToken` where it is not good any more. One that was replaced a while ago has been copied, and ends the session.
    pub async fn refresh(&self, token: String, origin: Origin) -> Result<Issued> {
        let Some(token) = RefreshToken::decode(&token, &self.secrets()?.refresh)? else {
            return refused();
        };
        let now = self.now();
        let looked = move |conn: &mut Conn| look(conn, &token, now);
        let (session, turn, _) = self.store.read_short(looked).await?;
        if matches!(turn, Turn::JustReplaced) {
            return self.issue(&session, session.generation);
        }
        let this = self.clone();
        let spent = move |store: &Store| {
            store.write_blocking(|conn| this.spend(conn, &token, &origin, now))
        };
        let session = self.store.write(spent).await?;
        match session {
            Some(session) => self.issue(&session, session.generation),
            None => refused(),
        }
    }

    /// The session after its token was exchanged; `None` where that ended it.
    fn spend(
        &self,
        conn: &mut Conn,
        token: &RefreshToken,
        origin: &Origin,
        now: Ts,
    ) -> Result<Option<Session>> {
        let (mut session, mut turn, mut email) = look(conn, token, now)?;
        if matches!(turn, Turn::Good) {
            if store::sessions::rotate(conn, session.id, session.generation, now)? {
                session.generation += 1;
                return Ok(Some(session));
            }
            // On PostgreSQL another request was faster since the look.
            (session, turn, email) = look(conn, token, now)?;
        }
        if matches!(turn, Turn::JustReplaced) {
            return Ok(Some(session));
        }
        if store::sessions::revoke(conn, session.id, now)? {
            let entry = self.entry("token_reused", session.user_id, &email, origin)?;
            store::audit::append(conn, &[entry.of_session(session.id)])?;
        }
        Ok(None)
    }

    /// Ends the session that `token` came of (RFC 7009). Any token of it will do, and one that is unknown is no fault.
    pub async fn revoke(&self, token: String, origin: Origin) -> Result<()> {
        let Some(token) = RefreshToken::decode(&token, &self.secrets()?.refresh)? else {
            return Ok(());
        };
        let found = self
            .store
            .read_short(move |conn| store::sessions::find(conn, token.session_id))
            .await?;
        let Some((session, _, email)) = found else {
            return Ok(());
        };
        if !token.is_of(&session) || session.revoked_at.is_some() {
            return Ok(());
        }
        let now = self.now();
        let entry = self.entry("sign_out", session.user_id, &email, &origin)?;
        self.write(move |conn| {
            if store::sessions::revoke(conn, session.id, now)? {
                store::audit::append(conn, &[entry.of_session(session.id)])?;
            }
            Ok(())
        })
        .await
    }

    /// Sets a new password for who knows the present one, ends all sessions of the account, the one at hand too, and revokes its API
    /// keys.
    ///
    /// # Errors
    ///
    /// `Invalid` where the present one is wrong, which slows down the next attempts, or the new one is the same; `Forbidden` for API
    /// keys.
    pub async fn change_password(
        &self,
        caller: Caller,
        current: String,
        new: String,
    ) -> Result<()> {
        let principal = &caller.principal;
        if principal.api_key_id.is_some() {
            return Err(Error::Forbidden(
                "an API key cannot change the password; sign in for that".to_owned(),
            ));
        }
        let id = principal.user_id;
        let user = self
            .store
            .read_short(move |conn| store::users::find(conn, id))
            .await?;
        let user = user.ok_or(Error::InvalidToken("its account is gone"))?;
        let origin = Origin {
            address: caller.address,
            trace_id: caller.trace_id,
        };
        let this = self.clone();
        self.hashing
            .run(move || this.change_password_blocking(&user, &current, &new, &origin))
            .await
    }

    fn change_password_blocking(
        &self,
        user: &User,
        current: &str,
        new: &str,
        origin: &Origin,
    ) -> Result<()> {
        let now = self.now();
        let subjects = &Subjects::of_password(user.id);
        self.store
            .read_blocking(|conn| throttle::check(conn, subjects, now))?;
        let Some(old_hash) = user
            .password_hash
            .as_deref()
            .filter(|hash| passwords::is_right(current, Some(hash)))
        else {
            let key = email_key(&user.content.email);
            self.fail(subjects, "password_change_failed", Some(user), &key, origin)?;
            return Err(not_present());
        };
        if passwords::are_same(current, new) {
            let detail = "`new_password` must differ from the present password";
            let fault = Fault::new("/new_password", "invalid", detail);
            return Err(Error::Invalid(vec![fault]));
        }
        let hash = passwords::hash(new)?;
        self.store.write_blocking(|conn| {
            if !store::users::note_sign_in(conn, user.id, old_hash, now)? {
                return Err(not_present());
            }
            throttle::forgive(conn, subjects)?;
            store::users::set_password(conn, user.id, Some(&hash), now)?;
            let entry = self.entry("password_changed", user.id, &user.content.email, origin)?;
            store::audit::append(conn, &[entry])
        })
    }

    /// Opens a session without a password: for tests, and for programs that have the database anyway. Blocks the calling thread.
    pub fn issue_blocking(&self, user_id: i64) -> Result<Issued> {
        let now = self.now();
        let session = self.store.write_blocking(|conn| open(conn, user_id, now))?;
        self.issue(&session, session.generation)
    }

    /// Tokens of a session: a new access token, and the refresh token of this turn.
    fn issue(&self, session: &Session, generation: i64) -> Result<Issued> {
        let now = self.now();
        let secrets = self.secrets()?;
        let keys = self.ring.keys();
        let key = keys
            .signing(now)
            .ok_or_else(|| Error::internal("there is no key to sign with"))?;
        let mut name = [0_u8; 16];
        getrandom::fill(&mut name).map_err(|e| Error::Internal(e.into()))?;
        let second = now.0.timestamp();
        let claims = OwnClaims {
            iss: &self.settings.issuer,
            aud: &self.settings.audience,
            sub: session.user_id.to_string(),
            exp: second.saturating_add(TOKEN_LIFE.num_seconds()),
            nbf: second,
            iat: second,
            jti: name.iter().map(|byte| format!("{byte:02x}")).collect(),
            scope: Scope::ALL.map(Scope::as_str).join(" "),
            sid: session.id,
        };
        Ok(Issued {
            access_token: jwt::sign(&key.public.kid, &key.encoding, &claims)?,
            refresh_token: RefreshToken::of(session, generation).encode(&secrets.refresh)?,
            expires_in: TOKEN_LIFE.num_seconds(),
        })
    }

    fn subjects(&self, email: &str, address: Option<IpAddr>) -> Result<Subjects> {
        let hasher = &self.secrets()?.address;
        let address = address.map(|address| hasher.hash(address));
        let account = hasher.hash_text(&email_key(email));
        Ok(Subjects::new(&account, address.as_deref()))
    }

    /// What the audit log says of something done by an account to itself.
    pub(super) fn entry(
        &self,
        action: &str,
        user_id: i64,
        actor: &str,
        origin: &Origin,
    ) -> Result<NewEntry> {
        Ok(NewEntry {
            at: self.now(),
            action: action.to_owned(),
            resource: "user".to_owned(),
            resource_id: Some(user_id),
            site_id: None,
            user_id: Some(user_id),
            api_key_id: None,
            actor: actor.to_owned(),
            address_hash: self.address_hash(origin.address)?,
            trace_id: Some(origin.trace_id.clone()),
            before: None,
            after: None,
        })
    }
}

/// Adding to an entry.
trait OfSession {
    /// The same with the session that it is about.
    fn of_session(self, id: i64) -> Self;
}

impl OfSession for NewEntry {
    fn of_session(mut self, id: i64) -> Self {
        self.after = Some(serde_json::json!({ "session_id": id }));
        self
    }
}

fn refused<T>() -> Result<T> {
    Err(Error::InvalidToken(
        "the refresh token is unknown, was used, or its session is over",
    ))
}

/// No 401: the caller's token is good, and front ends would take it for one that has expired.
fn not_present() -> Error {
    let detail = "`current_password` is not the present password";
    Error::Invalid(vec![Fault::new("/current_password", "invalid", detail)])
}

/// Begins a session.
fn open(conn: &mut Conn, user_id: i64, now: Ts) -> Result<Session> {
    let expires_at = Ts(now.0 + SESSION_LIFE);
    let id = store::sessions::insert(conn, user_id, expires_at, now)?;
    Ok(Session {
        id,
        user_id,
        generation: 0,
        rotated_at: now,
        created_at: now,
        expires_at,
        revoked_at: None,
    })
}

/// The session of a token, what the token is worth there, and the address of the account. Fails where the session is over.
fn look(conn: &mut Conn, token: &RefreshToken, now: Ts) -> Result<(Session, Turn, String)> {
    let Some((session, true, email)) = store::sessions::find(conn, token.session_id)? else {
        return refused();
    };
    let is_over = session.revoked_at.is_some() || session.expires_at <= now;
    if is_over || !token.is_of(&session) || token.generation > session.generation {
        return refused();
    }
    let is_last = token.generation == session.generation;
    let is_recent = (now.0 - session.rotated_at.0).abs() < GRACE;
    let turn = match token.generation == session.generation - 1 {
        _ if is_last => Turn::Good,
        true if is_recent => Turn::JustReplaced,
        _ => Turn::Reused,
    };
    Ok((session, turn, email))
}

/// The scopes among the words of a token.
pub(super) fn scopes(words: &str) -> BTreeSet<Scope> {
    words.split(' ').filter_map(Scope::parse).collect()
}
