//! What saves write: an article with everything that hangs on it, many at a time.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::files::{insert_attachments, replace_attachments};
use super::load::Loaded;
use super::revisions;
use super::slugs::{insert_slugs, remove_slugs};
use crate::error::{Error, Result};
use crate::models::article::{
    ArticleContent, ArticleState, Audio, Counters, Heading, Status, Text,
};
use crate::models::contributor::{Contribution, ContributorName};
use crate::models::json::Doc;
use crate::models::revision::Occasion;
use crate::models::time::Ts;
use crate::schema::{
    article_contributors, article_counters, article_related, article_sources, article_texts,
    article_topics, articles,
};
use crate::store::connection::{Conn, Structure, insert_rows, lock_structure, on_db};
use crate::store::counts::Deltas;
use crate::store::fragments::any_of;
use crate::store::listings::Listed;
use crate::store::{ROWS_PER_STATEMENT, changes, contributors, counts, listings, suggestions};
use crate::text::{html, reading};

/// A new article.
#[derive(Debug, Clone)]
pub struct NewArticle {
    /// Its natural key within the site.
    pub key: String,
    /// What it says.
    pub content: ArticleContent,
    /// Opening balances.
    pub counters: Counters,
}

/// What a save did.
#[derive(Debug, Clone, Default)]
pub struct Saved {
    /// Ids in the order of the input.
    pub ids: Vec<i64>,
    /// What it adds to the numbers of categories; the caller applies it and stamps the site before it commits.
    pub counts: Deltas,
    /// Ids of the contributors of each article, in order.
    pub contributor_ids: HashMap<i64, Vec<i64>>,
}

#[derive(Insertable)]
#[diesel(table_name = articles, treat_none_as_default_value = false)]
struct Row<'a> {
    site_id: i64,
    key: &'a str,
    created_at: Ts,
    #[diesel(embed)]
    columns: Columns<'a>,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Columns<'a> {
    slug: &'a str,
    category_id: i64,
    status: &'a str,
    held_status: Option<&'a str>,
    locale: &'a str,
    published_at: Ts,
    published_offset: i32,
    published_precision: &'a str,
    unpublish_at: Option<Ts>,
    retracted_at: Option<Ts>,
    retraction_reason: Option<&'a str>,
    event_date: Option<NaiveDate>,
    source_line: Option<&'a str>,
    cover: Option<&'a str>,
    audio: Doc<Vec<Audio>>,
    has_attachments: bool,
    updated_at: Ts,
}

impl<'a> Columns<'a> {
    fn new(content: &'a ArticleContent, now: Ts) -> Self {
        let ArticleState {
            slug,
            category_id,
            status,
            held,
            locale,
            published_at,
            published_offset,
            published_precision,
            unpublish_at,
            retraction,
            event_date,
            source_line,
            cover,
            audio,
        } = &content.state;
        Self {
            slug,
            category_id: *category_id,
            status: status.as_str(),
            held_status: held.map(Status::as_str),
            locale,
            published_at: *published_at,
            published_offset: *published_offset,
            published_precision: published_precision.as_str(),
            unpublish_at: *unpublish_at,
            retracted_at: retraction.as_ref().map(|r| r.at),
            retraction_reason: retraction.as_ref().map(|r| r.reason.as_str()),
            event_date: *event_date,
            source_line: source_line.as_deref(),
            cover: cover.as_deref(),
            audio: Doc(audio.clone()),
            has_attachments: !content.attachments.is_empty(),
            updated_at: now,
        }
    }
}

