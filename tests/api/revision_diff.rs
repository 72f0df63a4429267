//! What is different between two revisions of an article: by words or characters in every script, tags whole, lists by what moved.

use masthead::models::access::{Role, Scope};
use serde_json::{Value, json};

use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

/// Bytes that the body of an article may have.
const LONGEST_BODY: usize = 2_097_152;

fn content() -> Portal {
    Portal::new("demo")
        .source("daily")
        .source("weekly")
        .topic("deep-sea")
        .topic("coast")
        .category("news")
        .category("news/local")
}

fn draft(title: &str) -> Value {
    json!({"site": "demo", "category": "news", "title": title, "locale": "zh-Hans"})
}

/// An administrator with a key, which outlasts any step of the clock.
fn chief(app: &TestApp) -> Desk<'_> {
    let (_, key) = app.api_key(app.account("chief@example.org", "admin"), &Scope::ALL, None);
    app.desk_of(key)
}

/// What is different, as the server says it; `query` with its `?`.
async fn diff(desk: &Desk<'_>, path: &str, number: i64, query: &str) -> Value {
    let answer = desk
        .get(&format!("{path}/revisions/{number}/diff{query}"))
        .await;
    answer.assert_status(200);
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let body = answer.json();
    assert_eq!(path, format!("/articles/{}", body["article_id"]));
    assert_eq!(body["number"], number);
    for field in body["fields"].as_array().unwrap() {
        assert_is_whole(field);
    }
    body
}

/// Every member is there, and only those say something that belong to the kind.
fn assert_is_whole(field: &Value) {
    let names: Vec<&String> = field.as_object().unwrap().keys().collect();
    let all = [
        "after", "before", "field", "items", "kind", "locale", "segments",
    ];
    assert_eq!(names, all, "{field}");
    let has = |list: &str| field[list] != json!([]);
    let (segments, items) = (has("segments"), has("items"));
    let expected = match field["kind"].as_str().unwrap() {
        "text" | "html" => (true, false),
        "value" => (false, false),
        "list" => (false, true),
        other => panic!("{other}"),
    };
    assert_eq!((segments, items), expected, "{field}");
    if field["kind"] != "value" {
        assert_eq!(
            (&field["before"], &field["after"]),
            (&Value::Null, &Value::Null)
        );
    }
    if field["kind"] == "html" || field["kind"] == "text" {
        assert_ne!(field["locale"].is_null(), is_in_a_language(&field["field"]));
    }
}

/// Whether a text belongs to one language.
fn is_in_a_language(field: &Value) -> bool {
    !["source_line", "retraction_reason"].contains(&field.as_str().unwrap())
}

/// The field with this name and language, which must differ.
#[track_caller]
fn field<'a>(diff: &'a Value, name: &str, locale: Option<&str>) -> &'a Value {
    let fields = diff["fields"].as_array().unwrap();
    let found = fields
        .iter()
        .find(|field| field["field"] == name && field["locale"].as_str() == locale);
    found.unwrap_or_else(|| panic!("no {name} in {locale:?} among {:?}", names(diff)))
}

fn names(diff: &Value) -> Vec<&str> {
    let fields = diff["fields"].as_array().unwrap();
    fields
        .iter()
        .map(|f| f["field"].as_str().unwrap())
        .collect()
}

/// `[-deleted-]` and `{+inserted+}` in what stayed.
fn marked(field: &Value) -> String {
    let segments = field["segments"].as_array().unwrap();
    let runs = segments.iter().map(|segment| {
        let text = segment["text"].as_str().unwrap();
        match segment["kind"].as_str().unwrap() {
            "equal" => text.to_owned(),
            "delete" => format!("[-{text}-]"),
            "insert" => format!("{{+{text}+}}"),
            other => panic!("{other}"),
        }
    });
    runs.collect()
}

/// The text without the runs of one kind.
fn without(field: &Value, kind: &str) -> String {
    let segments = field["segments"].as_array().unwrap();
    let kept = segments.iter().filter(|segment| segment["kind"] != kind);
    kept.map(|segment| segment["text"].as_str().unwrap())
        .collect()
}

