//! A database of an earlier version serves the same once this version has opened it.

use masthead::store::migrations;
use serde_json::{Value, json};

use crate::support::counting::visitor;
use crate::support::media::png;
use crate::support::{Portal, TestApp, on_both};

/// What readers get on paths whose tables the last migration made anew.
async fn answers(app: &TestApp) -> Vec<Value> {
    let mut answers = Vec::new();
    for path in [
        "/api/v1/articles?sort=published_at&count=exact",
        "/api/v1/articles?sort=updated_at&order=asc&site=demo",
        "/api/v1/articles?sort=title&order=asc&category=1&subtree=true&count=exact",
        "/api/v1/articles?keyword=深海&available_in=zh&contributor=1&topic=1&source=1",
        "/api/v1/articles?has_attachments=true",
        "/api/v1/articles/1?include=neighbors,related,breadcrumbs",
        "/api/v1/sites/demo/articles/a",
        "/api/v1/sites/demo/categories",
    ] {
        answers.push(app.get(path).await.assert_status(200).json());
    }
    let changes = app
        .get("/api/v1/articles/changes")
        .await
        .assert_status(200)
        .json();
    answers.extend(
        changes["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| json!([c["id"], c["article"]])),
    );
    answers
}

on_both! {
    /// Lists, counts and changes are made anew from the articles
    async fn an_older_database_is_brought_up_to_date(app) {
        let mut portal = Portal::new("demo").source("s1").topic("t1").category("x/y").category("z");
        for key in ["a", "b", "c"] {
            portal = portal.article(key, |a| a.category("x/y").sources(&["s1"]).topics(&["t1"]).set("keywords", ["深海"]).locale("zh-Hans")
                .set("contributors", json!([{"role": "author", "kind": "person", "name": "Lin"}]))
                .set("attachments", json!([{"name": "f", "url": "https://example.org/f"}])));
        }
        portal = portal.article("later", |a| a.published_at("2026-01-15T04:30:00Z")).article("draft", |a| a.status("draft"))
            .article("ends", |a| a.set("unpublish_at", "2026-01-15T04:10:00Z"));
        app.import(&portal);
        let before = answers(app).await;
        assert_eq!(before[0]["total"], 4);
        for _ in ["hygiene", "search", "counting", "media"] {
            migrations::revert_last(&mut app.database().connect()).unwrap();
        }
        assert_eq!(app.app.migrate().unwrap(), 4);
        assert_eq!(answers(app).await, before);
        // Nothing is left to do, and the counts go on by themselves.
        assert_eq!(app.app.migrate().unwrap(), 0);
        assert_eq!(app.app.services().upkeep.reindex().unwrap(), 6);
        assert_eq!(answers(app).await, before);
        app.set_clock("2026-01-15T04:30:00Z");
        let list = app.get("/api/v1/articles?count=exact").await.json();
        assert_eq!((list["total"].as_u64(), list["items"].as_array().unwrap().len()), (Some(4), 4));
    }

    /// A database from before readers were counted goes on where its numbers are, and going back there and forth loses nothing
    async fn an_older_database_goes_on_counting(app) {
        let file = json!([{"name": "附", "url": "https://example.org/f.pdf"}]);
        app.import(&Portal::new("demo").site(|s| s.set("visitors", 34_819_433))
            .article("a", |a| a.set("views", 983).set("citations", 4).set("attachments", file)).article("b", |a| a.set("views", 1305)).article("c", |a| a));
        // Counted and not yet added up, as a process leaves it that was killed.
        app.database().execute(
            "INSERT INTO pending_counts (kind, reference, day, counted, hits) VALUES (0, 1, 20467, 2, 5), (0, 1, 20468, 3, 3), (1, 1, 20468, 6, 0), \
             (3, 1, 20468, 6, 9), (4, (SELECT id FROM sites), 20468, 10, 11)");
        for _ in ["hygiene", "search", "counting"] {
            migrations::revert_last(&mut app.database().connect()).unwrap();
        }
        let mut found = Vec::new();
        for sql in [
            "SELECT views FROM article_counters WHERE article_id = 1", "SELECT views FROM article_counters WHERE article_id = 2",
            "SELECT downloads FROM article_counters WHERE article_id = 1", "SELECT citations FROM article_counters WHERE article_id = 1",
            "SELECT downloads FROM attachment_counters", "SELECT visitors FROM site_counters",
        ] {
            found.push(app.database().number(sql));
        }
        assert_eq!(found, [988, 1305, 6, 4, 6, 34_819_443]);
        assert_eq!(app.app.migrate().unwrap(), 3);
        for (id, views) in [(1, 988), (2, 1305), (3, 0)] {
            let counter = app.get(&format!("/api/v1/articles/{id}/views")).await.assert_status(200).json();
            assert_eq!(json!([counter["views"], counter["opening"], counter["hits"]]), json!([views, views, 0]));
        }
        assert_eq!(app.outcome("/api/v1/articles/1/views", visitor("一")).await, (989, None));
        assert_eq!(app.outcome("/api/v1/attachments/1/downloads", visitor("一")).await, (7, None));
        assert_eq!(app.outcome("/api/v1/sites/demo/visits", visitor("一")).await, (34_819_444, None));
        let ranking = app.get("/api/v1/rankings/views?site=demo&period=all").await.assert_status(200).json();
        let places: Vec<Value> = ranking["items"].as_array().unwrap().iter().map(|item| json!([item["article"]["id"], item["value"]])).collect();
        assert_eq!(json!(places), json!([[2, 1305], [1, 989]]));
    }

    /// A database from before there were files keeps what articles refer to, and takes files
    async fn an_older_database_takes_files(app) {
        let outside = "https://example.org/图.jpg";
        let sound = json!([{"url": "https://example.org/a.mp3", "media_type": "audio/mpeg", "duration_s": 60}]);
        app.import(&Portal::new("demo").article("a", |a| a.set("cover", outside).set("audio", sound)
            .set("attachments", json!([{"name": "附", "url": "https://example.org/f.pdf"}]))));
        let before = app.get("/api/v1/sites/demo/articles/a").await.json();
        for _ in ["hygiene", "search", "counting", "media"] {
            migrations::revert_last(&mut app.database().connect()).unwrap();
        }
        assert_eq!(app.app.migrate().unwrap(), 4);
        let after = app.get("/api/v1/sites/demo/articles/a").await.json();
        assert_eq!(after, before);
        assert_eq!((&after["cover"]["url"], &after["cover"]["width"]), (&json!(outside), &Value::Null));
        let desk = app.desk("editor");
        let file = desk.uploaded("图.png", png(400, 20)).await;
        let path = format!("/articles/{}", after["id"]);
        desk.changed(&path, &json!({"cover": file["url"]})).await;
        assert_eq!(app.get("/api/v1/sites/demo/articles/a").await.json()["cover"]["width"], 400);
    }
}
