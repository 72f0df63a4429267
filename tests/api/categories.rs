//! Single categories as readers meet them.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Portal, TestApp, on_both, shared};

async fn category(app: &TestApp, path: &str) -> Value {
    let answer = app
        .get(&format!("/api/v1/sites/demo/categories/{path}"))
        .await;
    answer.assert_status(200).json()
}

fn names(list: &Value, member: &str) -> Vec<String> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|item| item[member].as_str().unwrap().to_owned())
        .collect()
}

on_both! {
    /// A category knows the way to it, its siblings in order and itself among them, and what is directly below
    async fn a_category_knows_its_surroundings(app) {
        let portal = Portal::new("demo").site(|s| s.set("home_label", "首 页"))
            .category("z").category("a").category("z/2").category("z/1").category("z/3").category("z/1/y").category("z/1/x").category("z/1/y/deep")
            .article("p", |a| a.category("z/1")).article("q", |a| a.category("z/1/y/deep")).article("r", |a| a.category("z/2"));
        app.import(&portal);
        let found = category(app, "z/1").await;
        let id = async |path: &str| category(app, path).await["id"].clone();
        let (z, one, two, three) = (id("z").await, id("z/1").await, id("z/2").await, id("z/3").await);
        let (y, x) = (id("z/1/y").await, id("z/1/x").await);
        assert_eq!(found, json!({
            "id": one, "site": "demo", "path": "z/1", "name": "Category z/1", "parent_id": z, "article_count": 1, "total_count": 2,
            "breadcrumbs": [
                {"id": null, "name": "首 页", "path": ""},
                {"id": z, "name": "Category z", "path": "z"},
                {"id": one, "name": "Category z/1", "path": "z/1"},
            ],
            "siblings": [
                {"id": two, "path": "z/2", "name": "Category z/2", "article_count": 1, "total_count": 1},
                {"id": one, "path": "z/1", "name": "Category z/1", "article_count": 1, "total_count": 2},
                {"id": three, "path": "z/3", "name": "Category z/3", "article_count": 0, "total_count": 0},
            ],
            "children": [
                {"id": y, "path": "z/1/y", "name": "Category z/1/y", "article_count": 0, "total_count": 1},
                {"id": x, "path": "z/1/x", "name": "Category z/1/x", "article_count": 0, "total_count": 0},
            ],
        }));
        assert_eq!(app.get(&format!("/api/v1/categories/{one}")).await.assert_status(200).json(), found);
    }

    /// At the root the siblings are the roots, and home has the site's name where no label is given
    async fn roots_are_siblings(app) {
        app.import(&Portal::new("demo").category("z").category("a/b").and(Portal::new("other").category("z")));
        let root = category(app, "a").await;
        assert_eq!(root["parent_id"], Value::Null);
        assert_eq!(names(&root["siblings"], "path"), ["z", "a"]);
        assert_eq!(names(&root["breadcrumbs"], "name"), ["Site demo", "Category a"]);
        let leaf = category(app, "a/b").await;
        assert_eq!((names(&leaf["siblings"], "path"), &leaf["children"]), (vec!["a/b".to_owned()], &json!([])));
    }

    /// Every category of a tree is found by path and by id, with the numbers of the tree
    async fn single_categories_agree_with_the_tree(app) {
        fn flat(nodes: &Value, into: &mut Vec<Value>) {
            for node in nodes.as_array().unwrap() {
                into.push(node.clone());
                flat(&node["children"], into);
            }
        }
        let deep: Vec<String> = (1..=30).map(|n| (1..=n).map(|i| format!("d{i}")).collect::<Vec<_>>().join("/")).collect();
        let mut portal = Portal::new("demo").category("news").category("news-archive/x").category("ne").category("news/x");
        for (n, path) in deep.iter().enumerate() {
            portal = portal.category(path).article(&format!("a{n}"), |a| a.category(path));
        }
        app.import(&portal);
        let mut all = Vec::new();
        flat(&app.get("/api/v1/sites/demo/categories").await.json()["items"], &mut all);
        assert_eq!(all.len(), 35);
        for node in all {
            let path = node["path"].as_str().unwrap();
            let found = category(app, path).await;
            for member in ["id", "path", "name", "article_count", "total_count"] {
                assert_eq!(found[member], node[member], "{path} {member}");
            }
            assert_eq!(names(&found["children"], "path"), names(&node["children"], "path"), "{path}");
            assert_eq!(found["breadcrumbs"].as_array().unwrap().len(), path.split('/').count() + 1, "{path}");
            assert_eq!(app.get(&format!("/api/v1/categories/{}", node["id"])).await.assert_status(200).json(), found, "{path}");
        }
    }

    /// The breadcrumbs of an article are those of its category
    async fn breadcrumbs_are_those_of_the_articles(app) {
        app.import(&Portal::new("demo").category("a/b/c").article("x", |a| a.category("a/b/c")));
        let id = app.article_id("x").await;
        let article = app.get(&format!("/api/v1/articles/{id}?include=breadcrumbs")).await.json();
        assert_eq!(category(app, "a/b/c").await["breadcrumbs"], article["breadcrumbs"]);
    }

    /// Slugs may be in any script; the slashes between them may be encoded, as generated clients do
    async fn paths_are_decoded(app) {
        app.import(&Portal::new("demo").category("新闻/国际").category("a+b/c"));
        for encoded in ["新闻/国际", "%E6%96%B0%E9%97%BB/%E5%9B%BD%E9%99%85", "%e6%96%b0%e9%97%bb%2f%e5%9b%bd%e9%99%85"] {
            assert_eq!(category(app, encoded).await["path"], "新闻/国际", "{encoded}");
        }
        for encoded in ["a+b/c", "a%2Bb%2Fc"] {
            assert_eq!(category(app, encoded).await["path"], "a+b/c", "{encoded}");
        }
    }

    /// What is not there is not found, whatever the slashes
    async fn unknown_categories_are_404(app) {
        app.import(&Portal::new("demo").category("a/b").and(Portal::new("other").category("c")));
        let long = format!("a/{}", "b".repeat(600));
        for path in [
            "demo/categories/", "demo/categories//", "demo/categories/a/", "demo/categories/a/b/", "demo/categories//a", "demo/categories/a//b", "demo/categories/a%2F",
            "demo/categories/b", "demo/categories/a/b/c", "demo/categories/A", "demo/categories/c", "demo/categories/%FF", "demo/categories/a%00",
            "demo/categories/a%252Fb", &format!("demo/categories/{long}"), "nope/categories/a",
        ] {
            app.get(&format!("/api/v1/sites/{path}")).await.assert_problem(404, "not_found");
        }
        for id in ["0", "x", "9007199254740991", "9007199254740992", ""] {
            app.get(&format!("/api/v1/categories/{id}")).await.assert_problem(404, "not_found");
        }
        app.get("/api/v1/sites/demo/categories/a?x=1").await.assert_problem(400, "invalid_parameter");
        for path in ["/api/v1/sites/demo/categories/a/b", "/api/v1/categories/1"] {
            let answer = app.request("DELETE", path).send().await;
            answer.assert_problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
        }
    }

    /// Who has the category already is told so, until an article's time comes
    async fn an_unchanged_category_is_not_sent_again(app) {
        app.import(&Portal::new("demo").category("a/b").article("x", |a| a.category("a/b").published_at("2026-01-15T12:00:10+08:00")));
        let id = category(app, "a/b").await["id"].clone();
        for path in ["/api/v1/sites/demo/categories/a/b".to_owned(), format!("/api/v1/categories/{id}")] {
            app.set_clock("2026-01-15T04:00:00Z");
            let first = app.get(&path).await;
            assert_eq!(first.json()["article_count"], 0);
            assert!(first.header("cache-control").unwrap().contains("s-maxage=10,"), "{:?}", first.header("cache-control"));
            assert_eq!(first.header("surrogate-key"), Some(format!("site-demo category-{id}").as_str()));
            let tag = first.header("etag").unwrap();
            app.set_clock("2026-01-15T04:00:09Z");
            app.request("GET", &path).header("if-none-match", tag).send().await.assert_status(304);
            app.set_clock("2026-01-15T04:00:10Z");
            let later = app.request("GET", &path).header("if-none-match", tag).send().await;
            assert_eq!(later.assert_status(200).json()["article_count"], 1);
        }
    }

    /// The side navigation and the third level of a real portal (checklist S0-10, S0-12)
    async fn the_categories_of_a_real_portal(app) {
        let Some(file) = shared("portals/stidc.ndjson") else { return };
        app.try_import(fs::read(file).unwrap()).unwrap();
        let path = "/api/v1/sites/stidc/categories";
        let views = app.get(&format!("{path}/ke-ji-chuang-xin/ke-chuang-shi-dian")).await.assert_status(200).json();
        assert_eq!(names(&views["siblings"], "name"), ["科技合作", "科创动态", "科创视点", "北京国际科创中心建设"]);
        assert_eq!(names(&views["breadcrumbs"], "name"), ["首页", "科技创新", "科创视点"]);
        let third = app.get(&format!("{path}/dang-de-jian-she/fan-fu-chang-lian/xue-xi-yuan-di")).await.assert_status(200).json();
        assert_eq!(names(&third["siblings"], "name"), ["纪法小课", "学习园地", "廉洁故事"]);
        assert_eq!(names(&third["breadcrumbs"], "name"), ["首页", "党的建设", "反腐倡廉", "学习园地"]);
        let second = app.get(&format!("{path}/dang-de-jian-she/fan-fu-chang-lian")).await.json();
        assert_eq!(names(&second["children"], "name"), ["纪法小课", "学习园地", "廉洁故事"]);
        assert_eq!(third["parent_id"], second["id"]);
    }
}
