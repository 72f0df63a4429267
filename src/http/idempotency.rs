//! The header `Idempotency-Key` (IETF draft `idempotency-key-header`). Knows no operation.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

use crate::http::problem::{Problem, ProblemCode};

/// Tells that an answer is that to an earlier request with the same key.
pub const REPLAYED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("idempotency-replayed"),
    HeaderValue::from_static("true"),
);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Characters of an `Idempotency-Key`.
const MAX_KEY: usize = 255;

/// Only POST takes one: every other write says with `If-Match` which version it is for, and so happens once.
pub fn idempotency_key(req: &HttpRequest) -> Result<Option<String>, Problem> {
    if req.method() != Method::POST {
        return Ok(None);
    }
    let mut given = req.headers().get_all(IDEMPOTENCY_KEY);
    let Some(first) = given.next() else {
        return Ok(None);
    };
    let key = first.to_str().unwrap_or_default();
    let is_good = (1..=MAX_KEY).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_graphic())
        && given.next().is_none();
    match is_good {
        true => Ok(Some(key.to_owned())),
        false => Err(Problem::new(ProblemCode::MalformedRequest).with_detail(format!(
            "Idempotency-Key must be one line of 1 to {MAX_KEY} visible ASCII characters without blanks, such as a UUID."
        ))),
    }
}

/// Puts the header into the document of an operation.
pub fn document(operation: &mut Operation) {
    let about = "A word of your own for this request, such as a UUID. Sent again within 24 hours with the same body, it brings the \
                 first answer again (`Idempotency-Replayed: true`) and does nothing.";
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(MAX_KEY));
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(text))
        .example(Some("6f1c1f0e-7c1e-4a0c-9d0e-1b1f2c3d4e5f".into()))
        .build();
    operation
        .parameters
        .get_or_insert_default()
        .push(key.into());
}
