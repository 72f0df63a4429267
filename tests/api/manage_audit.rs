//! The audit log: who changed what, when, from where.

use diesel::RunQueryDsl;
use masthead::models::access::Scope;
use serde_json::{Value, json};

use crate::support::desk::{Desk, long_text};
use crate::support::{Portal, on_both};

/// The actions of a list, the newest first.
async fn actions(desk: &Desk<'_>, query: &str) -> String {
    let (items, _) = desk.walk(&format!("/audit-log?limit=2{query}")).await;
    let actions: Vec<&str> = items
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    actions.join(" ")
}

on_both! {
    /// Every write leaves an entry with who, what, when, from where, before and after
    async fn every_write_leaves_an_entry(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let (path, made) = desk.made("/topics", &json!({"site": "demo", "key": "k", "title": "旧"})).await;
        app.set_clock("2026-01-15T04:01:00Z");
        desk.changed(&path, &json!({"title": "新"})).await;
        desk.unchanged(&path, &json!({"title": "新"})).await;
        desk.patch(&path, &json!({"title": null})).await.assert_problem(422, "invalid_body");
        desk.delete_if(&path, "\"1\"").await.assert_problem(412, "precondition_failed");
        desk.changed(&path, &json!({"title": long_text(1900) + &"x".repeat(90)})).await;
        desk.delete(&path).await.assert_status(204);
        let page = desk.get("/audit-log").await.assert_status(200).json();
        let items = page["items"].as_array().unwrap();
        let actions: Vec<&Value> = items.iter().map(|entry| &entry["action"]).collect();
        assert_eq!(actions, ["delete_topic", "update_topic", "update_topic", "create_topic"]);
        let update = &items[2];
        assert_eq!(*update, json!({
            "id": update["id"], "at": "2026-01-15T04:01:00Z", "action": "update_topic", "resource": "topic", "resource_id": made["id"],
            "site": "demo", "user_id": 1, "api_key_id": null, "actor": "admin-0@example.org", "address_hash": update["address_hash"],
            "trace_id": update["trace_id"],
            "before": {"id": made["id"], "title": "旧", "version": 1, "updated_at": "2026-01-15T04:00:00Z"},
            "after": {"id": made["id"], "title": "新", "version": 2, "updated_at": "2026-01-15T04:01:00Z"},
        }));
        assert_eq!(update["address_hash"].as_str().unwrap().len(), 32);
        assert_eq!(update["trace_id"].as_str().unwrap().len(), 32);
        assert_eq!((&items[3]["before"], &items[3]["after"]["title"]), (&Value::Null, &json!("旧")));
        assert_eq!((&items[0]["before"]["key"], &items[0]["after"]), (&json!("k"), &Value::Null));
    }

    /// Filters narrow the log, alone and together, over pages
    async fn entries_are_filtered(app) {
        app.import(&Portal::new("demo").and(Portal::new("other")));
        let desk = app.desk("admin");
        let (topic, _) = desk.made("/topics", &json!({"site": "demo", "title": "t"})).await;
        let (category, made) = desk.made("/categories", &json!({"site": "other", "path": "c", "name": "c"})).await;
        let user = app.account("b@example.org", "editor");
        let editor = app.desk_of(app.sign_in_as(user));
        app.set_clock("2026-01-15T04:10:00Z");
        editor.changed(&category, &json!({"name": "d"})).await;
        editor.changed(&topic, &json!({"title": "d"})).await;
        editor.delete(&category).await.assert_status(204);
        let all = "delete_category update_topic update_category create_category create_topic";
        assert_eq!(actions(&desk, "").await, all);
        let id = &made["id"];
        for (query, expected) in [
            ("&action=update_topic", "update_topic"),
            ("&action=no_such", ""),
            ("&resource=category", "delete_category update_category create_category"),
            (&format!("&resource=category&resource_id={id}"), "delete_category update_category create_category"),
            (&format!("&resource=menu&resource_id={id}"), ""),
            ("&site=demo", "update_topic create_topic"),
            ("&site=nope", ""),
            ("&user_id=1", "create_category create_topic"),
            (&format!("&user_id={user}&resource=category"), "delete_category update_category"),
            ("&at_from=2026-01-15T04:10:00Z", "delete_category update_topic update_category"),
            ("&at_to=2026-01-15T04:10:00Z", "create_category create_topic"),
            ("&at_from=2026-01-15&at_to=2026-01-16", all),
            ("&at_from=2026-01-16", ""),
            ("&at_to=2026-01-15", ""),
            ("&at_from=2026-01-15T12:00:00%2B08:00&site=other&action=create_category", "create_category"),
        ] {
            assert_eq!(actions(&desk, query).await, expected, "{query}");
            let counted = desk.get(&format!("/audit-log?limit=1&count=exact{query}")).await.assert_status(200).json();
            let n = expected.split_whitespace().count();
            assert_eq!((&counted["total"], &counted["total_kind"]), (&json!(n), &json!("exact")), "{query}");
        }
        let second = desk.get("/audit-log?limit=2&page=2").await;
        assert_eq!(second.json()["items"][0]["action"], "update_category");
        assert!(second.header("link").unwrap().contains("rel=\"prev\""));
        let cursor = desk.get("/audit-log?limit=2").await.json()["next_cursor"].as_str().unwrap().to_owned();
        desk.get(&format!("/audit-log?limit=2&site=demo&cursor={cursor}")).await.assert_problem(400, "invalid_cursor");
        for (query, pointer) in [
            ("resource_id=1", "/resource_id"), ("action=Nope", "/action"), ("action=", "/action"), ("user_id=0", "/user_id"),
            ("at_from=yesterday", "/at_from"), ("resource=a%27b", "/resource"), ("limit=101", "/limit"), ("from=2026-01-15", "/from"),
        ] {
            let problem = desk.get(&format!("/audit-log?{query}")).await.assert_problem(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}");
        }
    }

    /// It only grows: the database refuses anything else
    async fn the_log_is_append_only(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        desk.made("/topics", &json!({"site": "demo", "title": "t"})).await;
        let before = desk.get("/audit-log").await.json();
        for statement in [
            "UPDATE audit_log SET actor = 'nobody'",
            "DELETE FROM audit_log",
            "UPDATE audit_log SET at = at WHERE id = 1",
            "DELETE FROM audit_log WHERE id = 1",
        ] {
            let refused = diesel::sql_query(statement).execute(&mut app.database().connect()).unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
        assert_eq!(desk.get("/audit-log").await.json(), before);
        for method in ["POST", "PATCH", "PUT", "DELETE"] {
            desk.request(method, "/audit-log").json(&json!({})).send().await.assert_problem(405, "method_not_allowed");
        }
    }

    /// Administrators of everything read it, with the scope for it; entries of keys name the key
    async fn the_log_is_for_administrators(app) {
        app.import(&Portal::new("demo"));
        for role in ["reader", "editor"] {
            app.desk(role).get("/audit-log").await.assert_problem(403, "forbidden");
        }
        let local = app.token_with(None, &[(masthead::models::access::Role::Admin, "demo", None)]);
        app.desk_of(local).get("/audit-log").await.assert_problem(403, "forbidden");
        let admin = app.account("a@example.org", "admin");
        let (id, key) = app.api_key(admin, &[Scope::StructureWrite, Scope::StructureRead], None);
        let keyed = app.desk_of(key);
        keyed.made("/topics", &json!({"site": "demo", "title": "t"})).await;
        keyed.get("/audit-log").await.assert_problem(403, "insufficient_scope");
        let (_, reading) = app.api_key(admin, &[Scope::AuditRead], None);
        let entry = app.desk_of(reading).get("/audit-log?limit=1").await.assert_status(200).json()["items"][0].clone();
        assert_eq!((&entry["api_key_id"], &entry["user_id"]), (&json!(id), &json!(admin)));
        assert!(entry["actor"].as_str().unwrap().starts_with("a@example.org (key mh_"), "{entry}");
    }

    /// More than ten thousand entries are estimated, and the last page costs what the first one costs
    async fn a_long_log_stays_quick(app) {
        let fill = match app.database().url.starts_with("sqlite") {
            true => "'2026-01-10T04:00:00.000000Z'",
            false => "timestamptz '2026-01-10T04:00:00Z'",
        };
        app.database().execute(&format!(
            "INSERT INTO audit_log (at, action, resource, resource_id, user_id, actor) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24000) \
             SELECT {fill}, CASE WHEN i % 2 = 0 THEN 'update_article' ELSE 'sign_in' END, 'article', i, i % 3 + 1, 'somebody' FROM n"
        ));
        let desk = app.desk("admin");
        for (query, low, high) in [("", 23_000, 25_000), ("&action=sign_in", 11_000, 13_000), ("&at_to=2026-01-11", 23_000, 25_000)] {
            let page = desk.get(&format!("/audit-log?limit=1&count=exact{query}")).await.assert_status(200).json();
            assert_eq!(page["total_kind"], "estimated", "{query}");
            let total = page["total"].as_i64().unwrap();
            assert!((low..high).contains(&total), "{query}: {total}");
        }
        let (all, pages) = desk.walk("/audit-log?limit=100&user_id=1&at_from=2026-01-10").await;
        assert_eq!((all.len(), pages), (8000, 80));
        let ids: Vec<i64> = all.iter().map(|entry| entry["id"].as_i64().unwrap()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] > pair[1]));
    }
}
