//! Lists of articles: filters that combine, three orders, pages and totals.

use super::filters::{ArticleFilters, Narrowed};
use super::{Articles, Languages, Summary, media, summaries};
use crate::content::media::Addresses;
use crate::error::Result;
use crate::models::article::PublicArticle;
use crate::models::freshness::Fresh;
use crate::models::listing::{Direction, Place, Sort};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::subject::Scope;
use crate::models::time::Ts;
use crate::store::articles::{Filters, Window};
use crate::store::listings;
use crate::store::{self, Conn};

/// Which articles a list shows, and which page of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleQuery {
    /// Which articles.
    pub filters: ArticleFilters,
    /// What it is sorted by.
    pub sort: Sort,
    /// Which end comes first.
    pub direction: Direction,
    /// Which page.
    pub page: PageQuery<Place>,
}

/// Rows that are looked at before a list is long: a driving list should be shorter.
const LONG: i64 = 300;

/// Articles that are read together and sorted, where a range of times holds no more.
const SORTED: i64 = 500;

/// Rows that are counted one by one for an estimated total.
const ROUGH: i64 = 1_000;

impl ArticleQuery {
    /// Whether a page costs the same however many articles there are: one list, no conditions on its rows, no rows
    /// that are passed over, no counting.
    fn is_bounded(&self) -> bool {
        let Self {
            filters:
                ArticleFilters {
                    site,
                    category,
                    category_path,
                    subtree: _,
                    source,
                    topic,
                    keyword,
                    contributor,
                    available_in,
                    published_from,
                    published_to,
                    updated_from,
                    has_attachments,
                    ids: _,
                },
            sort,
            direction: _,
            page,
        } = self;
        let lists = [
            source.is_some(),
            topic.is_some(),
            keyword.is_some(),
            contributor.is_some(),
            available_in.is_some(),
            category.is_some() || category_path.is_some() || site.is_some(),
        ];
        lists.into_iter().filter(|is_named| *is_named).count() <= 1
            && has_attachments.is_none()
            && (*sort == Sort::PublishedAt || (published_from.is_none() && published_to.is_none()))
            && (*sort == Sort::UpdatedAt || updated_from.is_none())
            && page.offset() == 0
            && page.count == Count::None
    }
}

impl Articles {
    /// A page of public articles. A filter that names nothing gives an empty page.
    pub async fn page(
        &self,
        query: ArticleQuery,
        languages: Languages,
    ) -> Result<Fresh<Page<Summary, Place>>> {
        let clock = self.clock.clone();
        let addresses = self.addresses.clone();
        let is_bounded = query.is_bounded();
        let work = move |conn: &mut Conn| {
            // Now, not when the request began to wait for its turn.
            let now = Ts::from(clock.now());
            store::connection::snapshot(conn, |conn| {
                page(conn, &query, &languages, &addresses, now)
            })
        };
        if is_bounded {
            self.store.read_short(work).await
        } else {
            self.store.read_long(work).await
        }
    }
}

fn page(
    conn: &mut Conn,
    query: &ArticleQuery,
    languages: &Languages,
    addresses: &Addresses,
    now: Ts,
) -> Result<Fresh<Page<Summary, Place>>> {
    let (mut freshness, narrowed) = query.filters.narrow(conn, now)?;
    let found = match narrowed.map(walk) {
        None => Page::empty(query.page.count),
        Some(filters) => {
            // What matches stands in each of the lists.
            freshness.scope = Scope::List {
                list: filters.list,
                site_id: freshness.scope.site_id(),
            };
            match &query.filters.ids {
                Some(ids) => page_of_ids(conn, ids, &filters, query, now)?,
                None => page_of_list(conn, filters, query, now)?,
            }
        }
    };
    let (items, rest) = found.split();
    let articles = items.into_iter().map(|(article, _)| article).collect();
    let mut items = summaries(conn, articles, languages)?;
    media::of_summaries(conn, addresses, &mut items)?;
    Ok(Fresh {
        value: rest.with_items(items),
        freshness,
    })
}

type Found = Page<(PublicArticle, Place), Place>;

