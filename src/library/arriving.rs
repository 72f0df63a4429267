//! Which bytes somebody is about to record: their files, or notes on them, still lie where files arrive. Knows no record.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Seek};

use super::folder::copy;
use super::{Library, notes};
use crate::error::Result;
use crate::media::incoming;

impl Library {
    /// Which of `wanted`, SHA-256s of stored bytes, somebody on this machine is about to record or to remove.
    pub(super) fn arriving(&self, wanted: &BTreeSet<String>) -> Result<BTreeSet<String>> {
        let mut arriving = BTreeSet::new();
        let mut add = |sha256: String| {
            if wanted.contains(&sha256) {
                arriving.insert(sha256);
            }
        };
        incoming::busy(&self.settings.incoming, |mut file: File| {
            // What cannot be read to its end is not stored yet.
            if let Ok(sha256) = copy(&mut file, &mut io::sink()) {
                add(sha256);
            }
            if file.rewind().is_ok() {
                notes::each(file, &mut add);
            }
        })?;
        Ok(arriving)
    }
}
