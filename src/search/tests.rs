//! The index against a model of it: documents in segments that were built, merged and partly deleted, asked everything.
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use super::document::{Document, Field};
use super::evaluate::{Facet, Found, Matching, Order, Place, Request, evaluate};
use super::pages::{PAGE, PageId, Pages, Sink};
use super::query::{self, Query};
use super::segment::{Deletions, Segment, build, merge};
use crate::error::{Error, Result};
use crate::models::listing::{List, ListKind};
use crate::models::page::Total;
use crate::models::time::Ts;
use crate::text::units::Units;

/// Pages in memory.
#[derive(Default)]
struct Shelf(HashMap<PageId, Arc<[u8]>>);

impl Pages for Shelf {
    fn read(&mut self, ids: &[PageId]) -> Result<Vec<Arc<[u8]>>> {
        ids.iter()
            .map(|id| {
                let page = self.0.get(id).cloned();
                page.ok_or_else(|| Error::internal("a page is missing"))
            })
            .collect()
    }
}

/// Pages that are written.
#[derive(Default)]
struct Written(Vec<(PageId, Vec<u8>)>);

impl Sink for Written {
    fn write(&mut self, id: PageId, data: Vec<u8>) -> Result<()> {
        assert!(!data.is_empty() && data.len() <= PAGE);
        self.0.push((id, data));
        Ok(())
    }
}

impl Shelf {
    fn put(&mut self, written: Written) {
        for (id, data) in written.0 {
            assert!(self.0.insert(id, data.into()).is_none());
        }
    }
}

/// An index, and what should be in it.
#[derive(Default)]
struct Index {
    shelf: Shelf,
    segments: Vec<(Segment, Deletions)>,
    next: i64,
    model: BTreeMap<i64, Document>,
}

impl Index {
    /// Indexes documents in a segment of their own; what there was of the same articles goes.
    fn save(&mut self, documents: Vec<Document>) {
        let ids: Vec<i64> = documents.iter().map(|d| d.article_id).collect();
        self.forget(&ids);
        self.next += 1;
        let mut written = Written::default();
        let made = build(self.next, &documents, &mut written).unwrap();
        assert_eq!(usize::try_from(made.documents), Ok(documents.len()));
        self.shelf.put(written);
        let segment = Segment::open(self.next, &made.header).unwrap();
        self.segments.push((segment, Deletions::default()));
        for document in documents {
            self.model.insert(document.article_id, document);
        }
    }

    fn forget(&mut self, ids: &[i64]) {
        for (segment, deletions) in &mut self.segments {
            let found = segment.find(ids, &mut self.shelf).unwrap();
            let documents: Vec<u32> = found.iter().map(|(_, document)| *document).collect();
            deletions.add(&documents);
        }
        for id in ids {
            self.model.remove(id);
        }
    }

    /// Makes one segment of some.
    fn merge(&mut self, rng: &mut Rng) {
        rng.shuffle(&mut self.segments);
        let inputs = self.segments.split_off(rng.usize(..self.segments.len()));
        self.next += 1;
        let mut written = Written::default();
        let (made, moved) = merge(self.next, &inputs, &mut self.shelf, &mut written).unwrap();
        self.shelf.put(written);
        let merged = Segment::open(self.next, &made.header).unwrap();
        for (input, (segment, deletions)) in inputs.iter().enumerate() {
            let ids: Vec<i64> = self.model.keys().copied().collect();
            for (id, document) in segment.find(&ids, &mut self.shelf).unwrap() {
                assert_eq!(moved.of(input, document).is_none(), deletions.has(document));
                if let Some(number) = moved.of(input, document) {
                    let found = merged.find(&[id], &mut self.shelf).unwrap();
                    assert_eq!(found, [(id, number)]);
                }
            }
            let (begin, end) = PageId::of_segment(segment.id);
            self.shelf.0.retain(|id, _| *id < begin || *id >= end);
        }
        self.segments.push((merged, Deletions::default()));
    }

    fn ask(&mut self, request: &Request) -> Found {
        evaluate(request, &self.segments, &mut self.shelf).unwrap()
    }
}

fn at(days: i64) -> Ts {
    let day = DateTime::<Utc>::from_timestamp(1_500_000_000, 0).unwrap() + TimeDelta::days(days);
    Ts(day)
}

const NOW: i64 = 1_000;

