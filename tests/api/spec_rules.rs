//! The rules of `SPEC-RULES.md` that a machine can check, one function a rule, and the proof that each finds its breach.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::spec::{self, Operation, items, members, operations_of, resolved};

/// The largest integer that every client can hold.
const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

const PROBLEM: &str = "application/problem+json";

/// A rule: its name, and how to list what breaks it.
type Rule = (&'static str, fn(&Document<'_>) -> Vec<String>);

const RULES: [Rule; 16] = [
    (
        "1 descriptions and operation ids",
        descriptions_and_operation_ids,
    ),
    ("2 schema names", schema_names),
    ("3 unions", unions),
    ("4 named objects", named_objects),
    ("5 property names", property_names),
    ("6 enums", enums),
    ("7 parameters", parameters),
    ("8 numbers", numbers),
    ("9 nullable members", nullable_members),
    ("10 statuses and problems", statuses_and_problems),
    ("11 uploads and feeds", uploads_and_feeds),
    ("12 what generators stumble over", stumbling_blocks),
    ("13 bounds", bounds),
    ("who is calling", callers),
    ("bodies of requests", request_bodies),
    ("conditions and keys", conditions_and_keys),
];

/// The endings of names of schemas that clients send.
const SENT: [&str; 4] = ["Create", "Update", "Replace", "Request"];

/// Schemas of objects whose members are described elsewhere, or nowhere.
const FREE: [&str; 4] = [
    "BatchBody",
    "BatchBodyRequest",
    "AuditedMembers",
    "ReplacementsRequest",
];

/// The request headers that operations may take.
const REQUEST_HEADERS: [&str; 3] = ["Accept-Language", "Idempotency-Key", "If-Match"];

/// What asks who is calling besides everything under `/manage`.
const OWN_ACCOUNT: [&str; 2] = ["/api/v1/auth/me", "/api/v1/auth/password"];

/// The document follows every rule
#[test]
fn the_document_follows_the_rules() {
    let faults = faults_of(spec::document());
    let list: Vec<String> = faults
        .iter()
        .map(|(rule, fault)| format!("rule {rule}: {fault}"))
        .collect();
    assert!(
        list.is_empty(),
        "{} faults against SPEC-RULES.md:\n{}",
        list.len(),
        list.join("\n")
    );
}

fn faults_of(json: &Value) -> Vec<(&'static str, String)> {
    let document = Document::new(json);
    RULES
        .iter()
        .flat_map(|(name, rule)| rule(&document).into_iter().map(|fault| (*name, fault)))
        .collect()
}

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Under its own name in the components.
    Component,
    /// The whole of a JSON body.
    JsonBody,
    /// The whole of a body of any other media type.
    OtherBody,
    /// Anywhere else.
    Inner,
}

/// A schema of the document.
struct Node<'a> {
    at: String,
    name: String,
    place: Place,
    schema: &'a Value,
}

/// A document, taken apart.
struct Document<'a> {
    json: &'a Value,
    operations: Vec<Operation>,
    nodes: Vec<Node<'a>>,
}

impl<'a> Document<'a> {
    fn new(json: &'a Value) -> Self {
        let mut document = Self {
            json,
            operations: operations_of(json),
            nodes: Vec::new(),
        };
        for (name, schema) in members(&json["components"]["schemas"]) {
            document.add(format!("schema {name}"), name, Place::Component, schema);
        }
        for (template, path) in members(&json["paths"]) {
            document.add_parameters(template, &path["parameters"]);
            for (method, operation) in
                members(path).filter(|(_, value)| value["responses"].is_object())
            {
                let at = format!("{method} {template}");
                document.add_parameters(&at, &operation["parameters"]);
                document.add_content(
                    &format!("{at} body"),
                    resolved(json, &operation["requestBody"]),
                );
                for (status, response) in members(&operation["responses"]) {
                    let response = resolved(json, response);
                    document.add_content(&format!("{at} {status}"), response);
                    for (name, header) in members(&response["headers"]) {
                        document.add(
                            format!("{at} {status} header {name}"),
                            name,
                            Place::Inner,
                            &header["schema"],
                        );
                    }
                }
            }
        }
        document
    }

