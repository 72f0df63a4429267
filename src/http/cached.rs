//! Answers from memory: whole delivery answers by their canonical request, each made by one request at a time, and served without a look at
//! the database while nothing that they show has changed. Knows requests and headers; `cache` knows what still holds.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING,
};
use actix_web::http::{Method, Version};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use crate::cache::{Answers, Generations, Kept, Landing, Lead, Moment, Turn};
use crate::clock::Clock;
use crate::http::compression::{self, WORTHWHILE};
use crate::http::conditional::{Collected, Prepared};
use crate::http::problem::Problem;
use crate::models::subject::Subject;
use crate::text::language;

/// Bodies above this many bytes are compressed on a thread of their own.
const LARGE: usize = 16 * 1024;

/// What brotli looks back at, as a power of two (RFC 7932), and how hard it tries, of 11.
const BROTLI: (u32, u32) = (20, 5);

/// How often a request waits for others that make its answer before it makes that itself.
const ROUNDS: usize = 3;

/// The template of the route that made an answer, in the extensions of a request that did not go there itself.
#[derive(Debug, Clone)]
pub struct Route(pub Arc<str>);

/// The answers that are kept; shared as `web::Data<AnswerCache>`.
pub struct AnswerCache(Answers<Page>);

/// An answer as it is kept: compressed once, for the first who asks for that.
#[derive(Debug)]
struct Page {
    prepared: Prepared,
    route: Arc<str>,
    br: OnceCell<Bytes>,
    gzip: OnceCell<Bytes>,
}

impl Page {
    /// Whether it is worth compressing.
    fn is_worthwhile(&self) -> bool {
        u64::try_from(self.prepared.body.len()).is_ok_and(|length| length >= WORTHWHILE)
    }

    fn cell(&self, coding: Coding) -> &OnceCell<Bytes> {
        match coding {
            Coding::Brotli => &self.br,
            Coding::Gzip => &self.gzip,
        }
    }
}

impl AnswerCache {
    /// Room for `bytes` of answers on what `generations` tells the changes of.
    pub fn new(bytes: u64, generations: Generations, clock: Clock) -> Self {
        let weigh = |page: &Page| {
            let codings = [&page.br, &page.gzip].into_iter().filter_map(OnceCell::get);
            page.prepared.weight() + codings.map(Bytes::len).sum::<usize>()
        };
        Self(Answers::new(bytes, weigh, generations, clock))
    }
}

/// The answer to a request as it comes in, with the template of its route, where it is in memory as the client wants it. What is found here
/// has passed through no other middleware.
pub fn at_hand(req: &ServiceRequest) -> Option<(HttpResponse, Arc<str>)> {
    let cache = req.app_data::<Data<AnswerCache>>()?;
    let (_, now) = cache.0.now()?;
    let kept = cache.0.find(&key(req)?, now)?;
    let page = &kept.answer;
    let headers = req.headers();
    if page.prepared.is_known(headers) {
        return Some((page.prepared.not_modified(now), Arc::clone(&page.route)));
    }
    let may_code = req.version() >= Version::HTTP_11;
    let coding = compression::choice(headers)
        .filter(|_| may_code)
        .map(Coding::best);
    let coded = match coding.filter(|_| page.is_worthwhile()) {
        Some(coding) => Some((coding.name(), page.cell(coding).get()?.clone())),
        None => None,
    };
    Some((page.prepared.whole(now, coded), Arc::clone(&page.route)))
}

