//! Who may do what, swept: every operation that asks for it, by everybody who might try. What is expected comes from the table in
//! `models/access.rs`, what is sent from `support/calls.rs`. Knows no operation by itself but the few exceptions below.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::{QueryableByName, RunQueryDsl};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use masthead::models::access::{Operation, Reach, Role, Scope};
use serde_json::{Value, json};

use crate::support::calls::{Call, full_portal, needs_caller};
use crate::support::client::Answer;
use crate::support::spec;
use crate::support::{Portal, TestApp, on_both};

/// A version that nothing has: who may change a thing is told that, and nothing is changed.
const STALE: (&str, &str) = ("if-match", "\"999999\"");

/// The id that the document has for an operation.
fn id_of(operation: Operation) -> String {
    let mut parts = operation.as_str().split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |id, part| {
        let (head, tail) = part.split_at(1);
        id + &head.to_uppercase() + tail
    })
}

/// Every operation of the table is in the document, and every one that asks who is calling is in the table
#[test]
fn the_table_and_the_document_have_the_same_operations() {
    let table: BTreeSet<String> = Operation::ALL.iter().map(|o| id_of(*o)).collect();
    let signed = spec::operations().iter().filter(|o| needs_caller(o));
    let documented: BTreeSet<String> = signed.map(|o| o.id.clone()).collect();
    assert_eq!(table, documented);
}

/// Writes that batches need not know: what is told about them is not to be kept for a repeated request, or changes nothing; or what
/// they bring is no JSON.
const OUT_OF_BATCHES: [Operation; 9] = [
    Operation::CreateMedia,
    Operation::CreatePreview,
    Operation::CreateUser,
    Operation::UpdateUser,
    Operation::DeleteUser,
    Operation::CreateApiKey,
    Operation::UpdateApiKey,
    Operation::DeleteApiKey,
    Operation::CreateHygieneScan,
];

/// A file belongs to a site as a whole: a role in any part of it will do, except for what others uploaded. Here editors get that, and
/// those below them files of their own.
const OF_FILES: [Operation; 4] = [
    Operation::CreateMedia,
    Operation::GetManagedMedia,
    Operation::UpdateMedia,
    Operation::DeleteMedia,
];

/// What these are about stands in their bodies: who may not know that it is there is told that the body names nothing.
const NAMED_IN_BODIES: [Operation; 2] = [Operation::RepairFindings, Operation::DismissFindings];

/// Where a role holds, seen from the things that the calls are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Everywhere,
    Site,
    Category,
    OtherCategory,
    OtherSite,
}

const PLACES: [Place; 5] = [
    Place::Everywhere,
    Place::Site,
    Place::Category,
    Place::OtherCategory,
    Place::OtherSite,
];

/// What a caller should be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Whatever the request deserves, but no word about rights.
    Allowed,
    /// 403.
    Refused,
    /// 403, or 404 where the caller is not to know that there is such a thing.
    Elsewhere,
    /// 422: the body names nothing that the caller could know of.
    Unnamed,
}

/// What the table says of a caller with `role` in `place`.
fn verdict(operation: Operation, role: Role, place: Place) -> Verdict {
    let rule = operation.rule();
    let Some(needed) = rule.role else {
        return Verdict::Allowed;
    };
    if role < needed {
        return Verdict::Refused;
    }
    if OF_FILES.contains(&operation) {
        let is_of_others = role >= Role::Editor
            && matches!(operation, Operation::UpdateMedia | Operation::DeleteMedia);
        return match place {
            Place::OtherSite => Verdict::Elsewhere,
            Place::Category | Place::OtherCategory if is_of_others => Verdict::Refused,
            _ => Verdict::Allowed,
        };
    }
    // Structure is seen by everybody who works in the site.
    let is_seen = needed == Role::Reader && rule.scope == Some(Scope::StructureRead);
    match (rule.reach, place) {
        (Reach::Somewhere, _)
        | (_, Place::Everywhere)
        | (Reach::Site | Reach::Category, Place::Site)
        | (Reach::Category, Place::Category) => Verdict::Allowed,
        (Reach::Site | Reach::Category, Place::Category | Place::OtherCategory) if is_seen => {
            Verdict::Allowed
        }
        (Reach::Everywhere, _) => Verdict::Refused,
        (Reach::Site, Place::Category | Place::OtherCategory) => Verdict::Refused,
        (Reach::Category, Place::OtherSite | Place::OtherCategory)
            if NAMED_IN_BODIES.contains(&operation) =>
        {
            Verdict::Unnamed
        }
        (Reach::Site | Reach::Category, Place::OtherSite)
        | (Reach::Category, Place::OtherCategory) => Verdict::Elsewhere,
    }
}

