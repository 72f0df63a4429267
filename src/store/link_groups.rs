//! SQL on link groups.

use diesel::prelude::*;

use super::connection::Conn;
use crate::error::Result;
use crate::models::json::Doc;
use crate::models::link_group::{Link, LinkGroup};
use crate::models::time::Ts;
use crate::schema::link_groups;

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

/// The group with `key`.
pub fn find(conn: &mut Conn, site_id: i64, key: &str) -> Result<Option<LinkGroup>> {
    Ok(link_groups::table
        .filter(link_groups::site_id.eq(site_id))
        .filter(link_groups::key.eq(key))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// The highest position among a site's groups, 0 where there are none.
pub fn last_position(conn: &mut Conn, site_id: i64) -> Result<i64> {
    let last: Option<i64> = link_groups::table
        .filter(link_groups::site_id.eq(site_id))
        .select(diesel::dsl::max(link_groups::position))
        .first(conn)?;
    Ok(last.unwrap_or(0))
}

/// Adds a group.
pub fn insert(
    conn: &mut Conn,
    site_id: i64,
    key: &str,
    title: &str,
    links: &Doc<Vec<Link>>,
    position: i64,
    now: Ts,
) -> Result<()> {
    diesel::insert_into(link_groups::table)
        .values((
            link_groups::site_id.eq(site_id),
            link_groups::key.eq(key),
            link_groups::title.eq(title),
            link_groups::links.eq(links),
            link_groups::position.eq(position),
            link_groups::created_at.eq(now),
            link_groups::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
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
