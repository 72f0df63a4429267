//! Injected text on every way out: whatever anybody may ask for without an account is asked for, and read as a person or a machine would read it.
//! Knows no rule of the check, only what must not come out.

use std::borrow::Cow;
use std::sync::LazyLock;

use masthead::service::export::ExportOptions;
use masthead::text::folding::{self, Kind};
use masthead::text::slug::slugify;
use serde_json::{Value, json};

use crate::command_line::{Place, Serving, databases};
use crate::support::calls::needs_caller;
use crate::support::client::Answer;
use crate::support::content::Record;
use crate::support::media::{Form, path, pdf};
use crate::support::spec;
use crate::support::{Portal, TestApp, on_both, shared};

/// What must never come out, by the rows SP-01 to SP-11 of the portals' checklist.
pub const FORBIDDEN: [&str; 11] = [
    "澳门赌场",                     // SP-01
    "国产又粗又猛又黄视频",         // SP-02
    "97超碰亚洲中文字幕校园",       // SP-03
    "中文字幕在线视频网站",         // SP-04
    "国产阿v视频高清在线观看",      // SP-05
    "亚洲乱码国产乱码精品精",       // SP-06
    "久久亚洲日韩理论AⅤ片",         // SP-07
    "日本视频观看无卡免费精品页码", // SP-08
    "欧美精品高清一区二区蜜芽",     // SP-09
    "亚洲视频在线观看一区",         // SP-10
    "亚洲国产精品高清在线电影",     // SP-11
];

/// The same, as they are compared, and in Latin letters, as addresses are made of titles.
static SOUGHT: LazyLock<Vec<String>> = LazyLock::new(|| {
    let compared = FORBIDDEN.iter().map(|phrase| compared(phrase));
    let slugs = FORBIDDEN.iter().map(|phrase| slugify(phrase));
    compared.chain(slugs).collect()
});

/// Everything that an article may come with.
const WHOLE: &str = "include=breadcrumbs,neighbors,related,site_details";

/// Folded, without blanks: what is left of a text where its spelling makes no difference.
fn compared(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        folding::fold(c, |c, kind| {
            if kind != Kind::Blank {
                folded.push(c);
            }
        });
    }
    folded
}

/// `\uXXXX` of JSON and `&#N;` of HTML as what they stand for.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") && !text.contains("&#") {
        return Cow::Borrowed(text);
    }
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let code = if let Some(hex) = rest.strip_prefix("\\u").and_then(|r| r.get(..4)) {
            u32::from_str_radix(hex, 16).ok().map(|code| (code, 6))
        } else if let Some((number, _)) = rest.strip_prefix("&#").and_then(|r| r.split_once(';')) {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            code.ok().map(|code| (code, number.len() + 3))
        } else {
            None
        };
        match code {
            // Half of a character, which its other half follows.
            Some((code, length)) if code < 0x10000 => {
                units.push(u16::try_from(code).unwrap());
                rest = &rest[length..];
            }
            Some((code, length)) => {
                let whole = char::from_u32(code).unwrap_or('\u{fffd}');
                units.extend(whole.encode_utf16(&mut [0; 2]).iter());
                rest = &rest[length..];
            }
            None => {
                units.extend(c.encode_utf16(&mut [0; 2]).iter());
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}

/// `text` without what stands between `<` and `>`.
fn untagged(text: &str) -> String {
    let mut parts = text.split('<');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('>') {
            Some((_, after)) => plain.push_str(after),
            None => plain.push_str(part),
        }
    }
    plain
}

