//! Writing groups of links.

use super::Tx;
use crate::error::{Error, Fault, Resource, Result};
use crate::models::hygiene::RecordKind;
use crate::models::json::Doc;
use crate::models::link_group::LinkGroup;
use crate::models::managed::{Change, Expected, Managed};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::patch::Patch;
use crate::models::record::LinkGroupRecord;
use crate::screening::Record;
use crate::store;

type ManagedLinkGroup = Managed<LinkGroup>;

/// A page of a site's groups in their order; an empty one of a site that the caller sees nothing of.
pub fn page(
    tx: &mut Tx<'_>,
    site: &str,
    query: PageQuery<(i64, i64)>,
) -> Result<Page<ManagedLinkGroup, (i64, i64)>> {
    tx.allow_somewhere()?;
    let Some(site_id) = tx.visible_site(site)? else {
        return Ok(Page::empty(query.count));
    };
    let items = store::link_groups::managed_page(
        tx.conn,
        site_id,
        query.after(),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => {
            Total::Exact(store::link_groups::count(tx.conn, site_id)?)
        }
    };
    Ok(Page::cut(
        items,
        query.limit,
        |group| (group.value.position, group.value.id),
        total,
    ))
}

/// One group.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedLinkGroup> {
    let group = find(tx, id)?;
    tx.allow_to_see(group.value.site_id, || missing(id))?;
    Ok(group)
}

/// Makes a group; without a place it comes last.
pub fn create(tx: &mut Tx<'_>, record: LinkGroupRecord) -> Result<Change<ManagedLinkGroup>> {
    let LinkGroupRecord {
        site,
        key,
        title,
        links,
        position,
    } = record;
    let site_id = tx.site_id(&site)?;
    tx.allow_in_site(site_id)?;
    if store::link_groups::find(tx.conn, site_id, &key)?.is_some() {
        return Err(Error::Taken(Fault::new(
            "/key",
            "taken",
            format!("`key` is taken: the site has a link group `{key}` already"),
        )));
    }
    let position = match position {
        Patch::Set(position) => {
            store::link_groups::make_room(tx.conn, site_id, position, tx.now)?;
            position
        }
        Patch::Keep | Patch::Clear => store::link_groups::last_position(tx.conn, site_id)? + 1,
    };
    let id = store::link_groups::insert(
        tx.conn,
        site_id,
        &key,
        &title.set().unwrap_or_default(),
        &Doc(links.set().unwrap_or_default()),
        position,
        tx.now,
    )?;
    tx.touch(Some(site_id))?;
    Ok(Change::created(screened(tx, id)?))
}

/// Changes a group: its links are replaced whole.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: LinkGroupRecord,
) -> Result<Change<ManagedLinkGroup>> {
    let before = locked(tx, id, expected)?;
    let LinkGroupRecord {
        site: _,
        key: _,
        title,
        links,
        position,
    } = record;
    let mut group = before.value.clone();
    // Never cleared.
    title.apply_or_default(&mut group.title);
    links.apply_or_default(&mut group.links.0);
    if let Patch::Set(position) = position
        && position != group.position
    {
        store::link_groups::make_room(tx.conn, group.site_id, position, tx.now)?;
        group.position = position;
    }
    if group == before.value {
        return Ok(Change::updated(before.clone(), before));
    }
    store::link_groups::update(tx.conn, &group, tx.now)?;
    tx.touch(Some(group.site_id))?;
    let after = screened(tx, id)?;
    Ok(Change::updated(before, after))
}

/// Deletes a group with its links.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedLinkGroup>> {
    let before = locked(tx, id, expected)?;
    store::link_groups::delete(tx.conn, id)?;
    store::findings::delete_of(tx.conn, RecordKind::LinkGroup, &[id])?;
    tx.touch(Some(before.value.site_id))?;
    Ok(Change::deleted(before))
}

/// The group as it stays until the transaction ends, where the caller may change it and expects this version.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ManagedLinkGroup> {
    store::connection::lock(tx.conn, "link_groups", id)?;
    let group = get(tx, id)?;
    tx.allow_in_site(group.value.site_id)?;
    expected.check(group.version)?;
    Ok(group)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedLinkGroup> {
    store::link_groups::find_managed(tx.conn, id)?.ok_or_else(|| missing(id))
}

/// The group as it is once it was looked at.
fn screened(tx: &mut Tx<'_>, id: i64) -> Result<ManagedLinkGroup> {
    let written = find(tx, id)?;
    tx.screen(&Record::of_link_group(&written.value))?;
    find(tx, id)
}

fn missing(id: i64) -> Error {
    Error::not_found(Resource::LinkGroup, id)
}
