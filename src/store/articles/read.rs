//! What readers get: public articles only. Every query here binds the present time.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::error::Result;
use crate::models::article::{
    ArticleRow, Counters, PublicArticle, StoredAttachment, StoredText, TextSummary,
};
use crate::models::listing::{List, ListKind, Position};
use crate::models::time::Ts;
use crate::schema::{
    article_counters, article_related, article_texts, articles, attachment_counters, attachments,
    categories, listings, sites,
};
use crate::store::connection::{Conn, Db};
use crate::store::fragments::{self, any_of, before};

diesel::alias!(const OTHER_LIST: Alias<OtherList> = listings as other_list);

/// The columns of an [`ArticleRow`], in its order.
macro_rules! article_columns {
    () => {
        (
            articles::id,
            articles::site_id,
            articles::key,
            articles::slug,
            articles::category_id,
            articles::status,
            articles::locale,
            articles::published_at,
            articles::published_offset,
            articles::published_precision,
            articles::unpublish_at,
            articles::event_date,
            articles::source_line,
            articles::cover,
            articles::audio,
            articles::has_attachments,
            articles::version,
            articles::updated_at,
        )
    };
}
pub(super) use article_columns;

/// The columns of a [`PublicArticle`], in its order.
macro_rules! shown_columns {
    () => {
        (
            article_columns!(),
            article_counters::views,
            sites::slug,
            sites::default_locale,
            sites::url_template,
            categories::path,
            categories::name,
        )
    };
}

/// `articles` joined with what a [`PublicArticle`] needs, behind whatever stands before it.
macro_rules! with_place {
    ($query:expr) => {
        $query
            .inner_join(article_counters::table.on(article_counters::article_id.eq(articles::id)))
            .inner_join(sites::table.on(sites::id.eq(articles::site_id)))
            .inner_join(categories::table.on(categories::id.eq(articles::category_id)))
    };
}

/// Whether the article has not expired at the bound time.
macro_rules! not_expired {
    ($now:expr) => {
        articles::unpublish_at
            .is_null()
            .or(articles::unpublish_at.gt($now))
    };
}

/// The order of a list by publication; ties go by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    Descending,
    /// Oldest first.
    Ascending,
}

/// What a page of articles must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filters {
    /// The list that is walked: the one expected to be shortest.
    pub list: List,
    /// Other lists that an article must also stand in.
    pub also_in: Vec<List>,
}

/// Up to `limit` public articles behind `after`, in `order`. The cost of one list does not depend on its length or
/// on the depth of the page; with further lists it grows with the rows of the first that are not in them.
pub fn page(
    conn: &mut Conn,
    filters: &Filters,
    order: Order,
    after: Option<Position>,
    limit: i64,
    now: Ts,
) -> Result<Vec<PublicArticle>> {
    let mut query = with_place!(
        listings::table.inner_join(articles::table.on(articles::id.eq(listings::article_id)))
    )
    .filter(listings::kind.eq(filters.list.kind.code()))
    .filter(listings::reference.eq(filters.list.reference))
    .filter(not_expired!(now))
    .select(shown_columns!())
    .limit(limit)
    .into_boxed::<Db>();
    for list in &filters.also_in {
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
                ),
        ));
    }
    // Each end of the range is one comparison of the whole key: of two upper ends the databases would use one for
    // the look-up and try every row below it against the other.
    let present = Position {
        published_at: now,
        id: i64::MAX,
    };
    query = match order {
        Order::Descending => query
            .filter(before(after.unwrap_or(present).min(present)))
            .order((listings::published_at.desc(), listings::article_id.desc())),
        Order::Ascending => {
            if let Some(after) = after {
                query = query.filter(fragments::after(after));
            }
            query
                .filter(listings::published_at.le(now))
                .order((listings::published_at.asc(), listings::article_id.asc()))
        }
    };
    Ok(query.load(conn)?)
}

/// The public article with `id`.
pub fn find(conn: &mut Conn, id: i64, now: Ts) -> Result<Option<PublicArticle>> {
    Ok(with_place!(articles::table)
        .filter(articles::id.eq(id))
        .filter(articles::status.eq("published"))
        .filter(articles::published_at.le(now))
        .filter(not_expired!(now))
        .select(shown_columns!())
        .first(conn)
        .optional()?)
}

