//! An article: its state, its texts in one or more languages, and what hangs on it.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::contributor::{Contribution, ContributorName};
use super::json::Doc;
use super::time::{Precision, Ts};
use super::workflow::State;
use crate::error::{Error, Resource};

/// Where an article stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Being written; nobody outside sees it.
    Draft,
    /// Waiting for a reviewer.
    InReview,
    /// Approved by a reviewer, waiting for an editor.
    Approved,
    /// Public from `published_at` until `unpublish_at`.
    Published,
    /// Taken from the public, kept.
    Archived,
    /// Taken back, and said so: a tombstone with a reason stands in its place.
    Retracted,
    /// Held back for text that looks injected; only the server sets it. What the article is otherwise stands in [`ArticleState::held`].
    Quarantined,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::InReview,
        Self::Approved,
        Self::Published,
        Self::Archived,
        Self::Retracted,
        Self::Quarantined,
    ];

    /// The word used in files, on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Approved => "approved",
            Self::Published => "published",
            Self::Archived => "archived",
            Self::Retracted => "retracted",
            Self::Quarantined => "quarantined",
        }
    }

    /// The status called `word`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

/// That an article was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// When.
    pub at: Ts,
    /// Why, for anyone to read.
    pub reason: String,
}

impl Retraction {
    /// Why readers do not get the article with `key`: it was taken back, or it is not there for them.
    pub fn or_missing(retraction: Option<Self>, key: impl Display) -> Error {
        match retraction {
            Some(Self { at, reason }) => Error::Retracted { reason, at: at.0 },
            None => Error::not_found(Resource::Article, key),
        }
    }
}

/// An article's state and place, without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleState {
    /// Its name in addresses, unique within the site.
    pub slug: String,
    /// The category it belongs to.
    pub category_id: i64,
    /// Where it stands in its life.
    pub status: Status,
    /// What its status is once nothing holds it back, where it is quarantined.
    pub held: Option<Status>,
    /// The language of the original.
    pub locale: String,
    /// When it is or was published.
    pub published_at: Ts,
    /// The printed offset, minutes east of UTC.
    pub published_offset: i32,
    /// How exactly the time was printed.
    pub published_precision: Precision,
    /// When it vanishes again.
    pub unpublish_at: Option<Ts>,
    /// Since when and why it is taken back, where its status is `retracted`.
    pub retraction: Option<Retraction>,
    /// The day the text speaks of.
    pub event_date: Option<NaiveDate>,
    /// The line naming the sources, as printed.
    pub source_line: Option<String>,
    /// Address of the cover picture.
    pub cover: Option<String>,
    /// Recordings of the text.
    pub audio: Vec<Audio>,
}

impl ArticleState {
    /// Its status, whatever holds it back.
    pub fn wanted(&self) -> Status {
        self.held.unwrap_or(self.status)
    }

    /// Holds it back, or not.
    pub fn set_held(&mut self, is_held: bool) {
        let wanted = self.wanted();
        (self.status, self.held) = match is_held {
            true => (Status::Quarantined, Some(wanted)),
            false => (wanted, None),
        };
    }

    /// Whether it was public at some moment up to `now`, as far as this state knows.
    pub fn begins_before(&self, now: Ts) -> bool {
        self.visibility_changes()
            .first()
            .is_some_and(|(begin, _)| *begin <= now)
    }

    /// Whether its time is over at `now`.
    pub fn ends_before(&self, now: Ts) -> bool {
        self.unpublish_at.is_some_and(|end| end <= now)
    }

    /// The moments at which the public number of articles changes because of this one: `(when, +1 or -1)`.
    pub fn visibility_changes(&self) -> Vec<(Ts, i64)> {
        if self.status != Status::Published {
            return Vec::new();
        }
        match self.unpublish_at {
            Some(end) if end <= self.published_at => Vec::new(),
            Some(end) => vec![(self.published_at, 1), (end, -1)],
            None => vec![(self.published_at, 1)],
        }
    }
}

/// One rendition of an article: its texts in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The language.
    pub locale: String,
    /// Its own name in addresses, where the translation has one.
    pub slug: Option<String>,
    /// The title.
    pub title: String,
    /// The subtitle.
    pub subtitle: Option<String>,
    /// The abstract.
    pub summary: Option<String>,
    /// The label printed before the abstract.
    pub summary_label: Option<String>,
    /// The line naming the authors, as printed.
    pub byline: Option<String>,
    /// Keywords in order.
    pub keywords: Vec<String>,
    /// The contributors' names in this language; empty in the original.
    pub contributors: Vec<ContributorName>,
    /// Sanitised HTML.
    pub body_html: String,
}