fn request(query: Query) -> Request {
    Request {
        query,
        within: Vec::new(),
        outside: Vec::new(),
        articles: None,
        published_from: None,
        published_to: None,
        updated_from: None,
        now: at(NOW),
        order: Order::Relevance,
        after: None,
        weighed: None,
        skip: 0,
        limit: 10,
        is_counted: true,
        facets: Vec::new(),
    }
}

/// Few characters and words, so that everything occurs somewhere.
fn random_text(rng: &mut Rng, length: usize) -> String {
    const PIECES: [&str; 16] = [
        "中", "国", "國", "科", "技", "创", "創", "新", "。", "，", " ", "AI ", "π-HuB ", "2014",
        "年", "的",
    ];
    (0..length)
        .map(|_| *rng.choice(PIECES.iter()).unwrap())
        .collect()
}

fn random_document(rng: &mut Rng, id: i64) -> Document {
    let mut lists = vec![List {
        kind: ListKind::Category,
        reference: rng.i64(1..5),
    }];
    if rng.bool() {
        lists.push(List {
            kind: ListKind::Source,
            reference: rng.i64(1..4),
        });
    }
    let (title, body) = (rng.usize(0..6), rng.usize(0..80));
    let published = rng.i64(0..NOW + 60);
    Document {
        article_id: id,
        published_at: at(published),
        unpublish_at: (rng.u8(..8) == 0).then(|| at(published + rng.i64(1..NOW))),
        updated_at: at(rng.i64(0..NOW)),
        year: i32::try_from(2010 + rng.i64(0..4)).unwrap(),
        lists,
        texts: vec![
            (Field::Title, random_text(rng, title)),
            (Field::Body, random_text(rng, body)),
        ],
    }
}

/// Whether a phrase stands in a text, unit by unit.
fn stands_in(text: &Units, phrase: &Units) -> bool {
    let said = |units: &Units| -> Vec<(u32, String)> {
        let items = units.items().iter();
        items
            .map(|unit| (unit.position, units.folded(unit).to_owned()))
            .collect()
    };
    let (text, phrase) = (said(text), said(phrase));
    text.windows(phrase.len()).any(|window| {
        window
            .iter()
            .zip(&phrase)
            .all(|((at, word), (offset, wanted))| {
                word == wanted && at - window[0].0 == offset - phrase[0].0
            })
    })
}

fn has(document: &Document, phrase: &Units) -> bool {
    document
        .texts
        .iter()
        .any(|(_, text)| stands_in(&Units::of(text), phrase))
}

/// Which articles should be found by all words of the request, and its filters.
fn expected(index: &Index, request: &Request) -> Vec<i64> {
    let matches = |document: &&Document| {
        let stands = |list: &List| document.lists.contains(list);
        request
            .query
            .required
            .iter()
            .all(|p| has(document, &p.units))
            && !request
                .query
                .excluded
                .iter()
                .any(|p| has(document, &p.units))
            && request.within.iter().all(|group| group.iter().any(stands))
            && !request.outside.iter().any(stands)
            && document.published_at <= request.now
            && document.unpublish_at.is_none_or(|end| end > request.now)
            && request
                .published_from
                .is_none_or(|from| document.published_at >= from)
            && request
                .published_to
                .is_none_or(|to| document.published_at < to)
            && request
                .updated_from
                .is_none_or(|from| document.updated_at >= from)
            && request
                .articles
                .as_ref()
                .is_none_or(|ids| ids.contains(&document.article_id))
    };
    let found = index.model.values().filter(matches);
    found.map(|document| document.article_id).collect()
}

fn random_request(rng: &mut Rng) -> Option<Request> {
    let length = rng.usize(1..6);
    let mut text = random_text(rng, length);
    if rng.u8(..4) == 0 {
        let length = rng.usize(1..4);
        text.push_str(&format!(" -\"{}\"", random_text(rng, length)));
    }
    let mut request = request(query::parse(&text).ok()?);
    let category = |rng: &mut Rng| List {
        kind: ListKind::Category,
        reference: rng.i64(1..6),
    };
    match rng.u8(..8) {
        0 => request.within.push(vec![category(rng)]),
        1 => request.within.push(vec![category(rng), category(rng)]),
        2 => request.outside.push(category(rng)),
        3 => request.published_from = Some(at(rng.i64(0..NOW))),
        4 => request.published_to = Some(at(rng.i64(0..NOW))),
        5 => request.updated_from = Some(at(rng.i64(0..NOW))),
        6 => request.articles = Some((0..50).map(|_| rng.i64(1..300)).collect()),
        _ => {}
    }
    request.order = *rng
        .choice(&[Order::Relevance, Order::Newest, Order::Oldest])
        .unwrap();
    Some(request)
}

