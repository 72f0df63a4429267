//! Several writes on the wire.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::free_object;
use crate::http::problem::ProblemBody;
use crate::models::reply::Reply;

/// Several writes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `http::v1::batch` reads")]
pub struct BatchRequest {
    /// Whether all operations stand and fall together; `true` where neither this nor the parameter says it.
    #[schema(nullable = false, example = true)]
    atomic: Option<bool>,
    /// The operations in order.
    #[schema(max_items = 500)]
    operations: Vec<BatchOperationRequest>,
}

/// One write.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `http::v1::batch` reads")]
pub struct BatchOperationRequest {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    #[schema(max_length = 10, example = "PATCH")]
    method: String,
    /// The path of its operation, with or without `/api/v1`.
    #[schema(max_length = 2000, example = "/manage/articles/42")]
    path: String,
    /// What `If-Match` would say.
    #[schema(max_length = 2000, nullable = false, example = "\"3\"")]
    if_match: Option<String>,
    /// The body of the operation, where it has one.
    #[schema(nullable = false)]
    body: Option<BatchBodyRequest>,
}

free_object! {
    /// The body of an operation, as that operation has it.
    BatchBodyRequest
}

/// What became of the operations.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchReport {
    /// One item for each operation, in their order.
    #[schema(max_items = 500)]
    items: Vec<BatchItem>,
}

/// What became of one operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItem {
    /// Its status, as its own operation would have answered.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    status: i32,
    /// Where the new thing is.
    #[schema(max_length = 2000, example = "/api/v1/manage/articles/42")]
    location: Option<String>,
    /// The ETag of the thing as it is now, also where that is why the operation failed (412).
    #[schema(max_length = 100, example = "\"1\"")]
    etag: Option<String>,
    /// What its own operation would have answered; `null` where that is nothing, and where all bodies together have more than 4 MB:
    /// `location` and `etag` are there all the same.
    #[schema(value_type = Option<BatchBody>)]
    body: Option<Box<RawValue>>,
    /// Why it failed.
    problem: Option<ProblemBody>,
}

free_object! {
    /// The answer of an operation, as that operation has it.
    BatchBody
}

impl BatchReport {
    /// What became of the operations.
    pub fn new(items: Vec<BatchItem>) -> Self {
        Self { items }
    }
}

impl BatchItem {
    /// An operation that was answered.
    pub fn done(reply: Reply) -> Self {
        let Reply {
            status,
            headers,
            body,
        } = reply;
        let header = |wanted: &str| {
            let found = headers.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        Self {
            status: i32::from(status),
            location: header("Location"),
            etag: header("ETag"),
            body: RawValue::from_string(body).ok(),
            problem: None,
        }
    }

    /// An operation that failed.
    pub fn failed(status: u16, etag: Option<String>, problem: Option<ProblemBody>) -> Self {
        Self {
            status: i32::from(status),
            location: None,
            etag,
            body: None,
            problem,
        }
    }
}
