//! Pictures for tests: made here, but for JPEGs, which Pillow made. Knows no test.
//!
//! Most are 48 × 32 with four quarters: red, green; blue, nearly white.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use png::{BitDepth, ColorType};

use super::count;

/// Red, green, blue, white: the quarters from left to right and from top to bottom.
pub(super) const QUARTERS: [[u8; 3]; 4] =
    [[200, 30, 30], [30, 160, 60], [40, 60, 200], [240, 240, 240]];

pub(super) const WIDTH: u32 = 48;
pub(super) const HEIGHT: u32 = 32;

/// With half the resolution for colours.
const BASELINE: &str = "\
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAx\
    NDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy\
    MjIyMjIyMjL/wAARCAAgADADASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAUIBv/EABQQAQAAAAAAAAAAAAAAAAAAAAD/\
    xAAZAQACAwEAAAAAAAAAAAAAAAAGBwABBAX/xAAeEQEAAAUFAAAAAAAAAAAAAAAABAUGQUNEgYLBwv/aAAwDAQACEQMRAD8A5ABx\
    TMF1CXVl/XOn5eQBAA5cA2hANVMqtVB6e49+mqHuAB9pf//Z";

/// In ten scans.
const PROGRESSIVE: &str = "\
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAx\
    NDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy\
    MjIyMjIyMjL/wgARCAAgADADASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAQHBf/EABgBAAMBAQAAAAAAAAAAAAAAAAAF\
    BgME/9oADAMBAAIQAxAAAAHjjipl8F5PgT/LFawarlWqr9QX6//EABQQAQAAAAAAAAAAAAAAAAAAAED/2gAIAQEAAQUCR//EABoR\
    AAEFAQAAAAAAAAAAAAAAABAAAwVDgcH/2gAIAQMBAT8BU5XvC2P/xAAXEQADAQAAAAAAAAAAAAAAAAAEECBC/9oACAECAQE/AYOy\
    v//EABQQAQAAAAAAAAAAAAAAAAAAAED/2gAIAQEABj8CR//EABQQAQAAAAAAAAAAAAAAAAAAAED/2gAIAQEAAT8hR//aAAwDAQAC\
    AAMAAAAQ8qDDBA//xAAWEQADAAAAAAAAAAAAAAAAAAAQIEH/2gAIAQMBAT8QSKH/xAAWEQEBAQAAAAAAAAAAAAAAAADBECD/2gAI\
    AQIBAT8QwxP/xAAUEAEAAAAAAAAAAAAAAAAAAABA/9oACAEBAAE/EEf/2Q==";

/// Quarters of 20, 90, 160 and 230.
const GRAY: &str = "\
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAx\
    NDQ0Hyc5PTgyPC4zNDL/wAALCAAgADABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oA\
    CAEBAAA/AImCjAnIKMCjAowJyCjA/9k=";

/// As Adobe writes them, with the inks of `INKS`.
const CMYK: &str = "\
    /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwWFiAsICMmJykq\
    KRkfLTAtKDAlKCko/8AAFAgAIAAwBEMRAE0RAFkRAEsRAP/EABkAAQEBAQEBAAAAAAAAAAAAAAAIBAUJB//EABQQAQAAAAAAAAAA\
    AAAAAAAAAAD/2gAOBEMATQBZAEsAAD8Ao98efHlOAAAg9arCxAAAvBFTc2gAAg9arCxAAA4iRF/O0AAD0lXg7QAADzaQe4oAAD0l\
    Xg7QAAD/2Q==";

/// The same picture, with another transform.
const YCCK: &str = "\
    /9j/7gAOQWRvYmUAZAAAAAAC/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUV\
    FQwPFxgWFBgSFBUU/8AAFAgAIAAwBEMRAE0RAFkRAEsRAP/EABkAAQEBAQEBAAAAAAAAAAAAAAAHCQgFBv/EABQQAQAAAAAAAAAA\
    AAAAAAAAAAD/2gAOBEMATQBZAEsAAD8A+wVBwe04AABF1LbQPEAABaE0YvvbAABF1LbQPEAAB1mx8Sd9sAADC93Qk4AADdBwurAA\
    ADC93Qk4AAD/2Q==";