    fn add_parameters(&mut self, at: &str, parameters: &'a Value) {
        for parameter in items(parameters) {
            let parameter = resolved(self.json, parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            self.add(
                format!("{at} parameter {name}"),
                name,
                Place::Inner,
                &parameter["schema"],
            );
        }
    }

    fn add_content(&mut self, at: &str, holder: &'a Value) {
        for (media_type, content) in members(&holder["content"]) {
            let place = if is_json(media_type) {
                Place::JsonBody
            } else {
                Place::OtherBody
            };
            self.add(format!("{at} {media_type}"), "", place, &content["schema"]);
        }
    }

    fn add(&mut self, at: String, name: &str, place: Place, schema: &'a Value) {
        for (property, inner) in members(&schema["properties"]) {
            self.add(format!("{at}.{property}"), property, Place::Inner, inner);
        }
        for single in ["items", "additionalProperties", "not"] {
            if schema[single].is_object() {
                self.add(
                    format!("{at}[{single}]"),
                    name,
                    Place::Inner,
                    &schema[single],
                );
            }
        }
        for several in ["oneOf", "anyOf", "allOf", "prefixItems"] {
            for (index, inner) in items(&schema[several]).enumerate() {
                self.add(
                    format!("{at}[{several} {index}]"),
                    name,
                    Place::Inner,
                    inner,
                );
            }
        }
        self.nodes.push(Node {
            at,
            name: name.to_owned(),
            place,
            schema,
        });
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        resolved(self.json, schema)
    }

    /// The names of the schemas that are reached from `values`.
    fn reached_from<'b>(&self, values: impl IntoIterator<Item = &'b Value>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<String> = values.into_iter().flat_map(references).collect();
        while let Some(name) = open.pop() {
            open.extend(references(&self.json["components"]["schemas"][&name]));
            if !reached.insert(name) {
                open.retain(|name| !reached.contains(name));
            }
        }
        reached
    }
}

/// The names of the component schemas that `value` refers to, at any depth.
fn references(value: &Value) -> Vec<String> {
    let own = value["$ref"]
        .as_str()
        .and_then(|r| r.strip_prefix("#/components/schemas/"))
        .map(str::to_owned);
    let inner = members(value)
        .map(|(_, v)| v)
        .chain(items(value))
        .flat_map(references);
    own.into_iter().chain(inner).collect()
}

fn is_json(media_type: &str) -> bool {
    media_type.ends_with("/json") || media_type.ends_with("+json")
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        several => items(several).filter_map(Value::as_str).collect(),
    }
}

fn is_reference(schema: &Value) -> bool {
    schema["$ref"].is_string()
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

fn is_nullable(schema: &Value) -> bool {
    types(schema).contains(&"null") || items(&schema["oneOf"]).any(is_null)
}

fn is_object(schema: &Value) -> bool {
    types(schema).contains(&"object")
        || schema["properties"].is_object()
        || schema["allOf"].is_array()
}

fn is_filled(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

fn is_snake_case(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The values that occur more than once.
fn repeated<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(value, _)| value)
        .collect()
}

fn descriptions_and_operation_ids(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in &document.operations {
        let at = format!("{} {}", operation.method, operation.template);
        let id = operation.id.as_str();
        if !id.starts_with(|c: char| c.is_ascii_lowercase())
            || !id.bytes().all(|b| b.is_ascii_alphabetic())
        {
            faults.push(format!(
                "{at}: operationId `{id}` is not camelCase of letters only"
            ));
        }
        let tags: Vec<&str> = items(&operation.value["tags"])
            .filter_map(Value::as_str)
            .collect();
        if !matches!(tags.as_slice(), [tag] if !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphabetic()))
        {
            faults.push(format!("{at}: tags {tags:?} are not one single word"));
        }
        for member in ["summary", "description"] {
            if !is_filled(&operation.value[member]) {
                faults.push(format!("{at}: no {member}"));
            }
        }
        for (status, response) in members(&operation.value["responses"]) {
            if !is_filled(&resolved(document.json, response)["description"]) {
                faults.push(format!("{at}: response {status} has no description"));
            }
        }
    }
    let ids = document
        .operations
        .iter()
        .map(|operation| operation.id.to_ascii_lowercase());
    faults.extend(
        repeated(ids)
            .into_iter()
            .map(|id| format!("operationId `{id}` occurs twice")),
    );
    texts(document.json, "", &mut |at, text| {
        if text.contains("*/") {
            faults.push(format!("{at}: the text contains `*/`"));
        }
    });
    faults
}

