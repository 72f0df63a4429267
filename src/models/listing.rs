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
    /// The articles with a keyword, in any of their languages.
    Keyword,
    /// The articles that exist in a language; zh-Hans also stands in the list of zh.
    Locale,
    /// The articles with files; its reference is 0.
    Attached,
}

impl ListKind {
    /// All of them.
    const ALL: [Self; 10] = [
        Self::All,
        Self::Site,
        Self::Category,
        Self::Subtree,
        Self::Source,
        Self::Topic,
        Self::Contributor,
        Self::Keyword,
        Self::Locale,
        Self::Attached,
    ];

    /// The kind that is stored as `code`.
    pub fn of_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

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
            Self::Keyword => 7,
            Self::Locale => 8,
            Self::Attached => 9,
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

/// What a list is sorted by; ties go by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// By publication.
    #[default]
    PublishedAt,
    /// By the last change.
    UpdatedAt,
    /// By the folded title of the original.
    Title,
}

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// The newest, or the end of the alphabet.
    #[default]
    Descending,
    /// The oldest, or the beginning of the alphabet.
    Ascending,
}

/// What a list is sorted by, with its value for one article.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// When it was published.
    PublishedAt(Ts),
    /// When it was last changed.
    UpdatedAt(Ts),
    /// Its folded title.
    Title(String),
}

/// A place in a list: at the article with this key and id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What the list is sorted by.
    pub key: SortKey,
    /// The article's id.
    pub id: i64,
}
