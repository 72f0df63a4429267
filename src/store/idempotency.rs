//! SQL on answers to repeat: claimed by the first request with a key, given to all that come after it.

use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use super::connection::{Conn, insert_rows, on_db};
use super::fragments::any_of;
use crate::error::Result;
use crate::models::json::Doc;
use crate::models::reply::{Claim, Reply, RequestKey};
use crate::models::time::Ts;
use crate::schema::{UtcTs, idempotency_keys};

/// How long an answer is repeated.
pub const KEPT: Duration = Duration::hours(24);

/// After this time the first request is taken for lost, with the process that ran it.
const LOST_AFTER: Duration = Duration::minutes(5);

/// Claims a key for a request, or tells what became of the request that has it.
pub fn claim(conn: &mut Conn, key: &RequestKey, now: Ts) -> Result<Claim> {
    let claimed = on_db!(&mut *conn, |c| {
        diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::principal.eq(&key.principal),
                idempotency_keys::key.eq(&key.key),
                idempotency_keys::fingerprint.eq(&key.fingerprint),
                idempotency_keys::claimed_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(c)?
    });
    if claimed == 1 {
        return Ok(Claim::Granted);
    }
    type Row = (
        String,
        Ts,
        Option<i32>,
        Option<Doc<Vec<(String, String)>>>,
        Option<String>,
    );
    let found: Option<Row> = idempotency_keys::table
        .find((&key.principal, &key.key))
        .select((
            idempotency_keys::fingerprint,
            idempotency_keys::claimed_at,
            idempotency_keys::status,
            idempotency_keys::headers,
            idempotency_keys::body,
        ))
        .first(conn)
        .optional()?;
    // Released in this moment; the client tries again.
    let Some((fingerprint, claimed_at, status, headers, body)) = found else {
        return Ok(Claim::Running);
    };
    let age = now.0 - claimed_at.0;
    let is_over = age > KEPT || (status.is_none() && age > LOST_AFTER);
    if is_over {
        return take_over(conn, key, claimed_at, now);
    }
    if fingerprint != key.fingerprint {
        return Ok(Claim::OfAnother);
    }
    Ok(match status {
        None => Claim::Running,
        Some(status) => Claim::Answered(Reply {
            status: u16::try_from(status).unwrap_or_default(),
            headers: headers.map(|headers| headers.0).unwrap_or_default(),
            body: body.unwrap_or_default(),
        }),
    })
}

/// Claims a key whose time is over; only one of several requests succeeds.
fn take_over(conn: &mut Conn, key: &RequestKey, claimed_at: Ts, now: Ts) -> Result<Claim> {
    let taken = diesel::update(
        idempotency_keys::table
            .find((&key.principal, &key.key))
            .filter(idempotency_keys::claimed_at.eq(claimed_at)),
    )
    .set((
        idempotency_keys::fingerprint.eq(&key.fingerprint),
        idempotency_keys::claimed_at.eq(now),
        idempotency_keys::status.eq(None::<i32>),
        idempotency_keys::headers.eq(None::<Doc<Vec<(String, String)>>>),
        idempotency_keys::body.eq(None::<String>),
    ))
    .execute(conn)?;
    Ok(match taken {
        1 => Claim::Granted,
        _ => Claim::Running,
    })
}

/// Keeps the answer to the request that claimed the key at `claimed_at`; part of the transaction that it tells of.
/// Tells whether the claim still stood.
pub fn complete(conn: &mut Conn, key: &RequestKey, claimed_at: Ts, reply: &Reply) -> Result<bool> {
    let kept = diesel::update(
        idempotency_keys::table
            .find((&key.principal, &key.key))
            .filter(idempotency_keys::claimed_at.eq(claimed_at))
            .filter(idempotency_keys::status.is_null()),
    )
    .set((
        idempotency_keys::status.eq(i32::from(reply.status)),
        idempotency_keys::headers.eq(Doc(reply.headers.clone())),
        idempotency_keys::body.eq(&reply.body),
    ))
    .execute(conn)?;
    Ok(kept == 1)
}

