//! Reading across origins (Fetch standard): scripts of any page may read what is public, without credentials; those of pages on a
//! list may use management. Knows paths, no operation.
//!
//! The headers on public answers are there whether asked for or not, so a cache need not tell origins apart.

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};

/// Where an allow-list of origins decides instead.
const MANAGED: [&str; 2] = ["/api/v1/manage", "/api/v1/auth"];

/// What scripts may read besides the headers that every answer shows them.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Last-Modified, Link, Location, Content-Language, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, traceparent, \
     Idempotency-Replayed, Surrogate-Key, Content-Range, Accept-Ranges, Content-Disposition",
);

/// The same of management.
const EXPOSED_MANAGED: HeaderValue = HeaderValue::from_static(
    "ETag, Location, Link, WWW-Authenticate, Retry-After, Idempotency-Replayed, Accept-Patch, X-Request-Id, traceparent",
);

/// What they may send to it.
const MANAGED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id, traceparent",
);

/// Origins whose scripts may use management; shared as `web::Data<Origins>`. They send tokens themselves, so no page needs the
/// browser's credentials.
#[derive(Debug, Clone, Default)]
pub struct Origins(Vec<String>);

impl Origins {
    /// These, each as a browser writes it in `Origin`.
    pub fn new(origins: Vec<String>) -> Self {
        Self(origins)
    }

    /// Whether `origin` is one of them.
    fn has(&self, origin: &HeaderValue) -> bool {
        self.0
            .iter()
            .any(|known| known.as_bytes() == origin.as_bytes())
    }

    /// Lets scripts of `origin`, if it is one of them, read an answer of management; and says that the answer depends on it.
    pub fn admit(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin.filter(|origin| self.has(origin)) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_MANAGED);
        }
    }

    /// What a browser that asks in advance (`request`) may send to a path of management that takes `methods`; nothing where its
    /// origin is none of them.
    pub fn preflight(
        &self,
        request: &HeaderMap,
        methods: &HeaderValue,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let is_asked = request.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !is_asked || !request.get(ORIGIN).is_some_and(|origin| self.has(origin)) {
            return Vec::new();
        }
        vec![
            (ACCESS_CONTROL_ALLOW_METHODS, methods.clone()),
            (ACCESS_CONTROL_ALLOW_HEADERS, MANAGED_HEADERS),
            (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
        ]
    }
}

/// Whether everybody may read what is under `path`, which is decoded.
pub fn is_public(path: &str) -> bool {
    !MANAGED.iter().any(|managed| {
        let rest = path.strip_prefix(managed);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Lets scripts of every origin read an answer.
pub fn open(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

/// What a browser that asks in advance (`request`) may send to a path that takes `methods`; nothing for any other request.
pub fn preflight(request: &HeaderMap, methods: &HeaderValue) -> Vec<(HeaderName, HeaderValue)> {
    if !request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return Vec::new();
    }
    let mut answer = vec![
        (ACCESS_CONTROL_ALLOW_METHODS, methods.clone()),
        (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400")),
        (
            VARY,
            HeaderValue::from_static("Access-Control-Request-Headers"),
        ),
    ];
    // Names are repeated and not covered by `*`, which does not stand for `Authorization`.
    let names: Vec<&str> = request
        .get_all(ACCESS_CONTROL_REQUEST_HEADERS)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|name| HeaderName::from_bytes(name.as_bytes()).is_ok())
        .collect();
    if !names.is_empty()
        && let Ok(names) = HeaderValue::try_from(names.join(", "))
    {
        answer.push((ACCESS_CONTROL_ALLOW_HEADERS, names));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn management_is_not_open() {
        for path in [
            "/",
            "/api/v1/articles",
            "/api/v1/managers",
            "/docs",
            "/api/v1/authors/1",
        ] {
            assert!(is_public(path), "{path}");
        }
        for path in [
            "/api/v1/manage",
            "/api/v1/manage/articles",
            "/api/v1/auth/token",
        ] {
            assert!(!is_public(path), "{path}");
        }
    }

    #[test]
    fn only_names_of_headers_are_repeated() {
        let mut request = HeaderMap::new();
        let methods = HeaderValue::from_static("GET");
        assert!(preflight(&request, &methods).is_empty());
        request.insert(
            ACCESS_CONTROL_REQUEST_METHOD,
            HeaderValue::from_static("GET"),
        );
        assert_eq!(preflight(&request, &methods).len(), 3);
        let asked = HeaderValue::from_static("authorization,x-a, a b, <x>,, If-None-Match");
        request.insert(ACCESS_CONTROL_REQUEST_HEADERS, asked);
        let (_, allowed) = preflight(&request, &methods).pop().unwrap();
        assert_eq!(allowed, "authorization, x-a, If-None-Match");
    }
}