/// Serves one request from memory where that is possible; for `App::wrap(from_fn(cached))`, outside of all that makes answers.
///
/// # Errors
///
/// Those of the rest of the application.
pub async fn cached<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let cache = req.app_data::<Data<AnswerCache>>().cloned();
    let (Some(cache), Some(key)) = (cache, key(&req)) else {
        return uncached(req, next).await;
    };
    let Some((came, now)) = cache.0.now() else {
        return uncached(req, next).await;
    };
    let (mut since, mut now) = (came, now);
    let mut lead = None;
    for _ in 0..ROUNDS {
        if let Some(kept) = cache.0.find(&key, now) {
            return hit(&cache, &key, &kept, req, now).await;
        }
        let landing = match cache.0.board(&key) {
            Turn::Lead(turn) => {
                lead = Some(turn);
                // It may have landed since the look above.
                match cache.0.find(&key, now) {
                    Some(kept) => {
                        drop(lead);
                        return hit(&cache, &key, &kept, req, now).await;
                    }
                    None => break,
                }
            }
            Turn::Follow(flight) => flight.end().await,
        };
        let Some(present) = cache.0.now() else {
            return uncached(req, next).await;
        };
        (since, now) = present;
        match landing {
            // As good as one of its own, whatever has been written since this request came.
            Landing::Answer(kept) if cache.0.is_younger(&kept, came, now) => {
                return hit(&cache, &key, &kept, req, now).await;
            }
            Landing::Nothing => break,
            Landing::Answer(_) | Landing::Lost => {}
        }
    }
    make(&cache, &key, req, next, (since, now), lead).await
}

async fn uncached<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    Ok(next.call(req).await?.map_into_left_body())
}

async fn hit<B: MessageBody>(
    cache: &AnswerCache,
    key: &str,
    kept: &Arc<Kept<Page>>,
    req: ServiceRequest,
    now: DateTime<Utc>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let (request, _) = req.into_parts();
    let accepted = Coding::of(request.headers());
    let response = answer(cache, key, kept, request.headers(), accepted, now).await?;
    let route = Route(Arc::clone(&kept.answer.route));
    request.extensions_mut().insert(route);
    Ok(ServiceResponse::new(
        request,
        response.map_into_right_body(),
    ))
}

/// Has the rest of the application make the answer, keeps it if it can be kept, and gives it to those who wait for it.
async fn make<B: MessageBody>(
    cache: &AnswerCache,
    key: &str,
    mut req: ServiceRequest,
    next: Next<B>,
    (since, now): (Moment, DateTime<Utc>),
    lead: Option<Lead<Arc<Kept<Page>>>>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let made = Instant::now();
    let accepted = Coding::of(req.headers());
    // Compressed here, once.
    req.headers_mut().remove(ACCEPT_ENCODING);
    let collected = Collected::default();
    req.extensions_mut().insert(collected.clone());
    let served = next.call(req).await?;
    let Some(prepared) = collected.0.take() else {
        if let Some(lead) = lead {
            lead.land(None);
        }
        return Ok(served.map_into_left_body());
    };
    let (request, _) = served.into_parts();
    let kept = Arc::new(kept(prepared, &request, since, made));
    cache.0.keep(key, Arc::clone(&kept));
    if let Some(lead) = lead {
        lead.land(Some(Arc::clone(&kept)));
    }
    let response = answer(cache, key, &kept, request.headers(), accepted, now).await?;
    Ok(ServiceResponse::new(
        request,
        response.map_into_right_body(),
    ))
}

fn kept(prepared: Prepared, request: &HttpRequest, since: Moment, made: Instant) -> Kept<Page> {
    let subjects = prepared.freshness.scope.subjects();
    let numbers = prepared.articles.iter().map(|id| Subject::Numbers(*id));
    Kept {
        since,
        slots: subjects.into_iter().map(Subject::slot).collect(),
        numbers: numbers.map(Subject::slot).collect(),
        from: prepared.freshness.now.0,
        until: prepared.freshness.changes_at.map(|at| at.0),
        made,
        answer: Page {
            prepared,
            route: request.match_pattern().unwrap_or_default().into(),
            br: OnceCell::new(),
            gzip: OnceCell::new(),
        },
    }
}

