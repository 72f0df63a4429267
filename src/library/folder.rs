//! A folder of files beside a portal file: read by imports, written by exports. Nothing outside it is touched, and no link in it is
//! followed.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Library;
use crate::error::{Error, Result};
use crate::media::format::Format;
use crate::media::hexadecimal;
use crate::media::incoming::Received;
use crate::media::storage::Key;
use crate::models::media::StoredFile;
use crate::models::rules;
use crate::store::{self, Store};

/// Bytes copied at a time.
const CHUNK: usize = 64 << 10;

/// A folder with files.
#[derive(Debug, Clone)]
pub struct Folder {
    dir: PathBuf,
}

/// What a folder has under a key.
#[derive(Debug)]
pub enum InFolder {
    /// A file, open for reading.
    File(File),
    /// Nothing, or a folder.
    Nothing,
    /// Something that is not taken; the sentence says what.
    Refused(String),
}

/// What is in the way of a file that is to be written.
enum Standing {
    Free(PathBuf),
    /// The same file.
    There,
    /// Something else.
    Taken,
}

impl Folder {
    /// The folder at `dir`, which must be there.
    pub fn open(dir: &Path) -> Result<Self> {
        match fs::metadata(dir) {
            Ok(about) if about.is_dir() => Ok(Self {
                dir: dir.to_path_buf(),
            }),
            Ok(_) => Err(failed("reading", dir, ErrorKind::NotADirectory.into())),
            Err(cause) => Err(failed("reading", dir, cause)),
        }
    }

    /// The folder at `dir`, made where it is not there.
    pub fn make(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).map_err(|cause| failed("making", dir, cause))?;
        Self::open(dir)
    }

    /// What is there under `key`.
    pub fn find(&self, key: &str) -> Result<InFolder> {
        if let Err(reason) = rules::file_key(key) {
            return Ok(InFolder::Refused(reason));
        }
        let path = self.dir.join(key);
        let reading = |cause| failed("reading", &path, cause);
        let mut at = self.dir.clone();
        let mut last = None;
        for name in key.split('/') {
            at.push(name);
            let about = match fs::symlink_metadata(&at) {
                Ok(about) => about,
                Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Ok(InFolder::Nothing);
                }
                Err(cause) => return Err(reading(cause)),
            };
            if about.is_symlink() {
                return Ok(InFolder::Refused(
                    "is, or is in, a symbolic link, which is not followed; put the file itself there"
                        .to_owned(),
                ));
            }
            last = Some(about);
        }
        let Some(about) = last.filter(|about| !about.is_dir()) else {
            return Ok(InFolder::Nothing);
        };
        // A pipe would be waited for.
        if !about.is_file() {
            return Ok(InFolder::Refused(
                "is not a regular file; put a file there".to_owned(),
            ));
        }
        let file = File::open(&path).map_err(reading)?;
        let opened = file.metadata().map_err(reading)?;
        match identity(&opened) == identity(&about) {
            true => Ok(InFolder::File(file)),
            false => Err(reading(io::Error::other(
                "the file was exchanged while it was opened",
            ))),
        }
    }

    /// What is in the way of `file` under `key`; folders above it are made.
    fn standing(&self, key: &str, file: &StoredFile) -> Result<Standing> {
        let path = self.dir.join(key);
        let writing = |cause| failed("writing", &path, cause);
        let mut at = self.dir.clone();
        let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            at.push(folder);
            match fs::symlink_metadata(&at) {
                Ok(about) if about.is_dir() => {}
                Ok(_) => return Ok(Standing::Taken),
                Err(e) if e.kind() == ErrorKind::NotFound => {
                    fs::create_dir(&at).map_err(writing)?;
                }
                Err(cause) => return Err(writing(cause)),
            }
        }
        at.push(name);
        match fs::symlink_metadata(&at) {
            Ok(about) if about.is_file() && i64::try_from(about.len()) == Ok(file.size) => {
                let there = File::open(&at).map_err(writing)?;
                Ok(match sha256(&there).map_err(writing)? == file.sha256 {
                    true => Standing::There,
                    false => Standing::Taken,
                })
            }
            Ok(_) => Ok(Standing::Taken),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Standing::Free(at)),
            Err(cause) => Err(writing(cause)),
        }
    }
}

