//! Categories on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::{TotalKind, whole};
use crate::service::categories::CategoryTree;

/// A category with everything below it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CategoryNode {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// The slugs from the root down to it, joined by `/`.
    #[schema(max_length = 600, example = "research/ocean")]
    path: String,
    /// Its name; not unique.
    #[schema(max_length = 16000, example = "海洋研究")]
    name: String,
    /// The categories directly below, in order.
    #[schema(no_recursion, max_items = 100000)]
    children: Vec<CategoryNode>,
    /// Public articles in exactly this category.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 15)]
    article_count: i64,
    /// Public articles here and below.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 16)]
    total_count: i64,
}

/// A site's category tree.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CategoryCollection {
    /// The roots, in order.
    #[schema(max_items = 100000)]
    items: Vec<CategoryNode>,
    /// Always `null`: the tree comes whole.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many roots there are.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: TotalKind,
}

impl From<CategoryTree> for CategoryNode {
    fn from(tree: CategoryTree) -> Self {
        let CategoryTree {
            id,
            path,
            name,
            article_count,
            total_count,
            children,
        } = tree;
        Self {
            id,
            path,
            name,
            children: children.into_iter().map(Self::from).collect(),
            article_count,
            total_count,
        }
    }
}

impl From<Vec<CategoryTree>> for CategoryCollection {
    fn from(roots: Vec<CategoryTree>) -> Self {
        let items: Vec<CategoryNode> = roots.into_iter().map(CategoryNode::from).collect();
        let (total, total_kind) = whole(&items);
        Self {
            items,
            next_cursor: None,
            total,
            total_kind,
        }
    }
}
