//! How often articles are cited, as editors set it: no part of what they say, and told to readers by rankings alone.

use masthead::models::access::Role;
use masthead::models::counting::Day;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::gains::cited;
use crate::support::{Portal, TestApp, on_both};

const ARTICLES: &str = "/articles";

/// By the clock of the site it is the 15th.
const EVENING: &str = "2026-01-15T15:55:00Z";

/// By the clock of the site it is the 16th.
const NIGHT: &str = "2026-01-15T16:00:00Z";

fn day(text: &str) -> i64 {
    Day::of(text.parse().unwrap()).0.into()
}

/// Ids and values of what the ranking shows.
async fn ranked(app: &TestApp, query: &str) -> Vec<(i64, i64)> {
    let ranking = app
        .get(&format!("/api/v1/rankings/citations?{query}"))
        .await
        .assert_status(200)
        .json();
    let items = ranking["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| {
            (
                item["article"]["id"].as_i64().unwrap(),
                item["value"].as_i64().unwrap(),
            )
        })
        .collect()
}

on_both! {
    /// Citations are what somebody set last, and what is added or taken counts for its day
    async fn citations_are_what_was_set_last(app) {
        app.set_clock(EVENING);
        app.import(&Portal::new("demo").article("深海🌊", |a| a));
        let id = app.article_id("深海🌊").await;
        let (desk, path) = (app.desk("editor"), format!("{ARTICLES}/{id}"));
        assert_eq!(desk.get(&path).await.json()["citations"], 0);
        assert_eq!(desk.changed(&path, &json!({"citations": 12})).await["citations"], 12);
        desk.unchanged(&path, &json!({"citations": 12})).await;
        assert_eq!(cited(app, id), [(day("2026-01-15"), 12)]);
        app.set_clock(NIGHT);
        assert_eq!(desk.changed(&path, &json!({"citations": 5})).await["citations"], 5);
        desk.changed(&path, &json!({"citations": 9007199254740991_i64})).await;
        desk.changed(&path, &json!({"citations": 6})).await;
        assert_eq!(cited(app, id), [(day("2026-01-15"), 12), (day("2026-01-16"), -6)]);
        desk.changed(&path, &json!({"citations": 0})).await;
        assert_eq!(cited(app, id), [(day("2026-01-15"), 12), (day("2026-01-16"), -12)]);
    }

    /// To readers an article that is cited more is the same article, to caches too
    async fn readers_get_the_same_article(app) {
        app.import(&Portal::new("demo").article("a", |a| a).article("b", |a| a));
        let id = app.article_id("a").await;
        let (desk, path) = (app.desk("editor"), format!("{ARTICLES}/{id}"));
        let shown = ["/api/v1/articles/{id}", "/api/v1/articles", "/api/v1/articles/changes", "/api/v1/sites/demo"]
            .map(|path| path.replace("{id}", &id.to_string()));
        // Right after quick writes `Last-Modified` is held back by the clock.
        app.set_clock("2026-01-15T04:05:00Z");
        let mut before = Vec::new();
        for path in &shown {
            before.push(app.get(path).await);
        }
        app.set_clock("2026-01-15T04:10:00Z");
        let stored = desk.get(&path).await.json();
        let cited = desk.changed(&path, &json!({"citations": 3})).await;
        assert_eq!((&cited["revision"], &cited["updated_at"]), (&stored["revision"], &stored["updated_at"]));
        let revisions = desk.get(&format!("{path}/revisions")).await.json();
        assert_eq!(revisions["items"].as_array().unwrap().len(), 1);
        for (path, before) in shown.iter().zip(&before) {
            let after = app.get(path).await;
            assert_eq!(after.json(), before.json(), "{path}");
            for name in ["etag", "last-modified"] {
                assert_eq!(after.header(name), before.header(name), "{path}: {name}");
            }
            let known = before.header("etag").unwrap();
            app.request("GET", path).header("if-none-match", known).send().await.assert_status(304);
            let since = before.header("last-modified").unwrap();
            app.request("GET", path).header("if-modified-since", since).send().await.assert_status(304);
        }
        // What it says is another matter; its version then goes on where readers know it to be.
        let saved = desk.changed(&path, &json!({"title": "新", "citations": 4})).await;
        assert_eq!(json!([saved["title"], saved["citations"], saved["version"], saved["revision"]]), json!(["新", 4, 3, 2]));
        assert_eq!(json!([app.get(&shown[0]).await.json()["title"], app.get(&shown[0]).await.json()["version"]]), json!(["新", 2]));
        desk.changed(&path, &json!({"title": "更新"})).await;
        assert_eq!(app.get(&shown[0]).await.json()["version"], 3);
        assert_eq!(desk.get(&path).await.json()["citations"], 4);
    }

    /// Whoever changes an article that was cited since must look at it again
    async fn setting_citations_keeps_conditions(app) {
        let desk = app.desk("admin");
        app.import(&Portal::new("demo").category("news"));
        let (path, made) = desk.made(ARTICLES, &json!({"site": "demo", "category": "news", "title": "A"})).await;
        desk.keeps_conditions(&path, &json!({"citations": 3})).await;
        let tag = desk.tag(&path).await;
        desk.changed(&path, &json!({"citations": 4})).await;
        desk.patch_if(&path, &tag, &json!({"title": "B"})).await.assert_problem(412, "precondition_failed");
        desk.patch_if(&path, &tag, &json!({"citations": 5})).await.assert_problem(412, "precondition_failed");
        let now = desk.get(&path).await.json();
        assert_eq!((&now["citations"], &now["title"], &now["created_at"]), (&json!(4), &json!("A"), &made["created_at"]));
    }

    /// The audit log has the number that was and the one that is
    async fn the_audit_log_has_both_numbers(app) {
        app.import(&Portal::new("demo").article("a", |a| a.set("citations", 7)));
        let id = app.article_id("a").await;
        let (desk, path) = (app.desk("admin"), format!("{ARTICLES}/{id}"));
        desk.changed(&path, &json!({"citations": 9})).await;
        desk.unchanged(&path, &json!({"citations": 9})).await;
        let log = desk.get("/audit-log").await.json();
        let entries = log["items"].as_array().unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["action"], "update_article");
        assert_eq!(entries[0]["before"], json!({"id": id, "citations": 7, "version": 1}));
        assert_eq!(entries[0]["after"], json!({"id": id, "citations": 9, "version": 2}));
    }

    /// A number that is none, or cannot be one of citations, is refused
    async fn what_is_no_number_of_citations_is_refused(app) {
        app.import(&Portal::new("demo").article("a", |a| a.set("citations", 7)));
        let id = app.article_id("a").await;
        let (desk, path) = (app.desk("editor"), format!("{ARTICLES}/{id}"));
        let before = desk.get(&path).await.json();
        for number in ["-1", "9007199254740992", "1e3", "1.5", "5.0", "\"5\"", "\"５\"", "null", "true", "[]", "{}", "99999999999999999999"] {
            let change = format!("{{\"citations\": {number}}}");
            let patched = desk.request("PATCH", &path).header("if-match", "*").header("content-type", "application/merge-patch+json");
            let whole = format!("{{\"site\": \"demo\", \"category\": \"news\", \"title\": \"B\", \"citations\": {number}}}");
            let posted = desk.request("POST", ARTICLES).header("content-type", "application/json");
            for answer in [patched.body(change).send().await, posted.body(whole).send().await] {
                let problem = answer.assert_problem(422, "invalid_body");
                assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{number}: {problem}");
                assert_eq!(problem["errors"][0]["pointer"], "/citations", "{number}");
            }
        }
        assert_eq!(desk.get(&path).await.json(), before);
        assert_eq!(cited(app, id), []);
    }

    /// What a new article has was gained on no day
    async fn what_a_new_article_has_was_gained_on_no_day(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = app.desk("editor");
        let body = json!({"site": "demo", "category": "news", "title": "開放日", "status": "published", "citations": 7});
        let (path, made) = desk.made(ARTICLES, &body).await;
        let id = made["id"].as_i64().unwrap();
        assert_eq!(made["citations"], 7);
        assert_eq!(cited(app, id), []);
        assert_eq!(ranked(app, "period=all").await, [(id, 7)]);
        assert_eq!(ranked(app, "period=year").await, []);
        desk.changed(&path, &json!({"citations": 9})).await;
        assert_eq!(ranked(app, "period=all").await, [(id, 9)]);
        assert_eq!(ranked(app, "period=year").await, [(id, 2)]);
    }

    /// Nobody learns from citations of what is not public
    async fn drafts_are_cited_in_silence(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = app.desk("editor");
        let (path, made) = desk.made(ARTICLES, &json!({"site": "demo", "category": "news", "title": "A", "citations": 2})).await;
        desk.changed(&path, &json!({"citations": 7})).await;
        for period in ["all", "day", "year"] {
            assert_eq!(ranked(app, &format!("period={period}")).await, [], "{period}");
        }
        desk.changed(&path, &json!({"status": "published"})).await;
        let id = made["id"].as_i64().unwrap();
        assert_eq!(ranked(app, "period=all").await, [(id, 7)]);
        assert_eq!(ranked(app, "period=day").await, [(id, 5)]);
        let shown = app.get(&format!("/api/v1/articles/{id}")).await.assert_status(200).json();
        assert_eq!(shown["citations"], Value::Null, "a member that readers do not have");
    }

    /// Who may change what an article says may set its citations, and nobody else
    async fn citations_need_the_rights_of_other_members(app) {
        app.import(&Portal::new("demo").category("news").category("about"));
        let (author, editor) = (app.desk("author"), app.desk("editor"));
        let elsewhere = app.desk_of(app.token_with(None, &[(Role::Editor, "demo", Some("about"))]));
        let other = app.desk_of(app.sign_in_as(app.account("other@example.org", "author")));
        let body = json!({"site": "demo", "category": "news", "title": "A"});
        let (path, _) = author.made(ARTICLES, &body).await;
        let change = json!({"citations": 1});
        author.changed(&path, &change).await;
        author.unchanged(&path, &change).await;
        let change = json!({"citations": 2});
        other.patch(&path, &change).await.assert_problem(403, "forbidden");
        elsewhere.patch_if(&path, "*", &change).await.assert_problem(404, "not_found");
        for role in ["reader", "reviewer"] {
            app.desk(role).patch_if(&path, "*", &change).await.assert_problem(403, "forbidden");
        }
        app.request("PATCH", &format!("/api/v1/manage{path}")).header("if-match", "*").json(&change).send().await
            .assert_problem(401, "unauthenticated");
        editor.changed(&path, &json!({"status": "published"})).await;
        author.patch(&path, &change).await.assert_problem(403, "forbidden");
        editor.changed(&path, &change).await;
        editor.changed(&path, &json!({"status": "archived"})).await;
        assert_eq!(editor.changed(&path, &json!({"citations": 3})).await["citations"], 3);
    }

    /// A batch sets many, or none where one of them fails
    async fn a_batch_sets_all_or_none(app) {
        app.set_clock(EVENING);
        app.import(&Portal::new("demo").article("a", |a| a).article("b", |a| a.set("citations", 1)));
        let (a, b) = (app.article_id("a").await, app.article_id("b").await);
        let desk = app.desk("editor");
        let set = |id: i64, tag: &str, number: i64| {
            json!({"method": "PATCH", "path": format!("/manage/articles/{id}"), "if_match": tag, "body": {"citations": number}})
        };
        let failed = desk.post("/batch", &json!({"operations": [set(a, "\"1\"", 5), set(b, "\"9\"", 5)]})).await;
        failed.assert_problem(412, "precondition_failed");
        assert_eq!((cited(app, a), cited(app, b)), (vec![], vec![]));
        assert_eq!(desk.get(&format!("{ARTICLES}/{a}")).await.json()["citations"], 0);
        let done = desk.post("/batch", &json!({"operations": [set(a, "\"1\"", 5), set(b, "\"1\"", 6), set(a, "\"2\"", 4)]})).await;
        let items = done.assert_status(200).json()["items"].clone();
        assert_eq!(json!([items[0]["etag"], items[1]["etag"], items[2]["etag"]]), json!(["\"2\"", "\"2\"", "\"3\""]));
        let today = day("2026-01-15");
        assert_eq!((cited(app, a), cited(app, b)), (vec![(today, 4)], vec![(today, 5)]));
    }

    /// Revisions have what it was, and bringing one back takes nothing away
    async fn revisions_have_what_it_was(app) {
        app.import(&Portal::new("demo").article("a", |a| a.set("citations", 1)));
        let id = app.article_id("a").await;
        let (desk, path) = (app.desk("editor"), format!("{ARTICLES}/{id}"));
        desk.changed(&path, &json!({"title": "新"})).await;
        let revision = |number: i64| format!("{path}/revisions/{number}");
        let before = desk.get(&revision(2)).await;
        desk.changed(&path, &json!({"citations": 8})).await;
        let current = desk.get(&revision(2)).await;
        assert_ne!(current.header("etag"), before.header("etag"));
        assert_eq!(current.json()["article"], desk.get(&path).await.json());
        let first = desk.get(&revision(1)).await;
        assert_eq!(first.assert_status(200).json()["article"]["citations"], 1);
        desk.changed(&path, &json!({"citations": 9})).await;
        assert_eq!(desk.get(&revision(1)).await.header("etag"), first.header("etag"));
        let tag = desk.tag(&path).await;
        let restored = desk.request("POST", &format!("{}/restore", revision(1))).header("if-match", &tag).json(&json!({})).send().await;
        let restored = restored.assert_status(200).json();
        assert_eq!(json!([restored["title"], restored["citations"]]), json!(["Article a", 9]));
    }

    /// Of many who set it at once each counts from what the one before left
    async fn many_at_once_add_up(app) {
        app.import(&Portal::new("demo").article("a", |a| a));
        let id = app.article_id("a").await;
        let (desk, path) = (app.desk("editor"), format!("{ARTICLES}/{id}"));
        let numbers = [3, 1, 4, 1, 5, 9, 2, 6];
        let bodies = numbers.map(|number| json!({"citations": number}));
        let answers = join_all(bodies.iter().map(|body| desk.patch_if(&path, "*", body))).await;
        for answer in &answers {
            answer.assert_status(200);
        }
        let now = desk.get(&path).await.json()["citations"].as_i64().unwrap();
        assert!(numbers.contains(&now));
        let gained: i64 = cited(app, id).iter().map(|(_, gained)| gained).sum();
        assert_eq!(gained, now);
    }
}
