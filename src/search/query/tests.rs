//! What queries mean, line by line, and what bad input does to them.

use super::*;

/// A phrase as text: units parted by blanks, `|` where a stop stands between.
fn shown(phrase: &Phrase) -> String {
    let mut out = String::new();
    let mut next = 0;
    for unit in phrase.units.items() {
        if !out.is_empty() {
            out.push(if unit.position > next { '|' } else { ' ' });
        }
        out.push_str(phrase.units.folded(unit));
        next = unit.position + 1;
    }
    out
}

fn required(q: &str) -> Vec<String> {
    parse(q).unwrap().required.iter().map(shown).collect()
}

fn excluded(q: &str) -> Vec<String> {
    parse(q).unwrap().excluded.iter().map(shown).collect()
}

#[test]
fn blanks_part_terms() {
    assert_eq!(required("科技 创新"), ["科 技", "创 新"]);
    assert_eq!(
        required("　科技\u{a0}创新\t\n体系 "),
        ["科 技", "创 新", "体 系"]
    );
    assert_eq!(required("open science"), ["open", "science"]);
}

#[test]
fn a_run_without_blanks_is_one_phrase() {
    assert_eq!(required("科技创新"), ["科 技 创 新"]);
    assert_eq!(required("2014年"), ["2014 年"]);
    assert_eq!(required("AI技术"), ["ai 技 术"]);
    assert_eq!(required("π-HuB"), ["π hub"]);
    assert_eq!(required("co-operation"), ["co operation"]);
    assert_eq!(required("《科学》杂志"), ["科 学 杂 志"]);
    assert_eq!(required("「科學」『雜誌』"), ["科 学 杂 志"]);
    assert_eq!(required("生物安全——新问题"), ["生 物 安 全 新 问 题"]);
    assert_eq!(required("创"), ["创"]);
}

#[test]
fn stops_part_terms_but_not_names_and_numbers() {
    assert_eq!(required("科技，创新。体系"), ["科 技", "创 新", "体 系"]);
    assert_eq!(required("科技,创新"), ["科 技", "创 新"]);
    assert_eq!(required("科技、AI。"), ["科 技", "ai"]);
    assert_eq!(required("cats,dogs"), ["cats", "dogs"]);
    assert_eq!(required("cats;dogs?birds!"), ["cats", "dogs", "birds"]);
    assert_eq!(required("a.b"), ["a|b"]);
    assert_eq!(required("圆周率3.14"), ["圆 周 率 3|14"]);
    assert_eq!(required("３．１４"), ["3|14"]);
    assert_eq!(required("1,000"), ["1|000"]);
    assert_eq!(required("1，000"), ["1", "000"]);
    assert_eq!(required("www.cas.cn"), ["www|cas|cn"]);
    assert_eq!(required("end...start"), ["end", "start"]);
    assert_eq!(required("。科技"), ["科 技"]);
}

#[test]
fn quotation_marks_make_phrases() {
    assert_eq!(required("\"open science\" 数据"), ["open science", "数 据"]);
    assert_eq!(required("“科技 创新”"), ["科 技 创 新"]);
    assert_eq!(required("„科技 创新“"), ["科 技 创 新"]);
    assert_eq!(required("＂科技。创新＂"), ["科 技|创 新"]);
    assert_eq!(required("推进“双一流”建设"), ["推 进", "双 一 流", "建 设"]);
    assert_eq!(required("\"\" 科技 \" \" \"。\""), ["科 技"]);
    assert_eq!(required("\"。科技，\""), ["科 技"]);
}

#[test]
fn the_last_of_an_odd_number_of_quotation_marks_is_a_sign() {
    assert_eq!(required("\"open science"), ["open", "science"]);
    assert_eq!(required("open science\""), ["open", "science"]);
    assert_eq!(required("\"a b\" \"c d"), ["a b", "c", "d"]);
    assert_eq!(required("科技\"创新"), ["科 技 创 新"]);
    assert_eq!(required("\"a b\"\"c"), ["a b", "c"]);
}

#[test]
fn a_minus_before_a_term_excludes() {
    assert_eq!(required("科技 -创新"), ["科 技"]);
    assert_eq!(excluded("科技 -创新"), ["创 新"]);
    assert_eq!(excluded("-創新 科技"), ["创 新"]);
    assert_eq!(excluded("科技　－创新 −体系"), ["创 新", "体 系"]);
    assert_eq!(excluded("a -\"b c\" d"), ["b c"]);
    assert_eq!(required("a -\"b c\"d"), ["a", "d"]);
    assert_eq!(excluded("a -b。c d"), ["b", "c"]);
    assert_eq!(excluded("a -co-op"), ["co op"]);
    assert_eq!(excluded("a -3.14"), ["3|14"]);
    assert_eq!(excluded("a -b \"-c\""), ["b"]);
}

#[test]
fn any_other_minus_is_a_sign() {
    for q in [
        "科技 - 创新",
        "科技 -。 创新",
        "科技 -",
        "科技 --创新",
        "科技-创新",
        "- 科技",
        "科技 -\"\" 创新",
        "科技 -\"。\" 创新",
    ] {
        assert_eq!(excluded(q), Vec::<String>::new(), "{q}");
        let units: usize = required(q).iter().map(|p| p.split(' ').count()).sum();
        assert_eq!(units, if q.contains('创') { 4 } else { 2 }, "{q}");
    }
    assert_eq!(required("科技-创新"), ["科 技 创 新"]);
    assert_eq!(required("科技 -\"创新"), ["科 技", "创 新"]);
}

