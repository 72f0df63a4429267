//! Files while they arrive: each in a folder of its own beside the storage, locked as long as somebody works on it, gone when it is
//! dropped. What a killed process left is told by its missing lock. Does not know what the bytes are.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{hexadecimal, random_name};
use crate::error::{Error, Result};

/// The file within its folder.
const FILE: &str = "file";

/// How long a folder may lack its file.
const BEGINNING: Duration = Duration::from_secs(60);

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
            let folder = Folder(dir.join(random_name()?));
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
        Received {
            folder,
            _file: file,
            sha256: hexadecimal(&digest.finalize()),
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

/// The folders within `dir` that killed processes left. Where somebody begins just now, a second look with [`Left::find`] tells.
pub fn left(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut left = folders(dir)?;
    left.retain(|path| Left::find(path).is_some());
    Ok(left)
}

/// Deletes the folders within `dir` that have nothing in them. Whoever begins in one just now takes another one.
pub fn clear(dir: &Path) -> Result<()> {
    for path in folders(dir)? {
        // Fails where there is something in it.
        let _ = fs::remove_dir(&path);
    }
    Ok(())
}

/// Deletes the folders within `dir` that killed processes left.
pub fn sweep(dir: &Path) -> Result<()> {
    clear(dir)?;
    for left in left(dir)?.iter().filter_map(|path| Left::find(path)) {
        left.remove();
    }
    Ok(())
}

/// Shows `look` the files within `dir` that somebody works on, as far as they have arrived.
pub fn busy(dir: &Path, mut look: impl FnMut(File)) -> Result<()> {
    for path in folders(dir)? {
        if let Some(file) = open(&path.join(FILE))
            && matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
        {
            look(file);
        }
    }
    Ok(())
}

/// A folder that a killed process left, and that nobody begins with as long as this value is there.
#[derive(Debug)]
pub struct Left<'p> {
    path: &'p Path,
    /// Keeps the lock.
    _file: Option<File>,
}

impl<'p> Left<'p> {
    /// The folder at `path`, if it is such a one. What cannot be read is none.
    pub fn find(path: &'p Path) -> Option<Self> {
        let place = path.join(FILE);
        if let Some(file) = open(&place) {
            file.try_lock().ok()?;
            // Whoever worked on it may have been done with it, and have deleted it, before it was locked.
            let is_there = fs::symlink_metadata(&place)
                .and_then(|there| Ok(identity(&there) == identity(&file.metadata()?)));
            return is_there.is_ok_and(|is_there| is_there).then_some(Self {
                path,
                _file: Some(file),
            });
        }
        // A folder that just begins has no file yet; one that stays so was left.
        let has_none = fs::symlink_metadata(&place).is_err_and(|e| e.kind() == ErrorKind::NotFound);
        let modified = fs::symlink_metadata(path).and_then(|about| about.modified());
        let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > BEGINNING));
        (has_none && is_old).then_some(Self { path, _file: None })
    }

    /// Deletes it, and tells whether it is gone.
    pub fn remove(self) -> bool {
        match fs::remove_dir_all(self.path) {
            Ok(()) => true,
            Err(e) => e.kind() == ErrorKind::NotFound,
        }
    }
}

/// The folders within `dir`, in order. What else lies there is not of this program.
fn folders(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(dir, e)),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| failed(dir, e))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

/// The regular file at `path`, if there is one that can be read. A pipe would be waited for.
fn open(path: &Path) -> Option<File> {
    let about = fs::symlink_metadata(path).ok()?;
    about.is_file().then(|| File::open(path).ok()).flatten()
}

fn identity(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
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
        assert_eq!(
            super::left(dir.path()).unwrap(),
            std::slice::from_ref(&left)
        );
        assert!(left.exists());
        sweep(dir.path()).unwrap();
        assert!(!left.exists() && live.folder.0.exists());
        sweep(&dir.path().join("none")).unwrap();
    }

    #[test]
    fn what_is_not_of_this_program_stays_and_hides_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("begun")).unwrap();
        clear(dir.path()).unwrap();
        assert_eq!(names(dir.path()), 0);
        let put = |name: &str| {
            let folder = dir.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join(FILE), b"x").unwrap();
            folder
        };
        let (first, last) = (put("0"), put("z"));
        fs::write(dir.path().join(".DS_Store"), b"x").unwrap();
        std::os::unix::fs::symlink(&first, dir.path().join("link")).unwrap();
        let odd = dir.path().join("odd");
        fs::create_dir_all(odd.join(FILE)).unwrap();
        assert_eq!(
            super::left(dir.path()).unwrap(),
            [first.clone(), last.clone()]
        );
        sweep(dir.path()).unwrap();
        assert!(!first.exists() && !last.exists());
        assert_eq!(names(dir.path()), 3);
    }

    #[test]
    fn a_file_whose_upload_was_done_meanwhile_was_not_left() {
        let dir = tempfile::tempdir().unwrap();
        let live = Incoming::begin(dir.path(), 10).unwrap();
        let folder = live.folder.0.clone();
        assert!(Left::find(&folder).is_none());
        drop(live);
        assert!(Left::find(&folder).is_none());
        // Nor is a folder that has only just begun.
        fs::create_dir(&folder).unwrap();
        assert!(Left::find(&folder).is_none());
        assert_eq!(super::left(dir.path()).unwrap(), [folder; 0]);
    }

    #[test]
    fn what_arrives_is_shown_as_far_as_it_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let mut live = Incoming::begin(dir.path(), 10).unwrap();
        live.write(b"ab").unwrap();
        fs::create_dir(dir.path().join("left")).unwrap();
        fs::write(dir.path().join("left").join(FILE), b"x").unwrap();
        let mut seen = Vec::new();
        busy(dir.path(), |file| {
            seen.push(io::read_to_string(file).unwrap());
        })
        .unwrap();
        assert_eq!(seen, ["ab"]);
    }
}
