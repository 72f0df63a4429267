//! The route table of version 1.

pub mod delivery;
pub mod dto;

use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// Every route of version 1.
pub fn configure(config: &mut ServiceConfig) {
    use delivery::{articles, categories, sites, sources};
    config.service(
        scope("/api/v1")
            .service(sites::list_sites)
            .service(sites::get_site)
            .service(categories::list_categories)
            .service(sources::list_sources)
            .service(sources::get_source)
            .service(articles::list_articles)
            .service(articles::get_article),
    );
}
