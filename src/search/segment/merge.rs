//! Several segments become one. Their dictionaries and lists are read from front to back, page by page, so memory does not grow with
//! them, but for a few bytes a document.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

use super::codec::{damaged, place};
use super::deletions::Deletions;
use super::lists::{List, Skimmed, pass_positions};
use super::reader::{Entry, Segment, entries, records};
use super::writer::{Postings, Writer};
use super::{Made, Record};
use crate::error::Result;
use crate::search::pages::{File, PageId, Pages, Sink};

/// Pages read at once.
const AHEAD: usize = 16;

/// Documents whose records are read at once.
const RECORDS: u32 = 16 * 1024;

/// What stands for the number of a document that is no more.
const GONE: u32 = u32::MAX;

/// Where the documents of merged segments went.
#[derive(Debug, Clone)]
pub struct Moved {
    /// For each input, for each document its new number.
    numbers: Vec<Vec<u32>>,
}

impl Moved {
    /// The new number of a document of an input, if it was not deleted.
    pub fn of(&self, input: usize, document: u32) -> Option<u32> {
        let number = self.numbers.get(input)?.get(place(document)).copied()?;
        (number != GONE).then_some(number)
    }
}

/// Makes one segment of several, without what is no longer so, and tells where documents went.
pub fn merge(
    id: i64,
    inputs: &[(Segment, Deletions)],
    pages: &mut impl Pages,
    sink: &mut impl Sink,
) -> Result<(Made, Moved)> {
    let (kept, moved) = documents(inputs, pages)?;
    let mut writer = Writer::new(id, &kept, sink)?;
    drop(kept);
    let mut readings = inputs
        .iter()
        .map(|(segment, _)| Reading::new(segment, pages))
        .collect::<Result<Vec<_>>>()?;
    let mut postings = Postings::default();
    let mut merged = Postings::default();
    let mut skimmed = Skimmed::default();
    let mut order: Vec<(u32, u32)> = Vec::new();
    while let Some(term) = readings
        .iter()
        .filter_map(|reading| reading.term.as_deref())
        .min()
        .map(<[u8]>::to_vec)
    {
        postings.clear();
        let mut lists = 0;
        for (reading, numbers) in readings.iter_mut().zip(&moved.numbers) {
            if reading.term.as_deref() == Some(&*term) {
                reading.take(numbers, &mut postings, &mut skimmed, pages)?;
                lists += 1;
            }
        }
        if postings.documents.is_empty() {
            continue;
        }
        if lists == 1 {
            writer.term(&term, &postings, sink)?;
            continue;
        }
        order.clear();
        order.extend(postings.documents.iter().copied().zip(0..));
        // Stable, because that is fast with a few ascending runs.
        order.sort();
        merged.clear();
        for (document, at) in &order {
            let at = place(*at);
            let begin = at
                .checked_sub(1)
                .and_then(|before| postings.ends.get(before).copied())
                .unwrap_or_default();
            let end = postings.ends.get(at).copied().unwrap_or_default();
            let positions = postings
                .positions
                .get(place(begin)..place(end))
                .ok_or_else(damaged)?;
            let impact = postings.impacts.get(at).copied().unwrap_or_default();
            merged.push(*document, impact, positions);
        }
        writer.term(&term, &merged, sink)?;
    }
    Ok((writer.end(sink)?, moved))
}

/// What is left of the documents of all inputs, in the new order, and where each went.
fn documents(
    inputs: &[(Segment, Deletions)],
    pages: &mut impl Pages,
) -> Result<(Vec<Record>, Moved)> {
    let mut kept: Vec<(Record, usize, u32)> = Vec::new();
    for (input, (segment, deletions)) in inputs.iter().enumerate() {
        let mut next = 0;
        while next < segment.documents() {
            let end = segment.documents().min(next + RECORDS);
            let asked: Vec<(&Segment, u32)> = (next..end)
                .filter(|document| !deletions.has(*document))
                .map(|document| (segment, document))
                .collect();
            let read = records(&asked, pages)?;
            kept.extend(
                read.into_iter()
                    .zip(asked)
                    .map(|(record, (_, document))| (record, input, document)),
            );
            next = end;
        }
    }
    // Stable, as above.
    kept.sort_by_key(|(record, _, _)| Reverse(record.key()));
    let mut numbers: Vec<Vec<u32>> = inputs
        .iter()
        .map(|(segment, _)| vec![GONE; place(segment.documents())])
        .collect();
    for (number, (_, input, document)) in (0..).zip(&kept) {
        if let Some(place) = numbers
            .get_mut(*input)
            .and_then(|numbers| numbers.get_mut(place(*document)))
        {
            *place = number;
        }
    }
    let kept = kept.into_iter().map(|(record, _, _)| record).collect();
    Ok((kept, Moved { numbers }))
}

