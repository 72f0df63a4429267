//! Sources, for those who may change them. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing, conclude};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::path::IdPath;
use crate::http::problem::{
    ChangeProblems, CreateProblems, DeleteProblems, FreeChangeProblems, ManagedItemProblems,
    ManagedListProblems, Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::source::{
    ManagedSourceBody, ManagedSourcePageBody, SourceCreate, SourceMergeRequest, SourceUpdate,
};
use crate::json::fields::number;
use crate::json::records::{self, Form};
use crate::models::access::Operation;
use crate::models::managed::{Expected, Managed};
use crate::models::rules;
use crate::models::source::Source;
use crate::service::management::sources::Merged;
use crate::service::management::{Work, sources};

impl Resource for Managed<Source> {
    const NAME: &'static str = "source";
    const PATH: &'static str = "/api/v1/manage/sources";
    type Body = ManagedSourceBody;

    fn id(&self) -> i64 {
        self.value.id
    }

    fn site_id(&self) -> Option<i64> {
        None
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// The work of `createSource`.
pub fn create(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::source(fields, Form::Create))?;
    Ok(changing(Operation::CreateSource, |tx| {
        sources::create(tx, record)
    }))
}

/// The work of `updateSource`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::source(fields, Form::Update))?;
    Ok(changing(Operation::UpdateSource, move |tx| {
        sources::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteSource`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteSource, move |tx| {
        sources::delete(tx, id, &expected)
    })
}

/// The work of `mergeSource`.
pub fn merge(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let into = body
        .read(|fields| fields.required("into", number(rules::id)))?
        .unwrap_or_default();
    Ok(Work::new(Operation::MergeSource, move |tx| {
        let Merged { gone, kept } = sources::merge(tx, id, &expected, into)?;
        conclude(tx, gone)?;
        tx.remark("merged_into", into);
        conclude(tx, kept)
    }))
}

/// How to page through the sources.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManagedSourcesQuery {
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
    /// Whether to count all sources: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List sources to manage
///
/// All sources in the order they were made: the sites share them.
#[utoipa::path(operation_id = "listManagedSources", tag = "management", params(ManagedSourcesQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of sources", body = ManagedSourcePageBody), ManagedListProblems))]
#[get("/sources")]
pub async fn list_managed_sources(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ManagedSourcesQuery>,
) -> Result<View<ManagedSourcePageBody>, Problem> {
    let ManagedSourcesQuery {
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
    let list = Fingerprint::of("managed_sources", &[]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read(Operation::ListManagedSources, move |tx| {
            sources::page(tx, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ManagedSourcePageBody::new(page, next), links))
}

/// Create a source
///
/// Without `slug` the server makes one from the name.
#[utoipa::path(operation_id = "createSource", tag = "management", request_body = SourceCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new source", body = ManagedSourceBody), CreateProblems))]
#[post("/sources")]
pub async fn create_source(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(create(&body)?, body.bytes()).await
}

/// Fetch a source to manage
///
/// Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getManagedSource", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The source", body = ManagedSourceBody), ManagedItemProblems))]
#[get("/sources/{id}")]
pub async fn get_managed_source(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ManagedSourceBody>, Problem> {
    let source = desk
        .read(Operation::GetManagedSource, move |tx| {
            sources::get(tx, id.0)
        })
        .await?;
    Ok(View::of(source))
}

/// Change a source
///
/// A merge patch (RFC 7396): members that are left out stay, `null` clears. All articles that name it show the change.
#[utoipa::path(operation_id = "updateSource", tag = "management", params(IdPath), request_body = SourceUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The source as it is now", body = ManagedSourceBody), FreeChangeProblems))]
#[patch("/sources/{id}")]
pub async fn update_source(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete a source
///
/// Refused while an article names it, in whatever state: merge it into another one instead.
#[utoipa::path(operation_id = "deleteSource", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), DeleteProblems))]
#[delete("/sources/{id}")]
pub async fn delete_source(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}

/// Merge a source into another
///
/// Every article that names this source names the other one in its place; one that names both keeps the earlier place. This source
/// is deleted. `If-Match` takes the ETag of this source.
#[utoipa::path(operation_id = "mergeSource", tag = "management", params(IdPath), request_body = SourceMergeRequest, security(("bearer" = [])),
    responses((status = 200, description = "The source that stays", body = ManagedSourceBody), ChangeProblems))]
#[post("/sources/{id}/merge")]
pub async fn merge_source(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(merge(id.0, expected.0, &body)?, body.bytes())
        .await
}
