//! Compressed answers: the same content in fewer bytes, for those who ask.

use std::io::Read;

use serde_json::Value;

use crate::support::{Portal, TestApp, on_both};

/// An answer as it was on the wire, with its body put together from chunks.
pub struct Wire {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Wire {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut wire = Self {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        };
        if wire.header("transfer-encoding") == Some("chunked") {
            wire.body = unchunked(&wire.body);
        }
        wire
    }

    /// The value of a header. Fails where there are several lines.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(known, _)| known == name);
        let first = all.next();
        assert!(all.next().is_none(), "there are several lines of {name}");
        first.map(|(_, value)| value.as_str())
    }

    /// The body without its coding.
    pub fn plain(&self) -> Vec<u8> {
        let mut plain = Vec::new();
        match self.header("content-encoding") {
            None => plain.clone_from(&self.body),
            Some("gzip") => {
                flate2::read::GzDecoder::new(self.body.as_slice())
                    .read_to_end(&mut plain)
                    .unwrap();
            }
            Some("br") => {
                brotli::Decompressor::new(self.body.as_slice(), 4096)
                    .read_to_end(&mut plain)
                    .unwrap();
            }
            Some(other) => panic!("{other}"),
        }
        plain
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.plain()).unwrap()
    }

    /// The headers but for those that differ from request to request.
    fn lasting(&self) -> Vec<&(String, String)> {
        let mut all: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| !["date", "traceparent", "x-request-id"].contains(&name.as_str()))
            .collect();
        all.sort();
        all
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while !rest.is_empty() {
        let end = rest.windows(2).position(|w| w == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
    body
}

/// Asks with these header lines, on a connection that closes afterwards.
pub async fn ask(app: &TestApp, request: &str, lines: &[(&str, &str)]) -> Wire {
    let lines: String = lines
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n");
    Wire::parse(&app.raw(head.as_bytes()).await)
}

fn portal() -> Portal {
    (0..20).fold(Portal::new("demo"), |portal, n| {
        portal.article(&format!("a{n}"), |a| a)
    })
}

const LIST: &str = "GET /api/v1/articles?site=demo";

on_both! {
    /// HTTP/1.0 knows no chunks: its answers say how long they are, or end with the connection
    async fn http_1_0_gets_no_chunks(app) {
        app.import(&portal());
        for path in ["/api/v1/articles/changes?limit=20", "/api/v1/articles?site=demo", "/openapi.json", "/problems"] {
            let request = format!("GET {path} HTTP/1.0\r\naccept-encoding: gzip, br\r\n\r\n");
            let answer = app.raw(request.as_bytes()).await;
            let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
            let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
            assert!(head.starts_with("http/1.0 200") && !head.contains("chunked"), "{path}: {head}");
            assert!(head.contains(&format!("content-length: {}", answer.len() - end - 4)), "{path}: {head}");
        }
    }

    /// Who takes gzip or br gets it, and the same content
    async fn answers_are_compressed_on_request(app) {
        app.import(&portal());
        for request in [LIST, "GET /openapi.json", "GET /docs/swagger-ui.css", "GET /docs/swagger-ui-bundle.js", "GET /problems"] {
            let plain = ask(app, request, &[]).await;
            assert_eq!(plain.header("content-encoding"), None);
            assert_eq!(plain.header("content-length"), Some(plain.body.len().to_string().as_str()), "{request}");
            for (accepted, coding) in [
                ("gzip", "gzip"),
                ("br", "br"),
                ("br;q=0.1, gzip;q=0.9", "gzip"),
                ("deflate, gzip", "gzip"),
            ] {
                let answer = ask(app, request, &[("accept-encoding", accepted)]).await;
                assert_eq!(answer.status, 200, "{request}");
                assert_eq!(answer.header("content-encoding"), Some(coding), "{request}");
                assert!(answer.body.len() < plain.body.len(), "{request}");
                assert_eq!(answer.plain(), plain.body, "{request}");
                assert_eq!(answer.header("vary"), plain.header("vary"), "{request}");
                assert!(answer.header("vary").unwrap().starts_with("Accept-Encoding"), "{request}");
                assert_eq!(answer.header("etag"), plain.header("etag"), "{request}");
                let length = answer.header("content-length");
                assert!(length.is_none_or(|length| length == answer.body.len().to_string()), "{request}");
            }
            let browser = ask(app, request, &[("accept-encoding", "gzip, deflate, br, zstd")]).await;
            assert!(["br", "gzip"].contains(&browser.header("content-encoding").unwrap()));
            assert_eq!(browser.plain(), plain.body, "{request}");
        }
        let browser = ask(app, LIST, &[("accept-encoding", "gzip, deflate, br, zstd")]).await;
        assert_eq!(browser.header("content-encoding"), Some("br"));
    }

    /// Who takes nothing that there is gets the answer as it is
    async fn refusals_are_answered_plainly(app) {
        app.import(&portal());
        let plain = ask(app, LIST, &[]).await;
        for accepted in ["identity;q=0", "*;q=0", "gzip;q=0", "deflate, zstd", "identity", "", "*", "gzip;q=0.5, identity;q=1", ";;,q=,\u{e9}"] {
            let answer = ask(app, LIST, &[("accept-encoding", accepted)]).await;
            assert_eq!((answer.status, answer.header("content-encoding")), (200, None), "{accepted}");
            assert_eq!(answer.body, plain.body, "{accepted}");
            assert_eq!(answer.header("vary"), plain.header("vary"), "{accepted}");
        }
    }

    /// What is small or does not shrink stays as it is
    async fn small_and_dense_bodies_stay(app) {
        let accept = [("accept-encoding", "gzip, br")];
        let small = ask(app, "GET /livez", &accept).await;
        assert_eq!((small.status, small.header("content-encoding")), (200, None));
        assert_eq!(small.header("vary"), Some("Accept-Encoding"));
        assert_eq!(small.header("content-length"), Some(small.body.len().to_string().as_str()));
        let small = ask(app, "GET /api/v1/sites", &accept).await;
        assert_eq!((small.status, small.header("content-encoding")), (200, None));
    }

    /// HEAD has the headers of GET, compressed or not
    async fn head_tells_the_coding(app) {
        app.import(&portal());
        for lines in [&[][..], &[("accept-encoding", "gzip")], &[("accept-encoding", "br")]] {
            for path in ["/api/v1/articles", "/openapi.json", "/docs", "/docs/swagger-ui.css", "/livez"] {
                let get = ask(app, &format!("GET {path}"), lines).await;
                let head = ask(app, &format!("HEAD {path}"), lines).await;
                assert_eq!(head.lasting(), get.lasting(), "{path} {lines:?}");
                assert!(head.body.is_empty(), "{path} {lines:?}");
            }
        }
    }

    /// A problem is never compressed, whatever its request took
    async fn problems_stay_readable(app) {
        for (request, status) in [("GET /nothing", 404), ("GET /api/v1/articles?limit=0", 400), ("POST /livez", 405), ("GET /api/v1/sites/nope", 404)] {
            for accepted in ["gzip", "br", "identity;q=0"] {
                let answer = ask(app, request, &[("accept-encoding", accepted)]).await;
                assert_eq!((answer.status, answer.header("content-encoding")), (status, None), "{request}");
                assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()), "{request}");
                assert_eq!(answer.json()["status"], status, "{request}");
            }
        }
    }

    /// A tag fits every coding of the same content
    async fn tags_fit_every_coding(app) {
        app.import(&portal());
        for request in [LIST, "GET /openapi.json", "GET /docs/swagger-ui.css"] {
            let first = ask(app, request, &[("accept-encoding", "br")]).await;
            let tag = first.header("etag").unwrap();
            assert!(tag.starts_with("W/\""), "{tag}");
            let again = ask(app, request, &[("accept-encoding", "gzip"), ("if-none-match", tag)]).await;
            assert_eq!((again.status, again.header("content-encoding")), (304, None), "{request}");
            assert_eq!(again.header("etag"), Some(tag), "{request}");
            assert_eq!(again.header("vary"), first.header("vary"), "{request}");
            assert!(again.body.is_empty());
        }
    }

    /// Languages and codings share one line
    async fn vary_is_one_line(app) {
        app.import(&portal());
        let id = app.article_id("a0").await;
        for lines in [&[][..], &[("accept-encoding", "gzip")]] {
            let answer = ask(app, &format!("GET /api/v1/articles/{id}"), lines).await;
            assert_eq!(answer.header("vary"), Some("Accept-Encoding, Accept-Language"));
        }
    }

    /// What management says is compressed too, and stays private; its ETag is good for a change whatever the coding was
    async fn management_is_compressed_privately(app) {
        app.import(&portal());
        let caller = format!("Bearer {}", app.token("admin"));
        for request in ["GET /api/v1/manage/articles?site=demo", "GET /api/v1/manage/topics?site=demo", "GET /api/v1/manage/sites/1"] {
            let plain = ask(app, request, &[("authorization", &caller)]).await;
            for coding in ["gzip", "br"] {
                let packed = ask(app, request, &[("authorization", &caller), ("accept-encoding", coding)]).await;
                assert_eq!(packed.status, 200, "{request}");
                assert_eq!(packed.json(), plain.json(), "{request}");
                assert_eq!(packed.header("cache-control"), Some("private, no-store"), "{request}");
                assert_eq!(packed.header("etag"), plain.header("etag"), "{request}");
            }
        }
        let site = ask(app, "GET /api/v1/manage/sites/1", &[("authorization", &caller), ("accept-encoding", "br")]).await;
        let change = app.request("PATCH", "/api/v1/manage/sites/1").header("authorization", &caller)
            .header("accept-encoding", "br").header("if-match", site.header("etag").unwrap());
        change.json(&serde_json::json!({"owner": "Changed"})).send().await.assert_status(200);
    }
}
