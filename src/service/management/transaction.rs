//! A transaction on behalf of a caller: what they may do in which place, and what is to be written at its end.

use std::collections::BTreeSet;

use super::{Effects, Management, forbidden};
use crate::content::articles::Sent;
use crate::content::media::Addresses;
use crate::error::{Error, Fault, Result};
use crate::library::Library;
use crate::models::access::{Caller, Operation, Role};
use crate::models::article::ArticleContent;
use crate::models::audit::NewEntry;
use crate::models::hygiene::{Finding, Piece, RecordKind};
use crate::models::revision::{Action, Occasion};
use crate::models::time::Ts;
use crate::screening::{Record, Screen, Screened, Screening, Verdict};
use crate::store::articles::affected::{self, Named};
use crate::store::counts::Deltas;
use crate::store::{self, Conn, touched};

/// Articles that are indexed together with the change of what they name.
const FEW: i64 = 100;

/// Articles of a site that are held back, or let go, together with it.
const SETTLED_AT_ONCE: i64 = 1_000;

/// A running transaction on behalf of a caller.
pub struct Tx<'t> {
    pub(super) conn: &'t mut Conn,
    pub(super) library: &'t Library,
    pub(super) screening: &'t Screening,
    pub(super) addresses: &'t Addresses,
    pub(super) caller: &'t Caller,
    pub(super) operation: Operation,
    pub(super) now: Ts,
    pub(super) effects: &'t mut Effects,
    /// Whether the place of what is changed was asked about.
    is_allowed: bool,
}

impl<'t> Tx<'t> {
    pub(super) fn new(
        conn: &'t mut Conn,
        management: &'t Management,
        caller: &'t Caller,
        operation: Operation,
        now: Ts,
        effects: &'t mut Effects,
    ) -> Self {
        Self {
            conn,
            library: &management.library,
            screening: &management.screening,
            addresses: &management.addresses,
            caller,
            operation,
            now,
            effects,
            is_allowed: false,
        }
    }

    /// Fails unless the role that the operation needs holds everywhere.
    pub(super) fn allow_everywhere(&mut self) -> Result<()> {
        self.allow(self.caller.principal.rights.role, " everywhere")
    }

    /// Fails unless the role that the operation needs holds in some place; what is shown is what the caller may see.
    pub(super) fn allow_somewhere(&mut self) -> Result<()> {
        self.allow(self.caller.principal.rights.somewhere(), "")
    }

    /// Fails unless the role that the operation needs holds in all of a site.
    pub(super) fn allow_in_site(&mut self, site_id: i64) -> Result<()> {
        self.allow(
            self.caller.principal.rights.in_site(site_id),
            " in this site",
        )
    }

    /// Fails unless the role that the operation needs holds in some place of a site: structure is seen by everybody who
    /// works there. For those who do not, `missing` is what they are told.
    pub(super) fn allow_to_see(
        &mut self,
        site_id: i64,
        missing: impl FnOnce() -> Error,
    ) -> Result<()> {
        let role = self.caller.principal.rights.within_site(site_id);
        if role.is_none() {
            return Err(missing());
        }
        self.allow(role, " in this site")
    }

    /// Fails unless the role that the operation needs holds in a category of a site; returns the role that does.
    pub(super) fn allow_in_category(&mut self, site_id: i64, category_id: i64) -> Result<Role> {
        let role = self.role_in_category(site_id, category_id)?;
        self.allow(role, " in this category")?;
        Ok(role.unwrap_or(Role::Reader))
    }

    /// The role in a category of a site. Looks the categories above it up only for callers with rights in single ones.
    pub(super) fn role_in_category(
        &mut self,
        site_id: i64,
        category_id: i64,
    ) -> Result<Option<Role>> {
        let rights = &self.caller.principal.rights;
        let is_simple = rights
            .grants
            .iter()
            .all(|grant| grant.category_id.is_none());
        let chain = match is_simple {
            true => Vec::new(),
            false => store::categories::ancestors(self.conn, &[category_id])?
                .into_iter()
                .map(|(_, id)| id)
                .collect(),
        };
        Ok(rights.in_category(site_id, &chain))
    }

