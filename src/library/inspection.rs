//! What of storage and database does not fit together, and what can be done about it. Both are walked side by side in the order of
//! SHA-256, so memory does not grow with the number of files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::{Library, keys};
use crate::error::Result;
use crate::media::incoming::{self, Left};
use crate::media::storage::{Key, Listed};
use crate::models::json::Doc;
use crate::models::media::StoredFile;
use crate::models::time::Ts;
use crate::store::{self, Store};

/// Records read at a time.
const BATCH: i64 = 500;

/// Names that are kept of each kind; further ones are only counted.
const KEPT: usize = 1000;

/// Suspects at most that are looked at again together.
const SUSPECTS: usize = 10_000;

/// How long somebody has who is about to record bytes, or to remove them, before they are looked at again.
const MOMENT: Duration = Duration::from_millis(300);

/// Things of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How many there are.
    pub count: u64,
    /// The names of the first thousand.
    pub names: Vec<String>,
}

impl Found {
    fn add(&mut self, name: impl Into<String>) {
        self.count += 1;
        if self.names.len() < KEPT {
            self.names.push(name.into());
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Files that are as they should be.
    pub whole: u64,
    /// Bytes without a record, or whose record nobody names.
    pub orphans: Found,
    /// Bytes that a record speaks of and that are not there, or are more or fewer.
    pub missing: Found,
    /// What killed processes left of files that were arriving or being stored.
    pub leftovers: Found,
    /// Things in the storage that this program did not put there; they are left alone.
    pub strangers: Found,
    /// Orphans and leftovers that were removed.
    pub removed: u64,
}

impl Findings {
    /// Whether all is well.
    pub fn is_clean(&self) -> bool {
        self.missing.count == 0 && self.orphans.count + self.leftovers.count == self.removed
    }
}

/// A record, and what of its bytes was not seen yet.
struct Record {
    file: StoredFile,
    is_named: bool,
    expected: BTreeMap<Key, u64>,
}

/// What looks as if nobody needs it, and may be in somebody's work.
enum Suspect {
    /// Bytes without a record.
    Bytes(Key),
    /// The SHA-256 of a record that nobody names.
    Unnamed(String),
    /// A file that was being stored.
    Leftover(String),
}

impl Suspect {
    fn sha256(&self) -> Option<&str> {
        match self {
            Self::Bytes(key) => Some(key.sha256()),
            Self::Unnamed(sha256) => Some(sha256),
            Self::Leftover(_) => None,
        }
    }
}

/// A walk through storage and database.
struct Walk<'l> {
    library: &'l Library,
    store: &'l Store,
    now: Ts,
    repair: bool,
    records: VecDeque<Record>,
    /// The SHA-256 of the last record read.
    read_to: String,
    is_read: bool,
    suspects: Vec<Suspect>,
    findings: Findings,
}

impl Library {
    /// Looks at all files. With `repair` it removes what nobody needs; files that arrive meanwhile come to no harm.
    pub fn inspect(&self, store: &Store, now: Ts, repair: bool) -> Result<Findings> {
        let mut walk = Walk {
            library: self,
            store,
            now,
            repair,
            records: VecDeque::new(),
            read_to: String::new(),
            is_read: false,
            suspects: Vec::new(),
            findings: Findings::default(),
        };
        if repair {
            incoming::clear(&self.settings.incoming)?;
        }
        let left = incoming::left(&self.settings.incoming)?;
        self.storage.list(&mut |listed, size| match listed {
            Listed::File(key) => walk.file(&key, size),
            Listed::Leftover(name) => walk.suspect(Suspect::Leftover(name)),
            Listed::Stranger(name) => {
                walk.findings.strangers.add(name);
                Ok(())
            }
        })?;
        while let Some(record) = walk.next_record()? {
            walk.done(record)?;
        }
        walk.convict()?;
        walk.incoming(&left);
        Ok(walk.findings)
    }
}

impl Walk<'_> {
    /// The first record that is not done with.
    fn peek(&mut self) -> Result<Option<&mut Record>> {
        if self.records.is_empty() && !self.is_read {
            let after = self.read_to.clone();
            let page = self
                .store
                .read_blocking(|conn| store::media_files::page(conn, &after, BATCH))?;
            match page.last() {
                Some((last, _)) => self.read_to.clone_from(&last.sha256),
                None => self.is_read = true,
            }
            for (file, is_named) in page {
                self.records.push_back(Record {
                    expected: keys(&file)?.into_iter().collect(),
                    file,
                    is_named,
                });
            }
        }
        Ok(self.records.front_mut())
    }

    fn next_record(&mut self) -> Result<Option<Record>> {
        self.peek()?;
        Ok(self.records.pop_front())
    }

    /// Bytes of the storage.
    fn file(&mut self, key: &Key, size: u64) -> Result<()> {
        while self
            .peek()?
            .is_some_and(|record| record.file.sha256.as_str() < key.sha256())
        {
            if let Some(record) = self.next_record()? {
                self.done(record)?;
            }
        }
        let record = self
            .peek()?
            .filter(|record| record.file.sha256 == key.sha256());
        match record {
            Some(record) if record.expected.get(key) == Some(&size) => {
                record.expected.remove(key);
                Ok(())
            }
            // Of another size: it stays among those that are missing.
            Some(record) if record.expected.contains_key(key) => Ok(()),
            _ => self.suspect(Suspect::Bytes(key.clone())),
        }
    }

