//! SQL on change stamps: when something of a site last changed. A stamp only grows, and it grows in the order in which
//! changes are committed: a writer takes it last, and the next one waits until the first has committed.

use std::collections::{BTreeSet, HashMap};

use chrono::{Duration, SubsecRound};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::changes;
use super::connection::{Conn, on_db};
use super::fragments::any_of;
use crate::error::Result;
use crate::models::freshness::Freshness;
use crate::models::subject::Scope;
use crate::models::time::Ts;
use crate::schema::{change_clock, site_stamps, visibility_events};

/// The one row of the clock.
const CLOCK: i32 = 1;

/// Stamps what the running transaction changed: the sites, and the article changes that it recorded. The last thing
/// before it commits, because other writers wait from here on.
pub fn stamp(conn: &mut Conn, site_ids: &BTreeSet<i64>, now: Ts) -> Result<Ts> {
    let (changed, modified): (Ts, Ts) = on_db!(&mut *conn, |c| {
        // Taking the lock and reading in one, so that two writers never read the same time.
        diesel::update(change_clock::table.find(CLOCK))
            .set(change_clock::changed_at.eq(change_clock::changed_at))
            .returning((change_clock::changed_at, change_clock::modified_at))
            .get_result(c)?
    });
    let stamp = now.max(Ts(changed.0 + Duration::microseconds(1)));
    diesel::update(change_clock::table.find(CLOCK))
        .set((
            change_clock::changed_at.eq(stamp),
            change_clock::modified_at.eq(next_modification(modified, now)),
        ))
        .execute(conn)?;
    let ids: Vec<i64> = site_ids.iter().copied().collect();
    let last: HashMap<i64, Ts> = site_stamps::table
        .filter(any_of(site_stamps::site_id, &ids))
        .select((site_stamps::site_id, site_stamps::modified_at))
        .load::<(i64, Ts)>(conn)?
        .into_iter()
        .collect();
    let sites: Vec<_> = ids
        .iter()
        .map(|id| {
            let modified = last
                .get(id)
                .map_or(now, |last| next_modification(*last, now));
            (
                site_stamps::site_id.eq(*id),
                site_stamps::modified_at.eq(modified),
            )
        })
        .collect();
    for chunk in sites.chunks(super::ROWS_PER_STATEMENT) {
        on_db!(&mut *conn, |c| {
            diesel::insert_into(site_stamps::table)
                .values(chunk)
                .on_conflict(site_stamps::site_id)
                .do_update()
                .set(site_stamps::modified_at.eq(excluded(site_stamps::modified_at)))
                .execute(c)?;
        });
    }
    changes::settle(conn, stamp)?;
    Ok(stamp)
}

/// Keeps others from stamping until the running transaction ends, without a stamp of its own: nothing that readers are told of changes.
/// Waits for as long as it takes.
pub fn hold(conn: &mut Conn) -> Result<()> {
    // On SQLite a writing transaction keeps everybody out.
    if let Conn::Postgres(c) = conn {
        c.batch_execute("SET LOCAL lock_timeout TO 0")?;
        let _held: i32 = change_clock::table
            .find(CLOCK)
            .select(change_clock::id)
            .for_no_key_update()
            .first(c)?;
    }
    Ok(())
}

/// What shares a second cannot be told apart by `If-Modified-Since`, so each change has one of its own, in the future if
/// need be.
fn next_modification(last: Ts, now: Ts) -> Ts {
    let next_second = last.0.trunc_subsecs(0) + Duration::seconds(1);
    now.max(Ts(next_second + Duration::microseconds(1)))
}

/// The moment of the events selected that is nearest to the present: the last one before it or the first one after.
macro_rules! nearest {
    ($events:expr, $order:expr) => {
        $events
            .select(visibility_events::at)
            .order($order)
            .limit(1)
            .single_value()
    };
}

/// How fresh everything of a site is at `now`, articles that come and go by themselves included.
pub fn of_site(conn: &mut Conn, site_id: i64, now: Ts) -> Result<Freshness> {
    let events = || visibility_events::table.filter(visibility_events::site_id.eq(site_id));
    let found = on_db!(&mut *conn, |c| {
        site_stamps::table
            .find(site_id)
            .select((
                site_stamps::modified_at,
                nearest!(
                    events().filter(visibility_events::at.le(now)),
                    visibility_events::at.desc()
                ),
                nearest!(
                    events().filter(visibility_events::at.gt(now)),
                    visibility_events::at.asc()
                ),
            ))
            .first(c)
            .optional()?
    });
    match found {
        Some(found) => Ok(freshness(found, now, Scope::Site(site_id))),
        None => of_everything(conn, now),
    }
}

/// How fresh the whole deployment is at `now`.
pub fn of_everything(conn: &mut Conn, now: Ts) -> Result<Freshness> {
    let found = on_db!(conn, |c| {
        change_clock::table
            .find(CLOCK)
            .select((
                change_clock::modified_at,
                nearest!(
                    visibility_events::table.filter(visibility_events::at.le(now)),
                    visibility_events::at.desc()
                ),
                nearest!(
                    visibility_events::table.filter(visibility_events::at.gt(now)),
                    visibility_events::at.asc()
                ),
            ))
            .first(c)?
    });
    Ok(freshness(found, now, Scope::Everything))
}

fn freshness(
    (stamp, last_event, next_event): (Ts, Option<Ts>, Option<Ts>),
    now: Ts,
    scope: Scope,
) -> Freshness {
    Freshness {
        changed_at: last_event.map_or(stamp, |event| stamp.max(event)),
        changes_at: next_event,
        now,
        scope,
    }
}
