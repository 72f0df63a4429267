//! Reading from replicas of a PostgreSQL: from those that are not behind, and only what the public reads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use masthead::store::Conn;

use crate::command_line::{Place, Serving};
use crate::counter_crashes::{counting, wait_until};
use crate::instances_cache::{rename, soon, title};
use crate::support::crowd::{agent, get, portal};
use crate::support::database::connect_postgres;
use crate::support::outside::Outside;
use crate::support::postgres::{self, Cluster};
use crate::support::{Database, announce};

/// Articles that are read.
const ARTICLES: i64 = 50;

/// A primary with everything in the database, and a replica of it.
fn primary() -> Option<(&'static Cluster, Database)> {
    let cluster = postgres::own(None)?;
    let database = Database::within(cluster);
    let place = counting(&database);
    place.write("demo.ndjson", portal(ARTICLES).lines());
    place.run(&["import", "demo.ndjson"]).assert_done();
    Some((cluster, database))
}

/// A server that keeps nothing, so that each request is read somewhere.
fn forgetful(database: &Database, replicas: &str) -> Place {
    counting(database)
        .var("DATABASE_REPLICA_URLS", replicas)
        .var("MASTHEAD_CACHE_MB", "0")
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(conn: &mut Conn, sql: &str) -> i64 {
    let sql = format!("SELECT CAST(({sql}) AS bigint) AS number");
    let Number { number } = diesel::sql_query(sql).get_result(conn).unwrap();
    number
}

/// How often the texts of articles were looked up on a server. It is told of with some delay.
fn reads(url: &str) -> i64 {
    let sql = "SELECT idx_scan + seq_scan FROM pg_stat_user_tables WHERE relname = 'article_texts'";
    number(&mut connect_postgres(url.to_owned()), sql)
}

fn read_all(agent: &ureq::Agent, address: &str) {
    for id in 1..=ARTICLES {
        title(agent, address, id);
    }
}

/// Waits until reads come from there, which they must soon.
#[track_caller]
fn wait_until_read_from(url: &str, address: &str) {
    let (before, agent) = (reads(url), agent());
    wait_until(|| {
        read_all(&agent, address);
        thread::sleep(Duration::from_millis(200));
        reads(url) >= before + ARTICLES
    });
}

/// Stops a replica from going on: what is written from here on it does not have.
fn pause(conn: &mut Conn) {
    conn.batch_execute("SELECT pg_wal_replay_pause()").unwrap();
    let sql = "SELECT count(*) WHERE pg_get_wal_replay_pause_state() = 'paused'";
    let end = Instant::now() + Duration::from_secs(5);
    while number(conn, sql) == 0 {
        assert!(Instant::now() < end, "it goes on");
        thread::sleep(Duration::from_millis(5));
    }
}

fn resume(conn: &mut Conn) {
    conn.batch_execute("SELECT pg_wal_replay_resume()").unwrap();
}

/// What the public reads comes from the replica, everything else from the primary; after three seconds that it is behind, all does
#[test]
fn the_public_reads_from_replicas() {
    let Some((cluster, database)) = primary() else {
        return;
    };
    let replica = cluster.replica();
    let url = replica.url(&database);
    let caller = Outside::new(&database);
    let serving = Serving::start(&forgetful(&database, &url));
    let caller = caller.at(&serving.address);
    let paths = [
        "/articles/1",
        "/articles?site=demo&limit=100",
        "/articles?site=demo&limit=100&count=exact",
        "/articles?site=demo&limit=100&has_attachments=true",
        "/articles/changes?limit=100",
        "/rankings/views?period=all&site=demo&limit=100",
        "/search?q=%E7%AC%AC&limit=100",
        "/sites",
        "/sites/demo",
        "/sites/demo/categories",
        "/sources",
    ];
    wait_until_read_from(&url, &serving.address);
    let conn = &mut connect_postgres(url.clone());
    let agent = agent();
    let told = || {
        paths.map(|path| {
            let got = get(&agent, &serving.address, &format!("/api/v1{path}")).unwrap();
            assert_eq!(got.status, 200, "{path}: {got:?}");
            got.body.to_string()
        })
    };
    let before = told();
    pause(conn);
    // Behind the back of the server, which would else know that the replica is behind.
    database.execute(
        "UPDATE article_texts SET title = title || ' wovon niemand weiß'; \
         UPDATE sites SET name = 'wovon niemand weiß'; \
         UPDATE categories SET name = 'wovon niemand weiß'; \
         UPDATE sources SET name = 'wovon niemand weiß'",
    );
    let written = Instant::now();
    let after = told();
    let managed = ["/articles/1", "/sites/1"].map(|path| caller.call("GET", path, None).unwrap());
    assert!(
        written.elapsed() < Duration::from_millis(2_500),
        "{:?}",
        written.elapsed()
    );
    for ((path, before), after) in paths.iter().zip(&before).zip(&after) {
        assert!(!after.contains("niemand"), "{path} comes from the primary");
        assert_eq!(before.len(), after.len(), "{path}");
    }
    for (status, body) in managed {
        let body = String::from_utf8(body).unwrap();
        assert!(status == 200 && body.contains("niemand"), "{body}");
    }
    // Nobody told the index and the feed of it.
    let unseen = || -> Vec<&str> {
        let told = told();
        let unseen = paths.iter().zip(&told);
        let unseen = unseen.filter(|(_, body)| !body.contains("niemand"));
        let told_of = |path: &&str| !path.starts_with("/search") && !path.contains("/changes");
        unseen.map(|(path, _)| *path).filter(told_of).collect()
    };
    while written.elapsed() < Duration::from_secs(5) && !unseen().is_empty() {
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(unseen(), [""; 0]);
    announce(&format!(
        "a replica that stopped is left out after {:?}",
        written.elapsed()
    ));
    resume(conn);
    wait_until_read_from(&url, &serving.address);
}

/// A replica that is behind answers nothing that it does not know yet: not to who wrote it, and not to readers of other instances
#[test]
fn who_writes_reads_it_while_the_replica_is_behind() {
    let Some((cluster, database)) = primary() else {
        return;
    };
    let replica = cluster.replica();
    let url = replica.url(&database);
    let caller = Outside::new(&database);
    let keeping = || counting(&database).var("DATABASE_REPLICA_URLS", &url);
    let places = [forgetful(&database, &url), keeping(), keeping()];
    let servers = places.each_ref().map(Serving::start);
    let agents = [agent(), agent(), agent()];
    wait_until_read_from(&url, &servers[0].address);
    let conn = &mut connect_postgres(url.clone());
    for n in 0..3 {
        pause(conn);
        for (at, server) in servers.iter().enumerate() {
            let caller = caller.at(&server.address);
            for id in 1..=5 {
                let new = format!("{n} {at} {id}");
                rename(&caller, id, &new);
                for _ in 0..3 {
                    assert_eq!(title(&agents[at], &server.address, id), new);
                }
                for (agent, other) in agents.iter().zip(&servers) {
                    soon(|| title(agent, &other.address, id) == new);
                    assert_eq!(title(agent, &other.address, id), new);
                }
            }
        }
        let sql = "SELECT count(*) FROM article_texts WHERE title LIKE '% % %'";
        assert_eq!(
            number(conn, sql),
            if n == 0 { 0 } else { 5 },
            "the replica is behind"
        );
        resume(conn);
        wait_until_read_from(&url, &servers[0].address);
    }
    // It comes along while it is written to: whoever answers says what was written.
    let before = reads(&url);
    let caller = caller.at(&servers[0].address);
    let begun = Instant::now();
    for n in 0..100 {
        let new = format!("weiter {n}");
        rename(&caller, n % 5 + 1, &new);
        assert_eq!(title(&agents[0], &servers[0].address, n % 5 + 1), new);
        thread::sleep(Duration::from_millis(20));
        title(&agents[0], &servers[0].address, 6);
    }
    // What was read is told of up to ten seconds later.
    thread::sleep(Duration::from_secs(11));
    let from_replica = reads(&url) - before;
    announce(&format!(
        "100 writes in {:?}, each read at once and something else 20 ms later: {from_replica} look-ups on the replica",
        begun.elapsed()
    ));
    assert!(from_replica > 50, "{from_replica}");
}

/// A replica is stopped while it is read from: no reader notices; it starts again, and is read from again
#[test]
fn a_lost_replica_is_left_out_and_comes_back() {
    let Some((cluster, database)) = primary() else {
        return;
    };
    let replica = cluster.replica();
    let url = replica.url(&database);
    // One that never was there does not keep it from starting.
    let nobody = "postgres://masthead@127.0.0.1:1/nowhere";
    let serving = Serving::start(&forgetful(&database, &format!("{url},{nobody}")));
    wait_until_read_from(&url, &serving.address);
    let (is_over, read) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for reader in 0..4 {
            let (address, is_over, read) = (&serving.address, &is_over, &read);
            scope.spawn(move || {
                let agent = agent();
                for n in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let begun = Instant::now();
                    title(&agent, address, (n + reader * 7) % ARTICLES + 1);
                    assert!(
                        begun.elapsed() < Duration::from_secs(3),
                        "{:?}",
                        begun.elapsed()
                    );
                    read.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..3 {
            let before = read.load(Ordering::Relaxed);
            wait_until(|| read.load(Ordering::Relaxed) > before + 100);
            replica.stop();
            let before = read.load(Ordering::Relaxed);
            wait_until(|| read.load(Ordering::Relaxed) > before + 100);
            replica.start();
            let before = reads(&url);
            wait_until(|| reads(&url) > before + 100);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    announce(&format!(
        "a replica was stopped three times: {} reads, none failed",
        read.load(Ordering::Relaxed)
    ));
}

/// A server that is no replica of this database is never read from, though it may be further in its own log
#[test]
fn another_database_is_no_replica() {
    let Some((cluster, database)) = primary() else {
        return;
    };
    let Some(other) = postgres::own(None) else {
        return;
    };
    let strange = Database::within(other);
    let strange_replica = other.replica();
    let beside = Database::within(cluster);
    let replica = cluster.replica();
    let urls = [
        // A primary, the replica of another one, and that of another database of this one.
        database.url.clone(),
        strange_replica.url(&strange),
        replica.url(&beside),
    ];
    let serving = Serving::start(&forgetful(&database, &urls.join(",")));
    let agent = agent();
    for _ in 0..3 {
        read_all(&agent, &serving.address);
        thread::sleep(Duration::from_millis(300));
    }
    for (url, name) in [
        (&urls[1], "another cluster"),
        (&urls[2], "another database"),
    ] {
        // Reads keep their connections; one that only asks whose replica it is is gone soon.
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'masthead%' \
            AND pid <> pg_backend_pid() AND state_change < now() - interval '200 ms'";
        assert_eq!(number(&mut connect_postgres(url.clone()), sql), 0, "{name}");
    }
    let caller = Outside::new(&database).at(&serving.address);
    rename(&caller, 1, "richtig");
    assert_eq!(title(&agent, &serving.address, 1), "richtig");
    assert_eq!(title(&agent, &serving.address, 2), "第2篇 🌊");
}
