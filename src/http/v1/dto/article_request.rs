//! Articles as requests send them. `json::records` reads these bodies; what stands here is their description.

use utoipa::ToSchema;

use super::article::{ContributorType, Keyword, TimePrecision};
use super::managed_article::NaturalKey;

/// Where an article is to stand in its life.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum WantedStatus {
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
}

/// Who made an article.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct ContributorRequest {
    /// Names the same contributor across articles and translations of the site.
    #[schema(max_length = 200, example = "lin", nullable = false)]
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
    #[schema(max_length = 16000, nullable = false)]
    affiliation: Option<String>,
}

/// The name of a contributor in a translation.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct ContributorNameRequest {
    /// The key of the contributor whose name it is.
    #[schema(max_length = 200, example = "lin")]
    key: String,
    /// The name in this language.
    #[schema(max_length = 16000, example = "Lin Xiaolan")]
    name: String,
    /// The affiliation in this language.
    #[schema(max_length = 16000, nullable = false)]
    affiliation: Option<String>,
}

/// A file that comes with an article.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct AttachmentRequest {
    /// What it is called.
    #[schema(max_length = 16000, example = "年度报告.pdf")]
    name: String,
    /// Where it is; unique within the article. Of the `url` of media, type, size and SHA-256 are known, whatever is sent.
    #[schema(
        max_length = 2000,
        example = "https://www.example.org/files/report.pdf"
    )]
    url: String,
    /// Its media type.
    #[schema(max_length = 200, example = "application/pdf", nullable = false)]
    media_type: Option<String>,
    /// Its size in bytes.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, nullable = false)]
    size: Option<i64>,
    /// The SHA-256 of its bytes, lower-case hexadecimal.
    #[schema(max_length = 64, pattern = "^[0-9a-f]{64}$", nullable = false)]
    sha256: Option<String>,
}

/// A recording of the text.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct AudioRequest {
    /// Where it is: the `url` of media, or an address outside.
    #[schema(max_length = 2000, example = "https://www.example.org/audio/1.mp3")]
    url: String,
    /// Its media type.
    #[schema(max_length = 200, example = "audio/mpeg", nullable = false)]
    media_type: Option<String>,
    /// How long it is, in seconds.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, nullable = false)]
    duration_s: Option<i64>,
    /// The language of the rendition that is read; that of the article where it is left out.
    #[schema(max_length = 35, example = "zh-Hans", nullable = false)]
    locale: Option<String>,
    /// The number of the revision that it was made for. Left out, it stays what it was for an address that the article had already,
    /// and is the revision that this makes for a new one.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, nullable = false)]
    revision: Option<i64>,
    /// As answers have it; it is worked out anew with each save, whatever is sent.
    #[schema(nullable = false)]
    stale: Option<bool>,
}

/// A slug that an article had before.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct FormerSlugRequest {
    /// The slug.
    #[schema(max_length = 200, example = "kai-fang-ri")]
    slug: String,
    /// The language of the translation whose slug it was; `null` where it was the article's own.
    #[schema(max_length = 35, nullable = false)]
    locale: Option<String>,
    /// Until when it was used.
    #[schema(max_length = 40, format = DateTime, nullable = false)]
    until: Option<String>,
}

/// A rendition of an article in another language.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct TranslationRequest {
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
    #[schema(max_length = 200, example = "open-day-2026", nullable = false)]
    slug: Option<String>,
    /// The subtitle.
    #[schema(max_length = 16000, nullable = false)]
    subtitle: Option<String>,
    /// The abstract.
    #[schema(max_length = 80000, nullable = false)]
    summary: Option<String>,
    /// The label printed before the abstract.
    #[schema(max_length = 16000, nullable = false)]
    summary_label: Option<String>,
    /// The line naming the authors, as printed.
    #[schema(max_length = 80000, nullable = false)]
    byline: Option<String>,
    /// The names of the article's contributors in this language, by key.
    #[schema(max_items = 1000, nullable = false)]
    contributors: Option<Vec<ContributorNameRequest>>,
    /// Keywords in order.
    #[schema(max_items = 1000, nullable = false)]
    keywords: Option<Vec<Keyword>>,
}