/// Fails unless a status is what a verdict means; `is_read` tells those apart that hide what there is.
fn check(verdict: Verdict, status: u16, is_read: bool) -> Result<(), String> {
    let holds = match verdict {
        Verdict::Allowed => !matches!(status, 401 | 403 | 500..),
        Verdict::Refused => status == 403,
        Verdict::Elsewhere if is_read => status == 404,
        Verdict::Elsewhere => matches!(status, 403 | 404),
        Verdict::Unnamed => status == 422,
    };
    match holds {
        true => Ok(()),
        false => Err(format!("{status} instead of {verdict:?}")),
    }
}

/// Two sites, of which one has all that the calls are about.
fn portal() -> Portal {
    full_portal()
        .category("sport")
        .and(Portal::new("other").category("news"))
}

/// Every operation of the table with a call of it, in which nobody is harmed.
async fn prepared(app: &TestApp) -> Vec<(Operation, Call)> {
    let mut calls = Vec::new();
    for operation in Operation::ALL {
        let id = id_of(*operation);
        let documented = spec::operations().iter().find(|o| o.id == id).unwrap();
        let mut call = Call::prepare(app, documented).await.unwrap();
        match operation {
            // Whoever may do it should not do it here.
            Operation::ChangePassword => call.body = Some(json!({})),
            Operation::RunBatch => call.body = Some(json!({"operations": []})),
            // Not the site that was made for the call: roles hold in the one where everything else is.
            Operation::GetManagedSite | Operation::UpdateSite | Operation::DeleteSite => {
                let list = app.desk("admin").get("/sites?limit=100").await.json();
                let demo = spec::items(&list["items"])
                    .find(|site| site["slug"] == "demo")
                    .unwrap();
                call.path = format!("/api/v1/manage/sites/{}?", demo["id"]);
            }
            _ => {}
        }
        calls.push((*operation, call));
    }
    calls
}

async fn send(app: &TestApp, call: &Call) -> Answer {
    match call.takes_if_match() {
        true => call.send_with(app, &[STALE]).await,
        false => call.send(app).await,
    }
}

/// How many rows each table has, and how often they were changed.
#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    versions: i64,
}

/// Everything that requests can change, as numbers. Sessions apart: the tests themselves open them.
fn dump(app: &TestApp) -> Vec<Row> {
    const VERSIONED: [&str; 12] = [
        "sites",
        "sources",
        "categories",
        "topics",
        "menus",
        "link_groups",
        "script_phrases",
        "hygiene_rules",
        "articles",
        "media",
        "users",
        "api_keys",
    ];
    const OTHERS: [&str; 23] = [
        "article_changes",
        "article_contributors",
        "article_counters",
        "article_owners",
        "article_related",
        "article_slugs",
        "article_sources",
        "article_texts",
        "article_topics",
        "attachments",
        "audit_log",
        "category_counts",
        "contributors",
        "former_slugs",
        "hygiene_rule_sets",
        "hygiene_scans",
        "idempotency_keys",
        "listings",
        "media_files",
        "media_uses",
        "menu_items",
        "sign_in_failures",
        "visibility_events",
    ];
    let versioned = VERSIONED
        .iter()
        .map(|table| (table, "CAST(COALESCE(SUM(version), 0) AS BIGINT)"));
    let others = OTHERS.iter().map(|table| (table, "CAST(0 AS BIGINT)"));
    let parts: Vec<String> = versioned
        .chain(others)
        .map(|(table, versions)| {
            format!("SELECT CAST('{table}' AS TEXT) AS name, COUNT(*) AS rows, {versions} AS versions FROM {table}")
        })
        .collect();
    let sql = parts.join(" UNION ALL ");
    diesel::sql_query(sql)
        .load(&mut app.database().connect())
        .unwrap()
}

