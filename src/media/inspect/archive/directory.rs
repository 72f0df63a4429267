//! The central directory of a ZIP file (APPNOTE 6.3.10), read strictly: what two programs could read differently is refused.
//! Does not know what the archive is for.

use std::io::Read;
use std::ops::Range;

use super::super::source::{Look, Source, le16, le32, le64};
use super::super::{Rejection, damaged};

/// Entries of an archive, at most.
const MAX_ENTRIES: u64 = 10_000;
/// Bytes of the name of an entry, at most.
const MAX_ENTRY_NAME: usize = 4_096;
/// Bytes of the fixed part of the end record.
const END: u64 = 22;
/// Bytes of the longest end record: with the longest comment.
pub(in super::super) const MAX_END: u64 = END + 65_535;
/// Bytes of the fixed part of a local header.
const LOCAL: u64 = 30;

const END_SIGNATURE: &[u8; 4] = b"PK\x05\x06";
const END64_SIGNATURE: &[u8; 4] = b"PK\x06\x06";
const LOCATOR_SIGNATURE: &[u8; 4] = b"PK\x06\x07";
const ENTRY_SIGNATURE: &[u8; 4] = b"PK\x01\x02";
const LOCAL_SIGNATURE: &[u8; 4] = b"PK\x03\x04";

/// Where the central directory is.
pub(super) struct Directory {
    place: Range<u64>,
    entries: u64,
}

/// An entry, without its name.
pub(super) struct Entry {
    /// Where its local header begins.
    pub(super) header: u64,
    /// Bytes in the archive.
    pub(super) packed: u64,
    /// Bytes when unpacked, as the directory says.
    pub(super) size: u64,
    pub(super) crc: u32,
    pub(super) method: u16,
}

impl Directory {
    /// Finds the directory of a file that ends as an archive does.
    pub(super) fn find(source: &mut Source) -> Look<Self> {
        let size = source.size();
        let tail_start = size.saturating_sub(MAX_END);
        let tail = source.bytes(tail_start..size)?;
        let Some(at) = last_end(&tail) else {
            return Err(damaged(
                "is an archive (ZIP) whose end is missing, or has bytes after its end",
            )
            .into());
        };
        let end = tail.get(at..).unwrap_or_default();
        if memchr::memmem::find(end.get(4..).unwrap_or_default(), END_SIGNATURE).is_some() {
            return Err(Rejection::new(
                "polyglot",
                "is an archive (ZIP) with two ends, which programs read differently; pack it again",
            )
            .into());
        }
        let end_at = tail_start + u64::try_from(at).unwrap_or(u64::MAX);
        let broken = || damaged("is an archive (ZIP) whose directory is broken");
        let disks = [le16(end, 4), le16(end, 6)];
        let mut entries = le16(end, 10).map(u64::from).ok_or_else(broken)?;
        let mut length = le32(end, 12).map(u64::from).ok_or_else(broken)?;
        let mut start = le32(end, 16).map(u64::from).ok_or_else(broken)?;
        let mut stop = end_at;
        let locator = match end_at.checked_sub(20) {
            Some(at) => source.array::<20>(at)?,
            None => None,
        };
        if let Some(locator) = locator.filter(|l| l.starts_with(LOCATOR_SIGNATURE)) {
            stop = le64(&locator, 8).ok_or_else(broken)?;
            let large = source.array::<56>(stop)?.ok_or_else(broken)?;
            if !large.starts_with(END64_SIGNATURE) {
                return Err(broken().into());
            }
            let pick = |small: u64, mark: u64, at: usize| match small == mark {
                true => le64(&large, at).ok_or_else(broken),
                false => Ok(small),
            };
            entries = pick(entries, u64::from(u16::MAX), 32)?;
            length = pick(length, u64::from(u32::MAX), 40)?;
            start = pick(start, u64::from(u32::MAX), 48)?;
        } else if disks != [Some(0), Some(0)] {
            return Err(damaged("is one part of an archive (ZIP) in several parts").into());
        }
        if entries == 0 {
            return Err(Rejection::new(
                "empty",
                "is an archive (ZIP) with nothing in it; pack it again",
            )
            .into());
        }
        if entries > MAX_ENTRIES {
            return Err(Rejection::new(
                "bomb",
                format!(
                    "is an archive (ZIP) of {entries} entries; pack at most {MAX_ENTRIES} into one"
                ),
            )
            .into());
        }
        match start.checked_add(length) == Some(stop) {
            true => Ok(Self {
                place: start..stop,
                entries,
            }),
            false => Err(broken().into()),
        }
    }

    /// Every entry, in the order of the directory; `see` gets each with its name.
    pub(super) fn entries(
        &self,
        source: &mut Source,
        mut see: impl FnMut(&[u8]) -> Result<(), Rejection>,
    ) -> Look<Vec<Entry>> {
        let broken = || damaged("is an archive (ZIP) whose directory is broken");
        let mut reader = source.reader(self.place.clone())?;
        let mut entries = Vec::new();
        for _ in 0..self.entries {
            let mut fixed = [0; 46];
            reader.read_exact(&mut fixed)?;
            if !fixed.starts_with(ENTRY_SIGNATURE) {
                return Err(broken().into());
            }
            let number = |at| le16(&fixed, at).ok_or_else(broken);
            let large = |at| le32(&fixed, at).ok_or_else(broken);
            let mut name = vec![0; usize::from(number(28)?)];
            let mut extra = vec![0; usize::from(number(30)?)];
            reader.read_exact(&mut name)?;
            reader.read_exact(&mut extra)?;
            let comment = u64::from(number(32)?);
            std::io::copy(&mut (&mut reader).take(comment), &mut std::io::sink())?;

            check_flags(number(8)?, &name)?;
            check_name(&name)?;
            // The upper half of the attributes is a file mode where the archive was made on Unix.
            if number(4)? >> 8 == 3 && large(38)? >> 28 == 0xA {
                return Err(Rejection::new(
                    "unsafe_path",
                    format!("is an archive (ZIP) in which {} is a link to another place; pack it without links", shown(&name)),
                )
                .into());
            }
            let mut wide = Wide::new(&extra);
            let size = wide.or(large(24)?).ok_or_else(broken)?;
            let packed = wide.or(large(20)?).ok_or_else(broken)?;
            let header = wide.or(large(42)?).ok_or_else(broken)?;
            let entry = Entry {
                header,
                packed,
                size,
                crc: large(16)?,
                method: number(10)?,
            };
            see(&name)?;
            entries.push(entry);
        }
        match reader.bytes().next() {
            None => Ok(entries),
            Some(_) => Err(broken().into()),
        }
    }

