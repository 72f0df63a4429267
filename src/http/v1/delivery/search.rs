//! Searching articles, for anyone. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::Fault;
use crate::http::conditional::Answer;
use crate::http::language::{AcceptLanguage, Fallback, Locale};
use crate::http::links::Links;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::SortOrder;
use crate::http::problem::{Problem, ReadProblems};
use crate::http::query::{Limit, PageNumber, Query};
use crate::http::v1::dto::article_filters::{Narrowing, with_article_filters};
use crate::http::v1::dto::search::{FacetList, SearchPage, SearchSort};
use crate::models::freshness::Fresh;
use crate::service::Services;
use crate::service::articles::search::{self, Order, SearchQuery, Unanswerable, Words};

with_article_filters! {
    /// What to search for.
    #[derive(Debug, Clone, Deserialize, IntoParams)]
    #[serde(deny_unknown_fields)]
    #[into_params(parameter_in = Query)]
    pub struct ArticleSearchQuery {
        /// The words, separated by blanks: articles are found that have all of them, in any language, whatever the script (`创新` finds `創新`),
        /// width and case. `"..."` finds words side by side, `-word` leaves out what has the word. Chinese without blanks
        /// is found as it stands, as a whole. No other sign means anything.
        #[param(min_length = 1, max_length = 1000, example = "观测")]
        q: String,
        ..filters,
        /// What to sort by.
        #[serde(default)]
        #[param(inline = false)]
        sort: SearchSort,
        /// Which end comes first, with `sort=published_at`; the most relevant always come first.
        #[serde(default)]
        #[param(inline = false)]
        order: SortOrder,
        /// What to count the hits by, separated by commas: `category`, `source`, `year`.
        #[param(value_type = Option<String>, max_length = 200, example = "category,year")]
        #[serde(default)]
        facets: FacetList,
        /// Language to serve where it exists, as a BCP 47 tag; it selects the rendition, it does not filter: all languages are searched.
        #[param(value_type = Option<String>, min_length = 2, max_length = 35, example = "zh-Hans")]
        locale: Option<Locale>,
        /// Most items of the page.
        #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
        #[serde(default)]
        limit: Limit,
        /// Where the page starts: `next_cursor` of the page before, with the same words, filters and order.
        #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 1000)]
        cursor: Option<String>,
        /// Number of the page, from 1, for interfaces with page numbers; `page` times `limit` reaches up to 10,000. Not
        /// together with `cursor`.
        #[param(value_type = Option<i32>, minimum = 1, maximum = 10000)]
        page: Option<PageNumber>,
        /// Whether to count all hits; `total_kind` says what came of it.
        #[serde(default)]
        #[param(inline = false)]
        count: CountKind,
    }
}

impl ArticleSearchQuery {
    /// The words, if they can be searched for.
    fn words(&self) -> Result<Words, Problem> {
        search::parse(&self.q).map_err(|why| {
            let (code, mend) = match why {
                Unanswerable::Nothing => (
                    "nothing_to_search",
                    "must have something to search for: a character, a word or a number; blanks and punctuation find nothing",
                ),
                Unanswerable::OnlyExclusions => (
                    "only_exclusions",
                    "must also say what to search for, not only what to leave out: add a word without `-` before it",
                ),
                Unanswerable::TooLong => ("too_long", "must have at most 1,000 characters"),
            };
            Problem::bad_parameter(vec![Fault::new("/q", code, format!("`q` {mend}"))])
        })
    }

    /// What comes first.
    fn order(&self) -> Result<Order, Problem> {
        match (self.sort, self.order) {
            (SearchSort::Relevance, SortOrder::Desc) => Ok(Order::Relevance),
            (SearchSort::PublishedAt, SortOrder::Desc) => Ok(Order::Newest),
            (SearchSort::PublishedAt, SortOrder::Asc) => Ok(Order::Oldest),
            (SearchSort::Relevance, SortOrder::Asc) => {
                let detail = "`order` can be `asc` only with `sort=published_at`: the most relevant always come first";
                Err(Problem::bad_parameter(vec![Fault::new(
                    "/order",
                    "not_with_relevance",
                    detail,
                )]))
            }
        }
    }

    /// The list that words, filters and order name; a cursor works only there.
    fn fingerprint(&self, narrowing: &Narrowing, order: Order) -> Fingerprint {
        let mut marks = narrowing.marks();
        marks.push(Some(self.q.clone()));
        marks.push(Some(format!("{order:?}")));
        Fingerprint::of("search", &marks)
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

/// Search articles
///
/// Published articles that have all the words, the most relevant first: in title, subtitle, summary, keywords, names of contributors, sources,
/// topics and files, and in the body, in all their languages. Every occurrence is found, also in the middle of a Chinese sentence. Words in
/// titles weigh most, then those in keywords and names; of two articles that match as well the newer comes first. Where no article has all the words, those are
/// found that have most, and `matching` says so. Filters are those of the list of articles.
#[utoipa::path(operation_id = "searchArticles", tag = "search", params(ArticleSearchQuery, AcceptLanguage),
    responses((status = 200, description = "A page of hits", body = SearchPage), ReadProblems))]
#[get("/search")]
pub async fn search_articles(
    services: Data<Services>,
    links: Data<Links>,
    key: Data<CursorKey>,
    accepted: AcceptLanguage,
    here: Address,
    query: Query<ArticleSearchQuery>,
) -> Result<Answer<SearchPage>, Problem> {
    let Query(query) = query;
    let (words, order, narrowing) = (query.words()?, query.order()?, query.narrowing());
    narrowing.check()?;
    let list = query.fingerprint(&narrowing, order);
    let paging = query.paging();
    let languages = accepted.languages(query.locale, Fallback::Any);
    let is_negotiated = languages.locale.is_none();
    let wanted = SearchQuery {
        words,
        filters: narrowing.clone().into(),
        order,
        facets: query.facets.names(),
        page: paging.resolve(&key, list)?,
    };
    let Fresh { value, freshness } = services.articles.search(wanted, languages).await?;
    let page = &value.page;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let around = paging.links(&here, next.as_deref(), page.total);
    let keys = narrowing.surrogate_keys(page.items.iter().map(|hit| &hit.summary));
    Ok(Answer::new(SearchPage::new(value, next, &links), freshness)
        .negotiated(is_negotiated)
        .keyed(keys)
        .linked(around))
}
