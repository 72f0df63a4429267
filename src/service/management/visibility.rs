//! Why readers see an article, or do not. The rule is for `models::visibility` to say; this file brings the facts together.

use super::Tx;
use super::articles::{missing, seen};
use crate::error::{Error, Result};
use crate::models::time::Ts;
use crate::models::visibility::{Facts, Fit, Reason, Served, is_visible};
use crate::models::workflow::State;
use crate::store;
use crate::text::language;

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
    let served = served(locale, &standing.site_default_locale, available)
        .ok_or_else(|| Error::internal(format!("article {id} has no text")))?;
    let own_slug = languages
        .into_iter()
        .find(|(tag, _)| *tag == served.locale)
        .and_then(|(_, slug)| slug);
    let facts = Facts {
        status: standing.status,
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

/// The language that delivery serves: the one asked for, else the site's, else the article's own; `None` where there is none.
fn served(asked: Option<String>, default: &str, available: Vec<String>) -> Option<Served> {
    let find = |tag: &str| language::lookup(&[tag.to_owned()], &available).map(str::to_owned);
    let wanted = asked.unwrap_or_else(|| default.to_owned());
    let (locale, fit) = match find(&wanted) {
        Some(found) if found.eq_ignore_ascii_case(&wanted) => (found, Fit::Same),
        Some(found) => (found, Fit::Close),
        None => {
            let other = find(default).or_else(|| available.first().cloned())?;
            (other, Fit::Other)
        }
    };
    Some(Served {
        asked: wanted,
        locale,
        fit,
        available,
    })
}
