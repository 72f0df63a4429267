//! SQL that moves parts of category trees, and what hangs on them, to another place. Set-based: the number of statements depends
//! on the depth of the tree at most.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::categories;
use super::connection::Conn;
use super::listings;
use crate::error::{Error, Result};
use crate::models::listing::ListKind;
use crate::models::time::Ts;
use crate::schema::{UtcTs, articles, category_counts, menu_items, visibility_events};

/// The ids of a category and all below it, as a query; `id` is where its id is bound. SQLite numbers what is bound by where it
/// first stands in the text, so texts here name `$1` first.
pub(super) fn below(id: &str) -> String {
    format!(
        "WITH RECURSIVE below (id) AS ( \
           SELECT {id} UNION ALL SELECT c.id FROM categories c JOIN below ON c.parent_id = below.id) \
         SELECT id FROM below"
    )
}

/// What refers to a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Uses {
    /// Categories directly below it.
    #[diesel(sql_type = BigInt)]
    pub categories: i64,
    /// Articles in it, of every state.
    #[diesel(sql_type = BigInt)]
    pub articles: i64,
    /// Items of menus that lead to it.
    #[diesel(sql_type = BigInt)]
    pub menu_items: i64,
}

/// What refers to the category with `id`.
pub fn uses(conn: &mut Conn, id: i64) -> Result<Uses> {
    Ok(diesel::sql_query(
        "SELECT (SELECT count(*) FROM categories WHERE parent_id = $1) AS categories, \
         (SELECT count(*) FROM articles WHERE category_id = $1) AS articles, \
         (SELECT count(*) FROM menu_items WHERE category_id = $1) AS menu_items",
    )
    .bind::<BigInt, _>(id)
    .get_result(conn)?)
}

/// Characters of the longest path of a category and all below it.
pub fn longest_path(conn: &mut Conn, id: i64) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Nullable<BigInt>)]
        longest: Option<i64>,
    }
    let found: Found = diesel::sql_query(format!(
        "SELECT CAST(max(length(path)) AS bigint) AS longest FROM categories WHERE id IN ({})",
        below("$1")
    ))
    .bind::<BigInt, _>(id)
    .get_result(conn)?;
    Ok(found.longest.unwrap_or(0))
}

/// Gives what is below the category with `id`, whose path was `old`, paths that begin with `new`.
pub fn rename_below(conn: &mut Conn, id: i64, old: &str, new: &str, now: Ts) -> Result<()> {
    // No path that comes is one that goes or stays: what is not below the category could only be in the way at `new` itself.
    diesel::sql_query(format!(
        "UPDATE categories SET path = $1 || substr(path, $2), version = version + 1, updated_at = $3 \
         WHERE id <> $4 AND id IN ({})",
        below("$4")
    ))
    .bind::<Text, _>(new)
    .bind::<Integer, _>(rest_of(old)?)
    .bind::<UtcTs, _>(now)
    .bind::<BigInt, _>(id)
    .execute(conn)?;
    Ok(())
}

/// Where the rest of a path begins that starts with `start`, as `substr` counts: characters, from 1.
fn rest_of(start: &str) -> Result<i32> {
    i32::try_from(start.chars().count() + 1).map_err(|e| Error::Internal(e.into()))
}

/// Notes that menus with items that lead to a category or one below it look different now.
pub fn touch_menus(conn: &mut Conn, id: i64, now: Ts) -> Result<()> {
    diesel::sql_query(format!(
        "UPDATE menus SET version = version + 1, updated_at = $1 \
         WHERE id IN (SELECT menu_id FROM menu_items WHERE category_id IN ({}))",
        below("$2")
    ))
    .bind::<UtcTs, _>(now)
    .bind::<BigInt, _>(id)
    .execute(conn)?;
    Ok(())
}

