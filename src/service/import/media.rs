//! Files that a portal file brings: those that have a line, and those that articles name by key. Their bytes are the library's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use super::articles::Candidate;
use super::{Outcome, Refusal, Run, fault};
use crate::content::file_keys::{self, Member, Relative, Shelf};
use crate::content::media::{Addresses, distinct, references, resolve};
use crate::error::{Error, Result};
use crate::library::{Folder, InFolder, Library, Notes, Prepared};
use crate::media::format::Format;
use crate::media::name;
use crate::models::article::ArticleContent;
use crate::models::hygiene::RecordKind;
use crate::models::media::{Media, NewMedia, StoredFile};
use crate::models::patch::Patch;
use crate::models::record::{ArticleRecord, FileRecord};
use crate::models::rules::excerpt;
use crate::models::time::Ts;
use crate::portal::record::LineFault;
use crate::screening::Record;
use crate::store::articles::Loaded;
use crate::store::articles::affected::{self, Named};
use crate::store::{self, Conn, Store};

/// Articles that get the new address of a file at a time.
const BATCH: i64 = 25;

/// Where files come from, and what is to be done with them at the end.
pub(super) struct Files {
    library: Library,
    addresses: Addresses,
    folder: Option<Folder>,
    /// Stored by a transaction that is not committed yet.
    stored: Notes,
    /// What media had that have other bytes now, and what lines brought that are left out.
    left: Notes,
    /// Files of the folder that became media with the articles that are being written.
    made: Vec<Media>,
}

impl Files {
    pub(super) fn new(library: &Library, addresses: &Addresses, folder: Option<Folder>) -> Self {
        Self {
            library: library.clone(),
            addresses: addresses.clone(),
            folder,
            stored: library.notes(),
            left: library.notes(),
            made: Vec::new(),
        }
    }

    /// Notes that what was stored is recorded for good.
    pub(super) fn keep(&mut self) {
        self.stored.clear();
    }

    /// Removes bytes that nobody needs: of a transaction that was rolled back, and those that others took the place of. Needs a
    /// connection of its own.
    pub(super) fn tidy(&mut self, store: &Store, now: Ts) -> Result<()> {
        let library = &self.library;
        self.stored
            .take(|file| library.discard(store, &file, now))?;
        self.left.take(|file| library.discard(store, &file, now))
    }

    /// What the folder has under `place`.
    fn find(&self, place: &str) -> Result<InFolder> {
        match &self.folder {
            Some(folder) => folder.find(place),
            None => Ok(InFolder::Nothing),
        }
    }

    /// Stores a file of the folder, without a record yet.
    fn bring(
        &mut self,
        conn: &mut Conn,
        file: File,
        place: &str,
        expected: &Expected,
    ) -> Result<Prepared, Refusal> {
        let refused = |error| refused(error, place);
        let received = self.library.receive(&file, place).map_err(refused)?;
        let size = i64::try_from(received.size).unwrap_or(i64::MAX);
        expected.check(&received.sha256, size, place)?;
        let prepared = self
            .library
            .prepare_within(conn, received, last_part(place))
            .map_err(refused)?;
        self.stored.add(prepared.file())?;
        Ok(prepared)
    }
}

/// What a line says of the bytes of its file.
#[derive(Default)]
struct Expected {
    size: Option<i64>,
    sha256: Option<String>,
}

impl Expected {
    fn check(&self, sha256: &str, size: i64, place: &str) -> Result<(), Refusal> {
        let place = excerpt(place);
        if self.sha256.as_deref().is_some_and(|said| said != sha256) {
            return Err(fault(
                "sha256",
                format!(
                    "is not that of `{place}`, which has {sha256}; put the right file there, or leave `sha256` out"
                ),
            ));
        }
        if self.size.is_some_and(|said| said != size) {
            return Err(fault(
                "size",
                format!(
                    "is not that of `{place}`, which has {size} bytes; put the right file there, or leave `size` out"
                ),
            ));
        }
        Ok(())
    }
}

