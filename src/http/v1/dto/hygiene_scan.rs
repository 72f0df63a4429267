//! Runs of the check for injected text over what is there already, on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::finding::{FindingKind, FindingSeverity, FindingSpamClass};
use super::hygiene_rule::{
    HygieneBoundary, HygieneRuleCreate, HygieneRuleKind, HygieneText, texts,
};
use super::total;
use crate::http::pagination::CountKind;
use crate::models::hygiene::{HygieneRule, ScanPurpose, ScanState, Severity};
use crate::models::hygiene_scan::{Sample, Scan, Tally};
use crate::models::page::Page;

/// Why everything is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HygieneScanPurpose {
    /// The rules changed, or somebody asked for it.
    Rescan,
    /// To find what came behind the back of the API; begins by itself.
    Guard,
    /// To see what a rule would find.
    Trial,
    /// A site or category is held back now, or is not any more: what stands in it follows. Begins by itself.
    Settle,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HygieneScanState {
    /// It is still to begin.
    Waiting,
    /// It is worked on; after a restart it goes on where it was.
    Running,
    /// It is through.
    Done,
    /// Somebody stopped it, or a later change of the rules made it needless.
    Cancelled,
}

/// A rule on trial.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HygieneDraft {
    /// Its name.
    #[schema(max_length = 64, example = "own-lottery-words")]
    key: String,
    /// How it finds.
    kind: HygieneRuleKind,
    /// What the text is for that it finds.
    spam_class: FindingSpamClass,
    /// What a finding would do.
    severity: FindingSeverity,
    /// What must stand around a phrase.
    boundary: HygieneBoundary,
    /// Phrases or expressions.
    #[schema(max_items = 200, example = json!(["(网上|线上)买彩票"]))]
    texts: Vec<HygieneText>,
    /// What it is for.
    #[schema(max_length = 16000, example = "彩票广告")]
    description: String,
}

impl From<HygieneRule> for HygieneDraft {
    fn from(rule: HygieneRule) -> Self {
        let HygieneRule {
            key,
            kind,
            class,
            severity,
            boundary,
            texts: said,
            description,
            // It is applied, since that is what it is there for.
            is_enabled: _,
        } = rule;
        Self {
            key,
            kind: kind.into(),
            spam_class: class.into(),
            severity: severity.into(),
            boundary: boundary.into(),
            texts: texts(said),
            description,
        }
    }
}

/// A finding of a trial.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HygieneSample {
    /// What kind of record it is in.
    kind: FindingKind,
    /// Which one.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    record_id: i64,
    /// The language of the rendition; `null` where the member belongs to none.
    #[schema(max_length = 35, example = "zh-Hans")]
    locale: Option<String>,
    /// JSON Pointer of the member.
    #[schema(max_length = 500, example = "/body_html")]
    field: String,
    /// Where it begins, in bytes of the member.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 120)]
    offset: i64,
    /// What stands there.
    #[schema(max_length = 2097152, example = "网上买彩票")]
    text: String,
    /// What the finding would do.
    severity: FindingSeverity,
}

impl HygieneSample {
    fn of(sample: Sample) -> Option<Self> {
        let kind = sample.kind()?;
        let Sample {
            kind: _,
            record_id,
            site_id: _,
            locale,
            field,
            offset,
            text,
            severity,
        } = sample;
        Some(Self {
            kind: kind.into(),
            record_id,
            locale,
            field,
            offset,
            text,
            severity: Severity::parse(&severity)?.into(),
        })
    }
}

