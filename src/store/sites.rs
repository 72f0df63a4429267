//! SQL on sites.

use diesel::prelude::*;

use super::connection::Conn;
use crate::error::Result;
use crate::models::site::{Site, SiteContent};
use crate::models::time::Ts;
use crate::schema::{categories, site_counters, sites};

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

/// The site with `slug`.
pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<Site>> {
    Ok(sites::table
        .filter(sites::slug.eq(slug))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// The ids of all sites.
pub fn ids(conn: &mut Conn) -> Result<Vec<i64>> {
    Ok(sites::table.select(sites::id).load(conn)?)
}

/// The id and the offset from UTC of the site with `slug`.
pub fn find_zone(conn: &mut Conn, slug: &str) -> Result<Option<(i64, String)>> {
    Ok(sites::table
        .filter(sites::slug.eq(slug))
        .select((sites::id, sites::utc_offset))
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

/// The site of the category with `category_id`.
pub fn of_category(conn: &mut Conn, category_id: i64) -> Result<Option<Site>> {
    Ok(sites::table
        .inner_join(categories::table.on(categories::site_id.eq(sites::id)))
        .filter(categories::id.eq(category_id))
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

/// The visitor counter of a site.
pub fn visitors(conn: &mut Conn, id: i64) -> Result<i64> {
    Ok(site_counters::table
        .find(id)
        .select(site_counters::visitors)
        .first(conn)
        .optional()?
        .unwrap_or(0))
}
