use std::time::{Duration, Instant};

use super::*;
use Markup::{Html, Plain};
use Unit::{Character, Word};

/// `[-deleted-]` and `{+inserted+}` in what stays.
fn shown(before: &str, after: &str, unit: Unit, markup: Markup) -> String {
    let runs = checked(before, after, unit, markup);
    let shown = runs.iter().map(|run| match run.edit {
        Edit::Equal => run.text.to_owned(),
        Edit::Delete => format!("[-{}-]", run.text),
        Edit::Insert => format!("{{+{}+}}", run.text),
    });
    shown.collect()
}

/// The runs, having looked whether they are what they promise to be.
fn checked<'a>(before: &'a str, after: &'a str, unit: Unit, markup: Markup) -> Vec<Run<'a>> {
    let runs = diff(before, after, unit, markup);
    let without = |edit: Edit| -> String {
        let kept = runs.iter().filter(|run| run.edit != edit);
        kept.map(|run| run.text).collect()
    };
    assert_eq!(without(Edit::Insert), before, "{unit:?} {markup:?}");
    assert_eq!(without(Edit::Delete), after, "{unit:?} {markup:?}");
    assert!(runs.iter().all(|run| !run.text.is_empty()));
    for pair in runs.windows(2) {
        let (one, next) = (pair[0].edit, pair[1].edit);
        assert!(one != next && (one, next) != (Edit::Insert, Edit::Delete));
    }
    runs
}

#[test]
fn words_are_whole_and_han_characters_stand_alone() {
    for (before, after, expected) in [
        (
            "滨海海洋研究所发布年度报告。",
            "滨海海洋科学研究所发布2026年度报告。",
            "滨海海洋{+科学+}研究所发布{+2026+}年度报告。",
        ),
        (
            "濱海海洋研究所發布年度報告",
            "濱海海洋研究院發佈年度報告",
            "濱海海洋研究[-所-]{+院+}發[-布-]{+佈+}年度報告",
        ),
        (
            "The Minister said on Monday that fish are well.",
            "The Ministry said on Tuesday that all fish are well.",
            "The [-Minister-]{+Ministry+} said on [-Monday-]{+Tuesday+} that {+all +}fish are well.",
        ),
        (
            "ＡＢＣ１２３ 全角 カタカナ ひらがな",
            "ＡＢＤ１２４ 全角 カタカシ ひらかな",
            "[-ＡＢＣ１２３-]{+ＡＢＤ１２４+} 全角 [-カタカナ-]{+カタカシ+} ひら[-が-]{+か+}な",
        ),
        (
            "it costs 3.14",
            "it costs 3.15",
            "it costs [-3.14-]{+3.15+}",
        ),
        ("กำลังไป", "กำลังมา", "กำลัง[-ไป-]{+มา+}"),
        ("海\u{3000}洋", "海洋", "海[-\u{3000}-]洋"),
        ("", "新", "{+新+}"),
        ("旧", "", "[-旧-]"),
        ("", "", ""),
        ("同", "同", "同"),
    ] {
        assert_eq!(shown(before, after, Word, Plain), expected);
    }
}

#[test]
fn characters_are_what_readers_take_for_one() {
    for (before, after, expected) in [
        ("colour", "color", "colo[-u-]r"),
        ("海👨‍👩‍👧洋", "海👨‍👩‍👦洋", "海[-👨‍👩‍👧-]{+👨‍👩‍👦+}洋"),
        ("海🇨🇳洋", "海🇨🇦洋", "海[-🇨🇳-]{+🇨🇦+}洋"),
        ("cafe\u{301}s", "cafes", "caf[-e\u{301}-]{+e+}s"),
        ("👍🏽好", "👍🏿好", "[-👍🏽-]{+👍🏿+}好"),
        ("葛\u{E0100}城", "葛城", "[-葛\u{E0100}-]{+葛+}城"),
        ("𠮷野家", "吉野家", "[-𠮷-]{+吉+}野家"),
        ("a\r\nb", "a\nb", "a[-\r\n-]{+\n+}b"),
    ] {
        assert_eq!(shown(before, after, Character, Plain), expected);
        // Words are never less than characters.
        let words = checked(before, after, Word, Plain);
        assert!(
            words
                .iter()
                .all(|run| run.edit == Edit::Equal || run.text != "\u{301}")
        );
    }
}

