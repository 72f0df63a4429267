//! The pages beside the API: the reference, the pages about problems, the document.

use masthead::http::problem::ProblemCode;
use url::Url;

use crate::support::client::Answer;
use crate::support::{TestApp, on_both};

/// Every address that `html` links to or loads, as it is written.
fn addresses(html: &str) -> Vec<&str> {
    [" href=\"", " src=\""]
        .iter()
        .flat_map(|attribute| html.split(attribute).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

/// Where `address` leads on the page at `path`. Fails where it names a host.
fn resolved(path: &str, address: &str) -> String {
    assert!(
        !address.contains("//") && !address.contains(':'),
        "{address}"
    );
    let page = Url::parse("http://test").unwrap().join(path).unwrap();
    page.join(address).unwrap().path().to_owned()
}

/// Fails unless `answer` is a page that loads nothing from elsewhere and cannot be framed.
#[track_caller]
fn assert_safe_page(answer: &Answer) {
    answer.assert_status(200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    let policy = answer.header("content-security-policy").unwrap();
    for rule in [
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|given| given == rule), "{policy}");
    }
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
}

/// Fails unless who has the answer to `path` is told so.
async fn assert_revalidates(app: &TestApp, path: &str) {
    let first = app.get(path).await;
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with("W/\""), "{path}: {tag}");
    assert!(
        first
            .header("cache-control")
            .unwrap()
            .starts_with("public, max-age="),
        "{path}"
    );
    for known in [
        tag,
        tag.trim_start_matches("W/"),
        "*",
        &format!("\"x\", {tag}"),
    ] {
        let again = app
            .request("GET", path)
            .header("if-none-match", known)
            .send()
            .await;
        again.assert_status(304);
        for name in ["etag", "cache-control", "vary"] {
            assert_eq!(again.header(name), first.header(name), "{path}");
        }
        assert!(again.body.is_empty());
    }
    let other = app
        .request("GET", path)
        .header("if-none-match", "\"x\"")
        .send()
        .await;
    other.assert_status(200);
}

on_both! {
    /// The reference works without any other host
    async fn the_reference_needs_no_other_host(app) {
        for path in ["/docs", "/docs/"] {
            let page = app.get(path).await;
            assert_safe_page(&page);
            assert!(page.header("content-security-policy").unwrap().contains("script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"));
            let html = page.text();
            assert!(!html.contains("://"), "{html}");
            // Scripts and styles of their own are not run.
            assert!(!html.contains("<script>") && !html.contains("<style") && !html.contains(" style="), "{html}");
            let paths: Vec<String> = addresses(&html).iter().map(|address| resolved(path, address)).collect();
            for path in &paths {
                let answer = app.get(path).await;
                assert!(answer.assert_status(200).body.len() > 200, "{path}");
                let kind = match path.rsplit('.').next().unwrap() {
                    "js" => "text/javascript",
                    "css" => "text/css",
                    "json" => "application/json",
                    _ => "image/png",
                };
                assert_eq!(answer.media_type(), Some(kind), "{path}");
                assert_revalidates(app, path).await;
            }
            for needed in ["/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/docs/initializer.js", "/openapi.json"] {
                assert!(paths.iter().any(|path| path == needed), "{path} does not load {needed}");
            }
            assert_revalidates(app, path).await;
        }
        let initializer = app.get("/docs/initializer.js").await.text();
        assert!(!initializer.contains("://"), "{initializer}");
        let named = initializer.split("new URL(\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(resolved("/docs/initializer.js", named), "/openapi.json");
        assert!(initializer.contains("validatorUrl: null"));
        // Nothing else of the bundle is served.
        for path in ["/docs/index.html", "/docs/oauth2-redirect.html", "/docs/swagger-ui.js", "/docs/x/y"] {
            app.get(path).await.assert_problem(404, "not_found");
        }
        let answer = app.request("POST", "/docs").send().await;
        answer.assert_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    }

    /// Requests from the reference go where the reference is
    async fn the_reference_calls_its_own_server(app) {
        let document = app.get("/openapi.json").await.json();
        assert_eq!(document["servers"][0]["url"], "/");
    }

    /// The document can be kept, and asked for again
    async fn the_document_is_revalidated(app) {
        assert_revalidates(app, "/openapi.json").await;
        assert_eq!(app.get("/openapi.json").await.header("cache-control"), Some("public, max-age=300"));
    }

    /// Every kind of problem has its page, and one page has them all
    async fn every_problem_has_a_page(app) {
        let index = app.get("/problems").await;
        assert_safe_page(&index);
        assert_revalidates(app, "/problems").await;
        let html = index.text();
        let linked: Vec<String> = addresses(&html).iter().map(|address| resolved("/problems", address)).collect();
        let expected: Vec<String> = ProblemCode::ALL.iter().map(|code| format!("/problems/{}", code.slug())).collect();
        assert_eq!(linked, expected);
        for (code, path) in ProblemCode::ALL.iter().zip(&expected) {
            let page = app.get(path).await;
            assert_safe_page(&page);
            assert_eq!(page.header("cache-control"), Some("public, max-age=3600"));
            let html = page.text();
            assert!(!html.contains("<script"), "{html}");
            for part in [code.title(), code.as_str(), &code.status().to_string(), "What to do", "&quot;trace_id&quot;"] {
                assert!(html.contains(part), "{path} does not say {part}");
            }
            assert_eq!(resolved(path, addresses(&html)[0]), "/problems");
            for tag in ["html", "head", "title", "style", "body", "main", "h1", "h2", "p", "table", "tr", "th", "td", "pre", "code", "a"] {
                let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
                assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{path}: {tag}");
            }
        }
        app.get("/problems/no-such-problem").await.assert_problem(404, "not_found");
        app.get("/problems/not_found").await.assert_problem(404, "not_found");
    }

    /// The type of a problem leads to its page
    async fn the_type_of_a_problem_resolves(app, |s| s.var("MASTHEAD_PUBLIC_URL", "https://news.example.org")) {
        for (method, path) in [("GET", "/api/v1/articles?limit=0"), ("GET", "/api/v1/sites/nope"), ("PUT", "/livez"), ("GET", "/nothing")] {
            let answer = app.request(method, path).send().await;
            let problem = answer.problem(answer.status);
            let kind = Url::parse(problem["type"].as_str().unwrap()).unwrap();
            assert_eq!(kind.host_str(), Some("news.example.org"));
            let page = app.get(kind.path()).await;
            page.assert_status(200);
            assert!(page.text().contains(problem["code"].as_str().unwrap()), "{page}");
            assert!(page.text().contains(&format!("<h1>{}</h1>", problem["title"].as_str().unwrap())), "{page}");
        }
    }
}
