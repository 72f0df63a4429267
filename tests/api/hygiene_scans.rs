//! Runs of the check for injected text over what is there already: on trial, asked for, interrupted, stopped.

use std::time::Duration;

use masthead::models::access::Role;
use masthead::models::hygiene::ScanPurpose;
use masthead::models::hygiene_scan::NewScan;
use masthead::store;
use serde_json::{Value, json};

use crate::support::{Portal, TestApp, on_both};

fn rule() -> Value {
    json!({"key": "on-trial", "kind": "term", "spam_class": "gambling", "severity": "block", "texts": ["铜板(乐园|天地)"]})
}

/// Two sites: articles, and something of everything else.
fn portals() -> Portal {
    let translation =
        json!([{"locale": "zh-Hant", "title": "潮位", "body_html": "<p>今日 銅 板 樂 園 😀</p>"}]);
    Portal::new("demo")
        .category("news/sea")
        .topic("t1")
        .source("s1")
        .menu(
            "main",
            json!([{"label": "铜板天地", "url": "https://example.org"}]),
        )
        .link_group(
            "links",
            json!([{"label": "甲", "url": "https://example.org"}]),
        )
        .article("a", |a| {
            a.locale("zh-Hans")
                .title("潮位")
                .body("<p>今天在铜板乐园。</p>")
                .set("translations", translation)
        })
        .article("b", |a| a.title("铜板乐园").status("draft"))
        .article("c", |a| a.title("灯塔"))
        .and(
            Portal::new("other")
                .category("news")
                .article("d", |a| a.category("news").title("Ｗ铜板乐园Ｗ")),
        )
}

/// Articles `0` to `count`, each hundredth of which has the phrase.
fn many(count: usize) -> Portal {
    (0..count).fold(Portal::new("demo").category("news"), |portal, n| {
        portal.article(&format!("a{n}"), |a| {
            a.title(if n % 100 == 7 {
                "铜板乐园"
            } else {
                "潮位"
            })
        })
    })
}

/// Everything that a run could change, as numbers.
fn state(app: &TestApp) -> Vec<i64> {
    [
        "SELECT count(*) FROM findings",
        "SELECT sum(version) FROM articles",
        "SELECT count(*) FROM article_revisions",
        "SELECT count(*) FROM articles WHERE status = 'quarantined'",
        "SELECT count(*) FROM article_changes",
        "SELECT count(*) FROM search_segments",
        "SELECT count(*) FROM listings",
        "SELECT count(*) FROM hygiene_rules",
        "SELECT count(*) FROM hygiene_rule_sets",
        "SELECT count(*) FROM menus WHERE is_held",
    ]
    .map(|sql| app.database().number(sql))
    .into()
}

/// Asks for a run behind the back of those who would begin it at once.
fn begin(app: &TestApp, purpose: ScanPurpose) -> i64 {
    let new = NewScan {
        purpose,
        site_id: None,
        draft: None,
        actor: "test".to_owned(),
    };
    store::hygiene_scans::begin(&mut app.database().connect(), &new, app.now()).unwrap()
}

async fn scan(app: &TestApp, id: i64) -> Value {
    let path = format!("/hygiene-scans/{id}");
    app.desk("admin").get(&path).await.assert_status(200).json()
}

