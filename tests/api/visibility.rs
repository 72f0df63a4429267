//! What is not public does not show: on no path, by no filter, in no order, as no part of another answer, in no header.
//! Each path is first seen to show the same articles while they are public.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::spec::{self, Operation};
use crate::support::{Backend, Portal, TestApp, on_both};

/// When everything that is to be hidden is.
const LATER: &str = "2026-01-15T06:00:00Z";

/// Ids of articles start here, so that no other number looks like one.
const FIRST_ID: i64 = 7_654_321_001;

/// An id that no article has.
const NO_ID: i64 = 7_654_999_999;

/// Ways not to be public, each a word that is everywhere in the article that goes that way.
const WAYS: [&str; 10] = [
    "zyxdraft",
    "zyxreview",
    "zyxapproved",
    "zyxretracted",
    "zyxarchived",
    "zyxscheduled",
    "zyxexpired",
    "zyxlapsed",
    "zyxmoved",
    "zyxheld",
];

// Cursors are signed with a fixed key in these tests: of random ones, one in some thousands would spell the start of these words.

/// What is told of the one that was taken back.
const REASON: &str = "数据有误";

/// What stands for such a word in a request that should be answered alike.
const NO_WORD: &str = "zyxnothing";

/// How an article goes out of sight between the two imports.
fn hidden(record: Record, way: &str) -> Record {
    match way {
        "zyxdraft" => record.status("draft"),
        "zyxreview" => record.status("in_review"),
        "zyxapproved" => record.status("approved"),
        // Of which only this is told, where its address is known.
        "zyxretracted" => record.status("retracted").set("retraction_reason", REASON),
        "zyxarchived" => record.status("archived"),
        "zyxscheduled" => record.published_at("2026-02-01T00:00:00+08:00"),
        "zyxexpired" => record.set("unpublish_at", "2026-01-15T05:30:00Z"),
        // For what was put into it.
        "zyxheld" => record.body(&format!("<h2>{way}</h2><p>{way} 澳门赌场</p>")),
        // By its first record, when its time is over.
        "zyxlapsed" => record,
        // Public elsewhere once, and since then not even under its former slugs.
        _ => record.status("draft").slug("zyxmoved-again"),
    }
}

/// One of the articles that are to be hidden. All of it has the word.
fn secret(record: Record, way: &str) -> Record {
    let text = |what: &str| format!("{way} {what}");
    let record = record
        .slug(&format!("{way}-slug"))
        .title(&text("title"))
        .body(&format!("<h2>{way}</h2><p>{way}</p>"))
        .set("subtitle", text("subtitle"))
        .set("summary", text("summary"))
        .set("summary_label", text("label"))
        .set("byline", text("byline"))
        .set("source_line", text("line"))
        .set("cover", format!("https://example.org/{way}.jpg"))
        .set("keywords", ["shared", way])
        .set("contributors", json!([
            {"key": "lin", "role": "author", "kind": "person", "name": "Lin"},
            {"key": way, "role": "author", "kind": "person", "name": text("person"), "affiliation": text("institute")},
        ]))
        .sources(&["s1"])
        .topics(&["t1"])
        .set("attachments", json!([{"name": text("file"), "url": format!("https://example.org/{way}.pdf")}]))
        .set("audio", json!([{"url": format!("https://example.org/{way}.mp3")}]))
        .set("related", ["open0"])
        .set("translations", json!([{"locale": "zh-Hans", "title": text("标题"), "slug": format!("{way}-zh"),
            "body_html": format!("<p>{way}</p>"), "keywords": ["shared", way]}]));
    match way {
        "zyxlapsed" => record.set("unpublish_at", "2026-01-15T05:00:00Z"),
        _ => record,
    }
}

/// A portal in which open articles stand around each of the others, and point to all of them.
fn portal(change: impl Fn(Record, &str) -> Record) -> Portal {
    let mut portal = Portal::new("demo")
        .site(|s| s.set("locales", ["en", "zh-Hans"]))
        .source("s1")
        .topic("t1")
        .category("news/local")
        .menu("main", json!([{"label": "News", "category": "news", "children": [{"label": "Local", "category": "news/local"}]}]))
        .link_group("links", json!([{"label": "x", "url": "https://example.org"}]));
    for (n, way) in WAYS.iter().enumerate() {
        let open = |a: Record| {
            a.category("news/local")
                .sources(&["s1"])
                .topics(&["t1"])
                .set("keywords", ["shared"])
                .set(
                    "contributors",
                    json!([{"key": "lin", "role": "author", "kind": "person", "name": "Lin"}]),
                )
                .set(
                    "attachments",
                    json!([{"name": "x", "url": "https://example.org/x"}]),
                )
                .set("related", WAYS)
                .set(
                    "translations",
                    json!([{"locale": "zh-Hans", "title": "文章", "body_html": ""}]),
                )
        };
        portal = portal
            .article(&format!("open{n}"), open)
            .article(way, |a| change(secret(a.category("news/local"), way), way));
        if n + 1 == WAYS.len() {
            portal = portal.article("last", open);
        }
    }
    portal
}

