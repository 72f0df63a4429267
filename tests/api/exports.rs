//! Exports: what goes out as a portal file comes back as the same answers.

use std::collections::BTreeMap;

use masthead::error::Error;
use serde_json::{Value, json};

use crate::support::app::{Setup, run};
use crate::support::content::Record;
use crate::support::{Backend, Portal, TestApp, on_both, shared};

/// Everything of the database as a portal file.
pub fn exported(app: &TestApp) -> String {
    let mut file = Vec::new();
    app.app.services().export.run(&mut file, None).unwrap();
    String::from_utf8(file).unwrap()
}

/// The records of a kind in an export, in order.
pub fn records(app: &TestApp, kind: &str) -> Vec<Value> {
    exported(app)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| record["type"] == kind)
        .collect()
}

/// All items of a paged list.
async fn items(app: &TestApp, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .get(&format!("{path}?limit=10{cursor}"))
            .await
            .assert_status(200)
            .json();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Every answer of the API, under names that hold no ids.
pub async fn answers(app: &TestApp) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let sites = app.get("/api/v1/sites").await.assert_status(200).json();
    for site in sites["items"].as_array().unwrap() {
        let path = format!("/api/v1/sites/{}", site["slug"].as_str().unwrap());
        for path in [path.clone(), format!("{path}/categories")] {
            let answer = app.get(&path).await.assert_status(200).json();
            all.insert(path, answer);
        }
    }
    all.insert("sites".to_owned(), sites);
    all.insert(
        "sources".to_owned(),
        items(app, "/api/v1/sources").await.into(),
    );
    let articles = items(app, "/api/v1/articles").await;
    for article in &articles {
        let id = &article["id"];
        for locale in article["available_locales"].as_array().unwrap() {
            let locale = locale.as_str().unwrap();
            let path = format!(
                "/api/v1/articles/{id}?locale={locale}&include=breadcrumbs,neighbors,related,site_details"
            );
            let answer = app.get(&path).await.assert_status(200).json();
            let name = format!("{}/{} {locale}", article["site"], article["slug"]);
            all.insert(name, answer);
        }
    }
    all.insert("articles".to_owned(), articles.into());
    all
}

