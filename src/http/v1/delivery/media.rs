//! Files, for anyone who has their address. Knows no SQL and no storage.

use std::time::{Duration, SystemTime};

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, HttpDate, LAST_MODIFIED,
};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::conditional::{SURROGATE_KEY, is_unchanged};
use crate::http::file_body::{FileBody, PIECE};
use crate::http::path::FilePath;
use crate::http::problem::{FileProblems, Problem, ProblemCode};
use crate::http::query::Query;
use crate::http::range::{Wanted, wanted};
use crate::http::v1::dto::media::MediaBytes;
use crate::service::Services;
use crate::service::media::Opened;

/// What has this address never changes: it has a part of its checksum.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Lets pages of other origins show it.
const RESOURCE_POLICY: (HeaderName, HeaderValue) = (
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderValue::from_static("cross-origin"),
);

/// How to fetch a file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// Whether it is to be saved (`Content-Disposition: attachment`) where it would be shown.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false, example = false)]
    download: bool,
}

/// Fetch a file
///
/// The bytes of a file or of one of its smaller copies, under an address that articles and management give out; none is made up. Such
/// an address always has the same bytes, so anybody may keep them for ever. With `Range` a part of it comes with status 206, one part a
/// request.
#[utoipa::path(operation_id = "getMediaFile", tag = "media", params(FilePath, FileQuery),
    responses((status = 200, description = "The file", content_type = "application/octet-stream", body = inline(MediaBytes)), FileProblems))]
#[get("/media/{id}/{file}")]
pub async fn get_media_file(
    req: HttpRequest,
    services: Data<Services>,
    path: FilePath,
    query: Query<FileQuery>,
) -> Result<HttpResponse, Problem> {
    let opened = services.media.open(path.id, path.file).await?;
    let tag = format!("\"{}\"", opened.tag);
    // As clients are told: in whole seconds.
    let seconds = u64::try_from(opened.created_at.0.timestamp()).unwrap_or_default();
    let created_at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let modified = HttpDate::from(created_at).to_string();
    let is_known = is_unchanged(req.headers(), &tag, created_at);
    let asked = match is_known {
        true => Wanted::Whole,
        false => wanted(req.headers(), opened.size, &tag, &modified),
    };
    let (status, range) = match asked {
        Wanted::Whole => (StatusCode::OK, 0..opened.size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => {
            let size = format!("bytes */{}", opened.size);
            return Err(Problem::new(ProblemCode::RangeNotSatisfiable)
                .with_header(CONTENT_RANGE, header(&size)));
        }
    };
    let mut response = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::build(status),
    };
    describe(&mut response, &opened, &tag, &modified, query.0.download);
    if is_known {
        return Ok(response.finish());
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!(
            "bytes {}-{}/{}",
            range.start,
            range.end.saturating_sub(1),
            opened.size
        );
        response.insert_header((CONTENT_RANGE, header(&part)));
    }
    let length = range.end.saturating_sub(range.start);
    let ahead = usize::try_from(length).map_or(PIECE, |length| length.min(PIECE));
    let (first, rest) = services.media.read(&opened, range, ahead).await?;
    Ok(response.body(FileBody::new(first, rest, length)))
}

/// The headers that do not depend on which part is sent.
fn describe(
    response: &mut HttpResponseBuilder,
    opened: &Opened,
    tag: &str,
    modified: &str,
    download: bool,
) {
    let disposition = match download {
        true => &opened.download,
        false => &opened.disposition,
    };
    let media_type = match opened.media_type.starts_with("text/") {
        true => format!("{}; charset=utf-8", opened.media_type),
        false => opened.media_type.to_owned(),
    };
    // Whatever a browser takes it for, it runs nothing and loads nothing. The viewers of PDF do not start in a sandbox.
    let policy = match opened.media_type {
        "application/pdf" => "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'",
        _ => {
            "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
        }
    };
    response
        .insert_header((CONTENT_TYPE, header(&media_type)))
        .insert_header((CONTENT_DISPOSITION, header(disposition)))
        .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)))
        .insert_header(RESOURCE_POLICY)
        .insert_header((SURROGATE_KEY, header(&format!("media-{}", opened.id))))
        .insert_header((CACHE_CONTROL, FOR_EVER))
        .insert_header((ETAG, header(tag)))
        .insert_header((LAST_MODIFIED, header(modified)))
        .insert_header((ACCEPT_RANGES, HeaderValue::from_static("bytes")))
        // Parts are parts of the file as it is.
        .insert_header((CONTENT_ENCODING, HeaderValue::from_static("identity")));
}

/// A value that is visible ASCII by its making.
fn header(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
