//! Texts before and after.

use super::*;
use crate::models::article::{ArticleContent, ArticleState, Attachment, Status, Text};
use crate::models::hygiene::{Reason, Severity, SpamClass};
use crate::models::rules;
use crate::models::time::{Precision, Ts};

fn pairs(all: &[(&str, &str)]) -> Vec<Pair> {
    let pairs = all.iter().map(|(phrase, with)| Pair::new(phrase, with));
    pairs.collect::<Option<_>>().unwrap()
}

/// A text after these pairs, and how many places that were.
fn replaced(form: Form, text: &str, all: &[(&str, &str)]) -> (String, usize) {
    let pairs = pairs(all);
    let (edits, count) = spans::edits(form, text, &pairs, &Cuts::default());
    let runs = segments(text, &edits);
    let of = |kinds: [SegmentKind; 2]| -> String {
        let of_kinds = runs.iter().filter(|run| kinds.contains(&run.kind));
        of_kinds.map(|run| run.text.as_str()).collect()
    };
    let after = applied(text, &edits);
    if !edits.is_empty() {
        assert_eq!(of([SegmentKind::Equal, SegmentKind::Delete]), text);
        assert_eq!(of([SegmentKind::Equal, SegmentKind::Insert]), after);
    }
    (after, count)
}

/// A piece of HTML after what is between `[` and `]` is cut from it.
fn cut(place: Place, marked: &str) -> String {
    let mut text = String::new();
    let mut ranges = Vec::new();
    let mut begin = 0;
    for c in marked.chars() {
        match c {
            '[' => begin = text.len(),
            ']' => ranges.push((place, begin..text.len())),
            c => text.push(c),
        }
    }
    let cuts = Cuts {
        count: ranges.len(),
        ranges,
    };
    let (edits, _) = spans::edits(Form::Html, &text, &[], &cuts);
    applied(&text, &edits)
}

fn found(field: &str, locale: Option<&str>, place: Place, offset: usize, text: &str) -> Found {
    Found {
        rule: "rule".to_owned(),
        class: SpamClass::Gambling,
        severity: Severity::Block,
        reasons: vec![Reason::Lexicon],
        locale: locale.map(str::to_owned),
        field: field.to_owned(),
        place,
        offset,
        length: text.len(),
        text: text.to_owned(),
        is_stored: true,
    }
}

fn article(title: &str, body: &str) -> ArticleContent {
    ArticleContent {
        state: ArticleState {
            slug: crate::text::slug::slugify(title),
            category_id: 1,
            status: Status::Published,
            held: None,
            locale: "zh-Hans".to_owned(),
            published_at: Ts::default(),
            published_offset: 480,
            published_precision: Precision::Date,
            unpublish_at: None,
            retraction: None,
            event_date: None,
            source_line: None,
            cover: None,
            audio: Vec::new(),
        },
        texts: vec![Text {
            locale: "zh-Hans".to_owned(),
            slug: None,
            title: title.to_owned(),
            subtitle: None,
            summary: None,
            summary_label: None,
            byline: None,
            keywords: Vec::new(),
            contributors: Vec::new(),
            body_html: body.to_owned(),
        }],
        contributions: Vec::new(),
        sources: Vec::new(),
        topics: Vec::new(),
        attachments: Vec::new(),
        related: Vec::new(),
        former_slugs: Vec::new(),
    }
}

const FRESH: Slugs<'_> = Slugs {
    key: "k",
    are_fresh: true,
};

#[test]
fn a_phrase_is_replaced_however_it_is_written_and_nothing_else() {
    let with = [("澳门赌场", "中国科学院")];
    for (before, after) in [
        ("澳门赌场国际合作工作", "中国科学院国际合作工作"),
        ("在澳 門　賭\u{200b}場工作", "在中国科学院工作"),
        (
            "澳门大学、澳门特别行政区、赌场",
            "澳门大学、澳门特别行政区、赌场",
        ),
        ("  澳门赌场  澳门赌场 ", "  中国科学院  中国科学院 "),
    ] {
        assert_eq!(replaced(Form::Plain, before, &with).0, after);
    }
    assert_eq!(replaced(Form::Plain, "澳门赌场与澳門賭場", &with).1, 2);
    for (before, after) in [
        ("<p>在&#28595;门赌场&amp;</p>", "<p>在中国科学院&amp;</p>"),
        ("<p>澳<b>门</b>赌场里</p>", "<p>中国科学院里</p>"),
        ("<p>在澳门<b>赌场里</b></p>", "<p>在中国科学院<b>里</b></p>"),
        ("<p><i>在澳门</i>赌场里</p>", "<p><i>在中国科学院</i>里</p>"),
        (
            "<p><a href=\"/a?q=%E6%BE%B3%E9%97%A8%E8%B5%8C%E5%9C%BA&amp;b\" title='澳门赌场'>x</a></p>",
            "<p><a href=\"/a?q=%E4%B8%AD%E5%9B%BD%E7%A7%91%E5%AD%A6%E9%99%A2&amp;b\" title='中国科学院'>x</a></p>",
        ),
        ("<p>澳门</p><p>赌场</p>", "<p>澳门</p><p>赌场</p>"),
    ] {
        assert_eq!(replaced(Form::Html, before, &with).0, after);
    }
}

