//! Somebody at work in `/api/v1/manage`, and what every resource there has to refuse.

use serde_json::{Value, json};

use super::TestApp;
use super::client::{Answer, Request};

/// Somebody who is signed in.
pub struct Desk<'a> {
    app: &'a TestApp,
    token: String,
}

/// A change that must be refused: its body, and the pointer and the code of its first fault.
pub type BadChange<'a> = (Value, &'a str, &'a str);

impl TestApp {
    /// Somebody with this role everywhere. Paths are those behind `/api/v1/manage`.
    pub fn desk(&self, role: &str) -> Desk<'_> {
        self.desk_of(self.token(role))
    }

    /// Somebody with this token.
    pub fn desk_of(&self, token: String) -> Desk<'_> {
        Desk { app: self, token }
    }
}

impl Desk<'_> {
    /// A request to be completed.
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        self.app
            .request(method, &format!("/api/v1/manage{path}"))
            .bearer(&self.token)
    }

    /// The answer to a GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    /// The thing at `path`, which must be there, and its ETag.
    #[track_caller]
    pub fn found(&self, answer: &Answer) -> (Value, String) {
        answer.assert_status(200);
        let body = answer.json();
        let tag = answer.header("etag").unwrap().to_owned();
        assert_eq!(tag, format!("\"{}\"", body["version"]), "{answer}");
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        (body, tag)
    }

    /// The answer to a POST.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body).send().await
    }

    /// What a POST has made: its address behind `/api/v1/manage`, and how it is.
    pub async fn made(&self, path: &str, body: &Value) -> (String, Value) {
        let answer = self.post(path, body).await;
        answer.assert_status(201);
        let thing = answer.json();
        let address = format!("{path}/{}", thing["id"]);
        assert_eq!(
            answer.header("location"),
            Some(format!("/api/v1/manage{address}").as_str())
        );
        assert_eq!(answer.header("etag"), Some("\"1\""), "{answer}");
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        assert_eq!(thing["version"], 1, "{answer}");
        let (stored, _) = self.found(&self.get(&address).await);
        assert_eq!(stored, thing);
        (address, thing)
    }

    /// The answer to a PATCH of the version that is there now.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        let tag = self.tag(path).await;
        self.patch_if(path, &tag, body).await
    }

    /// The answer to a PATCH of the version with this ETag.
    pub async fn patch_if(&self, path: &str, tag: &str, body: &Value) -> Answer {
        self.request("PATCH", path)
            .header("if-match", tag)
            .header("content-type", "application/merge-patch+json")
            .body(body.to_string())
            .send()
            .await
    }

    /// How a thing is after a PATCH, which must have made exactly one version of it.
    pub async fn changed(&self, path: &str, body: &Value) -> Value {
        let (before, tag) = self.found(&self.get(path).await);
        let (after, new_tag) = self.found(&self.patch_if(path, &tag, body).await);
        assert_eq!(after["version"], before["version"].as_i64().unwrap() + 1);
        let (stored, stored_tag) = self.found(&self.get(path).await);
        assert_eq!((stored, stored_tag), (after.clone(), new_tag));
        after
    }

    /// Fails unless a PATCH leaves everything as it is, the version too.
    pub async fn unchanged(&self, path: &str, body: &Value) {
        let before = self.found(&self.get(path).await);
        let after = self.found(&self.patch_if(path, &before.1, body).await);
        assert_eq!(before, after, "{body}");
        assert_eq!(before, self.found(&self.get(path).await));
    }

    /// The answer to a DELETE of the version that is there now.
    pub async fn delete(&self, path: &str) -> Answer {
        let tag = self.tag(path).await;
        self.delete_if(path, &tag).await
    }

    /// The answer to a DELETE of the version with this ETag.
    pub async fn delete_if(&self, path: &str, tag: &str) -> Answer {
        self.request("DELETE", path)
            .header("if-match", tag)
            .send()
            .await
    }

    /// The ETag of what is there now; any where nothing is.
    pub async fn tag(&self, path: &str) -> String {
        let answer = self.get(path).await;
        answer.header("etag").unwrap_or("\"1\"").to_owned()
    }

    /// Every item of a list, and how many pages it took.
    pub async fn walk(&self, path: &str) -> (Vec<Value>, usize) {
        let mut items = Vec::new();
        let mut pages = 0;
        let mut next = path.to_owned();
        loop {
            let page = self.get(&next).await.assert_status(200).json();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            pages += 1;
            match page["next_cursor"].as_str() {
                None => return (items, pages),
                Some(cursor) => next = format!("{path}&cursor={cursor}"),
            }
        }
    }

    /// Conditional requests: 304, 428, and 412 with the present ETag. `change` is one that is possible.
    pub async fn keeps_conditions(&self, path: &str, change: &Value) {
        let (before, tag) = self.found(&self.get(path).await);
        for given in [tag.clone(), format!("\"0\", W/{tag}"), "*".to_owned()] {
            let answer = self
                .request("GET", path)
                .header("if-none-match", &given)
                .send()
                .await;
            // Accounts and keys tell when they were last used, files whether they are, without a new version.
            let is_live = ["/users", "/api-keys", "/media", "/hygiene-rules"]
                .iter()
                .any(|live| path.starts_with(live));
            answer.assert_status(if is_live { 200 } else { 304 });
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
        }
        let none = self.request("PATCH", path).json(change).send().await;
        none.assert_problem(428, "precondition_required");
        let none = self.request("DELETE", path).send().await;
        none.assert_problem(428, "precondition_required");
        let bare = self.patch_if(path, "1", change).await;
        bare.assert_problem(400, "malformed_request");
        for stale in ["\"0\"", &format!("W/{tag}"), "\"\"", "\"x\""] {
            for answer in [
                self.patch_if(path, stale, change).await,
                self.delete_if(path, stale).await,
            ] {
                answer.assert_problem(412, "precondition_failed");
                assert_eq!(answer.header("etag"), Some(tag.as_str()), "{stale}");
            }
        }
        assert_eq!(self.get(path).await.json(), before);
        let several = format!("\"0\", {tag}");
        let (_, tag) = self.found(&self.patch_if(path, &several, change).await);
        self.patch_if(path, &several, change)
            .await
            .assert_problem(412, "precondition_failed");
        self.found(&self.patch_if(path, "*", &json!({})).await);
        assert_eq!(self.tag(path).await, tag);
    }

    /// Refuses what no PATCH may say, and `cases`; nothing is changed by it.
    pub async fn refuses_changes(&self, path: &str, cases: &[BadChange<'_>]) {
        let (before, tag) = self.found(&self.get(path).await);
        let read_only = ["id", "version", "created_at", "updated_at"];
        let mut all: Vec<(Value, String, &str)> = read_only
            .iter()
            .map(|name| {
                (
                    json!({*name: before[name]}),
                    format!("/{name}"),
                    "read_only",
                )
            })
            .collect();
        all.extend([
            (json!([]), String::new(), "wrong_type"),
            (json!([1, "a", "b", null]), String::new(), "wrong_type"),
            (json!("x"), String::new(), "wrong_type"),
            (json!(null), String::new(), "wrong_type"),
            (json!({"nope": 1}), "/nope".to_owned(), "unknown_member"),
        ]);
        all.extend(
            cases
                .iter()
                .map(|(body, pointer, code)| (body.clone(), (*pointer).to_owned(), *code)),
        );
        for (body, pointer, code) in all {
            let answer = self.patch_if(path, &tag, &body).await;
            let problem = answer.assert_problem(422, "invalid_body");
            let fault = &problem["errors"][0];
            assert_eq!(
                (&fault["pointer"], &fault["code"]),
                (&json!(pointer), &json!(code)),
                "{body}"
            );
            assert!(fault["detail"].as_str().unwrap().len() > 10, "{fault}");
        }
        for text in ["", "{", "{\"a\":}", "\u{feff}{}", "{} {}"] {
            let answer = self
                .request("PATCH", path)
                .header("if-match", &tag)
                .header("content-type", "application/json")
                .body(text.to_owned())
                .send()
                .await;
            answer.assert_problem(400, "malformed_request");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded"] {
            let answer = self
                .request("PATCH", path)
                .header("if-match", &tag)
                .header("content-type", kind)
                .body("{}")
                .send()
                .await;
            answer.assert_problem(415, "unsupported_media_type");
        }
        self.request("PATCH", &format!("{path}?x=1"))
            .header("if-match", &tag)
            .json(&json!({}))
            .send()
            .await
            .assert_problem(400, "invalid_parameter");
        assert_eq!(self.found(&self.get(path).await), (before, tag));
    }

    /// Refuses these new things.
    pub async fn refuses_new(&self, path: &str, cases: &[BadChange<'_>]) {
        let general = [
            (json!([]), "", "wrong_type"),
            (json!("x"), "", "wrong_type"),
        ];
        for (body, pointer, code) in general.iter().chain(cases) {
            let problem = self
                .post(path, body)
                .await
                .assert_problem(422, "invalid_body");
            let fault = &problem["errors"][0];
            assert_eq!(
                (&fault["pointer"], &fault["code"]),
                (&json!(pointer), &json!(code)),
                "{body}"
            );
        }
        let merge_patch = self
            .request("POST", path)
            .header("content-type", "application/merge-patch+json")
            .body("{}")
            .send()
            .await;
        merge_patch.assert_problem(415, "unsupported_media_type");
    }
}

/// A text of `length` characters: Chinese, emoji that are several code points, full-width letters and markup.
pub fn long_text(length: usize) -> String {
    [
        "滨",
        "海",
        "👩‍🔬",
        "A",
        "<",
        "b",
        ">",
        "&",
        "「",
        "龘",
        "🌊",
        "é",
        "\"",
        "　",
    ]
    .into_iter()
    .cycle()
    .take(length)
    .collect()
}
