//! Reading articles: what is public, in the language that the reader gets.

mod changes;
mod detail;
mod list;
mod media;
mod preview;
mod rankings;

use std::collections::HashMap;

use crate::clock::Clock;
use crate::content::media::Addresses;
use crate::error::{Error, Result};
use crate::models::article::{PublicArticle, TextSummary};
use crate::models::linked_media::LinkedMedia;
use crate::models::time::Ts;
use crate::store::{self, Conn, Store};
use crate::text::language;

pub use changes::{ChangePage, Changed, Since};
pub use detail::{BySlug, Detail, Include};
pub use list::{ArticleQuery, Moment};
pub use media::Linked;
pub use rankings::{Ranking, RankingQuery};

/// Use cases on articles.
#[derive(Clone)]
pub struct Articles {
    store: Store,
    clock: Clock,
    addresses: Addresses,
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
    /// The rendition served.
    pub text: TextSummary,
    /// The languages it exists in, the original first.
    pub available_locales: Vec<String>,
    /// What is known of its cover, where that is one of our media.
    pub cover: Option<LinkedMedia>,
}

impl Articles {
    pub(super) fn new(store: Store, clock: Clock, addresses: Addresses) -> Self {
        Self {
            store,
            clock,
            addresses,
        }
    }

    fn now(&self) -> Ts {
        Ts::from(self.clock.now())
    }
}

/// Adds to each article the rendition that the reader gets, with one statement for all; what is known of its cover comes later.
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
    articles
        .into_iter()
        .map(|article| {
            let id = article.article.id;
            let renditions = texts.remove(&id).unwrap_or_default();
            let available_locales = locales(&article, &renditions);
            let locale = choose(&article, &available_locales, &languages);
            let text = renditions
                .into_iter()
                .find(|t| Some(&t.locale) == locale.as_ref())
                .ok_or_else(|| Error::internal(format!("article {id} has no text")))?;
            Ok(Summary {
                article,
                text,
                available_locales,
                cover: None,
            })
        })
        .collect()
}

/// The languages an article exists in, the original first, the others by name.
fn locales(article: &PublicArticle, renditions: &[TextSummary]) -> Vec<String> {
    let mut locales: Vec<String> = renditions.iter().map(|t| t.locale.clone()).collect();
    locales.sort_by_key(|locale| *locale != article.article.locale);
    locales
}

/// The language served: the one asked for, else an accepted one, else the site's, else the article's own. Where the
/// reader is strict, only one that was asked for or, without `locale`, accepted.
fn choose(article: &PublicArticle, available: &[String], languages: &Languages) -> Option<String> {
    let asked = language::lookup(languages.locale.as_slice(), available);
    let accepted = || language::lookup(&languages.accepted, available);
    let otherwise = || {
        language::lookup(
            std::slice::from_ref(&article.site_default_locale),
            available,
        )
        .or_else(|| available.first().map(String::as_str))
    };
    let found = match (languages.strict, &languages.locale) {
        (true, Some(_)) => asked,
        (true, None) if !languages.accepted.is_empty() => accepted(),
        _ => asked.or_else(accepted).or_else(otherwise),
    };
    found.map(str::to_owned)
}