/// A file that comes with an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called.
    pub name: String,
    /// Where it is; unique within the article.
    pub url: String,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<i64>,
    /// The SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: Option<String>,
}

/// A recording of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audio {
    /// Where it is.
    pub url: String,
    /// Its media type.
    pub media_type: Option<String>,
    /// How long it is, in seconds.
    pub duration_s: Option<i64>,
    /// The language of the rendition that is read; `None` stands for the original.
    #[serde(default)]
    pub locale: Option<String>,
    /// The number of the revision that it was made for, where that is known.
    #[serde(default)]
    pub revision: Option<i64>,
    /// A digest of what it reads; `None` where it was there before there were any, and reads what the article says.
    #[serde(default)]
    pub digest: Option<String>,
    /// Whether the article says something else now.
    #[serde(default)]
    pub stale: bool,
}

/// Numbers that grow; only of citations, which are set, there may be fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Views.
    pub views: i64,
    /// Downloads of its attachments.
    pub downloads: i64,
    /// Citations.
    pub citations: i64,
}

/// A slug that an article had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerSlug {
    /// The slug.
    pub slug: String,
    /// The language of the translation whose slug it was; `None` where it was the article's own.
    pub locale: Option<String>,
    /// When it was given up.
    pub retired_at: Ts,
}

/// Everything an editor or an import sets on an article; saving it makes the stored article equal to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleContent {
    /// State and place.
    pub state: ArticleState,
    /// The renditions: the original first, then translations by locale.
    pub texts: Vec<Text>,
    /// Who made it, in order.
    pub contributions: Vec<Contribution>,
    /// Ids of its sources, relay first, origin last.
    pub sources: Vec<i64>,
    /// Ids of its topics.
    pub topics: Vec<i64>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Keys of related articles of the same site, in order.
    pub related: Vec<String>,
    /// What it was called before, by slug; none that it has now.
    pub former_slugs: Vec<FormerSlug>,
}

impl ArticleContent {
    /// Its names in addresses, each once, with the language that it serves: its own one serves any.
    pub fn slugs(&self) -> BTreeMap<&str, Option<&str>> {
        let of_texts = self
            .texts
            .iter()
            .filter_map(|text| Some((text.slug.as_deref()?, Some(text.locale.as_str()))));
        // Of equal ones the article's own goes first, then the first language.
        let mut slugs: BTreeMap<&str, Option<&str>> = of_texts.rev().collect();
        slugs.insert(&self.state.slug, None);
        slugs
    }
}

/// What a list shows of a rendition.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct TextSummary {
    /// The article.
    pub article_id: i64,
    /// The language.
    pub locale: String,
    /// Its own name in addresses.
    pub slug: Option<String>,
    /// The title.
    pub title: String,
    /// The subtitle.
    pub subtitle: Option<String>,
    /// The abstract.
    pub summary: Option<String>,
    /// Keywords in order.
    pub keywords: Doc<Vec<String>>,
}

/// A rendition as stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct StoredText {
    /// The article.
    pub article_id: i64,
    /// The language.
    pub locale: String,
    /// Its own name in addresses.
    pub slug: Option<String>,
    /// The title.
    pub title: String,
    /// The subtitle.
    pub subtitle: Option<String>,
    /// The abstract.
    pub summary: Option<String>,
    /// The label printed before the abstract.
    pub summary_label: Option<String>,
    /// The line naming the authors.
    pub byline: Option<String>,
    /// Keywords in order.
    pub keywords: Doc<Vec<String>>,
    /// The contributors' names in this language.
    pub contributors: Doc<Vec<ContributorName>>,
    /// Headings of the body.
    pub outline: Doc<Vec<Heading>>,
    /// Reading time in minutes.
    pub reading_minutes: i32,
    /// Sanitised HTML.
    pub body_html: String,
}

/// A heading of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// 1 to 6.
    pub level: i32,
    /// Its text, without tags.
    pub text: String,
    /// A name for links, unique within the body.
    pub anchor: String,
}

