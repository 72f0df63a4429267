//! SQL on what sites, categories and sources gained a day. What waits to be added up is part of all that is read here, so the
//! numbers are live; it goes to the category and the sources that its article has now.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, SmallInt, Text};

use super::connection::Conn;
use super::counting;
use super::fragments::any_of;
use crate::error::Result;
use crate::models::analytics::{CategoryGains, Gains, SourceGains, TotalOf};
use crate::models::counting::{Day, Gauge};
use crate::models::days::DaySpan;
use crate::schema::{daily_totals, pending_counts, sites};

/// A site, as numbers of several are put together.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Zone {
    /// Its id.
    pub id: i64,
    /// Its slug.
    pub slug: String,
    /// Its offset from UTC.
    pub utc_offset: String,
}

/// The sites with `ids`, or all of them, by id.
pub fn zones(conn: &mut Conn, ids: Option<&[i64]>) -> Result<Vec<Zone>> {
    let zones = sites::table
        .select((sites::id, sites::slug, sites::utc_offset))
        .order(sites::id);
    Ok(match ids {
        Some(ids) => zones.filter(any_of(sites::id, ids)).load(conn)?,
        None => zones.load(conn)?,
    })
}

/// Which numbers to add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Only of these sites, at least one; `None` stands for all.
    pub sites: Option<Vec<i64>>,
    /// Only of these days.
    pub span: DaySpan,
}

impl Wanted {
    /// The condition on the site, behind others.
    fn and_site(&self, column: &str) -> String {
        let Some(ids) = &self.sites else {
            return String::new();
        };
        // Integers of our own; a list of bound values would differ between the databases.
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        format!(" AND {column} IN ({})", ids.join(", "))
    }

    /// What was gained, as a table of single gains; `$1` and `$2` are the first and the last day.
    fn gained(&self, of: TotalOf) -> String {
        let (code, views, downloads, visits) = (
            of.code(),
            Gauge::ArticleViews.code(),
            Gauge::ArticleDownloads.code(),
            Gauge::SiteVisits.code(),
        );
        let (reference, joined) = match of {
            TotalOf::Site => ("a.site_id", ""),
            TotalOf::Category => ("a.category_id", ""),
            // An article counts once for a source that it names twice.
            TotalOf::Source => (
                "s.source_id",
                " JOIN article_sources s ON s.article_id = a.id AND NOT EXISTS (SELECT 1 FROM article_sources e \
                 WHERE e.article_id = s.article_id AND e.source_id = s.source_id AND e.position < s.position)",
            ),
        };
        let (of_totals, of_articles) = (self.and_site("site_id"), self.and_site("a.site_id"));
        let mut text = format!(
            "SELECT day, reference, views, hits, downloads, visits FROM daily_totals \
             WHERE kind = {code} AND day BETWEEN $1 AND $2{of_totals} \
             UNION ALL SELECT p.day, {reference}, CASE p.kind WHEN {views} THEN p.counted ELSE 0 END, \
             CASE p.kind WHEN {views} THEN p.hits ELSE 0 END, CASE p.kind WHEN {downloads} THEN p.counted ELSE 0 END, 0 \
             FROM pending_counts p JOIN articles a ON a.id = p.reference{joined} \
             WHERE p.kind IN ({views}, {downloads}) AND p.day BETWEEN $1 AND $2{of_articles}"
        );
        if of == TotalOf::Site {
            text.push_str(&format!(
                " UNION ALL SELECT p.day, p.reference, 0, 0, 0, p.counted FROM pending_counts p \
                 WHERE p.kind = {visits} AND p.day BETWEEN $1 AND $2{}",
                self.and_site("p.reference")
            ));
        }
        text
    }
}

/// The sums of single gains, as columns.
const SUMS: &str = "CAST(sum(views) AS bigint) AS views, CAST(sum(hits) AS bigint) AS hits, \
                    CAST(sum(downloads) AS bigint) AS downloads, CAST(sum(visits) AS bigint) AS visits";

#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    views: i64,
    #[diesel(sql_type = BigInt)]
    hits: i64,
    #[diesel(sql_type = BigInt)]
    downloads: i64,
    #[diesel(sql_type = BigInt)]
    visits: i64,
}

impl From<Sums> for Gains {
    fn from(sums: Sums) -> Self {
        let Sums {
            views,
            hits,
            downloads,
            visits,
        } = sums;
        Self {
            views,
            hits,
            downloads,
            visits,
        }
    }
}

/// What the sites gained together on each day on which there was something.
pub fn by_day(conn: &mut Conn, wanted: &Wanted) -> Result<Vec<(Day, Gains)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        day: i32,
        #[diesel(embed)]
        sums: Sums,
    }
    let gained = wanted.gained(TotalOf::Site);
    let found: Vec<Row> = sql_query(format!(
        "SELECT day, {SUMS} FROM ({gained}) AS gained GROUP BY day"
    ))
    .bind::<Integer, _>(wanted.span.first.0)
    .bind::<Integer, _>(wanted.span.last.0)
    .load(conn)?;
    Ok(found
        .into_iter()
        .map(|row| (Day(row.day), row.sums.into()))
        .collect())
}

