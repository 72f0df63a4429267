//! Articles on the wire, as those see and send them who may change them. References are natural keys, as in portal files.

use serde::Serialize;
use utoipa::ToSchema;

use super::article::{ContributorType, Keyword, TimePrecision};
use super::total;
use crate::http::pagination::CountKind;
use crate::models::article::{
    ArticleContent, ArticleState, Attachment, Audio, FormerSlug, ManagedArticle, ManagedSummary,
    Text,
};
use crate::models::contributor::{Contribution, ContributorKind, ContributorName};
use crate::models::page::Page;
use crate::models::time::{Ts, printed};
use crate::models::workflow::State;

/// Where an article stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArticleStatus {
    /// Being written; nobody outside sees it.
    Draft,
    /// Waiting for a reviewer.
    InReview,
    /// Approved by a reviewer, waiting for an editor.
    Approved,
    /// Published, with `published_at` still ahead: it appears by itself.
    Scheduled,
    /// Public from `published_at` until `unpublish_at`.
    Published,
    /// Taken from the public, kept.
    Archived,
    /// Taken back: readers get 410 with the reason.
    Retracted,
    /// Held back for text that looks injected: it does not exist for readers. Only the server takes an article here, and back to what
    /// `held_status` says once the findings are repaired or dismissed.
    Quarantined,
}

impl From<State> for ArticleStatus {
    fn from(state: State) -> Self {
        match state {
            State::Draft => Self::Draft,
            State::InReview => Self::InReview,
            State::Approved => Self::Approved,
            State::Scheduled => Self::Scheduled,
            State::Published => Self::Published,
            State::Archived => Self::Archived,
            State::Retracted => Self::Retracted,
            State::Quarantined => Self::Quarantined,
        }
    }
}

impl From<ArticleStatus> for State {
    fn from(status: ArticleStatus) -> Self {
        match status {
            ArticleStatus::Draft => Self::Draft,
            ArticleStatus::InReview => Self::InReview,
            ArticleStatus::Approved => Self::Approved,
            ArticleStatus::Scheduled => Self::Scheduled,
            ArticleStatus::Published => Self::Published,
            ArticleStatus::Archived => Self::Archived,
            ArticleStatus::Retracted => Self::Retracted,
            ArticleStatus::Quarantined => Self::Quarantined,
        }
    }
}

/// The natural key of something that an article names: the slug of a source, the key of a topic or of another article.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(max_length = 200, example = "deep-sea")]
pub struct NaturalKey(String);

/// Who made an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ManagedContributor {
    /// Names the same contributor across articles and translations of the site.
    #[schema(max_length = 200, example = "lin")]
    key: Option<String>,
    /// What they did: `author`, `editor`, `reporter` and so on.
    #[schema(max_length = 200, example = "author")]
    role: String,
    /// Person or organisation.
    kind: ContributorType,
    /// The name as printed.
    #[schema(max_length = 16000, example = "林晓岚")]
    name: String,
    /// The affiliation as printed.
    #[schema(max_length = 16000)]
    affiliation: Option<String>,
}

/// The name of a contributor in a translation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ManagedContributorName {
    /// The key of the contributor whose name it is.
    #[schema(max_length = 200, example = "lin")]
    key: String,
    /// The name in this language.
    #[schema(max_length = 16000, example = "Lin Xiaolan")]
    name: String,
    /// The affiliation in this language.
    #[schema(max_length = 16000)]
    affiliation: Option<String>,
}

/// A file that comes with an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ManagedAttachment {
    /// What it is called.
    #[schema(max_length = 16000, example = "年度报告.pdf")]
    name: String,
    /// Where it is; unique within the article.
    #[schema(
        max_length = 20000,
        example = "https://www.example.org/files/report.pdf"
    )]
    url: String,
    /// Its media type.
    #[schema(max_length = 200, example = "application/pdf")]
    media_type: Option<String>,
    /// Its size in bytes.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    size: Option<i64>,
    /// The SHA-256 of its bytes, lower-case hexadecimal.
    #[schema(max_length = 64, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
}

