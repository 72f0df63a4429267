//! ZIP files and the documents that are ZIP files inside: which one it is, and whether it can be unpacked safely. Nothing is
//! unpacked to keep; what is in an archive within the archive is not looked at.

mod clues;
pub(super) mod directory;

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use self::clues::Clues;
use self::directory::{Directory, Entry};
use super::source::{Look, Source, Stop};
use super::{Rejection, damaged};
use crate::media::format::Format;

/// Bytes that an archive may be unpacked to.
const MAX_UNPACKED: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes that an archive may always be unpacked to, however small it is.
const SMALL: u64 = 50_000_000;
/// How much larger an archive may be when unpacked, beyond [`SMALL`].
const MAX_RATIO: u64 = 200;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The format of a file that begins as an archive does.
pub(super) fn look(source: &mut Source) -> Look<Format> {
    let directory = Directory::find(source)?;
    let mut clues = Clues::default();
    let mut entries = directory.entries(source, |name| clues.see(name))?;
    check_sizes(&entries, source.size())?;
    let types = clues
        .mimetype
        .map(|n| (n, 100))
        .into_iter()
        .chain(clues.content_types.map(|n| (n, 262_144)));
    let mut texts = Vec::new();
    for (number, limit) in types {
        if let Some(entry) = entries.get(number) {
            texts.push(beginning(source, entry, limit)?);
        }
    }
    let format = clues.format(&texts)?;
    entries.sort_unstable_by_key(|entry| entry.header);
    check_places(&directory, &entries, source)?;
    for entry in &entries {
        unpack(source, entry)?;
    }
    Ok(format)
}

/// Refuses archives that say themselves that they unpack to too much.
fn check_sizes(entries: &[Entry], size: u64) -> Result<(), Rejection> {
    let unpacked = entries
        .iter()
        .try_fold(0_u64, |sum, entry| sum.checked_add(entry.size))
        .unwrap_or(u64::MAX);
    let is_bomb = unpacked > MAX_UNPACKED || (unpacked > SMALL && unpacked / MAX_RATIO > size);
    match is_bomb {
        true => Err(Rejection::new(
            "bomb",
            format!(
                "is an archive (ZIP) of {size} bytes that unpacks to {unpacked} bytes; send its contents in smaller archives, or what is needed of them"
            ),
        )),
        false => Ok(()),
    }
}

/// Refuses entries that overlap, as they do in archives made to unpack without end, and bytes before the first one.
fn check_places(directory: &Directory, entries: &[Entry], source: &mut Source) -> Look<()> {
    if entries.first().map(|entry| entry.header) != Some(0) {
        return Err(Rejection::new(
            "polyglot",
            "has an archive (ZIP) behind other content; send each in a file of its own",
        )
        .into());
    }
    let mut free = 0;
    for entry in entries {
        let place = entry.place(source)?;
        if entry.header < free || place.end > directory.start() {
            return Err(Rejection::new(
                "bomb",
                "is an archive (ZIP) whose entries lie on top of each other; pack it again",
            )
            .into());
        }
        free = place.end;
    }
    Ok(())
}

/// Unpacks an entry to nowhere: it must be as large as the directory says, and undamaged.
fn unpack(source: &mut Source, entry: &Entry) -> Look<()> {
    let place = entry.place(source)?;
    let mut reader = unpacked(source, entry, place)?.take(entry.size.saturating_add(1));
    let mut crc = Crc::new();
    let mut size = 0_u64;
    let mut piece = vec![0; 32_768];
    loop {
        let length = read(&mut reader, &mut piece)?;
        if length == 0 {
            break;
        }
        crc.update(piece.get(..length).unwrap_or_default());
        size = size.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    }
    if size > entry.size {
        return Err(Rejection::new(
            "bomb",
            "is an archive (ZIP) with an entry that unpacks to more than the archive says; pack it again",
        )
        .into());
    }
    match size == entry.size && crc.sum() == entry.crc {
        true => Ok(()),
        false => Err(damaged("is an archive (ZIP) with a broken entry").into()),
    }
}

/// The first `limit` bytes of an entry.
fn beginning(source: &mut Source, entry: &Entry, limit: u64) -> Look<Vec<u8>> {
    let place = entry.place(source)?;
    let mut reader = unpacked(source, entry, place)?.take(limit);
    let mut bytes = Vec::new();
    let mut piece = vec![0; 4_096];
    loop {
        let length = read(&mut reader, &mut piece)?;
        if length == 0 {
            return Ok(bytes);
        }
        bytes.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
}

fn unpacked<'s>(
    source: &'s mut Source,
    entry: &Entry,
    place: Range<u64>,
) -> Look<Box<dyn Read + 's>> {
    let packed = source.reader(place)?;
    match entry.method {
        STORED => Ok(Box::new(packed)),
        DEFLATED => Ok(Box::new(DeflateDecoder::new(packed))),
        _ => Err(Rejection::new(
            "type_not_allowed",
            "is an archive (ZIP) packed by a method that many programs cannot read; pack it with the usual one (Deflate)",
        )
        .into()),
    }
}

fn read(reader: &mut impl Read, piece: &mut [u8]) -> Look<usize> {
    loop {
        return match reader.read(piece) {
            Ok(length) => Ok(length),
            Err(e) => match e.kind() {
                ErrorKind::Interrupted => continue,
                ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                    Err(damaged("is an archive (ZIP) with a broken entry").into())
                }
                _ => Err(Stop::Failed(io::Error::new(e.kind(), e))),
            },
        };
    }
}
