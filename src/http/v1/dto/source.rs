//! Sources on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::total;
use crate::http::pagination::CountKind;
use crate::models::page::Page;
use crate::models::source::Source;

/// A medium that articles come from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    id: i64,
    /// Its name in addresses, unique.
    #[schema(max_length = 200, example = "science-daily")]
    slug: String,
    /// Its name; not unique.
    #[schema(max_length = 2000, example = "科学日报")]
    name: String,
    /// Its home page.
    #[schema(max_length = 2000, example = "https://www.example.org/")]
    url: Option<String>,
}

/// A page of sources.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SourcePage)]
pub struct SourcePageBody {
    /// The sources.
    #[schema(max_items = 100)]
    items: Vec<SourceBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl From<Source> for SourceBody {
    fn from(source: Source) -> Self {
        let Source {
            id,
            slug,
            name,
            url,
        } = source;
        Self {
            id,
            slug,
            name,
            url,
        }
    }
}

impl SourcePageBody {
    /// A page and the cursor of the next one.
    pub fn new(page: Page<Source, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(SourceBody::from).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}
