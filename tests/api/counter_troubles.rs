//! Counting when things go wrong around it: clocks that jump, clients that give up, others who write, and more than usual to count.

use std::cell::Cell;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::support::accounts::join_all;
use crate::support::app::{Setup, run};
use crate::support::counting::{Who, outcome, visitor};
use crate::support::crowd::rows;
use crate::support::{Backend, Portal, TestApp, announce, on_both};

const A: &str = "/api/v1/articles/1/views";
const VISITS: &str = "/api/v1/sites/demo/visits";
const REPEAT: &str = "repeat";

fn portal() -> Portal {
    Portal::new("demo")
        .article("a", |a| a.title("潮汐"))
        .article("b", |a| a)
}

/// Days on which the first article was seen: views and hits of each.
async fn days(app: &TestApp, from: &str, to: &str) -> Vec<Value> {
    let path = format!("{A}/history?from={from}&to={to}");
    let body = app.get(&path).await.assert_status(200).json();
    let days = body["items"].as_array().unwrap().iter();
    days.filter(|day| day["hits"] != 0)
        .map(|day| json!([day["day"], day["views"], day["hits"]]))
        .collect()
}

/// The value of the first article in a ranking.
async fn ranked(app: &TestApp, period: &str, as_of: &str) -> Value {
    let path = format!("/api/v1/rankings/views?period={period}{as_of}");
    app.get(&path).await.assert_status(200).json()["items"][0]["value"].clone()
}

