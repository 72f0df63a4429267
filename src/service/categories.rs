//! Reading category trees, with the number of public articles in each category.

use std::collections::HashMap;

use crate::clock::Clock;
use crate::error::{Error, Resource, Result};
use crate::models::time::Ts;
use crate::store::categories::Counted;
use crate::store::{self, Store};

/// Use cases on categories.
#[derive(Clone)]
pub struct Categories {
    store: Store,
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

impl Categories {
    pub(super) fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A site's trees, in order.
    pub async fn tree(&self, site: String) -> Result<Vec<CategoryTree>> {
        let now = Ts::from(self.clock.now());
        self.store
            .read(move |conn| {
                let site_id = store::sites::find_id(conn, &site)?
                    .ok_or_else(|| Error::not_found(Resource::Site, &site))?;
                Ok(grow(store::categories::counted(conn, site_id, now)?))
            })
            .await
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
