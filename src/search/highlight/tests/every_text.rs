//! What holds for every text and every query, and what it costs.

use super::read;
use crate::search::highlight::{Extent, clusters, passages, whole};
use crate::search::query::{Query, parse};
use crate::text::units::Units;

/// What holds for the answer, whatever the text and the query. Returns what is marked.
fn check(text: &str, q: &str, html: &str, query: &Query) -> Vec<String> {
    let mut marks = Vec::new();
    let mut is_inside = false;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        let expected = if is_inside { "</mark>" } else { "<mark>" };
        rest = tag
            .strip_prefix(expected)
            .unwrap_or_else(|| panic!("{html}"));
        if is_inside {
            let mark = read(before);
            let units = Units::of(&mark);
            let has = |unit: &str| units.items().iter().any(|u| units.folded(u) == unit);
            let is_of_query = query.required.iter().any(|phrase| {
                let units = phrase.units.items();
                units.iter().any(|unit| has(phrase.units.folded(unit)))
            });
            assert!(is_of_query, "{text:?} {q:?} {html:?}");
            marks.push(mark);
        }
        is_inside = !is_inside;
    }
    assert!(!is_inside && !html.contains(['"', '\'']), "{html:?}");
    assert!(!marks.is_empty(), "{text:?} {q:?} {html:?}");
    for (at, _) in html.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
        assert!(
            known.iter().any(|known| html[at..].starts_with(known)),
            "{html:?}"
        );
    }
    marks
}

/// How often phrases of the query stand in a text, found the long way round.
fn count(text: &str, query: &Query) -> usize {
    let units = Units::of(text);
    let places = 0..units.len();
    places
        .map(|at| {
            let stands = |phrase: &Units| {
                let found = units.items().get(at..at + phrase.len()).unwrap_or_default();
                found.len() == phrase.len()
                    && found.iter().zip(phrase.items()).all(|(a, b)| {
                        units.folded(a) == phrase.folded(b)
                            && a.position - found[0].position == b.position
                    })
            };
            query
                .required
                .iter()
                .filter(|phrase| stands(&phrase.units))
                .count()
        })
        .sum()
}

#[test]
fn what_holds_for_every_text() {
    let pieces = [
        "科技",
        "創新",
        "中国",
        "体系",
        "的",
        "AI",
        "science",
        "2014",
        "年",
        "。",
        "，",
        "！”",
        ". ",
        ", ",
        " ",
        "\n",
        "<b>",
        "&amp;",
        "\"",
        "'",
        "\u{200b}",
        "👩\u{200d}🔬",
        "🇨🇳",
        "e\u{301}",
        "…",
        "《",
        "》",
        "3.14",
        "½",
        "㈱",
        "ガ",
        "ｶﾞ",
        "長長長長長長長長長長長長長長長長長長長長",
        "a-b",
        "\0",
        "\u{fffd}",
        "……",
        "no stop in these words ",
        "\u{301}",
        "U.S. ",
    ];
    let mut random = fastrand::Rng::with_seed(88);
    let piece = |random: &mut fastrand::Rng| pieces[random.usize(0..pieces.len())];
    let mut passages_seen = 0;
    for _ in 0..6_000 {
        let length = [3, 20, 150][random.usize(0..3)];
        let text: String = (0..random.usize(1..length))
            .map(|_| piece(&mut random))
            .collect();
        let q: String = (0..random.usize(1..5))
            .map(|_| piece(&mut random))
            .collect();
        let Ok(query) = parse(&q) else {
            continue;
        };
        if let Some(html) = whole(&text, &query, Extent::Pieces) {
            let marks = check(&text, &q, &html, &query);
            assert_eq!(read(&html), text);
            let all = count(&text, &query);
            assert_eq!(
                all > 0,
                whole(&text, &query, Extent::Phrases).is_some(),
                "{text:?} {q:?}"
            );
            if all > 0 {
                let marked: usize = marks.iter().map(|mark| count(mark, &query)).sum();
                assert_eq!(marked, all, "{text:?} {q:?} {html:?}");
                assert!(
                    marks.iter().all(|mark| count(mark, &query) > 0),
                    "{text:?} {q:?} {html:?}"
                );
            }
        }
        let found = passages(&text, &query, Extent::Pieces, 3);
        assert_eq!(
            found.is_empty(),
            whole(&text, &query, Extent::Pieces).is_none(),
            "{text:?} {q:?}"
        );
        assert!(found.len() <= 3);
        for html in found {
            passages_seen += 1;
            check(&text, &q, &html, &query);
            assert!(html.contains("<mark>"), "{text:?} {q:?} {html:?}");
            let inside = read(&html);
            let is_piece = |s: &str| text.contains(s);
            let cut = inside.strip_prefix('…').unwrap_or(&inside);
            let both = cut.strip_suffix('…').unwrap_or(cut);
            let behind = inside.strip_suffix('…').unwrap_or(&inside);
            assert!(
                is_piece(&inside) || is_piece(cut) || is_piece(both) || is_piece(behind),
                "{text:?} {q:?} {html:?}"
            );
            assert!(inside.chars().count() <= 170, "{text:?} {q:?} {html:?}");
            // Nothing is cut within a cluster.
            let at = text.find(both).unwrap_or_default();
            if text.matches(both).count() == 1 {
                assert_eq!(
                    clusters(&text, &(at..at + both.len())),
                    at..at + both.len(),
                    "{text:?} {q:?} {html:?}"
                );
            }
        }
    }
    assert!(passages_seen > 1_000, "{passages_seen}");
}

/// `cargo test --release -- --ignored --nocapture speed`
#[test]
#[ignore = "a figure, not a fact"]
fn speed() {
    let sentence = "党的十八大以来，中国科学院坚持创新驱动发展，科技体制改革不断深入，在AI等领域取得2014年以来最好的成绩。";
    let text: String = (0..20_000 / sentence.len())
        .map(|n| format!("{n}{sentence}"))
        .collect();
    for q in [
        "创新驱动",
        "改革 中国 成绩",
        "没有的词语",
        "科技创新体系",
        "的",
    ] {
        let query = parse(q).unwrap();
        let start = std::time::Instant::now();
        for _ in 0..1_000 {
            std::hint::black_box(passages(
                std::hint::black_box(&text),
                &query,
                Extent::Pieces,
                3,
            ));
        }
        println!(
            "{q}: {:?} for {} bytes",
            start.elapsed() / 1_000,
            text.len()
        );
    }
    let start = std::time::Instant::now();
    for _ in 0..1_000 {
        std::hint::black_box(Units::of(std::hint::black_box(&text)));
    }
    println!("units alone: {:?}", start.elapsed() / 1_000);
}
