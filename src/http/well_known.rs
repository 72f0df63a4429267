//! Places that other programs look for by themselves (RFC 8615).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use utoipa::Modify;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Type};

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

/// Puts the validator of the keys into the document.
pub struct Documented;

impl Modify for Documented {
    fn modify(&self, document: &mut OpenApi) {
        let item = document.paths.paths.get_mut("/.well-known/jwks.json");
        let get = item.and_then(|item| item.get.as_mut());
        let answer = get.and_then(|get| get.responses.responses.get_mut("200"));
        if let Some(RefOr::T(answer)) = answer {
            let text = ObjectBuilder::new()
                .schema_type(Type::String)
                .max_length(Some(8192));
            let header = HeaderBuilder::new()
                .schema(Some(text))
                .description(Some("Weak; changes with the keys"));
            answer
                .headers
                .insert("ETag".to_owned(), header.build().into());
        }
    }
}
