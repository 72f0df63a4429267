//! Readers who are counted, and what is kept of it. Looks behind the application's back.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Value, json};

use super::client::{Answer, Request};
use super::{Backend, Database, TestApp};

/// What a browser calls itself.
pub const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36";

/// How soon what was counted has to be in articles and lists.
const SOON: Duration = Duration::from_secs(5);

/// Somebody who reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Who<'a> {
    /// What a front end calls them.
    pub visitor: Option<&'a str>,
    /// The header `User-Agent`, unless that of a browser.
    pub agent: Option<&'a str>,
    /// What the body says instead.
    pub said_agent: Option<&'a str>,
    /// What a proxy says of their address.
    pub address: Option<&'a str>,
    /// The header `Idempotency-Key`.
    pub key: Option<&'a str>,
}

/// The visitor with this key.
pub fn visitor(key: &str) -> Who<'_> {
    Who {
        visitor: Some(key),
        ..Who::default()
    }
}

impl TestApp {
    /// A request of `who` that is counted, without a body.
    pub fn counted(&self, path: &str, who: Who<'_>) -> Request<'_> {
        let agent = who.agent.unwrap_or(BROWSER);
        let mut request = self.request("POST", path).header("user-agent", agent);
        for (name, value) in [
            ("x-forwarded-for", who.address),
            ("idempotency-key", who.key),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request
    }

    /// What `who` is told who does this.
    pub async fn counts(&self, path: &str, who: Who<'_>) -> Answer {
        let mut body = json!({});
        for (name, value) in [("visitor", who.visitor), ("user_agent", who.said_agent)] {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let request = self.counted(path, who);
        match body == json!({}) {
            true => request.send().await,
            false => request.json(&body).send().await,
        }
    }

    /// What came of it: the number, and why it does not count.
    pub async fn outcome(&self, path: &str, who: Who<'_>) -> (i64, Option<String>) {
        outcome(&self.counts(path, who).await)
    }

    /// Counter and hits at a path.
    pub async fn tally(&self, path: &str) -> (i64, i64) {
        let body = self.get(path).await.assert_status(200).json();
        let counter = body.get("views").or(body.get("visits")).unwrap();
        (counter.as_i64().unwrap(), body["hits"].as_i64().unwrap())
    }

    /// Waits until everything that was counted is added up, no longer than that may take.
    pub async fn added_up(&self) {
        let end = Instant::now() + SOON;
        while self.database().rows("pending_counts") > 0 {
            assert!(Instant::now() < end, "it is not added up within {SOON:?}");
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until no run of the check for injected text goes on.
    pub async fn scanned(&self) {
        let end = Instant::now() + SOON;
        while self
            .database()
            .rows("hygiene_scans WHERE finished_at IS NULL")
            > 0
        {
            assert!(Instant::now() < end, "it goes on after {SOON:?}");
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The number that an answer tells, and why the request does not count.
#[track_caller]
pub fn outcome(answer: &Answer) -> (i64, Option<String>) {
    let body = answer.assert_status(200).json();
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    let number = ["views", "visits", "downloads"]
        .iter()
        .find_map(|name| body[name].as_i64());
    let reason = body["reason"].as_str().map(str::to_owned);
    assert_eq!(body["counted"], json!(reason.is_none()), "{answer}");
    (number.unwrap(), reason)
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Database {
    /// How many rows a table has.
    pub fn rows(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {table}"))
    }

    /// The number that a query finds.
    pub fn number(&self, query: &str) -> i64 {
        let sql = format!("SELECT CAST(({query}) AS bigint) AS number");
        let row: Number = diesel::sql_query(sql)
            .get_result(&mut self.connect())
            .unwrap();
        row.number
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let rows: Vec<Line> = diesel::sql_query(sql)
            .load(&mut self.connect())
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        rows.into_iter().map(|row| row.text).collect()
    }

    /// Everything in it as text: each table with its rows.
    pub fn dump(&self) -> Vec<(String, Vec<String>)> {
        let of = |table: String| {
            let rows = match self.backend() {
                Backend::Sqlite => {
                    let columns = self.texts(&format!(
                        "SELECT group_concat('quote(\"' || name || '\")', ' || '','' || ') AS text FROM pragma_table_info('{table}')"
                    ));
                    let columns = columns.join("");
                    self.texts(&format!(
                        "SELECT {columns} AS text FROM \"{table}\" ORDER BY 1"
                    ))
                }
                Backend::Postgres => self.texts(&format!(
                    "SELECT CAST(t AS text) AS text FROM \"{table}\" t ORDER BY 1"
                )),
            };
            (table, rows)
        };
        let tables = match self.backend() {
            Backend::Sqlite => self.texts("SELECT name AS text FROM sqlite_master WHERE type = 'table' ORDER BY 1"),
            Backend::Postgres => self.texts(
                "SELECT CAST(table_name AS text) AS text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
            ),
        };
        tables.into_iter().map(of).collect()
    }

    /// Fails where something was kept of a request that is counted.
    #[track_caller]
    pub fn assert_nothing_counted(&self, why: &impl std::fmt::Display) {
        for table in [
            "pending_counts",
            "counting_marks",
            "article_periods",
            "daily_totals",
            "idempotency_keys",
        ] {
            assert_eq!(self.rows(table), 0, "{table}: {why}");
        }
        for table in ["article_counters", "attachment_counters", "site_counters"] {
            let hits = self.number(&format!("SELECT coalesce(sum(hits), 0) FROM {table}"));
            assert_eq!(hits, 0, "{table}: {why}");
        }
    }
}

/// The id of the first file of an article.
pub fn first_file(article: &Value) -> i64 {
    article["attachments"][0]["id"].as_i64().unwrap()
}
