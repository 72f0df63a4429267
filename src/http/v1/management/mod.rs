//! What those may do who have an account: everything in every state, within their rights. Each write is a piece of work that
//! stands alone or in a batch; this file turns what came of it into an answer.

pub mod analytics;
pub mod api_keys;
pub mod articles;
pub mod audit;
pub mod categories;
pub mod document;
pub mod findings;
pub mod hygiene_rules;
pub mod hygiene_scans;
pub mod link_groups;
pub mod media;
pub mod menus;
pub mod previews;
pub mod revision_diff;
pub mod revisions;
pub mod script_phrases;
pub mod sites;
pub mod sources;
pub mod tokens;
pub mod topics;
pub mod transitions;
pub mod users;
pub mod visibility;

use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH, LINK};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, ResponseError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result as ServiceResult};
use crate::http::auth::Signed;
use crate::http::idempotency::idempotency_key;
use crate::http::problem::{Problem, ProblemCode, entity_tag};
use crate::models::access::{Caller, Operation};
use crate::models::managed::{Change, Expected};
use crate::models::reply::{Reply, RequestKey};
use crate::service::Services;
use crate::service::management::{Tx, Work, might};

/// What management answers may not be kept by anybody but the client.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Characters of a text in an entry of the audit log; longer ones are cut and told by their hash.
const AUDITED: usize = 2_000;

/// A thing that can be changed, as the wire shows it.
pub trait Resource: Sized {
    /// What the audit log calls it.
    const NAME: &'static str;

    /// Where such things are, such as `/api/v1/manage/topics`.
    const PATH: &'static str;

    /// What a client sees.
    type Body: Serialize + From<Self>;

    /// Its id.
    fn id(&self) -> i64;

    /// Its site, where it belongs to one.
    fn site_id(&self) -> Option<i64>;

    /// Grows with every change.
    fn version(&self) -> i64;
}

/// The work of changing one thing as `change` says.
pub fn changing<T: Resource + 'static>(
    operation: Operation,
    change: impl FnOnce(&mut Tx<'_>) -> ServiceResult<Change<T>> + Send + 'static,
) -> Work {
    Work::new(operation, |tx| {
        let change = change(tx)?;
        conclude(tx, change)
    })
}

/// The answer to a change of one thing, and its entry in the audit log: 201 with `Location`, 200 or 204.
pub fn conclude<T: Resource>(tx: &mut Tx<'_>, change: Change<T>) -> ServiceResult<Reply> {
    let Change { before, after } = change;
    let Some((id, site_id)) = after
        .as_ref()
        .or(before.as_ref())
        .map(|thing| (thing.id(), thing.site_id()))
    else {
        return Err(Error::internal("a change of nothing"));
    };
    let is_new = before.is_none();
    let version = after.as_ref().map(Resource::version);
    let (before, _) = before.map(rendered).transpose()?.unzip();
    let (after, body) = after.map(rendered).transpose()?.unzip();
    let has_changed = before != after;
    let (old, new) = differences(before, after);
    if has_changed {
        tx.record(T::NAME, id, site_id, old, new);
    }
    let mut headers = Vec::new();
    if let Some(version) = version {
        headers.push(("ETag".to_owned(), format!("\"{version}\"")));
    }
    let status = match (is_new, &body) {
        (true, _) => {
            headers.push(("Location".to_owned(), format!("{}/{id}", T::PATH)));
            201
        }
        (false, Some(_)) => 200,
        (false, None) => 204,
    };
    Ok(Reply {
        status,
        headers,
        body: body.unwrap_or_default(),
    })
}

/// A thing as a tree, to be compared, and as text, to be sent.
fn rendered<T: Resource>(thing: T) -> ServiceResult<(Value, String)> {
    let body = T::Body::from(thing);
    let text = serde_json::to_string(&body).map_err(|e| Error::Internal(e.into()))?;
    let tree = serde_json::to_value(&body).map_err(|e| Error::Internal(e.into()))?;
    Ok((tree, text))
}

/// The members that differ, as they were and as they are. Long texts are shortened: the log says what was changed, it does
/// not keep a copy.
fn differences(before: Option<Value>, after: Option<Value>) -> (Option<Value>, Option<Value>) {
    match (before, after) {
        (Some(Value::Object(mut before)), Some(Value::Object(mut after))) => {
            before.retain(|name, value| after.get(name) != Some(&*value) || name == "id");
            after.retain(|name, _| before.contains_key(name));
            (Some(audited(before)), Some(audited(after)))
        }
        (before, after) => {
            let whole = |value: Option<Value>| match value {
                Some(Value::Object(members)) => Some(audited(members)),
                other => other,
            };
            (whole(before), whole(after))
        }
    }
}