/// The parts of a token.
fn parts(token: &str) -> (String, Value, String) {
    let parts: Vec<&str> = token.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    (
        parts[0].to_owned(),
        serde_json::from_slice(&claims).unwrap(),
        parts[2].to_owned(),
    )
}

/// A token like this one, signed by somebody else.
fn signed_by_another(token: &str) -> String {
    let (message, _) = token.rsplit_once('.').unwrap();
    let head = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    let key = EncodingKey::from_ed_der(&[head.as_slice(), &[9; 32]].concat());
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

/// A token like this one that is good for longer, under the old signature.
fn forged(token: &str) -> String {
    let (head, mut claims, signature) = parts(token);
    claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 1);
    format!(
        "{head}.{}.{signature}",
        URL_SAFE_NO_PAD.encode(claims.to_string())
    )
}

#[track_caller]
fn assert_challenged(answer: &Answer, is_given: bool) {
    let code = if is_given {
        "invalid_token"
    } else {
        "unauthenticated"
    };
    answer.assert_problem(401, code);
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert!(
        challenge.starts_with("Bearer realm="),
        "{answer} {challenge}"
    );
    assert_eq!(
        challenge.contains("error=\"invalid_token\""),
        is_given,
        "{answer} {challenge}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
}

/// The account behind a token.
async fn account_of(app: &TestApp, token: &str) -> i64 {
    let me = app
        .request("GET", "/api/v1/auth/me")
        .bearer(token)
        .send()
        .await;
    me.assert_status(200).json()["id"].as_i64().unwrap()
}

/// Somebody with a role in a place.
fn token_in(app: &TestApp, role: Role, place: Place) -> String {
    match place {
        Place::Everywhere => app.token_with(Some(role), &[]),
        Place::Site => app.token_with(None, &[(role, "demo", None)]),
        Place::Category => app.token_with(None, &[(role, "demo", Some("news"))]),
        Place::OtherCategory => app.token_with(None, &[(role, "demo", Some("sport"))]),
        Place::OtherSite => app.token_with(None, &[(role, "other", None)]),
    }
}

/// The same write as an operation of a batch.
fn batched(call: &Call) -> Value {
    let mut item = json!({"method": call.method(), "path": call.path.trim_end_matches('?')});
    if call.takes_if_match() {
        item["if_match"] = json!(STALE.1);
    }
    if let Some(body) = &call.body {
        item["body"] = body.clone();
    }
    item
}

/// Fails where a batch lets somebody do what its operations do not.
async fn sweep_batch(
    app: &TestApp,
    token: &str,
    calls: &[(Operation, Call, Verdict)],
    faults: &mut Vec<String>,
) {
    let writes: Vec<&(Operation, Call, Verdict)> = calls
        .iter()
        .filter(|(_, call, _)| {
            call.operation.method != "get" && call.path.starts_with("/api/v1/manage/")
        })
        .filter(|(operation, _, _)| *operation != Operation::RunBatch)
        .collect();
    let operations: Vec<Value> = writes.iter().map(|(_, call, _)| batched(call)).collect();
    let body = json!({"atomic": false, "operations": operations});
    let answer = app
        .request("POST", "/api/v1/manage/batch")
        .bearer(token)
        .json(&body)
        .send()
        .await;
    let report = answer.assert_status(200).json();
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), writes.len(), "{answer}");
    for ((operation, _, verdict), item) in writes.into_iter().zip(items) {
        let status = item["status"]
            .as_u64()
            .and_then(|s| u16::try_from(s).ok())
            .unwrap();
        let is_unknown = item["problem"]["detail"]
            .as_str()
            .is_some_and(|d| d.contains("There is no write"));
        if is_unknown && OUT_OF_BATCHES.contains(operation) {
            continue;
        }
        if is_unknown {
            faults.push(format!("{operation:?} is unknown to batches"));
        } else if let Err(fault) = check(*verdict, status, false) {
            faults.push(format!("{operation:?} in a batch: {fault}: {item}"));
        }
    }
}

