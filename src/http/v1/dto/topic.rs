//! Topics on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::total;
use crate::http::pagination::CountKind;
use crate::models::managed::Managed;
use crate::models::page::Page;
use crate::models::topic::Topic;

/// A hand-ordered collection of a site's articles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TopicBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 2)]
    id: i64,
    /// Its name within the site, unique and stable.
    #[schema(max_length = 200, example = "deep-sea")]
    key: String,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its title; not unique: equal titles are different topics.
    #[schema(max_length = 16000, example = "专题:深海观测")]
    title: String,
    /// The year it belongs to.
    #[schema(minimum = 1, maximum = 9999, example = 2026)]
    year: Option<i32>,
}

/// A page of topics.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TopicPage)]
pub struct TopicPageBody {
    /// The topics, in the order that the site gave them.
    #[schema(max_items = 100)]
    items: Vec<TopicBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl TopicBody {
    /// A topic of the site with the slug `site`.
    pub fn new(topic: Topic, site: String) -> Self {
        let Topic {
            id,
            site_id: _,
            key,
            title,
            year,
            position: _,
        } = topic;
        Self {
            id,
            key,
            site,
            title,
            year,
        }
    }
}

impl TopicPageBody {
    /// A page of topics of the site with the slug `site`, and the cursor of the next one.
    pub fn new(page: Page<Topic, (i64, i64)>, site: &str, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page
                .items
                .into_iter()
                .map(|topic| TopicBody::new(topic, site.to_owned()))
                .collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A topic, as those see it who may change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedTopic)]
pub struct ManagedTopicBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 2)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its name within the site, unique and stable.
    #[schema(max_length = 200, example = "deep-sea")]
    key: String,
    /// Its title; not unique.
    #[schema(max_length = 16000, example = "专题:深海观测")]
    title: String,
    /// The year it belongs to.
    #[schema(minimum = 1, maximum = 9999, example = 2026)]
    year: Option<i32>,
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
    /// Whether it is held back for what was found in it: see its findings (`GET /api/v1/manage/findings`). Readers do not get it, and articles do not name it.
    is_held: bool,
}

impl From<Managed<Topic>> for ManagedTopicBody {
    fn from(topic: Managed<Topic>) -> Self {
        let Managed {
            value,
            site,
            version,
            created_at,
            updated_at,
            is_held,
        } = topic;
        let Topic {
            id,
            site_id: _,
            key,
            title,
            year,
            position,
        } = value;
        Self {
            id,
            site,
            key,
            title,
            year,
            position,
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
            is_held,
        }
    }
}

/// A page of topics to manage.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedTopicPage)]
pub struct ManagedTopicPageBody {
    /// The topics in their order.
    #[schema(max_items = 100)]
    items: Vec<ManagedTopicBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ManagedTopicPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Managed<Topic>, (i64, i64)>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new topic.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::topic` reads"
)]
pub struct TopicCreate {
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its name within the site, unique and stable; made by the server where it is left out.
    #[schema(
        max_length = 200,
        min_length = 1,
        example = "deep-sea",
        nullable = false
    )]
    key: Option<String>,
    /// Its title; not unique.
    #[schema(max_length = 16000, min_length = 1, example = "专题:深海观测")]
    title: String,
    /// The year it belongs to.
    #[schema(minimum = 1, maximum = 9999, example = 2026, nullable = false)]
    year: Option<i32>,
    /// Its place in the site's list: topics from there on move one place back. Last where it is left out.
    #[schema(minimum = 1, maximum = 1000000000, nullable = false)]
    position: Option<i64>,
}

/// A change of a topic (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::topic` reads"
)]
pub struct TopicUpdate {
    /// Its title; not unique.
    #[schema(
        max_length = 16000,
        min_length = 1,
        example = "专题:深海观测",
        nullable = false
    )]
    title: Option<String>,
    /// The year it belongs to; `null` for none.
    #[schema(minimum = 1, maximum = 9999, example = 2026)]
    year: Option<i32>,
    /// Its place in the site's list: topics from there on move one place back.
    #[schema(minimum = 1, maximum = 1000000000, nullable = false)]
    position: Option<i64>,
}