/// What the quarters of the pictures in inks look like.
pub(super) const INKS: [[u8; 3]; 4] =
    [[226, 53, 53], [51, 198, 41], [35, 75, 235], [255, 255, 255]];

fn unpacked(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).unwrap()
}

pub(super) fn baseline() -> Vec<u8> {
    unpacked(BASELINE)
}

pub(super) fn progressive() -> Vec<u8> {
    unpacked(PROGRESSIVE)
}

pub(super) fn gray() -> Vec<u8> {
    unpacked(GRAY)
}

pub(super) fn cmyk() -> Vec<u8> {
    unpacked(CMYK)
}

pub(super) fn ycck() -> Vec<u8> {
    unpacked(YCCK)
}

/// EXIF data that say nothing but the orientation.
pub(super) fn exif(orientation: u16, is_big: bool) -> Vec<u8> {
    let short = |n: u16| {
        if is_big {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let long = |n: u32| {
        if is_big {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let mut tiff = if is_big {
        b"MM".to_vec()
    } else {
        b"II".to_vec()
    };
    tiff.extend(short(42));
    tiff.extend(long(8));
    tiff.extend(short(2));
    // The maker of the camera comes before the orientation.
    tiff.extend([&short(0x010f)[..], &short(2), &long(4)].concat());
    tiff.extend(b"cam\0");
    tiff.extend(
        [
            &short(0x0112)[..],
            &short(3),
            &long(1),
            &short(orientation),
            &short(0),
        ]
        .concat(),
    );
    tiff.extend(long(0));
    tiff
}

/// `jpeg` with a segment more behind its start.
pub(super) fn with_segment(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, data, &jpeg[2..]].concat()
}

/// A JPEG that a camera held in this way would make.
pub(super) fn turned(orientation: u16) -> Vec<u8> {
    let data = [
        b"Exif\0\0",
        &exif(orientation, orientation.is_multiple_of(2))[..],
    ]
    .concat();
    with_segment(&baseline(), 0xe1, &data)
}

/// The bytes of the picture of four quarters, made of each colour by `pixel`.
pub(super) fn quarters(pixel: impl Fn([u8; 3]) -> Vec<u8>) -> Vec<u8> {
    let places = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    let quarter = |(x, y)| usize::from(x >= WIDTH / 2) + 2 * usize::from(y >= HEIGHT / 2);
    places
        .flat_map(|place| pixel(QUARTERS[quarter(place)]))
        .collect()
}

pub(super) fn png_of(
    (width, height): (u32, u32),
    color: ColorType,
    depth: BitDepth,
    bytes: &[u8],
    more: impl Fn(&mut png::Encoder<'_, &mut Vec<u8>>),
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    more(&mut encoder);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(bytes).unwrap();
    writer.finish().unwrap();
    file
}

pub(super) fn png() -> Vec<u8> {
    let bytes = quarters(|color| color.to_vec());
    png_of(
        (WIDTH, HEIGHT),
        ColorType::Rgb,
        BitDepth::Eight,
        &bytes,
        |_| {},
    )
}

pub(super) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length, &kind[..], data, &sum.sum().to_be_bytes()].concat()
}

/// A PNG of the chunks `before`, the deflated rows `rows` and no more. `kind` is depth, colour, 0, 0, interlaced.
pub(super) fn raw_png(size: (u32, u32), kind: [u8; 5], before: &[Vec<u8>], rows: &[u8]) -> Vec<u8> {
    let header = [&size.0.to_be_bytes()[..], &size.1.to_be_bytes(), &kind].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        before.concat(),
        chunk(b"IDAT", rows),
        chunk(b"IEND", b""),
    ]
    .concat()
}

/// The quarters in seven passes.
pub(super) fn interlaced_png() -> Vec<u8> {
    let bytes = quarters(|color| color.to_vec());
    let passes = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    let (width, height) = (count(WIDTH), count(HEIGHT));
    let mut rows = Vec::new();
    for (left, top, right, down) in passes {
        for y in (top..height).step_by(down) {
            rows.push(0);
            for x in (left..width).step_by(right) {
                rows.extend(&bytes[3 * (y * width + x)..][..3]);
            }
        }
    }
    raw_png((WIDTH, HEIGHT), [8, 2, 0, 0, 1], &[], &deflated(&rows))
}

/// A PNG of two frames.
pub(super) fn animated_png() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 4, 4);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[9; 16]).unwrap();
    writer.write_image_data(&[200; 16]).unwrap();
    writer.finish().unwrap();
    file
}

