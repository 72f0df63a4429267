//! Files within files: which are refused, and which are how cameras write.

use super::super::samples::{Zip, id3, mp3_frame, sample, zip};
use super::*;

#[test]
fn a_second_file_in_a_picture_is_refused() {
    let archive = zip(&[("a.txt", b"a")]);
    for format in [Format::Jpeg, Format::Png, Format::Gif, Format::WebP] {
        for (hidden, what) in [
            (b"<script>alert(1)</script>".as_slice(), "HTML"),
            (b"<ScRiPt src=x>", "HTML"),
            (b"<!DOCTYPE html>", "HTML"),
            (b"<iframe src=x>", "HTML"),
            (b"<?php echo 1;", "PHP"),
            (b"Rar!\x1a\x07\x01\0", "RAR"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "7z"),
            (&archive, "ZIP"),
        ] {
            refused([&sample(format), hidden].concat(), "polyglot", what);
        }
        refused(
            [&sample(format), b"%PDF-1.4".as_slice()].concat(),
            "polyglot",
            "a PDF",
        );
    }
}

#[test]
fn a_second_file_is_found_far_inside() {
    for far in [65_530, 65_536, 131_070, 1_000_000] {
        let bytes = [
            sample(Format::Jpeg),
            vec![b'x'; far],
            b"<script >".to_vec(),
            vec![0; far],
        ]
        .concat();
        refused(bytes, "polyglot", "HTML");
    }
    let comment = vec![b'c'; 60_000];
    let mut archive = Zip::default();
    archive.stored("a", b"a");
    let bytes = [sample(Format::Jpeg), archive.finish_with(&comment)].concat();
    refused(bytes, "polyglot", "ZIP");
}

#[test]
fn what_cameras_append_to_pictures_is_fine() {
    for appended in [
        sample(Format::Jpeg),
        sample(Format::Mp4),
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF/></x:xmpmeta>".to_vec(),
        b"PK\x05\x06 by chance, and <?phpx".to_vec(),
        vec![0; 100_000],
    ] {
        assert_eq!(
            look([sample(Format::Jpeg), appended].concat()),
            Ok(Format::Jpeg)
        );
    }
}

#[test]
fn random_bytes_hide_nothing() {
    let mut random = fastrand::Rng::with_seed(6);
    let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..))
        .take(4_000_000)
        .collect();
    assert_eq!(
        look([sample(Format::Jpeg), noise].concat()),
        Ok(Format::Jpeg)
    );
}

#[test]
fn a_second_file_elsewhere_is_refused() {
    let archive = zip(&[("a.txt", b"a")]);
    for format in [
        Format::Pdf,
        Format::Mp3,
        Format::Mp4,
        Format::WebM,
        Format::Ogg,
        Format::Wav,
    ] {
        refused(
            [sample(format), archive.clone()].concat(),
            "polyglot",
            "ZIP",
        );
    }
    refused(
        [id3(9), mp3_frame().repeat(3), b"<script>".to_vec()].concat(),
        "polyglot",
        "HTML",
    );
    let front = [b"GIF89a/*", sample(Format::Pdf).as_slice()].concat();
    refused(front, "polyglot", "a PDF");
    refused(
        [b"junk\x01".as_slice(), &sample(Format::Pdf)].concat(),
        "polyglot",
        "before it",
    );
}
