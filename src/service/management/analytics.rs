//! What the numbers say, for those who work in a site: where readers find nothing new.

use chrono::Duration;

use super::Tx;
use crate::error::Result;
use crate::models::analytics::{CategoryPlace, Neglect, NeglectedCategory};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::time::Ts;
use crate::store;
use crate::store::analytics::NeglectFilters;

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
