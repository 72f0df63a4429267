//! Counting while servers and databases are killed and disks are full: what was acknowledged is there, once.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use masthead::store::Conn;
use masthead::store::connection::{Access, Target, connect};

use crate::command_line::{Place, Serving};
use crate::media_crashes::on_small_disks;
use crate::support::crowd::{self, Crowd, agent, portal, rows, wait_until_added_up};
use crate::support::{Backend, Database, announce, postgres};

/// How often the server is killed.
const KILLS: u32 = 20;

/// Articles that are read.
pub const ARTICLES: i64 = 30;

/// How many read at once.
const READERS: usize = 8;

/// Where it listens and nothing else: nobody reads the log of these servers, and a full pipe would stop them.
pub const LOG: &str = "off,masthead::cli::serve=info";

/// The settings of a server that a crowd reads.
pub fn counting(database: &Database) -> Place {
    Place::with(database)
        .var("MASTHEAD_LOG", LOG)
        .var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "1000000")
}

/// The same with everything in the database.
pub fn opened(database: &Database) -> Place {
    let place = counting(database);
    place.write("demo.ndjson", portal(ARTICLES).lines());
    place.run(&["import", "demo.ndjson"]).assert_done();
    place
}

/// Runs `meanwhile` while a crowd reads at `address`, which it does until that returns.
pub fn while_read<T>(crowd: &Crowd, address: &str, meanwhile: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| crowd.read(address, || is_over.load(Ordering::Relaxed)));
        }
        let outcome = meanwhile();
        is_over.store(true, Ordering::Relaxed);
        outcome
    })
}

/// Waits until `is_so`, which it must be soon.
#[track_caller]
pub fn wait_until(is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "that takes too long");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Answers everybody who has no answer yet, and compares all numbers with what they were told.
pub fn settle(crowd: &Crowd, address: &str, conn: &mut Conn) {
    crowd.finish(address);
    wait_until_added_up(conn);
    crowd.check(conn);
}

fn kills(backend: Backend) {
    let Some(database) = Database::migrated(backend) else {
        return;
    };
    let place = opened(&database);
    let crowd = Crowd::new(ARTICLES, 400);
    let mut unanswered = 0;
    for round in 0..KILLS {
        let serving = Serving::start(&place);
        let address = serving.address.clone();
        let before = crowd.answered();
        while_read(&crowd, &address, || {
            wait_until(|| crowd.answered() > before);
            // At another moment each time, now and then while it adds up.
            let longest = if round % 5 == 4 { 2_500 } else { 150 };
            thread::sleep(Duration::from_millis(fastrand::u64(0..longest)));
            drop(serving);
        });
        unanswered += crowd.unanswered();
    }
    let serving = Serving::start(&place);
    settle(&crowd, &serving.address, &mut database.connect());
    announce(&format!(
        "{backend:?}, {KILLS} kills under load: {} requests counted, {unanswered} of them sent again",
        crowd.answered()
    ));
    assert_eq!(crowd.refused(), 0);
    assert!(unanswered > 20 && crowd.answered() > 500);
    // What is served is the same.
    let visits = crowd::get(&agent(), &serving.address, "/api/v1/sites/demo/visits").unwrap();
    let site = rows(
        &mut database.connect(),
        "SELECT visitors AS a, hits AS b, visitors AS c, hits AS d FROM site_counters",
    );
    assert_eq!(
        [&visits.body["visits"], &visits.body["hits"]],
        [site[0][0], site[0][1]]
    );
}

/// Killed 20 times while readers are counted, the server has every view that it acknowledged, and none twice that was sent again with
/// its key
#[test]
fn a_killed_server_counts_exactly_sqlite() {
    kills(Backend::Sqlite);
}

/// The same on PostgreSQL
#[test]
fn a_killed_server_counts_exactly_postgres() {
    kills(Backend::Postgres);
}

