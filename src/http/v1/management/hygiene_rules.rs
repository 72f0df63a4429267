//! The rules of the check for injected text. Knows no SQL, and not how they are applied.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::path::IdPath;
use crate::http::problem::{
    CreateProblems, DeleteProblems, FreeChangeProblems, ManagedItemProblems, ManagedListProblems,
    Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::hygiene_rule::{
    HygieneRuleBody, HygieneRuleCreate, HygieneRulePageBody, HygieneRuleUpdate,
};
use crate::json::hygiene;
use crate::json::records::Form;
use crate::models::access::Operation;
use crate::models::hygiene_change::ManagedRule;
use crate::models::managed::Expected;
use crate::service::management::{Work, hygiene_rules};

impl Resource for ManagedRule {
    const NAME: &'static str = "hygiene_rule";
    const PATH: &'static str = "/api/v1/manage/hygiene-rules";
    type Body = HygieneRuleBody;

    fn id(&self) -> i64 {
        self.stored.id
    }

    fn site_id(&self) -> Option<i64> {
        None
    }

    fn version(&self) -> i64 {
        self.stored.version
    }
}

/// The work of `createHygieneRule`.
pub fn create(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| hygiene::rule(fields, Form::Create))?;
    Ok(changing(Operation::CreateHygieneRule, |tx| {
        hygiene_rules::create(tx, record)
    }))
}

/// The work of `updateHygieneRule`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| hygiene::rule(fields, Form::Update))?;
    Ok(changing(Operation::UpdateHygieneRule, move |tx| {
        hygiene_rules::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteHygieneRule`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteHygieneRule, move |tx| {
        hygiene_rules::delete(tx, id, &expected)
    })
}

/// How to page through the rules.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HygieneRulesQuery {
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
    /// Whether to count all rules: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List the rules of the check for injected text
///
/// Those that came with the program, and those of your own, by id. Findings name the rule by its `key`.
#[utoipa::path(operation_id = "listHygieneRules", tag = "hygiene", params(HygieneRulesQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of rules", body = HygieneRulePageBody), ManagedListProblems))]
#[get("/hygiene-rules")]
pub async fn list_hygiene_rules(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<HygieneRulesQuery>,
) -> Result<View<HygieneRulePageBody>, Problem> {
    let HygieneRulesQuery {
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
    let list = Fingerprint::of("hygiene_rules", &[]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListHygieneRules, move |tx| {
            hygiene_rules::page(tx, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(HygieneRulePageBody::new(page, next), links))
}

/// Create a rule of the check for injected text
///
/// From then on it holds for everything that is written, and everything that is there is looked at again in the background
/// (`GET /api/v1/manage/hygiene-scans`). Try it before: `POST /api/v1/manage/hygiene-scans`. There may be 500 rules of your own, with 200 texts each.
#[utoipa::path(operation_id = "createHygieneRule", tag = "hygiene", request_body = HygieneRuleCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new rule", body = HygieneRuleBody), CreateProblems))]
#[post("/hygiene-rules")]
pub async fn create_hygiene_rule(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(create(&body)?, body.bytes()).await
}

/// Fetch a rule of the check for injected text
///
/// Its ETag is what `If-Match` takes when it is changed. It is sent whole each time, since `rule_set` grows with other rules.
#[utoipa::path(operation_id = "getHygieneRule", tag = "hygiene", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The rule", body = HygieneRuleBody), ManagedItemProblems))]
#[get("/hygiene-rules/{id}")]
pub async fn get_hygiene_rule(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<HygieneRuleBody>, Problem> {
    let rule = desk
        .read(Operation::GetHygieneRule, move |tx| {
            hygiene_rules::get(tx, id.0)
        })
        .await?;
    Ok(View::live(rule))
}

/// Change a rule of the check for injected text
///
/// A merge patch (RFC 7396): members that are left out stay. Of a rule that came with the program `severity` and `is_enabled` can be set, and stay as
/// they are set when a new version brings other texts. Everything that is there is looked at again, so what only this rule held back comes back when it
/// is not applied any more.
#[utoipa::path(operation_id = "updateHygieneRule", tag = "hygiene", params(IdPath), request_body = HygieneRuleUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The rule as it is now", body = HygieneRuleBody), FreeChangeProblems))]
#[patch("/hygiene-rules/{id}")]
pub async fn update_hygiene_rule(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete a rule of the check for injected text
///
/// One of your own; those that came with the program can be switched off. Everything that is there is looked at again.
#[utoipa::path(operation_id = "deleteHygieneRule", tag = "hygiene", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), DeleteProblems))]
#[delete("/hygiene-rules/{id}")]
pub async fn delete_hygiene_rule(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}