fn audited(members: Map<String, Value>) -> Value {
    members
        .into_iter()
        .map(|(name, value)| (name, shortened(value)))
        .collect()
}

fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().nth(AUDITED).is_some() => {
            let start: String = text.chars().take(AUDITED).collect();
            let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&text));
            Value::String(format!("{start}… ({} bytes, SHA-256 {hash})", text.len()))
        }
        Value::Array(items) => items.into_iter().map(shortened).collect(),
        Value::Object(members) => audited(members),
        other => other,
    }
}

/// Who asks, and all that a write needs to know of its request besides the body.
pub struct Desk {
    services: Data<Services>,
    caller: Caller,
    key: Option<String>,
    /// Method and address, as a repeated request has them again.
    request: String,
}

impl Desk {
    /// Does one write; `body` is what it was read from.
    pub async fn write(self, work: Work, body: &[u8]) -> Result<HttpResponse, Problem> {
        let key = self.request_key(body);
        let reply = self
            .services
            .management
            .write(self.caller, work, key)
            .await?;
        Ok(response(reply))
    }

    /// Does one write, and answers what `then` makes of its answer.
    pub async fn write_then(
        self,
        work: Work,
        body: &[u8],
        then: impl AsyncFnOnce(&Services, Caller, Reply) -> Result<Reply, Problem>,
    ) -> Result<HttpResponse, Problem> {
        let key = self.request_key(body);
        let management = &self.services.management;
        let reply = management.write(self.caller.clone(), work, key).await?;
        Ok(response(then(&self.services, self.caller, reply).await?))
    }

    /// Does several writes: all of them or none.
    pub async fn write_all(
        self,
        works: Vec<Work>,
        body: &[u8],
        sum: impl FnOnce(Vec<Reply>) -> ServiceResult<Reply> + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        let key = self.request_key(body);
        let management = &self.services.management;
        let reply = management.write_all(self.caller, works, key, sum).await?;
        Ok(response(reply))
    }

    /// Does several writes, each for itself.
    pub async fn write_each(
        self,
        works: Vec<Work>,
        body: &[u8],
        sum: impl FnOnce(Vec<ServiceResult<Reply>>) -> ServiceResult<Reply> + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        let key = self.request_key(body);
        let management = &self.services.management;
        let reply = management.write_each(self.caller, works, key, sum).await?;
        Ok(response(reply))
    }

    /// Fails where the caller can do this in no place, before anything of the body is read.
    pub fn expect(&self, operation: Operation) -> Result<(), Problem> {
        Ok(might(&self.caller, operation)?)
    }

    /// The trace under which the request is logged.
    pub fn trace_id(&self) -> &str {
        &self.caller.trace_id
    }

    /// Reads.
    pub async fn read<T: Send + 'static>(
        self,
        operation: Operation,
        f: impl FnOnce(&mut Tx<'_>) -> ServiceResult<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let found = self
            .services
            .management
            .read(self.caller, operation, f)
            .await?;
        Ok(found)
    }

    /// Reads what may take longer the more there is.
    pub async fn read_long<T: Send + 'static>(
        self,
        operation: Operation,
        f: impl FnOnce(&mut Tx<'_>) -> ServiceResult<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let found = self
            .services
            .management
            .read_long(self.caller, operation, f)
            .await?;
        Ok(found)
    }

    fn request_key(&self, body: &[u8]) -> Option<RequestKey> {
        let key = self.key.clone()?;
        let mut digest = Sha256::new();
        digest.update(&self.request);
        digest.update([0]);
        digest.update(body);
        let principal = &self.caller.principal;
        Some(RequestKey {
            principal: match principal.api_key_id {
                Some(id) => format!("key-{id}"),
                None => format!("user-{}", principal.user_id),
            },
            key,
            fingerprint: URL_SAFE_NO_PAD.encode(digest.finalize()),
        })
    }
}

