//! What articles of a portal file were called before. It does not know whether a slug is free.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::merge::Merged;
use crate::models::article::FormerSlug;
use crate::models::rules;
use crate::models::time::Ts;
use crate::portal::record::FormerSlugRecord;

/// What the line says that the article was called before; where it does not say until when, what is stored counts.
pub(super) fn listed(
    list: Vec<FormerSlugRecord>,
    stored: &[FormerSlug],
    now: Ts,
) -> Vec<FormerSlug> {
    let known: HashMap<&str, Ts> = stored
        .iter()
        .map(|f| (f.slug.as_str(), f.retired_at))
        .collect();
    list.into_iter()
        .map(|record| {
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
        })
        .collect()
}

impl Merged {
    /// Notes what the article is no longer called: an address that was given out goes on leading to it. To be called once
    /// its slug is settled. Where the line says what it was called before, that is all.
    pub(super) fn settle_former_slugs(&mut self, now: Ts) {
        let mut former = std::mem::take(&mut self.content.former_slugs);
        if self.keeps_former_slugs
            && let Some(old) = &self.stored
        {
            former.extend(
                old.content
                    .slugs()
                    .into_iter()
                    .map(|(slug, locale)| FormerSlug {
                        slug: slug.to_owned(),
                        locale: locale.map(str::to_owned),
                        retired_at: now,
                    }),
            );
        }
        let present = self.content.slugs();
        former.retain(|f| !present.contains_key(f.slug.as_str()));
        // A longer list could not be read back from a file.
        former.sort_by_key(|f| Reverse(f.retired_at));
        former.truncate(rules::LIST);
        former.sort_by(|a, b| a.slug.cmp(&b.slug));
        self.content.former_slugs = former;
    }
}
