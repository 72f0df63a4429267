//! Text that comes behind the back of the API is found, held back, and told of.

use serde_json::{Value, json};

use crate::support::{Portal, TestApp, on_both};

const SPAM: &str = "澳门赌场";

fn portal() -> Portal {
    let translation =
        json!([{"locale": "en", "title": "Lighthouse", "body_html": "<p>Lit.</p>", "slug": "lit"}]);
    Portal::new("demo")
        .site(|s| {
            s.set("default_locale", "zh-Hans")
                .set("locales", ["zh-Hans", "en"])
        })
        .category("news/sea")
        .topic("t1")
        .source("s1")
        .article("spoilt", |a| {
            a.locale("zh-Hans")
                .title("灯塔点亮")
                .body("<p>灯塔今晚点亮。</p>")
                .topics(&["t1"])
                .sources(&["s1"])
                .set("keywords", ["灯塔"])
                .set("translations", translation)
        })
        .article("open", |a| {
            a.locale("zh-Hans")
                .title("灯塔旧照")
                .body("<p>旧照。</p>")
                .set("keywords", ["灯塔"])
        })
}

/// What readers get of the article, path by path.
async fn shown(app: &TestApp, id: i64) -> Vec<String> {
    let mut texts = Vec::new();
    for path in [
        format!("/api/v1/articles/{id}"),
        "/api/v1/sites/demo/articles/spoilt".to_owned(),
        "/api/v1/sites/demo/articles/lit".to_owned(),
        "/api/v1/articles?limit=100".to_owned(),
        "/api/v1/articles?keyword=%E7%81%AF%E5%A1%94".to_owned(),
        "/api/v1/articles?locale=en".to_owned(),
        "/api/v1/articles/changes?limit=100".to_owned(),
        "/api/v1/search?q=%E7%81%AF%E5%A1%94".to_owned(),
        "/api/v1/search?q=%E6%BE%B3%E9%97%A8%E8%B5%8C%E5%9C%BA".to_owned(),
        "/api/v1/search?q=lighthouse".to_owned(),
        "/api/v1/search/suggestions?q=%E6%BE%B3%E9%97%A8".to_owned(),
        "/api/v1/search/suggestions?q=%E7%81%AF%E5%A1%94".to_owned(),
        "/api/v1/search/suggestions?q=light".to_owned(),
    ] {
        texts.push(app.get(&path).await.text());
    }
    texts
}

fn guard(app: &TestApp) {
    app.app.services().scanning.guard_blocking().unwrap();
}

/// Everything that could tell that something was written.
fn traces(app: &TestApp) -> Vec<i64> {
    [
        "SELECT count(*) FROM audit_log",
        "SELECT count(*) FROM findings",
        "SELECT sum(version) FROM articles",
        "SELECT sum(version) FROM sites",
        "SELECT count(*) FROM article_revisions",
        "SELECT count(*) FROM article_changes",
        "SELECT count(*) FROM search_segments",
        "SELECT count(*) FROM search_queue",
    ]
    .map(|sql| app.database().number(sql))
    .into()
}

