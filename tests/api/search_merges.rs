//! The search index is merged, made anew and mended while everything goes on, and by whoever is killed in the middle of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use masthead::clock::Clock;
use masthead::models::time::Ts;
use masthead::service::import::ImportOptions;
use masthead::store::{self, migrations};
use serde_json::json;

use crate::command_line::{Place, Serving};
use crate::counter_crashes::wait_until;
use crate::search_index::{EVERYWHERE, assert_in_step, found, indexed, saying};
use crate::support::outside::Outside;
use crate::support::{Backend, Database, Portal, TestApp, announce, on_both};

/// Ends what runs beside a test, with it.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// `count` articles from number `begin` on.
fn articles(begin: usize, count: usize, words: &str) -> Portal {
    (begin..begin + count).fold(Portal::new("demo"), |portal, n| {
        portal.article(&format!("a{n}"), |a| saying(&format!("{words}{n}"))(a))
    })
}

/// As many segments as there are batches: each is a transaction.
fn import_in_batches(app: &TestApp, portal: &Portal) {
    let options = ImportOptions {
        keep_going: true,
        ..ImportOptions::default()
    };
    let report = app
        .app
        .services()
        .import
        .run(portal.lines().as_bytes(), options, |_| ());
    assert_eq!(report.unwrap().fault_count, 0);
}

/// Segments by what is left of them, the largest first.
fn sizes(app: &TestApp) -> Vec<i64> {
    let mut rows = store::search::live(&mut app.database().connect()).unwrap();
    rows.sort_by_key(|row| std::cmp::Reverse(row.documents - row.deleted));
    rows.iter().map(|row| row.documents - row.deleted).collect()
}

/// Nothing is there but what is searched.
fn assert_tidy(database: &Database) {
    assert_eq!(
        database.number("SELECT count(*) FROM search_segments WHERE state <> 1"),
        0
    );
    let stray = "SELECT count(*) FROM search_pages WHERE id / 134217728 NOT IN (SELECT id FROM search_segments)";
    assert_eq!(database.number(stray), 0);
    let stray = "SELECT count(*) FROM search_deletions WHERE id / 1048576 NOT IN (SELECT id FROM search_segments)";
    assert_eq!(database.number(stray), 0);
    assert_eq!(database.number("SELECT count(*) FROM search_queue"), 0);
}

/// Makes eight segments of one size that only the job may merge, whatever the size of what is in them.
fn make_crowded(database: &Database) {
    let update = "UPDATE search_segments SET bytes = 1000000000";
    match database.backend() {
        Backend::Sqlite => database.execute(update),
        // Jobs take these rows in an order of their own.
        Backend::Postgres => database.execute(&format!(
            "LOCK TABLE search_segments IN EXCLUSIVE MODE; {update}"
        )),
    }
}