on_both! {
    /// A rule is tried on everything, says what it would find, and changes nothing
    async fn a_rule_is_tried(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let before = (state(app), app.get("/api/v1/articles?limit=100").await.json(), app.get("/api/v1/sites/demo/articles/a").await.header("etag").map(str::to_owned));
        let answer = desk.post("/hygiene-scans", &json!({"dry_run": true, "rule": rule()})).await;
        let run = answer.assert_status(201).json();
        assert_eq!(answer.header("location"), Some(format!("/api/v1/manage/hygiene-scans/{}", run["id"]).as_str()));
        for (member, value) in [
            ("purpose", json!("trial")), ("site", Value::Null), ("state", json!("done")), ("dry_run", json!(true)), ("progress", json!(1.0)), ("looked_at", run["total"].clone()),
            ("blocks", json!(5)), ("reviews", json!(0)), ("notes", json!(0)), ("held", json!(4)), ("released", json!(0)),
            ("actor", desk.get("/audit-log?action=create_hygiene_scan").await.json()["items"][0]["actor"].clone()),
        ] {
            assert_eq!(run[member], value, "{member} of {run}");
        }
        assert!(run["finished_at"].is_string(), "{run}");
        assert_eq!(run["rule"]["texts"], rule()["texts"]);
        let a = app.article_id("a").await;
        let samples = run["samples"].as_array().unwrap();
        assert_eq!(samples.len(), 5);
        assert_eq!(samples[0]["kind"], "menu");
        let in_body = samples.iter().find(|s| s["record_id"] == a && s["locale"] == "zh-Hans").unwrap();
        assert_eq!(in_body, &json!({"kind": "article", "record_id": a, "locale": "zh-Hans", "field": "/body_html", "offset": 12, "text": "铜板乐园", "severity": "block"}));
        assert!(samples.iter().any(|s| s["locale"] == "zh-Hant" && s["text"] == "銅 板 樂 園"), "{run}");
        assert_eq!(scan(app, run["id"].as_i64().unwrap()).await, run);
        assert_eq!((state(app), app.get("/api/v1/articles?limit=100").await.json(), app.get("/api/v1/sites/demo/articles/a").await.header("etag").map(str::to_owned)), before);
        let here = desk.post("/hygiene-scans", &json!({"rule": rule(), "site": "other"})).await.assert_status(201).json();
        assert_eq!((&here["site"], &here["blocks"], &here["dry_run"], &here["total"]), (&json!("other"), &json!(1), &json!(true), &json!(3)));
        let mut none = rule();
        none["texts"] = json!([r"铜板\d{3}"]);
        none["kind"] = json!("pattern");
        let none = desk.post("/hygiene-scans", &json!({"dry_run": true, "rule": none})).await.assert_status(201).json();
        assert_eq!((&none["blocks"], &none["samples"]), (&json!(0), &json!([])));
    }

    /// What looking at everything again would come to is counted, and then it is done
    async fn everything_is_looked_at_again(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        // Text that came behind the back of the API.
        app.database().execute("UPDATE article_texts SET title = '澳门赌场' WHERE title = '灯塔'");
        let before = state(app);
        let dry = desk.post("/hygiene-scans", &json!({"dry_run": true})).await.assert_status(201).json();
        assert_eq!((&dry["purpose"], &dry["state"], &dry["dry_run"], &dry["rule"], &dry["blocks"], &dry["held"], &dry["samples"]),
            (&json!("rescan"), &json!("done"), &json!(true), &Value::Null, &json!(1), &json!(1), &json!([])));
        assert_eq!(state(app), before);
        app.get("/api/v1/sites/demo/articles/c").await.assert_status(200);
        let elsewhere = desk.post("/hygiene-scans", &json!({"site": "other"})).await.assert_status(201).json();
        assert_eq!((&elsewhere["held"], &elsewhere["looked_at"]), (&json!(0), &json!(3)));
        let run = desk.post("/hygiene-scans", &json!({})).await.assert_status(201).json();
        assert_eq!((&run["purpose"], &run["state"], &run["dry_run"], &run["held"], &run["looked_at"]), (&json!("rescan"), &json!("done"), &json!(false), &json!(1), &run["total"]));
        app.get("/api/v1/sites/demo/articles/c").await.assert_problem(404, "not_found");
        let again = desk.post("/hygiene-scans", &json!({})).await.assert_status(201).json();
        assert_eq!((&again["held"], &again["blocks"]), (&json!(0), &json!(1)));
        let list = desk.get("/hygiene-scans?limit=2&count=exact").await.assert_status(200).json();
        assert_eq!((&list["items"][0], &list["items"][1]["id"], &list["total"]), (&again, &run["id"], &json!(4)));
        assert_eq!(desk.walk("/hygiene-scans?limit=1").await.1, 4);
        assert_eq!(desk.get("/hygiene-scans?limit=1&page=2").await.json()["items"][0], run);
    }

    /// A run that is interrupted goes on where it was, in another process too, and looks at nothing twice
    async fn an_interrupted_run_goes_on(app) {
        app.import(&many(450));
        app.desk("admin").made("/hygiene-rules", &rule()).await;
        let id = begin(app, ScanPurpose::Rescan);
        let scanning = &app.app.services().scanning;
        let mut looked_at = 0;
        let mut steps = 0;
        while looked_at < 200 {
            scanning.advance_for(id, Duration::ZERO).unwrap();
            let now = scan(app, id).await;
            assert_eq!(now["state"], "running", "{now}");
            assert!(now["looked_at"].as_i64().unwrap() >= looked_at, "{now}");
            looked_at = now["looked_at"].as_i64().unwrap();
            steps += 1;
            assert!(steps < 50);
        }
        let half = scan(app, id).await;
        let progress = half["progress"].as_f64().unwrap();
        assert!(progress > 0.3 && progress < 1.0, "{half}");
        assert_eq!((&half["held"], &half["finished_at"]), (&json!(2), &Value::Null));
        assert_eq!(app.database().number("SELECT count(*) FROM articles WHERE status = 'quarantined'"), 2);
        app.beside([], async |other| {
            other.app.services().scanning.tend_blocking().unwrap();
            let done = scan(app, id).await;
            for (member, value) in [("state", json!("done")), ("looked_at", half["total"].clone()), ("held", json!(5)), ("blocks", json!(5)), ("progress", json!(1.0))] {
                assert_eq!(done[member], value, "{member} of {done}");
            }
        }).await;
        assert_eq!(app.database().number("SELECT count(*) FROM articles WHERE status = 'quarantined'"), 5);
        assert_eq!(app.get("/api/v1/articles?limit=1&count=exact").await.json()["total"], 445);
        let held = app.desk("admin").walk("/audit-log?action=hold_article&limit=100").await.0;
        assert_eq!(held.len(), 5);
        assert_eq!((&held[0]["actor"], &held[0]["after"]["rules"], &held[0]["after"]["findings"], &held[0]["after"]["scan_id"]), (&json!("masthead"), &json!(["on-trial"]), &json!(1), &json!(id)));
    }

    /// Instances that find the same run do it once
    async fn instances_do_a_run_once(app) {
        app.import(&many(450));
        app.desk("admin").made("/hygiene-rules", &rule()).await;
        let id = begin(app, ScanPurpose::Rescan);
        app.beside([], async |other| {
            std::thread::scope(|scope| {
                for one in [app, other, app, other] {
                    let scanning = one.app.services().scanning.clone();
                    scope.spawn(move || scanning.tend_blocking().unwrap());
                }
            });
        }).await;
        app.app.services().scanning.tend_blocking().unwrap();
        let done = scan(app, id).await;
        assert_eq!((&done["state"], &done["looked_at"], &done["held"]), (&json!("done"), &done["total"], &json!(5)), "{done}");
    }

    /// A later run over everything stops an earlier one, which keeps what it has done and does not go on
    async fn a_later_run_stops_an_earlier_one(app) {
        app.import(&many(450));
        let desk = app.desk("admin");
        desk.made("/hygiene-rules", &rule()).await;
        let scanning = &app.app.services().scanning;
        let id = begin(app, ScanPurpose::Rescan);
        scanning.advance_for(id, Duration::ZERO).unwrap();
        let newest = begin(app, ScanPurpose::Rescan);
        let stopped = scan(app, id).await;
        assert_eq!(stopped["state"], "cancelled");
        assert!(stopped["finished_at"].is_string() && stopped["progress"].as_f64().unwrap() < 1.0, "{stopped}");
        scanning.advance_for(id, Duration::ZERO).unwrap();
        scanning.tend_blocking().unwrap();
        assert_eq!(scan(app, id).await, stopped);
        assert_eq!(scan(app, newest).await["state"], "done");
        let (older, newer) = (begin(app, ScanPurpose::Rescan), begin(app, ScanPurpose::Rescan));
        assert_eq!((scan(app, older).await["state"].clone(), scan(app, newer).await["state"].clone()), (json!("cancelled"), json!("waiting")));
        scanning.tend_blocking().unwrap();
        assert_eq!(scan(app, newer).await["state"], "done");
        assert_eq!(scan(app, older).await["looked_at"], 0);
    }

    /// The newest 200 runs are kept, and those that are not through
    async fn the_newest_runs_are_kept(app) {
        let row = |state: &str| format!("('rescan', '{state}', 1, 0, 0, 0, 0, 0, 0, 0, 0, '[]', 'test', '2026-01-15T04:00:00.000000Z', '2026-01-15T04:00:00.000000Z')");
        let rows: Vec<String> = (0..250).map(|n| row(if n == 3 { "waiting" } else { "done" })).collect();
        app.database().execute(&format!("INSERT INTO hygiene_scans (purpose, state, rule_set, after_id, looked_at, total, blocks, reviews, notes, held, released, samples, \
            actor, started_at, updated_at) VALUES {}", rows.join(",")));
        let run = app.desk("admin").post("/hygiene-scans", &json!({"dry_run": true})).await.assert_status(201).json();
        assert_eq!(app.database().number("SELECT count(*) FROM hygiene_scans"), 201);
        let all = app.desk("admin").walk("/hygiene-scans?limit=100").await.0;
        assert_eq!((&all[0]["id"], &all[200]["id"]), (&run["id"], &json!(4)));
    }

    /// What cannot be a run is refused with the place of the fault
    async fn bad_runs_are_refused(app) {
        app.import(&portals());
        let mut short = rule();
        short["texts"] = json!(["铜板乐园", "板"]);
        let mut signal = rule();
        signal["kind"] = json!("signal");
        let mut bounded = rule();
        (bounded["kind"], bounded["boundary"]) = (json!("pattern"), json!("word"));
        let desk = app.desk("admin");
        for (body, pointer, code) in [
            (json!({"dry_run": false, "rule": rule()}), "/dry_run", "conflict"),
            (json!({"dry_run": "yes"}), "/dry_run", "wrong_type"),
            (json!({"rule": {"key": "x"}}), "/rule/kind", "required"),
            (json!({"rule": []}), "/rule", "wrong_type"),
            (json!({"rule": short}), "/rule/texts/1", "invalid"),
            (json!({"rule": signal}), "/rule/kind", "invalid"),
            (json!({"rule": bounded}), "/rule/boundary", "conflict"),
            (json!({"site": "nowhere"}), "/site", "unknown"),
            (json!({"purpose": "guard"}), "/purpose", "unknown_member"),
        ] {
            let problem = desk.post("/hygiene-scans", &body).await.assert_problem(422, "invalid_body");
            let fault = &problem["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{fault}");
        }
        assert_eq!(desk.walk("/hygiene-scans?limit=100").await.0, Vec::<Value>::new());
    }

    /// Admins of everything ask for runs; editors see them, and what was found only where they are editors
    async fn admins_ask_for_runs(app) {
        app.import(&portals());
        let run = app.desk("admin").post("/hygiene-scans", &json!({"rule": rule()})).await.assert_status(201).json();
        let path = format!("/hygiene-scans/{}", run["id"]);
        for (token, samples) in [
            (app.token("editor"), 5), (app.token_with(None, &[(Role::Admin, "other", None)]), 1), (app.token_with(None, &[(Role::Editor, "demo", None)]), 4),
            (app.token_with(None, &[(Role::Editor, "demo", Some("news"))]), 0),
        ] {
            let desk = app.desk_of(token);
            let seen = desk.get(&path).await.assert_status(200).json();
            assert_eq!((seen["samples"].as_array().unwrap().len(), &seen["blocks"]), (samples, &json!(5)));
            let list = desk.get("/hygiene-scans").await.assert_status(200).json();
            assert_eq!(list["items"][0]["samples"].as_array().unwrap().len(), samples);
            desk.post("/hygiene-scans", &json!({})).await.assert_problem(403, "forbidden");
        }
        app.desk("author").get(&path).await.assert_problem(403, "forbidden");
        app.desk("author").get("/hygiene-scans").await.assert_problem(403, "forbidden");
        app.get(&format!("/api/v1/manage{path}")).await.assert_problem(401, "unauthenticated");
    }

    /// A repeated request asks for the same run, and is told how that is by now
    async fn a_repeated_request_asks_once(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let ask = async || desk.request("POST", "/hygiene-scans").header("idempotency-key", "k1").json(&json!({"rule": rule()})).send().await;
        let first = ask().await;
        let again = ask().await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
        assert_eq!(again.json(), first.json());
        assert_eq!(again.json()["state"], "done");
        assert_eq!(desk.walk("/hygiene-scans?limit=100").await.0.len(), 1);
    }
}
