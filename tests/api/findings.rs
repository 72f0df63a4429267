//! What the check for injected text found: who sees it, which of it, and what becomes of it when an editor says that it may stay.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::desk::Desk;
use crate::support::{Portal, on_both};

const SPAM: &str = "澳门赌场";

fn portals() -> Portal {
    Portal::new("demo")
        .category("news/sea")
        .category("sport")
        .and(Portal::new("other").category("news"))
}

/// A new article, held back or not.
async fn article(desk: &Desk<'_>, site: &str, category: &str, title: &str) -> Value {
    let article = json!({"site": site, "category": category, "title": title, "body_html": "<p>今天的潮位。😀</p>", "status": "published"});
    desk.post("/articles", &article)
        .await
        .assert_status(201)
        .json()
}

/// Ids of the findings of a list.
async fn ids(desk: &Desk<'_>, query: &str) -> Vec<i64> {
    let (items, _) = desk.walk(&format!("/findings?limit=100{query}")).await;
    items
        .iter()
        .map(|item| item["id"].as_i64().unwrap())
        .collect()
}

async fn dismiss(desk: &Desk<'_>, ids: &[i64], is_dismissed: bool) -> Answer {
    let order = json!({"ids": ids, "is_dismissed": is_dismissed, "comment": "引自判决书"});
    desk.post("/findings/dismiss", &order).await
}

