//! The articles of a portal file, a batch at a time: looked up together, merged one by one, written together.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Outcome, Run, fault};
use crate::content::articles::{Known, Merged, merge};
use crate::content::audio::Revisions;
use crate::error::{Error, Resource, Result};
use crate::models::article::{ArticleContent, Status};
use crate::models::counting::Day;
use crate::models::patch::Patch;
use crate::models::record::ArticleRecord;
use crate::screening::{Screened, Verdict};
use crate::store::articles::{Loaded, NewArticle, Saved};
use crate::store::citations::Cited;
use crate::store::listings::Listed;
use crate::store::{self, Conn};

/// An article of the batch.
pub(super) struct Candidate {
    pub(super) line: u64,
    pub(super) stored: Option<Loaded>,
    pub(super) article: Merged,
    /// The languages of the translations that the line has, in order.
    pub(super) translations: Vec<String>,
    /// The media that it uses, where these are to be written.
    pub(super) uses: Option<BTreeSet<i64>>,
    /// The line names another status, and the article stays retracted.
    stays_retracted: bool,
    /// What is found in it.
    verdict: Verdict,
}

impl Candidate {
    /// What the line sets the citations of a stored article to, where they are others. A new one has them from the start.
    fn cited(&self, is_alone: bool) -> Option<Cited> {
        let old = self.stored.as_ref()?;
        let was = old.counters.citations;
        let is = self.article.citations.filter(|number| *number != was)?;
        Some(Cited {
            article_id: old.row.id,
            was,
            is,
            alone: is_alone.then_some(old.row.version),
        })
    }
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
        let records = self.link_files(conn, site_id, records)?;
        let mut stored = stored(conn, site_id, &records)?;
        let known = known(conn, site_id, &records)?;
        let mut merged = Vec::with_capacity(records.len());
        for (line, mut record) in records {
            let old = stored.remove(&record.key);
            let content = old.as_ref().map(|old| &old.content);
            let stays_retracted = keep_retraction(&mut record, content);
            let translations = locales(&record);
            let next = old.as_ref().map_or(1, |old| old.revision + 1);
            match merge(record, content, &known, &Revisions::only(next), self.now) {
                Ok(article) => merged.push(Candidate {
                    line,
                    stored: old,
                    article,
                    translations,
                    uses: None,
                    verdict: Verdict::default(),
                    stays_retracted,
                }),
                Err(misfit) => self.conclude(line, Err(misfit.into()))?,
            }
        }
        let merged = self.settle_media(conn, site_id, merged)?;
        let mut merged = self.settle_slugs(conn, site_id, merged)?;
        self.leave_unused(conn, &merged)?;
        for candidate in &mut merged {
            let stored = candidate.stored.as_ref().map(|old| &old.content);
            candidate.article.settle_former_slugs(stored, self.now);
            self.report.stay_retracted += u64::from(candidate.stays_retracted);
        }
        let verdicts = self.judge(conn, site_id, &mut merged)?;
        for (candidate, verdict) in merged.iter_mut().zip(verdicts) {
            candidate.verdict = verdict;
        }
        // A file may have a key twice; the links of the last good line that names any count.
        let relinked: Vec<i64> = merged
            .iter()
            .filter(|m| m.article.names_related)
            .filter_map(|m| m.stored.as_ref().map(|old| old.row.id))
            .collect();
        store::import::unstage_related(conn, &relinked)?;
        // A file with a fault is rolled back or keeps its good lines; either way these are good.
        let (changed, unchanged): (Vec<Candidate>, Vec<Candidate>) =
            merged.into_iter().partition(|m| {
                m.stored
                    .as_ref()
                    .is_none_or(|old| old.content != m.article.content)
            });
        let of_changed = changed.iter().filter_map(|m| m.cited(false));
        let of_unchanged = unchanged.iter().filter_map(|m| m.cited(true));
        let cited: Vec<Cited> = of_changed.chain(of_unchanged).collect();
        self.keep_known(conn, site_id, &unchanged)?;
        unchanged.iter().try_for_each(|m| {
            let outcome = match m.cited(true) {
                Some(_) => Outcome::Recounted,
                None => Outcome::Unchanged,
            };
            self.conclude(m.line, Ok(outcome))
        })?;
        let (updated, created): (Vec<Candidate>, Vec<Candidate>) =
            changed.into_iter().partition(|m| m.stored.is_some());
        // First the updates: they may give up slugs that new articles take.
        self.update(conn, site_id, &updated)?;
        self.create(conn, site_id, created)?;
        self.cite(conn, site_id, &cited)
    }

    /// Looks at articles that are about to be saved, and holds them back or not.
    fn judge(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        merged: &mut [Candidate],
    ) -> Result<Vec<Verdict>> {
        let mut screened: Vec<Screened<'_>> = merged
            .iter_mut()
            .map(|candidate| Screened {
                id: candidate.stored.as_ref().map(|old| old.row.id),
                content: &mut candidate.article.content,
                raw: &candidate.article.sent.raw,
                sent: &candidate.article.sent.locales,
            })
            .collect();
        self.with_screen(conn, |screen, conn| {
            screen.judge(conn, site_id, &mut screened)
        })
    }

    /// Keeps what was found in articles that were there already.
    fn keep_known(&mut self, conn: &mut Conn, site_id: i64, known: &[Candidate]) -> Result<()> {
        let verdicts = known
            .iter()
            .filter_map(|m| Some((m.stored.as_ref()?.row.id, m.verdict.clone())));
        self.keep(conn, site_id, verdicts.collect())
    }

    /// Keeps what was found in articles that are saved by now.
    fn keep(&mut self, conn: &mut Conn, site_id: i64, verdicts: Vec<(i64, Verdict)>) -> Result<()> {
        let now = self.now;
        self.with_screen(conn, |screen, conn| {
            screen.keep_articles(conn, site_id, verdicts, now)
        })
    }

    /// Counts what is held back of what was written.
    fn report_held<'c>(
        &mut self,
        written: impl Iterator<Item = (&'c ArticleContent, &'c Verdict)>,
    ) {
        for (content, verdict) in written {
            self.report.held += u64::from(content.state.held.is_some());
            self.report.reviews += u64::try_from(verdict.reviews).unwrap_or_default();
        }
    }

    /// Sets citations: no part of what articles say, so they are another matter than updates.
    fn cite(&mut self, conn: &mut Conn, site_id: i64, cited: &[Cited]) -> Result<()> {
        if cited.is_empty() {
            return Ok(());
        }
        let site = store::sites::find_managed(conn, site_id)?
            .ok_or_else(|| Error::not_found(Resource::Site, site_id))?;
        let day = Day::at(self.now, &site.value.content.utc_offset);
        store::citations::set(conn, cited, day)
    }

    fn create(&mut self, conn: &mut Conn, site_id: i64, created: Vec<Candidate>) -> Result<()> {
        if created.is_empty() {
            return Ok(());
        }
        let lines: Vec<u64> = created.iter().map(|m| m.line).collect();
        let uses: Vec<Option<BTreeSet<i64>>> = created.iter().map(|m| m.uses.clone()).collect();
        self.report_held(created.iter().map(|m| (&m.article.content, &m.verdict)));
        let verdicts: Vec<Verdict> = created.iter().map(|m| m.verdict.clone()).collect();
        let new: Vec<NewArticle> = created
            .into_iter()
            .map(|m| NewArticle {
                key: m.article.key,
                content: m.article.content,
                counters: m.article.opening,
            })
            .collect();
        self.has_written = true;
        self.touched.insert(site_id);
        let saved = store::articles::insert(conn, site_id, &new, &self.occasion())?;
        store::media::insert_uses(conn, &of_articles(&saved.ids, &uses))?;
        self.keep(
            conn,
            site_id,
            saved.ids.iter().copied().zip(verdicts).collect(),
        )?;
        let contents = new.iter().map(|article| &article.content);
        let listed = self.listed(site_id, &saved, contents);
        self.index.add(conn, &mut self.pending, &listed, self.now)?;
        let mut links = Vec::new();
        for ((line, id), article) in lines.iter().zip(&saved.ids).zip(&new) {
            stage(&mut links, *line, *id, &article.content.related);
            self.conclude(*line, Ok(Outcome::Created))?;
        }
        self.add_counts(saved.counts);
        store::import::stage_related(conn, site_id, &links)
    }

    fn update(&mut self, conn: &mut Conn, site_id: i64, updated: &[Candidate]) -> Result<()> {
        let pairs: Vec<(&Loaded, &ArticleContent)> = updated
            .iter()
            .filter_map(|m| Some((m.stored.as_ref()?, &m.article.content)))
            .collect();
        if pairs.is_empty() {
            return Ok(());
        }
        self.has_written = true;
        self.touched.insert(site_id);
        let saved = store::articles::update(conn, site_id, &pairs, &self.occasion())?;
        self.index_changed(conn, site_id, &saved, &pairs)?;
        self.report_held(updated.iter().map(|m| (&m.article.content, &m.verdict)));
        self.keep_known(conn, site_id, updated)?;
        let uses: Vec<Option<BTreeSet<i64>>> = updated.iter().map(|m| m.uses.clone()).collect();
        let uses = of_articles(&saved.ids, &uses);
        if !uses.is_empty() {
            store::media::set_uses(conn, &uses)?;
        }
        let mut links = Vec::new();
        let mut cleared = Vec::new();
        for ((id, merged), (old, _)) in saved.ids.iter().zip(updated).zip(&pairs) {
            if old.content.related != merged.article.content.related {
                cleared.push((*id, Vec::new()));
                stage(
                    &mut links,
                    merged.line,
                    *id,
                    &merged.article.content.related,
                );
            }
            self.conclude(merged.line, Ok(Outcome::Updated))?;
        }
        store::articles::relate(conn, &cleared)?;
        self.add_counts(saved.counts);
        store::import::stage_related(conn, site_id, &links)
    }

    /// Has articles that were changed be indexed.
    pub(super) fn index_changed(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        saved: &Saved,
        changed: &[(&Loaded, &ArticleContent)],
    ) -> Result<()> {
        let contents = changed.iter().map(|(_, content)| *content);
        let listed = self.listed(site_id, saved, contents);
        self.index
            .replace(conn, &mut self.pending, &listed, self.now)
    }

    /// Articles as the search index needs them.
    fn listed<'c>(
        &self,
        site_id: i64,
        saved: &Saved,
        contents: impl Iterator<Item = &'c ArticleContent>,
    ) -> Vec<Listed<'c>> {
        let ids = saved.ids.iter().copied();
        ids.zip(contents)
            .map(|(id, content)| Listed {
                id,
                site_id,
                content,
                contributor_ids: saved.contributor_ids.get(&id).cloned().unwrap_or_default(),
                updated_at: self.now,
            })
            .collect()
    }

    pub(super) fn add_counts(&mut self, counts: store::counts::Deltas) {
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
        merged: Vec<Candidate>,
    ) -> Result<Vec<Candidate>> {
        let mut wanted: Vec<String> = merged
            .iter()
            .flat_map(|m| m.article.slugs())
            .map(str::to_owned)
            .collect();
        wanted.extend(
            merged
                .iter()
                .filter(|m| m.article.slug_is_made)
                .map(|m| m.article.fallback_slug()),
        );
        wanted.sort_unstable();
        wanted.dedup();
        let mut owners: HashMap<String, i64> =
            store::articles::slug_owners(conn, site_id, &wanted)?
                .into_iter()
                .collect();
        let mut taken: HashSet<String> = HashSet::new();
        let mut settled = Vec::with_capacity(merged.len());
        for mut candidate in merged {
            let own = candidate.stored.as_ref().map(|old| old.row.id);
            let is_free = |slug: &str| {
                !taken.contains(slug) && owners.get(slug).is_none_or(|owner| Some(*owner) == own)
            };
            let article = &mut candidate.article;
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
                    self.conclude(candidate.line, Err(refusal))?;
                }
                None => {
                    owners.retain(|_, owner| Some(*owner) != own);
                    taken.extend(article.slugs().map(str::to_owned));
                    settled.push(candidate);
                }
            }
        }
        Ok(settled)
    }
}