on_both! {
    /// HY-09: wherever it is put into a public article, the article is gone from everything that readers get, and the audit log says why without saying it again
    async fn what_comes_behind_the_api_is_taken_off(app) {
        app.import(&portal());
        let id = app.article_id("spoilt").await;
        let desk = app.desk("admin");
        let honest = shown(app, id).await;
        for (n, (change, undo)) in [
            (format!("UPDATE article_texts SET title = '{SPAM}国际合作' WHERE article_id = {id} AND locale = 'zh-Hans'"),
                format!("UPDATE article_texts SET title = '灯塔点亮' WHERE article_id = {id} AND locale = 'zh-Hans'")),
            (format!("UPDATE article_texts SET body_html = '<p>在澳<b>门</b>赌 场点亮。</p>' WHERE article_id = {id} AND locale = 'zh-Hans'"),
                format!("UPDATE article_texts SET body_html = '<p>灯塔今晚点亮。</p>' WHERE article_id = {id} AND locale = 'zh-Hans'")),
            (format!("UPDATE article_texts SET keywords = '[\"澳門賭場\"]' WHERE article_id = {id} AND locale = 'zh-Hans'"),
                format!("UPDATE article_texts SET keywords = '[\"灯塔\"]' WHERE article_id = {id} AND locale = 'zh-Hans'")),
            (format!("UPDATE article_texts SET title = '{SPAM}' WHERE article_id = {id} AND locale = 'en'"),
                format!("UPDATE article_texts SET title = 'Lighthouse' WHERE article_id = {id} AND locale = 'en'")),
        ].into_iter().enumerate() {
            app.database().execute(&change);
            guard(app);
            for text in shown(app, id).await {
                for word in ["灯塔点亮", "今晚", "Lighthouse", "Lit.", "赌场", "賭場", "赌 场", "国际合作"] {
                    // What was asked for stands in the addresses of pages.
                    assert!(!text.contains(word), "{word} after {change}: {text}");
                }
            }
            for path in [format!("/api/v1/articles/{id}"), "/api/v1/sites/demo/articles/spoilt".to_owned(), "/api/v1/sites/demo/articles/lit".to_owned()] {
                app.get(&path).await.assert_problem(404, "not_found");
            }
            let held = desk.get(&format!("/articles/{id}")).await.assert_status(200).json();
            assert_eq!((&held["status"], &held["held_status"]), (&json!("quarantined"), &json!("published")));
            let entries = desk.walk("/audit-log?action=hold_article&limit=100").await.0;
            assert_eq!(entries.len(), n + 1);
            let entry = &entries[0];
            for (member, value) in [("actor", json!("masthead")), ("resource", json!("article")), ("resource_id", json!(id)), ("site", json!("demo")), ("user_id", Value::Null)] {
                assert_eq!(entry[member], value, "{entry}");
            }
            assert_eq!((&entry["after"]["is_held"], &entry["after"]["findings"], &entry["after"]["purpose"]), (&json!(true), &json!(1), &json!("guard")));
            assert_eq!(entry["after"]["rules"].as_array().unwrap().len(), 1);
            assert!(!entry.to_string().contains('赌') && !entry.to_string().contains('賭'), "{entry}");
            // Mended the same way, it comes back as it was.
            app.database().execute(&undo);
            guard(app);
            let again = app.get(&format!("/api/v1/articles/{id}")).await.assert_status(200).json();
            assert_eq!((&again["title"], &again["keywords"]), (&json!("灯塔点亮"), &json!(["灯塔"])));
            assert_eq!(desk.walk("/audit-log?action=release_article&limit=100").await.0.len(), n + 1);
        }
        let now = shown(app, id).await;
        // The list, by keyword, and both searches show it as before.
        for at in [0, 3, 4] {
            let ids = |text: &str| -> Vec<Value> {
                let body: Value = serde_json::from_str(text).unwrap();
                body["items"].as_array().map_or(vec![body["id"].clone()], |items| items.iter().map(|item| item["id"].clone()).collect())
            };
            assert_eq!(ids(&now[at]), ids(&honest[at]));
        }
    }

    /// Who lets a held article go behind the back of the API has not let it go
    async fn a_status_changed_behind_the_api_is_no_way_out(app) {
        app.import(&portal());
        let id = app.article_id("spoilt").await;
        app.database().execute(&format!("UPDATE article_texts SET title = '{SPAM}' WHERE article_id = {id} AND locale = 'zh-Hans'"));
        guard(app);
        app.database().execute(&format!("UPDATE articles SET status = 'published', held_status = NULL WHERE id = {id}"));
        app.database().execute("DELETE FROM findings");
        guard(app);
        app.get(&format!("/api/v1/articles/{id}")).await.assert_problem(404, "not_found");
        assert_eq!(app.desk("admin").walk(&format!("/findings?article_id={id}")).await.0.len(), 1);
        let quarantined = app.database().number("SELECT count(*) FROM articles WHERE status = 'quarantined'");
        assert_eq!(quarantined, 1);
    }

    /// A site whose record was changed is held back with all that is in it, and so is a category; both come back with what is in them
    async fn records_behind_the_api_are_held_back_too(app) {
        app.import(&portal());
        let id = app.article_id("spoilt").await;
        let desk = app.desk("admin");
        for (change, undo, action) in [
            (format!("UPDATE sites SET name = '{SPAM}'"), "UPDATE sites SET name = 'Site demo'", "site"),
            (format!("UPDATE categories SET name = '{SPAM}' WHERE path = 'news'"), "UPDATE categories SET name = 'News' WHERE path = 'news'", "category"),
        ] {
            app.database().execute(&change);
            guard(app);
            app.get(&format!("/api/v1/articles/{id}")).await.assert_problem(404, "not_found");
            assert_eq!(app.get("/api/v1/articles").await.assert_status(200).json()["items"], json!([]));
            let entry = desk.walk(&format!("/audit-log?action=hold_{action}")).await.0[0].clone();
            assert_eq!((&entry["resource"], &entry["after"]["is_held"], &entry["after"]["findings"]), (&json!(action), &json!(true), &json!(1)));
            app.database().execute(undo);
            guard(app);
            app.get(&format!("/api/v1/articles/{id}")).await.assert_status(200);
            assert_eq!(desk.walk(&format!("/audit-log?action=release_{action}")).await.0.len(), 1);
        }
        assert_eq!(app.database().number("SELECT count(*) FROM articles WHERE status = 'quarantined'"), 0);
        assert_eq!(app.get("/api/v1/articles?count=exact").await.json()["total"], 2);
    }

    /// A guard that finds nothing leaves no trace but that it was there
    async fn a_guard_that_finds_nothing_leaves_no_trace(app) {
        app.import(&portal());
        let id = app.article_id("spoilt").await;
        let paths = [format!("/api/v1/articles/{id}"), "/api/v1/articles".to_owned(), "/api/v1/sites/demo".to_owned(), "/api/v1/sites".to_owned()];
        let mut before = Vec::new();
        for path in &paths {
            let answer = app.get(path).await;
            before.push((answer.header("etag").map(str::to_owned), answer.header("last-modified").map(str::to_owned), answer.json()));
        }
        let was = traces(app);
        guard(app);
        assert_eq!(traces(app), was);
        for (path, before) in paths.iter().zip(before) {
            let answer = app.get(path).await;
            assert_eq!((answer.header("etag").map(str::to_owned), answer.header("last-modified").map(str::to_owned), answer.json()), before, "{path}");
        }
        let runs = app.desk("admin").walk("/hygiene-scans?limit=100").await.0;
        assert_eq!(runs.len(), 1);
        for (member, value) in [("purpose", json!("guard")), ("actor", json!("masthead")), ("state", json!("done")), ("held", json!(0)), ("dry_run", json!(false)), ("looked_at", runs[0]["total"].clone())] {
            assert_eq!(runs[0][member], value, "{}", runs[0]);
        }
    }

    /// The guard goes round as often as is set, and not while everything is looked at anyway
    async fn the_guard_goes_round(app, |s| s.var("MASTHEAD_RESCAN_SECONDS", "600")) {
        app.import(&portal());
        let guards = |app: &TestApp| app.database().number("SELECT count(*) FROM hygiene_scans WHERE purpose = 'guard'");
        let scanning = &app.app.services().scanning;
        for (now, count) in [
            ("2026-01-15T04:00:00Z", 1), ("2026-01-15T04:09:59Z", 1), ("2026-01-15T04:10:00Z", 2), ("2026-01-15T04:10:01Z", 2), ("2026-01-15T05:00:00Z", 3),
        ] {
            app.set_clock(now);
            scanning.tend_blocking().unwrap();
            assert_eq!(guards(app), count, "{now}");
        }
        assert_eq!(app.database().number("SELECT count(*) FROM hygiene_scans WHERE state <> 'done'"), 0);
    }
}