/// What every answer about an article needs of its row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ArticleRow {
    /// Its id.
    pub id: i64,
    /// The site it belongs to.
    pub site_id: i64,
    /// Its natural key within the site.
    pub key: String,
    /// Its name in addresses.
    pub slug: String,
    /// The category it belongs to.
    pub category_id: i64,
    /// The word of a [`Status`].
    pub status: String,
    /// The language of the original.
    pub locale: String,
    /// When it is or was published.
    pub published_at: Ts,
    /// The printed offset, minutes east of UTC.
    pub published_offset: i32,
    /// `date`, `minute` or `second`.
    pub published_precision: String,
    /// When it vanishes again.
    pub unpublish_at: Option<Ts>,
    /// The day the text speaks of.
    pub event_date: Option<NaiveDate>,
    /// The line naming the sources.
    pub source_line: Option<String>,
    /// Address of the cover picture.
    pub cover: Option<String>,
    /// Recordings.
    pub audio: Doc<Vec<Audio>>,
    /// Whether it has files.
    pub has_attachments: bool,
    /// Grows with every change.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Ts,
}

/// A file as stored, with its own counter.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct StoredAttachment {
    /// Its id.
    pub id: i64,
    /// The article.
    pub article_id: i64,
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<i64>,
    /// The SHA-256 of its bytes.
    pub sha256: Option<String>,
    /// How often it was fetched.
    pub downloads: i64,
}

/// An article as lists and pages show it, with what they need of its site and category.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PublicArticle {
    /// The article.
    pub article: ArticleRow,
    /// How often it was viewed.
    pub views: i64,
    /// Slug of its site.
    pub site_slug: String,
    /// Language its site serves where a reader asks for none.
    pub site_default_locale: String,
    /// Where its site's pages live.
    pub site_url_template: Option<String>,
    /// Whether its site shows it in the other Chinese script where it lacks that.
    pub site_script_variants: bool,
    /// Path of its category.
    pub category_path: String,
    /// Name of its category.
    pub category_name: String,
}

/// Where an article is, whose it is and which version it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct ManagedPlace {
    /// Its id.
    pub id: i64,
    /// Its site.
    pub site_id: i64,
    /// Its category.
    pub category_id: i64,
    /// Grows with every change.
    pub version: i64,
    /// The account that made it through the API.
    pub created_by: Option<i64>,
}

/// An article as those see it who may change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedArticle {
    /// Its id.
    pub id: i64,
    /// Its site.
    pub site_id: i64,
    /// Slug of its site.
    pub site: String,
    /// Its natural key within the site.
    pub key: String,
    /// Path of its category.
    pub category: String,
    /// Slugs of its sources.
    pub sources: Vec<String>,
    /// Keys of its topics.
    pub topics: Vec<String>,
    /// Everything that was set on it.
    pub content: ArticleContent,
    /// Where it stands in its life now.
    pub state: State,
    /// How often it is cited; `None` in revisions from before that was kept.
    pub citations: Option<i64>,
    /// The number of its newest revision.
    pub revision: i64,
    /// The account that made it through the API.
    pub created_by: Option<i64>,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Ts,
    /// When it was last changed.
    pub updated_at: Ts,
}

impl ManagedArticle {
    /// Where it stands at `now`, whatever holds it back.
    pub fn wanted_state(&self, now: Ts) -> State {
        self.content.state.wanted_at(now)
    }
}

impl ManagedArticle {
    /// Whether it was scheduled when it was saved: it becomes published without a new version.
    pub fn comes_by_itself(&self) -> bool {
        let state = &self.content.state;
        state.status == Status::Published && state.published_at > self.updated_at
    }
}

/// An article in the lists of those who may change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedSummary {
    /// Its id.
    pub id: i64,
    /// Slug of its site.
    pub site: String,
    /// Its natural key within the site.
    pub key: String,
    /// Its name in addresses.
    pub slug: String,
    /// Where it stands in its life now.
    pub state: State,
    /// Its title in its own language.
    pub title: String,
    /// Path of its category.
    pub category: String,
    /// Its category.
    pub category_id: i64,
    /// When it is or was published.
    pub published_at: Ts,
    /// The printed offset, minutes east of UTC.
    pub published_offset: i32,
    /// Its own language.
    pub locale: String,
    /// When it vanishes again.
    pub unpublish_at: Option<Ts>,
    /// The account that made it through the API.
    pub created_by: Option<i64>,
    /// How often it was viewed.
    pub views: i64,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Ts,
    /// When it was last changed.
    pub updated_at: Ts,
}
