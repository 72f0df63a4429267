//! Articles as those see them who may change them: in every state, with natural keys and their history.

use std::collections::HashMap;

use diesel::prelude::*;

use super::load::{Loaded, load};
use crate::error::{Error, Result};
use crate::models::article::{ManagedArticle, ManagedPlace, ManagedSummary, Status};
use crate::models::page::Total;
use crate::models::time::Ts;
use crate::models::workflow::State;
use crate::schema::{
    article_counters, article_owners, article_texts, articles, categories, sites, sources, topics,
};
use crate::store::COUNTED;
use crate::store::connection::{Conn, Db};
use crate::store::fragments::any_of;

/// Where an article is, whose it is and which version it has: what decides whether it may be changed.
pub fn find_place(conn: &mut Conn, id: i64) -> Result<Option<ManagedPlace>> {
    Ok(articles::table
        .left_join(article_owners::table.on(article_owners::article_id.eq(articles::id)))
        .filter(articles::id.eq(id))
        .select((
            articles::id,
            articles::site_id,
            articles::category_id,
            articles::version,
            article_owners::user_id.nullable(),
        ))
        .first(conn)
        .optional()?)
}

/// The article with `id`, whole and as it stands at `now`, and as it was loaded.
pub fn find_managed(conn: &mut Conn, id: i64, now: Ts) -> Result<Option<(ManagedArticle, Loaded)>> {
    let loaded = load(conn, &[id])?;
    Ok(managed(conn, loaded, now)?.pop())
}

/// Articles that were loaded, as those see them who may change them, as they stand at `now`.
pub fn managed(
    conn: &mut Conn,
    loaded: Vec<Loaded>,
    now: Ts,
) -> Result<Vec<(ManagedArticle, Loaded)>> {
    if loaded.is_empty() {
        return Ok(Vec::new());
    }
    type Row = (i64, String, String, Ts, Option<i64>);
    let ids: Vec<i64> = loaded.iter().map(|article| article.row.id).collect();
    let rows: Vec<Row> = articles::table
        .inner_join(sites::table.on(sites::id.eq(articles::site_id)))
        .inner_join(categories::table.on(categories::id.eq(articles::category_id)))
        .left_join(article_owners::table.on(article_owners::article_id.eq(articles::id)))
        .filter(any_of(articles::id, &ids))
        .select((
            articles::id,
            sites::slug,
            categories::path,
            articles::created_at,
            article_owners::user_id.nullable(),
        ))
        .load(conn)?;
    let mut rows: HashMap<i64, Row> = rows.into_iter().map(|row| (row.0, row)).collect();
    let of_all = |part: fn(&Loaded) -> &[i64]| {
        let mut ids: Vec<i64> = loaded
            .iter()
            .flat_map(|article| part(article).iter().copied())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let source_slugs: HashMap<i64, String> = sources::table
        .filter(any_of(
            sources::id,
            &of_all(|article| &article.content.sources),
        ))
        .select((sources::id, sources::slug))
        .load::<(i64, String)>(conn)?
        .into_iter()
        .collect();
    let topic_keys: HashMap<i64, String> = topics::table
        .filter(any_of(
            topics::id,
            &of_all(|article| &article.content.topics),
        ))
        .select((topics::id, topics::key))
        .load::<(i64, String)>(conn)?
        .into_iter()
        .collect();
    let shown = loaded.into_iter().map(|loaded| {
        let id = loaded.row.id;
        let (_, site, category, created_at, created_by) = rows
            .remove(&id)
            .ok_or_else(|| Error::internal("an article that was loaded is gone"))?;
        let article = ManagedArticle {
            id,
            site_id: loaded.row.site_id,
            site,
            key: loaded.row.key.clone(),
            category,
            sources: named(&loaded.content.sources, &source_slugs)?,
            topics: named(&loaded.content.topics, &topic_keys)?,
            state: loaded.content.state.at(now),
            citations: Some(loaded.counters.citations),
            revision: loaded.revision,
            content: loaded.content.clone(),
            created_by,
            version: loaded.row.version,
            created_at,
            updated_at: loaded.row.updated_at,
        };
        Ok((article, loaded))
    });
    shown.collect()
}

fn named(ids: &[i64], names: &HashMap<i64, String>) -> Result<Vec<String>> {
    ids.iter()
        .map(|id| names.get(id).cloned())
        .collect::<Option<_>>()
        .ok_or_else(|| Error::internal("an article names what does not exist"))
}

/// Notes who made an article.
pub fn set_owner(conn: &mut Conn, article_id: i64, user_id: i64) -> Result<()> {
    diesel::insert_into(article_owners::table)
        .values((
            article_owners::article_id.eq(article_id),
            article_owners::user_id.eq(user_id),
        ))
        .execute(conn)?;
    Ok(())
}

/// Which articles to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManagedFilters {
    /// Only of this site.
    pub site_id: Option<i64>,
    /// Only of these categories.
    pub category_ids: Option<Vec<i64>>,
    /// Only in this state.
    pub state: Option<State>,
    /// Only those that this account made.
    pub created_by: Option<i64>,
    /// Only what the caller may see: of these sites, or in these categories. `None` is everything.
    pub visible: Option<(Vec<i64>, Vec<i64>)>,
}

