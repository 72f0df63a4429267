//! Several writes in one request, and requests that come again.

use diesel::{QueryDsl, RunQueryDsl};
use masthead::schema::idempotency_keys;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::client::Request;
use crate::support::{Portal, TestApp, on_both};

const ARTICLES: &str = "/api/v1/manage/articles";
const BATCH: &str = "/api/v1/manage/batch";

fn admin<'a>(app: &'a TestApp, method: &str, path: &str) -> Request<'a> {
    app.request(method, path).bearer(&app.token("admin"))
}

fn post(title: &str) -> Value {
    let body = json!({"site": "demo", "category": "news", "title": title});
    json!({"method": "POST", "path": "/manage/articles", "body": body})
}

async fn titles(app: &TestApp) -> Vec<String> {
    let list = admin(app, "GET", &format!("{ARTICLES}?limit=100"))
        .send()
        .await
        .json();
    let mut titles: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|article| article["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    titles
}

on_both! {
    /// A batch does all of its operations in order
    async fn a_batch_does_all_of_its_operations_in_order(app) {
        app.import(&Portal::new("demo").article("a1", |a| a));
        let id = app.article_id("a1").await;
        let operations = json!([
            post("B"),
            {"method": "PATCH", "path": format!("/api/v1/manage/articles/{id}"), "if_match": "\"1\"", "body": {"title": "A2"}},
            {"method": "PUT", "path": format!("/manage/articles/{id}/translations/fr"), "if_match": "\"2\"",
             "body": {"title": "F", "body_html": ""}},
            {"method": "POST", "path": "/manage/topics", "body": {"site": "demo", "key": "t", "title": "T"}},
            {"method": "DELETE", "path": format!("/manage/articles/{id}"), "if_match": "\"3\""},
        ]);
        let done = admin(app, "POST", BATCH).json(&json!({"operations": operations})).send().await;
        let items = done.assert_status(200).json()["items"].clone();
        let statuses: Vec<i64> = items.as_array().unwrap().iter().map(|i| i["status"].as_i64().unwrap()).collect();
        assert_eq!(statuses, [201, 200, 200, 201, 204]);
        assert_eq!(items[0]["body"]["title"], "B");
        assert!(items[0]["location"].as_str().unwrap().starts_with(ARTICLES));
        assert_eq!(items[2]["etag"], "\"3\"");
        assert_eq!(items[4]["body"], json!(null));
        assert_eq!(titles(app).await, ["B"]);
        assert_eq!(app.get("/api/v1/sites/demo/topics").await.json()["items"][0]["key"], "t");
    }

    /// One fault undoes a whole atomic batch
    async fn one_fault_undoes_a_whole_atomic_batch(app) {
        app.import(&Portal::new("demo").category("news"));
        let stale = json!({"method": "PATCH", "path": "/manage/articles/77", "if_match": "*", "body": {}});
        for (bad, status, pointer) in [
            (json!({"method": "POST", "path": "/manage/articles", "body": {"site": "demo", "category": "news"}}), 422, "/operations/1/body/title"),
            (json!({"method": "POST", "path": "/manage/articles", "body": [1]}), 422, "/operations/1/body"),
            (json!({"method": "POST", "path": "/manage/articles"}), 422, "/operations/1/body"),
            (json!({"method": "POST", "path": "/manage/articles", "body": {"site": "demo", "category": "nix", "title": "x"}}), 422, "/operations/1/body/category"),
            (stale, 404, "/operations/1"),
            (json!({"method": "PATCH", "path": "/manage/articles/77", "body": {}}), 428, "/operations/1"),
            (json!({"method": "GET", "path": "/manage/articles/77"}), 404, "/operations/1"),
            (json!({"method": "POST", "path": "/manage/batch", "body": {"operations": []}}), 404, "/operations/1"),
            (json!({"method": "POST", "path": "/auth/token", "body": {}}), 404, "/operations/1"),
        ] {
            let body = json!({"operations": [post("A"), bad, post("C")]});
            let refused = admin(app, "POST", BATCH).json(&body).send().await;
            let problem = refused.problem(status);
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{bad}");
        }
        assert!(titles(app).await.is_empty());
    }

    /// A batch that is not atomic reports on each operation
    async fn a_batch_that_is_not_atomic_reports_on_each_operation(app) {
        app.import(&Portal::new("demo").category("news"));
        let bad = json!({"method": "POST", "path": "/manage/articles", "body": {"site": "demo", "category": "news"}});
        let missing = json!({"method": "DELETE", "path": "/manage/articles/77", "if_match": "*"});
        let body = json!({"atomic": false, "operations": [post("A"), bad, missing, post("C")]});
        let done = admin(app, "POST", BATCH).json(&body).send().await.assert_status(200).json();
        let items = done["items"].as_array().unwrap();
        let statuses: Vec<i64> = items.iter().map(|i| i["status"].as_i64().unwrap()).collect();
        assert_eq!(statuses, [201, 422, 404, 201]);
        assert_eq!(items[1]["problem"]["errors"][0]["pointer"], "/title");
        assert_eq!(items[2]["problem"]["code"], "not_found");
        assert_eq!(items[3]["problem"], json!(null));
        assert_eq!(titles(app).await, ["A", "C"]);
    }

    /// The limits and the form of a batch are told
    async fn the_limits_and_the_form_of_a_batch_are_told(app) {
        app.import(&Portal::new("demo").category("news"));
        for (body, pointer) in [
            (json!([]), ""),
            (json!({}), "/operations"),
            (json!({"operations": {}}), "/operations"),
            (json!({"operations": [[]]}), "/operations/0"),
            (json!({"operations": [{"path": "/manage/articles"}]}), "/operations/0/method"),
            (json!({"operations": [], "x": 1}), "/x"),
            (json!({"operations": [], "atomic": "yes"}), "/atomic"),
            (json!({"operations": vec![post("x"); 501]}), "/operations"),
        ] {
            let problem = admin(app, "POST", BATCH).json(&body).send().await.assert_problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
        }
        let twice = admin(app, "POST", &format!("{BATCH}?atomic=true")).json(&json!({"atomic": false, "operations": []}));
        twice.send().await.assert_problem(400, "invalid_parameter");
        let none = admin(app, "POST", BATCH).json(&json!({"operations": []})).send().await;
        assert_eq!(none.assert_status(200).json(), json!({"items": []}));
        let all: Vec<Value> = (0..500).map(|n| post(&format!("Title {n}"))).collect();
        let done = admin(app, "POST", BATCH).json(&json!({"operations": all})).send().await;
        assert_eq!(done.assert_status(200).json()["items"].as_array().unwrap().len(), 500);
    }

    /// Every operation of a batch needs its own rights
    async fn every_operation_of_a_batch_needs_its_own_rights(app) {
        app.import(&Portal::new("demo").category("news"));
        let author = app.token("author");
        let topic = json!({"method": "POST", "path": "/manage/topics", "body": {"site": "demo", "title": "T"}});
        let body = json!({"operations": [post("A"), topic]});
        let refused = app.request("POST", BATCH).bearer(&author).json(&body).send().await;
        refused.assert_problem(403, "forbidden");
        assert!(titles(app).await.is_empty());
        let each = app.request("POST", &format!("{BATCH}?atomic=false")).bearer(&author).json(&body).send().await;
        let items = each.assert_status(200).json()["items"].clone();
        assert_eq!((&items[0]["status"], &items[1]["status"]), (&json!(201), &json!(403)));
    }

    /// A repeated request gets the first answer and does nothing
    async fn a_repeated_request_gets_the_first_answer_and_does_nothing(app) {
        app.import(&Portal::new("demo").category("news"));
        let body = json!({"site": "demo", "category": "news", "title": "A"});
        let send = |key: &str, path: &str, token: &str, body: &Value| {
            app.request("POST", path).bearer(token).header("idempotency-key", key).json(body).send()
        };
        let token = app.token("admin");
        let first = send("k-1", ARTICLES, &token, &body).await;
        first.assert_status(201);
        assert_eq!(first.header("idempotency-replayed"), None);
        let again = send("k-1", ARTICLES, &token, &body).await;
        assert_eq!(again.assert_status(201).body, first.body);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        for name in ["location", "etag"] {
            assert_eq!(again.header(name), first.header(name));
        }
        let other = json!({"site": "demo", "category": "news", "title": "B"});
        send("k-1", ARTICLES, &token, &other).await.assert_problem(422, "idempotency_key_reused");
        send("k-1", "/api/v1/manage/topics", &token, &json!({"site": "demo", "title": "T"})).await
            .assert_problem(422, "idempotency_key_reused");
        send("k-1", ARTICLES, &app.token("editor"), &body).await.assert_status(201);
        assert_eq!(titles(app).await, ["A", "A"], "keys are each caller's own");
        app.set_clock("2026-01-16T04:00:01Z");
        let token = app.token_with(Some(masthead::models::access::Role::Admin), &[(masthead::models::access::Role::Admin, "demo", None)]);
        send("k-1", ARTICLES, &token, &other).await.assert_status(201);
    }

    /// What was done of a batch that was cut off is not done again
    async fn what_was_done_of_a_batch_that_was_cut_off_is_not_done_again(app) {
        app.import(&Portal::new("demo").category("news"));
        let body = json!({"atomic": false, "operations": [post("A"), post("B")]});
        let send = || admin(app, "POST", BATCH).header("idempotency-key", "k").json(&body).send();
        let first = send().await.assert_status(200).json();
        // As a process leaves it that stopped before it could keep the answer to the whole.
        app.database().execute("DELETE FROM idempotency_keys WHERE key = 'k'");
        let again = send().await.assert_status(200).json();
        assert_eq!(again, first);
        assert_eq!(titles(app).await, ["A", "B"]);
    }

    /// A large answer leaves bodies out
    async fn a_large_answer_leaves_bodies_out(app) {
        app.import(&Portal::new("demo").article("a1", |a| a.body(&"x".repeat(1_500_000))));
        let id = app.article_id("a1").await;
        let change = |n: usize| {
            json!({"method": "patch", "path": format!("/manage/articles/{id}"), "if_match": "*", "body": {"title": format!("T{n}")}})
        };
        let operations: Vec<Value> = (0..5).map(change).collect();
        let done = admin(app, "POST", BATCH).json(&json!({"operations": operations})).send().await;
        let items = done.assert_status(200).json()["items"].clone();
        let with_body = items.as_array().unwrap().iter().filter(|item| !item["body"].is_null()).count();
        assert_eq!(with_body, 2);
        assert_eq!(items[4]["etag"], "\"6\"");
    }

    /// A key is free again after a refusal, and after a day
    async fn a_key_is_free_again_after_a_refusal_and_after_a_day(app) {
        app.import(&Portal::new("demo").category("news"));
        let id = app.account("a@example.org", "admin");
        let send = async |key: &str, body: &Value| {
            let token = app.sign_in_as(id);
            app.request("POST", ARTICLES).bearer(&token).header("idempotency-key", key).json(body).send().await
        };
        let bad = json!({"site": "demo", "category": "nowhere", "title": "A"});
        let good = json!({"site": "demo", "category": "news", "title": "A"});
        send("k", &bad).await.assert_problem(422, "invalid_body");
        send("k", &good).await.assert_status(201);
        app.set_clock("2026-01-16T03:59:00Z");
        assert_eq!(send("k", &good).await.header("idempotency-replayed"), Some("true"));
        app.set_clock("2026-01-16T04:00:01Z");
        let later = send("k", &good).await;
        assert_eq!(later.assert_status(201).header("idempotency-replayed"), None);
        for key in ["", "a b", &"k".repeat(256)] {
            send(key, &good).await.assert_problem(400, "malformed_request");
        }
    }

    /// However many answers are kept, those older than a day go
    async fn old_answers_go_however_many_they_are(app) {
        app.import(&Portal::new("demo").category("news"));
        let id = app.account("a@example.org", "admin");
        let send = async |key: &str| {
            let token = app.sign_in_as(id);
            let body = json!({"site": "demo", "category": "news", "title": "旧闻 🗞"});
            app.request("POST", ARTICLES).bearer(&token).header("idempotency-key", key).json(&body).send().await
        };
        send("old").await.assert_status(201);
        app.database().execute(
            "INSERT INTO idempotency_keys (principal, key, fingerprint, claimed_at, status, headers, body) \
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 4500) \
             SELECT principal, key || n, fingerprint, claimed_at, status, headers, body FROM idempotency_keys CROSS JOIN numbers",
        );
        app.set_clock("2026-01-16T05:00:00Z");
        send("new").await.assert_status(201);
        app.app.services().upkeep.clean_up().await.unwrap();
        let count: i64 = idempotency_keys::table.count().get_result(&mut app.database().connect()).unwrap();
        assert_eq!(count, 1);
        assert_eq!(send("new").await.header("idempotency-replayed"), Some("true"));
    }

    /// A request that still runs is not begun a second time
    async fn a_request_that_still_runs_is_not_begun_a_second_time(app) {
        app.import(&Portal::new("demo").category("news"));
        let id = app.account("a@example.org", "admin");
        let body = json!({"site": "demo", "category": "news", "title": "A"});
        let send = async || {
            let token = app.sign_in_as(id);
            app.request("POST", ARTICLES).bearer(&token).header("idempotency-key", "k").json(&body).send().await
        };
        send().await.assert_status(201);
        // As a process leaves it that stopped in between.
        app.database().execute("UPDATE idempotency_keys SET status = NULL, headers = NULL, body = NULL");
        let running = send().await;
        running.assert_problem(409, "idempotency_key_in_use");
        assert_eq!(running.header("retry-after"), Some("1"));
        app.set_clock("2026-01-15T04:06:00Z");
        send().await.assert_status(201);
        assert_eq!(titles(app).await, ["A", "A"]);
    }

    /// Of twenty equal requests at once one is done
    async fn of_twenty_equal_requests_at_once_one_is_done(app) {
        app.import(&Portal::new("demo").category("news"));
        let token = app.token("admin");
        let body = json!({"site": "demo", "category": "news", "title": "A"});
        let answers = join_all((0..20).map(|_| {
            app.request("POST", ARTICLES).bearer(&token).header("idempotency-key", "k").json(&body).send()
        }))
        .await;
        for answer in &answers {
            assert!(matches!(answer.status, 201 | 409), "{answer}");
        }
        assert_eq!(titles(app).await, ["A"]);
    }
}
