//! Where counting starts: with what an import says of a new record. What was counted since is never lost to a file, and in no file
//! that is written afterwards.

use masthead::models::counting::Day;
use serde_json::{Value, json};

use crate::exports::records;
use crate::support::content::Record;
use crate::support::gains::cited;
use crate::support::{Portal, TestApp, on_both};

/// What portals that exist had.
const OPENING: [(&str, i64); 3] = [("ocean", 983), ("河口🌊", 1305), ("visitors", 34_819_433)];

fn portal(change: impl Fn(Record) -> Record) -> Portal {
    let [(ocean, views), (river, more), (visitors, visits)] = OPENING;
    Portal::new("demo")
        .site(|s| s.set(visitors, visits))
        .article(ocean, |a| change(a.set("views", views)))
        .article(river, |a| {
            a.set("views", more)
                .set("downloads", 12)
                .set("attachments", json!([file("報告.pdf")]))
        })
}

fn file(name: &str) -> Value {
    json!({"name": name, "url": format!("https://example.org/{name}"), "media_type": "application/pdf", "size": 1})
}

async fn post(app: &TestApp, path: &str) -> Value {
    app.request("POST", path)
        .send()
        .await
        .assert_status(200)
        .json()
}

fn stored(app: &TestApp, kind: &str, key: &str) -> Value {
    let mut all = records(app, kind).into_iter();
    all.find(|record| record["key"] == key || record["slug"] == key)
        .unwrap()
}

/// What happened to the records: created, updated, unchanged.
fn imported(app: &TestApp, portal: &Portal) -> [u64; 3] {
    let report = app.import(portal);
    [report.created, report.updated, report.unchanged]
}

/// Version and citations of articles, as management has them.
async fn managed(app: &TestApp, id: i64) -> (i64, i64) {
    let article = app
        .desk("admin")
        .get(&format!("/articles/{id}"))
        .await
        .assert_status(200)
        .json();
    (
        article["version"].as_i64().unwrap(),
        article["citations"].as_i64().unwrap(),
    )
}

fn today(app: &TestApp) -> i64 {
    Day::at(app.now(), "+08:00").0.into()
}