    pub(super) fn allow(&mut self, role: Option<Role>, place: &str) -> Result<()> {
        self.is_allowed = true;
        match self.operation.rule().role {
            Some(needed) if role < Some(needed) => Err(forbidden(needed, place)),
            _ => Ok(()),
        }
    }

    /// A use case that never asked is a fault of ours, and must not pass.
    pub(super) fn expect_allowed(&self) -> Result<()> {
        match self.is_allowed {
            true => Ok(()),
            false => Err(Error::internal(format!(
                "`{}` did not ask for rights",
                self.operation.as_str()
            ))),
        }
    }

    /// The sites that a caller sees something of; `None` stands for all.
    pub(super) fn visible_sites(&self) -> Option<Vec<i64>> {
        let rights = &self.caller.principal.rights;
        if rights.role.is_some() {
            return None;
        }
        let sites: BTreeSet<i64> = rights.grants.iter().map(|grant| grant.site_id).collect();
        Some(sites.into_iter().collect())
    }

    /// The id of the site with `slug`, where the caller sees something of it.
    pub(super) fn visible_site(&mut self, slug: &str) -> Result<Option<i64>> {
        let rights = &self.caller.principal.rights;
        let found = store::sites::find_id(self.conn, slug)?;
        Ok(found.filter(|id| rights.within_site(*id).is_some()))
    }

    /// The id of the site that a request names.
    pub(super) fn site_id(&mut self, slug: &str) -> Result<i64> {
        store::sites::find_id(self.conn, slug)?.ok_or_else(|| {
            Error::Invalid(vec![Fault::new(
                "/site",
                "unknown",
                format!("`site` names no site: there is no `{slug}`"),
            )])
        })
    }

    /// Notes that articles of a site change, and nothing around them.
    pub(super) fn touch_articles(&mut self, site_id: i64) {
        self.effects.has_touched = true;
        self.effects.sites.insert(site_id);
    }

    /// Notes that something of a site changes, or (without one) something that all sites may show.
    pub(super) fn touch(&mut self, site_id: Option<i64>) -> Result<()> {
        touched::around(site_id);
        self.effects.has_touched = true;
        match site_id {
            Some(id) => {
                self.effects.sites.insert(id);
            }
            None => self.effects.sites.extend(store::sites::ids(self.conn)?),
        }
        Ok(())
    }

    /// What the revision says of an article that is saved now.
    pub(super) fn occasion(&self, action: Action, comment: Option<String>) -> Occasion {
        let principal = &self.caller.principal;
        Occasion {
            at: self.now,
            action,
            comment,
            user_id: Some(principal.user_id),
            actor: principal.actor.clone(),
            kept: self.effects.revisions_kept,
        }
    }

    /// Looks at what is written, with the rules and the sites that the transaction knows already.
    fn with_screen<T>(&mut self, f: impl FnOnce(&mut Screen, &mut Conn) -> Result<T>) -> Result<T> {
        let mut screen = match self.effects.screen.take() {
            Some(screen) => screen,
            None => self.screening.screen(self.conn)?,
        };
        let outcome = f(&mut screen, self.conn);
        self.effects.screen = Some(screen);
        outcome
    }

    /// Looks at an article that is about to be saved, and holds it back or not.
    pub(super) fn judge(
        &mut self,
        site_id: i64,
        id: Option<i64>,
        content: &mut ArticleContent,
        sent: &Sent,
    ) -> Result<Verdict> {
        let Sent { raw, locales } = sent;
        let mut screened = [Screened {
            id,
            content,
            raw,
            sent: locales,
        }];
        let verdicts =
            self.with_screen(|screen, conn| screen.judge(conn, site_id, &mut screened))?;
        Ok(verdicts.into_iter().next().unwrap_or_default())
    }

