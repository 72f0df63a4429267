//! Portal files written: rows in, lines out that the reader takes back. It does not ask where the rows come from.

use std::io::{self, Write};

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use crate::models::article::{Attachment, Audio, Status};
use crate::models::contributor::{Contribution, ContributorName};
use crate::models::link_group::Link;
use crate::models::rules;
use crate::models::site::{Block, Contact, Credit, Identity, Registration};
use crate::models::time::Precision;

/// A site.
#[derive(Debug, Clone, Serialize)]
pub struct SiteLine<'a> {
    /// Natural key.
    pub slug: &'a str,
    /// Name.
    pub name: &'a str,
    /// Language served where a reader asks for none.
    pub default_locale: &'a str,
    /// Offset from UTC, e.g. `+08:00`.
    pub utc_offset: &'a str,
    /// Languages.
    pub locales: &'a [String],
    /// First breadcrumb.
    pub home_label: Option<&'a str>,
    /// Owner.
    pub owner: Option<&'a str>,
    /// Copyright line.
    pub copyright: Option<&'a str>,
    /// Notice with `{site}`.
    pub copyright_notice: Option<&'a str>,
    /// Address template with `{path}`.
    pub url_template: Option<&'a str>,
    /// Filing numbers.
    pub registrations: &'a [Registration],
    /// Contacts.
    pub contacts: &'a [Contact],
    /// Credits.
    pub credits: &'a [Credit],
    /// Fixed texts.
    pub blocks: &'a [Block],
    /// What it may call itself.
    pub identity: &'a Identity,
    /// Whether articles are shown in the other Chinese script.
    pub script_variants: bool,
    /// The visitor counter.
    pub visitors: i64,
}

/// A source.
#[derive(Debug, Clone, Serialize)]
pub struct SourceLine<'a> {
    /// Natural key.
    pub slug: &'a str,
    /// Name.
    pub name: &'a str,
    /// Home page.
    pub url: Option<&'a str>,
}

/// A category.
#[derive(Debug, Clone, Serialize)]
pub struct CategoryLine<'a> {
    /// Slug of the site.
    pub site: &'a str,
    /// Slugs from the root, joined by `/`.
    pub path: &'a str,
    /// Name.
    pub name: &'a str,
    /// Where it was before; left out where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_paths: Vec<FormerPathLine<'a>>,
}

/// A path that a category had before.
#[derive(Debug, Clone, Serialize)]
pub struct FormerPathLine<'a> {
    /// Slugs from the root, joined by `/`.
    pub path: &'a str,
    /// When it was given up.
    #[serde(serialize_with = "optional_instant")]
    pub until: Option<DateTime<Utc>>,
}

/// A menu.
#[derive(Debug, Clone, Serialize)]
pub struct MenuLine<'a> {
    /// Slug of the site.
    pub site: &'a str,
    /// Key within the site.
    pub key: &'a str,
    /// Items in pre-order; written as a tree.
    #[serde(serialize_with = "menu_tree")]
    pub items: Vec<MenuItemLine<'a>>,
}

/// An item of a menu.
#[derive(Debug, Clone)]
pub struct MenuItemLine<'a> {
    /// 0 at the root. An item hangs below the last one before it that is less deep.
    pub depth: i32,
    /// Text.
    pub label: &'a str,
    /// The address it points to.
    pub url: Option<&'a str>,
    /// Path of the category it points to.
    pub category: Option<&'a str>,
}

/// A group of links.
#[derive(Debug, Clone, Serialize)]
pub struct LinkGroupLine<'a> {
    /// Slug of the site.
    pub site: &'a str,
    /// Key within the site.
    pub key: &'a str,
    /// Title.
    pub title: &'a str,
    /// Links in order.
    pub links: &'a [Link],
}

