//! Articles as readers meet them: what is public, in which language, and what comes with it.

use serde_json::{Value, json};

use crate::support::{Portal, TestApp, on_both};

/// The clock of the tests stands at this instant.
const NOW: &str = "2026-01-15T04:00:00Z";

async fn titles(app: &TestApp, path: &str) -> Vec<String> {
    let list = app.get(path).await.assert_status(200).json();
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["title"].as_str().unwrap().to_owned())
        .collect()
}

/// Every path on which an article could show.
async fn assert_hidden(app: &TestApp, id: i64, neighbor: i64) {
    app.get(&format!("/api/v1/articles/{id}"))
        .await
        .assert_problem(404, "not_found");
    let source = app.get("/api/v1/sources").await.json()["items"][0]["id"]
        .as_i64()
        .unwrap();
    let tree = app.get("/api/v1/sites/demo/categories").await.json();
    let category = tree["items"][0]["id"].as_i64().unwrap();
    assert_eq!(tree["items"][0]["article_count"], 1, "{tree}");
    assert_eq!(tree["items"][0]["total_count"], 1);
    for filter in [
        "",
        "?site=demo",
        &format!("?category={category}"),
        &format!("?source={source}"),
        &format!("?site=demo&category={category}&source={source}"),
    ] {
        assert_eq!(
            titles(app, &format!("/api/v1/articles{filter}")).await,
            ["Open"],
            "{filter}"
        );
    }
    let open = app
        .get(&format!(
            "/api/v1/articles/{neighbor}?include=neighbors,related"
        ))
        .await
        .assert_status(200)
        .json();
    assert_eq!(open["neighbors"], json!({"previous": null, "next": null}));
    assert_eq!(open["related"], json!([]));
}

/// A portal with one open article that points to the hidden one, published earlier or later as `hidden` says.
fn with_hidden(
    hidden: impl FnOnce(crate::support::content::Record) -> crate::support::content::Record,
) -> Portal {
    Portal::new("demo")
        .source("s1")
        .article("hidden", |a| hidden(a.title("Hidden").sources(&["s1"])))
        .article("open", |a| {
            a.title("Open").sources(&["s1"]).set("related", ["hidden"])
        })
}

/// Publishes the hidden article for a moment to learn its id, then hides it as `hidden` says.
async fn hide(
    app: &TestApp,
    hidden: impl Fn(crate::support::content::Record) -> crate::support::content::Record,
) -> (i64, i64) {
    app.import(&with_hidden(|a| a));
    let (id, open) = (app.article_id("hidden").await, app.article_id("open").await);
    app.import(&with_hidden(hidden));
    (id, open)
}

