//! The API as its users meet it: over HTTP, on both databases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says where"
)]

mod access_sweep;
mod article_media;
mod articles;
mod batch;
mod bodies;
mod categories;
mod category_paths;
mod changes;
mod checklist;
mod citations;
mod command_line;
mod compression;
mod conditional;
mod contract;
mod cors;
mod counter_crashes;
mod counter_instances;
mod counter_troubles;
mod counters;
mod counters_kept;
mod counters_live;
mod counters_refused;
mod counting_guide;
mod counts;
mod demo;
mod docs;
mod editing_guide;
mod examples;
mod exports;
mod federation;
mod freshness;
mod fuzz;
mod fuzz_writes;
mod group_commit;
mod guide;
mod imports;
mod link_groups;
mod lists;
mod manage_analytics;
mod manage_api_keys;
mod manage_articles;
mod manage_audit;
mod manage_categories;
mod manage_link_groups;
mod manage_menus;
mod manage_script_phrases;
mod manage_sites;
mod manage_sources;
mod manage_topics;
mod manage_users;
mod managed_visibility;
mod media;
mod media_bad_forms;
mod media_bad_input;
#[cfg(feature = "s3")]
mod media_buckets;
mod media_crashes;
mod media_delivery;
mod media_doctor;
mod media_files;
mod media_guide;
mod media_races;
#[cfg(feature = "s3")]
mod media_s3;
#[cfg(feature = "s3")]
mod media_storage;
mod menus;
mod opening_balances;
mod pagination;
mod previews;
mod rankings;
mod requests;
mod retraction;
mod revision_diff;
mod revision_history;
mod revisions;
mod scheduling;
mod schema;
mod script_variants;
mod search;
mod search_guide;
mod search_index;
mod search_merges;
mod sign_in;
mod sites;
mod slugs;
mod spec_rules;
mod startup;
mod suggestions;
mod support;
mod token_attacks;
mod tokens;
mod topics;
mod transition_bodies;
mod transitions;
mod upgrade;
mod view_history;
mod visibility;
mod why_visible;
