//! What is taken and what is not, and why.

mod archives;
mod hidden;

use std::io::Cursor;

use super::samples::{
    atom, id3, mp3_frame, mp4, office, ogg, ole, open_document, png, sample, wav, webm, zip,
};
use super::*;

fn all() -> Limits {
    Limits {
        formats: Format::ALL.to_vec(),
        max_pixels: 100_000_000,
    }
}

fn named(bytes: impl Into<Vec<u8>>, name: &str, limits: &Limits) -> Result<Format, Rejection> {
    match format_of(&mut Cursor::new(bytes.into()), name, limits) {
        Ok(format) => Ok(format),
        Err(Stop::Rejected(rejection)) => Err(rejection),
        Err(Stop::Failed(e)) => panic!("{e}"),
    }
}

fn look(bytes: impl Into<Vec<u8>>) -> Result<Format, Rejection> {
    named(bytes, "附件", &all())
}

/// Refused with this code, and with these words in the reason.
#[track_caller]
fn refused(bytes: impl Into<Vec<u8>>, code: &str, words: &str) {
    match look(bytes) {
        Err(rejection) => {
            assert_eq!(rejection.code, code, "{rejection}");
            assert!(rejection.detail.contains(words), "{rejection}");
            // What is wrong, then the mend.
            assert!(rejection.detail.contains(';'), "{rejection}");
        }
        Ok(format) => panic!("taken as {format:?}"),
    }
}

fn on_disk(bytes: &[u8], limits: &Limits) -> Result<Inspected, Failure> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    inspect(&path, "图.png", limits)
}

#[test]
fn every_format_is_told_by_its_contents() {
    for format in Format::ALL {
        let bytes = sample(*format);
        // A name that lies changes nothing; texts have nothing but their name.
        let name = match format {
            Format::Text => "说明.TXT",
            Format::Csv => "表格.csv",
            _ => "图.exe",
        };
        assert_eq!(named(bytes, name, &all()), Ok(*format));
    }
}

#[test]
fn what_is_not_allowed_is_refused_with_what_is() {
    for format in Format::ALL {
        let mut limits = all();
        limits.formats.retain(|other| other != format);
        let name = format!("a.{}", format.extension());
        let rejection = named(sample(*format), &name, &limits).unwrap_err();
        assert_eq!(rejection.code, "type_not_allowed");
        assert!(rejection.detail.contains("send one of: "), "{rejection}");
    }
}

#[test]
fn pictures_are_measured() {
    let inspected = on_disk(&png(3, 2), &all()).unwrap();
    assert_eq!(
        inspected,
        Inspected {
            format: Format::Png,
            width: Some(3),
            height: Some(2)
        }
    );
    let limits = Limits {
        max_pixels: 5,
        ..all()
    };
    for bytes in [png(3, 2), png(50_000, 50_000)] {
        let Err(Failure::Rejected(rejection)) = on_disk(&bytes, &limits) else {
            panic!("taken");
        };
        assert_eq!(rejection.code, "too_many_pixels");
    }
}

#[test]
fn what_is_no_picture_has_no_size() {
    let inspected = on_disk(&sample(Format::Pdf), &all()).unwrap();
    assert_eq!((inspected.width, inspected.height), (None, None));
}

#[test]
fn a_file_that_cannot_be_read_is_no_fault_of_the_file() {
    let missing = inspect(Path::new("/nowhere/at/all"), "a.png", &all());
    assert!(matches!(missing, Err(Failure::Failed(_))));
}

#[test]
fn an_empty_file_is_refused() {
    refused([], "empty", "send it again");
}

