//! Sources as those meet them who may change them.

use std::collections::BTreeSet;

use masthead::models::access::Role;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::desk::long_text;
use crate::support::{Portal, TestApp, on_both};

/// Two sites whose articles name the sources `x`, `y` and `z`.
fn portals() -> Portal {
    Portal::new("demo")
        .source("x")
        .source("y")
        .source("z")
        .article("x", |a| a.sources(&["x"]))
        .article("y", |a| a.sources(&["y"]))
        .article("xzy", |a| a.sources(&["x", "z", "y"]))
        .article("yx", |a| a.sources(&["y", "x"]))
        .article("none", |a| a)
        .article("draft", |a| a.status("draft").sources(&["x", "y"]))
        .and(Portal::new("other").article("other", |a| a.sources(&["z", "x"])))
}

/// The id of a source.
async fn id_of(app: &TestApp, slug: &str) -> i64 {
    let list = app.get("/api/v1/sources?limit=100").await.json();
    let items = list["items"].as_array().unwrap();
    let found = items.iter().find(|source| source["slug"] == slug).unwrap();
    found["id"].as_i64().unwrap()
}

/// The slugs of the articles that a list shows.
async fn shown(app: &TestApp, query: &str) -> BTreeSet<String> {
    let list = app
        .get(&format!("/api/v1/articles?limit=100&{query}"))
        .await;
    let list = list.assert_status(200).json();
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|a| a["slug"].as_str().unwrap().to_owned())
        .collect()
}

/// The slugs of the sources that an article names.
async fn named(app: &TestApp, article: &str) -> Vec<String> {
    let id = app.article_id(article).await;
    let article = app.get(&format!("/api/v1/articles/{id}")).await.json();
    let sources = article["sources"].as_array().unwrap();
    sources
        .iter()
        .map(|s| s["slug"].as_str().unwrap().to_owned())
        .collect()
}

/// The cursor at the end of the feed of changes.
async fn end_of_changes(app: &TestApp) -> String {
    let page = app.get("/api/v1/articles/changes?limit=100").await.json();
    page["next_cursor"].as_str().unwrap().to_owned()
}

/// The slugs of the articles that changed since.
async fn changed_since(app: &TestApp, cursor: &str) -> BTreeSet<String> {
    let page = app
        .get(&format!(
            "/api/v1/articles/changes?limit=100&since={cursor}"
        ))
        .await
        .json();
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["article"]["slug"].as_str().unwrap().to_owned())
        .collect()
}

fn set(slugs: &[&str]) -> BTreeSet<String> {
    slugs.iter().map(|slug| (*slug).to_owned()).collect()
}

