//! Several servers that count on one PostgreSQL, and others who work on the same rows meanwhile.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use masthead::store::Conn;
use serde_json::{Value, json};

use crate::command_line::Serving;
use crate::counter_crashes::{ARTICLES, LOG, counting, opened, settle, wait_until, while_read};
use crate::support::crowd::{self, Crowd, agent, portal, rows, wait_until_added_up};
use crate::support::outside::Outside;
use crate::support::{Backend, Database, announce};

/// What `ids` threads get for their part of `jobs`, all at once.
fn at_once<J: Sync, T: Send>(
    jobs: &[J],
    threads: usize,
    run: impl Fn(&ureq::Agent, &J) -> T + Sync,
) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let agent = agent();
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let got = run(&agent, job);
                    done.lock().unwrap().push(got);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

/// Two numbers of the first row.
fn pair(conn: &mut Conn, columns: &str, rest: &str) -> [i64; 2] {
    let [first, second] = columns.split_once("; ").map(|(a, b)| [a, b]).unwrap();
    let sql = format!(
        "SELECT CAST({first} AS bigint) AS a, CAST({second} AS bigint) AS b, CAST(0 AS bigint) AS c, CAST(0 AS bigint) AS d FROM {rest}"
    );
    let [a, b, ..] = rows(conn, &sql)[0];
    [a, b]
}

/// Three servers count three thousand visitors, half of whom come to two of them at once: each once. No more count of one address than
/// may, and a request that comes to two servers counts on one
#[test]
fn instances_count_exactly_together() {
    let Some(database) = Database::migrated(Backend::Postgres) else {
        return;
    };
    let place = counting(&database).var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "1000000");
    place.write("demo.ndjson", portal(4).lines());
    place.run(&["import", "demo.ndjson"]).assert_done();
    let servers: Vec<Serving> = (0..3).map(|_| Serving::start(&place)).collect();
    let address = |n: usize| servers[n % 3].address.as_str();

    // Every visitor to one server, every second one to another besides.
    let jobs: Vec<(usize, usize)> = (0..2_000)
        .flat_map(|n| std::iter::once((n, n)).chain((n % 2 == 0).then_some((n, n + 1))))
        .collect();
    assert_eq!(jobs.len(), 3_000);
    let told = at_once(&jobs, 24, |agent, (visitor, server)| {
        let got = crowd::view(agent, address(*server), 1, &format!("访客-{visitor}")).unwrap();
        assert_eq!(got.status, 200, "{got:?}");
        (
            got.body["counted"] == true,
            got.body["views"].as_i64().unwrap(),
        )
    });
    assert_eq!(told.iter().filter(|(counted, _)| *counted).count(), 2_000);
    // Everybody whose view counts is told another number: the instances count one after the other, but those of one commit are told the same.
    assert_eq!(
        told.iter().map(|(_, views)| *views).max(),
        Some(983 + 2_000)
    );

    // One salt for all.
    assert_eq!(database.rows("visitor_salts"), 1);
    let conn = &mut database.connect();
    wait_until_added_up(conn);
    assert_eq!(
        pair(conn, "views; hits", "article_counters WHERE article_id = 1"),
        [983 + 2_000, 3_000]
    );
    assert_eq!(
        pair(
            conn,
            "sum(views); sum(hits)",
            "article_periods WHERE article_id = 1 AND period = 0"
        ),
        [2_000, 3_000]
    );
    assert_eq!(
        pair(conn, "sum(views); sum(hits)", "daily_totals WHERE kind = 0"),
        [2_000, 3_000]
    );

    // The same request to all three at once.
    let jobs: Vec<(usize, usize)> = (0..300).map(|n| (n / 3, n)).collect();
    let replayed = at_once(&jobs, 24, |agent, (key, server)| {
        let request = agent.post(format!(
            "http://{}/api/v1/sites/demo/visits",
            address(*server)
        ));
        let mut answer = request
            .header("idempotency-key", format!("key-{key}"))
            .header("content-type", "application/json")
            .send(json!({"visitor": format!("{key}")}).to_string())
            .unwrap();
        let body: Value =
            serde_json::from_slice(&answer.body_mut().read_to_vec().unwrap()).unwrap();
        assert_eq!(
            (answer.status().as_u16(), &body["counted"]),
            (200, &json!(true)),
            "{body}"
        );
        answer.headers().contains_key("idempotency-replayed")
    });
    assert_eq!(replayed.iter().filter(|replayed| **replayed).count(), 200);
    wait_until_added_up(conn);
    assert_eq!(
        pair(conn, "visitors; hits", "site_counters"),
        [34_819_433 + 100, 100]
    );
    drop(servers);

    // No more of one address than may, whichever server they come to.
    let place = place.var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "100");
    let servers: Vec<Serving> = (0..3).map(|_| Serving::start(&place)).collect();
    let jobs: Vec<usize> = (0..600).collect();
    let reasons = at_once(&jobs, 24, |agent, n| {
        let got = crowd::view(agent, &servers[n % 3].address, 2, &format!("访客-{n}")).unwrap();
        got.body["reason"].as_str().unwrap_or_default().to_owned()
    });
    let of = |reason: &str| reasons.iter().filter(|found| *found == reason).count();
    assert_eq!((of(""), of("address_limit")), (100, 500));
}

