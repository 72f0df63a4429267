//! An article that was taken back: a tombstone with the reason stands where readers look for it, and nothing of it elsewhere.

use serde_json::{Value, json};

use crate::command_line::Place;
use crate::exports::{exported, on_another, records};
use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

const REASON: &str = "第三表的数据有误；𠮷田教授撤回。 😀 “Ｘ”";

/// Takes the article at `path` behind `/api/v1/manage` to another state.
async fn take(desk: &Desk<'_>, path: &str, body: Value) {
    let request = desk.request("POST", &format!("{path}/transitions"));
    let answer = request.header("if-match", "*").json(&body).send().await;
    answer.assert_status(200);
}

/// The line of an article that is taken back.
fn retracted(record: Record) -> Record {
    record
        .status("retracted")
        .set("retraction_reason", REASON)
        .set("retracted_at", "2026-01-12T08:29:20.5+08:00")
}

/// Where the articles of `demo` are managed, by their keys.
async fn managed(desk: &Desk<'_>, key: &str) -> String {
    let (items, _) = desk.walk("/articles?site=demo&limit=100").await;
    let found = items.iter().find(|item| item["key"] == key).unwrap();
    format!("/articles/{}", found["id"])
}

/// Fails unless the answer is a tombstone: the reason, since when, and nothing else of the article.
#[track_caller]
fn assert_gone(answer: &Answer, reason: &str, at: &str) {
    let problem = answer.assert_problem(410, "retracted");
    assert_eq!(
        (&problem["reason"], &problem["retracted_at"]),
        (&json!(reason), &json!(at)),
        "{answer}"
    );
    assert_eq!(problem["errors"], json!([]), "{answer}");
    assert_eq!(
        problem["detail"],
        "This article was taken back; `reason` says why, `retracted_at` since when."
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    for name in [
        "etag",
        "last-modified",
        "content-language",
        "surrogate-key",
        "location",
    ] {
        assert_eq!(answer.header(name), None, "{name}: {answer}");
    }
}

/// What the feed of changes says of an article last: since when it is withdrawn, and why.
async fn told(app: &TestApp, id: i64) -> Value {
    let feed = app
        .get("/api/v1/articles/changes?limit=100")
        .await
        .assert_status(200)
        .json();
    let mut of_it = feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["id"] == id);
    of_it
        .next_back()
        .map(|change| {
            json!([
                change["withdrawn_at"],
                change["reason"],
                change["article"]["slug"]
            ])
        })
        .unwrap_or_default()
}

