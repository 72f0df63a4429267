//! Wire types, one file a resource. Built by destructuring, so that a new column stops the compiler until someone
//! decides whether it is public. No member is ever missing; absent values are `null`, empty lists `[]`.

pub mod article;
pub mod category;
pub mod site;
pub mod source;

use serde::Serialize;
use utoipa::ToSchema;

/// How `total` was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TotalKind {
    /// Nobody counted; `total` is `null`.
    None,
    /// Counted.
    Exact,
    /// Taken from statistics.
    Estimated,
}

/// The total of a list that comes whole.
fn whole<T>(items: &[T]) -> (Option<i64>, TotalKind) {
    (i64::try_from(items.len()).ok(), TotalKind::Exact)
}
