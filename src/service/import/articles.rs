//! The articles of a portal file, a batch at a time: looked up together, merged one by one, written together.

use std::collections::{HashMap, HashSet};

use super::{Outcome, Refusal, Run, fault, required};
use crate::error::Result;
use crate::models::article::{ArticleContent, ArticleState, Counters, Text};
use crate::models::time::Ts;
use crate::portal::record::{ArticleRecord, Patch, TranslationRecord};
use crate::store::articles::{Loaded, NewArticle};
use crate::store::{self, Conn};
use crate::text::{html, slug};

/// What the articles of a batch refer to, by natural key.
struct Known {
    categories: HashMap<String, i64>,
    sources: HashMap<String, i64>,
    topics: HashMap<String, i64>,
}

/// An article of the batch after it was merged with what is stored.
struct Merged {
    line: u64,
    key: String,
    stored: Option<Loaded>,
    content: ArticleContent,
    /// Made from the title, so it may be changed where it is taken.
    slug_is_made: bool,
    /// The line says which articles are related.
    names_related: bool,
    opening: Counters,
}

impl Run {
    /// Writes the articles gathered so far.
    pub(super) fn flush(&mut self, conn: &mut Conn) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let mut by_site: Vec<(i64, Vec<(u64, ArticleRecord)>)> = Vec::new();
        for (line, record) in batch {
            let site_id = match self.site_of(conn, &record.site) {
                Ok(site) => site.id,
                Err(refusal) => {
                    self.conclude(line, Err(refusal))?;
                    continue;
                }
            };
            // Only neighbours go together: ids follow the file, because ties between articles go by id.
            match by_site.last_mut() {
                Some((id, records)) if *id == site_id => records.push((line, record)),
                _ => by_site.push((site_id, vec![(line, record)])),
            }
        }
        by_site
            .into_iter()
            .try_for_each(|(site_id, records)| self.write_articles(conn, site_id, records))?;
        self.batches += 1;
        // While tables are small each doubling may call for another plan.
        if self.batches.is_power_of_two() && self.batches <= 64 {
            store::import::refresh_statistics(conn)?;
        }
        Ok(())
    }

    fn write_articles(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        records: Vec<(u64, ArticleRecord)>,
    ) -> Result<()> {
        let mut stored = stored(conn, site_id, &records)?;
        let known = known(conn, site_id, &records)?;
        let mut merged = Vec::with_capacity(records.len());
        for (line, record) in records {
            let old = stored.remove(&record.key);
            match merge(line, record, old, &known) {
                Ok(article) => merged.push(article),
                Err(refusal) => self.conclude(line, Err(refusal))?,
            }
        }
        let merged = self.settle_slugs(conn, site_id, merged)?;
        // A file may have a key twice; the links of the last good line that names any count.
        let relinked: Vec<i64> = merged
            .iter()
            .filter(|m| m.names_related)
            .filter_map(|m| m.stored.as_ref().map(|old| old.row.id))
            .collect();
        store::import::unstage_related(conn, &relinked)?;
        // A file with a fault is rolled back or keeps its good lines; either way these are good.
        let (changed, unchanged): (Vec<Merged>, Vec<Merged>) = merged
            .into_iter()
            .partition(|m| m.stored.as_ref().is_none_or(|old| old.content != m.content));
        unchanged
            .iter()
            .try_for_each(|m| self.conclude(m.line, Ok(Outcome::Unchanged)))?;
        let (updated, created): (Vec<Merged>, Vec<Merged>) =
            changed.into_iter().partition(|m| m.stored.is_some());
        // First the updates: they may give up slugs that new articles take.
        self.update(conn, site_id, &updated)?;
        self.create(conn, site_id, created)
    }

    fn create(&mut self, conn: &mut Conn, site_id: i64, created: Vec<Merged>) -> Result<()> {
        if created.is_empty() {
            return Ok(());
        }
        let lines: Vec<u64> = created.iter().map(|m| m.line).collect();
        let new: Vec<NewArticle> = created
            .into_iter()
            .map(|m| NewArticle {
                key: m.key,
                content: m.content,
                counters: m.opening,
            })
            .collect();
        let saved = store::articles::insert(conn, site_id, &new, self.now)?;
        let mut links = Vec::new();
        for ((line, id), article) in lines.iter().zip(&saved.ids).zip(&new) {
            stage(&mut links, *line, *id, &article.content.related);
            self.conclude(*line, Ok(Outcome::Created))?;
        }
        self.add_counts(saved.counts);
        store::import::stage_related(conn, site_id, &links)
    }

    fn update(&mut self, conn: &mut Conn, site_id: i64, updated: &[Merged]) -> Result<()> {
        let pairs: Vec<(&Loaded, &ArticleContent)> = updated
            .iter()
            .filter_map(|m| Some((m.stored.as_ref()?, &m.content)))
            .collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let saved = store::articles::update(conn, site_id, &pairs, self.now)?;
        let mut links = Vec::new();
        let mut cleared = Vec::new();
        for ((id, merged), (old, _)) in saved.ids.iter().zip(updated).zip(&pairs) {
            if old.content.related != merged.content.related {
                cleared.push((*id, Vec::new()));
                stage(&mut links, merged.line, *id, &merged.content.related);
            }
            self.conclude(merged.line, Ok(Outcome::Updated))?;
        }
        store::articles::relate(conn, &cleared)?;
        self.add_counts(saved.counts);
        store::import::stage_related(conn, site_id, &links)
    }

    fn add_counts(&mut self, counts: store::counts::Deltas) {
        for (category_id, delta) in counts {
            *self.counts.entry(category_id).or_default() += delta;
        }
    }

    /// Gives every article a slug that no other article of the site has; one that was given and is taken is a fault.
    /// A slug that an earlier line gave up is free.
    fn settle_slugs(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        merged: Vec<Merged>,
    ) -> Result<Vec<Merged>> {
        let mut wanted: Vec<String> = merged
            .iter()
            .flat_map(Merged::slugs)
            .map(str::to_owned)
            .collect();
        wanted.extend(
            merged
                .iter()
                .filter(|m| m.slug_is_made)
                .map(Merged::fallback_slug),
        );
        wanted.sort_unstable();
        wanted.dedup();
        let mut owners: HashMap<String, i64> =
            store::articles::slug_owners(conn, site_id, &wanted)?
                .into_iter()
                .collect();
        let mut taken: HashSet<String> = HashSet::new();
        let mut settled = Vec::with_capacity(merged.len());
        for mut article in merged {
            let own = article.stored.as_ref().map(|old| old.row.id);
            let is_free = |slug: &str| {
                !taken.contains(slug) && owners.get(slug).is_none_or(|owner| Some(*owner) == own)
            };
            if article.slug_is_made && !is_free(&article.content.state.slug) {
                article.content.state.slug = article.fallback_slug();
            }
            let in_the_way = article
                .slugs()
                .find(|slug| !is_free(slug))
                .map(str::to_owned);
            match in_the_way {
                Some(slug) => {
                    let refusal = fault(
                        "slug",
                        format!("`{slug}` is already used by another article of this site"),
                    );
                    self.conclude(article.line, Err(refusal))?;
                }
                None => {
                    owners.retain(|_, owner| Some(*owner) != own);
                    taken.extend(article.slugs().map(str::to_owned));
                    settled.push(article);
                }
            }
        }
        Ok(settled)
    }
}

