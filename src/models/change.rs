//! What became of an article, for those who keep a copy.

use super::time::Ts;

/// The last change of an article that is or was public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The article.
    pub article_id: i64,
    /// When it changed.
    pub changed_at: Ts,
    /// Where it is gone: since when and why.
    pub withdrawal: Option<Withdrawal>,
}

/// Why an article is not public any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Since when.
    pub at: Ts,
    /// A word: `archived`, `deleted`, `expired`, `rescheduled`, `retracted`, `unpublished`.
    pub reason: String,
}

/// A place in the feed of changes: how far what was written, and what happened by itself, is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangePlace {
    /// Time and article of the last write.
    pub written: (Ts, i64),
    /// Time and article of the last event.
    pub happened: (Ts, i64),
}
