//! SQL on the revisions of articles: one row a save. The newest is the article as it stands, so it holds nothing but who saved it;
//! when the next one comes, what the article was until then is packed into it.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::load::Loaded;
use super::managed::find_managed;
use super::read::{article_columns, shown_columns, with_place};
use super::snapshot::{Fixed, Named, Snapshot};
use crate::error::{Error, Result};
use crate::models::article::{ArticleContent, PublicArticle, Text};
use crate::models::page::Total;
use crate::models::revision::{Action, Occasion, Revision, Whole};
use crate::models::time::Ts;
use crate::models::workflow::State;
use crate::schema::{
    UtcTs, article_counters, article_owners, article_revisions, articles, categories, sites,
    sources, topics,
};
use crate::store::COUNTED;
use crate::store::connection::{Conn, insert_rows};
use crate::store::fragments::any_of;

#[derive(Insertable)]
#[diesel(table_name = article_revisions, treat_none_as_default_value = false)]
struct Row<'a> {
    article_id: i64,
    number: i64,
    action: &'a str,
    status: &'a str,
    title: &'a str,
    article_version: i64,
    comment: Option<&'a str>,
    created_by: Option<i64>,
    actor: &'a str,
    created_at: Ts,
}

impl<'a> Row<'a> {
    fn new(
        article_id: i64,
        number: i64,
        article_version: i64,
        content: &'a ArticleContent,
        occasion: &'a Occasion,
    ) -> Self {
        Self {
            article_id,
            number,
            action: occasion.action.as_str(),
            status: content.state.at(occasion.at).as_str(),
            title: content.texts.first().map_or("", |text| &text.title),
            article_version,
            comment: occasion.comment.as_deref(),
            created_by: occasion.user_id,
            actor: &occasion.actor,
            created_at: occasion.at,
        }
    }
}

/// Writes the first revisions of new articles.
pub(super) fn begin(
    conn: &mut Conn,
    articles: &[(i64, &ArticleContent)],
    occasion: &Occasion,
) -> Result<()> {
    let rows: Vec<Row<'_>> = articles
        .iter()
        .map(|(id, content)| Row::new(*id, 1, 1, content, occasion))
        .collect();
    insert_rows!(conn, article_revisions::table, &rows)?;
    Ok(())
}

/// Keeps what articles were, and writes their next revisions. Those that are too many go.
pub(super) fn succeed(
    conn: &mut Conn,
    changed: &[(&Loaded, &ArticleContent)],
    occasion: &Occasion,
) -> Result<()> {
    let names = Names::of(conn, changed.iter().map(|(old, _)| *old))?;
    for (old, _) in changed {
        let packed = names.snapshot(old)?.pack()?;
        diesel::update(article_revisions::table.find((old.row.id, old.revision)))
            .set((
                article_revisions::content.eq(packed),
                article_revisions::superseded_at.eq(occasion.at),
                // It goes on from the version that it had as the article.
                article_revisions::version.eq(article_revisions::version + old.row.version
                    - article_revisions::article_version
                    + 1),
            ))
            .execute(conn)?;
    }
    let rows: Vec<Row<'_>> = changed
        .iter()
        .map(|(old, content)| {
            let (number, version) = (old.revision + 1, old.row.version + 1);
            Row::new(old.row.id, number, version, content, occasion)
        })
        .collect();
    insert_rows!(conn, article_revisions::table, &rows)?;
    if occasion.kept > 0 {
        let ids: Vec<i64> = changed.iter().map(|(old, _)| old.row.id).collect();
        let newest = diesel::alias!(articles as newest);
        let newest = newest
            .filter(newest.field(articles::id).eq(article_revisions::article_id))
            .select(newest.field(articles::revision))
            .single_value();
        diesel::delete(
            article_revisions::table
                .filter(any_of(article_revisions::article_id, &ids))
                .filter(article_revisions::is_pinned.eq(false))
                .filter(
                    (article_revisions::number + occasion.kept)
                        .nullable()
                        .le(newest),
                ),
        )
        .execute(conn)?;
    }
    Ok(())
}

/// The natural keys of what articles name.
struct Names {
    categories: HashMap<i64, String>,
    sources: HashMap<i64, String>,
    topics: HashMap<i64, String>,
}

