//! Signing in: passwords, accounts, and what slows down who guesses.

use diesel::prelude::*;
use masthead::models::access::Role;
use masthead::schema::{audit_log, sign_in_failures};
use masthead::store;
use serde_json::{Value, json};

use crate::support::accounts::{PASSWORD, join_all};
use crate::support::client::Answer;
use crate::support::{Portal, TestApp, on_both};

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    app.request("POST", "/api/v1/auth/token")
        .json(&body)
        .send()
        .await
}

async fn sign_in_from(app: &TestApp, email: &str, password: &str, address: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    let request = app.request("POST", "/api/v1/auth/token").json(&body);
    request.header("x-forwarded-for", address).send().await
}

async fn me(app: &TestApp, token: &str) -> Answer {
    app.request("GET", "/api/v1/auth/me")
        .bearer(token)
        .send()
        .await
}

/// The audit log as action, actor and account, oldest first.
fn audit(app: &TestApp) -> Vec<(String, String, Option<i64>)> {
    let log = audit_log::table
        .select((audit_log::action, audit_log::actor, audit_log::user_id))
        .order(audit_log::id);
    log.load(&mut app.database().connect()).unwrap()
}

fn seconds(answer: &Answer) -> u64 {
    answer.assert_problem(429, "too_many_requests");
    answer.header("retry-after").unwrap().parse().unwrap()
}

