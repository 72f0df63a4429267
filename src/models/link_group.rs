//! A titled group of links, such as the partners in a footer.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::json::Doc;

/// One link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its text.
    pub label: String,
    /// Its target.
    pub url: String,
}

/// A stored group of links.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct LinkGroup {
    /// Its id.
    pub id: i64,
    /// The site it belongs to.
    pub site_id: i64,
    /// Its natural key within the site.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its links in order.
    pub links: Doc<Vec<Link>>,
    /// Its place among the site's groups, ascending.
    pub position: i64,
}
