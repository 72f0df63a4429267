//! SQL on the search index: segments, their pages, what is gone from them, and what waits to be indexed. Whoever changes what is searched
//! holds the row of `change_clock` ([`super::stamps`]) from then until the commit; what is in the pages is for `search` to say.

use std::collections::HashMap;
use std::ops::Range;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use diesel::upsert::excluded;

use super::articles::affected::Named;
use super::connection::{Conn, insert_rows, on_db};
use super::fragments::any_of;
use super::{ROWS_PER_STATEMENT, rows};
use crate::error::Result;
use crate::schema::{search_deletions, search_pages, search_queue, search_segments};

/// A segment that is being made.
const BEGUN: i16 = 0;

/// A segment that is searched.
const LIVE: i16 = 1;

/// A segment that is not searched any more.
const RETIRED: i16 = 2;

/// Bits of the number of a piece of deletions within its segment.
const PIECE: u32 = 20;

/// A segment without what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct SegmentRow {
    /// Its id.
    pub id: i64,
    /// The version of what becomes of a text; negative where something newer is being made in its place.
    pub format: i16,
    /// Documents in it.
    pub documents: i64,
    /// How many of these are no longer so.
    pub deleted: i64,
    /// Bytes of its pages and its header.
    pub bytes: i64,
}

/// What a segment is once it is made.
#[derive(Debug, Clone, Copy)]
pub struct Completed<'a> {
    /// Documents in it.
    pub documents: i64,
    /// How many of these are no longer so.
    pub deleted: i64,
    /// Bytes of its pages and its header.
    pub bytes: i64,
    /// Where what stands in its pages.
    pub header: &'a [u8],
}

/// Some of the deletions of a segment: its id, which piece, and the bits.
pub type Piece = (i64, i64, Vec<u8>);

/// The columns of a [`SegmentRow`], in its order.
macro_rules! columns {
    () => {
        (
            search_segments::id,
            search_segments::format,
            search_segments::documents,
            search_segments::deleted,
            search_segments::bytes,
        )
    };
}

/// The segments that are searched, by id.
pub fn live(conn: &mut Conn) -> Result<Vec<SegmentRow>> {
    Ok(search_segments::table
        .filter(search_segments::state.eq(LIVE))
        .select(columns!())
        .order(search_segments::id)
        .load(conn)?)
}

/// The ids of segments that are not searched: those that are being made, or were when a process was killed, and those of which only
/// pages are left.
pub fn not_live(conn: &mut Conn) -> Result<Vec<i64>> {
    Ok(search_segments::table
        .filter(search_segments::state.ne(LIVE))
        .select(search_segments::id)
        .order(search_segments::id)
        .load(conn)?)
}

/// The headers of segments.
pub fn headers(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, Vec<u8>)>> {
    Ok(search_segments::table
        .filter(any_of(search_segments::id, ids))
        .select((search_segments::id, search_segments::header))
        .load(conn)?)
}

/// Begins a segment, and returns its id.
pub fn begin(conn: &mut Conn, format: i16) -> Result<i64> {
    Ok(diesel::insert_into(search_segments::table)
        .values((
            search_segments::state.eq(BEGUN),
            search_segments::format.eq(format),
            search_segments::documents.eq(0),
            search_segments::deleted.eq(0),
            search_segments::bytes.eq(0),
            search_segments::header.eq(Vec::new()),
        ))
        .returning(search_segments::id)
        .get_result(conn)?)
}

/// Has a segment that was begun be searched. Tells whether it was there still.
pub fn complete(conn: &mut Conn, id: i64, completed: &Completed<'_>) -> Result<bool> {
    let Completed {
        documents,
        deleted,
        bytes,
        header,
    } = *completed;
    let changed = diesel::update(
        search_segments::table
            .filter(search_segments::id.eq(id))
            .filter(search_segments::state.eq(BEGUN)),
    )
    .set((
        search_segments::state.eq(LIVE),
        search_segments::documents.eq(documents),
        search_segments::deleted.eq(deleted),
        search_segments::bytes.eq(bytes),
        search_segments::header.eq(header),
    ))
    .execute(conn)?;
    Ok(changed == 1)
}

/// Has segments not be searched any more.
pub fn retire(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    diesel::update(search_segments::table.filter(any_of(search_segments::id, ids)))
        .set(search_segments::state.eq(RETIRED))
        .execute(conn)?;
    Ok(())
}

/// Marks all segments as those that something newer is made in the place of.
pub fn age(conn: &mut Conn) -> Result<()> {
    diesel::sql_query("UPDATE search_segments SET format = -format WHERE format > 0 AND state = 1")
        .execute(conn)?;
    Ok(())
}

/// The pages called `ids`, by id; those that are missing are left out.
pub fn pages(conn: &mut Conn, ids: &[i64]) -> Result<HashMap<i64, Vec<u8>>> {
    let found: Vec<(i64, Vec<u8>)> = search_pages::table
        .filter(any_of(search_pages::id, ids))
        .select((search_pages::id, search_pages::data))
        .load(conn)?;
    Ok(found.into_iter().collect())
}

