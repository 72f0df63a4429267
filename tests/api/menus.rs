//! Menus as readers meet them.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Portal, on_both, shared};

/// A menu as its labels, each indented by its depth.
fn outline(items: &Value) -> Vec<String> {
    fn collect(items: &Value, depth: usize, into: &mut Vec<String>) {
        for item in items.as_array().unwrap() {
            let label = item["label"].as_str().unwrap();
            into.push(format!("{}{label}", "  ".repeat(depth)));
            collect(&item["children"], depth + 1, into);
        }
    }
    let mut lines = Vec::new();
    collect(items, 0, &mut lines);
    lines
}

fn item(label: &str, children: Value) -> Value {
    json!({"label": label, "children": children})
}

on_both! {
    /// A menu comes whole, in the order of its file, however deep
    async fn a_menu_comes_whole_and_in_order(app) {
        let deep = (0..15).rev().fold(json!([]), |below, n| json!([item(&format!("d{n}"), below)]));
        app.import(&Portal::new("demo").menu("main", json!([
            item("z", json!([item("y", json!([])), item("x", json!([item("w", json!([]))])), item("v", json!([]))])),
            item("a", deep),
            item("b", json!([])),
        ])));
        let menu = app.get("/api/v1/sites/demo/menus/main").await.assert_status(200).json();
        assert_eq!(menu["key"], "main");
        let mut expected = vec!["z".to_owned(), "  y".to_owned(), "  x".to_owned(), "    w".to_owned(), "  v".to_owned(), "a".to_owned()];
        expected.extend((0..15).map(|n| format!("{}d{n}", "  ".repeat(n + 1))));
        expected.push("b".to_owned());
        assert_eq!(outline(&menu["items"]), expected);
    }

    /// `max_depth` cuts off what is deeper, and leaves empty lists
    async fn max_depth_cuts_a_menu_off(app) {
        app.import(&Portal::new("demo").menu("main", json!([item("a", json!([item("b", json!([item("c", json!([]))]))])), item("d", json!([]))])));
        for (query, expected) in [
            ("?max_depth=1", &["a", "d"][..]),
            ("?max_depth=2", &["a", "  b", "d"][..]),
            ("?max_depth=3", &["a", "  b", "    c", "d"][..]),
            ("?max_depth=100", &["a", "  b", "    c", "d"][..]),
            ("", &["a", "  b", "    c", "d"][..]),
        ] {
            let menu = app.get(&format!("/api/v1/sites/demo/menus/main{query}")).await.assert_status(200).json();
            assert_eq!(outline(&menu["items"]), expected, "{query}");
            let all = app.get(&format!("/api/v1/sites/demo/menus{query}")).await.assert_status(200).json();
            assert_eq!(all["items"], json!([menu]), "{query}");
        }
        for wrong in ["0", "101", "-1", "x", ""] {
            for path in ["/api/v1/sites/demo/menus/main", "/api/v1/sites/demo/menus"] {
                let problem = app.get(&format!("{path}?max_depth={wrong}")).await.assert_problem(400, "invalid_parameter");
                assert_eq!(problem["errors"][0]["pointer"], "/max_depth", "{wrong}");
            }
        }
    }

    /// An item points to a category, by id and path, or to an address, or to nothing
    async fn an_item_points_to_one_thing(app) {
        app.import(&Portal::new("demo").category("news/local").menu("main", json!([
            {"label": "Local news", "category": "news/local"},
            {"label": "Contact", "url": "https://example.org/contact"},
            {"label": "More"},
        ])));
        let category = app.get("/api/v1/sites/demo/categories/news/local").await.json();
        let menu = app.get("/api/v1/sites/demo/menus/main").await.assert_status(200).json();
        assert_eq!(menu["items"], json!([
            {"label": "Local news", "url": null, "category_id": category["id"], "category_path": "news/local", "children": []},
            {"label": "Contact", "url": "https://example.org/contact", "category_id": null, "category_path": null, "children": []},
            {"label": "More", "url": null, "category_id": null, "category_path": null, "children": []},
        ]));
    }

    /// Labels repeat, and equal items are different items
    async fn labels_are_not_unique(app) {
        app.import(&Portal::new("demo").menu("main", json!([item("x", json!([item("x", json!([])), item("x", json!([]))])), item("x", json!([]))])));
        let menu = app.get("/api/v1/sites/demo/menus/main").await.assert_status(200).json();
        assert_eq!(outline(&menu["items"]), ["x", "  x", "  x", "x"]);
    }

    /// All menus of a site come at once, those without items too
    async fn menus_come_all_at_once(app) {
        let items = |label: &str| json!([item(label, json!([item("below", json!([]))]))]);
        app.import(&Portal::new("demo").menu("z", items("z")).menu("empty", json!([])).menu("a", items("a")));
        app.import(&Portal::new("other").menu("z", items("other")));
        app.import(&Portal::new("bare"));
        let menus = app.get("/api/v1/sites/demo/menus").await.assert_status(200).json();
        let keys: Vec<&Value> = menus["items"].as_array().unwrap().iter().map(|m| &m["key"]).collect();
        assert_eq!(keys, ["z", "empty", "a"]);
        assert_eq!(outline(&menus["items"][0]["items"]), ["z", "  below"]);
        assert_eq!(menus["items"][1]["items"], json!([]));
        assert_eq!(outline(&menus["items"][2]["items"]), ["a", "  below"]);
        assert_eq!((&menus["total"], &menus["total_kind"], &menus["next_cursor"]), (&json!(3), &json!("exact"), &Value::Null));
        assert_eq!(app.get("/api/v1/sites/bare/menus").await.assert_status(200).json()["items"], json!([]));
    }

    /// Keys may hold any character that shows, encoded in the address
    async fn keys_are_decoded(app) {
        for (key, encoded) in [("主菜单", "主菜单"), ("a/b", "a%2Fb"), ("50%", "50%25"), ("%41", "%2541"), ("a b", "a%20b"), ("é", "%C3%A9"), ("a+b", "a+b")] {
            app.import(&Portal::new("demo").menu(key, json!([])));
            let menu = app.get(&format!("/api/v1/sites/demo/menus/{encoded}")).await.assert_status(200).json();
            assert_eq!(menu["key"], key);
        }
    }

    /// A menu or site that is not there is not found
    async fn unknown_menus_are_404(app) {
        app.import(&Portal::new("demo").menu("main", json!([])).and(Portal::new("other").menu("elsewhere", json!([]))));
        let long = "x".repeat(201);
        for path in [
            "demo/menus/nope", "demo/menus/elsewhere", "demo/menus/Main", "demo/menus/", "demo/menus/%00", "demo/menus/%FF", "demo/menus/%20",
            "demo/menus/main/", "demo/menus/main/x", &format!("demo/menus/{long}"), "nope/menus", "nope/menus/main", "demo%2Fx/menus",
        ] {
            app.get(&format!("/api/v1/sites/{path}")).await.assert_problem(404, "not_found");
        }
        app.get("/api/v1/sites/demo/menus/main?depth=1").await.assert_problem(400, "invalid_parameter");
    }

    /// Who has the menu already is told so, until it changes
    async fn an_unchanged_menu_is_not_sent_again(app) {
        app.import(&Portal::new("demo").menu("main", json!([item("a", json!([]))])));
        for path in ["/api/v1/sites/demo/menus", "/api/v1/sites/demo/menus/main"] {
            let tag = app.get(path).await.header("etag").unwrap().to_owned();
            let again = app.request("GET", path).header("if-none-match", &tag).send().await;
            assert_eq!(again.assert_status(304).body.len(), 0);
            assert_eq!(again.header("surrogate-key"), Some("site-demo"));
        }
        let tag = app.get("/api/v1/sites/demo/menus/main").await.header("etag").unwrap().to_owned();
        app.import(&Portal::new("demo").menu("main", json!([item("b", json!([]))])));
        app.request("GET", "/api/v1/sites/demo/menus/main").header("if-none-match", &tag).send().await.assert_status(200);
    }

    /// The menu of a real portal: 44 items on 3 levels, from 12 roots (checklist S0-11 to S0-15)
    async fn the_menu_of_a_real_portal(app) {
        let Some(file) = shared("portals/stidc.ndjson") else { return };
        app.try_import(fs::read(file).unwrap()).unwrap();
        let menu = app.get("/api/v1/sites/stidc/menus/primary").await.assert_status(200).json();
        let lines = outline(&menu["items"]);
        assert_eq!(lines.len(), 44);
        assert_eq!(lines.iter().filter(|line| !line.starts_with(' ')).count(), 12);
        assert_eq!(lines.first().unwrap(), "首 页");
        assert_eq!(&lines[7..15], ["党的建设", "  组织架构", "  党建动态", "  反腐倡廉", "    纪法小课", "    学习园地", "    廉洁故事", "  专题活动"]);
        assert_eq!(lines.last().unwrap(), "  往年专题");
        assert_eq!(menu["items"][2]["children"][2]["children"][0]["category_path"], "dang-de-jian-she/fan-fu-chang-lian/ji-fa-xiao-ke");
        assert_eq!(menu["items"][0]["url"], "/");
        let upper = app.get("/api/v1/sites/stidc/menus/primary?max_depth=2").await.json();
        assert_eq!(outline(&upper["items"]).len(), 41);
        let utility = app.get("/api/v1/sites/stidc/menus/utility").await.json();
        assert_eq!(outline(&utility["items"]), ["邮箱登录", "ARP", "网上办公平台", "联系我们", "中国科学院"]);
        let all = app.get("/api/v1/sites/stidc/menus").await.json();
        assert_eq!(all["items"], json!([menu, utility]));
    }
}
