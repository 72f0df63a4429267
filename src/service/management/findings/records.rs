//! Sites, categories, topics, menus, groups of links and files that are mended, each by the use case that changes it in any case.

use super::Tx;
use super::repair::{Mended, Repair};
use crate::error::{Error, Result};
use crate::hygiene::repair::Mender;
use crate::models::hygiene::RecordKind;
use crate::models::managed::{Change, Expected, Managed};
use crate::models::media::ManagedMedia;
use crate::models::menu::PlacedItem;
use crate::models::patch::Patch;
use crate::models::record::{
    CategoryChange, LinkGroupRecord, MediaRecord, MenuEntry, MenuRecord, SiteRecord, TopicRecord,
};
use crate::models::repair::{MemberChange, RepairedRecord};
use crate::models::site::SiteContent;
use crate::service::management::{categories, link_groups, media, menus, sites, topics};
use crate::store;

/// Mends a record that is no article.
pub(super) fn mend_record(
    tx: &mut Tx<'_>,
    repair: &mut Repair,
    kind: RecordKind,
    id: i64,
) -> Result<()> {
    match kind {
        RecordKind::Site => {
            let before = sites::get(tx, id)?;
            let mut content = before.value.content.clone();
            let Some(changes) = mended(repair, kind, id, |mender| mender.site(&mut content)) else {
                return Ok(());
            };
            let change = sites::update(tx, id, &Expected::Any, site_record(content))?;
            report(tx, repair, kind, changes, &change, |site| {
                site.content.name.clone()
            })?;
            (repair.note)(tx, Mended::Site(Box::new(change)))
        }
        RecordKind::Category => {
            let before = categories::get(tx, id)?;
            let mut category = before.value.clone();
            let changes = mended(repair, kind, id, |mender| mender.category(&mut category));
            let Some(changes) = changes else {
                return Ok(());
            };
            let record = CategoryChange {
                name: Patch::Set(category.name),
                ..CategoryChange::default()
            };
            let change = categories::update(tx, id, &Expected::Any, record)?;
            report(tx, repair, kind, changes, &change, |category| {
                category.name.clone()
            })?;
            (repair.note)(tx, Mended::Category(change))
        }
        RecordKind::Topic => {
            let before = topics::get(tx, id)?;
            let mut topic = before.value.clone();
            let Some(changes) = mended(repair, kind, id, |mender| mender.topic(&mut topic)) else {
                return Ok(());
            };
            let record = TopicRecord {
                title: Patch::Set(topic.title),
                ..TopicRecord::default()
            };
            let change = topics::update(tx, id, &Expected::Any, record)?;
            report(tx, repair, kind, changes, &change, |topic| {
                topic.title.clone()
            })?;
            (repair.note)(tx, Mended::Topic(change))
        }
        RecordKind::Menu => {
            let before = menus::get(tx, id)?;
            let mut menu = before.value.clone();
            let Some(changes) = mended(repair, kind, id, |mender| mender.menu(&mut menu)) else {
                return Ok(());
            };
            let record = MenuRecord {
                items: Patch::Set(menu.items.into_iter().map(entry).collect()),
                ..MenuRecord::default()
            };
            let change = menus::update(tx, id, &Expected::Any, record)?;
            report(tx, repair, kind, changes, &change, |menu| menu.key.clone())?;
            (repair.note)(tx, Mended::Menu(change))
        }
        RecordKind::LinkGroup => {
            let before = link_groups::get(tx, id)?;
            let mut group = before.value.clone();
            let changes = mended(repair, kind, id, |mender| mender.link_group(&mut group));
            let Some(changes) = changes else {
                return Ok(());
            };
            let record = LinkGroupRecord {
                title: Patch::Set(group.title),
                links: Patch::Set(group.links.0),
                ..LinkGroupRecord::default()
            };
            let change = link_groups::update(tx, id, &Expected::Any, record)?;
            report(tx, repair, kind, changes, &change, |group| {
                group.title.clone()
            })?;
            (repair.note)(tx, Mended::LinkGroup(change))
        }
        RecordKind::Media => {
            let before: ManagedMedia = media::get(tx, id)?;
            let mut file = before.media.value.clone();
            let Some(changes) = mended(repair, kind, id, |mender| mender.media(&mut file)) else {
                return Ok(());
            };
            let record = MediaRecord {
                site: None,
                name: Patch::Set(file.name),
                alt: file.alt.map_or(Patch::Clear, Patch::Set),
            };
            let change = media::update(tx, id, &Expected::Any, record)?;
            let after = change.after.as_ref().map(|file| file.media.clone());
            let shown = Change {
                before: None,
                after,
            };
            report(tx, repair, kind, changes, &shown, |file| file.name.clone())?;
            (repair.note)(tx, Mended::Media(Box::new(change)))
        }
        // Sources belong to no site, and articles are mended together.
        RecordKind::Source | RecordKind::Article => Ok(()),
    }
}

