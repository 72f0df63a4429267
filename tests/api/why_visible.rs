//! `GET /manage/articles/{id}/visibility` says what readers get, to the second, and why.

use std::collections::BTreeSet;

use masthead::models::access::{Role, Scope};
use serde_json::{Value, json};

use crate::support::content::Record;
use crate::support::desk::Desk;
use crate::support::spec;
use crate::support::{Portal, TestApp, on_both};

const SUBJECTS: [&str; 5] = ["state", "schedule", "hold", "category", "locale"];

/// What of the answer speaks of one subject.
fn reason(answer: &Value, subject: &str) -> Value {
    let mut of_it = spec::items(&answer["reasons"]).filter(|r| r["subject"] == subject);
    let first = of_it.next().cloned();
    first.unwrap_or_else(|| panic!("no reason of {subject}: {answer}"))
}

/// Code, and whether it is blocking, of one subject.
fn code(answer: &Value, subject: &str) -> (String, bool) {
    let reason = reason(answer, subject);
    let code = reason["code"].as_str().unwrap().to_owned();
    (code, reason["is_blocking"] == true)
}

/// The answer for an article; fails unless it says what readers get at this moment.
async fn asked(app: &TestApp, desk: &Desk<'_>, id: &Value, query: &str) -> Value {
    let answer = desk.get(&format!("/articles/{id}/visibility{query}")).await;
    answer.assert_status(200);
    let body = answer.json();
    let read = app.get(&format!("/api/v1/articles/{id}{query}")).await;
    let when = app.now().to_rfc3339();
    assert_eq!(
        body["is_visible"],
        read.status == 200,
        "{when}: {read} {body}"
    );
    assert_eq!(body["evaluated_at"], when);
    assert_eq!(body["article_id"], *id);
    let blocking = spec::items(&body["reasons"]).any(|r| r["is_blocking"] == true);
    assert_eq!(body["is_visible"], !blocking, "{body}");
    let told: BTreeSet<&str> = spec::items(&body["reasons"])
        .filter_map(|r| r["subject"].as_str())
        .collect();
    assert_eq!(told, SUBJECTS.into(), "{body}");
    match read.status {
        200 => {
            let article = read.json();
            for member in ["url", "locale", "available_locales"] {
                assert_eq!(body[member], article[member], "{member}: {body}");
            }
        }
        _ => assert_eq!(body["url"], Value::Null, "{body}"),
    }
    body
}

/// Somebody whose key outlasts the hours that pass in a test.
fn desk(app: &TestApp) -> Desk<'_> {
    let (_, key) = app.api_key(app.account("desk@example.org", "admin"), &Scope::ALL, None);
    app.desk_of(key)
}

/// The id of the article with a key, in whatever state.
async fn id_of(desk: &Desk<'_>, key: &str) -> Value {
    let list = desk
        .get("/articles?limit=100")
        .await
        .assert_status(200)
        .json();
    let found = spec::items(&list["items"])
        .find(|article| article["key"] == key)
        .cloned();
    found.unwrap_or_else(|| panic!("no article {key}"))["id"].clone()
}

async fn transition(desk: &Desk<'_>, id: &Value, body: &Value) {
    let request = desk
        .request("POST", &format!("/articles/{id}/transitions"))
        .header("if-match", "*");
    request.json(body).send().await.assert_status(200);
}

