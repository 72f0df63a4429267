//! Files in a folder: `DIR/files/ab/abcdef…`. A file gets its name when it is whole and on the disk. Knows no other storage.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Each, Key, Listed, too_short};
use crate::error::{Error, Result};
use crate::media::incoming::failed;
use crate::media::random_name;

/// The folder within that of the settings.
const FILES: &str = "files";

/// How names begin while their files are not whole yet.
const TEMPORARY: &str = ".put-";

/// A folder with files.
#[derive(Debug)]
pub(super) struct Disk {
    files: PathBuf,
}

impl Disk {
    /// Nothing is written before the first file comes.
    pub(super) fn open(dir: &Path) -> Self {
        Self {
            files: dir.join(FILES),
        }
    }

    pub(super) fn put(&self, key: &Key, file: &Path) -> Result<()> {
        let (target, folder) = self.place(key)?;
        let source = open_regular(file)
            .and_then(|source| source.ok_or_else(|| ErrorKind::NotFound.into()))
            .map_err(|e| failed(file, e))?;
        source.sync_all().map_err(|e| failed(file, e))?;
        // Tells `list` that somebody works on it, for as long as it goes by a temporary name. Where that fails, the
        // caller holds a lock on it already.
        let _ = source.try_lock_shared();
        make_folders(&self.files)?;

        // Whoever takes away what was left may catch a name in the moment before it is locked; then there is another one.
        for _ in 0..10 {
            match fs::create_dir(&folder) {
                Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(failed(&folder, e)),
                _ => expect_folder(&folder)?,
            }
            let temporary = Temporary(folder.join(temporary_name()?));
            let copy = bring(&source, file, &temporary.0).map_err(|e| failed(&target, e))?;
            match fs::rename(&temporary.0, &target) {
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                Err(e) => return Err(failed(&target, e)),
                Ok(()) => {}
            }
            // The folder's own name may be new, if not by this call.
            sync_folder(&folder)?;
            sync_folder(&self.files)?;
            drop(copy);
            return Ok(());
        }
        Err(Error::internal(format!("no name for {}", target.display())))
    }

    pub(super) fn size(&self, key: &Key) -> Result<Option<u64>> {
        let (path, folder) = self.place(key)?;
        if !is_there(&folder)? {
            return Ok(None);
        }
        match fs::symlink_metadata(&path) {
            Ok(about) if about.is_file() => Ok(Some(about.len())),
            Ok(_) => Err(not_a_file(&path)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(failed(&path, e)),
        }
    }

    pub(super) fn read(
        &self,
        key: &Key,
        range: Range<u64>,
    ) -> Result<Option<Box<dyn Read + Send>>> {
        let (path, folder) = self.place(key)?;
        if !is_there(&folder)? {
            return Ok(None);
        }
        let Some(mut file) = open_regular(&path).map_err(|e| failed(&path, e))? else {
            return Ok(None);
        };
        let size = file.metadata().map_err(|e| failed(&path, e))?.len();
        if range.end > size {
            return Err(too_short(key, size, &range));
        }
        file.seek(SeekFrom::Start(range.start))
            .map_err(|e| failed(&path, e))?;
        let length = range.end.saturating_sub(range.start);
        Ok(Some(Box::new(file.take(length))))
    }

    pub(super) fn remove(&self, key: &Key) -> Result<()> {
        let (path, folder) = self.place(key)?;
        if !is_there(&folder)? {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Ok(()) => sync_folder(&folder),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(failed(&path, e)),
        }
    }

    pub(super) fn list(&self, each: &mut Each<'_>) -> Result<()> {
        if !is_there(&self.files)? {
            return Ok(());
        }
        for (folder, about) in entries(&self.files)? {
            if !(about.is_dir() && is_folder_of_keys(&folder)) {
                each(Listed::Stranger(folder), about.len())?;
                continue;
            }
            for (file, about) in entries(&self.files.join(&folder))? {
                let name = format!("{folder}/{file}");
                match Key::parse(&name).filter(|_| about.is_file()) {
                    Some(key) => each(Listed::File(key), about.len())?,
                    None if is_leftover(&name) => {
                        if self.lock_leftover(&name)?.is_some() {
                            each(Listed::Leftover(name), about.len())?;
                        }
                    }
                    None => each(Listed::Stranger(name), about.len())?,
                }
            }
        }
        Ok(())
    }

    pub(super) fn is_left(&self, name: &str) -> Result<bool> {
        Ok(self.lock_leftover(name)?.is_some())
    }

    pub(super) fn remove_leftover(&self, name: &str) -> Result<bool> {
        let Some(_locked) = self.lock_leftover(name)? else {
            return Ok(false);
        };
        let path = self.files.join(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(failed(&path, e)),
        }
    }

    /// What a killed process left under `name`, locked; `None` where it is no such thing or somebody works on it.
    fn lock_leftover(&self, name: &str) -> Result<Option<File>> {
        if !is_leftover(name) {
            return Ok(None);
        }
        let path = self.files.join(name);
        let Some(file) = open_regular(&path).map_err(|e| failed(&path, e))? else {
            return Ok(None);
        };
        match file.try_lock() {
            // The `put` may have been done with the name before it was locked.
            Ok(()) => match fs::symlink_metadata(&path) {
                Ok(there) => {
                    let locked = file.metadata().map_err(|e| failed(&path, e))?;
                    Ok((identity(&there) == identity(&locked)).then_some(file))
                }
                Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
                Err(e) => Err(failed(&path, e)),
            },
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(failed(&path, e)),
        }
    }

    /// Where the file of `key` is, and in which folder.
    fn place(&self, key: &Key) -> Result<(PathBuf, PathBuf)> {
        let path = self.files.join(key.as_str());
        let folder = path.parent().map(Path::to_path_buf);
        let folder = folder.ok_or_else(|| Error::internal(format!("{key} has no folder")))?;
        Ok((path, folder))
    }
}

/// A name that goes with this value, unless the file has another one by then.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Stays where the file of the new name was this one already: renaming does nothing then.
        let _ = fs::remove_file(&self.0);
    }
}

