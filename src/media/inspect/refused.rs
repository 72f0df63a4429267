//! What is known and not taken: what it is called, and what to send in its place. The list is for the one who sent the file; what
//! is not on it is not taken either.

use super::Rejection;
use super::text::{begins_with_tag, without_blanks};

/// A mark at a place of a file, what has it, and the mend.
struct Known {
    at: usize,
    mark: &'static [u8],
    what: &'static str,
    mend: &'static str,
}

const fn known(at: usize, mark: &'static [u8], what: &'static str, mend: &'static str) -> Known {
    Known {
        at,
        mark,
        what,
        mend,
    }
}

const PICTURE: &str = "export it as JPEG, PNG or WebP";
const SOUND: &str = "convert it to MP3 or M4A";
const FILM: &str = "convert it to MP4 (H.264)";
const ARCHIVE: &str = "pack it as ZIP";
const PAPER: &str = "export it as PDF";
const PROGRAM: &str = "send documents, pictures or recordings";

#[rustfmt::skip]
const KNOWN: &[Known] = &[
    known(0, b"MZ", "a Windows program", PROGRAM),
    known(0, b"\x7fELF", "a Linux program", PROGRAM),
    known(0, b"\xca\xfe\xba\xbe", "a Java or macOS program", PROGRAM),
    known(0, b"\xcf\xfa\xed\xfe", "a macOS program", PROGRAM),
    known(0, b"\xce\xfa\xed\xfe", "a macOS program", PROGRAM),
    known(0, b"\0asm", "a WebAssembly program", PROGRAM),
    known(0, b"dex\n", "an Android program", PROGRAM),
    known(0, b"#!", "a script", PROGRAM),
    known(0, b"L\0\0\0\x01\x14\x02\0", "a Windows shortcut", "send the file that it leads to"),
    known(0, b"FWS", "a Flash film", FILM),
    known(0, b"CWS", "a Flash film", FILM),
    known(0, b"ZWS", "a Flash film", FILM),
    known(0, b"ITSF", "a compiled help file (CHM)", PAPER),
    known(0, b"Rar!", "a RAR archive", ARCHIVE),
    known(0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", ARCHIVE),
    known(0, b"\x1f\x8b", "a gzip archive", ARCHIVE),
    known(0, b"BZh", "a bzip2 archive", ARCHIVE),
    known(0, b"\xfd7zXZ\0", "an xz archive", ARCHIVE),
    known(0, b"\x28\xb5\x2f\xfd", "a Zstandard archive", ARCHIVE),
    known(0, b"MSCF", "a cabinet archive", ARCHIVE),
    known(257, b"ustar", "a tar archive", ARCHIVE),
    known(0, b"BM", "a BMP picture", PICTURE),
    known(0, b"II*\0", "a TIFF or raw picture", PICTURE),
    known(0, b"MM\0*", "a TIFF or raw picture", PICTURE),
    known(0, b"8BPS", "a Photoshop picture", PICTURE),
    known(0, b"\0\0\x01\0", "an icon", PICTURE),
    known(0, b"\xff\x0a", "a JPEG XL picture", PICTURE),
    known(0, b"\0\0\0\x0cJXL ", "a JPEG XL picture", PICTURE),
    known(0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", PICTURE),
    known(0, b"AT&TFORM", "a DjVu document", PAPER),
    known(0, b"{\\rtf", "an RTF document, which can hold other files", "save it as .docx or .pdf"),
    known(0, b"%!PS", "a PostScript document, which is a program", PAPER),
    known(0, b"\xc5\xd0\xd3\xc6", "a PostScript picture, which is a program", PICTURE),
    known(0, b"CAJ\0", "a CAJ document", PAPER),
    known(0, b"HN\0\0", "a CAJ document", PAPER),
    known(0, b"KDH ", "a KDH document", PAPER),
    known(0, b"AC10", "an AutoCAD drawing", PAPER),
    known(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media recording", "convert it to MP3 or MP4"),
    known(8, b"AVI ", "an AVI video", FILM),
    known(0, b"FLV\x01", "a Flash video", FILM),
    known(0, b"\0\0\x01\xba", "an MPEG video", FILM),
    known(0, b"\0\0\x01\xb3", "an MPEG video", FILM),
    known(0, b".RMF", "a RealMedia recording", "convert it to MP3 or MP4"),
    known(0, b"#!AMR", "an AMR recording", SOUND),
    known(0, b"#!SILK", "a SILK voice message", SOUND),
    known(0, b"\x02#!SILK", "a SILK voice message", SOUND),
    known(0, b"MThd", "a MIDI file", SOUND),
    known(8, b"AIFF", "an AIFF recording", SOUND),
    known(8, b"AIFC", "an AIFF recording", SOUND),
    known(0, b"MAC ", "a Monkey's Audio recording", SOUND),
    known(0, b"caff", "a CAF recording", SOUND),
    known(0, b"wOFF", "a font", PROGRAM),
    known(0, b"wOF2", "a font", PROGRAM),
    known(0, b"OTTO", "a font", PROGRAM),
    known(0, b"\0\x01\0\0\0", "a font", PROGRAM),
    known(0, b"SQLite format 3\0", "a database", "export it as .xlsx or .csv"),
];

/// Why a file that begins with `head` and has no format of ours is not taken; `allowed` is what is.
pub(super) fn why(head: &[u8], allowed: &str) -> Rejection {
    if let Some(markup) = markup(head) {
        return markup;
    }
    // Longer marks first: `#!AMR` is no script.
    let known = KNOWN
        .iter()
        .filter(|known| {
            head.get(known.at..)
                .is_some_and(|h| h.starts_with(known.mark))
        })
        .max_by_key(|known| known.mark.len());
    match known {
        Some(known) => not_taken(known.what, known.mend),
        None => Rejection::new(
            "type_not_allowed",
            format!("is of no kind that is taken; send one of: {allowed}"),
        ),
    }
}

/// Why a file that begins with tags is not taken.
pub(super) fn markup(head: &[u8]) -> Option<Rejection> {
    let start = without_blanks(head);
    if !begins_with_tag(start) {
        return None;
    }
    let lower = start.to_ascii_lowercase();
    let has = |mark: &[u8]| memchr::memmem::find(&lower, mark).is_some();
    let (what, mend) = if lower.starts_with(b"<?php") {
        ("a PHP program", PROGRAM)
    } else if has(b"<!doctype html") || has(b"<html") {
        ("an HTML page, which can hold scripts", PAPER)
    } else if has(b"<svg") {
        (
            "an SVG picture, which can hold scripts",
            "export it as PNG or WebP",
        )
    } else if has(b"<script") {
        ("an HTML page, which can hold scripts", PAPER)
    } else if lower.starts_with(b"<?xml") {
        ("an XML document", "export it as PDF or .docx")
    } else {
        ("HTML or XML, which can hold scripts", PAPER)
    };
    Some(not_taken(what, mend))
}

/// A file that is `what`; `mend` says what to do.
pub(super) fn not_taken(what: &str, mend: &str) -> Rejection {
    Rejection::new(
        "type_not_allowed",
        format!("is {what}, and such files are not taken; {mend}"),
    )
}

/// A document with something in it that runs.
pub(super) fn active(what: &str, mend: &str) -> Rejection {
    Rejection::new(
        "active_content",
        format!("is a document with {what}, which can do harm where it is opened; {mend}"),
    )
}
