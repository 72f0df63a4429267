//! Categories on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::article::BreadcrumbBody;
use super::{total, whole};
use crate::http::pagination::CountKind;
use crate::models::category::Category;
use crate::models::managed::Managed;
use crate::models::page::Page;
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

/// A category, as those see it who may change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedCategory)]
pub struct ManagedCategoryBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// The slugs from the root down to it, joined by `/`.
    #[schema(max_length = 600, example = "research/ocean")]
    path: String,
    /// The last part of the path.
    #[schema(max_length = 200, example = "ocean")]
    slug: String,
    /// The category directly above; `null` at the top.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    parent_id: Option<i64>,
    /// Its name; not unique.
    #[schema(max_length = 16000, example = "海洋研究")]
    name: String,
    /// Its place among its siblings, ascending.
    #[schema(maximum = 9007199254740991_u64, minimum = 0, example = 2)]
    position: i64,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// When it was made (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
    /// Whether it is held back for what was found in it: see its findings (`GET /api/v1/manage/findings`). Readers do not get it, nor what is below or in it.
    is_held: bool,
}

impl From<Managed<Category>> for ManagedCategoryBody {
    fn from(category: Managed<Category>) -> Self {
        let Managed {
            value,
            site,
            version,
            created_at,
            updated_at,
            is_held,
        } = category;
        let Category {
            id,
            site_id: _,
            parent_id,
            path,
            name,
            position,
        } = value;
        let slug = path
            .rsplit_once('/')
            .map_or(path.as_str(), |(_, slug)| slug);
        Self {
            id,
            site,
            slug: slug.to_owned(),
            path,
            parent_id,
            name,
            position,
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
            is_held,
        }
    }
}

/// A page of categories to manage.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedCategoryPage)]
pub struct ManagedCategoryPageBody {
    /// The categories in the order of their positions.
    #[schema(max_items = 100)]
    items: Vec<ManagedCategoryBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ManagedCategoryPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Managed<Category>, (i64, i64)>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new category: its place says either `path`, or `slug` and `parent_id`.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::category_change` reads"
)]
pub struct CategoryCreate {
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// The slugs from the root down to it, joined by `/`; those above it must be there.
    #[schema(
        max_length = 600,
        min_length = 1,
        example = "research/ocean",
        nullable = false
    )]
    path: Option<String>,
    /// The last part of its path, where there is no `path`.
    #[schema(max_length = 200, min_length = 1, nullable = false)]
    slug: Option<String>,
    /// The category directly above, where there is no `path`; without one it is at the top.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, nullable = false)]
    parent_id: Option<i64>,
    /// Its name; not unique.
    #[schema(max_length = 16000, min_length = 1, example = "海洋研究")]
    name: String,
    /// Its place among its siblings: those from there on move one place back. Last where it is left out.
    #[schema(minimum = 1, maximum = 1000000000, nullable = false)]
    position: Option<i64>,
}

/// A change of a category (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::category_change` reads"
)]
pub struct CategoryUpdate {
    /// The last part of its path; the paths of all categories below it change as well.
    #[schema(max_length = 200, min_length = 1, example = "ocean", nullable = false)]
    slug: Option<String>,
    /// The category directly above; `null` for the top.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    parent_id: Option<i64>,
    /// Its name; not unique.
    #[schema(
        max_length = 16000,
        min_length = 1,
        example = "海洋研究",
        nullable = false
    )]
    name: Option<String>,
    /// Its place among its siblings: those from there on move one place back.
    #[schema(minimum = 1, maximum = 1000000000, nullable = false)]
    position: Option<i64>,
}
