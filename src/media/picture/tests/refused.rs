//! Pictures that are damaged, or made to do harm.

use std::fs;

use super::{all, assert_rejected, head_of, make, try_make};
use crate::media::picture::samples::*;
use crate::media::picture::{Failure, Format, head, variants};

#[test]
fn every_picture_that_is_cut_is_rejected() {
    for (name, format, bytes) in all() {
        // A GIF is whole without its last two bytes, a WebP without padding.
        let end = bytes.len() - 2;
        for length in (0..end).step_by(5).chain(end - 20..end) {
            match try_make(&bytes[..length], format, &[8]) {
                Err(rejection) => {
                    assert!(
                        ["damaged", "unsupported"].contains(&rejection.code),
                        "{rejection}"
                    );
                    assert!(rejection.detail.contains("send that"), "{rejection}");
                }
                Ok(_) => panic!("{name} of {length} bytes was taken, of {}", bytes.len()),
            }
        }
    }
}

#[test]
fn no_change_of_bytes_does_harm() {
    let mut random = fastrand::Rng::with_seed(20);
    for (_, format, bytes) in all() {
        for _ in 0..100 {
            let mut changed = bytes.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..changed.len());
                let any = random.u8(..);
                changed[at] = random.choice([0, 1, 0x7f, 0x80, 0xff, any]).unwrap();
            }
            let head = head_of(&changed, format);
            // What the caller checks.
            if head.is_ok_and(|head| u64::from(head.width) * u64::from(head.height) < 1 << 20) {
                let _ = try_make(&changed, format, &[8, 24]);
            }
        }
    }
}

#[test]
fn what_is_no_picture_of_its_format_is_rejected() {
    for format in [Format::Jpeg, Format::Png, Format::Gif, Format::WebP] {
        for bytes in [
            &b""[..],
            b"\xff",
            b"<html>\xe4\xbd\xa0\xe5\xa5\xbd</html>",
            &[0xff; 4000],
            &[0; 4000],
        ] {
            assert_rejected(bytes, format, "damaged", "send that");
            assert_eq!(head_of(bytes, format).unwrap_err().code, "damaged");
        }
    }
}

#[test]
fn a_picture_of_too_many_pixels_is_not_decoded() {
    let file = raw_png(
        (50_000, 50_000),
        [8, 2, 0, 0, 0],
        &[],
        &deflated(&[0; 1000]),
    );
    let head = head_of(&file, Format::Png).unwrap();
    assert_eq!((head.width, head.height), (50_000, 50_000));
    assert_rejected(&file, Format::Png, "too_many_pixels", "50000 × 50000");
}

#[test]
fn texts_and_profiles_that_unpack_to_much_are_not_unpacked() {
    let much = deflated(&vec![0; 50 << 20]);
    let before = [
        chunk(b"iCCP", &[b"icc\0\0", &much[..]].concat()),
        chunk(b"zTXt", &[b"Comment\0\0", &much[..]].concat()),
    ];
    let rows = deflated(&[0; 10 * 31]);
    let file = raw_png((10, 10), [8, 2, 0, 0, 0], &before, &rows);
    assert_eq!(make(&file, Format::Png, &[5])[0].profile, None);
}

#[test]
fn a_png_with_more_or_fewer_rows_than_it_says_is_rejected_or_ends() {
    let few = raw_png((10, 10), [8, 2, 0, 0, 0], &[], &deflated(&[0; 9 * 31]));
    assert_rejected(&few, Format::Png, "damaged", "PNG");
    let many = raw_png(
        (10, 10),
        [8, 2, 0, 0, 0],
        &[],
        &deflated(&vec![0; 50 << 20]),
    );
    assert!(try_make(&many, Format::Png, &[5]).is_ok_and(|made| made.len() == 1));
}

#[test]
fn a_jpeg_of_endless_scans_is_rejected() {
    let file = progressive();
    let scan = file
        .windows(2)
        .rposition(|pair| pair == [0xff, 0xda])
        .unwrap();
    let (start, rest) = file.split_at(scan);
    let last = &rest[..rest.len() - 2];
    let many = [start, &last.repeat(70), &[0xff, 0xd9]].concat();
    assert_rejected(&many, Format::Jpeg, "unsupported", "parts");
}

#[test]
fn rare_jpegs_are_told_apart_from_damaged_ones() {
    for (kind, frame) in [("lossless", 0xc3), ("arithmetic", 0xc9)] {
        let mut file = baseline();
        let at = file
            .windows(2)
            .position(|pair| pair == [0xff, 0xc0])
            .unwrap();
        file[at + 1] = frame;
        let Err(rejection) = try_make(&file, Format::Jpeg, &[8]) else {
            panic!("{kind} was taken");
        };
        assert!(
            ["unsupported", "damaged"].contains(&rejection.code),
            "{kind}: {rejection}"
        );
    }
}

#[test]
fn a_webp_cannot_be_larger_within_than_it_says() {
    let mut file = transparent_webp(false);
    let at = file
        .windows(3)
        .position(|part| part == [0x9d, 0x01, 0x2a])
        .unwrap();
    file[at + 3..at + 7].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    assert_rejected(&file, Format::WebP, "damaged", "two sizes");
    let mut file = animated_webp();
    let at = file.windows(4).position(|part| part == b"ANMF").unwrap();
    let pixels = file
        .windows(4)
        .position(|part| part == b"VP8L" || part == b"VP8 ")
        .unwrap();
    assert!(pixels > at);
    file[pixels + 9..pixels + 18].fill(0xff);
    assert_rejected(&file, Format::WebP, "damaged", "WEBP");
}

#[test]
fn a_disk_that_fails_is_not_the_fault_of_the_picture() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("圖 片😀.png");
    fs::write(&path, png()).unwrap();
    let none = dir.path().join("none");
    assert!(matches!(
        variants(&path, Format::Png, &[8], &none),
        Err(Failure::Failed(_))
    ));
    assert!(matches!(
        variants(&none, Format::Png, &[8], dir.path()),
        Err(Failure::Failed(_))
    ));
    assert_eq!(head(&none, Format::Png).unwrap_err().code, "unreadable");
}
