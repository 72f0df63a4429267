//! Articles, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::Data;
use actix_web::{Either, HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::conditional::{Answer, CachePolicy, SurrogateKeys};
use crate::http::language::{AcceptLanguage, Fallback, Locale};
use crate::http::links::Links;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::{ArticleSort, SiteSlug, SortOrder, When};
use crate::http::path::{IdPath, SlugPath};
use crate::http::problem::{ArticleProblems, Problem, ReadProblems};
use crate::http::query::{Limit, PageNumber, Query};
use crate::http::v1::dto::article::{ArticleBody, ArticleChangePage, ArticlePage};
use crate::http::v1::dto::article_filters::{Narrowing, keys_of, with_article_filters};
use crate::http::v1::dto::article_query::ArticleShownQuery;
use crate::models::freshness::Fresh;
use crate::service::Services;
use crate::service::articles::{ArticleQuery, BySlug, Detail, Include, Since};

with_article_filters! {
    /// Which articles to list.
    #[derive(Debug, Clone, Deserialize, IntoParams)]
    #[serde(deny_unknown_fields)]
    #[into_params(parameter_in = Query)]
    pub struct ArticlesQuery {
        ..filters,
        /// What to sort by.
        #[serde(default)]
        #[param(inline = false)]
        sort: ArticleSort,
        /// Which end comes first.
        #[serde(default)]
        #[param(inline = false)]
        order: SortOrder,
        /// Language to serve where it exists, as a BCP 47 tag; it selects the rendition, it does not filter. A Chinese script that an article lacks is
        /// derived from the other one.
        #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh-Hans")]
        locale: Option<Locale>,
        /// Most items of the page.
        #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
        #[serde(default)]
        limit: Limit,
        /// Where the page starts: `next_cursor` of the page before, with the same filters and order.
        #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 1000)]
        cursor: Option<String>,
        /// Number of the page, from 1, for interfaces with page numbers; `page` times `limit` reaches up to 10,000. Not
        /// together with `cursor`.
        #[param(value_type = Option<i32>, minimum = 1, maximum = 10000)]
        page: Option<PageNumber>,
        /// Whether to count all articles that match. Exact for sites and categories and wherever fewer than 10,000
        /// articles are looked at; `total_kind` says what came of it.
        #[serde(default)]
        #[param(inline = false)]
        count: CountKind,
    }
}

/// Which changes to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticleChangesQuery {
    /// Only articles of the site with this slug.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// Where to go on: `next_cursor` of the answer before; or, to begin with, a date-time (RFC 3339) or a date, which begins
    /// at midnight where the site is, or in UTC without `site`. Without it the feed begins with everything that is public.
    #[param(min_length = 1, max_length = 1000)]
    since: Option<String>,
    /// Language to serve where it exists, as a BCP 47 tag. A Chinese script that an article lacks is derived from the other one.
    #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh-Hans")]
    locale: Option<Locale>,
    /// Most items of the answer.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
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
    here: Address,
    query: Query<ArticlesQuery>,
) -> Result<Answer<ArticlePage>, Problem> {
    let Query(query) = query;
    let narrowing = query.narrowing();
    narrowing.check()?;
    let list = query.fingerprint(&narrowing);
    let paging = query.paging();
    let languages = accepted.languages(query.locale, Fallback::Any);
    let is_negotiated = languages.locale.is_none();
    let wanted = ArticleQuery {
        filters: narrowing.clone().into(),
        sort: query.sort.into(),
        direction: query.order.into(),
        page: paging.resolve(&key, list)?,
    };
    let Fresh { value, freshness } = services.articles.page(wanted, languages).await?;
    let next = value.next.as_ref().map(|place| key.encode(list, place));
    let around = paging.links(&here, next.as_deref(), value.total);
    let keys = narrowing.surrogate_keys(&value.items);
    Ok(
        Answer::new(ArticlePage::new(value, next, &links), freshness)
            .negotiated(is_negotiated)
            .keyed(keys)
            .linked(around),
    )
}

impl ArticlesQuery {
    /// The list that filters and order name; a cursor works only there.
    fn fingerprint(&self, narrowing: &Narrowing) -> Fingerprint {
        let mut marks = narrowing.marks();
        marks.push(Some(format!("{:?} {:?}", self.sort, self.order)));
        Fingerprint::of("articles", &marks)
    }

    fn paging(&self) -> Paging {
        Paging {
            limit: self.limit,
            cursor: self.cursor.clone(),
            page: self.page.map(PageNumber::get),
            count: self.count,
        }
    }
}

/// Read the changes
///
/// What was published, changed or withdrawn since, oldest first, for apps that keep a copy. Begin without `since`, apply
/// each item (store `article`, or delete the copy of `id` where `withdrawn_at` is set), and go on with `next_cursor` as
/// `since`: at once while `has_more` is true, later when it is not. No change is missed; one may come twice. Numbers such
/// as `views`, and names of categories, sources and topics, change without being listed here.
#[utoipa::path(operation_id = "listArticleChanges", tag = "articles", params(ArticleChangesQuery, AcceptLanguage),
    responses((status = 200, description = "Changes, oldest first", body = ArticleChangePage), ReadProblems))]
