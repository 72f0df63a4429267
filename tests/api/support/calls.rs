//! A good request to every operation of the document, and content on which it is one. Tests that look at all operations stand
//! on it: a new operation needs a line in one of the tables here.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::client::{Answer, Request};
use super::media::{Form, path, pdf};
use super::spec::{self, Operation};
use super::{Portal, TestApp};
use crate::support::accounts::PASSWORD;

/// Larger than any id that is in use, and the largest that is allowed.
pub const UNKNOWN_ID: &str = "9007199254740991";

/// A header line.
pub type Header<'a> = (&'a str, &'a str);

/// A good request to an operation.
#[derive(Clone)]
pub struct Call {
    /// The operation.
    pub operation: &'static Operation,
    /// Path and query, with a `?` in any case.
    pub path: String,
    /// The same for something that there is not, where the path names something.
    pub unknown: Option<String>,
    /// The body, where there is one in JSON.
    pub body: Option<Value>,
    /// The form that is the body, where a file is sent.
    pub form: Option<Form>,
    /// Who calls, where the operation asks for it: an admin.
    pub token: Option<String>,
}

impl Call {
    /// A request that does not disturb others: what it changes or deletes was made for it.
    pub async fn prepare(app: &TestApp, operation: &'static Operation) -> Result<Self, String> {
        let mut path = operation.template.clone();
        let mut unknown = operation.template.clone();
        let mut query = Vec::new();
        if operation.template == "/api/v1/media/{id}/{file}" {
            // Its parts belong together.
            path = file_sample(app).await;
        }
        for parameter in &operation.parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            let required = parameter["required"] == true;
            match parameter["in"].as_str() {
                Some("path") => {
                    let place = format!("{{{name}}}");
                    if path.contains(&place) {
                        let value = path_sample(app, &operation.template, name).await?;
                        path = path.replace(&place, &value);
                    }
                    let integer =
                        spec::resolved(spec::document(), &parameter["schema"])["type"] == "integer";
                    unknown =
                        unknown.replace(&place, if integer { UNKNOWN_ID } else { "no-such-thing" });
                }
                Some("query") if required => query.push(format!("{name}={}", query_sample(name)?)),
                Some("header") if name == "If-Match" => {}
                _ if required => {
                    return Err(format!("`{name}` is required and there is no value for it"));
                }
                _ => {}
            }
        }
        let query = query.join("&");
        Ok(Self {
            operation,
            path: format!("{path}?{query}"),
            unknown: (unknown != operation.template).then(|| format!("{unknown}?{query}")),
            body: body_sample(app, operation).await?,
            form: form_sample(&operation.id),
            token: needs_caller(operation).then(|| token_sample(app, &operation.id)),
        })
    }

    /// The method as it is sent.
    pub fn method(&self) -> String {
        self.operation.method.to_ascii_uppercase()
    }

    /// Whether it changes something that there is.
    pub fn takes_if_match(&self) -> bool {
        let mut parameters = self.operation.parameters.iter();
        parameters.any(|parameter| parameter["name"] == "If-Match")
    }

    /// The same by somebody else, or by nobody.
    pub fn by(&self, token: Option<&str>) -> Self {
        Self {
            token: token.map(str::to_owned),
            ..self.clone()
        }
    }

    /// The same with another body.
    pub fn with_body(&self, body: Value) -> Self {
        Self {
            body: Some(body),
            form: None,
            ..self.clone()
        }
    }

    /// The same to another address.
    pub fn to(&self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..self.clone()
        }
    }

    /// The request without its body and `If-Match`.
    pub fn bare<'a>(&self, app: &'a TestApp) -> Request<'a> {
        let request = app.request(&self.method(), self.path.trim_end_matches('?'));
        match &self.token {
            Some(token) => request.bearer(token),
            None => request,
        }
    }

    /// The answer to it.
    pub async fn send(&self, app: &TestApp) -> Answer {
        self.send_with(app, &[]).await
    }

    /// The answer to it with more headers; `if-match` among them replaces its own.
    pub async fn send_with(&self, app: &TestApp, headers: &[Header<'_>]) -> Answer {
        let mut request = self.bare(app);
        if self.takes_if_match() && !headers.iter().any(|(name, _)| *name == "if-match") {
            request = request.header("if-match", "*");
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match (&self.body, &self.form) {
            (Some(body), _) => request.json(body).send().await,
            (None, Some(form)) => request.form(form).send().await,
            (None, None) => request.send().await,
        }
    }
}

/// A good request to every operation; fails where there is none.
pub async fn calls(app: &TestApp) -> Vec<Call> {
    let mut calls = Vec::new();
    for operation in spec::operations() {
        let call = Call::prepare(app, operation).await;
        calls.push(call.unwrap_or_else(|fault| panic!("{}: {fault}", operation.id)));
    }
    calls
}

/// Whether an operation asks who is calling.
pub fn needs_caller(operation: &Operation) -> bool {
    spec::items(&operation.value["security"]).next().is_some()
}

/// Whether the document has this status for an operation.
pub fn documents(operation: &Operation, status: &str) -> bool {
    operation.value["responses"].get(status).is_some()
}

/// Who calls: an admin, or for what happens to the caller somebody who is needed for nothing else.
fn token_sample(app: &TestApp, id: &str) -> String {
    match id {
        "changePassword" => {
            let user =
                app.account_with_password(&format!("forgets-{}@example.org", number()), "admin");
            app.sign_in_as(user)
        }
        _ => app.token("admin"),
    }
}

/// A number that no other call of the process gets.
fn number() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// What [`full_portal`] has for the parameter `name` of `template`; under `/manage` something made for this call. A new path
/// parameter needs a line here.
async fn path_sample(app: &TestApp, template: &str, name: &str) -> Result<String, String> {
    let place = format!("/{{{name}}}");
    let before = template.split(&place).next().unwrap_or_default();
    let resource = before.rsplit('/').next().unwrap_or_default();
    let is_managed = template.starts_with("/api/v1/manage/");
    Ok(match (resource, name) {
        (_, "id") if is_managed => made(app, resource).await?,
        ("translations", "locale") => "zh-Hans".to_owned(),
        ("revisions", "number") => "1".to_owned(),
        ("sites", "site") => "demo".to_owned(),
        ("menus", "key") => "main".to_owned(),
        ("categories", "path") => "news/local".to_owned(),
        ("articles", "slug") => "a2".to_owned(),
        ("articles", "id") => app.article_id("a2").await.to_string(),
        ("rankings", "metric") => "views".to_owned(),
        ("preview", "token") => app.preview_token(app.article_id("a2").await, 1),
        ("categories", "id") => first_id(app, "/api/v1/sites/demo/categories").await,
        ("topics", "id") => first_id(app, "/api/v1/sites/demo/topics").await,
        ("sources", "id") => first_id(app, "/api/v1/sources").await,
        ("attachments", "id") => {
            let path = format!("/api/v1/articles/{}", app.article_id("a2").await);
            app.get(&path).await.json()["attachments"][0]["id"].to_string()
        }
        _ => {
            return Err(format!(
                "`path_sample` has no value for `{name}` after `{resource}`"
            ));
        }
    })
}

/// The id of a new thing of a resource.
async fn made(app: &TestApp, resource: &str) -> Result<String, String> {
    let template = format!("/api/v1/manage/{resource}");
    let create = spec::operations()
        .iter()
        .find(|operation| operation.template == template && operation.method == "post")
        .ok_or_else(|| format!("nothing makes {resource}"))?;
    let request = app.request("POST", &template).bearer(&app.token("admin"));
    let answer = match form_sample(&create.id) {
        Some(form) => request.form(&form).send().await,
        None => {
            let body = body_sample_of(app, &create.id).await;
            let body =
                body.ok_or_else(|| format!("`body_sample` has no body for `{}`", create.id))?;
            request.json(&body).send().await
        }
    };
    match answer.status {
        201 => Ok(answer.json()["id"].to_string()),
        _ => Err(format!("a good request fails: {answer}")),
    }
}

/// A new article that is held back, and the ids of what was found in it.
async fn injected(app: &TestApp, n: u64) -> (Value, Value) {
    let desk = app.desk("admin");
    let article = json!({"site": "demo", "category": "news/local", "title": "真钱棋牌国际合作", "key": format!("injected-{n}"),
        "slug": format!("injected-{n}"), "body_html": "<p>真钱棋牌的工作。</p>"});
    let article = desk
        .post("/articles", &article)
        .await
        .assert_status(201)
        .json()["id"]
        .clone();
    let found = desk
        .get(&format!("/findings?article_id={article}"))
        .await
        .json();
    let ids = spec::items(&found["items"])
        .map(|finding| finding["id"].clone())
        .collect();
    (article, ids)
}

/// Where a file is that is there.
async fn file_sample(app: &TestApp) -> String {
    let form = form_sample("createMedia").unwrap();
    path(&app.desk("admin").taken(&form).await["url"])
}

async fn first_id(app: &TestApp, list: &str) -> String {
    app.get(list).await.assert_status(200).json()["items"][0]["id"].to_string()
}

/// A value for a required query parameter. A new one needs a line here.
fn query_sample(name: &str) -> Result<&'static str, String> {
    match name {
        "q" => Ok("article"),
        "site" => Ok("demo"),
        _ => Err(format!("`query_sample` has no value for `{name}`")),
    }
}

