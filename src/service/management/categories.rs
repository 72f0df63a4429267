//! Writing categories: places in a tree, with everything that hangs on them. Who changes one keeps all others out who write
//! articles or categories, so that paths, lists and counts change together.

use super::{Tx, invalid};
use crate::error::{Error, Fault, Resource, Result};
use crate::models::analytics::TotalOf;
use crate::models::category::{Category, parent_path};
use crate::models::hygiene::RecordKind;
use crate::models::managed::{Change, Expected, Managed};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::patch::Patch;
use crate::models::record::CategoryChange;
use crate::models::rules;
use crate::screening::Record;
use crate::store;
use crate::store::articles::affected::{self, Named};
use crate::store::totals::Estate;

type ManagedCategory = Managed<Category>;

/// A page of a site's categories, or of those directly below one, in the order of their positions; an empty one of a site that the
/// caller sees nothing of.
pub fn page(
    tx: &mut Tx<'_>,
    site: &str,
    parent_id: Option<i64>,
    query: PageQuery<(i64, i64)>,
) -> Result<Page<ManagedCategory, (i64, i64)>> {
    tx.allow_somewhere()?;
    let Some(site_id) = tx.visible_site(site)? else {
        return Ok(Page::empty(query.count));
    };
    let items = store::categories::managed_page(
        tx.conn,
        site_id,
        parent_id,
        query.after(),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => store::categories::count(tx.conn, site_id, parent_id)?,
    };
    Ok(Page::cut(
        items,
        query.limit,
        |category| (category.value.position, category.value.id),
        total,
    ))
}

/// One category.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedCategory> {
    let category = find(tx, id)?;
    tx.allow_to_see(category.value.site_id, || missing(id))?;
    Ok(category)
}

/// Makes a category; without a place it comes last among its siblings.
pub fn create(tx: &mut Tx<'_>, record: CategoryChange) -> Result<Change<ManagedCategory>> {
    let CategoryChange {
        site,
        path,
        parent_id,
        slug,
        name,
        position,
    } = record;
    let site_id = tx.site_id(&site)?;
    let (parent, path, pointer) = match path {
        Some(path) => (parent_by_path(tx, site_id, &path)?, path, "/path"),
        None => {
            let parent = match parent_id {
                Patch::Set(id) => Some(parent_by_id(tx, site_id, id)?),
                Patch::Keep | Patch::Clear => None,
            };
            let path = joined(parent.as_ref(), &slug.set().unwrap_or_default());
            (parent, path, "/slug")
        }
    };
    let parent_id = parent.map(|parent| parent.id);
    allow_below(tx, site_id, parent_id)?;
    expect_short(pointer, characters(&path))?;
    expect_free(tx, site_id, &path, pointer)?;
    let position = match position {
        Patch::Set(position) => {
            store::categories::make_room(tx.conn, site_id, parent_id, position, None, tx.now)?;
            position
        }
        Patch::Keep | Patch::Clear => last(tx, site_id, parent_id)? + 1,
    };
    let name = name.set().unwrap_or_default();
    let id =
        store::categories::insert(tx.conn, site_id, parent_id, &path, &name, position, tx.now)?;
    tx.touch(Some(site_id))?;
    Ok(Change::created(screened(tx, id)?))
}

