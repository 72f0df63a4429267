//! Answers that caches may keep: validators, 304, and how long (RFC 9110, sections 8.8 and 13; RFC 9111). Knows no resource.
//!
//! The ETag is weak and made from the body itself without its live counters, so it changes exactly when the content
//! does, whatever the content was put together from, and never because somebody read it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::SystemTime;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, HttpDate, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LINK, VARY,
};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, Responder, ResponseError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::Modify;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, ResponseBuilder, Type};

use crate::http::cors;
use crate::http::links::SEGMENT;
use crate::http::problem::Problem;
use crate::models::freshness::Freshness;
use crate::models::subject::Scope;
use crate::models::time::Ts;

/// Groups answers for caches that can drop a whole group at once.
pub const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// Members whose numbers are live: they are left out of ETags. Such a text cannot stand inside a JSON string, where
/// quotes are escaped.
const LIVE: [&[u8]; 2] = [b"\"views\":", b"\"downloads\":"];

/// How long shared caches may keep public answers (RFC 9111, RFC 5861), in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePolicy {
    /// `s-maxage`.
    pub shared: u32,
    /// `stale-while-revalidate`.
    pub stale_while_revalidate: u32,
    /// `stale-if-error`.
    pub stale_if_error: u32,
}

impl CachePolicy {
    /// The header of an answer with this freshness: nothing may be kept past the next planned change.
    pub fn header(self, freshness: Freshness) -> HeaderValue {
        let left = freshness.changes_at.map_or(u32::MAX, |at| {
            u32::try_from((at.0 - freshness.now.0).num_seconds().max(0)).unwrap_or(u32::MAX)
        });
        let shared = self.shared.min(left);
        let later = left.saturating_sub(shared);
        let text = format!(
            "public, max-age=0, s-maxage={shared}, stale-while-revalidate={}, stale-if-error={}",
            self.stale_while_revalidate.min(later),
            self.stale_if_error.min(later),
        );
        header(text)
    }
}

/// What an answer shows, as a cache may want to drop it: `site-demo category-7 article-42`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SurrogateKeys {
    text: String,
    articles: Vec<i64>,
}

impl SurrogateKeys {
    /// Something of the site with this slug.
    #[must_use]
    pub fn site(mut self, slug: &str) -> Self {
        self.add("site", utf8_percent_encode(slug, SEGMENT));
        self
    }

    /// The category with this id.
    #[must_use]
    pub fn category(mut self, id: i64) -> Self {
        self.add("category", id);
        self
    }

    /// The article with this id.
    #[must_use]
    pub fn article(mut self, id: i64) -> Self {
        self.add("article", id);
        self.articles.push(id);
        self
    }

    /// Adds a key that is not there yet.
    fn add(&mut self, kind: &str, key: impl std::fmt::Display) {
        let key = format!("{kind}-{key}");
        if self.text.split(' ').any(|known| known == key) {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(&key);
    }
}

/// A public JSON answer.
#[derive(Debug)]
pub struct Answer<T> {
    body: T,
    freshness: Freshness,
    language: Option<String>,
    is_negotiated: bool,
    keys: SurrogateKeys,
    links: String,
    is_live: bool,
}

impl<T> Answer<T> {
    /// `body` with numbers that are live: its ETag follows them, and caches ask each time before they serve it.
    pub fn live(body: T, now: Ts) -> Self {
        let freshness = Freshness {
            now,
            changed_at: now,
            changes_at: None,
            scope: Scope::Everything,
        };
        Self {
            is_live: true,
            ..Self::new(body, freshness)
        }
    }

    /// `body`, with how fresh it is.
    pub fn new(body: T, freshness: Freshness) -> Self {
        Self {
            body,
            freshness,
            language: None,
            is_negotiated: false,
            keys: SurrogateKeys::default(),
            links: String::new(),
            is_live: false,
        }
    }

    /// All of its text is in `language`.
    #[must_use]
    pub fn in_language(mut self, language: String) -> Self {
        self.language = Some(language);
        self
    }

    /// Whether `Accept-Language` had a say in it.
    #[must_use]
    pub fn negotiated(mut self, is_negotiated: bool) -> Self {
        self.is_negotiated = is_negotiated;
        self
    }

