//! SQL on menus.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::{Conn, insert_rows};
use super::fragments::any_of;
use super::shown::BelowHeld;
use crate::error::Result;
use crate::models::managed::Managed;
use crate::models::menu::{Menu, MenuItem, PlacedItem};
use crate::models::time::Ts;
use crate::schema::{categories, menu_items, menus, sites};

/// An item as readers need it, with the path of the category it points to.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Entry {
    /// The menu it belongs to.
    pub menu_id: i64,
    /// 0 at the root.
    pub depth: i32,
    /// Its text; not unique.
    pub label: String,
    /// The address it points to, where it is not a category.
    pub url: Option<String>,
    /// The category it points to.
    pub category_id: Option<i64>,
    /// Where that category is.
    pub category_path: Option<String>,
    /// Whether that category is held back, or one above it.
    pub leads_to_held: bool,
}

/// The id of the menu with `key`.
pub fn find(conn: &mut Conn, site_id: i64, key: &str) -> Result<Option<i64>> {
    Ok(menus::table
        .filter(menus::site_id.eq(site_id))
        .filter(menus::key.eq(key))
        .select(menus::id)
        .first(conn)
        .optional()?)
}

/// The id of the menu with `key`, where readers get it.
pub fn find_shown(conn: &mut Conn, site_id: i64, key: &str) -> Result<Option<i64>> {
    Ok(menus::table
        .filter(menus::site_id.eq(site_id))
        .filter(menus::key.eq(key))
        .filter(menus::is_held.eq(false))
        .select(menus::id)
        .first(conn)
        .optional()?)
}

/// The menus of a site that readers get, as `(id, key)`.
pub fn shown(conn: &mut Conn, site_id: i64) -> Result<Vec<(i64, String)>> {
    Ok(menus::table
        .filter(menus::site_id.eq(site_id))
        .filter(menus::is_held.eq(false))
        .select((menus::id, menus::key))
        .order(menus::id)
        .load(conn)?)
}

/// A site's menus as `(id, key)`.
pub fn all(conn: &mut Conn, site_id: i64) -> Result<Vec<(i64, String)>> {
    Ok(menus::table
        .filter(menus::site_id.eq(site_id))
        .select((menus::id, menus::key))
        .order(menus::id)
        .load(conn)?)
}

/// A menu's items in pre-order.
pub fn items(conn: &mut Conn, menu_id: i64) -> Result<Vec<MenuItem>> {
    Ok(menu_items::table
        .filter(menu_items::menu_id.eq(menu_id))
        .select((
            menu_items::menu_id,
            menu_items::position,
            menu_items::depth,
            menu_items::label,
            menu_items::url,
            menu_items::category_id,
        ))
        .order(menu_items::position)
        .load(conn)?)
}

/// The items of some menus, with their categories.
macro_rules! entries {
    ($of:expr, $levels:expr) => {
        menu_items::table
            .left_join(categories::table.on(menu_items::category_id.eq(categories::id.nullable())))
            .filter($of)
            .filter(menu_items::depth.lt($levels))
            .select((
                menu_items::menu_id,
                menu_items::depth,
                menu_items::label,
                menu_items::url,
                menu_items::category_id,
                categories::path.nullable(),
                BelowHeld,
            ))
            .order((menu_items::menu_id, menu_items::position))
    };
}

/// The upper `levels` of a menu in pre-order.
pub fn entries(conn: &mut Conn, menu_id: i64, levels: i32) -> Result<Vec<Entry>> {
    Ok(entries!(menu_items::menu_id.eq(menu_id), levels).load(conn)?)
}

/// The upper `levels` of every menu of a site: menu by menu in the order of [`all`], each in pre-order.
pub fn entries_of_site(conn: &mut Conn, site_id: i64, levels: i32) -> Result<Vec<Entry>> {
    let own = menus::table
        .filter(menus::site_id.eq(site_id))
        .select(menus::id);
    Ok(entries!(menu_items::menu_id.eq_any(own), levels).load(conn)?)
}

/// Adds an empty menu and returns its id.
pub fn insert(conn: &mut Conn, site_id: i64, key: &str, now: Ts) -> Result<i64> {
    Ok(diesel::insert_into(menus::table)
        .values((
            menus::site_id.eq(site_id),
            menus::key.eq(key),
            menus::created_at.eq(now),
            menus::updated_at.eq(now),
        ))
        .returning(menus::id)
        .get_result(conn)?)
}

