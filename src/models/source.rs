//! A medium that articles come from.

use diesel::prelude::*;

/// A stored source.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Source {
    /// Its id.
    pub id: i64,
    /// Its name in addresses, unique.
    pub slug: String,
    /// Its name; not unique.
    pub name: String,
    /// Its home page.
    pub url: Option<String>,
}
