//! What is found and what is not, through the door that everybody uses.

use std::sync::LazyLock;

use super::*;
use crate::models::hygiene::{
    Boundary, Form, Found, HygieneRule, Piece, Place, Reason, RuleKind, Severity, SpamClass,
    Surroundings,
};
use crate::models::menu::{Menu, PlacedItem};

static SHIPPED: LazyLock<RuleSet> =
    LazyLock::new(|| RuleSet::compile(&shipped()).expect("the shipped rules are good"));

fn piece(field: &str, form: Form, text: &'static str) -> Piece<'static> {
    Piece {
        locale: None,
        field: field.to_owned(),
        form,
        text,
    }
}

fn found(form: Form, text: &'static str) -> Vec<Found> {
    scan(
        &SHIPPED,
        &Surroundings::default(),
        &[piece("/x", form, text)],
    )
}

/// Those that somebody has to look at, with their texts.
fn serious(form: Form, text: &'static str) -> Vec<String> {
    let found = found(form, text).into_iter();
    found
        .filter(|found| found.severity > Severity::Note)
        .map(|found| found.text)
        .collect()
}

#[test]
fn disguises_make_no_difference() {
    for text in [
        "澳门赌场",
        "澳門賭場",
        "澳 门 赌 场",
        "澳\u{200b}门\u{200b}赌\u{200b}场",
        "澳\u{ad}门\u{feff}赌\u{2060}场",
        "&#28595;&#x95E8;赌场",
        "澳&nbsp;门赌&#8203;场",
        "澳<b>门</b>赌<i>场</i>",
        "澳<!-- x -->门赌场",
        "澳<span hidden>大</span>门赌场",
    ] {
        let found = found(Form::Html, text);
        let block = found.iter().find(|found| found.severity == Severity::Block);
        let block = block.unwrap_or_else(|| panic!("{text}: {found:?}"));
        assert_eq!((block.offset, block.length), (0, text.len()), "{text}");
        assert_eq!(block.place, Place::Text);
    }
}

#[test]
fn every_place_of_a_body_is_looked_at() {
    for (html, place, text) in [
        ("<p>在澳门赌场里。</p>", Place::Text, "澳门赌场"),
        (
            "<p>见<a href=\"/a\">澳门赌场</a>。</p>",
            Place::Text,
            "澳门赌场",
        ),
        (
            "<a href=\"https://x.example/?q=%E6%BE%B3%E9%97%A8%E8%B5%8C%E5%9C%BA&amp;y\">x</a>",
            Place::Address,
            "%E6%BE%B3%E9%97%A8%E8%B5%8C%E5%9C%BA",
        ),
        (
            "<img src=\"a.png\" alt=\"澳门赌场\">",
            Place::Attribute,
            "澳门赌场",
        ),
        ("<p title=澳门赌场>x</p>", Place::Attribute, "澳门赌场"),
        ("<!-- 见：澳门赌场。 -->", Place::Comment, "澳门赌场"),
        (
            "<div style=\"display : none\">见澳门赌场。</div>",
            Place::Hidden,
            "澳门赌场",
        ),
        ("<p hidden>见澳门赌场。</p>", Place::Hidden, "澳门赌场"),
        ("<script>x = '澳门赌场'</script>", Place::Hidden, "澳门赌场"),
    ] {
        let found = found(Form::Html, html);
        let same = found.iter().any(|found| {
            found.severity == Severity::Block
                && found.place == place
                && found.text == text
                && html.get(found.offset..found.offset + found.length) == Some(text)
        });
        assert!(same, "{html}: {found:?}");
    }
    assert_eq!(serious(Form::FileName, "2024_澳门赌场.pdf"), ["澳门赌场"]);
    assert_eq!(serious(Form::Plain, "澳门赌场国际合作"), ["澳门赌场"]);
    assert_eq!(
        serious(Form::Address, "/a/online-casino"),
        ["online-casino"]
    );
}

#[test]
fn honest_texts_are_left_alone() {
    for text in [
        "加强创新性交流，5日批准了计划。",
        "澳门大学与澳门特别行政区政府签约。",
        "会议视频可在线观看。",
        "高清视频在线观看",
        "甲方在澳门，赌场一词不在其中吗".get(..15).unwrap(),
        "第二区、第三区的精品课程",
        "广西壮族自治区教育厅",
        "体育彩票公益金资助项目",
        "Essex, Sussex and Middlesex",
        "该生做爱国报告，集群交付。",
    ] {
        assert_eq!(serious(Form::Plain, text), [""; 0], "{text}");
    }
    for html in [
        "<p>他说澳门</p><p>不是赌博的城市。</p>",
        "<p>澳门<br>大学</p>",
        "<p>完。</p><p>（责任编辑：张三）</p>",
        "<p>完。</p><p>关键词：视频, 高清, 在线教育, 国产芯片, 亚洲论坛</p>",
        "<p>完。</p><ul><li><a href=\"https://a.example/\">甲</a></li><li><a href=\"https://b.example/\">乙</a></li></ul>",
        "<!-- 正文开始 --><p>正文。</p>",
    ] {
        assert_eq!(serious(Form::Html, html), [""; 0], "{html}");
    }
}

#[test]
fn gambling_law_is_looked_at_and_not_held_back() {
    let html = "<h2>網路賭博之處罰</h2><p>賭場經營者，處三年以下有期徒刑。</p><p>博彩業之管理，另以法律定之。</p>";
    let found = found(Form::Html, html);
    assert!(!found.is_empty());
    assert!(found.iter().all(|found| found.severity <= Severity::Review));
}

#[test]
fn nothing_is_found_across_lines() {
    for html in [
        "<p>澳门</p><p>赌场</p>",
        "<p>澳门<br>赌场</p>",
        "<p>澳门</p>\n赌场",
    ] {
        let found = found(Form::Html, html);
        assert!(
            found.iter().all(|found| found.rule != "macau-casino"),
            "{html}"
        );
    }
    assert_eq!(serious(Form::Html, "<p>澳门\n赌场来人</p>"), ["澳门\n赌场"]);
}

#[test]
fn a_block_of_spam_is_one_finding_over_its_element() {
    let honest = "<p>論壇在北京開幕，學者與會討論國際合作的機遇，與會專家發表了意見。</p>\n<p>會議為期三天，來自各國的學者參與，專題報導與圖片見後續報導，讀者與記者亦可來電詢問。</p>\n";
    let spam = "<p>亚洲国产久久精品, 欧美无码在线观看 | 97超碰免费视频，日韩一区二区</p>";
    let html: &'static str = Box::leak(format!("{honest}{spam}").into_boxed_str());
    let found = found(Form::Html, html);
    assert_eq!(found.len(), 1, "{found:?}");
    let one = &found[0];
    assert_eq!((one.severity, one.text.as_str()), (Severity::Block, spam));
    assert_eq!((one.offset, one.length), (honest.len(), spam.len()));
    for reason in [
        Reason::Lexicon,
        Reason::PhraseList,
        Reason::Tail,
        Reason::OtherScript,
        Reason::OffTopic,
    ] {
        assert!(one.reasons.contains(&reason), "{reason:?}");
    }
    assert!(one.reasons.is_sorted());
}

#[test]
fn a_line_within_an_element_is_cut_alone() {
    let html = "<p>会议结束。<br><b>真钱博彩网站</b><br>摄影：张三。</p>";
    let found = found(Form::Html, html);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text, "<b>真钱博彩网站</b>");
}

