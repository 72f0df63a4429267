//! Diesel tables, one declaration for both databases, and the SQL types that both share.

#![expect(
    missing_docs,
    reason = "the macro documents tables, not columns; the migrations explain those"
)]

use diesel::sql_types::SqlType;

/// An instant: `timestamptz` on PostgreSQL, fixed-width RFC 3339 text in UTC on SQLite (sorts as text).
#[derive(Debug, Clone, Copy, Default, diesel::query_builder::QueryId, SqlType)]
#[diesel(postgres_type(name = "timestamptz"), sqlite_type(name = "Text"))]
pub struct UtcTs;

/// A JSON document: `jsonb` on PostgreSQL, text on SQLite.
#[derive(Debug, Clone, Copy, Default, diesel::query_builder::QueryId, SqlType)]
#[diesel(postgres_type(name = "jsonb"), sqlite_type(name = "Text"))]
pub struct JsonDoc;

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Secrets made at the first start, so that instances agree.
    secrets (name) {
        /// What it is for.
        name -> Text,
        /// Its bytes.
        value -> Binary,
        /// When it was made.
        created_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// Portals.
    sites (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        default_locale -> Text,
        locales -> JsonDoc,
        utc_offset -> Text,
        home_label -> Nullable<Text>,
        owner -> Nullable<Text>,
        copyright -> Nullable<Text>,
        copyright_notice -> Nullable<Text>,
        url_template -> Nullable<Text>,
        registrations -> JsonDoc,
        contacts -> JsonDoc,
        credits -> JsonDoc,
        blocks -> JsonDoc,
        identity -> JsonDoc,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
        script_variants -> Bool,
        is_held -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The visitor counter of each site.
    site_counters (site_id) {
        site_id -> BigInt,
        visitors -> BigInt,
        hits -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// The media that articles come from.
    sources (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        url -> Nullable<Text>,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
        is_held -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// The category trees.
    categories (id) {
        id -> BigInt,
        site_id -> BigInt,
        parent_id -> Nullable<BigInt>,
        path -> Text,
        name -> Text,
        position -> BigInt,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
        is_held -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How many articles each category had when the count events were last rolled up.
    category_counts (category_id) {
        category_id -> BigInt,
        articles -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// When articles come (+1) and go (-1) by themselves: in the future and in the last hour. Older ones are rolled up
    /// into the numbers above.
    visibility_events (article_id, delta) {
        article_id -> BigInt,
        delta -> BigInt,
        site_id -> BigInt,
        category_id -> BigInt,
        at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Hand-ordered collections of a site's articles.
    topics (id) {
        id -> BigInt,
        site_id -> BigInt,
        key -> Text,
        title -> Text,
        year -> Nullable<Integer>,
        position -> BigInt,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
        is_held -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Menus.
    menus (id) {
        id -> BigInt,
        site_id -> BigInt,
        key -> Text,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
        is_held -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The items of menus, in pre-order.
    menu_items (menu_id, position) {
        menu_id -> BigInt,
        position -> Integer,
        depth -> Integer,
        label -> Text,
        url -> Nullable<Text>,
        category_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// Titled groups of links.
    link_groups (id) {
        id -> BigInt,
        site_id -> BigInt,
        key -> Text,
        title -> Text,
        links -> JsonDoc,
        position -> BigInt,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
        is_held -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// Articles: state and place; their texts stand in `article_texts`.
    articles (id) {
        id -> BigInt,
        site_id -> BigInt,
        key -> Text,
        slug -> Text,
        category_id -> BigInt,
        status -> Text,
        locale -> Text,
        published_at -> UtcTs,
        published_offset -> Integer,
        published_precision -> Text,
        unpublish_at -> Nullable<UtcTs>,
        event_date -> Nullable<Date>,
        source_line -> Nullable<Text>,
        cover -> Nullable<Text>,
        audio -> JsonDoc,
        has_attachments -> Bool,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
        retracted_at -> Nullable<UtcTs>,
        retraction_reason -> Nullable<Text>,
        revision -> BigInt,
        held_status -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::JsonDoc;

    /// The renditions of articles, the original included.
    article_texts (article_id, locale) {
        article_id -> BigInt,
        locale -> Text,
        slug -> Nullable<Text>,
        title -> Text,
        subtitle -> Nullable<Text>,
        summary -> Nullable<Text>,
        summary_label -> Nullable<Text>,
        byline -> Nullable<Text>,
        keywords -> JsonDoc,
        contributors -> JsonDoc,
        outline -> JsonDoc,
        reading_minutes -> Integer,
        body_html -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Every name that leads to an article, its translations' names included. `locale` is null for the article's own.
    article_slugs (site_id, slug) {
        site_id -> BigInt,
        slug -> Text,
        article_id -> BigInt,
        locale -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Every name that led to an article before; several articles may have had the same one.
    former_slugs (site_id, slug, article_id) {
        site_id -> BigInt,
        slug -> Text,
        article_id -> BigInt,
        locale -> Nullable<Text>,
        retired_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Every save of an article; the newest has no `content`, as it is the article as it stands.
    article_revisions (article_id, number) {
        article_id -> BigInt,
        number -> BigInt,
        version -> BigInt,
        action -> Text,
        status -> Text,
        title -> Text,
        article_version -> BigInt,
        comment -> Nullable<Text>,
        created_by -> Nullable<BigInt>,
        actor -> Text,
        is_pinned -> Bool,
        created_at -> UtcTs,
        superseded_at -> Nullable<UtcTs>,
        content -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Where categories were before.
    former_category_paths (site_id, path) {
        site_id -> BigInt,
        path -> Text,
        category_id -> BigInt,
        retired_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The numbers of each article.
    article_counters (article_id) {
        article_id -> BigInt,
        views -> BigInt,
        downloads -> BigInt,
        citations -> BigInt,
        site_id -> BigInt,
        hits -> BigInt,
        opening_views -> BigInt,
        recounts -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// People and organisations, each once per site.
    contributors (id) {
        id -> BigInt,
        site_id -> BigInt,
        identity -> Text,
        key -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Who made which article, with name and role as printed there.
    article_contributors (article_id, position) {
        article_id -> BigInt,
        position -> Integer,
        contributor_id -> BigInt,
        role -> Text,
        kind -> Text,
        name -> Text,
        affiliation -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The chain of sources of each article, relay first, origin last.
    article_sources (article_id, position) {
        article_id -> BigInt,
        position -> Integer,
        source_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The topics of each article.
    article_topics (article_id, position) {
        article_id -> BigInt,
        position -> Integer,
        topic_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The articles that an editor recommends beside each article.
    article_related (article_id, position) {
        article_id -> BigInt,
        position -> Integer,
        related_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Files that come with articles.
    attachments (id) {
        id -> BigInt,
        article_id -> BigInt,
        position -> Integer,
        name -> Text,
        url -> Text,
        media_type -> Nullable<Text>,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How often each file was fetched.
    attachment_counters (attachment_id) {
        attachment_id -> BigInt,
        downloads -> BigInt,
        hits -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What was counted and is not yet added to the counters.
    pending_counts (kind, reference, day) {
        kind -> SmallInt,
        reference -> BigInt,
        day -> Integer,
        counted -> BigInt,
        hits -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Who was counted within the window, as hashes.
    counting_marks (key) {
        key -> BigInt,
        counted_at -> BigInt,
        counted -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The salts of those hashes.
    visitor_salts (day) {
        day -> Integer,
        salt -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What an article gained in a day, week, month or year.
    article_periods (article_id, period, start) {
        article_id -> BigInt,
        period -> SmallInt,
        start -> Integer,
        site_id -> BigInt,
        views -> BigInt,
        hits -> BigInt,
        downloads -> BigInt,
        citations -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What sites, categories and sources gained a day; a source on each site by itself.
    daily_totals (kind, day, site_id, reference) {
        kind -> SmallInt,
        day -> Integer,
        site_id -> BigInt,
        reference -> BigInt,
        views -> BigInt,
        hits -> BigInt,
        downloads -> BigInt,
        visits -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// How it was decided what counts, since when.
    counting_policies (version) {
        version -> Integer,
        since -> UtcTs,
        rules -> JsonDoc,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Which list shows which published article, in three orders: by publication (the key), by change and by title.
    listings (kind, reference, published_at, article_id) {
        kind -> SmallInt,
        reference -> BigInt,
        published_at -> UtcTs,
        article_id -> BigInt,
        updated_at -> UtcTs,
        title_key -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// When everything last changed: one row.
    change_clock (id) {
        id -> Integer,
        changed_at -> UtcTs,
        modified_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// When each site last changed.
    site_stamps (site_id) {
        site_id -> BigInt,
        modified_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// The last change of each article that is, was or will be public. `changed_at` is null until the transaction that
    /// recorded it stamps it; `public_from`, where the article may have come out meanwhile, until then.
    article_changes (article_id) {
        article_id -> BigInt,
        site_id -> BigInt,
        changed_at -> Nullable<UtcTs>,
        withdrawn_at -> Nullable<UtcTs>,
        reason -> Nullable<Text>,
        public_from -> Nullable<UtcTs>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Work on the data that a migration left to the next start.
    maintenance (task) {
        task -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// Who may sign in.
    users (id) {
        id -> BigInt,
        email -> Text,
        email_key -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        external_subject -> Nullable<Text>,
        role -> Nullable<Text>,
        grants -> JsonDoc,
        is_active -> Bool,
        signed_in_at -> Nullable<UtcTs>,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Sign-ins, each with the one refresh token that is good.
    sessions (id) {
        id -> BigInt,
        user_id -> BigInt,
        generation -> BigInt,
        rotated_at -> UtcTs,
        created_at -> UtcTs,
        expires_at -> UtcTs,
        revoked_at -> Nullable<UtcTs>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// Keys of programs.
    api_keys (id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        prefix -> Text,
        digest -> Binary,
        scopes -> JsonDoc,
        expires_at -> Nullable<UtcTs>,
        last_used_at -> Nullable<UtcTs>,
        revoked_at -> Nullable<UtcTs>,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Keys that sign access tokens.
    signing_keys (kid) {
        kid -> Text,
        private_key -> Binary,
        created_at -> UtcTs,
        signs_from -> UtcTs,
        retires_at -> Nullable<UtcTs>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// What slows down the guessing of passwords.
    sign_in_failures (subject) {
        subject -> Text,
        failures -> BigInt,
        last_failed_at -> UtcTs,
        blocked_until -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// Answers to repeat.
    idempotency_keys (principal, key) {
        principal -> Text,
        key -> Text,
        fingerprint -> Text,
        claimed_at -> UtcTs,
        status -> Nullable<Integer>,
        headers -> Nullable<JsonDoc>,
        body -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// Who changed what; append-only.
    audit_log (id) {
        id -> BigInt,
        at -> UtcTs,
        action -> Text,
        resource -> Text,
        resource_id -> Nullable<BigInt>,
        site_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        api_key_id -> Nullable<BigInt>,
        actor -> Text,
        address_hash -> Nullable<Text>,
        trace_id -> Nullable<Text>,
        before -> Nullable<JsonDoc>,
        after -> Nullable<JsonDoc>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Who made an article through the API.
    article_owners (article_id) {
        article_id -> BigInt,
        user_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// Bytes in the storage, once however often they were uploaded.
    media_files (sha256) {
        sha256 -> Text,
        media_type -> Text,
        size -> BigInt,
        width -> Nullable<Integer>,
        height -> Nullable<Integer>,
        variants -> JsonDoc,
        created_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// Files as sites know them.
    media (id) {
        id -> BigInt,
        site_id -> Nullable<BigInt>,
        key -> Text,
        sha256 -> Text,
        kind -> Text,
        name -> Text,
        alt -> Nullable<Text>,
        created_by -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
        is_held -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Which articles refer to which media.
    media_uses (article_id, media_id) {
        article_id -> BigInt,
        media_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// What editors want instead of what the dictionaries say when a text is put into the other script.
    script_phrases (id) {
        id -> BigInt,
        site_id -> BigInt,
        hans -> Text,
        hant -> Text,
        direction -> Text,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Segments of the search index.
    search_segments (id) {
        id -> BigInt,
        state -> SmallInt,
        format -> SmallInt,
        documents -> BigInt,
        deleted -> BigInt,
        bytes -> BigInt,
        header -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What segments consist of.
    search_pages (id) {
        id -> BigInt,
        data -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What segments hold that is no longer so.
    search_deletions (id) {
        id -> BigInt,
        bits -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Articles to index anew.
    search_queue (article_id) {
        article_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Which text goes on from which beginning.
    suggestion_keys (list, key, reference) {
        list -> SmallInt,
        key -> Text,
        reference -> BigInt,
        site_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The keywords of listed articles, once each in a site.
    suggested_keywords (id) {
        id -> BigInt,
        site_id -> BigInt,
        list -> BigInt,
        keyword -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// What the check for injected text found.
    findings (id) {
        id -> BigInt,
        kind -> Text,
        record_id -> BigInt,
        site_id -> Nullable<BigInt>,
        rule -> Text,
        rule_version -> BigInt,
        class -> Text,
        severity -> Text,
        reasons -> JsonDoc,
        locale -> Nullable<Text>,
        field -> Text,
        place -> Text,
        byte_offset -> BigInt,
        byte_length -> BigInt,
        found -> Text,
        is_stored -> Bool,
        is_dismissed -> Bool,
        found_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// By which rules it looks.
    hygiene_rules (id) {
        id -> BigInt,
        key -> Text,
        kind -> Text,
        class -> Text,
        severity -> Text,
        boundary -> Text,
        texts -> JsonDoc,
        description -> Text,
        is_enabled -> Bool,
        is_shipped -> Bool,
        version -> BigInt,
        created_at -> UtcTs,
        updated_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::UtcTs;

    /// When these changed.
    hygiene_rule_sets (version) {
        version -> BigInt,
        shipped -> BigInt,
        created_at -> UtcTs,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, UtcTs};

    /// Its runs over everything that is there.
    hygiene_scans (id) {
        id -> BigInt,
        purpose -> Text,
        site_id -> Nullable<BigInt>,
        draft -> Nullable<JsonDoc>,
        state -> Text,
        rule_set -> BigInt,
        after_id -> BigInt,
        looked_at -> BigInt,
        total -> BigInt,
        blocks -> BigInt,
        reviews -> BigInt,
        notes -> BigInt,
        held -> BigInt,
        released -> BigInt,
        samples -> JsonDoc,
        actor -> Text,
        started_at -> UtcTs,
        updated_at -> UtcTs,
        finished_at -> Nullable<UtcTs>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    article_owners,
    audit_log,
    idempotency_keys,
    sessions,
    sign_in_failures,
    signing_keys,
    users,
    article_changes,
    article_contributors,
    article_counters,
    article_periods,
    article_related,
    article_revisions,
    article_slugs,
    article_sources,
    article_texts,
    article_topics,
    articles,
    attachment_counters,
    attachments,
    categories,
    category_counts,
    change_clock,
    contributors,
    counting_marks,
    counting_policies,
    daily_totals,
    findings,
    former_category_paths,
    former_slugs,
    hygiene_rule_sets,
    hygiene_rules,
    hygiene_scans,
    link_groups,
    listings,
    menu_items,
    menus,
    maintenance,
    media,
    media_files,
    media_uses,
    pending_counts,
    script_phrases,
    search_deletions,
    search_pages,
    search_queue,
    search_segments,
    site_counters,
    site_stamps,
    sites,
    sources,
    suggested_keywords,
    suggestion_keys,
    topics,
    visibility_events,
    visitor_salts,
);
