use chrono::{DateTime, NaiveDate};

use super::*;
use crate::models::article::{
    ArticleContent, ArticleState, Attachment, Audio, FormerSlug, Retraction, Status,
};
use crate::models::contributor::{Contribution, ContributorKind, ContributorName};
use crate::models::difference::ItemDifference;
use crate::models::time::{Precision, Ts};
use crate::models::workflow::State;

fn at(time: &str) -> Ts {
    Ts(DateTime::parse_from_rfc3339(time).unwrap().to_utc())
}

fn text(locale: &str, title: &str) -> Text {
    Text {
        locale: locale.to_owned(),
        slug: None,
        title: title.to_owned(),
        subtitle: None,
        summary: None,
        summary_label: None,
        byline: None,
        keywords: Vec::new(),
        contributors: Vec::new(),
        body_html: String::new(),
    }
}

fn article() -> ManagedArticle {
    let made = at("2026-05-01T00:00:00Z");
    ManagedArticle {
        id: 1,
        site_id: 1,
        site: "demo".to_owned(),
        key: "a-1".to_owned(),
        category: "news".to_owned(),
        sources: Vec::new(),
        topics: Vec::new(),
        content: ArticleContent {
            state: ArticleState {
                slug: "bao-gao".to_owned(),
                category_id: 1,
                status: Status::Draft,
                held: None,
                locale: "zh-Hans".to_owned(),
                published_at: made,
                published_offset: 480,
                published_precision: Precision::Second,
                unpublish_at: None,
                retraction: None,
                event_date: None,
                source_line: None,
                cover: None,
                audio: Vec::new(),
            },
            texts: vec![text("zh-Hans", "年度报告")],
            contributions: Vec::new(),
            sources: Vec::new(),
            topics: Vec::new(),
            attachments: Vec::new(),
            related: Vec::new(),
            former_slugs: Vec::new(),
        },
        state: State::Draft,
        citations: Some(0),
        revision: 1,
        created_by: None,
        version: 1,
        created_at: made,
        updated_at: made,
    }
}

fn person(key: Option<&str>, role: &str, name: &str) -> Contribution {
    Contribution {
        key: key.map(str::to_owned),
        role: role.to_owned(),
        kind: ContributorKind::Person,
        name: name.to_owned(),
        affiliation: None,
    }
}

fn shown_items(items: &[ItemDifference]) -> String {
    let shown = items.iter().map(|item| {
        let (sign, placed) = match (&item.before, &item.after) {
            (None, Some(after)) => ("+", format!("{}@{}", after.label, after.index)),
            (Some(before), None) => ("-", format!("{}@{}", before.label, before.index)),
            (Some(before), Some(after)) => (
                if item.is_moved { ">" } else { "~" },
                format!(
                    "{}@{}→{}@{}",
                    before.label, before.index, after.label, after.index
                ),
            ),
            (None, None) => unreachable!(),
        };
        let members: Vec<&str> = item.members.iter().map(|member| member.name).collect();
        format!(
            "{sign}{placed}{}",
            members.iter().map(|m| format!(" .{m}")).collect::<String>()
        )
    });
    shown.collect::<Vec<_>>().join("; ")
}

/// Each field that differs on a line: its language, its name, and how it differs.
fn shown(before: Option<&ManagedArticle>, after: &ManagedArticle) -> Vec<String> {
    let line = |field: FieldDifference| {
        let how = match field.how {
            Difference::Text(segments) | Difference::Html(segments) => {
                let runs = segments.into_iter().map(|segment| match segment.kind {
                    SegmentKind::Equal => segment.text,
                    SegmentKind::Delete => format!("[-{}-]", segment.text),
                    SegmentKind::Insert => format!("{{+{}+}}", segment.text),
                });
                runs.collect()
            }
            Difference::Value { before, after } => format!(
                "{} → {}",
                before.as_deref().unwrap_or("∅"),
                after.as_deref().unwrap_or("∅")
            ),
            Difference::List(items) => shown_items(&items),
        };
        let locale = field.locale.unwrap_or_else(|| "*".to_owned());
        format!("{locale} {}: {how}", field.field)
    };
    compare(before, after, Unit::Word)
        .into_iter()
        .map(line)
        .collect()
}

#[test]
fn what_is_the_same_is_not_told() {
    let mut same = article();
    (same.version, same.revision, same.updated_at) = (7, 7, at("2026-06-01T00:00:00Z"));
    assert!(shown(Some(&article()), &same).is_empty());
}

