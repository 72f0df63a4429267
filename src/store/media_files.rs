//! SQL on the bytes in the storage. A row is there as long as somebody names the file, and is what those hold on to who store or
//! remove its bytes.

use diesel::prelude::*;

use super::connection::{Conn, on_db};
use crate::error::{Error, Result};
use crate::models::media::StoredFile;
use crate::models::time::Ts;
use crate::schema::{media, media_files};

/// The columns of a [`StoredFile`], in its order.
macro_rules! file_columns {
    () => {
        (
            crate::schema::media_files::sha256,
            crate::schema::media_files::media_type,
            crate::schema::media_files::size,
            crate::schema::media_files::width,
            crate::schema::media_files::height,
            crate::schema::media_files::variants,
        )
    };
}
pub(super) use file_columns;

/// The file with these bytes.
pub fn find(conn: &mut Conn, sha256: &str) -> Result<Option<StoredFile>> {
    Ok(media_files::table
        .find(sha256)
        .select(file_columns!())
        .first(conn)
        .optional()?)
}

/// The file with these bytes, where nobody names it.
pub fn find_unnamed(conn: &mut Conn, sha256: &str) -> Result<Option<StoredFile>> {
    let is_named = diesel::dsl::exists(media::table.filter(media::sha256.eq(sha256)));
    Ok(media_files::table
        .find(sha256)
        .filter(diesel::dsl::not(is_named))
        .select(file_columns!())
        .first(conn)
        .optional()?)
}

/// Notes that the bytes are stored, and keeps others from removing them until the transaction ends. Returns the file as it is noted,
/// which is another one's note where the same bytes were stored before.
pub fn claim(conn: &mut Conn, file: &StoredFile, now: Ts) -> Result<StoredFile> {
    let values = (
        media_files::sha256.eq(&file.sha256),
        media_files::media_type.eq(&file.media_type),
        media_files::size.eq(file.size),
        media_files::width.eq(file.width),
        media_files::height.eq(file.height),
        media_files::variants.eq(&file.variants),
        media_files::created_at.eq(now),
    );
    Ok(on_db!(conn, |c| {
        diesel::insert_into(media_files::table)
            .values(values)
            .on_conflict(media_files::sha256)
            .do_update()
            // Changes nothing, and locks the row.
            .set(media_files::size.eq(media_files::size))
            .returning(file_columns!())
            .get_result(c)?
    }))
}

/// The file with these bytes, which nobody stores or removes until the transaction ends.
pub fn hold(conn: &mut Conn, sha256: &str) -> Result<Option<StoredFile>> {
    Ok(on_db!(conn, |c| {
        diesel::update(media_files::table.find(sha256))
            // Changes nothing, and locks the row.
            .set(media_files::size.eq(media_files::size))
            .returning(file_columns!())
            .get_result(c)
            .optional()?
    }))
}

/// Notes that the file has other smaller copies.
pub fn set_variants(conn: &mut Conn, file: &StoredFile) -> Result<()> {
    diesel::update(media_files::table.find(&file.sha256))
        .set(media_files::variants.eq(&file.variants))
        .execute(conn)?;
    Ok(())
}

/// Removes the note on a file that nobody names; until the transaction ends, whoever stores the same bytes waits. Tells whether
/// there is nobody.
pub fn release(conn: &mut Conn, sha256: &str) -> Result<bool> {
    let is_named = diesel::dsl::exists(media::table.filter(media::sha256.eq(sha256)));
    let released = diesel::delete(
        media_files::table
            .find(sha256)
            .filter(diesel::dsl::not(is_named)),
    )
    .execute(conn);
    match released.map_err(Error::from) {
        Ok(rows) => Ok(rows > 0),
        // Somebody named it just now.
        Err(Error::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Up to `limit` files behind `after`, by SHA-256, each with whether somebody names it.
pub fn page(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<(StoredFile, bool)>> {
    let is_named = diesel::dsl::exists(media::table.filter(media::sha256.eq(media_files::sha256)));
    Ok(media_files::table
        .filter(media_files::sha256.gt(after))
        .select((file_columns!(), is_named))
        .order(media_files::sha256)
        .limit(limit)
        .load(conn)?)
}
