//! The rules of the workflow as a use case asks them: is this way open to the caller, and which date does it bring. Where the ways
//! lead is for `models::workflow` to say.

use chrono::{DateTime, FixedOffset, Offset, SubsecRound, Utc};

use super::{Tx, invalid};
use crate::error::{Error, Fault, Result};
use crate::models::access::Role;
use crate::models::article::{ArticleState, ManagedArticle};
use crate::models::hygiene::RecordKind;
use crate::models::managed::Change;
use crate::models::patch::Patch;
use crate::models::time::Ts;
use crate::models::workflow::{State, transition};
use crate::store;

/// Fails unless somebody with `role` may take an article from one state to the other; `is_own` says that they made it.
pub(super) fn expect_open(role: Role, is_own: bool, from: State, to: State) -> Result<()> {
    if to == State::Retracted && from != State::Retracted {
        return Err(invalid(
            "/status",
            "invalid",
            "`status` cannot be `retracted` here; POST to the article's `transitions`, which takes the reason",
        ));
    }
    expect_way(role, is_own, from, to, "status")
}

/// Fails unless there is a way from one state to the other, which `member` names, and it is open to somebody with `role`.
pub(super) fn expect_way(
    role: Role,
    is_own: bool,
    from: State,
    to: State,
    member: &str,
) -> Result<()> {
    let Some(rule) = transition(from, to) else {
        return Err(no_way(from, to, member));
    };
    if rule.is_open_to(role, is_own) {
        return Ok(());
    }
    let or_author = if rule.by_author {
        ", or to be the one who made it"
    } else {
        ""
    };
    Err(Error::Forbidden(format!(
        "taking this article from `{}` to `{}` needs the role `{}` in its category{or_author}",
        from.as_str(),
        to.as_str(),
        rule.role.as_str()
    )))
}

fn no_way(from: State, to: State, member: &str) -> Error {
    let ways: Vec<String> = from
        .successors()
        .filter(|to| *to != from)
        .map(|to| format!("`{}`", to.as_str()))
        .collect();
    let detail = format!(
        "`{member}` cannot be `{}`: an article that is `{}` can become {}",
        to.as_str(),
        from.as_str(),
        ways.join(", ")
    );
    Error::Taken(Fault::new(format!("/{member}"), "no_such_way", detail))
}

/// Fails where the time that goes with `scheduled` is not ahead.
pub(super) fn expect_dated(
    now: Ts,
    to: State,
    published_at: &Patch<DateTime<FixedOffset>>,
) -> Result<()> {
    match published_at {
        Patch::Set(at) if to == State::Scheduled && Ts::from(at.to_utc()) <= now => {
            Err(not_ahead("published_at"))
        }
        _ => Ok(()),
    }
}

/// The time of publication that going to `to` brings, where it is another one; `given` is what the caller says, in `member`.
///
/// Who publishes now and names no time means now where the article was never dated or is dated ahead. Who schedules names a
/// time, or the article has one that is ahead.
pub(super) fn date(
    tx: &mut Tx<'_>,
    article: &ManagedArticle,
    to: State,
    given: Option<DateTime<FixedOffset>>,
    member: &str,
) -> Result<Option<DateTime<FixedOffset>>> {
    let now = tx.now;
    let state = &article.content.state;
    match (to, given) {
        (State::Scheduled, Some(at)) if Ts::from(at.to_utc()) <= now => Err(not_ahead(member)),
        (State::Scheduled, None) if state.published_at <= now => Err(undated(member)),
        (State::Scheduled | State::Published, Some(at)) => Ok(Some(at)),
        (State::Published, None) => {
            // Dates are whole seconds. What was never dated still has the one that it was made with.
            let is_undated = is_waiting(article.wanted_state(now))
                && state.published_at == Ts(article.created_at.0.trunc_subsecs(0))
                && !store::changes::was_public(tx.conn, article.id)?;
            let is_early = state.published_at > now;
            Ok((is_undated || is_early).then(|| second_of(now, state.published_offset)))
        }
        _ => Ok(None),
    }
}

/// Whether an article in this state waits for the next ones to work on it.
pub(super) fn is_waiting(state: State) -> bool {
    matches!(state, State::Draft | State::InReview | State::Approved)
}

/// Fails where an article that is to be public would vanish before anyone sees it.
pub(super) fn expect_end_ahead(state: &ArticleState, now: Ts) -> Result<()> {
    let mend = match state.unpublish_at {
        Some(end) if end <= now => "lies in the past: nobody would see the article",
        Some(end) if end <= state.published_at => "must be later than the article appears",
        _ => return Ok(()),
    };
    Err(invalid(
        "/unpublish_at",
        "invalid",
        format!("`unpublish_at` {mend}; give a later time, or `null` for none"),
    ))
}

/// Fails where an article that was to be published is held back all the same.
pub(super) fn expect_released(tx: &mut Tx<'_>, change: &Change<ManagedArticle>) -> Result<()> {
    let Some(article) = change
        .after
        .as_ref()
        .filter(|after| after.content.state.held.is_some())
    else {
        return Ok(());
    };
    let own = store::findings::of_records(tx.conn, RecordKind::Article, &[article.id])?;
    let findings = own.iter().filter(|finding| finding.is_holding()).count();
    Err(Error::HeldBack {
        article_id: article.id,
        site: article.site.clone(),
        findings,
    })
}

/// What is to be scheduled needs a time.
pub(super) fn undated(member: &str) -> Error {
    invalid(
        &format!("/{member}"),
        "required",
        format!("`{member}` is required: say when the article is to appear"),
    )
}

fn not_ahead(member: &str) -> Error {
    invalid(
        &format!("/{member}"),
        "invalid",
        format!(
            "`{member}` must lie ahead for `scheduled`; for a time that is over publish the article"
        ),
    )
}

/// The second that `at` is in, `minutes` east of UTC.
pub(super) fn second_of(at: Ts, minutes: i32) -> DateTime<FixedOffset> {
    let offset = FixedOffset::east_opt(minutes.saturating_mul(60)).unwrap_or_else(|| Utc.fix());
    at.0.trunc_subsecs(0).with_timezone(&offset)
}
