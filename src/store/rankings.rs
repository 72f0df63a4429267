//! SQL on rankings: which public articles gained most. Sorted lists are read from their heads on, as far as it takes to be sure
//! (the threshold algorithm of Fagin, Lotem and Naor, 2001). Knows no calendar but the periods that numbers are kept of.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::connection::Conn;
use super::shown::AROUND_A;
use super::{counting, listings, rows, sites};
use crate::error::Result;
use crate::models::counting::{Day, Metric, Period};
use crate::models::listing::{List, ListKind};
use crate::models::ranking::Span;
use crate::models::time::Ts;

/// Articles of a category that are looked up one by one before any list is read.
const FEW: i64 = 300;

/// Rows that wait to be added up and are looked up one by one in bounded effort.
const WAITING: i64 = 500;

/// How often the heads of the lists are read, each time `DEEPER` times as far.
const ROUNDS: u32 = 3;
const DEEPER: i64 = 8;

/// Rows of a head beyond what is asked for, the first time: some articles are not public any more.
const SPARE: i64 = 16;

/// What to rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// By what.
    pub metric: Metric,
    /// What was gained on these days; `None` stands for the counters themselves.
    pub span: Option<Span>,
    /// Only articles of this site.
    pub site: Option<i64>,
    /// Only articles of this category and those below.
    pub category: Option<i64>,
    /// At most so many.
    pub limit: i64,
    /// The present time.
    pub now: Ts,
}

/// What may be done to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Work that does not grow with the data.
    Bounded,
    /// Whatever it takes.
    Whatever,
}

/// An article and what it is ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Ranked {
    /// The article.
    #[diesel(sql_type = BigInt)]
    pub article_id: i64,
    /// The number.
    #[diesel(sql_type = BigInt)]
    pub value: i64,
}

/// Public articles with the largest numbers above 0, ties by id. `None` where bounded effort does not tell.
pub fn leaders(conn: &mut Conn, wanted: &Wanted, effort: Effort) -> Result<Option<Vec<Ranked>>> {
    let category = wanted.category.map(|reference| List {
        kind: ListKind::Subtree,
        reference,
    });
    if let Some(category) = category
        && !listings::is_longer(conn, category, FEW)?
    {
        return of_category(conn, wanted, category).map(Some);
    }
    if effort == Effort::Bounded && !counting::waits_at_most(conn, WAITING)? {
        return Ok(None);
    }
    let lists = lists(conn, wanted)?;
    let mut best = Best::new(wanted.limit);
    if is_settled_by_heads(conn, wanted, &lists, &mut best)? {
        return Ok(Some(best.ranked()));
    }
    match (effort, category) {
        (Effort::Bounded, _) => Ok(None),
        // Rare among the heads, so it is short compared to the lists.
        (Effort::Whatever, Some(category)) => of_category(conn, wanted, category).map(Some),
        (Effort::Whatever, None) => {
            let candidates = gained(wanted, best.floor());
            valued(conn, wanted, &candidates, &lists).map(Some)
        }
    }
}

/// The sorted lists that the numbers are sums of: its number among them, the site, the period and its start.
fn lists(conn: &mut Conn, wanted: &Wanted) -> Result<Vec<[i64; 4]>> {
    let sites = match wanted.site {
        Some(id) => vec![id],
        None => sites::ids(conn)?,
    };
    let periods = match wanted.span {
        Some(span) => span.periods(),
        // Of the counters themselves there is one list a site.
        None => vec![(Period::Day, Day::default())],
    };
    let of_sites = sites.iter().flat_map(|site| {
        periods
            .iter()
            .map(move |(period, start)| (*site, i64::from(period.code()), i64::from(start.0)))
    });
    Ok((0..)
        .zip(of_sites)
        .map(|(n, (site, period, start))| [n, site, period, start])
        .collect())
}

