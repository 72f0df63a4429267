//! SQL on files as sites know them, and on which articles use them.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::COUNTED;
use super::connection::{Conn, Db, insert_rows};
use super::fragments::any_of;
use super::media_files::file_columns;
use crate::error::Result;
use crate::models::managed::Managed;
use crate::models::media::{Media, MediaFilter, NewMedia};
use crate::models::page::Total;
use crate::models::time::Ts;
use crate::schema::{articles, media, media_files, media_uses, sites};

/// The columns of a [`Media`], in its order.
macro_rules! columns {
    () => {
        (
            media::id,
            media::site_id,
            media::key,
            media::name,
            media::alt,
            file_columns!(),
        )
    };
}

/// Files with their bytes.
macro_rules! with_bytes {
    () => {
        media::table.inner_join(media_files::table.on(media_files::sha256.eq(media::sha256)))
    };
}

/// The file with `id`, and when it came, where readers get it: neither it nor its site is held back.
pub fn find_shown(conn: &mut Conn, id: i64) -> Result<Option<(Media, Ts)>> {
    Ok(with_bytes!()
        .left_join(sites::table.on(media::site_id.eq(sites::id.nullable())))
        .filter(media::id.eq(id))
        .filter(media::is_held.eq(false))
        .filter(
            media::site_id
                .is_null()
                .or(sites::is_held.assume_not_null().eq(false)),
        )
        .select((columns!(), media::created_at))
        .first(conn)
        .optional()?)
}

