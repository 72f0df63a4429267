//! What of storage and database does not fit together, and what can be done about it. Both are walked side by side in the order of
//! SHA-256, so memory does not grow with the number of files.

use std::collections::{BTreeMap, VecDeque};

use super::{Library, keys};
use crate::error::Result;
use crate::media::incoming;
use crate::media::storage::{Key, Listed};
use crate::models::json::Doc;
use crate::models::media::StoredFile;
use crate::models::time::Ts;
use crate::store::{self, Store};

/// Records read at a time.
const BATCH: i64 = 500;

/// Names that are kept of each kind; further ones are only counted.
const KEPT: usize = 1000;

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
            findings: Findings::default(),
        };
        for left in incoming::sweep(&self.settings.incoming, repair)? {
            walk.findings.leftovers.add(left.display().to_string());
            walk.findings.removed += u64::from(repair);
        }
        self.storage.list(&mut |listed, size| match listed {
            Listed::File(key) => walk.file(&key, size),
            Listed::Leftover(name) => walk.leftover(name),
            Listed::Stranger(name) => {
                walk.findings.strangers.add(name);
                Ok(())
            }
        })?;
        while let Some(record) = walk.next_record()? {
            walk.done(record)?;
        }
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
            _ => self.orphan(key),
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
            let sha256 = &file.sha256;
            let is_named_now = || {
                let found = self
                    .store
                    .read_blocking(|conn| store::media_files::find_unnamed(conn, sha256))?;
                Ok::<bool, crate::error::Error>(found.is_none())
            };
            if is_named_now()? {
                self.findings.whole += 1;
                return Ok(());
            }
            self.findings.orphans.add(sha256.clone());
            if self.repair && self.library.remove_unnamed(self.store, sha256)? {
                self.findings.removed += 1;
            }
            return Ok(());
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

    /// Bytes that no record speaks of, as far as was read.
    fn orphan(&mut self, key: &Key) -> Result<()> {
        // It may have been recorded since.
        let is_recorded = |file: Option<StoredFile>| -> Result<bool> {
            Ok(match file {
                Some(file) => keys(&file)?.iter().any(|(known, _)| known == key),
                None => false,
            })
        };
        let sha256 = key.sha256();
        let present = self
            .store
            .read_blocking(|conn| store::media_files::find(conn, sha256))?;
        if is_recorded(present)? {
            return Ok(());
        }
        self.findings.orphans.add(key.to_string());
        if !self.repair {
            return Ok(());
        }
        let place_holder = StoredFile {
            sha256: sha256.to_owned(),
            media_type: "application/octet-stream".to_owned(),
            size: 1,
            width: None,
            height: None,
            variants: Doc(Vec::new()),
        };
        let (library, now) = (self.library, self.now);
        // While the row is ours, nobody records these bytes; whoever waits for it looks whether they are there still.
        let is_removed = self.store.write_blocking(|conn| {
            let noted = store::media_files::claim(conn, &place_holder, now)?;
            let is_ours = noted == place_holder;
            if !is_ours && is_recorded(Some(noted))? {
                return Ok(false);
            }
            library.storage.remove(key)?;
            if is_ours {
                store::media_files::release(conn, sha256)?;
            }
            Ok(true)
        })?;
        self.findings.removed += u64::from(is_removed);
        Ok(())
    }

    fn leftover(&mut self, name: String) -> Result<()> {
        if self.repair && self.library.storage.remove_leftover(&name)? {
            self.findings.removed += 1;
        }
        self.findings.leftovers.add(name);
        Ok(())
    }
}