/// Has the lists of the categories above show what is in the category with `id` and below it: those above it now that were not
/// before, and those above it before no longer. Of each it takes the ids.
pub fn relist(conn: &mut Conn, id: i64, before: &[i64], after: &[i64]) -> Result<()> {
    for gained in after.iter().filter(|above| !before.contains(above)) {
        listings::copy_list(conn, ListKind::Subtree, id, *gained)?;
    }
    for lost in before.iter().filter(|above| !after.contains(above)) {
        listings::subtract_list(conn, ListKind::Subtree, id, *lost)?;
    }
    Ok(())
}

/// The ids of the categories above the one with `id`, without itself.
pub fn above(conn: &mut Conn, id: i64) -> Result<Vec<i64>> {
    let chain = categories::ancestors(conn, &[id])?;
    let ids = chain.into_iter().map(|(_, above)| above);
    Ok(ids.filter(|above| *above != id).collect())
}

/// The path at which a category directly below `gone` would meet one directly below `heir`.
pub fn collision(conn: &mut Conn, gone: (i64, &str), heir: (i64, &str)) -> Result<Option<String>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        path: String,
    }
    let found: Option<Found> = diesel::sql_query(
        "SELECT o.path FROM categories c JOIN categories o ON o.site_id = c.site_id AND o.path = $1 || substr(c.path, $2) \
         WHERE c.parent_id = $3 AND o.id <> $3 AND o.parent_id = $4 ORDER BY o.path LIMIT 1",
    )
    .bind::<Text, _>(heir.1)
    .bind::<Integer, _>(rest_of(gone.1)?)
    .bind::<BigInt, _>(gone.0)
    .bind::<BigInt, _>(heir.0)
    .get_result(conn)
    .optional()?;
    Ok(found.map(|found| found.path))
}

/// Hangs what is directly below `gone` (id and path) below `heir`, behind what is there, with all that is below.
pub fn hand_over(
    conn: &mut Conn,
    gone: (i64, &str),
    heir: (i64, &str),
    last_position: i64,
    now: Ts,
) -> Result<()> {
    // First out of the way of one another: a slash at the start is no path, so nothing has it.
    diesel::sql_query(format!(
        "UPDATE categories SET path = '/' || path WHERE id IN ({})",
        below("$1")
    ))
    .bind::<BigInt, _>(gone.0)
    .execute(conn)?;
    diesel::sql_query(format!(
        "UPDATE categories SET path = $1 || substr(path, $2), version = version + 1, updated_at = $3, \
           position = CASE WHEN parent_id = $4 THEN position + $5 ELSE position END, \
           parent_id = CASE WHEN parent_id = $4 THEN $6 ELSE parent_id END \
         WHERE id <> $4 AND id IN ({})",
        below("$4")
    ))
    .bind::<Text, _>(heir.1)
    .bind::<Integer, _>(rest_of(gone.1)? + 1)
    .bind::<UtcTs, _>(now)
    .bind::<BigInt, _>(gone.0)
    .bind::<BigInt, _>(last_position)
    .bind::<BigInt, _>(heir.0)
    .execute(conn)?;
    Ok(())
}

/// Gives the articles in `gone`, their lists, their events and the menu items that lead there to `heir`. Returns how many articles
/// were counted in `gone`, events that are still to come apart.
pub fn hand_over_articles(conn: &mut Conn, gone: i64, heir: i64) -> Result<i64> {
    listings::copy_list(conn, ListKind::Category, gone, heir)?;
    listings::remove_list(conn, ListKind::Category, gone)?;
    listings::remove_list(conn, ListKind::Subtree, gone)?;
    diesel::update(visibility_events::table.filter(visibility_events::category_id.eq(gone)))
        .set(visibility_events::category_id.eq(heir))
        .execute(conn)?;
    diesel::update(articles::table.filter(articles::category_id.eq(gone)))
        .set(articles::category_id.eq(heir))
        .execute(conn)?;
    diesel::update(menu_items::table.filter(menu_items::category_id.eq(gone)))
        .set(menu_items::category_id.eq(heir))
        .execute(conn)?;
    let counted: Option<i64> = category_counts::table
        .find(gone)
        .select(category_counts::articles)
        .first(conn)
        .optional()?;
    Ok(counted.unwrap_or(0))
}
