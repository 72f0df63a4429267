//! SQL on counters: what may be counted, what was, and what waits to be added up. Everything here takes many rows at once.

pub mod fold;
pub mod marks;
pub mod policies;
pub mod salts;

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, SmallInt};

use super::articles::{find_retraction, not_expired};
use super::connection::{Conn, on_db};
use super::fragments::any_of;
use super::rows;
use super::shown::AroundShown;
use crate::error::Result;
use crate::models::article::Retraction;
use crate::models::counting::{Day, Gauge, Period, Tally};
use crate::models::time::Ts;
use crate::schema::{articles, attachments, pending_counts, site_counters, sites};

/// Makes this transaction the only one that counts. On SQLite a writing transaction is that anyway. Taken first.
pub fn lock(conn: &mut Conn) -> Result<()> {
    /// A number of ours among the advisory locks of the database.
    const COUNTING: &str = "7237970109966542";
    if let Conn::Postgres(c) = conn {
        sql_query(format!("SELECT pg_advisory_xact_lock({COUNTING})")).execute(c)?;
    }
    Ok(())
}

/// The state of what readers get. It is compared after the look-up: as a condition SQLite would take it for a shorter way than the ids, and
/// read all published articles.
const PUBLISHED: &str = "published";

/// The public ones among the articles with `ids`, each with the offset of its site from UTC.
pub fn public_articles(conn: &mut Conn, ids: &[i64], now: Ts) -> Result<Vec<(i64, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(i64, String, String)> = articles::table
        .inner_join(sites::table.on(sites::id.eq(articles::site_id)))
        .filter(any_of(articles::id, ids))
        .filter(articles::published_at.le(now))
        .filter(not_expired!(now))
        .filter(AroundShown)
        .select((articles::id, sites::utc_offset, articles::status))
        .load(conn)?;
    Ok(found
        .into_iter()
        .filter(|(.., status)| status == PUBLISHED)
        .map(|(id, utc_offset, _)| (id, utc_offset))
        .collect())
}

/// The offset from UTC of the site of the public article with `id`; fails where readers do not get it.
pub fn zone_of_public(conn: &mut Conn, id: i64, now: Ts) -> Result<String> {
    match public_articles(conn, &[id], now)?.into_iter().next() {
        Some((_, utc_offset)) => Ok(utc_offset),
        None => Err(Retraction::or_missing(find_retraction(conn, id)?, id)),
    }
}

/// Those files with `ids` that belong to public articles, each with its article and the offset of its site from UTC.
pub fn public_attachments(
    conn: &mut Conn,
    ids: &[i64],
    now: Ts,
) -> Result<Vec<(i64, i64, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(i64, i64, String, String)> = attachments::table
        .inner_join(articles::table.on(articles::id.eq(attachments::article_id)))
        .inner_join(sites::table.on(sites::id.eq(articles::site_id)))
        .filter(any_of(attachments::id, ids))
        .filter(articles::published_at.le(now))
        .filter(not_expired!(now))
        .filter(AroundShown)
        .select((
            attachments::id,
            articles::id,
            sites::utc_offset,
            articles::status,
        ))
        .load(conn)?;
    Ok(found
        .into_iter()
        .filter(|(.., status)| status == PUBLISHED)
        .map(|(id, article_id, utc_offset, _)| (id, article_id, utc_offset))
        .collect())
}

/// The articles that files belong to, in whatever state they are.
pub fn articles_of_attachments(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, i64)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(attachments::table
        .filter(any_of(attachments::id, ids))
        .select((attachments::id, attachments::article_id))
        .load(conn)?)
}

/// The sites with `slugs`: slug, id, and offset from UTC.
pub fn sites(conn: &mut Conn, slugs: &[String]) -> Result<Vec<(String, i64, String)>> {
    if slugs.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sites::table
        .filter(any_of(sites::slug, slugs))
        .filter(sites::is_held.eq(false))
        .select((sites::slug, sites::id, sites::utc_offset))
        .load(conn)?)
}

/// What is to be added to a gauge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Addition {
    /// Which gauge.
    pub gauge: Gauge,
    /// Of what.
    pub reference: i64,
    /// On which day.
    pub day: Day,
    /// How much counts.
    pub counted: i64,
    /// How many requests those were.
    pub hits: i64,
}

/// Lets `additions` wait to be added up. No two may have the same gauge, reference and day.
pub fn add(conn: &mut Conn, additions: &[Addition]) -> Result<()> {
    let given: Vec<[i64; 5]> = additions
        .iter()
        .map(|a| {
            [
                a.gauge.code().into(),
                a.reference,
                a.day.0.into(),
                a.counted,
                a.hits,
            ]
        })
        .collect();
    rows::execute(
        conn,
        "INSERT INTO pending_counts (kind, reference, day, counted, hits) {rows} \
         ON CONFLICT (kind, reference, day) DO UPDATE \
         SET counted = pending_counts.counted + excluded.counted, hits = pending_counts.hits + excluded.hits",
        &given,
    )?;
    Ok(())
}

