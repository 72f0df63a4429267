//! SQL on who was counted within the window: hashes, nothing else.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::error::Result;
use crate::schema::counting_marks;
use crate::store::connection::Conn;
use crate::store::fragments::any_of;
use crate::store::rows;

/// A visitor, or an address, that something was counted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The hash.
    pub key: i64,
    /// When, for the first time in its window, in microseconds since 1970.
    pub counted_at: i64,
    /// How often since.
    pub counted: i64,
}

/// Those of the marks with `keys` that were made after `from`, and not after `to`: a clock that was ahead made them.
pub fn find(conn: &mut Conn, keys: &[i64], from: i64, to: i64) -> Result<Vec<Mark>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        key: i64,
        #[diesel(sql_type = BigInt)]
        counted_at: i64,
        #[diesel(sql_type = BigInt)]
        counted: i64,
    }
    let asked: Vec<[i64; 1]> = keys.iter().map(|key| [*key]).collect();
    let found: Vec<Row> = rows::load(
        conn,
        "SELECT key, counted_at, counted FROM ({rows}) AS asked CROSS JOIN counting_marks WHERE key = asked.c0",
        &asked,
    )?;
    // Few are out of the window: the index by time is of no use here.
    let is_within = |row: &Row| row.counted_at > from && row.counted_at <= to;
    Ok(found
        .into_iter()
        .filter(is_within)
        .map(|row| Mark {
            key: row.key,
            counted_at: row.counted_at,
            counted: row.counted,
        })
        .collect())
}

/// Makes or replaces marks. No two may have the same key.
pub fn put(conn: &mut Conn, marks: &[Mark]) -> Result<()> {
    let given: Vec<[i64; 3]> = marks
        .iter()
        .map(|mark| [mark.key, mark.counted_at, mark.counted])
        .collect();
    rows::execute(
        conn,
        "INSERT INTO counting_marks (key, counted_at, counted) {rows} \
         ON CONFLICT (key) DO UPDATE SET counted_at = excluded.counted_at, counted = excluded.counted",
        &given,
    )?;
    Ok(())
}

/// Removes up to `limit` marks that were made before `before`; tells how many those were.
pub fn delete_old(conn: &mut Conn, before: i64, limit: i64) -> Result<usize> {
    let old: Vec<i64> = counting_marks::table
        .filter(counting_marks::counted_at.lt(before))
        .order(counting_marks::counted_at)
        .select(counting_marks::key)
        .limit(limit)
        .load(conn)?;
    Ok(diesel::delete(
        counting_marks::table
            .filter(any_of(counting_marks::key, &old))
            .filter(counting_marks::counted_at.lt(before)),
    )
    .execute(conn)?)
}
