//! The search index is in step with the articles: whatever changes one is found, and no longer found, with the next request.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Cursor, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use masthead::index::Index;
use masthead::models::page::Total;
use masthead::models::time::Ts;
use masthead::search::evaluate::{Order, Request};
use masthead::search::query::parse;
use masthead::service::import::ImportOptions;
use masthead::store::Conn;
use masthead::store::connection::snapshot;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::content::Record;
use crate::support::{Backend, Portal, TestApp, on_both};

/// A word that stands in every article of these tests.
pub const EVERYWHERE: &str = "公共";

/// An article that has [`EVERYWHERE`] and these words.
pub fn saying(words: &str) -> impl FnOnce(Record) -> Record {
    let body = format!("<p>{EVERYWHERE}。{words}。</p>");
    move |a| a.title(&format!("题 {words}")).body(&body)
}

/// The slugs of what these words find, sorted; each stands there once.
pub async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let query = query.replace('"', "%22");
    let path = format!("/api/v1/search?limit=100&count=exact&q={query}");
    let answer = app.get(&path).await.assert_status(200).json();
    if answer["matching"] == "most" {
        return Vec::new();
    }
    let items = answer["items"].as_array().unwrap();
    let mut slugs: Vec<String> = items
        .iter()
        .map(|hit| hit["article"]["slug"].as_str().unwrap().to_owned())
        .collect();
    slugs.sort();
    assert_eq!(answer["total"], slugs.len(), "{query}: {answer}");
    slugs
}

/// The articles that the index itself has at `now`, without asking the database which of them are public; each stands there once.
pub fn indexed(conn: &mut Conn, now: Ts) -> Vec<i64> {
    let request = Request {
        query: parse(EVERYWHERE).unwrap(),
        within: Vec::new(),
        outside: Vec::new(),
        articles: None,
        published_from: None,
        published_to: None,
        updated_from: None,
        now,
        order: Order::Newest,
        after: None,
        weighed: None,
        skip: 0,
        limit: 100_000,
        is_counted: true,
        facets: Vec::new(),
    };
    let index = Index::new(1 << 20);
    let found = snapshot(conn, |conn| index.search(conn, &request)).unwrap();
    let mut ids: Vec<i64> = found.hits.iter().map(|hit| hit.article_id).collect();
    assert_eq!(found.total, Total::Exact(ids.len().try_into().unwrap()));
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "some article stands there twice");
    ids
}

/// Fails unless the index has exactly the articles that readers get, and counts its documents right.
pub fn assert_in_step(app: &TestApp) -> usize {
    let conn = &mut app.database().connect();
    let indexed = indexed(conn, app.now());
    let shown = app
        .database()
        .number("SELECT count(*) FROM articles WHERE status = 'published'");
    let hidden = app.database().number(&format!(
        "SELECT count(*) FROM articles WHERE status = 'published' AND (published_at > '{now}' OR unpublish_at <= '{now}')",
        now = app.now().0.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    ));
    assert_eq!(i64::try_from(indexed.len()).unwrap(), shown - hidden);
    // Those for the future stand there, too.
    let left = app.database().number(
        "SELECT coalesce(sum(documents - deleted), 0) FROM search_segments WHERE state = 1",
    );
    assert!(
        left >= shown - hidden && left <= shown,
        "{left} documents of {shown} articles"
    );
    indexed.len()
}

/// A new article that readers get at once.
fn article(title: &str, body: &str) -> Value {
    json!({"site": "demo", "category": "news", "title": title, "slug": title, "body_html": format!("<p>{EVERYWHERE}。{body}</p>"), "status": "published"})
}

/// What there should be of an article: its path, words, category and source, and whether readers get it.
type Expected = (String, BTreeSet<usize>, usize, usize, bool);

fn transition(to: &str) -> Value {
    match to {
        "retracted" => json!({"to": to, "reason": "有误"}),
        _ => json!({"to": to}),
    }
}

