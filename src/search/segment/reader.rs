//! Segments are read: terms are looked up, lists and documents fetched. Whatever is asked of several segments takes one look at the pages.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::Record;
use super::codec::{Bytes, damaged, many, place, wide};
use crate::error::Result;
use crate::search::pages::{File, PAGE, PageId, Pages};
use crate::search::terms;

/// A segment, ready to be read.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its id.
    pub id: i64,
    header: Arc<Header>,
}

#[derive(Debug)]
struct Header {
    documents: u32,
    /// Bytes of all lists, and of all positions.
    lists: u64,
    positions: u64,
    /// The key of the first document of each page of them.
    records: Vec<(i64, i64)>,
    /// The first term of each page of the dictionary.
    firsts: Vec<Box<[u8]>>,
}

impl Segment {
    /// Reads a header that [`build`](super::build()) or [`merge`](super::merge()) made.
    pub fn open(id: i64, header: &[u8]) -> Result<Self> {
        let mut rest = Bytes(header);
        let documents = rest.small()?;
        let lists = rest.number()?;
        let positions = rest.number()?;
        let mut records = Vec::new();
        for _ in 0..place(documents).div_ceil(Record::PER_PAGE) {
            let mut number = || -> Result<i64> {
                let bytes = rest.take(8)?.try_into().map_err(|_| damaged())?;
                Ok(i64::from_le_bytes(bytes))
            };
            records.push((number()?, number()?));
        }
        let mut firsts = Vec::new();
        while !rest.0.is_empty() {
            let length = place(rest.number()?);
            firsts.push(rest.take(length)?.into());
        }
        Ok(Self {
            id,
            header: Arc::new(Header {
                documents,
                lists,
                positions,
                records,
                firsts,
            }),
        })
    }

    /// How many documents it has, with those that are no longer so.
    pub fn documents(&self) -> u32 {
        self.header.documents
    }

    /// Which of `articles` it has, each with the number of its document (also one that was deleted).
    pub fn find(&self, articles: &[i64], pages: &mut impl Pages) -> Result<Vec<(i64, u32)>> {
        let terms: Vec<Box<[u8]>> = articles.iter().map(|id| terms::article(*id)).collect();
        let asked: Vec<(&Self, &[u8])> = terms.iter().map(|term| (self, &**term)).collect();
        let mut found = Vec::new();
        let mut extents = Vec::new();
        for (entry, article) in look_up(&asked, pages)?.into_iter().zip(articles) {
            if let Some(entry) = entry {
                found.push(*article);
                extents.push(entry.list);
            }
        }
        let lists = fetch(&extents, pages)?;
        found
            .into_iter()
            .zip(lists)
            .map(|(article, list)| Ok((article, Bytes(&list).small()?)))
            .collect()
    }

    /// Where `articles` stand in `segments`: which segment, and the number of the document (also of one that was deleted).
    pub fn find_all(
        segments: &[Self],
        articles: &[i64],
        pages: &mut impl Pages,
    ) -> Result<Vec<(usize, u32)>> {
        let terms: Vec<Box<[u8]>> = articles.iter().map(|id| terms::article(*id)).collect();
        let mut places = Vec::with_capacity(segments.len() * terms.len());
        let mut asked: Vec<(&Self, &[u8])> = Vec::with_capacity(places.capacity());
        for (at, segment) in segments.iter().enumerate() {
            for term in &terms {
                places.push(at);
                asked.push((segment, term));
            }
        }
        let found: Vec<(usize, Extent)> = look_up(&asked, pages)?
            .into_iter()
            .zip(places)
            .filter_map(|(entry, at)| Some((at, entry?.list)))
            .collect();
        let extents: Vec<Extent> = found.iter().map(|(_, extent)| *extent).collect();
        let lists = fetch(&extents, pages)?;
        found
            .into_iter()
            .zip(lists)
            .map(|((at, _), list)| Ok((at, Bytes(&list).small()?)))
            .collect()
    }

    /// How many pages a file has.
    pub(super) fn pages(&self, file: File) -> usize {
        let bytes = match file {
            File::Dictionary => return self.header.firsts.len(),
            File::Lists => self.header.lists,
            File::Positions => self.header.positions,
            File::Documents => u64::from(self.header.documents) * wide(Record::BYTES),
            File::Weeks => u64::from(self.header.documents) * 2,
        };
        place(bytes.div_ceil(wide(PAGE)))
    }

    /// The time of the first document at or before `document` that the header knows of.
    pub(in crate::search) fn newest_from(&self, document: u32) -> i64 {
        let page = place(document) / Record::PER_PAGE;
        self.header
            .records
            .get(page)
            .map_or(i64::MAX, |(at, _)| *at)
    }

