//! Reading menus as trees.

use std::collections::HashMap;
use std::iter::Peekable;

use crate::clock::Clock;
use crate::error::{Error, Resource, Result};
use crate::models::freshness::Fresh;
use crate::models::time::Ts;
use crate::store::menus::Entry;
use crate::store::{self, Delivery};

/// Use cases on menus.
#[derive(Clone)]
pub struct Menus {
    store: Delivery,
    clock: Clock,
}

/// A menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// Its name within the site.
    pub key: String,
    /// Its roots, in order.
    pub items: Vec<MenuTree>,
}

/// An item with everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuTree {
    /// Its text; not unique.
    pub label: String,
    /// The address it points to, where it is not a category.
    pub url: Option<String>,
    /// The category it points to.
    pub category_id: Option<i64>,
    /// Where that category is.
    pub category_path: Option<String>,
    /// The items directly below, in order.
    pub children: Vec<MenuTree>,
}

impl Menus {
    pub(super) fn new(store: Delivery, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A site's menus in the order they were made, each down to `levels`, or whole.
    pub async fn list(&self, site: String, levels: Option<i32>) -> Result<Fresh<Vec<Menu>>> {
        let now = Ts::from(self.clock.now());
        let levels = levels.unwrap_or(i32::MAX);
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let site_id = store::sites::find_shown_id(conn, &site)?
                        .ok_or_else(|| Error::not_found(Resource::Site, &site))?;
                    let mut entries: HashMap<i64, Vec<Entry>> = HashMap::new();
                    for entry in store::menus::entries_of_site(conn, site_id, levels)? {
                        entries.entry(entry.menu_id).or_default().push(entry);
                    }
                    let menus = store::menus::shown(conn, site_id)?;
                    let grown = menus.into_iter().map(|(id, key)| Menu {
                        key,
                        items: grow(entries.remove(&id).unwrap_or_default()),
                    });
                    Ok(Fresh {
                        value: grown.collect(),
                        freshness: store::stamps::of_site(conn, site_id, now)?,
                    })
                })
            })
            .await
    }

    /// The menu with `key`, down to `levels`, or whole.
    pub async fn get(&self, site: String, key: String, levels: Option<i32>) -> Result<Fresh<Menu>> {
        let now = Ts::from(self.clock.now());
        let levels = levels.unwrap_or(i32::MAX);
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let site_id = store::sites::find_shown_id(conn, &site)?
                        .ok_or_else(|| Error::not_found(Resource::Site, &site))?;
                    let id = store::menus::find_shown(conn, site_id, &key)?
                        .ok_or_else(|| Error::not_found(Resource::Menu, &key))?;
                    Ok(Fresh {
                        value: Menu {
                            key,
                            items: grow(store::menus::entries(conn, id, levels)?),
                        },
                        freshness: store::stamps::of_site(conn, site_id, now)?,
                    })
                })
            })
            .await
    }
}

/// Hangs the items of one menu, which come in pre-order, where their depth says.
fn grow(entries: Vec<Entry>) -> Vec<MenuTree> {
    level(0, &mut entries.into_iter().peekable())
}

/// The items from here on that are at least `depth` deep, but those that lead to what readers do not get.
fn level(depth: i32, entries: &mut Peekable<impl Iterator<Item = Entry>>) -> Vec<MenuTree> {
    let mut items = Vec::new();
    while let Some(entry) = entries.next_if(|entry| entry.depth >= depth) {
        let Entry {
            menu_id: _,
            depth,
            label,
            url,
            category_id,
            category_path,
            leads_to_held,
        } = entry;
        let children = level(depth + 1, entries);
        if leads_to_held {
            // What is below it goes with it.
            continue;
        }
        items.push(MenuTree {
            label,
            url,
            category_id,
            category_path,
            children,
        });
    }
    items
}
