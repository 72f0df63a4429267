//! What servers keep in memory, where others write to the same database: other servers, commands, and somebody by hand.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use masthead::config::Config;
use masthead::models::subject::Subject;
use masthead::store::{Conn, Store, touched};
use serde_json::json;

use crate::command_line::Serving;
use crate::counter_crashes::counting;
use crate::support::crowd::{agent, get, portal};
use crate::support::outside::Outside;
use crate::support::{Backend, Database, announce};

/// By when everybody has to show what was written.
const SOON: Duration = Duration::from_secs(1);

/// The title that a server shows.
pub fn title(agent: &ureq::Agent, address: &str, id: i64) -> String {
    let got = get(agent, address, &format!("/api/v1/articles/{id}")).unwrap();
    assert_eq!(got.status, 200, "{got:?}");
    got.body["title"].as_str().unwrap().to_owned()
}

/// The first title of the newest articles that a server shows.
fn titles(agent: &ureq::Agent, address: &str) -> Vec<String> {
    let got = get(agent, address, "/api/v1/articles?site=demo&limit=20").unwrap();
    assert_eq!(got.status, 200, "{got:?}");
    let items = got.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["title"].as_str().unwrap().to_owned())
        .collect()
}

/// Gives an article another title through a server.
pub fn rename(caller: &Outside, id: i64, title: &str) {
    let (status, body) = caller
        .call(
            "PATCH",
            &format!("/articles/{id}"),
            Some(json!({"title": title})),
        )
        .unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
}

/// How long it takes until `is_so`, which it must be soon.
#[track_caller]
pub fn soon(is_so: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < SOON,
            "not seen after {:?}",
            begun.elapsed()
        );
        thread::sleep(Duration::from_millis(2));
    }
    begun.elapsed()
}

/// The processes of the server that serve the ears of instances on this database.
fn ears(conn: &mut Conn) -> Vec<i32> {
    #[derive(QueryableByName)]
    struct Ear {
        #[diesel(sql_type = Integer)]
        pid: i32,
    }
    let sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'masthead listener' AND datname = current_database()";
    let ears: Vec<Ear> = diesel::sql_query(sql).load(conn).unwrap();
    ears.into_iter().map(|ear| ear.pid).collect()
}

fn retitled(id: i64, title: &str) -> String {
    format!("UPDATE article_texts SET title = '{title}' WHERE article_id = {id}")
}

/// A write through one server is shown by another within a second, in the article and in lists, and by the one that wrote at once; what
/// did not change stays in memory
#[test]
fn a_write_is_shown_by_all_instances() {
    let Some(database) = Database::migrated(Backend::Postgres) else {
        return;
    };
    let place = counting(&database);
    place.write("demo.ndjson", portal(20).lines());
    place.run(&["import", "demo.ndjson"]).assert_done();
    let caller = Outside::new(&database);
    let servers = [Serving::start(&place), Serving::start(&place)];
    let agents = [agent(), agent()];
    let [here, there] = [0, 1].map(|at| servers[at].address.as_str());
    let caller = caller.at(here);
    let kept = title(&agents[1], there, 20);
    database.execute(&retitled(20, "von Hand"));
    let mut delays: Vec<Duration> = (0..100)
        .map(|n| {
            let (id, new) = (n % 10 + 1, format!("第{n}次"));
            for (agent, address) in [(&agents[0], here), (&agents[1], there)] {
                title(agent, address, id);
                titles(agent, address);
            }
            rename(&caller, id, &new);
            assert_eq!(title(&agents[0], here, id), new);
            assert!(titles(&agents[0], here).contains(&new));
            let delay = soon(|| title(&agents[1], there, id) == new);
            assert!(titles(&agents[1], there).contains(&new));
            delay
        })
        .collect();
    delays.sort();
    announce(&format!(
        "a write is shown by another instance after {:?} (median), {:?} (99 of 100), {:?} (all)",
        delays[50], delays[98], delays[99]
    ));
    // That no answer was made anew which need not be shows by what nobody was told of.
    assert_eq!(title(&agents[1], there, 20), kept);
    database.execute("NOTIFY masthead");
    soon(|| title(&agents[1], there, 20) == "von Hand");
    // A command tells servers too.
    place.write("demo.ndjson", portal(21).lines());
    assert_ne!(title(&agents[1], there, 1), "第1篇 🌊");
    place.run(&["import", "demo.ndjson"]).assert_done();
    for (agent, address) in [(&agents[0], here), (&agents[1], there)] {
        soon(|| title(agent, address, 1) == "第1篇 🌊");
        soon(|| {
            titles(agent, address)
                .iter()
                .any(|title| title == "第21篇 🌊")
        });
    }
}

