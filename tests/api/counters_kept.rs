//! What is kept of counting, and what is not: opening balances, the policy, repeated requests, and nothing of anybody who reads.

use serde_json::{Value, json};

use crate::command_line::Place;
use crate::support::accounts::join_all;
use crate::support::counting::{BROWSER, Who, outcome, visitor};
use crate::support::{Backend, Database, Portal, TestApp, on_both};

const A: &str = "/api/v1/articles/1/views";
const B: &str = "/api/v1/articles/2/views";
const VISITS: &str = "/api/v1/sites/demo/visits";
const REPLAYED: &str = "idempotency-replayed";

fn portal() -> Portal {
    let file = json!([{"name": "附件", "url": "https://example.org/附.pdf"}]);
    Portal::new("demo")
        .article("a", |a| a.set("attachments", file))
        .article("b", |a| a)
}

fn keyed(key: &str) -> Who<'_> {
    Who {
        key: Some(key),
        ..Who::default()
    }
}

/// Versions of the rules in force and before.
async fn versions(app: &TestApp) -> (Value, Vec<Value>) {
    let policy = app
        .get("/api/v1/counting-policy")
        .await
        .assert_status(200)
        .json();
    let former = policy["former"].as_array().unwrap().iter();
    let seen =
        former.map(|rules| json!([rules["version"], rules["window_s"], rules["address_limit"]]));
    (policy["current"].clone(), seen.collect())
}

