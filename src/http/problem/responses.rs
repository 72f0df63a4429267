//! The errors that operations share, as the spec shows them. Knows which go together, not who answers them.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{
    ContentBuilder, Header, KnownFormat, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
    SchemaFormat, Type,
};
use utoipa::{IntoResponses, ToSchema};

use super::{MEDIA_TYPE, Problem, ProblemBody, ProblemCode};
use crate::error::{Error, Fault};

/// What any operation may answer, whatever it does: 413, 500, 503.
pub struct ServerProblems;

/// What an operation that reads a collection may answer: 400 and [`ServerProblems`].
pub struct ReadProblems;

/// What an operation that reads one thing may answer: 404 and [`ReadProblems`].
pub struct ItemProblems;

/// What an operation that reads one article may answer: 410 and [`ItemProblems`].
pub struct ArticleProblems;

/// What an operation that counts may answer: 415, 422 and [`ItemProblems`].
pub struct CountProblems;

/// What an operation that counts something of one article may answer: 410 and [`CountProblems`].
pub struct ArticleCountProblems;

/// What a preview link may answer: 410 and [`ItemProblems`].
pub struct PreviewProblems;

/// What an operation that lists things to manage may answer: 401, 403 and [`ReadProblems`].
pub struct ManagedListProblems;

/// What an operation that reads one thing to manage may answer: 404 and [`ManagedListProblems`].
pub struct ManagedItemProblems;

/// What an operation that makes something may answer: 409, 415, 422 and [`ManagedListProblems`].
pub struct CreateProblems;

/// What an operation that delivers a file may answer: 304, 416 and [`ItemProblems`].
pub struct FileProblems;

/// What an operation that takes a file may answer: 408, 507 and [`CreateProblems`].
pub struct UploadProblems;

/// What an operation that changes something may answer: 404, 412, 428 and [`CreateProblems`].
pub struct ChangeProblems;

/// What an operation that renews tokens may answer: 401 and [`RevokeProblems`].
pub struct RefreshProblems;

/// What an operation that looks at a password may answer: 429 and [`RefreshProblems`].
pub struct TokenProblems;

/// What an operation that takes tokens back may answer: 400, 415, 422 and [`ServerProblems`].
pub struct RevokeProblems;

/// What an operation on the caller's own account may answer: 400, 401 and [`ServerProblems`].
pub struct AccountProblems;

/// What the change of a password may answer: 403 and [`TokenProblems`].
pub struct PasswordProblems;

/// What an operation that deletes something may answer: [`ChangeProblems`] without those of a body.
pub struct DeleteProblems;

/// What an operation that changes something may answer where no other record can stand in its way: [`ChangeProblems`] without 409.
pub struct FreeChangeProblems;

/// What an operation that deletes something may answer where nothing holds it: [`DeleteProblems`] without 409.
pub struct FreeDeleteProblems;

type Responses = BTreeMap<String, RefOr<Response>>;

impl IntoResponses for ServerProblems {
    fn responses() -> Responses {
        [
            documented(
                "Too large: the request has a body larger than the server reads",
                &Problem::payload_too_large(8 << 20),
            ),
            documented(
                "A fault of the server",
                &Problem::new(ProblemCode::Internal),
            ),
            documented(
                "The server cannot answer just now; try again after `Retry-After` seconds",
                &Problem::new(ProblemCode::Unavailable),
            ),
        ]
        .into()
    }
}

impl IntoResponses for ReadProblems {
    fn responses() -> Responses {
        let limit = Fault::new(
            "/limit",
            "invalid",
            "`limit` must be an integer from 1 to 100",
        );
        let mut all = ServerProblems::responses();
        all.extend([documented(
            "The query parameters cannot be used; `errors` names each fault",
            &Problem::bad_parameter(vec![limit]),
        )]);
        all
    }
}

impl IntoResponses for ItemProblems {
    fn responses() -> Responses {
        let mut all = ReadProblems::responses();
        all.extend([documented(
            "There is no such thing, or not for this reader",
            &Problem::not_found(),
        )]);
        all
    }
}

impl IntoResponses for ArticleProblems {
    fn responses() -> Responses {
        let mut all = ItemProblems::responses();
        all.extend([documented(
            "The article was public and was taken back: `reason` says why, `retracted_at` since when",
            &Problem::example(ProblemCode::Retracted),
        )]);
        all
    }
}

