//! The spec keeps its word: the committed file is current, and every operation can be called and answers as announced.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::spec::{self, Operation};
use crate::support::{Portal, TestApp, on_both};

/// Larger than any id that is in use, and the largest that is allowed.
const UNKNOWN_ID: &str = "9007199254740991";

/// The committed document is the one that the code describes
#[test]
fn the_committed_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/v1.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let current = format!(
        "{}\n",
        masthead::http::openapi::document()
            .to_pretty_json()
            .unwrap()
    );
    if let Some(difference) = first_difference(&committed, &current) {
        panic!(
            "openapi/v1.json is not what the code describes; after a look at the change run\n\n    \
             cargo run -- openapi > openapi/v1.json\n\n{difference}"
        );
    }
}

/// Where two texts part, for people.
fn first_difference(committed: &str, current: &str) -> Option<String> {
    if committed == current {
        return None;
    }
    let differing = committed
        .lines()
        .zip(current.lines())
        .enumerate()
        .find(|(_, (old, new))| old != new);
    Some(match differing {
        Some((index, (old, new))) => format!("line {}:\n- {old}\n+ {new}", index + 1),
        None => format!(
            "one has {} lines, the other {}",
            committed.lines().count(),
            current.lines().count()
        ),
    })
}

on_both! {
    /// What is served is what is committed
    async fn the_document_is_served(app) {
        let answer = app.get("/openapi.json").await;
        assert_eq!(&answer.assert_status(200).json(), spec::document());
    }

    /// Every operation answers a good request with success and a bad one with a problem, both as the spec says
    async fn every_operation_answers_as_announced(app) {
        app.import(&full_portal());
        let mut faults = Vec::new();
        for operation in spec::operations() {
            if let Err(fault) = exercise(app, operation).await {
                faults.push(format!("{} ({} {}): {fault}", operation.id, operation.method, operation.template));
            }
        }
        let called = spec::called();
        let missed = spec::operations().iter().filter(|operation| !called.contains(&operation.id));
        faults.extend(missed.map(|operation| format!("{}: no test has called it", operation.id)));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

async fn exercise(app: &TestApp, operation: &Operation) -> Result<(), String> {
    let mut good = operation.template.clone();
    let mut unknown = operation.template.clone();
    let mut query = Vec::new();
    for parameter in &operation.parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let required = parameter["required"] == true;
        match parameter["in"].as_str() {
            Some("path") => {
                let place = format!("{{{name}}}");
                let value = path_sample(app, &operation.template, name).await?;
                good = good.replace(&place, &value);
                let integer =
                    spec::resolved(spec::document(), &parameter["schema"])["type"] == "integer";
                unknown =
                    unknown.replace(&place, if integer { UNKNOWN_ID } else { "no-such-thing" });
            }
            Some("query") if required => query.push(format!("{name}={}", query_sample(name)?)),
            _ if required => {
                return Err(format!(
                    "`{name}` is required and this test has no value for it"
                ));
            }
            _ => {}
        }
    }
    let body = body_sample(operation)?;
    let query = query.join("&");

    let answer = send(app, operation, &format!("{good}?{query}"), body.as_ref()).await;
    if !(200..300).contains(&answer.status) {
        return Err(format!("a good request fails: {answer}"));
    }

    let mut bad = Vec::new();
    if documents(operation, "400") {
        bad.push((400, format!("{good}?{query}&no_such_parameter=1")));
    }
    if documents(operation, "404") && unknown != operation.template {
        bad.push((404, format!("{unknown}?{query}")));
    }
    if bad.is_empty() && operation.template.starts_with("/api/") {
        return Err("it documents neither 400 nor 404".to_owned());
    }
    for (status, path) in bad {
        let answer = send(app, operation, &path, body.as_ref()).await;
        if answer.status != status {
            return Err(format!("expected a problem with {status}: {answer}"));
        }
        answer.problem(status);
    }
    Ok(())
}

async fn send(app: &TestApp, operation: &Operation, path: &str, body: Option<&Value>) -> Answer {
    let request = app.request(
        &operation.method.to_ascii_uppercase(),
        path.trim_end_matches('?'),
    );
    match body {
        Some(body) => request.json(body).send().await,
        None => request.send().await,
    }
}

fn documents(operation: &Operation, status: &str) -> bool {
    operation.value["responses"].get(status).is_some()
}

/// What [`full_portal`] has for the parameter `name` of `template`. A new path parameter needs a line here.
async fn path_sample(app: &TestApp, template: &str, name: &str) -> Result<String, String> {
    let place = format!("/{{{name}}}");
    let before = template.split(&place).next().unwrap_or_default();
    let resource = before.rsplit('/').next().unwrap_or_default();
    Ok(match (resource, name) {
        ("sites", "site") => "demo".to_owned(),
        ("menus", "key") => "main".to_owned(),
        ("categories", "path") => "news/local".to_owned(),
        ("articles", "slug") => "a2".to_owned(),
        ("articles", "id") => app.article_id("a2").await.to_string(),
        ("categories", "id") => first_id(app, "/api/v1/sites/demo/categories").await,
        ("topics", "id") => first_id(app, "/api/v1/sites/demo/topics").await,
        ("sources", "id") => first_id(app, "/api/v1/sources").await,
        _ => {
            return Err(format!(
                "`path_sample` has no value for `{name}` after `{resource}`"
            ));
        }
    })
}

async fn first_id(app: &TestApp, list: &str) -> String {
    app.get(list).await.assert_status(200).json()["items"][0]["id"].to_string()
}

/// A value for a required query parameter. A new one needs a line here.
fn query_sample(name: &str) -> Result<&'static str, String> {
    match name {
        "q" => Ok("article"),
        _ => Err(format!("`query_sample` has no value for `{name}`")),
    }
}

