//! Tests of pictures as a caller sees them; here of what can be shown.

mod refused;

use std::fs;
use std::io::Cursor;

use image_webp::WebPDecoder;
use png::{BitDepth, ColorType};

use super::samples::*;
use super::{Failure, Format, Head, Rejection, count, head, variants};

/// A variant as a browser sees it.
struct Shown {
    size: (u32, u32),
    rgba: Vec<[u8; 4]>,
    profile: Option<Vec<u8>>,
}

impl Shown {
    fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        self.rgba[count(y * self.size.0 + x)]
    }

    /// The middles of the four quarters.
    fn quarters(&self) -> [[u8; 3]; 4] {
        let (width, height) = self.size;
        let places = [(1, 1), (3, 1), (1, 3), (3, 3)];
        places.map(|(x, y)| {
            let [r, g, b, _] = self.pixel(width * x / 4, height * y / 4);
            [r, g, b]
        })
    }
}

fn shown(file: &[u8]) -> Shown {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).unwrap();
    let mut bytes = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut bytes).unwrap();
    let rgba = match decoder.has_alpha() {
        true => bytes.as_chunks::<4>().0.to_vec(),
        false => {
            let pixels = bytes.as_chunks::<3>().0.iter();
            pixels.map(|&[r, g, b]| [r, g, b, 255]).collect()
        }
    };
    Shown {
        size: decoder.dimensions(),
        rgba,
        profile: decoder.icc_profile().unwrap(),
    }
}

fn head_of(bytes: &[u8], format: Format) -> Result<Head, Rejection> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, bytes).unwrap();
    head(&path, format)
}

fn try_make(bytes: &[u8], format: Format, widths: &[u32]) -> Result<Vec<Shown>, Rejection> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, bytes).unwrap();
    match variants(&path, format, widths, dir.path()) {
        Ok(files) => Ok(files
            .iter()
            .map(|variant| {
                let file = fs::read(&variant.path).unwrap();
                assert_eq!(u64::try_from(file.len()).unwrap(), variant.size);
                let shown = shown(&file);
                assert_eq!(shown.size, (variant.width, variant.height));
                shown
            })
            .collect()),
        Err(Failure::Rejected(rejection)) => Err(rejection),
        Err(Failure::Failed(error)) => panic!("{}", error.chain()),
    }
}

fn make(bytes: &[u8], format: Format, widths: &[u32]) -> Vec<Shown> {
    try_make(bytes, format, widths).unwrap()
}

#[track_caller]
fn assert_close(seen: [[u8; 3]; 4], expected: [[u8; 3]; 4]) {
    let far = seen.as_flattened().iter().zip(expected.as_flattened());
    let far = far.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(far <= 12, "{seen:?} is not {expected:?}");
}

#[track_caller]
fn assert_rejected(bytes: &[u8], format: Format, code: &str, part: &str) {
    let Err(rejection) = try_make(bytes, format, &[8]) else {
        panic!("not rejected");
    };
    assert_eq!(rejection.code, code, "{rejection}");
    assert!(rejection.detail.contains(part), "{rejection}");
}

/// One picture of each kind, and whether it is one that moves.
fn all() -> Vec<(&'static str, Format, Vec<u8>)> {
    vec![
        ("baseline", Format::Jpeg, baseline()),
        ("progressive", Format::Jpeg, progressive()),
        ("turned", Format::Jpeg, turned(6)),
        ("gray", Format::Jpeg, gray()),
        ("CMYK", Format::Jpeg, cmyk()),
        ("YCCK", Format::Jpeg, ycck()),
        ("PNG", Format::Png, png()),
        ("interlaced PNG", Format::Png, interlaced_png()),
        ("GIF", Format::Gif, gif()),
        ("WebP", Format::WebP, webp(false)),
        ("lossless WebP", Format::WebP, webp(true)),
        ("transparent WebP", Format::WebP, transparent_webp(false)),
        ("clear WebP", Format::WebP, transparent_webp(true)),
    ]
}

#[test]
fn colours_survive_in_every_format() {
    for (name, format, bytes) in all() {
        println!("{name}");
        let colours = match name {
            "gray" => [20, 90, 160, 230].map(|gray| [gray; 3]),
            "CMYK" | "YCCK" => INKS,
            _ => QUARTERS,
        };
        for variant in make(&bytes, format, &[24, 31, 47]) {
            let mut seen = variant.quarters();
            if name == "turned" {
                seen = [seen[1], seen[3], seen[0], seen[2]];
            }
            if name.contains("transparent") || name.contains("clear") {
                let (width, height) = variant.size;
                assert_eq!(variant.pixel(width - 1, height - 1)[3], 0);
                assert_eq!(variant.pixel(0, 0)[3], 255);
                seen[3] = colours[3];
            }
            assert_close(seen, colours);
        }
    }
}

