//! API keys as administrators meet them.

use serde_json::{Value, json};

use crate::support::desk::long_text;
use crate::support::{Portal, TestApp, on_both};

/// The status of a list of topics, asked for with a key.
async fn works(app: &TestApp, key: &str) -> u16 {
    app.request("GET", "/api/v1/manage/topics?site=demo")
        .bearer(key)
        .send()
        .await
        .status
}

on_both! {
    /// A key is shown once, is good for its scopes, and is not found again
    async fn a_key_is_shown_once(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let answer = desk.post("/api-keys", &json!({"name": "夜间导入", "scopes": ["structure_read", "articles_read"], "expires_at": "2026-02-01T08:00:00+08:00"})).await;
        answer.assert_status(201);
        let made = answer.json();
        let key = made["key"].as_str().unwrap().to_owned();
        let path = format!("/api-keys/{}", made["id"]);
        assert_eq!(answer.header("location"), Some(format!("/api/v1/manage{path}").as_str()));
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert!(key.starts_with(&format!("mh_{}_", made["prefix"].as_str().unwrap())), "{key}");
        assert_eq!(works(app, &key).await, 200);
        app.request("POST", "/api/v1/manage/topics").bearer(&key).json(&json!({"site": "demo", "title": "t"})).send().await
            .assert_problem(403, "insufficient_scope");
        let (stored, _) = desk.found(&desk.get(&path).await);
        assert_eq!(stored, json!({
            "id": made["id"], "name": "夜间导入", "user_id": 1, "prefix": made["prefix"], "scopes": ["structure_read", "articles_read"],
            "expires_at": "2026-02-01T00:00:00Z", "last_used_at": stored["last_used_at"], "revoked_at": null, "version": 1,
            "created_at": "2026-01-15T04:00:00Z", "updated_at": "2026-01-15T04:00:00Z",
        }));
        let secret = key.splitn(3, '_').nth(2).unwrap();
        for kept in [desk.get("/api-keys").await.text(), desk.get("/audit-log?limit=100").await.text()] {
            assert!(!kept.contains(secret) && !kept.contains("digest"), "{kept}");
        }
        let changed = desk.changed(&path, &json!({"name": long_text(900), "scopes": ["audit_read"], "expires_at": null})).await;
        assert_eq!((&changed["scopes"], &changed["expires_at"]), (&json!(["audit_read"]), &Value::Null));
        assert_eq!(works(app, &key).await, 403);
        for nothing in [json!({}), json!({"scopes": ["audit_read"], "expires_at": null})] {
            desk.unchanged(&path, &nothing).await;
        }
    }

    /// What is revoked, deleted, expired or of a deleted account is good no longer
    async fn keys_end(app) {
        app.import(&Portal::new("demo"));
        let desk = app.desk("admin");
        let user = app.account("a@example.org", "editor");
        let make = async |user: i64| {
            let made = desk.post("/api-keys", &json!({"name": "k", "user_id": user, "scopes": ["structure_read"], "expires_at": "2026-01-15T04:10:00Z"})).await.assert_status(201).json();
            (format!("/api-keys/{}", made["id"]), made["key"].as_str().unwrap().to_owned())
        };
        let (revoked, key) = make(user).await;
        let changed = desk.changed(&revoked, &json!({"is_revoked": true})).await;
        assert_eq!(changed["revoked_at"], "2026-01-15T04:00:00Z");
        desk.unchanged(&revoked, &json!({"is_revoked": true})).await;
        assert_eq!(works(app, &key).await, 401);
        let (deleted, key) = make(user).await;
        assert_eq!(works(app, &key).await, 200);
        desk.delete(&deleted).await.assert_status(204);
        assert_eq!(works(app, &key).await, 401);
        desk.get(&deleted).await.assert_problem(404, "not_found");
        let (orphan, key) = make(user).await;
        let (_, expiring) = make(1).await;
        desk.delete(&format!("/users/{user}")).await.assert_status(204);
        assert_eq!((works(app, &key).await, works(app, &expiring).await), (401, 200));
        desk.get(&orphan).await.assert_problem(404, "not_found");
        let (all, _) = desk.walk("/api-keys?limit=1").await;
        assert_eq!(all.len(), 1);
        app.set_clock("2026-01-15T04:10:00Z");
        assert_eq!(works(app, &expiring).await, 401);
    }

    /// A repeated request brings the answer again, without the key
    async fn a_repeated_answer_has_no_key(app) {
        let desk = app.desk("admin");
        let body = json!({"name": "k", "scopes": ["articles_read"]});
        let send = async || desk.request("POST", "/api-keys").header("idempotency-key", "once").json(&body).send().await;
        let first = send().await.assert_status(201).json();
        let again = send().await;
        assert_eq!(again.assert_status(201).header("idempotency-replayed"), Some("true"));
        assert_eq!((&again.json()["id"], &again.json()["key"]), (&first["id"], &Value::Null));
        assert!(first["key"].is_string());
        assert_eq!(desk.walk("/api-keys?limit=5").await.0.len(), 1);
    }

    /// What cannot be a key is refused with the place of the fault
    async fn bad_keys_are_refused(app) {
        let desk = app.desk("admin");
        let made = desk.post("/api-keys", &json!({"name": "k", "scopes": ["articles_read"]})).await.assert_status(201).json();
        let path = format!("/api-keys/{}", made["id"]);
        desk.refuses_changes(&path, &[
            (json!({"user_id": 1}), "/user_id", "read_only"),
            (json!({"prefix": "x"}), "/prefix", "read_only"),
            (json!({"key": "x"}), "/key", "read_only"),
            (json!({"last_used_at": null}), "/last_used_at", "read_only"),
            (json!({"revoked_at": null}), "/revoked_at", "read_only"),
            (json!({"digest": "x"}), "/digest", "unknown_member"),
            (json!({"is_revoked": false}), "/is_revoked", "invalid"),
            (json!({"is_revoked": null}), "/is_revoked", "required"),
            (json!({"name": null}), "/name", "required"),
            (json!({"scopes": []}), "/scopes", "required"),
            (json!({"scopes": null}), "/scopes", "required"),
            (json!({"scopes": "articles_read"}), "/scopes", "wrong_type"),
            (json!({"scopes": ["articles_read", "articles_read"]}), "/scopes/1", "repeated"),
            (json!({"scopes": ["everything"]}), "/scopes/0", "invalid"),
            (json!({"expires_at": "2026-01-15T04:00:00Z"}), "/expires_at", "invalid"),
            (json!({"expires_at": "tomorrow"}), "/expires_at", "invalid"),
            (json!({"expires_at": 1}), "/expires_at", "wrong_type"),
        ]).await;
        desk.refuses_new("/api-keys", &[
            (json!({"scopes": ["articles_read"]}), "/name", "required"),
            (json!({"name": "k"}), "/scopes", "required"),
            (json!({"name": "k", "scopes": []}), "/scopes", "required"),
            (json!({"name": "k", "scopes": ["articles_read"], "user_id": 4711}), "/user_id", "unknown"),
            (json!({"name": "k", "scopes": ["articles_read"], "is_revoked": true}), "/is_revoked", "unknown_member"),
            (json!({"name": "k", "scopes": ["articles_read"], "expires_at": "2025-01-01T00:00:00Z"}), "/expires_at", "invalid"),
        ]).await;
        app.desk("editor").get("/api-keys").await.assert_problem(403, "forbidden");
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        let desk = app.desk("admin");
        let made = desk.post("/api-keys", &json!({"name": "k", "scopes": ["articles_read"]})).await.assert_status(201).json();
        desk.keeps_conditions(&format!("/api-keys/{}", made["id"]), &json!({"name": "Other"})).await;
    }
}