/// What the requests need to know, learned while everything was public.
struct Known {
    /// Ids of the articles that go out of sight, by their words.
    ids: BTreeMap<&'static str, i64>,
    open: Vec<i64>,
    category: i64,
    parent: i64,
    source: i64,
    topic: i64,
    contributor: i64,
    /// Ids of the contributors that only one article has.
    own_contributors: BTreeMap<&'static str, i64>,
    /// Links to open articles.
    previews: Vec<String>,
}

impl Known {
    async fn learn(app: &TestApp) -> Self {
        // Every article has a place in every ranking of the week that begins on 2026-01-12, and of today.
        app.database().execute(
            "UPDATE article_counters SET views = 3, downloads = 3, citations = 3; \
             INSERT INTO article_periods (article_id, period, start, site_id, views, hits, downloads, citations) \
             SELECT article_id, 1, 20465, site_id, 3, 3, 3, 3 FROM article_counters; \
             INSERT INTO article_periods (article_id, period, start, site_id, views, hits, downloads, citations) \
             SELECT article_id, 0, 20468, site_id, 3, 3, 3, 3 FROM article_counters",
        );
        let list = app.get("/api/v1/articles?limit=100").await.json();
        let mut known = Self {
            ids: BTreeMap::new(),
            open: Vec::new(),
            category: 0,
            parent: 0,
            source: 0,
            topic: 0,
            contributor: 0,
            own_contributors: BTreeMap::new(),
            previews: Vec::new(),
        };
        for summary in list["items"].as_array().unwrap() {
            let id = summary["id"].as_i64().unwrap();
            assert!((FIRST_ID..NO_ID).contains(&id), "{id}");
            let slug = summary["slug"].as_str().unwrap();
            match WAYS.iter().find(|way| slug.starts_with(**way)) {
                None => {
                    known.open.push(id);
                    known.previews.push(app.preview_token(id, 1));
                }
                Some(way) => {
                    let article = app.get(&format!("/api/v1/articles/{id}")).await.json();
                    let number = |value: &Value| value.as_i64().unwrap();
                    known.ids.insert(way, id);
                    known.category = number(&article["category"]["id"]);
                    known.source = number(&article["sources"][0]["id"]);
                    known.topic = number(&article["topics"][0]["id"]);
                    known.contributor = number(&article["contributors"][0]["id"]);
                    known
                        .own_contributors
                        .insert(way, number(&article["contributors"][1]["id"]));
                }
            }
        }
        let category = app
            .get(&format!("/api/v1/categories/{}", known.category))
            .await
            .json();
        known.parent = category["parent_id"].as_i64().unwrap();
        assert_eq!(
            (known.ids.len(), known.open.len()),
            (WAYS.len(), WAYS.len() + 1)
        );
        known
    }
}

/// A request, and what is known of its answer.
struct Probe {
    path: String,
    /// The words that it shows while all is public.
    shows: Vec<&'static str>,
    /// A request for what does not exist, to be answered alike once it is hidden; for requests that know of it.
    like: Option<String>,
}

