//! A database for one test, on either kind, and gone with it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use masthead::models::time::Ts;
use masthead::screening::Screening;
use masthead::store::connection::{Access, Conn, Target, connect};
use masthead::store::migrations;
use tempfile::TempDir;

use super::postgres::{self, Cluster};

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// A database that nobody else uses; dropping it removes it.
pub struct Database {
    /// The URL that `DATABASE_URL` takes.
    pub url: String,
    place: Place,
}

enum Place {
    Sqlite {
        path: PathBuf,
        _dir: TempDir,
    },
    Postgres {
        cluster: &'static Cluster,
        name: String,
    },
}

impl Database {
    /// A migrated database without rows; `None` where PostgreSQL is asked for and may be skipped.
    pub fn migrated(backend: Backend) -> Option<Self> {
        match backend {
            Backend::Sqlite => Some(Self::sqlite(sqlite_template())),
            Backend::Postgres => {
                postgres::cluster().map(|c| Self::postgres(c, c.create_migrated()))
            }
        }
    }

    /// A migrated database in a cluster that nobody else uses.
    pub fn within(cluster: &'static Cluster) -> Self {
        Self::postgres(cluster, cluster.create_migrated())
    }

    /// A migrated database on the disk of its own that `cluster` has.
    pub fn on_disk(cluster: &'static Cluster) -> Self {
        Self::postgres(cluster, cluster.create_on_disk())
    }

    /// A database without tables; `None` where PostgreSQL is asked for and may be skipped.
    pub fn empty(backend: Backend) -> Option<Self> {
        match backend {
            Backend::Sqlite => Some(Self::sqlite(&[])),
            Backend::Postgres => postgres::cluster().map(|c| Self::postgres(c, c.create_empty())),
        }
    }

    /// Which kind it is.
    pub fn backend(&self) -> Backend {
        match self.place {
            Place::Sqlite { .. } => Backend::Sqlite,
            Place::Postgres { .. } => Backend::Postgres,
        }
    }

    /// Runs SQL behind the application's back.
    pub fn execute(&self, sql: &str) {
        use diesel::connection::SimpleConnection;
        self.connect().batch_execute(sql).unwrap();
    }

    /// A connection of the kind that the application uses.
    pub fn connect(&self) -> Conn {
        match &self.place {
            Place::Sqlite { path, .. } => connect_sqlite(path.clone()),
            Place::Postgres { .. } => connect_postgres(self.url.clone()),
        }
    }

    fn sqlite(content: &[u8]) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("masthead-sqlite-")
            .tempdir()
            .unwrap();
        let path = dir.path().join("masthead.db");
        std::fs::write(&path, content).unwrap();
        Self {
            url: format!("sqlite:{}", path.display()),
            place: Place::Sqlite { path, _dir: dir },
        }
    }

    fn postgres(cluster: &'static Cluster, name: String) -> Self {
        Self {
            url: cluster.url(&name),
            place: Place::Postgres { cluster, name },
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Place::Postgres { cluster, name } = &self.place {
            cluster.remove(name);
        }
    }
}

/// The bytes of a migrated file, made once a run.
fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("template.db");
        // Closing the last connection moves the log into the file.
        migrate(&mut connect_sqlite(path.clone())).unwrap();
        std::fs::read(path).unwrap()
    })
}

/// Migrates a database, and keeps the rules that come with the program, as its first start does.
pub fn migrate(conn: &mut Conn) -> masthead::error::Result<()> {
    migrations::run(conn)?;
    let now = chrono::DateTime::parse_from_rfc3339(super::app::NOW).unwrap();
    Screening::ship(conn, Ts(now.to_utc()))?;
    Ok(())
}

fn connect_sqlite(path: PathBuf) -> Conn {
    connect(&Target::Sqlite(path), Access::ReadWrite, &Arc::default()).unwrap()
}

/// A connection to a database of the cluster.
pub fn connect_postgres(url: String) -> Conn {
    connect(&Target::Postgres(url), Access::ReadWrite, &Arc::default()).unwrap()
}