/// The forbidden phrase that a text has, in whatever way it is written: with entities or escapes, percent-encoded, in the other script, full-width,
/// with blanks and invisible characters, split by tags, in Latin letters; and what stands around it.
pub fn forbidden_in(text: &str) -> Option<(&'static str, String)> {
    let mut decoded = percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned();
    // What is encoded twice was encoded by somebody.
    for _ in 0..2 {
        decoded = unescaped(&decoded).into_owned();
        decoded = percent_encoding::percent_decode_str(&decoded)
            .decode_utf8_lossy()
            .into_owned();
    }
    for text in [compared(&decoded), compared(&untagged(&decoded))] {
        for (number, phrase) in SOUGHT.iter().enumerate() {
            if let Some(at) = text.find(phrase.as_str()) {
                let before: String = text[..at].chars().rev().take(60).collect();
                let around: String = before
                    .chars()
                    .rev()
                    .chain(text[at..].chars().take(100))
                    .collect();
                return Some((FORBIDDEN[number % FORBIDDEN.len()], around));
            }
        }
    }
    None
}

/// Fails where a text has any forbidden phrase.
#[track_caller]
pub fn is_clean(place: &str, text: &str) {
    if let Some((phrase, around)) = forbidden_in(text) {
        panic!("{place} shows {phrase}: {around}");
    }
}

/// Head and body.
pub fn whole(answer: &Answer) -> String {
    let headers: Vec<String> = answer
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    format!("{}\n{}", headers.join("\n"), answer.text())
}

/// Percent-encoded, for a place in an address.
pub fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Everything that there is, also what nobody may read: so the lists of an administrator know it.
struct There {
    sites: Vec<String>,
    categories: Vec<Value>,
    menus: Vec<Value>,
    topics: Vec<Value>,
    sources: Vec<Value>,
    media: Vec<Value>,
    articles: Vec<Value>,
    /// Tokens of a preview of each revision of each article.
    previews: Vec<String>,
}

impl There {
    async fn of(app: &TestApp) -> Self {
        let desk = app.desk("admin");
        let mut there = Self {
            sites: Vec::new(),
            categories: Vec::new(),
            menus: Vec::new(),
            topics: Vec::new(),
            sources: desk.walk("/sources?limit=100").await.0,
            media: desk.walk("/media?limit=100").await.0,
            articles: Vec::new(),
            previews: Vec::new(),
        };
        for site in desk.walk("/sites?limit=100").await.0 {
            let slug = site["slug"].as_str().unwrap();
            let below =
                async |kind: &str| desk.walk(&format!("/{kind}?site={slug}&limit=100")).await.0;
            there.categories.extend(below("categories").await);
            there.menus.extend(below("menus").await);
            there.topics.extend(below("topics").await);
            there.sites.push(slug.to_owned());
        }
        for listed in desk.walk("/articles?limit=100").await.0 {
            let id = listed["id"].as_i64().unwrap();
            there.articles.push(
                desk.get(&format!("/articles/{id}"))
                    .await
                    .assert_status(200)
                    .json(),
            );
            for revision in desk
                .walk(&format!("/articles/{id}/revisions?limit=100"))
                .await
                .0
            {
                there
                    .previews
                    .push(app.preview_token(id, revision["number"].as_i64().unwrap()));
            }
        }
        there
    }

    /// An article's names in addresses, in all of its languages, those that it had, too.
    fn slugs(article: &Value) -> impl Iterator<Item = &str> {
        let former = spec::items(&article["former_slugs"])
            .filter_map(|slug| slug.as_str().or(slug["slug"].as_str()));
        let others = spec::items(&article["translations"]).filter_map(|text| text["slug"].as_str());
        article["slug"]
            .as_str()
            .into_iter()
            .chain(others)
            .chain(former)
    }

