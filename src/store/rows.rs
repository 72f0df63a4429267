//! Rows of numbers as a table inside a statement: one JSON text on SQLite, one array a column on PostgreSQL. So one statement writes as
//! many rows as there are, and its text never changes with their number, which keeps it prepared.

use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::sql_types::{Array, BigInt, Text, Untyped};
use diesel::sqlite::Sqlite;

use super::connection::Conn;
use crate::error::Result;

/// What stands in the text of a statement for the rows: a `SELECT` with the columns `c0`, `c1` and so on.
const PLACE: &str = "{rows}";

/// Runs `text`, in which `{rows}` stands for `rows`; tells how many rows it changed.
pub(super) fn execute<const N: usize>(
    conn: &mut Conn,
    text: &str,
    rows: &[[i64; N]],
) -> Result<usize> {
    if rows.is_empty() {
        return Ok(0);
    }
    Ok(match conn {
        Conn::Sqlite(c) => Statement::<N, String>::new(text, rows, true).execute(c)?,
        Conn::Postgres(c) => Statement::<N, Vec<Vec<i64>>>::new(text, rows, true).execute(c)?,
    })
}

/// [`execute`] for a statement that returns rows.
pub(super) fn load<const N: usize, T>(
    conn: &mut Conn,
    text: &str,
    rows: &[[i64; N]],
) -> Result<Vec<T>>
where
    T: FromSqlRow<Untyped, Sqlite> + FromSqlRow<Untyped, Pg> + 'static,
{
    loaded(conn, text, rows, true)
}

/// [`load`] for a text that is made for this one use. It is not kept prepared: statements are kept for as long as their connection
/// lives, so texts that are never the same would fill the memory.
pub(super) fn load_once<const N: usize, T>(
    conn: &mut Conn,
    text: &str,
    rows: &[[i64; N]],
) -> Result<Vec<T>>
where
    T: FromSqlRow<Untyped, Sqlite> + FromSqlRow<Untyped, Pg> + 'static,
{
    loaded(conn, text, rows, false)
}

fn loaded<const N: usize, T>(
    conn: &mut Conn,
    text: &str,
    rows: &[[i64; N]],
    is_kept: bool,
) -> Result<Vec<T>>
where
    T: FromSqlRow<Untyped, Sqlite> + FromSqlRow<Untyped, Pg> + 'static,
{
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match conn {
        Conn::Sqlite(c) => Statement::<N, String>::new(text, rows, is_kept).load(c)?,
        Conn::Postgres(c) => Statement::<N, Vec<Vec<i64>>>::new(text, rows, is_kept).load(c)?,
    })
}

/// A text with rows in it, as one database takes them. Unlike `sql_query` it may stay prepared.
struct Statement<'a, const N: usize, R> {
    text: &'a str,
    rows: R,
    is_kept: bool,
}

impl<const N: usize, R> Statement<'_, N, R> {
    /// What stands before the rows and behind them.
    fn sides(&self) -> (&str, &str) {
        self.text.split_once(PLACE).unwrap_or((self.text, ""))
    }
}

impl<'a, const N: usize> Statement<'a, N, String> {
    fn new(text: &'a str, rows: &[[i64; N]], is_kept: bool) -> Self {
        let mut json = String::with_capacity(rows.len() * N * 12);
        for row in rows {
            json.push(if json.is_empty() { '[' } else { ',' });
            // A column alone needs no array for each row.
            if N > 1 {
                json.push('[');
            }
            for (at, value) in row.iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                json.push_str(&value.to_string());
            }
            if N > 1 {
                json.push(']');
            }
        }
        json.push(']');
        Self {
            text,
            rows: json,
            is_kept,
        }
    }
}

impl<'a, const N: usize> Statement<'a, N, Vec<Vec<i64>>> {
    fn new(text: &'a str, rows: &[[i64; N]], is_kept: bool) -> Self {
        let mut columns = vec![Vec::with_capacity(rows.len()); N];
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(*value);
            }
        }
        Self {
            text,
            rows: columns,
            is_kept,
        }
    }
}

impl<const N: usize, R> QueryId for Statement<'_, N, R> {
    type QueryId = ();
    // The cache goes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<const N: usize, R> Query for Statement<'_, N, R> {
    type SqlType = Untyped;
}

impl<const N: usize> RunQueryDsl<SqliteConnection> for Statement<'_, N, String> {}
impl<const N: usize> RunQueryDsl<PgConnection> for Statement<'_, N, Vec<Vec<i64>>> {}

impl<const N: usize> QueryFragment<Sqlite> for Statement<'_, N, String> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let (before, after) = self.sides();
        if !self.is_kept {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(before);
        for column in 0..N {
            out.push_sql(if column == 0 { "SELECT " } else { ", " });
            match N {
                1 => out.push_sql("value AS c0"),
                _ => out.push_sql(&format!("value ->> {column} AS c{column}")),
            }
        }
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, _>(&self.rows)?;
        // Without a condition, an `ON CONFLICT` behind it would be read as that of a join.
        out.push_sql(") WHERE true");
        out.push_sql(after);
        Ok(())
    }
}

impl<const N: usize> QueryFragment<Pg> for Statement<'_, N, Vec<Vec<i64>>> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (before, after) = self.sides();
        let names: Vec<String> = (0..N).map(|n| format!("c{n}")).collect();
        let names = names.join(", ");
        out.push_sql(before);
        out.push_sql(&format!("SELECT {names} FROM unnest("));
        for (at, column) in self.rows.iter().enumerate() {
            if at > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<Array<BigInt>, _>(column)?;
        }
        out.push_sql(&format!(") AS given({names})"));
        out.push_sql(after);
        Ok(())
    }
}
