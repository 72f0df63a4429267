//! What conversion does to texts and to HTML, and how much of OpenCC's own cases comes out as there.

use std::collections::BTreeMap;

use super::*;

fn converted(from: &str, to: &str, text: &str) -> String {
    converter(from, to, &[]).text(text)
}

fn converter<'a>(from: &str, to: &str, phrases: &'a [Phrase]) -> Converter<'a> {
    Converter::new(
        Variety::of(from).unwrap(),
        Variety::of(to).unwrap(),
        phrases,
    )
    .unwrap()
}

fn phrase(found: &str, replacement: &str) -> Phrase {
    Phrase {
        found: found.to_owned(),
        replacement: replacement.to_owned(),
    }
}

#[test]
fn a_character_becomes_what_its_phrase_wants() {
    for (simplified, traditional) in [
        ("头发发展", "頭髮發展"),
        ("皇后在后面", "皇后在後面"),
        ("干净，干部，乾坤", "乾淨，幹部，乾坤"),
        ("里程与海里", "里程與海里"),
        ("信息科技创新", "信息科技創新"),
        ("复杂的回复，重复", "複雜的回覆，重複"),
    ] {
        assert_eq!(converted("zh-Hans", "zh-Hant", simplified), traditional);
        assert_eq!(converted("zh-Hant", "zh-Hans", traditional), simplified);
    }
    assert_eq!(
        converted("zh-Hant", "zh-Hans", "看著，什麼，著作"),
        "看着，什么，著作"
    );
}

#[test]
fn regions_write_as_they_do_and_keep_the_words() {
    let text = "为了这里的面条和软件，群众";
    assert_eq!(
        converted("zh-Hans", "zh-Hant", text),
        "爲了這裏的麪條和軟件，羣衆"
    );
    assert_eq!(
        converted("zh-CN", "zh-TW", text),
        "為了這裡的麵條和軟件，群眾"
    );
    assert_eq!(
        converted("zh-CN", "zh-HK", text),
        "為了這裏的麪條和軟件，羣眾"
    );
    assert_eq!(
        converted("zh", "zh-MO", text),
        converted("zh-SG", "zh-Hant-HK", text)
    );
    for region in ["zh-Hant", "zh-TW", "zh-HK", "zh-MO"] {
        let there = converted("zh-Hans", region, text);
        assert_eq!(converted(region, "zh-CN", &there), text, "{region}");
    }
}

#[test]
fn one_script_is_not_converted() {
    for (from, to) in [("zh-TW", "zh-HK"), ("zh-Hant", "zh-TW"), ("zh", "zh-SG")] {
        let (from, to) = (Variety::of(from).unwrap(), Variety::of(to).unwrap());
        assert!(Converter::new(from, to, &[]).is_none());
    }
}

#[test]
fn everything_else_stays() {
    let text = "Ａ１ abc 123 🏮👩‍🔬 カタカナ 한글 \u{200b}\u{e000}𠮷\n\t。，《》";
    assert_eq!(converted("zh-Hans", "zh-Hant", text), text);
    assert_eq!(converted("zh-Hant", "zh-Hans", ""), "");
    assert_eq!(
        converted("zh-Hans", "zh-TW", "𣗊溪🏮发"),
        "樠谿🏮發".replace("樠谿", &converted("zh-Hans", "zh-TW", "𣗊溪"))
    );
}

#[test]
fn phrases_of_editors_win_the_longest_first() {
    let phrases = [
        phrase("软件", "軟體"),
        phrase("软件园", "軟件園"),
        phrase("后", "后"),
    ];
    let converter = converter("zh-Hans", "zh-TW", &phrases);
    assert_eq!(converter.text("软件园的软件，后面"), "軟件園的軟體，后面");
    assert_eq!(converter.text("没有"), "沒有");
    assert_eq!(converter.html("<p>软件园</p>软件"), "<p>軟件園</p>軟體");
}

#[test]
fn what_editors_wrote_is_text_in_html() {
    let phrases = [phrase("发布", "<b>&發</b>"), phrase("amp", "x")];
    let converter = converter("zh-Hans", "zh-Hant", &phrases);
    assert_eq!(
        converter.html("<p>发布 &amp; 发</p>"),
        "<p>&lt;b&gt;&amp;發&lt;/b&gt; &amp; 發</p>"
    );
    assert_eq!(converter.text("发布"), "<b>&發</b>");
}

