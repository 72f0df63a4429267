//! Rules that change: those that come with the program are kept with those of one's own, so that what is set on them here holds, and each change is
//! another set of them, by which everything that is there is looked at again.

use std::collections::HashMap;

use super::{Rules, Screen, Screening};
use crate::error::{Error, Fault, Result};
use crate::hygiene::{self, BadRule, RuleSet};
use crate::models::hygiene::{Boundary, HygieneRule, RuleKind, ScanPurpose, StoredRule};
use crate::models::hygiene_scan::NewScan;
use crate::models::time::Ts;
use crate::store::{self, Conn};

/// Who does what nobody asked for, in the audit log.
pub const ACTOR: &str = "masthead";

impl Screening {
    /// Whether the program has other rules than were kept last.
    pub fn is_due(conn: &mut Conn) -> Result<bool> {
        Ok(store::hygiene_rules::current(conn)?.shipped < hygiene::SHIPPED_VERSION)
    }

    /// Keeps the rules of the program, where they are other ones than were kept last, and has what is there already be looked at by them. Whether a rule
    /// is applied, and what its findings do, stays as it was set here. Returns whether there was something to keep.
    pub fn ship(conn: &mut Conn, now: Ts) -> Result<bool> {
        if !Self::is_due(conn)? {
            return Ok(false);
        }
        let mut kept: HashMap<String, StoredRule> = store::hygiene_rules::all(conn)?
            .into_iter()
            .map(|stored| (stored.rule.key.clone(), stored))
            .collect();
        let mut new = Vec::new();
        for rule in hygiene::shipped() {
            match kept.remove(&rule.key) {
                None => new.push(rule),
                Some(stored) if stored.is_shipped => {
                    let rule = HygieneRule {
                        severity: stored.rule.severity,
                        is_enabled: stored.rule.is_enabled,
                        ..rule
                    };
                    if rule != stored.rule {
                        store::hygiene_rules::update(conn, stored.id, &rule, now)?;
                    }
                }
                // One's own rule of that name goes on.
                Some(_) => {}
            }
        }
        store::hygiene_rules::insert_shipped(conn, &new, now)?;
        for gone in kept.values().filter(|stored| stored.is_shipped) {
            store::hygiene_rules::delete(conn, gone.id)?;
        }
        store::hygiene_rules::advance(conn, hygiene::SHIPPED_VERSION, now)?;
        // What a database that is new gets is looked at while it is written.
        if !store::sites::ids(conn)?.is_empty() {
            rescan(conn, ACTOR, now)?;
        }
        Ok(true)
    }

    /// Has the rules hold that are in the database now, and what is there already be looked at by them. Returns the version of their set; fails
    /// where all of them together cannot be applied.
    pub fn revise(&self, conn: &mut Conn, actor: &str, now: Ts) -> Result<i64> {
        let rules: Vec<HygieneRule> = store::hygiene_rules::all(conn)?
            .into_iter()
            .map(|stored| stored.rule)
            .filter(|rule| rule.is_enabled)
            .collect();
        RuleSet::compile(&rules).map_err(|bad| unfit("", &bad))?;
        let shipped = store::hygiene_rules::current(conn)?.shipped;
        let version = store::hygiene_rules::advance(conn, shipped, now)?;
        rescan(conn, actor, now)?;
        self.want();
        Ok(version)
    }

    /// A look by a rule that is tried, and no other. Words that say something in company only are in the company of those that there are.
    pub fn trial(&self, conn: &mut Conn, draft: &HygieneRule) -> Result<Screen> {
        let of = store::hygiene_rules::current(conn)?;
        let mut rules = vec![(
            HygieneRule {
                is_enabled: true,
                ..draft.clone()
            },
            1,
        )];
        if draft.kind == RuleKind::Vocabulary {
            let others = store::hygiene_rules::all(conn)?
                .into_iter()
                .filter(|stored| {
                    stored.rule.kind == RuleKind::Vocabulary && stored.rule.key != draft.key
                });
            rules.extend(others.map(|stored| (stored.rule, stored.version)));
        }
        Ok(Screen::by(Rules::compile(of, &rules)?.into()))
    }
}

/// Fails where a rule, which is the member `place` of a body or the whole of it, cannot be applied.
pub fn check(place: &str, rule: &HygieneRule) -> Result<()> {
    if rule.kind == RuleKind::Pattern && rule.boundary != Boundary::Anywhere {
        let (slash, dot) = within(place);
        return Err(Error::Invalid(vec![Fault::new(
            format!("{slash}/boundary"),
            "conflict",
            format!(
                "`{dot}boundary` is for phrases: leave it out, or make it `anywhere`, and say `\\b` in the expression where a word begins or ends"
            ),
        )]));
    }
    hygiene::check(rule).map_err(|bad| unfit(place, &bad))
}

/// What is wrong with a rule, for the one who wrote it.
fn unfit(place: &str, bad: &BadRule) -> Error {
    let (slash, dot) = within(place);
    let (pointer, detail) = match bad.at {
        Some(at) => (
            format!("{slash}/texts/{at}"),
            format!("`{dot}texts[{at}]` {}", bad.problem),
        ),
        None => (
            format!("{slash}/texts"),
            format!("the rule {}", bad.problem),
        ),
    };
    Error::Invalid(vec![Fault::new(pointer, "invalid", detail)])
}

/// What stands before the names of members: in pointers, and in sentences.
fn within(place: &str) -> (String, String) {
    match place {
        "" => (String::new(), String::new()),
        place => (format!("/{place}"), format!("{place}.")),
    }
}

fn rescan(conn: &mut Conn, actor: &str, now: Ts) -> Result<i64> {
    let new = NewScan {
        purpose: ScanPurpose::Rescan,
        site_id: None,
        draft: None,
        actor: actor.to_owned(),
    };
    store::hygiene_scans::begin(conn, &new, now)
}
