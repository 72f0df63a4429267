//! Reading a file here and there, a little at a time. Does not know what the bytes mean.

use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Take};
use std::ops::Range;

use super::Rejection;

/// Bytes that are read at once.
const CHUNK: usize = 65_536;

/// What can be read at any place.
pub(super) trait Input: Read + Seek {}

impl<T: Read + Seek> Input for T {}

/// Why looking at a file ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file is not taken.
    Rejected(Rejection),
    /// The file cannot be read, which is no fault of the file.
    Failed(io::Error),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<io::Error> for Stop {
    fn from(cause: io::Error) -> Self {
        match cause.kind() {
            // Whoever reads on where a header says there is more.
            ErrorKind::UnexpectedEof => Self::Rejected(super::cut_off()),
            _ => Self::Failed(cause),
        }
    }
}

pub(super) type Look<T> = Result<T, Stop>;

/// A file that is looked at.
pub(super) struct Source<'a> {
    input: &'a mut dyn Input,
    size: u64,
}

impl<'a> Source<'a> {
    pub(super) fn new(input: &'a mut dyn Input) -> io::Result<Self> {
        let size = input.seek(SeekFrom::End(0))?;
        Ok(Self { input, size })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The bytes in `range`, as far as there are any. Ranges are small: what comes is held in memory.
    pub(super) fn bytes(&mut self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader(range)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// `N` bytes from `at`, if there are as many.
    pub(super) fn array<const N: usize>(&mut self, at: u64) -> io::Result<Option<[u8; N]>> {
        let length = u64::try_from(N).unwrap_or(u64::MAX);
        if at.checked_add(length).is_none_or(|end| end > self.size) {
            return Ok(None);
        }
        self.input.seek(SeekFrom::Start(at))?;
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Reads `range`, as far as there is any of it.
    pub(super) fn reader(
        &mut self,
        range: Range<u64>,
    ) -> io::Result<BufReader<Take<&mut dyn Input>>> {
        let length = range.end.min(self.size).saturating_sub(range.start);
        self.input.seek(SeekFrom::Start(range.start))?;
        // No more room than there will be bytes.
        let room = usize::try_from(length).map_or(CHUNK, |length| length.clamp(64, CHUNK));
        let input: &mut dyn Input = &mut *self.input;
        Ok(BufReader::with_capacity(room, input.take(length)))
    }

    /// Shows `range` piece by piece until `look` has an answer. Each piece begins with the last `overlap` bytes of the one
    /// before; `look` also learns whether it is the last.
    pub(super) fn scan<T>(
        &mut self,
        range: Range<u64>,
        overlap: usize,
        mut look: impl FnMut(&[u8], bool) -> Option<T>,
    ) -> io::Result<Option<T>> {
        let mut left = range.end.min(self.size).saturating_sub(range.start);
        self.input.seek(SeekFrom::Start(range.start))?;
        let mut piece = vec![0; CHUNK];
        let mut kept = 0;
        loop {
            let room = piece.get_mut(kept..).unwrap_or_default();
            let length = room.len().min(usize::try_from(left).unwrap_or(CHUNK));
            let new = room.get_mut(..length).unwrap_or_default();
            self.input.read_exact(new)?;
            left = left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
            let filled = kept + length;
            let answer = look(piece.get(..filled).unwrap_or_default(), left == 0);
            if answer.is_some() || left == 0 {
                return Ok(answer);
            }
            kept = overlap.min(filled);
            piece.copy_within(filled - kept..filled, 0);
        }
    }
}

/// The 16-bit number at `at`, the low byte first.
pub(super) fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The 32-bit number at `at`, the low byte first.
pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The 64-bit number at `at`, the low byte first.
pub(super) fn le64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The 32-bit number at `at`, the high byte first.
pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn pieces_overlap_and_cover_everything() {
        for size in [0, 1, 9, CHUNK, CHUNK + 1, 3 * CHUNK - 20] {
            let bytes: Vec<u8> = (0..=250).cycle().take(size).collect();
            let mut input = Cursor::new(bytes.clone());
            let mut source = Source::new(&mut input).unwrap();
            let mut seen = Vec::new();
            let mut ends = 0;
            let answer = source
                .scan(0..u64::MAX, 10, |piece, is_last| {
                    let kept = seen.len().min(10);
                    assert_eq!(seen[seen.len() - kept..], piece[..kept]);
                    seen.extend_from_slice(&piece[kept..]);
                    ends += usize::from(is_last);
                    None::<()>
                })
                .unwrap();
            assert_eq!((answer, ends), (None, 1));
            assert_eq!(seen, bytes);
        }
    }

    #[test]
    fn nothing_is_read_beyond_the_end() {
        let mut input = Cursor::new(b"abc".to_vec());
        let mut source = Source::new(&mut input).unwrap();
        assert_eq!(source.bytes(1..100).unwrap(), b"bc");
        assert_eq!(source.bytes(100..200).unwrap(), b"");
        assert_eq!(source.array::<2>(1).unwrap(), Some(*b"bc"));
        assert_eq!(source.array::<2>(2).unwrap(), None);
        assert_eq!(source.array::<2>(u64::MAX).unwrap(), None);
    }
}
