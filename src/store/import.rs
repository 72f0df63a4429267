//! What an import must remember until the end of its file, in a temporary table so that memory stays bounded:
//! links to related articles, which may point forward.

#![expect(missing_docs, reason = "the macro documents tables, not columns")]

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::connection::{Conn, Structure, insert_rows, lock_structure};
use super::fragments::any_of;
use crate::error::Result;

diesel::table! {
    /// Links that are not resolved yet.
    import_related (article_id, position) {
        line -> BigInt,
        site_id -> BigInt,
        article_id -> BigInt,
        position -> Integer,
        key -> Text,
    }
}

/// A link from an article to the article with `key` of the same site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatedLink {
    /// The line that has it.
    pub line: i64,
    /// The article that links.
    pub article_id: i64,
    /// The place among its links.
    pub position: i32,
    /// The key of the article that it links to.
    pub key: String,
}

/// Key of the advisory lock that imports take: the letters `mhimport`.
const LOCK: i64 = 0x6d68_696d_706f_7274;

/// Waits for other imports and keeps them out until the transaction ends: two files with the same records would
/// otherwise block each other half-way. On SQLite the transaction itself does that.
pub fn lock(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        c.batch_execute("SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO 0")?;
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(LOCK)
            .execute(c)?;
    }
    // At once: who changes the structure meanwhile would wait for rows of ours, and we for the structure.
    lock_structure(conn, Structure::Kept)
}

/// Tells PostgreSQL what its tables hold by now. Its plans for look-ups by key were made when they were empty, and
/// would read every article of the site for each batch.
pub fn refresh_statistics(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        c.batch_execute(
            "ANALYZE articles, article_slugs, former_slugs, contributors, article_texts, article_contributors, article_sources, \
             article_topics, article_counters, listings, categories, sites, sources, article_changes, visibility_events, site_stamps, media, media_uses",
        )?;
    }
    Ok(())
}

/// Makes the empty table.
pub fn prepare(conn: &mut Conn) -> Result<()> {
    Ok(conn.batch_execute(
        "DROP TABLE IF EXISTS import_related; \
         CREATE TEMPORARY TABLE import_related (line bigint NOT NULL, site_id bigint NOT NULL, \
           article_id bigint NOT NULL, position integer NOT NULL, key text NOT NULL); \
         CREATE INDEX import_related_article_id_idx ON import_related (article_id)",
    )?)
}

/// Remembers links.
pub fn stage_related(conn: &mut Conn, site_id: i64, links: &[RelatedLink]) -> Result<()> {
    #[derive(Insertable)]
    #[diesel(table_name = import_related)]
    struct Row<'a> {
        line: i64,
        site_id: i64,
        article_id: i64,
        position: i32,
        key: &'a str,
    }
    let rows: Vec<Row<'_>> = links
        .iter()
        .map(|l| Row {
            line: l.line,
            site_id,
            article_id: l.article_id,
            position: l.position,
            key: &l.key,
        })
        .collect();
    insert_rows!(conn, import_related::table, &rows)?;
    Ok(())
}

/// Forgets the links of articles whose line comes a second time.
pub fn unstage_related(conn: &mut Conn, article_ids: &[i64]) -> Result<()> {
    diesel::delete(import_related::table.filter(any_of(import_related::article_id, article_ids)))
        .execute(conn)?;
    Ok(())
}

/// Up to `limit` links that lead nowhere, as `(line, key)`, and how many there are in all.
pub fn unresolved(conn: &mut Conn, limit: usize) -> Result<(Vec<(i64, String)>, i64)> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        line: i64,
        #[diesel(sql_type = Text)]
        key: String,
        #[diesel(sql_type = BigInt)]
        total: i64,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT r.line, r.key, count(*) OVER () AS total FROM import_related r \
         WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.site_id = r.site_id AND a.key = r.key) \
         ORDER BY r.line, r.position LIMIT $1",
    )
    .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
    .load(conn)?;
    let total = rows.first().map_or(0, |r| r.total);
    Ok((rows.into_iter().map(|r| (r.line, r.key)).collect(), total))
}

/// Writes the links that lead somewhere and forgets them all.
pub fn resolve(conn: &mut Conn) -> Result<()> {
    conn.batch_execute(
        "INSERT INTO article_related (article_id, position, related_id) \
         SELECT r.article_id, r.position, a.id FROM import_related r \
         JOIN articles a ON a.site_id = r.site_id AND a.key = r.key; \
         DROP TABLE import_related",
    )?;
    Ok(())
}