    /// The addresses that a template stands for. A new one that needs to know something needs a line here.
    fn fill(&self, template: &str) -> Vec<String> {
        let each = |values: &[Value], hole: &str, member: &str| -> Vec<String> {
            values
                .iter()
                .map(|value| {
                    template.replace(
                        hole,
                        value[member]
                            .as_str()
                            .map_or(value[member].to_string(), str::to_owned)
                            .as_str(),
                    )
                })
                .collect()
        };
        let within = |values: &[Value], hole: &str, member: &str| -> Vec<String> {
            let fill = |value: &Value| {
                template
                    .replace("{site}", value["site"].as_str().unwrap())
                    .replace(hole, value[member].as_str().unwrap())
            };
            values.iter().map(fill).collect()
        };
        match template.trim_start_matches("/api/v1") {
            plain if !plain.contains('{') => vec![template.to_owned()],
            "/articles/{id}" | "/articles/{id}/views" | "/articles/{id}/views/history" => {
                each(&self.articles, "{id}", "id")
            }
            "/categories/{id}" => each(&self.categories, "{id}", "id"),
            "/topics/{id}" => each(&self.topics, "{id}", "id"),
            "/sources/{id}" => each(&self.sources, "{id}", "id"),
            "/media/{id}/{file}" => self.media.iter().map(|file| path(&file["url"])).collect(),
            "/preview/{token}" => self
                .previews
                .iter()
                .map(|token| template.replace("{token}", token))
                .collect(),
            "/rankings/{metric}" => ["views", "downloads", "citations"]
                .map(|metric| template.replace("{metric}", metric))
                .into(),
            "/sites/{site}/articles/{slug}" => {
                let of = |article: &Value| -> Vec<String> {
                    let site = article["site"].as_str().unwrap();
                    Self::slugs(article)
                        .map(|slug| {
                            template
                                .replace("{site}", site)
                                .replace("{slug}", &encoded(slug))
                        })
                        .collect()
                };
                self.articles.iter().flat_map(of).collect()
            }
            "/sites/{site}/categories/{path}" => within(&self.categories, "{path}", "path"),
            "/sites/{site}/menus/{key}" => within(&self.menus, "{key}", "key"),
            one_site if one_site.replace("{site}", "").find('{').is_none() => self
                .sites
                .iter()
                .map(|site| template.replace("{site}", site))
                .collect(),
            _ => panic!("what is there under {template}?"),
        }
    }

    /// Every address that can be asked for without an account, with every option that shows more.
    fn addresses(&self) -> Vec<String> {
        let mut all = ["/openapi.json", "/docs", "/problems", "/problems/held-back"]
            .map(str::to_owned)
            .to_vec();
        for operation in spec::operations()
            .iter()
            .filter(|operation| operation.method == "get" && !needs_caller(operation))
        {
            // What is asked for only with words has its own lines below.
            let filled = match spec::items(&json!(operation.parameters))
                .any(|p| p["in"] == "query" && p["required"] == true)
            {
                true => Vec::new(),
                false => self.fill(&operation.template),
            };
            for path in filled {
                let has = |name: &str| {
                    operation
                        .parameters
                        .iter()
                        .any(|parameter| parameter["name"] == name)
                };
                if has("include") {
                    all.push(format!("{path}?{WHOLE}"));
                    all.extend(
                        ["zh-Hans", "zh-Hant", "en"]
                            .map(|locale| format!("{path}?locale={locale}")),
                    );
                }
                if has("sort") {
                    all.extend(
                        ["published_at", "updated_at", "title"]
                            .map(|sort| format!("{path}?sort={sort}&limit=100&count=exact")),
                    );
                }
                if has("period") {
                    all.extend(
                        ["day", "week", "month", "year", "all"]
                            .map(|period| format!("{path}?period={period}&limit=100")),
                    );
                }
                if has("limit") {
                    all.push(format!("{path}?limit=100"));
                }
                all.push(path);
            }
        }
        for site in &self.sites {
            all.extend([
                format!("/api/v1/articles?site={site}&count=exact"),
                format!("/api/v1/articles/changes?site={site}"),
                format!("/api/v1/rankings/views?site={site}&period=all"),
            ]);
        }
        for category in &self.categories {
            all.extend([
                format!("/api/v1/articles?category={}&subtree=true", category["id"]),
                format!(
                    "/api/v1/rankings/views?category={}&period=all",
                    category["id"]
                ),
            ]);
        }
        let listed = [("source", &self.sources), ("topic", &self.topics)];
        all.extend(listed.iter().flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| format!("/api/v1/articles?{name}={}&count=exact", value["id"]))
        }));
        let ids: Vec<String> = self
            .articles
            .iter()
            .map(|article| article["id"].to_string())
            .collect();
        all.push(format!("/api/v1/articles?ids={}", ids.join(",")));
        all
    }
}

