//! What the numbers say, for those who work in a site: what readers look at, and where they find nothing new.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{Duration, NaiveDate};

use super::Tx;
use crate::error::Result;
use crate::models::analytics::{Analytics, CategoryPlace, Gains, Neglect, NeglectedCategory};
use crate::models::counting::Day;
use crate::models::days::DaySpan;
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::time::Ts;
use crate::store;
use crate::store::analytics::NeglectFilters;
use crate::store::totals;

/// Which neglected categories to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedNeglect {
    /// Only of the site with this slug; otherwise of all that the caller sees something of.
    pub site: Option<String>,
    /// Only those that are neglected in this way.
    pub neglect: Option<Neglect>,
    /// A category is stale whose newest article is older than so many days.
    pub stale_after_days: i32,
}

/// A page of categories that are empty or stale, by site and then in the order of their positions. A site that the caller sees
/// nothing of has none.
pub fn freshness(
    tx: &mut Tx<'_>,
    wanted: WantedNeglect,
    query: PageQuery<CategoryPlace>,
) -> Result<Page<NeglectedCategory, CategoryPlace>> {
    tx.allow_somewhere()?;
    let sites = match wanted.site {
        None => tx.visible_sites(),
        Some(slug) => match tx.visible_site(&slug)? {
            Some(id) => Some(vec![id]),
            None => return Ok(Page::empty(query.count)),
        },
    };
    let filters = NeglectFilters {
        sites,
        neglect: wanted.neglect,
        new_from: Ts(tx.now.0 - Duration::days(i64::from(wanted.stale_after_days))),
        now: tx.now,
    };
    let items = store::analytics::neglected_page(
        tx.conn,
        &filters,
        query.after(),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => store::analytics::count_neglected(tx.conn, &filters)?,
    };
    Ok(Page::cut(
        items,
        query.limit,
        |category| (category.site_id, category.position, category.id),
        total,
    ))
}

/// Which numbers to add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedNumbers {
    /// Only of the site with this slug; otherwise of all that the caller sees something of.
    pub site: Option<String>,
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
    /// The most categories, and the most sources.
    pub limit: i64,
}

/// What readers looked at, on days by the clock of each site. A site that the caller sees nothing of has no numbers.
pub fn numbers(tx: &mut Tx<'_>, wanted: WantedNumbers) -> Result<Analytics> {
    tx.allow_somewhere()?;
    let visible = match wanted.site {
        None => tx.visible_sites(),
        Some(slug) => Some(tx.visible_site(&slug)?.into_iter().collect()),
    };
    let zones = totals::zones(tx.conn, visible.as_deref())?;
    // Where sites are in several zones, today has begun when it has begun for one of them.
    let here = zones.iter().map(|zone| Day::at(tx.now, &zone.utc_offset));
    let today = here.max().unwrap_or_else(|| Day::at(tx.now, "+00:00"));
    let span = DaySpan::resolve(wanted.from.map(Day::of), wanted.to.map(Day::of), today)?;
    let days_of = |gains: &HashMap<Day, Gains>| -> Vec<(Day, Gains)> {
        let days = span.into_iter().flat_map(DaySpan::days);
        days.map(|day| (day, gains.get(&day).copied().unwrap_or_default()))
            .collect()
    };
    let (Some(days), false) = (span, zones.is_empty()) else {
        return Ok(Analytics {
            span,
            totals: Gains::default(),
            days: days_of(&HashMap::new()),
            sites: ranked(zones, &HashMap::new()),
            categories: Vec::new(),
            sources: Vec::new(),
        });
    };
    let asked = totals::Wanted {
        sites: visible,
        span: days,
    };
    let by_day = totals::by_day(tx.conn, &asked)?.into_iter().collect();
    let by_site = totals::by_site(tx.conn, &asked)?.into_iter().collect();
    let days = days_of(&by_day);
    Ok(Analytics {
        span,
        totals: days.iter().map(|(_, gains)| *gains).sum(),
        days,
        sites: ranked(zones, &by_site),
        categories: totals::top_categories(tx.conn, &asked, wanted.limit)?,
        sources: totals::top_sources(tx.conn, &asked, wanted.limit)?,
    })
}

/// Each site, also one that gained nothing: the one with most views first, ties by id.
fn ranked(mut zones: Vec<totals::Zone>, gains: &HashMap<i64, Gains>) -> Vec<(String, Gains)> {
    let of = |id: i64| gains.get(&id).copied().unwrap_or_default();
    zones.sort_by_key(|zone| (Reverse(of(zone.id).views), zone.id));
    zones
        .into_iter()
        .map(|zone| (zone.slug, of(zone.id)))
        .collect()
}
