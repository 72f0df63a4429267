//! Reading articles: what is public, in the language that the reader gets.

use std::collections::HashMap;

use crate::clock::Clock;
use crate::error::{Error, Resource, Result};
use crate::models::article::{PublicArticle, StoredAttachment, StoredText, TextSummary};
use crate::models::category::Category;
use crate::models::contributor::StoredContribution;
use crate::models::listing::{List, ListKind, Position};
use crate::models::site::Site;
use crate::models::source::Source;
use crate::models::time::Ts;
use crate::models::topic::Topic;
use crate::store::articles::{Filters, Order};
use crate::store::{self, Conn, Store};
use crate::text::language;

/// Use cases on articles.
#[derive(Clone)]
pub struct Articles {
    store: Store,
    clock: Clock,
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

/// Which articles a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleQuery {
    /// Slug of a site.
    pub site: Option<String>,
    /// Id of a category.
    pub category: Option<i64>,
    /// Id of a source.
    pub source: Option<i64>,
    /// Where the page starts.
    pub after: Option<Position>,
    /// Most articles of the page.
    pub limit: i64,
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
}

/// A page of articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryPage {
    /// The articles.
    pub items: Vec<Summary>,
    /// Where the next page starts.
    pub next: Option<Position>,
}

/// What comes with an article only when it is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Include {
    /// The way from the home page.
    pub breadcrumbs: bool,
    /// The articles before and after it.
    pub neighbors: bool,
    /// The articles recommended beside it.
    pub related: bool,
    /// Its site.
    pub site_details: bool,
}

/// An article as its page shows it.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The article.
    pub article: PublicArticle,
    /// The rendition served.
    pub text: StoredText,
    /// The languages it exists in, the original first.
    pub available_locales: Vec<String>,
    /// Who made it.
    pub contributions: Vec<StoredContribution>,
    /// Where it comes from.
    pub sources: Vec<Source>,
    /// Its topics.
    pub topics: Vec<Topic>,
    /// Its files.
    pub attachments: Vec<StoredAttachment>,
    /// The categories from the root down to its own.
    pub ancestors: Option<Vec<Category>>,
    /// `(previous, next)`.
    pub neighbors: Option<(Option<Summary>, Option<Summary>)>,
    /// Recommended articles.
    pub related: Option<Vec<Summary>>,
    /// Its site, where breadcrumbs or site details need it.
    pub site: Option<Site>,
}

impl Articles {
    pub(super) fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A page of public articles, newest first. A filter that names nothing gives an empty page.
    pub async fn page(&self, query: ArticleQuery, languages: Languages) -> Result<SummaryPage> {
        let now = Ts::from(self.clock.now());
        // Where lists are combined, rows of the first may be passed over.
        let is_combined =
            query.source.is_some() && (query.category.is_some() || query.site.is_some());
        let work = move |conn: &mut Conn| {
            store::connection::snapshot(conn, |conn| page(conn, &query, &languages, now))
        };
        if is_combined {
            self.store.read(work).await
        } else {
            self.store.read_short(work).await
        }
    }

    /// The public article with `id`.
    pub async fn get(&self, id: i64, languages: Languages, include: Include) -> Result<Detail> {
        let now = Ts::from(self.clock.now());
        self.store
            .read_short(move |conn| {
                store::connection::snapshot(conn, |conn| detail(conn, id, &languages, include, now))
            })
            .await
    }
}

fn page(
    conn: &mut Conn,
    query: &ArticleQuery,
    languages: &Languages,
    now: Ts,
) -> Result<SummaryPage> {
    let Some(filters) = filters(conn, query)? else {
        return Ok(SummaryPage {
            items: Vec::new(),
            next: None,
        });
    };
    let mut found = store::articles::page(
        conn,
        &filters,
        Order::Descending,
        query.after,
        query.limit + 1,
        now,
    )?;
    let full = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let next = if found.len() > full {
        found.truncate(full);
        found.last().map(|s| Position {
            published_at: s.article.published_at,
            id: s.article.id,
        })
    } else {
        None
    };
    Ok(SummaryPage {
        items: summaries(conn, found, languages)?,
        next,
    })
}

