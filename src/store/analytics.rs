//! SQL on what the numbers say. Reads lists and counts that others keep; articles are looked up one by one along an index, never
//! scanned.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::COUNTED;
use super::connection::{Conn, Db};
use super::fragments::any_of;
use crate::error::Result;
use crate::models::analytics::{CategoryPlace, Neglect, NeglectedCategory};
use crate::models::listing::ListKind;
use crate::models::page::Total;
use crate::models::time::Ts;
use crate::schema::{UtcTs, articles, categories, listings, sites};

/// Which neglected categories to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeglectFilters {
    /// Only of these sites; `None` stands for all.
    pub sites: Option<Vec<i64>>,
    /// Only those that are neglected in this way.
    pub neglect: Option<Neglect>,
    /// What was published before then is not new.
    pub new_from: Ts,
    /// The present time.
    pub now: Ts,
}

/// The list of what is public in the category at hand and below it: a range of a key.
macro_rules! shown_below {
    ($now:expr) => {
        listings::table
            .inner_join(articles::table.on(articles::id.eq(listings::article_id)))
            .filter(listings::kind.eq(ListKind::Subtree.code()))
            .filter(listings::reference.eq(categories::id))
            .filter(listings::published_at.le($now))
            .filter(
                articles::unpublish_at
                    .is_null()
                    .or(articles::unpublish_at.gt($now)),
            )
    };
}

/// Whether there is something in a list. The offset keeps PostgreSQL from joining all lists instead of looking into each.
macro_rules! any {
    ($list:expr) => {
        exists($list.select(listings::article_id).limit(1).offset(0))
    };
}

/// The neglected categories that fit. Of each category one row of its list is looked at, mostly.
macro_rules! neglected {
    ($filters:expr) => {{
        let NeglectFilters {
            sites: only,
            neglect,
            new_from,
            now,
        } = $filters;
        let mut listed = categories::table
            .inner_join(sites::table.on(sites::id.eq(categories::site_id)))
            .into_boxed::<Db>();
        if let Some(ids) = only {
            listed = listed.filter(any_of(categories::site_id, ids));
        }
        match neglect {
            // Nothing at all is nothing new.
            Some(Neglect::Empty) => listed.filter(diesel::dsl::not(any!(shown_below!(*now)))),
            Some(Neglect::Stale) => listed
                .filter(diesel::dsl::not(any!(
                    shown_below!(*now).filter(listings::published_at.ge(*new_from))
                )))
                .filter(any!(shown_below!(*now))),
            None => listed.filter(diesel::dsl::not(any!(
                shown_below!(*now).filter(listings::published_at.ge(*new_from))
            ))),
        }
    }};
}

/// Up to `limit` neglected categories behind the place `after`, past `offset` of them, by site, position and id.
pub fn neglected_page(
    conn: &mut Conn,
    filters: &NeglectFilters,
    after: Option<CategoryPlace>,
    offset: i64,
    limit: i64,
) -> Result<Vec<NeglectedCategory>> {
    type Row = (i64, i64, i64, String, String, String, Option<Ts>);
    let mut page = neglected!(filters);
    if let Some((site_id, position, id)) = after {
        // The first is a range of the index; the others decide only where sites, then positions are equal.
        page = page.filter(categories::site_id.ge(site_id)).filter(
            categories::site_id
                .gt(site_id)
                .or(categories::position.gt(position))
                .or(categories::position.eq(position).and(categories::id.gt(id))),
        );
    }
    let newest = shown_below!(filters.now)
        .select(listings::published_at)
        .order((listings::published_at.desc(), listings::article_id.desc()))
        .limit(1)
        .single_value();
    let rows: Vec<Row> = page
        .select((
            categories::id,
            categories::site_id,
            categories::position,
            categories::path,
            categories::name,
            sites::slug,
            newest,
        ))
        .order((categories::site_id, categories::position, categories::id))
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let counts = counts(conn, &ids, filters.now)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (id, site_id, position, path, name, site, last_published_at) = row;
            let (article_count, total_count) = counts.get(&id).copied().unwrap_or_default();
            NeglectedCategory {
                id,
                site_id,
                site,
                position,
                path,
                name,
                article_count,
                total_count,
                last_published_at,
                as_of: filters.now,
            }
        })
        .collect())
}

/// How many neglected categories there are; beyond `COUNTED` nobody counts on.
pub fn count_neglected(conn: &mut Conn, filters: &NeglectFilters) -> Result<Total> {
    let counted: Vec<i64> = neglected!(filters)
        .select(categories::id)
        .limit(COUNTED + 1)
        .load(conn)?;
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    Ok(match n > COUNTED {
        true => Total::Estimated(n),
        false => Total::Exact(n),
    })
}

/// The public articles of categories, as `(in exactly this one, there and below)` by id, from the numbers that are kept.
fn counts(conn: &mut Conn, ids: &[i64], now: Ts) -> Result<HashMap<i64, (i64, i64)>> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = BigInt)]
        root: i64,
        #[diesel(sql_type = BigInt)]
        own: i64,
        #[diesel(sql_type = BigInt)]
        total: i64,
    }
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    // Integers of our own; a list of bound values would differ between the databases.
    let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let found: Vec<Counted> = diesel::sql_query(format!(
        "WITH RECURSIVE below (root, id) AS ( \
           SELECT id, id FROM categories WHERE id IN ({}) \
           UNION ALL SELECT below.root, c.id FROM below JOIN categories c ON c.parent_id = below.id), \
         counted (root, id, articles) AS ( \
           SELECT below.root, below.id, coalesce(n.articles, 0) + coalesce((SELECT sum(e.delta) FROM visibility_events e \
             WHERE e.category_id = below.id AND e.at <= $1), 0) \
           FROM below LEFT JOIN category_counts n ON n.category_id = below.id) \
         SELECT root, CAST(sum(CASE WHEN id = root THEN articles ELSE 0 END) AS bigint) AS own, \
           CAST(sum(articles) AS bigint) AS total FROM counted GROUP BY root",
        list.join(", ")
    ))
    .bind::<UtcTs, _>(now)
    .load(conn)?;
    Ok(found
        .into_iter()
        .map(|found| (found.root, (found.own, found.total)))
        .collect())
}