#[test]
fn pages_and_programs_are_refused_whatever_they_are_called() {
    for name in ["图.png", "a.txt", "a.csv", "a", "a.svg"] {
        for (bytes, words) in [
            (
                b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".as_slice(),
                "PNG or WebP",
            ),
            (
                b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><svg/>",
                "an SVG picture",
            ),
            (b"\n <!DOCTYPE HTML><p>", "an HTML page"),
            (b"<html><body onload=x>", "an HTML page"),
            (b"<?php system('id');", "a PHP program"),
            (b"<?xml version='1.0'?><x/>", "an XML document"),
            (b"<a href=x>", "HTML or XML"),
        ] {
            let rejection = named(bytes, name, &all()).unwrap_err();
            assert_eq!(rejection.code, "type_not_allowed");
            assert!(rejection.detail.contains(words), "{rejection}");
        }
    }
    refused(b"MZ\x90\0\x03\0", "type_not_allowed", "a Windows program");
    refused(b"\x7fELF\x02", "type_not_allowed", "a Linux program");
    refused(b"#!/bin/sh\nrm -rf", "type_not_allowed", "a script");
    refused(b"#!AMR\n\0", "type_not_allowed", "MP3");
    refused(b"Rar!\x1a\x07\x01", "type_not_allowed", "pack it as ZIP");
    refused(b"BM\x36\0", "type_not_allowed", "JPEG, PNG or WebP");
    refused(b"{\\rtf1\\ansi", "type_not_allowed", "an RTF document");
    refused(b"\x01\x02\x03\x04", "type_not_allowed", "jpg, png, gif");
    refused(b"alert(1)", "type_not_allowed", "of no kind that is taken");
}

#[test]
fn a_text_needs_a_name_that_says_so() {
    assert_eq!(named("alert(1)", "a.js.txt", &all()), Ok(Format::Text));
    assert!(named("alert(1)", "a.js", &all()).is_err());
    assert!(named("alert(1)", "a.txt.js", &all()).is_err());
    assert!(named(b"a\0b".as_slice(), "a.txt", &all()).is_err());
}

#[test]
fn files_that_were_cut_are_damaged() {
    let cut = |format: Format, off: usize| {
        let bytes = sample(format);
        bytes[..bytes.len() - off].to_vec()
    };
    refused(cut(Format::Pdf, 10), "damaged", "not copied whole");
    refused(cut(Format::Mp4, 30), "damaged", "save it again");
    refused(cut(Format::Zip, 1), "damaged", "end is missing");
    refused(cut(Format::Docx, 30), "damaged", "end is missing");
    refused(cut(Format::Doc, 300), "damaged", "");
    refused(wav(9), "damaged", "not copied whole");
    refused(id3(40), "damaged", "within its tags");
    refused(
        [id3(4), vec![0; 100]].concat(),
        "damaged",
        "none behind them",
    );
    refused(&b"fLaC\0\0\0\x10"[..], "damaged", "FLAC");
    refused(&b"OggS\x01"[..], "damaged", "");
    refused(ogg(&[b"\x01unknown"]), "damaged", "without a recording");
}

#[test]
fn recordings_and_videos_are_told_apart() {
    assert_eq!(look(mp4(b"isom", &[b"soun"])), Ok(Format::M4a));
    assert_eq!(look(mp4(b"M4A ", &[b"soun", b"vide"])), Ok(Format::M4a));
    assert_eq!(look(mp4(b"mp42", &[b"vide"])), Ok(Format::Mp4));
    assert_eq!(
        look([id3(9), id3(0), sample(Format::Aac)].concat()),
        Ok(Format::Aac)
    );
    assert_eq!(
        look([id3(9), sample(Format::Flac)].concat()),
        Ok(Format::Flac)
    );
    assert_eq!(look(wav(0)), Ok(Format::Wav));
    assert_eq!(look(mp3_frame().repeat(2)), Ok(Format::Mp3));
    refused(mp4(b"qt  ", &[b"vide"]), "type_not_allowed", "QuickTime");
    refused(mp4(b"heic", &[]), "type_not_allowed", "export it as JPEG");
    refused(mp4(b"avif", &[]), "type_not_allowed", "an AVIF picture");
    refused(mp4(b"isom", &[b"text"]), "damaged", "without a video");
    refused(webm(b"matroska"), "type_not_allowed", "MKV");
    refused(
        ogg(&[b"\x80theora", b"\x01vorbis"]),
        "type_not_allowed",
        "an Ogg video",
    );
    let unfinished = [atom(b"ftyp", b"isom\0\0\0\0isom"), atom(b"mdat", &[1; 99])].concat();
    refused(unfinished, "damaged", "without its index");
}

