//! Lists of articles against a recount by hand: filters in any combination, three orders, pages, totals.

use serde_json::{Value, json};

use crate::support::{Portal, TestApp, on_both};

pub const SITES: [&str; 2] = ["east", "west"];
pub const CATEGORIES: [&str; 4] = ["a", "a/b", "a/b/c", "d"];
const TITLES: [&str; 6] = [
    "Zebra",
    "ａpple",
    "Apple",
    "形成合力",
    "建设网络",
    "《三土精神》",
];
const LOCALES: [&str; 3] = ["en", "zh-Hans", "zh-Hant"];
const KEYWORDS: [&str; 3] = ["AI", "深海", "碳 中和"];

/// An article as the test knows it.
#[derive(Debug, Clone)]
pub struct Known {
    key: String,
    site: &'static str,
    category: &'static str,
    sources: Vec<&'static str>,
    topics: Vec<&'static str>,
    keywords: Vec<&'static str>,
    contributor: Option<&'static str>,
    locales: Vec<&'static str>,
    title: &'static str,
    published_at: i64,
    has_files: bool,
    id: i64,
}

fn some<'a>(random: &mut fastrand::Rng, of: &[&'a str]) -> Vec<&'a str> {
    of.iter()
        .copied()
        .filter(|_| random.u8(0..3) == 0)
        .collect()
}

pub fn known(random: &mut fastrand::Rng, n: usize) -> Known {
    Known {
        key: format!("k{n}"),
        site: random.choice(SITES).unwrap(),
        category: random.choice(CATEGORIES).unwrap(),
        sources: some(random, &["s1", "s2"]),
        topics: some(random, &["t1", "t2"]),
        keywords: some(random, &KEYWORDS),
        contributor: random.bool().then_some("Lin"),
        locales: {
            let at = random.usize(0..3);
            LOCALES[at..(at + 1 + random.usize(0..2)).min(3)].to_vec()
        },
        title: random.choice(TITLES).unwrap(),
        // Some share a second.
        published_at: 1_768_000_000 + random.i64(0..40) * 3_600,
        has_files: random.u8(0..4) == 0,
        id: 0,
    }
}

pub fn portal(articles: &[Known], site: &'static str) -> Portal {
    let mut portal = Portal::new(site)
        .source("s1")
        .source("s2")
        .topic("t1")
        .topic("t2");
    for path in CATEGORIES {
        portal = portal.category(path);
    }
    for known in articles.iter().filter(|a| a.site == site) {
        let at = chrono::DateTime::from_timestamp(known.published_at, 0)
            .unwrap()
            .to_rfc3339();
        portal = portal.article(&known.key, |a| {
            let others: Vec<Value> = known.locales[1..]
                .iter()
                .map(|locale| json!({"locale": locale, "title": "其他", "body_html": ""}))
                .collect();
            let files: Vec<Value> = known
                .has_files
                .then(|| json!({"name": "f", "url": format!("https://example.org/{}", known.key)}))
                .into_iter()
                .collect();
            let makers: Vec<Value> = known
                .contributor
                .map(|name| json!({"role": "author", "kind": "person", "name": name}))
                .into_iter()
                .collect();
            a.category(known.category)
                .locale(known.locales[0])
                .title(known.title)
                .sources(&known.sources)
                .topics(&known.topics)
                .set("keywords", &known.keywords)
                .set("contributors", makers)
                .set("translations", others)
                .set("attachments", files)
                .published_at(&at)
        });
    }
    portal
}

/// What a title is sorted by.
fn folded(title: &str) -> String {
    title.replace('ａ', "a").to_lowercase()
}

async fn id_of(app: &TestApp, list: &str, member: &str, value: &str) -> i64 {
    let items = app.get(list).await.json()["items"].clone();
    let found = items
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i[member] == value)
        .cloned();
    found.unwrap_or_else(|| panic!("no {value} in {list}"))["id"]
        .as_i64()
        .unwrap()
}

