//! What an article was, packed for keeping: JSON with a format of its own, so that what is stored today can be read whatever the
//! models become; deflated, because most of it is text.

use std::io::{Read, Write};

use chrono::NaiveDate;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use super::load::Loaded;
use crate::error::{Error, Result};
use crate::models::article::{
    ArticleContent, ArticleState, Attachment, Audio, FormerSlug, ManagedArticle, Retraction,
    Status, Text,
};
use crate::models::contributor::{Contribution, ContributorKind, ContributorName};
use crate::models::revision::Whole;
use crate::models::time::{Precision, Ts};
use crate::models::workflow::State;

/// Something an article names, by id and by natural key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its id.
    pub id: i64,
    /// Path of a category, slug of a source, key of a topic.
    pub name: String,
}

/// An article as it is kept. Members may be added with a default, never removed or renamed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    slug: String,
    status: String,
    #[serde(default)]
    held: Option<String>,
    locale: String,
    category: Named,
    published_at: i64,
    published_offset: i32,
    published_precision: String,
    unpublish_at: Option<i64>,
    retracted_at: Option<i64>,
    retraction_reason: Option<String>,
    event_date: Option<NaiveDate>,
    source_line: Option<String>,
    cover: Option<String>,
    audio: Vec<Audio>,
    texts: Vec<KeptText>,
    contributors: Vec<KeptContribution>,
    sources: Vec<Named>,
    topics: Vec<Named>,
    attachments: Vec<KeptAttachment>,
    related: Vec<String>,
    former_slugs: Vec<KeptSlug>,
    /// `None` where it was kept before citations could be set.
    #[serde(default)]
    citations: Option<i64>,
    version: i64,
    updated_at: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptText {
    locale: String,
    slug: Option<String>,
    title: String,
    subtitle: Option<String>,
    summary: Option<String>,
    summary_label: Option<String>,
    byline: Option<String>,
    keywords: Vec<String>,
    contributors: Vec<ContributorName>,
    body_html: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptContribution {
    id: i64,
    key: Option<String>,
    role: String,
    kind: String,
    name: String,
    affiliation: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptAttachment {
    id: i64,
    name: String,
    url: String,
    media_type: Option<String>,
    size: Option<i64>,
    sha256: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptSlug {
    slug: String,
    locale: Option<String>,
    retired_at: i64,
}

/// What an article has whatever it says: a snapshot does not repeat it.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// Its id.
    pub id: i64,
    /// Its site.
    pub site_id: i64,
    /// Slug of its site.
    pub site: String,
    /// Its natural key.
    pub key: String,
    /// The account that made it.
    pub created_by: Option<i64>,
    /// When it was made.
    pub created_at: Ts,
}

impl Snapshot {
    /// An article as it was loaded; `category`, `sources` and `topics` are named by the caller, in the article's order.
    pub fn new(old: &Loaded, category: Named, sources: Vec<Named>, topics: Vec<Named>) -> Self {
        let ArticleContent {
            state,
            texts,
            contributions,
            sources: _,
            topics: _,
            attachments,
            related,
            former_slugs,
        } = old.content.clone();
        let ArticleState {
            slug,
            category_id: _,
            status,
            held,
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
        let (retracted_at, retraction_reason) =
            retraction.map(|r| (micros(r.at), r.reason)).unzip();
        Self {
            slug,
            status: status.as_str().to_owned(),
            held: held.map(|status| status.as_str().to_owned()),
            locale,
            category,
            published_at: micros(published_at),
            published_offset,
            published_precision: published_precision.as_str().to_owned(),
            unpublish_at: unpublish_at.map(micros),
            retracted_at,
            retraction_reason,
            event_date,
            source_line,
            cover,
            audio,
            texts: texts.into_iter().map(KeptText::from).collect(),
            contributors: contributions
                .into_iter()
                .zip(&old.contributor_ids)
                .map(|(contribution, id)| KeptContribution::new(contribution, *id))
                .collect(),
            sources,
            topics,
            attachments: attachments
                .into_iter()
                .zip(&old.attachment_ids)
                .map(|(attachment, id)| KeptAttachment::new(attachment, *id))
                .collect(),
            related,
            former_slugs: former_slugs.into_iter().map(KeptSlug::from).collect(),
            citations: Some(old.counters.citations),
            version: old.row.version,
            updated_at: micros(old.row.updated_at),
        }
    }

    /// Deflated JSON; quickly rather than small, as others wait for the save.
    pub fn pack(&self) -> Result<Vec<u8>> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        let json = serde_json::to_vec(self).map_err(|e| Error::Internal(e.into()))?;
        encoder
            .write_all(&json)
            .and_then(|()| encoder.finish())
            .map_err(|e| Error::Internal(e.into()))
    }

    /// What [`Snapshot::pack`] has packed.
    pub fn unpack(packed: &[u8]) -> Result<Self> {
        let mut json = Vec::new();
        DeflateDecoder::new(packed)
            .read_to_end(&mut json)
            .map_err(|e| Error::Internal(e.into()))?;
        serde_json::from_slice(&json).map_err(|e| Error::Internal(e.into()))
    }

    /// The renditions as they were, the original first.
    pub fn texts(self) -> Vec<Text> {
        self.texts.into_iter().map(Text::from).collect()
    }

    /// The article as it was. Its state is that of the moment it was saved at, `revision` its number.
    pub fn whole(self, fixed: Fixed, revision: i64) -> Result<Whole> {
        let Self {
            slug,
            status,
            held,
            locale,
            category,
            published_at,
            published_offset,
            published_precision,
            unpublish_at,
            retracted_at,
            retraction_reason,
            event_date,
            source_line,
            cover,
            audio,
            texts,
            contributors,
            sources,
            topics,
            attachments,
            related,
            former_slugs,
            citations,
            version,
            updated_at,
        } = self;
        let status = Status::parse(&status).ok_or_else(unreadable)?;
        let held = held.map(|word| Status::parse(&word).ok_or_else(unreadable));
        let published_at = instant(published_at)?;
        let updated_at = instant(updated_at)?;
        let retraction = match retracted_at.zip(retraction_reason) {
            Some((at, reason)) => Some(Retraction {
                at: instant(at)?,
                reason,
            }),
            None => None,
        };
        let (contributor_ids, contributions): (Vec<i64>, Vec<Option<Contribution>>) =
            contributors.into_iter().map(KeptContribution::open).unzip();
        let (attachment_ids, attachments) =
            attachments.into_iter().map(KeptAttachment::open).unzip();
        let (source_ids, sources) = sources.into_iter().map(|s| (s.id, s.name)).unzip();
        let (topic_ids, topics) = topics.into_iter().map(|t| (t.id, t.name)).unzip();
        let content = ArticleContent {
            state: ArticleState {
                slug,
                category_id: category.id,
                status,
                held: held.transpose()?,
                locale,
                published_at,
                published_offset,
                published_precision: Precision::parse(&published_precision)
                    .ok_or_else(unreadable)?,
                unpublish_at: unpublish_at.map(instant).transpose()?,
                retraction,
                event_date,
                source_line,
                cover,
                audio,
            },
            texts: texts.into_iter().map(Text::from).collect(),
            contributions: contributions
                .into_iter()
                .collect::<Option<_>>()
                .ok_or_else(unreadable)?,
            sources: source_ids,
            topics: topic_ids,
            attachments,
            related,
            former_slugs: former_slugs
                .into_iter()
                .map(KeptSlug::open)
                .collect::<Result<_>>()?,
        };
        let Fixed {
            id,
            site_id,
            site,
            key,
            created_by,
            created_at,
        } = fixed;
        Ok(Whole {
            article: ManagedArticle {
                id,
                site_id,
                site,
                key,
                category: category.name,
                sources,
                topics,
                content,
                state: State::of(status, published_at, updated_at),
                citations,
                revision,
                created_by,
                version,
                created_at,
                updated_at,
            },
            contributor_ids,
            attachment_ids,
        })
    }
}

impl From<Text> for KeptText {
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
            slug,
            title,
            subtitle,
            summary,
            summary_label,
            byline,
            keywords,
            contributors,
            body_html,
        }
    }
}

