//! One step of a run: a few hundred records are read and looked at, and what is not as it should be is settled in short transactions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Scanning, Step};
use crate::error::Result;
use crate::index::{Pending, Room};
use crate::models::audit::NewEntry;
use crate::models::hygiene::{Finding, RecordKind, ScanPurpose, Severity};
use crate::models::hygiene_scan::{Place, SAMPLES, Sample, Scan, Tally};
use crate::models::revision::{Action, Occasion};
use crate::models::time::Ts;
use crate::screening::{ACTOR, Range, Settled, Surveyed, Tried};
use crate::store::articles::affected::Named;
use crate::store::connection::{Structure, lock_structure, snapshot};
use crate::store::{self, Conn, touched};

/// Records that are read and looked at together.
const BATCH: i64 = 200;

/// Records that are settled in one transaction, for which others may have to wait.
const AT_ONCE: usize = 50;

/// What is held back now, or is not any more.
struct Turned {
    kind: RecordKind,
    id: i64,
    site_id: Option<i64>,
    is_held: bool,
}

impl Scanning {
    /// Looks at the next records of a run.
    pub(super) fn take_step(&self, scan: &mut Scan) -> Result<Step> {
        match (Place::of(scan.after_id), scan.draft.is_some()) {
            (place @ Place::Records { kind, after }, is_trial) => {
                self.records(scan, place, (kind, after), is_trial)
            }
            (Place::Articles { after }, true) => self.try_articles(scan, after),
            (Place::Articles { after }, false) => self.articles(scan, after),
        }
    }

    fn records(
        &self,
        scan: &mut Scan,
        place: Place,
        (kind, after): (RecordKind, i64),
        is_trial: bool,
    ) -> Result<Step> {
        let range = Range {
            kind,
            site_id: scan.site_id,
            after,
            limit: BATCH,
        };
        let surveyed = match is_trial {
            true => self.try_records(scan, range)?,
            false => self.survey(scan, range)?,
        };
        if !is_trial && !scan.is_dry() {
            for ids in surveyed.unsettled.chunks(AT_ONCE) {
                if !self.settle_records(scan, kind, ids)? {
                    return Ok(Step::Stopped);
                }
            }
        }
        scan.looked_at += surveyed.looked_at;
        scan.after_id = match surveyed.last {
            Some(after) => Place::Records { kind, after }.kept(),
            None => place.next_kind().kept(),
        };
        Ok(Step::On)
    }

    fn survey(&self, scan: &mut Scan, range: Range) -> Result<Surveyed> {
        let (surveyed, rule_set) = self.store.read_blocking(|conn| {
            snapshot(conn, |conn| {
                let mut screen = self.screening.screen(conn)?;
                Ok((screen.survey(conn, range)?, screen.rule_set()))
            })
        })?;
        scan.rule_set = rule_set;
        scan.tally.add(match scan.is_dry() {
            true => surveyed.tally,
            false => Tally {
                held: 0,
                released: 0,
                ..surveyed.tally
            },
        });
        Ok(surveyed)
    }

    fn try_records(&self, scan: &mut Scan, range: Range) -> Result<Surveyed> {
        let draft = scan.draft.clone();
        let (surveyed, tried) = self.store.read_blocking(|conn| {
            snapshot(conn, |conn| match &draft {
                Some(draft) => {
                    let mut screen = self.screening.trial(conn, draft)?;
                    screen.try_on_records(conn, range)
                }
                None => Ok((Surveyed::default(), Vec::new())),
            })
        })?;
        note_trial(scan, tried);
        Ok(surveyed)
    }

    fn try_articles(&self, scan: &mut Scan, after: i64) -> Result<Step> {
        let (draft, site_id) = (scan.draft.clone(), scan.site_id);
        let (ids, tried) = self.store.read_blocking(|conn| {
            snapshot(conn, |conn| {
                let ids = store::articles::page_of_ids(conn, site_id, after, BATCH)?;
                let tried = match &draft {
                    Some(draft) => self.screening.trial(conn, draft)?.try_on(conn, &ids)?,
                    None => Vec::new(),
                };
                Ok((ids, tried))
            })
        })?;
        note_trial(scan, tried);
        Ok(proceed(scan, &ids))
    }

