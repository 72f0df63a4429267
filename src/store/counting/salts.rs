//! SQL on the salts that visitors are hashed with: one a day, the same for all instances.

use diesel::prelude::*;

use crate::error::Result;
use crate::models::counting::Day;
use crate::schema::visitor_salts;
use crate::store::connection::{Conn, on_db};

/// The salt of `day`, if there is one.
pub fn find(conn: &mut Conn, day: Day) -> Result<Option<Vec<u8>>> {
    Ok(visitor_salts::table
        .find(day.0)
        .select(visitor_salts::salt)
        .first(conn)
        .optional()?)
}

/// The salt of `day`; `candidate` becomes it where there is none yet.
pub fn get_or_insert(conn: &mut Conn, day: Day, candidate: &[u8]) -> Result<Vec<u8>> {
    on_db!(&mut *conn, |c| {
        diesel::insert_into(visitor_salts::table)
            .values((
                visitor_salts::day.eq(day.0),
                visitor_salts::salt.eq(candidate),
            ))
            .on_conflict_do_nothing()
            .execute(c)?;
    });
    Ok(visitor_salts::table
        .find(day.0)
        .select(visitor_salts::salt)
        .first(conn)?)
}

/// Forgets the salts of days before `day`.
pub fn delete_before(conn: &mut Conn, day: Day) -> Result<usize> {
    Ok(diesel::delete(visitor_salts::table.filter(visitor_salts::day.lt(day.0))).execute(conn)?)
}
