//! Topics, for those who may change them. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::SiteSlug;
use crate::http::path::IdPath;
use crate::http::problem::{
    CreateProblems, FreeChangeProblems, FreeDeleteProblems, ManagedItemProblems,
    ManagedListProblems, Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::topic::{
    ManagedTopicBody, ManagedTopicPageBody, TopicCreate, TopicUpdate,
};
use crate::json::records::{self, Form};
use crate::models::access::Operation;
use crate::models::managed::{Expected, Managed};
use crate::models::topic::Topic;
use crate::service::management::{Work, topics};

impl Resource for Managed<Topic> {
    const NAME: &'static str = "topic";
    const PATH: &'static str = "/api/v1/manage/topics";
    type Body = ManagedTopicBody;

    fn id(&self) -> i64 {
        self.value.id
    }

    fn site_id(&self) -> Option<i64> {
        Some(self.value.site_id)
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// The work of `createTopic`.
pub fn create(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::topic(fields, Form::Create))?;
    Ok(changing(Operation::CreateTopic, |tx| {
        topics::create(tx, record)
    }))
}

/// The work of `updateTopic`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::topic(fields, Form::Update))?;
    Ok(changing(Operation::UpdateTopic, move |tx| {
        topics::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteTopic`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteTopic, move |tx| {
        topics::delete(tx, id, &expected)
    })
}

/// Whose topics, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManagedTopicsQuery {
    /// Slug of the site.
    #[param(value_type = String, max_length = 200, example = "demo")]
    site: SiteSlug,
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
    /// Whether to count all topics of the site: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List topics to manage
///
/// The topics of a site in their order, for those who work in the site.
#[utoipa::path(operation_id = "listManagedTopics", tag = "management", params(ManagedTopicsQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of topics", body = ManagedTopicPageBody), ManagedListProblems))]
#[get("/topics")]
pub async fn list_managed_topics(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ManagedTopicsQuery>,
) -> Result<View<ManagedTopicPageBody>, Problem> {
    let ManagedTopicsQuery {
        site,
        limit,
        cursor,
        page,
        count,
    } = query.into_inner();
    let SiteSlug(site) = site;
    let paging = Paging {
        limit,
        cursor,
        page: page.map(PageNumber::get),
        count,
    };
    let list = Fingerprint::of("managed_topics", &[Some(site.clone())]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read(Operation::ListManagedTopics, move |tx| {
            topics::page(tx, &site, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ManagedTopicPageBody::new(page, next), links))
}

/// Create a topic
///
/// Without `key` the server makes one; without `position` the topic comes last.
#[utoipa::path(operation_id = "createTopic", tag = "management", request_body = TopicCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new topic", body = ManagedTopicBody), CreateProblems))]
#[post("/topics")]
pub async fn create_topic(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(create(&body)?, body.bytes()).await
}

/// Fetch a topic to manage
///
/// Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getManagedTopic", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The topic", body = ManagedTopicBody), ManagedItemProblems))]
#[get("/topics/{id}")]
pub async fn get_managed_topic(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ManagedTopicBody>, Problem> {
    let topic = desk
        .read(Operation::GetManagedTopic, move |tx| topics::get(tx, id.0))
        .await?;
    Ok(View::of(topic))
}

/// Change a topic
///
/// A merge patch (RFC 7396): members that are left out stay, `null` clears. Topics from `position` on move one place back.
#[utoipa::path(operation_id = "updateTopic", tag = "management", params(IdPath), request_body = TopicUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The topic as it is now", body = ManagedTopicBody), FreeChangeProblems))]
#[patch("/topics/{id}")]
pub async fn update_topic(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete a topic
///
/// It is taken off its articles; these stay.
#[utoipa::path(operation_id = "deleteTopic", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), FreeDeleteProblems))]
#[delete("/topics/{id}")]
pub async fn delete_topic(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}
