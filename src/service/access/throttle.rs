//! Slowing down who guesses passwords: after some failures each further one doubles the wait, per account and per address. Knows
//! neither passwords nor accounts.

use chrono::TimeDelta;

use crate::error::{Error, Result};
use crate::models::time::Ts;
use crate::store::{self, Conn};

/// How failures slow somebody down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    /// Failures that cost nothing.
    free: i64,
    /// Seconds of the longest wait.
    longest_s: i64,
    /// How long somebody must neither fail nor have to wait until one failure is forgotten.
    fades: TimeDelta,
}

/// An account, which has one owner.
const ACCOUNT: Pace = Pace {
    free: 5,
    longest_s: 300,
    fades: TimeDelta::minutes(5),
};
/// An address, behind which there may be a whole office: one colleague who guesses must not keep the others out for long.
const ADDRESS: Pace = Pace {
    free: 20,
    longest_s: 30,
    fades: TimeDelta::minutes(1),
};

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

    /// What counts wrong present passwords of somebody who is signed in: apart from failed sign-ins, so that nobody outside keeps
    /// the owner of an account from changing the password.
    pub(super) fn of_password(user_id: i64) -> Self {
        Self {
            account: format!("password:{user_id}"),
            address: None,
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
        wait_s: u32::try_from(whole.min(ACCOUNT.longest_s)).unwrap_or(1),
    })
}

/// Counts a failure. Accounts come before addresses, so that no two writers wait for each other.
pub(super) fn count(conn: &mut Conn, subjects: &Subjects, now: Ts) -> Result<()> {
    let account = Some((&subjects.account, ACCOUNT));
    let address = subjects.address.as_ref().map(|address| (address, ADDRESS));
    for (subject, pace) in account.into_iter().chain(address) {
        let next = |failures: i64, quiet_since: Ts| pace.next(failures, now.0 - quiet_since.0);
        let failures = store::sign_ins::count_failure(conn, subject, next, now)?;
        let wait = pace.wait_s(failures);
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

impl Pace {
    /// The number of failures with one more, after `quiet` without any. There are never more than the longest wait takes, so that
    /// they fade soon after the last.
    fn next(self, failures: i64, quiet: TimeDelta) -> i64 {
        let faded = quiet.num_seconds().max(0) / self.fades.num_seconds().max(1);
        (failures - faded).max(0).min(self.most() - 1) + 1
    }

    /// Failures after which the wait does not grow any more.
    fn most(self) -> i64 {
        self.free + i64::from(64 - self.longest_s.leading_zeros())
    }

    /// Seconds to wait after so many failures.
    fn wait_s(self, failures: i64) -> i64 {
        match u32::try_from(failures - self.free) {
            Ok(beyond) => 1_i64
                .checked_shl(beyond.min(20))
                .unwrap_or(self.longest_s)
                .min(self.longest_s),
            Err(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double() {
        let waits = |pace: Pace, all: &[i64]| -> Vec<i64> {
            all.iter().map(|failures| pace.wait_s(*failures)).collect()
        };
        assert_eq!(
            waits(ACCOUNT, &[0, 4, 5, 6, 7, 12, 13, 14, 1_000_000, i64::MAX]),
            [0, 0, 1, 2, 4, 128, 256, 300, 300, 0]
        );
        assert_eq!(
            waits(ADDRESS, &[19, 20, 21, 24, 25, 1000]),
            [0, 1, 2, 16, 30, 30]
        );
    }

    #[test]
    fn failures_fade() {
        let next = |failures, minutes| ADDRESS.next(failures, TimeDelta::minutes(minutes));
        assert_eq!(
            (next(0, 0), next(7, 0), next(7, 3), next(7, 99)),
            (1, 8, 5, 1)
        );
        // A clock that was set back makes nothing worse.
        assert_eq!((next(7, -5), next(1000, 0)), (8, 25));
        assert_eq!(ADDRESS.wait_s(ADDRESS.most()), 30);
        assert_eq!(ACCOUNT.wait_s(ACCOUNT.most()), 300);
        assert_eq!(ACCOUNT.most(), 14);
    }
}
