//! SQL on topics.

use diesel::prelude::*;

use super::COUNTED;
use super::connection::{Conn, Db};
use super::fragments::{any_of, load_of};
use super::listings;
use crate::error::Result;
use crate::models::listing::ListKind;
use crate::models::managed::Managed;
use crate::models::page::Total;
use crate::models::time::Ts;
use crate::models::topic::Topic;
use crate::schema::{article_topics, sites, topics};

/// The columns of a [`Topic`], in its order.
macro_rules! columns {
    () => {
        (
            topics::id,
            topics::site_id,
            topics::key,
            topics::title,
            topics::year,
            topics::position,
        )
    };
}

/// The topic with `key`.
pub fn find(conn: &mut Conn, site_id: i64, key: &str) -> Result<Option<Topic>> {
    Ok(topics::table
        .filter(topics::site_id.eq(site_id))
        .filter(topics::key.eq(key))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// The topic with `id` and the slug of its site, where readers get both.
pub fn find_shown(conn: &mut Conn, id: i64) -> Result<Option<(Topic, String)>> {
    Ok(topics::table
        .inner_join(sites::table.on(sites::id.eq(topics::site_id)))
        .filter(topics::id.eq(id))
        .filter(topics::is_held.eq(false))
        .filter(sites::is_held.eq(false))
        .select((columns!(), sites::slug))
        .first(conn)
        .optional()?)
}

/// A site's topics, of one year where one is given.
macro_rules! listed {
    ($site_id:expr, $year:expr) => {{
        let all = topics::table
            .filter(topics::site_id.eq($site_id))
            .into_boxed::<Db>();
        match $year {
            Some(year) => all.filter(topics::year.eq(year)),
            None => all,
        }
    }};
}

/// Up to `limit` topics of a site after the place `(position, id)`, in order.
pub fn page(conn: &mut Conn, site_id: i64, after: (i64, i64), limit: i64) -> Result<Vec<Topic>> {
    let (position, id) = after;
    Ok(listed!(site_id, None::<i32>)
        // The first of the two is a range of the index; the second decides only where positions are equal.
        .filter(topics::position.ge(position))
        .filter(topics::position.gt(position).or(topics::id.gt(id)))
        .select(columns!())
        .order((topics::position, topics::id))
        .limit(limit)
        .load(conn)?)
}

/// Like [`page`], from the first where `after` is none, past `offset` topics, only those that readers get, and of `year` where one is given.
pub fn shown_page(
    conn: &mut Conn,
    site_id: i64,
    year: Option<i32>,
    after: Option<(i64, i64)>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Topic>> {
    let (position, id) = after.unwrap_or((i64::MIN, 0));
    Ok(listed!(site_id, year)
        .filter(topics::is_held.eq(false))
        .filter(topics::position.ge(position))
        .filter(topics::position.gt(position).or(topics::id.gt(id)))
        .select(columns!())
        .order((topics::position, topics::id))
        .offset(offset)
        .limit(limit)
        .load(conn)?)
}

/// How many topics [`shown_page`] has in all; beyond `COUNTED` by how much of the site's list the counted ones span.
pub fn count_shown(conn: &mut Conn, site_id: i64, year: Option<i32>) -> Result<Total> {
    let counted: Vec<i64> = listed!(site_id, year)
        .filter(topics::is_held.eq(false))
        .select(topics::position)
        .order((topics::position, topics::id))
        .limit(COUNTED + 1)
        .load(conn)?;
    estimate(conn, site_id, &counted)
}

/// How many topics a site has, by the same reckoning.
pub fn count(conn: &mut Conn, site_id: i64) -> Result<Total> {
    let counted: Vec<i64> = listed!(site_id, None::<i32>)
        .select(topics::position)
        .order((topics::position, topics::id))
        .limit(COUNTED + 1)
        .load(conn)?;
    estimate(conn, site_id, &counted)
}

/// How many there are in all, of which these positions were counted.
fn estimate(conn: &mut Conn, site_id: i64, counted: &[i64]) -> Result<Total> {
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    Ok(match counted.last() {
        Some(reached) if n > COUNTED => {
            let last = last_position(conn, site_id)?;
            Total::Estimated(n.saturating_mul(last) / (*reached).max(1))
        }
        _ => Total::Exact(n),
    })
}

/// The ids of those of `keys` that exist, as `(key, id)`.
pub fn ids(conn: &mut Conn, site_id: i64, keys: &[String]) -> Result<Vec<(String, i64)>> {
    Ok(topics::table
        .filter(topics::site_id.eq(site_id))
        .filter(any_of(topics::key, keys))
        .select((topics::key, topics::id))
        .load(conn)?)
}

/// Those of `ids` that exist, unordered.
pub fn find_all(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Topic>> {
    Ok(topics::table
        .filter(any_of(topics::id, ids))
        .select(columns!())
        .load(conn)?)
}

/// Those of `ids` that readers get, unordered.
pub fn find_all_shown(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Topic>> {
    Ok(topics::table
        .filter(any_of(topics::id, ids))
        .filter(topics::is_held.eq(false))
        .select(columns!())
        .load(conn)?)
}

/// The topics of articles that readers get, as `(article, topic)`, in each article's order.
pub fn shown_of_articles(conn: &mut Conn, article_ids: &[i64]) -> Result<Vec<(i64, Topic)>> {
    Ok(load_of!(
        conn,
        article_ids,
        article_topics::article_id,
        |is_of| {
            article_topics::table
                .inner_join(topics::table.on(topics::id.eq(article_topics::topic_id)))
                .filter(is_of)
                .filter(topics::is_held.eq(false))
                .select((article_topics::article_id, columns!()))
                .order((article_topics::article_id, article_topics::position))
        }
    ))
}

/// The topics of articles as `(article, topic)`, in each article's order.
pub fn of_articles(conn: &mut Conn, article_ids: &[i64]) -> Result<Vec<(i64, Topic)>> {
    Ok(article_topics::table
        .inner_join(topics::table.on(topics::id.eq(article_topics::topic_id)))
        .filter(any_of(article_topics::article_id, article_ids))
        .select((article_topics::article_id, columns!()))
        .order((article_topics::article_id, article_topics::position))
        .load(conn)?)
}

/// The highest position among a site's topics, 0 where there are none.
pub fn last_position(conn: &mut Conn, site_id: i64) -> Result<i64> {
    let last: Option<i64> = topics::table
        .filter(topics::site_id.eq(site_id))
        .select(diesel::dsl::max(topics::position))
        .first(conn)?;
    Ok(last.unwrap_or(0))
}

/// The columns of a [`Managed`] topic, in its order.
macro_rules! managed_columns {
    () => {
        (
            columns!(),
            sites::slug,
            topics::version,
            topics::created_at,
            topics::updated_at,
            topics::is_held,
        )
    };
}

type ManagedRow = (Topic, String, i64, Ts, Ts, bool);

fn managed((value, site, version, created_at, updated_at, is_held): ManagedRow) -> Managed<Topic> {
    Managed {
        value,
        site,
        version,
        created_at,
        updated_at,
        is_held,
    }
}

/// The topic with `id`, with its history.
pub fn find_managed(conn: &mut Conn, id: i64) -> Result<Option<Managed<Topic>>> {
    let found: Option<ManagedRow> = topics::table
        .inner_join(sites::table.on(sites::id.eq(topics::site_id)))
        .filter(topics::id.eq(id))
        .select(managed_columns!())
        .first(conn)
        .optional()?;
    Ok(found.map(managed))
}

/// Up to `limit` topics of a site behind the place `(position, id)`, in order and with their history.
pub fn managed_page(
    conn: &mut Conn,
    site_id: i64,
    after: Option<(i64, i64)>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Managed<Topic>>> {
    let (position, id) = after.unwrap_or((i64::MIN, 0));
    let found: Vec<ManagedRow> = topics::table
        .inner_join(sites::table.on(sites::id.eq(topics::site_id)))
        .filter(topics::site_id.eq(site_id))
        .filter(topics::position.ge(position))
        .filter(topics::position.gt(position).or(topics::id.gt(id)))
        .select(managed_columns!())
        .order((topics::position, topics::id))
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    Ok(found.into_iter().map(managed).collect())
}

/// Moves the topics of a site from `position` on one place back.
pub fn make_room(conn: &mut Conn, site_id: i64, position: i64, now: Ts) -> Result<()> {
    diesel::update(
        topics::table
            .filter(topics::site_id.eq(site_id))
            .filter(topics::position.ge(position)),
    )
    .set((
        topics::position.eq(topics::position + 1),
        topics::version.eq(topics::version + 1),
        topics::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(())
}

/// Removes a topic, from its articles too.
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::delete(article_topics::table.filter(article_topics::topic_id.eq(id))).execute(conn)?;
    listings::remove_list(conn, ListKind::Topic, id)?;
    diesel::delete(topics::table.find(id)).execute(conn)?;
    Ok(())
}

/// Adds a topic and returns its id.
pub fn insert(
    conn: &mut Conn,
    site_id: i64,
    key: &str,
    title: &str,
    year: Option<i32>,
    position: i64,
    now: Ts,
) -> Result<i64> {
    Ok(diesel::insert_into(topics::table)
        .values((
            topics::site_id.eq(site_id),
            topics::key.eq(key),
            topics::title.eq(title),
            topics::year.eq(year),
            topics::position.eq(position),
            topics::created_at.eq(now),
            topics::updated_at.eq(now),
        ))
        .returning(topics::id)
        .get_result(conn)?)
}

/// Changes a topic's title, year and position.
pub fn update(conn: &mut Conn, topic: &Topic, now: Ts) -> Result<()> {
    diesel::update(topics::table.find(topic.id))
        .set((
            topics::title.eq(&topic.title),
            topics::year.eq(topic.year),
            topics::position.eq(topic.position),
            topics::version.eq(topics::version + 1),
            topics::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}
