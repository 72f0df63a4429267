//! What readers get: public articles only. Every query here binds the present time.

use diesel::define_sql_function;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use crate::error::Result;
use crate::models::article::{
    Counters, PublicArticle, Retraction, StoredAttachment, StoredText, TextSummary,
};
use crate::models::time::Ts;
use crate::schema::{
    article_counters, article_related, article_texts, articles, attachment_counters, attachments,
    categories, site_stamps, sites,
};
use crate::store::connection::{Conn, on_db};
use crate::store::fragments::{any_of, load_of};
use crate::store::shown::{AroundShown, OnePlaceShown, PlaceShown};

/// The columns of an [`ArticleRow`], in its order, with this version.
macro_rules! article_columns {
    ($version:expr) => {
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
            $version,
            articles::updated_at,
        )
    };
}

/// The columns of a [`PublicArticle`], in its order. Its version does not grow with the citations, which readers do not see.
macro_rules! shown_columns {
    () => {
        (
            article_columns!(articles::version - article_counters::recounts),
            article_counters::views,
            sites::slug,
            sites::default_locale,
            sites::url_template,
            sites::script_variants,
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

pub(in crate::store) use not_expired;
pub(super) use {article_columns, shown_columns, with_place};

/// The public articles with `ids`, unordered.
pub fn find_all(conn: &mut Conn, ids: &[i64], now: Ts) -> Result<Vec<PublicArticle>> {
    let mut found: Vec<PublicArticle> = load_of!(conn, ids, articles::id, |is_one| {
        with_place!(articles::table)
            .filter(is_one)
            .filter(PlaceShown)
            .filter(articles::published_at.le(now))
            .filter(not_expired!(now))
            .select(shown_columns!())
    });
    // As a condition SQLite would take it for a shorter way than the ids, and read all published articles.
    found.retain(|found| found.article.status == "published");
    Ok(found)
}

/// The public article with `id`, and the change stamp of its site.
pub fn find(conn: &mut Conn, id: i64, now: Ts) -> Result<Option<(PublicArticle, Ts)>> {
    Ok(on_db!(conn, |c| {
        with_place!(articles::table)
            .inner_join(site_stamps::table.on(site_stamps::site_id.eq(articles::site_id)))
            .filter(articles::id.eq(id))
            .filter(articles::status.eq("published"))
            .filter(articles::published_at.le(now))
            .filter(not_expired!(now))
            .filter(OnePlaceShown)
            .select((shown_columns!(), site_stamps::modified_at))
            .first(c)
            .optional()?
    }))
}

/// Since when and why the article with `id` is taken back, if it is.
pub fn find_retraction(conn: &mut Conn, id: i64) -> Result<Option<Retraction>> {
    let found: Option<(Ts, String)> = articles::table
        .filter(articles::id.eq(id))
        .filter(articles::status.eq("retracted"))
        .filter(AroundShown)
        .select((
            articles::retracted_at.assume_not_null(),
            articles::retraction_reason.assume_not_null(),
        ))
        .first(conn)
        .optional()?;
    Ok(found.map(|(at, reason)| Retraction { at, reason }))
}

/// Those of the articles with `ids` that are taken back: since when and why.
pub fn retractions(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, Retraction)>> {
    let found: Vec<(i64, String, Option<Ts>, Option<String>)> = articles::table
        .filter(any_of(articles::id, ids))
        .filter(articles::retracted_at.is_not_null())
        .filter(AroundShown)
        .select((
            articles::id,
            articles::status,
            articles::retracted_at,
            articles::retraction_reason,
        ))
        .load(conn)?;
    // One that is quarantined may be taken back, too, and nobody is told why.
    let found = found
        .into_iter()
        .filter(|(_, status, ..)| status == "retracted");
    Ok(found
        .filter_map(|(id, _, at, reason)| {
            let (at, reason) = (at?, reason?);
            Some((id, Retraction { at, reason }))
        })
        .collect())
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
    .filter(PlaceShown)
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
    Ok(load_of!(conn, ids, article_texts::article_id, |is_of| {
        article_texts::table
            .filter(is_of)
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
    }))
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
    Ok(on_db!(conn, |c| {
        article_texts::table
            .find((id, locale))
            .select(text_columns!())
            .first(c)
            .optional()?
    }))
}

/// Every rendition of `ids` whole, by article and locale.
pub fn texts(conn: &mut Conn, ids: &[i64]) -> Result<Vec<StoredText>> {
    Ok(article_texts::table
        .filter(any_of(article_texts::article_id, ids))
        .select(text_columns!())
        .order((article_texts::article_id, article_texts::locale))
        .load(conn)?)
}

/// What a rendition says, as far as passages are taken from it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Wording {
    /// The article.
    pub article_id: i64,
    /// The language.
    pub locale: String,
    /// The title.
    pub title: String,
    /// The subtitle.
    pub subtitle: Option<String>,
    /// The abstract.
    pub summary: Option<String>,
    /// The beginning of the body, which may end within a tag.
    pub body_html: String,
}

/// Characters of a body that passages are taken from.
const QUOTED: i32 = 400_000;

define_sql_function! {
    /// The part of a text from a character on, which is the 1st, 2nd and so on, and so many characters.
    fn substr(text: Text, from: Integer, length: Integer) -> Text;
}

/// What every rendition of `ids` says, by article and locale.
pub fn wordings(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Wording>> {
    Ok(article_texts::table
        .filter(any_of(article_texts::article_id, ids))
        .select((
            article_texts::article_id,
            article_texts::locale,
            article_texts::title,
            article_texts::subtitle,
            article_texts::summary,
            substr(article_texts::body_html, 1, QUOTED),
        ))
        .order((article_texts::article_id, article_texts::locale))
        .load(conn)?)
}

/// The files of `ids`, in each article's order.
pub fn attachments(conn: &mut Conn, ids: &[i64]) -> Result<Vec<StoredAttachment>> {
    Ok(load_of!(conn, ids, attachments::article_id, |is_of| {
        attachments::table
            .inner_join(
                attachment_counters::table
                    .on(attachment_counters::attachment_id.eq(attachments::id)),
            )
            .filter(is_of)
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
    }))
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
