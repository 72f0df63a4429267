//! What an article is once a line or a request is taken in: absent members keep what is stored, `null` clears it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::audio::{self, Revisions};
use super::{Misfit, former_slugs, misfit, required};
use crate::models::article::{ArticleContent, ArticleState, Counters, Retraction, Status, Text};
use crate::models::contributor::Contribution;
use crate::models::hygiene::RawBody;
use crate::models::patch::Patch;
use crate::models::record::{ArticleRecord, TranslationRecord};
use crate::models::rules;
use crate::models::time::Ts;
use crate::text::{html, slug};

/// What articles refer to, by natural key.
#[derive(Debug, Default)]
pub struct Known {
    /// Categories of the site by path.
    pub categories: HashMap<String, i64>,
    /// Sources by slug.
    pub sources: HashMap<String, i64>,
    /// Topics of the site by key.
    pub topics: HashMap<String, i64>,
}

/// An article after it was merged with what is stored.
#[derive(Debug)]
pub struct Merged {
    /// Its natural key.
    pub key: String,
    /// What it says now.
    pub content: ArticleContent,
    /// Made from the title, so it may be changed where it is taken.
    pub slug_is_made: bool,
    /// It was said which articles are related.
    pub names_related: bool,
    /// What the article was called before is not cleared.
    pub(super) keeps_former_slugs: bool,
    /// The bodies that were sent.
    pub sent: Sent,
    /// Opening balances of a new article.
    pub opening: Counters,
    /// How often it is cited, where that was said: no part of what it says.
    pub citations: Option<i64>,
}

impl Merged {
    /// Its names in addresses.
    pub fn slugs(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.content.state.slug.as_str())
            .chain(self.content.texts.iter().filter_map(|t| t.slug.as_deref()))
    }

    /// A name that no other article has, for where the one made from the title is taken.
    pub fn fallback_slug(&self) -> String {
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
) -> Result<Vec<i64>, Misfit> {
    (0..)
        .zip(keys)
        .map(|(at, key): (usize, &String)| {
            known.get(key).copied().ok_or_else(|| {
                misfit(
                    format!("{member}[{at}]"),
                    format!("no {what} `{key}`: make it first"),
                )
            })
        })
        .collect()
}

