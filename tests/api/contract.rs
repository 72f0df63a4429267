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
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use masthead::models::access::Scope;
use masthead::models::reply::RequestKey;
use masthead::models::time::Ts;
use masthead::service::export::ExportOptions;
use masthead::store;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::app::{Setup, run};
use crate::support::calls::{Call, UNKNOWN_ID, calls, documents, full_portal, needs_caller};
use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::media::{Form, pdf};
use crate::support::spec::{self, Operation};
use crate::support::{Backend, Portal, TestApp, on_both};

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
        // So that `a2` has a slug of former times, and its category a path.
        app.import(&Portal::new("demo").article("a2", |a| a.category("news/local").slug("a2-now")).with(
            Record::new("category").set("site", "demo").set("path", "news/local").set("former_paths", json!([{"path": "news/local-then"}]))));
        app.import(&full_portal());
        // Last-Modified has whole seconds: in the second of a change nothing is unchanged since.
        app.set_clock("2026-01-15T05:00:00Z");
        let mut faults = Vec::new();
        // Writes come last: after them everything was modified in this very second.
        let (writing, reading): (Vec<_>, Vec<_>) = spec::operations().iter().partition(|o| needs_caller(o));
        for operation in reading.into_iter().chain(writing) {
            if let Err(fault) = exercise(app, operation).await {
                faults.push(format!("{} ({} {}): {fault}", operation.id, operation.method, operation.template));
            }
        }
        let calls = calls(app).await;
        let announced = calls.iter().filter(|call| documents(call.operation, "413"));
        // The server waits a moment for those whom it refuses.
        for answer in all(announced.map(|call| too_large(app, call))).await {
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
        let announced: Vec<&Call> = calls.iter().filter(|call| is_announced(call.operation, "500")).collect();
        let (accounts, others): (Vec<&Call>, Vec<&Call>) = announced.into_iter().partition(|call| is_of_accounts(call.operation));
        for (tables, calls) in [(TABLES.as_slice(), others), (&ACCOUNT_TABLES, accounts)] {
            for table in tables {
                app.database().execute(&format!("ALTER TABLE {table} RENAME TO gone_{table}"));
            }
            for call in calls {
                let (answer, trace) = traced(app, call).await;
                assert_silent(&answer, 500, "internal", &trace);
                assert_logged(&answer, &trace, &["no such table", "does not exist"]);
            }
            for table in tables {
                app.database().execute(&format!("ALTER TABLE gone_{table} RENAME TO {table}"));
            }
        }
        for call in &calls {
            assert_good(&call.send(app).await);
        }
    }

    /// Without its database the server is unavailable, says when to try again, and recovers by itself
    async fn a_lost_database_is_unavailable(app, |s| s.var("MASTHEAD_WORKERS", "8").var("MASTHEAD_DATABASE_CONNECTIONS", "1").var("MASTHEAD_DATABASE_TIMEOUT_S", "1").var("MASTHEAD_HEADER_TIMEOUT_S", "60")) {
        if app.database().url.starts_with("sqlite:") {
            without_the_file(app).await;
        } else {
            without_the_server(app).await;
        }
    }
}

/// Tables that operations read; without them each fails.
const TABLES: [&str; 14] = [
    "counting_policies",
    "sites",
    "sources",
    "categories",
    "topics",
    "menus",
    "link_groups",
    "script_phrases",
    "hygiene_rules",
    "hygiene_scans",
    "articles",
    "media",
    "listings",
    "article_changes",
];

/// The same of operations on accounts and keys. Without them nobody is let in.
const ACCOUNT_TABLES: [&str; 4] = ["users", "sessions", "api_keys", "audit_log"];

fn is_of_accounts(operation: &Operation) -> bool {
    let of_accounts = [
        "/auth/",
        "/manage/users",
        "/manage/api-keys",
        "/manage/audit-log",
    ];
    of_accounts
        .iter()
        .any(|part| operation.template.contains(part))
}

/// Announced for whatever may befall any operation, but no fault of the database reaches these.
const BEYOND_FAULTS: [(&str, &str); 5] = [
    ("getJwks", "500"),
    ("getJwks", "503"),
    ("getLiveness", "500"),
    ("getLiveness", "503"),
    ("getReadiness", "500"),
];

fn is_announced(operation: &Operation, status: &str) -> bool {
    documents(operation, status) && !BEYOND_FAULTS.contains(&(operation.id.as_str(), status))
}

