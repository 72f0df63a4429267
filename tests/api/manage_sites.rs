//! Sites as those meet them who may change them.

use masthead::models::access::Role;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::desk::long_text;
use crate::support::{Portal, on_both};

/// Everything that can be said of a site.
fn everything() -> Value {
    json!({
        "slug": "demo", "name": "滨海海洋研究所", "default_locale": "zh-hans", "locales": ["ZH-hans", "en"], "utc_offset": "+08:00",
        "home_label": "首页", "owner": "所", "copyright": "© 2026", "copyright_notice": "来自 {site}",
        "url_template": "https://www.example.org{path}",
        "registrations": [{"kind": "icp", "number": "京ICP备0号", "url": "https://beian.example.org/"}, {"kind": "police", "number": "1"}],
        "contacts": [{"kind": "email", "label": "电子邮箱", "value": "office@example.org"}],
        "credits": [{"label": null, "value": "Example Ltd"}],
        "blocks": [{"kind": "quote", "text": "求实 <b>", "attribution": "某人"}],
        "identity": {"names": ["滨海"], "domains": ["example.org"]},
    })
}

fn new(slug: &str) -> Value {
    json!({"slug": slug, "name": format!("Site {slug}"), "default_locale": "en"})
}

on_both! {
    /// A site needs three members; the others have their defaults
    async fn a_site_needs_little(app) {
        let desk = app.desk("admin");
        let (_, site) = desk.made("/sites", &new("demo")).await;
        assert_eq!(site, json!({
            "id": site["id"], "slug": "demo", "name": "Site demo", "default_locale": "en", "locales": ["en"], "utc_offset": "+00:00",
            "home_label": null, "owner": null, "copyright": null, "copyright_notice": null, "url_template": null,
            "registrations": [], "contacts": [], "credits": [], "blocks": [], "identity": {"names": [], "domains": []}, "script_variants": true,
            "version": 1, "is_held": false, "created_at": "2026-01-15T04:00:00Z", "updated_at": "2026-01-15T04:00:00Z",
        }));
        let (_, other) = desk.made("/sites", &json!({"slug": "o", "name": "O", "default_locale": "fr", "locales": ["en"]})).await;
        assert_eq!(other["locales"], json!(["en", "fr"]));
        app.get("/api/v1/sites/demo/categories").await.assert_status(200);
    }

    /// A site is made, shown, changed and deleted, and readers see it at once
    async fn sites_are_made_changed_and_deleted(app) {
        let desk = app.desk("admin");
        let empty = app.get("/api/v1/sites").await;
        let (path, made) = desk.made("/sites", &everything()).await;
        for (member, sent) in everything().as_object().unwrap() {
            if !["default_locale", "locales", "registrations"].contains(&member.as_str()) {
                assert_eq!(&made[member], sent, "{member}");
            }
        }
        assert_eq!((&made["default_locale"], &made["locales"]), (&json!("zh-Hans"), &json!(["zh-Hans", "en"])));
        assert_eq!(made["registrations"][1], json!({"kind": "police", "number": "1", "url": null}));
        let first = app.get("/api/v1/sites/demo").await;
        assert_eq!(first.assert_status(200).json()["copyright_notice"], "来自 滨海海洋研究所");
        assert_ne!(app.get("/api/v1/sites").await.header("etag"), empty.header("etag"));

        app.set_clock("2026-01-15T04:05:00Z");
        let first = app.get("/api/v1/sites/demo").await;
        let mut same = everything();
        same.as_object_mut().unwrap().remove("slug");
        for nothing in [json!({}), same, json!({"identity": {}}), json!({"identity": {"names": ["滨海"]}})] {
            desk.unchanged(&path, &nothing).await;
        }
        assert_eq!(app.get("/api/v1/sites/demo").await.header("last-modified"), first.header("last-modified"));
        let changed = desk.changed(&path, &json!({"name": "New", "owner": null, "contacts": null})).await;
        assert_eq!((&changed["name"], &changed["owner"], &changed["contacts"]), (&json!("New"), &Value::Null, &json!([])));
        assert_eq!((&changed["credits"], &changed["updated_at"]), (&made["credits"], &json!("2026-01-15T04:05:00Z")));
        let second = app.get("/api/v1/sites/demo").await;
        assert_eq!(second.json()["copyright_notice"], "来自 New");
        assert_ne!(second.header("etag"), first.header("etag"));
        assert_ne!(second.header("last-modified"), first.header("last-modified"));

        app.set_clock("2026-01-15T04:06:00Z");
        let list = app.get("/api/v1/sites").await;
        desk.delete(&path).await.assert_status(204);
        for answer in [desk.get(&path).await, desk.delete(&path).await, desk.patch(&path, &json!({})).await] {
            answer.assert_problem(404, "not_found");
        }
        app.get("/api/v1/sites/demo").await.assert_problem(404, "not_found");
        let gone = app.get("/api/v1/sites").await;
        assert_eq!(gone.json()["items"], json!([]));
        // The last site is gone, and yet the list has changed.
        assert_ne!(gone.header("last-modified"), list.header("last-modified"));
        desk.made("/sites", &everything()).await;
    }

    /// Objects are merged, lists are replaced, `null` clears, and the default language is always one of the site's
    async fn changes_are_merge_patches(app) {
        let desk = app.desk("admin");
        let (path, _) = desk.made("/sites", &everything()).await;
        let now = desk.changed(&path, &json!({"identity": {"domains": ["a.example", "b.example"]}})).await;
        assert_eq!(now["identity"], json!({"names": ["滨海"], "domains": ["a.example", "b.example"]}));
        let now = desk.changed(&path, &json!({"identity": {"names": null}})).await;
        assert_eq!(now["identity"], json!({"names": [], "domains": ["a.example", "b.example"]}));
        assert_eq!(desk.changed(&path, &json!({"identity": null})).await["identity"], json!({"names": [], "domains": []}));
        let now = desk.changed(&path, &json!({"registrations": [{"kind": "icp", "number": "2"}]})).await;
        assert_eq!(now["registrations"], json!([{"kind": "icp", "number": "2", "url": null}]));
        let now = desk.changed(&path, &json!({"default_locale": "fr"})).await;
        assert_eq!(now["locales"], json!(["zh-Hans", "en", "fr"]));
        assert_eq!(desk.changed(&path, &json!({"locales": ["en"]})).await["locales"], json!(["en", "fr"]));
        assert_eq!(desk.changed(&path, &json!({"locales": null})).await["locales"], json!(["fr"]));
        desk.unchanged(&path, &json!({"locales": []})).await;
        assert_eq!(desk.changed(&path, &json!({"default_locale": "de", "locales": ["de"]})).await["locales"], json!(["de"]));
        for member in ["home_label", "copyright", "copyright_notice", "url_template"] {
            assert_eq!(desk.changed(&path, &json!({member: null})).await[member], Value::Null);
            desk.unchanged(&path, &json!({member: null})).await;
        }
        let long = long_text(900);
        let now = desk.changed(&path, &json!({"name": long, "owner": long, "blocks": [{"kind": "quote", "text": long}]})).await;
        assert_eq!((&now["name"], &now["owner"], &now["blocks"][0]["text"]), (&json!(long), &json!(long), &json!(long)));
        assert_eq!(app.get("/api/v1/sites/demo").await.json()["name"], json!(long));
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        let desk = app.desk("admin");
        let (path, _) = desk.made("/sites", &new("demo")).await;
        desk.keeps_conditions(&path, &json!({"name": "Other"})).await;
    }

    /// What cannot be a site is refused with the place of the fault
    async fn bad_sites_are_refused(app) {
        let desk = app.desk("admin");
        let (path, _) = desk.made("/sites", &new("demo")).await;
        desk.refuses_changes(&path, &[
            (json!({"slug": "demo"}), "/slug", "read_only"),
            (json!({"name": null}), "/name", "required"),
            (json!({"name": "x".repeat(2001)}), "/name", "invalid"),
            (json!({"name": {}}), "/name", "wrong_type"),
            (json!({"default_locale": null}), "/default_locale", "required"),
            (json!({"default_locale": "zh_CN"}), "/default_locale", "invalid"),
            (json!({"utc_offset": null}), "/utc_offset", "required"),
            (json!({"utc_offset": "8"}), "/utc_offset", "invalid"),
            (json!({"utc_offset": 8}), "/utc_offset", "wrong_type"),
            (json!({"locales": "en"}), "/locales", "wrong_type"),
            (json!({"locales": ["en", "EN"]}), "/locales/1", "repeated"),
            (json!({"locales": ["en", "x"]}), "/locales/1", "invalid"),
            (json!({"url_template": "javascript:{path}"}), "/url_template", "invalid"),
            (json!({"registrations": [["icp", "1", null]]}), "/registrations/0", "wrong_type"),
            (json!({"registrations": [{"kind": "icp"}]}), "/registrations/0/number", "required"),
            (json!({"contacts": [{"kind": "email", "value": "a", "href": "b"}]}), "/contacts/0/href", "unknown_member"),
            (json!({"blocks": [{"kind": "quote", "text": ""}]}), "/blocks/0/text", "invalid"),
            (json!({"identity": []}), "/identity", "wrong_type"),
            (json!({"identity": [["a"], ["b"]]}), "/identity", "wrong_type"),
            (json!({"identity": {"names": "a"}}), "/identity/names", "wrong_type"),
            (json!({"identity": {"urls": []}}), "/identity/urls", "unknown_member"),
            (json!({"visitors": 1}), "/visitors", "unknown_member"),
        ]).await;
        desk.refuses_new("/sites", &[
            (json!({"name": "n", "default_locale": "en"}), "/slug", "required"),
            (json!({"slug": "a", "default_locale": "en"}), "/name", "required"),
            (json!({"slug": "a", "name": "n"}), "/default_locale", "required"),
            (json!({"slug": "a/b", "name": "n", "default_locale": "en"}), "/slug", "invalid"),
            (json!({"slug": "..", "name": "n", "default_locale": "en"}), "/slug", "invalid"),
            (json!({"slug": "s".repeat(201), "name": "n", "default_locale": "en"}), "/slug", "invalid"),
            (json!({"slug": "a", "name": "n", "default_locale": "en", "id": 7}), "/id", "read_only"),
        ]).await;
        assert_eq!(desk.walk("/sites?limit=100").await.0.len(), 1);
    }

    /// A slug is that of one site, also where a hundred are made at once
    async fn slugs_are_unique(app) {
        let desk = app.desk("admin");
        let answers = join_all((0..100).map(|n| {
            let body = json!({"slug": "demo", "name": format!("n{n}"), "default_locale": "en"});
            let desk = &desk;
            async move { desk.post("/sites", &body).await }
        })).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            refused.assert_problem(409, "conflict");
        }
        let problem = desk.post("/sites", &new("demo")).await.assert_problem(409, "conflict");
        assert_eq!(problem["errors"][0]["pointer"], "/slug");
        assert_eq!(app.get("/api/v1/sites").await.json()["items"].as_array().unwrap().len(), 1);
    }

    /// A site goes with everything that belongs to it, but not as long as it has articles
    async fn a_site_with_articles_stays(app) {
        let full = Portal::new("full").article("draft", |a| a.status("draft"));
        let rich = Portal::new("rich")
            .source("s")
            .category("a/b/c")
            .category("a/d")
            .topic("t")
            .link_group("l", json!([{"label": "x", "url": "/"}]))
            .menu("m", json!([{"label": "x", "category": "a/b/c", "children": [{"label": "y", "category": "a"}]}]));
        app.import(&full.and(rich));
        let desk = app.desk("admin");
        let sites = desk.walk("/sites?limit=10").await.0;
        let path = |slug: &str| format!("/sites/{}", sites.iter().find(|site| site["slug"] == slug).unwrap()["id"]);
        let problem = desk.delete(&path("full")).await.assert_problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("articles"), "{problem}");
        desk.get(&path("full")).await.assert_status(200);
        app.set_clock("2026-01-15T04:05:00Z");
        let other = app.get("/api/v1/sites/full/topics").await;
        desk.delete(&path("rich")).await.assert_status(204);
        for gone in ["", "/categories", "/menus/m", "/topics", "/link-groups"] {
            app.get(&format!("/api/v1/sites/rich{gone}")).await.assert_problem(404, "not_found");
        }
        let sources = app.get("/api/v1/sources").await.json();
        assert_eq!(sources["items"].as_array().unwrap().len(), 1);
        assert_ne!(app.get("/api/v1/sites/full/topics").await.header("last-modified"), other.header("last-modified"));
        desk.made("/sites", &new("rich")).await;
        assert_eq!(app.get("/api/v1/sites/rich/categories").await.json()["items"], json!([]));
    }

    /// One batch deletes the articles of a site and the site, whatever else it did there before
    async fn a_batch_clears_a_site(app) {
        app.import(&Portal::new("full").category("a/b").article("x", |a| a.category("a/b")).article("y", |a| a.published_at("2026-01-15T11:50:00+08:00")));
        let desk = app.desk("admin");
        let site = format!("/sites/{}", desk.walk("/sites?limit=10").await.0[0]["id"]);
        let operation = |method: &str, path: String| json!({"method": method, "path": format!("/manage{path}"), "if_match": "*"});
        let mut operations = vec![json!({"method": "PATCH", "path": format!("/manage{site}"), "if_match": "*", "body": {"name": "Gone"}})];
        for slug in ["x", "y"] {
            operations.push(operation("DELETE", format!("/articles/{}", app.article_id(slug).await)));
        }
        operations.push(operation("DELETE", site.clone()));
        let early = json!({"operations": [operations[3], operations[1]], "atomic": true});
        desk.post("/batch", &early).await.assert_problem(409, "conflict");
        desk.get(&site).await.assert_status(200);
        let all = json!({"operations": operations, "atomic": true});
        desk.post("/batch", &all).await.assert_status(200);
        desk.get(&site).await.assert_problem(404, "not_found");
        assert_eq!(app.get("/api/v1/sites").await.json()["items"], json!([]));
        assert_eq!(app.get("/api/v1/articles").await.json()["items"], json!([]));
    }

    /// Who works in a site sees it; its administrators change it; only those of everything make and delete sites
    async fn sites_are_seen_by_those_who_work_there(app) {
        let admin = app.desk("admin");
        let mut paths = Vec::new();
        for slug in ["a", "b", "c"] {
            paths.push(admin.made("/sites", &new(slug)).await.0);
        }
        let slugs = |sites: Vec<Value>| -> Vec<String> {
            sites.iter().map(|site| site["slug"].as_str().unwrap().to_owned()).collect()
        };
        for (limit, pages) in [(1, 3), (2, 2), (3, 1)] {
            let (sites, count) = admin.walk(&format!("/sites?limit={limit}")).await;
            assert_eq!((slugs(sites), count), (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], pages));
        }
        let local = app.desk_of(app.token_with(None, &[(Role::Admin, "b", None), (Role::Reader, "c", None)]));
        let page = local.get("/sites?limit=1&count=exact").await.json();
        assert_eq!((&page["items"][0]["slug"], &page["total"]), (&json!("b"), &json!(2)));
        assert_eq!(slugs(local.walk("/sites?limit=1").await.0), ["b", "c"]);
        local.changed(&paths[1], &json!({"name": "B"})).await;
        local.delete(&paths[1]).await.assert_problem(403, "forbidden");
        local.post("/sites", &new("d")).await.assert_problem(403, "forbidden");
        local.patch(&paths[2], &json!({"name": "C"})).await.assert_problem(403, "forbidden");
        local.get(&paths[2]).await.assert_status(200);
        for answer in [local.get(&paths[0]).await, local.patch(&paths[0], &json!({"name": "A"})).await] {
            answer.assert_problem(404, "not_found");
        }
        let editor = app.desk("editor");
        for answer in [
            editor.post("/sites", &new("d")).await,
            editor.patch(&paths[0], &json!({"name": "A"})).await,
            editor.delete(&paths[0]).await,
        ] {
            answer.assert_problem(403, "forbidden");
        }
        // What remains of a right in a site that is gone is nothing.
        admin.delete(&paths[2]).await.assert_status(204);
        assert_eq!(slugs(local.walk("/sites?limit=1").await.0), ["b"]);
        for wrong in ["limit=0", "cursor=x", "page=0", "site=a"] {
            admin.get(&format!("/sites?{wrong}")).await.problem(400);
        }
    }
}
