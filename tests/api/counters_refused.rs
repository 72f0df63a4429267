//! What is not counted, and leaves nothing behind: bad requests, and what readers do not get.

use serde_json::{Value, json};

use crate::support::content::Record;
use crate::support::counting::{BROWSER, Who, first_file, outcome, visitor};
use crate::support::{Portal, TestApp, on_both};

const A: &str = "/api/v1/articles/1/views";
const MANY: &str = "/api/v1/views";

/// Every address that counts, on the portal below.
const COUNTED: [&str; 4] = [
    A,
    "/api/v1/attachments/1/downloads",
    "/api/v1/sites/demo/visits",
    MANY,
];

/// Ways not to be public.
const HIDDEN: [&str; 7] = [
    "draft",
    "in_review",
    "approved",
    "archived",
    "scheduled",
    "expired",
    "retracted",
];

fn with_file(record: Record) -> Record {
    record.set(
        "attachments",
        json!([{"name": "附件", "url": "https://example.org/附.pdf"}]),
    )
}

fn portal() -> Portal {
    Portal::new("demo")
        .article("a", with_file)
        .article("b", |a| a)
}

/// Articles with a file each, in all the ways not to be public, or public still.
fn portal_of(is_hidden: bool) -> Portal {
    let hide = |record: Record, way: &str| match way {
        _ if !is_hidden => record,
        "scheduled" => record.published_at("2026-02-01T00:00:00+08:00"),
        "expired" => record.set("unpublish_at", "2026-01-15T05:00:00Z"),
        "retracted" => record
            .status("retracted")
            .set("retraction_reason", "数据有误"),
        status => record.status(status),
    };
    HIDDEN.iter().fold(portal(), |portal, way| {
        portal.article(way, |a| hide(with_file(a), way))
    })
}

/// A body that is good at `path`.
fn good(path: &str) -> Value {
    match path {
        MANY => json!({"article_ids": [1, 2]}),
        _ => json!({}),
    }
}

/// Fails unless a body is a 422 that names `pointer`.
async fn refused(app: &TestApp, path: &str, body: &Value, pointer: &str, code: &str) {
    let answer = app.counted(path, Who::default()).json(body).send().await;
    let problem = answer.assert_problem(422, "invalid_body");
    let fault = &problem["errors"][0];
    assert_eq!(
        (&fault["pointer"], &fault["code"]),
        (&json!(pointer), &json!(code)),
        "{answer}"
    );
}

