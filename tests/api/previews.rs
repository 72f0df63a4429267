//! Links that show one revision to people without an account.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::RunQueryDsl;
use masthead::models::access::Role;
use serde_json::{Value, json};

use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

/// Everything that an article can have; not `published_at`, so that it is dated by its draft.
fn article(n: i64) -> Value {
    json!({
        "title": format!("深海观测网第{n}版"), "subtitle": "副题「Ａ」", "summary": "摘要 🌊", "summary_label": "核心阅读",
        "body_html": format!("<h2>观测方法 {n}</h2><p>正文{}。</p>", "海".repeat(900)), "byline": "林晓岚", "source_line": "科学日报",
        "keywords": ["深海", "ＡＩ"], "event_date": "2026-01-14", "cover": "https://example.org/c.jpg",
        "contributors": [{"key": "lin", "role": "author", "kind": "person", "name": format!("林晓岚{n}"), "affiliation": "研究所"},
            {"role": "editor", "kind": "organization", "name": "编辑部"}],
        "sources": ["s2", "s1"], "topics": ["t2", "t1"], "related": ["r2", "hidden", "r1"],
        "attachments": [{"name": format!("年度报告{n}.pdf"), "url": format!("https://example.org/{n}.pdf"), "media_type": "application/pdf", "size": 10},
            {"name": "附录", "url": "https://example.org/annex.pdf"}],
        "audio": [{"url": "https://example.org/a.mp3", "media_type": "audio/mpeg", "duration_s": 312}],
        "translations": [
            {"locale": "zh-Hant", "title": format!("深海觀測網第{n}版"), "body_html": "<h3>觀測</h3><p>正文</p>",
                "contributors": [{"key": "lin", "name": "林曉嵐", "affiliation": "研究所"}], "keywords": ["深海"]},
            {"locale": "en", "title": format!("Network, edition {n}"), "body_html": "<p>Text.</p>", "summary": "Abstract"},
        ],
    })
}

fn portal() -> Portal {
    Portal::new("demo")
        .site(|s| s.set("default_locale", "zh-Hans").set("home_label", "首页"))
        .source("s1")
        .source("s2")
        .topic("t1")
        .topic("t2")
        .category("news/local")
        .category("sport")
        .article("r1", |a| a.category("news/local"))
        .article("r2", |a| a.category("sport"))
        .article("hidden", |a| a.category("news/local").status("draft"))
        .article("later", |a| {
            a.category("news/local")
                .published_at("2026-01-16T00:00:00+08:00")
        })
}

/// A new draft of an editor; its address behind `/manage`.
async fn draft(desk: &Desk<'_>, slug: &str) -> String {
    let mut body = article(1);
    body["site"] = json!("demo");
    body["category"] = json!("news/local");
    body["locale"] = json!("zh-Hans");
    body["slug"] = json!(slug);
    body["translations"][0]["slug"] = json!(format!("{slug}-hant"));
    desk.made("/articles", &body).await.0
}

/// A link to an article; where it leads, and what was said of it.
async fn link(desk: &Desk<'_>, article: &str, body: Value) -> (String, Value) {
    let answer = desk.post(&format!("{article}/previews"), &body).await;
    let made = answer.assert_status(201).json();
    let location = answer.header("location").unwrap().to_owned();
    assert_eq!(
        location,
        format!("/api/v1/preview/{}", made["token"].as_str().unwrap())
    );
    assert!(made["url"].as_str().unwrap().ends_with(&location), "{made}");
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    assert_eq!(answer.header("etag"), None);
    (location, made)
}

/// The public page of an article with everything on it.
async fn page(app: &TestApp, article: &str, query: &str) -> Value {
    let path =
        format!("/api/v1{article}?include=breadcrumbs,neighbors,related,site_details{query}");
    app.get(&path).await.assert_status(200).json()
}

/// What a link shows with everything on it.
async fn shown(app: &TestApp, link: &str, query: &str) -> Value {
    let path = format!("{link}?include=breadcrumbs,neighbors,related,site_details{query}");
    app.get(&path).await.assert_status(200).json()
}