    /// The groups it belongs to.
    #[must_use]
    pub fn keyed(mut self, keys: SurrogateKeys) -> Self {
        self.keys = keys;
        self
    }

    /// Links to other pages as the value of a `Link` header (RFC 8288); empty for none.
    #[must_use]
    pub fn linked(mut self, links: String) -> Self {
        self.links = links;
        self
    }
}

impl<T: Serialize> Responder for Answer<T> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse<BoxBody> {
        let Some(policy) = req.app_data::<Data<CachePolicy>>() else {
            return Problem::internal("web::Data<CachePolicy> is not set").error_response();
        };
        let json = match serde_json::to_vec(&self.body) {
            Ok(json) => json,
            Err(e) => return Problem::internal(e.to_string()).error_response(),
        };
        let now = self.freshness.now.0;
        let prepared = self.prepare(json, *policy.get_ref());
        let collected = req.extensions().get::<Collected>().cloned();
        match collected {
            // The cache answers, with what it keeps.
            Some(collected) if !prepared.is_live => {
                collected.0.replace(Some(prepared));
                HttpResponse::Ok().finish()
            }
            _ if prepared.is_known(req.headers()) => prepared.not_modified(now),
            _ => prepared.whole(now, None),
        }
    }
}

impl<T> Answer<T> {
    fn prepare(self, json: Vec<u8>, policy: CachePolicy) -> Prepared {
        let (tag, cache_control) = match self.is_live {
            true => (
                digest(&[&json]),
                HeaderValue::from_static("public, no-cache"),
            ),
            false => (etag(&json), policy.header(self.freshness)),
        };
        let mut headers = vec![(ETAG, header(tag.clone()))];
        for (name, value) in [
            (CONTENT_LANGUAGE, self.language.unwrap_or_default()),
            (SURROGATE_KEY, self.keys.text),
            (LINK, self.links),
        ] {
            if !value.is_empty() {
                headers.push((name, header(value)));
            }
        }
        let changed = whole_second_after(self.freshness.changed_at.0.into());
        if self.is_negotiated {
            headers.push((VARY, HeaderValue::from_static("Accept-Language")));
        }
        Prepared {
            // Without the spare room that it grew into: it may stay.
            body: Bytes::from(json.into_boxed_slice()),
            tag,
            modified: date(changed),
            changed,
            headers,
            cache_control,
            policy,
            freshness: self.freshness,
            articles: self.keys.articles,
            is_live: self.is_live,
        }
    }
}

/// Where a handler leaves its answer for the cache, in the extensions of a request.
#[derive(Debug, Clone, Default)]
pub struct Collected(pub Rc<RefCell<Option<Prepared>>>);

/// A public answer before it is known what the client has already.
#[derive(Debug)]
pub struct Prepared {
    /// The JSON text.
    pub body: Bytes,
    /// How fresh it is, and what it was chosen from.
    pub freshness: Freshness,
    /// The articles whose numbers it may show.
    pub articles: Vec<i64>,
    tag: String,
    /// The second at whose end it is known not to change any more.
    changed: SystemTime,
    modified: HeaderValue,
    /// Those that are the same each time.
    headers: Vec<(HeaderName, HeaderValue)>,
    cache_control: HeaderValue,
    policy: CachePolicy,
    is_live: bool,
}

impl Prepared {
    /// Whether a client that sent `request` has it already.
    pub fn is_known(&self, request: &HeaderMap) -> bool {
        // Numbers may grow within a second, so no time tells whether they did.
        let is_comparable = !self.is_live || request.contains_key(IF_NONE_MATCH);
        is_comparable && is_unchanged(request, &self.tag, self.changed)
    }

    /// The answer at `now` to a client that has it.
    pub fn not_modified(&self, now: DateTime<Utc>) -> HttpResponse {
        self.begin(StatusCode::NOT_MODIFIED, now)
    }

    /// The answer at `now`, in a coding where there is one.
    pub fn whole(&self, now: DateTime<Utc>, coded: Option<(&'static str, Bytes)>) -> HttpResponse {
        let mut response = self.begin(StatusCode::OK, now);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = match coded {
            Some((coding, body)) => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
                body
            }
            None => self.body.clone(),
        };
        response.set_body(BoxBody::new(body))
    }

