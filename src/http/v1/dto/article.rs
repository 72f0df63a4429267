//! Articles on the wire: lean summaries for lists, the whole for a page.

use std::str::FromStr;

use chrono::NaiveDate;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};
use utoipa::ToSchema;

use super::media::MediaVariant;
use super::site::{LocaleTag, SiteBody};
use super::source::SourceBody;
use super::total;
use crate::http::links::Links;
use crate::http::pagination::CountKind;
use crate::models::article::{
    ArticleRow, Audio, Heading, PublicArticle, StoredAttachment, StoredText, TextSummary,
};
use crate::models::category::Category;
use crate::models::change::{Change, Withdrawal};
use crate::models::contributor::{ContributorKind, ContributorName, StoredContribution};
use crate::models::linked_media::LinkedMedia;
use crate::models::listing::Place;
use crate::models::page::Page;
use crate::models::time::{self, Precision, Ts};
use crate::models::topic::Topic;
use crate::service::articles::{ChangePage, Changed, Detail, Include, Linked, Summary};

/// How exactly a time was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimePrecision {
    /// Only the day is known.
    Date,
    /// Known to the minute.
    Minute,
    /// Known to the second.
    Second,
}

impl From<Precision> for TimePrecision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::Date => Self::Date,
            Precision::Minute => Self::Minute,
            Precision::Second => Self::Second,
        }
    }
}

/// Whether a contributor is one person or an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContributorType {
    /// A person.
    Person,
    /// An organisation.
    Organization,
}

/// Who made an article, in the language served.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContributorBody {
    /// The same for all articles of the site.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    id: i64,
    /// What they did: `author`, `editor`, `reporter` and so on.
    #[schema(max_length = 2000, example = "author")]
    role: String,
    /// Person or organisation.
    kind: ContributorType,
    /// The name as printed.
    #[schema(max_length = 2000, example = "林晓岚")]
    name: String,
    /// The affiliation as printed.
    #[schema(max_length = 2000, example = "滨海海洋研究所")]
    affiliation: Option<String>,
}

/// The category of an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CategoryBrief {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    id: i64,
    /// The slugs from the root down to it.
    #[schema(max_length = 600, example = "research/ocean")]
    path: String,
    /// Its name.
    #[schema(max_length = 2000, example = "海洋研究")]
    name: String,
}

/// A topic of an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TopicBrief {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 2)]
    id: i64,
    /// Its title; not unique.
    #[schema(max_length = 2000, example = "深海观测")]
    title: String,
}

/// A keyword as printed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(max_length = 2000, example = "深海")]
pub struct Keyword(String);

impl From<String> for Keyword {
    fn from(keyword: String) -> Self {
        Self(keyword)
    }
}

/// A heading of the body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OutlineEntry {
    /// 1 to 6, as in `h1` to `h6`.
    #[schema(minimum = 1, maximum = 6, example = 2)]
    level: i32,
    /// Its text, without tags.
    #[schema(max_length = 2097152, example = "观测方法")]
    text: String,
    /// A name for links, unique within the body: the heading's own `id`, else one made from its text. The n-th entry
    /// belongs to the n-th heading of `body_html`; a heading without `id` is given this one by the front end.
    #[schema(max_length = 2097152, example = "guan-ce-fang-fa")]
    anchor: String,
}

/// A file that comes with an article. Of one that is outside, what nobody said is `null`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttachmentBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 5)]
    id: i64,
    /// What it is called.
    #[schema(max_length = 2000, example = "年度报告.pdf")]
    name: String,
    /// Its media type.
    #[schema(max_length = 2000, example = "application/pdf")]
    media_type: Option<String>,
    /// Its size in bytes.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 482133)]
    size: Option<i64>,
    /// The SHA-256 of its bytes, lower-case hexadecimal.
    #[schema(max_length = 64, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
    /// Where it is.
    #[schema(
        max_length = 20000,
        example = "https://www.example.org/files/report.pdf"
    )]
    url: String,
    /// How often it was fetched.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    downloads: i64,
    /// Width in pixels, of a picture that is media.
    #[schema(minimum = 1, maximum = 1000000000, example = 6000)]
    width: Option<i32>,
    /// Height in pixels, of a picture that is media.
    #[schema(minimum = 1, maximum = 1000000000, example = 4000)]
    height: Option<i32>,
    /// What a picture shows, for those who do not see it.
    #[schema(max_length = 16000, example = "海面上的观测浮标")]
    alt: Option<String>,
    /// Smaller copies of a picture that is media, the smallest first.
    #[schema(max_items = 100)]
    variants: Vec<MediaVariant>,
}

