//! What is different between two revisions of an article. How they are compared is for `content` to say.

use super::{Tx, revisions};
use crate::content::differences;
use crate::error::Result;
use crate::models::difference::RevisionDifference;
use crate::store;
use crate::text::diff::Unit;

/// Compares a revision with another one of the article, older or newer; without a number, with the last one before it that is
/// kept.
pub fn diff(
    tx: &mut Tx<'_>,
    article_id: i64,
    number: i64,
    against: Option<i64>,
    unit: Unit,
) -> Result<RevisionDifference> {
    let (_, after) = revisions::get(tx, article_id, number)?;
    let against = match against {
        None => store::articles::revisions::number_before(tx.conn, article_id, number)?,
        given => given,
    };
    let before = match against {
        Some(other) => Some(revisions::get(tx, article_id, other)?.1.article),
        None => None,
    };
    Ok(RevisionDifference {
        article_id,
        number,
        against,
        fields: differences::compare(before.as_ref(), &after.article, unit),
    })
}
