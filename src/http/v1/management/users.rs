//! Accounts, for administrators. Passwords are hashed here, before the transaction begins; knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing, conclude};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::path::IdPath;
use crate::http::problem::{
    ChangeProblems, CreateProblems, DeleteProblems, ManagedItemProblems, ManagedListProblems,
    Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::user::{UserBody, UserCreate, UserPageBody, UserUpdate};
use crate::json::accounts;
use crate::json::records::Form;
use crate::models::access::Operation;
use crate::models::account::UserRecord;
use crate::models::managed::Expected;
use crate::models::patch::Patch;
use crate::service::management::users::{self, ManagedUser};
use crate::service::management::{Work, might};

impl Resource for ManagedUser {
    const NAME: &'static str = "user";
    const PATH: &'static str = "/api/v1/manage/users";
    type Body = UserBody;

    fn id(&self) -> i64 {
        self.user.id
    }

    fn site_id(&self) -> Option<i64> {
        None
    }

    fn version(&self) -> i64 {
        self.user.version
    }
}

/// The work of `createUser`. It takes as long as hashing the password does.
pub async fn create(desk: &Desk, body: &JsonBody) -> Result<Work, Problem> {
    let mut record = body.read(|fields| accounts::user(fields, Form::Create))?;
    let hash = hash(desk, Operation::CreateUser, &mut record).await?;
    Ok(changing(Operation::CreateUser, |tx| {
        users::create(tx, record, hash.set())
    }))
}

/// The work of `updateUser`. It takes as long as hashing the password does.
pub async fn update(
    desk: &Desk,
    id: i64,
    expected: Expected,
    body: &JsonBody,
) -> Result<Work, Problem> {
    let mut record = body.read(|fields| accounts::user(fields, Form::Update))?;
    let hash = hash(desk, Operation::UpdateUser, &mut record).await?;
    let has_new_password = matches!(hash, Patch::Set(_));
    Ok(Work::new(Operation::UpdateUser, move |tx| {
        let change = users::update(tx, id, &expected, record, hash)?;
        let reply = conclude(tx, change)?;
        if has_new_password {
            tx.remark("password", "changed");
        }
        Ok(reply)
    }))
}

/// The work of `deleteUser`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteUser, move |tx| {
        users::delete(tx, id, &expected)
    })
}

/// The hash of the password that `record` has, in place of it. Callers who may not do the operation make nobody work.
async fn hash(
    desk: &Desk,
    operation: Operation,
    record: &mut UserRecord,
) -> Result<Patch<String>, Problem> {
    might(&desk.caller, operation)?;
    Ok(match std::mem::take(&mut record.password) {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(password) => Patch::Set(desk.services.access.hash_password(password).await?),
    })
}

/// The body as repeated requests are compared: what is kept of it must not help to guess a password.
fn without_password(body: &JsonBody) -> Vec<u8> {
    let mut members: serde_json::Value = serde_json::from_slice(body.bytes()).unwrap_or_default();
    if let Some(members) = members.as_object_mut() {
        members.remove("password");
    }
    members.to_string().into_bytes()
}

/// How to page through accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsersQuery {
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
    /// Whether to count all accounts: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List accounts
///
/// In the order they were made.
#[utoipa::path(operation_id = "listUsers", tag = "accounts", params(UsersQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of accounts", body = UserPageBody), ManagedListProblems))]
#[get("/users")]
pub async fn list_users(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<UsersQuery>,
) -> Result<View<UserPageBody>, Problem> {
    let UsersQuery {
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
    let list = Fingerprint::of("users", &[]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListUsers, move |tx| users::page(tx, place))
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(UserPageBody::new(page, next), links))
}

/// Create an account
///
/// Without a password it signs in with the identity provider that the server is set up with, by its `external_subject`.
#[utoipa::path(operation_id = "createUser", tag = "accounts", request_body = UserCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new account", body = UserBody), CreateProblems))]
#[post("/users")]
pub async fn create_user(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let work = create(&desk, &body).await?;
    desk.write(work, &without_password(&body)).await
}

/// Fetch an account
///
/// Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getUser", tag = "accounts", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The account", body = UserBody), ManagedItemProblems))]
#[get("/users/{id}")]
pub async fn get_user(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<UserBody>, Problem> {
    let user = desk
        .read(Operation::GetUser, move |tx| users::get(tx, id.0))
        .await?;
    Ok(View::live(user))
}

/// Change an account
///
/// A merge patch (RFC 7396): members that are left out stay, `null` clears. A new password and `is_active` `false` end all sessions
/// of the account for good; a new password revokes its API keys too. The last active administrator who can sign in stays one.
#[utoipa::path(operation_id = "updateUser", tag = "accounts", params(IdPath), request_body = UserUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The account as it is now", body = UserBody), ChangeProblems))]
#[patch("/users/{id}")]
pub async fn update_user(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let work = update(&desk, id.0, expected.0, &body).await?;
    desk.write(work, &without_password(&body)).await
}

/// Delete an account
///
/// Its sessions end, and its API keys go with it; its articles and what the audit log says of it stay.
#[utoipa::path(operation_id = "deleteUser", tag = "accounts", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), DeleteProblems))]
#[delete("/users/{id}")]
pub async fn delete_user(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}