/// What is kept, as a client gets it that sent these headers.
async fn answer(
    cache: &AnswerCache,
    key: &str,
    kept: &Arc<Kept<Page>>,
    request: &HeaderMap,
    accepted: Option<Coding>,
    now: DateTime<Utc>,
) -> Result<HttpResponse, Error> {
    let page = &kept.answer;
    if page.prepared.is_known(request) {
        return Ok(page.prepared.not_modified(now));
    }
    let Some(coding) = accepted.filter(|_| page.is_worthwhile()) else {
        return Ok(page.prepared.whole(now, None));
    };
    let cell = page.cell(coding);
    let coded = match cell.get() {
        Some(coded) => coded.clone(),
        None => {
            let body = page.prepared.body.clone();
            let coded = cell
                .get_or_try_init(|| compressed(body, coding))
                .await?
                .clone();
            // It weighs more now.
            cache.0.keep(key, Arc::clone(kept));
            coded
        }
    };
    Ok(page.prepared.whole(now, Some((coding.name(), coded))))
}

/// A way to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    /// The best one of a request whose wishes `compression::settle` has seen.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let codings = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
        Some(Self::best(codings))
    }

    fn best(codings: &str) -> Self {
        match codings.starts_with("br") {
            true => Self::Brotli,
            false => Self::Gzip,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

async fn compressed(body: Bytes, coding: Coding) -> Result<Bytes, Problem> {
    let outcome = match body.len() < LARGE {
        true => compress(&body, coding),
        false => tokio::task::spawn_blocking(move || compress(&body, coding))
            .await
            .map_err(|e| Problem::internal(e.to_string()))?,
    };
    outcome.map_err(|e| Problem::internal(format!("compressing an answer: {e}")))
}

fn compress(body: &[u8], coding: Coding) -> std::io::Result<Bytes> {
    let room = Vec::with_capacity(body.len() / 2);
    let compressed = match coding {
        Coding::Brotli => {
            let (window, quality) = BROTLI;
            let mut writer = brotli::CompressorWriter::new(room, 4096, quality, window);
            writer.write_all(body)?;
            writer.flush()?;
            writer.into_inner()
        }
        Coding::Gzip => {
            let level = flate2::Compression::default();
            let mut writer = flate2::write::GzEncoder::new(room, level);
            writer.write_all(body)?;
            writer.finish()?
        }
    };
    Ok(Bytes::from(compressed.into_boxed_slice()))
}

/// The canonical form of a request whose answer may be kept: path, parameters in order, languages.
fn key(req: &ServiceRequest) -> Option<String> {
    let headers = req.headers();
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length != "0");
    let path = req.uri().path();
    // Routes are chosen by the decoded path.
    if req.method() != Method::GET || has_body || !is_kept(req.match_info().as_str()) {
        return None;
    }
    let query = req.uri().query().unwrap_or_default();
    let mut key = String::with_capacity(path.len() + query.len() + 40);
    key.push_str(path);
    let mut names_locale = false;
    if !query.is_empty() {
        let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_unstable();
        // A `?` stands in no path, an `&` may.
        for (before, pair) in std::iter::once('?')
            .chain(std::iter::repeat('&'))
            .zip(pairs)
        {
            key.push(before);
            key.push_str(pair);
            names_locale |= pair.starts_with("locale=");
        }
    }
    if !names_locale && headers.contains_key(ACCEPT_LANGUAGE) {
        let lines: Vec<&str> = headers
            .get_all(ACCEPT_LANGUAGE)
            .filter_map(|value| value.to_str().ok())
            .collect();
        for range in language::parse_accept_language(&lines.join(",")) {
            // A space stands in no address.
            key.push(' ');
            key.push_str(&range);
        }
    }
    Some(key)
}

/// Whether answers under this path are of the kind that is kept: public ones that change with the content. Numbers that are live are not, nor what
/// each follower asks for once, nor bytes of files.
fn is_kept(path: &str) -> bool {
    let Some(below) = path.strip_prefix("/api/v1/") else {
        return false;
    };
    let first = below.split('/').next().unwrap_or_default();
    let last = below.rsplit('/').next().unwrap_or_default();
    ![
        "manage",
        "auth",
        "media",
        "preview",
        "rankings",
        "counting-policy",
    ]
    .contains(&first)
        && !["views", "visits", "changes", "history", "downloads"].contains(&last)
}
