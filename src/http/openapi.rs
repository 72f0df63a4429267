//! The OpenAPI document, generated from the handlers; and what holds for all of it.

use std::collections::BTreeMap;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpResponse, get};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, OpenApi, RefOr};
use utoipa::{Modify, OpenApi as _};
use utoipa_actix_web::AppExt;

/// What the handlers cannot know.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "masthead",
        version = "1.0.0",
        description = "Headless content API for news portals. Two surfaces, one document: delivery is anonymous and shows \
                       published content only.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "sites", description = "Portals and the fixed texts around their pages"),
        (name = "categories", description = "Category trees with their numbers of articles"),
        (name = "sources", description = "The media that articles come from"),
        (name = "articles", description = "Published articles"),
        (name = "health", description = "For those who run the server"),
    ),
    components(schemas(super::problem::ProblemBody, super::language::Fallback)),
)]
struct Base;

/// The document without paths, for the application that collects them.
pub fn base() -> OpenApi {
    Base::openapi()
}

/// The whole document, as `openapi/v1.json` and `/openapi.json` have it.
pub fn document() -> OpenApi {
    let mut document = App::new()
        .into_utoipa_app()
        .openapi(base())
        .configure(super::routes)
        .split_for_parts()
        .1;
    EveryMember.modify(&mut document);
    document
}

/// The document as text: two spaces, a line break at the end.
pub fn text(document: &OpenApi) -> Result<String, serde_json::Error> {
    document.to_pretty_json().map(|json| json + "\n")
}

/// In answers no member is ever missing; what is absent is `null`.
struct EveryMember;

impl Modify for EveryMember {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::new);
        let schemas: &mut BTreeMap<String, RefOr<Schema>> = &mut components.schemas;
        for schema in schemas.values_mut() {
            if let RefOr::T(Schema::Object(object)) = schema {
                object.required = object.properties.keys().cloned().collect();
            }
        }
    }
}

/// The document as bytes, made once.
#[derive(Clone)]
pub struct SpecText(Bytes);

impl SpecText {
    /// Renders the document.
    pub fn render(document: &OpenApi) -> Result<Self, serde_json::Error> {
        text(document).map(|json| Self(json.into()))
    }
}

/// The document itself; not part of it.
#[get("/openapi.json")]
pub async fn get_openapi(spec: Data<SpecText>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "public, max-age=0, must-revalidate"))
        .body(spec.0.clone())
}
