//! Repair of whole sites: many articles in one call, the records that are no articles, and what was held back with the site.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::content::Record;
use crate::support::desk::Desk;
use crate::support::{Portal, on_both};

const SPAM: &str = "澳门赌场";
const NAME: &str = "中国科学院";

async fn findings(desk: &Desk<'_>, query: &str) -> Vec<Value> {
    desk.walk(&format!("/findings?limit=100{query}")).await.0
}

/// What a real repair answers.
async fn mended(desk: &Desk<'_>, mut order: Value) -> Value {
    order["dry_run"] = json!(false);
    desk.post("/findings/repair", &order)
        .await
        .assert_status(200)
        .json()
}

/// Ids of findings by the members that they are in.
async fn by_field(desk: &Desk<'_>, query: &str) -> BTreeMap<String, Value> {
    let all = findings(desk, query).await.into_iter();
    all.map(|finding| {
        (
            finding["field"].as_str().unwrap().to_owned(),
            finding["id"].clone(),
        )
    })
    .collect()
}

on_both! {
    /// Some hundred articles are mended in one call, each once, with an address of its own
    async fn many_articles_are_mended_in_one_call(app) {
        let mut portal = Portal::new("demo");
        for n in 0..430 {
            portal = portal.article(&format!("a{n}"), |a| {
                a.without("slug").title(&format!("{SPAM}国际合作")).body(&format!("<p>第{n}篇，澳門賭場😀。</p>"))
            });
        }
        app.import(&portal.article("honest", |a| a.title("潮位")));
        let desk = app.desk("admin");
        assert_eq!(app.get("/api/v1/articles?count=exact").await.json()["total"], 1);
        let plan = desk.post("/findings/repair", &json!({"site": "demo", "replace": {SPAM: NAME}})).await.assert_status(200).json();
        let done = mended(&desk, json!({"site": "demo", "replace": {SPAM: NAME}})).await;
        assert_eq!((&done["replaced"], &done["remaining"], &done["cut"]), (&json!(860), &json!(0), &json!(0)));
        assert_eq!((&plan["records"], &plan["dry_run"]), (&done["records"], &json!(true)));
        let records = done["records"].as_array().unwrap();
        assert_eq!(records.len(), 430);
        let slugs: BTreeSet<&str> = records.iter().map(|record| record["slug"]["after"].as_str().unwrap()).collect();
        assert_eq!(slugs.len(), 430);
        assert!(slugs.iter().all(|slug| slug.starts_with("zhong-guo-ke-xue-yuan-guo-ji-he-zuo")), "{slugs:?}");
        assert!(records.iter().all(|record| record["version"] == 2 && record["status"] == "published"));
        assert_eq!(app.get("/api/v1/articles?count=exact").await.json()["total"], 431);
        let found = app.get("/api/v1/search?q=%E4%B8%AD%E5%9B%BD%E7%A7%91%E5%AD%A6%E9%99%A2&count=exact").await.assert_status(200).json();
        assert_eq!(found["total"], 430);
        assert!(findings(&desk, "").await.is_empty());
        assert_eq!(desk.walk("/audit-log?action=repair_findings&limit=100").await.0.len(), 430);
        let again = mended(&desk, json!({"site": "demo", "replace": {SPAM: NAME}})).await;
        assert_eq!((&again["replaced"], &again["records"]), (&json!(0), &json!([])));
    }

    /// What was held back with the site comes back with it; what has findings of its own with its own mend, each by one revision
    async fn what_was_held_with_its_site_comes_back(app) {
        let portal = Portal::new("demo")
            .site(|s| s.set("name", SPAM))
            .article("honest", |a| a.title("潮位"))
            .article("spoilt", |a| a.title(&format!("{SPAM}国际合作")).body(&format!("<p>潮位。</p>\n<p>{SPAM}</p>")))
            .article("draft", |a| a.title("草稿").status("draft"));
        app.import(&portal);
        let desk = app.desk("admin");
        let state = async || -> BTreeMap<String, (Value, Value)> {
            let articles = desk.walk("/articles?limit=100").await.0.into_iter();
            articles.map(|a| (a["slug"].as_str().unwrap().to_owned(), (a["status"].clone(), a["version"].clone()))).collect()
        };
        assert!(state().await.values().all(|(status, version)| status == "quarantined" && version == 1));
        // Without the record of the site nothing comes back, whatever becomes of the article.
        let spoilt = findings(&desk, "&kind=article&severity=block").await;
        let id = spoilt[0]["record_id"].clone();
        let cut: Vec<&Value> = spoilt.iter().filter(|f| f["field"] == "/body_html").map(|f| &f["id"]).collect();
        let done = mended(&desk, json!({"article_id": id, "cut": cut})).await;
        assert_eq!((&done["records"][0]["status"], &done["records"][0]["held_status"]), (&json!("quarantined"), &json!("published")));
        let done = mended(&desk, json!({"site": "demo", "replace": {SPAM: NAME}})).await;
        assert_eq!((&done["records"][0]["kind"], &done["records"][0]["is_held"]), (&json!("site"), &json!(false)));
        let after = state().await;
        assert_eq!(after["honest"], (json!("published"), json!(2)));
        assert_eq!(after["draft"], (json!("draft"), json!(2)));
        assert_eq!(after["spoilt"], (json!("published"), json!(3)));
        app.get("/api/v1/sites/demo").await.assert_status(200);
        assert_eq!(app.get("/api/v1/articles?count=exact").await.json()["total"], 2);
        let (revisions, _) = desk.walk(&format!("/articles/{id}/revisions?limit=100")).await;
        let actions: Vec<&Value> = revisions.iter().map(|revision| &revision["action"]).collect();
        assert_eq!(actions, ["repair", "repair", "import"]);
    }

    /// Categories, topics, menus and groups of links are mended along, in their places
    async fn other_records_are_mended_along(app) {
        let portal = Portal::new("demo")
            .category("news")
            .menu("main", json!([
                {"label": "首页", "url": "https://example.org/"},
                {"label": format!("{SPAM}频道"), "children": [{"label": SPAM, "url": "https://example.org/a"}, {"label": "海", "category": "news"}]},
            ]))
            .link_group("friends", json!([
                {"label": "海", "url": "https://example.org/sea"}, {"label": "澳 門 賭 場", "url": "https://example.org/x"},
                {"label": "潮", "url": format!("https://example.org/{SPAM}")},
            ]))
            .with(Record::new("category").set("site", "demo").set("path", "about").set("name", format!("关于{SPAM}")))
            .with(Record::new("topic").set("site", "demo").set("key", "t").set("title", format!("专题：{SPAM}")));
        app.import(&portal);
        let desk = app.desk("admin");
        let found = by_field(&desk, "&site=demo").await;
        // Entries of lists go where nothing is left of them.
        let cut = [&found["/items/1/children/0/label"], &found["/links/1/label"], &found["/links/2/url"]];
        let done = mended(&desk, json!({"site": "demo", "cut": cut, "replace": {SPAM: NAME}})).await;
        assert_eq!((&done["cut"], &done["replaced"]), (&json!(3), &json!(3)), "{done}");
        let kinds: BTreeSet<&str> = done["records"].as_array().unwrap().iter().map(|r| r["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["category", "link_group", "menu", "topic"].into());
        let menu = app.get("/api/v1/sites/demo/menus/main").await.assert_status(200).json();
        assert_eq!(menu["items"][1]["label"], "中国科学院频道");
        assert_eq!(menu["items"][1]["children"].as_array().unwrap().len(), 1);
        let groups = app.get("/api/v1/sites/demo/link-groups").await.assert_status(200).json();
        assert_eq!(groups["items"][0]["links"], json!([{"label": "海", "url": "https://example.org/sea"}]));
        assert_eq!(app.get("/api/v1/sites/demo/topics").await.json()["items"][0]["title"], "专题：中国科学院");
        assert_eq!(app.get("/api/v1/sites/demo/categories/about").await.json()["name"], "关于中国科学院");
        assert!(findings(&desk, "").await.is_empty());
        let resources: BTreeSet<String> = desk.walk("/audit-log?action=repair_findings&limit=100").await.0.iter()
            .map(|entry| entry["resource"].as_str().unwrap().to_owned()).collect();
        assert_eq!(resources, ["category", "link_group", "menu", "topic"].map(str::to_owned).into());
    }

    /// What must say something cannot be cut whole, and findings of another site are none of this one
    async fn what_must_say_something_is_not_cut(app) {
        let portal = Portal::new("demo").site(|s| s.set("name", SPAM).set("owner", SPAM))
            .menu("main", json!([{"label": SPAM, "children": [{"label": "海", "url": "https://example.org/a"}]}]))
            .and(Portal::new("other").site(|s| s.set("name", SPAM)));
        app.import(&portal);
        let desk = app.desk("admin");
        let found = by_field(&desk, "&site=demo").await;
        let foreign = by_field(&desk, "&site=other").await;
        for (cut, pointer, says) in [
            (json!([found["/owner"], found["/name"]]), "/cut/1", "replace"),
            (json!([found["/items/0/label"]]), "/cut/0", "replace"),
            (json!([found["/owner"], foreign["/name"]]), "/cut/1", "demo"),
        ] {
            let refused = desk.post("/findings/repair", &json!({"site": "demo", "cut": cut, "dry_run": false})).await;
            let fault = &refused.problem(422)["errors"][0];
            assert_eq!(fault["pointer"], pointer, "{refused}");
            assert!(says == "demo" || fault["detail"].as_str().unwrap().contains(says), "{refused}");
        }
        assert_eq!(by_field(&desk, "&site=demo").await, found);
        let done = mended(&desk, json!({"site": "demo", "cut": [found["/owner"]]})).await;
        assert_eq!((&done["records"][0]["open_findings"], &done["records"][0]["is_held"]), (&json!(1), &json!(true)));
    }

    /// Dismissing what was found in a site lets all of it go, and taking that back holds it back again
    async fn a_dismissal_lets_a_site_go(app) {
        app.import(&Portal::new("demo").site(|s| s.set("name", SPAM)).article("a", |a| a.title("潮位")));
        let desk = app.desk("admin");
        let found: Vec<Value> = findings(&desk, "&severity=block").await.iter().map(|f| f["id"].clone()).collect();
        app.get("/api/v1/sites/demo").await.assert_status(404);
        app.desk("editor").post("/findings/dismiss", &json!({"ids": found, "is_dismissed": true})).await.assert_problem(403, "forbidden");
        desk.post("/findings/dismiss", &json!({"ids": found, "is_dismissed": true})).await.assert_status(200);
        app.get("/api/v1/sites/demo").await.assert_status(200);
        assert_eq!(app.get("/api/v1/articles?count=exact").await.json()["total"], 1);
        // What is saved meanwhile is looked at anew, and stays dismissed.
        let sites = desk.walk("/sites?limit=100").await.0;
        desk.patch(&format!("/sites/{}", sites[0]["id"]), &json!({"home_label": "首页"})).await.assert_status(200);
        app.get("/api/v1/sites/demo").await.assert_status(200);
        desk.post("/findings/dismiss", &json!({"ids": found, "is_dismissed": false})).await.assert_status(200);
        app.get("/api/v1/sites/demo").await.assert_status(404);
        assert_eq!(app.get("/api/v1/articles?count=exact").await.json()["total"], 0);
    }

    /// However much was found, a page of it takes the same statements
    async fn a_page_of_findings_takes_the_same_statements(app) {
        let mut portal = Portal::new("demo");
        for n in 0..40 {
            portal = portal.article(&format!("a{n}"), |a| a.title(SPAM));
        }
        app.import(&portal);
        let desk = app.desk_of(app.token_with(None, &[(masthead::models::access::Role::Reader, "demo", Some("news"))]));
        let mut used = BTreeSet::new();
        for limit in [1, 5, 40] {
            let path = format!("/findings?site=demo&severity=block&state=open&count=exact&limit={limit}");
            desk.get(&path).await.assert_status(200);
            let before = app.statements();
            desk.get(&path).await.assert_status(200);
            used.insert(app.statements() - before);
        }
        assert_eq!(used.len(), 1, "{used:?}");
    }
}
