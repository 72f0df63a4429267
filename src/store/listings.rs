//! SQL on listings: which list shows which article. A row stands for every list that shows a published article,
//! also one whose time has not come yet; readers bind the present time.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt};
use sha2::{Digest, Sha256};

use super::categories;
use super::connection::{Conn, insert_rows, on_db};
use super::counts::FOLD_AFTER;
use super::fragments::any_of;
use super::touched;
use crate::error::Result;
use crate::models::article::{ArticleContent, ArticleState, Status};
use crate::models::listing::{List, ListKind};
use crate::models::subject::Subject;
use crate::models::time::Ts;
use crate::schema::listings;
use crate::text::fold;

#[derive(Insertable)]
#[diesel(table_name = listings)]
struct Row<'a> {
    kind: i16,
    reference: i64,
    published_at: Ts,
    article_id: i64,
    updated_at: Ts,
    title_key: &'a str,
}

/// An article as lists need it.
#[derive(Debug, Clone)]
pub struct Listed<'a> {
    /// Its id.
    pub id: i64,
    /// Its site.
    pub site_id: i64,
    /// What it says.
    pub content: &'a ArticleContent,
    /// Who made it.
    pub contributor_ids: Vec<i64>,
    /// When it last changed.
    pub updated_at: Ts,
}

/// Every article.
pub const ALL: List = List {
    kind: ListKind::All,
    reference: 0,
};

/// The articles with files.
pub const ATTACHED: List = List {
    kind: ListKind::Attached,
    reference: 0,
};

/// The articles with a keyword, whatever its width, case and blanks.
pub fn of_keyword(keyword: &str) -> List {
    List {
        kind: ListKind::Keyword,
        reference: reference(&fold::fold(keyword)),
    }
}

/// The articles that exist in a language: a tag, or the first subtags of one (RFC 4647, basic filtering).
pub fn of_locale(locale: &str) -> List {
    List {
        kind: ListKind::Locale,
        reference: reference(&locale.to_ascii_lowercase()),
    }
}

/// A number that stands for a text: 63 bits of its SHA-256. That two texts of one kind share a number is less likely
/// than one in a million with three million texts.
fn reference(text: &str) -> i64 {
    let digest = Sha256::digest(text);
    let head = digest.first_chunk::<8>().copied().unwrap_or_default();
    i64::from_be_bytes(head) & i64::MAX
}

/// Whether an article in `state` belongs in lists: published, and not expired for good.
pub fn shows(state: &ArticleState, now: Ts) -> bool {
    state.status == Status::Published
        && state
            .unpublish_at
            .is_none_or(|end| end > state.published_at && end > Ts(now.0 - FOLD_AFTER))
}