on_both! {
    /// Counting goes on where the portal stopped
    async fn counting_goes_on_where_the_portal_stopped(app) {
        app.import(&portal(|a| a));
        for (slug, opening) in &OPENING[..2] {
            let path = format!("/api/v1/articles/{}/views", app.article_id(slug).await);
            let before = app.get(&path).await.json();
            assert_eq!(json!([before["views"], before["opening"], before["hits"]]), json!([opening, opening, 0]));
            assert_eq!(post(app, &path).await["views"], opening + 1);
            assert_eq!(post(app, &path).await["views"], opening + 1, "the same visitor");
            let after = app.get(&path).await.json();
            assert_eq!(json!([after["views"], after["opening"], after["hits"]]), json!([opening + 1, opening, 2]));
        }
        assert_eq!(app.get("/api/v1/sites/demo/visits").await.json()["visits"], OPENING[2].1);
        assert_eq!(post(app, "/api/v1/sites/demo/visits").await["visits"], OPENING[2].1 + 1);
    }

    /// A file that comes again takes nothing from what was counted, whatever it says
    async fn what_was_counted_stays_when_the_file_comes_again(app) {
        app.import(&portal(|a| a));
        let id = app.article_id("河口🌊").await;
        let article = app.get(&format!("/api/v1/articles/{id}")).await.json();
        let attachment = &article["attachments"][0]["id"];
        post(app, &format!("/api/v1/articles/{id}/views")).await;
        post(app, &format!("/api/v1/attachments/{attachment}/downloads")).await;
        post(app, "/api/v1/sites/demo/visits").await;
        let counted = |app: &TestApp| {
            let article = stored(app, "article", "河口🌊");
            json!([article["views"], article["downloads"], stored(app, "site", "demo")["visitors"]])
        };
        let now = json!([1306, 13, 34_819_434]);
        assert_eq!(counted(app), now, "an export has what is counted at once");
        assert_eq!(imported(app, &portal(|a| a)), [0, 0, 4]);
        assert_eq!(counted(app), now);
        let other = Portal::new("demo")
            .site(|s| s.set("visitors", 1))
            .article("河口🌊", |a| a.title("新").set("views", 1).set("downloads", 0).set("attachments", json!([file("報告.pdf")])));
        app.import(&other);
        assert_eq!(counted(app), now);
        assert_eq!(post(app, "/api/v1/sites/demo/visits").await["visits"], 34_819_434, "the same visitor");
        let views = app.get(&format!("/api/v1/articles/{id}/views")).await.json();
        assert_eq!(json!([views["views"], views["opening"]]), json!([1306, 1305]));
    }

    /// What is exported is the opening balance of another server
    async fn what_was_counted_opens_another_server(app) {
        app.import(&portal(|a| a.set("citations", 3)));
        let id = app.article_id("ocean").await;
        post(app, &format!("/api/v1/articles/{id}/views")).await;
        let record = stored(app, "article", "ocean");
        assert_eq!(json!([record["views"], record["citations"]]), json!([984, 3]));
        let text = Portal::new("other").category("news").lines() + &{
            let mut moved = record.clone();
            moved["site"] = json!("other");
            format!("{moved}\n")
        };
        let report = app.try_import(text).unwrap();
        assert!(report.committed, "{:?}", report.faults);
        let list = app.get("/api/v1/articles?site=other").await.json();
        let views = app.get(&format!("/api/v1/articles/{}/views", list["items"][0]["id"])).await.json();
        assert_eq!(json!([views["views"], views["opening"], views["hits"]]), json!([984, 984, 0]));
    }

    /// A file sets the citations of what is there: absent keeps them, null takes them away
    async fn a_file_sets_the_citations_of_what_is_there(app) {
        app.set_clock("2026-01-15T15:55:00Z");
        app.import(&portal(|a| a.set("citations", 3)));
        let id = app.article_id("ocean").await;
        assert_eq!((managed(app, id).await, cited(app, id)), ((1, 3), vec![]), "what it opens with is gained on no day");
        app.set_clock("2026-01-15T15:59:59Z");
        let first = today(app);
        assert_eq!(imported(app, &portal(|a| a.set("citations", 10))), [0, 1, 3]);
        assert_eq!((managed(app, id).await, cited(app, id)), ((2, 10), vec![(first, 7)]));
        assert_eq!(imported(app, &portal(|a| a.set("citations", 10))), [0, 0, 4]);
        assert_eq!(imported(app, &portal(|a| a)), [0, 0, 4]);
        assert_eq!((managed(app, id).await, cited(app, id)), ((2, 10), vec![(first, 7)]));
        app.set_clock("2026-01-15T16:00:00Z");
        let second = today(app);
        assert_eq!(second, first + 1);
        // What it says and how often it is cited are one change.
        assert_eq!(imported(app, &portal(|a| a.title("新").set("citations", 8))), [0, 1, 3]);
        assert_eq!((managed(app, id).await, cited(app, id)), ((3, 8), vec![(first, 7), (second, -2)]));
        assert_eq!(imported(app, &portal(|a| a.title("新").set("citations", Value::Null))), [0, 1, 3]);
        assert_eq!((managed(app, id).await, cited(app, id)), ((4, 0), vec![(first, 7), (second, -10)]));
        assert_eq!(app.get(&format!("/api/v1/articles/{id}")).await.json()["version"], 2, "readers see versions of what it says");
    }

    /// A file with nothing new but citations empties no cache
    async fn a_file_with_new_citations_empties_no_cache(app) {
        app.import(&portal(|a| a));
        let id = app.article_id("ocean").await;
        // Right after quick writes `Last-Modified` is held back by the clock.
        app.set_clock("2026-01-15T04:05:00Z");
        let mut before = Vec::new();
        let paths = [format!("/api/v1/articles/{id}"), "/api/v1/articles".to_owned(), "/api/v1/sites/demo".to_owned()];
        for path in &paths {
            before.push(app.get(path).await);
        }
        app.set_clock("2026-01-15T05:00:00Z");
        assert_eq!(imported(app, &portal(|a| a.set("citations", 10))), [0, 1, 3]);
        for (path, before) in paths.iter().zip(&before) {
            let after = app.get(path).await;
            assert_eq!(after.json(), before.json(), "{path}");
            for name in ["etag", "last-modified"] {
                assert_eq!(after.header(name), before.header(name), "{path}: {name}");
            }
        }
    }

    /// A file with a fault sets nothing
    async fn a_file_with_a_fault_sets_nothing(app) {
        app.import(&portal(|a| a.set("citations", 3)));
        let id = app.article_id("ocean").await;
        for number in [json!(-1), json!(9_007_199_254_740_992_i64), json!("5"), json!(1.5), json!([])] {
            let report = app.try_import(portal(|a| a.set("citations", &number)).lines()).unwrap();
            assert!(!report.committed);
            let members: Vec<&str> = report.faults.iter().map(|fault| fault.member.as_str()).collect();
            assert_eq!(members, ["citations"], "{number}");
        }
        let bad = portal(|a| a.set("citations", 5)).article("bad", |a| a.set("citations", -1));
        assert!(!app.try_import(bad.lines()).unwrap().committed);
        assert_eq!((managed(app, id).await, cited(app, id)), ((1, 3), vec![]));
    }

    /// An article that a file has twice is cited as its last line says
    async fn the_last_line_counts(app) {
        app.import(&portal(|a| a));
        let id = app.article_id("ocean").await;
        let twice = portal(|a| a.set("citations", 10)).article("ocean", |a| a.set("published_at", "2026-01-01T08:00:00+08:00").set("citations", 4));
        app.import(&twice);
        assert_eq!(managed(app, id).await.1, 4);
        assert_eq!(cited(app, id), [(today(app), 4)]);
    }

    /// Statements do not grow with the articles whose citations are others
    async fn statements_do_not_grow_with_the_articles(app) {
        let portal = |articles: u32, citations: u32| {
            (0..articles).fold(Portal::new("demo"), |portal, n| portal.article(&format!("a{n}"), |a| a.set("citations", citations)))
        };
        app.import(&portal(150, 1));
        let cost = |articles: u32, citations: u32| {
            let before = app.statements();
            assert_eq!(imported(app, &portal(articles, citations)), [0, u64::from(articles), 2]);
            app.statements() - before
        };
        let (few, many) = (cost(10, 2), cost(150, 3));
        // Something may be added up meanwhile.
        assert!(many < few + 60, "{few} statements for 10 articles, {many} for 150");
    }
}
