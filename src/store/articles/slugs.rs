//! Names of articles in addresses: who has which, who had it before. Whether a name may be taken is for services to say.

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::read::not_expired;
use crate::error::Result;
use crate::models::article::{ArticleContent, FormerSlug, Retraction};
use crate::models::time::Ts;
use crate::schema::{article_slugs, article_texts, articles, former_slugs};
use crate::store::connection::{Conn, insert_rows};
use crate::store::fragments::any_of;
use crate::store::shown::AroundShown;

/// Where a slug that an article had before leads.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Successor {
    /// The article's own slug.
    pub slug: String,
    /// The language that the former slug served, where the article still exists in it.
    pub locale: Option<String>,
    /// The slug of its own that the rendition in that language has.
    pub rendition_slug: Option<String>,
}

/// What a slug leads to that no public article has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leading {
    /// The article that had it has another one now.
    To(Successor),
    /// The article that has it, or had it last, was taken back.
    Gone(Retraction),
}

/// The public article of a site that has `slug`: its id, and the language that the slug serves, if one.
pub fn find_slug(
    conn: &mut Conn,
    site_id: i64,
    slug: &str,
    now: Ts,
) -> Result<Option<(i64, Option<String>)>> {
    Ok(article_slugs::table
        .inner_join(articles::table.on(articles::id.eq(article_slugs::article_id)))
        .filter(article_slugs::site_id.eq(site_id))
        .filter(article_slugs::slug.eq(slug))
        .filter(articles::status.eq("published"))
        .filter(articles::published_at.le(now))
        .filter(not_expired!(now))
        .filter(AroundShown)
        .select((article_slugs::article_id, article_slugs::locale))
        .first(conn)
        .optional()?)
}

/// Where a slug leads that no public article has: a tombstone has it, or the last that had it of those that are public or taken
/// back says so.
pub fn find_successor(
    conn: &mut Conn,
    site_id: i64,
    slug: &str,
    now: Ts,
) -> Result<Option<Leading>> {
    let tombstone: Option<(Ts, String)> = article_slugs::table
        .inner_join(articles::table.on(articles::id.eq(article_slugs::article_id)))
        .filter(article_slugs::site_id.eq(site_id))
        .filter(article_slugs::slug.eq(slug))
        .filter(articles::status.eq("retracted"))
        .filter(AroundShown)
        .select((
            articles::retracted_at.assume_not_null(),
            articles::retraction_reason.assume_not_null(),
        ))
        .first(conn)
        .optional()?;
    if let Some((at, reason)) = tombstone {
        return Ok(Some(Leading::Gone(Retraction { at, reason })));
    }
    let rendition = article_texts::article_id
        .eq(former_slugs::article_id)
        .and(former_slugs::locale.eq(article_texts::locale.nullable()));
    let is_public = articles::status
        .eq("published")
        .and(articles::published_at.le(now))
        .and(not_expired!(now).assume_not_null());
    type Row = (Option<Ts>, Option<String>, Successor);
    let last: Option<Row> = former_slugs::table
        .inner_join(articles::table.on(articles::id.eq(former_slugs::article_id)))
        .left_join(article_texts::table.on(rendition))
        .filter(former_slugs::site_id.eq(site_id))
        .filter(former_slugs::slug.eq(slug))
        .filter(is_public.or(articles::status.eq("retracted")))
        .filter(AroundShown)
        .order((
            former_slugs::retired_at.desc(),
            former_slugs::article_id.desc(),
        ))
        .select((
            articles::retracted_at,
            articles::retraction_reason,
            (
                articles::slug,
                article_texts::locale.nullable(),
                article_texts::slug.nullable(),
            ),
        ))
        .first(conn)
        .optional()?;
    Ok(last.map(|(at, reason, successor)| match at.zip(reason) {
        Some((at, reason)) => Leading::Gone(Retraction { at, reason }),
        None => Leading::To(successor),
    }))
}

/// Keeps others from taking one of `slugs` in the site until the transaction ends, so that who looks for a free one finds what
/// stays free. On SQLite there is one writer.
pub fn lock_slugs(conn: &mut Conn, site_id: i64, slugs: &[String]) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        let mut names: Vec<String> = slugs
            .iter()
            .map(|slug| format!("{site_id} {slug}"))
            .collect();
        // In one order everywhere, so that no two wait for each other.
        names.sort_unstable();
        diesel::sql_query(
            "SELECT pg_advisory_xact_lock(hashtextextended(name, 7)) FROM unnest($1) WITH ORDINALITY AS n (name, place) ORDER BY place",
        )
        .bind::<Array<Text>, _>(names)
        .execute(c)?;
    }
    Ok(())
}

/// Which articles of the site have one of `slugs`, as `(slug, article)`; those that only had it before do not count.
pub fn slug_owners(conn: &mut Conn, site_id: i64, slugs: &[String]) -> Result<Vec<(String, i64)>> {
    Ok(article_slugs::table
        .filter(article_slugs::site_id.eq(site_id))
        .filter(any_of(article_slugs::slug, slugs))
        .select((article_slugs::slug, article_slugs::article_id))
        .load(conn)?)
}

/// What `ids` were called before, as `(article, slug)`, by slug.
pub(super) fn former(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, FormerSlug)>> {
    let rows: Vec<(i64, String, Option<String>, Ts)> = former_slugs::table
        .filter(any_of(former_slugs::article_id, ids))
        .select((
            former_slugs::article_id,
            former_slugs::slug,
            former_slugs::locale,
            former_slugs::retired_at,
        ))
        .order((former_slugs::article_id, former_slugs::slug))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, slug, locale, retired_at)| {
            let former = FormerSlug {
                slug,
                locale,
                retired_at,
            };
            (id, former)
        })
        .collect())
}

/// Takes all slugs of `ids` away, former ones too.
pub(super) fn remove_slugs(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    diesel::delete(article_slugs::table.filter(any_of(article_slugs::article_id, ids)))
        .execute(conn)?;
    diesel::delete(former_slugs::table.filter(any_of(former_slugs::article_id, ids)))
        .execute(conn)?;
    Ok(())
}

/// Writes the slugs of articles that have none, former ones too.
pub(super) fn insert_slugs(
    conn: &mut Conn,
    site_id: i64,
    articles: &[(i64, &ArticleContent)],
) -> Result<()> {
    #[derive(Insertable)]
    #[diesel(table_name = article_slugs, treat_none_as_default_value = false)]
    struct Row<'a> {
        site_id: i64,
        slug: &'a str,
        article_id: i64,
        locale: Option<&'a str>,
    }
    #[derive(Insertable)]
    #[diesel(table_name = former_slugs, treat_none_as_default_value = false)]
    struct FormerRow<'a> {
        site_id: i64,
        slug: &'a str,
        article_id: i64,
        locale: Option<&'a str>,
        retired_at: Ts,
    }
    let mut rows = Vec::with_capacity(articles.len());
    let mut former_rows = Vec::new();
    for (article_id, content) in articles {
        let article_id = *article_id;
        rows.extend(content.slugs().into_iter().map(|(slug, locale)| Row {
            site_id,
            slug,
            article_id,
            locale,
        }));
        former_rows.extend(content.former_slugs.iter().map(|former| FormerRow {
            site_id,
            slug: &former.slug,
            article_id,
            locale: former.locale.as_deref(),
            retired_at: former.retired_at,
        }));
    }
    insert_rows!(conn, article_slugs::table, &rows)?;
    insert_rows!(conn, former_slugs::table, &former_rows)?;
    Ok(())
}