/// Adds to their lists those of `articles` that belong there.
pub fn insert(conn: &mut Conn, articles: &[Listed<'_>], now: Ts) -> Result<()> {
    let shown: Vec<&Listed<'_>> = articles
        .iter()
        .filter(|a| shows(&a.content.state, now))
        .collect();
    let mut category_ids: Vec<i64> = shown.iter().map(|a| a.content.state.category_id).collect();
    category_ids.sort_unstable();
    category_ids.dedup();
    let mut above: HashMap<i64, Vec<i64>> = HashMap::new();
    for (leaf, id) in categories::ancestors(conn, &category_ids)? {
        above.entry(leaf).or_default().push(id);
    }
    let keys: Vec<String> = shown.iter().map(|a| title_key(a.content)).collect();
    let mut rows: Vec<Row<'_>> = shown
        .iter()
        .zip(&keys)
        .flat_map(|(article, title_key)| {
            let state = &article.content.state;
            let subtrees = above.get(&state.category_id).map_or(&[][..], Vec::as_slice);
            lists(article, subtrees).into_iter().map(move |list| Row {
                kind: list.kind.code(),
                reference: list.reference,
                published_at: state.published_at,
                article_id: article.id,
                updated_at: article.updated_at,
                title_key,
            })
        })
        .collect();
    // In the order of the key: neighbouring rows land on the same pages.
    rows.sort_unstable_by_key(|r| (r.kind, r.reference, r.published_at, r.article_id));
    for row in &rows {
        touch(row.kind, row.reference);
    }
    insert_rows!(conn, listings::table, &rows)?;
    Ok(())
}

/// Notes that a list changes.
fn touch(kind: i16, reference: i64) {
    // Site and everything are subjects of their own, which changes of articles touch.
    if let Some(kind) = ListKind::of_code(kind) {
        touched::touch(Subject::List(List { kind, reference }));
    }
}

fn title_key(content: &ArticleContent) -> String {
    let original = content
        .texts
        .iter()
        .find(|t| t.locale == content.state.locale);
    original.map_or_else(String::new, |text| fold::sort_key(&text.title))
}

/// Every list that shows `article` but those of the categories above it, each once.
pub fn lists_of(article: &Listed<'_>) -> Vec<List> {
    lists(article, &[])
}

/// Every list that shows `article`, each once.
fn lists(article: &Listed<'_>, subtrees: &[i64]) -> Vec<List> {
    let content = article.content;
    let mut lists = vec![
        ALL,
        List {
            kind: ListKind::Site,
            reference: article.site_id,
        },
        List {
            kind: ListKind::Category,
            reference: content.state.category_id,
        },
    ];
    let mut named = |kind, references: &[i64]| {
        lists.extend(references.iter().map(|id| List {
            kind,
            reference: *id,
        }));
    };
    named(ListKind::Subtree, subtrees);
    named(ListKind::Source, &content.sources);
    named(ListKind::Topic, &content.topics);
    named(ListKind::Contributor, &article.contributor_ids);
    for text in &content.texts {
        lists.extend(text.keywords.iter().map(|keyword| of_keyword(keyword)));
        let ends = text.locale.match_indices('-').map(|(at, _)| at);
        lists.extend(
            ends.chain([text.locale.len()])
                .filter_map(|end| text.locale.get(..end))
                .map(of_locale),
        );
    }
    if !content.attachments.is_empty() {
        lists.push(ATTACHED);
    }
    lists.sort_unstable_by_key(|list| (list.kind.code(), list.reference));
    lists.dedup();
    lists
}

/// Whether a list has more than `rows`.
pub fn is_longer(conn: &mut Conn, list: List, rows: i64) -> Result<bool> {
    let further: Option<i64> = listings::table
        .filter(listings::kind.eq(list.kind.code()))
        .filter(listings::reference.eq(list.reference))
        .select(listings::article_id)
        .order((listings::published_at.desc(), listings::article_id.desc()))
        .offset(rows)
        .limit(1)
        .first(conn)
        .optional()?;
    Ok(further.is_some())
}

/// Takes articles off all lists.
pub fn remove(conn: &mut Conn, article_ids: &[i64]) -> Result<()> {
    let left: Vec<(i16, i64)> = on_db!(conn, |c| {
        diesel::delete(listings::table.filter(any_of(listings::article_id, article_ids)))
            .returning((listings::kind, listings::reference))
            .get_results(c)?
    });
    for (kind, reference) in left {
        touch(kind, reference);
    }
    Ok(())
}

/// Takes everything off one list.
pub fn remove_list(conn: &mut Conn, kind: ListKind, reference: i64) -> Result<()> {
    touch(kind.code(), reference);
    diesel::delete(
        listings::table
            .filter(listings::kind.eq(kind.code()))
            .filter(listings::reference.eq(reference)),
    )
    .execute(conn)?;
    Ok(())
}

/// Adds everything that one list shows to another of the same kind, where it is not there yet.
pub fn copy_list(conn: &mut Conn, kind: ListKind, from: i64, to: i64) -> Result<()> {
    touch(kind.code(), to);
    diesel::sql_query(
        "INSERT INTO listings (kind, reference, published_at, article_id, updated_at, title_key) \
         SELECT l.kind, $1, l.published_at, l.article_id, l.updated_at, l.title_key FROM listings l \
         WHERE l.kind = $2 AND l.reference = $3 AND NOT EXISTS ( \
           SELECT 1 FROM listings o WHERE o.kind = l.kind AND o.reference = $1 \
           AND o.published_at = l.published_at AND o.article_id = l.article_id)",
    )
    .bind::<BigInt, _>(to)
    .bind::<SmallInt, _>(kind.code())
    .bind::<BigInt, _>(from)
    .execute(conn)?;
    Ok(())
}

/// Takes everything that one list shows off another of the same kind.
pub fn subtract_list(conn: &mut Conn, kind: ListKind, shown: i64, from: i64) -> Result<()> {
    touch(kind.code(), from);
    diesel::sql_query(
        // In this order: SQLite numbers what is bound by where it first stands in the text.
        "DELETE FROM listings WHERE reference = $1 AND kind = $2 AND article_id IN ( \
           SELECT l.article_id FROM listings l WHERE l.kind = $2 AND l.reference = $3)",
    )
    .bind::<BigInt, _>(from)
    .bind::<SmallInt, _>(kind.code())
    .bind::<BigInt, _>(shown)
    .execute(conn)?;
    Ok(())
}
