//! What is made, changed, published and taken back through the API shows to readers when it should and never before; and who
//! manages sees as a reader what readers see.

use masthead::models::access::Scope;
use serde_json::{Value, json};

use crate::support::calls::{calls, full_portal, needs_caller};
use crate::support::desk::Desk;
use crate::support::spec;
use crate::support::{Portal, TestApp, on_both};

/// A word that is everywhere in the article at hand, and nowhere else.
const WORD: &str = "zyxword";

/// The article, whole.
fn article() -> Value {
    json!({
        "site": "demo", "category": "news/local", "key": "made", "slug": format!("{WORD}-slug"), "title": format!("{WORD} title"),
        "body_html": format!("<h2>{WORD}</h2><p>{WORD}</p>"), "subtitle": WORD, "summary": WORD, "summary_label": WORD,
        "byline": WORD, "source_line": WORD, "cover": format!("https://example.org/{WORD}.jpg"), "keywords": ["shared", WORD],
        "contributors": [{"key": WORD, "role": "author", "kind": "person", "name": WORD, "affiliation": WORD}],
        "sources": ["s1"], "topics": ["t1"], "related": ["open"],
        "attachments": [{"name": WORD, "url": format!("https://example.org/{WORD}.pdf")}],
        "audio": [{"url": format!("https://example.org/{WORD}.mp3")}],
        "translations": [{"locale": "zh-Hans", "title": WORD, "body_html": WORD, "slug": format!("{WORD}-zh"), "keywords": [WORD]}],
    })
}

fn portal() -> Portal {
    let open = |a: crate::support::content::Record| {
        a.category("news/local")
            .sources(&["s1"])
            .topics(&["t1"])
            .set("keywords", ["shared"])
    };
    Portal::new("demo")
        .site(|s| s.set("locales", ["en", "zh-Hans"]))
        .source("s1")
        .topic("t1")
        .category("news/local")
        .article("open", open)
        .article("other", open)
}

/// Every list and every answer around the article that does not name it.
const AROUND: [&str; 16] = [
    "/articles?limit=100&count=exact",
    "/articles?limit=100&count=exact&site=demo",
    "/articles?site=demo&sort=title&order=asc",
    "/articles?site=demo&sort=updated_at&count=exact",
    "/articles?category=2&count=exact",
    "/articles?site=demo&category_path=news&subtree=true&count=exact",
    "/articles?source=1&count=exact",
    "/articles?topic=1&count=exact",
    "/articles?keyword=shared&count=exact",
    "/articles?available_in=zh&count=exact",
    "/articles?has_attachments=true&count=exact",
    "/articles?locale=zh-Hans&published_from=2026-01-01&updated_from=2026-01-01",
    "/articles/1?include=neighbors,related,breadcrumbs,site_details",
    "/sites/demo/categories",
    "/sites/demo/categories/news/local",
    "/articles/changes?since=2026-01-01T00:00:00Z&limit=100",
];

/// How readers are told of it.
async fn told(app: &TestApp) -> Vec<String> {
    let mut told = Vec::new();
    for path in AROUND {
        told.push(
            app.get(&format!("/api/v1{path}"))
                .await
                .assert_status(200)
                .text(),
        );
    }
    told
}

/// Requests that name the article.
fn naming(id: &Value) -> [String; 6] {
    [
        format!("/articles/{id}"),
        format!("/articles/{id}?locale=zh-Hans&fallback=none"),
        format!("/articles?ids={id}"),
        format!("/articles?keyword={WORD}"),
        format!("/sites/demo/articles/{WORD}-slug"),
        format!("/sites/demo/articles/{WORD}-zh"),
    ]
}

/// The article's numbers in its category, and in the list of all.
async fn counted(app: &TestApp) -> (Value, Value) {
    let category = app
        .get("/api/v1/sites/demo/categories/news/local")
        .await
        .json();
    let list = app.get("/api/v1/articles?count=exact").await.json();
    (category["article_count"].clone(), list["total"].clone())
}

/// Fails where a reader sees anything of the article.
#[track_caller]
fn assert_silent(texts: &[String], id: &Value, when: &str) {
    for (path, text) in AROUND.iter().zip(texts) {
        assert!(!text.contains(WORD), "{when}: {path} tells of it: {text}");
        assert!(
            !text.contains(&format!("\"id\":{id},\"site\"")),
            "{when}: {path}: {text}"
        );
    }
}

