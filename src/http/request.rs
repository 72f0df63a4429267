//! The outermost middleware: what holds for every request whatever its operation. Knows the limits of a request, not the API.
//!
//! This runs around cache hits too, so it allocates as little as it can: one buffer holds `traceparent` and the request id.

use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{InternalError, PayloadError};
use actix_web::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, LAST_MODIFIED, ORIGIN, RANGE, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method, Uri, Version};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpResponse, ResponseError};

use futures_core::Stream;

use crate::error;
use crate::http::cached::{self, Route};
use crate::http::cors::Origins;
use crate::http::methods::Methods;
use crate::http::problem::{MEDIA_TYPE, Problem};
use crate::http::{compression, cors};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Where the trace id stands in a `traceparent`.
const TRACE_ID: std::ops::Range<usize> = 3..35;

/// The longest request id that is taken over from a client.
const MAX_REQUEST_ID: usize = 128;

/// The trace of a request, for what is written down about it; only where somebody may have to sign in.
#[derive(Debug, Clone)]
pub struct TraceId(pub String);

/// What the middleware needs to know; shared as `web::Data<Edge>`.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Start of every absolute URL, without a trailing slash.
    pub public_url: String,
    /// The largest body that a request may announce.
    pub max_body_bytes: usize,
    /// How long a request may take until the head of its answer is there.
    pub request_timeout: Duration,
    /// The largest file that a request may bring.
    pub max_upload_bytes: u64,
}

/// Where requests bring files.
const UPLOADS: &str = "/api/v1/manage/media";

/// How long a request may take that brings a file; it is given up much sooner where nothing of the file arrives.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(3600);

/// What of a request that brings a file is not the file.
const UPLOAD_FRAME: usize = 1 << 20;

impl Edge {
    /// How large the body of a request may be, and how long it may take.
    fn limits(&self, method: &Method, path: &str) -> (usize, Duration) {
        match is_upload(method, path) {
            true => {
                let file = usize::try_from(self.max_upload_bytes).unwrap_or(usize::MAX);
                (file.saturating_add(UPLOAD_FRAME), UPLOAD_TIMEOUT)
            }
            false => (self.max_body_bytes, self.request_timeout),
        }
    }

    /// What is said of a larger body.
    fn too_large(&self, method: &Method, path: &str) -> Problem {
        match is_upload(method, path) {
            true => error::Error::TooLarge {
                limit: self.max_upload_bytes,
            }
            .into(),
            false => Problem::payload_too_large(self.max_body_bytes),
        }
    }
}

fn is_upload(method: &Method, path: &str) -> bool {
    method == Method::POST && path == UPLOADS
}

/// Serves one request; for `App::wrap(from_fn(edge))`, outside of all other middleware.
///
/// Follows the trace, ends what takes too long, turns panics and errors into problem details, serves HEAD as GET (actix leaves the
/// body out when it writes the answer), says who may read the answer and what it depends on, and logs one event.
///
/// # Errors
///
/// A finished answer in the guise of an error, where the request itself was lost: after a panic, a timeout, a failing middleware.
pub async fn edge<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let Some(edge) = req.app_data::<Data<Edge>>().cloned() else {
        return Err(Problem::internal("web::Data<Edge> is not set").into());
    };
    if let Some((response, route)) = cached::at_hand(&req) {
        let exchange = Exchange::begin(&edge, &req);
        let route = || Some(Cow::Borrowed(&*route));
        let response = exchange.finish(response.map_into_right_body(), route);
        return Ok(req.into_response(response));
    }
    // Apart, so that an answer from memory does not carry what all others need.
    Box::pin(serve(edge, req, next)).await
}