/// A file that cannot be taken is a fault of the line.
fn refused(error: Error, place: &str) -> Refusal {
    let place = excerpt(place);
    match error {
        Error::Invalid(faults) => {
            let detail = faults.first().map_or("", |fault| fault.detail.as_str());
            let reason = match detail.strip_prefix("`file` ") {
                Some(reason) => format!("names `{place}`, which {reason}"),
                None => {
                    let reason = detail.strip_prefix("`name` ").unwrap_or(detail);
                    format!("names `{place}`: {reason}")
                }
            };
            fault("key", reason)
        }
        Error::TooLarge { limit } => fault(
            "key",
            format!(
                "names `{place}`, which is larger than {limit} bytes, the most that is taken (MASTHEAD_MEDIA_MAX_BYTES)"
            ),
        ),
        error => Refusal::Error(error),
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn format_of(file: &StoredFile) -> Result<Format> {
    Format::parse(&file.media_type)
        .ok_or_else(|| Error::internal(format!("{} has an unknown type", file.sha256)))
}

impl Run {
    /// Takes a line about a file in.
    pub(super) fn media(
        &mut self,
        conn: &mut Conn,
        record: FileRecord,
    ) -> Result<Outcome, Refusal> {
        let FileRecord {
            site,
            key,
            file: place,
            name,
            alt,
            size,
            sha256,
        } = record;
        let site_id = match &site {
            Some(slug) => Some(self.site_of(conn, slug)?.id),
            None => None,
        };
        let keys = std::slice::from_ref(&key);
        let stored = store::media::find_by_keys(conn, site_id, keys)?.pop();
        let member = if place.is_some() { "file" } else { "key" };
        let place = place.as_deref().unwrap_or(&key);
        let found = match self.files.find(place)? {
            InFolder::File(file) => Some(file),
            InFolder::Nothing => None,
            InFolder::Refused(reason) => {
                return Err(fault(member, format!("`{}` {reason}", excerpt(place))));
            }
        };
        let expected = Expected { size, sha256 };
        let Some(stored) = stored else {
            let Some(file) = found else {
                return Err(self.no_file(member, place));
            };
            let prepared = self.files.bring(conn, file, place, &expected)?;
            let name = name.set();
            let name = clean(
                name.as_deref().unwrap_or_else(|| last_part(&key)),
                prepared.file(),
            );
            let name = self.or_leave(prepared.file(), name)?;
            self.add(conn, site_id, &key, &prepared, name, alt.set())?;
            return Ok(Outcome::Created);
        };
        let mut changed = stored.clone();
        alt.apply_to(&mut changed.alt);
        let brought = match found {
            Some(file) if !self.files.library.has_same(&stored.file, &file, place)? => {
                let prepared = self.files.bring(conn, file, place, &expected)?;
                changed.file = prepared.file().clone();
                Some(prepared)
            }
            Some(_) => {
                expected.check(&stored.file.sha256, stored.file.size, place)?;
                None
            }
            None => {
                let is_known = expected.check(&stored.file.sha256, stored.file.size, place);
                is_known.map_err(|_| self.no_file(member, place))?;
                None
            }
        };
        let settle = || {
            if let Some(name) = name.set() {
                changed.name = clean(&name, &changed.file)?;
            }
            same_kind(conn, &stored, &changed.file)
        };
        // Before it is recorded: a line at fault leaves nothing.
        match (settle(), brought) {
            (settled, None) => settled?,
            (settled, Some(prepared)) => {
                self.or_leave(prepared.file(), settled)?;
                changed.file = self.files.library.record(conn, &prepared, self.now)?;
            }
        }
        self.change(conn, &stored, &changed)
    }

    /// Notes a file that a line brought for removal where the line is at fault.
    fn or_leave<T>(
        &mut self,
        file: &StoredFile,
        settled: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if settled.is_err() {
            self.files.left.add(file)?;
        }
        settled
    }

    fn no_file(&self, member: &str, place: &str) -> Refusal {
        let place = excerpt(place);
        fault(
            member,
            match self.files.folder {
                Some(_) => format!(
                    "names `{place}`, and there is no such file in the folder of --media; put it there"
                ),
                None => format!(
                    "has no file: nothing with these bytes is stored as `{place}`; give the folder that has it with --media"
                ),
            },
        )
    }

    /// Records a file that was stored.
    fn add(
        &mut self,
        conn: &mut Conn,
        site_id: Option<i64>,
        key: &str,
        prepared: &Prepared,
        name: String,
        alt: Option<String>,
    ) -> Result<Media> {
        let file = self.files.library.record(conn, prepared, self.now)?;
        let new = NewMedia {
            site_id,
            key: key.to_owned(),
            sha256: file.sha256.clone(),
            kind: prepared.format().kind().as_str(),
            name,
            alt,
            created_by: None,
        };
        let id = store::media::insert(conn, &new, self.now)?;
        let NewMedia {
            site_id,
            key,
            name,
            alt,
            ..
        } = new;
        let media = Media {
            id,
            site_id,
            key,
            name,
            alt,
            file,
        };
        self.screen(conn, &Record::of_media(&media))?;
        Ok(media)
    }

    /// Makes a file what its line says. Articles that use it show it.
    fn change(
        &mut self,
        conn: &mut Conn,
        stored: &Media,
        changed: &Media,
    ) -> Result<Outcome, Refusal> {
        if changed == stored {
            return Ok(Outcome::Unchanged);
        }
        let kind = format_of(&changed.file)?.kind();
        store::media::update(conn, changed, kind.as_str(), self.now)?;
        self.screen(conn, &Record::of_media(changed))?;
        if changed.file.sha256 != stored.file.sha256 {
            self.files.left.add(&stored.file)?;
            self.readdress(conn, stored, changed)?;
        } else if (&changed.alt, &changed.file) != (&stored.alt, &stored.file) {
            affected::touch(conn, Named::Media(stored.id))?;
        }
        Ok(Outcome::Updated)
    }

    /// Gives the articles that use a file its new address, which is made of its bytes.
    fn readdress(&mut self, conn: &mut Conn, before: &Media, after: &Media) -> Result<()> {
        let mut last = 0;
        loop {
            let ids = store::media::articles_using(conn, after.id, last, BATCH)?;
            match ids.last() {
                Some(id) => last = *id,
                None => return Ok(()),
            }
            let mut by_site: BTreeMap<i64, Vec<(Loaded, ArticleContent)>> = BTreeMap::new();
            let mut pairs = BTreeSet::new();
            for old in store::articles::load(conn, &ids)? {
                let mut content = old.content.clone();
                pairs.extend(file_keys::readdress(&mut content, before, after));
                if content != old.content {
                    let of_site = by_site.entry(old.row.site_id).or_default();
                    of_site.push((old, content));
                }
            }
            // First, so that they keep their ids and downloads.
            for (from, to) in pairs {
                store::articles::readdress(conn, &ids, &from, &to)?;
            }
            for (site_id, changed) in by_site {
                let changed: Vec<(&Loaded, &ArticleContent)> =
                    changed.iter().map(|(old, new)| (old, new)).collect();
                let saved = store::articles::update(conn, site_id, &changed, &self.occasion())?;
                self.index_changed(conn, site_id, &saved, &changed)?;
                self.has_written = true;
                self.touched.insert(site_id);
                self.add_counts(saved.counts);
            }
        }
    }

    /// Has lines about articles of a site name media by path where they name them by key. A line whose files are not to be had is at
    /// fault and left out.
    pub(super) fn link_files(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        records: Vec<(u64, ArticleRecord)>,
    ) -> Result<Vec<(u64, ArticleRecord)>> {
        let mut wanted: Vec<Vec<Wanted>> = Vec::with_capacity(records.len());
        let mut keys = BTreeSet::new();
        let mut linked = Vec::with_capacity(records.len());
        for (line, mut record) in records {
            let mut of_line = Vec::new();
            file_keys::each_address(&mut record, |mention| {
                if let Some(named) = Relative::parse(mention.address) {
                    keys.extend(named.keys.iter().cloned());
                    of_line.push(Wanted {
                        member: mention.member,
                        address: excerpt(mention.address),
                        name: mention.name.map(str::to_owned),
                        named,
                    });
                }
                None
            });
            wanted.push(of_line);
            linked.push((line, record));
        }
        if wanted.iter().all(Vec::is_empty) {
            return Ok(linked);
        }
        let keys: Vec<String> = keys.into_iter().collect();
        let mut shelf = Shelf::default();
        for of in [Some(site_id), None] {
            for media in store::media::find_by_keys(conn, of, &keys)? {
                shelf.add(media);
            }
        }
        let mut good = Vec::with_capacity(linked.len());
        for ((line, mut record), wanted) in linked.into_iter().zip(wanted) {
            let mut is_good = true;
            for wanted in &wanted {
                if shelf.find(&wanted.named).is_some() || wanted.named.is_shared {
                    continue;
                }
                match self.bring_named(conn, site_id, wanted) {
                    Ok(Some(media)) => shelf.add(media),
                    Ok(None) => {}
                    Err(Refusal::Error(error)) => return Err(error),
                    Err(Refusal::Fault { reason, .. }) => {
                        is_good = false;
                        self.fault(LineFault {
                            line,
                            member: wanted.member.to_string(),
                            reason,
                        });
                    }
                }
            }
            if !is_good {
                continue;
            }
            if !wanted.is_empty() {
                file_keys::each_address(&mut record, |mention| {
                    let named = Relative::parse(mention.address)?;
                    shelf.find(&named).map(|media| named.path_of(media))
                });
            }
            if let Patch::Set(audio) = &mut record.audio {
                self.files.addresses.canonical_audio(audio);
            }
            good.push((line, record));
        }
        Ok(good)
    }

    /// The file of the folder that an article names, as media of its site from now on; `None` where it may name something else.
    fn bring_named(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        wanted: &Wanted,
    ) -> Result<Option<Media>, Refusal> {
        let Wanted {
            member,
            address,
            name,
            named,
        } = wanted;
        if self.files.folder.is_none() {
            return Ok(None);
        }
        for key in &named.keys {
            let file = match self.files.find(key)? {
                InFolder::File(file) => file,
                InFolder::Nothing => continue,
                InFolder::Refused(reason) => {
                    return Err(fault(
                        "",
                        format!("names `{}`, which {reason}", excerpt(key)),
                    ));
                }
            };
            let prepared = self.files.bring(conn, file, key, &Expected::default())?;
            // What an attachment is called is a good name, unless no file can be called so.
            let name = name.as_deref().map(|name| name.replace(['/', '\\'], "_"));
            let name = name.and_then(|name| name::clean(&name, prepared.format()).ok());
            let name = name.unwrap_or_else(|| prepared.name().to_owned());
            let media = self.add(conn, Some(site_id), key, &prepared, name, None)?;
            self.report.files += 1;
            self.files.made.push(media.clone());
            return Ok(Some(media));
        }
        match (member.is_body(), &named.reason) {
            (true, _) => Ok(None),
            (false, Some(reason)) => Err(fault("", format!("`{address}` {reason}"))),
            (false, None) => Err(fault(
                "",
                format!(
                    "names `{address}`, which is neither media of the site nor a file in the folder of --media; put it there, or give its whole address"
                ),
            )),
        }
    }

    /// Takes away what became media for lines that were left out after all.
    pub(super) fn leave_unused(&mut self, conn: &mut Conn, kept: &[Candidate]) -> Result<()> {
        let made = std::mem::take(&mut self.files.made);
        if made.is_empty() {
            return Ok(());
        }
        let named = kept
            .iter()
            .flat_map(|kept| references(&kept.article.content));
        let named: BTreeSet<i64> = named.map(|reference| reference.id).collect();
        for media in made.iter().filter(|media| !named.contains(&media.id)) {
            store::media::delete(conn, media.id)?;
            store::findings::delete_of(conn, RecordKind::Media, &[media.id])?;
            self.files.left.add(&media.file)?;
            self.report.files -= 1;
        }
        Ok(())
    }

    /// Sees to it that all media that articles name are there. Who names what there is not is at fault and left out.
    pub(super) fn settle_media(
        &mut self,
        conn: &mut Conn,
        site_id: i64,
        merged: Vec<Candidate>,
    ) -> Result<Vec<Candidate>> {
        let mut ids = BTreeSet::new();
        let mut looked = Vec::with_capacity(merged.len());
        for mut candidate in merged {
            let content = &mut candidate.article.content;
            self.files.addresses.canonical(content);
            let named = references(content);
            let stored = candidate.stored.as_ref().map(|old| &old.content);
            let was_named = stored.map(references).unwrap_or_default();
            let is_same = stored.is_some_and(|old| {
                old.attachments == content.attachments && old.state.audio == content.state.audio
            });
            let is_settled = named == was_named && (is_same || named.is_empty());
            if !is_settled {
                ids.extend(named.iter().map(|reference| reference.id));
            }
            let before = distinct(was_named.into_iter().map(|reference| reference.id));
            looked.push((candidate, is_settled, before));
        }
        let ids = distinct(ids);
        let media = match ids.is_empty() {
            true => Vec::new(),
            false => store::media::find_shared_lock(conn, &ids)?,
        };
        let mut settled = Vec::with_capacity(looked.len());
        for (mut candidate, is_settled, before) in looked {
            if !is_settled {
                let content = &mut candidate.article.content;
                let locales: Vec<String> = content.texts.iter().map(|t| t.locale.clone()).collect();
                let given = &candidate.translations;
                let body = |at: usize| match locales.get(at) {
                    Some(locale) if at > 0 => match given.iter().position(|l| l == locale) {
                        Some(at) => Member::Translation(at).to_string(),
                        None => "translations".to_owned(),
                    },
                    _ => Member::Body.to_string(),
                };
                if let Err(unfit) = resolve(content, &media, site_id) {
                    self.conclude(candidate.line, Err(unfit.named(body).into()))?;
                    continue;
                }
                let ids = distinct(references(content).into_iter().map(|r| r.id));
                candidate.uses = (ids != before).then(|| ids.into_iter().collect());
            }
            settled.push(candidate);
        }
        Ok(settled)
    }
}

/// An address of a line that may name a file.
struct Wanted {
    member: Member,
    /// Its start, as it is written.
    address: String,
    /// What the line calls the file.
    name: Option<String>,
    named: Relative,
}

/// Whether a media may have these bytes: one that articles use stays what it is.
fn same_kind(conn: &mut Conn, stored: &Media, file: &StoredFile) -> Result<(), Refusal> {
    if format_of(&stored.file)?.kind() == format_of(file)?.kind() {
        return Ok(());
    }
    match store::media::articles_using(conn, stored.id, 0, 1)?.first() {
        None => Ok(()),
        Some(article) => Err(fault(
            "key",
            format!(
                "is that of a file of the type `{}`, which article {article} uses, and the new one is `{}`; give the new one another key",
                stored.file.media_type, file.media_type
            ),
        )),
    }
}

fn clean(name: &str, file: &StoredFile) -> Result<String, Refusal> {
    name::clean(name, format_of(file)?).map_err(|rejection| fault("name", rejection.detail))
}
