//! Files noted while a long work goes on, for its end. The notes are kept on disk, so memory does not grow with their number.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use serde::{Deserialize, Serialize};

use super::Library;
use crate::error::{Error, Result};
use crate::media::incoming::Incoming;
use crate::models::json::Doc;
use crate::models::media::{StoredFile, Variant};

/// Files in the order in which they were noted.
pub struct Notes {
    library: Library,
    lines: Option<Incoming>,
}

/// The longest note, and more.
const LONGEST: u64 = 64 << 10;

/// Shows `see` the SHA-256s of notes that are being taken; a file that has none is no such thing.
pub(super) fn each(file: File, mut see: impl FnMut(String)) {
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = lines.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        match serde_json::from_slice::<Line>(&line) {
            Ok(note) if read.is_ok() => see(note.sha256),
            _ => return,
        }
    }
}

/// A note, as a line.
#[derive(Serialize, Deserialize)]
struct Line {
    sha256: String,
    media_type: String,
    size: i64,
    variants: Vec<Variant>,
}

impl Library {
    /// No notes yet.
    pub fn notes(&self) -> Notes {
        Notes {
            library: self.clone(),
            lines: None,
        }
    }
}

impl Notes {
    /// Notes a file.
    pub fn add(&mut self, file: &StoredFile) -> Result<()> {
        let line = Line {
            sha256: file.sha256.clone(),
            media_type: file.media_type.clone(),
            size: file.size,
            variants: file.variants.0.clone(),
        };
        let mut line = serde_json::to_vec(&line).map_err(|e| Error::Internal(e.into()))?;
        line.push(b'\n');
        let incoming = &self.library.settings.incoming;
        let lines = match &mut self.lines {
            Some(lines) => lines,
            none => none.insert(Incoming::begin(incoming, u64::MAX)?),
        };
        lines.write(&line)
    }

    /// Forgets all notes.
    pub fn clear(&mut self) {
        self.lines = None;
    }

    /// Hands all notes out, and forgets them.
    pub fn take(&mut self, mut each: impl FnMut(StoredFile)) -> Result<()> {
        let Some(lines) = self.lines.take() else {
            return Ok(());
        };
        let noted = lines.finish();
        let failed = |cause| Error::File {
            what: "reading notes on files".to_owned(),
            cause,
        };
        let lines = BufReader::new(File::open(noted.path()).map_err(failed)?);
        for line in lines.lines() {
            let line = line.map_err(failed)?;
            let Line {
                sha256,
                media_type,
                size,
                variants,
            } = serde_json::from_str(&line).map_err(|e| Error::Internal(e.into()))?;
            each(StoredFile {
                sha256,
                media_type,
                size,
                width: None,
                height: None,
                variants: Doc(variants),
            });
        }
        Ok(())
    }
}