    fn page(&self, file: File, number: usize) -> PageId {
        PageId::new(self.id, file, i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// The page of the dictionary that has `term`, if any has.
    fn dictionary_page(&self, term: &[u8]) -> Option<usize> {
        self.header
            .firsts
            .partition_point(|first| **first <= *term)
            .checked_sub(1)
    }
}

/// Bytes in a file of a segment.
#[derive(Debug, Clone, Copy)]
pub(in crate::search) struct Extent {
    pub segment: i64,
    pub file: File,
    pub start: u64,
    pub length: u64,
}

/// What a dictionary says of a term.
#[derive(Debug, Clone, Copy)]
pub(in crate::search) struct Entry {
    /// How many documents have it.
    pub documents: u32,
    pub list: Extent,
    pub positions: Extent,
    pub has_impacts: bool,
    pub has_positions: bool,
}

/// Reads pages, each once.
fn read(mut ids: Vec<PageId>, pages: &mut impl Pages) -> Result<HashMap<PageId, Arc<[u8]>>> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let data = pages.read(&ids)?;
    Ok(ids.into_iter().zip(data).collect())
}

/// The entries of a page of a dictionary, in order, until `visit` says that it has seen enough.
pub(in crate::search) fn entries(
    segment: i64,
    page: &[u8],
    mut visit: impl FnMut(&[u8], Entry) -> bool,
) -> Result<()> {
    let mut rest = Bytes(page);
    let mut list = rest.number()?;
    let mut positions = rest.number()?;
    let mut term: Vec<u8> = Vec::with_capacity(64);
    while !rest.0.is_empty() {
        let shared = place(rest.number()?);
        let own = place(rest.number()?);
        term.truncate(shared);
        term.extend_from_slice(rest.take(own)?);
        let has_positions = terms::has_positions(&term);
        let documents = rest.small()?;
        let list_length = rest.number()?;
        let positions_length = if has_positions { rest.number()? } else { 0 };
        let entry = Entry {
            documents,
            list: Extent {
                segment,
                file: File::Lists,
                start: list,
                length: list_length,
            },
            positions: Extent {
                segment,
                file: File::Positions,
                start: positions,
                length: positions_length,
            },
            has_impacts: terms::has_impacts(&term),
            has_positions,
        };
        list += list_length;
        positions += positions_length;
        if !visit(&term, entry) {
            break;
        }
    }
    Ok(())
}

/// What dictionaries say of terms; `None` where a segment does not have one.
pub(in crate::search) fn look_up(
    asked: &[(&Segment, &[u8])],
    pages: &mut impl Pages,
) -> Result<Vec<Option<Entry>>> {
    let mut places: Vec<(PageId, usize)> = asked
        .iter()
        .enumerate()
        .filter_map(|(at, (segment, term))| {
            let page = segment.dictionary_page(term)?;
            Some((segment.page(File::Dictionary, page), at))
        })
        .collect();
    let read = read(places.iter().map(|(id, _)| *id).collect(), pages)?;
    // Page by page, and in each in the order of terms, so that every page is gone through once.
    let term_of = |at: usize| asked.get(at).map_or(&[][..], |(_, term)| *term);
    places.sort_unstable_by(|(page, at), (other, other_at)| {
        (page, term_of(*at)).cmp(&(other, term_of(*other_at)))
    });
    let mut found = vec![None; asked.len()];
    for of_page in places.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((id, first)) = of_page.first() else {
            continue;
        };
        let (segment, _) = asked.get(*first).ok_or_else(damaged)?;
        let page = read.get(id).ok_or_else(damaged)?;
        let mut wanted = of_page.iter().map(|(_, at)| *at).peekable();
        entries(segment.id, page, |term, entry| {
            while let Some(at) = wanted.peek().copied() {
                match term_of(at).cmp(term) {
                    std::cmp::Ordering::Greater => return true,
                    std::cmp::Ordering::Less => {}
                    std::cmp::Ordering::Equal => {
                        if let Some(place) = found.get_mut(at) {
                            *place = Some(entry);
                        }
                    }
                }
                wanted.next();
            }
            false
        })?;
    }
    Ok(found)
}

/// A term with what a dictionary says of it.
pub(in crate::search) type Named = (Box<[u8]>, Entry);

/// For each segment the terms that begin with a prefix, with what its dictionary says of them.
pub(in crate::search) fn prefixed(
    segments: &[&Segment],
    prefix: &[u8],
    pages: &mut impl Pages,
) -> Result<Vec<Vec<Named>>> {
    let ranges: Vec<Range<usize>> = segments
        .iter()
        .map(|segment| {
            let begin = segment.dictionary_page(prefix).unwrap_or(0);
            let end = segment
                .header
                .firsts
                .partition_point(|first| **first <= *prefix || first.starts_with(prefix));
            begin..end
        })
        .collect();
    let ids = segments
        .iter()
        .zip(&ranges)
        .flat_map(|(segment, range)| {
            range
                .clone()
                .map(|number| segment.page(File::Dictionary, number))
        })
        .collect();
    let read = read(ids, pages)?;
    let mut found = Vec::with_capacity(segments.len());
    for (segment, range) in segments.iter().zip(ranges) {
        let mut terms = Vec::new();
        for number in range {
            let id = segment.page(File::Dictionary, number);
            let page = read.get(&id).ok_or_else(damaged)?;
            entries(segment.id, page, |term, entry| {
                if term.starts_with(prefix) {
                    terms.push((term.into(), entry));
                }
                term <= prefix || term.starts_with(prefix)
            })?;
        }
        found.push(terms);
    }
    Ok(found)
}

