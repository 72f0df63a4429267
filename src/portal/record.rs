//! The records of a portal file, checked for everything that can be known without a database.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

use crate::models::article::{Attachment, Audio, Status};
use crate::models::contributor::{Contribution, ContributorName};
use crate::models::link_group::Link;
use crate::models::site::{Block, Contact, Credit, Identity, Registration};
use crate::models::time::Precision;

/// A member of a record: absent keeps what is stored, `null` clears it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The member is absent.
    #[default]
    Keep,
    /// The member is `null`.
    Clear,
    /// The member has a value.
    Set(T),
}

impl<T> Patch<T> {
    /// Applies this to a stored value that may be empty.
    pub fn apply_to(self, stored: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *stored = None,
            Self::Set(value) => *stored = Some(value),
        }
    }

    /// Applies this to a stored value whose empty form is its default, such as a list.
    pub fn apply_or_default(self, stored: &mut T)
    where
        T: Default,
    {
        match self {
            Self::Keep => {}
            Self::Clear => *stored = T::default(),
            Self::Set(value) => *stored = value,
        }
    }
}

/// One line of a portal file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// The first line.
    Portal,
    /// A site.
    Site(Box<SiteRecord>),
    /// A source.
    Source(SourceRecord),
    /// A category.
    Category(CategoryRecord),
    /// A menu.
    Menu(MenuRecord),
    /// A group of links.
    LinkGroup(LinkGroupRecord),
    /// A topic.
    Topic(TopicRecord),
    /// An article.
    Article(Box<ArticleRecord>),
}

/// A site. Members that a new site must have are `Keep` where the line has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteRecord {
    /// Natural key.
    pub slug: String,
    /// Required for a new site; never `Clear`.
    pub name: Patch<String>,
    /// Required for a new site; never `Clear`.
    pub default_locale: Patch<String>,
    /// Required for a new site, e.g. `+08:00`; never `Clear`.
    pub utc_offset: Patch<String>,
    /// Languages; a new site without any has its default one.
    pub locales: Patch<Vec<String>>,
    /// First breadcrumb.
    pub home_label: Patch<String>,
    /// Owner.
    pub owner: Patch<String>,
    /// Copyright line.
    pub copyright: Patch<String>,
    /// Notice with `{site}`.
    pub copyright_notice: Patch<String>,
    /// Address template with `{path}`.
    pub url_template: Patch<String>,
    /// Filing numbers.
    pub registrations: Patch<Vec<Registration>>,
    /// Contacts.
    pub contacts: Patch<Vec<Contact>>,
    /// Credits.
    pub credits: Patch<Vec<Credit>>,
    /// Fixed texts.
    pub blocks: Patch<Vec<Block>>,
    /// What it may call itself.
    pub identity: Patch<Identity>,
    /// Opening balance of the visitor counter; 0 where absent or `null`.
    pub visitors: i64,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceRecord {
    /// Natural key.
    pub slug: String,
    /// Required for a new source; never `Clear`.
    pub name: Patch<String>,
    /// Home page.
    pub url: Patch<String>,
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CategoryRecord {
    /// Slug of the site; natural key together with `path`.
    pub site: String,
    /// Slugs from the root, joined by `/`.
    pub path: String,
    /// Required for a new category; never `Clear`.
    pub name: Patch<String>,
}

/// A menu.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MenuRecord {
    /// Slug of the site; natural key together with `key`.
    pub site: String,
    /// Key within the site.
    pub key: String,
    /// Required for a new menu; `Clear` empties it. Pre-order.
    pub items: Patch<Vec<MenuEntry>>,
}

/// One item of a menu, in pre-order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuEntry {
    /// 0 at the root.
    pub depth: i32,
    /// Its text.
    pub label: String,
    /// The address it points to; never together with `category`.
    pub url: Option<String>,
    /// Path of the category it points to.
    pub category: Option<String>,
    /// Where the item stands in the line, e.g. `items[1].children[0]`.
    pub member: String,
}

/// A group of links.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkGroupRecord {
    /// Slug of the site; natural key together with `key`.
    pub site: String,
    /// Key within the site.
    pub key: String,
    /// Required for a new group; never `Clear`.
    pub title: Patch<String>,
    /// Links in order.
    pub links: Patch<Vec<Link>>,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicRecord {
    /// Slug of the site; natural key together with `key`.
    pub site: String,
    /// Key within the site.
    pub key: String,
    /// Required for a new topic; never `Clear`.
    pub title: Patch<String>,
    /// The year it belongs to.
    pub year: Patch<i32>,
}