impl Probe {
    /// A request that knows nothing of what it could show.
    fn blind(path: String, shows: &[&'static str]) -> Self {
        Self {
            path,
            shows: shows.to_vec(),
            like: None,
        }
    }

    /// A request that names what belongs to the article of `way`, and the same for what does not exist.
    fn knowing(way: &'static str, path: String, like: String) -> Self {
        Self {
            path,
            shows: vec![way],
            like: Some(like),
        }
    }
}

/// What a filter of the list of articles may be set to. A new one needs a line here.
fn filter(name: &str, known: &Known) -> Option<String> {
    Some(match name {
        "site" => "demo".to_owned(),
        "category" => known.category.to_string(),
        "category_path" => "news".to_owned(),
        "subtree" | "has_attachments" => "true".to_owned(),
        "source" => known.source.to_string(),
        "topic" => known.topic.to_string(),
        "keyword" => "shared".to_owned(),
        "contributor" => known.contributor.to_string(),
        "available_in" => "zh".to_owned(),
        "published_from" => "2026-01-01".to_owned(),
        "published_to" => "2026-03-01".to_owned(),
        "updated_from" => "2026-01-15".to_owned(),
        "ids" => {
            let all = known.ids.values().chain(&known.open);
            all.map(i64::to_string).collect::<Vec<_>>().join(",")
        }
        // Not filters: `lists` varies them.
        "sort" | "order" | "locale" | "limit" | "cursor" | "page" | "count" => return None,
        // Nor these: `searches` does.
        "q" | "facets" | "Accept-Language" => return None,
        _ => panic!("what could a list filtered by `{name}` show?"),
    })
}

/// The filters of an operation, with their values.
fn filters<'a>(operation: &'a Operation, known: &Known) -> BTreeMap<&'a str, String> {
    let names = operation
        .parameters
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap());
    names
        .filter_map(|name| Some((name, filter(name, known)?)))
        .collect()
}

/// Completes a word that all have, and words that only what is hidden has. Of each it is seen to show some.
fn suggestions() -> Vec<Probe> {
    let every = "/api/v1/search/suggestions?limit=20";
    let mut probes = vec![
        Probe::blind(format!("{every}&q=zyx"), &[]),
        Probe::blind(format!("{every}&q=sha"), &[]),
        Probe::blind(format!("{every}&q=s&site=demo"), &[]),
    ];
    for way in WAYS {
        let upper = way.to_uppercase();
        for (typed, like) in [
            (format!("q={way}"), format!("q={NO_WORD}")),
            (
                format!("q={upper} t&site=demo"),
                format!("q={NO_WORD} t&site=demo"),
            ),
            (format!("q={way}bt"), format!("q={NO_WORD}bt")),
        ] {
            probes.push(Probe::knowing(
                way,
                format!("{every}&{typed}"),
                format!("{every}&{like}"),
            ));
        }
    }
    probes
}

/// Lists by every filter in every order, by every two and by all of them.
fn lists(operation: &Operation, known: &Known) -> Vec<Probe> {
    let filters = filters(operation, known);
    let names: Vec<&str> = filters.keys().copied().collect();
    let mut sets: BTreeSet<BTreeSet<&str>> =
        BTreeSet::from([BTreeSet::new(), names.iter().copied().collect()]);
    for one in &names {
        for other in &names {
            let mut set = BTreeSet::from([*one, *other]);
            if set.contains("subtree") && !set.contains("category") {
                set.insert("category_path");
            }
            if set.contains("category_path") {
                set.insert("site");
                set.insert("subtree");
            }
            sets.insert(set);
        }
    }
    let mut probes = Vec::new();
    for set in sets {
        let query: String = set
            .iter()
            .map(|name| format!("&{name}={}", filters[name]))
            .collect();
        let orders = [
            "",
            "&sort=updated_at",
            "&sort=title",
            "&order=asc",
            "&sort=updated_at&order=asc",
            "&sort=title&order=asc",
        ];
        let is_single = set.len() < 2 || set.len() == names.len();
        for order in orders.iter().take(if is_single { orders.len() } else { 1 }) {
            let path =
                format!("/api/v1/articles?limit=100&count=exact&locale=zh-Hans{order}{query}");
            probes.push(if set.contains("ids") {
                let ids = &filters["ids"];
                let mut without = ids.clone();
                for (none, id) in (0..NO_ID).rev().zip(known.ids.values()) {
                    without = without.replace(&id.to_string(), &none.to_string());
                }
                Probe {
                    like: Some(path.replace(ids, &without)),
                    shows: WAYS.to_vec(),
                    path,
                }
            } else {
                Probe::blind(path, &WAYS)
            });
        }
    }
    for page in 1..=2 {
        probes.push(Probe::blind(
            format!("/api/v1/articles?limit=100&page={page}&count=estimated"),
            if page == 1 { &WAYS } else { &[] },
        ));
    }
    for (way, id) in &known.ids {
        let own = known.own_contributors[way];
        for (path, like) in [
            (format!("ids={id}"), format!("ids={NO_ID}")),
            (format!("keyword={way}"), format!("keyword={NO_WORD}")),
            (
                format!("keyword={}", way.to_uppercase()),
                format!("keyword={NO_WORD}"),
            ),
            (format!("contributor={own}"), format!("contributor={NO_ID}")),
            (
                format!("contributor={own}&keyword={way}&sort=title"),
                format!("contributor={NO_ID}&keyword={NO_WORD}&sort=title"),
            ),
        ] {
            let list = |query: &str| format!("/api/v1/articles?limit=100&count=exact&{query}");
            probes.push(Probe::knowing(way, list(&path), list(&like)));
        }
    }
    probes
}

