//! Which members the bodies of editorial work have, transitions, revisions and previews, and which rule each of them keeps. It sees
//! one text at a time.

use super::fields::{Fields, boolean, number, text, understood, word};
use super::records::comment;
use crate::models::record::{PreviewRecord, RevisionChange, TransitionRecord};
use crate::models::rules;
use crate::models::workflow::State;

/// Where an article is to go.
pub fn transition(fields: &mut Fields<'_, '_>) -> TransitionRecord {
    TransitionRecord {
        to: fields
            .required("to", word(State::WANTED, State::as_str))
            .unwrap_or(State::Draft),
        comment: comment(fields),
        publish_at: fields.optional("publish_at", understood(rules::instant)),
        unpublish_at: fields.patch(
            "unpublish_at",
            understood(|text| rules::instant(text).map(|at| at.to_utc())),
        ),
        reason: fields.optional("reason", text(rules::remark)),
    }
}

/// A change of a revision.
pub fn revision(fields: &mut Fields<'_, '_>) -> RevisionChange {
    fields.read_only(&[
        "article_id",
        "number",
        "version",
        "action",
        "status",
        "title",
        "article_version",
        "created_by",
        "actor",
        "created_at",
        "is_current",
        "article",
    ]);
    RevisionChange {
        is_pinned: fields.firm("is_pinned", boolean),
        comment: fields.patch("comment", text(rules::remark)),
    }
}

/// How long a preview is good where the request does not say: a day, in seconds.
const PREVIEW_LIFE: i64 = 86_400;

/// A preview that is asked for.
pub fn preview(fields: &mut Fields<'_, '_>) -> PreviewRecord {
    fields.read_only(&["token", "url", "article_id", "expires_at"]);
    PreviewRecord {
        revision: fields.optional("revision", number(rules::revision)),
        expires_in: fields
            .optional("expires_in", number(rules::preview_life))
            .unwrap_or(PREVIEW_LIFE),
    }
}
