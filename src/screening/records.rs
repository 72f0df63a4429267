//! Everything that is looked at but articles: it is looked at once it is written, in the same transaction.

use std::collections::BTreeMap;

use super::{Screen, Verdict};
use crate::error::{Error, Result};
use crate::hygiene::{self, pieces};
use crate::models::category::Category;
use crate::models::hygiene::{Piece, RecordKind, Severity, Surroundings};
use crate::models::link_group::LinkGroup;
use crate::models::media::Media;
use crate::models::menu::Menu;
use crate::models::site::Site;
use crate::models::source::Source;
use crate::models::time::Ts;
use crate::models::topic::Topic;
use crate::store::{self, Conn};

/// A record to look at.
pub struct Record<'a> {
    /// What it is.
    pub kind: RecordKind,
    /// Its id.
    pub id: i64,
    /// The site it belongs to; of a site, itself.
    pub site_id: Option<i64>,
    /// What it says.
    pub pieces: Vec<Piece<'a>>,
}

impl<'a> Record<'a> {
    /// A site.
    pub fn of_site(site: &'a Site) -> Self {
        Self {
            kind: RecordKind::Site,
            id: site.id,
            site_id: Some(site.id),
            pieces: pieces::of_site(&site.slug, &site.content),
        }
    }

    /// A category.
    pub fn of_category(category: &'a Category) -> Self {
        Self {
            kind: RecordKind::Category,
            id: category.id,
            site_id: Some(category.site_id),
            pieces: pieces::of_category(category),
        }
    }

    /// A topic.
    pub fn of_topic(topic: &'a Topic) -> Self {
        Self {
            kind: RecordKind::Topic,
            id: topic.id,
            site_id: Some(topic.site_id),
            pieces: pieces::of_topic(topic),
        }
    }

    /// A source.
    pub fn of_source(source: &'a Source) -> Self {
        Self {
            kind: RecordKind::Source,
            id: source.id,
            site_id: None,
            pieces: pieces::of_source(source),
        }
    }

    /// A menu.
    pub fn of_menu(menu: &'a Menu) -> Self {
        Self {
            kind: RecordKind::Menu,
            id: menu.id,
            site_id: Some(menu.site_id),
            pieces: pieces::of_menu(menu),
        }
    }

    /// A group of links.
    pub fn of_link_group(group: &'a LinkGroup) -> Self {
        Self {
            kind: RecordKind::LinkGroup,
            id: group.id,
            site_id: Some(group.site_id),
            pieces: pieces::of_link_group(group),
        }
    }

    /// A file.
    pub fn of_media(media: &'a Media) -> Self {
        Self {
            kind: RecordKind::Media,
            id: media.id,
            site_id: media.site_id,
            pieces: pieces::of_media(media),
        }
    }
}

/// Records of a kind as they are stored, by id.
#[derive(Debug)]
pub(super) enum Stored {
    Sites(Vec<Site>),
    Categories(Vec<Category>),
    Topics(Vec<Topic>),
    Sources(Vec<Source>),
    Menus(Vec<Menu>),
    LinkGroups(Vec<LinkGroup>),
    Media(Vec<Media>),
}

impl Stored {
    /// What there is to look at.
    pub(super) fn records(&self) -> Vec<Record<'_>> {
        match self {
            Self::Sites(all) => all.iter().map(Record::of_site).collect(),
            Self::Categories(all) => all.iter().map(Record::of_category).collect(),
            Self::Topics(all) => all.iter().map(Record::of_topic).collect(),
            Self::Sources(all) => all.iter().map(Record::of_source).collect(),
            Self::Menus(all) => all.iter().map(Record::of_menu).collect(),
            Self::LinkGroups(all) => all.iter().map(Record::of_link_group).collect(),
            Self::Media(all) => all.iter().map(Record::of_media).collect(),
        }
    }
}

/// Those of a kind (not articles) behind `after`, by id, `limit` at most; of a site where one is given (sources belong to none).
pub(super) fn stored(
    conn: &mut Conn,
    kind: RecordKind,
    site_id: Option<i64>,
    after: i64,
    limit: i64,
) -> Result<Stored> {
    let ids = store::holds::page_of_ids(conn, kind, site_id, after, limit)?;
    stored_ones(conn, kind, &ids)
}

