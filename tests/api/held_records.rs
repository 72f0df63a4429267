//! Sites, categories, topics, sources, menus, groups of links and files in which injected text was found: for readers they are not there, nor what
//! stands in them, until they are mended.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::counting::{first_file, visitor};
use crate::support::desk::Desk;
use crate::support::media::{path, pdf, png};
use crate::support::{Portal, TestApp, on_both};

/// The same words in ways that only a reader sees through: as they are, in the other script, with blanks, full-width, with invisible characters;
/// and others with a full-width letter.
const SPELLINGS: [&str; 6] = [
    "澳门赌场",
    "澳門賭場",
    "澳 门 赌 场",
    "澳\u{3000}門\u{3000}賭\u{3000}場",
    "澳\u{200B}门\u{2060}赌\u{00AD}场",
    "国产阿ｖ视频高清在线观看",
];

const SPAM: &str = SPELLINGS[0];

/// Everything that an article may come with.
const WHOLE: &str = "?include=breadcrumbs,neighbors,related,site_details";

/// A site with something of each kind, and another one that names the same sources.
fn portals() -> Portal {
    let demo = Portal::new("demo").site(|s| {
        s.set("name", "滨海所")
            .set("default_locale", "zh-Hans")
            .set("locales", ["zh-Hans"])
    });
    let named =
        |path: &str, name: &str| demo.record("category").set("path", path).set("name", name);
    let source = |slug: &str, name: &str| Record::new("source").set("slug", slug).set("name", name);
    let topic = |key: &str, title: &str| demo.record("topic").set("key", key).set("title", title);
    let records = [
        named("news", "要闻"),
        named("news/sea", "海域动态"),
        named("news/sea/deep", "深潜纪事"),
        named("about", "概况"),
        source("daily", "科学日报"),
        source("weekly", "浮标周报"),
        topic("tides", "潮汐观测"),
        topic("buoys", "浮标布放"),
    ];
    let portal = records.into_iter().fold(demo.clone(), Portal::with);
    portal
        .menu(
            "main",
            json!([
                {"label": "海域栏目", "category": "news/sea", "children": [
                    {"label": "深潜栏目", "category": "news/sea/deep"},
                    {"label": "潮位表", "url": "https://example.org/tides"},
                ]},
                {"label": "概况栏目", "category": "about"},
            ]),
        )
        .menu(
            "footer",
            json!([{"label": "联系我们", "url": "https://example.org/contact"}]),
        )
        .link_group(
            "friends",
            json!([{"label": "友邻单位", "url": "https://example.org/friends"}]),
        )
        .article("sea", |a| {
            a.category("news/sea")
                .title("灯塔点亮")
                .sources(&["daily"])
                .topics(&["tides"])
                .set("keywords", ["灯塔"])
                .set("related", ["about"])
                .set("views", 9)
                .set(
                    "attachments",
                    json!([{"name": "灯塔.pdf", "url": "https://example.org/a.pdf"}]),
                )
        })
        .article("deep", |a| {
            a.category("news/sea/deep")
                .title("灯塔之下")
                .topics(&["tides"])
                .set("views", 8)
        })
        .article("about", |a| {
            a.category("about")
                .title("我们的浮标")
                .sources(&["daily", "weekly"])
                .topics(&["tides", "buoys"])
                .set("related", ["sea"])
                .set("views", 7)
        })
        .article("about-2", |a| a.category("about").title("我们的仪器"))
        .and(
            Portal::new("other").article("elsewhere", |a| a.title("Elsewhere").sources(&["daily"])),
        )
}

/// What an answer says, which must be there.
async fn read(app: &TestApp, path: &str) -> Value {
    app.get(&format!("/api/v1{path}"))
        .await
        .assert_status(200)
        .json()
}

/// What everybody gets of lists, trees, feeds and searches.
async fn everything(app: &TestApp) -> String {
    let mut paths: Vec<String> = [
        "/sites",
        "/sources?limit=100&count=exact",
        "/articles?limit=100&count=exact",
        "/articles?limit=100&sort=title",
        "/articles/changes?limit=100",
        "/rankings/views?limit=100&period=all",
        "/rankings/downloads?limit=100&period=all",
        "/search?q=我们&facets=category,source,year&count=exact",
        "/search?q=灯塔&facets=category,source,year&count=exact",
        "/search/suggestions?q=灯塔&limit=20",
        "/search/suggestions?q=海域&limit=20",
        "/search/suggestions?q=haiyu&limit=20",
        "/search/suggestions?q=科学&limit=20",
    ]
    .map(str::to_owned)
    .into();
    for site in read(app, "/sites").await["items"].as_array().unwrap() {
        let slug = site["slug"].as_str().unwrap();
        for below in [
            "",
            "/categories",
            "/menus",
            "/link-groups",
            "/topics?count=exact",
        ] {
            paths.push(format!("/sites/{slug}{below}"));
        }
    }
    for article in read(app, "/articles?limit=100").await["items"]
        .as_array()
        .unwrap()
    {
        paths.push(format!("/articles/{}{WHOLE}", article["id"]));
    }
    let mut all = String::new();
    for path in paths {
        all.push_str(&read(app, &path).await.to_string());
        all.push('\n');
    }
    all
}