impl IntoResponses for CountProblems {
    fn responses() -> Responses {
        let visitor = Fault::new(
            "/visitor",
            "invalid",
            "`visitor` must be a key of 1 to 200 characters without control characters, such as a random id kept in a cookie",
        );
        let mut all = ItemProblems::responses();
        all.extend([
            documented(
                "There is a body, and it is not said to be JSON",
                &Problem::new(ProblemCode::UnsupportedMediaType),
            ),
            documented(
                "The members of the body cannot be used; `errors` names each fault. Or the `Idempotency-Key` was used for another request",
                &Error::Invalid(vec![visitor]).into(),
            ),
        ]);
        all
    }
}

impl IntoResponses for ArticleCountProblems {
    fn responses() -> Responses {
        let mut all = ArticleProblems::responses();
        all.extend(CountProblems::responses());
        all
    }
}

impl IntoResponses for PreviewProblems {
    fn responses() -> Responses {
        let ended_at = "2026-05-21T01:00:00Z".to_owned();
        let mut all = ItemProblems::responses();
        all.extend([documented(
            "The preview was good once, and is over",
            &Error::PreviewExpired { ended_at }.into(),
        )]);
        all
    }
}

impl IntoResponses for RevokeProblems {
    fn responses() -> Responses {
        let token = Fault::new("/refresh_token", "required", "`refresh_token` is required");
        let mut all = ServerProblems::responses();
        all.extend([
            documented(
                "The body is not JSON, or the query parameters cannot be used",
                &Problem::new(ProblemCode::MalformedRequest),
            ),
            documented(
                "The body is said to be something else than JSON",
                &Problem::new(ProblemCode::UnsupportedMediaType),
            ),
            documented(
                "The members of the body cannot be used; `errors` names each fault",
                &Error::Invalid(vec![token]).into(),
            ),
        ]);
        all
    }
}

impl IntoResponses for RefreshProblems {
    fn responses() -> Responses {
        let mut all = RevokeProblems::responses();
        all.extend([documented(
            "The password or token is not accepted",
            &Error::BadCredentials.into(),
        )]);
        all
    }
}

impl IntoResponses for TokenProblems {
    fn responses() -> Responses {
        let mut all = RefreshProblems::responses();
        all.extend([documented(
            "Too many failed attempts; try again after `Retry-After` seconds",
            &Error::TooManyAttempts { wait_s: 4 }.into(),
        )]);
        all
    }
}

impl IntoResponses for AccountProblems {
    fn responses() -> Responses {
        let mut all = ServerProblems::responses();
        all.extend([
            documented(
                "There are query parameters, and none are known here",
                &Problem::bad_parameter(Vec::new()),
            ),
            documented(
                "There is no token or key, or it is not accepted; `WWW-Authenticate` says why",
                &Error::Unauthenticated.into(),
            ),
        ]);
        all
    }
}

impl IntoResponses for PasswordProblems {
    fn responses() -> Responses {
        let present = Fault::new(
            "/current_password",
            "invalid",
            "`current_password` is not the present password",
        );
        let mut all = TokenProblems::responses();
        all.extend([
            documented(
                "There is no token, or it is not accepted; `WWW-Authenticate` says why",
                &Error::Unauthenticated.into(),
            ),
            documented(
                "The caller has an API key, which cannot do this",
                &Error::Forbidden(
                    "an API key cannot change the password; sign in for that".to_owned(),
                )
                .into(),
            ),
            documented(
                "The members of the body cannot be used, or the present password is wrong; `errors` names each fault",
                &Error::Invalid(vec![present]).into(),
            ),
        ]);
        all
    }
}

impl IntoResponses for ManagedListProblems {
    fn responses() -> Responses {
        let mut all = ReadProblems::responses();
        all.extend([
            documented(
                "There is no token or key, or it is not accepted; `WWW-Authenticate` says why",
                &Error::Unauthenticated.into(),
            ),
            documented(
                "The role does not allow it, or the token or key lacks a scope",
                &Error::Forbidden("this needs the role `editor` in this site".to_owned()).into(),
            ),
        ]);
        all
    }
}

impl IntoResponses for ManagedItemProblems {
    fn responses() -> Responses {
        let mut all = ManagedListProblems::responses();
        all.extend([documented(
            "There is no such thing, or not for this caller",
            &Problem::not_found(),
        )]);
        all
    }
}

impl IntoResponses for CreateProblems {
    fn responses() -> Responses {
        let title = Fault::new("/title", "required", "`title` is required");
        let mut all = ManagedListProblems::responses();
        all.extend([
            documented(
                "Another record stands in the way, or the request with this `Idempotency-Key` still runs",
                &Problem::new(ProblemCode::Conflict),
            ),
            documented(
                "The body is not JSON, or does not say that it is",
                &Problem::new(ProblemCode::UnsupportedMediaType),
            ),
            documented(
                "The body cannot be used; `errors` names each fault. Or the `Idempotency-Key` was used for another request",
                &Problem::from(Error::Invalid(vec![title])),
            ),
        ]);
        all
    }
}