on_both! {
    /// A finding says what stands where, by which rule and why, and what to do, the newest first
    async fn a_finding_says_what_stands_where(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        assert_eq!(desk.get("/findings").await.assert_status(200).json()["items"], json!([]));
        let held = article(&desk, "demo", "news/sea", &format!("在{SPAM}的合作")).await;
        let list = desk.get(&format!("/findings?article_id={}&count=exact", held["id"])).await.assert_status(200).json();
        assert_eq!((&list["total"], &list["total_kind"], &list["next_cursor"]), (&json!(1), &json!("exact"), &Value::Null));
        let found = &list["items"][0];
        for (member, value) in [
            ("kind", json!("article")), ("record_id", held["id"].clone()), ("article_id", held["id"].clone()), ("site", json!("demo")),
            ("spam_class", json!("gambling")), ("severity", json!("block")), ("locale", held["locale"].clone()), ("field", json!("/title")),
            ("place", json!("text")), ("offset", json!(3)), ("length", json!(12)), ("text", json!(SPAM)), ("is_stored", json!(true)),
            ("state", json!("open")),
        ] {
            assert_eq!(found[member], value, "{member} of {found}");
        }
        assert!(found["reasons"].as_array().unwrap().contains(&json!("lexicon")), "{found}");
        let detail = found["detail"].as_str().unwrap();
        assert!(detail.contains("/title") && detail.contains("/api/v1/manage/findings/repair"), "{detail}");
        let second = article(&desk, "demo", "sport", SPAM).await;
        let first = desk.get("/findings?limit=1").await.assert_status(200).json();
        assert_eq!(first["items"][0]["record_id"], second["id"]);
        assert!(first["next_cursor"].is_string());
        assert_eq!(ids(&desk, "").await.len(), 2);
        assert_eq!(desk.get("/findings?limit=1&page=2").await.assert_status(200).json()["items"][0]["record_id"], held["id"]);
    }

    /// Each filter narrows the list, and what it cannot mean is refused
    async fn filters_narrow_the_list(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let here = article(&desk, "demo", "news/sea", SPAM).await;
        article(&desk, "other", "news", &format!("{SPAM} 与海")).await;
        let all = desk.walk("/findings?limit=1").await.0;
        assert_eq!(all.len(), 2);
        let of_here = &all[1];
        for (query, count) in [
            ("&site=demo".to_owned(), 1), ("&site=nowhere".to_owned(), 0), (format!("&article_id={}", here["id"]), 1), ("&kind=article".to_owned(), 2),
            ("&kind=site".to_owned(), 0), (format!("&kind=article&record_id={}", here["id"]), 1), (format!("&kind=menu&article_id={}", here["id"]), 0),
            ("&severity=block".to_owned(), 2), ("&severity=note".to_owned(), 0), (format!("&rule={}", of_here["rule"].as_str().unwrap()), 2),
            ("&rule=none".to_owned(), 0), ("&state=open".to_owned(), 2), ("&state=dismissed".to_owned(), 0), ("&site=other&state=open&severity=block".to_owned(), 1),
        ] {
            assert_eq!(ids(&desk, &query).await.len(), count, "{query}");
        }
        for (query, pointer) in [("record_id=1", "/record_id"), ("severity=grave", "/severity"), ("kind=page", "/kind"), ("state=gone", "/state"), ("article_id=x", "/article_id")] {
            let refused = desk.get(&format!("/findings?{query}")).await;
            let problem = refused.problem(400);
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{refused}");
        }
        // A cursor is good for its own filters.
        let cursor = desk.get("/findings?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
        desk.get(&format!("/findings?limit=1&site=demo&cursor={cursor}")).await.assert_problem(400, "invalid_cursor");
    }

    /// Everybody sees what was found in what they may see, and nothing else
    async fn callers_see_what_they_may_see(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let sea = article(&desk, "demo", "news/sea", SPAM).await;
        let sport = article(&desk, "demo", "sport", SPAM).await;
        let other = article(&desk, "other", "news", SPAM).await;
        use masthead::models::access::Role::Reader;
        for (grants, seen) in [
            (vec![(Reader, "demo", None)], vec![&sport, &sea]),
            (vec![(Reader, "demo", Some("news"))], vec![&sea]),
            (vec![(Reader, "demo", Some("sport")), (Reader, "other", None)], vec![&other, &sport]),
        ] {
            let desk = app.desk_of(app.token_with(None, &grants));
            let (items, _) = desk.walk("/findings?limit=1").await;
            let found: Vec<&Value> = items.iter().map(|item| &item["record_id"]).collect();
            let seen: Vec<&Value> = seen.into_iter().map(|article| &article["id"]).collect();
            assert_eq!(found, seen);
        }
        let stranger = app.desk_of(app.token_with(None, &[(Reader, "other", None)]));
        let hidden = stranger.get(&format!("/findings?article_id={}", sea["id"])).await;
        assert_eq!(hidden.assert_status(200).json()["items"], json!([]));
        assert_eq!(stranger.get("/findings?site=demo&count=exact").await.assert_status(200).json()["total"], 0);
        app.get("/api/v1/manage/findings").await.assert_problem(401, "unauthenticated");
    }

    /// What may stay holds nothing back any more, and does again when that is taken back
    async fn what_may_stay_lets_the_article_go(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let held = article(&desk, "demo", "news/sea", &format!("开设{SPAM}案宣判")).await;
        let path = format!("/articles/{}", held["id"]);
        let public = format!("/api/v1{path}");
        app.get(&public).await.assert_status(404);
        let found = ids(&desk, "").await;
        let answer = dismiss(&desk, &found, true).await.assert_status(200).json();
        assert_eq!((&answer["items"][0]["id"], &answer["items"][0]["state"]), (&json!(found[0]), &json!("dismissed")));
        app.get(&public).await.assert_status(200);
        assert_eq!(desk.get(&path).await.json()["status"], "published");
        let shown = app.get("/api/v1/search?q=%E5%AE%A3%E5%88%A4").await.assert_status(200).json();
        assert_eq!(shown["items"][0]["article"]["id"], held["id"]);
        // Saved and moved within the text it stays dismissed.
        let moved = desk.changed(&path, &json!({"title": format!("关于开设{SPAM}案宣判")})).await;
        assert_eq!(moved["status"], "published");
        let (items, _) = desk.walk("/findings?limit=100").await;
        assert_eq!((items.len(), &items[0]["state"], &items[0]["offset"]), (1, &json!("dismissed"), &json!(12)));
        // Somewhere else it is another one.
        let held = desk.changed(&path, &json!({"body_html": format!("<p>甲</p><p>{SPAM}官网</p>")})).await;
        assert_eq!(held["status"], "quarantined");
        let back = desk.changed(&path, &json!({"body_html": "<p>甲</p>"})).await;
        assert_eq!(back["status"], "published");
        let found = ids(&desk, "").await;
        dismiss(&desk, &found, false).await.assert_status(200);
        app.get(&public).await.assert_status(404);
        assert_eq!(desk.get(&path).await.json()["held_status"], "published");
        // Said twice it is said once.
        let entries = desk.walk("/audit-log?action=dismiss_findings&limit=100").await.0;
        assert_eq!(entries.len(), 2, "{entries:?}");
        dismiss(&desk, &found, false).await.assert_status(200);
        let again = desk.walk("/audit-log?action=dismiss_findings&limit=100").await.0;
        assert_eq!(again, entries);
        let first = &entries[1];
        assert_eq!((&first["resource"], &first["resource_id"], &first["after"]["is_dismissed"], &first["after"]["comment"]),
            (&json!("article"), &held["id"], &json!(true), &json!("引自判决书")));
        assert!(!first.to_string().contains(SPAM), "{first}");
    }

    /// Only editors of the place say that something may stay, and of nothing that they cannot see
    async fn only_editors_let_it_stay(app) {
        use masthead::models::access::Role;
        app.import(&portals());
        let desk = app.desk("admin");
        article(&desk, "demo", "news/sea", SPAM).await;
        let found = ids(&desk, "").await;
        for role in ["reader", "author", "reviewer"] {
            dismiss(&app.desk(role), &found, true).await.assert_problem(403, "forbidden");
        }
        let mixed = [(Role::Reader, "demo", None), (Role::Editor, "demo", Some("sport"))];
        dismiss(&app.desk_of(app.token_with(None, &mixed)), &found, true).await.assert_problem(403, "forbidden");
        let stranger = app.desk_of(app.token_with(None, &[(Role::Editor, "demo", Some("sport"))]));
        let refused = dismiss(&stranger, &found, true).await;
        assert_eq!(refused.problem(422)["errors"][0]["pointer"], "/ids/0");
        let refused = dismiss(&desk, &[found[0], 999_999], true).await;
        assert_eq!(refused.problem(422)["errors"][0]["pointer"], "/ids/1");
        for (body, pointer) in [
            (json!({"ids": [], "is_dismissed": true}), "/ids"),
            (json!({"ids": found}), "/is_dismissed"),
            (json!({"ids": [found[0], found[0]], "is_dismissed": true}), "/ids/1"),
            (json!({"ids": (1..=501).collect::<Vec<i64>>(), "is_dismissed": true}), "/ids"),
            (json!({"ids": [0], "is_dismissed": true}), "/ids/0"),
            (json!({"is_dismissed": true}), "/ids"),
        ] {
            let refused = desk.post("/findings/dismiss", &body).await;
            assert_eq!(refused.problem(422)["errors"][0]["pointer"], pointer, "{refused}");
        }
        assert_eq!(ids(&desk, "&state=open").await, found);
        let editor = app.desk_of(app.token_with(None, &[(Role::Editor, "demo", Some("news"))]));
        dismiss(&editor, &found, true).await.assert_status(200);
        assert_eq!(ids(&desk, "&state=dismissed").await, found);
    }

    /// Who asks to publish what is held back is told how much was found and where, in a code and a link of their own, and not what
    async fn publishing_what_is_held_back_leads_to_the_findings(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let draft = json!({"site": "demo", "category": "news/sea", "title": SPAM, "subtitle": SPAM, "body_html": "<p>潮</p>"});
        let (path, made) = desk.made("/articles", &draft).await;
        let tag = desk.tag(&path).await;
        let transition = desk.request("POST", &format!("{path}/transitions")).header("if-match", &tag).json(&json!({"to": "published"})).send().await;
        let change = desk.patch(&path, &json!({"status": "published"})).await;
        for refused in [transition, change] {
            let problem = refused.assert_problem(409, "held_back");
            assert!(problem["detail"].as_str().unwrap().contains("2 open findings"), "{refused}");
            let link = format!("</api/v1/manage/findings?article_id={}&severity=block&state=open>; rel=\"related\"", made["id"]);
            assert_eq!(refused.header("link"), Some(link.as_str()), "{refused}");
            assert!(!refused.text().contains('赌'), "{refused}");
        }
        let item = json!({"method": "PATCH", "path": format!("/manage{path}"), "if_match": tag, "body": {"status": "published"}});
        let refused = desk.post("/batch", &json!({"operations": [item]})).await;
        assert_eq!(refused.problem(409)["code"], "held_back", "{refused}");
        let found = ids(&desk, &format!("&article_id={}&severity=block&state=open", made["id"])).await;
        assert_eq!(found.len(), 2);
        dismiss(&desk, &found, true).await.assert_status(200);
        let published = desk.changed(&path, &json!({"status": "published"})).await;
        assert_eq!(published["status"], "published");
    }

    /// A repeated request with the same key is answered from memory
    async fn a_key_makes_one_dismissal_of_two(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        article(&desk, "demo", "news/sea", SPAM).await;
        let order = json!({"ids": ids(&desk, "").await, "is_dismissed": true});
        let send = async || desk.request("POST", "/findings/dismiss").header("idempotency-key", "once").json(&order).send().await;
        let first = send().await;
        first.assert_status(200);
        let second = send().await;
        assert_eq!((second.text(), second.header("idempotency-replayed")), (first.text(), Some("true")));
    }
}
