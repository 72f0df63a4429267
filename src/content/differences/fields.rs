//! The fields of an article by the names that they have on the wire. A new one stops the compiler here until someone decides
//! how it is compared.

use super::lists::{Entry, entries};
use crate::models::article::{
    ArticleContent, ArticleState, Attachment, Audio, FormerSlug, ManagedArticle, Text,
};
use crate::models::contributor::{Contribution, ContributorName};
use crate::models::time::{Ts, printed};

/// Fields of one kind by name, always in the same order.
pub(super) type Named<T> = Vec<(&'static str, T)>;

/// The fields of an article, or of one of its renditions; none of what is not there.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) plain: Named<&'a str>,
    pub(super) html: Named<&'a str>,
    pub(super) values: Named<Option<String>>,
    pub(super) lists: Named<Vec<Entry>>,
}

/// What belongs to one language.
pub(super) fn of_rendition(text: &Text) -> Fields<'_> {
    let Text {
        locale: _,
        slug,
        title,
        subtitle,
        summary,
        summary_label,
        byline,
        keywords,
        contributors,
        body_html,
    } = text;
    Fields {
        plain: vec![
            ("title", title),
            ("subtitle", written(subtitle)),
            ("summary", written(summary)),
            ("summary_label", written(summary_label)),
            ("byline", written(byline)),
        ],
        html: vec![("body_html", body_html)],
        values: vec![("slug", slug.clone())],
        lists: vec![
            (
                "keywords",
                entries(keywords, |keyword| word("keyword", keyword)),
            ),
            ("contributors", entries(contributors, contributor_name)),
        ],
    }
}

/// What all languages share.
pub(super) fn of_article(article: &ManagedArticle) -> Fields<'_> {
    let ManagedArticle {
        id: _,
        site_id: _,
        site: _,
        key,
        category,
        sources,
        topics,
        content,
        state: shown,
        // No part of what it says.
        citations: _,
        revision: _,
        created_by: _,
        version: _,
        created_at: _,
        updated_at: _,
    } = article;
    let ArticleContent {
        state,
        texts,
        contributions,
        // Their names say which ones they are.
        sources: _,
        topics: _,
        attachments,
        related,
        former_slugs,
    } = content;
    let ArticleState {
        slug,
        // Its path says which one it is.
        category_id: _,
        status: _,
        // The state that is shown says that it is.
        held: _,
        locale,
        published_at,
        published_offset,
        published_precision,
        unpublish_at,
        retraction,
        event_date,
        source_line,
        cover,
        audio,
    } = state;
    let reason = retraction.as_ref().map(|r| r.reason.as_str());
    let retracted_at = retraction.as_ref().map(|r| r.at);
    let locales: Vec<&str> = texts.iter().skip(1).map(|t| t.locale.as_str()).collect();
    Fields {
        plain: vec![
            ("source_line", written(source_line)),
            ("retraction_reason", reason.unwrap_or_default()),
        ],
        html: Vec::new(),
        values: vec![
            ("status", Some(shown.as_str().to_owned())),
            ("key", Some(key.clone())),
            ("slug", Some(slug.clone())),
            ("locale", Some(locale.clone())),
            ("category", Some(category.clone())),
            (
                "published_at",
                Some(printed(*published_at, *published_offset)),
            ),
            (
                "published_precision",
                Some(published_precision.as_str().to_owned()),
            ),
            ("unpublish_at", unpublish_at.map(Ts::to_rfc3339)),
            ("retracted_at", retracted_at.map(Ts::to_rfc3339)),
            ("event_date", event_date.map(|date| date.to_string())),
            ("cover", cover.clone()),
        ],
        lists: vec![
            ("contributors", entries(contributions, contributor)),
            ("sources", entries(sources, |slug| word("slug", slug))),
            ("topics", entries(topics, |key| word("key", key))),
            ("related", entries(related, |key| word("key", key))),
            ("attachments", entries(attachments, attachment)),
            ("audio", entries(audio, recording)),
            (
                "translations",
                entries(&locales, |locale| word("locale", locale)),
            ),
            ("former_slugs", entries(former_slugs, former_slug)),
        ],
    }
}

fn written(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

/// What is nothing but a word.
fn word(name: &'static str, word: &str) -> Entry {
    Entry::new(word.to_owned()).with(name, Some(word))
}

fn contributor(contributor: &Contribution) -> Entry {
    let Contribution {
        key,
        role,
        kind,
        name,
        affiliation,
    } = contributor;
    let entry = Entry::new(format!("{role}: {}", person(name, affiliation)))
        .with("key", key.as_deref())
        .with("role", Some(role))
        .with("kind", Some(kind.as_str()))
        .with("name", Some(name))
        .with("affiliation", affiliation.as_deref());
    let key = key.as_deref();
    entry
        .known_by(key.map(|key| format!("{role}: {key}")))
        .known_by(key.map(str::to_owned))
        .known_by(Some(format!("{role}: {name}")))
        .known_by(Some(name.clone()))
}

fn contributor_name(contributor: &ContributorName) -> Entry {
    let ContributorName {
        key,
        name,
        affiliation,
    } = contributor;
    Entry::new(person(name, affiliation))
        .with("key", Some(key))
        .with("name", Some(name))
        .with("affiliation", affiliation.as_deref())
        .known_by(Some(key.clone()))
}

fn person(name: &str, affiliation: &Option<String>) -> String {
    match affiliation {
        Some(affiliation) => format!("{name} ({affiliation})"),
        None => name.to_owned(),
    }
}

fn attachment(attachment: &Attachment) -> Entry {
    let Attachment {
        name,
        url,
        media_type,
        size,
        sha256,
    } = attachment;
    Entry::new(name.clone())
        .with("name", Some(name))
        .with("url", Some(url))
        .with("media_type", media_type.as_deref())
        .with("size", size.map(|size| size.to_string()).as_deref())
        .with("sha256", sha256.as_deref())
        .known_by(Some(url.clone()))
}

fn recording(recording: &Audio) -> Entry {
    let Audio {
        url,
        media_type,
        duration_s,
        locale,
        revision,
        digest: _,
        stale,
    } = recording;
    Entry::new(url.clone())
        .with("url", Some(url))
        .with("media_type", media_type.as_deref())
        .with("duration_s", duration_s.map(|s| s.to_string()).as_deref())
        .with("locale", locale.as_deref())
        .with("revision", revision.map(|n| n.to_string()).as_deref())
        .with("stale", Some(if *stale { "true" } else { "false" }))
        .known_by(Some(url.clone()))
}

fn former_slug(former: &FormerSlug) -> Entry {
    let FormerSlug {
        slug,
        locale,
        retired_at,
    } = former;
    Entry::new(slug.clone())
        .with("slug", Some(slug))
        .with("locale", locale.as_deref())
        .with("until", Some(&retired_at.to_rfc3339()))
        .known_by(Some(slug.clone()))
}
