//! Categories, for those who may change them. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing, conclude};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::SiteSlug;
use crate::http::path::IdPath;
use crate::http::problem::{
    ChangeProblems, CreateProblems, DeleteProblems, ManagedItemProblems, ManagedListProblems,
    Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query, RecordId};
use crate::http::v1::dto::category::{
    CategoryCreate, CategoryUpdate, ManagedCategoryBody, ManagedCategoryPageBody,
};
use crate::json::records::{self, Form};
use crate::models::access::Operation;
use crate::models::category::Category;
use crate::models::managed::{Expected, Managed};
use crate::service::management::{Work, categories};

impl Resource for Managed<Category> {
    const NAME: &'static str = "category";
    const PATH: &'static str = "/api/v1/manage/categories";
    type Body = ManagedCategoryBody;

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

/// The work of `createCategory`.
pub fn create(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::category_change(fields, Form::Create))?;
    Ok(changing(Operation::CreateCategory, |tx| {
        categories::create(tx, record)
    }))
}

/// The work of `updateCategory`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::category_change(fields, Form::Update))?;
    Ok(changing(Operation::UpdateCategory, move |tx| {
        categories::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteCategory`.
pub fn delete(id: i64, expected: Expected, query: DeleteCategoryQuery) -> Work {
    let DeleteCategoryQuery { reassign_to } = query;
    let heir = reassign_to.map(RecordId::get);
    Work::new(Operation::DeleteCategory, move |tx| {
        let change = categories::delete(tx, id, &expected, heir)?;
        let reply = conclude(tx, change)?;
        if let Some(heir) = heir {
            tx.remark("reassign_to", heir);
        }
        Ok(reply)
    })
}

/// What becomes of what is in a category that is deleted.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteCategoryQuery {
    /// Id of the category of the same site that takes over its articles, the categories below it and the menu items that lead to it.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    reassign_to: Option<RecordId>,
}

/// Whose categories, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManagedCategoriesQuery {
    /// Slug of the site.
    #[param(value_type = String, max_length = 200, example = "demo")]
    site: SiteSlug,
    /// Only categories directly below this one, by id.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    parent_id: Option<RecordId>,
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
    /// Whether to count all categories of the list: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List categories to manage
///
/// The categories of a site in the order of their positions, for those who work in the site. What hangs below what says
/// `parent_id`.
#[utoipa::path(operation_id = "listManagedCategories", tag = "management", params(ManagedCategoriesQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of categories", body = ManagedCategoryPageBody), ManagedListProblems))]
#[get("/categories")]
pub async fn list_managed_categories(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ManagedCategoriesQuery>,
) -> Result<View<ManagedCategoryPageBody>, Problem> {
    let ManagedCategoriesQuery {
        site,
        parent_id,
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
    let parent_id = parent_id.map(RecordId::get);
    let filters = [Some(site.clone()), parent_id.map(|id| id.to_string())];
    let list = Fingerprint::of("managed_categories", &filters);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListManagedCategories, move |tx| {
            categories::page(tx, &site, parent_id, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ManagedCategoryPageBody::new(page, next), links))
}

/// Create a category
///
/// Where it is says either `path`, or `slug` with the `parent_id` of the category above (`null` for the top). Without `position` it
/// comes last among its siblings.
#[utoipa::path(operation_id = "createCategory", tag = "management", request_body = CategoryCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new category", body = ManagedCategoryBody), CreateProblems))]
#[post("/categories")]
pub async fn create_category(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(create(&body)?, body.bytes()).await
}

/// Fetch a category to manage
///
/// Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getManagedCategory", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The category", body = ManagedCategoryBody), ManagedItemProblems))]
#[get("/categories/{id}")]
pub async fn get_managed_category(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ManagedCategoryBody>, Problem> {
    let category = desk
        .read(Operation::GetManagedCategory, move |tx| {
            categories::get(tx, id.0)
        })
        .await?;
    Ok(View::of(category))
}

/// Change a category
///
/// A merge patch (RFC 7396): members that are left out stay. Another `slug` or `parent_id` changes the paths of all categories below it
/// too, and the old ones lead to them; `parent_id` `null` moves it to the top. Siblings from `position` on move one place back.
#[utoipa::path(operation_id = "updateCategory", tag = "management", params(IdPath), request_body = CategoryUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The category as it is now", body = ManagedCategoryBody), ChangeProblems))]
#[patch("/categories/{id}")]
pub async fn update_category(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete a category
///
/// One that is in use stays, unless `reassign_to` names another that takes over its articles, the categories below it and the menu
/// items that lead to it; the paths of all of these then lead to where they are.
#[utoipa::path(operation_id = "deleteCategory", tag = "management", params(IdPath, DeleteCategoryQuery), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), DeleteProblems))]
#[delete("/categories/{id}")]
pub async fn delete_category(
    desk: Desk,
    id: IdPath,
    query: Query<DeleteCategoryQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    let work = delete(id.0, expected.0, query.into_inner());
    desk.write(work, b"").await
}
