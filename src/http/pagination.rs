//! Pages: opaque, authenticated cursors bound to the list they were made for, page numbers, and the links between pages.
//!
//! A cursor is a version, a fingerprint of list, filters and order, the sort key and id of the last row, and the first
//! half of an HMAC-SHA-256 over all of it, in base64url.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use utoipa::ToSchema;

use crate::error::Fault;
use crate::http::problem::Problem;
use crate::http::query::Limit;
use crate::http::request::Edge;
use crate::models::change::ChangePlace;
use crate::models::listing::{Place, SortKey};
use crate::models::page::{Count, PageQuery, Start, Total};
use crate::models::time::Ts;
use crate::service::articles::search::{Matching, SearchPlace};

/// Signs and checks cursors. All instances of a deployment share it.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

/// Stands for a list together with its filters and order; a cursor works only where it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 8]);

/// A place in a list, as cursors carry it.
pub trait CursorPlace: Sized {
    /// Appends the place.
    fn write(&self, out: &mut Vec<u8>);

    /// The place that `bytes` are, if they are one.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// A list by id: after the record with this one.
impl CursorPlace for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_be_bytes(bytes.try_into().ok()?))
    }
}

/// A list in the order of positions, then ids.
impl CursorPlace for (i64, i64) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (position, id) = bytes.split_at_checked(8)?;
        Some((i64::read(position)?, i64::read(id)?))
    }
}

/// A list in the order of sites, then positions, then ids.
impl CursorPlace for (i64, i64, i64) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        (self.1, self.2).write(out);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (site, rest) = bytes.split_at_checked(8)?;
        let (position, id) = <(i64, i64)>::read(rest)?;
        Some((i64::read(site)?, position, id))
    }
}

/// A list in the order of times, then ids.
impl CursorPlace for (Ts, i64) {
    fn write(&self, out: &mut Vec<u8>) {
        (self.0.0.timestamp_micros(), self.1).write(out);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (micros, id) = <(i64, i64)>::read(bytes)?;
        Some((time(micros)?, id))
    }
}

/// A list of articles, in any of its orders.
impl CursorPlace for Place {
    fn write(&self, out: &mut Vec<u8>) {
        let time = |at: &Ts| at.0.timestamp_micros();
        match &self.key {
            SortKey::PublishedAt(at) => {
                out.push(0);
                time(at).write(out);
            }
            SortKey::UpdatedAt(at) => {
                out.push(1);
                time(at).write(out);
            }
            SortKey::Title(_) => out.push(2),
        }
        self.id.write(out);
        if let SortKey::Title(title) = &self.key {
            out.extend(title.as_bytes());
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (order, rest) = bytes.split_first()?;
        let (key, id) = match order {
            0 | 1 => {
                let (micros, id) = <(i64, i64)>::read(rest)?;
                let at = time(micros)?;
                let key = if *order == 0 {
                    SortKey::PublishedAt(at)
                } else {
                    SortKey::UpdatedAt(at)
                };
                (key, id)
            }
            2 => {
                let (id, title) = rest.split_at_checked(8)?;
                let title = String::from_utf8(title.to_vec()).ok()?;
                (SortKey::Title(title), i64::read(id)?)
            }
            _ => return None,
        };
        Some(Self { key, id })
    }
}

/// A search, in any of its orders.
impl CursorPlace for SearchPlace {
    fn write(&self, out: &mut Vec<u8>) {
        let micros = self.published_at.0.timestamp_micros();
        (self.score, micros, self.article_id).write(out);
        out.push(u8::from(self.matching == Matching::Most));
        out.extend(self.worths.iter().flat_map(|worth| worth.to_be_bytes()));
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (place, rest) = bytes.split_at_checked(24)?;
        let (score, micros, article_id) = <(i64, i64, i64)>::read(place)?;
        let (is_relaxed, worths) = rest.split_first()?;
        let worths = worths.chunks(2).map(|worth| worth.try_into().ok());
        Some(Self {
            score,
            published_at: time(micros)?,
            article_id,
            matching: match is_relaxed {
                0 => Matching::All,
                _ => Matching::Most,
            },
            worths: worths
                .map(|worth| worth.map(u16::from_be_bytes))
                .collect::<Option<_>>()?,
        })
    }
}

/// The feed of changes.
impl CursorPlace for ChangePlace {
    fn write(&self, out: &mut Vec<u8>) {
        for (at, id) in [self.written, self.happened] {
            (at.0.timestamp_micros(), id).write(out);
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (written, happened) = bytes.split_at_checked(16)?;
        let place = |bytes| {
            let (micros, id) = <(i64, i64)>::read(bytes)?;
            Some((time(micros)?, id))
        };
        Some(Self {
            written: place(written)?,
            happened: place(happened)?,
        })
    }
}

fn time(micros: i64) -> Option<Ts> {
    DateTime::from_timestamp_micros(micros).map(Ts)
}

const VERSION: u8 = 2;
const SIGNATURE: usize = 16;

impl CursorKey {
    /// A key from shared secret bytes.
    pub fn new(secret: &[u8]) -> Result<Self, hmac::digest::InvalidLength> {
        Hmac::new_from_slice(secret).map(Self)
    }