/// A body for an operation that takes one. A new one needs a line here.
fn body_sample(operation: &Operation) -> Result<Option<Value>, String> {
    match operation.id.as_str() {
        _ if operation.value["requestBody"].is_null() => Ok(None),
        id => Err(format!("`body_sample` has no body for `{id}`")),
    }
}

/// A portal with something of everything, so that every part of every answer has a value somewhere.
fn full_portal() -> Portal {
    let file = json!([{"name": "Annex", "url": "https://example.org/a.pdf", "media_type": "application/pdf", "size": 1000,
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]);
    let people = json!([{"role": "author", "kind": "person", "name": "Li Wei", "affiliation": "Example Institute", "key": "li-wei"}]);
    let translation = json!([{"locale": "zh-Hans", "title": "文章", "body_html": "<h2>标题</h2><p>正文</p>",
        "contributors": [{"key": "li-wei", "name": "李伟", "affiliation": null}], "keywords": ["科学"]}]);
    Portal::new("demo")
        .site(|s| {
            s.set("locales", ["en", "zh-Hans"])
                .set("owner", "Example Institute")
                .set("home_label", "Home")
                .set("copyright", "Example Institute")
                .set("copyright_notice", "All rights of {site}")
                .set("url_template", "https://demo.example.org/{path}")
                .set("registrations", json!([{"kind": "icp", "number": "1", "url": "https://example.org"}]))
                .set("contacts", json!([{"kind": "phone", "label": "Tel", "value": "1"}]))
                .set("credits", json!([{"label": "Made by", "value": "Example"}]))
                .set("blocks", json!([{"kind": "motto", "text": "Text", "attribution": "Someone"}]))
                .set("visitors", 7)
        })
        .source("s1")
        .category("news/local")
        .menu("main", json!([{"label": "News", "category": "news", "children": [{"label": "Out", "url": "https://example.org"}]}]))
        .link_group("partners", json!([{"label": "Partner", "url": "https://example.org"}]))
        .topic("t1")
        .article("a1", |a| a.category("news/local"))
        .article("a2", |a| {
            a.category("news/local")
                .sources(&["s1"])
                .topics(&["t1"])
                .body("<h2>Heading</h2><p>Text.</p>")
                .set("subtitle", "Subtitle")
                .set("summary", "Summary")
                .set("summary_label", "Abstract")
                .set("byline", "Li Wei")
                .set("source_line", "Source s1")
                .set("event_date", "2026-01-09")
                .set("keywords", ["science"])
                .set("cover", "https://example.org/a.jpg")
                .set("contributors", people)
                .set("attachments", file)
                .set("audio", json!([{"url": "https://example.org/a.mp3", "media_type": "audio/mpeg", "duration_s": 60}]))
                .set("related", ["a1"])
                .set("views", 5)
                .set("translations", translation)
        })
        .article("a3", |a| a.category("news/local"))
}
