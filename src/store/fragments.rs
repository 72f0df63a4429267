//! Conditions that diesel can only say in ways that have the statement prepared anew for every call: for SQLite a list
//! of values (its length changes the text, and is limited), and comparisons of whole keys. Their text here is always
//! the same.

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
use crate::models::listing::Position;
use crate::schema::{UtcTs, listings};

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

/// Whether a row of `listings` stands before `place`, by the whole key.
pub(super) fn before(place: Position) -> Beyond {
    Beyond {
        comparison: " < (",
        place,
    }
}

/// Whether a row of `listings` stands after `place`, by the whole key.
pub(super) fn after(place: Position) -> Beyond {
    Beyond {
        comparison: " > (",
        place,
    }
}

/// See [`before`] and [`after`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Beyond {
    comparison: &'static str,
    place: Position,
}

impl QueryId for Beyond {
    type QueryId = ();
    // The text depends on the direction; the cache then goes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for Beyond {
    type SqlType = Bool;
}

impl<G> ValidGrouping<G> for Beyond {
    type IsAggregate = is_aggregate::No;
}

impl<T> AppearsOnTable<T> for Beyond where listings::article_id: AppearsOnTable<T> {}

impl<T> SelectableExpression<T> for Beyond where listings::article_id: SelectableExpression<T> {}

impl QueryFragment<MultiBackend> for Beyond {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("(listings.published_at, listings.article_id)");
        out.push_sql(self.comparison);
        out.push_bind_param::<UtcTs, _>(&self.place.published_at)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.place.id)?;
        out.push_sql(")");
        Ok(())
    }
}