/// Ears are cut off again and again, just before something is written: it is shown all the same
#[test]
fn what_was_missed_is_not_kept() {
    let Some(database) = Database::migrated(Backend::Postgres) else {
        return;
    };
    let place = counting(&database);
    place.write("demo.ndjson", portal(5).lines());
    place.run(&["import", "demo.ndjson"]).assert_done();
    let caller = Outside::new(&database);
    let [here, there] = [Serving::start(&place), Serving::start(&place)];
    let caller = caller.at(&here.address);
    let agent = agent();
    let conn = &mut database.connect();
    for n in 0..20 {
        title(&agent, &there.address, 1);
        let new = format!("nach dem Schnitt {n}");
        let cut = format!(
            "SELECT pg_terminate_backend(pid) FROM unnest(ARRAY{:?}::int[]) AS pid",
            ears(conn)
        );
        diesel::sql_query(cut).execute(conn).unwrap();
        rename(&caller, 1, &new);
        soon(|| title(&agent, &there.address, 1) == new);
    }
    soon(|| ears(&mut database.connect()).len() == 2);
    // It hears again: what is kept is kept.
    let kept = title(&agent, &there.address, 2);
    database.execute(&retitled(2, "ungehört"));
    assert_eq!(title(&agent, &there.address, 2), kept);
}

/// The server of an ear does not answer any more, and nobody says so: what is written is shown within a second all the same
#[test]
fn an_ear_that_went_silent_is_noticed() {
    let Some(database) = Database::migrated(Backend::Postgres) else {
        return;
    };
    let place = counting(&database);
    place.write("demo.ndjson", portal(5).lines());
    place.run(&["import", "demo.ndjson"]).assert_done();
    let caller = Outside::new(&database);
    let [here, there] = [Serving::start(&place), Serving::start(&place)];
    let caller = caller.at(&here.address);
    let agent = agent();
    let silent = ears(&mut database.connect());
    assert_eq!(silent.len(), 2);
    let signal = |name: &str| {
        let pids = silent.iter().map(ToString::to_string);
        let status = Command::new("kill").arg(name).args(pids).status();
        assert!(status.unwrap().success());
    };
    signal("-STOP");
    // Not all at once: the first is written while nobody knows yet.
    let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        for n in 0..5 {
            let new = format!("trotz Stille {n}");
            title(&agent, &there.address, 1);
            rename(&caller, 1, &new);
            soon(|| title(&agent, &there.address, 1) == new);
            // Answers are made anew for each request.
            if n > 0 {
                database.execute(&retitled(2, &new));
                assert_eq!(title(&agent, &there.address, 2), new);
            }
        }
    }));
    signal("-CONT");
    if let Err(panic) = seen {
        std::panic::resume_unwind(panic);
    }
    // They come back, and answers are kept again.
    thread::sleep(SOON);
    let kept = title(&agent, &there.address, 2);
    database.execute(&retitled(2, "ungehört"));
    assert_eq!(title(&agent, &there.address, 2), kept);
}

/// What a server writes itself ends only what it touches; only what others write may end everything
#[test]
fn own_writes_to_a_file_are_not_those_of_others() {
    let database = Database::migrated(Backend::Sqlite).unwrap();
    let url = |name: &str| (name == "DATABASE_URL").then(|| database.url.clone());
    let store = Store::open(&Config::from_vars(url).unwrap()).unwrap();
    let generations = store.generations();
    let write = |slot: Option<Subject>| {
        store
            .write_blocking(|conn| {
                if let Some(subject) = slot {
                    touched::touch(subject);
                }
                conn.batch_execute("UPDATE change_clock SET changed_at = changed_at")?;
                Ok(())
            })
            .unwrap();
    };
    write(None);
    let [one, other] = [Subject::Article(1), Subject::Article(2)];
    let before = generations.now().unwrap();
    for _ in 0..3 {
        write(None);
        write(Some(other));
    }
    assert!(generations.hold(before, &[one.slot()]));
    assert!(!generations.hold(before, &[other.slot()]));
    database.execute("UPDATE change_clock SET modified_at = '2026-02-01T00:00:00.000000Z'");
    let before = generations.now().unwrap();
    store.with_writer(|_| Ok(())).unwrap();
    assert!(!generations.hold(before, &[one.slot()]));
}

/// On SQLite a server sees what another process writes: somebody by hand, and a command
#[test]
fn a_file_that_others_write_is_shown_as_it_is() {
    let database = Database::migrated(Backend::Sqlite).unwrap();
    let place = counting(&database);
    place.write("demo.ndjson", portal(5).lines());
    place.run(&["import", "demo.ndjson"]).assert_done();
    let caller = Outside::new(&database);
    let serving = Serving::start(&place);
    let caller = caller.at(&serving.address);
    let agent = agent();
    let mut slowest = Duration::ZERO;
    for n in 0..20 {
        let (old, new) = (title(&agent, &serving.address, 1), format!("von Hand {n}"));
        database.execute(&retitled(1, &new));
        assert_ne!(old, new);
        slowest = slowest.max(soon(|| title(&agent, &serving.address, 1) == new));
        // At once where the server itself writes something else meanwhile.
        let newer = format!("wieder von Hand {n}");
        database.execute(&retitled(1, &newer));
        rename(&caller, 2, &newer);
        assert_eq!(title(&agent, &serving.address, 1), newer);
    }
    announce(&format!(
        "a hand edit of an SQLite file is shown after at most {slowest:?}"
    ));
    place.write("demo.ndjson", portal(6).lines());
    place.run(&["import", "demo.ndjson"]).assert_done();
    soon(|| title(&agent, &serving.address, 1) == "第1篇 🌊");
    soon(|| titles(&agent, &serving.address).len() == 6);
}
