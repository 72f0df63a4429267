//! What a request on an article names, and by what the article is named: categories, sources, topics, related articles, slugs.

use std::collections::{HashMap, HashSet};

use super::{Tx, invalid};
use crate::content::articles::Known;
use crate::error::{Error, Fault, Result};
use crate::models::article::{ArticleContent, ArticleState};
use crate::models::patch::Patch;
use crate::models::record::ArticleRecord;
use crate::store;

/// The category that a record names, by id or by path; the record has its path afterwards.
pub(super) fn settle_category(
    tx: &mut Tx<'_>,
    site_id: i64,
    record: &mut ArticleRecord,
) -> Result<Option<i64>> {
    let (id, path) = match (&record.category, &record.category_id) {
        (Patch::Set(path), _) => store::category_paths::resolve(tx.conn, site_id, path)?
            .ok_or_else(|| {
                invalid(
                    "/category",
                    "unknown",
                    "`category` names no category of the site",
                )
            })?,
        (_, Patch::Set(id)) => store::categories::find_by_id(tx.conn, *id)?
            .filter(|category| category.site_id == site_id)
            .map(|category| (category.id, category.path))
            .ok_or_else(|| {
                invalid(
                    "/category_id",
                    "unknown",
                    "`category_id` names no category of the site",
                )
            })?,
        _ => return Ok(None),
    };
    record.category = Patch::Set(path);
    Ok(Some(id))
}

/// The ids behind the natural keys that a record names.
pub(super) fn known(tx: &mut Tx<'_>, site_id: i64, record: &ArticleRecord) -> Result<Known> {
    let list = |patch: &Patch<Vec<String>>| match patch {
        Patch::Set(names) => names.clone(),
        Patch::Keep | Patch::Clear => Vec::new(),
    };
    let paths: Vec<String> = record.category.clone().set().into_iter().collect();
    Ok(Known {
        categories: store::categories::ids(tx.conn, site_id, &paths)?
            .into_iter()
            .collect(),
        sources: store::sources::ids(tx.conn, &list(&record.sources))?
            .into_iter()
            .collect(),
        topics: store::topics::ids(tx.conn, site_id, &list(&record.topics))?
            .into_iter()
            .collect(),
    })
}

/// The ids of related articles, in order.
pub(super) fn related_ids(tx: &mut Tx<'_>, site_id: i64, keys: &[String]) -> Result<Vec<i64>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let known: HashMap<String, i64> = store::articles::keys(tx.conn, site_id, keys)?
        .into_iter()
        .collect();
    keys.iter()
        .enumerate()
        .map(|(at, key)| {
            known.get(key).copied().ok_or_else(|| {
                let detail = format!("`related[{at}]` names no article of the site");
                invalid(&format!("/related/{at}"), "unknown", &detail)
            })
        })
        .collect()
}

/// Sees to it that no other article of the site has a slug of this one. A slug that was made from the title gives way, one that
/// was given is refused.
pub(super) fn settle_slugs(
    tx: &mut Tx<'_>,
    site_id: i64,
    own_id: Option<i64>,
    content: &mut ArticleContent,
    is_made: bool,
    key: &str,
) -> Result<()> {
    let wanted: Vec<String> = content.slugs().into_keys().map(str::to_owned).collect();
    store::articles::lock_slugs(tx.conn, site_id, &wanted)?;
    let owners = store::articles::slug_owners(tx.conn, site_id, &wanted)?;
    let others: Vec<&String> = owners
        .iter()
        .filter(|(_, owner)| Some(*owner) != own_id)
        .map(|(slug, _)| slug)
        .collect();
    let ArticleState { slug, .. } = &mut content.state;
    if is_made && others.iter().any(|other| *other == slug) {
        *slug = crate::text::slug::disambiguate(slug, key);
        return match others.len() {
            1 => Ok(()),
            _ => Err(taken_in_translation(content, &others)),
        };
    }
    match others.first() {
        None => Ok(()),
        Some(other) if *other == slug => Err(taken("slug", other)),
        Some(_) => Err(taken_in_translation(content, &others)),
    }
}

/// Takes those slugs from `content` that another article of the site has: the article's own one stays what it is `present`ly, a
/// translation has none.
pub(super) fn free_slugs(
    tx: &mut Tx<'_>,
    site_id: i64,
    own_id: i64,
    content: &mut ArticleContent,
    present: &ArticleContent,
) -> Result<()> {
    let mut wanted: Vec<String> = content.slugs().into_keys().map(str::to_owned).collect();
    // With what it may stay, at once: whoever locks one name after another waits for who does it the other way round.
    wanted.push(present.state.slug.clone());
    store::articles::lock_slugs(tx.conn, site_id, &wanted)?;
    let others: HashSet<String> = store::articles::slug_owners(tx.conn, site_id, &wanted)?
        .into_iter()
        .filter(|(_, owner)| *owner != own_id)
        .map(|(slug, _)| slug)
        .collect();
    if others.contains(&content.state.slug) {
        content.state.slug.clone_from(&present.state.slug);
    }
    for text in &mut content.texts {
        text.slug = text.slug.take().filter(|slug| !others.contains(slug));
    }
    Ok(())
}

fn taken_in_translation(content: &ArticleContent, others: &[&String]) -> Error {
    let translations = content
        .texts
        .iter()
        .filter(|t| t.locale != content.state.locale);
    let at = translations.enumerate().find(|(_, text)| {
        text.slug
            .as_ref()
            .is_some_and(|slug| others.contains(&slug))
    });
    let (at, slug) = at.map_or((0, ""), |(at, text)| {
        (at, text.slug.as_deref().unwrap_or_default())
    });
    Error::Taken(Fault::new(
        format!("/translations/{at}/slug"),
        "taken",
        format!("`slug` of a translation is taken: another article of the site has `{slug}`"),
    ))
}

pub(super) fn taken(member: &str, value: &str) -> Error {
    Error::Taken(Fault::new(
        format!("/{member}"),
        "taken",
        format!("`{member}` is taken: another article of the site has `{value}`"),
    ))
}
