//! Taking portal files in: streamed, idempotent by natural key, and all or nothing unless told otherwise.
//!
//! A file is read line by line. Articles are gathered into batches so that the number of statements does not
//! grow with every line; whatever else comes is written at once. Only what is new or changed is written.

mod articles;
mod former_paths;
mod media;
mod sample;
mod site_parts;

use std::collections::{BTreeSet, HashMap};
use std::io::BufRead;
use std::path::Path;

use self::media::Files;
use crate::clock::Clock;
use crate::content::Misfit;
use crate::content::media::Addresses;
use crate::error::{Error, Result};
use crate::index::{Index, Pending, Room};
use crate::library::{Folder, Library};
use crate::models::hygiene::RecordKind;
use crate::models::record::ArticleRecord;
use crate::models::revision::{Action, Occasion, Retention};
use crate::models::time::Ts;
use crate::portal::reader::Reader;
use crate::portal::record::{LineFault, Record};
use crate::screening::{Record as Screened, Screen, Screening};
use crate::store::articles::affected::{self, Named};
use crate::store::counts::Deltas;
use crate::store::{self, Conn, Store, touched};

/// Articles written together; also the lines between two commits of an import that keeps going.
const BATCH: usize = 200;

/// Bytes of lines gathered at most before they are written, a last line apart; bounds memory where articles are large.
const BATCH_BYTES: u64 = 8 << 20;

/// Articles that are indexed together with the change of what they name.
const FEW: i64 = 100;

/// Who writes what a file brings.
const ACTOR: &str = "import";

/// Faults that are kept with their text; further ones are only counted.
const FAULTS_KEPT: usize = 1000;

/// Use cases on portal files.
#[derive(Clone)]
pub struct Import {
    store: Store,
    clock: Clock,
    library: Library,
    addresses: Addresses,
    retention: Retention,
    index: Index,
    screening: Screening,
}

/// How a file is taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOptions<'o> {
    /// Keep the good lines of a file that has bad ones; otherwise nothing of such a file is kept.
    pub keep_going: bool,
    /// The folder that has the files which it names.
    pub media: Option<&'o Path>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines read.
    pub lines: u64,
    /// Bytes read.
    pub bytes: u64,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Lines read.
    pub lines: u64,
    /// Records that are new.
    pub created: u64,
    /// Records that changed.
    pub updated: u64,
    /// Records that were already there as they are in the file.
    pub unchanged: u64,
    /// Files of the folder that became media because an article names them; they have no line, so they count as no record.
    pub files: u64,
    /// Lines about retracted articles whose other status was left aside; all else of them was taken in.
    pub stay_retracted: u64,
    /// Records that were written and are held back: readers do not get them until their findings are repaired or dismissed.
    pub held: u64,
    /// Findings in what was written that should be looked at but hold nothing back.
    pub reviews: u64,
    /// The first thousand faults.
    pub faults: Vec<LineFault>,
    /// All faults.
    pub fault_count: u64,
    /// Whether anything of the file was kept.
    pub committed: bool,
}

impl Import {
    pub(super) fn new(
        store: Store,
        clock: Clock,
        library: Library,
        addresses: Addresses,
        retention: Retention,
        index: Index,
        screening: Screening,
    ) -> Self {
        Self {
            store,
            clock,
            library,
            addresses,
            retention,
            index,
            screening,
        }
    }

    /// Takes one file in. Blocks the calling thread.
    ///
    /// Without `keep_going` the file is one transaction: on SQLite other writers wait until it ends, readers do
    /// not. With it, every 200 lines are one.
    pub fn run(
        &self,
        reader: impl BufRead,
        options: ImportOptions<'_>,
        mut progress: impl FnMut(Progress),
    ) -> Result<ImportReport> {
        let folder = options.media.map(Folder::open).transpose()?;
        let mut run = Run::new(self, folder);
        let outcome = self.take_in(&mut run, reader, options, &mut progress);
        // Not before the connection is given back: on SQLite there is no other for writing.
        let tidied = run.files.tidy(&self.store, run.now);
        outcome?;
        tidied?;
        Ok(run.report)
    }

