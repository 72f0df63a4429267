//! Why an article is visible or is not, on the wire. Knows no rule of it.

use serde::Serialize;
use utoipa::ToSchema;

use super::managed_article::ArticleStatus;
use super::site::LocaleTag;
use crate::http::links::Links;
use crate::models::time::Ts;
use crate::models::visibility::{Code, Reason, Served, Subject};
use crate::service::management::visibility::Visibility;

/// What can stand between an article and its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisibilitySubject {
    /// Where it stands in its life.
    State,
    /// From when and until when.
    Schedule,
    /// Whether something holds it back.
    Hold,
    /// Where it is.
    Category,
    /// In which language.
    Locale,
}

impl From<Subject> for VisibilitySubject {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::State => Self::State,
            Subject::Schedule => Self::Schedule,
            Subject::Hold => Self::Hold,
            Subject::Category => Self::Category,
            Subject::Locale => Self::Locale,
        }
    }
}

/// What there is to say about a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisibilityCode {
    /// It is published.
    StatePublished,
    /// It is published for later.
    StateScheduled,
    /// It is being written.
    StateDraft,
    /// It waits for a reviewer.
    StateInReview,
    /// It waits for an editor.
    StateApproved,
    /// It was taken from the public.
    StateArchived,
    /// It was taken back.
    StateRetracted,
    /// Its time is now.
    ScheduleOpen,
    /// Its time is still to come.
    ScheduleAhead,
    /// Its time is over.
    ScheduleOver,
    /// It has no time: it ends before it begins.
    ScheduleEmpty,
    /// Nothing holds it back.
    NoHolds,
    /// Text that looks injected holds it back: its own, its site's or that of a category. `GET /manage/findings` lists it.
    HeldBack,
    /// Its category is shown.
    CategoryShown,
    /// It exists in the language.
    LocaleAvailable,
    /// It exists in a language close to it, which is served.
    LocaleFallsBack,
    /// It exists in no such language; another one is served.
    LocaleMissing,
}

impl From<Code> for VisibilityCode {
    fn from(code: Code) -> Self {
        match code {
            Code::StatePublished => Self::StatePublished,
            Code::StateScheduled => Self::StateScheduled,
            Code::StateDraft => Self::StateDraft,
            Code::StateInReview => Self::StateInReview,
            Code::StateApproved => Self::StateApproved,
            Code::StateArchived => Self::StateArchived,
            Code::StateRetracted => Self::StateRetracted,
            Code::ScheduleOpen => Self::ScheduleOpen,
            Code::ScheduleAhead => Self::ScheduleAhead,
            Code::ScheduleOver => Self::ScheduleOver,
            Code::ScheduleEmpty => Self::ScheduleEmpty,
            Code::NoHolds => Self::NoHolds,
            Code::HeldBack => Self::HeldBack,
            Code::CategoryShown => Self::CategoryShown,
            Code::LocaleAvailable => Self::LocaleAvailable,
            Code::LocaleFallsBack => Self::LocaleFallsBack,
            Code::LocaleMissing => Self::LocaleMissing,
        }
    }
}

/// One reason for which an article is visible or is not.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VisibilityReason)]
pub struct VisibilityReasonBody {
    /// What it is about.
    subject: VisibilitySubject,
    /// What it says.
    code: VisibilityCode,
    /// Whether readers do not see the article for this alone.
    is_blocking: bool,
    /// The same in words, with the mend where there is something to mend.
    #[schema(
        max_length = 32000,
        example = "The article is a draft. Submit it with a transition to `in_review`, or publish it with one to `published`."
    )]
    detail: String,
    /// Since when it holds (RFC 3339, UTC), where that is known.
    #[schema(max_length = 40, format = DateTime)]
    since: Option<String>,
    /// Until when it holds by itself (RFC 3339, UTC).
    #[schema(max_length = 40, format = DateTime)]
    until: Option<String>,
}

impl From<Reason> for VisibilityReasonBody {
    fn from(reason: Reason) -> Self {
        let Reason {
            code,
            detail,
            since,
            until,
        } = reason;
        Self {
            subject: code.subject().into(),
            code: code.into(),
            is_blocking: code.is_blocking(),
            detail,
            since: since.map(Ts::to_rfc3339),
            until: until.map(Ts::to_rfc3339),
        }
    }
}

/// Whether readers see an article at a moment, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ArticleVisibility)]
pub struct ArticleVisibilityBody {
    /// Id of the article.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    article_id: i64,
    /// Whether readers see it: whether no reason is blocking.
    is_visible: bool,
    /// Where it stands in its life.
    status: ArticleStatus,
    /// Since when, or from when on, readers see it as things stand (RFC 3339, UTC); `null` where they never will.
    #[schema(max_length = 40, format = DateTime)]
    visible_from: Option<String>,
    /// Until when readers see it, or saw it (RFC 3339, UTC); `null` for no end.
    #[schema(max_length = 40, format = DateTime)]
    visible_until: Option<String>,
    /// The moment that all this is said of (RFC 3339, UTC).
    #[schema(max_length = 40, format = DateTime)]
    evaluated_at: String,
    /// Its public address; `null` while readers do not see it.
    #[schema(
        max_length = 4000,
        example = "https://demo.example.org/articles/open-day"
    )]
    url: Option<String>,
    /// The language that readers get, or would get.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: String,
    /// The languages it exists in, the original first.
    #[schema(max_items = 1000)]
    available_locales: Vec<LocaleTag>,
    /// Why: at least one reason for each subject, good ones too.
    #[schema(max_items = 100)]
    reasons: Vec<VisibilityReasonBody>,
}

impl ArticleVisibilityBody {
    /// The answer, with addresses from `links`.
    pub fn new(visibility: Visibility, links: &Links) -> Self {
        let Visibility {
            article_id,
            is_visible,
            state,
            span: (from, until),
            evaluated_at,
            served,
            slug,
            site_url_template,
            reasons,
        } = visibility;
        let Served {
            asked: _,
            locale,
            fit: _,
            available,
        } = served;
        let address = || links.article(site_url_template.as_deref(), &slug, article_id);
        Self {
            article_id,
            is_visible,
            status: state.into(),
            visible_from: from.map(Ts::to_rfc3339),
            visible_until: until.map(Ts::to_rfc3339),
            evaluated_at: evaluated_at.to_rfc3339(),
            url: is_visible.then(address),
            locale,
            available_locales: available.into_iter().map(LocaleTag).collect(),
            reasons: reasons.into_iter().map(Into::into).collect(),
        }
    }
}
