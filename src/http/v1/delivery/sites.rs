//! Sites, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;

use crate::http::conditional::{Answer, SurrogateKeys};
use crate::http::links::Links;
use crate::http::path::SitePath;
use crate::http::problem::{ItemProblems, Problem, ReadProblems};
use crate::http::query::{NoQuery, Query};
use crate::http::v1::dto::site::{SiteBody, SiteCollection};
use crate::models::freshness::Fresh;
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
) -> Result<Answer<SiteCollection>, Problem> {
    let Fresh { value, freshness } = services.sites.list().await?;
    Ok(Answer::new(SiteCollection::new(value, &links), freshness))
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
) -> Result<Answer<SiteBody>, Problem> {
    let Fresh { value, freshness } = services.sites.get(site.0).await?;
    let keys = SurrogateKeys::default().site(&value.slug);
    Ok(Answer::new(SiteBody::new(value, &links), freshness).keyed(keys))
}