on_both! {
    /// Who knows the password gets tokens that say who they are
    async fn a_password_opens_a_session(app) {
        let id = app.account_with_password("Li.Na@Example.org", "editor");
        let answer = sign_in(app, "li.na@example.ORG", PASSWORD).await;
        let tokens = answer.assert_status(200).json();
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        let answer = me(app, tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        let account = answer.assert_status(200).json();
        assert_eq!(account["id"], id);
        assert_eq!(account["email"], "Li.Na@Example.org");
        assert_eq!((&account["role"], &account["grants"]), (&json!("editor"), &json!([])));
        assert_eq!(account["scopes"].as_array().unwrap().len(), 7);
        assert_eq!(account["session"]["expires_at"], "2026-02-14T04:00:00Z");
        assert_eq!(account["api_key"], Value::Null);
        assert_eq!(audit(app)[1], ("sign_in".to_owned(), "Li.Na@Example.org".to_owned(), Some(id)));
    }

    /// Roles in places are told by the names of the places
    async fn an_account_shows_where_its_roles_hold(app) {
        app.import(&Portal::new("demo").category("news/local"));
        let grants = [(Role::Reader, "demo", None), (Role::Editor, "demo", Some("news/local"))];
        let account = me(app, &app.token_with(None, &grants)).await.assert_status(200).json();
        assert_eq!(account["role"], Value::Null);
        assert_eq!(account["grants"], json!([
            {"role": "reader", "site": "demo", "category_path": null},
            {"role": "editor", "site": "demo", "category_path": "news/local"},
        ]));
    }

    /// A wrong password, an unknown account, a closed one and one without a password look the same
    async fn failures_tell_nothing(app) {
        app.account_with_password("a@example.org", "admin");
        app.account("no-password@example.org", "admin");
        let closed = app.account_with_password("closed@example.org", "admin");
        let conn = &mut app.database().connect();
        let mut content = store::users::find(conn, closed).unwrap().unwrap().content;
        content.is_active = false;
        store::users::update(conn, closed, &content, app.now()).unwrap();
        let mut answers = Vec::new();
        for (email, password) in [
            ("a@example.org", "wrong password"),
            ("nobody@example.org", "wrong password"),
            ("no-password@example.org", "wrong password"),
            ("closed@example.org", PASSWORD),
        ] {
            let answer = sign_in(app, email, password).await;
            let mut problem = answer.assert_problem(401, "invalid_credentials");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"masthead\""));
            problem["trace_id"] = Value::Null;
            answers.push(problem);
        }
        assert!(answers.iter().all(|problem| *problem == answers[0]), "{answers:?}");
        let failed: Vec<_> = audit(app).into_iter().filter(|(action, ..)| action == "sign_in_failed").collect();
        assert_eq!(failed.len(), 4);
        // Of an address that belongs to nobody only a hash is kept.
        assert!(failed[1].1.starts_with("unknown:") && failed[1].2.is_none(), "{failed:?}");
        assert!(!format!("{failed:?}").contains("nobody@"));
        assert_eq!(failed[3].2, Some(closed));
    }

    /// From the fifth failure on an account has to wait, twice as long each time, whether it exists or not
    async fn guessing_is_slowed_per_account(app, |s| s.var("MASTHEAD_TRUSTED_PROXIES", "127.0.0.1")) {
        app.account_with_password("a@example.org", "admin");
        let mut now: chrono::DateTime<chrono::Utc> = "2026-01-15T04:00:00Z".parse().unwrap();
        for (number, wait) in [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].into_iter().enumerate() {
            for (email, of) in [("a@example.org", 0), ("A@example.org", 1), ("nobody@example.org", 2)] {
                // Each from another address, so that none of these has to wait.
                let address = format!("9.{number}.{of}.1");
                let is_second_name = of == 1;
                if !is_second_name {
                    sign_in_from(app, email, "wrong password", &address).await.assert_problem(401, "invalid_credentials");
                }
                if wait > 0 {
                    // Not even the right one is looked at.
                    assert_eq!(seconds(&sign_in_from(app, email, PASSWORD, &address).await), wait);
                }
            }
            now += chrono::TimeDelta::seconds(wait.try_into().unwrap());
            app.set_clock(&now.to_rfc3339());
        }
        sign_in(app, "a@example.org", PASSWORD).await.assert_status(200);
        // The owner is back, so it starts again.
        for _ in 0..4 {
            sign_in(app, "a@example.org", "wrong password").await.assert_problem(401, "invalid_credentials");
        }
        sign_in(app, "a@example.org", PASSWORD).await.assert_status(200);
    }

    /// From the twentieth failure on an address has to wait, with whatever account; other addresses do not
    async fn guessing_is_slowed_per_address(app, |s| s.var("MASTHEAD_TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")) {
        app.account_with_password("a@example.org", "admin");
        for number in 0..20 {
            // Of IPv6 the network counts.
            let address = format!("2001:db8:0:1::{number}, 10.1.2.3");
            sign_in_from(app, &format!("{number}@example.org"), "wrong password", &address).await
                .assert_problem(401, "invalid_credentials");
        }
        assert_eq!(seconds(&sign_in_from(app, "a@example.org", PASSWORD, "2001:db8:0:1::ffff").await), 1);
        sign_in_from(app, "a@example.org", PASSWORD, "2001:db8:0:2::1").await.assert_status(200);
        sign_in_from(app, "a@example.org", PASSWORD, "2001:db8:0:1::1, 9.9.9.9").await.assert_status(200);
        // A success does not clear the address.
        app.set_clock("2026-01-15T04:00:01Z");
        sign_in_from(app, "a@example.org", PASSWORD, "2001:db8:0:1::1").await.assert_status(200);
        sign_in_from(app, "b@example.org", "wrong password", "2001:db8:0:1::1").await.assert_status(401);
        assert_eq!(seconds(&sign_in_from(app, "a@example.org", PASSWORD, "2001:db8:0:1::1").await), 2);
    }

    /// Nobody keeps an office out for long: the wait of an address ends after half a minute, and its failures fade
    async fn failures_of_an_address_fade(app, |s| s.var("MASTHEAD_TRUSTED_PROXIES", "127.0.0.1")) {
        app.account_with_password("a@example.org", "admin");
        let mut now: chrono::DateTime<chrono::Utc> = "2026-01-15T04:00:00Z".parse().unwrap();
        let mut waits = Vec::new();
        for number in 0..30 {
            sign_in_from(app, &format!("{number}@example.org"), "wrong password", "9.9.9.9").await.assert_status(401);
            let answer = sign_in_from(app, "a@example.org", PASSWORD, "9.9.9.9").await;
            let wait = if answer.status == 429 { seconds(&answer) } else { 0 };
            if wait == 1 {
                assert!(answer.text().contains("wait 1 second\""), "{answer}");
            }
            waits.push(wait);
            now += chrono::TimeDelta::seconds(wait.try_into().unwrap());
            app.set_clock(&now.to_rfc3339());
        }
        assert!(waits[..19].iter().all(|wait| *wait == 0), "{waits:?}");
        assert_eq!(waits[19..], [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30]);
        // Five minutes later 20 of the 25 that count at most are left, and this is the next.
        now += chrono::TimeDelta::minutes(5);
        app.set_clock(&now.to_rfc3339());
        sign_in_from(app, "x@example.org", "wrong password", "9.9.9.9").await.assert_status(401);
        assert_eq!(seconds(&sign_in_from(app, "a@example.org", PASSWORD, "9.9.9.9").await), 2);
        now += chrono::TimeDelta::minutes(10);
        app.set_clock(&now.to_rfc3339());
        sign_in_from(app, "x@example.org", "wrong password", "9.9.9.9").await.assert_status(401);
        sign_in_from(app, "a@example.org", PASSWORD, "9.9.9.9").await.assert_status(200);
    }

    /// What a client writes into X-Forwarded-For counts for nothing unless a proxy is trusted
    async fn forged_addresses_do_not_help(app) {
        for number in 0..20 {
            sign_in_from(app, &format!("{number}@example.org"), "wrong password", &format!("9.9.9.{number}")).await
                .assert_problem(401, "invalid_credentials");
        }
        assert_eq!(seconds(&sign_in_from(app, "a@example.org", PASSWORD, "9.9.9.99").await), 1);
    }

    /// Of fifty guesses at once only about as many are looked at as there are without a wait
    async fn guesses_at_once_count_too(app) {
        app.account_with_password("a@example.org", "admin");
        let guesses = (0..50).map(|n| async move { sign_in(app, "a@example.org", &format!("guess {n}")).await.status });
        let statuses = join_all(guesses).await;
        let looked_at = statuses.iter().filter(|status| **status == 401).count();
        assert!((5..=6).contains(&looked_at), "{statuses:?}");
        assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
        let failures: Vec<i64> = sign_in_failures::table.select(sign_in_failures::failures)
            .load(&mut app.database().connect()).unwrap();
        assert!(failures.iter().all(|n| usize::try_from(*n) == Ok(looked_at)), "{failures:?}");
    }

    /// Many right passwords at once are no guesses
    async fn colleagues_sign_in_at_once(app) {
        app.account_with_password("a@example.org", "admin");
        let statuses = join_all((0..20).map(|_| async move { sign_in(app, "a@example.org", PASSWORD).await.status })).await;
        assert_eq!(statuses, [200; 20]);
    }

    /// Failures are forgotten after a day
    async fn old_failures_are_removed(app) {
        sign_in(app, "a@example.org", "wrong password").await.assert_status(401);
        let count = || sign_in_failures::table.count().get_result::<i64>(&mut app.database().connect()).unwrap();
        app.app.services().upkeep.clean_up().await.unwrap();
        assert_eq!(count(), 2);
        app.set_clock("2026-01-16T04:00:01Z");
        app.app.services().upkeep.clean_up().await.unwrap();
        assert_eq!(count(), 0);
    }

    /// Bodies that cannot be used are told what is wrong, and cost nothing
    async fn bad_bodies_are_refused(app) {
        let long = "x".repeat(10_000);
        for (body, pointer) in [
            (json!({"password": PASSWORD}), "/email"),
            (json!({"email": "a@example.org"}), "/password"),
            (json!({"email": long, "password": PASSWORD}), "/email"),
            (json!({"email": format!("{long}@example.org"), "password": PASSWORD}), "/email"),
            (json!({"email": "a@example.org", "password": long}), "/password"),
            (json!({"email": "a@example.org", "password": ""}), "/password"),
            (json!({"email": "a@example.org", "password": "a\u{0}b"}), "/password"),
            (json!({"email": "a@example.org", "password": 12345678}), "/password"),
            (json!({"email": ["a@example.org"], "password": PASSWORD}), "/email"),
            (json!({"email": "a@b@c", "password": PASSWORD}), "/email"),
            (json!({"email": "a\u{0}@b", "password": PASSWORD}), "/email"),
            (json!({"email": "a@example.org", "password": PASSWORD, "role": "admin"}), "/role"),
        ] {
            let answer = app.request("POST", "/api/v1/auth/token").json(&body).send().await;
            let problem = answer.assert_problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{answer}");
            assert!(answer.body.len() < 2000 && !answer.text().contains("xxxxxxxxxx"), "{answer}");
        }
        let post = |body: &'static str| app.request("POST", "/api/v1/auth/token").body(body);
        post("{}").send().await.assert_problem(415, "unsupported_media_type");
        post("{").header("content-type", "application/json").send().await.assert_problem(400, "malformed_request");
        post("[]").header("content-type", "application/json").send().await.assert_problem(422, "invalid_body");
        app.request("POST", "/api/v1/auth/token?x=1").json(&json!({})).send().await.assert_problem(400, "invalid_parameter");
        app.request("GET", "/api/v1/auth/token").send().await.assert_problem(405, "method_not_allowed");
        assert!(audit(app).is_empty());
    }

    /// A new password ends every session, the one at hand too, and every API key; the old one is of no use
    async fn a_new_password_ends_all_sessions(app) {
        let id = app.account_with_password("a@example.org", "admin");
        let first = sign_in(app, "a@example.org", PASSWORD).await.json();
        let second = sign_in(app, "a@example.org", PASSWORD).await.json();
        let (_, key) = app.api_key(id, &[], None);
        let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
        let post = |token: &str, body: &Value| app.request("POST", "/api/v1/auth/password").bearer(token).json(body);
        let token = first["access_token"].as_str().unwrap();
        for (current, new, pointer) in [("wrong password", "new password", "/current_password"), (PASSWORD, PASSWORD, "/new_password")] {
            let problem = post(token, &change(current, new)).send().await.assert_problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], pointer);
        }
        for (new, pointer) in [("short", "/new_password"), ("        ", "/new_password"), (&"x".repeat(10_000), "/new_password")] {
            let problem = post(token, &change(PASSWORD, new)).send().await.assert_problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], pointer);
        }
        post(&key, &change(PASSWORD, "new password")).send().await.assert_problem(403, "forbidden");
        me(app, token).await.assert_status(200);
        post(token, &change(PASSWORD, "new password")).send().await.assert_status(204);
        for session in [first, second] {
            me(app, session["access_token"].as_str().unwrap()).await.assert_problem(401, "invalid_token");
            let body = json!({"refresh_token": session["refresh_token"]});
            app.request("POST", "/api/v1/auth/refresh").json(&body).send().await.assert_problem(401, "invalid_token");
        }
        sign_in(app, "a@example.org", PASSWORD).await.assert_problem(401, "invalid_credentials");
        sign_in(app, "a@example.org", "new password").await.assert_status(200);
        me(app, &key).await.assert_problem(401, "invalid_token");
        let actions: Vec<String> = audit(app).into_iter().map(|(action, ..)| action).collect();
        assert_eq!(actions, [
            "create_user", "sign_in", "sign_in", "password_change_failed", "password_changed", "sign_in_failed", "sign_in",
        ]);
    }

    /// The present password is not to be guessed either; who guesses from outside does not keep the owner from changing it
    async fn guessing_the_present_password_is_slowed(app) {
        app.account_with_password("a@example.org", "admin");
        let token = sign_in(app, "a@example.org", PASSWORD).await.json()["access_token"].as_str().unwrap().to_owned();
        let body = json!({"current_password": "wrong password", "new_password": "new password"});
        for _ in 0..5 {
            app.request("POST", "/api/v1/auth/password").bearer(&token).json(&body).send().await.assert_status(422);
        }
        let body = json!({"current_password": PASSWORD, "new_password": "new password"});
        let answer = app.request("POST", "/api/v1/auth/password").bearer(&token).json(&body).send().await;
        assert_eq!(seconds(&answer), 1);
        sign_in(app, "a@example.org", PASSWORD).await.assert_status(200);
        for _ in 0..5 {
            sign_in(app, "a@example.org", "wrong password").await.assert_status(401);
        }
        assert_eq!(seconds(&sign_in(app, "a@example.org", PASSWORD).await), 1);
        app.set_clock("2026-01-15T04:00:01Z");
        sign_in(app, "a@example.org", "wrong password").await.assert_status(401);
        assert_eq!(seconds(&sign_in(app, "a@example.org", PASSWORD).await), 2);
        app.request("POST", "/api/v1/auth/password").bearer(&token).json(&body).send().await.assert_status(204);
    }

    /// What becomes of an account holds for its tokens at once
    async fn accounts_are_looked_up_every_time(app) {
        let id = app.account("a@example.org", "admin");
        let token = app.sign_in_as(id);
        let (_, key) = app.api_key(id, &[], None);
        assert_eq!(me(app, &token).await.json()["role"], "admin");
        let conn = &mut app.database().connect();
        let mut content = store::users::find(conn, id).unwrap().unwrap().content;
        content.role = Some(Role::Reader);
        store::users::update(conn, id, &content, app.now()).unwrap();
        assert_eq!(me(app, &token).await.json()["role"], "reader");
        assert_eq!(me(app, &key).await.json()["role"], "reader");
        content.is_active = false;
        store::users::update(conn, id, &content, app.now()).unwrap();
        for bearer in [&token, &key] {
            me(app, bearer).await.assert_problem(401, "invalid_token");
        }
        content.is_active = true;
        store::users::update(conn, id, &content, app.now()).unwrap();
        me(app, &token).await.assert_status(200);
        store::users::delete(conn, id).unwrap();
        for bearer in [&token, &key] {
            me(app, bearer).await.assert_problem(401, "invalid_token");
        }
    }
}
