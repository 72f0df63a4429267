//! Writing sites.

use super::Tx;
use crate::error::{Error, Fault, Resource, Result};
use crate::hygiene::surroundings;
use crate::models::json::Doc;
use crate::models::managed::{Change, Expected, Managed};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::patch::Patch;
use crate::models::record::SiteRecord;
use crate::models::site::{Identity, Site, SiteContent};
use crate::screening::Record;
use crate::store;
use crate::store::articles::affected::{self, Named};
use crate::store::totals::Estate;

type ManagedSite = Managed<Site>;

/// A page of the sites that the caller sees something of, in the order they were made.
pub fn page(tx: &mut Tx<'_>, query: PageQuery<i64>) -> Result<Page<ManagedSite, i64>> {
    tx.allow_somewhere()?;
    let visible = tx.visible_sites();
    let items = store::sites::managed_page(
        tx.conn,
        visible.as_deref(),
        query.after().unwrap_or(0),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => store::sites::count(tx.conn, visible.as_deref())?,
    };
    Ok(Page::cut(items, query.limit, |site| site.value.id, total))
}

/// One site.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedSite> {
    let site = find(tx, id)?;
    tx.allow_to_see(id, || missing(id))?;
    Ok(site)
}

/// Makes a site.
pub fn create(tx: &mut Tx<'_>, record: SiteRecord) -> Result<Change<ManagedSite>> {
    tx.allow_everywhere()?;
    let slug = record.slug.clone();
    if store::sites::find_id(tx.conn, &slug)?.is_some() {
        return Err(Error::Taken(Fault::new(
            "/slug",
            "taken",
            format!("`slug` is taken: there is a site `{slug}` already"),
        )));
    }
    let mut content = blank();
    apply(record, &mut content);
    let id = store::sites::insert(tx.conn, &slug, &content, 0, tx.now)?;
    tx.touch(Some(id))?;
    Ok(Change::created(screened(tx, id)?))
}

/// Changes a site.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: SiteRecord,
) -> Result<Change<ManagedSite>> {
    let before = locked(tx, id)?;
    tx.allow_in_site(id)?;
    expected.check(before.version)?;
    let mut content = before.value.content.clone();
    apply(record, &mut content);
    if content == before.value.content {
        return Ok(Change::updated(before.clone(), before));
    }
    store::sites::update(tx.conn, id, &content, tx.now)?;
    if content.url_template != before.value.content.url_template {
        // The addresses of all its articles.
        affected::touch(tx.conn, Named::Site(id))?;
    }
    tx.touch(Some(id))?;
    let after = screened(tx, id)?;
    let is_settled = after.is_held != before.is_held;
    if !is_settled && surroundings(&after.value.content) != surroundings(&before.value.content) {
        // What its articles say is compared with what it is called, and where it lives.
        tx.resettle(id)?;
    }
    Ok(Change::updated(before, after))
}

/// Deletes a site that has no articles, with everything that belongs to it.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedSite>> {
    let before = locked(tx, id)?;
    tx.allow_everywhere()?;
    expected.check(before.version)?;
    if store::sites::has_articles(tx.conn, id)? {
        return Err(Error::Conflict(format!(
            "the site `{}` has articles; delete or move them first",
            before.value.slug
        )));
    }
    if store::media::has_any(tx.conn, id)? {
        return Err(Error::Conflict(format!(
            "the site `{}` has files; delete them first",
            before.value.slug
        )));
    }
    // What an earlier operation of a batch left to be written for the site would refer to nothing.
    for category_id in store::sites::delete(tx.conn, id)? {
        tx.effects.counts.remove(&category_id);
    }
    tx.effects.estates.push(Estate::OfSite(id));
    tx.touch(None)?;
    tx.effects.sites.remove(&id);
    Ok(Change::deleted(before))
}

/// The site as it stays until the transaction ends, where the caller sees something of it.
fn locked(tx: &mut Tx<'_>, id: i64) -> Result<ManagedSite> {
    store::connection::lock(tx.conn, "sites", id)?;
    get(tx, id)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedSite> {
    store::sites::find_managed(tx.conn, id)?.ok_or_else(|| missing(id))
}

/// The site as it is once it was looked at.
fn screened(tx: &mut Tx<'_>, id: i64) -> Result<ManagedSite> {
    let written = find(tx, id)?;
    tx.screen(&Record::of_site(&written.value))?;
    find(tx, id)
}

fn missing(id: i64) -> Error {
    Error::not_found(Resource::Site, id)
}

/// A site about which nothing is known yet.
fn blank() -> SiteContent {
    SiteContent {
        name: String::new(),
        default_locale: String::new(),
        locales: Doc(Vec::new()),
        utc_offset: "+00:00".to_owned(),
        home_label: None,
        owner: None,
        copyright: None,
        copyright_notice: None,
        url_template: None,
        registrations: Doc(Vec::new()),
        contacts: Doc(Vec::new()),
        credits: Doc(Vec::new()),
        blocks: Doc(Vec::new()),
        identity: Doc(Identity::default()),
        script_variants: true,
    }
}

/// Changes what the record names. The default language is always one of the site's.
fn apply(record: SiteRecord, content: &mut SiteContent) {
    let SiteRecord {
        slug: _,
        name,
        default_locale,
        utc_offset,
        locales,
        home_label,
        owner,
        copyright,
        copyright_notice,
        url_template,
        registrations,
        contacts,
        credits,
        blocks,
        identity,
        script_variants,
        visitors: _,
    } = record;
    // The first four are never cleared.
    name.apply_or_default(&mut content.name);
    default_locale.apply_or_default(&mut content.default_locale);
    utc_offset.apply_or_default(&mut content.utc_offset);
    script_variants.apply_or_default(&mut content.script_variants);
    locales.apply_or_default(&mut content.locales.0);
    if !content.locales.0.contains(&content.default_locale) {
        content.locales.0.push(content.default_locale.clone());
    }
    home_label.apply_to(&mut content.home_label);
    owner.apply_to(&mut content.owner);
    copyright.apply_to(&mut content.copyright);
    copyright_notice.apply_to(&mut content.copyright_notice);
    url_template.apply_to(&mut content.url_template);
    registrations.apply_or_default(&mut content.registrations.0);
    contacts.apply_or_default(&mut content.contacts.0);
    credits.apply_or_default(&mut content.credits.0);
    blocks.apply_or_default(&mut content.blocks.0);
    match identity {
        Patch::Keep => {}
        Patch::Clear => content.identity.0 = Identity::default(),
        Patch::Set(record) => record.apply_to(&mut content.identity.0),
    }
}