/// A recording of the text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AudioBody {
    /// Where it is.
    #[schema(max_length = 20000, example = "https://www.example.org/audio/1.mp3")]
    url: String,
    /// Its media type.
    #[schema(max_length = 2000, example = "audio/mpeg")]
    media_type: Option<String>,
    /// Its size in bytes, where it is media.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 4821330)]
    size: Option<i64>,
    /// The SHA-256 of its bytes, lower-case hexadecimal, where it is media.
    #[schema(max_length = 64, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
    /// How long it is, in seconds.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 312)]
    duration_s: Option<i64>,
    /// The language of the rendition that is read.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: String,
    /// Whether title, subtitle or words of that rendition are others than those that are read.
    stale: bool,
}

/// A picture that stands for an article. Of one that is outside, everything but `url` is `null` or empty.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CoverBody {
    /// Where it is.
    #[schema(max_length = 20000, example = "https://www.example.org/covers/1.jpg")]
    url: String,
    /// Its media type.
    #[schema(max_length = 200, example = "image/jpeg")]
    media_type: Option<String>,
    /// Its size in bytes.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 482133)]
    size: Option<i64>,
    /// The SHA-256 of its bytes, lower-case hexadecimal.
    #[schema(max_length = 64, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
    /// Width in pixels.
    #[schema(minimum = 1, maximum = 1000000000, example = 6000)]
    width: Option<i32>,
    /// Height in pixels.
    #[schema(minimum = 1, maximum = 1000000000, example = 4000)]
    height: Option<i32>,
    /// What it shows, for those who do not see it.
    #[schema(max_length = 16000, example = "海面上的观测浮标")]
    alt: Option<String>,
    /// Smaller copies, the smallest first.
    #[schema(max_items = 100)]
    variants: Vec<MediaVariant>,
}

/// A step of the way from the home page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BreadcrumbBody {
    /// Id of the category; `null` for the home page.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    pub(super) id: Option<i64>,
    /// What it is called.
    #[schema(max_length = 2000, example = "海洋研究")]
    pub(super) name: String,
    /// Path of the category; empty for the home page.
    #[schema(max_length = 600, example = "research/ocean")]
    pub(super) path: String,
}

/// The articles published just before and after in the same category; `null` at the ends.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NeighborsBody {
    /// Published just before.
    previous: Option<ArticleSummary>,
    /// Published just after.
    next: Option<ArticleSummary>,
}

/// An article as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticleSummary {
    /// Stable for ever.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its name in addresses, unique within the site.
    #[schema(max_length = 200, example = "shen-hai-guan-ce")]
    slug: String,
    /// The address of its page.
    #[schema(
        max_length = 20000,
        format = "uri",
        example = "https://www.example.org/articles/shen-hai-guan-ce"
    )]
    url: String,
    /// The language served; none of `available_locales` where the text was put into the other Chinese script, as `locale` asked.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: String,
    /// The languages it exists in, the original first.
    #[schema(max_items = 1001)]
    available_locales: Vec<LocaleTag>,
    /// The title.
    #[schema(max_length = 2000, example = "深海观测网建成")]
    title: String,
    /// The subtitle.
    #[schema(max_length = 2000)]
    subtitle: Option<String>,
    /// The abstract.
    #[schema(max_length = 80000)]
    summary: Option<String>,
    /// The line naming the sources, as printed.
    #[schema(max_length = 2000, example = "科学日报")]
    source_line: Option<String>,
    /// Its category.
    category: CategoryBrief,
    /// A picture that stands for it.
    cover: Option<CoverBody>,
    /// Keywords in order.
    #[schema(max_items = 1000)]
    keywords: Vec<Keyword>,
    /// When it was published, with the offset that the portal printed.
    #[schema(max_length = 40, format = DateTime, example = "2026-01-15T08:29:20+08:00")]
    published_at: String,
    /// How exactly `published_at` was printed.
    published_precision: TimePrecision,
    /// When it was last changed, UTC.
    #[schema(max_length = 40, format = DateTime, example = "2026-01-15T02:00:00Z")]
    updated_at: String,
    /// Whether it has files.
    has_attachments: bool,
    /// How often it was viewed.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 983)]
    views: i64,
}

