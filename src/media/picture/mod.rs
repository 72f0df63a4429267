//! Pictures: how large they are, whether they are whole, their smaller copies as WebP. Does not know where files are kept.
//!
//! What arrives is decoded by code that is free of `unsafe` of ours and told how large the picture may be before it allocates;
//! libwebp, which is C, only ever sees pixels that were decoded here.

mod encode;
mod exif;
mod gif;
mod jpeg;
mod pixels;
mod png;
mod profile;
mod shrink;
mod webp;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::Rejection;
use super::format::Format;
use super::incoming::failed;
use crate::error::Error;
use exif::Orientation;
use pixels::Pixels;
use shrink::Shrink;

/// Pictures with more pixels are never decoded, whatever the caller allows.
const MOST_PIXELS: u64 = 1 << 28;

/// WebP pictures cannot be longer on either side.
const LONGEST_SIDE: u32 = 16_383;

/// What stands in the header of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Pixels from left to right, as it is shown.
    pub width: u32,
    /// Pixels from top to bottom, as it is shown.
    pub height: u32,
    /// Whether it moves.
    pub is_animated: bool,
}

/// A smaller copy of a picture, in WebP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantFile {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Bytes of the file.
    pub size: u64,
    /// Where it was written.
    pub path: PathBuf,
}

/// Why no variants could be made.
#[derive(Debug)]
pub enum Failure {
    /// The picture is at fault.
    Rejected(Rejection),
    /// We are: a full disk, say.
    Failed(Error),
}

/// What must be known of a picture before it is decoded.
struct Layout {
    /// As it is stored, before `orientation` is applied.
    width: u32,
    height: u32,
    orientation: Orientation,
    is_animated: bool,
    /// The colour profile, where it is one for RGB.
    profile: Option<Vec<u8>>,
}

type Source = BufReader<File>;

/// The size of the picture at `path`, from its header alone.
///
/// Of JPEGs the orientation of EXIF is applied. Those of PNG and WebP are not: browsers do not agree on them.
pub fn head(path: &Path, format: Format) -> Result<Head, Rejection> {
    let read = || guarded(format, || layout(&mut open(path)?, format));
    match read() {
        Ok(layout) => {
            let (width, height) = layout.shown();
            Ok(Head {
                width,
                height,
                is_animated: layout.is_animated,
            })
        }
        Err(Failure::Rejected(rejection)) => Err(rejection),
        Err(Failure::Failed(error)) => Err(Rejection::new(
            "unreadable",
            format!("could not be read: {error}; send it again"),
        )),
    }
}

/// Makes WebP files of those `widths` that are smaller than the picture at `path`, in `dir`, the smallest first.
///
/// The picture is decoded even where there is nothing to make, so that one that is damaged is found. Animations (of which the
/// first frame is decoded) have no variants, nor has a picture those that would be too high for WebP.
/// The pixels of the picture, as [`head`] tells them, must have been checked: memory and time grow with them.
///
/// # Errors
///
/// `damaged`, `too_many_pixels` or `unsupported`, which are faults of the picture, or what kept us from writing.
pub fn variants(
    path: &Path,
    format: Format,
    widths: &[u32],
    dir: &Path,
) -> Result<Vec<VariantFile>, Failure> {
    let mut source = open(path)?;
    let layout = guarded(format, || layout(&mut source, format))?;
    layout.check()?;
    let sizes = layout.sizes(widths);
    let target = sizes.last().map(|size| layout.orientation.turned(*size));
    source.rewind()?;
    let pixels = guarded(format, || decode(source, format, &layout, target))?;
    let Some(pixels) = pixels else {
        return Ok(Vec::new());
    };
    let style = encode::Style {
        profile: layout.profile.filter(|_| pixels.is_rgb()),
        is_drawn: format != Format::Jpeg,
    };
    let pixels = layout.orientation.apply(pixels.into_rgb());
    let mut files = Vec::with_capacity(sizes.len());
    for (width, height) in sizes {
        let file = dir.join(format!("variant-{width}.webp"));
        let size = match (pixels.width, pixels.height) == (width, height) {
            true => encode::write(&pixels, &style, &file)?,
            false => encode::write(&pixels.shrunk(width, height)?, &style, &file)?,
        };
        files.push(VariantFile {
            width,
            height,
            size,
            path: file,
        });
    }
    Ok(files)
}

