//! Answers from memory are what the database would answer, whatever is written, and what nobody touched is not read again.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::compression::ask;
use crate::support::accounts::join_all;
use crate::support::client::Answer;
use crate::support::counting::visitor;
use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both};

/// With room for answers, whatever the other tests do.
const CACHE: (&str, &str) = ("MASTHEAD_CACHE_MB", "16");

/// Headers that are of the exchange, or may honestly lag behind: an answer that did not change keeps its date.
const OF_THE_EXCHANGE: [&str; 6] = [
    "date",
    "traceparent",
    "x-request-id",
    "last-modified",
    "connection",
    "cache-control",
];

fn portals() -> Portal {
    let site = |slug: &str| {
        let portal = ["news", "news/sea", "about"]
            .into_iter()
            .fold(Portal::new(slug), Portal::category);
        let portal = portal
            .source("daily")
            .source("weekly")
            .topic("tides")
            .topic("buoys");
        let portal = portal.menu("main", json!([{"label": "海域", "category": "news/sea"}]));
        (0..8).fold(portal, |portal, n| {
            portal.article(&format!("{}{n}", &slug[..1]), |a| {
                a.title(&format!("潮汐观测 {n}"))
                    .category(["news", "news/sea", "about"][n % 3])
                    .published_at(&format!("2025-01-{:02}T00:00:00Z", n + 1))
                    .sources(&[["daily", "weekly"][n % 2]])
                    .topics(&[["tides", "buoys"][n % 2]])
                    .set("keywords", [["海洋", "潮位"][n % 2]])
                    .body("<p>潮位與海流的長期觀測資料。</p>")
            })
        })
    };
    site("demo").and(site("other"))
}

/// Everything that readers may ask for, on what is there.
async fn addresses(desk: &Desk<'_>) -> Vec<String> {
    let mut all: Vec<String> = [
        "/sites",
        "/sites/demo",
        "/sites/none",
        "/articles",
        "/articles?limit=3",
        "/articles?limit=3&page=2&count=exact",
        "/articles?site=demo",
        "/articles?site=other&count=exact",
        "/articles?site=demo&category_path=news&subtree=true&count=exact",
        "/articles?site=demo&category_path=about",
        "/articles?keyword=%E6%B5%B7%E6%B4%8B",
        "/articles?sort=title&order=asc",
        "/articles?sort=updated_at",
        "/articles?has_attachments=false",
        "/articles?available_in=zh-Hant",
        "/articles?locale=zh-Hant&site=demo",
        "/sites/demo/categories",
        "/sites/demo/categories/news",
        "/sites/demo/categories/news/sea",
        "/sites/demo/menus",
        "/sites/demo/menus/main",
        "/sites/demo/link-groups",
        "/sites/demo/topics",
        "/sources",
        "/search?q=%E6%BD%AE",
        "/search?q=%E6%BD%AE&site=demo&facets=category",
        "/search/suggestions?q=%E6%BD%AE",
        "/search/suggestions?q=%E6%BD%AE&site=other",
        "/articles?site=none",
        "/sites/demo/articles/d1",
        "/articles/changes?limit=5",
    ]
    .map(str::to_owned)
    .to_vec();
    for article in desk.walk("/articles?limit=100").await.0 {
        let id = &article["id"];
        all.push(format!("/articles/{id}"));
        all.push(format!(
            "/articles/{id}?include=neighbors,related,breadcrumbs,site_details"
        ));
        all.push(format!(
            "/sites/{}/articles/{}",
            article["site"].as_str().unwrap(),
            article["slug"].as_str().unwrap_or("-")
        ));
    }
    for (kind, filter, scope) in [
        ("sources", "source", ""),
        ("topics", "topic", "&site=demo"),
        ("categories", "category", "&site=demo"),
    ] {
        for record in desk.walk(&format!("/{kind}?limit=100{scope}")).await.0 {
            let id = &record["id"];
            all.push(format!("/{kind}/{id}"));
            all.push(format!("/articles?{filter}={id}"));
        }
    }
    all
}

