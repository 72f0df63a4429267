//! Makes pictures smaller while their rows arrive, so that the large picture need never be in memory as a whole. Knows no file format.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::pixels::{Channels, Pixels};
use super::{Failure, count};
use crate::error::Error;

/// Rows of the source that a Lanczos kernel sees on either side, in rows of the target.
const LOBES: u64 = 3;

/// A picture that becomes smaller. Without a target the rows only pass.
///
/// Rows gather in a window until it is worth while to make rows of the target of them; those that the next ones need, too, stay.
/// The result is that of shrinking the whole.
pub(super) struct Shrink {
    source: (u32, u32),
    channels: Channels,
    target: Option<Target>,
}

struct Target {
    width: u32,
    height: u32,
    resizer: Resizer,
    /// Rows of the source from `top` on.
    window: Vec<u8>,
    top: u32,
    /// Rows that are made.
    done: u32,
    bytes: Vec<u8>,
}

impl Shrink {
    /// A picture of the size `source` that is to have the size `target`, which is not larger.
    pub(super) fn new(source: (u32, u32), channels: Channels, target: Option<(u32, u32)>) -> Self {
        let target = target.map(|(width, height)| Target {
            width,
            height,
            resizer: Resizer::new(),
            window: Vec::new(),
            top: 0,
            done: 0,
            bytes: vec![0; count(width) * count(height) * channels.count()],
        });
        Self {
            source,
            channels,
            target,
        }
    }

    /// Adds whole rows.
    pub(super) fn push(&mut self, rows: &[u8]) -> Result<(), Failure> {
        let Some(target) = &mut self.target else {
            return Ok(());
        };
        let row = count(self.source.0) * self.channels.count();
        let worthwhile = 32 + 16 * count(self.source.1 / target.height.max(1) + 1);
        for rows in rows.chunks((worthwhile * row).max(1)) {
            target.window.extend_from_slice(rows);
            let length = target.window.len() / row.max(1);
            let end = count(target.top) + length;
            if length >= worthwhile || end >= count(self.source.1) {
                target.advance(self.source, self.channels)?;
            }
        }
        Ok(())
    }

    /// The smaller picture, once all rows were added.
    pub(super) fn finish(self) -> Result<Option<Pixels>, Failure> {
        let Some(target) = self.target else {
            return Ok(None);
        };
        if target.done < target.height {
            return Err(Error::internal("rows of a picture are missing").into());
        }
        Ok(Some(Pixels {
            width: target.width,
            height: target.height,
            channels: self.channels,
            bytes: target.bytes,
        }))
    }
}

impl Target {
    /// Makes those rows for which all is there.
    fn advance(&mut self, source: (u32, u32), channels: Channels) -> Result<(), Failure> {
        let row = (count(source.0) * channels.count()).max(1);
        let rows = u32::try_from(self.window.len() / row).unwrap_or(u32::MAX);
        let (large, small) = (u64::from(source.1), u64::from(self.height));
        let there = u64::from(self.top) + u64::from(rows);
        // The middle of row `y` lies at (y + 1/2) * large / small, its kernel ends LOBES * large / small after that.
        let until = match there >= large {
            true => self.height,
            false => {
                let halves = 2 * small * there / large;
                u32::try_from(halves.saturating_sub(2 * LOBES - 1) / 2).unwrap_or(u32::MAX)
            }
        };
        if until > self.done {
            self.make(until, source, rows, channels)?;
            // Where the kernel of the next row begins, and one more.
            let next = (2 * u64::from(until)).saturating_sub(2 * LOBES - 1) * large / (2 * small);
            let next = u32::try_from(next).unwrap_or(u32::MAX).saturating_sub(1);
            let passed = next.saturating_sub(self.top).min(rows);
            self.window.drain(..count(passed) * row);
            self.top += passed;
        }
        Ok(())
    }

    /// Makes the rows from `done` to `until` of the `rows` in the window.
    fn make(
        &mut self,
        until: u32,
        source: (u32, u32),
        rows: u32,
        channels: Channels,
    ) -> Result<(), Failure> {
        let row = count(self.width) * channels.count();
        let made = count(self.done) * row..count(until) * row;
        let height = until - self.done;
        let Some(bytes) = self.bytes.get_mut(made) else {
            return Err(Error::internal("more rows than the picture has").into());
        };
        let kind = channels.pixel_type();
        let window = ImageRef::new(source.0, rows, &self.window, kind).map_err(bug)?;
        let mut target = Image::from_slice_u8(self.width, height, bytes, kind).map_err(bug)?;
        let scale = f64::from(source.1) / f64::from(self.height);
        let top = (f64::from(self.done) * scale - f64::from(self.top)).max(0.0);
        let length = (f64::from(height) * scale).min(f64::from(rows) - top);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
            .use_alpha(channels == Channels::Rgba)
            .crop(0.0, top, f64::from(source.0), length);
        self.resizer
            .resize(&window, &mut target, &options)
            .map_err(bug)?;
        self.done = until;
        Ok(())
    }
}

fn bug(cause: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Failed(Error::Internal(cause.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(width: u32, height: u32, channels: Channels) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(7);
        let length = count(width) * count(height) * channels.count();
        (0..length).map(|_| random.u8(..)).collect()
    }

    #[test]
    fn strips_give_the_same_as_the_whole() {
        for (source, target) in [
            ((97, 1501), (31, 480)),
            ((640, 333), (320, 167)),
            ((50, 2000), (49, 1960)),
            ((40, 3000), (1, 75)),
            ((30, 7), (29, 7)),
        ] {
            for channels in [
                Channels::Gray,
                Channels::Rgb,
                Channels::Rgba,
                Channels::Cmyk,
            ] {
                let mut bytes = noise(source.0, source.1, channels);
                if channels == Channels::Rgba {
                    bytes.iter_mut().skip(3).step_by(4).for_each(|a| *a |= 0x80);
                }
                let mut shrink = Shrink::new(source, channels, Some(target));
                let row = count(source.0) * channels.count();
                for rows in bytes.chunks(row * 3) {
                    shrink.push(rows).unwrap();
                }
                let strips = shrink.finish().unwrap().unwrap();

                let kind = channels.pixel_type();
                let image = ImageRef::new(source.0, source.1, &bytes, kind).unwrap();
                let mut whole = Image::new(target.0, target.1, kind);
                let options = ResizeOptions::new().use_alpha(channels == Channels::Rgba);
                Resizer::new().resize(&image, &mut whole, &options).unwrap();
                let worst = strips.bytes.iter().zip(whole.buffer());
                let worst = worst.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                // Where hardly anything is seen, colours are coarse.
                let most = if channels == Channels::Rgba { 3 } else { 1 };
                assert!(worst <= most, "{source:?} {channels:?}: {worst}");
            }
        }
    }

    #[test]
    fn rows_that_are_missing_are_noticed() {
        let mut shrink = Shrink::new((8, 8), Channels::Gray, Some((4, 4)));
        shrink.push(&[0; 8 * 7]).unwrap();
        assert!(shrink.finish().is_err());
        let passing = Shrink::new((8, 8), Channels::Gray, None);
        assert!(passing.finish().unwrap().is_none());
    }
}
