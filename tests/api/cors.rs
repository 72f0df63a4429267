//! Scripts of other origins: everything public may be read, nothing with credentials.

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, test};
use masthead::http::request::{Edge, edge};

use crate::support::calls::{calls, full_portal};
use crate::support::client::Answer;
use crate::support::{Portal, on_both};

const EXPOSED: &str = "ETag, Last-Modified, Link, Location, Content-Language, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, traceparent, Idempotency-Replayed, Surrogate-Key, Content-Range, Accept-Ranges, Content-Disposition";

#[track_caller]
fn assert_open(answer: &Answer) {
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("*"),
        "{answer}"
    );
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some(EXPOSED),
        "{answer}"
    );
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        None,
        "{answer}"
    );
    // The answer is the same for all origins.
    let vary = answer.header("vary").unwrap_or_default();
    assert!(
        !vary
            .split(", ")
            .any(|name| name.eq_ignore_ascii_case("origin")),
        "{answer}"
    );
}

/// A fault of the server is told to scripts of other origins too
#[actix_web::test]
async fn panics_are_open() {
    async fn panics() -> HttpResponse {
        panic!("on purpose")
    }
    let limits = Edge {
        public_url: "https://example.org".to_owned(),
        max_upload_bytes: 0,
        max_body_bytes: 1,
        request_timeout: std::time::Duration::from_secs(9),
    };
    let app = App::new()
        .app_data(Data::new(limits))
        .route("/api/v1/articles", web::get().to(panics))
        .route("/api/v1/manage/articles", web::get().to(panics))
        .wrap(from_fn(edge));
    let app = test::init_service(app).await;
    for (path, allowed) in [
        ("/api/v1/articles", Some("*")),
        ("/api/v1/manage/articles", None),
    ] {
        let request = test::TestRequest::get().uri(path).to_request();
        let lost = test::try_call_service(&app, request).await.unwrap_err();
        let answer = lost.as_response_error().error_response();
        assert_eq!(answer.status(), 500);
        let origin = answer.headers().get("access-control-allow-origin");
        assert_eq!(origin.map(|value| value.to_str().unwrap()), allowed);
    }
}