/// What each site gained that gained something, by id.
pub fn by_site(conn: &mut Conn, wanted: &Wanted) -> Result<Vec<(i64, Gains)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        reference: i64,
        #[diesel(embed)]
        sums: Sums,
    }
    let gained = wanted.gained(TotalOf::Site);
    let found: Vec<Row> = sql_query(format!(
        "SELECT reference, {SUMS} FROM ({gained}) AS gained GROUP BY reference"
    ))
    .bind::<Integer, _>(wanted.span.first.0)
    .bind::<Integer, _>(wanted.span.last.0)
    .load(conn)?;
    Ok(found
        .into_iter()
        .map(|row| (row.reference, row.sums.into()))
        .collect())
}

/// The `limit` categories whose own articles gained most views; ties by id.
pub fn top_categories(conn: &mut Conn, wanted: &Wanted, limit: i64) -> Result<Vec<CategoryGains>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = Text)]
        site: String,
        #[diesel(sql_type = Text)]
        path: String,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(embed)]
        sums: Sums,
    }
    let gained = wanted.gained(TotalOf::Category);
    let found: Vec<Row> = sql_query(format!(
        "SELECT c.id, sites.slug AS site, c.path, c.name, g.views, g.hits, g.downloads, g.visits \
         FROM (SELECT reference, {SUMS} FROM ({gained}) AS gained GROUP BY reference) AS g \
         JOIN categories c ON c.id = g.reference JOIN sites ON sites.id = c.site_id \
         ORDER BY g.views DESC, c.id LIMIT $3"
    ))
    .bind::<Integer, _>(wanted.span.first.0)
    .bind::<Integer, _>(wanted.span.last.0)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(found
        .into_iter()
        .map(|row| CategoryGains {
            id: row.id,
            site: row.site,
            path: row.path,
            name: row.name,
            gains: row.sums.into(),
        })
        .collect())
}

/// The `limit` sources whose articles gained most views; ties by id.
pub fn top_sources(conn: &mut Conn, wanted: &Wanted, limit: i64) -> Result<Vec<SourceGains>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = Text)]
        slug: String,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(embed)]
        sums: Sums,
    }
    let gained = wanted.gained(TotalOf::Source);
    let found: Vec<Row> = sql_query(format!(
        "SELECT o.id, o.slug, o.name, g.views, g.hits, g.downloads, g.visits \
         FROM (SELECT reference, {SUMS} FROM ({gained}) AS gained GROUP BY reference) AS g \
         JOIN sources o ON o.id = g.reference ORDER BY g.views DESC, o.id LIMIT $3"
    ))
    .bind::<Integer, _>(wanted.span.first.0)
    .bind::<Integer, _>(wanted.span.last.0)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(found
        .into_iter()
        .map(|row| SourceGains {
            id: row.id,
            slug: row.slug,
            name: row.name,
            gains: row.sums.into(),
        })
        .collect())
}

/// What becomes of the totals of something that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estate {
    /// Those of `from` are added to those of `into`, day by day and site by site.
    Inherited {
        /// Of what kind both are.
        of: TotalOf,
        /// What is gone.
        from: i64,
        /// What stays.
        into: i64,
    },
    /// Those of a category or source go.
    Forgotten(TotalOf, i64),
    /// Everything that was counted of a site goes.
    OfSite(i64),
}

/// Settles `estates` in their order. Nobody counts from here until the transaction ends, so this comes late in one, and only once.
pub fn settle(conn: &mut Conn, estates: &[Estate]) -> Result<()> {
    if estates.is_empty() {
        return Ok(());
    }
    // Before any row of the totals, as those who count do.
    counting::lock(conn)?;
    for estate in estates {
        match *estate {
            Estate::Inherited { of, from, into } => hand_over(conn, of, from, into)?,
            Estate::Forgotten(of, id) => forget(conn, of, id)?,
            Estate::OfSite(id) => forget_site(conn, id)?,
        }
    }
    Ok(())
}

fn hand_over(conn: &mut Conn, of: TotalOf, from: i64, into: i64) -> Result<()> {
    sql_query(
        "INSERT INTO daily_totals (kind, day, site_id, reference, views, hits, downloads, visits) \
         SELECT kind, day, site_id, $1, views, hits, downloads, visits FROM daily_totals WHERE kind = $2 AND reference = $3 \
         ON CONFLICT (kind, day, site_id, reference) DO UPDATE SET views = daily_totals.views + excluded.views, \
         hits = daily_totals.hits + excluded.hits, downloads = daily_totals.downloads + excluded.downloads, \
         visits = daily_totals.visits + excluded.visits",
    )
    .bind::<BigInt, _>(into)
    .bind::<SmallInt, _>(of.code())
    .bind::<BigInt, _>(from)
    .execute(conn)?;
    forget(conn, of, from)
}

fn forget(conn: &mut Conn, of: TotalOf, id: i64) -> Result<()> {
    diesel::delete(
        daily_totals::table
            .filter(daily_totals::kind.eq(of.code()))
            .filter(daily_totals::reference.eq(id)),
    )
    .execute(conn)?;
    Ok(())
}

fn forget_site(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::delete(daily_totals::table.filter(daily_totals::site_id.eq(id))).execute(conn)?;
    diesel::delete(
        pending_counts::table
            .filter(pending_counts::kind.eq(Gauge::SiteVisits.code()))
            .filter(pending_counts::reference.eq(id)),
    )
    .execute(conn)?;
    Ok(())
}
