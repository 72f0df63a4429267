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
