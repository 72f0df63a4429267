//! A file that has arrived, was found to be good and is stored, but not recorded.

use std::path::PathBuf;

use super::{Library, keys};
use crate::error::{Error, Fault, Result};
use crate::media::format::Format;
use crate::media::incoming::Received;
use crate::media::storage::{Key, Storage};
use crate::media::{Rejection, inspect, name, picture};
use crate::models::json::Doc;
use crate::models::media::{StoredFile, Variant};
use crate::models::time::Ts;
use crate::store::{self, Conn, Store};

/// A file that is stored and not yet recorded.
#[derive(Debug)]
pub struct Prepared {
    received: Received,
    format: Format,
    file: StoredFile,
    /// The smaller copies, where they were made now.
    variants: Vec<(Key, PathBuf)>,
    name: String,
    /// Whether all its bytes were in the storage before it came.
    is_known: bool,
}

impl Prepared {
    /// What is to be recorded.
    pub fn file(&self) -> &StoredFile {
        &self.file
    }

    /// What it is called: as it came, made harmless.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Puts all its bytes into the storage, unless they were there before.
    fn put_new(&self, storage: &Storage) -> Result<()> {
        match self.is_known {
            true => Ok(()),
            false => self.put(storage),
        }
    }

    /// Puts all its bytes into the storage.
    fn put(&self, storage: &Storage) -> Result<()> {
        // The smaller copies first: where the file itself is there, so are they.
        for (key, path) in &self.variants {
            storage.put(key, path)?;
        }
        storage.put(&Key::original(&self.file.sha256)?, &self.received.path())
    }
}

impl Library {
    /// Looks at a file called `raw_name` that has arrived, makes its smaller copies and stores all of it.
    ///
    /// # Errors
    ///
    /// `Invalid` where the file or its name cannot be taken, which says why.
    pub fn prepare(
        &self,
        store: &Store,
        received: Received,
        raw_name: &str,
        now: Ts,
    ) -> Result<Prepared> {
        let known =
            |sha256: &str| store.read_blocking(|conn| store::media_files::find(conn, sha256));
        let prepared = self.prepare_unless(received, raw_name, known)?;
        match prepared.put_new(&self.storage) {
            Ok(()) => Ok(prepared),
            Err(error) => {
                // A storage that fails for another reason would keep the database waiting for as long as it is given.
                if matches!(error, Error::NoSpace(_)) {
                    self.discard(store, &prepared.file, now);
                }
                Err(error)
            }
        }
    }

    /// [`Library::prepare`] inside a transaction, which sees what it recorded itself.
    pub fn prepare_within(
        &self,
        conn: &mut Conn,
        received: Received,
        raw_name: &str,
    ) -> Result<Prepared> {
        let known = |sha256: &str| store::media_files::find(conn, sha256);
        let prepared = self.prepare_unless(received, raw_name, known)?;
        prepared.put_new(&self.storage)?;
        Ok(prepared)
    }

    fn prepare_unless(
        &self,
        received: Received,
        raw_name: &str,
        known: impl FnOnce(&str) -> Result<Option<StoredFile>>,
    ) -> Result<Prepared> {
        let found =
            inspect::inspect(&received.path(), raw_name, &self.limits()).map_err(refused)?;
        let format = found.format;
        let name =
            name::clean(raw_name, format).map_err(|rejection| invalid("/name", rejection))?;
        let known = known(&received.sha256)?.filter(|file| file.media_type == format.media_type());
        if let Some(file) = known
            && self.is_whole(&file)?
        {
            return Ok(Prepared {
                received,
                format,
                file,
                variants: Vec::new(),
                name,
                is_known: true,
            });
        }
        let made = match format.is_picture() {
            true => self.variants(&received, format)?,
            false => Vec::new(),
        };
        let pixels = |n: Option<u32>| n.map(i32::try_from).transpose();
        let file = StoredFile {
            sha256: received.sha256.clone(),
            media_type: format.media_type().to_owned(),
            size: i64::try_from(received.size).map_err(|e| Error::Internal(e.into()))?,
            width: pixels(found.width).map_err(|e| Error::Internal(e.into()))?,
            height: pixels(found.height).map_err(|e| Error::Internal(e.into()))?,
            variants: Doc(made.iter().map(|(variant, _)| *variant).collect()),
        };
        let variants = placed(&file, made)?;
        Ok(Prepared {
            received,
            format,
            file,
            variants,
            name,
            is_known: false,
        })
    }

    /// Puts all bytes of a prepared file into the storage once more, and says what they are. Smaller copies are made where those
    /// that it was prepared with are gone.
    pub(super) fn put_again(&self, prepared: &Prepared) -> Result<StoredFile> {
        let mut file = prepared.file.clone();
        if prepared.is_known && prepared.format.is_picture() {
            let made = self.variants(&prepared.received, prepared.format)?;
            file.variants = Doc(made.iter().map(|(variant, _)| *variant).collect());
            for (key, path) in placed(&file, made)? {
                self.storage.put(&key, &path)?;
            }
        }
        prepared.put(&self.storage)?;
        Ok(file)
    }

    /// The smaller copies of a picture, the smallest first.
    fn variants(&self, received: &Received, format: Format) -> Result<Vec<(Variant, PathBuf)>> {
        // A decoder that panicked holds nothing of this process.
        let _one = self
            .decoding
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let made = picture::variants(
            &received.path(),
            format,
            &self.settings.widths,
            received.folder(),
        )
        .map_err(refused)?;
        let mut variants = made
            .into_iter()
            .map(|made| {
                let variant = Variant {
                    width: i32::try_from(made.width).map_err(|e| Error::Internal(e.into()))?,
                    height: i32::try_from(made.height).map_err(|e| Error::Internal(e.into()))?,
                    size: i64::try_from(made.size).map_err(|e| Error::Internal(e.into()))?,
                };
                Ok((variant, made.path))
            })
            .collect::<Result<Vec<_>>>()?;
        variants.sort_by_key(|(variant, _)| variant.width);
        Ok(variants)
    }
}

/// Where each of the smaller copies of a file is to be stored.
fn placed(file: &StoredFile, made: Vec<(Variant, PathBuf)>) -> Result<Vec<(Key, PathBuf)>> {
    let copies = keys(file)?.into_iter().skip(1);
    Ok(copies
        .zip(made)
        .map(|((key, _), (_, path))| (key, path))
        .collect())
}

fn refused(failure: picture::Failure) -> Error {
    match failure {
        picture::Failure::Rejected(rejection) => invalid("/file", rejection),
        picture::Failure::Failed(error) => error,
    }
}

fn invalid(pointer: &str, rejection: Rejection) -> Error {
    let Rejection { code, detail } = rejection;
    let member = pointer.trim_start_matches('/');
    Error::Invalid(vec![Fault::new(
        pointer,
        code,
        format!("`{member}` {detail}"),
    )])
}
