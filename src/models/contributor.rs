//! Who made an article: people and organisations, with the role they had.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// Whether a contributor is one person or an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContributorKind {
    /// A person.
    Person,
    /// An organisation.
    Organization,
}

impl ContributorKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Person, Self::Organization];

    /// The word used in files, on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organization => "organization",
        }
    }

    /// The kind called `word`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

/// One contribution to one article, in the words of the article's own language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Names the same contributor across articles and translations of a site.
    pub key: Option<String>,
    /// What they did: `author`, `editor`, `reporter` and so on.
    pub role: String,
    /// Person or organisation.
    pub kind: ContributorKind,
    /// The name as printed.
    pub name: String,
    /// The affiliation as printed.
    pub affiliation: Option<String>,
}

/// A contributor's name in a translation; `key` says whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContributorName {
    /// The key of the contribution that this renders.
    pub key: String,
    /// The name in this language.
    pub name: String,
    /// The affiliation in this language.
    pub affiliation: Option<String>,
}

/// A contribution as stored, with the contributor's id.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct StoredContribution {
    /// The article.
    pub article_id: i64,
    /// The contributor's id, the same in all articles of the site.
    pub contributor_id: i64,
    /// The contributor's key, where the portal gave one.
    pub key: Option<String>,
    /// What they did.
    pub role: String,
    /// `person` or `organization`.
    pub kind: String,
    /// The name as printed on this article.
    pub name: String,
    /// The affiliation as printed on this article.
    pub affiliation: Option<String>,
}
