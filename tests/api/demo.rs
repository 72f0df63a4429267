//! The sample content: it fills an empty database and no other, and what is not for readers stays hidden in it.

use std::collections::BTreeMap;
use std::net::TcpListener;

use diesel::prelude::*;
use masthead::error::Error;
use masthead::portal::demo;
use serde_json::Value;

use crate::command_line::{Place, Serving};
use crate::exports::{exported, records};
use crate::support::{Backend, Database, Portal, TestApp, on_both};

/// When every article of the sample that is for readers is out.
const ALL_OUT: &str = "2026-11-01T00:00:00Z";

/// Slugs of what is not for readers: a draft, an archived article, one for the year 2099.
const HIDDEN: [&str; 3] = [
    "draft-seagrass-note",
    "archived-old-website",
    "eightieth-anniversary",
];

/// The records of a kind in the file.
fn written(kind: &str) -> Vec<Value> {
    let text = std::str::from_utf8(demo::PORTAL).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| record["type"] == kind)
        .collect()
}

fn lines() -> u64 {
    let count = demo::PORTAL.split(|byte| *byte == b'\n').count() - 1;
    count.try_into().unwrap()
}

/// Fails unless the sample is refused and everything stays as it is.
#[track_caller]
fn assert_refused(app: &TestApp) {
    let before = exported(app);
    let import = &app.app.services().import;
    for outcome in [import.expect_empty(), import.sample().map(|_| ())] {
        let message = match outcome {
            Err(Error::Setup(message)) => message,
            other => panic!("{other:?}"),
        };
        for part in [
            "the database is not empty",
            "start without `--demo`",
            "DATABASE_URL",
        ] {
            assert!(message.contains(part), "`{part}` is not in {message}");
        }
    }
    assert_eq!(exported(app), before);
}

async fn items(app: &TestApp, path: &str) -> Vec<Value> {
    let answer = app.get(path).await.assert_status(200).json();
    answer["items"].as_array().unwrap().clone()
}

fn depth(categories: &[Value]) -> usize {
    categories
        .iter()
        .map(|category| 1 + depth(category["children"].as_array().unwrap()))
        .max()
        .unwrap_or_default()
}

on_both! {
    /// An empty database is filled with what the documentation promises
    async fn an_empty_database_is_filled(app) {
        app.set_clock(ALL_OUT);
        let import = &app.app.services().import;
        import.expect_empty().unwrap();
        let report = import.sample().unwrap();
        assert!(report.committed);
        assert_eq!((report.created, report.updated, report.unchanged, report.fault_count), (lines() - 1, 0, 0, 0));
        let sites = items(app, "/api/v1/sites").await;
        assert_eq!((sites.len(), &sites[0]["slug"]), (1, &Value::from("demo")));
        assert_eq!(items(app, "/api/v1/sources").await.len(), 5);
        assert_eq!(depth(&items(app, "/api/v1/sites/demo/categories").await), 3);
        assert_eq!((records(app, "topic").len(), records(app, "menu").len(), records(app, "link_group").len()), (3, 3, 3));
        let articles = items(app, "/api/v1/articles?limit=100").await;
        assert_eq!(articles.len() + HIDDEN.len(), written("article").len());
        let in_language = |locale: &str| articles.iter().filter(|a| a["available_locales"].as_array().unwrap().contains(&locale.into())).count();
        assert_eq!((articles.len(), in_language("zh-Hans"), in_language("en"), in_language("zh-Hant")), (45, 37, 28, 2));
    }

    /// The bodies are clean as they are: what is stored is what is in the file
    async fn bodies_come_out_as_they_are_written(app) {
        app.app.services().import.sample().unwrap();
        let bodies = |records: Vec<Value>| -> BTreeMap<String, Value> {
            let renditions = |article: &Value| {
                let key = article["key"].as_str().unwrap().to_owned();
                let mut all = vec![(key.clone(), article["body_html"].clone())];
                let translations = article["translations"].as_array().into_iter().flatten();
                all.extend(translations.map(|t| (format!("{key} {}", t["locale"]), t["body_html"].clone())));
                all
            };
            records.iter().flat_map(renditions).collect()
        };
        assert_eq!(bodies(records(app, "article")), bodies(written("article")));
    }

    /// Nothing comes out of a draft, an archived article or one whose time has not come
    async fn what_is_not_for_readers_stays_hidden(app) {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            id: i64,
        }
        app.set_clock(ALL_OUT);
        app.app.services().import.sample().unwrap();
        let list = app.get("/api/v1/articles?limit=100").await.assert_status(200).text();
        let sql = format!("SELECT id FROM articles WHERE slug IN ('{}') ORDER BY id", HIDDEN.join("', '"));
        let hidden: Vec<Found> = diesel::sql_query(sql).load(&mut app.database().connect()).unwrap();
        assert_eq!(hidden.len(), HIDDEN.len());
        for (article, slug) in hidden.iter().zip(HIDDEN) {
            app.get(&format!("/api/v1/articles/{}", article.id)).await.assert_problem(404, "not_found");
            assert!(!list.contains(slug), "{slug}");
        }
        // The word that marks them stands nowhere else.
        let marked = written("article").into_iter().filter(|a| a.to_string().contains("unpublished-sample"));
        assert_eq!(marked.map(|a| a["slug"].clone()).collect::<Vec<_>>(), HIDDEN);
        app.set_clock("2099-01-01T00:00:00Z");
        let future = app.get(&format!("/api/v1/articles/{}", hidden[2].id)).await;
        assert!(future.assert_status(200).text().contains("unpublished-sample"));
    }

    /// A second import changes nothing
    async fn importing_the_sample_again_changes_nothing(app) {
        app.app.services().import.sample().unwrap();
        let before = exported(app);
        let report = app.try_import(demo::PORTAL).unwrap();
        assert_eq!((report.created, report.updated, report.unchanged, report.fault_count), (0, 0, lines() - 1, 0));
        assert_eq!(exported(app), before);
        assert_refused(app);
    }

    /// Any content is enough for a refusal
    async fn a_database_with_an_article_is_refused(app) {
        app.import(&Portal::new("other").article("a", |a| a));
        assert_refused(app);
    }

    /// A source belongs to no site
    async fn a_database_with_a_source_is_refused(app) {
        let file = "{\"type\":\"portal\",\"version\":1}\n{\"type\":\"source\",\"slug\":\"s\",\"name\":\"S\"}\n";
        assert!(app.try_import(file).unwrap().committed);
        assert_refused(app);
    }
}

/// The first article is the one that the README shows; a second start is refused before it listens
#[test]
fn a_demo_is_served_and_filled_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    for database in [Backend::Sqlite, Backend::Postgres]
        .into_iter()
        .filter_map(Database::empty)
    {
        let place = Place::with(&database);
        let server = Serving::start_with(&place, &["--demo"]);
        let (status, article) =
            server.get("/api/v1/articles/1?locale=en&include=breadcrumbs,neighbors");
        assert_eq!(status, 200);
        assert_eq!(
            article["title"],
            "A new campus opens beside the tidal creek"
        );
        assert_eq!(
            article["url"],
            "https://demo.example.org/articles/new-campus-opens"
        );
        let before = place.run(&["export"]);
        let again = Place::with(&database).var("MASTHEAD_BIND", &taken);
        let said = again.run(&["serve", "--demo"]);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:#?}");
        assert!(
            said.err.starts_with("error: the database is not empty")
                && said.err.lines().count() == 1,
            "{said:#?}"
        );
        assert_eq!(place.run(&["export"]).assert_done(), before.assert_done());
    }
}
