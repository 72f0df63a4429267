//! SQL on the rules of counting, each set with a number.

use diesel::prelude::*;

use crate::error::Result;
use crate::models::counting::{Policy, Rules};
use crate::models::json::Doc;
use crate::models::time::Ts;
use crate::schema::counting_policies;
use crate::store::connection::{Conn, on_db};

/// Every policy there was, the latest first.
pub fn all(conn: &mut Conn) -> Result<Vec<Policy>> {
    let found: Vec<(i32, Ts, Doc<Rules>)> = counting_policies::table
        .order(counting_policies::version.desc())
        .load(conn)?;
    Ok(found
        .into_iter()
        .map(|(version, since, rules)| Policy {
            version,
            since,
            rules: rules.0,
        })
        .collect())
}

/// The policy in force.
pub fn latest(conn: &mut Conn) -> Result<Option<Policy>> {
    let found: Option<(i32, Ts, Doc<Rules>)> = counting_policies::table
        .order(counting_policies::version.desc())
        .first(conn)
        .optional()?;
    Ok(found.map(|(version, since, rules)| Policy {
        version,
        since,
        rules: rules.0,
    }))
}

/// Adds a policy, unless another instance has just added one with this number.
pub fn insert(conn: &mut Conn, policy: &Policy) -> Result<()> {
    on_db!(&mut *conn, |c| {
        diesel::insert_into(counting_policies::table)
            .values((
                counting_policies::version.eq(policy.version),
                counting_policies::since.eq(policy.since),
                counting_policies::rules.eq(Doc(policy.rules.clone())),
            ))
            .on_conflict_do_nothing()
            .execute(c)?;
    });
    Ok(())
}