on_both! {
    /// Single saves leave few segments, and what is replaced goes
    async fn single_saves_leave_few_segments(app) {
        app.import(&Portal::new("demo").category("news"));
        let desk = &app.desk("admin");
        for n in 0..70 {
            let new = json!({"site": "demo", "category": "news", "title": "题", "slug": format!("n{n}"), "body_html": format!("<p>{EVERYWHERE}</p>"), "status": "published"});
            desk.made("/articles", &new).await;
        }
        assert_eq!(sizes(app), [64, 1, 1, 1, 1, 1, 1]);
        assert_tidy(app.database());
        assert_eq!(assert_in_step(app), 70);
        let id = app.article_id("n0").await;
        for n in 0..20 {
            desk.patch_if(&format!("/articles/{id}"), "*", &json!({"title": format!("题{n}")})).await.assert_status(200);
        }
        assert_eq!(sizes(app), [63, 1, 1, 1, 1, 1, 1, 1]);
        assert_tidy(app.database());
        assert_eq!(assert_in_step(app), 70);
    }

    /// A job makes one segment of eight, while others save what is in them
    async fn a_job_merges_while_others_save(app) {
        for n in 0..8 {
            import_in_batches(app, &articles(n * 9, 9, "起初"));
            make_crowded(app.database());
        }
        assert_eq!(sizes(app), [9; 8]);
        let is_over = AtomicBool::new(false);
        let services = app.app.services();
        thread::scope(|scope| {
            // Two of them: one has to step back.
            for _ in 0..2 {
                scope.spawn(|| while !is_over.load(Ordering::Relaxed) {
                    services.indexing.tend_blocking().unwrap();
                    // Whoever saves gets a turn also where there is little processor.
                    thread::sleep(Duration::from_millis(2));
                });
            }
            // Also where an assertion fails: the others would go on for ever.
            let _over = Over(&is_over);
            for round in 0..40 {
                app.import(&articles(round % 9 * 8, 3, &format!("第{round}轮")));
                make_crowded(app.database());
            }
        });
        app.app.services().indexing.tend_blocking().unwrap();
        assert_tidy(app.database());
        assert_eq!(assert_in_step(app), 72);
        assert!(sizes(app).len() < 9, "{:?}", sizes(app));
        // Of the first fifty articles eighteen are as they were at first.
        assert_eq!(found(app, "\"第39轮\"").await.len(), 3);
        assert_eq!(found(app, "起初").await.len() + found(app, "轮").await.len(), 72);
    }

    /// A segment of which much is gone is made anew
    async fn worn_segments_are_made_anew(app) {
        app.import(&articles(0, 100, "起初"));
        app.import(&articles(0, 25, "其次"));
        let bytes = || app.database().number("SELECT sum(length(data)) FROM search_pages");
        app.app.services().indexing.tend_blocking().unwrap();
        assert_eq!((sizes(app), app.database().number("SELECT count(*) FROM search_deletions")), (vec![75, 25], 1));
        app.import(&articles(25, 10, "其次"));
        let before = bytes();
        app.app.services().indexing.tend_blocking().unwrap();
        assert_eq!((sizes(app), app.database().number("SELECT count(*) FROM search_deletions")), (vec![65, 25, 10], 0));
        assert!(bytes() < before);
        assert_eq!(assert_in_step(app), 100);
    }

    /// What a process left that was killed in the middle of a merge is not searched, and goes
    async fn leftovers_go(app) {
        app.import(&articles(0, 20, "起初"));
        // One that was being written, one that was being removed.
        for (state, id) in [(0, 900), (2, 901)] {
            app.database().execute(&format!(
                "INSERT INTO search_segments (id, state, format, documents, deleted, bytes, header) VALUES ({id}, {state}, 1, 5, 0, 10, {bytes}); \
                 INSERT INTO search_pages (id, data) VALUES ({page}, {bytes}), ({page} + 16777216, {bytes}); \
                 INSERT INTO search_deletions (id, bits) VALUES ({piece}, {bytes})",
                page = id * 134_217_728_i64, piece = id * 1_048_576_i64,
                bytes = match app.database().backend() { Backend::Sqlite => "x'00'", Backend::Postgres => "'\\x00'" }));
        }
        assert_eq!(assert_in_step(app), 20);
        // The next start finds them.
        app.app.services().indexing.prepare().unwrap();
        app.app.services().indexing.tend().await.unwrap();
        assert_tidy(app.database());
        assert_eq!(assert_in_step(app), 20);
    }

    /// The index is made anew while everything goes on: it is complete all the time, and mended at the end
    async fn the_index_is_made_anew_while_others_save(app) {
        import_in_batches(app, &articles(0, 250, "起初"));
        // What no save would find: an article that is not there, one that is missing, one twice.
        let lost = app.article_id("a7").await;
        app.database().execute(&format!("UPDATE articles SET status = 'archived' WHERE id = {lost}"));
        let before = sizes(app).len();
        assert!(before > 0);
        let services = app.app.services();
        let rounds = thread::scope(|scope| {
            let rebuilding = scope.spawn(|| services.indexing.rebuild(|_| ()).unwrap());
            let mut rounds = 0;
            while !rebuilding.is_finished() {
                app.import(&articles(100 + rounds % 50, 3, "其次"));
                let count = indexed(&mut app.database().connect(), app.now()).len();
                assert!((249..=250).contains(&count), "{count}");
                rounds += 1;
            }
            assert_eq!(rebuilding.join().unwrap(), 250);
            rounds
        });
        announce(&format!("{rounds} imports while the index was made anew"));
        app.app.services().indexing.tend_blocking().unwrap();
        assert_tidy(app.database());
        assert_eq!(assert_in_step(app), 249);
        assert!(found(app, "起初7").await.iter().all(|slug| slug != "a7"));
        assert_eq!(app.database().number("SELECT count(*) FROM search_segments WHERE format <> 1"), 0);
    }

    /// A database of an earlier version is indexed after the start, and served meanwhile
    async fn an_older_database_is_indexed(app) {
        let portal = articles(0, 40, "起初").article("draft", |a| saying("起初")(a).status("draft"));
        app.import(&portal);
        for _ in ["hygiene", "search"] {
            migrations::revert_last(&mut app.database().connect()).unwrap();
        }
        app.beside([], async |app| {
            assert!(found(app, EVERYWHERE).await.is_empty());
            assert!(!app.app.services().indexing.check().unwrap().ok);
            app.app.services().indexing.tend().await.unwrap();
            assert_eq!(found(app, EVERYWHERE).await.len(), 40);
            assert!(app.app.services().indexing.check().unwrap().ok);
            assert_eq!(assert_in_step(app), 40);
            // Once is enough.
            let segments = sizes(app);
            app.app.services().indexing.tend().await.unwrap();
            assert_eq!(sizes(app), segments);
        }).await;
    }

    /// What another version has indexed is served, told of, and made anew by the command
    async fn another_version_is_told_of(app) {
        app.import(&articles(0, 12, "起初"));
        app.database().execute("UPDATE search_segments SET format = 77");
        assert_eq!(found(app, EVERYWHERE).await.len(), 12);
        app.import(&articles(5, 2, "其次"));
        let report = app.app.services().indexing.check().unwrap();
        assert!(!report.ok && report.text.contains("1 of another version: run `masthead reindex`"), "{report:?}");
        assert_eq!(assert_in_step(app), 12);
        app.app.services().indexing.rebuild(|_| ()).unwrap();
        let report = app.app.services().indexing.check().unwrap();
        assert!(report.ok, "{report:?}");
        assert_eq!(assert_in_step(app), 12);
    }
}

