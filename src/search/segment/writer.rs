//! A segment is written: documents first, then terms in their order, each with its list.

use super::codec::{many, put, wide};
use super::{Made, Record};
use crate::error::Result;
use crate::search::pages::{File, PAGE, PageId, Sink};
use crate::search::terms;

/// Documents of a block of a list.
pub(super) const BLOCK: usize = 128;

/// Bytes of an entry of a dictionary, at most, its term apart.
const ENTRY: usize = 40;

/// A file that is being written.
struct Paged {
    file: File,
    number: i64,
    buffer: Vec<u8>,
    written: u64,
}

impl Paged {
    fn new(file: File) -> Self {
        Self {
            file,
            number: 0,
            buffer: Vec::with_capacity(2 * PAGE),
            written: 0,
        }
    }

    /// Appends bytes; full pages go out.
    fn put(&mut self, segment: i64, bytes: &[u8], sink: &mut impl Sink) -> Result<()> {
        self.buffer.extend_from_slice(bytes);
        while self.buffer.len() >= PAGE {
            let rest = self.buffer.split_off(PAGE);
            let page = std::mem::replace(&mut self.buffer, rest);
            self.page(segment, page, sink)?;
        }
        Ok(())
    }

    /// Writes what is left.
    fn end(&mut self, segment: i64, sink: &mut impl Sink) -> Result<()> {
        let page = std::mem::take(&mut self.buffer);
        if page.is_empty() {
            return Ok(());
        }
        self.page(segment, page, sink)
    }

    fn page(&mut self, segment: i64, page: Vec<u8>, sink: &mut impl Sink) -> Result<()> {
        self.written += wide(page.len());
        let id = PageId::new(segment, self.file, self.number);
        self.number += 1;
        sink.write(id, page)
    }

    /// Where what comes next will stand.
    fn offset(&self) -> u64 {
        self.written + wide(self.buffer.len())
    }
}

/// The documents that have a term, in their order.
#[derive(Debug, Default)]
pub(super) struct Postings {
    pub documents: Vec<u32>,
    /// One a document, where the term has any.
    pub impacts: Vec<u8>,
    /// The positions of all documents, packed, one after the other; where the term has any.
    pub positions: Vec<u8>,
    /// Where those of each document end.
    pub ends: Vec<u32>,
}

impl Postings {
    pub fn clear(&mut self) {
        self.documents.clear();
        self.impacts.clear();
        self.positions.clear();
        self.ends.clear();
    }

    pub fn push(&mut self, document: u32, impact: u8, positions: &[u8]) {
        self.documents.push(document);
        self.impacts.push(impact);
        self.positions.extend_from_slice(positions);
        self.ends.push(many(self.positions.len()));
    }
}

/// Packs positions, which ascend: gaps, each with a bit that says whether another follows.
pub(super) fn pack_positions(out: &mut Vec<u8>, positions: impl Iterator<Item = u32>) {
    let mut positions = positions.peekable();
    let mut last = 0;
    while let Some(position) = positions.next() {
        let more = u64::from(positions.peek().is_some());
        put(out, (u64::from(position - last) << 1) | more);
        last = position;
    }
}

/// Writes one segment.
pub(super) struct Writer {
    segment: i64,
    documents: u32,
    dictionary: Vec<u8>,
    /// The first term of each page of the dictionary.
    firsts: Vec<Box<[u8]>>,
    last: Vec<u8>,
    lists: Paged,
    positions: Paged,
    /// When the first document of each page of documents was published, and its article.
    records: Vec<(i64, i64)>,
    bytes: u64,
    scratch: Vec<u8>,
}

impl Writer {
    /// Begins with what the documents are, in their order.
    pub fn new(segment: i64, records: &[Record], sink: &mut impl Sink) -> Result<Self> {
        let mut documents = Paged::new(File::Documents);
        let mut weeks = Paged::new(File::Weeks);
        let mut firsts = Vec::new();
        for (at, record) in records.iter().enumerate() {
            if at % Record::PER_PAGE == 0 {
                firsts.push((record.published_at, record.article_id));
            }
            documents.put(segment, &record.bytes(), sink)?;
            weeks.put(segment, &record.week().to_le_bytes(), sink)?;
        }
        documents.end(segment, sink)?;
        weeks.end(segment, sink)?;
        Ok(Self {
            segment,
            documents: many(records.len()),
            dictionary: Vec::new(),
            firsts: Vec::new(),
            last: Vec::new(),
            lists: Paged::new(File::Lists),
            positions: Paged::new(File::Positions),
            records: firsts,
            bytes: documents.written + weeks.written,
            scratch: Vec::new(),
        })
    }

