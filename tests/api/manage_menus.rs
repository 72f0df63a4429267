//! Menus as those meet them who may change them.

use masthead::models::access::Role;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::desk::long_text;
use crate::support::{Portal, on_both};

/// A portal with two categories, of which one is below the other, and another one with the same.
fn portals() -> Portal {
    Portal::new("demo")
        .category("research/ocean")
        .and(Portal::new("other").category("news"))
}

fn item(label: &str, children: Value) -> Value {
    json!({"label": label, "url": null, "category": null, "children": children})
}

fn leaf(label: &str) -> Value {
    item(label, json!([]))
}

/// Menu items that hang below each other, `depth` levels deep.
fn chain(depth: usize) -> Value {
    (0..depth).fold(json!([]), |below, level| {
        json!([item(&format!("l{level}"), below)])
    })
}

on_both! {
    /// A menu is made, shown, changed and deleted, and readers see it at once
    async fn menus_are_made_changed_and_deleted(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let delivered = "/api/v1/sites/demo/menus/main";
        app.get(delivered).await.assert_problem(404, "not_found");
        let items = json!([
            item("首页", json!([])),
            {"label": "Research", "category": "research", "children": [
                {"label": "Ocean", "category": "research/ocean"},
                {"label": "Elsewhere", "url": "https://example.org/x", "category": null, "children": null},
            ]},
        ]);
        let (path, menu) = desk.made("/menus", &json!({"site": "demo", "key": "main", "items": items})).await;
        let shown = json!([
            leaf("首页"),
            {"label": "Research", "url": null, "category": "research", "children": [
                {"label": "Ocean", "url": null, "category": "research/ocean", "children": []},
                {"label": "Elsewhere", "url": "https://example.org/x", "category": null, "children": []},
            ]},
        ]);
        assert_eq!(menu, json!({
            "id": menu["id"], "site": "demo", "key": "main", "items": shown, "version": 1, "is_held": false,
            "created_at": "2026-01-15T04:00:00Z", "updated_at": "2026-01-15T04:00:00Z",
        }));
        let first = app.get(delivered).await;
        assert_eq!(first.assert_status(200).json()["items"][1]["children"][0]["category_path"], "research/ocean");

        app.set_clock("2026-01-15T04:05:00Z");
        let first = app.get(delivered).await;
        desk.unchanged(&path, &json!({})).await;
        desk.unchanged(&path, &json!({"items": shown})).await;
        desk.unchanged(&path, &json!({"items": items})).await;
        assert_eq!(app.get(delivered).await.header("last-modified"), first.header("last-modified"));
        let changed = desk.changed(&path, &json!({"items": [shown[1]["children"][0], shown[0]]})).await;
        assert_eq!(changed["items"], json!([shown[1]["children"][0], shown[0]]));
        assert_eq!((&changed["created_at"], &changed["updated_at"]), (&menu["created_at"], &json!("2026-01-15T04:05:00Z")));
        let second = app.get(delivered).await;
        assert_eq!(second.json()["items"][0]["label"], "Ocean");
        assert_ne!(second.header("etag"), first.header("etag"));
        assert_ne!(second.header("last-modified"), first.header("last-modified"));

        assert_eq!(desk.changed(&path, &json!({"items": null})).await["items"], json!([]));
        assert_eq!(app.get(delivered).await.json()["items"], json!([]));
        desk.unchanged(&path, &json!({"items": []})).await;
        desk.delete(&path).await.assert_status(204);
        for answer in [desk.get(&path).await, desk.delete(&path).await, desk.patch(&path, &json!({})).await] {
            answer.assert_problem(404, "not_found");
        }
        app.get(delivered).await.assert_problem(404, "not_found");
        desk.made("/menus", &json!({"site": "demo", "key": "main"})).await;
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, _) = desk.made("/menus", &json!({"site": "demo", "key": "main"})).await;
        desk.keeps_conditions(&path, &json!({"items": [leaf("a")]})).await;
    }

    /// What cannot be a menu is refused with the place of every fault
    async fn bad_menus_are_refused(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, _) = desk.made("/menus", &json!({"site": "demo", "key": "main", "items": [leaf("a")]})).await;
        let wide: Vec<Value> = (0..5001).map(|n| leaf(&format!("{n}"))).collect();
        desk.refuses_changes(&path, &[
            (json!({"site": "demo"}), "/site", "read_only"),
            (json!({"key": "main"}), "/key", "read_only"),
            (json!({"items": {}}), "/items", "wrong_type"),
            (json!({"items": "a"}), "/items", "wrong_type"),
            (json!({"items": [["a", null, null, []]]}), "/items/0", "wrong_type"),
            (json!({"items": [leaf("a"), {"url": "/b"}]}), "/items/1/label", "required"),
            (json!({"items": [{"label": ""}]}), "/items/0/label", "invalid"),
            (json!({"items": [{"label": 7}]}), "/items/0/label", "wrong_type"),
            (json!({"items": [{"label": "a", "url": "javascript:alert(1)"}]}), "/items/0/url", "invalid"),
            (json!({"items": [{"label": "a", "url": "/a", "category": "research"}]}), "/items/0/category", "conflict"),
            (json!({"items": [{"label": "a", "category_id": 1}]}), "/items/0/category_id", "unknown_member"),
            (json!({"items": [item("a", json!({}))]}), "/items/0/children", "wrong_type"),
            (json!({"items": [leaf("a"), item("b", json!([leaf("c"), {"label": "d", "category": "news"}]))]}), "/items/1/children/1/category", "unknown"),
            (json!({"items": [{"label": "a", "category": "research//ocean"}]}), "/items/0/category", "invalid"),
            (json!({"items": wide}), "/items", "too_many"),
            (json!({"items": chain(17)}), &format!("/items{}", "/0/children".repeat(16)), "too_deep"),
        ]).await;
        desk.refuses_new("/menus", &[
            (json!({"key": "a"}), "/site", "required"),
            (json!({"site": "demo"}), "/key", "required"),
            (json!({"site": "demo", "key": null}), "/key", "required"),
            (json!({"site": "demo", "key": " "}), "/key", "invalid"),
            (json!({"site": "demo", "key": "k".repeat(201)}), "/key", "invalid"),
            (json!({"site": "demo", "key": ["main"]}), "/key", "wrong_type"),
            (json!({"site": "nope", "key": "a"}), "/site", "unknown"),
            (json!({"site": "demo", "key": "a", "id": 1}), "/id", "read_only"),
            (json!({"site": "demo", "key": "a", "name": "b"}), "/name", "unknown_member"),
            (json!({"site": "demo", "key": "a", "items": [{"label": "x", "category": "nope"}]}), "/items/0/category", "unknown"),
        ]).await;
        assert_eq!(desk.walk("/menus?site=demo").await.0.len(), 1);
        let faults = desk.patch(&path, &json!({"items": [{"label": "x", "category": "a"}, {"label": "y", "category": "b"}]})).await;
        assert_eq!(faults.problem(422)["errors"].as_array().unwrap().len(), 2);
    }

    /// Long labels, many items and deep trees come back as they were
    async fn large_menus_are_kept(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, _) = desk.made("/menus", &json!({"site": "demo", "key": "主导航 <b>", "items": [leaf(&long_text(900))]})).await;
        let deep = chain(16);
        assert_eq!(desk.changed(&path, &json!({"items": deep})).await["items"], deep);
        let wide: Vec<Value> = (0..1000).map(|n| item(&format!("{n}"), json!([leaf("a"), leaf("b")]))).collect();
        assert_eq!(desk.changed(&path, &json!({"items": wide})).await["items"], json!(wide));
        let before = app.statements();
        desk.patch_if(&path, "*", &json!({"items": [leaf("a")]})).await.assert_status(200);
        let few = app.statements() - before;
        assert!(few < 30, "{few} statements");
    }

    /// A site has one menu of a key, also where twenty are made at once
    async fn a_site_has_one_menu_of_a_key(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let body = json!({"site": "demo", "key": "main", "items": [leaf("a")]});
        let answers = join_all((0..20).map(|_| desk.post("/menus", &body))).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            refused.assert_problem(409, "conflict");
        }
        let problem = desk.post("/menus", &body).await.assert_problem(409, "conflict");
        assert_eq!(problem["errors"][0]["pointer"], "/key");
        assert_eq!(desk.walk("/menus?site=demo").await.0.len(), 1);
        desk.made("/menus", &json!({"site": "other", "key": "main"})).await;
    }

    /// Menus of a site come in pages, each with its own items
    async fn menus_are_listed(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let mut made = Vec::new();
        for n in 0..5 {
            let items: Vec<Value> = (0..n).map(|i| leaf(&format!("m{n}i{i}"))).collect();
            made.push(desk.made("/menus", &json!({"site": "demo", "key": format!("m{n}"), "items": items})).await.1);
        }
        desk.made("/menus", &json!({"site": "other", "key": "m"})).await;
        for (limit, pages) in [(2, 3), (5, 1), (4, 2)] {
            assert_eq!(desk.walk(&format!("/menus?site=demo&limit={limit}")).await, (made.clone(), pages));
        }
        let page = desk.get("/menus?site=demo&limit=2&page=2&count=exact").await;
        assert_eq!(page.json()["items"], json!(made[2..4]));
        assert_eq!((&page.json()["total"], &page.json()["total_kind"]), (&json!(5), &json!("exact")));
        let tag = page.header("etag").unwrap();
        desk.request("GET", "/menus?site=demo&limit=2&page=2&count=exact").header("if-none-match", tag).send().await.assert_status(304);
        assert_eq!(desk.get("/menus?site=nope&count=exact").await.assert_status(200).json()["total"], 0);
        for wrong in ["", "?site=", "?site=demo&limit=101", "?site=demo&cursor=x", "?site=demo&nope=1"] {
            desk.get(&format!("/menus{wrong}")).await.problem(400);
        }
    }

    /// Editors of a site change its menus, others there see them, and nobody else
    async fn menus_belong_to_their_site(app) {
        app.import(&portals());
        let (path, _) = app.desk("admin").made("/menus", &json!({"site": "demo", "key": "main"})).await;
        let new = json!({"site": "demo", "key": "new"});
        let change = json!({"items": [leaf("a")]});
        app.desk_of(app.token_with(None, &[(Role::Editor, "demo", None)])).changed(&path, &change).await;
        for (role, category) in [(Role::Author, None), (Role::Reviewer, None), (Role::Editor, Some("research"))] {
            let desk = app.desk_of(app.token_with(None, &[(role, "demo", category)]));
            desk.get(&path).await.assert_status(200);
            assert_eq!(desk.walk("/menus?site=demo").await.0.len(), 1);
            for answer in [desk.post("/menus", &new).await, desk.patch(&path, &change).await, desk.delete(&path).await] {
                answer.assert_problem(403, "forbidden");
            }
        }
        let stranger = app.desk_of(app.token_with(None, &[(Role::Admin, "other", None)]));
        for answer in [stranger.get(&path).await, stranger.patch(&path, &change).await, stranger.delete(&path).await] {
            answer.assert_problem(404, "not_found");
        }
        stranger.post("/menus", &new).await.assert_problem(403, "forbidden");
        assert_eq!(stranger.walk("/menus?site=demo").await.0, Vec::<Value>::new());
        app.get(&format!("/api/v1/manage{path}")).await.assert_problem(401, "unauthenticated");
    }
}