#[get("/articles/changes")]
pub async fn list_article_changes(
    services: Data<Services>,
    links: Data<Links>,
    key: Data<CursorKey>,
    accepted: AcceptLanguage,
    here: Address,
    query: Query<ArticleChangesQuery>,
) -> Result<Answer<ArticleChangePage>, Problem> {
    let Query(ArticleChangesQuery {
        site,
        since,
        locale,
        limit,
    }) = query;
    let site = site.map(|site| site.0);
    let list = Fingerprint::of("changes", std::slice::from_ref(&site));
    let since = match since.as_deref() {
        None => Since::Beginning,
        Some(text) => match When::parse(text) {
            Some(When(moment)) => Since::Time(moment),
            None => Since::Place(key.decode(list, "since", text)?),
        },
    };
    let languages = accepted.languages(locale, Fallback::Any);
    let is_negotiated = languages.locale.is_none();
    let keys = site
        .iter()
        .fold(SurrogateKeys::default(), |keys, slug| keys.site(slug));
    let Fresh { value, freshness } = services
        .articles
        .changes(site, since, limit.get(), languages)
        .await?;
    let keys = keys_of(keys, value.items.iter().filter_map(|c| c.article.as_ref()));
    let next = key.encode(list, &value.next);
    let around = if value.has_more {
        format!("<{}>; rel=\"next\"", here.with("since", &next))
    } else {
        String::new()
    };
    Ok(
        Answer::new(ArticleChangePage::new(value, next, &links), freshness)
            .negotiated(is_negotiated)
            .keyed(keys)
            .linked(around),
    )
}

/// Fetch an article
///
/// Only published articles exist here; anything else answers 404, and one that was taken back 410 with the reason.
/// `Content-Language` and `locale` tell the language served.
#[utoipa::path(operation_id = "getArticle", tag = "articles",
    params(IdPath, ArticleShownQuery, AcceptLanguage),
    responses((status = 200, description = "The article", body = ArticleBody), ArticleProblems))]
#[get("/articles/{id}")]
pub async fn get_article(
    services: Data<Services>,
    links: Data<Links>,
    accepted: AcceptLanguage,
    id: IdPath,
    query: Query<ArticleShownQuery>,
) -> Result<Answer<ArticleBody>, Problem> {
    let (languages, include) = query.0.resolve(accepted);
    let is_negotiated = languages.locale.is_none();
    let found = services.articles.get(id.0, languages, include).await?;
    Ok(shown(found, include, &links).negotiated(is_negotiated))
}

/// Fetch an article by its slug
///
/// The article of a site that has this slug. The slug of a translation serves that translation, whatever `Accept-Language`
/// says, unless `locale` asks for another. A slug that the article had before answers 308 with the present address in `Location`.
/// Where the article that has it, or had it, was taken back, the answer is 410 with the reason.
#[utoipa::path(operation_id = "getArticleBySlug", tag = "articles",
    params(SlugPath, ArticleShownQuery, AcceptLanguage),
    responses((status = 200, description = "The article", body = ArticleBody),
        (status = 308, description = "The article has another slug now: see `Location`"), ArticleProblems))]
#[get("/sites/{site}/articles/{slug}")]
pub async fn get_article_by_slug(
    request: HttpRequest,
    services: Data<Services>,
    links: Data<Links>,
    cache: Data<CachePolicy>,
    accepted: AcceptLanguage,
    path: SlugPath,
    query: Query<ArticleShownQuery>,
) -> Result<Either<Answer<ArticleBody>, HttpResponse>, Problem> {
    let (languages, include) = query.0.resolve(accepted);
    let is_negotiated = languages.locale.is_none();
    let SlugPath { site, slug } = path;
    let found = services
        .articles
        .get_by_slug(site.clone(), slug, languages, include)
        .await?;
    Ok(match found {
        BySlug::Here(found) => {
            Either::Left(shown(*found, include, &links).negotiated(is_negotiated))
        }
        BySlug::Moved {
            slug,
            locale,
            freshness,
        } => {
            let mut query = request.query_string().to_owned();
            if let Some(locale) = locale {
                let joint = if query.is_empty() { "" } else { "&" };
                query.push_str(&format!("{joint}locale={locale}"));
            }
            let target = links.article_by_slug(&site, &slug, &query);
            let moved = HttpResponse::PermanentRedirect()
                .insert_header((LOCATION, target))
                .insert_header((CACHE_CONTROL, cache.header(freshness)))
                .finish();
            Either::Right(moved)
        }
    })
}

fn shown(found: Fresh<Detail>, include: Include, links: &Links) -> Answer<ArticleBody> {
    let Fresh { value, freshness } = found;
    let locale = value.text.locale.clone();
    let keys = SurrogateKeys::default()
        .site(&value.article.site_slug)
        .category(value.article.article.category_id)
        .article(value.article.article.id);
    let beside = value
        .neighbors
        .iter()
        .flat_map(|(previous, next)| [previous, next]);
    let keys = keys_of(keys, beside.flatten().chain(value.related.iter().flatten()));
    Answer::new(ArticleBody::new(value, include, links), freshness)
        .in_language(locale)
        .keyed(keys)
}
