//! The errors that operations share, as the spec shows them. Knows which go together, not who answers them.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{
    ContentBuilder, Header, KnownFormat, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
    SchemaFormat, Type,
};
use utoipa::{IntoResponses, ToSchema};

use super::{MEDIA_TYPE, Problem, ProblemBody, ProblemCode};
use crate::error::Fault;

/// What any operation may answer, whatever it does: 413, 500, 503.
pub struct ServerProblems;

/// What an operation that reads a collection may answer: 400 and [`ServerProblems`].
pub struct ReadProblems;

/// What an operation that reads one thing may answer: 404 and [`ReadProblems`].
pub struct ItemProblems;

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
    (body.status.to_string(), response.build().into())
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