#[test]
fn every_field_is_told_by_its_name() {
    let before = article();
    let mut after = article();
    after.key = "a-2".to_owned();
    after.category = "news/local".to_owned();
    after.state = State::Scheduled;
    after.sources = vec!["daily".to_owned()];
    after.topics = vec!["coast".to_owned()];
    let content = &mut after.content;
    content.related = vec!["a-9".to_owned()];
    content.contributions = vec![person(None, "author", "林晓岚")];
    content.attachments = vec![Attachment {
        name: "年度报告.pdf".to_owned(),
        url: "/files/1.pdf".to_owned(),
        media_type: None,
        size: Some(3),
        sha256: None,
    }];
    content.former_slugs = vec![FormerSlug {
        slug: "bao-gao".to_owned(),
        locale: None,
        retired_at: at("2026-06-01T00:00:00Z"),
    }];
    let state = &mut content.state;
    state.slug = "nian-du-bao-gao".to_owned();
    state.published_at = at("2026-12-01T01:00:00Z");
    state.published_precision = Precision::Minute;
    state.unpublish_at = Some(at("2027-01-01T00:00:00Z"));
    state.retraction = Some(Retraction {
        at: at("2026-07-01T00:00:00Z"),
        reason: "数据有误".to_owned(),
    });
    state.event_date = NaiveDate::from_ymd_opt(2026, 5, 20);
    state.source_line = Some("来源：日报".to_owned());
    state.cover = Some("/cover.jpg".to_owned());
    state.audio = vec![Audio {
        url: "/1.mp3".to_owned(),
        media_type: None,
        duration_s: None,
        locale: None,
        revision: None,
        digest: None,
        stale: false,
    }];
    let original = &mut content.texts[0];
    original.title = "2026年度报告🌊".to_owned();
    original.subtitle = Some("副题".to_owned());
    original.summary = Some("摘要".to_owned());
    original.summary_label = Some("提要".to_owned());
    original.byline = Some("本报记者".to_owned());
    original.slug = Some("zh".to_owned());
    original.keywords = vec!["海洋".to_owned()];
    original.body_html = "<p>正文</p>".to_owned();
    original.contributors = vec![ContributorName {
        key: "lin".to_owned(),
        name: "林曉嵐".to_owned(),
        affiliation: Some("濱海".to_owned()),
    }];
    let told = [
        "zh-Hans title: {+2026+}年度报告{+🌊+}",
        "zh-Hans subtitle: {+副题+}",
        "zh-Hans summary: {+摘要+}",
        "zh-Hans summary_label: {+提要+}",
        "zh-Hans byline: {+本报记者+}",
        "zh-Hans body_html: {+<p>正文</p>+}",
        "zh-Hans slug: ∅ → zh",
        "zh-Hans keywords: +海洋@0",
        "zh-Hans contributors: +林曉嵐 (濱海)@0",
        "* source_line: {+来源：日报+}",
        "* retraction_reason: {+数据有误+}",
        "* status: draft → scheduled",
        "* key: a-1 → a-2",
        "* slug: bao-gao → nian-du-bao-gao",
        "* category: news → news/local",
        "* published_at: 2026-05-01T08:00:00+08:00 → 2026-12-01T09:00:00+08:00",
        "* published_precision: second → minute",
        "* unpublish_at: ∅ → 2027-01-01T00:00:00Z",
        "* retracted_at: ∅ → 2026-07-01T00:00:00Z",
        "* event_date: ∅ → 2026-05-20",
        "* cover: ∅ → /cover.jpg",
        "* contributors: +author: 林晓岚@0",
        "* sources: +daily@0",
        "* topics: +coast@0",
        "* related: +a-9@0",
        "* attachments: +年度报告.pdf@0",
        "* audio: +/1.mp3@0",
        "* former_slugs: +bao-gao@0",
    ];
    assert_eq!(shown(Some(&before), &after), told);
    // The other way round all of it goes.
    let back = shown(Some(&after), &before);
    assert_eq!(back.len(), told.len());
    assert!(back.contains(&"* status: scheduled → draft".to_owned()));
    assert!(back.contains(&"* contributors: -author: 林晓岚@0".to_owned()));
    assert!(back.contains(&"zh-Hans title: [-2026-]年度报告[-🌊-]".to_owned()));
}

#[test]
fn without_an_earlier_one_all_is_new() {
    assert_eq!(
        shown(None, &article()),
        [
            "zh-Hans title: {+年度报告+}",
            "* status: ∅ → draft",
            "* key: ∅ → a-1",
            "* slug: ∅ → bao-gao",
            "* locale: ∅ → zh-Hans",
            "* category: ∅ → news",
            "* published_at: ∅ → 2026-05-01T08:00:00+08:00",
            "* published_precision: ∅ → second",
        ]
    );
}

#[test]
fn contributors_move_as_little_as_they_can() {
    let names = ["林晓岚", "陈宇", "王芳", "Ana", "李娜"];
    let list = |order: &[usize]| {
        let mut article = article();
        let keys = ["a", "b", "c", "d", "e"];
        article.content.contributions = order
            .iter()
            .map(|at| person((*at != 3).then(|| keys[*at]), "author", names[*at]))
            .collect();
        article
    };
    let ordered = list(&[0, 1, 2, 3, 4]);
    for (order, told) in [
        (&[4, 0, 1, 2, 3][..], ">author: 李娜@4→author: 李娜@0"),
        (&[1, 2, 3, 4, 0], ">author: 林晓岚@0→author: 林晓岚@4"),
        (
            &[1, 0, 2, 4, 3],
            ">author: 陈宇@1→author: 陈宇@0; >author: 李娜@4→author: 李娜@3",
        ),
        (&[0, 2, 3, 4], "-author: 陈宇@1"),
    ] {
        let told = format!("* contributors: {told}");
        assert_eq!(shown(Some(&ordered), &list(order)), [told]);
    }
}

