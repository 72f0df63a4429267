//! SQL on menus.

use diesel::prelude::*;

use super::connection::{Conn, insert_rows};
use crate::error::Result;
use crate::models::menu::MenuItem;
use crate::models::time::Ts;
use crate::schema::{menu_items, menus};

/// The id of the menu with `key`.
pub fn find(conn: &mut Conn, site_id: i64, key: &str) -> Result<Option<i64>> {
    Ok(menus::table
        .filter(menus::site_id.eq(site_id))
        .filter(menus::key.eq(key))
        .select(menus::id)
        .first(conn)
        .optional()?)
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

/// Replaces a menu's items.
pub fn replace_items(conn: &mut Conn, menu_id: i64, items: &[MenuItem], now: Ts) -> Result<()> {
    diesel::delete(menu_items::table.filter(menu_items::menu_id.eq(menu_id))).execute(conn)?;
    insert_rows!(conn, menu_items::table, items)?;
    diesel::update(menus::table.find(menu_id))
        .set((
            menus::version.eq(menus::version + 1),
            menus::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}
