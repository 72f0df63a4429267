//! Many readers at once, from outside of the server: they try until they are answered, with the same `Idempotency-Key`, and know what must
//! have come of it. Looks at answers, and in the end at the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use masthead::store::Conn;
use serde_json::{Value, json};

use super::Portal;

/// The site that is read.
const SITE: &str = "demo";

/// Opening balances of the first articles, and that of the site.
const OPENING: [i64; 3] = [983, 1305, 34_819_433];
const VISITORS: i64 = 34_819_433;

/// What one request does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    /// Sees an article.
    View(i64),
    /// Saw several, some of them twice.
    Views(Vec<i64>),
    /// Fetches the file of an article; both have the same id.
    Download(i64),
    /// Comes to the site.
    Visit,
}

/// One request, however often it is sent.
#[derive(Debug, Clone)]
pub struct Job {
    key: String,
    visitor: String,
    deed: Deed,
}

/// What came back: a status, `Retry-After`, the body.
#[derive(Debug)]
pub struct Got {
    /// The status.
    pub status: u16,
    /// What says when to come again.
    pub retry_after: Option<String>,
    /// The body.
    pub body: Value,
}

/// Visitors of one article, or of the site: who, and how often in all.
#[derive(Debug, Default)]
struct Seen {
    visitors: BTreeSet<String>,
    hits: i64,
    /// How often somebody was told that it counts.
    counted: i64,
}

/// Readers, and what they were told.
pub struct Crowd {
    articles: i64,
    visitors: u64,
    number: AtomicU64,
    told: Mutex<Vec<(Job, Value)>>,
    open: Mutex<Vec<Job>>,
    longest: Mutex<Duration>,
    refused: AtomicU64,
}

/// The portal that a crowd reads: so many articles, each with a file, the first with opening balances.
pub fn portal(articles: i64) -> Portal {
    let portal = Portal::new(SITE)
        .site(|s| s.set("visitors", VISITORS))
        .source("通讯社");
    (1..=articles).fold(portal.category("news"), |portal, n| {
        portal.article(&format!("a{n}"), |a| {
            let file = json!([{"name": "附件", "url": format!("https://example.org/{n}.pdf")}]);
            let opening = OPENING
                .get(usize::try_from(n - 1).unwrap())
                .copied()
                .unwrap_or(0);
            a.title(&format!("第{n}篇 🌊"))
                .set("attachments", file)
                .set("views", opening)
                .sources(&["通讯社"])
        })
    })
}

impl Crowd {
    /// Readers of [`portal`], of so many different visitors.
    pub fn new(articles: i64, visitors: u64) -> Self {
        Self {
            articles,
            visitors,
            number: AtomicU64::new(0),
            told: Mutex::default(),
            open: Mutex::default(),
            longest: Mutex::default(),
            refused: AtomicU64::new(0),
        }
    }

    fn next(&self) -> Job {
        let n = self.number.fetch_add(1, Ordering::Relaxed);
        let article = || fastrand::i64(1..=self.articles);
        let deed = match n % 8 {
            0..4 => Deed::View(article()),
            4 | 5 => Deed::Views((0..fastrand::usize(1..12)).map(|_| article()).collect()),
            6 => Deed::Download(article()),
            _ => Deed::Visit,
        };
        Job {
            key: format!("job-{n}"),
            visitor: format!("读者-{}", fastrand::u64(0..self.visitors)),
            deed,
        }
    }

    /// Sends one request after the other, first those without an answer, until `is_over` or the server is gone. What it answers is 200,
    /// or 503 with `Retry-After`.
    pub fn read(&self, address: &str, is_over: impl Fn() -> bool) {
        let agent = agent();
        while !is_over() {
            let job = self
                .open
                .lock()
                .unwrap()
                .pop()
                .unwrap_or_else(|| self.next());
            if !self.send(&agent, address, job) {
                return;
            }
        }
    }

    /// Sends what has no answer until all of it has one.
    pub fn finish(&self, address: &str) {
        let agent = agent();
        loop {
            let Some(job) = self.open.lock().unwrap().pop() else {
                return;
            };
            assert!(self.send(&agent, address, job), "the server is gone");
        }
    }