#[test]
fn a_phrase_counts_once() {
    assert_eq!(required("创新 創新 “创新” 体系"), ["创 新", "体 系"]);
    assert_eq!(required("AI ai ＡＩ"), ["ai"]);
    assert_eq!(required("创新 新"), ["创 新", "新"]);
    assert_eq!(excluded("a -创新 -創新"), ["创 新"]);
    // A stop between makes another phrase of it.
    assert_eq!(required("\"a. b\" \"a b\" ab"), ["a|b", "a b", "ab"]);
}

#[test]
fn operators_of_databases_mean_nothing() {
    assert_eq!(
        required("a OR b AND NOT c"),
        ["a", "or", "b", "and", "not", "c"]
    );
    assert_eq!(required("NEAR(科技 创新, 5)"), ["near 科 技", "创 新", "5"]);
    assert_eq!(
        required("title:科* ^创 {a b}"),
        ["title 科", "创", "a", "b"]
    );
    assert_eq!(
        required("科技'; DROP TABLE articles; --"),
        ["科 技", "drop", "table", "articles"]
    );
    assert_eq!(required("a & b | !c <-> d:*"), ["a", "b", "c", "d"]);
    assert_eq!(required("100% _ \\"), ["100"]);
}

#[test]
fn nothing_to_search_for_is_said() {
    for q in [
        "",
        " ",
        "　\t\n",
        "。，！？",
        "\"\"",
        "\"",
        "“”",
        "-",
        "- -",
        "--",
        "***",
        "\0",
        "\u{fffd}",
        "\u{200b}\u{feff}",
        "'\";:`%_\\",
        "-。",
    ] {
        assert_eq!(parse(q), Err(Unanswerable::Nothing), "{q:?}");
    }
    for q in ["-科技", "-\"科技 创新\"", " －科技 −创新", "-a 。"] {
        assert_eq!(parse(q), Err(Unanswerable::OnlyExclusions), "{q:?}");
    }
}

#[test]
fn a_query_is_not_longer_than_a_thousand_characters() {
    assert_eq!(parse(&"长".repeat(10_000)), Err(Unanswerable::TooLong));
    assert_eq!(parse(&" ".repeat(1_001)), Err(Unanswerable::TooLong));
    assert_eq!(required(&"长".repeat(1_000)).len(), 1);
}

#[test]
fn what_goes_beyond_the_most_terms_is_not_looked_at() {
    let words: Vec<String> = (0..100).map(|n| format!("w{n}")).collect();
    let q = format!("{} -no", words.join(" "));
    assert_eq!(required(&q), words[..MOST_TERMS]);
    assert_eq!(excluded(&q), ["no"]);
}

#[test]
fn emoji_and_odd_characters_are_read() {
    assert_eq!(required("🚀"), ["🚀"]);
    assert_eq!(required("🚀🚀 👩‍🔬"), ["🚀 🚀", "👩 🔬"]);
    assert_eq!(required("创\u{200b}新 sci\u{ad}ence"), ["创 新", "science"]);
    assert_eq!(required("a\0b \u{fffd}科\u{1}技"), ["a b", "科 技"]);
    assert_eq!(required("ＡＩ技術"), ["ai 技 术"]);
    assert_eq!(required("ｶﾞ"), required("ガ"));
}

#[test]
fn the_whole_is_all_that_was_asked_for() {
    let title = "推进“双一流”建设，2014年：3.14";
    let asked = parse(title).unwrap();
    assert_eq!(asked.whole.all_folded(), Units::of(title).all_folded());
    let asked = parse("科技 -体系 創新 -\"a b\"").unwrap();
    assert_eq!(asked.whole.all_folded(), "科技创新");
}

#[test]
fn every_text_has_a_meaning() {
    let alphabet: Vec<char> = "科技創新ab1.,。，-－\"“”「 \u{3000}\u{200b}\0*:'🚀㈱½㏂…ｶﾞ가é\u{301}"
        .chars()
        .collect();
    let mut random = fastrand::Rng::with_seed(8);
    for _ in 0..20_000 {
        let q: String = (0..random.usize(0..24))
            .map(|_| alphabet[random.usize(0..alphabet.len())])
            .collect();
        match parse(&q) {
            Ok(query) => {
                assert!(!query.required.is_empty(), "{q:?}");
                for phrase in query.required.iter().chain(&query.excluded) {
                    assert!(!phrase.units.is_empty(), "{q:?}");
                    assert_eq!(phrase.units.items()[0].position, 0, "{q:?}");
                }
                if query.excluded.is_empty() {
                    assert_eq!(
                        query.whole.all_folded(),
                        Units::of(&q).all_folded(),
                        "{q:?}"
                    );
                }
            }
            Err(Unanswerable::Nothing) => assert!(Units::of(&q).is_empty(), "{q:?}"),
            Err(Unanswerable::OnlyExclusions) => assert!(!Units::of(&q).is_empty(), "{q:?}"),
            Err(Unanswerable::TooLong) => panic!("{q:?}"),
        }
    }
}
