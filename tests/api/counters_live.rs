//! Numbers that are live: in their own answers at once, in articles and lists within seconds, and exact however many count at once.

use serde_json::json;

use crate::support::accounts::join_all;
use crate::support::calls::{calls, full_portal, needs_caller};
use crate::support::client::Answer;
use crate::support::counting::{Who, outcome, visitor};
use crate::support::{Portal, TestApp, on_both};

const A: &str = "/api/v1/articles/1/views";
const VISITS: &str = "/api/v1/sites/demo/visits";
const DOWNLOADS: &str = "/api/v1/attachments/1/downloads";

/// What shows an article, or does not.
const SHOWING: [&str; 8] = [
    "/api/v1/articles/1",
    "/api/v1/articles/2?include=neighbors,related",
    "/api/v1/sites/demo/articles/a",
    "/api/v1/articles?site=demo",
    "/api/v1/articles?ids=1",
    "/api/v1/articles/changes?site=demo",
    "/api/v1/sites/demo",
    "/api/v1/sites/demo/categories",
];

fn portal() -> Portal {
    let files = json!([{"name": "附件", "url": "https://example.org/附.pdf"}, {"name": "二", "url": "https://example.org/2.pdf"}]);
    Portal::new("demo")
        .article("a", |a| a.title("全角ＡＢＣ 🌊").set("attachments", files))
        .article("b", |a| a.set("related", ["a"]))
}

async fn with(app: &TestApp, path: &str, name: &str, value: &str) -> Answer {
    app.request("GET", path).header(name, value).send().await
}

