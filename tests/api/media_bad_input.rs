//! Files and names that no upload takes: each is refused with a reason and a mend, and nothing of it is kept.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, Crc};

use crate::support::client::Answer;
use crate::support::media::{Form, docx, jpeg, mp3, pdf, png, webp, zip};
use crate::support::{Portal, TestApp, on_both};

/// A file that is refused: what it is called, its bytes, the code of the fault, words of its detail.
type Refused = (&'static str, Vec<u8>, &'static str, &'static [&'static str]);

/// Fails unless an upload was refused for its part `pointer` with a detail that has all of `words`.
#[track_caller]
fn assert_refused(answer: &Answer, pointer: &str, code: &str, words: &[&str], what: &str) {
    let problem = answer.assert_problem(422, "invalid_body");
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{what}: {answer}");
    let fault = &errors[0];
    assert_eq!(fault["pointer"], pointer, "{what}: {answer}");
    assert_eq!(fault["code"], code, "{what}: {answer}");
    let detail = fault["detail"].as_str().unwrap();
    for word in words {
        assert!(detail.contains(word), "{what}: no `{word}` in {detail}");
    }
    let (_, mend) = detail.split_once(';').unwrap_or_default();
    assert!(mend.len() > 8, "{what}: no mend in {detail}");
}

/// Fails unless each file is refused, in little time, and nothing of any is kept.
async fn refuses(app: &TestApp, cases: Vec<Refused>) {
    app.import(&Portal::new("demo"));
    let desk = app.desk("admin");
    for (name, bytes, code, words) in cases {
        let began = Instant::now();
        let answer = desk
            .upload(&Form::of(name, bytes).text("site", "demo"))
            .await;
        assert_refused(&answer, "/file", code, words, name);
        let took = began.elapsed();
        assert!(took < Duration::from_secs(20), "{name} took {took:?}");
        app.assert_nothing_kept(name);
    }
}

/// `data` packed as the entries of archives are.
fn deflated(data: &[u8]) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(data).unwrap();
    packed.finish().unwrap()
}

fn crc(data: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(data);
    crc.sum()
}

/// An entry of an archive, as its headers say it is.
struct Entry<'a> {
    name: &'a [u8],
    packed: &'a [u8],
    size: u32,
    crc: u32,
    flags: u16,
}

/// An archive of packed entries.
fn archive(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut files, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let packed = u32::try_from(entry.packed.len()).unwrap();
        let name = u16::try_from(entry.name.len()).unwrap();
        let place = u32::try_from(files.len()).unwrap();
        let shared = [
            [20, 0].as_slice(),
            &entry.flags.to_le_bytes(),
            &[8, 0, 0, 0, 0, 0],
            &entry.crc.to_le_bytes(),
            &packed.to_le_bytes(),
            &entry.size.to_le_bytes(),
            &name.to_le_bytes(),
            &[0, 0],
        ]
        .concat();
        files.extend([b"PK\x03\x04", shared.as_slice(), entry.name, entry.packed].concat());
        let head = [b"PK\x01\x02\x14\0".as_slice(), &shared, &[0; 10]].concat();
        directory.extend([head.as_slice(), &place.to_le_bytes(), entry.name].concat());
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let length = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let start = u32::try_from(files.len()).unwrap().to_le_bytes();
    let end = [
        b"PK\x05\x06\0\0\0\0".as_slice(),
        &count,
        &count,
        &length,
        &start,
        &[0, 0],
    ]
    .concat();
    [files, directory, end].concat()
}

/// An archive with one entry of `data`, of which the headers say that it has `size` bytes.
fn packed(name: &str, data: &[u8], size: usize, flags: u16) -> Vec<u8> {
    archive(&[Entry {
        name: name.as_bytes(),
        packed: &deflated(data),
        size: size.try_into().unwrap(),
        crc: crc(data),
        flags,
    }])
}

/// A chunk of a PNG.
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let named = [name, data].concat();
    [length.as_slice(), &named, &crc(&named).to_be_bytes()].concat()
}

