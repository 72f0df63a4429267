//! Accounts as administrators meet them.

use masthead::models::access::{Role, Scope};
use masthead::models::user::UserContent;
use masthead::store;
use serde_json::{Value, json};

use crate::support::accounts::{PASSWORD, join_all};
use crate::support::desk::long_text;
use crate::support::{Portal, TestApp, on_both};

fn portals() -> Portal {
    Portal::new("demo")
        .category("news/local")
        .and(Portal::new("other"))
}

/// The answer to a sign-in.
async fn sign_in(app: &TestApp, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password});
    app.request("POST", "/api/v1/auth/token")
        .json(&body)
        .send()
        .await
        .status
}

/// What the audit log says last.
async fn last_entry(app: &TestApp) -> Value {
    app.desk("admin")
        .get("/audit-log?limit=1")
        .await
        .assert_status(200)
        .json()["items"][0]
        .clone()
}

on_both! {
    /// An account is made, signs in, is changed and deleted
    async fn accounts_are_made_changed_and_deleted(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let (path, made) = desk.made("/users", &json!({
            "email": "Li.Na@example.org", "name": "李娜", "password": PASSWORD,
            "grants": [{"role": "editor", "site": "demo", "category_path": "news/local"}, {"role": "reader", "site": "other", "category_path": null}],
        })).await;
        assert_eq!(made, json!({
            "id": made["id"], "email": "Li.Na@example.org", "name": "李娜", "role": null, "is_active": true, "external_subject": null,
            "grants": [{"role": "editor", "site": "demo", "category_path": "news/local"}, {"role": "reader", "site": "other", "category_path": null}],
            "has_password": true, "signed_in_at": null, "version": 1,
            "created_at": "2026-01-15T04:00:00Z", "updated_at": "2026-01-15T04:00:00Z",
        }));
        assert_eq!(sign_in(app, "li.na@EXAMPLE.org", PASSWORD).await, 200);
        assert_eq!(desk.get(&path).await.json()["signed_in_at"], "2026-01-15T04:00:00Z");
        for nothing in [json!({}), json!({"email": "Li.Na@example.org", "is_active": true, "external_subject": null})] {
            desk.unchanged(&path, &nothing).await;
        }
        let changed = desk.changed(&path, &json!({"name": long_text(900), "role": "author", "grants": null, "external_subject": "sub|1"})).await;
        assert_eq!((&changed["role"], &changed["grants"], &changed["external_subject"]), (&json!("author"), &json!([]), &json!("sub|1")));
        let (_, bare) = desk.made("/users", &json!({"email": "x@example.org", "name": "x"})).await;
        assert_eq!((&bare["has_password"], &bare["role"], &bare["grants"]), (&json!(false), &Value::Null, &json!([])));
        let (all, pages) = desk.walk("/users?limit=2").await;
        assert_eq!((all.len(), pages), (3, 2));
        assert_eq!(desk.get("/users?limit=2&page=2&count=exact").await.json()["total"], 3);
        desk.delete(&path).await.assert_status(204);
        assert_eq!(sign_in(app, "li.na@example.org", PASSWORD).await, 401);
        for answer in [desk.get(&path).await, desk.delete(&path).await, desk.patch(&path, &json!({})).await] {
            answer.assert_problem(404, "not_found");
        }
    }

    /// A new password and being closed end every session, the former every API key too; the audit log knows that, but no password
    async fn passwords_end_sessions(app) {
        let desk = app.desk("admin");
        let id = app.account_with_password("a@example.org", "editor");
        let path = format!("/users/{id}");
        let me = async |token: &str| app.request("GET", "/api/v1/auth/me").bearer(token).send().await.status;
        let token = app.sign_in_as(id);
        let (_, key) = app.api_key(id, &[], None);
        assert_eq!((me(&token).await, me(&key).await), (200, 200));
        desk.changed(&path, &json!({"password": "another password"})).await;
        assert_eq!((me(&token).await, me(&key).await), (401, 401));
        assert_eq!((sign_in(app, "a@example.org", PASSWORD).await, sign_in(app, "a@example.org", "another password").await), (401, 200));
        let entry = app.desk("admin").get("/audit-log?action=update_user&limit=1").await.json()["items"][0].clone();
        assert_eq!((&entry["after"]["password"], &entry["resource"], &entry["resource_id"]), (&json!("changed"), &json!("user"), &json!(id)));
        let token = app.sign_in_as(id);
        desk.changed(&path, &json!({"role": "author"})).await;
        assert_eq!(me(&token).await, 200);
        desk.changed(&path, &json!({"is_active": false})).await;
        assert_eq!((me(&token).await, sign_in(app, "a@example.org", "another password").await), (401, 401));
        desk.changed(&path, &json!({"is_active": true})).await;
        assert_eq!(me(&token).await, 401);
        desk.changed(&path, &json!({"password": null})).await;
        assert_eq!(sign_in(app, "a@example.org", "another password").await, 401);
        let log = desk.get("/audit-log?limit=100").await.text();
        assert!(!log.contains("another password") && !log.contains("argon2"), "{log}");
    }

    /// Nobody has the address or the subject of somebody else
    async fn addresses_are_taken_once(app) {
        let desk = app.desk("admin");
        desk.made("/users", &json!({"email": "a@example.org", "name": "a", "external_subject": "s"})).await;
        let (other, _) = desk.made("/users", &json!({"email": "b@example.org", "name": "b"})).await;
        for (refused, pointer) in [
            (desk.post("/users", &json!({"email": "Ａ@Example.org", "name": "c"})).await, "/email"),
            (desk.patch(&other, &json!({"email": "A@example.org"})).await, "/email"),
            (desk.patch(&other, &json!({"external_subject": "s"})).await, "/external_subject"),
        ] {
            assert_eq!(refused.assert_problem(409, "conflict")["errors"][0]["pointer"], pointer);
        }
        desk.changed(&other, &json!({"email": "B@example.org"})).await;
        let body = json!({"email": "c@example.org", "name": "c"});
        let answers = join_all((0..10).map(|_| desk.post("/users", &body))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            refused.assert_problem(409, "conflict");
        }
    }

    /// What cannot be an account is refused with the place of the fault, and never repeats a password
    async fn bad_accounts_are_refused(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let long = "x".repeat(10_000);
        let (path, _) = desk.made("/users", &json!({"email": "a@example.org", "name": "a"})).await;
        let grant = json!({"role": "editor", "site": "demo", "category_path": null});
        desk.refuses_changes(&path, &[
            (json!({"has_password": true}), "/has_password", "read_only"),
            (json!({"signed_in_at": null}), "/signed_in_at", "read_only"),
            (json!({"password_hash": "x"}), "/password_hash", "unknown_member"),
            (json!({"email": null}), "/email", "required"),
            (json!({"email": "nobody"}), "/email", "invalid"),
            (json!({"email": long}), "/email", "invalid"),
            (json!({"email": ["a@example.org"]}), "/email", "wrong_type"),
            (json!({"name": ""}), "/name", "invalid"),
            (json!({"role": "owner"}), "/role", "invalid"),
            (json!({"role": ["admin"]}), "/role", "wrong_type"),
            (json!({"is_active": null}), "/is_active", "required"),
            (json!({"is_active": "false"}), "/is_active", "wrong_type"),
            (json!({"external_subject": long}), "/external_subject", "invalid"),
            (json!({"password": "short"}), "/password", "invalid"),
            (json!({"password": long}), "/password", "invalid"),
            (json!({"password": ["long enough"]}), "/password", "wrong_type"),
            (json!({"grants": {}}), "/grants", "wrong_type"),
            (json!({"grants": [["editor", "demo", null]]}), "/grants/0", "wrong_type"),
            (json!({"grants": [{"role": "editor"}]}), "/grants/0/site", "required"),
            (json!({"grants": [grant, {"role": "editor", "site": "nope"}]}), "/grants/1/site", "unknown"),
            (json!({"grants": [{"role": "editor", "site": "other", "category_path": "news"}]}), "/grants/0/category_path", "unknown"),
            (json!({"grants": [grant, {"role": "reader", "site": "demo"}]}), "/grants/1", "repeated"),
            (json!({"grants": [{"role": "editor", "site": "demo", "site_id": 1}]}), "/grants/0/site_id", "unknown_member"),
        ]).await;
        desk.refuses_new("/users", &[
            (json!({"name": "a"}), "/email", "required"),
            (json!({"email": "b@example.org"}), "/name", "required"),
            (json!({"email": "b@example.org", "name": "b", "password": long}), "/password", "invalid"),
        ]).await;
        let refused = desk.post("/users", &json!({"email": "b@example.org", "name": "b", "password": "hunter2"})).await;
        assert!(!refused.text().contains("hunter2"), "{refused}");
        assert_eq!(desk.walk("/users?limit=100").await.0.len(), 2);
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        let desk = app.desk("admin");
        let (path, _) = desk.made("/users", &json!({"email": "a@example.org", "name": "a"})).await;
        desk.keeps_conditions(&path, &json!({"name": "Other"})).await;
    }

    /// Somebody always stays administrator
    async fn the_last_administrator_stays(app) {
        let desk = app.desk("admin");
        let own = "/users/1";
        for answer in [
            desk.patch(own, &json!({"role": "editor"})).await,
            desk.patch(own, &json!({"role": null})).await,
            desk.patch(own, &json!({"is_active": false})).await,
            desk.delete(own).await,
        ] {
            let problem = answer.assert_problem(409, "conflict");
            assert!(problem["detail"].as_str().unwrap().contains("last active administrator"), "{problem}");
        }
        // One that is closed does not count.
        let closed = UserContent {
            email: "closed@example.org".to_owned(),
            name: "c".to_owned(),
            role: Some(Role::Admin),
            grants: Vec::new(),
            is_active: false,
            external_subject: None,
        };
        store::users::insert(&mut app.database().connect(), &closed, None, app.now()).unwrap();
        desk.patch(own, &json!({"role": "editor"})).await.assert_problem(409, "conflict");
        desk.changed(own, &json!({"name": "Still"})).await;

        // Two who take it from one another at once.
        // Nor does one that cannot sign in.
        app.account("other@example.org", "admin");
        for means in [json!({"external_subject": "s"}), json!({"password": PASSWORD})] {
            let desk = app.desk_of(app.sign_in_as(1));
            desk.patch(own, &means).await.assert_status(200);
            // A new password ends the session at hand too.
            let desk = app.desk_of(app.sign_in_as(1));
            let none = json!({"external_subject": null, "password": null});
            desk.patch(own, &none).await.assert_problem(409, "conflict");
            desk.patch(own, &json!({"role": "editor"})).await.assert_problem(409, "conflict");
            desk.delete(own).await.assert_problem(409, "conflict");
        }
        let desk = app.desk_of(app.sign_in_as(1));
        let other = app.account_with_password("another@example.org", "admin");
        let theirs = app.desk_of(app.sign_in_as(other));
        let demote = json!({"role": "editor"});
        let others = format!("/users/{other}");
        let answers = join_all([(&desk, others.as_str()), (&theirs, own)].into_iter().map(|(by, whom)| by.patch_if(whom, "*", &demote))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert!(matches!(statuses[..], [200, 403 | 409]), "{statuses:?}");
    }

    /// Only administrators of everything see or change accounts; keys need the scope
    async fn accounts_are_for_administrators(app) {
        app.import(&portals());
        let path = format!("/users/{}", app.account("a@example.org", "author"));
        let local = app.token_with(None, &[(Role::Admin, "demo", None)]);
        for token in [app.token("editor"), local] {
            let desk = app.desk_of(token);
            for answer in [
                desk.get("/users").await,
                desk.get(&path).await,
                desk.post("/users", &json!({"email": "b@example.org", "name": "b"})).await,
                desk.patch_if(&path, "*", &json!({"role": "admin"})).await,
                desk.delete_if(&path, "*").await,
            ] {
                answer.assert_problem(403, "forbidden");
            }
        }
        let admin = app.account("keys@example.org", "admin");
        let (_, key) = app.api_key(admin, &[Scope::UsersRead], None);
        let desk = app.desk_of(key);
        desk.get(&path).await.assert_status(200);
        desk.patch(&path, &json!({"name": "b"})).await.assert_problem(403, "insufficient_scope");
        let entry = last_entry(app).await;
        assert_ne!(entry["action"], "update_user");
    }
}
