//! Portal files made by tests, with sane defaults, and the way into the database for them.

use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, TimeDelta};
use masthead::error::Error;
use masthead::service::import::{ImportOptions, ImportReport};
use serde::Serialize;
use serde_json::{Value, json};

use super::announce;
use super::app::TestApp;

/// When the first article of a portal is published; each further one follows a minute later.
const FIRST_PUBLISHED: &str = "2026-01-10T08:00:00+08:00";

/// The order of records in a file: each kind after what it refers to.
const KINDS: [&str; 9] = [
    "site",
    "source",
    "category",
    "menu",
    "link_group",
    "script_phrase",
    "topic",
    "media",
    "article",
];

/// A portal file being written: one site and what it holds.
#[derive(Clone)]
pub struct Portal {
    site: String,
    records: Vec<Record>,
}

impl Portal {
    /// A portal with nothing but its site: English, `+08:00`.
    pub fn new(site: &str) -> Self {
        let record = Record::new("site")
            .set("slug", site)
            .set("name", format!("Site {site}"))
            .set("default_locale", "en")
            .set("utc_offset", "+08:00");
        Self {
            site: site.to_owned(),
            records: vec![record],
        }
    }

    /// Changes the site's record.
    pub fn site(mut self, change: impl FnOnce(Record) -> Record) -> Self {
        let record = self.records.remove(0);
        self.records.insert(0, change(record));
        self
    }

    /// Adds a source.
    pub fn source(self, slug: &str) -> Self {
        self.with(
            Record::new("source")
                .set("slug", slug)
                .set("name", format!("Source {slug}")),
        )
    }

    /// Adds a category with a name made of its path, and the categories above it that are missing.
    pub fn category(self, path: &str) -> Self {
        let above = match path.rsplit_once('/') {
            Some((parent, _)) if !self.has_category(parent) => self.category(parent),
            _ => self,
        };
        let record = above
            .record("category")
            .set("path", path)
            .set("name", format!("Category {path}"));
        above.with(record)
    }

    /// Adds a menu with these `items`.
    pub fn menu(self, key: &str, items: Value) -> Self {
        let record = self.record("menu").set("key", key).set("items", items);
        self.with(record)
    }

    /// Adds a group of links.
    pub fn link_group(self, key: &str, links: Value) -> Self {
        let record = self
            .record("link_group")
            .set("key", key)
            .set("title", format!("Links {key}"))
            .set("links", links);
        self.with(record)
    }

    /// Adds a topic.
    pub fn topic(self, key: &str) -> Self {
        let record = self
            .record("topic")
            .set("key", key)
            .set("title", format!("Topic {key}"));
        self.with(record)
    }

    /// Adds an article that differs from the default as `change` says. Without a change it is published, in the first
    /// category of the portal (`news`, where there is none yet), and its slug is its key.
    pub fn article(self, key: &str, change: impl FnOnce(Record) -> Record) -> Self {
        let Some(category) = self.first_category() else {
            return self.category("news").article(key, change);
        };
        let earlier = self
            .records
            .iter()
            .filter(|r| r.kind() == "article")
            .count();
        let published = DateTime::parse_from_rfc3339(FIRST_PUBLISHED).unwrap()
            + TimeDelta::minutes(earlier.try_into().unwrap());
        let record = self
            .record("article")
            .set("key", key)
            .set("slug", key)
            .set("category", category)
            .set("locale", self.default_locale())
            .set("title", format!("Article {key}"))
            .set("body_html", format!("<p>Text of {key}.</p>"))
            .set(
                "published_at",
                published.to_rfc3339_opts(SecondsFormat::Secs, false),
            )
            .set("published_precision", "second")
            .set("status", "published");
        self.with(change(record))
    }

    /// Adds a record as it is.
    pub fn with(mut self, record: Record) -> Self {
        self.records.push(record);
        self
    }

    /// An empty record of `kind` that belongs to this site.
    pub fn record(&self, kind: &str) -> Record {
        Record::new(kind).set("site", self.site.as_str())
    }

    /// Adds everything of another portal.
    pub fn and(mut self, other: Self) -> Self {
        self.records.extend(other.records);
        self
    }