/// Words to search for: none of them has a forbidden phrase, all of them are near one.
fn words() -> Vec<String> {
    let mut words: Vec<String> = [
        "国际合作",
        "中關村",
        "視頻",
        "视频",
        "科学",
        "研发",
        "灯塔",
        "aomen",
        "ao men",
        "dc",
        "gch",
        "a",
        "97",
    ]
    .map(str::to_owned)
    .to_vec();
    for phrase in FORBIDDEN {
        let characters: Vec<char> = phrase.chars().collect();
        let (first, last) = characters.split_at(characters.len() / 2);
        words.extend([
            first.iter().collect(),
            last.iter().collect(),
            characters[..2].iter().collect(),
        ]);
    }
    words
}

/// Asks for everything that can be asked for without an account, as it is and as a search shows it, and reads the answers, heads and all.
pub async fn nothing_leaks(app: &TestApp) {
    let there = There::of(app).await;
    let mut asked = there.addresses();
    for word in words() {
        let q = encoded(&word);
        asked.extend([
            format!("/api/v1/search?q={q}&limit=100&facets=category,source,year&count=exact"),
            format!("/api/v1/search?q={q}&sort=published_at"),
            format!("/api/v1/search/suggestions?q={q}&limit=20"),
            format!("/api/v1/articles?keyword={q}"),
        ]);
    }
    for path in asked {
        let answer = app.get(&path).await;
        assert!(answer.status < 500, "{answer}");
        assert!(
            !answer.path.contains("/search") || answer.status == 200,
            "{answer}"
        );
        // Who asks for an address gets it said again, where nothing is there.
        let place = path.split('?').next().unwrap_or_default();
        let written = place.rsplit('/').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(written).decode_utf8_lossy();
        let told = match answer.status {
            404 if !name.is_empty() => whole(&answer)
                .replace(written, "*")
                .replace(name.as_ref(), "*"),
            _ => whole(&answer),
        };
        is_clean(&path, &told);
    }
    // To whom asks for the text itself, nothing is found.
    for phrase in FORBIDDEN {
        for text in [
            phrase.to_owned(),
            phrase
                .replace("门", "門")
                .replace("赌场", "賭場")
                .replace("国", "國")
                .replace("视频", "視頻"),
            spaced(phrase),
        ] {
            let q = encoded(&text);
            let found = app
                .get(&format!(
                    "/api/v1/search?q={q}&facets=category,source,year&count=exact"
                ))
                .await
                .assert_status(200)
                .json();
            // Where nothing has all of it, what has most of it may be found.
            assert!(
                found["matching"] != "all" || found["total"] == 0,
                "{text}: {found}"
            );
            is_clean(&text, &found.to_string());
            for path in [
                format!("/api/v1/search/suggestions?q={q}"),
                format!("/api/v1/articles?keyword={q}"),
            ] {
                let found = app.get(&path).await.assert_status(200).json();
                assert_eq!(found["items"], json!([]), "{path}");
            }
        }
    }
    // Nor does anything count that nobody reads.
    for article in &there.articles {
        let id = &article["id"];
        let counted = app
            .request("POST", &format!("/api/v1/articles/{id}/views"))
            .json(&json!({}))
            .send()
            .await;
        let batch = app
            .request("POST", "/api/v1/views")
            .json(&json!({"views": [{"article_id": id}]}))
            .send()
            .await;
        assert_eq!(
            counted.status == 404,
            article["status"] == "quarantined",
            "{counted}"
        );
        for answer in [counted, batch] {
            is_clean(&answer.path, &whole(&answer));
        }
    }
    for site in &there.sites {
        let counted = app
            .request("POST", &format!("/api/v1/sites/{site}/visits"))
            .json(&json!({}))
            .send()
            .await;
        is_clean(site, &whole(&counted));
    }
    let file = exported(app, false);
    is_clean("a file", &file);
}

/// A phrase with blanks between its characters.
fn spaced(phrase: &str) -> String {
    let parts: Vec<String> = phrase.chars().map(String::from).collect();
    parts.join(" ")
}