/// A recording of the text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ManagedAudio {
    /// Where it is.
    #[schema(max_length = 20000, example = "https://www.example.org/audio/1.mp3")]
    url: String,
    /// Its media type.
    #[schema(max_length = 200, example = "audio/mpeg")]
    media_type: Option<String>,
    /// How long it is, in seconds.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 312)]
    duration_s: Option<i64>,
    /// The language of the rendition that is read.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: String,
    /// The number of the revision that it was made for; `null` where nobody knows.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    revision: Option<i64>,
    /// Whether title, subtitle or words of that rendition are others than those that are read.
    stale: bool,
}

/// A slug that an article had before.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ManagedFormerSlug {
    /// The slug.
    #[schema(max_length = 200, example = "kai-fang-ri")]
    slug: String,
    /// The language of the translation whose slug it was; `null` where it was the article's own.
    #[schema(max_length = 35)]
    locale: Option<String>,
    /// Until when it was used.
    #[schema(max_length = 40, format = DateTime)]
    until: Option<String>,
}

/// A rendition of an article in another language.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct ManagedTranslation {
    /// The language (BCP 47).
    #[schema(max_length = 35, example = "en")]
    locale: String,
    /// The title.
    #[schema(max_length = 16000, example = "Open day 2026")]
    title: String,
    /// The body as HTML. It is cleaned before it is kept: scripts, event handlers and unknown elements go.
    #[schema(max_length = 2097152, example = "<p>Welcome.</p>")]
    body_html: String,
    /// Its own name in addresses, unique within the site.
    #[schema(max_length = 200, example = "open-day-2026")]
    slug: Option<String>,
    /// The subtitle.
    #[schema(max_length = 16000)]
    subtitle: Option<String>,
    /// The abstract.
    #[schema(max_length = 80000)]
    summary: Option<String>,
    /// The label printed before the abstract.
    #[schema(max_length = 16000)]
    summary_label: Option<String>,
    /// The line naming the authors, as printed.
    #[schema(max_length = 80000)]
    byline: Option<String>,
    /// The names of the article's contributors in this language, by key.
    #[schema(max_items = 1000)]
    contributors: Vec<ManagedContributorName>,
    /// Keywords in order.
    #[schema(max_items = 1000)]
    keywords: Vec<Keyword>,
}

/// An article, as those see it who may change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ManagedArticle)]
pub struct ManagedArticleBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its natural key within the site, unique and stable.
    #[schema(max_length = 200, example = "a-42")]
    key: String,
    /// Its name in addresses, unique within the site.
    #[schema(max_length = 200, example = "open-day-2026")]
    slug: String,
    /// Where it stands in its life.
    status: ArticleStatus,
    /// What its status is once its findings are repaired or dismissed, where it is `quarantined`.
    held_status: Option<ArticleStatus>,
    /// The language of the original (BCP 47).
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: String,
    /// Path of its category.
    #[schema(max_length = 600, example = "news/research")]
    category: String,
    /// Id of its category.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    category_id: i64,
    /// The title.
    #[schema(max_length = 16000, example = "2026年开放日")]
    title: String,
    /// The subtitle.
    #[schema(max_length = 16000)]
    subtitle: Option<String>,
    /// The abstract.
    #[schema(max_length = 80000)]
    summary: Option<String>,
    /// The label printed before the abstract.
    #[schema(max_length = 16000)]
    summary_label: Option<String>,
    /// The body as HTML.
    #[schema(max_length = 2097152, example = "<p>欢迎。</p>")]
    body_html: String,
    /// The line naming the authors, as printed.
    #[schema(max_length = 80000)]
    byline: Option<String>,
    /// Who made it, in order.
    #[schema(max_items = 1000)]
    contributors: Vec<ManagedContributor>,
    /// Slugs of its sources, relay first, origin last.
    #[schema(max_items = 1000)]
    sources: Vec<NaturalKey>,
    /// The line naming the sources, as printed.
    #[schema(max_length = 80000)]
    source_line: Option<String>,
    /// Keys of its topics.
    #[schema(max_items = 1000)]
    topics: Vec<NaturalKey>,
    /// Keywords in order.
    #[schema(max_items = 1000)]
    keywords: Vec<Keyword>,
    /// The day the text speaks of.
    #[schema(max_length = 10, format = Date, example = "2026-05-20")]
    event_date: Option<String>,
    /// Address of the cover picture.
    #[schema(max_length = 20000)]
    cover: Option<String>,
    /// Files. One whose address stays keeps its id and its counter.
    #[schema(max_items = 1000)]
    attachments: Vec<ManagedAttachment>,
    /// Recordings of the text.
    #[schema(max_items = 1000)]
    audio: Vec<ManagedAudio>,
    /// Keys of related articles of the site, in order.
    #[schema(max_items = 1000)]
    related: Vec<NaturalKey>,
    /// When it is or was published, with the offset that the portal prints.
    #[schema(max_length = 40, format = DateTime, example = "2026-05-20T09:00:00+08:00")]
    published_at: String,
    /// How exactly that is known.
    published_precision: TimePrecision,
    /// When it vanishes again.
    #[schema(max_length = 40, format = DateTime)]
    unpublish_at: Option<String>,
    /// When it was taken back, where it was.
    #[schema(max_length = 40, format = DateTime)]
    retracted_at: Option<String>,
    /// Why it was, for anyone to read.
    #[schema(max_length = 16000)]
    retraction_reason: Option<String>,
    /// All its renditions in other languages.
    #[schema(max_items = 1000)]
    translations: Vec<ManagedTranslation>,
    /// What it was called before; these addresses lead to it.
    #[schema(max_items = 1000)]
    former_slugs: Vec<ManagedFormerSlug>,
    /// How often it is cited, as somebody set it; `null` in revisions from before that was kept.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 12)]
    citations: Option<i64>,
    /// The account that made it through the API.
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    created_by: Option<i64>,
    /// The number of its newest revision.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    revision: i64,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// When it was made (RFC 3339, UTC).
    #[schema(max_length = 40, format = DateTime)]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 40, format = DateTime)]
    updated_at: String,
}

