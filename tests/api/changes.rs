//! The feed of changes: who follows it has a copy that equals the lists.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Portal, TestApp, on_both};

/// A copy of a site as an app keeps it.
#[derive(Default)]
struct Copy {
    articles: BTreeMap<i64, String>,
    cursor: Option<String>,
}

impl Copy {
    /// Follows the feed to its end.
    async fn follow(&mut self, app: &TestApp, query: &str) -> Vec<Value> {
        let mut seen = Vec::new();
        loop {
            let since = self
                .cursor
                .as_ref()
                .map(|c| format!("&since={c}"))
                .unwrap_or_default();
            let page = app
                .get(&format!("/api/v1/articles/changes?{query}{since}"))
                .await
                .assert_status(200)
                .json();
            for change in page["items"].as_array().unwrap() {
                let id = change["id"].as_i64().unwrap();
                if change["withdrawn_at"].is_null() {
                    self.articles
                        .insert(id, change["article"]["title"].as_str().unwrap().to_owned());
                } else {
                    assert!(
                        change["article"].is_null() && change["reason"].is_string(),
                        "{change}"
                    );
                    self.articles.remove(&id);
                }
                seen.push(change.clone());
            }
            self.cursor = Some(page["next_cursor"].as_str().unwrap().to_owned());
            if page["has_more"] == false {
                return seen;
            }
        }
    }
}

