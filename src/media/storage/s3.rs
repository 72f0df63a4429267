//! Files in S3-compatible storage, each an object under its key. Knows no other storage.
//!
//! Every request carries the SHA-256 of its body in its signature, so the storage itself refuses bytes that changed on their way.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::multipart::MultipartStore;
use object_store::path::Path as Location;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutPayload, RetryConfig,
};
use url::Url;

use super::worker::{Piece, Pulled, Reader, Worker};
use super::{Each, Key, Listed, StorageSettings, too_short};
use crate::error::{Error, Result};
use crate::media::incoming::failed;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(3);

/// How long one request without a file may take until its answer begins.
const ANSWER: Duration = Duration::from_secs(4);

/// How long such a request may take with all its repetitions, and the next bytes of a file.
const TOTAL: Duration = Duration::from_secs(10);

/// How long one request with a part of a file may take.
const TRANSFER: Duration = Duration::from_secs(30);

/// How long it may take with all its repetitions.
const TRANSFER_TOTAL: Duration = Duration::from_secs(60);

/// Larger files are sent in parts of this many bytes; so much of a file is in memory at once.
const PART: u64 = 8 * 1024 * 1024;

/// The most characters of what a storage says that go to the log.
const SAID: usize = 1_000;

/// A bucket, or what is under a prefix in it.
#[derive(Debug)]
pub(super) struct S3 {
    /// For requests that carry no file.
    quick: AmazonS3,
    /// For requests that carry a file.
    bulk: AmazonS3,
    bucket: String,
    prefix: Location,
    worker: Worker,
}

type Answer<T> = Result<T, object_store::Error>;

impl S3 {
    pub(super) fn open(settings: &StorageSettings) -> Result<Self> {
        let StorageSettings::S3 { bucket, prefix, .. } = settings else {
            return Err(Error::internal("no settings of S3"));
        };
        if bucket.is_empty() {
            return Err(Error::Setup("the bucket for media has no name".to_owned()));
        }
        let prefix = Location::parse(prefix).map_err(|e| {
            Error::Setup(format!("the prefix of media `{prefix}` cannot be one: {e}"))
        })?;
        Ok(Self {
            quick: client(settings, ANSWER)?,
            bulk: client(settings, TRANSFER)?,
            bucket: bucket.clone(),
            prefix,
            worker: Worker::start("media-s3")?,
        })
    }

    pub(super) fn put(&self, key: &Key, path: &Path) -> Result<()> {
        let told = |e| failed(path, e);
        let mut file = File::open(path).map_err(told)?;
        let size = file.metadata().map_err(told)?.len();
        if size <= PART {
            let bytes = take(&mut file, size).map_err(told)?;
            let (store, location) = (self.bulk.clone(), self.location(key)?);
            self.done("writing", key, TRANSFER_TOTAL, async move {
                store.put(&location, bytes.into()).await
            })?;
            return Ok(());
        }
        self.put_parts(key, path, &mut file, size)?;
        match self.size(key)? {
            Some(written) if written == size => Ok(()),
            written => Err(Error::Unavailable(
                format!(
                    "S3: {size} bytes were written to {key} in {}, and {written:?} are there",
                    self.bucket
                )
                .into(),
            )),
        }
    }

    /// Sends a file in parts, which become one object at the end or are thrown away.
    fn put_parts(&self, key: &Key, path: &Path, file: &mut File, size: u64) -> Result<()> {
        let (store, location) = (self.bulk.clone(), self.location(key)?);
        let id = {
            let (store, location) = (store.clone(), location.clone());
            self.done("beginning", key, TOTAL, async move {
                store.create_multipart(&location).await
            })?
        };
        let mut send = || {
            let mut parts = Vec::new();
            let mut left = size;
            while left > 0 {
                let length = left.min(PART);
                let bytes: PutPayload = take(file, length).map_err(|e| failed(path, e))?.into();
                let (store, location, id) = (store.clone(), location.clone(), id.clone());
                let number = parts.len();
                parts.push(
                    self.done("writing a part of", key, TRANSFER_TOTAL, async move {
                        store.put_part(&location, &id, number, bytes).await
                    })?,
                );
                left = left.saturating_sub(length);
            }
            let (store, location, id) = (store.clone(), location.clone(), id.clone());
            self.done("completing", key, TRANSFER_TOTAL, async move {
                store.complete_multipart(&location, &id, parts).await
            })
        };
        let sent = send();
        if sent.is_err() {
            // Where even this fails, a rule of the bucket must throw the parts away.
            let _ = self.done("giving up", key, TOTAL, async move {
                store.abort_multipart(&location, &id).await
            });
        }
        sent.map(|_| ())
    }