/// A segment on its way from the first term to the last.
struct Reading {
    segment: i64,
    /// Pages of the dictionary that were read.
    dictionary: Ahead,
    /// The terms of the page that is gone through.
    entries: VecDeque<(Box<[u8]>, Entry)>,
    lists: Ahead,
    positions: Ahead,
    /// The term that it stands at.
    term: Option<Box<[u8]>>,
}

impl Reading {
    fn new(segment: &Segment, pages: &mut impl Pages) -> Result<Self> {
        let mut reading = Self {
            dictionary: Ahead::new(segment, File::Dictionary),
            lists: Ahead::new(segment, File::Lists),
            positions: Ahead::new(segment, File::Positions),
            segment: segment.id,
            entries: VecDeque::new(),
            term: None,
        };
        reading.find_term(pages)?;
        Ok(reading)
    }

    fn find_term(&mut self, pages: &mut impl Pages) -> Result<()> {
        if self.entries.is_empty()
            && let Some(page) = self.dictionary.page(pages)?
        {
            entries(self.segment, &page, |term, entry| {
                self.entries.push_back((term.into(), entry));
                true
            })?;
        }
        self.term = self.entries.front().map(|(term, _)| term.clone());
        Ok(())
    }

    /// Adds the list of the present term, as far as it is left, to `postings`, and goes on to the next.
    fn take(
        &mut self,
        numbers: &[u32],
        postings: &mut Postings,
        skimmed: &mut Skimmed,
        pages: &mut impl Pages,
    ) -> Result<()> {
        let (_, entry) = self.entries.pop_front().ok_or_else(damaged)?;
        let bytes = self.lists.bytes(place(entry.list.length), pages)?;
        let positions = self.positions.bytes(place(entry.positions.length), pages)?;
        let mut positions = &*positions;
        let list = List::new(entry, bytes)?;
        for block in &list.blocks {
            list.skim(block, skimmed)?;
            let mut impacts = skimmed.impacts.iter().copied();
            for document in &skimmed.documents {
                let impact = impacts.next().unwrap_or_default();
                let of_document = if entry.has_positions {
                    pass_positions(&mut positions)?
                } else {
                    &[]
                };
                let number = numbers.get(place(*document)).copied().ok_or_else(damaged)?;
                if number != GONE {
                    postings.push(number, impact, of_document);
                }
            }
        }
        self.find_term(pages)
    }
}

/// A file that is read from front to back.
struct Ahead {
    segment: i64,
    file: File,
    next: usize,
    end: usize,
    read: VecDeque<Arc<[u8]>>,
    /// What is left of the page that is gone through.
    rest: Vec<u8>,
    at: usize,
}

impl Ahead {
    fn new(segment: &Segment, file: File) -> Self {
        Self {
            segment: segment.id,
            file,
            next: 0,
            end: segment.pages(file),
            read: VecDeque::new(),
            rest: Vec::new(),
            at: 0,
        }
    }

    /// The next page, if there is one.
    fn page(&mut self, pages: &mut impl Pages) -> Result<Option<Arc<[u8]>>> {
        if self.read.is_empty() && self.next < self.end {
            let until = self.end.min(self.next + AHEAD);
            let ids: Vec<PageId> = (self.next..until)
                .map(|number| {
                    let number = i64::try_from(number).unwrap_or(i64::MAX);
                    PageId::new(self.segment, self.file, number)
                })
                .collect();
            self.read = pages.read(&ids)?.into();
            self.next = until;
        }
        Ok(self.read.pop_front())
    }

    /// The next bytes.
    fn bytes(&mut self, length: usize, pages: &mut impl Pages) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            if self.at == self.rest.len() {
                let page = self.page(pages)?.ok_or_else(damaged)?;
                self.rest = page.to_vec();
                self.at = 0;
            }
            let end = self.rest.len().min(self.at + length - bytes.len());
            bytes.extend_from_slice(self.rest.get(self.at..end).unwrap_or_default());
            self.at = end;
        }
        Ok(bytes)
    }
}
