//! Findings before it is settled which of those that overlap are one. It knows ranges and weights, not texts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::models::hygiene::{Place, Reason, Severity};

/// A finding to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    /// The number of the rule.
    pub rule: usize,
    pub severity: Severity,
    pub reasons: BTreeSet<Reason>,
    pub place: Place,
    /// Where it stands in the piece.
    pub source: Range<usize>,
    /// Its characters, where it is a phrase.
    pub marks: Range<usize>,
    /// Whether it is a text judged as a whole, which goes before what is in it.
    pub is_whole: bool,
}

/// Of drafts that overlap those that go first: wholes, then the most severe, then the longest; they take the reasons of the others. In the
/// order of their places.
pub(super) fn settle(mut drafts: Vec<Draft>) -> Vec<Draft> {
    let weight = |draft: &Draft| {
        (
            !draft.is_whole,
            std::cmp::Reverse(draft.severity),
            std::cmp::Reverse(draft.source.len()),
            draft.source.start,
            draft.rule,
        )
    };
    drafts.sort_by_key(weight);
    // By where they begin.
    let mut kept: BTreeMap<usize, Draft> = BTreeMap::new();
    for draft in drafts {
        let last = kept.range_mut(..draft.source.end).next_back();
        match last {
            Some((_, before)) if before.source.end > draft.source.start => {
                if before.is_whole {
                    before.severity = before.severity.max(draft.severity);
                }
                before.reasons.extend(draft.reasons);
            }
            _ => {
                kept.insert(draft.source.start, draft);
            }
        }
    }
    kept.into_values().collect()
}
