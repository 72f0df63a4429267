//! Why readers see an article, or do not: one rule from facts to reasons. Knows no query, and not how languages are matched.

use super::article::{Retraction, Status};
use super::time::Ts;
use super::workflow::State;

/// What can stand between an article and its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
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

/// What there is to say about a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
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
    /// Text that looks injected holds it back: its own, its site's or that of a category.
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

impl Code {
    /// Every code.
    pub const ALL: [Self; 17] = [
        Self::StatePublished,
        Self::StateScheduled,
        Self::StateDraft,
        Self::StateInReview,
        Self::StateApproved,
        Self::StateArchived,
        Self::StateRetracted,
        Self::ScheduleOpen,
        Self::ScheduleAhead,
        Self::ScheduleOver,
        Self::ScheduleEmpty,
        Self::NoHolds,
        Self::HeldBack,
        Self::CategoryShown,
        Self::LocaleAvailable,
        Self::LocaleFallsBack,
        Self::LocaleMissing,
    ];

    /// What it is said about.
    pub fn subject(self) -> Subject {
        match self {
            Self::StatePublished
            | Self::StateScheduled
            | Self::StateDraft
            | Self::StateInReview
            | Self::StateApproved
            | Self::StateArchived
            | Self::StateRetracted => Subject::State,
            Self::ScheduleOpen | Self::ScheduleAhead | Self::ScheduleOver | Self::ScheduleEmpty => {
                Subject::Schedule
            }
            Self::NoHolds | Self::HeldBack => Subject::Hold,
            Self::CategoryShown => Subject::Category,
            Self::LocaleAvailable | Self::LocaleFallsBack | Self::LocaleMissing => Subject::Locale,
        }
    }

    /// Whether readers do not see the article for this alone.
    pub fn is_blocking(self) -> bool {
        match self {
            Self::StateDraft
            | Self::StateInReview
            | Self::StateApproved
            | Self::StateArchived
            | Self::StateRetracted
            | Self::ScheduleAhead
            | Self::ScheduleOver
            | Self::ScheduleEmpty
            | Self::HeldBack => true,
            Self::StatePublished
            | Self::StateScheduled
            | Self::ScheduleOpen
            | Self::NoHolds
            | Self::CategoryShown
            | Self::LocaleAvailable
            | Self::LocaleFallsBack
            | Self::LocaleMissing => false,
        }
    }
}

/// One reason for which an article is visible or is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What it says.
    pub code: Code,
    /// The same in words, with the mend where there is something to mend.
    pub detail: String,
    /// Since when it holds, where that is known.
    pub since: Option<Ts>,
    /// Until when it holds by itself.
    pub until: Option<Ts>,
}

impl Reason {
    fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            since: None,
            until: None,
        }
    }
}

/// How well the language served suits the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is the same.
    Same,
    /// It is close: `zh-Hans` for `zh-CN`. Also who refuses other languages gets it.
    Close,
    /// It is made of a rendition in the other Chinese script.
    Derived,
    /// It is another one.
    Other,
}

/// Which language a reader gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The one asked for, or the site's where none was.
    pub asked: String,
    /// The one that is, or would be, served.
    pub locale: String,
    /// How well it suits.
    pub fit: Fit,
    /// Those that there are, the original first.
    pub available: Vec<String>,
}

/// What is known of an article that bears on whether readers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Where it stands in its life, whatever holds it back.
    pub status: Status,
    /// Whether something holds it back.
    pub is_held: bool,
    /// When it is or was published.
    pub published_at: Ts,
    /// When it vanishes again.
    pub unpublish_at: Option<Ts>,
    /// Since when and why it is taken back.
    pub retraction: Option<Retraction>,
    /// Path of its category.
    pub category: String,
    /// Which language a reader gets.
    pub served: Served,
}

impl Facts {
    /// One reason for each subject.
    pub fn reasons(&self, now: Ts) -> Vec<Reason> {
        vec![
            self.of_state(now),
            self.of_schedule(now),
            match self.is_held {
                false => Reason::new(Code::NoHolds, "Nothing holds the article back."),
                true => Reason::new(
                    Code::HeldBack,
                    "The article is held back: in it, in its site or in a category above it text was found that looks injected. List it with `GET /api/v1/manage/findings`, then repair or dismiss it.",
                ),
            },
            Reason::new(
                Code::CategoryShown,
                format!(
                    "The article is in the category `{}`, which readers see, as they see every category.",
                    self.category
                ),
            ),
            self.of_locale(),
        ]
    }

