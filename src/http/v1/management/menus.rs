//! Menus, for those who may change them. Knows no SQL.

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
use crate::http::v1::dto::menu::{ManagedMenuBody, ManagedMenuPageBody, MenuCreate, MenuUpdate};
use crate::json::records::{self, Form};
use crate::models::access::Operation;
use crate::models::managed::{Expected, Managed};
use crate::models::menu::Menu;
use crate::service::management::{Work, menus};

impl Resource for Managed<Menu> {
    const NAME: &'static str = "menu";
    const PATH: &'static str = "/api/v1/manage/menus";
    type Body = ManagedMenuBody;

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

/// The work of `createMenu`.
pub fn create(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::menu(fields, Form::Create))?;
    Ok(changing(Operation::CreateMenu, |tx| {
        menus::create(tx, record)
    }))
}

/// The work of `updateMenu`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::menu(fields, Form::Update))?;
    Ok(changing(Operation::UpdateMenu, move |tx| {
        menus::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteMenu`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteMenu, move |tx| {
        menus::delete(tx, id, &expected)
    })
}

/// Whose menus, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManagedMenusQuery {
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
    /// Whether to count all menus of the site: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List menus to manage
///
/// The menus of a site in the order they were made, each with all of its items, for those who work in the site.
#[utoipa::path(operation_id = "listManagedMenus", tag = "management", params(ManagedMenusQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of menus", body = ManagedMenuPageBody), ManagedListProblems))]
#[get("/menus")]
pub async fn list_managed_menus(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ManagedMenusQuery>,
) -> Result<View<ManagedMenuPageBody>, Problem> {
    let ManagedMenusQuery {
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
    let list = Fingerprint::of("managed_menus", &[Some(site.clone())]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListManagedMenus, move |tx| {
            menus::page(tx, &site, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ManagedMenuPageBody::new(page, next), links))
}

/// Create a menu
///
/// An item points to an address or to a category of the site, or is only a heading.
#[utoipa::path(operation_id = "createMenu", tag = "management", request_body = MenuCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new menu", body = ManagedMenuBody), CreateProblems))]
#[post("/menus")]
pub async fn create_menu(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(create(&body)?, body.bytes()).await
}

/// Fetch a menu to manage
///
/// Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getManagedMenu", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The menu", body = ManagedMenuBody), ManagedItemProblems))]
#[get("/menus/{id}")]
pub async fn get_managed_menu(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ManagedMenuBody>, Problem> {
    let menu = desk
        .read_long(Operation::GetManagedMenu, move |tx| menus::get(tx, id.0))
        .await?;
    Ok(View::of(menu))
}

/// Change a menu
///
/// A merge patch (RFC 7396): `items` replaces the whole tree, `null` empties it.
#[utoipa::path(operation_id = "updateMenu", tag = "management", params(IdPath), request_body = MenuUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The menu as it is now", body = ManagedMenuBody), FreeChangeProblems))]
#[patch("/menus/{id}")]
pub async fn update_menu(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete a menu
///
/// Its items go with it.
#[utoipa::path(operation_id = "deleteMenu", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), FreeDeleteProblems))]
#[delete("/menus/{id}")]
pub async fn delete_menu(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}
