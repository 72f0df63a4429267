//! API keys, for administrators. The key itself is made here, shown once and kept nowhere; knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing, conclude, response};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::path::IdPath;
use crate::http::problem::{
    CreateProblems, FreeChangeProblems, FreeDeleteProblems, ManagedItemProblems,
    ManagedListProblems, Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::api_key::{
    ApiKeyBody, ApiKeyCreate, ApiKeyCreatedBody, ApiKeyPageBody, ApiKeyUpdate,
};
use crate::json::accounts;
use crate::json::records::Form;
use crate::models::access::Operation;
use crate::models::managed::{Change, Expected};
use crate::models::user::ApiKey;
use crate::service::access::{MadeKey, make_key};
use crate::service::management::Work;
use crate::service::management::api_keys::{self, Stored};

impl Resource for ApiKey {
    const NAME: &'static str = "api_key";
    const PATH: &'static str = "/api/v1/manage/api-keys";
    type Body = ApiKeyBody;

    fn id(&self) -> i64 {
        self.id
    }

    fn site_id(&self) -> Option<i64> {
        None
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// A key that was just made: its body has a member for the key itself.
struct NewKey(ApiKey);

impl Resource for NewKey {
    const NAME: &'static str = ApiKey::NAME;
    const PATH: &'static str = ApiKey::PATH;
    type Body = ApiKeyCreatedBody;

    fn id(&self) -> i64 {
        self.0.id
    }

    fn site_id(&self) -> Option<i64> {
        None
    }

    fn version(&self) -> i64 {
        self.0.version
    }
}

impl From<NewKey> for ApiKeyCreatedBody {
    fn from(key: NewKey) -> Self {
        ApiKeyBody::from(key.0).into()
    }
}

/// The work of `createApiKey`, and the key itself. The answer of the work, which may be kept to be repeated, does not have the key.
fn create(body: &JsonBody) -> Result<(Work, String), Problem> {
    let record = body.read(|fields| accounts::api_key(fields, Form::Create))?;
    let MadeKey {
        key,
        prefix,
        digest,
    } = make_key()?;
    let work = Work::new(Operation::CreateApiKey, |tx| {
        let change = api_keys::create(tx, record, Stored { prefix, digest })?;
        let made = Change {
            before: None,
            after: change.after.map(NewKey),
        };
        conclude(tx, made)
    });
    Ok((work, key))
}

/// The work of `updateApiKey`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| accounts::api_key(fields, Form::Update))?;
    Ok(changing(Operation::UpdateApiKey, move |tx| {
        api_keys::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteApiKey`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteApiKey, move |tx| {
        api_keys::delete(tx, id, &expected)
    })
}

/// How to page through keys.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ApiKeysQuery {
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
    /// Whether to count all keys: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List API keys
///
/// In the order they were made, revoked and expired ones too.
#[utoipa::path(operation_id = "listApiKeys", tag = "accounts", params(ApiKeysQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of keys", body = ApiKeyPageBody), ManagedListProblems))]
#[get("/api-keys")]
pub async fn list_api_keys(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ApiKeysQuery>,
) -> Result<View<ApiKeyPageBody>, Problem> {
    let ApiKeysQuery {
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
    let list = Fingerprint::of("api_keys", &[]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read(Operation::ListApiKeys, move |tx| api_keys::page(tx, place))
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ApiKeyPageBody::new(page, next), links))
}

/// Create an API key
///
/// The answer shows the key, this once. Repeated for its `Idempotency-Key` the answer has `null` in its place: where the first
/// answer was lost, delete the key and make another.
#[utoipa::path(operation_id = "createApiKey", tag = "accounts", request_body = ApiKeyCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new key", body = ApiKeyCreatedBody), CreateProblems))]
#[post("/api-keys")]
pub async fn create_api_key(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let (work, secret) = create(&body)?;
    let key = desk.request_key(body.bytes());
    let management = &desk.services.management;
    let mut reply = management.write(desk.caller, work, key).await?;
    let is_repeated = reply
        .headers
        .iter()
        .any(|(name, _)| name == "Idempotency-Replayed");
    if !is_repeated {
        reply.body = with_key(&reply.body, secret).map_err(Problem::internal)?;
    }
    Ok(response(reply))
}

/// The answer with the key in it.
fn with_key(body: &str, key: String) -> serde_json::Result<String> {
    let mut members: Map<String, Value> = serde_json::from_str(body)?;
    members.insert("key".to_owned(), Value::String(key));
    serde_json::to_string(&members)
}

/// Fetch an API key
///
/// Its ETag is what `If-Match` takes when it is changed. The key itself is never shown again.
#[utoipa::path(operation_id = "getApiKey", tag = "accounts", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The key", body = ApiKeyBody), ManagedItemProblems))]
#[get("/api-keys/{id}")]
pub async fn get_api_key(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ApiKeyBody>, Problem> {
    let key = desk
        .read(Operation::GetApiKey, move |tx| api_keys::get(tx, id.0))
        .await?;
    Ok(View::live(key))
}

/// Change an API key
///
/// A merge patch (RFC 7396): members that are left out stay, `null` clears. `is_revoked` `true` ends it at once and for good.
#[utoipa::path(operation_id = "updateApiKey", tag = "accounts", params(IdPath), request_body = ApiKeyUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The key as it is now", body = ApiKeyBody), FreeChangeProblems))]
#[patch("/api-keys/{id}")]
pub async fn update_api_key(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete an API key
///
/// It is good no longer, and no list has it. To keep it on record, revoke it.
#[utoipa::path(operation_id = "deleteApiKey", tag = "accounts", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), FreeDeleteProblems))]
#[delete("/api-keys/{id}")]
pub async fn delete_api_key(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}