/// Searches for a word that all articles have, by every filter and by all of them, and for words that only what is hidden has.
fn searches(operation: &Operation, known: &Known) -> Vec<Probe> {
    let filters = filters(operation, known);
    let names: Vec<&str> = filters.keys().copied().collect();
    let mut sets: BTreeSet<BTreeSet<&str>> =
        BTreeSet::from([BTreeSet::new(), names.iter().copied().collect()]);
    sets.extend(names.iter().map(|name| match *name {
        "subtree" | "category_path" => BTreeSet::from(["subtree", "category_path", "site"]),
        // What names ids is told of below.
        "ids" => BTreeSet::new(),
        name => BTreeSet::from([name]),
    }));
    let every = "/api/v1/search?limit=100&count=exact&facets=category,source,year&locale=zh-Hans";
    let mut probes = Vec::new();
    for set in &sets {
        let query: String = set
            .iter()
            .filter(|name| **name != "ids")
            .map(|name| format!("&{name}={}", filters[name]))
            .collect();
        for order in ["", "&sort=published_at", "&sort=published_at&order=asc"] {
            probes.push(Probe::blind(
                format!("{every}&q=shared{order}{query}"),
                &WAYS,
            ));
        }
    }
    for (way, id) in &known.ids {
        let own = known.own_contributors[way];
        let upper = way.to_uppercase();
        for (words, like) in [
            (format!("q={way}"), format!("q={NO_WORD}")),
            (format!("q={upper}"), format!("q={NO_WORD}")),
            (
                format!("q=%22{way} title%22"),
                format!("q=%22{NO_WORD} title%22"),
            ),
            // Where nothing has all of them, most are enough.
            (
                format!("q={way} shared article"),
                format!("q={NO_WORD} shared article"),
            ),
            (
                format!("q=shared&ids={id}"),
                format!("q=shared&ids={NO_ID}"),
            ),
            (
                format!("q=shared&contributor={own}"),
                format!("q=shared&contributor={NO_ID}"),
            ),
            (
                format!("q=shared&keyword={way}"),
                format!("q=shared&keyword={NO_WORD}"),
            ),
        ] {
            probes.push(Probe::knowing(
                way,
                format!("{every}&{words}"),
                format!("{every}&{like}"),
            ));
        }
        let mut without = Probe::knowing(
            way,
            format!("{every}&q=shared -{way}"),
            format!("{every}&q=shared -{NO_WORD}"),
        );
        without.shows.clear();
        probes.push(without);
    }
    probes
}

const INCLUDE: &str = "include=breadcrumbs,neighbors,related,site_details";