/// The body of an operation that takes one.
async fn body_sample(app: &TestApp, operation: &Operation) -> Result<Option<Value>, String> {
    if operation.value["requestBody"].is_null() || form_sample(&operation.id).is_some() {
        return Ok(None);
    }
    let body = body_sample_of(app, &operation.id).await;
    match body {
        Some(body) => Ok(Some(body)),
        None => Err(format!("`body_sample` has no body for `{}`", operation.id)),
    }
}

/// The form of an operation that takes a file, with other bytes each time. A new one needs a line here.
fn form_sample(id: &str) -> Option<Form> {
    let n = number();
    match id {
        "createMedia" => {
            Some(Form::of(&format!("通知 {n}.pdf"), pdf(&format!("{n}"))).text("site", "demo"))
        }
        _ => None,
    }
}

/// A good body, with new names in it. An operation that takes one needs a line here.
async fn body_sample_of(app: &TestApp, id: &str) -> Option<Value> {
    let n = number();
    Some(match id {
        "countArticleView" | "countAttachmentDownload" | "countSiteVisit" => {
            json!({"visitor": format!("访客-{n}"), "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X)"})
        }
        "countViews" => {
            json!({"visitor": format!("访客-{n}"), "article_ids": [app.article_id("a2").await]})
        }
        "createToken" => {
            let email = format!("signs-in-{n}@example.org");
            app.account_with_password(&email, "editor");
            json!({"email": email, "password": PASSWORD})
        }
        "refreshToken" | "revokeToken" => {
            let user = app.account(&format!("renews-{n}@example.org"), "editor");
            let issued = app.app.services().access.issue_blocking(user).unwrap();
            json!({"refresh_token": issued.refresh_token})
        }
        "changePassword" => {
            json!({"current_password": PASSWORD, "new_password": "a much better password"})
        }
        "createArticle" => json!({
            "site": "demo", "category": "news/local", "title": format!("Made {n}"), "key": format!("made-{n}"),
            "slug": format!("made-{n}"), "body_html": "<p>Text.</p>", "keywords": ["science"],
            "translations": [{"locale": "zh-Hans", "title": "文章", "body_html": "<p>正文</p>", "slug": format!("made-zh-{n}")}],
        }),
        "updateArticle" => json!({"title": "Changed", "summary": null, "keywords": ["art"]}),
        "putTranslation" => json!({"title": "文章", "body_html": "<p>新</p>"}),
        "transitionArticle" => json!({"to": "in_review", "comment": "请审核"}),
        "repairFindings" => {
            let (article, _) = injected(app, n).await;
            json!({"article_id": article, "replace": {"真钱棋牌": "示例研究所"}, "cut": [], "dry_run": true})
        }
        "dismissFindings" => {
            let (_, findings) = injected(app, n).await;
            json!({"ids": findings, "is_dismissed": true, "comment": "引文"})
        }
        "createPreview" => json!({"revision": 1, "expires_in": 3600}),
        "restoreRevision" => json!({"comment": "恢复"}),
        "updateRevision" => json!({"is_pinned": true, "comment": "定稿"}),
        "createTopic" => {
            json!({"site": "demo", "title": "Made", "key": format!("made-{n}"), "year": 2026})
        }
        "createMenu" => {
            json!({"site": "demo", "key": format!("made-{n}"), "items": [{"label": "News", "category": "news"}]})
        }
        "createLinkGroup" => json!({"site": "demo", "key": format!("made-{n}"), "title": "Made",
            "links": [{"label": "Partner", "url": "https://example.org"}]}),
        "createScriptPhrase" => {
            json!({"site": "demo", "hans": format!("信息{n}"), "hant": format!("資訊{n}"), "note": "惯用"})
        }
        "createHygieneRule" => {
            json!({"key": format!("made-{n}"), "kind": "term", "spam_class": "gambling", "severity": "block", "texts": [format!("某某{n}投注")]})
        }
        "updateHygieneRule" => json!({"severity": "review", "texts": [format!("某某{n}下注")]}),
        "createHygieneScan" => json!({"dry_run": true, "site": "demo"}),
        "updateScriptPhrase" => json!({"hant": format!("訊息{n}"), "direction": "to_hant"}),
        "updateMedia" => json!({"name": "更名.pdf", "alt": "Changed"}),
        "updateTopic" | "updateLinkGroup" => json!({"title": "Changed"}),
        "updateMenu" => json!({"items": [{"label": "Out", "url": "https://example.org"}]}),
        "createSite" => {
            json!({"slug": format!("made-{n}"), "name": "Made", "default_locale": "en"})
        }
        "createSource" => {
            json!({"slug": format!("made-{n}"), "name": format!("Made {n}"), "url": "https://example.org"})
        }
        "createCategory" => {
            json!({"site": "demo", "path": format!("news/made-{n}"), "name": "Made"})
        }
        "updateSite" | "updateSource" | "updateCategory" => json!({"name": "Changed"}),
        "mergeSource" => {
            let into: i64 = first_id(app, "/api/v1/sources").await.parse().unwrap();
            json!({"into": into})
        }
        "createUser" => {
            json!({"email": format!("made-{n}@example.org"), "name": "Made", "role": "author"})
        }
        "updateUser" => json!({"name": "Changed"}),
        "createApiKey" => {
            let user = app.account(&format!("has-keys-{n}@example.org"), "editor");
            json!({"user_id": user, "name": "Made", "scopes": ["articles_read"]})
        }
        "updateApiKey" => json!({"name": "Changed"}),
        "runBatch" => json!({"operations": [
            {"method": "POST", "path": "/manage/topics", "body": {"site": "demo", "title": "Made", "key": format!("made-{n}")}},
        ]}),
        _ => return None,
    })
}

