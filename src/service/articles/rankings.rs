//! Rankings: which articles were viewed, downloaded or cited most, and when.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{Articles, Languages, Summary, media, summaries};
use crate::content::media::Addresses;
use crate::error::{Error, Result};
use crate::models::counting::{Day, Metric};
use crate::models::ranking::{Reach, Span, Window};
use crate::models::rules;
use crate::models::time::Ts;
use crate::store::rankings::{Effort, Wanted};
use crate::store::{self, Conn};

/// The clock that days are told by where there is no site. Articles of all sites are ranked by that of the one where it is latest, since its
/// readers are those who wonder first.
const UTC: &str = "+00:00";

/// Which ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankingQuery {
    /// By what.
    pub metric: Metric,
    /// How far it looks back.
    pub reach: Reach,
    /// Where its days begin.
    pub window: Window,
    /// Slug of a site.
    pub site: Option<String>,
    /// Id of a category, with those below.
    pub category: Option<i64>,
    /// The day it looks back from; `None` stands for today.
    pub as_of: Option<NaiveDate>,
    /// At most so many articles.
    pub limit: i64,
}

/// Public articles in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// Its days; `None` where it looks back for ever.
    pub span: Option<Span>,
    /// Numbers and articles, the largest number first, ties by id.
    pub items: Vec<(i64, Summary)>,
    /// The time it was read at.
    pub now: Ts,
}

impl RankingQuery {
    /// Whether the heads of one list mostly decide.
    fn is_bounded(&self) -> bool {
        let is_one_list = self.window == Window::Calendar || self.reach == Reach::Ever;
        is_one_list && self.site.is_some() && self.category.is_none()
    }

    /// Its days where clocks are `utc_offset` ahead of UTC.
    fn span(&self, utc_offset: &str, now: Ts) -> Option<Span> {
        let as_of = self.as_of.map(Day::of);
        let as_of = as_of.unwrap_or_else(|| Day::at(now, utc_offset));
        match self.reach {
            Reach::Past(period) => Some(Span::of(period, self.window, as_of)),
            Reach::Ever => None,
        }
    }
}

impl Articles {
    /// A ranking, with what waits to be added up. A site or category that there is not gives an empty one.
    pub async fn ranking(&self, query: RankingQuery, languages: Languages) -> Result<Ranking> {
        let work = |effort| {
            let clock = self.clock.clone();
            let addresses = self.addresses.clone();
            let (query, languages) = (query.clone(), languages.clone());
            move |conn: &mut Conn| {
                let now = Ts::from(clock.now());
                store::connection::snapshot(conn, |conn| {
                    ranking(conn, &query, &languages, &addresses, effort, now)
                })
            }
        };
        let found = match query.is_bounded() {
            true => self.store.read_short(work(Effort::Bounded)).await?,
            false => None,
        };
        match found {
            Some(ranking) => Ok(ranking),
            None => {
                let found = self.store.read_long(work(Effort::Whatever)).await?;
                found.ok_or_else(|| Error::internal("a ranking did not come to an end"))
            }
        }
    }
}

fn ranking(
    conn: &mut Conn,
    query: &RankingQuery,
    languages: &Languages,
    addresses: &Addresses,
    effort: Effort,
    now: Ts,
) -> Result<Option<Ranking>> {
    let Some((site, utc_offset)) = place(conn, query)? else {
        return Ok(Some(Ranking {
            span: query.span(UTC, now),
            items: Vec::new(),
            now,
        }));
    };
    let span = query.span(&utc_offset, now);
    let wanted = Wanted {
        metric: query.metric,
        span,
        site,
        category: query.category,
        limit: query.limit,
        now,
    };
    let Some(leaders) = store::rankings::leaders(conn, &wanted, effort)? else {
        return Ok(None);
    };
    let ids: Vec<i64> = leaders.iter().map(|ranked| ranked.article_id).collect();
    let articles = match ids.is_empty() {
        true => Vec::new(),
        false => store::articles::find_all(conn, &ids, now)?,
    };
    let mut shown = summaries(conn, articles, languages)?;
    media::of_summaries(conn, addresses, &mut shown)?;
    let mut shown: HashMap<i64, Summary> = shown
        .into_iter()
        .map(|summary| (summary.article.article.id, summary))
        .collect();
    let items = leaders
        .into_iter()
        .filter_map(|ranked| Some((ranked.value, shown.remove(&ranked.article_id)?)))
        .collect();
    Ok(Some(Ranking { span, items, now }))
}

/// The site that is ranked, if it is one, and its offset from UTC; `None` where `query` names what there is not.
fn place(conn: &mut Conn, query: &RankingQuery) -> Result<Option<(Option<i64>, String)>> {
    let Some(category) = query.category else {
        return Ok(match &query.site {
            None => {
                let zones = store::sites::utc_offsets(conn)?;
                let foremost = zones
                    .into_iter()
                    .max_by_key(|zone| rules::offset_minutes(zone));
                Some((None, foremost.unwrap_or_else(|| UTC.to_owned())))
            }
            Some(slug) => {
                let found = store::sites::find_zone(conn, slug)?;
                found.map(|(id, utc_offset)| (Some(id), utc_offset))
            }
        });
    };
    // A category is of one site, so its days are those of that site.
    let site = store::sites::of_category(conn, category)?;
    let site = site.filter(|site| query.site.as_ref().is_none_or(|slug| *slug == site.slug));
    Ok(site.map(|site| (Some(site.id), site.content.utc_offset)))
}
