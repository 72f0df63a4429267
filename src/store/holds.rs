//! SQL on what is held back, articles apart: for readers it does not exist.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::articles::affected::{self, Named};
use super::connection::{Conn, Db};
use super::shown::C_BELOW_HELD;
use crate::error::{Error, Result};
use crate::models::article::Status;
use crate::models::hygiene::RecordKind;
use crate::schema::{articles, categories, link_groups, media, menus, sites, sources, topics};

macro_rules! set {
    ($conn:expr, $table:ident, $id:expr, $is_held:expr) => {
        diesel::update(
            $table::table
                .filter($table::id.eq($id))
                .filter($table::is_held.ne($is_held)),
        )
        .set((
            $table::is_held.eq($is_held),
            $table::version.eq($table::version + 1),
        ))
        .execute($conn)?
    };
}

/// Holds a record back or not; tells whether that is another state than before. Where it is, articles that show the record change with it: the
/// caller stamps their sites, and has them indexed anew ([`Named::shown`]).
pub fn set(conn: &mut Conn, kind: RecordKind, id: i64, is_held: bool) -> Result<bool> {
    let changed = match kind {
        RecordKind::Article => {
            return Err(Error::internal("articles are held back by their status"));
        }
        RecordKind::Site => set!(conn, sites, id, is_held),
        RecordKind::Category => set!(conn, categories, id, is_held),
        RecordKind::Topic => set!(conn, topics, id, is_held),
        RecordKind::Source => set!(conn, sources, id, is_held),
        RecordKind::Menu => set!(conn, menus, id, is_held),
        RecordKind::LinkGroup => set!(conn, link_groups, id, is_held),
        RecordKind::Media => set!(conn, media, id, is_held),
    };
    if changed > 0
        && let Some(named) = Named::shown(kind, id)
    {
        affected::touch(conn, named)?;
    }
    Ok(changed > 0)
}

/// Up to `limit` ids of records of a kind (not articles) behind `after`, in order; of a site where one is given. Sources belong to none.
pub fn page_of_ids(
    conn: &mut Conn,
    kind: RecordKind,
    site_id: Option<i64>,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>> {
    macro_rules! page {
        ($table:ident) => {
            $table::table
                .filter($table::id.gt(after))
                .select($table::id)
                .order($table::id)
                .limit(limit)
                .into_boxed::<Db>()
        };
        ($table:ident, $site:expr) => {{
            let page = page!($table);
            match site_id {
                Some(site_id) => page.filter($site.eq(site_id)).load(conn)?,
                None => page.load(conn)?,
            }
        }};
    }
    Ok(match kind {
        RecordKind::Article => {
            return Err(Error::internal("articles have a list of their own"));
        }
        RecordKind::Site => page!(sites, sites::id),
        RecordKind::Category => page!(categories, categories::site_id),
        RecordKind::Topic => page!(topics, topics::site_id),
        RecordKind::Source if site_id.is_some() => Vec::new(),
        RecordKind::Source => page!(sources).load(conn)?,
        RecordKind::Menu => page!(menus, menus::site_id),
        RecordKind::LinkGroup => page!(link_groups, link_groups::site_id),
        RecordKind::Media => page!(media, media::site_id),
    })
}

/// Whether readers get all of these, as far as they are named. What there is not passes.
pub fn are_shown(
    conn: &mut Conn,
    category: Option<i64>,
    topic: Option<i64>,
    source: Option<i64>,
) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        is_held: bool,
    }
    let rows: Vec<Row> = diesel::sql_query(format!(
        "SELECT EXISTS (SELECT 1 FROM sources WHERE id = $1 AND is_held) \
           OR EXISTS (SELECT 1 FROM topics t JOIN sites s ON s.id = t.site_id WHERE t.id = $2 AND (t.is_held OR s.is_held)) \
           OR EXISTS (SELECT 1 FROM categories c JOIN sites s ON s.id = c.site_id WHERE c.id = $3 AND (s.is_held OR {C_BELOW_HELD})) \
         AS is_held"
    ))
    .bind::<BigInt, _>(source.unwrap_or_default())
    .bind::<BigInt, _>(topic.unwrap_or_default())
    .bind::<BigInt, _>(category.unwrap_or_default())
    .load(conn)?;
    Ok(!rows.iter().any(|row| row.is_held))
}

/// The ids of what is held back of a kind.
pub fn ids(conn: &mut Conn, kind: RecordKind) -> Result<Vec<i64>> {
    macro_rules! held {
        ($table:ident) => {
            $table::table
                .filter($table::is_held)
                .select($table::id)
                .load(conn)?
        };
    }
    Ok(match kind {
        RecordKind::Article => articles::table
            .filter(articles::status.eq(Status::Quarantined.as_str()))
            .select(articles::id)
            .load(conn)?,
        RecordKind::Site => held!(sites),
        RecordKind::Category => held!(categories),
        RecordKind::Topic => held!(topics),
        RecordKind::Source => held!(sources),
        RecordKind::Menu => held!(menus),
        RecordKind::LinkGroup => held!(link_groups),
        RecordKind::Media => held!(media),
    })
}

/// The sites and keys of the articles that are held back.
pub fn articles(conn: &mut Conn) -> Result<Vec<(i64, String)>> {
    Ok(articles::table
        .filter(articles::status.eq(Status::Quarantined.as_str()))
        .select((articles::site_id, articles::key))
        .load(conn)?)
}
