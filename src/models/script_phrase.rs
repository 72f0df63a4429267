//! What editors of a site want instead of what the dictionaries say when a text is put into the other Chinese script.

use diesel::prelude::*;

/// Which way a phrase holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhraseDirection {
    /// Both ways.
    Both,
    /// From Traditional to Simplified.
    ToHans,
    /// From Simplified to Traditional.
    ToHant,
}

impl PhraseDirection {
    /// Every direction.
    pub const ALL: [Self; 3] = [Self::Both, Self::ToHans, Self::ToHant];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::ToHans => "to_hans",
            Self::ToHant => "to_hant",
        }
    }

    /// The direction with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// A stored phrase.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ScriptPhrase {
    /// Its id.
    pub id: i64,
    /// The site it belongs to.
    pub site_id: i64,
    /// As it is written in Simplified texts.
    pub hans: String,
    /// As it is written in Traditional texts.
    pub hant: String,
    /// The word of its direction.
    pub direction: String,
    /// Why it is there.
    pub note: Option<String>,
}