/// A page of articles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticlePage {
    /// The articles.
    #[schema(max_items = 100)]
    items: Vec<ArticleSummary>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 1000, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

/// What became of an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticleChange {
    /// Id of the article.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    id: i64,
    /// When it changed, came or went, UTC.
    #[schema(max_length = 40, format = DateTime, example = "2026-01-15T02:00:00Z")]
    changed_at: String,
    /// Since when it is not public any more, UTC; `null` where it is public.
    #[schema(max_length = 40, format = DateTime)]
    withdrawn_at: Option<String>,
    /// Why it is not public any more: `archived`, `deleted`, `expired`, `rescheduled`, `retracted`, `unpublished`; later versions may add words.
    #[schema(max_length = 200)]
    reason: Option<String>,
    /// The article as lists show it; `null` where it was withdrawn.
    article: Option<ArticleSummary>,
}

/// A part of the feed of changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticleChangePage {
    /// The changes, oldest first, each article once.
    #[schema(max_items = 100)]
    items: Vec<ArticleChange>,
    /// Where to go on with `since`, now or later; keep it.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: String,
    /// Whether there may be more right now. If not, ask again later.
    has_more: bool,
    /// Always `null`: changes are not counted.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// Always `none`.
    total_kind: CountKind,
}

/// An article as its page shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticleBody {
    /// Stable for ever.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its name in addresses, unique within the site.
    #[schema(max_length = 200, example = "shen-hai-guan-ce")]
    slug: String,
    /// The address of its page.
    #[schema(
        max_length = 20000,
        format = "uri",
        example = "https://www.example.org/articles/shen-hai-guan-ce"
    )]
    url: String,
    /// The language served, as in `Content-Language`. Where `derived`, it names the script and, for Traditional, the region that was asked for:
    /// `zh-Hans`, `zh-Hant`, `zh-Hant-TW`, `zh-Hant-HK`, `zh-Hant-MO`.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: String,
    /// The languages it exists in, the original first.
    #[schema(max_items = 1001)]
    available_locales: Vec<LocaleTag>,
    /// Whether the text was put into the other Chinese script for this answer, phrase by phrase, because the article lacks the one that `locale` asked
    /// for. Titles, abstract, lines, keywords, names of contributors, headings and the texts of `body_html` are converted; tags, attributes, code, anchors, names of
    /// files, and of categories, sources and topics are not. Nothing of it is stored; editors correct it with script phrases or a translation.
    derived: bool,
    /// The title.
    #[schema(max_length = 2000, example = "深海观测网建成")]
    title: String,
    /// The subtitle.
    #[schema(max_length = 2000)]
    subtitle: Option<String>,
    /// The abstract.
    #[schema(max_length = 80000)]
    summary: Option<String>,
    /// The label printed before the abstract.
    #[schema(max_length = 2000, example = "核心阅读")]
    summary_label: Option<String>,
    /// Sanitised HTML: no scripts, no styles, no event handlers.
    #[schema(max_length = 8388608, example = "<p>观测网覆盖整个海区。</p>")]
    body_html: String,
    /// The headings of the body, in order.
    #[schema(max_items = 300000)]
    outline: Vec<OutlineEntry>,
    /// The line naming the authors, as printed.
    #[schema(max_length = 2000)]
    byline: Option<String>,
    /// Who made it, in order.
    #[schema(max_items = 1000)]
    contributors: Vec<ContributorBody>,
    /// Where it comes from, relay first, origin last.
    #[schema(max_items = 1000)]
    sources: Vec<SourceBody>,
    /// The line naming the sources, as printed.
    #[schema(max_length = 2000, example = "科学日报")]
    source_line: Option<String>,
    /// Its category.
    category: CategoryBrief,
    /// Its topics.
    #[schema(max_items = 1000)]
    topics: Vec<TopicBrief>,
    /// Keywords in order.
    #[schema(max_items = 1000)]
    keywords: Vec<Keyword>,
    /// A picture that stands for it.
    cover: Option<CoverBody>,
    /// Its files.
    #[schema(max_items = 1000)]
    attachments: Vec<AttachmentBody>,
    /// Recordings of the text.
    #[schema(max_items = 1000)]
    audio: Vec<AudioBody>,
    /// When it was published, with the offset that the portal printed.
    #[schema(max_length = 40, format = DateTime, example = "2026-01-15T08:29:20+08:00")]
    published_at: String,
    /// How exactly `published_at` was printed.
    published_precision: TimePrecision,
    /// The day the text speaks of.
    #[schema(max_length = 10, format = Date, example = "2026-01-14")]
    event_date: Option<String>,
    /// When it was last changed, UTC.
    #[schema(max_length = 40, format = DateTime, example = "2026-01-15T02:00:00Z")]
    updated_at: String,
    /// How often it was viewed.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 983)]
    views: i64,
    /// Reading time in minutes; 0 for an empty body.
    #[schema(minimum = 0, maximum = 100000, example = 3)]
    reading_minutes: i32,
    /// Grows with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// With `include=breadcrumbs`: the way from the home page, without the article itself.
    #[schema(max_items = 1000)]
    breadcrumbs: Option<Vec<BreadcrumbBody>>,
    /// With `include=neighbors`: the articles before and after it in its category.
    neighbors: Option<NeighborsBody>,
    /// With `include=related`: what an editor recommends beside it, in order.
    #[schema(max_items = 1000)]
    related: Option<Vec<ArticleSummary>>,
    /// With `include=site_details`: its site.
    site_details: Option<SiteBody>,
}