/// Reads the heads of the lists until no article that was not seen can be among the best; tells whether it came to that.
fn is_settled_by_heads(
    conn: &mut Conn,
    wanted: &Wanted,
    lists: &[[i64; 4]],
    best: &mut Best,
) -> Result<bool> {
    let mut depth = wanted.limit + SPARE;
    let mut looked_up: HashSet<i64> = HashSet::new();
    for round in 0..ROUNDS {
        let heads = Heads::read(conn, wanted, lists, depth)?;
        let mut ids: Vec<[i64; 1]> = heads
            .candidates(best.floor())
            .filter(|id| !looked_up.contains(id))
            .map(|id| [id])
            .collect();
        looked_up.extend(ids.iter().flatten());
        let mut candidates = "SELECT c0 FROM ({rows}) AS given".to_owned();
        if round == 0 {
            // What waits to be added up stands in no list.
            candidates.push_str(&waiting(wanted, "UNION SELECT reference"));
            // Nobody's id, so that there is a row where the lists are empty.
            ids.push([0]);
        }
        best.add(valued(conn, wanted, &candidates, &ids)?);
        if heads.frontiers().all(|frontier| best.is_ahead_of(frontier)) {
            return Ok(true);
        }
        depth = depth.saturating_mul(DEEPER);
    }
    Ok(false)
}

/// Where an article stands in a ranking: the less, the better.
type Rank = (Reverse<i64>, i64);

/// The best articles so far.
struct Best {
    limit: usize,
    ranks: BTreeSet<Rank>,
}

impl Best {
    fn new(limit: i64) -> Self {
        Self {
            limit: usize::try_from(limit).unwrap_or_default(),
            ranks: BTreeSet::new(),
        }
    }

    fn add(&mut self, found: Vec<Ranked>) {
        let ranks = found.iter().map(|r| (Reverse(r.value), r.article_id));
        self.ranks.extend(ranks);
        while self.ranks.len() > self.limit {
            self.ranks.pop_last();
        }
    }

    /// The last of them, once there are as many as are asked for.
    fn last(&self) -> Option<Rank> {
        let is_full = self.ranks.len() >= self.limit;
        self.ranks.last().copied().filter(|_| is_full)
    }

    /// Less than this is not enough to be among them.
    fn floor(&self) -> i64 {
        self.last().map_or(1, |(Reverse(value), _)| value)
    }

    /// Whether nothing behind `frontier` can be among them.
    fn is_ahead_of(&self, frontier: Rank) -> bool {
        frontier.0.0 <= 0 || self.last().is_some_and(|last| last <= frontier)
    }

    fn ranked(self) -> Vec<Ranked> {
        let ranks = self.ranks.into_iter();
        ranks
            .map(|(Reverse(value), article_id)| Ranked { article_id, value })
            .collect()
    }
}

#[derive(QueryableByName, Debug, Clone, Copy)]
struct Head {
    #[diesel(sql_type = BigInt)]
    list: i64,
    #[diesel(sql_type = BigInt)]
    article_id: i64,
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// The beginning of each list.
struct Heads {
    rows: Vec<Head>,
    /// By list: its site, and the last row that was read where there are more.
    ends: Vec<(i64, Option<Rank>)>,
    /// By site: what an article can have at most that stands in none of the heads, and the last id that such an article with so much is
    /// behind.
    frontiers: BTreeMap<i64, Rank>,
}

impl Heads {
    fn read(conn: &mut Conn, wanted: &Wanted, lists: &[[i64; 4]], depth: i64) -> Result<Self> {
        let rows: Vec<Head> = rows::load_once(conn, &heads(conn, wanted, depth), lists)?;
        let mut lasts: HashMap<i64, (i64, Rank)> = HashMap::new();
        for head in &rows {
            let rank = (Reverse(head.value), head.article_id);
            let (count, last) = lasts.entry(head.list).or_insert((0, rank));
            *count += 1;
            *last = rank.max(*last);
        }
        let mut frontiers = BTreeMap::new();
        let mut ends = Vec::with_capacity(lists.len());
        for [list, site, ..] in lists {
            let end = lasts.get(list).filter(|(count, _)| *count >= depth);
            let end = end.map(|(_, last)| *last);
            let (Reverse(sum), behind) = frontiers.entry(*site).or_insert((Reverse(0), 0));
            if let Some((Reverse(value), id)) = end {
                *sum += value;
                *behind = id.max(*behind);
            }
            ends.push((*site, end));
        }
        Ok(Self {
            rows,
            ends,
            frontiers,
        })
    }

