//! Runs of the check for injected text over what is there already. Knows no SQL, and not who makes them.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::{Desk, View};
use crate::error::{Error, Result as ServiceResult};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::path::IdPath;
use crate::http::problem::{CreateProblems, ManagedItemProblems, ManagedListProblems, Problem};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::request::Edge;
use crate::http::v1::dto::hygiene_scan::{HygieneScanBody, HygieneScanCreate, HygieneScanPageBody};
use crate::json::hygiene;
use crate::models::access::{Caller, Operation};
use crate::models::hygiene_scan::Scan;
use crate::models::reply::Reply;
use crate::service::Services;
use crate::service::management::{Work, hygiene_scans};

/// What the audit log calls a run.
const NAME: &str = "hygiene_scan";

/// Where runs are.
const PATH: &str = "/api/v1/manage/hygiene-scans";

/// How to page through the runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HygieneScansQuery {
    /// Most items of the page.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
    /// Where the page starts: `next_cursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 1000)]
    cursor: Option<String>,
    /// Number of the page, from 1; reaches the first 10,000 items. Not together with `cursor`.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 10000)]
    page: Option<PageNumber>,
    /// Whether to count all runs: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List runs of the check for injected text
///
/// The newest 200 and those that are not through, the newest first: after changes of the rules, on trial, after a site or category was held back or let
/// go, and the guard that looks every `MASTHEAD_RESCAN_SECONDS` for what came behind the back of the API.
#[utoipa::path(operation_id = "listHygieneScans", tag = "hygiene", params(HygieneScansQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of runs", body = HygieneScanPageBody), ManagedListProblems))]
#[get("/hygiene-scans")]
pub async fn list_hygiene_scans(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<HygieneScansQuery>,
) -> Result<View<HygieneScanPageBody>, Problem> {
    let HygieneScansQuery {
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
    let list = Fingerprint::of("hygiene_scans", &[]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListHygieneScans, move |tx| {
            hygiene_scans::page(tx, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(HygieneScanPageBody::new(page, next), links))
}

/// Start a run of the check for injected text
///
/// Without a rule everything that is there is looked at again, and held back or let go by the rules that hold; with `dry_run` it is only counted what
/// that would come to. With a rule, that one alone is tried on everything, and nothing is changed. The answer comes after a second at most: a small
/// archive is done by then, for a larger one ask for the run again. A new run over everything takes the place of an older one that is not through.
#[utoipa::path(operation_id = "createHygieneScan", tag = "hygiene", request_body = HygieneScanCreate, security(("bearer" = [])),
    responses((status = 201, description = "The run, done or not", body = HygieneScanBody), CreateProblems))]
#[post("/hygiene-scans")]
pub async fn create_hygiene_scan(
    edge: Data<Edge>,
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let record = body.read(hygiene::scan)?;
    let work = Work::new(Operation::CreateHygieneScan, |tx| {
        let scan = hygiene_scans::create(tx, record)?;
        let id = scan.id;
        let site_id = scan.site_id;
        let asked = json!({
            "purpose": scan.purpose.as_str(),
            "site": scan.site,
            "rule": scan.draft.as_ref().map(|rule| &rule.key),
        });
        tx.record(NAME, id, site_id, None, Some(asked));
        Ok(Reply {
            status: 201,
            headers: vec![("Location".to_owned(), format!("{PATH}/{id}"))],
            body: text(scan)?,
        })
    });
    // Far from where the request is given up.
    let time = edge.request_timeout / 4;
    desk.write_then(work, body.bytes(), async |services, caller, reply| {
        advanced(services, caller, reply, time).await
    })
    .await
}

/// The answer once the run has had its time.
async fn advanced(
    services: &Services,
    caller: Caller,
    reply: Reply,
    time: Duration,
) -> Result<Reply, Problem> {
    let location = reply.headers.iter().find(|(name, _)| name == "Location");
    let id = location
        .and_then(|(_, path)| path.rsplit('/').next())
        .and_then(|id| id.parse().ok());
    let Some(id) = id else {
        return Ok(reply);
    };
    if let Err(error) = services.scanning.advance(id, time).await {
        // The job tries again.
        tracing::warn!(error = error.chain(), "a run could not be gone on with");
    }
    let read = services
        .management
        .read(caller, Operation::CreateHygieneScan, move |tx| {
            hygiene_scans::get(tx, id)
        });
    match read.await {
        Ok(scan) => Ok(Reply {
            body: text(scan)?,
            ..reply
        }),
        // As it was when it began.
        Err(_) => Ok(reply),
    }
}

fn text(scan: Scan) -> ServiceResult<String> {
    serde_json::to_string(&HygieneScanBody::from(scan)).map_err(|e| Error::Internal(e.into()))
}

/// Fetch a run of the check for injected text
///
/// How far it is, and what it came to.
#[utoipa::path(operation_id = "getHygieneScan", tag = "hygiene", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The run", body = HygieneScanBody), ManagedItemProblems))]
#[get("/hygiene-scans/{id}")]
pub async fn get_hygiene_scan(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<HygieneScanBody>, Problem> {
    let scan = desk
        .read(Operation::GetHygieneScan, move |tx| {
            hygiene_scans::get(tx, id.0)
        })
        .await?;
    Ok(View::page(scan.into(), String::new()))
}