fn exported(app: &TestApp, held: bool) -> String {
    let mut file = Vec::new();
    app.app
        .services()
        .export
        .run(
            &mut file,
            ExportOptions {
                site: None,
                media: None,
                held,
            },
        )
        .unwrap();
    String::from_utf8(file).unwrap()
}

/// Two sites: in one, honest articles stand between and point to those that have a phrase in every member, and there are records of each kind
/// that have one; the other has one in its own record.
fn portal(text: impl Fn(&'static str) -> String) -> Portal {
    let spam = text(FORBIDDEN[0]);
    let demo = Portal::new("demo").site(|s| {
        s.set("name", "滨海所")
            .set("default_locale", "zh-Hans")
            .set("locales", ["zh-Hans", "en"])
    });
    let category =
        |path: &str, name: &str| demo.record("category").set("path", path).set("name", name);
    let topic = |key: &str, title: &str| demo.record("topic").set("key", key).set("title", title);
    let source = |slug: &str, name: &str| Record::new("source").set("slug", slug).set("name", name);
    let keys: Vec<String> = (0..FORBIDDEN.len()).map(|n| format!("spam{n}")).collect();
    let records = [
        category("news", "要闻"),
        category("games", &format!("{spam}专栏")),
        category("games/deep", "深潜"),
        topic("tides", "潮汐"),
        topic("games", &format!("专题:{spam}")),
        source("daily", "科学日报"),
        source("games", &format!("{spam}报")),
    ];
    let mut portal = records
        .into_iter()
        .fold(demo.clone(), Portal::with)
        .menu(
            "main",
            json!([{"label": "要闻", "category": "news"}, {"label": "栏目", "category": "games"}]),
        )
        .menu(
            "games",
            json!([{"label": spam, "url": "https://example.org/"}]),
        )
        .link_group(
            "units",
            json!([{"label": "友邻", "url": "https://example.org/"}]),
        )
        .link_group(
            "games",
            json!([{"label": "友邻", "url": format!("https://example.org/?q={spam}")}]),
        )
        .article("below", |a| a.category("games/deep").title("灯塔之下"));
    for (n, phrase) in FORBIDDEN.into_iter().enumerate() {
        let phrase = text(phrase);
        portal = portal
            .article(&format!("open{n}"), |a| {
                a.category("news")
                    .title(&format!("灯塔 {n}"))
                    .topics(&["tides", "games"])
                    .sources(&["daily", "games"])
                    .set("related", &keys)
                    .set("keywords", ["科学", "视频"])
                    .set("views", 3)
            })
            .article(&keys[n], |a| every_member(a.category("news"), &phrase));
    }
    let other = Portal::new("other").site(|s| {
        s.set("name", &spam)
            .set("owner", &spam)
            .set("copyright", format!("© {spam}"))
    });
    portal.and(other.article("elsewhere", |a| {
        a.title("Elsewhere").set("keywords", ["科学"])
    }))
}

/// An article that has a phrase in every member that has text, and no slug but that of its title.
fn every_member(record: Record, phrase: &str) -> Record {
    let query = encoded(phrase);
    record
        .without("slug")
        .title(&format!("{phrase}国际合作"))
        .body(&format!(
            "<h2>{phrase}</h2><p>灯塔在{phrase}点亮。</p><p><a href=\"https://example.org/?q={query}\" title=\"{phrase}\">甲</a><img src=\"/a.png\" alt=\"{phrase}\"></p>\
             <!--{phrase}--><div style=\"display:none\">{phrase}</div><p>{phrase}</p>"
        ))
        .sources(&["daily"])
        .topics(&["tides"])
        .set("views", 5)
        .set("subtitle", phrase)
        .set("summary", phrase)
        .set("summary_label", phrase)
        .set("byline", phrase)
        .set("source_line", phrase)
        .set("cover", format!("https://example.org/{query}.jpg"))
        .set("keywords", ["科学", phrase])
        .set("contributors", json!([{"role": "author", "kind": "person", "name": phrase, "affiliation": phrase}]))
        .set("attachments", json!([{"name": format!("{phrase}.pdf"), "url": format!("https://example.org/{query}.pdf")}]))
        .set("audio", json!([{"url": format!("https://example.org/{query}.mp3")}]))
        .set("related", ["open0"])
        .set("translations", json!([{"locale": "en", "title": phrase, "body_html": format!("<p>{phrase}</p>"), "keywords": [phrase], "slug": slugify(phrase)}]))
}

/// The answer to a request that names a phrase, without what differs anyway, and with the phrase taken out.
async fn blind(app: &TestApp, path: &str, phrase: &str) -> String {
    let answer = app.get(path).await;
    let mut body = answer.json();
    if let Some(members) = body.as_object_mut() {
        members.remove("trace_id");
    }
    let head = ["link", "location", "surrogate-key", "cache-control", "vary"];
    let head = head.map(|name| format!("{name}: {:?}", answer.header(name)));
    let slug = slugify(phrase);
    [phrase.to_owned(), encoded(phrase), encoded(&slug), slug]
        .iter()
        .fold(
            format!("{} {}\n{body}", answer.status, head.join("\n")),
            |all, form| all.replace(form.as_str(), "*"),
        )
}

on_both! {
    /// What has a phrase in any member comes out nowhere, before and after it is mended, and what has none stays
    async fn no_way_out_shows_it(app) {
        app.import(&portal(str::to_owned));
        let desk = app.desk("admin");
        // A file whose name and whose picture's text are of the kind, too.
        desk.taken(&Form::of(&format!("{}.pdf", FORBIDDEN[0]), pdf("a")).text("site", "demo")).await;
        desk.taken(&Form::of("潮位.pdf", pdf("b")).text("site", "demo")).await;
        // Every article has a place in every ranking of the week and of the day.
        app.database().execute(
            "UPDATE article_counters SET views = 3, downloads = 3, citations = 3; \
             INSERT INTO article_periods (article_id, period, start, site_id, views, hits, downloads, citations) \
             SELECT article_id, 1, 20465, site_id, 3, 3, 3, 3 FROM article_counters; \
             INSERT INTO article_periods (article_id, period, start, site_id, views, hits, downloads, citations) \
             SELECT article_id, 0, 20468, site_id, 3, 3, 3, 3 FROM article_counters",
        );
        let listed = async || -> Vec<String> {
            let list = app.get("/api/v1/articles?limit=100&sort=title&order=asc").await.assert_status(200).json();
            spec::items(&list["items"]).map(|article| article["title"].as_str().unwrap().to_owned()).collect()
        };
        let honest: Vec<String> = (0..FORBIDDEN.len()).map(|n| format!("灯塔 {n}")).collect();
        let mut shown = listed().await;
        shown.sort_by_key(|title| title.trim_start_matches("灯塔 ").parse::<usize>().ok());
        assert_eq!(shown, honest);
        let ranked = app.get("/api/v1/rankings/views?period=week&limit=100").await.assert_status(200).json();
        assert_eq!(ranked["items"].as_array().unwrap().len(), honest.len(), "{ranked}");
        nothing_leaks(app).await;
        // What is sought is there: so the same search finds it in what administrators get.
        for phrase in FORBIDDEN {
            let file = exported(app, true);
            assert!(file.contains(phrase), "{phrase}");
        }
        assert!(forbidden_in(&desk.get("/articles?limit=100&status=quarantined").await.text()).is_some());
        // Mended by its phrases, site by site.
        for site in ["demo", "other"] {
            for some in FORBIDDEN.chunks(6) {
                let replace: serde_json::Map<String, Value> = some.iter().map(|phrase| ((*phrase).to_owned(), json!("滨海所"))).collect();
                desk.post("/findings/repair", &json!({"site": site, "replace": replace, "dry_run": false})).await.assert_status(200);
                nothing_leaks(app).await;
            }
        }
        // Sources belong to no site, what cleaning took off is no text that could be replaced, and addresses are written with percent signs.
        let source = desk.walk("/sources?limit=100").await.0.into_iter().find(|source| source["slug"] == "games").unwrap();
        desk.patch(&format!("/sources/{}", source["id"]), &json!({"name": "滨海报"})).await.assert_status(200);
        let left = desk.walk("/findings?severity=block&limit=100").await.0;
        let is_text = |finding: &Value| finding["is_stored"] == true && finding["kind"] != "media" && finding["place"] != "address";
        assert!(!left.iter().any(is_text), "{left:?}");
        for finding in left.iter().filter(|finding| finding["kind"] == "article") {
            let order = json!({"article_id": finding["article_id"], "cut": [finding["id"]], "dry_run": false});
            let cut = desk.post("/findings/repair", &order).await;
            // What cannot be without its address goes as a whole.
            if cut.status == 422 {
                let member = finding["field"].as_str().unwrap().split('/').nth(1).unwrap();
                let nothing = match member {
                    "audio" | "attachments" => json!([]),
                    _ => Value::Null,
                };
                desk.patch(&format!("/articles/{}", finding["article_id"]), &json!({member: nothing})).await.assert_status(200);
            } else {
                // An earlier change of the article may have taken it along.
                assert!([200, 404].contains(&cut.status), "{cut}");
            }
        }
        nothing_leaks(app).await;
        let all = listed().await;
        let left = desk.walk("/findings?severity=block&limit=100").await.0;
        assert_eq!(all.len(), 2 * FORBIDDEN.len() + 2, "{all:?}; {left:?}");
        assert!(all.contains(&"滨海所国际合作".to_owned()) && all.contains(&"灯塔之下".to_owned()), "{all:?}");
    }

    /// Whoever asks for the phrase itself, under whatever address, gets the answer that any other phrase gets
    async fn asking_for_it_tells_nothing(app) {
        app.import(&portal(str::to_owned));
        for phrase in [FORBIDDEN[0], FORBIDDEN[4], "澳門賭場"] {
            // As long, and nowhere.
            let none: String = "浮标潮位海图航线灯塔锚地礁石湾岸".chars().take(phrase.chars().count()).collect();
            let paths = |text: &str| {
                let q = encoded(text);
                let slug = encoded(&slugify(text));
                let mut paths: Vec<String> = [
                    "/sites/*", "/sites/*/articles/a", "/sites/demo/articles/*", "/sites/demo/articles/-", "/sites/demo/articles/-guo-ji-he-zuo", "/sites/demo/categories/*", "/sites/demo/categories/games/*",
                    "/sites/demo/menus/*", "/sites/*/topics", "/articles/*", "/categories/*", "/topics/*", "/sources/*", "/media/1/*", "/preview/*", "/rankings/*",
                    "/rankings/views?period=*", "/articles?site=*", "/articles?sort=*", "/articles?locale=*", "/articles?keyword=*", "/articles?ids=*", "/articles?category_path=*&site=demo",
                    "/articles?published_from=*", "/articles?limit=*", "/articles?cursor=*", "/articles?*=1", "/articles/changes?since=*", "/search?q=*&facets=*", "/search?q=*", "/search?q=*&site=*",
                    "/search/suggestions?q=*", "/search/suggestions?q=*&site=*", "/*",
                ]
                .iter()
                .map(|path| format!("/api/v1{}", path.replace('*', &q).replace("/-", &format!("/{slug}"))))
                .collect();
                paths.push(format!("/{q}"));
                paths
            };
            for (path, other) in paths(phrase).iter().zip(paths(&none)) {
                let told = blind(app, path, phrase).await;
                let wanted = blind(app, &other, &none).await;
                assert_eq!(told, wanted, "{path}");
            }
        }
    }
}

#[test]
fn whatever_it_is_written_in_it_is_read() {
    for text in [
        "澳门赌场",
        "x澳門賭場x",
        "澳 门\u{3000}赌\u{200B}场",
        "\\u6fb3\\u95e8\\u8d4c\\u573a",
        "&#28595;&#38376;&#x8D4C;&#22330;",
        "%E6%BE%B3%E9%97%A8%E8%B5%8C%E5%9C%BA",
        "%26%2328595%3B%26%2338376%3B%26%2336172%3B%26%2322330%3B",
        "<mark>澳门</mark>赌<b>场</b>",
        "/articles/ao-men-du-chang-guo-ji",
        "<p>国产阿Ｖ视频高清在线观看</p>",
        "久久亞洲日韓理論ＡＶ片",
    ] {
        assert!(forbidden_in(text).is_some(), "{text}");
    }
    for text in [
        "澳门大学",
        "澳门,赌,场",
        "视频网站",
        "&#;\\u12 %zz <",
        "创新性交流",
    ] {
        assert_eq!(forbidden_in(text), None, "{text}");
    }
}

/// The log of a server that has answered these, and what it printed on the way.
fn logged(place: &Place, paths: &[String]) -> String {
    let serving = Serving::start(place);
    let mut said = String::new();
    for path in paths {
        let (status, body) = serving.get(path);
        assert!(status < 500, "{path}: {body}");
        said.push_str(&format!("{path} {status}\n"));
    }
    serving.terminate();
    let (code, log) = serving.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains(" INFO ") && said.lines().count() == paths.len(),
        "{log}"
    );
    log
}

