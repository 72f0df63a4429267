//! Which passages are shown and where they are cut, example by example.

use super::{read, shown};
use crate::search::highlight::{Extent, passages};
use crate::search::query::parse;

#[test]
fn a_short_text_is_one_passage() {
    assert_eq!(shown("今天讲创新。", "创新"), ["今天讲<mark>创新</mark>。"]);
    assert_eq!(shown("创新", "创新"), ["<mark>创新</mark>"]);
    assert_eq!(shown("今天讲科学。", "创新"), Vec::<String>::new());
    assert_eq!(
        passages("创新", &parse("创新").unwrap(), Extent::Pieces, 0),
        Vec::<String>::new()
    );
}

#[test]
fn passages_are_cut_at_sentences() {
    let before = "前面一句说的是别的事情，".repeat(12) + "到此为止。";
    let behind = "后面一句说的也是别的事情，".repeat(12) + "到此为止。";
    let own = "这一句足够长，有六十多个字，说的是国家如何推进科技创新，如何建设体系，如何培养人才，如何让青年人安心做研究，如何把论文写在祖国大地上。";
    assert_eq!(
        shown(&format!("{before}{own}{behind}"), "科技创新"),
        [own.replace("科技创新", "<mark>科技创新</mark>")]
    );
    // Closing marks belong to the sentence.
    let own = format!("他说：“{own}”");
    assert_eq!(
        shown(&format!("{before}{own}{behind}"), "科技创新"),
        [own.replace("科技创新", "<mark>科技创新</mark>")]
    );
    // A line is a sentence.
    let long = "长".repeat(200);
    assert_eq!(
        shown(&format!("{long}\n　短行创新 \n{long}"), "创新"),
        ["短行<mark>创新</mark>"]
    );
}

#[test]
fn short_sentences_come_with_what_follows_or_precedes() {
    let sentence = |n: &str| format!("第{n}句话说的是科学研究的事情。");
    let text = ["一", "二", "三", "四", "五", "六", "七", "八"]
        .map(sentence)
        .concat();
    let found = shown(&text, "三句");
    assert_eq!(
        read(&found[0]),
        ["三", "四", "五", "六"].map(sentence).concat()
    );
    let found = shown(&text, "八句");
    assert_eq!(
        read(&found[0]),
        ["五", "六", "七", "八"].map(sentence).concat()
    );
}

#[test]
fn short_lines_come_with_their_neighbours() {
    let line = |n: &str| format!("{n}、　研究費用\n");
    let lines = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛"]
        .map(line)
        .concat();
    let found = shown(&lines.repeat(2), "乙 研究費用");
    assert_eq!(read(&found[0]), lines.trim_end());
    // Rather with what stands in the same line.
    let own = format!("{}。说的是创新。", "前一句".repeat(20));
    let text = format!(
        "{}。\n{own}\n{}。",
        "上一行".repeat(20),
        "下一行".repeat(20)
    );
    assert_eq!(read(&shown(&text, "创新")[0]), own);
}

#[test]
fn a_point_ends_a_sentence_only_where_it_is_no_abbreviation() {
    let filler = "This sentence talks about something else entirely and goes on for quite a while, so that it is long enough to stand alone as it is here. ";
    let own = "In 2.5 years, e.g. at www.example.com/a?b=1;c or with J. Smith of the U.S. team, open science grew a lot indeed.";
    let found = shown(&format!("{filler}{own} {filler}"), "\"open science\"");
    assert_eq!(
        found,
        [own.replace("open science", "<mark>open science</mark>")]
    );
}

#[test]
fn a_long_sentence_is_cut_at_clauses() {
    let text =
        "说的是别的事情，".repeat(40) + "其中有科技创新的事，" + &"后来又说别的事情、".repeat(40);
    let found = shown(&text, "科技创新");
    assert_eq!(found.len(), 1);
    let passage = &found[0];
    assert!(passage.starts_with("…说的是别的事情，"), "{passage}");
    assert!(passage.ends_with("后来又说别的事情…"), "{passage}");
    assert!(
        passage.contains("其中有<mark>科技创新</mark>的事，"),
        "{passage}"
    );
    let length = read(passage).chars().count();
    assert!((100..=162).contains(&length), "{length}");
}

