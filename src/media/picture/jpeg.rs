//! JPEG pictures (ITU T.81), decoded as small as will do. Does not know where the rows go.

use std::io::{BufRead, ErrorKind, Read, Seek, copy, sink};

use jpeg_decoder::{CodingProcess, Decoder, Error as JpegError, PixelFormat};

use super::exif::Orientation;
use super::pixels::{Channels, Pixels};
use super::{
    Failure, Layout, Shrink, Source, count, damaged, profile, take, take_vec, unsupported,
};
use crate::media::format::Format;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const EXIF: &[u8] = b"Exif\0\0";
const PROFILE: &[u8] = b"ICC_PROFILE\0";

/// Real pictures have at most some twenty. Each may cost as much time as the whole picture, however few bytes it has.
const MOST_SCANS: u32 = 64;

/// Bytes of colour profiles: the decoder keeps them.
const MOST_PROFILE: usize = 4 << 20;

/// A marker and the length of what belongs to it.
struct Segment {
    marker: u8,
    length: u16,
}

/// What stands before the pixels.
pub(super) fn layout(source: &mut Source) -> Result<Layout, Failure> {
    let [first, second] = take(source)?;
    if (first, second) != (0xff, START) {
        return Err(broken("it does not begin like one"));
    }
    let mut orientation = None;
    let mut icc = Vec::new();
    loop {
        let Segment { marker, length } = segment(source)?;
        match marker {
            // Start of frame, of which there are 13 kinds.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let [_precision, high, low, left, right] = take(source)?;
                return Ok(Layout {
                    width: u16::from_be_bytes([left, right]).into(),
                    height: u16::from_be_bytes([high, low]).into(),
                    orientation: orientation.unwrap_or_default(),
                    is_animated: false,
                    profile: profile::kept(icc),
                });
            }
            SCAN | END => return Err(broken("it has no frame")),
            APP1 => {
                let data = take_vec(source, length.into())?;
                if let (Some(tiff), None) = (data.strip_prefix(EXIF), orientation) {
                    orientation = Some(Orientation::parse(tiff));
                }
            }
            APP2 => {
                let data = take_vec(source, length.into())?;
                // Two bytes number the parts, which nobody stores in another order.
                if let Some(part) = data.strip_prefix(PROFILE).and_then(|part| part.get(2..))
                    && icc.len() <= profile::LONGEST
                {
                    icc.extend_from_slice(part);
                }
            }
            _ => skip(source, length.into())?,
        }
    }
}

/// Decodes the picture at the smallest eighth that is not smaller than `target`.
pub(super) fn decode(
    mut source: Source,
    layout: &Layout,
    target: Option<(u32, u32)>,
) -> Result<Option<Pixels>, Failure> {
    check(&mut source)?;
    source.rewind()?;
    let mut decoder = Decoder::new(source);
    decoder.read_info().map_err(fault)?;
    let Some(info) = decoder.info() else {
        return Err(broken("it has no frame"));
    };
    if (u32::from(info.width), u32::from(info.height)) != (layout.width, layout.height) {
        return Err(broken("it says two sizes"));
    }
    if info.coding_process == CodingProcess::Lossless {
        return Err(unsupported("a lossless JPEG"));
    }
    let size = scale(&mut decoder, target)?;
    let channels = match info.pixel_format {
        PixelFormat::L8 => Channels::Gray,
        PixelFormat::RGB24 => Channels::Rgb,
        PixelFormat::CMYK32 => Channels::Cmyk,
        PixelFormat::L16 => return Err(unsupported("a JPEG with 16 bits a pixel")),
    };
    let bytes = decoder.decode().map_err(fault)?;
    if bytes.len() != count(size.0) * count(size.1) * channels.count() {
        return Err(broken("pixels are missing"));
    }
    drop(decoder);
    let mut shrink = Shrink::new(size, channels, target);
    shrink.push(&bytes)?;
    shrink.finish()
}