impl Library {
    /// Copies a file of a folder to where files arrive.
    ///
    /// # Errors
    ///
    /// `TooLarge`, `NoSpace`.
    pub fn receive(&self, mut file: &File, key: &str) -> Result<Received> {
        let reading = |cause| failed("reading", Path::new(key), cause);
        let limit = self.settings.max_bytes;
        if file.metadata().map_err(reading)?.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        let mut incoming = self.begin()?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = file.read(&mut chunk).map_err(reading)?;
            match chunk.get(..read) {
                None | Some([]) => return Ok(incoming.finish()),
                Some(bytes) => incoming.write(bytes)?,
            }
        }
    }

    /// Whether the bytes of `stored` are those of `file`, and with its smaller copies in the storage.
    pub fn has_same(&self, stored: &StoredFile, file: &File, key: &str) -> Result<bool> {
        let reading = |cause| failed("reading", Path::new(key), cause);
        let size = file.metadata().map_err(reading)?.len();
        if i64::try_from(size) != Ok(stored.size) {
            return Ok(false);
        }
        Ok(sha256(file).map_err(reading)? == stored.sha256 && self.is_whole(stored)?)
    }

    /// Writes a file into a folder under `key`, or, where another one is there, under a name made of its SHA-256; returns the path
    /// within the folder, or `None` where its bytes are not in the storage. What is there already stays as it is.
    pub fn write_out(
        &self,
        folder: &Folder,
        key: &str,
        file: &StoredFile,
    ) -> Result<Option<String>> {
        let extension = Format::parse(&file.media_type).map_or("bin", Format::extension);
        let own = format!("{}.{extension}", file.sha256);
        for name in [key, own.as_str()] {
            match folder.standing(name, file)? {
                Standing::Taken => {}
                Standing::There => return Ok(Some(name.to_owned())),
                Standing::Free(path) => {
                    let is_written = self.copy_out(file, &path)?;
                    return Ok(is_written.then(|| name.to_owned()));
                }
            }
        }
        Err(Error::Setup(format!(
            "both `{key}` and `{own}` are other files in {} already; export into an empty folder",
            folder.dir.display()
        )))
    }

    /// Why the bytes of a file that was recorded were not there.
    pub fn why_missing(&self, store: &Store, sha256: &str) -> Result<Error> {
        let recorded = store.read_blocking(|conn| store::media_files::find(conn, sha256))?;
        let is_lost = match recorded {
            Some(file) => !self.is_whole(&file)?,
            None => false,
        };
        Ok(Error::Setup(match is_lost {
            true => format!(
                "the bytes of the file with the SHA-256 {sha256} are missing; `masthead doctor` tells which media have them"
            ),
            false => format!(
                "the file with the SHA-256 {sha256} was deleted during the export; run it again"
            ),
        }))
    }

    /// Under another name first: half a file must not look like a whole one. Tells whether its bytes are there.
    fn copy_out(&self, file: &StoredFile, path: &Path) -> Result<bool> {
        let writing = |cause| failed("writing", path, cause);
        let original = Key::original(&file.sha256)?;
        let size = u64::try_from(file.size).unwrap_or_default();
        if self.storage.size(&original)? != Some(size) {
            return Ok(false);
        }
        let Some(mut bytes) = self.storage.read(&original, 0..size)? else {
            return Ok(false);
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let partial = folder.join(format!(".{}-{}.partial", file.sha256, std::process::id()));
        let written = (|| {
            let mut out = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&partial)?;
            let copied = copy(&mut bytes, &mut out)?;
            if copied != file.sha256 {
                return Err(io::Error::other(
                    "the bytes in the storage are damaged: their SHA-256 is another one",
                ));
            }
            fs::rename(&partial, path)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written.map(|()| true).map_err(writing)
    }
}

fn identity(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

fn sha256(mut file: &File) -> io::Result<String> {
    use std::io::Seek;
    let digest = copy(&mut file, &mut io::sink())?;
    file.rewind()?;
    Ok(digest)
}

/// Copies all bytes; returns their SHA-256.
pub(super) fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = from.read(&mut chunk)?;
        match chunk.get(..read) {
            None | Some([]) => break,
            Some(bytes) => {
                digest.update(bytes);
                to.write_all(bytes)?;
            }
        }
    }
    Ok(hexadecimal(&digest.finalize()))
}

fn failed(doing: &str, path: &Path, cause: io::Error) -> Error {
    Error::File {
        what: format!("{doing} {}", path.display()),
        cause,
    }
}