/// The lists that `query` names, the one expected to be shortest first; `None` where nothing can stand in all.
fn filters(conn: &mut Conn, query: &ArticleQuery) -> Result<Option<Filters>> {
    let mut lists = Vec::new();
    let mut named = |kind, reference| lists.push(List { kind, reference });
    if let Some(id) = query.source {
        named(ListKind::Source, id);
    }
    if let Some(id) = query.category {
        named(ListKind::Category, id);
    }
    if let Some(slug) = &query.site {
        let Some(site_id) = store::sites::find_id(conn, slug)? else {
            return Ok(None);
        };
        match query.category {
            None => named(ListKind::Site, site_id),
            // Either all articles of a category are of the site, or none.
            Some(id) if store::categories::site_of(conn, id)? == Some(site_id) => {}
            Some(_) => return Ok(None),
        }
    }
    if lists.is_empty() {
        lists.push(List {
            kind: ListKind::All,
            reference: 0,
        });
    }
    let list = lists.remove(0);
    Ok(Some(Filters {
        list,
        also_in: lists,
    }))
}

fn detail(
    conn: &mut Conn,
    id: i64,
    languages: &Languages,
    include: Include,
    now: Ts,
) -> Result<Detail> {
    let article = store::articles::find(conn, id, now)?
        .ok_or_else(|| Error::not_found(Resource::Article, id))?;
    let ids = [id];
    let renditions = store::articles::renditions(conn, &ids)?;
    let available_locales = locales(&article, &renditions);
    let locale = choose(&article, &available_locales, languages).ok_or_else(|| {
        let available = available_locales.clone();
        Error::NoSuchLanguage { available }
    })?;
    let text = store::articles::body(conn, id, &locale)?.ok_or_else(|| {
        Error::internal(format!(
            "article {id} has no text in its language `{locale}`"
        ))
    })?;
    let ancestors = if include.breadcrumbs {
        Some(store::categories::chain(
            conn,
            article.article.site_id,
            &prefixes(&article.category_path),
        )?)
    } else {
        None
    };
    let neighbors = if include.neighbors {
        let (previous, next) = store::articles::neighbors(conn, &article.article, now)?;
        let next_id = next.as_ref().map(|n| n.article.id);
        let mut found = summaries(conn, previous.into_iter().chain(next).collect(), languages)?;
        let next = found.pop_if(|s| Some(s.article.article.id) == next_id);
        Some((found.pop(), next))
    } else {
        None
    };
    let related = if include.related {
        let found = store::articles::related(conn, id, now)?;
        Some(summaries(conn, found, languages)?)
    } else {
        None
    };
    let site = if include.site_details || include.breadcrumbs {
        store::sites::find(conn, &article.site_slug)?
    } else {
        None
    };
    Ok(Detail {
        text,
        available_locales,
        contributions: store::contributors::of_articles(conn, &ids)?,
        sources: store::sources::of_articles(conn, &ids)?
            .into_iter()
            .map(|(_, s)| s)
            .collect(),
        topics: store::topics::of_articles(conn, &ids)?
            .into_iter()
            .map(|(_, t)| t)
            .collect(),
        attachments: store::articles::attachments(conn, &ids)?,
        ancestors,
        neighbors,
        related,
        site,
        article,
    })
}

/// `a/b/c` gives `a`, `a/b`, `a/b/c`.
fn prefixes(path: &str) -> Vec<String> {
    let ends = path
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([path.len()]);
    ends.filter_map(|end| path.get(..end))
        .map(str::to_owned)
        .collect()
}

/// Adds to each article the rendition that the reader gets, with one statement for all.
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
