//! SQL on API keys.

use diesel::prelude::*;

use super::connection::Conn;
use super::sessions::Holder;
use super::users::role_of;
use crate::error::Result;
use crate::models::access::{Grant, Scope};
use crate::models::json::Doc;
use crate::models::time::Ts;
use crate::models::user::{ApiKey, NewApiKey};
use crate::schema::{api_keys, users};

/// The columns of a [`Row`], in its order.
macro_rules! columns {
    () => {
        (
            api_keys::id,
            api_keys::user_id,
            api_keys::name,
            api_keys::prefix,
            api_keys::digest,
            api_keys::scopes,
            api_keys::expires_at,
            api_keys::last_used_at,
            api_keys::revoked_at,
            api_keys::version,
            api_keys::created_at,
            api_keys::updated_at,
        )
    };
}

#[derive(Queryable)]
struct Row {
    id: i64,
    user_id: i64,
    name: String,
    prefix: String,
    digest: Vec<u8>,
    scopes: Doc<Vec<String>>,
    expires_at: Option<Ts>,
    last_used_at: Option<Ts>,
    revoked_at: Option<Ts>,
    version: i64,
    created_at: Ts,
    updated_at: Ts,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            name: row.name,
            prefix: row.prefix,
            digest: row.digest,
            scopes: scopes_of(&row.scopes),
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The scopes in a column; a word of a later version is none.
fn scopes_of(words: &Doc<Vec<String>>) -> Vec<Scope> {
    words
        .0
        .iter()
        .filter_map(|word| Scope::parse(word))
        .collect()
}

fn words(scopes: &[Scope]) -> Doc<Vec<&'static str>> {
    Doc(scopes.iter().map(|scope| scope.as_str()).collect())
}

/// The key with `id`.
pub fn find(conn: &mut Conn, id: i64) -> Result<Option<ApiKey>> {
    let row: Option<Row> = api_keys::table
        .filter(api_keys::id.eq(id))
        .select(columns!())
        .first(conn)
        .optional()?;
    Ok(row.map(ApiKey::from))
}

/// The key with this public part, and its account where that one is active.
pub fn find_by_prefix(conn: &mut Conn, prefix: &str) -> Result<Option<(ApiKey, Option<Holder>)>> {
    type Account = (i64, String, Option<String>, Doc<Vec<Grant>>, bool);
    let row: Option<(Row, Account)> = api_keys::table
        .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
        .filter(api_keys::prefix.eq(prefix))
        .select((
            columns!(),
            (
                users::id,
                users::email,
                users::role,
                users::grants,
                users::is_active,
            ),
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(key, (user_id, email, role, grants, is_active))| {
        let holder = Holder {
            user_id,
            email,
            role: role_of(role.as_deref()),
            grants: grants.0,
        };
        (ApiKey::from(key), is_active.then_some(holder))
    }))
}

/// Up to `limit` keys with an id above `after`, past `offset` of them, by id.
pub fn page(conn: &mut Conn, after: i64, offset: i64, limit: i64) -> Result<Vec<ApiKey>> {
    let rows: Vec<Row> = api_keys::table
        .filter(api_keys::id.gt(after))
        .select(columns!())
        .order(api_keys::id)
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// How many keys there are.
pub fn count(conn: &mut Conn) -> Result<i64> {
    Ok(api_keys::table.count().get_result(conn)?)
}

/// Adds a key and returns its id.
pub fn insert(conn: &mut Conn, key: &NewApiKey, now: Ts) -> Result<i64> {
    Ok(diesel::insert_into(api_keys::table)
        .values((
            api_keys::user_id.eq(key.user_id),
            api_keys::name.eq(&key.name),
            api_keys::prefix.eq(&key.prefix),
            api_keys::digest.eq(&key.digest),
            api_keys::scopes.eq(words(&key.scopes)),
            api_keys::expires_at.eq(key.expires_at),
            api_keys::created_at.eq(now),
            api_keys::updated_at.eq(now),
        ))
        .returning(api_keys::id)
        .get_result(conn)?)
}

/// Makes what can be changed of a key equal to `key`: name, scopes, expiry, revocation.
pub fn update(conn: &mut Conn, key: &ApiKey, now: Ts) -> Result<()> {
    diesel::update(api_keys::table.find(key.id))
        .set((
            api_keys::name.eq(&key.name),
            api_keys::scopes.eq(words(&key.scopes)),
            api_keys::expires_at.eq(key.expires_at),
            api_keys::revoked_at.eq(key.revoked_at),
            api_keys::version.eq(api_keys::version + 1),
            api_keys::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Revokes all keys of an account and returns how many that were.
pub fn revoke_all_of(conn: &mut Conn, user_id: i64, now: Ts) -> Result<usize> {
    Ok(diesel::update(
        api_keys::table
            .filter(api_keys::user_id.eq(user_id))
            .filter(api_keys::revoked_at.is_null()),
    )
    .set((
        api_keys::revoked_at.eq(now),
        api_keys::version.eq(api_keys::version + 1),
        api_keys::updated_at.eq(now),
    ))
    .execute(conn)?)
}

/// Notes that a key was used. Its version stays: nobody changed it.
pub fn note_use(conn: &mut Conn, id: i64, now: Ts) -> Result<()> {
    diesel::update(api_keys::table.find(id))
        .set(api_keys::last_used_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Removes a key.
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::delete(api_keys::table.find(id)).execute(conn)?;
    Ok(())
}