/// Adds articles to a site, each with its first revision. Their `related` keys are not written: [`relate`] does that once all exist.
pub fn insert(
    conn: &mut Conn,
    site_id: i64,
    new: &[NewArticle],
    occasion: &Occasion,
) -> Result<Saved> {
    let now = occasion.at;
    let rows: Vec<Row<'_>> = new
        .iter()
        .map(|a| Row {
            site_id,
            key: &a.key,
            created_at: now,
            columns: Columns::new(&a.content, now),
        })
        .collect();
    let mut by_key: HashMap<String, i64> = HashMap::with_capacity(rows.len());
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let ids: Vec<(String, i64)> = on_db!(&mut *conn, |c| {
            diesel::insert_into(articles::table)
                .values(chunk)
                .returning((articles::key, articles::id))
                .get_results(c)?
        });
        by_key.extend(ids);
    }
    let ids = new
        .iter()
        .map(|a| {
            by_key
                .get(&a.key)
                .copied()
                .ok_or_else(|| Error::internal("an inserted article has no id"))
        })
        .collect::<Result<Vec<i64>>>()?;
    insert_counters(
        conn,
        site_id,
        ids.iter().copied().zip(new.iter().map(|a| a.counters)),
    )?;
    let articles: Vec<(i64, &ArticleContent)> = ids
        .iter()
        .copied()
        .zip(new.iter().map(|a| &a.content))
        .collect();
    insert_attachments(conn, &articles)?;
    let (counts, contributor_ids) = insert_parts(conn, site_id, &articles, now)?;
    suggestions::save(conn, site_id, &[], &articles, now)?;
    let states: Vec<(i64, &ArticleState)> = articles
        .iter()
        .map(|(id, content)| (*id, &content.state))
        .collect();
    changes::record_new(conn, site_id, &states, now)?;
    revisions::begin(conn, &articles, occasion)?;
    Ok(Saved {
        ids,
        counts,
        contributor_ids,
    })
}

/// Makes stored articles of one site equal to new contents, `related` apart, and keeps what they were as revisions. Fails with a conflict where one was
/// changed since it was loaded.
pub fn update(
    conn: &mut Conn,
    site_id: i64,
    changed: &[(&Loaded, &ArticleContent)],
    occasion: &Occasion,
) -> Result<Saved> {
    let now = occasion.at;
    let ids: Vec<i64> = changed.iter().map(|(old, _)| old.row.id).collect();
    for (old, content) in changed {
        // First, because on PostgreSQL this takes the lock on the row.
        let updated = diesel::update(
            articles::table
                .filter(articles::id.eq(old.row.id))
                .filter(articles::version.eq(old.row.version)),
        )
        .set((
            Columns::new(content, now),
            articles::version.eq(old.row.version + 1),
            articles::revision.eq(old.revision + 1),
        ))
        .execute(conn)?;
        if updated != 1 {
            return Err(Error::Conflict(format!(
                "article `{}` was changed in this moment; try again",
                old.row.key
            )));
        }
    }
    revisions::succeed(conn, changed, occasion)?;
    let before: Vec<(i64, &ArticleState)> = changed
        .iter()
        .map(|(old, _)| (old.row.id, &old.content.state))
        .collect();
    let mut counts = counts::remove(conn, &before)?;
    diesel::delete(article_texts::table.filter(any_of(article_texts::article_id, &ids)))
        .execute(conn)?;
    remove_slugs(conn, &ids)?;
    diesel::delete(
        article_contributors::table.filter(any_of(article_contributors::article_id, &ids)),
    )
    .execute(conn)?;
    diesel::delete(article_sources::table.filter(any_of(article_sources::article_id, &ids)))
        .execute(conn)?;
    diesel::delete(article_topics::table.filter(any_of(article_topics::article_id, &ids)))
        .execute(conn)?;
    listings::remove(conn, &ids)?;
    for (old, content) in changed {
        if old.content.attachments != content.attachments {
            replace_attachments(conn, old.row.id, &content.attachments)?;
        }
    }
    let articles: Vec<(i64, &ArticleContent)> = ids
        .iter()
        .copied()
        .zip(changed.iter().map(|(_, c)| *c))
        .collect();
    let (added, contributor_ids) = insert_parts(conn, site_id, &articles, now)?;
    for (category_id, delta) in added {
        *counts.entry(category_id).or_default() += delta;
    }
    let before: Vec<(i64, &ArticleContent)> = changed
        .iter()
        .map(|(old, _)| (old.row.id, &old.content))
        .collect();
    suggestions::save(conn, site_id, &before, &articles, now)?;
    let states: Vec<(i64, &ArticleState, &ArticleState)> = changed
        .iter()
        .map(|(old, new)| (old.row.id, &old.content.state, &new.state))
        .collect();
    changes::record(conn, site_id, &states, now)?;
    Ok(Saved {
        ids,
        counts,
        contributor_ids,
    })
}