/// Fails where anybody gets one of these texts, in whatever spelling.
async fn nobody_reads(app: &TestApp, texts: &[&str]) {
    let all = everything(app).await;
    for text in SPELLINGS.iter().chain(texts) {
        assert!(!all.contains(text), "{text}: {all}");
    }
}

/// Fails unless there is nothing here for readers.
async fn nothing_at(app: &TestApp, paths: &[String]) {
    for path in paths {
        let answer = app.get(&format!("/api/v1{path}")).await;
        answer.assert_problem(404, "not_found");
        let text = answer.text();
        assert!(!text.contains("灯塔") && !text.contains('赌'), "{answer}");
    }
}

/// The number behind a pointer of what is read.
async fn number(app: &TestApp, path: &str, pointer: &str) -> i64 {
    let body = read(app, path).await;
    body.pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_else(|| panic!("{path}: no {pointer} in {body}"))
}

/// Texts of a member of the items of a list.
fn each(list: &Value, member: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item[member].as_str().unwrap().to_owned())
        .collect()
}

/// The findings in a record.
async fn findings(desk: &Desk<'_>, kind: &str, id: &Value) -> Vec<Value> {
    desk.walk(&format!("/findings?kind={kind}&record_id={id}&limit=100"))
        .await
        .0
}

/// What a PATCH makes of a record, which is held back by then or not.
async fn patched(desk: &Desk<'_>, path: &str, body: Value, is_held: bool) -> Value {
    let answer = desk.patch(path, &body).await;
    let (after, _) = desk.found(&answer);
    assert_eq!(after["is_held"], json!(is_held), "{answer}");
    assert_eq!(desk.found(&desk.get(path).await).0, after);
    after
}

/// The id of what a list shows with this text in a member.
async fn id_in(app: &TestApp, list: &str, member: &str, text: &str) -> i64 {
    let list = read(app, list).await;
    let items = list["items"].as_array().unwrap().iter();
    let found = items.clone().find(|item| item[member] == text);
    found.unwrap_or_else(|| panic!("no {text} in {list}"))["id"]
        .as_i64()
        .unwrap()
}

async fn category(app: &TestApp, path: &str) -> i64 {
    number(app, &format!("/sites/demo/categories/{path}"), "/id").await
}

async fn topic(app: &TestApp, title: &str) -> i64 {
    id_in(app, "/sites/demo/topics?limit=100", "title", title).await
}

async fn source(app: &TestApp, slug: &str) -> i64 {
    id_in(app, "/sources?limit=100", "slug", slug).await
}

/// The ids of a site's menus and groups of links are for those who work there.
async fn managed(desk: &Desk<'_>, list: &str, key: &str) -> String {
    let (items, _) = desk.walk(&format!("/{list}?site=demo&limit=100")).await;
    let found = items.iter().find(|item| item["key"] == key).unwrap();
    format!("/{list}/{}", found["id"])
}

/// Both validators of an answer.
fn validators(answer: &Answer) -> (String, String) {
    let header = |name: &str| answer.header(name).unwrap().to_owned();
    (header("etag"), header("last-modified"))
}

