//! What holds for the document of all management operations: headers that writes take and bring, media types of patches.

use utoipa::Modify;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{
    Header, ObjectBuilder, OpenApi, RefOr, Required, Response, ResponseBuilder, Type,
};

use crate::http::idempotency;

/// Where these operations are.
const MANAGED: &str = "/api/v1/manage/";

/// Puts into the document what handlers have in common.
pub struct ManagedHeaders;

impl Modify for ManagedHeaders {
    fn modify(&self, document: &mut OpenApi) {
        let managed = document
            .paths
            .paths
            .iter_mut()
            .filter(|(path, _)| path.starts_with(MANAGED));
        for (path, item) in managed {
            let is_batch = path.ends_with("/batch");
            // What these make cannot be changed.
            let is_link = path.ends_with("/previews");
            if let Some(read) = item.get.as_mut() {
                reads(read);
            }
            if let Some(create) = item.post.as_mut() {
                // Where one thing that exists is changed by a name of its own, such as `merge`.
                let answers = &create.responses.responses;
                let is_change = answers.contains_key("428") && !is_batch;
                creates(create, is_change, is_link);
            }
            for change in [&mut item.put, &mut item.patch, &mut item.delete] {
                change.iter_mut().for_each(changes);
            }
            if let Some(patch) = item.patch.as_mut() {
                takes_merge_patches(patch);
            }
        }
    }
}

fn reads(operation: &mut Operation) {
    if let Some(response) = answer(operation, "200") {
        show(
            response,
            "ETag",
            "Strong; what `If-Match` takes, where it is of one thing",
        );
        show(response, "Cache-Control", "`private, no-store`");
    }
    let is_list =
        operation.parameters.iter().flatten().any(
            |parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "cursor"),
        );
    if is_list && let Some(response) = answer(operation, "200") {
        show(response, "Link", "The addresses of other pages (RFC 8288)");
    }
    // Accounts and keys tell when they were last used, files whether they are, and rules in which set they stand, which is no change of theirs.
    let is_live = operation.tags.as_deref() == Some(&["accounts".to_owned()])
        || ["getManagedMedia", "getHygieneRule"]
            .map(Some)
            .contains(&operation.operation_id.as_deref());
    if !is_list && is_live {
        return;
    }
    let unchanged = ResponseBuilder::new()
        .description("Not modified: `If-None-Match` names what is there")
        .header("ETag", header("Strong; as of what the client has"));
    operation
        .responses
        .responses
        .insert("304".to_owned(), unchanged.build().into());
}

fn creates(operation: &mut Operation, is_change: bool, is_link: bool) {
    idempotency::document(operation);
    if is_change {
        changes(operation);
    }
    if let Some(response) = answer(operation, "201") {
        show(response, "Location", "Where the new thing is");
        if !is_link {
            show(response, "ETag", "Strong; what `If-Match` takes");
        }
    }
}

fn changes(operation: &mut Operation) {
    let about =
        "The ETag of what is changed, so that no change of somebody else is lost; `*` for any.";
    let tag = parameter("If-Match", Required::True, about, 1000, "\"3\"");
    operation.parameters.get_or_insert_default().push(tag);
    if let Some(response) = answer(operation, "200") {
        show(response, "ETag", "Strong; of the thing as it is now");
    }
}

/// PATCH reads both media types alike (RFC 7396).
fn takes_merge_patches(operation: &mut Operation) {
    let Some(RefOr::T(body)) = operation.request_body.as_mut() else {
        return;
    };
    if let Some(json) = body.content.get("application/json").cloned() {
        body.content
            .insert("application/merge-patch+json".to_owned(), json);
    }
}

fn answer<'o>(operation: &'o mut Operation, status: &str) -> Option<&'o mut Response> {
    match operation.responses.responses.get_mut(status) {
        Some(RefOr::T(response)) => Some(response),
        _ => None,
    }
}

fn show(response: &mut Response, name: &str, about: &str) {
    response
        .headers
        .insert(name.to_owned(), header(about).into());
}

fn header(about: &str) -> Header {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(8192));
    HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(about))
        .build()
}

fn parameter(
    name: &str,
    required: Required,
    about: &str,
    max_length: usize,
    example: &str,
) -> RefOr<Parameter> {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(max_length));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(about))
        .schema(Some(text))
        .example(Some(example.into()))
        .build()
        .into()
}
