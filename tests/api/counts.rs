//! Category counts against a recount, whatever happened before.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;

use masthead::models::time::Ts;
use masthead::service::import::ImportOptions;
use masthead::store::connection;
use masthead::store::counts as counts_store;
use serde_json::Value;

use crate::support::{Portal, TestApp, on_both};

const CATEGORIES: [&str; 4] = ["a", "a/b", "a/b/c", "d"];

/// The counts of the tree, by path.
async fn counts(app: &TestApp) -> BTreeMap<String, (u64, u64)> {
    fn collect(nodes: &Value, into: &mut BTreeMap<String, (u64, u64)>) {
        for node in nodes.as_array().unwrap() {
            let numbers = (
                node["article_count"].as_u64().unwrap(),
                node["total_count"].as_u64().unwrap(),
            );
            into.insert(node["path"].as_str().unwrap().to_owned(), numbers);
            collect(&node["children"], into);
        }
    }
    let mut found = BTreeMap::new();
    collect(
        &app.get("/api/v1/sites/demo/categories").await.json()["items"],
        &mut found,
    );
    found
}

/// The same, counted article by article.
async fn recount(app: &TestApp) -> BTreeMap<String, (u64, u64)> {
    let mut found: BTreeMap<String, (u64, u64)> = CATEGORIES
        .iter()
        .map(|path| ((*path).to_owned(), (0, 0)))
        .collect();
    let list = app.get("/api/v1/articles?site=demo&limit=100").await.json();
    assert_eq!(list["next_cursor"], Value::Null);
    for article in list["items"].as_array().unwrap() {
        let path = article["category"]["path"].as_str().unwrap();
        for (category, numbers) in &mut found {
            numbers.0 += u64::from(category == path);
            numbers.1 += u64::from(category == path || path.starts_with(&format!("{category}/")));
        }
    }
    found
}

on_both! {
    /// After any sequence of saves, moves, schedules, roll-ups and steps of the clock the counts equal a recount
    async fn counts_equal_a_recount(app) {
        let mut random = fastrand::Rng::with_seed(7);
        let mut minute = 0_i64;
        let at = |minute: i64| (chrono::DateTime::parse_from_rfc3339("2026-01-15T04:00:00Z").unwrap() + chrono::TimeDelta::minutes(minute)).to_rfc3339();
        for step in 0..60 {
            let mut portal = Portal::new("demo");
            for path in CATEGORIES {
                portal = portal.category(path);
            }
            for _ in 0..random.usize(0..6) {
                let key = format!("k{}", random.u8(0..25));
                let published = minute + random.i64(-200..200);
                let expires = random.bool().then(|| at(published + random.i64(1..300)));
                let status = *random.choice(&["published", "published", "published", "draft", "archived"]).unwrap();
                let category = *random.choice(&CATEGORIES).unwrap();
                portal = portal.article(&key, |a| a.category(category).status(status).published_at(&at(published)).set("unpublish_at", expires));
            }
            app.import(&portal);
            minute += random.i64(0..50);
            app.set_clock(&at(minute));
            if random.bool() {
                app.app.services().upkeep.roll_up_counts().await.unwrap();
            }
            assert_eq!(counts(app).await, recount(app).await, "step {step}");
        }
    }

    /// A roll-up that is under way when an article is saved counts it once
    async fn a_save_during_a_roll_up_counts_once(app) {
        let portal = |byline: &str| Portal::new("demo").category("a")
            .article("x", |a| a.published_at("2026-01-15T03:10:00Z").set("byline", byline));
        app.import(&portal("first"));
        app.set_clock("2026-01-15T04:30:00Z");
        let now = Ts::from(chrono::DateTime::parse_from_rfc3339("2026-01-15T04:30:00Z").unwrap().to_utc());
        let (rolled_up, may_commit) = (channel(), channel());
        let mut other = app.database().connect();
        let roll_up = std::thread::spawn(move || connection::immediate(&mut other, |conn| {
            counts_store::roll_up(conn, now)?;
            rolled_up.0.send(()).unwrap();
            may_commit.1.recv().ok();
            Ok(())
        }));
        rolled_up.1.recv().unwrap();
        let application = app.app.clone();
        let text = portal("second").lines();
        let save = std::thread::spawn(move || application.services().import.run(text.as_bytes(), ImportOptions::default(), |_| {}));
        // Long enough for the save to run into what the roll-up holds; without that the test proves less, never fails.
        actix_web::rt::time::sleep(std::time::Duration::from_millis(300)).await;
        may_commit.0.send(()).unwrap();
        roll_up.join().unwrap().unwrap();
        assert!(save.join().unwrap().unwrap().committed);
        assert_eq!(counts(app).await, recount(app).await.into_iter().filter(|(path, _)| path == "a").collect());
    }
}
