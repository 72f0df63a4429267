//! SQL on the runs of the check for injected text over what is there already.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::connection::Conn;
use crate::error::{Error, Result};
use crate::models::hygiene::{ScanPurpose, ScanState};
use crate::models::hygiene_scan::{Draft, NewScan, Sample, Scan, Tally};
use crate::models::json::Doc;
use crate::models::time::Ts;
use crate::schema::{hygiene_scans, sites};

/// Runs that are kept.
const KEPT: i64 = 200;

/// States in which somebody has to go on with a run.
const OPEN: [&str; 2] = [ScanState::Waiting.as_str(), ScanState::Running.as_str()];

/// Begins a run over everything, or over a site: what it says of `rule_set` and `total` is looked up. A rescan takes the place of those before it that
/// are not through. Returns its id.
pub fn begin(conn: &mut Conn, new: &NewScan, now: Ts) -> Result<i64> {
    if new.purpose == ScanPurpose::Rescan {
        supersede(conn, new.site_id, now)?;
    }
    let total = total(conn, new.site_id)?;
    let id = insert(conn, new, Scan::BEGINNING, total, now)?;
    forget_old(conn)?;
    Ok(id)
}

/// Begins a run over the articles of a site behind `after`: the site, or something in it, is held back now, or is not any more. One that waits already
/// does it too.
pub fn begin_settling(
    conn: &mut Conn,
    site_id: i64,
    after: i64,
    actor: &str,
    now: Ts,
) -> Result<()> {
    let waiting = hygiene_scans::table
        .filter(hygiene_scans::state.eq(ScanState::Waiting.as_str()))
        .filter(hygiene_scans::purpose.eq(ScanPurpose::Settle.as_str()))
        .filter(hygiene_scans::site_id.eq(site_id))
        .select((hygiene_scans::id, hygiene_scans::after_id))
        .order(hygiene_scans::id)
        .first::<(i64, i64)>(conn)
        .optional()?;
    match waiting {
        Some((_, known)) if known <= after => {}
        Some((id, _)) => {
            diesel::update(hygiene_scans::table.find(id))
                .set(hygiene_scans::after_id.eq(after))
                .execute(conn)?;
        }
        None => {
            let new = NewScan {
                purpose: ScanPurpose::Settle,
                site_id: Some(site_id),
                draft: None,
                actor: actor.to_owned(),
            };
            let total = articles_behind(conn, site_id, after)?;
            insert(conn, &new, after, total, now)?;
            forget_old(conn)?;
        }
    }
    Ok(())
}

fn insert(conn: &mut Conn, new: &NewScan, after: i64, total: i64, now: Ts) -> Result<i64> {
    let NewScan {
        purpose,
        site_id,
        draft,
        actor,
    } = new;
    let rule_set = super::hygiene_rules::current(conn)?.version;
    Ok(diesel::insert_into(hygiene_scans::table)
        .values((
            hygiene_scans::purpose.eq(purpose.as_str()),
            hygiene_scans::site_id.eq(*site_id),
            hygiene_scans::draft.eq(draft.as_ref().map(|rule| Doc(Draft::from(rule)))),
            hygiene_scans::state.eq(ScanState::Waiting.as_str()),
            hygiene_scans::rule_set.eq(rule_set),
            hygiene_scans::after_id.eq(after),
            (
                hygiene_scans::looked_at.eq(0),
                hygiene_scans::total.eq(total),
                hygiene_scans::blocks.eq(0),
                hygiene_scans::reviews.eq(0),
                hygiene_scans::notes.eq(0),
                hygiene_scans::held.eq(0),
                hygiene_scans::released.eq(0),
            ),
            hygiene_scans::samples.eq(Doc(Vec::<Sample>::new())),
            hygiene_scans::actor.eq(actor),
            hygiene_scans::started_at.eq(now),
            hygiene_scans::updated_at.eq(now),
        ))
        .returning(hygiene_scans::id)
        .get_result(conn)?)
}

