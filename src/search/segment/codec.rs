//! Numbers as bytes: seven bits a byte, the lowest first (LEB128).

use crate::error::{Error, Result};

/// Appends `number`.
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low(number) | 0x80);
        number >>= 7;
    }
    out.push(low(number));
}

/// The lowest seven bits.
fn low(number: u64) -> u8 {
    let [byte, ..] = number.to_le_bytes();
    byte & 0x7f
}

/// What is left to read of some bytes.
#[derive(Debug, Clone)]
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next number.
    #[inline]
    pub fn number(&mut self) -> Result<u64> {
        match self.0 {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_number(),
        }
    }

    fn long_number(&mut self) -> Result<u64> {
        let mut number = 0;
        let mut shift = 0;
        while let [byte, rest @ ..] = self.0 {
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
            if shift > 63 {
                break;
            }
        }
        Err(damaged())
    }

    /// The next number, where it has 32 bits at most.
    #[inline]
    pub fn small(&mut self) -> Result<u32> {
        u32::try_from(self.number()?).map_err(|_| damaged())
    }

    /// The next bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// What an index that cannot be read says.
pub(in crate::search) fn damaged() -> Error {
    Error::internal("a page of the search index is damaged; `masthead reindex` makes it anew")
}

/// A place in memory.
pub(in crate::search) fn place(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}

/// A number of things in memory.
pub(in crate::search) fn many(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A length as it is written.
pub(in crate::search) fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let numbers = [0, 1, 127, 128, 300, 1 << 21, u64::from(u32::MAX), u64::MAX];
        let mut out = Vec::new();
        for number in numbers {
            put(&mut out, number);
        }
        let mut bytes = Bytes(&out);
        for number in numbers {
            assert_eq!(bytes.number().unwrap(), number);
        }
        assert!(bytes.number().is_err());
    }
}
