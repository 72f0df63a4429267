//! Secrets that are made once and shared by all instances.

use diesel::prelude::*;

use super::connection::{Conn, on_db};
use crate::error::{Error, Result};
use crate::models::audit::AddressKey;
use crate::models::time::Ts;
use crate::schema::secrets;

/// Name of the secret that hashes addresses of callers.
pub const ADDRESS_KEY: &str = "address_key";

/// What hashes addresses of callers for the audit log. It is made at the first start.
pub fn address_key(conn: &mut Conn) -> Result<AddressKey> {
    let secret = find(conn, ADDRESS_KEY)?;
    let secret = secret.ok_or_else(|| Error::internal("the key for addresses is missing"))?;
    Ok(AddressKey::new(secret))
}

/// The secret called `name`.
pub fn find(conn: &mut Conn, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(secrets::table
        .find(name)
        .select(secrets::value)
        .first(conn)
        .optional()?)
}

/// The secret called `name`; `candidate` becomes it where there is none yet.
pub fn get_or_insert(conn: &mut Conn, name: &str, candidate: &[u8], now: Ts) -> Result<Vec<u8>> {
    on_db!(&mut *conn, |c| {
        diesel::insert_into(secrets::table)
            .values((
                secrets::name.eq(name),
                secrets::value.eq(candidate),
                secrets::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(c)?;
    });
    Ok(secrets::table
        .find(name)
        .select(secrets::value)
        .first(conn)?)
}