#[test]
fn tags_and_references_are_never_split() {
    for unit in [Word, Character] {
        for (before, after, expected) in [
            (
                "<p><a href=\"/x?y=1&amp;z>2\">甲</a></p>",
                "<p><a href=\"/x?y=2&amp;z>2\">甲</a></p>",
                "<p>[-<a href=\"/x?y=1&amp;z>2\">-]{+<a href=\"/x?y=2&amp;z>2\">+}甲</a></p>",
            ),
            (
                "<p>甲&nbsp;乙</p>",
                "<p>甲&ensp;乙</p>",
                "<p>甲[-&nbsp;-]{+&ensp;+}乙</p>",
            ),
            ("甲&#20013;", "甲&#20014;", "甲[-&#20013;-]{+&#20014;+}"),
            (
                "<p>甲</p>",
                "<p><strong>甲</strong></p>",
                "<p>{+<strong>+}甲{+</strong>+}</p>",
            ),
            (
                "<h2>甲</h2>",
                "<h3>甲</h3>",
                "[-<h2>-]{+<h3>+}甲[-</h2>-]{+</h3>+}",
            ),
            // What is none stands for itself.
            ("a < b & c", "a < d & c", "a < [-b-]{+d+} & c"),
            ("1<2", "1<3", "1<[-2-]{+3+}"),
            ("<a", "<b", "<[-a-]{+b+}"),
        ] {
            assert_eq!(shown(before, after, unit, Html), expected);
        }
    }
    // In plain text they mean nothing.
    assert_eq!(shown("<h2>", "<h3>", Character, Plain), "<h[-2-]{+3+}>");
}

#[test]
fn whole_paragraphs_and_sentences_come_and_go() {
    for unit in [Word, Character] {
        for (before, after, expected) in [
            (
                "<p>甲段。</p>\n<p>乙段。</p>",
                "<p>甲段。</p>\n<p>丙段。</p>\n<p>乙段。</p>",
                "<p>甲段。</p>\n{+<p>丙段。</p>\n+}<p>乙段。</p>",
            ),
            (
                "<p>甲段。</p><p>新段。</p><p>乙段。</p>",
                "<p>甲段。</p><p>乙段。</p>",
                "<p>甲段。</p>[-<p>新段。</p>-]<p>乙段。</p>",
            ),
            (
                "<p>甲。乙。</p>",
                "<p>甲。丙丁。乙。</p>",
                "<p>甲。{+丙丁。+}乙。</p>",
            ),
            ("the cat", "the big cat", "the {+big +}cat"),
        ] {
            assert_eq!(shown(before, after, unit, Html), expected);
        }
    }
}

#[test]
fn crumbs_between_large_changes_are_swept_up() {
    assert_eq!(
        shown(
            "<p>北京今天下了一场大雪，市民纷纷出门赏雪。</p><p>完。</p>",
            "<p>上海昨天举行了盛大的海洋科技展览，来自全国的研究人员前来参观。</p><p>完。</p>",
            Word,
            Html
        ),
        "<p>[-北京今天下了一场大雪，市民纷纷出门赏雪-]\
         {+上海昨天举行了盛大的海洋科技展览，来自全国的研究人员前来参观+}。</p><p>完。</p>"
    );
    assert_eq!(
        shown("He bought a cat", "She sold a dog", Character, Plain),
        "[-He bought a cat-]{+She sold a dog+}"
    );
    assert_eq!(
        shown("He bought a cat", "She sold a dog", Word, Plain),
        "[-He bought-]{+She sold+} a [-cat-]{+dog+}"
    );
}

