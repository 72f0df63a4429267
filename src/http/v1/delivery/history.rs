//! Numbers by day, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::conditional::{Answer, SurrogateKeys};
use crate::http::parameters::CalendarDay;
use crate::http::path::IdPath;
use crate::http::problem::{ArticleProblems, Problem};
use crate::http::query::Query;
use crate::http::v1::dto::history::ViewHistoryBody;
use crate::service::Services;

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ViewHistoryQuery {
    /// The first day, by the clock of the site; without it the answer has 30 days.
    #[param(value_type = Option<String>, min_length = 10, max_length = 10, format = Date, example = "2026-01-01")]
    from: Option<CalendarDay>,
    /// The last day, itself included: not before `from`, and at most 366 days with it; without it, today.
    #[param(value_type = Option<String>, min_length = 10, max_length = 10, format = Date, example = "2026-01-31")]
    to: Option<CalendarDay>,
}

/// Fetch the views of an article by day
///
/// One item for every day from `from` to `to`, by the clock of the site and live, for charts: up to 366 days, the last 30 without
/// parameters. Days that have not begun are left out, and so are those that are no longer kept (400 days, unless this server is set up
/// otherwise): `first_day` and `last_day` say what is there. `policies` are the rules by which was counted in that time.
#[utoipa::path(operation_id = "getArticleViewHistory", tag = "counters", params(IdPath, ViewHistoryQuery),
    responses((status = 200, description = "The views of each day", body = ViewHistoryBody), ArticleProblems))]
#[get("/articles/{id}/views/history")]
pub async fn get_article_view_history(
    services: Data<Services>,
    id: IdPath,
    query: Query<ViewHistoryQuery>,
) -> Result<Answer<ViewHistoryBody>, Problem> {
    let Query(ViewHistoryQuery { from, to }) = query;
    let day = |day: Option<CalendarDay>| day.map(|day| day.0);
    let found = services
        .history
        .of_article(id.0, day(from), day(to))
        .await?;
    let (now, keys) = (found.now, SurrogateKeys::default().article(id.0));
    Ok(Answer::live(found.into(), now).keyed(keys))
}
