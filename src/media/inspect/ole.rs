//! The old Office formats: compound files ([MS-CFB]), of which only the directory is read. Macros of PowerPoint stand deeper and
//! are not found, nor are Excel's macros of before 1997. Does not know who wrote them.

use super::refused::{active, not_taken};
use super::source::{Look, Source, le16, le32};
use super::{Rejection, damaged};
use crate::media::format::Format;

/// The first bytes.
pub(super) const SIGNATURE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Entries of a directory, at most.
const MAX_ENTRIES: usize = 16_384;
/// Bytes of an entry.
const ENTRY: usize = 128;
/// Sector numbers from here on have a meaning of their own.
const NO_SECTOR: u32 = 0xFFFF_FFFA;

/// An entry: who stands beside it and below it.
struct Entry {
    beside: [u32; 2],
    below: u32,
    role: Option<Role>,
}

/// What the name of an entry tells.
#[derive(Clone, Copy)]
enum Role {
    Holds(Format),
    Encrypted,
}

/// The format of a compound file.
pub(super) fn look(source: &mut Source) -> Look<Format> {
    let entries = directory(source)?;
    let root = entries.first().map_or(NO_SECTOR, |root| root.below);
    // Only what stands at the top tells: documents may hold others.
    let mut open = vec![root];
    let mut found = None;
    for _ in 0..=2 * entries.len() {
        let Some(number) = open.pop() else { break };
        let entry = usize::try_from(number).ok().and_then(|n| entries.get(n));
        let Some(entry) = entry else { continue };
        open.extend(entry.beside);
        found = found.or(entry.role);
    }
    match found {
        Some(Role::Holds(format)) => Ok(format),
        Some(Role::Encrypted) => Err(Rejection::new(
            "encrypted",
            "is an Office document under a password, so what is in it cannot be checked; save it without a password",
        )
        .into()),
        None => Err(not_taken(
            "a compound file of Microsoft's kind, but no Word, Excel or PowerPoint document",
            "save it as .docx, .xlsx, .pptx or .pdf",
        )
        .into()),
    }
}

/// Reads the directory, sector by sector, and refuses macros.
fn directory(source: &mut Source) -> Look<Vec<Entry>> {
    let header = source.array::<512>(0)?.ok_or_else(super::cut_off)?;
    let shift = match (le16(&header, 26), le16(&header, 30)) {
        (Some(3), Some(9)) => 9,
        (Some(4), Some(12)) => 12,
        _ => return Err(broken().into()),
    };
    let mut table = Table {
        header: &header,
        shift,
        known: None,
    };
    let mut sector = le32(&header, 48).ok_or_else(broken)?;
    let mut entries = Vec::new();
    while sector < NO_SECTOR {
        let start = table.place(sector);
        let bytes = source.bytes(start..start + (1 << shift))?;
        for bytes in bytes.chunks_exact(ENTRY) {
            entries.push(entry(bytes)?);
        }
        if entries.len() > MAX_ENTRIES || bytes.len() < 1 << shift {
            return Err(broken().into());
        }
        sector = table.next(source, sector)?;
    }
    Ok(entries)
}

fn broken() -> Rejection {
    damaged("is an Office document of the old kind whose directory is broken")
}

fn entry(bytes: &[u8]) -> Result<Entry, Rejection> {
    let length = le16(bytes, 64).map_or(0, usize::from);
    let units = bytes
        .get(..length.saturating_sub(2).min(62))
        .unwrap_or_default();
    let units = units.chunks_exact(2).filter_map(|unit| le16(unit, 0));
    let name: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or('\u{FFFD}').to_ascii_lowercase())
        .collect();
    let is_used = bytes.get(66).is_some_and(|kind| *kind != 0);
    let is_macro = matches!(
        name.as_str(),
        "vba" | "macros" | "_vba_project" | "_vba_project_cur"
    );
    if is_used && is_macro {
        return Err(active(
            "macros",
            "save it as .docx, .xlsx or .pptx, which hold none",
        ));
    }
    let role = match name.as_str() {
        "worddocument" => Some(Role::Holds(Format::Doc)),
        "workbook" | "book" => Some(Role::Holds(Format::Xls)),
        "powerpoint document" => Some(Role::Holds(Format::Ppt)),
        "encryptedpackage" => Some(Role::Encrypted),
        _ => None,
    };
    let number = |at| le32(bytes, at).ok_or_else(broken);
    Ok(Entry {
        beside: [number(68)?, number(72)?],
        below: number(76)?,
        role: role.filter(|_| is_used),
    })
}

/// Which sector follows which.
struct Table<'a> {
    header: &'a [u8; 512],
    shift: u32,
    /// The part of the table that was asked last, and where it is.
    known: Option<(u32, u32)>,
}

impl Table<'_> {
    fn place(&self, sector: u32) -> u64 {
        (u64::from(sector) + 1) << self.shift
    }

    fn next(&mut self, source: &mut Source, sector: u32) -> Look<u32> {
        if self.place(sector) >= source.size() {
            return Err(broken().into());
        }
        let numbers = 1 << (self.shift - 2);
        let part = sector / numbers;
        let home = match self.known {
            Some((known, home)) if known == part => home,
            _ => self.home(source, part, numbers - 1)?,
        };
        self.known = Some((part, home));
        self.number(source, home, sector % numbers)
    }

    /// Where a part of the table is: 109 parts are named in the header, the others in a chain of sectors.
    fn home(&self, source: &mut Source, part: u32, numbers: u32) -> Look<u32> {
        let Some(beyond) = part.checked_sub(109) else {
            let at = 76 + 4 * usize::try_from(part).unwrap_or(usize::MAX / 8);
            return Ok(le32(self.header, at).ok_or_else(broken)?);
        };
        let mut sector = le32(self.header, 68).ok_or_else(broken)?;
        for _ in 0..beyond / numbers {
            sector = self.number(source, sector, numbers)?;
        }
        self.number(source, sector, beyond % numbers)
    }

    fn number(&self, source: &mut Source, sector: u32, at: u32) -> Look<u32> {
        let place = self.place(sector) + 4 * u64::from(at);
        let bytes = source.array(place)?.ok_or_else(broken)?;
        Ok(u32::from_le_bytes(bytes))
    }
}
