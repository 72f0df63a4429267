//! Asking for runs of the check for injected text over what is there already. Who makes them is not for here.

use super::Tx;
use crate::error::{Error, Resource, Result};
use crate::models::access::Role;
use crate::models::hygiene::ScanPurpose;
use crate::models::hygiene_change::ScanRecord;
use crate::models::hygiene_scan::{NewScan, Scan};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::screening;
use crate::store;

/// A page of the runs, the newest first.
pub fn page(tx: &mut Tx<'_>, query: PageQuery<i64>) -> Result<Page<Scan, i64>> {
    tx.allow_somewhere()?;
    let mut items = store::hygiene_scans::page(
        tx.conn,
        query.after().unwrap_or(i64::MAX),
        query.offset(),
        query.limit + 1,
    )?;
    for scan in &mut items {
        hide(tx, scan);
    }
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => Total::Exact(store::hygiene_scans::count(tx.conn)?),
    };
    Ok(Page::cut(items, query.limit, |scan| scan.id, total))
}

/// One run.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<Scan> {
    tx.allow_somewhere()?;
    let mut scan = find(tx, id)?;
    hide(tx, &mut scan);
    Ok(scan)
}

/// Asks for a run.
pub fn create(tx: &mut Tx<'_>, record: ScanRecord) -> Result<Scan> {
    tx.allow_everywhere()?;
    let ScanRecord { is_dry, rule, site } = record;
    if let Some(rule) = &rule {
        screening::check("rule", rule)?;
    }
    let site_id = site.map(|slug| tx.site_id(&slug)).transpose()?;
    let new = NewScan {
        purpose: match is_dry {
            true => ScanPurpose::Trial,
            false => ScanPurpose::Rescan,
        },
        site_id,
        draft: rule,
        actor: tx.caller.principal.actor.clone(),
    };
    let id = store::hygiene_scans::begin(tx.conn, &new, tx.now)?;
    tx.screening.want();
    find(tx, id)
}

/// Takes off what was found where the caller has no say.
fn hide(tx: &Tx<'_>, scan: &mut Scan) {
    let rights = &tx.caller.principal.rights;
    scan.samples.retain(|sample| {
        let role = match sample.site_id {
            Some(site_id) => rights.in_site(site_id),
            None => rights.somewhere(),
        };
        role >= Some(Role::Editor)
    });
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<Scan> {
    store::hygiene_scans::find(tx.conn, id)?
        .ok_or_else(|| Error::not_found(Resource::HygieneScan, id))
}