async fn serve<B: MessageBody + 'static>(
    edge: Data<Edge>,
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let methods = req.app_data::<Data<Methods>>().cloned();
    let exchange = Exchange::begin(&edge, &req);
    if !exchange.is_public {
        let id = TraceId(exchange.trace.id().to_owned());
        req.extensions_mut().insert(id);
    }

    let (max_body_bytes, timeout) = edge.limits(req.method(), req.path());
    if announced_length(req.headers()).is_some_and(|length| length > max_body_bytes) {
        let mut refused = edge.too_large(req.method(), req.path()).error_response();
        // The body stays unread, so the connection cannot be used again.
        refused
            .head_mut()
            .set_connection_type(ConnectionType::Close);
        let (request, _) = req.into_parts();
        let route = || request.match_pattern().map(Cow::Owned);
        let response = exchange.finish(refused.map_into_right_body(), route);
        return Ok(ServiceResponse::new(request, response));
    }
    let unwanted = take_unwanted_body(methods.as_deref(), &mut req);
    let shared = match unwanted {
        Some(_) => None,
        None => share_body(&mut req),
    };
    let unread = || -> Option<Box<dyn Any>> {
        match unwanted {
            Some(body) => Some(Box::new(body)),
            None => Some(Box::new(shared.filter(|body| !body.is_read())?)),
        }
    };
    if req.method() == Method::HEAD {
        // Only GET knows parts (RFC 9110, section 14.2).
        req.headers_mut().remove(RANGE);
        req.head_mut().method = Method::GET;
    }
    if req.version() < Version::HTTP_11 {
        // What is compressed as it goes has no length, and that version no other way to say where it ends.
        req.headers_mut().remove(ACCEPT_ENCODING);
    }
    compression::settle(req.headers_mut());
    match run(req, next, timeout).await {
        Ok(served) => {
            let (request, response) = served.into_parts();
            // Finding the template takes as long as finding the route did.
            let kept = request.extensions().get::<Route>().cloned();
            let route = || match &kept {
                Some(Route(route)) => Some(Cow::Borrowed(&**route)),
                None => request.match_pattern().map(Cow::Owned),
            };
            let response = exchange.finish(response.map_into_left_body(), route);
            Ok(ServiceResponse::new(request, closing(response, unread())))
        }
        Err(lost) => {
            let template = || {
                methods
                    .as_ref()?
                    .template(exchange.uri.path())
                    .map(Cow::Borrowed)
            };
            let response = exchange.finish::<B>(lost.map_into_right_body(), template);
            let response = closing(response, unread());
            Err(InternalError::from_response("answered", response.map_into_boxed_body()).into())
        }
    }
}

/// The answer of the rest of the application, or what to say where there is none.
async fn run<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
    limit: Duration,
) -> Result<ServiceResponse<B>, HttpResponse> {
    let mut call = pin!(async move { next.call(req).await });
    let caught = poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    );
    match tokio::time::timeout(limit, caught).await {
        Ok(Ok(Ok(response))) => Ok(response),
        Ok(Ok(Err(error))) => Err(HttpResponse::from_error(error)),
        Ok(Err(panic)) => {
            Err(Problem::internal(format!("panic: {}", panic_message(&*panic))).error_response())
        }
        Err(_) => Err(Problem::timeout(format!("no answer within {limit:?}")).error_response()),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

/// What `Content-Length` says. One that is no number was refused before.
fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The body of a request that announces one of unknown length to an operation that takes none, or to nothing at all. Bodies of
/// known length need no care: actix closes the connection where such a one is left unread.
fn take_unwanted_body(methods: Option<&Arc<Methods>>, req: &mut ServiceRequest) -> Option<Payload> {
    let unwanted = req.headers().contains_key(TRANSFER_ENCODING)
        && ([Method::GET, Method::HEAD, Method::OPTIONS].contains(req.method())
            || !methods.is_some_and(|methods| is_listed(req.method(), methods.allow(req.path()))));
    unwanted.then(|| req.take_payload())
}

/// A body of unknown length, read by an operation and held here, so that what the operation leaves of it is noticed.
#[derive(Clone)]
struct SharedBody(Rc<RefCell<(Payload, bool)>>);

impl SharedBody {
    fn is_read(&self) -> bool {
        self.0.borrow().1
    }
}

impl Stream for SharedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (payload, is_read) = &mut *self.0.borrow_mut();
        let poll = Pin::new(payload).poll_next(cx);
        *is_read |= matches!(poll, Poll::Ready(None));
        poll
    }
}

/// Shares the body of a request that does not say how long it is.
fn share_body(req: &mut ServiceRequest) -> Option<SharedBody> {
    if !req.headers().contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let body = SharedBody(Rc::new(RefCell::new((req.take_payload(), false))));
    req.set_payload(Payload::Stream {
        payload: Box::pin(body.clone()),
    });
    Some(body)
}

/// Whether `allow` lists `method`.
fn is_listed(method: &Method, allow: Option<HeaderValue>) -> bool {
    let listed = allow.as_ref().and_then(|allow| allow.to_str().ok());
    listed.is_some_and(|listed| listed.split(", ").any(|name| name == method.as_str()))
}