fn exactly(expected: &[i64]) -> Total {
    Total::Exact(i64::try_from(expected.len()).unwrap())
}

/// All pages of a request.
fn all_pages(index: &mut Index, request: &Request) -> Vec<Place> {
    let mut request = request.clone();
    let mut places: Vec<Place> = Vec::new();
    loop {
        let found = index.ask(&request);
        places.extend(&found.hits);
        if !found.has_more {
            return places;
        }
        request.after = found.hits.last().copied();
    }
}

#[test]
fn everything_is_found_that_a_scan_finds_and_nothing_else() {
    let mut rng = Rng::with_seed(8);
    let mut index = Index::default();
    for round in 0..40 {
        let number = rng.usize(1..20);
        let mut ids: Vec<i64> = (0..number).map(|_| rng.i64(1..300)).collect();
        ids.sort_unstable();
        ids.dedup();
        let documents = ids
            .iter()
            .map(|id| random_document(&mut rng, *id))
            .collect();
        index.save(documents);
        if rng.u8(..3) == 0 {
            index.forget(&[rng.i64(1..300), rng.i64(1..300)]);
        }
        if rng.u8(..4) == 0 {
            index.merge(&mut rng);
        }
        if round % 5 != 4 {
            continue;
        }
        for _ in 0..25 {
            let Some(request) = random_request(&mut rng) else {
                continue;
            };
            let expected = expected(&index, &request);
            let found = index.ask(&request);
            if expected.is_empty() {
                assert!(found.hits.is_empty() || found.weighed.matching == Matching::Most);
                continue;
            }
            assert_eq!(found.weighed.matching, Matching::All, "{request:?}");
            assert_eq!(found.total, exactly(&expected), "{request:?}");
            let places = all_pages(&mut index, &request);
            let mut sorted = places.clone();
            sorted.sort_unstable_by(|a, b| match request.order {
                Order::Oldest => a.cmp(b),
                Order::Relevance | Order::Newest => b.cmp(a),
            });
            assert_eq!(places, sorted, "{request:?}");
            let mut ids: Vec<i64> = places.iter().map(|place| place.article_id).collect();
            ids.sort_unstable();
            assert_eq!(ids, expected, "{request:?}");
        }
    }
}

#[test]
fn pages_by_number_are_the_same_pages() {
    let mut rng = Rng::with_seed(9);
    let mut index = Index::default();
    for id in (1..200).step_by(20) {
        let documents = (id..id + 20)
            .map(|id| random_document(&mut rng, id))
            .collect();
        index.save(documents);
    }
    let request = request(query::parse("科").unwrap());
    let all = all_pages(&mut index, &request);
    assert!(all.len() > 40);
    for skip in [0, 1, 10, 35, all.len() - 1, all.len(), all.len() + 5] {
        for is_counted in [false, true] {
            let found = index.ask(&Request {
                skip,
                is_counted,
                ..request.clone()
            });
            let rest = all.get(skip..).unwrap_or_default();
            assert_eq!(
                found.hits,
                rest.iter().take(10).copied().collect::<Vec<_>>()
            );
            assert_eq!(found.has_more, rest.len() > 10);
        }
    }
}

#[test]
fn facets_count_the_hits() {
    let mut rng = Rng::with_seed(10);
    let mut index = Index::default();
    for id in (1..200).step_by(20) {
        let documents = (id..id + 20)
            .map(|id| random_document(&mut rng, id))
            .collect();
        index.save(documents);
    }
    index.merge(&mut rng);
    let mut asked = request(query::parse("创新").unwrap());
    asked.facets = vec![Facet::List(ListKind::Source), Facet::Year];
    let found = index.ask(&asked);
    let expected = expected(&index, &asked);
    let mut by_source: BTreeMap<i64, u64> = BTreeMap::new();
    let mut by_year: BTreeMap<i64, u64> = BTreeMap::new();
    for id in &expected {
        let document = &index.model[id];
        *by_year.entry(document.year.into()).or_default() += 1;
        for list in document.lists.iter().filter(|l| l.kind == ListKind::Source) {
            *by_source.entry(list.reference).or_default() += 1;
        }
    }
    let found: Vec<BTreeMap<i64, u64>> = found
        .facets
        .into_iter()
        .inspect(|values| assert!(values.is_sorted_by(|a, b| a.1 >= b.1)))
        .map(|values| values.into_iter().collect())
        .collect();
    assert_eq!(found, [by_source, by_year]);
}

