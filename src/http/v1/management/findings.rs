//! What the check for injected text found, and what becomes of it. Knows no SQL, and no rule of the check.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, View, conclude};
use crate::error::{Error, Result as ServiceResult};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::SiteSlug;
use crate::http::problem::{CreateProblems, ManagedListProblems, Problem};
use crate::http::query::{Limit, NoQuery, PageNumber, Query, RecordId};
use crate::http::v1::dto::finding::{
    DismissedFindingsBody, FindingDismissalRequest, FindingKind, FindingPageBody, FindingSeverity,
    FindingState,
};
use crate::http::v1::dto::repair::{RepairBody, RepairRequest};
use crate::json::repairs;
use crate::models::access::Operation;
use crate::models::hygiene::{RecordKind, Severity};
use crate::models::reply::Reply;
use crate::service::management::findings::{self, Mended, Wanted};
use crate::service::management::{Tx, Work};

/// Which findings, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindingsQuery {
    /// Only in the record of this site and in what belongs to it, by slug.
    #[param(value_type = Option<String>, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// Only in this article. Not together with `kind` and `record_id`.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    article_id: Option<RecordId>,
    /// Only in records of this kind.
    #[param(inline = false)]
    kind: Option<FindingKind>,
    /// Only in the record with this id; needs `kind`.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    record_id: Option<RecordId>,
    /// Only of this severity.
    #[param(inline = false)]
    severity: Option<FindingSeverity>,
    /// Only by this rule.
    #[param(value_type = Option<String>, min_length = 1, max_length = 100)]
    rule: Option<String>,
    /// Only in this state.
    #[param(inline = false)]
    state: Option<FindingState>,
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
    /// Whether to count all findings of the list: `none`, `exact`, `estimated`. More than 10,000 are estimated.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

impl FindingsQuery {
    /// The filters, and the paging.
    fn split(self) -> (Wanted, Paging) {
        let Self {
            site,
            article_id,
            kind,
            record_id,
            severity,
            rule,
            state,
            limit,
            cursor,
            page,
            count,
        } = self;
        let wanted = Wanted {
            site: site.map(|site| site.0),
            article_id: article_id.map(RecordId::get),
            kind: kind.map(Into::into),
            record_id: record_id.map(RecordId::get),
            severity: severity.map(Into::into),
            rule,
            is_dismissed: state.map(FindingState::is_dismissed),
        };
        let paging = Paging {
            limit,
            cursor,
            page: page.map(PageNumber::get),
            count,
        };
        (wanted, paging)
    }
}

fn fingerprint(wanted: &Wanted) -> Fingerprint {
    let Wanted {
        site,
        article_id,
        kind,
        record_id,
        severity,
        rule,
        is_dismissed,
    } = wanted;
    let id = |id: &Option<i64>| id.map(|id| id.to_string());
    Fingerprint::of(
        "findings",
        &[
            site.clone(),
            id(article_id),
            kind.map(|kind: RecordKind| kind.as_str().to_owned()),
            id(record_id),
            severity.map(|severity: Severity| severity.as_str().to_owned()),
            rule.clone(),
            is_dismissed.map(|is_dismissed| is_dismissed.to_string()),
        ],
    )
}

/// List findings
///
/// Text that looks injected, the newest first: where it stands, by which rule and why it is a finding, and what it does. Records with open findings
/// of the severity `block` are held back: readers do not see them until the findings are repaired or dismissed. Callers see what is found in what
/// they may see.
#[utoipa::path(operation_id = "listFindings", tag = "hygiene", params(FindingsQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of findings", body = FindingPageBody), ManagedListProblems))]
#[get("/findings")]
pub async fn list_findings(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<FindingsQuery>,
) -> Result<View<FindingPageBody>, Problem> {
    let (wanted, paging) = query.into_inner().split();
    let list = fingerprint(&wanted);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListFindings, move |tx| {
            findings::page(tx, wanted, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(FindingPageBody::new(page, next), links))
}

/// The work of `repairFindings`.
pub fn repair(body: &JsonBody) -> Result<Work, Problem> {
    let record = body
        .read(repairs::repair)?
        .ok_or_else(|| Problem::internal("a repair without a target was let through"))?;
    Ok(Work::new(Operation::RepairFindings, |tx| {
        answer(&RepairBody::from(findings::repair(tx, record, note)?))
    }))
}

/// Repair findings
///
/// Takes injected text out of one article, or out of a site: its record and whatever else of it has open findings, up to 5,000 articles or 32 MB of
/// their bodies a call, in one transaction; `remaining` above 0 asks for another call. `replace` puts other text in the places of phrases, wherever and however they are written; `cut` takes out what findings name, with the
/// element, keyword, link or attachment where nothing else is left of it. Every other byte stays. With `dry_run` nothing is changed, and the answer
/// says what would be, member by member; that is so unless `dry_run` is `false`.
///
/// Each article gets a revision, each record an entry in the audit log, which keep what was there. What nothing holds back any more is for readers
/// again what it was before. An article needs the role `editor` in its category, a site the role `admin`. This needs no `If-Match`.
#[utoipa::path(operation_id = "repairFindings", tag = "hygiene", request_body = RepairRequest, security(("bearer" = [])),
    responses((status = 200, description = "What was changed, or would be", body = RepairBody), CreateProblems))]
#[post("/findings/repair")]
pub async fn repair_findings(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.expect(Operation::RepairFindings)?;
    desk.write(repair(&body)?, body.bytes()).await
}

/// The work of `dismissFindings`.
pub fn dismiss(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(repairs::dismissal)?;
    Ok(Work::new(Operation::DismissFindings, |tx| {
        let dismissed = findings::dismiss(tx, record)?;
        answer(&DismissedFindingsBody::from(dismissed))
    }))
}

/// Dismiss findings
///
/// Says of findings that their text may stay, or takes that back. What nothing holds back any more is for readers again what it was before. The
/// same text found in the same record by the same rule stays dismissed, wherever it moves to.
#[utoipa::path(operation_id = "dismissFindings", tag = "hygiene", request_body = FindingDismissalRequest, security(("bearer" = [])),
    responses((status = 200, description = "The findings as they are now", body = DismissedFindingsBody), CreateProblems))]
#[post("/findings/dismiss")]
pub async fn dismiss_findings(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.expect(Operation::DismissFindings)?;
    desk.write(dismiss(&body)?, body.bytes()).await
}

fn answer(body: &impl serde::Serialize) -> ServiceResult<Reply> {
    Ok(Reply {
        status: 200,
        headers: Vec::new(),
        body: serde_json::to_string(body).map_err(|e| Error::Internal(e.into()))?,
    })
}

/// Notes in the audit log what became of a record: the members that differ, as they were and as they are.
fn note(tx: &mut Tx<'_>, mended: Mended) -> ServiceResult<()> {
    match mended {
        Mended::Article(change) => conclude(tx, *change),
        Mended::Site(change) => conclude(tx, *change),
        Mended::Category(change) => conclude(tx, change),
        Mended::Topic(change) => conclude(tx, change),
        Mended::Menu(change) => conclude(tx, change),
        Mended::LinkGroup(change) => conclude(tx, change),
        Mended::Media(change) => conclude(tx, *change),
    }
    .map(|_| ())
}
