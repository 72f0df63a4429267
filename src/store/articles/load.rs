//! Stored articles read whole: for merging, for export.

use std::collections::HashMap;

use diesel::prelude::*;

use super::read::{self, article_columns};
use super::slugs;
use crate::error::{Error, Result};
use crate::models::article::{
    ArticleContent, ArticleRow, ArticleState, Attachment, Counters, Retraction, Status, StoredText,
    Text,
};
use crate::models::contributor::{Contribution, ContributorKind};
use crate::models::time::{Precision, Ts};
use crate::schema::articles;
use crate::store::connection::Conn;
use crate::store::fragments::any_of;
use crate::store::{contributors, sources, topics};

/// An article as stored, whole.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Its row.
    pub row: ArticleRow,
    /// What it says.
    pub content: ArticleContent,
    /// Its numbers.
    pub counters: Counters,
    /// Ids of its contributors, in order.
    pub contributor_ids: Vec<i64>,
    /// Ids of its files, in order.
    pub attachment_ids: Vec<i64>,
    /// The number of its newest revision.
    pub revision: i64,
}

/// The ids of those of `keys` that exist in the site, as `(key, id)`.
pub fn keys(conn: &mut Conn, site_id: i64, keys: &[String]) -> Result<Vec<(String, i64)>> {
    Ok(articles::table
        .filter(articles::site_id.eq(site_id))
        .filter(any_of(articles::key, keys))
        .select((articles::key, articles::id))
        .load(conn)?)
}

/// The categories of articles, as `(id, category)`.
pub fn categories(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, i64)>> {
    Ok(articles::table
        .filter(any_of(articles::id, ids))
        .select((articles::id, articles::category_id))
        .load(conn)?)
}

