//! A JSON document in a column: `jsonb` on PostgreSQL, text on SQLite.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;

use crate::schema::JsonDoc;

/// A value kept as one JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Default, FromSqlRow, AsExpression)]
#[diesel(sql_type = JsonDoc)]
pub struct Doc<T>(pub T)
where
    T: std::fmt::Debug;
