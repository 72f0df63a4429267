//! SQL on categories.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::COUNTED;
use super::connection::{Conn, Db};
use super::fragments::any_of;
use super::shown::{C_BELOW_HELD, PlaceShown};
use super::suggestions;
use crate::error::Result;
use crate::models::category::Category;
use crate::models::managed::Managed;
use crate::models::page::Total;
use crate::models::suggestion::SuggestionKind;
use crate::models::time::Ts;
use crate::schema::{UtcTs, categories, sites};

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

/// A site's categories that readers get in the order of their positions, counted for the moment `now`.
///
/// One statement, so that a roll-up between two of them cannot be seen half.
pub fn counted(conn: &mut Conn, site_id: i64, now: Ts) -> Result<Vec<Counted>> {
    Ok(diesel::sql_query(format!(
        "SELECT c.id, c.parent_id, c.path, c.name, CAST(coalesce(n.articles, 0) + coalesce(e.due, 0) AS bigint) AS article_count \
         FROM categories c \
         LEFT JOIN category_counts n ON n.category_id = c.id \
         LEFT JOIN (SELECT category_id, sum(delta) AS due FROM visibility_events WHERE at <= $1 GROUP BY category_id) e \
           ON e.category_id = c.id \
         WHERE c.site_id = $2 AND NOT {C_BELOW_HELD} ORDER BY c.position, c.id"
    ))
    .bind::<UtcTs, _>(now)
    .bind::<BigInt, _>(site_id)
    .load(conn)?)
}

/// The ids of the categories of a site that readers do not see: those that are held back, and all below them.
pub fn held(conn: &mut Conn, site_id: i64) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "WITH RECURSIVE held (id) AS ( \
           SELECT id FROM categories WHERE site_id = $1 AND is_held \
           UNION SELECT c.id FROM categories c JOIN held ON c.parent_id = held.id) \
         SELECT id FROM held",
    )
    .bind::<BigInt, _>(site_id)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Whether a category, or one above it, is held back.
pub fn is_below_held(conn: &mut Conn, id: i64) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        is_held: bool,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "WITH RECURSIVE up (parent_id, is_held) AS ( \
           SELECT parent_id, is_held FROM categories WHERE id = $1 \
           UNION ALL SELECT c.parent_id, c.is_held FROM up JOIN categories c ON c.id = up.parent_id) \
         SELECT is_held FROM up",
    )
    .bind::<BigInt, _>(id)
    .load(conn)?;
    Ok(rows.iter().any(|row| row.is_held))
}

/// A category as it is named beside others of all sites.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Labelled {
    /// Its id.
    pub id: i64,
    /// Slugs from the root.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Slug of its site.
    pub site: String,
}