/// Chooses the scale; the size that comes out.
fn scale(decoder: &mut Decoder<Source>, target: Option<(u32, u32)>) -> Result<(u32, u32), Failure> {
    let (width, height) = target.unwrap_or((1, 1));
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    // One side that is as long is enough for the decoder, so it is asked for one only.
    let mut size = decoder.scale(width, u16::MAX).map_err(fault)?;
    if u32::from(size.1) < height {
        size = decoder.scale(u16::MAX, u16::MAX).map_err(fault)?;
    }
    Ok((size.0.into(), size.1.into()))
}

/// Walks over the whole file without decoding: it must come to its end, with bounded work for the decoder.
fn check(source: &mut Source) -> Result<(), Failure> {
    let [_, START] = take(source)? else {
        return Err(broken("it does not begin like one"));
    };
    let (mut scans, mut profiles) = (0, 0);
    loop {
        let Segment { marker, length } = segment(source)?;
        match marker {
            END => return Ok(()),
            APP2 => profiles += usize::from(length),
            SCAN => scans += 1,
            _ => {}
        }
        if scans > MOST_SCANS || profiles > MOST_PROFILE {
            return Err(unsupported(
                "a JPEG of far more parts than programs for pictures write",
            ));
        }
        skip(source, length.into())?;
        if marker == SCAN {
            skip_scan(source)?;
        }
    }
}

/// The next marker. Anything may stand before it, as for other programs.
fn segment(source: &mut Source) -> Result<Segment, Failure> {
    skip_until_ff(source)?;
    let mut marker = 0xff;
    while marker == 0xff {
        [marker] = take(source)?;
    }
    let length = match marker {
        END => 0,
        0 => return segment_after_zero(source),
        0x01 | 0xd0..=0xd8 => {
            return Err(broken(format_args!(
                "marker {marker:02x} where none may be"
            )));
        }
        _ => u16::from_be_bytes(take(source)?)
            .checked_sub(2)
            .ok_or_else(|| broken("a part has no length"))?,
    };
    Ok(Segment { marker, length })
}

/// `ff 00` is no marker; goes on after it.
fn segment_after_zero(source: &mut Source) -> Result<Segment, Failure> {
    loop {
        skip_until_ff(source)?;
        let next = source.fill_buf()?.first().copied();
        match next {
            None => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
            Some(0) => source.consume(1),
            Some(_) => {
                source.seek_relative(-1)?;
                return segment(source);
            }
        }
    }
}

/// Goes to the marker that ends the coded data of a scan.
fn skip_scan(source: &mut Source) -> Result<(), Failure> {
    loop {
        skip_until_ff(source)?;
        let [byte] = take(source)?;
        // A byte ff of the data is followed by 0; d0 to d7 begin parts of the same scan.
        if !matches!(byte, 0 | 0xd0..=0xd7) {
            source.seek_relative(-2)?;
            return Ok(());
        }
    }
}

/// Goes behind the next byte ff.
fn skip_until_ff(source: &mut Source) -> Result<(), Failure> {
    loop {
        let bytes = source.fill_buf()?;
        if bytes.is_empty() {
            return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into());
        }
        let (passed, is_found) = match memchr::memchr(0xff, bytes) {
            Some(at) => (at + 1, true),
            None => (bytes.len(), false),
        };
        source.consume(passed);
        if is_found {
            return Ok(());
        }
    }
}

fn skip(source: &mut Source, length: u64) -> Result<(), Failure> {
    match copy(&mut source.by_ref().take(length), &mut sink())? == length {
        true => Ok(()),
        false => Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
    }
}

fn broken(what: impl std::fmt::Display) -> Failure {
    damaged(Format::Jpeg, what)
}

fn fault(cause: JpegError) -> Failure {
    match cause {
        JpegError::Io(cause) => cause.into(),
        JpegError::Unsupported(_) => unsupported("a JPEG of a rare kind"),
        JpegError::Format(what) => broken(what),
        JpegError::Internal(_) => broken("its data contradict each other"),
    }
}
