//! A topic: a hand-ordered collection of a site's articles.

use diesel::prelude::*;

/// A stored topic. Titles are not unique: equal titles are different topics.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Topic {
    /// Its id.
    pub id: i64,
    /// The site it belongs to.
    pub site_id: i64,
    /// Its natural key within the site.
    pub key: String,
    /// Its title.
    pub title: String,
    /// The year it belongs to.
    pub year: Option<i32>,
    /// Its place in the site's list, ascending.
    pub position: i64,
}