#[test]
fn what_is_put_in_is_written_as_its_place_wants_it() {
    let with = [("赌场", "R&D <院> \"x\"")];
    assert_eq!(
        replaced(Form::Html, "<p title=\"赌场\">赌场</p>", &with).0,
        "<p title=\"R&amp;D <院> &quot;x&quot;\">R&amp;D &lt;院&gt; \"x\"</p>"
    );
    assert_eq!(replaced(Form::Plain, "赌场", &with).0, "R&D <院> \"x\"");
}

#[test]
fn words_of_scripts_with_blanks_are_whole_words() {
    let with = [("Casino", "Institute")];
    assert_eq!(
        replaced(
            Form::Plain,
            "CASINO, CASINOS, ｃａｓｉｎｏ, a casino",
            &with
        ),
        ("Institute, CASINOS, Institute, a Institute".to_owned(), 3)
    );
    // Exactly what was given is meant wherever it stands.
    assert_eq!(replaced(Form::Plain, "TheCasinos", &with).1, 1);
    assert_eq!(replaced(Form::Html, "<p>TheCasinos</p>", &with).1, 1);
    // The longer of two goes first, and what is put in is not looked at again.
    let both = [("赌场", "院"), ("澳门赌场", "赌场所")];
    assert_eq!(
        replaced(Form::Plain, "澳门赌场的赌场", &both),
        ("赌场所的院".to_owned(), 2)
    );
    assert!(Pair::new("\u{200b} ", "x").is_none());
    assert_eq!(replaced(Form::Plain, "㈱", &[("株", "x")]).1, 0);
}

#[test]
fn what_is_cut_leaves_nothing_empty_behind() {
    for (marked, after) in [
        ("<p>a</p>\n[<p>x</p>]\n[<p>y</p>]", "<p>a</p>"),
        ("[<p>x</p>]\n<p>a</p>", "<p>a</p>"),
        ("<p>a</p>\n<p>[x]</p>\n<p>b</p>", "<p>a</p>\n<p>b</p>"),
        (
            "<p>a</p><div> <p><b>[x]</b></p>\n</div><p>b</p>",
            "<p>a</p><p>b</p>",
        ),
        ("<ul><li>[x]</li> <li><a href=\"/\">[y]</a></li></ul>a", "a"),
        ("<ul><li>[x]</li><li>b</li></ul>", "<ul><li>b</li></ul>"),
        (
            "<table><tr><td>[x]</td></tr></table>",
            "<table><tr><td></td></tr></table>",
        ),
        ("<p>a [x] b</p>", "<p>a  b</p>"),
        ("<p>a[x<b>y]z</b></p>", "<p>a<b>z</b></p>"),
        ("<p>a<br>[x]</p>", "<p>a<br></p>"),
        (
            "<figure>[x]<img src=\"/i\"></figure>",
            "<figure><img src=\"/i\"></figure>",
        ),
    ] {
        assert_eq!(cut(Place::Text, marked), after, "{marked}");
    }
    assert_eq!(
        cut(Place::Comment, "<p>a</p>[<!-- x -->]<p>b</p>"),
        "<p>a</p><p>b</p>"
    );
    assert_eq!(
        cut(
            Place::Address,
            "<p><a class=\"c\" href=\"http://[x.com]/a\">t</a></p>"
        ),
        "<p><a class=\"c\">t</a></p>"
    );
    assert_eq!(
        cut(
            Place::Address,
            "<p>a</p>\n<p><img src=\"[/x]\" alt=\"y\"></p>"
        ),
        "<p>a</p>"
    );
    assert_eq!(cut(Place::Attribute, "<a title='[x]'>t</a>"), "<a>t</a>");
    assert_eq!(
        cut(Place::Attribute, "<a title='a [x]'>t</a>"),
        "<a title='a '>t</a>"
    );
    assert_eq!(
        cut(Place::Attribute, "<img alt=\"[x]\" src=\"/i\">"),
        "<img alt=\"\" src=\"/i\">"
    );
}