/// Calls `visit` with every string of `value` and where it stands.
fn texts(value: &Value, at: &str, visit: &mut impl FnMut(&str, &str)) {
    if let Some(text) = value.as_str() {
        visit(at, text);
    }
    members(value).for_each(|(name, member)| texts(member, &format!("{at}/{name}"), visit));
    items(value)
        .enumerate()
        .for_each(|(index, item)| texts(item, &format!("{at}/{index}"), visit));
}

fn schema_names(document: &Document<'_>) -> Vec<String> {
    const WORDS: [&str; 13] = [
        "Object", "Set", "Map", "List", "Date", "File", "Type", "Response", "Result", "Option",
        "Error", "Model", "Nullable",
    ];
    let is_bad = |name: &str| {
        let pascal = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|b| b.is_ascii_alphanumeric());
        let prefixed = ["New", "Nullable"].iter().any(|prefix| {
            name.strip_prefix(prefix)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
        });
        !pascal || prefixed || WORDS.contains(&name)
    };
    let names = members(&document.json["components"]["schemas"]).map(|(name, _)| name.as_str());
    names
        .filter(|name| is_bad(name))
        .map(|name| format!("schema `{name}`: generators stumble over this name"))
        .collect()
}

fn unions(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for node in &document.nodes {
        let schema = node.schema;
        if schema["anyOf"].is_array() {
            faults.push(format!("{}: anyOf", node.at));
        }
        if types(schema).iter().filter(|t| **t != "null").count() > 1 {
            faults.push(format!("{}: several types {:?}", node.at, types(schema)));
        }
        let variants: Vec<&Value> = items(&schema["oneOf"]).collect();
        let (nulls, others): (Vec<&Value>, Vec<&Value>) =
            variants.iter().copied().partition(|v| is_null(v));
        let is_nullable_reference =
            nulls.len() == 1 && matches!(others.as_slice(), [only] if is_reference(only));
        if variants.is_empty() || is_nullable_reference {
            continue;
        }
        if variants.iter().any(|variant| !is_reference(variant)) {
            faults.push(format!(
                "{}: oneOf of something else than references",
                node.at
            ));
            continue;
        }
        let tag = schema["discriminator"]["propertyName"]
            .as_str()
            .unwrap_or_default();
        let mapped: BTreeSet<&str> = members(&schema["discriminator"]["mapping"])
            .filter_map(|(_, v)| v.as_str())
            .collect();
        let listed: BTreeSet<&str> = variants.iter().filter_map(|v| v["$ref"].as_str()).collect();
        if tag.is_empty() || mapped != listed {
            faults.push(format!(
                "{}: oneOf without a discriminator that maps every variant",
                node.at
            ));
        }
        for variant in variants {
            let object = document.resolved(variant);
            let property = document.resolved(&object["properties"][tag]);
            let single = items(&property["enum"]).count() == 1 || property.get("const").is_some();
            if !single || !items(&object["required"]).any(|r| r == tag) {
                faults.push(format!(
                    "{}: {} lacks the required one-value member `{tag}`",
                    node.at, variant["$ref"]
                ));
            }
        }
    }
    faults
}

fn named_objects(document: &Document<'_>) -> Vec<String> {
    let is_bad = |node: &&Node<'_>| match node.place {
        Place::Component => false,
        Place::JsonBody => !is_reference(node.schema),
        Place::OtherBody | Place::Inner => is_object(node.schema),
    };
    document
        .nodes
        .iter()
        .filter(is_bad)
        .map(|node| format!("{}: is inline, give it a name", node.at))
        .collect()
}

