//! Menus, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::conditional::{Answer, SurrogateKeys};
use crate::http::path::{KeyPath, SitePath};
use crate::http::problem::{ItemProblems, Problem};
use crate::http::query::{Positive, Query};
use crate::http::v1::dto::menu::{MenuBody, MenuCollection};
use crate::models::freshness::Fresh;
use crate::service::Services;

/// How much of a menu to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MenuQuery {
    /// How many levels to show: 1 is only the roots. All of them without it.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, example = 2)]
    max_depth: Option<Positive<100>>,
}

impl MenuQuery {
    fn levels(&self) -> Option<i32> {
        self.max_depth.map(Positive::get)
    }
}

/// List the menus of a site
///
/// Every menu with all of its items, for a front end that wants its navigation in one request.
#[utoipa::path(operation_id = "listMenus", tag = "menus",
    params(SitePath, MenuQuery),
    responses((status = 200, description = "The menus", body = MenuCollection), ItemProblems))]
#[get("/sites/{site}/menus")]
pub async fn list_menus(
    services: Data<Services>,
    site: SitePath,
    query: Query<MenuQuery>,
) -> Result<Answer<MenuCollection>, Problem> {
    let keys = SurrogateKeys::default().site(&site.0);
    let levels = query.into_inner().levels();
    let Fresh { value, freshness } = services.menus.list(site.0, levels).await?;
    Ok(Answer::new(value.into(), freshness).keyed(keys))
}

/// Fetch a menu
///
/// A menu by its key, whole and in order. An item points to a category, by `category_id` and `category_path`, or to an
/// address, by `url`, or to neither, as a heading. The address of a category's page is made by the front end.
#[utoipa::path(operation_id = "getMenu", tag = "menus",
    params(SitePath, KeyPath, MenuQuery),
    responses((status = 200, description = "The menu", body = MenuBody), ItemProblems))]
#[get("/sites/{site}/menus/{key}")]
pub async fn get_menu(
    services: Data<Services>,
    site: SitePath,
    key: KeyPath,
    query: Query<MenuQuery>,
) -> Result<Answer<MenuBody>, Problem> {
    let keys = SurrogateKeys::default().site(&site.0);
    let levels = query.into_inner().levels();
    let Fresh { value, freshness } = services.menus.get(site.0, key.0, levels).await?;
    Ok(Answer::new(value.into(), freshness).keyed(keys))
}
