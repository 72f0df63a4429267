//! Filters that lists of articles and the search share: which articles a reader asks for, and the lists that show them. Knows no order.

use chrono::{FixedOffset, NaiveDate, NaiveTime};

use crate::error::Result;
use crate::models::freshness::Freshness;
use crate::models::listing::{List, ListKind};
use crate::models::rules;
use crate::models::time::Ts;
use crate::store::listings::{self, ATTACHED};
use crate::store::{self, Conn};

/// A moment as callers give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// An instant.
    At(Ts),
    /// The beginning of a day where the site is, or in UTC without one.
    Day(NaiveDate),
}

/// Which articles are asked for; all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleFilters {
    /// Slug of a site.
    pub site: Option<String>,
    /// Id of a category.
    pub category: Option<i64>,
    /// Path of a category of the site, present or former.
    pub category_path: Option<String>,
    /// Whether the categories below count too.
    pub subtree: bool,
    /// Id of a source.
    pub source: Option<i64>,
    /// Id of a topic.
    pub topic: Option<i64>,
    /// A keyword.
    pub keyword: Option<String>,
    /// Id of a contributor.
    pub contributor: Option<i64>,
    /// A language that it exists in.
    pub available_in: Option<String>,
    /// Published then or later.
    pub published_from: Option<Moment>,
    /// Published before then.
    pub published_to: Option<Moment>,
    /// Changed then or later.
    pub updated_from: Option<Moment>,
    /// With files, or without.
    pub has_attachments: Option<bool>,
    /// Only these.
    pub ids: Option<Vec<i64>>,
}

/// What filters come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Narrowed {
    /// The lists that must all show an article, the one expected to be shortest first; none where everything is asked for.
    pub lists: Vec<List>,
    /// Published then or later.
    pub published_from: Option<Ts>,
    /// Published before then.
    pub published_to: Option<Ts>,
    /// Changed then or later.
    pub updated_from: Option<Ts>,
    /// `Some(false)` for those without files; those with files have a list of their own.
    pub has_attachments: Option<bool>,
}

impl ArticleFilters {
    /// How fresh what they choose from is, and what they come to; `None` where nothing can match.
    pub(super) fn narrow(&self, conn: &mut Conn, now: Ts) -> Result<(Freshness, Option<Narrowed>)> {
        let site = match &self.site {
            None => None,
            Some(slug) => Some(store::sites::find_zone(conn, slug)?),
        };
        let freshness = match &site {
            Some(Some((id, _))) => store::stamps::of_site(conn, *id, now)?,
            Some(None) | None => store::stamps::of_everything(conn, now)?,
        };
        let narrowed = match &site {
            Some(None) => None,
            Some(Some((id, offset))) => self.within(conn, Some(*id), offset)?,
            None => self.within(conn, None, "+00:00")?,
        };
        Ok((freshness, narrowed))
    }

    fn within(
        &self,
        conn: &mut Conn,
        site_id: Option<i64>,
        utc_offset: &str,
    ) -> Result<Option<Narrowed>> {
        let mut lists = Vec::new();
        let mut named = |kind, reference: Option<i64>| {
            lists.extend(reference.map(|reference| List { kind, reference }));
        };
        named(ListKind::Contributor, self.contributor);
        named(ListKind::Topic, self.topic);
        let in_category = if self.subtree {
            ListKind::Subtree
        } else {
            ListKind::Category
        };
        let mut is_within_site = false;
        if let (Some(site_id), Some(path)) = (site_id, &self.category_path) {
            let Some(id) = store::category_paths::resolve_shown(conn, site_id, path)? else {
                return Ok(None);
            };
            named(in_category, Some(id));
            is_within_site = true;
        }
        // One that a site is named with is looked up below.
        let category = self.category.filter(|_| site_id.is_none());
        let is_named = category.or(self.topic).or(self.source).is_some();
        if is_named && !store::holds::are_shown(conn, category, self.topic, self.source)? {
            return Ok(None);
        }
        if let Some(id) = self.category {
            if let Some(site_id) = site_id {
                // Either all articles of a category are of the site, or none.
                if store::categories::site_of(conn, id)? != Some(site_id) {
                    return Ok(None);
                }
                is_within_site = true;
            }
            named(in_category, Some(id));
        }
        named(ListKind::Source, self.source);
        lists.extend(self.keyword.as_deref().map(listings::of_keyword));
        lists.extend((self.has_attachments == Some(true)).then_some(ATTACHED));
        lists.extend(self.available_in.as_deref().map(listings::of_locale));
        if let Some(reference) = site_id.filter(|_| !is_within_site) {
            lists.push(List {
                kind: ListKind::Site,
                reference,
            });
        }
        let at = |moment: Option<Moment>| moment.map(|moment| moment.instant(utc_offset));
        Ok(Some(Narrowed {
            lists,
            published_from: at(self.published_from),
            published_to: at(self.published_to),
            updated_from: at(self.updated_from),
            has_attachments: self.has_attachments.filter(|has| !has),
        }))
    }
}

impl Moment {
    /// The instant, for a site with this offset from UTC.
    pub(super) fn instant(self, utc_offset: &str) -> Ts {
        match self {
            Self::At(at) => at,
            Self::Day(day) => {
                let zone = rules::offset_minutes(utc_offset)
                    .and_then(|minutes| FixedOffset::east_opt(minutes * 60));
                let midnight = day.and_time(NaiveTime::MIN);
                let local = zone.and_then(|zone| midnight.and_local_timezone(zone).single());
                Ts(local.map_or(midnight.and_utc(), |local| local.to_utc()))
            }
        }
    }
}
