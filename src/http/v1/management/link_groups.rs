//! Groups of links, for those who may change them. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::SiteSlug;
use crate::http::path::IdPath;
use crate::http::problem::{
    CreateProblems, FreeChangeProblems, FreeDeleteProblems, ManagedItemProblems,
    ManagedListProblems, Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::link_group::{
    LinkGroupCreate, LinkGroupUpdate, ManagedLinkGroupBody, ManagedLinkGroupPageBody,
};
use crate::json::records::{self, Form};
use crate::models::access::Operation;
use crate::models::link_group::LinkGroup;
use crate::models::managed::{Expected, Managed};
use crate::service::management::{Work, link_groups};

impl Resource for Managed<LinkGroup> {
    const NAME: &'static str = "link_group";
    const PATH: &'static str = "/api/v1/manage/link-groups";
    type Body = ManagedLinkGroupBody;

    fn id(&self) -> i64 {
        self.value.id
    }

    fn site_id(&self) -> Option<i64> {
        Some(self.value.site_id)
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// The work of `createLinkGroup`.
pub fn create(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::link_group(fields, Form::Create))?;
    Ok(changing(Operation::CreateLinkGroup, |tx| {
        link_groups::create(tx, record)
    }))
}

/// The work of `updateLinkGroup`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::link_group(fields, Form::Update))?;
    Ok(changing(Operation::UpdateLinkGroup, move |tx| {
        link_groups::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteLinkGroup`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteLinkGroup, move |tx| {
        link_groups::delete(tx, id, &expected)
    })
}

/// Whose groups, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManagedLinkGroupsQuery {
    /// Slug of the site.
    #[param(value_type = String, max_length = 200, example = "demo")]
    site: SiteSlug,
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
    /// Whether to count all groups of the site: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List link groups to manage
///
/// The groups of a site in their order, for those who work in the site.
#[utoipa::path(operation_id = "listManagedLinkGroups", tag = "management", params(ManagedLinkGroupsQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of groups", body = ManagedLinkGroupPageBody), ManagedListProblems))]
#[get("/link-groups")]
pub async fn list_managed_link_groups(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ManagedLinkGroupsQuery>,
) -> Result<View<ManagedLinkGroupPageBody>, Problem> {
    let ManagedLinkGroupsQuery {
        site,
        limit,
        cursor,
        page,
        count,
    } = query.into_inner();
    let SiteSlug(site) = site;
    let paging = Paging {
        limit,
        cursor,
        page: page.map(PageNumber::get),
        count,
    };
    let list = Fingerprint::of("managed_link_groups", &[Some(site.clone())]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListManagedLinkGroups, move |tx| {
            link_groups::page(tx, &site, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ManagedLinkGroupPageBody::new(page, next), links))
}

/// Create a link group
///
/// Without `position` the group comes last, else the groups from there on move one place back.
#[utoipa::path(operation_id = "createLinkGroup", tag = "management", request_body = LinkGroupCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new group", body = ManagedLinkGroupBody), CreateProblems))]
#[post("/link-groups")]
pub async fn create_link_group(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(create(&body)?, body.bytes()).await
}

/// Fetch a link group to manage
///
/// Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getManagedLinkGroup", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The group", body = ManagedLinkGroupBody), ManagedItemProblems))]
#[get("/link-groups/{id}")]
pub async fn get_managed_link_group(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ManagedLinkGroupBody>, Problem> {
    let link_group = desk
        .read(Operation::GetManagedLinkGroup, move |tx| {
            link_groups::get(tx, id.0)
        })
        .await?;
    Ok(View::of(link_group))
}

/// Change a link group
///
/// A merge patch (RFC 7396): members that are left out stay, `links` are replaced whole. Groups from `position` on move one place back.
#[utoipa::path(operation_id = "updateLinkGroup", tag = "management", params(IdPath), request_body = LinkGroupUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The group as it is now", body = ManagedLinkGroupBody), FreeChangeProblems))]
#[patch("/link-groups/{id}")]
pub async fn update_link_group(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete a link group
///
/// Its links go with it.
#[utoipa::path(operation_id = "deleteLinkGroup", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), FreeDeleteProblems))]
#[delete("/link-groups/{id}")]
pub async fn delete_link_group(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}
