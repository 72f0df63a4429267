//! Who is calling: bearer tokens and API keys (RFC 6750). Knows the header, not how a token is made.

use std::future::{Ready, ready};
use std::sync::Once;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};

use crate::error::Error;
use crate::http::address::TrustedProxies;
use crate::http::methods::Methods;
use crate::http::problem::Problem;
use crate::http::request::TraceId;
use crate::models::access::Caller;
use crate::service::Services;
use crate::service::access::Origin;

/// What answers anybody, since it is where tokens come from.
const ANONYMOUS: [&str; 3] = [
    "/api/v1/auth/token",
    "/api/v1/auth/refresh",
    "/api/v1/auth/revoke",
];

/// The caller of a request that was let in.
#[derive(Debug, Clone)]
pub struct Signed(pub Caller);

impl Signed {
    /// The caller that the middleware found.
    pub fn of(req: &HttpRequest) -> Result<Self, Problem> {
        let found = req.extensions().get::<Caller>().cloned();
        found
            .map(Self)
            .ok_or_else(|| Problem::from(Error::Unauthenticated))
    }
}

impl FromRequest for Signed {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

/// Where a request comes from whose sender is not known yet.
#[derive(Debug, Clone)]
pub struct Sender(pub Origin);

impl FromRequest for Sender {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let peer = req.peer_addr().map(|peer| peer.ip());
        let proxies = req.app_data::<Data<TrustedProxies>>();
        let trace = req.extensions().get::<TraceId>().cloned();
        if proxies.is_some_and(|proxies| proxies.doubts(peer, req.headers())) {
            warn_of_proxy();
        }
        ready(Ok(Self(Origin {
            address: match proxies {
                Some(proxies) => proxies.client(peer, req.headers()),
                None => peer,
            },
            trace_id: trace.map(|TraceId(id)| id).unwrap_or_default(),
        })))
    }
}

/// Tells once that a proxy may be missing in the configuration: more often would let clients fill the log.
fn warn_of_proxy() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::warn!(
            "a request has X-Forwarded-For, but does not come from a proxy in MASTHEAD_TRUSTED_PROXIES: all clients behind that proxy \
             count as one where failed sign-ins are slowed down"
        );
    });
}

/// Lets in who has a good token or key; for `Scope::wrap(from_fn(authenticate))`. This comes before anything of the request is
/// looked at, its body too: who may not ask need not know what is wrong with the question. What does not exist is told to all.
///
/// # Errors
///
/// Those of the services inside; 401 is an answer.
pub async fn authenticate<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if needs_caller(&req) {
        match caller(&req).await {
            Ok(caller) => {
                req.extensions_mut().insert(caller);
            }
            Err(problem) => {
                let refused = problem.error_response().map_into_right_body();
                return Ok(req.into_response(refused));
            }
        }
    }
    let mut served = next.call(req).await?;
    let headers = served.headers_mut();
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    Ok(served.map_into_left_body())
}

fn needs_caller(req: &ServiceRequest) -> bool {
    let path = req.match_info().as_str();
    if req.method() == Method::OPTIONS || ANONYMOUS.contains(&path) {
        return false;
    }
    let methods = req.app_data::<Data<Methods>>();
    methods.is_some_and(|methods| methods.takes(req.method(), path))
}

async fn caller(req: &ServiceRequest) -> Result<Caller, Problem> {
    let services = req
        .app_data::<Data<Services>>()
        .ok_or_else(|| Problem::internal("web::Data<Services> is not set"))?;
    let bearer = bearer(req.headers()).ok_or(Error::Unauthenticated)?;
    let principal = services.access.authenticate(bearer).await?;
    let Sender(origin) = Sender::extract(req.request()).await?;
    Ok(Caller {
        principal,
        address: origin.address,
        trace_id: origin.trace_id,
    })
}

/// The token of the one `Authorization` header there is. Two are none: who knows which of them a proxy looked at.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(AUTHORIZATION);
    let (Some(only), None) = (lines.next(), lines.next()) else {
        return None;
    };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    (is_one && scheme.eq_ignore_ascii_case("bearer")).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bearer_token_is_taken() {
        let read = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(AUTHORIZATION, HeaderValue::from_static(line));
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer a.b"]).as_deref(), Some("a.b"));
        assert_eq!(read(&["bEARER   a"]).as_deref(), Some("a"));
        for wrong in [
            &[][..],
            &["Bearer"],
            &["Bearer "],
            &["Bearer a b"],
            &["Basic YTpi"],
            &["a"],
            &["Bearer a", "Bearer a"],
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