impl Merged {
    fn slugs(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.content.state.slug.as_str())
            .chain(self.content.texts.iter().filter_map(|t| t.slug.as_deref()))
    }

    fn fallback_slug(&self) -> String {
        let title = self.content.texts.first().map_or("", |t| &t.title);
        slug::disambiguate(&slug::slugify(title), &self.key)
    }
}

fn stage(
    links: &mut Vec<store::import::RelatedLink>,
    line: u64,
    article_id: i64,
    related: &[String],
) {
    let line = i64::try_from(line).unwrap_or(i64::MAX);
    links.extend(
        (0..)
            .zip(related)
            .map(|(position, key)| store::import::RelatedLink {
                line,
                article_id,
                position,
                key: key.clone(),
            }),
    );
}

/// The stored articles with the keys of the batch.
fn stored(
    conn: &mut Conn,
    site_id: i64,
    records: &[(u64, ArticleRecord)],
) -> Result<HashMap<String, Loaded>> {
    let keys: Vec<String> = records.iter().map(|(_, r)| r.key.clone()).collect();
    let ids: Vec<i64> = store::articles::keys(conn, site_id, &keys)?
        .into_iter()
        .map(|(_, id)| id)
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::articles::load(conn, &ids)?
        .into_iter()
        .map(|old| (old.row.key.clone(), old))
        .collect())
}

fn known(conn: &mut Conn, site_id: i64, records: &[(u64, ArticleRecord)]) -> Result<Known> {
    let distinct = |values: &mut dyn Iterator<Item = &String>| -> Vec<String> {
        let distinct: HashSet<&String> = values.collect();
        distinct.into_iter().cloned().collect()
    };
    fn set<T>(patch: &Patch<T>) -> Option<&T> {
        match patch {
            Patch::Set(value) => Some(value),
            Patch::Keep | Patch::Clear => None,
        }
    }
    let categories = distinct(&mut records.iter().filter_map(|(_, r)| set(&r.category)));
    let sources = distinct(
        &mut records
            .iter()
            .filter_map(|(_, r)| set(&r.sources))
            .flatten(),
    );
    let topics = distinct(&mut records.iter().filter_map(|(_, r)| set(&r.topics)).flatten());
    Ok(Known {
        categories: store::categories::ids(conn, site_id, &categories)?
            .into_iter()
            .collect(),
        sources: store::sources::ids(conn, &sources)?.into_iter().collect(),
        topics: store::topics::ids(conn, site_id, &topics)?
            .into_iter()
            .collect(),
    })
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
fn merge(
    line: u64,
    record: ArticleRecord,
    stored: Option<Loaded>,
    known: &Known,
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
    } = record;
    let (
        mut state,
        mut texts,
        mut contributions,
        mut source_ids,
        mut topic_ids,
        mut files,
        mut related_keys,
    ) = match stored.as_ref().map(|old| old.content.clone()) {
        Some(ArticleContent {
            state,
            texts,
            contributions,
            sources,
            topics,
            attachments,
            related,
        }) => (
            Some(state),
            texts,
            contributions,
            sources,
            topics,
            attachments,
            related,
        ),
        None => (
            None,
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