#[test]
fn both_texts_can_always_be_put_together_again() {
    const PIECES: [&str; 40] = [
        "海",
        "洋",
        "研",
        "究",
        "濱",
        "所",
        "，",
        "。",
        " ",
        "\u{3000}",
        "\n",
        "\r\n",
        "a",
        "b",
        "word",
        "Ａ",
        "１",
        "3.14",
        "カタ",
        "ひ",
        "👨‍👩‍👧",
        "\u{200D}",
        "🇨🇳",
        "🇨",
        "e\u{301}",
        "\u{301}",
        "<p>",
        "</p>",
        "<a href=\"",
        "\">",
        "<",
        ">",
        "&amp;",
        "&",
        ";",
        "'",
        "&#x4e2d;",
        "กำ",
        "क्",
        "\u{1F3FD}",
    ];
    let mut random = fastrand::Rng::with_seed(20_260_520);
    for round in 0..800 {
        // Few kinds of pieces make texts with much in common.
        let kinds = random.usize(1..=PIECES.len());
        let first = random.usize(0..PIECES.len());
        let mut length = if round % 100 == 0 { 2_000 } else { 40 };
        let mut piece = |_| PIECES[(first + random.usize(0..kinds)) % PIECES.len()];
        let before: Vec<&str> = (0..length).map(&mut piece).collect();
        let mut after = before.clone();
        for _ in 0..6 {
            length = after.len().max(1);
            let at = random.usize(0..length).min(after.len());
            let end = (at + random.usize(0..8)).min(after.len());
            let new: Vec<&str> = (0..random.usize(0..8))
                .map(|_| PIECES[random.usize(0..PIECES.len())])
                .collect();
            after.splice(at..end, new);
        }
        let (before, after) = (before.concat(), after.concat());
        for unit in [Word, Character] {
            for markup in [Plain, Html] {
                checked(&before, &after, unit, markup);
                checked(&after, &before, unit, markup);
            }
        }
    }
}

/// A body of `bytes` bytes in which characters are as often as their place in `alphabet` says.
fn body(seed: u64, bytes: usize, alphabet: &[char]) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut body = String::from("<p>");
    for count in 1.. {
        if body.len() > bytes - 24 {
            break;
        }
        let place = random.usize(0..alphabet.len()) * random.usize(0..alphabet.len());
        body.push(alphabet[place / alphabet.len()]);
        if count % 19 == 0 {
            body.push('，');
        }
        if count % 400 == 0 {
            body.push_str("。</p>\n<p>");
        }
    }
    body + "</p>"
}

#[test]
fn the_largest_bodies_take_no_longer_whatever_they_say() {
    const BYTES: usize = 2_097_152;
    let han: Vec<char> = ('\u{4E00}'..'\u{5A00}').collect();
    let latin: Vec<char> = " etaoinshrdlu cmfwyp ".chars().collect();
    let one = body(1, BYTES, &han);
    let other = body(2, BYTES, &han);
    let english = body(3, BYTES, &latin);
    let edited = |text: &str, step: usize| -> String {
        let edited = text.chars().enumerate().map(|(at, c)| match c {
            '<' | '>' | 'p' | '/' => c,
            _ if at % step == 0 => '喵',
            _ => c,
        });
        edited.collect()
    };
    let reversed: String = one.chars().rev().collect();
    let same = "海".repeat(BYTES / 3);
    let cases = [
        (one.as_str(), edited(&one, 40_000)),
        (&english, edited(&english, 40_000)),
        (&one, other),
        (&one, edited(&one, 20)),
        (&one, reversed),
        (&english, body(4, BYTES, &latin)),
        (
            &same,
            format!("洋{same}")[..BYTES / 2 - 1].to_owned() + "洋",
        ),
        (
            &"ab".repeat(BYTES / 2),
            format!("x{}y", "ba".repeat(BYTES / 3)),
        ),
        (&"<a \">".repeat(BYTES / 5), "<a '>\"".repeat(BYTES / 6)),
    ];
    for (at, (before, after)) in cases.iter().enumerate() {
        // Both get their share.
        let unit = if at % 2 == 0 { Word } else { Character };
        let start = Instant::now();
        let runs = checked(before, after, unit, Html);
        let taken = start.elapsed();
        // A quadratic algorithm would take hours.
        assert!(taken < Duration::from_secs(30), "case {at}: {taken:?}");
        if at == 0 {
            assert!((10..400).contains(&runs.len()), "{} runs", runs.len());
        }
    }
}
