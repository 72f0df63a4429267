//! Rules, made into what finds them. It knows what a rule may say, not the texts that it is for.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::automaton::Automaton;
use super::expand::{self, expand};
use super::signals::{self, Signals};
use crate::models::hygiene::{Boundary, HygieneRule, RuleKind, Severity, SpamClass};

/// Texts of one rule.
const TEXTS: usize = 500;
/// Characters of one text.
const TEXT: usize = 1_000;
/// Bytes that an expression may take when it is compiled.
const EXPRESSION: usize = 1 << 18;
/// Phrases of all rules together.
const PHRASES: usize = 100_000;

/// Rules that are ready to be applied.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub(super) rules: Vec<Compiled>,
    pub(super) automaton: Automaton,
    /// Expressions with the numbers of their rules; the set says which of them are worth trying.
    pub(super) patterns: Vec<(usize, Regex)>,
    pub(super) any_pattern: Option<RegexSet>,
    pub(super) signals: Signals,
}

/// What is left of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compiled {
    pub key: String,
    pub kind: RuleKind,
    pub class: SpamClass,
    pub severity: Severity,
    pub boundary: Boundary,
}

/// A rule that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRule {
    /// Its key.
    pub key: String,
    /// Which of its texts, where it is one.
    pub at: Option<usize>,
    /// What is wrong, and the mend.
    pub problem: String,
}

impl fmt::Display for BadRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.problem)
    }
}

impl RuleSet {
    /// Rules made ready.
    pub fn compile(rules: &[HygieneRule]) -> Result<Self, BadRule> {
        let mut set = Self::default();
        let mut literals = Vec::new();
        let mut sources = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            let bad = |at: Option<usize>, problem: String| BadRule {
                key: rule.key.clone(),
                at,
                problem,
            };
            match rule.kind {
                RuleKind::Term | RuleKind::Vocabulary => {
                    for (at, text) in rule.texts.iter().enumerate() {
                        let found = expand(text, shortest(rule))
                            .map_err(|problem| bad(Some(at), problem))?;
                        literals.extend(found.into_iter().map(|l| (number, rule.boundary, l)));
                    }
                    if literals.len() > PHRASES {
                        return Err(bad(
                            None,
                            format!(
                                "makes the rules stand for more than {PHRASES} phrases; use fewer"
                            ),
                        ));
                    }
                }
                RuleKind::Pattern => {
                    for (at, text) in rule.texts.iter().enumerate() {
                        let regex = expression(text).map_err(|problem| bad(Some(at), problem))?;
                        set.patterns.push((number, regex));
                        sources.push(plain_boundaries(text));
                    }
                }
                RuleKind::Signal => set.signals.place(&rule.key, number).ok_or_else(|| {
                    bad(
                        None,
                        format!("is no signal; there are {}", signals::known()),
                    )
                })?,
            }
            set.rules.push(Compiled {
                key: rule.key.clone(),
                kind: rule.kind,
                class: rule.class,
                severity: rule.severity,
                boundary: rule.boundary,
            });
        }
        let failed = |problem: String| BadRule {
            key: String::new(),
            at: None,
            problem,
        };
        set.automaton = Automaton::new(literals).map_err(failed)?;
        if !sources.is_empty() {
            let any = RegexSetBuilder::new(sources)
                .multi_line(true)
                .size_limit(EXPRESSION * 64)
                .build();
            set.any_pattern = Some(any.map_err(|_| {
                failed("all expressions together are too large; use fewer".to_owned())
            })?);
        }
        Ok(set)
    }
}