async fn listed(app: &TestApp, query: &str) -> BTreeMap<i64, String> {
    let list = app
        .get(&format!("/api/v1/articles?limit=100&{query}"))
        .await
        .json();
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| {
            (
                a["id"].as_i64().unwrap(),
                a["title"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

on_both! {
    /// Whatever is saved, scheduled, withdrawn or expires, a copy that follows the feed equals the list
    async fn a_copy_equals_the_list(app) {
        let mut random = fastrand::Rng::with_seed(11);
        let at = |minute: i64, second: i64| (chrono::DateTime::parse_from_rfc3339("2026-01-15T04:00:00Z").unwrap() + chrono::TimeDelta::minutes(minute) + chrono::TimeDelta::seconds(second)).to_rfc3339();
        let mut minute = 0;
        let mut copies = [(Copy::default(), "site=demo&limit=2"), (Copy::default(), "limit=100"), (Copy::default(), "site=demo&limit=1")];
        for step in 0..80 {
            let mut portal = Portal::new("demo").category("a");
            for _ in 0..random.usize(0..3) {
                let key = format!("k{}", random.u8(0..12));
                let status = random.choice(["published", "published", "published", "draft", "archived"]).unwrap();
                let published = minute + random.i64(-90..30);
                let end = random.bool().then(|| at(published + random.i64(1..60), 0));
                portal = portal.article(&key, |a| {
                    a.status(status).title(&format!("step {step}")).published_at(&at(published, 0)).set("unpublish_at", end)
                });
            }
            app.import(&portal);
            if random.bool() {
                minute += random.i64(0..40);
                // Away from the whole minutes at which things happen: clocks of instances may differ.
                app.set_clock(&at(minute, 5));
            }
            if random.u8(0..3) == 0 {
                app.app.services().upkeep.roll_up_counts().await.unwrap();
            }
            for (n, (copy, query)) in copies.iter_mut().enumerate() {
                if random.bool() || step == 79 {
                    copy.follow(app, query).await;
                    assert_eq!(copy.articles, listed(app, "site=demo").await, "step {step}, copy {n}");
                }
            }
        }
    }

    /// An article leaves a tombstone that says since when and why; what was never public leaves nothing
    async fn tombstones_say_since_when_and_why(app) {
        let mut copy = Copy::default();
        app.import(&Portal::new("demo")
            .article("archived", |a| a).article("drafted", |a| a).article("expires", |a| a.set("unpublish_at", "2026-01-15T04:10:00Z"))
            .article("postponed", |a| a).article("draft", |a| a.status("draft")).article("later", |a| a.published_at("2026-01-15T05:00:00Z")));
        let first = copy.follow(app, "site=demo").await;
        assert_eq!(first.len(), 4);
        assert!(first.iter().all(|c| c["withdrawn_at"].is_null() && c["reason"].is_null()));
        assert_eq!(copy.follow(app, "site=demo").await, Vec::<Value>::new());
        app.set_clock("2026-01-15T04:20:00Z");
        app.import(&Portal::new("demo")
            .article("archived", |a| a.status("archived")).article("drafted", |a| a.status("draft"))
            .article("postponed", |a| a.published_at("2026-01-16T00:00:00Z"))
            .article("draft", |a| a.status("draft").title("still a draft")).article("later", |a| a.published_at("2026-01-15T05:00:00Z").title("still later")));
        let mut gone: Vec<(String, String)> = copy.follow(app, "site=demo").await.iter().map(|c| {
            assert!(c["article"].is_null(), "{c}");
            (c["reason"].as_str().unwrap().to_owned(), c["withdrawn_at"].as_str().unwrap().to_owned())
        }).collect();
        gone.sort();
        let now = "2026-01-15T04:20:00Z".to_owned();
        assert_eq!(gone, [
            ("archived".to_owned(), now.clone()),
            ("expired".to_owned(), "2026-01-15T04:10:00Z".to_owned()),
            ("rescheduled".to_owned(), now.clone()),
            ("unpublished".to_owned(), now),
        ]);
        assert!(copy.articles.is_empty());
        // It comes without anybody writing anything.
        app.set_clock("2026-01-15T05:00:05Z");
        let came = copy.follow(app, "site=demo").await;
        assert_eq!(came.len(), 1);
        assert_eq!(came[0]["article"]["title"], "still later");
    }

    /// The feed can begin at a time, in one site, and refuses the cursor of another
    async fn the_feed_begins_where_it_is_asked_to(app) {
        app.import(&Portal::new("demo").article("old", |a| a));
        app.set_clock("2026-01-15T06:00:00Z");
        app.import(&Portal::new("demo").article("new", |a| a).and(Portal::new("other").article("elsewhere", |a| a)));
        let titles = async |query: &str| {
            let page = app.get(&format!("/api/v1/articles/changes?{query}")).await.assert_status(200).json();
            page["items"].as_array().unwrap().iter().map(|c| c["article"]["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(titles("").await, ["old", "new", "elsewhere"]);
        assert_eq!(titles("since=2026-01-15T05:00:00Z").await, ["new", "elsewhere"]);
        assert_eq!(titles("since=2026-01-15T13:00:00+08:00&site=other").await, ["elsewhere"]);
        app.set_clock("2026-01-15T08:00:00Z");
        assert_eq!(titles("since=2026-01-15T07:00:00Z").await, Vec::<String>::new());
        // A date begins where the site is.
        assert_eq!(titles("since=2026-01-15&site=demo").await, ["old", "new"]);
        assert_eq!(titles("since=2026-01-16").await, Vec::<String>::new());
        assert_eq!(titles("site=nowhere").await, Vec::<String>::new());
        let cursor = app.get("/api/v1/articles/changes?site=demo").await.json()["next_cursor"].as_str().unwrap().to_owned();
        app.get(&format!("/api/v1/articles/changes?since={cursor}")).await.assert_problem(400, "invalid_cursor");
        for wrong in ["yesterday", "2026-02-30", "x"] {
            let problem = app.get(&format!("/api/v1/articles/changes?since={wrong}")).await.assert_problem(400, "invalid_cursor");
            assert_eq!(problem["errors"][0]["pointer"], "/since");
        }
    }

    /// Making the lists anew tells of what came and went by itself before
    async fn a_reindex_loses_no_change(app) {
        let mut copy = Copy::default();
        app.import(&Portal::new("demo").article("now", |a| a).article("later", |a| a.published_at("2026-01-15T05:00:00Z")).article("ends", |a| a.set("unpublish_at", "2026-01-15T05:00:00Z")));
        copy.follow(app, "site=demo").await;
        assert_eq!(copy.articles.len(), 2);
        // The server was down when it happened, and nothing was rolled up since.
        app.set_clock("2026-01-15T08:00:00Z");
        app.app.services().upkeep.reindex().unwrap();
        copy.follow(app, "site=demo").await;
        assert_eq!(copy.articles, listed(app, "site=demo").await);
        assert_eq!(copy.articles.len(), 2);
    }

    /// What was over before it ever came here is nobody's business
    async fn what_was_never_seen_leaves_no_tombstone(app) {
        let over = |a: crate::support::content::Record| a.published_at("2026-01-10T00:00:00Z").set("unpublish_at", "2026-01-14T00:00:00Z");
        app.import(&Portal::new("demo").article("over", over).article("draft", |a| over(a).status("draft")));
        app.import(&Portal::new("demo").article("draft", over));
        let page = app.get("/api/v1/articles/changes").await.assert_status(200).json();
        assert_eq!(page["items"], serde_json::json!([]));
    }

    /// A follower whose clock is ahead misses nothing
    async fn a_time_in_the_future_is_now(app) {
        let cursor = app.get("/api/v1/articles/changes?since=2026-01-15T04:05:00Z").await.json()["next_cursor"].as_str().unwrap().to_owned();
        app.set_clock("2026-01-15T04:01:00Z");
        app.import(&Portal::new("demo").article("new", |a| a));
        let page = app.get(&format!("/api/v1/articles/changes?since={cursor}")).await.json();
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
    }
}
