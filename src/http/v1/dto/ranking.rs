//! Rankings on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::article::ArticleSummary;
use super::counting::CountingPolicyRef;
use crate::http::links::Links;
use crate::models::counting::{Day, Metric, Period, Policy};
use crate::models::ranking::{Reach, Window};
use crate::service::articles::Ranking;

/// What articles are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankingMetric {
    /// Counted views.
    Views,
    /// Counted downloads of their files.
    Downloads,
    /// Citations, as editors and imports set them.
    Citations,
}

impl RankingMetric {
    /// The metric that `word` names.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "views" => Some(Self::Views),
            "downloads" => Some(Self::Downloads),
            "citations" => Some(Self::Citations),
            _ => None,
        }
    }
}

impl From<RankingMetric> for Metric {
    fn from(metric: RankingMetric) -> Self {
        match metric {
            RankingMetric::Views => Self::Views,
            RankingMetric::Downloads => Self::Downloads,
            RankingMetric::Citations => Self::Citations,
        }
    }
}

/// How far a ranking looks back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankingPeriod {
    /// A day.
    Day,
    /// A week, from Monday; rolling: 7 days.
    #[default]
    Week,
    /// A month; rolling: 30 days.
    Month,
    /// A year; rolling: 365 days.
    Year,
    /// Everything, opening balances included.
    All,
}

impl From<RankingPeriod> for Reach {
    fn from(period: RankingPeriod) -> Self {
        match period {
            RankingPeriod::Day => Self::Past(Period::Day),
            RankingPeriod::Week => Self::Past(Period::Week),
            RankingPeriod::Month => Self::Past(Period::Month),
            RankingPeriod::Year => Self::Past(Period::Year),
            RankingPeriod::All => Self::Ever,
        }
    }
}

/// Where the days of a ranking begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankingWindow {
    /// Where the calendar has the period: weeks on Monday, months on the 1st.
    #[default]
    Calendar,
    /// So many days before `as_of`, which is the last of them.
    Rolling,
}

impl From<RankingWindow> for Window {
    fn from(window: RankingWindow) -> Self {
        match window {
            RankingWindow::Calendar => Self::Calendar,
            RankingWindow::Rolling => Self::Rolling,
        }
    }
}

/// An article in a ranking.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RankingItem {
    /// Its place, from 1. No two share one: where numbers are equal, the older record comes first.
    #[schema(minimum = 1, maximum = 100, example = 1)]
    rank: i32,
    /// What it is ranked by.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 983)]
    value: i64,
    /// The article as lists show it. Its `views` are those of all time, up to 5 seconds old.
    article: ArticleSummary,
}

/// A ranking.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RankingBody {
    /// What it is by.
    metric: RankingMetric,
    /// How far it looks back.
    period: RankingPeriod,
    /// Where its days begin.
    window: RankingWindow,
    /// The slug of the site that was asked for.
    #[schema(max_length = 200, example = "demo")]
    site: Option<String>,
    /// The id of the category that was asked for.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    category: Option<i64>,
    /// Its first day, by the clock of the site; `null` with `period=all`.
    #[schema(max_length = 10, format = Date, example = "2026-01-12")]
    first_day: Option<String>,
    /// Its last day, which belongs to it; `null` with `period=all`.
    #[schema(max_length = 10, format = Date, example = "2026-01-18")]
    last_day: Option<String>,
    /// The rules by which is counted now; `null` for citations, which nobody counts.
    policy: Option<CountingPolicyRef>,
    /// The articles, the largest number first.
    #[schema(max_items = 100)]
    items: Vec<RankingItem>,
}

/// What was asked for.
#[derive(Debug, Clone)]
pub struct RankingAsked {
    /// By what.
    pub metric: RankingMetric,
    /// How far back.
    pub period: RankingPeriod,
    /// From where on.
    pub window: RankingWindow,
    /// Slug of a site.
    pub site: Option<String>,
    /// Id of a category.
    pub category: Option<i64>,
}

impl RankingBody {
    /// The answer to what was asked for.
    pub fn new(
        asked: RankingAsked,
        ranking: Ranking,
        policy: Option<&Policy>,
        links: &Links,
    ) -> Self {
        let RankingAsked {
            metric,
            period,
            window,
            site,
            category,
        } = asked;
        let Ranking {
            span,
            items,
            now: _,
        } = ranking;
        let date = |day: Day| day.date().to_string();
        Self {
            metric,
            period,
            window,
            site,
            category,
            first_day: span.map(|span| date(span.first)),
            last_day: span.map(|span| date(span.last)),
            policy: policy.map(|policy| CountingPolicyRef::new(policy, links)),
            items: (1..)
                .zip(items)
                .map(|(rank, (value, article))| RankingItem {
                    rank,
                    value,
                    article: ArticleSummary::new(article, links),
                })
                .collect(),
        }
    }
}
