//! The examples of the document are answers that the server gives: on the sample content, at a fixed time, with a fixed key, to an
//! administrator where the operation asks who is calling. Secrets, which are new each time, are replaced ([`SECRETS`]).
//!
//! `UPDATE_EXAMPLES=1 cargo test --test api examples` writes the answers anew; the requests in the files stay. The document
//! has them from the next build on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use masthead::models::access::Scope;
use serde_json::{Value, json};

use crate::support::app::Setup;
use crate::support::calls::needs_caller;
use crate::support::client::Answer;
use crate::support::media::{Form, jpeg, pdf};
use crate::support::spec::{self, Operation};
use crate::support::{TestApp, on_both};

/// When the examples were asked for: every article of the sample that is for readers is out.
const NOW: &str = "2026-11-01T04:00:00Z";

const CURSOR_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// 32 bytes in base64.
const TOKEN_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Who calls.
const ADMIN: &str = "li.na@example.org";

/// The trace of every request, which the audit log shows.
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A preview link, which each server signs with a key of its own.
const PREVIEW: &str = "mhp_AAAAAAAAACoAAAAAAAAAAwAGSGX_lPQAAAAAAGlpEkB2ZXJpZmllZA";

/// Members whose values are new on every run: how these begin, and what the examples have in their place.
const SECRETS: [(&str, &str, &str); 7] = [
    ("token", "mhp_", PREVIEW),
    (
        "url",
        "http://127.0.0.1:8080/api/v1/preview/",
        "http://127.0.0.1:8080/api/v1/preview/mhp_AAAAAAAAACoAAAAAAAAAAwAGSGX_lPQAAAAAAGlpEkB2ZXJpZmllZA",
    ),
    (
        "access_token",
        "ey",
        "eyJ0eXAiOiJhdCtqd3QifQ.eyJzdWIiOiIxIn0.c2ln",
    ),
    (
        "refresh_token",
        "mhr_",
        "mhr_AAAAAAAAAAEAAAAAAAAAAAAGR9yIlkAA",
    ),
    (
        "key",
        "mh_",
        "mh_0a1b2c3d4e5f_Zm9yIGV4YW1wbGUgb25seSwgbm90IGEga2V5IQ",
    ),
    ("prefix", "", "0a1b2c3d4e5f"),
    ("address_hash", "", "2jmj7l5rSw0yVb_vlWAYkK_YBwk"),
];

/// With this the sample gives the same answers on every run.
pub fn repeatable(setup: Setup) -> Setup {
    setup
        .var("MASTHEAD_CURSOR_KEY", CURSOR_KEY)
        .var("MASTHEAD_TOKEN_KEY", TOKEN_KEY)
}

/// Accounts beside the sample: an administrator, whose access token is returned, an author, and a key.
fn staff(app: &TestApp) -> String {
    let admin = app.account_with_password(ADMIN, "admin");
    app.account("chen.yu@example.org", "author");
    app.api_key(admin, &[Scope::ArticlesRead], None);
    app.sign_in_as(admin)
}

/// The picture of the examples.
fn picture() -> Form {
    Form::of("观测网.jpg", jpeg(1200, 800))
        .text("site", "demo")
        .text("alt", "海面上的观测浮标")
}

/// Files beside the sample: a picture, and a document that nobody needs.
async fn files(app: &TestApp, token: &str) {
    let desk = app.desk_of(token.to_owned());
    desk.taken(&picture()).await;
    desk.uploaded("通知.pdf", pdf("通知")).await;
}

/// An article beside the sample in which text was found that looks injected.
async fn injected(app: &TestApp, token: &str) {
    let article = json!({"site": "demo", "category": "news/institute", "key": "injected", "title": "真钱棋牌与海岸研究", "status": "published",
        "body_html": "<p>真钱棋牌的所长介绍了今年的观测。</p>"});
    let desk = app.desk_of(token.to_owned());
    desk.post("/articles", &article).await.assert_status(201);
}

/// Fills the database with the sample, at the fixed time.
pub fn fill(app: &TestApp) {
    app.set_clock(NOW);
    assert!(app.app.services().import.sample().unwrap().committed);
}

fn is_update() -> bool {
    std::env::var_os("UPDATE_EXAMPLES").is_some()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/examples")
}