on_both! {
    /// A clock that jumps back a day, and forward again: counting goes on, each view is on the day that the clock shows, and who was counted
    /// in a time that is now to come is counted again
    async fn a_clock_may_jump_a_day(app) {
        app.import(&portal());
        let services = app.app.services();
        let me = visitor("读者");
        let keyed = Who { key: Some("the-day-before"), ..visitor("另一位") };
        assert_eq!(app.outcome(A, me).await, (1, None));
        assert_eq!(app.outcome(A, keyed).await, (2, None));
        let mut views = 2;
        for (now, reason) in [
            ("2026-01-14T04:00:00Z", None),
            ("2026-01-14T04:00:01Z", Some(REPEAT)),
            // Back by less than the window: the visitor was here a moment ago, or will be.
            ("2026-01-14T03:45:00Z", Some(REPEAT)),
            ("2026-01-14T03:29:59Z", None),
            ("2026-01-16T04:00:00Z", None),
            ("2026-01-15T04:10:00Z", None),
            ("2026-01-15T23:59:59Z", None),
            ("2026-01-15T00:00:01Z", None),
            ("2026-01-15T04:10:00Z", None),
            ("2026-01-15T04:11:00Z", Some(REPEAT)),
        ] {
            app.set_clock(now);
            services.counting.clean_up().await.unwrap();
            views += i64::from(reason.is_none());
            assert_eq!(app.outcome(A, me).await, (views, reason.map(str::to_owned)), "{now}");
            assert_eq!(app.tally(A).await.0, views, "{now}");
            // The answer that was given is given again.
            assert_eq!(app.outcome(A, keyed).await, (2, None), "{now}");
        }
        app.set_clock("2026-01-17T04:00:00Z");
        // The site is 8 hours ahead.
        let wanted = vec![json!(["2026-01-14", 2, 4]), json!(["2026-01-15", 5, 6]), json!(["2026-01-16", 2, 2])];
        for _ in 0..2 {
            assert_eq!(days(app, "2026-01-01", "2026-01-17").await, wanted);
            app.added_up().await;
        }
        assert_eq!(app.tally(A).await, (9, 12));
        // Once all windows are over nothing is left of anybody.
        app.set_clock("2026-01-20T04:00:00Z");
        services.counting.clean_up().await.unwrap();
        assert_eq!((app.database().rows("visitor_salts"), app.database().rows("counting_marks")), (0, 0));
    }

    /// A clock that jumps over the end of a year and back, by a year: each year has what was counted in it, and numbers only grow
    async fn a_clock_may_jump_a_year(app) {
        app.import(&portal());
        let services = app.app.services();
        for (n, now) in ["2026-12-31T15:59:59.999999Z", "2026-12-31T16:00:00Z", "2026-12-30T16:00:00Z", "2027-12-24T00:00:00Z", "2026-01-15T04:00:00Z",
            "2027-01-01T00:00:00Z"].into_iter().enumerate() {
            app.set_clock(now);
            services.counting.clean_up().await.unwrap();
            let n = i64::try_from(n).unwrap() + 1;
            let who = format!("{n}");
            assert_eq!(app.outcome(A, visitor(&who)).await, (n, None), "{now}");
            assert_eq!(app.outcome(A, visitor(&who)).await, (n, Some(REPEAT.to_owned())), "{now}");
            assert_eq!(app.outcome(VISITS, visitor(&who)).await, (n, None), "{now}");
            assert_eq!(app.tally(A).await, (n, 2 * n), "{now}");
            app.added_up().await;
            assert_eq!(app.get("/api/v1/articles/1").await.json()["views"], n);
        }
        assert_eq!(days(app, "2026-12-25", "2027-01-01").await, [json!(["2026-12-31", 2, 4]), json!(["2027-01-01", 2, 4])]);
        for (period, as_of, value) in [("year", "&as_of=2026-06-30", 3), ("year", "&as_of=2027-01-01", 3), ("month", "&as_of=2026-12-31", 2), ("all", "", 6)] {
            assert_eq!(ranked(app, period, as_of).await, value, "{period} {as_of}");
        }
    }

    /// Who sends a request and goes away harms nothing: it is counted as a whole, or not at all
    async fn clients_may_give_up(app, |s| s.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "10000")) {
        app.import(&portal());
        let address = app.address;
        let leave = move || {
            for n in 0..300 {
                let body = json!({"visitor": format!("走了-{n}")}).to_string();
                let head = format!("POST {A} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
                let mut stream = TcpStream::connect(address).unwrap();
                // Every third one goes before all of it was sent.
                let sent = if n % 3 == 0 { &body[..5] } else { &body[..] };
                stream.write_all(format!("{head}{sent}").as_bytes()).unwrap();
                if n % 2 == 0 {
                    stream.shutdown(Shutdown::Both).ok();
                }
            }
        };
        actix_web::rt::task::spawn_blocking(leave).await.unwrap();
        let (views, reason) = app.outcome(A, visitor("留下")).await;
        assert_eq!(reason, None);
        assert!((1..=201).contains(&views), "{views}");
        // Some may still be under way; each is one view and one hit.
        app.added_up().await;
        let (views, hits) = app.tally(A).await;
        assert!(views == hits && views <= 201, "{views} {hits}");
        assert_eq!(app.outcome(A, visitor("留下")).await.1.as_deref(), Some(REPEAT));
    }

    /// What cannot be added up waits, for however long, and counting goes on with the right numbers
    async fn a_fault_in_adding_up_stops_nobody(app, |s| s.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "1000000")) {
        app.import(&portal());
        app.database().execute("ALTER TABLE daily_totals RENAME TO elsewhere");
        let (begun, mut n) = (Instant::now(), 0);
        // Long enough for some tries.
        while begun.elapsed() < Duration::from_secs(3) {
            n += 1;
            assert_eq!(app.outcome(A, visitor(&format!("{n}"))).await, (n, None));
            assert_eq!(app.tally(A).await, (n, n));
        }
        assert_eq!(app.get("/api/v1/articles/1").await.json()["views"], 0);
        app.database().execute("ALTER TABLE elsewhere RENAME TO daily_totals");
        app.added_up().await;
        assert_eq!(app.get("/api/v1/articles/1").await.json()["views"], n);
        assert_eq!(app.tally(A).await, (n, n));
    }

    /// Readers who flood an article keep no editor from saving
    async fn editors_save_during_a_flood(app, |s| s.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "1000000").var("MASTHEAD_WORKERS", "2")) {
        app.import(&portal());
        let desk = app.desk("editor");
        let (is_over, counted) = (Cell::new(false), Cell::new(0));
        let flood = join_all((0..64).map(async |reader| {
            let mut n = 0;
            while !is_over.get() {
                n += 1;
                app.outcome(A, visitor(&format!("{reader}-{n}"))).await;
                counted.set(counted.get() + 1);
            }
        }));
        let edit = async {
            let mut longest = Duration::ZERO;
            for n in 0..10 {
                let before = counted.get();
                while counted.get() < before + 64 {
                    actix_web::rt::task::yield_now().await;
                }
                let begun = Instant::now();
                let saved = desk.patch("/articles/1", &json!({"title": format!("潮汐 {n}")})).await;
                saved.assert_status(200);
                longest = longest.max(begun.elapsed());
            }
            is_over.set(true);
            longest
        };
        let (_, longest) = both(flood, edit).await;
        announce(&format!("{:?}: {} views beside 10 saves, the slowest of which took {longest:?}", app.database().backend(), counted.get()));
        assert!(longest < Duration::from_secs(2), "{longest:?}");
        assert_eq!(app.tally(A).await, (counted.get(), counted.get()));
    }
}

