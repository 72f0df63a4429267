//! Sources, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::pagination::{CursorKey, Fingerprint};
use crate::http::problem::{ItemProblems, Problem, ReadProblems};
use crate::http::query::{IdPath, Limit, NoQuery, Query};
use crate::http::v1::dto::source::{SourceBody, SourcePageBody};
use crate::models::listing::Position;
use crate::models::time::Ts;
use crate::service::Services;

/// How to page through sources.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SourcesQuery {
    /// Most items of the page.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
    /// Where the page starts: `next_cursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 200)]
    cursor: Option<String>,
}

/// List the sources
///
/// The media that articles come from, oldest record first.
#[utoipa::path(operation_id = "listSources", tag = "sources", params(SourcesQuery),
    responses((status = 200, description = "A page of sources", body = SourcePageBody), ReadProblems))]
#[get("/sources")]
pub async fn list_sources(
    services: Data<Services>,
    key: Data<CursorKey>,
    query: Query<SourcesQuery>,
) -> Result<Json<SourcePageBody>, Problem> {
    let Query(query) = query;
    let list = Fingerprint::of("sources", &[]);
    let after = query
        .cursor
        .map(|cursor| key.decode(list, &cursor))
        .transpose()?
        .map_or(0, |p| p.id);
    let page = services.sources.page(after, query.limit.get()).await?;
    let next = page.next.map(|id| {
        key.encode(
            list,
            Position {
                published_at: Ts::default(),
                id,
            },
        )
    });
    Ok(Json(SourcePageBody::new(page.items, next)))
}

/// Fetch a source
///
/// One medium by its id.
#[utoipa::path(operation_id = "getSource", tag = "sources",
    params(IdPath),
    responses((status = 200, description = "The source", body = SourceBody), ItemProblems))]
#[get("/sources/{id}")]
pub async fn get_source(
    services: Data<Services>,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<Json<SourceBody>, Problem> {
    Ok(Json(services.sources.get(id.0).await?.into()))
}
