//! How a picture is to be turned before it is shown, as cameras say it in EXIF. Reads nothing else of EXIF.

use super::count;
use super::pixels::Pixels;

/// The tag of the orientation (EXIF 2.32, 4.6.4).
const ORIENTATION: u16 = 0x0112;

/// How a picture is stored: 1 to 8, as EXIF counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Orientation(u8);

impl Default for Orientation {
    fn default() -> Self {
        Self(1)
    }
}

impl Orientation {
    /// The orientation in EXIF data (a TIFF header and what follows it); upright where there is none that makes sense.
    pub(super) fn parse(tiff: &[u8]) -> Self {
        orientation(tiff).unwrap_or_default()
    }

    /// The size of a picture after turning, or before: it is the same.
    pub(super) fn turned(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self.0 {
            5..=8 => (height, width),
            _ => (width, height),
        }
    }

    /// The picture as it is shown.
    pub(super) fn apply(self, pixels: Pixels) -> Pixels {
        if self.0 == 1 {
            return pixels;
        }
        let (width, height) = self.turned((pixels.width, pixels.height));
        let (right, bottom) = (count(pixels.width) - 1, count(pixels.height) - 1);
        let channels = pixels.channels.count();
        let row = count(pixels.width) * channels;
        let mut bytes = Vec::with_capacity(pixels.bytes.len());
        for y in 0..count(height) {
            for x in 0..count(width) {
                let (from_x, from_y) = match self.0 {
                    2 => (right - x, y),
                    3 => (right - x, bottom - y),
                    4 => (x, bottom - y),
                    5 => (y, x),
                    6 => (y, bottom - x),
                    7 => (right - y, bottom - x),
                    _ => (right - y, x),
                };
                let at = from_y * row + from_x * channels;
                bytes.extend_from_slice(pixels.bytes.get(at..at + channels).unwrap_or_default());
            }
        }
        Pixels {
            width,
            height,
            channels: pixels.channels,
            bytes,
        }
    }
}

fn orientation(tiff: &[u8]) -> Option<Orientation> {
    let is_big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = tiff.get(at..)?.first_chunk::<2>()?;
        Some(match is_big {
            true => u16::from_be_bytes(*bytes),
            false => u16::from_le_bytes(*bytes),
        })
    };
    let long = |at: usize| {
        let bytes = tiff.get(at..)?.first_chunk::<4>()?;
        Some(match is_big {
            true => u32::from_be_bytes(*bytes),
            false => u32::from_le_bytes(*bytes),
        })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    if directory > tiff.len() {
        return None;
    }
    let entries = usize::from(short(directory)?);
    (0..entries)
        .map_while(|entry| {
            let at = directory + 2 + 12 * entry;
            Some((at, short(at)?))
        })
        .find(|(_, tag)| *tag == ORIENTATION)
        .and_then(|(at, _)| short(at + 8))
        .and_then(|value| u8::try_from(value).ok())
        .filter(|value| (1..=8).contains(value))
        .map(Orientation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::picture::samples::exif;

    #[test]
    fn the_orientation_is_read_in_both_byte_orders() {
        for value in 1..=8 {
            for is_big in [true, false] {
                assert_eq!(
                    Orientation::parse(&exif(value.into(), is_big)),
                    Orientation(value)
                );
            }
        }
    }

    #[test]
    fn nonsense_is_upright() {
        assert_eq!(Orientation::parse(&exif(0, true)), Orientation(1));
        assert_eq!(Orientation::parse(&exif(9, false)), Orientation(1));
        let whole = exif(6, true);
        for length in 0..whole.len() {
            let cut = Orientation::parse(&whole[..length]);
            assert!(cut == Orientation(1) || cut == Orientation(6));
        }
        let mut far = exif(6, false);
        far[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Orientation::parse(&far), Orientation(1));
    }
}