    /// The cursor that stands behind `place`.
    pub fn encode(&self, list: Fingerprint, place: &impl CursorPlace) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(list.0);
        place.write(&mut bytes);
        let signature = self.sign(&bytes).finalize().into_bytes();
        bytes.extend(signature.iter().take(SIGNATURE));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that `cursor`, the value of `parameter`, stands for, if it was made here and for this list.
    pub fn decode<P: CursorPlace>(
        &self,
        list: Fingerprint,
        parameter: &str,
        cursor: &str,
    ) -> Result<P, Problem> {
        let forged = || {
            refused(
                parameter,
                if parameter == "cursor" {
                    "is not one that this server gave out; use `next_cursor` of an answer unchanged, or start again without it"
                } else {
                    "must be a date, a date-time with its offset (RFC 3339), or `next_cursor` of an answer unchanged"
                },
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| forged())?;
        let end = bytes.len().checked_sub(SIGNATURE).ok_or_else(forged)?;
        let (payload, signature) = bytes.split_at_checked(end).ok_or_else(forged)?;
        if self.sign(payload).verify_truncated_left(signature).is_err() {
            return Err(forged());
        }
        let (version, rest) = payload.split_first().ok_or_else(forged)?;
        if *version != VERSION {
            return Err(refused(
                parameter,
                "is of another version; start again without it",
            ));
        }
        let (made_for, place) = rest.split_first_chunk::<8>().ok_or_else(forged)?;
        if *made_for != list.0 {
            return Err(refused(
                parameter,
                "belongs to other filters or another order; repeat the request it came from, or start again without it",
            ));
        }
        P::read(place).ok_or_else(forged)
    }

    fn sign(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(payload);
        mac
    }
}

impl Fingerprint {
    /// The fingerprint of a list's name and its filters in a fixed order.
    pub fn of(list: &str, filters: &[Option<String>]) -> Self {
        let mut digest = Sha256::new();
        digest.update(list);
        for filter in filters {
            match filter {
                None => digest.update([0]),
                Some(value) => {
                    digest.update([1]);
                    digest.update(value.len().to_be_bytes());
                    digest.update(value);
                }
            }
        }
        let mut short = [0; 8];
        short
            .iter_mut()
            .zip(digest.finalize())
            .for_each(|(to, from)| *to = from);
        Self(short)
    }
}

fn refused(parameter: &str, detail: &str) -> Problem {
    Problem::invalid_cursor(vec![Fault::new(
        format!("/{parameter}"),
        "invalid_cursor",
        format!("`{parameter}` {detail}"),
    )])
}

/// How a list is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountKind {
    /// Not at all; `total` is `null`.
    #[default]
    None,
    /// One by one, or from numbers that are kept.
    Exact,
    /// Extrapolated from a part of the list.
    Estimated,
}

impl From<CountKind> for Count {
    fn from(mode: CountKind) -> Self {
        match mode {
            CountKind::None => Self::None,
            CountKind::Exact => Self::Exact,
            CountKind::Estimated => Self::Estimated,
        }
    }
}

/// The paging parameters of a request.
#[derive(Debug, Clone)]
pub struct Paging {
    /// Most items of the page.
    pub limit: Limit,
    /// `cursor`.
    pub cursor: Option<String>,
    /// `page`, from 1.
    pub page: Option<i64>,
    /// `count`.
    pub count: CountKind,
}

/// Items that page numbers reach; cursors reach all.
const NUMBERED: i64 = 10_000;

impl Paging {
    /// The page of `list` that is asked for.
    ///
    /// # Errors
    ///
    /// 400 where the cursor is not of this list, is given together with a number, or the number goes too far.
    pub fn resolve<P: CursorPlace>(
        &self,
        key: &CursorKey,
        list: Fingerprint,
    ) -> Result<PageQuery<P>, Problem> {
        let limit = self.limit.get();
        let start = match (&self.cursor, self.page) {
            (Some(_), Some(_)) => {
                return Err(bad_page(
                    "excludes_cursor",
                    "cannot be used together with `cursor`; leave one of them out",
                ));
            }
            (Some(cursor), None) => Start::After(key.decode(list, "cursor", cursor)?),
            (None, Some(page)) if page.saturating_mul(limit) > NUMBERED => {
                return Err(bad_page(
                    "too_far",
                    "reaches only the first 10,000 items (`page` times `limit`); follow `next_cursor` with `cursor` to go on",
                ));
            }
            (None, Some(page)) => Start::Skip((page - 1) * limit),
            (None, None) => Start::First,
        };
        Ok(PageQuery {
            start,
            limit,
            count: self.count.into(),
        })
    }

