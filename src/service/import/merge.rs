//! What an article is once its line is taken in: absent members keep what is stored, `null` clears it.

use std::collections::{HashMap, HashSet};

use super::{Refusal, fault, former_slugs, required};
use crate::models::article::{ArticleContent, ArticleState, Counters, Text};
use crate::models::time::Ts;
use crate::portal::record::{ArticleRecord, Patch, TranslationRecord};
use crate::store::articles::Loaded;
use crate::text::{html, slug};

/// What the articles of a batch refer to, by natural key.
pub(super) struct Known {
    pub(super) categories: HashMap<String, i64>,
    pub(super) sources: HashMap<String, i64>,
    pub(super) topics: HashMap<String, i64>,
}

/// An article of the batch after it was merged with what is stored.
pub(super) struct Merged {
    pub(super) line: u64,
    pub(super) key: String,
    pub(super) stored: Option<Loaded>,
    pub(super) content: ArticleContent,
    /// Made from the title, so it may be changed where it is taken.
    pub(super) slug_is_made: bool,
    /// The line says which articles are related.
    pub(super) names_related: bool,
    /// The line does not clear what the article was called before.
    pub(super) keeps_former_slugs: bool,
    pub(super) opening: Counters,
}

impl Merged {
    pub(super) fn slugs(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.content.state.slug.as_str())
            .chain(self.content.texts.iter().filter_map(|t| t.slug.as_deref()))
    }

    pub(super) fn fallback_slug(&self) -> String {
        let title = self.content.texts.first().map_or("", |t| &t.title);
        slug::disambiguate(&slug::slugify(title), &self.key)
    }
}

/// The ids behind natural keys; the first that is unknown is a fault.
fn references(
    keys: &[String],
    known: &HashMap<String, i64>,
    member: &str,
    what: &str,
) -> Result<Vec<i64>, Refusal> {
    (0..)
        .zip(keys)
        .map(|(at, key): (usize, &String)| {
            known.get(key).copied().ok_or_else(|| {
                fault(
                    format!("{member}[{at}]"),
                    format!("no {what} `{key}`: its record must come before this line, or be in the database"),
                )
            })
        })
        .collect()
}

