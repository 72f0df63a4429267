//! Category trees, for anyone. Knows no SQL.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::Data;
use actix_web::{Either, HttpRequest, HttpResponse, get};

use crate::http::conditional::{Answer, CachePolicy, SurrogateKeys};
use crate::http::links::Links;
use crate::http::path::{CategoryPath, IdPath, SitePath};
use crate::http::problem::{ItemProblems, Problem};
use crate::http::query::{NoQuery, Query};
use crate::http::v1::dto::category::{CategoryBody, CategoryCollection};
use crate::models::freshness::Fresh;
use crate::service::Services;
use crate::service::categories::{ByPath, CategoryDetail};

/// List the categories of a site
///
/// The whole tree in order. `article_count` counts the public articles of exactly this category, `total_count` also
/// those below it; both are right to the second.
#[utoipa::path(operation_id = "listCategories", tag = "categories",
    params(SitePath),
    responses((status = 200, description = "The tree", body = CategoryCollection), ItemProblems))]
#[get("/sites/{site}/categories")]
pub async fn list_categories(
    services: Data<Services>,
    site: SitePath,
    _query: Query<NoQuery>,
) -> Result<Answer<CategoryCollection>, Problem> {
    let keys = SurrogateKeys::default().site(&site.0);
    let Fresh { value, freshness } = services.categories.tree(site.0).await?;
    Ok(Answer::new(value.into(), freshness).keyed(keys))
}

/// Fetch a category by its path
///
/// One category of a site with the way from the home page, its siblings (itself included) and its children, all in the
/// order of the tree, with numbers of public articles that are right to the second. A path that the category had before it was
/// renamed or moved answers 308 with the present address in `Location`.
#[utoipa::path(operation_id = "getCategoryByPath", tag = "categories",
    params(SitePath, CategoryPath),
    responses((status = 200, description = "The category", body = CategoryBody),
        (status = 308, description = "The category has another path now: see `Location`"), ItemProblems))]
#[get("/sites/{site}/categories/{path:.*}")]
pub async fn get_category_by_path(
    request: HttpRequest,
    services: Data<Services>,
    links: Data<Links>,
    cache: Data<CachePolicy>,
    site: SitePath,
    path: CategoryPath,
    _query: Query<NoQuery>,
) -> Result<Either<Answer<CategoryBody>, HttpResponse>, Problem> {
    let found = services
        .categories
        .get_by_path(site.0.clone(), path.0)
        .await?;
    Ok(match found {
        ByPath::Here(found) => Either::Left(answer(*found)),
        ByPath::Moved { path, freshness } => {
            let target = links.category_by_path(&site.0, &path, request.query_string());
            let moved = HttpResponse::PermanentRedirect()
                .insert_header((LOCATION, target))
                .insert_header((CACHE_CONTROL, cache.header(freshness)))
                .finish();
            Either::Right(moved)
        }
    })
}

/// Fetch a category
///
/// The same as by its path; the id stays when the path changes.
#[utoipa::path(operation_id = "getCategory", tag = "categories",
    params(IdPath),
    responses((status = 200, description = "The category", body = CategoryBody), ItemProblems))]
#[get("/categories/{id}")]
pub async fn get_category(
    services: Data<Services>,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<Answer<CategoryBody>, Problem> {
    let found = services.categories.get(id.0).await?;
    Ok(answer(found))
}

fn answer(Fresh { value, freshness }: Fresh<CategoryDetail>) -> Answer<CategoryBody> {
    let keys = SurrogateKeys::default()
        .site(&value.site.slug)
        .category(value.category.id);
    Answer::new(value.into(), freshness).keyed(keys)
}
