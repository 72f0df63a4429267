//! Where the bytes of files are kept: a folder of this machine or S3-compatible storage. Everything here blocks the caller until it
//! is done. Does not know what the bytes are, nor who refers to them.

mod disk;
mod key;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "s3")]
mod worker;

use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use key::Key;

use crate::error::{Error, Result};

/// Where files are kept.
#[derive(Clone, PartialEq, Eq)]
pub enum StorageSettings {
    /// In a folder of this machine.
    Disk {
        /// The folder, made with the first file.
        dir: PathBuf,
    },
    /// In S3-compatible storage.
    S3 {
        /// The bucket, which must exist.
        bucket: String,
        /// What stands before each key, without slashes at its ends; may be empty.
        prefix: String,
        /// Where the storage is; `None` stands for AWS.
        endpoint: Option<String>,
        /// The region that requests are signed for.
        region: String,
        /// Who signs.
        access_key_id: String,
        /// What it is signed with.
        secret_access_key: String,
        /// Whether the endpoint may be plain HTTP.
        allow_http: bool,
    },
}

/// Never shows the secret key.
impl fmt::Debug for StorageSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk { dir } => f.debug_struct("Disk").field("dir", dir).finish(),
            Self::S3 {
                bucket,
                prefix,
                endpoint,
                region,
                access_key_id,
                secret_access_key: _,
                allow_http,
            } => f
                .debug_struct("S3")
                .field("bucket", bucket)
                .field("prefix", prefix)
                .field("endpoint", endpoint)
                .field("region", region)
                .field("access_key_id", access_key_id)
                .field("secret_access_key", &"***")
                .field("allow_http", allow_http)
                .finish(),
        }
    }
}

/// What stands in a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A file with a key.
    File(Key),
    /// What a killed process left of a `put`; [`Storage::remove_leftover`] takes it away.
    Leftover(String),
    /// Something that this program did not put there and leaves alone.
    Stranger(String),
}

/// What is called for each thing in a storage, with its size in bytes.
pub type Each<'a> = dyn FnMut(Listed, u64) -> Result<()> + 'a;

/// A storage of files.
#[derive(Debug)]
pub struct Storage(Place);

#[derive(Debug)]
enum Place {
    Disk(disk::Disk),
    #[cfg(feature = "s3")]
    S3(Box<s3::S3>),
}

/// Calls the same method wherever the storage is.
macro_rules! on_place {
    ($storage:expr, $place:ident => $call:expr) => {
        match &$storage.0 {
            Place::Disk($place) => $call,
            #[cfg(feature = "s3")]
            Place::S3($place) => $call,
        }
    };
}

impl Storage {
    /// The storage that `settings` name. Nothing is written and nobody is asked before the first file.
    ///
    /// # Errors
    ///
    /// `Setup` where the settings cannot work.
    pub fn open(settings: &StorageSettings) -> Result<Self> {
        Ok(Self(match settings {
            StorageSettings::Disk { dir } => Place::Disk(disk::Disk::open(dir)),
            #[cfg(feature = "s3")]
            StorageSettings::S3 { .. } => Place::S3(Box::new(s3::S3::open(settings)?)),
            #[cfg(not(feature = "s3"))]
            StorageSettings::S3 { .. } => {
                return Err(Error::Setup(
                    "this program was built without S3-compatible storage; build it with \
                     `cargo build --release --features s3`, or keep media in a folder"
                        .to_owned(),
                ));
            }
        }))
    }

    /// Keeps the bytes of `file` under `key`, in place of what is there. They are durable when this returns, and no other reader
    /// ever sees a part of them. `file` stays, but must not be written to any more: both may be one file with two names.
    ///
    /// # Errors
    ///
    /// `NoSpace` where the storage is full, `Unavailable` where it fails; then nothing stands under `key` that did not before.
    pub fn put(&self, key: &Key, file: &Path) -> Result<()> {
        on_place!(self, place => place.put(key, file))
    }

    /// How many bytes stand under `key`; `None` where nothing does.
    pub fn size(&self, key: &Key) -> Result<Option<u64>> {
        on_place!(self, place => place.size(key))
    }

    /// The bytes under `key` from `range.start` up to `range.end`, as they come; `None` where nothing stands there.
    ///
    /// # Errors
    ///
    /// `Internal` where fewer bytes stand there than `range` takes; `Unavailable` where the storage fails.
    pub fn read(&self, key: &Key, range: Range<u64>) -> Result<Option<Box<dyn Read + Send>>> {
        on_place!(self, place => place.read(key, range))
    }

    /// Takes away what stands under `key`, if anything does.
    pub fn remove(&self, key: &Key) -> Result<()> {
        on_place!(self, place => place.remove(key))
    }

    /// Tells `each` of everything in the storage, in the order of names. What comes or goes meanwhile may be told or not. A `put`
    /// that still runs is not told.
    pub fn list(&self, each: &mut Each<'_>) -> Result<()> {
        on_place!(self, place => place.list(each))
    }

    /// Whether something is there that a killed process left: nobody works on it.
    pub fn is_left(&self, name: &str) -> Result<bool> {
        on_place!(self, place => place.is_left(name))
    }

    /// Takes a left-over away, unless somebody works on it after all; says whether it did.
    pub fn remove_leftover(&self, name: &str) -> Result<bool> {
        on_place!(self, place => place.remove_leftover(name))
    }
}

/// What is said of a file that is shorter than its record.
fn too_short(key: &Key, size: u64, range: &Range<u64>) -> Error {
    Error::internal(format!(
        "the file {key} has {size} bytes, and bytes up to {} were asked for",
        range.end
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3() -> StorageSettings {
        StorageSettings::S3 {
            bucket: "media".to_owned(),
            prefix: String::new(),
            endpoint: Some("http://127.0.0.1:1".to_owned()),
            region: "us-east-1".to_owned(),
            access_key_id: "key".to_owned(),
            secret_access_key: "hush-hush".to_owned(),
            allow_http: false,
        }
    }

    #[test]
    fn settings_never_show_the_secret_key() {
        let shown = format!("{:?}", s3());
        assert!(shown.contains("media") && !shown.contains("hush-hush"));
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_the_mend() {
        let refused = Storage::open(&s3()).unwrap_err().to_string();
        let mend = match cfg!(feature = "s3") {
            true => "https",
            false => "--features s3",
        };
        assert!(refused.contains(mend), "{refused}");
    }
}
