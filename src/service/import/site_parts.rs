//! Everything of a portal file but the articles: each record is compared with what is stored and written where it
//! differs.

use super::former_paths::Place;
use super::{Ordered, Outcome, Refusal, Run, SiteRef, fault, required};
use crate::hygiene::{pieces, surroundings};
use crate::models::category::{Category, parent_path};
use crate::models::json::Doc;
use crate::models::link_group::LinkGroup;
use crate::models::menu::{Menu, MenuItem, PlacedItem};
use crate::models::patch::Patch;
use crate::models::record::{
    CategoryRecord, LinkGroupRecord, MenuEntry, MenuRecord, ScriptPhraseRecord, SiteRecord,
    SourceRecord, TopicRecord,
};
use crate::models::rules;
use crate::models::script_phrase::{PhraseDirection, ScriptPhrase};
use crate::models::site::{Identity, Site, SiteContent};
use crate::models::source::Source;
use crate::models::topic::Topic;
use crate::screening::Record;
use crate::store::articles::affected::Named;
use crate::store::{self, Conn};

/// The value of a member that a new record must have.
fn needed<T>(patch: Patch<T>, member: &str) -> Result<T, Refusal> {
    match patch {
        Patch::Set(value) => Ok(value),
        Patch::Keep | Patch::Clear => Err(required(member)),
    }
}

/// The value of a member that a stored record already has.
fn or_stored<T: Clone>(patch: Patch<T>, stored: &T) -> T {
    match patch {
        Patch::Set(value) => value,
        Patch::Keep | Patch::Clear => stored.clone(),
    }
}