fn property_names(document: &Document<'_>) -> Vec<String> {
    const WORDS: [&str; 8] = [
        "self", "from", "copy", "json", "class", "schema", "dict", "validate",
    ];
    let mut faults = Vec::new();
    for node in &document.nodes {
        let names: Vec<&str> = members(&node.schema["properties"])
            .map(|(name, _)| name.as_str())
            .collect();
        for name in &names {
            if !is_snake_case(name) || WORDS.contains(name) || name.starts_with("model_") {
                faults.push(format!("{}: property `{name}`", node.at));
            }
        }
        let bare = names
            .iter()
            .map(|name| name.replace(['_', '-', '.'], "").to_ascii_lowercase());
        faults.extend(
            repeated(bare)
                .into_iter()
                .map(|name| format!("{}: two properties like `{name}`", node.at)),
        );
    }
    faults
}

fn enums(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut by_values: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for node in &document.nodes {
        let mut values = Vec::new();
        for value in items(&node.schema["enum"]).filter(|value| !value.is_null()) {
            match value.as_str() {
                Some(word) if is_snake_case(word) => values.push(word),
                _ => faults.push(format!(
                    "{}: the value {value} is not a snake_case word",
                    node.at
                )),
            }
        }
        values.sort_unstable();
        // Enums of one value tell the variants of a union apart.
        if values.len() > 1 {
            by_values.entry(values).or_default().push(&node.at);
        }
    }
    let twins = by_values.iter().filter(|(_, places)| places.len() > 1);
    faults.extend(twins.map(|(values, places)| {
        format!(
            "{values:?} is written at {}: make it one schema",
            places.join(", ")
        )
    }));
    faults
}

fn parameters(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in &document.operations {
        let names: Vec<&str> = operation
            .parameters
            .iter()
            .filter_map(|p| p["name"].as_str())
            .collect();
        let bad = names
            .iter()
            .filter(|n| ["body", "client", "self", "type"].contains(n) || n.contains(['[', ']']));
        faults.extend(bad.map(|name| format!("{}: parameter `{name}`", operation.id)));
        faults.extend(
            repeated(names)
                .into_iter()
                .map(|name| format!("{}: two parameters `{name}`", operation.id)),
        );
    }
    faults
}

fn numbers(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for node in &document.nodes {
        let format = node.schema["format"].as_str().unwrap_or_default();
        let types = types(node.schema);
        if types.contains(&"integer") && !["int32", "int64"].contains(&format) {
            faults.push(format!("{}: an integer of format `{format}`", node.at));
        }
        if types.contains(&"number") && format != "double" {
            faults.push(format!("{}: a number of format `{format}`", node.at));
        }
        let outside = |bound: &Value| {
            bound.as_i64().is_some_and(|n| n.abs() > MAX_SAFE_INTEGER)
                || bound.as_u64().is_some_and(|n| i64::try_from(n).is_err())
        };
        if ["minimum", "maximum"]
            .iter()
            .any(|bound| outside(&node.schema[*bound]))
        {
            faults.push(format!("{}: goes past 2^53-1", node.at));
        }
    }
    faults
}

fn nullable_members(document: &Document<'_>) -> Vec<String> {
    let answers = document.reached_from(
        document
            .operations
            .iter()
            .map(|operation| &operation.value["responses"]),
    );
    let patches = document
        .operations
        .iter()
        .filter(|operation| operation.method == "patch");
    let patched = document.reached_from(patches.map(|operation| &operation.value["requestBody"]));
    let mut faults = Vec::new();
    for node in &document.nodes {
        if node.schema["readOnly"] == true {
            faults.push(format!("{}: readOnly", node.at));
        }
        if node.place != Place::Component {
            continue;
        }
        let in_answers = answers.contains(&node.name);
        let only_in_patches = patched.contains(&node.name) && !in_answers;
        let required: Vec<&str> = items(&node.schema["required"])
            .filter_map(Value::as_str)
            .collect();
        for (name, property) in members(&node.schema["properties"])
            .filter(|(name, _)| !required.contains(&name.as_str()))
        {
            if in_answers {
                faults.push(format!(
                    "{}.{name}: may be missing from an answer, but no member ever is",
                    node.at
                ));
            } else if is_nullable(property) && !only_in_patches {
                faults.push(format!("{}.{name}: is optional and nullable", node.at));
            }
        }
    }
    faults
}