/// Up to `limit` ids above `after` of articles, public or not, by id: of one site or of all.
pub fn page_of_ids(
    conn: &mut Conn,
    site_id: Option<i64>,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>> {
    let page = articles::table
        .filter(articles::id.gt(after))
        .select(articles::id)
        .order(articles::id)
        .limit(limit);
    Ok(match site_id {
        None => page.load(conn)?,
        Some(site_id) => page.filter(articles::site_id.eq(site_id)).load(conn)?,
    })
}

/// How many articles there are, public or not.
pub fn count_all(conn: &mut Conn) -> Result<u64> {
    let number: i64 = articles::table.count().get_result(conn)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// The articles with `ids`, whole and in the order of `ids`; unknown ids are left out. At most
/// a few hundred at a time keep memory bounded.
pub fn load(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Loaded>> {
    type Row = (ArticleRow, Option<Ts>, Option<String>, i64, Option<String>);
    let rows: Vec<Row> = articles::table
        .filter(any_of(articles::id, ids))
        .select((
            article_columns!(articles::version),
            articles::retracted_at,
            articles::retraction_reason,
            articles::revision,
            articles::held_status,
        ))
        .load(conn)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut texts = grouped(read::texts(conn, ids)?, |t| t.article_id);
    let mut contributions = grouped(contributors::of_articles(conn, ids)?, |c| c.article_id);
    let mut sources = grouped(sources::of_articles(conn, ids)?, |(id, _)| *id);
    let mut topics = grouped(topics::of_articles(conn, ids)?, |(id, _)| *id);
    let mut files = grouped(read::attachments(conn, ids)?, |a| a.article_id);
    let mut related = grouped(read::related_keys(conn, ids)?, |(id, _)| *id);
    let mut former = grouped(slugs::former(conn, ids)?, |(id, _)| *id);
    let counters: HashMap<i64, Counters> = read::counters(conn, ids)?.into_iter().collect();
    let mut loaded = HashMap::with_capacity(rows.len());
    for (row, retracted_at, retraction_reason, revision, held) in rows {
        let id = row.id;
        let made_by = contributions.remove(&id).unwrap_or_default();
        let attached = files.remove(&id).unwrap_or_default();
        let contributor_ids = made_by.iter().map(|c| c.contributor_id).collect();
        let attachment_ids = attached.iter().map(|a| a.id).collect();
        let retraction = retracted_at
            .zip(retraction_reason)
            .map(|(at, reason)| Retraction { at, reason });
        let mut renditions: Vec<Text> = texts
            .remove(&id)
            .unwrap_or_default()
            .into_iter()
            .map(rendition)
            .collect();
        renditions.sort_by_key(|t| t.locale != row.locale);
        let content = ArticleContent {
            state: state(&row, retraction, held.as_deref())?,
            texts: renditions,
            contributions: made_by
                .into_iter()
                .map(|c| {
                    Ok(Contribution {
                        kind: ContributorKind::parse(&c.kind)
                            .ok_or_else(|| unknown_word("kind", &c.kind))?,
                        key: c.key,
                        role: c.role,
                        name: c.name,
                        affiliation: c.affiliation,
                    })
                })
                .collect::<Result<_>>()?,
            sources: sources
                .remove(&id)
                .unwrap_or_default()
                .into_iter()
                .map(|(_, s)| s.id)
                .collect(),
            topics: topics
                .remove(&id)
                .unwrap_or_default()
                .into_iter()
                .map(|(_, t)| t.id)
                .collect(),
            attachments: attached
                .into_iter()
                .map(|a| Attachment {
                    name: a.name,
                    url: a.url,
                    media_type: a.media_type,
                    size: a.size,
                    sha256: a.sha256,
                })
                .collect(),
            related: related
                .remove(&id)
                .unwrap_or_default()
                .into_iter()
                .map(|(_, key)| key)
                .collect(),
            former_slugs: former
                .remove(&id)
                .unwrap_or_default()
                .into_iter()
                .map(|(_, slug)| slug)
                .collect(),
        };
        let counters = counters.get(&id).copied().unwrap_or_default();
        loaded.insert(
            id,
            Loaded {
                row,
                content,
                counters,
                contributor_ids,
                attachment_ids,
                revision,
            },
        );
    }
    Ok(ids.iter().filter_map(|id| loaded.remove(id)).collect())
}

fn grouped<T>(rows: Vec<T>, id: impl Fn(&T) -> i64) -> HashMap<i64, Vec<T>> {
    let mut groups: HashMap<i64, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(id(&row)).or_default().push(row);
    }
    groups
}

fn rendition(stored: StoredText) -> Text {
    let StoredText {
        article_id: _,
        locale,
        slug,
        title,
        subtitle,
        summary,
        summary_label,
        byline,
        keywords,
        contributors,
        outline: _,
        reading_minutes: _,
        body_html,
    } = stored;
    Text {
        locale,
        slug,
        title,
        subtitle,
        summary,
        summary_label,
        byline,
        keywords: keywords.0,
        contributors: contributors.0,
        body_html,
    }
}

fn state(
    row: &ArticleRow,
    retraction: Option<Retraction>,
    held: Option<&str>,
) -> Result<ArticleState> {
    let held =
        held.map(|word| Status::parse(word).ok_or_else(|| unknown_word("held_status", word)));
    Ok(ArticleState {
        slug: row.slug.clone(),
        category_id: row.category_id,
        status: Status::parse(&row.status).ok_or_else(|| unknown_word("status", &row.status))?,
        held: held.transpose()?,
        locale: row.locale.clone(),
        published_at: row.published_at,
        published_offset: row.published_offset,
        published_precision: Precision::parse(&row.published_precision)
            .ok_or_else(|| unknown_word("published_precision", &row.published_precision))?,
        unpublish_at: row.unpublish_at,
        retraction,
        event_date: row.event_date,
        source_line: row.source_line.clone(),
        cover: row.cover.clone(),
        audio: row.audio.0.clone(),
    })
}

fn unknown_word(column: &str, word: &str) -> Error {
    Error::internal(format!("the database holds the unknown {column} `{word}`"))
}