/// How many records there are to look at.
fn total(conn: &mut Conn, site_id: Option<i64>) -> Result<i64> {
    let sql = match site_id {
        None => {
            "SELECT (SELECT count(*) FROM articles) + (SELECT count(*) FROM sites) + (SELECT count(*) FROM categories) \
             + (SELECT count(*) FROM topics) + (SELECT count(*) FROM sources) + (SELECT count(*) FROM menus) \
             + (SELECT count(*) FROM link_groups) + (SELECT count(*) FROM media) AS n WHERE $1 = $1"
        }
        // Sources belong to no site.
        Some(_) => {
            "SELECT (SELECT count(*) FROM articles WHERE site_id = $1) + (SELECT count(*) FROM sites WHERE id = $1) \
             + (SELECT count(*) FROM categories WHERE site_id = $1) + (SELECT count(*) FROM topics WHERE site_id = $1) \
             + (SELECT count(*) FROM menus WHERE site_id = $1) + (SELECT count(*) FROM link_groups WHERE site_id = $1) \
             + (SELECT count(*) FROM media WHERE site_id = $1) AS n"
        }
    };
    let query = diesel::sql_query(sql).bind::<BigInt, _>(site_id.unwrap_or_default());
    Ok(query.get_result::<Number>(conn)?.n)
}

