//! Writes pixels as WebP files. Reads no picture.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use webp::{Encoder, PixelLayout, WebPConfig};

use super::Failure;
use super::pixels::{Channels, Pixels};
use crate::error::Error;
use crate::media::incoming::failed;

/// Of 100: where text in charts still has clean edges.
const QUALITY: f32 = 80.0;

/// Of 0 (fast) to 6 (small).
const METHOD: i32 = 4;

/// Of the extended header: there is a colour profile.
const HAS_PROFILE: u8 = 0x20;

/// What the files of one picture have in common.
pub(super) struct Style {
    /// The colour profile.
    pub(super) profile: Option<Vec<u8>>,
    /// Whether thin coloured lines and letters are to be expected. Costs half as much time again.
    pub(super) is_drawn: bool,
}

/// Writes `pixels`, which have red, green and blue, to the new file `path`, and says how many bytes it has.
pub(super) fn write(pixels: &Pixels, style: &Style, path: &Path) -> Result<u64, Failure> {
    let layout = match pixels.channels {
        Channels::Rgba => PixelLayout::Rgba,
        _ => PixelLayout::Rgb,
    };
    let Ok(mut config) = WebPConfig::new() else {
        return Err(Error::internal("libwebp has another version").into());
    };
    config.quality = QUALITY;
    config.method = METHOD;
    // Colours have half the resolution in lossy WebP; this keeps lines and letters from fading.
    config.use_sharp_yuv = i32::from(style.is_drawn);
    let encoded = Encoder::new(&pixels.bytes, layout, pixels.width, pixels.height)
        .encode_advanced(&config)
        .map_err(|e| Error::internal(format!("libwebp: {e:?}")))?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|e| failed(path, e))?;
    let profile = style.profile.as_deref();
    let (start, rest) = profile
        .and_then(|profile| extended(&encoded, profile, pixels))
        .unwrap_or((Vec::new(), &encoded));
    file.write_all(&start)
        .and_then(|()| file.write_all(rest))
        .map_err(|e| failed(path, e))?;
    u64::try_from(start.len() + rest.len()).map_err(|e| Error::Internal(e.into()).into())
}

/// What the file `encoded` begins with where it has a colour profile, and what of it follows (the WebP container, RFC 9649).
fn extended<'a>(encoded: &'a [u8], profile: &[u8], pixels: &Pixels) -> Option<(Vec<u8>, &'a [u8])> {
    let chunks = encoded.strip_prefix(b"RIFF")?.get(4..)?;
    let chunks = chunks.strip_prefix(b"WEBP")?;
    let (mut header, rest) = match chunks.strip_prefix(b"VP8X") {
        Some(rest) => (*rest.get(4..)?.first_chunk::<10>()?, rest.get(14..)?),
        None => {
            let [a, b, c, _] = pixels.width.checked_sub(1)?.to_le_bytes();
            let [d, e, f, _] = pixels.height.checked_sub(1)?.to_le_bytes();
            ([0, 0, 0, 0, a, b, c, d, e, f], chunks)
        }
    };
    header[0] |= HAS_PROFILE;
    let size = u32::try_from(profile.len()).ok()?;
    let padding = size % 2;
    let chunks = u32::try_from(rest.len()).ok()?;
    let length = (4 + 18 + 8_u32)
        .checked_add(size + padding)?
        .checked_add(chunks)?;
    let mut start = b"RIFF".to_vec();
    start.extend_from_slice(&length.to_le_bytes());
    start.extend_from_slice(b"WEBPVP8X");
    start.extend_from_slice(&10_u32.to_le_bytes());
    start.extend_from_slice(&header);
    start.extend_from_slice(b"ICCP");
    start.extend_from_slice(&size.to_le_bytes());
    start.extend_from_slice(profile);
    if padding == 1 {
        start.push(0);
    }
    Some((start, rest))
}
