//! Category trees, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::{Data, Json};

use crate::http::problem::{ItemProblems, Problem};
use crate::http::query::{NoQuery, Query, SitePath};
use crate::http::v1::dto::category::CategoryCollection;
use crate::service::Services;

/// List the categories of a site
///
/// The whole tree in order. `article_count` counts the public articles of exactly this category, `total_count` also
/// those below it; both are right to the second.
#[utoipa::path(operation_id = "listCategories", tag = "categories",
    params(SitePath),
    responses((status = 200, description = "The tree", body = CategoryCollection), ItemProblems))]
#[get("/sites/{site}/categories")]
pub async fn list_categories(
    services: Data<Services>,
    site: SitePath,
    _query: Query<NoQuery>,
) -> Result<Json<CategoryCollection>, Problem> {
    Ok(Json(services.categories.tree(site.0).await?.into()))
}
