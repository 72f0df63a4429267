//! Wire types, one file a resource. Built by destructuring, so that a new column stops the compiler until someone
//! decides whether it is public. No member is ever missing; absent values are `null`, empty lists `[]`.

pub mod article;
pub mod category;
pub mod link_group;
pub mod menu;
pub mod site;
pub mod source;
pub mod topic;

use crate::http::pagination::CountKind;
use crate::models::page::Total;

/// The two members that a total becomes.
fn total(total: Total) -> (Option<i64>, CountKind) {
    match total {
        Total::Unknown => (None, CountKind::None),
        Total::Exact(n) => (Some(n), CountKind::Exact),
        Total::Estimated(n) => (Some(n), CountKind::Estimated),
    }
}

/// The total of a list that comes whole.
fn whole<T>(items: &[T]) -> (Option<i64>, CountKind) {
    (i64::try_from(items.len()).ok(), CountKind::Exact)
}
