//! Problem details, RFC 9457: every answer from 400 up has this one shape. Knows which status each failure becomes, not how a request was routed.

mod code;
pub mod pages;
mod responses;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use actix_web::ResponseError;
use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, HeaderValue, LINK, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::DateTime;
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::error::{Cause, Error, Fault};
use crate::models::time::Ts;

pub use code::ProblemCode;
pub use responses::{
    AccountProblems, ArticleCountProblems, ArticleProblems, CountProblems, PasswordProblems,
    RefreshProblems, RevokeProblems, TokenProblems,
};
pub use responses::{
    ChangeProblems, CreateProblems, DeleteProblems, FileProblems, FreeChangeProblems,
    FreeDeleteProblems, ItemProblems, ManagedItemProblems, ManagedListProblems, PreviewProblems,
    ReadProblems, ServerProblems, UploadProblems,
};

/// The media type of every error body.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Bounds that the spec promises for the members of a problem, in characters and entries.
const MAX_URL: usize = 2048;
const MAX_DETAIL: usize = 1024;
const MAX_POINTER: usize = 512;
const MAX_REASON: usize = 16_000;
const MAX_ERRORS: usize = 100;

/// What every answer with a status from 400 up carries (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Absolute address of a page about this kind of problem.
    #[serde(rename = "type")]
    #[schema(
        max_length = 2048,
        format = "uri",
        example = "https://news.example.org/problems/not-found"
    )]
    pub kind: String,
    /// Short title of this kind of problem, always the same.
    #[schema(max_length = 64, example = "Not found")]
    pub title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    pub status: i32,
    /// What went wrong this time, and how to mend it where the client can.
    #[schema(max_length = 1024, example = "article `42` not found")]
    pub detail: String,
    /// Path of the request.
    #[schema(
        max_length = 2048,
        format = "uri-reference",
        example = "/api/v1/articles/42"
    )]
    pub instance: String,
    /// The kind of problem as a word for programs.
    pub code: ProblemCode,
    /// W3C trace id under which the server logged the request.
    #[schema(
        max_length = 32,
        pattern = "^[0-9a-f]{32}$",
        example = "4bf92f3577b34da6a3ce929d0e0e4736"
    )]
    pub trace_id: String,
    /// The single faults, where there are any to tell apart.
    #[schema(max_items = 100)]
    pub errors: Vec<ProblemDetail>,
    /// Why the article was taken back, for readers; `null` unless `code` is `retracted`.
    #[schema(max_length = 16000)]
    pub reason: Option<String>,
    /// When the article was taken back, UTC; `null` unless `code` is `retracted`.
    #[schema(max_length = 40, format = DateTime)]
    pub retracted_at: Option<String>,
}

/// One fault among those of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemDetail {
    /// JSON pointer (RFC 6901) to the member of the body, or to the query parameter by its name.
    #[schema(max_length = 512, example = "/limit")]
    pub pointer: String,
    /// The rule that was broken, as a word for programs.
    #[schema(max_length = 64, example = "invalid")]
    pub code: &'static str,
    /// What is wrong and how to mend it.
    #[schema(
        max_length = 1024,
        example = "`limit` must be an integer from 1 to 100"
    )]
    pub detail: String,
}

/// A failed request on its way to the client: what handlers and extractors return as their error.
#[derive(Debug, Clone)]
pub struct Problem(Box<Occurrence>);

