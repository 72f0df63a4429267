//! The edge: JSON, status codes, headers. No SQL, no rule of the domain.

pub mod address;
pub mod auth;
pub mod body;
pub mod cached;
pub mod compression;
pub mod conditional;
pub mod connections;
pub mod cors;
pub mod counted;
pub mod docs;
pub mod examples;
pub mod file_body;
pub mod fixed;
pub mod health;
pub mod idempotency;
pub mod language;
pub mod links;
pub mod methods;
pub mod openapi;
pub mod pagination;
pub mod parameters;
pub mod part_lengths;
pub mod path;
pub mod preview_token;
pub mod problem;
pub mod query;
pub mod range;
pub mod request;
pub mod upload;
pub mod v1;
pub mod well_known;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use self::problem::pages as problem_pages;

/// Every documented route.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(health::get_liveness)
        .service(health::get_readiness)
        .service(well_known::get_jwks)
        .configure(v1::configure);
}

/// Addresses of [`pages`].
pub const PAGES: [&str; 6] = [
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/{file}",
    "/problems",
    "/problems/{slug}",
];

/// What answers GET and is not in the document, such as the document itself.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .service(openapi::get_openapi)
        .service(docs::get_docs)
        .service(docs::get_docs_below)
        .service(docs::get_docs_file)
        .service(problem_pages::list_problems)
        .service(problem_pages::get_problem);
}