    fn begin(&self, status: StatusCode, now: DateTime<Utc>) -> HttpResponse {
        let mut response = HttpResponse::new(status);
        let headers = response.headers_mut();
        headers.reserve(16);
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        // Changes of the running second are not over, so it is not named before it has passed.
        let present = SystemTime::from(now);
        let modified = match self.changed <= present {
            true => self.modified.clone(),
            false => date(present),
        };
        headers.insert(LAST_MODIFIED, modified);
        headers.insert(CACHE_CONTROL, self.cache_control(now));
        response
    }

    /// The same until the next planned change is near.
    fn cache_control(&self, now: DateTime<Utc>) -> HeaderValue {
        if self.is_live || self.freshness.changes_at.is_none() {
            return self.cache_control.clone();
        }
        self.policy.header(Freshness {
            now: Ts(now),
            ..self.freshness
        })
    }

    /// Bytes that it takes.
    pub fn weight(&self) -> usize {
        let headers = self.headers.iter().map(|(_, value)| 48 + value.len());
        self.body.len() + 8 * self.articles.len() + self.tag.len() + headers.sum::<usize>()
    }
}

/// Puts into the document what holds for every public answer: its validators and the 304.
pub struct Documented;

impl Modify for Documented {
    fn modify(&self, document: &mut OpenApi) {
        let public = document
            .paths
            .paths
            .iter_mut()
            .filter(|(path, _)| path.starts_with("/api/v1/") && cors::is_public(path))
            // No cache may keep those.
            .filter(|(path, _)| !path.starts_with("/api/v1/preview/"))
            // These have their own.
            .filter(|(path, _)| !path.starts_with("/api/v1/media/"))
            .filter_map(|(_, item)| item.get.as_mut());
        for operation in public {
            let parameters: Vec<String> = operation
                .parameters
                .iter()
                .flatten()
                .filter_map(|parameter| match parameter {
                    RefOr::T(parameter) => Some(parameter.name.clone()),
                    RefOr::Ref(_) => None,
                })
                .collect();
            let takes = |name: &str| parameters.iter().any(|p| p == name);
            let is_live = operation.tags.iter().flatten().any(|tag| tag == "counters");
            let about = match is_live {
                true => [
                    "Weak; changes with the numbers",
                    "The present time",
                    "`public, no-cache`: caches ask each time before they serve it",
                ],
                false => [
                    "Weak; changes with the content, not with its counters",
                    "The last change of the site, or of everything; it only grows",
                    "How long shared caches may keep it; never past the next planned change",
                ],
            };
            let mut headers: Vec<(&str, &str)> = ["ETag", "Last-Modified", "Cache-Control"]
                .into_iter()
                .zip(about)
                .collect();
            if takes("fallback") {
                headers.push(("Content-Language", "The language served"));
            }
            if takes("cursor") || takes("since") {
                headers.push(("Link", "The addresses of other pages (RFC 8288)"));
            }
            if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
                for (name, about) in headers {
                    let text = ObjectBuilder::new()
                        .schema_type(Type::String)
                        .max_length(Some(8192));
                    let header = HeaderBuilder::new()
                        .schema(Some(text))
                        .description(Some(about))
                        .build();
                    response.headers.insert(name.to_owned(), header.into());
                }
                let unchanged = ResponseBuilder::new().description(
                    "Not modified: `If-None-Match` or `If-Modified-Since` says that the client has it already",
                );
                operation
                    .responses
                    .responses
                    .insert("304".to_owned(), unchanged.build().into());
            }
        }
    }
}

/// A weak ETag of a JSON text without its live counters.
fn etag(json: &[u8]) -> String {
    let mut counters: Vec<usize> = LIVE
        .iter()
        .flat_map(|member| memchr::memmem::find_iter(json, member).map(|at| at + member.len()))
        .collect();
    counters.sort_unstable();
    let mut parts = Vec::with_capacity(counters.len() + 1);
    let mut from = 0;
    for at in counters {
        parts.push(json.get(from..at).unwrap_or_default());
        let counter = json.get(at..).unwrap_or_default();
        from = at + counter.iter().take_while(|b| b.is_ascii_digit()).count();
    }
    parts.push(json.get(from..).unwrap_or_default());
    digest(&parts)
}

