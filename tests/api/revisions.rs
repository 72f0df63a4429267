//! The revisions of articles: every save leaves one, each is the article as it was, and what it said comes back.

use masthead::models::access::{Role, Scope};
use masthead::store::articles::revisions as stored;
use masthead::store::migrations;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::client::Answer;
use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

/// Bytes that the body of an article may have.
const LONGEST_BODY: usize = 2_097_152;

fn content() -> Portal {
    Portal::new("demo")
        .source("daily")
        .source("weekly")
        .source("net")
        .topic("deep-sea")
        .topic("coast")
        .category("news")
        .category("news/local")
        .category("about")
}

fn draft(title: &str) -> Value {
    json!({"site": "demo", "category": "news", "title": title})
}

/// An administrator with a key, which outlasts any step of the clock.
fn chief(app: &TestApp) -> Desk<'_> {
    let (_, key) = app.api_key(app.account("chief@example.org", "admin"), &Scope::ALL, None);
    app.desk_of(key)
}

/// A request that takes `If-Match`.
async fn send(desk: &Desk<'_>, method: &str, path: &str, tag: &str, body: Value) -> Answer {
    let request = desk.request(method, path).header("if-match", tag);
    match body {
        Value::Null => request.send().await,
        body => request.json(&body).send().await,
    }
}

async fn restore(desk: &Desk<'_>, path: &str, number: i64, tag: &str) -> Answer {
    let path = format!("{path}/revisions/{number}/restore");
    send(desk, "POST", &path, tag, json!({"comment": "恢复 🌊"})).await
}

/// The article after a revision came back.
async fn restored(desk: &Desk<'_>, path: &str, number: i64) -> Value {
    let before = desk.get(path).await.assert_status(200).json();
    let answer = restore(desk, path, number, "*").await;
    let (after, _) = desk.found(&answer);
    assert_eq!(after["revision"], before["revision"].as_i64().unwrap() + 1);
    assert_eq!(after["version"], before["version"].as_i64().unwrap() + 1);
    assert_eq!(desk.get(path).await.json(), after);
    after
}

/// Every revision of an article, the newest first.
async fn revisions(desk: &Desk<'_>, path: &str) -> Vec<Value> {
    desk.walk(&format!("{path}/revisions?limit=100")).await.0
}

async fn numbers(desk: &Desk<'_>, path: &str) -> Vec<i64> {
    let list = revisions(desk, path).await;
    list.iter().map(|r| r["number"].as_i64().unwrap()).collect()
}

async fn revision(desk: &Desk<'_>, path: &str, number: i64) -> Answer {
    desk.get(&format!("{path}/revisions/{number}")).await
}

/// The revision with its article, which must be there, and its ETag.
async fn whole(desk: &Desk<'_>, path: &str, number: i64) -> (Value, String) {
    let answer = revision(desk, path, number).await;
    let body = answer.assert_status(200).json();
    let tag = answer.header("etag").unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", body["revision"]["version"]));
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    assert_eq!(body["revision"]["number"], number);
    assert_eq!(body["article"]["revision"], number);
    (body, tag)
}

/// The id of something in the lists of those who manage, by one of its members.
async fn id_of(desk: &Desk<'_>, list: &str, member: &str, value: &str) -> i64 {
    let (items, _) = desk.walk(list).await;
    let found = items.iter().find(|item| item[member] == value);
    found.unwrap_or_else(|| panic!("no {value} in {list}"))["id"]
        .as_i64()
        .unwrap()
}

async fn category(desk: &Desk<'_>, path: &str) -> String {
    let id = id_of(desk, "/categories?site=demo&limit=100", "path", path).await;
    format!("/categories/{id}")
}

async fn article(desk: &Desk<'_>, key: &str) -> String {
    format!(
        "/articles/{}",
        id_of(desk, "/articles?limit=100", "key", key).await
    )
}

