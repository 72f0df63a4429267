//! A segment is made of documents.

use std::cmp::Reverse;

use super::codec::{damaged, many, place};
use super::writer::{Postings, Writer, pack_positions};
use super::{Made, Record, instant};
use crate::error::Result;
use crate::search::document::{Document, Names, Occurrence};
use crate::search::pages::Sink;
use crate::search::terms;
use crate::search::weights::{self, Frequencies};

/// That a document has a term.
struct Posting {
    term: u32,
    document: u32,
    impact: u8,
    /// Where its packed positions begin, and how many bytes they take.
    positions: (u32, u32),
}

/// Makes a segment of documents, each article at most once.
pub fn build(id: i64, documents: &[Document], sink: &mut impl Sink) -> Result<Made> {
    let mut sorted: Vec<(Record, &Document)> = documents
        .iter()
        .map(|document| (record(document), document))
        .collect();
    sorted.sort_unstable_by_key(|(record, _)| Reverse(record.key()));

    let mut names = Names::default();
    let mut found: Vec<Posting> = Vec::new();
    let mut packed: Vec<u8> = Vec::new();
    let mut occurrences: Vec<Occurrence> = Vec::new();
    for (number, (_, document)) in (0..).zip(&sorted) {
        let lengths = document.occurrences(&mut names, &mut occurrences);
        for of_term in occurrences.chunk_by(|a, b| a.term == b.term) {
            let Some(first) = of_term.first() else {
                continue;
            };
            let mut frequencies = Frequencies::default();
            for field in of_term.iter().filter_map(|o| o.field) {
                frequencies.add(field, 1);
            }
            let begin = packed.len();
            pack_positions(&mut packed, of_term.iter().map(|o| o.position));
            found.push(Posting {
                term: first.term,
                document: number,
                impact: if first.field.is_some() {
                    weights::impact(&frequencies, &lengths)
                } else {
                    0
                },
                positions: (many(begin), many(packed.len() - begin)),
            });
        }
    }

    let records: Vec<Record> = sorted.iter().map(|(record, _)| *record).collect();
    let mut writer = Writer::new(id, &records, sink)?;
    let lists = by_term(&found, names.len());
    let mut postings = Postings::default();
    for (term, number) in names.sorted() {
        postings.clear();
        let has_positions = terms::has_positions(&term);
        for at in lists.of(number) {
            let posting = found.get(place(*at)).ok_or_else(damaged)?;
            let (begin, length) = posting.positions;
            let positions = packed
                .get(place(begin)..place(begin) + place(length))
                .filter(|_| has_positions)
                .unwrap_or_default();
            postings.push(posting.document, posting.impact, positions);
        }
        writer.term(&term, &postings, sink)?;
    }
    writer.end(sink)
}

/// Postings by term.
struct Lists {
    /// Numbers of postings: those of the first term, then those of the second.
    order: Vec<u32>,
    /// Where those of each term end.
    ends: Vec<u32>,
}

impl Lists {
    fn of(&self, term: u32) -> &[u32] {
        let end_of = |term: usize| self.ends.get(term).copied().unwrap_or_default();
        let begin = place(term).checked_sub(1).map_or(0, end_of);
        self.order
            .get(place(begin)..place(end_of(place(term))))
            .unwrap_or_default()
    }
}

/// Sorts postings by term, in the order in which they were found (a counting sort).
fn by_term(found: &[Posting], terms: usize) -> Lists {
    let mut ends = vec![0_u32; terms];
    for posting in found {
        if let Some(number) = ends.get_mut(place(posting.term)) {
            *number += 1;
        }
    }
    let mut end = 0;
    for number in &mut ends {
        end += *number;
        *number = end;
    }
    let mut order = vec![0; found.len()];
    // From the back, so that each end becomes the beginning.
    for (at, posting) in found.iter().enumerate().rev() {
        if let Some(end) = ends.get_mut(place(posting.term)) {
            *end -= 1;
            if let Some(place) = order.get_mut(place(*end)) {
                *place = many(at);
            }
        }
    }
    // Where a term begins, the one before it ends.
    if !ends.is_empty() {
        ends.remove(0);
    }
    ends.push(end);
    Lists { order, ends }
}

fn record(document: &Document) -> Record {
    Record {
        article_id: document.article_id,
        published_at: instant(document.published_at),
        unpublish_at: document.unpublish_at.map_or(i64::MAX, instant),
        updated_at: instant(document.updated_at),
    }
}
