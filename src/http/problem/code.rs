//! The kinds of problems and their table. Knows words and statuses, not a single occurrence.

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, as a stable word that programs may compare. `type` leads to a page about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The request is not well-formed.
    MalformedRequest,
    /// A query parameter is unknown, repeated or has an impossible value.
    InvalidParameter,
    /// A cursor was not made by this API, or for another query.
    InvalidCursor,
    /// There is nothing under this address.
    NotFound,
    /// The article was public and was taken back.
    Retracted,
    /// The preview was good once, and is over.
    PreviewExpired,
    /// The resource exists but does not take this method.
    MethodNotAllowed,
    /// The request did not arrive in time.
    RequestTimeout,
    /// Another record stands in the way.
    Conflict,
    /// The article cannot be public while text that looks injected holds it back.
    HeldBack,
    /// The body of the request is larger than the server reads.
    PayloadTooLarge,
    /// The body of the request has a media type that is not understood.
    UnsupportedMediaType,
    /// The body of the request is well-formed but not acceptable.
    InvalidBody,
    /// Nobody is signed in.
    Unauthenticated,
    /// The token or key is not, or no longer, good.
    InvalidToken,
    /// The sign-in failed.
    InvalidCredentials,
    /// The caller may not do this, or not here.
    Forbidden,
    /// The token or key was not made for this.
    InsufficientScope,
    /// The thing was changed since the caller looked.
    PreconditionFailed,
    /// The request does not say which version it changes.
    PreconditionRequired,
    /// Too many attempts.
    TooManyRequests,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// The request with this idempotency key still runs.
    IdempotencyKeyInUse,
    /// A fault of the server.
    Internal,
    /// The server cannot answer just now.
    Unavailable,
    /// The answer took too long to make.
    Timeout,
    /// There is no room left for a file.
    InsufficientStorage,
    /// The part of the file that was asked for does not exist.
    RangeNotSatisfiable,
}

impl ProblemCode {
    /// Every code there is.
    pub const ALL: [Self; 28] = [
        Self::MalformedRequest,
        Self::InvalidParameter,
        Self::InvalidCursor,
        Self::NotFound,
        Self::Retracted,
        Self::PreviewExpired,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Conflict,
        Self::HeldBack,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidBody,
        Self::Unauthenticated,
        Self::InvalidToken,
        Self::InvalidCredentials,
        Self::Forbidden,
        Self::InsufficientScope,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::TooManyRequests,
        Self::IdempotencyKeyReused,
        Self::IdempotencyKeyInUse,
        Self::Internal,
        Self::Unavailable,
        Self::Timeout,
        Self::InsufficientStorage,
        Self::RangeNotSatisfiable,
    ];