/// One of three servers is killed under load, and started again: the numbers of all are exact, and the others hardly notice
#[test]
fn an_instance_that_is_killed_leaves_the_others_counting() {
    let Some(database) = Database::migrated(Backend::Postgres) else {
        return;
    };
    let place = opened(&database);
    let crowd = Crowd::new(ARTICLES, 400);
    let stays = [Serving::start(&place), Serving::start(&place)];
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for stays in &stays {
            for _ in 0..3 {
                scope.spawn(|| crowd.read(&stays.address, || is_over.load(Ordering::Relaxed)));
            }
        }
        for _ in 0..3 {
            let goes = Serving::start(&place);
            let address = goes.address.clone();
            let before = crowd.answered();
            while_read(&crowd, &address, || {
                wait_until(|| crowd.answered() > before + 200);
                drop(goes);
            });
            let before = crowd.answered();
            let begun = Instant::now();
            wait_until(|| crowd.answered() > before + 50);
            assert!(
                begun.elapsed() < Duration::from_secs(3),
                "{:?}",
                begun.elapsed()
            );
        }
        is_over.store(true, Ordering::Relaxed);
    });
    settle(&crowd, &stays[0].address, &mut database.connect());
    announce(&format!(
        "three instances, one killed three times: {} requests counted",
        crowd.answered()
    ));
    assert_eq!(crowd.refused(), 0);
}

/// Somebody has the counters of an article in a transaction that takes long, as an import may: it is counted all the same, and added up later
#[test]
fn rows_that_are_held_do_not_stop_counting() {
    let Some(database) = Database::migrated(Backend::Postgres) else {
        return;
    };
    let place = opened(&database);
    let serving = Serving::start(&place);
    let agent = agent();
    let counts = |id: i64, visitor: &str| {
        let begun = Instant::now();
        let got = crowd::view(&agent, &serving.address, id, visitor).unwrap();
        assert_eq!(
            (got.status, got.body["counted"].as_bool()),
            (200, Some(true)),
            "{got:?}"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
        got.body["views"].as_i64().unwrap()
    };
    let visits = |visitor: &str| {
        let request = agent.post(format!(
            "http://{}/api/v1/sites/demo/visits",
            serving.address
        ));
        let begun = Instant::now();
        let mut answer = request
            .header("content-type", "application/json")
            .send(json!({"visitor": visitor}).to_string())
            .unwrap();
        let body: Value =
            serde_json::from_slice(&answer.body_mut().read_to_vec().unwrap()).unwrap();
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}: {body}",
            begun.elapsed()
        );
        assert_eq!(answer.status().as_u16(), 200, "{body}");
    };
    let of = |conn: &mut Conn, id: i64| {
        pair(
            conn,
            "views; hits",
            &format!("article_counters WHERE article_id = {id}"),
        )
    };
    let conn = &mut database.connect();
    for held in [
        "UPDATE article_counters SET citations = citations + 1 WHERE article_id = 1",
        "UPDATE attachment_counters SET downloads = downloads WHERE attachment_id = 1",
        "UPDATE site_counters SET visitors = visitors",
        "UPDATE articles SET version = version + 1 WHERE id = 1",
        "SELECT 1 FROM articles WHERE id = 1 FOR UPDATE",
    ] {
        let before = [of(conn, 1), of(conn, 2)];
        let mut holder = database.connect();
        holder.batch_execute(&format!("BEGIN; {held}")).unwrap();
        visits(held);
        for n in 0..4 {
            assert_eq!(
                counts(1, &format!("{held}-{n}")),
                before[0][0] + 1 + n,
                "{held}"
            );
        }
        let second = counts(2, held);
        assert_eq!(second, before[1][0] + 1, "{held}");
        // What is not held is added up meanwhile; what is, is live all the same.
        wait_until(|| of(&mut database.connect(), 2)[0] == second);
        let got = crowd::get(&agent, &serving.address, "/api/v1/articles/1/views").unwrap();
        assert_eq!(got.body["views"], before[0][0] + 4, "{held}");
        // Nobody counts any more: it comes back by itself.
        holder.batch_execute("COMMIT").unwrap();
        let begun = Instant::now();
        wait_until_added_up(conn);
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{held}: {:?}",
            begun.elapsed()
        );
        assert_eq!(of(conn, 1), [before[0][0] + 4, before[0][1] + 4], "{held}");
    }
}

