//! How many public articles each category has: a number kept with every change, and the changes that are still
//! to come or only just happened.
//!
//! The number at a moment t is `category_counts.articles` plus the `visibility_events` whose time is not after t. An
//! event is folded into the number once it is an hour old, so instances whose clocks differ by less, or a
//! clock that is set back by less, still count exactly what their lists show.

use std::collections::{BTreeMap, HashMap};

use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::connection::{Conn, Structure, insert_rows, lock_structure, on_db};
use super::fragments::any_of;
use super::{changes, listings, stamps, suggestions};
use crate::error::Result;
use crate::models::article::ArticleState;
use crate::models::listing::{List, ListKind};
use crate::models::time::Ts;
use crate::schema::{UtcTs, category_counts, visibility_events};

/// How old an event must be before it is folded into the number.
pub(super) const FOLD_AFTER: Duration = Duration::hours(1);

/// Events folded in one transaction.
const FOLDED_AT_ONCE: usize = 1000;

/// What a set of changes adds to each category's number.
pub type Deltas = BTreeMap<i64, i64>;

#[derive(Insertable, QueryableByName)]
#[diesel(table_name = visibility_events)]
struct Event {
    article_id: i64,
    delta: i64,
    site_id: i64,
    category_id: i64,
    at: Ts,
}

/// Records that `articles` of a site (id and state) now count; returns what is due at once.
pub fn add(
    conn: &mut Conn,
    site_id: i64,
    articles: &[(i64, &ArticleState)],
    now: Ts,
) -> Result<Deltas> {
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
                    site_id,
                    category_id: state.category_id,
                    at,
                });
            }
        }
    }
    insert_rows!(conn, visibility_events::table, &events)?;
    Ok(deltas)
}

/// Takes back what `articles` (id and state as stored) have added so far; returns what is due at once.
pub fn remove(conn: &mut Conn, articles: &[(i64, &ArticleState)]) -> Result<Deltas> {
    let ids: Vec<i64> = articles.iter().map(|(id, _)| *id).collect();
    // What this deletes is still open; what a roll-up deletes in the same moment is folded.
    let open: Vec<(i64, i64)> = diesel::delete(
        visibility_events::table.filter(any_of(visibility_events::article_id, &ids)),
    )
    .returning((visibility_events::article_id, visibility_events::delta))
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

/// How many public articles a list has at `now`, where numbers are kept for it: for categories, what is below them,
/// sites and everything.
pub fn of_list(conn: &mut Conn, list: List, now: Ts) -> Result<Option<i64>> {
    let chosen = match list.kind {
        ListKind::All => "SELECT id FROM categories WHERE $1 = 0",
        ListKind::Site => "SELECT id FROM categories WHERE site_id = $1",
        ListKind::Category => "SELECT id FROM categories WHERE id = $1",
        ListKind::Subtree => {
            "SELECT id FROM categories WHERE id = $1 UNION ALL \
             SELECT c.id FROM categories c JOIN chosen ON c.parent_id = chosen.id"
        }
        ListKind::Source
        | ListKind::Topic
        | ListKind::Contributor
        | ListKind::Keyword
        | ListKind::Locale
        | ListKind::Attached => return Ok(None),
    };
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        articles: i64,
    }
    let found: Found = diesel::sql_query(format!(
        "WITH RECURSIVE chosen (id) AS ({chosen}) SELECT CAST( \
         coalesce((SELECT sum(articles) FROM category_counts WHERE category_id IN (SELECT id FROM chosen)), 0) + \
         coalesce((SELECT sum(delta) FROM visibility_events WHERE at <= $2 AND category_id IN (SELECT id FROM chosen)), 0) \
         AS bigint) AS articles"
    ))
    .bind::<BigInt, _>(list.reference)
    .bind::<UtcTs, _>(now)
    .get_result(conn)?;
    Ok(Some(found.articles))
}

/// What was rolled up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolledUp {
    /// Articles that have expired for good.
    pub expired: Vec<i64>,
    /// Whether there may be more to roll up.
    pub has_more: bool,
}

/// Folds up to `FOLDED_AT_ONCE` events that are old enough into the numbers, takes articles that have expired by then
/// off their lists, and records all of them as changes. Run it in a transaction, which has the lock of a stamp afterwards.
pub fn roll_up(conn: &mut Conn, now: Ts) -> Result<RolledUp> {
    lock_structure(conn, Structure::Kept)?;
    let gone = take_due(conn, Ts(now.0 - FOLD_AFTER))?;
    if gone.is_empty() {
        return Ok(RolledUp::default());
    }
    let expired: Vec<i64> = gone
        .iter()
        .filter(|e| e.delta < 0)
        .map(|e| e.article_id)
        .collect();
    listings::remove(conn, &expired)?;
    suggestions::forget(conn, &expired)?;
    let mut deltas = Deltas::new();
    for event in &gone {
        *deltas.entry(event.category_id).or_default() += event.delta;
    }
    apply(conn, &deltas)?;
    let mut articles: Vec<(i64, i64)> = gone.iter().map(|e| (e.site_id, e.article_id)).collect();
    articles.sort_unstable();
    articles.dedup();
    let ids: Vec<i64> = articles.iter().map(|(_, id)| *id).collect();
    changes::record_events(conn, &ids)?;
    let sites = articles.iter().map(|(site_id, _)| *site_id).collect();
    stamps::stamp(conn, &sites, now)?;
    Ok(RolledUp {
        expired,
        has_more: gone.len() == FOLDED_AT_ONCE,
    })
}

/// Deletes and returns events that are not after `before`.
///
/// Saves and other roll-ups go on meanwhile: on PostgreSQL an event that one of them holds is left to the next time,
/// and only what was deleted here is counted here. Like a save it takes events first and lists then.
fn take_due(conn: &mut Conn, before: Ts) -> Result<Vec<Event>> {
    let lock = match conn {
        Conn::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        Conn::Sqlite(_) => "",
    };
    Ok(diesel::sql_query(format!(
        "DELETE FROM visibility_events WHERE (article_id, delta) IN \
         (SELECT article_id, delta FROM visibility_events WHERE at <= $1 ORDER BY at LIMIT {FOLDED_AT_ONCE} {lock}) \
         RETURNING article_id, delta, site_id, category_id, at"
    ))
    .bind::<UtcTs, _>(before)
    .load(conn)?)
}
