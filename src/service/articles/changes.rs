//! The feed of changes: what was published, changed or withdrawn, for those who keep a copy.

use super::{Articles, Languages, Moment, Summary, media, summaries};
use crate::content::media::Addresses;
use crate::error::Result;
use crate::models::change::{Change, ChangePlace};
use crate::models::freshness::{Fresh, Freshness};
use crate::models::time::Ts;
use crate::store::{self, Conn};

/// Where to begin reading changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With everything that is public.
    Beginning,
    /// With what changed then or later.
    Time(Moment),
    /// Behind what was read before.
    Place(ChangePlace),
}

/// A change, with the article as it is now where it is public.
#[derive(Debug, Clone)]
pub struct Changed {
    /// What became of it.
    pub change: Change,
    /// The article.
    pub article: Option<Summary>,
}

/// A part of the feed.
#[derive(Debug, Clone)]
pub struct ChangePage {
    /// The changes, each article once.
    pub items: Vec<Changed>,
    /// Where to go on, now or later.
    pub next: ChangePlace,
    /// Whether there may be more now.
    pub has_more: bool,
}

impl Articles {
    /// Up to `limit` changes of a site or of all since then. A site that does not exist has none.
    pub async fn changes(
        &self,
        site: Option<String>,
        since: Since,
        limit: i64,
        languages: Languages,
    ) -> Result<Fresh<ChangePage>> {
        let now = self.now();
        let addresses = self.addresses.clone();
        self.store
            .read(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    changes(
                        conn,
                        site.as_deref(),
                        since,
                        limit,
                        &languages,
                        &addresses,
                        now,
                    )
                })
            })
            .await
    }
}

fn changes(
    conn: &mut Conn,
    site: Option<&str>,
    since: Since,
    limit: i64,
    languages: &Languages,
    addresses: &Addresses,
    now: Ts,
) -> Result<Fresh<ChangePage>> {
    let zone = match site {
        None => None,
        Some(slug) => Some(store::sites::find_zone(conn, slug)?),
    };
    let offset = zone
        .iter()
        .flatten()
        .map(|(_, offset)| offset.as_str())
        .next();
    let after = match since {
        Since::Beginning => store::changes::beginning(conn, now)?,
        Since::Time(moment) => {
            store::changes::place_at(conn, moment.instant(offset.unwrap_or("+00:00")), now)
        }
        Since::Place(place) => place,
    };
    let site_id = match zone {
        None => None,
        Some(Some((id, _))) => Some(id),
        Some(None) => {
            let value = ChangePage {
                items: Vec::new(),
                next: after,
                has_more: false,
            };
            let freshness = store::stamps::of_everything(conn, now)?;
            return Ok(Fresh { value, freshness });
        }
    };
    // Events are told a moment late, so the feed changes a moment late too.
    let told = store::changes::settled(conn, now);
    let stamped = match site_id {
        Some(id) => store::stamps::of_site(conn, id, told)?,
        None => store::stamps::of_everything(conn, told)?,
    };
    let freshness = Freshness {
        changed_at: Ts(stamped.changed_at.0 + (now.0 - told.0)),
        changes_at: stamped.changes_at.map(|at| Ts(at.0 + (now.0 - told.0))),
        now,
        ..stamped
    };
    let (changes, next, has_more) = store::changes::page(conn, site_id, after, limit, now)?;
    let public: Vec<i64> = changes
        .iter()
        .filter(|c| c.withdrawal.is_none())
        .map(|c| c.article_id)
        .collect();
    let articles = store::articles::find_all(conn, &public, now)?;
    let mut shown: Vec<Summary> = summaries(conn, articles, languages)?;
    media::of_summaries(conn, addresses, &mut shown)?;
    let items = changes
        .into_iter()
        .filter_map(|change| {
            let place = shown
                .iter()
                .position(|s| s.article.article.id == change.article_id);
            let article = place.map(|at| shown.swap_remove(at));
            // What stands in a site or category that is held back is withdrawn by and by, and not shown until then.
            let is_told = article.is_some() || change.withdrawal.is_some();
            is_told.then_some(Changed { change, article })
        })
        .collect();
    let value = ChangePage {
        items,
        next,
        has_more,
    };
    Ok(Fresh { value, freshness })
}
