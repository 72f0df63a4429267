//! Writing menus.

use std::collections::HashMap;

use super::Tx;
use crate::error::{Error, Fault, Resource, Result};
use crate::models::hygiene::RecordKind;
use crate::models::managed::{Change, Expected, Managed};
use crate::models::menu::{Menu, MenuItem, PlacedItem};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::patch::Patch;
use crate::models::record::{MenuEntry, MenuRecord};
use crate::screening::Record;
use crate::store;

type ManagedMenu = Managed<Menu>;

/// A page of a site's menus in the order they were made; an empty one of a site that the caller sees nothing of.
pub fn page(tx: &mut Tx<'_>, site: &str, query: PageQuery<i64>) -> Result<Page<ManagedMenu, i64>> {
    tx.allow_somewhere()?;
    let Some(site_id) = tx.visible_site(site)? else {
        return Ok(Page::empty(query.count));
    };
    let items = store::menus::managed_page(
        tx.conn,
        site_id,
        query.after().unwrap_or(0),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => Total::Exact(store::menus::count(tx.conn, site_id)?),
    };
    Ok(Page::cut(items, query.limit, |menu| menu.value.id, total))
}

/// One menu.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedMenu> {
    let menu = find(tx, id)?;
    tx.allow_to_see(menu.value.site_id, || missing(id))?;
    Ok(menu)
}

/// Makes a menu; without items it is empty.
pub fn create(tx: &mut Tx<'_>, record: MenuRecord) -> Result<Change<ManagedMenu>> {
    let MenuRecord { site, key, items } = record;
    let site_id = tx.site_id(&site)?;
    tx.allow_in_site(site_id)?;
    if store::menus::find(tx.conn, site_id, &key)?.is_some() {
        return Err(Error::Taken(Fault::new(
            "/key",
            "taken",
            format!("`key` is taken: the site has a menu `{key}` already"),
        )));
    }
    let entries = items.set().unwrap_or_default();
    let known = categories(tx, site_id, &entries)?;
    let id = store::menus::insert(tx.conn, site_id, &key, tx.now)?;
    store::menus::insert_items(tx.conn, &rows(id, entries, &known))?;
    tx.touch(Some(site_id))?;
    Ok(Change::created(screened(tx, id)?))
}

/// Changes a menu: its items are replaced whole.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: MenuRecord,
) -> Result<Change<ManagedMenu>> {
    let before = locked(tx, id, expected)?;
    let MenuRecord {
        site: _,
        key: _,
        items,
    } = record;
    let entries = match items {
        Patch::Keep => return Ok(Change::updated(before.clone(), before)),
        Patch::Clear => Vec::new(),
        Patch::Set(entries) => entries,
    };
    if entries
        .iter()
        .map(placed)
        .eq(before.value.items.iter().cloned())
    {
        return Ok(Change::updated(before.clone(), before));
    }
    let site_id = before.value.site_id;
    let known = categories(tx, site_id, &entries)?;
    store::menus::replace_items(tx.conn, id, &rows(id, entries, &known), tx.now)?;
    tx.touch(Some(site_id))?;
    let after = screened(tx, id)?;
    Ok(Change::updated(before, after))
}

/// Deletes a menu with its items.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedMenu>> {
    let before = locked(tx, id, expected)?;
    store::menus::delete(tx.conn, id)?;
    store::findings::delete_of(tx.conn, RecordKind::Menu, &[id])?;
    tx.touch(Some(before.value.site_id))?;
    Ok(Change::deleted(before))
}

/// The menu as it stays until the transaction ends, where the caller may change it and expects this version.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ManagedMenu> {
    store::connection::lock(tx.conn, "menus", id)?;
    let menu = get(tx, id)?;
    tx.allow_in_site(menu.value.site_id)?;
    expected.check(menu.version)?;
    Ok(menu)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedMenu> {
    store::menus::find_managed(tx.conn, id)?.ok_or_else(|| missing(id))
}

/// The menu as it is once it was looked at.
fn screened(tx: &mut Tx<'_>, id: i64) -> Result<ManagedMenu> {
    let written = find(tx, id)?;
    tx.screen(&Record::of_menu(&written.value))?;
    find(tx, id)
}

fn missing(id: i64) -> Error {
    Error::not_found(Resource::Menu, id)
}

/// The item that an entry makes.
fn placed(entry: &MenuEntry) -> PlacedItem {
    let MenuEntry {
        depth,
        label,
        url,
        category,
        member: _,
        pointer: _,
    } = entry;
    PlacedItem {
        depth: *depth,
        label: label.clone(),
        url: url.clone(),
        category: category.clone(),
    }
}

/// The ids of all categories that entries name, by path.
fn categories(
    tx: &mut Tx<'_>,
    site_id: i64,
    entries: &[MenuEntry],
) -> Result<HashMap<String, i64>> {
    let mut paths: Vec<String> = entries.iter().filter_map(|e| e.category.clone()).collect();
    paths.sort_unstable();
    paths.dedup();
    let known: HashMap<String, i64> = store::categories::ids(tx.conn, site_id, &paths)?
        .into_iter()
        .collect();
    let faults: Vec<Fault> = entries
        .iter()
        .filter_map(|entry| {
            let path = entry
                .category
                .as_ref()
                .filter(|path| !known.contains_key(*path))?;
            Some(Fault::new(
                format!("{}/category", entry.pointer),
                "unknown",
                format!(
                    "`{}.category` names no category: the site has no `{path}`",
                    entry.member
                ),
            ))
        })
        .collect();
    match faults.is_empty() {
        true => Ok(known),
        false => Err(Error::Invalid(faults)),
    }
}

/// The items as they are stored.
fn rows(menu_id: i64, entries: Vec<MenuEntry>, known: &HashMap<String, i64>) -> Vec<MenuItem> {
    let row = |(position, entry)| {
        let MenuEntry {
            depth,
            label,
            url,
            category,
            member: _,
            pointer: _,
        } = entry;
        MenuItem {
            menu_id,
            position,
            depth,
            label,
            url,
            category_id: category.and_then(|path| known.get(&path).copied()),
        }
    };
    (0..).zip(entries).map(row).collect()
}