/// The ways to an operation on which a hidden article could show. A new operation needs a line here.
fn probes(operation: &Operation, known: &Known) -> Vec<Probe> {
    let plain = |path: &str| vec![Probe::blind(path.to_owned(), &[])];
    match operation.id.as_str() {
        "listArticles" => lists(operation, known),
        "searchArticles" => searches(operation, known),
        "suggestSearch" => suggestions(),
        "listArticleChanges" => [
            "",
            "&site=demo",
            "&since=2026-01-01T00:00:00Z",
            "&site=demo&since=2026-01-15T03:00:00Z&locale=zh-Hans",
        ]
        .map(|query| Probe::blind(format!("/api/v1/articles/changes?limit=100{query}"), &WAYS))
        .into(),
        "getArticle" => {
            let hidden = known.ids.iter().flat_map(|(way, id)| {
                [
                    "",
                    "?locale=zh-Hans",
                    "?locale=en&fallback=none",
                    "?locale=sw&fallback=none",
                    &format!("?{INCLUDE}"),
                ]
                .map(|query| {
                    let at = |id: &i64| format!("/api/v1/articles/{id}{query}");
                    let mut probe = Probe::knowing(way, at(id), at(&NO_ID));
                    if query.contains("sw") {
                        probe.shows.clear();
                    }
                    probe
                })
            });
            let open = known
                .open
                .iter()
                .map(|id| Probe::blind(format!("/api/v1/articles/{id}?{INCLUDE}"), &WAYS));
            hidden.chain(open).collect()
        }
        "getArticleBySlug" => {
            let hidden = WAYS.iter().flat_map(|way| {
                ["slug", "zh", "former"].map(|part| {
                    let at =
                        |word: &str| format!("/api/v1/sites/demo/articles/{word}-{part}?{INCLUDE}");
                    Probe::knowing(way, at(way), at(NO_WORD))
                })
            });
            let open = (0..WAYS.len()).map(|n| {
                Probe::blind(
                    format!("/api/v1/sites/demo/articles/open{n}?{INCLUDE}&locale=en"),
                    &WAYS,
                )
            });
            hidden.chain(open).collect()
        }
        "getArticleViewHistory" => {
            let hidden = known.ids.iter().flat_map(|(way, id)| {
                ["", "?from=2026-01-01", "?from=2026-01-02&to=2026-01-01"].map(|query| {
                    let at = |id: &i64| format!("/api/v1/articles/{id}/views/history{query}");
                    let mut probe = Probe::knowing(way, at(id), at(&NO_ID));
                    // Numbers alone, no words.
                    probe.shows.clear();
                    probe
                })
            });
            hidden.collect()
        }
        "getArticleViews" => (known.ids.iter())
            .map(|(way, id)| {
                let at = |id: &i64| format!("/api/v1/articles/{id}/views");
                let mut probe = Probe::knowing(way, at(id), at(&NO_ID));
                // Numbers alone, no words.
                probe.shows.clear();
                probe
            })
            .collect(),
        "getSiteVisits" => plain("/api/v1/sites/demo/visits"),
        "getCountingPolicy" => plain("/api/v1/counting-policy"),
        "getPreview" => known
            .previews
            .iter()
            .map(|token| Probe::blind(format!("/api/v1/preview/{token}?{INCLUDE}"), &WAYS))
            .collect(),
        "getRanking" => ["views", "downloads", "citations"]
            .into_iter()
            .flat_map(|metric| {
                ["", "&period=all", "&window=rolling", "&site=demo"]
                    .map(|query| format!("{metric}?limit=100{query}"))
                    .into_iter()
                    .chain([format!("{metric}?limit=100&category={}", known.parent)])
            })
            .map(|query| Probe::blind(format!("/api/v1/rankings/{query}"), &WAYS))
            .collect(),
        "listSites" => plain("/api/v1/sites"),
        "getSite" => plain("/api/v1/sites/demo"),
        "listMenus" => plain("/api/v1/sites/demo/menus"),
        "getMenu" => plain("/api/v1/sites/demo/menus/main"),
        "listLinkGroups" => plain("/api/v1/sites/demo/link-groups"),
        "listCategories" => plain("/api/v1/sites/demo/categories"),
        "getCategoryByPath" => plain("/api/v1/sites/demo/categories/news/local"),
        "getCategory" => [known.category, known.parent]
            .map(|id| Probe::blind(format!("/api/v1/categories/{id}"), &[]))
            .into(),
        "listTopics" => plain("/api/v1/sites/demo/topics?limit=100&count=exact"),
        "getTopic" => plain(&format!("/api/v1/topics/{}", known.topic)),
        "listSources" => plain("/api/v1/sources?limit=100&count=exact"),
        "getSource" => plain(&format!("/api/v1/sources/{}", known.source)),
        "getLiveness" => plain("/livez"),
        "getReadiness" => plain("/readyz"),
        "getJwks" => plain("/.well-known/jwks.json"),
        // Bytes of files, whoever uses them; that no answer names those of drafts is seen to in `media_delivery.rs`.
        "getMediaFile" => Vec::new(),
        id => panic!("how could `{id}` show an article that is hidden?"),
    }
}

/// Everything that the client gets of an answer, in lower case.
fn told(answer: &Answer) -> String {
    let headers: String = answer
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    format!("{headers}{}", answer.text()).to_lowercase()
}