/// What of an answer depends on the content, with numbers left out where they are live.
fn said(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !OF_THE_EXCHANGE.contains(&name.as_str()));
    let mut headers: Vec<(String, String)> = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let mut body = answer.text();
    if answer.status >= 400 {
        let mut problem: Value = serde_json::from_str(&body).unwrap();
        for member in ["trace_id", "instance"] {
            problem.as_object_mut().unwrap().remove(member);
        }
        // Their lengths differ with the name of the server.
        headers.retain(|(name, _)| name != "content-length");
        body = problem.to_string();
    }
    (answer.status, headers, body)
}

/// One write of any kind; most of them succeed.
async fn write_something(app: &TestApp, desk: &Desk<'_>, round: usize) -> String {
    let pick = |items: Vec<Value>| -> Option<Value> {
        let at = fastrand::usize(..items.len().max(1));
        items.into_iter().nth(at)
    };
    let text = format!("潮汐第{round}輪");
    let word = ["海洋", "潮位"][round % 2];
    let list = async |path: &str| pick(desk.walk(path).await.0).unwrap_or(Value::Null);
    let (method, path, body) = match fastrand::usize(..24) {
        0..=4 => {
            let article = list("/articles?limit=100").await;
            let body = [
                json!({"title": text}),
                json!({"keywords": [word]}),
                json!({"slug": format!("s{round}")}),
                json!({"featured": round.is_multiple_of(2)}),
                json!({"body_html": format!("<p>{text}</p>")}),
            ];
            (
                "PATCH",
                format!("/articles/{}", article["id"]),
                body[fastrand::usize(..body.len())].clone(),
            )
        }
        5 => (
            "DELETE",
            format!("/articles/{}", list("/articles?limit=100").await["id"]),
            Value::Null,
        ),
        6..=8 => {
            let category = list("/categories?limit=100&site=demo").await;
            let site = category["site"].clone();
            let status = ["published", "draft"][usize::from(fastrand::u8(..4) == 0)];
            (
                "POST",
                "/articles".to_owned(),
                json!({"site": site, "category": category["path"], "title": text, "body_html": "<p>新聞</p>", "locale": "zh-Hant", "status": status}),
            )
        }
        9 | 10 => {
            let article = list("/articles?limit=100").await;
            let status = ["published", "draft", "archived"][fastrand::usize(..3)];
            (
                "PATCH",
                format!("/articles/{}", article["id"]),
                json!({"status": status}),
            )
        }
        11 => {
            let article = list("/articles?limit=100&site=demo").await;
            let category = list("/categories?limit=100&site=demo").await;
            (
                "PATCH",
                format!("/articles/{}", article["id"]),
                json!({"category": category["path"]}),
            )
        }
        12 => {
            let article = list("/articles?limit=100").await;
            let at = app.now().0 + chrono::Duration::seconds(fastrand::i64(-50..50));
            (
                "PATCH",
                format!("/articles/{}", article["id"]),
                json!({"status": "published", "published_at": at.to_rfc3339()}),
            )
        }
        13 => (
            "PATCH",
            format!(
                "/categories/{}",
                list("/categories?limit=100&site=demo").await["id"]
            ),
            json!({"name": text}),
        ),
        14 => (
            "PATCH",
            format!(
                "/categories/{}",
                list("/categories?limit=100&site=demo").await["id"]
            ),
            json!({"slug": format!("c{round}")}),
        ),
        15 => (
            "PATCH",
            format!("/sources/{}", list("/sources?limit=100").await["id"]),
            json!({"name": text}),
        ),
        16 => (
            "PATCH",
            format!(
                "/topics/{}",
                list("/topics?limit=100&site=demo").await["id"]
            ),
            json!({"title": text}),
        ),
        17 => (
            "POST",
            "/topics".to_owned(),
            json!({"site": "demo", "title": text}),
        ),
        18 => (
            "PATCH",
            format!("/sites/{}", list("/sites?limit=100").await["id"]),
            json!({"name": text}),
        ),
        19 => (
            "POST",
            "/link-groups".to_owned(),
            json!({"site": "demo", "key": format!("l{round}"), "title": text, "links": []}),
        ),
        20 => (
            "POST",
            "/categories".to_owned(),
            json!({"site": "demo", "path": format!("n{round}"), "name": text}),
        ),
        21 => (
            "POST",
            "/script-phrases".to_owned(),
            json!({"site": "demo", "hans": format!("潮汐{round}"), "hant": format!("潮汐{round}")}),
        ),
        22 => (
            "PATCH",
            format!("/menus/{}", list("/menus?limit=100&site=demo").await["id"]),
            json!({"items": [{"label": text, "category": "about"}]}),
        ),
        _ => {
            let portal =
                Portal::new("demo").article(&format!("d{}", round % 8), |a| a.title(&text));
            app.try_import(portal.lines()).ok();
            return "import".to_owned();
        }
    };
    let answer = match method {
        "DELETE" => desk.delete(&path).await,
        "POST" => desk.post(&path, &body).await,
        _ => desk.patch(&path, &body).await,
    };
    assert!(answer.status < 500, "{method} {path} {body}: {answer}");
    format!("{} {method} {path} {body}", answer.status)
}

