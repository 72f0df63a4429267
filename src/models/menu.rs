//! A site's menu: a tree of labels that point to addresses or categories.

use diesel::prelude::*;

use crate::schema::menu_items;

/// One stored item. A menu's items stand in pre-order; `depth` tells where each hangs.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = menu_items, treat_none_as_default_value = false)]
pub struct MenuItem {
    /// The menu it belongs to.
    pub menu_id: i64,
    /// Its place in pre-order, from 0.
    pub position: i32,
    /// 0 at the root.
    pub depth: i32,
    /// Its text; not unique.
    pub label: String,
    /// The address it points to, where it is not a category.
    pub url: Option<String>,
    /// The category it points to.
    pub category_id: Option<i64>,
}

/// An item as those see it who may change it: a category is named by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedItem {
    /// 0 at the root.
    pub depth: i32,
    /// Its text; not unique.
    pub label: String,
    /// The address it points to, where it is not a category.
    pub url: Option<String>,
    /// The path of the category it points to.
    pub category: Option<String>,
}

/// A menu with everything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// Its id.
    pub id: i64,
    /// The site it belongs to.
    pub site_id: i64,
    /// Its natural key within the site.
    pub key: String,
    /// Its items in pre-order.
    pub items: Vec<PlacedItem>,
}