on_both! {
    /// A scheduled article appears to the second, and is hidden on every path before
    async fn a_scheduled_article_appears_to_the_second(app) {
        let (id, open) = hide(app, |a| a.published_at("2026-01-15T12:00:10+08:00")).await;
        assert_hidden(app, id, open).await;
        app.set_clock("2026-01-15T04:00:09.999999Z");
        assert_hidden(app, id, open).await;
        app.set_clock("2026-01-15T04:00:10Z");
        app.get(&format!("/api/v1/articles/{id}")).await.assert_status(200);
        assert_eq!(titles(app, "/api/v1/articles?site=demo").await, ["Hidden", "Open"]);
        assert_eq!(app.get("/api/v1/sites/demo/categories").await.json()["items"][0]["article_count"], 2);
        // A clock that is set back a little still tells one story.
        app.set_clock(NOW);
        assert_hidden(app, id, open).await;
    }

    /// An article vanishes to the second, on every path
    async fn an_expired_article_vanishes_to_the_second(app) {
        let (id, open) = hide(app, |a| a.set("unpublish_at", "2026-01-15T04:00:10Z")).await;
        app.set_clock("2026-01-15T04:00:09.999999Z");
        app.get(&format!("/api/v1/articles/{id}")).await.assert_status(200);
        assert_eq!(app.get("/api/v1/sites/demo/categories").await.json()["items"][0]["article_count"], 2);
        app.set_clock("2026-01-15T04:00:10Z");
        assert_hidden(app, id, open).await;
        // Also once its time was rolled up into the counts, and after another save.
        app.set_clock("2026-01-15T06:00:00Z");
        app.app.services().upkeep.roll_up_counts().await.unwrap();
        assert_hidden(app, id, open).await;
        app.import(&with_hidden(|a| a.set("unpublish_at", "2026-01-15T04:00:10Z").set("byline", "again")));
        assert_hidden(app, id, open).await;
    }

    /// An article deep in a tree brings its way from the home page
    async fn breadcrumbs_lead_from_the_home_page(app) {
        app.import(&Portal::new("demo").site(|s| s.set("home_label", "首页")).category("a/b/c").article("x", |a| a.category("a/b/c")));
        let id = app.article_id("x").await;
        let article = app.get(&format!("/api/v1/articles/{id}?include=breadcrumbs")).await.assert_status(200).json();
        let crumbs = article["breadcrumbs"].as_array().unwrap();
        let paths: Vec<&Value> = crumbs.iter().map(|c| &c["path"]).collect();
        assert_eq!(paths, ["", "a", "a/b", "a/b/c"]);
        assert_eq!((&crumbs[0]["id"], &crumbs[0]["name"]), (&Value::Null, &json!("首页")));
        assert_eq!(crumbs[3]["id"], article["category"]["id"]);
        let plain = app.get(&format!("/api/v1/articles/{id}")).await.json();
        for part in ["breadcrumbs", "neighbors", "related", "site_details"] {
            assert_eq!(plain[part], Value::Null, "{part}");
        }
    }

    /// Neighbours are symmetric, go by time and then id, stay in the category and end with null
    async fn neighbors_are_symmetric(app) {
        let same = "2026-01-01T00:00:00Z";
        let mut portal = Portal::new("demo").category("news").category("other");
        for key in ["a", "b", "c"] {
            portal = portal.article(key, |a| a.published_at(same));
        }
        app.import(&portal.article("d", |a| a.published_at("2025-12-31T00:00:00Z")).article("else", |a| a.category("other").published_at(same)));
        let order = ["d", "a", "b", "c"];
        for (at, key) in order.iter().enumerate() {
            let id = app.article_id(key).await;
            let article = app.get(&format!("/api/v1/articles/{id}?include=neighbors")).await.assert_status(200).json();
            let previous = at.checked_sub(1).map(|i| order[i]);
            assert_eq!(article["neighbors"]["previous"]["slug"].as_str(), previous, "{key}");
            assert_eq!(article["neighbors"]["next"]["slug"].as_str(), order.get(at + 1).copied(), "{key}");
        }
    }

    /// Related articles keep the editor's order
    async fn related_articles_keep_their_order(app) {
        app.import(&Portal::new("demo").article("a", |a| a.set("related", ["c", "b"])).article("b", |a| a).article("c", |a| a));
        let id = app.article_id("a").await;
        let article = app.get(&format!("/api/v1/articles/{id}?include=related")).await.json();
        let related: Vec<&Value> = article["related"].as_array().unwrap().iter().map(|a| &a["slug"]).collect();
        assert_eq!(related, ["c", "b"]);
    }

    /// One article in several languages: the parameter, then the header, then the site, then its own
    async fn the_reader_gets_the_best_language(app) {
        app.import(&Portal::new("demo").site(|s| s.set("default_locale", "zh-Hans")).article("both", |a| {
            a.locale("en").title("Ocean").set("contributors", json!([{"key": "lin", "role": "author", "kind": "person", "name": "Lin Xiaolan", "affiliation": "Institute"}]))
                .set("translations", json!([{"locale": "zh-Hans", "title": "海洋", "slug": "hai-yang", "body_html": "<p>中文</p>", "contributors": [{"key": "lin", "name": "林晓岚", "affiliation": null}]},
                    {"locale": "zh-Hant", "title": "海洋(繁)", "body_html": "<p>繁體</p>"}]))
        }).article("own", |a| a.locale("fr").title("Mer")));
        let both = app.article_id("hai-yang").await;
        let own = app.article_id("own").await;
        // article, query, Accept-Language, title, locale
        for (id, query, accept, title, locale) in [
            (both, "", "", "海洋", "zh-Hans"),
            (both, "?locale=en", "zh", "Ocean", "en"),
            (both, "?locale=EN", "", "Ocean", "en"),
            (both, "?locale=en-GB", "", "Ocean", "en"),
            (both, "?locale=zh-TW", "", "海洋(繁)", "zh-Hant"),
            (both, "?locale=zh-CN", "en", "海洋", "zh-Hans"),
            (both, "?locale=ja", "en", "海洋", "zh-Hans"),
            (both, "", "en;q=0.5, zh-Hant", "海洋(繁)", "zh-Hant"),
            (both, "", "de, en;q=0.1", "Ocean", "en"),
            (both, "", "de", "海洋", "zh-Hans"),
            (both, "", "§$%;;q=x", "海洋", "zh-Hans"),
            (own, "", "en", "Mer", "fr"),
            (own, "?locale=en&fallback=any", "", "Mer", "fr"),
        ] {
            let answer = app.request("GET", &format!("/api/v1/articles/{id}{query}")).header("accept-language", accept).send().await;
            let article = answer.assert_status(200).json();
            assert_eq!((&article["title"], &article["locale"]), (&json!(title), &json!(locale)), "{query} {accept}");
            assert_eq!(answer.header("content-language"), Some(locale), "{query} {accept}");
            assert_eq!(answer.header("vary").unwrap().contains("Accept-Language"), !query.contains("locale"), "{query} {accept}");
            // The list agrees with the detail.
            let list = app.request("GET", &format!("/api/v1/articles{}", query.replace("&fallback=any", ""))).header("accept-language", accept).send().await.json();
            let shown = list["items"].as_array().unwrap().iter().find(|a| a["id"] == id).unwrap();
            assert_eq!((&shown["title"], &shown["slug"]), (&article["title"], &article["slug"]), "{query} {accept}");
        }
        let en = app.get(&format!("/api/v1/articles/{both}?locale=en")).await.json();
        let zh = app.get(&format!("/api/v1/articles/{both}?locale=zh-Hans")).await.json();
        assert_eq!(en["available_locales"], json!(["en", "zh-Hans", "zh-Hant"]));
        assert_eq!(en["contributors"][0]["id"], zh["contributors"][0]["id"]);
        assert_eq!((&en["contributors"][0]["name"], &zh["contributors"][0]["name"]), (&json!("Lin Xiaolan"), &json!("林晓岚")));
        assert_eq!(zh["contributors"][0]["affiliation"], Value::Null);
        assert_eq!((&en["slug"], &zh["slug"]), (&json!("both"), &json!("hai-yang")));
        app.get(&format!("/api/v1/articles/{own}?locale=en&fallback=none")).await.assert_problem(404, "not_found");
        app.get(&format!("/api/v1/articles/{own}?locale=fr&fallback=none")).await.assert_status(200);
    }

    /// Filters combine with AND; one that names nothing gives an empty page
    async fn filters_combine(app) {
        app.import(&Portal::new("demo").source("s1").source("s2").category("a").category("a/b")
            .article("1", |a| a.title("1").category("a").sources(&["s1"]))
            .article("2", |a| a.title("2").category("a").sources(&["s2", "s1"]))
            .article("3", |a| a.title("3").category("a/b").sources(&["s2"])));
        app.import(&Portal::new("else").article("4", |a| a.title("4").sources(&["s1"])));
        let id = |list: &Value, slug: &str| list["items"].as_array().unwrap().iter().find(|s| s["slug"] == slug).unwrap()["id"].as_i64().unwrap();
        let sources = app.get("/api/v1/sources").await.json();
        let (s1, s2) = (id(&sources, "s1"), id(&sources, "s2"));
        let tree = app.get("/api/v1/sites/demo/categories").await.json();
        let (a, b) = (tree["items"][0]["id"].as_i64().unwrap(), tree["items"][0]["children"][0]["id"].as_i64().unwrap());
        for (query, expected) in [
            ("?site=demo".to_owned(), vec!["3", "2", "1"]),
            ("?site=else".to_owned(), vec!["4"]),
            ("?site=nope".to_owned(), vec![]),
            (format!("?category={a}"), vec!["2", "1"]),
            (format!("?category={b}"), vec!["3"]),
            (format!("?category={a}&site=else"), vec![]),
            (format!("?source={s2}"), vec!["3", "2"]),
            (format!("?source={s1}&site=demo"), vec!["2", "1"]),
            (format!("?source={s2}&category={a}&site=demo"), vec!["2"]),
            ("?source=999999".to_owned(), vec![]),
            ("?category=9007199254740991".to_owned(), vec![]),
        ] {
            assert_eq!(titles(app, &format!("/api/v1/articles{query}")).await, expected, "{query}");
        }
        assert_eq!(tree["items"][0]["article_count"], 2);
        assert_eq!(tree["items"][0]["total_count"], 3);
    }

    /// The printed offset and precision of a time come back, and lists go by the instant
    async fn times_come_back_as_printed(app) {
        app.import(&Portal::new("demo")
            .article("west", |a| a.published_at("2026-01-01T00:00:00-05:30").set("published_precision", "minute"))
            .article("east", |a| a.published_at("2026-01-01T08:29:20+08:00")));
        let list = app.get("/api/v1/articles").await.json();
        assert_eq!(list["items"][0]["published_at"], "2026-01-01T00:00:00-05:30");
        assert_eq!(list["items"][0]["published_precision"], "minute");
        assert_eq!(list["items"][1]["published_at"], "2026-01-01T08:29:20+08:00");
        assert_eq!(list["items"][1]["updated_at"], NOW);
    }

    /// Contributors without a key are the same person only with the same affiliation
    async fn contributors_are_told_apart(app) {
        let by = |name: &str, affiliation: &str| json!([{"role": "author", "kind": "person", "name": name, "affiliation": affiliation}]);
        app.import(&Portal::new("demo").article("a", |a| a.set("contributors", by("张伟", "甲所")))
            .article("b", |a| a.set("contributors", by("张伟", "甲所"))).article("c", |a| a.set("contributors", by("张伟", "乙所"))));
        let mut ids = Vec::new();
        for key in ["a", "b", "c"] {
            let id = app.article_id(key).await;
            ids.push(app.get(&format!("/api/v1/articles/{id}")).await.json()["contributors"][0]["id"].clone());
        }
        assert_eq!(ids[0], ids[1]);
        assert_ne!(ids[0], ids[2]);
    }

    /// Attachments keep their ids while their address stays
    async fn attachments_keep_their_ids(app) {
        let files = |names: &[&str]| names.iter().map(|n| json!({"name": n, "url": format!("https://example.org/{n}")})).collect::<Vec<_>>();
        app.import(&Portal::new("demo").article("a", |a| a.set("attachments", files(&["x", "y"]))));
        let id = app.article_id("a").await;
        let before = app.get(&format!("/api/v1/articles/{id}")).await.json()["attachments"].clone();
        app.import(&Portal::new("demo").article("a", |a| a.set("attachments", files(&["z", "y"]))));
        let after = app.get(&format!("/api/v1/articles/{id}")).await.json()["attachments"].clone();
        assert_eq!(after[0]["name"], "z");
        assert_eq!(after[1]["id"], before[1]["id"]);
        assert_eq!(app.get("/api/v1/articles").await.json()["items"][0]["has_attachments"], true);
    }
}
