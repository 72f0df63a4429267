//! The spec keeps its word: the committed file is current, and every operation can be called and answers as announced.

use std::future::poll_fn;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::Poll;

use actix_web::http::Method;
use awc::http::header::{HeaderMap, HeaderName, HeaderValue};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::support::app::{Setup, run};
use crate::support::client::Answer;
use crate::support::spec::{self, Operation};
use crate::support::{Backend, Portal, TestApp, on_both};

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

    /// Every operation gives every answer that the spec announces, faults of the server apart, as the spec says
    async fn every_operation_answers_as_announced(app) {
        app.import(&full_portal());
        // So that `a2` has a slug of former times.
        app.import(&Portal::new("demo").article("a2", |a| a.category("news/local").slug("a2-now")));
        app.import(&full_portal());
        // Last-Modified has whole seconds: in the second of a change nothing is unchanged since.
        app.set_clock("2026-01-15T05:00:00Z");
        let mut faults = Vec::new();
        for operation in spec::operations() {
            if let Err(fault) = exercise(app, operation).await {
                faults.push(format!("{} ({} {}): {fault}", operation.id, operation.method, operation.template));
            }
        }
        let calls = calls(app).await;
        let announced = calls.iter().filter(|(operation, _)| documents(operation, "413"));
        // The server waits a moment for those whom it refuses.
        for answer in all(announced.map(|(operation, call)| too_large(app, operation, call))).await {
            answer.assert_problem(413, "payload_too_large");
            faults.extend(spec::verdict(&answer).err());
        }
        let called = spec::called();
        let missed = spec::operations().iter().filter(|operation| !called.contains(&operation.id));
        faults.extend(missed.map(|operation| format!("{}: no test has called it", operation.id)));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// A fault of the server is a 500 that says nothing of the cause to the client, and all of it to the log, once
    async fn a_fault_of_the_server_is_told_to_the_log(app) {
        app.import(&full_portal());
        let calls = calls(app).await;
        for table in TABLES {
            app.database().execute(&format!("ALTER TABLE {table} RENAME TO gone_{table}"));
        }
        for (operation, call) in calls.iter().filter(|(operation, _)| is_announced(operation, "500")) {
            let (answer, trace) = call.traced(app, operation).await;
            assert_silent(&answer, 500, "internal", &trace);
            assert_logged(&answer, &trace, &["no such table", "does not exist"]);
        }
        for table in TABLES {
            app.database().execute(&format!("ALTER TABLE gone_{table} RENAME TO {table}"));
        }
        for (operation, call) in &calls {
            call.send(app, operation).await.assert_status(200);
        }
    }

    /// Without its database the server is unavailable, says when to try again, and recovers by itself
    async fn a_lost_database_is_unavailable(app, |s| s.var("MASTHEAD_WORKERS", "8").var("MASTHEAD_DATABASE_CONNECTIONS", "1").var("MASTHEAD_DATABASE_TIMEOUT_S", "1")) {
        if app.database().url.starts_with("sqlite:") {
            without_the_file(app).await;
        } else {
            without_the_server(app).await;
        }
    }
}

/// Tables that operations read; without them each fails.
const TABLES: [&str; 9] = [
    "sites",
    "sources",
    "categories",
    "topics",
    "menus",
    "link_groups",
    "articles",
    "listings",
    "article_changes",
];

/// Announced for whatever may befall any operation, but no fault of the database reaches these.
const BEYOND_FAULTS: [(&str, &str); 3] = [
    ("getLiveness", "500"),
    ("getLiveness", "503"),
    ("getReadiness", "500"),
];

fn is_announced(operation: &Operation, status: &str) -> bool {
    documents(operation, status) && !BEYOND_FAULTS.contains(&(operation.id.as_str(), status))
}

