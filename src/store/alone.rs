//! What only one process may do at a time. A lock of the operating system or of the server, so that a killed process leaves none behind.
//! Knows nothing of the work.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::connection::{Access, Target, connect};
use super::pool::Store;
use crate::error::{Error, Result};

/// Work that only one process may do at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// Making one segment of the search index of several.
    Merging,
    /// Making the search index anew.
    Rebuilding,
    /// Looking for injected text in what is there already.
    Scanning,
}

impl Alone {
    /// Key of the advisory lock: the letters `mhmerge`, `mhindex`, `mhscan`.
    fn key(self) -> i64 {
        match self {
            Self::Merging => 0x6d_686d_6572_6765,
            Self::Rebuilding => 0x6d_6869_6e64_6578,
            Self::Scanning => 0x6d68_7363_616e,
        }
    }

    /// What the file that is locked is called, behind the name of the database.
    fn suffix(self) -> &'static str {
        match self {
            Self::Merging => "-merging",
            Self::Rebuilding => "-rebuilding",
            Self::Scanning => "-scanning",
        }
    }
}

impl Store {
    /// Does `f` unless somebody else does the same on this database, here or in another process; tells by `None` that it did not.
    /// Blocks the calling thread.
    pub fn alone<T>(&self, work: Alone, f: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
        match &self.target {
            Target::Sqlite(path) => match lock_file(path, work)? {
                Some(_held) => f().map(Some),
                None => Ok(None),
            },
            // On a connection of its own: that of a pool would be missing there for as long as the work takes.
            Target::Postgres(_) => {
                let mut conn = connect(&self.target, Access::ReadOnly, &Arc::default())?;
                let is_free: IsFree =
                    diesel::sql_query("SELECT pg_try_advisory_lock($1) AS is_free")
                        .bind::<BigInt, _>(work.key())
                        .get_result(&mut conn)?;
                match is_free.is_free {
                    true => f().map(Some),
                    false => Ok(None),
                }
            }
        }
    }
}

#[derive(QueryableByName)]
struct IsFree {
    #[diesel(sql_type = Bool)]
    is_free: bool,
}

/// The locked file beside the database, unless somebody has locked it already. It stays there: who removed it could remove what
/// another process is about to lock.
fn lock_file(database: &Path, work: Alone) -> Result<Option<File>> {
    let mut name = database.as_os_str().to_owned();
    name.push(work.suffix());
    let path = PathBuf::from(name);
    let failed = |cause| Error::File {
        what: format!("locking {}", path.display()),
        cause,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => Err(failed(cause)),
    }
}