#[test]
fn each_occurrence_is_a_finding_and_overlaps_are_one() {
    let text = "澳门赌场与澳门赌场的在线真钱博彩";
    assert_eq!(
        serious(Form::Plain, text),
        ["澳门赌场", "澳门赌场", "在线真钱博彩"]
    );
}

#[test]
fn what_was_sent_is_read_for_what_cleaning_takes_off() {
    let html = "<p>澳门赌场</p><!-- 澳门赌场 --><p style=\"font-size:0\">澳门赌场</p>";
    let found = found(Form::Raw, html);
    let places: Vec<Place> = found.iter().map(|found| found.place).collect();
    assert_eq!(places, [Place::Comment, Place::Hidden]);
    assert!(found.iter().all(|found| !found.is_stored));
    // An attribute that is kept is found where it is kept.
    let image = "<img src=\"/a.png\" alt=\"澳门赌场\" onload=\"y('澳门赌场')\">";
    let pieces = [
        piece(
            "/body_html",
            Form::Html,
            "<img src=\"/a.png\" alt=\"澳门赌场\">",
        ),
        piece("/body_html", Form::Raw, image),
    ];
    assert_eq!(scan(&SHIPPED, &Surroundings::default(), &pieces).len(), 1);
}

/// What is found in a body that was sent as `raw` and is kept as `clean`.
fn sent(raw: &'static str, clean: &'static str) -> Vec<Found> {
    let pieces = [
        piece("/body_html", Form::Html, clean),
        piece("/body_html", Form::Raw, raw),
    ];
    scan(&SHIPPED, &Surroundings::default(), &pieces)
}

