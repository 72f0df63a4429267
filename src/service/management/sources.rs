//! Writing sources. All sites share them.

use super::{Tx, random_key};
use crate::error::{Error, Fault, Resource, Result};
use crate::models::analytics::TotalOf;
use crate::models::hygiene::RecordKind;
use crate::models::managed::{Change, Expected, Managed};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::record::SourceRecord;
use crate::models::source::Source;
use crate::screening::Record;
use crate::store;
use crate::store::articles::affected::{self, Named};
use crate::store::connection::lock;
use crate::store::totals::Estate;
use crate::text::slug;

type ManagedSource = Managed<Source>;

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The source that is gone.
    pub gone: Change<ManagedSource>,
    /// The source that stays.
    pub kept: Change<ManagedSource>,
}

/// A page of the sources, in the order they were made.
pub fn page(tx: &mut Tx<'_>, query: PageQuery<i64>) -> Result<Page<ManagedSource, i64>> {
    tx.allow_somewhere()?;
    let items = store::sources::managed_page(
        tx.conn,
        query.after().unwrap_or(0),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => store::sources::count(tx.conn)?,
    };
    Ok(Page::cut(
        items,
        query.limit,
        |source| source.value.id,
        total,
    ))
}

/// One source.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedSource> {
    tx.allow_somewhere()?;
    find(tx, id)
}

/// Makes a source; without a slug it gets one made from its name.
pub fn create(tx: &mut Tx<'_>, record: SourceRecord) -> Result<Change<ManagedSource>> {
    tx.allow_somewhere()?;
    let SourceRecord { slug, name, url } = record;
    let name = name.set().unwrap_or_default();
    let url = url.set();
    let id = match slug.is_empty() {
        true => insert_named(tx, &name, url.as_deref())?,
        false => store::sources::insert_free(tx.conn, &slug, &name, url.as_deref(), tx.now)?
            .ok_or_else(|| taken(&slug))?,
    };
    tx.touch(None)?;
    Ok(Change::created(screened(tx, id)?))
}

/// Changes a source. All articles that name it show the change.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: SourceRecord,
) -> Result<Change<ManagedSource>> {
    // The articles that name it are written too, and whoever writes articles locks them in another order.
    let before = locked(tx, id, expected)?;
    let SourceRecord { slug: _, name, url } = record;
    let mut source = before.value.clone();
    // Never cleared.
    name.apply_or_default(&mut source.name);
    url.apply_to(&mut source.url);
    if source == before.value {
        return Ok(Change::updated(before.clone(), before));
    }
    store::sources::update(tx.conn, &source, tx.now)?;
    affected::touch(tx.conn, Named::Source(id))?;
    if source.name != before.value.name {
        tx.index_named(Named::Source(id))?;
    }
    tx.touch(None)?;
    let after = screened(tx, id)?;
    Ok(Change::updated(before, after))
}

/// Deletes a source that no article names.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedSource>> {
    let before = locked(tx, id, expected)?;
    if store::sources::is_named(tx.conn, id)? {
        return Err(Error::Conflict(format!(
            "articles name the source `{}`; merge it into another one with POST /api/v1/manage/sources/{id}/merge",
            before.value.slug
        )));
    }
    store::sources::delete(tx.conn, id)?;
    store::findings::delete_of(tx.conn, RecordKind::Source, &[id])?;
    let estate = Estate::Forgotten(TotalOf::Source, id);
    tx.effects.estates.push(estate);
    tx.touch(None)?;
    Ok(Change::deleted(before))
}

/// Has every article that names a source name another one, and deletes it.
pub fn merge(tx: &mut Tx<'_>, id: i64, expected: &Expected, into: i64) -> Result<Merged> {
    let gone = locked(tx, id, expected)?;
    if into == id {
        return Err(bad_target(
            "names the source itself; give the id of the source that stays",
        ));
    }
    lock(tx.conn, "sources", into)?;
    let kept = store::sources::find_managed(tx.conn, into)?
        .ok_or_else(|| bad_target("names no source; give the id of the source that stays"))?;
    affected::touch(tx.conn, Named::Source(id))?;
    tx.index_named(Named::Source(id))?;
    store::sources::merge(tx.conn, id, into)?;
    store::findings::delete_of(tx.conn, RecordKind::Source, &[id])?;
    tx.effects.estates.push(Estate::Inherited {
        of: TotalOf::Source,
        from: id,
        into,
    });
    // Its version tells what it stands for, too.
    store::sources::update(tx.conn, &kept.value, tx.now)?;
    tx.touch(None)?;
    let after = find(tx, into)?;
    Ok(Merged {
        gone: Change::deleted(gone),
        kept: Change::updated(kept, after),
    })
}

/// The source as it stays until the transaction ends, where the caller may change it and expects this version.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ManagedSource> {
    lock(tx.conn, "sources", id)?;
    let source = find(tx, id)?;
    tx.allow_everywhere()?;
    expected.check(source.version)?;
    Ok(source)
}

/// The source as it is once it was looked at.
fn screened(tx: &mut Tx<'_>, id: i64) -> Result<ManagedSource> {
    let written = find(tx, id)?;
    tx.screen(&Record::of_source(&written.value))?;
    find(tx, id)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedSource> {
    store::sources::find_managed(tx.conn, id)?.ok_or_else(|| Error::not_found(Resource::Source, id))
}

/// Adds a source under a slug made from its name, which other sources may have, too.
fn insert_named(tx: &mut Tx<'_>, name: &str, url: Option<&str>) -> Result<i64> {
    let base = match name.chars().any(char::is_alphanumeric) {
        true => slug::slugify(name),
        false => "source".to_owned(),
    };
    if let Some(id) = store::sources::insert_free(tx.conn, &base, name, url, tx.now)? {
        return Ok(id);
    }
    let other = slug::disambiguate(&base, &random_key()?);
    store::sources::insert_free(tx.conn, &other, name, url, tx.now)?.ok_or_else(|| taken(&other))
}

fn taken(slug: &str) -> Error {
    Error::Taken(Fault::new(
        "/slug",
        "taken",
        format!("`slug` is taken: there is a source `{slug}` already"),
    ))
}

fn bad_target(mend: &str) -> Error {
    Error::Invalid(vec![Fault::new(
        "/into",
        "unknown",
        format!("`into` {mend}"),
    )])
}
