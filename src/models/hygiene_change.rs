//! What requests say about the rules of the check for injected text, and about its runs.

use super::hygiene::{Boundary, HygieneRule, RuleKind, Severity, SpamClass, StoredRule};
use super::patch::Patch;

/// Rules of one's own that there may be.
pub const OWN_RULES: i64 = 500;

/// Texts that a rule of one's own may have.
pub const TEXTS: usize = 200;

/// Characters of one of them.
pub const TEXT: usize = 200;

/// Characters of the key of a rule.
pub const KEY: usize = 64;

/// A rule in a request. Members that a new rule must have are `Keep` where a change leaves them out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HygieneRuleRecord {
    /// Its name; empty in a change.
    pub key: String,
    /// How it finds. Required for a new rule.
    pub kind: Patch<RuleKind>,
    /// What it finds. Required for a new rule.
    pub class: Patch<SpamClass>,
    /// What a finding does. Required for a new rule.
    pub severity: Patch<Severity>,
    /// What must stand around a match; anything for a new rule without it.
    pub boundary: Patch<Boundary>,
    /// Phrases or expressions. Required for a new rule.
    pub texts: Patch<Vec<String>>,
    /// What it is for.
    pub description: Patch<String>,
    /// Whether it is applied; a new rule without it is.
    pub is_enabled: Patch<bool>,
}

impl HygieneRuleRecord {
    /// The new rule that it describes.
    pub fn into_rule(self) -> HygieneRule {
        let mut rule = HygieneRule {
            key: self.key.clone(),
            kind: RuleKind::Term,
            class: SpamClass::Injection,
            severity: Severity::Note,
            boundary: Boundary::Anywhere,
            texts: Vec::new(),
            description: String::new(),
            is_enabled: true,
        };
        self.apply_to(&mut rule);
        rule
    }

    /// Applies this to a rule.
    pub fn apply_to(self, rule: &mut HygieneRule) {
        let Self {
            key: _,
            kind,
            class,
            severity,
            boundary,
            texts,
            description,
            is_enabled,
        } = self;
        // None of them has an empty form but the description.
        rule.kind = kind.set().unwrap_or(rule.kind);
        rule.class = class.set().unwrap_or(rule.class);
        rule.severity = severity.set().unwrap_or(rule.severity);
        rule.boundary = boundary.set().unwrap_or(rule.boundary);
        texts.apply_or_default(&mut rule.texts);
        description.apply_or_default(&mut rule.description);
        rule.is_enabled = is_enabled.set().unwrap_or(rule.is_enabled);
    }

    /// The members that it names and that nobody may change of a rule that came with the program.
    pub fn fixed(&self) -> Vec<&'static str> {
        let Self {
            key: _,
            kind,
            class,
            severity: _,
            boundary,
            texts,
            description,
            is_enabled: _,
        } = self;
        let named = [
            ("kind", *kind != Patch::Keep),
            ("spam_class", *class != Patch::Keep),
            ("boundary", *boundary != Patch::Keep),
            ("texts", *texts != Patch::Keep),
            ("description", *description != Patch::Keep),
        ];
        let named = named.into_iter().filter(|(_, is_named)| *is_named);
        named.map(|(name, _)| name).collect()
    }
}

/// A rule as it is managed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedRule {
    /// The rule.
    pub stored: StoredRule,
    /// The version of the set of rules that holds now.
    pub rule_set: i64,
}

/// A run that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanRecord {
    /// Whether it is to change nothing.
    pub is_dry: bool,
    /// The rule that is tried.
    pub rule: Option<HygieneRule>,
    /// Slug of the site that it is about.
    pub site: Option<String>,
}