fn page_of_list(
    conn: &mut Conn,
    mut filters: Filters,
    query: &ArticleQuery,
    now: Ts,
) -> Result<Found> {
    drive(conn, &mut filters, query.page.count)?;
    let few = store::articles::few_in_range(conn, &filters, query.sort, SORTED, now)?;
    if let Some(ids) = few {
        return page_of_ids(conn, &ids, &filters, query, now);
    }
    let window = Window {
        sort: query.sort,
        direction: query.direction,
        after: query.page.after(),
        offset: query.page.offset(),
        limit: query.page.limit + 1,
    };
    let items = store::articles::page(conn, &filters, &window, now)?;
    let total = total(conn, &filters, query.page.count, now)?;
    Ok(Page::cut(
        items,
        query.page.limit,
        |(_, place)| place.clone(),
        total,
    ))
}

/// Walks the first list that is not long, where one of several is; the others are looked up for each of its rows. Who
/// wants a total is better off with a list that can be counted, too.
fn drive(conn: &mut Conn, filters: &mut Filters, count: Count) -> Result<()> {
    let lengths = match count {
        Count::Exact => &[LONG, store::COUNTED][..],
        Count::None | Count::Estimated => &[LONG],
    };
    if filters.also_in.is_empty() {
        return Ok(());
    }
    for length in lengths {
        if !listings::is_longer(conn, filters.list, *length)? {
            return Ok(());
        }
        for other in &mut filters.also_in {
            if !listings::is_longer(conn, *other, *length)? {
                std::mem::swap(&mut filters.list, other);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A page of few articles that are read together and sorted here.
fn page_of_ids(
    conn: &mut Conn,
    ids: &[i64],
    filters: &Filters,
    query: &ArticleQuery,
    now: Ts,
) -> Result<Found> {
    let mut found = store::articles::of_ids(conn, ids, filters, query.sort, now)?;
    found.sort_by(|(_, a), (_, b)| a.cmp(b));
    if query.direction == Direction::Descending {
        found.reverse();
    }
    let length = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let total = query.page.count.exactly(length);
    if let Some(after) = query.page.after() {
        found.retain(|(_, place)| match query.direction {
            Direction::Descending => *place < after,
            Direction::Ascending => *place > after,
        });
    }
    let passed = usize::try_from(query.page.offset()).unwrap_or(usize::MAX);
    found.drain(..passed.min(found.len()));
    Ok(Page::cut(
        found,
        query.page.limit,
        |(_, place)| place.clone(),
        total,
    ))
}

/// The lists that filters come to, the one to be walked first.
fn walk(narrowed: Narrowed) -> Filters {
    let Narrowed {
        mut lists,
        published_from,
        published_to,
        updated_from,
        has_attachments,
    } = narrowed;
    if lists.is_empty() {
        lists.push(listings::ALL);
    }
    let list = lists.remove(0);
    Filters {
        list,
        also_in: lists,
        published_from,
        published_to,
        updated_from,
        has_attachments,
    }
}

/// How many articles match: from the numbers that are kept, else counted row by row as far as the budget goes, else
/// extrapolated from there.
fn total(conn: &mut Conn, filters: &Filters, count: Count, now: Ts) -> Result<Total> {
    let budget = match count {
        Count::None => return Ok(Total::Unknown),
        Count::Exact => store::COUNTED,
        Count::Estimated => ROUGH,
    };
    let kept = if filters.published_from.is_none() && filters.published_to.is_none() {
        store::counts::of_list(conn, filters.list, now)?
    } else {
        None
    };
    if let Some(kept) = kept
        && *filters == Filters::of(filters.list)
    {
        return Ok(Total::Exact(kept));
    }
    let (matching, edge) = store::articles::count(conn, filters, budget, now)?;
    let Some(edge) = edge else {
        return Ok(Total::Exact(matching));
    };
    let length = match kept {
        Some(kept) => kept,
        // As dense in the rest of its time as in the part that was counted.
        None => match store::articles::span(conn, filters, now)? {
            Some((oldest, newest)) => {
                let whole = (newest.0 - oldest.0).num_seconds().max(1);
                let part = (newest.0 - edge.0).num_seconds().max(1);
                budget.saturating_mul(whole) / part
            }
            None => budget,
        },
    };
    Ok(Total::Estimated(
        (matching.saturating_mul(length) / budget).max(matching),
    ))
}
