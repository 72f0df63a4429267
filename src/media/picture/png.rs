//! PNG pictures (W3C, third edition), decoded row by row. Does not know where the rows go.

use std::io::Read;

use flate2::read::ZlibDecoder;
use png::{ColorType, Decoder, DecodingError, Limits, Reader, Transformations};

use super::exif::Orientation;
use super::pixels::{Channels, Pixels};
use super::{Failure, Layout, Shrink, Source, count, damaged, profile, take, take_vec};
use crate::error::Error;
use crate::media::format::Format;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// The longest name of a colour profile.
const LONGEST_NAME: usize = 79;

/// What the decoder may allocate besides the picture: rows, chunks.
const MEMORY: usize = 64 << 20;

/// What stands before the pixels.
pub(super) fn layout(source: &mut Source) -> Result<Layout, Failure> {
    if take(source)? != SIGNATURE {
        return Err(broken("it does not begin like one"));
    }
    let ([0, 0, 0, 13], b"IHDR") = (take(source)?, &take(source)?) else {
        return Err(broken("it has no header"));
    };
    let mut layout = Layout {
        width: u32::from_be_bytes(take(source)?),
        height: u32::from_be_bytes(take(source)?),
        orientation: Orientation::default(),
        is_animated: false,
        profile: None,
    };
    let _depth_and_sum: [u8; 9] = take(source)?;
    loop {
        let length = u32::from_be_bytes(take(source)?);
        let kind = take(source)?;
        match &kind {
            b"IDAT" => return Ok(layout),
            b"IEND" => return Err(broken("it has no pixels")),
            b"acTL" => layout.is_animated = true,
            b"iCCP" if count(length) <= profile::LONGEST => {
                let chunk = take_vec(source, count(length))?;
                layout.profile = icc(&chunk);
                let _sum: [u8; 4] = take(source)?;
                continue;
            }
            _ => {}
        }
        // A length beyond the end shows with the next read.
        source.seek_relative(i64::from(length) + 4)?;
    }
}

/// The colour profile in a chunk, inflated as far as one may be long.
fn icc(chunk: &[u8]) -> Option<Vec<u8>> {
    let name = chunk.iter().position(|byte| *byte == 0)?;
    let packed = chunk.get(name + 2..).filter(|_| name <= LONGEST_NAME)?;
    let most = u64::try_from(profile::LONGEST + 1).ok()?;
    let mut profile = Vec::new();
    ZlibDecoder::new(packed)
        .take(most)
        .read_to_end(&mut profile)
        .ok()?;
    profile::kept(profile)
}

/// Decodes the picture; of an animation what is shown where it cannot move.
pub(super) fn decode(
    source: Source,
    layout: &Layout,
    target: Option<(u32, u32)>,
) -> Result<Option<Pixels>, Failure> {
    let mut decoder = Decoder::new_with_limits(source, Limits { bytes: MEMORY });
    // Both may unpack to far more than they seem.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(fault)?;
    let size = reader.info().size();
    if size != (layout.width, layout.height) {
        return Err(broken("it says two sizes"));
    }
    let (color, _) = reader.output_color_type();
    let channels = match color {
        ColorType::Grayscale => Channels::Gray,
        ColorType::Rgb => Channels::Rgb,
        ColorType::GrayscaleAlpha | ColorType::Rgba => Channels::Rgba,
        ColorType::Indexed => return Err(broken("it has no palette")),
    };
    let mut shrink = Shrink::new(size, channels, target);
    let mut colored = Vec::new();
    let mut push = |row: &[u8]| match color {
        ColorType::GrayscaleAlpha => {
            colored.clear();
            let pixels = row.as_chunks::<2>().0.iter();
            colored.extend(pixels.flat_map(|&[gray, alpha]| [gray, gray, gray, alpha]));
            shrink.push(&colored)
        }
        _ => shrink.push(row),
    };
    if reader.info().interlaced {
        for row in whole(&mut reader, layout)?.chunks(line(&reader, size.0)?) {
            push(row)?;
        }
    } else {
        for _ in 0..size.1 {
            match reader.next_row().map_err(fault)? {
                Some(row) => push(row.data())?,
                None => return Err(broken("rows are missing")),
            }
        }
    }
    if !layout.is_animated {
        reader.finish().map_err(fault)?;
    }
    shrink.finish()
}

/// The bytes of a row.
fn line(reader: &Reader<Source>, width: u32) -> Result<usize, Failure> {
    reader
        .output_line_size(width)
        .filter(|length| *length > 0)
        .ok_or_else(|| broken("its rows are too long"))
}

/// All rows of an interlaced picture, which come in seven passes.
fn whole(reader: &mut Reader<Source>, layout: &Layout) -> Result<Vec<u8>, Failure> {
    let length = reader.output_buffer_size();
    let most = count(layout.width).saturating_mul(count(layout.height)) * 4;
    let Some(length) = length.filter(|length| *length <= most) else {
        return Err(broken("its rows are too long"));
    };
    let mut bytes = vec![0; length];
    reader.next_frame(&mut bytes).map_err(fault)?;
    Ok(bytes)
}

fn broken(what: impl std::fmt::Display) -> Failure {
    damaged(Format::Png, what)
}

fn fault(cause: DecodingError) -> Failure {
    match cause {
        DecodingError::IoError(cause) => cause.into(),
        DecodingError::Format(what) => broken(what),
        DecodingError::LimitsExceeded => broken("a part of it is far too large"),
        DecodingError::Parameter(cause) => Error::internal(cause.to_string()).into(),
    }
}
