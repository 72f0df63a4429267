//! What a repair of injected text is asked for with, and what it did, on the wire.

use serde::Serialize;
use serde_json::Value;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
use utoipa::openapi::{RefOr, Type};

use super::finding::FindingKind;
use super::managed_article::ArticleStatus;
use super::revision_diff::DiffSegment;
use crate::models::repair::{
    MemberChange, PAIRS, PHRASE, RepairReport, RepairedRecord, SlugChange,
};
use crate::models::workflow::State;

/// Phrases, and what is to stand in their places.
#[derive(Debug, Clone, Copy)]
pub struct Replacements;

impl PartialSchema for Replacements {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(PHRASE))
            .build();
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(
                "Phrases, and what is to stand in their places. A phrase is found however it is written: in either Chinese script, in any width, with \
                 blanks or invisible characters inside, as character references, or split by tags.",
            ))
            .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(text.into()))))
            .max_properties(Some(PAIRS))
            .examples([Value::from_iter([("某某娱乐城", "示例研究所")])])
            .into()
    }
}

impl ToSchema for Replacements {
    fn name() -> std::borrow::Cow<'static, str> {
        "ReplacementsRequest".into()
    }
}

/// What is to be mended, and how: exactly one of `article_id` and `site`, and `replace`, `cut` or both.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a body that `json::repairs` reads")]
pub struct RepairRequest {
    /// The article to mend.
    #[schema(
        minimum = 1,
        maximum = 9007199254740991_u64,
        example = 42,
        nullable = false
    )]
    article_id: Option<i64>,
    /// Slug of the site to mend: its own record, and whatever else of it has open findings.
    #[schema(max_length = 200, nullable = false)]
    site: Option<String>,
    /// Phrases, and what is to stand in their places.
    #[schema(nullable = false)]
    replace: Option<Replacements>,
    /// Ids of findings whose text is to be taken out, each once.
    #[schema(
        max_items = 500,
        minimum = 1,
        maximum = 9007199254740991_i64,
        nullable = false
    )]
    cut: Option<Vec<i64>>,
    /// Whether only to show what would be changed; so it is where this is left out.
    #[schema(default = true, nullable = false)]
    dry_run: Option<bool>,
}

/// What was changed in a member of a record.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RepairChange {
    /// The language of the rendition; `null` where the member belongs to none.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: Option<String>,
    /// JSON Pointer (RFC 6901) to the member as it was.
    #[schema(max_length = 500, example = "/title")]
    field: String,
    /// How many places were replaced in it.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 1)]
    replacements: i64,
    /// How many findings were cut from it.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    cuts: i64,
    /// The text in runs: those that are equal or deleted are what it was, those that are equal or inserted what it is.
    #[schema(max_items = 5000000)]
    segments: Vec<DiffSegment>,
}

impl From<MemberChange> for RepairChange {
    fn from(change: MemberChange) -> Self {
        let MemberChange {
            locale,
            field,
            replacements,
            cuts,
            segments,
        } = change;
        Self {
            locale,
            field,
            replacements: number(replacements),
            cuts: number(cuts),
            segments: segments.into_iter().map(Into::into).collect(),
        }
    }
}

/// Another name in addresses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RepairedSlug {
    /// What it was.
    #[schema(max_length = 200)]
    before: String,
    /// What it is.
    #[schema(max_length = 200)]
    after: String,
}

impl From<SlugChange> for RepairedSlug {
    fn from(change: SlugChange) -> Self {
        let SlugChange { before, after } = change;
        Self { before, after }
    }
}

/// A record that was mended.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RepairedRecord)]
pub struct RepairedRecordBody {
    /// What it is.
    kind: FindingKind,
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    record_id: i64,
    /// Slug of its site.
    #[schema(max_length = 200, example = "demo")]
    site: String,
    /// What it is called now.
    #[schema(max_length = 16000)]
    title: String,
    /// Where an article stands now; `null` for other records.
    status: Option<ArticleStatus>,
    /// What an article is once nothing holds it back any more; `null` where nothing does.
    held_status: Option<ArticleStatus>,
    /// Whether it is held back.
    is_held: bool,
    /// Its version, for `If-Match`.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 2)]
    version: i64,
    /// Findings that are left in it, dismissed ones apart.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    open_findings: i64,
    /// The slug of an article that was made from its title and had to be made anew; `null` where it stayed. The old one leads nowhere.
    slug: Option<RepairedSlug>,
    /// What was changed, member by member.
    #[schema(max_items = 5000000)]
    changes: Vec<RepairChange>,
}

impl From<RepairedRecord> for RepairedRecordBody {
    fn from(record: RepairedRecord) -> Self {
        let RepairedRecord {
            kind,
            record_id,
            site,
            title,
            status,
            held_status,
            is_held,
            version,
            open_findings,
            slug,
            changes,
        } = record;
        Self {
            kind: kind.into(),
            record_id,
            site,
            title,
            status: status.and_then(standing),
            held_status: held_status.and_then(standing),
            is_held,
            version,
            open_findings: number(open_findings),
            slug: slug.map(Into::into),
            changes: changes.into_iter().map(Into::into).collect(),
        }
    }
}

/// The state with this word.
fn standing(word: &str) -> Option<ArticleStatus> {
    let state = State::ALL.into_iter().find(|known| known.as_str() == word);
    state.map(Into::into)
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What a repair did, or with `dry_run` would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Repair)]
pub struct RepairBody {
    /// Whether nothing was changed.
    dry_run: bool,
    /// How many places were replaced.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 24)]
    replaced: i64,
    /// How many findings were cut.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    cut: i64,
    /// Articles with open findings that this call did not come to: above 0, call again.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    remaining: i64,
    /// The records that were changed, the one of the site first.
    #[schema(max_items = 10000)]
    records: Vec<RepairedRecordBody>,
}

impl From<RepairReport> for RepairBody {
    fn from(report: RepairReport) -> Self {
        let RepairReport {
            is_dry,
            replaced,
            cut,
            remaining,
            records,
        } = report;
        Self {
            dry_run: is_dry,
            replaced: number(replaced),
            cut: number(cut),
            remaining,
            records: records.into_iter().map(Into::into).collect(),
        }
    }
}