/// What both give, run at the same time.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (Box::pin(a), Box::pin(b));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(move |cx| {
        use std::task::Poll;
        if first.is_none()
            && let Poll::Ready(value) = a.as_mut().poll(cx)
        {
            first = Some(value);
        }
        if second.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(cx)
        {
            second = Some(value);
        }
        match first.is_some() && second.is_some() {
            true => Poll::Ready((first.take().unwrap(), second.take().unwrap())),
            false => Poll::Pending,
        }
    })
    .await
}

/// Another process holds the lock of an SQLite file for longer than anybody waits: who comes is told to come again, reads go on, and so
/// does counting once the lock is free
#[actix_web::test]
async fn a_lock_that_is_held_refuses_and_recovers() {
    let setup = Setup::new(Backend::Sqlite).var("MASTHEAD_DATABASE_TIMEOUT_S", "1");
    run(setup, async |app| {
        app.import(&portal());
        assert_eq!(app.outcome(A, visitor("一")).await, (1, None));
        app.added_up().await;
        let mut other = app.database().connect();
        other
            .batch_execute("BEGIN IMMEDIATE; UPDATE article_counters SET downloads = 7")
            .unwrap();
        let begun = Instant::now();
        let path = format!("{A}?");
        let refused = join_all((0..20).map(|n| {
            let app = &app;
            let path = path.trim_end_matches('?').to_owned();
            async move { app.counts(&path, visitor(&format!("锁-{n}"))).await }
        }));
        let reads = async {
            let mut longest = Duration::ZERO;
            for _ in 0..50 {
                let begun = Instant::now();
                app.get(A).await.assert_status(200);
                longest = longest.max(begun.elapsed());
            }
            longest
        };
        let (refused, longest) = both(refused, reads).await;
        for answer in &refused {
            answer.assert_problem(503, "unavailable");
            assert!(answer.header("retry-after").is_some(), "{answer}");
        }
        assert!(
            begun.elapsed() < Duration::from_secs(12),
            "{:?}",
            begun.elapsed()
        );
        assert!(longest < Duration::from_secs(1), "{longest:?}");
        assert_eq!(app.tally(A).await, (1, 1));
        other.batch_execute("COMMIT").unwrap();
        for n in 0..20 {
            assert_eq!(
                app.outcome(A, visitor(&format!("锁-{n}"))).await,
                (n + 2, None)
            );
        }
        app.added_up().await;
        assert_eq!(app.tally(A).await, (21, 21));
    })
    .await;
}

/// Articles that are seen, at the pace of a hundred thousand in a minute.
const MANY: i64 = 20_000;

