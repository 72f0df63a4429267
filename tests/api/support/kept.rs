//! What is kept of files: the rows of a database, what stands in a storage, what has begun to arrive. Looks behind the application's
//! back.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use diesel::prelude::*;
use masthead::media::storage::{Key, Listed, Storage, StorageSettings};
use masthead::schema::media;
use masthead::store::connection::Conn;
use masthead::store::media_files;

use super::TestApp;
use super::media::sha256;

/// What is kept of files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many media there are.
    pub media: i64,
    /// The SHA-256 of the files that are recorded, and whether a medium names each.
    pub recorded: BTreeMap<String, bool>,
    /// What stands in the storage, with its size in bytes.
    pub stored: BTreeMap<String, u64>,
    /// What stands there and belongs to no record.
    pub orphans: Vec<String>,
    /// What a killed process left in the storage of a file that was being stored.
    pub leftovers: Vec<String>,
}

impl Kept {
    /// Looks into a database and a storage. Fails where a recorded file that is named is not there, or is not what the record says.
    #[track_caller]
    pub fn look(conn: &mut Conn, storage: &Storage) -> Self {
        let mut kept = Self {
            media: media::table.count().get_result(conn).unwrap(),
            ..Self::default()
        };
        storage
            .list(&mut |listed, size| {
                match listed {
                    Listed::File(key) => drop(kept.stored.insert(key.to_string(), size)),
                    Listed::Leftover(name) => kept.leftovers.push(name),
                    Listed::Stranger(name) => panic!("a stranger: {name}"),
                }
                Ok(())
            })
            .unwrap();
        let mut orphans = kept.stored.clone();
        for (file, is_named) in media_files::page(conn, "", 10_000).unwrap() {
            let mut expected = vec![(Key::original(&file.sha256).unwrap(), file.size)];
            for variant in &file.variants.0 {
                let width = variant.width.try_into().unwrap();
                let key = Key::variant(&file.sha256, width).unwrap();
                expected.push((key, variant.size));
            }
            for (key, size) in expected {
                orphans.remove(key.as_str());
                let size: u64 = size.try_into().unwrap();
                let there = kept.stored.get(key.as_str());
                assert!(
                    !is_named || there == Some(&size),
                    "a record of {size} bytes at {key}, and {there:?} are there"
                );
                if is_named && key == Key::original(&file.sha256).unwrap() {
                    let mut bytes = Vec::new();
                    let mut reader = storage.read(&key, 0..size).unwrap().unwrap();
                    reader.read_to_end(&mut bytes).unwrap();
                    assert_eq!(sha256(bytes), file.sha256, "other bytes at {key}");
                }
            }
            kept.recorded.insert(file.sha256, is_named);
        }
        kept.orphans = orphans.into_keys().collect();
        kept
    }
}

impl TestApp {
    /// What is kept of files in the folder of this application.
    #[track_caller]
    pub fn kept(&self) -> Kept {
        let dir = self.stored();
        let storage = Storage::open(&StorageSettings::Disk { dir }).unwrap();
        Kept::look(&mut self.database().connect(), &storage)
    }

    /// How many files are arriving.
    pub fn arriving(&self) -> usize {
        entries(&self.incoming())
    }

    /// Fails unless nothing at all is kept of any file, not even a part.
    #[track_caller]
    pub fn assert_nothing_kept(&self, why: &str) {
        assert_eq!(self.kept(), Kept::default(), "{why}");
        assert_eq!(self.arriving(), 0, "{why}: left in the incoming folder");
    }

    /// Fails unless every record has its bytes, all bytes have their record and nothing is arriving; returns what is kept.
    #[track_caller]
    pub fn assert_in_step(&self) -> Kept {
        let kept = self.kept();
        assert_eq!(kept.orphans, [""; 0], "{kept:#?}");
        assert_eq!(kept.leftovers, [""; 0], "{kept:#?}");
        assert!(kept.recorded.values().all(|named| *named), "{kept:#?}");
        assert_eq!(self.arriving(), 0);
        kept
    }
}

/// How many things are in a folder that may not be there.
pub fn entries(dir: &Path) -> usize {
    std::fs::read_dir(dir).map_or(0, Iterator::count)
}
