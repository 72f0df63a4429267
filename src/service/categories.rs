//! Reading category trees, with the number of public articles in each category.

use std::collections::HashMap;

use crate::clock::Clock;
use crate::error::{Error, Resource, Result};
use crate::models::freshness::{Fresh, Freshness};
use crate::models::site::Site;
use crate::models::time::Ts;
use crate::store::categories::Counted;
use crate::store::{self, Conn, Delivery};

/// Use cases on categories.
#[derive(Clone)]
pub struct Categories {
    store: Delivery,
    clock: Clock,
}

/// A category with everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryTree {
    /// Its id.
    pub id: i64,
    /// Slugs from the root.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Public articles in exactly this category.
    pub article_count: i64,
    /// Public articles here and below.
    pub total_count: i64,
    /// The categories directly below, in order.
    pub children: Vec<CategoryTree>,
}

/// A category without what is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategorySummary {
    /// Its id.
    pub id: i64,
    /// Slugs from the root.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Public articles in exactly this category.
    pub article_count: i64,
    /// Public articles there and below.
    pub total_count: i64,
}

/// A category and what is around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryDetail {
    /// The category.
    pub category: CategorySummary,
    /// Its site.
    pub site: Site,
    /// The categories above it, the root first.
    pub above: Vec<CategorySummary>,
    /// The categories with the same parent, itself included, in order.
    pub siblings: Vec<CategorySummary>,
    /// The categories directly below, in order.
    pub children: Vec<CategorySummary>,
}

/// What a path leads to.
#[derive(Debug, Clone)]
pub enum ByPath {
    /// The category that has it.
    Here(Box<Fresh<CategoryDetail>>),
    /// The category that had it last has another one now.
    Moved {
        /// The one that leads on.
        path: String,
        /// Until when it leads there.
        freshness: Freshness,
    },
}

impl Categories {
    pub(super) fn new(store: Delivery, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A site's trees, in order.
    pub async fn tree(&self, site: String) -> Result<Fresh<Vec<CategoryTree>>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let site_id = store::sites::find_shown_id(conn, &site)?
                        .ok_or_else(|| Error::not_found(Resource::Site, &site))?;
                    Ok(Fresh {
                        value: grow(store::categories::counted(conn, site_id, now)?),
                        freshness: store::stamps::of_site(conn, site_id, now)?,
                    })
                })
            })
            .await
    }

    /// The category at `path`, or the one that was there last.
    pub async fn get_by_path(&self, site: String, path: String) -> Result<ByPath> {
        let now = Ts::from(self.clock.now());
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let site = store::sites::find_shown(conn, &site)?
                        .ok_or_else(|| Error::not_found(Resource::Site, &site))?;
                    let rows = store::categories::counted(conn, site.id, now)?;
                    if rows.iter().any(|row| row.path == path) {
                        let found = detail(conn, site, rows, &path, now)?;
                        return Ok(ByPath::Here(Box::new(found)));
                    }
                    let (_, path) =
                        store::category_paths::find_shown_successor(conn, site.id, &path)?
                            .ok_or_else(|| Error::not_found(Resource::Category, &path))?;
                    let freshness = store::stamps::of_site(conn, site.id, now)?;
                    Ok(ByPath::Moved { path, freshness })
                })
            })
            .await
    }

    /// The category with `id`.
    pub async fn get(&self, id: i64) -> Result<Fresh<CategoryDetail>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let unknown = || Error::not_found(Resource::Category, id);
                    let site = store::sites::of_category(conn, id)?.ok_or_else(unknown)?;
                    let rows = store::categories::counted(conn, site.id, now)?;
                    let own = rows.iter().find(|row| row.id == id).ok_or_else(unknown)?;
                    let path = own.path.clone();
                    detail(conn, site, rows, &path, now)
                })
            })
            .await
    }
}

/// The category at `path` among all `rows` of `site`.
fn detail(
    conn: &mut Conn,
    site: Site,
    rows: Vec<Counted>,
    path: &str,
    now: Ts,
) -> Result<Fresh<CategoryDetail>> {
    let freshness = store::stamps::of_site(conn, site.id, now)?;
    let value =
        pick(site, grow(rows), path).ok_or_else(|| Error::not_found(Resource::Category, path))?;
    Ok(Fresh { value, freshness })
}

/// Goes down the tree to the category at `path`.
fn pick(site: Site, mut level: Vec<CategoryTree>, path: &str) -> Option<CategoryDetail> {
    let mut above = Vec::new();
    loop {
        let at = level.iter().position(|node| is_within(path, &node.path))?;
        let node = level.get_mut(at)?;
        let below = std::mem::take(&mut node.children);
        if node.path == path {
            let siblings: Vec<CategorySummary> = level.into_iter().map(summary).collect();
            return Some(CategoryDetail {
                category: siblings.get(at)?.clone(),
                site,
                above,
                siblings,
                children: below.into_iter().map(summary).collect(),
            });
        }
        above.push(summary(level.swap_remove(at)));
        level = below;
    }
}

/// Whether `path` is `root` or below it.
fn is_within(path: &str, root: &str) -> bool {
    path.strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn summary(tree: CategoryTree) -> CategorySummary {
    let CategoryTree {
        id,
        path,
        name,
        article_count,
        total_count,
        children: _,
    } = tree;
    CategorySummary {
        id,
        path,
        name,
        article_count,
        total_count,
    }
}

/// Hangs every category below its parent, keeping the order.
fn grow(rows: Vec<Counted>) -> Vec<CategoryTree> {
    let mut below: HashMap<Option<i64>, Vec<Counted>> = HashMap::new();
    for row in rows {
        below.entry(row.parent_id).or_default().push(row);
    }
    children(None, &mut below)
}

fn children(
    parent: Option<i64>,
    below: &mut HashMap<Option<i64>, Vec<Counted>>,
) -> Vec<CategoryTree> {
    let rows = below.remove(&parent).unwrap_or_default();
    rows.into_iter()
        .map(|row| {
            let children = children(Some(row.id), below);
            CategoryTree {
                id: row.id,
                path: row.path,
                name: row.name,
                article_count: row.article_count,
                total_count: row.article_count
                    + children.iter().map(|c| c.total_count).sum::<i64>(),
                children,
            }
        })
        .collect()
}