#[derive(Debug, Clone)]
struct Occurrence {
    code: ProblemCode,
    detail: Cow<'static, str>,
    errors: Vec<Fault>,
    retraction: Option<Retraction>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

#[derive(Debug, Clone)]
struct Retraction {
    reason: String,
    at: Ts,
}

impl Problem {
    /// A problem with the general detail of its code.
    pub fn new(code: ProblemCode) -> Self {
        let headers = code
            .retry_after()
            .map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)));
        Self(Box::new(Occurrence {
            code,
            detail: Cow::Borrowed(code.summary()),
            errors: Vec::new(),
            retraction: None,
            headers: Vec::from_iter(headers),
            cause: None,
        }))
    }

    /// 400: query parameters that cannot be used.
    pub fn bad_parameter(faults: Vec<Fault>) -> Self {
        Self::new(ProblemCode::InvalidParameter).with_errors(faults)
    }

    /// 400: a cursor that cannot be used, and why.
    pub fn invalid_cursor(faults: Vec<Fault>) -> Self {
        Self::new(ProblemCode::InvalidCursor).with_errors(faults)
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(ProblemCode::NotFound)
    }

    /// 410 with the reason and the time of the retraction.
    pub fn retracted(reason: String, at: Ts) -> Self {
        let mut problem = Self::new(ProblemCode::Retracted);
        problem.0.retraction = Some(Retraction { reason, at });
        problem
    }

    /// A problem as it may look, for the pages and the spec.
    fn example(code: ProblemCode) -> Self {
        match code {
            ProblemCode::Retracted => Self::retracted(
                "The figures in the second table were wrong.".to_owned(),
                // 2026-01-15T02:00:00Z
                DateTime::from_timestamp(1_768_442_400, 0)
                    .unwrap_or_default()
                    .into(),
            ),
            _ => Self::new(code),
        }
    }

    /// 405 with the methods that are possible.
    pub fn method_not_allowed(allow: HeaderValue) -> Self {
        let methods = allow.to_str().unwrap_or_default();
        let detail = format!("This resource does not take this method; it takes {methods}.");
        Self::new(ProblemCode::MethodNotAllowed)
            .with_detail(detail)
            .with_header(ALLOW, allow)
    }

    /// 413 with the largest body that is read.
    pub fn payload_too_large(max_bytes: usize) -> Self {
        Self::new(ProblemCode::PayloadTooLarge).with_detail(format!(
            "The body of a request may have at most {max_bytes} bytes."
        ))
    }

    /// 500; `cause` goes to the log only.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::new(ProblemCode::Internal).with_cause(cause)
    }

    /// 503; `cause` goes to the log only.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::new(ProblemCode::Unavailable).with_cause(cause)
    }

    /// 503 after the time limit of a request; `cause` goes to the log only.
    pub fn timeout(cause: impl Into<Cause>) -> Self {
        Self::new(ProblemCode::Timeout).with_cause(cause)
    }

    /// The same with another detail.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// The same with single faults; one alone also becomes the detail.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        if let [only] = errors.as_slice() {
            self.0.detail = Cow::Owned(only.detail.clone());
        }
        self.0.errors = errors;
        self
    }

    /// The same with a header on the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The same with a cause for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(Arc::from(cause.into()));
        self
    }

    /// The same with a challenge (RFC 9110, section 11.6.1).
    fn challenged(self, challenge: &str) -> Self {
        match HeaderValue::from_str(challenge) {
            Ok(challenge) => self.with_header(WWW_AUTHENTICATE, challenge),
            Err(_) => self,
        }
    }

    /// The same as the problem of one of several operations: its pointers lead into that one. Of faults of the server clients
    /// are told no more than ever.
    #[must_use]
    pub fn in_batch(mut self, index: usize) -> Self {
        if self.0.code.status().is_server_error() {
            return self;
        }
        let place = format!("/operations/{index}");
        match self.0.errors.is_empty() {
            true => self.0.errors.push(Fault::new(
                place,
                self.0.code.as_str(),
                self.0.detail.clone(),
            )),
            false => {
                // Parameters stand in the path.
                let is_parameter = self.0.code == ProblemCode::InvalidParameter;
                for fault in &mut self.0.errors {
                    fault.pointer = match is_parameter {
                        true => format!("{place}/path"),
                        false => format!("{place}/body{}", fault.pointer),
                    };
                }
            }
        }
        self.0.detail = Cow::Owned(format!("operation {index}: {}", self.0.detail));
        self
    }

    /// The kind of problem.
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }

    /// A header that this problem brings.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        let found = self.0.headers.iter().find(|(known, _)| known == name);
        found.and_then(|(_, value)| value.to_str().ok())
    }

    /// The single faults.
    pub fn errors(&self) -> &[Fault] {
        &self.0.errors
    }

    /// The cause and its causes in one line, for the log.
    pub fn cause_chain(&self) -> Option<String> {
        let first: &(dyn StdError + 'static) = self.0.cause.as_deref()?;
        let chain: Vec<String> = std::iter::successors(Some(first), |e| StdError::source(*e))
            .map(ToString::to_string)
            .collect();
        Some(chain.join(": "))
    }

    /// The problem behind an error answer: the one its handler left in the answer, or one that fits what actix-web itself had to say.
    pub fn of_response<B>(response: &mut HttpResponse<B>) -> Self {
        let left = response.extensions_mut().remove::<Self>();
        left.unwrap_or_else(|| Self::of_actix(response.status(), response.error()))
    }

    fn of_actix(status: StatusCode, error: Option<&actix_web::Error>) -> Self {
        let code = ProblemCode::of_status(status);
        let Some(error) = error else {
            return Self::new(code);
        };
        if let Some(problem) = error.as_error::<Self>() {
            return problem.clone();
        }
        match error.as_error::<JsonPayloadError>() {
            Some(JsonPayloadError::ContentType) => Self::new(ProblemCode::UnsupportedMediaType),
            Some(JsonPayloadError::Deserialize(e)) if e.is_data() => Self::new(
                ProblemCode::InvalidBody,
            )
            .with_errors(vec![Fault::new("", "invalid", e.to_string())]),
            Some(JsonPayloadError::Deserialize(e)) => {
                Self::new(code).with_detail(format!("The body is not JSON: {e}."))
            }
            _ if status.is_server_error() => Self::new(code).with_cause(error.to_string()),
            _ => Self::new(code),
        }
    }

    /// The headers this problem brings, besides those of its body.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in &self.0.headers {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// The body as the client of this request gets it.
    pub fn body(&self, public_url: &str, path: &str, trace_id: &str) -> ProblemBody {
        let code = self.0.code;
        let (reason, retracted_at) = self
            .0
            .retraction
            .clone()
            .map(|Retraction { reason, at }| (cut(reason, MAX_REASON), at.to_rfc3339()))
            .unzip();
        ProblemBody {
            kind: cut(format!("{public_url}/problems/{}", code.slug()), MAX_URL),
            title: code.title(),
            status: i32::from(code.status().as_u16()),
            detail: cut(self.0.detail.clone().into_owned(), MAX_DETAIL),
            instance: as_reference(path),
            code,
            trace_id: trace_id.to_owned(),
            errors: self
                .0
                .errors
                .iter()
                .take(MAX_ERRORS)
                .map(ProblemDetail::from)
                .collect(),
            reason,
            retracted_at,
        }
    }
}