    /// Adds a term; terms come in order, each once, and none without documents.
    pub fn term(&mut self, term: &[u8], postings: &Postings, sink: &mut impl Sink) -> Result<()> {
        if !self.dictionary.is_empty() && self.dictionary.len() + term.len() + ENTRY > PAGE {
            self.turn(sink)?;
        }
        if self.dictionary.is_empty() {
            self.firsts.push(term.into());
            put(&mut self.dictionary, self.lists.offset());
            put(&mut self.dictionary, self.positions.offset());
            self.last.clear();
        }
        let has_positions = terms::has_positions(term);
        let list = self.list(term, postings, sink)?;
        let shared = self
            .last
            .iter()
            .zip(term)
            .take_while(|(a, b)| a == b)
            .count();
        let own = term.get(shared..).unwrap_or_default();
        put(&mut self.dictionary, wide(shared));
        put(&mut self.dictionary, wide(own.len()));
        self.dictionary.extend_from_slice(own);
        put(&mut self.dictionary, wide(postings.documents.len()));
        put(&mut self.dictionary, list);
        if has_positions {
            put(&mut self.dictionary, wide(postings.positions.len()));
            self.positions
                .put(self.segment, &postings.positions, sink)?;
        }
        self.last.clear();
        self.last.extend_from_slice(term);
        Ok(())
    }

    /// Writes a list; returns its length.
    fn list(&mut self, term: &[u8], postings: &Postings, sink: &mut impl Sink) -> Result<u64> {
        let has_impacts = terms::has_impacts(term);
        let has_positions = terms::has_positions(term);
        let has_blocks = postings.documents.len() > BLOCK;
        let begin = self.lists.offset();
        let mut next = 0;
        let mut position = 0;
        let impacts = postings.impacts.chunks(BLOCK);
        let ends = postings.ends.chunks(BLOCK);
        for ((documents, impacts), ends) in postings.documents.chunks(BLOCK).zip(impacts).zip(ends)
        {
            self.scratch.clear();
            let first = next;
            for document in documents {
                put(&mut self.scratch, u64::from(document - next));
                next = document + 1;
            }
            if has_impacts {
                self.scratch.extend_from_slice(impacts);
            }
            if has_blocks {
                let mut head = Vec::with_capacity(16);
                put(&mut head, u64::from(next - 1 - first));
                put(&mut head, wide(self.scratch.len()));
                if has_impacts {
                    head.push(impacts.iter().copied().max().unwrap_or_default());
                }
                if has_positions {
                    let end = ends.last().copied().unwrap_or_default();
                    put(&mut head, u64::from(end - position));
                    position = end;
                }
                self.lists.put(self.segment, &head, sink)?;
            }
            self.lists.put(self.segment, &self.scratch, sink)?;
        }
        Ok(self.lists.offset() - begin)
    }

    /// Ends a page of the dictionary.
    fn turn(&mut self, sink: &mut impl Sink) -> Result<()> {
        let number = i64::try_from(self.firsts.len()).unwrap_or(i64::MAX) - 1;
        let page = std::mem::take(&mut self.dictionary);
        self.bytes += wide(page.len());
        sink.write(PageId::new(self.segment, File::Dictionary, number), page)
    }

    /// Writes what is left, and tells what there is.
    pub fn end(mut self, sink: &mut impl Sink) -> Result<Made> {
        if !self.dictionary.is_empty() {
            self.turn(sink)?;
        }
        self.lists.end(self.segment, sink)?;
        self.positions.end(self.segment, sink)?;
        let mut header = Vec::new();
        put(&mut header, u64::from(self.documents));
        put(&mut header, self.lists.written);
        put(&mut header, self.positions.written);
        for (published_at, article_id) in &self.records {
            header.extend_from_slice(&published_at.to_le_bytes());
            header.extend_from_slice(&article_id.to_le_bytes());
        }
        for first in &self.firsts {
            put(&mut header, wide(first.len()));
            header.extend_from_slice(first);
        }
        Ok(Made {
            documents: self.documents,
            bytes: self.bytes + self.lists.written + self.positions.written + wide(header.len()),
            header,
        })
    }
}