    /// The text of the file.
    pub fn lines(&self) -> String {
        let mut records: Vec<&Record> = self.records.iter().collect();
        records.sort_by_key(|record| KINDS.iter().position(|kind| *kind == record.kind()));
        let mut text = json!({"type": "portal", "version": 1}).to_string();
        for record in records {
            text.push('\n');
            text.push_str(&record.0.to_string());
        }
        text.push('\n');
        text
    }

    fn has_category(&self, path: &str) -> bool {
        self.records
            .iter()
            .any(|r| r.kind() == "category" && r.0["path"] == path)
    }

    fn first_category(&self) -> Option<Value> {
        self.records
            .iter()
            .find(|r| r.kind() == "category")
            .map(|r| r.0["path"].clone())
    }

    fn default_locale(&self) -> Value {
        self.records
            .first()
            .map(|site| site.0["default_locale"].clone())
            .unwrap_or_default()
    }
}

/// One line of a portal file.
#[derive(Clone)]
pub struct Record(Value);

impl Record {
    /// A line with nothing but its type.
    pub fn new(kind: &str) -> Self {
        Self(json!({"type": kind}))
    }

    fn kind(&self) -> &str {
        self.0["type"].as_str().unwrap_or_default()
    }

    /// Sets any member.
    pub fn set(mut self, member: &str, value: impl Serialize) -> Self {
        self.0[member] = serde_json::to_value(value).unwrap();
        self
    }

    /// Leaves a member out.
    pub fn without(mut self, member: &str) -> Self {
        if let Some(members) = self.0.as_object_mut() {
            members.remove(member);
        }
        self
    }

    /// Sets `title`.
    pub fn title(self, title: &str) -> Self {
        self.set("title", title)
    }

    /// Sets `slug`.
    pub fn slug(self, slug: &str) -> Self {
        self.set("slug", slug)
    }

    /// Sets `status`.
    pub fn status(self, status: &str) -> Self {
        self.set("status", status)
    }

    /// Sets `category`, a path.
    pub fn category(self, path: &str) -> Self {
        self.set("category", path)
    }

    /// Sets `locale`.
    pub fn locale(self, locale: &str) -> Self {
        self.set("locale", locale)
    }

    /// Sets `body_html`.
    pub fn body(self, html: &str) -> Self {
        self.set("body_html", html)
    }

    /// Sets `published_at`, RFC 3339.
    pub fn published_at(self, at: &str) -> Self {
        self.set("published_at", at)
    }

    /// Sets `sources`, slugs.
    pub fn sources(self, slugs: &[&str]) -> Self {
        self.set("sources", slugs)
    }

    /// Sets `topics`, keys.
    pub fn topics(self, keys: &[&str]) -> Self {
        self.set("topics", keys)
    }
}

impl TestApp {
    /// Imports a portal; fails unless all of it is kept.
    #[track_caller]
    pub fn import(&self, portal: &Portal) -> ImportReport {
        let report = self.try_import(portal.lines()).unwrap();
        assert!(
            report.committed,
            "nothing of the portal was kept: {:#?}",
            report.faults
        );
        report
    }

    /// Imports the text of a file; the report says what is wrong with it.
    pub fn try_import(&self, text: impl AsRef<[u8]>) -> Result<ImportReport, Error> {
        let options = ImportOptions {
            keep_going: false,
            media: None,
        };
        self.app
            .services()
            .import
            .run(text.as_ref(), options, |_| {})
    }

    /// The id of the published article whose slug is `slug` (in a [`Portal`] the key, unless the test gave another one).
    pub async fn article_id(&self, slug: &str) -> i64 {
        let mut path = "/api/v1/articles?limit=100".to_owned();
        loop {
            let page = self.get(&path).await.assert_status(200).json();
            let items = page["items"].as_array().unwrap();
            if let Some(found) = items.iter().find(|article| article["slug"] == slug) {
                return found["id"].as_i64().unwrap();
            }
            let cursor = page["next_cursor"]
                .as_str()
                .unwrap_or_else(|| panic!("no published article `{slug}`"));
            path = format!("/api/v1/articles?limit=100&cursor={cursor}");
        }
    }
}

/// A file of `../shared`, which not every checkout has; without it the test says so and should return.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    let test = std::thread::current();
    announce(&format!(
        "skipped: {} needs ../shared",
        test.name().unwrap_or("a test")
    ));
    None
}
