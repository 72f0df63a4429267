//! SQL on the feed of changes: one row an article, with the time of its last change and, where it is gone, since when.
//!
//! Rows are written without a time and get it from [`super::stamps::stamp`] just before the transaction commits, so the
//! order of times is the order of commits and nobody who reads up to a time misses what commits later. What happens by
//! itself, an article's time coming or being over, writes nothing: it is read from `visibility_events`, and stamped
//! like a change once it is rolled up.

use chrono::Duration;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::ROWS_PER_STATEMENT;
use super::connection::{Conn, Db, on_db};
use super::fragments::{self, any_of};
use super::touched;
use crate::error::Result;
use crate::models::article::{ArticleState, Status};
use crate::models::change::{Change, ChangePlace, Withdrawal};
use crate::models::subject::Subject;
use crate::models::time::Ts;
use crate::schema::{article_changes, articles, visibility_events};

/// How far the clocks of several instances may be apart: an event younger than this waits, on PostgreSQL.
const CLOCKS_APART: Duration = Duration::seconds(2);

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = article_changes, treat_none_as_default_value = false)]
struct Row<'a> {
    article_id: i64,
    site_id: i64,
    changed_at: Option<Ts>,
    withdrawn_at: Option<Ts>,
    reason: Option<&'a str>,
    /// The withdrawal stands only if the article came out before the transaction ends.
    public_from: Option<Ts>,
}

impl<'a> Row<'a> {
    fn new(article_id: i64, site_id: i64) -> Self {
        Self {
            article_id,
            site_id,
            changed_at: None,
            withdrawn_at: None,
            reason: None,
            public_from: None,
        }
    }
}

/// Adds rows; of those that are there it replaces these columns.
macro_rules! upsert {
    ($conn:expr, $rows:expr, $($column:ident),+) => {
        for chunk in $rows.chunks(ROWS_PER_STATEMENT) {
            on_db!(&mut *$conn, |c| {
                diesel::insert_into(article_changes::table)
                    .values(chunk)
                    .on_conflict(article_changes::article_id)
                    .do_update()
                    .set(($(article_changes::$column.eq(excluded(article_changes::$column)),)+))
                    .execute(c)?;
            });
        }
    };
}

/// Records new articles (id and state). One that is not published, or whose time is over, is nobody's business.
pub fn record_new(
    conn: &mut Conn,
    site_id: i64,
    articles: &[(i64, &ArticleState)],
    now: Ts,
) -> Result<()> {
    for (id, state) in articles {
        show(*id, site_id, &[state]);
    }
    let rows: Vec<Row<'_>> = articles
        .iter()
        .filter(|(_, state)| state.status == Status::Published && !state.ends_before(now))
        .map(|(id, _)| Row::new(*id, site_id))
        .collect();
    touch(conn, &rows)
}

/// Records changed articles (id, state before and after).
pub fn record(
    conn: &mut Conn,
    site_id: i64,
    articles: &[(i64, &ArticleState, &ArticleState)],
    now: Ts,
) -> Result<()> {
    let mut settled = Vec::new();
    let mut touched = Vec::new();
    let mut perhaps = Vec::new();
    let mut told = Vec::new();
    for (id, before, after) in articles {
        show(*id, site_id, &[before, after]);
        let row = Row::new(*id, site_id);
        let begin = before.visibility_changes().first().map(|(begin, _)| *begin);
        let reason = match after.status {
            Status::Published if after.begins_before(now) => {
                // What is over before it was ever seen stays unknown.
                match begin {
                    Some(at) if at > now && after.ends_before(now) => perhaps.push(Row {
                        withdrawn_at: Some(now),
                        reason: Some("expired"),
                        public_from: begin,
                        ..row
                    }),
                    None if after.ends_before(now) => {}
                    _ => settled.push(row),
                }
                continue;
            }
            Status::Published => "rescheduled",
            Status::Archived => "archived",
            Status::Retracted => "retracted",
            // What holds an article back is nobody's business outside.
            Status::Draft | Status::InReview | Status::Approved | Status::Quarantined => {
                "unpublished"
            }
        };
        let gone = Row {
            withdrawn_at: Some(now),
            reason: Some(reason),
            ..row.clone()
        };
        match begin {
            Some(at) if at <= now => settled.push(gone),
            // It may come out until this transaction commits.
            Some(_) => perhaps.push(Row {
                public_from: begin,
                ..gone
            }),
            None if after.status == Status::Published => touched.push(row),
            None if is_retracted(before) != is_retracted(after) => told.push(gone),
            None => {}
        }
    }
    touch(conn, &touched)?;
    upsert!(conn, settled, changed_at, withdrawn_at, reason);
    tell_why(conn, &told)?;
    withdraw_perhaps(conn, &perhaps)
}

