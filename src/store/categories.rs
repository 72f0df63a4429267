//! SQL on categories.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::connection::Conn;
use super::fragments::any_of;
use crate::error::Result;
use crate::models::category::Category;
use crate::models::time::Ts;
use crate::schema::{UtcTs, categories};

/// A category with the number of public articles in exactly this category.
#[derive(Debug, Clone, QueryableByName)]
pub struct Counted {
    /// Its id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The category above it.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub parent_id: Option<i64>,
    /// Slugs from the root.
    #[diesel(sql_type = Text)]
    pub path: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its public articles.
    #[diesel(sql_type = BigInt)]
    pub article_count: i64,
}

/// A site's categories in the order of their positions, counted for the moment `now`.
///
/// One statement, so that a roll-up between two of them cannot be seen half.
pub fn counted(conn: &mut Conn, site_id: i64, now: Ts) -> Result<Vec<Counted>> {
    Ok(diesel::sql_query(
        "SELECT c.id, c.parent_id, c.path, c.name, CAST(coalesce(n.articles, 0) + coalesce(e.due, 0) AS bigint) AS article_count \
         FROM categories c \
         LEFT JOIN category_counts n ON n.category_id = c.id \
         LEFT JOIN (SELECT category_id, sum(delta) AS due FROM visibility_events WHERE at <= $1 GROUP BY category_id) e \
           ON e.category_id = c.id \
         WHERE c.site_id = $2 ORDER BY c.position, c.id",
    )
    .bind::<UtcTs, _>(now)
    .bind::<BigInt, _>(site_id)
    .load(conn)?)
}

/// The columns of a [`Category`], in its order.
macro_rules! columns {
    () => {
        (
            categories::id,
            categories::site_id,
            categories::parent_id,
            categories::path,
            categories::name,
            categories::position,
        )
    };
}

/// The category at `path`.
pub fn find(conn: &mut Conn, site_id: i64, path: &str) -> Result<Option<Category>> {
    Ok(categories::table
        .filter(categories::site_id.eq(site_id))
        .filter(categories::path.eq(path))
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// A site's categories in the order of their positions.
pub fn all(conn: &mut Conn, site_id: i64) -> Result<Vec<Category>> {
    Ok(categories::table
        .filter(categories::site_id.eq(site_id))
        .select(columns!())
        .order((categories::position, categories::id))
        .load(conn)?)
}

/// The site of the category with `id`.
pub fn site_of(conn: &mut Conn, id: i64) -> Result<Option<i64>> {
    Ok(categories::table
        .find(id)
        .select(categories::site_id)
        .first(conn)
        .optional()?)
}

/// The ids of those of `paths` that exist, as `(path, id)`.
pub fn ids(conn: &mut Conn, site_id: i64, paths: &[String]) -> Result<Vec<(String, i64)>> {
    Ok(categories::table
        .filter(categories::site_id.eq(site_id))
        .filter(any_of(categories::path, paths))
        .select((categories::path, categories::id))
        .load(conn)?)
}

/// The categories with one of `paths`, by length of path: a chain from the root where `paths` is one.
pub fn chain(conn: &mut Conn, site_id: i64, paths: &[String]) -> Result<Vec<Category>> {
    let mut found: Vec<Category> = categories::table
        .filter(categories::site_id.eq(site_id))
        .filter(any_of(categories::path, paths))
        .select(columns!())
        .load(conn)?;
    found.sort_by_key(|c| c.path.len());
    Ok(found)
}

/// For each of `ids`, the category itself and all above it, as `(id, id of one of them)`.
pub fn ancestors(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, i64)>> {
    #[derive(QueryableByName)]
    struct Pair {
        #[diesel(sql_type = BigInt)]
        leaf: i64,
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // Integers of our own; a list of bound values would differ between the databases.
    let list = ids
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let pairs: Vec<Pair> = diesel::sql_query(format!(
        "WITH RECURSIVE up (leaf, id, parent_id) AS ( \
           SELECT id, id, parent_id FROM categories WHERE id IN ({list}) \
           UNION ALL SELECT up.leaf, c.id, c.parent_id FROM up JOIN categories c ON c.id = up.parent_id) \
         SELECT leaf, id FROM up"
    ))
    .load(conn)?;
    Ok(pairs.into_iter().map(|p| (p.leaf, p.id)).collect())
}

/// The highest position among a site's categories, 0 where there are none.
pub fn last_position(conn: &mut Conn, site_id: i64) -> Result<i64> {
    let last: Option<i64> = categories::table
        .filter(categories::site_id.eq(site_id))
        .select(diesel::dsl::max(categories::position))
        .first(conn)?;
    Ok(last.unwrap_or(0))
}

/// Adds a category and returns its id.
pub fn insert(
    conn: &mut Conn,
    site_id: i64,
    parent_id: Option<i64>,
    path: &str,
    name: &str,
    position: i64,
    now: Ts,
) -> Result<i64> {
    Ok(diesel::insert_into(categories::table)
        .values((
            categories::site_id.eq(site_id),
            categories::parent_id.eq(parent_id),
            categories::path.eq(path),
            categories::name.eq(name),
            categories::position.eq(position),
            categories::created_at.eq(now),
            categories::updated_at.eq(now),
        ))
        .returning(categories::id)
        .get_result(conn)?)
}

/// Changes a category's name and position.
pub fn update(conn: &mut Conn, category: &Category, now: Ts) -> Result<()> {
    diesel::update(categories::table.find(category.id))
        .set((
            categories::name.eq(&category.name),
            categories::position.eq(category.position),
            categories::version.eq(categories::version + 1),
            categories::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}
