//! SQL on listings: which list shows which article. A row stands for every list that shows a published article,
//! also one whose time has not come yet; readers bind the present time.

use diesel::prelude::*;

use super::connection::{Conn, insert_rows};
use super::counts::FOLD_AFTER;
use super::fragments::any_of;
use crate::error::Result;
use crate::models::article::{ArticleState, Status};
use crate::models::listing::List;
use crate::models::time::Ts;
use crate::schema::listings;

#[derive(Insertable)]
#[diesel(table_name = listings)]
struct Row {
    kind: i16,
    reference: i64,
    published_at: Ts,
    article_id: i64,
}

/// Whether an article in `state` belongs in lists: published, and not expired for good.
pub fn shows(state: &ArticleState, now: Ts) -> bool {
    state.status == Status::Published
        && state
            .unpublish_at
            .is_none_or(|end| end > state.published_at && end > Ts(now.0 - FOLD_AFTER))
}

/// Adds articles to lists.
pub fn insert(conn: &mut Conn, entries: &[(List, Ts, i64)]) -> Result<()> {
    let mut rows: Vec<Row> = entries
        .iter()
        .map(|(list, published_at, article_id)| Row {
            kind: list.kind.code(),
            reference: list.reference,
            published_at: *published_at,
            article_id: *article_id,
        })
        .collect();
    // In the order of the key: neighbouring rows land on the same pages.
    rows.sort_unstable_by_key(|r| (r.kind, r.reference, r.published_at, r.article_id));
    insert_rows!(conn, listings::table, &rows)?;
    Ok(())
}

/// Takes articles off all lists.
pub fn remove(conn: &mut Conn, article_ids: &[i64]) -> Result<()> {
    diesel::delete(listings::table.filter(any_of(listings::article_id, article_ids)))
        .execute(conn)?;
    Ok(())
}
