//! Why readers see an article, or do not. The rule is for `models::visibility` to say; this file brings the facts together.

use super::Tx;
use super::articles::{missing, seen};
use crate::error::{Error, Result};
use crate::models::time::Ts;
use crate::models::visibility::{Facts, Fit, Reason, Served, is_visible};
use crate::models::workflow::State;
use crate::store;
use crate::store::articles::Standing;
use crate::text::language;
use crate::text::script::{self, Choice};

/// Whether readers see an article at a moment, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visibility {
    /// The article.
    pub article_id: i64,
    /// Whether readers see it.
    pub is_visible: bool,
    /// Where it stands in its life.
    pub state: State,
    /// From when and until when readers see it, as things stand.
    pub span: (Option<Ts>, Option<Ts>),
    /// The moment that all this is said of.
    pub evaluated_at: Ts,
    /// Which language a reader gets.
    pub served: Served,
    /// Its name in addresses in that language.
    pub slug: String,
    /// Where its site's pages live.
    pub site_url_template: Option<String>,
    /// At least one reason for each subject.
    pub reasons: Vec<Reason>,
}

/// Whether readers see the article now and why, those who ask for `locale`, or for no language.
pub fn get(tx: &mut Tx<'_>, id: i64, locale: Option<String>) -> Result<Visibility> {
    seen(tx, id)?;
    let standing = store::articles::standing(tx.conn, id)?.ok_or_else(|| missing(id))?;
    let languages = store::articles::languages(tx.conn, id)?;
    let mut available: Vec<String> = languages.iter().map(|(tag, _)| tag.clone()).collect();
    available.sort_by_key(|tag| *tag != standing.locale);
    let (served, stored) = served(locale, &standing, available)
        .ok_or_else(|| Error::internal(format!("article {id} has no text")))?;
    let own_slug = languages
        .into_iter()
        .find(|(tag, _)| *tag == stored)
        .and_then(|(_, slug)| slug);
    let facts = Facts {
        status: standing.held.unwrap_or(standing.status),
        is_held: standing.held.is_some(),
        published_at: standing.published_at,
        unpublish_at: standing.unpublish_at,
        retraction: standing.retraction,
        category: standing.category,
        served,
    };
    let reasons = facts.reasons(tx.now);
    Ok(Visibility {
        article_id: id,
        is_visible: is_visible(&reasons),
        state: facts.state(tx.now),
        span: facts.span(),
        evaluated_at: tx.now,
        served: facts.served,
        slug: own_slug.unwrap_or(standing.slug),
        site_url_template: standing.site_url_template,
        reasons,
    })
}

/// The language that delivery serves, and the one that is stored for it: the one asked for, out of the other script where it must be, else the site's, else
/// the article's own; `None` where there is none.
fn served(
    asked: Option<String>,
    standing: &Standing,
    available: Vec<String>,
) -> Option<(Served, String)> {
    let default = &standing.site_default_locale;
    let find = |tag: &str| language::lookup(&[tag.to_owned()], &available).map(str::to_owned);
    let found = match &asked {
        Some(tag) => script::choose(tag, &available, standing.site_script_variants),
        None => None,
    };
    let wanted = asked.unwrap_or_else(|| default.clone());
    let (locale, stored, fit) = match found {
        Some(Choice::Derived { source, to, .. }) => {
            (to.tag().to_owned(), source.to_owned(), Fit::Derived)
        }
        found => {
            let found = match found {
                Some(Choice::Stored(tag)) => Some(tag.to_owned()),
                _ => find(&wanted),
            };
            let (locale, fit) = match found {
                Some(found) if found.eq_ignore_ascii_case(&wanted) => (found, Fit::Same),
                Some(found) => (found, Fit::Close),
                None => {
                    let other = find(default).or_else(|| available.first().cloned())?;
                    (other, Fit::Other)
                }
            };
            (locale.clone(), locale, fit)
        }
    };
    let served = Served {
        asked: wanted,
        locale,
        fit,
        available,
    };
    Some((served, stored))
}