/// The media that articles use, where these are to be written.
fn of_articles(ids: &[i64], uses: &[Option<BTreeSet<i64>>]) -> Vec<(i64, BTreeSet<i64>)> {
    let written = ids.iter().zip(uses);
    written
        .filter_map(|(id, uses)| Some((*id, uses.clone()?)))
        .collect()
}

/// The languages of the translations of a line.
fn locales(record: &ArticleRecord) -> Vec<String> {
    match &record.translations {
        Patch::Set(translations) => translations.iter().map(|t| t.locale.clone()).collect(),
        Patch::Keep | Patch::Clear => Vec::new(),
    }
}

/// Leaves the status out of a line that would end a retraction, and tells whether it did: a file that is older than the
/// retraction must not undo it, so only people do.
fn keep_retraction(record: &mut ArticleRecord, stored: Option<&ArticleContent>) -> bool {
    let is_retracted = stored.is_some_and(|old| old.state.wanted() == Status::Retracted);
    let says_otherwise =
        matches!(record.status, Patch::Set(state) if state.status() != Status::Retracted);
    // A reason beside another status contradicts its own line: that is a fault, and `merge` says so.
    let is_at_odds = matches!(record.retraction_reason, Patch::Set(_))
        || matches!(record.retracted_at, Patch::Set(_));
    if !is_retracted || !says_otherwise || is_at_odds {
        return false;
    }
    record.status = Patch::Keep;
    record.retraction_reason = Patch::Keep;
    record.retracted_at = Patch::Keep;
    true
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
