//! SQL on the audit log, which only grows.

use diesel::prelude::*;

use super::COUNTED;
use super::connection::{Conn, Db, insert_rows};
use crate::error::Result;
use crate::models::audit::{Entry, NewEntry};
use crate::models::json::Doc;
use crate::models::page::Total;
use crate::models::time::Ts;
use crate::schema::{audit_log, sites};

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

/// Which entries to show; each narrows the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Only of this action.
    pub action: Option<String>,
    /// Only on things of this kind.
    pub resource: Option<String>,
    /// Only on the thing with this id; together with `resource`.
    pub resource_id: Option<i64>,
    /// Only of this site.
    pub site_id: Option<i64>,
    /// Only by this account.
    pub user_id: Option<i64>,
    /// Only of then or later.
    pub from: Option<Ts>,
    /// Only of before then.
    pub until: Option<Ts>,
}

impl Filters {
    /// Entries of a span of time are in its order, as the index on it is; all others in the order they were written.
    fn is_by_time(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }
}

/// A place in the list: time and id of an entry.
pub type EntryPlace = (Ts, i64);

/// The entries that pass `filters`, of a table or of one joined to it.
macro_rules! filtered {
    ($table:expr, $filters:expr) => {{
        let Filters {
            action,
            resource,
            resource_id,
            site_id,
            user_id,
            from,
            until,
        } = $filters;
        let mut query = $table.into_boxed::<Db>();
        if let Some(action) = action {
            query = query.filter(audit_log::action.eq(action));
        }
        if let Some(resource) = resource {
            query = query.filter(audit_log::resource.eq(resource));
        }
        if let Some(id) = resource_id {
            query = query.filter(audit_log::resource_id.eq(id));
        }
        if let Some(id) = site_id {
            query = query.filter(audit_log::site_id.eq(id));
        }
        if let Some(id) = user_id {
            query = query.filter(audit_log::user_id.eq(id));
        }
        if let Some(at) = from {
            query = query.filter(audit_log::at.ge(at));
        }
        if let Some(at) = until {
            query = query.filter(audit_log::at.lt(at));
        }
        match $filters.is_by_time() {
            true => query.order((audit_log::at.desc(), audit_log::id.desc())),
            false => query.order(audit_log::id.desc()),
        }
    }};
}

type Stored = (
    (i64, Ts, String, String, Option<i64>, Option<i64>),
    (
        Option<i64>,
        Option<i64>,
        String,
        Option<String>,
        Option<String>,
    ),
    (
        Option<Doc<serde_json::Value>>,
        Option<Doc<serde_json::Value>>,
    ),
    Option<String>,
);

/// Up to `limit` entries behind the place `after`, past `offset` of them, the newest first.
pub fn page(
    conn: &mut Conn,
    filters: &Filters,
    after: Option<EntryPlace>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Entry>> {
    let all = audit_log::table
        .left_join(sites::table.on(audit_log::site_id.eq(sites::id.nullable())))
        .select((
            (
                audit_log::id,
                audit_log::at,
                audit_log::action,
                audit_log::resource,
                audit_log::resource_id,
                audit_log::site_id,
            ),
            (
                audit_log::user_id,
                audit_log::api_key_id,
                audit_log::actor,
                audit_log::address_hash,
                audit_log::trace_id,
            ),
            (audit_log::before, audit_log::after),
            sites::slug.nullable(),
        ));
    let mut query = filtered!(all, filters);
    match after {
        // The first of the two is a range of the index; the second decides only where times are equal.
        Some((at, id)) if filters.is_by_time() => {
            query = query
                .filter(audit_log::at.le(at))
                .filter(audit_log::at.lt(at).or(audit_log::id.lt(id)));
        }
        Some((_, id)) => query = query.filter(audit_log::id.lt(id)),
        None => {}
    }
    let rows: Vec<Stored> = query.offset(offset).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(entry).collect())
}

fn entry(row: Stored) -> Entry {
    let (
        (id, at, action, resource, resource_id, site_id),
        (user_id, api_key_id, actor, address_hash, trace_id),
        (before, after),
        site,
    ) = row;
    Entry {
        id,
        site,
        noted: NewEntry {
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
            before: before.map(|doc| doc.0),
            after: after.map(|doc| doc.0),
        },
    }
}

/// How many entries pass `filters`; beyond `COUNTED` by how much of the log the counted ones span.
pub fn count(conn: &mut Conn, filters: &Filters) -> Result<Total> {
    let counted: Vec<i64> = filtered!(audit_log::table.select(audit_log::id), filters)
        .limit(COUNTED + 1)
        .load(conn)?;
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    Ok(match (counted.first(), counted.last()) {
        (Some(newest), Some(reached)) if n > COUNTED => {
            let spanned = (newest - reached).max(1);
            Total::Estimated(n.saturating_mul(*newest) / spanned)
        }
        _ => Total::Exact(n),
    })
}
