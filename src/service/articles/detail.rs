//! One article with everything on its page.

use super::media::{self, Linked};
use super::variants::{self, choose};
use super::{Articles, Languages, Summary, locales, summaries};
use crate::content::media::Addresses;
use crate::error::{Error, Resource, Result};
use crate::models::article::{Audio, PublicArticle, Retraction, StoredAttachment, StoredText};
use crate::models::category::Category;
use crate::models::contributor::StoredContribution;
use crate::models::freshness::{Fresh, Freshness};
use crate::models::linked_media::LinkedMedia;
use crate::models::site::Site;
use crate::models::source::Source;
use crate::models::subject::Scope;
use crate::models::time::Ts;
use crate::models::topic::Topic;
use crate::store::articles::Leading;
use crate::store::{self, Conn};

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
    /// Whether it was put into the other Chinese script for this answer.
    pub derived: bool,
    /// The languages it exists in, the original first.
    pub available_locales: Vec<String>,
    /// Who made it.
    pub contributions: Vec<StoredContribution>,
    /// Where it comes from.
    pub sources: Vec<Source>,
    /// Its topics.
    pub topics: Vec<Topic>,
    /// What is known of its cover, where that is one of our media.
    pub cover: Option<LinkedMedia>,
    /// Its files.
    pub attachments: Vec<Linked<StoredAttachment>>,
    /// Recordings of the text.
    pub audio: Vec<Linked<Audio>>,
    /// The categories from the root down to its own.
    pub ancestors: Option<Vec<Category>>,
    /// `(previous, next)`.
    pub neighbors: Option<(Option<Summary>, Option<Summary>)>,
    /// Recommended articles.
    pub related: Option<Vec<Summary>>,
    /// Its site, where breadcrumbs or site details need it.
    pub site: Option<Site>,
}

/// What a slug leads to.
#[derive(Debug, Clone)]
pub enum BySlug {
    /// The article that has it.
    Here(Box<Fresh<Detail>>),
    /// The article that had it before has another one now.
    Moved {
        /// The one that leads on.
        slug: String,
        /// The language to ask for there, where the former slug served that one alone and the reader asks for none.
        locale: Option<String>,
        /// Until when it leads there.
        freshness: Freshness,
    },
}

impl Articles {
    /// The public article with `id`; one that was taken back fails with the reason.
    pub async fn get(
        &self,
        id: i64,
        languages: Languages,
        include: Include,
    ) -> Result<Fresh<Detail>> {
        let now = self.now();
        let addresses = self.addresses.clone();
        self.store
            .read_short(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    detail(conn, id, &languages, include, &addresses, now)
                })
            })
            .await
    }

    /// The public article of a site with `slug`: its own, a translation's, or one that it had before. Where none is public, one that
    /// was taken back fails with the reason.
    pub async fn get_by_slug(
        &self,
        site: String,
        slug: String,
        languages: Languages,
        include: Include,
    ) -> Result<BySlug> {
        let now = self.now();
        let addresses = self.addresses.clone();
        self.store
            .read_short(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    by_slug(conn, &site, &slug, languages, include, &addresses, now)
                })
            })
            .await
    }
}

fn by_slug(
    conn: &mut Conn,
    site: &str,
    slug: &str,
    mut languages: Languages,
    include: Include,
    addresses: &Addresses,
    now: Ts,
) -> Result<BySlug> {
    let site_id = store::sites::find_shown_id(conn, site)?
        .ok_or_else(|| Error::not_found(Resource::Site, site))?;
    if let Some((id, locale)) = store::articles::find_slug(conn, site_id, slug, now)? {
        // A translation's own slug asks for that translation.
        languages.locale = languages.locale.or(locale);
        let found = detail(conn, id, &languages, include, addresses, now)?;
        return Ok(BySlug::Here(Box::new(found)));
    }
    let next = match store::articles::find_successor(conn, site_id, slug, now)? {
        Some(Leading::To(next)) => next,
        Some(Leading::Gone(retraction)) => {
            return Err(Retraction::or_missing(Some(retraction), slug));
        }
        None => return Err(Retraction::or_missing(None, slug)),
    };
    let freshness = store::stamps::of_site(conn, site_id, now)?;
    Ok(match next.rendition_slug {
        // Where both have the same slug, it serves any language.
        Some(slug) if slug != next.slug => BySlug::Moved {
            slug,
            locale: None,
            freshness,
        },
        _ => BySlug::Moved {
            slug: next.slug,
            locale: next.locale.filter(|_| languages.locale.is_none()),
            freshness,
        },
    })
}

