//! The edge: JSON, status codes, headers. No SQL, no rule of the domain.

pub mod health;
pub mod language;
pub mod links;
pub mod methods;
pub mod openapi;
pub mod pagination;
pub mod problem;
pub mod query;
pub mod request;
pub mod v1;

use utoipa_actix_web::service_config::ServiceConfig;

/// Every documented route.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(health::get_liveness)
        .service(health::get_readiness)
        .configure(v1::configure);
}
