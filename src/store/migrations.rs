//! The embedded migrations of both databases.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{Conn, STATEMENT_TIMEOUT, immediate};
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Key of the advisory lock under which PostgreSQL migrates: the letters `masthead`.
const LOCK: i64 = 0x6d61_7374_6865_6164;

/// Applies what is pending and returns how many migrations that were. Instances that start together
/// wait for each other.
pub fn run(conn: &mut Conn) -> Result<usize> {
    locked(conn, |conn| {
        match conn {
            Conn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|done| done.len()),
            Conn::Postgres(c) => c.run_pending_migrations(POSTGRES).map(|done| done.len()),
        }
        .map_err(Error::Internal)
    })
}

/// Reverts every migration; the data goes with them.
pub fn revert_all(conn: &mut Conn) -> Result<()> {
    locked(conn, |conn| {
        match conn {
            Conn::Sqlite(c) => c.revert_all_migrations(SQLITE).map(drop),
            Conn::Postgres(c) => c.revert_all_migrations(POSTGRES).map(drop),
        }
        .map_err(Error::Internal)
    })
}

/// Reverts the migration that was applied last.
pub fn revert_last(conn: &mut Conn) -> Result<()> {
    locked(conn, |conn| {
        match conn {
            Conn::Sqlite(c) => c.revert_last_migration(SQLITE).map(drop),
            Conn::Postgres(c) => c.revert_last_migration(POSTGRES).map(drop),
        }
        .map_err(Error::Internal)
    })
}

/// How many migrations are not applied yet. Writes nothing.
pub fn pending(conn: &mut Conn) -> Result<usize> {
    if !is_migrated_at_all(conn)? {
        return Ok(total());
    }
    match conn {
        Conn::Sqlite(c) => c.pending_migrations(SQLITE).map(|m| m.len()),
        Conn::Postgres(c) => c.pending_migrations(POSTGRES).map(|m| m.len()),
    }
    .map_err(Error::Internal)
}

fn total() -> usize {
    use diesel::migration::MigrationSource;
    MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_or(0, |m| m.len())
}

/// Asking diesel for pending migrations makes its own table; a look at the catalogue does not.
fn is_migrated_at_all(conn: &mut Conn) -> Result<bool> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let sql = match conn {
        Conn::Sqlite(_) => {
            "SELECT count(*) AS n FROM sqlite_master WHERE name = '__diesel_schema_migrations'"
        }
        Conn::Postgres(_) => {
            "SELECT count(*) AS n FROM pg_catalog.pg_tables WHERE tablename = '__diesel_schema_migrations' \
             AND schemaname = ANY (current_schemas(false))"
        }
    };
    Ok(diesel::sql_query(sql).get_result::<Found>(conn)?.n > 0)
}

fn locked<T>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    if let Conn::Sqlite(_) = conn {
        return immediate(conn, f);
    }
    // A migration, and the wait for another instance's, may take longer than a statement of a request.
    conn.batch_execute("SET statement_timeout TO 0")?;
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(LOCK)
        .execute(conn)?;
    let outcome = f(conn);
    let unlocked = diesel::sql_query("SELECT pg_advisory_unlock($1)")
        .bind::<diesel::sql_types::BigInt, _>(LOCK)
        .execute(conn)
        .and_then(|_| conn.batch_execute(STATEMENT_TIMEOUT));
    let value = outcome?;
    unlocked?;
    Ok(value)
}
