//! How many public articles each category has: a number kept with every change, and the changes that are still
//! to come or only just happened.
//!
//! The number at a moment t is `category_counts.articles` plus the `count_events` whose time is not after t. An
//! event is folded into the number once it is an hour old, so instances whose clocks differ by less, or a
//! clock that is set back by less, still count exactly what their lists show.

use std::collections::{BTreeMap, HashMap};

use chrono::Duration;
use diesel::prelude::*;

use super::connection::{Conn, insert_rows, on_db};
use super::fragments::any_of;
use crate::error::Result;
use crate::models::article::ArticleState;
use crate::models::time::Ts;
use crate::schema::{UtcTs, category_counts, count_events};

/// How old an event must be before it is folded into the number.
pub(super) const FOLD_AFTER: Duration = Duration::hours(1);

/// What a set of changes adds to each category's number.
pub type Deltas = BTreeMap<i64, i64>;

#[derive(Insertable)]
#[diesel(table_name = count_events)]
struct Event {
    article_id: i64,
    delta: i64,
    category_id: i64,
    at: Ts,
}

/// Records that `articles` (id and state) now count; returns what is due at once.
pub fn add(conn: &mut Conn, articles: &[(i64, &ArticleState)], now: Ts) -> Result<Deltas> {
    let fold_before = Ts(now.0 - FOLD_AFTER);
    let mut deltas = Deltas::new();
    let mut events = Vec::new();
    for (article_id, state) in articles {
        for (at, delta) in state.visibility_changes() {
            if at <= fold_before {
                *deltas.entry(state.category_id).or_default() += delta;
            } else {
                events.push(Event {
                    article_id: *article_id,
                    delta,
                    category_id: state.category_id,
                    at,
                });
            }
        }
    }
    insert_rows!(conn, count_events::table, &events)?;
    Ok(deltas)
}

/// Takes back what `articles` (id and state as stored) have added so far; returns what is due at once.
pub fn remove(conn: &mut Conn, articles: &[(i64, &ArticleState)]) -> Result<Deltas> {
    let ids: Vec<i64> = articles.iter().map(|(id, _)| *id).collect();
    // What this deletes is still open; what a roll-up deletes in the same moment is folded.
    let open: Vec<(i64, i64)> =
        diesel::delete(count_events::table.filter(any_of(count_events::article_id, &ids)))
            .returning((count_events::article_id, count_events::delta))
            .get_results(conn)?;
    let mut still_open: HashMap<i64, i64> = HashMap::new();
    for (id, delta) in open {
        *still_open.entry(id).or_default() += delta;
    }
    let mut deltas = Deltas::new();
    for (id, state) in articles {
        let in_the_end: i64 = state
            .visibility_changes()
            .iter()
            .map(|(_, delta)| delta)
            .sum();
        let folded = in_the_end - still_open.get(id).copied().unwrap_or(0);
        *deltas.entry(state.category_id).or_default() -= folded;
    }
    Ok(deltas)
}

/// Adds `deltas` to the numbers, in the order of the ids so that two writers cannot block each other.
pub fn apply(conn: &mut Conn, deltas: &Deltas) -> Result<()> {
    for (category_id, delta) in deltas.iter().filter(|(_, delta)| **delta != 0) {
        on_db!(&mut *conn, |c| {
            diesel::insert_into(category_counts::table)
                .values((
                    category_counts::category_id.eq(category_id),
                    category_counts::articles.eq(delta),
                ))
                .on_conflict(category_counts::category_id)
                .do_update()
                .set(
                    category_counts::articles.eq(category_counts::articles
                        + diesel::upsert::excluded(category_counts::articles)),
                )
                .execute(c)?;
        });
    }
    Ok(())
}

/// Folds the events that are old enough into the numbers, and takes articles that have expired by then off their
/// lists. Run it in a transaction.
pub fn roll_up(conn: &mut Conn, now: Ts) -> Result<()> {
    let before = Ts(now.0 - FOLD_AFTER);
    match conn {
        // Saves and other roll-ups go on meanwhile: an event that one of them holds is left to the next minute, and
        // only what was deleted here is counted here. Like a save it takes events first and lists then.
        Conn::Postgres(c) => {
            diesel::sql_query(
                "WITH due AS (SELECT article_id, delta FROM count_events WHERE at <= $1 FOR UPDATE SKIP LOCKED), \
                 gone AS (DELETE FROM count_events e USING due WHERE e.article_id = due.article_id AND e.delta = due.delta \
                   RETURNING e.article_id, e.category_id, e.delta), \
                 unlisted AS (DELETE FROM listings WHERE article_id IN (SELECT article_id FROM gone WHERE delta = -1)) \
                 INSERT INTO category_counts (category_id, articles) \
                 SELECT category_id, sum(delta) FROM gone GROUP BY category_id ORDER BY category_id \
                 ON CONFLICT (category_id) DO UPDATE SET articles = category_counts.articles + excluded.articles",
            )
            .bind::<UtcTs, _>(before)
            .execute(c)?;
        }
        Conn::Sqlite(c) => {
            for sql in [
                "DELETE FROM listings WHERE article_id IN \
                 (SELECT article_id FROM count_events WHERE delta = -1 AND at <= $1)",
                "INSERT INTO category_counts (category_id, articles) \
                 SELECT category_id, sum(delta) FROM count_events WHERE at <= $1 GROUP BY category_id \
                 ON CONFLICT (category_id) DO UPDATE SET articles = category_counts.articles + excluded.articles",
                "DELETE FROM count_events WHERE at <= $1",
            ] {
                diesel::sql_query(sql).bind::<UtcTs, _>(before).execute(c)?;
            }
        }
    }
    Ok(())
}
