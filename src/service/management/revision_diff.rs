//! What is different between two revisions of an article. How they are compared is for `content` to say.

use super::{Tx, revisions};
use crate::content::differences;
use crate::error::Result;
use crate::models::article::ManagedArticle;
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
    let after = as_saved(tx, article_id, number)?;
    let against = match against {
        None => store::articles::revisions::number_before(tx.conn, article_id, number)?,
        given => given,
    };
    let before = match against {
        Some(other) => Some(as_saved(tx, article_id, other)?),
        None => None,
    };
    Ok(RevisionDifference {
        article_id,
        number,
        against,
        fields: differences::compare(before.as_ref(), &after, unit),
    })
}

/// The article of a revision in the state that it was saved in: what came by itself since, such as its time, is nobody's change.
fn as_saved(tx: &mut Tx<'_>, article_id: i64, number: i64) -> Result<ManagedArticle> {
    let (revision, whole) = revisions::get(tx, article_id, number)?;
    let mut article = whole.article;
    article.state = revision.state;
    Ok(article)
}
