//! `GET /manage/analytics/freshness` lists the categories in which readers find nothing, or nothing new.

use std::collections::BTreeSet;

use masthead::models::access::{Role, Scope};
use serde_json::{Value, json};

use crate::support::content::Record;
use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both, spec};

/// Somebody whose key outlasts the months that pass in a test.
fn desk(app: &TestApp) -> Desk<'_> {
    let (_, key) = app.api_key(app.account("desk@example.org", "admin"), &Scope::ALL, None);
    app.desk_of(key)
}

/// The items for a query.
async fn items(desk: &Desk<'_>, query: &str) -> Vec<Value> {
    let page = desk
        .get(&format!(
            "/analytics/freshness?limit=100&count=exact{query}"
        ))
        .await;
    let page = page.assert_status(200).json();
    let items: Vec<Value> = spec::items(&page["items"]).cloned().collect();
    assert_eq!(
        (&page["total"], &page["total_kind"]),
        (&json!(items.len()), &json!("exact")),
        "{query}"
    );
    items
}

/// Paths with their states, in order.
async fn paths(desk: &Desk<'_>, query: &str) -> Vec<String> {
    let items = items(desk, query).await;
    let text = |item: &Value, member: &str| item[member].as_str().unwrap().to_owned();
    items
        .iter()
        .map(|item| format!("{} {}", text(item, "path"), text(item, "state")))
        .collect()
}

/// An article in a category, published then.
fn dated<'a>(path: &'a str, at: &'a str) -> impl FnOnce(Record) -> Record + 'a {
    move |a| a.category(path).published_at(at)
}

