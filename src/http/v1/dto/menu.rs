//! Menus on the wire.

use std::iter::Peekable;

use serde::Serialize;
use utoipa::ToSchema;

use super::{total, whole};
use crate::http::pagination::CountKind;
use crate::models::managed::Managed;
use crate::models::menu::{Menu as StoredMenu, PlacedItem};
use crate::models::page::Page;
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

/// An item of a menu with everything below it, as it is shown and changed. It points to a category or to an address, or is
/// only a heading.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ManagedMenuItem {
    /// Its text; not unique.
    #[schema(max_length = 16000, min_length = 1, example = "海洋研究")]
    label: String,
    /// The address it points to; never together with `category`.
    #[schema(max_length = 2000, example = "https://www.example.org/contact")]
    url: Option<String>,
    /// The path of the category it points to.
    #[schema(max_length = 600, example = "research/ocean")]
    category: Option<String>,
    /// The items directly below, in order; at most 16 levels in all.
    #[schema(no_recursion, max_items = 5000)]
    children: Vec<ManagedMenuItem>,
}

/// A menu, as those see it who may change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedMenu)]
pub struct ManagedMenuBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its name within the site, unique and stable.
    #[schema(max_length = 200, example = "main")]
    key: String,
    /// Its roots, in order.
    #[schema(max_items = 5000)]
    items: Vec<ManagedMenuItem>,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// When it was made (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
    /// Whether it is held back for what was found in it: see its findings (`GET /api/v1/manage/findings`). Readers do not get it.
    is_held: bool,
}

impl From<Managed<StoredMenu>> for ManagedMenuBody {
    fn from(menu: Managed<StoredMenu>) -> Self {
        let Managed {
            value,
            site,
            version,
            created_at,
            updated_at,
            is_held,
        } = menu;
        let StoredMenu {
            id,
            site_id: _,
            key,
            items,
        } = value;
        Self {
            id,
            site,
            key,
            items: level(0, &mut items.into_iter().peekable()),
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
            is_held,
        }
    }
}

/// The items from here on that are at least `depth` deep, each with those that hang below it.
fn level(
    depth: i32,
    items: &mut Peekable<impl Iterator<Item = PlacedItem>>,
) -> Vec<ManagedMenuItem> {
    let mut level_items = Vec::new();
    while let Some(item) = items.next_if(|item| item.depth >= depth) {
        let PlacedItem {
            depth,
            label,
            url,
            category,
        } = item;
        level_items.push(ManagedMenuItem {
            label,
            url,
            category,
            children: level(depth + 1, items),
        });
    }
    level_items
}

/// A page of menus to manage.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedMenuPage)]
pub struct ManagedMenuPageBody {
    /// The menus, in the order they were made.
    #[schema(max_items = 100)]
    items: Vec<ManagedMenuBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ManagedMenuPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Managed<StoredMenu>, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new menu.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::menu` reads"
)]
pub struct MenuCreate {
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its name within the site, unique and stable.
    #[schema(max_length = 200, min_length = 1, example = "main")]
    key: String,
    /// Its roots, in order; none where they are left out. At most 5,000 items at all levels together.
    #[schema(max_items = 5000, nullable = false)]
    items: Option<Vec<ManagedMenuItem>>,
}

/// A change of a menu (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::menu` reads"
)]
pub struct MenuUpdate {
    /// Its roots, in order, which replace the whole tree; `null` for none.
    #[schema(max_items = 5000)]
    items: Option<Vec<ManagedMenuItem>>,
}
