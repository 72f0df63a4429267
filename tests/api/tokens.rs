//! Tokens and keys in use: renewal, revocation, rotation, and who is let in with what.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use masthead::models::access::Scope;
use masthead::models::time::Ts;
use masthead::schema::{api_keys, audit_log, sessions, signing_keys};
use masthead::store;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::client::Answer;
use crate::support::{TestApp, on_both};

/// A pair of tokens.
struct Pair {
    access: String,
    refresh: String,
}

impl Pair {
    fn of(answer: &Answer) -> Self {
        let body = answer.assert_status(200).json();
        let text = |member: &str| body[member].as_str().unwrap().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }
}

/// A session of a new account.
fn open(app: &TestApp, email: &str) -> Pair {
    let id = app.account(email, "admin");
    let issued = app.app.services().access.issue_blocking(id).unwrap();
    Pair {
        access: issued.access_token,
        refresh: issued.refresh_token,
    }
}

async fn post(app: &TestApp, path: &str, refresh: &str) -> Answer {
    let body = json!({ "refresh_token": refresh });
    app.request("POST", &format!("/api/v1/auth/{path}"))
        .json(&body)
        .send()
        .await
}

async fn me(app: &TestApp, token: &str) -> Answer {
    app.request("GET", "/api/v1/auth/me")
        .bearer(token)
        .send()
        .await
}

fn actions(app: &TestApp) -> Vec<String> {
    let log = audit_log::table
        .select(audit_log::action)
        .order(audit_log::id);
    log.load(&mut app.database().connect()).unwrap()
}

/// A part of a token.
fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn set(text: &str) -> BTreeSet<&str> {
    text.split(", ").collect()
}

