//! A node of a site's category tree.

use diesel::prelude::*;

use super::time::Ts;

/// A stored category.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Category {
    /// Its id.
    pub id: i64,
    /// The site it belongs to.
    pub site_id: i64,
    /// The category above it.
    pub parent_id: Option<i64>,
    /// The slugs from the root down to it, joined by `/`; unique within the site.
    pub path: String,
    /// Its name; not unique.
    pub name: String,
    /// Its place among its siblings, ascending.
    pub position: i64,
}

/// A path that a category had before.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct FormerPath {
    /// The path.
    pub path: String,
    /// When it was given up.
    pub retired_at: Ts,
}

/// The path of the category above `path`.
pub fn parent_path(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}
