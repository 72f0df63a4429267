//! Requests over real HTTP. Every answer to an operation of the spec is held to the spec.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use actix_web::web::Bytes;
use awc::http::Method;
use awc::http::header::HeaderMap;
use serde_json::Value;

use super::app::TestApp;
use super::spec;

/// Longest body that is read.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

impl TestApp {
    /// The answer to a GET of `path`, which may hold a query. Blanks and characters outside ASCII are encoded.
    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    /// A request to be completed.
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Request {
            app: self,
            method,
            path: percent_encoded(path),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// What the server sends for `bytes` on a connection of their own, until it closes it or is silent for 5 seconds.
    pub async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let (address, bytes) = (self.address, bytes.to_vec());
        let talk = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(5)))
                .unwrap();
            // The server may answer and close before it has read everything.
            stream.write_all(&bytes).ok();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).ok();
            answer
        };
        actix_web::rt::task::spawn_blocking(talk).await.unwrap()
    }
}

/// A request that is being put together.
pub struct Request<'a> {
    app: &'a TestApp,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Request<'_> {
    /// Adds a header line.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Says who is calling: an access token or an API key.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sends `body` as it is.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends `body` as JSON.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// The answer, checked against the spec.
    pub async fn send(self) -> Answer {
        let url = format!("http://{}{}", self.app.address, self.path);
        let mut request = self.app.client.request(self.method.clone(), &url);
        for (name, value) in &self.headers {
            request = request.append_header((name.as_str(), value.as_str()));
        }
        let sent = if self.body.is_empty() {
            request.send()
        } else {
            request.send_body(self.body)
        };
        let mut response = sent
            .await
            .unwrap_or_else(|e| panic!("{} {}: {e}", self.method, self.path));
        let body = response.body().limit(BODY_LIMIT).await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let answer = Answer {
            method: self.method,
            path: self.path,
            status,
            headers,
            body,
        };
        spec::check(&answer);
        answer
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The method that was used.
    pub method: Method,
    /// What was asked for, encoded, with its query.
    pub path: String,
    /// The status code.
    pub status: u16,
    /// The header lines.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The value of a header line.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The media type without parameters.
    pub fn media_type(&self) -> Option<&str> {
        self.header("content-type")
            .and_then(|value| value.split(';').next())
            .map(str::trim)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{self}: not JSON: {e}"))
    }

    /// Fails unless the status is `status`.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Fails unless this is a whole problem document with `status` and `code`; returns it.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.problem(status);
        assert_eq!(problem["code"], code, "{self}");
        problem
    }

    /// Fails unless this is a whole problem document with `status`; returns it.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        self.assert_status(status);
        assert_eq!(
            self.media_type(),
            Some("application/problem+json"),
            "{self}"
        );
        let problem = self.json();
        for member in ["type", "title", "detail", "instance", "code", "trace_id"] {
            let text = problem[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "the problem has no `{member}`: {self}");
        }
        assert_eq!(problem["status"], status, "{self}");
        assert_eq!(
            problem["instance"],
            self.path.split('?').next().unwrap_or_default(),
            "{self}"
        );
        for member in ["reason", "retracted_at"] {
            let value = problem
                .get(member)
                .unwrap_or_else(|| panic!("the problem has no `{member}`: {self}"));
            assert_eq!(
                value.is_string(),
                problem["code"] == "retracted",
                "`{member}`: {self}"
            );
        }
        for error in problem["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("`errors` is not a list: {self}"))
        {
            for member in ["pointer", "code", "detail"] {
                assert!(
                    error[member].is_string(),
                    "an error has no `{member}`: {self}"
                );
            }
        }
        problem
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.text().chars().take(2000).collect();
        write!(
            f,
            "{} {} answered {}: {start}",
            self.method, self.path, self.status
        )
    }
}

/// `path` with blanks and everything outside ASCII encoded, and the rest left as the test wrote it.
fn percent_encoded(path: &str) -> String {
    path.bytes()
        .map(|byte| {
            if byte.is_ascii_graphic() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