/// What the article is once the record is taken in; `revisions` are those that its recordings may name.
pub fn merge(
    record: ArticleRecord,
    stored: Option<&ArticleContent>,
    known: &Known,
    revisions: &Revisions,
    now: Ts,
) -> Result<Merged, Misfit> {
    let ArticleRecord {
        site: _,
        key,
        category,
        category_id: _,
        locale,
        title,
        body_html,
        published_at,
        published_precision,
        status,
        retraction_reason,
        retracted_at,
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
        audio: recordings,
        related,
        unpublish_at,
        views,
        downloads,
        citations,
        translations,
        former_slugs: given_former_slugs,
        comment: _,
    } = record;
    let citations = match citations {
        Patch::Set(number) => Some(number),
        Patch::Clear => Some(0),
        Patch::Keep => None,
    };
    let (
        mut state,
        mut texts,
        mut contributions,
        mut source_ids,
        mut topic_ids,
        mut files,
        mut related_keys,
        mut former,
    ) = match stored.cloned() {
        Some(ArticleContent {
            mut state,
            texts,
            contributions,
            sources,
            topics,
            attachments,
            related,
            former_slugs,
        }) => (
            {
                // Whether something holds it back is decided when all is said.
                state.set_held(false);
                Some(state)
            },
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
            misfit(
                "category",
                format!("no category `{path}` in this site: make it first"),
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
    original.title = value(title, stored.map(|_| original.title), "title")?;
    let mut bodies = Sent::default();
    original.body_html = match body_html {
        Patch::Set(raw) => bodies.clean(&locale, raw),
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
        Patch::Set(translations) => {
            texts = translations
                .into_iter()
                .map(|record| bodies.translation(record))
                .collect();
        }
    }
    if texts.iter().any(|t| t.locale == locale) {
        return Err(misfit(
            "translations",
            format!("`{locale}` is the language of the article itself"),
        ));
    }
    texts.sort_by(|a, b| a.locale.cmp(&b.locale));

    contributors.apply_or_default(&mut contributions);
    check_names(&texts, &contributions)?;
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
    let status = match status {
        Patch::Set(state) => Patch::Set(state.status()),
        Patch::Keep | Patch::Clear => Patch::Keep,
    };
    let status = value(status, old.as_ref().map(|s| s.status), "status")?;
    let retraction = match status {
        Status::Retracted => {
            let stored = old.as_ref().and_then(|s| s.retraction.clone());
            Some(retraction(stored, retraction_reason, retracted_at, now)?)
        }
        _ => {
            let is_stray = [
                (
                    "retraction_reason",
                    matches!(retraction_reason, Patch::Set(_)),
                ),
                ("retracted_at", matches!(retracted_at, Patch::Set(_))),
            ];
            if let Some((member, _)) = is_stray.into_iter().find(|(_, is_stray)| *is_stray) {
                return Err(misfit(
                    member,
                    "belongs to a retracted article only: leave it out, or give `status` the value `retracted`",
                ));
            }
            None
        }
    };
    let mut new = ArticleState {
        slug,
        category_id: category_id
            .or(old.as_ref().map(|s| s.category_id))
            .ok_or_else(|| required("category"))?,
        status,
        held: None,
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
        retraction,
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
        return Err(misfit("unpublish_at", "must be after published_at"));
    }
    event_date.apply_to(&mut new.event_date);
    source_line.apply_to(&mut new.source_line);
    cover.apply_to(&mut new.cover);

    texts.insert(0, original);
    match recordings {
        Patch::Keep => {}
        Patch::Clear => new.audio.clear(),
        Patch::Set(records) => new.audio = audio::taken(records, &texts, &new.audio, revisions)?,
    }
    let before = stored.map_or(texts.as_slice(), |stored| &stored.texts);
    audio::refresh(&mut new.audio, &texts, before);
    check_size(&texts, stored)?;
    Ok(Merged {
        key,
        slug_is_made,
        names_related,
        keeps_former_slugs,
        sent: bodies,
        opening: Counters {
            views,
            downloads,
            citations: citations.unwrap_or_default(),
        },
        citations,
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

/// Since when and why an article is taken back.
fn retraction(
    stored: Option<Retraction>,
    reason: Patch<String>,
    at: Patch<DateTime<Utc>>,
    now: Ts,
) -> Result<Retraction, Misfit> {
    let (stored_at, stored_reason) = stored.map(|r| (r.at, r.reason)).unzip();
    let reason = match reason {
        Patch::Set(reason) => Some(reason),
        Patch::Keep => stored_reason,
        Patch::Clear => None,
    };
    Ok(Retraction {
        at: at.set().map(Ts::from).or(stored_at).unwrap_or(now),
        reason: reason.ok_or_else(|| {
            misfit(
                "retraction_reason",
                "is required for a retracted article: say why it was taken back",
            )
        })?,
    })
}

/// Every name in a translation must be that of a contributor.
fn check_names(texts: &[Text], contributions: &[Contribution]) -> Result<(), Misfit> {
    let keys: HashSet<&str> = contributions
        .iter()
        .filter_map(|c| c.key.as_deref())
        .collect();
    let unknown = texts
        .iter()
        .flat_map(|t| &t.contributors)
        .find(|c| !keys.contains(c.key.as_str()));
    match unknown {
        None => Ok(()),
        Some(unknown) => Err(misfit(
            "translations",
            format!(
                "no contributor of the article has the key `{}`",
                unknown.key
            ),
        )),
    }
}

/// The bodies of all languages must fit together; what was stored before there was a limit may stay as it is.
fn check_size(texts: &[Text], stored: Option<&ArticleContent>) -> Result<(), Misfit> {
    let bytes = |texts: &[Text]| texts.iter().map(|text| text.body_html.len()).sum::<usize>();
    let before = stored.map_or(0, |stored| bytes(&stored.texts));
    let after = bytes(texts);
    match after > rules::BODIES && after > before {
        true => Err(misfit(
            "body_html",
            format!(
                "the bodies of all languages have {after} bytes together, at most {} are allowed; shorten one, or make a second article",
                rules::BODIES
            ),
        )),
        false => Ok(()),
    }
}

/// The article with one translation added or replaced; and its body as it was sent.
pub fn with_translation(
    stored: &ArticleContent,
    record: TranslationRecord,
) -> Result<(ArticleContent, Sent), Misfit> {
    if record.locale == stored.state.locale {
        return Err(misfit(
            "locale",
            "is the article's own language; change the article itself instead",
        ));
    }
    let mut content = stored.clone();
    content.texts.retain(|text| text.locale != record.locale);
    if content.texts.len() > rules::LIST {
        return Err(misfit(
            "locale",
            format!("would be one of more than {} translations", rules::LIST),
        ));
    }
    let mut bodies = Sent::default();
    content.texts.push(bodies.translation(record));
    check_size(&content.texts, Some(stored))?;
    check_names(&content.texts, &content.contributions).map_err(|m| Misfit {
        member: "contributors".to_owned(),
        ..m
    })?;
    let own = content.state.locale.clone();
    content
        .texts
        .sort_by(|a, b| (a.locale != own, &a.locale).cmp(&(b.locale != own, &b.locale)));
    Ok((content, bodies))
}

/// The article without one translation; `None` where it has none in that language.
pub fn without_translation(stored: &ArticleContent, locale: &str) -> Option<ArticleContent> {
    if locale == stored.state.locale || stored.texts.iter().all(|text| text.locale != locale) {
        return None;
    }
    let mut content = stored.clone();
    content.texts.retain(|text| text.locale != locale);
    Some(content)
}

/// The value of a member that must be there, in the line or in the database.
fn value<T>(patch: Patch<T>, stored: Option<T>, member: &str) -> Result<T, Misfit> {
    match patch {
        Patch::Set(value) => Ok(value),
        Patch::Keep | Patch::Clear => stored.ok_or_else(|| required(member)),
    }
}

/// Bodies that are taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Those that cleaning has changed, as they were sent.
    pub raw: Vec<RawBody>,
    /// The languages of all of them.
    pub locales: Vec<String>,
}

impl Sent {
    /// A body as it is kept.
    fn clean(&mut self, locale: &str, raw: String) -> String {
        let clean = html::sanitize(&raw);
        self.locales.push(locale.to_owned());
        if clean != raw {
            self.raw.push(RawBody {
                locale: locale.to_owned(),
                html: raw,
            });
        }
        clean
    }

    /// A translation as it is kept.
    fn translation(&mut self, record: TranslationRecord) -> Text {
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
        let body_html = self.clean(&locale, body_html);
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
            body_html,
        }
    }
}
