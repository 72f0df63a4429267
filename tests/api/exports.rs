//! Exports: what goes out as a portal file comes back as the same answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use masthead::error::Error;
use masthead::service::export::ExportOptions;
use serde_json::{Value, json};

use crate::support::app::{Setup, run};
use crate::support::content::Record;
use crate::support::spec::{self, Operation};
use crate::support::{Backend, Portal, TestApp, on_both, shared};

/// Everything of the database as a portal file.
pub fn exported(app: &TestApp) -> String {
    let mut file = Vec::new();
    app.app
        .services()
        .export
        .run(&mut file, ExportOptions::default())
        .unwrap();
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

/// All items of a paged list. `path` may hold a query.
async fn items(app: &TestApp, path: &str) -> Vec<Value> {
    let whole = whole(app, path).await;
    whole["items"].as_array().unwrap().clone()
}

/// A paged list as one page.
async fn whole(app: &TestApp, path: &str) -> Value {
    let joint = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{joint}limit=100");
    let mut whole = app.get(&path).await.assert_status(200).json();
    while let Some(cursor) = whole["next_cursor"].as_str() {
        let next = app
            .get(&format!("{path}&cursor={cursor}"))
            .await
            .assert_status(200)
            .json();
        assert_eq!(next["total"], whole["total"]);
        let more = next["items"].as_array().unwrap();
        whole["items"]
            .as_array_mut()
            .unwrap()
            .extend(more.iter().cloned());
        whole["next_cursor"] = next["next_cursor"].clone();
    }
    whole
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Languages and the slug of each.
type Renditions = Vec<(String, String)>;

/// What there is to ask for: values of parameters, each with a name that holds no id.
#[derive(Default)]
struct Harvest {
    /// Sites, by slug.
    sites: Vec<String>,
    /// Site and path, and id.
    categories: Vec<(String, String, i64)>,
    /// Site and key.
    menus: Vec<(String, String)>,
    /// Names and ids of topics, sources and contributors.
    topics: Vec<(String, i64)>,
    sources: Vec<(String, i64)>,
    contributors: Vec<(String, i64)>,
    attachments: Vec<(String, i64)>,
    /// Name, site, id, and the languages with the slug of each.
    articles: Vec<(String, String, i64, Renditions)>,
    keywords: BTreeSet<String>,
    locales: BTreeSet<String>,
}

impl Harvest {
    async fn of(app: &TestApp) -> Self {
        let mut found = Self::default();
        for source in items(app, "/api/v1/sources").await {
            let name = format!("source {}", text(&source["slug"]));
            found.sources.push((name, source["id"].as_i64().unwrap()));
        }
        let sites = app.get("/api/v1/sites").await.assert_status(200).json();
        for site in sites["items"].as_array().unwrap() {
            let slug = text(&site["slug"]).to_owned();
            let path = format!("/api/v1/sites/{slug}");
            let tree = app.get(&format!("{path}/categories")).await.json();
            found.add_categories(&slug, &tree["items"]);
            let menus = app.get(&format!("{path}/menus")).await.json();
            for menu in menus["items"].as_array().unwrap() {
                found
                    .menus
                    .push((slug.clone(), text(&menu["key"]).to_owned()));
            }
            for topic in items(app, &format!("{path}/topics")).await {
                let name = format!("topic {slug} {}", text(&topic["key"]));
                found.topics.push((name, topic["id"].as_i64().unwrap()));
            }
            found.sites.push(slug);
        }
        for summary in items(app, "/api/v1/articles").await {
            found.add_article(app, &summary).await;
        }
        found
    }

    fn add_categories(&mut self, site: &str, categories: &Value) {
        for category in categories.as_array().unwrap() {
            let (path, id) = (text(&category["path"]), category["id"].as_i64().unwrap());
            self.categories.push((site.to_owned(), path.to_owned(), id));
            self.add_categories(site, &category["children"]);
        }
    }

    /// Contributors and files have no names of their own: they are told apart by where they are first met.
    async fn add_article(&mut self, app: &TestApp, summary: &Value) {
        let (id, site) = (summary["id"].as_i64().unwrap(), text(&summary["site"]));
        let mut renditions = Vec::new();
        for locale in summary["available_locales"].as_array().unwrap() {
            let locale = text(locale);
            let article = app
                .get(&format!("/api/v1/articles/{id}?locale={locale}"))
                .await
                .json();
            renditions.push((locale.to_owned(), text(&article["slug"]).to_owned()));
            self.locales.insert(locale.to_owned());
            let keywords = article["keywords"].as_array().unwrap().iter().map(text);
            self.keywords.extend(keywords.map(str::to_owned));
            for (list, kind) in [
                (&mut self.contributors, "contributors"),
                (&mut self.attachments, "attachments"),
            ] {
                for one in article[kind].as_array().unwrap() {
                    let id = one["id"].as_i64().unwrap();
                    if list.iter().all(|(_, known)| *known != id) {
                        list.push((format!("{kind} {}", list.len()), id));
                    }
                }
            }
        }
        let name = format!("article {site} {}", renditions[0].1);
        self.articles.push((name, site.to_owned(), id, renditions));
    }

    /// Every request to an operation that there are parameters for, with a name. A new operation, and a new parameter of
    /// a list, needs a line here.
    fn requests(&self, operation: &Operation) -> Vec<(String, String)> {
        let whole = || {
            let path = operation.template.clone();
            vec![(path.clone(), path)]
        };
        let by_site = || {
            let paths = self
                .sites
                .iter()
                .map(|site| operation.template.replace("{site}", site));
            paths.map(|path| (path.clone(), path)).collect()
        };
        let by_id = |named: &[(String, i64)]| {
            let paths = named.iter().map(|(name, id)| {
                (
                    name.clone(),
                    operation.template.replace("{id}", &id.to_string()),
                )
            });
            paths.collect()
        };
        let all = "include=breadcrumbs,neighbors,related,site_details";
        match operation.id.as_str() {
            "listSites" | "listSources" => whole(),
            "getSite" | "getSiteVisits" | "listCategories" | "listMenus" | "listLinkGroups"
            | "listTopics" => by_site(),
            "getSource" => by_id(&self.sources),
            "getRanking" => (self.sites.iter())
                .flat_map(|site| {
                    ["views", "downloads", "citations"].map(|metric| {
                        format!("/api/v1/rankings/{metric}?period=all&limit=100&site={site}")
                    })
                })
                .map(|path| (path.clone(), path))
                .collect(),
            "getTopic" => by_id(&self.topics),
            "getMenu" => (self.menus.iter())
                .map(|(site, key)| format!("/api/v1/sites/{site}/menus/{key}"))
                .map(|path| (path.clone(), path))
                .collect(),
            "getCategory" => (self.categories.iter())
                .map(|(site, path, id)| {
                    (
                        format!("category {site} {path}"),
                        format!("/api/v1/categories/{id}"),
                    )
                })
                .collect(),
            "getCategoryByPath" => (self.categories.iter())
                .map(|(site, path, _)| format!("/api/v1/sites/{site}/categories/{path}"))
                .map(|path| (path.clone(), path))
                .collect(),
            "getArticle" => (self.articles.iter())
                .flat_map(|(name, _, id, renditions)| {
                    renditions.iter().map(move |(locale, _)| {
                        let path = format!("/api/v1/articles/{id}?locale={locale}&{all}");
                        (format!("{name} {locale}"), path)
                    })
                })
                .collect(),
            "getArticleBySlug" => (self.articles.iter())
                .flat_map(|(_, site, _, renditions)| {
                    let slugs: BTreeSet<&String> =
                        renditions.iter().map(|(_, slug)| slug).collect();
                    slugs.into_iter().map(move |slug| {
                        let path = format!("/api/v1/sites/{site}/articles/{slug}?{all}");
                        (path.clone(), path)
                    })
                })
                .collect(),
            "listArticles" => self.lists(operation),
            "searchArticles" => self.searches(operation),
            "suggestSearch" => self.beginnings(operation),
            "getArticleViews" | "getArticleViewHistory" => (self.articles.iter())
                .map(|(name, _, id, _)| {
                    (
                        name.clone(),
                        operation.template.replace("{id}", &id.to_string()),
                    )
                })
                .collect(),
            "listArticleChanges" => (self.sites.iter())
                .map(|site| format!("{}?site={site}", operation.template))
                .chain([operation.template.clone()])
                .map(|path| (path.clone(), path))
                .collect(),
            // A link is of its own server.
            "getPreview" => Vec::new(),
            // Nothing of a portal; the same for all.
            "getLiveness" | "getReadiness" | "getJwks" | "getCountingPolicy" => Vec::new(),
            // Bytes; tests of media look at them.
            "getMediaFile" => Vec::new(),
            id => panic!("what is there to ask `{id}` for?"),
        }
    }

    /// Searches for each keyword and a few words, by time: what is as relevant as another depends on what else was indexed with it.
    fn searches(&self, operation: &Operation) -> Vec<(String, String)> {
        let words = self.keywords.iter().map(|keyword| {
            let letters = keyword
                .chars()
                .map(|c| if c.is_alphanumeric() { c } else { ' ' });
            letters.collect::<String>()
        });
        let words: BTreeSet<String> = words
            .chain(["article", "科技", "的"].map(str::to_owned))
            .collect();
        let words = words.iter().filter(|words| !words.trim().is_empty());
        let queries = words.flat_map(|words| {
            ["", "&locale=en", "&has_attachments=true"]
                .map(|filter| format!("q={words}&sort=published_at&count=exact{filter}"))
        });
        queries
            .map(|query| {
                (
                    format!("search {query}"),
                    format!("{}?{query}", operation.template),
                )
            })
            .collect()
    }

    /// The beginnings of some keywords.
    fn beginnings(&self, operation: &Operation) -> Vec<(String, String)> {
        let heads = self
            .keywords
            .iter()
            .take(50)
            .map(|keyword| keyword.chars().take(2).collect::<String>());
        let heads: BTreeSet<String> = heads
            .filter(|head| head.chars().all(char::is_alphanumeric))
            .collect();
        let queries = heads.iter().map(|head| format!("q={head}&limit=20"));
        queries
            .map(|query| (query.clone(), format!("{}?{query}", operation.template)))
            .collect()
    }

    /// Lists of articles by each value of each filter, and in every order.
    fn lists(&self, operation: &Operation) -> Vec<(String, String)> {
        let mut queries: Vec<(String, String)> = Vec::new();
        let ids = |named: &[(String, i64)], parameter: &str| {
            let queries = named
                .iter()
                .map(|(name, id)| (format!("{parameter}={name}"), format!("{parameter}={id}")));
            queries.collect::<Vec<_>>()
        };
        let plain = |values: Vec<String>| {
            values
                .into_iter()
                .map(|v| (v.clone(), v))
                .collect::<Vec<_>>()
        };
        for parameter in &operation.parameters {
            queries.extend(match text(&parameter["name"]) {
                "site" => plain(
                    self.sites
                        .iter()
                        .map(|site| format!("site={site}"))
                        .collect(),
                ),
                "category" => (self.categories.iter())
                    .map(|(site, path, id)| {
                        (format!("category={site} {path}"), format!("category={id}"))
                    })
                    .collect(),
                "category_path" => plain(
                    (self.categories.iter().take(20))
                        .map(|(site, path, _)| format!("site={site}&category_path={path}"))
                        .collect(),
                ),
                "subtree" => (self.categories.iter())
                    .map(|(site, path, id)| {
                        (
                            format!("below {site} {path}"),
                            format!("category={id}&subtree=true"),
                        )
                    })
                    .collect(),
                "source" => ids(&self.sources, "source"),
                // Those of the longest list would say little more.
                "topic" => ids(self.topics.get(..20).unwrap_or(&self.topics), "topic"),
                "contributor" => ids(&self.contributors, "contributor"),
                "keyword" => plain(
                    self.keywords
                        .iter()
                        .map(|word| format!("keyword={word}"))
                        .collect(),
                ),
                "available_in" => plain(
                    self.locales
                        .iter()
                        .map(|tag| format!("available_in={tag}"))
                        .collect(),
                ),
                "locale" => plain(
                    self.locales
                        .iter()
                        .map(|tag| format!("locale={tag}"))
                        .collect(),
                ),
                "published_from" => plain(vec!["published_from=2023-04-07".to_owned()]),
                "published_to" => plain(vec!["published_to=2023-04-07".to_owned()]),
                "updated_from" => plain(vec!["updated_from=2020-01-01".to_owned()]),
                "has_attachments" => plain(vec![
                    "has_attachments=true".to_owned(),
                    "has_attachments=false".to_owned(),
                ]),
                "ids" => {
                    let last = self.articles.iter().rev().take(20);
                    let (names, ids): (Vec<_>, Vec<_>) = last
                        .map(|(name, _, id, _)| (name.clone(), id.to_string()))
                        .unzip();
                    vec![(
                        format!("ids={}", names.join(",")),
                        format!("ids={}", ids.join(",")),
                    )]
                    .into_iter()
                    .filter(|(_, query)| query != "ids=")
                    .collect()
                }
                "sort" => plain(
                    ["published_at", "title", "updated_at"]
                        .map(|sort| format!("sort={sort}"))
                        .into(),
                ),
                "order" => plain(
                    ["published_at", "title", "updated_at"]
                        .map(|sort| format!("sort={sort}&order=asc"))
                        .into(),
                ),
                "count" => plain(vec!["count=exact".to_owned(), "count=estimated".to_owned()]),
                "page" => plain(vec!["page=2&limit=3".to_owned()]),
                // `ask` follows it.
                "cursor" | "limit" | "Accept-Language" => Vec::new(),
                name => panic!("what are lists by `{name}` to be asked for?"),
            });
        }
        queries
            .into_iter()
            .map(|(name, query)| {
                let total = if query.contains("count=") {
                    ""
                } else {
                    "&count=exact"
                };
                (
                    format!("list {name}"),
                    format!("{}?{query}{total}", operation.template),
                )
            })
            .collect()
    }
}

/// The answer to a request; of a paged list the whole of it.
async fn ask(app: &TestApp, operation: &Operation, path: &str) -> Value {
    let is_paged = operation.parameters.iter().any(|p| p["name"] == "cursor");
    if operation.id == "listArticleChanges" {
        return changes(app, path).await;
    }
    if is_paged && !path.contains("page=") {
        return whole(app, path).await;
    }
    let mut answer = app.get(path).await.assert_status(200).json();
    if is_paged {
        answer["next_cursor"] = answer["next_cursor"].is_null().into();
    }
    answer
}

/// What is public of the feed of changes, in the order of the articles: what was withdrawn is not exported, and when
/// something changed is not promised.
async fn changes(app: &TestApp, path: &str) -> Value {
    let joint = if path.contains('?') { '&' } else { '?' };
    let mut all: Vec<Value> = Vec::new();
    let mut since = String::new();
    loop {
        let part = app
            .get(&format!("{path}{joint}limit=100{since}"))
            .await
            .assert_status(200)
            .json();
        let public = part["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|change| change["withdrawn_at"].is_null());
        all.extend(public.cloned());
        if part["has_more"] == false {
            break;
        }
        since = format!("&since={}", text(&part["next_cursor"]));
    }
    all.sort_by_key(|change| change["id"].as_i64());
    all.into()
}

/// Every answer of the delivery API, under names that hold no ids.
pub async fn answers(app: &TestApp) -> BTreeMap<String, Value> {
    collected(app, &Harvest::of(app).await).await
}

async fn collected(app: &TestApp, harvest: &Harvest) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for operation in spec::operations()
        .iter()
        .filter(|operation| operation.method == "get" && operation.value["security"].is_null())
    {
        for (name, path) in harvest.requests(operation) {
            let answer = ask(app, operation, &path).await;
            let name = format!("{} {name}", operation.id);
            assert!(
                all.insert(name.clone(), answer).is_none(),
                "two answers are called `{name}`"
            );
        }
    }
    all
}

/// [`answers`] without what an export does not promise to keep: change times, versions; and with names for ids.
pub async fn portable_answers(app: &TestApp) -> BTreeMap<String, Value> {
    let harvest = Harvest::of(app).await;
    let mut all = collected(app, &harvest).await;
    let names = Names::of(&harvest);
    for (name, answer) in &mut all {
        let kind = match name.split(' ').next().unwrap_or_default() {
            "listTopics" | "getTopic" => "topics",
            "listSources" | "getSource" => "sources",
            "listCategories" | "getCategory" | "getCategoryByPath" => "category",
            _ => "articles",
        };
        names.put(answer, kind);
    }
    all
}

/// The name of each id, by the member that holds such things.
struct Names(HashMap<(&'static str, i64), String>);

impl Names {
    fn of(harvest: &Harvest) -> Self {
        let mut names = HashMap::new();
        for (kind, named) in [
            ("topics", &harvest.topics),
            ("sources", &harvest.sources),
            ("contributors", &harvest.contributors),
            ("attachments", &harvest.attachments),
        ] {
            names.extend(named.iter().map(|(name, id)| ((kind, *id), name.clone())));
        }
        for (site, path, id) in &harvest.categories {
            names.insert(("category", *id), format!("category {site} {path}"));
        }
        for (name, _, id, _) in &harvest.articles {
            names.insert(("articles", *id), name.clone());
        }
        Self(names)
    }

    fn name(&self, kind: &'static str, id: &Value) -> Value {
        match id.as_i64() {
            None => Value::Null,
            Some(id) => self
                .0
                .get(&(kind, id))
                .unwrap_or_else(|| panic!("nothing of {kind} has the id {id}"))
                .as_str()
                .into(),
        }
    }

    /// Puts names into `value`, which is of `kind`, and takes out of it what is not promised.
    fn put(&self, value: &mut Value, kind: &'static str) {
        match value {
            Value::Object(members) => {
                // Suggestions say what they are.
                let kind = match members.get("kind").and_then(Value::as_str) {
                    Some("category") => "category",
                    Some("source") => "sources",
                    _ => kind,
                };
                for name in ["updated_at", "changed_at", "version"] {
                    members.remove(name);
                }
                // Where a site has no addresses of its own, those of its articles are made of their ids.
                if let (Some(id), Some(Value::String(url))) = (
                    members.get("id").and_then(Value::as_i64),
                    members.get("url"),
                ) && let Some(start) = url.strip_suffix(&format!("/api/v1/articles/{id}"))
                {
                    let url = format!("{start} {}", text(&self.name("articles", &id.into())));
                    members.insert("url".to_owned(), url.into());
                }
                for (name, member) in members {
                    match name.as_str() {
                        "id" => *member = self.name(kind, member),
                        "category_id" | "parent_id" => *member = self.name("category", member),
                        "category" | "breadcrumbs" | "siblings" => self.put(member, "category"),
                        "topics" => self.put(member, "topics"),
                        "sources" => self.put(member, "sources"),
                        "contributors" => self.put(member, "contributors"),
                        "attachments" => self.put(member, "attachments"),
                        _ => self.put(member, kind),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put(item, kind)),
            _ => {}
        }
    }
}

/// Runs `test` against an application on an empty database of the same kind as that of `app`.
pub async fn on_another(app: &TestApp, test: impl AsyncFnOnce(&TestApp)) {
    let backend = match app.database().url.starts_with("sqlite:") {
        true => Backend::Sqlite,
        false => Backend::Postgres,
    };
    run(Setup::new(backend), test).await;
}

/// Fails unless an export of `app` makes the same answers and the same export in an empty database.
pub async fn assert_comes_back(app: &TestApp) {
    let file = exported(app);
    let before = portable_answers(app).await;
    on_another(app, async |other| {
        let report = other.try_import(&file).unwrap();
        assert_eq!(report.faults, []);
        assert_eq!(report.created + 1, report.lines);
        assert_same(&portable_answers(other).await, &before);
        assert_eq!(exported(other), file);
    })
    .await;
}

/// Fails at the first answer that is not the same.
#[track_caller]
pub fn assert_same(found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
    for (name, answer) in found {
        assert_eq!(Some(answer), expected.get(name), "{name}");
    }
    let missing: Vec<&String> = expected
        .keys()
        .filter(|name| !found.contains_key(*name))
        .collect();
    assert_eq!(missing, [""; 0]);
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
                .set("related", ["plain", "draft", "archived", "later", "retracted", "approved"])
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
        .article("in-review", |a| a.status("in_review"))
        .article("approved", |a| a.status("approved").sources(&["s2"]))
        .article("scheduled", |a| a.status("scheduled").published_at("2027-02-01T00:00:00Z"))
        .article("retracted", |a| {
            a.status("retracted")
                .set("retraction_reason", "第三表的数据有误 😀 “Ｘ”")
                .set("retracted_at", "2026-01-12T08:29:20.123456Z")
        })
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

    /// The sample comes back, beside another portal
    async fn the_sample_comes_back(app) {
        app.set_clock("2026-11-01T00:00:00Z");
        app.app.services().import.sample().unwrap();
        let (file, before) = (exported(app), portable_answers(app).await);
        on_another(app, async |other| {
            other.set_clock("2026-11-01T00:00:00Z");
            assert_eq!(other.try_import(&file).unwrap().faults, []);
            assert_same(&portable_answers(other).await, &before);
            assert_eq!(exported(other), file);
        })
        .await;
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
                let file = exported(alone);
                on_another(app, async |other| {
                    assert_eq!(other.try_import(&file).unwrap().faults, []);
                    assert_eq!(exported(other), file, "{name}");
                })
                .await;
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
        app.app.services().export.run(&mut file, ExportOptions { site: Some("one"), media: None, held: false }).unwrap();
        let file = String::from_utf8(file).unwrap();
        let kinds: Vec<Value> = file.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()).map(|r| json!([r["type"], r["slug"]])).collect();
        assert_eq!(kinds, [json!(["portal", null]), json!(["site", "one"]), json!(["source", "s2"]), json!(["category", null]), json!(["article", "a"])]);
        on_another(app, async |other| {
            assert_eq!(other.try_import(&file).unwrap().faults, []);
            assert_eq!(exported(other), file);
        })
        .await;
        let unknown = app.app.services().export.run(Vec::new(), ExportOptions { site: Some("three"), media: None, held: false });
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
        sqlite.app.services().import.sample().unwrap();
        sqlite.import(&rich());
        let file = exported(sqlite);
        let expected = portable_answers(sqlite).await;
        run(Setup::new(Backend::Postgres), async |postgres| {
            assert_eq!(postgres.try_import(&file).unwrap().faults, []);
            let back = exported(postgres);
            assert_eq!(back, file);
            assert_same(&portable_answers(postgres).await, &expected);
            on_another(sqlite, async |home| {
                assert_eq!(home.try_import(&back).unwrap().faults, []);
                assert_eq!(exported(home), file);
                assert_same(&portable_answers(home).await, &expected);
            })
            .await;
        })
        .await;
    })
    .await;
}
