//! Where an article can go and who may take it there, by whichever way somebody tries.

use masthead::models::access::{Role, Scope};
use serde_json::{Value, json};

use crate::support::accounts::GrantIn;
use crate::support::client::Answer;
use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both, spec};

/// Where an article can stand.
pub const STATES: [&str; 7] = [
    "draft",
    "in_review",
    "approved",
    "scheduled",
    "published",
    "archived",
    "retracted",
];

/// Who may take an article from the state of the line to that of the column, in the order of [`STATES`]: `editor`s;
/// `reviewer`s, and roles above; `author`, who wrote it, and editors; `both`, who wrote it, and reviewers; `-` nobody, as there is no
/// such way.
const WAYS: [(&str, &str); 7] = [
    (
        "draft",
        "both     author   editor   editor   editor   editor   -",
    ),
    (
        "in_review",
        "both     both     reviewer editor   editor   editor   -",
    ),
    (
        "approved",
        "reviewer reviewer both     editor   editor   editor   -",
    ),
    (
        "scheduled",
        "editor   editor   editor   editor   editor   editor   -",
    ),
    (
        "published",
        "editor   -        -        editor   editor   editor   editor",
    ),
    (
        "archived",
        "editor   -        -        editor   editor   -        editor",
    ),
    (
        "retracted",
        "editor   -        -        -        -        editor   editor",
    ),
];

/// The rules of a line, by where they lead.
fn rules_of(line: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    STATES.into_iter().zip(line.split_whitespace())
}

/// Somebody who tries.
struct Caller {
    name: &'static str,
    token: String,
    /// What they are in the category of the article; nothing for those who do not even see it.
    role: &'static str,
    /// Whether they wrote it.
    is_own: bool,
}

impl Caller {
    /// Whether a way that there is, is open to them.
    fn may(&self, rule: &str) -> bool {
        let is_editor = matches!(self.role, "editor" | "admin");
        let is_reviewer = is_editor || self.role == "reviewer";
        let is_author = is_editor || (self.is_own && (is_reviewer || self.role == "author"));
        match rule {
            "editor" => is_editor,
            "reviewer" => is_reviewer,
            "author" => is_author,
            "both" => is_author || is_reviewer,
            _ => panic!("who is `{rule}`?"),
        }
    }

    /// What they are told on the way of a transition.
    fn told(&self, rule: &str) -> u16 {
        match (self.role, rule) {
            ("", _) => 404,
            ("reader", _) => 403,
            (_, "-") => 409,
            _ if self.may(rule) => 200,
            _ => 403,
        }
    }

    /// What they are told where they change the `status` like another member.
    fn told_of_change(&self, from: &str, to: &str, rule: &str) -> u16 {
        let may_change = match self.role {
            "editor" | "admin" => true,
            "author" | "reviewer" => self.is_own && from == "draft",
            _ => false,
        };
        match self.role {
            "" => 404,
            "reader" => 403,
            _ if from == to && may_change => 200,
            _ if from == to => 403,
            _ if to == "retracted" => 422,
            _ if may_change => self.told(rule),
            // A time comes with it, which is a change of the article.
            _ if to == "scheduled" => 403,
            _ => self.told(rule),
        }
    }
}

/// Everybody who might try, in all of a site, in a category and elsewhere.
fn callers(app: &TestApp) -> Vec<Caller> {
    let caller = |name, token, role, is_own| Caller {
        name,
        token,
        role,
        is_own,
    };
    let everywhere = |name: &'static str, role: &'static str, is_own| {
        caller(name, app.token(role), role, is_own)
    };
    let local = |name, grants: &[GrantIn<'_>], role, is_own| {
        caller(name, app.token_with(None, grants), role, is_own)
    };
    let (here, above, elsewhere) = (Some("news/sea"), Some("news"), Some("about"));
    let chief = (Role::Editor, "demo", elsewhere);
    vec![
        everywhere("a reader", "reader", false),
        everywhere("another author", "author", false),
        everywhere("its author", "author", true),
        everywhere("another reviewer", "reviewer", false),
        everywhere("the reviewer who wrote it", "reviewer", true),
        everywhere("another editor", "editor", false),
        everywhere("the editor who wrote it", "editor", true),
        everywhere("an admin", "admin", false),
        local(
            "an editor of the site",
            &[(Role::Editor, "demo", None)],
            "editor",
            false,
        ),
        local(
            "an editor of what is above",
            &[(Role::Editor, "demo", above)],
            "editor",
            false,
        ),
        local("an editor of another category", &[chief], "", false),
        local(
            "an editor of another site",
            &[(Role::Editor, "other", None)],
            "",
            false,
        ),
        local("somebody with no role at all", &[], "reader", false),
        local(
            "a reader here who edits elsewhere",
            &[(Role::Reader, "demo", here), chief],
            "reader",
            false,
        ),
        local(
            "its author, who edits elsewhere",
            &[(Role::Author, "demo", here), chief],
            "author",
            true,
        ),
        local(
            "a reviewer here who edits elsewhere",
            &[(Role::Reviewer, "demo", here), chief],
            "reviewer",
            false,
        ),
    ]
}

