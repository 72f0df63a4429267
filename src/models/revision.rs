//! The revisions of an article: who saved what when, and why.

use super::article::ManagedArticle;
use super::time::Ts;
use super::workflow::State;

/// How an article was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
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
    /// It was held back, or nothing held it back any more.
    Hold,
    /// Injected text was taken out of it.
    Repair,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::Update,
        Self::Translate,
        Self::Transition,
        Self::Restore,
        Self::Import,
        Self::Upgrade,
        Self::Hold,
        Self::Repair,
    ];

    /// The word used on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Translate => "translate",
            Self::Transition => "transition",
            Self::Restore => "restore",
            Self::Import => "import",
            Self::Upgrade => "upgrade",
            Self::Hold => "hold",
            Self::Repair => "repair",
        }
    }

    /// The action called `word`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// Who saves articles, when, how and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// When.
    pub at: Ts,
    /// How.
    pub action: Action,
    /// Why, in words of the one who saves.
    pub comment: Option<String>,
    /// The account that saves.
    pub user_id: Option<i64>,
    /// How it is called, as in the audit log.
    pub actor: String,
    /// How many of the newest revisions stay; 0 stands for all.
    pub kept: i64,
}

/// Which revisions are kept; pinned ones and the newest always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How many of the newest; 0 stands for all.
    pub kept: i64,
    /// For how many days after the next one came; 0 stands for ever.
    pub max_age_days: i64,
}

/// A revision, without what the article said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The article.
    pub article_id: i64,
    /// Its site.
    pub site_id: i64,
    /// Its number, from 1.
    pub number: i64,
    /// Grows when it is pinned, unpinned or commented, when another one follows it, and with the article while it is the newest.
    pub version: i64,
    /// How it came about.
    pub action: Action,
    /// The state that the article was in when it was saved.
    pub state: State,
    /// The title in the article's own language.
    pub title: String,
    /// The version that the article had.
    pub article_version: i64,
    /// Why it was saved.
    pub comment: Option<String>,
    /// The account that saved it.
    pub created_by: Option<i64>,
    /// How that was called then.
    pub actor: String,
    /// Whether it stays whatever its age.
    pub is_pinned: bool,
    /// When it was saved.
    pub created_at: Ts,
    /// Whether it is the article as it stands.
    pub is_current: bool,
    /// How many versions of the article came since it was saved, while it is the article as it stands.
    pub drift: i64,
}

/// What an article was in a revision, with the ids that its parts had then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The article.
    pub article: ManagedArticle,
    /// Ids of its contributors, in order.
    pub contributor_ids: Vec<i64>,
    /// Ids of its files, in order.
    pub attachment_ids: Vec<i64>,
}

/// What a preview link shows, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preview {
    /// The article.
    pub article_id: i64,
    /// The number of the revision.
    pub revision: i64,
    /// When that was saved: in a database that was restored, the same ids may be those of something else.
    pub saved_at: Ts,
    /// From when on it shows nothing any more; a whole second.
    pub expires_at: Ts,
}