fn articles_behind(conn: &mut Conn, site_id: i64, after: i64) -> Result<i64> {
    let sql = "SELECT count(*) AS n FROM articles WHERE site_id = $1 AND id > $2";
    let query = diesel::sql_query(sql).bind::<BigInt, _>(site_id);
    Ok(query.bind::<BigInt, _>(after).get_result::<Number>(conn)?.n)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Stops rescans that are not through, of a site or of everything.
fn supersede(conn: &mut Conn, site_id: Option<i64>, now: Ts) -> Result<()> {
    let older = hygiene_scans::table
        .filter(hygiene_scans::purpose.eq(ScanPurpose::Rescan.as_str()))
        .filter(hygiene_scans::state.eq_any(OPEN));
    let stopped = (
        hygiene_scans::state.eq(ScanState::Cancelled.as_str()),
        hygiene_scans::updated_at.eq(now),
        hygiene_scans::finished_at.eq(now),
    );
    match site_id {
        None => diesel::update(older).set(stopped).execute(conn)?,
        Some(site_id) => diesel::update(older.filter(hygiene_scans::site_id.eq(site_id)))
            .set(stopped)
            .execute(conn)?,
    };
    Ok(())
}

/// Forgets all but the newest runs; those that are not through stay.
fn forget_old(conn: &mut Conn) -> Result<()> {
    let oldest_kept: Option<i64> = hygiene_scans::table
        .select(hygiene_scans::id)
        .order(hygiene_scans::id.desc())
        .offset(KEPT - 1)
        .first(conn)
        .optional()?;
    if let Some(oldest_kept) = oldest_kept {
        diesel::delete(
            hygiene_scans::table
                .filter(hygiene_scans::id.lt(oldest_kept))
                .filter(hygiene_scans::state.ne_all(OPEN)),
        )
        .execute(conn)?;
    }
    Ok(())
}

/// Keeps how far a run is; tells whether it goes on, which it does not where somebody stopped it.
pub fn keep(conn: &mut Conn, scan: &Scan) -> Result<bool> {
    let Tally {
        blocks,
        reviews,
        notes,
        held,
        released,
    } = scan.tally;
    let open = hygiene_scans::table
        .find(scan.id)
        .filter(hygiene_scans::state.eq_any(OPEN));
    let kept = diesel::update(open)
        .set((
            hygiene_scans::state.eq(scan.state.as_str()),
            hygiene_scans::rule_set.eq(scan.rule_set),
            hygiene_scans::after_id.eq(scan.after_id),
            (
                hygiene_scans::looked_at.eq(scan.looked_at),
                hygiene_scans::total.eq(scan.total),
                hygiene_scans::blocks.eq(blocks),
                hygiene_scans::reviews.eq(reviews),
                hygiene_scans::notes.eq(notes),
                hygiene_scans::held.eq(held),
                hygiene_scans::released.eq(released),
            ),
            hygiene_scans::samples.eq(Doc(scan.samples.clone())),
            hygiene_scans::updated_at.eq(scan.updated_at),
            hygiene_scans::finished_at.eq(scan.finished_at),
        ))
        .execute(conn)?;
    Ok(kept > 0)
}

/// The columns of a [`Row`], in its order.
macro_rules! columns {
    () => {
        (
            (
                hygiene_scans::id,
                hygiene_scans::purpose,
                hygiene_scans::site_id,
                sites::slug.nullable(),
                hygiene_scans::draft,
                hygiene_scans::state,
            ),
            (
                hygiene_scans::rule_set,
                hygiene_scans::after_id,
                hygiene_scans::looked_at,
                hygiene_scans::total,
                hygiene_scans::blocks,
                hygiene_scans::reviews,
                hygiene_scans::notes,
                hygiene_scans::held,
                hygiene_scans::released,
            ),
            (
                hygiene_scans::samples,
                hygiene_scans::actor,
                hygiene_scans::started_at,
                hygiene_scans::updated_at,
                hygiene_scans::finished_at,
            ),
        )
    };
}

/// A run as the database has it.
type Row = (
    (
        i64,
        String,
        Option<i64>,
        Option<String>,
        Option<Doc<Draft>>,
        String,
    ),
    (i64, i64, i64, i64, i64, i64, i64, i64, i64),
    (Doc<Vec<Sample>>, String, Ts, Ts, Option<Ts>),
);

fn open(row: Row) -> Result<Scan> {
    let (
        (id, purpose, site_id, site, draft, state),
        (rule_set, after_id, looked_at, total, blocks, reviews, notes, held, released),
        (samples, actor, started_at, updated_at, finished_at),
    ) = row;
    let unknown = |what: &str| Error::internal(format!("the run {id} has an unknown {what}"));
    Ok(Scan {
        id,
        purpose: ScanPurpose::parse(&purpose).ok_or_else(|| unknown("purpose"))?,
        site_id,
        site,
        draft: draft
            .map(|draft| draft.0.rule().ok_or_else(|| unknown("draft")))
            .transpose()?,
        state: ScanState::parse(&state).ok_or_else(|| unknown("state"))?,
        rule_set,
        after_id,
        looked_at,
        total,
        tally: Tally {
            blocks,
            reviews,
            notes,
            held,
            released,
        },
        samples: samples.0,
        actor,
        started_at,
        updated_at,
        finished_at,
    })
}

/// The run with `id`.
pub fn find(conn: &mut Conn, id: i64) -> Result<Option<Scan>> {
    let found: Option<Row> = hygiene_scans::table
        .left_join(sites::table.on(hygiene_scans::site_id.eq(sites::id.nullable())))
        .filter(hygiene_scans::id.eq(id))
        .select(columns!())
        .first(conn)
        .optional()?;
    found.map(open).transpose()
}

/// Up to `limit` runs with an id below `before`, the newest first.
pub fn page(conn: &mut Conn, before: i64, offset: i64, limit: i64) -> Result<Vec<Scan>> {
    let rows: Vec<Row> = hygiene_scans::table
        .left_join(sites::table.on(hygiene_scans::site_id.eq(sites::id.nullable())))
        .filter(hygiene_scans::id.lt(before))
        .select(columns!())
        .order(hygiene_scans::id.desc())
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    rows.into_iter().map(open).collect()
}

/// How many runs there are.
pub fn count(conn: &mut Conn) -> Result<i64> {
    Ok(hygiene_scans::table.count().get_result(conn)?)
}

/// The ids of the runs that somebody has to go on with, and why they are made; the oldest first.
pub fn open_ones(conn: &mut Conn) -> Result<Vec<(i64, ScanPurpose)>> {
    let rows: Vec<(i64, String)> = hygiene_scans::table
        .filter(hygiene_scans::state.eq_any(OPEN))
        .select((hygiene_scans::id, hygiene_scans::purpose))
        .order(hygiene_scans::id)
        .load(conn)?;
    rows.into_iter()
        .map(|(id, word)| {
            let purpose = ScanPurpose::parse(&word);
            let purpose = purpose
                .ok_or_else(|| Error::internal(format!("the run {id} has an unknown purpose")))?;
            Ok((id, purpose))
        })
        .collect()
}

/// When the last run over everything was begun, a guard or one that was asked for.
pub fn last_over_all(conn: &mut Conn) -> Result<Option<Ts>> {
    let purposes = [ScanPurpose::Guard.as_str(), ScanPurpose::Rescan.as_str()];
    Ok(hygiene_scans::table
        .filter(hygiene_scans::purpose.eq_any(purposes))
        .filter(hygiene_scans::site_id.is_null())
        .filter(hygiene_scans::state.ne(ScanState::Cancelled.as_str()))
        .select(hygiene_scans::started_at)
        .order(hygiene_scans::id.desc())
        .first(conn)
        .optional()?)
}
