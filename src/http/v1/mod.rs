//! The route table of version 1.

pub mod delivery;
pub mod dto;

use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// Every route of version 1.
pub fn configure(config: &mut ServiceConfig) {
    use delivery::{articles, categories, link_groups, menus, sites, sources, topics};
    config.service(
        scope("/api/v1")
            .service(sites::list_sites)
            .service(sites::get_site)
            .service(menus::list_menus)
            .service(menus::get_menu)
            .service(link_groups::list_link_groups)
            .service(categories::list_categories)
            .service(categories::get_category_by_path)
            .service(categories::get_category)
            .service(sources::list_sources)
            .service(sources::get_source)
            .service(topics::list_topics)
            .service(topics::get_topic)
            .service(articles::list_articles)
            // Before the ids: `changes` is none.
            .service(articles::list_article_changes)
            .service(articles::get_article)
            .service(articles::get_article_by_slug),
    );
}
