//! SQL on sources.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::connection::{Conn, on_db};
use super::fragments::{any_of, load_of};
use super::{COUNTED, listings, suggestions};
use crate::error::Result;
use crate::models::listing::ListKind;
use crate::models::managed::Managed;
use crate::models::page::Total;
use crate::models::source::Source;
use crate::models::suggestion::SuggestionKind;
use crate::models::time::Ts;
use crate::schema::{article_sources, articles, sources};

/// The columns of a [`Source`], in its order.
macro_rules! columns {
    () => {
        (sources::id, sources::slug, sources::name, sources::url)
    };
}

/// Up to `limit` sources with an id above `after`, by id.
pub fn page(conn: &mut Conn, after: i64, offset: i64, limit: i64) -> Result<Vec<Source>> {
    Ok(sources::table
        .filter(sources::id.gt(after))
        .select(columns!())
        .order(sources::id)
        .offset(offset)
        .limit(limit)
        .load(conn)?)
}

/// Like [`page`], of those that readers get.
pub fn shown_page(conn: &mut Conn, after: i64, offset: i64, limit: i64) -> Result<Vec<Source>> {
    Ok(sources::table
        .filter(sources::id.gt(after))
        .filter(sources::is_held.eq(false))
        .select(columns!())
        .order(sources::id)
        .offset(offset)
        .limit(limit)
        .load(conn)?)
}

/// How many sources [`shown_page`] has in all; beyond `COUNTED` by the highest id.
pub fn count_shown(conn: &mut Conn) -> Result<Total> {
    let counted: Vec<i64> = sources::table
        .filter(sources::is_held.eq(false))
        .select(sources::id)
        .order(sources::id.desc())
        .limit(COUNTED + 1)
        .load(conn)?;
    Ok(estimate(&counted))
}

/// How many sources there are; beyond `COUNTED` by the highest id.
pub fn count(conn: &mut Conn) -> Result<Total> {
    let counted: Vec<i64> = sources::table
        .select(sources::id)
        .order(sources::id.desc())
        .limit(COUNTED + 1)
        .load(conn)?;
    Ok(estimate(&counted))
}

/// How many there are in all, of which these ids were counted, the highest first.
fn estimate(counted: &[i64]) -> Total {
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    match counted.first() {
        Some(highest) if n > COUNTED => Total::Estimated(*highest),
        _ => Total::Exact(n),
    }
}

/// Like [`page`], only those that an article of the site names.
pub fn page_of_site(conn: &mut Conn, site_id: i64, after: i64, limit: i64) -> Result<Vec<Source>> {
    let named = article_sources::table
        .inner_join(articles::table.on(articles::id.eq(article_sources::article_id)))
        .filter(articles::site_id.eq(site_id))
        .select(article_sources::source_id);
    Ok(sources::table
        .filter(sources::id.gt(after))
        .filter(sources::id.eq_any(named))
        .select(columns!())
        .order(sources::id)
        .limit(limit)
        .load(conn)?)
}

