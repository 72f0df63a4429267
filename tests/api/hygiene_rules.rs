//! The rules of the check for injected text: who makes and changes them, what they cannot be, and what becomes of everything when they change.

use masthead::models::access::{Role, Scope};
use masthead::screening::Screening;
use serde_json::{Value, json};

use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

/// A phrase that no rule of the program knows.
const PHRASE: &str = "铜板乐园";

fn rule(key: &str) -> Value {
    json!({"key": key, "kind": "term", "spam_class": "gambling", "severity": "block", "texts": ["铜板(乐园|天地)"], "description": "自拟 😀"})
}

fn portal() -> Portal {
    Portal::new("demo")
        .category("news/sea")
        .article("spoilt", |a| {
            a.title("铜板樂園的潮位").body("<p>今天。</p>")
        })
        .article("open", |a| a.title("潮位"))
}

/// What the set of rules is that holds now.
fn rule_set(app: &TestApp) -> i64 {
    app.database()
        .number("SELECT max(version) FROM hygiene_rule_sets")
}

/// Everything that was asked for is done, here or by another instance.
fn settle(app: &TestApp) {
    let open = "SELECT count(*) FROM hygiene_scans WHERE state IN ('waiting', 'running')";
    loop {
        app.app.services().scanning.tend_blocking().unwrap();
        if app.database().number(open) == 0 {
            return;
        }
    }
}

/// The runs, the newest first.
async fn scans(desk: &Desk<'_>) -> Vec<Value> {
    desk.walk("/hygiene-scans?limit=100").await.0
}

/// A rule that came with the program.
async fn shipped(desk: &Desk<'_>) -> Value {
    let (all, _) = desk.walk("/hygiene-rules?limit=100").await;
    all.into_iter()
        .find(|rule| rule["kind"] == "term" && rule["severity"] == "block")
        .unwrap()
}