/// The example of an operation; `None` without a file.
fn example(id: &str) -> Option<Value> {
    let text = fs::read_to_string(folder().join(format!("{id}.json"))).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{id}.json: {e}")))
}

/// Every operation has an example, the document shows it, and there is no file without an operation
#[test]
fn every_operation_has_an_example() {
    let mut files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    for operation in spec::operations() {
        let name = format!("{}.json", operation.id);
        assert!(
            files.remove(&name),
            "write openapi/examples/{name} with a `request`, add `{}` to src/http/examples.rs, and run \
             UPDATE_EXAMPLES=1 cargo test --test api examples",
            operation.id
        );
        let example = example(&operation.id).unwrap();
        let (answer, body) = (&example["answer"], &example["body"]);
        let responses = &operation.value["responses"];
        let shown = ["200", "201"]
            .map(|status| &responses[status]["content"]["application/json"]["example"]);
        let has_bytes = responses["200"]["content"]["application/octet-stream"].is_object();
        let is_shown = answer.is_object() && shown.contains(&answer)
            || answer.is_null() && (responses["204"].is_object() || has_bytes);
        assert!(is_update() || is_shown, "the document does not show {name}");
        let bodies = spec::members(&operation.value["requestBody"]["content"]);
        // Files are shown by their parts.
        for (media_type, content) in bodies.filter(|(kind, _)| *kind != "multipart/form-data") {
            assert!(
                is_update() || content["example"] == *body,
                "the document does not show the body of {name} as {media_type}"
            );
            let faults: Vec<String> = spec::validator(&content["schema"])
                .iter_errors(body)
                .map(|e| e.to_string())
                .collect();
            assert!(faults.is_empty(), "the body of {name}: {faults:?}");
        }
    }
    assert!(files.is_empty(), "no operations have these: {files:?}");
}

on_both! {
    /// Every example is what the server answers
    async fn every_example_is_an_answer(app, repeatable) {
        fill(app);
        let token = staff(app);
        files(app, &token).await;
        for operation in in_order() {
            if operation.id == "listFindings" {
                injected(app, &token).await;
            }
            let Some(mut example) = example(&operation.id) else { continue };
            if operation.id == "deleteHygieneRule" && is_update() {
                // Its id depends on how many rules come with the program.
                let made = super::examples::example("createHygieneRule").unwrap();
                example["request"] = json!(format!("/api/v1/manage/hygiene-rules/{}", made["answer"]["id"]));
            }
            let request = example["request"].as_str().unwrap().to_owned();
            assert!(is_instance(&request, &operation.template), "{request} is not {}", operation.template);
            let answer = send(app, operation, &request, &example["body"], &token).await;
            assert!((200..300).contains(&answer.status), "{answer}");
            let answer = match answer.media_type() {
                Some("application/json") => without_secrets(answer.json()),
                _ => Value::Null,
            };
            if is_update() {
                example["answer"] = answer;
                let text = format!("{example:#}\n");
                fs::write(folder().join(format!("{}.json", operation.id)), text).unwrap();
            } else {
                assert_eq!(example["answer"], answer, "{request}\nIf this is right: UPDATE_EXAMPLES=1 cargo test --test api examples");
            }
        }
    }

    /// Who fills in only what the document shows, all of it or what must be, gets an answer with something in it
    async fn the_examples_of_parameters_find_something(app, repeatable) {
        fill(app);
        let token = staff(app);
        files(app, &token).await;
        let change = json!({"summary": "Changed"});
        app.desk_of(token.clone()).patch("/articles/42", &change).await.assert_status(200);
        injected(app, &token).await;
        app.desk_of(token.clone()).post("/hygiene-scans", &json!({"dry_run": true})).await.assert_status(201);
        // Or there is nothing to rank.
        app.request("POST", "/api/v1/articles/42/views").header("user-agent", "Mozilla/5.0").send().await.assert_status(200);
        // What is managed has the ids of its own database: the example of a path means nothing here. Nor does that of a file.
        let reads = spec::operations().iter()
            .filter(|o| o.method == "get" && o.id != "getMediaFile" && !(needs_caller(o) && o.template.contains('{')));
        for operation in reads {
            for only_required in [true, false] {
                let path = filled_in(operation, only_required);
                let answer = send(app, operation, &path, &Value::Null, &token).await;
                assert_ne!(answer.assert_status(200).json()["items"], json!([]), "{path} finds nothing");
            }
        }
    }
}

