//! `GET /manage/analytics` tells what readers looked at: by day, site, category and source.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::{QueryableByName, RunQueryDsl};
use masthead::models::access::{Role, Scope};
use masthead::store;
use masthead::store::counting::fold::Place;
use serde_json::{Value, json};

use crate::support::desk::Desk;
use crate::support::{Portal, TestApp, on_both, spec};

const DAY: &str = "2026-01-15";

/// A day as the database has it.
fn number(date: &str) -> i64 {
    let date: NaiveDate = date.parse().unwrap();
    (date - NaiveDate::default()).num_days()
}

/// A row of what was added up: 0 is of a site, 1 of a category, 2 of a source. Gains are views, hits, downloads, visits.
fn total(app: &TestApp, kind: i16, day: &str, site: i64, reference: i64, gains: [i64; 4]) {
    let (day, [views, hits, downloads, visits]) = (number(day), gains);
    app.database().execute(&format!(
        "INSERT INTO daily_totals (kind, day, site_id, reference, views, hits, downloads, visits) \
         VALUES ({kind}, {day}, {site}, {reference}, {views}, {hits}, {downloads}, {visits})"
    ));
}

/// What waits to be added up: 0 are views, 1 downloads of an article, 4 visits of a site.
fn pending(app: &TestApp, kind: i16, reference: i64, day: &str, counted: i64, hits: i64) {
    let day = number(day);
    app.database().execute(&format!(
        "INSERT INTO pending_counts (kind, reference, day, counted, hits) VALUES ({kind}, {reference}, {day}, {counted}, {hits})"
    ));
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

fn number_of(app: &TestApp, sql: &str) -> i64 {
    let row: Id = diesel::sql_query(sql)
        .get_result(&mut app.database().connect())
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    row.id
}

fn site_id(app: &TestApp, slug: &str) -> i64 {
    number_of(app, &format!("SELECT id FROM sites WHERE slug = '{slug}'"))
}

fn category_id(app: &TestApp, path: &str) -> i64 {
    number_of(
        app,
        &format!("SELECT id FROM categories WHERE path = '{path}'"),
    )
}

fn source_id(app: &TestApp, slug: &str) -> i64 {
    number_of(
        app,
        &format!("SELECT id FROM sources WHERE slug = '{slug}'"),
    )
}

/// Rows of a table with something in a column.
fn rows(app: &TestApp, condition: &str) -> i64 {
    number_of(
        app,
        &format!("SELECT CAST(count(*) AS bigint) AS id FROM daily_totals WHERE {condition}"),
    )
}

async fn numbers(desk: &Desk<'_>, query: &str) -> Value {
    let answer = desk.get(&format!("/analytics?{query}")).await;
    let numbers = answer.assert_status(200).json();
    // Whatever is asked, sums are those of their parts.
    for member in ["views", "hits", "downloads", "visits"] {
        for parts in ["days", "sites"] {
            let sum: i64 = spec::items(&numbers[parts])
                .map(|part| part[member].as_i64().unwrap())
                .sum();
            assert_eq!(numbers["totals"][member], json!(sum), "{member} of {parts}");
        }
    }
    numbers
}

/// Views, hits, downloads, and visits where there are any.
fn gains(item: &Value) -> Vec<i64> {
    let members = ["views", "hits", "downloads", "visits"];
    members.iter().filter_map(|m| item[m].as_i64()).collect()
}

/// The parts with a name and their numbers.
fn parts(numbers: &Value, list: &str, name: &str) -> Vec<Value> {
    spec::items(&numbers[list])
        .map(|item| json!([item[name], gains(item)]))
        .collect()
}

/// The days on which there was something.
fn busy(numbers: &Value) -> Vec<Value> {
    let days = parts(numbers, "days", "day").into_iter();
    days.filter(|day| day[1] != json!([0, 0, 0, 0])).collect()
}

/// Two sites with categories and sources in common.
fn portals() -> Portal {
    Portal::new("demo")
        .source("daily")
        .source("weekly")
        .category("新闻/科研")
        .category("people")
        .article("top", |a| a.category("新闻").sources(&["daily"]))
        .article("deep", |a| {
            a.category("新闻/科研").sources(&["daily", "weekly"])
        })
        .article("none", |a| a.category("people"))
        .and(
            Portal::new("other")
                .category("x")
                .article("far", |a| a.category("x").sources(&["weekly"])),
        )
}

on_both! {
    /// Where nothing was counted there are zeros, also where there is nothing to count
    async fn without_data_there_are_zeros(app) {
        let empty = numbers(&app.desk("reader"), "").await;
        assert_eq!(json!([empty["first_day"], empty["last_day"], empty["days"].as_array().unwrap().len()]), json!(["2025-12-17", DAY, 30]));
        assert_eq!(json!([empty["totals"], empty["sites"], empty["categories"], empty["sources"]]),
            json!([{"views": 0, "hits": 0, "downloads": 0, "visits": 0}, [], [], []]));
        app.import(&portals());
        let quiet = numbers(&app.desk("reader"), "").await;
        assert_eq!(parts(&quiet, "sites", "site"), [json!(["demo", [0, 0, 0, 0]]), json!(["other", [0, 0, 0, 0]])]);
        assert_eq!(json!([quiet["categories"], quiet["sources"], quiet["days"][29]]),
            json!([[], [], {"day": DAY, "views": 0, "hits": 0, "downloads": 0, "visits": 0}]));
    }

    /// What was added up and what is not yet are one number, by day, site, category and source
    async fn numbers_are_added_up(app) {
        app.import(&portals());
        let (demo, other) = (site_id(app, "demo"), site_id(app, "other"));
        let (news, research, x) = (category_id(app, "新闻"), category_id(app, "新闻/科研"), category_id(app, "x"));
        let (daily, weekly) = (source_id(app, "daily"), source_id(app, "weekly"));
        for (kind, site, reference, day, gains) in [
            (0, demo, demo, "2026-01-10", [10, 20, 1, 5]), (0, demo, demo, "2026-01-11", [1, 1, 0, 0]), (0, other, other, "2026-01-10", [100, 100, 0, 0]),
            (0, demo, demo, "2025-12-16", [999, 999, 999, 999]),
            (1, demo, news, "2026-01-10", [4, 8, 1, 0]), (1, demo, research, "2026-01-10", [6, 12, 0, 0]), (1, demo, research, "2026-01-11", [1, 1, 0, 0]),
            (1, other, x, "2026-01-10", [100, 100, 0, 0]),
            (2, demo, daily, "2026-01-10", [10, 20, 1, 0]), (2, demo, weekly, "2026-01-10", [6, 12, 0, 0]), (2, other, weekly, "2026-01-10", [100, 100, 0, 0]),
        ] {
            total(app, kind, day, site, reference, gains);
        }
        let (top, deep, none, far) = (app.article_id("top").await, app.article_id("deep").await, app.article_id("none").await, app.article_id("far").await);
        for (kind, reference, day, counted, hits) in [
            (0, deep, DAY, 7, 9), (1, deep, DAY, 2, 3), (0, top, "2026-01-10", 1, 1), (0, none, DAY, 0, 4), (0, far, DAY, 3, 3), (4, demo, DAY, 8, 11),
            // Citations and downloads of a single file are counted elsewhere.
            (2, deep, DAY, 500, 500), (3, 1, DAY, 500, 500),
        ] {
            pending(app, kind, reference, day, counted, hits);
        }
        let desk = app.desk("reader");
        let all = numbers(&desk, "").await;
        assert_eq!(gains(&all["totals"]), [122, 138, 3, 13]);
        assert_eq!(busy(&all), [json!(["2026-01-10", [111, 121, 1, 5]]), json!(["2026-01-11", [1, 1, 0, 0]]), json!([DAY, [10, 16, 2, 8]])]);
        assert_eq!(parts(&all, "sites", "site"), [json!(["other", [103, 103, 0, 0]]), json!(["demo", [19, 35, 3, 13]])]);
        assert_eq!(parts(&all, "categories", "path"), [
            json!(["x", [103, 103, 0]]), json!(["新闻/科研", [14, 22, 2]]), json!(["新闻", [5, 9, 1]]), json!(["people", [0, 4, 0]])], "their own articles' alone");
        assert_eq!(all["categories"][1], json!({"id": research, "site": "demo", "path": "新闻/科研", "name": "Category 新闻/科研", "views": 14, "hits": 22, "downloads": 2}));
        assert_eq!(parts(&all, "sources", "slug"), [json!(["weekly", [116, 124, 2]]), json!(["daily", [18, 30, 3]])]);
        assert_eq!(all["sources"][0]["id"], json!(weekly));

        let local = numbers(&desk, "site=demo").await;
        assert_eq!(parts(&local, "sites", "site"), [json!(["demo", [19, 35, 3, 13]])]);
        assert_eq!(parts(&local, "categories", "path").len(), 3);
        assert_eq!(parts(&local, "sources", "slug"), [json!(["daily", [18, 30, 3]]), json!(["weekly", [13, 21, 2]])], "only by articles of this site");

        let day = numbers(&desk, "from=2026-01-11&to=2026-01-11&limit=1").await;
        assert_eq!(parts(&day, "days", "day"), [json!(["2026-01-11", [1, 1, 0, 0]])]);
        assert_eq!(parts(&day, "categories", "path"), [json!(["新闻/科研", [1, 1, 0]])]);
        assert_eq!(day["sources"], json!([]));
        let two = numbers(&desk, "limit=2").await;
        assert_eq!((parts(&two, "categories", "path").len(), parts(&two, "sources", "slug").len()), (2, 2));
        let earlier = numbers(&desk, "to=2025-12-16").await;
        assert_eq!(gains(&earlier["totals"]), [999, 999, 999, 999]);
    }

    /// What readers do is there at once, on the day that it is where the site is
    async fn what_readers_do_is_there_at_once(app) {
        app.import(&Portal::new("demo").site(|s| s.set("utc_offset", "+08:00")).source("daily").category("news")
            .article("a", |a| a.category("news").sources(&["daily"]).title("观测 🌊")
                .set("attachments", json!([{"name": "x", "url": "https://example.org/x.pdf"}]))));
        app.set_clock("2026-01-15T16:30:00Z");
        let id = app.article_id("a").await;
        let file = app.get(&format!("/api/v1/articles/{id}")).await.json()["attachments"][0]["id"].clone();
        let who = json!({"visitor": "访客", "user_agent": "Mozilla/5.0"});
        for path in [format!("/articles/{id}/views"), format!("/articles/{id}/views"), format!("/attachments/{file}/downloads"), "/sites/demo/visits".to_owned()] {
            app.request("POST", &format!("/api/v1{path}")).json(&who).send().await.assert_status(200);
        }
        let all = numbers(&app.desk("reader"), "").await;
        assert_eq!(busy(&all), [json!(["2026-01-16", [1, 2, 1, 1]])]);
        assert_eq!(parts(&all, "categories", "path"), [json!(["news", [1, 2, 1]])]);
        assert_eq!(parts(&all, "sources", "slug"), [json!(["daily", [1, 2, 1]])]);
    }

    /// Adding up changes no number
    async fn adding_up_changes_nothing(app) {
        app.import(&portals());
        let (demo, deep, top) = (site_id(app, "demo"), app.article_id("deep").await, app.article_id("top").await);
        let desk = app.desk("reader");
        let history = format!("/api/v1/articles/{deep}/views/history");
        for round in 0..2 {
            for (kind, reference, day, counted, hits) in [
                (0, deep, DAY, 7, 9), (1, deep, DAY, 2, 3), (0, top, "2026-01-10", 1, 1), (0, deep, "2026-01-10", 0, 4), (4, demo, DAY, 8, 11), (0, 999_999, DAY, 5, 5),
            ] {
                pending(app, kind, reference, day, counted, hits);
            }
            let before = (numbers(&desk, "").await, app.get(&history).await.json());
            store::connection::immediate(&mut app.database().connect(), |conn| {
                store::counting::lock(conn)?;
                store::counting::fold::fold(conn, Place::default(), 100)
            })
            .unwrap();
            assert_eq!(number_of(app, "SELECT CAST(count(*) AS bigint) AS id FROM pending_counts"), 0);
            let after = (numbers(&desk, "").await, app.get(&history).await.json());
            assert_eq!(before, after);
            let times = round + 1;
            assert_eq!(gains(&after.0["totals"]), [8 * times, 14 * times, 2 * times, 8 * times]);
            assert_eq!(parts(&after.0, "sources", "slug"), [json!(["daily", [8 * times, 14 * times, 2 * times]]), json!(["weekly", [7 * times, 13 * times, 2 * times]])]);
        }
    }

    /// Ties go by id
    async fn ties_go_by_id(app) {
        let mut portal = Portal::new("demo");
        for n in 0..5 {
            portal = portal.source(&format!("s{n}")).category(&format!("c{n}"));
        }
        app.import(&portal.and(Portal::new("other")));
        let demo = site_id(app, "demo");
        for n in [4, 2, 0, 3, 1] {
            total(app, 1, DAY, demo, category_id(app, &format!("c{n}")), [if n == 3 { 8 } else { 7 }, 9, 0, 0]);
            total(app, 2, DAY, demo, source_id(app, &format!("s{n}")), [if n == 3 { 8 } else { 7 }, 9, 0, 0]);
        }
        let all = numbers(&app.desk("reader"), "limit=4").await;
        let names = |list: &str, name: &str| spec::items(&all[list]).map(|item| item[name].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(names("categories", "path"), ["c3", "c0", "c1", "c2"]);
        assert_eq!(names("sources", "slug"), ["s3", "s0", "s1", "s2"]);
        assert_eq!(names("sites", "site"), ["demo", "other"]);
    }

    /// Who works in a site sees its numbers, and of sources what its articles brought
    async fn everybody_sees_the_numbers_of_their_sites(app) {
        app.import(&portals());
        let (demo, other, weekly) = (site_id(app, "demo"), site_id(app, "other"), source_id(app, "weekly"));
        total(app, 0, DAY, demo, demo, [1, 2, 3, 4]);
        total(app, 0, DAY, other, other, [1000, 1000, 1000, 1000]);
        total(app, 1, DAY, other, category_id(app, "x"), [1000, 1000, 1000, 0]);
        total(app, 2, DAY, demo, weekly, [1, 2, 3, 0]);
        total(app, 2, DAY, other, weekly, [1000, 1000, 1000, 0]);
        pending(app, 0, app.article_id("far").await, DAY, 5000, 5000);
        pending(app, 4, other, DAY, 5000, 5000);
        assert_eq!(gains(&numbers(&app.desk("reader"), "").await["totals"]), [6001, 6002, 1003, 6004]);
        for (role, category) in [(Role::Reader, None), (Role::Author, None), (Role::Author, Some("people")), (Role::Admin, None)] {
            let local = app.desk_of(app.token_with(None, &[(role, "demo", category)]));
            for query in ["", "site=demo"] {
                let numbers = numbers(&local, query).await;
                assert_eq!(gains(&numbers["totals"]), [1, 2, 3, 4], "{role:?} {category:?}");
                assert_eq!(parts(&numbers, "sites", "site"), [json!(["demo", [1, 2, 3, 4]])]);
                assert_eq!(parts(&numbers, "sources", "slug"), [json!(["weekly", [1, 2, 3]])]);
                assert_eq!(numbers["categories"], json!([]));
            }
            for site in ["other", "nowhere", "不存在"] {
                let none = numbers(&local, &format!("site={site}")).await;
                assert_eq!(gains(&none["totals"]), [0, 0, 0, 0]);
                assert_eq!(json!([none["sites"], none["categories"], none["sources"], none["days"].as_array().unwrap().len()]), json!([[], [], [], 30]));
            }
        }
        app.desk_of(app.token_with(None, &[])).get("/analytics").await.assert_problem(403, "forbidden");
        let (_, key) = app.api_key(app.account("narrow@example.org", "admin"), &[Scope::ArticlesRead], None);
        app.desk_of(key).get("/analytics").await.assert_problem(403, "insufficient_scope");
        app.get("/api/v1/manage/analytics").await.assert_problem(401, "unauthenticated");
    }

    /// Today is today where it has begun first
    async fn today_is_the_latest_of_the_sites(app) {
        app.import(&Portal::new("east").site(|s| s.set("utc_offset", "+08:00")).and(Portal::new("west").site(|s| s.set("utc_offset", "-03:30"))));
        let (_, key) = app.api_key(app.account("desk@example.org", "admin"), &Scope::ALL, None);
        let desk = app.desk_of(key);
        for (now, all, west) in [
            ("2026-02-28T15:59:59Z", "2026-02-28", "2026-02-28"), ("2026-02-28T16:00:00Z", "2026-03-01", "2026-02-28"),
            ("2026-03-01T03:29:59Z", "2026-03-01", "2026-02-28"), ("2026-03-01T03:30:00Z", "2026-03-01", "2026-03-01"),
        ] {
            app.set_clock(now);
            for (query, today) in [("", all), ("site=east", all), ("site=west", west)] {
                assert_eq!(numbers(&desk, query).await["last_day"], json!(today), "{query} at {now}");
            }
        }
    }

    /// What cannot be asked is said, with its mend
    async fn questions_are_checked(app) {
        app.import(&portals());
        let desk = app.desk("reader");
        for (query, pointer, code) in [
            ("from=2026-01-15&to=2026-01-14", "/from", "empty_range"), ("from=2025-01-14", "/from", "too_many_days"),
            ("from=2024-01-01&to=2025-01-01", "/from", "too_many_days"), ("site=nowhere&from=2025-01-14", "/from", "too_many_days"),
            ("from=2026-02-30", "/from", "invalid"), ("to=x", "/to", "invalid"), ("to=２０２６-01-01", "/to", "invalid"),
            ("limit=0", "/limit", "invalid"), ("limit=101", "/limit", "invalid"), ("category=1", "/category", "unknown_parameter"), ("site=", "/site", "invalid"),
        ] {
            let problem = desk.get(&format!("/analytics?{query}")).await.assert_problem(400, "invalid_parameter");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)), "{query}: {problem}");
        }
        for (query, days, first, last) in [
            ("from=2025-01-15", 366, json!("2025-01-15"), json!(DAY)), ("from=2024-01-02&to=2025-01-01", 366, json!("2024-01-02"), json!("2025-01-01")),
            ("from=2026-01-15&to=2027-01-15", 1, json!(DAY), json!(DAY)), ("from=2026-01-16", 0, Value::Null, Value::Null),
            ("to=0001-01-01&limit=100", 1, json!("0001-01-01"), json!("0001-01-01")),
        ] {
            let numbers = numbers(&desk, query).await;
            assert_eq!(json!([numbers["days"].as_array().unwrap().len(), numbers["first_day"], numbers["last_day"]]), json!([days, first, last]), "{query}");
            assert_eq!(numbers["sites"].as_array().unwrap().len(), 2, "{query}");
        }
    }

    /// A source that is merged leaves its numbers to the other one, day by day and site by site
    async fn merged_sources_add_up(app) {
        app.import(&portals());
        let (demo, other) = (site_id(app, "demo"), site_id(app, "other"));
        let (daily, weekly) = (source_id(app, "daily"), source_id(app, "weekly"));
        total(app, 2, DAY, demo, daily, [1, 2, 3, 0]);
        total(app, 2, DAY, demo, weekly, [10, 20, 30, 0]);
        total(app, 2, "2026-01-14", demo, weekly, [100, 200, 300, 0]);
        total(app, 2, DAY, other, weekly, [1000, 2000, 3000, 0]);
        // Of another kind, though with the same number.
        total(app, 1, DAY, demo, weekly, [7, 7, 7, 0]);
        pending(app, 0, app.article_id("far").await, DAY, 10000, 20000);
        let desk = app.desk("admin");
        desk.request("POST", &format!("/sources/{weekly}/merge")).header("if-match", "*").json(&json!({"into": daily})).send().await.assert_status(200);
        assert_eq!(parts(&numbers(&desk, "").await, "sources", "slug"), [json!(["daily", [11111, 22222, 3333]])]);
        assert_eq!(parts(&numbers(&desk, "site=demo").await, "sources", "slug"), [json!(["daily", [111, 222, 333]])]);
        assert_eq!(parts(&numbers(&desk, "site=demo&from=2026-01-15").await, "sources", "slug"), [json!(["daily", [11, 22, 33]])]);
        assert_eq!((rows(app, &format!("kind = 2 AND reference = {weekly}")), rows(app, &format!("kind = 1 AND reference = {weekly}"))), (0, 1));
    }

    /// In a batch, numbers go with what is merged, handed over and deleted, in the order of its operations and whatever comes after
    async fn a_batch_keeps_the_numbers_right(app) {
        app.import(&portals().source("汇编").and(Portal::new("闲置").category("spare")));
        let (demo, other, idle) = (site_id(app, "demo"), site_id(app, "other"), site_id(app, "闲置"));
        let (daily, weekly, digest) = (source_id(app, "daily"), source_id(app, "weekly"), source_id(app, "汇编"));
        let (news, research) = (category_id(app, "新闻"), category_id(app, "新闻/科研"));
        total(app, 2, DAY, demo, daily, [1, 2, 3, 0]);
        total(app, 2, DAY, demo, weekly, [10, 20, 30, 0]);
        total(app, 2, "2026-01-14", other, weekly, [100, 200, 300, 0]);
        total(app, 2, DAY, demo, digest, [1000, 2000, 3000, 0]);
        total(app, 1, DAY, demo, news, [1, 1, 1, 0]);
        total(app, 1, DAY, demo, research, [10, 10, 10, 0]);
        total(app, 0, DAY, idle, idle, [5, 5, 5, 5]);
        pending(app, 4, idle, DAY, 5, 5);
        pending(app, 0, app.article_id("far").await, DAY, 10000, 20000);
        let operation = |method: &str, path: String| json!({"method": method, "path": format!("/manage{path}"), "if_match": "*"});
        let with = |mut operation: Value, body: Value| {
            operation["body"] = body;
            operation
        };
        let mut operations = vec![
            with(operation("POST", format!("/sources/{weekly}/merge")), json!({"into": daily})),
            operation("DELETE", format!("/sites/{idle}")),
            operation("DELETE", format!("/categories/{research}?reassign_to={news}")),
            with(operation("PATCH", format!("/sources/{daily}")), json!({"name": "日报 📰"})),
            with(operation("POST", format!("/sources/{daily}/merge")), json!({"into": digest})),
            operation("DELETE", format!("/sources/{daily}")),
        ];
        let desk = app.desk("admin");
        let before = numbers(&desk, "").await;
        desk.post("/batch", &json!({"operations": operations, "atomic": true})).await.assert_problem(404, "not_found");
        assert_eq!(numbers(&desk, "").await, before, "what is not done changes no number");
        operations.pop();
        desk.post("/batch", &json!({"operations": operations, "atomic": true})).await.assert_status(200);
        assert_eq!(parts(&numbers(&desk, "").await, "sources", "slug"), [json!(["汇编", [11111, 22222, 3333]])]);
        let local = numbers(&desk, "site=demo").await;
        assert_eq!(parts(&local, "sources", "slug"), [json!(["汇编", [1011, 2022, 3033]])]);
        assert_eq!(parts(&local, "categories", "path"), [json!(["新闻", [11, 11, 11]])]);
        assert_eq!(rows(app, &format!("kind = 2 AND reference <> {digest} OR kind = 1 AND reference = {research} OR site_id = {idle}")), 0);
        let waiting = format!("SELECT CAST(count(*) AS bigint) AS id FROM pending_counts WHERE kind = 4 AND reference = {idle}");
        assert_eq!(number_of(app, &waiting), 0);
    }

    /// What is deleted leaves no numbers behind; a category that is handed over leaves them to its heir
    async fn what_is_gone_has_no_numbers(app) {
        app.import(&portals().source("unused").category("empty").and(Portal::new("闲置").category("spare")));
        let (demo, idle) = (site_id(app, "demo"), site_id(app, "闲置"));
        let (news, research, empty, spare) = (category_id(app, "新闻"), category_id(app, "新闻/科研"), category_id(app, "empty"), category_id(app, "spare"));
        let unused = source_id(app, "unused");
        total(app, 1, DAY, demo, news, [1, 1, 1, 0]);
        total(app, 1, DAY, demo, research, [10, 10, 10, 0]);
        total(app, 1, "2026-01-14", demo, research, [100, 100, 100, 0]);
        total(app, 1, DAY, demo, empty, [5, 5, 5, 0]);
        total(app, 2, DAY, demo, unused, [5, 5, 5, 0]);
        total(app, 2, DAY, idle, unused, [5, 5, 5, 0]);
        total(app, 0, DAY, idle, idle, [5, 5, 5, 5]);
        total(app, 1, DAY, idle, spare, [5, 5, 5, 0]);
        pending(app, 4, idle, DAY, 5, 5);
        let desk = app.desk("admin");
        desk.delete(&format!("/sources/{unused}")).await.assert_status(204);
        desk.delete(&format!("/categories/{empty}")).await.assert_status(204);
        desk.delete(&format!("/sites/{idle}")).await.assert_status(204);
        assert_eq!(rows(app, &format!("kind = 2 OR reference = {empty} AND kind = 1 OR site_id = {idle}")), 0);
        desk.request("DELETE", &format!("/categories/{research}?reassign_to={news}")).header("if-match", "*").send().await.assert_status(204);
        let all = numbers(&desk, "").await;
        assert_eq!(parts(&all, "categories", "path"), [json!(["新闻", [111, 111, 111]])]);
        assert_eq!(rows(app, &format!("reference = {research} AND kind = 1")), 0);
        assert_eq!(parts(&all, "sites", "site").len(), 2);
    }

    /// However much there is, it takes the same statements
    async fn it_is_cheap(app) {
        let (_, key) = app.api_key(app.account("desk@example.org", "admin"), &Scope::ALL, None);
        let desk = app.desk_of(key);
        let mut statements = BTreeSet::new();
        for count in [1, 40] {
            let mut portal = Portal::new("demo");
            for n in 0..count {
                let (category, source) = (format!("c{n}"), format!("s{n}"));
                portal = portal.category(&category).source(&source).article(&format!("a{n}"), |a| a.category(&category).sources(&[&source]))
                    .and(Portal::new(&format!("site{n}")));
            }
            app.import(&portal);
            for n in 0..count {
                app.database().execute(&format!("DELETE FROM daily_totals WHERE reference = {}", category_id(app, &format!("c{n}"))));
                total(app, 1, DAY, site_id(app, "demo"), category_id(app, &format!("c{n}")), [1, 1, 1, 0]);
            }
            let mut used = Vec::new();
            for _ in 0..5 {
                let before = app.statements();
                numbers(&desk, "limit=100").await;
                used.push(app.statements() - before);
            }
            statements.insert(used.into_iter().min());
        }
        assert_eq!(statements.len(), 1, "{statements:?}");
    }
}