/// Articles are deleted, and sites, while they are counted: nobody waits for anybody, and nothing is left of what is gone
#[test]
fn what_is_deleted_while_it_is_counted_is_gone() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(database) = Database::migrated(backend) else {
            continue;
        };
        let place = counting(&database).var("MASTHEAD_LOG", LOG);
        place.write("demo.ndjson", portal(60).lines());
        place.run(&["import", "demo.ndjson"]).assert_done();
        let caller = Outside::new(&database);
        let serving = Serving::start(&place);
        let caller = caller.at(&serving.address);
        let (is_over, counted) = (AtomicBool::new(false), AtomicUsize::new(0));
        let statuses: Mutex<BTreeSet<u16>> = Mutex::default();
        thread::scope(|scope| {
            for reader in 0..6 {
                let (serving, is_over, counted, statuses) =
                    (&serving, &is_over, &counted, &statuses);
                scope.spawn(move || {
                    let agent = agent();
                    for n in 0.. {
                        if is_over.load(Ordering::Relaxed) {
                            return;
                        }
                        let what = match n % 3 {
                            0 => "sites/gone/visits".to_owned(),
                            1 => format!("articles/{}/views", fastrand::i64(1..=60)),
                            _ => format!("attachments/{}/downloads", fastrand::i64(1..=60)),
                        };
                        let url = format!("http://{}/api/v1/{what}", serving.address);
                        let body = json!({"visitor": format!("{reader}-{n}")}).to_string();
                        let answer = agent
                            .post(url)
                            .header("content-type", "application/json")
                            .send(body)
                            .unwrap();
                        statuses.lock().unwrap().insert(answer.status().as_u16());
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for n in 1..=40 {
                let before = counted.load(Ordering::Relaxed);
                wait_until(|| counted.load(Ordering::Relaxed) > before + 10);
                let (status, body) = caller
                    .call("DELETE", &format!("/articles/{n}"), None)
                    .unwrap();
                assert_eq!(status, 204, "{}", String::from_utf8_lossy(&body));
                let made = caller.call(
                    "POST",
                    "/sites",
                    Some(json!({"slug": "gone", "name": "临时", "default_locale": "zh-Hans"})),
                );
                let (status, body) = made.unwrap();
                assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
                let id = serde_json::from_slice::<Value>(&body).unwrap()["id"].clone();
                let before = counted.load(Ordering::Relaxed);
                wait_until(|| counted.load(Ordering::Relaxed) > before + 10);
                let begun = Instant::now();
                let (status, body) = caller
                    .call("DELETE", &format!("/sites/{id}"), None)
                    .unwrap();
                assert_eq!(status, 204, "{}", String::from_utf8_lossy(&body));
                assert!(
                    begun.elapsed() < Duration::from_secs(3),
                    "{:?}",
                    begun.elapsed()
                );
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(
            statuses.into_inner().unwrap(),
            BTreeSet::from([200, 404]),
            "{backend:?}"
        );
        let conn = &mut database.connect();
        wait_until_added_up(conn);
        for table in ["article_counters", "article_periods"] {
            let orphans = format!("{table} WHERE article_id <= 40");
            assert_eq!(
                pair(conn, "count(*); 0", &orphans),
                [0, 0],
                "{backend:?} {table}"
            );
        }
        assert_eq!(
            pair(
                conn,
                "count(*); 0",
                "attachment_counters WHERE attachment_id <= 40"
            ),
            [0, 0]
        );
        assert_eq!(
            pair(conn, "count(*); 0", "daily_totals WHERE site_id <> 1"),
            [0, 0]
        );
        // What is left agrees with itself.
        let sums = "(SELECT sum(views) FROM article_periods p WHERE p.period = 0 AND p.article_id = c.article_id)";
        let wrong =
            format!("article_counters c WHERE c.views - c.opening_views <> coalesce({sums}, 0)");
        assert_eq!(pair(conn, "count(*); 0", &wrong), [0, 0], "{backend:?}");
    }
}