/// An article in the lists of those who may change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ManagedArticleSummary {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its natural key within the site.
    #[schema(max_length = 200, example = "a-42")]
    key: String,
    /// Its name in addresses.
    #[schema(max_length = 200, example = "open-day-2026")]
    slug: String,
    /// Where it stands in its life.
    status: ArticleStatus,
    /// Its own language.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: String,
    /// Its title in its own language.
    #[schema(max_length = 16000, example = "2026年开放日")]
    title: String,
    /// Path of its category.
    #[schema(max_length = 600, example = "news/research")]
    category: String,
    /// Id of its category.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 7)]
    category_id: i64,
    /// When it is or was published.
    #[schema(max_length = 40, format = DateTime)]
    published_at: String,
    /// When it vanishes again.
    #[schema(max_length = 40, format = DateTime)]
    unpublish_at: Option<String>,
    /// The account that made it through the API.
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    created_by: Option<i64>,
    /// How often it was viewed.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    views: i64,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    version: i64,
    /// When it was made (RFC 3339, UTC).
    #[schema(max_length = 40, format = DateTime)]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 40, format = DateTime)]
    updated_at: String,
}

/// A page of articles to manage.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ManagedArticlePage {
    /// The articles, the last changed first.
    #[schema(max_items = 100)]
    items: Vec<ManagedArticleSummary>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl ManagedArticlePage {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<ManagedSummary, (Ts, i64)>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

impl From<ManagedSummary> for ManagedArticleSummary {
    fn from(article: ManagedSummary) -> Self {
        let ManagedSummary {
            id,
            site,
            key,
            slug,
            state,
            title,
            category,
            category_id,
            published_at,
            published_offset,
            locale,
            unpublish_at,
            created_by,
            views,
            version,
            created_at,
            updated_at,
        } = article;
        Self {
            id,
            site,
            key,
            slug,
            status: state.into(),
            locale,
            title,
            category,
            category_id,
            published_at: printed(published_at, published_offset),
            unpublish_at: unpublish_at.map(Ts::to_rfc3339),
            created_by,
            views,
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
        }
    }
}

impl From<ManagedArticle> for ManagedArticleBody {
    fn from(article: ManagedArticle) -> Self {
        let ManagedArticle {
            id,
            site_id: _,
            site,
            key,
            category,
            sources,
            topics,
            content,
            state: stands,
            citations,
            revision,
            created_by,
            version,
            created_at,
            updated_at,
        } = article;
        let ArticleContent {
            state,
            texts,
            contributions,
            sources: _,
            topics: _,
            attachments,
            related,
            former_slugs,
        } = content;
        let held_status = state.held.map(|_| state.wanted_at(updated_at).into());
        let ArticleState {
            slug,
            category_id,
            status: _,
            held: _,
            locale,
            published_at,
            published_offset,
            published_precision,
            unpublish_at,
            retraction,
            event_date,
            source_line,
            cover,
            audio,
        } = state;
        let (retracted_at, retraction_reason) = retraction.map(|r| (r.at, r.reason)).unzip();
        let (original, translations): (Vec<Text>, Vec<Text>) =
            texts.into_iter().partition(|text| text.locale == locale);
        let original = original
            .into_iter()
            .next()
            .map(ManagedTranslation::from)
            .unwrap_or_default();
        Self {
            id,
            site,
            key,
            slug,
            status: stands.into(),
            held_status,
            locale: locale.clone(),
            category,
            category_id,
            title: original.title,
            subtitle: original.subtitle,
            summary: original.summary,
            summary_label: original.summary_label,
            body_html: original.body_html,
            byline: original.byline,
            contributors: contributions.into_iter().map(Into::into).collect(),
            sources: sources.into_iter().map(NaturalKey).collect(),
            source_line,
            topics: topics.into_iter().map(NaturalKey).collect(),
            keywords: original.keywords,
            event_date: event_date.map(|date| date.to_string()),
            cover,
            attachments: attachments.into_iter().map(Into::into).collect(),
            audio: audio
                .into_iter()
                .map(|recording| audio_body(recording, &locale))
                .collect(),
            related: related.into_iter().map(NaturalKey).collect(),
            published_at: printed(published_at, published_offset),
            published_precision: published_precision.into(),
            unpublish_at: unpublish_at.map(Ts::to_rfc3339),
            retracted_at: retracted_at.map(Ts::to_rfc3339),
            retraction_reason,
            translations: translations.into_iter().map(Into::into).collect(),
            former_slugs: former_slugs.into_iter().map(Into::into).collect(),
            citations,
            created_by,
            revision,
            version,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
        }
    }
}

impl From<Text> for ManagedTranslation {
    fn from(text: Text) -> Self {
        let Text {
            locale,
            slug,
            title,
            subtitle,
            summary,
            summary_label,
            byline,
            keywords,
            contributors,
            body_html,
        } = text;
        Self {
            locale,
            title,
            body_html,
            slug,
            subtitle,
            summary,
            summary_label,
            byline,
            contributors: contributors.into_iter().map(Into::into).collect(),
            keywords: keywords.into_iter().map(Keyword::from).collect(),
        }
    }
}

impl From<Contribution> for ManagedContributor {
    fn from(contribution: Contribution) -> Self {
        let Contribution {
            key,
            role,
            kind,
            name,
            affiliation,
        } = contribution;
        Self {
            key,
            role,
            kind: match kind {
                ContributorKind::Person => ContributorType::Person,
                ContributorKind::Organization => ContributorType::Organization,
            },
            name,
            affiliation,
        }
    }
}

impl From<ContributorName> for ManagedContributorName {
    fn from(contributor: ContributorName) -> Self {
        let ContributorName {
            key,
            name,
            affiliation,
        } = contributor;
        Self {
            key,
            name,
            affiliation,
        }
    }
}

impl From<Attachment> for ManagedAttachment {
    fn from(attachment: Attachment) -> Self {
        let Attachment {
            name,
            url,
            media_type,
            size,
            sha256,
        } = attachment;
        Self {
            name,
            url,
            media_type,
            size,
            sha256,
        }
    }
}

impl From<FormerSlug> for ManagedFormerSlug {
    fn from(former: FormerSlug) -> Self {
        let FormerSlug {
            slug,
            locale,
            retired_at,
        } = former;
        Self {
            slug,
            locale,
            until: Some(retired_at.to_rfc3339()),
        }
    }
}

fn audio_body(audio: Audio, own_locale: &str) -> ManagedAudio {
    let Audio {
        url,
        media_type,
        duration_s,
        locale,
        revision,
        digest: _,
        stale,
    } = audio;
    ManagedAudio {
        url,
        media_type,
        duration_s,
        locale: locale.unwrap_or_else(|| own_locale.to_owned()),
        revision,
        stale,
    }
}
