//! What the numbers say: what readers look at, and where they find nothing new. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, View};
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::{CalendarDay, SiteSlug};
use crate::http::problem::{ManagedListProblems, Problem};
use crate::http::query::{Limit, PageNumber, Positive, Query};
use crate::http::v1::dto::analytics::AnalyticsBody;
use crate::http::v1::dto::freshness::{CategoryFreshnessPageBody, FreshnessState};
use crate::models::access::Operation;
use crate::service::management::analytics::{self, WantedNeglect, WantedNumbers};

/// Days after which a category is stale, where nothing else is asked for.
const STALE_AFTER: i32 = 90;

/// Which categories, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FreshnessQuery {
    /// Only categories of this site, by slug; otherwise of all sites that the caller sees something of.
    #[param(value_type = Option<String>, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// A category is stale whose newest article is older than so many days.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 3650, default = 90, example = 90)]
    stale_after_days: Option<Positive<3650>>,
    /// Only empty ones, or only stale ones.
    #[param(inline = false)]
    state: Option<FreshnessState>,
    /// Most items of the page.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
    /// Where the page starts: `next_cursor` of the page before, with the same filters.
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 1000)]
    cursor: Option<String>,
    /// Number of the page, from 1; reaches the first 10,000 items. Not together with `cursor`.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 10000)]
    page: Option<PageNumber>,
    /// Whether to count all categories of the list: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

impl FreshnessQuery {
    /// The filters, and the paging.
    fn split(self) -> (WantedNeglect, Paging) {
        let Self {
            site,
            stale_after_days,
            state,
            limit,
            cursor,
            page,
            count,
        } = self;
        let wanted = WantedNeglect {
            site: site.map(|site| site.0),
            neglect: state.map(Into::into),
            stale_after_days: stale_after_days.map_or(STALE_AFTER, Positive::get),
        };
        let paging = Paging {
            limit,
            cursor,
            page: page.map(PageNumber::get),
            count,
        };
        (wanted, paging)
    }
}

fn fingerprint(wanted: &WantedNeglect) -> Fingerprint {
    let WantedNeglect {
        site,
        neglect,
        stale_after_days,
    } = wanted;
    let neglect = neglect.map(|neglect| format!("{neglect:?}"));
    Fingerprint::of(
        "freshness",
        &[site.clone(), neglect, Some(stale_after_days.to_string())],
    )
}

/// List categories without fresh articles
///
/// Categories in which, and below which, nothing is public (`empty`) or nothing new (`stale`), by site and in the order of their
/// positions. What is scheduled does not count before its time, nor what has expired.
#[utoipa::path(operation_id = "listCategoryFreshness", tag = "management", params(FreshnessQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of categories", body = CategoryFreshnessPageBody), ManagedListProblems))]
#[get("/analytics/freshness")]
pub async fn list_category_freshness(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<FreshnessQuery>,
) -> Result<View<CategoryFreshnessPageBody>, Problem> {
    let (wanted, paging) = query.into_inner().split();
    let list = fingerprint(&wanted);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListCategoryFreshness, move |tx| {
            analytics::freshness(tx, wanted, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(
        CategoryFreshnessPageBody::new(page, next),
        links,
    ))
}

/// Which numbers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AnalyticsQuery {
    /// Only of this site, by slug; otherwise of all sites that the caller sees something of.
    #[param(value_type = Option<String>, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// The first day, by the clock of each site; without it the answer has 30 days.
    #[param(value_type = Option<String>, min_length = 10, max_length = 10, format = Date, example = "2026-01-01")]
    from: Option<CalendarDay>,
    /// The last day, itself included: not before `from`, and at most 366 days with it; without it, today.
    #[param(value_type = Option<String>, min_length = 10, max_length = 10, format = Date, example = "2026-01-31")]
    to: Option<CalendarDay>,
    /// Most categories, and most sources.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
}

/// Fetch the numbers of sites
///
/// What readers looked at on the days from `from` to `to`, live: in all, by day, by site, and the categories and sources with most
/// views. Days are those of each site's clock; what has not begun anywhere is left out. Numbers go to the category and to the sources
/// that an article had when it was read: those of a category are its own articles', not those of the categories below it, and those of
/// an article with several sources go to each. Opening balances are part of no day. A site that the caller sees nothing of has no numbers.
#[utoipa::path(operation_id = "getAnalytics", tag = "management", params(AnalyticsQuery), security(("bearer" = [])),
    responses((status = 200, description = "The numbers", body = AnalyticsBody), ManagedListProblems))]
#[get("/analytics")]
pub async fn get_analytics(
    desk: Desk,
    query: Query<AnalyticsQuery>,
) -> Result<View<AnalyticsBody>, Problem> {
    let Query(AnalyticsQuery {
        site,
        from,
        to,
        limit,
    }) = query;
    let wanted = WantedNumbers {
        site: site.map(|site| site.0),
        from: from.map(|day| day.0),
        to: to.map(|day| day.0),
        limit: limit.get(),
    };
    let found = desk
        .read_long(Operation::GetAnalytics, move |tx| {
            analytics::numbers(tx, wanted)
        })
        .await?;
    Ok(View::page(found.into(), String::new()))
}