    /// Keeps what was found in an article that is saved by now.
    pub(super) fn keep(&mut self, site_id: i64, id: i64, verdict: Verdict) -> Result<()> {
        if verdict.is_known() {
            return Ok(());
        }
        let now = self.now;
        self.with_screen(|screen, conn| screen.keep_articles(conn, site_id, [(id, verdict)], now))
    }

    /// Looks at articles of a site that are about to be saved, with their ids, and holds them back or not.
    pub(super) fn judge_all(
        &mut self,
        site_id: i64,
        articles: &mut [(i64, &mut ArticleContent)],
    ) -> Result<Vec<Verdict>> {
        let mut screened: Vec<Screened<'_>> = articles
            .iter_mut()
            .map(|(id, content)| Screened {
                id: Some(*id),
                content,
                raw: &[],
                sent: &[],
            })
            .collect();
        self.with_screen(|screen, conn| screen.judge(conn, site_id, &mut screened))
    }

    /// Keeps what was found in articles of a site that are saved by now.
    pub(super) fn keep_all(
        &mut self,
        site_id: i64,
        verdicts: impl IntoIterator<Item = (i64, Verdict)>,
    ) -> Result<()> {
        let now = self.now;
        self.with_screen(|screen, conn| screen.keep_articles(conn, site_id, verdicts, now))
    }

    /// Does something that is taken back at once, to see what came of it: nothing of it is written, and nothing noted.
    pub(super) fn rehearse<T>(&mut self, f: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let mut effects = Effects {
            revisions_kept: self.effects.revisions_kept,
            ..Effects::default()
        };
        let Self {
            conn,
            library,
            screening,
            addresses,
            caller,
            operation,
            now,
            effects: _,
            is_allowed,
        } = self;
        store::connection::rehearse(conn, |conn| {
            let mut tx = Tx {
                conn,
                library,
                screening,
                addresses,
                caller,
                operation: *operation,
                now: *now,
                effects: &mut effects,
                is_allowed: *is_allowed,
            };
            let outcome = f(&mut tx);
            *is_allowed = tx.is_allowed;
            outcome
        })
    }

    /// Looks at these articles again, because of what an editor said of their findings.
    pub(super) fn settle(&mut self, ids: &[i64], occasion: &Occasion) -> Result<()> {
        let now = self.now;
        let settled = self.with_screen(|screen, conn| screen.settle(conn, ids, occasion, now))?;
        self.index(&settled.changed());
        for site_id in &settled.sites {
            self.touch_articles(*site_id);
        }
        self.count(settled.counts);
        Ok(())
    }

    /// Holds a record back or lets it go, as the findings say that are kept of it, with all that is in it.
    pub(super) fn rehold(&mut self, kind: RecordKind, id: i64, site_id: Option<i64>) -> Result<()> {
        let kept = store::findings::of_records(self.conn, kind, &[id])?;
        let is_held = kept.iter().any(Finding::is_holding);
        match store::holds::set(self.conn, kind, id, is_held)? {
            true => self.follow(kind, id, site_id),
            false => Ok(()),
        }
    }

    /// Looks at a record that was written, keeps what is found, and holds it back or not, with all that is in it.
    pub(super) fn screen(&mut self, record: &Record<'_>) -> Result<()> {
        let now = self.now;
        let outcome = self.with_screen(|screen, conn| screen.record(conn, record, now))?;
        match outcome.has_changed {
            true => self.follow(record.kind, record.id, record.site_id),
            false => Ok(()),
        }
    }

    /// What else changes where a record is held back now, or is not any more.
    fn follow(&mut self, kind: RecordKind, id: i64, site_id: Option<i64>) -> Result<()> {
        self.touch(site_id)?;
        if let Some(named) = Named::shown(kind, id) {
            self.index_named(named)?;
        }
        match (kind, site_id) {
            (RecordKind::Site | RecordKind::Category, Some(site_id)) => self.resettle(site_id),
            _ => Ok(()),
        }
    }

