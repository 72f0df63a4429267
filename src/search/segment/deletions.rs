//! Which documents of a segment are no longer so. A segment itself never changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::codec::{many, place};

/// Documents of one piece of [`Deletions`].
pub const CHUNK: u32 = 8 * 1024;

/// Bytes of one piece.
const BYTES: usize = 1024;

/// Which documents of a segment are no longer so: a bit each, in pieces of [`CHUNK`].
#[derive(Debug, Clone, Default)]
pub struct Deletions {
    chunks: Vec<Option<Arc<[u8]>>>,
}

impl Deletions {
    /// Those of the pieces `(number, bits)`, as they are stored.
    pub fn new(chunks: impl IntoIterator<Item = (u32, Arc<[u8]>)>) -> Self {
        let mut deletions = Self::default();
        for (number, bits) in chunks {
            deletions.put(place(number), bits);
        }
        deletions
    }

    fn put(&mut self, number: usize, bits: Arc<[u8]>) {
        if self.chunks.len() <= number {
            self.chunks.resize(number + 1, None);
        }
        if let Some(chunk) = self.chunks.get_mut(number) {
            *chunk = Some(bits);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.chunks.iter().all(Option::is_none)
    }

    /// Whether a document is no longer so.
    #[inline]
    pub fn has(&self, document: u32) -> bool {
        let Some(Some(bits)) = self.chunks.get(place(document / CHUNK)) else {
            return false;
        };
        let at = document % CHUNK;
        bits.get(place(at / 8))
            .is_some_and(|byte| byte & (1 << (at % 8)) != 0)
    }

    /// Adds documents; returns the pieces that changed, as they are to be stored, and how many documents were not there before.
    pub fn add(&mut self, documents: &[u32]) -> (Vec<(u32, Vec<u8>)>, u32) {
        let mut added = 0;
        let mut changed = BTreeSet::new();
        for document in documents {
            if self.has(*document) {
                continue;
            }
            let number = place(document / CHUNK);
            let at = document % CHUNK;
            let mut bits = match self.chunks.get(number) {
                Some(Some(bits)) => bits.to_vec(),
                _ => vec![0; BYTES],
            };
            if let Some(byte) = bits.get_mut(place(at / 8)) {
                *byte |= 1 << (at % 8);
            }
            self.put(number, bits.into());
            changed.insert(number);
            added += 1;
        }
        let pieces = changed
            .into_iter()
            .filter_map(|number| {
                let bits = self.chunks.get(number)?.as_ref()?;
                Some((many(number), bits.to_vec()))
            })
            .collect();
        (pieces, added)
    }
}