/// A weak ETag of a text in parts.
fn digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    let hash = digest.finalize();
    let half = hash.get(..16).unwrap_or_default();
    format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(half))
}

/// Whether the client already has what it would get (RFC 9110, section 13.2.2): `If-None-Match` decides where it is
/// there, else `If-Modified-Since`.
pub fn is_unchanged(headers: &HeaderMap, tag: &str, changed: SystemTime) -> bool {
    if headers.contains_key(IF_NONE_MATCH) {
        return headers
            .get_all(IF_NONE_MATCH)
            .filter_map(|value| value.to_str().ok())
            .any(|list| lists(list, tag));
    }
    headers
        .get(IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok()?.parse::<HttpDate>().ok())
        .is_some_and(|since| changed <= SystemTime::from(since))
}

/// Whether a list of ETags has `tag`, by weak comparison, or is `*`.
fn lists(list: &str, tag: &str) -> bool {
    let opaque = tag.trim_start_matches("W/");
    list.trim() == "*"
        || list
            .split(',')
            .any(|given| given.trim().trim_start_matches("W/") == opaque)
}

/// The first whole second that is not before `at`.
fn whole_second_after(at: SystemTime) -> SystemTime {
    let Ok(since) = at.duration_since(SystemTime::UNIX_EPOCH) else {
        return SystemTime::UNIX_EPOCH;
    };
    let seconds = since.as_secs() + u64::from(since.subsec_nanos() > 0);
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)
}

fn date(at: SystemTime) -> HeaderValue {
    header(HttpDate::from(at).to_string())
}

/// A value that is visible ASCII by its making.
fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_do_not_change_an_etag_and_everything_else_does() {
        let tag = |json: &str| etag(json.as_bytes());
        assert_eq!(
            tag(r#"{"a":1,"views":7,"b":[{"downloads":1}]}"#),
            tag(r#"{"a":1,"views":123,"b":[{"downloads":22}]}"#)
        );
        assert_ne!(tag(r#"{"a":1,"views":7}"#), tag(r#"{"a":2,"views":7}"#));
        assert_ne!(tag(r#"{"views":7,"b":1}"#), tag(r#"{"views":7,"b":2}"#));
        // Inside of a string the quotes are escaped, so its text counts.
        assert_ne!(tag(r#"{"a":"\"views\":7"}"#), tag(r#"{"a":"\"views\":8"}"#));
    }

    #[test]
    fn a_list_of_etags_is_compared_weakly() {
        let tag = "W/\"abc\"";
        for given in [
            "*",
            "W/\"abc\"",
            "\"abc\"",
            "\"x\", W/\"abc\"",
            " W/\"abc\" ,",
        ] {
            assert!(lists(given, tag), "{given}");
        }
        for given in ["", "abc", "\"ab\"", "W/\"abcd\"", "w/\"abc\"", "\"*\""] {
            assert!(!lists(given, tag), "{given}");
        }
    }

    #[test]
    fn nothing_is_kept_past_the_next_planned_change() {
        use chrono::{DateTime, Duration};
        let now = crate::models::time::Ts(DateTime::UNIX_EPOCH);
        let policy = CachePolicy {
            shared: 30,
            stale_while_revalidate: 30,
            stale_if_error: 300,
        };
        let after = |ms: i64| {
            policy.header(Freshness {
                changed_at: now,
                changes_at: Some(crate::models::time::Ts(now.0 + Duration::milliseconds(ms))),
                now,
                scope: Scope::Everything,
            })
        };
        for (ms, shared, stale, error) in [
            (-5, 0, 0, 0),
            (900, 0, 0, 0),
            (10_900, 10, 0, 0),
            (45_000, 30, 15, 15),
            (1_000_000, 30, 30, 300),
        ] {
            assert_eq!(
                after(ms),
                format!(
                    "public, max-age=0, s-maxage={shared}, stale-while-revalidate={stale}, stale-if-error={error}"
                )
                .as_str(),
                "{ms}"
            );
        }
    }
}
