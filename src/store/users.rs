//! SQL on accounts.

use diesel::prelude::*;

use super::connection::Conn;
use super::fragments::any_of;
use super::{api_keys, sessions};
use crate::error::Result;
use crate::models::access::{Grant, Role};
use crate::models::json::Doc;
use crate::models::time::Ts;
use crate::models::user::{User, UserContent, email_key};
use crate::schema::{categories, sites, users};

/// The columns of a [`Row`], in its order.
macro_rules! columns {
    () => {
        (
            users::id,
            users::email,
            users::name,
            users::role,
            users::grants,
            users::is_active,
            users::external_subject,
            users::password_hash,
            users::signed_in_at,
            users::version,
            users::created_at,
            users::updated_at,
        )
    };
}

#[derive(Queryable)]
struct Row {
    id: i64,
    email: String,
    name: String,
    role: Option<String>,
    grants: Doc<Vec<Grant>>,
    is_active: bool,
    external_subject: Option<String>,
    password_hash: Option<String>,
    signed_in_at: Option<Ts>,
    version: i64,
    created_at: Ts,
    updated_at: Ts,
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            content: UserContent {
                email: row.email,
                name: row.name,
                role: role_of(row.role.as_deref()),
                grants: row.grants.0,
                is_active: row.is_active,
                external_subject: row.external_subject,
            },
            password_hash: row.password_hash,
            signed_in_at: row.signed_in_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The role in a column. The table holds only those there are.
pub(super) fn role_of(word: Option<&str>) -> Option<Role> {
    word.and_then(Role::parse)
}

/// The account with `id`.
pub fn find(conn: &mut Conn, id: i64) -> Result<Option<User>> {
    let row: Option<Row> = users::table
        .filter(users::id.eq(id))
        .select(columns!())
        .first(conn)
        .optional()?;
    Ok(row.map(User::from))
}

/// The account with an address that is folded to `key`.
pub fn find_by_email_key(conn: &mut Conn, key: &str) -> Result<Option<User>> {
    let row: Option<Row> = users::table
        .filter(users::email_key.eq(key))
        .select(columns!())
        .first(conn)
        .optional()?;
    Ok(row.map(User::from))
}

/// The account that an external identity provider knows by `subject`.
pub fn find_by_external_subject(conn: &mut Conn, subject: &str) -> Result<Option<User>> {
    let row: Option<Row> = users::table
        .filter(users::external_subject.eq(subject))
        .select(columns!())
        .first(conn)
        .optional()?;
    Ok(row.map(User::from))
}

/// Up to `limit` accounts with an id above `after`, past `offset` of them, by id.
pub fn page(conn: &mut Conn, after: i64, offset: i64, limit: i64) -> Result<Vec<User>> {
    let rows: Vec<Row> = users::table
        .filter(users::id.gt(after))
        .select(columns!())
        .order(users::id)
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// How many accounts there are.
pub fn count(conn: &mut Conn) -> Result<i64> {
    Ok(users::table.count().get_result(conn)?)
}

/// The slugs of sites in which roles hold, as `(id, slug)`.
pub fn site_slugs(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, String)>> {
    Ok(sites::table
        .filter(any_of(sites::id, ids))
        .select((sites::id, sites::slug))
        .load(conn)?)
}

/// The paths of categories in which roles hold, as `(id, path)`.
pub fn category_paths(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, String)>> {
    Ok(categories::table
        .filter(any_of(categories::id, ids))
        .select((categories::id, categories::path))
        .load(conn)?)
}

/// Those of `slugs` that are sites', as `(slug, id)`.
pub fn site_ids(conn: &mut Conn, slugs: &[String]) -> Result<Vec<(String, i64)>> {
    Ok(sites::table
        .filter(any_of(sites::slug, slugs))
        .select((sites::slug, sites::id))
        .load(conn)?)
}

/// The categories with one of `paths` in some sites, as `(site, path, id)`.
pub fn category_ids(
    conn: &mut Conn,
    site_ids: &[i64],
    paths: &[String],
) -> Result<Vec<(i64, String, i64)>> {
    Ok(categories::table
        .filter(any_of(categories::site_id, site_ids))
        .filter(any_of(categories::path, paths))
        .select((categories::site_id, categories::path, categories::id))
        .load(conn)?)
}

/// Keeps everybody else from changing who is an administrator until the transaction ends. Those who change accounts take it
/// first.
pub fn lock_admins(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        diesel::sql_query("SELECT id FROM users WHERE role = 'admin' ORDER BY id FOR UPDATE")
            .execute(c)?;
    }
    Ok(())
}

/// How many active accounts other than `id` are administrators everywhere and have something to sign in with.
pub fn other_active_admins(conn: &mut Conn, id: i64) -> Result<i64> {
    Ok(users::table
        .filter(users::role.eq(Role::Admin.as_str()))
        .filter(users::is_active.eq(true))
        .filter(
            users::password_hash
                .is_not_null()
                .or(users::external_subject.is_not_null()),
        )
        .filter(users::id.ne(id))
        .count()
        .get_result(conn)?)
}

/// Adds an account and returns its id.
pub fn insert(
    conn: &mut Conn,
    content: &UserContent,
    password_hash: Option<&str>,
    now: Ts,
) -> Result<i64> {
    Ok(diesel::insert_into(users::table)
        .values((
            users::email.eq(&content.email),
            users::email_key.eq(email_key(&content.email)),
            users::name.eq(&content.name),
            users::role.eq(content.role.map(Role::as_str)),
            users::grants.eq(Doc(content.grants.clone())),
            users::is_active.eq(content.is_active),
            users::external_subject.eq(content.external_subject.as_deref()),
            users::password_hash.eq(password_hash),
            users::created_at.eq(now),
            users::updated_at.eq(now),
        ))
        .returning(users::id)
        .get_result(conn)?)
}

/// Makes an account equal to `content`; its password stays.
pub fn update(conn: &mut Conn, id: i64, content: &UserContent, now: Ts) -> Result<()> {
    diesel::update(users::table.find(id))
        .set((
            users::email.eq(&content.email),
            users::email_key.eq(email_key(&content.email)),
            users::name.eq(&content.name),
            users::role.eq(content.role.map(Role::as_str)),
            users::grants.eq(Doc(content.grants.clone())),
            users::is_active.eq(content.is_active),
            users::external_subject.eq(content.external_subject.as_deref()),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Makes an account the one of `subject`, unless it was closed, has a subject or got another address than `email` meanwhile.
pub fn link_subject(conn: &mut Conn, id: i64, email: &str, subject: &str, now: Ts) -> Result<bool> {
    let linked = diesel::update(
        users::table
            .filter(users::id.eq(id))
            .filter(users::is_active.eq(true))
            .filter(users::external_subject.is_null())
            .filter(users::email.eq(email)),
    )
    .set((
        users::external_subject.eq(subject),
        users::version.eq(users::version + 1),
        users::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(linked > 0)
}

/// Sets a password, or takes it away; ends all sessions of the account and revokes its API keys.
pub fn set_password(conn: &mut Conn, id: i64, password_hash: Option<&str>, now: Ts) -> Result<()> {
    diesel::update(users::table.find(id))
        .set((
            users::password_hash.eq(password_hash),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .execute(conn)?;
    sessions::revoke_all_of(conn, id, now)?;
    api_keys::revoke_all_of(conn, id, now)?;
    Ok(())
}

/// Notes a sign-in, unless the account was closed or got another password meanwhile. Until the transaction ends it cannot.
pub fn note_sign_in(conn: &mut Conn, id: i64, password_hash: &str, now: Ts) -> Result<bool> {
    let noted = diesel::update(
        users::table
            .filter(users::id.eq(id))
            .filter(users::is_active.eq(true))
            .filter(users::password_hash.eq(password_hash)),
    )
    .set(users::signed_in_at.eq(now))
    .execute(conn)?;
    Ok(noted > 0)
}

/// Removes an account with its sessions and keys.
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::delete(users::table.find(id)).execute(conn)?;
    Ok(())
}