#[test]
fn contributors_are_known_again_by_key_and_by_name() {
    let with = |contributions: Vec<Contribution>| {
        let mut article = article();
        article.content.contributions = contributions;
        article
    };
    let mut renamed = person(Some("lin"), "author", "Lin Xiaolan");
    renamed.affiliation = Some("滨海海洋研究所".to_owned());
    for (before, after, told) in [
        (
            vec![person(Some("lin"), "author", "林晓岚")],
            vec![renamed],
            "~author: 林晓岚@0→author: Lin Xiaolan (滨海海洋研究所)@0 .name .affiliation",
        ),
        (
            vec![person(None, "author", "林晓岚")],
            vec![person(Some("lin"), "editor", "林晓岚")],
            "~author: 林晓岚@0→editor: 林晓岚@0 .key .role",
        ),
        (
            vec![person(None, "author", "林晓岚")],
            vec![person(None, "author", "陈宇")],
            "-author: 林晓岚@0; +author: 陈宇@0",
        ),
        // One who did two things did them in another order.
        (
            vec![
                person(Some("lin"), "author", "林晓岚"),
                person(Some("lin"), "photo", "林晓岚"),
            ],
            vec![
                person(Some("lin"), "photo", "林晓岚"),
                person(Some("lin"), "author", "林晓岚"),
            ],
            ">photo: 林晓岚@1→photo: 林晓岚@0",
        ),
    ] {
        let told = format!("* contributors: {told}");
        assert_eq!(shown(Some(&with(before)), &with(after)), [told]);
    }
}

#[test]
fn repeated_items_are_told_apart_by_their_order() {
    let with = |keywords: &[&str]| {
        let mut article = article();
        article.content.texts[0].keywords = keywords.iter().map(|k| (*k).to_owned()).collect();
        article
    };
    for (after, told) in [
        (&["海", "洋", "海", "海"][..], "+海@3"),
        (&["海", "洋"], "-海@2"),
        (&["洋", "海", "海"], ">洋@1→洋@0"),
    ] {
        let before = with(&["海", "洋", "海"]);
        let told = format!("zh-Hans keywords: {told}");
        assert_eq!(shown(Some(&before), &with(after)), [told]);
    }
}

#[test]
fn renditions_are_compared_with_those_in_their_language() {
    let with = |texts: Vec<Text>| {
        let mut article = article();
        article.content.state.locale = texts[0].locale.clone();
        article.content.texts = texts;
        article
    };
    let chinese = || text("zh-Hans", "年度报告");
    let english = || text("en", "Annual report");
    // One comes, one goes.
    assert_eq!(
        shown(
            Some(&with(vec![chinese()])),
            &with(vec![chinese(), english()])
        ),
        ["* translations: +en@0", "en title: {+Annual report+}"]
    );
    assert_eq!(
        shown(
            Some(&with(vec![chinese(), english()])),
            &with(vec![chinese()])
        ),
        ["* translations: -en@0", "en title: [-Annual report-]"]
    );
    // Original and translation change places: what they say stays.
    assert_eq!(
        shown(
            Some(&with(vec![chinese(), english()])),
            &with(vec![english(), chinese()])
        ),
        [
            "* locale: zh-Hans → en",
            "* translations: -en@0; +zh-Hans@0"
        ]
    );
    // The original was in another language than was said.
    assert_eq!(
        shown(
            Some(&with(vec![chinese(), english()])),
            &with(vec![text("zh-Hant", "年度報告"), english()])
        ),
        [
            "zh-Hant title: 年度[-报-]{+報+}告",
            "* locale: zh-Hans → zh-Hant"
        ]
    );
}

#[test]
fn long_titles_are_compared_too() {
    let with = |title: String| {
        let mut article = article();
        article.content.texts[0].title = title;
        article
    };
    let before: String = ('\u{4E00}'..).take(900).collect();
    let after = before
        .replacen('\u{4F00}', "👨‍👩‍👧", 1)
        .replacen('\u{5100}', "", 1);
    let told = shown(Some(&with(before.clone())), &with(after));
    let told = told[0].strip_prefix("zh-Hans title: ").unwrap();
    assert_eq!(
        told,
        before
            .replace('\u{4F00}', "[-\u{4F00}-]{+👨‍👩‍👧+}")
            .replace('\u{5100}', "[-\u{5100}-]")
    );
}

#[test]
fn of_more_than_anybody_reads_it_is_only_said_that_it_was_replaced() {
    let many = |word: &str| {
        let mut article = article();
        for number in 0..12 {
            let mut text = text(&format!("en-x-{number}"), "Report");
            text.body_html = format!("<p>{word}</p>{}", "<p>same</p>".repeat(90_000));
            article.content.texts.push(text);
        }
        article
    };
    let found = compare(Some(&many("one")), &many("two"), Unit::Word);
    let segments = |field: &FieldDifference| match &field.how {
        Difference::Html(segments) => segments.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(found.len(), 12);
    assert_eq!(segments(&found[0]), 4);
    assert_eq!(segments(&found[11]), 2);
}