async fn assert_hidden(app: &TestApp, id: &Value, when: &str) {
    assert_silent(&told(app).await, id, when);
    assert_eq!(counted(app).await, (json!(2), json!(2)), "{when}");
    for path in naming(id) {
        // Not even to an admin: readers are readers.
        for token in [None, Some(app.token("admin"))] {
            let request = app.request("GET", &format!("/api/v1{path}"));
            let answer = match token {
                Some(token) => request.bearer(&token).send().await,
                None => request.send().await,
            };
            match path.contains('?') && !path.contains("locale") {
                true => assert_eq!(
                    answer.assert_status(200).json()["items"],
                    json!([]),
                    "{when}: {answer}"
                ),
                false => {
                    let problem = answer.assert_problem(404, "not_found");
                    assert!(
                        !problem["detail"].as_str().unwrap().contains("language"),
                        "{when}: {answer}"
                    );
                }
            }
        }
    }
}

/// Fails unless readers are told that the article was taken back, where they ask for it by name, and nowhere else.
async fn assert_retracted(app: &TestApp, id: &Value) {
    assert_silent(&told(app).await, id, "retracted");
    assert_eq!(counted(app).await, (json!(2), json!(2)));
    for path in naming(id) {
        let answer = app.get(&format!("/api/v1{path}")).await;
        match path.contains('?') && !path.contains("locale") {
            true => assert_eq!(
                answer.assert_status(200).json()["items"],
                json!([]),
                "{answer}"
            ),
            false => {
                let mut problem = answer.assert_problem(410, "retracted");
                problem["instance"].take();
                assert_eq!(problem["reason"], "数据有误");
                assert!(!problem.to_string().contains(WORD), "{answer}");
            }
        }
    }
    let tombstone = change(app, id).await;
    assert_eq!(tombstone["reason"], "retracted");
    assert!(tombstone["article"].is_null());
}

async fn assert_shown(app: &TestApp, id: &Value, when: &str) {
    for (path, text) in AROUND.iter().zip(told(app).await) {
        let is_of_articles = path.starts_with("/articles") && !path.starts_with("/articles/1");
        assert!(
            !is_of_articles || text.contains(WORD),
            "{when}: {path} does not tell of it"
        );
    }
    assert_eq!(counted(app).await, (json!(3), json!(3)), "{when}");
    for path in naming(id) {
        let answer = app.get(&format!("/api/v1{path}")).await;
        assert!(
            answer.assert_status(200).text().contains(WORD),
            "{when}: {answer}"
        );
    }
}

/// What the feed of changes says of the article last.
async fn change(app: &TestApp, id: &Value) -> Value {
    let feed = app
        .get("/api/v1/articles/changes?since=2026-01-01T00:00:00Z&limit=100")
        .await
        .json();
    let of_it = spec::items(&feed["items"]).filter(|item| item["id"] == *id);
    of_it.last().cloned().unwrap_or_default()
}

/// Changes it, once somebody who manages has seen it.
async fn then(desk: &Desk<'_>, path: &str, body: &Value) {
    desk.get(path).await.assert_status(200);
    desk.patch(path, body).await.assert_status(200);
}

