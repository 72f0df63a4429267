//! Searching: articles that have certain words, the most relevant or the newest first, with what was found marked in them. The index says
//! which they are; what is shown of them is read from the database, which has the last word on what is public.

mod facets;
mod highlights;

use std::collections::HashMap;

use super::filters::{ArticleFilters, Narrowed};
use super::{Articles, Languages, Summary, media, summaries};
use crate::content::media::Addresses;
use crate::error::Result;
use crate::models::freshness::Fresh;
use crate::models::listing::{List, ListKind};
use crate::models::page::{Count, Page, PageQuery};
use crate::models::time::Ts;
use crate::search::evaluate::{Found, Place, Request, Weighed};
use crate::store::articles::Wording;
use crate::store::listings::ATTACHED;
use crate::store::{self, Conn};

pub use crate::search::evaluate::{Matching, Order};
pub use crate::search::query::{LONGEST, Query as Words, Unanswerable, parse};
pub use facets::{CategoryCount, FacetNames, Facets};
pub use highlights::Highlights;

/// Hits that are passed over without more ado.
const NEAR: i64 = 1_000;

/// Terms of which a place tells what they are worth, at most: cursors should stay short.
const TOLD: usize = 200;

/// Where a page of hits begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPlace {
    /// How relevant the hit before it is, in thousandths; 0 where the order is by time.
    pub score: i64,
    /// When that was published.
    pub published_at: Ts,
    /// Its id.
    pub article_id: i64,
    /// How well hits match.
    pub matching: Matching,
    /// What each term is worth, in thousandths; empty where it does not matter, or there are too many.
    pub worths: Vec<u16>,
}

impl SearchPlace {
    fn new(place: Place, weighed: Weighed, order: Order) -> Self {
        let Place {
            score,
            published_at,
            article_id,
        } = place;
        let Weighed { matching, worths } = weighed;
        let matters = order == Order::Relevance && worths.len() <= TOLD;
        Self {
            score,
            published_at,
            article_id,
            matching,
            worths: if matters { worths } else { Vec::new() },
        }
    }

    /// The place for the index, and how the page before it was weighed.
    fn resume(self) -> (Place, Weighed) {
        let Self {
            score,
            published_at,
            article_id,
            matching,
            worths,
        } = self;
        let place = Place {
            score,
            published_at,
            article_id,
        };
        (place, Weighed { matching, worths })
    }
}

/// What to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// The words.
    pub words: Words,
    /// Which articles.
    pub filters: ArticleFilters,
    /// What comes first.
    pub order: Order,
    /// What to count the hits by.
    pub facets: FacetNames,
    /// Which page.
    pub page: PageQuery<SearchPlace>,
}

/// An article that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The article.
    pub summary: Summary,
    /// How relevant it is, in thousandths; `None` where the order is by time.
    pub score: Option<i64>,
    /// What was found in it.
    pub highlights: Highlights,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The page, in order.
    pub page: Page<Hit, SearchPlace>,
    /// Numbers of hits, where they were asked for.
    pub facets: Option<Facets>,
    /// How well hits match.
    pub matching: Matching,
}

/// What was found, before anything is marked in it.
struct Unmarked {
    hits: Vec<(Option<i64>, Summary)>,
    /// What they say, in all their languages.
    wordings: HashMap<i64, Vec<Wording>>,
    rest: Page<Hit, SearchPlace>,
    facets: Option<Facets>,
    matching: Matching,
}

impl SearchQuery {
    /// Whether nothing is asked for that is found out by looking at every hit.
    fn is_bounded(&self) -> bool {
        self.page.count == Count::None && self.facets.is_empty() && self.page.offset() <= NEAR
    }
}

impl Articles {
    /// A page of the public articles that have the words. A filter that names nothing gives an empty page.
    pub async fn search(
        &self,
        query: SearchQuery,
        languages: Languages,
    ) -> Result<Fresh<Searched>> {
        let clock = self.clock.clone();
        let addresses = self.addresses.clone();
        let index = self.index.clone();
        let words = query.words.clone();
        let is_long = !query.is_bounded();
        let find = move |conn: &mut Conn| {
            let now = Ts::from(clock.now());
            store::connection::snapshot(conn, |conn| {
                let (freshness, narrowed) = query.filters.narrow(conn, now)?;
                let freshness = freshness.of_search();
                let request = match narrowed {
                    None => None,
                    Some(narrowed) => request(conn, &query, narrowed, now)?,
                };
                let value = match request {
                    None => Unmarked::nothing(&query),
                    Some(request) => {
                        let found = index.search(conn, &request)?;
                        shown(conn, &query, found, &languages, &addresses, now)?
                    }
                };
                Ok(Fresh { value, freshness })
            })
        };
        // Who marks needs no connection.
        let mark = move |Fresh { value, freshness }: Fresh<Unmarked>| Fresh {
            value: value.marked(&words),
            freshness,
        };
        self.store.read_then(is_long, find, mark).await
    }
}