fn layout(source: &mut Source, format: Format) -> Result<Layout, Failure> {
    let layout = match format {
        Format::Jpeg => jpeg::layout(source),
        Format::Png => png::layout(source),
        Format::Gif => gif::layout(source),
        Format::WebP => webp::layout(source),
        _ => Err(Error::internal("this is no format of pictures").into()),
    }?;
    match layout.width == 0 || layout.height == 0 {
        true => Err(damaged(format, "it has no pixels")),
        false => Ok(layout),
    }
}

/// The picture as it is stored, shrunk to `target`, if any; it is decoded in any case.
fn decode(
    source: Source,
    format: Format,
    layout: &Layout,
    target: Option<(u32, u32)>,
) -> Result<Option<Pixels>, Failure> {
    match format {
        Format::Jpeg => jpeg::decode(source, layout, target),
        Format::Png => png::decode(source, layout, target),
        Format::Gif => gif::decode(source, layout, target),
        Format::WebP => webp::decode(source, layout, target),
        _ => Err(Error::internal("this is no format of pictures").into()),
    }
}

impl Layout {
    /// Width and height as it is shown.
    fn shown(&self) -> (u32, u32) {
        self.orientation.turned((self.width, self.height))
    }

    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    fn check(&self) -> Result<(), Failure> {
        match self.pixels() > MOST_PIXELS {
            true => Err(Rejection::new(
                "too_many_pixels",
                format!(
                    "has {} × {} pixels, which is too much to look at; make it smaller",
                    self.width, self.height
                ),
            )
            .into()),
            false => Ok(()),
        }
    }

    /// The sizes of variants, the smallest first.
    fn sizes(&self, widths: &[u32]) -> Vec<(u32, u32)> {
        let (width, height) = self.shown();
        if self.is_animated {
            return Vec::new();
        }
        let mut sizes: Vec<_> = widths
            .iter()
            .copied()
            .filter(|&smaller| smaller > 0 && smaller < width && smaller <= LONGEST_SIDE)
            .map(|smaller| (smaller, scaled(height, smaller, width)))
            .filter(|(_, height)| *height <= LONGEST_SIDE)
            .collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }
}

/// `length * part / whole`, rounded, at least 1.
fn scaled(length: u32, part: u32, whole: u32) -> u32 {
    let (length, part, whole) = (u64::from(length), u64::from(part), u64::from(whole));
    let scaled = (2 * length * part + whole) / (2 * whole).max(1);
    u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
}

/// A count of pixels or bytes in memory.
fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn open(path: &Path) -> Result<Source, Failure> {
    match File::open(path) {
        Ok(file) => Ok(BufReader::with_capacity(1 << 16, file)),
        Err(e) => Err(Failure::Failed(failed(path, e))),
    }
}

/// Does `work` with foreign code, of which a panic tells that it did not expect such a picture.
fn guarded<T>(format: Format, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Err(Failure::Rejected(rejection))) if rejection.detail.is_empty() => {
            Err(damaged(format, "it ends too early"))
        }
        Ok(result) => result,
        Err(_) => Err(damaged(format, "its data contradict each other")),
    }
}

/// A picture that cannot be decoded.
fn damaged(format: Format, what: impl fmt::Display) -> Failure {
    let kind = format.extension().to_uppercase();
    Failure::Rejected(Rejection::new(
        "damaged",
        format!(
            "is a damaged or incomplete {kind} picture ({what}); open it in an image program, save it anew and send that"
        ),
    ))
}

/// A picture that we cannot, and browsers do not, show.
fn unsupported(what: &str) -> Failure {
    Failure::Rejected(Rejection::new(
        "unsupported",
        format!(
            "is {what}, which browsers do not show; save it as a common JPEG, PNG or WebP and send that"
        ),
    ))
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<io::Error> for Failure {
    fn from(cause: io::Error) -> Self {
        match cause.kind() {
            // `guarded` knows the format and says more.
            ErrorKind::UnexpectedEof => Self::Rejected(Rejection::new("damaged", "")),
            _ => Self::Failed(Error::Unavailable(cause.into())),
        }
    }
}

/// The next `N` bytes.
fn take<const N: usize>(source: &mut impl Read) -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The next bytes, as many as `length`, which must have been bounded.
fn take_vec(source: &mut impl Read, length: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; length];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}