/// A PNG in shades of grey that says it has this size, whose data unpack to `rows`; `extra` stands before them.
fn png_of(width: u32, height: u32, rows: &[u8], extra: &[u8]) -> Vec<u8> {
    let mut data = ZlibEncoder::new(Vec::new(), Compression::best());
    data.write_all(rows).unwrap();
    let head = [
        width.to_be_bytes().as_slice(),
        &height.to_be_bytes(),
        &[8, 0, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &chunk(b"IHDR", &head),
        extra,
        &chunk(b"IDAT", &data.finish().unwrap()),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

/// What every picture that is shown in a page can be made to say.
const SCRIPT: &[u8] = b"<script>alert(document.cookie)</script>";

on_both! {
    /// Archives that unpack to far more than they are, say less than they hold, or hold more entries than anyone reads
    async fn zip_bombs_are_refused(app) {
        let zeros = vec![0; 64 << 20];
        let bomb = packed("0.txt", &zeros, zeros.len(), 0);
        assert!(bomb.len() < 100_000);
        let lying = packed("0.txt", &zeros, 1_000, 0);
        let huge = packed("0.txt", &zeros, 4_000_000_000, 0);
        let many = archive(&(0..20_000_u32).map(|_| Entry { name: b"a", packed: &[3, 0], size: 0, crc: 0, flags: 0 }).collect::<Vec<_>>());
        // One packed text under the headers of many entries (D. Fifield, "A better zip bomb", 2019).
        let mut overlapping = archive(&[
            Entry { name: b"a.txt", packed: &deflated(b"text"), size: 4, crc: crc(b"text"), flags: 0 },
            Entry { name: b"b.txt", packed: &deflated(b"text"), size: 4, crc: crc(b"text"), flags: 0 },
        ]);
        let second = overlapping.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap() + 42;
        overlapping[second..second + 4].copy_from_slice(&0_u32.to_le_bytes());
        refuses(app, vec![
            ("bomb.zip", bomb.clone(), "bomb", &["unpacks to"]),
            ("lying.zip", lying, "bomb", &["unpacks to more"]),
            ("huge.zip", huge, "bomb", &["unpacks to"]),
            ("报告.docx", bomb, "bomb", &["unpacks to"]),
            ("many.zip", many, "bomb", &["20000 entries"]),
            ("overlapping.zip", overlapping, "bomb", &["on top of each other"]),
        ]).await;
    }

    /// Pictures that are small as files and huge when they are decoded
    async fn decompression_bombs_are_refused(app) {
        let lossless = [b"WEBPVP8L\x40\0\0\0\x2f\xff\xff\xff\x0f".as_slice(), &[0; 59]].concat();
        let webp = [b"RIFF\x4c\0\0\0".as_slice(), &lossless].concat();
        let mut large = jpeg(64, 64);
        let frame = large.windows(2).position(|two| two == b"\xff\xc0").unwrap();
        large[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
        let gif = b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;".to_vec();
        refuses(app, vec![
            ("50000x50000.png", png_of(50_000, 50_000, &vec![0; 1 << 20], b""), "too_many_pixels", &["50000 x 50000", "50 million"]),
            ("most.png", png_of(0x7FFF_FFFF, 0x7FFF_FFFF, b"0", b""), "too_many_pixels", &["make it smaller"]),
            ("large.jpg", large, "too_many_pixels", &["65500 x 65500"]),
            ("large.gif", gif, "too_many_pixels", &["65535 x 65535"]),
            ("large.webp", webp, "too_many_pixels", &["16384 x 16384"]),
        ]).await;
    }

    /// A picture of few pixels with data for many is decoded to its size and no further
    async fn data_beyond_the_picture_cost_nothing(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let much = vec![0; 64 << 20];
        let mut text = ZlibEncoder::new(Vec::new(), Compression::best());
        text.write_all(&much).unwrap();
        let text = [b"Comment\0\0".as_slice(), &text.finish().unwrap()].concat();
        let rows = vec![0; 401 * 400];
        for (name, bytes) in [
            ("IDAT.png", png_of(400, 400, &much, b"")),
            ("zTXt.png", png_of(400, 400, &rows, &chunk(b"zTXt", &text))),
            ("iCCP.png", png_of(400, 400, &rows, &chunk(b"iCCP", &text))),
        ] {
            let began = Instant::now();
            let answer = desk.upload(&Form::of(name, bytes).text("site", "demo")).await;
            match answer.status {
                201 => assert_eq!(answer.json()["width"], 400, "{answer}"),
                _ => assert_refused(&answer, "/file", "damaged", &[], name),
            }
            assert!(began.elapsed() < Duration::from_secs(10), "{name} took {:?}", began.elapsed());
        }
        app.assert_in_step();
    }

    /// Whatever a browser would run is not taken, whatever it is called
    async fn active_content_is_refused(app) {
        let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>"#.to_vec();
        let prolog = [b"<?xml version=\"1.0\"?>\n<!-- \xe5\x9b\xbe -->\n<!DOCTYPE svg>\n", svg.as_slice()].concat();
        let marked = [b"\xef\xbb\xbf\n  ".as_slice(), &svg].concat();
        let wide: Vec<u8> = std::iter::once(0xFEFF).chain("<svg onload='alert(1)'/>".encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let mut gz = GzEncoder::new(Vec::new(), Compression::best());
        gz.write_all(&svg).unwrap();
        let html = [b"<!DOCTYPE html><title>\xe5\x9b\xbe</title>".as_slice(), SCRIPT].concat();
        let macros = zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"), ("word/vbaProject.bin", b"x")]);
        let svg_is: &[&str] = &["SVG", "PNG or WebP"];
        refuses(app, vec![
            ("图.svg", svg.clone(), "type_not_allowed", svg_is),
            ("svg.png", svg.clone(), "type_not_allowed", svg_is),
            ("svg.txt", svg, "type_not_allowed", svg_is),
            ("prolog.svg", prolog, "type_not_allowed", svg_is),
            ("marked.svg", marked, "type_not_allowed", svg_is),
            ("wide.svg", wide, "type_not_allowed", &[]),
            ("packed.svgz", gz.finish().unwrap(), "type_not_allowed", &["gzip"]),
            ("html.png", html.clone(), "type_not_allowed", &["HTML"]),
            ("html.txt", html.clone(), "type_not_allowed", &["HTML"]),
            ("html.csv", [b"\n \t".as_slice(), &html].concat(), "type_not_allowed", &["HTML"]),
            ("page.html", html, "type_not_allowed", &["HTML"]),
            ("script.js", b"alert(1)".to_vec(), "type_not_allowed", &["send one of"]),
            ("a.php", b"<?php system($_GET['c']);".to_vec(), "type_not_allowed", &["PHP"]),
            ("setup.exe", b"MZ\x90\0\x03\0\0\0".repeat(20), "type_not_allowed", &["Windows program"]),
            ("setup.pdf", b"\x7fELF\x02\x01\x01".repeat(20), "type_not_allowed", &["Linux program"]),
            ("run.txt.sh", b"#!/bin/sh\nrm -rf /\n".to_vec(), "type_not_allowed", &["script"]),
            ("macros.docx", macros, "active_content", &["macros"]),
        ]).await;
    }

    /// A file that begins as one thing and is another as well
    async fn polyglots_are_refused(app) {
        let picture = png(40, 30);
        let end = picture.len() - 12;
        let with_text = [&picture[..end], &chunk(b"tEXt", &[b"Comment\0".as_slice(), SCRIPT].concat()), &picture[end..]].concat();
        let comment = |text: &[u8]| {
            let length = u16::try_from(text.len() + 2).unwrap().to_be_bytes();
            let mut bytes = jpeg(40, 30);
            bytes.splice(2..2, [&[0xFF, 0xFE], length.as_slice(), text].concat());
            bytes
        };
        let gif_script = [b"GIF89a/*".as_slice(), &[0; 40], b"*/=1;alert(1)//", SCRIPT].concat();
        let archive = zip(&[("a.txt", b"a")]);
        refuses(app, vec![
            ("html.png", [b"\x89PNG\r\n\x1a\n".as_slice(), SCRIPT].concat(), "polyglot", &["HTML"]),
            ("text.png", with_text, "polyglot", &["HTML"]),
            ("zip.png", [picture, archive.clone()].concat(), "polyglot", &["ZIP"]),
            ("zip.jpg", [jpeg(40, 30), archive.clone()].concat(), "polyglot", &["ZIP"]),
            ("zip.pdf", [pdf("text"), archive.clone()].concat(), "polyglot", &["ZIP"]),
            ("zip.mp3", [mp3(20), archive.clone()].concat(), "polyglot", &["ZIP"]),
            ("php.jpg", comment(b"<?php system('id'); ?>"), "polyglot", &["PHP"]),
            ("pdf.jpg", comment(b"%PDF-1.7\n1 0 obj"), "polyglot", &["PDF"]),
            ("script.gif", gif_script, "polyglot", &["HTML"]),
            ("html.webp", [webp(40, 30), SCRIPT.to_vec()].concat(), "polyglot", &["HTML"]),
            ("late.pdf", [b"MZ junk\n".as_slice(), &pdf("text")].concat(), "polyglot", &["PDF"]),
            ("twice.zip", [archive.as_slice(), &zip(&[("b.txt", b"b")])].concat(), "damaged", &["ZIP"]),
        ]).await;
    }

    /// Archives that unpack outside of their folder, or that nobody can look into
    async fn archives_that_do_harm_are_refused(app) {
        let named = |name: &str| packed(name, b"text", 4, 0);
        refuses(app, vec![
            ("up.zip", named("../../etc/passwd"), "unsafe_path", &["../../etc/passwd"]),
            ("back.zip", named("..\\..\\boot.ini"), "unsafe_path", &[]),
            ("root.zip", named("/etc/passwd"), "unsafe_path", &[]),
            ("drive.zip", named("C:\\boot.ini"), "unsafe_path", &[]),
            ("secret.zip", packed("密码.txt", b"text", 4, 1), "encrypted", &["password"]),
            ("empty.zip", zip(&[]), "empty", &[]),
        ]).await;
    }

    /// What is empty, cut off or broken
    async fn damaged_files_are_refused(app) {
        let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
        let mut wrong = png(40, 30);
        let data = wrong.windows(4).position(|four| four == b"IDAT").unwrap() + 8;
        wrong[data..data + 20].fill(0xAA);
        refuses(app, vec![
            ("空.txt", Vec::new(), "empty", &["empty"]),
            ("空.png", Vec::new(), "empty", &["empty"]),
            ("half.png", half(png(400, 300)), "damaged", &["save it"]),
            ("wrong.png", wrong, "damaged", &[]),
            ("none.png", png_of(0, 0, b"", b""), "damaged", &[]),
            ("half.webp", half(webp(400, 300)), "damaged", &[]),
            ("half.pdf", half(pdf(&"text".repeat(2_000))), "damaged", &["not copied whole"]),
            ("half.docx", half(docx("text")), "damaged", &[]),
            ("nul.txt", b"a\0b".to_vec(), "type_not_allowed", &["0x00"]),
            ("random.bin", vec![0x91; 5_000], "type_not_allowed", &["send one of"]),
        ]).await;
    }

    /// A name never leads anywhere; one that cannot be shown or written is refused
    async fn names_that_do_harm(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let form = |name: &str| Form::of(name, pdf(name)).text("site", "demo");
        for (name, becomes) in [
            ("../../../etc/通知.pdf", "通知.pdf"),
            ("..\\\\..\\\\C:\\\\Windows\\\\關於.pdf", "關於.pdf"),
            ("/etc/passwd", "passwd.pdf"),
            ("evil.html", "evil.html.pdf"),
            ("ＡＢＣ１２３：全角？.pdf", "ＡＢＣ１２３：全角？.pdf"),
            ("👨‍👩‍👧 🎉.pdf", "👨‍👩‍👧 🎉.pdf"),
            ("a\"b; filename=\"x.exe.pdf", "a\"b; filename=\"x.exe.pdf"),
        ] {
            let media = desk.taken(&form(name)).await;
            assert_eq!(media["name"], becomes, "{name}");
        }
        for stem in ["字".repeat(251), "👨‍👩‍👧".repeat(251)] {
            let longest = format!("{stem}.pdf");
            assert_eq!(desk.taken(&form(&longest)).await["name"], longest);
        }
        let kept = app.assert_in_step();
        let cases: Vec<(String, &str, &[&str])> = vec![
            ("a%00.pdf".to_owned(), "invalid", &["%00", "rename the file"]),
            ("a.pdf%00.png".to_owned(), "invalid", &["%00"]),
            ("a%0d%0aSet-Cookie: x=1.pdf".to_owned(), "invalid", &["%0d"]),
            ("通知\u{202e}fdp.exe".to_owned(), "invalid", &["direction", "U+202E"]),
            ("a\u{2066}b.pdf".to_owned(), "invalid", &["direction"]),
            ("a\u{2028}b.pdf".to_owned(), "invalid", &["line break"]),
            ("..".to_owned(), "invalid", &[]),
            ("目录/".to_owned(), "invalid", &[]),
            (format!("{}.pdf", "字".repeat(252)), "too_long", &["255", "shorten"]),
            ("字".repeat(255), "too_long", &["255"]),
            (format!("a{}.pdf", "\u{301}".repeat(3_000)), "too_long", &[]),
        ];
        for (name, code, words) in cases {
            let answer = desk.upload(&form(&name)).await;
            assert_refused(&answer, "/name", code, words, &name);
            // The same as a word of the form, and in a change.
            let named = Form::of("a.pdf", pdf("named")).text("site", "demo").text("name", &name);
            let answer = desk.upload(&named).await;
            let problem = answer.assert_problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], "/name", "{answer}");
        }
        assert_eq!(app.assert_in_step(), kept);
    }
}
