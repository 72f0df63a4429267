//! What completes what somebody types.

/// What a suggestion is. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuggestionKind {
    /// The title of an article.
    Title,
    /// A keyword of articles.
    Keyword,
    /// The name of a category.
    Category,
    /// The name of a source.
    Source,
}

impl SuggestionKind {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Title, Self::Keyword, Self::Category, Self::Source];

    /// The number it is stored as.
    pub fn code(self) -> i16 {
        match self {
            Self::Title => 0,
            Self::Keyword => 1,
            Self::Category => 2,
            Self::Source => 3,
        }
    }
}

/// A suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The whole text, as it is written.
    pub text: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// The article, category or source; keywords have none.
    pub id: Option<i64>,
}
