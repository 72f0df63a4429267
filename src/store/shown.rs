//! Conditions on where things stand: in a site or category that is held back nothing is there for readers. Articles there are quarantined, the last
//! of many by and by, so whoever reads articles for readers binds these, too. Says nothing of articles themselves.
//!
//! What is held back has an index of its own, which is mostly empty, and is looked up once a statement, not once a row.

use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use crate::schema::{articles, categories};

/// The ids of the categories that readers do not get: those that are held back, and all below them.
macro_rules! held {
    () => {
        "(SELECT below.id FROM categories held JOIN categories below ON below.site_id = held.site_id WHERE held.is_held \
         AND (below.path = held.path OR substr(below.path, 1, length(held.path) + 1) = held.path || '/'))"
    };
}

/// Whether readers get what stands in the site and the category of an article, of which only that is at hand.
macro_rules! around_shown {
    ($article:literal) => {
        concat!(
            $article,
            ".category_id NOT IN ",
            held!(),
            " AND NOT EXISTS (SELECT 1 FROM sites place WHERE place.id = ",
            $article,
            // The offset keeps PostgreSQL from joining what is to be looked up.
            ".site_id AND place.is_held LIMIT 1 OFFSET 0)"
        )
    };
}

/// [`AroundShown`] in SQL of one's own, of the article `a`.
pub(super) const AROUND_A: &str = around_shown!("a");

/// [`BelowHeld`] in SQL of one's own, of the category `c`.
pub(super) const C_BELOW_HELD: &str = concat!("c.id IN ", held!());

macro_rules! condition {
    ($(#[$doc:meta])* $name:ident, $column:path, $sql:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, QueryId)]
        pub(super) struct $name;

        impl Expression for $name {
            type SqlType = Bool;
        }

        impl<G> ValidGrouping<G> for $name {
            type IsAggregate = is_aggregate::No;
        }

        impl<Q> AppearsOnTable<Q> for $name where $column: AppearsOnTable<Q> {}

        impl<Q> SelectableExpression<Q> for $name where $column: AppearsOnTable<Q> {}

        impl<D: Backend> QueryFragment<D> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, D>) -> QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }
    };
}

condition! {
    /// Whether a category, or one above it, is held back. Where there is no category beside it is false.
    BelowHeld, categories::id, concat!("(categories.id IS NOT NULL AND categories.id IN ", held!(), ")")
}

condition! {
    /// Whether readers get a category, of which the site stands beside it, and what is in it.
    PlaceShown, categories::id,
    // Not two conditions, of which SQLite might take one for a shorter way.
    concat!("(CASE WHEN sites.is_held THEN FALSE ELSE categories.id NOT IN ", held!(), " END)")
}

condition! {
    /// [`PlaceShown`] for the place of one article: looked up there, not listed first.
    OnePlaceShown, categories::id,
    "(CASE WHEN sites.is_held THEN FALSE ELSE NOT EXISTS (SELECT 1 FROM categories held WHERE held.is_held \
     AND held.site_id = categories.site_id AND (categories.path = held.path \
     OR substr(categories.path, 1, length(held.path) + 1) = held.path || '/')) END)"
}

condition! {
    /// Whether readers get what stands in the site and the category of an article.
    AroundShown, articles::id, concat!("(", around_shown!("articles"), ")")
}