/// Gives a claimed key back: the request failed and changed nothing.
pub fn release(conn: &mut Conn, key: &RequestKey, claimed_at: Ts) -> Result<()> {
    diesel::delete(
        idempotency_keys::table
            .find((&key.principal, &key.key))
            .filter(idempotency_keys::claimed_at.eq(claimed_at))
            .filter(idempotency_keys::status.is_null()),
    )
    .execute(conn)?;
    Ok(())
}

/// Those of `keys`, all of one principal, whose requests were answered within [`KEPT`], with the fingerprints that they had then.
pub fn answered(
    conn: &mut Conn,
    keys: &[&RequestKey],
    now: Ts,
) -> Result<Vec<(RequestKey, Reply)>> {
    type Row = (
        String,
        String,
        Option<i32>,
        Option<Doc<Vec<(String, String)>>>,
        Option<String>,
    );
    let Some(first) = keys.first() else {
        return Ok(Vec::new());
    };
    let wanted: Vec<String> = keys.iter().map(|key| key.key.clone()).collect();
    let found: Vec<Row> = idempotency_keys::table
        .filter(idempotency_keys::principal.eq(&first.principal))
        .filter(any_of(idempotency_keys::key, &wanted))
        .filter(idempotency_keys::claimed_at.ge(Ts(now.0 - KEPT)))
        .select((
            idempotency_keys::key,
            idempotency_keys::fingerprint,
            idempotency_keys::status,
            idempotency_keys::headers,
            idempotency_keys::body,
        ))
        .load(conn)?;
    let found = found.into_iter();
    Ok(found
        .filter_map(|(key, fingerprint, status, headers, body)| {
            let key = RequestKey {
                principal: first.principal.clone(),
                key,
                fingerprint,
            };
            let reply = Reply {
                status: u16::try_from(status?).ok()?,
                headers: headers.map(|headers| headers.0).unwrap_or_default(),
                body: body?,
            };
            Some((key, reply))
        })
        .collect())
}

/// Keeps answers to requests that nobody else can have claimed meanwhile; older ones with the same keys go.
pub fn keep(conn: &mut Conn, replies: &[(RequestKey, Reply)], now: Ts) -> Result<()> {
    #[derive(Insertable)]
    #[diesel(table_name = idempotency_keys)]
    struct Row<'a> {
        principal: &'a str,
        key: &'a str,
        fingerprint: &'a str,
        claimed_at: Ts,
        status: i32,
        headers: Doc<Vec<(String, String)>>,
        body: &'a str,
    }
    let Some((first, _)) = replies.first() else {
        return Ok(());
    };
    let keys: Vec<String> = replies.iter().map(|(key, _)| key.key.clone()).collect();
    diesel::delete(
        idempotency_keys::table
            .filter(idempotency_keys::principal.eq(&first.principal))
            .filter(any_of(idempotency_keys::key, &keys)),
    )
    .execute(conn)?;
    let rows: Vec<Row<'_>> = replies
        .iter()
        .map(|(key, reply)| Row {
            principal: &key.principal,
            key: &key.key,
            fingerprint: &key.fingerprint,
            claimed_at: now,
            status: i32::from(reply.status),
            headers: Doc(reply.headers.clone()),
            body: &reply.body,
        })
        .collect();
    insert_rows!(conn, idempotency_keys::table, &rows)?;
    Ok(())
}

/// Removes up to `limit` answers to requests that were claimed before `before`; tells how many those were.
pub fn delete_old(conn: &mut Conn, before: Ts, limit: i64) -> Result<usize> {
    // Another instance may be at the same work.
    let lock = match conn {
        Conn::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        Conn::Sqlite(_) => "",
    };
    let text = format!(
        "WITH old AS MATERIALIZED (SELECT principal, key FROM idempotency_keys WHERE claimed_at < $1 \
         ORDER BY claimed_at LIMIT $2 {lock}) \
         DELETE FROM idempotency_keys WHERE (principal, key) IN (SELECT principal, key FROM old)"
    );
    Ok(on_db!(conn, |c| sql_query(text)
        .bind::<UtcTs, _>(before)
        .bind::<BigInt, _>(limit)
        .execute(c)?))
}