/// The bytes of extents.
pub(in crate::search) fn fetch(extents: &[Extent], pages: &mut impl Pages) -> Result<Vec<Vec<u8>>> {
    let size = wide(PAGE);
    let numbers = |extent: &Extent| {
        let Extent { segment, file, .. } = *extent;
        let begin = extent.start / size;
        let end = if extent.length == 0 {
            begin
        } else {
            (extent.start + extent.length).div_ceil(size)
        };
        (begin..end).map(move |number| {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            PageId::new(segment, file, number)
        })
    };
    let read = read(extents.iter().flat_map(numbers).collect(), pages)?;
    extents
        .iter()
        .map(|extent| {
            let mut bytes = Vec::with_capacity(place(extent.length));
            let mut skip = place(extent.start % size);
            let mut left = place(extent.length);
            for id in numbers(extent) {
                let page = read.get(&id).ok_or_else(damaged)?;
                let end = (skip + left).min(page.len());
                let piece = page.get(skip..end).ok_or_else(damaged)?;
                bytes.extend_from_slice(piece);
                left -= piece.len();
                skip = 0;
            }
            if left == 0 { Ok(bytes) } else { Err(damaged()) }
        })
        .collect()
}

/// What documents are.
pub(in crate::search) fn records(
    asked: &[(&Segment, u32)],
    pages: &mut impl Pages,
) -> Result<Vec<Record>> {
    let page_of = |segment: &Segment, document: u32| {
        segment.page(File::Documents, place(document) / Record::PER_PAGE)
    };
    let ids = asked.iter().map(|(s, d)| page_of(s, *d)).collect();
    let read = read(ids, pages)?;
    asked
        .iter()
        .map(|(segment, document)| {
            let page = read.get(&page_of(segment, *document)).ok_or_else(damaged)?;
            let at = place(*document) % Record::PER_PAGE * Record::BYTES;
            let bytes = page.get(at..at + Record::BYTES).ok_or_else(damaged)?;
            Record::parse(bytes).ok_or_else(damaged)
        })
        .collect()
}

/// For each question the number of the first document that comes after `(published_at, article_id)`, the end if none does.
pub(in crate::search) fn boundaries(
    asked: &[(&Segment, (i64, i64))],
    pages: &mut impl Pages,
) -> Result<Vec<u32>> {
    // The boundary is in the last page that begins before it, or where that page ends.
    let page_of = |segment: &Segment, key: (i64, i64)| {
        segment
            .header
            .records
            .partition_point(|first| *first >= key)
            .checked_sub(1)
    };
    let ids = asked
        .iter()
        .filter_map(|(segment, key)| Some(segment.page(File::Documents, page_of(segment, *key)?)))
        .collect();
    let read = read(ids, pages)?;
    asked
        .iter()
        .map(|(segment, key)| {
            let Some(number) = page_of(segment, *key) else {
                return Ok(0);
            };
            let page = read
                .get(&segment.page(File::Documents, number))
                .ok_or_else(damaged)?;
            let within = page
                .chunks_exact(Record::BYTES)
                .take_while(|bytes| Record::parse(bytes).is_some_and(|record| record.key() >= *key))
                .count();
            Ok(many(number * Record::PER_PAGE + within))
        })
        .collect()
}

/// When documents were published, in weeks.
#[derive(Debug, Default)]
pub(in crate::search) struct Weeks {
    first: usize,
    pages: Vec<Arc<[u8]>>,
}

impl Weeks {
    const PER_PAGE: usize = PAGE / 2;

    /// The week of a document of the range that was asked for.
    #[inline]
    pub fn of(&self, document: u32) -> u16 {
        let number = place(document) / Self::PER_PAGE;
        let at = place(document) % Self::PER_PAGE * 2;
        let page = self.pages.get(number.wrapping_sub(self.first));
        match page.and_then(|page| page.get(at..at + 2)) {
            Some([low, high]) => u16::from_le_bytes([*low, *high]),
            _ => 0,
        }
    }
}

/// The weeks of ranges of documents.
pub(in crate::search) fn pages_of_weeks(
    asked: &[(&Segment, Range<u32>)],
    pages: &mut impl Pages,
) -> Result<Vec<Weeks>> {
    let numbers = |range: &Range<u32>| {
        let end = if range.is_empty() {
            place(range.start) / Weeks::PER_PAGE
        } else {
            place(range.end).div_ceil(Weeks::PER_PAGE)
        };
        place(range.start) / Weeks::PER_PAGE..end
    };
    let ids = asked
        .iter()
        .flat_map(|(segment, range)| numbers(range).map(|number| segment.page(File::Weeks, number)))
        .collect();
    let read = read(ids, pages)?;
    asked
        .iter()
        .map(|(segment, range)| {
            let pages = numbers(range)
                .map(|number| {
                    let id = segment.page(File::Weeks, number);
                    read.get(&id).cloned().ok_or_else(damaged)
                })
                .collect::<Result<Vec<_>>>()?;
            Ok(Weeks {
                first: numbers(range).start,
                pages,
            })
        })
        .collect()
}