impl IntoResponses for FileProblems {
    fn responses() -> Responses {
        let mut all = ItemProblems::responses();
        let part = ResponseBuilder::new()
            .description("The part of the file that `Range` asks for; `Content-Range` says which");
        let unchanged = ResponseBuilder::new().description(
            "Not modified: `If-None-Match` or `If-Modified-Since` says that the client has it already",
        );
        all.insert("206".to_owned(), part.build().into());
        all.insert("304".to_owned(), unchanged.build().into());
        all.extend([documented(
            "The part that `Range` asks for begins behind the end of the file",
            &Problem::new(ProblemCode::RangeNotSatisfiable),
        )]);
        all
    }
}

impl IntoResponses for UploadProblems {
    fn responses() -> Responses {
        let mut all = CreateProblems::responses();
        let kind = Fault::new(
            "/file",
            "type_not_allowed",
            "`file` is an SVG picture, which can hold scripts; export it as PNG or WebP",
        );
        all.extend([
            documented(
                "Nothing of the file arrived for too long",
                &Error::Stalled { seconds: 20 }.into(),
            ),
            documented(
                "The file, or what is said about it, cannot be used; `errors` says why and what to do. Or the `Idempotency-Key` was used \
                 for another request",
                &Problem::from(Error::Invalid(vec![kind])),
            ),
            documented(
                "The body is not `multipart/form-data`",
                &Problem::new(ProblemCode::UnsupportedMediaType)
                    .with_detail("A file is sent as `multipart/form-data`, in a part called `file`."),
            ),
            documented(
                "The storage is full; nothing was kept",
                &Problem::new(ProblemCode::InsufficientStorage),
            ),
        ]);
        all
    }
}

impl IntoResponses for ChangeProblems {
    fn responses() -> Responses {
        let mut all = CreateProblems::responses();
        all.extend(ManagedItemProblems::responses());
        all.extend([
            documented(
                "It was changed since the caller looked; `ETag` has its present version",
                &Error::Stale { version: 3 }.into(),
            ),
            documented(
                "`If-Match` is missing",
                &Problem::new(ProblemCode::PreconditionRequired),
            ),
        ]);
        all
    }
}

impl IntoResponses for DeleteProblems {
    fn responses() -> Responses {
        let mut all = ChangeProblems::responses();
        for status in ["415", "422"] {
            all.remove(status);
        }
        all
    }
}

impl IntoResponses for FreeChangeProblems {
    fn responses() -> Responses {
        let mut all = ChangeProblems::responses();
        all.remove("409");
        all
    }
}

impl IntoResponses for FreeDeleteProblems {
    fn responses() -> Responses {
        let mut all = DeleteProblems::responses();
        all.remove("409");
        all
    }
}

/// The entry for `problem` in the spec, with an example made by the code that answers requests.
fn documented(description: &str, problem: &Problem) -> (String, RefOr<Response>) {
    let body = problem.body(
        "https://news.example.org",
        "/api/v1/articles",
        "4bf92f3577b34da6a3ce929d0e0e4736",
    );
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemBody::name())))
        .example(serde_json::to_value(&body).ok())
        .build();
    let mut response = ResponseBuilder::new()
        .description(description)
        .content(MEDIA_TYPE, content);
    if problem.code().retry_after().is_some() {
        response = response.header("Retry-After", retry_after_header());
    }
    for (status, name, about) in [
        (
            401,
            "WWW-Authenticate",
            "How to sign in, and what is wrong with the token (RFC 6750)",
        ),
        (412, "ETag", "The present version"),
    ] {
        if body.status == status {
            response = response.header(name, text_header(about));
        }
    }
    (body.status.to_string(), response.build().into())
}

fn text_header(about: &str) -> Header {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(8192));
    HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(about))
        .build()
}

fn retry_after_header() -> Header {
    let seconds = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(1))
        .maximum(Some(3600));
    HeaderBuilder::new()
        .schema(Some(seconds))
        .description(Some("Seconds to wait before the next attempt"))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_responses_are_complete() {
        let all = serde_json::to_value(ItemProblems::responses()).unwrap();
        let keys: Vec<_> = all.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["400", "404", "413", "500", "503"]);
        let content = &all["404"]["content"][MEDIA_TYPE];
        assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem");
        assert_eq!(content["example"]["code"], "not_found");
        assert!(all["503"]["headers"]["Retry-After"].is_object());
    }
}