/// What editors want instead of what the dictionaries of scripts say.
#[derive(Debug, Clone, Serialize)]
pub struct ScriptPhraseLine<'a> {
    /// Slug of the site.
    pub site: &'a str,
    /// As it is written in Simplified texts.
    pub hans: &'a str,
    /// As it is written in Traditional texts.
    pub hant: &'a str,
    /// The word of its direction.
    pub direction: &'a str,
    /// Why it is there.
    pub note: Option<&'a str>,
}

/// A topic.
#[derive(Debug, Clone, Serialize)]
pub struct TopicLine<'a> {
    /// Slug of the site.
    pub site: &'a str,
    /// Key within the site.
    pub key: &'a str,
    /// Title.
    pub title: &'a str,
    /// The year it belongs to.
    pub year: Option<i32>,
}

/// A file.
#[derive(Debug, Clone, Serialize)]
pub struct MediaLine<'a> {
    /// Slug of its site.
    pub site: Option<&'a str>,
    /// Key within the site.
    pub key: &'a str,
    /// Where its bytes are; left out where the key says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// What it is called.
    pub name: &'a str,
    /// What a picture shows.
    pub alt: Option<&'a str>,
    /// What it is.
    pub media_type: &'a str,
    /// How many bytes it has.
    pub size: i64,
    /// Their SHA-256.
    pub sha256: &'a str,
}

/// An article.
#[derive(Debug, Clone, Serialize)]
pub struct ArticleLine<'a> {
    /// Slug of the site.
    pub site: &'a str,
    /// Key within the site.
    pub key: &'a str,
    /// Path of its category.
    pub category: &'a str,
    /// Language of the original.
    pub locale: &'a str,
    /// Its name in addresses.
    pub slug: &'a str,
    /// Title.
    pub title: &'a str,
    /// Subtitle.
    pub subtitle: Option<&'a str>,
    /// Abstract.
    pub summary: Option<&'a str>,
    /// Label before the abstract.
    pub summary_label: Option<&'a str>,
    /// Body.
    pub body_html: &'a str,
    /// Author line.
    pub byline: Option<&'a str>,
    /// Who made it, in order.
    #[serde(serialize_with = "contributions")]
    pub contributors: &'a [Contribution],
    /// Slugs of its sources, relay first, origin last.
    pub sources: Vec<&'a str>,
    /// Source line as printed.
    pub source_line: Option<&'a str>,
    /// When it was published, with the printed offset.
    #[serde(serialize_with = "instant")]
    pub published_at: DateTime<FixedOffset>,
    /// How exactly the time was printed.
    #[serde(serialize_with = "precision")]
    pub published_precision: Precision,
    /// When it vanishes again.
    #[serde(serialize_with = "optional_instant")]
    pub unpublish_at: Option<DateTime<Utc>>,
    /// The day the text speaks of.
    #[serde(serialize_with = "optional_date")]
    pub event_date: Option<NaiveDate>,
    /// Keywords in order.
    pub keywords: &'a [String],
    /// Keys of its topics.
    pub topics: Vec<&'a str>,
    /// Address of the cover picture.
    pub cover: Option<&'a str>,
    /// Files.
    #[serde(serialize_with = "attachments")]
    pub attachments: &'a [Attachment],
    /// Recordings.
    #[serde(serialize_with = "recordings")]
    pub audio: &'a [Audio],
    /// Keys of related articles.
    pub related: Vec<&'a str>,
    /// Views.
    pub views: i64,
    /// Downloads.
    pub downloads: i64,
    /// Citations.
    pub citations: i64,
    /// Where it stands in its life.
    #[serde(serialize_with = "status")]
    pub status: Status,
    /// Why it was taken back; left out where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retraction_reason: Option<&'a str>,
    /// When it was; left out where it was not.
    #[serde(
        serialize_with = "optional_instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub retracted_at: Option<DateTime<Utc>>,
    /// Translations.
    pub translations: Vec<TranslationLine<'a>>,
    /// What it was called before; left out where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_slugs: Vec<FormerSlugLine<'a>>,
}