/// What the article is once the line is taken in.
pub(super) fn merge(
    line: u64,
    record: ArticleRecord,
    stored: Option<Loaded>,
    known: &Known,
    now: Ts,
) -> Result<Merged, Refusal> {
    let ArticleRecord {
        site: _,
        key,
        category,
        locale,
        title,
        body_html,
        published_at,
        published_precision,
        status,
        slug: given_slug,
        subtitle,
        summary,
        summary_label,
        byline,
        contributors,
        sources,
        source_line,
        event_date,
        keywords,
        topics,
        cover,
        attachments,
        audio,
        related,
        unpublish_at,
        views,
        downloads,
        citations,
        translations,
        former_slugs: given_former_slugs,
    } = record;
    let (
        mut state,
        mut texts,
        mut contributions,
        mut source_ids,
        mut topic_ids,
        mut files,
        mut related_keys,
        mut former,
    ) = match stored.as_ref().map(|old| old.content.clone()) {
        Some(ArticleContent {
            state,
            texts,
            contributions,
            sources,
            topics,
            attachments,
            related,
            former_slugs,
        }) => (
            Some(state),
            texts,
            contributions,
            sources,
            topics,
            attachments,
            related,
            former_slugs,
        ),
        None => (
            None,
            Vec::new(),
            Vec::new(),
            Vec::new(),
            Vec::new(),
            Vec::new(),
            Vec::new(),
            Vec::new(),
        ),
    };

    let category_id = match category {
        Patch::Set(path) => Some(*known.categories.get(&path).ok_or_else(|| {
            fault(
                "category",
                format!("no category `{path}` in this site: its record must come before this line"),
            )
        })?),
        Patch::Keep | Patch::Clear => None,
    };
    let printed = match published_at {
        Patch::Set(at) => Some((Ts::from(at.to_utc()), at.offset().local_minus_utc() / 60)),
        Patch::Keep | Patch::Clear => None,
    };
    let locale = value(locale, state.as_ref().map(|s| s.locale.clone()), "locale")?;
    // Where there is no text in the new language, it was the name of the language that was wrong.
    if texts.iter().all(|t| t.locale != locale)
        && let Some(original) = texts.first_mut()
    {
        original.locale.clone_from(&locale);
    }
    let mut original = texts.iter().position(|t| t.locale == locale).map_or_else(
        || Text {
            locale: locale.clone(),
            slug: None,
            title: String::new(),
            subtitle: None,
            summary: None,
            summary_label: None,
            byline: None,
            keywords: Vec::new(),
            contributors: Vec::new(),
            body_html: String::new(),
        },
        |at| texts.swap_remove(at),
    );
    // What only a translation has.
    original.slug = None;
    original.contributors.clear();
    original.title = value(title, stored.as_ref().map(|_| original.title), "title")?;
    original.body_html = match body_html {
        Patch::Set(raw) => html::sanitize(&raw),
        Patch::Keep | Patch::Clear if stored.is_some() => original.body_html,
        Patch::Keep | Patch::Clear => return Err(required("body_html")),
    };
    subtitle.apply_to(&mut original.subtitle);
    summary.apply_to(&mut original.summary);
    summary_label.apply_to(&mut original.summary_label);
    byline.apply_to(&mut original.byline);
    keywords.apply_or_default(&mut original.keywords);

    match translations {
        Patch::Keep => texts.retain(|t| t.locale != locale),
        Patch::Clear => texts.clear(),
        Patch::Set(translations) => texts = translations.into_iter().map(translation).collect(),
    }
    if texts.iter().any(|t| t.locale == locale) {
        return Err(fault(
            "translations",
            format!("`{locale}` is the language of the article itself"),
        ));
    }
    texts.sort_by(|a, b| a.locale.cmp(&b.locale));

    contributors.apply_or_default(&mut contributions);
    let keys: HashSet<&str> = contributions
        .iter()
        .filter_map(|c| c.key.as_deref())
        .collect();
    if let Some(unknown) = texts
        .iter()
        .flat_map(|t| &t.contributors)
        .find(|c| !keys.contains(c.key.as_str()))
    {
        return Err(fault(
            "translations",
            format!(
                "no contributor of the article has the key `{}`",
                unknown.key
            ),
        ));
    }
    match sources {
        Patch::Keep => {}
        Patch::Clear => source_ids.clear(),
        Patch::Set(slugs) => source_ids = references(&slugs, &known.sources, "sources", "source")?,
    }
    match topics {
        Patch::Keep => {}
        Patch::Clear => topic_ids.clear(),
        Patch::Set(keys) => topic_ids = references(&keys, &known.topics, "topics", "topic")?,
    }
    attachments.apply_or_default(&mut files);
    let names_related = related != Patch::Keep;
    related.apply_or_default(&mut related_keys);

    let keeps_former_slugs = match &given_former_slugs {
        Patch::Keep => true,
        Patch::Set(list) => !list.is_empty(),
        Patch::Clear => false,
    };
    match given_former_slugs {
        Patch::Keep => {}
        Patch::Clear => former.clear(),
        Patch::Set(list) => former = former_slugs::listed(list, &former, now),
    }

    let (slug, slug_is_made) = match (given_slug, &state) {
        (Patch::Set(slug), _) => (slug, false),
        (Patch::Keep | Patch::Clear, Some(state)) => (state.slug.clone(), false),
        (Patch::Keep | Patch::Clear, None) => (slug::slugify(&original.title), true),
    };
    let old = state.take();
    let mut new = ArticleState {
        slug,
        category_id: category_id
            .or(old.as_ref().map(|s| s.category_id))
            .ok_or_else(|| required("category"))?,
        status: value(status, old.as_ref().map(|s| s.status), "status")?,
        locale,
        published_at: printed
            .map(|p| p.0)
            .or(old.as_ref().map(|s| s.published_at))
            .ok_or_else(|| required("published_at"))?,
        published_offset: printed
            .map(|p| p.1)
            .or(old.as_ref().map(|s| s.published_offset))
            .unwrap_or_default(),
        published_precision: value(
            published_precision,
            old.as_ref().map(|s| s.published_precision),
            "published_precision",
        )?,
        unpublish_at: old.as_ref().and_then(|s| s.unpublish_at),
        event_date: old.as_ref().and_then(|s| s.event_date),
        source_line: old.as_ref().and_then(|s| s.source_line.clone()),
        cover: old.as_ref().and_then(|s| s.cover.clone()),
        audio: old.map(|s| s.audio).unwrap_or_default(),
    };
    match unpublish_at {
        Patch::Keep => {}
        Patch::Clear => new.unpublish_at = None,
        Patch::Set(at) => new.unpublish_at = Some(Ts::from(at)),
    }
    if new.unpublish_at.is_some_and(|end| end <= new.published_at) {
        return Err(fault("unpublish_at", "must be after published_at"));
    }
    event_date.apply_to(&mut new.event_date);
    source_line.apply_to(&mut new.source_line);
    cover.apply_to(&mut new.cover);
    audio.apply_or_default(&mut new.audio);

    texts.insert(0, original);
    Ok(Merged {
        line,
        key,
        stored,
        slug_is_made,
        names_related,
        keeps_former_slugs,
        opening: Counters {
            views,
            downloads,
            citations,
        },
        content: ArticleContent {
            state: new,
            texts,
            contributions,
            sources: source_ids,
            topics: topic_ids,
            attachments: files,
            related: related_keys,
            former_slugs: former,
        },
    })
}

/// The value of a member that must be there, in the line or in the database.
fn value<T>(patch: Patch<T>, stored: Option<T>, member: &str) -> Result<T, Refusal> {
    match patch {
        Patch::Set(value) => Ok(value),
        Patch::Keep | Patch::Clear => stored.ok_or_else(|| required(member)),
    }
}

fn translation(record: TranslationRecord) -> Text {
    let TranslationRecord {
        locale,
        title,
        body_html,
        slug,
        subtitle,
        summary,
        summary_label,
        byline,
        contributors,
        keywords,
    } = record;
    Text {
        locale,
        slug,
        title,
        subtitle,
        summary,
        summary_label,
        byline,
        keywords,
        contributors,
        body_html: html::sanitize(&body_html),
    }
}