#[test]
fn what_was_hidden_and_is_kept_is_found_where_it_stands() {
    let raw = "<p>开放日圆满结束。</p><div style=\"font-size:0\"><a href=\"https://a.example/\">真人视讯</a> <a href=\"https://b.example/\">百家乐</a> \
        <a href=\"https://c.example/\">在线投注</a></div>";
    let clean = "<p>开放日圆满结束。</p><div><a href=\"https://a.example/\">真人视讯</a> <a href=\"https://b.example/\">百家乐</a> \
        <a href=\"https://c.example/\">在线投注</a></div>";
    let found = sent(raw, clean);
    assert!(!found.is_empty());
    for found in &found {
        assert_eq!(
            clean.get(found.offset..found.offset + found.length),
            Some(found.text.as_str()),
            "{found:?}"
        );
        assert!(found.is_stored, "{found:?}");
    }
    let farm = found.iter().find(|f| f.reasons.contains(&Reason::LinkFarm));
    let farm = farm.unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(
        (farm.place, farm.severity),
        (Place::Hidden, Severity::Block)
    );
    assert!(farm.text.starts_with("<div>") && farm.text.ends_with("</div>"));
    // What is gone is not.
    assert!(
        sent(raw, "<p>开放日圆满结束。</p>")
            .iter()
            .all(|f| !f.is_stored && f.severity < Severity::Block)
    );
    // A part of a line alone.
    let part = sent(
        "<p>请致电<span style='opacity:0'>六合彩开奖</span>前台。</p>",
        "<p>请致电<span>六合彩开奖</span>前台。</p>",
    );
    assert!(
        part.iter()
            .all(|f| f.is_stored && f.severity == Severity::Block),
        "{part:?}"
    );
    // Honest, and seen from now on.
    let honest = sent(
        "<p>正文。</p><div style='opacity:0'>下载附件请点击这里</div>",
        "<p>正文。</p><div>下载附件请点击这里</div>",
    );
    assert_eq!(honest.len(), 1);
    assert_eq!(
        (honest[0].severity, honest[0].text.as_str()),
        (Severity::Note, "<div>下载附件请点击这里</div>")
    );
}

#[test]
fn potency_pills_are_found_where_they_are_sold() {
    for text in [
        "<p>伟哥 万艾可 犀利士 网上购买</p>",
        "<p>正品伟哥，货到付款</p>",
    ] {
        assert!(!serious(Form::Html, text).is_empty(), "{text}");
    }
    let news = "<p>辉瑞公司的万艾可（俗称伟哥）在中国的专利到期。</p>";
    assert_eq!(serious(Form::Html, news), Vec::<String>::new());
}

