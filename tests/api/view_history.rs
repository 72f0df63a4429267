//! `GET /articles/{id}/views/history` tells the views of an article day by day, by the clock of its site.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use masthead::models::counting::{Policy, Rules};
use masthead::models::time::Ts;
use masthead::store::counting::policies;
use serde_json::{Value, json};

use crate::support::content::Record;
use crate::support::{Portal, TestApp, on_both, spec};

/// A day as the database has it.
fn number(date: &str) -> i64 {
    let date: NaiveDate = date.parse().unwrap();
    (date - NaiveDate::default()).num_days()
}

/// What an article gained in a period (0 is a day) that starts then, as it stands when it is added up.
fn gained(app: &TestApp, id: i64, period: i16, start: &str, views: i64, hits: i64) {
    let start = number(start);
    app.database().execute(&format!(
        "INSERT INTO article_periods (article_id, period, start, site_id, views, hits, downloads, citations) \
         SELECT id, {period}, {start}, site_id, {views}, {hits}, 77, 78 FROM articles WHERE id = {id}"
    ));
}

/// What waits to be added up: 0 are views, 1 downloads.
fn pending(app: &TestApp, kind: i16, id: i64, day: &str, counted: i64, hits: i64) {
    let day = number(day);
    app.database().execute(&format!(
        "INSERT INTO pending_counts (kind, reference, day, counted, hits) VALUES ({kind}, {id}, {day}, {counted}, {hits}) \
         ON CONFLICT (kind, reference, day) DO UPDATE SET counted = pending_counts.counted + excluded.counted, \
         hits = pending_counts.hits + excluded.hits"
    ));
}

fn path(id: i64) -> String {
    format!("/api/v1/articles/{id}/views/history")
}

async fn history(app: &TestApp, id: i64, query: &str) -> Value {
    let answer = app.get(&format!("{}?{query}", path(id))).await;
    answer.assert_status(200).json()
}

/// The first and the last day, and how many there are between them.
fn range(history: &Value) -> Value {
    let items: Vec<&Value> = spec::items(&history["items"]).collect();
    let day = |item: Option<&&Value>| item.map(|item| item["day"].clone()).unwrap_or_default();
    assert_eq!(
        json!([history["first_day"], history["last_day"]]),
        json!([day(items.first()), day(items.last())])
    );
    json!([history["first_day"], history["last_day"], items.len()])
}

/// The days on which something happened: day, views, hits.
fn busy(history: &Value) -> Vec<Value> {
    spec::items(&history["items"])
        .filter(|item| item["hits"] != 0)
        .map(|item| json!([item["day"], item["views"], item["hits"]]))
        .collect()
}

/// An article on a site whose clock is so far ahead of UTC.
fn at(site: &str, utc_offset: &str, key: &str) -> Portal {
    Portal::new(site)
        .site(|s| s.set("utc_offset", utc_offset))
        .article(key, |a| {
            a.title("海岸观测 🌊").published_at("2020-01-01T00:00:00Z")
        })
}