/// The articles that fit.
macro_rules! listed {
    ($filters:expr, $now:expr) => {{
        let ManagedFilters {
            site_id,
            category_ids,
            state,
            created_by,
            visible,
        } = $filters;
        let mut listed = articles::table
            .inner_join(sites::table.on(sites::id.eq(articles::site_id)))
            .inner_join(categories::table.on(categories::id.eq(articles::category_id)))
            .inner_join(article_counters::table.on(article_counters::article_id.eq(articles::id)))
            .inner_join(
                article_texts::table.on(article_texts::article_id
                    .eq(articles::id)
                    .and(article_texts::locale.eq(articles::locale))),
            )
            .left_join(article_owners::table.on(article_owners::article_id.eq(articles::id)))
            .into_boxed::<Db>();
        if let Some(site_id) = site_id {
            listed = listed.filter(articles::site_id.eq(*site_id));
        }
        if let Some(ids) = category_ids {
            listed = listed.filter(any_of(articles::category_id, ids));
        }
        if let Some(state) = state {
            listed = listed.filter(articles::status.eq(state.status().as_str()));
        }
        match state {
            Some(State::Scheduled) => listed = listed.filter(articles::published_at.gt($now)),
            Some(State::Published) => listed = listed.filter(articles::published_at.le($now)),
            _ => {}
        }
        if let Some(user_id) = created_by {
            listed = listed.filter(article_owners::user_id.eq(*user_id));
        }
        if let Some((sites, categories)) = visible {
            listed = listed.filter(
                any_of(articles::site_id, sites).or(any_of(articles::category_id, categories)),
            );
        }
        listed
    }};
}

type SummaryRow = (
    (i64, String, String, String, String),
    (String, String, i64, Ts, i32, String),
    (Option<Ts>, Option<i64>, i64, i64, Ts, Ts),
);

/// Up to `limit` articles behind the place `(updated_at, id)`, the last changed first, past `offset` of them.
pub fn managed_page(
    conn: &mut Conn,
    filters: &ManagedFilters,
    after: Option<(Ts, i64)>,
    offset: i64,
    limit: i64,
    now: Ts,
) -> Result<Vec<ManagedSummary>> {
    let mut page = listed!(filters, now);
    if let Some((at, id)) = after {
        // The first is a range of the index; the second decides only where times are equal.
        page = page
            .filter(articles::updated_at.le(at))
            .filter(articles::updated_at.lt(at).or(articles::id.lt(id)));
    }
    let rows: Vec<SummaryRow> = page
        .select((
            (
                articles::id,
                sites::slug,
                articles::key,
                articles::slug,
                articles::status,
            ),
            (
                article_texts::title,
                categories::path,
                articles::category_id,
                articles::published_at,
                articles::published_offset,
                articles::locale,
            ),
            (
                articles::unpublish_at,
                article_owners::user_id.nullable(),
                article_counters::views,
                articles::version,
                articles::created_at,
                articles::updated_at,
            ),
        ))
        .order((articles::updated_at.desc(), articles::id.desc()))
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    rows.into_iter().map(|row| summary(row, now)).collect()
}

fn summary(row: SummaryRow, now: Ts) -> Result<ManagedSummary> {
    let (
        (id, site, key, slug, status),
        (title, category, category_id, published_at, published_offset, locale),
        (unpublish_at, created_by, views, version, created_at, updated_at),
    ) = row;
    let status = Status::parse(&status).ok_or_else(|| {
        Error::internal(format!("the database holds the unknown status `{status}`"))
    })?;
    Ok(ManagedSummary {
        id,
        site,
        key,
        slug,
        state: State::of(status, published_at, now),
        title,
        category,
        category_id,
        published_at,
        published_offset,
        locale,
        unpublish_at,
        created_by,
        views,
        version,
        created_at,
        updated_at,
    })
}

/// How many articles fit, up to `COUNTED`; then it says so.
pub fn count_managed(conn: &mut Conn, filters: &ManagedFilters, now: Ts) -> Result<Total> {
    let counted: Vec<i64> = listed!(filters, now)
        .select(articles::id)
        .order((articles::updated_at.desc(), articles::id.desc()))
        .limit(COUNTED + 1)
        .load(conn)?;
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    Ok(match n > COUNTED {
        true => Total::Estimated(n),
        false => Total::Exact(n),
    })
}
