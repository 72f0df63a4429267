//! Keys of suggestions, kept in step with what they lead to.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text};

use super::{NO_SITE, list};
use crate::error::Result;
use crate::models::article::{ArticleContent, Status};
use crate::models::listing::ListKind;
use crate::models::suggestion::SuggestionKind;
use crate::models::time::Ts;
use crate::schema::{article_texts, categories, sources, suggested_keywords, suggestion_keys};
use crate::store::ROWS_PER_STATEMENT;
use crate::store::connection::{Conn, on_db};
use crate::store::fragments::any_of;
use crate::store::listings::{of_keyword, shows};
use crate::text::completion::Spelling;

/// Keywords that are looked at in one transaction.
const KEYWORDS_AT_ONCE: i64 = 500;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Insertable)]
#[diesel(table_name = suggestion_keys, treat_none_as_default_value = false)]
struct Row {
    list: i16,
    key: String,
    reference: i64,
    site_id: i64,
}

/// The rows of one text.
fn rows<'a>(
    kind: SuggestionKind,
    site_id: i64,
    reference: i64,
    spelling: &'a Spelling,
) -> impl Iterator<Item = Row> + use<'a> {
    spelling.keys().into_iter().map(move |key| Row {
        list: list(kind, key.form),
        key: key.text,
        reference,
        site_id,
    })
}

fn title_rows<'a>(
    site_id: i64,
    article_id: i64,
    titles: impl Iterator<Item = &'a str>,
) -> BTreeSet<Row> {
    titles
        .flat_map(|title| {
            let spelling = Spelling::of_title(title);
            let rows = rows(SuggestionKind::Title, site_id, article_id, &spelling);
            rows.collect::<Vec<_>>()
        })
        .collect()
}

fn rows_of_article(site_id: i64, id: i64, content: &ArticleContent) -> BTreeSet<Row> {
    title_rows(site_id, id, content.texts.iter().map(|t| t.title.as_str()))
}

/// Adds rows where they are not there yet. In the order of the key: neighbouring rows land on the same pages.
fn insert(conn: &mut Conn, rows: &BTreeSet<Row>) -> Result<()> {
    let rows: Vec<&Row> = rows.iter().collect();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let chunk = chunk.to_vec();
        on_db!(&mut *conn, |c| {
            diesel::insert_into(suggestion_keys::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .execute(c)?;
        });
    }
    Ok(())
}

/// Removes those of `rows` that are there, whatever their site.
fn remove(conn: &mut Conn, rows: &BTreeSet<Row>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    match conn {
        Conn::Sqlite(c) => {
            let keys: Vec<(i16, &str, i64)> = rows
                .iter()
                .map(|row| (row.list, row.key.as_str(), row.reference))
                .collect();
            // Numbers and texts always serialise.
            let keys = serde_json::to_string(&keys).unwrap_or_default();
            diesel::sql_query(
                "DELETE FROM suggestion_keys WHERE (list, key, reference) IN \
                 (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1))",
            )
            .bind::<Text, _>(keys)
            .execute(c)?;
        }
        Conn::Postgres(c) => {
            let lists: Vec<i16> = rows.iter().map(|row| row.list).collect();
            let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
            let references: Vec<i64> = rows.iter().map(|row| row.reference).collect();
            diesel::sql_query(
                "DELETE FROM suggestion_keys k USING unnest($1, $2, $3) AS gone (list, key, reference) \
                 WHERE k.list = gone.list AND k.key = gone.key AND k.reference = gone.reference",
            )
            .bind::<Array<SmallInt>, _>(lists)
            .bind::<Array<Text>, _>(keys)
            .bind::<Array<BigInt>, _>(references)
            .execute(c)?;
        }
    }
    Ok(())
}

