//! Which list shows which article, and where a reader stands in it.

use super::time::Ts;

/// The lists that articles stand in. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// Every article of the deployment; its reference is 0.
    All,
    /// A site's articles.
    Site,
    /// The articles of exactly one category.
    Category,
    /// The articles of a category and everything below it.
    Subtree,
    /// The articles of a source.
    Source,
    /// The articles of a topic.
    Topic,
    /// The articles of a contributor.
    Contributor,
}

impl ListKind {
    /// The number it is stored as.
    pub fn code(self) -> i16 {
        match self {
            Self::All => 0,
            Self::Site => 1,
            Self::Category => 2,
            Self::Subtree => 3,
            Self::Source => 4,
            Self::Topic => 5,
            Self::Contributor => 6,
        }
    }
}

/// A list: its kind and the id of what it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct List {
    /// What kind of list.
    pub kind: ListKind,
    /// Whose list; 0 for [`ListKind::All`].
    pub reference: i64,
}

/// A place in a list ordered by publication: after the article with this time and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Its publication time.
    pub published_at: Ts,
    /// Its id.
    pub id: i64,
}
