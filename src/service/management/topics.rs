//! Writing topics.

use super::{Tx, random_key};
use crate::error::{Error, Fault, Resource, Result};
use crate::models::hygiene::RecordKind;
use crate::models::managed::{Change, Expected, Managed};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::patch::Patch;
use crate::models::record::TopicRecord;
use crate::models::topic::Topic;
use crate::screening::Record;
use crate::store;
use crate::store::articles::affected::{self, Named};

type ManagedTopic = Managed<Topic>;

/// A page of a site's topics in their order; an empty one of a site that the caller sees nothing of.
pub fn page(
    tx: &mut Tx<'_>,
    site: &str,
    query: PageQuery<(i64, i64)>,
) -> Result<Page<ManagedTopic, (i64, i64)>> {
    tx.allow_somewhere()?;
    let Some(site_id) = tx.visible_site(site)? else {
        return Ok(Page::empty(query.count));
    };
    let items = store::topics::managed_page(
        tx.conn,
        site_id,
        query.after(),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => store::topics::count(tx.conn, site_id)?,
    };
    Ok(Page::cut(
        items,
        query.limit,
        |topic| (topic.value.position, topic.value.id),
        total,
    ))
}

/// One topic.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedTopic> {
    let topic = find(tx, id)?;
    tx.allow_to_see(topic.value.site_id, || missing(id))?;
    Ok(topic)
}

/// Makes a topic; without a place it comes last.
pub fn create(tx: &mut Tx<'_>, record: TopicRecord) -> Result<Change<ManagedTopic>> {
    let TopicRecord {
        site,
        key,
        title,
        year,
        position,
    } = record;
    let site_id = tx.site_id(&site)?;
    tx.allow_in_site(site_id)?;
    let key = match key.is_empty() {
        true => random_key()?,
        false => key,
    };
    if store::topics::find(tx.conn, site_id, &key)?.is_some() {
        return Err(Error::Taken(Fault::new(
            "/key",
            "taken",
            format!("`key` is taken: the site has a topic `{key}` already"),
        )));
    }
    let position = match position {
        Patch::Set(position) => {
            store::topics::make_room(tx.conn, site_id, position, tx.now)?;
            position
        }
        Patch::Keep | Patch::Clear => store::topics::last_position(tx.conn, site_id)? + 1,
    };
    let title = title.set().unwrap_or_default();
    let id = store::topics::insert(tx.conn, site_id, &key, &title, year.set(), position, tx.now)?;
    tx.touch(Some(site_id))?;
    Ok(Change::created(screened(tx, id)?))
}

/// Changes a topic.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: TopicRecord,
) -> Result<Change<ManagedTopic>> {
    let before = locked(tx, id, expected)?;
    let TopicRecord {
        site: _,
        key: _,
        title,
        year,
        position,
    } = record;
    let mut topic = before.value.clone();
    if let Patch::Set(title) = title {
        topic.title = title;
    }
    year.apply_to(&mut topic.year);
    if let Patch::Set(position) = position
        && position != topic.position
    {
        store::topics::make_room(tx.conn, topic.site_id, position, tx.now)?;
        topic.position = position;
    }
    if topic == before.value {
        return Ok(Change::updated(before.clone(), before));
    }
    store::topics::update(tx.conn, &topic, tx.now)?;
    if topic.title != before.value.title {
        affected::touch(tx.conn, Named::Topic(id))?;
        tx.index_named(Named::Topic(id))?;
    }
    tx.touch(Some(topic.site_id))?;
    let after = screened(tx, id)?;
    Ok(Change::updated(before, after))
}

/// Deletes a topic, and takes it off its articles.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedTopic>> {
    let before = locked(tx, id, expected)?;
    affected::touch(tx.conn, Named::Topic(id))?;
    tx.index_named(Named::Topic(id))?;
    store::topics::delete(tx.conn, id)?;
    store::findings::delete_of(tx.conn, RecordKind::Topic, &[id])?;
    tx.touch(Some(before.value.site_id))?;
    Ok(Change::deleted(before))
}

/// The topic as it stays until the transaction ends, where the caller may change it and expects this version.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ManagedTopic> {
    store::connection::lock(tx.conn, "topics", id)?;
    let topic = find(tx, id)?;
    tx.allow_to_see(topic.value.site_id, || missing(id))?;
    tx.allow_in_site(topic.value.site_id)?;
    expected.check(topic.version)?;
    Ok(topic)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedTopic> {
    store::topics::find_managed(tx.conn, id)?.ok_or_else(|| missing(id))
}

/// The topic as it is once it was looked at.
fn screened(tx: &mut Tx<'_>, id: i64) -> Result<ManagedTopic> {
    let written = find(tx, id)?;
    tx.screen(&Record::of_topic(&written.value))?;
    find(tx, id)
}

fn missing(id: i64) -> Error {
    Error::not_found(Resource::Topic, id)
}
