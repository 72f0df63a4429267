//! SQL that adds up what was counted: from `pending_counts` to the counters, the periods and the daily totals. A number that
//! readers get is the same before and after.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, SmallInt};

use crate::error::Result;
use crate::models::analytics::TotalOf;
use crate::models::counting::{Day, Gauge, Period};
use crate::models::subject::Subject;
use crate::schema::{article_counters, article_sources, articles, attachments, pending_counts};
use crate::store::connection::{Conn, on_db};
use crate::store::fragments::any_of;
use crate::store::rows;
use crate::store::touched;

/// Where a sweep through what waits stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    kind: i16,
    reference: i64,
    day: i32,
}

#[derive(QueryableByName, Debug, Clone, Copy)]
struct Pending {
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = BigInt)]
    reference: i64,
    #[diesel(sql_type = Integer)]
    day: i32,
    #[diesel(sql_type = BigInt)]
    counted: i64,
    #[diesel(sql_type = BigInt)]
    hits: i64,
}

impl Pending {
    fn gauge(self) -> Option<Gauge> {
        Gauge::from_code(self.kind)
    }
}

/// Whether anything waits.
pub fn is_due(conn: &mut Conn) -> Result<bool> {
    let found: Option<i64> = pending_counts::table
        .select(pending_counts::reference)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// How many rows wait.
pub fn waiting(conn: &mut Conn) -> Result<i64> {
    Ok(pending_counts::table.count().get_result(conn)?)
}

/// What an article gained: views, hits, downloads, citations.
type Gain = [i64; 4];

/// Adds up to `limit` of what waits behind `after`. Returns the place to go on from, or nothing at the end of the sweep. What others
/// hold at the moment (an article that is being deleted, an import) waits for the next sweep.
pub fn fold(conn: &mut Conn, after: Place, limit: i64) -> Result<Option<Place>> {
    let found = take(conn, after, limit)?;
    let is_over = found.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| !is_over).map(|last| Place {
        kind: last.kind,
        reference: last.reference,
        day: last.day,
    });
    let held = held(conn, &found)?;
    let taken: Vec<Pending> = found
        .into_iter()
        .filter(|p| !held.contains(&(p.kind, p.reference)))
        .collect();
    remove(conn, &taken)?;
    let mut gains: BTreeMap<(i64, Day), Gain> = BTreeMap::new();
    let mut files: BTreeMap<i64, [i64; 2]> = BTreeMap::new();
    let mut visits: BTreeMap<(i64, Day), [i64; 2]> = BTreeMap::new();
    for row in &taken {
        let mut of_article = |gain: Gain| {
            let sum = gains.entry((row.reference, Day(row.day))).or_default();
            for (sum, gain) in sum.iter_mut().zip(gain) {
                *sum += gain;
            }
        };
        match row.gauge() {
            Some(Gauge::ArticleViews) => of_article([row.counted, row.hits, 0, 0]),
            Some(Gauge::ArticleDownloads) => of_article([0, 0, row.counted, 0]),
            Some(Gauge::ArticleCitations) => of_article([0, 0, 0, row.counted]),
            Some(Gauge::AttachmentDownloads) => {
                let [counted, hits] = files.entry(row.reference).or_default();
                *counted += row.counted;
                *hits += row.hits;
            }
            Some(Gauge::SiteVisits) => {
                let [counted, hits] = visits.entry((row.reference, Day(row.day))).or_default();
                *counted += row.counted;
                *hits += row.hits;
            }
            None => {}
        }
    }
    let mut totals = Totals::default();
    add_to_articles(conn, &gains, &mut totals)?;
    for (id, _) in gains.keys() {
        touched::touch(Subject::Numbers(*id));
    }
    add_to_files(conn, &files)?;
    add_to_sites(conn, &visits, &mut totals)?;
    totals.store(conn)?;
    Ok(next)
}

/// The next rows in their order.
fn take(conn: &mut Conn, after: Place, limit: i64) -> Result<Vec<Pending>> {
    let text = "SELECT kind, reference, day, counted, hits FROM pending_counts \
                WHERE (kind, reference, day) > ($1, $2, $3) ORDER BY kind, reference, day LIMIT $4";
    // Editors write citations there, and may hold a row for long.
    let text = match conn {
        Conn::Sqlite(_) => text.to_owned(),
        Conn::Postgres(_) => format!("{text} FOR UPDATE SKIP LOCKED"),
    };
    Ok(on_db!(conn, |c| sql_query(text)
        .bind::<SmallInt, _>(after.kind)
        .bind::<BigInt, _>(after.reference)
        .bind::<Integer, _>(after.day)
        .bind::<BigInt, _>(limit)
        .load(c)?))
}