/// Adds pages.
pub fn insert_pages(conn: &mut Conn, pages: &[(i64, Vec<u8>)]) -> Result<()> {
    #[derive(Insertable)]
    #[diesel(table_name = search_pages)]
    struct Row<'a> {
        id: i64,
        data: &'a [u8],
    }
    let rows: Vec<Row<'_>> = pages
        .iter()
        .map(|(id, data)| Row { id: *id, data })
        .collect();
    insert_rows!(conn, search_pages::table, &rows)?;
    Ok(())
}

/// Removes up to `limit` of the pages in a range; tells how many those were.
pub fn remove_pages(conn: &mut Conn, range: &Range<i64>, limit: i64) -> Result<usize> {
    Ok(diesel::sql_query(
        "DELETE FROM search_pages WHERE id IN ( \
           SELECT id FROM search_pages WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3)",
    )
    .bind::<BigInt, _>(range.start)
    .bind::<BigInt, _>(range.end)
    .bind::<BigInt, _>(limit)
    .execute(conn)?)
}

/// Removes segments with their deletions; their pages go before ([`remove_pages`]).
pub fn remove(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    let ranges: Vec<[i64; 2]> = ids.iter().map(|id| pieces_of(*id)).collect();
    rows::execute(
        conn,
        "DELETE FROM search_deletions WHERE id IN ( \
           SELECT d.id FROM ({rows}) AS given JOIN search_deletions d ON d.id >= given.c0 AND d.id < given.c1)",
        &ranges,
    )?;
    diesel::delete(search_segments::table.filter(any_of(search_segments::id, ids)))
        .execute(conn)?;
    Ok(())
}

/// The deletions of segments.
pub fn deletions(conn: &mut Conn, segments: &[i64]) -> Result<Vec<Piece>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = Binary)]
        bits: Vec<u8>,
    }
    let ranges: Vec<[i64; 2]> = segments.iter().map(|id| pieces_of(*id)).collect();
    let found: Vec<Found> = rows::load(
        conn,
        "SELECT d.id, d.bits FROM ({rows}) AS given JOIN search_deletions d ON d.id >= given.c0 AND d.id < given.c1",
        &ranges,
    )?;
    Ok(found
        .into_iter()
        .map(|Found { id, bits }| (id >> PIECE, id & ((1 << PIECE) - 1), bits))
        .collect())
}

/// The ids of the pieces of a segment: from this one, up to but not including that.
fn pieces_of(segment: i64) -> [i64; 2] {
    [segment << PIECE, (segment + 1) << PIECE]
}

/// Writes pieces of deletions, in place of what they were.
pub fn put_deletions(conn: &mut Conn, pieces: &[Piece]) -> Result<()> {
    let rows: Vec<_> = pieces
        .iter()
        .map(|(segment, number, bits)| {
            (
                search_deletions::id.eq((segment << PIECE) | number),
                search_deletions::bits.eq(bits),
            )
        })
        .collect();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        on_db!(&mut *conn, |c| {
            diesel::insert_into(search_deletions::table)
                .values(chunk)
                .on_conflict(search_deletions::id)
                .do_update()
                .set(search_deletions::bits.eq(excluded(search_deletions::bits)))
                .execute(c)?;
        });
    }
    Ok(())
}

/// Notes how many more documents of segments are no longer so, as `[segment, documents]`.
pub fn count_deleted(conn: &mut Conn, counts: &[[i64; 2]]) -> Result<()> {
    rows::execute(
        conn,
        "UPDATE search_segments SET deleted = deleted + given.c1 FROM ({rows}) AS given \
         WHERE search_segments.id = given.c0",
        counts,
    )?;
    Ok(())
}

/// Has all published articles that name something be indexed anew, by and by.
pub fn queue(conn: &mut Conn, named: Named) -> Result<()> {
    let (query, id) = named.query();
    diesel::sql_query(format!(
        // A row that waits already is taken too, so that nobody indexes the article before this is committed.
        "INSERT INTO search_queue (article_id) SELECT id FROM articles WHERE status = 'published' AND id IN ({query}) \
         ORDER BY id ON CONFLICT (article_id) DO UPDATE SET article_id = excluded.article_id"
    ))
    .bind::<BigInt, _>(id)
    .execute(conn)?;
    Ok(())
}

/// Whether any article waits.
pub fn is_waiting(conn: &mut Conn) -> Result<bool> {
    let found: Option<i64> = search_queue::table
        .select(search_queue::article_id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Takes up to `limit` articles that wait.
pub fn take(conn: &mut Conn, limit: i64) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Taken {
        #[diesel(sql_type = BigInt)]
        article_id: i64,
    }
    let lock = match conn {
        Conn::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        Conn::Sqlite(_) => "",
    };
    let taken: Vec<Taken> = diesel::sql_query(format!(
        "DELETE FROM search_queue WHERE article_id IN ( \
           SELECT article_id FROM search_queue ORDER BY article_id LIMIT $1 {lock}) RETURNING article_id"
    ))
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(taken.into_iter().map(|taken| taken.article_id).collect())
}
