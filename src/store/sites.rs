//! SQL on sites.

use diesel::prelude::*;

use super::COUNTED;
use super::connection::{Conn, Db};
use super::fragments::any_of;
use super::shown::PlaceShown;
use super::suggestions;
use crate::error::Result;
use crate::models::managed::Managed;
use crate::models::page::Total;
use crate::models::site::{Site, SiteContent};
use crate::models::time::Ts;
use crate::schema::{articles, categories, menus, site_counters, sites};

/// The columns of a [`Site`], in its order.
macro_rules! columns {
    () => {
        (
            sites::id,
            sites::slug,
            (
                sites::name,
                sites::default_locale,
                sites::locales,
                sites::utc_offset,
                sites::home_label,
                sites::owner,
                sites::copyright,
                sites::copyright_notice,
                sites::url_template,
                sites::registrations,
                sites::contacts,
                sites::credits,
                sites::blocks,
                sites::identity,
                sites::script_variants,
            ),
            sites::version,
            sites::updated_at,
        )
    };
}

/// Every site, in the order they were made.
pub fn all(conn: &mut Conn) -> Result<Vec<Site>> {
    Ok(sites::table
        .select(columns!())
        .order(sites::id)
        .load(conn)?)
}

/// Those of `ids` that exist, unordered.
pub fn find_all(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Site>> {
    Ok(sites::table
        .filter(any_of(sites::id, ids))
        .select(columns!())
        .load(conn)?)
}

/// The site with `slug`.
pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<Site>> {
    Ok(sites::table
        .filter(sites::slug.eq(slug))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// Every site that readers get, in the order they were made.
pub fn shown(conn: &mut Conn) -> Result<Vec<Site>> {
    Ok(sites::table
        .filter(sites::is_held.eq(false))
        .select(columns!())
        .order(sites::id)
        .load(conn)?)
}

/// The site with `slug`, where readers get it.
pub fn find_shown(conn: &mut Conn, slug: &str) -> Result<Option<Site>> {
    Ok(sites::table
        .filter(sites::slug.eq(slug))
        .filter(sites::is_held.eq(false))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// The id of the site with `slug`, where readers get it.
pub fn find_shown_id(conn: &mut Conn, slug: &str) -> Result<Option<i64>> {
    Ok(sites::table
        .filter(sites::slug.eq(slug))
        .filter(sites::is_held.eq(false))
        .select(sites::id)
        .first(conn)
        .optional()?)
}

/// What the site with `id` says, and whether it is held back.
pub fn find_screened(conn: &mut Conn, id: i64) -> Result<Option<(SiteContent, bool)>> {
    let found: Option<(Site, bool)> = sites::table
        .filter(sites::id.eq(id))
        .select((columns!(), sites::is_held))
        .first(conn)
        .optional()?;
    Ok(found.map(|(site, is_held)| (site.content, is_held)))
}

/// The ids of all sites.
pub fn ids(conn: &mut Conn) -> Result<Vec<i64>> {
    Ok(sites::table.select(sites::id).load(conn)?)
}

/// The id and the offset from UTC of the site with `slug`, where readers get it.
pub fn find_zone(conn: &mut Conn, slug: &str) -> Result<Option<(i64, String)>> {
    Ok(sites::table
        .filter(sites::slug.eq(slug))
        .filter(sites::is_held.eq(false))
        .select((sites::id, sites::utc_offset))
        .first(conn)
        .optional()?)
}

/// The offsets from UTC that there are among the sites that readers get.
pub fn utc_offsets(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(sites::table
        .filter(sites::is_held.eq(false))
        .select(sites::utc_offset)
        .distinct()
        .load(conn)?)
}

/// The slug of a site.
pub fn find_slug(conn: &mut Conn, id: i64) -> Result<Option<String>> {
    Ok(sites::table
        .filter(sites::id.eq(id))
        .select(sites::slug)
        .first(conn)
        .optional()?)
}

/// The id of the site with `slug`.
pub fn find_id(conn: &mut Conn, slug: &str) -> Result<Option<i64>> {
    Ok(sites::table
        .filter(sites::slug.eq(slug))
        .select(sites::id)
        .first(conn)
        .optional()?)
}

/// The site of the category with `category_id`, where readers get that.
pub fn of_category(conn: &mut Conn, category_id: i64) -> Result<Option<Site>> {
    Ok(sites::table
        .inner_join(categories::table.on(categories::site_id.eq(sites::id)))
        .filter(categories::id.eq(category_id))
        .filter(PlaceShown)
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// Adds a site with its visitor counter and returns its id.
pub fn insert(
    conn: &mut Conn,
    slug: &str,
    content: &SiteContent,
    visitors: i64,
    now: Ts,
) -> Result<i64> {
    let id: i64 = diesel::insert_into(sites::table)
        .values((
            sites::slug.eq(slug),
            content,
            sites::created_at.eq(now),
            sites::updated_at.eq(now),
        ))
        .returning(sites::id)
        .get_result(conn)?;
    diesel::insert_into(site_counters::table)
        .values((
            site_counters::site_id.eq(id),
            site_counters::visitors.eq(visitors),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Makes the site equal to `content`.
pub fn update(conn: &mut Conn, id: i64, content: &SiteContent, now: Ts) -> Result<()> {
    diesel::update(sites::table.find(id))
        .set((
            content,
            sites::version.eq(sites::version + 1),
            sites::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

type ManagedRow = (Site, Ts, bool);

fn managed((value, created_at, is_held): ManagedRow) -> Managed<Site> {
    Managed {
        site: String::new(),
        version: value.version,
        created_at,
        updated_at: value.updated_at,
        value,
        is_held,
    }
}

/// The site with `id`, with its history.
pub fn find_managed(conn: &mut Conn, id: i64) -> Result<Option<Managed<Site>>> {
    let found: Option<ManagedRow> = sites::table
        .find(id)
        .select((columns!(), sites::created_at, sites::is_held))
        .first(conn)
        .optional()?;
    Ok(found.map(managed))
}

/// All sites, or those with one of these ids.
macro_rules! listed {
    ($only:expr) => {{
        let all = sites::table.into_boxed::<Db>();
        match $only {
            Some(ids) => all.filter(any_of(sites::id, ids)),
            None => all,
        }
    }};
}

/// Up to `limit` sites with an id above `after`, by id and with their history; with `only` those of these ids.
pub fn managed_page(
    conn: &mut Conn,
    only: Option<&[i64]>,
    after: i64,
    offset: i64,
    limit: i64,
) -> Result<Vec<Managed<Site>>> {
    let found: Vec<ManagedRow> = listed!(only)
        .filter(sites::id.gt(after))
        .select((columns!(), sites::created_at, sites::is_held))
        .order(sites::id)
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    Ok(found.into_iter().map(managed).collect())
}

/// How many sites [`managed_page`] has in all; beyond `COUNTED` by the highest id.
pub fn count(conn: &mut Conn, only: Option<&[i64]>) -> Result<Total> {
    let counted: Vec<i64> = listed!(only)
        .select(sites::id)
        .order(sites::id.desc())
        .limit(COUNTED + 1)
        .load(conn)?;
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    Ok(match counted.first() {
        Some(highest) if n > COUNTED => Total::Estimated(*highest),
        _ => Total::Exact(n),
    })
}

/// Whether a site has an article, in whatever state.
pub fn has_articles(conn: &mut Conn, id: i64) -> Result<bool> {
    let first: Option<i64> = articles::table
        .filter(articles::site_id.eq(id))
        .select(articles::id)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// Removes a site that has no articles, with everything of it but its totals ([`super::totals::settle`]); returns the ids that its
/// categories had.
pub fn delete(conn: &mut Conn, id: i64) -> Result<Vec<i64>> {
    suggestions::forget_of_site(conn, id)?;
    // What refers to categories goes before them; the rest goes with the site.
    diesel::delete(menus::table.filter(menus::site_id.eq(id))).execute(conn)?;
    diesel::update(categories::table.filter(categories::site_id.eq(id)))
        .set(categories::parent_id.eq(None::<i64>))
        .execute(conn)?;
    let category_ids = diesel::delete(categories::table.filter(categories::site_id.eq(id)))
        .returning(categories::id)
        .get_results(conn)?;
    // Takes the row of `site_counters`, too. Who counts never waits for that one, so it may be held until nobody else counts.
    diesel::delete(sites::table.find(id)).execute(conn)?;
    Ok(category_ids)
}
