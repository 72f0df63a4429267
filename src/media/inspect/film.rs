//! Videos, and recordings in their containers: ISO media files (MP4, M4A; ISO/IEC 14496-12) and WebM. Does not decode them.

use std::ops::Range;

use super::refused::not_taken;
use super::source::{Look, Source, be32};
use super::{cut_off, damaged};
use crate::media::format::Format;

/// Boxes that are looked at, at all levels together.
const MAX_BOXES: usize = 20_000;
/// Bytes of the first box that are looked at.
const BRANDS: u64 = 1_024;
/// Bytes of the header of a WebM file that are looked at.
const EBML: u64 = 4_096;

/// A box: its name, and where its content is.
struct Part {
    name: [u8; 4],
    content: Range<u64>,
}

/// An ISO media file.
pub(super) fn iso(source: &mut Source) -> Look<Format> {
    let size = be32(&source.bytes(0..4)?, 0).map_or(0, u64::from);
    let head = source.bytes(8..size.clamp(16, BRANDS))?;
    // The major brand, its version, then all that it is compatible with.
    let major = head.first_chunk::<4>().copied().unwrap_or_default();
    refuse_brand(&major)?;
    let is_film = |brand: &[u8]| {
        matches!(
            brand,
            b"isom"
                | b"avc1"
                | b"mp41"
                | b"mp42"
                | b"mp71"
                | b"dash"
                | b"MSNV"
                | b"XAVC"
                | b"mmp4"
                | b"cmfc"
                | b"cmf2"
                | b"f4v "
                | b"M4V "
                | b"M4VH"
                | b"M4VP"
        ) || brand.starts_with(b"iso")
    };
    let is_sound = matches!(&major, b"M4A " | b"M4B " | b"F4A " | b"F4B ");
    let mut brands = head.chunks_exact(4).enumerate().filter(|(n, _)| *n != 1);
    if !is_sound && !brands.any(|(_, brand)| is_film(brand)) {
        return Err(not_taken(
            "a media file of an unknown kind",
            "convert it to MP4 (H.264) or M4A",
        )
        .into());
    }
    let tracks = Tracks::of(source)?;
    match (is_sound, tracks.film, tracks.sound) {
        (true, _, true) | (false, false, true) => Ok(Format::M4a),
        (_, true, _) => Ok(Format::Mp4),
        _ => Err(damaged("is a media file (MP4) without a video or a recording").into()),
    }
}

fn refuse_brand(major: &[u8; 4]) -> Look<()> {
    let (what, mend) = match major {
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
            ("a HEIC picture", "export it as JPEG")
        }
        b"avif" | b"avis" => ("an AVIF picture", "export it as JPEG or WebP"),
        b"crx " => ("a raw picture", "export it as JPEG"),
        b"qt  " => ("a QuickTime video", "convert it to MP4 (H.264)"),
        b"M4P " => (
            "a recording that is locked by its shop",
            "convert it to MP3",
        ),
        _ => return Ok(()),
    };
    Err(not_taken(what, mend).into())
}

/// What is in an ISO media file.
#[derive(Default)]
struct Tracks {
    film: bool,
    sound: bool,
}

impl Tracks {
    fn of(source: &mut Source) -> Look<Self> {
        let mut tracks = Self::default();
        let mut left = MAX_BOXES;
        let whole = 0..source.size();
        let mut has_index = false;
        let mut at = whole.start;
        while let Some(part) = next(source, at, &whole)? {
            left = left.checked_sub(1).ok_or_else(too_many)?;
            let is_named = part
                .name
                .iter()
                .all(|b| (0x20..0x7F).contains(b) || *b == 0xA9);
            if !is_named {
                // Some cameras leave bytes behind the last box.
                break;
            }
            at = part.content.end;
            let is_index = &part.name == b"moov";
            has_index |= is_index;
            if at > whole.end && has_index {
                return Err(cut_off().into());
            }
            if is_index {
                tracks.see(source, &part.content, &mut left)?;
            }
        }
        match has_index {
            true => Ok(tracks),
            false => Err(damaged(
                "is a video or recording (MP4) without its index, as when it was not stopped properly or not copied whole",
            )
            .into()),
        }
    }