    fn take_in(
        &self,
        run: &mut Run,
        reader: impl BufRead,
        options: ImportOptions<'_>,
        progress: &mut impl FnMut(Progress),
    ) -> Result<()> {
        // The time counts from when other imports are done.
        let begin = |run: &mut Run, conn: &mut Conn| -> Result<()> {
            store::import::lock(conn)?;
            run.now = Ts::from(self.clock.now());
            run.screen = None;
            Ok(())
        };
        self.store.with_writer(|conn| {
            store::connection::make_room(conn)?;
            if options.keep_going {
                store::import::prepare(conn)?;
                let mut reader = Reader::new(reader);
                while store::connection::immediate(conn, |conn| {
                    begin(run, conn)?;
                    run.take(conn, &mut reader, Some(BATCH), progress)
                })? {
                    run.files.keep();
                }
                run.files.keep();
                store::connection::immediate(conn, |conn| {
                    begin(run, conn)?;
                    run.finish(conn)
                })?;
                run.report.committed = true;
                return Ok(());
            }
            let outcome = store::connection::immediate(conn, |conn| {
                begin(run, conn)?;
                store::import::prepare(conn)?;
                run.take(conn, &mut Reader::new(reader), None, progress)?;
                run.finish(conn)?;
                // An error rolls back; the faults themselves are in the report.
                if run.report.fault_count > 0 {
                    Err(Error::Invalid(Vec::new()))
                } else {
                    Ok(())
                }
            });
            match outcome {
                Err(Error::Invalid(_)) => Ok(()),
                outcome => {
                    run.report.committed = outcome.is_ok();
                    if run.report.committed {
                        run.files.keep();
                    }
                    outcome
                }
            }
        })
    }
}

/// A site as the lines after it need it.
#[derive(Debug, Clone, Copy)]
struct SiteRef {
    id: i64,
}

/// The state between two lines. Its size does not depend on the number of articles.
struct Run {
    clock: Clock,
    now: Ts,
    retention: Retention,
    files: Files,
    report: ImportReport,
    sites: HashMap<String, Option<SiteRef>>,
    /// The position last given to a record of this kind under this parent, to keep the order of the file.
    positions: HashMap<(Ordered, i64), i64>,
    batch: Vec<(u64, ArticleRecord)>,
    /// Bytes of the lines gathered since the last batch was written.
    batch_bytes: u64,
    /// Bytes of the file that are read.
    offset: u64,
    /// Batches written so far.
    batches: u64,
    counts: Deltas,
    index: Index,
    screening: Screening,
    /// The look at what is written, since the transaction began.
    screen: Option<Screen>,
    /// What is to be written to the search index.
    pending: Pending,
    /// What articles name that was renamed.
    renamed: Vec<Named>,
    /// Sites that something was written for since they were last stamped.
    touched: BTreeSet<i64>,
    /// Whether anything was written since then.
    has_written: bool,
    /// Updates that touched nothing but citations.
    recounted: u64,
}

/// Records whose order in the file is their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Ordered {
    Category,
    Topic,
    LinkGroup,
}

/// What became of a record.
enum Outcome {
    Created,
    Updated,
    /// Only how often it is cited was changed, which readers see in rankings alone.
    Recounted,
    Unchanged,
}

/// Why a record was not taken.
enum Refusal {
    /// The line is at fault.
    Fault { member: String, reason: String },
    /// Something else is.
    Error(Error),
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        let Misfit { member, reason } = misfit;
        Self::Fault { member, reason }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn fault(member: impl Into<String>, reason: impl Into<String>) -> Refusal {
    Refusal::Fault {
        member: member.into(),
        reason: reason.into(),
    }
}

fn required(member: &str) -> Refusal {
    fault(member, "is required for a new record")
}

impl Run {
    fn new(import: &Import, folder: Option<Folder>) -> Self {
        Self {
            now: Ts::from(import.clock.now()),
            clock: import.clock.clone(),
            retention: import.retention,
            files: Files::new(&import.library, &import.addresses, folder),
            report: ImportReport::default(),
            sites: HashMap::new(),
            positions: HashMap::new(),
            batch: Vec::with_capacity(BATCH),
            batch_bytes: 0,
            offset: 0,
            batches: 0,
            counts: Deltas::new(),
            index: import.index.clone(),
            screening: import.screening.clone(),
            screen: None,
            pending: Pending::default(),
            renamed: Vec::new(),
            touched: BTreeSet::new(),
            has_written: false,
            recounted: 0,
        }
    }

    /// What revisions say of the articles that the file makes or changes.
    fn occasion(&self) -> Occasion {
        Occasion {
            at: self.now,
            action: Action::Import,
            comment: None,
            user_id: None,
            actor: ACTOR.to_owned(),
            kept: self.retention.kept,
        }
    }

