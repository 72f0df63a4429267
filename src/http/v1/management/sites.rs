//! Sites, for those who may change them. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::path::IdPath;
use crate::http::problem::{
    CreateProblems, DeleteProblems, FreeChangeProblems, ManagedItemProblems, ManagedListProblems,
    Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::managed_site::{
    ManagedSiteBody, ManagedSitePageBody, SiteCreate, SiteUpdate,
};
use crate::json::records::{self, Form};
use crate::models::access::Operation;
use crate::models::managed::{Expected, Managed};
use crate::models::site::Site;
use crate::service::management::{Work, sites};

impl Resource for Managed<Site> {
    const NAME: &'static str = "site";
    const PATH: &'static str = "/api/v1/manage/sites";
    type Body = ManagedSiteBody;

    fn id(&self) -> i64 {
        self.value.id
    }

    fn site_id(&self) -> Option<i64> {
        Some(self.value.id)
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// The work of `createSite`.
pub fn create(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::site(fields, Form::Create))?;
    Ok(changing(Operation::CreateSite, |tx| {
        sites::create(tx, record)
    }))
}

/// The work of `updateSite`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::site(fields, Form::Update))?;
    Ok(changing(Operation::UpdateSite, move |tx| {
        sites::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteSite`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteSite, move |tx| {
        sites::delete(tx, id, &expected)
    })
}

/// How to page through the sites.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManagedSitesQuery {
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
    /// Whether to count all sites: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List sites to manage
///
/// The sites that the caller works in, in the order they were made.
#[utoipa::path(operation_id = "listManagedSites", tag = "management", params(ManagedSitesQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of sites", body = ManagedSitePageBody), ManagedListProblems))]
#[get("/sites")]
pub async fn list_managed_sites(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ManagedSitesQuery>,
) -> Result<View<ManagedSitePageBody>, Problem> {
    let ManagedSitesQuery {
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
    let list = Fingerprint::of("managed_sites", &[]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListManagedSites, move |tx| {
            sites::page(tx, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ManagedSitePageBody::new(page, next), links))
}

/// Create a site
///
/// The default language is always one of its `locales`: it is added where they lack it.
#[utoipa::path(operation_id = "createSite", tag = "management", request_body = SiteCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new site", body = ManagedSiteBody), CreateProblems))]
#[post("/sites")]
pub async fn create_site(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(create(&body)?, body.bytes()).await
}

/// Fetch a site to manage
///
/// Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getManagedSite", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The site", body = ManagedSiteBody), ManagedItemProblems))]
#[get("/sites/{id}")]
pub async fn get_managed_site(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ManagedSiteBody>, Problem> {
    let site = desk
        .read(Operation::GetManagedSite, move |tx| sites::get(tx, id.0))
        .await?;
    Ok(View::of(site))
}

/// Change a site
///
/// A merge patch (RFC 7396): members that are left out stay, `null` clears; `identity` is merged member by member, lists are
/// replaced whole. Without `locales` the site has its default language alone.
#[utoipa::path(operation_id = "updateSite", tag = "management", params(IdPath), request_body = SiteUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The site as it is now", body = ManagedSiteBody), FreeChangeProblems))]
#[patch("/sites/{id}")]
pub async fn update_site(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete a site
///
/// Its categories, menus, topics and link groups go with it. Refused while it has articles, in whatever state.
#[utoipa::path(operation_id = "deleteSite", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), DeleteProblems))]
#[delete("/sites/{id}")]
pub async fn delete_site(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}