    /// Whether there is a server.
    fn send(&self, agent: &ureq::Agent, address: &str, job: Job) -> bool {
        let begun = Instant::now();
        let Some(got) = job.send(agent, address) else {
            self.open.lock().unwrap().push(job);
            return false;
        };
        let took = begun.elapsed();
        let mut longest = self.longest.lock().unwrap();
        *longest = took.max(*longest);
        drop(longest);
        match got.status {
            200 => self.told.lock().unwrap().push((job, got.body)),
            503 => {
                assert!(got.retry_after.is_some(), "{got:?}");
                self.refused.fetch_add(1, Ordering::Relaxed);
                self.open.lock().unwrap().push(job);
                // A client that is asked to wait does so, for a while.
                std::thread::sleep(Duration::from_millis(20));
            }
            _ => panic!("{job:?}: {got:?}"),
        }
        true
    }

    /// Requests that were answered with 200.
    pub fn answered(&self) -> usize {
        self.told.lock().unwrap().len()
    }

    /// Requests that nothing is known of.
    pub fn unanswered(&self) -> usize {
        self.open.lock().unwrap().len()
    }

    /// Requests that were answered with 503.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How long the slowest answer took.
    pub fn longest(&self) -> Duration {
        *self.longest.lock().unwrap()
    }

    /// What must be there: by article, by file, and of the site.
    fn seen(&self) -> (BTreeMap<i64, Seen>, BTreeMap<i64, Seen>, Seen) {
        let (mut articles, mut files, mut site) =
            (BTreeMap::new(), BTreeMap::new(), Seen::default());
        for (job, body) in self.told.lock().unwrap().iter() {
            let note = |seen: &mut Seen, item: &Value| {
                seen.visitors.insert(job.visitor.clone());
                seen.hits += 1;
                seen.counted += i64::from(item["counted"] == true);
            };
            match &job.deed {
                Deed::View(id) => note(articles.entry(*id).or_default(), body),
                Deed::Views(ids) => {
                    for (id, item) in ids.iter().zip(body["items"].as_array().unwrap()) {
                        assert_eq!(item["article_id"], *id);
                        note(articles.entry(*id).or_default(), item);
                    }
                }
                Deed::Download(id) => note(files.entry(*id).or_default(), body),
                Deed::Visit => note(&mut site, body),
            }
        }
        (articles, files, site)
    }

    /// Fails unless every number is exactly what was acknowledged: each visitor once, each request one hit, however often it was sent. Nothing
    /// may be under way any more, and everything added up.
    pub fn check(&self, conn: &mut Conn) {
        self.check_but(0, conn);
    }

    /// The same where others have seen the article with this id besides.
    pub fn check_but(&self, other: i64, conn: &mut Conn) {
        let (articles, files, site) = self.seen();
        let none = Seen::default();
        let mut sums = [0; 4];
        for id in 1..=self.articles {
            let (seen, file) = (
                articles.get(&id).unwrap_or(&none),
                files.get(&id).unwrap_or(&none),
            );
            let [views, downloads] =
                [seen, file].map(|seen| i64::try_from(seen.visitors.len()).unwrap());
            assert_eq!(
                [seen.counted, file.counted],
                [views, downloads],
                "what readers of {id} were told"
            );
            if id == other {
                continue;
            }
            let wanted = [views, seen.hits, downloads, file.hits];
            let sql = format!(
                "SELECT c.views - c.opening_views AS a, c.hits AS b, c.downloads AS c, f.hits AS d \
                 FROM article_counters c JOIN attachment_counters f ON f.attachment_id = c.article_id AND f.downloads = c.downloads WHERE c.article_id = {id}"
            );
            assert_eq!(rows(conn, &sql), [wanted], "the counters of {id}");
            for period in 0..4 {
                let sql = format!(
                    "SELECT CAST(coalesce(sum(views), 0) AS bigint) AS a, CAST(coalesce(sum(hits), 0) AS bigint) AS b, \
                     CAST(coalesce(sum(downloads), 0) AS bigint) AS c, CAST(coalesce(sum(citations), 0) AS bigint) AS d \
                     FROM article_periods WHERE article_id = {id} AND period = {period}"
                );
                assert_eq!(
                    rows(conn, &sql),
                    [[views, seen.hits, downloads, 0]],
                    "the periods {period} of {id}"
                );
            }
            for (sum, gain) in sums.iter_mut().zip([views, seen.hits, downloads]) {
                *sum += gain;
            }
        }
        let visits = i64::try_from(site.visitors.len()).unwrap();
        assert_eq!(site.counted, visits);
        let sql = format!(
            "SELECT visitors - {VISITORS} AS a, hits AS b, visitors - {VISITORS} AS c, hits AS d FROM site_counters"
        );
        assert_eq!(rows(conn, &sql), [[visits, site.hits, visits, site.hits]]);
        if other > 0 {
            return;
        }
        for (kind, visits) in [(0, visits), (1, 0), (2, 0)] {
            let sql = format!(
                "SELECT CAST(sum(views) AS bigint) AS a, CAST(sum(hits) AS bigint) AS b, CAST(sum(downloads) AS bigint) AS c, \
                 CAST(sum(visits) AS bigint) AS d FROM daily_totals WHERE kind = {kind}"
            );
            let [views, hits, downloads, _] = sums;
            assert_eq!(
                rows(conn, &sql),
                [[views, hits, downloads, visits]],
                "daily totals of kind {kind}"
            );
        }
    }
}