/// Those of `ids` that exist, unordered.
pub fn find_all(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Media>> {
    Ok(with_bytes!()
        .filter(any_of(media::id, ids))
        .select(columns!())
        .load(conn)?)
}

/// Those of `ids` that are not held back themselves, unordered.
pub fn find_all_shown(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Media>> {
    Ok(with_bytes!()
        .filter(any_of(media::id, ids))
        .filter(media::is_held.eq(false))
        .select(columns!())
        .load(conn)?)
}

/// Those of `ids` that exist, unordered; nobody removes them until the transaction ends.
pub fn find_shared_lock(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Media>> {
    if let Conn::Postgres(c) = conn {
        diesel::sql_query("SELECT 1 FROM media WHERE id = ANY($1) ORDER BY id FOR KEY SHARE")
            .bind::<Array<BigInt>, _>(ids)
            .execute(c)?;
    }
    find_all(conn, ids)
}

/// Keeps everybody from referring to the file until the transaction ends.
pub fn lock_alone(conn: &mut Conn, id: i64) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        diesel::sql_query("SELECT 1 FROM media WHERE id = $1 FOR UPDATE")
            .bind::<BigInt, _>(id)
            .execute(c)?;
    }
    Ok(())
}

/// Those files of a site, or of none, that have one of `keys`.
pub fn find_by_keys(conn: &mut Conn, site_id: Option<i64>, keys: &[String]) -> Result<Vec<Media>> {
    let found = with_bytes!()
        .filter(any_of(media::key, keys))
        .select(columns!());
    Ok(match site_id {
        Some(site_id) => found.filter(media::site_id.eq(site_id)).load(conn)?,
        None => found.filter(media::site_id.is_null()).load(conn)?,
    })
}

/// Up to `limit` files with an id above `after`, with the slugs of their sites: those of a site and those of none that its articles use,
/// or all where no site is given.
pub fn page(
    conn: &mut Conn,
    site_id: Option<i64>,
    after: i64,
    limit: i64,
) -> Result<Vec<(Media, Option<String>)>> {
    let all = with_bytes!()
        .left_join(sites::table.on(media::site_id.eq(sites::id.nullable())))
        .filter(media::id.gt(after))
        .select((columns!(), sites::slug.nullable()))
        .order(media::id)
        .limit(limit)
        .into_boxed::<Db>();
    let Some(site_id) = site_id else {
        return Ok(all.load(conn)?);
    };
    let is_used = diesel::dsl::exists(
        media_uses::table
            .inner_join(articles::table.on(articles::id.eq(media_uses::article_id)))
            .filter(media_uses::media_id.eq(media::id))
            .filter(articles::site_id.eq(site_id)),
    );
    Ok(all
        .filter(
            media::site_id
                .eq(site_id)
                .or(media::site_id.is_null().and(is_used)),
        )
        .load(conn)?)
}

/// A file by its bytes: the SHA-256, the id, the slug of the site, and what it is called.
pub type Called = (String, i64, Option<String>, String);

/// The files with these bytes, by id.
pub fn with_bytes_of(conn: &mut Conn, sha256: &[String]) -> Result<Vec<Called>> {
    Ok(media::table
        .left_join(sites::table.on(media::site_id.eq(sites::id.nullable())))
        .filter(any_of(media::sha256, sha256))
        .select((
            media::sha256,
            media::id,
            sites::slug.nullable(),
            media::name,
        ))
        .order(media::id)
        .load(conn)?)
}

/// Ids of up to `limit` articles above `after` that use the file, in whatever state.
pub fn articles_using(conn: &mut Conn, id: i64, after: i64, limit: i64) -> Result<Vec<i64>> {
    Ok(media_uses::table
        .filter(media_uses::media_id.eq(id))
        .filter(media_uses::article_id.gt(after))
        .select(media_uses::article_id)
        .order(media_uses::article_id)
        .limit(limit)
        .load(conn)?)
}

/// A file, its history and who brought it.
type ManagedRow = (Media, Option<String>, Option<i64>, i64, Ts, Ts, bool, bool);

/// The columns of a [`ManagedRow`].
macro_rules! managed_columns {
    () => {
        (
            columns!(),
            sites::slug.nullable(),
            media::created_by,
            media::version,
            media::created_at,
            media::updated_at,
            media::is_held,
            diesel::dsl::exists(media_uses::table.filter(media_uses::media_id.eq(media::id))),
        )
    };
}

/// A file, the account that brought it, and whether an article uses it.
pub type Found = (Managed<Media>, Option<i64>, bool);

fn managed(
    (value, site, created_by, version, created_at, updated_at, is_held, is_used): ManagedRow,
) -> Found {
    let media = Managed {
        value,
        site: site.unwrap_or_default(),
        version,
        created_at,
        updated_at,
        is_held,
    };
    (media, created_by, is_used)
}

/// The file with `id`, with its history.
pub fn find_managed(conn: &mut Conn, id: i64) -> Result<Option<Found>> {
    let found: Option<ManagedRow> = with_bytes!()
        .left_join(sites::table.on(media::site_id.eq(sites::id.nullable())))
        .filter(media::id.eq(id))
        .select(managed_columns!())
        .first(conn)
        .optional()?;
    Ok(found.map(managed))
}

/// The files of a list.
macro_rules! listed {
    ($query:expr, $filter:expr) => {{
        let MediaFilter {
            site_id,
            visible_sites,
            kind,
        } = $filter;
        let mut query = $query;
        match site_id {
            Some(Some(site_id)) => query = query.filter(media::site_id.eq(*site_id)),
            Some(None) => query = query.filter(media::site_id.is_null()),
            None => {}
        }
        if let Some(visible) = visible_sites {
            query = query.filter(
                any_of(diesel::dsl::sql::<BigInt>("media.site_id"), visible)
                    .or(media::site_id.is_null()),
            );
        }
        if let Some(kind) = kind {
            query = query.filter(media::kind.eq(*kind));
        }
        query
    }};
}

/// Up to `limit` files with an id below `before`, the newest first.
pub fn managed_page(
    conn: &mut Conn,
    filter: &MediaFilter,
    before: Option<i64>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Found>> {
    let all = with_bytes!()
        .left_join(sites::table.on(media::site_id.eq(sites::id.nullable())))
        .filter(media::id.lt(before.unwrap_or(i64::MAX)))
        .select(managed_columns!())
        .order(media::id.desc())
        .offset(offset)
        .limit(limit)
        .into_boxed::<Db>();
    let found: Vec<ManagedRow> = listed!(all, filter).load(conn)?;
    Ok(found.into_iter().map(managed).collect())
}

/// How many files a list has; beyond `COUNTED` by how much of all ids the counted ones span.
pub fn count(conn: &mut Conn, filter: &MediaFilter) -> Result<Total> {
    let all = media::table
        .select(media::id)
        .order(media::id.desc())
        .limit(COUNTED + 1)
        .into_boxed::<Db>();
    let counted: Vec<i64> = listed!(all, filter).load(conn)?;
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    Ok(match (counted.first(), counted.last()) {
        (Some(highest), Some(reached)) if n > COUNTED => {
            let span = (highest - reached).max(1);
            Total::Estimated(n.saturating_mul(*highest) / span)
        }
        _ => Total::Exact(n),
    })
}

/// Adds a file and returns its id.
pub fn insert(conn: &mut Conn, new: &NewMedia, now: Ts) -> Result<i64> {
    let NewMedia {
        site_id,
        key,
        sha256,
        kind,
        name,
        alt,
        created_by,
    } = new;
    Ok(diesel::insert_into(media::table)
        .values((
            media::site_id.eq(site_id),
            media::key.eq(key),
            media::sha256.eq(sha256),
            media::kind.eq(kind),
            media::name.eq(name),
            media::alt.eq(alt.as_deref()),
            media::created_by.eq(created_by),
            media::created_at.eq(now),
            media::updated_at.eq(now),
        ))
        .returning(media::id)
        .get_result(conn)?)
}

/// Changes what a file is called, what it shows, and which bytes it has.
pub fn update(conn: &mut Conn, changed: &Media, kind: &str, now: Ts) -> Result<()> {
    diesel::update(media::table.find(changed.id))
        .set((
            media::name.eq(&changed.name),
            media::alt.eq(changed.alt.as_deref()),
            media::sha256.eq(&changed.file.sha256),
            media::kind.eq(kind),
            media::version.eq(media::version + 1),
            media::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes a file that no article uses. Its bytes stay.
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::delete(media::table.find(id)).execute(conn)?;
    Ok(())
}

/// Whether the site has files.
pub fn has_any(conn: &mut Conn, site_id: i64) -> Result<bool> {
    let first: Option<i64> = media::table
        .filter(media::site_id.eq(site_id))
        .select(media::id)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

#[derive(Insertable)]
#[diesel(table_name = media_uses)]
struct Use {
    article_id: i64,
    media_id: i64,
}

/// Notes which files new articles use, as `(article, files)`.
pub fn insert_uses(conn: &mut Conn, uses: &[(i64, BTreeSet<i64>)]) -> Result<()> {
    let rows: Vec<Use> = uses
        .iter()
        .flat_map(|(article_id, ids)| {
            ids.iter().map(|media_id| Use {
                article_id: *article_id,
                media_id: *media_id,
            })
        })
        .collect();
    insert_rows!(conn, media_uses::table, &rows)?;
    Ok(())
}

/// Notes which files each article uses from now on, as `(article, files)`.
pub fn set_uses(conn: &mut Conn, uses: &[(i64, BTreeSet<i64>)]) -> Result<()> {
    let articles: Vec<i64> = uses.iter().map(|(id, _)| *id).collect();
    diesel::delete(media_uses::table.filter(any_of(media_uses::article_id, &articles)))
        .execute(conn)?;
    insert_uses(conn, uses)
}
