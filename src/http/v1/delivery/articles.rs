//! Articles, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::Data;
use actix_web::{Either, HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::Fault;
use crate::http::conditional::{Answer, CachePolicy, SurrogateKeys};
use crate::http::language::{AcceptLanguage, Fallback, Locale};
use crate::http::links::Links;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::{
    ArticleSort, IdList, KeywordText, PathText, SiteSlug, SortOrder, When,
};
use crate::http::path::{IdPath, SlugPath};
use crate::http::problem::{ArticleProblems, Problem, ReadProblems};
use crate::http::query::{Limit, PageNumber, Query, RecordId};
use crate::http::v1::dto::article::{ArticleBody, ArticleChangePage, ArticlePage};
use crate::http::v1::dto::article_query::ArticleShownQuery;
use crate::models::freshness::Fresh;
use crate::models::page::PageQuery;
use crate::service::Services;
use crate::service::articles::{ArticleQuery, BySlug, Detail, Include, Moment, Since, Summary};

/// Which articles to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticlesQuery {
    /// Only articles of the site with this slug.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// Only articles of exactly this category, by id; with `subtree=true` also of those below.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    category: Option<RecordId>,
    /// Only articles of exactly the category at this path (or that was there last), with `subtree=true` also of those below; needs `site`.
    #[param(value_type = Option<String>, min_length = 1, max_length = 600)]
    category_path: Option<PathText>,
    /// Whether `category` and `category_path` also mean the categories below.
    #[serde(default)]
    subtree: bool,
    /// Only articles that name this source anywhere in their chain, by id.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    source: Option<RecordId>,
    /// Only articles of this topic, by id.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    topic: Option<RecordId>,
    /// Only articles with this keyword in any language, whatever its width, case and blanks.
    #[param(value_type = Option<String>, min_length = 1, max_length = 2000)]
    keyword: Option<KeywordText>,
    /// Only articles by this contributor, by id.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    contributor: Option<RecordId>,
    /// Only articles that exist in this language, as a BCP 47 tag; `zh` means `zh-Hans` and `zh-Hant` too.
    #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh")]
    available_in: Option<Locale>,
    /// Only articles published then or later: a date-time (RFC 3339), or a date, which begins at midnight where the
    /// site is, or in UTC without `site`.
    #[param(value_type = Option<String>, min_length = 10, max_length = 40, example = "2020-01-01")]
    published_from: Option<When>,
    /// Only articles published before then, so `2026-02-01` ends with January: a date-time or a date, as above.
    #[param(value_type = Option<String>, min_length = 10, max_length = 40)]
    published_to: Option<When>,
    /// Only articles changed then or later: a date-time or a date, as above. Cheapest with
    /// `sort=updated_at`. To keep a copy follow `/articles/changes` instead, which misses nothing.
    #[param(value_type = Option<String>, min_length = 10, max_length = 40)]
    updated_from: Option<When>,
    /// Only articles with files, or only those without.
    has_attachments: Option<bool>,
    /// Only these articles: up to 100 ids, separated by commas. The order is that of `sort`.
    #[param(value_type = Option<String>, min_length = 1, max_length = 1700, pattern = "^[0-9]+(,[0-9]+)*$")]
    ids: Option<IdList>,
    /// What to sort by.
    #[serde(default)]
    #[param(inline = false)]
    sort: ArticleSort,
    /// Which end comes first.
    #[serde(default)]
    #[param(inline = false)]
    order: SortOrder,
    /// Language to serve where it exists, as a BCP 47 tag; it selects the rendition, it does not filter.
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
    /// Language to serve where it exists, as a BCP 47 tag.
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
    query.check()?;
    let list = query.fingerprint();
    let paging = query.paging();
    let languages = accepted.languages(query.locale.clone(), Fallback::Any);
    let is_negotiated = languages.locale.is_none();
    let keys = query.surrogate_keys();
    let wanted = ArticleQuery {
        page: paging.resolve(&key, list)?,
        ..query.into()
    };
    let Fresh { value, freshness } = services.articles.page(wanted, languages).await?;
    let next = value.next.as_ref().map(|place| key.encode(list, place));
    let around = paging.links(&here, next.as_deref(), value.total);
    let keys = keys_of(keys, &value.items);
    Ok(
        Answer::new(ArticlePage::new(value, next, &links), freshness)
            .negotiated(is_negotiated)
            .keyed(keys)
            .linked(around),
    )
}