/// Connections cannot be lent out or opened: on SQLite the file is gone and an export holds the only reader.
async fn without_the_file(app: &TestApp) {
    app.import(&full_portal());
    // Ids are the same on a database with the same content. Here nothing may be read yet: what is read on the
    // threads that serve requests opens its connection at the first use.
    let mut prepared = Vec::new();
    run(Setup::new(Backend::Sqlite), async |twin| {
        twin.import(&full_portal());
        prepared = calls(twin).await;
    })
    .await;
    let ((started, has_started), (go_on, release)) = (sync_channel(1), sync_channel(1));
    let stalled = Stalled {
        started,
        release,
        is_free: false,
    };
    let export = app.app.services().export.clone();
    let exporting = std::thread::spawn(move || export.run(stalled, None));
    has_started.recv().unwrap();
    let file = PathBuf::from(app.database().url.trim_start_matches("sqlite:"));
    let aside = file.with_extension("aside");
    std::fs::rename(&file, &aside).unwrap();
    std::fs::create_dir(&file).unwrap();

    let lost = prepared
        .iter()
        .filter(|(operation, _)| is_announced(operation, "503"))
        .map(|(operation, call)| call.traced(app, operation));
    for (answer, trace) in all(lost).await {
        assert_silent(&answer, 503, "unavailable", &trace);
        assert_eq!(answer.header("retry-after"), Some("1"), "{answer}");
        assert_logged(&answer, &trace, &["timed out", "unable to open"]);
    }

    std::fs::remove_dir(&file).unwrap();
    std::fs::rename(&aside, &file).unwrap();
    go_on.send(()).unwrap();
    exporting.join().unwrap().unwrap();
    app.get("/readyz").await.assert_status(200);
}

/// On PostgreSQL the server ends the connections under the application, and later lets it wait too long.
async fn without_the_server(app: &TestApp) {
    app.import(&full_portal());
    let calls = calls(app).await;
    let announced = || {
        calls
            .iter()
            .filter(|(operation, _)| is_announced(operation, "503"))
    };
    for (operation, call) in announced() {
        app.database().execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let (answer, trace) = call.traced(app, operation).await;
        assert_silent(&answer, 503, "unavailable", &trace);
        assert_eq!(answer.header("retry-after"), Some("1"), "{answer}");
        assert_logged(&answer, &trace, &["connection"]);
        call.send(app, operation).await.assert_status(200);
    }
}

/// An answer that takes too long is given up, and says so
#[actix_web::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let setup = Setup::new(Backend::Postgres)
        .var("MASTHEAD_REQUEST_TIMEOUT_S", "1")
        .var("MASTHEAD_DATABASE_CONNECTIONS", "32");
    run(setup, async |app| {
        app.import(&full_portal());
        let calls = calls(app).await;
        let mut holder = app.database().connect();
        let tables = TABLES.join(", ");
        holder
            .batch_execute(&format!(
                "BEGIN; LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"
            ))
            .unwrap();
        // Readiness does not look at these tables.
        let waiting = calls
            .iter()
            .filter(|(operation, _)| operation.template.starts_with("/api/"))
            .map(|(operation, call)| call.traced(app, operation));
        for (answer, trace) in all(waiting).await {
            assert_silent(&answer, 503, "timeout", &trace);
            assert_eq!(answer.header("retry-after"), Some("1"), "{answer}");
            assert_logged(&answer, &trace, &["no answer within"]);
        }
        holder.batch_execute("COMMIT").unwrap();
    })
    .await;
}

/// A destination that tells when it is first written to, and goes on only when it is told to.
struct Stalled {
    started: SyncSender<()>,
    release: Receiver<()>,
    is_free: bool,
}

impl Write for Stalled {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !self.is_free {
            self.started.send(()).ok();
            self.release.recv().ok();
            self.is_free = true;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Drives all of them at once.
async fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures
        .into_iter()
        .map(|future| (Box::pin(future), None))
        .collect();
    poll_fn(move |context| {
        for (future, outcome) in &mut running {
            if outcome.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *outcome = Some(value);
            }
        }
        if running.iter().any(|(_, outcome)| outcome.is_none()) {
            return Poll::Pending;
        }
        let outcomes = running.drain(..).filter_map(|(_, outcome)| outcome);
        Poll::Ready(outcomes.collect())
    })
    .await
}