    fn frontiers(&self) -> impl Iterator<Item = Rank> {
        self.frontiers.values().copied()
    }

    /// The articles that may have `floor` or more.
    fn candidates(&self, floor: i64) -> impl Iterator<Item = i64> {
        let mut most: HashMap<i64, i64> = HashMap::new();
        for head in &self.rows {
            let list = usize::try_from(head.list).ok();
            let Some((site, end)) = list.and_then(|list| self.ends.get(list)) else {
                continue;
            };
            let unseen = self.frontiers.get(site).map_or(0, |(Reverse(sum), _)| *sum);
            let here = end.map_or(0, |(Reverse(value), _)| value);
            *most.entry(head.article_id).or_insert(unseen) += head.value - here;
        }
        most.into_iter()
            .filter(move |(_, most)| *most >= floor)
            .map(|(id, _)| id)
    }
}

/// The first `depth` rows of each of the lists in `{rows}`, each by a range of an index.
fn heads(conn: &Conn, wanted: &Wanted, depth: i64) -> String {
    let (table, column) = (table(wanted), column(wanted.metric));
    let first = format!(
        "FROM {table} q WHERE {} AND q.{column} > 0 ORDER BY q.{column} DESC, q.article_id LIMIT {depth}",
        in_list(wanted, "q")
    );
    match conn {
        Conn::Postgres(_) => format!(
            "SELECT l.c0 AS list, p.article_id, p.value FROM ({{rows}}) AS l \
             CROSS JOIN LATERAL (SELECT q.article_id, q.{column} AS value {first}) AS p"
        ),
        // It has no LATERAL, and takes the ids of a list to the rows by their key.
        Conn::Sqlite(_) => format!(
            "SELECT l.c0 AS list, p.article_id, p.{column} AS value FROM ({{rows}}) AS l CROSS JOIN {table} p \
             WHERE p.article_id IN (SELECT q.article_id {first}) AND {}",
            in_list(wanted, "p")
        ),
    }
}

/// The articles in the lists of `{rows}` and what waits, where the sum is `floor` or more: looks at every row.
fn gained(wanted: &Wanted, floor: i64) -> String {
    let column = column(wanted.metric);
    format!(
        "SELECT id FROM (SELECT p.article_id AS id, p.{column} AS value FROM ({{rows}}) AS l CROSS JOIN {} p \
         WHERE {} AND p.{column} > 0 {}) AS gained GROUP BY id HAVING sum(value) >= {floor}",
        table(wanted),
        in_list(wanted, "p"),
        waiting(wanted, "UNION ALL SELECT reference, counted")
    )
}

/// Ranks the articles of a category one by one.
fn of_category(conn: &mut Conn, wanted: &Wanted, category: List) -> Result<Vec<Ranked>> {
    let candidates = format!(
        "SELECT article_id FROM listings WHERE kind = {} AND reference = ({{rows}}) AND published_at <= {}",
        category.kind.code(),
        literal(wanted.now)
    );
    valued(conn, wanted, &candidates, &[[category.reference]])
}

/// The best of `candidates`, a `SELECT` of ids, that are public and belong to what is ranked; with their exact numbers.
fn valued<const N: usize>(
    conn: &mut Conn,
    wanted: &Wanted,
    candidates: &str,
    rows: &[[i64; N]],
) -> Result<Vec<Ranked>> {
    let now = literal(wanted.now);
    let mut conditions = format!(
        "a.status = 'published' AND a.published_at <= {now} AND (a.unpublish_at IS NULL OR a.unpublish_at > {now}) AND {AROUND_A}"
    );
    if let Some(site) = wanted.site {
        conditions.push_str(&format!(" AND a.site_id = {site}"));
    }
    if let Some(category) = wanted.category {
        conditions.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM listings s WHERE s.kind = {} AND s.reference = {category} \
             AND s.published_at = a.published_at AND s.article_id = a.id)",
            ListKind::Subtree.code()
        ));
    }
    // Materialised, or SQLite adds up anew for the condition and for the order. The offset keeps PostgreSQL from reading all articles
    // instead of looking up each.
    let text = format!(
        "WITH candidates (id) AS ({candidates}), \
         valued (article_id, value) AS MATERIALIZED ( \
           SELECT c.id, CAST({} AS bigint) FROM candidates c \
           WHERE EXISTS (SELECT 1 FROM articles a WHERE a.id = c.id AND {conditions} LIMIT 1 OFFSET 0)) \
         SELECT article_id, value FROM valued WHERE value > 0 ORDER BY value DESC, article_id LIMIT {}",
        value(wanted),
        wanted.limit
    );
    rows::load_once(conn, &text, rows)
}