/// A run of the check for injected text over what is there already.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HygieneScan)]
pub struct HygieneScanBody {
    /// Its id; later ones have higher ids.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    id: i64,
    /// Why it is made.
    purpose: HygieneScanPurpose,
    /// Slug of the site that it is about; `null` for everything.
    #[schema(max_length = 200, example = "demo")]
    site: Option<String>,
    /// How far it is.
    state: HygieneScanState,
    /// Whether it changes nothing, and only counts.
    dry_run: bool,
    /// The rule that is tried; `null` where the rules that hold are applied.
    rule: Option<HygieneDraft>,
    /// The version of the set of rules that it goes by, or went by last.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 2)]
    rule_set: i64,
    /// Records that were looked at: articles, and everything else that has text.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 112)]
    looked_at: i64,
    /// Records that there were when it began.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 112)]
    total: i64,
    /// How much of it is done, 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0, example = 1.0)]
    progress: f64,
    /// Open findings of severity block in what was looked at; in a trial, those of the rule.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    blocks: i64,
    /// Those of severity review.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 2)]
    reviews: i64,
    /// Those of severity note.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    notes: i64,
    /// Records that were held back, or would be where nothing is changed.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    held: i64,
    /// Records that nothing held back any more, or would hold back.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    released: i64,
    /// The first 20 findings of a trial, those in sites of which the caller is no editor left out.
    #[schema(max_items = 20)]
    samples: Vec<HygieneSample>,
    /// Who asked for it; `masthead` for what begins by itself.
    #[schema(max_length = 1000, example = "li.na@example.org")]
    actor: String,
    /// When it was asked for (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    started_at: String,
    /// When it went on last (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
    /// When it was through, or stopped (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    finished_at: Option<String>,
}

impl From<Scan> for HygieneScanBody {
    fn from(scan: Scan) -> Self {
        let dry_run = scan.is_dry();
        let Scan {
            id,
            purpose,
            site_id: _,
            site,
            draft,
            state,
            rule_set,
            after_id: _,
            looked_at,
            total,
            tally,
            samples,
            actor,
            started_at,
            updated_at,
            finished_at,
        } = scan;
        let Tally {
            blocks,
            reviews,
            notes,
            held,
            released,
        } = tally;
        Self {
            id,
            purpose: match purpose {
                ScanPurpose::Trial if draft.is_some() => HygieneScanPurpose::Trial,
                ScanPurpose::Trial | ScanPurpose::Rescan => HygieneScanPurpose::Rescan,
                ScanPurpose::Guard => HygieneScanPurpose::Guard,
                ScanPurpose::Settle => HygieneScanPurpose::Settle,
            },
            site,
            state: match state {
                ScanState::Waiting => HygieneScanState::Waiting,
                ScanState::Running => HygieneScanState::Running,
                ScanState::Done => HygieneScanState::Done,
                ScanState::Cancelled => HygieneScanState::Cancelled,
            },
            dry_run,
            rule: draft.map(Into::into),
            rule_set,
            looked_at,
            total,
            progress: progress(state, looked_at, total),
            blocks,
            reviews,
            notes,
            held,
            released,
            samples: samples.into_iter().filter_map(HygieneSample::of).collect(),
            actor,
            started_at: started_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
            finished_at: finished_at.map(|at| at.to_rfc3339()),
        }
    }
}

/// How much is done. What is made meanwhile is looked at too, so that there may be more than there was.
fn progress(state: ScanState, looked_at: i64, total: i64) -> f64 {
    if state == ScanState::Done {
        return 1.0;
    }
    // Whole thousandths convert without loss.
    let thousandths = match total {
        1.. => looked_at.saturating_mul(1_000) / total,
        _ => 0,
    };
    let thousandths = i32::try_from(thousandths.clamp(0, 999)).unwrap_or_default();
    f64::from(thousandths) / 1_000.0
}

/// A page of runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HygieneScanPage)]
pub struct HygieneScanPageBody {
    /// The runs, the newest first.
    #[schema(max_items = 100)]
    items: Vec<HygieneScanBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl HygieneScanPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Scan, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A run that is asked for.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::hygiene::scan` reads"
)]
pub struct HygieneScanCreate {
    /// Whether nothing is to be changed. Left out, it is true beside `rule` and false else.
    #[schema(nullable = false)]
    dry_run: Option<bool>,
    /// A rule to try, which need not be there; then `dry_run` is true. Left out, the rules that hold are applied.
    #[schema(nullable = false)]
    rule: Option<HygieneRuleCreate>,
    /// Slug of the site to look at; everything where it is left out.
    #[schema(max_length = 200, example = "demo", nullable = false)]
    site: Option<String>,
}
