//! Categories that readers find nothing new in, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::total;
use crate::http::pagination::CountKind;
use crate::models::analytics::{CategoryPlace, Neglect, NeglectedCategory};
use crate::models::page::Page;
use crate::models::time::Ts;

/// How readers find a category that is not fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FreshnessState {
    /// Nothing in it or below it is public.
    Empty,
    /// The newest that is public in it or below it is old.
    Stale,
}

impl From<Neglect> for FreshnessState {
    fn from(neglect: Neglect) -> Self {
        match neglect {
            Neglect::Empty => Self::Empty,
            Neglect::Stale => Self::Stale,
        }
    }
}

impl From<FreshnessState> for Neglect {
    fn from(state: FreshnessState) -> Self {
        match state {
            FreshnessState::Empty => Self::Empty,
            FreshnessState::Stale => Self::Stale,
        }
    }
}

/// A category that is empty or stale.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CategoryFreshness)]
pub struct CategoryFreshnessBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    category_id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// The slugs from the root down to it, joined by `/`.
    #[schema(max_length = 600, example = "research/ocean")]
    path: String,
    /// Its name; not unique.
    #[schema(max_length = 16000, example = "海洋研究")]
    name: String,
    /// Whether it is empty or stale.
    state: FreshnessState,
    /// Public articles in exactly this category.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 15)]
    article_count: i64,
    /// Public articles there and below.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 16)]
    total_count: i64,
    /// When the newest of these was published (RFC 3339, UTC); `null` where there is none.
    #[schema(max_length = 40, format = DateTime)]
    last_published_at: Option<String>,
    /// Whole days since then.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 120)]
    days_since: Option<i64>,
}

impl From<NeglectedCategory> for CategoryFreshnessBody {
    fn from(category: NeglectedCategory) -> Self {
        let state = category.neglect().into();
        let days_since = category.days_since();
        let NeglectedCategory {
            id,
            site_id: _,
            site,
            position: _,
            path,
            name,
            article_count,
            total_count,
            last_published_at,
            as_of: _,
        } = category;
        Self {
            category_id: id,
            site,
            path,
            name,
            state,
            article_count,
            total_count,
            last_published_at: last_published_at.map(Ts::to_rfc3339),
            days_since,
        }
    }
}

/// A page of categories that are empty or stale.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CategoryFreshnessPage)]
pub struct CategoryFreshnessPageBody {
    /// The categories, by site, then in the order of their positions.
    #[schema(max_items = 100)]
    items: Vec<CategoryFreshnessBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl CategoryFreshnessPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<NeglectedCategory, CategoryPlace>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}