impl From<KeptText> for Text {
    fn from(text: KeptText) -> Self {
        let KeptText {
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
            slug,
            title,
            subtitle,
            summary,
            summary_label,
            byline,
            keywords,
            contributors,
            body_html,
        }
    }
}

impl KeptContribution {
    fn new(contribution: Contribution, id: i64) -> Self {
        let Contribution {
            key,
            role,
            kind,
            name,
            affiliation,
        } = contribution;
        Self {
            id,
            key,
            role,
            kind: kind.as_str().to_owned(),
            name,
            affiliation,
        }
    }

    fn open(self) -> (i64, Option<Contribution>) {
        let Self {
            id,
            key,
            role,
            kind,
            name,
            affiliation,
        } = self;
        let contribution = ContributorKind::parse(&kind).map(|kind| Contribution {
            key,
            role,
            kind,
            name,
            affiliation,
        });
        (id, contribution)
    }
}

impl KeptAttachment {
    fn new(attachment: Attachment, id: i64) -> Self {
        let Attachment {
            name,
            url,
            media_type,
            size,
            sha256,
        } = attachment;
        Self {
            id,
            name,
            url,
            media_type,
            size,
            sha256,
        }
    }

    fn open(self) -> (i64, Attachment) {
        let Self {
            id,
            name,
            url,
            media_type,
            size,
            sha256,
        } = self;
        let attachment = Attachment {
            name,
            url,
            media_type,
            size,
            sha256,
        };
        (id, attachment)
    }
}

impl From<FormerSlug> for KeptSlug {
    fn from(former: FormerSlug) -> Self {
        let FormerSlug {
            slug,
            locale,
            retired_at,
        } = former;
        Self {
            slug,
            locale,
            retired_at: micros(retired_at),
        }
    }
}

impl KeptSlug {
    fn open(self) -> Result<FormerSlug> {
        let Self {
            slug,
            locale,
            retired_at,
        } = self;
        Ok(FormerSlug {
            slug,
            locale,
            retired_at: instant(retired_at)?,
        })
    }
}

fn micros(at: Ts) -> i64 {
    at.0.timestamp_micros()
}

fn instant(micros: i64) -> Result<Ts> {
    chrono::DateTime::from_timestamp_micros(micros)
        .map(Ts)
        .ok_or_else(unreadable)
}

fn unreadable() -> Error {
    Error::internal("a kept revision cannot be read")
}