/// The parts named in `include`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inclusions(Include);

impl From<Inclusions> for Include {
    fn from(inclusions: Inclusions) -> Self {
        inclusions.0
    }
}

impl FromStr for Inclusions {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut include = Include::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            match part {
                "breadcrumbs" => include.breadcrumbs = true,
                "neighbors" => include.neighbors = true,
                "related" => include.related = true,
                "site_details" => include.site_details = true,
                _ => {
                    return Err(
                        "must be a list of `breadcrumbs`, `neighbors`, `related`, `site_details`, separated by commas",
                    );
                }
            }
        }
        Ok(Self(include))
    }
}

impl<'de> Deserialize<'de> for Inclusions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl ArticleSummary {
    /// The article in the rendition served.
    pub fn new(summary: Summary, links: &Links) -> Self {
        let Summary {
            article,
            text,
            available_locales,
            cover: picture,
        } = summary;
        let PublicArticle {
            article,
            views,
            site_slug,
            site_default_locale: _,
            site_url_template,
            site_script_variants: _,
            category_path,
            category_name,
        } = article;
        let ArticleRow {
            id,
            site_id: _,
            key: _,
            slug,
            category_id,
            status: _,
            locale: _,
            published_at,
            published_offset,
            published_precision,
            unpublish_at: _,
            event_date: _,
            source_line,
            cover,
            audio: _,
            has_attachments,
            version: _,
            updated_at,
        } = article;
        let TextSummary {
            article_id: _,
            locale,
            slug: own_slug,
            title,
            subtitle,
            summary,
            keywords,
        } = text;
        let slug = own_slug.unwrap_or(slug);
        Self {
            id,
            url: links.article(site_url_template.as_deref(), &slug, id),
            site: site_slug,
            slug,
            locale,
            available_locales: tags(available_locales),
            title,
            subtitle,
            summary,
            source_line,
            category: CategoryBrief {
                id: category_id,
                path: category_path,
                name: category_name,
            },
            cover: cover.map(|url| self::cover(url, picture)),
            keywords: keywords.0.into_iter().map(Keyword).collect(),
            published_at: time::printed(published_at, published_offset),
            published_precision: precision(&published_precision),
            updated_at: updated_at.to_rfc3339(),
            has_attachments,
            views,
        }
    }
}

