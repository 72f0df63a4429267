//! SQL on what an article gained day by day. What waits to be added up is part of it.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer};

use super::connection::Conn;
use crate::error::Result;
use crate::models::counting::{Day, Gauge, Period};
use crate::models::days::{DaySpan, DayViews};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    day: i32,
    #[diesel(sql_type = BigInt)]
    views: i64,
    #[diesel(sql_type = BigInt)]
    hits: i64,
}

/// The views of an article on those days of `span` that have any, in order.
pub fn of_article(conn: &mut Conn, id: i64, span: DaySpan) -> Result<Vec<DayViews>> {
    let found: Vec<Row> = sql_query(format!(
        "SELECT day, CAST(sum(views) AS bigint) AS views, CAST(sum(hits) AS bigint) AS hits FROM ( \
           SELECT start AS day, views, hits FROM article_periods \
           WHERE article_id = $1 AND period = {} AND start BETWEEN $2 AND $3 \
           UNION ALL SELECT day, counted, hits FROM pending_counts \
           WHERE kind = {} AND reference = $1 AND day BETWEEN $2 AND $3) AS gained \
         GROUP BY day ORDER BY day",
        Period::Day.code(),
        Gauge::ArticleViews.code()
    ))
    .bind::<BigInt, _>(id)
    .bind::<Integer, _>(span.first.0)
    .bind::<Integer, _>(span.last.0)
    .load(conn)?;
    Ok(found
        .into_iter()
        .map(|Row { day, views, hits }| DayViews {
            day: Day(day),
            views,
            hits,
        })
        .collect())
}
