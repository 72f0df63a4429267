//! Repair of injected text, in one article or in a whole site. What changes in a text is for `hygiene::repair` to say.

use std::collections::{BTreeMap, BTreeSet};

use super::mending::mend_articles;
use super::records::mend_record;
use super::{TOGETHER, Tx};
use crate::error::{Error, Fault, Result};
use crate::hygiene::repair::{Cut, Mender, Pair, Refusal};
use crate::models::access::{Role, Scope};
use crate::models::article::ManagedArticle;
use crate::models::category::Category;
use crate::models::hygiene::{Finding, RecordKind};
use crate::models::link_group::LinkGroup;
use crate::models::managed::{Change, Managed};
use crate::models::media::ManagedMedia;
use crate::models::menu::Menu;
use crate::models::repair::{RepairRecord, RepairReport, RepairTarget, RepairedRecord};
use crate::models::site::Site;
use crate::models::topic::Topic;
use crate::service::management::{forbidden, invalid};
use crate::store;

/// Articles that one call changes at most.
const MOST: usize = 5_000;

/// Bytes of bodies that one call changes, give or take those that are looked at together: it is one transaction, and others wait for it.
const MOST_BYTES: usize = 32 << 20;

/// Bytes of texts that are told run by run; of what comes behind it is told how many places changed.
const TOLD: usize = 4 << 20;

/// A record that was mended, as it was and as it is.
#[derive(Debug)]
pub enum Mended {
    /// An article.
    Article(Box<Change<ManagedArticle>>),
    /// A site.
    Site(Box<Change<Managed<Site>>>),
    /// A category.
    Category(Change<Managed<Category>>),
    /// A topic.
    Topic(Change<Managed<Topic>>),
    /// A menu.
    Menu(Change<Managed<Menu>>),
    /// A group of links.
    LinkGroup(Change<Managed<LinkGroup>>),
    /// A file.
    Media(Box<Change<ManagedMedia>>),
}

/// What is done with a record that was mended, such as noting it for the audit log.
pub type Note = fn(&mut Tx<'_>, Mended) -> Result<()>;

/// Takes injected text out, or replaces it; or only says what that would come to.
pub fn repair(tx: &mut Tx<'_>, wanted: RepairRecord, note: Note) -> Result<RepairReport> {
    match wanted.is_dry {
        true => tx.rehearse(|tx| mend(tx, &wanted, note)),
        false => mend(tx, &wanted, note),
    }
}

/// Findings by the records that they are in, with their places in the request.
type Named = BTreeMap<(RecordKind, i64), Vec<(usize, Finding)>>;

/// What is to be done, and what came of it so far.
pub(super) struct Repair {
    pairs: Vec<Pair>,
    cuts: Named,
    pub(super) site: String,
    pub(super) site_id: i64,
    pub(super) note: Note,
    faults: Vec<Fault>,
    replaced: usize,
    records: Vec<RepairedRecord>,
    room: usize,
    /// How many articles are others now.
    pub(super) changed: usize,
    /// Bytes of their bodies.
    pub(super) changed_bytes: usize,
}

impl Repair {
    /// What mends one record.
    pub(super) fn mender(&self, kind: RecordKind, id: i64) -> Mender<'_> {
        let cuts = self.cuts.get(&(kind, id)).map_or(&[][..], Vec::as_slice);
        let cuts = cuts.iter().map(|(place, finding)| Cut {
            place: *place,
            found: &finding.found,
        });
        Mender::new(&self.pairs, cuts)
    }

    /// Whether something is to be cut from a record.
    pub(super) fn is_named(&self, kind: RecordKind, id: i64) -> bool {
        self.cuts.contains_key(&(kind, id))
    }

    /// What of a record is to be cut and is not stored: it stands until it is cut.
    pub(super) fn never_stored(&self, kind: RecordKind, ids: &[i64]) -> Vec<i64> {
        let cuts = ids.iter().filter_map(|id| self.cuts.get(&(kind, *id)));
        let findings = cuts.flatten().map(|(_, finding)| finding);
        findings
            .filter(|finding| !finding.found.is_stored)
            .map(|finding| finding.id)
            .collect()
    }

    /// Notes what came of mending a record: how many places were replaced, and why it could not be done.
    pub(super) fn count(&mut self, replaced: usize, refusals: Vec<Refusal>) {
        self.replaced += replaced;
        self.faults
            .extend(refusals.into_iter().map(|refusal| match refusal.place {
                Some(at) => Fault::new(
                    format!("/cut/{at}"),
                    "invalid",
                    format!("`cut[{at}]` {}", refusal.reason),
                ),
                None => Fault::new(
                    "/replace",
                    "invalid",
                    format!("`replace` {}", refusal.reason),
                ),
            }));
    }

    /// Tells of a record that was mended.
    pub(super) fn tell(&mut self, mut record: RepairedRecord) {
        for change in &mut record.changes {
            let length = change
                .segments
                .iter()
                .map(|segment| segment.text.len())
                .sum();
            match self.room.checked_sub(length) {
                Some(left) => self.room = left,
                None => change.segments.clear(),
            }
        }
        self.records.push(record);
    }

    fn expect_possible(&mut self) -> Result<()> {
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(Error::Invalid(std::mem::take(&mut self.faults))),
        }
    }
}