/// An article. Members that a new article must have are never `Clear`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArticleRecord {
    /// Slug of the site; natural key together with `key`.
    pub site: String,
    /// Key within the site.
    pub key: String,
    /// Path of its category. Required for a new article.
    pub category: Patch<String>,
    /// Language of the original. Required for a new article.
    pub locale: Patch<String>,
    /// Required for a new article.
    pub title: Patch<String>,
    /// As received, not yet sanitised. Required for a new article.
    pub body_html: Patch<String>,
    /// Required for a new article.
    pub published_at: Patch<DateTime<FixedOffset>>,
    /// Required for a new article.
    pub published_precision: Patch<Precision>,
    /// Required for a new article.
    pub status: Patch<Status>,
    /// Made from the title where a new article has none.
    pub slug: Patch<String>,
    /// Subtitle.
    pub subtitle: Patch<String>,
    /// Abstract.
    pub summary: Patch<String>,
    /// Label before the abstract.
    pub summary_label: Patch<String>,
    /// Author line.
    pub byline: Patch<String>,
    /// Who made it, in order; keys are unique within the article.
    pub contributors: Patch<Vec<Contribution>>,
    /// Slugs of sources, relay first, origin last; each once.
    pub sources: Patch<Vec<String>>,
    /// Source line as printed.
    pub source_line: Patch<String>,
    /// The day the text speaks of.
    pub event_date: Patch<NaiveDate>,
    /// Keywords in order.
    pub keywords: Patch<Vec<String>>,
    /// Keys of topics; each once.
    pub topics: Patch<Vec<String>>,
    /// Address of the cover picture.
    pub cover: Patch<String>,
    /// Files; addresses are unique within the article.
    pub attachments: Patch<Vec<Attachment>>,
    /// Recordings.
    pub audio: Patch<Vec<Audio>>,
    /// Keys of related articles of the site; may point forward; each once, never the article itself.
    pub related: Patch<Vec<String>>,
    /// When it vanishes again.
    pub unpublish_at: Patch<DateTime<Utc>>,
    /// Opening balance; 0 where absent or `null`.
    pub views: i64,
    /// Opening balance; 0 where absent or `null`.
    pub downloads: i64,
    /// Opening balance; 0 where absent or `null`.
    pub citations: i64,
    /// All translations; each locale once, never the article's own.
    pub translations: Patch<Vec<TranslationRecord>>,
    /// What it was called before; each slug once.
    pub former_slugs: Patch<Vec<FormerSlugRecord>>,
}

/// A slug that an article had before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormerSlugRecord {
    /// The slug.
    pub slug: String,
    /// The language of the translation whose slug it was; `None` where it was the article's own.
    pub locale: Option<String>,
    /// When it was given up; `None` means the time that is stored, else that of the import.
    pub until: Option<DateTime<Utc>>,
}

/// A translation. Absent members are empty: the list replaces the stored one whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TranslationRecord {
    /// Language.
    pub locale: String,
    /// Title.
    pub title: String,
    /// As received, not yet sanitised.
    pub body_html: String,
    /// Its own name in addresses.
    pub slug: Option<String>,
    /// Subtitle.
    pub subtitle: Option<String>,
    /// Abstract.
    pub summary: Option<String>,
    /// Label before the abstract.
    pub summary_label: Option<String>,
    /// Author line.
    pub byline: Option<String>,
    /// The contributors' names in this language, by key.
    pub contributors: Vec<ContributorName>,
    /// Keywords in order.
    pub keywords: Vec<String>,
}

/// Something wrong with one line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// Line number, from 1.
    pub line: u64,
    /// The member, e.g. `contributors[0].role`; empty where the whole line is meant.
    pub member: String,
    /// What is wrong and how to mend it.
    pub reason: String,
}

impl std::fmt::Display for LineFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.member.is_empty() {
            write!(f, "line {}: {}", self.line, self.reason)
        } else {
            write!(f, "line {}: {}: {}", self.line, self.member, self.reason)
        }
    }
}