impl Names {
    fn of<'a>(conn: &mut Conn, articles: impl Iterator<Item = &'a Loaded> + Clone) -> Result<Self> {
        let distinct = |ids: &mut dyn Iterator<Item = i64>| {
            let mut ids: Vec<i64> = ids.collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let category_ids = distinct(&mut articles.clone().map(|a| a.content.state.category_id));
        let source_ids = distinct(&mut articles.clone().flat_map(|a| a.content.sources.clone()));
        let topic_ids = distinct(&mut articles.flat_map(|a| a.content.topics.clone()));
        Ok(Self {
            categories: categories::table
                .filter(any_of(categories::id, &category_ids))
                .select((categories::id, categories::path))
                .load::<(i64, String)>(conn)?
                .into_iter()
                .collect(),
            sources: sources::table
                .filter(any_of(sources::id, &source_ids))
                .select((sources::id, sources::slug))
                .load::<(i64, String)>(conn)?
                .into_iter()
                .collect(),
            topics: topics::table
                .filter(any_of(topics::id, &topic_ids))
                .select((topics::id, topics::key))
                .load::<(i64, String)>(conn)?
                .into_iter()
                .collect(),
        })
    }

    fn snapshot(&self, old: &Loaded) -> Result<Snapshot> {
        let category = named(&self.categories, old.content.state.category_id)?;
        let all = |names: &HashMap<i64, String>, ids: &[i64]| -> Result<Vec<Named>> {
            ids.iter().map(|id| named(names, *id)).collect()
        };
        Ok(Snapshot::new(
            old,
            category,
            all(&self.sources, &old.content.sources)?,
            all(&self.topics, &old.content.topics)?,
        ))
    }
}

fn named(names: &HashMap<i64, String>, id: i64) -> Result<Named> {
    let name = names.get(&id).cloned();
    name.map(|name| Named { id, name })
        .ok_or_else(|| Error::internal("an article names what does not exist"))
}

/// The columns of a [`Revision`], in the order of [`Columns`].
macro_rules! columns {
    () => {
        (
            (
                article_revisions::article_id,
                articles::site_id,
                article_revisions::number,
                article_revisions::version,
                article_revisions::action,
                article_revisions::status,
                article_revisions::title,
                article_revisions::article_version,
            ),
            (
                article_revisions::comment,
                article_revisions::created_by,
                article_revisions::actor,
                article_revisions::is_pinned,
                article_revisions::created_at,
                articles::revision,
                articles::version,
            ),
        )
    };
}

type Columns = (
    (i64, i64, i64, i64, String, String, String, i64),
    (Option<String>, Option<i64>, String, bool, Ts, i64, i64),
);

fn revision(row: Columns) -> Result<Revision> {
    let (
        (article_id, site_id, number, version, action, status, title, article_version),
        (comment, created_by, actor, is_pinned, created_at, newest, newest_version),
    ) = row;
    // While it is the article, it changes with what that names: versions since it was saved.
    let is_current = number == newest;
    let drift = if is_current {
        newest_version - article_version
    } else {
        0
    };
    Ok(Revision {
        article_id,
        site_id,
        number,
        version: version + drift,
        action: Action::parse(&action).ok_or_else(|| {
            Error::internal(format!("the database holds the unknown action `{action}`"))
        })?,
        state: State::parse(&status).ok_or_else(|| {
            Error::internal(format!("the database holds the unknown state `{status}`"))
        })?,
        title,
        article_version,
        comment,
        created_by,
        actor,
        is_pinned,
        created_at,
        is_current,
        drift,
    })
}

/// Up to `limit` revisions of an article with numbers below `before`, the newest first, past `offset` of them.
pub fn page(
    conn: &mut Conn,
    article_id: i64,
    before: i64,
    offset: i64,
    limit: i64,
) -> Result<Vec<Revision>> {
    let rows: Vec<Columns> = article_revisions::table
        .inner_join(articles::table.on(articles::id.eq(article_revisions::article_id)))
        .filter(article_revisions::article_id.eq(article_id))
        .filter(article_revisions::number.lt(before))
        .select(columns!())
        .order(article_revisions::number.desc())
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    rows.into_iter().map(revision).collect()
}

/// How many revisions an article has, up to `COUNTED`; then it says so.
pub fn count(conn: &mut Conn, article_id: i64) -> Result<Total> {
    let counted: Vec<i64> = article_revisions::table
        .filter(article_revisions::article_id.eq(article_id))
        .select(article_revisions::number)
        .order(article_revisions::number.desc())
        .limit(COUNTED + 1)
        .load(conn)?;
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    Ok(match n > COUNTED {
        true => Total::Estimated(n),
        false => Total::Exact(n),
    })
}

/// One revision.
pub fn find(conn: &mut Conn, article_id: i64, number: i64) -> Result<Option<Revision>> {
    let row: Option<Columns> = article_revisions::table
        .inner_join(articles::table.on(articles::id.eq(article_revisions::article_id)))
        .filter(article_revisions::article_id.eq(article_id))
        .filter(article_revisions::number.eq(number))
        .select(columns!())
        .first(conn)
        .optional()?;
    row.map(revision).transpose()
}

