//! GIF pictures (89a). Does not know where the rows go.

use std::io::{BufRead, ErrorKind, Read, copy, sink};
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, MemoryLimit};

use super::exif::Orientation;
use super::pixels::{Channels, Pixels};
use super::{Failure, Layout, Shrink, Source, count, damaged, take};
use crate::media::format::Format;

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;

/// What the decoder may allocate besides the picture.
const MEMORY: u64 = 4 << 20;

/// Walks over the blocks until it is clear whether there are several pictures.
pub(super) fn layout(source: &mut Source) -> Result<Layout, Failure> {
    let (b"GIF87a" | b"GIF89a") = &take(source)? else {
        return Err(broken("it does not begin like one"));
    };
    let [w, width, h, height, flags, _, _] = take(source)?;
    let mut layout = Layout {
        width: u16::from_le_bytes([w, width]).into(),
        height: u16::from_le_bytes([h, height]).into(),
        orientation: Orientation::default(),
        is_animated: false,
        profile: None,
    };
    skip(source, palette(flags))?;
    let mut has_image = false;
    loop {
        let block = source.fill_buf()?.first().copied();
        source.consume(block.iter().len());
        match block {
            Some(EXTENSION) => {
                let [_label] = take(source)?;
                skip_blocks(source)?;
            }
            Some(IMAGE) if has_image => {
                layout.is_animated = true;
                return Ok(layout);
            }
            Some(IMAGE) => {
                has_image = true;
                let [_, _, _, _, _, _, _, _, flags] = take(source)?;
                skip(source, palette(flags))?;
                let [_code_size] = take(source)?;
                skip_blocks(source)?;
            }
            // Many end without a trailer, or with padding.
            _ if has_image => return Ok(layout),
            _ => return Err(broken("it has no pixels")),
        }
    }
}

/// The bytes of a palette.
fn palette(flags: u8) -> u64 {
    match flags & 0x80 {
        0 => 0,
        _ => 3 << (u32::from(flags & 7) + 1),
    }
}

/// Goes behind blocks, each of which says its length; the one that is empty ends them.
fn skip_blocks(source: &mut Source) -> Result<(), Failure> {
    loop {
        match take(source)? {
            [0] => return Ok(()),
            [length] => skip(source, length.into())?,
        }
    }
}

fn skip(source: &mut Source, length: u64) -> Result<(), Failure> {
    match copy(&mut source.by_ref().take(length), &mut sink())? == length {
        true => Ok(()),
        false => Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
    }
}

/// Decodes the first picture.
pub(super) fn decode(
    source: Source,
    layout: &Layout,
    target: Option<(u32, u32)>,
) -> Result<Option<Pixels>, Failure> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.check_frame_consistency(true);
    let most = NonZeroU64::MIN.saturating_add(layout.pixels() + MEMORY);
    options.set_memory_limit(MemoryLimit::Bytes(most));
    let mut decoder = options.read_info(source).map_err(fault)?;
    let Some(frame) = decoder.read_next_frame().map_err(fault)? else {
        return Err(broken("it has no pixels"));
    };
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    let covers = (width, height) == (count(layout.width), count(layout.height));
    let channels = match frame.transparent.is_none() && covers {
        true => Channels::Rgb,
        false => Channels::Rgba,
    };
    let transparent = frame.transparent;
    let indexes = frame.buffer.clone();
    if width * height == 0 || indexes.len() != width * height {
        return Err(broken("pixels are missing"));
    }
    let colors = colors(&decoder, transparent)?;
    let mut shrink = Shrink::new((layout.width, layout.height), channels, target);
    let mut row = vec![0; count(layout.width) * channels.count()];
    let mut rows = indexes.chunks(width);
    for y in 0..count(layout.height) {
        row.fill(0);
        if y >= top {
            let pixels = row.chunks_mut(channels.count()).skip(left);
            for (pixel, index) in pixels.zip(rows.next().unwrap_or_default()) {
                // A colour that the palette lacks is nothing, as in browsers.
                let color = colors.get(usize::from(*index)).copied().unwrap_or_default();
                pixel
                    .iter_mut()
                    .zip(color)
                    .for_each(|(to, from)| *to = from);
            }
        }
        shrink.push(&row)?;
    }
    shrink.finish()
}

/// The palette with alpha.
fn colors(decoder: &Decoder<Source>, transparent: Option<u8>) -> Result<Vec<[u8; 4]>, Failure> {
    let palette = decoder.palette().map_err(fault)?;
    let mut colors: Vec<_> = palette
        .as_chunks::<3>()
        .0
        .iter()
        .map(|&[r, g, b]| [r, g, b, u8::MAX])
        .collect();
    if let Some(color) = transparent.and_then(|index| colors.get_mut(usize::from(index))) {
        *color = [0; 4];
    }
    Ok(colors)
}

fn broken(what: impl std::fmt::Display) -> Failure {
    damaged(Format::Gif, what)
}

fn fault(cause: DecodingError) -> Failure {
    match cause {
        DecodingError::Io(cause) => cause.into(),
        cause => broken(cause),
    }
}