/// The whole rendition of an article in the language of the address.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct TranslationReplace {
    /// The title.
    #[schema(max_length = 16000, example = "Open day 2026")]
    title: String,
    /// The body as HTML. It is cleaned before it is kept: scripts, event handlers and unknown elements go.
    #[schema(max_length = 2097152, example = "<p>Welcome.</p>")]
    body_html: String,
    /// Its own name in addresses, unique within the site.
    #[schema(max_length = 200, example = "open-day-2026", nullable = false)]
    slug: Option<String>,
    /// The subtitle.
    #[schema(max_length = 16000, nullable = false)]
    subtitle: Option<String>,
    /// The abstract.
    #[schema(max_length = 80000, nullable = false)]
    summary: Option<String>,
    /// The label printed before the abstract.
    #[schema(max_length = 16000, nullable = false)]
    summary_label: Option<String>,
    /// The line naming the authors, as printed.
    #[schema(max_length = 80000, nullable = false)]
    byline: Option<String>,
    /// The names of the article's contributors in this language, by key.
    #[schema(max_items = 1000, nullable = false)]
    contributors: Option<Vec<ContributorNameRequest>>,
    /// Keywords in order.
    #[schema(max_items = 1000, nullable = false)]
    keywords: Option<Vec<Keyword>>,
    /// Why, in a line for the revision that this makes.
    #[schema(max_length = 16000, example = "Figures corrected", nullable = false)]
    comment: Option<String>,
}

/// A new article.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct ArticleCreate {
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// Its natural key within the site, unique and stable; made by the server where it is left out.
    #[schema(max_length = 200, example = "a-42", nullable = false)]
    key: Option<String>,
    /// Its name in addresses, unique within the site; made from the title where a new article has none. The one it had before goes on leading to it.
    #[schema(max_length = 200, example = "open-day-2026", nullable = false)]
    slug: Option<String>,
    /// Where it stands in its life, within the rules of `transitions`; `retracted` only there, as it needs a reason.
    #[schema(nullable = false)]
    status: Option<WantedStatus>,
    /// The language of the original (BCP 47); that of the site where a new article has none.
    #[schema(max_length = 35, example = "zh-Hans", nullable = false)]
    locale: Option<String>,
    /// Path of its category. Either this or `category_id`.
    #[schema(max_length = 600, example = "news/research", nullable = false)]
    category: Option<String>,
    /// Id of its category. Either this or `category`.
    #[schema(
        minimum = 1,
        maximum = 9007199254740991_u64,
        example = 7,
        nullable = false
    )]
    category_id: Option<i64>,
    /// The title.
    #[schema(max_length = 16000, example = "2026年开放日")]
    title: String,
    /// The subtitle.
    #[schema(max_length = 16000, nullable = false)]
    subtitle: Option<String>,
    /// The abstract.
    #[schema(max_length = 80000, nullable = false)]
    summary: Option<String>,
    /// The label printed before the abstract.
    #[schema(max_length = 16000, nullable = false)]
    summary_label: Option<String>,
    /// The body as HTML. It is cleaned before it is kept: scripts, event handlers and unknown elements go.
    #[schema(max_length = 2097152, example = "<p>欢迎。</p>", nullable = false)]
    body_html: Option<String>,
    /// The line naming the authors, as printed.
    #[schema(max_length = 80000, nullable = false)]
    byline: Option<String>,
    /// Who made it, in order.
    #[schema(max_items = 1000, nullable = false)]
    contributors: Option<Vec<ContributorRequest>>,
    /// Slugs of its sources, relay first, origin last.
    #[schema(max_items = 1000, nullable = false)]
    sources: Option<Vec<NaturalKey>>,
    /// The line naming the sources, as printed.
    #[schema(max_length = 80000, nullable = false)]
    source_line: Option<String>,
    /// Keys of its topics.
    #[schema(max_items = 1000, nullable = false)]
    topics: Option<Vec<NaturalKey>>,
    /// Keywords in order.
    #[schema(max_items = 1000, nullable = false)]
    keywords: Option<Vec<Keyword>>,
    /// The day the text speaks of.
    #[schema(max_length = 10, format = Date, example = "2026-05-20", nullable = false)]
    event_date: Option<String>,
    /// Address of the cover picture: the `url` of media, or an address outside.
    #[schema(max_length = 2000, nullable = false)]
    cover: Option<String>,
    /// Files. One whose address stays keeps its id and its counter.
    #[schema(max_items = 1000, nullable = false)]
    attachments: Option<Vec<AttachmentRequest>>,
    /// Recordings of the text.
    #[schema(max_items = 1000, nullable = false)]
    audio: Option<Vec<AudioRequest>>,
    /// Keys of related articles of the site, in order.
    #[schema(max_items = 1000, nullable = false)]
    related: Option<Vec<NaturalKey>>,
    /// When it is or was published, with the offset that the portal prints. A draft that was never dated is dated when it is published.
    #[schema(max_length = 40, format = DateTime, example = "2026-05-20T09:00:00+08:00", nullable = false)]
    published_at: Option<String>,
    /// How exactly that is known.
    #[schema(nullable = false)]
    published_precision: Option<TimePrecision>,
    /// When it vanishes again.
    #[schema(max_length = 40, format = DateTime, nullable = false)]
    unpublish_at: Option<String>,
    /// All its renditions in other languages.
    #[schema(max_items = 1000, nullable = false)]
    translations: Option<Vec<TranslationRequest>>,
    /// What it was called before; these addresses lead to it. Given ones are added; an empty list forgets all.
    #[schema(max_items = 1000, nullable = false)]
    former_slugs: Option<Vec<FormerSlugRequest>>,
    /// How often it is cited, for rankings. What a new article has is no gain of any day.
    #[schema(
        minimum = 0,
        maximum = 9007199254740991_u64,
        example = 12,
        nullable = false
    )]
    citations: Option<i64>,
    /// Why, in a line for the revision that this makes.
    #[schema(max_length = 16000, example = "Figures corrected", nullable = false)]
    comment: Option<String>,
}