impl ArticlePage {
    /// A page and the cursor of the next one.
    pub fn new(page: Page<Summary, Place>, next_cursor: Option<String>, links: &Links) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page
                .items
                .into_iter()
                .map(|summary| ArticleSummary::new(summary, links))
                .collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

impl ArticleChange {
    fn new(changed: Changed, links: &Links) -> Self {
        let Changed {
            change:
                Change {
                    article_id,
                    changed_at,
                    withdrawal,
                },
            article,
        } = changed;
        let (withdrawn_at, reason) = match withdrawal {
            Some(Withdrawal { at, reason }) => (Some(at.to_rfc3339()), Some(reason)),
            None => (None, None),
        };
        Self {
            id: article_id,
            changed_at: changed_at.to_rfc3339(),
            withdrawn_at,
            reason,
            article: article.map(|summary| ArticleSummary::new(summary, links)),
        }
    }
}

impl ArticleChangePage {
    /// A part of the feed and the cursor to go on with.
    pub fn new(page: ChangePage, next_cursor: String, links: &Links) -> Self {
        let ChangePage {
            items,
            next: _,
            has_more,
        } = page;
        Self {
            items: items
                .into_iter()
                .map(|changed| ArticleChange::new(changed, links))
                .collect(),
            next_cursor,
            has_more,
            total: None,
            total_kind: CountKind::None,
        }
    }
}

impl ArticleBody {
    /// The article in the rendition served, with the parts asked for.
    pub fn new(detail: Detail, include: Include, links: &Links) -> Self {
        let Detail {
            article,
            text,
            derived,
            available_locales,
            contributions,
            sources,
            topics,
            cover: picture,
            attachments,
            audio,
            ancestors,
            neighbors,
            related,
            site,
        } = detail;
        let PublicArticle {
            article,
            views,
            site_slug,
            site_default_locale: _,
            site_url_template,
            site_script_variants: _,
            category_path,
            category_name,
        } = article;
        let ArticleRow {
            id,
            site_id: _,
            key: _,
            slug,
            category_id,
            status: _,
            locale: own_locale,
            published_at,
            published_offset,
            published_precision,
            unpublish_at: _,
            event_date,
            source_line,
            cover,
            audio: _,
            has_attachments: _,
            version,
            updated_at,
        } = article;
        let StoredText {
            article_id: _,
            locale,
            slug: own_slug,
            title,
            subtitle,
            summary,
            summary_label,
            byline,
            keywords,
            contributors: names,
            outline,
            reading_minutes,
            body_html,
        } = text;
        let slug = own_slug.unwrap_or(slug);
        let home = site.as_ref().map(|s| {
            s.content
                .home_label
                .clone()
                .unwrap_or_else(|| s.content.name.clone())
        });
        let summaries = |list: Vec<Summary>| {
            list.into_iter()
                .map(|s| ArticleSummary::new(s, links))
                .collect()
        };
        Self {
            id,
            url: links.article(site_url_template.as_deref(), &slug, id),
            site: site_slug,
            slug,
            locale,
            available_locales: tags(available_locales),
            derived,
            title,
            subtitle,
            summary,
            summary_label,
            body_html,
            outline: outline
                .0
                .into_iter()
                .map(
                    |Heading {
                         level,
                         text,
                         anchor,
                     }| OutlineEntry {
                        level,
                        text,
                        anchor,
                    },
                )
                .collect(),
            byline,
            contributors: contributions
                .into_iter()
                .map(|c| contributor(c, &names.0))
                .collect(),
            sources: sources.into_iter().map(SourceBody::from).collect(),
            source_line,
            category: CategoryBrief {
                id: category_id,
                path: category_path,
                name: category_name,
            },
            topics: topics.into_iter().map(topic).collect(),
            keywords: keywords.0.into_iter().map(Keyword).collect(),
            cover: cover.map(|url| self::cover(url, picture)),
            attachments: attachments.into_iter().map(attachment).collect(),
            audio: audio
                .into_iter()
                .map(|recording| self::audio(recording, &own_locale))
                .collect(),
            published_at: time::printed(published_at, published_offset),
            published_precision: precision(&published_precision),
            event_date: event_date.map(|day: NaiveDate| day.to_string()),
            updated_at: Ts::to_rfc3339(updated_at),
            views,
            reading_minutes,
            version,
            breadcrumbs: ancestors.map(|chain| breadcrumbs(home.unwrap_or_default(), chain)),
            neighbors: neighbors.map(|(previous, next)| NeighborsBody {
                previous: previous.map(|s| ArticleSummary::new(s, links)),
                next: next.map(|s| ArticleSummary::new(s, links)),
            }),
            related: related.map(summaries),
            site_details: site
                .filter(|_| include.site_details)
                .map(|s| SiteBody::new(s, links)),
        }
    }
}

fn tags(locales: Vec<String>) -> Vec<LocaleTag> {
    locales.into_iter().map(LocaleTag).collect()
}

fn precision(word: &str) -> TimePrecision {
    Precision::parse(word).map_or(TimePrecision::Date, TimePrecision::from)
}

/// The contribution with the name that the language served has for it.
fn contributor(contribution: StoredContribution, names: &[ContributorName]) -> ContributorBody {
    let StoredContribution {
        article_id: _,
        contributor_id,
        key,
        role,
        kind,
        name,
        affiliation,
    } = contribution;
    let kind = match ContributorKind::parse(&kind) {
        Some(ContributorKind::Organization) => ContributorType::Organization,
        Some(ContributorKind::Person) | None => ContributorType::Person,
    };
    let (name, affiliation) = match names.iter().find(|n| Some(&n.key) == key.as_ref()) {
        Some(translated) => (translated.name.clone(), translated.affiliation.clone()),
        None => (name, affiliation),
    };
    ContributorBody {
        id: contributor_id,
        role,
        kind,
        name,
        affiliation,
    }
}

fn topic(topic: Topic) -> TopicBrief {
    let Topic {
        id,
        site_id: _,
        key: _,
        title,
        year: _,
        position: _,
    } = topic;
    TopicBrief { id, title }
}

/// The picture at `url`, with what is known of it.
fn cover(url: String, picture: Option<LinkedMedia>) -> CoverBody {
    let Picture {
        width,
        height,
        alt,
        variants,
        bytes: (media_type, size, sha256),
    } = Picture::of(picture);
    CoverBody {
        url,
        media_type,
        size,
        sha256,
        width,
        height,
        alt,
        variants,
    }
}

/// What is known of media, where something is media.
#[derive(Default)]
struct Picture {
    width: Option<i32>,
    height: Option<i32>,
    alt: Option<String>,
    variants: Vec<MediaVariant>,
    /// Media type, size, SHA-256.
    bytes: (Option<String>, Option<i64>, Option<String>),
}

impl Picture {
    fn of(media: Option<LinkedMedia>) -> Self {
        let Some(LinkedMedia {
            media_type,
            size,
            sha256,
            width,
            height,
            alt,
            variants,
        }) = media
        else {
            return Self::default();
        };
        Self {
            width,
            height,
            alt,
            variants: variants.into_iter().map(MediaVariant::from).collect(),
            bytes: (Some(media_type), Some(size), Some(sha256)),
        }
    }
}

/// A recording; `own_locale` is the language of the original.
fn audio((recording, media): Linked<Audio>, own_locale: &str) -> AudioBody {
    let Audio {
        url,
        media_type,
        duration_s,
        locale,
        revision: _,
        digest: _,
        stale,
    } = recording;
    let (known_type, size, sha256) = Picture::of(media).bytes;
    AudioBody {
        url,
        media_type: known_type.or(media_type),
        size,
        sha256,
        duration_s,
        locale: locale.unwrap_or_else(|| own_locale.to_owned()),
        stale,
    }
}

fn attachment((attachment, media): Linked<StoredAttachment>) -> AttachmentBody {
    let StoredAttachment {
        id,
        article_id: _,
        name,
        url,
        media_type,
        size,
        sha256,
        downloads,
    } = attachment;
    let Picture {
        width,
        height,
        alt,
        variants,
        // They are noted with the attachment, as those of files outside are.
        bytes: _,
    } = Picture::of(media);
    AttachmentBody {
        id,
        name,
        media_type,
        size,
        sha256,
        url,
        downloads,
        width,
        height,
        alt,
        variants,
    }
}

fn breadcrumbs(home: String, chain: Vec<Category>) -> Vec<BreadcrumbBody> {
    let first = BreadcrumbBody {
        id: None,
        name: home,
        path: String::new(),
    };
    let rest = chain.into_iter().map(
        |Category {
             id,
             site_id: _,
             parent_id: _,
             path,
             name,
             position: _,
         }| {
            BreadcrumbBody {
                id: Some(id),
                name,
                path,
            }
        },
    );
    std::iter::once(first).chain(rest).collect()
}
