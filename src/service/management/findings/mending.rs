//! Articles that are mended, some hundred at a time: saved as every save does, but together.

use std::collections::{BTreeSet, HashSet};

use chrono::Duration;

use super::Tx;
use super::repair::{Mended, Repair};
use crate::content::audio;
use crate::content::media::{distinct, references};
use crate::error::Result;
use crate::hygiene::repair::Slugs;
use crate::models::article::{ArticleContent, ManagedArticle, Status};
use crate::models::hygiene::RecordKind;
use crate::models::managed::Change;
use crate::models::repair::{MemberChange, RepairedRecord, SlugChange};
use crate::models::revision::Action;
use crate::models::time::Ts;
use crate::screening::Verdict;
use crate::service::management::article_media::shown;
use crate::store;
use crate::store::articles::Loaded;
use crate::text::slug::disambiguate;

/// An article on its way.
struct Draft {
    loaded: Loaded,
    content: ArticleContent,
    /// Whether its slug was made anew, and may be changed where it is taken.
    is_renamed: bool,
    changes: Vec<MemberChange>,
}

/// Mends articles of a site.
pub(super) fn mend_articles(tx: &mut Tx<'_>, repair: &mut Repair, ids: &[i64]) -> Result<()> {
    let mut drafts = drafts(tx, repair, ids)?;
    if drafts.is_empty() {
        return Ok(());
    }
    let site_id = repair.site_id;
    settle_slugs(tx, site_id, &mut drafts)?;
    let ids: Vec<i64> = drafts.iter().map(|draft| draft.loaded.row.id).collect();
    store::findings::delete(tx.conn, &repair.never_stored(RecordKind::Article, &ids))?;
    let mut judged: Vec<(i64, &mut ArticleContent)> = drafts
        .iter_mut()
        .map(|draft| (draft.loaded.row.id, &mut draft.content))
        .collect();
    let verdicts = tx.judge_all(site_id, &mut judged)?;
    let at = save(tx, site_id, &drafts)?;
    tx.keep_all(site_id, ids.into_iter().zip(verdicts.iter().cloned()))?;
    conclude(tx, repair, drafts, &verdicts, at)
}

/// Those of the articles in which something changes, or is to be cut.
fn drafts(tx: &mut Tx<'_>, repair: &mut Repair, ids: &[i64]) -> Result<Vec<Draft>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let seen: HashSet<i64> = store::changes::were_public(tx.conn, ids)?
        .into_iter()
        .collect();
    let mut drafts = Vec::new();
    for loaded in store::articles::load(tx.conn, ids)? {
        let id = loaded.row.id;
        let mut content = loaded.content.clone();
        let slugs = Slugs {
            key: &loaded.row.key,
            are_fresh: !seen.contains(&id) && !content.state.begins_before(tx.now),
        };
        let mut mender = repair.mender(RecordKind::Article, id);
        let is_renamed = mender.article(&mut content, slugs);
        mender.finish();
        let (changes, replaced, refusals) = (mender.changes, mender.replaced, mender.refusals);
        repair.count(replaced, refusals);
        if content != loaded.content || repair.is_named(RecordKind::Article, id) {
            tx.addresses.canonical(&mut content);
            audio::refresh(
                &mut content.state.audio,
                &content.texts,
                &loaded.content.texts,
            );
            drafts.push(Draft {
                loaded,
                content,
                is_renamed,
                changes,
            });
        }
    }
    Ok(drafts)
}

/// Sees to it that nobody else has the slugs that were made anew. What it was called before is not what leads to it: that is what was taken out.
fn settle_slugs(tx: &mut Tx<'_>, site_id: i64, drafts: &mut [Draft]) -> Result<()> {
    let fresh = |draft: &Draft| -> Vec<String> {
        let old = draft.loaded.content.slugs();
        let new = draft.content.slugs().into_keys();
        new.filter(|slug| !old.contains_key(slug))
            .map(str::to_owned)
            .collect()
    };
    let wanted: Vec<String> = drafts.iter().flat_map(fresh).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    store::articles::lock_slugs(tx.conn, site_id, &wanted)?;
    let owners = store::articles::slug_owners(tx.conn, site_id, &wanted)?;
    let mut taken: HashSet<String> = owners.into_iter().map(|(slug, _)| slug).collect();
    for draft in drafts {
        let is_fresh: HashSet<String> = fresh(draft).into_iter().collect();
        let key = &draft.loaded.row.key;
        let Draft {
            content,
            is_renamed,
            ..
        } = draft;
        if *is_renamed && is_fresh.contains(&content.state.slug) {
            if taken.contains(&content.state.slug) {
                content.state.slug = disambiguate(&content.state.slug, key);
            }
            taken.insert(content.state.slug.clone());
        }
        for text in &mut content.texts {
            let locale = &text.locale;
            if let Some(slug) = &mut text.slug
                && is_fresh.contains(slug)
            {
                if taken.contains(slug) {
                    *slug = disambiguate(slug, &format!("{key} {locale}"));
                }
                taken.insert(slug.clone());
            }
        }
        let present: HashSet<String> = content.slugs().into_keys().map(str::to_owned).collect();
        content
            .former_slugs
            .retain(|former| !present.contains(&former.slug));
    }
    Ok(())
}

