//! Bodies of requests that bring one file and some words about it (RFC 7578). Knows the form, not what becomes of the file.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use futures_core::Stream;

use crate::error::{Error, Fault};
use crate::http::part_lengths::PartLengths;
use crate::http::problem::{Problem, ProblemCode};
use crate::service::media::{Media, Upload};

/// Bytes of a word about the file.
const MAX_WORD: usize = 64 << 10;

/// Parts of a form.
const MAX_PARTS: usize = 16;

/// A form, not yet read.
pub struct UploadForm(Multipart);

/// What a form brought.
pub struct Received {
    /// The file.
    pub upload: Upload,
    /// What it is called where it comes from.
    pub file_name: String,
    /// The words about it, by the name of their part; each name once.
    pub words: Vec<(&'static str, String)>,
}

impl actix_web::FromRequest for UploadForm {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_form = req
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("multipart/form-data"));
        let form = match is_form {
            true => Ok(Self(form(req, payload.take()))),
            false => Err(Problem::new(ProblemCode::UnsupportedMediaType)
                .with_detail("A file is sent as `multipart/form-data`, in a part called `file`.")
                .with_header(ACCEPT, HeaderValue::from_static("multipart/form-data"))),
        };
        Box::pin(std::future::ready(form))
    }
}

/// The form, whose boundary the reader looks for again: where there is none, it says so.
fn form(req: &HttpRequest, payload: Payload) -> Multipart {
    let media_type = req.mime_type().ok().flatten();
    let boundary = media_type
        .as_ref()
        .and_then(|media_type| media_type.get_param("boundary"));
    match boundary {
        Some(boundary) => Multipart::new(
            req.headers(),
            PartLengths::hidden(payload, boundary.as_str()),
        ),
        None => Multipart::new(req.headers(), payload),
    }
}

impl UploadForm {
    /// Reads the whole form: the part `file`, which must be there, and those of `names` that are.
    ///
    /// # Errors
    ///
    /// 400 where the form is broken, 408 where nothing of it arrives any more, 413 where the file is too large, 422 where parts are
    /// missing, unknown or there twice.
    pub async fn read(self, media: &Media, names: &[&'static str]) -> Result<Received, Problem> {
        let Self(mut parts) = self;
        let mut pace = Pace::new(media.stall());
        let mut file: Option<(Upload, String)> = None;
        let mut words: Vec<(&'static str, String)> = Vec::new();
        let mut count = 0;
        while let Some(part) = next(&mut parts, &mut pace).await? {
            count += 1;
            if count > MAX_PARTS {
                return Err(malformed("has too many parts"));
            }
            let name = part.name().unwrap_or_default().to_owned();
            if name == "file" {
                if file.is_some() {
                    return Err(fault(
                        "/file",
                        "duplicate",
                        "`file` is there twice; send one file a request",
                    ));
                }
                file = Some(receive(part, media, &mut pace).await?);
                continue;
            }
            let Some(known) = names.iter().find(|known| **known == name) else {
                let known = names.join("`, `");
                return Err(fault(
                    &format!("/{}", name.replace('~', "~0").replace('/', "~1")),
                    "unknown_member",
                    &format!("`{name}` is no part of this form; there are `file`, `{known}`"),
                ));
            };
            if words.iter().any(|(given, _)| given == known) {
                return Err(fault(
                    &format!("/{known}"),
                    "duplicate",
                    &format!("`{known}` is there twice; send it once"),
                ));
            }
            words.push((*known, word(part, known, &mut pace).await?));
        }
        let (upload, file_name) = file.ok_or_else(|| {
            fault(
                "/file",
                "required",
                "`file` is required: the part of the form that has the file",
            )
        })?;
        Ok(Received {
            upload,
            file_name,
            words,
        })
    }
}

/// How fast a form arrives.
struct Pace {
    began: Instant,
    bytes: u64,
    stall: Duration,
}

impl Pace {
    /// Bytes that must have arrived in each second on average, once the first minute is over.
    const LEAST: u64 = 1024;

    fn new(stall: Duration) -> Self {
        Self {
            began: Instant::now(),
            bytes: 0,
            stall,
        }
    }

    /// Counts bytes that arrived; fails where they came too slowly.
    fn count(&mut self, bytes: usize) -> Result<(), Problem> {
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        let seconds = self.began.elapsed().as_secs();
        match seconds > 60 && self.bytes < seconds * Self::LEAST {
            true => Err(Problem::new(ProblemCode::RequestTimeout).with_detail(format!(
                "The form arrives too slowly: at least {} bytes in each second are needed; send it over a faster connection.",
                Self::LEAST
            ))),
            false => Ok(()),
        }
    }
}

/// The next thing of a stream, unless none arrives in time.
async fn next<S, T>(stream: &mut S, pace: &mut Pace) -> Result<Option<T>, Problem>
where
    S: Stream<Item = Result<T, MultipartError>> + Unpin,
{
    // There may be very many small things, so most go without a timer.
    let at_hand = poll_fn(|cx| Poll::Ready(Pin::new(&mut *stream).poll_next(cx))).await;
    let found = match at_hand {
        Poll::Ready(found) => Ok(found),
        Poll::Pending => {
            let next = poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx));
            tokio::time::timeout(pace.stall, next).await
        }
    };
    match found {
        Ok(Some(Ok(thing))) => Ok(Some(thing)),
        Ok(Some(Err(error))) => Err(unreadable(&error)),
        Ok(None) => Ok(None),
        Err(_) => Err(Error::Stalled {
            seconds: pace.stall.as_secs(),
        }
        .into()),
    }
}

