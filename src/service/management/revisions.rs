//! The revisions of articles: looking back, and bringing back what an article said.

use super::Tx;
use super::article_references::free_slugs;
use super::articles::{allow_move, editable, missing, save, seen};
use crate::content::{former_slugs, restored};
use crate::error::{Error, Resource, Result};
use crate::models::article::ManagedArticle;
use crate::models::managed::{Change, Expected};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::patch::Patch;
use crate::models::record::RevisionChange;
use crate::models::revision::{Action, Revision, Whole};
use crate::models::workflow::State;
use crate::store;
use crate::store::articles::revisions;

/// A page of an article's revisions, the newest first.
pub fn page(
    tx: &mut Tx<'_>,
    article_id: i64,
    query: PageQuery<i64>,
) -> Result<Page<Revision, i64>> {
    seen(tx, article_id)?;
    let before = query.after().unwrap_or(i64::MAX);
    let items = revisions::page(tx.conn, article_id, before, query.offset(), query.limit + 1)?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => revisions::count(tx.conn, article_id)?,
    };
    Ok(Page::cut(
        items,
        query.limit,
        |revision| revision.number,
        total,
    ))
}

/// One revision, and the article as it was then.
pub fn get(tx: &mut Tx<'_>, article_id: i64, number: i64) -> Result<(Revision, Whole)> {
    seen(tx, article_id)?;
    let revision = find(tx, article_id, number)?;
    let mut whole = whole(tx, article_id, number)?;
    allow_then(tx, &whole.article)?;
    tx.addresses.expand(&mut whole.article.content);
    Ok((revision, whole))
}

/// Pins, unpins or comments a revision.
pub fn annotate(
    tx: &mut Tx<'_>,
    article_id: i64,
    number: i64,
    expected: &Expected,
    change: RevisionChange,
) -> Result<Change<Revision>> {
    seen(tx, article_id)?;
    let before = find(tx, article_id, number)?;
    expected.check(before.version)?;
    let mut wanted = before.clone();
    if let Patch::Set(is_pinned) = change.is_pinned {
        wanted.is_pinned = is_pinned;
    }
    change.comment.apply_to(&mut wanted.comment);
    if wanted != before && !revisions::annotate(tx.conn, &wanted)? {
        let version = revisions::find(tx.conn, article_id, number)?.map_or(0, |r| r.version);
        return Err(Error::Stale { version });
    }
    let after = find(tx, article_id, number)?;
    Ok(Change::updated(before, after))
}

/// Has an article say again what it said in a revision; where it stands, and since when, stays. What it named then and is gone
/// now is left out.
pub fn restore(
    tx: &mut Tx<'_>,
    article_id: i64,
    number: i64,
    expected: &Expected,
    comment: Option<String>,
) -> Result<Change<ManagedArticle>> {
    let (before, loaded, _) = editable(tx, article_id, expected)?;
    find(tx, article_id, number)?;
    let Whole { article, .. } = whole(tx, article_id, number)?;
    allow_then(tx, &article)?;
    let site_id = before.site_id;
    let category_id = category_of(tx, &article)?.unwrap_or(before.content.state.category_id);
    if category_id != before.content.state.category_id {
        let is_draft = before.wanted_state(tx.now) == State::Draft;
        allow_move(tx, &before, category_id, is_draft)?;
    }
    let known = restored::Known {
        category_id,
        sources: store::sources::ids(tx.conn, &article.sources)?
            .into_iter()
            .collect(),
        topics: store::topics::ids(tx.conn, site_id, &article.topics)?
            .into_iter()
            .collect(),
        articles: store::articles::keys(tx.conn, site_id, &article.content.related)?
            .into_iter()
            .collect(),
    };
    let mut content = restored::content(&article, &before.content, &known);
    free_slugs(tx, site_id, article_id, &mut content, &before.content)?;
    former_slugs::settle(&mut content, Some(&before.content), tx.now);
    let occasion = tx.occasion(Action::Restore, comment);
    save(tx, before, &loaded, content, occasion)
}

/// Fails unless the caller sees something of the category that the article was in then, where that is still there: moving an
/// article does not show what it said elsewhere.
pub(super) fn allow_then(tx: &mut Tx<'_>, article: &ManagedArticle) -> Result<()> {
    let category_id = article.content.state.category_id;
    if store::categories::find_by_id(tx.conn, category_id)?.is_none()
        || tx.role_in_category(article.site_id, category_id)?.is_some()
    {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "the article was in the category `{}` then, where you have no role",
        article.category
    )))
}

/// The category that a revision names, where it is still there: by its id, else by its path, which may lead on.
fn category_of(tx: &mut Tx<'_>, article: &ManagedArticle) -> Result<Option<i64>> {
    let site_id = article.site_id;
    let by_id = store::categories::find_by_id(tx.conn, article.content.state.category_id)?;
    match by_id.filter(|category| category.site_id == site_id) {
        Some(category) => Ok(Some(category.id)),
        None => {
            let found = store::category_paths::resolve(tx.conn, site_id, &article.category)?;
            Ok(found.map(|(id, _)| id))
        }
    }
}

fn find(tx: &mut Tx<'_>, article_id: i64, number: i64) -> Result<Revision> {
    revisions::find(tx.conn, article_id, number)?
        .ok_or_else(|| Error::not_found(Resource::Revision, number))
}

/// The article as it was in a revision that is there.
pub(super) fn whole(tx: &mut Tx<'_>, article_id: i64, number: i64) -> Result<Whole> {
    revisions::whole(tx.conn, article_id, number, tx.now)?.ok_or_else(|| missing(article_id))
}
