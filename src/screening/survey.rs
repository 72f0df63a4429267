//! Everything that is there already but articles is looked at again, a few hundred records of a kind at a time.

use std::collections::{HashMap, HashSet};

use super::records::{Outcome, stored, stored_ones};
use super::{Record, Screen, Tried, Verdict};
use crate::error::Result;
use crate::hygiene;
use crate::models::hygiene::{Finding, Found, RecordKind, Surroundings};
use crate::models::hygiene_scan::Tally;
use crate::models::time::Ts;
use crate::store::{self, Conn};

/// Which records to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Of which kind; not articles.
    pub kind: RecordKind,
    /// Of which site; `None` for all. Sources belong to none.
    pub site_id: Option<i64>,
    /// Those behind this id.
    pub after: i64,
    /// So many at most.
    pub limit: i64,
}

/// What looking at records came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// The last record; `None` where there are no more.
    pub last: Option<i64>,
    /// How many they are.
    pub looked_at: i64,
    /// Those that are not as they should be by the rules: their findings, or whether they are held back.
    pub unsettled: Vec<i64>,
    /// Their open findings, and which would be held back or let go.
    pub tally: Tally,
}

/// A record that was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledRecord {
    /// Which one.
    pub id: i64,
    /// Its site, where it belongs to one.
    pub site_id: Option<i64>,
    /// What it came to.
    pub outcome: Outcome,
}

impl Screen {
    /// Which of some records are not as they should be. Changes nothing.
    pub fn survey(&mut self, conn: &mut Conn, range: Range) -> Result<Surveyed> {
        let stored = stored(conn, range.kind, range.site_id, range.after, range.limit)?;
        let records = stored.records();
        let ids: Vec<i64> = records.iter().map(|record| record.id).collect();
        let mut known: HashMap<i64, Vec<Finding>> = HashMap::new();
        for finding in store::findings::of_records(conn, range.kind, &ids)? {
            known.entry(finding.record_id).or_default().push(finding);
        }
        let held: HashSet<i64> = store::holds::ids(conn, range.kind)?.into_iter().collect();
        let mut surveyed = Surveyed {
            last: ids.last().copied(),
            looked_at: i64::try_from(ids.len()).unwrap_or_default(),
            ..Surveyed::default()
        };
        for record in &records {
            let found = self.find_in(conn, record)?;
            let known = known.remove(&record.id).unwrap_or_default();
            let verdict = Verdict::new(found, known, |_| false);
            let is_held = verdict.blocks > 0;
            let is_other = is_held != held.contains(&record.id);
            let number = |n: usize| i64::try_from(n).unwrap_or_default();
            surveyed.tally.add(Tally {
                blocks: number(verdict.blocks),
                reviews: number(verdict.reviews),
                notes: number(verdict.notes),
                held: i64::from(is_other && is_held),
                released: i64::from(is_other && !is_held),
            });
            if is_other || !verdict.is_known() {
                surveyed.unsettled.push(record.id);
            }
        }
        Ok(surveyed)
    }

    /// Looks at these records again, keeps what is found, and holds back, or lets go, what there is reason to.
    pub fn settle_records(
        &mut self,
        conn: &mut Conn,
        kind: RecordKind,
        ids: &[i64],
        now: Ts,
    ) -> Result<Vec<SettledRecord>> {
        let stored = stored_ones(conn, kind, ids)?;
        stored
            .records()
            .iter()
            .map(|record| {
                Ok(SettledRecord {
                    id: record.id,
                    site_id: record.site_id,
                    outcome: self.record(conn, record, now)?,
                })
            })
            .collect()
    }

    /// What the rules find in some records, whatever is known of them; with the last of them, and how many they are. Changes nothing.
    pub fn try_on_records(
        &mut self,
        conn: &mut Conn,
        range: Range,
    ) -> Result<(Surveyed, Vec<Tried>)> {
        let stored = stored(conn, range.kind, range.site_id, range.after, range.limit)?;
        let records = stored.records();
        let held: HashSet<i64> = store::holds::ids(conn, range.kind)?.into_iter().collect();
        let surveyed = Surveyed {
            last: records.last().map(|record| record.id),
            looked_at: i64::try_from(records.len()).unwrap_or_default(),
            ..Surveyed::default()
        };
        let mut tried = Vec::new();
        for record in &records {
            let found = self.find_in(conn, record)?;
            if !found.is_empty() {
                tried.push(Tried {
                    kind: range.kind,
                    record_id: record.id,
                    site_id: record.site_id,
                    is_held: held.contains(&record.id),
                    found,
                });
            }
        }
        Ok((surveyed, tried))
    }

    /// What there is in a record.
    fn find_in(&mut self, conn: &mut Conn, record: &Record<'_>) -> Result<Vec<Found>> {
        let rules = self.rules.clone();
        Ok(match record.site_id {
            Some(site_id) => {
                let around = &self.site(conn, site_id)?.around;
                hygiene::scan(&rules.set, around, &record.pieces)
            }
            None => hygiene::scan(&rules.set, &Surroundings::default(), &record.pieces),
        })
    }
}
