//! Sources, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::conditional::Answer;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::path::IdPath;
use crate::http::problem::{ItemProblems, Problem, ReadProblems};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::source::{SourceBody, SourcePageBody};
use crate::models::freshness::Fresh;
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
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 1000)]
    cursor: Option<String>,
    /// Number of the page, from 1, for interfaces with page numbers; reaches the first 10,000 items. Not together with
    /// `cursor`.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 10000)]
    page: Option<PageNumber>,
    /// Whether to count all sources: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
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
    here: Address,
    query: Query<SourcesQuery>,
) -> Result<Answer<SourcePageBody>, Problem> {
    let Query(SourcesQuery {
        limit,
        cursor,
        page,
        count,
    }) = query;
    let list = Fingerprint::of("sources", &[]);
    let paging = Paging {
        limit,
        cursor,
        page: page.map(PageNumber::get),
        count,
    };
    let Fresh { value, freshness } = services.sources.page(paging.resolve(&key, list)?).await?;
    let next = value.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), value.total);
    Ok(Answer::new(SourcePageBody::new(value, next), freshness).linked(links))
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
) -> Result<Answer<SourceBody>, Problem> {
    let Fresh { value, freshness } = services.sources.get(id.0).await?;
    Ok(Answer::new(value.into(), freshness))
}