/// The same answer, and the last one of its connection where the request's body is `unread`.
///
/// actix reads a chunked body that nobody holds to its end, however far that is, and stops where somebody still holds it when the
/// answer is written. So the answer holds it.
fn closing<B: MessageBody + 'static>(
    mut response: HttpResponse<EitherBody<B>>,
    unread: Option<Box<dyn Any>>,
) -> HttpResponse<EitherBody<B>> {
    let Some(unread) = unread else {
        return response;
    };
    response
        .head_mut()
        .set_connection_type(ConnectionType::Close);
    if matches!(response.body().size(), BodySize::None) {
        response.extensions_mut().insert(unread);
        return response;
    }
    response.map_body(|_, body| {
        EitherBody::right(BoxBody::new(LastBody {
            body: BoxBody::new(body),
            _unread: unread,
        }))
    })
}

/// The body of an answer after which the connection closes.
struct LastBody {
    body: BoxBody,
    _unread: Box<dyn Any>,
}

impl MessageBody for LastBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_pin_mut().poll_next(cx)
    }
}

/// What of a request is needed after it has been served.
struct Exchange<'e> {
    edge: &'e Edge,
    started: Instant,
    method: Method,
    uri: Uri,
    trace: Trace,
    request_id: HeaderValue,
    is_public: bool,
    /// Where a list of origins decides: the list, and the origin of the request.
    origins: Option<Data<Origins>>,
    origin: Option<HeaderValue>,
}

impl<'e> Exchange<'e> {
    fn begin(edge: &'e Edge, req: &ServiceRequest) -> Self {
        let trace = Trace::follow(req.headers());
        let given = req
            .headers()
            .get(X_REQUEST_ID)
            .filter(|id| is_request_id(id.as_bytes()));
        let is_public = cors::is_public(req.match_info().as_str());
        let origins = req.app_data::<Data<Origins>>();
        Self {
            edge,
            started: Instant::now(),
            method: req.method().clone(),
            uri: req.uri().clone(),
            request_id: given.unwrap_or(&trace.id).clone(),
            trace,
            is_public,
            origins: origins.filter(|_| !is_public).cloned(),
            origin: req.headers().get(ORIGIN).filter(|_| !is_public).cloned(),
        }
    }

    /// The answer as it leaves the server.
    fn finish<'r, B: MessageBody + 'static>(
        &self,
        mut response: HttpResponse<EitherBody<B>>,
        route: impl Fn() -> Option<Cow<'r, str>>,
    ) -> HttpResponse<EitherBody<B>> {
        let mut cause = None;
        if response.status().as_u16() >= 400 {
            let problem = Problem::of_response(&mut response);
            cause = problem.cause_chain();
            response = self.explain(response, &problem);
        }
        let status = response.status();
        let headers = response.headers_mut();
        if self.is_public {
            cors::open(headers);
        }
        if let Some(origins) = &self.origins {
            origins.admit(self.origin.as_ref(), headers);
        }
        compression::label(status, headers);
        headers.insert(TRACEPARENT, self.trace.parent.clone());
        headers.insert(X_REQUEST_ID, self.request_id.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        self.log(status.as_u16(), cause.as_deref(), route);
        response
    }

    /// The same answer with `problem` as its body. Headers that spoke of another body go.
    fn explain<B: MessageBody + 'static>(
        &self,
        mut response: HttpResponse<EitherBody<B>>,
        problem: &Problem,
    ) -> HttpResponse<EitherBody<B>> {
        let body = problem.body(&self.edge.public_url, self.uri.path(), self.trace.id());
        // Strings and numbers always serialise.
        let json = serde_json::to_vec(&body).unwrap_or_default();
        *response.status_mut() = problem.status_code();
        let headers = response.headers_mut();
        for name in [CONTENT_ENCODING, CONTENT_LENGTH, ETAG, LAST_MODIFIED] {
            headers.remove(name);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        problem.write_headers(headers);
        response.map_body(|_, _| EitherBody::right(BoxBody::new(json)))
    }

    /// The one event of this request: neither query string nor address, and of the path only its template.
    fn log<'r>(&self, status: u16, cause: Option<&str>, route: impl Fn() -> Option<Cow<'r, str>>) {
        macro_rules! event {
            ($level:ident $(, $extra:tt)*) => {
                tracing::$level!(
                    target: "masthead::http",
                    method = method_name(&self.method),
                    route = route().as_deref().unwrap_or("-"),
                    status,
                    duration_ms = (self.started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
                    trace_id = self.trace.id(),
                    request_id = self.request_id.to_str().unwrap_or_default(),
                    $($extra,)*
                    "request"
                )
            };
        }
        if status >= 500 {
            event!(error, cause);
        } else {
            event!(info);
        }
    }
}

/// The method for the log; a client's own invention is not repeated.
fn method_name(method: &Method) -> &str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
        Method::CONNECT,
    ];
    if known.contains(method) {
        method.as_str()
    } else {
        "_OTHER"
    }
}

