//! Injected text taken out again, or replaced: of one article, or of a site in one go. Only that changes, and only once it is no dry run.

use masthead::models::access::{Role, Scope};
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

const SPAM: &str = "澳门赌场";
const NAME: &str = "中国科学院";

fn portal() -> Portal {
    Portal::new("demo")
        .site(|s| {
            s.set("locales", json!(["zh-Hans", "en"]))
                .set("default_locale", "zh-Hans")
        })
        .category("news/sea")
        .and(Portal::new("other").category("news"))
}

/// A new article.
async fn article(desk: &Desk<'_>, extra: Value) -> Value {
    let mut article = json!({"site": "demo", "category": "news/sea", "title": "灯塔 😀", "body_html": "<p>潮位。</p>", "status": "published"});
    for (member, value) in extra.as_object().unwrap() {
        article[member] = value.clone();
    }
    desk.post("/articles", &article)
        .await
        .assert_status(201)
        .json()
}

async fn findings(desk: &Desk<'_>, query: &str) -> Vec<Value> {
    desk.walk(&format!("/findings?limit=100{query}")).await.0
}

async fn repair(desk: &Desk<'_>, order: Value) -> Answer {
    desk.post("/findings/repair", &order).await
}

/// The dry run, which changes nothing, and then the real one, which does what that said.
async fn repaired(app: &TestApp, desk: &Desk<'_>, mut order: Value) -> Value {
    let dump = async || {
        let articles = desk.walk("/articles?limit=100").await.0;
        let log = desk.walk("/audit-log?limit=100").await.0;
        (
            articles,
            log,
            findings(desk, "").await,
            app.get("/api/v1/articles?limit=100").await.text(),
        )
    };
    let before = dump().await;
    let planned = repair(desk, order.clone()).await.assert_status(200).json();
    assert_eq!(planned["dry_run"], json!(true));
    assert_eq!(dump().await, before);
    order["dry_run"] = json!(false);
    let mut done = repair(desk, order).await.assert_status(200).json();
    assert_eq!(done["dry_run"], json!(false));
    done["dry_run"] = json!(true);
    assert_eq!(done, planned, "the dry run says something else");
    done
}

/// What a member said before or after a change.
fn side(change: &Value, left_out: &str) -> String {
    let runs = change["segments"].as_array().unwrap().iter();
    runs.filter(|run| run["kind"] != left_out)
        .map(|run| run["text"].as_str().unwrap())
        .collect()
}

fn change<'a>(record: &'a Value, field: &str) -> &'a Value {
    let changes = record["changes"].as_array().unwrap();
    changes
        .iter()
        .find(|change| change["field"] == field)
        .unwrap_or_else(|| panic!("no {field}: {record}"))
}

