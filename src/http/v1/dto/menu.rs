//! Menus on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::whole;
use crate::http::pagination::CountKind;
use crate::service::menus::{Menu, MenuTree};

/// An item of a menu with everything below it. It points to a category or to an address, or is only a heading.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MenuNode {
    /// Its text; not unique, and not always the name of its category.
    #[schema(max_length = 16000, example = "海洋研究")]
    label: String,
    /// The address it points to; `null` where it points to a category, whose page the front end knows.
    #[schema(max_length = 2000, example = "https://www.example.org/contact")]
    url: Option<String>,
    /// The category it points to.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    category_id: Option<i64>,
    /// The path of that category, to make its address from.
    #[schema(max_length = 600, example = "research/ocean")]
    category_path: Option<String>,
    /// The items directly below, in order; `[]` also where `max_depth` cuts them off.
    #[schema(no_recursion, max_items = 5000)]
    children: Vec<MenuNode>,
}

/// A menu.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MenuBody {
    /// Its name within the site, unique and stable.
    #[schema(max_length = 200, example = "main")]
    key: String,
    /// Its roots, in order.
    #[schema(max_items = 5000)]
    items: Vec<MenuNode>,
}

/// A site's menus.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MenuCollection {
    /// The menus, in the order they were made.
    #[schema(max_items = 100000)]
    items: Vec<MenuBody>,
    /// Always `null`: the menus come whole.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many menus there are.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl From<MenuTree> for MenuNode {
    fn from(tree: MenuTree) -> Self {
        let MenuTree {
            label,
            url,
            category_id,
            category_path,
            children,
        } = tree;
        Self {
            label,
            url,
            category_id,
            category_path,
            children: children.into_iter().map(Self::from).collect(),
        }
    }
}

impl From<Menu> for MenuBody {
    fn from(menu: Menu) -> Self {
        let Menu { key, items } = menu;
        Self {
            key,
            items: items.into_iter().map(MenuNode::from).collect(),
        }
    }
}

impl From<Vec<Menu>> for MenuCollection {
    fn from(menus: Vec<Menu>) -> Self {
        let items: Vec<MenuBody> = menus.into_iter().map(MenuBody::from).collect();
        let (total, total_kind) = whole(&items);
        Self {
            items,
            next_cursor: None,
            total,
            total_kind,
        }
    }
}