async fn receive(
    mut part: Field,
    media: &Media,
    pace: &mut Pace,
) -> Result<(Upload, String), Problem> {
    let name = part
        .content_disposition()
        .and_then(|disposition| {
            let extended = disposition.get_filename_ext();
            let extended = extended.and_then(|name| String::from_utf8(name.value.clone()).ok());
            extended.or_else(|| disposition.get_filename().map(str::to_owned))
        })
        .ok_or_else(|| {
            fault(
                "/file",
                "required",
                "`file` has no name; send it as a file, with `filename` in its Content-Disposition",
            )
        })?;
    let mut upload = media.begin().await?;
    // Copied, as each piece holds on to all that the network brought with it; and several at once, so that few go to another thread.
    let mut gathered = Vec::with_capacity(GATHERED);
    while let Some(piece) = next(&mut part, pace).await? {
        pace.count(piece.len())?;
        gathered.extend_from_slice(&piece);
        drop(piece);
        if gathered.len() >= GATHERED {
            (upload, gathered) = upload.write(gathered).await?;
            gathered.clear();
        }
    }
    let (upload, _) = upload.write(gathered).await?;
    Ok((upload, name))
}

/// Bytes that are gathered before they are written.
const GATHERED: usize = 256 << 10;

async fn word(mut part: Field, name: &str, pace: &mut Pace) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = next(&mut part, pace).await? {
        pace.count(piece.len())?;
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_WORD {
            return Err(fault(
                &format!("/{name}"),
                "too_long",
                &format!("`{name}` has more than {MAX_WORD} bytes; shorten it"),
            ));
        }
    }
    String::from_utf8(bytes).map_err(|_| {
        fault(
            &format!("/{name}"),
            "invalid",
            &format!("`{name}` is not UTF-8"),
        )
    })
}

fn unreadable(error: &MultipartError) -> Problem {
    match error {
        // What stands before the first part, or the head of one, is more than is kept of it.
        MultipartError::Payload(PayloadError::Overflow) => malformed(
            "has a part whose head is too long, or not the boundary that its Content-Type says",
        ),
        MultipartError::Payload(PayloadError::Incomplete(_)) | MultipartError::Incomplete => {
            malformed("ends before its last boundary")
        }
        MultipartError::BoundaryMissing | MultipartError::ContentTypeParse => {
            malformed("has no `boundary` in its Content-Type, or another one between its parts")
        }
        MultipartError::ContentDispositionMissing
        | MultipartError::ContentDispositionNameMissing => malformed(
            "has a part without a name in its Content-Disposition, or with one that is not UTF-8",
        ),
        _ => malformed("cannot be read as multipart/form-data"),
    }
}

fn malformed(reason: &str) -> Problem {
    Problem::new(ProblemCode::MalformedRequest).with_detail(format!("The form {reason}."))
}

fn fault(pointer: &str, code: &'static str, detail: &str) -> Problem {
    Error::Invalid(vec![Fault::new(pointer, code, detail)]).into()
}