#[test]
fn neither_files_nor_logs_nor_what_commands_say_show_it() {
    let real: Vec<_> = ["portals/cas.ndjson", "portals/shikuang.ndjson"]
        .iter()
        .filter_map(|name| shared(name))
        .collect();
    for database in databases() {
        // Runs look at everything when the server starts.
        let place = Place::with(&database).var("MASTHEAD_RESCAN_SECONDS", "10");
        place.write("own.ndjson", portal(str::to_owned).lines());
        let mut import = vec!["import", "own.ndjson"];
        import.extend(real.iter().map(|file| file.to_str().unwrap()));
        let said = place.run(&import);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:#?}");
        assert!(said.out.contains("held back"), "{said:#?}");
        is_clean("import", &said.out);
        // A file with faults is told of by line and member, not by what it says.
        let faulty =
            portal(str::to_owned).article("bad", |a| a.title("潮位").set("status", FORBIDDEN[0]));
        place.write("bad.ndjson", faulty.lines());
        let said = place.run(&["import", "bad.ndjson"]);
        assert_eq!(said.code, Some(1), "{said:#?}");
        let said = place.run(&["export"]);
        assert_eq!(said.code, Some(0), "{said:#?}");
        assert!(
            said.err.contains("held back") && said.out.contains("灯塔 0"),
            "{said:#?}"
        );
        is_clean("export", &format!("{}{}", said.out, said.err));
        let all = place.run(&["export", "--held"]);
        assert!(forbidden_in(&all.out).is_some());
        let q = encoded(FORBIDDEN[0]);
        let mut paths: Vec<String> = (1..=30)
            .map(|id| format!("/api/v1/articles/{id}?{WHOLE}"))
            .collect();
        paths.extend([
            format!("/api/v1/search?q={q}"),
            format!("/api/v1/sites/{q}"),
            format!("/api/v1/articles?{q}={q}"),
            format!("/{q}?{q}"),
            "/api/v1/articles?limit=100".to_owned(),
        ]);
        is_clean("the log", &logged(&place, &paths));
        // What was written behind its back is in the log, by its number.
        {
            use diesel::connection::SimpleConnection;
            let sql = format!(
                "UPDATE article_texts SET title = '{}' WHERE title = '灯塔 0'",
                FORBIDDEN[0]
            );
            database.connect().batch_execute(&sql).unwrap();
        }
        let serving = Serving::start(&place);
        let (mut log, end) = (
            String::new(),
            std::time::Instant::now() + std::time::Duration::from_secs(60),
        );
        while serving
            .get("/api/v1/articles?limit=100")
            .1
            .to_string()
            .contains("赌场")
        {
            assert!(std::time::Instant::now() < end, "it is still there");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        // It is told once it is done.
        std::thread::sleep(std::time::Duration::from_secs(1));
        serving.terminate();
        log.push_str(&serving.ended().1);
        is_clean("the log of a run", &log);
    }
}
