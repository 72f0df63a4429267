//! Sources on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::total;
use crate::http::pagination::CountKind;
use crate::models::managed::Managed;
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

/// A source, as those see it who may change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedSource)]
pub struct ManagedSourceBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    id: i64,
    /// Its name in addresses, unique and stable.
    #[schema(max_length = 200, example = "science-daily")]
    slug: String,
    /// Its name; not unique.
    #[schema(max_length = 16000, example = "科学日报")]
    name: String,
    /// Its home page.
    #[schema(max_length = 2000, example = "https://www.example.org/")]
    url: Option<String>,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// When it was made (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
    /// Whether it is held back for what was found in it: see its findings (`GET /api/v1/manage/findings`). Readers do not get it, and articles do not name it.
    is_held: bool,
}

impl From<Managed<Source>> for ManagedSourceBody {
    fn from(source: Managed<Source>) -> Self {
        let Managed {
            value,
            site: _,
            version,
            created_at,
            updated_at,
            is_held,
        } = source;
        let Source {
            id,
            slug,
            name,
            url,
        } = value;
        Self {
            id,
            slug,
            name,
            url,
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
            is_held,
        }
    }
}

/// A page of sources to manage.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedSourcePage)]
pub struct ManagedSourcePageBody {
    /// The sources, in the order they were made.
    #[schema(max_items = 100)]
    items: Vec<ManagedSourceBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ManagedSourcePageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Managed<Source>, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new source.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::source` reads"
)]
pub struct SourceCreate {
    /// Its name in addresses, unique and stable; made from the name where it is left out.
    #[schema(
        max_length = 200,
        min_length = 1,
        example = "science-daily",
        nullable = false
    )]
    slug: Option<String>,
    /// Its name; not unique.
    #[schema(max_length = 16000, min_length = 1, example = "科学日报")]
    name: String,
    /// Its home page.
    #[schema(
        max_length = 2000,
        example = "https://www.example.org/",
        nullable = false
    )]
    url: Option<String>,
}

/// A change of a source (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::source` reads"
)]
pub struct SourceUpdate {
    /// Its name; not unique.
    #[schema(
        max_length = 16000,
        min_length = 1,
        example = "科学日报",
        nullable = false
    )]
    name: Option<String>,
    /// Its home page; `null` for none.
    #[schema(max_length = 2000, example = "https://www.example.org/")]
    url: Option<String>,
}

/// What a source is merged into.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that is read by hand")]
pub struct SourceMergeRequest {
    /// The id of the source that stays.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 2)]
    into: i64,
}
