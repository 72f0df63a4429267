//! What can go wrong, in words that know neither HTTP nor SQL. A leaf: it imports nothing of ours.

use std::fmt;

use chrono::{DateTime, Utc};

/// The reason behind a failure of ours, for the log only.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kinds of things that can be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// A portal.
    Site,
    /// A node of a site's category tree.
    Category,
    /// A menu of a site.
    Menu,
    /// A topic of a site.
    Topic,
    /// A medium that articles come from.
    Source,
    /// An article.
    Article,
    /// A rendition of an article in another language.
    Translation,
    /// A revision of an article.
    Revision,
    /// A group of links.
    LinkGroup,
    /// What editors want instead of what the dictionaries of scripts say.
    ScriptPhrase,
    /// A rule of the check for injected text.
    HygieneRule,
    /// A run of that check over what is there already.
    HygieneScan,
    /// An account.
    User,
    /// A key of a program.
    ApiKey,
    /// A file.
    Media,
    /// A file of an article.
    Attachment,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Site => "site",
            Self::Category => "category",
            Self::Menu => "menu",
            Self::Topic => "topic",
            Self::Source => "source",
            Self::Article => "article",
            Self::Translation => "translation",
            Self::Revision => "revision",
            Self::LinkGroup => "link group",
            Self::ScriptPhrase => "script phrase",
            Self::HygieneRule => "rule",
            Self::HygieneScan => "run",
            Self::User => "user",
            Self::ApiKey => "API key",
            Self::Media => "media",
            Self::Attachment => "attachment",
        })
    }
}

/// One thing that is wrong with an input: where, which rule, and the mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// RFC 6901 pointer to the member or parameter, e.g. `/limit`.
    pub pointer: String,
    /// Stable word for the rule that was broken, e.g. `out_of_range`.
    pub code: &'static str,
    /// What is wrong and how to mend it.
    pub detail: String,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}

/// Where the findings are that hold an article back: its own, or where it has none those of its site.
fn holding(article_id: i64, site: &str, findings: usize) -> String {
    let place = match findings {
        0 => format!("site={site}"),
        _ => format!("article_id={article_id}"),
    };
    format!("/api/v1/manage/findings?{place}&severity=block&state=open")
}

fn held_back(article_id: i64, site: &str, findings: usize) -> String {
    let why = match findings {
        0 => "because its site, or a category above it, is".to_owned(),
        1 => "by 1 open finding".to_owned(),
        n => format!("by {n} open findings"),
    };
    let path = holding(article_id, site, findings);
    format!(
        "the article is held back {why}; repair or dismiss what GET {path} lists, then publish it again"
    )
}

/// Why an operation failed. `Display` is what a client may read, `source()` is what the log gets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing asked for does not exist, or not for this reader.
    #[error("{resource} `{key}` not found")]
    NotFound {
        /// What was looked up.
        resource: Resource,
        /// The id or slug that was given.
        key: String,
    },
    /// The article was public and was taken back.
    #[error("this article was taken back; `reason` says why, `retracted_at` since when")]
    Retracted {
        /// Why, for anyone to read.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// The article exists, but not in the language that the reader insists on.
    #[error("the article does not exist in the language asked for; there is: {}", available.join(", "))]
    NoSuchLanguage {
        /// The languages it exists in, the original first.
        available: Vec<String>,
    },
    /// A preview link that was good once.
    #[error("this preview ended at {ended_at}; ask whoever sent the link for a new one")]
    PreviewExpired {
        /// When it ended (RFC 3339, UTC).
        ended_at: String,
    },
    /// The input is well-formed but not acceptable.
    #[error("the request has {} fault(s)", .0.len())]
    Invalid(Vec<Fault>),
    /// A query parameter is well-formed, but what it names cannot be used here.
    #[error("{}", .0.detail)]
    BadParameter(Fault),
    /// Another record stands in the way.
    #[error("{0}")]
    Conflict(String),
    /// The value of one member is another record's already.
    #[error("{}", .0.detail)]
    Taken(Fault),
    /// The article cannot be public while text that looks injected holds it back.
    #[error("{}", held_back(*article_id, site, *findings))]
    HeldBack {
        /// The article.
        article_id: i64,
        /// Slug of its site.
        site: String,
        /// Open findings in the article itself; where there is none, its site or category is held back.
        findings: usize,
    },
    /// The thing was changed since the caller looked.
    #[error(
        "it was changed meanwhile and has version {version} now; fetch it again and decide whether the change still makes sense"
    )]
    Stale {
        /// The version it has now.
        version: i64,
    },
    /// Nobody is signed in.
    #[error("this needs a bearer token or an API key")]
    Unauthenticated,
    /// The token or key is not, or no longer, good.
    #[error("the token is not accepted: {0}")]
    InvalidToken(&'static str),
    /// The sign-in failed; deliberately without saying why.
    #[error("e-mail address and password do not belong together, or the account cannot sign in")]
    BadCredentials,
    /// The caller may not do this, or not here.
    #[error("{0}")]
    Forbidden(String),
    /// The token or key was not made for this.
    #[error("the token or key lacks the scope `{0}`")]
    InsufficientScope(&'static str),
    /// Too many failed attempts.
    #[error("too many failed attempts; wait {wait_s} second{}", if *wait_s == 1 { "" } else { "s" })]
    TooManyAttempts {
        /// Seconds until the next attempt is looked at.
        wait_s: u32,
    },
    /// The idempotency key was used for another request.
    #[error("this Idempotency-Key was used with another request; make a new key for a new request")]
    KeyReused,
    /// The request with this idempotency key still runs.
    #[error("the first request with this Idempotency-Key is still running; try again shortly")]
    KeyInUse,
    /// One of several operations failed.
    #[error("operation {index} failed: {error}")]
    InBatch {
        /// Its place, from 0.
        index: usize,
        /// Why it failed.
        error: Box<Error>,
    },
    /// The database cannot be reached or is too busy; trying again later may work.
    #[error("temporarily unavailable")]
    Unavailable(#[source] Cause),
    /// The storage of files is full.
    #[error("the server has no room left for this file")]
    NoSpace(#[source] Cause),
    /// The file is larger than is taken.
    #[error("the file is larger than {limit} bytes, which is the most that is taken")]
    TooLarge {
        /// The most bytes that are taken.
        limit: u64,
    },
    /// The file stopped arriving.
    #[error("nothing of the file arrived for {seconds} seconds; send it again")]
    Stalled {
        /// How long it was waited.
        seconds: u64,
    },
    /// The configuration or the environment of the command does not allow what was asked.
    #[error("{0}")]
    Setup(String),
    /// Reading or writing a file failed.
    #[error("{what}")]
    File {
        /// The file and what was done with it.
        what: String,
        /// What the operating system said.
        #[source]
        cause: std::io::Error,
    },
    /// A fault of ours.
    #[error("internal error")]
    Internal(#[source] Cause),
}

impl Error {
    /// `resource` with `key` does not exist.
    pub fn not_found(resource: Resource, key: impl fmt::Display) -> Self {
        Self::NotFound {
            resource,
            key: key.to_string(),
        }
    }

    /// Where the findings are that hold an article back.
    pub fn findings(&self) -> Option<String> {
        match self {
            Self::HeldBack {
                article_id,
                site,
                findings,
            } => Some(holding(*article_id, site, *findings)),
            _ => None,
        }
    }

    /// This error and its causes, outermost first; for logs and operators, never for clients.
    pub fn chain(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }

    /// A fault of ours that is described by a sentence.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into().into())
    }
}
