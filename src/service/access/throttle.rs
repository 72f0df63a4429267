//! Slowing down who guesses passwords: after some failures each further one doubles the wait, per account and per address.

use chrono::TimeDelta;

use crate::error::{Error, Result};
use crate::models::time::Ts;
use crate::store::{self, Conn};

/// Failures of one account before it has to wait.
const OF_ACCOUNT: i64 = 5;
/// Failures from one address, behind which there may be a whole office.
const OF_ADDRESS: i64 = 20;
/// Seconds of the longest wait.
const LONGEST_S: i64 = 300;
/// How long failures are remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// Whom a failure counts against. Both are keyed hashes, so that the table tells nobody who tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subjects {
    account: String,
    address: Option<String>,
}

impl Subjects {
    /// The hashes of an account, whether it exists or not, and of an address.
    pub(super) fn new(account: &str, address: Option<&str>) -> Self {
        Self {
            account: format!("account:{account}"),
            address: address.map(|address| format!("address:{address}")),
        }
    }

    fn all(&self) -> Vec<String> {
        let address = self.address.iter().cloned();
        std::iter::once(self.account.clone())
            .chain(address)
            .collect()
    }
}

/// Fails while the account or the address has to wait.
pub(super) fn check(conn: &mut Conn, subjects: &Subjects, now: Ts) -> Result<()> {
    let until = store::sign_ins::blocked_until(conn, &subjects.all())?;
    let Some(wait) = until.map(|until| until.0 - now.0) else {
        return Ok(());
    };
    if wait <= TimeDelta::zero() {
        return Ok(());
    }
    let whole = wait.num_seconds() + i64::from(wait.subsec_nanos() > 0);
    Err(Error::TooManyAttempts {
        // A clock that was set back does not make anybody wait longer.
        wait_s: u32::try_from(whole.min(LONGEST_S)).unwrap_or(1),
    })
}

/// Counts a failure. Accounts come before addresses, so that no two writers wait for each other.
pub(super) fn count(conn: &mut Conn, subjects: &Subjects, now: Ts) -> Result<()> {
    let account = Some((&subjects.account, OF_ACCOUNT));
    let address = subjects
        .address
        .as_ref()
        .map(|address| (address, OF_ADDRESS));
    for (subject, free) in account.into_iter().chain(address) {
        let since = Ts(now.0 - REMEMBERED);
        let failures = store::sign_ins::count_failure(conn, subject, since, now)?;
        let wait = wait_s(failures, free);
        if wait > 0 {
            store::sign_ins::block(conn, subject, Ts(now.0 + TimeDelta::seconds(wait)))?;
        }
    }
    Ok(())
}

/// Forgets the failures of the account, whose owner is back. Those of the address stay: an account of one's own is no way out.
pub(super) fn forgive(conn: &mut Conn, subjects: &Subjects) -> Result<()> {
    store::sign_ins::forget(conn, &subjects.account)
}

/// Seconds to wait after so many failures, of which `free` cost nothing.
fn wait_s(failures: i64, free: i64) -> i64 {
    match u32::try_from(failures - free) {
        Ok(beyond) => 1_i64
            .checked_shl(beyond.min(20))
            .unwrap_or(LONGEST_S)
            .min(LONGEST_S),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double() {
        let waits: Vec<i64> = [0, 4, 5, 6, 7, 12, 13, 14, 1_000_000, i64::MAX]
            .map(|failures| wait_s(failures, 5))
            .into();
        assert_eq!(waits, [0, 0, 1, 2, 4, 128, 256, 300, 300, 0]);
    }
}
