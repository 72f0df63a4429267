//! Why an article is visible or is not. Knows no rule of it.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, View};
use crate::http::language::Locale;
use crate::http::links::Links;
use crate::http::path::IdPath;
use crate::http::problem::{ManagedItemProblems, Problem};
use crate::http::query::Query;
use crate::http::v1::dto::visibility::ArticleVisibilityBody;
use crate::models::access::Operation;
use crate::service::management::visibility;

/// For which readers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VisibilityQuery {
    /// The language that readers ask for, as a BCP 47 tag; without it, they ask for none.
    #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh-Hans")]
    locale: Option<Locale>,
}

/// Why is this article visible, or not?
///
/// What readers get at this moment, and one reason or more for each of state, schedule, holds, category and language; those that
/// are blocking say what mends them. A language that is missing blocks nothing: readers get another one.
#[utoipa::path(operation_id = "getArticleVisibility", tag = "management", params(IdPath, VisibilityQuery), security(("bearer" = [])),
    responses((status = 200, description = "Whether readers see it, and why", body = ArticleVisibilityBody), ManagedItemProblems))]
#[get("/articles/{id}/visibility")]
pub async fn get_article_visibility(
    desk: Desk,
    id: IdPath,
    links: Data<Links>,
    query: Query<VisibilityQuery>,
) -> Result<View<ArticleVisibilityBody>, Problem> {
    let locale = query.into_inner().locale.map(Locale::into_inner);
    let found = desk
        .read(Operation::GetArticleVisibility, move |tx| {
            visibility::get(tx, id.0, locale)
        })
        .await?;
    // It says at which moment it was so: the tag of one answer is never that of a later one.
    let body = ArticleVisibilityBody::new(found, &links);
    Ok(View::page(body, String::new()))
}