/// Changes a category: its name, its slug, the category above it, its place among its siblings. What is below it comes along,
/// and the paths that they had lead on.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: CategoryChange,
) -> Result<Change<ManagedCategory>> {
    let before = locked(tx, id, expected)?;
    let old = &before.value;
    if record.slug != Patch::Keep
        || record.parent_id != Patch::Keep
        || record.position != Patch::Keep
    {
        // Where it stands, and under which name, is a matter of what is above.
        allow_below(tx, old.site_id, old.parent_id)?;
    }
    let mut category = old.clone();
    rename(tx, &mut category, &record)?;
    if let Patch::Set(name) = record.name {
        category.name = name;
    }
    let has_moved = category.parent_id != old.parent_id;
    match record.position {
        Patch::Set(position) if has_moved || position != old.position => {
            let (site_id, above) = (old.site_id, category.parent_id);
            store::categories::make_room(tx.conn, site_id, above, position, Some(id), tx.now)?;
            category.position = position;
        }
        Patch::Keep if has_moved => {
            category.position = last(tx, old.site_id, category.parent_id)? + 1;
        }
        _ => {}
    }
    if category == *old {
        return Ok(Change::updated(before.clone(), before));
    }
    if category.path != old.path || category.name != old.name {
        affected::touch(tx.conn, Named::Below(id))?;
    }
    if has_moved {
        let lost = store::subtrees::above(tx.conn, id)?;
        let gained = chain(tx, category.parent_id)?;
        store::subtrees::relist(tx.conn, id, &lost, &gained)?;
    }
    if category.path != old.path {
        store::subtrees::touch_menus(tx.conn, id, tx.now)?;
        store::category_paths::retire(tx.conn, id, id, tx.now)?;
        store::subtrees::rename_below(tx.conn, id, &old.path, &category.path, tx.now)?;
    }
    let was_below_held = has_moved && is_below_held(tx, old.parent_id)?;
    store::categories::place(tx.conn, &category, tx.now)?;
    if category.path != old.path {
        store::category_paths::settle(tx.conn, id)?;
    }
    tx.touch(Some(old.site_id))?;
    let after = screened(tx, id)?;
    let is_settled = after.is_held != before.is_held;
    if has_moved && !is_settled && is_below_held(tx, category.parent_id)? != was_below_held {
        tx.resettle(category.site_id)?;
    }
    Ok(Change::updated(before, after))
}

/// Deletes a category. Where something is in it or leads to it, `reassign_to` takes that over.
pub fn delete(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    reassign_to: Option<i64>,
) -> Result<Change<ManagedCategory>> {
    let before = locked(tx, id, expected)?;
    allow_below(tx, before.value.site_id, before.value.parent_id)?;
    // What earlier operations of the same batch are still to add.
    let pending = tx.effects.counts.remove(&id).unwrap_or(0);
    let was_held = is_below_held(tx, Some(id))?;
    match reassign_to {
        Some(heir) => {
            let heir = heir_of(tx, &before.value, heir)?;
            let counted = reassign(tx, &before.value, &heir)?;
            tx.count([(heir.id, counted + pending)].into());
            tx.effects.estates.push(Estate::Inherited {
                of: TotalOf::Category,
                from: id,
                into: heir.id,
            });
        }
        None => {
            expect_unused(tx, &before.value)?;
            let estate = Estate::Forgotten(TotalOf::Category, id);
            tx.effects.estates.push(estate);
        }
    }
    store::categories::delete(tx.conn, id)?;
    store::findings::delete_of(tx.conn, RecordKind::Category, &[id])?;
    tx.touch(Some(before.value.site_id))?;
    if reassign_to.is_some() && is_below_held(tx, reassign_to)? != was_held {
        tx.resettle(before.value.site_id)?;
    }
    Ok(Change::deleted(before))
}

/// Gives `category` the parent and the path that a change asks for, if it can have them.
fn rename(tx: &mut Tx<'_>, category: &mut Category, record: &CategoryChange) -> Result<()> {
    let old = category.clone();
    let wanted = match record.parent_id {
        Patch::Keep => old.parent_id,
        Patch::Clear => None,
        Patch::Set(id) => Some(id),
    };
    let above = match wanted {
        Some(id) if wanted != old.parent_id => {
            let parent = parent_by_id(tx, old.site_id, id)?;
            if chain(tx, wanted)?.contains(&old.id) {
                return Err(invalid(
                    "/parent_id",
                    "circular",
                    "`parent_id` is the category itself or below it; choose one outside of it"
                        .to_owned(),
                ));
            }
            Some(parent.path)
        }
        Some(_) => parent_path(&old.path).map(str::to_owned),
        None => None,
    };
    if wanted != old.parent_id {
        allow_below(tx, old.site_id, wanted)?;
        category.parent_id = wanted;
    }
    let (slug, pointer) = match &record.slug {
        Patch::Set(slug) => (slug.as_str(), "/slug"),
        Patch::Keep | Patch::Clear => (last_part(&old.path), "/parent_id"),
    };
    category.path = match above {
        Some(above) => format!("{above}/{slug}"),
        None => slug.to_owned(),
    };
    if category.path != old.path {
        expect_free(tx, old.site_id, &category.path, pointer)?;
        let longest = store::subtrees::longest_path(tx.conn, old.id)?;
        let grown = longest - characters(&old.path) + characters(&category.path);
        expect_short(pointer, grown)?;
    }
    Ok(())
}

