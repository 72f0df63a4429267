//! Whether everything that requests need is there.

use crate::error::Result;
use crate::store::{self, Store};

/// Use cases on the state of this instance.
#[derive(Clone)]
pub struct Health {
    store: Store,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What is wrong, for operators.
    pub detail: Option<String>,
}

impl Health {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Looks at the database and its migrations.
    pub async fn check(&self) -> Vec<Check> {
        report(self.store.read(store::migrations::pending).await)
    }

    /// [`Health::check`] for commands.
    pub fn check_blocking(&self) -> Vec<Check> {
        report(self.store.read_blocking(store::migrations::pending))
    }
}

fn report(pending: Result<usize>) -> Vec<Check> {
    let database = Check {
        name: "database",
        ok: pending.is_ok(),
        detail: pending.as_ref().err().map(|e| e.chain()),
    };
    let migrations = match pending {
        Ok(0) => Check {
            name: "migrations",
            ok: true,
            detail: None,
        },
        Ok(n) => Check {
            name: "migrations",
            ok: false,
            detail: Some(format!("{n} not applied yet: run `masthead migrate`")),
        },
        Err(_) => Check {
            name: "migrations",
            ok: false,
            detail: Some("unknown without a database".to_owned()),
        },
    };
    vec![database, migrations]
}