impl Run {
    pub(super) fn site(&mut self, conn: &mut Conn, record: SiteRecord) -> Result<Outcome, Refusal> {
        let SiteRecord {
            slug,
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
            visitors,
        } = record;
        let stored = store::sites::find(conn, &slug)?;
        let mut content = match &stored {
            Some(site) => SiteContent {
                name: or_stored(name, &site.content.name),
                default_locale: or_stored(default_locale, &site.content.default_locale),
                utc_offset: or_stored(utc_offset, &site.content.utc_offset),
                script_variants: or_stored(script_variants, &site.content.script_variants),
                ..site.content.clone()
            },
            None => SiteContent {
                name: needed(name, "name")?,
                default_locale: needed(default_locale, "default_locale")?,
                utc_offset: needed(utc_offset, "utc_offset")?,
                locales: Doc(Vec::new()),
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
                script_variants: or_stored(script_variants, &true),
            },
        };
        locales.apply_or_default(&mut content.locales.0);
        if content.locales.0.is_empty() {
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
        let known = stored.as_ref().map(|site| surroundings(&site.content));
        let (id, outcome) = match stored {
            None => (
                store::sites::insert(conn, &slug, &content, visitors, self.now)?,
                Outcome::Created,
            ),
            Some(site) if site.content == content => (site.id, Outcome::Unchanged),
            Some(site) => {
                store::sites::update(conn, site.id, &content, self.now)?;
                (site.id, Outcome::Updated)
            }
        };
        if !matches!(outcome, Outcome::Unchanged) {
            let site = Site {
                id,
                slug: slug.clone(),
                content,
                version: 0,
                updated_at: self.now,
            };
            self.screen(conn, &Record::of_site(&site))?;
            if known.is_some_and(|known| known != surroundings(&site.content)) {
                // What its articles say is compared with what it is called, and where it lives.
                self.settle_site(conn, id)?;
            }
        }
        self.sites.insert(slug, Some(SiteRef { id }));
        Ok(outcome)
    }

    pub(super) fn source(
        &mut self,
        conn: &mut Conn,
        record: SourceRecord,
    ) -> Result<Outcome, Refusal> {
        let SourceRecord { slug, name, url } = record;
        let Some(stored) = store::sources::find_by_slug(conn, &slug)? else {
            let name = needed(name, "name")?;
            let mut address = None;
            url.apply_to(&mut address);
            let id = store::sources::insert(conn, &slug, &name, address.as_deref(), self.now)?;
            let source = Source {
                id,
                slug,
                name,
                url: address,
            };
            self.screen(conn, &Record::of_source(&source))?;
            return Ok(Outcome::Created);
        };
        let mut source = Source {
            name: or_stored(name, &stored.name),
            ..stored.clone()
        };
        url.apply_to(&mut source.url);
        if source == stored {
            return Ok(Outcome::Unchanged);
        }
        store::sources::update(conn, &source, self.now)?;
        if source.name != stored.name {
            self.renamed.push(Named::Source(source.id));
        }
        self.screen(conn, &Record::of_source(&source))?;
        Ok(Outcome::Updated)
    }

    pub(super) fn category(
        &mut self,
        conn: &mut Conn,
        record: CategoryRecord,
    ) -> Result<Outcome, Refusal> {
        let CategoryRecord {
            site,
            path,
            name,
            former_paths,
        } = record;
        let site = self.site_of(conn, &site)?;
        let stored = store::categories::find(conn, site.id, &path)?;
        let own = stored.as_ref().map(|c| c.position);
        let position = self.position(Ordered::Category, site.id, own, || {
            store::categories::last_position(conn, site.id)
        })?;
        let Some(stored) = stored else {
            let name = needed(name, "name")?;
            let parent_id = match parent_path(&path) {
                None => None,
                Some(parent) => Some(
                    store::categories::find(conn, site.id, parent)?
                        .ok_or_else(|| {
                            fault("path", format!("no category `{parent}`: the parent's record must come before this line"))
                        })?
                        .id,
                ),
            };
            let (site_id, now) = (site.id, self.now);
            let id =
                store::categories::insert(conn, site_id, parent_id, &path, &name, position, now)?;
            let place = Place {
                site_id,
                id,
                path: &path,
            };
            self.former_paths(conn, place, former_paths)?;
            let category = Category {
                id,
                site_id,
                parent_id,
                path,
                name,
                position,
            };
            self.screen(conn, &Record::of_category(&category))?;
            return Ok(Outcome::Created);
        };
        let place = Place {
            site_id: site.id,
            id: stored.id,
            path: &path,
        };
        let has_moved = self.former_paths(conn, place, former_paths)?;
        let mut category = stored.clone();
        category.name = or_stored(name, &stored.name);
        category.position = position;
        if category == stored {
            return Ok(match has_moved {
                true => Outcome::Updated,
                false => Outcome::Unchanged,
            });
        }
        store::categories::update(conn, &category, self.now)?;
        self.screen(conn, &Record::of_category(&category))?;
        Ok(Outcome::Updated)
    }

    pub(super) fn menu(&mut self, conn: &mut Conn, record: MenuRecord) -> Result<Outcome, Refusal> {
        let MenuRecord { site, key, items } = record;
        let site = self.site_of(conn, &site)?;
        let stored = store::menus::find(conn, site.id, &key)?;
        let entries = match (items, stored) {
            (Patch::Set(entries), _) => entries,
            (Patch::Clear, _) => Vec::new(),
            (Patch::Keep, Some(_)) => return Ok(Outcome::Unchanged),
            (Patch::Keep, None) => return Err(required("items")),
        };
        let mut wanted = menu_items(conn, site.id, entries)?;
        let (menu_id, outcome) = match stored {
            Some(id) => (id, Outcome::Updated),
            None => (
                store::menus::insert(conn, site.id, &key, self.now)?,
                Outcome::Created,
            ),
        };
        wanted.iter_mut().for_each(|item| item.menu_id = menu_id);
        if stored.is_some() && store::menus::items(conn, menu_id)? == wanted {
            return Ok(Outcome::Unchanged);
        }
        store::menus::replace_items(conn, menu_id, &wanted, self.now)?;
        let menu = Menu {
            id: menu_id,
            site_id: site.id,
            key,
            items: wanted.into_iter().map(placed).collect(),
        };
        self.screen(conn, &Record::of_menu(&menu))?;
        Ok(outcome)
    }

    pub(super) fn link_group(
        &mut self,
        conn: &mut Conn,
        record: LinkGroupRecord,
    ) -> Result<Outcome, Refusal> {
        let LinkGroupRecord {
            site,
            key,
            title,
            links,
            position: _,
        } = record;
        let site = self.site_of(conn, &site)?;
        let stored = store::link_groups::find(conn, site.id, &key)?;
        let own = stored.as_ref().map(|g| g.position);
        let position = self.position(Ordered::LinkGroup, site.id, own, || {
            store::link_groups::last_position(conn, site.id)
        })?;
        let Some(stored) = stored else {
            let title = needed(title, "title")?;
            let mut list = Vec::new();
            links.apply_or_default(&mut list);
            let (site_id, now, links) = (site.id, self.now, Doc(list));
            let id =
                store::link_groups::insert(conn, site_id, &key, &title, &links, position, now)?;
            let group = LinkGroup {
                id,
                site_id,
                key,
                title,
                links,
                position,
            };
            self.screen(conn, &Record::of_link_group(&group))?;
            return Ok(Outcome::Created);
        };
        let mut group = LinkGroup {
            title: or_stored(title, &stored.title),
            position,
            ..stored.clone()
        };
        links.apply_or_default(&mut group.links.0);
        if group == stored {
            return Ok(Outcome::Unchanged);
        }
        store::link_groups::update(conn, &group, self.now)?;
        self.screen(conn, &Record::of_link_group(&group))?;
        Ok(Outcome::Updated)
    }

    pub(super) fn script_phrase(
        &mut self,
        conn: &mut Conn,
        record: ScriptPhraseRecord,
    ) -> Result<Outcome, Refusal> {
        let ScriptPhraseRecord {
            site,
            hans,
            hant,
            direction,
            note,
        } = record;
        let site = self.site_of(conn, &site)?;
        let (hans, hant) = (needed(hans, "hans")?, needed(hant, "hant")?);
        let direction = direction.map(|direction| direction.as_str().to_owned());
        let Some(stored) = store::script_phrases::find(conn, site.id, &hans, &hant)? else {
            if store::script_phrases::count(conn, site.id)? >= rules::SCRIPT_PHRASES {
                return Err(fault(
                    "",
                    format!(
                        "the site has {} script phrases, and more are not allowed",
                        rules::SCRIPT_PHRASES
                    ),
                ));
            }
            let mut phrase = ScriptPhrase {
                id: 0,
                site_id: site.id,
                hans,
                hant,
                direction: or_stored(direction, &PhraseDirection::Both.as_str().to_owned()),
                note: None,
            };
            note.apply_to(&mut phrase.note);
            self.expect_clean(conn, &phrase)?;
            store::script_phrases::insert(conn, &phrase, self.now)?;
            return Ok(Outcome::Created);
        };
        let mut phrase = ScriptPhrase {
            direction: or_stored(direction, &stored.direction),
            ..stored.clone()
        };
        note.apply_to(&mut phrase.note);
        if phrase == stored {
            return Ok(Outcome::Unchanged);
        }
        self.expect_clean(conn, &phrase)?;
        store::script_phrases::update(conn, &phrase, self.now)?;
        Ok(Outcome::Updated)
    }

    /// What readers are to get in the place of other words is not held back, but refused.
    fn expect_clean(&mut self, conn: &mut Conn, phrase: &ScriptPhrase) -> Result<(), Refusal> {
        let pieces = pieces::of_script_phrase(phrase);
        let spoilt = self.with_screen(conn, |screen, conn| {
            screen.spoilt(conn, phrase.site_id, &pieces)
        })?;
        match spoilt.into_iter().next() {
            None => Ok(()),
            Some((field, rule)) => Err(fault(
                field.trim_start_matches('/'),
                format!("holds what the hygiene rule `{rule}` blocks; write something else"),
            )),
        }
    }

    pub(super) fn topic(
        &mut self,
        conn: &mut Conn,
        record: TopicRecord,
    ) -> Result<Outcome, Refusal> {
        let TopicRecord {
            site,
            key,
            title,
            year,
            position: _,
        } = record;
        let site = self.site_of(conn, &site)?;
        let stored = store::topics::find(conn, site.id, &key)?;
        let own = stored.as_ref().map(|t| t.position);
        let position = self.position(Ordered::Topic, site.id, own, || {
            store::topics::last_position(conn, site.id)
        })?;
        let Some(stored) = stored else {
            let title = needed(title, "title")?;
            let mut number = None;
            year.apply_to(&mut number);
            let (site_id, now) = (site.id, self.now);
            let id = store::topics::insert(conn, site_id, &key, &title, number, position, now)?;
            let topic = Topic {
                id,
                site_id,
                key,
                title,
                year: number,
                position,
            };
            self.screen(conn, &Record::of_topic(&topic))?;
            return Ok(Outcome::Created);
        };
        let mut topic = Topic {
            title: or_stored(title, &stored.title),
            position,
            ..stored.clone()
        };
        year.apply_to(&mut topic.year);
        if topic == stored {
            return Ok(Outcome::Unchanged);
        }
        store::topics::update(conn, &topic, self.now)?;
        if topic.title != stored.title {
            self.renamed.push(Named::Topic(topic.id));
        }
        self.screen(conn, &Record::of_topic(&topic))?;
        Ok(Outcome::Updated)
    }
}

/// An item as it is looked at, whatever it leads to.
fn placed(item: MenuItem) -> PlacedItem {
    let MenuItem {
        menu_id: _,
        position: _,
        depth,
        label,
        url,
        category_id: _,
    } = item;
    PlacedItem {
        depth,
        label,
        url,
        category: None,
    }
}

/// The items with their categories looked up; the menu's id is filled in later.
fn menu_items(
    conn: &mut Conn,
    site_id: i64,
    entries: Vec<MenuEntry>,
) -> Result<Vec<MenuItem>, Refusal> {
    let mut paths: Vec<String> = entries.iter().filter_map(|e| e.category.clone()).collect();
    paths.sort_unstable();
    paths.dedup();
    let known: std::collections::HashMap<String, i64> =
        store::categories::ids(conn, site_id, &paths)?
            .into_iter()
            .collect();
    (0..)
        .zip(entries)
        .map(|(position, entry)| {
            let category_id = match &entry.category {
                None => None,
                Some(path) => Some(*known.get(path).ok_or_else(|| {
                    fault(
                        format!("{}.category", entry.member),
                        format!("no category `{path}` in this site"),
                    )
                })?),
            };
            Ok(MenuItem {
                menu_id: 0,
                position,
                depth: entry.depth,
                label: entry.label,
                url: entry.url,
                category_id,
            })
        })
        .collect()
}
