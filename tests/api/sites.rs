//! Sites, categories and sources as readers meet them.

use serde_json::{Value, json};

use crate::support::{Portal, on_both};

on_both! {
    /// A deployment without sites answers with empty lists
    async fn nothing_is_there_yet(app) {
        for path in ["/api/v1/sites", "/api/v1/sources", "/api/v1/articles"] {
            let list = app.get(path).await.assert_status(200).json();
            assert_eq!(list["items"], json!([]), "{path}");
            assert_eq!(list["next_cursor"], Value::Null, "{path}");
        }
    }

    /// A site shows its name in its copyright notice, and addresses come from its template
    async fn a_site_fills_its_templates(app, |s| s.var("MASTHEAD_PUBLIC_URL", "https://api.example.org")) {
        app.import(&Portal::new("a").site(|s| {
            s.set("name", "實況網").set("copyright_notice", "電頭為\"{site}\",未經{site}許可").set("url_template", "https://www.example.org/{path}")
        }).article("x", |a| a.slug("你好")));
        app.import(&Portal::new("b").article("y", |a| a));
        let site = app.get("/api/v1/sites/a").await.assert_status(200).json();
        assert_eq!(site["copyright_notice"], "電頭為\"實況網\",未經實況網許可");
        assert_eq!(site["url"], "https://www.example.org/");
        assert_eq!(app.get("/api/v1/sites/b").await.json()["url"], "https://api.example.org/api/v1/sites/b");
        let list = app.get("/api/v1/articles?site=a").await.json();
        assert_eq!(list["items"][0]["url"], "https://www.example.org/articles/%E4%BD%A0%E5%A5%BD");
        let list = app.get("/api/v1/articles?site=b").await.json();
        let id = list["items"][0]["id"].as_i64().unwrap();
        assert_eq!(list["items"][0]["url"], format!("https://api.example.org/api/v1/articles/{id}"));
    }

    /// What is not there is not found
    async fn unknown_things_are_404(app) {
        app.import(&Portal::new("demo"));
        for path in [
            "/api/v1/sites/nope",
            "/api/v1/sites/nope/categories",
            "/api/v1/sites/%00",
            "/api/v1/sites/demo%2Fx",
            "/api/v1/sources/1",
            "/api/v1/sources/0",
            "/api/v1/sources/-1",
            "/api/v1/sources/9223372036854775808",
            "/api/v1/articles/1",
            "/api/v1/articles/0",
            "/api/v1/articles/01",
            "/api/v1/articles/9007199254740992",
            "/api/v1/articles/9223372036854775808",
            "/api/v1/articles/abc",
            "/api/v1/articles/",
            "/api/v1/nothing",
            "/api/v2/articles",
            "/",
        ] {
            app.get(path).await.assert_problem(404, "not_found");
        }
    }

    /// The tree keeps the order of the file and any depth
    async fn categories_come_as_an_ordered_tree(app) {
        let deep: Vec<String> = (1..=40).map(|n| (1..=n).map(|i| format!("d{i}")).collect::<Vec<_>>().join("/")).collect();
        let mut portal = Portal::new("demo").category("z").category("a").category("z/2").category("z/1");
        for path in &deep {
            portal = portal.category(path);
        }
        app.import(&portal);
        let tree = app.get("/api/v1/sites/demo/categories").await.assert_status(200).json();
        let roots: Vec<&Value> = tree["items"].as_array().unwrap().iter().map(|c| &c["path"]).collect();
        assert_eq!(roots, ["z", "a", "d1"]);
        assert_eq!(tree["total"], 3);
        assert_eq!(tree["items"][0]["children"][0]["path"], "z/2");
        assert_eq!(tree["items"][0]["children"][1]["path"], "z/1");
        let mut node = &tree["items"][2];
        for path in &deep[1..] {
            node = &node["children"][0];
            assert_eq!(node["path"], path.as_str());
        }
        assert_eq!(node["children"], json!([]));
    }

    /// Sources are paged at 0, 1, one page, one page and one
    async fn sources_are_paged(app) {
        for count in [1, 20, 21] {
            let mut portal = Portal::new("demo");
            for n in 0..count {
                portal = portal.source(&format!("s{n:02}"));
            }
            app.import(&portal);
            let first = app.get("/api/v1/sources").await.assert_status(200).json();
            assert_eq!(first["items"].as_array().unwrap().len(), count.min(20));
            match first["next_cursor"].as_str() {
                None => assert!(count <= 20),
                Some(cursor) => {
                    let rest = app.get(&format!("/api/v1/sources?cursor={cursor}&limit=1")).await.assert_status(200).json();
                    assert_eq!(rest["items"].as_array().unwrap().len(), count - 20);
                    assert_eq!(rest["items"][0]["slug"], "s20");
                    assert_eq!(rest["next_cursor"], Value::Null);
                }
            }
        }
        let id = app.get("/api/v1/sources?limit=1").await.json()["items"][0]["id"].as_i64().unwrap();
        assert_eq!(app.get(&format!("/api/v1/sources/{id}")).await.assert_status(200).json()["slug"], "s00");
    }
}
