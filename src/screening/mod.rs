//! The check for injected text as it stands in the database: by which rules records are looked at, what was found in them, and which of them that
//! holds back. Knows no HTTP, and no SQL but what `store` has.
//!
//! Whoever writes a record looks at it in the same transaction ([`Screen`]): the findings are kept with it, and where one of them blocks, the
//! record is held back before anyone can read it. What is there already is looked at by runs over everything (`settle`).

mod articles;
mod records;
mod settle;
mod shipping;
mod survey;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

pub use articles::{Screened, Verdict};
pub use records::Record;
pub use settle::{Settled, Tried};
pub use shipping::{ACTOR, check};
pub use survey::{Range, SettledRecord, Surveyed};

use crate::error::{Error, Result};
use crate::hygiene::{self, RuleSet};
use crate::models::hygiene::{HygieneRule, Surroundings};
use crate::store::hygiene_rules::RuleSetVersion;
use crate::store::{self, Conn};

/// The rules, with what they were made into kept at hand.
#[derive(Clone, Default)]
pub struct Screening {
    compiled: Arc<Mutex<Option<Arc<Rules>>>>,
    work: Arc<Notify>,
}

/// The rules of one version.
pub struct Rules {
    /// Which set it is; version 0 stands for the rules of the program, where the database has none.
    pub of: RuleSetVersion,
    /// What they were made into.
    pub set: RuleSet,
    /// The version of each rule, by key.
    versions: HashMap<String, i64>,
}

impl Rules {
    fn compile(of: RuleSetVersion, rules: &[(HygieneRule, i64)]) -> Result<Self> {
        let enabled: Vec<HygieneRule> = rules
            .iter()
            .filter(|(rule, _)| rule.is_enabled)
            .map(|(rule, _)| rule.clone())
            .collect();
        let set = RuleSet::compile(&enabled)
            .map_err(|bad| Error::internal(format!("a rule that is kept is no good: {bad}")))?;
        Ok(Self {
            of,
            set,
            versions: rules
                .iter()
                .map(|(rule, version)| (rule.key.clone(), *version))
                .collect(),
        })
    }

    /// The version of a rule.
    pub fn version_of(&self, key: &str) -> i64 {
        self.versions.get(key).copied().unwrap_or(1)
    }
}

impl Screening {
    /// Has the job look for runs to go on with.
    pub fn want(&self) {
        self.work.notify_one();
    }

    /// Waits until there may be one.
    pub async fn wanted(&self) {
        self.work.notified().await;
    }

    /// The rules that hold in this picture of the database.
    pub fn rules(&self, conn: &mut Conn) -> Result<Arc<Rules>> {
        let current = store::hygiene_rules::current(conn)?;
        if let Some(known) = &*self.compiled.lock()
            && known.of == current
        {
            return Ok(known.clone());
        }
        let rules: Vec<(HygieneRule, i64)> = match current.version {
            0 => hygiene::shipped()
                .into_iter()
                .map(|rule| (rule, 1))
                .collect(),
            _ => store::hygiene_rules::all(conn)?
                .into_iter()
                .map(|stored| (stored.rule, stored.version))
                .collect(),
        };
        let rules = Arc::new(Rules::compile(current, &rules)?);
        *self.compiled.lock() = Some(rules.clone());
        Ok(rules)
    }

    /// A look at what a transaction writes.
    pub fn screen(&self, conn: &mut Conn) -> Result<Screen> {
        Ok(Screen::by(self.rules(conn)?))
    }
}

/// A look at what a transaction writes: the rules, and what is known of the sites it writes to.
pub struct Screen {
    rules: Arc<Rules>,
    sites: HashMap<i64, SiteView>,
}

/// A site as its records are looked at.
struct SiteView {
    around: Surroundings,
    is_held: bool,
    /// Categories that are held back, with all below them.
    held_categories: HashSet<i64>,
}

impl Screen {
    fn by(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            sites: HashMap::new(),
        }
    }

    /// The version of the set of rules that it goes by.
    pub fn rule_set(&self) -> i64 {
        self.rules.of.version
    }

    /// Has the site be looked up again: it, or a category of it, was changed.
    pub fn forget(&mut self, site_id: i64) {
        self.sites.remove(&site_id);
    }

    fn site(&mut self, conn: &mut Conn, site_id: i64) -> Result<&SiteView> {
        Ok(match self.sites.entry(site_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(SiteView::find(conn, site_id)?),
        })
    }
}

impl SiteView {
    fn find(conn: &mut Conn, site_id: i64) -> Result<Self> {
        Ok(match store::sites::find_screened(conn, site_id)? {
            Some((content, is_held)) => Self {
                around: hygiene::surroundings(&content),
                is_held,
                held_categories: store::categories::held(conn, site_id)?
                    .into_iter()
                    .collect(),
            },
            None => Self {
                around: Surroundings::default(),
                is_held: false,
                held_categories: HashSet::new(),
            },
        })
    }
}
