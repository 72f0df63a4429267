//! What an article is once what it said in an earlier revision comes back. What is there of what it named is for others to find
//! out.

use std::collections::HashMap;

use super::audio;
use crate::models::article::{ArticleContent, ArticleState, ManagedArticle, Text};
use crate::text::html;

/// What is there of what the revision names.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The category.
    pub category_id: i64,
    /// Sources by slug.
    pub sources: HashMap<String, i64>,
    /// Topics of the site by key.
    pub topics: HashMap<String, i64>,
    /// Articles of the site by key.
    pub articles: HashMap<String, i64>,
}

/// What `revision` says, where the `present` article stands: its status and its dates are its own. What is not known is left out.
pub fn content(
    revision: &ManagedArticle,
    present: &ArticleContent,
    known: &Known,
) -> ArticleContent {
    let ArticleContent {
        state,
        texts,
        contributions,
        sources: _,
        topics: _,
        attachments,
        related,
        former_slugs: _,
    } = revision.content.clone();
    let ArticleState {
        slug,
        category_id: _,
        status: _,
        held: _,
        locale,
        published_at: _,
        published_offset: _,
        published_precision: _,
        unpublish_at: _,
        retraction: _,
        event_date,
        source_line,
        cover,
        audio: mut recordings,
    } = state;
    audio::pin(&mut recordings, &texts);
    let ids = |names: &[String], known: &HashMap<String, i64>| {
        names
            .iter()
            .filter_map(|name| known.get(name).copied())
            .collect()
    };
    ArticleContent {
        state: ArticleState {
            slug,
            category_id: known.category_id,
            locale,
            event_date,
            source_line,
            cover,
            audio: recordings,
            ..present.state.clone()
        },
        // What may stand in a body may have become less since.
        texts: texts
            .into_iter()
            .map(|text| Text {
                body_html: html::sanitize(&text.body_html),
                ..text
            })
            .collect(),
        contributions,
        sources: ids(&revision.sources, &known.sources),
        topics: ids(&revision.topics, &known.topics),
        attachments,
        related: related
            .into_iter()
            .filter(|key| known.articles.contains_key(key))
            .collect(),
        former_slugs: present.former_slugs.clone(),
    }
}
