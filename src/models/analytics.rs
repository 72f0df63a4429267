//! What the numbers say of sites and their categories. No query.

use super::counting::Day;
use super::days::DaySpan;
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

/// What daily totals are kept of, by its number in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TotalOf {
    /// A site.
    Site,
    /// A category: its own articles.
    Category,
    /// A source, on each site by itself.
    Source,
}

impl TotalOf {
    /// The number it is stored as.
    pub fn code(self) -> i16 {
        match self {
            Self::Site => 0,
            Self::Category => 1,
            Self::Source => 2,
        }
    }
}

/// What was gained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gains {
    /// Counted views of articles.
    pub views: i64,
    /// Every request to count a view.
    pub hits: i64,
    /// Counted downloads of files.
    pub downloads: i64,
    /// Counted visits; only sites have them.
    pub visits: i64,
}

impl std::iter::Sum for Gains {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            views: sum.views + one.views,
            hits: sum.hits + one.hits,
            downloads: sum.downloads + one.downloads,
            visits: sum.visits + one.visits,
        })
    }
}

/// What a category gained by its own articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryGains {
    /// Its id.
    pub id: i64,
    /// Slug of its site.
    pub site: String,
    /// Slugs from the root.
    pub path: String,
    /// Its name.
    pub name: String,
    /// The gains.
    pub gains: Gains,
}

/// What a source gained by the articles that name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceGains {
    /// Its id.
    pub id: i64,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The gains.
    pub gains: Gains,
}

/// What some sites gained on some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analytics {
    /// The days; `None` where none has begun.
    pub span: Option<DaySpan>,
    /// All of it.
    pub totals: Gains,
    /// Each day, in order.
    pub days: Vec<(Day, Gains)>,
    /// Each site by its slug, the one with most views first.
    pub sites: Vec<(String, Gains)>,
    /// The categories with most views, in this order.
    pub categories: Vec<CategoryGains>,
    /// The sources with most views, in this order.
    pub sources: Vec<SourceGains>,
}