on_both! {
    /// What is made with injected text in it is held back, in whatever member and spelling, and let go once it is mended
    async fn each_kind_is_held_back_until_it_is_mended(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        for (n, spelling) in SPELLINGS.iter().enumerate() {
            let text = format!("浮标{spelling}");
            let kinds = [
                ("category", "/categories", json!({"site": "demo", "path": format!("c{n}"), "name": text}), "/name", json!({"name": "浮标"})),
                ("topic", "/topics", json!({"site": "demo", "key": format!("t{n}"), "title": text}), "/title", json!({"title": "浮标"})),
                ("source", "/sources", json!({"slug": format!("s{n}"), "name": text}), "/name", json!({"name": "浮标"})),
                ("menu", "/menus", json!({"site": "demo", "key": format!("m{n}"), "items": [{"label": "甲", "children": [{"label": text}]}]}), "/items/0/children/0/label", json!({"items": []})),
                ("link_group", "/link-groups", json!({"site": "demo", "key": format!("l{n}"), "title": "甲", "links": [{"label": text, "url": "https://example.org/"}]}), "/links/0/label", json!({"links": []})),
                ("link_group", "/link-groups", json!({"site": "demo", "key": format!("k{n}"), "title": text, "links": []}), "/title", json!({"title": "甲"})),
                ("site", "/sites", json!({"slug": format!("w{n}"), "name": text, "default_locale": "en", "utc_offset": "+00:00"}), "/name", json!({"name": "浮标"})),
                ("site", "/sites", json!({"slug": format!("v{n}"), "name": "甲", "blocks": [{"kind": "quote", "text": "乙", "attribution": text}], "default_locale": "en", "utc_offset": "+00:00"}), "/blocks/0/attribution", json!({"blocks": []})),
            ];
            for (kind, path, body, field, mend) in kinds {
                let answer = desk.post(path, &body).await;
                let made = answer.assert_status(201).json();
                assert_eq!(made["is_held"], true, "{answer}");
                let found = findings(&desk, kind, &made["id"]).await;
                assert!(found.iter().any(|f| f["field"] == field && f["severity"] == "block" && f["state"] == "open"), "{field}: {found:?}");
                nobody_reads(app, &[]).await;
                let address = format!("{path}/{}", made["id"]);
                assert_eq!(desk.found(&desk.get(&address).await).0, made);
                let mended = patched(&desk, &address, mend, false).await;
                assert!(mended["version"].as_i64() > made["version"].as_i64());
                assert_eq!(findings(&desk, kind, &made["id"]).await, Vec::<Value>::new());
            }
        }
    }

    /// A topic that is held back is in no list, on no article, behind no filter, and found by nobody
    async fn a_held_topic_is_not_there(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let id = topic(app, "潮汐观测").await;
        let article = format!("/articles/{}", app.article_id("about").await);
        let address = format!("/topics/{id}");
        let before = app.get(&format!("/api/v1{article}")).await;
        let list = app.get("/api/v1/sites/demo/topics").await;
        assert_eq!(read(app, "/search?q=潮汐观测").await["items"].as_array().unwrap().len(), 3);
        app.set_clock("2026-01-15T04:01:00Z");
        patched(&desk, &address, json!({"title": format!("潮汐观测{SPAM}")}), true).await;

        let held = app.get(&format!("/api/v1{article}")).await;
        assert_eq!(each(&json!({"items": held.json()["topics"]}), "title"), ["浮标布放"]);
        for (old, path) in [(&before, article.as_str()), (&list, "/sites/demo/topics")] {
            let (tag, modified) = validators(old);
            let new = app.get(&format!("/api/v1{path}")).await;
            assert_ne!(validators(&new).0, tag, "{path}");
            assert_ne!(validators(&new).1, modified, "{path}");
            for (name, value) in [("if-none-match", &tag), ("if-modified-since", &modified)] {
                app.request("GET", &format!("/api/v1{path}")).header(name, value).send().await.assert_status(200);
            }
        }
        nothing_at(app, std::slice::from_ref(&address)).await;
        let topics = read(app, "/sites/demo/topics?count=exact").await;
        assert_eq!((each(&topics, "title"), &topics["total"]), (vec!["浮标布放".to_owned()], &json!(1)));
        for query in ["", "&site=demo", "&sort=title", "&ids=1,2,3,4"] {
            let none = read(app, &format!("/articles?topic={id}&count=exact{query}")).await;
            assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)), "{query}");
        }
        assert_eq!(read(app, &format!("/search?q=灯塔&topic={id}")).await["items"], json!([]));
        assert_eq!(read(app, "/search?q=潮汐观测").await["items"], json!([]));
        assert_eq!(read(app, "/articles?limit=100").await["items"].as_array().unwrap().len(), 5);
        nobody_reads(app, &["潮汐观测"]).await;

        app.set_clock("2026-01-15T04:02:00Z");
        patched(&desk, &address, json!({"title": "潮汐观测"}), false).await;
        assert_eq!(read(app, &article).await["topics"], before.json()["topics"]);
        assert_eq!(read(app, "/sites/demo/topics").await, list.json());
        assert_eq!(read(app, "/search?q=潮汐观测").await["items"].as_array().unwrap().len(), 3);
        assert_eq!(number(app, &format!("/articles?topic={id}&count=exact"), "/total").await, 3);
        read(app, &address).await;
    }

    /// A source that is held back is in no list and on no article of any site, behind no filter, and neither found nor suggested nor counted
    async fn a_held_source_is_not_there(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let id = source(app, "daily").await;
        let articles = [app.article_id("about").await, app.article_id("sea").await, app.article_id("elsewhere").await];
        let facets = "/search?q=浮标&facets=source";
        let names = |answer: &Value| answer["facets"]["source"].as_array().unwrap().iter().map(|s| s["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let suggested = "/search/suggestions?q=科学日";
        assert_eq!(names(&read(app, facets).await), ["daily", "weekly"]);
        assert_eq!(each(&read(app, suggested).await, "text"), ["科学日报"]);
        let (before, feed) = (read(app, &format!("/articles/{}", articles[0])).await, read(app, "/articles/changes?limit=100").await);
        let address = format!("/sources/{id}");
        patched(&desk, &address, json!({"name": format!("科学日报{SPAM}")}), true).await;

        nothing_at(app, std::slice::from_ref(&address)).await;
        let sources = read(app, "/sources?count=exact").await;
        assert_eq!((each(&sources, "slug"), &sources["total"]), (vec!["weekly".to_owned()], &json!(1)));
        for (article, left) in articles.iter().zip([&["weekly"][..], &[], &[]]) {
            let sources = json!({"items": read(app, &format!("/articles/{article}")).await["sources"]});
            assert_eq!(each(&sources, "slug"), left);
        }
        for query in ["", "&site=demo", "&site=other", "&keyword=灯塔"] {
            let none = read(app, &format!("/articles?source={id}&count=exact{query}")).await;
            assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)), "{query}");
        }
        assert_eq!(read(app, &format!("/search?q=浮标&source={id}")).await["items"], json!([]));
        assert_eq!(names(&read(app, facets).await), ["weekly"]);
        assert_eq!(read(app, suggested).await["items"], json!([]));
        assert_eq!(read(app, "/search?q=科学日报").await["items"], json!([]));
        let cursor = feed["next_cursor"].as_str().unwrap();
        let changed = read(app, &format!("/articles/changes?limit=100&since={cursor}")).await;
        assert_eq!(changed["items"].as_array().unwrap().len(), 3, "{changed}");
        nobody_reads(app, &["科学日报"]).await;

        patched(&desk, &address, json!({"name": "科学日报"}), false).await;
        assert_eq!(read(app, &format!("/articles/{}", articles[0])).await["sources"], before["sources"]);
        assert_eq!(names(&read(app, facets).await), ["daily", "weekly"]);
        assert_eq!(each(&read(app, suggested).await, "text"), ["科学日报"]);
        assert_eq!(number(app, &format!("/articles?source={id}&count=exact"), "/total").await, 3);
    }

    /// A category that is held back takes with it what is below it, what is in it and what leads to it; everything is back once it is mended
    async fn a_held_category_takes_its_place_along(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (sea, deep) = (category(app, "news/sea").await, category(app, "news/sea/deep").await);
        let (in_sea, in_deep) = (app.article_id("sea").await, app.article_id("deep").await);
        let file = first_file(&read(app, &format!("/articles/{in_sea}")).await);
        desk.found(&desk.patch(&format!("/categories/{deep}"), &json!({"slug": "abyss"})).await);
        let shown = ["/sites/demo/categories", "/sites/demo/menus", "/search?q=灯塔&facets=category", "/search/suggestions?q=海域", "/rankings/views?period=all"];
        let mut before = Vec::new();
        for path in shown {
            before.push(read(app, path).await);
        }
        let feed = read(app, "/articles/changes?limit=100").await["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(number(app, "/sites/demo/categories/news", "/total_count").await, 2);
        patched(&desk, &format!("/categories/{sea}"), json!({"name": format!("海域动态{SPAM}")}), true).await;

        nothing_at(app, &[
            format!("/categories/{sea}"), format!("/categories/{deep}"), "/sites/demo/categories/news/sea".to_owned(),
            "/sites/demo/categories/news/sea/abyss".to_owned(), "/sites/demo/categories/news/sea/deep".to_owned(),
            format!("/articles/{in_sea}"), format!("/articles/{in_deep}"), "/sites/demo/articles/sea".to_owned(), "/sites/demo/articles/deep".to_owned(),
            format!("/articles/{in_sea}/views"), format!("/articles/{in_sea}/views/history"),
        ]).await;
        let news = read(app, "/sites/demo/categories/news").await;
        assert_eq!((&news["children"], &news["total_count"]), (&json!([]), &json!(0)));
        for query in [format!("category={sea}"), format!("category={deep}"), format!("category={sea}&site=demo&subtree=true"), "site=demo&category_path=news/sea".to_owned(), "site=demo&category_path=news/sea/deep".to_owned()] {
            let none = read(app, &format!("/articles?count=exact&{query}")).await;
            assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)), "{query}");
            assert_eq!(read(app, &format!("/search?q=灯塔&{query}")).await["items"], json!([]), "{query}");
            if !query.contains("category_path") {
                assert_eq!(read(app, &format!("/rankings/views?period=all&category={sea}")).await["items"], json!([]));
            }
        }
        assert_eq!(each(&json!({"items": read(app, "/sites/demo/menus/main").await["items"]}), "label"), ["概况栏目"]);
        for (subject, body) in [(format!("/articles/{in_sea}/views"), json!({})), (format!("/attachments/{file}/downloads"), json!({}))] {
            let counted = app.counted(&format!("/api/v1{subject}"), visitor("v")).json(&body).send().await;
            counted.assert_problem(404, "not_found");
        }
        let withdrawn = read(app, &format!("/articles/changes?since={feed}")).await;
        let gone = withdrawn["items"].as_array().unwrap().iter().filter(|item| item["article"].is_null()).count();
        assert_eq!(gone, 2, "{withdrawn}");
        nobody_reads(app, &["海域", "深潜", "灯塔"]).await;
        let article = desk.get(&format!("/articles/{in_deep}")).await.json();
        assert_eq!((&article["status"], &article["held_status"]), (&json!("quarantined"), &json!("published")));

        patched(&desk, &format!("/categories/{sea}"), json!({"name": "海域动态"}), false).await;
        for (path, before) in shown.iter().zip(before) {
            let after = read(app, path).await;
            match path.contains("search?") || path.contains("rankings") {
                true => assert_eq!(after["items"].as_array().unwrap().len(), before["items"].as_array().unwrap().len(), "{path}"),
                false => assert_eq!(after, before, "{path}"),
            }
        }
        assert_eq!(desk.get(&format!("/articles/{in_deep}")).await.json()["status"], "published");
        read(app, &format!("/articles/{in_sea}{WHOLE}")).await;
        assert_eq!(number(app, "/sites/demo/categories/news", "/total_count").await, 2);
    }

    /// What is moved below a category that is held back goes with it, and comes back when it is moved out, or the category goes
    async fn moved_categories_go_with_their_place(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let (news, sea, deep, about) = (category(app, "news").await, category(app, "news/sea").await, category(app, "news/sea/deep").await, category(app, "about").await);
        let (in_deep, in_sea) = (format!("/articles/{}", app.article_id("deep").await), format!("/articles/{}", app.article_id("sea").await));
        patched(&desk, &format!("/categories/{about}"), json!({"name": SPAM}), true).await;
        read(app, &in_deep).await;
        patched(&desk, &format!("/categories/{deep}"), json!({"parent_id": about}), false).await;
        nothing_at(app, &[in_deep.clone(), format!("/categories/{deep}"), "/sites/demo/categories/news/sea/deep".to_owned()]).await;
        // New ones there are no better.
        let new = desk.made("/categories", &json!({"site": "demo", "parent_id": deep, "slug": "new", "name": "新"})).await.1;
        let body = json!({"site": "demo", "category": new["path"], "title": "灯塔四周", "status": "published"});
        let article = desk.post("/articles", &body).await.assert_status(201).json();
        assert_eq!(article["status"], "quarantined");
        nothing_at(app, &[format!("/categories/{}", new["id"]), format!("/articles/{}", article["id"])]).await;
        patched(&desk, &format!("/categories/{deep}"), json!({"parent_id": news}), false).await;
        assert_eq!(read(app, &in_deep).await["category"]["path"], "news/deep");
        read(app, &format!("/articles/{}", article["id"])).await;

        patched(&desk, &format!("/categories/{sea}"), json!({"name": format!("海域动态{SPAM}")}), true).await;
        nothing_at(app, std::slice::from_ref(&in_sea)).await;
        desk.request("DELETE", &format!("/categories/{sea}?reassign_to={deep}")).header("if-match", "*").send().await.assert_status(204);
        assert_eq!(read(app, &in_sea).await["category"]["path"], "news/deep");
        assert_eq!(findings(&desk, "category", &json!(sea)).await, Vec::<Value>::new());
        desk.request("DELETE", &format!("/categories/{deep}?reassign_to={about}")).header("if-match", "*").send().await.assert_status(204);
        nothing_at(app, &[in_sea, in_deep]).await;
    }

    /// A site that is held back is like one that there is not, with everything in it
    async fn a_held_site_is_not_there(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let (sites, _) = desk.walk("/sites?limit=100").await;
        let id = sites.iter().find(|site| site["slug"] == "demo").unwrap()["id"].clone();
        let media = desk.uploaded("图.png", png(20, 20)).await;
        let cited = format!("/articles/{}", app.article_id("sea").await);
        let (sea, tides, daily) = (category(app, "news/sea").await, topic(app, "潮汐观测").await, source(app, "daily").await);
        let file = first_file(&read(app, &cited).await);
        let parts = ["/sites/demo", "/sites/demo/categories", "/sites/demo/menus", "/sites/demo/topics", "/sites/demo/link-groups", "/search/suggestions?q=海域"];
        let mut before = Vec::new();
        for path in parts {
            before.push(read(app, path).await);
        }
        let sites = app.get("/api/v1/sites").await;
        app.set_clock("2026-01-15T04:01:00Z");
        patched(&desk, &format!("/sites/{id}"), json!({"owner": format!("{SPAM}研究所")}), true).await;

        nothing_at(app, &[
            "/sites/demo".to_owned(), "/sites/demo/categories".to_owned(), "/sites/demo/categories/news".to_owned(), "/sites/demo/menus".to_owned(),
            "/sites/demo/menus/main".to_owned(), "/sites/demo/link-groups".to_owned(), "/sites/demo/topics".to_owned(), "/sites/demo/articles/sea".to_owned(),
            "/sites/demo/visits".to_owned(), format!("/categories/{sea}"), format!("/topics/{tides}"), cited.clone(), format!("{cited}/views"),
        ]).await;
        app.get(&path(&media["url"])).await.assert_problem(404, "not_found");
        for path in ["/sites/demo/visits".to_owned(), format!("{cited}/views"), format!("/attachments/{file}/downloads")] {
            app.counted(&format!("/api/v1{path}"), visitor("v")).json(&json!({})).send().await.assert_problem(404, "not_found");
        }
        // As of a site that there never was.
        for path in [
            "/articles?count=exact", "/articles/changes?since=2026-01-01T00:00:00Z", "/search?q=灯塔&count=exact&facets=category,source,year",
            "/search/suggestions?q=灯塔", "/rankings/views?period=all",
        ] {
            let sign = if path.contains('?') { '&' } else { '?' };
            let mut held = read(app, &format!("{path}{sign}site=demo")).await;
            let mut never = read(app, &format!("{path}{sign}site=never")).await;
            for answer in [&mut held, &mut never] {
                answer["next_cursor"] = Value::Null;
                answer["site"] = Value::Null;
            }
            assert_eq!(held, never, "{path}");
        }
        let problem = |answer: Answer| {
            let mut problem = answer.assert_problem(404, "not_found");
            for member in ["trace_id", "instance", "detail"] {
                problem[member] = Value::Null;
            }
            problem
        };
        assert_eq!(problem(app.get("/api/v1/sites/demo/topics").await), problem(app.get("/api/v1/sites/never/topics").await));
        for query in [format!("topic={tides}"), format!("category={sea}"), "keyword=灯塔".to_owned()] {
            let none = read(app, &format!("/articles?count=exact&{query}")).await;
            assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)), "{query}");
        }
        assert_eq!(number(app, &format!("/articles?source={daily}&count=exact"), "/total").await, 1);
        nobody_reads(app, &["滨海", "海域", "深潜", "灯塔", "潮汐", "栏目", "友邻", "浮标布放", "概况"]).await;
        let held = app.get("/api/v1/sites").await;
        assert_ne!(validators(&held).0, validators(&sites).0);
        assert_ne!(validators(&held).1, validators(&sites).1);
        assert_eq!(each(&held.json(), "slug"), ["other"]);
        // Who works there sees all of it.
        assert_eq!(desk.walk("/sites?limit=100").await.0.len(), 2);
        assert_eq!(desk.walk("/articles?site=demo&limit=100").await.0.len(), 4);

        patched(&desk, &format!("/sites/{id}"), json!({"owner": null}), false).await;
        app.get(&path(&media["url"])).await.assert_status(200);
        assert_eq!(read(app, "/sites").await, sites.json());
        for (path, before) in parts.iter().zip(before) {
            assert_eq!(read(app, path).await, before, "{path}");
        }
        read(app, &format!("{cited}{WHOLE}")).await;
        app.counted("/api/v1/sites/demo/visits", visitor("v")).json(&json!({})).send().await.assert_status(200);
    }

    /// Where a site or category is held back and its articles are not yet quarantined, readers get none of them either
    async fn articles_are_gone_before_each_is_quarantined(app) {
        app.import(&portals());
        let (in_sea, in_deep) = (app.article_id("sea").await, app.article_id("deep").await);
        let (sea, file) = (category(app, "news/sea").await, first_file(&read(app, &format!("/articles/{in_sea}")).await));
        for (held, mended) in [
            (format!("UPDATE categories SET name = '{SPAM}', is_held = TRUE WHERE path = 'news/sea'"), "UPDATE categories SET name = '海域动态', is_held = FALSE WHERE path = 'news/sea'"),
            (format!("UPDATE sites SET owner = '{SPAM}', is_held = TRUE WHERE slug = 'demo'"), "UPDATE sites SET owner = NULL, is_held = FALSE WHERE slug = 'demo'"),
        ] {
            app.database().execute(&held);
            nothing_at(app, &[
                format!("/articles/{in_sea}"), format!("/articles/{in_deep}"), "/sites/demo/articles/sea".to_owned(), "/sites/demo/articles/deep".to_owned(),
                format!("/articles/{in_sea}/views"), format!("/articles/{in_sea}/views/history"), format!("/categories/{sea}"),
            ]).await;
            for path in [format!("/articles/{in_sea}/views"), format!("/attachments/{file}/downloads")] {
                app.counted(&format!("/api/v1{path}"), visitor("v")).json(&json!({})).send().await.assert_problem(404, "not_found");
            }
            for query in [format!("ids={in_sea},{in_deep}"), "keyword=灯塔".to_owned(), "sort=title&limit=100".to_owned(), "sort=updated_at&limit=100".to_owned(), format!("category={sea}&subtree=true")] {
                let list = read(app, &format!("/articles?{query}")).await.to_string();
                assert!(!list.contains("灯塔"), "{query}: {list}");
            }
            nobody_reads(app, &["海域动态", "深潜", "灯塔"]).await;
            app.database().execute(mended);
        }
    }

    /// A menu, or a group of links, that is held back is left out
    async fn held_menus_and_link_groups_are_not_there(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let (main, friends) = (managed(&desk, "menus", "main").await, managed(&desk, "link-groups", "friends").await);
        let tags = [app.get("/api/v1/sites/demo/menus").await, app.get("/api/v1/sites/demo/link-groups").await];
        let items = desk.get(&main).await.json()["items"].clone();
        app.set_clock("2026-01-15T04:01:00Z");
        patched(&desk, &main, json!({"items": [{"label": "海域栏目", "url": format!("https://example.org/{SPAM}")}]}), true).await;
        patched(&desk, &friends, json!({"links": [{"label": "友邻单位", "url": "https://example.org/%E6%BE%B3%E9%97%A8%E8%B5%8C%E5%9C%BA"}]}), true).await;
        nothing_at(app, &["/sites/demo/menus/main".to_owned()]).await;
        let menus = read(app, "/sites/demo/menus").await;
        assert_eq!((each(&menus, "key"), &menus["total"]), (vec!["footer".to_owned()], &json!(1)));
        let groups = read(app, "/sites/demo/link-groups").await;
        assert_eq!((&groups["items"], &groups["total"]), (&json!([]), &json!(0)));
        for before in tags {
            let after = app.request("GET", before.path.as_str()).header("if-none-match", &validators(&before).0).send().await;
            assert_ne!(validators(after.assert_status(200)), validators(&before));
        }
        nobody_reads(app, &["海域栏目", "友邻单位"]).await;
        patched(&desk, &main, json!({"items": items}), false).await;
        patched(&desk, &friends, json!({"links": []}), false).await;
        assert_eq!(each(&read(app, "/sites/demo/menus").await, "key"), ["main", "footer"]);
        assert_eq!(each(&read(app, "/sites/demo/link-groups").await, "title"), ["Links friends"]);
    }

    /// A file that is held back is not served, and articles that use it say nothing of it but its address
    async fn a_held_file_is_not_served(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (picture, document) = (desk.uploaded("图.png", png(400, 300)).await, desk.uploaded("表.pdf", pdf("潮位")).await);
        desk.found(&desk.patch(&format!("/media/{}", picture["id"]), &json!({"alt": "灯塔的照片"})).await);
        let body = json!({
            "site": "demo", "category": "about", "title": "浮标", "status": "published", "cover": picture["url"],
            "attachments": [{"name": "潮位表.pdf", "url": document["url"]}],
        });
        let id = desk.post("/articles", &body).await.assert_status(201).json()["id"].clone();
        let article = format!("/articles/{id}");
        let before = app.get(&format!("/api/v1{article}")).await;
        assert!(before.text().contains("灯塔的照片"));
        for (media, change, mend) in [
            (&picture, json!({"alt": format!("灯塔的照片{SPAM}")}), json!({"alt": "灯塔的照片"})),
            (&document, json!({"name": format!("表{SPAM}.pdf")}), json!({"name": "表.pdf"})),
        ] {
            let address = format!("/media/{}", media["id"]);
            patched(&desk, &address, change, true).await;
            app.get(&path(&media["url"])).await.assert_problem(404, "not_found");
            for variant in media["variants"].as_array().unwrap() {
                app.get(&path(&variant["url"])).await.assert_problem(404, "not_found");
            }
            let held = app.get(&format!("/api/v1{article}")).await;
            assert_ne!(validators(&held).0, validators(&before).0);
            assert_eq!(held.assert_status(200).json()["attachments"][0]["name"], "潮位表.pdf");
            nobody_reads(app, &[]).await;
            patched(&desk, &address, mend, false).await;
            app.get(&path(&media["url"])).await.assert_status(200);
        }
        assert!(read(app, &article).await.to_string().contains("灯塔的照片"));
    }

    /// What readers are to get in the place of other words is refused where it would hold a record back
    async fn script_phrases_with_injected_text_are_refused(app) {
        app.import(&portals());
        let desk = app.desk("editor");
        let (address, _) = desk.made("/script-phrases", &json!({"site": "demo", "hans": "浮标", "hant": "浮標"})).await;
        for (body, pointer) in [
            (json!({"site": "demo", "hans": "灯塔", "hant": "澳門賭場"}), "/hant"),
            (json!({"site": "demo", "hans": "澳 门 赌 场", "hant": "燈塔"}), "/hans"),
            (json!({"site": "demo", "hans": "灯塔", "hant": "燈塔", "note": SPAM}), "/note"),
        ] {
            for answer in [desk.post("/script-phrases", &body).await, desk.patch(&address, &json!({(&pointer[1..]): body[&pointer[1..]]})).await] {
                let problem = answer.assert_problem(422, "invalid_body");
                assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!("blocked")), "{answer}");
                assert!(!answer.text().contains('赌') && !answer.text().contains('賭'), "{answer}");
            }
        }
        assert_eq!(desk.walk("/script-phrases?site=demo&limit=100").await.0.len(), 1);
        let phrase = portals().record("script_phrase").set("hans", "灯塔").set("hant", "澳門賭場");
        let report = app.try_import(portals().with(phrase).lines()).unwrap();
        assert_eq!((report.committed, report.faults.len(), report.faults[0].member.as_str()), (false, 1, "hant"));
        assert!(!report.faults[0].reason.contains('賭'));
    }

    /// A portal file is taken in whatever it brings; what holds injected text waits out of sight, with all that is in it
    async fn imports_hold_records_back(app) {
        let spoilt = |portal: Portal| {
            let record = |kind: &str| portal.record(kind);
            let lines = [
                record("category").set("path", "bad").set("name", SPAM),
                record("category").set("path", "bad/below").set("name", "下属"),
                record("topic").set("key", "bad").set("title", SPELLINGS[1]),
                record("menu").set("key", "bad").set("items", json!([{"label": SPELLINGS[2]}])),
                record("link_group").set("key", "bad").set("title", SPELLINGS[3]).set("links", json!([])),
                Record::new("source").set("slug", "bad").set("name", SPELLINGS[4]),
            ];
            lines.into_iter().fold(portal.clone(), Portal::with)
                .article("in-bad", |a| a.category("bad/below").title("灯塔以北"))
                .article("names-bad", |a| a.category("about").title("仪器").sources(&["bad"]).topics(&["bad"]))
        };
        let portal = spoilt(portals());
        let report = app.import(&portal);
        // Five records, and what stands in one of them.
        assert_eq!((report.committed, report.held), (true, 6), "{report:?}");
        nobody_reads(app, &["下属", "灯塔以北"]).await;
        let desk = app.desk("admin");
        let article = read(app, &format!("/articles/{}", app.article_id("names-bad").await)).await;
        assert_eq!((&article["sources"], &article["topics"]), (&json!([]), &json!([])));
        for kind in ["category", "topic", "menu", "link_group", "source"] {
            assert!(!desk.walk(&format!("/findings?kind={kind}&limit=100")).await.0.is_empty(), "{kind}");
        }
        // The same file once more changes nothing.
        let again = app.import(&portal);
        assert_eq!((again.created, again.updated), (0, 0), "{again:?}");
        let held = app.import(&Portal::new("hacked").site(|s| s.set("name", format!("{SPAM}研究院"))).article("taken", |a| a.title("Lighthouse")));
        assert!(held.committed && held.held >= 2, "{held:?}");
        nothing_at(app, &["/sites/hacked".to_owned(), "/sites/hacked/articles/taken".to_owned()]).await;
        nobody_reads(app, &["Lighthouse", "hacked"]).await;
        // A file that mends them lets them go; articles follow as soon as somebody looks at them.
        let mended = [
            portal.record("category").set("path", "bad").set("name", "好"),
            portal.record("topic").set("key", "bad").set("title", "好专题"),
            portal.record("menu").set("key", "bad").set("items", json!([])),
            portal.record("link_group").set("key", "bad").set("title", "好链接"),
            Record::new("source").set("slug", "bad").set("name", "好来源"),
        ];
        let report = app.import(&mended.into_iter().fold(Portal::new("demo").site(|s| s.without("name")), Portal::with));
        assert_eq!((report.held, report.fault_count), (0, 0), "{report:?}");
        let article = read(app, &format!("/articles/{}", app.article_id("names-bad").await)).await;
        assert_eq!((&article["sources"][0]["name"], &article["topics"][0]["title"]), (&json!("好来源"), &json!("好专题")));
        assert_eq!(read(app, "/sites/demo/categories/bad").await["children"][0]["name"], "下属");
        assert_eq!(read(app, "/search?q=好专题").await["items"].as_array().unwrap().len(), 1);
        assert!(each(&read(app, "/sites/demo/menus").await, "key").contains(&"bad".to_owned()));
    }

    /// Whatever changes what a site may call itself, the site and its articles are looked at anew
    async fn a_site_is_looked_at_anew_with_its_identity(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let (sites, _) = desk.walk("/sites?limit=100").await;
        let id = sites.iter().find(|site| site["slug"] == "demo").unwrap()["id"].clone();
        let address = format!("/sites/{id}");
        let body = json!({"site": "demo", "category": "about", "title": "滨海所开放日", "body_html": "<p>滨海所今天开放。</p>", "status": "published"});
        let article = desk.post("/articles", &body).await.assert_status(201).json()["id"].clone();
        assert_eq!(findings(&desk, "site", &id).await, Vec::<Value>::new());
        // Names that its name is none of, and back.
        patched(&desk, &address, json!({"identity": {"names": ["星河研究院"]}}), false).await;
        let found = findings(&desk, "site", &id).await;
        assert!(found.iter().any(|f| f["rule"] == "foreign-name" && f["field"] == "/name"), "{found:?}");
        let found = findings(&desk, "article", &article).await;
        assert!(found.iter().any(|f| f["rule"] == "name-in-text"), "{found:?}");
        patched(&desk, &address, json!({"identity": {"names": ["滨海所"]}}), false).await;
        assert_eq!(findings(&desk, "site", &id).await, Vec::<Value>::new());
        assert_eq!(findings(&desk, "article", &article).await, Vec::<Value>::new());
    }

    /// With a record its findings go; of merged sources those of the one that stays stand
    async fn findings_go_with_their_record(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let things = [
            ("category", "/categories", json!({"site": "demo", "path": "x", "name": SPAM})),
            ("topic", "/topics", json!({"site": "demo", "key": "x", "title": SPAM})),
            ("source", "/sources", json!({"slug": "x", "name": SPAM})),
            ("menu", "/menus", json!({"site": "demo", "key": "x", "items": [{"label": SPAM}]})),
            ("link_group", "/link-groups", json!({"site": "demo", "key": "x", "title": SPAM})),
            ("site", "/sites", json!({"slug": "x", "name": SPAM, "default_locale": "en", "utc_offset": "+00:00"})),
        ];
        for (kind, path, body) in things {
            let id = desk.post(path, &body).await.assert_status(201).json()["id"].clone();
            assert!(!findings(&desk, kind, &id).await.is_empty(), "{kind}");
            desk.delete(&format!("{path}/{id}")).await.assert_status(204);
            assert_eq!(findings(&desk, kind, &id).await, Vec::<Value>::new(), "{kind}");
        }
        let media = desk.uploaded("图.png", png(20, 20)).await;
        let address = format!("/media/{}", media["id"]);
        patched(&desk, &address, json!({"alt": SPAM}), true).await;
        desk.delete(&address).await.assert_status(204);
        assert_eq!(desk.walk("/findings?kind=media&limit=100").await.0, Vec::<Value>::new());

        let bad = desk.post("/sources", &json!({"slug": "y", "name": SPAM})).await.json()["id"].clone();
        let merge = desk.request("POST", &format!("/sources/{bad}/merge")).header("if-match", "*").json(&json!({"into": source(app, "daily").await}));
        assert_eq!(merge.send().await.assert_status(200).json()["is_held"], false);
        assert_eq!(findings(&desk, "source", &bad).await, Vec::<Value>::new());
        assert_eq!(app.database().rows("findings"), 0);
    }

    /// Dismissed findings hold nothing back, and hold again once they are open
    async fn dismissed_findings_let_records_go(app) {
        app.import(&portals());
        let desk = app.desk("admin");
        let id = topic(app, "潮汐观测").await;
        let address = format!("/topics/{id}");
        let held = patched(&desk, &address, json!({"title": SPAM}), true).await;
        let ids: Vec<Value> = findings(&desk, "topic", &json!(id)).await.iter().map(|f| f["id"].clone()).collect();
        for is_dismissed in [true, false] {
            desk.post("/findings/dismiss", &json!({"ids": ids, "is_dismissed": is_dismissed, "comment": "书名"})).await.assert_status(200);
            let (topic, _) = desk.found(&desk.get(&address).await);
            assert_eq!(topic["is_held"], json!(!is_dismissed));
            assert!(topic["version"].as_i64() > held["version"].as_i64());
            app.get(&format!("/api/v1{address}")).await.assert_status(if is_dismissed { 200 } else { 404 });
            let listed = read(app, "/sites/demo/topics").await.to_string();
            assert_eq!(listed.contains(SPAM), is_dismissed);
        }
    }
}