on_both! {
    /// Empty leaves and stale ones are listed, what has something new is not, nor what is above that
    async fn what_has_nothing_new_is_listed(app) {
        app.import(&Portal::new("demo")
            .category("新闻/科研").category("新闻/🌊空").category("静/深").category("ｆｒｅｓｈ")
            .article("new", dated("新闻/科研", "2026-01-14T00:00:00Z")).article("older", dated("新闻/科研", "2020-01-14T00:00:00Z"))
            .article("old", dated("静/深", "2025-01-15T04:00:00Z")).article("oldest", dated("静", "2024-01-15T04:00:00Z"))
            .article("fresh", dated("ｆｒｅｓｈ", "2026-01-15T04:00:00Z")));
        let desk = desk(app);
        assert_eq!(items(&desk, "").await.iter().map(|item| json!([item["path"], item["name"], item["site"], item["state"], item["article_count"],
            item["total_count"], item["last_published_at"], item["days_since"]])).collect::<Vec<_>>(), [
            json!(["新闻/🌊空", "Category 新闻/🌊空", "demo", "empty", 0, 0, null, null]),
            json!(["静", "Category 静", "demo", "stale", 1, 2, "2025-01-15T04:00:00Z", 365]),
            json!(["静/深", "Category 静/深", "demo", "stale", 1, 1, "2025-01-15T04:00:00Z", 365]),
        ]);
        assert_eq!(paths(&desk, "&state=empty").await, ["新闻/🌊空 empty"]);
        assert_eq!(paths(&desk, "&state=stale").await, ["静 stale", "静/深 stale"]);
        assert_eq!(paths(&desk, "&stale_after_days=1").await, ["新闻 stale", "新闻/科研 stale", "新闻/🌊空 empty", "静 stale", "静/深 stale"]);
        assert_eq!(paths(&desk, "&stale_after_days=366").await, ["新闻/🌊空 empty"]);
        assert_eq!(paths(&desk, "&site=demo&state=empty").await, ["新闻/🌊空 empty"]);
        assert_eq!(paths(&desk, "&site=nowhere").await, Vec::<String>::new());
    }

    /// Stale is older than the days, not as old; and so to the second
    async fn a_category_becomes_stale_to_the_second(app) {
        app.import(&Portal::new("demo").category("news").article("a", dated("news", "2026-01-10T04:00:00Z")));
        let desk = desk(app);
        for (now, days, expected) in [
            ("2026-01-15T03:59:59Z", 5, None), ("2026-01-15T04:00:00Z", 5, None), ("2026-01-15T04:00:00.000001Z", 5, Some(5)), ("2026-01-15T04:00:01Z", 5, Some(5)),
            ("2026-04-10T04:00:00Z", 90, None), ("2026-04-10T04:00:01Z", 90, Some(90)),
        ] {
            app.set_clock(now);
            let found = items(&desk, &format!("&stale_after_days={days}")).await;
            assert_eq!(found.first().map(|item| item["days_since"].clone()), expected.map(|n| json!(n)), "{now}");
            if days == 90 {
                assert_eq!(items(&desk, "").await, found, "90 days are what nobody has to say");
            }
        }
    }

    /// Only what readers see makes a category fresh, to the second and without anybody writing
    async fn what_is_not_public_does_not_count(app) {
        let now = "2026-01-15T03:00:00Z";
        app.import(&Portal::new("demo")
            .category("draft").category("archived").category("review").category("ahead").category("over").category("between").category("gone")
            .article("a1", |a| dated("draft", now)(a).status("draft"))
            .article("a2", |a| dated("archived", now)(a).status("archived"))
            .article("a3", |a| dated("review", now)(a).status("in_review"))
            .article("a4", dated("ahead", "2026-01-15T06:00:00Z"))
            .article("a5", |a| dated("over", now)(a).set("unpublish_at", "2026-01-15T03:30:00Z"))
            .article("a6", |a| dated("between", now)(a).set("unpublish_at", "2026-01-15T07:00:00Z"))
            .article("a7", dated("gone", now))
            .article("a8", dated("over", "2020-01-01T00:00:00Z")));
        let desk = desk(app);
        let article = app.article_id("a7").await;
        let retract = desk.request("POST", &format!("/articles/{article}/transitions")).header("if-match", "*");
        retract.json(&json!({"to": "retracted", "reason": "撤回"})).send().await.assert_status(200);
        let hidden = ["draft empty", "archived empty", "review empty"];
        let with = |more: &[&'static str]| [&hidden[..], more].concat();
        assert_eq!(paths(&desk, "").await, with(&["ahead empty", "over stale", "gone empty"]));
        for (now, expected) in [
            ("2026-01-15T05:59:59Z", vec!["ahead empty", "over stale", "gone empty"]),
            ("2026-01-15T06:00:00Z", vec!["over stale", "gone empty"]),
            ("2026-01-15T06:59:59Z", vec!["over stale", "gone empty"]),
            ("2026-01-15T07:00:00Z", vec!["over stale", "between empty", "gone empty"]),
        ] {
            app.set_clock(now);
            assert_eq!(paths(&desk, "").await, with(&expected), "{now}");
        }
        let before = items(&desk, "").await;
        app.set_clock("2026-01-15T09:00:00Z");
        assert_eq!(items(&desk, "").await, before);
        app.app.services().upkeep.roll_up_counts().await.unwrap();
        assert_eq!(items(&desk, "").await, before, "whatever was rolled up");
    }

    /// The numbers are those that delivery shows
    async fn the_numbers_are_those_of_delivery(app) {
        let mut portal = Portal::new("demo").category("a/b/c").category("a/d");
        for n in 0..6 {
            let path = ["a", "a/b", "a/b/c"][n % 3];
            portal = portal.article(&format!("k{n}"), |a| a.category(path).set("unpublish_at", (n > 3).then_some("2026-01-15T05:00:00Z")));
        }
        app.import(&portal);
        let desk = desk(app);
        for now in ["2026-01-15T04:00:00Z", "2026-01-15T05:00:00Z", "2026-04-15T04:00:00Z"] {
            app.set_clock(now);
            for item in items(&desk, "&stale_after_days=1").await {
                let category = app.get(&format!("/api/v1/categories/{}", item["category_id"])).await.assert_status(200).json();
                for member in ["article_count", "total_count", "path", "name"] {
                    assert_eq!(item[member], category[member], "{now}: {item}");
                }
            }
            let listed: BTreeSet<String> = paths(&desk, "&stale_after_days=1").await.into_iter().collect();
            assert_eq!(listed, ["a stale", "a/b stale", "a/b/c stale", "a/d empty"].map(str::to_owned).into(), "{now}");
        }
    }

    /// By site, position and id; no page is lost between others
    async fn pages_follow_each_other(app) {
        for n in [0, 1, 3, 4] {
            let site = format!("s{n}");
            let mut portal = Portal::new(&site).category("fresh").article("a", dated("fresh", "2026-01-15T00:00:00Z"));
            for i in 0..n {
                portal = portal.category(&format!("类-{i}"));
            }
            app.import(&portal);
            let (all, pages) = app.desk("reader").walk(&format!("/analytics/freshness?limit=3&site={site}")).await;
            assert_eq!(pages, n.max(1usize).div_ceil(3), "{site}");
            let expected: Vec<Value> = (0..n).map(|i| json!(format!("类-{i}"))).collect();
            assert_eq!(all.iter().map(|item| item["path"].clone()).collect::<Vec<_>>(), expected);
        }
        // Positions that are equal are told apart by id.
        app.database().execute("UPDATE categories SET position = 7");
        let (all, pages) = app.desk("reader").walk("/analytics/freshness?limit=1").await;
        assert_eq!((all.len(), pages), (8, 8));
        let keys: Vec<(String, i64)> = all.iter().map(|i| (i["site"].as_str().unwrap().to_owned(), i["category_id"].as_i64().unwrap())).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        let desk = app.desk("reader");
        let second = desk.get("/analytics/freshness?limit=3&page=2").await.assert_status(200).json();
        assert_eq!(second["items"], json!(all[3..6]));
        let cursor = second["next_cursor"].as_str().unwrap();
        for other in ["&state=empty", "&site=s4", "&stale_after_days=91"] {
            desk.get(&format!("/analytics/freshness?limit=3{other}&cursor={cursor}")).await.assert_problem(400, "invalid_cursor");
        }
        desk.get(&format!("/analytics/freshness?limit=3&stale_after_days=90&cursor={cursor}")).await.assert_status(200);
    }

    /// Who works in a site sees it, and no other one
    async fn everybody_sees_their_own_sites(app) {
        app.import(&Portal::new("demo").category("news").category("people").and(Portal::new("other").category("x")));
        let path = "/analytics/freshness?count=exact";
        let sites = async |desk: &Desk<'_>, query: &str| -> Vec<Value> {
            let page = desk.get(&format!("{path}{query}")).await.assert_status(200).json();
            assert_eq!(page["total"], json!(page["items"].as_array().unwrap().len()));
            spec::items(&page["items"]).map(|item| json!([item["site"], item["path"]])).collect()
        };
        let all = [json!(["demo", "news"]), json!(["demo", "people"]), json!(["other", "x"])];
        assert_eq!(sites(&app.desk("reader"), "").await, all);
        for category in [None, Some("news")] {
            let local = app.desk_of(app.token_with(None, &[(Role::Reader, "demo", category)]));
            assert_eq!(sites(&local, "").await, all[..2]);
            assert_eq!(sites(&local, "&site=demo").await, all[..2]);
            assert_eq!(sites(&local, "&site=other").await, Vec::<Value>::new());
        }
        app.desk_of(app.token_with(None, &[])).get(path).await.assert_problem(403, "forbidden");
        let (_, key) = app.api_key(app.account("narrow@example.org", "admin"), &[Scope::ArticlesRead], None);
        app.desk_of(key).get(path).await.assert_problem(403, "insufficient_scope");
        app.get(&format!("/api/v1/manage{path}")).await.assert_problem(401, "unauthenticated");
    }

    /// What cannot be asked is said, and by how many statements it is answered does not depend on what there is
    async fn questions_are_checked_and_cheap(app) {
        app.import(&Portal::new("demo").category("a"));
        let desk = desk(app);
        for query in ["stale_after_days=0", "stale_after_days=3651", "stale_after_days=x", "state=fresh", "state=", "limit=0", "page=1&cursor=x", "category=1"] {
            let problem = desk.get(&format!("/analytics/freshness?{query}")).await.problem(400);
            let name = query.split('=').next().unwrap();
            assert_eq!(problem["errors"][0]["pointer"], format!("/{name}"), "{problem}");
        }
        for query in ["stale_after_days=1", "stale_after_days=3650"] {
            desk.get(&format!("/analytics/freshness?{query}")).await.assert_status(200);
        }
        let mut statements = BTreeSet::new();
        for categories in [1, 40] {
            let mut portal = Portal::new("demo");
            for n in 0..categories {
                portal = portal.category(&format!("a/b{n}")).article(&format!("k{n}"), |a| a.category(&format!("a/b{n}")));
            }
            app.import(&portal);
            let before = app.statements();
            assert_ne!(items(&desk, "&stale_after_days=1").await, Vec::<Value>::new());
            statements.insert(app.statements() - before);
        }
        assert_eq!(statements.len(), 1, "{statements:?}");
    }
}