/// Has the titles and keywords of articles of a site suggested as they are `after` a save, if lists show them, and no longer as they were
/// `before`.
pub fn save(
    conn: &mut Conn,
    site_id: i64,
    before: &[(i64, &ArticleContent)],
    after: &[(i64, &ArticleContent)],
    now: Ts,
) -> Result<()> {
    // What was taken off the lists because it was over has no rows any more, and what was about to be may have lost them.
    let (mut old, mut kept): (BTreeMap<i64, BTreeSet<Row>>, HashSet<i64>) = Default::default();
    for (id, content) in before {
        if content.state.status == Status::Published {
            old.insert(*id, rows_of_article(site_id, *id, content));
            if content.state.unpublish_at.is_none() {
                kept.insert(*id);
            }
        }
    }
    let shown: Vec<(i64, &ArticleContent)> = after
        .iter()
        .filter(|(_, content)| shows(&content.state, now))
        .copied()
        .collect();
    let mut added = BTreeSet::new();
    for (id, content) in &shown {
        let new = rows_of_article(site_id, *id, content);
        if kept.contains(id) && old.get(id) == Some(&new) {
            old.remove(id);
        } else {
            added.extend(new);
        }
    }
    remove(conn, &old.into_values().flatten().collect())?;
    insert(conn, &added)?;
    let keywords = shown.iter().flat_map(|(_, content)| &content.texts);
    add_keywords(conn, site_id, keywords.flat_map(|text| &text.keywords))
}