fn statuses_and_problems(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in &document.operations {
        let id = &operation.id;
        let mut successes = 0;
        for (status, response) in members(&operation.value["responses"]) {
            let Some(code) = status
                .parse::<u16>()
                .ok()
                .filter(|code| (200..600).contains(code))
            else {
                faults.push(format!("{id}: `{status}` is not a status code"));
                continue;
            };
            // A part of the one body is no body of its own.
            successes += u8::from(code < 300 && code != 206);
            let content: Vec<(&String, &Value)> =
                members(&resolved(document.json, response)["content"]).collect();
            let is_problem = matches!(content.as_slice(), [(media_type, body)]
                if *media_type == PROBLEM && body["schema"]["$ref"] == "#/components/schemas/Problem");
            if code >= 400 && !is_problem {
                faults.push(format!(
                    "{id}: {status} is not the one `Problem` as {PROBLEM}"
                ));
            }
        }
        if successes != 1 {
            faults.push(format!(
                "{id}: {successes} successful statuses instead of one"
            ));
        }
    }
    faults
}

fn uploads_and_feeds(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in &document.operations {
        for (media_type, content) in
            members(&resolved(document.json, &operation.value["requestBody"])["content"])
        {
            let object = resolved(document.json, &content["schema"]);
            let has_file = members(&object["properties"]).any(|(_, p)| p["format"] == "binary");
            let is_upload = media_type == "multipart/form-data" && has_file;
            if !is_json(media_type) && !is_upload {
                faults.push(format!(
                    "{}: a body of {media_type} that is not multipart with a binary member",
                    operation.id
                ));
            }
        }
        for (status, response) in members(&operation.value["responses"]) {
            for (media_type, content) in members(&resolved(document.json, response)["content"]) {
                if !is_json(media_type) && types(&content["schema"]) != ["string"] {
                    faults.push(format!(
                        "{}: {status} {media_type} is not a plain string",
                        operation.id
                    ));
                }
            }
        }
    }
    faults
}

fn stumbling_blocks(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    if document.json.get("webhooks").is_some() {
        faults.push("the document has webhooks".to_owned());
    }
    for node in &document.nodes {
        if node.schema.get("prefixItems").is_some() {
            faults.push(format!("{}: prefixItems", node.at));
        }
        if node
            .schema
            .get("default")
            .is_some_and(|d| d.is_object() || is_object(document.resolved(node.schema)))
        {
            faults.push(format!("{}: an object with a default", node.at));
        }
    }
    faults
}

fn bounds(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for node in &document.nodes {
        let schema = node.schema;
        let types = types(schema);
        let listed = schema["enum"].is_array() || schema.get("const").is_some();
        let mut needs: Vec<&str> = Vec::new();
        if types.contains(&"string") && !listed && schema["format"] != "binary" {
            needs.push("maxLength");
        }
        if types.contains(&"integer") && !listed {
            needs.extend(["minimum", "maximum"]);
        }
        if types.contains(&"array") {
            needs.push("maxItems");
        }
        if node.place == Place::Inner
            && node.name.contains("cursor")
            && !is_reference(schema)
            && !schema["oneOf"].is_array()
            && !is_null(schema)
        {
            needs.push("pattern");
        }
        let missing = needs.into_iter().filter(|need| schema.get(*need).is_none());
        faults.extend(missing.map(|need| format!("{}: no {need}", node.at)));
    }
    for node in document
        .nodes
        .iter()
        .filter(|node| node.name.contains("cursor") && is_reference(node.schema))
    {
        if document.resolved(node.schema).get("pattern").is_none() {
            faults.push(format!("{}: no pattern", node.at));
        }
    }
    faults
}

fn is_managed(operation: &Operation) -> bool {
    operation.template.starts_with("/api/v1/manage/")
}