/// Sends SIGKILL.
pub fn kill(pid: impl ToString) {
    let status = Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

/// Fails unless a read is answered soon, as it should be where there is no database.
fn assert_unavailable(address: &str) {
    for path in ["/api/v1/articles/1/views", "/api/v1/articles/1"] {
        let begun = Instant::now();
        let got = crowd::get(&agent(), address, path).unwrap();
        assert_eq!(
            (got.status, got.retry_after.is_some()),
            (503, true),
            "{path}: {got:?}"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{:?}",
            begun.elapsed()
        );
    }
}

/// PostgreSQL goes away under load and comes back: whoever comes meanwhile is told when to come again, and the server finds it again
/// by itself
#[test]
fn a_database_that_goes_comes_back() {
    let Some(cluster) = postgres::own(None) else {
        return;
    };
    let database = Database::within(cluster);
    let place = opened(&database).var("MASTHEAD_DATABASE_TIMEOUT_S", "2");
    let serving = Serving::start(&place);
    let address = &serving.address;
    let crowd = Crowd::new(ARTICLES, 400);
    let mut returned = Vec::new();
    while_read(&crowd, address, || {
        for way in ["stop", "backend", "postmaster"] {
            let (answered, refused) = (crowd.answered(), crowd.refused());
            wait_until(|| crowd.answered() > answered + 50);
            match way {
                // All connections are lost, and it comes back at once.
                "backend" => {
                    let sql = "SELECT CAST(max(pid) AS bigint) AS a, CAST(0 AS bigint) AS b, CAST(0 AS bigint) AS c, CAST(0 AS bigint) AS d \
                               FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
                    kill(rows(&mut database.connect(), sql)[0][0]);
                }
                _ => {
                    match way {
                        "stop" => cluster.crash(),
                        _ => kill(cluster.pid()),
                    }
                    wait_until(|| crowd.refused() > refused + 10);
                    assert_unavailable(address);
                    cluster.start_again();
                }
            }
            let begun = Instant::now();
            let answered = crowd.answered();
            wait_until(|| crowd.answered() > answered + 50);
            returned.push(begun.elapsed());
        }
    });
    settle(&crowd, address, &mut database.connect());
    announce(&format!(
        "PostgreSQL killed three times under load: {} requests counted, {} answered with 503, the slowest after {:?}; back after {returned:?}",
        crowd.answered(),
        crowd.refused(),
        crowd.longest()
    ));
    assert!(
        crowd.longest() < Duration::from_secs(10),
        "{:?}",
        crowd.longest()
    );
    assert!(
        returned.iter().all(|took| *took < Duration::from_secs(10)),
        "{returned:?}"
    );
}

/// Fills the disk at `dir`; returns the file that does.
fn fill(dir: &Path) -> PathBuf {
    let path = dir.join("fill");
    let mut file = std::fs::File::create(&path).unwrap();
    for size in [65_536, 4_096, 512, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    path
}

/// A full disk under load: whoever comes is told to come later, reads go on, and once there is room so does counting. `dir` is the disk, `look`
/// gives a connection to what is on it.
fn full_disk(serving: &Serving, dir: &Path, look: impl Fn() -> Conn) -> Crowd {
    let crowd = Crowd::new(ARTICLES, 100_000);
    let address = &serving.address;
    while_read(&crowd, address, || {
        for _ in 0..2 {
            let (answered, refused) = (crowd.answered(), crowd.refused());
            wait_until(|| crowd.answered() > answered + 50);
            let file = fill(dir);
            wait_until(|| crowd.refused() > refused + 50);
            for path in [
                "/api/v1/articles/1/views",
                "/api/v1/articles/1",
                "/api/v1/articles",
            ] {
                let got = crowd::get(&agent(), address, path).unwrap();
                assert_eq!(got.status, 200, "{path}: {got:?}");
            }
            std::fs::remove_file(file).unwrap();
            let begun = Instant::now();
            let answered = crowd.answered();
            wait_until(|| crowd.answered() > answered + 50);
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "{:?}",
                begun.elapsed()
            );
        }
    });
    // Nothing is broken while it is full either.
    let file = fill(dir);
    let agent = agent();
    let refused = (0..2_000).find_map(|n| {
        let got = crowd::view(&agent, address, 1, &format!("late-{n}")).unwrap();
        (got.status != 200).then_some(got)
    });
    let refused = refused.unwrap();
    assert!(
        [503, 507].contains(&refused.status) && refused.body["detail"].as_str().unwrap().len() > 20,
        "{refused:?}"
    );
    drop(look());
    std::fs::remove_file(file).unwrap();
    crowd
}

/// On a full disk nothing that was acknowledged is lost and nothing breaks, and counting goes on once there is room
#[test]
fn a_full_disk_refuses_and_recovers_sqlite() {
    let home = Place::new();
    let small = home.path("small").join("masthead.db");
    let place = home
        .var("MASTHEAD_LOG", LOG)
        .var("MASTHEAD_COUNTER_ADDRESS_LIMIT", "1000000")
        .var("DATABASE_URL", "sqlite:first.db");
    place.write("demo.ndjson", portal(ARTICLES).lines());
    place.run(&["import", "demo.ndjson"]).assert_done();
    let place = place.var("DATABASE_URL", &format!("sqlite:{}", small.display()));
    let Some(serving) = on_small_disks(&place, "48m", &["small"], "cp first.db small/masthead.db")
    else {
        return;
    };
    // The mount is only there for the server, and SQLite follows links out of it: so it looks at a copy.
    let root = format!("/proc/{}/root", serving.pid());
    let dir = Path::new(&root).join(small.parent().unwrap().strip_prefix("/").unwrap());
    let copies = tempfile::tempdir().unwrap();
    let look = || {
        let copy = copies.path().join("masthead.db");
        for end in ["", "-wal"] {
            std::fs::copy(
                dir.join(format!("masthead.db{end}")),
                copies.path().join(format!("masthead.db{end}")),
            )
            .unwrap();
        }
        std::fs::remove_file(copies.path().join("masthead.db-shm")).ok();
        let mut conn = connect(
            &Target::Sqlite(copy),
            Access::ReadWrite,
            &std::sync::Arc::default(),
        )
        .unwrap();
        let sound = "SELECT count(*) AS a, sum(integrity_check = 'ok') AS b, 1 AS c, 1 AS d FROM pragma_integrity_check";
        assert_eq!(rows(&mut conn, sound), [[1; 4]]);
        conn
    };
    let crowd = full_disk(&serving, &dir, look);
    finish_on_disk(&crowd, &serving, look);
}

/// The same on PostgreSQL
#[test]
fn a_full_disk_refuses_and_recovers_postgres() {
    let Some(cluster) = postgres::own(Some("48m")) else {
        return;
    };
    let database = Database::on_disk(cluster);
    let serving = Serving::start(&opened(&database));
    let crowd = full_disk(&serving, &cluster.disk(), || database.connect());
    finish_on_disk(&crowd, &serving, || database.connect());
}

/// What was counted beside the crowd is one article's; the rest is exactly the crowd's.
fn finish_on_disk(crowd: &Crowd, serving: &Serving, look: impl Fn() -> Conn) {
    crowd.finish(&serving.address);
    let pending = "SELECT count(*) AS a, CAST(0 AS bigint) AS b, CAST(0 AS bigint) AS c, CAST(0 AS bigint) AS d FROM pending_counts";
    wait_until(|| rows(&mut look(), pending) == [[0; 4]]);
    crowd.check_but(1, &mut look());
    announce(&format!(
        "a full disk, three times: {} requests counted, {} answered with 503, the slowest after {:?}",
        crowd.answered(),
        crowd.refused(),
        crowd.longest()
    ));
}
