//! What articles were called before. It does not know whether a slug is free.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::articles::Merged;
use crate::models::article::{ArticleContent, FormerSlug};
use crate::models::record::FormerSlugRecord;
use crate::models::rules;
use crate::models::time::Ts;

/// What is stored of what the article was called before, and what the line adds; an empty list clears. Where the line
/// does not say until when, what is stored counts.
pub(super) fn listed(
    list: Vec<FormerSlugRecord>,
    stored: &[FormerSlug],
    now: Ts,
) -> Vec<FormerSlug> {
    let known: HashMap<&str, Ts> = stored
        .iter()
        .map(|f| (f.slug.as_str(), f.retired_at))
        .collect();
    if list.is_empty() {
        return Vec::new();
    }
    let named: HashSet<String> = list.iter().map(|record| record.slug.clone()).collect();
    let kept = stored
        .iter()
        .filter(|former| !named.contains(&former.slug))
        .cloned();
    let added = list.into_iter().map(|record| {
        let FormerSlugRecord {
            slug,
            locale,
            until,
        } = record;
        let retired_at = until
            .map(Ts::from)
            .or_else(|| known.get(slug.as_str()).copied())
            .unwrap_or(now);
        FormerSlug {
            slug,
            locale,
            retired_at,
        }
    });
    added.chain(kept).collect()
}

impl Merged {
    /// Notes what the article is no longer called, see [`settle`]. To be called once its slug is settled. Nothing is noted
    /// where the record clears what it was called before.
    pub fn settle_former_slugs(&mut self, stored: Option<&ArticleContent>, now: Ts) {
        let stored = stored.filter(|_| self.keeps_former_slugs);
        settle(&mut self.content, stored, now);
    }
}

/// Notes what an article is no longer called: an address that was given out goes on leading to it.
pub fn settle(content: &mut ArticleContent, stored: Option<&ArticleContent>, now: Ts) {
    let mut former = std::mem::take(&mut content.former_slugs);
    if let Some(old) = stored {
        former.extend(old.slugs().into_iter().map(|(slug, locale)| FormerSlug {
            slug: slug.to_owned(),
            locale: locale.map(str::to_owned),
            retired_at: now,
        }));
    }
    let present = content.slugs();
    former.retain(|f| !present.contains_key(f.slug.as_str()));
    // A longer list could not be read back from a file.
    former.sort_by_key(|f| Reverse(f.retired_at));
    former.truncate(rules::LIST);
    former.sort_by(|a, b| a.slug.cmp(&b.slug));
    content.former_slugs = former;
}
