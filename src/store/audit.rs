//! SQL on the audit log, which only grows.

use diesel::prelude::*;

use super::connection::{Conn, insert_rows};
use crate::error::Result;
use crate::models::audit::NewEntry;
use crate::models::json::Doc;
use crate::models::time::Ts;
use crate::schema::audit_log;

#[derive(Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
struct Row<'a> {
    at: Ts,
    action: &'a str,
    resource: &'a str,
    resource_id: Option<i64>,
    site_id: Option<i64>,
    user_id: Option<i64>,
    api_key_id: Option<i64>,
    actor: &'a str,
    address_hash: Option<&'a str>,
    trace_id: Option<&'a str>,
    before: Option<Doc<&'a serde_json::Value>>,
    after: Option<Doc<&'a serde_json::Value>>,
}

/// Adds entries.
pub fn append(conn: &mut Conn, entries: &[NewEntry]) -> Result<()> {
    let rows: Vec<Row<'_>> = entries
        .iter()
        .map(|entry| {
            let NewEntry {
                at,
                action,
                resource,
                resource_id,
                site_id,
                user_id,
                api_key_id,
                actor,
                address_hash,
                trace_id,
                before,
                after,
            } = entry;
            Row {
                at: *at,
                action,
                resource,
                resource_id: *resource_id,
                site_id: *site_id,
                user_id: *user_id,
                api_key_id: *api_key_id,
                actor,
                address_hash: address_hash.as_deref(),
                trace_id: trace_id.as_deref(),
                before: before.as_ref().map(Doc),
                after: after.as_ref().map(Doc),
            }
        })
        .collect();
    insert_rows!(conn, audit_log::table, &rows)?;
    Ok(())
}