/// What of `found` somebody else works on. Those that are gone are not among them: what was counted of them is dropped.
fn held(conn: &mut Conn, found: &[Pending]) -> Result<HashSet<(i16, i64)>> {
    let mut held = HashSet::new();
    if matches!(conn, Conn::Sqlite(_)) {
        return Ok(held);
    }
    let of_articles = [
        Gauge::ArticleViews,
        Gauge::ArticleDownloads,
        Gauge::ArticleCitations,
    ];
    for (gauges, table, key) in [
        (of_articles.as_slice(), "article_counters", "article_id"),
        (
            &[Gauge::AttachmentDownloads],
            "attachment_counters",
            "attachment_id",
        ),
        // Who deletes a site has its row, and then waits until nobody counts.
        (&[Gauge::SiteVisits], "site_counters", "site_id"),
    ] {
        let is_there = |p: &&Pending| p.gauge().is_some_and(|gauge| gauges.contains(&gauge));
        let ids = found.iter().filter(is_there).map(|p| p.reference).collect();
        let busy = busy(conn, table, key, ids)?;
        let waits = found
            .iter()
            .filter(is_there)
            .filter(|p| busy.contains(&p.reference));
        held.extend(waits.map(|p| (p.kind, p.reference)));
    }
    Ok(held)
}

/// Those of `ids` whose rows are there and cannot be locked at once; the others are locked now.
fn busy(conn: &mut Conn, table: &str, key: &str, mut ids: Vec<i64>) -> Result<HashSet<i64>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    ids.sort_unstable();
    ids.dedup();
    let asked: Vec<[i64; 1]> = ids.iter().map(|id| [*id]).collect();
    let text = format!("SELECT {key} AS id FROM {table} WHERE {key} IN ({{rows}})");
    let free: Vec<Id> = rows::load(conn, &format!("{text} FOR UPDATE SKIP LOCKED"), &asked)?;
    let free: HashSet<i64> = free.into_iter().map(|row| row.id).collect();
    let there: Vec<Id> = match free.len() == ids.len() {
        true => Vec::new(),
        false => rows::load(conn, &text, &asked)?,
    };
    Ok(there
        .into_iter()
        .map(|row| row.id)
        .filter(|id| !free.contains(id))
        .collect())
}

fn remove(conn: &mut Conn, taken: &[Pending]) -> Result<()> {
    let keys: Vec<[i64; 3]> = taken
        .iter()
        .map(|row| [row.kind.into(), row.reference, row.day.into()])
        .collect();
    rows::execute(
        conn,
        "DELETE FROM pending_counts WHERE (kind, reference, day) IN ({rows})",
        &keys,
    )?;
    Ok(())
}

/// Adds to counters and periods of articles; those that are gone are passed over.
fn add_to_articles(
    conn: &mut Conn,
    gains: &BTreeMap<(i64, Day), Gain>,
    totals: &mut Totals,
) -> Result<()> {
    if gains.is_empty() {
        return Ok(());
    }
    let mut sums: BTreeMap<i64, Gain> = BTreeMap::new();
    for ((id, _), gain) in gains {
        let sum = sums.entry(*id).or_default();
        for (sum, gain) in sum.iter_mut().zip(gain) {
            *sum += gain;
        }
    }
    // Citations were added by whoever set them.
    let given: Vec<[i64; 4]> = sums
        .iter()
        .map(|(id, [views, hits, downloads, _])| [*id, *views, *hits, *downloads])
        .collect();
    rows::execute(
        conn,
        "UPDATE article_counters SET views = views + given.c1, hits = hits + given.c2, downloads = downloads + given.c3 \
         FROM ({rows}) AS given WHERE article_counters.article_id = given.c0",
        &given,
    )?;
    let ids: Vec<i64> = sums.into_keys().collect();
    let homes: Vec<(i64, i64, i64)> = articles::table
        .inner_join(article_counters::table.on(article_counters::article_id.eq(articles::id)))
        .filter(any_of(articles::id, &ids))
        .select((articles::id, articles::site_id, articles::category_id))
        .load(conn)?;
    let homes: HashMap<i64, (i64, i64)> = homes
        .into_iter()
        .map(|(id, site_id, category_id)| (id, (site_id, category_id)))
        .collect();
    let mut sources: HashMap<i64, Vec<i64>> = HashMap::new();
    let named: Vec<(i64, i64)> = article_sources::table
        .filter(any_of(article_sources::article_id, &ids))
        .select((article_sources::article_id, article_sources::source_id))
        .load(conn)?;
    for (id, source_id) in named {
        let of_article = sources.entry(id).or_default();
        if !of_article.contains(&source_id) {
            of_article.push(source_id);
        }
    }
    let mut periods: BTreeMap<[i64; 4], Gain> = BTreeMap::new();
    for ((id, day), gain) in gains {
        let Some((site_id, category_id)) = homes.get(id).copied() else {
            continue;
        };
        for period in Period::ALL {
            let start = period.start(*day);
            let key = [*id, period.code().into(), start.0.into(), site_id];
            let sum = periods.entry(key).or_default();
            for (sum, gain) in sum.iter_mut().zip(gain) {
                *sum += gain;
            }
        }
        let [views, hits, downloads, _] = *gain;
        let gain = [views, hits, downloads, 0];
        totals.add(TotalOf::Site, *day, site_id, site_id, gain);
        totals.add(TotalOf::Category, *day, site_id, category_id, gain);
        for source_id in sources.get(id).into_iter().flatten() {
            totals.add(TotalOf::Source, *day, site_id, *source_id, gain);
        }
    }
    let given: Vec<[i64; 8]> = periods
        .into_iter()
        .map(
            |([id, period, start, site], [views, hits, downloads, citations])| {
                [id, period, start, site, views, hits, downloads, citations]
            },
        )
        .collect();
    rows::execute(
        conn,
        "INSERT INTO article_periods (article_id, period, start, site_id, views, hits, downloads, citations) {rows} \
         ON CONFLICT (article_id, period, start) DO UPDATE SET views = article_periods.views + excluded.views, \
         hits = article_periods.hits + excluded.hits, downloads = article_periods.downloads + excluded.downloads, \
         citations = article_periods.citations + excluded.citations",
        &given,
    )?;
    Ok(())
}

