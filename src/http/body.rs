//! Bodies of requests: JSON objects read member by member. Knows the media types and the limits, no operation.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};

use crate::error::{Error, Fault};
use crate::http::problem::{Problem, ProblemCode};
use crate::http::request::Edge;
use crate::json::tree::{self, Value};
use crate::json::{Faults, Fields, Flaw, Path};

/// What PATCH takes (RFC 7396); plain JSON is read as the same.
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Tells what PATCH takes (RFC 5789, section 3.1).
pub const ACCEPT_PATCH: (HeaderName, HeaderValue) = (
    HeaderName::from_static("accept-patch"),
    HeaderValue::from_static("application/merge-patch+json, application/json"),
);

/// The body of a request, which must be JSON. Not yet read: only its media type and its length were looked at.
#[derive(Debug, Clone)]
pub struct JsonBody(Bytes);

impl JsonBody {
    /// Reads the members of an object; members that `read` does not ask for are faults.
    ///
    /// # Errors
    ///
    /// 400 where the body is not JSON, 422 with a pointer to every fault.
    pub fn read<T>(&self, read: impl FnOnce(&mut Fields<'_, '_>) -> T) -> Result<T, Problem> {
        let text = std::str::from_utf8(&self.0)
            .map_err(|e| malformed(format!("is not UTF-8 from byte {} on", e.valid_up_to() + 1)))?;
        let value = tree::parse(text).map_err(malformed)?;
        object(value, read).map_err(|faults| Problem::from(Error::Invalid(faults)))
    }

    /// The body of an operation that came in that of another.
    pub fn of(text: String) -> Self {
        Self(Bytes::from(text))
    }

    /// The bytes themselves, as they are compared with those of a repeated request.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Reads the members of one object, with every fault.
pub fn object<T>(
    value: Value<'_>,
    read: impl FnOnce(&mut Fields<'_, '_>) -> T,
) -> Result<T, Vec<Fault>> {
    let mut faults = Faults::default();
    let outcome = Fields::open(value, &Path::Root, &mut faults).map(|mut fields| {
        let outcome = read(&mut fields);
        fields.close();
        outcome
    });
    faults
        .or(outcome)
        .map_err(|flaws| flaws.into_iter().map(fault).collect())
}

/// A flaw as a sentence that begins with the member.
fn fault(flaw: Flaw) -> Fault {
    let Flaw {
        member,
        pointer,
        code,
        reason,
    } = flaw;
    let detail = match member.is_empty() {
        true => format!("the body {reason}"),
        false => format!("`{member}` {reason}"),
    };
    Fault::new(pointer, code, detail)
}

fn malformed(reason: String) -> Problem {
    Problem::new(ProblemCode::MalformedRequest).with_detail(format!("The body {reason}."))
}

impl FromRequest for JsonBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_patch = req.method() == Method::PATCH;
        if let Err(problem) = check_media_type(req.headers(), is_patch) {
            return Box::pin(std::future::ready(Err(problem)));
        }
        let limit = req
            .app_data::<Data<Edge>>()
            .map_or(0, |edge| edge.max_body_bytes);
        let bytes = Bytes::from_request(req, payload);
        Box::pin(async move { bytes.await.map(Self).map_err(|e| unreadable(&e, limit)) })
    }
}

/// The body of a request that may do without one: nothing at all is fine whatever it is said to be, as a browser says of what
/// `navigator.sendBeacon` sends.
#[derive(Debug, Clone)]
pub struct OptionalJsonBody(JsonBody);

impl OptionalJsonBody {
    /// [`JsonBody::read`]; without a body `None`.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&mut Fields<'_, '_>) -> T,
    ) -> Result<Option<T>, Problem> {
        match self.0.bytes().is_empty() {
            true => Ok(None),
            false => self.0.read(read).map(Some),
        }
    }
}

impl FromRequest for OptionalJsonBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = req
            .app_data::<Data<Edge>>()
            .map_or(0, |edge| edge.max_body_bytes);
        let is_json = check_media_type(req.headers(), false);
        if let Err(problem) = check_coding(req.headers()) {
            return Box::pin(std::future::ready(Err(problem)));
        }
        let bytes = Bytes::from_request(req, payload);
        Box::pin(async move {
            let bytes = bytes.await.map_err(|e| unreadable(&e, limit))?;
            if !bytes.is_empty() {
                is_json?;
            }
            Ok(Self(JsonBody(bytes)))
        })
    }
}

/// 415 unless the body is said to be JSON, as it is: a compressed one may be a bomb, and grows before anybody can look at it.
fn check_media_type(headers: &HeaderMap, is_patch: bool) -> Result<(), Problem> {
    check_coding(headers)?;
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    match given.as_deref() {
        Some("application/json") => Ok(()),
        Some(MERGE_PATCH) if is_patch => Ok(()),
        _ => {
            let (name, value) = match is_patch {
                true => ACCEPT_PATCH,
                false => (ACCEPT, HeaderValue::from_static("application/json")),
            };
            Err(Problem::new(ProblemCode::UnsupportedMediaType).with_header(name, value))
        }
    }
}

/// 415 where the body is compressed (RFC 9110, section 15.5.16).
fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let codings = headers.get_all(CONTENT_ENCODING);
    let is_plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    match codings.into_iter().all(is_plain) {
        true => Ok(()),
        false => Err(Problem::new(ProblemCode::UnsupportedMediaType)
            .with_detail("Send the body as it is, without `Content-Encoding`.")
            .with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))),
    }
}

fn unreadable(error: &actix_web::Error, limit: usize) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Problem::payload_too_large(limit),
        _ => Problem::new(ProblemCode::MalformedRequest)
            .with_detail("The body of the request could not be read to its end."),
    }
}
