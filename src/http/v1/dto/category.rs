//! Categories on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::article::BreadcrumbBody;
use super::whole;
use crate::http::pagination::CountKind;
use crate::models::site::Site;
use crate::service::categories::{self, CategoryDetail, CategoryTree};

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
    total_kind: CountKind,
}

/// A category without what is below it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CategorySummary {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// The slugs from the root down to it, joined by `/`.
    #[schema(max_length = 600, example = "research/ocean")]
    path: String,
    /// Its name; not unique.
    #[schema(max_length = 16000, example = "海洋研究")]
    name: String,
    /// Public articles in exactly this category.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 15)]
    article_count: i64,
    /// Public articles here and below.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 16)]
    total_count: i64,
}

/// A category and what is around it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CategoryBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// The slugs from the root down to it, joined by `/`.
    #[schema(max_length = 600, example = "research/ocean")]
    path: String,
    /// Its name; not unique.
    #[schema(max_length = 16000, example = "海洋研究")]
    name: String,
    /// The category directly above; `null` at the root.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    parent_id: Option<i64>,
    /// Public articles in exactly this category.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 15)]
    article_count: i64,
    /// Public articles here and below.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 16)]
    total_count: i64,
    /// The way from the home page, the category itself last; the same as its articles have.
    #[schema(max_items = 1000)]
    breadcrumbs: Vec<BreadcrumbBody>,
    /// The categories with the same parent, in order, itself included; at the root all roots of the site.
    #[schema(max_items = 100000)]
    siblings: Vec<CategorySummary>,
    /// The categories directly below, in order.
    #[schema(max_items = 100000)]
    children: Vec<CategorySummary>,
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

impl From<categories::CategorySummary> for CategorySummary {
    fn from(category: categories::CategorySummary) -> Self {
        let categories::CategorySummary {
            id,
            path,
            name,
            article_count,
            total_count,
        } = category;
        Self {
            id,
            path,
            name,
            article_count,
            total_count,
        }
    }
}

impl From<CategoryDetail> for CategoryBody {
    fn from(detail: CategoryDetail) -> Self {
        let CategoryDetail {
            category,
            site,
            above,
            siblings,
            children,
        } = detail;
        let summaries = |list: Vec<categories::CategorySummary>| {
            list.into_iter().map(CategorySummary::from).collect()
        };
        let parent_id = above.last().map(|parent| parent.id);
        let home = home(&site);
        let steps = above.into_iter().chain([category.clone()]).map(step);
        let categories::CategorySummary {
            id,
            path,
            name,
            article_count,
            total_count,
        } = category;
        Self {
            id,
            site: site.slug,
            path,
            name,
            parent_id,
            article_count,
            total_count,
            breadcrumbs: std::iter::once(home).chain(steps).collect(),
            siblings: summaries(siblings),
            children: summaries(children),
        }
    }
}

/// The first breadcrumb.
fn home(site: &Site) -> BreadcrumbBody {
    let content = &site.content;
    BreadcrumbBody {
        id: None,
        name: content.home_label.as_ref().unwrap_or(&content.name).clone(),
        path: String::new(),
    }
}

fn step(category: categories::CategorySummary) -> BreadcrumbBody {
    let categories::CategorySummary {
        id,
        path,
        name,
        article_count: _,
        total_count: _,
    } = category;
    BreadcrumbBody {
        id: Some(id),
        name,
        path,
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