/// The public articles published just before and just after `article` in its category: `(previous, next)`.
pub fn neighbors(
    conn: &mut Conn,
    article: &ArticleRow,
    now: Ts,
) -> Result<(Option<PublicArticle>, Option<PublicArticle>)> {
    let filters = Filters {
        list: List {
            kind: ListKind::Category,
            reference: article.category_id,
        },
        also_in: Vec::new(),
    };
    let here = Some(Position {
        published_at: article.published_at,
        id: article.id,
    });
    let previous = page(conn, &filters, Order::Descending, here, 1, now)?.pop();
    let next = page(conn, &filters, Order::Ascending, here, 1, now)?.pop();
    Ok((previous, next))
}

/// The public articles that an editor recommends beside the article, in order.
pub fn related(conn: &mut Conn, id: i64, now: Ts) -> Result<Vec<PublicArticle>> {
    Ok(with_place!(
        article_related::table
            .inner_join(articles::table.on(articles::id.eq(article_related::related_id)))
    )
    .filter(article_related::article_id.eq(id))
    .filter(articles::status.eq("published"))
    .filter(articles::published_at.le(now))
    .filter(not_expired!(now))
    .select(shown_columns!())
    .order(article_related::position)
    .load(conn)?)
}

/// Keys of related articles, public or not, as `(article, key)` in each article's order.
pub fn related_keys(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, String)>> {
    Ok(article_related::table
        .inner_join(articles::table.on(articles::id.eq(article_related::related_id)))
        .filter(any_of(article_related::article_id, ids))
        .select((article_related::article_id, articles::key))
        .order((article_related::article_id, article_related::position))
        .load(conn)?)
}

/// What lists show of every rendition of `ids`, by article and locale. Bodies are not read.
pub fn renditions(conn: &mut Conn, ids: &[i64]) -> Result<Vec<TextSummary>> {
    Ok(article_texts::table
        .filter(any_of(article_texts::article_id, ids))
        .select((
            article_texts::article_id,
            article_texts::locale,
            article_texts::slug,
            article_texts::title,
            article_texts::subtitle,
            article_texts::summary,
            article_texts::keywords,
        ))
        .order((article_texts::article_id, article_texts::locale))
        .load(conn)?)
}

/// The columns of a [`StoredText`], in its order.
macro_rules! text_columns {
    () => {
        (
            article_texts::article_id,
            article_texts::locale,
            article_texts::slug,
            article_texts::title,
            article_texts::subtitle,
            article_texts::summary,
            article_texts::summary_label,
            article_texts::byline,
            article_texts::keywords,
            article_texts::contributors,
            article_texts::outline,
            article_texts::reading_minutes,
            article_texts::body_html,
        )
    };
}

/// One rendition whole.
pub fn body(conn: &mut Conn, id: i64, locale: &str) -> Result<Option<StoredText>> {
    Ok(article_texts::table
        .find((id, locale))
        .select(text_columns!())
        .first(conn)
        .optional()?)
}

/// Every rendition of `ids` whole, by article and locale.
pub fn texts(conn: &mut Conn, ids: &[i64]) -> Result<Vec<StoredText>> {
    Ok(article_texts::table
        .filter(any_of(article_texts::article_id, ids))
        .select(text_columns!())
        .order((article_texts::article_id, article_texts::locale))
        .load(conn)?)
}

/// The files of `ids`, in each article's order.
pub fn attachments(conn: &mut Conn, ids: &[i64]) -> Result<Vec<StoredAttachment>> {
    Ok(attachments::table
        .inner_join(
            attachment_counters::table.on(attachment_counters::attachment_id.eq(attachments::id)),
        )
        .filter(any_of(attachments::article_id, ids))
        .select((
            attachments::id,
            attachments::article_id,
            attachments::name,
            attachments::url,
            attachments::media_type,
            attachments::size,
            attachments::sha256,
            attachment_counters::downloads,
        ))
        .order((attachments::article_id, attachments::position))
        .load(conn)?)
}

/// The numbers of `ids`, as `(article, numbers)`.
pub fn counters(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, Counters)>> {
    let rows: Vec<(i64, i64, i64, i64)> = article_counters::table
        .filter(any_of(article_counters::article_id, ids))
        .select((
            article_counters::article_id,
            article_counters::views,
            article_counters::downloads,
            article_counters::citations,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, views, downloads, citations)| {
            (
                id,
                Counters {
                    views,
                    downloads,
                    citations,
                },
            )
        })
        .collect())
}
