//! Rankings of articles, for anyone. Knows no SQL.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, get};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::Fault;
use crate::http::conditional::{Answer, SurrogateKeys};
use crate::http::language::{AcceptLanguage, Fallback, Locale};
use crate::http::links::Links;
use crate::http::parameters::{CalendarDay, SiteSlug};
use crate::http::problem::{ItemProblems, Problem};
use crate::http::query::{Positive, Query, RecordId};
use crate::http::v1::dto::ranking::{
    RankingAsked, RankingBody, RankingMetric, RankingPeriod, RankingWindow,
};
use crate::service::Services;
use crate::service::articles::RankingQuery;

/// Articles of a ranking, where nothing else is asked for.
const LIMIT: i32 = 10;

/// The `{metric}` segment of the path. What is none does not exist: 404.
#[derive(Debug, Clone, Copy)]
pub struct MetricPath(RankingMetric);

impl FromRequest for MetricPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let segment = req.match_info().get("metric").unwrap_or_default();
        let metric = RankingMetric::parse(segment);
        ready(metric.map(Self).ok_or_else(Problem::not_found))
    }
}

/// Which ranking.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RankingsQuery {
    /// How far it looks back. Without it a week: a ranking of all time hardly ever changes, so ask for `all` where that is meant.
    #[serde(default)]
    #[param(inline = false)]
    period: RankingPeriod,
    /// Whether the period is that of the calendar, or so many days up to `as_of`. Not together with `period=all`.
    #[param(inline = false)]
    window: Option<RankingWindow>,
    /// Only articles of the site with this slug, and days by its clock; otherwise those of all sites, each by its own.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// Only articles of this category and of those below, by id.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    category: Option<RecordId>,
    /// A day: of the calendar, the period that it is in is ranked, whole. Without it today where the site is, or where it is latest without `site` and
    /// `category`. Not together with `period=all`.
    #[param(value_type = Option<String>, format = Date, min_length = 10, max_length = 10, example = "2026-11-01")]
    as_of: Option<CalendarDay>,
    /// Language to serve where it exists, as a BCP 47 tag; it selects the rendition, it does not filter. A Chinese script that an article lacks is derived from
    /// the other one.
    #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh-Hans")]
    locale: Option<Locale>,
    /// Most articles.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 10, example = 10)]
    limit: Option<Positive<100>>,
}

impl RankingsQuery {
    /// Refuses parameters that do not go together.
    fn check(&self) -> Result<(), Problem> {
        if self.period != RankingPeriod::All {
            return Ok(());
        }
        let given = [
            ("as_of", self.as_of.is_some()),
            ("window", self.window.is_some()),
        ];
        let faults: Vec<Fault> = given
            .into_iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(name, _)| {
                let detail = format!(
                    "`{name}` has no meaning with `period=all`; leave it out, or ask for `day`, `week`, `month` or `year`"
                );
                Fault::new(format!("/{name}"), "not_with_all", detail)
            })
            .collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::bad_parameter(faults)),
        }
    }
}

/// Rank articles
///
/// The public articles with the largest numbers, of a period or of all time; those without any are left out. Numbers are live, and an
/// article that is not public any more is gone at once. Where numbers are equal, the smaller id comes first. The numbers of days and
/// weeks, of which rolling windows are made up, are kept for some time only (400 days, unless the server is set up otherwise), those of months and
/// years for ever. A site or a category that there is not gives an empty ranking.
#[utoipa::path(operation_id = "getRanking", tag = "counters",
    params(("metric" = RankingMetric, Path, description = "What articles are ranked by", example = "views"), RankingsQuery, AcceptLanguage),
    responses((status = 200, description = "The ranking", body = RankingBody), ItemProblems))]
#[get("/rankings/{metric}")]
pub async fn get_ranking(
    services: Data<Services>,
    links: Data<Links>,
    accepted: AcceptLanguage,
    metric: MetricPath,
    query: Query<RankingsQuery>,
) -> Result<Answer<RankingBody>, Problem> {
    let Query(query) = query;
    query.check()?;
    let RankingsQuery {
        period,
        window,
        site,
        category,
        as_of,
        locale,
        limit,
    } = query;
    let asked = RankingAsked {
        metric: metric.0,
        period,
        window: window.unwrap_or_default(),
        site: site.map(|site| site.0),
        category: category.map(RecordId::get),
    };
    let wanted = RankingQuery {
        metric: asked.metric.into(),
        reach: asked.period.into(),
        window: asked.window.into(),
        site: asked.site.clone(),
        category: asked.category,
        as_of: as_of.map(|day| day.0),
        limit: limit.map_or(LIMIT, Positive::get).into(),
    };
    let languages = accepted.languages(locale, Fallback::Any);
    let is_negotiated = languages.locale.is_none();
    let ranking = services.articles.ranking(wanted, languages).await?;
    let mut keys = SurrogateKeys::default();
    if let Some(site) = &asked.site {
        keys = keys.site(site);
    }
    if let Some(category) = asked.category {
        keys = keys.category(category);
    }
    // Nobody counts citations.
    let policy = match asked.metric {
        RankingMetric::Views | RankingMetric::Downloads => Some(services.counting.policy()?),
        RankingMetric::Citations => None,
    };
    let now = ranking.now;
    let body = RankingBody::new(asked, ranking, policy, &links);
    Ok(Answer::live(body, now)
        .negotiated(is_negotiated)
        .keyed(keys))
}