/// The strong ETag of a version (RFC 9110, section 8.8.3).
pub fn entity_tag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The first `max` characters of `text`.
fn cut(mut text: String, max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(max) {
        text.truncate(end);
    }
    text
}

impl From<&Fault> for ProblemDetail {
    fn from(fault: &Fault) -> Self {
        Self {
            pointer: cut(fault.pointer.clone(), MAX_POINTER),
            code: fault.code,
            detail: cut(fault.detail.clone(), MAX_DETAIL),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { .. } | Error::NoSuchLanguage { .. } => {
                Self::not_found().with_detail(error.to_string())
            }
            Error::Retracted { reason, at } => Self::retracted(reason, at.into()),
            Error::PreviewExpired { .. } => {
                Self::new(ProblemCode::PreviewExpired).with_detail(error.to_string())
            }
            Error::Invalid(faults) => Self::new(ProblemCode::InvalidBody).with_errors(faults),
            Error::BadParameter(fault) => Self::bad_parameter(vec![fault]),
            Error::Conflict(detail) => Self::new(ProblemCode::Conflict).with_detail(detail),
            error @ Error::HeldBack { .. } => {
                let found = error.findings().and_then(|path| {
                    HeaderValue::try_from(format!("<{path}>; rel=\"related\"")).ok()
                });
                let problem = Self::new(ProblemCode::HeldBack).with_detail(error.to_string());
                match found {
                    Some(link) => problem.with_header(LINK, link),
                    None => problem,
                }
            }
            Error::Taken(fault) => Self::new(ProblemCode::Conflict).with_errors(vec![fault]),
            Error::Stale { version } => Self::new(ProblemCode::PreconditionFailed)
                .with_detail(error.to_string())
                .with_header(ETAG, entity_tag(version)),
            Error::Unauthenticated => {
                Self::new(ProblemCode::Unauthenticated).challenged("Bearer realm=\"masthead\"")
            }
            Error::InvalidToken(reason) => Self::new(ProblemCode::InvalidToken)
                .with_detail(error.to_string())
                .challenged(&format!(
                    "Bearer realm=\"masthead\", error=\"invalid_token\", error_description=\"{reason}\""
                )),
            // RFC 9110 wants a challenge with every 401; there is no error that RFC 6750 would name here.
            Error::BadCredentials => {
                Self::new(ProblemCode::InvalidCredentials).challenged("Bearer realm=\"masthead\"")
            }
            Error::Forbidden(detail) => Self::new(ProblemCode::Forbidden).with_detail(detail),
            Error::InsufficientScope(scope) => Self::new(ProblemCode::InsufficientScope)
                .with_detail(error.to_string())
                .challenged(&format!(
                    "Bearer realm=\"masthead\", error=\"insufficient_scope\", scope=\"{scope}\""
                )),
            Error::TooManyAttempts { wait_s } => Self::new(ProblemCode::TooManyRequests)
                .with_detail(error.to_string())
                .with_header(RETRY_AFTER, HeaderValue::from(wait_s)),
            Error::KeyReused => {
                Self::new(ProblemCode::IdempotencyKeyReused).with_detail(error.to_string())
            }
            Error::KeyInUse => {
                Self::new(ProblemCode::IdempotencyKeyInUse).with_detail(error.to_string())
            }
            Error::InBatch { index, error } => Self::from(*error).in_batch(index),
            Error::Unavailable(_) => Self::unavailable(error),
            Error::NoSpace(_) => {
                Self::new(ProblemCode::InsufficientStorage).with_cause(error)
            }
            Error::TooLarge { .. } => {
                Self::new(ProblemCode::PayloadTooLarge).with_detail(error.to_string())
            }
            Error::Stalled { .. } => {
                Self::new(ProblemCode::RequestTimeout).with_detail(error.to_string())
            }
            Error::Setup(_) | Error::File { .. } | Error::Internal(_) => Self::internal(error),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    /// An answer without a body that carries this problem along; `http/request.rs` writes the body, since only it knows the request.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status_code()).finish();
        self.write_headers(response.headers_mut());
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        ProblemBody::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        ProblemBody::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ProblemBody::schemas(schemas);
    }
}

/// `path` as a URI reference (RFC 3986): clients send a `%` that encodes nothing.
fn as_reference(path: &str) -> String {
    let mut reference = String::with_capacity(path.len());
    for (n, part) in path.split('%').enumerate() {
        if n > 0 {
            let encodes = part
                .as_bytes()
                .get(..2)
                .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
            reference.push_str(if encodes { "%" } else { "%25" });
        }
        reference.push_str(part);
    }
    let mut reference = cut(reference, MAX_URL);
    // Nor may the end stand within an encoded byte.
    if let Some(at) = reference.rfind('%')
        && at + 3 > reference.len()
    {
        reference.truncate(at);
    }
    reference
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Resource;

    fn body(problem: &Problem) -> serde_json::Value {
        serde_json::to_value(problem.body("https://x", "/p", "t")).unwrap()
    }

    #[test]
    fn no_member_is_ever_missing() {
        assert_eq!(
            body(&Problem::not_found()),
            serde_json::json!({
                "type": "https://x/problems/not-found", "title": "Not found", "status": 404,
                "detail": "There is nothing under this address.", "instance": "/p",
                "code": "not_found", "trace_id": "t", "errors": [], "reason": null, "retracted_at": null,
            })
        );
    }

    #[test]
    fn a_retraction_says_why_and_since_when() {
        let at = chrono::DateTime::parse_from_rfc3339("2026-01-15T12:00:00.5+08:00").unwrap();
        let problem = Problem::from(Error::Retracted {
            reason: "数据有误".to_owned(),
            at: at.to_utc(),
        });
        assert_eq!(problem.status_code(), 410);
        let body = body(&problem);
        assert_eq!(body["reason"], "数据有误");
        assert_eq!(body["retracted_at"], "2026-01-15T04:00:00.500Z");
        assert_eq!(body["code"], "retracted");
    }

    #[test]
    fn our_faults_tell_the_client_nothing_and_the_log_everything() {
        let problem = Problem::from(Error::internal("disk is on fire"));
        assert_eq!(problem.status_code(), 500);
        assert!(!body(&problem).to_string().contains("fire"));
        assert_eq!(
            problem.cause_chain().unwrap(),
            "internal error: disk is on fire"
        );

        let problem = Problem::from(Error::Unavailable("no connection".into()));
        assert_eq!(
            problem
                .error_response()
                .headers()
                .get("retry-after")
                .unwrap(),
            "1"
        );
        assert_eq!(
            problem.cause_chain().unwrap(),
            "temporarily unavailable: no connection"
        );
    }

    #[test]
    fn faults_of_the_client_say_what_to_change() {
        let problem = Problem::from(Error::not_found(Resource::Article, 42));
        assert_eq!(body(&problem)["detail"], "article `42` not found");
        let available = vec!["en".to_owned(), "zh-Hans".to_owned()];
        let problem = Problem::from(Error::NoSuchLanguage { available });
        assert_eq!(problem.code(), ProblemCode::NotFound);
        assert_eq!(
            body(&problem)["detail"],
            "the article does not exist in the language asked for; there is: en, zh-Hans"
        );
        let problem = Problem::from(Error::Invalid(vec![Fault::new("/a", "x", "wrong")]));
        assert_eq!(body(&problem)["errors"][0]["pointer"], "/a");
        assert_eq!(body(&problem)["status"], 422);
    }

    #[test]
    fn bodies_stay_within_what_the_spec_promises() {
        let fault = Fault::new("/ä".repeat(1000), "x", "é".repeat(5000));
        let body =
            Problem::bad_parameter(vec![fault; 300]).body("https://x", &"/p".repeat(9000), "t");
        let retracted = Problem::retracted("错".repeat(17_000), Ts::default()).body("", "", "");
        assert_eq!(retracted.reason.unwrap().chars().count(), MAX_REASON);
        assert_eq!(body.errors.len(), MAX_ERRORS);
        assert_eq!(body.errors[0].detail.chars().count(), MAX_DETAIL);
        assert_eq!(body.errors[0].pointer.chars().count(), MAX_POINTER);
        assert_eq!(body.instance.chars().count(), MAX_URL);
    }
}