/// The category that is to take over what is in another one or leads to it.
fn heir_of(tx: &mut Tx<'_>, gone: &Category, heir: i64) -> Result<Category> {
    let unfit = |reason: &str| {
        Error::BadParameter(Fault::new(
            "/reassign_to",
            "invalid",
            format!("`reassign_to` {reason}"),
        ))
    };
    let found = store::categories::find_by_id(tx.conn, heir)?
        .filter(|found| found.site_id == gone.site_id)
        .ok_or_else(|| unfit("is no category of this site"))?;
    if chain(tx, Some(heir))?.contains(&gone.id) {
        return Err(unfit(
            "is the category itself or below it; choose one that stays",
        ));
    }
    tx.allow_in_category(found.site_id, found.id)?;
    let gone_place = (gone.id, gone.path.as_str());
    let collision = store::subtrees::collision(tx.conn, gone_place, (found.id, &found.path))?;
    if let Some(path) = collision {
        return Err(Error::Conflict(format!(
            "both categories have one below them that would be `{path}`; rename or merge these first"
        )));
    }
    let longest = store::subtrees::longest_path(tx.conn, gone.id)?;
    let grown = longest - characters(&gone.path) + characters(&found.path);
    match grown > limit() && longest > characters(&gone.path) {
        true => Err(Error::Conflict(format!(
            "a category below it would get a path longer than {} characters; rename it first",
            rules::PATH
        ))),
        false => Ok(found),
    }
}

/// Gives everything in `gone`, below it or leading to it to `heir`; returns how many articles were counted in it.
fn reassign(tx: &mut Tx<'_>, gone: &Category, heir: &Category) -> Result<i64> {
    affected::touch(tx.conn, Named::Below(gone.id))?;
    tx.index_named(Named::Category(gone.id))?;
    store::subtrees::touch_menus(tx.conn, gone.id, tx.now)?;
    let lost = store::subtrees::above(tx.conn, gone.id)?;
    let gained = chain(tx, Some(heir.id))?;
    store::subtrees::relist(tx.conn, gone.id, &lost, &gained)?;
    let last = last(tx, heir.site_id, Some(heir.id))?;
    store::category_paths::retire(tx.conn, gone.id, heir.id, tx.now)?;
    store::category_paths::hand_over(tx.conn, gone.id, heir.id)?;
    store::subtrees::hand_over(
        tx.conn,
        (gone.id, &gone.path),
        (heir.id, &heir.path),
        last,
        tx.now,
    )?;
    store::category_paths::settle(tx.conn, heir.id)?;
    store::subtrees::hand_over_articles(tx.conn, gone.id, heir.id)
}

fn expect_unused(tx: &mut Tx<'_>, category: &Category) -> Result<()> {
    let uses = store::subtrees::uses(tx.conn, category.id)?;
    let named = [
        (uses.categories, "category below it", "categories below it"),
        (uses.articles, "article", "articles"),
        (uses.menu_items, "menu item", "menu items"),
    ];
    let found: Vec<String> = named
        .into_iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, many)| format!("{n} {}", if n == 1 { one } else { many }))
        .collect();
    match found.is_empty() {
        true => Ok(()),
        false => Err(Error::Conflict(format!(
            "the category is in use: it has {}; move or delete these first, or name a category that takes them over with `reassign_to`",
            found.join(", ")
        ))),
    }
}

