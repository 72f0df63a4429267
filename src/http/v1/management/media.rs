//! Files, for those who may change them. Knows no SQL and no storage.

use actix_web::http::header::HeaderName;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing};
use crate::error::{Error, Fault};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::SiteSlug;
use crate::http::path::IdPath;
use crate::http::problem::{
    DeleteProblems, FreeChangeProblems, ManagedItemProblems, ManagedListProblems, Problem,
    UploadProblems,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::upload::{Received, UploadForm};
use crate::http::v1::dto::media::{
    ManagedMediaBody, ManagedMediaPageBody, MediaCreate, MediaKind, MediaUpdate,
};
use crate::json::records;
use crate::models::access::Operation;
use crate::models::managed::Expected;
use crate::models::media::ManagedMedia;
use crate::models::patch::Patch;
use crate::models::record::MediaRecord;
use crate::models::rules;
use crate::service::Services;
use crate::service::management::{Work, media};

/// Marks the answer to a request that came before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

impl Resource for ManagedMedia {
    const NAME: &'static str = "media";
    const PATH: &'static str = "/api/v1/manage/media";
    type Body = ManagedMediaBody;

    fn id(&self) -> i64 {
        self.media.value.id
    }

    fn site_id(&self) -> Option<i64> {
        self.media.value.site_id
    }

    fn version(&self) -> i64 {
        self.media.version
    }
}

/// The work of `updateMedia`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(records::media)?;
    Ok(changing(Operation::UpdateMedia, move |tx| {
        media::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteMedia`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteMedia, move |tx| {
        media::delete(tx, id, &expected)
    })
}

/// Which files, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManagedMediaQuery {
    /// Slug of the site; left out, all files that the caller sees, those among them that belong to all sites.
    #[param(value_type = Option<String>, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// What they are for: `image`, `audio`, `video`, `document`, `archive`.
    #[param(inline = false)]
    kind: Option<MediaKind>,
    /// Most items of the page.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
    /// Where the page starts: `next_cursor` of the page before, with the same filters.
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 1000)]
    cursor: Option<String>,
    /// Number of the page, from 1; reaches the first 10,000 items. Not together with `cursor`.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 10000)]
    page: Option<PageNumber>,
    /// Whether to count all of them: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List files to manage
///
/// Uploaded files, the newest first.
#[utoipa::path(operation_id = "listManagedMedia", tag = "management", params(ManagedMediaQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of files", body = ManagedMediaPageBody), ManagedListProblems))]
#[get("/media")]
pub async fn list_managed_media(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ManagedMediaQuery>,
) -> Result<View<ManagedMediaPageBody>, Problem> {
    let ManagedMediaQuery {
        site,
        kind,
        limit,
        cursor,
        page,
        count,
    } = query.into_inner();
    let site = site.map(|SiteSlug(site)| site);
    let kind = kind.map(MediaKind::as_str);
    let paging = Paging {
        limit,
        cursor,
        page: page.map(PageNumber::get),
        count,
    };
    let filters = [site.clone(), kind.map(str::to_owned)];
    let list = Fingerprint::of("managed_media", &filters);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read(Operation::ListManagedMedia, move |tx| {
            media::page(tx, site.as_deref(), kind, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ManagedMediaPageBody::new(page, next), links))
}

/// Upload a file
///
/// A form (RFC 7578) with the part `file`. What the file is, is told by its content; formats that can run something are refused, and of
/// pictures smaller copies are made. `url` in the answer is what articles refer to it by: as `cover`, as `url` of an attachment or a
/// recording, as `src` or `href` in a body. The same bytes may be uploaded as often as they are needed, and are stored once.
///
/// Whoever has the address of a file can fetch it, also before an article that uses it is published. Nobody can guess it who does not
/// know the content; who does can tell that the file is here. Originals keep their metadata, positions of photographs too.
#[utoipa::path(operation_id = "createMedia", tag = "management", security(("bearer" = [])),
    request_body(content = MediaCreate, content_type = "multipart/form-data"),
    responses((status = 201, description = "The new file", body = ManagedMediaBody), UploadProblems))]
#[post("/media")]
pub async fn create_media(
    desk: Desk,
    services: Data<Services>,
    _query: Query<NoQuery>,
    form: UploadForm,
) -> Result<HttpResponse, Problem> {
    // Before anything of the file is read.
    desk.expect(Operation::CreateMedia)?;
    let Received {
        upload,
        file_name,
        words,
    } = form.read(&services.media, &["site", "name", "alt"]).await?;
    let record = record(words)?;
    // With another name it is another request.
    let said = format!("{record:?} {file_name}");
    // Whoever hangs up now does not stop it half way, where bytes are stored and not recorded.
    let kept = actix_web::rt::spawn(async move {
        let prepared = services.media.prepare(upload, file_name).await?;
        let file = prepared.file().clone();
        let fingerprint = format!("{} {said}", file.sha256);
        let work = changing(Operation::CreateMedia, move |tx| {
            media::create(tx, record, &prepared)
        });
        let written = desk.write(work, fingerprint.as_bytes()).await;
        // An answer that is repeated records nothing either.
        let is_recorded = written
            .as_ref()
            .is_ok_and(|answer| !answer.headers().contains_key(&REPLAYED));
        if !is_recorded {
            services.media.discard(file).await;
        }
        written
    });
    kept.await
        .unwrap_or_else(|e| Err(Problem::internal(e.to_string())))
}

fn record(words: Vec<(&'static str, String)>) -> Result<MediaRecord, Problem> {
    let mut record = MediaRecord::default();
    let mut faults = Vec::new();
    for (name, word) in words {
        let verdict = match name {
            "site" => rules::slug(&word),
            "name" => rules::title(&word),
            _ => rules::subtitle(&word),
        };
        if let Err(reason) = verdict {
            faults.push(Fault::new(
                format!("/{name}"),
                "invalid",
                format!("`{name}` {reason}"),
            ));
            continue;
        }
        match name {
            "site" => record.site = Some(word),
            "name" => record.name = Patch::Set(word),
            _ => record.alt = Patch::Set(word),
        }
    }
    match faults.is_empty() {
        true => Ok(record),
        false => Err(Error::Invalid(faults).into()),
    }
}

/// Fetch a file to manage
///
/// What is known about it. Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getManagedMedia", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The file", body = ManagedMediaBody), ManagedItemProblems))]
#[get("/media/{id}")]
pub async fn get_managed_media(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ManagedMediaBody>, Problem> {
    let file = desk
        .read(Operation::GetManagedMedia, move |tx| media::get(tx, id.0))
        .await?;
    // Whether it is used changes without a new version.
    Ok(View::live(file))
}

/// Change a file
///
/// A merge patch (RFC 7396): members that are left out stay, `null` clears. Its bytes never change. Authors change what they uploaded.
#[utoipa::path(operation_id = "updateMedia", tag = "management", params(IdPath), request_body = MediaUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The file as it is now", body = ManagedMediaBody), FreeChangeProblems))]
#[patch("/media/{id}")]
pub async fn update_media(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete a file
///
/// Refused while an article uses it, in whatever state; `detail` says which. Earlier revisions do not count: one that named it is
/// restored without it.
#[utoipa::path(operation_id = "deleteMedia", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), DeleteProblems))]
#[delete("/media/{id}")]
pub async fn delete_media(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}
