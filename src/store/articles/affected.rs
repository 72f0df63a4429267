//! Articles that a change of something else changes as well: a source, a topic, a category that they name. Set-based: the number
//! of statements does not depend on how many articles there are.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::error::Result;
use crate::models::hygiene::RecordKind;
use crate::store::connection::Conn;

/// What articles name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A source.
    Source(i64),
    /// A topic.
    Topic(i64),
    /// A category, or one below it.
    Below(i64),
    /// A category.
    Category(i64),
    /// An article, as a related one.
    Related(i64),
    /// A site.
    Site(i64),
    /// An account, as the one that made them.
    Account(i64),
    /// A file that they refer to.
    Media(i64),
}

impl Named {
    /// What articles show of a record, where they do: they change when it is held back, and when it is let go.
    pub fn shown(kind: RecordKind, id: i64) -> Option<Self> {
        match kind {
            RecordKind::Topic => Some(Self::Topic(id)),
            RecordKind::Source => Some(Self::Source(id)),
            RecordKind::Media => Some(Self::Media(id)),
            RecordKind::Article
            | RecordKind::Site
            | RecordKind::Category
            | RecordKind::Menu
            | RecordKind::LinkGroup => None,
        }
    }

    /// The ids of the articles, of every state, as a query with one bound id.
    pub(in crate::store) fn query(self) -> (&'static str, i64) {
        match self {
            Self::Source(id) => (
                "SELECT article_id FROM article_sources WHERE source_id = $1",
                id,
            ),
            Self::Topic(id) => (
                "SELECT article_id FROM article_topics WHERE topic_id = $1",
                id,
            ),
            Self::Related(id) => (
                "SELECT article_id FROM article_related WHERE related_id = $1",
                id,
            ),
            Self::Category(id) => ("SELECT id FROM articles WHERE category_id = $1", id),
            Self::Site(id) => ("SELECT id FROM articles WHERE site_id = $1", id),
            Self::Account(id) => (
                "SELECT article_id FROM article_owners WHERE user_id = $1",
                id,
            ),
            Self::Media(id) => ("SELECT article_id FROM media_uses WHERE media_id = $1", id),
            Self::Below(id) => (
                "SELECT a.id FROM articles a WHERE a.category_id IN ( \
                   WITH RECURSIVE below (id) AS ( \
                     SELECT $1 UNION ALL SELECT c.id FROM categories c JOIN below ON c.parent_id = below.id) \
                   SELECT id FROM below)",
                id,
            ),
        }
    }
}

/// Notes that all articles which name something look different now: their versions grow, and followers hear of them. The
/// caller stamps the sites before it commits. Returns how many there are.
pub fn touch(conn: &mut Conn, named: Named) -> Result<usize> {
    let (query, id) = named.query();
    let changed = diesel::sql_query(format!(
        "UPDATE articles SET version = version + 1 WHERE id IN ({query})"
    ))
    .bind::<BigInt, _>(id)
    .execute(conn)?;
    diesel::sql_query(format!(
        "UPDATE article_changes SET changed_at = NULL WHERE article_id IN ({query})"
    ))
    .bind::<BigInt, _>(id)
    .execute(conn)?;
    Ok(changed)
}

/// The ids of up to `limit` published articles that name something, by id.
pub fn published(conn: &mut Conn, named: Named, limit: i64) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let (query, id) = named.query();
    let found: Vec<Found> = diesel::sql_query(format!(
        "SELECT id FROM articles WHERE status = 'published' AND id IN ({query}) ORDER BY id LIMIT $2"
    ))
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(found.into_iter().map(|found| found.id).collect())
}