/// Every item of a list in a few words.
fn items(field: &Value) -> Vec<String> {
    let items = field["items"].as_array().unwrap();
    let told = items.iter().map(|item| {
        let members: Vec<String> = item["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| format!(" {}: {} → {}", m["name"], m["before"], m["after"]))
            .collect();
        let label = item["after"].as_str().or(item["before"].as_str());
        format!(
            "{} {} {}→{}{}",
            item["kind"].as_str().unwrap(),
            label.unwrap(),
            item["before_index"],
            item["after_index"],
            members.concat()
        )
    });
    told.collect()
}

on_both! {
    /// A change of words is told by words, and in Chinese by characters; full-width forms and emoji are whole
    async fn texts_are_compared_by_words(app) {
        app.import(&content());
        let desk = chief(app);
        let (path, _) = desk.made("/articles", &draft("滨海海洋研究所发布年度报告🌊")).await;
        desk.changed(&path, &json!({
            "title": "滨海海洋科学研究所发布２０２６年度报告👨‍👩‍👧",
            "subtitle": "The Ministry said on Tuesday that all fish are well.",
        })).await;
        desk.changed(&path, &json!({
            "title": "濱海海洋科学研究所发布２０２７年度报告👨‍👩‍👦",
            "subtitle": "The Minister said on Tuesday that fish are well.",
        })).await;
        let second = diff(&desk, &path, 2, "").await;
        assert_eq!((&second["against"], &second["unit"]), (&json!(1), &json!("word")));
        assert_eq!(names(&second), ["title", "subtitle"]);
        let title = field(&second, "title", Some("zh-Hans"));
        assert_eq!(marked(title), "滨海海洋{+科学+}研究所发布{+２０２６+}年度报告[-🌊-]{+👨‍👩‍👧+}");
        let third = diff(&desk, &path, 3, "?unit=word").await;
        assert_eq!(
            marked(field(&third, "title", Some("zh-Hans"))),
            "[-滨-]{+濱+}海海洋科学研究所发布[-２０２６-]{+２０２７+}年度报告[-👨‍👩‍👧-]{+👨‍👩‍👦+}"
        );
        assert_eq!(
            marked(field(&third, "subtitle", Some("zh-Hans"))),
            "The [-Ministry-]{+Minister+} said on Tuesday that [-all -]fish are well."
        );
        // Those further apart, either way round.
        let whole = diff(&desk, &path, 3, "?against=1").await;
        assert_eq!(names(&whole), ["title", "subtitle"]);
        let back = diff(&desk, &path, 1, "?against=3").await;
        for (one, other) in [("insert", "delete"), ("delete", "insert")] {
            let title = |diff| without(field(diff, "title", Some("zh-Hans")), one);
            assert_eq!(title(&whole), without(field(&back, "title", Some("zh-Hans")), other));
        }
        // With itself there is nothing to tell.
        assert_eq!(diff(&desk, &path, 2, "?against=2").await["fields"], json!([]));
    }

    /// A change of characters is told by characters as readers count them
    async fn texts_are_compared_by_characters(app) {
        app.import(&content());
        let desk = chief(app);
        let (path, _) = desk.made("/articles", &draft("Ministry 🇨🇳 cafe\u{301} １２３")).await;
        desk.changed(&path, &json!({"title": "Minister 🇨🇦 cafe １２４"})).await;
        let found = diff(&desk, &path, 2, "?unit=character").await;
        assert_eq!(found["unit"], "character");
        let title = marked(field(&found, "title", Some("zh-Hans")));
        assert!(title.starts_with("Minist"), "{title}");
        assert!(title.ends_with("１２[-３-]{+４+}"), "{title}");
        assert!(title.contains("🇨🇳") && title.contains("🇨🇦") && !title.contains("-]\u{301}"), "{title}");
        let by_words = diff(&desk, &path, 2, "?unit=word").await;
        assert!(marked(field(&by_words, "title", Some("zh-Hans"))).starts_with("[-Ministry"));
    }

    /// Tags and character references are never split, and whole paragraphs come and go
    async fn bodies_are_compared_with_their_tags(app) {
        app.import(&content());
        let desk = chief(app);
        let body = "<p>甲段。</p>\n<p>R&amp;D：<a href=\"https://a.example.org/?x=1&amp;y=2\" rel=\"noopener noreferrer\">链接</a></p>";
        let mut article = draft("标题");
        article["body_html"] = json!(body);
        let (path, _) = desk.made("/articles", &article).await;
        let after = "<p>甲段。</p>\n<p>新段。</p>\n<p>R&lt;D：<a href=\"https://a.example.org/?x=1&amp;y=3\" rel=\"noopener noreferrer\">链接</a></p>";
        desk.changed(&path, &json!({"body_html": after})).await;
        for unit in ["word", "character"] {
            let found = diff(&desk, &path, 2, &format!("?unit={unit}")).await;
            let body_html = field(&found, "body_html", Some("zh-Hans"));
            assert_eq!(body_html["kind"], "html");
            assert_eq!((without(body_html, "insert"), without(body_html, "delete")), (body.to_owned(), after.to_owned()));
            let shown = marked(body_html);
            assert!(shown.contains("\n{+<p>新段。</p>\n+}<p>R"), "{shown}");
            assert!(shown.contains("R[-&amp;-]{+&lt;+}D"), "{shown}");
            assert!(shown.contains("[-<a href=\"https://a.example.org/?x=1&amp;y=2\" rel=\"noopener noreferrer\">"), "{shown}");
        }
    }

    /// Who goes to the front of a list has moved, and nobody else; who changed is told by member
    async fn lists_tell_who_moved(app) {
        app.import(&content());
        let desk = chief(app);
        let person = |key: &str, name: &str, role: &str| json!({"key": key, "kind": "person", "name": name, "role": role});
        let (lin, chen, ana) = (person("lin", "林晓岚", "author"), person("chen", "陈宇", "author"), person("ana", "Ana", "photo"));
        let mut article = draft("标题");
        article["contributors"] = json!([lin, chen, ana]);
        article["sources"] = json!(["daily", "weekly"]);
        article["topics"] = json!(["deep-sea"]);
        article["keywords"] = json!(["海洋", "报告"]);
        article["attachments"] = json!([{"name": "年度报告.pdf", "url": "/files/1.pdf", "size": 3}]);
        let (path, _) = desk.made("/articles", &article).await;
        let mut editor = person("chen", "陈宇", "editor");
        editor["affiliation"] = json!("滨海海洋研究所");
        desk.changed(&path, &json!({
            "contributors": [ana, lin, editor],
            "sources": ["weekly", "daily"],
            "topics": ["deep-sea", "coast"],
            "keywords": ["报告"],
            "attachments": [{"name": "年度報告.pdf", "url": "/files/1.pdf", "size": 4}],
        })).await;
        let found = diff(&desk, &path, 2, "").await;
        assert_eq!(names(&found), ["keywords", "contributors", "sources", "topics", "attachments"]);
        assert_eq!(items(field(&found, "contributors", None)), [
            "moved photo: Ana 2→0",
            "changed editor: 陈宇 (滨海海洋研究所) 1→2 \"role\": \"author\" → \"editor\" \"affiliation\": null → \"滨海海洋研究所\"",
        ]);
        assert_eq!(field(&found, "sources", None)["items"].as_array().unwrap().len(), 1);
        assert_eq!(items(field(&found, "topics", None)), ["added coast null→1"]);
        assert_eq!(items(field(&found, "keywords", Some("zh-Hans"))), ["removed 海洋 0→null"]);
        assert_eq!(
            items(field(&found, "attachments", None)),
            ["changed 年度報告.pdf 0→0 \"name\": \"年度报告.pdf\" → \"年度報告.pdf\" \"size\": \"3\" → \"4\""]
        );
        let contributors = field(&found, "contributors", None)["items"].as_array().unwrap();
        assert_eq!([&contributors[0]["is_moved"], &contributors[1]["is_moved"]], [&json!(true), &json!(false)]);
    }

    /// Where an article stands is told as it is shown: its state, its place, its dates, its slug
    async fn values_are_told_as_they_are_shown(app) {
        app.import(&content());
        app.set_clock("2026-05-01T00:00:00Z");
        let desk = chief(app);
        let (path, _) = desk.made("/articles", &draft("标题")).await;
        desk.changed(&path, &json!({
            "category": "news/local",
            "slug": "biao-ti-2",
            "event_date": "2026-04-30",
            "cover": "/cover.jpg",
            "source_line": "来源：日报",
        })).await;
        let found = diff(&desk, &path, 2, "").await;
        let value = |name: &str| {
            let field = field(&found, name, None);
            (field["before"].clone(), field["after"].clone())
        };
        assert_eq!(value("category"), (json!("news"), json!("news/local")));
        assert_eq!(value("slug").1, "biao-ti-2");
        assert_eq!(value("event_date"), (Value::Null, json!("2026-04-30")));
        assert_eq!(value("cover"), (Value::Null, json!("/cover.jpg")));
        assert_eq!(marked(field(&found, "source_line", None)), "{+来源：日报+}");
        assert_eq!(items(field(&found, "former_slugs", None)).len(), 1);
        for (to, extra) in [
            ("scheduled", json!({"publish_at": "2026-06-01T09:00:00+08:00"})),
            ("retracted", json!({"reason": "数据有误"})),
        ] {
            if to == "retracted" {
                app.set_clock("2026-07-01T00:00:00Z");
            }
            let mut body = extra;
            body["to"] = json!(to);
            let request = desk.request("POST", &format!("{path}/transitions")).header("if-match", "*");
            request.json(&body).send().await.assert_status(200);
        }
        let scheduled = diff(&desk, &path, 3, "").await;
        let status = field(&scheduled, "status", None);
        assert_eq!((&status["before"], &status["after"]), (&json!("draft"), &json!("scheduled")));
        assert_eq!(field(&scheduled, "published_at", None)["after"], "2026-06-01T09:00:00+08:00");
        let retracted = diff(&desk, &path, 4, "").await;
        assert_eq!(field(&retracted, "status", None)["after"], "retracted");
        assert_eq!(field(&retracted, "retracted_at", None)["after"], "2026-07-01T00:00:00Z");
        assert_eq!(marked(field(&retracted, "retraction_reason", None)), "{+数据有误+}");
    }

    /// Translations are compared with those in the same language; one that comes or goes is new or gone whole
    async fn translations_are_compared_by_language(app) {
        app.import(&content());
        let desk = chief(app);
        let (path, _) = desk.made("/articles", &draft("年度报告")).await;
        for (title, locale) in [("Annual report", "en"), ("年度報告", "zh-Hant"), ("The annual report", "en")] {
            let request = desk.request("PUT", &format!("{path}/translations/{locale}")).header("if-match", "*");
            request.json(&json!({"title": title, "body_html": ""})).send().await.assert_status(200);
        }
        let added = diff(&desk, &path, 2, "").await;
        assert_eq!(items(field(&added, "translations", None)), ["added en null→0"]);
        assert_eq!(marked(field(&added, "title", Some("en"))), "{+Annual report+}");
        let changed = diff(&desk, &path, 4, "").await;
        assert_eq!(names(&changed), ["title"]);
        assert_eq!(marked(field(&changed, "title", Some("en"))), "[-Annual -]{+The annual +}report");
        desk.request("DELETE", &format!("{path}/translations/zh-Hant")).header("if-match", "*").send().await.assert_status(200);
        let removed = diff(&desk, &path, 5, "").await;
        assert_eq!(items(field(&removed, "translations", None)), ["removed zh-Hant 1→null"]);
        assert_eq!(marked(field(&removed, "title", Some("zh-Hant"))), "[-年度報告-]");
    }

    /// Of the first revision that is kept all is new; later ones are compared with the last one before them that is kept
    async fn the_first_revision_is_compared_with_nothing(app, |setup| setup.var("MASTHEAD_REVISIONS_KEPT", "3")) {
        app.import(&content());
        let desk = chief(app);
        let (path, _) = desk.made("/articles", &draft("一")).await;
        let first = diff(&desk, &path, 1, "").await;
        assert_eq!(first["against"], Value::Null);
        assert_eq!(marked(field(&first, "title", Some("zh-Hans"))), "{+一+}");
        assert_eq!(field(&first, "status", None)["before"], Value::Null);
        let pin = desk.request("PATCH", &format!("{path}/revisions/1")).header("if-match", "*");
        let pin = pin.header("content-type", "application/merge-patch+json");
        pin.body(json!({"is_pinned": true}).to_string()).send().await.assert_status(200);
        for title in ["二", "三", "四", "五"] {
            desk.changed(&path, &json!({"title": title})).await;
        }
        // The second one is gone, the first one is pinned.
        let third = diff(&desk, &path, 3, "").await;
        assert_eq!(third["against"], 1);
        assert_eq!(marked(field(&third, "title", Some("zh-Hans"))), "[-一-]{+三+}");
        desk.get(&format!("{path}/revisions/2/diff")).await.assert_problem(404, "not_found");
        desk.get(&format!("{path}/revisions/3/diff?against=2")).await.assert_problem(404, "not_found");
    }

    /// What is not there is not found, and what cannot be asked is refused
    async fn bad_requests_are_refused(app) {
        app.import(&content());
        let desk = chief(app);
        let (path, _) = desk.made("/articles", &draft("标题")).await;
        for (place, status, code) in [
            ("/articles/999999/revisions/1/diff".to_owned(), 404, "not_found"),
            (format!("{path}/revisions/2/diff"), 404, "not_found"),
            (format!("{path}/revisions/0/diff"), 404, "not_found"),
            (format!("{path}/revisions/1/diff?against=9"), 404, "not_found"),
            (format!("{path}/revisions/1/diff?against=0"), 400, "invalid_parameter"),
            (format!("{path}/revisions/1/diff?against=%E4%B8%80"), 400, "invalid_parameter"),
            (format!("{path}/revisions/1/diff?unit=line"), 400, "invalid_parameter"),
            (format!("{path}/revisions/1/diff?limit=1"), 400, "invalid_parameter"),
        ] {
            desk.get(&place).await.assert_problem(status, code);
        }
    }

    /// Only those see it who may see the article, and delivery has no such thing
    async fn strangers_learn_nothing(app) {
        app.import(&content());
        app.import(&Portal::new("other").category("news"));
        let desk = chief(app);
        let (path, _) = desk.made("/articles", &draft("秘密")).await;
        desk.changed(&path, &json!({"title": "更多秘密"})).await;
        let place = format!("{path}/revisions/2/diff");
        let stranger = app.desk_of(app.token_with(None, &[(Role::Editor, "other", None)]));
        let answer = stranger.get(&place).await;
        answer.assert_problem(404, "not_found");
        assert!(!answer.text().contains("秘密"));
        app.get(&format!("/api/v1/manage{place}")).await.assert_problem(401, "unauthenticated");
        app.get(&format!("/api/v1{place}")).await.assert_problem(404, "not_found");
        app.desk("reader").get(&place).await.assert_status(200);
        let (_, key) = app.api_key(app.account("key@example.org", "admin"), &[Scope::StructureRead], None);
        app.desk_of(key).get(&place).await.assert_problem(403, "insufficient_scope");
    }

    /// The same comparison has the same ETag, and is not sent twice
    async fn it_is_not_sent_twice(app) {
        app.import(&content());
        let desk = chief(app);
        let (path, _) = desk.made("/articles", &draft("一")).await;
        desk.changed(&path, &json!({"title": "二"})).await;
        let place = format!("{path}/revisions/2/diff");
        let answer = desk.get(&place).await;
        let tag = answer.header("etag").unwrap().to_owned();
        let again = desk.request("GET", &place).header("if-none-match", &tag).send().await;
        again.assert_status(304);
        let other = desk.get(&format!("{place}?unit=character")).await;
        assert_ne!(other.header("etag"), Some(tag.as_str()));
    }

    /// The longest bodies are compared too: those with a few edits, and those that have nothing in common
    async fn the_longest_bodies_are_compared(app) {
        app.import(&content());
        let desk = chief(app);
        let mut random = fastrand::Rng::with_seed(11);
        let chinese = of_length(|| char::from_u32(0x4E00 + random.u32(0..3_000)).unwrap().to_string());
        let edited = chinese.replacen("<p>", "<p>喵", 7);
        let other = of_length(|| char::from_u32(0x5C00 + random.u32(0..3_000)).unwrap().to_string());
        let english = of_length(|| format!("w{} ", random.u32(0..9_000)));
        let mut article = draft("长文");
        article["body_html"] = json!(chinese);
        let (path, _) = desk.made("/articles", &article).await;
        let bodies = [&chinese, &edited, &other, &english];
        for body in &bodies[1..] {
            desk.changed(&path, &json!({"body_html": body})).await;
        }
        for (number, unit) in [(2, "word"), (3, "character"), (4, "word")] {
            let found = diff(&desk, &path, number, &format!("?unit={unit}")).await;
            assert_eq!(names(&found), ["body_html"]);
            let body = field(&found, "body_html", Some("zh-Hans"));
            let place = usize::try_from(number).unwrap();
            assert!(without(body, "insert") == *bodies[place - 2]);
            assert!(without(body, "delete") == *bodies[place - 1]);
            if number == 2 {
                let inserted = body["segments"].as_array().unwrap().iter().filter(|s| s["kind"] == "insert");
                assert_eq!(inserted.count(), 7);
            }
        }
    }
}

/// A body that is as long as it may be, nearly.
fn of_length(mut word: impl FnMut() -> String) -> String {
    let mut body = String::new();
    let mut count = 0;
    while body.len() < LONGEST_BODY - 64 {
        body.push_str(if count % 200 == 0 { "<p>" } else { "" });
        body.push_str(&word());
        count += 1;
        body.push_str(if count % 200 == 0 { "</p>\n" } else { "" });
    }
    if count % 200 != 0 {
        body.push_str("</p>");
    }
    body
}