/// A change of an article (RFC 7396).
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::records` reads")]
pub struct ArticleUpdate {
    /// Its name in addresses, unique within the site; made from the title where a new article has none. The one it had before goes on leading to it.
    #[schema(max_length = 200, example = "open-day-2026", nullable = false)]
    slug: Option<String>,
    /// Where it stands in its life, within the rules of `transitions`; `retracted` only there, as it needs a reason.
    #[schema(nullable = false)]
    status: Option<WantedStatus>,
    /// The language of the original (BCP 47); that of the site where a new article has none.
    #[schema(max_length = 35, example = "zh-Hans", nullable = false)]
    locale: Option<String>,
    /// Path of its category. Either this or `category_id`.
    #[schema(max_length = 600, example = "news/research", nullable = false)]
    category: Option<String>,
    /// Id of its category. Either this or `category`.
    #[schema(
        minimum = 1,
        maximum = 9007199254740991_u64,
        example = 7,
        nullable = false
    )]
    category_id: Option<i64>,
    /// The title.
    #[schema(max_length = 16000, example = "2026年开放日", nullable = false)]
    title: Option<String>,
    /// The subtitle.
    #[schema(max_length = 16000)]
    subtitle: Option<String>,
    /// The abstract.
    #[schema(max_length = 80000)]
    summary: Option<String>,
    /// The label printed before the abstract.
    #[schema(max_length = 16000)]
    summary_label: Option<String>,
    /// The body as HTML. It is cleaned before it is kept: scripts, event handlers and unknown elements go.
    #[schema(max_length = 2097152, example = "<p>欢迎。</p>", nullable = false)]
    body_html: Option<String>,
    /// The line naming the authors, as printed.
    #[schema(max_length = 80000)]
    byline: Option<String>,
    /// Who made it, in order.
    #[schema(max_items = 1000)]
    contributors: Option<Vec<ContributorRequest>>,
    /// Slugs of its sources, relay first, origin last.
    #[schema(max_items = 1000)]
    sources: Option<Vec<NaturalKey>>,
    /// The line naming the sources, as printed.
    #[schema(max_length = 80000)]
    source_line: Option<String>,
    /// Keys of its topics.
    #[schema(max_items = 1000)]
    topics: Option<Vec<NaturalKey>>,
    /// Keywords in order.
    #[schema(max_items = 1000)]
    keywords: Option<Vec<Keyword>>,
    /// The day the text speaks of.
    #[schema(max_length = 10, format = Date, example = "2026-05-20")]
    event_date: Option<String>,
    /// Address of the cover picture: the `url` of media, or an address outside.
    #[schema(max_length = 2000)]
    cover: Option<String>,
    /// Files. One whose address stays keeps its id and its counter.
    #[schema(max_items = 1000)]
    attachments: Option<Vec<AttachmentRequest>>,
    /// Recordings of the text.
    #[schema(max_items = 1000)]
    audio: Option<Vec<AudioRequest>>,
    /// Keys of related articles of the site, in order.
    #[schema(max_items = 1000)]
    related: Option<Vec<NaturalKey>>,
    /// When it is or was published, with the offset that the portal prints. A draft that was never dated is dated when it is published.
    #[schema(max_length = 40, format = DateTime, example = "2026-05-20T09:00:00+08:00", nullable = false)]
    published_at: Option<String>,
    /// How exactly that is known.
    #[schema(nullable = false)]
    published_precision: Option<TimePrecision>,
    /// When it vanishes again.
    #[schema(max_length = 40, format = DateTime)]
    unpublish_at: Option<String>,
    /// All its renditions in other languages.
    #[schema(max_items = 1000)]
    translations: Option<Vec<TranslationRequest>>,
    /// What it was called before; these addresses lead to it. Given ones are added; an empty list forgets all.
    #[schema(max_items = 1000)]
    former_slugs: Option<Vec<FormerSlugRequest>>,
    /// How often it is cited, for rankings. A change of it alone is a new version, but no revision; what is added, or taken, counts for the day on which that is done.
    #[schema(
        minimum = 0,
        maximum = 9007199254740991_u64,
        example = 12,
        nullable = false
    )]
    citations: Option<i64>,
    /// Why, in a line for the revision that this makes.
    #[schema(max_length = 16000, example = "Figures corrected", nullable = false)]
    comment: Option<String>,
}

/// Where an article is to go in its life.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::editorial` reads")]
pub struct TransitionRequest {
    /// The state.
    to: WantedStatus,
    /// Why, for those who work on it; kept with the revision that this makes.
    #[schema(max_length = 16000, example = "请核对第三段的数字", nullable = false)]
    comment: Option<String>,
    /// When it appears, with the offset that the portal prints; only with `published` and `scheduled`. It may lie in the past, or ahead.
    #[schema(max_length = 40, format = DateTime, example = "2026-05-20T09:00:00+08:00", nullable = false)]
    publish_at: Option<String>,
    /// When it vanishes again; only with `published` and `scheduled`. Left out it stays as it is; an explicit `null` takes it away.
    #[schema(max_length = 40, format = DateTime, nullable = false)]
    unpublish_at: Option<String>,
    /// Why it is taken back, for anyone to read; required with `retracted`, and only there.
    #[schema(max_length = 16000, example = "数据有误,已撤稿。", nullable = false)]
    reason: Option<String>,
}

/// How an earlier revision is brought back.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::editorial` reads")]
pub struct RestoreRequest {
    /// Why, in a line for the revision that this makes.
    #[schema(max_length = 16000, example = "恢复到审核前的版本", nullable = false)]
    comment: Option<String>,
}

/// A change of a revision (RFC 7396).
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::editorial` reads")]
pub struct RevisionUpdate {
    /// Whether it stays whatever its age and however many follow.
    #[schema(nullable = false)]
    is_pinned: Option<bool>,
    /// Why it was saved; `null` for none.
    #[schema(max_length = 16000, example = "As submitted to the ministry")]
    comment: Option<String>,
}