    /// Since when, or from when on, and until when readers see it; nothing where it is not published or ends before it begins.
    pub fn span(&self) -> (Option<Ts>, Option<Ts>) {
        match self.status == Status::Published && !self.is_held && !self.ends_before_it_begins() {
            true => (Some(self.published_at), self.unpublish_at),
            false => (None, None),
        }
    }

    /// Where it stands at `now`.
    pub fn state(&self, now: Ts) -> State {
        match self.is_held {
            true => State::Quarantined,
            false => State::of(self.status, self.published_at, now),
        }
    }

    fn ends_before_it_begins(&self) -> bool {
        self.unpublish_at
            .is_some_and(|end| end <= self.published_at)
    }

    fn of_state(&self, now: Ts) -> Reason {
        match self.status {
            Status::Published if self.published_at > now => Reason::new(
                Code::StateScheduled,
                "The article is scheduled: it is published for later.",
            ),
            Status::Published => Reason::new(Code::StatePublished, "The article is published."),
            Status::Draft => Reason::new(
                Code::StateDraft,
                "The article is a draft. Submit it with a transition to `in_review`, or publish it with one to `published`.",
            ),
            Status::InReview => Reason::new(
                Code::StateInReview,
                "The article waits for a reviewer. Approve it with a transition to `approved`, or publish it with one to `published`.",
            ),
            Status::Approved => Reason::new(
                Code::StateApproved,
                "The article is approved and waits for an editor. Publish it with a transition to `published`, or to `scheduled` with the time in `publish_at`.",
            ),
            Status::Archived => Reason::new(
                Code::StateArchived,
                "The article was taken from the public and is kept. Publish it again with a transition to `published`.",
            ),
            Status::Retracted => self.of_retraction(),
            Status::Quarantined => Reason::new(
                Code::HeldBack,
                "The article is held back and has no other state.",
            ),
        }
    }

    fn of_retraction(&self) -> Reason {
        let reason = match &self.retraction {
            Some(retraction) => format!(" with the reason: {}", retraction.reason),
            None => String::new(),
        };
        Reason {
            since: self.retraction.as_ref().map(|retraction| retraction.at),
            ..Reason::new(
                Code::StateRetracted,
                format!(
                    "The article was taken back. To show it again, take it to `draft` or `archived` with a transition, then to `published`. Readers get 410{reason}"
                ),
            )
        }
    }

    fn of_schedule(&self, now: Ts) -> Reason {
        let begin = self.published_at;
        match self.unpublish_at {
            Some(end) if end <= begin => Reason::new(
                Code::ScheduleEmpty,
                format!(
                    "The article ends before it begins: `unpublish_at` is {}, `published_at` is {}. Set `unpublish_at` to a later time, or to `null`.",
                    end.to_rfc3339(),
                    begin.to_rfc3339()
                ),
            ),
            Some(end) if end <= now => Reason {
                since: Some(end),
                ..Reason::new(
                    Code::ScheduleOver,
                    format!(
                        "The article's time is over since {}. Set `unpublish_at` to a later time, or to `null`.",
                        end.to_rfc3339()
                    ),
                )
            },
            _ if begin > now => Reason {
                until: Some(begin),
                ..Reason::new(
                    Code::ScheduleAhead,
                    format!(
                        "The article's time comes at {}. To show it earlier, use a transition to `published`.",
                        begin.to_rfc3339()
                    ),
                )
            },
            end => Reason {
                since: Some(begin),
                until: end,
                ..Reason::new(
                    Code::ScheduleOpen,
                    match end {
                        Some(end) => {
                            format!(
                                "The article's time is now, until {}. To show it longer, set `unpublish_at` to a later time, or to `null`.",
                                end.to_rfc3339()
                            )
                        }
                        None => "The article's time is now, and has no end.".to_owned(),
                    },
                )
            },
        }
    }