    /// A record of which all bytes were seen that are there.
    fn done(&mut self, record: Record) -> Result<()> {
        let Record {
            file,
            is_named,
            expected,
        } = record;
        if !is_named {
            return self.suspect(Suspect::Unnamed(file.sha256));
        }
        if expected.is_empty() {
            self.findings.whole += 1;
            return Ok(());
        }
        // What came after the storage was listed, or went before it.
        let sha256 = &file.sha256;
        let present = self
            .store
            .read_blocking(|conn| store::media_files::find(conn, sha256))?;
        let Some(present) = present else {
            return Ok(());
        };
        if self.missing(&present)?.is_empty() {
            self.findings.whole += 1;
            return Ok(());
        }
        // Somebody may be removing it just now, whose record we still see; whoever holds the record knows.
        let missing =
            self.store
                .write_blocking(|conn| match store::media_files::hold(conn, sha256)? {
                    Some(held) => self.missing(&held),
                    None => Ok(Vec::new()),
                })?;
        for key in missing {
            self.findings.missing.add(key.to_string());
        }
        Ok(())
    }

    /// What of a file is not there, or is more or fewer bytes.
    fn missing(&self, file: &StoredFile) -> Result<Vec<Key>> {
        let mut missing = Vec::new();
        for (key, size) in keys(file)? {
            if self.library.storage.size(&key)? != Some(size) {
                missing.push(key);
            }
        }
        Ok(missing)
    }

    /// Notes something to be looked at again.
    fn suspect(&mut self, suspect: Suspect) -> Result<()> {
        self.suspects.push(suspect);
        match self.suspects.len() < SUSPECTS {
            true => Ok(()),
            false => self.convict(),
        }
    }

    /// Looks at all suspects again, and finds those that are what they look like.
    fn convict(&mut self) -> Result<()> {
        let suspects = std::mem::take(&mut self.suspects);
        if suspects.is_empty() {
            return Ok(());
        }
        thread::sleep(MOMENT);
        let stored = suspects.iter().filter_map(Suspect::sha256);
        let stored: BTreeSet<String> = stored.map(str::to_owned).collect();
        // Before the records: whoever is not among these has recorded the bytes, or taken them away.
        let arriving = match stored.is_empty() {
            true => stored,
            false => self.library.arriving(&stored)?,
        };
        for suspect in suspects {
            if suspect.sha256().is_some_and(|it| arriving.contains(it)) {
                continue;
            }
            match suspect {
                Suspect::Bytes(key) => self.bytes(&key)?,
                Suspect::Unnamed(sha256) => self.unnamed(sha256)?,
                Suspect::Leftover(name) => self.leftover(name)?,
            }
        }
        Ok(())
    }

    fn unnamed(&mut self, sha256: String) -> Result<()> {
        let found = self
            .store
            .read_blocking(|conn| store::media_files::find_unnamed(conn, &sha256))?;
        if found.is_none() {
            return Ok(());
        }
        if self.repair {
            if !self.library.remove_unnamed(self.store, &sha256)? {
                return Ok(());
            }
            self.findings.removed += 1;
        }
        self.findings.orphans.add(sha256);
        Ok(())
    }

    /// Bytes that no record speaks of, as far as was read.
    fn bytes(&mut self, key: &Key) -> Result<()> {
        let is_recorded = |file: Option<StoredFile>| -> Result<bool> {
            Ok(match file {
                Some(file) => keys(&file)?.iter().any(|(known, _)| known == key),
                None => false,
            })
        };
        let sha256 = key.sha256();
        let storage = &self.library.storage;
        // In this order: bytes that are there when their record is not were there before it.
        let is_there = storage.size(key)?.is_some();
        let present = self
            .store
            .read_blocking(|conn| store::media_files::find(conn, sha256))?;
        if !is_there || is_recorded(present)? {
            return Ok(());
        }
        if self.repair {
            let place_holder = StoredFile {
                sha256: sha256.to_owned(),
                media_type: "application/octet-stream".to_owned(),
                size: 1,
                width: None,
                height: None,
                variants: Doc(Vec::new()),
            };
            let now = self.now;
            // While the row is ours, nobody records these bytes; whoever waits for it looks whether they are there still.
            let is_removed = self.store.write_blocking(|conn| {
                let noted = store::media_files::claim(conn, &place_holder, now)?;
                let is_ours = noted == place_holder;
                if !is_ours && is_recorded(Some(noted))? {
                    return Ok(false);
                }
                storage.remove(key)?;
                if is_ours {
                    store::media_files::release(conn, sha256)?;
                }
                Ok(true)
            })?;
            if !is_removed {
                return Ok(());
            }
            self.findings.removed += 1;
        }
        self.findings.orphans.add(key.to_string());
        Ok(())
    }

    fn leftover(&mut self, name: String) -> Result<()> {
        let storage = &self.library.storage;
        let is_left = match self.repair {
            true => storage.remove_leftover(&name)?,
            false => storage.is_left(&name)?,
        };
        if is_left {
            self.findings.removed += u64::from(self.repair);
            self.findings.leftovers.add(name);
        }
        Ok(())
    }

    /// Folders of files that were arriving, as they were found at the beginning.
    fn incoming(&mut self, folders: &[PathBuf]) {
        for left in folders {
            let Some(found) = Left::find(left) else {
                continue;
            };
            if self.repair && found.remove() {
                self.findings.removed += 1;
            }
            self.findings.leftovers.add(left.display().to_string());
        }
    }
}