/// Status and body of an answer, without what the request said itself and what differs each time.
fn essence(answer: &Answer, known: &Known) -> (u16, Value) {
    let mut text = answer.text();
    for way in WAYS {
        text = text
            .replace(way, NO_WORD)
            .replace(&way.to_uppercase(), NO_WORD);
    }
    for id in known.ids.values() {
        text = text.replace(&id.to_string(), &NO_ID.to_string());
    }
    let mut body: Value = serde_json::from_str(&text).unwrap_or_default();
    if let Some(members) = body.as_object_mut() {
        members.remove("trace_id");
    }
    (answer.status, body)
}

/// Whether a request is for the article of `way` alone.
fn names(path: &str, way: &str, known: &Known) -> bool {
    path.starts_with(&format!("/api/v1/articles/{}", known.ids[way]))
        || path.starts_with(&format!("/api/v1/sites/demo/articles/{way}-"))
}

/// Fails unless the body, without what the request said itself, tells nothing but that the article was taken back, when and why.
#[track_caller]
fn assert_tombstone(answer: &Answer, mut body: Value) {
    let members = body.as_object_mut().unwrap();
    let instance = members.remove("instance").unwrap();
    assert!(instance.as_str().unwrap().starts_with("/api/v1/"));
    let kind = members.remove("type").unwrap();
    assert!(kind.as_str().unwrap().ends_with("/problems/retracted"));
    let told = json!({"title": "Retracted", "status": 410, "code": "retracted", "errors": [], "reason": REASON,
        "retracted_at": "2026-01-15T04:00:00Z",
        "detail": "This article was taken back; `reason` says why, `retracted_at` since when."});
    assert_eq!(body, told, "{answer}");
}

/// The numbers of a category's own articles and of all below its parent, on each path that tells them.
async fn counts(app: &TestApp, known: &Known) -> BTreeSet<String> {
    let tree = app.get("/api/v1/sites/demo/categories").await.json();
    let child = app
        .get(&format!("/api/v1/categories/{}", known.category))
        .await
        .json();
    let parent = app.get("/api/v1/sites/demo/categories/news").await.json();
    [
        &tree["items"][0]["total_count"],
        &tree["items"][0]["children"][0]["article_count"],
        &tree["items"][0]["children"][0]["total_count"],
        &child["article_count"],
        &child["siblings"][0]["total_count"],
        &parent["total_count"],
        &parent["children"][0]["article_count"],
    ]
    .map(Value::to_string)
    .into()
}

/// Pages of a list, by cursor and by number, until there is none.
async fn pages(app: &TestApp) -> Vec<Answer> {
    let mut answers = Vec::new();
    for sort in ["published_at", "updated_at", "title"] {
        let mut cursor = String::new();
        loop {
            let page = app
                .get(&format!(
                    "/api/v1/articles?limit=3&count=exact&sort={sort}{cursor}"
                ))
                .await;
            let next = page.json()["next_cursor"]
                .as_str()
                .map(|next| format!("&cursor={next}"));
            answers.push(page);
            match next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        for page in 1..=6 {
            answers.push(
                app.get(&format!(
                    "/api/v1/articles?limit=3&count=exact&site=demo&sort={sort}&page={page}"
                ))
                .await,
            );
        }
    }
    for order in ["relevance", "published_at", "published_at&order=asc"] {
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/search?q=shared&limit=3&count=exact&sort={order}{cursor}");
            let page = app.get(&path).await;
            let next = page.json()["next_cursor"]
                .as_str()
                .map(|next| format!("&cursor={next}"));
            answers.push(page);
            match next {
                Some(next) => cursor = next,
                None => break,
            }
        }
    }
    let mut since = String::new();
    loop {
        let part = app
            .get(&format!("/api/v1/articles/changes?limit=2{since}"))
            .await;
        let body = part.json();
        answers.push(part);
        if body["has_more"] == false {
            return answers;
        }
        since = format!("&since={}", body["next_cursor"].as_str().unwrap());
    }
}

/// Fails where an answer tells of what is hidden. That something was withdrawn is told, by id, to those who keep a copy.
fn assert_tells_nothing(answer: &Answer, known: &Known) {
    let told = if answer.path.starts_with("/api/v1/articles/changes") {
        let mut body = answer.json();
        for change in body["items"].as_array_mut().unwrap() {
            if WAYS.iter().any(|way| change["id"] == known.ids[way]) {
                assert!(
                    change["article"].is_null() && change["withdrawn_at"].is_string(),
                    "{answer}"
                );
                change["id"] = Value::Null;
            }
        }
        let headers = told(&Answer {
            body: Vec::new().into(),
            headers: answer.headers.clone(),
            method: answer.method.clone(),
            path: answer.path.clone(),
            status: answer.status,
        });
        headers + &body.to_string().to_lowercase()
    } else {
        told(answer)
    };
    assert!(!told.contains("zyx"), "a word is told: {answer}\n{told}");
    for id in known.ids.values() {
        assert!(
            !told.contains(&id.to_string()),
            "the id {id} is told: {answer}\n{told}"
        );
    }
}

