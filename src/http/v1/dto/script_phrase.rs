//! What editors want instead of what the dictionaries of the Chinese scripts say, on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::total;
use crate::http::pagination::CountKind;
use crate::models::managed::Managed;
use crate::models::page::Page;
use crate::models::script_phrase::{PhraseDirection, ScriptPhrase};

/// Which way a phrase holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScriptPhraseDirection {
    /// Both ways.
    Both,
    /// From Traditional to Simplified only.
    ToHans,
    /// From Simplified to Traditional only.
    ToHant,
}

impl From<PhraseDirection> for ScriptPhraseDirection {
    fn from(direction: PhraseDirection) -> Self {
        match direction {
            PhraseDirection::Both => Self::Both,
            PhraseDirection::ToHans => Self::ToHans,
            PhraseDirection::ToHant => Self::ToHant,
        }
    }
}

/// What editors want instead of what the dictionaries say when a text is put into the other Chinese script.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ScriptPhrase)]
pub struct ScriptPhraseBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// As it is written in Simplified texts.
    #[schema(max_length = 100, example = "信息科学")]
    hans: String,
    /// As it is written in Traditional texts.
    #[schema(max_length = 100, example = "資訊科學")]
    hant: String,
    /// Which way it holds.
    direction: ScriptPhraseDirection,
    /// Why it is there.
    #[schema(max_length = 16000, example = "所内惯用")]
    note: Option<String>,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// When it was made (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
}

impl From<Managed<ScriptPhrase>> for ScriptPhraseBody {
    fn from(phrase: Managed<ScriptPhrase>) -> Self {
        let Managed {
            value,
            site,
            version,
            created_at,
            updated_at,
            is_held: _,
        } = phrase;
        let ScriptPhrase {
            id,
            site_id: _,
            hans,
            hant,
            direction,
            note,
        } = value;
        Self {
            id,
            site,
            hans,
            hant,
            direction: PhraseDirection::parse(&direction)
                .map_or(ScriptPhraseDirection::Both, ScriptPhraseDirection::from),
            note,
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
        }
    }
}

/// A page of phrases.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ScriptPhrasePage)]
pub struct ScriptPhrasePageBody {
    /// The phrases, in the order they were made.
    #[schema(max_items = 100)]
    items: Vec<ScriptPhraseBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ScriptPhrasePageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Managed<ScriptPhrase>, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new phrase.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::script_phrase` reads"
)]
pub struct ScriptPhraseCreate {
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// As it is written in Simplified texts: with a Chinese character, without `<`, `>` and `&`.
    #[schema(max_length = 100, min_length = 1, example = "信息科学")]
    hans: String,
    /// As it is written in Traditional texts, by the same rules; the same text to keep it as it is.
    #[schema(max_length = 100, min_length = 1, example = "資訊科學")]
    hant: String,
    /// Which way it holds; both where it is left out.
    #[schema(nullable = false)]
    direction: Option<ScriptPhraseDirection>,
    /// Why it is there.
    #[schema(max_length = 16000, example = "所内惯用", nullable = false)]
    note: Option<String>,
}

/// A change of a phrase (RFC 7396).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::records::script_phrase` reads"
)]
pub struct ScriptPhraseUpdate {
    /// As it is written in Simplified texts.
    #[schema(
        max_length = 100,
        min_length = 1,
        example = "信息科学",
        nullable = false
    )]
    hans: Option<String>,
    /// As it is written in Traditional texts.
    #[schema(
        max_length = 100,
        min_length = 1,
        example = "資訊科學",
        nullable = false
    )]
    hant: Option<String>,
    /// Which way it holds.
    #[schema(nullable = false)]
    direction: Option<ScriptPhraseDirection>,
    /// Why it is there; `null` for no note.
    #[schema(max_length = 16000, example = "所内惯用")]
    note: Option<String>,
}