    /// Where the contents of the entries must end.
    pub(super) fn start(&self) -> u64 {
        self.place.start
    }
}

impl Entry {
    /// Where its bytes are: behind a local header that says the same as the directory.
    pub(super) fn place(&self, source: &mut Source) -> Look<Range<u64>> {
        let broken =
            || damaged("is an archive (ZIP) whose entries are not where its directory says");
        let local = source.array::<30>(self.header)?.ok_or_else(broken)?;
        let is_same = local.starts_with(LOCAL_SIGNATURE) && le16(&local, 8) == Some(self.method);
        let (Some(name), Some(extra), true) = (le16(&local, 26), le16(&local, 28), is_same) else {
            return Err(broken().into());
        };
        let start = self.header + LOCAL + u64::from(name) + u64::from(extra);
        let end = start.checked_add(self.packed).ok_or_else(broken)?;
        Ok(start..end)
    }
}

/// Sizes that do not fit into 32 bits, in the order in which they are needed (APPNOTE 4.5.3).
struct Wide<'a>(&'a [u8]);

impl<'a> Wide<'a> {
    fn new(mut extra: &'a [u8]) -> Self {
        while let (Some(id), Some(length)) = (le16(extra, 0), le16(extra, 2)) {
            let end = 4 + usize::from(length);
            if id == 1 {
                return Self(extra.get(4..end).unwrap_or_default());
            }
            extra = extra.get(end..).unwrap_or_default();
        }
        Self(&[])
    }

    fn or(&mut self, small: u32) -> Option<u64> {
        if small != u32::MAX {
            return Some(u64::from(small));
        }
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }
}

/// Where the end record begins in the tail of a file: one whose comment reaches just to the end of the file.
fn last_end(tail: &[u8]) -> Option<usize> {
    memchr::memmem::rfind_iter(tail, END_SIGNATURE).find(|at| {
        le16(tail, at + 20).is_some_and(|comment| at + 22 + usize::from(comment) == tail.len())
    })
}

/// Whether a program that looks for an archive at the end of a file would find one in `tail`, which begins at `start` of the file.
pub(in super::super) fn is_archive_end(source: &mut Source) -> Look<bool> {
    let size = source.size();
    let start = size.saturating_sub(MAX_END);
    let tail = source.bytes(start..size)?;
    // The bytes of the signature come by themselves, too; then there is no directory before them.
    for at in memchr::memmem::rfind_iter(&tail, END_SIGNATURE).take(16) {
        let end = tail.get(at..).unwrap_or_default();
        let (Some(length), Some(offset)) = (le32(end, 12), le32(end, 16)) else {
            continue;
        };
        let end_at = start + u64::try_from(at).unwrap_or(u64::MAX);
        // Offsets count from the start of the file, or from where the archive begins in it.
        let starts = [
            Some(u64::from(offset)),
            end_at.checked_sub(u64::from(length)),
        ];
        for place in starts.into_iter().flatten() {
            if source.array(place)? == Some(*ENTRY_SIGNATURE) {
                return Ok(true);
            }
        }
        if let Some(locator) = end_at.checked_sub(20)
            && source.array(locator)? == Some(*LOCATOR_SIGNATURE)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn check_flags(flags: u16, name: &[u8]) -> Result<(), Rejection> {
    // Encrypted, strongly encrypted, or with a hidden directory.
    match flags & 0b0010_0000_0100_0001 {
        0 => Ok(()),
        _ => Err(Rejection::new(
            "encrypted",
            format!(
                "is an archive (ZIP) under a password, so what is in it, {} for one, cannot be checked; pack it without a password",
                shown(name)
            ),
        )),
    }
}

/// Refuses names that lead out of the folder into which somebody unpacks the archive.
fn check_name(name: &[u8]) -> Result<(), Rejection> {
    let is_drive = matches!(name, [letter, b':', ..] if letter.is_ascii_alphabetic());
    let is_absolute = matches!(name, [b'/' | b'\\', ..]) || is_drive;
    let climbs = name
        .split(|b| matches!(b, b'/' | b'\\'))
        .any(|part| part == b"..");
    if name.is_empty() || name.len() > MAX_ENTRY_NAME || name.contains(&0) {
        return Err(damaged(
            "is an archive (ZIP) with an entry whose name is empty, too long or broken",
        ));
    }
    match is_absolute || climbs {
        true => Err(Rejection::new(
            "unsafe_path",
            format!(
                "is an archive (ZIP) whose entry {} would be written outside the folder that it is unpacked to; pack it again with relative names",
                shown(name)
            ),
        )),
        false => Ok(()),
    }
}

/// A name as it can be told: nobody knows its encoding, nor how long it is.
fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let text: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    format!("`{text}`")
}
