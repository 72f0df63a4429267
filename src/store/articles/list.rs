//! Lists of public articles: pages in three orders, neighbours, counts. Every query here binds the present time.

use std::collections::{HashMap, HashSet};

use diesel::dsl::exists;
use diesel::prelude::*;

use super::read::{self, article_columns, not_expired, shown_columns, with_place};
use crate::error::{Error, Result};
use crate::models::article::{ArticleRow, PublicArticle};
use crate::models::listing::{Direction, List, ListKind, Place, Sort, SortKey};
use crate::models::time::Ts;
use crate::schema::{article_counters, articles, categories, listings, sites};
use crate::store::connection::{Conn, Db};
use crate::store::fragments::{End, any_of, beyond};
use crate::store::shown::PlaceShown;

diesel::alias!(const OTHER_LIST: Alias<OtherList> = listings as other_list);

/// Rows of `listings`, joined with `articles`, that are in the lists of the filters and have not expired.
macro_rules! matching {
    ($query:expr, $filters:expr, $now:expr) => {{
        let mut query = $query
            .filter(listings::kind.eq($filters.list.kind.code()))
            .filter(listings::reference.eq($filters.list.reference))
            .filter(not_expired!($now));
        for list in &$filters.also_in {
            query = query.filter(exists(
                OTHER_LIST
                    .filter(OTHER_LIST.field(listings::kind).eq(list.kind.code()))
                    .filter(OTHER_LIST.field(listings::reference).eq(list.reference))
                    .filter(
                        OTHER_LIST
                            .field(listings::published_at)
                            .eq(listings::published_at),
                    )
                    .filter(
                        OTHER_LIST
                            .field(listings::article_id)
                            .eq(listings::article_id),
                    )
                    // Keeps PostgreSQL from joining the whole lists instead of looking rows up.
                    .offset(0),
            ));
        }
        if let Some(has_attachments) = $filters.has_attachments {
            query = query.filter(articles::has_attachments.eq(has_attachments));
        }
        query
    }};
}

/// Rows of `listings` in the order of a window.
macro_rules! ordered {
    ($query:expr, $window:expr) => {
        match $window.sort {
            Sort::PublishedAt => ordered!($query, $window, published_at),
            Sort::UpdatedAt => ordered!($query, $window, updated_at),
            Sort::Title => ordered!($query, $window, title_key),
        }
    };
    ($query:expr, $window:expr, $column:ident) => {
        match $window.direction {
            Direction::Descending => {
                $query.order((listings::$column.desc(), listings::article_id.desc()))
            }
            Direction::Ascending => {
                $query.order((listings::$column.asc(), listings::article_id.asc()))
            }
        }
    };
}

/// Which articles a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filters {
    /// The list that is walked: the shortest.
    pub list: List,
    /// Other lists that an article must also stand in.
    pub also_in: Vec<List>,
    /// Published then or later.
    pub published_from: Option<Ts>,
    /// Published before then.
    pub published_to: Option<Ts>,
    /// Changed then or later.
    pub updated_from: Option<Ts>,
    /// With files, or without.
    pub has_attachments: Option<bool>,
}

impl Filters {
    /// All of one list.
    pub fn of(list: List) -> Self {
        Self {
            list,
            also_in: Vec::new(),
            published_from: None,
            published_to: None,
            updated_from: None,
            has_attachments: None,
        }
    }
}

/// The order of a list, and where in it a page stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What it is sorted by.
    pub sort: Sort,
    /// Which end comes first.
    pub direction: Direction,
    /// The place behind which the page starts.
    pub after: Option<Place>,
    /// Articles passed over from there.
    pub offset: i64,
    /// Most articles.
    pub limit: i64,
}

impl Window {
    /// The first article of an order.
    fn first(sort: Sort, direction: Direction) -> Self {
        Self {
            sort,
            direction,
            after: None,
            offset: 0,
            limit: 1,
        }
    }
}

