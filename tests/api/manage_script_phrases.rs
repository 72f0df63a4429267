//! What editors want instead of what the dictionaries of the Chinese scripts say, as those meet it who may change it.

use masthead::models::access::Role;
use serde_json::{Value, json};

use crate::support::{Portal, on_both};

fn portals() -> Portal {
    Portal::new("demo")
        .category("news")
        .and(Portal::new("other"))
}

fn phrase(hans: &str, hant: &str) -> Value {
    json!({"site": "demo", "hans": hans, "hant": hant})
}

on_both! {
    /// A phrase is made, shown, changed and deleted
    async fn phrases_are_made_changed_and_deleted(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, made) = desk.made("/script-phrases", &phrase("信息", "資訊")).await;
        assert_eq!(made, json!({
            "id": made["id"], "site": "demo", "hans": "信息", "hant": "資訊", "direction": "both", "note": null, "version": 1,
            "created_at": "2026-01-15T04:00:00Z", "updated_at": "2026-01-15T04:00:00Z",
        }));
        assert_eq!(desk.get(&path).await.json(), made);
        for nothing in [json!({}), json!({"hans": "信息", "note": null, "direction": "both"})] {
            desk.unchanged(&path, &nothing).await;
        }
        let changed = desk.changed(&path, &json!({"hant": "訊息", "direction": "to_hant", "note": "本所惯用 🏮"})).await;
        assert_eq!((&changed["hant"], &changed["direction"], &changed["note"]), (&json!("訊息"), &json!("to_hant"), &json!("本所惯用 🏮")));
        assert_eq!(desk.changed(&path, &json!({"note": null})).await["note"], Value::Null);
        // A phrase may keep what it names as it is, and mix scripts of the world.
        desk.made("/script-phrases", &phrase("皇后", "皇后")).await;
        desk.made("/script-phrases", &phrase("卡拉OK厅", "卡拉OK廳")).await;
        let (found, _) = desk.walk("/script-phrases?site=demo&limit=2").await;
        assert_eq!(found.iter().map(|p| p["hans"].as_str().unwrap()).collect::<Vec<_>>(), ["信息", "皇后", "卡拉OK厅"]);
        let page = desk.get("/script-phrases?site=demo&limit=2&page=2&count=exact").await.json();
        assert_eq!((&page["items"][0]["hans"], &page["total"], &page["next_cursor"]), (&json!("卡拉OK厅"), &json!(3), &Value::Null));
        desk.delete(&path).await.assert_status(204);
        for answer in [desk.get(&path).await, desk.delete(&path).await, desk.patch(&path, &json!({})).await] {
            answer.assert_problem(404, "not_found");
        }
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, _) = desk.made("/script-phrases", &phrase("信息", "資訊")).await;
        desk.keeps_conditions(&path, &json!({"note": "Other"})).await;
    }

    /// What cannot be a phrase is refused with the place of the fault
    async fn bad_phrases_are_refused(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, _) = desk.made("/script-phrases", &phrase("信息", "資訊")).await;
        desk.refuses_changes(&path, &[
            (json!({"site": "demo"}), "/site", "read_only"),
            (json!({"hans": null}), "/hans", "required"),
            (json!({"hans": ""}), "/hans", "invalid"),
            (json!({"hans": " \u{200b}"}), "/hans", "invalid"),
            (json!({"hans": "AI"}), "/hans", "invalid"),
            (json!({"hans": "。，"}), "/hans", "invalid"),
            (json!({"hans": "信".repeat(101)}), "/hans", "invalid"),
            (json!({"hant": "資\u{0}訊"}), "/hant", "invalid"),
            (json!({"hant": "資\n訊"}), "/hant", "invalid"),
            (json!({"hant": "<b>資訊</b>"}), "/hant", "invalid"),
            (json!({"hant": "R&D研發"}), "/hant", "invalid"),
            (json!({"hant": ["資訊"]}), "/hant", "wrong_type"),
            (json!({"direction": "back"}), "/direction", "invalid"),
            (json!({"direction": null}), "/direction", "required"),
            (json!({"note": "x".repeat(2001)}), "/note", "invalid"),
        ]).await;
        desk.refuses_new("/script-phrases", &[
            (json!({"hans": "信息", "hant": "資訊"}), "/site", "required"),
            (json!({"site": "demo", "hant": "資訊"}), "/hans", "required"),
            (json!({"site": "demo", "hans": "信息"}), "/hant", "required"),
            (json!({"site": "nope", "hans": "信息", "hant": "資訊"}), "/site", "unknown"),
            (json!({"site": "demo", "hans": "信息", "hant": "資訊", "version": 1}), "/version", "read_only"),
        ]).await;
        assert_eq!(desk.walk("/script-phrases?site=demo").await.0.len(), 1);
        desk.changed(&path, &json!({"hans": "信".repeat(100)})).await;
    }

    /// A site has a pair once, and no more than can be read with every article
    async fn a_site_has_a_pair_once(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (path, made) = desk.made("/script-phrases", &phrase("信息", "資訊")).await;
        let taken = desk.post("/script-phrases", &phrase("信息", "資訊")).await.assert_problem(409, "conflict");
        assert_eq!(taken["errors"][0]["pointer"], "/hans");
        assert!(taken["errors"][0]["detail"].as_str().unwrap().contains(&made["id"].to_string()), "{taken}");
        let (second, _) = desk.made("/script-phrases", &phrase("信息", "訊息")).await;
        desk.patch(&second, &json!({"hant": "資訊"})).await.assert_problem(409, "conflict");
        desk.changed(&path, &json!({"direction": "to_hans"})).await;
        desk.made("/script-phrases", &json!({"site": "other", "hans": "信息", "hant": "資訊"})).await;
        let rows: Vec<String> = (0..1998)
            .map(|n| format!("(1, '词{n}', '詞{n}', 'both', '2026-01-15T04:00:00.000000Z', '2026-01-15T04:00:00.000000Z')"))
            .collect();
        app.database().execute(&format!("INSERT INTO script_phrases (site_id, hans, hant, direction, created_at, updated_at) VALUES {}", rows.join(",")));
        let full = desk.post("/script-phrases", &phrase("再", "再")).await.assert_problem(409, "conflict");
        assert!(full["detail"].as_str().unwrap().contains("2000"), "{full}");
        let portal = portals().with(portals().record("script_phrase").set("hans", "又").set("hant", "又"));
        assert!(!app.try_import(portal.lines()).unwrap().committed);
    }

    /// Editors of a site change its phrases, others there see them, and nobody else
    async fn phrases_belong_to_their_site(app) {
        app.import(&portals());
        let (path, _) = app.desk("admin").made("/script-phrases", &phrase("信息", "資訊")).await;
        let change = json!({"note": "Other"});
        app.desk_of(app.token_with(None, &[(Role::Editor, "demo", None)])).changed(&path, &change).await;
        let author = app.desk_of(app.token_with(None, &[(Role::Author, "demo", Some("news"))]));
        author.get(&path).await.assert_status(200);
        for answer in [author.post("/script-phrases", &phrase("又", "又")).await, author.patch(&path, &change).await, author.delete(&path).await] {
            answer.assert_problem(403, "forbidden");
        }
        let stranger = app.desk_of(app.token_with(None, &[(Role::Admin, "other", None)]));
        for answer in [stranger.get(&path).await, stranger.patch(&path, &change).await, stranger.delete(&path).await] {
            answer.assert_problem(404, "not_found");
        }
        stranger.post("/script-phrases", &phrase("又", "又")).await.assert_problem(403, "forbidden");
        assert_eq!(stranger.walk("/script-phrases?site=demo").await.0, Vec::<Value>::new());
        app.get(&format!("/api/v1/manage{path}")).await.assert_problem(401, "unauthenticated");
    }

    /// Phrases go out into a portal file and come back, and a second import changes nothing
    async fn phrases_stand_in_portal_files(app) {
        let line = |note: Value| portals().with(portals().record("script_phrase").set("hans", "信息").set("hant", "資訊").set("note", note));
        let report = app.import(&line(json!("惯用")));
        assert_eq!(report.updated, 0);
        assert_eq!(app.import(&line(json!("惯用"))).updated, 0);
        assert_eq!(app.import(&line(json!("新"))).updated, 1);
        let desk = app.desk("editor");
        let found = desk.walk("/script-phrases?site=demo").await.0;
        assert_eq!((found.len(), &found[0]["note"], &found[0]["direction"], &found[0]["version"]), (1, &json!("新"), &json!("both"), &json!(2)));
        assert!(!app.try_import(portals().with(portals().record("script_phrase").set("hans", "信息")).lines()).unwrap().committed);
        assert!(!app.try_import(portals().with(portals().record("script_phrase").set("hans", "信息").set("hant", "info")).lines()).unwrap().committed);
    }
}
