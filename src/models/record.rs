//! What a line of a portal file or the body of a request says about a record, checked for everything that can be known
//! without a database. Members that a new record must have are `Keep` where a change leaves them out.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

use super::article::Attachment;
use super::contributor::{Contribution, ContributorName};
use super::link_group::Link;
use super::patch::Patch;
use super::script_phrase::PhraseDirection;
use super::site::{Block, Contact, Credit, Identity, Registration};
use super::time::Precision;
use super::workflow::State;

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
    pub identity: Patch<IdentityRecord>,
    /// Whether articles are shown in the other Chinese script; `true` for a new site without it, never `Clear`.
    pub script_variants: Patch<bool>,
    /// Opening balance of the visitor counter; 0 where absent or `null`.
    pub visitors: i64,
}

/// What a site may call itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentityRecord {
    /// Its names.
    pub names: Patch<Vec<String>>,
    /// Its domains.
    pub domains: Patch<Vec<String>>,
}

impl IdentityRecord {
    /// Applies this to what is stored.
    pub fn apply_to(self, stored: &mut Identity) {
        let Self { names, domains } = self;
        names.apply_or_default(&mut stored.names);
        domains.apply_or_default(&mut stored.domains);
    }
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
    /// Where it was before; each path once.
    pub former_paths: Patch<Vec<FormerPathRecord>>,
}

/// A path that a category had before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormerPathRecord {
    /// Slugs from the root, joined by `/`.
    pub path: String,
    /// When it was given up; `None` means the time that is stored, else that of the import.
    pub until: Option<DateTime<Utc>>,
}

/// A category of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CategoryChange {
    /// Slug of the site of a new category; empty for a stored one.
    pub site: String,
    /// Where a new category is, where it is said so and not by `parent_id` and `slug`.
    pub path: Option<String>,
    /// The category above; `Clear` stands for the top.
    pub parent_id: Patch<i64>,
    /// The last part of the path; never `Clear`.
    pub slug: Patch<String>,
    /// Required for a new category; never `Clear`.
    pub name: Patch<String>,
    /// The place among its siblings, from 1; never `Clear`.
    pub position: Patch<i64>,
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
    /// The same as a JSON pointer (RFC 6901).
    pub pointer: String,
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
    /// The place among the site's groups, from 1; never `Clear`, and never in a file.
    pub position: Patch<i64>,
}

/// What an editor wants instead of what the dictionaries say when a text is put into the other Chinese script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScriptPhraseRecord {
    /// Slug of the site; natural key together with both texts.
    pub site: String,
    /// As it is written in Simplified texts. Required for a new phrase; never `Clear`.
    pub hans: Patch<String>,
    /// As it is written in Traditional texts. Required for a new phrase; never `Clear`.
    pub hant: Patch<String>,
    /// Which way it holds; both for a new phrase without it, never `Clear`.
    pub direction: Patch<PhraseDirection>,
    /// Why it is there.
    pub note: Patch<String>,
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
    /// The place among the site's topics, from 1; never `Clear`, and never in a file.
    pub position: Patch<i64>,
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
    /// The same as an id, in requests; never together with `category`.
    pub category_id: Patch<i64>,
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
    /// Required for a new article. `scheduled` and `published` are the same: the time decides.
    pub status: Patch<State>,
    /// Why a retracted article was taken back; required for one, and only in files.
    pub retraction_reason: Patch<String>,
    /// When it was; only in files, and the time of the import where it is not said.
    pub retracted_at: Patch<DateTime<Utc>>,
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
    pub audio: Patch<Vec<AudioRecord>>,
    /// Keys of related articles of the site; may point forward; each once, never the article itself.
    pub related: Patch<Vec<String>>,
    /// When it vanishes again.
    pub unpublish_at: Patch<DateTime<Utc>>,
    /// Opening balance; 0 where absent or `null`.
    pub views: i64,
    /// Opening balance; 0 where absent or `null`.
    pub downloads: i64,
    /// How often it is cited; 0 where a new article does not say it, and for `null`.
    pub citations: Patch<i64>,
    /// All translations; each locale once, never the article's own.
    pub translations: Patch<Vec<TranslationRecord>>,
    /// What it was called before; each slug once.
    pub former_slugs: Patch<Vec<FormerSlugRecord>>,
    /// What the revision says that this makes; only in requests.
    pub comment: Option<String>,
}

/// A recording of the text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AudioRecord {
    /// Where it is.
    pub url: String,
    /// Its media type.
    pub media_type: Option<String>,
    /// How long it is, in seconds.
    pub duration_s: Option<i64>,
    /// The language of the rendition that is read; `None` stands for the original.
    pub locale: Option<String>,
    /// The revision that it was made for, in requests; `None` means what is known, else the one that is made.
    pub revision: Option<i64>,
    /// Whether the text is another one by now, in files; `None` means what is known.
    pub stale: Option<bool>,
}

/// A file, as a request names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MediaRecord {
    /// Slug of the site of a new file; `None` where it belongs to all of them.
    pub site: Option<String>,
    /// What it is called; never `Clear`. A new file has the name that it came with.
    pub name: Patch<String>,
    /// What a picture shows.
    pub alt: Patch<String>,
}

/// A file, as a line of a portal file names it. What it is, is told by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileRecord {
    /// Slug of its site; `None` where it belongs to all of them.
    pub site: Option<String>,
    /// Natural key within the site: a relative path.
    pub key: String,
    /// Where its bytes are in the folder; `None` where the key says so.
    pub file: Option<String>,
    /// What it is called; never `Clear`. A new file has the last part of its key.
    pub name: Patch<String>,
    /// What a picture shows.
    pub alt: Patch<String>,
    /// How many bytes it must have.
    pub size: Option<i64>,
    /// The SHA-256 that they must have.
    pub sha256: Option<String>,
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

/// Where an article is to go in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionRecord {
    /// The state.
    pub to: State,
    /// Why, for those who work on it.
    pub comment: Option<String>,
    /// When it is, or was, published; only on the way to the public.
    pub publish_at: Option<DateTime<FixedOffset>>,
    /// When it vanishes again; only on the way to the public.
    pub unpublish_at: Patch<DateTime<Utc>>,
    /// Why it is taken back, for anyone to read; only on the way to `retracted`, and required there.
    pub reason: Option<String>,
}

/// A change of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionChange {
    /// Whether it stays whatever its age; never `Clear`.
    pub is_pinned: Patch<bool>,
    /// Why it was saved.
    pub comment: Patch<String>,
}

/// A preview that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewRecord {
    /// The number of the revision; `None` means the newest.
    pub revision: Option<i64>,
    /// For how many seconds.
    pub expires_in: i64,
}
