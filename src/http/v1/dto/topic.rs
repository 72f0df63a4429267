//! Topics on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::total;
use crate::http::pagination::CountKind;
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
