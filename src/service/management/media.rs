//! Writing files: recording those that were uploaded, naming them, deleting them. Their bytes are the library's.

use super::{Tx, forbidden, invalid, random_key};
use crate::content::media::{path, variant_path};
use crate::error::{Error, Resource, Result};
use crate::library::Prepared;
use crate::media::format::Format;
use crate::media::name;
use crate::models::access::{Caller, Role};
use crate::models::hygiene::RecordKind;
use crate::models::linked_media::LinkedMedia;
use crate::models::managed::{Change, Expected};
use crate::models::media::{ManagedMedia, Media, MediaFilter, NewMedia};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::record::MediaRecord;
use crate::screening::Record;
use crate::store;
use crate::store::articles::affected::{self, Named};
use crate::store::connection::lock;

/// How many articles are named that use a file.
const NAMED: i64 = 5;

/// A page of the files that the caller sees, the newest first: of a site, or of all.
pub fn page(
    tx: &mut Tx<'_>,
    site: Option<&str>,
    kind: Option<&'static str>,
    query: PageQuery<i64>,
) -> Result<Page<ManagedMedia, i64>> {
    tx.allow_somewhere()?;
    let site_id = match site {
        None => None,
        Some(slug) => match tx.visible_site(slug)? {
            Some(id) => Some(Some(id)),
            None => return Ok(Page::empty(query.count)),
        },
    };
    let filter = MediaFilter {
        visible_sites: match site_id {
            Some(_) => None,
            None => tx.visible_sites(),
        },
        site_id,
        kind,
    };
    let items = store::media::managed_page(
        tx.conn,
        &filter,
        query.after(),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => store::media::count(tx.conn, &filter)?,
    };
    let items = items.into_iter().map(|found| shown(tx, found)).collect();
    Ok(Page::cut(
        items,
        query.limit,
        |file: &ManagedMedia| file.media.value.id,
        total,
    ))
}

/// One file.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedMedia> {
    let file = find(tx, id)?;
    match file.media.value.site_id {
        Some(site_id) => tx.allow_to_see(site_id, || missing(id))?,
        None => tx.allow_somewhere()?,
    }
    Ok(file)
}

/// Records a file that was uploaded.
pub fn create(
    tx: &mut Tx<'_>,
    record: MediaRecord,
    prepared: &Prepared,
) -> Result<Change<ManagedMedia>> {
    let MediaRecord { site, name, alt } = record;
    let site_id = match site.as_deref() {
        Some(slug) => Some(tx.site_id(slug)?),
        None => None,
    };
    match site_id {
        Some(site_id) => {
            let role = tx.caller.principal.rights.within_site(site_id);
            tx.allow(role, " in this site")?;
        }
        None => tx.allow_everywhere()?,
    }
    let format = prepared.format();
    let name = match name.set() {
        Some(name) => clean(&name, format)?,
        None => prepared.name().to_owned(),
    };
    let file = tx.library.record(tx.conn, prepared, tx.now)?;
    let new = NewMedia {
        site_id,
        key: format!("{}.{}", random_key()?, format.extension()),
        sha256: file.sha256,
        kind: format.kind().as_str(),
        name,
        alt: alt.set(),
        created_by: Some(tx.caller.principal.user_id),
    };
    let id = store::media::insert(tx.conn, &new, tx.now)?;
    Ok(Change::created(screened(tx, id)?))
}

/// Changes what a file is called and what it shows. Articles that use it show the change.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: MediaRecord,
) -> Result<Change<ManagedMedia>> {
    let before = locked(tx, id, expected)?;
    let MediaRecord { site: _, name, alt } = record;
    let mut file = before.media.value.clone();
    let format = format_of(&file)?;
    if let Some(name) = name.set() {
        file.name = clean(&name, format)?;
    }
    alt.apply_to(&mut file.alt);
    if file == before.media.value {
        return Ok(Change::updated(before.clone(), before));
    }
    store::media::update(tx.conn, &file, format.kind().as_str(), tx.now)?;
    if file.alt != before.media.value.alt && before.is_used {
        affected::touch(tx.conn, Named::Media(id))?;
        tx.touch(file.site_id)?;
    }
    let after = screened(tx, id)?;
    Ok(Change::updated(before, after))
}

