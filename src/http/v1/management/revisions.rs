//! The revisions of articles: looking back, and bringing back. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::path::{IdPath, RevisionPath};
use crate::http::problem::{ChangeProblems, FreeChangeProblems, ManagedItemProblems, Problem};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::article_request::{RestoreRequest, RevisionUpdate};
use crate::http::v1::dto::managed_article::ManagedArticleBody;
use crate::http::v1::dto::revision::{RevisionBody, RevisionPageBody, RevisionSummaryBody};
use crate::json::{editorial, records};
use crate::models::access::Operation;
use crate::models::managed::Expected;
use crate::models::revision::{Revision, Whole};
use crate::service::management::{Work, revisions};

impl Resource for Revision {
    const NAME: &'static str = "article";
    const PATH: &'static str = "/api/v1/manage/articles";
    type Body = RevisionSummaryBody;

    /// That of its article: revisions have none of their own.
    fn id(&self) -> i64 {
        self.article_id
    }

    fn site_id(&self) -> Option<i64> {
        Some(self.site_id)
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Resource for (Revision, Whole) {
    const NAME: &'static str = Revision::NAME;
    const PATH: &'static str = Revision::PATH;
    type Body = RevisionBody;

    fn id(&self) -> i64 {
        self.0.id()
    }

    fn site_id(&self) -> Option<i64> {
        self.0.site_id()
    }

    fn version(&self) -> i64 {
        self.0.version()
    }
}

/// The work of `updateRevision`.
pub fn update(place: RevisionPath, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let change = body.read(editorial::revision)?;
    let RevisionPath { id, number } = place;
    Ok(changing(Operation::UpdateRevision, move |tx| {
        revisions::annotate(tx, id, number, &expected, change)
    })
    .remarked("number", Some(number)))
}

/// The work of `restoreRevision`.
pub fn restore(place: RevisionPath, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let comment = body.read(records::comment)?;
    let RevisionPath { id, number } = place;
    Ok(changing(Operation::RestoreRevision, move |tx| {
        revisions::restore(tx, id, number, &expected, comment)
    })
    .remarked("restored", Some(number)))
}

/// How to page through the revisions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevisionsQuery {
    /// Most items of the page.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
    /// Where the page starts: `next_cursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 1000)]
    cursor: Option<String>,
    /// Number of the page, from 1; reaches the first 10,000 items. Not together with `cursor`.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 10000)]
    page: Option<PageNumber>,
    /// Whether to count all revisions of the article: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List the revisions of an article
///
/// Every save of it that is kept, the newest first: that one is the article as it stands. How many are kept, and how long, is a
/// setting of the server; pinned ones always are.
#[utoipa::path(operation_id = "listRevisions", tag = "management", params(IdPath, RevisionsQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of revisions", body = RevisionPageBody), ManagedItemProblems))]
#[get("/articles/{id}/revisions")]
pub async fn list_revisions(
    desk: Desk,
    id: IdPath,
    key: Data<CursorKey>,
    here: Address,
    query: Query<RevisionsQuery>,
) -> Result<View<RevisionPageBody>, Problem> {
    let RevisionsQuery {
        limit,
        cursor,
        page,
        count,
    } = query.into_inner();
    let paging = Paging {
        limit,
        cursor,
        page: page.map(PageNumber::get),
        count,
    };
    let list = Fingerprint::of("revisions", &[Some(id.0.to_string())]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read(Operation::ListRevisions, move |tx| {
            revisions::page(tx, id.0, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(RevisionPageBody::new(page, next), links))
}

/// Fetch a revision
///
/// Who saved it and why, and the whole article as it was then.
#[utoipa::path(operation_id = "getRevision", tag = "management", params(RevisionPath), security(("bearer" = [])),
    responses((status = 200, description = "The revision", body = RevisionBody), ManagedItemProblems))]
#[get("/articles/{id}/revisions/{number}")]
pub async fn get_revision(
    desk: Desk,
    place: RevisionPath,
    _query: Query<NoQuery>,
) -> Result<View<RevisionBody>, Problem> {
    let RevisionPath { id, number } = place;
    let found = desk
        .read_long(Operation::GetRevision, move |tx| {
            revisions::get(tx, id, number)
        })
        .await?;
    Ok(
        match found.0.is_current && found.1.article.comes_by_itself() {
            true => View::live(found),
            false => View::of(found),
        },
    )
}

/// Pin or comment a revision
///
/// A pinned revision stays whatever its age and however many follow. `If-Match` takes the revision's own ETag.
#[utoipa::path(operation_id = "updateRevision", tag = "management", params(RevisionPath), request_body = RevisionUpdate,
    security(("bearer" = [])),
    responses((status = 200, description = "The revision as it is now", body = RevisionSummaryBody), FreeChangeProblems))]
#[patch("/articles/{id}/revisions/{number}")]
pub async fn update_revision(
    desk: Desk,
    place: RevisionPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(place, expected.0, &body)?, body.bytes())
        .await
}

/// Restore a revision
///
/// Has the article say again what it said then, as a new revision. Where it stands stays: its status and its dates are not
/// changed. What it named then and is gone now is left out: deleted sources, topics and related articles; a category that is gone, and a slug that another
/// article has taken, stay as they are. `If-Match` takes the article's ETag.
#[utoipa::path(operation_id = "restoreRevision", tag = "management", params(RevisionPath), request_body = RestoreRequest,
    security(("bearer" = [])),
    responses((status = 200, description = "The article as it is now", body = ManagedArticleBody), ChangeProblems))]
#[post("/articles/{id}/revisions/{number}/restore")]
pub async fn restore_revision(
    desk: Desk,
    place: RevisionPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(restore(place, expected.0, &body)?, body.bytes())
        .await
}