/// These of a kind.
pub(super) fn stored_ones(conn: &mut Conn, kind: RecordKind, ids: &[i64]) -> Result<Stored> {
    fn by_id<T>(mut all: Vec<T>, id: impl Fn(&T) -> i64) -> Vec<T> {
        all.sort_unstable_by_key(id);
        all
    }
    Ok(match kind {
        RecordKind::Article => return Err(Error::internal("articles are not looked at like this")),
        RecordKind::Site => Stored::Sites(by_id(store::sites::find_all(conn, ids)?, |s| s.id)),
        RecordKind::Category => {
            Stored::Categories(by_id(store::categories::find_all(conn, ids)?, |c| c.id))
        }
        RecordKind::Topic => Stored::Topics(by_id(store::topics::find_all(conn, ids)?, |t| t.id)),
        RecordKind::Source => {
            Stored::Sources(by_id(store::sources::find_all(conn, ids)?, |s| s.id))
        }
        RecordKind::Menu => Stored::Menus(by_id(store::menus::find_all(conn, ids)?, |m| m.id)),
        RecordKind::LinkGroup => {
            Stored::LinkGroups(by_id(store::link_groups::find_all(conn, ids)?, |g| g.id))
        }
        RecordKind::Media => Stored::Media(by_id(store::media::find_all(conn, ids)?, |m| m.id)),
    })
}

/// What looking at a record came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it is held back.
    pub is_held: bool,
    /// Whether it is held back now and was not, or the other way round.
    pub has_changed: bool,
    /// Open findings that hold it back.
    pub blocks: usize,
    /// Open findings that somebody should look at.
    pub reviews: usize,
}

impl Screen {
    /// Looks at a record that was written, keeps what is found, and holds it back or not.
    pub fn record(&mut self, conn: &mut Conn, record: &Record<'_>, now: Ts) -> Result<Outcome> {
        let Record {
            kind,
            id,
            site_id,
            pieces,
        } = record;
        let rules = self.rules.clone();
        let found = match site_id {
            Some(site_id) => {
                if *kind == RecordKind::Site {
                    self.forget(*site_id);
                }
                hygiene::scan(&rules.set, &self.site(conn, *site_id)?.around, pieces)
            }
            None => hygiene::scan(&rules.set, &Surroundings::default(), pieces),
        };
        let known = store::findings::of_records(conn, *kind, &[*id])?;
        let verdict = Verdict::new(found, known, |_| false);
        let (blocks, reviews) = (verdict.blocks, verdict.reviews);
        let (new, gone) = verdict.findings(&rules, *kind, *id, *site_id, now);
        store::findings::delete(conn, &gone)?;
        store::findings::insert(conn, &new)?;
        let is_held = blocks > 0;
        let has_changed = store::holds::set(conn, *kind, *id, is_held)?;
        if let Some(site_id) = site_id {
            let has_place = *kind == RecordKind::Category && self.has_held_categories(*site_id);
            if has_changed || has_place {
                // A category may be new below one that is held back.
                self.forget(*site_id);
            }
        }
        Ok(Outcome {
            is_held,
            has_changed,
            blocks,
            reviews,
        })
    }

    /// Which texts of a site that are no record of their own would hold one back, and by which rule: member and key, each member once.
    pub fn spoilt(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        pieces: &[Piece<'_>],
    ) -> Result<Vec<(String, String)>> {
        let rules = self.rules.clone();
        let found = hygiene::scan(&rules.set, &self.site(conn, site_id)?.around, pieces);
        let blocking = found
            .into_iter()
            .filter(|found| found.severity == Severity::Block);
        let by_member: BTreeMap<String, String> =
            blocking.map(|found| (found.field, found.rule)).collect();
        Ok(by_member.into_iter().collect())
    }

    /// Whether categories of a site that was looked up are held back.
    fn has_held_categories(&self, site_id: i64) -> bool {
        let known = self.sites.get(&site_id);
        known.is_some_and(|site| !site.held_categories.is_empty())
    }
}
