//! Requests that are counted: who sends them, and how they are answered. Knows no counter.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, USER_AGENT};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::Modify;
use utoipa::openapi::{Content, OpenApi, RefOr, Required};

use crate::http::auth::Sender;
use crate::http::idempotency::{self, idempotency_key};
use crate::http::problem::Problem;
use crate::json::counting::VisitRecord;
use crate::models::counting::Subject;
use crate::models::reply::RequestKey;
use crate::service::counting::{Event, Who};

/// Whose the keys of counted requests are: everybody's.
const PRINCIPAL: &str = "visitor";

/// Bytes of a `User-Agent` that are looked at.
const AGENT: usize = 2_000;

/// Who sends a request that is counted, as far as its head says.
#[derive(Debug, Clone)]
pub struct Reader {
    who: Who,
    key: Option<String>,
    request: String,
}

impl Reader {
    /// What this reader did, with what the body says.
    pub fn event(self, subjects: Vec<Subject>, record: Option<VisitRecord>) -> Event {
        let Self { who, key, request } = self;
        let VisitRecord {
            visitor,
            user_agent,
        } = record.unwrap_or_default();
        let request = key.map(|key| RequestKey {
            principal: PRINCIPAL.to_owned(),
            fingerprint: fingerprint(&request, &subjects, &key, visitor.as_deref()),
            key,
        });
        Event {
            subjects,
            who: Who {
                visitor,
                agent: user_agent.unwrap_or(who.agent),
                address: who.address,
            },
            request,
        }
    }
}

/// A hash of what a request counts, and two bytes of one of its visitor: enough to tell another one, too little to find out who it is, since it is kept
/// for longer than the window and has no salt but the key.
fn fingerprint(request: &str, subjects: &[Subject], key: &str, visitor: Option<&str>) -> String {
    let mut digest = Sha256::new();
    digest.update(request);
    for subject in subjects {
        if let Subject::Article(id) | Subject::Attachment(id) = subject {
            digest.update(id.to_be_bytes());
        }
    }
    let mut of_visitor = Sha256::new();
    of_visitor.update(key);
    of_visitor.update([0]);
    of_visitor.update(visitor.unwrap_or_default());
    let of_visitor = of_visitor.finalize();
    let told: Vec<u8> = digest
        .finalize()
        .into_iter()
        .chain(of_visitor.into_iter().take(2))
        .collect();
    URL_SAFE_NO_PAD.encode(told)
}

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let agent = req.headers().get(USER_AGENT).map(HeaderValue::as_bytes);
        let agent = agent.unwrap_or_default();
        let agent = agent.get(..AGENT).unwrap_or(agent);
        let open = |Sender(origin)| {
            Ok(Self {
                who: Who {
                    visitor: None,
                    agent: String::from_utf8_lossy(agent).into_owned(),
                    address: origin.address,
                },
                key: idempotency_key(req)?,
                request: format!("{} {}", req.method(), req.uri()),
            })
        };
        ready(
            Sender::from_request(req, payload)
                .into_inner()
                .and_then(open),
        )
    }
}

/// The answer to a request that was counted, now or when it came first.
pub fn counted(body: &impl Serialize, is_replayed: bool) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    if is_replayed {
        response.insert_header(idempotency::REPLAYED);
    }
    response.json(body)
}

/// The body without which readers are counted as well.
const OPTIONAL: &str = "#/components/schemas/VisitRequest";

/// Puts the headers of counted requests into the document, and which of their bodies may be left out.
pub struct Documented;

impl Modify for Documented {
    fn modify(&self, document: &mut OpenApi) {
        let posts = document.paths.paths.values_mut();
        for operation in posts.filter_map(|item| item.post.as_mut()) {
            if operation.tags.iter().flatten().any(|tag| tag == "counters") {
                idempotency::document(operation);
                if let Some(RefOr::T(body)) = &mut operation.request_body
                    && body.content.values().any(is_optional)
                {
                    body.required = Some(Required::False);
                }
            }
        }
    }
}

/// Whether such a body may be left out.
fn is_optional(content: &RefOr<Content>) -> bool {
    match content {
        RefOr::T(Content {
            schema: Some(RefOr::Ref(schema)),
            ..
        }) => schema.ref_location == OPTIONAL,
        _ => false,
    }
}