/// A slug that an article had before.
#[derive(Debug, Clone, Serialize)]
pub struct FormerSlugLine<'a> {
    /// The slug.
    pub slug: &'a str,
    /// The language of the translation whose slug it was.
    pub locale: Option<&'a str>,
    /// When it was given up.
    #[serde(serialize_with = "optional_instant")]
    pub until: Option<DateTime<Utc>>,
}

/// A translation of an article.
#[derive(Debug, Clone, Serialize)]
pub struct TranslationLine<'a> {
    /// Language.
    pub locale: &'a str,
    /// Its own name in addresses.
    pub slug: Option<&'a str>,
    /// Title.
    pub title: &'a str,
    /// Subtitle.
    pub subtitle: Option<&'a str>,
    /// Abstract.
    pub summary: Option<&'a str>,
    /// Label before the abstract.
    pub summary_label: Option<&'a str>,
    /// Body.
    pub body_html: &'a str,
    /// Author line.
    pub byline: Option<&'a str>,
    /// The contributors' names in this language.
    pub contributors: &'a [ContributorName],
    /// Keywords in order.
    pub keywords: &'a [String],
}

/// Every kind of line; the tag comes first.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Portal { version: u32 },
    Site(&'a SiteLine<'a>),
    Source(&'a SourceLine<'a>),
    Category(&'a CategoryLine<'a>),
    Menu(&'a MenuLine<'a>),
    LinkGroup(&'a LinkGroupLine<'a>),
    ScriptPhrase(&'a ScriptPhraseLine<'a>),
    Topic(&'a TopicLine<'a>),
    Media(&'a MediaLine<'a>),
    Article(&'a ArticleLine<'a>),
}

/// Writes a portal file. Lines go out as they come: parents before what refers to them is the caller's order to keep, and so
/// is a buffer below.
pub struct Writer<W> {
    output: W,
}

impl<W: Write> Writer<W> {
    /// A writer at the start of a file.
    pub fn new(output: W) -> Self {
        Self { output }
    }

    /// Writes the first line.
    pub fn header(&mut self) -> io::Result<()> {
        self.line(&Line::Portal { version: 1 })
    }

    /// Writes a site.
    pub fn site(&mut self, site: &SiteLine<'_>) -> io::Result<()> {
        self.line(&Line::Site(site))
    }

    /// Writes a source.
    pub fn source(&mut self, source: &SourceLine<'_>) -> io::Result<()> {
        self.line(&Line::Source(source))
    }

    /// Writes a category.
    pub fn category(&mut self, category: &CategoryLine<'_>) -> io::Result<()> {
        self.line(&Line::Category(category))
    }

    /// Writes a menu.
    pub fn menu(&mut self, menu: &MenuLine<'_>) -> io::Result<()> {
        self.line(&Line::Menu(menu))
    }

    /// Writes a group of links.
    pub fn link_group(&mut self, group: &LinkGroupLine<'_>) -> io::Result<()> {
        self.line(&Line::LinkGroup(group))
    }

    /// Writes a phrase.
    pub fn script_phrase(&mut self, phrase: &ScriptPhraseLine<'_>) -> io::Result<()> {
        self.line(&Line::ScriptPhrase(phrase))
    }

    /// Writes a topic.
    pub fn topic(&mut self, topic: &TopicLine<'_>) -> io::Result<()> {
        self.line(&Line::Topic(topic))
    }

    /// Writes a file.
    pub fn media(&mut self, media: &MediaLine<'_>) -> io::Result<()> {
        self.line(&Line::Media(media))
    }

    /// Writes an article.
    pub fn article(&mut self, article: &ArticleLine<'_>) -> io::Result<()> {
        self.line(&Line::Article(article))
    }

    /// Flushes what is below and returns it.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }

    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, line)?;
        self.output.write_all(b"\n")
    }
}

