//! SQL on the keys that sign access tokens.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::connection::Conn;
use crate::error::Result;
use crate::models::time::Ts;
use crate::schema::signing_keys;

/// Key of the advisory lock under which keys are made: the letters `mhsigkey`.
const LOCK: i64 = 0x6d68_7369_676b_6579;

/// A stored key.
#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = signing_keys, treat_none_as_default_value = false)]
pub struct SigningKey {
    /// Its name in the head of tokens.
    pub kid: String,
    /// Ed25519 private key, PKCS#8.
    pub private_key: Vec<u8>,
    /// When it was made, and thus first published.
    pub created_at: Ts,
    /// When it starts to sign.
    pub signs_from: Ts,
    /// When it is gone, where another one has taken its place.
    pub retires_at: Option<Ts>,
}

/// Keeps others from making keys until the transaction ends. On SQLite the transaction itself does that.
pub fn lock(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        c.batch_execute("SET LOCAL statement_timeout TO '10s'")?;
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(LOCK)
            .execute(c)?;
    }
    Ok(())
}

/// All keys, the first to sign first.
pub fn all(conn: &mut Conn) -> Result<Vec<SigningKey>> {
    Ok(signing_keys::table
        .select((
            signing_keys::kid,
            signing_keys::private_key,
            signing_keys::created_at,
            signing_keys::signs_from,
            signing_keys::retires_at,
        ))
        .order((signing_keys::signs_from, signing_keys::kid))
        .load(conn)?)
}

/// Adds a key.
pub fn insert(conn: &mut Conn, key: &SigningKey) -> Result<()> {
    diesel::insert_into(signing_keys::table)
        .values(key)
        .execute(conn)?;
    Ok(())
}

/// Has all keys but `kid` go at `at`, those apart that go anyway.
pub fn retire_others(conn: &mut Conn, kid: &str, at: Ts) -> Result<()> {
    diesel::update(
        signing_keys::table
            .filter(signing_keys::kid.ne(kid))
            .filter(signing_keys::retires_at.is_null()),
    )
    .set(signing_keys::retires_at.eq(at))
    .execute(conn)?;
    Ok(())
}

/// Removes the keys whose time has come.
pub fn delete_retired(conn: &mut Conn, now: Ts) -> Result<usize> {
    Ok(
        diesel::delete(signing_keys::table.filter(signing_keys::retires_at.le(now)))
            .execute(conn)?,
    )
}
