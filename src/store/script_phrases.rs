//! SQL on what editors want instead of what the dictionaries of the Chinese scripts say.

use diesel::prelude::*;

use super::connection::Conn;
use super::fragments::any_of;
use crate::error::Result;
use crate::models::managed::Managed;
use crate::models::script_phrase::ScriptPhrase;
use crate::models::time::Ts;
use crate::schema::{script_phrases, sites};

/// The columns of a [`ScriptPhrase`], in its order.
macro_rules! columns {
    () => {
        (
            script_phrases::id,
            script_phrases::site_id,
            script_phrases::hans,
            script_phrases::hant,
            script_phrases::direction,
            script_phrases::note,
        )
    };
}

/// The phrases of these sites, by id.
pub fn of_sites(conn: &mut Conn, site_ids: &[i64]) -> Result<Vec<ScriptPhrase>> {
    Ok(script_phrases::table
        .filter(any_of(script_phrases::site_id, site_ids))
        .select(columns!())
        .order(script_phrases::id)
        .load(conn)?)
}

/// The phrase of a site with these texts.
pub fn find(conn: &mut Conn, site_id: i64, hans: &str, hant: &str) -> Result<Option<ScriptPhrase>> {
    Ok(script_phrases::table
        .filter(script_phrases::site_id.eq(site_id))
        .filter(script_phrases::hans.eq(hans))
        .filter(script_phrases::hant.eq(hant))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// Adds a phrase, whose own id does not count, and returns its id.
pub fn insert(conn: &mut Conn, phrase: &ScriptPhrase, now: Ts) -> Result<i64> {
    Ok(diesel::insert_into(script_phrases::table)
        .values((
            script_phrases::site_id.eq(phrase.site_id),
            script_phrases::hans.eq(&phrase.hans),
            script_phrases::hant.eq(&phrase.hant),
            script_phrases::direction.eq(&phrase.direction),
            script_phrases::note.eq(&phrase.note),
            script_phrases::created_at.eq(now),
            script_phrases::updated_at.eq(now),
        ))
        .returning(script_phrases::id)
        .get_result(conn)?)
}

/// Makes the stored phrase equal to `phrase`.
pub fn update(conn: &mut Conn, phrase: &ScriptPhrase, now: Ts) -> Result<()> {
    diesel::update(script_phrases::table.find(phrase.id))
        .set((
            script_phrases::hans.eq(&phrase.hans),
            script_phrases::hant.eq(&phrase.hant),
            script_phrases::direction.eq(&phrase.direction),
            script_phrases::note.eq(&phrase.note),
            script_phrases::version.eq(script_phrases::version + 1),
            script_phrases::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes a phrase.
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::delete(script_phrases::table.find(id)).execute(conn)?;
    Ok(())
}

/// The columns of a [`Managed`] phrase, in its order.
macro_rules! managed_columns {
    () => {
        (
            columns!(),
            sites::slug,
            script_phrases::version,
            script_phrases::created_at,
            script_phrases::updated_at,
        )
    };
}

type ManagedRow = (ScriptPhrase, String, i64, Ts, Ts);

fn managed((value, site, version, created_at, updated_at): ManagedRow) -> Managed<ScriptPhrase> {
    Managed {
        value,
        site,
        version,
        created_at,
        updated_at,
        is_held: false,
    }
}

/// The phrase with `id`, with its history.
pub fn find_managed(conn: &mut Conn, id: i64) -> Result<Option<Managed<ScriptPhrase>>> {
    let found: Option<ManagedRow> = script_phrases::table
        .inner_join(sites::table.on(sites::id.eq(script_phrases::site_id)))
        .filter(script_phrases::id.eq(id))
        .select(managed_columns!())
        .first(conn)
        .optional()?;
    Ok(found.map(managed))
}

/// Up to `limit` phrases of a site with an id above `after`, by id and with their history.
pub fn managed_page(
    conn: &mut Conn,
    site_id: i64,
    after: i64,
    offset: i64,
    limit: i64,
) -> Result<Vec<Managed<ScriptPhrase>>> {
    let found: Vec<ManagedRow> = script_phrases::table
        .inner_join(sites::table.on(sites::id.eq(script_phrases::site_id)))
        .filter(script_phrases::site_id.eq(site_id))
        .filter(script_phrases::id.gt(after))
        .select(managed_columns!())
        .order(script_phrases::id)
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    Ok(found.into_iter().map(managed).collect())
}

/// How many phrases a site has.
pub fn count(conn: &mut Conn, site_id: i64) -> Result<i64> {
    Ok(script_phrases::table
        .filter(script_phrases::site_id.eq(site_id))
        .count()
        .get_result(conn)?)
}