fn menu_tree<S: Serializer>(items: &[MenuItemLine<'_>], to: S) -> Result<S::Ok, S::Error> {
    MenuLevel { items, level: 0 }.serialize(to)
}

/// Items in pre-order; those at `level` or above it stand side by side, the others hang below the one before.
struct MenuLevel<'a> {
    items: &'a [MenuItemLine<'a>],
    level: usize,
}

impl Serialize for MenuLevel<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Node<'a> {
            label: &'a str,
            url: Option<&'a str>,
            category: Option<&'a str>,
            children: MenuLevel<'a>,
        }
        // The deepest level takes whatever is deeper still, so the recursion ends there.
        let is_last = self.level + 1 >= rules::MENU_DEPTH;
        let hangs_below = |item: &&MenuItemLine<'_>| {
            !is_last && usize::try_from(item.depth).is_ok_and(|d| d > self.level)
        };
        let mut rest = self.items;
        to.collect_seq(std::iter::from_fn(|| {
            let (item, after) = rest.split_first()?;
            let (children, next) =
                after.split_at_checked(after.iter().take_while(hangs_below).count())?;
            rest = next;
            let MenuItemLine {
                depth: _,
                label,
                url,
                category,
            } = item;
            let children = MenuLevel {
                items: children,
                level: self.level + 1,
            };
            Some(Node {
                label,
                url: *url,
                category: *category,
                children,
            })
        }))
    }
}

fn contributions<S: Serializer>(all: &[Contribution], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Member<'a> {
        key: Option<&'a str>,
        role: &'a str,
        kind: &'a str,
        name: &'a str,
        affiliation: Option<&'a str>,
    }
    to.collect_seq(all.iter().map(
        |Contribution {
             key,
             role,
             kind,
             name,
             affiliation,
         }| Member {
            key: key.as_deref(),
            role,
            kind: kind.as_str(),
            name,
            affiliation: affiliation.as_deref(),
        },
    ))
}

/// What a recording was made for is known by this database alone; a file says whether it is stale.
fn recordings<S: Serializer>(all: &[Audio], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Member<'a> {
        url: &'a str,
        media_type: Option<&'a str>,
        duration_s: Option<i64>,
        locale: Option<&'a str>,
        stale: bool,
    }
    to.collect_seq(all.iter().map(
        |Audio {
             url,
             media_type,
             duration_s,
             locale,
             revision: _,
             digest: _,
             stale,
         }| Member {
            url,
            media_type: media_type.as_deref(),
            duration_s: *duration_s,
            locale: locale.as_deref(),
            stale: *stale,
        },
    ))
}

fn attachments<S: Serializer>(all: &[Attachment], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Member<'a> {
        name: &'a str,
        url: &'a str,
        media_type: Option<&'a str>,
        size: Option<i64>,
        sha256: Option<&'a str>,
    }
    to.collect_seq(all.iter().map(
        |Attachment {
             name,
             url,
             media_type,
             size,
             sha256,
         }| Member {
            name,
            url,
            media_type: media_type.as_deref(),
            size: *size,
            sha256: sha256.as_deref(),
        },
    ))
}

fn status<S: Serializer>(status: &Status, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(status.as_str())
}

fn precision<S: Serializer>(precision: &Precision, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(precision.as_str())
}

fn instant<S: Serializer>(at: &DateTime<FixedOffset>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, false))
}

fn optional_instant<S: Serializer>(at: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        .serialize(to)
}

fn optional_date<S: Serializer>(date: &Option<NaiveDate>, to: S) -> Result<S::Ok, S::Error> {
    date.map(|date| date.to_string()).serialize(to)
}

#[cfg(test)]
mod tests {
    use super::super::reader::Reader;
    use super::super::record::Record;
    use super::*;
    use crate::models::contributor::ContributorKind;
    use crate::models::patch::Patch;
    use crate::models::record::{
        ArticleRecord, AudioRecord, CategoryRecord, FormerPathRecord, FormerSlugRecord,
        IdentityRecord, MenuEntry, SiteRecord, TranslationRecord,
    };
    use crate::models::workflow::State;