/// `keys`, and those of the articles with their sites and categories.
fn keys_of<'a>(
    keys: SurrogateKeys,
    articles: impl IntoIterator<Item = &'a Summary>,
) -> SurrogateKeys {
    articles.into_iter().fold(keys, |keys, summary| {
        let shown = &summary.article;
        keys.site(&shown.site_slug)
            .category(shown.article.category_id)
            .article(shown.article.id)
    })
}

impl ArticlesQuery {
    /// Refuses parameters that do not go together.
    fn check(&self) -> Result<(), Problem> {
        let fault = |name: &str, code, mend: &str| {
            let detail = format!("`{name}` {mend}");
            Problem::bad_parameter(vec![Fault::new(format!("/{name}"), code, detail)])
        };
        if self.category_path.is_some() && self.site.is_none() {
            return Err(fault(
                "category_path",
                "needs_site",
                "needs `site` beside it",
            ));
        }
        if self.subtree && self.category.is_none() && self.category_path.is_none() {
            return Err(fault(
                "subtree",
                "needs_category",
                "needs `category` or `category_path` beside it",
            ));
        }
        let is_empty = match (self.published_from, self.published_to) {
            (Some(When(Moment::Day(from))), Some(When(Moment::Day(to)))) => from >= to,
            (Some(When(Moment::At(from))), Some(When(Moment::At(to)))) => from >= to,
            _ => false,
        };
        if is_empty {
            return Err(fault(
                "published_to",
                "empty_range",
                "must be after `published_from`; it is not part of the range: one day is from that day to the next",
            ));
        }
        Ok(())
    }

    /// The list that filters and order name; a cursor works only there.
    fn fingerprint(&self) -> Fingerprint {
        let Self {
            site,
            category,
            category_path,
            subtree,
            source,
            topic,
            keyword,
            contributor,
            available_in,
            published_from,
            published_to,
            updated_from,
            has_attachments,
            ids,
            sort,
            order,
            locale: _,
            limit: _,
            cursor: _,
            page: _,
            count: _,
        } = self;
        let id = |id: &Option<RecordId>| id.map(|id| id.get().to_string());
        let when = |when: &Option<When>| when.map(|when| format!("{:?}", when.0));
        Fingerprint::of(
            "articles",
            &[
                site.clone().map(|site| site.0),
                id(category),
                category_path.clone().map(|path| path.0),
                Some(subtree.to_string()),
                id(source),
                id(topic),
                keyword.clone().map(|keyword| keyword.0),
                id(contributor),
                available_in.clone().map(Locale::into_inner),
                when(published_from),
                when(published_to),
                when(updated_from),
                has_attachments.map(|has| has.to_string()),
                ids.as_ref().map(|ids| format!("{:?}", ids.0)),
                Some(format!("{sort:?} {order:?}")),
            ],
        )
    }

    fn paging(&self) -> Paging {
        Paging {
            limit: self.limit,
            cursor: self.cursor.clone(),
            page: self.page.map(PageNumber::get),
            count: self.count,
        }
    }

    fn surrogate_keys(&self) -> SurrogateKeys {
        let mut keys = SurrogateKeys::default();
        if let Some(site) = &self.site {
            keys = keys.site(&site.0);
        }
        if let Some(category) = self.category {
            keys = keys.category(category.get());
        }
        keys
    }
}

/// Everything but the page.
impl From<ArticlesQuery> for ArticleQuery {
    fn from(query: ArticlesQuery) -> Self {
        let ArticlesQuery {
            site,
            category,
            category_path,
            subtree,
            source,
            topic,
            keyword,
            contributor,
            available_in,
            published_from,
            published_to,
            updated_from,
            has_attachments,
            ids,
            sort,
            order,
            locale: _,
            limit: _,
            cursor: _,
            page: _,
            count: _,
        } = query;
        let moment = |when: Option<When>| when.map(|when| when.0);
        Self {
            site: site.map(|site| site.0),
            category: category.map(RecordId::get),
            category_path: category_path.map(|path| path.0),
            subtree,
            source: source.map(RecordId::get),
            topic: topic.map(RecordId::get),
            keyword: keyword.map(|keyword| keyword.0),
            contributor: contributor.map(RecordId::get),
            available_in: available_in.map(Locale::into_inner),
            published_from: moment(published_from),
            published_to: moment(published_to),
            updated_from: moment(updated_from),
            has_attachments,
            ids: ids.map(|ids| ids.0),
            sort: sort.into(),
            direction: order.into(),
            page: PageQuery::first(),
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