/// Has answers end that show an article, if any can.
fn show(id: i64, site_id: i64, states: &[&ArticleState]) {
    if states.iter().any(|state| state.status == Status::Published) {
        touched::touch(Subject::Article(id));
        touched::touch(Subject::ArticlesOf(site_id));
        touched::touch(Subject::Articles);
    }
}

fn is_retracted(state: &ArticleState) -> bool {
    state.status == Status::Retracted
}

/// Gives withdrawals that stand already another reason: that something was taken back, or is not any more, is told of what had
/// been archived before too.
fn tell_why(conn: &mut Conn, rows: &[Row<'_>]) -> Result<()> {
    for reason in ["retracted", "archived", "unpublished"] {
        let of_it = rows.iter().filter(|row| row.reason == Some(reason));
        let ids: Vec<i64> = of_it.map(|row| row.article_id).collect();
        if ids.is_empty() {
            continue;
        }
        diesel::update(
            article_changes::table
                .filter(any_of(article_changes::article_id, &ids))
                .filter(article_changes::withdrawn_at.is_not_null()),
        )
        .set((
            article_changes::changed_at.eq(None::<Ts>),
            article_changes::reason.eq(reason),
        ))
        .execute(conn)?;
    }
    Ok(())
}

/// Whether an article that is not public was public once.
pub fn was_public(conn: &mut Conn, article_id: i64) -> Result<bool> {
    let withdrawn: Option<Option<Ts>> = article_changes::table
        .find(article_id)
        .select(article_changes::withdrawn_at)
        .first(conn)
        .optional()?;
    Ok(withdrawn.flatten().is_some())
}

/// Those of these articles that are not public and were so once.
pub fn were_public(conn: &mut Conn, ids: &[i64]) -> Result<Vec<i64>> {
    Ok(article_changes::table
        .filter(any_of(article_changes::article_id, ids))
        .filter(article_changes::withdrawn_at.is_not_null())
        .select(article_changes::article_id)
        .load(conn)?)
}

/// Records an article (with its state so far) that is deleted.
pub fn record_deleted(
    conn: &mut Conn,
    site_id: i64,
    id: i64,
    state: &ArticleState,
    now: Ts,
) -> Result<()> {
    show(id, site_id, &[state]);
    let gone = Row {
        withdrawn_at: Some(now),
        reason: Some("deleted"),
        ..Row::new(id, site_id)
    };
    let begin = state.visibility_changes().first().map(|(begin, _)| *begin);
    match begin {
        Some(at) if at <= now => {
            let rows = [gone];
            upsert!(conn, rows, changed_at, withdrawn_at, reason);
            Ok(())
        }
        // It may come out until this transaction commits.
        Some(_) => withdraw_perhaps(
            conn,
            &[Row {
                public_from: begin,
                ..gone
            }],
        ),
        // What was withdrawn before stays so.
        None => Ok(()),
    }
}

/// Adds withdrawals of what may come out meanwhile. An earlier one is kept: a follower may not have heard of it.
fn withdraw_perhaps(conn: &mut Conn, rows: &[Row<'_>]) -> Result<()> {
    let ids: Vec<i64> = rows.iter().map(|row| row.article_id).collect();
    let kept: Vec<i64> = article_changes::table
        .filter(any_of(article_changes::article_id, &ids))
        .filter(article_changes::withdrawn_at.is_not_null())
        .select(article_changes::article_id)
        .load(conn)?;
    let (again, first): (Vec<Row<'_>>, Vec<Row<'_>>) = rows
        .iter()
        .cloned()
        .partition(|row| kept.contains(&row.article_id));
    touch(conn, &again)?;
    upsert!(conn, first, changed_at, withdrawn_at, reason, public_from);
    Ok(())
}

/// Gives the changes of the running transaction their time. Withdrawals of what had not come out by then are none.
pub(super) fn settle(conn: &mut Conn, stamp: Ts) -> Result<()> {
    diesel::update(
        article_changes::table
            .filter(article_changes::changed_at.is_null())
            .filter(article_changes::public_from.gt(stamp)),
    )
    .set((
        article_changes::withdrawn_at.eq(None::<Ts>),
        article_changes::reason.eq(None::<String>),
    ))
    .execute(conn)?;
    diesel::update(article_changes::table.filter(article_changes::changed_at.is_null()))
        .set((
            article_changes::changed_at.eq(stamp),
            article_changes::public_from.eq(None::<Ts>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Records that articles came or went by themselves. One that is not recorded yet never was seen.
pub fn record_events(conn: &mut Conn, article_ids: &[i64]) -> Result<()> {
    diesel::update(article_changes::table.filter(any_of(article_changes::article_id, article_ids)))
        .set(article_changes::changed_at.eq(None::<Ts>))
        .execute(conn)?;
    Ok(())
}

/// Adds rows; of those that are there only the time is taken off.
fn touch(conn: &mut Conn, rows: &[Row<'_>]) -> Result<()> {
    upsert!(conn, rows, changed_at);
    Ok(())
}

/// Adds what is missing for articles (id and state) that were there before changes were recorded.
pub fn record_missing(
    conn: &mut Conn,
    site_id: i64,
    articles: &[(i64, &ArticleState)],
) -> Result<()> {
    let rows: Vec<Row<'_>> = articles
        .iter()
        .filter(|(_, state)| state.status == Status::Published)
        .map(|(id, _)| Row::new(*id, site_id))
        .collect();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        on_db!(&mut *conn, |c| {
            diesel::insert_into(article_changes::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .execute(c)?;
        });
    }
    Ok(())
}

/// The place before everything: all that is public now comes after it.
pub fn beginning(conn: &mut Conn, now: Ts) -> Result<ChangePlace> {
    let until = settled(conn, now);
    let last: Option<(Ts, i64)> = visibility_events::table
        .filter(visibility_events::at.le(until))
        .select((visibility_events::at, visibility_events::article_id))
        .order((
            visibility_events::at.desc(),
            visibility_events::article_id.desc(),
        ))
        .first(conn)
        .optional()?;
    Ok(ChangePlace {
        written: (Ts::default(), 0),
        happened: last.unwrap_or_default(),
    })
}

/// The place before what changed at `at` or later.
pub fn place_at(conn: &Conn, at: Ts, now: Ts) -> ChangePlace {
    ChangePlace {
        // A client whose clock is ahead misses nothing.
        written: (at.min(now), 0),
        happened: (at.min(settled(conn, now)), 0),
    }
}

/// Until when events are complete: those that are younger are told later.
pub fn settled(conn: &Conn, now: Ts) -> Ts {
    match conn {
        Conn::Sqlite(_) => now,
        Conn::Postgres(_) => Ts(now.0 - CLOCKS_APART),
    }
}

/// The columns behind a [`Change`].
macro_rules! columns {
    () => {
        (
            article_changes::withdrawn_at.nullable(),
            article_changes::reason.nullable(),
            articles::status.nullable(),
            articles::published_at.nullable(),
            articles::unpublish_at.nullable(),
        )
    };
}

type State = (
    Option<Ts>,
    Option<String>,
    Option<String>,
    Option<Ts>,
    Option<Ts>,
);

/// Up to `limit` changes behind `after` that anyone may know of, of one site or of all, and the place behind them.
/// First what was written, then what happened by itself. Also tells whether there may be more.
pub fn page(
    conn: &mut Conn,
    site_id: Option<i64>,
    after: ChangePlace,
    limit: i64,
    now: Ts,
) -> Result<(Vec<Change>, ChangePlace, bool)> {
    let mut place = after;
    let mut changes: Vec<Change> = Vec::new();
    let mut left = limit;
    for (id, at, state) in written(conn, site_id, after.written, limit, now)? {
        place.written = (at, id);
        left -= 1;
        changes.extend(change(id, at, state, now));
    }
    if left > 0 {
        for (id, at, state) in happened(conn, site_id, after.happened, left, now)? {
            place.happened = (at, id);
            left -= 1;
            if changes.iter().all(|c| c.article_id != id) {
                changes.extend(change(id, at, state, now));
            }
        }
    }
    Ok((changes, place, left == 0))
}

fn written(
    conn: &mut Conn,
    site_id: Option<i64>,
    after: (Ts, i64),
    limit: i64,
    now: Ts,
) -> Result<Vec<(i64, Ts, State)>> {
    let mut query = article_changes::table
        .left_join(articles::table.on(articles::id.eq(article_changes::article_id)))
        .filter(fragments::changed_after(after.0, after.1))
        .filter(
            article_changes::withdrawn_at
                .is_not_null()
                .or(articles::status
                    .eq("published")
                    .and(articles::published_at.le(now))
                    .assume_not_null()),
        )
        .select((
            article_changes::article_id,
            article_changes::changed_at.assume_not_null(),
            columns!(),
        ))
        .order((article_changes::changed_at, article_changes::article_id))
        .limit(limit)
        .into_boxed::<Db>();
    if let Some(site_id) = site_id {
        query = query.filter(article_changes::site_id.eq(site_id));
    }
    Ok(query.load(conn)?)
}

fn happened(
    conn: &mut Conn,
    site_id: Option<i64>,
    after: (Ts, i64),
    limit: i64,
    now: Ts,
) -> Result<Vec<(i64, Ts, State)>> {
    let until = settled(conn, now);
    let mut query = visibility_events::table
        .inner_join(articles::table.on(articles::id.eq(visibility_events::article_id)))
        // What is not recorded was over before it was ever seen.
        .inner_join(
            article_changes::table
                .on(article_changes::article_id.eq(visibility_events::article_id)),
        )
        .filter(fragments::happened_after(after.0, after.1))
        .filter(visibility_events::at.le(until))
        .select((
            visibility_events::article_id,
            visibility_events::at,
            columns!(),
        ))
        .order((visibility_events::at, visibility_events::article_id))
        .limit(limit)
        .into_boxed::<Db>();
    if let Some(site_id) = site_id {
        query = query.filter(visibility_events::site_id.eq(site_id));
    }
    Ok(query.load(conn)?)
}

/// What anyone may know of an article that changed; nothing of one that never was public.
fn change(article_id: i64, changed_at: Ts, state: State, now: Ts) -> Option<Change> {
    let (withdrawn_at, reason, status, published_at, unpublish_at) = state;
    let has_begun =
        status.as_deref() == Some("published") && published_at.is_some_and(|at| at <= now);
    let withdrawal = match unpublish_at.filter(|at| has_begun && *at <= now) {
        Some(at) => Some(Withdrawal {
            at,
            reason: "expired".to_owned(),
        }),
        None if has_begun => None,
        None => Some(Withdrawal {
            at: withdrawn_at?,
            reason: reason?,
        }),
    };
    Some(Change {
        article_id,
        changed_at,
        withdrawal,
    })
}
