//! Files with their records: bytes in the storage and rows in the database, kept in step so that no record ever lacks its file. Knows
//! no caller and no article.
//!
//! Bytes are stored first and verified inside the transaction that records them; they are removed inside a transaction that holds
//! their record. The row of a file is what the two wait for each other with, so none of them needs to guess how long the other
//! takes. What a killed process leaves is bytes without a record, which [`Library::inspect`] finds.

mod arriving;
mod folder;
mod inspection;
mod notes;
mod prepared;

use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use folder::{Folder, InFolder};
pub use inspection::{Findings, Found};
pub use notes::Notes;
pub use prepared::Prepared;

use crate::error::{Error, Result};
use crate::media::format::Format;
use crate::media::incoming::{self, Incoming};
use crate::media::inspect::Limits;
use crate::media::storage::{Key, Storage, StorageSettings};
use crate::models::media::StoredFile;
use crate::models::time::Ts;
use crate::store::{self, Conn, Store};

/// Where files are kept and what is taken.
#[derive(Debug, Clone)]
pub struct LibrarySettings {
    /// Where the bytes are kept.
    pub storage: StorageSettings,
    /// The folder in which files arrive.
    pub incoming: PathBuf,
    /// The largest file that is taken.
    pub max_bytes: u64,
    /// The most pixels that a picture may have.
    pub max_pixels: u64,
    /// The formats that are taken.
    pub formats: Vec<Format>,
    /// Widths in pixels of the smaller copies of pictures, rising.
    pub widths: Vec<u32>,
    /// How long nothing of a file may arrive.
    pub stall: Duration,
}

/// All files.
#[derive(Clone)]
pub struct Library {
    storage: Arc<Storage>,
    settings: Arc<LibrarySettings>,
    /// Held while a picture is decoded, so that memory does not grow with the number of uploads.
    decoding: Arc<Mutex<()>>,
}

impl Library {
    /// The files where `settings` say.
    pub fn open(settings: LibrarySettings) -> Result<Self> {
        Ok(Self {
            storage: Arc::new(Storage::open(&settings.storage)?),
            settings: Arc::new(settings),
            decoding: Arc::default(),
        })
    }

    /// What is taken.
    pub fn settings(&self) -> &LibrarySettings {
        &self.settings
    }

    /// What a file must keep to.
    fn limits(&self) -> Limits {
        Limits {
            formats: self.settings.formats.clone(),
            max_pixels: self.settings.max_pixels,
        }
    }

    /// Begins a file that arrives.
    pub fn begin(&self) -> Result<Incoming> {
        Incoming::begin(&self.settings.incoming, self.settings.max_bytes)
    }

    /// Bytes `range` of the file under `key`.
    pub fn read(&self, key: &Key, range: Range<u64>) -> Result<Box<dyn Read + Send>> {
        self.storage
            .read(key, range)?
            .ok_or_else(|| Error::internal(format!("the file {key} is recorded and not stored")))
    }

    /// Records a prepared file: its bytes are there when this returns, and nobody removes them before the transaction ends.
    pub fn record(&self, conn: &mut Conn, prepared: &Prepared, now: Ts) -> Result<StoredFile> {
        let noted = store::media_files::claim(conn, prepared.file(), now)?;
        if self.is_whole(&noted)? {
            return Ok(noted);
        }
        // Removed meanwhile, or lost; now that nobody else removes it, it is put once more.
        let file = self.put_again(prepared)?;
        if noted.variants != file.variants {
            store::media_files::set_variants(conn, &file)?;
            // Media with the same bytes may stand anywhere.
            store::touched::touch_everything();
        }
        match self.is_whole(&file)? {
            true => Ok(file),
            false => Err(Error::Unavailable(
                format!("the file {} was stored and is not there", file.sha256).into(),
            )),
        }
    }

    /// Removes the bytes of a file unless somebody names it, and tells whether it did.
    pub fn remove_unnamed(&self, store: &Store, sha256: &str) -> Result<bool> {
        store.write_blocking(|conn| {
            let Some(file) = store::media_files::find(conn, sha256)? else {
                return Ok(false);
            };
            if !store::media_files::release(conn, sha256)? {
                return Ok(false);
            }
            for (key, _) in keys(&file)? {
                self.storage.remove(&key)?;
            }
            Ok(true)
        })
    }

    /// Removes the bytes of a file that was prepared and not recorded, unless somebody else recorded them.
    pub fn discard(&self, store: &Store, prepared: &StoredFile, now: Ts) {
        let released = store.write_blocking(|conn| {
            store::media_files::claim(conn, prepared, now)?;
            Ok(())
        });
        match released {
            Ok(()) => self.tidy(store, std::slice::from_ref(&prepared.sha256)),
            Err(error) => tracing::warn!(
                error = error.chain(),
                sha256 = prepared.sha256,
                "removing a refused file failed; `masthead doctor --repair` does it"
            ),
        }
    }

    /// [`Library::remove_unnamed`] for files that a write left behind; where that fails they stay for `masthead doctor`.
    pub fn tidy(&self, store: &Store, files: &[String]) {
        for sha256 in files {
            if let Err(error) = self.remove_unnamed(store, sha256) {
                tracing::warn!(
                    error = error.chain(),
                    sha256,
                    "removing an unused file failed; `masthead doctor --repair` does it"
                );
            }
        }
    }

    /// Whether all bytes of a file are there.
    fn is_whole(&self, file: &StoredFile) -> Result<bool> {
        for (key, size) in keys(file)? {
            if self.storage.size(&key)? != Some(size) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes what killed processes left of files that were arriving.
    pub fn sweep(&self) -> Result<()> {
        incoming::sweep(&self.settings.incoming)
    }
}

/// Where the bytes of a file and of its smaller copies are, and how many.
fn keys(file: &StoredFile) -> Result<Vec<(Key, u64)>> {
    let bytes = |size: i64| u64::try_from(size).unwrap_or_default();
    let mut keys = vec![(Key::original(&file.sha256)?, bytes(file.size))];
    for variant in &file.variants.0 {
        let width = u32::try_from(variant.width).unwrap_or_default();
        keys.push((Key::variant(&file.sha256, width)?, bytes(variant.size)));
    }
    Ok(keys)
}
