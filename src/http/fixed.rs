//! Answers made once, before the first request: bytes, their type, a validator. Knows nothing of what they say.

use std::io::{self, Read};

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ContentEncoding, ETAG, EntityTag, HeaderName, HeaderValue,
    IfNoneMatch, TryIntoHeaderValue, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use crate::http::compression;
use crate::http::problem::Problem;

/// How long anybody may keep such an answer without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// What a new release may change, and should soon be seen.
    FiveMinutes,
    /// What hardly ever changes.
    Hour,
    /// What is large and changes only with a new release.
    Day,
}

impl Keep {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::FiveMinutes => "public, max-age=300",
            Self::Hour => "public, max-age=3600",
            Self::Day => "public, max-age=86400",
        })
    }
}

/// An answer that is the same for everybody until the program is replaced.
#[derive(Debug, Clone)]
pub struct Fixed {
    body: Bytes,
    is_gzip: bool,
    // Weak: the same tag stands for every coding of the body.
    etag: EntityTag,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Fixed {
    /// `body` as it is.
    pub fn new(content_type: &'static str, keep: Keep, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let hash = Sha256::digest(&body);
        let half = hash.get(..16).unwrap_or_default();
        let etag = EntityTag::new_weak(URL_SAFE_NO_PAD.encode(half));
        let mut headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (CACHE_CONTROL, keep.header()),
        ];
        headers.extend(
            etag.clone()
                .try_into_value()
                .ok()
                .map(|value| (ETAG, value)),
        );
        Self {
            body,
            is_gzip: false,
            etag,
            headers,
        }
    }

    /// `body` is in gzip format and is sent as such to those who take it.
    pub fn gzipped(content_type: &'static str, keep: Keep, body: impl Into<Bytes>) -> Self {
        Self {
            is_gzip: true,
            ..Self::new(content_type, keep, body)
        }
        .with_header(VARY, HeaderValue::from_static("Accept-Encoding"))
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer to `req`: 200, or 304 to a client that has it already.
    ///
    /// # Errors
    ///
    /// 500 if a gzipped body is broken.
    pub fn answer(&self, req: &HttpRequest) -> Result<HttpResponse, Problem> {
        let is_known = match req.get_header() {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.etag)),
            None => false,
        };
        let mut response = if is_known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        if is_known {
            return Ok(response.finish());
        }
        if !self.is_gzip {
            return Ok(response.body(self.body.clone()));
        }
        if compression::takes_gzip(req.headers()) {
            response.insert_header(ContentEncoding::Gzip);
            return Ok(response.body(self.body.clone()));
        }
        let plain = inflate(&self.body).map_err(Problem::internal)?;
        Ok(response.body(plain))
    }
}

fn inflate(gzip: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut plain)?;
    Ok(plain)
}
