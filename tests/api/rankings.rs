//! Rankings against a recount by hand: what was gained when, in which site and category, by whose clock.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use masthead::models::counting::{Day, Metric, Period};
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::{Portal, TestApp, on_both};

const METRICS: [(&str, Metric); 3] = [
    ("views", Metric::Views),
    ("downloads", Metric::Downloads),
    ("citations", Metric::Citations),
];

/// What an article gained on a day: views, downloads, citations.
#[derive(Debug, Clone, Copy)]
struct Gain {
    article: i64,
    site: i64,
    day: NaiveDate,
    numbers: [i64; 3],
    /// Whether it still waits to be added up.
    waits: bool,
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Views of an article of the first site.
fn views(article: i64, day: &str, number: i64) -> Gain {
    Gain {
        article,
        site: 1,
        day: date(day),
        numbers: [number, 0, 0],
        waits: false,
    }
}

/// Writes what was gained as counting leaves it.
fn gain(app: &TestApp, gains: &[Gain]) {
    let mut periods: BTreeMap<(i64, i16, i32), (i64, [i64; 3])> = BTreeMap::new();
    let mut waiting: BTreeMap<(i16, i64, i32), i64> = BTreeMap::new();
    let mut sql = String::new();
    for gain in gains {
        let day = Day::of(gain.day);
        let [views, downloads, citations] = gain.numbers;
        if gain.waits {
            for ((_, metric), number) in METRICS.iter().zip(gain.numbers) {
                *waiting
                    .entry((metric.gauge().code(), gain.article, day.0))
                    .or_default() += number;
            }
            // Citations are in the counter at once.
            sql += &format!(
                "UPDATE article_counters SET citations = citations + {citations} WHERE article_id = {};\n",
                gain.article
            );
            continue;
        }
        sql += &format!(
            "UPDATE article_counters SET views = views + {views}, downloads = downloads + {downloads}, citations = citations + {citations} \
             WHERE article_id = {};\n",
            gain.article
        );
        for period in Period::ALL {
            let key = (gain.article, period.code(), period.start(day).0);
            let (_, sums) = periods.entry(key).or_insert((gain.site, [0; 3]));
            for (sum, number) in sums.iter_mut().zip(gain.numbers) {
                *sum += number;
            }
        }
    }
    let rows = |rows: Vec<String>, table: &str| match rows.is_empty() {
        true => String::new(),
        false => format!("INSERT INTO {table} VALUES {};\n", rows.join(", ")),
    };
    let periods = periods.iter().map(
        |((article, period, start), (site, [views, downloads, citations]))| {
            format!(
                "({article}, {period}, {start}, {site}, {views}, {views}, {downloads}, {citations})"
            )
        },
    );
    sql += &rows(
        periods.collect(),
        "article_periods (article_id, period, start, site_id, views, hits, downloads, citations)",
    );
    let waiting = waiting
        .iter()
        .filter(|(_, number)| **number != 0)
        .map(|((kind, article, day), number)| format!("({kind}, {article}, {day}, {number}, 1)"));
    sql += &rows(
        waiting.collect(),
        "pending_counts (kind, reference, day, counted, hits)",
    );
    app.database().execute(&sql);
}

async fn ask(app: &TestApp, query: &str) -> Answer {
    app.get(&format!("/api/v1/rankings/{query}")).await
}

/// Articles and numbers of a ranking; its places are counted from 1.
async fn ranked(app: &TestApp, query: &str) -> Vec<(i64, i64)> {
    let body = ask(app, query).await.assert_status(200).json();
    let items = body["items"].as_array().unwrap();
    for (place, item) in items.iter().enumerate() {
        assert_eq!(item["rank"], place + 1, "{body}");
    }
    let pair = |item: &Value| Some((item["article"]["id"].as_i64()?, item["value"].as_i64()?));
    items.iter().map(|item| pair(item).unwrap()).collect()
}

/// The first and the last day of a ranking.
async fn days(app: &TestApp, query: &str) -> (Value, Value) {
    let body = ask(app, query).await.assert_status(200).json();
    (body["first_day"].clone(), body["last_day"].clone())
}

/// A portal of so many articles, from the first id on where it is the first.
fn portal(site: &str, articles: usize) -> Portal {
    (1..=articles).fold(Portal::new(site).category("news"), |portal, n| {
        portal.article(&format!("{site}-{n}"), |a| a.title(&format!("第{n}篇 📰")))
    })
}

/// By hand: the days of a ranking.
fn span(period: &str, window: &str, as_of: NaiveDate) -> (NaiveDate, NaiveDate) {
    let back = |days| (as_of.checked_sub_days(Days::new(days)).unwrap(), as_of);
    match (period, window) {
        ("day", _) => (as_of, as_of),
        ("week", "rolling") => back(6),
        ("month", "rolling") => back(29),
        ("year", "rolling") => back(364),
        ("week", _) => {
            let (first, _) = back(as_of.weekday().num_days_from_monday().into());
            (first, first.checked_add_days(Days::new(6)).unwrap())
        }
        ("month", _) => {
            let first = as_of.with_day(1).unwrap();
            let last = first.checked_add_months(chrono::Months::new(1)).unwrap();
            (first, last.pred_opt().unwrap())
        }
        ("year", _) => (
            NaiveDate::from_ymd_opt(as_of.year(), 1, 1).unwrap(),
            NaiveDate::from_ymd_opt(as_of.year(), 12, 31).unwrap(),
        ),
        _ => (NaiveDate::MIN, NaiveDate::MAX),
    }
}

on_both! {
    /// Each metric has a ranking of its own for each period, the largest number first
    async fn a_ranking_is_of_its_period_and_metric(app) {
        app.import(&portal("demo", 4));
        for (column, (metric, _)) in METRICS.iter().enumerate() {
            let of = |article, day: &str, number| {
                let mut gain = views(article, day, 0);
                gain.numbers[column] = number;
                gain
            };
            app.database().execute("DELETE FROM article_periods; DELETE FROM pending_counts; \
                UPDATE article_counters SET views = 0, downloads = 0, citations = 0");
            // It is Thursday, 15 January 2026.
            gain(app, &[of(1, "2026-01-15", 3), of(2, "2026-01-12", 5), of(3, "2026-01-02", 9), of(1, "2025-12-31", 20)]);
            for (query, expected) in [
                ("period=day", &[(1, 3)][..]),
                ("period=week", &[(2, 5), (1, 3)]),
                ("", &[(2, 5), (1, 3)]),
                ("period=month", &[(3, 9), (2, 5), (1, 3)]),
                ("period=year", &[(3, 9), (2, 5), (1, 3)]),
                ("period=all", &[(1, 23), (3, 9), (2, 5)]),
                ("period=year&as_of=2025-12-01", &[(1, 20)]),
                ("period=month&window=rolling", &[(1, 23), (3, 9), (2, 5)]),
                ("period=week&window=rolling&as_of=2026-01-02", &[(1, 20), (3, 9)]),
                ("period=month&limit=1", &[(3, 9)]),
                ("period=day&as_of=2026-01-14", &[]),
                ("period=week&as_of=9999-12-31", &[]),
                ("period=year&window=rolling&as_of=0001-01-01", &[]),
            ] {
                for site in ["", "&site=demo"] {
                    assert_eq!(ranked(app, &format!("{metric}?{query}{site}")).await, expected, "{metric} {query}{site}");
                }
            }
        }
        let all = ask(app, "views?period=all").await.json();
        assert_eq!((&all["metric"], &all["period"], &all["window"]), (&json!("views"), &json!("all"), &json!("calendar")));
        assert_eq!((&all["first_day"], &all["last_day"], &all["site"], &all["category"]), (&Value::Null, &Value::Null, &Value::Null, &Value::Null));
        let week = ask(app, "citations?site=demo&category=1&window=rolling").await.json();
        assert_eq!((&week["metric"], &week["period"], &week["window"]), (&json!("citations"), &json!("week"), &json!("rolling")));
        assert_eq!((&week["first_day"], &week["last_day"], &week["site"], &week["category"]), (&json!("2026-01-09"), &json!("2026-01-15"), &json!("demo"), &json!(1)));
    }

    /// Periods begin and end at midnight where the site is
    async fn days_are_those_of_the_site(app) {
        app.import(&portal("east", 1));
        app.import(&portal("west", 1).site(|s| s.set("utc_offset", "-03:30")));
        // In the east 1 February has begun, in the west the afternoon of Saturday, 31 January.
        app.set_clock("2026-01-31T16:00:00Z");
        let both = |day: &str, number: i64| [views(1, day, number), Gain { site: 2, ..views(2, day, number + 1) }];
        gain(app, &[both("2026-01-31", 10), both("2026-02-01", 20)].concat());
        let day = |first: &str, last: &str| (json!(first), json!(last));
        for (query, east, west) in [
            ("period=day", day("2026-02-01", "2026-02-01"), day("2026-01-31", "2026-01-31")),
            ("period=week", day("2026-01-26", "2026-02-01"), day("2026-01-26", "2026-02-01")),
            ("period=month", day("2026-02-01", "2026-02-28"), day("2026-01-01", "2026-01-31")),
            ("period=year", day("2026-01-01", "2026-12-31"), day("2026-01-01", "2026-12-31")),
            ("period=week&window=rolling", day("2026-01-26", "2026-02-01"), day("2026-01-25", "2026-01-31")),
            ("period=all", (Value::Null, Value::Null), (Value::Null, Value::Null)),
        ] {
            assert_eq!(days(app, &format!("views?site=east&{query}")).await, east, "{query}");
            assert_eq!(days(app, &format!("views?site=west&{query}")).await, west, "{query}");
            // A category is of one site.
            assert_eq!(days(app, &format!("views?category=2&{query}")).await, west, "{query}");
            assert_eq!(days(app, &format!("views?{query}")).await, east, "where it is latest: {query}");
        }
        assert_eq!(ranked(app, "views?site=east&period=day").await, [(1, 20)]);
        assert_eq!(ranked(app, "views?site=west&period=day").await, [(2, 11)]);
        assert_eq!(ranked(app, "views?period=day").await, [(2, 21), (1, 20)]);
        for (clock, first) in [("2026-01-31T15:59:59Z", "2026-01-31"), ("2026-01-31T16:00:00Z", "2026-02-01")] {
            app.set_clock(clock);
            assert_eq!(days(app, "views?site=east&period=day").await.0, first);
        }
        for (clock, first) in [("2026-02-01T03:29:59Z", "2026-01-31"), ("2026-02-01T03:30:00Z", "2026-02-01")] {
            app.set_clock(clock);
            assert_eq!(days(app, "views?site=west&period=day").await.0, first);
        }
    }

    /// What was counted a moment ago is in the ranking, whether it is added up or not
    async fn what_waits_to_be_added_up_counts(app) {
        app.import(&portal("demo", 4).article("opened", |a| a.set("views", 100).set("citations", 4)));
        let wait = |article, day: &str, numbers| Gain { numbers, waits: true, ..views(article, day, 0) };
        gain(app, &[
            Gain { numbers: [5, 5, 5], ..views(1, "2026-01-14", 0) },
            Gain { numbers: [4, 4, 4], ..views(2, "2026-01-13", 0) },
            wait(2, "2026-01-15", [2, 2, 2]),
            wait(3, "2026-01-15", [7, 7, 7]),
            wait(3, "2026-01-11", [1, 1, 1]),
            wait(1, "2026-01-15", [0, 0, -2]),
        ]);
        assert_eq!(ranked(app, "views").await, [(3, 7), (2, 6), (1, 5)]);
        assert_eq!(ranked(app, "downloads").await, [(3, 7), (2, 6), (1, 5)]);
        assert_eq!(ranked(app, "views?period=day").await, [(3, 7), (2, 2)]);
        assert_eq!(ranked(app, "views?period=all").await, [(5, 100), (3, 8), (2, 6), (1, 5)]);
        // Citations that were taken away again; the counter has all of them already.
        assert_eq!(ranked(app, "citations").await, [(3, 7), (2, 6), (1, 3)]);
        assert_eq!(ranked(app, "citations?period=all").await, [(3, 8), (2, 6), (5, 4), (1, 3)]);
        assert_eq!(ranked(app, "citations?period=day").await, [(3, 7), (2, 2)]);
        assert_eq!(ranked(app, "views?limit=1").await, [(3, 7)]);
    }

    /// Articles with equal numbers stand in the order of their ids, and each has a place of its own
    async fn ties_go_by_id(app) {
        app.import(&portal("demo", 60));
        let gains: Vec<Gain> = (1..=60).rev().map(|n| views(n, "2026-01-15", if n % 3 == 0 { 2 } else { 1 })).collect();
        gain(app, &gains);
        let twos = (1..=20).map(|n| (3 * n, 2));
        let ones = (1..=60).filter(|n| n % 3 != 0).map(|n| (n, 1));
        let expected: Vec<(i64, i64)> = twos.chain(ones).collect();
        for query in ["", "period=month&", "window=rolling&", "period=year&window=rolling&", "period=all&"] {
            for site in ["", "site=demo&"] {
                for limit in [1, 10, 19, 20, 21, 60, 100] {
                    let found = ranked(app, &format!("views?{query}{site}limit={limit}")).await;
                    assert_eq!(found, expected[..limit.min(60)], "{query}{site}{limit}");
                }
            }
        }
        assert_eq!(ranked(app, "views").await.len(), 10);
    }

    /// Only what is public has a place, from the second on in which it is
    async fn what_is_not_public_has_no_place(app) {
        let portal = portal("demo", 1)
            .article("draft", |a| a.status("draft"))
            .article("in-review", |a| a.status("in_review"))
            .article("archived", |a| a.status("archived"))
            .article("scheduled", |a| a.published_at("2026-01-15T12:00:01+08:00"))
            .article("expired", |a| a.set("unpublish_at", "2026-01-15T04:00:00Z"))
            .article("expires", |a| a.set("unpublish_at", "2026-01-15T04:00:01Z"))
            .article("retracted", |a| a.status("retracted").set("retraction_reason", "数据有误"));
        app.import(&portal);
        let gains: Vec<Gain> = (1..=8).flat_map(|n| {
            let added = Gain { numbers: [n; 3], ..views(n, "2026-01-15", 0) };
            [added, Gain { waits: true, ..added }]
        }).collect();
        gain(app, &gains);
        for (clock, public) in [
            ("2026-01-15T03:59:59Z", &[7, 6, 1][..]),
            ("2026-01-15T04:00:00Z", &[7, 1]),
            ("2026-01-15T04:00:01Z", &[5, 1]),
        ] {
            app.set_clock(clock);
            for (metric, _) in METRICS {
                for query in ["", "period=day", "period=year&window=rolling", "period=all"] {
                    for filter in ["", "&site=demo", "&category=1"] {
                        let found = ranked(app, &format!("{metric}?{query}{filter}")).await;
                        let ids: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
                        assert_eq!(ids, public, "{metric} {query}{filter} at {clock}");
                    }
                }
            }
        }
        let before = ranked(app, "views?period=all&site=demo").await;
        app.import(&portal.with(Portal::new("demo").record("article").set("key", "demo-1").set("status", "archived")));
        assert_eq!(ranked(app, "views?period=all&site=demo").await, before[..1]);
    }

    /// A category is ranked with everything below it; one of another site has nothing there
    async fn a_category_is_ranked_with_those_below(app) {
        app.import(&Portal::new("demo").category("a/b/c").category("d")
            .article("of-a", |a| a.category("a")).article("of-b", |a| a.category("a/b"))
            .article("of-c", |a| a.category("a/b/c")).article("of-d", |a| a.category("d")));
        app.import(&portal("other", 1));
        gain(app, &[1, 2, 3, 4].map(|n| views(n, "2026-01-15", n)));
        gain(app, &[Gain { site: 2, ..views(5, "2026-01-15", 9) }]);
        let tree = app.get("/api/v1/sites/demo/categories").await.json()["items"].clone();
        let (a, d) = (&tree[0], &tree[1]["id"]);
        let (a, b, c) = (&a["id"], &a["children"][0]["id"], &a["children"][0]["children"][0]["id"]);
        for window in ["", "&window=rolling", "&period=year&window=rolling"] {
            for (category, expected) in [(a, &[(3, 3), (2, 2), (1, 1)][..]), (b, &[(3, 3), (2, 2)]), (c, &[(3, 3)]), (d, &[(4, 4)])] {
                assert_eq!(ranked(app, &format!("views?category={category}{window}")).await, expected);
                assert_eq!(ranked(app, &format!("views?site=demo&category={category}{window}")).await, expected);
                assert_eq!(ranked(app, &format!("views?site=other&category={category}{window}")).await, []);
            }
            assert_eq!(ranked(app, &format!("views?category=4711{window}")).await, []);
            assert_eq!(ranked(app, &format!("views?site=nobody{window}")).await, []);
            assert_eq!(ranked(app, &format!("views?site=other{window}")).await, [(5, 9)]);
        }
        // Where it goes, its place goes.
        app.import(&Portal::new("demo").category("a/b/c").category("d")
            .article("of-a", |a| a.category("d").set("published_at", "2026-01-10T08:00:00+08:00")));
        assert_eq!(ranked(app, &format!("views?category={a}")).await, [(3, 3), (2, 2)]);
        assert_eq!(ranked(app, &format!("views?category={d}")).await, [(4, 4), (1, 1)]);
    }

    /// Whatever was gained when: a ranking is what a recount gives
    async fn a_ranking_equals_a_recount(app) {
        const ARTICLES: i64 = 700;
        let categories = ["a", "a/b", "c"];
        let mut random = fastrand::Rng::with_seed(11);
        let mut homes: Vec<(usize, usize, bool)> = Vec::new();
        for site in ["east", "west"] {
            let mut portal = categories.iter().fold(Portal::new(site), |portal, path| portal.category(path));
            // Of the first site so many that its categories are long lists.
            for n in 0..if site == "east" { ARTICLES - 60 } else { 60 } {
                let (category, is_public) = (random.usize(0..3), random.u8(0..5) > 0);
                homes.push((usize::from(site == "west"), category, is_public));
                portal = portal.article(&format!("k{n}"), |a| {
                    a.category(categories[category]).status(if is_public { "published" } else { "draft" })
                });
            }
            app.import(&portal);
        }
        let today = date("2026-01-15");
        let gains: Vec<Gain> = (0..6_000).map(|_| {
            let article = random.i64(1..=ARTICLES);
            let days = if random.bool() { 10 } else { 430 };
            let mut number = || random.i64(0..4) * random.i64(0..3);
            let numbers = [number(), number(), number()];
            let site = if homes[usize::try_from(article - 1).unwrap()].0 == 0 { 1 } else { 2 };
            let day = today.checked_sub_days(Days::new(random.u64(0..days))).unwrap();
            Gain { article, site, day, numbers, waits: random.u8(0..10) == 0 }
        }).collect();
        gain(app, &gains);
        for _ in 0..120 {
            let period = *random.choice(&["day", "week", "month", "year", "all"]).unwrap();
            let window = *random.choice(&["calendar", "rolling"]).unwrap();
            let as_of = today.checked_sub_days(Days::new(random.u64(0..60))).unwrap();
            let column = random.usize(0..3);
            let limit = *random.choice(&[1_usize, 2, 10, 100]).unwrap();
            let site = random.usize(0..3);
            let category = random.usize(0..5);
            let (first, last) = span(period, window, as_of);
            let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
            for gain in gains.iter().filter(|gain| (first..=last).contains(&gain.day)) {
                let (at, own, is_public) = homes[usize::try_from(gain.article - 1).unwrap()];
                let is_in_category = match category {
                    0 => own < 2,
                    1 | 2 => own == category,
                    _ => true,
                };
                if is_public && is_in_category && (site == 2 || at == site) {
                    *sums.entry(gain.article).or_default() += gain.numbers[column];
                }
            }
            let mut expected: Vec<(i64, i64)> = sums.into_iter().filter(|(_, sum)| *sum > 0).collect();
            expected.sort_by_key(|(id, sum)| (-sum, *id));
            expected.truncate(limit);
            let mut query = format!("{}?limit={limit}&period={period}", METRICS[column].0);
            if period != "all" {
                query += &format!("&window={window}&as_of={as_of}");
            }
            if site < 2 {
                query += &format!("&site={}", ["east", "west"][site]);
            }
            if category < 3 {
                // A category is of one site; without one, ask for that of the first.
                query += &format!("&category={}", site % 2 * 3 + category + 1);
                if site == 2 {
                    expected.retain(|(id, _)| homes[usize::try_from(*id - 1).unwrap()].0 == 0);
                    if expected.len() < limit {
                        // The recount was cut before.
                        continue;
                    }
                }
            }
            assert_eq!(ranked(app, &query).await, expected, "{query}");
        }
    }

    /// However many before them are not public, or of other categories: those behind are found
    async fn what_stands_far_behind_is_found(app) {
        const ARTICLES: i64 = 1_150;
        let mut portal = Portal::new("demo").category("a").category("b").category("b/c");
        for n in 1..=ARTICLES {
            portal = portal.article(&format!("k{n}"), |a| a.category(if n % 3 == 0 { "b/c" } else { "a" }));
        }
        app.import(&portal);
        let gains: Vec<Gain> = (1..=ARTICLES).flat_map(|n| {
            let today = Gain { numbers: [2 * ARTICLES - n; 3], ..views(n, "2026-01-15", 0) };
            [today, Gain { day: date("2026-01-09"), ..today }]
        }).collect();
        gain(app, &gains);
        app.database().execute("UPDATE articles SET status = 'archived' WHERE id <= 1135");
        let value = |id, times| (id, times * (2 * ARTICLES - id));
        for (metric, _) in METRICS {
            for site in ["", "&site=demo"] {
                for (query, times) in [("period=day", 1), ("period=week&window=rolling", 2), ("period=year&window=rolling", 2), ("period=all", 2)] {
                    let query = format!("{metric}?limit=1&{query}{site}");
                    assert_eq!(ranked(app, &query).await, [value(1136, times)], "{query}");
                    assert_eq!(ranked(app, &format!("{query}&category=1")).await, [value(1136, times)], "{query}");
                    assert_eq!(ranked(app, &format!("{query}&category=2")).await, [value(1137, times)], "{query}");
                }
            }
        }
        // What waits is in the sum there, too.
        gain(app, &[Gain { waits: true, ..views(1_150, "2026-01-15", 5_000) }]);
        assert_eq!(ranked(app, "views?limit=2&period=day&site=demo").await, [(1_150, 5_000 + ARTICLES), value(1_136, 1)]);
    }

    /// The number of statements does not depend on that of articles, sites or days
    async fn statements_do_not_grow_with_rows(app) {
        let mut counted = Vec::new();
        for count in [1, 40] {
            for site in ["one", "two", "three"].iter().take(if count == 1 { 1 } else { 3 }) {
                app.import(&portal(site, count));
            }
            app.database().execute("DELETE FROM article_periods; DELETE FROM pending_counts");
            let articles = if count == 1 { 1 } else { 120 };
            let gains: Vec<Gain> = (1..=articles).flat_map(|n| (0..30).map(move |back| Gain {
                day: date("2026-01-15").checked_sub_days(Days::new(back)).unwrap(),
                waits: back == 0,
                site: 1,
                ..views(n, "2026-01-15", 1)
            })).collect();
            gain(app, &gains);
            let mut statements = Vec::new();
            for query in ["site=one", "site=one&period=all", "site=one&period=year&window=rolling", "", "window=rolling&period=month", "category=1"] {
                let before = app.statements();
                ask(app, &format!("views?limit=1&{query}")).await.assert_status(200);
                statements.push((query, app.statements() - before));
            }
            counted.push(statements);
        }
        // The transaction, the site, whether much waits, the heads of the lists, the numbers, the articles, their texts.
        assert_eq!(counted[0][0].1, 8);
        assert_eq!(counted[0], counted[1]);
    }

    /// The ETag follows the numbers, and nothing is kept without asking
    async fn the_etag_follows_the_numbers(app) {
        app.import(&portal("demo", 2));
        gain(app, &[views(1, "2026-01-15", 3)]);
        let path = "/api/v1/rankings/views?site=demo&category=1";
        let first = app.get(path).await;
        assert_eq!(first.header("cache-control"), Some("public, no-cache"));
        assert_eq!(first.json()["policy"]["version"], 1);
        assert_eq!(ask(app, "citations").await.json()["policy"], Value::Null);
        let tag = first.header("etag").unwrap().to_owned();
        assert_eq!(first.header("surrogate-key"), Some("site-demo category-1"));
        assert_eq!(app.request("GET", path).header("if-none-match", &tag).send().await.status, 304);
        gain(app, &[Gain { waits: true, ..views(1, "2026-01-15", 1) }]);
        let second = app.request("GET", path).header("if-none-match", &tag).send().await;
        assert_eq!(second.assert_status(200).json()["items"][0]["value"], 4);
        assert_ne!(second.header("etag").unwrap(), tag);
    }

    /// The articles are told in the language that the reader wants, and in another where there is none
    async fn articles_are_told_in_the_language_wanted(app) {
        app.import(&Portal::new("demo").article("a", |a| a.locale("zh-Hans").title("深海观测网建成").set("translations", json!([
            {"locale": "zh-Hant", "title": "深海觀測網建成", "body_html": ""}, {"locale": "en", "title": "Deep-sea network", "body_html": ""},
        ]))).article("b", |a| a.locale("zh-Hans").title("ＡＩ🌊")));
        gain(app, &[views(1, "2026-01-15", 2), views(2, "2026-01-15", 1)]);
        let titles = |answer: &Answer| {
            let items = answer.assert_status(200).json()["items"].clone();
            [0, 1].map(|n| items[n]["article"]["title"].as_str().unwrap().to_owned())
        };
        for (locale, title) in [("zh-Hans", "深海观测网建成"), ("zh-Hant", "深海觀測網建成"), ("en", "Deep-sea network"), ("fr", "Deep-sea network")] {
            let named = ask(app, &format!("views?locale={locale}")).await;
            assert_eq!(titles(&named), [title, "ＡＩ🌊"], "{locale}");
            assert!(!named.header("vary").unwrap_or_default().contains("Accept-Language"));
            let accepted = app.request("GET", "/api/v1/rankings/views").header("accept-language", locale).send().await;
            assert_eq!(titles(&accepted), [title, "ＡＩ🌊"], "{locale}");
            assert!(accepted.header("vary").unwrap().contains("Accept-Language"));
        }
    }

    /// Where nothing was counted, nothing is ranked
    async fn an_empty_ranking_is_a_list_without_items(app) {
        let paths = || METRICS.iter().flat_map(|(metric, _)| ["", "period=all", "window=rolling", "site=demo"].map(|query| format!("{metric}?{query}")));
        for path in paths() {
            assert_eq!(ranked(app, &path).await, []);
        }
        app.import(&portal("demo", 2));
        for path in paths() {
            assert_eq!(ranked(app, &path).await, []);
        }
    }

    /// What a ranking cannot be asked for is said, with the mend
    async fn bad_parameters_are_named(app) {
        for (query, pointer) in [
            ("period=decade", "/period"),
            ("period=", "/period"),
            ("window=sliding", "/window"),
            ("site=", "/site"),
            ("category=0", "/category"),
            ("category=news", "/category"),
            ("as_of=2026-02-30", "/as_of"),
            ("as_of=2026-01-15T00:00:00Z", "/as_of"),
            ("as_of=0000-12-31", "/as_of"),
            ("limit=0", "/limit"),
            ("limit=101", "/limit"),
            ("locale=x", "/locale"),
            ("cursor=x", "/cursor"),
            ("period=all&as_of=2026-01-15", "/as_of"),
            ("period=all&window=rolling", "/window"),
            ("period=all&window=calendar", "/window"),
        ] {
            let problem = ask(app, &format!("views?{query}")).await.assert_problem(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}");
        }
        for metric in ["likes", "Views", "views%20", "0"] {
            ask(app, metric).await.assert_problem(404, "not_found");
        }
    }
}
