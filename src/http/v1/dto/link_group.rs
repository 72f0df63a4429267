//! Groups of links on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::{total, whole};
use crate::http::pagination::CountKind;
use crate::models::link_group::{Link, LinkGroup};
use crate::models::managed::Managed;
use crate::models::page::Page;

/// One link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinkBody {
    /// Its text; not unique.
    #[schema(max_length = 16000, example = "海洋观测中心")]
    label: String,
    /// Its target.
    #[schema(max_length = 2000, example = "https://www.example.org/")]
    url: String,
}

/// A titled group of links, such as the partners in a footer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinkGroupBody {
    /// Its name within the site, unique and stable.
    #[schema(max_length = 200, example = "partners")]
    key: String,
    /// Its title; not one of the links.
    #[schema(max_length = 16000, example = "合作单位")]
    title: String,
    /// Its links, in order.
    #[schema(max_items = 1000)]
    links: Vec<LinkBody>,
}

/// A site's groups of links.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinkGroupCollection {
    /// The groups, in order.
    #[schema(max_items = 100000)]
    items: Vec<LinkGroupBody>,
    /// Always `null`: the groups come whole.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many groups there are.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl From<Link> for LinkBody {
    fn from(link: Link) -> Self {
        let Link { label, url } = link;
        Self { label, url }
    }
}

impl From<LinkGroup> for LinkGroupBody {
    fn from(group: LinkGroup) -> Self {
        let LinkGroup {
            id: _,
            site_id: _,
            key,
            title,
            links,
            position: _,
        } = group;
        Self {
            key,
            title,
            links: links.0.into_iter().map(LinkBody::from).collect(),
        }
    }
}

impl From<Vec<LinkGroup>> for LinkGroupCollection {
    fn from(groups: Vec<LinkGroup>) -> Self {
        let items: Vec<LinkGroupBody> = groups.into_iter().map(LinkGroupBody::from).collect();
        let (total, total_kind) = whole(&items);
        Self {
            items,
            next_cursor: None,
            total,
            total_kind,
        }
    }
}

/// A group of links, as those see it who may change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedLinkGroup)]
pub struct ManagedLinkGroupBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its name within the site, unique and stable.
    #[schema(max_length = 200, example = "partners")]
    key: String,
    /// Its title; not one of the links.
    #[schema(max_length = 16000, example = "合作单位")]
    title: String,
    /// Its links, in order.
    #[schema(max_items = 1000)]
    links: Vec<LinkBody>,
    /// Its place in the site's list, ascending.
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
    /// Whether it is held back for what was found in it: see its findings (`GET /api/v1/manage/findings`). Readers do not get it.
    is_held: bool,
}

impl From<Managed<LinkGroup>> for ManagedLinkGroupBody {
    fn from(group: Managed<LinkGroup>) -> Self {
        let Managed {
            value,
            site,
            version,
            created_at,
            updated_at,
            is_held,
        } = group;
        let LinkGroup {
            id,
            site_id: _,
            key,
            title,
            links,
            position,
        } = value;
        Self {
            id,
            site,
            key,
            title,
            links: links.0.into_iter().map(LinkBody::from).collect(),
            position,
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
            is_held,
        }
    }
}

/// A page of groups to manage.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedLinkGroupPage)]
pub struct ManagedLinkGroupPageBody {
    /// The groups, in their order.
    #[schema(max_items = 100)]
    items: Vec<ManagedLinkGroupBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ManagedLinkGroupPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Managed<LinkGroup>, (i64, i64)>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new group of links.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::link_group` reads"
)]
pub struct LinkGroupCreate {
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its name within the site, unique and stable.
    #[schema(max_length = 200, min_length = 1, example = "partners")]
    key: String,
    /// Its title; not one of the links.
    #[schema(max_length = 16000, min_length = 1, example = "合作单位")]
    title: String,
    /// Its links, in order; none where they are left out.
    #[schema(max_items = 1000, nullable = false)]
    links: Option<Vec<LinkBody>>,
    /// Its place in the site's list: groups from there on move one place back. Last where it is left out.
    #[schema(minimum = 1, maximum = 1000000000, nullable = false)]
    position: Option<i64>,
}

/// A change of a group of links (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::link_group` reads"
)]
pub struct LinkGroupUpdate {
    /// Its title; not one of the links.
    #[schema(
        max_length = 16000,
        min_length = 1,
        example = "合作单位",
        nullable = false
    )]
    title: Option<String>,
    /// Its links, in order, which replace those it has; `null` for none.
    #[schema(max_items = 1000)]
    links: Option<Vec<LinkBody>>,
    /// Its place in the site's list: groups from there on move one place back.
    #[schema(minimum = 1, maximum = 1000000000, nullable = false)]
    position: Option<i64>,
}
