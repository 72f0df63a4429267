//! The route table of version 1.

pub mod batch;
pub mod delivery;
pub mod dto;
pub mod management;

use actix_web::middleware::from_fn;
use utoipa_actix_web::{scope, service_config::ServiceConfig};

use crate::http::auth;

/// Every route of version 1.
pub fn configure(config: &mut ServiceConfig) {
    use management::articles as managed_articles;
    use management::categories as managed_categories;
    use management::findings;
    use management::link_groups as managed_link_groups;
    use management::media as managed_media;
    use management::menus as managed_menus;
    use management::previews as managed_previews;
    use management::script_phrases;
    use management::sites as managed_sites;
    use management::sources as managed_sources;
    use management::tokens;
    use management::topics as managed_topics;
    use management::transitions;
    use management::{analytics, api_keys, audit, users, visibility};
    use management::{hygiene_rules, hygiene_scans};
    use management::{revision_diff, revisions};

    use delivery::{
        articles, categories, counters, history, link_groups, media, menus, previews, rankings,
        search, sites, sources, suggestions, topics,
    };
    config.service(
        scope("/api/v1/auth")
            .service(tokens::create_token)
            .service(tokens::refresh_token)
            .service(tokens::revoke_token)
            .service(tokens::get_account)
            .service(tokens::change_password)
            .wrap(from_fn(auth::authenticate)),
    );
    config.service(
        scope("/api/v1/manage")
            .service(batch::run_batch)
            .service(managed_articles::list_managed_articles)
            .service(managed_articles::create_article)
            .service(managed_articles::get_managed_article)
            .service(managed_articles::update_article)
            .service(managed_articles::delete_article)
            .service(managed_articles::put_translation)
            .service(managed_articles::delete_translation)
            .service(transitions::transition_article)
            .service(revisions::list_revisions)
            .service(revisions::get_revision)
            .service(revision_diff::diff_revision)
            .service(revisions::update_revision)
            .service(revisions::restore_revision)
            .service(visibility::get_article_visibility)
            .service(managed_previews::create_preview)
            .service(managed_topics::list_managed_topics)
            .service(managed_topics::create_topic)
            .service(managed_topics::get_managed_topic)
            .service(managed_topics::update_topic)
            .service(managed_topics::delete_topic)
            .service(managed_sites::list_managed_sites)
            .service(managed_sites::create_site)
            .service(managed_sites::get_managed_site)
            .service(managed_sites::update_site)
            .service(managed_sites::delete_site)
            .service(managed_categories::list_managed_categories)
            .service(managed_categories::create_category)
            .service(managed_categories::get_managed_category)
            .service(managed_categories::update_category)
            .service(managed_categories::delete_category)
            .service(managed_sources::list_managed_sources)
            .service(managed_sources::create_source)
            .service(managed_sources::get_managed_source)
            .service(managed_sources::update_source)
            .service(managed_sources::delete_source)
            .service(managed_sources::merge_source)
            .service(managed_menus::list_managed_menus)
            .service(managed_menus::create_menu)
            .service(managed_menus::get_managed_menu)
            .service(managed_menus::update_menu)
            .service(managed_menus::delete_menu)
            .service(managed_link_groups::list_managed_link_groups)
            .service(managed_link_groups::create_link_group)
            .service(managed_link_groups::get_managed_link_group)
            .service(managed_link_groups::update_link_group)
            .service(managed_link_groups::delete_link_group)
            .service(script_phrases::list_script_phrases)
            .service(script_phrases::create_script_phrase)
            .service(script_phrases::get_script_phrase)
            .service(script_phrases::update_script_phrase)
            .service(script_phrases::delete_script_phrase)
            .service(managed_media::list_managed_media)
            .service(managed_media::create_media)
            .service(managed_media::get_managed_media)
            .service(managed_media::update_media)
            .service(managed_media::delete_media)
            .service(users::list_users)
            .service(users::create_user)
            .service(users::get_user)
            .service(users::update_user)
            .service(users::delete_user)
            .service(api_keys::list_api_keys)
            .service(api_keys::create_api_key)
            .service(api_keys::get_api_key)
            .service(api_keys::update_api_key)
            .service(api_keys::delete_api_key)
            .service(findings::list_findings)
            .service(findings::repair_findings)
            .service(findings::dismiss_findings)
            .service(hygiene_rules::list_hygiene_rules)
            .service(hygiene_rules::create_hygiene_rule)
            .service(hygiene_rules::get_hygiene_rule)
            .service(hygiene_rules::update_hygiene_rule)
            .service(hygiene_rules::delete_hygiene_rule)
            .service(hygiene_scans::list_hygiene_scans)
            .service(hygiene_scans::create_hygiene_scan)
            .service(hygiene_scans::get_hygiene_scan)
            .service(audit::list_audit_entries)
            .service(analytics::list_category_freshness)
            .service(analytics::get_analytics)
            .wrap(from_fn(auth::authenticate)),
    );
    config.service(
        scope("/api/v1")
            // Patterns are tried in this order, so what is asked for most stands first.
            .service(articles::list_articles)
            // Before the ids: `changes` is none.
            .service(articles::list_article_changes)
            .service(articles::get_article)
            .service(articles::get_article_by_slug)
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
            .service(counters::get_article_views)
            .service(counters::count_article_view)
            .service(counters::count_views)
            .service(counters::count_attachment_download)
            .service(counters::get_site_visits)
            .service(counters::count_site_visit)
            .service(counters::get_counting_policy)
            .service(history::get_article_view_history)
            .service(rankings::get_ranking)
            .service(search::search_articles)
            .service(suggestions::suggest_search)
            .service(media::get_media_file)
            .service(previews::get_preview),
    );
}