pub fn portal() -> Portal {
    let demo = Portal::new("demo").category("news/sea").category("about");
    demo.and(Portal::new("other").category("news"))
}

pub fn draft() -> Value {
    json!({"site": "demo", "category": "news/sea", "title": "潮汐🌊ＡＢＣ", "published_at": "2026-01-12T08:00:00+08:00"})
}

/// A way to `to` with what it needs.
pub fn order(to: &str) -> Value {
    let mut order = json!({"to": to, "comment": "第三段 👩‍🔬"});
    match to {
        "scheduled" => order["publish_at"] = json!("2026-02-01T09:00:00+08:00"),
        "published" => order["publish_at"] = json!("2026-01-13T09:00:00+08:00"),
        "retracted" => order["reason"] = json!("數據有誤"),
        _ => {}
    }
    order
}

/// The answer to a transition of the version that is there now.
pub async fn go(desk: &Desk<'_>, path: &str, order: &Value) -> Answer {
    let tag = desk.tag(path).await;
    go_if(desk, path, &tag, order).await
}

/// The answer to a transition of the version with this ETag.
pub async fn go_if(desk: &Desk<'_>, path: &str, tag: &str, order: &Value) -> Answer {
    desk.request("POST", &format!("{path}/transitions"))
        .header("if-match", tag)
        .json(order)
        .send()
        .await
}

/// How an article is after a transition, which must have made exactly one version of it.
pub async fn gone(desk: &Desk<'_>, path: &str, order: &Value) -> Value {
    let (before, tag) = desk.found(&desk.get(path).await);
    let (after, _) = desk.found(&go_if(desk, path, &tag, order).await);
    assert_eq!(after["version"], before["version"].as_i64().unwrap() + 1);
    assert_eq!(desk.found(&desk.get(path).await).0, after);
    after
}

/// A new article of `maker` that stands in `state`.
pub async fn standing(app: &TestApp, maker: &Desk<'_>, state: &str) -> String {
    let made = maker.post("/articles", &draft()).await;
    let path = format!("/articles/{}", made.assert_status(201).json()["id"]);
    let chief = app.desk("admin");
    let steps: &[&str] = match state {
        "draft" => &[],
        "in_review" => &["in_review"],
        "approved" => &["in_review", "approved"],
        "scheduled" => &["scheduled"],
        "published" => &["published"],
        "archived" => &["published", "archived"],
        "retracted" => &["published", "retracted"],
        _ => panic!("what is `{state}`?"),
    };
    for step in steps {
        go(&chief, &path, &order(step)).await.assert_status(200);
    }
    path
}

/// A change in a batch that takes an article to where `order` says.
pub fn operation(path: &str, tag: &str, order: &Value) -> Value {
    json!({"method": "POST", "path": format!("/manage{path}/transitions"), "if_match": tag, "body": order})
}

/// The first fault of a refused body: where it is and which code it has. It must name the member.
#[track_caller]
pub fn fault(answer: &Answer) -> (String, String) {
    let problem = answer.assert_problem(422, "invalid_body");
    let fault = &problem["errors"][0];
    let pointer = fault["pointer"].as_str().unwrap();
    let detail = fault["detail"].as_str().unwrap();
    if let Some(member) = pointer.strip_prefix('/') {
        assert!(detail.contains(&format!("`{member}`")), "{answer}");
    }
    let code = fault["code"].as_str().unwrap();
    (pointer.to_owned(), code.to_owned())
}

/// How many articles a reader sees.
pub async fn public(app: &TestApp) -> usize {
    let list = app.get("/api/v1/articles?limit=100&count=exact").await;
    let list = list.assert_status(200).json();
    let items = spec::items(&list["items"]).count();
    assert_eq!(list["total"], items);
    items
}