/// Deletes a file that no article uses. Its bytes go where nobody else has the same.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedMedia>> {
    let before = locked(tx, id, expected)?;
    // Waits for those who begin to use it just now.
    store::media::lock_alone(tx.conn, id)?;
    let using = store::media::articles_using(tx.conn, id, 0, NAMED + 1)?;
    if !using.is_empty() {
        return Err(Error::Conflict(in_use(&using)));
    }
    store::media::delete(tx.conn, id)?;
    store::findings::delete_of(tx.conn, RecordKind::Media, &[id])?;
    let sha256 = before.media.value.file.sha256.clone();
    tx.effects.released_files.push(sha256);
    Ok(Change::deleted(before))
}

fn in_use(articles: &[i64]) -> String {
    let shown = usize::try_from(NAMED).unwrap_or_default();
    let ids: Vec<String> = articles.iter().take(shown).map(i64::to_string).collect();
    let more = match articles.len() > shown {
        true => " and others",
        false => "",
    };
    let (article, use_it) = match articles.len() {
        1 => ("article", "uses it"),
        _ => ("articles", "use it"),
    };
    format!(
        "the {article} {}{more} {use_it}; take it out there first, drafts and archived ones included",
        ids.join(", ")
    )
}

/// The file as it stays until the transaction ends, where the caller may change it and expects this version.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ManagedMedia> {
    lock(tx.conn, "media", id)?;
    let file = find(tx, id)?;
    let rights = &tx.caller.principal.rights;
    // What others uploaded may be used in every category of the site.
    let (role, everywhere) = match file.media.value.site_id {
        Some(site_id) => (rights.within_site(site_id), rights.in_site(site_id)),
        None => (rights.role, rights.role),
    };
    if file.media.value.site_id.is_some() && role.is_none() {
        return Err(missing(id));
    }
    tx.allow(role, " in this site")?;
    if everywhere < Some(Role::Editor) && !is_own(&file, tx.caller) {
        return Err(forbidden(
            Role::Editor,
            " in the whole site for what others uploaded",
        ));
    }
    expected.check(file.media.version)?;
    Ok(file)
}

fn is_own(file: &ManagedMedia, caller: &Caller) -> bool {
    file.created_by == Some(caller.principal.user_id)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedMedia> {
    let found = store::media::find_managed(tx.conn, id)?.ok_or_else(|| missing(id))?;
    Ok(shown(tx, found))
}

/// The file as it is once it was looked at.
fn screened(tx: &mut Tx<'_>, id: i64) -> Result<ManagedMedia> {
    let written = find(tx, id)?;
    tx.screen(&Record::of_media(&written.media.value))?;
    find(tx, id)
}

fn shown(tx: &Tx<'_>, (media, created_by, is_used): store::media::Found) -> ManagedMedia {
    let linked = LinkedMedia::new(&media.value, |variant| {
        tx.addresses.absolute(&variant_path(&media.value, variant))
    });
    ManagedMedia {
        url: tx.addresses.absolute(&path(&media.value)),
        linked,
        media,
        created_by,
        is_used,
    }
}

fn clean(name: &str, format: Format) -> Result<String> {
    name::clean(name, format).map_err(|rejection| {
        invalid(
            "/name",
            rejection.code,
            format!("`name` {}", rejection.detail),
        )
    })
}

fn format_of(media: &Media) -> Result<Format> {
    Format::parse(&media.file.media_type)
        .ok_or_else(|| Error::internal(format!("media {} has an unknown type", media.id)))
}

fn missing(id: i64) -> Error {
    Error::not_found(Resource::Media, id)
}