/// The operations: first those that change nothing, last those that show or end what the others did.
fn in_order() -> Vec<&'static Operation> {
    let mut all: Vec<&Operation> = spec::operations().iter().collect();
    all.sort_by_key(
        |operation| match (operation.id.as_str(), operation.method.as_str()) {
            // Before other writes begin runs that go on by themselves.
            ("createHygieneScan", _) => -2,
            ("getHygieneScan" | "listHygieneScans", _) => -1,
            ("changePassword", _) => 5,
            // What they are about comes when all others are through.
            ("listFindings", _) => 3,
            ("repairFindings" | "dismissFindings", _) => 4,
            ("diffRevision" | "getAnalytics" | "getArticleViewHistory" | "listAuditEntries", _) => {
                2
            }
            (_, "get") => -3,
            _ => 1,
        },
    );
    all
}

/// The answer to a request of an operation.
async fn send(
    app: &TestApp,
    operation: &Operation,
    path: &str,
    body: &Value,
    token: &str,
) -> Answer {
    let method = operation.method.to_ascii_uppercase();
    let path = match path.contains(PREVIEW) {
        true => path.replace(PREVIEW, &app.preview_token(42, 1)),
        false => path.to_owned(),
    };
    let mut request = app.request(&method, &path).header("traceparent", TRACE);
    if needs_caller(operation) {
        request = request.bearer(token);
    }
    if operation
        .parameters
        .iter()
        .any(|parameter| parameter["name"] == "If-Match")
    {
        request = request.header("if-match", "*");
    }
    if operation.id == "createMedia" {
        return request.form(&picture()).send().await;
    }
    if body.is_null() {
        return request.send().await;
    }
    let mut body = body.clone();
    if body["refresh_token"].is_string() {
        let user = app.account(&format!("{}@example.org", operation.id), "reader");
        let issued = app.app.services().access.issue_blocking(user).unwrap();
        body["refresh_token"] = json!(issued.refresh_token);
    }
    request.json(&body).send().await
}

/// An answer as an example shows it.
fn without_secrets(mut answer: Value) -> Value {
    replace_secrets(&mut answer);
    answer
}

fn replace_secrets(value: &mut Value) {
    match value {
        Value::Object(members) => {
            // Those of uploads are made up.
            if members.contains_key("sha256")
                && let Some(key) = members.get_mut("key")
            {
                *key = json!("4b0c9e21aa37f6d8c501.jpg");
            }
            for (name, member) in members {
                let secret = SECRETS.iter().find(|(known, start, _)| {
                    known == name && member.as_str().is_some_and(|text| text.starts_with(start))
                });
                match secret {
                    Some((_, _, shown)) => *member = json!(shown),
                    None => replace_secrets(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(replace_secrets),
        _ => {}
    }
}

/// The request that Swagger UI makes of the examples of the parameters.
fn filled_in(operation: &Operation, only_required: bool) -> String {
    let mut path = operation.template.clone();
    let mut query = Vec::new();
    for parameter in &operation.parameters {
        let name = parameter["name"].as_str().unwrap();
        let value = match &parameter["example"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        if parameter["required"] == true {
            let place = format!("{{{name}}}");
            let value =
                value.unwrap_or_else(|| panic!("`{name}` of {} has no example", operation.id));
            match parameter["in"].as_str() {
                // As Swagger UI encodes it.
                Some("path") => path = path.replace(&place, &value.replace('/', "%2F")),
                _ => query.push(format!("{name}={value}")),
            }
        } else if let (Some(value), false, "query") =
            (value, only_required, parameter["in"].as_str().unwrap())
        {
            query.push(format!("{name}={value}"));
        }
    }
    format!("{path}?{}", query.join("&"))
        .trim_end_matches('?')
        .to_owned()
}

/// Whether `request` is one of the operation at `template`; its last parameter may take several segments.
fn is_instance(request: &str, template: &str) -> bool {
    let path = request.split('?').next().unwrap_or_default();
    let wanted: Vec<&str> = template.split('/').collect();
    let segments: Vec<&str> = path.splitn(wanted.len(), '/').collect();
    wanted.len() == segments.len()
        && wanted
            .iter()
            .zip(segments)
            .all(|(wanted, segment)| wanted.starts_with('{') || *wanted == segment)
}
