//! Pixels in memory, row by row, with 8 bits a channel. Knows no file format.

use fast_image_resize::PixelType;

use super::{Failure, Shrink};

/// What the bytes of a pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channels {
    Gray,
    Rgb,
    Rgba,
    /// Amounts of ink.
    Cmyk,
}

impl Channels {
    /// Bytes of a pixel.
    pub(super) fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }

    pub(super) fn pixel_type(self) -> PixelType {
        match self {
            Self::Gray => PixelType::U8,
            Self::Rgb => PixelType::U8x3,
            Self::Rgba | Self::Cmyk => PixelType::U8x4,
        }
    }
}

/// A picture in memory.
#[derive(Debug)]
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: Channels,
    pub(super) bytes: Vec<u8>,
}

impl Pixels {
    /// Whether the colours are red, green and blue, so that a colour profile for these means them.
    pub(super) fn is_rgb(&self) -> bool {
        matches!(self.channels, Channels::Rgb | Channels::Rgba)
    }

    /// With red, green and blue, and alpha where there was alpha.
    pub(super) fn into_rgb(self) -> Self {
        let bytes = match self.channels {
            Channels::Rgb | Channels::Rgba => return self,
            Channels::Gray => self.bytes.iter().flat_map(|&gray| [gray; 3]).collect(),
            Channels::Cmyk => self
                .bytes
                .as_chunks::<4>()
                .0
                .iter()
                .flat_map(|&[c, m, y, k]| [c, m, y].map(|ink| without_ink(ink, k)))
                .collect(),
        };
        Self {
            channels: Channels::Rgb,
            bytes,
            ..self
        }
    }

    /// A smaller copy.
    pub(super) fn shrunk(&self, width: u32, height: u32) -> Result<Self, Failure> {
        let size = (self.width, self.height);
        let mut shrink = Shrink::new(size, self.channels, Some((width, height)));
        shrink.push(&self.bytes)?;
        match shrink.finish()? {
            Some(pixels) => Ok(pixels),
            None => Err(crate::error::Error::internal("nothing was shrunk").into()),
        }
    }
}

/// The light that is left by an ink and black.
fn without_ink(ink: u8, black: u8) -> u8 {
    let light = u16::from(255 - ink) * u16::from(255 - black);
    u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
}
