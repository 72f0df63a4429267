//! The pure inner parts that requests, saves and imports spend their time in: `cargo bench --features s3 --bench inner`. They work on Chinese articles
//! of the sample content, cut to about 5 KB as they are sent.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on fails, and says where"
)]

use std::hint::black_box;
use std::time::SystemTime;

use actix_web::http::header::{HeaderMap, HeaderValue, IF_NONE_MATCH};
use chrono::DateTime;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use masthead::http::conditional::is_unchanged;
use masthead::http::pagination::{CursorKey, Fingerprint};
use masthead::hygiene::{self, RuleSet};
use masthead::models::hygiene::{Form, Piece, Surroundings};
use masthead::models::listing::{List, ListKind};
use masthead::models::time::Ts;
use masthead::search::document::{Document, Field};
use masthead::search::highlight::{self, Extent};
use masthead::search::pages::{PageId, Sink};
use masthead::search::{query, segment};
use masthead::text::script::{Converter, Variety};
use masthead::text::units::Units;
use masthead::text::{fold, html, language, slug};

const BODY: usize = 5_000;

/// Bodies of Chinese articles one after the other, up to the first end of a paragraph behind 5 KB.
fn body() -> String {
    let lines = str::from_utf8(masthead::portal::demo::PORTAL).unwrap();
    let records = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let bodies: String = records
        .filter(|record| record["locale"] == "zh-Hans")
        .filter_map(|record| Some(record["body_html"].as_str()?.to_owned()))
        .collect();
    let end = BODY
        + bodies.as_bytes()[BODY..]
            .windows(4)
            .position(|tag| tag == b"</p>")
            .unwrap()
        + 4;
    bodies[..end].to_owned()
}

/// A segment that is made and not kept.
struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: PageId, data: Vec<u8>) -> masthead::error::Result<()> {
        black_box(data);
        Ok(())
    }
}

fn texts(c: &mut Criterion) {
    let body = body();
    let clean = html::sanitize(&body);
    let plain = html::plain_text(&clean);
    let mut group = c.benchmark_group("text");
    group.throughput(Throughput::Bytes(u64::try_from(body.len()).unwrap()));
    group.bench_function("clean html", |b| {
        b.iter(|| html::sanitize(black_box(&body)))
    });
    group.bench_function("plain text", |b| {
        b.iter(|| html::plain_text(black_box(&clean)))
    });
    group.bench_function("outline", |b| b.iter(|| html::outline(black_box(&clean))));
    group.bench_function("fold", |b| b.iter(|| fold::fold(black_box(&plain))));
    group.bench_function("search units", |b| b.iter(|| Units::of(black_box(&plain))));
    let convert = Converter::new(Variety::Simplified, Variety::Traditional, &[]).unwrap();
    group.bench_function("to traditional", |b| {
        b.iter(|| convert.html(black_box(&clean)))
    });
    group.finish();
    c.bench_function("slug of a title", |b| {
        b.iter(|| slug::slugify(black_box("长江口潮滩沉积物记录了百年来的海平面变化")))
    });
}

fn checks(c: &mut Criterion) {
    let rules = RuleSet::compile(&hygiene::shipped()).unwrap();
    let around = Surroundings {
        names: vec!["潮间研究所".to_owned()],
        domains: vec!["demo.example.org".to_owned()],
        ..Surroundings::default()
    };
    let body = html::sanitize(&body());
    let pieces = [Piece {
        locale: Some("zh-Hans"),
        field: "/body_html".to_owned(),
        form: Form::Html,
        text: &body,
    }];
    let mut group = c.benchmark_group("hygiene");
    group.throughput(Throughput::Bytes(u64::try_from(body.len()).unwrap()));
    group.bench_function("scan of a body", |b| {
        b.iter(|| hygiene::scan(black_box(&rules), &around, &pieces))
    });
    group.finish();
}

fn search(c: &mut Criterion) {
    let plain = html::plain_text(&html::sanitize(&body()));
    let at = Ts(DateTime::UNIX_EPOCH);
    let document = Document {
        article_id: 1,
        published_at: at,
        unpublish_at: None,
        updated_at: at,
        year: 2026,
        lists: vec![List {
            kind: ListKind::All,
            reference: 0,
        }],
        texts: vec![
            (Field::Title, plain.chars().take(20).collect()),
            (Field::Body, plain.clone()),
        ],
    };
    // Two characters side by side in the middle of the text.
    let units = Units::of(&plain);
    let pair = units
        .items()
        .windows(2)
        .skip(units.len() / 2)
        .find(|pair| {
            pair.iter().all(|unit| unit.is_character) && pair[1].position == pair[0].position + 1
        })
        .unwrap();
    let term = &plain[pair[0].source().start..pair[1].source().end];
    let query = query::parse(term).unwrap();
    let mut group = c.benchmark_group("search");
    group.throughput(Throughput::Bytes(u64::try_from(plain.len()).unwrap()));
    group.bench_function("segment of one article", |b| {
        b.iter(|| {
            segment::build(1, black_box(std::slice::from_ref(&document)), &mut Nowhere).unwrap()
        });
    });
    group.bench_function("two passages with marks", |b| {
        b.iter(|| highlight::passages(black_box(&plain), &query, Extent::Phrases, 2))
    });
    group.finish();
    c.bench_function("query parsed", |b| {
        b.iter(|| {
            query::parse(black_box(
                "海洋 \"潮间带 沉积\" -台风 ocean-research 2014年",
            ))
            .unwrap()
        })
    });
}

fn edge(c: &mut Criterion) {
    let key = CursorKey::new(&[7; 32]).unwrap();
    let list = Fingerprint::of(
        "articles",
        &[Some("gen".to_owned()), None, Some("zh-Hans".to_owned())],
    );
    let place = (Ts(DateTime::UNIX_EPOCH), 42_i64);
    let cursor = key.encode(list, &place);
    c.bench_function("cursor made", |b| {
        b.iter(|| key.encode(list, black_box(&place)))
    });
    c.bench_function("cursor read", |b| {
        b.iter(|| {
            key.decode::<(Ts, i64)>(list, "cursor", black_box(&cursor))
                .unwrap_or(place)
        });
    });
    let mut headers = HeaderMap::new();
    headers.insert(
        IF_NONE_MATCH,
        HeaderValue::from_static("\"a\", W/\"q83vASNFZ4mrze8BI0VniQ\""),
    );
    c.bench_function("if-none-match", |b| {
        b.iter(|| {
            is_unchanged(
                black_box(&headers),
                "W/\"q83vASNFZ4mrze8BI0VniQ\"",
                SystemTime::UNIX_EPOCH,
            )
        });
    });
    let available = ["zh-Hans", "zh-Hant", "en"].map(str::to_owned);
    c.bench_function("accept-language", |b| {
        b.iter(|| {
            let ranges =
                language::parse_accept_language(black_box("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7"));
            language::lookup(&ranges, &available).map(str::len)
        });
    });
}

criterion_group!(benches, texts, checks, search, edge);
criterion_main!(benches);
