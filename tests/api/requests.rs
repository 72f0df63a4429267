//! Requests that are wrong, large or strange, and what every answer carries.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use masthead::models::access::Scope;
use serde_json::{Value, json};

use crate::command_line::{Place, Serving};
use crate::support::desk::Desk;
use crate::support::{Portal, on_both};

/// What the server sends to a client that follows `head` with chunks for ever, and whether it closed within ten seconds.
fn endless(address: &str, head: &str) -> (String, bool) {
    const PATIENCE: Duration = Duration::from_secs(10);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let mut reader = stream.try_clone().unwrap();
    // The answer is taken while the body is on its way: the end of the connection may discard it.
    let reading = std::thread::spawn(move || {
        let mut answer = Vec::new();
        reader.read_to_end(&mut answer).ok();
        String::from_utf8_lossy(&answer).into_owned()
    });
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let start = Instant::now();
    let mut closed = false;
    while !closed && start.elapsed() < PATIENCE {
        closed = stream
            .write_all(chunk.as_bytes())
            .is_err_and(|e| e.kind() != ErrorKind::WouldBlock);
    }
    stream.shutdown(Shutdown::Both).ok();
    (reading.join().unwrap(), closed)
}

#[test]
fn bodies_that_no_operation_takes_are_not_read() {
    let place = Place::new();
    let server = Serving::start(&place);
    let check = &|request: &str, length: &str, status: u16| {
        let head = format!("{request} HTTP/1.1\r\nhost: x\r\n{length}\r\n\r\n");
        let (answer, closed) = endless(&server.address, &head);
        let start = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&start), "{head}{answer}");
        assert!(
            answer.contains("\r\nconnection: close\r\n"),
            "{head}{answer}"
        );
        assert!(closed, "the server reads on: {head}");
    };
    std::thread::scope(|scope| {
        for (request, status) in [
            ("POST /api/v1/articles/1", 405),
            ("GET /api/v1/articles", 200),
            ("HEAD /api/v1/articles", 200),
            ("OPTIONS /api/v1/articles", 204),
            ("PUT /nothing", 404),
            ("GET /api/v1/articles/1", 404),
        ] {
            for length in ["transfer-encoding: chunked", "content-length: 8000000"] {
                scope.spawn(move || check(request, length, status));
            }
        }
    });
    assert_eq!(server.get("/livez").0, 200);
}

/// The statements that begin and end one picture of the database.
const SNAPSHOT: u64 = 2;