/// Adds items to menus.
pub fn insert_items(conn: &mut Conn, items: &[MenuItem]) -> Result<()> {
    Ok(insert_rows!(conn, menu_items::table, items)?)
}

/// Replaces a menu's items.
pub fn replace_items(conn: &mut Conn, menu_id: i64, items: &[MenuItem], now: Ts) -> Result<()> {
    diesel::delete(menu_items::table.filter(menu_items::menu_id.eq(menu_id))).execute(conn)?;
    insert_items(conn, items)?;
    diesel::update(menus::table.find(menu_id))
        .set((
            menus::version.eq(menus::version + 1),
            menus::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The columns of a [`Managed`] menu without its items.
macro_rules! managed_columns {
    () => {
        (
            menus::id,
            menus::site_id,
            menus::key,
            sites::slug,
            menus::version,
            menus::created_at,
            menus::updated_at,
            menus::is_held,
        )
    };
}

type ManagedRow = (i64, i64, String, String, i64, Ts, Ts, bool);

/// Puts the items into the menus that they belong to.
fn managed(rows: Vec<ManagedRow>, entries: Vec<Entry>) -> Vec<Managed<Menu>> {
    let mut items: HashMap<i64, Vec<PlacedItem>> = HashMap::new();
    for entry in entries {
        let Entry {
            menu_id,
            depth,
            label,
            url,
            category_id: _,
            category_path,
            leads_to_held: _,
        } = entry;
        items.entry(menu_id).or_default().push(PlacedItem {
            depth,
            label,
            url,
            category: category_path,
        });
    }
    let whole = |(id, site_id, key, site, version, created_at, updated_at, is_held)| Managed {
        value: Menu {
            id,
            site_id,
            key,
            items: items.remove(&id).unwrap_or_default(),
        },
        site,
        version,
        created_at,
        updated_at,
        is_held,
    };
    rows.into_iter().map(whole).collect()
}

/// The menu with `id`, with its items and its history.
pub fn find_managed(conn: &mut Conn, id: i64) -> Result<Option<Managed<Menu>>> {
    let found: Option<ManagedRow> = menus::table
        .inner_join(sites::table.on(sites::id.eq(menus::site_id)))
        .filter(menus::id.eq(id))
        .select(managed_columns!())
        .first(conn)
        .optional()?;
    let Some(row) = found else {
        return Ok(None);
    };
    let entries = entries(conn, id, i32::MAX)?;
    Ok(managed(vec![row], entries).pop())
}

/// Up to `limit` menus of a site with an id above `after`, by id, with their items and their history.
pub fn managed_page(
    conn: &mut Conn,
    site_id: i64,
    after: i64,
    offset: i64,
    limit: i64,
) -> Result<Vec<Managed<Menu>>> {
    let rows: Vec<ManagedRow> = menus::table
        .inner_join(sites::table.on(sites::id.eq(menus::site_id)))
        .filter(menus::site_id.eq(site_id))
        .filter(menus::id.gt(after))
        .select(managed_columns!())
        .order(menus::id)
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let entries = entries!(any_of(menu_items::menu_id, &ids), i32::MAX).load(conn)?;
    Ok(managed(rows, entries))
}

/// Those of `ids` that exist, unordered, with their items.
pub fn find_all(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Menu>> {
    let rows: Vec<ManagedRow> = menus::table
        .inner_join(sites::table.on(sites::id.eq(menus::site_id)))
        .filter(any_of(menus::id, ids))
        .select(managed_columns!())
        .load(conn)?;
    let entries = entries!(any_of(menu_items::menu_id, ids), i32::MAX).load(conn)?;
    Ok(managed(rows, entries)
        .into_iter()
        .map(|menu| menu.value)
        .collect())
}

/// How many menus a site has.
pub fn count(conn: &mut Conn, site_id: i64) -> Result<i64> {
    Ok(menus::table
        .filter(menus::site_id.eq(site_id))
        .count()
        .get_result(conn)?)
}

/// Removes a menu with its items.
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::delete(menus::table.find(id)).execute(conn)?;
    Ok(())
}
