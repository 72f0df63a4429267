//! Groups of links on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::whole;
use crate::http::pagination::CountKind;
use crate::models::link_group::{Link, LinkGroup};

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
        let link = |Link { label, url }| LinkBody { label, url };
        Self {
            key,
            title,
            links: links.0.into_iter().map(link).collect(),
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
