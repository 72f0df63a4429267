//! Writing API keys. The key itself never comes here, only what is stored of it.

use super::{Tx, invalid};
use crate::error::{Error, Resource, Result};
use crate::models::access::Scope;
use crate::models::account::ApiKeyRecord;
use crate::models::managed::{Change, Expected};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::patch::Patch;
use crate::models::time::Ts;
use crate::models::user::{ApiKey, NewApiKey};
use crate::store;

/// What is stored of a key itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its public part.
    pub prefix: String,
    /// SHA-256 of its secret part.
    pub digest: Vec<u8>,
}

/// A page of the keys, in the order they were made.
pub fn page(tx: &mut Tx<'_>, query: PageQuery<i64>) -> Result<Page<ApiKey, i64>> {
    tx.allow_everywhere()?;
    let after = query.after().unwrap_or(0);
    let keys = store::api_keys::page(tx.conn, after, query.offset(), query.limit + 1)?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => Total::Exact(store::api_keys::count(tx.conn)?),
    };
    Ok(Page::cut(keys, query.limit, |key| key.id, total))
}

/// One key.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ApiKey> {
    tx.allow_everywhere()?;
    find(tx, id)
}

/// Makes a key, for the caller's own account where the request names none.
pub fn create(tx: &mut Tx<'_>, record: ApiKeyRecord, stored: Stored) -> Result<Change<ApiKey>> {
    tx.allow_everywhere()?;
    expect_within(tx, &record.scopes)?;
    let ApiKeyRecord {
        name,
        user_id,
        scopes,
        expires_at,
        is_revoked: _,
    } = record;
    let user_id = user_id.unwrap_or(tx.caller.principal.user_id);
    // Locked, so that the account is not deleted meanwhile.
    store::connection::lock(tx.conn, "users", user_id)?;
    if store::users::find(tx.conn, user_id)?.is_none() {
        return Err(invalid(
            "/user_id",
            "unknown",
            format!("`user_id` names no account: there is no {user_id}"),
        ));
    }
    let expires_at = expires_at.set();
    expect_later(tx, expires_at)?;
    let key = NewApiKey {
        user_id,
        name: name.set().unwrap_or_default(),
        prefix: stored.prefix,
        digest: stored.digest,
        scopes: scopes.set().unwrap_or_default(),
        expires_at,
    };
    let id = store::api_keys::insert(tx.conn, &key, tx.now)?;
    Ok(Change::created(find(tx, id)?))
}

/// Changes a key, or revokes it for good.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: ApiKeyRecord,
) -> Result<Change<ApiKey>> {
    let before = locked(tx, id, expected)?;
    expect_within(tx, &record.scopes)?;
    let ApiKeyRecord {
        name,
        user_id: _,
        scopes,
        expires_at,
        is_revoked,
    } = record;
    let mut key = before.clone();
    key.name = name.set().unwrap_or(key.name);
    key.scopes = scopes.set().unwrap_or(key.scopes);
    if let Patch::Set(at) = &expires_at {
        expect_later(tx, Some(*at))?;
    }
    expires_at.apply_to(&mut key.expires_at);
    if is_revoked && key.revoked_at.is_none() {
        key.revoked_at = Some(tx.now);
    }
    if key == before {
        return Ok(Change::updated(before.clone(), before));
    }
    store::api_keys::update(tx.conn, &key, tx.now)?;
    let after = find(tx, id)?;
    Ok(Change::updated(before, after))
}

/// Deletes a key.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ApiKey>> {
    let before = locked(tx, id, expected)?;
    store::api_keys::delete(tx.conn, id)?;
    Ok(Change::deleted(before))
}

/// Fails for scopes that the caller's own token has not, and for the one that no key has: who could make accounts and keys would
/// have every right through these.
fn expect_within(tx: &Tx<'_>, scopes: &Patch<Vec<Scope>>) -> Result<()> {
    let Patch::Set(scopes) = scopes else {
        return Ok(());
    };
    if let Some(at) = scopes.iter().position(|scope| *scope == Scope::UsersWrite) {
        return Err(invalid(
            &format!("/scopes/{at}"),
            "invalid",
            "`scopes` must not have `users_write`: accounts and keys are changed by people who sign in"
                .to_owned(),
        ));
    }
    let own = &tx.caller.principal.rights.scopes;
    match scopes.iter().find(|scope| !own.contains(scope)) {
        Some(scope) => Err(Error::InsufficientScope(scope.as_str())),
        None => Ok(()),
    }
}

fn expect_later(tx: &Tx<'_>, at: Option<Ts>) -> Result<()> {
    match at.is_some_and(|at| at <= tx.now) {
        true => Err(invalid(
            "/expires_at",
            "invalid",
            "`expires_at` must be in the future; to end a key now revoke it".to_owned(),
        )),
        false => Ok(()),
    }
}

/// The key as it stays until the transaction ends, where the caller expects this version.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ApiKey> {
    tx.allow_everywhere()?;
    store::connection::lock(tx.conn, "api_keys", id)?;
    let key = find(tx, id)?;
    expected.check(key.version)?;
    Ok(key)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ApiKey> {
    store::api_keys::find(tx.conn, id)?.ok_or_else(|| Error::not_found(Resource::ApiKey, id))
}