/// Everything that an update deletes and writes anew. Returns what that adds to the numbers of categories, and the contributors of each
/// article.
fn insert_parts(
    conn: &mut Conn,
    site_id: i64,
    articles: &[(i64, &ArticleContent)],
    now: Ts,
) -> Result<(Deltas, HashMap<i64, Vec<i64>>)> {
    lock_structure(conn, Structure::Kept)?;
    insert_texts(conn, articles)?;
    insert_slugs(conn, site_id, articles)?;
    let contributor_ids = insert_contributions(conn, site_id, articles)?;
    insert_references(conn, articles)?;
    let listed: Vec<Listed<'_>> = articles
        .iter()
        .map(|(id, content)| Listed {
            id: *id,
            site_id,
            content,
            contributor_ids: contributor_ids.get(id).cloned().unwrap_or_default(),
            updated_at: now,
        })
        .collect();
    listings::insert(conn, &listed, now)?;
    let states: Vec<(i64, &ArticleState)> = articles
        .iter()
        .map(|(id, content)| (*id, &content.state))
        .collect();
    Ok((counts::add(conn, site_id, &states, now)?, contributor_ids))
}

/// Opening balances: what no day gained and nobody here asked for.
fn insert_counters(
    conn: &mut Conn,
    site_id: i64,
    counters: impl Iterator<Item = (i64, Counters)>,
) -> Result<()> {
    #[derive(Insertable)]
    #[diesel(table_name = article_counters)]
    struct Row {
        article_id: i64,
        site_id: i64,
        views: i64,
        opening_views: i64,
        hits: i64,
        recounts: i64,
        downloads: i64,
        citations: i64,
    }
    let rows: Vec<Row> = counters
        .map(
            |(
                article_id,
                Counters {
                    views,
                    downloads,
                    citations,
                },
            )| Row {
                article_id,
                site_id,
                views,
                opening_views: views,
                hits: 0,
                recounts: 0,
                downloads,
                citations,
            },
        )
        .collect();
    insert_rows!(conn, article_counters::table, &rows)?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = article_texts, treat_none_as_default_value = false)]
struct TextRow<'a> {
    article_id: i64,
    locale: &'a str,
    slug: Option<&'a str>,
    title: &'a str,
    subtitle: Option<&'a str>,
    summary: Option<&'a str>,
    summary_label: Option<&'a str>,
    byline: Option<&'a str>,
    keywords: Doc<&'a [String]>,
    contributors: Doc<&'a [ContributorName]>,
    outline: Doc<Vec<Heading>>,
    reading_minutes: i32,
    body_html: &'a str,
}

fn insert_texts(conn: &mut Conn, articles: &[(i64, &ArticleContent)]) -> Result<()> {
    let rows: Vec<TextRow<'_>> = articles
        .iter()
        .flat_map(|(id, content)| content.texts.iter().map(|text| text_row(*id, text)))
        .collect();
    insert_rows!(conn, article_texts::table, &rows)?;
    Ok(())
}

fn text_row(article_id: i64, text: &Text) -> TextRow<'_> {
    let Text {
        locale,
        slug,
        title,
        subtitle,
        summary,
        summary_label,
        byline,
        keywords,
        contributors,
        body_html,
    } = text;
    let outline = html::outline(body_html)
        .into_iter()
        .map(|entry| Heading {
            level: entry.level,
            text: entry.text,
            anchor: entry.anchor,
        })
        .collect();
    TextRow {
        article_id,
        locale,
        slug: slug.as_deref(),
        title,
        subtitle: subtitle.as_deref(),
        summary: summary.as_deref(),
        summary_label: summary_label.as_deref(),
        byline: byline.as_deref(),
        keywords: Doc(keywords),
        contributors: Doc(contributors),
        outline: Doc(outline),
        reading_minutes: reading::minutes(&html::plain_text(body_html)),
        body_html,
    }
}

