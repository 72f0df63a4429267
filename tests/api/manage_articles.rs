//! Writing articles and their translations through the API.

use masthead::models::access::Role;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::client::{Answer, Request};
use crate::support::{Portal, TestApp, on_both};

const ARTICLES: &str = "/api/v1/manage/articles";

fn content() -> Portal {
    Portal::new("demo")
        .source("daily")
        .topic("deep-sea")
        .category("news")
        .category("news/sea")
        .category("about")
}

/// A request of an administrator.
fn admin<'a>(app: &'a TestApp, method: &str, path: &str) -> Request<'a> {
    app.request(method, path).bearer(&app.token("admin"))
}

fn etag(answer: &Answer) -> String {
    answer.header("etag").unwrap().to_owned()
}

async fn create(app: &TestApp, body: Value) -> Value {
    let made = admin(app, "POST", ARTICLES).json(&body).send().await;
    made.assert_status(201).json()
}

async fn patch(app: &TestApp, id: &Value, tag: &str, body: Value) -> Answer {
    admin(app, "PATCH", &format!("{ARTICLES}/{id}"))
        .header("if-match", tag)
        .json(&body)
        .send()
        .await
}

fn draft(title: &str) -> Value {
    json!({"site": "demo", "category": "news", "title": title})
}

on_both! {
    /// Title, site and category make a draft
    async fn title_site_and_category_make_a_draft(app) {
        app.import(&content());
        let made = admin(app, "POST", ARTICLES).json(&draft("开放日 2026")).send().await;
        let article = made.assert_status(201).json();
        assert_eq!(made.header("location").unwrap(), format!("{ARTICLES}/{}", article["id"]));
        assert_eq!(etag(&made), "\"1\"");
        assert_eq!(made.header("cache-control"), Some("private, no-store"));
        for (member, value) in [
            ("status", json!("draft")),
            ("slug", json!("kai-fang-ri-2026")),
            ("locale", json!("en")),
            ("category", json!("news")),
            ("body_html", json!("")),
            ("published_at", json!("2026-01-15T12:00:00+08:00")),
            ("published_precision", json!("second")),
            ("version", json!(1)),
        ] {
            assert_eq!(article[member], value, "{member}");
        }
        let found = admin(app, "GET", &format!("{ARTICLES}/{}", article["id"])).send().await;
        assert_eq!(found.assert_status(200).json(), article);
        assert_eq!(etag(&found), "\"1\"");
        app.get(&format!("/api/v1/articles/{}", article["id"])).await.assert_status(404);
        app.get("/api/v1/sites/demo/articles/kai-fang-ri-2026").await.assert_status(404);
    }

    /// Everything that can be set comes back as it was sent
    async fn everything_that_can_be_set_comes_back_as_it_was_sent(app) {
        app.import(&content());
        create(app, json!({"site": "demo", "category": "news", "title": "Other", "key": "other"})).await;
        let title = "深海🌊ＡＢＣ".repeat(100);
        let whole = json!({
            "site": "demo", "key": "k-1", "slug": "深海", "status": "published", "locale": "zh-Hant",
            "category": "news/sea", "title": title, "subtitle": "副題", "summary": "摘要",
            "summary_label": "摘要", "body_html": "<p>正文</p>", "byline": "文 / 林曉嵐",
            "contributors": [{"key": "lin", "role": "author", "kind": "person", "name": "林曉嵐", "affiliation": null}],
            "sources": ["daily"], "source_line": "來源:日報", "topics": ["deep-sea"], "keywords": ["深海", "ＡＢＣ"],
            "event_date": "2026-01-02", "cover": "https://example.org/c.jpg",
            "attachments": [{"name": "報告.pdf", "url": "https://example.org/r.pdf", "media_type": "application/pdf",
                "size": 12, "sha256": "0".repeat(64)}],
            "audio": [{"url": "https://example.org/a.mp3", "media_type": "audio/mpeg", "duration_s": 3, "locale": "en", "revision": 1, "stale": false}],
            "related": ["other"], "published_at": "2026-01-10T08:00:00+09:00", "published_precision": "minute",
            "unpublish_at": "2027-01-01T00:00:00Z",
            "translations": [{"locale": "en", "title": "Deep sea", "body_html": "<p>Text</p>", "slug": "deep-sea",
                "subtitle": null, "summary": null, "summary_label": null, "byline": null,
                "contributors": [{"key": "lin", "name": "Lin", "affiliation": null}], "keywords": ["sea"]}],
            "former_slugs": [{"slug": "old", "locale": null, "until": "2025-01-01T00:00:00Z"}],
        });
        let made = create(app, whole.clone()).await;
        for (member, value) in whole.as_object().unwrap() {
            assert_eq!(made[member], *value, "{member}");
        }
        let public = app.get("/api/v1/sites/demo/articles/深海?locale=zh-Hant").await.assert_status(200).json();
        assert_eq!(public["title"], whole["title"]);
        assert_eq!(public["sources"][0]["slug"], "daily");
        assert_eq!(public["available_locales"], json!(["zh-Hant", "en"]));
        app.get("/api/v1/sites/demo/articles/old").await.assert_status(308);
    }

    /// A merge patch keeps what it leaves out, clears by null and replaces lists
    async fn a_merge_patch_keeps_clears_and_replaces(app) {
        app.import(&content());
        let mut article = draft("A");
        article["subtitle"] = json!("S");
        article["summary"] = json!("Z");
        article["keywords"] = json!(["a", "b"]);
        let made = create(app, article).await;
        let changed = patch(app, &made["id"], "\"1\"", json!({"subtitle": null, "keywords": ["c"]})).await;
        let now = changed.assert_status(200).json();
        assert_eq!(etag(&changed), "\"2\"");
        assert_eq!(now["subtitle"], json!(null));
        assert_eq!(now["summary"], "Z");
        assert_eq!(now["keywords"], json!(["c"]));
        let same = patch(app, &made["id"], "\"2\"", json!({"keywords": ["c"], "summary": "Z"})).await;
        assert_eq!(etag(same.assert_status(200)), "\"2\"", "nothing changed");
        assert_eq!(same.json()["updated_at"], now["updated_at"]);
        let merge = admin(app, "PATCH", &format!("{ARTICLES}/{}", made["id"]))
            .header("if-match", "\"2\"")
            .header("content-type", "application/merge-patch+json")
            .body(r#"{"keywords":null}"#)
            .send()
            .await;
        assert_eq!(merge.assert_status(200).json()["keywords"], json!([]));
    }

    /// A change without If-Match, or with an old one, changes nothing
    async fn a_change_without_if_match_or_with_an_old_one_changes_nothing(app) {
        app.import(&content());
        let made = create(app, draft("A")).await;
        let path = format!("{ARTICLES}/{}", made["id"]);
        for method in ["PATCH", "DELETE"] {
            let request = admin(app, method, &path).json(&json!({"title": "B"}));
            request.send().await.assert_problem(428, "precondition_required");
        }
        for tag in ["1", "\"1", "x, \"1\"", "**"] {
            patch(app, &made["id"], tag, json!({"title": "B"})).await.assert_problem(400, "malformed_request");
        }
        for tag in ["\"7\"", "W/\"1\"", "\"x\"", "\"2\", \"3\""] {
            let stale = patch(app, &made["id"], tag, json!({"title": "B"})).await;
            stale.assert_problem(412, "precondition_failed");
            assert_eq!(stale.header("etag"), Some("\"1\""), "{tag}");
        }
        let deleted = admin(app, "DELETE", &path).header("if-match", "\"9\"").send().await;
        deleted.assert_problem(412, "precondition_failed");
        assert_eq!(admin(app, "GET", &path).send().await.json(), made);
        patch(app, &made["id"], "\"5\", \"1\"", json!({"title": "B"})).await.assert_status(200);
        patch(app, &made["id"], "*", json!({"title": "C"})).await.assert_status(200);
        patch(app, &json!(999), "*", json!({"title": "C"})).await.assert_problem(404, "not_found");
    }

    /// Of fifty clients that patch one article at once none loses an update
    async fn of_fifty_clients_that_patch_one_article_at_once_none_loses_an_update(app) {
        app.import(&content());
        let made = create(app, draft("0")).await;
        let path = format!("{ARTICLES}/{}", made["id"]);
        let add = async |word: String| loop {
            let now = admin(app, "GET", &path).send().await;
            let mut words = now.json()["keywords"].as_array().unwrap().clone();
            words.push(json!(word));
            let answer = admin(app, "PATCH", &path)
                .header("if-match", &etag(&now))
                .json(&json!({"keywords": words}))
                .send()
                .await;
            match answer.status {
                412 => continue,
                _ => break answer.assert_status(200).status,
            }
        };
        join_all((0..50).map(|n| add(format!("word {n}")))).await;
        let now = admin(app, "GET", &path).send().await.json();
        assert_eq!(now["version"], 51);
        let mut words: Vec<String> = serde_json::from_value(now["keywords"].clone()).unwrap();
        words.sort();
        let mut wanted: Vec<String> = (0..50).map(|n| format!("word {n}")).collect();
        wanted.sort();
        assert_eq!(words, wanted);
    }

    /// Of a hundred that create one slug at once one succeeds
    async fn of_a_hundred_that_create_one_slug_at_once_one_succeeds(app) {
        app.import(&content());
        app.token("admin");
        let answers = join_all((0..100).map(|n| {
            let mut article = draft(&format!("Title {n}"));
            article["slug"] = json!("the-one");
            admin(app, "POST", ARTICLES).json(&article).send()
        }))
        .await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.assert_problem(409, "conflict");
        }
    }

    /// A slug made from the title gives way, one that is given is refused
    async fn a_slug_made_from_the_title_gives_way_one_that_is_given_is_refused(app) {
        app.import(&content());
        let first = create(app, draft("Same title")).await;
        assert_eq!(first["slug"], "same-title");
        let second = create(app, draft("Same title")).await;
        assert!(second["slug"].as_str().unwrap().starts_with("same-title-"));
        let third = patch(app, &second["id"], "*", json!({"slug": "same-title"})).await;
        let problem = third.assert_problem(409, "conflict");
        assert_eq!(problem["errors"][0]["pointer"], "/slug");
        let fourth = patch(app, &second["id"], "*", json!({"translations": [
            {"locale": "fr", "title": "x", "body_html": "", "slug": "same-title"}]})).await;
        assert_eq!(fourth.assert_problem(409, "conflict")["errors"][0]["pointer"], "/translations/0/slug");
        let mut key = draft("K");
        key["key"] = first["key"].clone();
        let fifth = admin(app, "POST", ARTICLES).json(&key).send().await;
        assert_eq!(fifth.assert_problem(409, "conflict")["errors"][0]["pointer"], "/key");
    }

    /// Scripts do not come out of any text
    async fn scripts_do_not_come_out_of_any_text(app) {
        app.import(&content());
        let evil = "<p onclick=\"x()\">a<script>alert(1)</script><a href=\"javascript:x\">b</a><img src=x onerror=y></p>";
        let mut article = draft("T");
        article["status"] = json!("published");
        article["slug"] = json!("t");
        article["body_html"] = json!(evil);
        article["translations"] = json!([{"locale": "fr", "title": "F", "body_html": evil}]);
        let made = create(app, article).await;
        let put = admin(app, "PUT", &format!("{ARTICLES}/{}/translations/de", made["id"]))
            .header("if-match", "\"1\"")
            .json(&json!({"title": "D", "body_html": evil}))
            .send()
            .await;
        put.assert_status(200);
        let changed = patch(app, &made["id"], "*", json!({"body_html": format!("{evil}2")})).await;
        changed.assert_status(200);
        for locale in ["en", "fr", "de"] {
            let public = app.get(&format!("/api/v1/sites/demo/articles/t?locale={locale}")).await;
            let body = public.assert_status(200).json()["body_html"].as_str().unwrap().to_owned();
            for word in ["script", "onclick", "onerror", "javascript"] {
                assert!(!body.contains(word), "{locale}: {body}");
            }
        }
        for member in ["cover", "attachments", "audio"] {
            let url = "java\tscript:alert(1)";
            let value = match member {
                "cover" => json!(url),
                "attachments" => json!([{"name": "n", "url": url}]),
                _ => json!([{"url": url}]),
            };
            patch(app, &made["id"], "*", json!({member: value})).await.assert_problem(422, "invalid_body");
        }
    }

    /// What cannot be taken is refused with a pointer, and nothing is written
    async fn what_cannot_be_taken_is_refused_with_a_pointer(app) {
        app.import(&content());
        let made = create(app, draft("A")).await;
        for (body, pointer) in [
            (json!([]), ""),
            (json!(["x", 1]), ""),
            (json!({"title": null}), "/title"),
            (json!({"title": "  "}), "/title"),
            (json!({"title": ["x"]}), "/title"),
            (json!({"id": 4}), "/id"),
            (json!({"version": 1}), "/version"),
            (json!({"site": "demo"}), "/site"),
            (json!({"key": "k"}), "/key"),
            (json!({"created_by": 1}), "/created_by"),
            (json!({"views": 10}), "/views"),
            (json!({"titel": "x"}), "/titel"),
            (json!({"category": "nowhere"}), "/category"),
            (json!({"category_id": 999}), "/category_id"),
            (json!({"category_id": 0}), "/category_id"),
            (json!({"category_id": "1"}), "/category_id"),
            (json!({"category": "news", "category_id": 1}), "/category_id"),
            (json!({"sources": ["daily", "nobody"]}), "/sources/1"),
            (json!({"topics": ["x"]}), "/topics/0"),
            (json!({"related": ["x"]}), "/related/0"),
            (json!({"related": [made["key"]]}), "/related/0"),
            (json!({"contributors": {"role": "author"}}), "/contributors"),
            (json!({"contributors": [["author", "person", "x"]]}), "/contributors/0"),
            (json!({"contributors": [{"role": "author", "kind": "robot", "name": "x"}]}), "/contributors/0/kind"),
            (json!({"translations": [{"locale": "en", "title": "x", "body_html": ""}]}), "/translations"),
            (json!({"published_at": "yesterday"}), "/published_at"),
            (json!({"unpublish_at": "2020-01-01T00:00:00Z"}), "/unpublish_at"),
            (json!({"status": "public"}), "/status"),
            (json!({"slug": "a/b"}), "/slug"),
            (json!({"slug": null}), "/slug"),
            (json!({"title": "x".repeat(10_000)}), "/title"),
            (json!({"keywords": vec!["k"; 1001]}), "/keywords"),
        ] {
            let refused = patch(app, &made["id"], "*", body.clone()).await;
            let problem = refused.assert_problem(422, "invalid_body");
            let pointers: Vec<&str> =
                problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
            assert!(pointers.contains(&pointer), "{body}: {pointers:?}");
        }
        let now = admin(app, "GET", &format!("{ARTICLES}/{}", made["id"])).send().await.json();
        assert_eq!(now, made);
        for body in ["{", "", "{\"title\":\"\u{0}\"}", "nul", "{\"a\":1}}"] {
            let refused = admin(app, "PATCH", &format!("{ARTICLES}/{}", made["id"]))
                .header("if-match", "*")
                .header("content-type", "application/json")
                .body(body)
                .send()
                .await;
            refused.assert_problem(400, "malformed_request");
        }
    }

    /// Publishing shows an article at once and archiving hides it at once
    async fn publishing_shows_an_article_at_once_and_archiving_hides_it_at_once(app) {
        app.import(&content());
        let made = create(app, draft("A")).await;
        app.set_clock("2026-01-15T04:05:06.456Z");
        let published = patch(app, &made["id"], "*", json!({"status": "published"})).await.json();
        assert_eq!(published["published_at"], "2026-01-15T12:05:06+08:00", "a draft without a date is dated now");
        let path = format!("/api/v1/articles/{}", made["id"]);
        app.get(&path).await.assert_status(200);
        let tree = app.get("/api/v1/sites/demo/categories").await.json();
        assert_eq!(tree["items"][0]["article_count"], 1);
        patch(app, &made["id"], "*", json!({"status": "archived"})).await.assert_status(200);
        app.get(&path).await.assert_status(404);
        let changes = app.get("/api/v1/articles/changes").await.json();
        assert_eq!(changes["items"][0]["reason"], "archived");
        let tree = app.get("/api/v1/sites/demo/categories").await.json();
        assert_eq!(tree["items"][0]["article_count"], 0);
    }

    /// A deleted article leaves a tombstone and nothing else
    async fn a_deleted_article_leaves_a_tombstone_and_nothing_else(app) {
        app.import(&content());
        let start = app.get("/api/v1/articles/changes").await.json();
        let mut article = draft("A");
        article["status"] = json!("published");
        article["translations"] = json!([{"locale": "fr", "title": "F", "body_html": "x", "slug": "f"}]);
        let made = create(app, article).await;
        let gone = admin(app, "DELETE", &format!("{ARTICLES}/{}", made["id"]))
            .header("if-match", "\"1\"")
            .send()
            .await;
        gone.assert_status(204);
        assert!(gone.body.is_empty());
        admin(app, "GET", &format!("{ARTICLES}/{}", made["id"])).send().await.assert_status(404);
        app.get(&format!("/api/v1/articles/{}", made["id"])).await.assert_status(404);
        app.get("/api/v1/sites/demo/articles/f").await.assert_status(404);
        assert_eq!(app.get("/api/v1/articles?count=exact").await.json()["total"], 0);
        let cursor = start["next_cursor"].as_str().unwrap();
        let changes = app.get(&format!("/api/v1/articles/changes?since={cursor}")).await.json();
        assert_eq!(changes["items"][0]["id"], made["id"]);
        assert_eq!(changes["items"][0]["reason"], "deleted");
        let again = create(app, json!({"site": "demo", "category": "news", "title": "A", "slug": "f"})).await;
        assert_ne!(again["id"], made["id"], "ids are never used again");
    }

    /// A translation is put, replaced and deleted under the article's ETag
    async fn a_translation_is_put_replaced_and_deleted(app) {
        app.import(&content());
        let mut article = draft("A");
        article["status"] = json!("published");
        article["slug"] = json!("a");
        article["contributors"] = json!([{"key": "lin", "role": "author", "kind": "person", "name": "林"}]);
        let made = create(app, article).await;
        let path = format!("{ARTICLES}/{}/translations", made["id"]);
        let send = async |method: &str, locale: &str, tag: Option<&str>, body: Value| {
            let mut request = admin(app, method, &format!("{path}/{locale}"));
            if let Some(tag) = tag {
                request = request.header("if-match", tag);
            }
            request.json(&body).send().await
        };
        let french = json!({"title": "Un", "body_html": "<p>1</p>", "slug": "un", "contributors": [{"key": "lin", "name": "Lin"}]});
        send("PUT", "fr", None, french.clone()).await.assert_problem(428, "precondition_required");
        send("PUT", "fr", Some("\"4\""), french.clone()).await.assert_problem(412, "precondition_failed");
        let put = send("PUT", "FR", Some("\"1\""), french).await;
        assert_eq!(etag(put.assert_status(200)), "\"2\"");
        assert_eq!(put.json()["translations"][0]["locale"], "fr");
        assert_eq!(app.get("/api/v1/sites/demo/articles/un").await.json()["title"], "Un");
        let replaced = send("PUT", "fr", Some("\"2\""), json!({"title": "Deux", "body_html": ""})).await;
        assert_eq!(replaced.assert_status(200).json()["translations"][0]["slug"], json!(null));
        app.get("/api/v1/sites/demo/articles/un").await.assert_status(308);
        let unknown = json!({"title": "x", "body_html": "", "contributors": [{"key": "wu", "name": "Wu"}]});
        send("PUT", "fr", Some("*"), unknown).await.assert_problem(422, "invalid_body");
        send("PUT", "en", Some("*"), json!({"title": "x", "body_html": ""})).await.assert_problem(422, "invalid_body");
        send("PUT", "no-t-a-tag-x", Some("*"), json!({"title": "x", "body_html": ""})).await.assert_problem(404, "not_found");
        send("DELETE", "de", Some("*"), json!({})).await.assert_problem(404, "not_found");
        send("DELETE", "en", Some("*"), json!({})).await.assert_problem(404, "not_found");
        let deleted = send("DELETE", "fr", Some("\"3\""), json!({})).await;
        assert_eq!(deleted.assert_status(200).json()["translations"], json!([]));
        let left = app.get("/api/v1/sites/demo/articles/a").await.json();
        assert_eq!(left["available_locales"], json!(["en"]));
    }

    /// Authors write drafts of their own and nothing else
    async fn authors_write_drafts_of_their_own_and_nothing_else(app) {
        app.import(&content());
        let theirs = create(app, draft("Of the administrator")).await;
        let author = app.token("author");
        let by = |method: &str, path: String| app.request(method, &path).bearer(&author).header("if-match", "*");
        let made = by("POST", ARTICLES.to_owned()).json(&draft("Mine")).send().await;
        let mine = made.assert_status(201).json();
        let own = format!("{ARTICLES}/{}", mine["id"]);
        let other = format!("{ARTICLES}/{}", theirs["id"]);
        by("PATCH", own.clone()).json(&json!({"title": "Mine 2"})).send().await.assert_status(200);
        by("GET", other.clone()).send().await.assert_status(200);
        by("PATCH", other.clone()).json(&json!({"title": "x"})).send().await.assert_problem(403, "forbidden");
        by("DELETE", other.clone()).send().await.assert_problem(403, "forbidden");
        by("PUT", format!("{other}/translations/fr")).json(&json!({"title": "x", "body_html": ""})).send().await
            .assert_problem(403, "forbidden");
        by("PATCH", own.clone()).json(&json!({"status": "published"})).send().await.assert_problem(403, "forbidden");
        let mut public = draft("Public");
        public["status"] = json!("published");
        by("POST", ARTICLES.to_owned()).json(&public).send().await.assert_problem(403, "forbidden");
        patch(app, &mine["id"], "*", json!({"status": "published"})).await.assert_status(200);
        by("PATCH", own.clone()).json(&json!({"title": "x"})).send().await.assert_problem(403, "forbidden");
        by("DELETE", own.clone()).send().await.assert_problem(403, "forbidden");
        patch(app, &mine["id"], "*", json!({"status": "draft"})).await.assert_status(200);
        by("DELETE", own.clone()).send().await.assert_problem(403, "forbidden");
        let reviewer = app.token("reviewer");
        let refused = app.request("PATCH", &other).bearer(&reviewer).header("if-match", "*").json(&json!({"title": "x"}));
        refused.send().await.assert_problem(403, "forbidden");
    }

    /// Nothing is published where the caller is no editor, by no detour
    async fn nothing_is_published_where_the_caller_is_no_editor(app) {
        app.import(&content().article("public", |a| a.category("news")));
        let token = app.token_with(None, &[(Role::Editor, "demo", Some("news")), (Role::Author, "demo", Some("about"))]);
        let by = |method: &str, path: &str| app.request(method, path).bearer(&token).header("if-match", "*");
        let public = format!("{ARTICLES}/{}", app.article_id("public").await);
        by("PATCH", &public).json(&json!({"category": "about"})).send().await.assert_problem(403, "forbidden");
        let made = by("POST", ARTICLES).json(&draft("Mine")).send().await.assert_status(201).json();
        let mine = format!("{ARTICLES}/{}", made["id"]);
        let both = json!({"category": "about", "status": "published"});
        by("PATCH", &mine).json(&both).send().await.assert_problem(403, "forbidden");
        by("PATCH", &mine).json(&json!({"category": "about"})).send().await.assert_status(200);
        by("PATCH", &mine).json(&json!({"status": "published"})).send().await.assert_problem(403, "forbidden");
        let theirs = create(app, draft("Theirs")).await;
        let path = format!("{ARTICLES}/{}", theirs["id"]);
        by("PATCH", &path).json(&json!({"category": "about"})).send().await.assert_problem(403, "forbidden");
    }

    /// Deleting an article changes those that it is related to
    async fn deleting_an_article_changes_those_that_it_is_related_to(app) {
        app.import(&content());
        let first = create(app, draft("First")).await;
        let mut article = draft("Second");
        article["related"] = json!([first["key"]]);
        let second = create(app, article).await;
        let path = format!("{ARTICLES}/{}", first["id"]);
        admin(app, "DELETE", &path).header("if-match", "*").send().await.assert_status(204);
        let now = admin(app, "GET", &format!("{ARTICLES}/{}", second["id"])).send().await;
        assert_eq!((&now.json()["related"], etag(&now).as_str()), (&json!([]), "\"2\""));
    }

    /// Rights in a category end at its border
    async fn rights_in_a_category_end_at_its_border(app) {
        app.import(&content().article("in", |a| a.category("news/sea")).article("out", |a| a.category("about")));
        app.import(&Portal::new("other").article("far", |a| a));
        let editor = app.token_with(None, &[(Role::Editor, "demo", Some("news"))]);
        let by = |method: &str, path: &str| app.request(method, path).bearer(&editor).header("if-match", "*");
        let list = by("GET", ARTICLES).send().await.assert_status(200).json();
        let keys: Vec<&str> = list["items"].as_array().unwrap().iter().map(|a| a["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["in"]);
        let inside = format!("{ARTICLES}/{}", app.article_id("in").await);
        let outside = format!("{ARTICLES}/{}", app.article_id("out").await);
        let far = format!("{ARTICLES}/{}", app.article_id("far").await);
        by("PATCH", &inside).json(&json!({"title": "x"})).send().await.assert_status(200);
        for path in [&outside, &far] {
            by("GET", path).send().await.assert_problem(404, "not_found");
            by("PATCH", path).json(&json!({"title": "x"})).send().await.assert_problem(404, "not_found");
            by("DELETE", path).send().await.assert_problem(404, "not_found");
        }
        by("PATCH", &inside).json(&json!({"category": "about"})).send().await.assert_problem(403, "forbidden");
        by("PATCH", &inside).json(&json!({"category": "news"})).send().await.assert_status(200);
        by("POST", ARTICLES).json(&draft("x")).send().await.assert_status(201);
        let mut elsewhere = draft("x");
        elsewhere["category"] = json!("about");
        by("POST", ARTICLES).json(&elsewhere).send().await.assert_problem(403, "forbidden");
    }

    /// The list shows every state, newest change first, page by page
    async fn the_list_shows_every_state_newest_change_first(app) {
        app.import(&content());
        let empty = admin(app, "GET", &format!("{ARTICLES}?count=exact")).send().await.json();
        assert_eq!((&empty["items"], &empty["total"]), (&json!([]), &json!(0)));
        let mut keys = Vec::new();
        for n in 0..21 {
            app.set_clock(&format!("2026-01-15T04:00:{n:02}Z"));
            let mut article = draft(&format!("Title {n}"));
            article["key"] = json!(format!("k-{n:02}"));
            article["status"] = json!(["draft", "published", "archived"][n % 3]);
            create(app, article).await;
            keys.insert(0, format!("k-{n:02}"));
        }
        let key = |article: &Value| article["key"].as_str().unwrap().to_owned();
        let mut found = Vec::new();
        let mut path = format!("{ARTICLES}?limit=10&count=exact");
        loop {
            let page = admin(app, "GET", &path).send().await.assert_status(200).json();
            assert_eq!(page["total"], 21);
            found.extend(page["items"].as_array().unwrap().iter().map(key));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("{ARTICLES}?limit=10&count=exact&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(found, keys);
        let drafts = admin(app, "GET", &format!("{ARTICLES}?status=draft&site=demo&count=exact&limit=2&page=4")).send().await;
        let drafts = drafts.assert_status(200).json();
        assert_eq!(drafts["total"], 7);
        assert_eq!(drafts["items"].as_array().unwrap().len(), 1);
        let none = admin(app, "GET", &format!("{ARTICLES}?site=nowhere")).send().await.json();
        assert_eq!(none["items"], json!([]));
        admin(app, "GET", &format!("{ARTICLES}?limit=101")).send().await.assert_problem(400, "invalid_parameter");
        admin(app, "GET", &format!("{ARTICLES}?state=draft")).send().await.assert_problem(400, "invalid_parameter");
    }

    /// The address of a changed slug leads to the new one
    async fn the_address_of_a_changed_slug_leads_to_the_new_one(app) {
        app.import(&content());
        let mut article = draft("A");
        article["status"] = json!("published");
        article["slug"] = json!("first");
        let made = create(app, article).await;
        patch(app, &made["id"], "*", json!({"slug": "second"})).await.assert_status(200);
        let moved = app.get("/api/v1/sites/demo/articles/first").await;
        assert!(moved.assert_status(308).header("location").unwrap().ends_with("/second"));
    }

    /// A body beyond the limit is refused, whole or in chunks
    async fn a_body_beyond_the_limit_is_refused(app, |s| s.var("MASTHEAD_MAX_BODY_BYTES", "100000")) {
        app.import(&content());
        let mut article = draft("A");
        article["body_html"] = json!("x".repeat(200_000));
        let refused = admin(app, "POST", ARTICLES).json(&article).send().await;
        refused.assert_problem(413, "payload_too_large");
        let token = app.token("admin");
        let head = format!(
            "POST {ARTICLES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             transfer-encoding: chunked\r\n\r\n"
        );
        let chunk = format!("{:x}\r\n{}\r\n", 50_000, "x".repeat(50_000));
        let answer = app.raw(format!("{head}{}", chunk.repeat(4)).as_bytes()).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
}
