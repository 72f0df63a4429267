//! SQL on failed sign-ins: who has to wait.

use diesel::prelude::*;

use super::connection::{Conn, on_db};
use super::fragments::any_of;
use crate::error::Result;
use crate::models::time::Ts;
use crate::schema::sign_in_failures;

/// Until when the one of `subjects` that has to wait longest has to, if any.
pub fn blocked_until(conn: &mut Conn, subjects: &[String]) -> Result<Option<Ts>> {
    Ok(sign_in_failures::table
        .filter(any_of(sign_in_failures::subject, subjects))
        .select(sign_in_failures::blocked_until)
        .order(sign_in_failures::blocked_until.desc())
        .first(conn)
        .optional()?)
}

/// Counts a failure of `subject` and returns the number now: what `next` makes of the number so far and of the time since when the
/// subject neither failed nor had to wait. The row stays locked until the transaction ends, so many at once count one by one.
pub fn count_failure(
    conn: &mut Conn,
    subject: &str,
    next: impl FnOnce(i64, Ts) -> i64,
    now: Ts,
) -> Result<i64> {
    on_db!(&mut *conn, |c| {
        diesel::insert_into(sign_in_failures::table)
            .values((
                sign_in_failures::subject.eq(subject),
                sign_in_failures::failures.eq(0_i64),
                sign_in_failures::last_failed_at.eq(now),
                sign_in_failures::blocked_until.eq(now),
            ))
            .on_conflict(sign_in_failures::subject)
            .do_update()
            // Changes nothing, but locks the row.
            .set(sign_in_failures::failures.eq(sign_in_failures::failures))
            .execute(c)?;
    });
    let (failures, failed_at, blocked_until): (i64, Ts, Ts) = sign_in_failures::table
        .find(subject)
        .select((
            sign_in_failures::failures,
            sign_in_failures::last_failed_at,
            sign_in_failures::blocked_until,
        ))
        .first(conn)?;
    let failures = next(failures, failed_at.max(blocked_until));
    diesel::update(sign_in_failures::table.find(subject))
        .set((
            sign_in_failures::failures.eq(failures),
            sign_in_failures::last_failed_at.eq(now),
        ))
        .execute(conn)?;
    Ok(failures)
}

/// Has `subject` wait until `until`.
pub fn block(conn: &mut Conn, subject: &str, until: Ts) -> Result<()> {
    diesel::update(sign_in_failures::table.find(subject))
        .set(sign_in_failures::blocked_until.eq(until))
        .execute(conn)?;
    Ok(())
}

/// Forgets the failures of `subject`.
pub fn forget(conn: &mut Conn, subject: &str) -> Result<()> {
    diesel::delete(sign_in_failures::table.find(subject)).execute(conn)?;
    Ok(())
}

/// Removes what nobody has to wait for any more: failures before `before`.
pub fn delete_old(conn: &mut Conn, before: Ts) -> Result<usize> {
    Ok(
        diesel::delete(sign_in_failures::table.filter(sign_in_failures::last_failed_at.lt(before)))
            .execute(conn)?,
    )
}