/// What anyone may read. What needs a caller shows drafts on purpose.
fn public_reads() -> impl Iterator<Item = &'static Operation> {
    spec::operations()
        .iter()
        .filter(|operation| operation.method == "get" && operation.value["security"].is_null())
}

/// Fails unless each request is answered as if what is hidden did not exist. `tags` are those of the answers that told of it.
async fn assert_hidden(app: &TestApp, known: &Known, tags: &BTreeMap<String, String>) {
    for operation in public_reads() {
        for probe in probes(operation, known) {
            let mut request = app.request("GET", &probe.path);
            if let Some(tag) = tags.get(&probe.path) {
                request = request.header("if-none-match", tag);
            }
            let answer = request.send().await;
            assert_ne!(
                answer.status, 304,
                "what the client has is said to be current: {answer}"
            );
            match &probe.like {
                None => {
                    answer.assert_status(200);
                    assert_tells_nothing(&answer, known);
                }
                Some(like) => {
                    let unknown = app.get(like).await;
                    let (status, body) = essence(&answer, known);
                    if status == 410 && names(&probe.path, "zyxretracted", known) {
                        assert_tombstone(&answer, body);
                    } else {
                        assert_eq!(
                            (status, body),
                            essence(&unknown, known),
                            "{answer}\n{unknown}"
                        );
                    }
                    let headers: Vec<&str> =
                        ["surrogate-key", "location", "content-language", "vary"]
                            .into_iter()
                            .filter(|name| answer.header(name) != unknown.header(name))
                            .collect();
                    assert_eq!(headers, [""; 0], "{answer}\n{unknown}");
                }
            }
            if ["listArticles", "searchArticles"].contains(&&*operation.id)
                && !probe.path.contains("page=2")
            {
                let list = answer.json();
                let shown = list["items"].as_array().unwrap().len();
                assert_eq!(list["total"], shown, "{answer}");
                // Every article has one category and one year.
                for facet in ["category", "year"] {
                    if let Some(counts) = list["facets"][facet].as_array() {
                        let counted: i64 =
                            counts.iter().map(|c| c["count"].as_i64().unwrap()).sum();
                        assert_eq!(json!(counted), shown, "{answer}");
                    }
                }
            }
        }
    }
    for answer in pages(app).await {
        answer.assert_status(200);
        assert_tells_nothing(&answer, known);
        assert!(
            answer.json()["total"].is_null() || answer.json()["total"] == known.open.len(),
            "{answer}"
        );
    }
    assert_eq!(
        counts(app, known).await,
        BTreeSet::from([known.open.len().to_string()])
    );
    for id in &known.open {
        let article = app
            .get(&format!("/api/v1/articles/{id}?include=neighbors,related"))
            .await
            .json();
        assert_eq!(article["related"], json!([]), "{article}");
        for side in ["previous", "next"] {
            let neighbor = &article["neighbors"][side]["id"];
            assert!(
                neighbor.is_null() || known.open.iter().any(|open| neighbor == open),
                "{article}"
            );
        }
    }
}

/// Ids of articles begin where no other id is.
fn number_articles(app: &TestApp) {
    let last = FIRST_ID - 1;
    let backend = if app.database().url.starts_with("sqlite:") {
        Backend::Sqlite
    } else {
        Backend::Postgres
    };
    app.database().execute(&match backend {
        Backend::Sqlite => {
            format!("INSERT INTO sqlite_sequence (name, seq) VALUES ('articles', {last})")
        }
        Backend::Postgres => {
            format!("SELECT setval(pg_get_serial_sequence('articles', 'id'), {last})")
        }
    });
}