/// The command makes the index anew, alone or with everything else, and says how many articles there are
#[test]
fn the_command_makes_the_index_anew() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(database) = Database::migrated(backend) else {
            continue;
        };
        let place = Place::with(&database);
        place.write("demo.ndjson", articles(0, 30, "起初").lines());
        place.run(&["import", "demo.ndjson"]).assert_done();
        let serving = Serving::start(&place);
        for arguments in [vec!["reindex"], vec!["reindex", "--search-only"]] {
            database.execute("DELETE FROM search_pages; DELETE FROM search_segments");
            let said = place.run(&arguments);
            assert_eq!(
                (said.code, said.out.as_str()),
                (Some(0), "30 articles reindexed\n"),
                "{said:?}"
            );
            let (status, answer) = serving.get(&format!(
                "/api/v1/search?q={}&count=exact",
                percent(EVERYWHERE)
            ));
            assert_eq!((status, &answer["total"]), (200, &json!(30)), "{answer}");
        }
        let said = place.run(&["doctor"]);
        assert!(
            said.out.contains("ok    search index: 30 articles in "),
            "{said:?}"
        );
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// How often the server is killed.
const KILLS: u32 = 8;

fn kills(backend: Backend) {
    let Some(database) = Database::migrated(backend) else {
        return;
    };
    let place = Place::with(&database).var("MASTHEAD_LOG", "off,masthead::cli::serve=info");
    place.write("demo.ndjson", articles(0, 900, "起初").lines());
    place
        .run(&["import", "--keep-going", "demo.ndjson"])
        .assert_done();
    let caller = Outside::new(&database);
    let now = Ts::from(Clock::system().now());
    let mut unfinished = 0;
    let conn = &mut database.connect();
    for round in 0..KILLS {
        // So that only the job merges.
        make_crowded(&database);
        for n in 0..8 {
            place.write(
                "more.ndjson",
                articles(usize::try_from(round).unwrap() * 40 + n * 40, 40, "其次").lines(),
            );
            place.run(&["import", "more.ndjson"]).assert_done();
            make_crowded(&database);
        }
        let serving = Serving::start(&place);
        let caller = caller.at(&serving.address);
        let end = Instant::now() + Duration::from_secs(5);
        while store::search::not_live(conn).unwrap().is_empty() && Instant::now() < end {
            thread::sleep(Duration::from_millis(2));
        }
        // At another moment each time; it answers meanwhile.
        thread::sleep(Duration::from_millis(fastrand::u64(0..12)));
        assert_eq!(
            caller
                .get(&format!("/api/v1/search?q={}", percent(EVERYWHERE)))
                .unwrap()
                .0,
            200
        );
        drop(serving);
        unfinished += database.number("SELECT count(*) FROM search_segments WHERE state <> 1");
        assert_eq!(indexed(conn, now).len(), 900, "round {round}");
    }
    announce(&format!(
        "{backend:?}, {KILLS} kills while segments were merged: {unfinished} left unfinished"
    ));
    let _serving = Serving::start(&place);
    wait_until(|| {
        let conn = &mut database.connect();
        store::search::not_live(conn).unwrap().is_empty()
            && store::search::live(conn).unwrap().len() < 12
    });
    assert_tidy(&database);
    assert_eq!(indexed(conn, now).len(), 900);
}

/// Killed while it merges, the server loses and doubles nothing, and leaves nothing behind
#[test]
fn a_killed_merge_loses_nothing_sqlite() {
    kills(Backend::Sqlite);
}

/// The same on PostgreSQL
#[test]
fn a_killed_merge_loses_nothing_postgres() {
    kills(Backend::Postgres);
}