on_both! {
    /// From each state everybody can go exactly where the table says
    async fn everybody_can_go_exactly_where_the_table_says(app) {
        app.import(&portal());
        let chief = app.desk("admin");
        for caller in callers(app) {
            let desk = app.desk_of(caller.token.clone());
            let maker = app.desk_of(if caller.is_own { caller.token.clone() } else { app.token("admin") });
            for (from, line) in WAYS {
                let mut path = standing(app, &maker, from).await;
                for (to, rule) in rules_of(line) {
                    let (before, tag) = chief.found(&chief.get(&path).await);
                    assert_eq!(before["status"], from);
                    let answer = go_if(&desk, &path, &tag, &order(to)).await;
                    assert_eq!(answer.status, caller.told(rule), "{}: {from} to {to}: {answer}", caller.name);
                    if answer.status == 200 {
                        let (after, _) = desk.found(&answer);
                        assert_eq!((&after["status"], &after["version"]), (&json!(to), &json!(before["version"].as_i64().unwrap() + 1)), "{answer}");
                        assert_eq!(chief.found(&chief.get(&path).await).0, after);
                        path = standing(app, &maker, from).await;
                        continue;
                    }
                    assert_eq!(chief.found(&chief.get(&path).await), (before, tag), "{}: {from} to {to}", caller.name);
                    if answer.status == 409 {
                        // It says where else the article could go.
                        let detail = answer.assert_problem(409, "conflict")["detail"].as_str().unwrap().to_owned();
                        let (_, ways) = detail.split_once("can become").unwrap();
                        for (other, rule) in rules_of(line) {
                            assert_eq!(ways.contains(&format!("`{other}`")), rule != "-" && other != from, "{other}: {detail}");
                        }
                    }
                }
            }
        }
    }

    /// A status that is changed like another member goes the same ways, for those who may change the article
    async fn a_changed_status_goes_the_same_ways(app) {
        app.import(&portal());
        let chief = app.desk("admin");
        for caller in callers(app) {
            let desk = app.desk_of(caller.token.clone());
            let maker = app.desk_of(if caller.is_own { caller.token.clone() } else { app.token("admin") });
            for (from, line) in WAYS {
                let mut path = standing(app, &maker, from).await;
                for (to, rule) in rules_of(line) {
                    let (before, tag) = chief.found(&chief.get(&path).await);
                    let mut change = json!({"status": to});
                    if from != to && to == "scheduled" {
                        change["published_at"] = json!("2026-02-01T09:00:00+08:00");
                    }
                    let answer = desk.patch_if(&path, &tag, &change).await;
                    let expected = caller.told_of_change(from, to, rule);
                    assert_eq!(answer.status, expected, "{}: {from} to {to}: {answer}", caller.name);
                    if expected == 422 {
                        assert_eq!(fault(&answer), ("/status".to_owned(), "invalid".to_owned()));
                        assert!(answer.text().contains("`transitions`"), "{answer}");
                    }
                    if expected == 200 && from != to {
                        assert_eq!(desk.found(&answer).0["status"], to, "{}: {from}: {answer}", caller.name);
                        path = standing(app, &maker, from).await;
                    } else {
                        assert_eq!(chief.found(&chief.get(&path).await), (before, tag), "{}: {from} to {to}", caller.name);
                    }
                }
            }
        }
    }

    /// Who makes an article in a state could have taken a draft there
    async fn what_is_made_in_a_state_could_have_gone_there(app) {
        app.import(&portal());
        for mut caller in callers(app) {
            caller.is_own = true;
            let desk = app.desk_of(caller.token.clone());
            for (to, rule) in rules_of(WAYS[0].1) {
                let mut article = draft();
                article["status"] = json!(to);
                if to == "scheduled" {
                    article["published_at"] = json!("2026-02-01T09:00:00+08:00");
                }
                let answer = desk.post("/articles", &article).await;
                let expected = match (caller.role, to) {
                    // Whether there is such a category they know: structure is public.
                    ("" | "reader", _) => 403,
                    (_, "draft") => 201,
                    (_, "retracted") => 422,
                    _ if caller.may(rule) => 201,
                    _ => 403,
                };
                assert_eq!(answer.status, expected, "{}: {to}: {answer}", caller.name);
                match expected {
                    201 => assert_eq!(answer.json()["status"], to),
                    422 => assert!(fault(&answer).0 == "/status" && answer.text().contains("`transitions`"), "{answer}"),
                    _ => {}
                }
            }
        }
    }

    /// What a role allows counts as it is now, and so does what a key is good for
    async fn rights_count_as_they_are_now(app) {
        app.import(&portal());
        let id = app.account("a@example.org", "author");
        let author = app.desk_of(app.sign_in_as(id));
        let path = standing(app, &author, "draft").await;
        gone(&author, &path, &json!({"to": "in_review"})).await;
        let chief = app.desk("admin");
        chief.changed(&format!("/users/{id}"), &json!({"role": "reader"})).await;
        go(&author, &path, &json!({"to": "draft"})).await.assert_problem(403, "forbidden");
        chief.changed(&format!("/users/{id}"), &json!({"role": "editor"})).await;
        gone(&author, &path, &json!({"to": "draft"})).await;
        let admin = app.account("b@example.org", "admin");
        let (_, reading) = app.api_key(admin, &[Scope::ArticlesRead, Scope::StructureWrite], None);
        go(&app.desk_of(reading), &path, &json!({"to": "in_review"})).await.assert_problem(403, "insufficient_scope");
        let (_, writing) = app.api_key(admin, &[Scope::ArticlesWrite], None);
        go_if(&app.desk_of(writing), &path, "*", &json!({"to": "in_review"})).await.assert_status(200);
        let bare = app.request("POST", &format!("/api/v1/manage{path}/transitions")).header("if-match", "*").json(&json!({"to": "draft"}));
        bare.send().await.assert_problem(401, "unauthenticated");
    }

    /// An author publishes nothing, by no way
    async fn an_author_publishes_nothing_by_no_way(app) {
        app.import(&portal());
        let chief = app.desk("admin");
        for role in ["author", "reviewer"] {
            let desk = app.desk(role);
            // What was public once, and has a revision that says so.
            let path = standing(app, &desk, "draft").await;
            gone(&chief, &path, &order("published")).await;
            chief.changed(&path, &json!({"title": "改过"})).await;
            gone(&chief, &path, &order("draft")).await;
            for to in ["approved", "scheduled", "published", "archived"] {
                let mut article = draft();
                article["status"] = json!(to);
                article["published_at"] = json!("2026-02-01T09:00:00+08:00");
                desk.post("/articles", &article).await.assert_problem(403, "forbidden");
                desk.patch(&path, &json!({"status": to, "published_at": "2026-02-01T09:00:00+08:00"})).await.assert_problem(403, "forbidden");
                desk.patch(&path, &json!({"status": to})).await.assert_problem(403, "forbidden");
                go(&desk, &path, &order(to)).await.assert_problem(403, "forbidden");
                let change = json!({"method": "PATCH", "path": format!("/manage{path}"), "if_match": "*", "body": {"status": to}});
                let made = json!({"method": "POST", "path": "/manage/articles", "body": article});
                let operations = json!([operation(&path, "*", &order(to)), made, operation(&path, "*", &json!({"to": "draft"})), change]);
                desk.post("/batch", &json!({"operations": operations})).await.assert_problem(403, "forbidden");
                let each = desk.post("/batch", &json!({"atomic": false, "operations": operations})).await.assert_status(200).json();
                assert!(spec::items(&each["items"]).all(|item| item["status"].as_u64().unwrap() >= 400), "{each}");
            }
            for number in 1..=4 {
                let restore = desk.request("POST", &format!("{path}/revisions/{number}/restore")).header("if-match", "*").json(&json!({}));
                assert_eq!(desk.found(&restore.send().await).0["status"], "draft");
            }
            assert_eq!(gone(&desk, &path, &json!({"to": "in_review"})).await["status"], "in_review");
            for number in 1..=4 {
                let restore = desk.request("POST", &format!("{path}/revisions/{number}/restore")).header("if-match", "*").json(&json!({}));
                restore.send().await.assert_problem(403, "forbidden");
            }
            desk.patch(&path, &json!({"status": "published"})).await.assert_problem(403, "forbidden");
            // Nor do they change what somebody else has to decide about now.
            desk.patch(&path, &json!({"title": "暗中"})).await.assert_problem(403, "forbidden");
            let text = desk.request("PUT", &format!("{path}/translations/fr")).header("if-match", "*").json(&json!({"title": "x", "body_html": ""}));
            text.send().await.assert_problem(403, "forbidden");
            desk.delete(&path).await.assert_problem(403, "forbidden");
            app.get(&format!("/api/v1{path}")).await.assert_problem(404, "not_found");
        }
        assert_eq!(public(app).await, 0);
    }

    /// The list to manage is filtered by state, and the clock takes articles from one state to the next
    async fn the_list_to_manage_is_filtered_by_state(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let mut expected: Vec<(&str, Vec<Value>)> = Vec::new();
        for state in STATES {
            let mut ids = Vec::new();
            for _ in 0..3 {
                let path = standing(app, &desk, state).await;
                if state == "scheduled" {
                    gone(&desk, &path, &json!({"to": "scheduled", "publish_at": "2026-01-15T04:05:00Z"})).await;
                }
                ids.push(desk.get(&path).await.json()["id"].clone());
            }
            expected.push((state, ids));
        }
        // What is over was published all the same.
        gone(&desk, &format!("/articles/{}", expected[4].1[0]), &json!({"to": "published", "unpublish_at": "2026-01-15T04:01:00Z"})).await;
        for now in ["2026-01-15T04:00:00Z", "2026-01-15T04:04:59Z", "2026-01-15T04:05:00Z"] {
            app.set_clock(now);
            if now == "2026-01-15T04:05:00Z" {
                let came = std::mem::take(&mut expected[3].1);
                expected[4].1.extend(came);
            }
            for (state, ids) in &expected {
                let query = format!("/articles?limit=2&status={state}&site=demo");
                let (items, _) = desk.walk(&query).await;
                assert!(items.iter().all(|item| item["status"] == *state), "{state} at {now}");
                let mut found: Vec<i64> = items.iter().map(|item| item["id"].as_i64().unwrap()).collect();
                found.sort_unstable();
                let mut wanted: Vec<i64> = ids.iter().map(|id| id.as_i64().unwrap()).collect();
                wanted.sort_unstable();
                assert_eq!(found, wanted, "{state} at {now}");
                let counted = desk.get(&format!("{query}&count=exact")).await.json();
                assert_eq!((&counted["total"], &counted["total_kind"]), (&json!(ids.len()), &json!("exact")), "{state} at {now}");
            }
            let all = desk.get("/articles?limit=100&count=exact").await.json();
            assert_eq!(all["total"], 21);
        }
        for word in ["held", "Draft", "", "draft,approved"] {
            let problem = desk.get(&format!("/articles?status={word}")).await.assert_problem(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["pointer"], "/status", "{word}");
        }
    }

    /// A scheduled article is published when its time has come, without a write and without a new version
    async fn a_scheduled_article_is_published_without_a_write(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let path = standing(app, &desk, "draft").await;
        let (before, tag) = desk.found(&go(&desk, &path, &json!({"to": "scheduled", "publish_at": "2026-01-15T12:05:00+08:00"})).await);
        assert_eq!(before["status"], "scheduled");
        let mut lists = Vec::new();
        for (now, state) in [("2026-01-15T04:04:59.999Z", "scheduled"), ("2026-01-15T04:05:00Z", "published"), ("2026-01-15T04:06:00Z", "published")] {
            app.set_clock(now);
            // What the client has may say another state, so it is not told that nothing changed.
            let again = desk.request("GET", &path).header("if-none-match", &tag).send().await;
            let (article, now_tag) = desk.found(&again);
            let mut wanted = before.clone();
            wanted["status"] = json!(state);
            assert_eq!((article, now_tag), (wanted, tag.clone()), "{now}");
            let list = desk.get("/articles").await;
            assert_eq!(list.json()["items"][0]["status"], state, "{now}");
            lists.push(list.header("etag").unwrap().to_owned());
        }
        assert_ne!(lists[0], lists[1]);
        assert_eq!(lists[1], lists[2]);
        let revisions = desk.get(&format!("{path}/revisions?count=exact")).await.json();
        assert_eq!((&revisions["total"], &revisions["items"][0]["status"]), (&json!(2), &json!("scheduled")));
        // Who still takes it for scheduled is told what it is.
        let late = go_if(&desk, &path, &tag, &json!({"to": "approved"})).await;
        assert!(late.assert_problem(409, "conflict")["detail"].as_str().unwrap().contains("`published`"), "{late}");
        let archived = desk.found(&go_if(&desk, &path, &tag, &json!({"to": "archived"})).await);
        assert_eq!((&archived.0["status"], archived.1.as_str()), (&json!("archived"), "\"3\""));
        let entry = desk.get("/audit-log?limit=1&action=transition_article").await.json()["items"][0].clone();
        assert_eq!((&entry["before"]["status"], &entry["after"]["status"]), (&json!("published"), &json!("archived")));
        let unchanged = desk.request("GET", &path).header("if-none-match", "\"3\"").send().await;
        unchanged.assert_status(304);
    }
}
