//! What the numbers say of a site's categories. No query.

use super::time::Ts;

/// How a category is neglected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Neglect {
    /// Nothing in it or below it is public.
    Empty,
    /// Nothing public in it or below it is new enough.
    Stale,
}

/// A category that readers find nothing new in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeglectedCategory {
    /// Its id.
    pub id: i64,
    /// Its site.
    pub site_id: i64,
    /// Slug of its site.
    pub site: String,
    /// Its place among the categories of the site.
    pub position: i64,
    /// Slugs from the root.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Public articles in exactly this category.
    pub article_count: i64,
    /// Public articles there and below.
    pub total_count: i64,
    /// When the newest of these was published; `None` where there is none.
    pub last_published_at: Option<Ts>,
    /// The moment that all this is said of.
    pub as_of: Ts,
}

impl NeglectedCategory {
    /// How it is neglected.
    pub fn neglect(&self) -> Neglect {
        match self.last_published_at {
            None => Neglect::Empty,
            Some(_) => Neglect::Stale,
        }
    }

    /// Whole days since the newest was published.
    pub fn days_since(&self) -> Option<i64> {
        let last = self.last_published_at?;
        Some((self.as_of.0 - last.0).num_days())
    }
}

/// A place in the list: site, position and id of a category.
pub type CategoryPlace = (i64, i64, i64);