on_both! {
    /// Without parameters there are the last thirty days; what nobody saw has zeros
    async fn days_without_views_are_there(app) {
        app.import(&Portal::new("demo").article("a", |a| a.set("views", 34_819_433)));
        let id = app.article_id("a").await;
        let history = history(app, id, "").await;
        assert_eq!(range(&history), json!(["2025-12-17", "2026-01-15", 30]));
        assert_eq!(busy(&history), Vec::<Value>::new(), "the opening balance is of no day");
        assert_eq!(history["article_id"], json!(id));
        assert_eq!(history["items"][3], json!({"day": "2025-12-20", "views": 0, "hits": 0}));
    }

    /// Views are told by day; those that are not added up yet belong to them
    async fn every_day_has_its_views(app) {
        app.import(&Portal::new("demo").article("a", |a| a).article("b", |a| a));
        let (a, b) = (app.article_id("a").await, app.article_id("b").await);
        for (day, views, hits) in [("2025-12-16", 5, 6), ("2025-12-17", 3, 4), ("2026-01-13", 1, 9), ("2026-01-15", 2, 2)] {
            gained(app, a, 0, day, views, hits);
        }
        gained(app, a, 1, "2026-01-12", 500, 500);
        gained(app, a, 2, "2026-01-01", 600, 600);
        gained(app, a, 3, "2026-01-01", 700, 700);
        gained(app, b, 0, "2026-01-14", 800, 800);
        let before = app.get(&path(a)).await;
        pending(app, 0, a, "2026-01-15", 40, 50);
        pending(app, 0, a, "2026-01-14", 0, 7);
        pending(app, 1, a, "2026-01-15", 900, 900);
        pending(app, 0, b, "2026-01-15", 900, 900);
        let after = app.get(&path(a)).await;
        assert_eq!(busy(&before.json()), [json!(["2025-12-17", 3, 4]), json!(["2026-01-13", 1, 9]), json!(["2026-01-15", 2, 2])]);
        assert_eq!(busy(&after.json()), [json!(["2025-12-17", 3, 4]), json!(["2026-01-13", 1, 9]), json!(["2026-01-14", 0, 7]), json!(["2026-01-15", 42, 52])]);
        assert_ne!(before.header("etag"), after.header("etag"), "it follows the numbers");
        assert_eq!(after.header("cache-control"), Some("public, no-cache"));
        for (query, expected) in [
            ("from=2025-12-16&to=2025-12-17", vec![json!(["2025-12-16", 5, 6]), json!(["2025-12-17", 3, 4])]),
            ("from=2026-01-14&to=2026-01-14", vec![json!(["2026-01-14", 0, 7])]),
            ("to=2026-01-13", vec![json!(["2025-12-16", 5, 6]), json!(["2025-12-17", 3, 4]), json!(["2026-01-13", 1, 9])]),
        ] {
            assert_eq!(busy(&history(app, a, query).await), expected, "{query}");
        }
    }

    /// What readers do is there at once
    async fn a_view_is_there_at_once(app) {
        app.import(&at("demo", "+08:00", "a"));
        let id = app.article_id("a").await;
        for (now, visitor) in [("2026-01-15T15:59:59Z", "一"), ("2026-01-15T16:00:00Z", "二"), ("2026-01-15T16:00:01Z", "二")] {
            app.set_clock(now);
            let counted = app.request("POST", &format!("/api/v1/articles/{id}/views")).json(&json!({"visitor": visitor, "user_agent": "Mozilla/5.0"}));
            counted.send().await.assert_status(200);
        }
        assert_eq!(busy(&history(app, id, "").await), [json!(["2026-01-15", 1, 1]), json!(["2026-01-16", 1, 2])]);
    }

    /// Days are those of the site's clock
    async fn days_are_those_of_the_site(app) {
        app.import(&at("east", "+08:00", "e").and(at("west", "-03:30", "w")).and(at("utc", "+00:00", "u")));
        for (now, east, utc, west) in [
            ("2026-02-28T15:59:59Z", "2026-02-28", "2026-02-28", "2026-02-28"),
            ("2026-02-28T16:00:00Z", "2026-03-01", "2026-02-28", "2026-02-28"),
            ("2026-03-01T03:29:59Z", "2026-03-01", "2026-03-01", "2026-02-28"),
            ("2026-03-01T03:30:00Z", "2026-03-01", "2026-03-01", "2026-03-01"),
        ] {
            app.set_clock(now);
            for (key, today) in [("e", east), ("u", utc), ("w", west)] {
                let history = history(app, app.article_id(key).await, "to=2026-12-31").await;
                assert_eq!(history["last_day"], json!(today), "{key} at {now}");
            }
        }
    }

    /// Days that have not begun are left out, and a range that cannot be is told with its mend
    async fn ranges_are_checked(app) {
        app.import(&Portal::new("demo").article("a", |a| a));
        let id = app.article_id("a").await;
        for (query, expected) in [
            ("from=2026-01-15", json!(["2026-01-15", "2026-01-15", 1])),
            ("from=2026-01-14&to=2026-01-20", json!(["2026-01-14", "2026-01-15", 2])),
            ("to=9999-12-31", json!(["2025-12-17", "2026-01-15", 30])),
            ("from=2025-01-15", json!(["2025-01-15", "2026-01-15", 366])),
            ("from=2025-01-14&to=2026-01-14", json!(["2025-01-14", "2026-01-14", 366])),
            ("from=2026-01-16", json!([null, null, 0])),
            ("from=2026-01-16&to=2026-01-17", json!([null, null, 0])),
            ("from=9999-12-31", json!([null, null, 0])),
            ("to=0001-01-01", json!([null, null, 0])),
        ] {
            assert_eq!(range(&history(app, id, query).await), expected, "{query}");
        }
        for (query, pointer, code) in [
            ("from=2026-01-15&to=2026-01-14", "/from", "empty_range"),
            ("from=2026-02-02&to=2026-02-01", "/from", "empty_range"),
            ("from=2025-01-14", "/from", "too_many_days"),
            ("from=2025-01-13&to=2026-01-14", "/from", "too_many_days"),
            ("from=0001-01-01&to=9999-12-31", "/from", "too_many_days"),
            ("from=2026-02-30", "/from", "invalid"),
            ("from=2026-1-1", "/from", "invalid"),
            ("from=２０２６-01-01", "/from", "invalid"),
            ("to=2026-01-15T00:00:00Z", "/to", "invalid"),
            ("to=0000-01-01", "/to", "invalid"),
            ("to=", "/to", "invalid"),
            ("day=2026-01-15", "/day", "unknown_parameter"),
        ] {
            let problem = app.get(&format!("{}?{query}", path(id))).await.assert_problem(400, "invalid_parameter");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)), "{query}: {problem}");
        }
        let problem = app.get(&format!("{}?from=2020-01-01&to=2025-12-31", path(id))).await.problem(400);
        let mend = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(mend.contains("366 days") && mend.contains("2024-12-31") && mend.contains("2025-12-31"), "{mend}");
    }

    /// Days that are no longer kept are not told as if nothing had happened
    async fn old_days_are_left_out(app, |s| s.var("MASTHEAD_COUNTER_DAYS_KEPT", "31")) {
        app.import(&at("demo", "+08:00", "a"));
        let id = app.article_id("a").await;
        gained(app, id, 0, "2025-12-15", 5, 5);
        gained(app, id, 0, "2025-12-16", 6, 6);
        let kept = history(app, id, "from=2025-06-01&to=2026-01-15").await;
        assert_eq!(range(&kept), json!(["2025-12-16", "2026-01-15", 31]));
        assert_eq!(busy(&kept), [json!(["2025-12-16", 6, 6])]);
        assert_eq!(range(&history(app, id, "from=2025-06-01&to=2025-12-15").await), json!([null, null, 0]));
        assert_eq!(range(&history(app, id, "from=2025-06-01&to=2025-12-16").await), json!(["2025-12-16", "2025-12-16", 1]));
    }

    /// The rules by which was counted on the days shown come with them
    async fn the_rules_come_with_the_days(app) {
        app.import(&at("demo", "+08:00", "a"));
        let id = app.article_id("a").await;
        let first = history(app, id, "").await["policies"].clone();
        assert_eq!((&first[0]["version"], &first[0]["since"], &first[1]), (&json!(1), &json!("2026-01-15T04:00:00Z"), &Value::Null));
        let mut conn = app.database().connect();
        // The second begins with a day of the site, the third within one.
        for (version, since, window_s) in [(2, "2026-01-17T16:00:00Z", 60), (3, "2026-01-20T10:00:00Z", 90)] {
            let since: chrono::DateTime<chrono::Utc> = since.parse().unwrap();
            let rules = Rules { window_s, per_address: 5, bots: vec!["bot".to_owned()] };
            policies::insert(&mut conn, &Policy { version, since: Ts::from(since), rules }).unwrap();
        }
        app.set_clock("2026-01-25T04:00:00Z");
        for (query, versions) in [
            ("", vec![1, 2, 3]),
            ("to=2026-01-14", vec![]),
            ("to=2026-01-17", vec![1]),
            ("to=2026-01-18", vec![1, 2]),
            ("from=2026-01-17&to=2026-01-19", vec![1, 2]),
            ("from=2026-01-18&to=2026-01-19", vec![2]),
            ("from=2026-01-20", vec![2, 3]),
            ("from=2026-01-21", vec![3]),
            ("from=2026-01-26", vec![]),
        ] {
            let history = history(app, id, query).await;
            let found: Vec<i64> = spec::items(&history["policies"]).map(|policy| policy["version"].as_i64().unwrap()).collect();
            assert_eq!(found, versions, "{query}");
        }
        let last = history(app, id, "from=2026-01-21").await["policies"][0].clone();
        assert_eq!(last, json!({"version": 3, "since": "2026-01-20T10:00:00Z", "window_s": 90, "address_limit": 5}));
    }

    /// What is not public has no history, whatever was counted of it
    async fn hidden_articles_have_none(app) {
        type Change = fn(Record) -> Record;
        let hidden: [(&str, Change); 5] = [
            ("draft", |a| a.status("draft")),
            ("archived", |a| a.status("archived")),
            ("review", |a| a.status("in_review")),
            ("ahead", |a| a.published_at("2026-01-15T06:00:00Z")),
            ("over", |a| a.set("unpublish_at", "2026-01-15T03:30:00Z")),
        ];
        let mut portal = Portal::new("demo").article("gone", |a| a.title("撤回的文章"));
        for (key, change) in hidden {
            portal = portal.article(key, change);
        }
        app.import(&portal);
        let desk = app.desk("admin");
        let list = desk.get("/articles?limit=100").await.assert_status(200).json();
        let gone = app.article_id("gone").await;
        for item in spec::items(&list["items"]) {
            let id = item["id"].as_i64().unwrap();
            gained(app, id, 0, "2026-01-15", 5, 5);
            if id != gone {
                app.get(&path(id)).await.assert_problem(404, "not_found");
                // Nor is anything said of its days.
                app.get(&format!("{}?from=2026-01-15&to=2026-01-14", path(id))).await.assert_problem(404, "not_found");
            }
        }
        assert_eq!(spec::items(&list["items"]).count(), 6);
        for unknown in ["999999", "9007199254740991"] {
            app.get(&format!("/api/v1/articles/{unknown}/views/history")).await.assert_problem(404, "not_found");
        }
        assert_eq!(busy(&history(app, gone, "").await).len(), 1);
        let retract = desk.request("POST", &format!("/articles/{gone}/transitions")).header("if-match", "*");
        retract.json(&json!({"to": "retracted", "reason": "数据有误"})).send().await.assert_status(200);
        let problem = app.get(&path(gone)).await.assert_problem(410, "retracted");
        assert_eq!(problem["reason"], "数据有误");
        app.set_clock("2026-01-15T06:00:00Z");
        let ahead = app.article_id("ahead").await;
        assert_eq!(busy(&history(app, ahead, "").await).len(), 1, "it is public now");
    }

    /// However many days there are, it takes the same statements
    async fn it_is_cheap(app) {
        app.import(&Portal::new("demo").article("a", |a| a));
        let id = app.article_id("a").await;
        let mut statements = BTreeSet::new();
        for query in ["from=2026-01-15", "from=2025-01-15"] {
            for n in 0..300 {
                let day = (NaiveDate::from_ymd_opt(2025, 2, 1).unwrap() + chrono::Days::new(n)).to_string();
                pending(app, 0, id, &day, 1, 1);
            }
            // Adding up goes on beside it: only what the request does is of interest.
            let mut used = Vec::new();
            for _ in 0..5 {
                let before = app.statements();
                history(app, id, query).await;
                used.push(app.statements() - before);
            }
            statements.insert(used.into_iter().min());
        }
        assert_eq!(statements.len(), 1, "{statements:?}");
    }
}