fn detail(
    conn: &mut Conn,
    id: i64,
    languages: &Languages,
    include: Include,
    addresses: &Addresses,
    now: Ts,
) -> Result<Fresh<Detail>> {
    let Some((mut article, site_stamp)) = store::articles::find(conn, id, now)? else {
        return Err(Retraction::or_missing(
            store::articles::find_retraction(conn, id)?,
            id,
        ));
    };
    let ids = [id];
    let renditions = store::articles::renditions(conn, &ids)?;
    let available_locales = locales(&article, &renditions);
    let served = choose(&article, &available_locales, languages).ok_or_else(|| {
        let available = available_locales.clone();
        Error::NoSuchLanguage { available }
    })?;
    let text = store::articles::body(conn, id, &served.locale)?.ok_or_else(|| {
        Error::internal(format!(
            "article {id} has no text in its language `{}`",
            served.locale
        ))
    })?;
    let ancestors = if include.breadcrumbs {
        Some(ancestors(conn, &article)?)
    } else {
        None
    };
    let neighbors = if include.neighbors {
        let (previous, next) = store::articles::neighbors(conn, &article.article, now)?;
        Some(beside(conn, previous, next, languages)?)
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
    let freshness = freshness(conn, &article, site_stamp, include, now)?;
    let attachments = match article.article.has_attachments {
        true => store::articles::attachments(conn, &ids)?,
        false => Vec::new(),
    };
    let audio = std::mem::take(&mut article.article.audio.0);
    let mut value = Detail {
        text,
        derived: false,
        available_locales,
        contributions: store::contributors::of_articles(conn, &ids)?,
        sources: store::sources::shown_of_articles(conn, &ids)?
            .into_iter()
            .map(|(_, s)| s)
            .collect(),
        topics: store::topics::shown_of_articles(conn, &ids)?
            .into_iter()
            .map(|(_, t)| t)
            .collect(),
        cover: None,
        attachments: attachments.into_iter().map(|file| (file, None)).collect(),
        audio: audio.into_iter().map(|audio| (audio, None)).collect(),
        ancestors,
        neighbors,
        related,
        site,
        article,
    };
    if let Some(conversion) = served.conversion {
        variants::derive_detail(conn, &mut value, conversion)?;
    }
    media::of_detail(conn, addresses, &mut value)?;
    Ok(Fresh { value, freshness })
}

/// An article is as fresh as its site was last changed or its own time came, until its time is over. The articles
/// beside it come and go by themselves.
fn freshness(
    conn: &mut Conn,
    article: &PublicArticle,
    site_stamp: Ts,
    include: Include,
    now: Ts,
) -> Result<Freshness> {
    let row = &article.article;
    if include.neighbors || include.related {
        let site = store::stamps::of_site(conn, row.site_id, now)?;
        return Ok(Freshness {
            changed_at: site.changed_at.max(row.published_at),
            ..site
        });
    }
    Ok(Freshness {
        changed_at: site_stamp.max(row.published_at),
        changes_at: row.unpublish_at,
        now,
        scope: Scope::Article {
            id: row.id,
            site_id: row.site_id,
        },
    })
}

/// The categories from the root down to the article's own.
pub(super) fn ancestors(conn: &mut Conn, article: &PublicArticle) -> Result<Vec<Category>> {
    let path = prefixes(&article.category_path);
    store::categories::chain(conn, article.article.site_id, &path)
}

/// The two articles beside another as lists show them.
pub(super) fn beside(
    conn: &mut Conn,
    previous: Option<PublicArticle>,
    next: Option<PublicArticle>,
    languages: &Languages,
) -> Result<(Option<Summary>, Option<Summary>)> {
    let next_id = next.as_ref().map(|n| n.article.id);
    let mut found = summaries(conn, previous.into_iter().chain(next).collect(), languages)?;
    let next = found.pop_if(|s| Some(s.article.article.id) == next_id);
    Ok((found.pop(), next))
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
