//! Runs of the check for injected text over what is there already: what is asked for, how far they are, what they came to.

use serde::{Deserialize, Serialize};

use super::hygiene::{
    Boundary, HygieneRule, RecordKind, RuleKind, ScanPurpose, ScanState, Severity, SpamClass,
};
use super::time::Ts;

/// Findings of a trial that are kept, to be looked at.
pub const SAMPLES: usize = 20;

/// A run that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewScan {
    /// Why.
    pub purpose: ScanPurpose,
    /// The site that it is about; `None` for everything.
    pub site_id: Option<i64>,
    /// The rule that is tried.
    pub draft: Option<HygieneRule>,
    /// Who asked for it.
    pub actor: String,
}

/// What a run came to so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Open findings of severity block.
    pub blocks: i64,
    /// Open findings of severity review.
    pub reviews: i64,
    /// Open findings of severity note.
    pub notes: i64,
    /// Records that were held back; in a trial, that would be.
    pub held: i64,
    /// Records that nothing held back any more.
    pub released: i64,
}

impl Tally {
    /// Adds what came besides.
    pub fn add(&mut self, more: Self) {
        let Self {
            blocks,
            reviews,
            notes,
            held,
            released,
        } = more;
        self.blocks += blocks;
        self.reviews += reviews;
        self.notes += notes;
        self.held += held;
        self.released += released;
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Its id; later ones have higher ids.
    pub id: i64,
    /// Why.
    pub purpose: ScanPurpose,
    /// The site that it is about; `None` for everything.
    pub site_id: Option<i64>,
    /// Slug of that site.
    pub site: Option<String>,
    /// The rule that is tried.
    pub draft: Option<HygieneRule>,
    /// How far it is.
    pub state: ScanState,
    /// The set of rules that it goes by, or went by last.
    pub rule_set: i64,
    /// The last article that was looked at; below 0 where what articles stand in was not looked at yet.
    pub after_id: i64,
    /// Records that were looked at.
    pub looked_at: i64,
    /// Records that there were when it began.
    pub total: i64,
    /// What it came to.
    pub tally: Tally,
    /// The first findings of a trial.
    pub samples: Vec<Sample>,
    /// Who asked for it.
    pub actor: String,
    /// When it was asked for.
    pub started_at: Ts,
    /// When it went on last.
    pub updated_at: Ts,
    /// When it was through, or stopped.
    pub finished_at: Option<Ts>,
}

impl Scan {
    /// Where a run begins that looks at everything: before the first article, with what is no article still to do.
    pub const BEGINNING: i64 = -1;

    /// Whether somebody has to go on with it.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ScanState::Waiting | ScanState::Running)
    }

    /// Whether it changes nothing.
    pub fn is_dry(&self) -> bool {
        self.purpose == ScanPurpose::Trial
    }
}

/// Where a run is: it looks at everything else before it looks at articles, since what stands in something that is held back is held back with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind this record of a kind.
    Records {
        /// The kind.
        kind: RecordKind,
        /// The record; 0 before the first one.
        after: i64,
    },
    /// Behind this article.
    Articles {
        /// The article; 0 before the first one.
        after: i64,
    },
}

impl Place {
    /// The kinds of records, in the order that they are looked at.
    const KINDS: [RecordKind; 7] = [
        RecordKind::Site,
        RecordKind::Category,
        RecordKind::Topic,
        RecordKind::Source,
        RecordKind::Menu,
        RecordKind::LinkGroup,
        RecordKind::Media,
    ];

    /// Bits of an id.
    const BITS: u32 = 53;

    /// The place that is kept as one number: that of the last article; below 0 the number of the kind and the last record of it.
    pub fn of(kept: i64) -> Self {
        if kept >= 0 {
            return Self::Articles { after: kept };
        }
        let number = -(kept + 1);
        let kind = usize::try_from(number >> Self::BITS).unwrap_or_default();
        match Self::KINDS.get(kind) {
            Some(kind) => Self::Records {
                kind: *kind,
                after: number & ((1 << Self::BITS) - 1),
            },
            None => Self::Articles { after: 0 },
        }
    }

    /// The number that it is kept as.
    pub fn kept(self) -> i64 {
        match self {
            Self::Articles { after } => after,
            Self::Records { kind, after } => {
                let at = Self::KINDS.iter().position(|known| *known == kind);
                let at = at.and_then(|at| i64::try_from(at).ok()).unwrap_or_default();
                -((at << Self::BITS) + after) - 1
            }
        }
    }

    /// Where the next kind begins.
    pub fn next_kind(self) -> Self {
        let Self::Records { kind, .. } = self else {
            return self;
        };
        let at = Self::KINDS.iter().position(|known| *known == kind);
        match at.and_then(|at| Self::KINDS.get(at + 1)) {
            Some(kind) => Self::Records {
                kind: *kind,
                after: 0,
            },
            None => Self::Articles { after: 0 },
        }
    }
}

/// A finding of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Word of the kind of record.
    pub kind: String,
    /// Which one.
    pub record_id: i64,
    /// The site of the record; sources have none.
    pub site_id: Option<i64>,
    /// The language of the rendition.
    pub locale: Option<String>,
    /// JSON Pointer of the member.
    pub field: String,
    /// Where it begins, in bytes of the member.
    pub offset: i64,
    /// What stands there.
    pub text: String,
    /// Word of its severity.
    pub severity: String,
}

impl Sample {
    /// The kind of the record.
    pub fn kind(&self) -> Option<RecordKind> {
        RecordKind::parse(&self.kind)
    }
}

/// A rule on trial as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    key: String,
    kind: String,
    class: String,
    severity: String,
    boundary: String,
    texts: Vec<String>,
    description: String,
    is_enabled: bool,
}

impl From<&HygieneRule> for Draft {
    fn from(rule: &HygieneRule) -> Self {
        let HygieneRule {
            key,
            kind,
            class,
            severity,
            boundary,
            texts,
            description,
            is_enabled,
        } = rule;
        Self {
            key: key.clone(),
            kind: kind.as_str().to_owned(),
            class: class.as_str().to_owned(),
            severity: severity.as_str().to_owned(),
            boundary: boundary.as_str().to_owned(),
            texts: texts.clone(),
            description: description.clone(),
            is_enabled: *is_enabled,
        }
    }
}

impl Draft {
    /// The rule; `None` where a word of it is unknown.
    pub fn rule(self) -> Option<HygieneRule> {
        let Self {
            key,
            kind,
            class,
            severity,
            boundary,
            texts,
            description,
            is_enabled,
        } = self;
        Some(HygieneRule {
            key,
            kind: RuleKind::parse(&kind)?,
            class: SpamClass::parse(&class)?,
            severity: Severity::parse(&severity)?,
            boundary: Boundary::parse(&boundary)?,
            texts,
            description,
            is_enabled,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_where_it_was() {
        let mut place = Place::of(Scan::BEGINNING);
        assert_eq!(
            place,
            Place::Records {
                kind: RecordKind::Site,
                after: 0
            }
        );
        for kind in Place::KINDS {
            let after = (1 << Place::BITS) - 1;
            let last = Place::Records { kind, after };
            assert_eq!(Place::of(last.kept()), last);
            assert_eq!(Place::of(place.kept()), place);
            place = place.next_kind();
        }
        assert_eq!(place, Place::Articles { after: 0 });
        assert_eq!(Place::of(7), Place::Articles { after: 7 });
    }
}
