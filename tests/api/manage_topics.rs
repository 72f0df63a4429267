//! Topics as those meet them who may change them.

use masthead::models::access::Role;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::desk::long_text;
use crate::support::{Portal, on_both};

/// A portal with the topics `t1` and `t2` and an article of both, and another portal.
fn portals() -> Portal {
    Portal::new("demo")
        .topic("t1")
        .topic("t2")
        .article("a", |a| a.topics(&["t1", "t2"]))
        .and(Portal::new("other"))
}

fn keys(topics: &[Value]) -> Vec<&str> {
    topics
        .iter()
        .map(|topic| topic["key"].as_str().unwrap())
        .collect()
}

on_both! {
    /// A topic is made, shown, changed and deleted, and readers see it at once
    async fn topics_are_made_changed_and_deleted(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let delivered = "/api/v1/sites/demo/topics";
        let (path, made) = desk.made("/topics", &json!({"site": "demo", "key": "深海", "title": "专题:深海", "year": 2026})).await;
        assert_eq!(made, json!({
            "id": made["id"], "site": "demo", "key": "深海", "title": "专题:深海", "year": 2026, "position": 3, "version": 1, "is_held": false,
            "created_at": "2026-01-15T04:00:00Z", "updated_at": "2026-01-15T04:00:00Z",
        }));
        let first = app.get(delivered).await;
        assert_eq!(first.json()["items"][2]["title"], "专题:深海");

        app.set_clock("2026-01-15T04:05:00Z");
        for nothing in [json!({}), json!({"title": "专题:深海"}), json!({"year": 2026, "position": 3})] {
            desk.unchanged(&path, &nothing).await;
        }
        let changed = desk.changed(&path, &json!({"title": long_text(900)})).await;
        assert_eq!((&changed["title"], &changed["year"]), (&json!(long_text(900)), &json!(2026)));
        let second = app.get(delivered).await;
        assert_ne!(second.header("etag"), first.header("etag"));
        assert_ne!(second.header("last-modified"), first.header("last-modified"));
        assert_eq!(desk.changed(&path, &json!({"year": null})).await["year"], Value::Null);

        desk.delete(&path).await.assert_status(204);
        for answer in [desk.get(&path).await, desk.delete(&path).await, desk.patch(&path, &json!({})).await] {
            answer.assert_problem(404, "not_found");
        }
        let (_, unnamed) = desk.made("/topics", &json!({"site": "demo", "title": "No key"})).await;
        assert_eq!(unnamed["key"].as_str().unwrap().len(), 20);
    }

    /// Articles show what their topics are called, and lose those that are deleted
    async fn articles_follow_their_topics(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let topics = desk.walk("/topics?site=demo").await.0;
        let (one, two) = (&topics[0]["id"], &topics[1]["id"]);
        let article = format!("/api/v1/articles/{}", app.article_id("a").await);
        let before = app.get(&article).await;
        let since = app.get("/api/v1/articles/changes").await.json()["next_cursor"].as_str().unwrap().to_owned();
        desk.changed(&format!("/topics/{one}"), &json!({"title": "新名"})).await;
        let renamed = app.get(&article).await;
        assert_eq!(renamed.json()["topics"][0], json!({"id": one, "title": "新名"}));
        assert_eq!(renamed.json()["version"], before.json()["version"].as_i64().unwrap() + 1);
        assert_ne!(renamed.header("etag"), before.header("etag"));
        let changes = app.get(&format!("/api/v1/articles/changes?since={since}")).await.json();
        assert_eq!(changes["items"].as_array().unwrap().len(), 1);
        let since = changes["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(app.get(&format!("/api/v1/articles?topic={one}")).await.json()["items"].as_array().unwrap().len(), 1);
        desk.delete(&format!("/topics/{one}")).await.assert_status(204);
        assert_eq!(app.get(&article).await.json()["topics"], json!([{"id": two, "title": "Topic t2"}]));
        assert_eq!(app.get(&format!("/api/v1/articles?topic={one}")).await.assert_status(200).json()["items"], json!([]));
        assert_eq!(app.get(&format!("/api/v1/articles?topic={two}")).await.json()["items"].as_array().unwrap().len(), 1);
        let changes = app.get(&format!("/api/v1/articles/changes?since={since}")).await.json();
        assert_eq!(changes["items"].as_array().unwrap().len(), 1);
    }

    /// Topics stand where they are put, and the others make room
    async fn topics_have_an_order(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        desk.made("/topics", &json!({"site": "demo", "key": "t0", "title": "t", "position": 1})).await;
        let (path, _) = desk.made("/topics", &json!({"site": "demo", "key": "t3", "title": "t"})).await;
        let order = async || keys(&desk.walk("/topics?site=demo&limit=3").await.0).join(" ");
        assert_eq!(order().await, "t0 t1 t2 t3");
        desk.patch(&path, &json!({"position": 2})).await.assert_status(200);
        assert_eq!(order().await, "t0 t3 t1 t2");
        assert_eq!(keys(app.get("/api/v1/sites/demo/topics").await.json()["items"].as_array().unwrap()).join(" "), "t0 t3 t1 t2");
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, _) = desk.made("/topics", &json!({"site": "demo", "key": "k", "title": "t"})).await;
        desk.keeps_conditions(&path, &json!({"title": "Other"})).await;
    }

    /// What cannot be a topic is refused with the place of the fault
    async fn bad_topics_are_refused(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, _) = desk.made("/topics", &json!({"site": "demo", "key": "k", "title": "t"})).await;
        desk.refuses_changes(&path, &[
            (json!({"site": "demo"}), "/site", "read_only"),
            (json!({"key": "k"}), "/key", "read_only"),
            (json!({"title": null}), "/title", "required"),
            (json!({"title": "\u{200b} "}), "/title", "invalid"),
            (json!({"title": "x\u{0}"}), "/title", "invalid"),
            (json!({"title": {"zh": "x"}}), "/title", "wrong_type"),
            (json!({"year": 0}), "/year", "invalid"),
            (json!({"year": 10000}), "/year", "invalid"),
            (json!({"year": "2026"}), "/year", "wrong_type"),
            (json!({"year": [2026]}), "/year", "wrong_type"),
            (json!({"position": 0}), "/position", "invalid"),
            (json!({"position": null}), "/position", "required"),
        ]).await;
        desk.refuses_new("/topics", &[
            (json!({"title": "t"}), "/site", "required"),
            (json!({"site": "demo"}), "/title", "required"),
            (json!({"site": "nope", "title": "t"}), "/site", "unknown"),
            (json!({"site": "demo", "title": "t", "key": ""}), "/key", "invalid"),
        ]).await;
        assert_eq!(desk.walk("/topics?site=demo").await.0.len(), 3);
    }

    /// A site has one topic of a key, also where twenty are made at once
    async fn a_site_has_one_topic_of_a_key(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let body = json!({"site": "demo", "key": "k", "title": "t"});
        let answers = join_all((0..20).map(|_| desk.post("/topics", &body))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            refused.assert_problem(409, "conflict");
        }
        let problem = desk.post("/topics", &body).await.assert_problem(409, "conflict");
        assert_eq!(problem["errors"][0]["pointer"], "/key");
    }

    /// Editors of a site change its topics, others there see them, and nobody else
    async fn topics_belong_to_their_site(app) {
        app.import(&portals());
        let (path, _) = app.desk("admin").made("/topics", &json!({"site": "demo", "key": "k", "title": "t"})).await;
        let change = json!({"title": "Other"});
        let new = json!({"site": "demo", "title": "t"});
        app.desk_of(app.token_with(None, &[(Role::Editor, "demo", None)])).changed(&path, &change).await;
        let author = app.desk_of(app.token_with(None, &[(Role::Author, "demo", Some("news"))]));
        author.get(&path).await.assert_status(200);
        for answer in [author.post("/topics", &new).await, author.patch(&path, &change).await, author.delete(&path).await] {
            answer.assert_problem(403, "forbidden");
        }
        let stranger = app.desk_of(app.token_with(None, &[(Role::Admin, "other", None)]));
        for answer in [stranger.get(&path).await, stranger.patch(&path, &change).await, stranger.delete(&path).await] {
            answer.assert_problem(404, "not_found");
        }
        stranger.post("/topics", &new).await.assert_problem(403, "forbidden");
        assert_eq!(stranger.walk("/topics?site=demo").await.0, Vec::<Value>::new());
    }
}
