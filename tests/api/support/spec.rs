//! The OpenAPI document as a judge of answers: which operation a request meant, and whether its answer was announced.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use super::client::Answer;

/// Where components stand in an OpenAPI document, and where in the schemas made from it.
const COMPONENTS: &str = "#/components/schemas/";
const DEFINITIONS: &str = "#/$defs/";

/// The methods that a path may declare.
const METHODS: [&str; 8] = [
    "get", "head", "post", "put", "patch", "delete", "options", "trace",
];

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(masthead::http::openapi::document()).unwrap());

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| operations_of(&DOCUMENT));

/// The schemas of the document under `$defs`, refusing members that they do not name.
static CLOSED_SCHEMAS: LazyLock<Value> = LazyLock::new(|| {
    let mut schemas = DOCUMENT["components"]["schemas"].clone();
    close(&mut schemas);
    schemas
});

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

static CALLED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// One method of one path.
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// In lower case.
    pub method: String,
    /// With `{parameters}`.
    pub template: String,
    /// Its parameters and those of its path, without references.
    pub parameters: Vec<Value>,
    /// All of it.
    pub value: Value,
}

/// The document that the application serves.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// The operations of the application's document.
pub fn operations() -> &'static [Operation] {
    &OPERATIONS
}

/// The ids of the operations that tests of this process have called.
pub fn called() -> BTreeSet<String> {
    CALLED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// The operations of `document`, in its order.
pub fn operations_of(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (template, path) in members(&document["paths"]) {
        for (method, value) in members(path).filter(|(name, _)| METHODS.contains(&name.as_str())) {
            let parameters = [&path["parameters"], &value["parameters"]];
            operations.push(Operation {
                id: value["operationId"].as_str().unwrap_or_default().to_owned(),
                method: method.clone(),
                template: template.clone(),
                parameters: parameters
                    .into_iter()
                    .flat_map(items)
                    .map(|p| resolved(document, p).clone())
                    .collect(),
                value: value.clone(),
            });
        }
    }
    operations
}

/// `value`, or what it refers to.
pub fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'))
    {
        Some(pointer) => document
            .pointer(pointer)
            .unwrap_or_else(|| panic!("nothing stands at {pointer}")),
        None => value,
    }
}

/// The members of an object; none of anything else.
pub fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The items of an array; none of anything else.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Fails unless `answer` is one that its operation announces: status, media type and body. Counts the operation as
/// called. What is not an operation of the document is not judged.
pub fn check(answer: &Answer) {
    let Some(operation) = meant(answer) else {
        return;
    };
    CALLED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(operation.id.clone());
    if let Err(fault) = judge(operation, answer) {
        panic!(
            "the spec of `{}` does not allow this: {fault}\n{answer}",
            operation.id
        );
    }
}

/// What [`check`] would find wrong. Counts nothing.
pub fn verdict(answer: &Answer) -> Result<(), String> {
    meant(answer).map_or(Ok(()), |operation| judge(operation, answer))
}

fn meant(answer: &Answer) -> Option<&'static Operation> {
    let path = answer.path.split('?').next().unwrap_or_default();
    find(answer.method.as_str(), path)
}

/// The operation that a request means: of those whose template fits, the one that is literal for longest.
fn find(method: &str, path: &str) -> Option<&'static Operation> {
    operations()
        .iter()
        .filter(|operation| operation.method.eq_ignore_ascii_case(method))
        .filter(|operation| fits(&operation.template, path))
        .max_by_key(|operation| {
            operation
                .template
                .split('/')
                .map(|s| !s.starts_with('{'))
                .collect::<Vec<_>>()
        })
}

/// Whether `path` is an instance of `template`. A parameter takes one segment; a last one called `path` takes all that remain.
fn fits(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let mut wanted = template.split('/').peekable();
    while let Some(part) = wanted.next() {
        let Some(segment) = segments.next() else {
            return false;
        };
        let parameter = part.starts_with('{') && part.ends_with('}');
        if parameter && segment.is_empty() || !parameter && part != segment {
            return false;
        }
        if part == "{path}" && wanted.peek().is_none() {
            return true;
        }
    }
    segments.next().is_none()
}

fn judge(operation: &Operation, answer: &Answer) -> Result<(), String> {
    let status = answer.status.to_string();
    let responses = &operation.value["responses"];
    let response = responses
        .get(&status)
        .ok_or("the status is not documented")?;
    // A part is a part of what the whole would be.
    let response = match answer.status {
        206 => &responses["200"],
        _ => response,
    };
    let response = resolved(document(), response);
    let Some(content) = response["content"]
        .as_object()
        .filter(|content| !content.is_empty())
    else {
        return if answer.body.is_empty() {
            Ok(())
        } else {
            Err("the body is not documented".to_owned())
        };
    };
    let media_type = answer.media_type().ok_or("there is no content type")?;
    // Bytes may say more exactly what they are.
    if content.contains_key("application/octet-stream") {
        return Ok(());
    }
    let documented = content
        .get(media_type)
        .ok_or_else(|| format!("the content type {media_type} is not documented"))?;
    if !media_type.ends_with("json") {
        return Ok(());
    }
    let body: Value =
        serde_json::from_slice(&answer.body).map_err(|e| format!("the body is not JSON: {e}"))?;
    let faults: Vec<String> = validator(&documented["schema"])
        .iter_errors(&body)
        .map(|fault| format!("  `{}`: {fault}", fault.instance_path()))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(format!("the body is not valid\n{}", faults.join("\n")))
    }
}

/// The validator of a schema of the document, compiled once.
pub fn validator(schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled =
        validators.entry(schema.to_string()).or_insert_with(|| {
            let mut whole = json!({ "allOf": [schema], "$defs": *CLOSED_SCHEMAS });
            rewrite_references(&mut whole);
            let options = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true);
            Arc::new(options.build(&whole).unwrap_or_else(|e| {
                panic!("a schema of the document is not valid: {e}\n{schema:#}")
            }))
        });
    Arc::clone(compiled)
}

fn rewrite_references(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(COMPONENTS)
            {
                *reference = format!("{DEFINITIONS}{name}");
            }
            members.values_mut().for_each(rewrite_references);
        }
        Value::Array(items) => items.iter_mut().for_each(rewrite_references),
        _ => {}
    }
}

/// Makes every object schema refuse members that it does not name. Schemas made of others with `allOf` stay open,
/// because their parts cannot know each other's members.
fn close(schemas: &mut Value) {
    let mut parts = BTreeSet::new();
    parts_of_others(schemas, &mut parts);
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        if !parts.contains(&format!("{COMPONENTS}{name}")) && schema.get("allOf").is_none() {
            close_objects(schema);
        }
    }
}

fn parts_of_others(value: &Value, parts: &mut BTreeSet<String>) {
    parts.extend(
        items(&value["allOf"])
            .filter_map(|part| part["$ref"].as_str())
            .map(str::to_owned),
    );
    members(value).for_each(|(_, member)| parts_of_others(member, parts));
    items(value).for_each(|item| parts_of_others(item, parts));
}

fn close_objects(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if members.get("properties").is_some_and(Value::is_object)
        && !members.contains_key("additionalProperties")
    {
        members.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    for (_, property) in members
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        close_objects(property);
    }
    if let Some(item) = members.get_mut("items") {
        close_objects(item);
    }
}