/// Writes the contributions and returns each article's contributor ids.
fn insert_contributions(
    conn: &mut Conn,
    site_id: i64,
    articles: &[(i64, &ArticleContent)],
) -> Result<HashMap<i64, Vec<i64>>> {
    #[derive(Insertable)]
    #[diesel(table_name = article_contributors, treat_none_as_default_value = false)]
    struct Row<'a> {
        article_id: i64,
        position: i32,
        contributor_id: i64,
        role: &'a str,
        kind: &'a str,
        name: &'a str,
        affiliation: Option<&'a str>,
    }
    let all: Vec<&Contribution> = articles
        .iter()
        .flat_map(|(_, content)| &content.contributions)
        .collect();
    let known = contributors::ensure(conn, site_id, &all)?;
    let mut ids: HashMap<i64, Vec<i64>> = HashMap::new();
    let mut rows = Vec::with_capacity(all.len());
    for (article_id, content) in articles {
        for (position, c) in (0..).zip(&content.contributions) {
            let contributor_id = known
                .get(&contributors::identity(c))
                .copied()
                .ok_or_else(|| Error::internal("a contributor has no id"))?;
            ids.entry(*article_id).or_default().push(contributor_id);
            rows.push(Row {
                article_id: *article_id,
                position,
                contributor_id,
                role: &c.role,
                kind: c.kind.as_str(),
                name: &c.name,
                affiliation: c.affiliation.as_deref(),
            });
        }
    }
    insert_rows!(conn, article_contributors::table, &rows)?;
    Ok(ids)
}

fn insert_references(conn: &mut Conn, articles: &[(i64, &ArticleContent)]) -> Result<()> {
    #[derive(Insertable)]
    #[diesel(table_name = article_sources)]
    struct SourceRow {
        article_id: i64,
        position: i32,
        source_id: i64,
    }
    #[derive(Insertable)]
    #[diesel(table_name = article_topics)]
    struct TopicRow {
        article_id: i64,
        position: i32,
        topic_id: i64,
    }
    let mut source_rows = Vec::new();
    let mut topic_rows = Vec::new();
    for (article_id, content) in articles {
        let article_id = *article_id;
        for (position, source_id) in (0..).zip(content.sources.iter().copied()) {
            source_rows.push(SourceRow {
                article_id,
                position,
                source_id,
            });
        }
        for (position, topic_id) in (0..).zip(content.topics.iter().copied()) {
            topic_rows.push(TopicRow {
                article_id,
                position,
                topic_id,
            });
        }
    }
    insert_rows!(conn, article_sources::table, &source_rows)?;
    insert_rows!(conn, article_topics::table, &topic_rows)?;
    Ok(())
}

/// Replaces the related articles of each `(article, [related articles])`.
pub fn relate(conn: &mut Conn, related: &[(i64, Vec<i64>)]) -> Result<()> {
    #[derive(Insertable)]
    #[diesel(table_name = article_related)]
    struct Row {
        article_id: i64,
        position: i32,
        related_id: i64,
    }
    let ids: Vec<i64> = related.iter().map(|(id, _)| *id).collect();
    diesel::delete(article_related::table.filter(any_of(article_related::article_id, &ids)))
        .execute(conn)?;
    let rows: Vec<Row> = related
        .iter()
        .flat_map(|(article_id, others)| {
            (0..).zip(others).map(|(position, related_id)| Row {
                article_id: *article_id,
                position,
                related_id: *related_id,
            })
        })
        .collect();
    insert_rows!(conn, article_related::table, &rows)?;
    Ok(())
}

/// Removes an article with everything that hangs on it, and has followers of the changes told. Returns what that adds to the
/// numbers of categories.
pub fn delete(conn: &mut Conn, old: &Loaded, now: Ts) -> Result<Deltas> {
    let id = old.row.id;
    let state = &old.content.state;
    let counts = counts::remove(conn, &[(id, state)])?;
    listings::remove(conn, &[id])?;
    suggestions::save(conn, old.row.site_id, &[(id, &old.content)], &[], now)?;
    changes::record_deleted(conn, old.row.site_id, id, state, now)?;
    diesel::delete(articles::table.find(id)).execute(conn)?;
    Ok(counts)
}
