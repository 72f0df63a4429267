//! The life of an article, from draft to published and back: where it stands, and who may move it from where to where.

use super::access::Role;
use super::article::{ArticleState, Status};
use super::time::Ts;

/// Where an article stands in its life, as it is shown. What is published but not yet out is `scheduled`; nothing has to
/// happen for it to become `published` when its time comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Being written; nobody outside sees it.
    Draft,
    /// Waiting for a reviewer.
    InReview,
    /// Approved by a reviewer, waiting for an editor.
    Approved,
    /// Published, with `published_at` still ahead.
    Scheduled,
    /// Public from `published_at` until `unpublish_at`.
    Published,
    /// Taken from the public, kept.
    Archived,
    /// Taken back, with a tombstone in its place.
    Retracted,
    /// Held back for text that looks injected. Only the server takes an article here, and back to where it was.
    Quarantined,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::InReview,
        Self::Approved,
        Self::Scheduled,
        Self::Published,
        Self::Archived,
        Self::Retracted,
        Self::Quarantined,
    ];

    /// Every state that somebody can ask for.
    pub const WANTED: [Self; 7] = [
        Self::Draft,
        Self::InReview,
        Self::Approved,
        Self::Scheduled,
        Self::Published,
        Self::Archived,
        Self::Retracted,
    ];

    /// The state at `now` of an article with this status and time.
    pub fn of(status: Status, published_at: Ts, now: Ts) -> Self {
        match status {
            Status::Draft => Self::Draft,
            Status::InReview => Self::InReview,
            Status::Approved => Self::Approved,
            Status::Published if published_at > now => Self::Scheduled,
            Status::Published => Self::Published,
            Status::Archived => Self::Archived,
            Status::Retracted => Self::Retracted,
            Status::Quarantined => Self::Quarantined,
        }
    }

    /// What is stored for it.
    pub fn status(self) -> Status {
        match self {
            Self::Draft => Status::Draft,
            Self::InReview => Status::InReview,
            Self::Approved => Status::Approved,
            Self::Scheduled | Self::Published => Status::Published,
            Self::Archived => Status::Archived,
            Self::Retracted => Status::Retracted,
            Self::Quarantined => Status::Quarantined,
        }
    }

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            other => other.status().as_str(),
        }
    }

    /// The state called `word`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Where an article can go from here.
    pub fn successors(self) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |to| transition(self, *to).is_some())
    }
}

impl ArticleState {
    /// Where the article stands at `now`.
    pub fn at(&self, now: Ts) -> State {
        State::of(self.status, self.published_at, now)
    }

    /// Where it stands at `now`, whatever holds it back: what the workflow goes by.
    pub fn wanted_at(&self, now: Ts) -> State {
        State::of(self.wanted(), self.published_at, now)
    }
}

/// Who may take an article from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The least role in its category.
    pub role: Role,
    /// Whether the one who made the article may do it with the role of an author.
    pub by_author: bool,
}

impl Transition {
    /// Whether somebody with `role` may do it; `is_own` says that they made the article.
    pub fn is_open_to(self, role: Role, is_own: bool) -> bool {
        role >= self.role || (self.by_author && is_own && role >= Role::Author)
    }
}

/// The rule for going from `from` to `to`; `None` where there is no such way.
///
/// Authors submit what they wrote and may take it back while nobody has decided; reviewers approve it or send it back; all that
/// the public sees, and all that is taken from it, is for editors. What waits, taken to where it is, gets a remark and nothing else;
/// `scheduled` and `published` to themselves change the time, `retracted` to itself the reason.
pub fn transition(from: State, to: State) -> Option<Transition> {
    use State as S;
    let by = |role, by_author| Some(Transition { role, by_author });
    match (from, to) {
        (S::Draft, S::InReview) => by(Role::Editor, true),
        (S::Draft, S::Draft)
        | (S::InReview, S::Draft | S::InReview)
        | (S::Approved, S::Approved) => by(Role::Reviewer, true),
        (S::InReview, S::Approved) | (S::Approved, S::Draft | S::InReview) => {
            by(Role::Reviewer, false)
        }
        (S::Draft, S::Approved)
        | (
            S::Draft | S::InReview | S::Approved | S::Scheduled,
            S::Scheduled | S::Published | S::Archived,
        )
        | (S::Scheduled, S::Draft | S::InReview | S::Approved)
        | (S::Published, S::Draft | S::Scheduled | S::Published | S::Archived | S::Retracted)
        | (S::Archived, S::Draft | S::Scheduled | S::Published | S::Retracted)
        | (S::Retracted, S::Draft | S::Archived | S::Retracted) => by(Role::Editor, false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_can_be_reached_and_left() {
        let moved = State::ALL.into_iter().filter(|s| *s != State::Quarantined);
        for state in moved {
            assert!(state.successors().any(|to| to != state), "{state:?}");
            let ways = State::ALL.into_iter().filter(|from| *from != state);
            assert!(
                ways.clone().any(|from| transition(from, state).is_some()),
                "{state:?}"
            );
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn only_editors_touch_what_the_public_sees() {
        let is_public = |state| matches!(state, State::Scheduled | State::Published);
        for (from, to) in State::ALL
            .into_iter()
            .flat_map(|from| State::ALL.map(|to| (from, to)))
        {
            if let Some(rule) = transition(from, to)
                && (is_public(from) || is_public(to) || to == State::Retracted)
            {
                assert!(!rule.is_open_to(Role::Reviewer, true), "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn authors_submit_and_take_back_their_own() {
        let submit = transition(State::Draft, State::InReview).unwrap();
        assert!(submit.is_open_to(Role::Author, true));
        assert!(!submit.is_open_to(Role::Reviewer, false));
        assert!(submit.is_open_to(Role::Editor, false));
        let approve = transition(State::InReview, State::Approved).unwrap();
        assert!(!approve.is_open_to(Role::Author, true));
        assert!(approve.is_open_to(Role::Reviewer, false));
        assert_eq!(transition(State::Draft, State::Retracted), None);
        assert_eq!(transition(State::Archived, State::Archived), None);
    }
}