on_both! {
    /// The answer follows an article through its life, and always says what readers get
    async fn every_state_says_why(app) {
        app.import(&Portal::new("demo").category("新闻/科研"));
        let desk = desk(app);
        let (_, made) = desk.made("/articles", &json!({"site": "demo", "category": "新闻/科研", "title": "２０２６年开放日 🌊", "slug": "open-day"})).await;
        let id = &made["id"];
        let ways = [
            (Value::Null, "draft", "state_draft", "in_review"),
            (json!({"to": "in_review"}), "in_review", "state_in_review", "approved"),
            (json!({"to": "approved"}), "approved", "state_approved", "published"),
            (json!({"to": "archived"}), "archived", "state_archived", "published"),
            (json!({"to": "published"}), "published", "state_published", "published"),
            (json!({"to": "retracted", "reason": "数据有误 🙏"}), "retracted", "state_retracted", "数据有误 🙏"),
            (json!({"to": "draft"}), "draft", "state_draft", "published"),
            (json!({"to": "scheduled", "publish_at": "2026-01-15T06:00:00Z"}), "scheduled", "state_scheduled", "later"),
        ];
        for (body, status, state, word) in ways {
            if body != Value::Null {
                transition(&desk, id, &body).await;
            }
            let answer = asked(app, &desk, id, "").await;
            assert_eq!(answer["status"], status, "{answer}");
            assert_eq!(code(&answer, "state"), (state.to_owned(), !matches!(state, "state_published" | "state_scheduled")), "{answer}");
            let told = reason(&answer, "state");
            assert!(told["detail"].as_str().unwrap().contains(word), "{told}");
            let is_dated = status == "retracted";
            assert_eq!(told["since"], if is_dated { json!("2026-01-15T04:00:00Z") } else { Value::Null }, "{told}");
            let is_out = status == "published" || status == "scheduled";
            assert_eq!(answer["visible_from"].is_string(), is_out, "{answer}");
            assert_eq!(code(&answer, "hold"), ("no_holds".to_owned(), false));
            assert_eq!(code(&answer, "category"), ("category_shown".to_owned(), false));
            assert!(reason(&answer, "category")["detail"].as_str().unwrap().contains("新闻/科研"));
        }
    }

    /// To the second: a second before, at it, a second after
    async fn the_schedule_is_told_to_the_second(app) {
        app.import(&Portal::new("demo")
            .article("between", |a| a.published_at("2026-01-15T14:00:00+08:00").set("unpublish_at", "2026-01-15T15:00:00+08:00"))
            .article("never", |a| a.published_at("2026-01-15T14:00:00+08:00").set("unpublish_at", "2026-01-15T15:00:00+08:00"))
            .article("still_draft", |a| a.status("draft").published_at("2026-01-15T14:00:00+08:00").set("unpublish_at", "2026-01-15T15:00:00+08:00")));
        // Nobody can say so any more, but it may be stored.
        app.database().execute("UPDATE articles SET unpublish_at = published_at WHERE key = 'never'");
        let desk = desk(app);
        let ids = [id_of(&desk, "between").await, id_of(&desk, "never").await, id_of(&desk, "still_draft").await];
        let (begin, end) = (json!("2026-01-15T06:00:00Z"), json!("2026-01-15T07:00:00Z"));
        let cases = [
            ("2026-01-15T04:00:00Z", "schedule_ahead"), ("2026-01-15T05:59:59Z", "schedule_ahead"), ("2026-01-15T05:59:59.999999Z", "schedule_ahead"),
            ("2026-01-15T06:00:00Z", "schedule_open"), ("2026-01-15T06:00:01Z", "schedule_open"), ("2026-01-15T06:59:59.999999Z", "schedule_open"),
            ("2026-01-15T07:00:00Z", "schedule_over"), ("2026-01-15T07:00:01Z", "schedule_over"), ("2026-03-01T00:00:00Z", "schedule_over"),
        ];
        for (now, expected) in cases {
            app.set_clock(now);
            for id in &ids {
                let answer = asked(app, &desk, id, "").await;
                let told = reason(&answer, "schedule");
                let is_never = id == &ids[1];
                let expected = if is_never { "schedule_empty" } else { expected };
                assert_eq!(code(&answer, "schedule"), (expected.to_owned(), expected != "schedule_open"), "{now}: {answer}");
                let (since, until) = match expected {
                    "schedule_ahead" => (&Value::Null, &begin),
                    "schedule_open" => (&begin, &end),
                    "schedule_over" => (&end, &Value::Null),
                    _ => (&Value::Null, &Value::Null),
                };
                assert_eq!((&told["since"], &told["until"]), (since, until), "{now}: {told}");
                let span = if id == &ids[0] { (&begin, &end) } else { (&Value::Null, &Value::Null) };
                assert_eq!((&answer["visible_from"], &answer["visible_until"]), span, "{now}: {answer}");
                let mend = if expected == "schedule_ahead" { "transition" } else { "unpublish_at" };
                assert!(told["detail"].as_str().unwrap().contains(mend), "{told}");
            }
        }
        // What a job does later changes nothing.
        app.app.services().upkeep.roll_up_counts().await.unwrap();
        for id in &ids {
            asked(app, &desk, id, "").await;
        }
    }

    /// A language that is missing blocks nothing, but it is said; where no other one is wanted, it is what readers miss
    async fn languages_are_told(app) {
        let zh = |a: Record| a.set("translations", json!([
            {"locale": "zh-Hans", "title": "开放日", "body_html": "<p>正文</p>", "slug": "kai-fang-ri"}, {"locale": "de", "title": "Offen", "body_html": ""}]));
        app.import(&Portal::new("demo").site(|s| s.set("locales", ["en", "zh-Hans", "de"]).set("url_template", "https://demo.example.org/{path}"))
            .article("both", zh).article("one", |a| a.locale("zh-Hant").title("開放日")));
        let desk = desk(app);
        let cases = [
            ("both", "", "locale_available", "en"), ("both", "?locale=en", "locale_available", "en"),
            ("both", "?locale=ZH-hans", "locale_available", "zh-Hans"), ("both", "?locale=zh-CN", "locale_falls_back", "zh-Hans"),
            ("both", "?locale=zh", "locale_falls_back", "zh-Hans"), ("both", "?locale=en-GB", "locale_falls_back", "en"),
            ("both", "?locale=fr", "locale_missing", "en"), ("both", "?locale=zh-Hant", "locale_falls_back", "zh-Hant"),
            ("one", "", "locale_missing", "zh-Hant"), ("one", "?locale=zh-TW", "locale_falls_back", "zh-Hant"),
            ("one", "?locale=zh-Hant", "locale_available", "zh-Hant"), ("one", "?locale=zh-Hans", "locale_falls_back", "zh-Hans"), ("both", "?locale=zh-TW", "locale_falls_back", "zh-Hant-TW"),
        ];
        for (slug, query, expected, served) in cases {
            let id = json!(app.article_id(slug).await);
            let answer = asked(app, &desk, &id, query).await;
            assert_eq!(code(&answer, "locale"), (expected.to_owned(), false), "{query}: {answer}");
            assert_eq!(answer["locale"], served, "{query}");
            let detail = reason(&answer, "locale")["detail"].as_str().unwrap().to_owned();
            for tag in spec::items(&answer["available_locales"]) {
                assert!(detail.contains(&format!("`{}`", tag.as_str().unwrap())), "{detail}");
            }
            if !query.is_empty() {
                let strict = app.get(&format!("/api/v1/articles/{id}{query}&fallback=none")).await;
                assert_eq!(strict.status == 200, expected != "locale_missing", "{strict}");
                assert!(strict.status != 200 || strict.json()["locale"] == served, "{strict}");
            }
        }
        let id = app.article_id("both").await;
        for query in ["?locale=x", "?locale=", "?locale=中文", "?lang=en"] {
            desk.get(&format!("/articles/{id}/visibility{query}")).await.assert_problem(400, "invalid_parameter");
        }
    }

    /// Who may see the article may ask; for others it does not exist
    async fn only_who_sees_an_article_may_ask(app) {
        app.import(&Portal::new("demo").category("news/local").category("people").article("draft", |a| a.category("news/local").status("draft"))
            .and(Portal::new("other").category("x")));
        let id = id_of(&desk(app), "draft").await;
        let path = format!("/articles/{id}/visibility");
        for role in ["reader", "author", "reviewer", "editor"] {
            app.desk(role).get(&path).await.assert_status(200);
        }
        let reader = |site, category| app.desk_of(app.token_with(None, &[(Role::Reader, site, category)]));
        reader("demo", Some("news")).get(&path).await.assert_status(200);
        for outsider in [reader("demo", Some("people")), reader("other", None)] {
            let problem = outsider.get(&path).await.assert_problem(404, "not_found");
            assert_eq!(problem["detail"], outsider.get("/articles/9007199254740991/visibility").await.assert_problem(404, "not_found")["detail"]
                .as_str().unwrap().replace("9007199254740991", &id.to_string()));
        }
        let (_, key) = app.api_key(app.account("narrow@example.org", "admin"), &[Scope::StructureRead], None);
        app.desk_of(key).get(&path).await.assert_problem(403, "insufficient_scope");
        app.get(&format!("/api/v1/manage{path}")).await.assert_problem(401, "unauthenticated");
    }

    /// The answer is of its moment: no later one has its tag, and it takes the same statements whatever there is
    async fn an_answer_is_of_its_moment(app) {
        let many: Vec<Value> = (0..30).map(|n| json!({"locale": format!("en-x-l{n}"), "title": "T", "body_html": ""})).collect();
        app.import(&Portal::new("demo").article("plain", |a| a).article("many", |a| a.set("translations", many)));
        let desk = desk(app);
        let mut statements = BTreeSet::new();
        let mut second = 0;
        for slug in ["plain", "many"] {
            let path = format!("/articles/{}/visibility", app.article_id(slug).await);
            let mut counted = Vec::new();
            // The first reads of a thread open its connection.
            for _ in 0..5 {
                let first = desk.get(&path).await;
                let tag = first.header("etag").unwrap().to_owned();
                assert_eq!(first.header("cache-control"), Some("private, no-store"));
                second += 1;
                app.set_clock(&format!("2026-01-15T04:00:{second:02}Z"));
                let before = app.statements();
                let later = desk.request("GET", &path).header("if-none-match", &tag).send().await;
                counted.push(app.statements() - before);
                assert_ne!(later.assert_status(200).header("etag"), Some(tag.as_str()));
            }
            statements.extend(counted.into_iter().min());
        }
        assert_eq!(statements.len(), 1, "{statements:?}");
    }
}