    /// The `Link` header of a page (RFC 8288): `first` and `next`; with page numbers also `prev`, and `last` where the
    /// total is known exactly.
    pub fn links(&self, here: &Address, next_cursor: Option<&str>, total: Total) -> String {
        let mut links = Vec::new();
        let limit = self.limit.get();
        let numbered = |page: i64| here.with("page", &page.to_string());
        match self.page {
            None => {
                links.push((here.without(), "first"));
                links.extend(next_cursor.map(|cursor| (here.with("cursor", cursor), "next")));
            }
            Some(page) => {
                links.push((numbered(1), "first"));
                if page > 1 {
                    links.push((numbered(page - 1), "prev"));
                }
                if let Some(cursor) = next_cursor {
                    let next = if (page + 1) * limit <= NUMBERED {
                        numbered(page + 1)
                    } else {
                        here.with("cursor", cursor)
                    };
                    links.push((next, "next"));
                }
                if let Total::Exact(n) = total {
                    // Numbers beyond the limit of numbers do not exist.
                    let last = ((n + limit - 1) / limit).min(NUMBERED / limit).max(1);
                    links.push((numbered(last), "last"));
                }
            }
        }
        let links: Vec<String> = links
            .into_iter()
            .map(|(target, rel)| format!("<{target}>; rel=\"{rel}\""))
            .collect();
        links.join(", ")
    }
}

fn bad_page(code: &'static str, mend: &str) -> Problem {
    Problem::bad_parameter(vec![Fault::new("/page", code, format!("`page` {mend}"))])
}

/// The address of the running request, for links to its other pages.
#[derive(Debug, Clone)]
pub struct Address {
    path: String,
    query: String,
}

impl Address {
    /// This request at its beginning.
    pub fn without(&self) -> String {
        self.render(None)
    }

    /// This request at another place.
    pub fn with(&self, name: &str, value: &str) -> String {
        self.render(Some((name, value)))
    }

    fn render(&self, place: Option<(&str, &str)>) -> String {
        let kept = form_urlencoded::parse(self.query.as_bytes())
            .filter(|(name, _)| !["cursor", "page", "since"].contains(&name.as_ref()));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .extend_pairs(place)
            .finish();
        if query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{query}", self.path)
        }
    }
}

impl FromRequest for Address {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let public_url = req
            .app_data::<Data<Edge>>()
            .map_or("", |edge| edge.public_url.as_str());
        ready(Ok(Self {
            path: format!("{public_url}{}", req.uri().path()),
            query: req.query_string().to_owned(),
        }))
    }
}