/// Operations of management say how to sign in, and those of delivery do not ask.
fn callers(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in &document.operations {
        let id = &operation.id;
        let is_own = OWN_ACCOUNT.contains(&operation.template.as_str());
        let is_signed = operation.value["security"] == json!([{"bearer": []}]);
        match (is_managed(operation) || is_own, is_signed) {
            (true, true) if operation.value["responses"]["401"].is_null() => {
                faults.push(format!("{id}: asks who is calling and has no 401"));
            }
            (true, true) => {}
            (true, false) => faults.push(format!("{id}: does not ask who is calling")),
            (false, _) if operation.value["security"].is_null() => {}
            (false, _) => faults.push(format!("{id}: asks who is calling")),
        }
    }
    let is_asked = document
        .operations
        .iter()
        .any(|operation| operation.value["security"].is_array());
    let scheme = &document.json["components"]["securitySchemes"]["bearer"];
    if is_asked && (scheme["type"] != "http" || scheme["scheme"] != "bearer") {
        faults.push("the scheme `bearer` is not declared".to_owned());
    }
    faults
}

/// Schemas that clients send are told apart by their names, and leave nothing open.
fn request_bodies(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let sent = document.reached_from(
        document
            .operations
            .iter()
            .map(|operation| &operation.value["requestBody"]),
    );
    let answered = document.reached_from(
        document
            .operations
            .iter()
            .map(|operation| &operation.value["responses"]),
    );
    let is_named = |name: &str| SENT.iter().any(|end| name.ends_with(end));
    for (name, schema) in members(&document.json["components"]["schemas"]) {
        if answered.contains(name) && is_named(name) {
            faults.push(format!("schema {name}: is in answers"));
        }
        if sent.contains(name) && !answered.contains(name) && is_object(schema) && !is_named(name) {
            faults.push(format!("schema {name}: is only sent, and not called so"));
        }
        let is_open = !schema["additionalProperties"].is_null();
        if is_open && !FREE.contains(&name.as_str()) {
            faults.push(format!("schema {name}: has members without a name"));
        }
    }
    for operation in &document.operations {
        let body = resolved(document.json, &operation.value["requestBody"]);
        for (media_type, content) in members(&body["content"]) {
            let reference = content["schema"]["$ref"].as_str().unwrap_or_default();
            let ends = match (
                operation.method.as_str(),
                &operation.value["responses"]["201"],
            ) {
                ("patch", _) => "Update",
                ("put", _) => "Replace",
                (_, Value::Null) => "Request",
                _ => "Create",
            };
            if is_json(media_type) && !reference.ends_with(ends) {
                faults.push(format!(
                    "{}: the body {reference} is no `{ends}`",
                    operation.id
                ));
            }
        }
        let is_required = body["required"] == true;
        // Who only sees something need not say more than that.
        if body.is_object() && !is_required && !operation.id.starts_with("count") {
            faults.push(format!("{}: the body may be left out", operation.id));
        }
    }
    faults
}

/// Changes say which version they are for, and what makes something may say its own name.
fn conditions_and_keys(document: &Document<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in &document.operations {
        let id = &operation.id;
        let headers: BTreeMap<&str, bool> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter["in"] == "header")
            .filter_map(|p| Some((p["name"].as_str()?, p["required"] == true)))
            .collect();
        let unknown = headers
            .keys()
            .filter(|name| !REQUEST_HEADERS.contains(name));
        faults.extend(unknown.map(|name| format!("{id}: the header {name}")));
        if !is_managed(operation) {
            continue;
        }
        let is_change = ["put", "patch", "delete"].contains(&operation.method.as_str());
        if is_change && headers.get("If-Match") != Some(&true) {
            faults.push(format!("{id}: does not ask for If-Match"));
        }
        let has_key = headers.get("Idempotency-Key") == Some(&false);
        if has_key != (operation.method == "post") {
            faults.push(format!(
                "{id}: Idempotency-Key is for every POST and for nothing else"
            ));
        }
        if is_change != operation.value["responses"]["428"].is_object()
            && operation.method != "post"
        {
            faults.push(format!("{id}: 428 goes with If-Match"));
        }
        let answer = &operation.value["responses"]["201"];
        if answer.is_object() && answer["headers"]["Location"].is_null() {
            faults.push(format!("{id}: 201 without Location"));
        }
    }
    faults
}

