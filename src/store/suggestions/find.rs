//! What keys lead to, as it is now, and whether readers may see it.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::list;
use crate::error::Result;
use crate::models::listing::{List, ListKind};
use crate::models::suggestion::SuggestionKind;
use crate::models::time::Ts;
use crate::schema::{article_texts, articles, suggested_keywords};
use crate::store::articles::not_expired;
use crate::store::connection::{Conn, Db};
use crate::store::fragments::any_of;
use crate::store::rows;
use crate::store::shown::{AROUND_A, AroundShown};
use crate::text::completion::{Form, Key};

/// Rows that are read of one beginning. Where there are more, these are those at the end of the alphabet.
const READ: usize = 200;

/// Rows that are looked at for one site's.
const LOOKED_AT: usize = 2_000;

/// Different keys of titles that are enough; below, what has the same title over and over again is read past.
const ENOUGH: usize = 20;

/// How often it is read on.
const TURNS: usize = 3;

/// Articles that are kept of one key, the newest: not all need be public.
const SAME: usize = 4;

/// The articles behind a name that are counted.
const COUNTED: usize = 100;

/// The newest articles behind a name among which one must be public.
const NEWEST: usize = 300;

/// Something that a key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// What it is.
    pub kind: SuggestionKind,
    /// In which form of it the key is.
    pub form: Form,
    /// Its id: that of an article, category, source or suggested keyword.
    pub id: i64,
}

#[derive(Debug, QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    part: i64,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = BigInt)]
    reference: i64,
}

/// Keys of one list from one on and before another.
#[derive(Debug, Clone)]
struct Part {
    kind: SuggestionKind,
    form: Form,
    from: String,
    before: String,
}

/// What keys with one of `beginnings` lead to, of `site_id` or of all sites; of what shares a key the newest. At most a few hundred of each
/// kind and form: those with the same key together, the best forms first.
pub fn candidates(
    conn: &mut Conn,
    beginnings: &[Key],
    site_id: Option<i64>,
) -> Result<Vec<Candidate>> {
    let mut parts: Vec<Part> = Vec::new();
    for kind in SuggestionKind::ALL {
        parts.extend(beginnings.iter().map(|beginning| Part {
            kind,
            form: beginning.form,
            from: beginning.text.clone(),
            // Nothing that is a character comes behind this one.
            before: format!("{}\u{10ffff}", beginning.text),
        }));
    }
    let mut candidates = Vec::new();
    for _ in 0..TURNS {
        if parts.is_empty() {
            break;
        }
        let mut read: Vec<BTreeMap<String, Vec<i64>>> = vec![BTreeMap::new(); parts.len()];
        for found in scan(conn, &parts, site_id)? {
            let place = usize::try_from(found.part).unwrap_or(usize::MAX);
            if let Some(keys) = read.get_mut(place) {
                keys.entry(found.key).or_default().push(found.reference);
            }
        }
        let mut further = Vec::new();
        for (part, keys) in parts.into_iter().zip(read) {
            let rows: usize = keys.values().map(Vec::len).sum();
            if part.kind == SuggestionKind::Title
                && rows >= READ
                && keys.len() < ENOUGH
                && let Some(before) = keys.keys().next()
            {
                let before = before.clone();
                further.push(Part {
                    before,
                    ..part.clone()
                });
            }
            for mut references in keys.into_values() {
                references.sort_unstable_by(|a, b| b.cmp(a));
                references.truncate(SAME);
                candidates.extend(references.into_iter().map(|id| Candidate {
                    kind: part.kind,
                    form: part.form,
                    id,
                }));
            }
        }
        parts = further;
    }
    candidates.sort_by_key(|candidate| candidate.form);
    Ok(candidates)
}

/// Up to [`READ`] rows of each of `parts`, with its place among them: the last ones by key, of one key the newest.
fn scan(conn: &mut Conn, parts: &[Part], site_id: Option<i64>) -> Result<Vec<Found>> {
    let mut places = 0;
    let mut place = || {
        places += 1;
        places
    };
    let selects: Vec<String> = (0..)
        .zip(parts)
        .map(|(number, part): (usize, _)| {
            let most = site_of(part, site_id).map_or(READ, |_| LOOKED_AT);
            let rows = format!(
                "SELECT key, reference, site_id FROM suggestion_keys WHERE list = {} AND key >= ${} AND key < ${} \
                 ORDER BY list DESC, key DESC, reference DESC LIMIT {most}",
                list(part.kind, part.form),
                place(),
                place(),
            );
            // Not bound: a number of ours.
            let of_site = site_of(part, site_id).map_or_else(String::new, |id| format!(" WHERE site_id = {id}"));
            format!(
                "SELECT * FROM (SELECT CAST({number} AS bigint) AS part, key, reference FROM ({rows}) AS p{number}{of_site} LIMIT {READ}) AS q{number}"
            )
        })
        .collect();
    let mut query = diesel::sql_query(selects.join(" UNION ALL ")).into_boxed::<Db>();
    for part in parts {
        query = query
            .bind::<Text, _>(part.from.clone())
            .bind::<Text, _>(part.before.clone());
    }
    Ok(query.load(conn)?)
}