/// The number of the candidate `c`: what is added up already, and what waits.
fn value(wanted: &Wanted) -> String {
    let column = column(wanted.metric);
    let mut sums = Vec::new();
    match wanted.span {
        None => sums.push(format!(
            "SELECT n.{column} FROM article_counters n WHERE n.article_id = c.id"
        )),
        Some(span) => {
            let periods = span.periods();
            for period in Period::ALL {
                let of_it = periods.iter().filter(|(known, _)| *known == period);
                let starts: Vec<String> = of_it.map(|(_, start)| start.0.to_string()).collect();
                if !starts.is_empty() {
                    sums.push(format!(
                        "SELECT sum(p.{column}) FROM article_periods p \
                         WHERE p.article_id = c.id AND p.period = {} AND p.start IN ({})",
                        period.code(),
                        starts.join(", ")
                    ));
                }
            }
        }
    }
    let waits = waiting(wanted, "SELECT sum(counted)");
    if !waits.is_empty() {
        sums.push(format!("{waits} AND reference = c.id"));
    }
    let sums: Vec<String> = sums
        .iter()
        .map(|sum| format!("coalesce(({sum}), 0)"))
        .collect();
    sums.join(" + ")
}

/// `select` from what waits to be added up; nothing where the counter has it already.
fn waiting(wanted: &Wanted, select: &str) -> String {
    let kind = wanted.metric.gauge().code();
    let days = match wanted.span {
        Some(Span { first, last }) => format!(" AND day BETWEEN {} AND {}", first.0, last.0),
        None if wanted.metric == Metric::Citations => return String::new(),
        None => String::new(),
    };
    format!(" {select} FROM pending_counts WHERE kind = {kind}{days}")
}

fn table(wanted: &Wanted) -> &'static str {
    match wanted.span {
        Some(_) => "article_periods",
        None => "article_counters",
    }
}

/// Whether a row of the table stands in the list `l`.
fn in_list(wanted: &Wanted, row: &str) -> String {
    let site = format!("{row}.site_id = l.c1");
    match wanted.span {
        Some(_) => format!("{site} AND {row}.period = l.c2 AND {row}.start = l.c3"),
        None => site,
    }
}

fn column(metric: Metric) -> &'static str {
    match metric {
        Metric::Views => "views",
        Metric::Downloads => "downloads",
        Metric::Citations => "citations",
    }
}

/// An instant in the text of a statement, as both databases read it.
fn literal(at: Ts) -> String {
    at.0.format("'%Y-%m-%dT%H:%M:%S%.6fZ'").to_string()
}
