//! Articles, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::language::{AcceptLanguage, Fallback, Locale, Served};
use crate::http::links::Links;
use crate::http::pagination::{CursorKey, Fingerprint};
use crate::http::problem::{ItemProblems, Problem, ReadProblems};
use crate::http::query::{IdPath, Limit, Query, RecordId};
use crate::http::v1::dto::article::{ArticleBody, ArticlePage, Inclusions};
use crate::models::listing::Position;
use crate::service::Services;
use crate::service::articles::ArticleQuery;

/// Which articles to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticlesQuery {
    /// Only articles of the site with this slug.
    #[param(min_length = 1, max_length = 200, example = "demo")]
    site: Option<String>,
    /// Only articles of exactly this category, by id.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    category: Option<RecordId>,
    /// Only articles that name this source, by id.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    source: Option<RecordId>,
    /// Language to serve where it exists, as a BCP 47 tag; it selects the rendition, it does not filter.
    #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh-Hans")]
    locale: Option<Locale>,
    /// Most items of the page.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
    /// Where the page starts: `next_cursor` of the page before, with the same filters.
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 200)]
    cursor: Option<String>,
}

/// How to show an article.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticleShownQuery {
    /// Language to serve, as a BCP 47 tag. Without it `Accept-Language` decides, then the site's default.
    #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh-Hans")]
    locale: Option<Locale>,
    /// What to do where `locale` does not exist: `any` serves another language and says so, `none` answers 404.
    #[serde(default)]
    #[param(inline = false)]
    fallback: Fallback,
    /// Parts that are `null` otherwise, separated by commas: `breadcrumbs`, `neighbors`, `related`, `site_details`.
    #[param(value_type = Option<String>, max_length = 200, example = "breadcrumbs,neighbors")]
    #[serde(default)]
    include: Inclusions,
}

/// List articles
///
/// Published articles, newest first; filters combine with AND, and one that names nothing gives an empty page.
/// Drafts, archived articles and articles whose time has not come or is over do not exist here.
#[utoipa::path(operation_id = "listArticles", tag = "articles", params(ArticlesQuery, AcceptLanguage),
    responses((status = 200, description = "A page of articles", body = ArticlePage), ReadProblems))]
#[get("/articles")]
pub async fn list_articles(
    services: Data<Services>,
    links: Data<Links>,
    key: Data<CursorKey>,
    accepted: AcceptLanguage,
    query: Query<ArticlesQuery>,
) -> Result<Served<ArticlePage>, Problem> {
    let Query(query) = query;
    let list = query.list();
    let after = query
        .cursor
        .as_deref()
        .map(|cursor| key.decode(list, cursor))
        .transpose()?;
    let languages = accepted.languages(query.locale.clone(), Fallback::Any);
    let negotiated = languages.locale.is_none();
    let page = services
        .articles
        .page(query.into_filters(after), languages)
        .await?;
    let next = page.next.map(|position| key.encode(list, position));
    Ok(Served::mixed(
        ArticlePage::new(page.items, next, &links),
        negotiated,
    ))
}

impl ArticlesQuery {
    /// The list that the filters name; a cursor works only there.
    fn list(&self) -> Fingerprint {
        let id = |id: Option<RecordId>| id.map(|id| id.get().to_string());
        Fingerprint::of(
            "articles",
            &[self.site.clone(), id(self.category), id(self.source)],
        )
    }

    fn into_filters(self, after: Option<Position>) -> ArticleQuery {
        let Self {
            site,
            category,
            source,
            locale: _,
            limit,
            cursor: _,
        } = self;
        let (category, source) = (category.map(RecordId::get), source.map(RecordId::get));
        ArticleQuery {
            site,
            category,
            source,
            after,
            limit: limit.get(),
        }
    }
}

/// Fetch an article
///
/// Only published articles exist here; anything else answers 404. `Content-Language` and `locale` tell the language
/// served.
#[utoipa::path(operation_id = "getArticle", tag = "articles",
    params(IdPath, ArticleShownQuery, AcceptLanguage),
    responses((status = 200, description = "The article", body = ArticleBody), ItemProblems))]
#[get("/articles/{id}")]
pub async fn get_article(
    services: Data<Services>,
    links: Data<Links>,
    accepted: AcceptLanguage,
    id: IdPath,
    query: Query<ArticleShownQuery>,
) -> Result<Served<ArticleBody>, Problem> {
    let Query(ArticleShownQuery {
        locale,
        fallback,
        include,
    }) = query;
    let languages = accepted.languages(locale, fallback);
    let negotiated = languages.locale.is_none();
    let detail = services
        .articles
        .get(id.0, languages, include.into())
        .await?;
    let locale = detail.text.locale.clone();
    Ok(Served::one(
        ArticleBody::new(detail, include.into(), &links),
        locale,
        negotiated,
    ))
}