/// The site that a part is narrowed to. Sources have none; theirs is looked at later.
fn site_of(part: &Part, site_id: Option<i64>) -> Option<i64> {
    site_id.filter(|_| part.kind != SuggestionKind::Source)
}

/// A title of a public article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// The article.
    pub article_id: i64,
    /// The title.
    pub title: String,
    /// When the article was published.
    pub published_at: Ts,
}

/// The titles, in all languages, of those of the articles with `ids` that are public.
pub fn titles(conn: &mut Conn, ids: &[i64], now: Ts) -> Result<Vec<Title>> {
    let found: Vec<(i64, String, Ts, String)> = article_texts::table
        .inner_join(articles::table.on(articles::id.eq(article_texts::article_id)))
        .filter(any_of(article_texts::article_id, ids))
        .filter(articles::published_at.le(now))
        .filter(not_expired!(now))
        .filter(AroundShown)
        .select((
            article_texts::article_id,
            article_texts::title,
            articles::published_at,
            articles::status,
        ))
        .load(conn)?;
    // As a condition SQLite would take the status for a shorter way than the ids.
    Ok(found
        .into_iter()
        .filter(|(.., status)| status == "published")
        .map(|(article_id, title, published_at, _)| Title {
            article_id,
            title,
            published_at,
        })
        .collect())
}

/// Those of the suggested keywords with `ids` that there are, with the list of each.
pub fn keywords(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(List, String)>> {
    let found: Vec<(i64, String)> = suggested_keywords::table
        .filter(any_of(suggested_keywords::id, ids))
        .select((suggested_keywords::list, suggested_keywords::keyword))
        .load(conn)?;
    let of = |reference| List {
        kind: ListKind::Keyword,
        reference,
    };
    Ok(found.into_iter().map(|(l, text)| (of(l), text)).collect())
}

/// How many articles stand behind each of `lists` that shows a public one, of `site_id` where one is given; beyond a hundred nobody counts on.
/// Those that show none are left out. A list whose newest hundreds are all of other sites may be, too.
pub fn standing(
    conn: &mut Conn,
    lists: &[List],
    site_id: Option<i64>,
    now: Ts,
) -> Result<HashMap<List, i64>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        c0: i64,
        #[diesel(sql_type = BigInt)]
        articles: i64,
    }
    let kept: Vec<[i64; 3]> = (0..)
        .zip(lists)
        .map(|(place, list)| [place, i64::from(list.kind.code()), list.reference])
        .collect();
    let now = now.0.format("'%Y-%m-%dT%H:%M:%S%.6fZ'");
    let of_site = site_id.map_or_else(String::new, |id| format!(" AND a.site_id = {id}"));
    let shown = |columns, most| {
        format!(
            "SELECT {columns} FROM listings l WHERE l.kind = c1 AND l.reference = c2 AND l.published_at <= {now} \
             ORDER BY l.kind DESC, l.reference DESC, l.published_at DESC, l.article_id DESC LIMIT {most}"
        )
    };
    let text = format!(
        "SELECT c0, (SELECT count(*) FROM ({}) AS counted) AS articles FROM ({{rows}}) AS given WHERE EXISTS ( \
           SELECT 1 FROM ({}) AS newest WHERE EXISTS ( \
             SELECT 1 FROM articles a WHERE a.id = newest.article_id AND a.published_at <= {now} \
             AND (a.unpublish_at IS NULL OR a.unpublish_at > {now}){of_site} AND {AROUND_A} LIMIT 1))",
        shown("1 AS one", COUNTED),
        shown("l.article_id", NEWEST),
    );
    let found: Vec<Found> = rows::load_once(conn, &text, &kept)?;
    Ok(found
        .into_iter()
        .filter_map(|found| {
            let list = lists.get(usize::try_from(found.c0).ok()?)?;
            Some((*list, found.articles))
        })
        .collect())
}
