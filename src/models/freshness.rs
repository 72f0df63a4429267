//! When an answer last changed, and until when it is known to stay as it is.

use super::subject::Scope;
use super::time::Ts;

/// How fresh an answer is: for `Last-Modified` and for how long caches may keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// The last change of what was served, or later; never goes back.
    pub changed_at: Ts,
    /// The next change that is already planned: an article's time comes or is over.
    pub changes_at: Option<Ts>,
    /// The time it was read at.
    pub now: Ts,
    /// What it was chosen from.
    pub scope: Scope,
}

impl Freshness {
    /// Of what the search index has.
    #[must_use]
    pub fn of_search(self) -> Self {
        Self {
            scope: Scope::Search(self.scope.site_id()),
            ..self
        }
    }

    /// Of what shows no article.
    #[must_use]
    pub fn of_surroundings(self) -> Self {
        Self {
            scope: Scope::Around(self.scope.site_id()),
            ..self
        }
    }
}

/// A value and how fresh it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh<T> {
    /// The value.
    pub value: T,
    /// How fresh it is.
    pub freshness: Freshness,
}