fn is_request_id(id: &[u8]) -> bool {
    (1..=MAX_REQUEST_ID).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}

/// This server's place in a W3C trace.
struct Trace {
    parent: HeaderValue,
    id: HeaderValue,
}

impl Trace {
    /// A span of its own in the trace of the request, or in a new one where it brings none that is valid.
    fn follow(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(TRACEPARENT);
        let parent = match (given.next(), given.next()) {
            (Some(only), None) => only.to_str().ok().and_then(parse_traceparent),
            _ => None,
        };
        let mut text = String::with_capacity(55);
        text.push_str("00-");
        match parent {
            Some((trace_id, _)) => text.push_str(trace_id),
            None => push_random(&mut text, 2),
        }
        text.push('-');
        push_random(&mut text, 1);
        text.push_str(if parent.is_some_and(|(_, sampled)| sampled) {
            "-01"
        } else {
            "-00"
        });

        let bytes = Bytes::from(text);
        let shared =
            |bytes| HeaderValue::from_maybe_shared(bytes).unwrap_or(HeaderValue::from_static(""));
        Self {
            id: shared(bytes.slice(TRACE_ID)),
            parent: shared(bytes),
        }
    }

    fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }
}

/// Trace id and sampled flag of a `traceparent` (W3C Trace Context, section 3.2), also of a later version.
fn parse_traceparent(text: &str) -> Option<(&str, bool)> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let id = |part: &str, length| hex(part, length) && part.bytes().any(|b| b != b'0');
    let valid = hex(version, 2)
        && version != "ff"
        && id(trace, 32)
        && id(span, 16)
        && hex(flags, 2)
        && (version != "00" || parts.next().is_none());
    let sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
    valid.then_some((trace, sampled))
}

/// Appends `words` times 16 random hex digits.
///
/// A keyed hash of a counter, with a key that the operating system made for this thread: as unguessable as ids need to be, and
/// without a system call for each.
fn push_random(text: &mut String, words: u32) {
    thread_local! {
        static KEY: RandomState = RandomState::new();
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }
    for _ in 0..words {
        let count = COUNT.replace(COUNT.get().wrapping_add(1));
        // An id of zeros alone is not valid.
        let word = KEY.with(|key| key.hash_one(count)).max(1);
        let digits = (0..16).rev().map(|digit| (word >> (4 * digit)) & 0xf);
        text.extend(digits.filter_map(|digit| char::from_digit(u32::try_from(digit).ok()?, 16)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn follow(values: &[&str]) -> Trace {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, HeaderValue::from_str(value).unwrap());
        }
        Trace::follow(&headers)
    }

    #[test]
    fn a_valid_trace_is_continued_in_a_span_of_its_own() {
        let given = format!("00-{ID}-00f067aa0ba902b7-01");
        let trace = follow(&[&given]);
        assert_eq!(trace.id(), ID);
        let parent = trace.parent.to_str().unwrap();
        assert!(
            parent.starts_with(&format!("00-{ID}-")) && parent.ends_with("-01"),
            "{parent}"
        );
        assert_ne!(parent, given);
        assert_eq!(
            follow(&[&format!("cc-{ID}-00f067aa0ba902b7-00-later")]).id(),
            ID
        );
    }

    #[test]
    fn an_invalid_trace_is_replaced() {
        let valid = format!("00-{ID}-00f067aa0ba902b7-01");
        let zero = "0".repeat(32);
        for wrong in [
            "",
            "x",
            &format!("ff-{ID}-00f067aa0ba902b7-01"),
            &format!("00-{ID}-00f067aa0ba902b7-01-x"),
            &format!("00-{}-00f067aa0ba902b7-01", ID.to_uppercase()),
            &format!("00-{zero}-00f067aa0ba902b7-01"),
            &format!("00-{ID}-0000000000000000-01"),
            &format!("00-{ID}-00f067aa0ba902b7-1"),
        ] {
            let trace = follow(&[wrong]);
            assert_ne!(trace.id(), ID, "{wrong}");
            assert!(parse_traceparent(trace.parent.to_str().unwrap()).is_some());
        }
        assert_ne!(follow(&[&valid, &valid]).id(), ID);
    }

    #[test]
    fn new_traces_differ() {
        let ids: std::collections::HashSet<_> =
            (0..1000).map(|_| follow(&[]).id().to_owned()).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn request_ids_are_visible_ascii() {
        assert!(is_request_id(b"a-1") && is_request_id(&[b'x'; 128]));
        assert!(
            !is_request_id(b"")
                && !is_request_id(b"a b")
                && !is_request_id(&[b'x'; 129])
                && !is_request_id("é".as_bytes())
        );
    }
}
