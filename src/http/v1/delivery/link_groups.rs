//! Groups of links, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;

use crate::http::conditional::{Answer, SurrogateKeys};
use crate::http::path::SitePath;
use crate::http::problem::{ItemProblems, Problem};
use crate::http::query::{NoQuery, Query};
use crate::http::v1::dto::link_group::LinkGroupCollection;
use crate::models::freshness::Fresh;
use crate::service::Services;

/// List the link groups of a site
///
/// Titled groups of links, such as partners or quick links, all at once and in order.
#[utoipa::path(operation_id = "listLinkGroups", tag = "links",
    params(SitePath),
    responses((status = 200, description = "The groups", body = LinkGroupCollection), ItemProblems))]
#[get("/sites/{site}/link-groups")]
pub async fn list_link_groups(
    services: Data<Services>,
    site: SitePath,
    _query: Query<NoQuery>,
) -> Result<Answer<LinkGroupCollection>, Problem> {
    let keys = SurrogateKeys::default().site(&site.0);
    let Fresh { value, freshness } = services.link_groups.list(site.0).await?;
    Ok(Answer::new(value.into(), freshness).keyed(keys))
}