/// A portal with something of everything, so that every part of every answer has a value somewhere.
pub fn full_portal() -> Portal {
    let file = json!([{"name": "Annex", "url": "https://example.org/a.pdf", "media_type": "application/pdf", "size": 1000,
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]);
    let people = json!([{"role": "author", "kind": "person", "name": "Li Wei", "affiliation": "Example Institute", "key": "li-wei"}]);
    let translation = json!([{"locale": "zh-Hans", "title": "文章", "body_html": "<h2>标题</h2><p>正文</p>",
        "contributors": [{"key": "li-wei", "name": "李伟", "affiliation": null}], "keywords": ["科学"]}]);
    Portal::new("demo")
        .site(|s| {
            s.set("locales", ["en", "zh-Hans"])
                .set("owner", "Example Institute")
                .set("home_label", "Home")
                .set("copyright", "Example Institute")
                .set("copyright_notice", "All rights of {site}")
                .set("url_template", "https://demo.example.org/{path}")
                .set("registrations", json!([{"kind": "icp", "number": "1", "url": "https://example.org"}]))
                .set("contacts", json!([{"kind": "phone", "label": "Tel", "value": "1"}]))
                .set("credits", json!([{"label": "Made by", "value": "Example"}]))
                .set("blocks", json!([{"kind": "motto", "text": "Text", "attribution": "Someone"}]))
                .set("visitors", 7)
        })
        .source("s1")
        .category("news/local")
        .menu("main", json!([{"label": "News", "category": "news", "children": [{"label": "Out", "url": "https://example.org"}]}]))
        .link_group("partners", json!([{"label": "Partner", "url": "https://example.org"}]))
        .topic("t1")
        .article("a1", |a| a.category("news/local"))
        .article("a2", |a| {
            a.category("news/local")
                .sources(&["s1"])
                .topics(&["t1"])
                .body("<h2>Heading</h2><p>Text.</p>")
                .set("subtitle", "Subtitle")
                .set("summary", "Summary")
                .set("summary_label", "Abstract")
                .set("byline", "Li Wei")
                .set("source_line", "Source s1")
                .set("event_date", "2026-01-09")
                .set("keywords", ["science"])
                .set("cover", "https://example.org/a.jpg")
                .set("contributors", people)
                .set("attachments", file)
                .set("audio", json!([{"url": "https://example.org/a.mp3", "media_type": "audio/mpeg", "duration_s": 60}]))
                .set("related", ["a1"])
                .set("views", 5)
                .set("translations", translation)
        })
        .article("a3", |a| a.category("news/local"))
}
