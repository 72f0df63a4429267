//! Files that are a second thing besides what they begin as. Does not know what they begin as in full, only the family.

use memchr::{memchr_iter, memmem};

use super::Rejection;
use super::archive::directory::is_archive_end;
use super::source::{Look, Source};
use crate::media::format::{Format, Kind};

/// How far browsers look for HTML.
const SNIFFED: u64 = 1_500;
/// How far readers look for the start of a PDF.
const PDF_START: u64 = 1_024;
/// Bytes of the longest mark.
const LONGEST: usize = 16;

/// Tags that make a page do something. Marks of at least six bytes: shorter ones come by themselves in large pictures.
const TAGS: [&[u8]; 3] = [b"<script", b"<iframe", b"<!doctype html"];

/// Archives that people hide behind pictures.
const ARCHIVES: [(&[u8], &str); 2] = [
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
];

/// Refuses a file of `format` that is also something else.
///
/// Documents that are archives inside may hold anything as their first entry, a page or a PDF too; they begin in their own way,
/// are always saved and never shown, so they pass. So do the old Office formats, which may hold others.
pub(super) fn check(source: &mut Source, format: Format) -> Look<()> {
    let kind = format.kind();
    if !format.is_inline() {
        return Ok(());
    }
    let head = source.bytes(0..SNIFFED)?;
    let start = head
        .get(..usize::try_from(PDF_START).unwrap_or(0))
        .unwrap_or(&head);
    if format != Format::Pdf && memmem::find(start, b"%PDF-").is_some() {
        return Err(both(format, "a PDF"));
    }
    if let Some(tag) = tag(&head) {
        return Err(both(format, tag));
    }
    if kind == Kind::Image {
        let hidden = source.scan(0..u64::MAX, LONGEST, |piece, _| {
            tag(piece).or_else(|| {
                ARCHIVES
                    .iter()
                    .find(|(mark, _)| memmem::find(piece, mark).is_some())
                    .map(|(_, what)| *what)
            })
        })?;
        if let Some(what) = hidden {
            return Err(both(format, what));
        }
    }
    match is_archive_end(source)? {
        true => Err(both(format, "an archive (ZIP)")),
        false => Ok(()),
    }
}

fn both(format: Format, what: &str) -> super::source::Stop {
    let detail = format!(
        "is {} and also holds {what}; export it anew, or send each in a file of its own",
        super::called(format)
    );
    Rejection::new("polyglot", detail).into()
}

fn tag(piece: &[u8]) -> Option<&'static str> {
    memchr_iter(b'<', piece).find_map(|at| {
        let rest = piece.get(at..)?;
        let begins = |mark: &[u8]| {
            rest.get(..mark.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(mark))
        };
        if TAGS.into_iter().any(begins) {
            return Some("parts of an HTML page");
        }
        let is_php = begins(b"<?php") && rest.get(5).is_some_and(u8::is_ascii_whitespace);
        is_php.then_some("a PHP program")
    })
}
