//! Conditional requests and what caches are told.

use crate::support::calls::{Call, calls, documents, full_portal};
use crate::support::client::Answer;
use crate::support::{Portal, TestApp, on_both};

/// Every kind of public answer.
const PATHS: [&str; 18] = [
    "/api/v1/sites",
    "/api/v1/sites/demo",
    "/api/v1/sites/demo/menus",
    "/api/v1/sites/demo/menus/main",
    "/api/v1/sites/demo/link-groups",
    "/api/v1/sites/demo/categories",
    "/api/v1/sites/demo/categories/news",
    "/api/v1/categories/1",
    "/api/v1/sites/demo/topics",
    "/api/v1/topics/1",
    "/api/v1/sources",
    "/api/v1/sources/1",
    "/api/v1/articles?site=demo",
    "/api/v1/articles/changes?site=demo",
    "/api/v1/articles/1?include=neighbors,related,breadcrumbs,site_details",
    "/api/v1/sites/demo/articles/a",
    "/api/v1/search?q=article&site=demo&facets=category,source,year",
    "/api/v1/search/suggestions?q=cat&site=demo",
];

fn portal() -> Portal {
    Portal::new("demo")
        .source("s1")
        .topic("t1")
        .category("news")
        .menu(
            "main",
            serde_json::json!([{"label": "News", "category": "news"}]),
        )
        .link_group(
            "links",
            serde_json::json!([{"label": "x", "url": "https://example.org"}]),
        )
        .article("a", |a| a.sources(&["s1"]).topics(&["t1"]))
        .article("b", |a| a)
}

async fn with(app: &TestApp, path: &str, name: &str, value: &str) -> Answer {
    app.request("GET", path).header(name, value).send().await
}

fn validators(answer: &Answer) -> (String, String) {
    let header = |name| {
        answer
            .header(name)
            .unwrap_or_else(|| panic!("no {name}: {answer}"))
            .to_owned()
    };
    (header("etag"), header("last-modified"))
}