on_both! {
    /// A bad parameter is named together with the mend
    async fn bad_parameters_are_named(app) {
        app.import(&Portal::new("demo").article("a", |a| a));
        for (path, pointer) in [
            ("/api/v1/articles?limit=0", "/limit"),
            ("/api/v1/articles?limit=101", "/limit"),
            ("/api/v1/articles?limit=abc", "/limit"),
            ("/api/v1/articles?limit=-1", "/limit"),
            ("/api/v1/articles?limit=", "/limit"),
            ("/api/v1/articles?limit=1&limit=2", "/limit"),
            ("/api/v1/articles?category=0", "/category"),
            ("/api/v1/articles?category=9223372036854775808", "/category"),
            ("/api/v1/articles?source=x", "/source"),
            ("/api/v1/articles?locale=not_a_tag!", "/locale"),
            ("/api/v1/articles?unknown=1", "/unknown"),
            ("/api/v1/articles?site=%FF", "/site"),
            ("/api/v1/articles?site=%00", "/site"),
            ("/api/v1/articles/1?include=breadcrumbs,nothing", "/include"),
            ("/api/v1/articles/1?fallback=maybe", "/fallback"),
            ("/api/v1/search", "/q"),
            ("/api/v1/search?q=", "/q"),
            ("/api/v1/search?q=%00", "/q"),
            ("/api/v1/search?q=%ED%A0%80", "/q"),
            ("/api/v1/search?q=a&facets=category,topic", "/facets"),
            ("/api/v1/search?q=a&order=asc", "/order"),
            ("/api/v1/search?q=a&sort=title", "/sort"),
            ("/api/v1/search/suggestions", "/q"),
            ("/api/v1/search/suggestions?q=%00", "/q"),
            ("/api/v1/search/suggestions?q=a&limit=21", "/limit"),
            ("/api/v1/sites?x=1", "/x"),
            ("/api/v1/sites/demo?x=1", "/x"),
            ("/api/v1/sites/demo/categories?x=1", "/x"),
            ("/api/v1/sources?limit=101", "/limit"),
        ] {
            let problem = app.get(path).await.assert_problem(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{path}");
            assert!(problem["detail"].as_str().unwrap().contains(&pointer[1..]), "{path}");
        }
    }

    /// Ten thousand parameters are refused, whatever they are called
    async fn too_many_parameters_are_refused(app) {
        let many = (0..10_000).map(|n| format!("{n:x}=")).collect::<Vec<_>>().join("&");
        app.get(&format!("/api/v1/articles?{many}")).await.assert_problem(400, "invalid_parameter");
        let many = vec!["a=1"; 200].join("&");
        app.get(&format!("/api/v1/articles?{many}")).await.assert_problem(400, "invalid_parameter");
    }

    /// A cursor works only unchanged, with its own filters, on its own list
    async fn cursors_cannot_be_forged(app) {
        let mut portal = Portal::new("demo").source("s1").source("s2");
        for n in 0..3 {
            portal = portal.article(&format!("a{n}"), |a| a.sources(&["s1"]));
        }
        app.import(&portal);
        let page = app.get("/api/v1/articles?limit=1&site=demo").await.json();
        let cursor = page["next_cursor"].as_str().unwrap();
        assert!(cursor.len() <= 60, "{cursor}");
        app.get(&format!("/api/v1/articles?limit=1&site=demo&cursor={cursor}")).await.assert_status(200);
        app.get(&format!("/api/v1/articles?limit=2&site=demo&cursor={cursor}")).await.assert_status(200);
        let source = app.get("/api/v1/sources?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
        let mut flipped = cursor.to_owned().into_bytes();
        flipped[10] = if flipped[10] == b'A' { b'B' } else { b'A' };
        for (path, cursor) in [
            ("/api/v1/articles?cursor=", cursor),
            ("/api/v1/articles?site=other&cursor=", cursor),
            ("/api/v1/articles?site=demo&category=1&cursor=", cursor),
            ("/api/v1/sources?cursor=", cursor),
            ("/api/v1/articles?cursor=", &source),
            ("/api/v1/articles?site=demo&cursor=", &String::from_utf8(flipped).unwrap()),
            ("/api/v1/articles?site=demo&cursor=", &cursor[..20]),
            ("/api/v1/articles?site=demo&cursor=", "AAAA"),
            ("/api/v1/articles?site=demo&cursor=", "!!"),
            ("/api/v1/articles?site=demo&cursor=", ""),
            ("/api/v1/articles?site=demo&cursor=", &"A".repeat(4000)),
        ] {
            let problem = app.get(&format!("{path}{cursor}")).await.assert_problem(400, "invalid_cursor");
            assert_eq!(problem["errors"][0]["pointer"], "/cursor");
        }
    }

    /// A known path with another method says which ones it takes
    async fn wrong_methods_are_405(app) {
        for path in ["/api/v1/sites", "/api/v1/sites/x", "/api/v1/articles", "/api/v1/articles/1", "/api/v1/sources", "/livez", "/openapi.json"] {
            for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"] {
                let answer = app.request(method, path).send().await;
                answer.assert_problem(405, "method_not_allowed");
                assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{method} {path}");
            }
            let answer = app.request("OPTIONS", path).send().await;
            answer.assert_status(204);
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{path}");
        }
        app.request("OPTIONS", "/nothing").send().await.assert_problem(404, "not_found");
    }

    /// HEAD answers like GET, without the body
    async fn head_is_get_without_a_body(app) {
        app.import(&Portal::new("demo").article("a", |a| a));
        let get = app.get("/api/v1/articles").await;
        let head = app.request("HEAD", "/api/v1/articles").send().await;
        head.assert_status(200);
        assert_eq!(head.body.len(), 0);
        assert_eq!(head.header("content-length"), get.header("content-length"));
        app.request("HEAD", "/api/v1/articles/9").send().await.assert_status(404);
    }

    /// A body of 20 MB is refused before it is read, sent to any method
    async fn large_bodies_are_refused(app) {
        for method in ["GET", "POST"] {
            let head = format!("{method} /api/v1/articles HTTP/1.1\r\nhost: x\r\ncontent-length: 20971520\r\n\r\n");
            let answer = String::from_utf8_lossy(&app.raw(head.as_bytes()).await).into_owned();
            assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
            assert!(answer.contains("payload_too_large"), "{answer}");
        }
        // The server goes on.
        app.get("/api/v1/articles").await.assert_status(200);
    }

    /// Who insists on a language hears which ones there are
    async fn a_missing_language_is_told(app) {
        app.import(&Portal::new("demo").article("a", |a| a));
        let id = app.article_id("a").await;
        let there = app.get(&format!("/api/v1/articles/{id}")).await.json()["available_locales"][0].as_str().unwrap().to_owned();
        let problem = app.get(&format!("/api/v1/articles/{id}?locale=sw&fallback=none")).await.assert_problem(404, "not_found");
        assert_eq!(problem["detail"], format!("the article does not exist in the language asked for; there is: {there}"));
    }

    /// A trace is continued, in headers and in problems
    async fn traces_are_continued(app) {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let answer = app.request("GET", "/api/v1/sites/nope").header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01")).header("x-request-id", "abc-1").send().await;
        assert_eq!(answer.assert_problem(404, "not_found")["trace_id"], trace);
        assert!(answer.header("traceparent").unwrap().starts_with(&format!("00-{trace}-")));
        assert_eq!(answer.header("x-request-id"), Some("abc-1"));
    }

    /// The server says that it lives, and that it is ready
    async fn health_is_told(app) {
        app.get("/livez").await.assert_status(200);
        let ready = app.get("/readyz").await.assert_status(200).json();
        assert_eq!(ready["checks"].as_array().unwrap().len(), 2);
    }

    /// The number of statements of a request is the same for 1 and for 99 rows
    async fn statements_do_not_grow_with_rows(app) {
        let portal = |count: usize| {
            let mut portal = Portal::new("demo").category("a/b/c").topic("t").source("s1");
            for n in 0..count {
                let related: Vec<String> = (0..count.min(20)).filter(|m| *m != n).map(|m| format!("a{m}")).collect();
                let item = serde_json::json!({"label": "x", "category": "a/b/c", "children": [{"label": "y", "url": "https://example.org"}]});
                portal = portal.menu(&format!("menu{n}"), vec![item; count.min(10)].into()).topic(&format!("topic{n}"))
                    .link_group(&format!("group{n}"), serde_json::json!([{"label": "x", "url": "https://example.org"}]));
                portal = portal.category(&format!("a/b/c{n}")).source(&format!("source{n}")).article(&format!("a{n}"), |a| {
                    a.category("a/b/c").sources(&["s1"]).topics(&["t"]).set("related", related)
                        .set("attachments", serde_json::json!([{"name": "x", "url": format!("https://example.org/{n}")}]))
                        .set("translations", serde_json::json!([{"locale": "zh-Hans", "title": "标题", "body_html": ""}]))
                });
            }
            portal
        };
        let operations = |id: i64| vec![
            ("/api/v1/sites".to_owned(), 2 + SNAPSHOT),
            ("/api/v1/sites/demo".to_owned(), 2 + SNAPSHOT),
            ("/api/v1/sites/demo/categories".to_owned(), 3 + SNAPSHOT),
            ("/api/v1/sites/demo/categories/a/b".to_owned(), 3 + SNAPSHOT),
            ("/api/v1/categories/1".to_owned(), 3 + SNAPSHOT),
            ("/api/v1/sites/demo/menus".to_owned(), 4 + SNAPSHOT),
            ("/api/v1/sites/demo/menus/menu0".to_owned(), 4 + SNAPSHOT),
            ("/api/v1/sites/demo/link-groups".to_owned(), 3 + SNAPSHOT),
            ("/api/v1/sites/demo/topics?limit=100&count=exact".to_owned(), 4 + SNAPSHOT),
            ("/api/v1/topics/1".to_owned(), 2 + SNAPSHOT),
            ("/api/v1/sources?limit=100".to_owned(), 2 + SNAPSHOT),
            ("/api/v1/sources/1".to_owned(), 2 + SNAPSHOT),
            ("/api/v1/articles?limit=100".to_owned(), 3 + SNAPSHOT),
            ("/api/v1/articles?limit=100&site=demo&source=1&topic=1&keyword=x&has_attachments=true&count=exact".to_owned(), 8 + SNAPSHOT),
            ("/api/v1/articles?limit=100&sort=title&page=1&site=demo&count=exact".to_owned(), 5 + SNAPSHOT),
            ("/api/v1/articles?limit=100&ids=1,2,3,4,5".to_owned(), 4 + SNAPSHOT),
            ("/api/v1/articles?limit=100&locale=zh-Hant".to_owned(), 4 + SNAPSHOT),
            (format!("/api/v1/articles/{id}?locale=zh-Hant"), 8 + SNAPSHOT),
            ("/api/v1/articles/changes?limit=100&since=2026-01-01T00:00:00Z".to_owned(), 5 + SNAPSHOT),
            ("/api/v1/rankings/views?limit=100&site=demo".to_owned(), 5 + SNAPSHOT),
            (format!("/api/v1/articles/{id}"), 7 + SNAPSHOT),
            (format!("/api/v1/articles/{id}/views/history"), 3 + SNAPSHOT),
            ("/api/v1/sites/demo/articles/a0".to_owned(), 9 + SNAPSHOT),
            (format!("/api/v1/articles/{id}?include=breadcrumbs,neighbors,related,site_details"), 15 + SNAPSHOT),
        ];
        for count in [1, 99] {
            app.import(&portal(count));
            let id = app.article_id("a0").await;
            for (path, expected) in operations(id) {
                let before = app.statements();
                app.get(&path).await.assert_status(200);
                assert_eq!(app.statements() - before, expected, "{path} with {count} rows");
            }
        }
    }

    /// Nor does that of a search with the rows that it finds; what it has read of the index is at hand for the next
    async fn statements_of_searches_do_not_grow_with_rows(app) {
        let portal = |count: usize| (0..count).fold(Portal::new("demo").category("a/b/c").source("s1"), |portal, n| {
            portal.article(&format!("a{n}"), |a| a.category("a/b/c").sources(&["s1"]).title("观测 search")
                .set("translations", json!([{"locale": "zh-Hans", "title": "标题", "body_html": "<p>观测</p>"}])))
        });
        for count in [1, 99] {
            app.import(&portal(count));
            for (query, expected) in [
                ("limit=100", 5 + SNAPSHOT),
                ("limit=100&sort=published_at&site=demo", 6 + SNAPSHOT),
                ("limit=100&site=demo&category_path=a&subtree=true&source=1&facets=category,source,year&count=exact", 11 + SNAPSHOT),
            ] {
                let path = format!("/api/v1/search?q=search 观测&{query}");
                let first = app.statements();
                app.get(&path).await.assert_status(200);
                let before = app.statements();
                assert!(before - first <= expected + 8, "{path}: {} at first", before - first);
                let found = app.get(&path).await.assert_status(200).json();
                assert_eq!(found["items"].as_array().unwrap().len(), count);
                assert_eq!(app.statements() - before, expected, "{path} with {count} rows");
            }
        }
    }

    /// Nor does that of a write, however much hangs on what it changes
    async fn statements_of_writes_do_not_grow_with_rows(app) {
        let admin = app.account("desk@example.org", "admin");
        let (_, key) = app.api_key(admin, &Scope::ALL, None);
        let desk = app.desk_of(key);
        let mut counted: Vec<Vec<(String, u64)>> = Vec::new();
        for count in [2, 60] {
            app.import(&grown(count));
            // Whatever is looked up once a process is known from here on.
            desk.made("/articles", &json!({"site": "demo", "category": "a", "title": "First"})).await;
            let mut statements = Vec::new();
            for (method, path, body) in managed_requests(&desk, count).await {
                let mut request = desk.request(method, &path);
                if method != "GET" {
                    request = request.header("if-match", "*");
                }
                let before = app.statements();
                let answer = match body {
                    Value::Null => request.send().await,
                    body => request.json(&body).send().await,
                };
                let used = app.statements() - before;
                assert!((200..300).contains(&answer.status), "{answer}");
                let template: String = path.split('?').next().unwrap().chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
                statements.push((format!("{method} {}", template.replace("00", "0")), used));
            }
            counted.push(statements);
        }
        assert_eq!(counted[0], counted[1]);
        for (request, most) in MOST_STATEMENTS {
            let (_, used) = counted[1].iter().find(|(name, _)| name == request).unwrap_or_else(|| panic!("no {request}: {counted:?}"));
            assert!(used <= &most, "{request}: {used} instead of {most}\n{:#?}", counted[1]);
        }
    }

    /// A batch costs the same for each of its operations
    async fn statements_of_batches_grow_by_the_operation(app) {
        app.import(&grown(2));
        let desk = app.desk("admin");
        for atomic in [true, false] {
            let mut used = Vec::new();
            for count in [1_u64, 1, 11, 21] {
                let operations: Vec<Value> = (0..count)
                    .map(|n| json!({"method": "POST", "path": "/manage/articles", "body": {"site": "demo", "category": "a", "title": format!("{atomic} {n}")}}))
                    .collect();
                let before = app.statements();
                desk.post("/batch", &json!({"atomic": atomic, "operations": operations})).await.assert_status(200);
                used.push(app.statements() - before);
            }
            assert_eq!(used[2] - used[1], used[3] - used[2], "{atomic}: {used:?}");
        }
    }
}

/// The most statements that a request of management takes, authentication and the ends of the transaction included, and those of the job that
/// indexes for search what the request has renamed, which may run beside it.
const MOST_STATEMENTS: [(&str, u64); 8] = [
    ("GET /articles", 5),
    ("GET /articles/0", 16),
    ("POST /articles", 106),
    ("PATCH /articles/0", 120),
    ("DELETE /articles/0", 62),
    ("PUT /articles/0/translations/zh-Hans", 133),
    ("PATCH /topics/0", 70),
    ("PATCH /categories/0", 70),
];

/// A portal in which `count` articles hang on the same things, and lists have as many rows.
fn grown(count: usize) -> Portal {
    let mut portal = Portal::new("demo")
        .category("a/b/c")
        .topic("t")
        .topic("gone")
        .source("s1")
        .source("merged");
    for n in 0..count {
        let related: Vec<String> = (0..count.min(20))
            .filter(|m| *m != n)
            .map(|m| format!("a{m}"))
            .collect();
        portal = portal
            .topic(&format!("topic{n}"))
            .source(&format!("source{n}"))
            .category(&format!("a/b/c{n}"))
            .menu(
                &format!("menu{n}"),
                json!([{"label": "x", "category": "a/b/c"}]),
            )
            .link_group(
                &format!("group{n}"),
                json!([{"label": "x", "url": "https://example.org"}]),
            )
            .article(&format!("a{n}"), |a| {
                a.category("a/b/c")
                    .sources(&["s1", "merged"])
                    .topics(&["t", "gone"])
                    .set("related", related)
                    .set(
                        "translations",
                        json!([{"locale": "zh-Hans", "title": "标题", "body_html": ""}]),
                    )
            });
    }
    portal
}

/// Requests to manage what [`grown`] made: their methods, paths and bodies.
async fn managed_requests(desk: &Desk<'_>, count: usize) -> Vec<(&'static str, String, Value)> {
    let id_of = async |list: &str, member: &str, value: &str| {
        let (items, _) = desk.walk(list).await;
        let found = items.iter().find(|item| item[member] == value);
        found.unwrap_or_else(|| panic!("no {value} in {list}"))["id"].to_string()
    };
    let article = id_of("/articles?limit=100&site=demo", "key", "a0").await;
    let (_, spare) = desk
        .made(
            "/articles",
            &json!({"site": "demo", "category": "a", "title": "Spare"}),
        )
        .await;
    let topic = id_of("/topics?limit=100&site=demo", "key", "t").await;
    let gone = id_of("/topics?limit=100&site=demo", "key", "gone").await;
    let source = id_of("/sources?limit=100", "slug", "s1").await;
    let merged = id_of("/sources?limit=100", "slug", "merged").await;
    let category = id_of("/categories?limit=100&site=demo", "path", "a/b").await;
    let name = json!({"name": format!("Changed {count}")});
    let title = json!({"title": format!("Changed {count}")});
    let new = json!({"site": "demo", "category": "a/b/c", "title": "New", "status": "published", "sources": ["s1"], "topics": ["t"],
        "related": ["a0", "a1"], "keywords": [format!("x{count}")], "attachments": [{"name": "x", "url": "https://example.org/x"}]});
    let translation = json!({"title": format!("标题 {count}"), "body_html": "<p>x</p>"});
    let list = |path: &str| ("GET", format!("{path}limit=100&count=exact"), Value::Null);
    vec![
        list("/articles?"),
        list("/topics?site=demo&"),
        list("/menus?site=demo&"),
        list("/link-groups?site=demo&"),
        list("/script-phrases?site=demo&"),
        list("/categories?site=demo&"),
        list("/sources?"),
        list("/sites?"),
        list("/users?"),
        list("/audit-log?"),
        ("GET", format!("/articles/{article}"), Value::Null),
        ("POST", "/articles".to_owned(), new),
        ("PATCH", format!("/articles/{article}"), title.clone()),
        (
            "PUT",
            format!("/articles/{article}/translations/zh-Hans"),
            translation,
        ),
        ("DELETE", format!("/articles/{}", spare["id"]), Value::Null),
        ("PATCH", format!("/topics/{topic}"), title),
        ("DELETE", format!("/topics/{gone}"), Value::Null),
        ("PATCH", format!("/sources/{source}"), name.clone()),
        (
            "POST",
            format!("/sources/{merged}/merge"),
            json!({"into": source.parse::<i64>().unwrap()}),
        ),
        ("PATCH", format!("/categories/{category}"), name.clone()),
        ("PATCH", "/sites/1".to_owned(), name),
    ]
}