#[test]
fn a_title_cannot_be_cut_whole() {
    let locale = Some("zh-Hans");
    let all = found("/title", locale, Place::Text, 0, "赌场");
    let mut content = article("赌场", "<p>x</p>");
    let mut mender = Mender::new(
        &[],
        [Cut {
            place: 3,
            found: &all,
        }],
    );
    mender.article(&mut content, FRESH);
    mender.finish();
    let [refusal] = mender.refusals.as_slice() else {
        panic!("{:?}", mender.refusals);
    };
    assert_eq!(refusal.place, Some(3));
    assert!(refusal.reason.contains("`replace`"), "{}", refusal.reason);
}

#[test]
fn what_moved_is_cut_where_it_stands_and_what_is_gone_is_told() {
    let locale = Some("zh-Hans");
    let moved = found("/title", locale, Place::Text, 0, "赌场");
    let gone = found("/body_html", locale, Place::Text, 3, "娱乐城");
    let mut content = article("新闻 赌场", "<p>x</p>");
    let cut = |place, found| Cut { place, found };
    let mut mender = Mender::new(&[], [cut(0, &moved), cut(1, &gone)]);
    mender.article(&mut content, FRESH);
    mender.finish();
    assert_eq!(content.texts[0].title, "新闻");
    assert_eq!(mender.refusals.len(), 1);
    assert_eq!(mender.refusals[0].place, Some(1));
}

#[test]
fn a_slug_made_from_the_title_follows_it_only_while_nobody_knows_it() {
    let pairs = pairs(&[("澳门赌场", "中国科学院")]);
    for (key, are_fresh, slug, after) in [
        (
            "k",
            true,
            "ao-men-du-chang-gong-zuo",
            "zhong-guo-ke-xue-yuan-gong-zuo",
        ),
        (
            "k",
            false,
            "ao-men-du-chang-gong-zuo",
            "ao-men-du-chang-gong-zuo",
        ),
        ("k", true, "own", "own"),
        ("k", false, "澳门赌场", "zhong-guo-ke-xue-yuan-gong-zuo"),
    ] {
        let mut content = article("澳门赌场工作", "");
        content.state.slug = slug.to_owned();
        let mut mender = Mender::new(&pairs, []);
        mender.article(&mut content, Slugs { key, are_fresh });
        assert_eq!(content.state.slug, after);
        assert_eq!(mender.replaced, 1);
    }
    let mut content = article("澳门赌场工作", "");
    content.state.slug = crate::text::slug::disambiguate("ao-men-du-chang-gong-zuo", "k");
    Mender::new(&pairs, []).article(&mut content, FRESH);
    assert_eq!(content.state.slug, "zhong-guo-ke-xue-yuan-gong-zuo");
}

#[test]
fn entries_of_lists_go_where_nothing_is_left_of_them() {
    let locale = Some("zh-Hans");
    let mut content = article("新闻", "<p>x</p>");
    content.texts[0].keywords = ["科技", "赌场", "赌场大全", "教育"]
        .map(str::to_owned)
        .into();
    let file = |name: &str| Attachment {
        name: name.to_owned(),
        url: format!("https://example.org/{name}"),
        media_type: None,
        size: None,
        sha256: None,
    };
    content.attachments = vec![file("赌场.pdf"), file("报告.pdf")];
    let all = [
        found("/keywords/1", locale, Place::Text, 0, "赌场"),
        found("/keywords/2", locale, Place::Text, 0, "赌场"),
        found("/attachments/0/name", None, Place::FileName, 0, "赌场.pdf"),
    ];
    let cuts = all
        .iter()
        .enumerate()
        .map(|(place, found)| Cut { place, found });
    let mut mender = Mender::new(&[], cuts);
    mender.article(&mut content, FRESH);
    mender.finish();
    assert_eq!(mender.refusals, []);
    assert_eq!(content.texts[0].keywords, ["科技", "大全", "教育"]);
    assert_eq!(content.attachments, [file("报告.pdf")]);
    let fields: Vec<&str> = mender
        .changes
        .iter()
        .map(|change| change.field.as_str())
        .collect();
    assert_eq!(
        fields,
        ["/keywords/1", "/keywords/2", "/attachments/0/name"]
    );
}

#[test]
fn what_grows_too_long_is_refused() {
    let with = "院".repeat(200);
    let pairs = pairs(&[("赌场", &with)]);
    let mut content = article(&"赌场".repeat(20), "");
    let mut mender = Mender::new(&pairs, []);
    mender.article(&mut content, FRESH);
    assert_eq!(mender.refusals.len(), 1);
    assert_eq!(mender.refusals[0].place, None);
    assert!(rules::title(&content.texts[0].title).is_err());
}