    fn text(write: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>) -> String {
        let mut writer = Writer::new(Vec::new());
        write(&mut writer).expect("memory can be written");
        String::from_utf8(writer.finish().expect("memory can be written")).expect("UTF-8")
    }

    fn read_back(line: &str) -> Record {
        let file = format!("{}{line}", text(Writer::header));
        let mut lines: Vec<_> = Reader::new(file.as_bytes())
            .map(|l| l.expect("memory can be read").content)
            .collect();
        assert_eq!(lines.len(), 2);
        lines.pop().expect("a line").expect("no faults")
    }

    fn set<T>(value: T) -> Patch<T> {
        Patch::Set(value)
    }

    #[test]
    fn lines_start_with_their_type_and_hold_every_member() {
        assert_eq!(
            text(Writer::header),
            "{\"type\":\"portal\",\"version\":1}\n"
        );
        let line = text(|w| {
            w.source(&SourceLine {
                slug: "a",
                name: "人民\u{2028}日报\"",
                url: None,
            })
        });
        assert_eq!(
            line,
            "{\"type\":\"source\",\"slug\":\"a\",\"name\":\"人民\u{2028}日报\\\"\",\"url\":null}\n"
        );
        let line = text(|w| {
            w.link_group(&LinkGroupLine {
                site: "s",
                key: "k",
                title: "t",
                links: &[],
            })
        });
        assert_eq!(
            line,
            "{\"type\":\"link_group\",\"site\":\"s\",\"key\":\"k\",\"title\":\"t\",\"links\":[]}\n"
        );
        let line = text(|w| {
            w.topic(&TopicLine {
                site: "s",
                key: "k",
                title: "t",
                year: Some(2023),
            })
        });
        assert_eq!(
            line,
            "{\"type\":\"topic\",\"site\":\"s\",\"key\":\"k\",\"title\":\"t\",\"year\":2023}\n"
        );
        assert!(matches!(read_back(&line), Record::Topic(topic) if topic.year == set(2023)));
        let line = text(|w| {
            w.category(&CategoryLine {
                site: "s",
                path: "a/b",
                name: "n",
                former_paths: Vec::new(),
            })
        });
        assert_eq!(
            line,
            "{\"type\":\"category\",\"site\":\"s\",\"path\":\"a/b\",\"name\":\"n\"}\n"
        );
        let until = DateTime::from_timestamp(1_700_000_000, 123_456_000);
        let line = text(|w| {
            w.category(&CategoryLine {
                site: "s",
                path: "a/b",
                name: "n",
                former_paths: vec![FormerPathLine {
                    path: "旧/路",
                    until,
                }],
            })
        });
        let category = CategoryRecord {
            site: "s".to_owned(),
            path: "a/b".to_owned(),
            name: set("n".to_owned()),
            former_paths: set(vec![FormerPathRecord {
                path: "旧/路".to_owned(),
                until,
            }]),
        };
        assert_eq!(read_back(&line), Record::Category(category));
    }