/// A GIF of `frames` frames, of which each has the quarters, or what of them `part` (left, top, width, height) takes.
pub(super) fn gif_of(
    frames: usize,
    part: [u16; 4],
    transparent: Option<u8>,
    is_interlaced: bool,
) -> Vec<u8> {
    let mut file = Vec::new();
    let palette: Vec<u8> = QUARTERS.concat();
    let [_, _, width, height] = WHOLE;
    let mut encoder = gif::Encoder::new(&mut file, width, height, &palette).unwrap();
    let [left, top, wide, high] = part;
    let index = |x, y| u8::from(x >= width / 2) + 2 * u8::from(y >= height / 2);
    for _ in 0..frames {
        let mut rows: Vec<_> = (top..top + high).collect();
        if is_interlaced {
            let order = |y: &u16| [0, 3, 2, 3, 1, 3, 2, 3][usize::from((y - top) % 8)];
            rows.sort_by_key(order);
        }
        let pixels = rows
            .into_iter()
            .flat_map(|y| (left..left + wide).map(move |x| index(x, y)));
        let mut frame =
            gif::Frame::from_indexed_pixels(wide, high, pixels.collect::<Vec<_>>(), transparent);
        (frame.left, frame.top, frame.interlaced) = (left, top, is_interlaced);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    file
}

/// All of the picture: left, top, width, height.
pub(super) const WHOLE: [u16; 4] = [0, 0, 48, 32];

pub(super) fn gif() -> Vec<u8> {
    gif_of(1, WHOLE, None, false)
}

pub(super) fn webp(is_lossless: bool) -> Vec<u8> {
    let bytes = quarters(|color| color.to_vec());
    let encoder = ::webp::Encoder::from_rgb(&bytes, WIDTH, HEIGHT);
    encoder.encode_simple(is_lossless, 90.0).unwrap().to_vec()
}

pub(super) fn transparent_webp(is_lossless: bool) -> Vec<u8> {
    let bytes = quarters(|[r, g, b]| vec![r, g, b, if r == 240 { 0 } else { 255 }]);
    let encoder = ::webp::Encoder::from_rgba(&bytes, WIDTH, HEIGHT);
    encoder.encode_simple(is_lossless, 90.0).unwrap().to_vec()
}

pub(super) fn animated_webp() -> Vec<u8> {
    let config = ::webp::WebPConfig::new().unwrap();
    let mut encoder = ::webp::AnimEncoder::new(WIDTH, HEIGHT, &config);
    let frames = [
        quarters(|color| color.to_vec()),
        quarters(|[r, g, b]| vec![b, r, g]),
    ];
    encoder.add_frame(::webp::AnimFrame::from_rgb(&frames[0], WIDTH, HEIGHT, 0));
    encoder.add_frame(::webp::AnimFrame::from_rgb(&frames[1], WIDTH, HEIGHT, 100));
    encoder.encode().to_vec()
}