/// What is changed in a record; `None` where nothing is.
fn mended(
    repair: &mut Repair,
    kind: RecordKind,
    id: i64,
    mend: impl FnOnce(&mut Mender<'_>),
) -> Option<Vec<MemberChange>> {
    let mut mender = repair.mender(kind, id);
    mend(&mut mender);
    mender.finish();
    let (changes, replaced, refusals) = (mender.changes, mender.replaced, mender.refusals);
    let is_possible = refusals.is_empty();
    repair.count(replaced, refusals);
    (is_possible && !changes.is_empty()).then_some(changes)
}

/// Tells what was done to a record.
fn report<T>(
    tx: &mut Tx<'_>,
    repair: &mut Repair,
    kind: RecordKind,
    changes: Vec<MemberChange>,
    change: &Change<Managed<T>>,
    title: impl Fn(&T) -> String,
) -> Result<()>
where
    T: Identified,
{
    let after = change
        .after
        .as_ref()
        .ok_or_else(|| Error::internal("a record that was mended is gone"))?;
    let id = after.value.id();
    let kept = store::findings::of_records(tx.conn, kind, &[id])?;
    repair.tell(RepairedRecord {
        kind,
        record_id: id,
        site: repair.site.clone(),
        title: title(&after.value),
        status: None,
        held_status: None,
        is_held: kept.iter().any(|finding| finding.is_holding()),
        version: after.version,
        open_findings: kept.iter().filter(|finding| !finding.is_dismissed).count(),
        slug: None,
        changes,
    });
    Ok(())
}

/// What has an id.
trait Identified {
    fn id(&self) -> i64;
}

macro_rules! identified {
    ($($type:path)*) => {
        $(impl Identified for $type {
            fn id(&self) -> i64 {
                self.id
            }
        })*
    };
}
identified! {
    crate::models::site::Site
    crate::models::category::Category
    crate::models::topic::Topic
    crate::models::menu::Menu
    crate::models::link_group::LinkGroup
    crate::models::media::Media
}

/// Everything that a site says, as a change.
fn site_record(content: SiteContent) -> SiteRecord {
    let SiteContent {
        name,
        default_locale: _,
        locales: _,
        utc_offset: _,
        home_label,
        owner,
        copyright,
        copyright_notice,
        url_template,
        registrations,
        contacts,
        credits,
        blocks,
        identity: _,
        script_variants: _,
    } = content;
    let said = |text: Option<String>| text.map_or(Patch::Clear, Patch::Set);
    SiteRecord {
        name: Patch::Set(name),
        home_label: said(home_label),
        owner: said(owner),
        copyright: said(copyright),
        copyright_notice: said(copyright_notice),
        url_template: said(url_template),
        registrations: Patch::Set(registrations.0),
        contacts: Patch::Set(contacts.0),
        credits: Patch::Set(credits.0),
        blocks: Patch::Set(blocks.0),
        ..SiteRecord::default()
    }
}

/// A stored item of a menu, as a request names it.
fn entry(item: PlacedItem) -> MenuEntry {
    let PlacedItem {
        depth,
        label,
        url,
        category,
    } = item;
    MenuEntry {
        depth,
        label,
        url,
        category,
        member: String::new(),
        pointer: String::new(),
    }
}
