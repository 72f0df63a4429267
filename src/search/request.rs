//! What is asked of the index, and what it answers.

use super::query::Query;
use crate::models::listing::{List, ListKind};
use crate::models::page::Total;
use crate::models::time::Ts;

/// What is asked of the index.
#[derive(Debug, Clone)]
pub struct Request {
    /// The words.
    pub query: Query,
    /// Filters: for each, one of the lists must show the article.
    pub within: Vec<Vec<List>>,
    /// None of these lists may show it.
    pub outside: Vec<List>,
    /// Only these articles.
    pub articles: Option<Vec<i64>>,
    /// Published then or later.
    pub published_from: Option<Ts>,
    /// Published before then.
    pub published_to: Option<Ts>,
    /// Changed then or later.
    pub updated_from: Option<Ts>,
    /// The present: what is not yet published or has vanished is not found.
    pub now: Ts,
    /// What comes first.
    pub order: Order,
    /// The page begins behind this place.
    pub after: Option<Place>,
    /// How hits were weighed on the page before; without it they are weighed by what is indexed now.
    pub weighed: Option<Weighed>,
    /// Hits to pass over.
    pub skip: usize,
    /// Hits at most.
    pub limit: usize,
    /// Whether to count all.
    pub is_counted: bool,
    /// What to count the hits by.
    pub facets: Vec<Facet>,
}

/// What hits are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The most relevant first.
    Relevance,
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// Where a hit stands in an order: by score, then by time, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// How relevant, in thousandths; 0 where the order is by time, and where so many match that it was not computed.
    pub score: i64,
    /// When it was published.
    pub published_at: Ts,
    /// Its id.
    pub article_id: i64,
}

/// What hits are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// By the lists of a kind that show them; references are ids.
    List(ListKind),
    /// By the year printed on them.
    Year,
}

/// How many words of a query a hit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// All.
    All,
    /// Most: nothing had all.
    Most,
}

/// How hits were weighed. The next page weighs them alike, or what is saved in between would move some of them from one page to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// How well they match.
    pub matching: Matching,
    /// What each term that is looked for is worth, in thousandths, in the order of the plan.
    pub worths: Vec<u16>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The page, in order.
    pub hits: Vec<Place>,
    /// Whether more follow.
    pub has_more: bool,
    /// How many there are in all, where that was asked for.
    pub total: Total,
    /// For each facet that was asked for: the values with their numbers, the greatest first.
    pub facets: Vec<Vec<(i64, u64)>>,
    /// How they were weighed.
    pub weighed: Weighed,
}
