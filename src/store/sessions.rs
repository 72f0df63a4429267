//! SQL on sessions: sign-ins with the refresh tokens that came of them.

use diesel::prelude::*;

use super::connection::Conn;
use super::users::role_of;
use crate::error::Result;
use crate::models::access::{Grant, Role};
use crate::models::json::Doc;
use crate::models::time::Ts;
use crate::models::user::Session;
use crate::schema::{sessions, users};

/// The columns of a [`Row`], in its order.
macro_rules! columns {
    () => {
        (
            sessions::id,
            sessions::user_id,
            sessions::generation,
            sessions::rotated_at,
            sessions::created_at,
            sessions::expires_at,
            sessions::revoked_at,
        )
    };
}

type Row = (i64, i64, i64, Ts, Ts, Ts, Option<Ts>);

fn session(
    (id, user_id, generation, rotated_at, created_at, expires_at, revoked_at): Row,
) -> Session {
    Session {
        id,
        user_id,
        generation,
        rotated_at,
        created_at,
        expires_at,
        revoked_at,
    }
}

/// The account behind a session that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The account.
    pub user_id: i64,
    /// Its address.
    pub email: String,
    /// Its role everywhere.
    pub role: Option<Role>,
    /// Its roles in places.
    pub grants: Vec<Grant>,
}

/// The active account behind the session with `id`, unless that one is over.
pub fn holder(conn: &mut Conn, id: i64, now: Ts) -> Result<Option<Holder>> {
    type Account = (i64, String, Option<String>, Doc<Vec<Grant>>);
    let row: Option<Account> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq(id))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(users::is_active.eq(true))
        .select((users::id, users::email, users::role, users::grants))
        .first(conn)
        .optional()?;
    Ok(row.map(|(user_id, email, role, grants)| Holder {
        user_id,
        email,
        role: role_of(role.as_deref()),
        grants: grants.0,
    }))
}

/// The session with `id`, whatever became of it; and whether its account is active, and the account's address.
pub fn find(conn: &mut Conn, id: i64) -> Result<Option<(Session, bool, String)>> {
    let row: Option<(Row, bool, String)> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq(id))
        .select((columns!(), users::is_active, users::email))
        .first(conn)
        .optional()?;
    Ok(row.map(|(row, is_active, email)| (session(row), is_active, email)))
}

/// Begins a session and returns its id.
pub fn insert(conn: &mut Conn, user_id: i64, expires_at: Ts, now: Ts) -> Result<i64> {
    Ok(diesel::insert_into(sessions::table)
        .values((
            sessions::user_id.eq(user_id),
            sessions::generation.eq(0_i64),
            sessions::rotated_at.eq(now),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(expires_at),
        ))
        .returning(sessions::id)
        .get_result(conn)?)
}

/// Makes the next refresh token the good one, if that of `generation` still is; of many at once one succeeds.
pub fn rotate(conn: &mut Conn, id: i64, generation: i64, now: Ts) -> Result<bool> {
    let rotated = diesel::update(
        sessions::table
            .filter(sessions::id.eq(id))
            .filter(sessions::generation.eq(generation))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now)),
    )
    .set((
        sessions::generation.eq(sessions::generation + 1),
        sessions::rotated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rotated > 0)
}

/// Ends a session; `false` where it was ended before.
pub fn revoke(conn: &mut Conn, id: i64, now: Ts) -> Result<bool> {
    let revoked = diesel::update(
        sessions::table
            .filter(sessions::id.eq(id))
            .filter(sessions::revoked_at.is_null()),
    )
    .set(sessions::revoked_at.eq(now))
    .execute(conn)?;
    Ok(revoked > 0)
}

/// Ends all sessions of an account and returns how many that were.
pub fn revoke_all_of(conn: &mut Conn, user_id: i64, now: Ts) -> Result<usize> {
    Ok(diesel::update(
        sessions::table
            .filter(sessions::user_id.eq(user_id))
            .filter(sessions::revoked_at.is_null()),
    )
    .set(sessions::revoked_at.eq(now))
    .execute(conn)?)
}

/// Removes sessions that were over before `before`.
pub fn delete_expired(conn: &mut Conn, before: Ts) -> Result<usize> {
    Ok(diesel::delete(sessions::table.filter(sessions::expires_at.lt(before))).execute(conn)?)
}