/// The category above `path`, which must be there; `None` for a path at the top.
fn parent_by_path(tx: &mut Tx<'_>, site_id: i64, path: &str) -> Result<Option<Category>> {
    let Some(above) = parent_path(path) else {
        return Ok(None);
    };
    match store::categories::find(tx.conn, site_id, above)? {
        Some(parent) => Ok(Some(parent)),
        None => Err(invalid(
            "/path",
            "unknown_parent",
            format!(
                "`path` is below `{}`, which is no category of the site; make that one first",
                rules::excerpt(above)
            ),
        )),
    }
}

fn parent_by_id(tx: &mut Tx<'_>, site_id: i64, id: i64) -> Result<Category> {
    let found = store::categories::find_by_id(tx.conn, id)?;
    found
        .filter(|parent| parent.site_id == site_id)
        .ok_or_else(|| {
            invalid(
                "/parent_id",
                "unknown",
                format!("`parent_id` names no category of the site: there is no {id}"),
            )
        })
}

/// Fails unless the caller may make something below a category, or at the top of a site.
fn allow_below(tx: &mut Tx<'_>, site_id: i64, parent_id: Option<i64>) -> Result<()> {
    match parent_id {
        Some(id) => tx.allow_in_category(site_id, id).map(drop),
        None => tx.allow_in_site(site_id),
    }
}

fn expect_free(tx: &mut Tx<'_>, site_id: i64, path: &str, pointer: &str) -> Result<()> {
    match store::categories::find(tx.conn, site_id, path)? {
        None => Ok(()),
        Some(_) => Err(Error::Taken(Fault::new(
            pointer,
            "taken",
            format!("the site has a category at `{path}` already"),
        ))),
    }
}

fn expect_short(pointer: &str, characters: i64) -> Result<()> {
    match characters > limit() {
        true => Err(invalid(
            pointer,
            "too_long",
            format!(
                "the path, or that of a category below it, would be longer than {} characters; shorten the slugs",
                rules::PATH
            ),
        )),
        false => Ok(()),
    }
}

fn limit() -> i64 {
    i64::try_from(rules::PATH).unwrap_or(i64::MAX)
}

fn characters(path: &str) -> i64 {
    i64::try_from(path.chars().count()).unwrap_or(i64::MAX)
}

fn joined(parent: Option<&Category>, slug: &str) -> String {
    match parent {
        Some(parent) => format!("{}/{slug}", parent.path),
        None => slug.to_owned(),
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, slug)| slug)
}

/// The last place among the categories directly below one, or at the top of a site.
fn last(tx: &mut Tx<'_>, site_id: i64, parent_id: Option<i64>) -> Result<i64> {
    store::categories::last_sibling_position(tx.conn, site_id, parent_id)
}

/// The ids of a category and all above it; none for the top.
fn chain(tx: &mut Tx<'_>, id: Option<i64>) -> Result<Vec<i64>> {
    let ids: Vec<i64> = id.into_iter().collect();
    let pairs = store::categories::ancestors(tx.conn, &ids)?;
    Ok(pairs.into_iter().map(|(_, above)| above).collect())
}

/// Whether a category, or one above it, is held back; the top of a site never is.
fn is_below_held(tx: &mut Tx<'_>, id: Option<i64>) -> Result<bool> {
    match id {
        Some(id) => store::categories::is_below_held(tx.conn, id),
        None => Ok(false),
    }
}

/// The category as it is once it was looked at.
fn screened(tx: &mut Tx<'_>, id: i64) -> Result<ManagedCategory> {
    let written = find(tx, id)?;
    tx.screen(&Record::of_category(&written.value))?;
    find(tx, id)
}

/// The category as it stays until the transaction ends, where the caller may change it and expects this version.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ManagedCategory> {
    store::connection::lock(tx.conn, "categories", id)?;
    let category = find(tx, id)?;
    let site_id = category.value.site_id;
    tx.allow_to_see(site_id, || missing(id))?;
    tx.allow_in_category(site_id, id)?;
    expected.check(category.version)?;
    Ok(category)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedCategory> {
    store::categories::find_managed(tx.conn, id)?.ok_or_else(|| missing(id))
}

fn missing(id: i64) -> Error {
    Error::not_found(Resource::Category, id)
}