    /// Takes up to `limit` lines; tells whether there may be more.
    fn take<R: BufRead>(
        &mut self,
        conn: &mut Conn,
        reader: &mut Reader<R>,
        limit: Option<usize>,
        progress: &mut impl FnMut(Progress),
    ) -> Result<bool> {
        let mut taken = 0;
        let more = loop {
            if limit.is_some_and(|limit| taken >= limit) {
                break true;
            }
            let Some(line) = reader.next() else {
                break false;
            };
            let line = line.map_err(|cause| Error::File {
                what: "reading the portal file".to_owned(),
                cause,
            })?;
            taken += 1;
            self.report.lines = line.number;
            self.batch_bytes += line.offset - self.offset;
            self.offset = line.offset;
            match line.content {
                Ok(record) => self.record(conn, line.number, record)?,
                Err(faults) => faults.into_iter().for_each(|fault| self.fault(fault)),
            }
            if self.batch_bytes >= BATCH_BYTES {
                self.flush(conn)?;
            }
            progress(Progress {
                lines: line.number,
                bytes: line.offset,
            });
        };
        self.flush(conn)?;
        if limit.is_some() {
            self.conclude_transaction(conn)?;
        }
        Ok(more)
    }

    /// What can only be done once every line is there.
    fn finish(&mut self, conn: &mut Conn) -> Result<()> {
        let (unresolved, total) = store::import::unresolved(conn, FAULTS_KEPT)?;
        let listed = unresolved.len();
        for (line, key) in unresolved {
            self.fault(LineFault {
                line: u64::try_from(line).unwrap_or_default(),
                member: "related".to_owned(),
                reason: format!(
                    "no article `{key}` in this site, neither in the file nor in the database"
                ),
            });
        }
        self.report.fault_count += u64::try_from(total)
            .unwrap_or_default()
            .saturating_sub(u64::try_from(listed).unwrap_or_default());
        store::import::resolve(conn)?;
        if self.batches > 1 {
            store::import::refresh_statistics(conn)?;
        }
        if self.report.created + self.report.updated > self.recounted {
            // Links were resolved, perhaps of articles that an earlier transaction wrote.
            self.has_written = true;
            self.touched
                .extend(self.sites.values().flatten().map(|site| site.id));
        }
        self.conclude_transaction(conn)
    }

    /// Late and short, because other writers wait for these rows.
    fn conclude_transaction(&mut self, conn: &mut Conn) -> Result<()> {
        store::counts::apply(conn, &std::mem::take(&mut self.counts))?;
        let mut pending = std::mem::take(&mut self.pending);
        self.index.settle(conn, &mut pending)?;
        if std::mem::take(&mut self.has_written) {
            // Lines also make what articles of other lines name.
            touched::touch_everything();
            let touched = std::mem::take(&mut self.touched);
            let now = Ts::from(self.clock.now());
            store::stamps::stamp(conn, &touched, now)?;
            // Not before: others may save some of these until then.
            for named in std::mem::take(&mut self.renamed) {
                let ids = affected::published(conn, named, FEW + 1)?;
                match i64::try_from(ids.len()).is_ok_and(|n| n <= FEW) {
                    true => self.index.prepare(conn, &mut pending, &ids, now)?,
                    false => {
                        store::search::queue(conn, named)?;
                        self.index.want();
                    }
                }
            }
            self.index.commit(conn, pending, Room::LARGE)?;
        }
        Ok(())
    }

    /// Looks at what is written, with the rules and the sites that the transaction knows already.
    fn with_screen<T>(
        &mut self,
        conn: &mut Conn,
        f: impl FnOnce(&mut Screen, &mut Conn) -> Result<T>,
    ) -> Result<T> {
        let mut screen = match self.screen.take() {
            Some(screen) => screen,
            None => self.screening.screen(conn)?,
        };
        let outcome = f(&mut screen, conn);
        self.screen = Some(screen);
        outcome
    }

    /// Looks at a record that was written, keeps what is found, and holds it back or not. What is in it follows by and by.
    fn screen(&mut self, conn: &mut Conn, record: &Screened<'_>) -> Result<()> {
        let now = self.now;
        let outcome = self.with_screen(conn, |screen, conn| screen.record(conn, record, now))?;
        self.report.held += u64::from(outcome.is_held);
        self.report.reviews += u64::try_from(outcome.reviews).unwrap_or_default();
        if !outcome.has_changed {
            return Ok(());
        }
        self.renamed.extend(Named::shown(record.kind, record.id));
        match (record.kind, record.site_id) {
            (RecordKind::Site | RecordKind::Category, Some(id)) => self.settle_site(conn, id),
            _ => Ok(()),
        }
    }

    /// Has the articles of a site be looked at again by and by.
    fn settle_site(&self, conn: &mut Conn, site_id: i64) -> Result<()> {
        store::hygiene_scans::begin_settling(conn, site_id, 0, ACTOR, self.now)
    }