fn mend(tx: &mut Tx<'_>, wanted: &RepairRecord, note: Note) -> Result<RepairReport> {
    let (site_id, site, article_id) = place(tx, &wanted.target)?;
    let mut repair = Repair {
        pairs: pairs(&wanted.replace)?,
        cuts: cuts(tx, &wanted.cut, site_id, article_id)?,
        site,
        site_id,
        note,
        faults: Vec::new(),
        replaced: 0,
        records: Vec::new(),
        room: TOLD,
        changed: 0,
        changed_bytes: 0,
    };
    let remaining = match article_id {
        Some(id) => {
            mend_articles(tx, &mut repair, &[id])?;
            0
        }
        None => {
            // First what the articles are judged by.
            let mut others: BTreeSet<(RecordKind, i64)> = repair.cuts.keys().copied().collect();
            if !repair.pairs.is_empty() {
                others.insert((RecordKind::Site, site_id));
                others.extend(store::findings::open_records(tx.conn, site_id)?);
            }
            for (kind, id) in others {
                mend_record(tx, &mut repair, kind, id)?;
            }
            repair.expect_possible()?;
            every_article(tx, &mut repair)?
        }
    };
    repair.expect_possible()?;
    Ok(RepairReport {
        is_dry: wanted.is_dry,
        replaced: repair.replaced,
        cut: wanted.cut.len(),
        remaining,
        records: repair.records,
    })
}

/// Mends the articles of a site that something is to be cut from, and where phrases are to be replaced those with open findings. Returns how many of
/// these are left to another call.
fn every_article(tx: &mut Tx<'_>, repair: &mut Repair) -> Result<i64> {
    let named: Vec<i64> = repair
        .cuts
        .keys()
        .filter(|(kind, _)| *kind == RecordKind::Article)
        .map(|(_, id)| *id)
        .collect();
    for ids in named.chunks(TOGETHER) {
        mend_articles(tx, repair, ids)?;
        repair.expect_possible()?;
    }
    if repair.pairs.is_empty() {
        return Ok(0);
    }
    let limit = i64::try_from(TOGETHER).unwrap_or(i64::MAX);
    let mut after = 0;
    while repair.changed < MOST && repair.changed_bytes < MOST_BYTES {
        let ids = store::findings::open_articles(tx.conn, repair.site_id, after, limit)?;
        let Some(last) = ids.last() else { return Ok(0) };
        after = *last;
        let ids: Vec<i64> = ids
            .into_iter()
            .filter(|id| named.binary_search(id).is_err())
            .collect();
        mend_articles(tx, repair, &ids)?;
        repair.expect_possible()?;
    }
    store::findings::count_open_articles(tx.conn, repair.site_id, after)
}

/// The site of what is to be mended, and the article where it is one, if the caller may do that.
fn place(tx: &mut Tx<'_>, target: &RepairTarget) -> Result<(i64, String, Option<i64>)> {
    match target {
        RepairTarget::Article(id) => {
            let unknown = || {
                let detail = format!("`article_id` names no article: there is no {id}");
                invalid("/article_id", "unknown", detail)
            };
            store::connection::lock(tx.conn, "articles", *id)?;
            let place = store::articles::find_place(tx.conn, *id)?.ok_or_else(unknown)?;
            let role = tx.role_in_category(place.site_id, place.category_id)?;
            if role.is_none() {
                return Err(unknown());
            }
            tx.allow(role, " in this category")?;
            let site = store::sites::find_slug(tx.conn, place.site_id)?.unwrap_or_default();
            Ok((place.site_id, site, Some(*id)))
        }
        RepairTarget::Site(slug) => {
            let site_id = tx.site_id(slug)?;
            let rights = &tx.caller.principal.rights;
            if rights.in_site(site_id) < Some(Role::Admin) {
                return Err(forbidden(Role::Admin, " in this site"));
            }
            if !rights.scopes.contains(&Scope::StructureWrite) {
                return Err(Error::InsufficientScope(Scope::StructureWrite.as_str()));
            }
            tx.allow_in_site(site_id)?;
            Ok((site_id, slug.clone(), None))
        }
    }
}

fn pairs(replace: &[(String, String)]) -> Result<Vec<Pair>> {
    let mut faults = Vec::new();
    let mut pairs = Vec::with_capacity(replace.len());
    for (phrase, with) in replace {
        match Pair::new(phrase, with) {
            Some(pair) => pairs.push(pair),
            None => faults.push(Fault::new(
                format!("/replace/{}", phrase.replace('~', "~0").replace('/', "~1")),
                "invalid",
                "a phrase of `replace` has no letter, digit or character that could be compared; name what is to be found",
            )),
        }
    }
    match faults.is_empty() {
        true => Ok(pairs),
        false => Err(Error::Invalid(faults)),
    }
}

/// The findings that are to be cut, by record: all of them of the article, or of the site and what belongs to it.
fn cuts(tx: &mut Tx<'_>, ids: &[i64], site_id: i64, article_id: Option<i64>) -> Result<Named> {
    let known = store::findings::find(tx.conn, ids)?;
    let mut known: BTreeMap<i64, Finding> = known
        .into_iter()
        .map(|listed| (listed.finding.id, listed.finding))
        .collect();
    let mut cuts: Named = Named::new();
    let mut faults = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let finding = known.remove(id).filter(|finding| match article_id {
            Some(id) => (finding.kind, finding.record_id) == (RecordKind::Article, id),
            None => finding.site_id == Some(site_id),
        });
        let of = match article_id {
            Some(_) => "the article",
            None => "the site",
        };
        match finding {
            Some(finding) => {
                let key = (finding.kind, finding.record_id);
                cuts.entry(key).or_default().push((at, finding));
            }
            None => faults.push(Fault::new(
                format!("/cut/{at}"),
                "unknown",
                format!("`cut[{at}]` names no finding of {of}: there is no {id}, or not any more; list its findings anew"),
            )),
        }
    }
    match faults.is_empty() {
        true => Ok(cuts),
        false => Err(Error::Invalid(faults)),
    }
}