/// How many are seen in [`BEAT`], and in one request.
const IN_A_BEAT: usize = 1_600;
const BEAT: Duration = Duration::from_millis(960);
const IN_A_REQUEST: usize = 100;

/// A hundred thousand different articles in a minute are counted as they come, each once, and each is in articles and lists within five
/// seconds
async fn many_different_articles(backend: Backend) {
    run(Setup::new(backend).var("MASTHEAD_WORKERS", "2"), async |app| {
        app.import(&Portal::new("demo").article("a", |a| a));
        let numbers = format!("WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < {MANY})");
        // As after an import, PostgreSQL knows how large its tables are.
        app.database().execute(&format!(
            "INSERT INTO articles (id, site_id, key, slug, category_id, status, locale, published_at, published_offset, published_precision, \
               audio, has_attachments, version, created_at, updated_at, revision) \
             {numbers} SELECT n.n, site_id, 'k' || n.n, 's' || n.n, category_id, status, locale, published_at, published_offset, published_precision, \
               audio, has_attachments, version, created_at, updated_at, revision FROM articles, n; \
             INSERT INTO article_counters (article_id, site_id, views, hits, opening_views, downloads, citations) \
             SELECT id, site_id, 0, 0, 0, 0, 0 FROM articles WHERE id > 1; \
             ANALYZE;"
        ));
        let shown = |from: i64, to: i64| {
            let sql = format!("SELECT count(*) AS a, CAST(sum(views) AS bigint) AS b, min(views) AS c, max(views) AS d FROM article_counters WHERE article_id BETWEEN {from} AND {to}");
            rows(&mut app.database().connect(), &sql)[0]
        };
        let ids: Vec<i64> = (1..=MANY).collect();
        let begun = Instant::now();
        let mut beats: Vec<(Instant, i64, i64)> = Vec::new();
        for beat in ids.chunks(IN_A_BEAT) {
            let next = actix_web::rt::time::sleep(BEAT);
            join_all(beat.chunks(IN_A_REQUEST).map(async |ids| {
                let body = json!({"visitor": "读遍天下", "article_ids": ids});
                let answer = app.counted("/api/v1/views", Who::default()).json(&body).send().await;
                let body = answer.assert_status(200).json();
                assert!(body["items"].as_array().unwrap().iter().all(|item| item["counted"] == true && item["views"] == 1));
            }))
            .await;
            beats.push((Instant::now(), beat[0], beat[beat.len() - 1]));
            next.await;
            // What was seen five seconds ago shows.
            for (at, from, to) in &beats {
                if at.elapsed() > Duration::from_secs(5) {
                    assert_eq!(shown(*from, *to), [to - from + 1, to - from + 1, 1, 1]);
                }
            }
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(20), "the pace is not kept: {took:?}");
        app.added_up().await;
        assert_eq!(shown(1, MANY), [MANY, MANY, 1, 1]);
        let conn = &mut app.database().connect();
        let sums = "SELECT CAST(sum(views) AS bigint) AS a, CAST(sum(hits) AS bigint) AS b, CAST(min(views) AS bigint) AS c, CAST(max(views) AS bigint) AS d FROM";
        for period in 0..4 {
            assert_eq!(rows(conn, &format!("{sums} article_periods WHERE period = {period}")), [[MANY, MANY, 1, 1]]);
        }
        assert_eq!(rows(conn, &format!("{sums} daily_totals WHERE kind = 0")), [[MANY; 4]]);
        // One more of the last shows at once, as always.
        let last = format!("/api/v1/articles/{MANY}/views");
        assert_eq!(outcome(&app.counts(&last, visitor("他")).await), (2, None));
    })
    .await;
}

#[actix_web::test]
async fn many_different_articles_sqlite() {
    many_different_articles(Backend::Sqlite).await;
}

#[actix_web::test]
async fn many_different_articles_postgres() {
    many_different_articles(Backend::Postgres).await;
}
