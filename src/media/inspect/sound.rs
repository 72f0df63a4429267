//! Recordings: MP3, AAC, FLAC, Ogg and WAV told by their structure, not only by their first bytes. Does not decode them.

use super::refused::not_taken;
use super::source::{Look, Source, le32};
use super::{Rejection, damaged};
use crate::media::format::Format;

/// How far behind its tags the first frame of a recording may begin.
const PADDING: u64 = 131_072;
/// Frames in a row that make a recording.
const FRAMES: usize = 3;
/// Tags before the recording, at most.
const TAGS: usize = 8;
/// Chunks of a WAV file before its samples, at most.
const CHUNKS: usize = 1_000;
/// First pages of an Ogg file, one for each stream.
const STREAMS: usize = 16;

/// Kilobits a second by the index in a frame: MPEG-1 layers II and III, MPEG-2 both.
const RATES: [[u64; 14]; 3] = [
    [
        32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    ],
    [
        32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// The recording that begins with ID3 tags (<https://id3.org/id3v2.4.0-structure>) or with a frame; `None` where it is none.
pub(super) fn frames(source: &mut Source) -> Look<Option<Format>> {
    let mut start = 0;
    for _ in 0..TAGS {
        let Some(tag) = source.array::<10>(start)? else {
            break;
        };
        let Some(length) = id3(&tag) else { break };
        start += length;
    }
    if start >= source.size() {
        return Err(damaged("is a recording that ends within its tags").into());
    }
    if source.array::<4>(start)? == Some(*b"fLaC") {
        return flac(source, start).map(Some);
    }
    // Without tags nothing but the first frame tells.
    let end = match start {
        0 => 1,
        _ => start.saturating_add(PADDING),
    };
    let places = source.bytes(start..end)?;
    for (at, _) in places.iter().enumerate().filter(|(_, byte)| **byte == 0xFF) {
        let at = start + u64::try_from(at).unwrap_or(u64::MAX);
        if is_row(source, at, mpeg_frame)? {
            return Ok(Some(Format::Mp3));
        }
        if is_row(source, at, adts_frame)? {
            return Ok(Some(Format::Aac));
        }
    }
    match start {
        0 => Ok(None),
        _ => Err(damaged("has the tags of a recording (ID3), but none behind them").into()),
    }
}

/// Bytes of an ID3 tag.
fn id3(header: &[u8; 10]) -> Option<u64> {
    let [b'I', b'D', b'3', major, minor, flags, size @ ..] = header else {
        return None;
    };
    if *major == 0xFF || *minor == 0xFF || size.iter().any(|byte| *byte > 0x7F) {
        return None;
    }
    let size = size.iter().fold(0, |sum, byte| sum << 7 | u64::from(*byte));
    let footer = if flags & 0x10 != 0 { 10 } else { 0 };
    Some(10 + size + footer)
}

/// Whether frames follow each other from `at` on, to the end of a short file.
fn is_row(source: &mut Source, mut at: u64, length: fn(&[u8; 6]) -> Option<u64>) -> Look<bool> {
    for seen in 0..FRAMES {
        // A tag of the first kind (ID3v1) or padding may stand at the end.
        let Some(header) = source.array::<6>(at)? else {
            return Ok(seen > 0);
        };
        match length(&header) {
            Some(length) => at += length,
            None => return Ok(seen > 0 && header.starts_with(b"TAG")),
        }
    }
    Ok(true)
}

/// Bytes of an MPEG frame of layer II or III.
fn mpeg_frame(header: &[u8; 6]) -> Option<u64> {
    let [0xFF, second, third, ..] = header else {
        return None;
    };
    if second & 0xE0 != 0xE0 {
        return None;
    }
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    let table = match (version, layer) {
        (1, _) | (_, 0 | 3) => return None,
        (3, 2) => 0,
        (3, _) => 1,
        _ => 2,
    };
    let index = usize::from(third >> 4).checked_sub(1)?;
    let kilobits = RATES.get(table)?.get(index)?;
    let rate: u64 = match third >> 2 & 3 {
        0 => 44_100,
        1 => 48_000,
        2 => 32_000,
        _ => return None,
    };
    // MPEG-2 halves the rate of samples, MPEG-2.5 once more.
    let rate = match version {
        3 => rate,
        2 => rate / 2,
        _ => rate / 4,
    };
    let samples = match (version, layer) {
        (0 | 2, 1) => 72,
        _ => 144,
    };
    Some(samples * kilobits * 1_000 / rate + u64::from(third >> 1 & 1))
}

/// Bytes of an AAC frame (ADTS, ISO/IEC 13818-7).
fn adts_frame(header: &[u8; 6]) -> Option<u64> {
    let [0xFF, second, third, fourth, fifth, sixth] = header else {
        return None;
    };
    if second & 0xF6 != 0xF0 || third >> 2 & 0xF > 12 {
        return None;
    }
    let length = u64::from(fourth & 3) << 11 | u64::from(*fifth) << 3 | u64::from(sixth >> 5);
    (length >= 7).then_some(length)
}

/// FLAC (RFC 9639) from `start` on: its properties come first.
pub(super) fn flac(source: &mut Source, start: u64) -> Look<Format> {
    match source.array::<8>(start)? {
        Some([b'f', b'L', b'a', b'C', 0x00 | 0x80, 0, 0, 34]) if source.size() > start + 42 => {
            Ok(Format::Flac)
        }
        _ => Err(damaged("is a FLAC recording whose beginning is broken").into()),
    }
}

/// Ogg (RFC 3533): the first pages say what its streams are.
pub(super) fn ogg(source: &mut Source) -> Look<Format> {
    let mut at = 0;
    let mut has_sound = false;
    for _ in 0..STREAMS {
        let Some(page) = source.array::<27>(at)? else {
            break;
        };
        let [b'O', b'g', b'g', b'S', 0, flags, .., segments] = page else {
            return Err(damaged("is an Ogg recording whose beginning is broken").into());
        };
        if flags & 2 == 0 {
            break;
        }
        let data = at + 27 + u64::from(segments);
        let lengths = source.bytes(at + 27..data)?;
        let start = source.bytes(data..data + 8)?;
        if start.starts_with(b"\x80theora") || start.starts_with(b"BBCD") {
            return Err(not_taken("an Ogg video", "convert it to MP4 (H.264) or WebM").into());
        }
        let sounds: [&[u8]; 4] = [b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   "];
        has_sound |= sounds.into_iter().any(|mark| start.starts_with(mark));
        at = data + lengths.iter().map(|length| u64::from(*length)).sum::<u64>();
    }
    match has_sound {
        true => Ok(Format::Ogg),
        false => Err(damaged("is an Ogg file without a recording").into()),
    }
}

/// WAV: a RIFF file with a format and samples.
pub(super) fn wav(source: &mut Source) -> Look<Format> {
    let broken = || -> Rejection { damaged("is a WAV recording whose beginning is broken") };
    let mut at = 12;
    let mut has_format = false;
    for _ in 0..CHUNKS {
        let chunk = source.array::<8>(at)?.ok_or_else(broken)?;
        let length = le32(&chunk, 4).map(u64::from).ok_or_else(broken)?;
        let end = at + 8 + length;
        if chunk.starts_with(b"data") {
            // Programs that write while they record leave the length open.
            let is_open = length == 0 || length >= u64::from(u32::MAX) - 64;
            return match (has_format, is_open || end <= source.size()) {
                (true, true) => Ok(Format::Wav),
                (true, false) => Err(super::cut_off().into()),
                (false, _) => Err(broken().into()),
            };
        }
        has_format |= chunk.starts_with(b"fmt ") && length >= 14;
        at = end + length % 2;
    }
    Err(broken().into())
}
