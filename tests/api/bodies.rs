//! What the document says of a body and what the server reads are the same, for every operation that takes one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::calls::{Call, full_portal};
use crate::support::client::Answer;
use crate::support::spec::{self, Operation, items, members, resolved};
use crate::support::{TestApp, on_both};

/// Bodies in which one of several members is asked for: the fault then stands at the first of them, which no schema requires.
const ONE_OF_SEVERAL: [(&str, &str); 4] = [
    ("createArticle", "category"),
    ("createCategory", "slug"),
    ("repairFindings", "article_id"),
    ("repairFindings", "replace"),
];

/// The schema of the body of an operation.
fn schema(operation: &Operation) -> Option<&'static Value> {
    let body = spec::operations().iter().find(|o| o.id == operation.id)?;
    let schema = &body.value["requestBody"]["content"]["application/json"]["schema"];
    schema
        .is_object()
        .then(|| resolved(spec::document(), schema))
}

/// The names that a fault on an unknown member lists.
fn known(answer: &Answer) -> BTreeSet<String> {
    let problem = answer.assert_problem(422, "invalid_body");
    let fault = items(&problem["errors"]).find(|fault| fault["code"] == "unknown_member");
    let detail = fault
        .and_then(|fault| fault["detail"].as_str())
        .unwrap_or_default();
    let (_, list) = detail
        .split_once("known are ")
        .unwrap_or_else(|| panic!("no list of members: {answer}"));
    list.split(", ").map(str::to_owned).collect()
}

async fn send(app: &TestApp, call: &Call, body: Value) -> Answer {
    // A version that nothing has: what is wrong with the body comes first, and nothing is changed.
    let call = call.with_body(body);
    match call.takes_if_match() {
        true => call.send_with(app, &[("if-match", "\"999999\"")]).await,
        false => call.send(app).await,
    }
}

on_both! {
    /// The members that the server knows are those of the schema, and those that it asks for are the required ones
    async fn readers_and_schemas_agree(app) {
        app.import(&full_portal());
        let mut faults = Vec::new();
        for operation in spec::operations() {
            let Some(schema) = schema(operation) else { continue };
            let id = operation.id.as_str();
            let call = Call::prepare(app, operation).await.unwrap();
            let read = known(&send(app, &call, json!({"no_such_member": 1})).await);
            let documented: BTreeSet<String> = members(&schema["properties"]).map(|(name, _)| name.clone()).collect();
            if read != documented {
                faults.push(format!("{id}: the server reads {read:?}, the schema has {documented:?}"));
            }
            let mut required: BTreeSet<String> = items(&schema["required"]).filter_map(Value::as_str).map(str::to_owned).collect();
            required.extend(ONE_OF_SEVERAL.iter().filter(|(of, _)| *of == id).map(|(_, name)| (*name).to_owned()));
            let answer = send(app, &call, json!({})).await;
            let errors = match answer.status {
                422 => answer.assert_problem(422, "invalid_body")["errors"].clone(),
                _ => Value::Null,
            };
            let asked: BTreeSet<String> = items(&errors).filter(|fault| fault["code"] == "required")
                .filter_map(|fault| fault["pointer"].as_str()?.strip_prefix('/')).map(str::to_owned).collect();
            if asked != required {
                faults.push(format!("{id}: the server asks for {asked:?}, the schema requires {required:?}: {answer}"));
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// What only answers have is called read-only, not unknown
    async fn members_of_answers_are_read_only(app) {
        app.import(&full_portal());
        let mut faults = Vec::new();
        for operation in spec::operations().iter().filter(|o| o.method == "patch") {
            let Some(schema) = schema(operation) else { continue };
            let call = Call::prepare(app, operation).await.unwrap();
            let good = &operation.value["responses"]["200"]["content"]["application/json"]["schema"];
            let answered = resolved(spec::document(), good);
            for (name, _) in members(&answered["properties"]) {
                if schema["properties"][name].is_object() {
                    continue;
                }
                let answer = send(app, &call, json!({name.clone(): null})).await;
                let problem = answer.assert_problem(422, "invalid_body");
                let fault = &problem["errors"][0];
                if fault["code"] != "read_only" || fault["pointer"] != format!("/{name}") {
                    faults.push(format!("{}: {fault}", operation.id));
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// A member that is given twice, or with a value of another kind, is named; and what the schema bounds, the server does
    async fn bounds_of_schemas_are_kept(app) {
        app.import(&full_portal());
        let mut faults = Vec::new();
        for operation in spec::operations() {
            let Some(schema) = schema(operation) else { continue };
            let call = Call::prepare(app, operation).await.unwrap();
            let good = call.body.clone().unwrap();
            for (name, property) in members(&schema["properties"]) {
                for (value, what) in beyond(resolved(spec::document(), property)) {
                    let mut body = good.clone();
                    body[name] = value;
                    let answer = send(app, &call, body).await;
                    let named = match answer.status {
                        422 => answer.assert_problem(422, "invalid_body")["errors"].clone(),
                        _ => Value::Null,
                    };
                    let is_named = items(&named).filter_map(|f| f["pointer"].as_str())
                        .any(|at| at.strip_prefix('/').is_some_and(|at| at.split('/').next() == Some(name)));
                    if !is_named {
                        let start: String = answer.text().chars().take(200).collect();
                        faults.push(format!("{}: {name} {what}: {} {start}", operation.id, answer.status));
                    }
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

/// Values that a property does not take, and why.
fn beyond(property: &Value) -> Vec<(Value, &'static str)> {
    let mut values = vec![
        (json!({"a": [1]}), "of another kind"),
        (json!([[{}]]), "of another kind"),
    ];
    let kinds: Vec<&str> = match &property["type"] {
        Value::String(one) => vec![one],
        several => items(several).filter_map(Value::as_str).collect(),
    };
    if property["oneOf"].is_array()
        || property["properties"].is_object()
        || property["type"] == "object"
    {
        // Known by its own schema, which may be an object.
        return vec![
            (json!(7), "of another kind"),
            (json!([7]), "of another kind"),
        ];
    }
    if kinds.contains(&"string") {
        values.push((json!(7), "of another kind"));
        if let Some(max) = property["maxLength"]
            .as_u64()
            .and_then(|max| usize::try_from(max).ok())
            .filter(|max| *max < 100_000)
        {
            values.push((json!("x".repeat(max + 1)), "longer than maxLength"));
        }
        if let Some(min) = property["minLength"]
            .as_u64()
            .and_then(|min| usize::try_from(min).ok())
            .filter(|min| *min > 0)
        {
            values.push((json!("x".repeat(min - 1)), "shorter than minLength"));
        }
    }
    if kinds.contains(&"integer") {
        values.push((json!("7"), "of another kind"));
        values.push((json!(1.5), "of another kind"));
        if let Some(max) = property["maximum"].as_i64() {
            values.push((json!(max + 1), "above the maximum"));
        }
        if let Some(min) = property["minimum"].as_i64() {
            values.push((json!(min - 1), "below the minimum"));
        }
    }
    if kinds.contains(&"array") {
        values.push((json!("x"), "of another kind"));
        if let Some(max) = property["maxItems"]
            .as_u64()
            .and_then(|max| usize::try_from(max).ok())
        {
            values.push((
                Value::Array(vec![json!(null); max + 1]),
                "longer than maxItems",
            ));
        }
    }
    if kinds.contains(&"boolean") {
        values.push((json!("true"), "of another kind"));
    }
    values
}