/// `answers` without what an export does not promise to keep: ids, change times, versions, addresses made of ids.
fn without_ids(mut answers: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    answers.values_mut().for_each(strip);
    answers
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["id", "category_id", "updated_at", "version"] {
                members.remove(name);
            }
            let address = members.get("url").and_then(Value::as_str);
            if address.is_some_and(|url| url.contains("/api/v1/articles/")) {
                members.remove("url");
            }
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Runs `test` against an application on an empty database of the same kind as that of `app`.
async fn on_another(app: &TestApp, test: impl AsyncFnOnce(&TestApp)) {
    let backend = match app.database().url.starts_with("sqlite:") {
        true => Backend::Sqlite,
        false => Backend::Postgres,
    };
    run(Setup::new(backend), test).await;
}

/// Fails unless an export of `app` makes the same answers and the same export in an empty database.
pub async fn assert_comes_back(app: &TestApp) {
    let file = exported(app);
    let before = without_ids(answers(app).await);
    on_another(app, async |other| {
        let report = other.try_import(&file).unwrap();
        assert_eq!(report.faults, []);
        assert_eq!(report.created + 1, report.lines);
        for (name, answer) in without_ids(answers(other).await) {
            assert_eq!(Some(&answer), before.get(&name), "{name}");
        }
        assert_eq!(before.len(), answers(other).await.len());
        assert_eq!(exported(other), file);
    })
    .await;
}

/// A portal with every member that the format knows.
pub fn rich() -> Portal {
    let portal = Portal::new("rich")
        .site(|s| {
            s.set("name", "丰富 “Rich”")
                .set("default_locale", "zh-Hans")
                .set("utc_offset", "-03:30")
                .set("locales", ["zh-Hans", "en", "zh-Hant"])
                .set("home_label", "首\u{a0}页")
                .set("owner", "Owner")
                .set("copyright", "© 2026 \"Owner\"")
                .set("copyright_notice", "来自{site}的稿件")
                .set("url_template", "https://www.example.org/{path}")
                .set("registrations", json!([{"kind": "icp", "number": "京ICP备1号", "url": "https://example.org/r"}, {"kind": "police", "number": "2"}]))
                .set("contacts", json!([{"kind": "phone", "label": "Tel", "value": "+86 10"}, {"kind": "fax", "value": "1\n2"}]))
                .set("credits", json!([{"label": "技术支持", "value": "Someone"}, {"value": "Nobody"}]))
                .set("blocks", json!([{"kind": "quote", "text": "a\nb", "attribution": "c"}, {"kind": "note", "text": "d"}]))
                .set("identity", json!({"names": ["Rich", "丰富"], "domains": ["example.org"]}))
                .set("visitors", 34_819_433)
        })
        .source("s2")
        .with(Record::new("source").set("slug", "s1").set("name", "中工網").set("url", "https://example.org/s1"))
        .category("news")
        .category("about")
        .category("news/world")
        .category("news/china")
        .category("about/people/staff")
        .menu(
            "primary",
            json!([
                {"label": "首 页", "url": "/"},
                {"label": "News", "category": "news", "children": [
                    {"label": "World", "category": "news/world", "children": [{"label": "Deep"}]},
                    {"label": "China", "category": "news/china"}
                ]},
                {"label": "News", "url": "https://example.org/?a=b#c"}
            ]),
        )
        .menu("empty", json!([]))
        .link_group("units", json!([{"label": "B", "url": "https://b.example.org/"}, {"label": "A", "url": "/a"}]))
        .link_group("also", json!([]));
    let topic = portal
        .record("topic")
        .set("key", "t0")
        .set("title", "Topic t1")
        .set("year", 2023);
    portal
        .with(topic)
        .topic("t1")
        .topic("t2")
        .article("full", |a| {
            a.slug("wan-zheng")
                .category("news/world")
                .title("“完整” \"full\" ＡＢＣ 😀\u{a0}.")
                .body("<h2>Head</h2><p>中文 “text” <strong>bold</strong></p><ul><li>1</li></ul><table><tbody><tr><td>x</td></tr></tbody></table>")
                .published_at("2026-01-02T08:29:20.123456-03:30")
                .set("subtitle", "Sub")
                .set("summary", "Sum\nmary")
                .set("summary_label", "核心")
                .set("byline", "(作者)")
                .set("contributors", json!([
                    {"role": "author", "kind": "person", "name": "张亚平", "affiliation": "某院", "key": "zhang"},
                    {"role": "editor", "kind": "organization", "name": "编辑部"},
                    {"role": "editor", "kind": "person", "name": "张亚平", "affiliation": "某院", "key": "wei"}
                ]))
                .sources(&["s1", "s2"])
                .set("source_line", "中工網-工人日報")
                .set("event_date", "2025-12-31")
                .set("keywords", ["二", "一", "二"])
                .topics(&["t2", "t0"])
                .set("cover", "https://example.org/cover.jpg")
                .set("attachments", json!([
                    {"name": "b.pdf", "url": "/b.pdf", "media_type": "application/pdf", "size": 7, "sha256": "0".repeat(64)},
                    {"name": "a.pdf", "url": "/a.pdf"}
                ]))
                .set("audio", json!([{"url": "/a.mp3", "media_type": "audio/mpeg", "duration_s": 60}, {"url": "/b.mp3"}]))
                .set("related", ["plain", "draft", "archived", "later"])
                .set("unpublish_at", "2030-01-01T00:00:00Z")
                .set("views", 983)
                .set("downloads", 12)
                .set("citations", 3)
                .set("translations", json!([
                    {"locale": "zh-Hant", "title": "完整", "body_html": ""},
                    {"locale": "en", "title": "Full", "body_html": "<p>English</p>", "slug": "full-en", "subtitle": "Sub en", "summary": "S",
                     "summary_label": "Key", "byline": "By", "contributors": [{"key": "zhang", "name": "Zhang Yaping", "affiliation": "An institute"}, {"key": "wei", "name": "Wei"}],
                     "keywords": ["one", "two"]}
                ]))
        })
        .article("plain", |a| a.set("published_precision", "minute").category("news/world"))
        .article("same-moment", |a| a.published_at("2026-01-10T08:00:00+08:00").category("news/world").set("published_precision", "date"))
        .article("draft", |a| a.status("draft").sources(&["s2"]))
        .article("archived", |a| a.status("archived"))
        .article("later", |a| a.published_at("2027-01-01T00:00:00Z"))
        .article("over", |a| a.set("unpublish_at", "2026-01-11T00:00:00Z"))
        .article("标题", |a| a.without("slug").title("没有名字的文章").body("").locale("zh-Hant"))
        .article("unnamed-2", |a| a.without("slug").title("没有名字的文章"))
}

on_both! {
    /// A portal with every member comes back from its export, in an empty database
    async fn a_rich_portal_comes_back(app) {
        app.import(&rich());
        assert_comes_back(app).await;
    }

    /// Several portals in one database come back together
    async fn several_portals_come_back(app) {
        app.import(&rich().and(Portal::new("another").source("s9").article("full", |a| a.sources(&["s9"]).set("related", ["b"])).article("b", |a| a)));
        app.import(&Portal::new("alone"));
        assert_comes_back(app).await;
    }

    /// The five real portals come back, each and all together
    async fn the_real_portals_come_back(app) {
        for name in ["stidc", "bulletin", "wikm", "shikuang", "cas"] {
            let Some(path) = shared(&format!("portals/{name}.ndjson")) else { return };
            let file = std::fs::read(path).unwrap();
            let report = app.try_import(&file).unwrap();
            assert_eq!(report.faults, [], "{name}");
            assert!(report.committed, "{name}");
            on_another(app, async |alone| {
                alone.try_import(&file).unwrap();
                assert_comes_back(alone).await;
            })
            .await;
        }
        assert_comes_back(app).await;
    }

    /// Articles of the same instant keep their order, also between sites that grew in turns
    async fn ties_keep_their_order(app) {
        let at = "2026-01-10T08:00:00+08:00";
        app.import(&Portal::new("one").article("a", |a| a.published_at(at)));
        app.import(&Portal::new("two").article("b", |a| a.published_at(at)));
        app.import(&Portal::new("one").article("c", |a| a.published_at(at)));
        app.import(&Portal::new("two").article("d", |a| a.published_at(at)).and(Portal::new("one").article("e", |a| a.published_at(at))).and(Portal::new("two").article("f", |a| a.published_at(at))));
        let order: Vec<Value> = items(app, "/api/v1/articles").await.iter().map(|a| a["slug"].clone()).collect();
        assert_eq!(order, ["f", "e", "d", "c", "b", "a"]);
        assert_comes_back(app).await;
    }

    /// Importing an export where it came from changes nothing
    async fn an_export_changes_nothing_at_home(app) {
        app.import(&rich());
        let before = (exported(app), answers(app).await);
        app.set_clock("2026-01-16T04:00:00Z");
        let report = app.try_import(&before.0).unwrap();
        assert_eq!((report.created, report.updated, report.fault_count), (0, 0, 0));
        assert_eq!(report.unchanged + 1, report.lines);
        app.set_clock(crate::support::app::NOW);
        assert_eq!((exported(app), answers(app).await), before);
    }

    /// One site goes out with the sources that its articles name and nothing of the others
    async fn one_site_goes_out_alone(app) {
        app.import(&Portal::new("one").source("s1").source("s2").source("unused").article("a", |a| a.sources(&["s2"])));
        app.import(&Portal::new("two").article("b", |a| a.sources(&["s1"])));
        let mut file = Vec::new();
        app.app.services().export.run(&mut file, Some("one")).unwrap();
        let file = String::from_utf8(file).unwrap();
        let kinds: Vec<Value> = file.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()).map(|r| json!([r["type"], r["slug"]])).collect();
        assert_eq!(kinds, [json!(["portal", null]), json!(["site", "one"]), json!(["source", "s2"]), json!(["category", null]), json!(["article", "a"])]);
        on_another(app, async |other| {
            assert_eq!(other.try_import(&file).unwrap().faults, []);
            assert_eq!(exported(other), file);
        })
        .await;
        let unknown = app.app.services().export.run(Vec::new(), Some("three"));
        assert!(matches!(unknown, Err(Error::NotFound { key, .. }) if key == "three"));
    }

    /// An empty database goes out as the first line
    async fn nothing_goes_out_as_the_first_line(app) {
        assert_eq!(exported(app), "{\"type\":\"portal\",\"version\":1}\n");
    }

    /// More articles than are read at once all go out, in order
    async fn many_articles_go_out(app) {
        let mut portal = Portal::new("demo");
        for n in 0..205 {
            portal = portal.article(&format!("a{n}"), |a| a);
        }
        app.import(&portal);
        let keys: Vec<String> = records(app, "article").iter().map(|r| r["key"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<String> = (0..205).map(|n| format!("a{n}")).collect();
        assert_eq!(keys, expected);
    }
}

/// A file moves from one kind of database to the other and back
#[actix_web::test]
async fn a_file_moves_between_the_databases() {
    run(Setup::new(Backend::Sqlite), async |sqlite| {
        sqlite.import(&rich());
        let file = exported(sqlite);
        let expected = without_ids(answers(sqlite).await);
        run(Setup::new(Backend::Postgres), async |postgres| {
            assert_eq!(postgres.try_import(&file).unwrap().faults, []);
            assert_eq!(exported(postgres), file);
            assert_eq!(without_ids(answers(postgres).await), expected);
        })
        .await;
    })
    .await;
}