/// Those of `ids` that readers get, unordered.
pub fn labelled(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Labelled>> {
    Ok(categories::table
        .inner_join(sites::table.on(sites::id.eq(categories::site_id)))
        .filter(any_of(categories::id, ids))
        .filter(PlaceShown)
        .select((
            categories::id,
            categories::path,
            categories::name,
            sites::slug,
        ))
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

/// The categories with `ids` and all below them.
pub fn below(conn: &mut Conn, ids: &[i64]) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // Integers of our own; a list of bound values would differ between the databases.
    let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let found: Vec<Found> = diesel::sql_query(format!(
        "WITH RECURSIVE below (id) AS ( \
           SELECT id FROM categories WHERE id IN ({}) \
           UNION SELECT c.id FROM below JOIN categories c ON c.parent_id = below.id) \
         SELECT id FROM below",
        list.join(", ")
    ))
    .load(conn)?;
    Ok(found.into_iter().map(|found| found.id).collect())
}

/// A site's categories in the order of their positions.
pub fn all(conn: &mut Conn, site_id: i64) -> Result<Vec<Category>> {
    Ok(categories::table
        .filter(categories::site_id.eq(site_id))
        .select(columns!())
        .order((categories::position, categories::id))
        .load(conn)?)
}

/// The site of the category with `id`, where readers get both.
pub fn site_of(conn: &mut Conn, id: i64) -> Result<Option<i64>> {
    Ok(categories::table
        .inner_join(sites::table.on(sites::id.eq(categories::site_id)))
        .filter(categories::id.eq(id))
        .filter(PlaceShown)
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
    let id = diesel::insert_into(categories::table)
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
        .get_result(conn)?;
    suggestions::add_name(conn, SuggestionKind::Category, Some(site_id), id, name)?;
    Ok(id)
}

/// Changes a category's name and position.
pub fn update(conn: &mut Conn, category: &Category, now: Ts) -> Result<()> {
    suggestions::rename(conn, SuggestionKind::Category, category.id, &category.name)?;
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

/// The columns of a [`Managed`] category, in its order.
macro_rules! managed_columns {
    () => {
        (
            columns!(),
            sites::slug,
            categories::version,
            categories::created_at,
            categories::updated_at,
            categories::is_held,
        )
    };
}

type ManagedRow = (Category, String, i64, Ts, Ts, bool);

fn managed(
    (value, site, version, created_at, updated_at, is_held): ManagedRow,
) -> Managed<Category> {
    Managed {
        value,
        site,
        version,
        created_at,
        updated_at,
        is_held,
    }
}

/// Those of `ids` that exist, unordered.
pub fn find_all(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Category>> {
    Ok(categories::table
        .filter(any_of(categories::id, ids))
        .select(columns!())
        .load(conn)?)
}

/// The category with `id`.
pub fn find_by_id(conn: &mut Conn, id: i64) -> Result<Option<Category>> {
    Ok(categories::table
        .find(id)
        .select(columns!())
        .first(conn)
        .optional()?)
}

/// The category with `id`, with its history.
pub fn find_managed(conn: &mut Conn, id: i64) -> Result<Option<Managed<Category>>> {
    let found: Option<ManagedRow> = categories::table
        .inner_join(sites::table.on(sites::id.eq(categories::site_id)))
        .filter(categories::id.eq(id))
        .select(managed_columns!())
        .first(conn)
        .optional()?;
    Ok(found.map(managed))
}

/// Up to `limit` categories of a site behind the place `(position, id)`, in order and with their history; only those directly
/// below `parent_id` where one is given.
pub fn managed_page(
    conn: &mut Conn,
    site_id: i64,
    parent_id: Option<i64>,
    after: Option<(i64, i64)>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Managed<Category>>> {
    let (position, id) = after.unwrap_or((i64::MIN, 0));
    let mut query = categories::table
        .inner_join(sites::table.on(sites::id.eq(categories::site_id)))
        .filter(categories::site_id.eq(site_id))
        // The first of the two is a range of the index; the second decides only where positions are equal.
        .filter(categories::position.ge(position))
        .filter(categories::position.gt(position).or(categories::id.gt(id)))
        .select(managed_columns!())
        .order((categories::position, categories::id))
        .offset(offset)
        .limit(limit)
        .into_boxed::<Db>();
    if let Some(parent_id) = parent_id {
        query = query.filter(categories::parent_id.eq(parent_id));
    }
    let found: Vec<ManagedRow> = query.load(conn)?;
    Ok(found.into_iter().map(managed).collect())
}

/// How many categories [`managed_page`] has in all; beyond `COUNTED` nobody counts on.
pub fn count(conn: &mut Conn, site_id: i64, parent_id: Option<i64>) -> Result<Total> {
    let mut query = categories::table
        .filter(categories::site_id.eq(site_id))
        .select(categories::id)
        .limit(COUNTED + 1)
        .into_boxed::<Db>();
    if let Some(parent_id) = parent_id {
        query = query.filter(categories::parent_id.eq(parent_id));
    }
    let counted: Vec<i64> = query.load(conn)?;
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    Ok(match n > COUNTED {
        true => Total::Estimated(n),
        false => Total::Exact(n),
    })
}

/// The categories directly below `parent_id`, or the roots of the site.
macro_rules! siblings {
    ($site_id:expr, $parent_id:expr) => {{
        let all = categories::table
            .filter(categories::site_id.eq($site_id))
            .into_boxed::<Db>();
        match $parent_id {
            Some(parent_id) => all.filter(categories::parent_id.eq(parent_id)),
            None => all.filter(categories::parent_id.is_null()),
        }
    }};
}

/// The highest position among the categories directly below `parent_id`, or among the roots of the site; 0 where there are none.
pub fn last_sibling_position(conn: &mut Conn, site_id: i64, parent_id: Option<i64>) -> Result<i64> {
    let last: Option<i64> = siblings!(site_id, parent_id)
        .select(diesel::dsl::max(categories::position))
        .first(conn)?;
    Ok(last.unwrap_or(0))
}

/// Moves the categories directly below `parent_id` (or the roots of the site) from `position` on one place back, except the one
/// that takes the place.
pub fn make_room(
    conn: &mut Conn,
    site_id: i64,
    parent_id: Option<i64>,
    position: i64,
    taken_by: Option<i64>,
    now: Ts,
) -> Result<()> {
    let moved = categories::table
        .filter(categories::site_id.eq(site_id))
        .filter(categories::position.ge(position))
        .filter(categories::id.ne(taken_by.unwrap_or(0)));
    let room = (
        categories::position.eq(categories::position + 1),
        categories::version.eq(categories::version + 1),
        categories::updated_at.eq(now),
    );
    match parent_id {
        Some(parent_id) => diesel::update(moved.filter(categories::parent_id.eq(parent_id)))
            .set(room)
            .execute(conn)?,
        None => diesel::update(moved.filter(categories::parent_id.is_null()))
            .set(room)
            .execute(conn)?,
    };
    Ok(())
}

/// Changes everything that can change of a category. The paths of those below are for [`super::subtrees::rename_below`].
pub fn place(conn: &mut Conn, category: &Category, now: Ts) -> Result<()> {
    suggestions::rename(conn, SuggestionKind::Category, category.id, &category.name)?;
    diesel::update(categories::table.find(category.id))
        .set((
            categories::parent_id.eq(category.parent_id),
            categories::path.eq(&category.path),
            categories::name.eq(&category.name),
            categories::position.eq(category.position),
            categories::version.eq(categories::version + 1),
            categories::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes a category that nothing refers to. Its totals are for [`super::totals::settle`].
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    suggestions::remove_name(conn, SuggestionKind::Category, id)?;
    diesel::delete(categories::table.find(id)).execute(conn)?;
    Ok(())
}
