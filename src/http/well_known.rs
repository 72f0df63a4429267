//! Places that other programs look for by themselves (RFC 8615).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::http::fixed::{Fixed, Keep};
use crate::http::problem::{Problem, ServerProblems};
use crate::http::v1::dto::token::KeysBody;
use crate::service::Services;

/// Fetch the keys of access tokens
///
/// What verifies the signatures of access tokens (RFC 7517). A new key stands here for an hour before it signs; fetch again where a
/// token has an unknown `kid`.
#[utoipa::path(operation_id = "getJwks", tag = "tokens",
    responses((status = 200, description = "The keys", body = KeysBody),
        (status = 304, description = "The client has them already"), ServerProblems))]
#[get("/.well-known/jwks.json")]
pub async fn get_jwks(services: Data<Services>, req: HttpRequest) -> Result<HttpResponse, Problem> {
    let keys = KeysBody::from(services.access.public_keys());
    let json = serde_json::to_vec(&keys).map_err(Problem::internal)?;
    Fixed::new("application/json", Keep::FiveMinutes, json).answer(&req)
}