    fn of_locale(&self) -> Reason {
        let Served {
            asked,
            locale,
            fit,
            available,
        } = &self.served;
        let all: Vec<String> = available.iter().map(|tag| format!("`{tag}`")).collect();
        let all = all.join(", ");
        match fit {
            Fit::Same => Reason::new(
                Code::LocaleAvailable,
                format!("The article exists in `{asked}`. It exists in: {all}."),
            ),
            Fit::Close => Reason::new(
                Code::LocaleFallsBack,
                format!(
                    "The article does not exist in `{asked}`; readers get the closest language, `{locale}`. It exists in: {all}."
                ),
            ),
            Fit::Derived => Reason::new(
                Code::LocaleFallsBack,
                format!(
                    "The article does not exist in `{asked}`; readers get it as `{locale}`, put into the other Chinese script. Add a translation to have words of your own. It exists in: {all}."
                ),
            ),
            Fit::Other => Reason::new(
                Code::LocaleMissing,
                format!(
                    "The article does not exist in `{asked}`; readers get `{locale}`, or 404 where they ask for `{asked}` with `fallback=none`. Add a translation to mend that. It exists in: {all}."
                ),
            ),
        }
    }
}

/// Whether readers see an article for which there are these reasons.
pub fn is_visible(reasons: &[Reason]) -> bool {
    !reasons.iter().any(|reason| reason.code.is_blocking())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::models::workflow::transition;

    fn facts(status: Status, begin: i64, end: Option<i64>) -> Facts {
        Facts {
            status,
            is_held: false,
            published_at: at(begin),
            unpublish_at: end.map(at),
            retraction: None,
            category: "新闻".to_owned(),
            served: Served {
                asked: "en".to_owned(),
                locale: "en".to_owned(),
                fit: Fit::Same,
                available: vec!["en".to_owned()],
            },
        }
    }

    fn at(second: i64) -> Ts {
        Ts(chrono::DateTime::from_timestamp(second, 0).unwrap())
    }

    /// Visible is what delivery's conditions let through, whatever the status and the times
    #[test]
    fn the_reasons_are_the_conditions_of_delivery() {
        // What is held back stands somewhere else besides.
        for status in Status::ALL
            .into_iter()
            .filter(|s| *s != Status::Quarantined)
        {
            for begin in 0..5 {
                for end in (0..5).map(Some).chain([None]) {
                    for now in 0..5 {
                        let facts = facts(status, begin, end);
                        let reasons = facts.reasons(at(now));
                        let is_public = status == Status::Published
                            && begin <= now
                            && end.is_none_or(|end| end > now);
                        let when = format!("{status:?} {begin} {end:?} {now}");
                        assert_eq!(is_visible(&reasons), is_public, "{when}");
                        let (from, until) = facts.span();
                        let is_in = from.is_some_and(|from| from <= at(now))
                            && until.is_none_or(|until| until > at(now));
                        assert_eq!(is_in, is_public, "{when}");
                        let subjects: BTreeSet<String> = reasons
                            .iter()
                            .map(|r| format!("{:?}", r.code.subject()))
                            .collect();
                        assert_eq!((subjects.len(), reasons.len()), (5, 5), "{when}");
                    }
                }
            }
        }
    }

    /// The transitions that a detail tells of exist
    #[test]
    fn the_mends_are_ways_that_there_are() {
        for status in Status::ALL {
            if [Status::Published, Status::Quarantined].contains(&status) {
                continue;
            }
            let reason = facts(status, 0, None).of_state(at(0));
            assert!(reason.code.is_blocking());
            let from = State::of(status, at(0), at(0));
            let named: Vec<State> = reason.detail.split('`').filter_map(State::parse).collect();
            assert!(named.contains(&State::Published), "{reason:?}");
            // One that is taken back comes back in two steps.
            let (next, last): (Vec<State>, Vec<State>) = named
                .into_iter()
                .partition(|to| transition(from, *to).is_some());
            assert!(!next.is_empty(), "{reason:?}");
            for to in last {
                let by = |step: &State| transition(*step, to).is_some();
                assert!(next.iter().all(by), "{from:?} {to:?}");
            }
        }
    }
}
