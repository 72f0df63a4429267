//! SQL on topics.

use diesel::prelude::*;

use super::connection::Conn;
use super::fragments::any_of;
use crate::error::Result;
use crate::models::time::Ts;
use crate::models::topic::Topic;
use crate::schema::{article_topics, topics};

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

/// Up to `limit` topics of a site after the place `(position, id)`, in order.
pub fn page(conn: &mut Conn, site_id: i64, after: (i64, i64), limit: i64) -> Result<Vec<Topic>> {
    Ok(topics::table
        .filter(topics::site_id.eq(site_id))
        .filter(
            topics::position
                .gt(after.0)
                .or(topics::position.eq(after.0).and(topics::id.gt(after.1))),
        )
        .select(columns!())
        .order((topics::position, topics::id))
        .limit(limit)
        .load(conn)?)
}

/// The ids of those of `keys` that exist, as `(key, id)`.
pub fn ids(conn: &mut Conn, site_id: i64, keys: &[String]) -> Result<Vec<(String, i64)>> {
    Ok(topics::table
        .filter(topics::site_id.eq(site_id))
        .filter(any_of(topics::key, keys))
        .select((topics::key, topics::id))
        .load(conn)?)
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

/// Adds a topic.
pub fn insert(
    conn: &mut Conn,
    site_id: i64,
    key: &str,
    title: &str,
    year: Option<i32>,
    position: i64,
    now: Ts,
) -> Result<()> {
    diesel::insert_into(topics::table)
        .values((
            topics::site_id.eq(site_id),
            topics::key.eq(key),
            topics::title.eq(title),
            topics::year.eq(year),
            topics::position.eq(position),
            topics::created_at.eq(now),
            topics::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
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
