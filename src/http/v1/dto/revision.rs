//! Revisions of articles on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::managed_article::{ArticleStatus, ManagedArticleBody};
use super::total;
use crate::http::pagination::CountKind;
use crate::models::page::Page;
use crate::models::revision::{Action, Revision, Whole};

/// How an article was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevisionAction {
    /// It was made.
    Create,
    /// It was changed.
    Update,
    /// A rendition of it was put or deleted.
    Translate,
    /// It went to another state.
    Transition,
    /// What an earlier revision said came back.
    Restore,
    /// A portal file said it.
    Import,
    /// It was there before there were revisions.
    Upgrade,
    /// It was held back for text that looks injected, or nothing held it back any more.
    Hold,
    /// Injected text was taken out of it.
    Repair,
}

impl From<Action> for RevisionAction {
    fn from(action: Action) -> Self {
        match action {
            Action::Create => Self::Create,
            Action::Update => Self::Update,
            Action::Translate => Self::Translate,
            Action::Transition => Self::Transition,
            Action::Restore => Self::Restore,
            Action::Import => Self::Import,
            Action::Upgrade => Self::Upgrade,
            Action::Hold => Self::Hold,
            Action::Repair => Self::Repair,
        }
    }
}

/// A save of an article: who, when, how and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ArticleRevisionSummary)]
pub struct RevisionSummaryBody {
    /// Id of the article.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    article_id: i64,
    /// Its number, from 1; a gap is where old ones were deleted.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    number: i64,
    /// Grows when it is pinned, unpinned or commented, when another one follows, and with the article while it is the current one; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// How it came about.
    action: RevisionAction,
    /// The state that the article was in when it was saved.
    status: ArticleStatus,
    /// The title it had, in its own language.
    #[schema(max_length = 16000, example = "2026年开放日")]
    title: String,
    /// The version that the article had.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    article_version: i64,
    /// Why it was saved.
    #[schema(max_length = 16000, example = "Figures corrected")]
    comment: Option<String>,
    /// The account that saved it; `null` for imports.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    created_by: Option<i64>,
    /// What that was called then: an e-mail address, `import`, or `masthead` for what was there before there were revisions.
    #[schema(max_length = 1000, example = "editor@example.org")]
    actor: String,
    /// Whether it stays whatever its age and however many follow.
    is_pinned: bool,
    /// Whether it is the article as it stands.
    is_current: bool,
    /// When it was saved (RFC 3339, UTC).
    #[schema(max_length = 40, format = DateTime)]
    created_at: String,
}

impl From<Revision> for RevisionSummaryBody {
    fn from(revision: Revision) -> Self {
        let Revision {
            article_id,
            site_id: _,
            number,
            version,
            action,
            state,
            title,
            article_version,
            comment,
            created_by,
            actor,
            is_pinned,
            created_at,
            is_current,
            drift: _,
        } = revision;
        Self {
            article_id,
            number,
            version,
            action: action.into(),
            status: state.into(),
            title,
            article_version,
            comment,
            created_by,
            actor,
            is_pinned,
            is_current,
            created_at: created_at.to_rfc3339(),
        }
    }
}

/// A revision, and the article as it was.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ArticleRevision)]
pub struct RevisionBody {
    /// Who saved it, when, how and why.
    revision: RevisionSummaryBody,
    /// The article as it was then, its state and the path of its category too.
    article: ManagedArticleBody,
}

impl From<(Revision, Whole)> for RevisionBody {
    fn from((revision, whole): (Revision, Whole)) -> Self {
        Self {
            revision: revision.into(),
            article: whole.article.into(),
        }
    }
}

/// A page of an article's revisions.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ArticleRevisionPage)]
pub struct RevisionPageBody {
    /// The revisions, the newest first.
    #[schema(max_items = 100)]
    items: Vec<RevisionSummaryBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl RevisionPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Revision, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}
