//! Articles and their translations, for those who may change them. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post, put};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::SiteSlug;
use crate::http::path::{IdPath, TranslationPath};
use crate::http::problem::{
    ChangeProblems, CreateProblems, FreeDeleteProblems, ManagedItemProblems, ManagedListProblems,
    Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query, RecordId};
use crate::http::v1::dto::article_request::{ArticleCreate, ArticleUpdate, TranslationReplace};
use crate::http::v1::dto::managed_article::{
    ArticleStatus, ManagedArticleBody, ManagedArticlePage,
};
use crate::json::records::{self, Form};
use crate::models::access::Operation;
use crate::models::article::ManagedArticle;
use crate::models::managed::Expected;
use crate::service::management::Work;
use crate::service::management::articles::{self, Wanted};

impl Resource for ManagedArticle {
    const NAME: &'static str = "article";
    const PATH: &'static str = "/api/v1/manage/articles";
    type Body = ManagedArticleBody;

    fn id(&self) -> i64 {
        self.id
    }

    fn site_id(&self) -> Option<i64> {
        Some(self.site_id)
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// The work of `createArticle`.
pub fn create(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::article(fields, Form::Create))?;
    Ok(changing(Operation::CreateArticle, |tx| {
        articles::create(tx, record)
    }))
}

/// The work of `updateArticle`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::article(fields, Form::Update))?;
    Ok(changing(Operation::UpdateArticle, move |tx| {
        articles::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteArticle`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteArticle, move |tx| {
        articles::delete(tx, id, &expected)
    })
}

/// The work of `putTranslation`.
pub fn put_translation_work(
    place: TranslationPath,
    expected: Expected,
    body: &JsonBody,
) -> Result<Work, Problem> {
    let TranslationPath { id, locale } = place;
    let (record, comment) = body.read(|fields| {
        fields.read_only(&["locale"]);
        let comment = records::comment(fields);
        (records::translation_of(fields, locale), comment)
    })?;
    Ok(changing(Operation::PutTranslation, move |tx| {
        articles::put_translation(tx, id, &expected, record, comment)
    }))
}

/// The work of `deleteTranslation`.
pub fn delete_translation_work(place: TranslationPath, expected: Expected) -> Work {
    let TranslationPath { id, locale } = place;
    changing(Operation::DeleteTranslation, move |tx| {
        articles::delete_translation(tx, id, &expected, &locale)
    })
}

/// Which articles, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ManagedArticlesQuery {
    /// Only articles of the site with this slug.
    #[param(value_type = Option<String>, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// Only articles of this category, by id.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    category: Option<RecordId>,
    /// With `category`: also those of the categories below it.
    #[serde(default)]
    #[param(default = false)]
    subtree: bool,
    /// Only articles in this state.
    #[param(inline = false)]
    status: Option<ArticleStatus>,
    /// Only articles that this account made, by id.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    created_by: Option<RecordId>,
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
    /// Whether to count all articles that fit: `none`, `exact`, `estimated`. Beyond 10,000 the total is that number and estimated.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

impl ManagedArticlesQuery {
    fn into_parts(self) -> (Wanted, Fingerprint, Paging) {
        let Self {
            site,
            category,
            subtree,
            status,
            created_by,
            limit,
            cursor,
            page,
            count,
        } = self;
        let wanted = Wanted {
            site: site.map(|SiteSlug(slug)| slug),
            category_id: category.map(RecordId::get),
            subtree,
            state: status.map(Into::into),
            created_by: created_by.map(RecordId::get),
        };
        let list = Fingerprint::of(
            "managed_articles",
            &[
                wanted.site.clone(),
                wanted.category_id.map(|id| id.to_string()),
                Some(wanted.subtree.to_string()),
                wanted.state.map(|state| state.as_str().to_owned()),
                wanted.created_by.map(|id| id.to_string()),
            ],
        );
        let paging = Paging {
            limit,
            cursor,
            page: page.map(PageNumber::get),
            count,
        };
        (wanted, list, paging)
    }
}

/// List articles to manage
///
/// In every state, the last changed first; those that the caller may see.
#[utoipa::path(operation_id = "listManagedArticles", tag = "management", params(ManagedArticlesQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of articles", body = ManagedArticlePage), ManagedListProblems))]
#[get("/articles")]
pub async fn list_managed_articles(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ManagedArticlesQuery>,
) -> Result<View<ManagedArticlePage>, Problem> {
    let (wanted, list, paging) = query.into_inner().into_parts();
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListManagedArticles, move |tx| {
            articles::page(tx, wanted, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ManagedArticlePage::new(page, next), links))
}

/// Create an article
///
/// `site`, `title` and `category` (or `category_id`) are enough: the article is then an empty draft in the language of the site.
/// `body_html` is cleaned. A `slug` that is given must be free; one made from the title gives way. Authors make drafts only.
#[utoipa::path(operation_id = "createArticle", tag = "management", request_body = ArticleCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new article", body = ManagedArticleBody), CreateProblems))]
#[post("/articles")]
pub async fn create_article(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(create(&body)?, body.bytes()).await
}

/// Fetch an article to manage
///
/// In every state, whole: what it says in all languages. Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getManagedArticle", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The article", body = ManagedArticleBody), ManagedItemProblems))]
#[get("/articles/{id}")]
pub async fn get_managed_article(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ManagedArticleBody>, Problem> {
    let article = desk
        .read_long(Operation::GetManagedArticle, move |tx| {
            articles::get(tx, id.0)
        })
        .await?;
    Ok(match article.comes_by_itself() {
        true => View::live(article),
        false => View::of(article),
    })
}

/// Change an article
///
/// A merge patch (RFC 7396): members that are left out stay, `null` clears, lists are replaced whole. Authors change drafts of
/// their own, editors everything. A `status` is a transition, with the rules of `transitions`: what injected text holds back cannot be published
/// (409, code `held_back`, with a `Link` to the findings). Each change is a revision; `comment` goes with it.
#[utoipa::path(operation_id = "updateArticle", tag = "management", params(IdPath), request_body = ArticleUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The article as it is now", body = ManagedArticleBody), ChangeProblems))]
#[patch("/articles/{id}")]
pub async fn update_article(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete an article
///
/// For good, with its translations and counters. Apps that keep a copy hear of it in the feed of changes.
#[utoipa::path(operation_id = "deleteArticle", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), FreeDeleteProblems))]
#[delete("/articles/{id}")]
pub async fn delete_article(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}

/// Put a translation
///
/// Adds the rendition of an article in a language, or replaces it whole. `If-Match` takes the article's ETag, and the answer
/// is the article.
#[utoipa::path(operation_id = "putTranslation", tag = "management", params(TranslationPath), request_body = TranslationReplace,
    security(("bearer" = [])),
    responses((status = 200, description = "The article as it is now", body = ManagedArticleBody), ChangeProblems))]
#[put("/articles/{id}/translations/{locale}")]
pub async fn put_translation(
    desk: Desk,
    place: TranslationPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(
        put_translation_work(place, expected.0, &body)?,
        body.bytes(),
    )
    .await
}

/// Delete a translation
///
/// Removes the rendition in a language; the original cannot be removed. `If-Match` takes the article's ETag, and the answer is
/// the article.
#[utoipa::path(operation_id = "deleteTranslation", tag = "management", params(TranslationPath), security(("bearer" = [])),
    responses((status = 200, description = "The article as it is now", body = ManagedArticleBody), FreeDeleteProblems))]
#[delete("/articles/{id}/translations/{locale}")]
pub async fn delete_translation(
    desk: Desk,
    place: TranslationPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete_translation_work(place, expected.0), b"")
        .await
}
