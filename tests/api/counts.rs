//! Category counts against a recount, whatever happened before.

use std::collections::BTreeMap;

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
}