on_both! {
    /// A source is made, shown, changed and deleted, and readers see it at once
    async fn sources_are_made_changed_and_deleted(app) {
        let desk = app.desk("editor");
        let empty = app.get("/api/v1/sources").await;
        app.set_clock("2026-01-15T04:01:00Z");
        let (path, made) = desk.made("/sources", &json!({"slug": "daily", "name": "科学日报", "url": "https://example.org/"})).await;
        assert_eq!(made, json!({
            "id": made["id"], "slug": "daily", "name": "科学日报", "url": "https://example.org/", "version": 1, "is_held": false,
            "created_at": "2026-01-15T04:01:00Z", "updated_at": "2026-01-15T04:01:00Z",
        }));
        let first = app.get("/api/v1/sources").await;
        assert_eq!(first.json()["items"][0]["name"], "科学日报");
        // There is no site, and yet something changed.
        assert_ne!(first.header("last-modified"), empty.header("last-modified"));

        app.set_clock("2026-01-15T04:05:00Z");
        for nothing in [json!({}), json!({"name": "科学日报"}), json!({"url": "https://example.org/"})] {
            desk.unchanged(&path, &nothing).await;
        }
        let long = long_text(900);
        assert_eq!(desk.changed(&path, &json!({"name": long})).await["name"], json!(long));
        assert_eq!(desk.changed(&path, &json!({"url": null})).await["url"], Value::Null);
        desk.unchanged(&path, &json!({"url": null})).await;
        let second = app.get("/api/v1/sources").await;
        assert_eq!(second.json()["items"][0]["name"], json!(long));
        assert_ne!(second.header("last-modified"), first.header("last-modified"));
        desk.delete(&path).await.assert_status(204);
        for answer in [desk.get(&path).await, desk.delete(&path).await, desk.patch(&path, &json!({})).await] {
            answer.assert_problem(404, "not_found");
        }
        assert_eq!(app.get("/api/v1/sources").await.json()["items"], json!([]));
    }

    /// Without a slug a source gets one made from its name, also where twenty of one name are made at once
    async fn slugs_are_made_from_names(app) {
        let desk = app.desk("editor");
        for (name, slug) in [("科学日报", "ke-xue-ri-bao"), ("The Daily", "the-daily"), ("🌊🌊", "source"), ("A B", "a-b")] {
            assert_eq!(desk.made("/sources", &json!({"name": name})).await.1["slug"], slug);
        }
        let again = desk.made("/sources", &json!({"name": "the daily!"})).await.1;
        let slug = again["slug"].as_str().unwrap();
        assert!(slug.starts_with("the-daily-") && slug.len() == "the-daily-".len() + 8, "{slug}");
        assert!(desk.made("/sources", &json!({"name": long_text(900)})).await.1["slug"].as_str().unwrap().chars().count() <= 80);
        let body = json!({"name": "Same name"});
        let answers = join_all((0..20).map(|_| desk.post("/sources", &body))).await;
        let slugs: BTreeSet<String> = answers
            .iter()
            .map(|answer| answer.assert_status(201).json()["slug"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(slugs.len(), 20);
    }

    /// A slug is that of one source, also where twenty are made at once
    async fn slugs_are_unique(app) {
        let desk = app.desk("editor");
        let body = json!({"slug": "daily", "name": "n"});
        let answers = join_all((0..20).map(|_| desk.post("/sources", &body))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!(refused.assert_problem(409, "conflict")["errors"][0]["pointer"], "/slug");
        }
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        let desk = app.desk("editor");
        let (path, _) = desk.made("/sources", &json!({"name": "n"})).await;
        desk.keeps_conditions(&path, &json!({"name": "Other"})).await;
    }

    /// What cannot be a source is refused with the place of the fault
    async fn bad_sources_are_refused(app) {
        let desk = app.desk("editor");
        let (path, _) = desk.made("/sources", &json!({"name": "n"})).await;
        desk.refuses_changes(&path, &[
            (json!({"slug": "n"}), "/slug", "read_only"),
            (json!({"name": null}), "/name", "required"),
            (json!({"name": "\u{3000}"}), "/name", "invalid"),
            (json!({"name": 1}), "/name", "wrong_type"),
            (json!({"url": ["https://example.org"]}), "/url", "wrong_type"),
            (json!({"url": "vbscript:x"}), "/url", "invalid"),
            (json!({"url": format!("https://example.org/{}", "x".repeat(2000))}), "/url", "invalid"),
        ]).await;
        desk.refuses_new("/sources", &[
            (json!({}), "/name", "required"),
            (json!({"name": null}), "/name", "required"),
            (json!({"slug": "a b", "name": "n"}), "/slug", "invalid"),
            (json!({"slug": "a", "name": "n", "site": "demo"}), "/site", "unknown_member"),
            (json!({"slug": "a", "name": "n", "updated_at": "2026-01-15T04:00:00Z"}), "/updated_at", "read_only"),
        ]).await;
        assert_eq!(desk.walk("/sources?limit=100").await.0.len(), 1);
    }

    /// Articles show what their sources are called now
    async fn articles_follow_their_sources(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let x = format!("/sources/{}", id_of(app, "x").await);
        let article = format!("/api/v1/articles/{}", app.article_id("xzy").await);
        let before = app.get(&article).await;
        let cursor = end_of_changes(app).await;
        app.set_clock("2026-01-15T04:05:00Z");
        desk.changed(&x, &json!({"name": "新报"})).await;
        let after = app.get(&article).await;
        assert_eq!(after.json()["sources"][0]["name"], "新报");
        assert_eq!(after.json()["version"], before.json()["version"].as_i64().unwrap() + 1);
        assert_ne!(after.header("etag"), before.header("etag"));
        assert_ne!(after.header("last-modified"), before.header("last-modified"));
        assert_eq!(changed_since(app, &cursor).await, set(&["x", "xzy", "yx", "other"]));
        let cursor = end_of_changes(app).await;
        desk.unchanged(&x, &json!({"name": "新报"})).await;
        assert_eq!(changed_since(app, &cursor).await, set(&[]));
        desk.changed(&x, &json!({"url": "https://example.org/x"})).await;
        assert_eq!(changed_since(app, &cursor).await, set(&["x", "xzy", "yx", "other"]));
    }

    /// A source that articles name stays, drafts among them
    async fn a_source_in_use_stays(app) {
        app.import(&portals().and(Portal::new("third").source("d").source("free").article("d", |a| a.status("draft").sources(&["d"]))));
        let desk = app.desk("editor");
        for slug in ["x", "d"] {
            let problem = desk.delete(&format!("/sources/{}", id_of(app, slug).await)).await.assert_problem(409, "conflict");
            assert!(problem["detail"].as_str().unwrap().contains("/merge"), "{problem}");
        }
        assert_eq!(named(app, "x").await, ["x"]);
        desk.delete(&format!("/sources/{}", id_of(app, "free").await)).await.assert_status(204);
    }

    /// Every article that named the one names the other, once and in the earlier place
    async fn sources_are_merged(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (x, y) = (id_of(app, "x").await, id_of(app, "y").await);
        assert_eq!(shown(app, &format!("source={y}")).await, set(&["y", "xzy", "yx"]));
        let list = app.get(&format!("/api/v1/articles?source={y}&count=exact")).await;
        let cursor = end_of_changes(app).await;
        let path = format!("/sources/{x}");
        let kept = desk.get(&format!("/sources/{y}")).await.json();
        app.set_clock("2026-01-15T04:05:00Z");
        let before = app.statements();
        let answer = desk
            .request("POST", &format!("{path}/merge"))
            .header("if-match", &desk.tag(&path).await)
            .json(&json!({"into": y}))
            .send()
            .await;
        // With those of the job that indexes its articles for search.
        assert!(app.statements() - before < 70, "{} statements", app.statements() - before);
        let (merged, tag) = desk.found(&answer);
        assert_eq!((&merged["id"], &merged["slug"], &merged["name"], &merged["version"]), (&json!(y), &kept["slug"], &kept["name"], &json!(2)));
        assert_eq!(desk.tag(&format!("/sources/{y}")).await, tag);
        desk.get(&path).await.assert_problem(404, "not_found");
        app.get(&format!("/api/v1/sources/{x}")).await.assert_problem(404, "not_found");
        for (article, sources) in [("x", &["y"][..]), ("y", &["y"]), ("xzy", &["y", "z"]), ("yx", &["y"]), ("none", &[]), ("other", &["z", "y"])] {
            assert_eq!(named(app, article).await, sources, "{article}");
        }
        assert_eq!(shown(app, &format!("source={y}")).await, set(&["x", "y", "xzy", "yx", "other"]));
        assert_eq!(shown(app, &format!("source={y}&site=demo&sort=title")).await, set(&["x", "y", "xzy", "yx"]));
        assert_eq!(shown(app, &format!("source={y}&sort=updated_at&order=asc")).await, set(&["x", "y", "xzy", "yx", "other"]));
        assert_eq!(shown(app, &format!("source={x}")).await, set(&[]));
        let now = app.get(&format!("/api/v1/articles?source={y}&count=exact")).await;
        assert_eq!(now.json()["total"], 5);
        assert_ne!(now.header("etag"), list.header("etag"));
        assert_ne!(now.header("last-modified"), list.header("last-modified"));
        assert_eq!(changed_since(app, &cursor).await, set(&["x", "xzy", "yx", "other"]));
        // The draft follows too, so nothing holds on to what is gone, and both can be written again.
        app.import(&Portal::new("demo").source("y").article("draft", |a| a.sources(&["y"])));
        assert_eq!(named(app, "draft").await, ["y"]);
        desk.made("/sources", &json!({"slug": "x", "name": "x"})).await;
    }

    /// A merge needs a version, another source and the right to
    async fn bad_merges_are_refused(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (x, y) = (id_of(app, "x").await, id_of(app, "y").await);
        let path = format!("/sources/{x}/merge");
        let body = json!({"into": y});
        desk.post(&path, &body).await.assert_problem(428, "precondition_required");
        let merge = async |tag: &str, body: &Value| desk.request("POST", &path).header("if-match", tag).json(body).send().await;
        let stale = merge("\"7\"", &body).await;
        stale.assert_problem(412, "precondition_failed");
        assert_eq!(stale.header("etag"), Some("\"1\""));
        for (body, pointer, code) in [
            (json!({"into": x}), "/into", "unknown"),
            (json!({"into": 4711}), "/into", "unknown"),
            (json!({"into": 0}), "/into", "invalid"),
            (json!({"into": "y"}), "/into", "wrong_type"),
            (json!({"into": [y]}), "/into", "wrong_type"),
            (json!({"into": null}), "/into", "required"),
            (json!({}), "/into", "required"),
            (json!([y]), "", "wrong_type"),
            (json!({"into": y, "from": x}), "/from", "unknown_member"),
        ] {
            let problem = merge("\"1\"", &body).await.assert_problem(422, "invalid_body");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        desk.request("POST", "/sources/4711/merge").header("if-match", "*").json(&body).send().await.assert_problem(404, "not_found");
        let local = app.desk_of(app.token_with(None, &[(Role::Admin, "demo", None)]));
        local.request("POST", &path).header("if-match", "*").json(&body).send().await.assert_problem(403, "forbidden");
        assert_eq!(named(app, "yx").await, ["y", "x"]);
        // The same request again brings the same answer.
        let repeat = async || desk.request("POST", &path).header("if-match", "\"1\"").header("idempotency-key", "k1").json(&body).send().await;
        let (first, second) = (repeat().await, repeat().await);
        assert_eq!((first.assert_status(200).json(), first.header("etag")), (second.assert_status(200).json(), second.header("etag")));
        assert_eq!(second.header("idempotency-replayed"), Some("true"));
        assert_eq!(named(app, "yx").await, ["y"]);
    }

    /// Sources that are merged into each other at the same time leave one of the two, and all articles name it
    async fn merges_at_the_same_time_leave_one(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (x, y) = (id_of(app, "x").await, id_of(app, "y").await);
        let merge = async |from: i64, into: i64| {
            let path = format!("/sources/{from}/merge");
            desk.request("POST", &path).header("if-match", "\"1\"").json(&json!({"into": into})).send().await.status
        };
        let mut outcomes = join_all([(x, y), (y, x)].into_iter().map(|(from, into)| merge(from, into))).await;
        outcomes.sort_unstable();
        assert!([[200, 404], [200, 412], [200, 422]].iter().any(|possible| outcomes == possible), "{outcomes:?}");
        assert_eq!(desk.walk("/sources?limit=100").await.0.len(), 2);
        assert_eq!(named(app, "x").await, named(app, "y").await);
    }

    /// Who works anywhere sees the sources, editors of a site add some, editors of everything change them
    async fn sources_belong_to_all(app) {
        app.import(&portals());
        let path = format!("/sources/{}", id_of(app, "x").await);
        let change = json!({"name": "Other"});
        let local = app.desk_of(app.token_with(None, &[(Role::Editor, "demo", None)]));
        for (limit, pages) in [(1, 3), (2, 2), (3, 1)] {
            let (sources, count) = local.walk(&format!("/sources?limit={limit}")).await;
            assert_eq!((sources.len(), count), (3, pages));
        }
        assert_eq!(local.get("/sources?count=exact").await.json()["total"], 3);
        local.get(&path).await.assert_status(200);
        local.made("/sources", &json!({"name": "n"})).await;
        for answer in [local.patch(&path, &change).await, local.delete(&path).await] {
            answer.assert_problem(403, "forbidden");
        }
        let author = app.desk_of(app.token_with(None, &[(Role::Author, "demo", None)]));
        author.get(&path).await.assert_status(200);
        author.post("/sources", &json!({"name": "m"})).await.assert_problem(403, "forbidden");
        app.desk_of(app.token_with(None, &[])).get(&path).await.assert_problem(403, "forbidden");
        app.desk("editor").changed(&path, &change).await;
    }
}
