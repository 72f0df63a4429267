//! What a file is, told by its contents alone, and whether it is safe to keep and to hand on. Everything is read a little at a time;
//! nothing is kept. Does not know where the file comes from nor where it goes.

mod archive;
mod film;
mod ole;
mod polyglot;
mod refused;
#[cfg(test)]
mod samples;
mod sound;
mod source;
mod text;

use std::fs::File;
use std::path::Path;

use memchr::memmem;

use self::source::{Input, Look, Source, Stop};
use super::format::Format;
use super::picture::{self, Failure};
use super::{Rejection, incoming, name};

/// What is taken.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The formats.
    pub formats: Vec<Format>,
    /// Pixels of a picture, at most.
    pub max_pixels: u64,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspected {
    /// Its format.
    pub format: Format,
    /// Pixels from side to side, as shown; only of pictures.
    pub width: Option<u32>,
    /// Pixels from top to bottom, as shown; only of pictures.
    pub height: Option<u32>,
}

/// Pixels of a side of a picture: the memory for its smaller copies grows with the longer one.
const MAX_SIDE: u32 = 32_767;

/// Looks at the file at `path`, called `name` by whoever sent it. The name decides nothing but whether a text is a table (CSV).
///
/// # Errors
///
/// Why the file is not taken: `empty`, `type_not_allowed`, `damaged`, `too_many_pixels`, `polyglot` (a second file hides in it),
/// `bomb` (it unpacks to far more than it should), `unsafe_path` (it unpacks to where it should not), `encrypted` (what is in it
/// cannot be checked; PDFs are taken), `active_content`. Or that it cannot be read.
pub fn inspect(path: &Path, name: &str, limits: &Limits) -> Result<Inspected, Failure> {
    let looked = File::open(path)
        .map_err(Stop::Failed)
        .and_then(|mut file| inspect_open(&mut file, path, name, limits));
    looked.map_err(|stop| match stop {
        Stop::Rejected(rejection) => Failure::Rejected(rejection),
        Stop::Failed(cause) => Failure::Failed(incoming::failed(path, cause)),
    })
}

fn inspect_open(file: &mut File, path: &Path, name: &str, limits: &Limits) -> Look<Inspected> {
    let format = format_of(file, name, limits)?;
    let mut inspected = Inspected {
        format,
        width: None,
        height: None,
    };
    if format.is_picture() {
        let head = picture::head(path, format)?;
        let pixels = u64::from(head.width) * u64::from(head.height);
        if pixels > limits.max_pixels {
            return Err(Rejection::new(
                "too_many_pixels",
                format!(
                    "has {} x {} pixels, which is more than the {} million that are taken; make it smaller",
                    head.width,
                    head.height,
                    limits.max_pixels / 1_000_000
                ),
            )
            .into());
        }
        if head.width.max(head.height) > MAX_SIDE {
            return Err(Rejection::new(
                "too_many_pixels",
                format!(
                    "has {} x {} pixels, and no side may have more than {MAX_SIDE}; make it smaller",
                    head.width, head.height
                ),
            )
            .into());
        }
        inspected.width = Some(head.width);
        inspected.height = Some(head.height);
    }
    Ok(inspected)
}

/// The format of a file that is safe as far as its family tells.
fn format_of(input: &mut dyn Input, name: &str, limits: &Limits) -> Look<Format> {
    let mut source = Source::new(input)?;
    let allowed = || {
        let endings: Vec<_> = limits.formats.iter().map(|f| f.extension()).collect();
        endings.join(", ")
    };
    if source.size() == 0 {
        return Err(Rejection::new(
            "empty",
            "is empty; check that it was saved, and send it again",
        )
        .into());
    }
    let head = source.bytes(0..4_096)?;
    let format = match known(&mut source, &head)? {
        Some(format) => format,
        None => unknown(&mut source, &head, name, &allowed())?,
    };
    if !limits.formats.contains(&format) {
        return Err(Rejection::new(
            "type_not_allowed",
            format!(
                "is {}, which is not taken here; send one of: {}",
                called(format),
                allowed()
            ),
        )
        .into());
    }
    polyglot::check(&mut source, format)?;
    Ok(format)
}

