//! Sites, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::{Data, Json};

use crate::http::links::Links;
use crate::http::problem::{ItemProblems, Problem, ReadProblems};
use crate::http::query::{NoQuery, Query, SitePath};
use crate::http::v1::dto::site::{SiteBody, SiteCollection};
use crate::service::Services;

/// List the sites
///
/// Every portal of this deployment, in the order they were made. The list comes whole.
#[utoipa::path(operation_id = "listSites", tag = "sites",
    responses((status = 200, description = "Every site", body = SiteCollection), ReadProblems))]
#[get("/sites")]
pub async fn list_sites(
    services: Data<Services>,
    links: Data<Links>,
    _query: Query<NoQuery>,
) -> Result<Json<SiteCollection>, Problem> {
    Ok(Json(SiteCollection::new(
        services.sites.list().await?,
        &links,
    )))
}

/// Fetch a site
///
/// A portal by its slug: names, languages, filing numbers, contacts and the fixed texts around every page.
#[utoipa::path(operation_id = "getSite", tag = "sites",
    params(SitePath),
    responses((status = 200, description = "The site", body = SiteBody), ItemProblems))]
#[get("/sites/{site}")]
pub async fn get_site(
    services: Data<Services>,
    links: Data<Links>,
    site: SitePath,
    _query: Query<NoQuery>,
) -> Result<Json<SiteBody>, Problem> {
    Ok(Json(SiteBody::new(
        services.sites.get(site.0).await?,
        &links,
    )))
}