async fn kids(app: &TestApp) -> Vec<String> {
    let keys = app
        .get("/.well-known/jwks.json")
        .await
        .assert_status(200)
        .json();
    keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

on_both! {
    /// An access token says what RFC 9068 asks for, and its key is published
    async fn access_tokens_are_jwts(app, |s| s.var("MASTHEAD_PUBLIC_URL", "https://news.example.org")) {
        let token = open(app, "a@example.org").access;
        let (head, claims) = (part(&token, 0), part(&token, 1));
        assert_eq!((&head["typ"], &head["alg"]), (&json!("at+jwt"), &json!("EdDSA")));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://news.example.org"), &json!("https://news.example.org/api/v1")));
        assert_eq!((&claims["iat"], &claims["nbf"], &claims["exp"]), (&json!(1768449600), &json!(1768449600), &json!(1768450500)));
        assert!(claims["sub"].is_string() && claims["jti"].as_str().unwrap().len() == 32 && claims["sid"].is_i64());
        assert!(claims["scope"].as_str().unwrap().split(' ').any(|word| word == "articles_write"));
        let answer = app.get("/.well-known/jwks.json").await;
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert!(answer.header("etag").is_some());
        let keys = answer.assert_status(200).json();
        assert_eq!(keys["keys"][0]["kid"], head["kid"]);
        let members: Vec<&str> = keys["keys"][0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x"]));
    }

    /// A token is good for 15 minutes to the second
    async fn access_tokens_expire(app) {
        let token = open(app, "a@example.org").access;
        app.set_clock("2026-01-15T04:14:59Z");
        me(app, &token).await.assert_status(200);
        app.set_clock("2026-01-15T04:15:00Z");
        let answer = me(app, &token).await;
        answer.assert_problem(401, "invalid_token");
        assert_eq!(answer.header("www-authenticate"),
            Some("Bearer realm=\"masthead\", error=\"invalid_token\", error_description=\"it has expired\""));
        // Not good yet, with a clock that is 5 seconds behind at most.
        app.set_clock("2026-01-15T03:59:55Z");
        me(app, &token).await.assert_status(200);
        app.set_clock("2026-01-15T03:59:54Z");
        me(app, &token).await.assert_problem(401, "invalid_token");
    }

    /// Each refresh token gives the next pair; an old one ends the session, whoever has it
    async fn a_reused_refresh_token_ends_the_session(app) {
        let first = open(app, "a@example.org");
        let other = app.app.services().access.issue_blocking(1).unwrap();
        let second = Pair::of(&post(app, "refresh", &first.refresh).await);
        assert_ne!(first.refresh, second.refresh);
        me(app, &first.access).await.assert_status(200);
        // A second tab in the same moment gets the same one, however often it asks.
        for _ in 0..3 {
            let again = Pair::of(&post(app, "refresh", &first.refresh).await);
            assert_eq!(again.refresh, second.refresh);
        }
        app.set_clock("2026-01-15T04:00:09Z");
        assert_eq!(Pair::of(&post(app, "refresh", &first.refresh).await).refresh, second.refresh);
        let third = Pair::of(&post(app, "refresh", &second.refresh).await);
        assert!(actions(app).is_empty());
        // Two turns ago: that is no second tab.
        post(app, "refresh", &first.refresh).await.assert_problem(401, "invalid_token");
        for pair in [first, second, third] {
            me(app, &pair.access).await.assert_problem(401, "invalid_token");
            post(app, "refresh", &pair.refresh).await.assert_problem(401, "invalid_token");
        }
        assert_eq!(actions(app), ["token_reused"]);
        me(app, &other.access_token).await.assert_status(200);
    }

    /// The grace is over after ten seconds
    async fn the_grace_is_short(app) {
        let first = open(app, "a@example.org");
        let second = Pair::of(&post(app, "refresh", &first.refresh).await);
        app.set_clock("2026-01-15T04:00:10Z");
        post(app, "refresh", &first.refresh).await.assert_problem(401, "invalid_token");
        post(app, "refresh", &second.refresh).await.assert_problem(401, "invalid_token");
    }

    /// Fifty that refresh one token at once get the same next one
    async fn fifty_refresh_one_token_at_once(app, |s| s.var("MASTHEAD_WORKERS", "4")) {
        let first = open(app, "a@example.org");
        let refresh = &first.refresh;
        let answers = join_all((0..50).map(|_| async move { Pair::of(&post(app, "refresh", refresh).await).refresh })).await;
        assert_eq!(answers.iter().collect::<BTreeSet<_>>().len(), 1);
        let generations: Vec<i64> = sessions::table.select(sessions::generation).load(&mut app.database().connect()).unwrap();
        assert_eq!(generations, [1]);
        assert!(actions(app).is_empty());
        Pair::of(&post(app, "refresh", &answers[0]).await);
    }

    /// A session ends after thirty days, however often it is renewed, and is forgotten a day later
    async fn sessions_end(app) {
        let mut pair = open(app, "a@example.org");
        for day in ["2026-01-30", "2026-02-13"] {
            app.set_clock(&format!("{day}T04:00:00Z"));
            pair = Pair::of(&post(app, "refresh", &pair.refresh).await);
        }
        app.set_clock("2026-02-14T04:00:00Z");
        post(app, "refresh", &pair.refresh).await.assert_problem(401, "invalid_token");
        let count = || sessions::table.count().get_result::<i64>(&mut app.database().connect()).unwrap();
        app.app.services().upkeep.clean_up().await.unwrap();
        assert_eq!(count(), 1);
        app.set_clock("2026-02-15T04:00:01Z");
        app.app.services().upkeep.clean_up().await.unwrap();
        assert_eq!(count(), 0);
    }

    /// Signing out ends the session with its access tokens; a token that is unknown is no fault
    async fn revoking_ends_the_session(app) {
        let first = open(app, "a@example.org");
        let second = Pair::of(&post(app, "refresh", &first.refresh).await);
        post(app, "revoke", &first.refresh).await.assert_status(204);
        me(app, &second.access).await.assert_problem(401, "invalid_token");
        post(app, "refresh", &second.refresh).await.assert_problem(401, "invalid_token");
        for token in [&first.refresh, &second.refresh, &first.access, "nonsense", "mhr_AAAA"] {
            post(app, "revoke", token).await.assert_status(204);
        }
        assert_eq!(actions(app), ["sign_out"]);
        post(app, "revoke", "").await.assert_problem(422, "invalid_body");
    }

    /// Forged refresh tokens cost nothing: no statement, no row
    async fn forged_refresh_tokens_cost_nothing(app) {
        let pair = open(app, "a@example.org");
        // Another last letter than its own.
        let other = if pair.refresh.ends_with('A') { "E" } else { "A" };
        let forged: Vec<String> = ["", other, "AAAA"].iter().map(|end| format!("{}{end}", &pair.refresh[..pair.refresh.len() - 1]))
            .chain([format!("mhr_{}", "A".repeat(75)), "x".to_owned(), pair.access.clone()]).collect();
        let before = app.statements();
        for _ in 0..50 {
            for token in &forged {
                post(app, "refresh", token).await.assert_problem(401, "invalid_token");
            }
        }
        assert_eq!(app.statements(), before);
        assert!(actions(app).is_empty());
        post(app, "refresh", &"x".repeat(10_000)).await.assert_problem(422, "invalid_body");
        Pair::of(&post(app, "refresh", &pair.refresh).await);
    }

    /// The next key is published an hour before it signs, and the last one stays as long as its tokens live
    async fn keys_are_rotated(app) {
        let access = &app.app.services().access;
        let first = kids(app).await;
        assert_eq!(first.len(), 1);
        app.set_clock("2026-02-14T03:59:59Z");
        access.tend_keys().await.unwrap();
        assert_eq!(kids(app).await, first);
        app.set_clock("2026-02-14T04:00:00Z");
        access.tend_keys().await.unwrap();
        let both = kids(app).await;
        assert_eq!((both.len(), &both[0]), (2, &first[0]));
        let id = app.account("a@example.org", "admin");
        let kid = |token: &str| part(token, 0)["kid"].as_str().unwrap().to_owned();
        app.set_clock("2026-02-14T04:59:59Z");
        let last = app.sign_in_as(id);
        assert_eq!(kid(&last), both[0]);
        app.set_clock("2026-02-14T05:00:00Z");
        let next = app.sign_in_as(id);
        assert_eq!(kid(&next), both[1]);
        app.set_clock("2026-02-14T05:14:58Z");
        access.tend_keys().await.unwrap();
        for token in [&last, &next] {
            me(app, token).await.assert_status(200);
        }
        app.set_clock("2026-02-14T05:20:00Z");
        access.tend_keys().await.unwrap();
        assert_eq!(kids(app).await, both[1..]);
        let stored: i64 = signing_keys::table.count().get_result(&mut app.database().connect()).unwrap();
        assert_eq!(stored, 1);
    }

    /// Several instances make one key between them, and learn of each other's
    async fn instances_share_their_keys(app) {
        let config = |name: &str| (name == "DATABASE_URL").then(|| app.database().url.clone());
        let config = masthead::config::Config::from_vars(config).unwrap();
        let clock = masthead::clock::Clock::fixed(app.now().0);
        let start = || {
            let other = masthead::app::App::open(config.clone(), clock.clone()).unwrap();
            other.services().access.prepare().unwrap();
            other
        };
        let others = [start(), start(), start()];
        clock.set("2026-02-15T04:00:00Z".parse().unwrap());
        app.set_clock("2026-02-15T04:00:00Z");
        let tend = others.iter().map(|other| {
            let access = other.services().access.clone();
            async move { access.tend_keys().await.unwrap() }
        });
        join_all(tend).await;
        let stored: i64 = signing_keys::table.count().get_result(&mut app.database().connect()).unwrap();
        assert_eq!(stored, 2);
        // This one has not looked since its start, and does so when a token with an unknown key comes.
        assert_eq!(kids(app).await.len(), 1);
        clock.set("2026-02-15T05:00:00Z".parse().unwrap());
        app.set_clock("2026-02-15T05:00:00Z");
        let id = app.account("a@example.org", "admin");
        let issued = others[0].services().access.issue_blocking(id).unwrap();
        me(app, &issued.access_token).await.assert_status(200);
        assert_eq!(kids(app).await.len(), 2);
    }

    /// Configured keys are used instead of those in the database; the first signs, all verify
    async fn keys_may_be_configured(app, |s| s.var("MASTHEAD_TOKEN_KEY",
        "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI")) {
        let pair = open(app, "a@example.org");
        let kids = kids(app).await;
        assert_eq!(kids.len(), 2);
        me(app, &pair.access).await.assert_status(200);
        let stored: i64 = signing_keys::table.count().get_result(&mut app.database().connect()).unwrap();
        assert_eq!(stored, 0);
    }

    /// A program calls with its key, within its scopes, until the key expires or is revoked
    async fn api_keys_let_programs_in(app) {
        let id = app.account("a@example.org", "editor");
        let (key_id, key) = app.api_key(id, &[Scope::ArticlesRead], Some(Ts("2026-01-16T04:00:00Z".parse().unwrap())));
        let account = me(app, &key).await.assert_status(200).json();
        assert_eq!((&account["role"], &account["scopes"]), (&json!("editor"), &json!(["articles_read"])));
        assert_eq!((&account["api_key"]["id"], &account["session"]), (&json!(key_id), &Value::Null));
        assert_eq!(account["api_key"]["prefix"], key.split('_').nth(1).unwrap());
        app.request("GET", "/api/v1/manage/topics?site=demo").bearer(&key).send().await.assert_problem(403, "insufficient_scope");
        let (_, other) = app.api_key(id, &[], None);
        let (prefix, secret) = (key.rsplit_once('_').unwrap().0, other.split('_').nth(2).unwrap());
        for wrong in [format!("{prefix}_{secret}"), format!("{prefix}_"), prefix.to_owned(), "mh_".to_owned(), "mh__".to_owned(),
            format!("{key}A"), format!("mh_{}", "x".repeat(7000)), "mh_%00_a".to_owned()] {
            me(app, &wrong).await.assert_problem(401, "invalid_token");
        }
        app.set_clock("2026-01-16T03:59:59Z");
        me(app, &key).await.assert_status(200);
        app.set_clock("2026-01-16T04:00:00Z");
        me(app, &key).await.assert_problem(401, "invalid_token");
        me(app, &other).await.assert_status(200);
        let conn = &mut app.database().connect();
        diesel::update(api_keys::table).set(api_keys::revoked_at.eq(app.now())).execute(conn).unwrap();
        me(app, &other).await.assert_problem(401, "invalid_token");
    }

    /// The use of a key is noted once a minute
    async fn the_use_of_a_key_is_noted(app) {
        let id = app.account("a@example.org", "editor");
        let (key_id, key) = app.api_key(id, &[], None);
        let noted = || store::api_keys::find(&mut app.database().connect(), key_id).unwrap().unwrap().last_used_at;
        assert_eq!(noted(), None);
        let first = app.now();
        for _ in 0..5 {
            me(app, &key).await.assert_status(200);
        }
        // It is written beside the request, so it may come a moment later.
        while noted().is_none() {
            tokio::task::yield_now().await;
        }
        app.set_clock("2026-01-15T04:00:59Z");
        me(app, &key).await.assert_status(200);
        assert_eq!(noted(), Some(first));
        app.set_clock("2026-01-15T04:01:00Z");
        me(app, &key).await.assert_status(200);
        while noted() == Some(first) {
            tokio::task::yield_now().await;
        }
        assert_eq!(noted(), Some(app.now()));
    }

    /// Only one bearer token in one header lets in; 401 comes before anything else is looked at
    async fn the_header_must_be_right(app) {
        let token = open(app, "a@example.org").access;
        let path = "/api/v1/auth/me";
        app.request("GET", path).header("authorization", &format!("bEaReR {token}")).send().await.assert_status(200);
        for lines in [
            &[][..],
            &["Bearer"],
            &["Bearer "],
            &["Basic YTpi"],
            &[&token],
            &[&format!("Bearer {token} x")],
            &[&format!("Bearer {token}"), &format!("Bearer {token}")],
        ] {
            let request = lines.iter().fold(app.request("GET", path), |request, line| request.header("authorization", line));
            let answer = request.send().await;
            answer.assert_problem(401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"masthead\""));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        for (method, path) in [("GET", "/api/v1/auth/me?x=1"), ("POST", "/api/v1/auth/password?x=1"), ("POST", "/api/v1/manage/topics"),
            ("GET", "/api/v1/%6danage/topics?site=x"), ("GET", "/api/v1/manage/topics/abc")] {
            let answer = app.request(method, path).body("no json").send().await;
            answer.assert_problem(401, "unauthenticated");
        }
        // What is not there, or takes another method, is told to all.
        app.get("/api/v1/manage/nothing").await.assert_problem(404, "not_found");
        app.get("/api/v1/auth").await.assert_problem(404, "not_found");
        app.request("DELETE", path).send().await.assert_problem(405, "method_not_allowed");
        let head = app.request("HEAD", path).bearer(&token).send().await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        app.request("GET", "/api/v1/auth/me?x=1").bearer(&token).send().await.assert_problem(400, "invalid_parameter");
        // Delivery never looks at the header.
        app.request("GET", "/api/v1/sites").bearer("nonsense").send().await.assert_status(200);
    }

    /// Scripts of pages on the list may use management, those of others may not
    async fn origins_are_on_a_list(app, |s| s.var("MASTHEAD_CORS_ORIGINS", "https://desk.example.org, http://localhost:3000")) {
        let token = open(app, "a@example.org").access;
        let ask = |method: &'static str, origin: &'static str| app.request(method, "/api/v1/auth/me").header("origin", origin);
        let answer = ask("GET", "http://localhost:3000").bearer(&token).send().await;
        assert_eq!(answer.assert_status(200).header("access-control-allow-origin"), Some("http://localhost:3000"));
        assert!(set(answer.header("access-control-expose-headers").unwrap()).contains("ETag"));
        assert!(set(answer.header("vary").unwrap()).contains("Origin"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let refused = ask("GET", "https://desk.example.org").send().await;
        assert_eq!(refused.assert_status(401).header("access-control-allow-origin"), Some("https://desk.example.org"));
        for stranger in ["https://desk.example.org.evil.com", "null", "https://desk.example.org:444", "*"] {
            let answer = ask("GET", stranger).bearer(&token).send().await;
            assert_eq!(answer.assert_status(200).header("access-control-allow-origin"), None);
            assert!(set(answer.header("vary").unwrap()).contains("Origin"));
            let answer = ask("OPTIONS", stranger).header("access-control-request-method", "GET").send().await;
            assert_eq!(answer.assert_status(204).header("access-control-allow-methods"), None);
        }
        let answer = ask("OPTIONS", "https://desk.example.org").header("access-control-request-method", "GET").send().await;
        assert_eq!(answer.assert_status(204).header("access-control-allow-origin"), Some("https://desk.example.org"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, HEAD, OPTIONS"));
        let headers = set(answer.header("access-control-allow-headers").unwrap());
        assert!(["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"].iter().all(|h| headers.contains(h)));
    }

    /// OPTIONS tells what PATCH takes where there is one
    async fn what_patch_takes_is_told(app) {
        for (path, told) in [
            ("/api/v1/manage/topics/1", Some("application/merge-patch+json, application/json")),
            ("/api/v1/manage/topics", None),
            ("/api/v1/sites", None),
        ] {
            let answer = app.request("OPTIONS", path).send().await;
            assert_eq!(answer.assert_status(204).header("accept-patch"), told, "{path}");
        }
    }

    /// Without a list no script of another origin gets in
    async fn without_a_list_nobody_is_on_it(app) {
        let token = open(app, "a@example.org").access;
        let answer = app.request("GET", "/api/v1/auth/me").header("origin", "https://a.example").bearer(&token).send().await;
        assert_eq!(answer.assert_status(200).header("access-control-allow-origin"), None);
    }

    /// A request with a known token takes one statement more than one without
    async fn authentication_takes_one_statement(app) {
        let token = open(app, "a@example.org").access;
        me(app, &token).await.assert_status(200);
        let before = app.statements();
        app.request("GET", "/api/v1/auth/me?x=1").bearer(&token).send().await.assert_status(400);
        assert_eq!(app.statements() - before, 1);
    }
}
