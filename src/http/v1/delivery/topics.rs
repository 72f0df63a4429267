//! Topics, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::conditional::{Answer, SurrogateKeys};
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::path::{IdPath, SitePath};
use crate::http::problem::{ItemProblems, Problem};
use crate::http::query::{Limit, NoQuery, PageNumber, Positive, Query};
use crate::http::v1::dto::topic::{TopicBody, TopicPageBody};
use crate::models::freshness::Fresh;
use crate::service::Services;
use crate::service::topics::SiteTopic;

/// Which topics, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TopicsQuery {
    /// Only topics of this year.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 9999, example = 2026)]
    year: Option<Positive<9999>>,
    /// Most items of the page.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
    /// Where the page starts: `next_cursor` of the page before, with the same filters.
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 1000)]
    cursor: Option<String>,
    /// Number of the page, from 1, for interfaces with page numbers; reaches the first 10,000 items. Not together with
    /// `cursor`.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 10000)]
    page: Option<PageNumber>,
    /// Whether to count all topics that fit: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List the topics of a site
///
/// In the order that the site gave them. Titles are not unique: equal titles are different topics.
#[utoipa::path(operation_id = "listTopics", tag = "topics", params(SitePath, TopicsQuery),
    responses((status = 200, description = "A page of topics", body = TopicPageBody), ItemProblems))]
#[get("/sites/{site}/topics")]
pub async fn list_topics(
    services: Data<Services>,
    key: Data<CursorKey>,
    here: Address,
    site: SitePath,
    query: Query<TopicsQuery>,
) -> Result<Answer<TopicPageBody>, Problem> {
    let SitePath(site) = site;
    let (year, paging) = query.into_inner().into_parts();
    let list = Fingerprint::of("topics", &[Some(site.clone()), year.map(|y| y.to_string())]);
    let place = paging.resolve(&key, list)?;
    let Fresh { value, freshness } = services.topics.page(site.clone(), year, place).await?;
    let next = value.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), value.total);
    Ok(
        Answer::new(TopicPageBody::new(value, &site, next), freshness)
            .keyed(SurrogateKeys::default().site(&site))
            .linked(links),
    )
}

impl TopicsQuery {
    fn into_parts(self) -> (Option<i32>, Paging) {
        let Self {
            year,
            limit,
            cursor,
            page,
            count,
        } = self;
        let paging = Paging {
            limit,
            cursor,
            page: page.map(PageNumber::get),
            count,
        };
        (year.map(Positive::get), paging)
    }
}

/// Fetch a topic
///
/// One topic by its id.
#[utoipa::path(operation_id = "getTopic", tag = "topics",
    params(IdPath),
    responses((status = 200, description = "The topic", body = TopicBody), ItemProblems))]
#[get("/topics/{id}")]
pub async fn get_topic(
    services: Data<Services>,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<Answer<TopicBody>, Problem> {
    let Fresh { value, freshness } = services.topics.get(id.0).await?;
    let SiteTopic { topic, site } = value;
    let keys = SurrogateKeys::default().site(&site);
    Ok(Answer::new(TopicBody::new(topic, site), freshness).keyed(keys))
}
