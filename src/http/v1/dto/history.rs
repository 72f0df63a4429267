//! Numbers by day on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::models::counting::{Policy, Rules};
use crate::models::days::DayViews;
use crate::service::history::ViewHistory;

/// The views of an article on one day.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ViewDay)]
pub struct ViewDayBody {
    /// The day, by the clock of the site.
    #[schema(max_length = 10, format = Date, example = "2026-01-15")]
    day: String,
    /// What counts by the policy in force that day.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 17)]
    views: i64,
    /// Every request, repeated and automatic ones included.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 23)]
    hits: i64,
}

impl From<DayViews> for ViewDayBody {
    fn from(item: DayViews) -> Self {
        let DayViews { day, views, hits } = item;
        Self {
            day: day.date().to_string(),
            views,
            hits,
        }
    }
}

/// By which rules it was counted, since when. `/api/v1/counting-policy` has all of each.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AppliedPolicy)]
pub struct AppliedPolicyBody {
    /// Its number, from 1.
    #[schema(minimum = 1, maximum = 2147483647, example = 1)]
    version: i32,
    /// Since when it holds (RFC 3339, UTC), until the next one.
    #[schema(max_length = 40, format = DateTime)]
    since: String,
    /// Seconds within which a visitor counts once for the same thing.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1800)]
    window_s: i64,
    /// Visitors that count for the same thing from one address within the window.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 100)]
    address_limit: i64,
}

impl From<Policy> for AppliedPolicyBody {
    fn from(policy: Policy) -> Self {
        let Policy {
            version,
            since,
            rules:
                Rules {
                    window_s,
                    per_address,
                    bots: _,
                },
        } = policy;
        Self {
            version,
            since: since.to_rfc3339(),
            window_s: window_s.into(),
            address_limit: per_address.into(),
        }
    }
}

/// The views of an article day by day. An opening balance is part of no day.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ViewHistory)]
pub struct ViewHistoryBody {
    /// The article.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    article_id: i64,
    /// The first day of `items`: `from`, or the first that is still kept; `null` where there are no items.
    #[schema(max_length = 10, format = Date, example = "2025-12-17")]
    first_day: Option<String>,
    /// The last day of `items`: `to`, or today; `null` where there are no items.
    #[schema(max_length = 10, format = Date, example = "2026-01-15")]
    last_day: Option<String>,
    /// Every day, the earliest first; those without views too.
    #[schema(max_items = 366)]
    items: Vec<ViewDayBody>,
    /// The policies in force on these days, the earliest first.
    #[schema(max_items = 100000)]
    policies: Vec<AppliedPolicyBody>,
}

impl From<ViewHistory> for ViewHistoryBody {
    fn from(history: ViewHistory) -> Self {
        let ViewHistory {
            article_id,
            span,
            items,
            policies,
            now: _,
        } = history;
        Self {
            article_id,
            first_day: span.map(|span| span.first.date().to_string()),
            last_day: span.map(|span| span.last.date().to_string()),
            items: items.into_iter().map(Into::into).collect(),
            policies: policies.into_iter().map(Into::into).collect(),
        }
    }
}