fn v1(path: &str) -> String {
    format!("/api/v1{path}")
}

/// How many statements a request takes that was made before.
async fn again(app: &TestApp, path: &str) -> u64 {
    let before = app.statements();
    app.get(&v1(path)).await.assert_status(200);
    app.statements() - before
}

on_both! {
    /// Whatever is written in whatever order: what comes from memory is what another server says that keeps nothing
    async fn memory_never_differs(app, |s| s.var(CACHE.0, CACHE.1)) {
        app.import(&portals());
        let desk = app.desk("admin");
        let seed = fastrand::u64(..);
        fastrand::seed(seed);
        let rounds = std::env::var_os("MASTHEAD_TEST_ROUNDS").map_or(40, |n| n.to_str().unwrap().parse().unwrap());
        let off = [(CACHE.0, "0".to_owned())];
        app.beside(off, async |plain: &TestApp| {
            let (mut history, mut from_memory) = (Vec::new(), 0);
            for round in 0..rounds {
                let known = addresses(&desk).await;
                // Some of them are in memory then.
                for _ in 0..25 {
                    app.get(&v1(&known[fastrand::usize(..known.len())])).await;
                }
                history.push(write_something(app, &desk, round).await);
                if round % 7 == 6 {
                    let now = app.now().0 + chrono::Duration::seconds(fastrand::i64(1..40));
                    app.set_clock(&now.to_rfc3339());
                    plain.set_clock(&now.to_rfc3339());
                }
                app.app.services().indexing.tend_blocking().unwrap();
                for _ in 0..40 {
                    let path = v1(&known[fastrand::usize(..known.len())]);
                    let languages = ["", "zh-Hant", "zh-Hans;q=0.5, en"][fastrand::usize(..3)];
                    let ask = async |app: &TestApp| app.request("GET", &path).header("Accept-Language", languages).send().await;
                    let before = app.statements();
                    let kept = ask(app).await;
                    from_memory += u32::from(app.statements() == before);
                    let fresh = ask(plain).await;
                    assert_eq!(said(&kept), said(&fresh), "seed {seed}, {path} ({languages}) after\n{}", history.join("\n"));
                }
            }
            let written = history.iter().filter(|line| line.starts_with('2') || *line == "import").count();
            assert!(2 * written > history.len(), "{}", history.join("\n"));
            assert!(from_memory > 3 * u32::try_from(rounds).unwrap(), "{from_memory} in {rounds} rounds");
        }).await;
    }

    /// A write ends what could show it and nothing else: the rest takes no statement
    async fn what_nobody_touched_is_not_read_again(app, |s| s.var(CACHE.0, CACHE.1)) {
        app.import(&portals());
        let desk = app.desk("admin");
        let (first, second) = (app.article_id("d1").await, app.article_id("d2").await);
        let touched = [format!("/articles/{first}"), "/articles?site=demo".into(), "/articles?site=demo&category_path=news/sea".into(), "/articles?limit=5".into(), "/sites/demo/categories".into(),
            "/search?q=%E6%BD%AE&site=demo".into(), format!("/articles/{second}?include=neighbors")];
        let untouched = [format!("/articles/{second}"), "/articles?site=other".into(), "/articles?site=demo&category_path=about".into(), "/sites/other/categories".into(), "/sites/demo".into(),
            "/search?q=%E6%BD%AE&site=other".into(), "/sites".into(), "/sites/demo/link-groups".into()];
        for path in touched.iter().chain(&untouched) {
            assert!(again(app, path).await > 0, "{path}");
            assert_eq!(again(app, path).await, 0, "{path}");
        }
        desk.changed(&format!("/articles/{first}"), &json!({"title": "另一個標題"})).await;
        for path in &untouched {
            assert_eq!(again(app, path).await, 0, "{path}");
        }
        for path in &touched {
            assert!(again(app, path).await > 0, "{path}");
        }
        // What only editors see ends nothing.
        let draft = json!({"site": "demo", "category": "news/sea", "title": "草稿", "body_html": "<p>x</p>", "locale": "zh-Hans"});
        desk.made("/articles", &draft).await;
        for path in touched.iter().chain(&untouched) {
            assert_eq!(again(app, path).await, 0, "{path}");
        }
        // The same request in another order is the same request.
        assert_eq!(again(app, "/articles?category_path=news/sea&site=demo").await, 0);
    }

    /// An article comes out, and goes, in the second in which it is planned to
    async fn planned_changes_show_to_the_second(app, |s| s.var(CACHE.0, CACHE.1)) {
        app.import(&portals().article("soon", |a| a.published_at("2026-01-15T04:00:10Z").set("unpublish_at", "2026-01-15T04:00:20Z")));
        let seen = async |now: &str| {
            app.set_clock(now);
            let list = app.get("/api/v1/articles?limit=1").await;
            list.json()["items"][0]["slug"] == "soon"
        };
        for (second, is_there) in [(0, false), (9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(seen(&format!("2026-01-15T04:00:{second:02}Z")).await, is_there, "{second}");
        }
    }

    /// Many who ask at once for what nobody has asked for are answered by one look at the database
    async fn one_makes_what_many_wait_for(app, |s| s.var(CACHE.0, CACHE.1)) {
        app.import(&portals());
        let path = "/api/v1/articles?limit=20&count=exact&site=demo";
        let before = app.statements();
        app.get(path).await.assert_status(200);
        let alone = app.statements() - before;
        app.desk("admin").changed(&format!("/articles/{}", app.article_id("d1").await), &json!({"title": "新"})).await;
        let before = app.statements();
        let all = join_all((0..30).map(|_| app.get(path))).await;
        assert!(all.iter().all(|answer| answer.status == 200));
        assert_eq!(app.statements() - before, alone);
    }

    /// What follows a `&` in a path is a part of the path, and routes are the same however they are encoded
    async fn paths_are_not_queries(app, |s| s.var(CACHE.0, CACHE.1)) {
        let portal = Portal::new("demo")
            .article("a", |a| a.set("slug", "plain").title("One"))
            .article("b", |a| a.set("slug", "plain&include=related").title("Two"));
        app.import(&portal);
        let base = "/api/v1/sites/demo/articles/plain";
        for _ in 0..2 {
            for (path, title) in [("&include=related", "Two"), ("?include=related", "One")] {
                assert_eq!(app.get(&format!("{base}{path}")).await.json()["title"], title, "{path}");
            }
            app.get("/api/v1/articles?site=demo").await.assert_status(200);
            app.get("/api/v1/articles&site=demo").await.assert_status(404);
        }
        let encoded = "GET /api/v1/articles/%63hanges?site=demo";
        let before = ask(app, encoded, &[]).await;
        app.desk("admin").changed(&format!("/articles/{}", app.article_id("plain").await), &json!({"title": "Three"})).await;
        let plain = app.get("/api/v1/articles/changes?site=demo").await;
        let after = ask(app, encoded, &[]).await;
        assert_eq!(after.plain(), plain.body);
        assert_ne!(after.plain(), before.plain());
    }

    /// An article that named a deleted one is another version, which is seen at once
    async fn a_related_article_that_is_deleted_is_seen(app, |s| s.var(CACHE.0, CACHE.1)) {
        app.import(&Portal::new("demo").article("a", |a| a.set("related", ["b"])).article("b", |a| a));
        let path = format!("/api/v1/articles/{}", app.article_id("a").await);
        let before = app.get(&path).await;
        let desk = app.desk("admin");
        let gone = app.article_id("b").await;
        desk.delete(&format!("/articles/{gone}")).await.assert_status(204);
        let after = app.get(&path).await;
        assert_ne!(after.header("etag"), before.header("etag"));
        assert!(after.json()["version"].as_i64() > before.json()["version"].as_i64());
    }

    /// Suggestions of a site come in an order that all sites have a part in
    async fn suggestions_follow_other_sites(app, |s| s.var(CACHE.0, CACHE.1)) {
        let keyword = |key: &'static str, word: &'static str| move |portal: Portal| portal.article(key, |a| a.set("keywords", [word]));
        let demo = keyword("q", "alpha-two")(keyword("p", "alpha-one")(Portal::new("demo")));
        app.import(&demo.and(Portal::new("other").article("r", |a| a)));
        let path = "/api/v1/search/suggestions?q=alpha&site=demo";
        let texts = |answer: &Answer| {
            let items = answer.json()["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(texts(&app.get(path).await), ["alpha-one", "alpha-two"]);
        app.desk("admin").changed(&format!("/articles/{}", app.article_id("r").await), &json!({"keywords": ["alpha-two"]})).await;
        assert_eq!(texts(&app.get(path).await), ["alpha-two", "alpha-one"]);
    }

    /// Numbers follow within five seconds, and the answer is the same by its ETag
    async fn numbers_follow(app, |s| s.var(CACHE.0, CACHE.1)) {
        app.import(&portals());
        let path = format!("/api/v1/articles/{}", app.article_id("d1").await);
        let before = app.get(&path).await;
        let views = |answer: &Answer| answer.json()["views"].as_i64().unwrap();
        app.counted(&format!("{path}/views"), visitor("v1")).send().await.assert_status(200);
        let counted = Instant::now();
        loop {
            let answer = app.get(&path).await;
            assert_eq!(answer.header("etag"), before.header("etag"));
            if views(&answer) > views(&before) {
                break;
            }
            assert!(counted.elapsed() < Duration::from_secs(5), "no view after five seconds");
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Each coding is the same text, small answers have none, and who has it gets 304
    async fn codings_and_conditions(app, |s| s.var(CACHE.0, CACHE.1)) {
        app.import(&portals());
        let path = "/api/v1/articles?site=demo";
        let plain = app.get(path).await;
        for _ in 0..2 {
            for (coding, named) in [("gzip", "gzip"), ("br", "br"), ("gzip, br", "br")] {
                let answer = ask(app, &format!("GET {path}"), &[("accept-encoding", coding)]).await;
                assert_eq!(answer.header("content-encoding"), Some(named));
                assert_eq!(answer.header("etag"), plain.header("etag"));
                assert_eq!(answer.plain(), plain.body);
            }
            let tag = plain.header("etag").unwrap();
            let known = app.request("GET", path).header("If-None-Match", tag).header("Accept-Encoding", "br").send().await;
            assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(tag)));
            assert_eq!(known.header("vary"), plain.header("vary"));
            let head = ask(app, &format!("HEAD {path}"), &[]).await;
            assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, Some(plain.body.len().to_string().as_str())));
        }
        let small = ask(app, "GET /api/v1/sites/demo/link-groups", &[("accept-encoding", "br")]).await;
        assert_eq!(small.header("content-encoding"), None);
    }
}
