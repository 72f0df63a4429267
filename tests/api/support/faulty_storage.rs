//! An S3-compatible storage in the process of the tests, which fails on demand. Knows nothing of the application but its settings.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use masthead::media::storage::StorageSettings;

use super::s3::{settings, vars};

/// How a storage fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every answer has this status.
    Status(u16),
    /// Every answer to what brings bytes has this status.
    Writing(u16),
    /// No answer comes.
    Silence,
    /// Files end in the middle.
    Half,
}

/// A storage in this process with one bucket, `faulty`, that looks at no signature.
pub struct FaultyStorage {
    endpoint: String,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    /// What came so far of the upload in parts; there is one at a time.
    upload: Mutex<Option<Vec<u8>>>,
    fault: Mutex<Option<Fault>>,
    /// How many requests still go well before the fault.
    good: AtomicU32,
    requests: AtomicU32,
    stopped: AtomicBool,
}

impl FaultyStorage {
    /// Starts one that works so far; there always is one.
    pub fn create() -> Option<Self> {
        Some(Self::start())
    }

    /// Starts one that works so far.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let shared = Arc::clone(&inner);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                // A client that goes away is no matter of the test.
                thread::spawn(move || shared.serve(stream).ok());
            }
        });
        Self { endpoint, inner }
    }

    /// Fails like this once `good` more requests went well; `None` stands for a storage that works again.
    pub fn fail(&self, fault: Option<Fault>, good: u32) {
        self.inner.good.store(good, Ordering::SeqCst);
        *locked(&self.inner.fault) = fault;
    }

    /// How many requests came so far.
    pub fn requests(&self) -> u32 {
        self.inner.requests.load(Ordering::SeqCst)
    }

    /// The names of what was put there.
    pub fn objects(&self) -> Vec<String> {
        locked(&self.inner.objects).keys().cloned().collect()
    }

    /// Whether an upload in parts was begun and neither completed nor given up.
    pub fn is_unfinished(&self) -> bool {
        locked(&self.inner.upload).is_some()
    }

    /// What opens it as a storage.
    pub fn settings(&self) -> StorageSettings {
        settings(&self.endpoint, "faulty", "media")
    }

    /// What the environment of an application says that keeps its media here.
    pub fn vars(&self) -> [(&'static str, String); 5] {
        vars(&self.endpoint, "faulty")
    }
}

impl Drop for FaultyStorage {
    fn drop(&mut self) {
        self.inner.stopped.store(true, Ordering::Relaxed);
        // Wakes the one who accepts.
        TcpStream::connect(self.endpoint.trim_start_matches("http://")).ok();
    }
}

fn locked<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// Answers one request and closes the connection.
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(&stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let name = target.trim_start_matches("/faulty").trim_start_matches('/');
        let (mut length, mut range) = (0, None);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim().to_ascii_lowercase();
            match header.split_once(':') {
                None => break,
                Some(("content-length", value)) => length = value.trim().parse().unwrap(),
                Some(("range", value)) => {
                    let (first, last) = value.trim()["bytes=".len()..].split_once('-').unwrap();
                    range = Some((first.parse().unwrap(), last.parse::<usize>().unwrap() + 1));
                }
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;

        self.requests.fetch_add(1, Ordering::SeqCst);
        let goes_well = |left: u32| left.checked_sub(1);
        let fault = match self
            .good
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, goes_well)
        {
            Ok(_) => None,
            Err(_) => *locked(&self.fault),
        };
        match fault {
            Some(Fault::Silence) => {
                // Until the client gives up.
                reader.read_to_end(&mut body)?;
                return Ok(());
            }
            Some(Fault::Status(status)) => {
                return answer(
                    &stream,
                    status,
                    "",
                    b"<Error><Code>Faulty</Code></Error>",
                    0,
                );
            }
            Some(Fault::Writing(status)) if method == "PUT" => {
                return answer(
                    &stream,
                    status,
                    "",
                    b"<Error><Code>Faulty</Code></Error>",
                    0,
                );
            }
            Some(Fault::Half | Fault::Writing(_)) | None => {}
        }
        let missing = usize::from(fault == Some(Fault::Half));
        let mut objects = locked(&self.objects);
        let mut upload = locked(&self.upload);
        let (name, query) = name.split_once('?').unwrap_or((name, ""));
        match (method.as_str(), objects.get(name)) {
            ("POST", _) if query.starts_with("uploads") => {
                *upload = Some(Vec::new());
                let begun = "<InitiateMultipartUploadResult><Bucket>faulty</Bucket><Key>k</Key>\
                    <UploadId>1</UploadId></InitiateMultipartUploadResult>";
                answer(&stream, 200, "", begun.as_bytes(), 0)
            }
            ("PUT", _) if query.contains("uploadId") => {
                upload.as_mut().unwrap().append(&mut body);
                answer(&stream, 200, "ETag: \"1\"\r\n", b"", 0)
            }
            ("POST", _) => {
                objects.insert(name.to_owned(), upload.take().unwrap());
                let done =
                    "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>";
                answer(&stream, 200, "", done.as_bytes(), 0)
            }
            ("DELETE", _) if query.contains("uploadId") => {
                *upload = None;
                answer(&stream, 204, "", b"", 0)
            }
            ("PUT", _) => {
                objects.insert(name.to_owned(), body);
                answer(&stream, 200, "ETag: \"1\"\r\n", b"", 0)
            }
            ("DELETE", _) => {
                objects.remove(name);
                answer(&stream, 204, "", b"", 0)
            }
            ("GET", _) if query.contains("list-type") => {
                let mut list = "<ListBucketResult><IsTruncated>false</IsTruncated>".to_owned();
                for (name, bytes) in objects.iter() {
                    list += &format!(
                        "<Contents><Key>{name}</Key><LastModified>2026-01-15T04:00:00.000Z\
                         </LastModified><ETag>\"1\"</ETag><Size>{}</Size></Contents>",
                        bytes.len()
                    );
                }
                list += "</ListBucketResult>";
                answer(&stream, 200, "", list.as_bytes(), 0)
            }
            ("HEAD", Some(bytes)) => {
                let about = format!("{ABOUT}Content-Length: {}\r\n", bytes.len());
                answer(&stream, 200, &about, b"", 0)
            }
            ("GET", Some(bytes)) => {
                let (first, end) = range.unwrap_or((0, bytes.len()));
                let total = bytes.len();
                let about = format!(
                    "{ABOUT}Content-Range: bytes {first}-{}/{total}\r\n",
                    end - 1
                );
                let part = &bytes[first..end.min(total)];
                answer(&stream, 206, &about, part, missing * part.len().div_ceil(2))
            }
            _ => answer(&stream, 404, "", b"", 0),
        }
    }
}

const ABOUT: &str = "ETag: \"1\"\r\nLast-Modified: Thu, 15 Jan 2026 04:00:00 GMT\r\n";

/// Writes an answer whose body lacks its last `missing` bytes.
fn answer(
    mut stream: &TcpStream,
    status: u16,
    headers: &str,
    body: &[u8],
    missing: usize,
) -> std::io::Result<()> {
    let length = match headers.contains("Content-Length") {
        true => String::new(),
        false => format!("Content-Length: {}\r\n", body.len()),
    };
    let head = format!("HTTP/1.1 {status} Said\r\n{headers}{length}Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body[..body.len() - missing])
}