    #[test]
    fn a_site_comes_back_as_it_was() {
        let some = |text: &str| Some(text.to_owned());
        let registrations = vec![Registration {
            kind: "icp".to_owned(),
            number: "京ICP".to_owned(),
            url: some("/r"),
        }];
        let contacts = vec![Contact {
            kind: "phone".to_owned(),
            label: None,
            value: "1".to_owned(),
        }];
        let credits = vec![Credit {
            label: some("技术支持"),
            value: "c".to_owned(),
        }];
        let blocks = vec![Block {
            kind: "quote".to_owned(),
            text: "q\nr".to_owned(),
            attribution: some("a"),
        }];
        let identity = Identity {
            names: vec!["n".to_owned()],
            domains: vec!["example.org".to_owned()],
        };
        let locales = vec!["zh-Hans".to_owned(), "en".to_owned()];
        let line = SiteLine {
            slug: "s",
            name: "名",
            default_locale: "zh-Hans",
            utc_offset: "+08:00",
            locales: &locales,
            home_label: Some("首页"),
            owner: None,
            copyright: Some("©"),
            copyright_notice: Some("{site}"),
            url_template: Some("https://example.org/{path}"),
            registrations: &registrations,
            contacts: &contacts,
            credits: &credits,
            blocks: &blocks,
            identity: &identity,
            script_variants: false,
            visitors: 34_819_433,
        };
        let expected = SiteRecord {
            slug: "s".to_owned(),
            name: set("名".to_owned()),
            default_locale: set("zh-Hans".to_owned()),
            utc_offset: set("+08:00".to_owned()),
            locales: set(locales.clone()),
            home_label: set("首页".to_owned()),
            owner: Patch::Clear,
            copyright: set("©".to_owned()),
            copyright_notice: set("{site}".to_owned()),
            url_template: set("https://example.org/{path}".to_owned()),
            registrations: set(registrations.clone()),
            contacts: set(contacts.clone()),
            credits: set(credits.clone()),
            blocks: set(blocks.clone()),
            identity: set(IdentityRecord {
                names: set(identity.names.clone()),
                domains: set(identity.domains.clone()),
            }),
            script_variants: set(false),
            visitors: 34_819_433,
        };
        assert_eq!(
            read_back(&text(|w| w.site(&line))),
            Record::Site(Box::new(expected))
        );
    }

    #[test]
    fn an_article_comes_back_as_it_was() {
        let contributors = vec![Contribution {
            key: Some("zhang".to_owned()),
            role: "author".to_owned(),
            kind: ContributorKind::Person,
            name: "张亚平".to_owned(),
            affiliation: None,
        }];
        let names = vec![ContributorName {
            key: "zhang".to_owned(),
            name: "Zhang".to_owned(),
            affiliation: Some("CAS".to_owned()),
        }];
        let attachments = vec![Attachment {
            name: "a.pdf".to_owned(),
            url: "/a.pdf".to_owned(),
            media_type: Some("application/pdf".to_owned()),
            size: Some(7),
            sha256: Some("0".repeat(64)),
        }];
        let audio = vec![Audio {
            url: "/a.mp3".to_owned(),
            media_type: None,
            duration_s: Some(60),
            locale: Some("en".to_owned()),
            revision: Some(2),
            digest: Some("0f".to_owned()),
            stale: true,
        }];
        let keywords = vec!["k".to_owned()];
        let published_at =
            DateTime::parse_from_rfc3339("2022-09-20T08:29:20.5+08:00").expect("a time");
        let unpublish_at = DateTime::parse_from_rfc3339("2023-01-01T00:00:00Z")
            .expect("a time")
            .to_utc();
        let line = ArticleLine {
            site: "s",
            key: "k",
            category: "a/b",
            locale: "zh-Hans",
            slug: "slug",
            title: " 题 ",
            subtitle: None,
            summary: Some(""),
            summary_label: None,
            body_html: "<p>\"\\\n\u{7f}</p>",
            byline: Some("b"),
            contributors: &contributors,
            sources: vec!["x", "y"],
            source_line: Some("x-y"),
            published_at,
            published_precision: Precision::Second,
            unpublish_at: Some(unpublish_at),
            event_date: NaiveDate::from_ymd_opt(2020, 1, 17),
            keywords: &keywords,
            topics: vec!["t"],
            cover: Some("/c.png"),
            attachments: &attachments,
            audio: &audio,
            related: vec!["later"],
            views: 983,
            downloads: 1,
            citations: 2,
            status: Status::Retracted,
            retraction_reason: Some("错"),
            retracted_at: Some(unpublish_at),
            translations: vec![TranslationLine {
                locale: "en",
                slug: Some("en-slug"),
                title: "T",
                subtitle: None,
                summary: None,
                summary_label: None,
                body_html: "",
                byline: None,
                contributors: &names,
                keywords: &[],
            }],
            former_slugs: vec![FormerSlugLine {
                slug: "before",
                locale: Some("en"),
                until: Some(unpublish_at),
            }],
        };
        let expected = ArticleRecord {
            site: "s".to_owned(),
            key: "k".to_owned(),
            category: set("a/b".to_owned()),
            category_id: Patch::Keep,
            locale: set("zh-Hans".to_owned()),
            title: set(" 题 ".to_owned()),
            body_html: set("<p>\"\\\n\u{7f}</p>".to_owned()),
            published_at: set(published_at),
            published_precision: set(Precision::Second),
            status: set(State::Retracted),
            retraction_reason: set("错".to_owned()),
            retracted_at: set(unpublish_at),
            slug: set("slug".to_owned()),
            subtitle: Patch::Clear,
            summary: set(String::new()),
            summary_label: Patch::Clear,
            byline: set("b".to_owned()),
            contributors: set(contributors.clone()),
            sources: set(vec!["x".to_owned(), "y".to_owned()]),
            source_line: set("x-y".to_owned()),
            event_date: set(NaiveDate::from_ymd_opt(2020, 1, 17).expect("a day")),
            keywords: set(keywords.clone()),
            topics: set(vec!["t".to_owned()]),
            cover: set("/c.png".to_owned()),
            attachments: set(attachments.clone()),
            audio: set(vec![AudioRecord {
                url: "/a.mp3".to_owned(),
                media_type: None,
                duration_s: Some(60),
                locale: Some("en".to_owned()),
                revision: None,
                stale: Some(true),
            }]),
            related: set(vec!["later".to_owned()]),
            unpublish_at: set(unpublish_at),
            views: 983,
            downloads: 1,
            citations: set(2),
            translations: set(vec![TranslationRecord {
                locale: "en".to_owned(),
                title: "T".to_owned(),
                slug: Some("en-slug".to_owned()),
                contributors: names.clone(),
                ..TranslationRecord::default()
            }]),
            former_slugs: set(vec![FormerSlugRecord {
                slug: "before".to_owned(),
                locale: Some("en".to_owned()),
                until: Some(unpublish_at),
            }]),
            comment: None,
        };
        let written = text(|w| w.article(&line));
        assert!(written.contains("\"published_at\":\"2022-09-20T08:29:20.500+08:00\""));
        assert_eq!(read_back(&written), Record::Article(Box::new(expected)));
    }

