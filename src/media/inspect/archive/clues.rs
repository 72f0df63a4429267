//! What an archive is for, told by the names of its entries and by what it says about itself. Reads nothing.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::super::refused::{active, not_taken};
use super::super::{Rejection, damaged};
use crate::media::format::Format;

/// What the names of the entries tell.
#[derive(Default)]
pub(super) struct Clues {
    seen: usize,
    /// Hashes of names, in place of names that may be long.
    names: HashSet<u64>,
    hasher: RandomState,
    /// The entry `mimetype` of OpenDocument and EPUB.
    pub(super) mimetype: Option<usize>,
    /// The entry `[Content_Types].xml` of Office Open XML.
    pub(super) content_types: Option<usize>,
    is_word: bool,
    is_excel: bool,
    is_powerpoint: bool,
    is_binary_excel: bool,
    is_ofd: bool,
    has_container: bool,
    program: Option<&'static str>,
    has_macros: bool,
    has_controls: bool,
    has_scripts: bool,
}

impl Clues {
    /// Notes an entry.
    pub(super) fn see(&mut self, name: &[u8]) -> Result<(), Rejection> {
        if !self.names.insert(self.hasher.hash_one(name)) {
            return Err(damaged(
                "is an archive (ZIP) that holds two entries of the same name",
            ));
        }
        let lower = name.to_ascii_lowercase();
        let has = |start: &[u8]| lower.starts_with(start);
        match lower.as_slice() {
            b"mimetype" => self.mimetype = Some(self.seen),
            b"[content_types].xml" => self.content_types = Some(self.seen),
            b"ofd.xml" => self.is_ofd = true,
            b"meta-inf/container.xml" => self.has_container = true,
            b"androidmanifest.xml" => self.program = Some("an Android app (APK)"),
            b"meta-inf/manifest.mf" => {
                self.program.get_or_insert("a Java program (JAR)");
            }
            _ => {}
        }
        self.is_word |= has(b"word/");
        self.is_excel |= has(b"xl/");
        self.is_powerpoint |= has(b"ppt/");
        self.is_binary_excel |= lower == b"xl/workbook.bin";
        self.has_macros |= lower.ends_with(b"vbaproject.bin") || has(b"xl/macrosheets/");
        self.has_controls |=
            memchr::memmem::find(&lower, b"/activex/").is_some() && lower.ends_with(b".bin");
        let is_basic = has(b"basic/")
            && lower.ends_with(b".xml")
            && !lower.ends_with(b"script-lc.xml")
            && !lower.ends_with(b"script-lb.xml")
            && !lower.ends_with(b"dialog-lc.xml")
            && !lower.ends_with(b"dialog-lb.xml");
        self.has_scripts |= is_basic || (has(b"scripts/") && !lower.ends_with(b"/"));
        self.seen += 1;
        Ok(())
    }

    /// The format; `texts` are the beginnings of what the archive says about itself.
    pub(super) fn format(&self, texts: &[Vec<u8>]) -> Result<Format, Rejection> {
        let first = texts.first().map(Vec::as_slice).unwrap_or_default();
        if self.mimetype.is_some()
            && let Some(format) = self.named_format(first)?
        {
            return Ok(format);
        }
        if self.content_types.is_some() {
            let types = texts.last().map(Vec::as_slice).unwrap_or_default();
            return self.office_format(types);
        }
        if let Some(program) = self.program {
            return Err(not_taken(program, "send documents, pictures or recordings"));
        }
        match self.is_ofd {
            true => Ok(Format::Ofd),
            false => Ok(Format::Zip),
        }
    }

    fn named_format(&self, named: &[u8]) -> Result<Option<Format>, Rejection> {
        let named = named.trim_ascii();
        let format = match named {
            b"application/epub+zip" if self.has_container => return Ok(Some(Format::Epub)),
            b"application/epub+zip" => {
                return Err(damaged("is an EPUB book without `META-INF/container.xml`"));
            }
            b"application/vnd.oasis.opendocument.text" => Format::Odt,
            b"application/vnd.oasis.opendocument.spreadsheet" => Format::Ods,
            b"application/vnd.oasis.opendocument.presentation" => Format::Odp,
            _ if named.starts_with(b"application/vnd.oasis.opendocument.") => {
                return Err(not_taken(
                    "an OpenDocument file of a kind that is not taken",
                    "save it as text (.odt), spreadsheet (.ods) or presentation (.odp)",
                ));
            }
            _ => return Ok(None),
        };
        match self.has_scripts {
            true => Err(active("macros", "save it without them")),
            false => Ok(Some(format)),
        }
    }

    fn office_format(&self, types: &[u8]) -> Result<Format, Rejection> {
        let is_named_so = memchr::memmem::find(types, b"macroEnabled").is_some();
        if self.has_macros || is_named_so {
            return Err(active(
                "macros",
                "save it as .docx, .xlsx or .pptx, which hold none",
            ));
        }
        if self.has_controls {
            return Err(active("ActiveX controls", "remove them and save it again"));
        }
        if self.is_binary_excel {
            return Err(not_taken("a binary workbook (XLSB)", "save it as .xlsx"));
        }
        match (self.is_word, self.is_excel, self.is_powerpoint) {
            (true, false, false) => Ok(Format::Docx),
            (false, true, false) => Ok(Format::Xlsx),
            (false, false, true) => Ok(Format::Pptx),
            _ => Err(not_taken(
                "a package of Office's kind, but no Word, Excel or PowerPoint document",
                "save it as .docx, .xlsx, .pptx or .pdf",
            )),
        }
    }
}