#[test]
fn an_honest_hidden_element_is_a_note() {
    let found = found(
        Form::Raw,
        "<p>正文。</p><div hidden>下载附件请点击这里</div>",
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Note);
    assert_eq!(found[0].reasons, [Reason::HiddenElement]);
}

#[test]
fn hidden_links_elsewhere_are_a_farm() {
    let around = Surroundings {
        domains: vec!["www.example.edu.cn".to_owned()],
        ..Surroundings::default()
    };
    let of = |html| scan(&SHIPPED, &around, &[piece("/x", Form::Raw, html)]);
    let farm = of("<div style='left:-9999px'><a href='https://x.example/'>天天好运气</a></div>");
    assert!(
        farm.iter().any(|f| f.reasons.contains(&Reason::LinkFarm)),
        "{farm:?}"
    );
    let own = of("<div hidden><a href='https://lib.example.edu.cn/'>图书馆主页</a></div>");
    assert!(own.iter().all(|f| f.severity == Severity::Note), "{own:?}");
}

#[test]
fn a_name_that_is_none_of_the_sites_is_looked_at() {
    let around = Surroundings {
        names: vec!["某某科学院".to_owned()],
        called: vec!["好运俱乐部".to_owned()],
        ..Surroundings::default()
    };
    let site = [
        piece("/name", Form::Name, "好运俱乐部"),
        piece("/owner", Form::Name, "某某科学院办公室"),
    ];
    let found = scan(&SHIPPED, &around, &site);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].rule.as_str(), found[0].severity),
        ("foreign-name", Severity::Review)
    );
    let article = [
        piece("/title", Form::Plain, "好运俱乐部召开会议"),
        piece(
            "/body_html",
            Form::Html,
            "<p>昨日，好运俱乐部召开会议。</p>",
        ),
    ];
    let found = scan(&SHIPPED, &around, &article);
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .all(|f| f.reasons == [Reason::ForeignName, Reason::SameInNameTitleBody])
    );
    // In the body alone, it is somebody else.
    assert_eq!(scan(&SHIPPED, &around, &article[1..]), []);
}

#[test]
fn a_casino_with_the_numbers_of_an_institution_contradicts_them() {
    let around = Surroundings {
        called: vec!["澳门赌场".to_owned()],
        registrations: vec!["网站标识码bm12345678".to_owned()],
        ..Surroundings::default()
    };
    let site = [
        piece("/name", Form::Name, "澳门赌场"),
        piece("/copyright", Form::Plain, "© 澳门赌场"),
    ];
    let found = scan(&SHIPPED, &around, &site);
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .all(|f| f.reasons.contains(&Reason::ContradictsRegistrations))
    );
}

fn rule(kind: RuleKind, boundary: Boundary, texts: &[&str]) -> HygieneRule {
    HygieneRule {
        key: "x".to_owned(),
        kind,
        class: SpamClass::Fraud,
        severity: Severity::Review,
        boundary,
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        description: "x".to_owned(),
        is_enabled: true,
    }
}

#[test]
fn boundaries_are_kept() {
    let count = |boundary, text: &'static str| {
        let rules = [rule(RuleKind::Term, boundary, &["性交", "sex toy"])];
        let rules = RuleSet::compile(&rules).unwrap();
        scan(
            &rules,
            &Surroundings::default(),
            &[piece("/x", Form::Plain, text)],
        )
        .len()
    };
    for (boundary, text, expected) in [
        (Boundary::Anywhere, "创新性交流", 1),
        (Boundary::Alone, "创新性交流", 0),
        (Boundary::Alone, "（性交）、性 交", 2),
        (Boundary::Word, "Essex toys", 0),
        (Boundary::Word, "a SEX  Toy.", 1),
        (Boundary::Word, "sextoy", 0),
        (Boundary::Word, "买sex toy的", 1),
        // Of two words.
        (Boundary::Anywhere, "创新性 交流", 0),
    ] {
        assert_eq!(count(boundary, text), expected, "{boundary:?} {text}");
    }
}

