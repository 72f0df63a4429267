//! What readers looked at, on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::models::analytics::{Analytics, CategoryGains, Gains, SourceGains};
use crate::models::counting::Day;

/// What was counted in all.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = AnalyticsTotals)]
pub struct AnalyticsTotalsBody {
    /// Counted views of articles.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 17)]
    views: i64,
    /// Every request to count a view, repeated and automatic ones included.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 23)]
    hits: i64,
    /// Counted downloads of files.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 3)]
    downloads: i64,
    /// Counted visits.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 5)]
    visits: i64,
}

impl From<Gains> for AnalyticsTotalsBody {
    fn from(gains: Gains) -> Self {
        let Gains {
            views,
            hits,
            downloads,
            visits,
        } = gains;
        Self {
            views,
            hits,
            downloads,
            visits,
        }
    }
}

/// What was counted on one day.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnalyticsDay)]
pub struct AnalyticsDayBody {
    /// The day, by the clock of each site.
    #[schema(max_length = 10, format = Date, example = "2026-01-15")]
    day: String,
    /// Counted views of articles.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 17)]
    views: i64,
    /// Every request to count a view, repeated and automatic ones included.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 23)]
    hits: i64,
    /// Counted downloads of files.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 3)]
    downloads: i64,
    /// Counted visits.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 5)]
    visits: i64,
}

impl From<(Day, Gains)> for AnalyticsDayBody {
    fn from((day, gains): (Day, Gains)) -> Self {
        let Gains {
            views,
            hits,
            downloads,
            visits,
        } = gains;
        Self {
            day: day.date().to_string(),
            views,
            hits,
            downloads,
            visits,
        }
    }
}

/// What was counted on one site.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnalyticsSite)]
pub struct AnalyticsSiteBody {
    /// Its slug.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Counted views of articles.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 17)]
    views: i64,
    /// Every request to count a view, repeated and automatic ones included.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 23)]
    hits: i64,
    /// Counted downloads of files.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 3)]
    downloads: i64,
    /// Counted visits.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 5)]
    visits: i64,
}

impl From<(String, Gains)> for AnalyticsSiteBody {
    fn from((site, gains): (String, Gains)) -> Self {
        let Gains {
            views,
            hits,
            downloads,
            visits,
        } = gains;
        Self {
            site,
            views,
            hits,
            downloads,
            visits,
        }
    }
}

/// What was counted of the articles in exactly one category; those of the categories below it are not part of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnalyticsCategory)]
pub struct AnalyticsCategoryBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// The slugs from the root down to it, joined by `/`.
    #[schema(max_length = 600, example = "research/ocean")]
    path: String,
    /// Its name; not unique.
    #[schema(max_length = 16000, example = "海洋研究")]
    name: String,
    /// Counted views of articles.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 17)]
    views: i64,
    /// Every request to count a view, repeated and automatic ones included.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 23)]
    hits: i64,
    /// Counted downloads of files.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 3)]
    downloads: i64,
}

impl From<CategoryGains> for AnalyticsCategoryBody {
    fn from(category: CategoryGains) -> Self {
        let CategoryGains {
            id,
            site,
            path,
            name,
            gains:
                Gains {
                    views,
                    hits,
                    downloads,
                    visits: _,
                },
        } = category;
        Self {
            id,
            site,
            path,
            name,
            views,
            hits,
            downloads,
        }
    }
}

/// What was counted of the articles that name one source.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnalyticsSource)]
pub struct AnalyticsSourceBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// Its slug.
    #[schema(max_length = 200, example = "example-daily")]
    slug: String,
    /// Its name; not unique.
    #[schema(max_length = 16000, example = "示例日报")]
    name: String,
    /// Counted views of articles.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 17)]
    views: i64,
    /// Every request to count a view, repeated and automatic ones included.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 23)]
    hits: i64,
    /// Counted downloads of files.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 3)]
    downloads: i64,
}

impl From<SourceGains> for AnalyticsSourceBody {
    fn from(source: SourceGains) -> Self {
        let SourceGains {
            id,
            slug,
            name,
            gains:
                Gains {
                    views,
                    hits,
                    downloads,
                    visits: _,
                },
        } = source;
        Self {
            id,
            slug,
            name,
            views,
            hits,
            downloads,
        }
    }
}

/// What readers looked at.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Analytics)]
pub struct AnalyticsBody {
    /// The first day; `null` where none of the days asked for has begun.
    #[schema(max_length = 10, format = Date, example = "2025-12-17")]
    first_day: Option<String>,
    /// The last day, itself included; `null` where none of the days asked for has begun.
    #[schema(max_length = 10, format = Date, example = "2026-01-15")]
    last_day: Option<String>,
    /// The sums of all days and sites.
    totals: AnalyticsTotalsBody,
    /// Every day, the earliest first; those on which nothing was counted too.
    #[schema(max_items = 366)]
    days: Vec<AnalyticsDayBody>,
    /// Every site that the caller sees something of: most views first, ties by id.
    #[schema(max_items = 100000)]
    sites: Vec<AnalyticsSiteBody>,
    /// The categories with most views, ties by id; only those of which something was counted.
    #[schema(max_items = 100)]
    categories: Vec<AnalyticsCategoryBody>,
    /// The sources with most views, ties by id; only those of which something was counted. Only articles of the sites above count.
    #[schema(max_items = 100)]
    sources: Vec<AnalyticsSourceBody>,
}

impl From<Analytics> for AnalyticsBody {
    fn from(analytics: Analytics) -> Self {
        let Analytics {
            span,
            totals,
            days,
            sites,
            categories,
            sources,
        } = analytics;
        Self {
            first_day: span.map(|span| span.first.date().to_string()),
            last_day: span.map(|span| span.last.date().to_string()),
            totals: totals.into(),
            days: days.into_iter().map(Into::into).collect(),
            sites: sites.into_iter().map(Into::into).collect(),
            categories: categories.into_iter().map(Into::into).collect(),
            sources: sources.into_iter().map(Into::into).collect(),
        }
    }
}
