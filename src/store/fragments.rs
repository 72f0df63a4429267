//! Conditions that diesel can only say in ways that have the statement prepared anew for every call: for SQLite a list
//! of values (its length changes the text, and is limited), and comparisons of whole keys. Their text here is always
//! the same.

use std::marker::PhantomData;

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel::sqlite::Sqlite;
use serde::Serialize;

use super::connection::MultiBackend;
use crate::models::listing::{Place, SortKey};
use crate::models::time::Ts;
use crate::schema::{UtcTs, article_changes, listings, visibility_events};

/// Whether `column` is one of `values`: ids or texts, as many as there are.
pub(super) fn any_of<C, V: Clone + Serialize>(column: C, values: &[V]) -> AnyOf<C, V> {
    // Numbers and texts always serialise.
    let json = serde_json::to_string(values).unwrap_or_default();
    AnyOf {
        column,
        values: values.to_vec(),
        json,
    }
}

/// See [`any_of`].
#[derive(Debug, Clone)]
pub(super) struct AnyOf<C, V> {
    column: C,
    values: Vec<V>,
    json: String,
}

impl<C: QueryId, V: 'static> QueryId for AnyOf<C, V> {
    type QueryId = AnyOf<C::QueryId, V>;
    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}

impl<C, V> Expression for AnyOf<C, V> {
    type SqlType = Bool;
}

impl<C: ValidGrouping<G>, V, G> ValidGrouping<G> for AnyOf<C, V> {
    type IsAggregate = C::IsAggregate;
}

impl<C: AppearsOnTable<T>, V, T> AppearsOnTable<T> for AnyOf<C, V> {}

impl<C: SelectableExpression<T>, V, T> SelectableExpression<T> for AnyOf<C, V> {}

impl<C: QueryFragment<Sqlite>, V> QueryFragment<Sqlite> for AnyOf<C, V> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for AnyOf<C, i64> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<BigInt>, _>(&self.values)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for AnyOf<C, String> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<Text>, _>(&self.values)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C, V> QueryFragment<MultiBackend> for AnyOf<C, V>
where
    Self: QueryFragment<Sqlite> + QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, pass)
    }
}

/// Loads rows that belong to things with `$ids`, of which `$column` has one each. `$is_of` is that condition in `$query`. One id, as the page of an
/// article asks for, is compared instead of looked up in a list.
///
/// The query is put to the database itself: of the combined backend it would be written as text three times for each run.
macro_rules! load_of {
    ($conn:expr, $ids:expr, $column:expr, |$is_of:ident| $query:expr) => {
        match *$ids {
            [id] => $crate::store::connection::on_db!($conn, |c| {
                let $is_of = $column.eq(id);
                $query.load(c)?
            }),
            _ => $crate::store::connection::on_db!($conn, |c| {
                let $is_of = $crate::store::fragments::any_of($column, $ids);
                $query.load(c)?
            }),
        }
    };
}
pub(super) use load_of;

/// Which end of a range a [`Beyond`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Rows before the place.
    Before,
    /// Rows after the place.
    After,
}

/// Whether a row of `listings` stands before or after `place` in the order that the place is of, by the whole key.
pub(super) fn beyond(end: End, place: Place) -> Beyond<listings::table> {
    let columns = match &place.key {
        SortKey::PublishedAt(_) => "(listings.published_at, listings.article_id)",
        SortKey::UpdatedAt(_) => "(listings.updated_at, listings.article_id)",
        SortKey::Title(_) => "(listings.title_key, listings.article_id)",
    };
    Beyond::new(columns, end, place)
}

/// Whether a row of `article_changes` stands after this time and article.
pub(super) fn changed_after(at: Ts, id: i64) -> Beyond<article_changes::table> {
    let columns = "(article_changes.changed_at, article_changes.article_id)";
    Beyond::new(columns, End::After, time_place(at, id))
}

/// Whether a row of `visibility_events` stands after this time and article.
pub(super) fn happened_after(at: Ts, id: i64) -> Beyond<visibility_events::table> {
    let columns = "(visibility_events.at, visibility_events.article_id)";
    Beyond::new(columns, End::After, time_place(at, id))
}

fn time_place(at: Ts, id: i64) -> Place {
    Place {
        key: SortKey::UpdatedAt(at),
        id,
    }
}

/// A comparison of a row's key with a place: see [`beyond`].
#[derive(Debug, Clone)]
pub(super) struct Beyond<T> {
    columns: &'static str,
    end: End,
    place: Place,
    table: PhantomData<T>,
}

impl<T> Beyond<T> {
    fn new(columns: &'static str, end: End, place: Place) -> Self {
        Self {
            columns,
            end,
            place,
            table: PhantomData,
        }
    }
}

impl<T> QueryId for Beyond<T> {
    type QueryId = ();
    // The text depends on columns and end; the cache then goes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> Expression for Beyond<T> {
    type SqlType = Bool;
}

impl<T, G> ValidGrouping<G> for Beyond<T> {
    type IsAggregate = is_aggregate::No;
}

impl<Q> AppearsOnTable<Q> for Beyond<listings::table> where listings::article_id: AppearsOnTable<Q> {}

impl<Q> SelectableExpression<Q> for Beyond<listings::table> where
    listings::article_id: SelectableExpression<Q>
{
}

impl<Q> AppearsOnTable<Q> for Beyond<article_changes::table> where
    article_changes::article_id: AppearsOnTable<Q>
{
}

impl<Q> SelectableExpression<Q> for Beyond<article_changes::table> where
    article_changes::article_id: SelectableExpression<Q>
{
}

impl<Q> AppearsOnTable<Q> for Beyond<visibility_events::table> where
    visibility_events::article_id: AppearsOnTable<Q>
{
}

impl<Q> SelectableExpression<Q> for Beyond<visibility_events::table> where
    visibility_events::article_id: SelectableExpression<Q>
{
}

impl<T> QueryFragment<MultiBackend> for Beyond<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql(self.columns);
        out.push_sql(match self.end {
            End::Before => " < (",
            End::After => " > (",
        });
        match &self.place.key {
            SortKey::PublishedAt(at) | SortKey::UpdatedAt(at) => {
                out.push_bind_param::<UtcTs, _>(at)?;
            }
            SortKey::Title(key) => out.push_bind_param::<Text, _>(key)?,
        }
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.place.id)?;
        out.push_sql(")");
        Ok(())
    }
}