/// The format of a file that begins in a way of its own.
fn known(source: &mut Source, head: &[u8]) -> Look<Option<Format>> {
    Ok(Some(match head {
        [0xFF, 0xD8, 0xFF, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Format::Png,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Format::Gif,
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Format::WebP,
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => sound::wav(source)?,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => archive::look(source)?,
        [b'O', b'g', b'g', b'S', ..] => sound::ogg(source)?,
        [b'f', b'L', b'a', b'C', ..] => sound::flac(source, 0)?,
        [b'I', b'D', b'3', ..] | [0xFF, 0xE0..=0xFF, ..] => return sound::frames(source),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => film::iso(source)?,
        [0x1A, 0x45, 0xDF, 0xA3, ..] => film::matroska(source)?,
        _ if head.starts_with(ole::SIGNATURE) => ole::look(source)?,
        _ if head.starts_with(b"%PDF-") => pdf(source)?,
        _ => return Ok(None),
    }))
}

/// A text, where the name says so; or why the file is not taken.
fn unknown(source: &mut Source, head: &[u8], name: &str, allowed: &str) -> Look<Format> {
    let ending = name::ending(name);
    let is_called = |format: Format| format.extensions().contains(&ending.as_str());
    for format in [Format::Text, Format::Csv] {
        if is_called(format) {
            text::check(source)?;
            return Ok(format);
        }
    }
    let start = head.get(..1_024).unwrap_or(head);
    if memmem::find(start, b"%PDF-").is_some() {
        return Err(Rejection::new(
            "polyglot",
            "is a PDF with other bytes before it; save it again",
        )
        .into());
    }
    Err(refused::why(head, allowed).into())
}

/// A PDF that was copied whole. Scripts in it run, if at all, in the reader's own confines, so they are not looked for.
fn pdf(source: &mut Source) -> Look<Format> {
    let size = source.size();
    let tail = source.bytes(size.saturating_sub(65_536)..size)?;
    match memmem::find(&tail, b"%%EOF") {
        Some(_) => Ok(Format::Pdf),
        None => Err(cut_off().into()),
    }
}

/// A file that is broken; `what` says where.
fn damaged(what: &str) -> Rejection {
    Rejection::new(
        "damaged",
        format!("{what}; open it where it was made, save it again and send that"),
    )
}

/// A file that lacks its end.
fn cut_off() -> Rejection {
    damaged("ends in the middle, as when it was not copied whole")
}

/// A file of `format`, in words.
fn called(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "a JPEG picture",
        Format::Png => "a PNG picture",
        Format::Gif => "a GIF picture",
        Format::WebP => "a WebP picture",
        Format::Mp3 => "an MP3 recording",
        Format::M4a => "an M4A recording",
        Format::Aac => "an AAC recording",
        Format::Ogg => "an Ogg recording",
        Format::Flac => "a FLAC recording",
        Format::Wav => "a WAV recording",
        Format::Mp4 => "an MP4 video",
        Format::WebM => "a WebM video",
        Format::Pdf => "a PDF",
        Format::Docx | Format::Doc => "a Word document",
        Format::Xlsx | Format::Xls => "an Excel workbook",
        Format::Pptx | Format::Ppt => "a PowerPoint presentation",
        Format::Odt => "an OpenDocument text",
        Format::Ods => "an OpenDocument spreadsheet",
        Format::Odp => "an OpenDocument presentation",
        Format::Ofd => "an OFD document",
        Format::Epub => "an EPUB book",
        Format::Text => "a plain text",
        Format::Csv => "a table as text (CSV)",
        Format::Zip => "an archive (ZIP)",
    }
}

#[cfg(test)]
mod tests;