on_both! {
    /// Counting begins where an import says, and importing again takes nothing back
    async fn counting_begins_where_an_import_says(app) {
        let opened = |views: i64, visitors: i64| Portal::new("demo").site(|s| s.set("visitors", visitors))
            .article("a", |a| a.set("views", views)).article("b", |a| a.set("views", 1305)).article("c", |a| a);
        app.import(&opened(983, 34_819_433));
        let body = app.get(A).await.json();
        assert_eq!(json!([body["views"], body["opening"], body["hits"]]), json!([983, 983, 0]));
        assert_eq!(app.tally(VISITS).await, (34_819_433, 0));
        assert_eq!(app.outcome(A, Who::default()).await, (984, None));
        assert_eq!(app.outcome(B, Who::default()).await, (1_306, None));
        assert_eq!(app.outcome("/api/v1/articles/3/views", Who::default()).await, (1, None));
        assert_eq!(app.outcome(VISITS, Who::default()).await, (34_819_434, None));
        for portal in [opened(983, 34_819_433), opened(5, 5)] {
            app.import(&portal);
            let body = app.get(A).await.json();
            assert_eq!(json!([body["views"], body["opening"], body["hits"]]), json!([984, 983, 1]));
            assert_eq!(app.tally(VISITS).await, (34_819_434, 1));
            app.added_up().await;
        }
        assert_eq!(app.get("/api/v1/articles/1").await.json()["views"], 984);
        assert_eq!(app.outcome(VISITS, visitor("新")).await, (34_819_435, None));
        assert_eq!(app.get("/api/v1/articles/3/views").await.json()["opening"], 0);
    }

    /// The rules have a number, which changes with them and with nothing else; numbers of before stay as they are
    async fn rules_have_versions(app) {
        app.import(&portal());
        let (current, former) = versions(app).await;
        assert_eq!(json!([current["version"], current["window_s"], current["address_limit"], current["since"], former]),
            json!([1, 1800, 100, "2026-01-15T04:00:00Z", []]));
        assert_eq!(app.outcome(A, visitor("一")).await, (1, None));
        app.set_clock("2026-01-15T05:00:00Z");
        let other = || [("MASTHEAD_COUNTER_WINDOW_S", "60".to_owned()), ("MASTHEAD_COUNTER_ADDRESS_LIMIT", "7".to_owned())];
        for _ in 0..2 {
            app.beside(other(), async |changed| {
                let (current, former) = versions(changed).await;
                assert_eq!(json!([current["version"], current["window_s"], current["address_limit"], current["since"], former]),
                    json!([2, 60, 7, "2026-01-15T05:00:00Z", [[1, 1800, 100]]]));
                let text = changed.get("/api/v1/counting-policy").await.json()["text"].as_str().unwrap().to_owned();
                assert!(text.contains("less than 60 seconds ago") && text.contains("7 visitors"), "{text}");
                let policy = &changed.get(A).await.json()["policy"];
                assert_eq!(json!([policy["version"], policy["window_s"]]), json!([2, 60]));
                assert_eq!(changed.tally(A).await, (1, 1));
            }).await;
            app.set_clock("2026-01-15T05:10:00Z");
        }
        // The rules of before are new rules when they return.
        app.beside([], async |back| {
            let (current, former) = versions(back).await;
            assert_eq!(json!([current["version"], current["since"], former]), json!([3, "2026-01-15T05:10:00Z", [[2, 60, 7], [1, 1800, 100]]]));
        }).await;
    }

    /// An operator may add words that tell programs
    async fn words_can_be_added(app) {
        app.import(&portal());
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, "# ours\n\nhouse-monitor\n".as_bytes()).unwrap();
        let reader = |agent| Who { agent: Some(agent), ..Who::default() };
        assert_eq!(app.outcome(A, reader("House-Monitor/2.0")).await, (1, None));
        app.beside([("MASTHEAD_COUNTER_BOTS_FILE", file.path().display().to_string())], async |other| {
            let bot = Some("bot".to_owned());
            assert_eq!(other.outcome(B, reader("House-Monitor/2.0")).await, (0, bot.clone()));
            assert_eq!(other.outcome(B, reader("Googlebot/2.1")).await, (0, bot));
            assert_eq!(other.outcome(B, reader(BROWSER)).await, (1, None));
            let (current, former) = versions(other).await;
            assert_eq!(current["version"], 2);
            assert!(current["bots"].as_array().unwrap().contains(&json!("house-monitor")), "{current}");
            assert_eq!(former, [json!([1, 1800, 100])]);
        }).await;
    }

    /// A request that comes again with its key gets the first answer, and is not even a hit
    async fn a_repeated_request_counts_once(app) {
        app.import(&portal());
        for (n, path) in [A, VISITS, "/api/v1/attachments/1/downloads"].into_iter().enumerate() {
            let key = format!("retry-{n}");
            let first = app.counts(path, keyed(&key)).await;
            assert_eq!((outcome(&first), first.header(REPLAYED)), ((1, None), None));
            assert_eq!(app.outcome(path, visitor("他")).await, (2, None));
            for now in ["2026-01-15T04:10:00Z", "2026-01-15T12:00:00Z", "2026-01-16T04:00:00Z"] {
                app.set_clock(now);
                let again = app.counts(path, keyed(&key)).await;
                assert_eq!((again.text(), again.header(REPLAYED)), (first.text(), Some("true")), "{now}");
            }
            // After a day it is a new one.
            app.set_clock("2026-01-16T04:00:00.000001Z");
            let anew = app.counts(path, keyed(&key)).await;
            assert_eq!((outcome(&anew), anew.header(REPLAYED)), ((3, None), None));
            app.set_clock("2026-01-15T04:00:00Z");
        }
        assert_eq!(app.tally(A).await, (3, 3));
    }

    /// A key is for one request: for another it is refused, and nothing is counted
    async fn a_key_is_for_one_request(app) {
        app.import(&portal());
        let many = async |key: &str, ids: &[i64]| app.counted("/api/v1/views", keyed(key)).json(&json!({"visitor": "批", "article_ids": ids})).send().await;
        app.counts(A, keyed("k-1")).await.assert_status(200);
        let first = many("k-2", &[1, 2]).await;
        first.assert_status(200);
        for answer in [app.counts(B, keyed("k-1")).await, app.counts(VISITS, keyed("k-1")).await, app.counts(A, keyed("k-2")).await,
            many("k-1", &[1]).await, many("k-2", &[2, 1]).await, many("k-2", &[1]).await] {
            answer.assert_problem(422, "idempotency_key_reused");
        }
        // Nor may somebody else take it.
        let other = app.counted("/api/v1/views", keyed("k-2")).json(&json!({"visitor": "他人", "article_ids": [1, 2]})).send().await;
        other.assert_problem(422, "idempotency_key_reused");
        let again = many("k-2", &[1, 2]).await;
        assert_eq!((again.text(), again.header(REPLAYED)), (first.text(), Some("true")));
        assert_eq!((app.tally(A).await, app.tally(B).await, app.tally(VISITS).await), ((2, 2), (1, 1), (0, 0)));
        // What was refused can be sent again with its key once it is mended.
        app.counts("/api/v1/articles/99/views", keyed("k-3")).await.assert_problem(404, "not_found");
        assert_eq!(app.outcome(VISITS, keyed("k-3")).await, (1, None));
    }

    /// Of requests with one key at the same time one counts, and all get its answer
    async fn requests_with_one_key_count_once(app) {
        app.import(&portal());
        for round in 0..5 {
            let key = format!("k-{round}");
            let agents: Vec<String> = (0..20).map(|n| format!("Browser/{round}.{n}")).collect();
            let key = &key;
            let answers = join_all(agents.iter().map(|agent| async move {
                app.counts(A, Who { agent: Some(agent), ..keyed(key) }).await
            })).await;
            for answer in &answers {
                assert_eq!(outcome(answer), (round + 1, None));
            }
            let replayed = answers.iter().filter(|answer| answer.header(REPLAYED) == Some("true")).count();
            assert_eq!(replayed, 19);
        }
        assert_eq!(app.tally(A).await, (5, 5));
        // Another request with the key, in the same moment: one of them counts, the other is refused.
        let both = join_all([A, B].into_iter().map(|path| app.counts(path, keyed("k-x")))).await;
        let mut statuses: Vec<u16> = both.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
    }

    /// Nothing of anybody who reads is kept anywhere: no address, no key, no name of a browser; nor anything that they can be guessed by
    async fn nothing_of_readers_is_kept(app, |s| s.var("MASTHEAD_TRUSTED_PROXIES", "127.0.0.1")) {
        use base64::Engine;
        use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
        use sha2::{Digest, Sha256};
        app.import(&portal());
        let ids = json!({"visitor": "reader-7f3a@example.org", "user_agent": "PrivateBrowser/9.1", "article_ids": [1, 2]});
        for (n, path) in [A, VISITS, "/api/v1/attachments/1/downloads"].into_iter().enumerate() {
            for address in ["203.0.113.77", "2001:db8:77:88::99"] {
                for key in [None, Some("reader-7f3a@example.org"), Some("读者·七")] {
                    let request = format!("once-{n}-{address}-{}", key.map_or(0, str::len));
                    let who = Who { visitor: key, agent: Some("PrivateBrowser/9.0"), said_agent: key.map(|_| "PrivateBrowser/9.1"), address: Some(address), key: Some(&request) };
                    app.counts(path, Who { key: Some(request.split_once("-2").map_or("x", |(start, _)| start)), ..who }).await;
                    app.counts(path, Who { key: None, ..who }).await.assert_status(200);
                }
            }
        }
        app.counted("/api/v1/views", keyed("many")).json(&ids).send().await.assert_status(200);
        for is_added_up in [false, true] {
            if is_added_up {
                app.added_up().await;
            }
            let hashed = |text: String| Sha256::digest(text);
            let mut needles: Vec<String> = ["203.0.113", "203-0-113", "2001:db8:77", "127.0.0.1", "reader-7f3a", "读者·七", "PrivateBrowser", "cb00714d", "20010db800770088"]
                .map(str::to_owned).into();
            for body in [ids.to_string(), json!({"visitor": "reader-7f3a@example.org", "user_agent": "PrivateBrowser/9.1"}).to_string(), "reader-7f3a@example.org".to_owned()] {
                for text in [body.clone(), format!("POST {A}\0{body}"), format!("POST /api/v1/views\0{body}")] {
                    let hash = hashed(text);
                    needles.extend([STANDARD_NO_PAD.encode(hash), URL_SAFE_NO_PAD.encode(hash), hash.iter().map(|byte| format!("{byte:02x}")).collect()]);
                }
            }
            let dump = app.database().dump();
            assert!(dump.iter().any(|(table, rows)| table == "counting_marks" && rows.len() > 5), "{dump:?}");
            assert!(dump.iter().any(|(table, rows)| table == "idempotency_keys" && !rows.is_empty()), "{dump:?}");
            for (table, rows) in dump {
                for row in rows {
                    for needle in &needles {
                        assert!(!row.to_lowercase().contains(&needle.to_lowercase()), "{table} has `{needle}`: {row}");
                    }
                }
            }
        }
        // Marks of one reader on several articles have nothing in common.
        let marks = app.database().dump().into_iter().find(|(table, _)| table == "counting_marks").unwrap().1;
        let distinct: std::collections::BTreeSet<&String> = marks.iter().collect();
        assert_eq!(distinct.len(), marks.len());
    }
}

/// A list of words that cannot be read is told at the start, by its name
#[test]
fn a_list_that_cannot_be_read_is_told_at_the_start() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(database) = Database::migrated(backend) else {
            continue;
        };
        let place = Place::with(&database).var("MASTHEAD_COUNTER_BOTS_FILE", "nowhere.txt");
        for command in ["serve", "migrate"] {
            place.run(&[command]).assert_failed(&[
                "nowhere.txt",
                "MASTHEAD_COUNTER_BOTS_FILE",
                "No such file",
            ]);
        }
        let place = Place::with(&database).var("MASTHEAD_COUNTER_BOTS_FILE", "latin.txt");
        place.write("latin.txt", b"caf\xe9-bot\n");
        place
            .run(&["serve"])
            .assert_failed(&["latin.txt", "MASTHEAD_COUNTER_BOTS_FILE", "UTF-8"]);
    }
}