    fn record(&mut self, conn: &mut Conn, line: u64, record: Record) -> Result<()> {
        let record = match record {
            Record::Article(article) => {
                // A key that comes twice is a change of what the first line made.
                if self
                    .batch
                    .iter()
                    .any(|(_, a)| a.key == article.key && a.site == article.site)
                {
                    self.flush(conn)?;
                }
                self.batch.push((line, *article));
                return if self.batch.len() >= BATCH {
                    self.flush(conn)
                } else {
                    Ok(())
                };
            }
            other => other,
        };
        self.flush(conn)?;
        let site = match &record {
            Record::Portal | Record::Source(_) | Record::Article(_) => None,
            Record::Site(site) => Some(site.slug.clone()),
            Record::Category(category) => Some(category.site.clone()),
            Record::Menu(menu) => Some(menu.site.clone()),
            Record::LinkGroup(group) => Some(group.site.clone()),
            Record::ScriptPhrase(phrase) => Some(phrase.site.clone()),
            Record::Topic(topic) => Some(topic.site.clone()),
            Record::Media(file) => file.site.clone(),
        };
        let is_file = matches!(record, Record::Media(_));
        let outcome = match record {
            Record::Portal | Record::Article(_) => return Ok(()),
            Record::Site(site) => self.site(conn, *site),
            Record::Source(source) => self.source(conn, source),
            Record::Category(category) => self.category(conn, category),
            Record::Menu(menu) => self.menu(conn, menu),
            Record::LinkGroup(group) => self.link_group(conn, group),
            Record::ScriptPhrase(phrase) => self.script_phrase(conn, phrase),
            Record::Topic(topic) => self.topic(conn, topic),
            Record::Media(file) => self.media(conn, file),
        };
        // A new file shows nowhere yet.
        let shows = |outcome: &Outcome| match outcome {
            Outcome::Created => !is_file,
            Outcome::Updated => true,
            Outcome::Recounted | Outcome::Unchanged => false,
        };
        if outcome.as_ref().is_ok_and(shows) {
            self.touch(conn, site.as_deref())?;
        }
        self.conclude(line, outcome)
    }

    /// Notes that something of a site was written, or something that all sites may show.
    fn touch(&mut self, conn: &mut Conn, site: Option<&str>) -> Result<()> {
        self.has_written = true;
        match site {
            Some(slug) => {
                let known = self.sites.get(slug).copied().flatten();
                self.touched.extend(known.map(|site| site.id));
            }
            None => self.touched.extend(store::sites::ids(conn)?),
        }
        Ok(())
    }

    fn conclude(&mut self, line: u64, outcome: Result<Outcome, Refusal>) -> Result<()> {
        match outcome {
            Ok(Outcome::Created) => self.report.created += 1,
            Ok(Outcome::Updated) => self.report.updated += 1,
            Ok(Outcome::Recounted) => {
                self.report.updated += 1;
                self.recounted += 1;
            }
            Ok(Outcome::Unchanged) => self.report.unchanged += 1,
            Err(Refusal::Fault { member, reason }) => self.fault(LineFault {
                line,
                member,
                reason,
            }),
            Err(Refusal::Error(error)) => return Err(error),
        }
        Ok(())
    }

    fn fault(&mut self, fault: LineFault) {
        self.report.fault_count += 1;
        if self.report.faults.len() < FAULTS_KEPT {
            self.report.faults.push(fault);
        }
    }

    /// The site that a record names.
    fn site_of(&mut self, conn: &mut Conn, slug: &str) -> Result<SiteRef, Refusal> {
        if !self.sites.contains_key(slug) {
            let found = store::sites::find_id(conn, slug)?.map(|id| SiteRef { id });
            self.sites.insert(slug.to_owned(), found);
        }
        self.sites.get(slug).copied().flatten().ok_or_else(|| {
            fault(
                "site",
                format!(
                    "no site `{slug}`: its record must come before this line, or be in the database"
                ),
            )
        })
    }

    /// The position of a record that keeps the order of the file: its own where that stands behind the record
    /// before it, else one behind everything. `last` is the highest there is.
    fn position(
        &mut self,
        kind: Ordered,
        parent: i64,
        own: Option<i64>,
        last: impl FnOnce() -> Result<i64>,
    ) -> Result<i64> {
        let before = self.positions.get(&(kind, parent)).copied().unwrap_or(0);
        let position = match own {
            Some(own) if own > before => own,
            _ => last()? + 1,
        };
        self.positions.insert((kind, parent), position);
        Ok(position)
    }
}