impl FromRequest for Desk {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let open = || {
            let Signed(caller) = Signed::of(req)?;
            let services = req
                .app_data::<Data<Services>>()
                .ok_or_else(|| Problem::internal("web::Data<Services> is not set"))?;
            Ok(Self {
                services: Data::clone(services),
                caller,
                key: idempotency_key(req)?,
                request: format!("{} {}", req.method(), req.uri()),
            })
        };
        let _ = payload;
        ready(open())
    }
}

/// The header `If-Match`: which version a change expects (RFC 9110, section 13.1.1).
#[derive(Debug, Clone)]
pub struct IfMatch(pub Expected);

impl IfMatch {
    /// Reads the value of the header. Weak tags match nothing, as the RFC has it.
    pub fn parse(list: &str) -> Expected {
        if list.trim() == "*" {
            return Expected::Any;
        }
        let versions = list.split(',').filter_map(|tag| {
            let digits = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
            digits.parse().ok()
        });
        Expected::OneOf(versions.collect())
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let lines: Vec<&str> = req
            .headers()
            .get_all(IF_MATCH)
            .filter_map(|line| line.to_str().ok())
            .collect();
        let list = lines.join(",");
        ready(match lines.is_empty() {
            true => Err(Problem::new(ProblemCode::PreconditionRequired)),
            false if !is_tag_list(&list) => Err(Problem::new(ProblemCode::MalformedRequest).with_detail(
                "If-Match must be ETags as they were given out, with their quotes, such as \"3\"; or `*`.",
            )),
            false => Ok(Self(Self::parse(&list))),
        })
    }
}

/// Whether `list` is `*` or some entity tags (RFC 9110, section 8.8.3).
fn is_tag_list(list: &str) -> bool {
    let is_tag = |tag: &str| {
        let opaque = tag.strip_prefix("W/").unwrap_or(tag);
        opaque.len() > 1 && opaque.starts_with('"') && opaque.ends_with('"')
    };
    list.trim() == "*" || list.split(',').map(str::trim).all(is_tag)
}

/// What came of a write, as it is sent.
fn response(reply: Reply) -> HttpResponse {
    let Reply {
        status,
        headers,
        body,
    } = reply;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, PRIVATE));
    for (name, value) in headers {
        response.insert_header((name, value));
    }
    match body.is_empty() {
        true => response.finish(),
        false => response.content_type("application/json").body(body),
    }
}

/// What was read, for its reader alone: with a strong ETag, and 304 where the client has it already.
pub struct View<T> {
    body: T,
    version: Option<i64>,
    links: String,
    is_live: bool,
}

impl<T> View<T> {
    /// One thing.
    pub fn of<R: Resource<Body = T>>(thing: R) -> Self
    where
        T: From<R>,
    {
        Self {
            version: Some(thing.version()),
            body: T::from(thing),
            links: String::new(),
            is_live: false,
        }
    }

    /// One thing of which a part changes without a new version, such as when it was last used: it is sent whole each time.
    pub fn live<R: Resource<Body = T>>(thing: R) -> Self
    where
        T: From<R>,
    {
        Self {
            is_live: true,
            ..Self::of(thing)
        }
    }

    /// A page of things, with the links to others.
    pub fn page(body: T, links: String) -> Self {
        Self {
            body,
            version: None,
            links,
            is_live: false,
        }
    }
}

impl<T: Serialize> Responder for View<T> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse<BoxBody> {
        let json = match serde_json::to_vec(&self.body) {
            Ok(json) => json,
            Err(e) => return Problem::internal(e.to_string()).error_response(),
        };
        let tag = match self.version {
            Some(version) => entity_tag(version),
            None => {
                let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&json));
                HeaderValue::try_from(format!("\"{hash}\"")).unwrap_or(PRIVATE)
            }
        };
        let is_known = req
            .headers()
            .get_all(IF_NONE_MATCH)
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|given| given.trim().trim_start_matches("W/"))
            .any(|given| given == "*" || given.as_bytes() == tag.as_bytes());
        let is_known = is_known && !self.is_live;
        let mut response = match is_known {
            true => HttpResponse::NotModified(),
            false => HttpResponse::Ok(),
        };
        response
            .insert_header((ETAG, tag))
            .insert_header((CACHE_CONTROL, PRIVATE));
        if !self.links.is_empty() {
            response.insert_header((LINK, self.links));
        }
        match is_known {
            true => response.finish(),
            false => response.content_type("application/json").body(json),
        }
    }
}