    #[test]
    fn a_menu_comes_back_as_it_was() {
        let items = [(0, "a"), (1, "b"), (2, "c"), (1, "d"), (0, "e"), (1, "f")];
        let write = |items: &[(i32, &'static str)]| {
            let items = items.iter().map(|(depth, label)| MenuItemLine {
                depth: *depth,
                label,
                url: None,
                category: Some("x/y"),
            });
            text(|w| {
                w.menu(&MenuLine {
                    site: "s",
                    key: "k",
                    items: items.collect(),
                })
            })
        };
        let read = |line: &str| match read_back(line) {
            Record::Menu(menu) => match menu.items {
                Patch::Set(items) => items,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        let found: Vec<_> = read(&write(&items))
            .into_iter()
            .map(|MenuEntry { depth, label, .. }| (depth, label))
            .collect();
        assert_eq!(found, items.map(|(depth, label)| (depth, label.to_owned())));
        let deep: Vec<_> = (0..5_000).map(|depth| (depth, "x")).collect();
        let found = read(&write(&deep));
        assert_eq!(found.len(), 5_000);
        assert_eq!(found.iter().map(|e| e.depth).max(), Some(15));
        let jumps: Vec<_> = read(&write(&[(3, "a"), (9, "b"), (-1, "c")]))
            .into_iter()
            .map(|e| e.depth)
            .collect();
        assert_eq!(jumps, [0, 1, 0]);
        assert!(
            text(|w| w.menu(&MenuLine {
                site: "s",
                key: "k",
                items: Vec::new()
            }))
            .contains("\"items\":[]")
        );
    }
}