impl Job {
    /// What it is answered; nothing where the server went away.
    fn send(&self, agent: &ureq::Agent, address: &str) -> Option<Got> {
        let mut body = json!({"visitor": self.visitor, "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0"});
        let path = match &self.deed {
            Deed::View(id) => format!("articles/{id}/views"),
            Deed::Views(ids) => {
                body["article_ids"] = json!(ids);
                "views".to_owned()
            }
            Deed::Download(id) => format!("attachments/{id}/downloads"),
            Deed::Visit => format!("sites/{SITE}/visits"),
        };
        let request = agent.post(format!("http://{address}/api/v1/{path}"));
        let request = request
            .header("idempotency-key", &self.key)
            .header("content-type", "application/json");
        got(request.send(body.to_string()))
    }
}

/// A client of its own.
pub fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    // Longer than any answer may take.
    config
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .new_agent()
}

/// The answer to a GET; nothing where the server went away.
pub fn get(agent: &ureq::Agent, address: &str, path: &str) -> Option<Got> {
    got(agent.get(format!("http://{address}{path}")).call())
}

/// A view of an article by a visitor with this key, without a key of the request.
pub fn view(agent: &ureq::Agent, address: &str, id: i64, visitor: &str) -> Option<Got> {
    let request = agent.post(format!("http://{address}/api/v1/articles/{id}/views"));
    let request = request.header("content-type", "application/json");
    got(request.send(json!({"visitor": visitor}).to_string()))
}

fn got(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Got> {
    let mut answer = answer.ok()?;
    let body = answer.body_mut().read_to_vec().ok()?;
    let retry_after = answer.headers().get("retry-after");
    Some(Got {
        status: answer.status().as_u16(),
        retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

/// Four numbers of each row.
pub fn rows(conn: &mut Conn, sql: &str) -> Vec<[i64; 4]> {
    #[derive(QueryableByName)]
    struct Four {
        #[diesel(sql_type = BigInt)]
        a: i64,
        #[diesel(sql_type = BigInt)]
        b: i64,
        #[diesel(sql_type = BigInt)]
        c: i64,
        #[diesel(sql_type = BigInt)]
        d: i64,
    }
    let found: Vec<Four> = diesel::sql_query(sql)
        .load(conn)
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    found
        .into_iter()
        .map(|row| [row.a, row.b, row.c, row.d])
        .collect()
}

/// Waits until nothing waits to be added up any more.
pub fn wait_until_added_up(conn: &mut Conn) {
    let end = Instant::now() + Duration::from_secs(5);
    while rows(
        conn,
        "SELECT CAST(count(*) AS bigint) AS a, CAST(0 AS bigint) AS b, CAST(0 AS bigint) AS c, CAST(0 AS bigint) AS d FROM pending_counts",
    ) != [[0; 4]]
    {
        assert!(Instant::now() < end, "it is not added up within 5 seconds");
        std::thread::sleep(Duration::from_millis(20));
    }
}