on_both! {
    /// The name is put back wherever and however it was replaced, every other byte stays, and the article comes back by itself
    async fn a_name_is_put_back_wherever_it_stands(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let body = format!("<p>在 {SPAM} 的<b>澳门</b>赌场工作 &amp; 😀，<a href=\"https://example.org/?q={SPAM}\">見澳門賭場</a>。</p>\n<p>澳 门\u{3000}赌 场 &lt;甲&gt; &#28595;&#38376;&#36172;&#22330;</p>");
        let held = article(&desk, json!({"title": format!("{SPAM}国际合作工作"), "subtitle": format!("记{SPAM}与{SPAM}"), "summary": "不变  的空白",
            "keywords": ["潮位", SPAM], "body_html": body, "key": "a1",
            "attachments": [{"name": format!("{SPAM}.pdf"), "url": "https://example.org/%E6%BE%B3%E9%97%A8%E8%B5%8C%E5%9C%BA.pdf"}],
            "translations": [{"locale": "en", "title": format!("{SPAM} Report"), "body_html": "<p>Tides.</p>"}]})).await;
        let path = format!("/articles/{}", held["id"]);
        assert_eq!((&held["status"], &held["held_status"]), (&json!("quarantined"), &json!("published")));
        let before = desk.get(&path).await.json();
        let done = repaired(app, &desk, json!({"article_id": held["id"], "replace": {SPAM: NAME}})).await;
        assert_eq!((&done["remaining"], &done["cut"]), (&json!(0), &json!(0)));
        let record = &done["records"][0];
        assert_eq!((&record["kind"], &record["record_id"], &record["site"]), (&json!("article"), &held["id"], &json!("demo")));
        assert_eq!((&record["status"], &record["held_status"], &record["open_findings"], &record["title"]),
            (&json!("published"), &Value::Null, &json!(0), &json!("中国科学院国际合作工作")), "{:#?}", findings(&desk, "").await);
        let after = desk.get(&path).await.json();
        assert_eq!(after["version"], record["version"]);
        for (field, member) in [("/title", "title"), ("/subtitle", "subtitle"), ("/body_html", "body_html")] {
            let change = record["changes"].as_array().unwrap().iter().find(|c| c["field"] == field && c["locale"] == "zh-Hans").unwrap();
            assert_eq!(side(change, "insert"), before[member].as_str().unwrap(), "{field}");
            assert_eq!(side(change, "delete"), after[member].as_str().unwrap(), "{field}");
        }
        assert_eq!(change(record, "/subtitle")["replacements"], 2);
        assert_eq!((&after["title"], &after["subtitle"], &after["summary"]), (&json!("中国科学院国际合作工作"), &json!("记中国科学院与中国科学院"), &json!("不变  的空白")));
        assert_eq!(after["keywords"], json!(["潮位", NAME]));
        assert_eq!(after["attachments"][0]["name"], "中国科学院.pdf");
        assert_eq!(after["attachments"][0]["url"], "https://example.org/%E4%B8%AD%E5%9B%BD%E7%A7%91%E5%AD%A6%E9%99%A2.pdf");
        assert_eq!(after["translations"][0]["title"], "中国科学院 Report");
        let text = after["body_html"].as_str().unwrap();
        assert_eq!(text.matches(NAME).count(), 6, "{text}");
        assert!(text.contains("见中国科学院") || text.contains("見中国科学院"), "{text}");
        assert!(text.contains("&lt;甲&gt;") && text.contains("&amp; 😀，") && !text.contains('赌') && !text.contains('賭'), "{text}");
        assert!(findings(&desk, "").await.is_empty());
        app.get(&format!("/api/v1{path}")).await.assert_status(200);
        // What was there stays where only editors and admins look.
        let (revisions, _) = desk.walk(&format!("{path}/revisions?limit=100")).await;
        assert_eq!((revisions.len(), &revisions[0]["action"]), (2, &json!("repair")));
        assert!(desk.get(&format!("{path}/revisions/1")).await.text().contains(SPAM));
        let (entries, _) = desk.walk("/audit-log?action=repair_findings&limit=100").await;
        assert_eq!(entries.len(), 1);
        assert_eq!((&entries[0]["before"]["title"], &entries[0]["after"]["title"]), (&before["title"], &after["title"]));
        app.desk("editor").get("/audit-log").await.assert_problem(403, "forbidden");
        // Done twice it is done once.
        let again = repaired(app, &desk, json!({"article_id": held["id"], "replace": {SPAM: NAME}})).await;
        assert_eq!((&again["replaced"], &again["records"]), (&json!(0), &json!([])));
    }

    /// A slug that was made from the old title is made anew where nobody ever saw it; another one stays
    async fn a_slug_that_nobody_saw_is_made_anew(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let made = article(&desk, json!({"title": format!("{SPAM}国际合作工作")})).await;
        let given = article(&desk, json!({"title": format!("{SPAM}国际合作工作"), "slug": "cooperation"})).await;
        let old = made["slug"].as_str().unwrap().to_owned();
        assert!(old.contains("du-chang"), "{old}");
        let done = repaired(app, &desk, json!({"article_id": made["id"], "replace": {SPAM: NAME}})).await;
        let slug = &done["records"][0]["slug"];
        assert_eq!((&slug["before"], &slug["after"]), (&json!(old), &json!("zhong-guo-ke-xue-yuan-guo-ji-he-zuo-gong-zuo")));
        let after = desk.get(&format!("/articles/{}", made["id"])).await.json();
        assert_eq!((&after["slug"], &after["former_slugs"]), (&slug["after"], &json!([])));
        app.get(&format!("/api/v1/sites/demo/articles/{old}")).await.assert_status(404);
        app.get("/api/v1/sites/demo/articles/zhong-guo-ke-xue-yuan-guo-ji-he-zuo-gong-zuo").await.assert_status(200);
        let done = repaired(app, &desk, json!({"article_id": given["id"], "replace": {SPAM: NAME}})).await;
        assert_eq!(done["records"][0]["slug"], Value::Null);
        assert_eq!(desk.get(&format!("/articles/{}", given["id"])).await.json()["slug"], "cooperation");
        // What readers knew keeps its address.
        let seen = article(&desk, json!({"title": "灯塔国际合作"})).await;
        let path = format!("/articles/{}", seen["id"]);
        desk.changed(&path, &json!({"subtitle": SPAM})).await;
        repaired(app, &desk, json!({"article_id": seen["id"], "replace": {"灯塔": "航标", SPAM: NAME}})).await;
        let after = desk.get(&path).await.json();
        assert_eq!((&after["slug"], &after["title"], &after["status"]), (&seen["slug"], &json!("航标国际合作"), &json!("published")));
    }

    /// What is cut goes whole: elements with the white space before them, keywords, attachments, addresses; what nothing would be left of is refused
    async fn what_is_cut_goes_whole(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let blocks = ["<p>第一段。</p>", "<h2>潮位</h2>", "<p>第二段，<a href=\"https://example.org/\">链接</a>。</p>"].join("\n");
        let body = format!("{blocks}\n<p>{SPAM}官网</p>\n<p><a href=\"https://example.org/{SPAM}\">线上{SPAM}</a></p>");
        let held = article(&desk, json!({"title": format!("{SPAM}国际合作"), "keywords": ["海", SPAM, "潮"], "body_html": body,
            "attachments": [{"name": format!("{SPAM}.pdf"), "url": "https://example.org/a.pdf"}, {"name": "b.pdf", "url": "https://example.org/b.pdf"}]})).await;
        let path = format!("/articles/{}", held["id"]);
        let all = findings(&desk, "").await;
        let (title, rest): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|f| f["field"] == "/title");
        let ids = |of: &[&Value]| -> Vec<Value> { of.iter().map(|f| f["id"].clone()).collect() };
        // A title that is nothing else would be empty; this one has something left.
        let done = repaired(app, &desk, json!({"article_id": held["id"], "cut": ids(&rest)})).await;
        assert_eq!((&done["cut"], &done["replaced"]), (&json!(rest.len()), &json!(0)));
        let after = desk.get(&path).await.json();
        let (blocks, _) = held["body_html"].as_str().unwrap().split_once(&format!("\n<p>{SPAM}官网")).unwrap();
        assert_eq!(after["body_html"], blocks);
        assert_eq!(after["keywords"], json!(["海", "潮"]));
        assert_eq!(after["attachments"].as_array().unwrap().len(), 1);
        assert_eq!(after["attachments"][0]["name"], "b.pdf");
        assert_eq!((&after["status"], &done["records"][0]["open_findings"]), (&json!("quarantined"), &json!(1)));
        let done = repaired(app, &desk, json!({"article_id": held["id"], "cut": ids(&title)})).await;
        assert_eq!(done["records"][0]["title"], "国际合作");
        assert_eq!(desk.get(&path).await.json()["status"], "published");
        let whole = article(&desk, json!({"title": SPAM})).await;
        let finding = findings(&desk, &format!("&article_id={}", whole["id"])).await[0]["id"].clone();
        for is_dry in [true, false] {
            let refused = repair(&desk, json!({"article_id": whole["id"], "cut": [finding], "dry_run": is_dry})).await;
            let fault = &refused.problem(422)["errors"][0];
            assert_eq!(fault["pointer"], "/cut/0", "{refused}");
            assert!(fault["detail"].as_str().unwrap().contains("replace"), "{refused}");
        }
        assert_eq!(desk.get(&format!("/articles/{}", whole["id"])).await.json(), whole);
    }

    /// What cleaning took off is not there any more: cutting it settles it
    async fn what_is_not_stored_is_settled_by_cutting_it(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let held = article(&desk, json!({"body_html": format!("<p>灯塔。</p><!-- {SPAM} --><div style=\"display:none\">{SPAM}</div>")})).await;
        let path = format!("/articles/{}", held["id"]);
        assert_eq!(held["status"], "quarantined");
        let ids: Vec<Value> = findings(&desk, "&state=open").await.iter().map(|f| f["id"].clone()).collect();
        let done = repaired(app, &desk, json!({"article_id": held["id"], "cut": ids})).await;
        assert_eq!((&done["records"][0]["status"], &done["records"][0]["open_findings"]), (&json!("published"), &json!(0)));
        assert_eq!(desk.get(&path).await.json()["body_html"].as_str().unwrap().matches("赌").count(), 0);
        assert!(findings(&desk, "").await.is_empty());
        app.get(&format!("/api/v1{path}")).await.assert_status(200);
    }

    /// What no browser showed is not stored; what else was hidden and is kept would be seen now, so it holds the article back until it is cut
    async fn what_was_hidden_is_never_uncovered(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let links = "<a href=\"https://a1.example/\">万艾可</a> <a href=\"https://a2.example/\">真人视讯</a> <a href=\"https://a3.example/\">时时彩</a>";
        for hiding in ["hidden", "style=\"display:none\"", "style=\"position:absolute;left:-9999px\""] {
            let made = article(&desk, json!({"body_html": format!("<p>灯塔。</p><div {hiding}>{links}</div>")})).await;
            assert_eq!((&made["status"], &made["body_html"]), (&json!("published"), &json!("<p>灯塔。</p>")), "{hiding}");
            let found = findings(&desk, &format!("&article_id={}", made["id"])).await;
            assert!(!found.is_empty() && found.iter().all(|f| f["is_stored"] == json!(false) && f["severity"] != "block"), "{found:#?}");
        }
        for hiding in ["font-size:0", "text-indent:-9999px", "opacity:0"] {
            let body = format!("<p>灯塔。</p><div style=\"{hiding}\">{links}</div>");
            let held = article(&desk, json!({"body_html": body})).await;
            let path = format!("/articles/{}", held["id"]);
            assert_eq!((&held["status"], &held["held_status"]), (&json!("quarantined"), &json!("published")), "{hiding}");
            app.get(&format!("/api/v1{path}")).await.assert_problem(404, "not_found");
            // To save what is stored once more lets nothing of it out.
            let stored = desk.get(&path).await.json();
            let saved = desk.changed(&path, &json!({"body_html": stored["body_html"], "title": "灯塔 2"})).await;
            assert_eq!(saved["status"], "quarantined", "{hiding}");
            let found = findings(&desk, &format!("&article_id={}&state=open", held["id"])).await;
            assert!(found.iter().any(|f| f["severity"] == "block" && f["place"] == "hidden" && f["is_stored"] == json!(true)), "{found:#?}");
            let ids: Vec<&Value> = found.iter().map(|f| &f["id"]).collect();
            let done = repaired(app, &desk, json!({"article_id": held["id"], "cut": ids})).await;
            assert_eq!((&done["records"][0]["status"], &done["records"][0]["open_findings"]), (&json!("published"), &json!(0)), "{done:#}");
            assert_eq!(app.get(&format!("/api/v1{path}")).await.json()["body_html"], "<p>灯塔。</p>", "{hiding}");
        }
        // Sent anew without it, it is over.
        let held = article(&desk, json!({"body_html": format!("<p>灯塔。</p><div style=\"opacity:0\">{links}</div>")})).await;
        let path = format!("/articles/{}", held["id"]);
        let mended = desk.changed(&path, &json!({"body_html": "<p>灯塔。</p>"})).await;
        assert_eq!(mended["status"], "published");
        assert!(findings(&desk, &format!("&article_id={}", held["id"])).await.is_empty());
    }

    /// A site is mended in one call: its record, its other records and its articles, and what was held back with it comes back
    async fn a_site_is_mended_in_one_call(app) {
        let portal = portal()
            .site(|s| {
                s.set("locales", json!(["zh-Hans", "en"])).set("default_locale", "zh-Hans")
                    .set("name", SPAM).set("owner", SPAM).set("copyright", format!("版权所有 © {SPAM}"))
                    .set("blocks", json!([{"kind": "motto", "text": "格言。", "attribution": format!("——{SPAM}题")}]))
            })
            .topic("t1")
            .with(Record::new("topic").set("site", "demo").set("key", "t2").set("title", format!("{SPAM}专题")))
            .link_group("links", json!([{"label": format!("{SPAM}官网"), "url": "https://example.org/"}, {"label": "海", "url": "https://example.org/sea"}]))
            .article("a1", |a| a.category("news/sea").title(&format!("{SPAM}国际合作")).body(&format!("<p>在{SPAM}的工作。</p>")))
            .article("a2", |a| a.category("news/sea").title("潮位").body("<p>潮。</p>"));
        app.import(&portal);
        let desk = app.desk("admin");
        let done = repaired(app, &desk, json!({"site": "demo", "replace": {SPAM: NAME}})).await;
        assert_eq!(done["remaining"], 0);
        let records = done["records"].as_array().unwrap();
        let site = &records[0];
        assert_eq!((&site["kind"], &site["title"], &site["status"]), (&json!("site"), &json!(NAME), &Value::Null));
        for (field, wanted) in [("/name", NAME), ("/owner", NAME), ("/copyright", "版权所有 © 中国科学院"), ("/blocks/0/attribution", "——中国科学院题")] {
            assert_eq!(side(change(site, field), "delete"), wanted);
        }
        let mended = |kind: &str| records.iter().filter(|record| record["kind"] == kind).count();
        assert_eq!((mended("site"), mended("article")), (1, 1), "{done}");
        let shown = app.get("/api/v1/sites/demo").await.assert_status(200).json();
        assert_eq!((&shown["name"], &shown["owner"]), (&json!(NAME), &json!(NAME)));
        let list = app.get("/api/v1/articles?site=demo&sort=title").await.assert_status(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");
        assert!(findings(&desk, "&site=demo").await.is_empty());
        let (entries, _) = desk.walk("/audit-log?action=repair_findings&limit=100").await;
        assert_eq!(entries.len(), records.len());
        assert!(entries.iter().any(|entry| entry["resource"] == "site" && entry["before"]["name"] == SPAM), "{entries:?}");
        // Nothing of it is public, and nothing changed elsewhere.
        let other = app.get("/api/v1/sites/other").await.assert_status(200).text();
        assert!(!other.contains(NAME));
    }

    /// Who may mend what: editors an article of their category, admins a site; and of what they cannot see nobody is told
    async fn only_those_mend_who_may(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let held = article(&desk, json!({"title": format!("{SPAM}国际合作")})).await;
        let one = json!({"article_id": held["id"], "replace": {SPAM: NAME}});
        let all = json!({"site": "demo", "replace": {SPAM: NAME}});
        for role in ["reader", "author", "reviewer"] {
            repair(&app.desk(role), one.clone()).await.assert_problem(403, "forbidden");
            repair(&app.desk(role), all.clone()).await.assert_problem(403, "forbidden");
        }
        repair(&app.desk("editor"), all.clone()).await.assert_problem(403, "forbidden");
        let elsewhere = app.desk_of(app.token_with(None, &[(Role::Editor, "other", None)]));
        let refused = repair(&elsewhere, one.clone()).await;
        assert_eq!(refused.problem(422)["errors"][0]["pointer"], "/article_id", "{refused}");
        let below = app.desk_of(app.token_with(None, &[(Role::Admin, "demo", Some("news"))]));
        repair(&below, all.clone()).await.assert_problem(403, "forbidden");
        // Whoever has no right to write structure changes no record of a site.
        let user = app.account("has-a-key@example.org", "admin");
        let (_, key) = app.api_key(user, &[Scope::ArticlesRead, Scope::ArticlesWrite], None);
        repair(&app.desk_of(key), all.clone()).await.assert_problem(403, "insufficient_scope");
        repair(&below, one).await.assert_status(200);
        repair(&app.desk_of(app.token_with(None, &[(Role::Admin, "demo", None)])), all).await.assert_status(200);
    }

    /// Each fault of the order is named with its mend
    async fn faults_of_the_order_are_named(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let held = article(&desk, json!({"title": format!("{SPAM}国际合作")})).await;
        let other = article(&desk, json!({"title": format!("{SPAM}与海")})).await;
        let of = async |article: &Value| findings(&desk, &format!("&article_id={}", article["id"])).await[0]["id"].clone();
        let (own, foreign) = (of(&held).await, of(&other).await);
        let id = &held["id"];
        let many: serde_json::Map<String, Value> = (0..21).map(|n| (format!("短语{n}"), json!("甲"))).collect();
        for (order, pointer) in [
            (json!({"replace": {SPAM: NAME}}), "/article_id"),
            (json!({"article_id": id, "site": "demo", "replace": {SPAM: NAME}}), "/site"),
            (json!({"article_id": id}), "/replace"),
            (json!({"article_id": id, "replace": {}, "cut": []}), "/replace"),
            (json!({"article_id": id, "replace": {"": NAME}}), "/replace/"),
            (json!({"article_id": id, "replace": {"a/b~c": ""}}), "/replace/a~1b~0c"),
            (json!({"article_id": id, "replace": {"!?": NAME}}), "/replace/!?"),
            (json!({"article_id": id, "replace": {SPAM: 1}}), "/replace/澳门赌场"),
            (json!({"article_id": id, "replace": many}), "/replace"),
            (json!({"article_id": id, "replace": [SPAM]}), "/replace"),
            (json!({"article_id": id, "cut": [own, foreign]}), "/cut/1"),
            (json!({"article_id": id, "cut": [own, 999_999]}), "/cut/1"),
            (json!({"article_id": id, "cut": [own, own]}), "/cut/1"),
            (json!({"article_id": id, "cut": (1..=501).collect::<Vec<i64>>()}), "/cut"),
            (json!({"article_id": 999_999, "replace": {SPAM: NAME}}), "/article_id"),
            (json!({"site": "nowhere", "replace": {SPAM: NAME}}), "/site"),
            (json!({"article_id": id, "replace": {SPAM: NAME}, "dry_run": "yes"}), "/dry_run"),
        ] {
            let refused = repair(&desk, order.clone()).await;
            assert_eq!(refused.problem(422)["errors"][0]["pointer"], pointer, "{order}: {refused}");
        }
        assert_eq!(desk.get(&format!("/articles/{id}")).await.json(), held);
    }

    /// A repeated request with the same key is answered from memory, in a batch it is one of several
    async fn a_repair_is_a_write_like_others(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let held = article(&desk, json!({"title": format!("{SPAM}国际合作")})).await;
        let order = json!({"article_id": held["id"], "replace": {SPAM: NAME}, "dry_run": false});
        let send = async || desk.request("POST", "/findings/repair").header("idempotency-key", "once").json(&order).send().await;
        let first = send().await;
        first.assert_status(200);
        let second = send().await;
        assert_eq!((second.text(), second.header("idempotency-replayed")), (first.text(), Some("true")));
        let held = article(&desk, json!({"title": format!("{SPAM}与海")})).await;
        let order = json!({"article_id": held["id"], "replace": {SPAM: NAME}, "dry_run": false});
        let items = json!([
            {"method": "POST", "path": "/manage/findings/repair", "body": order},
            {"method": "PATCH", "path": format!("/manage/articles/{}", held["id"]), "if_match": "*", "body": {"subtitle": "副题"}},
        ]);
        desk.post("/batch", &json!({"operations": items})).await.assert_status(200);
        let after = desk.get(&format!("/articles/{}", held["id"])).await.json();
        assert_eq!((&after["title"], &after["subtitle"], &after["status"]), (&json!("中国科学院与海"), &json!("副题"), &json!("published")));
    }
}
