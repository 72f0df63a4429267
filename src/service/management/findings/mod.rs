//! What looks injected: looking at it, saying that it may stay, taking it out. What is found, and where, is for `hygiene` and `screening` to say.

mod mending;
mod records;
mod repair;

pub use repair::{Mended, repair};

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::json;

use super::articles::visible;
use super::{Tx, forbidden};
use crate::error::{Error, Fault, Result};
use crate::models::access::Role;
use crate::models::hygiene::{Finding, RecordKind, Severity};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::repair::{DismissalRecord, FindingFilters, ListedFinding, VisibleFindings};
use crate::models::revision::Action;
use crate::store;

/// Articles that are looked at together.
const TOGETHER: usize = 200;

/// Which findings to list; each narrows the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only in the site with this slug and what belongs to it.
    pub site: Option<String>,
    /// Only in this article.
    pub article_id: Option<i64>,
    /// Only in records of this kind.
    pub kind: Option<RecordKind>,
    /// Only in the record with this id; needs `kind`.
    pub record_id: Option<i64>,
    /// Only of this severity.
    pub severity: Option<Severity>,
    /// Only by the rule with this key.
    pub rule: Option<String>,
    /// Only dismissed ones, or only open ones.
    pub is_dismissed: Option<bool>,
}

/// A page of the findings that the caller may see, the newest first.
pub fn page(
    tx: &mut Tx<'_>,
    wanted: Wanted,
    query: PageQuery<i64>,
) -> Result<Page<ListedFinding, i64>> {
    tx.allow_somewhere()?;
    let Wanted {
        site,
        article_id,
        mut kind,
        mut record_id,
        severity,
        rule,
        is_dismissed,
    } = wanted;
    if record_id.is_some() && kind.is_none() {
        return Err(Error::BadParameter(Fault::new(
            "/record_id",
            "incomplete",
            "`record_id` needs `kind` beside it: each kind of record has ids of its own",
        )));
    }
    if let Some(id) = article_id {
        if kind.is_some_and(|kind| kind != RecordKind::Article)
            || record_id.is_some_and(|record_id| record_id != id)
        {
            return Ok(Page::empty(query.count));
        }
        (kind, record_id) = (Some(RecordKind::Article), Some(id));
    }
    let site_id = match &site {
        None => None,
        Some(slug) => match tx.visible_site(slug)? {
            None => return Ok(Page::empty(query.count)),
            id => id,
        },
    };
    let sites = tx.visible_sites();
    let filters = FindingFilters {
        site_id,
        kind,
        record_id,
        severity,
        rule,
        is_dismissed,
        visible: visible(tx)?.map(|(whole_sites, categories)| VisibleFindings {
            whole_sites,
            categories,
            sites: sites.unwrap_or_default(),
        }),
    };
    let items = store::findings::page(
        tx.conn,
        &filters,
        query.after(),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => store::findings::count_all(tx.conn, &filters)?,
    };
    Ok(Page::cut(
        items,
        query.limit,
        |listed: &ListedFinding| listed.finding.id,
        total,
    ))
}