#[test]
fn documents_with_macros_are_refused() {
    let with = |name: &str| {
        zip(&[
            ("[Content_Types].xml", b"<Types/>"),
            ("word/document.xml", b"<w/>"),
            (name, b"x"),
        ])
    };
    for name in [
        "word/vbaProject.bin",
        "word/VBAPROJECT.BIN",
        "xl/macrosheets/sheet1.xml",
    ] {
        refused(with(name), "active_content", "macros");
    }
    refused(
        with("word/activeX/activeX1.bin"),
        "active_content",
        "ActiveX",
    );
    assert_eq!(look(with("word/embeddings/表.xlsx")), Ok(Format::Docx));
    let renamed = office(
        "word/document.xml",
        "application/vnd.ms-word.document.macroEnabled",
    );
    refused(renamed, "active_content", ".docx");
    for entry in [
        ("_VBA_PROJECT_CUR", 1),
        ("Macros", 1),
        ("VBA", 1),
        ("_VBA_PROJECT", 2),
    ] {
        refused(ole(&[("Workbook", 2), entry]), "active_content", "macros");
    }
    refused(
        open_document("text", &["Basic/Standard/Module1.xml"]),
        "active_content",
        "macros",
    );
    refused(
        open_document("text", &["Scripts/python/a.py"]),
        "active_content",
        "macros",
    );
    assert_eq!(
        look(open_document(
            "text",
            &["Basic/script-lc.xml", "Basic/Standard/script-lb.xml"]
        )),
        Ok(Format::Odt)
    );
}

#[test]
fn other_documents_of_the_same_container_are_refused() {
    let types: (&str, &[u8]) = ("[Content_Types].xml", b"<Types/>");
    refused(
        zip(&[types, ("xl/workbook.bin", b"x")]),
        "type_not_allowed",
        ".xlsx",
    );
    refused(
        zip(&[types, ("visio/document.xml", b"x")]),
        "type_not_allowed",
        ".pdf",
    );
    refused(
        zip(&[types, ("xl/a", b"x"), ("word/b", b"x")]),
        "type_not_allowed",
        ".pdf",
    );
    refused(
        zip(&[("META-INF/MANIFEST.MF", b"x")]),
        "type_not_allowed",
        "JAR",
    );
    refused(
        zip(&[("AndroidManifest.xml", b"x")]),
        "type_not_allowed",
        "APK",
    );
    refused(open_document("graphics", &[]), "type_not_allowed", ".odt");
    refused(
        zip(&[("mimetype", b"application/epub+zip")]),
        "damaged",
        "EPUB",
    );
    refused(
        ole(&[("EncryptedPackage", 2)]),
        "encrypted",
        "without a password",
    );
    refused(
        ole(&[("__properties_version1.0", 2)]),
        "type_not_allowed",
        ".docx",
    );
    refused(ole(&[("WordDocument", 0)]), "type_not_allowed", ".docx");
}

#[test]
fn large_directories_of_old_documents_are_followed() {
    let names: Vec<String> = (0..700).map(|n| format!("流{n}")).collect();
    let mut entries: Vec<(&str, u8)> = names
        .iter()
        .take(480)
        .map(|name| (name.as_str(), 2))
        .collect();
    entries.push(("Workbook", 2));
    assert_eq!(look(ole(&entries)), Ok(Format::Xls));
}

#[test]
fn broken_files_are_answered_quickly() {
    let mut random = fastrand::Rng::with_seed(20_240_601);
    let began = std::time::Instant::now();
    for format in Format::ALL {
        let whole = sample(*format);
        for length in 0..whole.len() {
            let _ = look(&whole[..length]);
        }
        for _ in 0..2_000 {
            let mut bytes = whole.clone();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(..bytes.len());
                bytes[at] = match random.u8(..3) {
                    0 => 0xFF,
                    1 => 0,
                    _ => random.u8(..),
                };
            }
            if random.bool() {
                bytes.truncate(random.usize(..=bytes.len()));
            }
            let _ = named(bytes, "a.txt", &all());
        }
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
