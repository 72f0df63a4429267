//! Links that show one revision to whoever has them. How such a link looks, and what makes it hard to guess, is for others to say.

use chrono::{DurationRound, TimeDelta};

use super::articles::seen;
use super::{Tx, invalid};
use crate::error::{Error, Result};
use crate::models::access::Role;
use crate::models::record::PreviewRecord;
use crate::models::revision::Preview;
use crate::models::time::Ts;
use crate::store::articles::revisions;

/// What a preview of an article shows: the revision that is asked for, else the one that is the newest now. Nothing is kept of
/// it but an entry in the audit log.
pub fn create(tx: &mut Tx<'_>, article_id: i64, wanted: PreviewRecord) -> Result<Preview> {
    let place = seen(tx, article_id)?;
    let role = tx.allow_in_category(place.site_id, place.category_id)?;
    if role < Role::Reviewer && place.created_by != Some(tx.caller.principal.user_id) {
        return Err(Error::Forbidden(format!(
            "showing what somebody else made needs the role `{}` in its category",
            Role::Reviewer.as_str()
        )));
    }
    let revision = match wanted.revision {
        Some(number) => revisions::find(tx.conn, article_id, number)?.ok_or_else(|| {
            invalid(
                "/revision",
                "unknown",
                format!(
                    "`revision` names no revision of this article that is kept: there is no {number}; leave it out for the newest"
                ),
            )
        })?,
        None => revisions::page(tx.conn, article_id, i64::MAX, 0, 1)?
            .pop()
            .ok_or_else(|| Error::internal(format!("article {article_id} has no revision")))?,
    };
    let whole = super::revisions::whole(tx, article_id, revision.number)?;
    super::revisions::allow_then(tx, &whole.article)?;
    // Whole seconds, as the link says them.
    let now = tx.now.0.duration_trunc(TimeDelta::seconds(1));
    let now = now.map_err(|e| Error::Internal(e.into()))?;
    let expires_at = Ts(now + TimeDelta::seconds(wanted.expires_in));
    let preview = Preview {
        article_id,
        revision: revision.number,
        saved_at: revision.created_at,
        expires_at,
    };
    let entry = serde_json::json!({
        "article_id": article_id, "revision": revision.number, "expires_at": expires_at.to_rfc3339(),
    });
    tx.record(
        "article",
        article_id,
        Some(place.site_id),
        None,
        Some(entry),
    );
    Ok(preview)
}