/// The number of the newest revision before `number` that is kept.
pub fn number_before(conn: &mut Conn, article_id: i64, number: i64) -> Result<Option<i64>> {
    Ok(article_revisions::table
        .filter(article_revisions::article_id.eq(article_id))
        .filter(article_revisions::number.lt(number))
        .select(article_revisions::number)
        .order(article_revisions::number.desc())
        .first(conn)
        .optional()?)
}

/// The article as it was in a revision; the newest one is the article as it stands at `now`.
pub fn whole(conn: &mut Conn, article_id: i64, number: i64, now: Ts) -> Result<Option<Whole>> {
    type Row = (Option<Vec<u8>>, (i64, String, String, Ts, Option<i64>));
    let row: Option<Row> = article_revisions::table
        .inner_join(articles::table.on(articles::id.eq(article_revisions::article_id)))
        .inner_join(sites::table.on(sites::id.eq(articles::site_id)))
        .left_join(article_owners::table.on(article_owners::article_id.eq(articles::id)))
        .filter(article_revisions::article_id.eq(article_id))
        .filter(article_revisions::number.eq(number))
        .select((
            article_revisions::content,
            (
                articles::site_id,
                sites::slug,
                articles::key,
                articles::created_at,
                article_owners::user_id.nullable(),
            ),
        ))
        .first(conn)
        .optional()?;
    let Some((content, (site_id, site, key, created_at, created_by))) = row else {
        return Ok(None);
    };
    let Some(packed) = content else {
        let found = find_managed(conn, article_id, now)?;
        return Ok(found.map(|(article, loaded)| Whole {
            article,
            contributor_ids: loaded.contributor_ids,
            attachment_ids: loaded.attachment_ids,
        }));
    };
    let fixed = Fixed {
        id: article_id,
        site_id,
        site,
        key,
        created_by,
        created_at,
    };
    Snapshot::unpack(&packed)?.whole(fixed, number).map(Some)
}

/// Tells `look` what an article said in each of those of its revisions `numbers` that are kept, except the newest, which is the
/// article itself: the renditions, the original first. One is in memory at a time.
pub fn each_said(
    conn: &mut Conn,
    article_id: i64,
    numbers: &[i64],
    mut look: impl FnMut(i64, Vec<Text>),
) -> Result<()> {
    let kept: Vec<(i64, Option<Vec<u8>>)> = article_revisions::table
        .filter(article_revisions::article_id.eq(article_id))
        .filter(any_of(article_revisions::number, numbers))
        .select((article_revisions::number, article_revisions::content))
        .load(conn)?;
    for (number, packed) in kept {
        if let Some(packed) = packed {
            look(number, Snapshot::unpack(&packed)?.texts());
        }
    }
    Ok(())
}

/// The article as lists and pages show it, whatever its state: for who may see a revision of it.
pub fn shown(conn: &mut Conn, article_id: i64) -> Result<Option<PublicArticle>> {
    Ok(with_place!(articles::table)
        .filter(articles::id.eq(article_id))
        .select(shown_columns!())
        .first(conn)
        .optional()?)
}

/// Pins or comments a revision. Returns whether it is there in this version.
pub fn annotate(conn: &mut Conn, revision: &Revision) -> Result<bool> {
    let updated = diesel::update(
        article_revisions::table
            .find((revision.article_id, revision.number))
            .filter(article_revisions::version.eq(revision.version - revision.drift)),
    )
    .set((
        article_revisions::is_pinned.eq(revision.is_pinned),
        article_revisions::comment.eq(&revision.comment),
        article_revisions::version.eq(article_revisions::version + 1),
    ))
    .execute(conn)?;
    Ok(updated == 1)
}

/// Deletes up to `limit` revisions that were superseded before `before`, except pinned ones. Returns how
/// many those were.
pub fn delete_old(conn: &mut Conn, before: Ts, limit: i64) -> Result<usize> {
    // In these words, because the index has them.
    Ok(diesel::sql_query(
        "DELETE FROM article_revisions WHERE NOT is_pinned AND (article_id, number) IN ( \
           SELECT article_id, number FROM article_revisions \
           WHERE superseded_at IS NOT NULL AND NOT is_pinned AND superseded_at < $1 ORDER BY superseded_at LIMIT $2)",
    )
    .bind::<UtcTs, _>(before)
    .bind::<BigInt, _>(limit)
    .execute(conn)?)
}
