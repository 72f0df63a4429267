//! Counting views, downloads and visits, and the numbers, for anyone. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};

use crate::error::{Error, Resource};
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::conditional::{Answer, SurrogateKeys};
use crate::http::counted::{Reader, counted};
use crate::http::links::Links;
use crate::http::path::{IdPath, SitePath};
use crate::http::problem::{
    ArticleCountProblems, ArticleProblems, CountProblems, ItemProblems, Problem, ReadProblems,
};
use crate::http::query::{NoQuery, Query};
use crate::http::v1::dto::counting::{
    CountedDownloadBody, CountedViewBody, CountedViewsBody, CountedVisitBody, CountingPolicyBody,
    ViewCounterBody, ViewsRequest, VisitCounterBody, VisitRequest,
};
use crate::json::counting;
use crate::models::counting::{Counted, Subject};
use crate::service::Services;
use crate::service::counting::{Event, Outcome};

/// Fetch the views of an article
///
/// The live number, by which rules it was counted, and how many requests there were in all.
#[utoipa::path(operation_id = "getArticleViews", tag = "counters", params(IdPath),
    responses((status = 200, description = "The counter", body = ViewCounterBody), ArticleProblems))]
#[get("/articles/{id}/views")]
pub async fn get_article_views(
    services: Data<Services>,
    links: Data<Links>,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<Answer<ViewCounterBody>, Problem> {
    let (tally, now) = services.counting.of_article(id.0).await?;
    let body = ViewCounterBody::new(tally, services.counting.policy()?, &links);
    let keys = SurrogateKeys::default().article(id.0);
    Ok(Answer::live(body, now).keyed(keys))
}

/// Count a view of an article
///
/// Send it once an article is shown; fetching an article counts nothing. The answer comes when the count is durable. It says whether the view
/// counts and if not, why: see `GET /counting-policy`. Browsers and apps send no body (`navigator.sendBeacon(url)` will do); front ends that render on a
/// server send `visitor` and `user_agent`, and `X-Forwarded-For` with the address of the visitor where they are trusted proxies.
#[utoipa::path(operation_id = "countArticleView", tag = "counters", params(IdPath),
    request_body = VisitRequest,
    responses((status = 200, description = "What came of it", body = CountedViewBody), ArticleCountProblems))]
#[post("/articles/{id}/views")]
pub async fn count_article_view(
    services: Data<Services>,
    reader: Reader,
    id: IdPath,
    _query: Query<NoQuery>,
    body: OptionalJsonBody,
) -> Result<HttpResponse, Problem> {
    let subject = Subject::Article(id.0);
    let (number, is_replayed) = count(&services, reader, subject, body).await?;
    Ok(counted(&CountedViewBody::from(number), is_replayed))
}

/// Count views of several articles
///
/// For apps that were offline and lists that show whole articles: up to 100 views of one visitor, counted together or, where readers do not get one of the articles, not at all; the 404 names
/// those, to be left out.
#[utoipa::path(operation_id = "countViews", tag = "counters", request_body = ViewsRequest,
    responses((status = 200, description = "What came of each, in order", body = CountedViewsBody), CountProblems))]
#[post("/views")]
pub async fn count_views(
    services: Data<Services>,
    reader: Reader,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let (record, ids) = body.read(counting::views)?;
    // Counting may have to wait, and the body need not.
    drop(body);
    let subjects = ids.iter().copied().map(Subject::Article).collect();
    let event = reader.event(subjects, Some(record));
    let outcome = services.counting.count(event).await;
    let outcome = outcome.map_err(|error| match error {
        // As one of several that readers do not get.
        Error::Retracted { .. } => Error::not_found(
            Resource::Article,
            ids.iter().min().copied().unwrap_or_default(),
        ),
        other => other,
    })?;
    let is_replayed = outcome.is_replayed;
    let body = CountedViewsBody::new(&ids, outcome.counted);
    Ok(counted(&body, is_replayed))
}

/// Count a download of an attachment
///
/// Send it when a reader opens a file of an article; fetching the file counts nothing. It also counts for the article in the ranking by downloads.
#[utoipa::path(operation_id = "countAttachmentDownload", tag = "counters", params(IdPath),
    request_body = VisitRequest,
    responses((status = 200, description = "What came of it", body = CountedDownloadBody), ArticleCountProblems))]
#[post("/attachments/{id}/downloads")]
pub async fn count_attachment_download(
    services: Data<Services>,
    reader: Reader,
    id: IdPath,
    _query: Query<NoQuery>,
    body: OptionalJsonBody,
) -> Result<HttpResponse, Problem> {
    let subject = Subject::Attachment(id.0);
    let (number, is_replayed) = count(&services, reader, subject, body).await?;
    Ok(counted(&CountedDownloadBody::from(number), is_replayed))
}

/// Fetch the visits of a site
///
/// The live visitor counter, as portals print it at the foot of their pages.
#[utoipa::path(operation_id = "getSiteVisits", tag = "counters", params(SitePath),
    responses((status = 200, description = "The counter", body = VisitCounterBody), ItemProblems))]
#[get("/sites/{site}/visits")]
pub async fn get_site_visits(
    services: Data<Services>,
    links: Data<Links>,
    site: SitePath,
    _query: Query<NoQuery>,
) -> Result<Answer<VisitCounterBody>, Problem> {
    let keys = SurrogateKeys::default().site(&site.0);
    let (tally, now) = services.counting.of_site(site.0).await?;
    let body = VisitCounterBody::new(tally, services.counting.policy()?, &links);
    Ok(Answer::live(body, now).keyed(keys))
}

/// Count a visit of a site
///
/// Send it with each page: a visitor counts once within the window, whatever it reads.
#[utoipa::path(operation_id = "countSiteVisit", tag = "counters", params(SitePath),
    request_body = VisitRequest,
    responses((status = 200, description = "What came of it", body = CountedVisitBody), CountProblems))]
#[post("/sites/{site}/visits")]
pub async fn count_site_visit(
    services: Data<Services>,
    reader: Reader,
    site: SitePath,
    _query: Query<NoQuery>,
    body: OptionalJsonBody,
) -> Result<HttpResponse, Problem> {
    let subject = Subject::Site(site.0);
    let (number, is_replayed) = count(&services, reader, subject, body).await?;
    Ok(counted(&CountedVisitBody::from(number), is_replayed))
}

/// Fetch the rules of counting
///
/// What counts as a view, a download or a visit: in words, in numbers, and as it was before. Every counter names the version that it is counted by.
#[utoipa::path(operation_id = "getCountingPolicy", tag = "counters",
    responses((status = 200, description = "The rules", body = CountingPolicyBody), ReadProblems))]
#[get("/counting-policy")]
pub async fn get_counting_policy(
    services: Data<Services>,
    _query: Query<NoQuery>,
) -> Result<Answer<CountingPolicyBody>, Problem> {
    let all = services.counting.policies().await?;
    let body = CountingPolicyBody::new(services.counting.policy()?, all);
    Ok(Answer::live(body, services.counting.now()))
}

/// Counts one thing.
async fn count(
    services: &Services,
    reader: Reader,
    subject: Subject,
    body: OptionalJsonBody,
) -> Result<(Counted, bool), Problem> {
    let record = body.read(counting::visit)?;
    // Counting may have to wait, and the body need not.
    drop(body);
    let event: Event = reader.event(vec![subject], record);
    let Outcome {
        counted,
        is_replayed,
    } = services.counting.count(event).await?;
    let counted = counted.first().copied();
    let counted = counted.ok_or_else(|| Problem::internal("a request was counted as nothing"))?;
    Ok((counted, is_replayed))
}