/// Whether an operation counts: it does so on a connection of its own, which stays open without the file, and is opened anew where the
/// server ended it. Tests of the group commit take the database away from it for good.
fn is_counting(operation: &Operation) -> bool {
    operation.id.starts_with("count")
}

/// Whether a run over everything begins after an operation, beside the next ones.
fn begins_run(operation: &Operation) -> bool {
    operation.template.contains("/manage/hygiene-") && operation.method != "get"
}

/// Connections cannot be lent out or opened: on SQLite the file is gone and an export holds the only reader.
async fn without_the_file(app: &TestApp) {
    app.import(&full_portal());
    // Ids are the same on a database with the same content. Here nothing may be read yet: what is read on the
    // threads that serve requests opens its connection at the first use.
    let mut prepared = Vec::new();
    let mut a2 = 0;
    run(Setup::new(Backend::Sqlite), async |twin| {
        twin.import(&full_portal());
        a2 = twin.article_id("a2").await;
        prepared = calls(twin).await;
    })
    .await;
    // Tokens are good for one server only.
    let user = app.account("admin-of-this@example.org", "admin");
    let issued = app.app.services().access.issue_blocking(user).unwrap();
    for call in &mut prepared {
        call.token = call.token.as_ref().map(|_| issued.access_token.clone());
        if call
            .body
            .as_ref()
            .is_some_and(|body| body["refresh_token"].is_string())
        {
            call.body = Some(json!({"refresh_token": issued.refresh_token}));
        }
        if call.operation.id == "getPreview" {
            call.path = format!("/api/v1/preview/{}", app.preview_token(a2, 1));
        }
    }
    let ((started, has_started), (go_on, release)) = (sync_channel(1), sync_channel(1));
    let stalled = Stalled {
        started,
        release,
        is_free: false,
    };
    let export = app.app.services().export.clone();
    let exporting = std::thread::spawn(move || export.run(stalled, ExportOptions::default()));
    has_started.recv().unwrap();
    let file = PathBuf::from(app.database().url.trim_start_matches("sqlite:"));
    let aside = file.with_extension("aside");
    std::fs::rename(&file, &aside).unwrap();
    std::fs::create_dir(&file).unwrap();

    let lost: Vec<&Call> = prepared
        .iter()
        .filter(|call| is_announced(call.operation, "503") && !is_counting(call.operation))
        .collect();
    // Each waits on a thread that serves requests; more than a few a thread would wait for it too long.
    for few in lost.chunks(16) {
        for (answer, trace) in all(few.iter().map(|call| traced(app, call))).await {
            assert_silent(&answer, 503, "unavailable", &trace);
            assert_eq!(answer.header("retry-after"), Some("1"), "{answer}");
            assert_logged(
                &answer,
                &trace,
                &["timed out", "deadline has elapsed", "unable to open"],
            );
        }
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
    let mut calls = calls(app).await;
    // Who adds up what was counted would else be the one that meets the lost connection, or who looks at everything by new rules.
    calls.sort_by_key(|call| {
        let is_read = call.operation.method == "get";
        (
            is_counting(call.operation),
            begins_run(call.operation),
            !is_read,
        )
    });
    app.app.services().scanning.tend_blocking().unwrap();
    for call in calls
        .iter()
        .filter(|call| is_announced(call.operation, "503"))
    {
        let lose = || {
            app.database().execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        };
        lose();
        let (mut answer, mut trace) = traced(app, call).await;
        if is_counting(call.operation) {
            assert_good(&answer);
            continue;
        }
        let is_harmless =
            call.operation.method == "get" || call.operation.id == "createHygieneScan";
        if is_harmless && answer.status != 503 {
            // A job that looks around was the one that met it.
            lose();
            (answer, trace) = traced(app, call).await;
        }
        assert_silent(&answer, 503, "unavailable", &trace);
        assert_eq!(answer.header("retry-after"), Some("1"), "{answer}");
        assert_logged(&answer, &trace, &["connection"]);
        assert_good(&call.send(app).await);
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
        // Readiness and accounts do not look at these tables. Each waits on a connection of its own, so of management a few
        // stand for all.
        let has_to_wait = |call: &&Call| {
            let template = &call.operation.template;
            match needs_caller(call.operation) {
                true => template.starts_with("/api/v1/manage/topics"),
                false => template.starts_with("/api/") && !is_of_accounts(call.operation),
            }
        };
        let waiting = calls
            .iter()
            .filter(has_to_wait)
            .map(|call| traced(app, call));
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

/// Sends a call in a trace of its own.
async fn traced(app: &TestApp, call: &Call) -> (Answer, String) {
    let trace = log::trace();
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    // A server without its database may close a connection before the client would use it again.
    let headers = [("traceparent", parent.as_str()), ("connection", "close")];
    let answer = call.send_with(app, &headers).await;
    (answer, trace)
}

/// Fails unless the answer is one that the spec calls good.
#[track_caller]
fn assert_good(answer: &Answer) {
    assert!((200..300).contains(&answer.status), "{answer}");
}

/// Answers that should have a status, each with the code of its problem.
type Provoked = Vec<(Answer, Option<&'static str>)>;

/// Provokes each answer that an operation announces. Faults of the server have tests of their own.
async fn exercise(app: &TestApp, operation: &'static Operation) -> Result<(), String> {
    let call = Call::prepare(app, operation).await?;
    if operation.template.starts_with("/api/")
        && !documents(operation, "400")
        && !documents(operation, "404")
    {
        return Err("it documents neither 400 nor 404".to_owned());
    }
    let statuses: Vec<&String> = spec::members(&operation.value["responses"])
        .map(|(status, _)| status)
        .collect();
    // What a write makes stands in the way afterwards, and what it deletes is gone.
    let (before, after): (Vec<&String>, Vec<&String>) = statuses
        .into_iter()
        .partition(|status| operation.method != "get" && *status != "409");
    for status in before {
        expect(provoke_write(app, &call, status).await?, status)?;
    }
    let good = call.send(app).await;
    if !(200..300).contains(&good.status) {
        return Err(format!("a good request fails: {good}"));
    }
    for status in after {
        let answers = match status.as_str() {
            "409" => conflicts(app, &call).await?,
            _ => provoke(app, &call, &good, status).await?,
        };
        expect(answers, status)?;
    }
    Ok(())
}

/// Fails unless each answer has the status and is what the spec says.
fn expect(answers: Provoked, status: &str) -> Result<(), String> {
    for (answer, code) in answers {
        if answer.status.to_string() != status {
            return Err(format!("expected {status}: {answer}"));
        }
        // Where the way there was not the client's, which is held to the spec by itself.
        spec::verdict(&answer)?;
        if let Some(code) = code {
            answer.assert_problem(answer.status, code);
        }
    }
    Ok(())
}

/// Answers of a reading operation that should have `status`. A new status needs a line here.
async fn provoke(
    app: &TestApp,
    call: &Call,
    good: &Answer,
    status: &str,
) -> Result<Provoked, String> {
    Ok(match status {
        "200" => vec![(call.send(app).await, None)],
        "206" => vec![(call.send_with(app, &[("range", "bytes=0-0")]).await, None)],
        "304" => unchanged(app, call, good).await?,
        "308" => {
            let path = call.path.replace("/a2", "/a2-now");
            let path = path.replace("/news/local", "/news/local-then");
            let answer = call.to(&path).send(app).await;
            let target = answer
                .header("location")
                .ok_or(format!("no Location: {answer}"))?;
            if !target.ends_with(call.path.trim_end_matches('?')) {
                return Err(format!("it leads to {target}"));
            }
            vec![(answer, None)]
        }
        "400" => bad_parameters(app, call).await,
        "401" | "403" | "404" => refusals(app, call, status).await?,
        "410" if call.operation.id == "getPreview" => {
            let a2 = app.article_id("a2").await;
            let over = app.preview_token_until(a2, 1, app.now().0);
            let answer = call.to(&format!("/api/v1/preview/{over}")).send(app).await;
            vec![(answer, Some("preview_expired"))]
        }
        "410" => gone(app, call).await,
        "416" => {
            let answer = call.send_with(app, &[("range", "bytes=999999999-")]).await;
            vec![(answer, Some("range_not_satisfiable"))]
        }
        // These have ways of their own.
        "413" | "500" | "503" => Vec::new(),
        _ => return Err(format!("`provoke` has no way to {status}")),
    })
}

/// Answers about the article `a2` while it is taken back, under the slug that it had once too.
async fn gone(app: &TestApp, call: &Call) -> Provoked {
    let path = format!("/articles/{}/transitions", app.article_id("a2").await);
    let desk = app.desk("admin");
    let go = async |order: Value| {
        let answer = desk.request("POST", &path).header("if-match", "*");
        answer.json(&order).send().await.assert_status(200);
    };
    go(json!({"to": "retracted", "reason": "更正"})).await;
    let mut answers = Vec::new();
    for path in [call.path.clone(), call.path.replace("/a2", "/a2-now")] {
        answers.push((call.to(&path).send(app).await, Some("retracted")));
    }
    // A file would not bring it back.
    go(json!({"to": "draft"})).await;
    go(json!({"to": "published"})).await;
    // So that there is something unchanged since a second that is over.
    let later = app.now().0 + TimeDelta::seconds(20);
    app.set_clock(&later.to_rfc3339());
    answers
}

async fn unchanged(app: &TestApp, call: &Call, good: &Answer) -> Result<Provoked, String> {
    if ["listApiKeys", "listHygieneScans"].contains(&call.operation.id.as_str()) {
        // That a key was used is noted beside the answer: calls before this one may still be at it. So may a run.
        for _ in 0..100 {
            let good = call.send(app).await;
            let etag = good.header("etag").ok_or(format!("no etag: {good}"))?;
            let answer = call.send_with(app, &[("if-none-match", etag)]).await;
            if answer.status == 304 {
                return Ok(vec![(answer, None)]);
            }
        }
    }
    let etag = good.header("etag").ok_or(format!("no etag: {good}"))?;
    let mut asked = vec![("if-none-match", etag), ("if-none-match", "*")];
    match good.header("last-modified") {
        // Live numbers may change within a second.
        Some(_) if good.header("cache-control") == Some("public, no-cache") => {}
        Some(modified) => asked.push(("if-modified-since", modified)),
        // What is private has versions; fixed texts change with the program.
        None if needs_caller(call.operation) || !call.path.starts_with("/api/") => {}
        None => return Err(format!("no last-modified: {good}")),
    }
    let mut answers = Vec::new();
    for header in asked {
        answers.push((call.send_with(app, &[header]).await, None));
    }
    Ok(answers)
}

async fn bad_parameters(app: &TestApp, call: &Call) -> Provoked {
    let more = |parameter: &str| call.to(&format!("{}&{parameter}", call.path));
    let mut bad = vec![(more("no_such_parameter=1"), "invalid_parameter")];
    for parameter in &call.operation.parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        if parameter["in"] == "query" {
            bad.push((more(&format!("{name}=%00")), "invalid_parameter"));
        }
        if parameter["in"] == "query" && parameter["required"] == true {
            let without = call.path.split('?').next().unwrap_or_default();
            bad.push((call.to(without), "invalid_parameter"));
        }
        if ["cursor", "since"].contains(&name) {
            bad.push((more(&format!("{name}=AAAA")), "invalid_cursor"));
        }
    }
    let mut sent = Vec::new();
    for (call, code) in bad {
        sent.push((call.send(app).await, Some(code)));
    }
    sent
}

/// What those are answered who may not ask, or who ask for what there is not.
async fn refusals(app: &TestApp, call: &Call, status: &str) -> Result<Provoked, String> {
    let is_signed = needs_caller(call.operation);
    Ok(match (status, call.operation.id.as_str()) {
        ("401", _) if is_signed => vec![
            (call.by(None).send(app).await, Some("unauthenticated")),
            (
                call.by(Some("x.y.z")).send(app).await,
                Some("invalid_token"),
            ),
        ],
        ("401", "createToken") => {
            let mut body = call.body.clone().unwrap_or_default();
            body["password"] = json!("wrong password");
            vec![(
                call.with_body(body).send(app).await,
                Some("invalid_credentials"),
            )]
        }
        ("401", "refreshToken") => {
            let unknown = json!({"refresh_token": "mhr_AAAAAAAAAAEAAAAAAAAAAAAGR9yIlkAA"});
            vec![(
                call.with_body(unknown).send(app).await,
                Some("invalid_token"),
            )]
        }
        ("403", "changePassword") => {
            let user = app.account("has-a-key@example.org", "admin");
            let (_, key) = app.api_key(user, &Scope::ALL, None);
            vec![(call.by(Some(&key)).send(app).await, Some("forbidden"))]
        }
        ("403", "runBatch") => {
            let nobody = app.token_with(None, &[]);
            vec![(call.by(Some(&nobody)).send(app).await, Some("forbidden"))]
        }
        ("403", _) => {
            let nobody = app.token_with(None, &[]);
            let user = app.account(
                &format!("has-a-key-for-{}@example.org", call.operation.id),
                "admin",
            );
            let (_, key) = app.api_key(user, &[], None);
            vec![
                (call.by(Some(&nobody)).send(app).await, Some("forbidden")),
                (
                    call.by(Some(&key)).send(app).await,
                    Some("insufficient_scope"),
                ),
            ]
        }
        ("404", "runBatch") => {
            let unknown = format!("/manage/topics/{UNKNOWN_ID}");
            let body = batch_of(json!({"method": "DELETE", "path": unknown, "if_match": "*"}));
            vec![(call.with_body(body).send(app).await, Some("not_found"))]
        }
        ("404", "countViews") => {
            let unknown: i64 = UNKNOWN_ID.parse().unwrap_or_default();
            let body = json!({"article_ids": [app.article_id("a2").await, unknown]});
            vec![(call.with_body(body).send(app).await, Some("not_found"))]
        }
        ("404", _) => {
            let unknown = call.unknown.as_ref().ok_or("its path names nothing")?;
            vec![(call.to(unknown).send(app).await, Some("not_found"))]
        }
        _ => return Err(format!("`refusals` has no way to {status}")),
    })
}

fn batch_of(operation: Value) -> Value {
    json!({"operations": [operation]})
}

/// Answers of a writing operation that should have `status`, before its good request. A new status needs a line here.
async fn provoke_write(app: &TestApp, call: &Call, status: &str) -> Result<Provoked, String> {
    let is_batch = call.operation.id == "runBatch";
    let with_type = |media_type: &str, body: String| {
        let request = call.bare(app).header("if-match", "*");
        request.header("content-type", media_type).body(body).send()
    };
    Ok(match status {
        // A file that stalls and a full disk have tests of their own.
        "200" | "201" | "204" | "408" | "413" | "500" | "503" | "507" => Vec::new(),
        "400" => {
            let mut answers = bad_parameters(app, call).await;
            if call.body.is_some() {
                // Who sends nothing where nothing is needed sends no broken JSON.
                let is_needed = call.operation.value["requestBody"]["required"] == true;
                for text in ["{", "", "{} {}"]
                    .into_iter()
                    .filter(|text| is_needed || !text.is_empty())
                {
                    let answer = with_type("application/json", text.to_owned()).await;
                    answers.push((answer, Some("malformed_request")));
                }
            }
            if let Some(form) = &call.form {
                for text in ["", "--", "--x\r\n\r\n"] {
                    let answer = with_type(&form.content_type(), text.to_owned()).await;
                    answers.push((answer, Some("malformed_request")));
                }
            }
            if call.takes_if_match() {
                let answer = call.send_with(app, &[("if-match", "1")]).await;
                answers.push((answer, Some("malformed_request")));
            }
            if takes_key(call) {
                let answer = call.send_with(app, &[("idempotency-key", "a b")]).await;
                answers.push((answer, Some("malformed_request")));
            }
            answers
        }
        "401" | "403" | "404" => refusals(app, call, status).await?,
        "410" => gone(app, call).await,
        "412" if is_batch => {
            let item =
                json!({"method": "DELETE", "path": a_topic(app).await, "if_match": "\"999999\""});
            let answer = call.with_body(batch_of(item)).send(app).await;
            vec![(answer, Some("precondition_failed"))]
        }
        "412" => {
            let mut answers = Vec::new();
            for stale in ["\"999999\"", "W/\"1\"", "\"x\""] {
                let answer = call.send_with(app, &[("if-match", stale)]).await;
                answers.push((answer, Some("precondition_failed")));
            }
            answers
        }
        "415" => {
            let body = call.body.clone().unwrap_or_default().to_string();
            let mut answers = Vec::new();
            for media_type in [
                "text/plain",
                "application/x-www-form-urlencoded",
                "text/json",
            ] {
                let answer = with_type(media_type, body.clone()).await;
                answers.push((answer, Some("unsupported_media_type")));
            }
            answers
        }
        "422" => invalid_bodies(app, call).await,
        "428" if is_batch => {
            let item = json!({"method": "DELETE", "path": a_topic(app).await});
            let answer = call.with_body(batch_of(item)).send(app).await;
            vec![(answer, Some("precondition_required"))]
        }
        "428" => {
            let request = call.bare(app);
            let answer = match &call.body {
                Some(body) => request.json(body).send().await,
                None => request.send().await,
            };
            vec![(answer, Some("precondition_required"))]
        }
        "429" => vec![too_many_attempts(app, call).await],
        _ => return Err(format!("`provoke_write` has no way to {status}")),
    })
}

/// Where a topic is that there is, as a batch names it.
async fn a_topic(app: &TestApp) -> String {
    let list = app.get("/api/v1/sites/demo/topics").await.json();
    format!("/manage/topics/{}", list["items"][0]["id"])
}

/// Whether a call takes an `Idempotency-Key`.
fn takes_key(call: &Call) -> bool {
    let mut parameters = call.operation.parameters.iter();
    parameters.any(|parameter| parameter["name"] == "Idempotency-Key")
}

async fn invalid_bodies(app: &TestApp, call: &Call) -> Provoked {
    let mut answers = Vec::new();
    let bodies = [
        json!({"no_such_member": 1}),
        json!([]),
        json!("x"),
        Value::Null,
    ];
    for body in bodies.into_iter().filter(|_| call.form.is_none()) {
        answers.push((call.with_body(body).send(app).await, Some("invalid_body")));
    }
    if let Some(form) = &call.form {
        for form in [
            Form::new(),
            Form::of("a.html", "<html>"),
            form.clone().text("no_such_part", "1"),
        ] {
            let answer = call.bare(app).form(&form).send().await;
            answers.push((answer, Some("invalid_body")));
        }
    }
    if takes_key(call) {
        let key = format!("reused-by-{}", call.operation.id);
        match needs_caller(call.operation) {
            true => claim(app, call, &key, "another request").await,
            // Readers have their keys in common, and nobody waits for anybody.
            false => {
                let other = ["/api/v1/sites/demo/visits", "/api/v1/articles/1/views"];
                let other = other.into_iter().find(|path| !call.path.starts_with(path));
                let request = app.request("POST", other.unwrap_or_default());
                assert_good(&request.header("idempotency-key", &key).send().await);
            }
        }
        let answer = call.send_with(app, &[("idempotency-key", &key)]).await;
        answers.push((answer, Some("idempotency_key_reused")));
    }
    answers
}

/// Claims an idempotency key of the caller, as if a request of theirs still ran.
async fn claim(app: &TestApp, call: &Call, key: &str, fingerprint: &str) {
    let token = call.token.clone().unwrap_or_default();
    let me = app
        .request("GET", "/api/v1/auth/me")
        .bearer(&token)
        .send()
        .await
        .json();
    let key = RequestKey {
        principal: format!("user-{}", me["id"]),
        key: key.to_owned(),
        fingerprint: fingerprint.to_owned(),
    };
    let conn = &mut app.database().connect();
    store::idempotency::claim(conn, &key, app.now()).unwrap();
}

/// The caller failed too often.
async fn too_many_attempts(app: &TestApp, call: &Call) -> (Answer, Option<&'static str>) {
    use diesel::prelude::*;
    use masthead::schema::sign_in_failures::dsl;
    let mut wrong = call.body.clone().unwrap_or_default();
    for member in ["password", "current_password"] {
        if wrong[member].is_string() {
            wrong[member] = json!("wrong password");
        }
    }
    let failed = call.with_body(wrong).send(app).await;
    assert!(matches!(failed.status, 401 | 422), "{failed}");
    let conn = &mut app.database().connect();
    let later = Ts(app.now().0 + chrono::TimeDelta::seconds(60));
    diesel::update(dsl::sign_in_failures)
        .set(dsl::blocked_until.eq(later))
        .execute(conn)
        .unwrap();
    let answer = call.send(app).await;
    diesel::delete(dsl::sign_in_failures).execute(conn).unwrap();
    (answer, Some("too_many_requests"))
}

/// What stands in the way of an operation, after its good request.
async fn conflicts(app: &TestApp, call: &Call) -> Result<Provoked, String> {
    let mut answers = Vec::new();
    if takes_key(call) {
        let key = format!("runs-for-{}", call.operation.id);
        match &call.form {
            // As a process leaves it that stopped in between.
            Some(_) => {
                let first = call.send_with(app, &[("idempotency-key", &key)]).await;
                assert_good(&first);
                app.database().execute(&format!(
                    "UPDATE idempotency_keys SET status = NULL, headers = NULL, body = NULL WHERE key = '{key}'"
                ));
            }
            None => {
                let mut digest = Sha256::new();
                digest.update(format!(
                    "{} {}",
                    call.method(),
                    call.path.trim_end_matches('?')
                ));
                digest.update([0]);
                digest.update(call.body.clone().unwrap_or_default().to_string());
                let fingerprint = URL_SAFE_NO_PAD.encode(digest.finalize());
                claim(app, call, &key, &fingerprint).await;
            }
        }
        let answer = call.send_with(app, &[("idempotency-key", &key)]).await;
        answers.push((answer, Some("idempotency_key_in_use")));
    }
    if let Some(rival) = rival(app, call).await {
        answers.push((rival.send(app).await, Some("conflict")));
    }
    match answers.is_empty() {
        true => Err("`rival` has no way to 409".to_owned()),
        false => Ok(answers),
    }
}

/// The same request where another record stands in its way. An operation that may meet one needs a line here.
async fn rival(app: &TestApp, call: &Call) -> Option<Call> {
    let manage = "/api/v1/manage";
    Some(match call.operation.id.as_str() {
        // What these make has a name that can be used once.
        "createArticle" | "createSite" | "createCategory" | "createSource" | "createTopic"
        | "createMenu" | "createLinkGroup" | "createScriptPhrase" | "createHygieneRule"
        | "createUser" | "runBatch" => call.clone(),
        "updateArticle" => call.with_body(json!({"slug": "a2"})),
        // A draft was never public.
        "transitionArticle" => call.with_body(json!({"to": "retracted", "reason": "错"})),
        "putTranslation" => call.with_body(json!({"title": "文章", "body_html": "", "slug": "a2"})),
        "updateCategory" => call.with_body(json!({"slug": "local"})),
        "updateScriptPhrase" => {
            let taken = json!({"site": "demo", "hans": "占用", "hant": "佔用"});
            app.desk("admin").made("/script-phrases", &taken).await;
            call.with_body(json!({"hans": "占用", "hant": "佔用"}))
        }
        "updateUser" => {
            app.account("taken@example.org", "reader");
            call.with_body(json!({"email": "taken@example.org"}))
        }
        "deleteUser" => {
            // The caller is the last admin.
            let me = app
                .request("GET", "/api/v1/auth/me")
                .bearer(&app.token("admin"))
                .send()
                .await
                .json();
            let id = &me["id"];
            app.database().execute(&format!(
                "UPDATE users SET role = 'reader' WHERE role = 'admin' AND id <> {id}"
            ));
            call.to(&format!("{manage}/users/{id}"))
        }
        "deleteCategory" => {
            let local = app
                .get("/api/v1/sites/demo/categories/news/local")
                .await
                .json();
            call.to(&format!("{manage}/categories/{}", local["id"]))
        }
        // It came with the program.
        "deleteHygieneRule" => call.to(&format!("{manage}/hygiene-rules/1")),
        "deleteMedia" => {
            let desk = app.desk("admin");
            let file = desk.uploaded("图.pdf", pdf("rival")).await;
            let using = json!({"site": "demo", "category": "news", "title": "用", "attachments": [{"name": "附", "url": file["url"]}]});
            desk.made("/articles", &using).await;
            call.to(&format!("{manage}/media/{}", file["id"]))
        }
        "deleteSource" => {
            let used = app.get("/api/v1/sources").await.json()["items"][0]["id"].to_string();
            call.to(&format!("{manage}/sources/{used}"))
        }
        "deleteSite" => {
            let sites = call.to(&format!("{manage}/sites"));
            let list = app
                .request("GET", &sites.path)
                .bearer(&app.token("admin"))
                .send()
                .await
                .json();
            call.to(&format!("{manage}/sites/{}", list["items"][0]["id"]))
        }
        _ => return None,
    })
}

/// What a body larger than the server reads is answered. It is only announced: the server need not wait for it.
async fn too_large(app: &TestApp, call: &Call) -> Answer {
    let method = call.method();
    let path = call.path.trim_end_matches('?');
    let caller = call
        .token
        .as_ref()
        .map(|token| format!("authorization: Bearer {token}\r\n"));
    let caller = caller.unwrap_or_default();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{caller}content-length: 999999999\r\n\r\n");
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