on_both! {
    /// Every public answer has validators, and is not sent twice
    async fn every_answer_can_be_revalidated(app) {
        app.import(&portal());
        app.set_clock("2026-01-15T05:00:00Z");
        for path in PATHS {
            let answer = app.get(path).await;
            answer.assert_status(200);
            let (etag, modified) = validators(&answer);
            assert!(etag.starts_with("W/\""), "{path}: {etag}");
            assert_eq!(answer.header("cache-control"), Some("public, max-age=0, s-maxage=30, stale-while-revalidate=30, stale-if-error=300"), "{path}");
            for (name, value) in [
                ("if-none-match", etag.clone()),
                ("if-none-match", format!("\"x\", {etag}")),
                ("if-none-match", "*".to_owned()),
                ("if-modified-since", modified.clone()),
            ] {
                let again = with(app, path, name, &value).await;
                again.assert_status(304);
                assert_eq!(again.body.len(), 0);
                assert_eq!(validators(&again), (etag.clone(), modified.clone()), "{path}");
                for header in ["cache-control", "vary", "link", "content-language", "surrogate-key", "access-control-allow-origin"] {
                    assert_eq!(again.header(header), answer.header(header), "{path}: {header}");
                }
                let head = app.request("HEAD", path).header(name, &value).send().await;
                head.assert_status(304);
            }
            for (name, value) in [("if-none-match", "W/\"other\""), ("if-modified-since", "Thu, 01 Jan 2026 00:00:00 GMT"), ("if-modified-since", "nonsense"), ("if-none-match", "nonsense")] {
                with(app, path, name, value).await.assert_status(200);
            }
            // The ETag decides where both are given.
            app.request("GET", path).header("if-none-match", "\"other\"").header("if-modified-since", &modified).send().await.assert_status(200);
        }
    }

    /// Whatever changes the content changes the ETag, and a stamp that only grows
    async fn content_changes_validators(app) {
        app.import(&portal());
        app.set_clock("2026-01-15T05:00:00Z");
        let mut before = Vec::new();
        for path in PATHS {
            before.push(validators(&app.get(path).await));
        }
        // Names that other answers show: of the category, the source, the topic, the site.
        app.import(&portal().site(|s| s.set("name", "Renamed").set("default_locale", "en"))
            .with(portal().record("category").set("path", "news").set("name", "Renamed"))
            .with(crate::support::content::Record::new("source").set("slug", "s1").set("name", "Renamed"))
            .with(portal().record("topic").set("key", "t1").set("title", "Renamed"))
            .menu("main", serde_json::json!([{"label": "Renamed", "category": "news"}]))
            .with(portal().record("link_group").set("key", "links").set("title", "Renamed")));
        app.set_clock("2026-01-15T05:00:02Z");
        for (path, (etag, modified)) in PATHS.into_iter().zip(before) {
            // A menu and the links show none of the names, a list of changes none but the article's own.
            let answer = with(app, path, "if-none-match", &etag).await;
            answer.assert_status(200);
            assert_ne!(validators(&answer).1, modified, "{path}");
            with(app, path, "if-modified-since", &modified).await.assert_status(200);
        }
    }

    /// A view changes no ETag
    async fn counting_changes_no_etag(app) {
        app.import(&portal());
        for path in ["/api/v1/articles", "/api/v1/articles/1"] {
            let (etag, _) = validators(&app.get(path).await);
            app.database().execute("UPDATE article_counters SET views = views + 1");
            let after = app.get(path).await;
            assert!(after.text().contains("\"views\":"), "{after}");
            assert_eq!(validators(&after).0, etag);
        }
    }

    /// Changes of one second have a modification time each
    async fn no_two_changes_are_modified_alike(app) {
        let mut seen = std::collections::BTreeSet::new();
        app.set_clock("2026-01-15T05:00:00.100Z");
        for n in 0..4 {
            app.import(&portal().article("a", |a| a.title(&format!("Version {n}"))));
            // Read later, so that the second of the change is over.
            app.set_clock(&format!("2026-01-15T05:0{}:00.100Z", n + 1));
            let (_, modified) = validators(&app.get("/api/v1/articles/1").await);
            assert!(seen.insert(modified), "version {n}");
            app.set_clock("2026-01-15T05:00:00.200Z");
        }
    }

    /// Who asks for a language by name gets the same answer whatever the header says
    async fn a_named_language_does_not_vary(app) {
        let text = serde_json::json!([{"locale": "zh-Hans", "title": "文章", "body_html": ""}]);
        app.import(&Portal::new("demo").article("a", |a| a.set("translations", text)));
        for path in ["/api/v1/articles/1?locale=fr", "/api/v1/articles?locale=fr", "/api/v1/articles/changes?locale=fr&site=demo"] {
            let zh = with(app, path, "accept-language", "zh-Hans").await;
            let en = with(app, path, "accept-language", "en").await;
            assert_eq!(zh.header("vary"), Some("Accept-Encoding"), "{path}");
            assert_eq!(zh.json(), en.json(), "{path}");
        }
    }

    /// What changes in the running second is not called modified before the second is over
    async fn two_changes_in_one_second_are_two(app) {
        app.set_clock("2026-01-15T05:00:00.300Z");
        app.import(&portal());
        app.set_clock("2026-01-15T05:00:00.400Z");
        let (_, first) = validators(&app.get("/api/v1/articles/1").await);
        app.set_clock("2026-01-15T05:00:00.500Z");
        app.import(&portal().article("a", |a| a.title("Second")));
        let second = with(app, "/api/v1/articles/1", "if-modified-since", &first).await;
        assert_eq!(second.assert_status(200).json()["title"], "Second");
        app.set_clock("2026-01-15T05:00:03Z");
        let (_, later) = validators(&app.get("/api/v1/articles/1").await);
        // The first was modified at :01, so the second is at :02.
        assert_eq!(later, "Thu, 15 Jan 2026 05:00:02 GMT");
    }

    /// Shared caches keep nothing past the moment at which an article comes or goes
    async fn caches_keep_nothing_past_the_next_planned_change(app) {
        app.import(&portal().article("soon", |a| a.published_at("2026-01-15T05:00:20Z")).article("a", |a| a.sources(&["s1"]).topics(&["t1"]).set("unpublish_at", "2026-01-15T05:00:10Z")));
        app.set_clock("2026-01-15T05:00:00Z");
        let maxage = async |path: &str| {
            let answer = app.get(path).await;
            let control = answer.header("cache-control").unwrap().to_owned();
            control.split("s-maxage=").nth(1).unwrap().split(',').next().unwrap().parse::<u32>().unwrap()
        };
        for path in ["/api/v1/articles?site=demo", "/api/v1/articles", "/api/v1/articles/1", "/api/v1/sites/demo/articles/a", "/api/v1/sites/demo/categories", "/api/v1/articles/2?include=neighbors"] {
            assert_eq!(maxage(path).await, 10, "{path}");
        }
        assert_eq!(maxage("/api/v1/articles/2").await, 30);
        let (_, before) = validators(&app.get("/api/v1/articles?site=demo").await);
        app.set_clock("2026-01-15T05:00:11Z");
        assert_eq!(maxage("/api/v1/articles?site=demo").await, 9);
        // Nobody wrote anything, and yet the list was modified.
        let after = with(app, "/api/v1/articles?site=demo", "if-modified-since", &before).await;
        after.assert_status(200);
        assert_eq!(after.header("last-modified"), Some("Thu, 15 Jan 2026 05:00:10 GMT"));
        // Nor does the stamp go back once the event is rolled up.
        app.set_clock("2026-01-15T08:00:00Z");
        app.app.services().upkeep.roll_up_counts().await.unwrap();
        let (_, later) = validators(&app.get("/api/v1/articles?site=demo").await);
        assert_eq!(later, "Thu, 15 Jan 2026 08:00:00 GMT");
    }

    /// How long caches may keep answers is configurable
    async fn caching_is_configurable(app, |s| s.var("MASTHEAD_CACHE_SHARED_S", "5").var("MASTHEAD_CACHE_STALE_S", "0").var("MASTHEAD_CACHE_ERROR_S", "60")) {
        app.import(&portal());
        assert_eq!(app.get("/api/v1/articles").await.header("cache-control"), Some("public, max-age=0, s-maxage=5, stale-while-revalidate=0, stale-if-error=60"));
    }

    /// Answers name what a cache may want to drop
    async fn answers_name_their_groups(app) {
        app.import(&portal());
        assert_eq!(app.get("/api/v1/articles/1").await.header("surrogate-key"), Some("site-demo category-1 article-1"));
        assert_eq!(app.get("/api/v1/articles?site=demo").await.header("surrogate-key"), Some("site-demo category-1 article-2 article-1"));
        assert_eq!(app.get("/api/v1/sites/demo").await.header("surrogate-key"), Some("site-demo"));
    }

    /// A problem is not kept by caches, and has no validators
    async fn problems_are_not_kept(app) {
        for path in ["/api/v1/articles/1", "/api/v1/sites/none", "/api/v1/articles?limit=0", "/nothing"] {
            let answer = with(app, path, "if-none-match", "*").await;
            assert!(answer.status >= 400);
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!((answer.header("etag"), answer.header("last-modified")), (None, None));
        }
    }

    /// What is managed has strong tags that change with it and with nothing else, and is not sent twice
    async fn management_has_strong_tags(app) {
        app.import(&full_portal());
        let reads: Vec<Call> = calls(app).await.into_iter()
            .filter(|call| call.operation.method == "get" && call.path.starts_with("/api/v1/manage/")).collect();
        for call in &reads {
            let first = call.send(app).await;
            let tag = first.assert_status(200).header("etag").unwrap().to_owned();
            assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}: {first}");
            let body = first.json();
            if !body["version"].is_null() {
                assert_eq!(tag, format!("\"{}\"", body["version"]), "{first}");
            }
            for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
                let again = call.send_with(app, &[("if-none-match", &known)]).await;
                // Where a part changes without a new version, such as when a key was last used, all of it is sent.
                let is_live = !documents(call.operation, "304");
                again.assert_status(if is_live { 200 } else { 304 });
                assert_eq!(again.body.is_empty(), !is_live);
                assert_eq!(again.header("etag"), Some(tag.as_str()), "{again}");
                assert_eq!(again.header("cache-control"), Some("private, no-store"), "{again}");
            }
            for other in ["\"x\"", "W/\"x\"", "", "x"] {
                call.send_with(app, &[("if-none-match", other)]).await.assert_status(200);
            }
            // There is no time to go by: two changes may share a second.
            assert_eq!(first.header("last-modified"), None, "{first}");
            let since = ("if-modified-since", "Fri, 31 Dec 2027 23:59:59 GMT");
            call.send_with(app, &[since]).await.assert_status(200);
            let head = app.request("HEAD", call.path.trim_end_matches('?')).bearer(&app.token("admin")).send().await;
            assert_eq!((head.status, head.header("etag")), (200, Some(tag.as_str())), "{head}");
        }
    }
}
