//! Reading articles: what is public, in the language that the reader gets.

mod changes;
mod detail;
mod filters;
mod list;
mod media;
mod preview;
mod rankings;
pub mod search;
mod variants;

use std::collections::HashMap;

use crate::clock::Clock;
use crate::content::media::Addresses;
use crate::error::{Error, Result};
use crate::index::Index;
use crate::models::article::{PublicArticle, TextSummary};
use crate::models::linked_media::LinkedMedia;
use crate::models::time::Ts;
use crate::screening::Screening;
use crate::store::{self, Conn, Delivery, Store};
use variants::{choose, derive_summaries};

pub use changes::{ChangePage, Changed, Since};
pub use detail::{BySlug, Detail, Include};
pub use filters::{ArticleFilters, Moment};
pub use list::ArticleQuery;
pub use media::Linked;
pub use rankings::{Ranking, RankingQuery};

/// Use cases on articles.
#[derive(Clone)]
pub struct Articles {
    store: Delivery,
    /// For what editors look at.
    primary: Store,
    clock: Clock,
    addresses: Addresses,
    index: Index,
    screening: Screening,
}

/// The languages a reader wants, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Languages {
    /// Asked for by name, before everything else.
    pub locale: Option<String>,
    /// Of `Accept-Language`.
    pub accepted: Vec<String>,
    /// Whether another language than `locale` may be served.
    pub strict: bool,
}

/// An article as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The article.
    pub article: PublicArticle,
    /// The rendition served; in a language that is none of `available_locales` where it was put into the other Chinese script.
    pub text: TextSummary,
    /// The languages it exists in, the original first.
    pub available_locales: Vec<String>,
    /// What is known of its cover, where that is one of our media.
    pub cover: Option<LinkedMedia>,
}

impl Articles {
    pub(super) fn new(
        store: Store,
        clock: Clock,
        addresses: Addresses,
        index: Index,
        screening: Screening,
    ) -> Self {
        Self {
            store: store.for_delivery(),
            primary: store,
            clock,
            addresses,
            index,
            screening,
        }
    }

    fn now(&self) -> Ts {
        Ts::from(self.clock.now())
    }
}

/// Adds to each article the rendition that the reader gets, with one statement for all, and one more where some are put into the other Chinese
/// script; what is known of its cover comes later.
fn summaries(
    conn: &mut Conn,
    articles: Vec<PublicArticle>,
    languages: &Languages,
) -> Result<Vec<Summary>> {
    let ids: Vec<i64> = articles.iter().map(|a| a.article.id).collect();
    let mut texts: HashMap<i64, Vec<TextSummary>> = HashMap::with_capacity(ids.len());
    for text in store::articles::renditions(conn, &ids)? {
        texts.entry(text.article_id).or_default().push(text);
    }
    // A list never leaves an article out for its language.
    let languages = Languages {
        strict: false,
        ..languages.clone()
    };
    let mut summaries = articles
        .into_iter()
        .map(|article| {
            let id = article.article.id;
            let renditions = texts.remove(&id).unwrap_or_default();
            let available_locales = locales(&article, &renditions);
            let missing = || Error::internal(format!("article {id} has no text"));
            let served = choose(&article, &available_locales, &languages).ok_or_else(missing)?;
            let text = renditions
                .into_iter()
                .find(|t| t.locale == served.locale)
                .ok_or_else(missing)?;
            let summary = Summary {
                article,
                text,
                available_locales,
                cover: None,
            };
            Ok((summary, served.conversion))
        })
        .collect::<Result<Vec<_>>>()?;
    derive_summaries(conn, &mut summaries)?;
    Ok(summaries.into_iter().map(|(summary, _)| summary).collect())
}

/// The languages an article exists in, the original first, the others by name.
fn locales(article: &PublicArticle, renditions: &[TextSummary]) -> Vec<String> {
    let mut locales: Vec<String> = renditions.iter().map(|t| t.locale.clone()).collect();
    locales.sort_by_key(|locale| *locale != article.article.locale);
    locales
}