    /// The table: word, status, title, and the detail where a problem brings none of its own.
    fn entry(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedRequest => (
                "malformed_request",
                S::BAD_REQUEST,
                "Malformed request",
                "The request is not well-formed.",
            ),
            Self::InvalidParameter => (
                "invalid_parameter",
                S::BAD_REQUEST,
                "Invalid parameter",
                "A query parameter cannot be used; `errors` says which.",
            ),
            Self::InvalidCursor => (
                "invalid_cursor",
                S::BAD_REQUEST,
                "Invalid cursor",
                "The cursor does not belong to this query; start again without it.",
            ),
            Self::NotFound => (
                "not_found",
                S::NOT_FOUND,
                "Not found",
                "There is nothing under this address.",
            ),
            Self::Retracted => (
                "retracted",
                S::GONE,
                "Retracted",
                "This article was taken back; `reason` says why, `retracted_at` since when.",
            ),
            Self::PreviewExpired => (
                "preview_expired",
                S::GONE,
                "Preview expired",
                "This preview is over.",
            ),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                S::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "This resource does not take this method; `Allow` lists those it takes.",
            ),
            Self::RequestTimeout => (
                "request_timeout",
                S::REQUEST_TIMEOUT,
                "Request timeout",
                "The request did not arrive in time; send it again.",
            ),
            Self::Conflict => (
                "conflict",
                S::CONFLICT,
                "Conflict",
                "Another record stands in the way.",
            ),
            Self::HeldBack => (
                "held_back",
                S::CONFLICT,
                "Held back",
                "The article is held back by text that looks injected; `Link` leads to what was found.",
            ),
            Self::PayloadTooLarge => (
                "payload_too_large",
                S::PAYLOAD_TOO_LARGE,
                "Payload too large",
                "The body of the request is larger than this server reads.",
            ),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                S::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported media type",
                "The body of the request has a media type that is not understood here; send `application/json`, or for changes `application/merge-patch+json`.",
            ),
            Self::InvalidBody => (
                "invalid_body",
                S::UNPROCESSABLE_ENTITY,
                "Invalid body",
                "The body of the request cannot be used; `errors` says why.",
            ),
            Self::Unauthenticated => (
                "unauthenticated",
                S::UNAUTHORIZED,
                "Unauthenticated",
                "This needs a bearer token or an API key.",
            ),
            Self::InvalidToken => (
                "invalid_token",
                S::UNAUTHORIZED,
                "Invalid token",
                "The token or key is not accepted.",
            ),
            Self::InvalidCredentials => (
                "invalid_credentials",
                S::UNAUTHORIZED,
                "Invalid credentials",
                "E-mail address and password do not belong together.",
            ),
            Self::Forbidden => (
                "forbidden",
                S::FORBIDDEN,
                "Forbidden",
                "This needs other rights.",
            ),
            Self::InsufficientScope => (
                "insufficient_scope",
                S::FORBIDDEN,
                "Insufficient scope",
                "The token or key lacks a scope.",
            ),
            Self::PreconditionFailed => (
                "precondition_failed",
                S::PRECONDITION_FAILED,
                "Precondition failed",
                "It was changed meanwhile; `ETag` has its present version.",
            ),
            Self::PreconditionRequired => (
                "precondition_required",
                S::PRECONDITION_REQUIRED,
                "Precondition required",
                "Changes need the header `If-Match` with the ETag of what they change.",
            ),
            Self::TooManyRequests => (
                "too_many_requests",
                S::TOO_MANY_REQUESTS,
                "Too many requests",
                "Too many attempts; try again after `Retry-After` seconds.",
            ),
            Self::IdempotencyKeyReused => (
                "idempotency_key_reused",
                S::UNPROCESSABLE_ENTITY,
                "Idempotency key reused",
                "This Idempotency-Key was used with another request.",
            ),
            Self::IdempotencyKeyInUse => (
                "idempotency_key_in_use",
                S::CONFLICT,
                "Idempotency key in use",
                "The first request with this Idempotency-Key is still running.",
            ),
            Self::Internal => (
                "internal",
                S::INTERNAL_SERVER_ERROR,
                "Internal error",
                "The server failed; report the trace id if it happens again.",
            ),
            Self::Unavailable => (
                "unavailable",
                S::SERVICE_UNAVAILABLE,
                "Unavailable",
                "The server cannot answer just now; try again later.",
            ),
            Self::Timeout => (
                "timeout",
                S::SERVICE_UNAVAILABLE,
                "Timeout",
                "The answer took too long; try again later.",
            ),
            Self::InsufficientStorage => (
                "insufficient_storage",
                S::INSUFFICIENT_STORAGE,
                "Insufficient storage",
                "The server has no room left for this file.",
            ),
            Self::RangeNotSatisfiable => (
                "range_not_satisfiable",
                S::RANGE_NOT_SATISFIABLE,
                "Range not satisfiable",
                "The file does not reach as far as `Range` asks; `Content-Range` says how large it is.",
            ),
        }
    }

    /// The word itself.
    pub fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// The status this code always comes with.
    pub fn status(self) -> StatusCode {
        self.entry().1
    }

    /// A short title, the same for every occurrence.
    pub fn title(self) -> &'static str {
        self.entry().2
    }

    /// What the code means in general.
    pub fn summary(self) -> &'static str {
        self.entry().3
    }

    /// What whoever sent the request can do about it; code stands between backticks.
    pub fn advice(self) -> &'static str {
        match self {
            Self::MalformedRequest => {
                "Correct the request; `detail` says what could not be read. Sending it again unchanged fails again."
            }
            Self::InvalidParameter => {
                "Correct the query parameters that `errors` names: each `pointer` is a parameter, each `detail` says what it may be. \
                 Unknown parameters are refused, so that a misspelt one is never ignored."
            }
            Self::InvalidCursor => {
                "Start again at the first page, without `cursor`. A cursor is only good for the list, filters and order that it came \
                 with; pass it on as it is."
            }
            Self::NotFound => {
                "Check the address. What is not published, or was withdrawn, is not found either; and neither is an article in a \
                 language that it does not have, where `fallback=none` insists on one."
            }
            Self::Retracted => {
                "Show `reason` in place of the article, and delete copies of it. A retraction can be undone, so do not keep this \
                 answer for good."
            }
            Self::PreviewExpired => {
                "Ask whoever sent the link for a new one; `POST /api/v1/manage/articles/{id}/previews` makes it."
            }
            Self::MethodNotAllowed => "Use one of the methods that the header `Allow` lists.",
            Self::RequestTimeout => {
                "Send the request again; if it fails again, look at the connection."
            }
            Self::Conflict => {
                "Fetch what is there now, and decide whether the change still makes sense."
            }
            Self::HeldBack => {
                "Follow the header `Link` (`rel=\"related\"`) to what was found. Repair it with `POST /api/v1/manage/findings/repair`, or say with \
                 `POST /api/v1/manage/findings/dismiss` that it may stay; then publish again."
            }
            Self::PayloadTooLarge => {
                "Send a smaller body, or several requests; `detail` says how much is read."
            }
            Self::UnsupportedMediaType => {
                "Send JSON, and say so with `Content-Type: application/json`; changes also as `application/merge-patch+json`."
            }
            Self::InvalidBody => {
                "Correct the members that `errors` names: each `pointer` (RFC 6901) leads to one, each `detail` says what it may be."
            }
            Self::Unauthenticated => {
                "Sign in with `POST /api/v1/auth/token` and send `Authorization: Bearer` with the access token, or send an API key the same way."
            }
            Self::InvalidToken => {
                "Refresh the access token with `POST /api/v1/auth/refresh`, or sign in again; an API key that is expired or revoked needs a new one."
            }
            Self::InvalidCredentials => {
                "Check both. Whether there is such an account is not told. After several failures the next attempt has to wait."
            }
            Self::Forbidden => "`detail` says which role is needed. Ask an administrator for it.",
            Self::InsufficientScope => "Use a key whose `scopes` have the one that `detail` names.",
            Self::PreconditionFailed => {
                "Fetch it again, see what changed, and send the change again with the new ETag in `If-Match`."
            }
            Self::PreconditionRequired => {
                "Fetch the resource and send its `ETag` as `If-Match`, so that no change of somebody else is lost."
            }
            Self::TooManyRequests => {
                "Wait for the number of seconds that the header `Retry-After` says."
            }
            Self::IdempotencyKeyReused => {
                "Make a new key for every new request, and use it again only to repeat the very same one."
            }
            Self::IdempotencyKeyInUse => {
                "Try again shortly; the answer of the first request is repeated then."
            }
            Self::Internal => {
                "Nothing is wrong with the request. Try again later; if it fails again, report `trace_id` to those who run this \
                 server: it finds the cause in their log."
            }
            Self::Unavailable => {
                "Try again after the number of seconds that the header `Retry-After` says."
            }
            Self::Timeout => {
                "Try again after the number of seconds that the header `Retry-After` says. If it happens often, ask for less: a \
                 smaller `limit`, fewer parts with `include`."
            }
            Self::InsufficientStorage => {
                "Nothing was kept. Tell those who run this server that its storage is full; try again once there is room."
            }
            Self::RangeNotSatisfiable => {
                "Ask for a part that begins before the end of the file, or leave `Range` out."
            }
        }
    }

    /// The last segment of `type`: the word with hyphens.
    pub fn slug(self) -> String {
        self.as_str().replace('_', "-")
    }

    /// Seconds after which another attempt makes sense, for `Retry-After`.
    pub(super) fn retry_after(self) -> Option<u16> {
        matches!(
            self,
            Self::Unavailable | Self::Timeout | Self::TooManyRequests | Self::IdempotencyKeyInUse
        )
        .then_some(1)
    }

    /// The code for a status that was chosen elsewhere; a status that no code has falls back by its class.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::PRECONDITION_FAILED => Self::PreconditionFailed,
            StatusCode::PRECONDITION_REQUIRED => Self::PreconditionRequired,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::UNPROCESSABLE_ENTITY => Self::InvalidBody,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            StatusCode::GATEWAY_TIMEOUT => Self::Timeout,
            StatusCode::INSUFFICIENT_STORAGE => Self::InsufficientStorage,
            StatusCode::RANGE_NOT_SATISFIABLE => Self::RangeNotSatisfiable,
            other if other.is_server_error() => Self::Internal,
            _ => Self::MalformedRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn every_code_is_listed_and_spelt_as_on_the_wire() {
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
        let schema = serde_json::to_value(ProblemCode::schema()).unwrap();
        assert_eq!(
            schema["enum"].as_array().unwrap().len(),
            ProblemCode::ALL.len()
        );
    }
}