/// The source with `id`, where readers get it.
pub fn find_shown(conn: &mut Conn, id: i64) -> Result<Option<Source>> {
    Ok(sources::table
        .find(id)
        .filter(sources::is_held.eq(false))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// The source with `slug`.
pub fn find_by_slug(conn: &mut Conn, slug: &str) -> Result<Option<Source>> {
    Ok(sources::table
        .filter(sources::slug.eq(slug))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// The ids of those of `slugs` that exist, as `(slug, id)`.
pub fn ids(conn: &mut Conn, slugs: &[String]) -> Result<Vec<(String, i64)>> {
    Ok(sources::table
        .filter(any_of(sources::slug, slugs))
        .select((sources::slug, sources::id))
        .load(conn)?)
}

/// Those of `ids` that exist, unordered.
pub fn find_all(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Source>> {
    Ok(sources::table
        .filter(any_of(sources::id, ids))
        .select(columns!())
        .load(conn)?)
}

/// Those of `ids` that readers get, unordered.
pub fn find_all_shown(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Source>> {
    Ok(sources::table
        .filter(any_of(sources::id, ids))
        .filter(sources::is_held.eq(false))
        .select(columns!())
        .load(conn)?)
}

/// The sources of articles that readers get, as `(article, source)`, in the order of each chain.
pub fn shown_of_articles(conn: &mut Conn, article_ids: &[i64]) -> Result<Vec<(i64, Source)>> {
    Ok(load_of!(
        conn,
        article_ids,
        article_sources::article_id,
        |is_of| {
            article_sources::table
                .inner_join(sources::table.on(sources::id.eq(article_sources::source_id)))
                .filter(is_of)
                .filter(sources::is_held.eq(false))
                .select((article_sources::article_id, columns!()))
                .order((article_sources::article_id, article_sources::position))
        }
    ))
}

/// The sources of articles as `(article, source)`, in the order of each chain.
pub fn of_articles(conn: &mut Conn, article_ids: &[i64]) -> Result<Vec<(i64, Source)>> {
    Ok(article_sources::table
        .inner_join(sources::table.on(sources::id.eq(article_sources::source_id)))
        .filter(any_of(article_sources::article_id, article_ids))
        .select((article_sources::article_id, columns!()))
        .order((article_sources::article_id, article_sources::position))
        .load(conn)?)
}

/// Adds a source and returns its id.
pub fn insert(conn: &mut Conn, slug: &str, name: &str, url: Option<&str>, now: Ts) -> Result<i64> {
    let id = diesel::insert_into(sources::table)
        .values((
            sources::slug.eq(slug),
            sources::name.eq(name),
            sources::url.eq(url),
            sources::created_at.eq(now),
            sources::updated_at.eq(now),
        ))
        .returning(sources::id)
        .get_result(conn)?;
    suggestions::add_name(conn, SuggestionKind::Source, None, id, name)?;
    Ok(id)
}

/// Changes a source's name and address.
pub fn update(conn: &mut Conn, source: &Source, now: Ts) -> Result<()> {
    suggestions::rename(conn, SuggestionKind::Source, source.id, &source.name)?;
    diesel::update(sources::table.find(source.id))
        .set((
            sources::name.eq(&source.name),
            sources::url.eq(source.url.as_deref()),
            sources::version.eq(sources::version + 1),
            sources::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The columns of a [`Managed`] source, in its order.
macro_rules! managed_columns {
    () => {
        (
            columns!(),
            sources::version,
            sources::created_at,
            sources::updated_at,
            sources::is_held,
        )
    };
}

type ManagedRow = (Source, i64, Ts, Ts, bool);

fn managed((value, version, created_at, updated_at, is_held): ManagedRow) -> Managed<Source> {
    Managed {
        value,
        site: String::new(),
        version,
        created_at,
        updated_at,
        is_held,
    }
}

/// The source with `id`, with its history.
pub fn find_managed(conn: &mut Conn, id: i64) -> Result<Option<Managed<Source>>> {
    let found: Option<ManagedRow> = sources::table
        .find(id)
        .select(managed_columns!())
        .first(conn)
        .optional()?;
    Ok(found.map(managed))
}

/// Like [`page`], with their history.
pub fn managed_page(
    conn: &mut Conn,
    after: i64,
    offset: i64,
    limit: i64,
) -> Result<Vec<Managed<Source>>> {
    let found: Vec<ManagedRow> = sources::table
        .filter(sources::id.gt(after))
        .select(managed_columns!())
        .order(sources::id)
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    Ok(found.into_iter().map(managed).collect())
}

/// Adds a source unless its slug is taken, also by a transaction that runs just now; returns its id.
pub fn insert_free(
    conn: &mut Conn,
    slug: &str,
    name: &str,
    url: Option<&str>,
    now: Ts,
) -> Result<Option<i64>> {
    let values = (
        sources::slug.eq(slug),
        sources::name.eq(name),
        sources::url.eq(url),
        sources::created_at.eq(now),
        sources::updated_at.eq(now),
    );
    let id: Option<i64> = on_db!(&mut *conn, |c| {
        diesel::insert_into(sources::table)
            .values(values)
            .on_conflict(sources::slug)
            .do_nothing()
            .returning(sources::id)
            .get_result(c)
            .optional()?
    });
    if let Some(id) = id {
        suggestions::add_name(conn, SuggestionKind::Source, None, id, name)?;
    }
    Ok(id)
}

/// Whether an article names the source, in whatever state.
pub fn is_named(conn: &mut Conn, id: i64) -> Result<bool> {
    let first: Option<i64> = article_sources::table
        .filter(article_sources::source_id.eq(id))
        .select(article_sources::article_id)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// Has every article that names `from` name `into` in its place, and removes `from`. An article that names both keeps the
/// earlier of the two places. The totals are for [`super::totals::settle`].
pub fn merge(conn: &mut Conn, from: i64, into: i64) -> Result<()> {
    diesel::sql_query(
        "DELETE FROM article_sources WHERE source_id IN ($1, $2) AND EXISTS ( \
           SELECT 1 FROM article_sources o WHERE o.article_id = article_sources.article_id \
           AND o.source_id IN ($1, $2) AND o.position < article_sources.position)",
    )
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(into)
    .execute(conn)?;
    diesel::update(article_sources::table.filter(article_sources::source_id.eq(from)))
        .set(article_sources::source_id.eq(into))
        .execute(conn)?;
    listings::copy_list(conn, ListKind::Source, from, into)?;
    listings::remove_list(conn, ListKind::Source, from)?;
    delete(conn, from)
}

/// Removes a source that no article names. Its totals are for [`super::totals::settle`].
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    suggestions::remove_name(conn, SuggestionKind::Source, id)?;
    diesel::delete(sources::table.find(id)).execute(conn)?;
    Ok(())
}
