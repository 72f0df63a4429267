//! Rules of the check for injected text on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::finding::{FindingSeverity, FindingSpamClass};
use super::total;
use crate::http::pagination::CountKind;
use crate::models::hygiene::{Boundary, HygieneRule, RuleKind, StoredRule};
use crate::models::hygiene_change::ManagedRule;
use crate::models::page::Page;

/// How a rule finds what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HygieneRuleKind {
    /// By phrases. `(网上|线上)` stands for either, `(网上|)` for one or nothing; width, case, script, blanks and invisible characters make no difference.
    Term,
    /// By words that say something in company only: several in a row, or a block that is made of them.
    Vocabulary,
    /// By regular expressions over folded text.
    Pattern,
    /// By a property of a text that needs no list; these come with the program.
    Signal,
}

impl From<RuleKind> for HygieneRuleKind {
    fn from(kind: RuleKind) -> Self {
        match kind {
            RuleKind::Term => Self::Term,
            RuleKind::Vocabulary => Self::Vocabulary,
            RuleKind::Pattern => Self::Pattern,
            RuleKind::Signal => Self::Signal,
        }
    }
}

/// What must stand around a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HygieneBoundary {
    /// Anything.
    Anywhere,
    /// No letter or digit of the kind that the phrase begins or ends with: Latin words are whole words.
    Word,
    /// Nothing but signs, blanks or the end of the block.
    Alone,
}

impl From<Boundary> for HygieneBoundary {
    fn from(boundary: Boundary) -> Self {
        match boundary {
            Boundary::Anywhere => Self::Anywhere,
            Boundary::Word => Self::Word,
            Boundary::Alone => Self::Alone,
        }
    }
}

/// A rule of the check for injected text.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HygieneRule)]
pub struct HygieneRuleBody {
    /// Its id.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 70)]
    id: i64,
    /// Its name, as findings tell it.
    #[schema(max_length = 64, example = "own-lottery-words")]
    key: String,
    /// How it finds.
    kind: HygieneRuleKind,
    /// What the text is for that it finds.
    spam_class: FindingSpamClass,
    /// What a finding does.
    severity: FindingSeverity,
    /// What must stand around a phrase.
    boundary: HygieneBoundary,
    /// Phrases or expressions; none for signals.
    #[schema(max_items = 500, example = json!(["(网上|线上)买彩票"]))]
    texts: Vec<HygieneText>,
    /// What it is for, and what it spares.
    #[schema(max_length = 16000, example = "彩票广告")]
    description: String,
    /// Whether it is applied.
    is_enabled: bool,
    /// Whether it came with the program: then `severity` and `is_enabled` can be set, and it cannot be deleted.
    is_shipped: bool,
    /// Grows with every change; the ETag.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    version: i64,
    /// The version of the set of rules that holds now; it grows with every change of any rule.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 2)]
    rule_set: i64,
    /// When it was made here (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    created_at: String,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    updated_at: String,
}

/// A phrase, or an expression.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(max_length = 1000)]
pub struct HygieneText(String);

/// Texts as they are shown.
pub(super) fn texts(texts: Vec<String>) -> Vec<HygieneText> {
    texts.into_iter().map(HygieneText).collect()
}

impl From<ManagedRule> for HygieneRuleBody {
    fn from(managed: ManagedRule) -> Self {
        let ManagedRule { stored, rule_set } = managed;
        let StoredRule {
            id,
            rule,
            is_shipped,
            version,
            created_at,
            updated_at,
        } = stored;
        let HygieneRule {
            key,
            kind,
            class,
            severity,
            boundary,
            texts: said,
            description,
            is_enabled,
        } = rule;
        Self {
            id,
            key,
            kind: kind.into(),
            spam_class: class.into(),
            severity: severity.into(),
            boundary: boundary.into(),
            texts: texts(said),
            description,
            is_enabled,
            is_shipped,
            version,
            rule_set,
            created_at: created_at.to_rfc3339(),
            updated_at: updated_at.to_rfc3339(),
        }
    }
}

/// A page of rules.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HygieneRulePage)]
pub struct HygieneRulePageBody {
    /// The rules, in the order they were made.
    #[schema(max_items = 100)]
    items: Vec<HygieneRuleBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl HygieneRulePageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<ManagedRule, i64>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}

/// A new rule.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::hygiene::rule` reads"
)]
pub struct HygieneRuleCreate {
    /// Its name, for ever: words of small letters and digits with `-` between them.
    #[schema(
        max_length = 64,
        min_length = 1,
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        example = "own-lottery-words"
    )]
    key: String,
    /// How it finds: `term`, `vocabulary` or `pattern`; signals come with the program.
    kind: HygieneRuleKind,
    /// What the text is for that it finds.
    spam_class: FindingSpamClass,
    /// What a finding does.
    severity: FindingSeverity,
    /// What must stand around a phrase; anything where it is left out. Expressions say that themselves.
    #[schema(nullable = false)]
    boundary: Option<HygieneBoundary>,
    /// Phrases or expressions, of 1 to 200 characters each. A phrase has two characters at least, and all of them together stand for 5,000 at most.
    #[schema(min_items = 1, max_items = 200, example = json!(["(网上|线上)买彩票"]))]
    texts: Vec<HygieneText>,
    /// What it is for, and what it spares.
    #[schema(max_length = 16000, example = "彩票广告", nullable = false)]
    description: Option<String>,
    /// Whether it is applied; it is where this is left out.
    #[schema(nullable = false)]
    is_enabled: Option<bool>,
}

/// A change of a rule (RFC 7396). Of a rule that came with the program, `severity` and `is_enabled` alone.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents a body that `json::hygiene::rule` reads"
)]
pub struct HygieneRuleUpdate {
    /// How it finds: `term`, `vocabulary` or `pattern`.
    #[schema(nullable = false)]
    kind: Option<HygieneRuleKind>,
    /// What the text is for that it finds.
    #[schema(nullable = false)]
    spam_class: Option<FindingSpamClass>,
    /// What a finding does.
    #[schema(nullable = false)]
    severity: Option<FindingSeverity>,
    /// What must stand around a phrase.
    #[schema(nullable = false)]
    boundary: Option<HygieneBoundary>,
    /// All phrases or expressions that it is to have.
    #[schema(min_items = 1, max_items = 200, nullable = false)]
    texts: Option<Vec<HygieneText>>,
    /// What it is for, and what it spares; `null` for nothing.
    #[schema(max_length = 16000, example = "彩票广告")]
    description: Option<String>,
    /// Whether it is applied.
    #[schema(nullable = false)]
    is_enabled: Option<bool>,
}