/// Gives the bytes of `source`, the file at `path`, the name `temporary` too: as a second name if the file system can do that,
/// else by copying. What is returned keeps the lock of a copy.
fn bring(source: &File, path: &Path, temporary: &Path) -> io::Result<Option<File>> {
    if fs::hard_link(path, temporary).is_ok() {
        let is_the_same =
            identity(&fs::symlink_metadata(temporary)?) == identity(&source.metadata()?);
        return match is_the_same {
            true => Ok(None),
            false => Err(io::Error::other("the file was exchanged while it was put")),
        };
    }
    let mut copy = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(temporary)?;
    let _ = copy.try_lock();
    let mut from = source;
    from.seek(SeekFrom::Start(0))?;
    io::copy(&mut from, &mut copy)?;
    copy.sync_all()?;
    Ok(Some(copy))
}

/// Makes a folder and those above it, so that they stay after a loss of power.
fn make_folders(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = match path.parent() {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => return Ok(()),
    };
    make_folders(above)?;
    match fs::create_dir(path) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(failed(path, e)),
        _ => sync_folder(above),
    }
}

/// Waits until the names in a folder are on the disk.
fn sync_folder(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| failed(path, e))
}

/// The file at `path`, which is no link, no pipe and no folder; `None` where there is none.
fn open_regular(path: &Path) -> io::Result<Option<File>> {
    let about = match fs::symlink_metadata(path) {
        Ok(about) => about,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    if !about.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    // Somebody may have put a link there in between. A new file of the same name is fine.
    let opened = file.metadata()?;
    if identity(&opened) != identity(&about)
        && identity(&opened) != identity(&fs::symlink_metadata(path)?)
    {
        return Err(io::Error::other(
            "the file was exchanged while it was opened",
        ));
    }
    Ok(Some(file))
}

fn identity(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

/// Whether there is a folder at `path`, which is no link.
fn is_there(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => Ok(true),
        Ok(_) => Err(failed(path, io::Error::other("not a folder"))),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(failed(path, e)),
    }
}

fn expect_folder(path: &Path) -> Result<()> {
    match is_there(path)? {
        true => Ok(()),
        false => Err(failed(path, ErrorKind::NotFound.into())),
    }
}

fn not_a_file(path: &Path) -> Error {
    failed(path, io::Error::other("not a regular file"))
}

/// Names in a folder with what they are, in order; links are not followed.
fn entries(folder: &Path) -> Result<Vec<(String, Metadata)>> {
    let told = |e| failed(folder, e);
    let mut found = Vec::new();
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(e) => return Err(told(e)),
    };
    for entry in listed {
        let entry = entry.map_err(told)?;
        match entry.metadata() {
            // Where a name is no UTF-8, it is a stranger's, and only shown.
            Ok(about) => found.push((entry.file_name().to_string_lossy().into_owned(), about)),
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(told(e)),
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

fn temporary_name() -> Result<String> {
    Ok(format!("{TEMPORARY}{}", random_name()?))
}

fn is_folder_of_keys(name: &str) -> bool {
    name.len() == 2 && is_hexadecimal(name)
}

/// Whether `name` is one that `put` makes for a while.
fn is_leftover(name: &str) -> bool {
    name.split_once('/').is_some_and(|(folder, file)| {
        let digits = file.strip_prefix(TEMPORARY);
        is_folder_of_keys(folder) && digits.is_some_and(is_hexadecimal)
    })
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
