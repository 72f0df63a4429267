//! SQL on work that a migration leaves to the program: filling again what is derived from the articles.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::connection::Conn;
use super::suggestions;
use crate::error::Result;
use crate::schema::{category_counts, listings, maintenance, visibility_events};

/// Deriving lists, counts and changes from the articles.
const REINDEX: &str = "reindex";

/// Indexing for search what is there already.
const SEARCH: &str = "search";

/// Whether a migration asks for a search index.
pub fn is_search_due(conn: &mut Conn) -> Result<bool> {
    let task: Option<String> = maintenance::table
        .find(SEARCH)
        .select(maintenance::task)
        .first(conn)
        .optional()?;
    Ok(task.is_some())
}

/// Notes that there is a search index.
pub fn finish_search(conn: &mut Conn) -> Result<()> {
    diesel::delete(maintenance::table.find(SEARCH)).execute(conn)?;
    Ok(())
}

/// Whether a migration asks for it.
pub fn is_due(conn: &mut Conn) -> Result<bool> {
    let task: Option<String> = maintenance::table
        .find(REINDEX)
        .select(maintenance::task)
        .first(conn)
        .optional()?;
    Ok(task.is_some())
}

/// Keeps writers of articles and the job that rolls events up out until the transaction ends.
pub fn begin(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        c.batch_execute(
            "SET LOCAL statement_timeout TO 0; LOCK TABLE articles, visibility_events IN SHARE ROW EXCLUSIVE MODE",
        )?;
    }
    Ok(())
}

/// Deletes what is derived: events first, as every writer does.
pub fn clear(conn: &mut Conn) -> Result<()> {
    diesel::delete(visibility_events::table).execute(conn)?;
    diesel::delete(listings::table).execute(conn)?;
    diesel::delete(category_counts::table).execute(conn)?;
    suggestions::clear(conn)
}

/// Notes that it is done.
pub fn finish(conn: &mut Conn) -> Result<()> {
    diesel::delete(maintenance::table.find(REINDEX)).execute(conn)?;
    Ok(())
}
