//! What decides whether readers see an article, without the rest of it. Says nothing of rights.

use diesel::prelude::*;

use crate::error::{Error, Result};
use crate::models::article::{Retraction, Status};
use crate::models::time::Ts;
use crate::schema::{article_texts, articles, categories, sites};
use crate::store::connection::Conn;

/// How an article stands, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands in its life.
    pub status: Status,
    /// What its status is once nothing holds it back, where it is quarantined.
    pub held: Option<Status>,
    /// When it is or was published.
    pub published_at: Ts,
    /// When it vanishes again.
    pub unpublish_at: Option<Ts>,
    /// Since when and why it is taken back.
    pub retraction: Option<Retraction>,
    /// Its name in addresses.
    pub slug: String,
    /// The language of the original.
    pub locale: String,
    /// Path of its category.
    pub category: String,
    /// Language its site serves where a reader asks for none.
    pub site_default_locale: String,
    /// Where its site's pages live.
    pub site_url_template: Option<String>,
    /// Whether its site shows it in the other Chinese script where it lacks that.
    pub site_script_variants: bool,
}

/// How the article with `id` stands.
pub fn standing(conn: &mut Conn, id: i64) -> Result<Option<Standing>> {
    type Row = (
        (
            String,
            Ts,
            Option<Ts>,
            Option<Ts>,
            Option<String>,
            Option<String>,
        ),
        (String, String, String, String, Option<String>, bool),
    );
    let found: Option<Row> = articles::table
        .inner_join(sites::table.on(sites::id.eq(articles::site_id)))
        .inner_join(categories::table.on(categories::id.eq(articles::category_id)))
        .filter(articles::id.eq(id))
        .select((
            (
                articles::status,
                articles::published_at,
                articles::unpublish_at,
                articles::retracted_at,
                articles::retraction_reason,
                articles::held_status,
            ),
            (
                articles::slug,
                articles::locale,
                categories::path,
                sites::default_locale,
                sites::url_template,
                sites::script_variants,
            ),
        ))
        .first(conn)
        .optional()?;
    let Some((life, place)) = found else {
        return Ok(None);
    };
    let (status, published_at, unpublish_at, retracted_at, reason, held) = life;
    let (slug, locale, category, site_default_locale, site_url_template, site_script_variants) =
        place;
    let known = |word: String| {
        Status::parse(&word).ok_or_else(|| {
            Error::internal(format!("the database holds the unknown status `{word}`"))
        })
    };
    Ok(Some(Standing {
        status: known(status)?,
        held: held.map(known).transpose()?,
        published_at,
        unpublish_at,
        retraction: retracted_at
            .zip(reason)
            .map(|(at, reason)| Retraction { at, reason }),
        slug,
        locale,
        category,
        site_default_locale,
        site_url_template,
        site_script_variants,
    }))
}

/// The languages of an article by name, each with the slug that its rendition has for itself.
pub fn languages(conn: &mut Conn, id: i64) -> Result<Vec<(String, Option<String>)>> {
    Ok(article_texts::table
        .filter(article_texts::article_id.eq(id))
        .select((article_texts::locale, article_texts::slug))
        .order(article_texts::locale)
        .load(conn)?)
}