#[test]
fn where_nothing_has_all_terms_most_are_enough() {
    let mut index = Index::default();
    let document = |id, text: &str| Document {
        article_id: id,
        published_at: at(id),
        unpublish_at: None,
        updated_at: at(id),
        year: 2020,
        lists: Vec::new(),
        texts: vec![(Field::Body, text.to_owned())],
    };
    index.save(vec![
        document(1, "国家自然科学基金委员会发布指南"),
        document(2, "自然资源"),
        document(3, "apples, oranges and pears"),
    ]);
    let found = index.ask(&request(
        query::parse("国家自然科学基金会发布指南").unwrap(),
    ));
    assert_eq!(found.weighed.matching, Matching::Most);
    assert_eq!(
        found.hits.iter().map(|h| h.article_id).collect::<Vec<_>>(),
        [1]
    );
    let found = index.ask(&request(query::parse("apples pears plums").unwrap()));
    assert_eq!(found.weighed.matching, Matching::Most);
    assert_eq!(
        found.hits.iter().map(|h| h.article_id).collect::<Vec<_>>(),
        [3]
    );
    let found = index.ask(&request(query::parse("apples plums").unwrap()));
    assert!(found.hits.is_empty());
}

#[test]
fn long_lists_are_cut_into_blocks_and_stay_exact() {
    let mut index = Index::default();
    let document = |id: i64| Document {
        article_id: id,
        published_at: at(id % 900),
        unpublish_at: None,
        updated_at: at(id),
        year: 2020,
        lists: Vec::new(),
        texts: vec![
            (Field::Title, format!("通知{id}")),
            (
                Field::Body,
                "中国科学院".repeat(usize::try_from(id % 5).unwrap())
                    + &"科学".repeat(usize::try_from(id % 3).unwrap()),
            ),
        ],
    };
    for begin in [1, 1_001, 2_001] {
        index.save((begin..begin + 1_000).map(document).collect());
    }
    index.merge(&mut Rng::with_seed(1));
    index.forget(&(500..700).collect::<Vec<_>>());
    for text in [
        "科学",
        "中国科学",
        "院科",
        "科学科学",
        "通知",
        "通知 -中国",
        "通 2500",
    ] {
        for order in [Order::Relevance, Order::Newest, Order::Oldest] {
            let mut asked = request(query::parse(text).unwrap());
            asked.order = order;
            asked.limit = 100;
            let expected = expected(&index, &asked);
            assert_eq!(index.ask(&asked).total, exactly(&expected), "{text}");
            // Without counting, what cannot get onto the page is passed over.
            asked.is_counted = false;
            let mut ids: Vec<i64> = all_pages(&mut index, &asked)
                .iter()
                .map(|p| p.article_id)
                .collect();
            ids.sort_unstable();
            assert_eq!(ids, expected, "{text}");
        }
    }
}

#[test]
fn a_damaged_page_is_an_error_and_no_panic() {
    let mut rng = Rng::with_seed(11);
    let mut index = Index::default();
    index.save((1..300).map(|id| random_document(&mut rng, id)).collect());
    let whole: Vec<(PageId, Arc<[u8]>)> = index.shelf.0.clone().into_iter().collect();
    for _ in 0..600 {
        let (id, page) = rng.choice(&whole).unwrap();
        let mut damaged = page.to_vec();
        let place = rng.usize(..damaged.len());
        damaged[place] ^= rng.u8(1..);
        damaged.truncate(rng.usize(place..=damaged.len()));
        index.shelf.0.insert(*id, damaged.into());
        let request = request(query::parse("中国科技 创新").unwrap());
        let _ = evaluate(&request, &index.segments, &mut index.shelf);
        index.shelf.0.insert(*id, page.clone());
    }
}
