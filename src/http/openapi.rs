//! The OpenAPI document, generated from the handlers; and what holds for all of it.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{App, HttpRequest, HttpResponse, get};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, RefOr};
use utoipa::{Modify, OpenApi as _};
use utoipa_actix_web::AppExt;

use crate::http::conditional::Documented;
use crate::http::counted;
use crate::http::examples::Examples;
use crate::http::fixed::{Fixed, Keep};
use crate::http::problem::Problem;
use crate::http::v1::delivery::previews;
use crate::http::v1::management::document::ManagedHeaders;
use crate::http::well_known;

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
        (name = "menus", description = "Navigation"),
        (name = "links", description = "Groups of links to other places"),
        (name = "topics", description = "Subjects that articles are gathered under"),
        (name = "sources", description = "The media that articles come from"),
        (name = "articles", description = "Published articles"),
        (name = "search", description = "Articles that have certain words, in both Chinese scripts"),
        (name = "counters", description = "Views, downloads, visits, rankings: live numbers, and by which rules they are counted"),
        (name = "media", description = "The bytes of files, and smaller copies of pictures"),
        (name = "previews", description = "One revision of an article for whoever has a link to it"),
        (name = "tokens", description = "Signing in, and the account behind a token or key"),
        (name = "management", description = "Everything in every state, for those who may change it"),
        (name = "accounts", description = "Accounts and API keys"),
        (name = "hygiene", description = "Injected text: what was found, and its repair"),
        (name = "audit", description = "Who changed what, and when"),
        (name = "health", description = "For those who run the server"),
    ),
    components(schemas(super::problem::ProblemBody, super::language::Fallback, super::pagination::CountKind,
        super::parameters::ArticleSort, super::parameters::SortOrder, super::v1::dto::search::SearchSort)),
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
    Bearer.modify(&mut document);
    Documented.modify(&mut document);
    well_known::Documented.modify(&mut document);
    previews::Documented.modify(&mut document);
    ManagedHeaders.modify(&mut document);
    counted::Documented.modify(&mut document);
    Examples.modify(&mut document);
    document
}

/// The document as text: two spaces, a line break at the end.
pub fn text(document: &OpenApi) -> Result<String, serde_json::Error> {
    document.to_pretty_json().map(|json| json + "\n")
}

/// Whether a schema is of a body that clients send: there members may be left out.
fn is_request(name: &str) -> bool {
    ["Create", "Update", "Replace", "Request"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// In answers no member is ever missing; what is absent is `null`.
struct EveryMember;

impl Modify for EveryMember {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::new);
        let schemas: &mut BTreeMap<String, RefOr<Schema>> = &mut components.schemas;
        for (name, schema) in schemas.iter_mut() {
            if let RefOr::T(Schema::Object(object)) = schema
                && !is_request(name)
            {
                object.required = object.properties.keys().cloned().collect();
            }
        }
    }
}

/// How callers say who they are, under the name that operations refer to.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An access token of `POST /api/v1/auth/token`, an API key (`mh_...`), or a token of the identity provider that \
                 this server is set up with.",
            ))
            .build();
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The document as it is served, made once.
#[derive(Debug)]
pub struct SpecText(Fixed);

impl SpecText {
    /// Renders the document.
    pub fn render(document: &OpenApi) -> Result<Self, serde_json::Error> {
        text(document).map(|json| Self(Fixed::new("application/json", Keep::FiveMinutes, json)))
    }
}

/// The document itself; not part of it.
#[get("/openapi.json")]
pub async fn get_openapi(req: HttpRequest, spec: Data<SpecText>) -> Result<HttpResponse, Problem> {
    spec.0.answer(&req)
}
