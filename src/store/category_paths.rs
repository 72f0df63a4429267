//! Paths that categories had before, and where they lead. A row names a category, not its next path, so nothing leads on in steps
//! or in a circle. It does not know which paths are taken: who asks looks for a present category first.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;

use super::connection::{Conn, on_db};
use super::fragments::any_of;
use super::shown::BelowHeld;
use super::subtrees::below;
use crate::error::{Error, Result};
use crate::models::category::FormerPath;
use crate::models::rules;
use crate::models::time::Ts;
use crate::schema::{UtcTs, categories, former_category_paths};

/// The category of a site that was the last to give `path` up, as `(id, path that it has now)`.
pub fn find_successor(conn: &mut Conn, site_id: i64, path: &str) -> Result<Option<(i64, String)>> {
    Ok(former_category_paths::table
        .inner_join(categories::table.on(categories::id.eq(former_category_paths::category_id)))
        .filter(former_category_paths::site_id.eq(site_id))
        .filter(former_category_paths::path.eq(path))
        .select((categories::id, categories::path))
        .first(conn)
        .optional()?)
}

/// The category of a site at `path`, or the one that was there last, as `(id, path that it has now)`.
pub fn resolve(conn: &mut Conn, site_id: i64, path: &str) -> Result<Option<(i64, String)>> {
    match crate::store::categories::find(conn, site_id, path)? {
        Some(category) => Ok(Some((category.id, category.path))),
        None => find_successor(conn, site_id, path),
    }
}

/// Like [`find_successor`], where readers get that.
pub fn find_shown_successor(
    conn: &mut Conn,
    site_id: i64,
    path: &str,
) -> Result<Option<(i64, String)>> {
    Ok(former_category_paths::table
        .inner_join(categories::table.on(categories::id.eq(former_category_paths::category_id)))
        .filter(former_category_paths::site_id.eq(site_id))
        .filter(former_category_paths::path.eq(path))
        .filter(diesel::dsl::not(BelowHeld))
        .select((categories::id, categories::path))
        .first(conn)
        .optional()?)
}

/// The id of the category that readers of a site get at `path`, or of the one that was there last.
pub fn resolve_shown(conn: &mut Conn, site_id: i64, path: &str) -> Result<Option<i64>> {
    let present: Option<i64> = categories::table
        .filter(categories::site_id.eq(site_id))
        .filter(categories::path.eq(path))
        .filter(diesel::dsl::not(BelowHeld))
        .select(categories::id)
        .first(conn)
        .optional()?;
    match present {
        Some(id) => Ok(Some(id)),
        None => Ok(find_shown_successor(conn, site_id, path)?.map(|(id, _)| id)),
    }
}

/// Notes that the category with `id` and all below it give their paths up: they lead to themselves, and that of the category to
/// `successor`, which may be itself. To be called before they have others, and [`settle`] once they do.
pub fn retire(conn: &mut Conn, id: i64, successor: i64, now: Ts) -> Result<()> {
    diesel::sql_query(format!(
        "INSERT INTO former_category_paths (site_id, path, category_id, retired_at) \
         SELECT site_id, path, CASE WHEN id = $1 THEN $2 ELSE id END, $3 FROM categories WHERE id IN ({}) \
         ON CONFLICT (site_id, path) DO UPDATE SET category_id = excluded.category_id, retired_at = excluded.retired_at",
        below("$1")
    ))
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(successor)
    .bind::<UtcTs, _>(now)
    .execute(conn)?;
    Ok(())
}

/// Gives the former paths of `gone` to `heir`.
pub fn hand_over(conn: &mut Conn, gone: i64, heir: i64) -> Result<()> {
    diesel::update(
        former_category_paths::table.filter(former_category_paths::category_id.eq(gone)),
    )
    .set(former_category_paths::category_id.eq(heir))
    .execute(conn)?;
    Ok(())
}

/// Forgets the former paths of a category and all below it that are their present ones again, and the oldest where there are
/// more than a portal file may have.
pub fn settle(conn: &mut Conn, id: i64) -> Result<()> {
    let most = i64::try_from(rules::LIST).map_err(|e| Error::Internal(e.into()))?;
    diesel::sql_query(format!(
        "DELETE FROM former_category_paths WHERE (site_id, path) IN ( \
           SELECT site_id, path FROM ( \
             SELECT f.site_id, f.path, c.path = f.path AS is_present, \
               row_number() OVER (PARTITION BY f.category_id ORDER BY c.path = f.path, f.retired_at DESC, f.path) AS place \
             FROM former_category_paths f JOIN categories c ON c.id = f.category_id \
             WHERE f.category_id IN ({})) AS ranked \
           WHERE is_present OR place > $2)",
        below("$1")
    ))
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(most)
    .execute(conn)?;
    Ok(())
}

/// The columns of a [`FormerPath`], in its order.
macro_rules! columns {
    () => {
        (
            former_category_paths::path,
            former_category_paths::retired_at,
        )
    };
}

/// The former paths of a category, by path.
pub fn of_category(conn: &mut Conn, id: i64) -> Result<Vec<FormerPath>> {
    Ok(former_category_paths::table
        .filter(former_category_paths::category_id.eq(id))
        .select(columns!())
        .order(former_category_paths::path)
        .load(conn)?)
}

/// The former paths of all categories of a site, as `(category, path)`, by path.
pub fn of_site(conn: &mut Conn, site_id: i64) -> Result<Vec<(i64, FormerPath)>> {
    Ok(former_category_paths::table
        .filter(former_category_paths::site_id.eq(site_id))
        .select((former_category_paths::category_id, columns!()))
        .order(former_category_paths::path)
        .load(conn)?)
}

/// Those of `paths` that another category of the site gave up.
pub fn of_others(
    conn: &mut Conn,
    site_id: i64,
    id: i64,
    paths: &[String],
) -> Result<Vec<FormerPath>> {
    Ok(former_category_paths::table
        .filter(former_category_paths::site_id.eq(site_id))
        .filter(any_of(former_category_paths::path, paths))
        .filter(former_category_paths::category_id.ne(id))
        .select(columns!())
        .load(conn)?)
}

/// Gives a category these former paths and no others; what another one had of them is taken from it.
pub fn replace(conn: &mut Conn, site_id: i64, id: i64, former: &[FormerPath]) -> Result<()> {
    diesel::delete(former_category_paths::table.filter(former_category_paths::category_id.eq(id)))
        .execute(conn)?;
    let rows: Vec<_> = former
        .iter()
        .map(|former| {
            (
                former_category_paths::site_id.eq(site_id),
                former_category_paths::path.eq(&former.path),
                former_category_paths::category_id.eq(id),
                former_category_paths::retired_at.eq(former.retired_at),
            )
        })
        .collect();
    for chunk in rows.chunks(super::ROWS_PER_STATEMENT) {
        on_db!(&mut *conn, |c| {
            diesel::insert_into(former_category_paths::table)
                .values(chunk)
                .on_conflict((former_category_paths::site_id, former_category_paths::path))
                .do_update()
                .set((
                    former_category_paths::category_id
                        .eq(excluded(former_category_paths::category_id)),
                    former_category_paths::retired_at
                        .eq(excluded(former_category_paths::retired_at)),
                ))
                .execute(c)?;
        });
    }
    Ok(())
}