/// Up to `limit` public articles and their places. The cost of one list does not depend on its length or, behind a
/// place, on the depth of the page; with further conditions it grows with the rows that they refuse.
pub fn page(
    conn: &mut Conn,
    filters: &Filters,
    window: &Window,
    now: Ts,
) -> Result<Vec<(PublicArticle, Place)>> {
    let mut query = with_place!(
        listings::table.inner_join(articles::table.on(articles::id.eq(listings::article_id)))
    )
    .filter(PlaceShown)
    .select((shown_columns!(), listings::title_key))
    .limit(window.limit)
    .offset(window.offset)
    .into_boxed::<Db>();
    query = matching!(query, filters, now);
    for (end, place) in bounds(filters, window, now) {
        query = query.filter(beyond(end, place));
    }
    // The times of listings and articles are the same. Conditions beside the order are put on the articles, so that
    // SQLite does not take another index than that of the order.
    if window.sort != Sort::PublishedAt {
        query = query.filter(articles::published_at.le(now));
        if let Some(from) = filters.published_from {
            query = query.filter(articles::published_at.ge(from));
        }
        if let Some(to) = filters.published_to {
            query = query.filter(articles::published_at.lt(to));
        }
    }
    if let Some(from) = filters.updated_from
        && window.sort != Sort::UpdatedAt
    {
        query = query.filter(articles::updated_at.ge(from));
    }
    let query = ordered!(query, window);
    let found: Vec<(PublicArticle, String)> = query.load(conn)?;
    Ok(found
        .into_iter()
        .map(|(article, title_key)| {
            let place = place(&article, title_key, window.sort);
            (article, place)
        })
        .collect())
}

fn place(article: &PublicArticle, title_key: String, sort: Sort) -> Place {
    let row = &article.article;
    Place {
        key: match sort {
            Sort::PublishedAt => SortKey::PublishedAt(row.published_at),
            Sort::UpdatedAt => SortKey::UpdatedAt(row.updated_at),
            Sort::Title => SortKey::Title(title_key),
        },
        id: row.id,
    }
}

/// The ends of the range that is read, at most one on each side and each a comparison of the whole key: of two upper
/// ends the databases would use one for the look-up and try every row below it against the other.
fn bounds(filters: &Filters, window: &Window, now: Ts) -> Vec<(End, Place)> {
    let (mut lowest, mut highest) = match window.sort {
        Sort::PublishedAt => {
            let at = |at, id| Place {
                key: SortKey::PublishedAt(at),
                id,
            };
            let present = at(now, i64::MAX);
            let end = filters.published_to.map(|to| at(to, 0));
            (
                filters.published_from.map(|from| at(from, 0)),
                Some(end.map_or(present.clone(), |end| end.min(present))),
            )
        }
        Sort::UpdatedAt => {
            let from = filters.updated_from.map(|from| Place {
                key: SortKey::UpdatedAt(from),
                id: 0,
            });
            (from, None)
        }
        Sort::Title => (None, None),
    };
    if let Some(after) = window.after.clone() {
        match window.direction {
            Direction::Descending => {
                highest = Some(highest.map_or(after.clone(), |highest| highest.min(after)));
            }
            Direction::Ascending => {
                lowest = Some(lowest.map_or(after.clone(), |lowest| lowest.max(after)));
            }
        }
    }
    let lowest = lowest.map(|place| (End::After, place));
    let highest = highest.map(|place| (End::Before, place));
    lowest.into_iter().chain(highest).collect()
}

/// The rows of `filters.list` alone within the bounds of the window, in its order: read from one index.
fn rows(filters: &Filters, window: &Window, now: Ts) -> listings::BoxedQuery<'static, Db> {
    let mut query = listings::table
        .filter(listings::kind.eq(filters.list.kind.code()))
        .filter(listings::reference.eq(filters.list.reference))
        .into_boxed();
    for (end, place) in bounds(filters, window, now) {
        query = query.filter(beyond(end, place));
    }
    ordered!(query, window)
}

/// Those of the articles with `ids` that are public and match, unordered, with their places. At most a thousand ids.
pub fn of_ids(
    conn: &mut Conn,
    ids: &[i64],
    filters: &Filters,
    sort: Sort,
    now: Ts,
) -> Result<Vec<(PublicArticle, Place)>> {
    // All rows of these few articles, by the index on articles alone: with lists in the condition SQLite would walk one.
    let rows: Vec<(i64, i16, i64, String)> = listings::table
        .filter(any_of(listings::article_id, ids))
        .select((
            listings::article_id,
            listings::kind,
            listings::reference,
            listings::title_key,
        ))
        .load(conn)?;
    let stands_in: HashSet<(i64, i16, i64)> = rows
        .iter()
        .map(|(id, kind, reference, _)| (*id, *kind, *reference))
        .collect();
    let title_keys: HashMap<i64, &String> = rows.iter().map(|(id, .., key)| (*id, key)).collect();
    let found = read::find_all(conn, ids, now)?;
    Ok(found
        .into_iter()
        .filter(|article| {
            let row = &article.article;
            let mut lists = std::iter::once(&filters.list).chain(&filters.also_in);
            lists.all(|list| stands_in.contains(&(row.id, list.kind.code(), list.reference)))
                && filters
                    .published_from
                    .is_none_or(|from| row.published_at >= from)
                && filters.published_to.is_none_or(|to| row.published_at < to)
                && filters
                    .updated_from
                    .is_none_or(|from| row.updated_at >= from)
                && filters
                    .has_attachments
                    .is_none_or(|has| row.has_attachments == has)
        })
        .map(|article| {
            let id = article.article.id;
            let title_key = title_keys
                .get(&id)
                .map_or_else(String::new, |key| (*key).clone());
            let place = place(&article, title_key, sort);
            (article, place)
        })
        .collect())
}