    /// Fails where something that would hold a record back is found in texts of a site that are no such record, with a fault for each member.
    pub(super) fn expect_clean(&mut self, site_id: i64, pieces: &[Piece<'_>]) -> Result<()> {
        let spoilt = self.with_screen(|screen, conn| screen.spoilt(conn, site_id, pieces))?;
        let faults: Vec<Fault> = spoilt
            .into_iter()
            .map(|(field, rule)| {
                let member = field.trim_start_matches('/');
                let detail = format!(
                    "`{member}` holds what the hygiene rule `{rule}` blocks; write something else, or have that rule changed"
                );
                Fault::new(field, "blocked", detail)
            })
            .collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Error::Invalid(faults)),
        }
    }

    /// Holds the articles of a site back, or lets them go, as the site and its categories are now: the first ones at once, all others by and by.
    pub(super) fn resettle(&mut self, site_id: i64) -> Result<()> {
        self.with_screen(|screen, _| {
            screen.forget(site_id);
            Ok(())
        })?;
        let occasion = self.occasion(Action::Hold, None);
        let now = self.now;
        let mut after = 0;
        let mut left = SETTLED_AT_ONCE;
        while left > 0 {
            let ids = store::articles::page_of_ids(self.conn, Some(site_id), after, left.min(200))?;
            let Some(last) = ids.last() else {
                return Ok(());
            };
            after = *last;
            left -= i64::try_from(ids.len()).unwrap_or(left);
            let settled =
                self.with_screen(|screen, conn| screen.settle(conn, &ids, &occasion, now))?;
            self.index(&settled.changed());
            self.count(settled.counts);
        }
        store::hygiene_scans::begin_settling(
            self.conn,
            site_id,
            after,
            &self.caller.principal.actor,
            now,
        )
    }

    /// Notes what a save adds to the numbers of categories.
    pub(super) fn count(&mut self, deltas: Deltas) {
        for (category_id, delta) in deltas {
            *self.effects.counts.entry(category_id).or_default() += delta;
        }
    }

    /// Notes that an article that was made is to be indexed.
    pub(super) fn index_new(&mut self, id: i64) {
        self.effects.indexed.insert(id, true);
    }

    /// Notes that articles are to be indexed anew, or taken out of the index where they are gone.
    pub(super) fn index(&mut self, ids: &[i64]) {
        for id in ids {
            self.effects.indexed.entry(*id).or_insert(false);
        }
    }

    /// Notes that articles that name something now are to be indexed anew: together with the change where they are few, else by and by.
    pub(super) fn index_named(&mut self, named: Named) -> Result<()> {
        let ids = affected::published(self.conn, named, FEW + 1)?;
        match i64::try_from(ids.len()).is_ok_and(|n| n <= FEW) {
            true => self.index(&ids),
            false => {
                store::search::queue(self.conn, named)?;
                self.effects.has_queued = true;
            }
        }
        Ok(())
    }

    /// Adds to the last entry for the audit log what no body shows, such as that a password is another one now.
    pub fn remark(&mut self, member: &str, value: impl Into<serde_json::Value>) {
        let Some(entry) = self.effects.entries.last_mut() else {
            return;
        };
        let after = entry.after.get_or_insert_with(|| serde_json::json!({}));
        if let Some(members) = after.as_object_mut() {
            members.insert(member.to_owned(), value.into());
        }
    }

    /// Notes for the audit log what the operation did to one thing: the members that differ, before and after.
    pub fn record(
        &mut self,
        resource: &'static str,
        resource_id: i64,
        site_id: Option<i64>,
        before: Option<serde_json::Value>,
        after: Option<serde_json::Value>,
    ) {
        let principal = &self.caller.principal;
        self.effects.entries.push(NewEntry {
            at: self.now,
            action: self.operation.as_str().to_owned(),
            resource: resource.to_owned(),
            resource_id: Some(resource_id),
            site_id,
            user_id: Some(principal.user_id),
            api_key_id: principal.api_key_id,
            actor: principal.actor.clone(),
            address_hash: None,
            trace_id: Some(self.caller.trace_id.clone()),
            before,
            after,
        });
    }
}