#[test]
fn only_texts_of_html_are_converted() {
    let converter = converter("zh-Hans", "zh-Hant", &[]);
    for (html, expected) in [
        (
            "<p title=\"发展\">发展<a href=\"/发展\">头发</a><img alt=\"发展\" src=\"/图.png\" lang=\"en\">发</p>",
            "<p title=\"发展\">發展<a href=\"/发展\">頭髮</a><img alt=\"发展\" src=\"/图.png\" lang=\"en\">發</p>",
        ),
        (
            "发<pre><b>发</b><pre>发</pre>发</pre>发<code>发</code><KBD>发</kbd>发",
            "發<pre><b>发</b><pre>发</pre>发</pre>發<code>发</code><KBD>发</kbd>發",
        ),
        (
            "<p lang=\"ja\">国<b>発</b></p><p lang=\"zh-CN\">国</p><p lang=\"\">国</p><p LANG=zh-Hant>国</p>国",
            "<p lang=\"ja\">国<b>発</b></p><p lang=\"zh-CN\">國</p><p lang=\"\">國</p><p LANG=zh-Hant>国</p>國",
        ),
        (
            "发 &amp; &lt;发&gt;&#x53d1;&nbsp;发 & 发&#21457",
            "發 &amp; &lt;發&gt;&#x53d1;&nbsp;發 & 發&#21457",
        ),
        ("发 < 发 <!-- 发 --> 发<", "發 < 發 <!-- 发 --> 發<"),
        ("<pre>发", "<pre>发"),
        ("", ""),
    ] {
        assert_eq!(converter.html(html), expected);
    }
}

/// Everything of `html` but its texts.
fn skeleton(html: &str) -> String {
    let mut tokens = crate::text::markup::Tokens::new(html);
    let mut out = String::new();
    let mut copied = 0;
    while let Some(token) = tokens.next() {
        if let crate::text::markup::Token::Text(text) = token {
            let end = html.len() - tokens.rest().len();
            out.push_str(&html[copied..end - text.len()]);
            copied = end;
        }
    }
    out + &html[copied..]
}

#[test]
fn html_keeps_its_skeleton_whatever_it_is() {
    const PIECES: [&str; 20] = [
        "<p>",
        "</p>",
        "<pre>",
        "</pre>",
        "<code class=\"头发\">",
        "</code>",
        "<img alt='发>'>",
        "发展",
        "头发",
        "&amp;",
        "&发;",
        "<",
        ">",
        "<!--发-->",
        "\"",
        "🏮",
        "<span lang=ja>",
        "</span>",
        "皇后在后面 ",
        "<b 发=发>",
    ];
    let converter = converter("zh-Hans", "zh-TW", &[]);
    let mut seed: u64 = 7;
    for _ in 0..2_000 {
        let html: String = (0..12)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                PIECES[usize::try_from(seed >> 40).unwrap() % PIECES.len()]
            })
            .collect();
        assert_eq!(skeleton(&converter.html(&html)), skeleton(&html), "{html}");
    }
}

#[test]
fn long_texts_take_time_in_proportion() {
    let text = "发展中国家的头发".repeat(40_000);
    let once = converted("zh-Hans", "zh-TW", &text);
    assert_eq!(once, "發展中國家的頭髮".repeat(40_000));
    let broken = "<".repeat(100_000) + &"&".repeat(100_000) + &"<pre>发".repeat(50_000);
    let converter = converter("zh-Hans", "zh-Hant", &[]);
    assert_eq!(converter.html(&broken).len(), broken.len());
}

/// Where OpenCC's cases are that are shared with everybody who works on this.
const CASES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/data/opencc/pairs.tsv"
);

#[test]
fn cases_of_opencc_come_out_as_there() {
    let Ok(cases) = std::fs::read_to_string(CASES) else {
        eprintln!("skipped: cases_of_opencc_come_out_as_there, there is no {CASES}");
        return;
    };
    let mut shares: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for line in cases.lines().skip(1) {
        let [_, config, input, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            continue;
        };
        let (from, to) = match config {
            "s2t" => ("zh-Hans", "zh-Hant"),
            "s2tw" => ("zh-Hans", "zh-TW"),
            "s2hk" => ("zh-Hans", "zh-HK"),
            "t2s" => ("zh-Hant", "zh-Hans"),
            "tw2s" => ("zh-TW", "zh-Hans"),
            "hk2s" => ("zh-HK", "zh-Hans"),
            _ => continue,
        };
        let (exact, all) = shares.entry(config).or_default();
        *all += 1;
        match converted(from, to, input) == expected {
            true => *exact += 1,
            false => eprintln!(
                "{config}: {input}: {expected} expected, not {}",
                converted(from, to, input)
            ),
        }
    }
    assert_eq!(shares.len(), 6, "{shares:?}");
    for (config, (exact, all)) in shares {
        println!("{config}: {exact} of {all} exact");
        assert!(exact * 100 >= all * 98, "{config}: {exact} of {all}");
    }
}

/// `cargo test --release --lib script -- --ignored --nocapture` says how fast it is.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let body = "<p>科学家发现，头发里的微量元素与健康有关；研究团队在皇后大道发布了<a href=\"/x\">报告</a>（AI &amp; 数据）。</p>";
    let body = body.repeat(20_480 / body.len());
    for (from, to) in [
        ("zh-Hans", "zh-Hant"),
        ("zh-Hans", "zh-TW"),
        ("zh-Hant", "zh-Hans"),
    ] {
        let converter = converter(from, to, &[]);
        let warm = converter.html(&body);
        let begin = std::time::Instant::now();
        for _ in 0..100 {
            assert_eq!(converter.html(&body), warm);
        }
        println!(
            "{from} to {to}: {:?} for {} bytes",
            begin.elapsed() / 100,
            body.len()
        );
    }
}