#[test]
fn where_nothing_ends_a_passage_is_cut_at_characters_and_words() {
    let text = "长".repeat(500) + "科技创新" + &"长".repeat(500);
    let found = shown(&text, "科技创新");
    let length = read(&found[0]).chars().count();
    assert_eq!(length, 162, "{found:?}");
    let text = "several words without any stop ".repeat(30)
        + "open science "
        + &"and more words after that ".repeat(30);
    let found = shown(&text, "\"open science\"");
    let inside = read(&found[0]);
    let words: Vec<&str> = inside.trim_matches('…').split(' ').collect();
    let known = "several words without any stop open science and more after that";
    assert!(
        words
            .iter()
            .all(|word| known.split(' ').any(|k| k == *word)),
        "{inside}"
    );
    assert!((60..=162).contains(&inside.chars().count()), "{inside}");
    // A single endless word.
    let text = "a".repeat(1000) + "创新" + &"b".repeat(1000);
    assert_eq!(shown(&text, "创新"), ["…<mark>创新</mark>…"]);
    // Nothing but clusters of marks and pictures.
    let text = "👩\u{200d}🔬".repeat(300) + "创新" + &"e\u{301}\u{302}".repeat(300);
    let found = shown(&text, "创新");
    let inside = read(&found[0]);
    let inside = inside.trim_matches('…');
    assert!(
        inside.starts_with('👩') && inside.ends_with("创新"),
        "{inside}"
    );
}

#[test]
fn a_match_that_is_longer_than_a_passage_is_cut() {
    let long = "千字文".repeat(100);
    let text = format!("前言。{long}。后记。");
    let found = shown(&text, &long);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].chars().filter(|c| *c == '千').count(), 54);
    assert!(
        found[0].starts_with("<mark>千字文") && found[0].ends_with("</mark>…"),
        "{found:?}"
    );
    let text = format!("创{}新", "—".repeat(100_000));
    assert!(shown(&text, "创新")[0].len() < 1_000);
}

#[test]
fn the_passages_with_most_phrases_are_shown_in_the_order_of_the_text() {
    let filler = format!("{}。\n", "别的事情".repeat(50));
    let line = |text: &str| format!("{text}。\n{filler}");
    let text = [
        line("甲行只有创新"),
        line("乙行有创新和科技"),
        line("丙行有创新和科技和体系"),
        line("丁行只有创新"),
        line("戊行有科技和创新"),
    ]
    .concat();
    let found = shown(&text, "创新 科技 体系");
    assert_eq!(
        found,
        [
            "乙行有<mark>创新</mark>和<mark>科技</mark>。",
            "丙行有<mark>创新</mark>和<mark>科技</mark>和<mark>体系</mark>。",
            "戊行有<mark>科技</mark>和<mark>创新</mark>。",
        ]
    );
    let best = passages(&text, &parse("创新 科技 体系").unwrap(), Extent::Pieces, 1);
    assert_eq!(best.len(), 1);
    assert!(best[0].starts_with('丙'));
    // The longer phrase counts more, then the earlier place.
    let best = passages(&text, &parse("创新 和体系").unwrap(), Extent::Pieces, 1);
    assert!(best[0].starts_with('丙'));
    let best = passages(&text, &parse("创新 没有的").unwrap(), Extent::Pieces, 1);
    assert!(best[0].starts_with('甲'));
}

#[test]
fn a_rare_phrase_is_found_behind_many_common_ones() {
    let text = "的事情。\n".repeat(2_000) + "量子纠缠的事情。\n";
    let found = shown(&text, "的 量子纠缠");
    let is_rare = |passage: &String| passage.contains("<mark>量子纠缠的</mark>事情。");
    assert!(found.iter().any(is_rare), "{found:?}");
}

#[test]
fn the_same_passage_is_not_shown_twice() {
    let own = format!("{}。", "版权所有".repeat(20));
    let text = format!("{}正文讲创新。", format!("{own}\n").repeat(5));
    let found = shown(&text, "所有 正文");
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(read(&found[0]), own);
}

#[test]
fn passages_do_not_overlap() {
    let text: String = (0..200).map(|n| format!("第{n}次讲创新，")).collect();
    let found = shown(&text, "创新");
    assert_eq!(found.len(), 3);
    let mut from = 0;
    for passage in &found {
        let inside = read(passage);
        let inside = inside.trim_matches('…');
        let at = text[from..].find(inside).unwrap();
        from += at + inside.len();
    }
}

#[test]
fn a_text_of_one_character_over_and_over_takes_no_time() {
    let text = "的".repeat(600_000);
    let query = parse(&format!("{}x", "的".repeat(999))).unwrap();
    let start = std::time::Instant::now();
    assert!(passages(&text, &query, Extent::Phrases, 3).is_empty());
    assert!(!passages(&text, &query, Extent::Pieces, 3).is_empty());
    assert!(
        !passages(
            &"🇨".repeat(300_000),
            &parse("🇨").unwrap(),
            Extent::Pieces,
            3
        )
        .is_empty()
    );
    assert!(
        !passages(
            &("创新".to_owned() + &"\u{301}".repeat(600_000)),
            &parse("创新").unwrap(),
            Extent::Pieces,
            3
        )
        .is_empty()
    );
    assert!(start.elapsed().as_secs() < 20);
}