/// Says of findings that what was found may stay, or not. What nothing holds back any more comes back at once, and the other way round.
pub fn dismiss(tx: &mut Tx<'_>, wanted: DismissalRecord) -> Result<Vec<ListedFinding>> {
    let DismissalRecord {
        ids,
        is_dismissed,
        comment,
    } = wanted;
    let known = store::findings::find(tx.conn, &ids)?;
    expect_decidable(tx, &ids, &known)?;
    let changed: Vec<&ListedFinding> = known
        .iter()
        .filter(|listed| listed.finding.is_dismissed != is_dismissed)
        .collect();
    let changed_ids: Vec<i64> = changed.iter().map(|listed| listed.finding.id).collect();
    store::findings::set_dismissed(tx.conn, &changed_ids, is_dismissed)?;
    let mut records: BTreeMap<(RecordKind, i64), Vec<&Finding>> = BTreeMap::new();
    for listed in &changed {
        let finding = &listed.finding;
        let key = (finding.kind, finding.record_id);
        records.entry(key).or_default().push(finding);
    }
    let mut articles = Vec::new();
    for ((kind, record_id), findings) in records {
        let site_id = findings.first().and_then(|finding| finding.site_id);
        let ids: Vec<i64> = findings.iter().map(|finding| finding.id).collect();
        let rules: BTreeSet<&str> = findings.iter().map(|f| f.found.rule.as_str()).collect();
        // What was found stands in the record; here it is enough which findings these are.
        let before = json!({"findings": ids, "is_dismissed": !is_dismissed});
        let after = json!({
            "findings": ids, "rules": rules, "is_dismissed": is_dismissed, "comment": comment,
        });
        tx.record(kind.as_str(), record_id, site_id, Some(before), Some(after));
        match kind {
            RecordKind::Article => articles.push(record_id),
            _ => tx.rehold(kind, record_id, site_id)?,
        }
    }
    let occasion = tx.occasion(Action::Hold, comment);
    for ids in articles.chunks(TOGETHER) {
        tx.settle(ids, &occasion)?;
    }
    let after = store::findings::find(tx.conn, &ids)?;
    let mut after: HashMap<i64, ListedFinding> = after
        .into_iter()
        .map(|listed| (listed.finding.id, listed))
        .collect();
    Ok(ids.iter().filter_map(|id| after.remove(id)).collect())
}

/// Fails unless the caller may say of all these findings what becomes of them.
fn expect_decidable(tx: &mut Tx<'_>, ids: &[i64], known: &[ListedFinding]) -> Result<()> {
    let of_kind = |kind: RecordKind| {
        let of_it = known
            .iter()
            .filter(move |listed| listed.finding.kind == kind);
        of_it.map(|listed| listed.finding.record_id)
    };
    let articles: Vec<i64> = of_kind(RecordKind::Article).collect();
    let places: HashMap<i64, i64> = store::articles::categories(tx.conn, &articles)?
        .into_iter()
        .collect();
    let categories: Vec<i64> = places
        .values()
        .copied()
        .chain(of_kind(RecordKind::Category))
        .collect();
    let mut chains: HashMap<i64, Vec<i64>> = HashMap::new();
    for (id, above) in store::categories::ancestors(tx.conn, &categories)? {
        chains.entry(id).or_default().push(above);
    }
    let found: HashMap<i64, &Finding> = known
        .iter()
        .map(|listed| (listed.finding.id, &listed.finding))
        .collect();
    let mut faults = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let rights = &tx.caller.principal.rights;
        let seen = found.get(id).map(|finding| {
            let category = match finding.kind {
                RecordKind::Article => places.get(&finding.record_id).copied(),
                RecordKind::Category => Some(finding.record_id),
                _ => None,
            };
            let chain = category.and_then(|id| chains.get(&id));
            match (finding.site_id, chain) {
                (None, _) => (finding.kind, rights.role, rights.somewhere()),
                (Some(site_id), Some(chain)) => {
                    let role = rights.in_category(site_id, chain);
                    let sees = match finding.kind {
                        RecordKind::Article => role,
                        _ => rights.within_site(site_id),
                    };
                    (finding.kind, role, sees)
                }
                (Some(site_id), None) => (
                    finding.kind,
                    rights.in_site(site_id),
                    rights.within_site(site_id),
                ),
            }
        });
        match seen {
            Some((kind, role, Some(_))) => {
                if kind == RecordKind::Site && role < Some(Role::Admin) {
                    return Err(forbidden(Role::Admin, " in this site"));
                }
                tx.allow(role, " in the place of what it was found in")?;
            }
            Some((_, _, None)) | None => faults.push(Fault::new(
                format!("/ids/{at}"),
                "unknown",
                format!("`ids[{at}]` names no finding: there is no {id} any more; list the findings anew"),
            )),
        }
    }
    match faults.is_empty() {
        true => tx.allow_somewhere(),
        false => Err(Error::Invalid(faults)),
    }
}