#[test]
fn only_widths_that_are_smaller_are_made_each_once() {
    for (_, format, bytes) in all() {
        let (width, height) = match head_of(&bytes, format).unwrap() {
            Head {
                width,
                height,
                is_animated: false,
            } => (width, height),
            head => panic!("{head:?}"),
        };
        let widths = [width, 24, 0, 24, 10, 4000, width - 1];
        let sizes: Vec<_> = make(&bytes, format, &widths)
            .iter()
            .map(|v| v.size)
            .collect();
        let high = |part: u32| (2 * part * height + width) / (2 * width);
        assert_eq!(sizes, [10, 24, width - 1].map(|part| (part, high(part))));
        assert!(make(&bytes, format, &[width]).is_empty());
        assert!(make(&bytes, format, &[]).is_empty());
    }
}

#[test]
fn a_jpeg_is_shown_as_the_camera_was_held() {
    let [a, b, c, d] = QUARTERS;
    let expected = [
        [a, b, c, d],
        [b, a, d, c],
        [d, c, b, a],
        [c, d, a, b],
        [a, c, b, d],
        [c, a, d, b],
        [d, b, c, a],
        [b, d, a, c],
    ];
    for (orientation, expected) in (1..).zip(expected) {
        let bytes = turned(orientation);
        let head = head_of(&bytes, Format::Jpeg).unwrap();
        let size = match orientation {
            1..=4 => (WIDTH, HEIGHT),
            _ => (HEIGHT, WIDTH),
        };
        assert_eq!((head.width, head.height), size);
        let made = make(&bytes, Format::Jpeg, &[20, 25, 31]);
        assert_eq!(made.len(), 3);
        for variant in made {
            assert_close(variant.quarters(), expected);
        }
    }
}

#[test]
fn pngs_of_every_depth_are_read() {
    let size = (WIDTH, HEIGHT);
    let gray = |[r, g, b]: [u8; 3]| (u16::from(r) + u16::from(g) + u16::from(b)).div_euclid(3);
    let grays = QUARTERS.map(|color| [u8::try_from(gray(color)).unwrap(); 3]);
    let of = |color, depth, bytes: Vec<u8>| png_of(size, color, depth, &bytes, |_| {});
    let eight = |color| u8::try_from(gray(color)).unwrap();
    let cases = [
        (
            of(
                ColorType::Grayscale,
                BitDepth::Eight,
                quarters(|c| vec![eight(c)]),
            ),
            grays,
        ),
        (
            of(
                ColorType::Grayscale,
                BitDepth::Sixteen,
                quarters(|c| vec![eight(c), 77]),
            ),
            grays,
        ),
        (
            of(
                ColorType::GrayscaleAlpha,
                BitDepth::Eight,
                quarters(|c| vec![eight(c), 255]),
            ),
            grays,
        ),
        (
            of(
                ColorType::Rgb,
                BitDepth::Sixteen,
                quarters(|c| c.iter().flat_map(|b| [*b, 3]).collect()),
            ),
            QUARTERS,
        ),
        (
            of(
                ColorType::Rgba,
                BitDepth::Eight,
                quarters(|[r, g, b]| vec![r, g, b, 255]),
            ),
            QUARTERS,
        ),
    ];
    for (bytes, expected) in cases {
        assert_close(make(&bytes, Format::Png, &[20])[0].quarters(), expected);
    }
    let index = |color| u8::try_from(QUARTERS.iter().position(|c| *c == color).unwrap()).unwrap();
    let indexes = quarters(|color| vec![index(color)]);
    for depth in [BitDepth::Two, BitDepth::Four, BitDepth::Eight] {
        let bits = match depth {
            BitDepth::Two => 2,
            BitDepth::Four => 4,
            _ => 8,
        };
        let packed: Vec<u8> = indexes
            .chunks(8 / bits)
            .map(|part| {
                part.iter().fold(0, |byte: u8, index| {
                    byte.checked_shl(u32::try_from(bits).unwrap()).unwrap_or(0) | index
                })
            })
            .collect();
        let bytes = png_of(size, ColorType::Indexed, depth, &packed, |encoder| {
            encoder.set_palette(QUARTERS.concat());
            encoder.set_trns(vec![255, 255, 255, 0]);
        });
        let variant = &make(&bytes, Format::Png, &[20])[0];
        assert_close(
            [&variant.quarters()[..3], &[QUARTERS[3]]]
                .concat()
                .try_into()
                .unwrap(),
            QUARTERS,
        );
        assert_eq!((variant.pixel(2, 2)[3], variant.pixel(18, 11)[3]), (255, 0));
    }
}