fn add_to_files(conn: &mut Conn, files: &BTreeMap<i64, [i64; 2]>) -> Result<()> {
    let given: Vec<[i64; 3]> = files
        .iter()
        .map(|(id, [counted, hits])| [*id, *counted, *hits])
        .collect();
    let ids: Vec<i64> = files.keys().copied().collect();
    if !ids.is_empty() {
        let homes: Vec<i64> = attachments::table
            .filter(any_of(attachments::id, &ids))
            .select(attachments::article_id)
            .load(conn)?;
        for id in homes {
            touched::touch(Subject::Numbers(id));
        }
    }
    rows::execute(
        conn,
        "UPDATE attachment_counters SET downloads = downloads + given.c1, hits = hits + given.c2 \
         FROM ({rows}) AS given WHERE attachment_counters.attachment_id = given.c0",
        &given,
    )?;
    Ok(())
}

fn add_to_sites(
    conn: &mut Conn,
    visits: &BTreeMap<(i64, Day), [i64; 2]>,
    totals: &mut Totals,
) -> Result<()> {
    let mut sums: BTreeMap<i64, [i64; 2]> = BTreeMap::new();
    for ((site_id, day), [counted, hits]) in visits {
        let [all, all_hits] = sums.entry(*site_id).or_default();
        *all += counted;
        *all_hits += hits;
        totals.add(TotalOf::Site, *day, *site_id, *site_id, [0, 0, 0, *counted]);
    }
    let given: Vec<[i64; 3]> = sums
        .iter()
        .map(|(id, [counted, hits])| [*id, *counted, *hits])
        .collect();
    rows::execute(
        conn,
        "UPDATE site_counters SET visitors = visitors + given.c1, hits = hits + given.c2 \
         FROM ({rows}) AS given WHERE site_counters.site_id = given.c0",
        &given,
    )?;
    Ok(())
}

/// Daily totals to be: kind, day, site, reference; views, hits, downloads, visits.
#[derive(Default)]
struct Totals(BTreeMap<[i64; 4], [i64; 4]>);

impl Totals {
    fn add(&mut self, of: TotalOf, day: Day, site_id: i64, reference: i64, gain: [i64; 4]) {
        let sum = self
            .0
            .entry([of.code().into(), day.0.into(), site_id, reference])
            .or_default();
        for (sum, gain) in sum.iter_mut().zip(gain) {
            *sum += gain;
        }
    }

    fn store(self, conn: &mut Conn) -> Result<()> {
        let given: Vec<[i64; 8]> = self
            .0
            .into_iter()
            .filter(|(_, gain)| *gain != [0; 4])
            .map(
                |([kind, day, site, reference], [views, hits, downloads, visits])| {
                    [kind, day, site, reference, views, hits, downloads, visits]
                },
            )
            .collect();
        rows::execute(
            conn,
            "INSERT INTO daily_totals (kind, day, site_id, reference, views, hits, downloads, visits) {rows} \
             ON CONFLICT (kind, day, site_id, reference) DO UPDATE SET views = daily_totals.views + excluded.views, \
             hits = daily_totals.hits + excluded.hits, downloads = daily_totals.downloads + excluded.downloads, \
             visits = daily_totals.visits + excluded.visits",
            &given,
        )?;
        Ok(())
    }
}
