//! Topics as readers meet them.

use std::collections::BTreeSet;
use std::fs;

use diesel::RunQueryDsl;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Portal, TestApp, on_both, shared};

/// A portal with the topics `t1` to `t<count>`.
fn portal(count: usize) -> Portal {
    (1..=count).fold(Portal::new("demo"), |portal, n| {
        portal.topic(&format!("t{n}"))
    })
}

/// Every topic of a list, and how many pages it took.
async fn walk(app: &TestApp, path: &str) -> (Vec<Value>, usize) {
    let mut topics = Vec::new();
    let mut pages = 0;
    let mut next = path.to_owned();
    loop {
        let page = app.get(&next).await.assert_status(200).json();
        topics.extend(page["items"].as_array().unwrap().iter().cloned());
        pages += 1;
        match page["next_cursor"].as_str() {
            None => return (topics, pages),
            Some(cursor) => next = format!("{path}&cursor={cursor}"),
        }
    }
}

fn keys(topics: &[Value]) -> Vec<&str> {
    topics.iter().map(|t| t["key"].as_str().unwrap()).collect()
}

on_both! {
    /// Lists of 0, 1, one page, and one page and one
    async fn topics_are_paged(app) {
        for (count, expected) in [(0, 1), (1, 1), (5, 1), (6, 2), (10, 2), (11, 3)] {
            app.import(&portal(count));
            let (topics, pages) = walk(app, "/api/v1/sites/demo/topics?limit=5").await;
            let in_order: Vec<String> = (1..=count).map(|n| format!("t{n}")).collect();
            assert_eq!(keys(&topics), in_order);
            assert_eq!(pages, expected, "{count} topics");
            let counted = app.get("/api/v1/sites/demo/topics?limit=5&count=exact").await.json();
            assert_eq!((&counted["total"], &counted["total_kind"]), (&json!(count), &json!("exact")));
        }
        let page = app.get("/api/v1/sites/demo/topics").await.assert_status(200).json();
        assert_eq!((&page["total"], &page["total_kind"]), (&Value::Null, &json!("none")));
    }

    /// Page numbers and cursors lead to the same topics, and links say where the other pages are
    async fn pages_have_numbers_and_links(app, |s| s.var("MASTHEAD_PUBLIC_URL", "https://api.example.org")) {
        app.import(&portal(11));
        let here = "https://api.example.org/api/v1/sites/demo/topics?limit=5&count=exact";
        for (page, first, links) in [
            (1, Some("t1"), &[(1, "first"), (2, "next"), (3, "last")][..]),
            (2, Some("t6"), &[(1, "first"), (1, "prev"), (3, "next"), (3, "last")][..]),
            (3, Some("t11"), &[(1, "first"), (2, "prev"), (3, "last")][..]),
            (4, None, &[(1, "first"), (3, "prev"), (3, "last")][..]),
        ] {
            let answer = app.get(&format!("/api/v1/sites/demo/topics?limit=5&count=exact&page={page}")).await;
            let body = answer.assert_status(200).json();
            assert_eq!(body["items"][0]["key"].as_str(), first, "page {page}");
            assert_eq!(body["total"], 11);
            let links: Vec<String> = links.iter().map(|(to, rel)| format!("<{here}&page={to}>; rel=\"{rel}\"")).collect();
            assert_eq!(answer.header("link"), Some(links.join(", ").as_str()), "page {page}");
        }
        let first = app.get("/api/v1/sites/demo/topics?limit=5&count=exact").await;
        let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(first.header("link"), Some(format!("<{here}>; rel=\"first\", <{here}&cursor={cursor}>; rel=\"next\"").as_str()));
        let numbered = app.get("/api/v1/sites/demo/topics?limit=5&page=2").await.json();
        let followed = app.get(&format!("/api/v1/sites/demo/topics?limit=5&cursor={cursor}")).await.json();
        assert_eq!(numbered, followed);
        for (query, code) in [("page=2001&limit=5", "too_far"), (&format!("page=2&cursor={cursor}"), "excludes_cursor")] {
            let problem = app.get(&format!("/api/v1/sites/demo/topics?{query}")).await.assert_problem(400, "invalid_parameter");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("/page"), &json!(code)));
        }
    }

    /// Only topics of a year, in their order; no year is none of them
    async fn a_year_filters_topics(app) {
        let mut portal = Portal::new("demo").topic("none");
        for (key, year) in [("a", 2024), ("b", 2025), ("c", 2024), ("d", 1), ("e", 9999), ("f", 2024)] {
            let topic = portal.record("topic").set("key", key).set("title", "Same title").set("year", year);
            portal = portal.with(topic);
        }
        app.import(&portal);
        for (year, expected) in [("2024", &["a", "c", "f"][..]), ("2025", &["b"]), ("1", &["d"]), ("9999", &["e"]), ("2023", &[])] {
            let (topics, _) = walk(app, &format!("/api/v1/sites/demo/topics?limit=2&year={year}")).await;
            assert_eq!(keys(&topics), expected, "{year}");
            let counted = app.get(&format!("/api/v1/sites/demo/topics?limit=1&count=exact&year={year}")).await.json();
            assert_eq!(counted["total"], expected.len(), "{year}");
        }
        for wrong in ["0", "10000", "-1", "x", "02024", ""] {
            let problem = app.get(&format!("/api/v1/sites/demo/topics?year={wrong}")).await.assert_problem(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["pointer"], "/year", "{wrong}");
        }
    }

    /// A cursor works only on its own site, with its own filter
    async fn cursors_belong_to_one_list(app) {
        let other = (1..=3).fold(Portal::new("other"), |portal, n| portal.topic(&format!("t{n}")));
        app.import(&portal(3).source("s1").source("s2").and(other));
        let cursor = app.get("/api/v1/sites/demo/topics?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
        let source = app.get("/api/v1/sources?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
        app.get(&format!("/api/v1/sites/demo/topics?limit=2&cursor={cursor}")).await.assert_status(200);
        for path in [
            format!("/api/v1/sites/other/topics?limit=1&cursor={cursor}"),
            format!("/api/v1/sites/demo/topics?limit=1&year=2024&cursor={cursor}"),
            format!("/api/v1/sites/demo/topics?limit=1&cursor={source}"),
            format!("/api/v1/sources?limit=1&cursor={cursor}"),
        ] {
            let problem = app.get(&path).await.assert_problem(400, "invalid_cursor");
            assert_eq!(problem["errors"][0]["pointer"], "/cursor");
        }
    }

    /// A topic has an address of its own
    async fn a_topic_is_found_by_its_id(app) {
        let mut portal = portal(1).topic("t2");
        let dated = portal.record("topic").set("key", "深海").set("title", "专题:深海 观测").set("year", 2024);
        portal = portal.with(dated);
        app.import(&portal.and(Portal::new("other").topic("t1")));
        let list = app.get("/api/v1/sites/demo/topics").await.json();
        for topic in list["items"].as_array().unwrap() {
            let found = app.get(&format!("/api/v1/topics/{}", topic["id"])).await.assert_status(200).json();
            assert_eq!(found, *topic);
            assert_eq!(found["site"], "demo");
        }
        let last = &list["items"][2];
        assert_eq!(*last, json!({"id": last["id"], "key": "深海", "site": "demo", "title": "专题:深海 观测", "year": 2024}));
        assert_eq!(list["items"][0]["year"], Value::Null);
        assert_eq!(app.get("/api/v1/sites/other/topics").await.json()["items"][0]["site"], "other");
    }

    /// What is not there is not found
    async fn unknown_topics_are_404(app) {
        app.import(&portal(1));
        for path in ["sites/nope/topics", "sites/demo/topics/", "topics/0", "topics/9007199254740991", "topics/x", "topics"] {
            app.get(&format!("/api/v1/{path}")).await.assert_problem(404, "not_found");
        }
        app.get("/api/v1/topics/1?year=1").await.assert_problem(400, "invalid_parameter");
        app.get("/api/v1/sites/demo/topics?limit=101").await.assert_problem(400, "invalid_parameter");
    }

    /// Who has the topics already is told so, until they change
    async fn unchanged_topics_are_not_sent_again(app) {
        app.import(&portal(1));
        let id = app.get("/api/v1/sites/demo/topics").await.json()["items"][0]["id"].clone();
        let paths = ["/api/v1/sites/demo/topics?count=exact".to_owned(), format!("/api/v1/topics/{id}")];
        for path in &paths {
            let tag = app.get(path).await.header("etag").unwrap().to_owned();
            app.request("GET", path).header("if-none-match", &tag).send().await.assert_status(304);
        }
        let tag = app.get(&paths[0]).await.header("etag").unwrap().to_owned();
        app.import(&portal(2));
        app.request("GET", &paths[0]).header("if-none-match", &tag).send().await.assert_status(200);
    }

    /// More than ten thousand are estimated, with as little effort as ten thousand
    async fn very_many_topics_are_estimated(app) {
        app.import(&Portal::new("demo").topic("t"));
        let fill = "INSERT INTO topics (site_id, key, title, year, position, created_at, updated_at) \
            WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) \
            SELECT sites.id, 'k' || i, 'Title', 2000 + i % 2, i, created_at, updated_at FROM sites, n";
        diesel::sql_query(fill).execute(&mut app.database().connect()).unwrap();
        for (query, total, kind) in [("", 12000, "estimated"), ("&year=2000", 6000, "exact")] {
            let page = app.get(&format!("/api/v1/sites/demo/topics?limit=1&count=exact{query}")).await.assert_status(200).json();
            assert_eq!((&page["total"], &page["total_kind"]), (&json!(total), &json!(kind)), "{query}");
        }
    }

    /// The 126 topics of a real portal, over two pages (checklist S2-12 to S2-15)
    async fn the_topics_of_a_real_portal(app) {
        let Some(file) = shared("portals/bulletin.ndjson") else { return };
        app.try_import(fs::read(file).unwrap()).unwrap();
        let path = "/api/v1/sites/bulletin/topics?limit=100&count=exact";
        let (topics, pages) = walk(app, path).await;
        assert_eq!((topics.len(), pages), (126, 2));
        assert_eq!(app.get(path).await.json()["total"], 126);
        let titles: Vec<&str> = topics.iter().map(|t| t["title"].as_str().unwrap()).collect();
        let digest = Sha256::digest(titles.join("\n"));
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "951c1e8f79f5fe77a5382d52d053fb286377be407564a01697d82ea2b7fd3716");
        assert_eq!((titles[10], titles[13]), ("专题报道", "专题报道"));
        assert_eq!(titles[75], titles[121]);
        assert_eq!(titles.iter().collect::<BTreeSet<_>>().len(), 124);
        let distinct = |member: &str| topics.iter().map(|t| t[member].to_string()).collect::<BTreeSet<_>>().len();
        assert_eq!((distinct("id"), distinct("key")), (126, 126));
    }
}