on_both! {
    /// Without a good token nobody gets anywhere, whatever else is wrong with the request, and nothing is changed
    async fn nobody_is_let_in_without_a_good_token(app) {
        app.import(&portal());
        let expired = app.sign_in_as(app.account("expired@example.org", "admin"));
        app.set_clock("2026-01-15T04:15:01Z");
        let calls = prepared(app).await;
        let good = app.token("admin");
        let user = app.account("key@example.org", "admin");
        let (id, revoked) = app.api_key(user, &Scope::ALL, None);
        let (_, over) = app.api_key(user, &Scope::ALL, Some(app.now()));
        app.database().execute(&format!("UPDATE api_keys SET revoked_at = created_at WHERE id = {id}"));
        let tokens = [
            None,
            Some(expired),
            Some(signed_by_another(&good)),
            Some(forged(&good)),
            Some(revoked),
            Some(over),
            Some("mh_0a1b2c3d4e5f_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        ];
        let before = dump(app);
        for (_, call) in &calls {
            for token in &tokens {
                let call = call.by(token.as_deref());
                assert_challenged(&call.send(app).await, token.is_some());
                let unknown = call.to(&format!("{}&x=1", call.unknown.as_deref().unwrap_or(&call.path)));
                let garbage = unknown.bare(app).header("content-type", "text/plain").body("{");
                assert_challenged(&garbage.send().await, token.is_some());
            }
            let basic = call.by(None).bare(app).header("authorization", "Basic YTpi");
            assert_challenged(&basic.send().await, false);
        }
        assert_eq!(dump(app), before);
        for (_, call) in &calls {
            let answer = send(app, &call.by(Some(&good))).await;
            assert!(!matches!(answer.status, 401 | 403 | 500..), "{answer}");
        }
    }

    /// Everybody may do what the table says, in their place and nowhere else, alone and in a batch
    async fn roles_hold_where_the_table_says(app) {
        app.import(&portal());
        let calls = prepared(app).await;
        let admin = account_of(app, &app.token("admin")).await;
        let mut faults = Vec::new();
        for role in Role::ALL {
            for place in PLACES {
                let token = token_in(app, role, place);
                // Those below editors write what is their own.
                let owner = if role < Role::Editor { account_of(app, &token).await } else { admin };
                app.database().execute(&format!("UPDATE article_owners SET user_id = {owner}"));
                app.database().execute(&format!("UPDATE media SET created_by = {owner}"));
                let calls: Vec<(Operation, Call, Verdict)> = calls
                    .iter()
                    .map(|(operation, call)| (*operation, call.by(Some(&token)), verdict(*operation, role, place)))
                    .collect();
                let mut note = Vec::new();
                let before = dump(app);
                for is_allowed in [false, true] {
                    for (operation, call, verdict) in &calls {
                        if (*verdict == Verdict::Allowed) != is_allowed {
                            continue;
                        }
                        let answer = send(app, call).await;
                        let is_read = call.operation.method == "get";
                        if let Err(fault) = check(*verdict, answer.status, is_read) {
                            note.push(format!("{operation:?}: {fault}: {answer}"));
                        }
                    }
                    if !is_allowed && dump(app) != before {
                        note.push("a refused request has changed something".to_owned());
                    }
                }
                sweep_batch(app, &token, &calls, &mut note).await;
                faults.extend(note.into_iter().map(|fault| format!("{role:?} {place:?}: {fault}")));
            }
        }
        assert!(faults.is_empty(), "{}\n{}", faults.len(), faults.join("\n"));
    }

    /// Who has no role anywhere sees nothing and does nothing
    async fn without_a_role_there_is_nothing_to_do(app) {
        app.import(&portal());
        let calls = prepared(app).await;
        let nobody = app.token_with(None, &[]);
        let before = dump(app);
        for (operation, call) in &calls {
            let answer = send(app, &call.by(Some(&nobody))).await;
            match operation.rule().role {
                None => assert_ne!(answer.status, 401, "{answer}"),
                Some(_) => {
                    answer.assert_problem(403, "forbidden");
                }
            }
        }
        assert_eq!(dump(app), before);
    }

    /// A key is good for its scopes and for nothing else, whoever has it
    async fn keys_are_good_for_their_scopes(app) {
        app.import(&portal());
        let calls = prepared(app).await;
        let user = app.account("key@example.org", "admin");
        let before = dump(app);
        let mut keys = Vec::new();
        for scope in Scope::ALL {
            let others: Vec<Scope> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
            keys.push((scope, app.api_key(user, &others, None).1, app.api_key(user, &[scope], None).1));
        }
        let keyed = dump(app);
        for (operation, call) in &calls {
            let Some(scope) = operation.rule().scope else { continue };
            let (_, without, _) = keys.iter().find(|(of, ..)| *of == scope).unwrap();
            let answer = send(app, &call.by(Some(without))).await;
            let problem = answer.assert_problem(403, "insufficient_scope");
            assert!(problem["detail"].as_str().unwrap().contains(scope.as_str()), "{answer}");
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(challenge.contains(&format!("error=\"insufficient_scope\", scope=\"{}\"", scope.as_str())), "{challenge}");
        }
        assert_ne!(before, keyed);
        assert_eq!(dump(app), keyed);
        for (operation, call) in &calls {
            let Some(scope) = operation.rule().scope else { continue };
            let (_, _, with) = keys.iter().find(|(of, ..)| *of == scope).unwrap();
            let call = match operation {
                // A key makes no key that is good for more than itself.
                Operation::CreateApiKey => call.with_body(json!({"name": "Made", "scopes": [scope.as_str()]})),
                _ => call.clone(),
            };
            let answer = send(app, &call.by(Some(with))).await;
            assert!(!matches!(answer.status, 401 | 403 | 500..), "{operation:?}: {answer}");
        }
        // No key changes a password, whatever it is good for.
        let (_, all) = app.api_key(user, &Scope::ALL, None);
        let call = &calls.iter().find(|(operation, _)| *operation == Operation::ChangePassword).unwrap().1;
        let body = json!({"current_password": "correct horse battery staple", "new_password": "another good password"});
        call.by(Some(&all)).with_body(body).send(app).await.assert_problem(403, "forbidden");
    }

    /// Authors keep to drafts of their own
    async fn authors_keep_to_their_own_drafts(app) {
        app.import(&portal());
        let author = app.desk("author");
        let (own, _) = author.made("/articles", &json!({"site": "demo", "category": "news", "title": "Own"})).await;
        let (others, _) = app.desk("admin").made("/articles", &json!({"site": "demo", "category": "news", "title": "Others"})).await;
        author.patch(&own, &json!({"title": "Changed"})).await.assert_status(200);
        author.patch(&others, &json!({"title": "Changed"})).await.assert_problem(403, "forbidden");
        author.delete(&others).await.assert_problem(403, "forbidden");
        for status in ["published", "archived"] {
            author.patch(&own, &json!({"status": status})).await.assert_problem(403, "forbidden");
            let new = json!({"site": "demo", "category": "news", "title": "New", "status": status});
            author.post("/articles", &new).await.assert_problem(403, "forbidden");
        }
        app.desk("editor").patch(&own, &json!({"status": "published"})).await.assert_status(200);
        author.patch(&own, &json!({"title": "Too late"})).await.assert_problem(403, "forbidden");
        author.delete(&own).await.assert_problem(403, "forbidden");
        app.desk("editor").patch(&own, &json!({"status": "draft"})).await.assert_status(200);
        // What was public is not for them to wipe out.
        author.delete(&own).await.assert_problem(403, "forbidden");
        let (other, _) = author.made("/articles", &json!({"site": "demo", "category": "news", "title": "Never out"})).await;
        author.delete(&other).await.assert_status(204);
    }
}
