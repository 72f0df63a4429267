//! Instances that start together on one database, and what they share.

use std::process::Stdio;
use std::sync::Barrier;

use diesel::prelude::*;
use masthead::app::App;
use masthead::clock::Clock;
use masthead::config::Config;
use serde_json::Value;

use crate::command_line::{Place, Serving};
use crate::support::{Backend, Database, Portal};

/// How many start together.
const INSTANCES: usize = 10;

fn config(database: &Database) -> Config {
    Config::from_vars(|name| match name {
        "DATABASE_URL" => Some(database.url.clone()),
        "MASTHEAD_DATABASE_CONNECTIONS" => Some("2".to_owned()),
        _ => None,
    })
    .unwrap()
}

/// How often each migration stands in the database as applied.
fn applied(database: &Database) -> i64 {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    diesel::sql_query("SELECT count(*) AS n FROM __diesel_schema_migrations")
        .get_result::<Found>(&mut database.connect())
        .unwrap()
        .n
}

/// Ten instances of one process start at once on an empty database
fn instances_start_together(backend: Backend) {
    let (Some(database), Some(reference)) = (Database::empty(backend), Database::migrated(backend))
    else {
        return;
    };
    let gate = Barrier::new(INSTANCES);
    let outcomes: Vec<Result<usize, String>> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..INSTANCES)
            .map(|_| {
                scope.spawn(|| {
                    gate.wait();
                    App::open(config(&database), Clock::system())
                        .and_then(|app| app.migrate())
                        .map_err(|e| format!("{e}: {e:?}"))
                })
            })
            .collect();
        starting.into_iter().map(|s| s.join().unwrap()).collect()
    });
    assert_eq!(outcomes, vec![Ok(0); INSTANCES]);
    assert_eq!(applied(&database), applied(&reference));
}

/// Ten processes migrate an empty database at once; one of them does the work
fn processes_start_together(backend: Backend) {
    let Some(database) = Database::empty(backend) else {
        return;
    };
    let place = Place::with(&database);
    let running: Vec<_> = (0..INSTANCES)
        .map(|_| {
            place
                .command(&["migrate"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut workers = 0;
    for process in running {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        if !output.stdout.starts_with(b"nothing to do") {
            workers += 1;
        }
    }
    assert_eq!(workers, 1);
}

/// A cursor of one instance works on another, because the key is in the database, unless the environment gives another
fn cursors_travel_between_instances(backend: Backend) {
    let Some(database) = Database::empty(backend) else {
        return;
    };
    let place = Place::with(&database);
    let portal = Portal::new("demo").article("a", |a| a).article("b", |a| a);
    place.write("a.ndjson", portal.lines());
    assert_eq!(place.run(&["import", "a.ndjson"]).code, Some(0));
    let (one, two) = (Serving::start(&place), Serving::start(&place));
    let (status, page) = one.get("/api/v1/articles?limit=1");
    assert_eq!(
        (status, &page["items"][0]["slug"]),
        (200, &Value::from("b"))
    );
    let next = format!(
        "/api/v1/articles?limit=1&cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    let (status, page) = two.get(&next);
    assert_eq!(
        (status, &page["items"][0]["slug"]),
        (200, &Value::from("a"))
    );
    let own_key = Place::with(&database).var("MASTHEAD_CURSOR_KEY", &"0f".repeat(32));
    let (status, problem) = Serving::start(&own_key).get(&next);
    assert_eq!(
        (status, &problem["code"]),
        (400, &Value::from("invalid_cursor"))
    );
}

/// Runs each of the above on both databases.
macro_rules! on_both_kinds {
    ($($name:ident)+) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                super::$name(crate::support::Backend::Sqlite);
            }

            #[test]
            fn postgres() {
                super::$name(crate::support::Backend::Postgres);
            }
        }
    )+};
}

on_both_kinds! {
    instances_start_together
    processes_start_together
    cursors_travel_between_instances
}