/// The ids of the articles of `filters.list` within the times of the filters that are not the order of `sort`, where
/// there are at most `most` of them: then it is cheaper to sort these than to walk the list in its order. `None` where
/// there are more, or no such times.
pub fn few_in_range(
    conn: &mut Conn,
    filters: &Filters,
    sort: Sort,
    most: i64,
    now: Ts,
) -> Result<Option<Vec<i64>>> {
    let has_publication = filters.published_from.is_some() || filters.published_to.is_some();
    let mut ranges = Vec::new();
    if has_publication && sort != Sort::PublishedAt {
        ranges.push(Sort::PublishedAt);
    }
    if filters.updated_from.is_some() && sort != Sort::UpdatedAt {
        ranges.push(Sort::UpdatedAt);
    }
    for range in ranges {
        let window = Window::first(range, Direction::Descending);
        let ids: Vec<i64> = rows(filters, &window, now)
            .select(listings::article_id)
            .limit(most + 1)
            .load(conn)?;
        if i64::try_from(ids.len()).is_ok_and(|n| n <= most) {
            return Ok(Some(ids));
        }
    }
    Ok(None)
}

/// How many of the newest rows of `filters.list` match, of at most `budget` that are looked at, and the time of the
/// last row looked at where there are more.
pub fn count(
    conn: &mut Conn,
    filters: &Filters,
    budget: i64,
    now: Ts,
) -> Result<(i64, Option<Ts>)> {
    let window = Window::first(Sort::PublishedAt, Direction::Descending);
    let edge: Option<(Ts, i64)> = rows(filters, &window, now)
        .select((listings::published_at, listings::article_id))
        .offset(budget)
        .limit(1)
        .first(conn)
        .optional()?;
    let mut query = listings::table
        .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
        .select(diesel::dsl::count_star())
        .into_boxed::<Db>();
    query = matching!(query, filters, now);
    if let Some(from) = filters.updated_from {
        query = query.filter(articles::updated_at.ge(from));
    }
    let mut within = bounds(filters, &window, now);
    if let Some((at, id)) = edge {
        within.retain(|(end, _)| *end == End::Before);
        within.push((
            End::After,
            Place {
                key: SortKey::PublishedAt(at),
                id,
            },
        ));
    }
    for (end, place) in within {
        query = query.filter(beyond(end, place));
    }
    Ok((query.first(conn)?, edge.map(|(at, _)| at)))
}

/// The publication times at the two ends of the part of `filters.list` that is public and asked for: oldest, newest.
pub fn span(conn: &mut Conn, filters: &Filters, now: Ts) -> Result<Option<(Ts, Ts)>> {
    let mut ends = [None, None];
    for (slot, direction) in ends
        .iter_mut()
        .zip([Direction::Ascending, Direction::Descending])
    {
        let window = Window::first(Sort::PublishedAt, direction);
        *slot = rows(filters, &window, now)
            .select(listings::published_at)
            .first::<Ts>(conn)
            .optional()?;
    }
    Ok(match ends {
        [Some(oldest), Some(newest)] => Some((oldest, newest)),
        _ => None,
    })
}

/// The public articles published just before and just after `article` in its category: `(previous, next)`.
pub fn neighbors(
    conn: &mut Conn,
    article: &ArticleRow,
    now: Ts,
) -> Result<(Option<PublicArticle>, Option<PublicArticle>)> {
    let filters = Filters::of(List {
        kind: ListKind::Category,
        reference: article.category_id,
    });
    let mut beside = |direction| {
        let window = Window {
            after: Some(Place {
                key: SortKey::PublishedAt(article.published_at),
                id: article.id,
            }),
            ..Window::first(Sort::PublishedAt, direction)
        };
        let found = page(conn, &filters, &window, now)?.pop();
        Ok::<_, Error>(found.map(|(article, _)| article))
    };
    let previous = beside(Direction::Descending)?;
    let next = beside(Direction::Ascending)?;
    Ok((previous, next))
}
