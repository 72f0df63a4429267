//! SQL on link groups.

use diesel::prelude::*;

use super::connection::Conn;
use super::fragments::any_of;
use crate::error::Result;
use crate::models::json::Doc;
use crate::models::link_group::{Link, LinkGroup};
use crate::models::managed::Managed;
use crate::models::time::Ts;
use crate::schema::{link_groups, sites};

/// The columns of a [`LinkGroup`], in its order.
macro_rules! columns {
    () => {
        (
            link_groups::id,
            link_groups::site_id,
            link_groups::key,
            link_groups::title,
            link_groups::links,
            link_groups::position,
        )
    };
}

/// A site's groups in order.
pub fn all(conn: &mut Conn, site_id: i64) -> Result<Vec<LinkGroup>> {
    Ok(link_groups::table
        .filter(link_groups::site_id.eq(site_id))
        .select(columns!())
        .order((link_groups::position, link_groups::id))
        .load(conn)?)
}

/// The groups of a site that readers get, in order.
pub fn shown(conn: &mut Conn, site_id: i64) -> Result<Vec<LinkGroup>> {
    Ok(link_groups::table
        .filter(link_groups::site_id.eq(site_id))
        .filter(link_groups::is_held.eq(false))
        .select(columns!())
        .order((link_groups::position, link_groups::id))
        .load(conn)?)
}

/// The group with `key`.
pub fn find(conn: &mut Conn, site_id: i64, key: &str) -> Result<Option<LinkGroup>> {
    Ok(link_groups::table
        .filter(link_groups::site_id.eq(site_id))
        .filter(link_groups::key.eq(key))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// Those of `ids` that exist, unordered.
pub fn find_all(conn: &mut Conn, ids: &[i64]) -> Result<Vec<LinkGroup>> {
    Ok(link_groups::table
        .filter(any_of(link_groups::id, ids))
        .select(columns!())
        .load(conn)?)
}

/// The highest position among a site's groups, 0 where there are none.
pub fn last_position(conn: &mut Conn, site_id: i64) -> Result<i64> {
    let last: Option<i64> = link_groups::table
        .filter(link_groups::site_id.eq(site_id))
        .select(diesel::dsl::max(link_groups::position))
        .first(conn)?;
    Ok(last.unwrap_or(0))
}

/// Adds a group and returns its id.
pub fn insert(
    conn: &mut Conn,
    site_id: i64,
    key: &str,
    title: &str,
    links: &Doc<Vec<Link>>,
    position: i64,
    now: Ts,
) -> Result<i64> {
    Ok(diesel::insert_into(link_groups::table)
        .values((
            link_groups::site_id.eq(site_id),
            link_groups::key.eq(key),
            link_groups::title.eq(title),
            link_groups::links.eq(links),
            link_groups::position.eq(position),
            link_groups::created_at.eq(now),
            link_groups::updated_at.eq(now),
        ))
        .returning(link_groups::id)
        .get_result(conn)?)
}

/// Changes a group's title, links and position.
pub fn update(conn: &mut Conn, group: &LinkGroup, now: Ts) -> Result<()> {
    diesel::update(link_groups::table.find(group.id))
        .set((
            link_groups::title.eq(&group.title),
            link_groups::links.eq(&group.links),
            link_groups::position.eq(group.position),
            link_groups::version.eq(link_groups::version + 1),
            link_groups::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The columns of a [`Managed`] group, in its order.
macro_rules! managed_columns {
    () => {
        (
            columns!(),
            sites::slug,
            link_groups::version,
            link_groups::created_at,
            link_groups::updated_at,
            link_groups::is_held,
        )
    };
}

type ManagedRow = (LinkGroup, String, i64, Ts, Ts, bool);

fn managed(
    (value, site, version, created_at, updated_at, is_held): ManagedRow,
) -> Managed<LinkGroup> {
    Managed {
        value,
        site,
        version,
        created_at,
        updated_at,
        is_held,
    }
}

/// The group with `id`, with its history.
pub fn find_managed(conn: &mut Conn, id: i64) -> Result<Option<Managed<LinkGroup>>> {
    let found: Option<ManagedRow> = link_groups::table
        .inner_join(sites::table.on(sites::id.eq(link_groups::site_id)))
        .filter(link_groups::id.eq(id))
        .select(managed_columns!())
        .first(conn)
        .optional()?;
    Ok(found.map(managed))
}

/// Up to `limit` groups of a site behind the place `(position, id)`, in order and with their history.
pub fn managed_page(
    conn: &mut Conn,
    site_id: i64,
    after: Option<(i64, i64)>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Managed<LinkGroup>>> {
    let (position, id) = after.unwrap_or((i64::MIN, 0));
    let found: Vec<ManagedRow> = link_groups::table
        .inner_join(sites::table.on(sites::id.eq(link_groups::site_id)))
        .filter(link_groups::site_id.eq(site_id))
        // The first of the two is a range of the index; the second decides only where positions are equal.
        .filter(link_groups::position.ge(position))
        .filter(
            link_groups::position
                .gt(position)
                .or(link_groups::id.gt(id)),
        )
        .select(managed_columns!())
        .order((link_groups::position, link_groups::id))
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    Ok(found.into_iter().map(managed).collect())
}

/// How many groups a site has.
pub fn count(conn: &mut Conn, site_id: i64) -> Result<i64> {
    Ok(link_groups::table
        .filter(link_groups::site_id.eq(site_id))
        .count()
        .get_result(conn)?)
}

/// Moves the groups of a site from `position` on one place back.
pub fn make_room(conn: &mut Conn, site_id: i64, position: i64, now: Ts) -> Result<()> {
    diesel::update(
        link_groups::table
            .filter(link_groups::site_id.eq(site_id))
            .filter(link_groups::position.ge(position)),
    )
    .set((
        link_groups::position.eq(link_groups::position + 1),
        link_groups::version.eq(link_groups::version + 1),
        link_groups::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(())
}

/// Removes a group.
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::delete(link_groups::table.find(id)).execute(conn)?;
    Ok(())
}