/// Fails where a rule cannot be applied.
pub fn check(rule: &HygieneRule) -> Result<(), BadRule> {
    let bad = |at: Option<usize>, problem: String| {
        Err(BadRule {
            key: rule.key.clone(),
            at,
            problem,
        })
    };
    match (rule.kind, rule.texts.len()) {
        (RuleKind::Signal, 0) => {}
        (RuleKind::Signal, _) => {
            return bad(
                None,
                "is a signal, which has no texts; leave them out".to_owned(),
            );
        }
        (_, 0) => return bad(None, "has no texts; give one at least".to_owned()),
        (_, count) if count > TEXTS => {
            return bad(
                None,
                format!("has more than {TEXTS} texts; make it several rules"),
            );
        }
        _ => {}
    }
    if matches!(rule.kind, RuleKind::Signal | RuleKind::Pattern)
        && rule.boundary != Boundary::Anywhere
    {
        return bad(
            None,
            "has a boundary, which only phrases have; use `anywhere`".to_owned(),
        );
    }
    let mut known = HashSet::new();
    let mut phrases = 0;
    for (at, text) in rule.texts.iter().enumerate() {
        if text.chars().count() > TEXT {
            return bad(
                Some(at),
                format!("is longer than {TEXT} characters; shorten it"),
            );
        }
        if !known.insert(text) {
            return bad(Some(at), "is there twice; leave one out".to_owned());
        }
        if matches!(rule.kind, RuleKind::Term | RuleKind::Vocabulary) {
            match expand(text, shortest(rule)) {
                Ok(literals) => phrases += literals.len(),
                Err(problem) => return bad(Some(at), problem),
            }
            if phrases > expand::MOST {
                return bad(
                    Some(at),
                    format!(
                        "makes the rule stand for more than {} phrases; make it several rules",
                        expand::MOST
                    ),
                );
            }
        }
    }
    RuleSet::compile(std::slice::from_ref(rule)).map(|_| ())
}

/// An expression whose boundaries of words are those of ASCII: the others are slow, and no boundaries between Chinese and Latin words.
fn plain_boundaries(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, (c == '\\').then(|| chars.next()).flatten()) {
            ('\\', Some('b')) => out.push_str(r"(?-u:\b)"),
            (c, escaped) => {
                out.push(c);
                out.extend(escaped);
            }
        }
    }
    out
}

/// How short a phrase may be: a single character says nothing by itself, but may go along.
fn shortest(rule: &HygieneRule) -> usize {
    match (rule.kind, rule.severity) {
        (RuleKind::Vocabulary, Severity::Note) => 1,
        _ => 2,
    }
}

fn expression(text: &str) -> Result<Regex, String> {
    let regex = RegexBuilder::new(&plain_boundaries(text))
        .multi_line(true)
        .size_limit(EXPRESSION)
        .build();
    let regex = regex.map_err(|e| match e {
        regex::Error::CompiledTooBig(_) => {
            "is too large an expression; use smaller counts".to_owned()
        }
        other => format!("is no regular expression: {other}"),
    })?;
    if regex.is_match("") {
        return Err("finds nothing at all, everywhere; say at least one character".to_owned());
    }
    Ok(regex)
}

#[derive(Deserialize)]
struct Shipped {
    #[cfg(test)]
    version: i64,
    rules: Vec<ShippedRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShippedRule {
    key: String,
    kind: String,
    class: String,
    severity: String,
    #[serde(default)]
    boundary: Option<String>,
    #[serde(default)]
    texts: Vec<String>,
    description: String,
}

/// The file, read once; a test says that all of it can be read.
static SHIPPED: LazyLock<Shipped> = LazyLock::new(|| {
    serde_json::from_str(include_str!("rules.json")).unwrap_or(Shipped {
        #[cfg(test)]
        version: 0,
        rules: Vec::new(),
    })
});

/// The version of the rules that come with the program; it grows with every change of the file.
pub const SHIPPED_VERSION: i64 = 1;

/// The rules that come with the program.
pub fn shipped() -> Vec<HygieneRule> {
    let rules = SHIPPED.rules.iter().filter_map(|rule| {
        Some(HygieneRule {
            key: rule.key.clone(),
            kind: RuleKind::parse(&rule.kind)?,
            class: SpamClass::parse(&rule.class)?,
            severity: Severity::parse(&rule.severity)?,
            boundary: match &rule.boundary {
                Some(word) => Boundary::parse(word)?,
                None => Boundary::Anywhere,
            },
            texts: rule.texts.clone(),
            description: rule.description.clone(),
            is_enabled: true,
        })
    });
    rules.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_rule_is_read_and_is_good() {
        assert_eq!(SHIPPED.version, SHIPPED_VERSION);
        let rules = shipped();
        assert!(!rules.is_empty());
        assert_eq!(rules.len(), SHIPPED.rules.len());
        let keys: HashSet<&str> = rules.iter().map(|rule| rule.key.as_str()).collect();
        assert_eq!(keys.len(), rules.len());
        for rule in &rules {
            assert_eq!(check(rule), Ok(()), "{}", rule.key);
            assert!(!rule.description.is_empty(), "{}", rule.key);
        }
        assert!(RuleSet::compile(&rules).is_ok());
    }
}
