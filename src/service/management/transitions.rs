//! Taking articles from one state to another. Which ways there are, and to whom they are open, is for `models::workflow` to say.

use chrono::{DateTime, Utc};

use super::article_media::shown;
use super::articles::{is_own, locked, save};
use super::{Tx, invalid, workflow};
use crate::error::{Error, Fault, Result};
use crate::models::article::{ArticleState, ManagedArticle, Retraction};
use crate::models::managed::{Change, Expected};
use crate::models::patch::Patch;
use crate::models::record::TransitionRecord;
use crate::models::revision::Action;
use crate::models::time::{Precision, Ts};
use crate::models::workflow::State;
use crate::store;

/// Takes an article to another state.
pub fn transition(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    wanted: TransitionRecord,
) -> Result<Change<ManagedArticle>> {
    let (before, loaded, role) = locked(tx, id, expected, |_, _| Ok(()))?;
    let (from, to) = (before.wanted_state(tx.now), wanted.to);
    let was_held = before.content.state.held.is_some();
    workflow::expect_way(role, is_own(tx, &before), from, to, "to")?;
    check(&wanted, from)?;
    let is_public = matches!(to, State::Published | State::Scheduled);
    if is_idle(&wanted, from) && is_public && wanted.comment.is_none() && !was_held {
        // Published twice is published once.
        return Ok(shown(tx, Change::updated(before.clone(), before)));
    }
    if (from, to) == (State::Archived, State::Retracted)
        && !store::changes::was_public(tx.conn, id)?
    {
        return Err(Error::Taken(Fault::new(
            "/to",
            "never_public",
            "`to` cannot be `retracted`: nobody ever saw the article, so there is nothing to take back; leave it archived",
        )));
    }
    let mut content = before.content.clone();
    content.state.set_held(false);
    let date = workflow::date(tx, &before, to, wanted.publish_at, "publish_at")?;
    let state = &mut content.state;
    if let Some(date) = date {
        state.published_at = Ts::from(date.to_utc());
        state.published_offset = date.offset().local_minus_utc() / 60;
        state.published_precision = Precision::Second;
    }
    if is_public {
        set_end(state, wanted.unpublish_at, tx.now)?;
    }
    state.status = to.status();
    state.retraction = match to {
        // A reason that is said better does not change since when.
        State::Retracted => wanted.reason.map(|reason| Retraction {
            at: state.retraction.take().map_or(tx.now, |known| known.at),
            reason,
        }),
        _ => None,
    };
    let occasion = tx.occasion(Action::Transition, wanted.comment);
    let change = save(tx, before, &loaded, content, occasion)?;
    if was_held && is_public {
        workflow::expect_released(tx, &change)?;
    }
    Ok(change)
}

/// Whether nothing is asked for but what is so already.
fn is_idle(wanted: &TransitionRecord, from: State) -> bool {
    from == wanted.to && wanted.publish_at.is_none() && wanted.unpublish_at == Patch::Keep
}

/// Fails where the members do not go together.
fn check(wanted: &TransitionRecord, from: State) -> Result<()> {
    let is_public = matches!(wanted.to, State::Published | State::Scheduled);
    let stray = [
        ("publish_at", wanted.publish_at.is_some() && !is_public),
        (
            "unpublish_at",
            matches!(wanted.unpublish_at, Patch::Set(_)) && !is_public,
        ),
        (
            "reason",
            wanted.reason.is_some() && wanted.to != State::Retracted,
        ),
    ];
    if let Some((member, _)) = stray.into_iter().find(|(_, is_stray)| *is_stray) {
        return Err(invalid(
            &format!("/{member}"),
            "invalid",
            format!(
                "`{member}` says nothing about `{}`; leave it out",
                wanted.to.as_str()
            ),
        ));
    }
    if wanted.to == State::Retracted && wanted.reason.is_none() {
        return Err(invalid(
            "/reason",
            "required",
            "`reason` is required: readers are told why the article was taken back",
        ));
    }
    let is_remark = from == wanted.to && workflow::is_waiting(from);
    if is_remark && wanted.comment.is_none() {
        return Err(invalid(
            "/comment",
            "required",
            "`comment` is required for a remark: the article stays where it is",
        ));
    }
    Ok(())
}

/// Sets when an article that is to be public vanishes again.
fn set_end(state: &mut ArticleState, end: Patch<DateTime<Utc>>, now: Ts) -> Result<()> {
    end.map(Ts::from).apply_to(&mut state.unpublish_at);
    workflow::expect_end_ahead(state, now)
}
