//! Groups of links as those meet them who may change them.

use masthead::models::access::Role;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::desk::long_text;
use crate::support::{Portal, on_both};

fn portals() -> Portal {
    Portal::new("demo")
        .category("news")
        .and(Portal::new("other"))
}

fn group(key: &str) -> Value {
    json!({"site": "demo", "key": key, "title": format!("Links {key}")})
}

fn link(label: &str) -> Value {
    json!({"label": label, "url": "https://example.org/"})
}

fn keys(groups: &[Value]) -> Vec<&str> {
    groups
        .iter()
        .map(|group| group["key"].as_str().unwrap())
        .collect()
}

on_both! {
    /// A group is made, shown, changed and deleted, and readers see it at once
    async fn groups_are_made_changed_and_deleted(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let delivered = "/api/v1/sites/demo/link-groups";
        let links = json!([{"label": "海洋 & <b>", "url": "https://example.org/a"}, {"label": "海洋 & <b>", "url": "/b"}]);
        let (path, made) = desk.made("/link-groups", &json!({"site": "demo", "key": "partners", "title": "合作单位", "links": links})).await;
        assert_eq!(made, json!({
            "id": made["id"], "site": "demo", "key": "partners", "title": "合作单位", "links": links, "position": 1, "version": 1, "is_held": false,
            "created_at": "2026-01-15T04:00:00Z", "updated_at": "2026-01-15T04:00:00Z",
        }));
        let first = app.get(delivered).await;
        assert_eq!(first.json()["items"], json!([{"key": "partners", "title": "合作单位", "links": links}]));

        app.set_clock("2026-01-15T04:05:00Z");
        let first = app.get(delivered).await;
        for nothing in [json!({}), json!({"title": "合作单位"}), json!({"links": links, "position": 1})] {
            desk.unchanged(&path, &nothing).await;
        }
        assert_eq!(app.get(delivered).await.header("last-modified"), first.header("last-modified"));
        let changed = desk.changed(&path, &json!({"title": "Partners"})).await;
        assert_eq!((&changed["title"], &changed["links"]), (&json!("Partners"), &links));
        assert_eq!(changed["updated_at"], "2026-01-15T04:05:00Z");
        let second = app.get(delivered).await;
        assert_eq!(second.json()["items"][0]["title"], "Partners");
        assert_ne!(second.header("etag"), first.header("etag"));
        assert_ne!(second.header("last-modified"), first.header("last-modified"));
        assert_eq!(desk.changed(&path, &json!({"links": [link("one")]})).await["links"], json!([link("one")]));
        assert_eq!(desk.changed(&path, &json!({"links": null})).await["links"], json!([]));
        let long = long_text(900);
        let changed = desk.changed(&path, &json!({"title": long, "links": [link(&long)]})).await;
        assert_eq!((&changed["title"], &changed["links"][0]["label"]), (&json!(long), &json!(long)));

        desk.delete(&path).await.assert_status(204);
        for answer in [desk.get(&path).await, desk.delete(&path).await, desk.patch(&path, &json!({})).await] {
            answer.assert_problem(404, "not_found");
        }
        assert_eq!(app.get(delivered).await.json()["items"], json!([]));
    }

    /// Groups stand where they are put, and the others make room
    async fn groups_have_an_order(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let mut paths = Vec::new();
        for key in ["a", "b", "c"] {
            paths.push(desk.made("/link-groups", &group(key)).await.0);
        }
        let mut first = group("d");
        first["position"] = json!(1);
        desk.made("/link-groups", &first).await;
        let order = async || keys(&desk.walk("/link-groups?site=demo&limit=2").await.0).join(" ");
        let read = async || keys(app.get("/api/v1/sites/demo/link-groups").await.json()["items"].as_array().unwrap()).join(" ");
        assert_eq!(order().await, "d a b c");
        let (c, _) = desk.found(&desk.patch(&paths[2], &json!({"position": 2})).await);
        assert_eq!(c["position"], 2);
        assert_eq!((order().await.as_str(), read().await.as_str()), ("d c a b", "d c a b"));
        desk.patch(&paths[2], &json!({"position": 1000000000})).await.assert_status(200);
        assert_eq!((order().await.as_str(), read().await.as_str()), ("d a b c", "d a b c"));
        desk.made("/link-groups", &group("e")).await;
        assert_eq!(order().await, "d a b c e");
        let page = desk.get("/link-groups?site=demo&limit=2&page=2&count=exact").await.json();
        assert_eq!((keys(page["items"].as_array().unwrap()), &page["total"]), (vec!["b", "c"], &json!(5)));
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, _) = desk.made("/link-groups", &group("a")).await;
        desk.keeps_conditions(&path, &json!({"title": "Other"})).await;
    }

    /// What cannot be a group is refused with the place of the fault
    async fn bad_groups_are_refused(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, _) = desk.made("/link-groups", &group("a")).await;
        let many: Vec<Value> = (0..1001).map(|_| link("x")).collect();
        desk.refuses_changes(&path, &[
            (json!({"site": "demo"}), "/site", "read_only"),
            (json!({"key": "b"}), "/key", "read_only"),
            (json!({"title": null}), "/title", "required"),
            (json!({"title": ""}), "/title", "invalid"),
            (json!({"title": "x".repeat(2001)}), "/title", "invalid"),
            (json!({"title": ["x"]}), "/title", "wrong_type"),
            (json!({"links": {"label": "x"}}), "/links", "wrong_type"),
            (json!({"links": [["x", "/y"]]}), "/links/0", "wrong_type"),
            (json!({"links": [link("x"), {"label": "y"}]}), "/links/1/url", "required"),
            (json!({"links": [{"label": "x", "url": "java\tscript:alert(1)"}]}), "/links/0/url", "invalid"),
            (json!({"links": [{"label": "x", "url": "/", "rel": "me"}]}), "/links/0/rel", "unknown_member"),
            (json!({"links": many}), "/links", "too_many"),
            (json!({"position": null}), "/position", "required"),
            (json!({"position": 0}), "/position", "invalid"),
            (json!({"position": "1"}), "/position", "wrong_type"),
            (json!({"position": 1.5}), "/position", "invalid"),
        ]).await;
        desk.refuses_new("/link-groups", &[
            (json!({"key": "b", "title": "t"}), "/site", "required"),
            (json!({"site": "demo", "title": "t"}), "/key", "required"),
            (json!({"site": "demo", "key": "b"}), "/title", "required"),
            (json!({"site": "demo", "key": "b", "title": null}), "/title", "required"),
            (json!({"site": "nope", "key": "b", "title": "t"}), "/site", "unknown"),
            (json!({"site": "demo", "key": "b", "title": "t", "version": 1}), "/version", "read_only"),
        ]).await;
        assert_eq!(desk.walk("/link-groups?site=demo").await.0.len(), 1);
    }

    /// A site has one group of a key, also where twenty are made at once
    async fn a_site_has_one_group_of_a_key(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let body = group("a");
        let answers = join_all((0..20).map(|_| desk.post("/link-groups", &body))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            refused.assert_problem(409, "conflict");
        }
        let problem = desk.post("/link-groups", &body).await.assert_problem(409, "conflict");
        assert_eq!(problem["errors"][0]["pointer"], "/key");
        desk.made("/link-groups", &json!({"site": "other", "key": "a", "title": "t"})).await;
    }

    /// Editors of a site change its groups, others there see them, and nobody else
    async fn groups_belong_to_their_site(app) {
        app.import(&portals());
        let (path, _) = app.desk("admin").made("/link-groups", &group("a")).await;
        let change = json!({"title": "Other"});
        app.desk_of(app.token_with(None, &[(Role::Editor, "demo", None)])).changed(&path, &change).await;
        let author = app.desk_of(app.token_with(None, &[(Role::Author, "demo", Some("news"))]));
        author.get(&path).await.assert_status(200);
        for answer in [author.post("/link-groups", &group("b")).await, author.patch(&path, &change).await, author.delete(&path).await] {
            answer.assert_problem(403, "forbidden");
        }
        let stranger = app.desk_of(app.token_with(None, &[(Role::Admin, "other", None)]));
        for answer in [stranger.get(&path).await, stranger.patch(&path, &change).await, stranger.delete(&path).await] {
            answer.assert_problem(404, "not_found");
        }
        stranger.post("/link-groups", &group("b")).await.assert_problem(403, "forbidden");
        assert_eq!(stranger.walk("/link-groups?site=demo").await.0, Vec::<Value>::new());
        app.get(&format!("/api/v1/manage{path}")).await.assert_problem(401, "unauthenticated");
    }
}