/// A file that is read up to its end, and ends when it is told to.
struct Gate {
    text: Cursor<String>,
    reached: Sender<()>,
    open: Receiver<()>,
}

impl Gate {
    /// The file, what tells that its end is reached, and what opens it.
    fn new(text: String) -> (Self, Receiver<()>, Sender<()>) {
        let ((reached, told), (opener, open)) = (channel(), channel());
        let text = Cursor::new(text);
        (
            Self {
                text,
                reached,
                open,
            },
            told,
            opener,
        )
    }
}

impl Read for Gate {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.text.read(into)?;
        if read == 0 && self.reached.send(()).is_ok() {
            self.open.recv_timeout(Duration::from_secs(30)).unwrap();
        }
        Ok(read)
    }
}

on_both! {
    /// A save is found at once, by what it says now and not by what it said
    async fn a_save_is_found_at_once(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = &app.desk("editor");
        let (path, _) = desk.made("/articles", &article("haiyang", "海洋觀測網 👩‍🔬")).await;
        assert_eq!(found(app, "海洋观测").await, ["haiyang"]);
        assert_eq!(found(app, "👩‍🔬").await, ["haiyang"]);
        desk.changed(&path, &json!({"title": "深海ＡＩ", "keywords": ["Ｌｉｄａｒ"]})).await;
        assert_eq!(found(app, "深海ai").await, ["haiyang"]);
        assert_eq!(found(app, "lidar").await, ["haiyang"]);
        desk.changed(&path, &json!({"title": "浅海"})).await;
        assert!(found(app, "深海").await.is_empty());
        assert_eq!(found(app, "浅海").await, ["haiyang"]);
        let put = desk.request("PUT", &format!("{path}/translations/zh-Hant")).header("if-match", "*");
        put.json(&json!({"title": "淺海", "body_html": "<p>潮間帶</p>"})).send().await.assert_status(200);
        assert_eq!(found(app, "潮间带").await, ["haiyang"]);
        desk.delete_if(&format!("{path}/translations/zh-Hant"), "*").await.assert_status(200);
        assert!(found(app, "潮间带").await.is_empty());
        // What is no part of the text is none of the index.
        assert!(found(app, "span").await.is_empty());
        assert_eq!(assert_in_step(app), 1);
    }

    /// What readers do not get is not found, whichever way it went; what comes back is
    async fn what_is_gone_is_not_found(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = &app.desk("editor");
        let (path, _) = desk.made("/articles", &article("gone", "會展中心")).await;
        for away in ["archived", "retracted", "draft"] {
            assert_eq!(found(app, "会展").await, ["gone"]);
            let go = async |to: &str| {
                let post = desk.request("POST", &format!("{path}/transitions")).header("if-match", "*");
                post.json(&transition(to)).send().await
            };
            let mut answer = go(away).await;
            if answer.status != 200 {
                // Not every way is one.
                go("archived").await.assert_status(200);
                answer = go(away).await;
            }
            answer.assert_status(200);
            assert!(found(app, "会展").await.is_empty(), "{away}");
            assert_eq!(assert_in_step(app), 0);
            if away == "retracted" {
                go("draft").await.assert_status(200);
            }
            go("published").await.assert_status(200);
        }
        desk.delete(&path).await.assert_status(204);
        assert!(found(app, "会展").await.is_empty());
        assert_eq!(assert_in_step(app), 0);
        assert_eq!(app.database().number("SELECT count(*) FROM search_pages"), 0, "nothing is left of it");
    }

    /// What is scheduled is found from its second on and not before, and until it vanishes, without a job
    async fn times_are_kept_to_the_second(app) {
        app.import(&Portal::new("demo").article("later", |a| saying("预告")(a).published_at("2026-01-15T12:30:00+08:00")
            .set("unpublish_at", "2026-01-15T05:00:00Z")));
        for (now, is_there) in [("04:29:59", false), ("04:30:00", true), ("04:59:59", true), ("05:00:00", false)] {
            app.set_clock(&format!("2026-01-15T{now}Z"));
            assert_eq!(found(app, "预告").await.len(), usize::from(is_there), "{now}");
        }
        // When nobody can ask for it any more it goes.
        app.set_clock("2026-01-15T06:00:01Z");
        assert_eq!(app.database().number("SELECT sum(documents - deleted) FROM search_segments"), 1);
        app.app.services().upkeep.roll_up_counts().await.unwrap();
        assert_eq!(app.database().number("SELECT count(*) FROM search_segments"), 0);
    }

    /// Filters know where an article stands now: its category, its sources, its topics
    async fn filters_are_in_step(app) {
        app.import(&Portal::new("demo").category("news").category("old").source("s1").source("s2").topic("t1")
            .article("a", |a| saying("甲")(a).sources(&["s1"]).topics(&["t1"]))
            .article("b", |a| saying("乙")(a).sources(&["s2"]).category("old")));
        let desk = &app.desk("admin");
        let within = async |filter: &str| found(app, &format!("{EVERYWHERE}&site=demo&{filter}")).await;
        let id = async |kind: &str, slug: &str| {
            let list = desk.get(&format!("/{kind}?site=demo&limit=100")).await.json();
            let list = if list["items"].is_array() { list } else { desk.get(&format!("/{kind}?limit=100")).await.json() };
            let items = list["items"].as_array().unwrap().clone();
            let is_it = |item: &&Value| [&item["slug"], &item["key"], &item["path"]].iter().any(|name| **name == slug);
            items.iter().find(is_it).unwrap()["id"].as_i64().unwrap()
        };
        assert_eq!(within("category_path=news").await, ["a"]);
        let b = app.article_id("b").await;
        desk.changed(&format!("/articles/{b}"), &json!({"category": "news"})).await;
        assert_eq!(within("category_path=news").await, ["a", "b"]);
        assert!(within("category_path=old").await.is_empty());

        let (s1, s2) = (id("sources", "s1").await, id("sources", "s2").await);
        assert_eq!(within(&format!("source={s1}")).await, ["a"]);
        desk.patch(&format!("/sources/{s1}"), &json!({"name": "滨海日报"})).await.assert_status(200);
        assert_eq!(found(app, "濱海日報").await, ["a"]);
        assert!(found(app, "\"Source s1\"").await.is_empty());
        desk.request("POST", &format!("/sources/{s2}/merge")).header("if-match", "*").json(&json!({"into": s1})).send().await.assert_status(200);
        assert_eq!(within(&format!("source={s1}")).await, ["a", "b"]);
        assert_eq!(found(app, "滨海日报").await, ["a", "b"]);

        let t1 = id("topics", "t1").await;
        assert_eq!(within(&format!("topic={t1}")).await, ["a"]);
        desk.patch(&format!("/topics/{t1}"), &json!({"title": "極地年"})).await.assert_status(200);
        assert_eq!(found(app, "极地年").await, ["a"]);
        desk.delete(&format!("/topics/{t1}")).await.assert_status(204);
        assert!(found(app, "极地年").await.is_empty());

        let (news, old) = (id("categories", "news").await, id("categories", "old").await);
        desk.request("DELETE", &format!("/categories/{news}?reassign_to={old}")).header("if-match", "*").send().await.assert_status(204);
        assert_eq!(within("category_path=old").await, ["a", "b"]);
        assert_eq!(within(&format!("category={old}&subtree=true")).await, ["a", "b"]);
        assert_eq!(assert_in_step(app), 2);
    }

    /// Where a change concerns many articles they follow by and by
    async fn many_articles_follow(app) {
        let mut portal = Portal::new("demo").source("s1").source("s2").topic("t1");
        for n in 0..130 {
            portal = portal.article(&format!("a{n}"), |a| saying("众")(a).sources(&["s1"]).topics(&["t1"]));
        }
        portal = portal.article("draft", |a| saying("众")(a).status("draft").sources(&["s1"]));
        app.import(&portal);
        let total = async |query: &str| app.get(&format!("/api/v1/search?count=exact&{query}")).await.json()["total"].clone();
        let desk = &app.desk("admin");
        desk.patch("/sources/1", &json!({"name": "滨海日报"})).await.assert_status(200);
        assert_eq!(app.database().number("SELECT count(*) FROM search_queue"), 130);
        app.app.services().indexing.tend().await.unwrap();
        assert_eq!(app.database().number("SELECT count(*) FROM search_queue"), 0);
        assert_eq!(total("q=滨海日报").await, 130);
        desk.request("POST", "/sources/1/merge").header("if-match", "*").json(&json!({"into": 2})).send().await.assert_status(200);
        desk.delete("/topics/1").await.assert_status(204);
        app.app.services().indexing.tend().await.unwrap();
        assert_eq!(total("q=滨海日报").await, 0);
        assert_eq!(total("q=公共&source=2").await, 130);
        assert_eq!(total("q=%22Topic t1%22").await, 0);
        // A file does the same as an editor.
        app.import(&Portal::new("demo").with(Record::new("source").set("slug", "s2").set("name", "江湾晚报")));
        app.app.services().indexing.tend().await.unwrap();
        assert_eq!(total("q=江灣晚報").await, 130);
        assert_eq!(assert_in_step(app), 130);
    }

    /// A file that is taken in twice writes nothing the second time; what it changes replaces what was there
    async fn imports_are_in_step(app) {
        let portal = |word: &str| (0..30).fold(Portal::new("demo").source("s1"), |portal, n| {
            portal.article(&format!("a{n}"), |a| saying(if n == 7 { word } else { "不变" })(a).sources(&["s1"]))
        });
        app.import(&portal("初稿"));
        let state = || (app.database().number("SELECT max(id) FROM search_segments"), app.database().number("SELECT sum(id) FROM search_pages"));
        let before = state();
        app.import(&portal("初稿"));
        assert_eq!(state(), before);
        app.import(&portal("定稿"));
        assert!(found(app, "初稿").await.is_empty());
        assert_eq!(found(app, "定稿").await, ["a7"]);
        // The same article twice in one file: the last line counts. And a source that the file renames.
        let twice = portal("一校").and(portal("二校")).with(Record::new("source").set("slug", "s1").set("name", "校對處"));
        app.import(&twice);
        assert!(found(app, "一校").await.is_empty());
        assert_eq!(found(app, "二校").await, ["a7"]);
        assert_eq!(found(app, "校对处").await.len(), 30);
        assert_eq!(assert_in_step(app), 30);
    }

    /// Of what is rolled back nothing is found
    async fn what_is_rolled_back_is_not_found(app) {
        app.import(&Portal::new("demo").category("news").article("a", saying("原文")));
        let id = app.article_id("a").await;
        let before = app.database().dump();
        let index = |dump: Vec<(String, Vec<String>)>| dump.into_iter().filter(|(table, _)| table.starts_with("search_")).collect::<Vec<_>>();
        let operations = json!([
            {"method": "POST", "path": "/manage/articles", "body": article("neu", "新文")},
            {"method": "PATCH", "path": format!("/manage/articles/{id}"), "if_match": "*", "body": {"title": "改文"}},
            {"method": "DELETE", "path": "/manage/articles/4711", "if_match": "*"},
        ]);
        let batch = json!({"operations": operations});
        app.desk("admin").post("/batch", &batch).await.assert_problem(404, "not_found");
        let bad = Portal::new("demo").article("b", saying("新文")).article("c", |a| saying("新文")(a).category("nowhere"));
        assert!(!app.try_import(bad.lines()).unwrap().committed);
        assert_eq!(index(app.database().dump()), index(before));
        assert!(found(app, "新文").await.is_empty());
        assert_eq!(found(app, "原文").await, ["a"]);
        // The same batch without its fault: the numbers that were rolled back come again.
        let good = json!({"operations": operations.as_array().unwrap()[..2]});
        app.desk("admin").post("/batch", &good).await.assert_status(200);
        assert_eq!(found(app, "新文").await, ["neu"]);
        assert_eq!(found(app, "改文").await, ["a"]);
        assert!(!found(app, "原文").await.is_empty(), "the body says it still");
    }

    /// Fifty saves at once are all found
    async fn saves_at_once_are_all_found(app, |s| s.var("MASTHEAD_WORKERS", "4")) {
        app.import(&(0..10).fold(Portal::new("demo"), |portal, n| portal.article(&format!("a{n}"), saying("起初"))));
        let mut ids = Vec::new();
        for n in 0..10 {
            ids.push(app.article_id(&format!("a{n}")).await);
        }
        let desk = &app.desk("admin");
        let plans: Vec<(String, &str, Value)> = (0..60).map(|n| match n % 3 {
            0 => ("/articles".to_owned(), "POST", article(&format!("n{n}"), &format!("並發{n}"))),
            1 => (format!("/articles/{}", ids[n % 10]), "PATCH", json!({"title": format!("题 第{n}版")})),
            _ => (format!("/articles/{}", ids[n % 10]), "PATCH", json!({"category": "news", "keywords": [format!("键{n}")]})),
        }).collect();
        let answers = join_all(plans.iter().map(|(path, method, body)| {
            desk.request(method, path).header("if-match", "*").json(body).send()
        })).await;
        for answer in &answers {
            assert!([200, 201].contains(&answer.status), "{answer}");
        }
        assert_eq!(assert_in_step(app), 30);
        assert_eq!(found(app, "并发").await.len(), 20);
        for id in ids {
            let article = app.get(&format!("/api/v1/articles/{id}")).await.json();
            let title = article["title"].as_str().unwrap();
            assert!(found(app, &format!("\"{title}\"")).await.contains(&article["slug"].as_str().unwrap().to_owned()), "{title}");
        }
    }

    /// What an import renames is found under its new name, also in what others save before the import is done
    async fn a_rename_that_is_not_done_yet_is_caught(app) {
        app.import(&Portal::new("demo").source("s1").article("a", |a| saying("甲")(a).sources(&["s1"])).article("b", saying("乙")));
        if app.database().backend() == Backend::Sqlite {
            // Nobody saves there while an import writes.
            return;
        }
        let renamed = Portal::new("demo").with(Record::new("source").set("slug", "s1").set("name", "濱海日報"));
        let (gate, reached, open) = Gate::new(renamed.lines());
        let services = app.app.services().clone();
        let importing = std::thread::spawn(move || services.import.run(BufReader::new(gate), ImportOptions::default(), |_| ()).unwrap());
        reached.recv_timeout(Duration::from_secs(30)).unwrap();
        let b = app.article_id("b").await;
        app.desk("editor").changed(&format!("/articles/{b}"), &json!({"sources": ["s1"]})).await;
        assert_eq!(found(app, "\"Source s1\"").await, ["a", "b"]);
        open.send(()).unwrap();
        assert!(importing.join().unwrap().committed);
        assert!(found(app, "\"Source s1\"").await.is_empty());
        assert_eq!(found(app, "滨海日报").await, ["a", "b"]);
    }

    /// Three hundred changes of all kinds, and after each the words find what they should
    async fn three_hundred_changes_are_followed(app) {
        const WORDS: [&str; 6] = ["海洋", "極地", "ＡＩ", "会展", "潮汐", "observatory"];
        let portal = (0..4).fold(Portal::new("demo").topic("t0").topic("t1"), |portal, n| portal.category(&format!("c{n}")).source(&format!("s{n}")));
        app.import(&portal);
        let desk = &app.desk("admin");
        let mut random = fastrand::Rng::with_seed(19);
        let mut model: BTreeMap<String, Expected> = BTreeMap::new();
        let body = |words: &BTreeSet<usize>| {
            let words: Vec<&str> = words.iter().map(|n| WORDS[*n]).collect();
            format!("<p>{EVERYWHERE}，{}。</p>", words.join("，"))
        };
        for step in 0..300 {
            let words: BTreeSet<usize> = (0..random.usize(0..4)).map(|_| random.usize(..WORDS.len())).collect();
            let (category, source) = (random.usize(..4), random.usize(..4));
            let keys: Vec<String> = model.keys().cloned().collect();
            let chosen = (!keys.is_empty()).then(|| keys[random.usize(..keys.len())].clone());
            match (random.u8(..10), chosen) {
                (0..=3, _) | (_, None) => {
                    let slug = format!("x{step}");
                    let status = if random.bool() { "published" } else { "draft" };
                    let new = json!({"site": "demo", "category": format!("c{category}"), "title": "题", "slug": slug, "body_html": body(&words),
                        "sources": [format!("s{source}")], "status": status});
                    let (path, _) = desk.made("/articles", &new).await;
                    model.insert(slug, (path, words, category, source, status == "published"));
                }
                (4..=6, Some(slug)) => {
                    let entry = model.get_mut(&slug).unwrap();
                    let change = json!({"body_html": body(&words), "category": format!("c{category}"), "sources": [format!("s{source}")]});
                    desk.patch_if(&entry.0, "*", &change).await.assert_status(200);
                    (entry.1, entry.2, entry.3) = (words, category, source);
                }
                (7, Some(slug)) => {
                    let entry = model.get_mut(&slug).unwrap();
                    let to = if entry.4 { "archived" } else { "published" };
                    let post = desk.request("POST", &format!("{}/transitions", entry.0)).header("if-match", "*");
                    post.json(&json!({"to": to})).send().await.assert_status(200);
                    entry.4 = !entry.4;
                }
                (8, Some(slug)) => {
                    let (path, ..) = model.remove(&slug).unwrap();
                    desk.delete_if(&path, "*").await.assert_status(204);
                }
                (_, Some(slug)) => {
                    let entry = model.get_mut(&slug).unwrap();
                    let record = |a: Record| a.body(&body(&words)).title("题").set("category", format!("c{category}")).sources(&[&format!("s{source}")]);
                    // By its key, which an editor's article has been given by chance.
                    let key = desk.get(&entry.0).await.json()["key"].as_str().unwrap().to_owned();
                    app.import(&Portal::new("demo").category("c0").article(&key, |a| record(a.slug(&slug)).without("locale")));
                    (entry.1, entry.2, entry.3, entry.4) = (words, category, source, true);
                }
            }
            let probe = random.usize(..WORDS.len());
            let expect = |has: &dyn Fn(&Expected) -> bool| {
                let mut slugs: Vec<String> = model.iter().filter(|(_, a)| a.4 && has(a)).map(|(slug, _)| slug.clone()).collect();
                slugs.sort();
                slugs.truncate(100);
                slugs
            };
            assert_eq!(found(app, WORDS[probe]).await, expect(&|a| a.1.contains(&probe)), "step {step}, {}", WORDS[probe]);
            if step % 10 == 9 {
                let (c, s) = (random.usize(..4), random.usize(..4));
                let path = format!("{EVERYWHERE}&site=demo&category_path=c{c}");
                assert_eq!(found(app, &path).await, expect(&|a| a.2 == c), "step {step}, c{c}");
                let id = app.database().number(&format!("SELECT id FROM sources WHERE slug = 's{s}'"));
                assert_eq!(found(app, &format!("{EVERYWHERE}&source={id}")).await, expect(&|a| a.3 == s), "step {step}, s{s}");
                assert_eq!(assert_in_step(app), expect(&|_| true).len());
            }
        }
        // It stays small: what is gone is gone from the pages, too.
        assert!(app.database().number("SELECT count(*) FROM search_segments") < 24);
    }
}
