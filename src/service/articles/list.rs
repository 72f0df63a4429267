//! Lists of articles: filters that combine, three orders, pages and totals.

use chrono::{FixedOffset, NaiveDate, NaiveTime};

use super::{Articles, Languages, Summary, media, summaries};
use crate::content::media::Addresses;
use crate::error::Result;
use crate::models::article::PublicArticle;
use crate::models::freshness::Fresh;
use crate::models::listing::{Direction, List, ListKind, Place, Sort};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::rules;
use crate::models::time::Ts;
use crate::store::articles::{Filters, Window};
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

/// Which articles a list shows, and which page of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleQuery {
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
    /// What it is sorted by.
    pub sort: Sort,
    /// Which end comes first.
    pub direction: Direction,
    /// Which page.
    pub page: PageQuery<Place>,
}

/// Rows that are looked at before a list is long: a driving list should be shorter.
const LONG: i64 = 300;

/// Articles that are read together and sorted, where a range of times holds no more.
const SORTED: i64 = 500;

/// Rows that are counted one by one for an estimated total.
const ROUGH: i64 = 1_000;

impl ArticleQuery {
    /// Whether a page costs the same however many articles there are: one list, no conditions on its rows, no rows
    /// that are passed over, no counting.
    fn is_bounded(&self) -> bool {
        let Self {
            site,
            category,
            category_path,
            subtree: _,
            source,
            topic,
            keyword,
            contributor,
            available_in,
            published_from,
            published_to,
            updated_from,
            has_attachments,
            ids: _,
            sort,
            direction: _,
            page,
        } = self;
        let lists = [
            source.is_some(),
            topic.is_some(),
            keyword.is_some(),
            contributor.is_some(),
            available_in.is_some(),
            category.is_some() || category_path.is_some() || site.is_some(),
        ];
        lists.into_iter().filter(|is_named| *is_named).count() <= 1
            && has_attachments.is_none()
            && (*sort == Sort::PublishedAt || (published_from.is_none() && published_to.is_none()))
            && (*sort == Sort::UpdatedAt || updated_from.is_none())
            && page.offset() == 0
            && page.count == Count::None
    }
}

impl Articles {
    /// A page of public articles. A filter that names nothing gives an empty page.
    pub async fn page(
        &self,
        query: ArticleQuery,
        languages: Languages,
    ) -> Result<Fresh<Page<Summary, Place>>> {
        let clock = self.clock.clone();
        let addresses = self.addresses.clone();
        let is_bounded = query.is_bounded();
        let work = move |conn: &mut Conn| {
            // Now, not when the request began to wait for its turn.
            let now = Ts::from(clock.now());
            store::connection::snapshot(conn, |conn| {
                page(conn, &query, &languages, &addresses, now)
            })
        };
        if is_bounded {
            self.store.read_short(work).await
        } else {
            self.store.read_long(work).await
        }
    }
}

fn page(
    conn: &mut Conn,
    query: &ArticleQuery,
    languages: &Languages,
    addresses: &Addresses,
    now: Ts,
) -> Result<Fresh<Page<Summary, Place>>> {
    let site = match &query.site {
        None => None,
        Some(slug) => Some(store::sites::find_zone(conn, slug)?),
    };
    let freshness = match &site {
        Some(Some((id, _))) => store::stamps::of_site(conn, *id, now)?,
        Some(None) | None => store::stamps::of_everything(conn, now)?,
    };
    let filters = match &site {
        Some(None) => None,
        Some(Some((id, offset))) => filters(conn, query, Some(*id), offset)?,
        None => filters(conn, query, None, "+00:00")?,
    };
    let found = match filters {
        None => Page {
            items: Vec::new(),
            next: None,
            total: query.page.count.exactly(0),
        },
        Some(filters) => match &query.ids {
            Some(ids) => page_of_ids(conn, ids, &filters, query, now)?,
            None => page_of_list(conn, filters, query, now)?,
        },
    };
    let (items, rest) = found.split();
    let articles = items.into_iter().map(|(article, _)| article).collect();
    let mut items = summaries(conn, articles, languages)?;
    media::of_summaries(conn, addresses, &mut items)?;
    Ok(Fresh {
        value: rest.with_items(items),
        freshness,
    })
}

type Found = Page<(PublicArticle, Place), Place>;

fn page_of_list(
    conn: &mut Conn,
    mut filters: Filters,
    query: &ArticleQuery,
    now: Ts,
) -> Result<Found> {
    drive(conn, &mut filters, query.page.count)?;
    let few = store::articles::few_in_range(conn, &filters, query.sort, SORTED, now)?;
    if let Some(ids) = few {
        return page_of_ids(conn, &ids, &filters, query, now);
    }
    let window = Window {
        sort: query.sort,
        direction: query.direction,
        after: query.page.after(),
        offset: query.page.offset(),
        limit: query.page.limit + 1,
    };
    let items = store::articles::page(conn, &filters, &window, now)?;
    let total = total(conn, &filters, query.page.count, now)?;
    Ok(Page::cut(
        items,
        query.page.limit,
        |(_, place)| place.clone(),
        total,
    ))
}