/// Fails unless `answer` is a problem of the server that tells the client no more than that.
#[track_caller]
fn assert_silent(answer: &Answer, status: u16, code: &str, trace: &str) {
    let problem = answer.assert_problem(status, code);
    assert_eq!(problem["trace_id"], trace, "{answer}");
    let general = match code {
        "internal" => "The server failed; report the trace id if it happens again.",
        "unavailable" => "The server cannot answer just now; try again later.",
        _ => "The answer took too long; try again later.",
    };
    assert_eq!(problem["detail"], general, "{answer}");
    let is_readiness = answer.path.starts_with("/readyz");
    assert_eq!(problem["errors"] == json!([]), !is_readiness, "{answer}");
    let told = format!("{}{:?}", answer.text(), answer.headers).to_lowercase();
    for word in [
        "table", "relation", "sql", "diesel", "r2d2", "pool", "postgres", "lock", "panic", "file",
    ] {
        assert!(!told.contains(word), "it tells of `{word}`: {answer}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
}

/// Fails unless the log has one event of this request, an error with its cause, which has one of `words`.
#[track_caller]
fn assert_logged(answer: &Answer, trace: &str, words: &[&str]) {
    let events = log::of(trace);
    assert_eq!(events.len(), 1, "{answer}\n{events:#?}");
    let event = &events[0];
    assert_eq!(
        (&event["level"], &event["status"]),
        (&json!("ERROR"), &json!(answer.status)),
        "{event}"
    );
    let cause = event["cause"].as_str().unwrap_or_default();
    assert!(
        words.iter().any(|word| cause.contains(word)),
        "{answer}\n{event}"
    );
}

/// The log of this process: errors only, so that the other tests do not fill it.
mod log {
    use super::*;

    static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    static SET_UP: LazyLock<()> = LazyLock::new(|| {
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(tracing::Level::ERROR)
            .with_writer(|| Sink)
            .init();
    });

    struct Sink;

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
            lines.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// A trace id that nobody else uses; from here on there is a log.
    pub fn trace() -> String {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        LazyLock::force(&SET_UP);
        format!("7{:031x}", COUNT.fetch_add(1, Ordering::Relaxed))
    }

    /// The events of a trace.
    pub fn of(trace: &str) -> Vec<Value> {
        let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&lines)
            .lines()
            .filter(|line| line.contains(trace))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// A good request to an operation.
struct Call {
    path: String,
    /// The same for something that there is not, where the path names something.
    unknown: Option<String>,
    body: Option<Value>,
}

impl Call {
    async fn prepare(app: &TestApp, operation: &Operation) -> Result<Self, String> {
        let mut path = operation.template.clone();
        let mut unknown = operation.template.clone();
        let mut query = Vec::new();
        for parameter in &operation.parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            let required = parameter["required"] == true;
            match parameter["in"].as_str() {
                Some("path") => {
                    let place = format!("{{{name}}}");
                    let value = path_sample(app, &operation.template, name).await?;
                    path = path.replace(&place, &value);
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
        let query = query.join("&");
        Ok(Self {
            path: format!("{path}?{query}"),
            unknown: (unknown != operation.template).then(|| format!("{unknown}?{query}")),
            body: body_sample(operation)?,
        })
    }

    async fn send(&self, app: &TestApp, operation: &Operation) -> Answer {
        self.send_to(app, operation, &self.path, None).await
    }

    /// Sends it in a trace of its own.
    async fn traced(&self, app: &TestApp, operation: &Operation) -> (Answer, String) {
        let trace = log::trace();
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        let header = Some(("traceparent", parent.as_str()));
        let answer = self.send_to(app, operation, &self.path, header).await;
        (answer, trace)
    }

    async fn send_to(
        &self,
        app: &TestApp,
        operation: &Operation,
        path: &str,
        header: Option<(&str, &str)>,
    ) -> Answer {
        let mut request = app.request(
            &operation.method.to_ascii_uppercase(),
            path.trim_end_matches('?'),
        );
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        match &self.body {
            Some(body) => request.json(body).send().await,
            None => request.send().await,
        }
    }
}

/// A good request to every operation; fails where there is none.
async fn calls(app: &TestApp) -> Vec<(&'static Operation, Call)> {
    let mut calls = Vec::new();
    for operation in spec::operations() {
        calls.push((operation, Call::prepare(app, operation).await.unwrap()));
    }
    calls
}

/// Provokes each answer that an operation announces. Faults of the server have tests of their own.
async fn exercise(app: &TestApp, operation: &Operation) -> Result<(), String> {
    let call = Call::prepare(app, operation).await?;
    let good = call.send(app, operation).await;
    if !(200..300).contains(&good.status) {
        return Err(format!("a good request fails: {good}"));
    }
    if operation.template.starts_with("/api/")
        && !documents(operation, "400")
        && !documents(operation, "404")
    {
        return Err("it documents neither 400 nor 404".to_owned());
    }
    for (status, _) in spec::members(&operation.value["responses"]) {
        for (answer, code) in provoke(app, operation, &call, &good, status).await? {
            if answer.status.to_string() != *status {
                return Err(format!("expected {status}: {answer}"));
            }
            // Where the way there was not the client's, which is held to the spec by itself.
            spec::verdict(&answer)?;
            if let Some(code) = code {
                answer.assert_problem(answer.status, code);
            }
        }
    }
    Ok(())
}

/// Answers of an operation that should have `status`, each with the code of its problem. A new status needs a line here.
async fn provoke(
    app: &TestApp,
    operation: &Operation,
    call: &Call,
    good: &Answer,
    status: &str,
) -> Result<Vec<(Answer, Option<&'static str>)>, String> {
    let header = |name| good.header(name).ok_or(format!("no {name}: {good}"));
    let conditional = async |name, value: &str| {
        call.send_to(app, operation, &call.path, Some((name, value)))
            .await
    };
    let more = |parameter: &str| format!("{}&{parameter}", call.path);
    Ok(match status {
        "200" => vec![(call.send(app, operation).await, None)],
        "304" => vec![
            (conditional("if-none-match", header("etag")?).await, None),
            (conditional("if-none-match", "*").await, None),
            (
                conditional("if-modified-since", header("last-modified")?).await,
                None,
            ),
        ],
        "308" => {
            let path = call.path.replace("/a2", "/a2-now");
            let answer = call.send_to(app, operation, &path, None).await;
            let target = answer
                .header("location")
                .ok_or(format!("no Location: {answer}"))?;
            if !target.ends_with(call.path.trim_end_matches('?')) {
                return Err(format!("it leads to {target}"));
            }
            vec![(answer, None)]
        }
        "400" => {
            let mut answers = vec![(more("no_such_parameter=1"), "invalid_parameter")];
            for parameter in &operation.parameters {
                let name = parameter["name"].as_str().unwrap_or_default();
                if parameter["in"] == "query" {
                    answers.push((more(&format!("{name}=%00")), "invalid_parameter"));
                }
                if ["cursor", "since"].contains(&name) {
                    answers.push((more(&format!("{name}=AAAA")), "invalid_cursor"));
                }
            }
            let mut sent = Vec::new();
            for (path, code) in answers {
                sent.push((call.send_to(app, operation, &path, None).await, Some(code)));
            }
            sent
        }
        "404" => {
            let unknown = call.unknown.as_ref().ok_or("its path names nothing")?;
            let answer = call.send_to(app, operation, unknown, None).await;
            vec![(answer, Some("not_found"))]
        }
        // These have ways of their own.
        "413" | "500" | "503" => Vec::new(),
        _ => return Err(format!("`provoke` has no way to {status}")),
    })
}

/// What a body larger than the server reads is answered. It is only announced: the server need not wait for it.
async fn too_large(app: &TestApp, operation: &Operation, call: &Call) -> Answer {
    let method = operation.method.to_ascii_uppercase();
    let path = call.path.trim_end_matches('?');
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n");
    let answer = app.raw(head.as_bytes()).await;
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    Answer {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        path: path.to_owned(),
        status: status.parse().unwrap(),
        headers,
        body: body.as_bytes().to_vec().into(),
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
