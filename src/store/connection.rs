//! The two databases behind one type, and how the shared SQL types travel on each.

#![expect(
    missing_docs,
    reason = "the derive makes items that it does not document"
)]

use std::cell::Cell;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use diesel::backend::Backend;
use diesel::connection::{
    AnsiTransactionManager, Instrumentation, InstrumentationEvent, SimpleConnection,
    TransactionManager,
};
use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{self, HasSqlType};
use diesel::sqlite::Sqlite;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{listening, touched};
use crate::error::Result;
use crate::models::json::Doc;
use crate::models::time::Ts;
use crate::schema::{JsonDoc, UtcTs};

/// A connection to either database; the same query text runs on both.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// An SQLite file.
    Sqlite(SqliteConnection),
    /// A PostgreSQL server.
    Postgres(PgConnection),
}

/// The backend of [`Conn`].
pub type Db = MultiBackend;

/// How long PostgreSQL may work on one statement of a request.
pub(super) const STATEMENT_TIMEOUT: &str = "SET statement_timeout TO '60s'";

/// How long a request may wait for a lock on PostgreSQL: who waits keeps a connection from others.
const LOCK_TIMEOUT: &str = "SET lock_timeout TO '5s'";

/// What connections to PostgreSQL are made with unless the URL says otherwise: who waits for a server that went silent hears of it.
const OPTIONS: &str = "connect_timeout=5&tcp_user_timeout=15000&keepalives_idle=10&keepalives_interval=5&keepalives_count=3\
    &fallback_application_name=masthead";

/// Where the database is.
#[derive(Debug, Clone)]
pub enum Target {
    /// A file.
    Sqlite(std::path::PathBuf),
    /// A server, by URL.
    Postgres(String),
}

/// Whether a connection may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads and writes.
    ReadWrite,
    /// Reads only; on SQLite the connection refuses anything else.
    ReadOnly,
}

/// Opens one connection to `target`; `statements` counts what runs on it.
pub fn connect(
    target: &Target,
    access: Access,
    statements: &Arc<AtomicU64>,
) -> Result<Conn, diesel::r2d2::Error> {
    use diesel::r2d2::Error::{ConnectionError, QueryError};
    let mut conn = match target {
        Target::Postgres(url) => {
            let url = with_options(url, OPTIONS);
            let mut conn = PgConnection::establish(&url).map_err(ConnectionError)?;
            conn.batch_execute("SET TIME ZONE 'UTC'; SET client_min_messages TO warning")
                .map_err(QueryError)?;
            conn.batch_execute(STATEMENT_TIMEOUT).map_err(QueryError)?;
            conn.batch_execute(LOCK_TIMEOUT).map_err(QueryError)?;
            Conn::Postgres(conn)
        }
        Target::Sqlite(path) => {
            let mut conn =
                SqliteConnection::establish(&path_text(path)).map_err(ConnectionError)?;
            // The time to wait comes first: the switch to WAL takes a lock. The file is not mapped into memory: that makes cold reads a fifth
            // cheaper, but each connection would count hundreds of MB of it as memory of this process.
            conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8000")
                .map_err(QueryError)?;
            let pragmas = match access {
                Access::ReadOnly => "PRAGMA temp_store = MEMORY; PRAGMA query_only = ON",
                Access::ReadWrite => {
                    "PRAGMA cache_size = -16000; \
                     PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                     PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864"
                }
            };
            conn.batch_execute(pragmas).map_err(QueryError)?;
            Conn::Sqlite(conn)
        }
    };
    conn.set_instrumentation(StatementCounter(Arc::clone(statements)));
    Ok(conn)
}

/// Has a connection of this process keep more pages at hand, for a large write: SQLite writes those that it has no room for twice.
pub fn make_room(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(conn) => Ok(conn.batch_execute("PRAGMA cache_size = -65536")?),
        Conn::Postgres(_) => Ok(()),
    }
}

