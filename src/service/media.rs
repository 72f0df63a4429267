//! Files: received from those who may write, delivered to anybody who has the address. Knows neither HTTP nor SQL.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::content::media::{Part, part};
use crate::error::{Error, Resource, Result};
use crate::library::{Library, Prepared};
use crate::media::format::Format;
use crate::media::incoming::Incoming;
use crate::media::name;
use crate::media::storage::Key;
use crate::models::media::{StoredFile, Variant};
use crate::models::time::Ts;
use crate::store::{self, Store};

/// How many files are looked at at a time; the others wait without a thread.
const PLACES: usize = 4;

/// How many files may arrive at a time.
const ARRIVING: usize = 64;

/// Use cases on files.
#[derive(Clone)]
pub struct Media {
    store: Store,
    library: Library,
    clock: Clock,
    places: Arc<Semaphore>,
    arriving: Arc<Semaphore>,
}

/// A file that arrives.
pub struct Upload {
    incoming: Incoming,
    _place: OwnedSemaphorePermit,
}

/// A file that may be read.
#[derive(Debug, Clone)]
pub struct Opened {
    key: Key,
    /// Its id.
    pub id: i64,
    /// What it is.
    pub media_type: &'static str,
    /// How many bytes it has.
    pub size: u64,
    /// Names its bytes among all there are.
    pub tag: String,
    /// How it is to be shown and called, as `Content-Disposition` says it (RFC 6266).
    pub disposition: String,
    /// The same for those who want to save it.
    pub download: String,
    /// When it came.
    pub created_at: Ts,
}

/// Bytes of a file, as they come.
pub type Bytes = Box<dyn Read + Send>;

impl Media {
    pub(super) fn new(store: Store, clock: Clock, library: Library) -> Self {
        Self {
            store,
            library,
            clock,
            places: Arc::new(Semaphore::new(PLACES)),
            arriving: Arc::new(Semaphore::new(ARRIVING)),
        }
    }

    /// The largest file that is taken, in bytes.
    pub fn max_bytes(&self) -> u64 {
        self.library.settings().max_bytes
    }

    /// How long nothing of a file may arrive.
    pub fn stall(&self) -> Duration {
        self.library.settings().stall
    }

    /// Begins a file.
    ///
    /// # Errors
    ///
    /// `Unavailable` where too many arrive already.
    pub async fn begin(&self) -> Result<Upload> {
        let place = Arc::clone(&self.arriving).try_acquire_owned();
        let place = place.map_err(|_| {
            Error::Unavailable(format!("{ARRIVING} files are arriving already").into())
        })?;
        let library = self.library.clone();
        let incoming = off_thread(move || library.begin()).await?;
        Ok(Upload {
            incoming,
            _place: place,
        })
    }

    /// What came, looked at and stored; it is recorded by `service::management::media::create`.
    pub async fn prepare(&self, upload: Upload, name: String) -> Result<Prepared> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|e| Error::Internal(e.into()))?;
        let (library, store) = (self.library.clone(), self.store.clone());
        let now = Ts::from(self.clock.now());
        off_thread(move || {
            // It goes with the work, which goes on where the request is given up.
            let _place = place;
            library.prepare(&store, upload.incoming.finish(), &name, now)
        })
        .await
    }

    /// Removes what was stored and not recorded.
    pub async fn discard(&self, file: StoredFile) {
        let (library, store, now) = (
            self.library.clone(),
            self.store.clone(),
            Ts::from(self.clock.now()),
        );
        let _ = off_thread(move || {
            library.discard(&store, &file, now);
            Ok(())
        })
        .await;
    }

    /// The file `name` of the media with `id`.
    pub async fn open(&self, id: i64, name: String) -> Result<Opened> {
        self.store
            .read_short(move |conn| {
                let missing = || Error::not_found(Resource::Media, format!("{id}/{name}"));
                let (media, created_at) =
                    store::media::find_shown(conn, id)?.ok_or_else(missing)?;
                let found = part(&media.file, &name).ok_or_else(missing)?;
                let unreadable = || Error::internal(format!("the record of media {id} is odd"));
                let format = Format::parse(&media.file.media_type).ok_or_else(unreadable)?;
                let sha256 = &media.file.sha256;
                let (key, media_type, size, tag, called) = match found {
                    Part::Original => (
                        Key::original(sha256)?,
                        format.media_type(),
                        media.file.size,
                        sha256.clone(),
                        media.name.clone(),
                    ),
                    Part::Variant(variant) => {
                        let width = u32::try_from(variant.width).map_err(|_| unreadable())?;
                        (
                            Key::variant(sha256, width)?,
                            Variant::MEDIA_TYPE,
                            variant.size,
                            format!("{sha256}-{width}-{}", variant.size),
                            format!("{}-{width}.webp", stem(&media.name)),
                        )
                    }
                };
                Ok(Opened {
                    key,
                    id,
                    media_type,
                    size: u64::try_from(size).map_err(|_| unreadable())?,
                    tag,
                    disposition: name::disposition(&called, format.is_inline()),
                    download: name::disposition(&called, false),
                    created_at,
                })
            })
            .await
    }

    /// The bytes `range` of a file; the first `ahead` of them, or all where they are fewer, are read already.
    pub async fn read(
        &self,
        opened: &Opened,
        range: Range<u64>,
        ahead: usize,
    ) -> Result<(Vec<u8>, Bytes)> {
        let (library, key) = (self.library.clone(), opened.key.clone());
        off_thread(move || {
            let mut bytes = library.read(&key, range)?;
            let first = read_some(&mut bytes, ahead)?;
            Ok((first, bytes))
        })
        .await
    }

    /// Removes what killed processes left of files that were arriving.
    pub async fn sweep(&self) -> Result<()> {
        let library = self.library.clone();
        off_thread(move || library.sweep()).await
    }
}

impl Upload {
    /// Adds bytes; they are given back, to be used again.
    ///
    /// # Errors
    ///
    /// `TooLarge`, `NoSpace`.
    pub async fn write(mut self, bytes: Vec<u8>) -> Result<(Self, Vec<u8>)> {
        off_thread(move || {
            self.incoming.write(&bytes)?;
            Ok((self, bytes))
        })
        .await
    }
}

/// The next `limit` bytes, or all that are left.
pub fn read_some(bytes: &mut Bytes, limit: usize) -> Result<Vec<u8>> {
    let mut part = Vec::with_capacity(limit);
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    bytes
        .take(limit)
        .read_to_end(&mut part)
        .map_err(|e| Error::Unavailable(e.into()))?;
    Ok(part)
}

/// A name without its ending.
fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// `f` off the threads that serve requests.
async fn off_thread<T: Send + 'static>(
    f: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(f)
        .await
        .map_err(|e| Error::Internal(e.into()))?
}