/// The members in which two objects differ.
fn differences(a: &Value, b: &Value) -> BTreeSet<String> {
    let (a, b) = (a.as_object().unwrap(), b.as_object().unwrap());
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let differing = names
        .into_iter()
        .filter(|name| a.get(*name) != b.get(*name));
    differing.cloned().collect()
}

on_both! {
    /// The preview of a draft is its page after publishing, in every language, but for what publishing itself says
    async fn a_preview_is_the_page_to_come(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let path = draft(&desk, "guan-ce").await;
        app.get(&format!("/api/v1{path}")).await.assert_problem(404, "not_found");
        let (link, made) = link(&desk, &path, json!({})).await;
        assert_eq!(made["revision"], 1);
        assert_eq!(made["article_id"], path.rsplit('/').next().unwrap().parse::<i64>().unwrap());
        assert_eq!(made["expires_at"], "2026-01-16T04:00:00Z");
        let languages = ["", "&locale=zh-Hans", "&locale=zh-Hant", "&locale=en", "&locale=fr"];
        let mut before = Vec::new();
        for query in languages {
            before.push(shown(app, &link, query).await);
        }
        let time = desk.get(&path).await.json()["published_at"].as_str().unwrap().to_owned();
        assert_eq!(before[0]["published_at"], time.as_str());
        app.set_clock("2026-01-15T04:12:00Z");
        let to = |at: &str| json!({"to": "published", "publish_at": at});
        let published = desk.request("POST", &format!("{path}/transitions")).header("if-match", "*").json(&to(&time)).send().await;
        published.assert_status(200);
        for (query, before) in languages.iter().zip(&before) {
            let after = page(app, &path, query).await;
            let expected = ["updated_at", "version"].map(str::to_owned);
            assert_eq!(differences(before, &after), expected.into(), "{query}\n{before:#}\n{after:#}");
            assert_eq!((&before["version"], &after["version"]), (&json!(1), &json!(2)));
            assert_eq!(before["related"].as_array().unwrap().len(), 2);
            assert_eq!(before["neighbors"]["previous"]["slug"], "r1");
        }
        // And that of the revision that is public is the page, whatever the reader asks for.
        let (link, _) = self::link(&desk, &path, json!({"revision": 2})).await;
        for query in languages {
            assert_eq!(shown(app, &link, query).await, page(app, &path, query).await, "{query}");
        }
        for header in ["en", "zh-Hant, en;q=0.5", "fr", "zh-TW"] {
            let ask = |path: &str| app.request("GET", path).header("accept-language", header).send();
            let (preview, public) = (ask(&link).await, ask(&format!("/api/v1{path}")).await);
            assert_eq!(preview.json(), public.json());
            for name in ["content-language", "vary"] {
                assert_eq!(preview.header(name), public.header(name), "{name}");
            }
        }
        for preview in [format!("{link}?locale=fr&fallback=none"), format!("{link}?locale=de&fallback=none")] {
            let problem = app.get(&preview).await.assert_problem(404, "not_found");
            assert!(problem["detail"].as_str().unwrap().ends_with("there is: zh-Hans, en, zh-Hant"), "{problem}");
        }
        // The same where the article is not public any more; what was taken back is not shown by links either.
        let before = shown(app, &link, "").await;
        for (order, is_shown) in [(json!({"to": "archived"}), true), (json!({"to": "retracted", "reason": "数据有误"}), false), (json!({"to": "draft"}), true)] {
            desk.request("POST", &format!("{path}/transitions")).header("if-match", "*").json(&order).send().await.assert_status(200);
            assert_ne!(app.get(&format!("/api/v1{path}")).await.status, 200);
            if is_shown {
                assert_eq!(shown(app, &link, "").await, before);
            } else {
                assert_eq!(app.get(&link).await.assert_problem(410, "retracted")["reason"], "数据有误");
            }
        }
    }

    /// A link shows the revision that it was made for, whatever is saved later
    async fn a_link_keeps_to_its_revision(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let path = draft(&desk, "guan-ce").await;
        let (first, _) = link(&desk, &path, json!({"revision": null})).await;
        let languages = ["", "&locale=zh-Hant", "&locale=en"];
        let mut before = Vec::new();
        for query in languages {
            before.push(shown(app, &first, query).await);
        }
        assert_eq!(before[0]["title"], "深海观测网第1版");
        assert_eq!(before[0]["reading_minutes"], 3);
        app.set_clock("2026-01-15T04:10:00Z");
        let mut second = article(2);
        second["slug"] = json!("xin");
        second["translations"][0]["slug"] = json!("hant-2");
        second["category"] = json!("sport");
        second["sources"] = json!([]);
        second["topics"] = json!(["t1"]);
        second["related"] = json!([]);
        desk.changed(&path, &second).await;
        desk.changed(&path, &json!({"contributors": [], "attachments": [], "translations": [], "audio": [], "cover": null, "locale": "en"})).await;
        for (query, before) in languages.iter().zip(&before) {
            let now = shown(app, &first, query).await;
            assert_eq!(differences(before, &now), BTreeSet::new(), "{query}");
        }
        let (link, made) = link(&desk, &path, json!({"revision": 2, "expires_in": 60})).await;
        assert_eq!((&made["revision"], &made["expires_at"]), (&json!(2), &json!("2026-01-15T04:11:00Z")));
        let second = shown(app, &link, "&locale=zh-Hant").await;
        assert_eq!((&second["title"], &second["slug"], &second["category"]["path"]), (&json!("深海觀測網第2版"), &json!("hant-2"), &json!("sport")));
        assert_eq!(second["contributors"][0]["name"], "林曉嵐");
        assert_eq!(second["attachments"][0]["name"], "年度报告2.pdf");
        assert_eq!((&second["related"], &second["sources"]), (&json!([]), &json!([])));
        let (newest, _) = self::link(&desk, &path, json!({})).await;
        let newest = shown(app, &newest, "").await;
        assert_eq!((&newest["version"], &newest["attachments"], &newest["locale"]), (&json!(3), &json!([]), &json!("en")));
    }

    /// What a revision names and is gone now is left out; a category that is gone is replaced by the present one
    async fn what_is_gone_is_left_out(app) {
        const TOPICS: &str = "/topics?site=demo";
        const ARTICLES: &str = "/articles?site=demo";
        app.import(&portal());
        let desk = app.desk("admin");
        let path = draft(&desk, "guan-ce").await;
        let (link, _) = link(&desk, &path, json!({})).await;
        desk.changed(&path, &json!({"category": "sport", "sources": [], "topics": [], "related": []})).await;
        let id_of = async |list: &str, slug: &str| {
            let items = desk.get(list).await.json();
            let found = items["items"].as_array().unwrap().iter().find(|item| item["slug"] == slug || item["key"] == slug).unwrap().clone();
            format!("{}/{}", list.split('?').next().unwrap(), found["id"])
        };
        for (list, name) in [("/sources?limit=9", "s2"), (TOPICS, "t1"), (ARTICLES, "r1"), (ARTICLES, "hidden"), (ARTICLES, "later")] {
            desk.delete(&id_of(list, name).await).await.assert_status(204);
        }
        let local = app.get("/api/v1/sites/demo/categories/news/local").await.json();
        desk.delete(&format!("/categories/{}", local["id"])).await.assert_status(204);
        desk.changed(&id_of(TOPICS, "t2").await, &json!({"title": "新题"})).await;
        let now = shown(app, &link, "").await;
        let names = |member: &str, name: &str| -> Vec<Value> { now[member].as_array().unwrap().iter().map(|item| item[name].clone()).collect() };
        assert_eq!(names("sources", "slug"), ["s1"]);
        assert_eq!(names("topics", "title"), ["新题"]);
        assert_eq!(names("related", "slug"), ["r2"]);
        assert_eq!(now["category"]["path"], "sport");
        assert_eq!(names("breadcrumbs", "path"), ["", "sport"]);
    }

    /// An article that is public at another time is not its own neighbour, and no preview shows another article that is not public
    async fn around_a_preview_is_only_what_is_public(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let path = draft(&desk, "guan-ce").await;
        let public = |at: &str| json!({"status": "published", "published_at": at});
        // Before everything, after everything that is public, and in between.
        for at in ["2025-12-01T00:00:00+08:00", "2026-01-15T11:00:00+08:00", "2026-01-14T00:00:00+08:00"] {
            desk.patch(&path, &public(at)).await.assert_status(200);
        }
        let other = draft(&desk, "qi-ta").await;
        for number in 1..=4 {
            let (link, _) = link(&desk, &path, json!({"revision": number})).await;
            let beside = shown(app, &link, "").await["neighbors"].clone();
            for side in ["previous", "next"] {
                assert!(beside[side].is_null() || beside[side]["slug"] == "r1", "{number} {beside:#}");
            }
            let text = app.get(&format!("{link}?include=breadcrumbs,neighbors,related,site_details")).await.text();
            for hidden in ["later", "hidden", "qi-ta"] {
                assert!(!text.contains(&format!("\"slug\":\"{hidden}\"")), "{text}");
            }
        }
        app.get(&format!("/api/v1{other}")).await.assert_problem(404, "not_found");
        // A preview makes nothing public.
        let list = app.get("/api/v1/articles?limit=100").await.text();
        assert!(!list.contains("qi-ta"), "{list}");
    }

    /// A link ends to the second
    async fn a_link_ends_to_the_second(app) {
        app.import(&portal());
        app.set_clock("2026-01-15T04:00:00.700Z");
        let desk = app.desk("editor");
        let path = draft(&desk, "guan-ce").await;
        let (link, made) = link(&desk, &path, json!({"expires_in": 90})).await;
        assert_eq!(made["expires_at"], "2026-01-15T04:01:30Z");
        app.set_clock("2026-01-15T04:01:29.999999Z");
        app.get(&link).await.assert_status(200);
        app.set_clock("2026-01-15T04:01:30Z");
        let over = app.get(&link).await;
        let problem = over.assert_problem(410, "preview_expired");
        assert_eq!(problem["detail"], "this preview ended at 2026-01-15T04:01:30Z; ask whoever sent the link for a new one");
        assert_eq!(over.header("cache-control"), Some("no-store"));
        app.set_clock("2027-01-15T04:00:00Z");
        app.get(&link).await.assert_problem(410, "preview_expired");
    }

    /// Nobody makes a link up: not by changing any letter of one, nor from the numbers of another article
    async fn nobody_makes_a_link_up(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let path = draft(&desk, "guan-ce").await;
        let other = draft(&desk, "qi-ta").await;
        let (link, made) = link(&desk, &path, json!({})).await;
        let token = made["token"].as_str().unwrap();
        for at in 0..token.len() {
            let mut forged = token.as_bytes().to_vec();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = format!("/api/v1/preview/{}", String::from_utf8(forged).unwrap());
            app.get(&forged).await.assert_problem(404, "not_found");
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(&token[4..]).unwrap();
        let id: i64 = other.rsplit('/').next().unwrap().parse().unwrap();
        bytes[..8].copy_from_slice(&id.to_be_bytes());
        let mut later = URL_SAFE_NO_PAD.decode(&token[4..]).unwrap();
        later[24] = 1;
        for forged in [bytes, later, vec![0; 64], Vec::new()] {
            let forged = format!("/api/v1/preview/mhp_{}", URL_SAFE_NO_PAD.encode(forged));
            app.get(&forged).await.assert_problem(404, "not_found");
        }
        for forged in ["x", "mhp_", "%E6%B5%B7", &token[4..], &format!("{token}A"), &format!("{token}="), &token.to_uppercase(), &"a".repeat(1500)] {
            app.get(&format!("/api/v1/preview/{forged}")).await.assert_problem(404, "not_found");
        }
        // A number that another revision has now, as after a database was restored, is not the one that was meant.
        app.get(&link).await.assert_status(200);
        app.database().execute("UPDATE article_revisions SET created_at = (SELECT MAX(published_at) FROM articles)");
        app.get(&link).await.assert_problem(404, "not_found");
    }

    /// With the article or its revision the link is gone
    async fn without_its_revision_a_link_is_gone(app, |s| s.var("MASTHEAD_REVISIONS_KEPT", "2")) {
        app.import(&portal());
        let desk = app.desk("editor");
        let path = draft(&desk, "guan-ce").await;
        let (first, _) = link(&desk, &path, json!({})).await;
        desk.changed(&path, &json!({"title": "二"})).await;
        app.get(&first).await.assert_status(200);
        desk.changed(&path, &json!({"title": "三"})).await;
        app.get(&first).await.assert_problem(404, "not_found");
        let gone = desk.post(&format!("{path}/previews"), &json!({"revision": 1})).await;
        assert_eq!(gone.assert_problem(422, "invalid_body")["errors"][0]["pointer"], "/revision");
        let (second, _) = link(&desk, &path, json!({"revision": 2})).await;
        app.get(&second).await.assert_status(200);
        desk.delete(&path).await.assert_status(204);
        app.get(&second).await.assert_problem(404, "not_found");
        desk.post(&format!("{path}/previews"), &json!({})).await.assert_problem(404, "not_found");
    }

    /// No cache, no search engine and no other site hears of a link; who is signed in, or badly so, sees what everybody sees
    async fn a_preview_is_kept_by_nobody(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let path = draft(&desk, "guan-ce").await;
        let (link, _) = link(&desk, &path, json!({})).await;
        let answer = app.get(&link).await;
        for (name, value) in [
            ("cache-control", Some("private, no-store")),
            ("x-robots-tag", Some("noindex")),
            ("referrer-policy", Some("no-referrer")),
            ("content-language", Some("zh-Hans")),
            ("access-control-allow-origin", Some("*")),
            ("vary", Some("accept-encoding, Accept-Language")),
            ("etag", None),
            ("last-modified", None),
            ("surrogate-key", None),
        ] {
            let found = answer.header(name);
            match name {
                "vary" => assert!(answer.headers.get_all("vary").any(|v| v.to_str().unwrap().contains("Accept-Language")), "{answer:?}"),
                _ => assert_eq!(found, value, "{name}"),
            }
        }
        for header in [("authorization", "Bearer x.y.z"), ("if-none-match", "*"), ("if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT")] {
            let again = app.request("GET", &link).header(header.0, header.1).send().await;
            assert_eq!(again.assert_status(200).json(), answer.json(), "{header:?}");
        }
        let views = page(app, &format!("/articles/{}", app.article_id("r1").await), "").await["views"].clone();
        assert_eq!(views, 0);
        app.request("HEAD", &link).send().await.assert_status(200);
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            app.request(method, &link).send().await.assert_problem(405, "method_not_allowed");
        }
    }

    /// Authors show what they wrote, reviewers and above what others wrote too
    async fn authors_show_what_they_see(app) {
        app.import(&portal());
        let path = draft(&app.desk("editor"), "guan-ce").await;
        let previews = format!("{path}/previews");
        let ask = async |token: String| app.desk_of(token).post(&previews, &json!({})).await;
        for token in [app.token_with(Some(Role::Author), &[]), app.token_with(None, &[(Role::Author, "demo", Some("news"))])] {
            ask(token).await.assert_problem(403, "forbidden");
        }
        let author = app.desk("author");
        let own = draft(&author, "zi-ji").await;
        author.post(&format!("{own}/previews"), &json!({})).await.assert_status(201);
        for role in [Role::Reviewer, Role::Editor, Role::Admin] {
            ask(app.token_with(Some(role), &[])).await.assert_status(201);
            ask(app.token_with(None, &[(role, "demo", None)])).await.assert_status(201);
            ask(app.token_with(None, &[(role, "demo", Some("news"))])).await.assert_status(201);
            ask(app.token_with(None, &[(role, "demo", Some("sport"))])).await.assert_problem(404, "not_found");
        }
        ask(app.token_with(Some(Role::Reader), &[])).await.assert_problem(403, "forbidden");
        ask(app.token_with(None, &[(Role::Reader, "demo", None), (Role::Author, "demo", Some("sport"))])).await.assert_problem(403, "forbidden");
        ask(app.token_with(None, &[])).await.assert_problem(403, "forbidden");
        app.request("POST", &format!("/api/v1/manage{previews}")).json(&json!({})).send().await.assert_problem(401, "unauthenticated");
    }

    /// What cannot be asked for is refused, and says how to mend it
    async fn what_cannot_be_asked_for_is_refused(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let path = draft(&desk, "guan-ce").await;
        let cases = [
            (json!({"revision": 0}), "/revision", "invalid"),
            (json!({"revision": 2}), "/revision", "unknown"),
            (json!({"revision": "1"}), "/revision", "wrong_type"),
            (json!({"revision": 1.5}), "/revision", "invalid"),
            (json!({"expires_in": 59}), "/expires_in", "invalid"),
            (json!({"expires_in": 2_592_001}), "/expires_in", "invalid"),
            (json!({"expires_in": -1}), "/expires_in", "invalid"),
            (json!({"token": "mhp_x"}), "/token", "read_only"),
            (json!({"版本": 1}), "/版本", "unknown_member"),
        ];
        desk.refuses_new(&format!("{path}/previews"), &cases).await;
        for expires_in in [json!(60), json!(2_592_000), Value::Null] {
            link(&desk, &path, json!({"expires_in": expires_in})).await;
        }
        desk.post(&format!("{path}/previews?x=1"), &json!({})).await.assert_problem(400, "invalid_parameter");
        let batch = json!({"operations": [{"method": "POST", "path": format!("/manage{path}/previews"), "body": {}}]});
        desk.post("/batch", &batch).await.assert_problem(404, "not_found");
    }

    /// The audit log says who asked for which revision, and holds no link; nor does any table but that of answers to repeat
    async fn a_link_is_kept_nowhere(app) {
        app.import(&portal());
        let desk = app.desk("admin");
        let path = draft(&desk, "guan-ce").await;
        let before = desk.found(&desk.get(&path).await);
        let (_, made) = link(&desk, &path, json!({"expires_in": 3600})).await;
        let log = desk.get("/audit-log?action=create_preview").await.assert_status(200).json();
        let entries = log["items"].as_array().unwrap();
        assert_eq!(entries.len(), 1, "{log}");
        assert_eq!(entries[0]["resource"], "article");
        assert_eq!(entries[0]["resource_id"], made["article_id"]);
        assert_eq!(entries[0]["after"], json!({"article_id": made["article_id"], "revision": 1, "expires_at": made["expires_at"]}));
        let token = made["token"].as_str().unwrap();
        for text in [log.to_string(), desk.get("/audit-log?limit=100").await.text()] {
            assert!(!text.contains("mhp_") && !text.contains(&token[4..]), "{text}");
        }
        // It changed nothing.
        assert_eq!(desk.found(&desk.get(&path).await), before);
        let rows = diesel::sql_query("SELECT key FROM idempotency_keys").execute(&mut app.database().connect());
        assert_eq!(rows.unwrap(), 0);
        // A repeated request brings the same link and no second entry.
        let again = async || {
            let request = desk.request("POST", &format!("{path}/previews")).header("idempotency-key", "链接-1".escape_unicode().to_string().as_str());
            request.json(&json!({})).send().await.assert_status(201).json()
        };
        assert_eq!(again().await, again().await);
        let log = desk.get("/audit-log?action=create_preview").await.json();
        assert_eq!(log["items"].as_array().unwrap().len(), 2);
    }

    /// However much hangs on an article, a preview of it takes the same number of statements
    async fn a_preview_takes_a_fixed_number_of_statements(app) {
        app.import(&portal());
        let desk = app.desk("editor");
        let full = draft(&desk, "guan-ce").await;
        let (_, bare) = (0, desk.made("/articles", &json!({"site": "demo", "category": "news/local", "title": "空"})).await.0);
        let mut counts = BTreeSet::new();
        for path in [&full, &bare] {
            desk.changed(path, &json!({"title": "新"})).await;
            let (old, _) = link(&desk, path, json!({"revision": 1})).await;
            shown(app, &old, "").await;
            let before = app.statements();
            shown(app, &old, "").await;
            counts.insert(app.statements() - before);
        }
        assert_eq!(counts.len(), 1, "{counts:?}");
        assert!(counts.iter().all(|n| *n < 30), "{counts:?}");
    }
}