/// The connection URI with `options` besides, before its own: of two of one name the later one counts.
pub(super) fn with_options(uri: &str, options: &str) -> String {
    match uri.split_once('?') {
        Some((place, own)) if !own.is_empty() => format!("{place}?{options}&{own}"),
        Some((place, _)) => format!("{place}?{options}"),
        None => format!("{uri}?{options}"),
    }
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

thread_local! {
    static IS_UNCOUNTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` without counting its statements: no request asked for them.
pub(super) fn uncounted<T>(f: impl FnOnce() -> T) -> T {
    IS_UNCOUNTED.set(true);
    let value = f();
    IS_UNCOUNTED.set(false);
    value
}

/// Counts the statements of one or more connections.
struct StatementCounter(Arc<AtomicU64>);

impl Instrumentation for StatementCounter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            if !IS_UNCOUNTED.get() {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
            tracing::trace!(query = %query, "statement");
        }
    }
}

/// The same expression compiled for each concrete connection: for upserts and multi-row inserts, which
/// the combined backend does not know.
macro_rules! on_db {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::store::connection::Conn::Sqlite($c) => $body,
            $crate::store::connection::Conn::Postgres($c) => $body,
        }
    };
}
pub(crate) use on_db;

/// Runs `f` in one transaction. On SQLite it takes the write lock at once, so that a transaction that reads before
/// it writes never fails because another one wrote in between.
pub fn immediate<T>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    touched::forget();
    let mut is_complete = false;
    // What waits for an advisory lock has to see what was committed meanwhile, whatever the server's default is.
    let outcome = transaction(
        conn,
        "BEGIN IMMEDIATE",
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        |conn| {
            let value = f(conn)?;
            listening::announce(conn)?;
            is_complete = true;
            Ok(value)
        },
    );
    listening::ended(outcome.is_ok());
    // A commit that failed may have come through: where the connection was lost nobody knows.
    match is_complete {
        true => touched::commit(),
        false => touched::forget(),
    }
    outcome
}

/// Runs `f` on one unchanging picture of the database; it cannot write.
pub fn snapshot<T>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    transaction(
        conn,
        "BEGIN",
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        f,
    )
}

/// Runs `f` in a running transaction and takes back whatever it changed.
pub fn rehearse<T>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    on_db!(&mut *conn, |c| AnsiTransactionManager::begin_transaction(
        c
    )?);
    let mut open = OpenTransaction { conn, done: false };
    let outcome = f(open.conn);
    open.done = true;
    // Where this fails the transaction around must fail too.
    on_db!(&mut *open.conn, |c| {
        AnsiTransactionManager::rollback_transaction(c)
    })?;
    outcome
}

fn transaction<T>(
    conn: &mut Conn,
    sqlite: &str,
    postgres: &str,
    f: impl FnOnce(&mut Conn) -> Result<T>,
) -> Result<T> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, sqlite)?,
        Conn::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, postgres)?,
    }
    let mut open = OpenTransaction { conn, done: false };
    let outcome = f(open.conn);
    open.done = true;
    match outcome {
        Ok(value) => match on_db!(&mut *open.conn, |c| {
            AnsiTransactionManager::commit_transaction(c)
        }) {
            Ok(()) => Ok(value),
            Err(e) => {
                // A commit that failed (disk full) leaves the transaction open on SQLite.
                rollback(open.conn);
                Err(e.into())
            }
        },
        Err(e) => {
            rollback(open.conn);
            Err(e)
        }
    }
}

/// Where even that fails the connection is broken, which its pool finds out.
fn rollback(conn: &mut Conn) {
    on_db!(conn, |c| AnsiTransactionManager::rollback_transaction(c)).ok();
}

/// Rolls back when the closure of a transaction panics.
struct OpenTransaction<'a> {
    conn: &'a mut Conn,
    done: bool,
}

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        if !self.done {
            rollback(self.conn);
        }
    }
}

/// Who may change which lists show an article while this transaction runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structure {
    /// Articles are written: others may write theirs.
    Kept,
    /// Categories move or records merge: nobody else may write articles.
    Changed,
}

/// Keeps writers of articles and of the structure around them apart until the transaction ends. On SQLite there is one writer.
/// Taken before anything else: who waits for it must hold nothing that others wait for.
pub fn lock_structure(conn: &mut Conn, structure: Structure) -> Result<()> {
    /// A number of ours among the advisory locks of the database.
    const STRUCTURE: &str = "7237970109966541";
    if let Conn::Postgres(c) = conn {
        let function = match structure {
            Structure::Kept => "pg_advisory_xact_lock_shared",
            Structure::Changed => "pg_advisory_xact_lock",
        };
        diesel::sql_query(format!("SELECT {function}({STRUCTURE})")).execute(c)?;
    }
    Ok(())
}

/// Takes the lock on a row until the transaction ends, so that what is read of it now is what is changed later.
/// Others may go on referring to it. On SQLite a
/// writing transaction has the lock on everything.
pub fn lock(conn: &mut Conn, table: &'static str, id: i64) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        diesel::sql_query(format!(
            "SELECT 1 FROM {table} WHERE id = $1 FOR NO KEY UPDATE"
        ))
        .bind::<sql_types::BigInt, _>(id)
        .execute(c)?;
    }
    Ok(())
}

/// Inserts `rows` with as few statements as the databases' limits on bound values allow.
macro_rules! insert_rows {
    ($conn:expr, $table:expr, $rows:expr) => {
        (|| -> diesel::QueryResult<()> {
            for chunk in $rows.chunks($crate::store::ROWS_PER_STATEMENT) {
                $crate::store::connection::on_db!(&mut *$conn, |c| {
                    diesel::insert_into($table).values(chunk).execute(c)?;
                });
            }
            Ok(())
        })()
    };
}
pub(crate) use insert_rows;

impl ToSql<UtcTs, Pg> for Ts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Timestamptz, Pg>::to_sql(&self.0, &mut out.reborrow())
    }
}

impl FromSql<UtcTs, Pg> for Ts {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<sql_types::Timestamptz, Pg>::from_sql(value).map(Ts)
    }
}

impl ToSql<UtcTs, Sqlite> for Ts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(sqlite_text(self.0));
        Ok(IsNull::No)
    }
}

impl FromSql<UtcTs, Sqlite> for Ts {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<sql_types::Text, Sqlite>>::from_sql(value)?;
        Ok(Ts(DateTime::parse_from_rfc3339(&text)?.to_utc()))
    }
}

impl HasSqlType<UtcTs> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<UtcTs>(lookup)
    }
}

impl ToSql<UtcTs, MultiBackend> for Ts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((UtcTs, self));
        Ok(IsNull::No)
    }
}

impl FromSql<UtcTs, MultiBackend> for Ts {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Ts, UtcTs>()
    }
}

/// `at` in the fixed-width form that sorts by time.
fn sqlite_text(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

impl<T: Serialize + std::fmt::Debug> ToSql<JsonDoc, Pg> for Doc<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        // The version byte of jsonb's binary form.
        out.write_all(&[1])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + std::fmt::Debug> FromSql<JsonDoc, Pg> for Doc<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes() {
            [1, json @ ..] => Ok(Doc(serde_json::from_slice(json)?)),
            _ => Err("unknown version of jsonb's binary form".into()),
        }
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<JsonDoc, Sqlite> for Doc<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + std::fmt::Debug> FromSql<JsonDoc, Sqlite> for Doc<T> {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<sql_types::Text, Sqlite>>::from_sql(value)?;
        Ok(Doc(serde_json::from_str(&text)?))
    }
}

impl HasSqlType<JsonDoc> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<JsonDoc>(lookup)
    }
}

impl<T: Serialize + std::fmt::Debug + Send + Sync + 'static> ToSql<JsonDoc, MultiBackend>
    for Doc<T>
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((JsonDoc, self));
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + std::fmt::Debug> FromSql<JsonDoc, MultiBackend> for Doc<T> {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Doc<T>, JsonDoc>()
    }
}

#[cfg(test)]
mod tests {
    use super::with_options;

    #[test]
    fn options_of_a_uri_count_more_than_ours() {
        for (uri, whole) in [
            ("postgres://u@h/db", "postgres://u@h/db?a=1&b=2"),
            ("postgres://u@h/db?", "postgres://u@h/db?a=1&b=2"),
            ("postgres:///db?a=3", "postgres:///db?a=1&b=2&a=3"),
        ] {
            assert_eq!(with_options(uri, "a=1&b=2"), whole);
        }
    }
}