    fn articles(&self, scan: &mut Scan, after: i64) -> Result<Step> {
        let site_id = scan.site_id;
        let looked = self.store.read_blocking(|conn| {
            snapshot(conn, |conn| {
                let ids = store::articles::page_of_ids(conn, site_id, after, BATCH)?;
                if ids.is_empty() {
                    return Ok(None);
                }
                let mut screen = self.screening.screen(conn)?;
                let (unsettled, settled) = screen.unsettled(conn, &ids)?;
                Ok(Some((ids, unsettled, settled, screen.rule_set())))
            })
        })?;
        let Some((ids, unsettled, settled, rule_set)) = looked else {
            return Ok(Step::Through);
        };
        scan.rule_set = rule_set;
        let is_dry = scan.is_dry();
        if !is_dry {
            for ids in unsettled.chunks(AT_ONCE) {
                if !self.settle_articles(scan, ids)? {
                    return Ok(Step::Stopped);
                }
            }
        }
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let would = |ids: &[(i64, i64)]| match is_dry {
            true => i64::try_from(ids.len()).unwrap_or(i64::MAX),
            false => 0,
        };
        scan.tally.add(Tally {
            blocks: number(settled.blocks),
            reviews: number(settled.reviews),
            notes: number(settled.notes),
            held: would(&settled.held),
            released: would(&settled.released),
        });
        Ok(proceed(scan, &ids))
    }

    /// Settles articles as they are by now; tells whether the run goes on.
    fn settle_articles(&self, scan: &mut Scan, ids: &[i64]) -> Result<bool> {
        let kept = self.store.write_blocking(|conn| {
            // Nobody else writes articles, or changes what they stand in: a list of rows is locked in no other order.
            lock_structure(conn, Structure::Changed)?;
            let now = self.now();
            let occasion = Occasion {
                at: now,
                action: Action::Hold,
                comment: None,
                user_id: None,
                actor: ACTOR.to_owned(),
                kept: self.retention.kept,
            };
            let mut screen = self.screening.screen(conn)?;
            let settled = screen.settle(conn, ids, &occasion, now)?;
            let turned = turned(&settled);
            self.report(conn, scan, RecordKind::Article, &turned, now)?;
            let mut pending = Pending::default();
            self.index
                .prepare(conn, &mut pending, &settled.changed(), now)?;
            self.index.settle(conn, &mut pending)?;
            store::counts::apply(conn, &settled.counts)?;
            let kept = keep_turned(conn, scan, &turned, now)?;
            if !turned.is_empty() {
                store::stamps::stamp(conn, &settled.sites, self.now())?;
                self.index.refresh(conn, &mut pending, now)?;
                self.index.commit(conn, pending, Room::SMALL)?;
            }
            Ok(kept)
        })?;
        Ok(go_on_from(scan, kept))
    }

    /// Settles records as they are by now; tells whether the run goes on.
    fn settle_records(&self, scan: &mut Scan, kind: RecordKind, ids: &[i64]) -> Result<bool> {
        let kept = self.store.write_blocking(|conn| {
            lock_structure(conn, Structure::Changed)?;
            let now = self.now();
            let mut screen = self.screening.screen(conn)?;
            let settled = screen.settle_records(conn, kind, ids, now)?;
            let turned: Vec<Turned> = settled
                .iter()
                .filter(|record| record.outcome.has_changed)
                .map(|record| Turned {
                    kind,
                    id: record.id,
                    site_id: record.site_id,
                    is_held: record.outcome.is_held,
                })
                .collect();
            self.report(conn, scan, kind, &turned, now)?;
            let kept = keep_turned(conn, scan, &turned, now)?;
            if !turned.is_empty() {
                self.tell(conn, kind, &turned)?;
            }
            Ok(kept)
        })?;
        Ok(go_on_from(scan, kept))
    }

    /// Has readers, caches and the search index see that records are held back, or let go.
    fn tell(&self, conn: &mut Conn, kind: RecordKind, turned: &[Turned]) -> Result<()> {
        let mut sites = BTreeSet::new();
        for record in turned {
            touched::around(record.site_id);
            match record.site_id {
                Some(site_id) => {
                    sites.insert(site_id);
                }
                // All sites may show it.
                None => sites.extend(store::sites::ids(conn)?),
            }
            let named = match kind {
                RecordKind::Source => Named::Source(record.id),
                RecordKind::Topic => Named::Topic(record.id),
                _ => continue,
            };
            store::search::queue(conn, named)?;
            self.index.want();
        }
        store::stamps::stamp(conn, &sites, self.now())?;
        Ok(())
    }