on_both! {
    /// A draft is hidden whatever is done to it; published it shows; taken back it is gone
    async fn an_article_shows_while_it_is_public(app) {
        app.import(&portal());
        app.set_clock("2026-01-15T05:00:00Z");
        // A key: tokens do not outlast the hours that pass here.
        let (_, key) = app.api_key(app.account("desk@example.org", "admin"), &Scope::ALL, None);
        let desk = app.desk_of(key);
        let (path, made) = desk.made("/articles", &article()).await;
        let id = &made["id"];
        assert_eq!(made["status"], "draft");
        assert_hidden(app, id, "a draft").await;
        then(&desk, &path, &json!({"title": format!("{WORD} again"), "published_at": "2026-01-12T08:00:00+08:00"})).await;
        assert_hidden(app, id, "a changed draft").await;
        let translation = json!({"title": WORD, "body_html": WORD, "slug": format!("{WORD}-zh"), "keywords": [WORD]});
        let put = desk.request("PUT", &format!("{path}/translations/zh-Hans")).header("if-match", "*").json(&translation);
        put.send().await.assert_status(200);
        assert_hidden(app, id, "a translated draft").await;
        for status in ["in_review", "approved"] {
            then(&desk, &path, &json!({"status": status})).await;
            assert_hidden(app, id, status).await;
        }
        assert_eq!(change(app, id).await, Value::Null, "what was never public leaves no tombstone");

        // To the second, and without anybody writing.
        then(&desk, &path, &json!({"status": "published", "published_at": "2026-01-15T06:00:00Z"})).await;
        assert_hidden(app, id, "scheduled").await;
        app.set_clock("2026-01-15T05:59:59Z");
        assert_hidden(app, id, "scheduled still").await;
        app.set_clock("2026-01-15T06:00:00Z");
        assert_shown(app, id, "its time has come").await;

        then(&desk, &path, &json!({"unpublish_at": "2026-01-15T07:00:00Z"})).await;
        assert_shown(app, id, "until seven").await;
        app.set_clock("2026-01-15T07:00:00Z");
        assert_hidden(app, id, "its time is over").await;
        assert!(change(app, id).await["withdrawn_at"].is_string());
        then(&desk, &path, &json!({"unpublish_at": null})).await;
        assert_shown(app, id, "for good").await;

        for status in ["archived", "draft"] {
            app.set_clock("2026-01-15T08:00:00Z");
            then(&desk, &path, &json!({"status": status})).await;
            assert_hidden(app, id, status).await;
            assert!(change(app, id).await["withdrawn_at"].is_string(), "{status}");
            desk.get(&path).await.assert_status(200);
            then(&desk, &path, &json!({"status": "published"})).await;
            assert_shown(app, id, "published again").await;
        }
        let retraction = desk.request("POST", &format!("{path}/transitions")).header("if-match", "*");
        retraction.json(&json!({"to": "retracted", "reason": "数据有误"})).send().await.assert_status(200);
        assert_retracted(app, id).await;
        desk.delete(&path).await.assert_status(204);
        assert_hidden(app, id, "deleted").await;
        assert!(change(app, id).await["withdrawn_at"].is_string());
        desk.get(&path).await.assert_problem(404, "not_found");
        let before = told(app).await;
        app.app.services().upkeep.reindex().unwrap();
        assert_eq!(told(app).await, before);
    }

    /// A part that is taken away is gone for readers too
    async fn what_is_taken_from_an_article_is_gone(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let mut whole = article();
        whole["status"] = json!("published");
        let (path, made) = desk.made("/articles", &whole).await;
        let id = &made["id"];
        assert_shown(app, id, "published").await;
        let gone = desk.request("DELETE", &format!("{path}/translations/zh-Hans")).header("if-match", "*").send().await;
        gone.assert_status(200);
        app.get(&format!("/api/v1/articles/{id}?locale=zh-Hans&fallback=none")).await.assert_problem(404, "not_found");
        let zh = app.get("/api/v1/articles?available_in=zh").await.json();
        assert_eq!(zh["items"], json!([]));
        let bare = json!({"title": "Plain", "slug": "plain", "body_html": "", "subtitle": null, "summary": null, "summary_label": null, "byline": null,
            "source_line": null, "cover": null, "keywords": [], "contributors": [], "attachments": [], "audio": [], "former_slugs": []});
        then(&desk, &path, &bare).await;
        for text in told(app).await {
            assert!(!text.contains(WORD), "{text}");
        }
        for query in ["keyword=zyxword", "contributor=1", "has_attachments=true"] {
            let list = app.get(&format!("/api/v1/articles?{query}")).await.json();
            assert!(!spec::items(&list["items"]).any(|item| item["id"] == *id), "{query}");
        }
    }

    /// Delivery does not look at who asks
    async fn delivery_ignores_who_asks(app) {
        app.import(&full_portal());
        let (_, draft) = app.desk("admin").made("/articles", &json!({"site": "demo", "category": "news", "title": WORD})).await;
        let tokens = [app.token("admin"), app.token_with(None, &[]), "x.y.z".to_owned()];
        for call in calls(app).await.iter().filter(|call| call.operation.method == "get" && !needs_caller(call.operation)) {
            let anonymous = call.send(app).await;
            for token in &tokens {
                let answer = call.by(Some(token)).send(app).await;
                assert_eq!((answer.status, answer.text()), (anonymous.status, anonymous.text()), "{answer}");
                for name in ["etag", "last-modified", "cache-control", "vary", "surrogate-key", "access-control-allow-origin"] {
                    assert_eq!(answer.header(name), anonymous.header(name), "{name}: {answer}");
                }
                assert!(!answer.text().contains(WORD), "{answer}");
            }
        }
        let path = format!("/api/v1/articles/{}", draft["id"]);
        app.request("GET", &path).bearer(&tokens[0]).send().await.assert_problem(404, "not_found");
    }

    /// What management says is for its reader alone
    async fn management_answers_are_private(app) {
        app.import(&full_portal());
        for call in calls(app).await.iter().filter(|call| call.operation.template.starts_with("/api/v1/manage/") || call.operation.template.starts_with("/api/v1/auth/")) {
            let good = call.send(app).await;
            assert!((200..300).contains(&good.status), "{good}");
            assert_eq!(good.header("cache-control"), Some("private, no-store"), "{good}");
            let bad = call.to(&format!("{}&no_such=1", call.path)).send(app).await;
            bad.problem(bad.status);
            assert_eq!(bad.header("cache-control"), Some("no-store"), "{bad}");
            for answer in [good, bad] {
                for name in ["surrogate-key", "last-modified", "access-control-allow-origin"] {
                    assert_eq!(answer.header(name), None, "{name}: {answer}");
                }
                let etag = answer.header("etag").unwrap_or("\"");
                assert!(etag.starts_with('"'), "a strong tag: {etag} {answer}");
            }
        }
    }
}
