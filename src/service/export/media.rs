//! Files that go with a portal file: their lines, their bytes, and how articles name them.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use super::done;
use super::held::Held;
use crate::content::file_keys::Keys;
use crate::content::media::{Addresses, distinct, references};
use crate::error::{Error, Result};
use crate::library::{Folder, Library};
use crate::models::hygiene::RecordKind;
use crate::models::media::{Media, StoredFile};
use crate::models::site::Site;
use crate::portal::writer::{MediaLine, Writer};
use crate::store::articles::Loaded;
use crate::store::{self, Conn, Store};

/// Lines read at a time.
const BATCH: i64 = 200;

/// Where files go.
pub(super) struct Files<'f> {
    library: &'f Library,
    addresses: &'f Addresses,
    folder: Option<Folder>,
    /// The SHA-256 of a file whose bytes are not there.
    missing: OnceCell<String>,
}

impl<'f> Files<'f> {
    pub(super) fn new(
        library: &'f Library,
        addresses: &'f Addresses,
        dir: Option<&Path>,
    ) -> Result<Self> {
        Ok(Self {
            library,
            addresses,
            folder: dir.map(Folder::make).transpose()?,
            missing: OnceCell::new(),
        })
    }

    /// What is told of an export that failed with `error`. Looks at the database as it is now, so the snapshot must be over.
    pub(super) fn told(&self, store: &Store, error: Error) -> Error {
        match self.missing.get() {
            Some(sha256) => self.library.why_missing(store, sha256).unwrap_or(error),
            None => error,
        }
    }

    /// Writes the lines and the bytes of all files, or of those that belong to a site or are used by it. Nothing where no folder is
    /// given.
    pub(super) fn write(
        &self,
        conn: &mut Conn,
        file: &mut Writer<impl Write>,
        only: Option<&Site>,
        held: &Held,
    ) -> Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let mut after = 0;
        loop {
            let page = store::media::page(conn, only.map(|site| site.id), after, BATCH)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = last.id;
            for (media, site) in page {
                if !held.shows(RecordKind::Media, media.id) {
                    continue;
                }
                let Media {
                    id: _,
                    site_id: _,
                    key,
                    name,
                    alt,
                    file: stored,
                } = &media;
                let Some(place) = self.library.write_out(folder, key, stored)? else {
                    let sha256 = self.missing.get_or_init(|| stored.sha256.clone());
                    return Err(Error::internal(format!("the file {sha256} is not there")));
                };
                let StoredFile {
                    sha256,
                    media_type,
                    size,
                    width: _,
                    height: _,
                    variants: _,
                } = stored;
                done(file.media(&MediaLine {
                    site: site.as_deref(),
                    key,
                    file: Some(place.as_str()).filter(|place| place != key),
                    name,
                    alt: alt.as_deref(),
                    media_type,
                    size: *size,
                    sha256,
                }))?;
            }
        }
    }

    /// Has articles name media by key where their bytes are written, else by absolute address.
    pub(super) fn put_into(&self, conn: &mut Conn, articles: &mut [Loaded]) -> Result<()> {
        if self.folder.is_none() {
            for article in articles {
                self.addresses.expand(&mut article.content);
            }
            return Ok(());
        }
        let mut by_site: BTreeMap<i64, Vec<&mut Loaded>> = BTreeMap::new();
        for article in articles {
            by_site
                .entry(article.row.site_id)
                .or_default()
                .push(article);
        }
        for (site_id, articles) in by_site {
            let named = articles
                .iter()
                .flat_map(|article| references(&article.content));
            let ids = distinct(named.map(|reference| reference.id));
            if ids.is_empty() {
                continue;
            }
            let media = store::media::find_all(conn, &ids)?;
            let shared = media.iter().filter(|media| media.site_id.is_none());
            let shared: Vec<String> = shared.map(|media| media.key.clone()).collect();
            let own = match shared.is_empty() {
                true => Vec::new(),
                false => store::media::find_by_keys(conn, Some(site_id), &shared)?,
            };
            let keys = Keys::new(media, own.into_iter().map(|media| media.key));
            for article in articles {
                keys.put_into(&mut article.content);
            }
        }
        Ok(())
    }
}
