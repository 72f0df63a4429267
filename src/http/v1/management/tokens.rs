//! Signing in, and the caller's own account. Knows neither passwords nor keys.

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};

use crate::http::auth::{Sender, Signed};
use crate::http::body::JsonBody;
use crate::http::problem::{
    AccountProblems, PasswordProblems, Problem, RefreshProblems, RevokeProblems, TokenProblems,
};
use crate::http::query::{NoQuery, Query};
use crate::http::v1::dto::token::{
    AccountBody, PasswordRequest, RefreshTokenRequest, TokenBody, TokenRequest,
};
use crate::json::fields::text;
use crate::models::rules;
use crate::service::Services;

/// Sign in
///
/// Gives an access token, good for 15 minutes, and a refresh token that gives the next pair. A session lasts 30 days. Failed
/// attempts are slowed down, for an account from the fifth on; whether there is such an account is never told.
#[utoipa::path(operation_id = "createToken", tag = "tokens", request_body = TokenRequest,
    responses((status = 200, description = "The tokens of a new session", body = TokenBody), TokenProblems))]
#[post("/token")]
pub async fn create_token(
    services: Data<Services>,
    sender: Sender,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<Json<TokenBody>, Problem> {
    let TokenRequest { email, password } = body.read(|fields| TokenRequest {
        email: fields
            .required("email", text(rules::email))
            .unwrap_or_default(),
        password: fields
            .required("password", text(rules::password))
            .unwrap_or_default(),
    })?;
    let Sender(origin) = sender;
    let issued = services.access.sign_in(email, password, origin).await?;
    Ok(Json(issued.into()))
}

/// Renew the tokens of a session
///
/// Each refresh token is good once: use the new one from then on. For ten seconds the last one gives the same answer again, for
/// a second tab that was not told. Later it means that somebody has a copy: the whole session ends.
#[utoipa::path(operation_id = "refreshToken", tag = "tokens", request_body = RefreshTokenRequest,
    responses((status = 200, description = "The next tokens of the session", body = TokenBody), RefreshProblems))]
#[post("/refresh")]
pub async fn refresh_token(
    services: Data<Services>,
    sender: Sender,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<Json<TokenBody>, Problem> {
    let token = read_refresh_token(&body)?;
    let Sender(origin) = sender;
    let issued = services.access.refresh(token, origin).await?;
    Ok(Json(issued.into()))
}

/// Sign out
///
/// Ends the session of a refresh token (RFC 7009), access tokens included. A token that is unknown or over is no fault.
#[utoipa::path(operation_id = "revokeToken", tag = "tokens", request_body = RefreshTokenRequest,
    responses((status = 204, description = "The session is over, if there was one"), RevokeProblems))]
#[post("/revoke")]
pub async fn revoke_token(
    services: Data<Services>,
    sender: Sender,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let token = read_refresh_token(&body)?;
    let Sender(origin) = sender;
    services.access.revoke(token, origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn read_refresh_token(body: &JsonBody) -> Result<String, Problem> {
    let request = body.read(|fields| RefreshTokenRequest {
        refresh_token: fields
            .required("refresh_token", text(rules::refresh_token))
            .unwrap_or_default(),
    })?;
    Ok(request.refresh_token)
}

/// Show who is calling
///
/// The account behind the token or key, its roles, and what the token or key may be used for.
#[utoipa::path(operation_id = "getAccount", tag = "tokens", security(("bearer" = [])),
    responses((status = 200, description = "The account", body = AccountBody), AccountProblems))]
#[get("/me")]
pub async fn get_account(
    services: Data<Services>,
    signed: Signed,
    _query: Query<NoQuery>,
) -> Result<Json<AccountBody>, Problem> {
    let Signed(caller) = signed;
    let account = services.access.account(&caller).await?;
    Ok(Json(AccountBody::new(
        account,
        &caller.principal.rights.scopes,
    )))
}

/// Change one's own password
///
/// Ends all sessions of the account, the one at hand included, and revokes its API keys: sign in again. Wrong present passwords are
/// answered 422, and slowed down from the fifth on, apart from failed sign-ins. API keys cannot do this.
#[utoipa::path(operation_id = "changePassword", tag = "tokens", security(("bearer" = [])), request_body = PasswordRequest,
    responses((status = 204, description = "The new password holds, and all sessions are over"), PasswordProblems))]
#[post("/password")]
pub async fn change_password(
    services: Data<Services>,
    signed: Signed,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let PasswordRequest {
        current_password,
        new_password,
    } = body.read(|fields| PasswordRequest {
        current_password: fields
            .required("current_password", text(rules::password))
            .unwrap_or_default(),
        new_password: fields
            .required("new_password", text(rules::new_password))
            .unwrap_or_default(),
    })?;
    let Signed(caller) = signed;
    services
        .access
        .change_password(caller, current_password, new_password)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
