//! Setting how often an article is cited: beside what the article says, so without a revision, and without a trace for readers
//! but in rankings.

use super::Tx;
use crate::error::{Error, Resource, Result};
use crate::models::article::ManagedArticle;
use crate::models::counting::Day;
use crate::models::managed::Change;
use crate::store;
use crate::store::citations::Cited;

/// Has an article that was just saved, or stays as it is, be cited `number` times.
pub(super) fn cite(
    tx: &mut Tx<'_>,
    mut change: Change<ManagedArticle>,
    number: Option<i64>,
) -> Result<Change<ManagedArticle>> {
    let (Some(before), Some(after)) = (&change.before, &mut change.after) else {
        return Ok(change);
    };
    let was = before.citations.unwrap_or_default();
    let Some(is) = number.filter(|number| *number != was) else {
        return Ok(change);
    };
    let site = store::sites::find_managed(tx.conn, after.site_id)?
        .ok_or_else(|| Error::not_found(Resource::Site, &after.site))?;
    let is_saved = after.version != before.version;
    let cited = Cited {
        article_id: after.id,
        was,
        is,
        alone: (!is_saved).then_some(before.version),
    };
    let day = Day::at(tx.now, &site.value.content.utc_offset);
    store::citations::set(tx.conn, &[cited], day)?;
    after.citations = Some(is);
    after.version += i64::from(!is_saved);
    Ok(change)
}