    /// Notes in the audit log, and for the guard also in the log, what was held back or let go. Neither says what was found there.
    fn report(
        &self,
        conn: &mut Conn,
        scan: &Scan,
        kind: RecordKind,
        turned: &[Turned],
        now: Ts,
    ) -> Result<()> {
        let ids: Vec<i64> = turned.iter().map(|record| record.id).collect();
        let mut found: BTreeMap<i64, Vec<Finding>> = BTreeMap::new();
        for finding in store::findings::of_records(conn, kind, &ids)? {
            if finding.is_holding() {
                found.entry(finding.record_id).or_default().push(finding);
            }
        }
        let mut entries = Vec::with_capacity(turned.len());
        for record in turned {
            let findings = found.remove(&record.id).unwrap_or_default();
            let rules: BTreeSet<&str> = findings.iter().map(|f| f.found.rule.as_str()).collect();
            if scan.purpose == ScanPurpose::Guard && record.is_held {
                tracing::warn!(
                    kind = kind.as_str(),
                    id = record.id,
                    findings = findings.len(),
                    rules = rules.iter().copied().collect::<Vec<_>>().join(","),
                    "text that looks injected came behind the API; it is held back"
                );
            }
            entries.push(entry(scan, record, findings.len(), &rules, now));
        }
        store::audit::append(conn, &entries)
    }
}

fn entry(
    scan: &Scan,
    record: &Turned,
    findings: usize,
    rules: &BTreeSet<&str>,
    now: Ts,
) -> NewEntry {
    let kind = record.kind.as_str();
    let word = match record.is_held {
        true => "hold",
        false => "release",
    };
    NewEntry {
        at: now,
        action: format!("{word}_{kind}"),
        resource: kind.to_owned(),
        resource_id: Some(record.id),
        site_id: record.site_id,
        user_id: None,
        api_key_id: None,
        actor: ACTOR.to_owned(),
        address_hash: None,
        trace_id: None,
        before: Some(json!({"is_held": !record.is_held})),
        after: Some(json!({
            "is_held": record.is_held,
            "findings": findings,
            "rules": rules,
            "scan_id": scan.id,
            "purpose": scan.purpose.as_str(),
        })),
    }
}

fn turned(settled: &Settled) -> Vec<Turned> {
    let as_turned = |is_held: bool| {
        move |(id, site_id): &(i64, i64)| Turned {
            kind: RecordKind::Article,
            id: *id,
            site_id: Some(*site_id),
            is_held,
        }
    };
    let held = settled.held.iter().map(as_turned(true));
    held.chain(settled.released.iter().map(as_turned(false)))
        .collect()
}

/// Keeps that these were held back or let go, with the change itself; `None` where the run is stopped.
fn keep_turned(conn: &mut Conn, scan: &Scan, turned: &[Turned], now: Ts) -> Result<Option<Scan>> {
    let held = turned.iter().filter(|record| record.is_held).count();
    let released = turned.len() - held;
    let mut kept = scan.clone();
    kept.updated_at = now;
    kept.tally.add(Tally {
        held: i64::try_from(held).unwrap_or_default(),
        released: i64::try_from(released).unwrap_or_default(),
        ..Tally::default()
    });
    Ok(store::hygiene_scans::keep(conn, &kept)?.then_some(kept))
}

/// Tells whether the run goes on.
fn go_on_from(scan: &mut Scan, kept: Option<Scan>) -> bool {
    let Some(kept) = kept else {
        return false;
    };
    *scan = kept;
    true
}

/// Goes behind these articles.
fn proceed(scan: &mut Scan, ids: &[i64]) -> Step {
    let Some(last) = ids.last() else {
        return Step::Through;
    };
    scan.after_id = Place::Articles { after: *last }.kept();
    scan.looked_at += i64::try_from(ids.len()).unwrap_or_default();
    Step::On
}

/// Counts what a rule on trial finds, and keeps the first of it.
fn note_trial(scan: &mut Scan, tried: Vec<Tried>) {
    let key = scan.draft.as_ref().map(|draft| draft.key.clone());
    for record in tried {
        let Tried {
            kind,
            record_id,
            site_id,
            is_held,
            found,
        } = record;
        let mut tally = Tally::default();
        for found in found {
            // Others are there to keep words company.
            if Some(&found.rule) != key.as_ref() {
                continue;
            }
            match found.severity {
                Severity::Block => tally.blocks += 1,
                Severity::Review => tally.reviews += 1,
                Severity::Note => tally.notes += 1,
            }
            if scan.samples.len() < SAMPLES {
                scan.samples.push(Sample {
                    kind: kind.as_str().to_owned(),
                    record_id,
                    site_id,
                    locale: found.locale,
                    field: found.field,
                    offset: i64::try_from(found.offset).unwrap_or(i64::MAX),
                    text: found.text,
                    severity: found.severity.as_str().to_owned(),
                });
            }
        }
        tally.held = i64::from(tally.blocks > 0 && !is_held);
        scan.tally.add(tally);
    }
}
