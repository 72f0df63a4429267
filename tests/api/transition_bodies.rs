//! What goes with a transition: versions, comments, reasons, dates, several of them at once; and what is refused.

use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::desk::long_text;
use crate::support::{on_both, spec};
use crate::transitions::{
    STATES, draft, fault, go, go_if, gone, operation, order, portal, public, standing,
};

on_both! {
    /// A transition is for one version, and of many at once one happens
    async fn a_transition_is_for_one_version(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let path = standing(app, &desk, "draft").await;
        let order = json!({"to": "in_review"});
        let bare = desk.post(&format!("{path}/transitions"), &order).await;
        bare.assert_problem(428, "precondition_required");
        for tag in ["\"7\"", "W/\"1\"", "\"x\"", "\"2\", \"3\""] {
            let stale = go_if(&desk, &path, tag, &order).await;
            stale.assert_problem(412, "precondition_failed");
            assert_eq!(stale.header("etag"), Some("\"1\""), "{tag}");
        }
        // Which version it is comes before where it stands.
        go_if(&desk, &path, "\"7\"", &json!({"to": "retracted", "reason": "误"})).await.assert_problem(412, "precondition_failed");
        go_if(&desk, &path, "1", &order).await.assert_problem(400, "malformed_request");
        for nowhere in ["/articles/999", "/articles/x", "/articles/0"] {
            go_if(&desk, nowhere, "*", &order).await.assert_problem(404, "not_found");
        }
        let answers = join_all((0..10).map(|_| go_if(&desk, &path, "\"1\"", &order))).await;
        for answer in &answers {
            assert!(matches!(answer.status, 200 | 412), "{answer}");
        }
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(desk.found(&desk.get(&path).await).0["version"], 2);
        let draft = json!({"to": "draft"});
        assert_eq!(desk.found(&go_if(&desk, &path, "\"9\", \"2\"", &draft).await).1, "\"3\"");
        go_if(&desk, &path, "*", &order).await.assert_status(200);
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            desk.request(method, &format!("{path}/transitions")).send().await.assert_problem(405, "method_not_allowed");
        }
    }

    /// A repeated request gets the first answer and takes nothing anywhere
    async fn a_repeated_request_gets_the_first_answer(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let path = standing(app, &desk, "draft").await;
        let send = |key: &str, tag: &str, order: &Value| {
            desk.request("POST", &format!("{path}/transitions")).header("idempotency-key", key).header("if-match", tag).json(order).send()
        };
        // A refusal leaves the key free.
        send("k-1", "\"1\"", &json!({"to": "retracted", "reason": "误"})).await.assert_problem(409, "conflict");
        let order = json!({"to": "published", "comment": "发布🌊"});
        let first = send("k-1", "\"1\"", &order).await;
        assert_eq!((first.assert_status(200).header("etag"), first.header("idempotency-replayed")), (Some("\"2\""), None));
        for _ in 0..2 {
            let again = send("k-1", "\"1\"", &order).await;
            assert_eq!((again.assert_status(200).text(), again.header("etag")), (first.text(), Some("\"2\"")));
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
        }
        send("k-1", "\"2\"", &json!({"to": "archived"})).await.assert_problem(422, "idempotency_key_reused");
        send("k-2", "\"1\"", &order).await.assert_problem(412, "precondition_failed");
        let revisions = desk.get(&format!("{path}/revisions?count=exact")).await.json();
        assert_eq!(revisions["total"], 2);
        assert_eq!(desk.found(&desk.get(&path).await).0["status"], "published");
    }

    /// What a transition cannot say is refused with its place, and nothing is changed
    async fn what_a_transition_cannot_say_is_refused(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let path = standing(app, &desk, "draft").await;
        let before = desk.found(&desk.get(&path).await);
        let long = "汉".repeat(2000) + "🌊";
        for (body, pointer, code) in [
            (json!([]), "", "wrong_type"),
            (json!("in_review"), "", "wrong_type"),
            (json!(null), "", "wrong_type"),
            (json!({}), "/to", "required"),
            (json!({"to": null}), "/to", "required"),
            (json!({"to": "public"}), "/to", "invalid"),
            (json!({"to": "In_Review"}), "/to", "invalid"),
            (json!({"to": "ｄｒａｆｔ"}), "/to", "invalid"),
            (json!({"to": ""}), "/to", "invalid"),
            (json!({"to": "quarantined"}), "/to", "invalid"),
            (json!({"to": 4}), "/to", "wrong_type"),
            (json!({"to": ["in_review"]}), "/to", "wrong_type"),
            (json!({"to": "in_review", "status": "draft"}), "/status", "unknown_member"),
            (json!({"to": "in_review", "published_at": "2026-02-01T09:00:00+08:00"}), "/published_at", "unknown_member"),
            (json!({"to": "in_review", "备注": "x"}), "/备注", "unknown_member"),
            (json!({"to": "in_review", "comment": 4}), "/comment", "wrong_type"),
            (json!({"to": "in_review", "comment": ""}), "/comment", "invalid"),
            (json!({"to": "in_review", "comment": " \u{3000}\n"}), "/comment", "invalid"),
            (json!({"to": "in_review", "comment": "a\u{0}"}), "/comment", "invalid"),
            (json!({"to": "in_review", "comment": long}), "/comment", "invalid"),
            (json!({"to": "published", "publish_at": "tomorrow"}), "/publish_at", "invalid"),
            (json!({"to": "published", "publish_at": "2026-02-01"}), "/publish_at", "invalid"),
            (json!({"to": "published", "publish_at": "2026-02-01T09:00:00"}), "/publish_at", "invalid"),
            (json!({"to": "published", "publish_at": "2026-02-30T09:00:00Z"}), "/publish_at", "invalid"),
            (json!({"to": "published", "publish_at": "2026-02-01T09:00:00+15:00"}), "/publish_at", "invalid"),
            (json!({"to": "published", "publish_at": 1_770_000_000}), "/publish_at", "wrong_type"),
            (json!({"to": "published", "unpublish_at": "never"}), "/unpublish_at", "invalid"),
            (json!({"to": "published", "unpublish_at": false}), "/unpublish_at", "wrong_type"),
            (json!({"to": "published", "reason": {}}), "/reason", "wrong_type"),
            // Only on the way to the public.
            (json!({"to": "in_review", "publish_at": "2026-02-01T09:00:00+08:00"}), "/publish_at", "invalid"),
            (json!({"to": "in_review", "unpublish_at": "2026-02-01T09:00:00+08:00"}), "/unpublish_at", "invalid"),
            // Only where something is taken back.
            (json!({"to": "in_review", "reason": "误"}), "/reason", "invalid"),
            (json!({"to": "published", "reason": "误"}), "/reason", "invalid"),
            // Times that nobody could mean. It is 2026-01-15T04:00:00Z.
            (json!({"to": "scheduled"}), "/publish_at", "required"),
            (json!({"to": "scheduled", "publish_at": null}), "/publish_at", "required"),
            (json!({"to": "scheduled", "publish_at": "2026-01-15T12:00:00+08:00"}), "/publish_at", "invalid"),
            (json!({"to": "scheduled", "publish_at": "2026-01-14T12:00:00+08:00"}), "/publish_at", "invalid"),
            (json!({"to": "scheduled", "publish_at": "2026-01-15T04:00:00.0000009Z"}), "/publish_at", "invalid"),
            (json!({"to": "published", "publish_at": "0001-01-01T00:00:00+14:00"}), "/publish_at", "invalid"),
            (json!({"to": "published", "publish_at": "2016-12-31T23:59:60Z"}), "/publish_at", "invalid"),
            (json!({"to": "published", "unpublish_at": "2026-01-15T04:00:00Z"}), "/unpublish_at", "invalid"),
            (json!({"to": "published", "unpublish_at": "2026-01-14T04:00:00Z"}), "/unpublish_at", "invalid"),
            (json!({"to": "published", "publish_at": "2026-01-01T00:00:00Z", "unpublish_at": "2026-01-02T00:00:00Z"}), "/unpublish_at", "invalid"),
            (json!({"to": "scheduled", "publish_at": "2026-02-01T09:00:00+08:00", "unpublish_at": "2026-02-01T01:00:00Z"}), "/unpublish_at", "invalid"),
            (json!({"to": "published", "publish_at": "2026-02-01T09:00:00+08:00", "unpublish_at": "2026-01-31T00:00:00Z"}), "/unpublish_at", "invalid"),
        ] {
            let refused = go_if(&desk, &path, &before.1, &body).await;
            assert_eq!(fault(&refused), (pointer.to_owned(), code.to_owned()), "{body}: {refused}");
            let in_batch = desk.post("/batch", &json!({"operations": [operation(&path, &before.1, &body)]})).await;
            let problem = in_batch.assert_problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], format!("/operations/0/body{pointer}"), "{body}");
        }
        let words = go(&desk, &path, &json!({"to": "public"})).await.text();
        assert!(STATES.iter().all(|state| words.contains(&format!("`{state}`"))), "{words}");
        for text in ["", "{", "{\"to\":}", "{} {}"] {
            let request = desk.request("POST", &format!("{path}/transitions")).header("if-match", "*").header("content-type", "application/json");
            request.body(text).send().await.assert_problem(400, "malformed_request");
        }
        let twice = desk.request("POST", &format!("{path}/transitions")).header("if-match", "*").header("content-type", "application/json");
        assert_eq!(fault(&twice.body("{\"to\":\"in_review\",\"to\":\"archived\"}").send().await).1, "repeated");
        let patch = desk.request("POST", &format!("{path}/transitions")).header("if-match", "*").header("content-type", "application/merge-patch+json");
        patch.body("{\"to\":\"in_review\"}").send().await.assert_problem(415, "unsupported_media_type");
        let query = desk.request("POST", &format!("{path}/transitions?to=in_review")).header("if-match", "*").json(&json!({"to": "in_review"}));
        query.send().await.assert_problem(400, "invalid_parameter");
        assert_eq!(desk.found(&desk.get(&path).await), before);
    }

    /// A remark needs words, a new date a date, a retraction a reason
    async fn going_nowhere_needs_a_reason_to_go(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        for (state, order, pointer, code) in [
            ("in_review", json!({"to": "in_review"}), "/comment", "required"),
            ("in_review", json!({"to": "in_review", "comment": null}), "/comment", "required"),
            ("published", json!({"to": "scheduled"}), "/publish_at", "required"),
            ("published", json!({"to": "retracted"}), "/reason", "required"),
            ("published", json!({"to": "retracted", "reason": "  "}), "/reason", "invalid"),
            ("published", json!({"to": "retracted", "reason": "误".repeat(2001)}), "/reason", "invalid"),
            ("archived", json!({"to": "retracted", "comment": "误"}), "/reason", "required"),
            ("published", json!({"to": "retracted", "reason": "误", "publish_at": "2026-01-01T00:00:00Z"}), "/publish_at", "invalid"),
            ("published", json!({"to": "archived", "reason": "误"}), "/reason", "invalid"),
            ("retracted", json!({"to": "archived", "reason": "误"}), "/reason", "invalid"),
        ] {
            let path = standing(app, &desk, state).await;
            let before = desk.found(&desk.get(&path).await);
            let refused = go(&desk, &path, &order).await;
            assert_eq!(fault(&refused), (pointer.to_owned(), code.to_owned()), "{state}: {order}");
            assert_eq!(desk.found(&desk.get(&path).await), before);
        }
        let path = standing(app, &desk, "in_review").await;
        assert_eq!(gone(&desk, &path, &json!({"to": "in_review", "comment": "请核对"})).await["status"], "in_review");
        // Published twice is published once.
        for state in ["published", "scheduled"] {
            let path = standing(app, &desk, state).await;
            let (before, tag) = desk.found(&desk.get(&path).await);
            let (after, same) = desk.found(&go(&desk, &path, &json!({"to": state})).await);
            assert_eq!((after, same), (before, tag), "{state}");
            assert_eq!(gone(&desk, &path, &json!({"to": state, "comment": "再次"})).await["status"], state);
        }
        let path = standing(app, &desk, "published").await;
        app.set_clock("2026-01-15T04:00:01.5Z");
        let back = gone(&desk, &path, &json!({"to": "retracted", "reason": "數據有誤 😀"})).await;
        assert_eq!((&back["retraction_reason"], &back["retracted_at"]), (&json!("數據有誤 😀"), &json!("2026-01-15T04:00:01.500Z")));
        app.set_clock("2026-01-15T04:10:00Z");
        let said_better = gone(&desk, &path, &json!({"to": "retracted", "reason": "數據有誤,見更正"})).await;
        assert_eq!((&said_better["retraction_reason"], &said_better["retracted_at"]), (&json!("數據有誤,見更正"), &back["retracted_at"]));
        // Clients that send every member, with `null` for what they do not mean.
        let all = json!({"to": "retracted", "reason": "誤", "comment": null, "publish_at": null, "unpublish_at": null});
        gone(&desk, &path, &all).await;
        assert_eq!(back["published_at"], "2026-01-13T09:00:00+08:00");
        let kept = gone(&desk, &path, &json!({"to": "archived"})).await;
        assert_eq!((&kept["retraction_reason"], &kept["retracted_at"]), (&Value::Null, &Value::Null));
    }

    /// Comments stand in the history and in the audit log as they were written
    async fn comments_stand_in_the_history_and_in_the_audit_log(app) {
        app.import(&portal());
        let author = app.desk("author");
        let reviewer = app.desk("reviewer");
        let editor = app.desk("editor");
        let path = standing(app, &author, "draft").await;
        let long = long_text(2000);
        let steps = [
            (&author, json!({"to": "in_review", "comment": "请审核:第三段 👩‍🔬"}), "in_review"),
            (&reviewer, json!({"to": "in_review", "comment": long}), "in_review"),
            (&author, json!({"to": "in_review", "comment": "汉".repeat(1999) + "👩‍🔬"}), "in_review"),
            (&reviewer, json!({"to": "approved", "comment": "同意\nＯＫ"}), "approved"),
            (&editor, json!({"to": "published"}), "published"),
            (&editor, json!({"to": "retracted", "reason": "数据有误", "comment": "作者要求"}), "retracted"),
        ];
        for (desk, order, state) in &steps {
            assert_eq!(gone(desk, &path, order).await["status"], *state);
        }
        let (revisions, _) = editor.walk(&format!("{path}/revisions?limit=2")).await;
        assert_eq!(revisions.len(), steps.len() + 1);
        let admin = app.desk("admin");
        let (entries, _) = admin.walk("/audit-log?limit=100&action=transition_article").await;
        assert_eq!(entries.len(), steps.len());
        for (((_, order, state), revision), entry) in steps.iter().rev().zip(&revisions).zip(&entries) {
            assert_eq!((&revision["comment"], &revision["status"]), (&order["comment"], &json!(state)));
            assert_eq!((&revision["action"], &revision["actor"]), (&json!("transition"), &entry["actor"]));
            assert_eq!(revision["created_by"], entry["user_id"]);
            for member in ["comment", "reason"] {
                assert_eq!(entry["after"][member], order[member], "{entry}");
            }
            assert_eq!(entry["after"]["version"], revision["article_version"]);
            if order["to"] != "in_review" {
                assert_eq!(entry["after"]["status"], *state);
            }
        }
        // Only a reason is for readers.
        let public = app.get(&format!("/api/v1{path}")).await.text();
        assert!(!public.contains("作者要求"), "{public}");
    }

    /// Who publishes without a date means now, except where the article has a date that is over
    async fn who_publishes_without_a_date_means_now(app) {
        app.import(&portal().article("old", |a| a.status("draft").category("about").published_at("2019-03-05T00:00:00+08:00").set("published_precision", "date")));
        let desk = app.desk("admin");
        let undated = json!({"site": "demo", "category": "news", "title": "无日期"});
        let ahead = json!({"site": "demo", "category": "news", "title": "将来", "published_at": "2026-03-01T09:30:00+09:00"});
        let past = json!({"site": "demo", "category": "news", "title": "过去", "published_at": "2024-02-29T23:59:59-03:30"});
        let now = |offset: &str| json!(match offset { "+09:00" => "2026-01-15T13:05:06+09:00", _ => "2026-01-15T12:05:06+08:00" });
        let kept = json!("2024-02-29T23:59:59-03:30");
        let mut cases: Vec<(Value, &[&str], Value)> = Vec::new();
        for way in [&["published"][..], &["in_review", "published"], &["in_review", "approved", "published"], &["approved", "published"]] {
            cases.push((undated.clone(), way, now("+08:00")));
            cases.push((ahead.clone(), way, now("+09:00")));
            cases.push((past.clone(), way, kept.clone()));
        }
        cases.push((past.clone(), &["published", "archived", "published"], kept.clone()));
        cases.push((past.clone(), &["published", "draft", "published"], kept.clone()));
        for (article, way, expected) in cases {
            for is_change in [false, true] {
                app.set_clock("2026-01-15T04:00:00.789Z");
                let (path, _) = desk.made("/articles", &article).await;
                app.set_clock("2026-01-15T04:05:06.456Z");
                let mut last = Value::Null;
                for to in way {
                    last = match is_change {
                        true => desk.changed(&path, &json!({"status": to})).await,
                        false => gone(&desk, &path, &json!({"to": to})).await,
                    };
                }
                assert_eq!((&last["status"], &last["published_at"]), (&json!("published"), &expected), "{article} {way:?} {is_change}");
                assert_eq!(last["published_precision"], "second");
                app.get(&format!("/api/v1{path}")).await.assert_status(200);
            }
        }
        // A date that a portal printed stays as it was printed.
        let list = desk.get("/articles?category=3").await.json();
        let path = format!("/articles/{}", list["items"][0]["id"]);
        let old = gone(&desk, &path, &json!({"to": "published"})).await;
        assert_eq!((&old["published_at"], &old["published_precision"]), (&json!("2019-03-05T00:00:00+08:00"), &json!("date")));
        // Who publishes what waits for its time does not wait.
        for is_change in [false, true] {
            let path = standing(app, &desk, "scheduled").await;
            let out = match is_change {
                true => desk.changed(&path, &json!({"status": "published"})).await,
                false => gone(&desk, &path, &json!({"to": "published"})).await,
            };
            assert_eq!((&out["status"], &out["published_at"]), (&json!("published"), &now("+08:00")));
        }
    }

    /// A date that is given counts to the second, with the offset that it is written in
    async fn a_date_that_is_given_is_kept_as_it_is_written(app) {
        app.import(&portal().article("old", |a| a.category("about").published_at("2019-03-05T00:00:00+08:00").set("published_precision", "date")));
        let desk = app.desk("admin");
        for (to, at, state) in [
            ("published", "2026-01-10T08:00:00-05:00", "published"),
            ("published", "2026-01-15T09:30:00+05:30", "published"),
            ("published", "2026-01-15T12:00:00+08:00", "published"),
            ("published", "2026-01-15T12:00:01+08:00", "scheduled"),
            ("published", "2027-01-01T00:00:00+14:00", "scheduled"),
            ("scheduled", "2026-01-15T04:00:01+00:00", "scheduled"),
            ("scheduled", "2026-01-15T04:00:00.000001+00:00", "scheduled"),
            ("published", "0001-01-01T00:00:00-12:00", "published"),
            ("scheduled", "9999-12-31T23:59:59+00:00", "scheduled"),
        ] {
            for from in ["draft", "in_review", "approved", "scheduled", "published", "archived"] {
                let path = standing(app, &desk, from).await;
                let now = gone(&desk, &path, &json!({"to": to, "publish_at": at})).await;
                assert_eq!((&now["published_at"], &now["status"]), (&json!(at), &json!(state)), "{from}");
                app.get(&format!("/api/v1{path}")).await.assert_status(if state == "published" { 200 } else { 404 });
            }
        }
        // It is known to the second now.
        let path = format!("/articles/{}", app.article_id("old").await);
        let old = gone(&desk, &path, &json!({"to": "published", "publish_at": "2019-03-05T06:07:08+08:00"})).await;
        assert_eq!((&old["published_at"], &old["published_precision"]), (&json!("2019-03-05T06:07:08+08:00"), &json!("second")));
        // What is not public keeps its date.
        let path = standing(app, &desk, "scheduled").await;
        for to in ["approved", "in_review", "draft", "archived"] {
            assert_eq!(gone(&desk, &path, &json!({"to": to})).await["published_at"], "2026-02-01T09:00:00+08:00");
        }
        // And a date ahead is enough to schedule.
        assert_eq!(gone(&desk, &path, &json!({"to": "scheduled"})).await["published_at"], "2026-02-01T09:00:00+08:00");
    }

    /// An end stays until it is moved or taken away, and nobody publishes what is over
    async fn an_end_stays_until_it_is_moved_or_taken_away(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let path = standing(app, &desk, "draft").await;
        let end = |article: &Value| article["unpublish_at"].clone();
        let first = gone(&desk, &path, &json!({"to": "published", "unpublish_at": "2026-01-15T12:10:00+08:00"})).await;
        assert_eq!(end(&first), "2026-01-15T04:10:00Z");
        assert_eq!(end(&gone(&desk, &path, &json!({"to": "published", "publish_at": "2026-01-11T00:00:00Z"})).await), "2026-01-15T04:10:00Z");
        assert_eq!(end(&gone(&desk, &path, &json!({"to": "published", "unpublish_at": "2026-01-15T04:09:00Z"})).await), "2026-01-15T04:09:00Z");
        assert_eq!(end(&gone(&desk, &path, &json!({"to": "archived"})).await), "2026-01-15T04:09:00Z");
        app.set_clock("2026-01-15T04:09:00Z");
        let over = go(&desk, &path, &json!({"to": "published"})).await;
        assert_eq!(fault(&over).0, "/unpublish_at");
        assert!(over.text().contains("`null`"), "{over}");
        assert_eq!(fault(&go(&desk, &path, &json!({"to": "scheduled", "publish_at": "2026-01-16T00:00:00Z"})).await).0, "/unpublish_at");
        assert_eq!(end(&gone(&desk, &path, &json!({"to": "published", "unpublish_at": null})).await), Value::Null);
        app.get(&format!("/api/v1{path}")).await.assert_status(200);
        assert_eq!(end(&gone(&desk, &path, &json!({"to": "published", "unpublish_at": "2026-02-01T00:00:00Z"})).await), "2026-02-01T00:00:00Z");
        assert_eq!(end(&gone(&desk, &path, &json!({"to": "published", "unpublish_at": null})).await), Value::Null);
    }

    /// A change that says `scheduled` needs a time ahead too
    async fn a_change_to_scheduled_needs_a_time_ahead(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        for state in ["draft", "in_review", "approved", "scheduled", "published", "archived"] {
            let path = standing(app, &desk, state).await;
            let before = desk.found(&desk.get(&path).await);
            let past = desk.patch(&path, &json!({"status": "scheduled", "published_at": "2026-01-15T04:00:00Z"})).await;
            assert_eq!(fault(&past), ("/published_at".to_owned(), "invalid".to_owned()), "{state}");
            if state != "scheduled" {
                let none = desk.patch(&path, &json!({"status": "scheduled"})).await;
                assert_eq!(fault(&none), ("/published_at".to_owned(), "required".to_owned()), "{state}");
            }
            assert_eq!(desk.found(&desk.get(&path).await), before, "{state}");
            let ahead = json!({"status": "scheduled", "published_at": "2026-01-15T12:00:01+08:00"});
            assert_eq!(desk.changed(&path, &ahead).await["status"], "scheduled", "{state}");
        }
        let mut article = draft();
        article["status"] = json!("scheduled");
        assert_eq!(fault(&desk.post("/articles", &article).await).0, "/published_at");
        let now = json!({"site": "demo", "category": "news", "title": "x", "status": "scheduled"});
        assert_eq!(fault(&desk.post("/articles", &now).await).0, "/published_at");
    }

    /// Fifty are published at once, or none is
    async fn fifty_are_published_at_once_or_none_is(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let made: Vec<Value> = (0..50).map(|_| json!({"method": "POST", "path": "/manage/articles", "body": draft()})).collect();
        let made = desk.post("/batch", &json!({"operations": made})).await.assert_status(200).json();
        let paths: Vec<String> = spec::items(&made["items"]).map(|item| format!("/articles/{}", item["body"]["id"])).collect();
        let mut all: Vec<Value> = paths.iter().map(|path| operation(path, "\"1\"", &order("published"))).collect();
        let good = all[30].clone();
        for (bad, status, pointer) in [
            (operation(&paths[30], "\"2\"", &order("published")), 412, "/operations/30"),
            (json!({"method": "POST", "path": format!("/manage{}/transitions", paths[30]), "body": order("published")}), 428, "/operations/30"),
            (operation(&paths[30], "*", &order("retracted")), 409, "/operations/30/body/to"),
            (operation("/articles/999", "*", &order("published")), 404, "/operations/30"),
            (operation(&paths[30], "*", &json!({"to": "scheduled"})), 422, "/operations/30/body/publish_at"),
            (operation(&paths[29], "\"1\"", &order("published")), 412, "/operations/30"),
        ] {
            all[30] = bad;
            let refused = desk.post("/batch", &json!({"operations": all})).await;
            assert_eq!(refused.problem(status)["errors"][0]["pointer"], pointer, "{refused}");
            assert_eq!(public(app).await, 0);
        }
        let author = app.desk("author").post("/batch", &json!({"operations": all})).await;
        author.assert_problem(403, "forbidden");
        let each = desk.post("/batch", &json!({"atomic": false, "operations": all[20..40]})).await.assert_status(200).json();
        let statuses: Vec<u64> = spec::items(&each["items"]).map(|item| item["status"].as_u64().unwrap()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 19);
        assert_eq!((statuses[10], &each["items"][10]["etag"]), (412, &json!("\"2\"")));
        assert_eq!(public(app).await, 19);
        all[30] = good;
        let rest: Vec<&Value> = all[..20].iter().chain(&all[30..31]).chain(&all[40..]).collect();
        let done = desk.post("/batch", &json!({"operations": rest})).await.assert_status(200).json();
        assert!(spec::items(&done["items"]).all(|item| item["etag"] == "\"2\"" && item["body"]["status"] == "published"), "{done}");
        assert_eq!(public(app).await, 50);
        let tree = app.get("/api/v1/sites/demo/categories/news/sea").await.json();
        assert_eq!(tree["article_count"], 50);
        // One article through all its states, in one batch.
        let one = standing(app, &desk, "draft").await;
        let way = ["in_review", "approved", "scheduled", "published", "archived", "retracted", "draft"];
        let steps: Vec<Value> = way.iter().zip(1..).map(|(to, version)| operation(&one, &format!("\"{version}\""), &order(to))).collect();
        let done = desk.post("/batch", &json!({"operations": steps})).await.assert_status(200).json();
        let states: Vec<&Value> = spec::items(&done["items"]).map(|item| &item["body"]["status"]).collect();
        assert_eq!(states, way);
        let (revisions, _) = desk.walk(&format!("{one}/revisions?limit=3")).await;
        assert_eq!(revisions.len(), 8);
    }
}