/// All ids of a list, page by page.
async fn walk(app: &TestApp, query: &str, by_number: bool) -> Vec<i64> {
    let mut ids = Vec::new();
    let mut place = String::new();
    for page in 1.. {
        if by_number {
            place = format!("&page={page}");
        }
        let answer = app
            .get(&format!("/api/v1/articles?{query}{place}"))
            .await
            .assert_status(200)
            .json();
        ids.extend(
            answer["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|a| a["id"].as_i64().unwrap()),
        );
        match answer["next_cursor"].as_str() {
            None => break,
            Some(cursor) => place = format!("&cursor={cursor}"),
        }
    }
    ids
}

on_both! {
    /// Any combination of filters, in any order, shows exactly what a recount finds, by cursor and by number
    async fn filters_combine(app) {
        let mut random = fastrand::Rng::with_seed(3);
        let mut all: Vec<Known> = (0..80).map(|n| known(&mut random, n)).collect();
        for site in SITES {
            app.import(&portal(&all, site));
        }
        let mut stored = Vec::new();
        let mut next = "/api/v1/articles?limit=100".to_owned();
        loop {
            let page = app.get(&next).await.json();
            stored.extend(page["items"].as_array().unwrap().clone());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("/api/v1/articles?limit=100&cursor={cursor}");
        }
        let mut updated = std::collections::HashMap::new();
        for known in &mut all {
            let found = stored.iter().find(|a| a["slug"] == known.key).unwrap();
            known.id = found["id"].as_i64().unwrap();
            updated.insert(known.id, found["updated_at"].as_str().unwrap().to_owned());
        }
        let source = id_of(app, "/api/v1/sources", "slug", "s1").await;
        for round in 0..60 {
            let mut query = String::new();
            let mut kept: Vec<&Known> = all.iter().collect();
            let site = random.bool().then(|| random.choice(SITES).unwrap());
            if let Some(site) = site {
                query += &format!("&site={site}");
                kept.retain(|a| a.site == site);
                if random.bool() {
                    let path = random.choice(CATEGORIES).unwrap();
                    let subtree = random.bool();
                    if random.bool() {
                        query += &format!("&category_path={path}&subtree={subtree}");
                    } else {
                        let id = app.get(&format!("/api/v1/sites/{site}/categories/{path}")).await.json()["id"].clone();
                        query += &format!("&category={id}&subtree={subtree}");
                    }
                    kept.retain(|a| a.category == path || (subtree && a.category.starts_with(&format!("{path}/"))));
                }
                if random.u8(0..3) == 0 {
                    let id = id_of(app, &format!("/api/v1/sites/{site}/topics"), "title", "Topic t1").await;
                    query += &format!("&topic={id}");
                    kept.retain(|a| a.topics.contains(&"t1"));
                }
            }
            if random.u8(0..3) == 0 {
                query += &format!("&source={source}");
                kept.retain(|a| a.sources.contains(&"s1"));
            }
            if random.u8(0..3) == 0 {
                query += "&keyword=ａｉ";
                kept.retain(|a| a.keywords.contains(&"AI"));
            }
            if random.u8(0..3) == 0 {
                let (asked, locales): (&str, &[&str]) = *random.choice(&[
                    ("en", &["en"][..]), ("zh", &["zh-Hans", "zh-Hant"]), ("zh-hant", &["zh-Hant"]),
                ][..]).unwrap();
                query += &format!("&available_in={asked}");
                kept.retain(|a| a.locales.iter().any(|l| locales.contains(l)));
            }
            if random.u8(0..3) == 0 {
                let has = random.bool();
                query += &format!("&has_attachments={has}");
                kept.retain(|a| a.has_files == has);
            }
            let bound = |hours: i64| 1_768_000_000 + hours * 3_600;
            let text = |at: i64| chrono::DateTime::from_timestamp(at, 0).unwrap().to_rfc3339().replace('+', "%2B");
            if random.u8(0..3) == 0 {
                let from = bound(random.i64(0..20));
                query += &format!("&published_from={}", text(from));
                kept.retain(|a| a.published_at >= from);
            }
            if random.u8(0..3) == 0 {
                let to = bound(random.i64(20..40));
                query += &format!("&published_to={}", text(to));
                kept.retain(|a| a.published_at < to);
            }
            if random.u8(0..4) == 0 {
                let mut ids: Vec<i64> = (0..30).map(|_| random.choice(&all).unwrap().id).collect();
                ids.push(999_999);
                query += &format!("&ids={}", ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
                kept.retain(|a| ids.contains(&a.id));
            }
            let sort = random.choice(["published_at", "updated_at", "title"]).unwrap();
            match sort {
                "published_at" => kept.sort_by_key(|a| (a.published_at, a.id)),
                "updated_at" => kept.sort_by_key(|a| (updated[&a.id].clone(), a.id)),
                _ => kept.sort_by_key(|a| (folded(a.title), a.id)),
            }
            let order = random.choice(["asc", "desc"]).unwrap();
            if order == "desc" {
                kept.reverse();
            }
            let limit = random.usize(1..9);
            let query = format!("sort={sort}&order={order}&limit={limit}{query}");
            let expected: Vec<i64> = kept.iter().map(|a| a.id).collect();
            assert_eq!(walk(app, &query, false).await, expected, "round {round}: {query}");
            if round % 4 == 0 {
                assert_eq!(walk(app, &query, true).await, expected, "round {round} by number: {query}");
            }
            let counted = app.get(&format!("/api/v1/articles?{query}&count=exact")).await.json();
            assert_eq!((&counted["total"], &counted["total_kind"]), (&json!(expected.len()), &json!("exact")), "{query}");
        }
    }

    /// A bare date is a day where the site is, or in UTC without one
    async fn dates_are_days_of_the_site(app) {
        app.import(&Portal::new("demo").article("late", |a| a.published_at("2026-01-09T23:59:59+08:00")).article("early", |a| a.published_at("2026-01-10T00:00:00+08:00")));
        let slugs = async |query: &str| {
            let list = app.get(&format!("/api/v1/articles?{query}")).await.assert_status(200).json();
            list["items"].as_array().unwrap().iter().map(|a| a["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(slugs("site=demo&published_from=2026-01-10").await, ["early"]);
        assert_eq!(slugs("site=demo&published_from=2026-01-09&published_to=2026-01-10").await, ["late"]);
        assert_eq!(slugs("published_from=2026-01-10").await, Vec::<String>::new());
        assert_eq!(slugs("published_from=2026-01-09&published_to=2026-01-10").await, ["early", "late"]);
        // The plus of an offset may come unencoded.
        assert_eq!(slugs("published_from=2026-01-10T00:00:00+08:00").await, ["early"]);
        assert_eq!(slugs("updated_from=2026-01-15").await.len(), 2);
        assert_eq!(slugs("updated_from=2026-01-16").await.len(), 0);
    }

    /// Parameters that do not go together are refused, each with its name and the mend
    async fn impossible_combinations_are_refused(app) {
        app.import(&Portal::new("demo").article("a", |a| a).article("b", |a| a));
        let cursor = app.get("/api/v1/articles?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
        for (query, pointer) in [
            ("category_path=news".to_owned(), "/category_path"),
            ("subtree=true&site=demo".to_owned(), "/subtree"),
            ("published_from=2026-01-10&published_to=2026-01-10".to_owned(), "/published_to"),
            ("published_from=2026-01-10T00:00:00Z&published_to=2026-01-09T00:00:00Z".to_owned(), "/published_to"),
            (format!("page=1&cursor={cursor}"), "/page"),
            ("page=101&limit=100".to_owned(), "/page"),
            ("page=10001&limit=1".to_owned(), "/page"),
            ("page=0".to_owned(), "/page"),
            ("ids=".to_owned(), "/ids"),
            ("ids=1,,2".to_owned(), "/ids"),
            (format!("ids={}", vec!["1"; 101].join(",")), "/ids"),
            ("published_from=2022-02-30".to_owned(), "/published_from"),
            ("keyword=".to_owned(), "/keyword"),
            ("sort=views".to_owned(), "/sort"),
        ] {
            let problem = app.get(&format!("/api/v1/articles?{query}")).await.problem(400);
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}: {problem}");
        }
        app.get("/api/v1/articles?page=100&limit=100").await.assert_status(200);
        let problem = app.get("/api/v1/articles?page=101&limit=100").await.problem(400);
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("cursor"), "{problem}");
    }

    /// A cursor belongs to its filters and its order
    async fn a_cursor_belongs_to_its_list(app) {
        app.import(&Portal::new("demo").article("a", |a| a).article("b", |a| a));
        for sort in ["published_at", "updated_at", "title"] {
            let cursor = app.get(&format!("/api/v1/articles?limit=1&sort={sort}")).await.json()["next_cursor"].as_str().unwrap().to_owned();
            app.get(&format!("/api/v1/articles?sort={sort}&locale=en&count=exact&cursor={cursor}")).await.assert_status(200);
            for other in ["sort=published_at&order=asc", "sort=updated_at&order=asc", "sort=title&order=asc", "sort=title&site=demo", "sort=title&subtree=false&keyword=x"] {
                app.get(&format!("/api/v1/articles?{other}&cursor={cursor}")).await.assert_problem(400, "invalid_cursor");
            }
        }
    }

    /// Cursors stay small, however long the titles are, and titles of 2,000 characters come in order
    async fn cursors_stay_small(app) {
        let mut portal = Portal::new("demo");
        for n in 0..5 {
            portal = portal.article(&format!("a{n}"), |a| a.title(&format!("{}{n}", "题".repeat(1999))));
        }
        app.import(&portal);
        let page = app.get("/api/v1/articles?limit=2&sort=title&order=asc").await.json();
        let cursor = page["next_cursor"].as_str().unwrap();
        assert!(cursor.len() <= 400, "{} characters", cursor.len());
        assert_eq!(walk(app, "limit=2&sort=title&order=asc", false).await.len(), 5);
    }

    /// Links lead from page to page
    async fn links_lead_from_page_to_page(app) {
        let mut portal = Portal::new("demo");
        for n in 0..5 {
            portal = portal.article(&format!("a{n}"), |a| a);
        }
        app.import(&portal);
        let link = async |query: &str, rel: &str| {
            let answer = app.get(&format!("/api/v1/articles?{query}")).await;
            let links = answer.header("link").unwrap_or_default().to_owned();
            links.split(", ").find(|l| l.ends_with(&format!("rel=\"{rel}\""))).map(|l| {
                let target = l.trim_start_matches('<').split('>').next().unwrap();
                target.split_once("/api/v1/articles").unwrap().1.trim_start_matches('?').to_owned()
            })
        };
        assert_eq!(link("site=demo&limit=2", "first").await.as_deref(), Some("site=demo&limit=2"));
        let next = link("site=demo&limit=2", "next").await.unwrap();
        assert!(next.starts_with("site=demo&limit=2&cursor="), "{next}");
        let next = link(&next, "next").await.unwrap();
        assert_eq!(link(&next, "next").await, None);
        assert_eq!(link("limit=2&page=2&count=exact", "prev").await.as_deref(), Some("limit=2&count=exact&page=1"));
        assert_eq!(link("limit=2&page=2&count=exact", "next").await.as_deref(), Some("limit=2&count=exact&page=3"));
        assert_eq!(link("limit=2&page=2&count=exact", "last").await.as_deref(), Some("limit=2&count=exact&page=3"));
        assert_eq!(link("limit=2&page=3", "next").await, None);
        assert_eq!(link("limit=2&page=3", "last").await, None);
    }

    /// A long list is counted as far as the effort goes; beyond, the answer says that it is an estimate
    async fn long_lists_are_estimated(app) {
        let mut portal = Portal::new("demo").source("s1");
        for n in 0..1500_i64 {
            let at = chrono::DateTime::from_timestamp(1_700_000_000 + n * 60, 0).unwrap().to_rfc3339();
            portal = portal.article(&format!("a{n}"), |a| a.published_at(&at).sources(&["s1"]));
        }
        app.import(&portal);
        let total = async |query: &str| {
            let list = app.get(&format!("/api/v1/articles?limit=1&{query}")).await.assert_status(200).json();
            (list["total"].as_i64(), list["total_kind"].as_str().unwrap().to_owned())
        };
        assert_eq!(total("count=none").await, (None, "none".to_owned()));
        assert_eq!(total("source=1&count=exact").await, (Some(1500), "exact".to_owned()));
        // Kept numbers are exact at any length.
        assert_eq!(total("site=demo&count=estimated").await, (Some(1500), "exact".to_owned()));
        let (about, kind) = total("source=1&count=estimated").await;
        assert_eq!(kind, "estimated");
        assert!((1400..1600).contains(&about.unwrap()), "{about:?}");
        let (about, kind) = total("site=demo&has_attachments=false&count=estimated").await;
        assert_eq!((about, kind.as_str()), (Some(1500), "estimated"));
        assert_eq!(total("site=demo&has_attachments=true&count=estimated").await, (Some(0), "exact".to_owned()));
    }

    /// A few articles of a time are found among many, in any order
    async fn a_short_time_is_found_in_a_long_list(app) {
        let mut portal = Portal::new("demo");
        for n in 0..700_i64 {
            let at = chrono::DateTime::from_timestamp(1_700_000_000 + n * 60, 0).unwrap().to_rfc3339();
            portal = portal.article(&format!("a{n}"), |a| a.published_at(&at).title(&format!("T{:03}", 700 - n)));
        }
        app.import(&portal);
        let slugs = async |query: &str| {
            let list = app.get(&format!("/api/v1/articles?site=demo&limit=3&{query}")).await.assert_status(200).json();
            (list["items"].as_array().unwrap().iter().map(|a| a["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), list["total"].as_u64())
        };
        // 2023-11-14T22:13:20Z is the first; these are the first five.
        assert_eq!(slugs("sort=title&order=asc&published_to=2023-11-14T22:18:00Z&count=exact").await, (vec!["a4".to_owned(), "a3".to_owned(), "a2".to_owned()], Some(5)));
        assert_eq!(slugs("sort=updated_at&published_to=2020-01-01&count=exact").await, (Vec::new(), Some(0)));
        assert_eq!(slugs("updated_from=2099-01-01&count=exact").await, (Vec::new(), Some(0)));
        app.set_clock("2026-01-15T05:00:00Z");
        app.import(&portal.clone().article("a9", |a| a.published_at("2023-11-14T22:22:20Z").title("changed")));
        assert_eq!(slugs("updated_from=2026-01-15T05:00:00Z&count=exact").await, (vec!["a9".to_owned()], Some(1)));
        assert_eq!(slugs("updated_from=2026-01-15T05:00:00Z&sort=title&has_attachments=false").await.0, ["a9"]);
    }
}