    pub(super) fn size(&self, key: &Key) -> Result<Option<u64>> {
        let (store, location) = (self.quick.clone(), self.location(key)?);
        let about = self.asked("looking at", key, TOTAL, async move {
            store.head(&location).await
        })?;
        if let Some(about) = about {
            return Ok(Some(about.size));
        }
        // The answer has no body, so it does not say whether only the file is missing or the whole bucket.
        self.expect_bucket(key)?;
        Ok(None)
    }

    pub(super) fn read(
        &self,
        key: &Key,
        range: Range<u64>,
    ) -> Result<Option<Box<dyn Read + Send>>> {
        if range.is_empty() {
            // There is no way to ask for no bytes.
            return Ok(match self.size(key)? {
                None => None,
                Some(size) if range.end > size => return Err(too_short(key, size, &range)),
                Some(_) => Some(Box::new(io::empty())),
            });
        }
        let (store, location) = (self.quick.clone(), self.location(key)?);
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            ..GetOptions::default()
        };
        let found = self.asked("reading", key, TOTAL, async move {
            store.get_opts(&location, options).await
        })?;
        let Some(found) = found else {
            return Ok(None);
        };
        if found.range != range {
            return Err(too_short(key, found.meta.size, &range));
        }
        let pieces = self.worker.pull(TOTAL, found.into_stream());
        let length = range.end.saturating_sub(range.start);
        Ok(Some(Box::new(Reader::new(pieces, length))))
    }

    pub(super) fn remove(&self, key: &Key) -> Result<()> {
        let (store, location) = (self.quick.clone(), self.location(key)?);
        self.asked("removing", key, TOTAL, async move {
            store.delete(&location).await
        })?;
        Ok(())
    }

    pub(super) fn list(&self, each: &mut Each<'_>) -> Result<()> {
        let mut listed = self.listed(&self.prefix);
        loop {
            let about = match listed.next() {
                Piece::Some(about) => about.map_err(|e| self.told("listing", &"files", &e))?,
                Piece::End => return Ok(()),
                Piece::Late => return Err(self.late("listing", &"files")),
            };
            let name = match about.location.prefix_match(&self.prefix) {
                Some(parts) => parts
                    .map(|part| part.as_ref().to_owned())
                    .collect::<Vec<_>>()
                    .join("/"),
                None => about.location.to_string(),
            };
            let what = Key::parse(&name).map_or(Listed::Stranger(name), Listed::File);
            each(what, about.size)?;
        }
    }

    /// Nothing is ever left: an object is there wholly or not at all.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as on disk")]
    pub(super) fn is_left(&self, _name: &str) -> Result<bool> {
        Ok(false)
    }

    /// As nothing is left, there is nothing to take away.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as on disk")]
    pub(super) fn remove_leftover(&self, _name: &str) -> Result<bool> {
        Ok(false)
    }

    fn expect_bucket(&self, key: &Key) -> Result<()> {
        match self.listed(&self.location(key)?).next() {
            Piece::Some(Err(e)) => Err(self.told("looking for", key, &e)),
            Piece::Late => Err(self.late("looking for", key)),
            Piece::Some(Ok(_)) | Piece::End => Ok(()),
        }
    }

    fn listed(&self, prefix: &Location) -> Pulled<Answer<ObjectMeta>> {
        self.worker.pull(TOTAL, self.quick.list(Some(prefix)))
    }

    fn location(&self, key: &Key) -> Result<Location> {
        let name = match self.prefix.as_ref() {
            "" => key.as_str().to_owned(),
            prefix => format!("{prefix}/{key}"),
        };
        Location::parse(name).map_err(|e| Error::Internal(e.into()))
    }

    /// Asks the storage for something that must be there.
    fn done<T: Send + 'static>(
        &self,
        doing: &str,
        key: &Key,
        limit: Duration,
        work: impl Future<Output = Answer<T>> + Send + 'static,
    ) -> Result<T> {
        match self.worker.run(limit, work)? {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(e)) => Err(self.told(doing, key, &e)),
            None => Err(self.late(doing, key)),
        }
    }

    /// Asks the storage for something; `None` where it is not there.
    fn asked<T: Send + 'static>(
        &self,
        doing: &str,
        key: &Key,
        limit: Duration,
        work: impl Future<Output = Answer<T>> + Send + 'static,
    ) -> Result<Option<T>> {
        match self.worker.run(limit, work)? {
            Some(Ok(answer)) => Ok(Some(answer)),
            Some(Err(e)) if is_absent(&e) => Ok(None),
            Some(Err(e)) => Err(self.told(doing, key, &e)),
            None => Err(self.late(doing, key)),
        }
    }

    fn told(
        &self,
        doing: &str,
        what: &dyn std::fmt::Display,
        cause: &object_store::Error,
    ) -> Error {
        let said = said(cause);
        let hint = match cause {
            _ if said.contains("NoSuchBucket") => " (there is no such bucket)",
            object_store::Error::NotFound { .. } => " (is the bucket there?)",
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. } => {
                " (the access key may not do this, or is wrong)"
            }
            _ => "",
        };
        let told = format!("S3: {doing} {what} in {}{hint}: {said}", self.bucket).into();
        // What MinIO, Ceph and others answer when they are full.
        let is_full = ["507 Insufficient Storage", "StorageFull", "QuotaExceeded"];
        match is_full.iter().any(|words| said.contains(words)) {
            true => Error::NoSpace(told),
            false => Error::Unavailable(told),
        }
    }

    fn late(&self, doing: &str, what: &dyn std::fmt::Display) -> Error {
        Error::Unavailable(format!("S3: {doing} {what} in {} took too long", self.bucket).into())
    }
}

