//! The examples of the document are answers that the server gives: on the sample content, at a fixed time, with a fixed key.
//!
//! `UPDATE_EXAMPLES=1 cargo test --test api examples` writes the answers anew; the requests in the files stay. The document
//! has them from the next build on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::app::Setup;
use crate::support::spec::{self, Operation};
use crate::support::{TestApp, on_both};

/// When the examples were asked for: every article of the sample that is for readers is out.
const NOW: &str = "2026-11-01T04:00:00Z";

const CURSOR_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// With this the sample gives the same answers on every run.
pub fn repeatable(setup: Setup) -> Setup {
    setup.var("MASTHEAD_CURSOR_KEY", CURSOR_KEY)
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

/// The operations that have examples: those of readers. Tokens and keys are new each time, and what management does has a guide of
/// its own, `docs/editing.md`, which is run as a test too.
fn shown() -> impl Iterator<Item = &'static Operation> {
    spec::operations().iter().filter(|operation| {
        operation.value["security"].is_null() && operation.value["tags"][0] != "tokens"
    })
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
    for operation in shown() {
        let name = format!("{}.json", operation.id);
        assert!(
            files.remove(&name),
            "write openapi/examples/{name} with a `request`, add `{}` to src/http/examples.rs, and run \
             UPDATE_EXAMPLES=1 cargo test --test api examples",
            operation.id
        );
        let shown = &operation.value["responses"]["200"]["content"]["application/json"]["example"];
        let answer = &example(&operation.id).unwrap()["answer"];
        assert!(
            is_update() || answer.is_object() && shown == answer,
            "the document does not show {name}"
        );
    }
    assert!(files.is_empty(), "no operations have these: {files:?}");
}

on_both! {
    /// Every example is what the server answers
    async fn every_example_is_an_answer(app, repeatable) {
        fill(app);
        for operation in shown() {
            let Some(mut example) = example(&operation.id) else { continue };
            let request = example["request"].as_str().unwrap().to_owned();
            assert!(is_instance(&request, &operation.template), "{request} is not {}", operation.template);
            let answer = send(app, operation, &request).await;
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
        for operation in shown() {
            for only_required in [true, false] {
                let answer = send(app, operation, &filled_in(operation, only_required)).await;
                assert_ne!(answer["items"], json!([]), "{} finds nothing", operation.id);
            }
        }
    }
}

/// The good answer to a request of an operation.
async fn send(app: &TestApp, operation: &Operation, path: &str) -> Value {
    let method = operation.method.to_ascii_uppercase();
    let answer = app.request(&method, path).send().await;
    answer.assert_status(200).json()
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
