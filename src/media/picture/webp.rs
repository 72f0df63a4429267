//! WebP pictures (RFC 9649). Does not know where the rows go.

use std::io::{Read, Seek, SeekFrom};

use image_webp::{DecodingError, WebPDecoder};

use super::exif::Orientation;
use super::pixels::{Channels, Pixels};
use super::{Failure, Layout, Shrink, Source, count, damaged, profile, take, take_vec};
use crate::media::format::Format;

const ANIMATION: u8 = 0x02;

/// What the decoder may allocate besides the picture.
const MEMORY: usize = 16 << 20;

/// Walks over the chunks as far as the pixels. Every size that the decoder may meet is one that is told here.
pub(super) fn layout(source: &mut Source) -> Result<Layout, Failure> {
    let (b"RIFF", [_, _, _, _], b"WEBP") = (&take(source)?, take(source)?, &take(source)?) else {
        return Err(broken("it does not begin like one"));
    };
    let mut layout = Layout {
        width: 0,
        height: 0,
        orientation: Orientation::default(),
        is_animated: false,
        profile: None,
    };
    let mut is_first = true;
    loop {
        let (kind, length) = chunk(source)?;
        match &kind {
            b"VP8X" if is_first && length >= 10 => {
                let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = take(source)?;
                layout.width = u32::from_le_bytes([w0, w1, w2, 0]) + 1;
                layout.height = u32::from_le_bytes([h0, h1, h2, 0]) + 1;
                layout.is_animated = flags & ANIMATION != 0;
                source.seek_relative(i64::from(length) - 10 + i64::from(length % 2))?;
            }
            b"VP8 " | b"VP8L" if is_first => {
                (layout.width, layout.height) = inner(source, &kind)?;
                return Ok(layout);
            }
            _ if is_first => return Err(broken("it does not begin like one")),
            b"VP8 " | b"VP8L" => {
                return match inner(source, &kind)? == (layout.width, layout.height) {
                    true => Ok(layout),
                    false => Err(broken("it says two sizes")),
                };
            }
            b"ANMF" => return frame(source, layout),
            b"ICCP" if count(length) <= profile::LONGEST => {
                layout.profile = profile::kept(take_vec(source, count(length))?);
                source.seek_relative(i64::from(length % 2))?;
            }
            // A length beyond the end shows with the next read.
            _ => source.seek_relative(i64::from(length) + i64::from(length % 2))?,
        }
        is_first = false;
    }
}

/// The first picture of an animation, which lies within the whole.
fn frame(source: &mut Source, layout: Layout) -> Result<Layout, Failure> {
    let [_x, _y]: [[u8; 3]; 2] = [take(source)?, take(source)?];
    let side = |[a, b, c]: [u8; 3]| u32::from_le_bytes([a, b, c, 0]) + 1;
    let size = (side(take(source)?), side(take(source)?));
    let _time_and_flags: [u8; 4] = take(source)?;
    let (mut kind, length) = chunk(source)?;
    if &kind == b"ALPH" {
        source.seek_relative(i64::from(length) + i64::from(length % 2))?;
        (kind, _) = chunk(source)?;
        if &kind != b"VP8 " {
            return Err(broken("a frame has no pixels"));
        }
    }
    let is_within = size.0 <= layout.width && size.1 <= layout.height;
    match &kind {
        b"VP8 " | b"VP8L" if is_within && inner(source, &kind)? == size => Ok(layout),
        b"VP8 " | b"VP8L" => Err(broken("it says two sizes")),
        _ => Err(broken("a frame has no pixels")),
    }
}

fn chunk(source: &mut Source) -> Result<([u8; 4], u32), Failure> {
    Ok((take(source)?, u32::from_le_bytes(take(source)?)))
}

/// The size that the coded pixels say of themselves.
fn inner(source: &mut Source, kind: &[u8; 4]) -> Result<(u32, u32), Failure> {
    if kind == b"VP8L" {
        let ([0x2f], bits) = (take(source)?, u32::from_le_bytes(take(source)?)) else {
            return Err(broken("its pixels do not begin as they must"));
        };
        return Ok(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1));
    }
    let [_, _, _, 0x9d, 0x01, 0x2a, w, width, h, height] = take(source)? else {
        return Err(broken("its pixels do not begin as they must"));
    };
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Ok((side(w, width), side(h, height)))
}

/// Checks all chunks: they must be there as a whole, which the decoder does not mind, and no coded pixels may be more than the
/// picture has.
fn check(source: &mut Source, layout: &Layout) -> Result<(), Failure> {
    let end = source.get_ref().metadata()?.len();
    let (b"RIFF", length, b"WEBP") = (&take(source)?, take(source)?, &take(source)?) else {
        return Err(broken("it does not begin like one"));
    };
    // What follows was appended by a stranger, but the decoder looks at it.
    let own_end = u64::from(u32::from_le_bytes(length)) + 8;
    let mut at = 12;
    let mut buffer = [0; 8];
    while fills(source, &mut buffer)? {
        let [a, b, c, d, length @ ..] = buffer;
        let (kind, length) = ([a, b, c, d], u32::from_le_bytes(length));
        at += 8;
        let next = at + u64::from(length) + u64::from(length % 2);
        if at < own_end && at + u64::from(length) > end {
            return Err(broken("it ends too early"));
        }
        if matches!(&kind, b"VP8 " | b"VP8L")
            && inner(source, &kind)? != (layout.width, layout.height)
        {
            return Err(broken("it says two sizes"));
        }
        source.seek(SeekFrom::Start(next))?;
        at = next;
    }
    Ok(())
}

/// Fills `buffer`, unless the file ends before.
fn fills(source: &mut Source, buffer: &mut [u8; 8]) -> Result<bool, Failure> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest)? {
            0 => return Ok(false),
            more => filled += more,
        }
    }
    Ok(true)
}

/// Decodes the picture, or the first one.
pub(super) fn decode(
    mut source: Source,
    layout: &Layout,
    target: Option<(u32, u32)>,
) -> Result<Option<Pixels>, Failure> {
    check(&mut source, layout)?;
    source.rewind()?;
    let mut decoder = WebPDecoder::new(source).map_err(fault)?;
    decoder.set_memory_limit(MEMORY);
    if decoder.dimensions() != (layout.width, layout.height) {
        return Err(broken("it says two sizes"));
    }
    let channels = match decoder.has_alpha() {
        true => Channels::Rgba,
        false => Channels::Rgb,
    };
    let length = decoder.output_buffer_size();
    let most = count(layout.width).saturating_mul(count(layout.height)) * 4;
    let Some(length) = length.filter(|length| *length <= most) else {
        return Err(broken("its rows are too long"));
    };
    let mut bytes = vec![0; length];
    decoder.read_image(&mut bytes).map_err(fault)?;
    drop(decoder);
    let mut shrink = Shrink::new((layout.width, layout.height), channels, target);
    shrink.push(&bytes)?;
    shrink.finish()
}

fn broken(what: impl std::fmt::Display) -> Failure {
    damaged(Format::WebP, what)
}

fn fault(cause: DecodingError) -> Failure {
    match cause {
        DecodingError::IoError(cause) => cause.into(),
        cause => broken(cause),
    }
}