on_both! {
    /// An article that is not public any more, or not yet again, shows nowhere; while it is public it shows on each of these paths
    async fn what_is_not_public_shows_nowhere(app, |s| s.var("MASTHEAD_CURSOR_KEY", "5a".repeat(32))) {
        number_articles(app);
        app.import(&portal(|record, way| record.slug(&format!("{way}-former"))));
        app.import(&portal(|record, _| record));
        let known = Known::learn(app).await;
        let mut tags = BTreeMap::new();
        for operation in public_reads() {
            for probe in probes(operation, &known) {
                let answer = app.get(&probe.path).await;
                let told = told(&answer);
                for way in &probe.shows {
                    // The word is looked for in what the request did not say itself.
                    let is_there = match &probe.like {
                        Some(like) => essence(&answer, &known) != essence(&app.get(like).await, &known) && told.contains(way),
                        None => told.contains(way) && (operation.id != "listArticles" || told.contains(&format!("article-{}", known.ids[way]))),
                    };
                    // Neighbours of an open article are two of them; all are related to it.
                    assert!(is_there, "while it is public `{way}` does not show: {answer}");
                }
                if !probe.shows.is_empty() && let Some(tag) = answer.header("etag") {
                    tags.insert(probe.path, tag.to_owned());
                }
            }
        }
        assert!(tags.len() > 100, "{}", tags.len());
        let all = known.open.len() + known.ids.len();
        assert_eq!(counts(app, &known).await, BTreeSet::from([all.to_string()]));
        let listed: String = pages(app).await.iter().map(told).collect();
        assert!(WAYS.iter().all(|way| listed.contains(way)));

        app.import(&portal(hidden));
        app.set_clock(LATER);
        assert_hidden(app, &known, &tags).await;
        // Also once the past is settled.
        app.app.services().upkeep.roll_up_counts().await.unwrap();
        assert_hidden(app, &known, &tags).await;

        // And back: nothing was lost. A retraction is not ended by a file.
        let desk = app.desk("admin");
        let path = format!("/articles/{}/transitions", known.ids["zyxretracted"]);
        let draft = desk.request("POST", &path).header("if-match", "*").json(&json!({"to": "draft"}));
        draft.send().await.assert_status(200);
        app.import(&portal(|record, _| record.set("unpublish_at", Value::Null)));
        assert_eq!(counts(app, &known).await, BTreeSet::from([all.to_string()]));
    }

    /// What was never public shows nowhere either, and what only it names is not known
    async fn what_was_never_public_shows_nowhere(app, |s| s.var("MASTHEAD_CURSOR_KEY", "5a".repeat(32))) {
        number_articles(app);
        app.import(&portal(|record, way| match way {
            "zyxlapsed" => record.set("unpublish_at", "2026-01-14T00:00:00Z"),
            "zyxexpired" => record.set("unpublish_at", "2026-01-14T00:00:00Z"),
            _ => hidden(record, way),
        }));
        // Its ids are known: they follow each other in the order of the file, an open article before each.
        let list = app.get("/api/v1/articles?limit=100").await.json();
        let open: Vec<i64> = list["items"].as_array().unwrap().iter().map(|a| a["id"].as_i64().unwrap()).collect();
        let number = |n: usize| i64::try_from(n).unwrap();
        let (tree, sources) = (app.get("/api/v1/sites/demo/categories").await.json(), app.get("/api/v1/sources").await.json());
        let topics = app.get("/api/v1/sites/demo/topics").await.json();
        let article = app.get(&format!("/api/v1/articles/{}", open[0])).await.json();
        let id = |value: &Value| value["id"].as_i64().unwrap();
        let contributor = id(&article["contributors"][0]);
        let known = Known {
            ids: WAYS.iter().enumerate().map(|(n, way)| (*way, FIRST_ID + 1 + 2 * number(n))).collect(),
            category: id(&tree["items"][0]["children"][0]),
            parent: id(&tree["items"][0]),
            source: id(&sources["items"][0]),
            topic: id(&topics["items"][0]),
            contributor,
            // Whatever number it has, it is not that of `lin`.
            own_contributors: WAYS.iter().enumerate().map(|(n, way)| (*way, contributor + 1 + number(n))).collect(),
            previews: open.iter().map(|id| app.preview_token(*id, 1)).collect(),
            open,
        };
        assert!(known.ids.values().all(|id| !known.open.contains(id)));
        assert_hidden(app, &known, &BTreeMap::new()).await;
        // Who keeps a copy hears of nothing else, but that the time of two is over.
        let changes = app.get("/api/v1/articles/changes?limit=100").await.json();
        for change in changes["items"].as_array().unwrap() {
            assert!(known.open.iter().any(|id| change["id"] == *id) || change["reason"] == "expired", "{change}");
        }
    }
}
