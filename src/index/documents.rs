//! Documents are made of articles as they are stored. Knows nothing of segments.

use std::collections::{BTreeSet, HashMap};

use chrono::{Datelike, FixedOffset, Offset, Utc};

use crate::error::Result;
use crate::models::article::{ArticleContent, ArticleState};
use crate::models::time::Ts;
use crate::search::document::{Document, Field};
use crate::store::articles::Loaded;
use crate::store::listings::{Listed, lists_of, shows};
use crate::store::{self, Conn};
use crate::text::html;

/// The documents of articles; those that readers do not get have none.
pub(super) fn of_listed(
    conn: &mut Conn,
    articles: &[Listed<'_>],
    now: Ts,
) -> Result<Vec<Document>> {
    named(conn, articles, now).map(|(documents, _)| documents)
}

fn named(conn: &mut Conn, articles: &[Listed<'_>], now: Ts) -> Result<(Vec<Document>, Names)> {
    let shown: Vec<&Listed<'_>> = articles
        .iter()
        .filter(|article| shows(&article.content.state, now))
        .collect();
    let ids = |of: fn(&ArticleContent) -> &[i64]| {
        let ids = shown.iter().flat_map(|article| of(article.content));
        ids.copied().collect::<BTreeSet<i64>>()
    };
    let sources = ids(|content| &content.sources);
    let topics = ids(|content| &content.topics);
    let names = Names::of(conn, sources, topics)?;
    let documents = shown
        .into_iter()
        .map(|article| document(article, &names))
        .collect();
    Ok((documents, names))
}

/// The documents of articles as they are in the database, and what they name.
pub(super) fn of_stored(conn: &mut Conn, ids: &[i64], now: Ts) -> Result<(Vec<Document>, Names)> {
    if ids.is_empty() {
        return Ok((Vec::new(), Names::default()));
    }
    let loaded = store::articles::load(conn, ids)?;
    let listed: Vec<Listed<'_>> = loaded.iter().map(listed).collect();
    named(conn, &listed, now)
}

fn listed(article: &Loaded) -> Listed<'_> {
    Listed {
        id: article.row.id,
        site_id: article.row.site_id,
        content: &article.content,
        contributor_ids: article.contributor_ids.clone(),
        updated_at: article.row.updated_at,
    }
}

/// What articles name by id.
#[derive(Debug, Default)]
pub(super) struct Names {
    sources: HashMap<i64, String>,
    topics: HashMap<i64, String>,
}

impl Names {
    /// What is held back has no name: who searches for it finds nothing.
    fn of(
        conn: &mut Conn,
        sources: impl IntoIterator<Item = i64>,
        topics: impl IntoIterator<Item = i64>,
    ) -> Result<Self> {
        let sources: Vec<i64> = sources.into_iter().collect();
        let topics: Vec<i64> = topics.into_iter().collect();
        let mut names = Self::default();
        if !sources.is_empty() {
            let found = store::sources::find_all_shown(conn, &sources)?;
            names.sources = found.into_iter().map(|s| (s.id, s.name)).collect();
        }
        if !topics.is_empty() {
            let found = store::topics::find_all_shown(conn, &topics)?;
            names.topics = found.into_iter().map(|t| (t.id, t.title)).collect();
        }
        Ok(names)
    }

    /// Adds those of `other`.
    pub(super) fn extend(&mut self, other: Self) {
        self.sources.extend(other.sources);
        self.topics.extend(other.topics);
    }

    /// Whether everything is still called that.
    pub(super) fn are_so(&self, conn: &mut Conn) -> Result<bool> {
        let (sources, topics) = (self.sources.keys(), self.topics.keys());
        let present = Self::of(conn, sources.copied(), topics.copied())?;
        Ok(present.sources == self.sources && present.topics == self.topics)
    }
}

fn document(article: &Listed<'_>, names: &Names) -> Document {
    let state = &article.content.state;
    Document {
        article_id: article.id,
        published_at: state.published_at,
        unpublish_at: state.unpublish_at,
        updated_at: article.updated_at,
        year: year(state),
        lists: lists_of(article),
        texts: texts(article.content, names),
    }
}

/// The year that is printed.
fn year(state: &ArticleState) -> i32 {
    let offset = FixedOffset::east_opt(state.published_offset.saturating_mul(60))
        .unwrap_or_else(|| Utc.fix());
    state.published_at.0.with_timezone(&offset).year()
}

/// What an article says. The same words in the same part of it count once.
fn texts(content: &ArticleContent, names: &Names) -> Vec<(Field, String)> {
    let mut texts: Vec<(Field, String)> = Vec::new();
    let mut add = |field: Field, text: &str| {
        let is_known = |(other, known): &(Field, String)| *other == field && known == text;
        if !text.is_empty() && !texts.iter().any(is_known) {
            texts.push((field, text.to_owned()));
        }
    };
    for text in &content.texts {
        add(Field::Title, &text.title);
        add(
            Field::Subtitle,
            text.subtitle.as_deref().unwrap_or_default(),
        );
        add(Field::Summary, text.summary.as_deref().unwrap_or_default());
        for keyword in &text.keywords {
            add(Field::Keyword, keyword);
        }
        for name in &text.contributors {
            add(Field::Contributor, &name.name);
            add(
                Field::Contributor,
                name.affiliation.as_deref().unwrap_or_default(),
            );
        }
    }
    for contribution in &content.contributions {
        add(Field::Contributor, &contribution.name);
        add(
            Field::Contributor,
            contribution.affiliation.as_deref().unwrap_or_default(),
        );
    }
    for id in &content.sources {
        add(
            Field::Source,
            names.sources.get(id).map_or("", String::as_str),
        );
    }
    for id in &content.topics {
        add(
            Field::Topic,
            names.topics.get(id).map_or("", String::as_str),
        );
    }
    for attachment in &content.attachments {
        add(Field::Attachment, &attachment.name);
    }
    for text in &content.texts {
        add(Field::Body, &html::plain_text(&text.body_html));
    }
    texts
}

/// About how many bytes of memory a document takes.
pub(super) fn size(document: &Document) -> usize {
    let texts: usize = document.texts.iter().map(|(_, text)| text.len()).sum();
    texts + document.lists.len() * 16 + 128
}
