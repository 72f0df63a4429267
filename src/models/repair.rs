//! What is asked of a repair of injected text, and what it did.

use super::difference::Segment;
use super::hygiene::{Finding, RecordKind, Severity};

/// Most phrases that a repair replaces.
pub const PAIRS: usize = 20;

/// Most findings that a request names.
pub const FINDINGS: usize = 500;

/// Characters of a phrase, and of what is to stand in its place.
pub const PHRASE: usize = 200;

/// What is to be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepairTarget {
    /// One article.
    Article(i64),
    /// A site by its slug: its record, and what else of it has open findings.
    Site(String),
}

/// A repair that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairRecord {
    /// What is to be mended.
    pub target: RepairTarget,
    /// Phrases, and what is to stand in their places.
    pub replace: Vec<(String, String)>,
    /// Ids of findings to be cut, each once.
    pub cut: Vec<i64>,
    /// Whether nothing is to be changed.
    pub is_dry: bool,
}

/// What an editor says of findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DismissalRecord {
    /// Their ids, each once.
    pub ids: Vec<i64>,
    /// Whether what was found may stay.
    pub is_dismissed: bool,
    /// Why.
    pub comment: Option<String>,
}

/// What was changed in a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberChange {
    /// The language of the rendition; `None` where the member belongs to none.
    pub locale: Option<String>,
    /// JSON Pointer of the member as it was.
    pub field: String,
    /// How many places were replaced in it.
    pub replacements: usize,
    /// How many findings were cut from it.
    pub cuts: usize,
    /// What it said and says now, run by run.
    pub segments: Vec<Segment>,
}

/// Another name in addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlugChange {
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// A record that was mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairedRecord {
    /// What it is.
    pub kind: RecordKind,
    /// Its id.
    pub record_id: i64,
    /// Slug of its site.
    pub site: String,
    /// What it is called now.
    pub title: String,
    /// The word for the state that an article is in now; `None` for other records.
    pub status: Option<&'static str>,
    /// The word for the state that an article comes back to once nothing holds it back.
    pub held_status: Option<&'static str>,
    /// Whether it is held back.
    pub is_held: bool,
    /// Its version.
    pub version: i64,
    /// Findings that are left, dismissed ones apart.
    pub open_findings: usize,
    /// Its name in addresses, where that is another one.
    pub slug: Option<SlugChange>,
    /// What was changed.
    pub changes: Vec<MemberChange>,
}

/// What a repair did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairReport {
    /// Whether nothing was changed.
    pub is_dry: bool,
    /// How many places were replaced.
    pub replaced: usize,
    /// How many findings were cut.
    pub cut: usize,
    /// Articles with open findings that were not looked at.
    pub remaining: i64,
    /// What was mended.
    pub records: Vec<RepairedRecord>,
}

/// Which findings to list; each narrows the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilters {
    /// Only in this site and what belongs to it.
    pub site_id: Option<i64>,
    /// Only in records of this kind.
    pub kind: Option<RecordKind>,
    /// Only in the record with this id.
    pub record_id: Option<i64>,
    /// Only of this severity.
    pub severity: Option<Severity>,
    /// Only by this rule.
    pub rule: Option<String>,
    /// Only dismissed ones, or only those that are not.
    pub is_dismissed: Option<bool>,
    /// Only what the caller may see; `None` is everything.
    pub visible: Option<VisibleFindings>,
}

/// Where a caller may see what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisibleFindings {
    /// Sites of which they see all articles.
    pub whole_sites: Vec<i64>,
    /// Categories of which they see the articles.
    pub categories: Vec<i64>,
    /// Sites in which they work: their other records are open to them.
    pub sites: Vec<i64>,
}

/// A finding with the name of the site that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFinding {
    /// The finding.
    pub finding: Finding,
    /// Slug of the site; `None` for sources, which belong to none.
    pub site: Option<String>,
}