on_both! {
    /// HY-10: a rule is made, shown, changed and deleted, and each change is another set of rules
    async fn a_rule_is_made_changed_and_deleted(app) {
        let desk = app.desk("admin");
        let start = rule_set(app);
        let (path, made) = desk.made("/hygiene-rules", &rule("own-rule")).await;
        for (member, value) in [
            ("key", json!("own-rule")), ("kind", json!("term")), ("spam_class", json!("gambling")), ("severity", json!("block")),
            ("boundary", json!("anywhere")), ("texts", json!(["铜板(乐园|天地)"])), ("description", json!("自拟 😀")), ("is_enabled", json!(true)),
            ("is_shipped", json!(false)), ("rule_set", json!(start + 1)),
        ] {
            assert_eq!(made[member], value, "{member}");
        }
        desk.unchanged(&path, &json!({})).await;
        desk.unchanged(&path, &json!({"severity": "block", "texts": ["铜板(乐园|天地)"]})).await;
        let changed = desk.changed(&path, &json!({"texts": ["铜板庄园"], "severity": "review", "spam_class": "fraud", "boundary": "alone", "description": null})).await;
        assert_eq!((&changed["texts"], &changed["severity"], &changed["boundary"], &changed["description"], &changed["rule_set"]),
            (&json!(["铜板庄园"]), &json!("review"), &json!("alone"), &json!(""), &json!(start + 2)));
        let pattern = desk.changed(&path, &json!({"kind": "pattern", "boundary": "anywhere", "texts": [r"铜板\d+"]})).await;
        assert_eq!(pattern["kind"], "pattern");
        desk.delete(&path).await.assert_status(204);
        for answer in [desk.get(&path).await, desk.delete(&path).await, desk.patch(&path, &json!({})).await] {
            answer.assert_problem(404, "not_found");
        }
        assert_eq!(rule_set(app), start + 4);
        let actions: Vec<Value> = desk.walk("/audit-log?resource=hygiene_rule&limit=10").await.0.into_iter().map(|entry| entry["action"].clone()).collect();
        assert_eq!(json!(actions), json!(["delete_hygiene_rule", "update_hygiene_rule", "update_hygiene_rule", "create_hygiene_rule"]));
    }

    /// The list has the rules of the program and those of one's own, page by page
    async fn the_list_has_all_rules(app) {
        let desk = app.desk("admin");
        desk.made("/hygiene-rules", &rule("own-rule")).await;
        let (all, pages) = desk.walk("/hygiene-rules?limit=7").await;
        assert!(pages > 2, "{pages}");
        assert_eq!(all.iter().filter(|rule| rule["is_shipped"] == false).count(), 1);
        assert!(all.iter().all(|rule| !rule["description"].as_str().unwrap().is_empty()));
        let page = desk.get("/hygiene-rules?limit=1&page=2&count=exact").await.assert_status(200).json();
        assert_eq!((&page["items"][0], &page["total"]), (&all[1], &json!(all.len())));
    }

    /// Conditional requests keep changes of others
    async fn changes_of_others_are_kept(app) {
        let desk = app.desk("admin");
        let (path, _) = desk.made("/hygiene-rules", &rule("own-rule")).await;
        desk.keeps_conditions(&path, &json!({"severity": "note"})).await;
    }

    /// What cannot be a rule is refused with the place of the fault and the mend
    async fn bad_rules_are_refused(app) {
        let desk = app.desk("admin");
        let (path, _) = desk.made("/hygiene-rules", &rule("own-rule")).await;
        desk.made("/hygiene-rules", &rule("second-rule")).await;
        desk.refuses_changes(&path, &[
            (json!({"key": "other"}), "/key", "read_only"),
            (json!({"is_shipped": true}), "/is_shipped", "read_only"),
            (json!({"rule_set": 1}), "/rule_set", "read_only"),
            (json!({"kind": "signal"}), "/kind", "invalid"),
            (json!({"kind": "word"}), "/kind", "invalid"),
            (json!({"kind": null}), "/kind", "required"),
            (json!({"spam_class": "politics"}), "/spam_class", "invalid"),
            (json!({"severity": "fatal"}), "/severity", "invalid"),
            (json!({"boundary": "line"}), "/boundary", "invalid"),
            (json!({"kind": "pattern", "boundary": "alone"}), "/boundary", "conflict"),
            (json!({"texts": []}), "/texts", "out_of_range"),
            (json!({"texts": null}), "/texts", "required"),
            (json!({"texts": "铜板"}), "/texts", "wrong_type"),
            (json!({"texts": ["铜板乐园", "铜板天地", "铜板庄园", "板"]}), "/texts/3", "invalid"),
            (json!({"texts": ["铜板乐园", "铜板乐园"]}), "/texts/1", "invalid"),
            (json!({"texts": ["铜板(乐园"]}), "/texts/0", "invalid"),
            (json!({"texts": ["铜".repeat(201)]}), "/texts/0", "invalid"),
            (json!({"texts": [" \u{200b}"]}), "/texts/0", "invalid"),
            (json!({"texts": ["铜\n板"]}), "/texts/0", "invalid"),
            (json!({"texts": [7]}), "/texts/0", "wrong_type"),
            (json!({"texts": vec!["(一二|三四|五六|七八|九十|百千|万亿|甲乙|丙丁|戊己)".repeat(4)]}), "/texts/0", "invalid"),
            (json!({"kind": "pattern", "texts": ["铜板(", "x"]}), "/texts/0", "invalid"),
            (json!({"kind": "pattern", "texts": ["铜板", "a*"]}), "/texts/1", "invalid"),
            (json!({"kind": "pattern", "texts": ["(a{999}){999}"]}), "/texts/0", "invalid"),
            (json!({"description": "x".repeat(2001)}), "/description", "invalid"),
            (json!({"is_enabled": "yes"}), "/is_enabled", "wrong_type"),
        ]).await;
        let with = |member: &str, value: Value| {
            let mut body = rule("new-rule");
            body[member] = value;
            body
        };
        desk.refuses_new("/hygiene-rules", &[
            (with("key", Value::Null), "/key", "required"),
            (with("key", json!("Own Rule")), "/key", "invalid"),
            (with("key", json!("own--rule")), "/key", "invalid"),
            (with("key", json!("自拟")), "/key", "invalid"),
            (with("key", json!("x".repeat(65))), "/key", "invalid"),
            (with("kind", json!("signal")), "/kind", "invalid"),
            (with("texts", json!((0..201).map(|n| format!("铜板{n}号")).collect::<Vec<_>>())), "/texts", "out_of_range"),
            (with("version", json!(1)), "/version", "read_only"),
        ]).await;
        let taken = desk.post("/hygiene-rules", &rule("second-rule")).await.assert_problem(409, "conflict");
        assert_eq!(taken["errors"][0]["pointer"], "/key");
        desk.changed(&path, &json!({"texts": (0..200).map(|n| format!("铜板{n}号")).collect::<Vec<_>>()})).await;
    }

    /// Of a rule that came with the program one sets how grave it is and whether it is applied, and nothing else
    async fn rules_of_the_program_are_switched_and_weighed(app) {
        let desk = app.desk("admin");
        let rule = shipped(&desk).await;
        let path = format!("/hygiene-rules/{}", rule["id"]);
        let tag = desk.tag(&path).await;
        for (member, value) in [("texts", json!(["铜板"])), ("kind", json!("pattern")), ("spam_class", json!("fraud")), ("boundary", json!("alone")), ("description", json!("x"))] {
            let problem = desk.patch_if(&path, &tag, &json!({member: value})).await.assert_problem(422, "invalid_body");
            let fault = &problem["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(format!("/{member}")), &json!("read_only")));
            assert!(fault["detail"].as_str().unwrap().contains("`severity` and `is_enabled`"), "{fault}");
        }
        let refused = desk.delete(&path).await.assert_problem(409, "conflict");
        assert!(refused["detail"].as_str().unwrap().contains("is_enabled"), "{refused}");
        let off = desk.changed(&path, &json!({"is_enabled": false, "severity": "note"})).await;
        assert_eq!((&off["texts"], &off["is_enabled"], &off["severity"]), (&rule["texts"], &json!(false), &json!("note")));
    }

    /// A rule holds for what is written from then on, and for what was there already; what it alone held comes back once it is not applied
    async fn a_rule_holds_for_everything(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let slug = "/api/v1/sites/demo/articles/spoilt";
        let id = app.get(slug).await.assert_status(200).json()["id"].to_string();
        let before = app.get("/api/v1/sites/demo/articles/open").await.json();
        let (path, _) = desk.made("/hygiene-rules", &rule("own-rule")).await;
        let body = json!({"site": "demo", "category": "news/sea", "title": PHRASE, "slug": "late", "status": "published"});
        let late = desk.post("/articles", &body).await.assert_status(201).json();
        assert_eq!(late["status"], "quarantined");
        settle(app);
        app.get(slug).await.assert_problem(404, "not_found");
        app.get("/api/v1/sites/demo/articles/late").await.assert_problem(404, "not_found");
        let held = desk.get(&format!("/articles/{id}")).await.assert_status(200).json();
        assert_eq!((&held["status"], &held["held_status"]), (&json!("quarantined"), &json!("published")));
        let findings = desk.walk(&format!("/findings?article_id={id}")).await.0;
        assert_eq!((findings.len(), &findings[0]["rule"], &findings[0]["text"]), (1, &json!("own-rule"), &json!("铜板樂園")));
        let run = &scans(&desk).await[0];
        assert_eq!((&run["purpose"], &run["state"], &run["held"], &run["progress"], &run["looked_at"]), (&json!("rescan"), &json!("done"), &json!(1), &json!(1.0), &json!(6)));
        assert_eq!(app.get("/api/v1/sites/demo/articles/open").await.json(), before);
        for off in [json!({"is_enabled": false}), json!({"severity": "review"}), json!({"texts": ["铜板庄园"]})] {
            desk.changed(&path, &off).await;
            settle(app);
            assert_eq!(app.get(slug).await.assert_status(200).json()["title"], "铜板樂園的潮位", "{off}");
            app.get("/api/v1/sites/demo/articles/late").await.assert_status(200);
            desk.changed(&path, &json!({"is_enabled": true, "severity": "block", "texts": ["铜板(乐园|天地)"]})).await;
            settle(app);
            app.get(slug).await.assert_problem(404, "not_found");
        }
        desk.delete(&path).await.assert_status(204);
        settle(app);
        app.get(slug).await.assert_status(200);
        assert_eq!(desk.walk(&format!("/findings?article_id={id}")).await.0, Vec::<Value>::new());
        let revisions = desk.walk(&format!("/articles/{id}/revisions?limit=100")).await.0;
        assert_eq!((&revisions[0]["action"], &revisions[0]["actor"]), (&json!("hold"), &json!("masthead")));
    }

    /// Rules of one batch hold together, or none does
    async fn rules_come_in_batches(app) {
        let desk = app.desk("admin");
        let start = rule_set(app);
        let batch = |second: Value| json!({"operations": [
            {"method": "POST", "path": "/manage/hygiene-rules", "body": rule("first-rule")}, {"method": "POST", "path": "/manage/hygiene-rules", "body": second}]});
        desk.post("/batch", &batch(json!({"key": "second-rule"}))).await.assert_problem(422, "invalid_body");
        assert_eq!(rule_set(app), start);
        desk.post("/batch", &batch(rule("second-rule"))).await.assert_status(200);
        assert_eq!(rule_set(app), start + 2);
        let open = scans(&desk).await.into_iter().filter(|scan| scan["state"] != "cancelled").count();
        assert_eq!(open, 1);
    }

    /// Admins of everything make rules, editors of any place see them, and nobody else
    async fn admins_make_rules(app) {
        app.import(&portal());
        let (path, _) = app.desk("admin").made("/hygiene-rules", &rule("own-rule")).await;
        for token in [app.token("editor"), app.token_with(None, &[(Role::Admin, "demo", None)]), app.token_with(None, &[(Role::Editor, "demo", Some("news"))])] {
            let desk = app.desk_of(token);
            desk.get(&path).await.assert_status(200);
            desk.get("/hygiene-rules").await.assert_status(200);
            for answer in [desk.post("/hygiene-rules", &rule("new-rule")).await, desk.patch(&path, &json!({"severity": "note"})).await, desk.delete(&path).await] {
                answer.assert_problem(403, "forbidden");
            }
        }
        let author = app.desk("author");
        author.get(&path).await.assert_problem(403, "forbidden");
        author.get("/hygiene-rules").await.assert_problem(403, "forbidden");
        let (_, key) = app.api_key(app.account("key@example.org", "admin"), &[Scope::ArticlesWrite], None);
        app.desk_of(key).get("/hygiene-rules").await.assert_problem(403, "insufficient_scope");
        app.get(&format!("/api/v1/manage{path}")).await.assert_problem(401, "unauthenticated");
    }

    /// There is a limit to rules of one's own
    async fn there_is_a_limit_to_rules(app) {
        let desk = app.desk("admin");
        let rows: Vec<String> = (0..500).map(|n| format!(
            "('own-{n}', 'term', 'gambling', 'note', 'anywhere', '[\"铜板{n}号\"]', '', {}, {}, '2026-01-15T04:00:00.000000Z', '2026-01-15T04:00:00.000000Z')", "TRUE", "FALSE")).collect();
        app.database().execute(&format!(
            "INSERT INTO hygiene_rules (key, kind, class, severity, boundary, texts, description, is_enabled, is_shipped, created_at, updated_at) VALUES {}", rows.join(",")));
        let full = desk.post("/hygiene-rules", &rule("one-more")).await.assert_problem(409, "conflict");
        assert!(full["detail"].as_str().unwrap().contains("500"), "{full}");
    }

    /// Rules that stand for more phrases together than can be applied are refused, and those that there are go on
    async fn rules_fit_together(app) {
        let desk = app.desk("admin");
        // 4,096 phrases each.
        let text = |n: usize| format!("铜{n}{}", "(一|二|三|四|五|六|七|八)".repeat(4));
        let mut refused = None;
        for n in 0..40 {
            let mut body = rule(&format!("large-{n}"));
            body["texts"] = json!([text(n)]);
            let answer = desk.post("/hygiene-rules", &body).await;
            if answer.status != 201 {
                refused = Some(answer.assert_problem(422, "invalid_body"));
                break;
            }
        }
        let refused = refused.unwrap();
        assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("phrases"), "{refused}");
        app.import(&portal());
        app.get("/api/v1/sites/demo/articles/open").await.assert_status(200);
    }

    /// A newer program brings its rules at its start, keeps what was set on them here, and has everything be looked at again
    async fn a_newer_program_brings_its_rules(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let kept = shipped(&desk).await;
        let path = format!("/hygiene-rules/{}", kept["id"]);
        desk.changed(&path, &json!({"severity": "review", "is_enabled": false})).await;
        desk.made("/hygiene-rules", &rule("own-rule")).await;
        settle(app);
        let all = desk.walk("/hygiene-rules?limit=100").await.0.len();
        let runs = scans(&desk).await.len();
        assert_eq!(app.app.migrate().unwrap(), 0);
        assert_eq!(scans(&desk).await.len(), runs);
        // As an older program left it: without one rule, with other texts in another, and with one that is no more.
        let start = rule_set(app);
        app.database().execute("UPDATE hygiene_rule_sets SET shipped = 0");
        app.database().execute(&format!("UPDATE hygiene_rules SET texts = '[\"旧词\"]' WHERE id = {}", kept["id"]));
        app.database().execute(&format!("DELETE FROM hygiene_rules WHERE id = (SELECT max(id) FROM hygiene_rules WHERE is_shipped AND id <> {})", kept["id"]));
        app.database().execute("INSERT INTO hygiene_rules (key, kind, class, severity, boundary, texts, description, is_enabled, is_shipped, created_at, updated_at) \
            VALUES ('gone-rule', 'term', 'fraud', 'block', 'anywhere', '[\"旧词\"]', '', TRUE, TRUE, '2026-01-15T04:00:00.000000Z', '2026-01-15T04:00:00.000000Z')");
        let token = app.token("admin");
        app.beside([], async |app| {
            let desk = app.desk_of(token);
            let now = desk.get(&path).await.assert_status(200).json();
            assert_eq!((&now["texts"], &now["severity"], &now["is_enabled"]), (&kept["texts"], &json!("review"), &json!(false)));
            let rules = desk.walk("/hygiene-rules?limit=100").await.0;
            assert_eq!(rules.len(), all);
            assert!(rules.iter().all(|rule| rule["key"] != "gone-rule") && rules.iter().any(|rule| rule["key"] == "own-rule"));
            assert_eq!(rule_set(app), start + 1);
            settle(app);
            let run = &scans(&desk).await[0];
            assert_eq!((&run["purpose"], &run["actor"], &run["state"], &run["rule_set"]), (&json!("rescan"), &json!("masthead"), &json!("done"), &json!(start + 1)));
        }).await;
        // Two at the same time bring them once.
        app.database().execute("UPDATE hygiene_rule_sets SET shipped = 0");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let upkeep = app.app.services().upkeep.clone();
                scope.spawn(move || upkeep.complete_migration().unwrap());
            }
        });
        assert_eq!(rule_set(app), start + 2);
        assert!(!Screening::is_due(&mut app.database().connect()).unwrap());
    }
}