#[test]
fn what_is_transparent_does_not_colour_its_edges() {
    // White beside a black that nobody sees.
    let bytes: Vec<u8> = (0..64 * 64)
        .flat_map(|n| if n % 64 < 33 { [255; 4] } else { [0; 4] })
        .collect();
    let file = png_of((64, 64), ColorType::Rgba, BitDepth::Eight, &bytes, |_| {});
    let variant = &make(&file, Format::Png, &[24])[0];
    for [r, g, b, alpha] in &variant.rgba {
        assert!(
            *alpha < 16 || (*r > 235 && *g > 235 && *b > 235),
            "{r} {g} {b} {alpha}"
        );
    }
    assert_eq!(
        (variant.pixel(0, 12)[3], variant.pixel(23, 12)[3]),
        (255, 0)
    );
}

#[test]
fn a_picture_may_be_far_higher_than_wide() {
    let bytes = vec![255; 5 * 20_000];
    let file = png_of(
        (40, 20_000),
        ColorType::Grayscale,
        BitDepth::One,
        &bytes,
        |_| {},
    );
    // WebP ends at 16,383.
    let sizes: Vec<_> = make(&file, Format::Png, &[10, 20, 39])
        .iter()
        .map(|v| v.size)
        .collect();
    assert_eq!(sizes, [(10, 5000), (20, 10_000)]);
    let file = png_of(
        (2000, 1),
        ColorType::Grayscale,
        BitDepth::Eight,
        &[9; 2000],
        |_| {},
    );
    assert_eq!(make(&file, Format::Png, &[10])[0].size, (10, 1));
}

#[test]
fn what_moves_has_no_variants() {
    for (format, bytes, size) in [
        (Format::Gif, gif_of(2, WHOLE, None, false), (WIDTH, HEIGHT)),
        (Format::WebP, animated_webp(), (WIDTH, HEIGHT)),
        (Format::Png, animated_png(), (4, 4)),
    ] {
        let head = head_of(&bytes, format).unwrap();
        assert!(head.is_animated);
        assert_eq!((head.width, head.height), size);
        assert!(make(&bytes, format, &[2, 8]).is_empty());
        // The first frame is looked at all the same.
        assert!(try_make(&bytes[..bytes.len() / 3], format, &[2]).is_err());
    }
}

#[test]
fn a_gif_may_be_interlaced_and_leave_room() {
    let interlaced = gif_of(1, WHOLE, None, true);
    assert_close(
        make(&interlaced, Format::Gif, &[24])[0].quarters(),
        QUARTERS,
    );
    let part = &make(
        &gif_of(1, [24, 16, 24, 16], None, false),
        Format::Gif,
        &[24],
    )[0];
    assert_eq!(
        (part.pixel(1, 1)[3], part.pixel(22, 14)),
        (0, [240, 240, 240, 255])
    );
    let clear = &make(&gif_of(1, WHOLE, Some(0), false), Format::Gif, &[24])[0];
    assert_eq!((clear.pixel(1, 1)[3], clear.pixel(22, 1)[3]), (0, 255));
    assert_rejected(
        &gif_of(1, [30, 0, 24, 16], None, false),
        Format::Gif,
        "damaged",
        "GIF",
    );
}

/// Looks like a colour profile, for red, green and blue.
fn profile(name: &str) -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile[16..20].copy_from_slice(b"RGB ");
    profile[36..40].copy_from_slice(b"acsp");
    profile.extend(name.bytes());
    profile
}

#[test]
fn a_colour_profile_is_passed_on_unless_it_is_the_usual_one() {
    for name in ["Display P3", "Display P3."] {
        let wide = profile(name);
        let icc = [b"ICC_PROFILE\0\x01\x01", &wide[..]].concat();
        let icc_png = [b"icc\0\0", &deflated(&wide)[..]].concat();
        let opaque = with_segment(&baseline(), 0xe2, &icc);
        assert_eq!(
            make(&opaque, Format::Jpeg, &[9])[0].profile.as_ref(),
            Some(&wide)
        );
        // An RGB profile cannot be meant for inks.
        let inks = with_segment(&cmyk(), 0xe2, &icc);
        assert_eq!(make(&inks, Format::Jpeg, &[9])[0].profile, None);
        let bytes = [0, 9, 9, 9, 0, 9, 9, 9, 200, 0, 9, 9, 9, 0, 9, 9, 9, 200];
        let file = raw_png(
            (2, 2),
            [8, 6, 0, 0, 0],
            &[chunk(b"iCCP", &icc_png)],
            &deflated(&bytes),
        );
        assert_eq!(
            make(&file, Format::Png, &[1])[0].profile.as_ref(),
            Some(&wide)
        );
    }
    let usual = [b"ICC_PROFILE\0\x01\x01", &profile("sRGB IEC61966-2.1")[..]].concat();
    let file = with_segment(&baseline(), 0xe2, &usual);
    assert_eq!(make(&file, Format::Jpeg, &[9])[0].profile, None);
}