on_both! {
    /// Whatever the answer is, scripts of any origin may read it
    async fn every_public_answer_is_open(app) {
        app.import(&Portal::new("demo").article("a", |a| a));
        let tag = app.get("/openapi.json").await.header("etag").unwrap().to_owned();
        for (method, path, status) in [
            ("GET", "/api/v1/articles", 200),
            ("HEAD", "/api/v1/articles", 200),
            ("GET", "/api/v1/articles?limit=0", 400),
            ("GET", "/api/v1/articles/9", 404),
            ("GET", "/nothing", 404),
            ("POST", "/api/v1/sites", 405),
            ("POST", "/api/v1/articles/1/views", 200),
            ("POST", "/api/v1/articles/9/views", 404),
            ("GET", "/api/v1/articles/1/views", 200),
            ("OPTIONS", "/api/v1/sites", 204),
            ("GET", "/livez", 200),
            ("GET", "/docs", 200),
            ("GET", "/problems", 200),
            ("GET", "/openapi.json", 304),
        ] {
            for origin in [None, Some("https://example.com"), Some("null")] {
                let mut request = app.request(method, path);
                if status == 304 {
                    request = request.header("if-none-match", &tag);
                }
                if let Some(origin) = origin {
                    request = request.header("origin", origin);
                }
                let answer = request.send().await;
                answer.assert_status(status);
                assert_open(&answer);
            }
        }
        let head = b"POST /api/v1/articles HTTP/1.1\r\nhost: x\r\ncontent-length: 20971520\r\n\r\n";
        let answer = String::from_utf8_lossy(&app.raw(head).await).into_owned();
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\r\naccess-control-allow-origin: *\r\n"), "{answer}");
    }

    /// A browser that asks in advance hears what it may send
    async fn preflights_are_answered(app) {
        for (path, methods) in [("/api/v1/articles/1", "GET, HEAD, OPTIONS"), ("/openapi.json", "GET, HEAD, OPTIONS")] {
            let answer = app.request("OPTIONS", path)
                .header("origin", "https://example.com")
                .header("access-control-request-method", "GET")
                .header("access-control-request-headers", "if-none-match, traceparent, authorization")
                .send().await;
            answer.assert_status(204);
            assert_open(&answer);
            assert!(answer.body.is_empty());
            assert_eq!(answer.header("access-control-allow-methods"), Some(methods));
            assert_eq!(answer.header("access-control-allow-headers"), Some("if-none-match, traceparent, authorization"));
            assert_eq!(answer.header("access-control-max-age"), Some("86400"));
            assert_eq!(answer.header("allow"), Some(methods));
        }
        let bare = app.request("OPTIONS", "/api/v1/articles").header("origin", "https://example.com").header("access-control-request-method", "GET").send().await;
        bare.assert_status(204);
        assert_eq!(bare.header("access-control-allow-headers"), None);
        // Not a preflight: no more than what the resource takes.
        let plain = app.request("OPTIONS", "/api/v1/articles").send().await;
        plain.assert_status(204);
        assert_eq!(plain.header("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(plain.header("access-control-allow-methods"), None);
        // Counting is for scripts of any site, and those that say who sees it send JSON.
        for (path, methods) in [("/api/v1/articles/1/views", "GET, HEAD, OPTIONS, POST"), ("/api/v1/views", "OPTIONS, POST"),
            ("/api/v1/sites/demo/visits", "GET, HEAD, OPTIONS, POST"), ("/api/v1/attachments/1/downloads", "OPTIONS, POST")] {
            for origin in ["https://example.com", "http://localhost:3000", "null"] {
                let answer = app.request("OPTIONS", path).header("origin", origin).header("access-control-request-method", "POST")
                    .header("access-control-request-headers", "content-type, idempotency-key").send().await;
                answer.assert_status(204);
                assert_open(&answer);
                let told = |name| { let mut all: Vec<&str> = answer.header(name).unwrap().split(", ").collect(); all.sort_unstable(); all.join(", ") };
                assert_eq!(told("access-control-allow-methods"), methods, "{path}");
                assert_eq!(told("access-control-allow-headers"), "content-type, idempotency-key", "{path}");
                assert_eq!(answer.header("access-control-max-age"), Some("86400"));
            }
        }
        let unknown = app.request("OPTIONS", "/nothing").header("access-control-request-method", "GET").send().await;
        unknown.assert_problem(404, "not_found");
        assert_open(&unknown);
    }

    /// Management is for the origins of a list, and there is none
    async fn management_is_closed(app) {
        for path in ["/api/v1/manage", "/api/v1/manage/articles", "/api/v1/auth/token", "/api/v1/%6Danage/articles"] {
            for method in ["GET", "OPTIONS"] {
                let answer = app.request(method, path).header("origin", "https://example.com").header("access-control-request-method", "GET").send().await;
                for (name, _) in &answer.headers {
                    assert!(!name.as_str().starts_with("access-control-"), "{method} {path}: {name}");
                }
            }
        }
    }

    /// Scripts of the origins on the list may use every operation of management, those of others none; and no browser sends its own
    /// credentials
    async fn management_is_open_to_a_list(app, |s| s.var("MASTHEAD_CORS_ORIGINS", "https://desk.example.org, http://localhost:3000")) {
        app.import(&full_portal());
        let foreign = ["https://desk.example.org.evil.example", "https://DESK.example.org", "http://desk.example.org", "https://desk.example.org:444", "null", "*"];
        for call in calls(app).await.iter().filter(|call| !cors_is_public(&call.path)) {
            let path = call.path.trim_end_matches('?');
            for origin in ["https://desk.example.org", "http://localhost:3000"].iter().chain(&foreign) {
                let is_listed = !foreign.contains(origin);
                let preflight = app.request("OPTIONS", path).header("origin", origin)
                    .header("access-control-request-method", &call.method())
                    .header("access-control-request-headers", "authorization, if-match, content-type").send().await;
                preflight.assert_status(204);
                // Refused or not: the script is told why.
                let answer = call.by(None).send_with(app, &[("origin", origin)]).await;
                for answer in [&preflight, &answer] {
                    assert_eq!(answer.header("access-control-allow-origin"), is_listed.then_some(*origin), "{answer}");
                    assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer}");
                    let vary: Vec<&str> = answer.headers.get_all("vary").filter_map(|v| v.to_str().ok()).collect();
                    assert!(vary.join(", ").split(", ").any(|name| name.eq_ignore_ascii_case("origin")), "{answer}: {vary:?}");
                }
                let methods = preflight.header("access-control-allow-methods").unwrap_or_default();
                assert_eq!(methods.split(", ").any(|method| method == call.method()), is_listed, "{preflight}");
                let headers = preflight.header("access-control-allow-headers").unwrap_or_default().to_ascii_lowercase();
                for needed in ["authorization", "if-match", "content-type", "idempotency-key"] {
                    assert_eq!(headers.split(", ").any(|name| name == needed), is_listed, "{headers}");
                }
                let exposed = answer.header("access-control-expose-headers").unwrap_or_default().to_owned();
                assert_eq!(exposed.contains("ETag") && exposed.contains("Location") && exposed.contains("WWW-Authenticate"), is_listed, "{exposed}");
            }
        }
        // Delivery stays open to all.
        let answer = app.request("GET", "/api/v1/articles").header("origin", "https://evil.example").send().await;
        assert_open(&answer);
    }
}

fn cors_is_public(path: &str) -> bool {
    !path.starts_with("/api/v1/manage/") && !path.starts_with("/api/v1/auth/")
}