/// Saves those that are others now; returns when.
fn save(tx: &mut Tx<'_>, site_id: i64, drafts: &[Draft]) -> Result<Ts> {
    let changed: Vec<(&Loaded, &ArticleContent)> = drafts
        .iter()
        .filter(|draft| draft.content != draft.loaded.content)
        .map(|draft| (&draft.loaded, &draft.content))
        .collect();
    let mut occasion = tx.occasion(Action::Repair, None);
    let last = changed.iter().map(|(old, _)| old.row.updated_at.0).max();
    let Some(last) = last else {
        return Ok(occasion.at);
    };
    // Who waited for the lock may have looked at the clock before the one who had it.
    occasion.at = occasion.at.max(Ts(last + Duration::microseconds(1)));
    let saved = store::articles::update(tx.conn, site_id, &changed, &occasion)?;
    let used = |content: &ArticleContent| -> BTreeSet<i64> {
        distinct(references(content).into_iter().map(|r| r.id))
            .into_iter()
            .collect()
    };
    let uses: Vec<(i64, BTreeSet<i64>)> = changed
        .iter()
        .map(|(old, new)| (old.row.id, used(&old.content), used(new)))
        .filter(|(_, before, after)| before != after)
        .map(|(id, _, after)| (id, after))
        .collect();
    if !uses.is_empty() {
        store::media::set_uses(tx.conn, &uses)?;
    }
    tx.count(saved.counts);
    tx.index(&saved.ids);
    tx.touch(Some(site_id))?;
    Ok(occasion.at)
}

/// Tells what was done.
fn conclude(
    tx: &mut Tx<'_>,
    repair: &mut Repair,
    drafts: Vec<Draft>,
    verdicts: &[Verdict],
    at: Ts,
) -> Result<()> {
    let now = tx.now;
    let (loaded, rest): (Vec<_>, Vec<_>) = drafts
        .into_iter()
        .map(|draft| (draft.loaded, (draft.content, draft.changes)))
        .unzip();
    let shown_before = store::articles::managed(tx.conn, loaded, now)?;
    for (((before, _), (content, changes)), verdict) in
        shown_before.into_iter().zip(rest).zip(verdicts)
    {
        let has_changed = content != before.content;
        let after = match has_changed {
            true => ManagedArticle {
                state: content.state.at(now),
                content,
                revision: before.revision + 1,
                version: before.version + 1,
                updated_at: at,
                ..before.clone()
            },
            false => before.clone(),
        };
        repair.tell(reported(&before, &after, changes, verdict));
        if has_changed {
            repair.changed += 1;
            let texts = after.content.texts.iter();
            repair.changed_bytes += texts.map(|text| text.body_html.len()).sum::<usize>();
            let change = shown(tx, Change::updated(before, after));
            (repair.note)(tx, Mended::Article(Box::new(change)))?;
        }
    }
    Ok(())
}

fn reported(
    before: &ManagedArticle,
    after: &ManagedArticle,
    changes: Vec<MemberChange>,
    verdict: &Verdict,
) -> RepairedRecord {
    let (old, new) = (&before.content.state, &after.content.state);
    let own = after
        .content
        .texts
        .iter()
        .find(|text| text.locale == new.locale);
    RepairedRecord {
        kind: RecordKind::Article,
        record_id: after.id,
        site: after.site.clone(),
        title: own.map(|text| text.title.clone()).unwrap_or_default(),
        status: Some(after.state.as_str()),
        held_status: new.held.map(Status::as_str),
        is_held: new.held.is_some(),
        version: after.version,
        open_findings: verdict.blocks + verdict.reviews + verdict.notes,
        slug: (old.slug != new.slug).then(|| SlugChange {
            before: old.slug.clone(),
            after: new.slug.clone(),
        }),
        changes,
    }
}