/// Has `keywords` suggested in a site. Other transactions may be adding the same ones.
fn add_keywords<'a>(
    conn: &mut Conn,
    site_id: i64,
    keywords: impl Iterator<Item = &'a String>,
) -> Result<()> {
    #[derive(Insertable)]
    #[diesel(table_name = suggested_keywords, treat_none_as_default_value = false)]
    struct NewKeyword<'a> {
        site_id: i64,
        list: i64,
        keyword: &'a str,
    }
    let mut wanted: BTreeMap<i64, &str> = BTreeMap::new();
    for keyword in keywords {
        wanted
            .entry(of_keyword(keyword).reference)
            .or_insert(keyword);
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let lists: Vec<i64> = wanted.keys().copied().collect();
    for (_, list) in find_keywords(conn, site_id, &lists)? {
        wanted.remove(&list);
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let new: Vec<NewKeyword<'_>> = wanted
        .iter()
        .map(|(list, keyword)| NewKeyword {
            site_id,
            list: *list,
            keyword,
        })
        .collect();
    let mut added = BTreeSet::new();
    for chunk in new.chunks(ROWS_PER_STATEMENT) {
        // Where another transaction was first, it adds the keys.
        let ids: Vec<(i64, i64)> = on_db!(&mut *conn, |c| {
            diesel::insert_into(suggested_keywords::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .returning((suggested_keywords::id, suggested_keywords::list))
                .get_results(c)?
        });
        for (id, list) in ids {
            let Some(keyword) = wanted.get(&list) else {
                continue;
            };
            let spelling = Spelling::of_name(keyword);
            added.extend(rows(SuggestionKind::Keyword, site_id, id, &spelling));
        }
    }
    insert(conn, &added)
}

/// Those of a site's keywords that have one of these lists, as `(id, list)`.
fn find_keywords(conn: &mut Conn, site_id: i64, lists: &[i64]) -> Result<Vec<(i64, i64)>> {
    Ok(suggested_keywords::table
        .filter(suggested_keywords::site_id.eq(site_id))
        .filter(any_of(suggested_keywords::list, lists))
        .select((suggested_keywords::id, suggested_keywords::list))
        .load(conn)?)
}

/// Has articles that lists do not show any more suggested no longer.
pub fn forget(conn: &mut Conn, article_ids: &[i64]) -> Result<()> {
    if article_ids.is_empty() {
        return Ok(());
    }
    let titles: Vec<(i64, String)> = article_texts::table
        .filter(any_of(article_texts::article_id, article_ids))
        .select((article_texts::article_id, article_texts::title))
        .load(conn)?;
    let gone = titles
        .iter()
        .flat_map(|(id, title)| title_rows(NO_SITE, *id, std::iter::once(title.as_str())));
    remove(conn, &gone.collect())
}

/// A suggested keyword.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Keyword {
    id: i64,
    list: i64,
    keyword: String,
}

/// Those of the next keywords behind the one with the id `after` that are in no list any more, and after which it goes on: 0 at the end.
pub fn unused_keywords(conn: &mut Conn, after: i64) -> Result<(Vec<Keyword>, i64)> {
    let found: Vec<Keyword> = suggested_keywords::table
        .filter(suggested_keywords::id.gt(after))
        .select((
            suggested_keywords::id,
            suggested_keywords::list,
            suggested_keywords::keyword,
        ))
        .order(suggested_keywords::id)
        .limit(KEYWORDS_AT_ONCE)
        .load(conn)?;
    let is_full = i64::try_from(found.len()).is_ok_and(|n| n == KEYWORDS_AT_ONCE);
    let last = found.last().map(|keyword| keyword.id);
    let next = last.filter(|_| is_full).unwrap_or(0);
    Ok((unused(conn, found)?, next))
}

/// Forgets those of `keywords` that still are in no list. Keep writers of articles out meanwhile.
pub fn forget_keywords(conn: &mut Conn, keywords: Vec<Keyword>) -> Result<()> {
    let gone = unused(conn, keywords)?;
    let gone: Vec<(i64, &str)> = gone.iter().map(|k| (k.id, k.keyword.as_str())).collect();
    remove_keywords(conn, &gone)
}

fn unused(conn: &mut Conn, mut keywords: Vec<Keyword>) -> Result<Vec<Keyword>> {
    let lists: Vec<i64> = keywords.iter().map(|keyword| keyword.list).collect();
    let used = used_lists(conn, &lists)?;
    keywords.retain(|keyword| !used.contains(&keyword.list));
    Ok(keywords)
}

/// Those of these lists of keywords that show an article.
fn used_lists(conn: &mut Conn, lists: &[i64]) -> Result<HashSet<i64>> {
    // A look-up each: a keyword may have many articles.
    let wanted: Vec<[i64; 1]> = lists.iter().map(|list| [*list]).collect();
    #[derive(QueryableByName)]
    struct Used {
        #[diesel(sql_type = BigInt)]
        c0: i64,
    }
    let used: Vec<Used> = crate::store::rows::load(
        conn,
        &format!(
            "SELECT c0 FROM ({{rows}}) AS wanted WHERE EXISTS \
             (SELECT 1 FROM listings l WHERE l.kind = {} AND l.reference = c0 LIMIT 1)",
            ListKind::Keyword.code()
        ),
        &wanted,
    )?;
    Ok(used.into_iter().map(|used| used.c0).collect())
}

fn remove_keywords(conn: &mut Conn, keywords: &[(i64, &str)]) -> Result<()> {
    if keywords.is_empty() {
        return Ok(());
    }
    let mut gone = BTreeSet::new();
    for (id, keyword) in keywords {
        let spelling = Spelling::of_name(keyword);
        gone.extend(rows(SuggestionKind::Keyword, NO_SITE, *id, &spelling));
    }
    remove(conn, &gone)?;
    let ids: Vec<i64> = keywords.iter().map(|(id, _)| *id).collect();
    diesel::delete(suggested_keywords::table.filter(any_of(suggested_keywords::id, &ids)))
        .execute(conn)?;
    Ok(())
}

/// Forgets the keywords and categories of a site, which is about to be removed.
pub fn forget_of_site(conn: &mut Conn, site_id: i64) -> Result<()> {
    let keywords: Vec<(i64, String)> = suggested_keywords::table
        .filter(suggested_keywords::site_id.eq(site_id))
        .select((suggested_keywords::id, suggested_keywords::keyword))
        .load(conn)?;
    let keywords: Vec<(i64, &str)> = keywords.iter().map(|(id, k)| (*id, k.as_str())).collect();
    for chunk in keywords.chunks(ROWS_PER_STATEMENT) {
        remove_keywords(conn, chunk)?;
    }
    let names: Vec<(i64, String)> = categories::table
        .filter(categories::site_id.eq(site_id))
        .select((categories::id, categories::name))
        .load(conn)?;
    let mut gone = BTreeSet::new();
    for (id, name) in &names {
        let spelling = Spelling::of_name(name);
        gone.extend(rows(SuggestionKind::Category, site_id, *id, &spelling));
    }
    remove(conn, &gone)
}

/// Has the name of a category of a site, or of a source, suggested.
pub fn add_name(
    conn: &mut Conn,
    kind: SuggestionKind,
    site_id: Option<i64>,
    id: i64,
    name: &str,
) -> Result<()> {
    let spelling = Spelling::of_name(name);
    let site_id = site_id.unwrap_or(NO_SITE);
    insert(conn, &rows(kind, site_id, id, &spelling).collect())
}

/// Has the name of a category or source suggested no longer.
pub fn remove_name(conn: &mut Conn, kind: SuggestionKind, id: i64) -> Result<()> {
    match name(conn, kind, id)? {
        Some((site_id, name)) => {
            let spelling = Spelling::of_name(&name);
            remove(conn, &rows(kind, site_id, id, &spelling).collect())
        }
        None => Ok(()),
    }
}

/// Has another name of a category or source suggested than the one that it still has.
pub fn rename(conn: &mut Conn, kind: SuggestionKind, id: i64, to: &str) -> Result<()> {
    match name(conn, kind, id)? {
        Some((site_id, name)) if name != to => {
            let old = Spelling::of_name(&name);
            let new = Spelling::of_name(to);
            remove(conn, &rows(kind, site_id, id, &old).collect())?;
            insert(conn, &rows(kind, site_id, id, &new).collect())
        }
        Some(_) | None => Ok(()),
    }
}

/// The site and name of a category or source.
fn name(conn: &mut Conn, kind: SuggestionKind, id: i64) -> Result<Option<(i64, String)>> {
    Ok(match kind {
        SuggestionKind::Category => categories::table
            .find(id)
            .select((categories::site_id, categories::name))
            .first(conn)
            .optional()?,
        SuggestionKind::Source => {
            let name = sources::table.find(id).select(sources::name).first(conn);
            name.optional()?.map(|name| (NO_SITE, name))
        }
        SuggestionKind::Title | SuggestionKind::Keyword => None,
    })
}

/// Deletes everything.
pub fn clear(conn: &mut Conn) -> Result<()> {
    diesel::delete(suggestion_keys::table).execute(conn)?;
    diesel::delete(suggested_keywords::table).execute(conn)?;
    Ok(())
}

/// Has the names of all categories and sources suggested.
pub fn restore_names(conn: &mut Conn) -> Result<()> {
    let of_categories: Vec<(i64, i64, String)> = categories::table
        .select((categories::site_id, categories::id, categories::name))
        .load(conn)?;
    let of_sources: Vec<(i64, String)> = sources::table
        .select((sources::id, sources::name))
        .load(conn)?;
    let of_sources = of_sources.into_iter().map(|(id, name)| (NO_SITE, id, name));
    for (kind, names) in [
        (SuggestionKind::Category, of_categories),
        (SuggestionKind::Source, of_sources.collect()),
    ] {
        for chunk in names.chunks(ROWS_PER_STATEMENT) {
            let mut added = BTreeSet::new();
            for (site_id, id, name) in chunk {
                let spelling = Spelling::of_name(name);
                added.extend(rows(kind, *site_id, *id, &spelling));
            }
            insert(conn, &added)?;
        }
    }
    Ok(())
}