/// What the index is asked; `None` where nothing can match.
fn request(
    conn: &mut Conn,
    query: &SearchQuery,
    narrowed: Narrowed,
    now: Ts,
) -> Result<Option<Request>> {
    let Narrowed {
        lists,
        published_from,
        published_to,
        updated_from,
        has_attachments,
    } = narrowed;
    let mut within = Vec::with_capacity(lists.len());
    for list in lists {
        let any_of = match list.kind {
            // The index knows of each article the category it is in, so that a category that is moved changes no article.
            ListKind::Subtree => store::categories::below(conn, &[list.reference])?
                .into_iter()
                .map(|reference| List {
                    kind: ListKind::Category,
                    reference,
                })
                .collect(),
            _ => vec![list],
        };
        if any_of.is_empty() {
            return Ok(None);
        }
        within.push(any_of);
    }
    let (after, weighed) = query.page.after().map(SearchPlace::resume).unzip();
    let size = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(Some(Request {
        query: query.words.clone(),
        within,
        outside: match has_attachments {
            Some(false) => vec![ATTACHED],
            _ => Vec::new(),
        },
        articles: query.filters.ids.clone(),
        published_from,
        published_to,
        updated_from,
        now,
        order: query.order,
        after,
        weighed,
        skip: size(query.page.offset()),
        limit: size(query.page.limit),
        is_counted: query.page.count != Count::None,
        facets: query.facets.asked(),
    }))
}

/// What was found, as readers see it. What the database does not call public is left out, whatever the index says.
fn shown(
    conn: &mut Conn,
    query: &SearchQuery,
    found: Found,
    languages: &Languages,
    addresses: &Addresses,
    now: Ts,
) -> Result<Unmarked> {
    let Found {
        hits,
        has_more,
        total,
        facets,
        weighed,
    } = found;
    let matching = weighed.matching;
    let last = hits.last().filter(|_| has_more);
    let next = last.map(|place| SearchPlace::new(*place, weighed, query.order));
    let ids: Vec<i64> = hits.iter().map(|hit| hit.article_id).collect();
    let mut summaries = of_ids(conn, &ids, languages, addresses, now)?;
    let wordings = match ids.is_empty() {
        true => Vec::new(),
        false => store::articles::wordings(conn, &ids)?,
    };
    let mut by_article: HashMap<i64, Vec<Wording>> = HashMap::with_capacity(ids.len());
    for wording in wordings {
        let of_article = by_article.entry(wording.article_id).or_default();
        of_article.push(wording);
    }
    let score = |hit: &Place| (query.order == Order::Relevance).then_some(hit.score);
    Ok(Unmarked {
        hits: hits
            .iter()
            .filter_map(|hit| Some((score(hit), summaries.remove(&hit.article_id)?)))
            .collect(),
        wordings: by_article,
        rest: Page {
            items: Vec::new(),
            next,
            total,
        },
        facets: facets::named(conn, query.facets, facets)?,
        matching,
    })
}

/// The public ones of articles, by id.
fn of_ids(
    conn: &mut Conn,
    ids: &[i64],
    languages: &Languages,
    addresses: &Addresses,
    now: Ts,
) -> Result<HashMap<i64, Summary>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let articles = store::articles::find_all(conn, ids, now)?;
    let mut found = summaries(conn, articles, languages)?;
    media::of_summaries(conn, addresses, &mut found)?;
    Ok(found
        .into_iter()
        .map(|summary| (summary.article.article.id, summary))
        .collect())
}

impl Unmarked {
    /// The answer where nothing can match.
    fn nothing(query: &SearchQuery) -> Self {
        Self {
            hits: Vec::new(),
            wordings: HashMap::new(),
            rest: Page::empty(query.page.count),
            facets: Facets::none(query.facets),
            matching: Matching::All,
        }
    }

    /// The answer, with the words marked.
    fn marked(mut self, words: &Words) -> Searched {
        let matching = self.matching;
        let hits = self.hits.into_iter().map(|(score, summary)| {
            let id = summary.article.article.id;
            let wordings = self.wordings.remove(&id).unwrap_or_default();
            Hit {
                highlights: Highlights::of(&summary, wordings, words, matching),
                score,
                summary,
            }
        });
        Searched {
            page: self.rest.with_items(hits.collect()),
            facets: self.facets,
            matching,
        }
    }
}