/// A small document without a fault.
fn sound() -> Value {
    let text = json!({"type": "string", "maxLength": 10});
    json!({
        "openapi": "3.1.0",
        "paths": {"/articles": {"get": {
            "operationId": "listArticles", "tags": ["articles"], "summary": "S", "description": "D",
            "parameters": [{"name": "limit", "in": "query", "required": false,
                "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 100}}],
            "responses": {
                "200": {"description": "D", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ArticlePage"}}}},
                "400": {"description": "D", "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}},
            },
        }}},
        "components": {"schemas": {
            "Article": {"type": "object", "required": ["title"], "properties": {"title": text}},
            "ArticleUpdate": {"type": "object", "properties": {"title": text}},
            "ArticlePage": {"type": "object", "required": ["items", "next_cursor"], "properties": {
                "items": {"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/Article"}},
                "next_cursor": {"type": ["string", "null"], "maxLength": 10, "pattern": "^[a-z]*$"},
            }},
            "Problem": {"type": "object", "required": ["title"], "properties": {"title": text}},
        }},
    })
}

/// A sound document has no fault
#[test]
fn a_sound_document_has_no_fault() {
    assert_eq!(faults_of(&sound()), []);
}

/// Each breach of a rule is found by that rule
#[test]
fn each_rule_finds_its_breach() {
    const GET: &str = "/paths/~1articles/get";
    const OK: &str = "/paths/~1articles/get/responses/200";
    const SCHEMAS: &str = "/components/schemas";
    const ARTICLE: &str = "/components/schemas/Article/properties";
    let limit = sound()["paths"]["/articles"]["get"]["parameters"][0].clone();
    let page = json!({"$ref": "#/components/schemas/ArticlePage"});
    let article = json!({"$ref": "#/components/schemas/Article"});
    let colour = json!({"type": "string", "enum": ["red", "green"]});
    let success = sound()["paths"]["/articles"]["get"]["responses"]["200"].clone();
    let breaches: Vec<(&str, &str, &str, Value)> = vec![
        ("1 ", GET, "operationId", json!("list_articles")),
        ("1 ", GET, "tags", json!(["a", "b"])),
        ("1 ", GET, "tags", json!(["two words"])),
        ("1 ", GET, "summary", json!("")),
        ("1 ", GET, "description", json!("ends */ early")),
        ("1 ", OK, "description", json!("")),
        ("2 ", SCHEMAS, "NewArticle", json!({"type": "object"})),
        ("2 ", SCHEMAS, "Error", json!({"type": "object"})),
        ("2 ", SCHEMAS, "Page_Entry", json!({"type": "object"})),
        ("3 ", ARTICLE, "x", json!({"anyOf": [article, page]})),
        ("3 ", ARTICLE, "x", json!({"oneOf": [article, page]})),
        (
            "3 ",
            ARTICLE,
            "x",
            json!({"oneOf": [{"type": "string", "maxLength": 1}, {"type": "null"}]}),
        ),
        ("3 ", ARTICLE, "x", json!({"type": ["string", "integer"]})),
        (
            "4 ",
            ARTICLE,
            "x",
            json!({"type": "object", "properties": {}}),
        ),
        (
            "4 ",
            OK,
            "content",
            json!({"application/json": {"schema": {"type": "array", "maxItems": 1, "items": article}}}),
        ),
        ("5 ", ARTICLE, "camelCase", json!({"type": "boolean"})),
        ("5 ", ARTICLE, "from", json!({"type": "boolean"})),
        ("5 ", ARTICLE, "ti_tle", json!({"type": "boolean"})),
        (
            "6 ",
            ARTICLE,
            "x",
            json!({"type": "string", "enum": ["-published_at"]}),
        ),
        (
            "6 ",
            ARTICLE,
            "x",
            json!({"type": "integer", "enum": [1, 2]}),
        ),
        (
            "6 ",
            SCHEMAS,
            "Pair",
            json!({"type": "object", "properties": {"one": colour, "two": colour}}),
        ),
        ("7 ", GET, "parameters", json!([limit, limit])),
        (
            "7 ",
            GET,
            "parameters",
            json!([{"name": "type", "in": "query", "schema": {"type": "boolean"}}]),
        ),
        (
            "8 ",
            ARTICLE,
            "x",
            json!({"type": "integer", "format": "uint64", "minimum": 0, "maximum": 1}),
        ),
        (
            "8 ",
            ARTICLE,
            "x",
            json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u64::MAX}),
        ),
        (
            "8 ",
            ARTICLE,
            "x",
            json!({"type": "number", "format": "float"}),
        ),
        (
            "9 ",
            "/components/schemas/ArticlePage",
            "required",
            json!(["items"]),
        ),
        (
            "9 ",
            SCHEMAS,
            "Draft",
            json!({"type": "object", "properties": {"a": {"type": ["boolean", "null"]}}}),
        ),
        ("10", "/paths/~1articles/get/responses", "201", success),
        (
            "10",
            "/paths/~1articles/get/responses",
            "default",
            json!({"description": "D"}),
        ),
        (
            "10",
            "/paths/~1articles/get/responses",
            "404",
            json!({"description": "D"}),
        ),
        (
            "11",
            OK,
            "content",
            json!({"application/rss+xml": {"schema": article}}),
        ),
        (
            "11",
            GET,
            "requestBody",
            json!({"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}),
        ),
        ("12", "", "webhooks", json!({})),
        (
            "12",
            ARTICLE,
            "x",
            json!({"type": "array", "maxItems": 1, "prefixItems": [article]}),
        ),
        ("12", "/components/schemas/Article", "default", json!({})),
        ("13", ARTICLE, "x", json!({"type": "string"})),
        (
            "13",
            ARTICLE,
            "x",
            json!({"type": "integer", "format": "int32", "minimum": 0}),
        ),
        (
            "13",
            ARTICLE,
            "x",
            json!({"type": "array", "items": article}),
        ),
        (
            "13",
            ARTICLE,
            "prev_cursor",
            json!({"type": "string", "maxLength": 1}),
        ),
    ];
    let managed = |change: &dyn Fn(&mut Value)| {
        let mut operation = sound()["paths"]["/articles"]["get"].clone();
        operation["security"] = json!([{"bearer": []}]);
        operation["responses"]["401"] = operation["responses"]["400"].clone();
        change(&mut operation);
        operation
    };
    let patch = |change: &dyn Fn(&mut Value)| {
        let body = json!({"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ArticleUpdate"}}}});
        json!({"patch": managed(&|operation| {
            operation["requestBody"] = body.clone();
            operation["responses"]["428"] = operation["responses"]["400"].clone();
            operation["parameters"] = json!([{"name": "If-Match", "in": "header", "required": true, "schema": {"type": "string", "maxLength": 9}}]);
            change(operation);
        })})
    };
    let paths = "/paths";
    let here = "/api/v1/manage/articles";
    let breaches = breaches.into_iter().chain([
        ("who", GET, "security", json!([{"bearer": []}])),
        (
            "who",
            paths,
            here,
            json!({"get": managed(&|o| o["security"] = Value::Null)}),
        ),
        (
            "who",
            paths,
            here,
            json!({"get": managed(&|o| o["responses"]["401"] = Value::Null)}),
        ),
        ("who", paths, here, json!({"get": managed(&|_| ())})),
        (
            "bodies",
            paths,
            here,
            patch(&|o| o["requestBody"]["required"] = json!(false)),
        ),
        (
            "bodies",
            paths,
            here,
            patch(&|o| {
                o["requestBody"]["content"]["application/json"]["schema"]["$ref"] =
                    json!("#/components/schemas/ArticlePage")
            }),
        ),
        (
            "bodies",
            paths,
            here,
            patch(&|o| o["responses"]["200"] = o["requestBody"].clone()),
        ),
        (
            "bodies",
            SCHEMAS,
            "Open",
            json!({"type": "object", "additionalProperties": true}),
        ),
        (
            "conditions",
            paths,
            here,
            patch(&|o| o["parameters"] = json!([])),
        ),
        (
            "conditions",
            paths,
            here,
            patch(&|o| o["parameters"][0]["name"] = json!("If-None-Match")),
        ),
        ("conditions", paths, here, json!({"post": managed(&|_| ())})),
    ]);
    for (rule, place, member, value) in breaches {
        let mut document = sound();
        let what = format!("{place}/{member} = {value}");
        document.pointer_mut(place).unwrap()[member] = value;
        let faults = faults_of(&document);
        assert!(
            faults.iter().any(|(found, _)| found.starts_with(rule)),
            "rule {rule} misses {what}: {faults:?}"
        );
    }
}
