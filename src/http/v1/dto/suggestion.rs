//! Suggestions on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::models::suggestion::{Suggestion, SuggestionKind};

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SuggestionKind)]
pub enum SuggestionKindWord {
    /// The title of an article.
    Title,
    /// A keyword of articles.
    Keyword,
    /// The name of a category.
    Category,
    /// The name of a source.
    Source,
}

impl From<SuggestionKind> for SuggestionKindWord {
    fn from(kind: SuggestionKind) -> Self {
        match kind {
            SuggestionKind::Title => Self::Title,
            SuggestionKind::Keyword => Self::Keyword,
            SuggestionKind::Category => Self::Category,
            SuggestionKind::Source => Self::Source,
        }
    }
}

/// A text that goes on from what is typed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Suggestion)]
pub struct SuggestionBody {
    /// The whole text, as it is written.
    #[schema(max_length = 16000, example = "科普")]
    text: String,
    /// What it is.
    kind: SuggestionKindWord,
    /// The id of the article, category or source; `null` for keywords.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 10)]
    id: Option<i64>,
}

/// Suggestions, the best first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Suggestions)]
pub struct SuggestionsBody {
    /// The suggestions.
    #[schema(max_items = 20)]
    items: Vec<SuggestionBody>,
}

impl From<Suggestion> for SuggestionBody {
    fn from(suggestion: Suggestion) -> Self {
        let Suggestion { text, kind, id } = suggestion;
        Self {
            text,
            kind: kind.into(),
            id,
        }
    }
}

impl From<Vec<Suggestion>> for SuggestionsBody {
    fn from(suggestions: Vec<Suggestion>) -> Self {
        Self {
            items: suggestions.into_iter().map(Into::into).collect(),
        }
    }
}
