//! Files while they arrive: each in a folder of its own beside the storage, locked as long as somebody works on it, gone when it is
//! dropped. What a killed process left is told by its missing lock. Does not know what the bytes are.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The file within its folder.
const FILE: &str = "file";

/// A file that is arriving.
#[derive(Debug)]
pub struct Incoming {
    folder: Folder,
    file: File,
    digest: Sha256,
    size: u64,
    limit: u64,
}

/// A file that has arrived whole and lies in a folder that goes with this value.
#[derive(Debug)]
pub struct Received {
    folder: Folder,
    /// Keeps the lock.
    _file: File,
    /// The SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A folder that is deleted with all that is in it.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is found by `sweep`.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Incoming {
    /// Begins a file of at most `limit` bytes, in a new folder within `dir`.
    pub fn begin(dir: &Path, limit: u64) -> Result<Self> {
        fs::create_dir_all(dir).map_err(|e| failed(dir, e))?;
        // Whoever sweeps may take a folder away before it is locked; then there is another one.
        for _ in 0..10 {
            let mut name = [0; 12];
            getrandom::fill(&mut name).map_err(|e| Error::Internal(e.into()))?;
            let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
            let folder = Folder(dir.join(name));
            fs::create_dir(&folder.0).map_err(|e| failed(&folder.0, e))?;
            let path = folder.0.join(FILE);
            let file = match OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path)
            {
                Ok(file) => file,
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                Err(e) => return Err(failed(&path, e)),
            };
            if file.try_lock().is_ok() && path.exists() {
                return Ok(Self {
                    folder,
                    file,
                    digest: Sha256::new(),
                    size: 0,
                    limit,
                });
            }
        }
        Err(Error::internal("no folder for an incoming file"))
    }

    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// `TooLarge` beyond the limit, `NoSpace` where the disk is full.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.size = self.size.saturating_add(length);
        if self.size > self.limit {
            return Err(Error::TooLarge { limit: self.limit });
        }
        self.digest.update(bytes);
        self.file
            .write_all(bytes)
            .map_err(|e| failed(&self.folder.0, e))
    }

    /// The whole file.
    pub fn finish(self) -> Received {
        let Self {
            folder,
            file,
            digest,
            size,
            limit: _,
        } = self;
        let sha256 = digest.finalize();
        Received {
            folder,
            _file: file,
            sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            size,
        }
    }
}

impl Received {
    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.folder.0.join(FILE)
    }

    /// Its folder, for what is made of it.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }
}

/// The folders within `dir` that a killed process left; with `remove` they are deleted.
pub fn sweep(dir: &Path, remove: bool) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(dir, e)),
    };
    let mut left = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| failed(dir, e))?.path();
        let is_left = match File::open(path.join(FILE)) {
            Ok(file) => match file.try_lock() {
                Ok(()) => {
                    if remove {
                        // Under the lock, so nobody begins with it meanwhile.
                        remove_all(&path)?;
                    }
                    true
                }
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(e)) => return Err(failed(&path, e)),
            },
            Err(e) if e.kind() == ErrorKind::NotFound => {
                // A folder that just begins has no file yet; one that stays so was left.
                let is_old = path
                    .metadata()
                    .and_then(|about| about.modified())
                    .is_ok_and(|at| at.elapsed().is_ok_and(|age| age.as_secs() > 60));
                if is_old && remove {
                    remove_all(&path)?;
                }
                is_old
            }
            Err(e) => return Err(failed(&path, e)),
        };
        if is_left {
            left.push(path);
        }
    }
    left.sort();
    Ok(left)
}

fn remove_all(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(failed(path, e)),
        _ => Ok(()),
    }
}

/// What the operating system said about a file of ours.
pub(super) fn failed(path: &Path, cause: io::Error) -> Error {
    let is_full = matches!(
        cause.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    );
    let told = io::Error::new(cause.kind(), format!("{}: {cause}", path.display()));
    match is_full {
        true => Error::NoSpace(told.into()),
        false => Error::Unavailable(told.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn a_file_is_told_by_its_bytes_and_goes_when_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let mut incoming = Incoming::begin(dir.path(), 10).unwrap();
        incoming.write(b"ab").unwrap();
        incoming.write(b"c").unwrap();
        let received = incoming.finish();
        assert_eq!(received.size, 3);
        assert_eq!(
            received.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(fs::read(received.path()).unwrap(), b"abc");
        drop(received);
        assert_eq!(names(dir.path()), 0);
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut incoming = Incoming::begin(dir.path(), 3).unwrap();
        incoming.write(b"abc").unwrap();
        assert!(matches!(
            incoming.write(b"d"),
            Err(Error::TooLarge { limit: 3 })
        ));
        drop(incoming);
        assert_eq!(names(dir.path()), 0);
    }

    #[test]
    fn only_what_nobody_works_on_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let live = Incoming::begin(dir.path(), 10).unwrap();
        let left = dir.path().join("left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join(FILE), b"x").unwrap();
        assert_eq!(sweep(dir.path(), false).unwrap(), [left.clone()]);
        assert!(left.exists());
        assert_eq!(sweep(dir.path(), true).unwrap(), [left.clone()]);
        assert!(!left.exists() && live.folder.0.exists());
        assert_eq!(sweep(&dir.path().join("none"), true).unwrap(), [left; 0]);
    }
}
