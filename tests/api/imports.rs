//! Imports: idempotent by natural key, all or nothing, and every fault with its line, member and reason.

use std::io::{BufReader, Read};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use masthead::error::Error;
use masthead::service::import::{ImportOptions, ImportReport};
use serde_json::{Value, json};

use crate::exports::{answers, assert_comes_back, exported, records, rich};
use crate::support::content::Record;
use crate::support::{Portal, TestApp, on_both};

const HEADER: &str = r#"{"type":"portal","version":1}"#;

/// A file of these lines after the header.
fn file(lines: &[&str]) -> String {
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

/// A file with one record.
fn one(record: Value) -> String {
    file(&[&record.to_string()])
}

fn keep_going(app: &TestApp, text: impl AsRef<[u8]>) -> ImportReport {
    let options = ImportOptions {
        keep_going: true,
        media: None,
    };
    app.app
        .services()
        .import
        .run(text.as_ref(), options, |_| {})
        .unwrap()
}

/// What happened to the records: created, updated, unchanged, faulty.
fn outcome(report: &ImportReport) -> [u64; 4] {
    [
        report.created,
        report.updated,
        report.unchanged,
        report.fault_count,
    ]
}

async fn article(app: &TestApp, slug: &str) -> Value {
    let id = app.article_id(slug).await;
    app.get(&format!("/api/v1/articles/{id}?include=related"))
        .await
        .assert_status(200)
        .json()
}

fn stored(app: &TestApp, kind: &str, key: &str) -> Value {
    records(app, kind)
        .into_iter()
        .find(|r| r["key"] == key || r["slug"] == key)
        .unwrap()
}

/// The names of a kind of record in their order.
fn order(app: &TestApp, kind: &str, name: &str) -> Vec<String> {
    records(app, kind)
        .iter()
        .map(|r| r[name].as_str().unwrap().to_owned())
        .collect()
}

on_both! {
    /// The same file a second time changes nothing
    async fn the_same_file_twice_changes_nothing(app) {
        let first = app.import(&rich());
        assert_eq!(outcome(&first), [first.lines - 1, 0, 0, 0]);
        let before = (exported(app), answers(app).await);
        app.set_clock("2026-01-15T04:00:01Z");
        let second = app.import(&rich());
        assert_eq!(outcome(&second), [0, 0, first.lines - 1, 0]);
        assert_eq!((exported(app), answers(app).await), before);
    }

    /// An edited file changes the edited record and nothing else
    async fn an_edited_file_changes_what_was_edited(app) {
        let portal = Portal::new("demo").article("a", |a| a).article("b", |a| a);
        app.import(&portal);
        let (a, b) = (article(app, "a").await, article(app, "b").await);
        app.set_clock("2026-01-15T05:00:00Z");
        let edited = Portal::new("demo").article("a", |a| a).article("b", |b| b.title("New").slug("new"));
        assert_eq!(outcome(&app.import(&edited)), [0, 1, 3, 0]);
        assert_eq!(article(app, "a").await, a);
        let new = article(app, "new").await;
        assert_eq!((&new["id"], &new["title"]), (&b["id"], &json!("New")));
        assert_eq!((new["version"].as_i64(), b["version"].as_i64()), (Some(2), Some(1)));
        assert_eq!(b["updated_at"], "2026-01-15T04:00:00Z");
        assert_eq!(new["updated_at"], "2026-01-15T05:00:00Z");
    }

    /// Every member of an article: absent keeps it, null clears it, so does an empty list
    async fn absent_keeps_and_null_clears(app) {
        app.import(&rich());
        let members = ["subtitle", "summary", "summary_label", "byline", "contributors", "sources", "source_line", "event_date", "keywords",
            "topics", "cover", "attachments", "audio", "related", "unpublish_at", "translations"];
        for member in members {
            let full = stored(app, "article", "full");
            assert!(full[member] != Value::Null && full[member] != json!([]), "{member}");
            let minimal = json!({"type": "article", "site": "rich", "key": "full"});
            assert_eq!(outcome(&app.try_import(one(minimal.clone())).unwrap()), [0, 0, 1, 0], "{member}");
            let mut cleared = minimal.clone();
            // Renditions name contributors.
            if member == "contributors" {
                cleared["translations"] = Value::Null;
            }
            let empty = if full[member].is_array() { json!([]) } else { Value::Null };
            for value in [Value::Null, empty.clone()] {
                cleared[member] = value;
                let report = app.try_import(one(cleared.clone())).unwrap();
                assert_eq!(report.faults, [], "{member}");
                assert_eq!(stored(app, "article", "full")[member], empty, "{member}");
            }
            // Back to what it was, for the next one.
            app.try_import(one(full.clone())).unwrap();
            assert_eq!(stored(app, "article", "full"), full, "{member}");
        }
    }

    /// The same of the other kinds of records
    async fn absent_keeps_and_null_clears_elsewhere(app) {
        app.import(&rich());
        let cases = [
            (json!({"type": "site", "slug": "rich"}), "slug", vec![("home_label", Value::Null), ("owner", Value::Null), ("copyright", Value::Null),
                ("copyright_notice", Value::Null), ("url_template", Value::Null), ("registrations", json!([])), ("contacts", json!([])),
                ("credits", json!([])), ("blocks", json!([])), ("identity", json!({"names": [], "domains": []})), ("locales", json!(["zh-Hans"]))]),
            (json!({"type": "source", "slug": "s1"}), "slug", vec![("url", Value::Null)]),
            (json!({"type": "menu", "site": "rich", "key": "primary"}), "key", vec![("items", json!([]))]),
            (json!({"type": "link_group", "site": "rich", "key": "units"}), "key", vec![("links", json!([]))]),
            (json!({"type": "topic", "site": "rich", "key": "t0"}), "key", vec![("year", Value::Null)]),
        ];
        for (minimal, name, members) in cases {
            let (kind, key) = (minimal["type"].as_str().unwrap(), minimal[name].as_str().unwrap());
            for (member, empty) in members {
                let full = stored(app, kind, key);
                assert_ne!(full[member], empty, "{member}");
                assert_eq!(outcome(&app.try_import(one(minimal.clone())).unwrap()), [0, 0, 1, 0], "{member}");
                let mut cleared = minimal.clone();
                cleared[member] = Value::Null;
                assert_eq!(outcome(&app.try_import(one(cleared)).unwrap()), [0, 1, 0, 0], "{member}");
                assert_eq!(stored(app, kind, key)[member], empty, "{member}");
                app.try_import(one(full.clone())).unwrap();
                assert_eq!(stored(app, kind, key), full, "{member}");
            }
        }
    }

    /// Views, downloads and visitors are taken once, when the record is new; citations are set each time
    async fn opening_balances_are_taken_once(app) {
        let portal = |n: i64| Portal::new("demo").site(|s| s.set("visitors", n)).article("a", |a| a.set("views", n).set("downloads", n).set("citations", n));
        app.import(&portal(7));
        assert_eq!(outcome(&app.import(&portal(8))), [0, 1, 2, 0]);
        assert_eq!(stored(app, "site", "demo")["visitors"], 7);
        let record = stored(app, "article", "a");
        assert_eq!(json!([record["views"], record["downloads"], record["citations"]]), json!([7, 7, 8]));
        assert_eq!(article(app, "a").await["views"], 7);
        assert_eq!(article(app, "a").await["version"], 1);
    }

    /// A new language of an article, without a new title, keeps the title
    async fn a_corrected_language_keeps_the_text(app) {
        app.import(&Portal::new("demo").article("a", |a| a.title("Titre").body("<p>Texte</p>").locale("en")));
        let report = app.try_import(one(json!({"type": "article", "site": "demo", "key": "a", "locale": "fr"}))).unwrap();
        assert_eq!(outcome(&report), [0, 1, 0, 0]);
        let a = article(app, "a").await;
        assert_eq!(json!([a["locale"], a["title"], a["body_html"], a["available_locales"]]), json!(["fr", "Titre", "<p>Texte</p>", ["fr"]]));
    }

    /// A key that comes twice in a file is changed by its second line
    async fn a_key_twice_in_a_file_is_changed_twice(app) {
        let portal = Portal::new("demo").article("b", |a| a).article("c", |a| a)
            .article("a", |a| a.title("First").set("related", ["b"]).set("keywords", ["k"]));
        let again = |members: Value| {
            let mut record = json!({"type": "article", "site": "demo", "key": "a"});
            record.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            format!("{}{record}\n", portal.lines())
        };
        let report = app.try_import(again(json!({"title": "Second"}))).unwrap();
        assert_eq!(outcome(&report), [5, 1, 0, 0]);
        let a = article(app, "a").await;
        assert_eq!(json!([a["title"], a["keywords"], a["related"][0]["slug"], a["related"][1]]), json!(["Second", ["k"], "b", null]));
        for (related, expected) in [(json!(["c"]), vec!["c"]), (json!(["c", "b"]), vec!["c", "b"]), (json!([]), vec![]), (json!(["b"]), vec!["b"])] {
            let report = app.try_import(again(json!({"related": related}))).unwrap();
            assert_eq!(report.faults, []);
            let a = article(app, "a").await;
            let slugs: Vec<&str> = a["related"].as_array().unwrap().iter().map(|r| r["slug"].as_str().unwrap()).collect();
            assert_eq!(slugs, expected, "{related}");
        }
    }

    /// Categories, topics and link groups stand in the order of the file, also after it changed; what is not in it stays
    async fn order_follows_the_file(app) {
        let portal = |names: &[&str]| names.iter().fold(Portal::new("demo"), |p, n| p.category(n).topic(n).link_group(n, json!([])));
        for (names, expected) in [
            (vec!["a", "b", "c"], vec!["a", "b", "c"]),
            (vec!["c", "a", "b"], vec!["c", "a", "b"]),
            (vec!["c", "x", "a", "b"], vec!["c", "x", "a", "b"]),
            (vec!["b", "y", "c"], vec!["x", "a", "b", "y", "c"]),
            (vec!["a", "x"], vec!["a", "b", "y", "c", "x"]),
            (vec![], vec!["a", "b", "y", "c", "x"]),
        ] {
            app.import(&portal(&names));
            let again = app.import(&portal(&names));
            assert_eq!((again.created, again.updated), (0, 0), "{names:?}");
            for (kind, name) in [("category", "path"), ("topic", "key"), ("link_group", "key")] {
                assert_eq!(order(app, kind, name), expected, "{kind}");
            }
            let tree = app.get("/api/v1/sites/demo/categories").await.json();
            let paths: Vec<&str> = tree["items"].as_array().unwrap().iter().map(|c| c["path"].as_str().unwrap()).collect();
            assert_eq!(paths, order(app, "category", "path"));
        }
    }

    /// Siblings stand in the order of their lines, whatever stands between them
    async fn siblings_follow_the_file(app) {
        app.import(&Portal::new("demo").category("b").category("a").category("b/2").category("a/2").category("b/1").category("a/1"));
        let tree = app.get("/api/v1/sites/demo/categories").await.json();
        let children = |at: usize| tree["items"][at]["children"].as_array().unwrap().iter().map(|c| c["path"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!([children(0), children(1)], [["b/2", "b/1"], ["a/2", "a/1"]]);
    }

    /// Related articles may come later in the file, far behind, and stay in order
    async fn related_articles_may_come_later(app) {
        let mut portal = Portal::new("demo").article("first", |a| a.set("related", ["last", "a1", "old"]));
        app.import(&Portal::new("demo").article("old", |a| a));
        for n in 0..450 {
            portal = portal.article(&format!("a{n}"), |a| a);
        }
        let portal = portal.article("last", |a| a.set("related", ["first"]));
        app.import(&portal);
        let slugs = |a: &Value| a["related"].as_array().unwrap().iter().map(|r| r["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(slugs(&article(app, "first").await), ["last", "a1", "old"]);
        assert_eq!(slugs(&article(app, "last").await), ["first"]);
        let again = app.import(&portal);
        assert_eq!((again.created, again.updated), (0, 0));
    }

    /// Records that are missing from a file stay
    async fn missing_records_stay(app) {
        app.import(&rich());
        let before = exported(app);
        let report = app.try_import(one(json!({"type": "site", "slug": "rich"}))).unwrap();
        assert_eq!(outcome(&report), [0, 0, 1, 0]);
        assert_eq!(exported(app), before);
    }

    /// A fault in the last line leaves the database exactly as it was, and the next file goes in
    async fn a_fault_in_the_last_line_undoes_the_file(app) {
        app.import(&rich());
        let before = (exported(app), answers(app).await);
        let mut edited = rich().site(|s| s.set("name", "Changed")).category("new").topic("new").source("new").menu("new", json!([])).link_group("new", json!([]));
        for n in 0..250 {
            edited = edited.article(&format!("new{n}"), |a| a.set("related", ["full"]));
        }
        let bad = edited.clone().article("zz", |a| a.set("related", ["ghost"])).article("zz2", |a| a.published_at("2026-01-01"));
        app.set_clock("2026-01-15T05:00:00Z");
        let report = app.try_import(bad.lines()).unwrap();
        assert!(!report.committed);
        assert_eq!(report.fault_count, 2);
        app.set_clock(crate::support::app::NOW);
        assert_eq!((exported(app), answers(app).await), before);
        assert_eq!(outcome(&app.import(&edited))[0], 255);
    }

    /// Told to keep going, an import keeps the good lines and names the others
    async fn keep_going_keeps_the_good_lines(app) {
        let mut portal = Portal::new("demo");
        for n in 0..450 {
            portal = portal.article(&format!("a{n}"), |a| if n % 150 == 7 { a.category("nowhere") } else { a });
        }
        let portal = portal.article("b", |a| a.set("related", ["ghost", "a449"]));
        let report = keep_going(app, portal.lines());
        assert!(report.committed);
        assert_eq!(outcome(&report), [450, 0, 0, 4]);
        let members: Vec<&str> = report.faults.iter().map(|f| f.member.as_str()).collect();
        assert_eq!(members, ["category", "category", "category", "related"]);
        assert_eq!(records(app, "article").len(), 448);
        assert_eq!(stored(app, "article", "b")["related"], json!(["a449"]));
        assert_eq!(app.get("/api/v1/sites/demo/categories").await.json()["items"][0]["article_count"], 448);
        // What it could not resolve does not haunt the next file.
        assert_eq!(app.import(&Portal::new("demo").article("c", |a| a)).fault_count, 0);
        let without_header = keep_going(app, r#"{"type":"source","slug":"s","name":"S"}"#);
        assert_eq!(outcome(&without_header), [0, 0, 0, 1]);
    }

    /// A line that is refused takes nothing from an earlier line of the same article
    async fn a_refused_line_changes_nothing(app) {
        let portal = Portal::new("demo").article("b", |a| a).article("a", |a| a.set("related", ["b"]));
        let refused = json!({"type": "article", "site": "demo", "key": "a", "category": "nowhere", "related": []});
        let report = keep_going(app, format!("{}{refused}\n", portal.lines()));
        assert_eq!(outcome(&report), [4, 0, 0, 1]);
        assert_eq!(stored(app, "article", "a")["related"], json!(["b"]));
    }

    /// Every fault is told with its line, its member and the reason, and nothing of the file is kept
    async fn faults_are_told_with_line_member_and_reason(app) {
        app.import(&rich());
        let before = exported(app);
        let good = Portal::new("demo").source("s").topic("t").article("good", |a| a).lines();
        let line = u64::try_from(good.lines().count()).unwrap() + 1;
        for (name, bytes, member, reason) in faults() {
            let mut text = good.clone().into_bytes();
            text.extend(bytes);
            text.extend(b"\n{\"type\":\"source\",\"slug\":\"after\",\"name\":\"After\"}\n");
            let report = app.try_import(text).unwrap();
            assert_eq!(report.faults.len(), 1, "{name}: {:#?}", report.faults);
            let fault = &report.faults[0];
            assert_eq!((fault.line, fault.member.as_str()), (line, member.as_str()), "{name}: {fault}");
            assert!(fault.reason.contains(reason), "{name}: {fault}");
            assert!(fault.to_string().len() < 1000, "{name} is told at length");
            assert!(!report.committed, "{name}");
            assert_eq!(exported(app), before, "{name}");
        }
    }

    /// All faults of a file are told at once
    async fn all_faults_are_told_at_once(app) {
        let report = app.try_import(file(&["{", r#"{"type":"source","slug":"a b","name":""}"#, "", r#"{"type":"topic","site":"x","key":"k","title":"t"}"#])).unwrap();
        let found: Vec<(u64, &str)> = report.faults.iter().map(|f| (f.line, f.member.as_str())).collect();
        assert_eq!(found, [(2, ""), (3, "slug"), (3, "name"), (5, "site")]);
        let report = app.try_import(file(&vec!["{"; 1200])).unwrap();
        assert_eq!((report.faults.len(), report.fault_count), (1000, 1200));
    }

    /// A file begins with its first line
    async fn files_begin_with_the_header(app) {
        let source = r#"{"type":"source","slug":"s","name":"S"}"#;
        for (text, line, reason) in [
            (String::new(), 1, "has no records"),
            ("\n\n".to_owned(), 1, "has no records"),
            (source.to_owned(), 1, "first line must be"),
            (format!("\n{source}\n"), 2, "first line must be"),
            ("{\"type\":\"portal\",\"version\":2}".to_owned(), 1, "must be 1"),
            ("{\"type\":\"portal\"}".to_owned(), 1, "is required"),
            (format!("{HEADER}\n{HEADER}\n"), 2, "only there"),
            ("<html>".to_owned(), 1, "first line must be"),
        ] {
            let report = app.try_import(&text).unwrap();
            assert!(!report.committed, "{text}");
            assert_eq!(report.faults[0].line, line, "{text}");
            assert!(report.faults[0].reason.contains(reason), "{text}: {}", report.faults[0]);
        }
        assert_eq!(exported(app), format!("{HEADER}\n"));
        for text in [HEADER.to_owned(), format!("\u{FEFF}{HEADER}\r\n{source}\r\n\r\n")] {
            assert!(app.try_import(text).unwrap().committed);
        }
        assert_eq!(records(app, "source").len(), 1);
    }

    /// Two imports of the same file at once both succeed, and one of them finds everything done
    async fn imports_at_once_wait_for_each_other(app) {
        let file = rich().lines();
        let gate = std::sync::Barrier::new(2);
        let import = &app.app.services().import;
        let mut reports: Vec<ImportReport> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..2).map(|_| scope.spawn(|| {
                gate.wait();
                import.run(file.as_bytes(), ImportOptions::default(), |_| {}).unwrap()
            })).collect();
            running.into_iter().map(|r| r.join().unwrap()).collect()
        });
        reports.sort_by_key(|r| r.created);
        let records = reports[0].lines - 1;
        assert_eq!(reports.iter().map(outcome).collect::<Vec<_>>(), [[0, 0, records, 0], [records, 0, 0, 0]]);
    }

    /// A text in another language that becomes the original trades places with it
    async fn a_translation_may_become_the_original(app) {
        app.import(&Portal::new("demo").article("a", |a| a.locale("en").title("Title")
            .set("contributors", json!([{"role": "author", "kind": "person", "name": "Weaver", "key": "w"}]))
            .set("translations", json!([{"locale": "fr", "title": "Titre", "body_html": "<p>fr</p>", "slug": "titre", "contributors": [{"key": "w", "name": "Tisserand"}]}]))));
        let report = app.try_import(one(json!({"type": "article", "site": "demo", "key": "a", "locale": "fr"}))).unwrap();
        assert_eq!(outcome(&report), [0, 1, 0, 0]);
        let record = stored(app, "article", "a");
        assert_eq!(json!([record["locale"], record["title"], record["translations"][0]["locale"], record["translations"][0]["title"]]), json!(["fr", "Titre", "en", "Title"]));
        assert_comes_back(app).await;
    }

    /// What could act in a reader's browser is gone from the answers, and stays gone
    async fn scripts_are_cleaned_away(app) {
        let bodies = [
            "<p>a</p><script>alert(1)</script>", "<p onclick=alert(1)>a</p>", "<a href=\"javascript:alert(1)\">a</a>", "<a href=\" java\nscript:alert(1)\">a</a>",
            "<img src=x onerror=alert(1)>", "<svg onload=alert(1)><script>alert(1)</script></svg>", "<iframe src=\"javascript:alert(1)\"></iframe>",
            "<style>p{background:url(javascript:alert(1))}</style><p>a</p>", "<scr<script>ipt>alert(1)</scr</script>ipt>", "<math><mi xlink:href=\"javascript:alert(1)\">a",
            "<p style=\"background:url('javascript:alert(1)')\">a</p>", "<a href=\"data:text/html,<script>alert(1)</script>\">a</a>", "<object data=\"javascript:alert(1)\"></object>",
            "<form action=\"javascript:alert(1)\"><input onfocus=alert(1) autofocus></form>", "<noscript><p title=\"</noscript><script>alert(1)</script>\">",
        ];
        let mut portal = Portal::new("demo");
        for (n, body) in bodies.iter().enumerate() {
            portal = portal.article(&format!("a{n}"), |a| a.body(body).set("translations", json!([{"locale": "fr", "title": "t", "body_html": body}])));
        }
        app.import(&portal);
        assert_eq!(app.import(&portal).updated, 0);
        let clean = |html: &str, of: &str| {
            // Text that only looks like a tag is harmless once it is escaped.
            let html = html.to_ascii_lowercase();
            for bad in ["<script", "javascript:", "onclick=", "onerror=", "onload=", "onfocus=", "<iframe", "<style", "style=", "<svg", "<object", "<form", "data:text"] {
                assert!(!html.contains(bad), "{of} became {html}");
            }
        };
        for (n, body) in bodies.iter().enumerate() {
            let id = app.article_id(&format!("a{n}")).await;
            for locale in ["en", "fr"] {
                let answer = app.get(&format!("/api/v1/articles/{id}?locale={locale}")).await.json();
                assert_eq!(answer["locale"], locale);
                clean(answer["body_html"].as_str().unwrap(), body);
            }
        }
        clean(&exported(app), "the export");
    }

    /// A slug of its own that another article has is a fault, in the file, in the database, in a translation
    async fn given_slugs_are_unique(app) {
        let portal = |second: fn(Record) -> Record| Portal::new("demo").article("a", |a| a.slug("taken")).article("b", second);
        let translated: fn(Record) -> Record = |b| b.set("translations", json!([{"locale": "fr", "title": "t", "body_html": "", "slug": "taken"}]));
        let check = |report: ImportReport, line| {
            assert_eq!(report.faults.len(), 1, "{:#?}", report.faults);
            let fault = &report.faults[0];
            assert_eq!((fault.line, fault.member.as_str()), (line, "slug"));
            assert!(fault.reason.contains("`taken`"), "{fault}");
        };
        check(app.try_import(portal(|b| b.slug("taken")).lines()).unwrap(), 5);
        check(app.try_import(portal(translated).lines()).unwrap(), 5);
        app.import(&Portal::new("demo").article("a", |a| a.slug("taken")));
        check(app.try_import(portal(|b| b.slug("taken")).lines()).unwrap(), 5);
        check(app.try_import(portal(translated).lines()).unwrap(), 5);
        // Another site has names of its own.
        app.import(&Portal::new("other").article("b", |b| b.slug("taken")));
    }

    /// A slug that an earlier line gave up is free, as it would be in the next file
    async fn a_slug_given_up_is_free(app) {
        app.import(&Portal::new("demo").article("a", |a| a.slug("x")).article("b", |b| b.slug("y")));
        app.import(&Portal::new("demo").article("a", |a| a.slug("z")).article("b", |b| b.slug("x")).article("c", |c| c.slug("y")));
        let slugs: Vec<Value> = records(app, "article").iter().map(|r| r["slug"].clone()).collect();
        assert_eq!(slugs, ["z", "x", "y"]);
    }

    /// Slugs made from titles that are alike differ, and stay when the titles change
    async fn made_slugs_differ_and_stay(app) {
        let portal = |title: &str| (0..4).fold(Portal::new("demo"), |p, n| p.article(&format!("k{n}"), |a| a.without("slug").title(title)));
        app.import(&portal("中国 News"));
        let slugs = order(app, "article", "slug");
        assert_eq!(slugs[0], "zhong-guo-news");
        let distinct: std::collections::BTreeSet<&String> = slugs.iter().collect();
        assert_eq!(distinct.len(), 4, "{slugs:?}");
        assert!(slugs.iter().all(|s| s.starts_with("zhong-guo-news")));
        assert_eq!(app.import(&portal("中国 News")).updated, 0);
        assert_eq!(app.import(&portal("Other")).updated, 4);
        assert_eq!(order(app, "article", "slug"), slugs);
        app.import(&Portal::new("demo").article("k9", |a| a.without("slug").title("中国 News")));
        assert_eq!(order(app, "article", "slug").len(), 5);
    }

    /// Text comes out as it came in
    async fn text_is_kept_exactly(app) {
        let long = "长标题".repeat(300);
        let texts = ["形成国际合作“走出去、引进来”的良性循环", "研發投入強度高服務體系完善 中關村對于吸引國外資源", "Plain English", "ＡＢＣ１２３！（全角）", "😀👨‍👩‍👧🇨🇳",
            long.as_str(), "a\u{a0}b\u{3000}c", "‘curly’ “quotes”", "'straight' \"quotes\" \\\" \\ /", "  edges  ", "tab\tand\nline", "e\u{301} é ① Ⅴ ﬁ", "&amp; &lt;b&gt; <b>", "\u{200B}zero\u{FEFF}width", "\u{202E}rtl עברית"];
        let mut portal = Portal::new("demo");
        for (n, text) in texts.iter().enumerate() {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            portal = portal.article(&format!("a{n}"), |a| a.title(text).set("subtitle", text).set("summary", text).set("byline", text).set("source_line", text)
                .set("keywords", [text]).set("contributors", json!([{"role": "author", "kind": "person", "name": text, "affiliation": text}]))
                .body(&format!("<p>{escaped}</p>")));
        }
        app.import(&portal);
        for (n, text) in texts.iter().enumerate() {
            let a = article(app, &format!("a{n}")).await;
            for member in ["title", "subtitle", "summary", "byline", "source_line"] {
                assert_eq!(a[member], *text, "{member}");
            }
            assert_eq!(a["keywords"], json!([text]));
            assert_eq!(json!([a["contributors"][0]["name"], a["contributors"][0]["affiliation"]]), json!([text, text]));
            let body = a["body_html"].as_str().unwrap().replace("&nbsp;", "\u{a0}").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            assert_eq!(body, format!("<p>{text}</p>"));
        }
    }

    /// An instant finer than the databases keep is the same instant the second time
    async fn instants_finer_than_stored_are_unchanged(app) {
        let portal = Portal::new("demo").article("a", |a| a.published_at("2026-01-10T08:00:00.123456789+08:00"));
        app.import(&portal);
        assert_eq!(outcome(&app.import(&portal)), [0, 0, 3, 0]);
        assert_eq!(article(app, "a").await["published_at"], "2026-01-10T08:00:00.123456+08:00");
    }

    /// A file that exists nowhere is read as it is made
    async fn files_are_read_as_they_are_made(app) {
        let articles = 2000;
        let head = Portal::new("demo").category("news").lines();
        let mut lines = (0..articles).map(|n| Portal::new("demo").article("x", |a| a.set("key", format!("a{n}")).set("slug", format!("a{n}"))).lines().lines().last().unwrap().to_owned() + "\n");
        let made = Made { next: || lines.next().map(String::into_bytes), rest: head.into_bytes() };
        let mut last = (0, 0);
        let report = app.app.services().import.run(BufReader::new(made), ImportOptions::default(), |at| {
            assert!(at.lines > last.0 && at.bytes > last.1);
            last = (at.lines, at.bytes);
        }).unwrap();
        assert_eq!(outcome(&report), [2 + articles, 0, 0, 0]);
        assert_eq!(last.0, 3 + articles);
        assert_eq!(app.get("/api/v1/sites/demo/categories").await.json()["items"][0]["total_count"], articles);
    }

    /// A file that cannot be read to its end leaves nothing behind
    async fn a_broken_file_leaves_nothing(app) {
        let text = Portal::new("demo").article("a", |a| a).lines();
        let broken = Read::chain(text.as_bytes(), Broken);
        let outcome = app.app.services().import.run(BufReader::new(broken), ImportOptions::default(), |_| {});
        assert!(matches!(outcome, Err(Error::File { .. })));
        assert_eq!(exported(app), format!("{HEADER}\n"));
        app.import(&Portal::new("demo"));
    }

    /// Readers are served while a file comes in, and see nothing of it before it is whole
    async fn readers_are_served_meanwhile(app) {
        app.import(&Portal::new("demo").article("old", |a| a));
        let before = app.get("/api/v1/articles").await.json();
        let (lines, input) = channel::<Vec<u8>>();
        let (told, progress) = channel();
        let import = app.app.services().import.clone();
        let worker = std::thread::spawn(move || {
            let fed = Made { next: move || input.recv().ok(), rest: Vec::new() };
            import.run(BufReader::new(fed), ImportOptions::default(), |at| {
                told.send(at.lines).ok();
            })
        });
        let mut portal = Portal::new("demo").site(|s| s.set("name", "Changed")).article("old", |a| a.title("Changed"));
        for n in 0..300 {
            portal = portal.article(&format!("new{n}"), |a| a);
        }
        lines.send(portal.lines().into_bytes()).unwrap();
        // The first batch of articles is written, but not committed.
        wait_for(&progress, 300);
        for path in ["/api/v1/articles", "/api/v1/articles?site=demo", "/api/v1/sites", "/api/v1/sites/demo/categories", "/api/v1/sources", "/readyz"] {
            let started = Instant::now();
            app.get(path).await.assert_status(200);
            assert!(started.elapsed() < Duration::from_secs(1), "{path} took {:?}", started.elapsed());
        }
        assert_eq!(app.get("/api/v1/articles").await.json(), before);
        drop(lines);
        assert_eq!(self::outcome(&worker.join().unwrap().unwrap()), [300, 2, 1, 0]);
        assert_eq!(app.get("/api/v1/sites/demo/categories").await.json()["items"][0]["total_count"], 301);
    }
}

/// Waits until an import has told of `line`.
fn wait_for(progress: &Receiver<u64>, line: u64) {
    while progress.recv_timeout(Duration::from_secs(60)).unwrap() < line {}
}

/// A file that is made while it is read.
struct Made<F> {
    next: F,
    rest: Vec<u8>,
}

impl<F: FnMut() -> Option<Vec<u8>>> Read for Made<F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.is_empty() {
            self.rest = (self.next)().unwrap_or_default();
        }
        let length = self.rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.rest[..length]);
        self.rest.drain(..length);
        Ok(length)
    }
}

/// The end of a file on a disk that fails.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the disk is gone"))
    }
}

type FaultCase = (&'static str, Vec<u8>, String, &'static str);

/// Faulty lines after `Portal::new("demo").source("s").topic("t").article("good", ..)`, each with the member and a part of the reason.
fn faults() -> Vec<FaultCase> {
    let mut cases: Vec<FaultCase> = Vec::new();
    let mut case = |name, line: String, member: &str, reason| {
        cases.push((name, line.into_bytes(), member.to_owned(), reason))
    };
    // Lines that cannot be read.
    case(
        "broken JSON",
        r#"{"type":"source""#.to_owned(),
        "",
        "not valid JSON (column",
    );
    case("not an object", "[]".to_owned(), "", "must be an object");
    case(
        "two records in a line",
        r#"{"type":"source","slug":"x","name":"x"} {}"#.to_owned(),
        "",
        "not valid JSON (column",
    );
    case(
        "unknown type",
        r#"{"type":"news"}"#.to_owned(),
        "type",
        "is `news`, but must be one of",
    );
    case("no type", "{}".to_owned(), "type", "is required");
    case(
        "a second header",
        HEADER.to_owned(),
        "",
        "belongs in the first line",
    );
    case(
        "half a surrogate pair",
        r#"{"type":"source","slug":"x","name":"\ud83d"}"#.to_owned(),
        "",
        "not valid JSON",
    );
    case(
        "10 MB in a title",
        new_article("title", json!("x".repeat(10_000_000))),
        "",
        "longer than 8388608 bytes (8 MB)",
    );
    for levels in [127, 10_000, 1_000_000] {
        let (open, close) = (
            r#"{"label":"x","children":["#.repeat(levels),
            "]}".repeat(levels),
        );
        case(
            "a menu without bottom",
            format!(r#"{{"type":"menu","site":"demo","key":"m","items":[{open}{close}]}}"#),
            "",
            if levels > 200_000 {
                "8 MB"
            } else {
                "nested too deeply"
            },
        );
    }
    let (open, close) = (r#"{"label":"x","children":["#.repeat(17), "]}".repeat(17));
    case(
        "a menu of 17 levels",
        format!(r#"{{"type":"menu","site":"demo","key":"m","items":[{open}{close}]}}"#),
        &format!("items[0]{}.children", ".children[0]".repeat(15)),
        "more than 16 levels",
    );
    // Members.
    case(
        "unknown member",
        new_article("colour", json!("red")),
        "colour",
        "is not a known member",
    );
    case(
        "a member twice",
        new_article("byline", json!("a")).replacen('{', r#"{"byline":"b","#, 1),
        "byline",
        "more than once",
    );
    case(
        "a date without offset",
        new_article("published_at", json!("2026-01-10T08:00:00")),
        "published_at",
        "has no offset from UTC",
    );
    case(
        "a bare date",
        new_article("published_at", json!("2026-01-10")),
        "published_at",
        "is not a date and time",
    );
    case(
        "gone before it comes",
        new_article("unpublish_at", json!("2020-01-01T00:00:00Z")),
        "unpublish_at",
        "later than",
    );
    case(
        "gone before the stored time",
        r#"{"type":"article","site":"demo","key":"good","unpublish_at":"2020-01-01T00:00:00Z"}"#
            .to_owned(),
        "unpublish_at",
        "must be after",
    );
    case(
        "2,001 characters",
        new_article("title", json!("中".repeat(2001))),
        "title",
        "longer than 2000 characters",
    );
    case(
        "a blank title",
        new_article("title", json!(" \u{3000}")),
        "title",
        "must not be blank",
    );
    case(
        "a title that is null",
        new_article("title", Value::Null),
        "title",
        "must not be null",
    );
    case(
        "a number for a title",
        new_article("title", json!(1)),
        "title",
        "must be a string, not a number",
    );
    case(
        "an unknown status",
        new_article("status", json!("public")),
        "status",
        "`draft`, `in_review`, `approved`, `scheduled`, `published`, `archived`, `retracted`",
    );
    case(
        "retracted without a reason",
        new_article("status", json!("retracted")),
        "retraction_reason",
        "is required for a retracted article",
    );
    case(
        "retracted without a reason, and stored",
        r#"{"type":"article","site":"demo","key":"good","status":"retracted","retraction_reason":null}"#
            .to_owned(),
        "retraction_reason",
        "is required for a retracted article",
    );
    case(
        "a blank reason",
        new_article("retraction_reason", json!("\u{3000}")),
        "retraction_reason",
        "must not be blank",
    );
    for (member, value) in [
        ("retraction_reason", json!("数据有误")),
        ("retracted_at", json!("2026-01-14T00:00:00Z")),
    ] {
        case(
            "a retraction of what is public",
            new_article(member, value),
            member,
            "belongs to a retracted article only",
        );
    }
    case(
        "retracted on a bare date",
        new_article("retracted_at", json!("2026-01-10")),
        "retracted_at",
        "is not a date and time",
    );
    case(
        "negative views",
        new_article("views", json!(-1)),
        "views",
        "from 0 to",
    );
    for member in [
        "title",
        "subtitle",
        "summary",
        "byline",
        "body_html",
        "source_line",
        "cover",
    ] {
        case(
            "U+0000",
            new_article(member, json!("a\0b")),
            member,
            "U+0000",
        );
    }
    case(
        "U+0000 in a list",
        new_article("keywords", json!(["a", "b\0"])),
        "keywords[1]",
        "U+0000",
    );
    for (member, value, path) in [
        ("cover", json!("javascript:alert(1)"), "cover"),
        (
            "attachments",
            json!([{"name": "a", "url": "JavaScript:alert(1)"}]),
            "attachments[0].url",
        ),
        (
            "audio",
            json!([{"url": "javascript:alert(1)"}]),
            "audio[0].url",
        ),
    ] {
        case(
            "an address that acts",
            new_article(member, value),
            path,
            "scheme `javascript`",
        );
    }
    case(
        "a link that acts",
        json!({"type": "link_group", "site": "demo", "key": "l", "title": "l", "links": [{"label": "x", "url": "javascript:alert(1)"}]}).to_string(),
        "links[0].url",
        "scheme `javascript`",
    );
    case(
        "a menu item that acts",
        json!({"type": "menu", "site": "demo", "key": "m", "items": [{"label": "x", "url": "javascript:alert(1)"}]}).to_string(),
        "items[0].url",
        "scheme `javascript`",
    );
    // What a line refers to.
    for record in [
        json!({"type": "category", "site": "nowhere", "path": "a", "name": "a"}),
        json!({"type": "menu", "site": "nowhere", "key": "a", "items": []}),
        json!({"type": "link_group", "site": "nowhere", "key": "a", "title": "a"}),
        json!({"type": "topic", "site": "nowhere", "key": "a", "title": "a"}),
    ] {
        case(
            "missing site",
            record.to_string(),
            "site",
            "no site `nowhere`",
        );
    }
    case(
        "missing site of an article",
        new_article("site", json!("nowhere")),
        "site",
        "no site `nowhere`",
    );
    case(
        "missing category",
        new_article("category", json!("news/none")),
        "category",
        "no category `news/none`",
    );
    case(
        "missing source",
        new_article("sources", json!(["s", "none"])),
        "sources[1]",
        "no source `none`",
    );
    case(
        "missing topic",
        new_article("topics", json!(["none"])),
        "topics[0]",
        "no topic `none`",
    );
    case(
        "missing related article",
        new_article("related", json!(["good", "none"])),
        "related",
        "no article `none`",
    );
    case(
        "related to itself",
        new_article("related", json!(["new"])),
        "related[0]",
        "is the article itself",
    );
    case(
        "missing category of a menu item",
        json!({"type": "menu", "site": "demo", "key": "m", "items": [{"label": "x", "children": [{"label": "y", "category": "none"}]}]}).to_string(),
        "items[0].children[0].category",
        "no category `none`",
    );
    case(
        "a category before its parent",
        r#"{"type":"category","site":"demo","path":"later/child","name":"x"}"#.to_owned(),
        "path",
        "no category `later`",
    );
    case(
        "a slug that is taken",
        new_article("slug", json!("good")),
        "slug",
        "already used",
    );
    // Translations.
    let translation = |members: Value| {
        let mut translation = json!({"locale": "fr", "title": "t", "body_html": ""});
        translation
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        json!([translation])
    };
    case(
        "a translation in the article's own language",
        new_article("translations", translation(json!({"locale": "EN"}))),
        "translations[0].locale",
        "is the article's own",
    );
    case(
        "a translation in the stored language",
        json!({"type": "article", "site": "demo", "key": "good", "translations": translation(json!({"locale": "en"}))}).to_string(),
        "translations",
        "`en` is the language of the article itself",
    );
    case(
        "a translation of nobody",
        new_article(
            "translations",
            translation(json!({"contributors": [{"key": "ghost", "name": "x"}]})),
        ),
        "translations",
        "has the key `ghost`",
    );
    // What a new record must have.
    for member in [
        "category",
        "locale",
        "title",
        "body_html",
        "published_at",
        "published_precision",
        "status",
    ] {
        let mut record: Value = serde_json::from_str(&new_article("byline", json!("x"))).unwrap();
        record.as_object_mut().unwrap().remove(member);
        case(
            "a new article without it",
            record.to_string(),
            member,
            "is required for a new record",
        );
    }
    for (record, member) in [
        (
            json!({"type": "site", "slug": "x", "default_locale": "en", "utc_offset": "+00:00"}),
            "name",
        ),
        (
            json!({"type": "site", "slug": "x", "name": "x", "utc_offset": "+00:00"}),
            "default_locale",
        ),
        (json!({"type": "source", "slug": "x"}), "name"),
        (
            json!({"type": "category", "site": "demo", "path": "x"}),
            "name",
        ),
        (
            json!({"type": "topic", "site": "demo", "key": "x"}),
            "title",
        ),
        (
            json!({"type": "link_group", "site": "demo", "key": "x"}),
            "title",
        ),
        (json!({"type": "menu", "site": "demo", "key": "x"}), "items"),
    ] {
        case(
            "a new record without it",
            record.to_string(),
            member,
            "is required for a new record",
        );
    }
    cases.push((
        "bytes that are not UTF-8",
        b"{\"type\":\"source\",\"slug\":\"x\",\"name\":\"\xC3\x28\"}".to_vec(),
        String::new(),
        "is not UTF-8 from byte 37 on",
    ));
    cases
}

on_both! {
    /// Articles with very long lists go in, or are refused with their faults, however many come together
    async fn long_lists_have_room(app) {
        let people = |n: usize| (0..1000).map(|i| json!({"role": "author", "kind": "person", "name": format!("Name {n} {i}")})).collect::<Vec<_>>();
        let translations = |n: usize| (0..500).map(|i| json!({"locale": format!("en-x-{i:03}"), "slug": format!("t-{n}-{i}"), "title": "T", "body_html": ""})).collect::<Vec<_>>();
        let mut good = Portal::new("demo");
        let mut bad = Portal::new("demo");
        for n in 0..70 {
            good = good.article(&format!("a{n}"), |a| a.set("contributors", people(n)).set("translations", translations(n)));
            let topics: Vec<String> = (0..1000).map(|i| format!("no-topic-{n}-{i}")).collect();
            bad = bad.article(&format!("b{n}"), |a| a.set("topics", &topics));
        }
        app.import(&good);
        let id = app.article_id("a0").await;
        assert_eq!(app.get(&format!("/api/v1/articles/{id}")).await.json()["contributors"].as_array().unwrap().len(), 1000);
        let report = app.try_import(bad.lines()).unwrap();
        assert!(!report.committed);
        assert_eq!(report.fault_count, 70);
    }

    /// A reader sees an article before or after a change, never between
    async fn an_answer_is_never_torn(app) {
        let portal = |locale: &str| Portal::new("demo").article("x", |a| a.locale(locale).title(locale).slug("x").body(locale)).lines();
        app.import(&Portal::new("demo").article("x", |a| a.locale("en").title("en").body("en")));
        let id = app.article_id("x").await;
        let application = app.app.clone();
        let (en, fr) = (portal("en"), portal("fr"));
        let writer = std::thread::spawn(move || {
            for n in 0..60 {
                let text = if n % 2 == 0 { &fr } else { &en };
                application.services().import.run(text.as_bytes(), ImportOptions::default(), |_| {}).unwrap();
            }
        });
        let mut seen = 0;
        while !writer.is_finished() {
            let article = app.get(&format!("/api/v1/articles/{id}")).await.assert_status(200).json();
            assert_eq!((&article["title"], &article["body_html"]), (&article["locale"], &article["locale"]));
            seen += 1;
        }
        writer.join().unwrap();
        assert!(seen > 0);
    }
}

/// The line of a new article that differs from a good one in one member.
fn new_article(member: &str, value: Value) -> String {
    let mut record = json!({
        "type": "article", "site": "demo", "key": "new", "category": "news", "locale": "en", "title": "New", "body_html": "<p>x</p>",
        "published_at": "2026-01-10T08:00:00+08:00", "published_precision": "second", "status": "published"
    });
    record[member] = value;
    record.to_string()
}
