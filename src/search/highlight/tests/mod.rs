//! What is marked in titles, example by example.

mod every_text;
mod passages;

use super::*;
use crate::search::query::parse;

fn title(text: &str, q: &str) -> Option<String> {
    whole(text, &parse(q).unwrap(), Extent::Pieces)
}

fn marked(text: &str, q: &str) -> String {
    title(text, q).unwrap()
}

fn shown(text: &str, q: &str) -> Vec<String> {
    passages(text, &parse(q).unwrap(), Extent::Pieces, 3)
}

/// The text of a passage.
fn read(html: &str) -> String {
    html.replace("<mark>", "")
        .replace("</mark>", "")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[test]
fn what_is_found_is_marked_in_its_own_script_and_spelling() {
    assert_eq!(marked("科技创新", "創新"), "科技<mark>创新</mark>");
    assert_eq!(marked("科技創新體系", "创新"), "科技<mark>創新</mark>體系");
    assert_eq!(
        marked("ＡＩ與 Ｓcience", "ai science"),
        "<mark>ＡＩ</mark>與 <mark>Ｓcience</mark>"
    );
    assert_eq!(
        marked("Café CAFÉ cafe\u{301}s", "cafe"),
        "<mark>Café</mark> <mark>CAFÉ</mark> cafe\u{301}s"
    );
    assert_eq!(
        marked("回顾2014年的科学", "2014年"),
        "回顾<mark>2014年</mark>的科学"
    );
    assert_eq!(
        marked("回顾 ２０１４ 年", "2014年"),
        "回顾 <mark>２０１４ 年</mark>"
    );
    assert_eq!(title("科学与技术", "创新"), None);
    assert_eq!(title("", "创新"), None);
}

#[test]
fn a_match_at_either_end_is_marked() {
    assert_eq!(marked("创新", "创新"), "<mark>创新</mark>");
    assert_eq!(marked("创新中国", "创新"), "<mark>创新</mark>中国");
    assert_eq!(marked("中国创新", "创新"), "中国<mark>创新</mark>");
}

#[test]
fn one_character_is_marked_wherever_it_stands() {
    assert_eq!(
        marked("新中国的新能源", "新"),
        "<mark>新</mark>中国的<mark>新</mark>能源"
    );
    assert_eq!(marked("新新能源", "新"), "<mark>新新</mark>能源");
}

#[test]
fn matches_that_touch_or_overlap_are_one_mark() {
    assert_eq!(marked("中国科学院", "中国 国科"), "<mark>中国科</mark>学院");
    assert_eq!(marked("中国科学院", "中国 科学"), "<mark>中国科学</mark>院");
    assert_eq!(
        marked("中国科学院", "科学 科学院"),
        "中国<mark>科学院</mark>"
    );
    assert_eq!(marked("哈哈哈哈", "哈哈"), "<mark>哈哈哈哈</mark>");
    assert_eq!(
        marked("中国，科学", "中国 科学"),
        "<mark>中国</mark>，<mark>科学</mark>"
    );
}

#[test]
fn one_mark_covers_what_stands_within_a_match() {
    assert_eq!(
        marked("创\u{200b}新 中国", "创新"),
        "<mark>创\u{200b}新</mark> 中国"
    );
    assert_eq!(
        marked("创 新——体系", "\"创新体系\""),
        "<mark>创 新——体系</mark>"
    );
    assert_eq!(
        marked("sci\u{ad}ence", "science"),
        "<mark>sci\u{ad}ence</mark>"
    );
    assert_eq!(marked("圆周率3.14。", "3.14"), "圆周率<mark>3.14</mark>。");
    assert_eq!(
        marked("科技。创新", "\"科技。创新\""),
        "<mark>科技。创新</mark>"
    );
}

#[test]
fn a_stop_parts_a_phrase() {
    assert_eq!(
        marked("建科技。创新，科技创新", "科技创新"),
        "建科技。创新，<mark>科技创新</mark>"
    );
}

#[test]
fn a_grapheme_cluster_is_marked_as_a_whole() {
    assert_eq!(
        marked("👩\u{200d}🔬研究", "🔬"),
        "<mark>👩\u{200d}🔬</mark>研究"
    );
    assert_eq!(marked("👍🏽好", "👍"), "<mark>👍🏽</mark>好");
    assert_eq!(marked("🇨🇳队", "🇨"), "<mark>🇨🇳</mark>队");
    assert_eq!(marked("ガス", "カ"), "<mark>ガ</mark>ス");
    assert_eq!(marked("第½章", "½"), "第<mark>½</mark>章");
    assert_eq!(marked("㈱科学", "株"), "<mark>㈱</mark>科学");
}

#[test]
fn texts_are_escaped() {
    assert_eq!(
        marked("<script>alert('创新')</script> & \"x\"", "创新"),
        "&lt;script&gt;alert(&#39;<mark>创新</mark>&#39;)&lt;/script&gt; &amp; &quot;x&quot;"
    );
    assert_eq!(marked("a&b", "\"a b\""), "<mark>a&amp;b</mark>");
    assert_eq!(
        marked("&amp; amp", "amp"),
        "&amp;<mark>amp</mark>; <mark>amp</mark>"
    );
    assert_eq!(
        marked("<mark>科</mark>", "mark"),
        "&lt;<mark>mark</mark>&gt;科&lt;/<mark>mark</mark>&gt;"
    );
    assert_eq!(plain("<b>&'\"创新"), "&lt;b&gt;&amp;&#39;&quot;创新");
    assert_eq!(
        shown("一段<script>alert(1)</script>与创新&amp;。", "创新"),
        ["一段&lt;script&gt;alert(1)&lt;/script&gt;与<mark>创新</mark>&amp;amp;。"]
    );
}

#[test]
fn where_no_phrase_stands_its_pairs_and_words_are_marked() {
    assert_eq!(
        marked("科技体制与创新", "科技创新"),
        "<mark>科技</mark>体制与<mark>创新</mark>"
    );
    assert_eq!(marked("科技创业", "科技创新"), "<mark>科技创</mark>业");
    assert_eq!(marked("2014届", "2014年"), "<mark>2014</mark>届");
    assert_eq!(
        marked("open the science", "\"open science\""),
        "<mark>open</mark> the <mark>science</mark>"
    );
    assert_eq!(title("科学与技术", "科技"), None);
    // One that stands is enough.
    assert_eq!(
        marked("创新与科技", "创新 科技体系"),
        "<mark>创新</mark>与科技"
    );
}

#[test]
fn a_long_title_is_marked_to_its_end() {
    let text = "创新与科学".repeat(180);
    assert_eq!(marked(&text, "创新"), "<mark>创新</mark>与科学".repeat(180));
}

#[test]
fn pieces_of_phrases_are_marked_only_where_they_are_wanted() {
    let query = parse("科技创新").unwrap();
    assert_eq!(whole("科技與創新", &query, Extent::Phrases), None);
    assert!(passages("科技與創新", &query, Extent::Phrases, 3).is_empty());
    assert!(whole("国家科技創新", &query, Extent::Phrases).is_some());
}