    /// Follows the one way that leads to the kinds of the tracks: `trak`, `mdia`, `hdlr`.
    fn see(&mut self, source: &mut Source, within: &Range<u64>, left: &mut usize) -> Look<()> {
        let mut open = vec![within.clone()];
        while let Some(within) = open.pop() {
            let mut at = within.start;
            while let Some(part) = next(source, at, &within)? {
                *left = left.checked_sub(1).ok_or_else(too_many)?;
                at = part.content.end;
                if at > within.end {
                    return Err(damaged("is a media file (MP4) whose index is broken").into());
                }
                match &part.name {
                    b"trak" | b"mdia" => open.push(part.content),
                    b"hdlr" => match source.array::<12>(part.content.start)? {
                        Some([.., b'v', b'i', b'd', b'e']) => self.film = true,
                        Some([.., b's', b'o', b'u', b'n']) => self.sound = true,
                        _ => {}
                    },
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn too_many() -> super::Rejection {
    damaged("is a media file (MP4) of too many parts")
}

/// The box at `at`; its end may lie beyond `within`.
fn next(source: &mut Source, at: u64, within: &Range<u64>) -> Look<Option<Part>> {
    if at.checked_add(8).is_none_or(|end| end > within.end) {
        return Ok(None);
    }
    let Some([a, b, c, d, name @ ..]) = source.array::<8>(at)? else {
        return Ok(None);
    };
    let (header, length) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (8, within.end - at),
        1 => match source.array::<8>(at + 8)? {
            Some(length) => (16, u64::from_be_bytes(length)),
            None => return Ok(None),
        },
        length => (8, u64::from(length)),
    };
    match at.checked_add(length) {
        Some(end) if length >= header => Ok(Some(Part {
            name,
            content: at + header..end,
        })),
        _ => Err(damaged("is a media file (MP4) whose parts are broken").into()),
    }
}

/// A Matroska file: taken where it says that it is WebM.
pub(super) fn matroska(source: &mut Source) -> Look<Format> {
    let head = source.bytes(0..EBML)?;
    let broken = || damaged("is a video (WebM) whose beginning is broken");
    let rest = head.get(4..).unwrap_or_default();
    let (length, rest) = number(rest, false).ok_or_else(broken)?;
    let length = usize::try_from(length).map_err(|_| broken())?;
    let (mut header, behind) = rest.split_at_checked(length).ok_or_else(broken)?;
    let mut kind: &[u8] = b"";
    while !header.is_empty() {
        let (id, rest) = number(header, true).ok_or_else(broken)?;
        let (length, rest) = number(rest, false).ok_or_else(broken)?;
        let length = usize::try_from(length).map_err(|_| broken())?;
        let (value, rest) = rest.split_at_checked(length).ok_or_else(broken)?;
        if id == 0x4282 {
            kind = value.trim_ascii_end();
        }
        header = rest;
    }
    let kind = kind.split(|b| *b == 0).next().unwrap_or_default();
    match kind {
        b"webm" if number(behind, true).is_some_and(|(id, _)| id == 0x1853_8067) => {
            Ok(Format::WebM)
        }
        b"webm" => Err(broken().into()),
        _ => Err(not_taken(
            "a Matroska video (MKV)",
            "convert it to MP4 (H.264) or WebM",
        )
        .into()),
    }
}

/// A number of variable length (RFC 8794, section 4) and what follows; ids keep the bit that tells their length.
fn number(bytes: &[u8], is_id: bool) -> Option<(u64, &[u8])> {
    let first = *bytes.first()?;
    let length = usize::try_from(first.leading_zeros()).ok()? + 1;
    let (digits, rest) = bytes.split_at_checked(length).filter(|_| length <= 8)?;
    let all = digits
        .iter()
        .fold(0, |sum: u64, b| sum << 8 | u64::from(*b));
    let mark = 1_u64 << (7 * length);
    Some((if is_id { all } else { all & (mark - 1) }, rest))
}