/// Rows of revisions in the database, of one article.
fn rows(app: &TestApp, article_id: i64) -> u64 {
    let total = stored::count(&mut app.database().connect(), article_id).unwrap();
    match total {
        masthead::models::page::Total::Exact(n) => u64::try_from(n).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn id(path: &str) -> i64 {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

/// What an article says, as opposed to where it stands.
const SAID: [&str; 22] = [
    "slug",
    "locale",
    "category",
    "category_id",
    "title",
    "subtitle",
    "summary",
    "summary_label",
    "body_html",
    "byline",
    "contributors",
    "sources",
    "source_line",
    "topics",
    "keywords",
    "event_date",
    "cover",
    "attachments",
    "audio",
    "related",
    "translations",
    "key",
];

fn said(article: &Value) -> Vec<(&'static str, Value)> {
    SAID.iter()
        .map(|name| (*name, article[*name].clone()))
        .collect()
}

/// An article with something in each member.
fn full(key: &str) -> Value {
    let mut article = json!({
        "site": "demo", "key": key, "slug": format!("深海-{key}"), "status": "draft", "locale": "zh-Hans", "category": "news/local",
        "title": "深海观测 🌊 ＡＢＣ", "subtitle": "副题", "summary": "摘要", "summary_label": "【摘要】",
        "body_html": "<h2 id=\"a\">一</h2><p>正文 &amp; <em>重点</em> 👩‍🔬</p><ul><li>甲</li></ul>", "byline": "文 / 林晓岚",
        "contributors": [
            {"key": "lin", "role": "author", "kind": "person", "name": "林晓岚", "affiliation": "滨海研究所"},
            {"key": null, "role": "editor", "kind": "organization", "name": "编辑部", "affiliation": null},
            {"key": "wu", "role": "author", "kind": "person", "name": "吴 Wu", "affiliation": null}],
        "sources": ["weekly", "daily"], "source_line": "来源:日报", "topics": ["deep-sea", "coast"], "keywords": ["深海", "ＡＢＣ", "🌊"],
        "event_date": "2026-01-02", "cover": "https://example.org/c.jpg",
        "attachments": [
            {"name": "报告.pdf", "url": "https://example.org/r.pdf", "media_type": "application/pdf", "size": 12, "sha256": "0".repeat(64)},
            {"name": "附图", "url": "https://example.org/p.png", "media_type": null, "size": null, "sha256": null}],
        "audio": [{"url": "https://example.org/a.mp3", "media_type": "audio/mpeg", "duration_s": 3, "locale": "zh-Hans", "revision": 1, "stale": false}],
        "related": ["other"], "published_at": "2026-01-10T08:00:00+09:00", "published_precision": "minute",
        "unpublish_at": "2027-01-01T00:00:00Z",
    });
    article["translations"] = json!([
            {"locale": "en", "title": "Deep sea", "body_html": "<p>Text</p>", "slug": format!("deep-sea-{key}"),
             "subtitle": "Sub", "summary": "Sum", "summary_label": "Abstract", "byline": "By Lin",
             "contributors": [{"key": "lin", "name": "Lin Xiaolan", "affiliation": "Institute"}], "keywords": ["sea"]},
            {"locale": "zh-Hant", "title": "深海觀測", "body_html": "<p>正文 🌊</p>", "slug": null,
             "subtitle": null, "summary": null, "summary_label": null, "byline": null, "contributors": [], "keywords": []},
    ]);
    article
}

/// A change of everything that [`full`] says.
fn otherwise(slug: &str) -> Value {
    json!({
        "slug": slug, "locale": "zh-Hant", "category": "about", "title": "別的", "subtitle": null, "summary": "另", "summary_label": null,
        "body_html": "<p>別</p>", "byline": null, "source_line": null, "event_date": null, "cover": null, "audio": [], "related": [],
        "contributors": [
            {"key": "wu", "role": "reporter", "kind": "person", "name": "吴", "affiliation": "新单位"},
            {"key": "lin", "role": "author", "kind": "person", "name": "林", "affiliation": null}],
        "sources": ["net"], "topics": [], "keywords": ["別"],
        "attachments": [{"name": "报告 2", "url": "https://example.org/r.pdf"}, {"name": "新", "url": "https://example.org/n.pdf"}],
        "translations": [{"locale": "fr", "title": "Autre", "body_html": "<p>x</p>", "slug": format!("{slug}-fr")}],
    })
}

on_both! {
    /// Every kind of save makes exactly one revision, with who, when, how and why
    async fn every_save_is_one_revision(app) {
        app.import(&content());
        let user = app.account("chief@example.org", "admin");
        let desk = app.desk_of(app.sign_in_as(user));
        let second = |n: u32| app.set_clock(&format!("2026-01-15T04:00:{n:02}Z"));
        let mut new = draft("第一稿 🌊");
        new["key"] = json!("k");
        new["comment"] = json!("开始");
        let (path, _) = desk.made("/articles", &new).await;
        second(2);
        desk.changed(&path, &json!({"title": "第二稿 ＡＢＣ", "comment": "改题"})).await;
        second(3);
        let french = json!({"title": "Un", "body_html": "<p>1</p>", "comment": "traduit"});
        send(&desk, "PUT", &format!("{path}/translations/fr"), "*", french.clone()).await.assert_status(200);
        send(&desk, "PUT", &format!("{path}/translations/fr"), "*", french).await.assert_status(200);
        second(4);
        send(&desk, "DELETE", &format!("{path}/translations/fr"), "*", Value::Null).await.assert_status(200);
        second(5);
        let transitions = format!("{path}/transitions");
        send(&desk, "POST", &transitions, "*", json!({"to": "in_review", "comment": "請審核"})).await.assert_status(200);
        second(6);
        send(&desk, "POST", &transitions, "*", json!({"to": "in_review", "comment": "再看"})).await.assert_status(200);
        second(7);
        restored(&desk, &path, 1).await;
        second(8);
        let file = content().article("k", |a| a.category("news").title("第八稿"));
        app.import(&file);
        // What changes nothing, or is refused, leaves none.
        second(9);
        assert_eq!(app.import(&file).updated, 0);
        desk.unchanged(&path, &json!({"title": "第八稿"})).await;
        desk.patch_if(&path, "\"1\"", &json!({"title": "x"})).await.assert_problem(412, "precondition_failed");
        desk.patch(&path, &json!({"title": null})).await.assert_problem(422, "invalid_body");
        send(&desk, "POST", &transitions, "*", json!({"to": "approved"})).await.assert_problem(409, "conflict");
        send(&desk, "DELETE", &format!("{path}/translations/de"), "*", Value::Null).await.assert_problem(404, "not_found");
        second(10);
        let target = format!("/manage{path}");
        let operations = json!([
            {"method": "PATCH", "path": target, "if_match": "*", "body": {"title": "九", "comment": "in a batch"}},
            {"method": "PATCH", "path": target, "if_match": "*", "body": {"title": "十"}},
            {"method": "POST", "path": format!("{target}/revisions/9/restore"), "if_match": "*", "body": {"comment": "again"}}]);
        desk.post("/batch", &json!({"operations": operations})).await.assert_status(200);

        let list = revisions(&desk, &path).await;
        let shown: Vec<Value> = list.iter().rev()
            .map(|r| json!([r["action"], r["comment"], r["status"], r["title"], r["created_at"].as_str().unwrap().get(17..19)]))
            .collect();
        assert_eq!(shown, [
            json!(["create", "开始", "draft", "第一稿 🌊", "00"]),
            json!(["update", "改题", "draft", "第二稿 ＡＢＣ", "02"]),
            json!(["translate", "traduit", "draft", "第二稿 ＡＢＣ", "03"]),
            json!(["translate", null, "draft", "第二稿 ＡＢＣ", "04"]),
            json!(["transition", "請審核", "in_review", "第二稿 ＡＢＣ", "05"]),
            json!(["transition", "再看", "in_review", "第二稿 ＡＢＣ", "06"]),
            json!(["restore", "恢复 🌊", "in_review", "第一稿 🌊", "07"]),
            json!(["import", null, "published", "第八稿", "08"]),
            json!(["update", "in a batch", "published", "九", "10"]),
            json!(["update", null, "published", "十", "10"]),
            json!(["restore", "again", "published", "九", "10"]),
        ]);
        for (at, item) in list.iter().rev().enumerate() {
            let by_import = item["action"] == "import";
            assert_eq!(item["number"], at + 1);
            assert_eq!(item["article_version"], at + 1);
            assert_eq!(item["article_id"], id(&path));
            assert_eq!(item["created_by"], if by_import { Value::Null } else { json!(user) });
            assert_eq!(item["actor"], if by_import { "import" } else { "chief@example.org" });
            assert_eq!((&item["is_pinned"], &item["is_current"]), (&json!(false), &json!(at == 10)));
        }
        assert_eq!(rows(app, id(&path)), 11);
        // A new article of a file has one, too.
        app.import(&content().article("new", |a| a));
        let list = revisions(&desk, &article(&desk, "new").await).await;
        assert_eq!(list.len(), 1);
        assert_eq!((&list[0]["action"], &list[0]["actor"], &list[0]["is_current"]), (&json!("import"), &json!("import"), &json!(true)));
    }

    /// A comment is text like any other
    async fn comments_are_checked(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("A")).await;
        desk.changed(&path, &json!({"title": "B"})).await;
        let restoring = format!("{path}/revisions/1/restore");
        for bad in [json!(1), json!(["x"]), json!("  "), json!("x".repeat(2_001)), json!("a\u{0}b")] {
            for (method, path) in [("PATCH", &path), ("POST", &restoring)] {
                let refused = send(&desk, method, path, "*", json!({"comment": bad})).await;
                if refused.status == 422 {
                    assert_eq!(refused.assert_problem(422, "invalid_body")["errors"][0]["pointer"], "/comment", "{bad}");
                } else {
                    refused.assert_problem(400, "malformed_request");
                }
            }
        }
        send(&desk, "POST", &restoring, "*", json!({"title": "x"})).await.assert_problem(422, "invalid_body");
        assert_eq!(numbers(&desk, &path).await, [2, 1]);
        let long = "👩‍🔬滨".repeat(1_000);
        send(&desk, "POST", &restoring, "*", json!({"comment": long})).await.assert_status(200);
        send(&desk, "POST", &restoring, "*", json!({"comment": null})).await.assert_status(200);
        send(&desk, "POST", &restoring, "*", json!({})).await.assert_status(200);
        let list = revisions(&desk, &path).await;
        assert_eq!([&list[0]["comment"], &list[1]["comment"], &list[2]["comment"]], [&Value::Null, &Value::Null, &json!(long)]);
    }

    /// The list is the newest first, page by page, by cursor and by number, with a total
    async fn the_list_is_paged(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("0")).await;
        let (other, _) = desk.made("/articles", &draft("other")).await;
        desk.changed(&other, &json!({"title": "other 2"})).await;
        let list = format!("{path}/revisions");
        for count in [1_i64, 2, 4, 5] {
            while numbers(&desk, &path).await.len() < usize::try_from(count).unwrap() {
                let n = numbers(&desk, &path).await.len();
                desk.changed(&path, &json!({"title": format!("标题 {n}")})).await;
            }
            let all: Vec<i64> = (1..=count).rev().collect();
            for limit in [1, 2, 4, 100] {
                let (items, pages) = desk.walk(&format!("{list}?limit={limit}&count=exact")).await;
                assert_eq!(items.iter().map(|r| r["number"].as_i64().unwrap()).collect::<Vec<_>>(), all);
                assert_eq!(i64::try_from(pages).unwrap(), (count + limit - 1) / limit);
                for page in 1..=pages + 1 {
                    let answer = desk.get(&format!("{list}?limit={limit}&page={page}&count=exact")).await;
                    let body = answer.assert_status(200).json();
                    let start = (page - 1) * usize::try_from(limit).unwrap();
                    let wanted: Vec<i64> = all.iter().copied().skip(start).take(usize::try_from(limit).unwrap()).collect();
                    let found: Vec<i64> = body["items"].as_array().unwrap().iter().map(|r| r["number"].as_i64().unwrap()).collect();
                    assert_eq!(found, wanted, "{answer}");
                    assert_eq!((&body["total"], &body["total_kind"]), (&json!(count), &json!("exact")));
                    assert_eq!(body["next_cursor"].is_null(), page >= pages, "{answer}");
                }
            }
        }
        // A page does not slide when another revision comes in between.
        let first = desk.get(&format!("{list}?limit=2")).await.assert_status(200).json();
        assert_eq!(first["total"], Value::Null);
        desk.changed(&path, &json!({"title": "in between"})).await;
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = desk.get(&format!("{list}?limit=2&cursor={cursor}")).await.assert_status(200).json();
        assert_eq!([&second["items"][0]["number"], &second["items"][1]["number"]], [3, 2]);
        desk.get(&format!("{other}/revisions?cursor={cursor}")).await.assert_problem(400, "invalid_cursor");
        desk.get(&format!("/articles?cursor={cursor}")).await.assert_problem(400, "invalid_cursor");
        for bad in ["limit=0", "limit=101", "page=0", "page=10001", "x=1", "count=all"] {
            desk.get(&format!("{list}?{bad}")).await.assert_problem(400, "invalid_parameter");
        }
        assert_eq!(desk.get(&list).await.json()["items"].as_array().unwrap().len(), 6);
    }

    /// Each revision shows exactly what the article showed then, whatever became of what it names
    async fn each_revision_is_the_article_as_it_was(app) {
        app.import(&content().article("other", |a| a));
        let desk = chief(app);
        let (path, made) = desk.made("/articles", &full("k")).await;
        for (name, value) in full("k").as_object().unwrap() {
            assert_eq!(made[name], *value, "{name}");
        }
        let mut shown = vec![made];
        let moves: Vec<(&str, String, Value)> = vec![
            ("PATCH", path.clone(), json!({"title": "ＢＣＤ"})),
            ("PATCH", path.clone(), otherwise("andere")),
            ("PUT", format!("{path}/translations/en"), json!({"title": "Again", "body_html": "<p>&lt;b&gt;</p>", "slug": "again"})),
            ("POST", format!("{path}/transitions"), json!({"to": "in_review", "comment": "?"})),
            ("POST", format!("{path}/transitions"), json!({"to": "scheduled", "publish_at": "2026-01-16T00:00:00+08:00", "unpublish_at": null})),
            ("PATCH", path.clone(), json!({"former_slugs": [{"slug": "alt", "locale": "fr", "until": "2020-01-01T00:00:00Z"}]})),
            ("POST", format!("{path}/transitions"), json!({"to": "published"})),
            ("DELETE", format!("{path}/translations/en"), Value::Null),
            ("POST", format!("{path}/transitions"), json!({"to": "retracted", "reason": "数据有误 🌊"})),
            ("POST", format!("{path}/revisions/1/restore"), json!({})),
            ("PATCH", path.clone(), json!({"sources": ["weekly"], "topics": ["coast"]})),
            ("POST", format!("{path}/transitions"), json!({"to": "draft"})),
            ("PATCH", path.clone(), json!({"locale": "en", "slug": "en", "related": []})),
        ];
        for (at, (method, target, body)) in moves.into_iter().enumerate() {
            app.set_clock(&format!("2026-01-15T05:{at:02}:00Z"));
            send(&desk, method, &target, "*", body).await.assert_status(200);
            shown.push(desk.get(&path).await.assert_status(200).json());
            for (number, then) in (1..).zip(&shown) {
                let (body, _) = whole(&desk, &path, number).await;
                assert_eq!(body["article"], *then, "revision {number} after {at}");
            }
        }
        // The scheduled one says so still, long after.
        app.set_clock("2026-01-20T00:00:00Z");
        let list = revisions(&desk, &path).await;
        for (summary, then) in list.iter().zip(shown.iter().rev()) {
            let (body, _) = whole(&desk, &path, summary["number"].as_i64().unwrap()).await;
            assert_eq!(body["revision"], *summary);
            assert_eq!(body["article"], *then);
            assert_eq!((&summary["status"], &summary["title"]), (&then["status"], &then["title"]));
            assert_eq!((&summary["created_at"], &summary["article_version"]), (&then["updated_at"], &then["version"]));
        }
        assert_eq!(list.iter().rev().map(|r| r["status"].as_str().unwrap()).collect::<Vec<_>>(), [
            "draft", "draft", "draft", "draft", "in_review", "scheduled", "scheduled", "published", "published", "retracted", "retracted",
            "retracted", "draft", "draft"]);
    }

    /// The newest revision is the article as it stands, and its ETag follows what others change of it
    async fn the_newest_follows_what_the_article_names(app) {
        app.import(&content().article("other", |a| a));
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &full("k")).await;
        desk.changed(&path, &json!({"title": "二"})).await;
        let old = whole(&desk, &path, 1).await;
        let mut seen = vec![whole(&desk, &path, 2).await];
        let news = category(&desk, "news").await;
        let weekly = format!("/sources/{}", id_of(&desk, "/sources?limit=100", "slug", "weekly").await);
        let daily = id_of(&desk, "/sources?limit=100", "slug", "daily").await;
        let coast = format!("/topics/{}", id_of(&desk, "/topics?site=demo&limit=100", "key", "coast").await);
        let other = article(&desk, "other").await;
        desk.changed(&news, &json!({"slug": "新闻"})).await;
        seen.push(whole(&desk, &path, 2).await);
        assert_eq!(seen[1].0["article"]["category"], "新闻/local");
        send(&desk, "POST", &format!("{weekly}/merge"), "*", json!({"into": daily})).await.assert_status(200);
        seen.push(whole(&desk, &path, 2).await);
        assert_eq!(seen[2].0["article"]["sources"], json!(["daily"]));
        desk.delete(&coast).await.assert_status(204);
        seen.push(whole(&desk, &path, 2).await);
        assert_eq!(seen[3].0["article"]["topics"], json!(["deep-sea"]));
        desk.delete(&other).await.assert_status(204);
        seen.push(whole(&desk, &path, 2).await);
        assert_eq!(seen[4].0["article"]["related"], json!([]));
        assert_eq!(seen[4].0["article"], desk.get(&path).await.json());
        // Pinned: a version of its own, which the next one does not take again.
        let pinned = desk.patch_if(&format!("{path}/revisions/2"), &seen[4].1, &json!({"is_pinned": true})).await;
        pinned.assert_status(200);
        seen.push(whole(&desk, &path, 2).await);
        desk.changed(&news, &json!({"slug": "news"})).await;
        seen.push(whole(&desk, &path, 2).await);
        desk.changed(&path, &json!({"title": "三"})).await;
        seen.push(whole(&desk, &path, 2).await);
        assert_eq!(seen[7].0["revision"]["is_current"], false);
        assert_eq!(seen[7].0["article"], seen[6].0["article"]);
        desk.changed(&news, &json!({"slug": "其他"})).await;
        assert_eq!(whole(&desk, &path, 2).await, seen[7], "what is over stays");
        assert_eq!(whole(&desk, &path, 1).await, old, "what is over stays");
        for (at, (body, tag)) in seen.iter().enumerate() {
            for (later, later_tag) in &seen[at + 1..] {
                assert_ne!((body == later, tag == later_tag), (false, true), "two revisions under {tag}");
                assert_ne!(tag, later_tag);
            }
        }
        assert_eq!(whole(&desk, &path, 3).await.0["article"], desk.get(&path).await.json());
    }

    /// Conditional requests, and what is not there
    async fn revisions_keep_conditions(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("A")).await;
        desk.changed(&path, &json!({"title": "B"})).await;
        for number in [1, 2] {
            let (_, tag) = whole(&desk, &path, number).await;
            let target = format!("{path}/revisions/{number}");
            for given in [tag.clone(), format!("\"0\", W/{tag}"), "*".to_owned()] {
                let answer = desk.request("GET", &target).header("if-none-match", &given).send().await;
                answer.assert_status(304);
                assert_eq!(answer.header("etag"), Some(tag.as_str()));
            }
            desk.request("GET", &target).header("if-none-match", "\"77\"").send().await.assert_status(200);
            let change = json!({"comment": "x"});
            desk.request("PATCH", &target).json(&change).send().await.assert_problem(428, "precondition_required");
            desk.patch_if(&target, "1", &change).await.assert_problem(400, "malformed_request");
            for stale in ["\"0\"", &format!("W/{tag}"), "\"x\""] {
                let answer = desk.patch_if(&target, stale, &change).await;
                answer.assert_problem(412, "precondition_failed");
                assert_eq!(answer.header("etag"), Some(tag.as_str()), "{stale}");
            }
            let answer = desk.patch_if(&target, &format!("\"0\", {tag}"), &change).await;
            let (changed, new_tag) = desk.found(&answer);
            assert_ne!(new_tag, tag);
            assert_eq!(changed["comment"], "x");
            desk.patch_if(&target, &tag, &change).await.assert_problem(412, "precondition_failed");
            let idle = desk.patch_if(&target, "*", &change).await;
            assert_eq!(desk.found(&idle).1, new_tag, "nothing changed");
            let (cleared, _) = desk.found(&desk.patch_if(&target, "*", &json!({"comment": null})).await);
            assert_eq!(cleared["comment"], Value::Null);
        }
        // The article itself is another thing with another ETag.
        assert_eq!(desk.tag(&path).await, "\"2\"");
        desk.request("POST", &format!("{path}/revisions/1/restore")).json(&json!({})).send().await.assert_problem(428, "precondition_required");
        let stale = restore(&desk, &path, 1, "\"1\"").await;
        stale.assert_problem(412, "precondition_failed");
        assert_eq!(stale.header("etag"), Some("\"2\""));
        for (target, status) in [
            (format!("{path}/revisions/3"), 404), ("/articles/99/revisions/1".to_owned(), 404), (format!("{path}/revisions/9007199254740991"), 404),
            (format!("{path}/revisions/0"), 404), (format!("{path}/revisions/-1"), 404), (format!("{path}/revisions/x"), 404),
        ] {
            desk.get(&target).await.problem(status);
            desk.patch_if(&target, "*", &json!({"is_pinned": true})).await.problem(status);
            send(&desk, "POST", &format!("{target}/restore"), "*", json!({})).await.problem(status);
        }
        desk.get("/articles/99/revisions").await.assert_problem(404, "not_found");
        for (body, pointer) in [
            (json!({"is_pinned": null}), "/is_pinned"), (json!({"is_pinned": 1}), "/is_pinned"), (json!({"number": 1}), "/number"),
            (json!({"title": "x"}), "/title"), (json!({"comment": 1}), "/comment"), (json!({"nope": 1}), "/nope"), (json!([]), ""),
        ] {
            let refused = desk.patch_if(&format!("{path}/revisions/1"), "*", &body).await;
            assert_eq!(refused.assert_problem(422, "invalid_body")["errors"][0]["pointer"], pointer, "{body}");
        }
        assert_eq!(numbers(&desk, &path).await, [2, 1]);
    }

    /// Who does not see an article does not see its revisions; who may not change it may look
    async fn revisions_are_seen_like_their_article(app) {
        app.import(&content());
        let admin = app.desk("admin");
        let (path, _) = admin.made("/articles", &full("k").as_object().map(|o| {
            let mut o = o.clone();
            o.insert("related".to_owned(), json!([]));
            Value::Object(o)
        }).unwrap()).await;
        admin.changed(&path, &json!({"title": "二"})).await;
        let outside = app.desk_of(app.token_with(None, &[(Role::Editor, "demo", Some("about"))]));
        let nobody = app.desk_of(app.token_with(None, &[]));
        let one = format!("{path}/revisions/1");
        for desk in [&outside, &nobody] {
            let mut answers = vec![desk.get(&path).await, desk.get(&format!("{path}/revisions")).await, desk.get(&one).await];
            answers.push(desk.patch_if(&one, "*", &json!({"is_pinned": true})).await);
            answers.push(restore(desk, &path, 1, "*").await);
            // And as if it were not there at all.
            answers.push(desk.get("/articles/99/revisions/1").await);
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            for (answer, first) in answers.iter().zip([statuses[0], statuses[0], statuses[0]]) {
                answer.problem(first);
            }
            assert!(statuses.iter().all(|status| matches!(status, 403 | 404)), "{statuses:?}");
            for answer in &answers {
                assert!(!answer.text().contains("深海观测"), "{answer}");
            }
        }
        assert_eq!(outside.get(&one).await.status, 404);
        assert_eq!(restore(&outside, &path, 1, "*").await.status, 404);
        for role in ["reader", "author", "reviewer"] {
            let desk = app.desk(role);
            assert_eq!(whole(&desk, &path, 1).await, whole(&admin, &path, 1).await);
            assert_eq!(numbers(&desk, &path).await, [2, 1]);
            desk.patch_if(&one, "*", &json!({"is_pinned": true})).await.assert_problem(403, "forbidden");
            restore(&desk, &path, 1, "*").await.assert_problem(403, "forbidden");
        }
        for target in [format!("{path}/revisions"), one.clone()] {
            app.request("GET", &format!("/api/v1/manage{target}")).send().await.assert_problem(401, "unauthenticated");
        }
        assert_eq!(admin.get(&path).await.json()["revision"], 2);
    }

    /// Editors pin and comment revisions, and the audit log says so
    async fn editors_pin_and_comment(app) {
        app.import(&content());
        let admin = app.desk("admin");
        let (path, _) = admin.made("/articles", &draft("A")).await;
        admin.changed(&path, &json!({"title": "B", "comment": "旧"})).await;
        let editor = app.desk_of(app.token_with(None, &[(Role::Editor, "demo", Some("news"))]));
        let two = format!("{path}/revisions/2");
        let (pinned, tag) = editor.found(&editor.patch_if(&two, "\"1\"", &json!({"is_pinned": true, "comment": "定稿 🌊"})).await);
        assert_eq!((&pinned["is_pinned"], &pinned["comment"], tag.as_str()), (&json!(true), &json!("定稿 🌊"), "\"2\""));
        assert_eq!(whole(&admin, &path, 2).await.0["revision"], pinned);
        // Neither is a save of the article.
        let now = admin.get(&path).await.json();
        assert_eq!((&now["revision"], &now["version"]), (&json!(2), &json!(2)));
        editor.found(&editor.patch_if(&two, "*", &json!({"is_pinned": true})).await);
        let restored = restore(&editor, &path, 1, "\"2\"").await;
        restored.assert_status(200);
        let log = admin.get("/audit-log?limit=100").await.assert_status(200).json();
        let entries: Vec<&Value> = log["items"].as_array().unwrap().iter().collect();
        let actions: Vec<&Value> = entries.iter().map(|e| &e["action"]).collect();
        assert_eq!(actions, ["restore_revision", "update_revision", "update_article", "create_article"]);
        let [back, pin, ..] = entries.as_slice() else { panic!() };
        assert_eq!((&back["resource"], &back["resource_id"], &back["after"]["restored"]), (&json!("article"), &json!(id(&path)), &json!(1)));
        assert_eq!((&back["before"]["title"], &back["after"]["title"]), (&json!("B"), &json!("A")));
        assert_eq!((&pin["resource"], &pin["resource_id"], &pin["after"]["number"]), (&json!("article"), &json!(id(&path)), &json!(2)));
        assert_eq!((&pin["before"]["comment"], &pin["after"]["comment"]), (&json!("旧"), &json!("定稿 🌊")));
        assert_eq!((&pin["before"]["is_pinned"], &pin["after"]["is_pinned"], &pin["site"]), (&json!(false), &json!(true), &json!("demo")));
    }

    /// What an article said comes back in every language; where it stands, and what was counted, stays
    async fn what_an_article_said_comes_back(app) {
        let mut file = full("k");
        // Numbers of revisions mean nothing elsewhere.
        file["audio"][0].as_object_mut().unwrap().remove("revision");
        app.import(&content().article("other", |a| a).article("k", |a| {
            let mut a = a;
            for (name, value) in file.as_object().unwrap() {
                a = a.set(name, value);
            }
            a.status("published").set("views", 7).set("citations", 3)
        }));
        let desk = chief(app);
        let path = article(&desk, "k").await;
        let first = desk.get(&path).await.json();
        let public = app.get(&format!("/api/v1{path}?locale=zh-Hans")).await.assert_status(200).json();
        app.set_clock("2026-01-15T05:00:00Z");
        let mut change = otherwise("andere");
        change["status"] = json!("archived");
        change["published_at"] = json!("2025-01-01T00:00:00Z");
        change["unpublish_at"] = json!("2028-01-01T00:00:00Z");
        let second = desk.changed(&path, &change).await;
        app.set_clock("2026-01-15T06:00:00Z");
        let third = restored(&desk, &path, 1).await;
        assert_eq!(said(&third), said(&first));
        for name in ["status", "published_at", "published_precision", "unpublish_at", "created_by", "created_at", "key", "id"] {
            assert_eq!(third[name], second[name], "{name}");
        }
        assert_eq!(third["updated_at"], "2026-01-15T06:00:00Z");
        let views = |list: Value| list["items"].as_array().unwrap().iter().find(|a| a["key"] == "k").unwrap()["views"].clone();
        assert_eq!(views(desk.get("/articles").await.json()), 7);
        // And to readers, once it is out again.
        let out = desk.changed(&path, &json!({"status": "published", "published_at": first["published_at"], "unpublish_at": first["unpublish_at"]})).await;
        assert_eq!(said(&out), said(&first));
        let mut again = app.get(&format!("/api/v1{path}?locale=zh-Hans")).await.assert_status(200).json();
        assert_eq!(again["views"], 7);
        // A file that was away is a new one; one that stayed is the same.
        assert_eq!(again["attachments"][0]["id"], public["attachments"][0]["id"]);
        again["attachments"][1]["id"] = public["attachments"][1]["id"].clone();
        for name in ["updated_at", "version"] {
            again[name] = public[name].clone();
        }
        assert_eq!(again, public);
        for locale in ["en", "zh-Hant"] {
            assert_eq!(app.get(&format!("/api/v1{path}?locale={locale}&fallback=none")).await.assert_status(200).json()["locale"], locale);
        }
        app.get(&format!("/api/v1{path}?locale=fr&fallback=none")).await.assert_status(404);
        // Then the other way, and once more the same.
        let back = restored(&desk, &path, 2).await;
        assert_eq!(said(&back), said(&second));
        let number = back["revision"].as_i64().unwrap();
        let same = restored(&desk, &path, number).await;
        assert_eq!(said(&same), said(&back));
        let lists = |query: &str| format!("/api/v1/articles?site=demo&count=exact&{query}");
        for (query, total) in [("keyword=深海", 0), ("keyword=別", 1), ("available_in=fr", 1), ("available_in=en", 1), ("category_path=about", 1)] {
            assert_eq!(app.get(&lists(query)).await.json()["total"], total, "{query}");
        }
        let before: Vec<String> = vec![app.get(&lists("sort=title")).await.text(), app.get("/api/v1/sites/demo/categories").await.text()];
        app.app.services().upkeep.reindex().unwrap();
        assert_eq!(before, [app.get(&lists("sort=title")).await.text(), app.get("/api/v1/sites/demo/categories").await.text()]);
    }

    /// A slug comes back, and the one in between leads on
    async fn a_slug_comes_back(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let mut new = draft("A");
        new["status"] = json!("published");
        new["slug"] = json!("一");
        new["translations"] = json!([{"locale": "fr", "title": "F", "body_html": "", "slug": "un"}]);
        let (path, _) = desk.made("/articles", &new).await;
        desk.changed(&path, &json!({"slug": "zwei", "translations": [{"locale": "fr", "title": "F", "body_html": "", "slug": "deux"}]})).await;
        desk.changed(&path, &json!({"slug": "三"})).await;
        let back = restored(&desk, &path, 1).await;
        assert_eq!((&back["slug"], &back["translations"][0]["slug"]), (&json!("一"), &json!("un")));
        for (old, new) in [("zwei", "%E4%B8%80"), ("三", "%E4%B8%80"), ("deux", "un")] {
            let moved = app.get(&format!("/api/v1/sites/demo/articles/{old}")).await;
            assert!(moved.assert_status(308).header("location").unwrap().ends_with(&format!("/{new}")), "{old}");
        }
        assert_eq!(app.get("/api/v1/sites/demo/articles/un").await.assert_status(200).json()["locale"], "fr");
        // Another one takes them meanwhile.
        desk.changed(&path, &json!({"slug": "vier", "translations": []})).await;
        let mut taker = draft("B");
        taker["status"] = json!("published");
        taker["slug"] = json!("一");
        taker["translations"] = json!([{"locale": "fr", "title": "G", "body_html": "", "slug": "un"}]);
        let (other, _) = desk.made("/articles", &taker).await;
        let back = restored(&desk, &path, 1).await;
        assert_eq!((&back["slug"], &back["translations"][0]["slug"], &back["translations"][0]["title"]), (&json!("vier"), &Value::Null, &json!("F")));
        for slug in ["一", "un"] {
            assert_eq!(app.get(&format!("/api/v1/sites/demo/articles/{slug}?locale=en")).await.assert_status(200).json()["id"], id(&other));
        }
        // Taken, then given up again: free.
        desk.changed(&other, &json!({"slug": "b", "translations": []})).await;
        let back = restored(&desk, &path, 1).await;
        assert_eq!((&back["slug"], &back["translations"][0]["slug"]), (&json!("一"), &json!("un")));
        assert_eq!(app.get("/api/v1/sites/demo/articles/一").await.assert_status(200).json()["id"], id(&path));
    }

    /// What is gone is left out, the rest comes back in its order
    async fn what_is_gone_is_left_out(app) {
        app.import(&content().article("other", |a| a).article("stays", |a| a));
        let desk = app.desk("admin");
        let mut new = full("k");
        new["sources"] = json!(["weekly", "net", "daily"]);
        new["related"] = json!(["other", "stays"]);
        let (path, first) = desk.made("/articles", &new).await;
        desk.changed(&path, &otherwise("andere")).await;
        desk.changed(&path, &json!({"sources": []})).await;
        let weekly = format!("/sources/{}", id_of(&desk, "/sources?limit=100", "slug", "weekly").await);
        let net = format!("/sources/{}", id_of(&desk, "/sources?limit=100", "slug", "net").await);
        let daily = id_of(&desk, "/sources?limit=100", "slug", "daily").await;
        desk.delete(&net).await.assert_status(204);
        send(&desk, "POST", &format!("{weekly}/merge"), "*", json!({"into": daily})).await.assert_status(200);
        let deep = format!("/topics/{}", id_of(&desk, "/topics?site=demo&limit=100", "key", "deep-sea").await);
        desk.delete(&deep).await.assert_status(204);
        desk.delete(&article(&desk, "other").await).await.assert_status(204);
        desk.delete(&category(&desk, "news/local").await).await.assert_status(204);
        assert_eq!(whole(&desk, &path, 1).await.0["article"], first, "it says still what it said");
        let back = restored(&desk, &path, 1).await;
        assert_eq!(back["sources"], json!(["daily"]));
        assert_eq!(back["topics"], json!(["coast"]));
        assert_eq!(back["related"], json!(["stays"]));
        assert_eq!(back["category"], "about", "the category stays where it is");
        for name in ["title", "body_html", "translations", "contributors", "attachments", "keywords", "slug"] {
            assert_eq!(back[name], first[name], "{name}");
        }
        // Another category at the same place takes its part.
        desk.made("/categories", &json!({"site": "demo", "path": "news/local", "name": "新"})).await;
        assert_eq!(restored(&desk, &path, 1).await["category"], "news/local");
        // One that was moved is the same.
        desk.changed(&path, &json!({"category": "about"})).await;
        let news = category(&desk, "news").await;
        desk.changed(&news, &json!({"slug": "新闻"})).await;
        let number = back["revision"].as_i64().unwrap() + 1;
        assert_eq!(whole(&desk, &path, number).await.0["article"]["category"], "news/local");
        assert_eq!(restored(&desk, &path, number).await["category"], "新闻/local");
    }

    /// Authors bring back what their own drafts said, and nothing else
    async fn authors_restore_their_own_drafts(app) {
        app.import(&content());
        let admin = app.desk("admin");
        let author = app.desk_of(app.token_with(None, &[(Role::Author, "demo", Some("news"))]));
        let (mine, _) = author.made("/articles", &draft("甲")).await;
        author.changed(&mine, &json!({"title": "乙", "category": "news/local"})).await;
        let back = restored(&author, &mine, 1).await;
        assert_eq!((&back["title"], &back["category"]), (&json!("甲"), &json!("news")));
        let (theirs, _) = admin.made("/articles", &draft("A")).await;
        admin.changed(&theirs, &json!({"title": "B"})).await;
        restore(&author, &theirs, 1, "*").await.assert_problem(403, "forbidden");
        assert_eq!(admin.get(&theirs).await.json()["title"], "B");
        author.patch_if(&format!("{mine}/revisions/1"), "*", &json!({"is_pinned": true})).await.assert_problem(403, "forbidden");
        for to in [json!({"to": "in_review"}), json!({"to": "approved"}), json!({"to": "published"}), json!({"to": "archived"})] {
            send(&admin, "POST", &format!("{mine}/transitions"), "*", to.clone()).await.assert_status(200);
            restore(&author, &mine, 2, "*").await.assert_problem(403, "forbidden");
        }
        assert_eq!(admin.get(&mine).await.json()["title"], "甲");
        send(&admin, "POST", &format!("{mine}/transitions"), "*", json!({"to": "draft"})).await.assert_status(200);
        assert_eq!(restored(&author, &mine, 2).await["title"], "乙");
        // What somebody else made of it, the author brings back too.
        admin.changed(&mine, &json!({"title": "丙"})).await;
        assert_eq!(restored(&author, &mine, 1).await["title"], "甲");
    }

    /// Nothing comes back into a category where the caller has no rights
    async fn nothing_comes_back_into_a_category_of_others(app) {
        app.import(&content());
        let admin = app.desk("admin");
        let mut new = draft("A");
        new["category"] = json!("about");
        let (path, _) = admin.made("/articles", &new).await;
        admin.changed(&path, &json!({"category": "news"})).await;
        let editor = app.desk_of(app.token_with(None, &[(Role::Editor, "demo", Some("news"))]));
        let halfway = app.desk_of(app.token_with(None, &[(Role::Editor, "demo", Some("news")), (Role::Author, "demo", Some("about"))]));
        for desk in [&editor, &halfway] {
            restore(desk, &path, 1, "*").await.assert_problem(403, "forbidden");
        }
        let now = admin.get(&path).await.json();
        assert_eq!((&now["category"], &now["revision"]), (&json!("news"), &json!(2)));
        // Once that category is gone there is nowhere to bring it.
        admin.delete(&category(&admin, "about").await).await.assert_status(204);
        assert_eq!(restored(&editor, &path, 1).await["category"], "news");
        // Drafts of one's own go where one may write.
        let author = app.desk_of(app.token_with(None, &[(Role::Author, "demo", Some("news/local"))]));
        let mut new = draft("B");
        new["category"] = json!("news/local");
        let (own, _) = author.made("/articles", &new).await;
        admin.changed(&own, &json!({"category": "news"})).await;
        author.get(&own).await.assert_problem(404, "not_found");
        restore(&author, &own, 1, "*").await.assert_problem(404, "not_found");
    }

    /// The longest bodies there are survive
    async fn the_longest_bodies_survive(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let mut random = fastrand::Rng::with_seed(12);
        let mut body = |alphabet: &[char]| {
            let mut text = "<p>".to_owned();
            while text.len() < LONGEST_BODY - 8 {
                text.push(*random.choice(alphabet).unwrap());
            }
            while text.len() < LONGEST_BODY - 4 {
                text.push('x');
            }
            text + "</p>"
        };
        let han: Vec<char> = ('\u{4E00}'..='\u{9FA5}').chain(['🌊', 'Ａ', '　']).collect();
        let (first, second) = (body(&han), body(&['é', 'a', '𠀀']));
        let mut new = draft("长");
        new["body_html"] = json!(first);
        new["translations"] = json!([{"locale": "fr", "title": "Long", "body_html": second}]);
        let (path, made) = desk.made("/articles", &new).await;
        assert_eq!(made["body_html"].as_str().unwrap().len(), LONGEST_BODY);
        let changed = json!({"body_html": second, "translations": []});
        desk.patch(&path, &changed).await.assert_status(200);
        let (then, _) = whole(&desk, &path, 1).await;
        assert!(then["article"] == made, "it is not what it was");
        let back = restored(&desk, &path, 1).await;
        assert!(back["body_html"] == made["body_html"] && back["translations"] == made["translations"]);
        let (then, _) = whole(&desk, &path, 2).await;
        assert!(then["article"]["body_html"] == changed["body_html"]);
    }

    /// As many as are to be kept are kept, and those that are pinned
    async fn the_newest_are_kept(app, |s| s.var("MASTHEAD_REVISIONS_KEPT", "3")) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("1")).await;
        let save = async |n: i64| desk.changed(&path, &json!({"title": format!("第 {n} 稿")})).await;
        for n in 2..=6 {
            save(n).await;
            let kept: Vec<i64> = (1..=n).rev().take(3).collect();
            assert_eq!(numbers(&desk, &path).await, kept);
        }
        revision(&desk, &path, 3).await.assert_problem(404, "not_found");
        restore(&desk, &path, 3, "*").await.assert_problem(404, "not_found");
        desk.patch_if(&format!("{path}/revisions/3"), "*", &json!({})).await.assert_problem(404, "not_found");
        desk.patch_if(&format!("{path}/revisions/4"), "*", &json!({"is_pinned": true})).await.assert_status(200);
        for n in 7..=9 {
            save(n).await;
        }
        assert_eq!(numbers(&desk, &path).await, [9, 8, 7, 4]);
        assert_eq!(restored(&desk, &path, 4).await["title"], "第 4 稿");
        assert_eq!(numbers(&desk, &path).await, [10, 9, 8, 4]);
        desk.patch_if(&format!("{path}/revisions/4"), "*", &json!({"is_pinned": false})).await.assert_status(200);
        assert_eq!(numbers(&desk, &path).await, [10, 9, 8, 4], "until the next save");
        save(11).await;
        assert_eq!(numbers(&desk, &path).await, [11, 10, 9]);
        // A restore may be the save with which what is restored goes.
        assert_eq!(restored(&desk, &path, 9).await["title"], "第 9 稿");
        assert_eq!(numbers(&desk, &path).await, [12, 11, 10]);
        let (items, _) = desk.walk(&format!("{path}/revisions?limit=2&count=exact")).await;
        assert_eq!(items.len(), 3);
        // Files, too; each article has its own.
        for n in 0..5 {
            app.import(&content().article("a", |a| a.title(&format!("A{n}"))).article("b", |a| if n < 2 { a.title(&format!("B{n}")) } else { a.title("B1") }));
        }
        assert_eq!(numbers(&desk, &article(&desk, "a").await).await, [5, 4, 3]);
        assert_eq!(numbers(&desk, &article(&desk, "b").await).await, [2, 1]);
        assert_eq!(rows(app, id(&article(&desk, "a").await)), 3);
    }

    /// With one to keep, the newest is all there is
    async fn one_is_kept(app, |s| s.var("MASTHEAD_REVISIONS_KEPT", "1")) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("1")).await;
        desk.changed(&path, &json!({"title": "2"})).await;
        desk.changed(&path, &json!({"title": "3"})).await;
        assert_eq!(numbers(&desk, &path).await, [3]);
        assert_eq!(restored(&desk, &path, 3).await["title"], "3");
        assert_eq!(numbers(&desk, &path).await, [4]);
    }

    /// A hundred where nothing else is said; all of them for 0
    async fn a_hundred_are_kept(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("1")).await;
        for n in 2..=103 {
            desk.patch_if(&path, "*", &json!({"title": format!("{n}")})).await.assert_status(200);
        }
        let list = desk.get(&format!("{path}/revisions?limit=1&page=100&count=exact")).await.assert_status(200).json();
        assert_eq!((&list["total"], &list["items"][0]["number"], &list["next_cursor"]), (&json!(100), &json!(4), &Value::Null));
    }

    /// All are kept where that is said
    async fn all_are_kept(app, |s| s.var("MASTHEAD_REVISIONS_KEPT", "0")) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("1")).await;
        for n in 2..=102 {
            desk.patch_if(&path, "*", &json!({"title": format!("{n}")})).await.assert_status(200);
        }
        assert_eq!(rows(app, id(&path)), 102);
        app.app.services().upkeep.retire_revisions().await.unwrap();
        assert_eq!(rows(app, id(&path)), 102);
        assert_eq!(restored(&desk, &path, 1).await["title"], "1");
    }

    /// Those that are too old go, except pinned ones and the newest
    async fn the_old_go(app, |s| s.var("MASTHEAD_REVISIONS_MAX_AGE_DAYS", "30")) {
        let many = |title: &str| (0..600).fold(content(), |portal, n| portal.article(&format!("m{n}"), |a| a.title(title)));
        app.set_clock("2026-01-01T00:00:00Z");
        app.import(&many("一"));
        let desk = chief(app);
        let (path, _) = desk.made("/articles", &draft("1")).await;
        let (alone, _) = desk.made("/articles", &draft("alone")).await;
        desk.changed(&path, &json!({"title": "2"})).await;
        desk.patch_if(&format!("{path}/revisions/1"), "*", &json!({"is_pinned": true})).await.assert_status(200);
        app.set_clock("2026-01-11T00:00:00Z");
        desk.changed(&path, &json!({"title": "3"})).await;
        app.import(&many("二"));
        app.set_clock("2026-01-21T00:00:00Z");
        desk.changed(&path, &json!({"title": "4"})).await;
        let retire = async |now: &str| {
            app.set_clock(now);
            app.app.services().upkeep.retire_revisions().await.unwrap();
            numbers(&desk, &path).await
        };
        let member = article(&desk, "m7").await;
        // Each is as old as it is since another one followed.
        assert_eq!(retire("2026-02-09T23:59:59Z").await, [4, 3, 2, 1]);
        assert_eq!(numbers(&desk, &member).await, [2, 1]);
        assert_eq!(retire("2026-02-10T00:00:01Z").await, [4, 3, 1]);
        assert_eq!(numbers(&desk, &member).await, [2]);
        let left: u64 = (1..=602).map(|id| rows(app, id)).sum();
        assert_eq!(left, 600 + 3 + 1);
        assert_eq!(retire("2026-02-20T00:00:01Z").await, [4, 1]);
        assert_eq!(retire("2027-01-01T00:00:00Z").await, [4, 1]);
        assert_eq!(numbers(&desk, &alone).await, [1]);
        // Numbers go on, and what is left is whole.
        assert_eq!(desk.changed(&path, &json!({"title": "5"})).await["revision"], 5);
        assert_eq!(retire("2027-01-30T00:00:00Z").await, [5, 4, 1]);
        assert_eq!(retire("2027-02-01T00:00:00Z").await, [5, 1]);
        assert_eq!(restored(&desk, &path, 1).await["title"], "1");
        desk.patch_if(&format!("{path}/revisions/1"), "*", &json!({"is_pinned": false})).await.assert_status(200);
        assert_eq!(retire("2027-02-01T00:00:01Z").await, [6, 5]);
        assert_eq!(retire("2028-01-01T00:00:00Z").await, [6]);
    }

    /// A deleted article takes its revisions along, and nobody inherits them
    async fn a_deleted_article_takes_its_revisions_along(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("1")).await;
        let (other, _) = desk.made("/articles", &draft("2")).await;
        desk.changed(&path, &json!({"title": "1b"})).await;
        desk.patch_if(&format!("{path}/revisions/1"), "*", &json!({"is_pinned": true})).await.assert_status(200);
        assert_eq!((rows(app, id(&path)), rows(app, id(&other))), (2, 1));
        desk.delete(&path).await.assert_status(204);
        assert_eq!((rows(app, id(&path)), rows(app, id(&other))), (0, 1));
        desk.get(&format!("{path}/revisions")).await.assert_problem(404, "not_found");
        revision(&desk, &path, 1).await.assert_problem(404, "not_found");
        restore(&desk, &path, 1, "*").await.assert_problem(404, "not_found");
        let (again, made) = desk.made("/articles", &draft("1")).await;
        assert_eq!((&made["revision"], numbers(&desk, &again).await), (&json!(1), vec![1]));
    }

    /// Of two editors that restore at once one is told, unless both want to
    async fn two_editors_restore_at_once(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("1")).await;
        desk.changed(&path, &json!({"title": "2"})).await;
        for round in 0..5_i64 {
            let tag = desk.tag(&path).await;
            let answers = join_all([1, 2].into_iter().map(|number| restore(&desk, &path, number, &tag))).await;
            let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412], "{answers:?}");
            let both = join_all([1, 2].into_iter().map(|number| restore(&desk, &path, number, "*"))).await;
            let mut made: Vec<i64> = both.iter().map(|answer| answer.assert_status(200).json()["revision"].as_i64().unwrap()).collect();
            made.sort_unstable();
            assert_eq!(made, [round * 3 + 4, round * 3 + 5]);
        }
        let all: Vec<i64> = (1..=17).rev().collect();
        assert_eq!(numbers(&desk, &path).await, all);
        assert_eq!(desk.get(&path).await.json()["version"], 17);
    }

    /// Of twenty saves at once no number is lost or given twice, and each revision is what its answer said
    async fn twenty_save_at_once(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("零")).await;
        desk.changed(&path, &json!({"title": "一"})).await;
        let answers = join_all((0..20).map(async |n: i64| match n % 4 {
            0 => send(&desk, "PATCH", &path, "*", json!({"title": format!("题 {n}"), "comment": format!("{n}")})).await,
            1 => send(&desk, "PUT", &format!("{path}/translations/fr"), "*", json!({"title": format!("T {n}"), "body_html": ""})).await,
            2 => send(&desk, "POST", &format!("{path}/revisions/1/restore"), "*", json!({"comment": format!("{n}")})).await,
            _ => send(&desk, "POST", &format!("{path}/transitions"), "*", json!({"to": "archived", "comment": format!("{n}")})).await,
        })).await;
        let mut told: Vec<(i64, Value)> = Vec::new();
        for answer in &answers {
            // Archived once is archived: the next one finds no way.
            if answer.status == 200 {
                let body = answer.json();
                told.push((body["revision"].as_i64().unwrap(), body));
            }
        }
        told.sort_by_key(|(number, _)| *number);
        let last = told.last().unwrap().0;
        assert!(told.len() >= 15, "{answers:?}");
        assert_eq!(told.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (3..=last).collect::<Vec<_>>());
        assert_eq!(numbers(&desk, &path).await, (1..=last).rev().collect::<Vec<_>>());
        for (number, then) in told {
            assert_eq!(whole(&desk, &path, number).await.0["article"], then);
        }
    }

    /// Two articles whose slugs were swapped come back at once without waiting for each other
    async fn swapped_slugs_come_back_at_once(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let named = |slug: &str| {
            let mut new = draft(slug);
            new["slug"] = json!(slug);
            new
        };
        let (x, _) = desk.made("/articles", &named("x")).await;
        let (y, _) = desk.made("/articles", &named("y")).await;
        for (path, slug) in [(&x, "z"), (&y, "x"), (&x, "y")] {
            desk.changed(path, &json!({"slug": slug})).await;
        }
        for _ in 0..6 {
            let answers = join_all((0..8).map(|n| restore(&desk, if n % 2 == 0 { &x } else { &y }, 1, "*"))).await;
            for answer in answers {
                answer.assert_status(200);
            }
        }
        assert_eq!((desk.get(&x).await.json()["slug"].clone(), desk.get(&y).await.json()["slug"].clone()), (json!("y"), json!("x")));
    }

    /// Each article of an older database has one revision: what it was when revisions began
    async fn articles_of_an_older_database_have_one(app) {
        app.import(&content().article("other", |a| a).article("k", |a| a.title("旧 🌊").set("translations", json!([{"locale": "zh-Hans", "title": "文", "body_html": ""}]))));
        let user = app.account("author@example.org", "admin");
        let desk = app.desk_of(app.sign_in_as(user));
        let (mine, _) = desk.made("/articles", &full("mine")).await;
        desk.changed(&mine, &json!({"title": "二"})).await;
        let theirs = article(&desk, "k").await;
        let before = [desk.get(&mine).await.json(), desk.get(&theirs).await.json()];
        // What came after revisions goes before them.
        for _ in ["hygiene", "search", "counting", "media", "revisions"] {
            migrations::revert_last(&mut app.database().connect()).unwrap();
        }
        app.app.migrate().unwrap();
        for ((path, then), (title, by)) in [&mine, &theirs].into_iter().zip(before).zip([("二", json!(user)), ("旧 🌊", Value::Null)]) {
            let list = revisions(&desk, path).await;
            assert_eq!(list.len(), 1);
            let first = &list[0];
            assert_eq!((&first["number"], &first["action"], &first["title"]), (&json!(1), &json!("upgrade"), &json!(title)));
            assert_eq!((&first["created_by"], &first["actor"], &first["comment"]), (&by, &json!("masthead"), &Value::Null));
            assert_eq!((&first["created_at"], &first["article_version"], &first["status"]), (&then["updated_at"], &then["version"], &then["status"]));
            let mut wanted = then.clone();
            wanted["revision"] = json!(1);
            assert_eq!(whole(&desk, path, 1).await.0["article"], wanted);
            assert_eq!(desk.get(path).await.json(), wanted);
            desk.changed(path, &json!({"title": "新"})).await;
            assert_eq!(whole(&desk, path, 1).await.0["article"], wanted);
            assert_eq!(said(&restored(&desk, path, 1).await), said(&wanted));
            assert_eq!(numbers(&desk, path).await, [3, 2, 1]);
        }
    }

    /// What a request costs does not depend on how many revisions there are
    async fn statements_do_not_grow_with_revisions(app) {
        app.import(&content());
        let desk = app.desk("admin");
        let (path, _) = desk.made("/articles", &draft("0")).await;
        desk.changed(&path, &json!({"title": "1"})).await;
        desk.changed(&path, &json!({"title": "2"})).await;
        let requests = [
            ("GET", "/revisions?limit=2&count=exact"), ("GET", "/revisions?limit=2&page=1"), ("GET", "/revisions/1"), ("GET", "/revisions"),
            ("PATCH", ""), ("POST", "/revisions/1/restore"), ("PATCH", "/revisions/1"),
        ];
        let mut counted = Vec::new();
        for round in 0..3 {
            for n in 0..round * 20 {
                desk.patch_if(&path, "*", &json!({"title": format!("{round} {n}")})).await.assert_status(200);
            }
            let mut used = Vec::new();
            for (method, part) in requests {
                let body = match (method, part) {
                    ("GET", _) => Value::Null,
                    ("PATCH", "") => json!({"title": format!("of round {round}")}),
                    ("PATCH", _) => json!({"comment": format!("of round {round}")}),
                    _ => json!({}),
                };
                let before = app.statements();
                let answer = match body.is_null() {
                    true => desk.get(&format!("{path}{part}")).await,
                    false => send(&desk, method, &format!("{path}{part}"), "*", body).await,
                };
                answer.assert_status(200);
                used.push((method, part, app.statements() - before));
            }
            counted.push(used);
        }
        assert_eq!(counted[1], counted[2]);
        assert_eq!(counted[0], counted[1]);
    }
}
