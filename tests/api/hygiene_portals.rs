//! The two hacked portals and the three honest ones, from the import to the repaired page. Needs `../shared`; skipped by name without.

use std::fs;

use serde_json::{Value, json};

use crate::hygiene_channels::{is_clean, nothing_leaks, whole};
use crate::support::desk::Desk;
use crate::support::{TestApp, on_both, shared};

/// Imports real portals and returns how many records were held back; `None` where they are not there.
fn import(app: &TestApp, portals: &[&str]) -> Option<u64> {
    let mut held = 0;
    for name in portals {
        let file = shared(&format!("portals/{name}.ndjson"))?;
        let report = app.try_import(fs::read(file).unwrap()).unwrap();
        assert!(
            report.committed && report.fault_count == 0,
            "{name}: {:#?}",
            report.faults
        );
        held += report.held;
    }
    Some(held)
}

/// Everything found, most of it severe.
async fn findings(desk: &Desk<'_>, filter: &str) -> Vec<Value> {
    desk.walk(&format!("/findings?limit=100{filter}")).await.0
}

on_both! {
    /// HY-01 to HY-05: the academy whose name was replaced
    async fn hy_01_to_05_the_replaced_name(app) {
        let Some(held) = import(app, &["cas"]) else { return };
        assert_eq!(held, 2);
        let desk = app.desk("admin");
        // HY-01
        let all = findings(&desk, "&site=cas").await;
        let of = |kind: &str| all.iter().filter(|f| f["kind"] == kind).count();
        assert_eq!((of("article"), of("site"), all.len()), (19, 5, 24));
        for finding in &all {
            assert_eq!((&finding["text"], &finding["severity"], &finding["length"]), (&json!("澳门赌场"), &json!("block"), &json!(12)));
            assert!(!finding["field"].as_str().unwrap().is_empty() && finding["offset"].is_i64(), "{finding}");
            // S1-04
            let reason = if finding["kind"] == "site" { "contradicts_registrations" } else { "same_in_name_title_body" };
            assert_eq!(finding["reasons"], json!(["lexicon", reason]), "{finding}");
        }
        let article = desk.get("/articles?site=cas&status=quarantined").await.json()["items"][0].clone();
        let id = article["id"].as_i64().unwrap();
        // HY-02, S1-02
        for path in [format!("/api/v1/articles/{id}"), format!("/api/v1/sites/cas/articles/{}", article["slug"].as_str().unwrap()), "/api/v1/sites/cas".to_owned()] {
            let answer = app.get(&path).await;
            answer.assert_status(404);
            // What was asked for is said again, and nothing else.
            is_clean(&path, &whole(&answer).replace(&path, "*"));
        }
        nothing_leaks(app).await;
        // HY-03
        let path = format!("/articles/{id}");
        let before = desk.get(&path).await.json();
        for finding in all.iter().filter(|finding| finding["kind"] == "article") {
            let member = before.pointer(finding["field"].as_str().unwrap()).and_then(Value::as_str).unwrap();
            let at = usize::try_from(finding["offset"].as_i64().unwrap()).unwrap();
            assert_eq!(member.get(at..at + 12), Some("澳门赌场"), "{finding}");
        }
        let publish = desk.request("POST", &format!("{path}/transitions")).header("if-match", &desk.tag(&path).await).json(&json!({"to": "published"})).send().await;
        let refused = publish.problem(409);
        assert!(refused["detail"].as_str().unwrap().contains("19"), "{refused}");
        assert!(publish.text().contains("/manage/findings"), "{publish}");
        // HY-04
        let order = |dry_run: bool| json!({"site": "cas", "replace": {"澳门赌场": "中国科学院"}, "dry_run": dry_run});
        let planned = desk.post("/findings/repair", &order(true)).await.assert_status(200).json();
        assert_eq!((&planned["dry_run"], &planned["replaced"]), (&json!(true), &json!(24)));
        assert_eq!(desk.get(&path).await.json(), before);
        assert_eq!(findings(&desk, "&site=cas").await, all);
        // HY-05
        let done = desk.post("/findings/repair", &order(false)).await.assert_status(200).json();
        assert_eq!((&done["dry_run"], &done["replaced"], &done["remaining"]), (&json!(false), &json!(24), &json!(0)));
        let after = desk.get(&path).await.json();
        for member in ["title", "body_html", "byline", "subtitle", "summary"] {
            let wanted = before[member].as_str().map(|text| text.replace("澳门赌场", "中国科学院"));
            assert_eq!(after[member].as_str(), wanted.as_deref(), "{member}");
        }
        assert_eq!((&after["title"], &after["status"]), (&json!("中国科学院国际合作工作"), &json!("published")));
        let again = desk.request("POST", &format!("{path}/transitions")).header("if-match", &desk.tag(&path).await).json(&json!({"to": "published"})).send().await;
        again.assert_status(200);
        assert!(findings(&desk, "&site=cas").await.is_empty());
        let shown = app.get(&format!("/api/v1/articles/{id}?include=site_details,breadcrumbs")).await.assert_status(200).json();
        assert_eq!((&shown["title"], &shown["site_details"]["name"]), (&json!("中国科学院国际合作工作"), &json!("中国科学院")));
        assert!(!shown["slug"].as_str().unwrap().contains("du-chang"), "{}", shown["slug"]);
        let (revisions, _) = desk.walk(&format!("{path}/revisions?limit=100")).await;
        assert!(revisions.iter().any(|revision| revision["action"] == "repair"), "{revisions:?}");
        let original = desk.get(&format!("{path}/revisions/1")).await;
        assert!(original.text().contains("澳门赌场"));
        let (entries, _) = desk.walk(&format!("/audit-log?limit=100&resource=article&resource_id={id}")).await;
        assert!(!entries.is_empty());
        for role in ["reader", "author", "reviewer", "editor"] {
            app.desk(role).get("/audit-log").await.problem(403);
        }
        nothing_leaks(app).await;
    }

    /// HY-06: the page with two lines behind its end
    async fn hy_06_the_tail_behind_the_end(app) {
        let Some(held) = import(app, &["shikuang"]) else { return };
        assert_eq!(held, 1);
        let desk = app.desk("admin");
        let all = findings(&desk, "&site=shikuang").await;
        assert_eq!(all.len(), 2, "{all:?}");
        for finding in &all {
            for reason in ["tail", "phrase_list", "other_script", "lexicon"] {
                assert!(finding["reasons"].as_array().unwrap().contains(&json!(reason)), "{reason}: {finding}");
            }
        }
        nothing_leaks(app).await;
        let article = desk.get("/articles?site=shikuang").await.json()["items"][0].clone();
        let path = format!("/articles/{}", article["id"]);
        let before = desk.get(&path).await.json();
        let body = before["body_html"].as_str().unwrap();
        let blocks: Vec<&str> = body.split('\n').collect();
        assert_eq!(blocks.len(), 21);
        let ids: Vec<&Value> = all.iter().map(|finding| &finding["id"]).collect();
        let order = |dry_run: bool| json!({"article_id": article["id"], "cut": ids, "dry_run": dry_run});
        let planned = desk.post("/findings/repair", &order(true)).await.assert_status(200).json();
        assert_eq!((&planned["cut"], desk.get(&path).await.json()), (&json!(2), before.clone()));
        desk.post("/findings/repair", &order(false)).await.assert_status(200);
        let after = desk.get(&path).await.json();
        assert_eq!(after["body_html"].as_str().unwrap(), blocks[..19].join("\n"));
        assert_eq!(after["status"], "published");
        let shown = app.get(&format!("/api/v1/articles/{}", article["id"])).await.assert_status(200).json();
        assert_eq!((&shown["title"], &shown["source_line"]), (&json!("研發投入強度高服務體系完善 中關村對于吸引國外資源落地有得天獨厚的優勢"), &json!("中工網-工人日報")));
        assert_eq!(shown["keywords"].as_array().unwrap().len(), 4);
        let found = app.get("/api/v1/search?q=%E4%B8%AD%E5%85%B3%E6%9D%91%E8%AE%BA%E5%9D%9B").await.json();
        assert_eq!(found["items"][0]["article"]["id"], article["id"]);
        nothing_leaks(app).await;
    }

    /// S0-30, S2-30, S4-23: nothing is found in the three honest ones
    async fn s0_30_s2_30_s4_23_nothing_is_found_in_honest_portals(app) {
        let Some(held) = import(app, &["stidc", "bulletin", "wikm"]) else { return };
        assert_eq!(held, 0);
        let desk = app.desk("admin");
        for severity in ["block", "review"] {
            assert_eq!(findings(&desk, &format!("&severity={severity}")).await, Vec::<Value>::new());
        }
    }
}