/// Whether no more than so many rows wait to be added up.
pub fn waits_at_most(conn: &mut Conn, most: i64) -> Result<bool> {
    let beyond: Option<i64> = pending_counts::table
        .select(pending_counts::reference)
        .offset(most)
        .first(conn)
        .optional()?;
    Ok(beyond.is_none())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The live counters of `ids` as `gauge` has them.
pub fn numbers(conn: &mut Conn, gauge: Gauge, ids: &[i64]) -> Result<HashMap<i64, i64>> {
    let (table, key, column) = match gauge {
        Gauge::ArticleViews => ("article_counters", "article_id", "views"),
        Gauge::ArticleDownloads => ("article_counters", "article_id", "downloads"),
        Gauge::ArticleCitations => ("article_counters", "article_id", "citations"),
        Gauge::AttachmentDownloads => ("attachment_counters", "attachment_id", "downloads"),
        Gauge::SiteVisits => ("site_counters", "site_id", "visitors"),
    };
    let text = format!(
        "SELECT {table}.{key} AS id, {table}.{column} + CAST(coalesce((SELECT sum(counted) FROM pending_counts \
         WHERE kind = {} AND reference = {table}.{key}), 0) AS bigint) AS number \
         FROM ({{rows}}) AS asked JOIN {table} ON {table}.{key} = asked.c0",
        gauge.code()
    );
    let asked: Vec<[i64; 1]> = ids.iter().map(|id| [*id]).collect();
    let found: Vec<Number> = rows::load(conn, &text, &asked)?;
    Ok(found.into_iter().map(|row| (row.id, row.number)).collect())
}

#[derive(QueryableByName)]
struct Counter {
    #[diesel(sql_type = BigInt)]
    counted: i64,
    #[diesel(sql_type = BigInt)]
    opening: i64,
    #[diesel(sql_type = BigInt)]
    hits: i64,
}

/// The live view counter of an article, whatever state that is in.
pub fn of_article(conn: &mut Conn, id: i64) -> Result<Option<Tally>> {
    tally(
        conn,
        "SELECT c.views + CAST(coalesce(sum(p.counted), 0) AS bigint) AS counted, c.opening_views AS opening, \
         c.hits + CAST(coalesce(sum(p.hits), 0) AS bigint) AS hits \
         FROM ({rows}) AS asked JOIN article_counters c ON c.article_id = asked.c0 \
         LEFT JOIN pending_counts p ON p.kind = 0 AND p.reference = c.article_id \
         GROUP BY c.article_id, c.views, c.opening_views, c.hits",
        id,
    )
}

/// The live visitor counter of a site.
pub fn of_site(conn: &mut Conn, slug: &str) -> Result<Option<Tally>> {
    let id: Option<i64> = sites::table
        .inner_join(site_counters::table.on(site_counters::site_id.eq(sites::id)))
        .filter(sites::slug.eq(slug))
        .filter(sites::is_held.eq(false))
        .select(sites::id)
        .first(conn)
        .optional()?;
    let Some(id) = id else { return Ok(None) };
    tally(
        conn,
        "SELECT c.visitors + CAST(coalesce(sum(p.counted), 0) AS bigint) AS counted, CAST(0 AS bigint) AS opening, \
         c.hits + CAST(coalesce(sum(p.hits), 0) AS bigint) AS hits \
         FROM ({rows}) AS asked JOIN site_counters c ON c.site_id = asked.c0 \
         LEFT JOIN pending_counts p ON p.kind = 4 AND p.reference = c.site_id \
         GROUP BY c.site_id, c.visitors, c.hits",
        id,
    )
}

fn tally(conn: &mut Conn, text: &str, id: i64) -> Result<Option<Tally>> {
    let found: Vec<Counter> = rows::load(conn, text, &[[id]])?;
    Ok(found.into_iter().next().map(|row| Tally {
        counted: row.counted,
        opening: row.opening,
        hits: row.hits,
    }))
}

/// Removes up to `limit` numbers of single days and weeks that ended before `first`; tells how many those were.
pub fn delete_days(conn: &mut Conn, first: Day, limit: i64) -> Result<usize> {
    let mut deleted = 0;
    for (period, before) in [(Period::Day, first), (Period::Week, first.plus(-6))] {
        deleted += on_db!(&mut *conn, |c| {
            sql_query(
            "DELETE FROM article_periods WHERE (article_id, period, start) IN (SELECT article_id, period, start \
             FROM article_periods WHERE period = $1 AND start < $2 LIMIT $3)"
        )
        .bind::<SmallInt, _>(period.code())
        .bind::<Integer, _>(before.0)
        .bind::<BigInt, _>(limit)
        .execute(c)?
        });
    }
    Ok(deleted)
}