on_both! {
    /// Under its id and all its slugs a retracted article answers 410 with the reason, in every language and to every condition
    async fn a_retracted_article_leaves_its_reason(app) {
        let zh = json!([{"locale": "zh-Hans", "title": "文章", "slug": "文章", "body_html": "<p>正文</p>"}]);
        let portal = |slug: &str| Portal::new("demo").article("a", |a| a.slug(slug).title("Secret").set("translations", zh.clone()));
        app.import(&portal("once"));
        app.import(&portal("now"));
        let id = app.article_id("now").await;
        let path = format!("/api/v1/articles/{id}");
        let tag = app.get(&path).await.header("etag").unwrap().to_owned();
        app.set_clock("2026-01-15T05:00:00Z");
        let desk = app.desk("admin");
        take(&desk, &format!("/articles/{id}"), json!({"to": "retracted", "reason": REASON, "comment": "zwischen uns"})).await;
        let at = "2026-01-15T05:00:00Z";
        for path in [path.clone(), "/api/v1/sites/demo/articles/now".to_owned(), "/api/v1/sites/demo/articles/文章".to_owned(), "/api/v1/sites/demo/articles/once".to_owned()] {
            for query in ["", "?locale=zh-Hans", "?locale=sw&fallback=none", "?include=breadcrumbs,neighbors,related,site_details"] {
                let answer = app.get(&format!("{path}{query}")).await;
                assert_gone(&answer, REASON, at);
                let told = answer.text();
                assert!(!["Secret", "正文", "zwischen"].iter().any(|word| told.contains(word)), "{answer}");
            }
            let condition = app.request("GET", &path).header("if-none-match", &tag).send().await;
            assert_gone(&condition, REASON, at);
            let head = app.request("HEAD", &path).send().await;
            assert_eq!((head.status, head.body.len()), (410, 0), "{head}");
            assert_eq!(head.media_type(), Some("application/problem+json"));
            // Who manages is a reader here like others.
            let known = app.request("GET", &path).bearer(&app.token("admin")).send().await;
            assert_gone(&known, REASON, at);
            app.get(&format!("{path}?colour=red")).await.assert_problem(400, "invalid_parameter");
        }
        let page = app.get("/problems/retracted").await;
        assert!(page.assert_status(200).text().contains("retracted_at"), "{page}");
    }

    /// Nobody is told of an article that was not retracted, and what had not come out cannot be
    async fn what_never_came_out_leaves_nothing(app) {
        app.import(&Portal::new("demo")
            .article("draft", |a| a.status("draft"))
            .article("in-review", |a| a.status("in_review"))
            .article("approved", |a| a.status("approved"))
            .article("scheduled", |a| a.status("scheduled").published_at("2026-02-01T08:00:00+08:00"))
            .article("archived", |a| a.status("archived"))
            .article("expired", |a| a.set("unpublish_at", "2026-01-12T00:00:00Z"))
            .article("withheld", |a| a.status("scheduled").published_at("2026-02-01T08:00:00+08:00")));
        let desk = app.desk("admin");
        let withheld = managed(&desk, "withheld").await;
        take(&desk, &withheld, json!({"to": "archived"})).await;
        // There is nothing to take back.
        let order = json!({"to": "retracted", "reason": REASON});
        let request = desk.request("POST", &format!("{withheld}/transitions"));
        let refused = request.header("if-match", "*").json(&order).send().await;
        assert_eq!(refused.assert_problem(409, "conflict")["errors"][0]["code"], "never_public");
        let (items, _) = desk.walk("/articles?site=demo&limit=100").await;
        assert_eq!(items.len(), 7);
        for now in ["2026-01-15T04:00:00Z", "2026-01-31T23:59:59Z", "2026-03-01T00:00:00Z"] {
            app.set_clock(now);
            for item in &items {
                for path in [format!("articles/{}", item["id"]), format!("sites/demo/articles/{}", item["key"].as_str().unwrap())] {
                    let answer = app.get(&format!("/api/v1/{path}")).await;
                    if item["key"] == "scheduled" && now.starts_with("2026-03") {
                        answer.assert_status(200);
                    } else {
                        answer.assert_problem(404, "not_found");
                    }
                }
            }
        }
        assert_eq!(app.get("/api/v1/articles/changes").await.json()["items"].as_array().unwrap().len(), 1);
    }

    /// A public article that has the slug wins; the tombstone that has it wins over where it led before
    async fn who_has_the_slug_answers(app) {
        let slug = "/api/v1/sites/demo/articles/x";
        app.import(&Portal::new("demo").article("first", |a| a.slug("x")));
        app.import(&Portal::new("demo").article("first", |a| a.slug("y")));
        assert_eq!(app.get(slug).await.status, 308);
        app.import(&Portal::new("demo").article("second", |a| retracted(a).slug("x")));
        assert_gone(&app.get(slug).await, REASON, "2026-01-12T00:29:20.500Z");
        // What is not to be seen at all does not stand in the way.
        let desk = app.desk("admin");
        take(&desk, &managed(&desk, "second").await, json!({"to": "archived"})).await;
        assert_eq!(app.get(slug).await.status, 308);
        // A tombstone that has gone elsewhere still speaks where it was last.
        app.import(&Portal::new("demo").article("second", |a| a.slug("x")));
        app.set_clock("2026-01-15T05:00:00Z");
        app.import(&Portal::new("demo").article("second", |a| retracted(a).slug("z")));
        assert_gone(&app.get(slug).await, REASON, "2026-01-12T00:29:20.500Z");
        app.import(&Portal::new("demo").article("first", |a| a.slug("y").status("draft")));
        assert_gone(&app.get(slug).await, REASON, "2026-01-12T00:29:20.500Z");
        app.import(&Portal::new("demo").article("third", |a| a.slug("x")));
        assert_eq!(app.get(slug).await.assert_status(200).json()["title"], "Article third");
        // Of two tombstones the one that has it now speaks.
        app.import(&Portal::new("demo").article("third", |a| retracted(a).slug("x").set("retraction_reason", "新的")));
        assert_gone(&app.get(slug).await, "新的", "2026-01-12T00:29:20.500Z");
        app.import(&Portal::new("other").article("b", |a| a));
        app.get("/api/v1/sites/other/articles/x").await.assert_problem(404, "not_found");
        app.get("/api/v1/sites/nowhere/articles/x").await.assert_problem(404, "not_found");
    }

    /// A retraction that is undone leaves nothing behind
    async fn a_retraction_can_be_undone(app) {
        app.import(&Portal::new("demo").article("a", |a| a).article("b", |a| a));
        let id = app.article_id("a").await;
        let path = format!("/api/v1/articles/{id}");
        let before = app.get(&path).await.json();
        let desk = app.desk("admin");
        let address = format!("/articles/{id}");
        take(&desk, &address, json!({"to": "retracted", "reason": REASON})).await;
        assert_eq!(app.get(&path).await.status, 410);
        take(&desk, &address, json!({"to": "archived"})).await;
        app.get(&path).await.assert_problem(404, "not_found");
        app.get("/api/v1/sites/demo/articles/a").await.assert_problem(404, "not_found");
        take(&desk, &address, json!({"to": "published"})).await;
        let mut after = app.get(&path).await.assert_status(200).json();
        for member in ["version", "updated_at"] {
            after[member] = before[member].clone();
        }
        assert_eq!(after, before);
        assert!(!exported(app).contains("retract"));
        assert_eq!(told(app, id).await, json!([null, null, "a"]));
    }

    /// The feed of changes says that an article was retracted, also where it was archived before, and that it is not any more
    async fn followers_hear_of_a_retraction(app) {
        app.import(&Portal::new("demo").article("a", |a| a).article("b", |a| a).article("draft", |a| a.status("draft")));
        let (a, b) = (app.article_id("a").await, app.article_id("b").await);
        // One article alone: `change` begins with what it is by default.
        let import = |key: &'static str, change: fn(Record) -> Record| {
            app.import(&Portal::new("demo").article(key, change));
        };
        app.set_clock("2026-01-15T05:00:00Z");
        import("a", retracted);
        assert_eq!(told(app, a).await, json!(["2026-01-15T05:00:00Z", "retracted", null]));
        import("b", |b| b.status("archived"));
        assert_eq!(told(app, b).await, json!(["2026-01-15T05:00:00Z", "archived", null]));
        let cursor = app.get("/api/v1/articles/changes").await.json()["next_cursor"].as_str().unwrap().to_owned();
        app.set_clock("2026-01-15T06:00:00Z");
        import("b", retracted);
        assert_eq!(told(app, b).await, json!(["2026-01-15T05:00:00Z", "retracted", null]));
        let news = app.get(&format!("/api/v1/articles/changes?since={cursor}")).await.json();
        assert_eq!(news["items"].as_array().unwrap().len(), 1, "{news}");
        let desk = app.desk("admin");
        take(&desk, &format!("/articles/{a}"), json!({"to": "draft"})).await;
        assert_eq!(told(app, a).await, json!(["2026-01-15T05:00:00Z", "unpublished", null]));
        take(&desk, &format!("/articles/{b}"), json!({"to": "archived"})).await;
        assert_eq!(told(app, b).await, json!(["2026-01-15T05:00:00Z", "archived", null]));
        // What nobody ever saw stays unknown to them.
        import("draft", retracted);
        let feed = app.get("/api/v1/articles/changes").await.json();
        assert_eq!(feed["items"].as_array().unwrap().len(), 2, "{feed}");
    }

    /// An old file that is taken in every night brings its texts, and not the article back
    async fn an_old_file_does_not_undo_a_retraction(app) {
        let old = Portal::new("demo").article("a", |a| a.title("旧標題 Ｘ")).article("b", |b| b.title("Zwei 🙏")).article("c", |c| c);
        app.import(&old);
        let (a, b) = (app.article_id("a").await, app.article_id("b").await);
        let desk = app.desk("admin");
        desk.changed(&format!("/articles/{a}"), &json!({"title": "新标题"})).await;
        app.set_clock("2026-01-15T04:05:00Z");
        for id in [a, b] {
            take(&desk, &format!("/articles/{id}"), json!({"to": "retracted", "reason": REASON})).await;
        }
        app.set_clock("2026-01-15T04:10:00Z");
        let report = app.import(&old);
        assert_eq!((report.created, report.updated, report.stay_retracted), (0, 1, 2));
        let now = desk.get(&format!("/articles/{a}")).await.json();
        assert_eq!((&now["title"], &now["status"]), (&json!("旧標題 Ｘ"), &json!("retracted")));
        // The second time there is nothing to do, and again it is said.
        let place = Place::with(app.database());
        place.write("old.ndjson", old.lines());
        for options in [vec!["import", "old.ndjson"], vec!["import", "--keep-going", "old.ndjson"]] {
            assert_eq!(place.run(&options).assert_done(), "old.ndjson: 0 created, 0 updated, 5 unchanged, 0 faults\n\
                old.ndjson: 2 stay retracted: take them to draft with a transition first\n");
        }
        assert_eq!(desk.get(&format!("/articles/{a}")).await.json(), now);
        for (id, key) in [(a, "a"), (b, "b")] {
            for path in [format!("articles/{id}"), format!("sites/demo/articles/{key}")] {
                assert_gone(&app.get(&format!("/api/v1/{path}")).await, REASON, "2026-01-15T04:05:00Z");
            }
        }
        let list = app.get("/api/v1/articles?count=exact").await.json();
        assert_eq!((&list["total"], &list["items"][0]["slug"]), (&json!(1), &json!("c")));
        // As the note says: from draft the file decides again.
        take(&desk, &format!("/articles/{a}"), json!({"to": "draft"})).await;
        let report = app.import(&old);
        assert_eq!((report.updated, report.stay_retracted), (1, 1));
        assert_eq!(app.get(&format!("/api/v1/articles/{a}")).await.assert_status(200).json()["title"], "旧標題 Ｘ");
        let said = place.run(&["import", "old.ndjson"]);
        assert!(said.assert_done().ends_with("old.ndjson: 1 stays retracted: take it to draft with a transition first\n"), "{said:?}");
    }

    /// A retraction travels in portal files: the same reason and time on another server, and nothing to do the second time
    async fn a_retraction_travels_in_files(app) {
        let portal = |slug: &str, change: fn(Record) -> Record| {
            Portal::new("demo").article("a", |a| change(a.slug(slug).set("translations", json!([{"locale": "zh-Hans", "title": "文", "slug": "文", "body_html": ""}]))))
        };
        app.import(&portal("alt", |a| a));
        app.import(&portal("neu", retracted));
        let line = &records(app, "article")[0];
        assert_eq!((&line["status"], &line["retraction_reason"], &line["retracted_at"]), (&json!("retracted"), &json!(REASON), &json!("2026-01-12T00:29:20.500Z")));
        assert_eq!(app.import(&portal("neu", retracted)).updated, 0);
        let file = exported(app);
        on_another(app, async |other| {
            assert_eq!(other.try_import(&file).unwrap().faults, []);
            let address = managed(&other.desk("admin"), "a").await;
            for path in [&address[1..], "sites/demo/articles/neu", "sites/demo/articles/文", "sites/demo/articles/alt"] {
                assert_gone(&other.get(&format!("/api/v1/{path}")).await, REASON, "2026-01-12T00:29:20.500Z");
            }
            assert_eq!(exported(other), file);
            assert_eq!(other.try_import(&file).unwrap().updated, 0);
        }).await;
    }

    /// A file makes a retraction and says its reason better; it does not end one, and a new one needs a new reason
    async fn a_file_makes_a_retraction_and_does_not_end_it(app) {
        let import = |members: Value| {
            let mut line = json!({"type": "article", "site": "demo", "key": "a"});
            line.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            app.try_import(format!("{}\n{line}", json!({"type": "portal", "version": 1}))).unwrap()
        };
        let stored = || {
            let line = records(app, "article").remove(0);
            json!([line["status"], line["retraction_reason"], line["retracted_at"]])
        };
        app.import(&Portal::new("demo").article("a", |a| a));
        // Without a time it is that of the import, and stays so.
        assert_eq!(import(json!({"status": "retracted", "retraction_reason": REASON})).updated, 1);
        let first = json!(["retracted", REASON, "2026-01-15T04:00:00Z"]);
        assert_eq!(stored(), first);
        app.set_clock("2026-01-15T05:00:00Z");
        for same in [json!({}), json!({"status": "retracted"}), json!({"retraction_reason": REASON}), json!({"retracted_at": null})] {
            assert_eq!(import(same.clone()).unchanged, 1, "{same}");
        }
        let fault = &import(json!({"retraction_reason": null})).faults[0];
        assert_eq!(fault.member, "retraction_reason");
        assert_eq!(stored(), first);
        assert_eq!(import(json!({"retraction_reason": "更正"})).updated, 1);
        let second = json!(["retracted", "更正", "2026-01-15T04:00:00Z"]);
        assert_eq!(stored(), second);
        for status in ["draft", "in_review", "approved", "scheduled", "published", "archived"] {
            for nulls in [json!({}), json!({"retraction_reason": null, "retracted_at": null})] {
                let mut line = nulls;
                line["status"] = json!(status);
                let report = import(line);
                assert_eq!((report.unchanged, report.stay_retracted), (1, 1), "{status}");
                assert_eq!(stored(), second, "{status}");
            }
            let fault = &import(json!({"status": status, "retraction_reason": "新的"})).faults[0];
            assert_eq!(fault.member, "retraction_reason", "{status}");
        }
        assert_eq!(import(json!({"status": "retracted", "retraction_reason": "再更正 😀"})).updated, 1);
        assert_eq!(stored(), json!(["retracted", "再更正 😀", "2026-01-15T04:00:00Z"]));
        let desk = app.desk("admin");
        take(&desk, &managed(&desk, "a").await, json!({"to": "archived"})).await;
        assert_eq!(stored(), json!(["archived", null, null]));
        let fault = &import(json!({"status": "retracted"})).faults[0];
        assert_eq!(fault.member, "retraction_reason");
        assert_eq!(import(json!({"status": "published"})).updated, 1);
        assert_eq!(import(json!({"status": "scheduled"})).unchanged, 1);
        app.article_id("a").await;
    }
}
