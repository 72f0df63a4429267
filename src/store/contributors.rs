//! SQL on contributors: one row per person or organisation and site.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::ROWS_PER_STATEMENT;
use super::connection::Conn;
use super::fragments::{any_of, load_of};
use crate::error::{Error, Result};
use crate::models::contributor::{Contribution, StoredContribution};
use crate::schema::{article_contributors, contributors};

#[derive(Insertable)]
#[diesel(table_name = contributors)]
struct NewContributor<'a> {
    site_id: i64,
    identity: &'a str,
    key: Option<&'a str>,
}

/// What makes two contributions of a site the work of the same contributor: the key where the portal gave one,
/// else kind, name and affiliation together. A name alone is not unique.
pub fn identity(contribution: &Contribution) -> String {
    match &contribution.key {
        Some(key) => format!("key:{key}"),
        None => {
            let mut digest = Sha256::new();
            for part in [
                contribution.kind.as_str(),
                &contribution.name,
                contribution.affiliation.as_deref().unwrap_or(""),
            ] {
                digest.update(part.len().to_le_bytes());
                digest.update(part);
            }
            let hex: String = digest
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("sha256:{hex}")
        }
    }
}

/// The ids of the contributors behind `contributions`, by [`identity`]; missing ones are added.
pub fn ensure(
    conn: &mut Conn,
    site_id: i64,
    contributions: &[&Contribution],
) -> Result<HashMap<String, i64>> {
    let wanted: BTreeSet<(String, Option<&str>)> = contributions
        .iter()
        .map(|c| (identity(c), c.key.as_deref()))
        .collect();
    let names: Vec<String> = wanted
        .iter()
        .map(|(identity, _)| identity.clone())
        .collect();
    let mut known = find(conn, site_id, &names)?;
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(identity, _)| !known.contains_key(identity))
        .collect();
    if missing.is_empty() {
        return Ok(known);
    }
    let rows: Vec<NewContributor<'_>> = missing
        .iter()
        .map(|(identity, key)| NewContributor {
            site_id,
            identity,
            key: *key,
        })
        .collect();
    // Another instance may add the same one in this moment.
    match &mut *conn {
        Conn::Postgres(c) => {
            for chunk in rows.chunks(ROWS_PER_STATEMENT) {
                diesel::insert_into(contributors::table)
                    .values(chunk)
                    .on_conflict_do_nothing()
                    .execute(c)?;
            }
        }
        Conn::Sqlite(c) => {
            for row in &rows {
                diesel::insert_into(contributors::table)
                    .values(row)
                    .on_conflict_do_nothing()
                    .execute(c)?;
            }
        }
    }
    let names: Vec<String> = missing
        .iter()
        .map(|(identity, _)| identity.clone())
        .collect();
    known.extend(find(conn, site_id, &names)?);
    if wanted
        .iter()
        .all(|(identity, _)| known.contains_key(identity))
    {
        Ok(known)
    } else {
        Err(Error::internal(
            "a contributor that was just added is not there",
        ))
    }
}

fn find(conn: &mut Conn, site_id: i64, identities: &[String]) -> Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = contributors::table
        .filter(contributors::site_id.eq(site_id))
        .filter(any_of(contributors::identity, identities))
        .select((contributors::identity, contributors::id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The contributions to articles, in each article's order.
pub fn of_articles(conn: &mut Conn, article_ids: &[i64]) -> Result<Vec<StoredContribution>> {
    Ok(load_of!(
        conn,
        article_ids,
        article_contributors::article_id,
        |is_of| {
            article_contributors::table
                .inner_join(
                    contributors::table
                        .on(contributors::id.eq(article_contributors::contributor_id)),
                )
                .filter(is_of)
                .select((
                    article_contributors::article_id,
                    article_contributors::contributor_id,
                    contributors::key,
                    article_contributors::role,
                    article_contributors::kind,
                    article_contributors::name,
                    article_contributors::affiliation,
                ))
                .order((
                    article_contributors::article_id,
                    article_contributors::position,
                ))
        }
    ))
}