/// A client whose requests may take `limit` each.
fn client(settings: &StorageSettings, limit: Duration) -> Result<AmazonS3> {
    let StorageSettings::S3 {
        bucket,
        prefix: _,
        endpoint,
        region,
        access_key_id,
        secret_access_key,
        allow_http,
    } = settings
    else {
        return Err(Error::internal("no settings of S3"));
    };
    // The one time limit that does not end a long transfer: it starts anew with every piece.
    let options = ClientOptions::new()
        .with_allow_http(*allow_http)
        .with_connect_timeout(CONNECT)
        .with_timeout_disabled()
        .with_read_timeout(limit);
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(region)
        .with_access_key_id(access_key_id)
        .with_secret_access_key(secret_access_key)
        .with_virtual_hosted_style_request(false)
        // One object at a time is deleted, and not every storage knows the other way.
        .with_disable_bulk_delete(true)
        .with_retry(RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(2),
                base: 2.0,
            },
            max_retries: 4,
            retry_timeout: TOTAL,
        })
        .with_client_options(options);
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(checked(endpoint, *allow_http)?);
    }
    builder
        .build()
        .map_err(|e| Error::Setup(format!("the storage of media cannot be used: {e}")))
}

/// The address of a storage, without a slash at its end.
fn checked(endpoint: &str, allow_http: bool) -> Result<&str> {
    let scheme = Url::parse(endpoint).map(|url| url.scheme().to_owned());
    match scheme.as_deref() {
        Ok("https") => Ok(endpoint.trim_end_matches('/')),
        Ok("http") if allow_http => Ok(endpoint.trim_end_matches('/')),
        Ok("http") => Err(Error::Setup(format!(
            "the endpoint of media `{endpoint}` is not encrypted; give an https:// address, or allow plain http"
        ))),
        _ => Err(Error::Setup(format!(
            "the endpoint of media `{endpoint}` is no https:// address"
        ))),
    }
}

/// The next `length` bytes of a file.
fn take(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(io::Error::other)?);
    file.take(length).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(read) if read == length => Ok(bytes),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Whether only the file is missing, as far as the storage says.
fn is_absent(cause: &object_store::Error) -> bool {
    matches!(cause, object_store::Error::NotFound { .. }) && !said(cause).contains("NoSuchBucket")
}

/// Everything that a storage and its causes say, each once.
fn said(cause: &object_store::Error) -> String {
    let mut text = cause.to_string();
    let mut next = std::error::Error::source(cause);
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text.chars().take(SAID).collect()
}