on_both! {
    /// What was counted is in articles and lists within five seconds, and no answer is new for that
    async fn views_reach_articles_without_touching_etags(app) {
        app.import(&portal());
        app.set_clock("2026-01-15T05:00:00Z");
        let mut before = Vec::new();
        for path in SHOWING {
            let answer = app.get(path).await;
            before.push(["etag", "last-modified", "cache-control"].map(|name| answer.header(name).unwrap().to_owned()));
        }
        for n in 0..7 {
            app.outcome(A, visitor(&format!("第{n}位"))).await;
        }
        app.outcome(DOWNLOADS, Who::default()).await;
        app.outcome(VISITS, Who::default()).await;
        app.added_up().await;
        let article = app.get("/api/v1/articles/1").await.json();
        assert_eq!(json!([article["views"], article["attachments"][0]["downloads"], article["attachments"][1]["downloads"]]), json!([7, 1, 0]));
        let list = app.get("/api/v1/articles?ids=1").await.json();
        assert_eq!(list["items"][0]["views"], 7);
        for (path, headers) in SHOWING.into_iter().zip(before) {
            let answer = app.get(path).await;
            assert_eq!(["etag", "last-modified", "cache-control"].map(|name| answer.header(name).unwrap().to_owned()), headers, "{path}");
            let [etag, modified, _] = &headers;
            with(app, path, "if-none-match", etag).await.assert_status(304);
            with(app, path, "if-modified-since", modified).await.assert_status(304);
        }
        // Nobody who follows the changes hears of it.
        let changes = app.get("/api/v1/articles/changes?site=demo").await.json();
        assert_eq!(changes["items"].as_array().unwrap().len(), 2);
    }

    /// Live numbers are asked for each time: their tag changes with them, and no time vouches for them
    async fn live_numbers_are_asked_for_each_time(app) {
        app.import(&portal());
        for (path, post) in [(A, A), (VISITS, VISITS), ("/api/v1/articles/1/views/history", A), ("/api/v1/rankings/views?site=demo", A), ("/api/v1/rankings/downloads?site=demo", DOWNLOADS)] {
            let first = app.get(path).await;
            let (tag, modified) = (first.header("etag").unwrap(), first.header("last-modified").unwrap());
            assert_eq!(first.header("cache-control"), Some("public, no-cache"), "{path}");
            assert!(tag.starts_with("W/\""), "{tag}");
            let same = with(app, path, "if-none-match", tag).await;
            same.assert_status(304);
            assert_eq!((same.header("cache-control"), same.header("etag"), same.body.len()), (Some("public, no-cache"), Some(tag), 0));
            app.outcome(post, visitor(&format!("{path} 一"))).await;
            for moment in [modified, "Fri, 31 Dec 2100 23:59:59 GMT"] {
                with(app, path, "if-modified-since", moment).await.assert_status(200);
            }
            let second = with(app, path, "if-none-match", tag).await;
            second.assert_status(200);
            assert_ne!(second.header("etag"), Some(tag), "{path}");
            assert_ne!(second.text(), first.text());
        }
    }

    /// Fetching counts nothing: whatever anyone reads, the database is as it was
    async fn reading_writes_nothing(app) {
        app.import(&full_portal());
        app.outcome(A, visitor("一")).await;
        app.outcome(VISITS, visitor("一")).await;
        app.added_up().await;
        let reads: Vec<_> = calls(app).await.into_iter().filter(|call| call.operation.method == "get" && !needs_caller(call.operation)).collect();
        // What the calls set off goes on by itself.
        app.scanned().await;
        let before = app.database().dump();
        for call in &reads {
            for method in ["GET", "HEAD"] {
                for agent in ["Mozilla/5.0", "Googlebot/2.1"] {
                    let answer = app.request(method, call.path.trim_end_matches('?')).header("user-agent", agent).send().await;
                    assert!(answer.status < 400, "{answer}");
                }
            }
        }
        assert!(reads.len() > 25, "{}", reads.len());
        assert_eq!(app.database().dump(), before);
    }

    /// Two hundred readers at once are two hundred views, and one reader two hundred times is one
    async fn many_at_once_are_counted_exactly(app, |s| s.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "1000").var("MASTHEAD_WORKERS", "2")) {
        app.import(&portal());
        let keys: Vec<String> = (0..200).map(|n| format!("读者-{n}")).collect();
        let answers = join_all(keys.iter().map(|key| app.counts(A, visitor(key)))).await;
        let mut told: Vec<i64> = answers.iter().map(outcome).map(|(views, reason)| { assert_eq!(reason, None); views }).collect();
        told.sort_unstable();
        // Everybody is told a number with their own view in it.
        for (n, views) in told.iter().enumerate() {
            assert!(*views > i64::try_from(n).unwrap() && *views <= 200, "{told:?}");
        }
        assert_eq!(app.tally(A).await, (200, 200));
        let answers = join_all((0..200).map(|_| app.counts(A, visitor("一人")))).await;
        let counted = answers.iter().map(outcome).filter(|(views, reason)| { assert_eq!(*views, 201); reason.is_none() }).count();
        assert_eq!((counted, app.tally(A).await), (1, (201, 400)));
        app.added_up().await;
        assert_eq!(app.tally(A).await, (201, 400));
        assert_eq!(app.get("/api/v1/articles/1").await.json()["views"], 201);
        let history = app.get("/api/v1/articles/1/views/history").await.json();
        let last = history["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last, json!({"day": "2026-01-15", "views": 201, "hits": 400}));
    }

    /// No answer ever tells less than one before it, while numbers are added up behind it
    async fn numbers_never_go_back(app, |s| s.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "100000")) {
        app.import(&portal());
        let start = std::time::Instant::now();
        let (mut counted, mut shown) = (0, 0);
        // Longer than a sweep and the rest between two.
        while start.elapsed() < std::time::Duration::from_secs(4) {
            counted += 1;
            assert_eq!(app.outcome(A, visitor(&format!("{counted}"))).await, (counted, None));
            assert_eq!(app.tally(A).await, (counted, counted));
            let views = app.get("/api/v1/articles/1").await.json()["views"].as_i64().unwrap();
            assert!((shown..=counted).contains(&views), "{views} after {shown}, {counted} counted");
            shown = views;
        }
        assert!(shown > 0, "nothing was added up while {counted} were counted");
    }

    /// A download counts for the file and for its article
    async fn a_download_counts_for_file_and_article(app) {
        app.import(&portal());
        for (n, path) in [(1, DOWNLOADS), (2, DOWNLOADS), (3, "/api/v1/attachments/2/downloads")] {
            app.outcome(path, visitor(&format!("{n}"))).await;
        }
        assert_eq!(app.outcome(DOWNLOADS, visitor("1")).await, (2, Some("repeat".to_owned())));
        for _ in 0..2 {
            let ranking = app.get("/api/v1/rankings/downloads?site=demo&period=day").await.assert_status(200).json();
            let items = ranking["items"].as_array().unwrap();
            assert_eq!(json!([items.len(), items[0]["article"]["id"], items[0]["value"]]), json!([1, 1, 3]));
            app.added_up().await;
        }
        let article = app.get("/api/v1/articles/1").await.json();
        let downloads: Vec<_> = article["attachments"].as_array().unwrap().iter().map(|file| &file["downloads"]).collect();
        assert_eq!(json!([downloads, article["views"]]), json!([[2, 1], 0]));
    }
}