#[test]
fn expressions_are_tried_on_folded_texts() {
    let rules = [rule(
        RuleKind::Pattern,
        Boundary::Anywhere,
        &[r"\b[0-9]{3}彩票"],
    )];
    let rules = RuleSet::compile(&rules).unwrap();
    let text = "在１０ ６ 彩票，106\u{200b}彩票网，2106彩票";
    let found = scan(
        &rules,
        &Surroundings::default(),
        &[piece("/x", Form::Plain, text)],
    );
    let texts: Vec<&str> = found.iter().map(|found| found.text.as_str()).collect();
    assert_eq!(texts, ["106\u{200b}彩票"]);
}

#[test]
fn a_rule_that_cannot_be_applied_says_why() {
    for (kind, boundary, texts) in [
        (RuleKind::Term, Boundary::Anywhere, vec![]),
        (RuleKind::Term, Boundary::Anywhere, vec!["赌"]),
        (RuleKind::Term, Boundary::Anywhere, vec!["(a|b"]),
        (RuleKind::Term, Boundary::Anywhere, vec!["赌场", "赌场"]),
        (RuleKind::Pattern, Boundary::Anywhere, vec!["(a"]),
        (RuleKind::Pattern, Boundary::Anywhere, vec!["a*"]),
        (RuleKind::Pattern, Boundary::Word, vec!["ab"]),
        (RuleKind::Pattern, Boundary::Anywhere, vec![r"(\w{50}){50}"]),
        (RuleKind::Signal, Boundary::Anywhere, vec![]),
        (RuleKind::Signal, Boundary::Anywhere, vec!["赌场"]),
    ] {
        assert!(
            check(&rule(kind, boundary, &texts)).is_err(),
            "{kind:?} {texts:?}"
        );
    }
    let long = "长".repeat(1_001);
    assert!(check(&rule(RuleKind::Term, Boundary::Anywhere, &[&long])).is_err());
    assert!(check(&rule(RuleKind::Term, Boundary::Anywhere, &["(网上|)赌场"])).is_ok());
}

#[test]
fn bombs_are_read_in_time() {
    for text in [
        "<div style=display:none>".repeat(10_000),
        "赌".repeat(70_000),
        "&#36172;".repeat(25_000),
        "赌场,".repeat(30_000),
        "<a></b>".repeat(30_000),
        "<".repeat(200_000),
        "&".repeat(200_000),
    ] {
        for form in [Form::Html, Form::Raw, Form::Plain, Form::Address] {
            let piece = Piece {
                locale: None,
                field: "/x".to_owned(),
                form,
                text: &text,
            };
            let found = scan(&SHIPPED, &Surroundings::default(), &[piece]);
            assert!(found.len() <= 1_000);
        }
    }
}

#[test]
fn items_of_a_menu_are_named_as_the_tree_has_them() {
    let item = |depth, label: &str| PlacedItem {
        depth,
        label: label.to_owned(),
        url: None,
        category: None,
    };
    let menu = Menu {
        id: 1,
        site_id: 1,
        key: "m".to_owned(),
        items: vec![
            item(0, "a"),
            item(1, "b"),
            item(1, "c"),
            item(2, "d"),
            item(0, "e"),
        ],
    };
    let fields: Vec<String> = pieces::of_menu(&menu)
        .into_iter()
        .map(|p| p.field)
        .collect();
    assert_eq!(
        fields,
        [
            "/items/0/label",
            "/items/0/children/0/label",
            "/items/0/children/1/label",
            "/items/0/children/1/children/0/label",
            "/items/1/label",
        ]
    );
}