on_both! {
    /// A compressed body is refused as it comes: it may be a bomb
    async fn compressed_bodies_are_refused(app) {
        app.import(&Portal::new("demo").article("a1", |a| a));
        let id = app.article_id("a1").await;
        for coding in ["gzip", "br", "deflate", "zstd", "foo", "identity, gzip"] {
            let post = |path: String| app.request("POST", &path).header("content-type", "application/json").header("content-encoding", coding).body(b"\x1f\x8b\x08".to_vec());
            for path in [format!("/api/v1/articles/{id}/views"), "/api/v1/views".to_owned(), "/api/v1/auth/token".to_owned()] {
                let answer = post(path).send().await;
                answer.assert_problem(415, "unsupported_media_type");
                assert_eq!(answer.header("accept-encoding"), Some("identity"));
            }
        }
        let plain = app.request("POST", &format!("/api/v1/articles/{id}/views")).header("content-encoding", "identity");
        plain.send().await.assert_status(200);
    }

    /// A browser that only says that it was there needs no body, whatever it calls nothing
    async fn nothing_is_a_good_body(app) {
        app.import(&portal());
        for (n, path) in COUNTED.into_iter().filter(|path| *path != MANY).enumerate() {
            for (m, kind) in [None, Some("text/plain;charset=UTF-8"), Some("application/json"), Some("multipart/form-data; boundary=x"), Some("application/x-www-form-urlencoded"), Some("🙂")]
                .into_iter().enumerate()
            {
                let agent = format!("Browser/{n}.{m}");
                let mut request = app.counted(path, Who { agent: Some(&agent), ..Who::default() });
                if let Some(kind) = kind {
                    request = request.header("content-type", kind);
                }
                assert_eq!(outcome(&request.send().await), (i64::try_from(m).unwrap() + 1, None), "{path} {kind:?}");
            }
        }
        // Without a browser too.
        let bare = format!("POST {A} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = String::from_utf8(app.raw(bare.as_bytes()).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(r#"{"views":7,"counted":true,"reason":null}"#), "{answer}");
        for body in [json!({}), json!({"visitor": null, "user_agent": null})] {
            app.counted(A, Who { agent: Some(""), ..Who::default() }).json(&body).send().await.assert_status(200);
        }
    }

    /// What is sent is JSON and said to be
    async fn a_body_is_said_to_be_json(app) {
        app.import(&portal());
        for path in COUNTED {
            let body = good(path).to_string();
            for kind in [None, Some("text/plain;charset=UTF-8"), Some("text/json"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data; boundary=x")] {
                let mut request = app.counted(path, Who::default()).body(body.clone());
                if let Some(kind) = kind {
                    request = request.header("content-type", kind);
                }
                let answer = request.send().await;
                answer.assert_problem(415, "unsupported_media_type");
            }
            for broken in ["{", "{}{}", "nul", " "] {
                let answer = app.counted(path, Who::default()).header("content-type", "application/json").body(broken).send().await;
                answer.assert_problem(400, "malformed_request");
            }
        }
        // Several articles are not nothing.
        let none = app.counted(MANY, Who::default()).header("content-type", "application/json").send().await;
        none.assert_problem(400, "malformed_request");
        app.database().assert_nothing_counted(&"a bad body");
    }

    /// What cannot be used is named, and nothing is counted of it
    async fn bad_members_are_named(app) {
        app.import(&portal());
        for path in COUNTED {
            let with = |name: &str, value: Value| {
                let mut body = good(path);
                body[name] = value;
                body
            };
            for (name, value, code) in [
                ("visitor", json!(""), "invalid"),
                ("visitor", json!("字".repeat(201)), "invalid"),
                ("visitor", json!("👩".repeat(201)), "invalid"),
                ("visitor", json!("a\u{0}b"), "invalid"),
                ("visitor", json!("a\nb"), "invalid"),
                ("visitor", json!("\u{85}"), "invalid"),
                ("visitor", json!(7), "wrong_type"),
                ("visitor", json!(["a"]), "wrong_type"),
                ("visitor", json!({"id": "a"}), "wrong_type"),
                ("user_agent", json!("x".repeat(2_001)), "invalid"),
                ("user_agent", json!(true), "wrong_type"),
                ("visitors", json!("a"), "unknown_member"),
                ("ip", json!("198.51.100.1"), "unknown_member"),
                ("views", json!(1_000_000), "unknown_member"),
            ] {
                let answer = app.counted(path, Who::default()).json(&with(name, value.clone())).send().await;
                let problem = answer.assert_problem(422, "invalid_body");
                let fault = &problem["errors"][0];
                assert_eq!(fault["pointer"], format!("/{name}"), "{answer}");
                assert_eq!(fault["code"], code, "{answer}");
                assert!(!fault["detail"].as_str().unwrap().is_empty());
            }
            for body in [json!([]), json!("x"), Value::Null, json!(7)] {
                let answer = app.counted(path, Who::default()).json(&body).send().await;
                answer.assert_problem(422, "invalid_body");
            }
            let unknown = app.counted(&format!("{path}?visitor=a"), Who::default()).json(&good(path)).send().await;
            unknown.assert_problem(400, "invalid_parameter");
            for key in ["", "a b", &"k".repeat(256)] {
                let answer = app.counted(path, Who { key: Some(key), ..Who::default() }).json(&good(path)).send().await;
                answer.assert_problem(400, "malformed_request");
            }
        }
        app.database().assert_nothing_counted(&"a bad member");
        // The longest that will do.
        for who in [visitor(&"龘 🌊é".repeat(50)), visitor(&"👩".repeat(200)), Who { said_agent: Some(&"代".repeat(2_000)), ..Who::default() }] {
            assert_eq!(app.outcome(A, who).await.1, None);
        }
    }

    /// A batch has 1 to 100 articles, by id
    async fn bad_batches_are_named(app) {
        app.import(&portal());
        for (ids, pointer, code) in [
            (json!([]), "/article_ids", "out_of_range"),
            (json!(vec![1; 101]), "/article_ids", "out_of_range"),
            (Value::Null, "/article_ids", "required"),
        ] {
            refused(app, MANY, &json!({"article_ids": ids}), pointer, code).await;
        }
        refused(app, MANY, &json!({"visitor": "a"}), "/article_ids", "required").await;
        for ids in [json!([0]), json!([1, -1]), json!(["1"]), json!([1.5]), json!([null]), json!(1), json!({"0": 1}), json!([9_007_199_254_740_992_i64]), json!([1, [2]])] {
            let answer = app.counted(MANY, Who::default()).json(&json!({"article_ids": ids})).send().await;
            let problem = answer.assert_problem(422, "invalid_body");
            assert!(problem["errors"][0]["pointer"].as_str().unwrap().starts_with("/article_ids"), "{answer}");
        }
        app.database().assert_nothing_counted(&"a bad batch");
    }

    /// What there is not cannot be counted, and a batch with something of it is not counted at all
    async fn what_there_is_not_is_not_counted(app) {
        app.import(&portal());
        for path in ["/api/v1/articles/99/views", "/api/v1/articles/9007199254740991/views", "/api/v1/attachments/99/downloads", "/api/v1/sites/none/visits", "/api/v1/sites/站/visits"] {
            for who in [Who::default(), visitor("一"), Who { agent: Some("Googlebot/2.1"), ..Who::default() }, Who { key: Some("k-1"), ..Who::default() }] {
                app.counts(path, who).await.assert_problem(404, "not_found");
            }
        }
        for path in ["/api/v1/articles/0/views", "/api/v1/articles/x/views", "/api/v1/articles/-1/views", "/api/v1/articles/1e3/views", "/api/v1/attachments/x/downloads"] {
            let answer = app.counts(path, Who::default()).await;
            assert!(matches!(answer.status, 400 | 404), "{answer}");
        }
        for (ids, named) in [(json!([1, 77, 2, 99]), "77, 99"), (json!([99]), "99"), (json!([99, 99, 1]), "99")] {
            let body = json!({"visitor": "一", "article_ids": ids});
            let answer = app.counted(MANY, Who { key: Some("k-2"), ..Who::default() }).json(&body).send().await;
            let problem = answer.assert_problem(404, "not_found");
            assert!(problem["detail"].as_str().unwrap().contains(&format!("`{named}`")), "{answer}");
        }
        app.database().assert_nothing_counted(&"what there is not");
        // Neither visitor nor key was used up by it.
        assert_eq!(app.outcome(A, Who { key: Some("k-2"), ..visitor("一") }).await, (1, None));
    }

    /// What is not public is as if it were not there, on every path of counting; what was taken back says so
    async fn what_is_not_public_is_not_counted(app) {
        app.import(&portal_of(false));
        let mut ids = Vec::new();
        for way in HIDDEN {
            let article = app.get(&format!("/api/v1/sites/demo/articles/{way}")).await.json();
            ids.push((way, article["id"].as_i64().unwrap(), first_file(&article)));
        }
        // Most of them were public, the others never.
        app.import(&portal_of(true));
        app.set_clock("2026-01-15T06:00:00Z");
        for (way, id, file) in &ids {
            let posts = [format!("/api/v1/articles/{id}/views"), format!("/api/v1/attachments/{file}/downloads")];
            for path in &posts {
                for who in [Who::default(), visitor("好奇"), Who { key: Some("k-1"), ..Who::default() }] {
                    let answer = app.counts(path, who).await;
                    match *way {
                        "retracted" => assert_eq!(answer.assert_problem(410, "retracted")["reason"], "数据有误"),
                        _ => drop(answer.assert_problem(404, "not_found")),
                    }
                }
            }
            for path in [format!("/api/v1/articles/{id}/views"), format!("/api/v1/articles/{id}/views/history")] {
                let answer = app.get(&path).await;
                match *way {
                    "retracted" => answer.assert_problem(410, "retracted"),
                    _ => answer.assert_problem(404, "not_found"),
                };
            }
            for others in [json!([id]), json!([1, id])] {
                let answer = app.counted(MANY, Who::default()).json(&json!({"article_ids": others})).send().await;
                let problem = answer.assert_problem(404, "not_found");
                assert!(problem["detail"].as_str().unwrap().contains(&format!("`{id}`")), "{answer}");
            }
        }
        app.database().assert_nothing_counted(&"what is not public");
        // One that comes out is counted from that moment on.
        let (_, scheduled, file) = ids[4];
        let path = format!("/api/v1/articles/{scheduled}/views");
        app.set_clock("2026-01-31T15:59:59.999999Z");
        app.counts(&path, Who::default()).await.assert_problem(404, "not_found");
        app.set_clock("2026-01-31T16:00:00Z");
        assert_eq!(app.outcome(&path, Who::default()).await, (1, None));
        assert_eq!(app.outcome(&format!("/api/v1/attachments/{file}/downloads"), Who::default()).await, (1, None));
    }

    /// An article with an end counts until then
    async fn what_ends_counts_until_then(app) {
        app.import(&portal().article("ends", |a| a.set("unpublish_at", "2026-01-15T05:00:00Z")));
        let path = "/api/v1/articles/3/views";
        app.set_clock("2026-01-15T04:59:59.999999Z");
        assert_eq!(app.outcome(path, Who::default()).await, (1, None));
        app.set_clock("2026-01-15T05:00:00Z");
        app.counts(path, visitor("晚")).await.assert_problem(404, "not_found");
        app.get(path).await.assert_problem(404, "not_found");
    }

    /// Counting is asked for with POST, numbers with GET
    async fn other_methods_are_refused(app) {
        app.import(&portal());
        for (path, methods) in [(A, "GET, HEAD, OPTIONS, POST"), ("/api/v1/sites/demo/visits", "GET, HEAD, OPTIONS, POST"),
            ("/api/v1/attachments/1/downloads", "OPTIONS, POST"), (MANY, "OPTIONS, POST"), ("/api/v1/counting-policy", "GET, HEAD, OPTIONS")] {
            let sorted = |told: &str| { let mut all: Vec<&str> = told.split(", ").collect(); all.sort_unstable(); all.join(", ") };
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
                let answer = app.request(method, path).header("user-agent", BROWSER).send().await;
                if methods.split(", ").any(|allowed| allowed == method) {
                    assert_ne!(answer.status, 405, "{answer}");
                } else {
                    answer.assert_status(405);
                    assert_eq!(answer.header("allow").map(sorted).as_deref(), Some(methods), "{answer}");
                }
            }
            let options = app.request("OPTIONS", path).send().await;
            options.assert_status(204);
            assert_eq!(options.header("allow").map(sorted).as_deref(), Some(methods), "{options}");
        }
        let head = app.request("HEAD", A).send().await;
        let get = app.get(A).await;
        assert!(head.body.is_empty());
        assert_eq!((head.status, head.header("etag")), (200, get.header("etag")));
    }
}