/// Walks the first list that is not long, where one of several is; the others are looked up for each of its rows. Who
/// wants a total is better off with a list that can be counted, too.
fn drive(conn: &mut Conn, filters: &mut Filters, count: Count) -> Result<()> {
    let lengths = match count {
        Count::Exact => &[LONG, store::COUNTED][..],
        Count::None | Count::Estimated => &[LONG],
    };
    if filters.also_in.is_empty() {
        return Ok(());
    }
    for length in lengths {
        if !listings::is_longer(conn, filters.list, *length)? {
            return Ok(());
        }
        for other in &mut filters.also_in {
            if !listings::is_longer(conn, *other, *length)? {
                std::mem::swap(&mut filters.list, other);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A page of few articles that are read together and sorted here.
fn page_of_ids(
    conn: &mut Conn,
    ids: &[i64],
    filters: &Filters,
    query: &ArticleQuery,
    now: Ts,
) -> Result<Found> {
    let mut found = store::articles::of_ids(conn, ids, filters, query.sort, now)?;
    found.sort_by(|(_, a), (_, b)| a.cmp(b));
    if query.direction == Direction::Descending {
        found.reverse();
    }
    let length = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let total = query.page.count.exactly(length);
    if let Some(after) = query.page.after() {
        found.retain(|(_, place)| match query.direction {
            Direction::Descending => *place < after,
            Direction::Ascending => *place > after,
        });
    }
    let passed = usize::try_from(query.page.offset()).unwrap_or(usize::MAX);
    found.drain(..passed.min(found.len()));
    Ok(Page::cut(
        found,
        query.page.limit,
        |(_, place)| place.clone(),
        total,
    ))
}

/// The lists that `query` names, the one expected to be shortest first; `None` where nothing can stand in all.
fn filters(
    conn: &mut Conn,
    query: &ArticleQuery,
    site_id: Option<i64>,
    utc_offset: &str,
) -> Result<Option<Filters>> {
    let mut lists = Vec::new();
    let mut named = |kind, reference: Option<i64>| {
        lists.extend(reference.map(|reference| List { kind, reference }));
    };
    named(ListKind::Contributor, query.contributor);
    named(ListKind::Topic, query.topic);
    let in_category = if query.subtree {
        ListKind::Subtree
    } else {
        ListKind::Category
    };
    let mut is_within_site = false;
    if let (Some(site_id), Some(path)) = (site_id, &query.category_path) {
        let Some((id, _)) = store::category_paths::resolve(conn, site_id, path)? else {
            return Ok(None);
        };
        named(in_category, Some(id));
        is_within_site = true;
    }
    if let Some(id) = query.category {
        if let Some(site_id) = site_id {
            // Either all articles of a category are of the site, or none.
            if store::categories::site_of(conn, id)? != Some(site_id) {
                return Ok(None);
            }
            is_within_site = true;
        }
        named(in_category, Some(id));
    }
    named(ListKind::Source, query.source);
    lists.extend(query.keyword.as_deref().map(listings::of_keyword));
    lists.extend((query.has_attachments == Some(true)).then_some(ATTACHED));
    lists.extend(query.available_in.as_deref().map(listings::of_locale));
    if let Some(reference) = site_id.filter(|_| !is_within_site) {
        lists.push(List {
            kind: ListKind::Site,
            reference,
        });
    }
    if lists.is_empty() {
        lists.push(listings::ALL);
    }
    let list = lists.remove(0);
    let at = |moment: Option<Moment>| moment.map(|moment| moment.instant(utc_offset));
    Ok(Some(Filters {
        also_in: lists,
        published_from: at(query.published_from),
        published_to: at(query.published_to),
        updated_from: at(query.updated_from),
        // Those with files have a list of their own.
        has_attachments: query.has_attachments.filter(|has| !has),
        ..Filters::of(list)
    }))
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

/// How many articles match: from the numbers that are kept, else counted row by row as far as the budget goes, else
/// extrapolated from there.
fn total(conn: &mut Conn, filters: &Filters, count: Count, now: Ts) -> Result<Total> {
    let budget = match count {
        Count::None => return Ok(Total::Unknown),
        Count::Exact => store::COUNTED,
        Count::Estimated => ROUGH,
    };
    let kept = if filters.published_from.is_none() && filters.published_to.is_none() {
        store::counts::of_list(conn, filters.list, now)?
    } else {
        None
    };
    if let Some(kept) = kept
        && *filters == Filters::of(filters.list)
    {
        return Ok(Total::Exact(kept));
    }
    let (matching, edge) = store::articles::count(conn, filters, budget, now)?;
    let Some(edge) = edge else {
        return Ok(Total::Exact(matching));
    };
    let length = match kept {
        Some(kept) => kept,
        // As dense in the rest of its time as in the part that was counted.
        None => match store::articles::span(conn, filters, now)? {
            Some((oldest, newest)) => {
                let whole = (newest.0 - oldest.0).num_seconds().max(1);
                let part = (newest.0 - edge.0).num_seconds().max(1);
                budget.saturating_mul(whole) / part
            }
            None => budget,
        },
    };
    Ok(Total::Estimated(
        (matching.saturating_mul(length) / budget).max(matching),
    ))
}
