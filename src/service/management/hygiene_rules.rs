//! Writing the rules of the check for injected text. Each change is another set of rules, by which everything that is there is looked at again.

use super::Tx;
use crate::error::{Error, Fault, Resource, Result};
use crate::models::hygiene_change::{HygieneRuleRecord, ManagedRule, OWN_RULES};
use crate::models::managed::{Change, Expected};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::screening;
use crate::store;

/// A page of the rules, by id: those that came with the program first.
pub fn page(tx: &mut Tx<'_>, query: PageQuery<i64>) -> Result<Page<ManagedRule, i64>> {
    tx.allow_somewhere()?;
    let rule_set = store::hygiene_rules::current(tx.conn)?.version;
    let items = store::hygiene_rules::page(
        tx.conn,
        query.after().unwrap_or(0),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => Total::Exact(store::hygiene_rules::count(tx.conn)?),
    };
    let items = items
        .into_iter()
        .map(|stored| ManagedRule { stored, rule_set });
    Ok(Page::cut(
        items.collect(),
        query.limit,
        |rule| rule.stored.id,
        total,
    ))
}

/// One rule.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedRule> {
    tx.allow_somewhere()?;
    find(tx, id)
}

/// Makes a rule.
pub fn create(tx: &mut Tx<'_>, record: HygieneRuleRecord) -> Result<Change<ManagedRule>> {
    tx.allow_everywhere()?;
    let rule = record.into_rule();
    screening::check("", &rule)?;
    if let Some(id) = store::hygiene_rules::find_id(tx.conn, &rule.key)? {
        return Err(Error::Taken(Fault::new(
            "/key",
            "taken",
            format!(
                "`key` is taken: the rule with the id {id} has it; choose another, or change that one"
            ),
        )));
    }
    if store::hygiene_rules::count_own(tx.conn)? >= OWN_RULES {
        return Err(Error::Conflict(format!(
            "there are {OWN_RULES} rules of your own, and more are not allowed; put their texts together, or delete some that are not needed"
        )));
    }
    let id = store::hygiene_rules::insert(tx.conn, &rule, tx.now)?;
    revise(tx)?;
    Ok(Change::created(find(tx, id)?))
}

/// Changes a rule.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: HygieneRuleRecord,
) -> Result<Change<ManagedRule>> {
    let before = locked(tx, id, expected)?;
    if before.stored.is_shipped {
        let faults: Vec<Fault> = record.fixed().into_iter().map(shipped).collect();
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
    }
    let mut rule = before.stored.rule.clone();
    record.apply_to(&mut rule);
    if rule == before.stored.rule {
        return Ok(Change::updated(before.clone(), before));
    }
    screening::check("", &rule)?;
    store::hygiene_rules::update(tx.conn, id, &rule, tx.now)?;
    revise(tx)?;
    let after = find(tx, id)?;
    Ok(Change::updated(before, after))
}

/// Deletes a rule of one's own.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedRule>> {
    let before = locked(tx, id, expected)?;
    if before.stored.is_shipped {
        return Err(Error::Conflict(
            "the rule came with the program and would come again; set `is_enabled` to false to have it not applied".to_owned(),
        ));
    }
    store::hygiene_rules::delete(tx.conn, id)?;
    revise(tx)?;
    Ok(Change::deleted(before))
}

/// Has the rules hold as they are now.
fn revise(tx: &mut Tx<'_>) -> Result<()> {
    let actor = &tx.caller.principal.actor;
    tx.screening.revise(tx.conn, actor, tx.now)?;
    // What is written later in the same transaction goes by them, too.
    tx.effects.screen = None;
    Ok(())
}

fn shipped(member: &'static str) -> Fault {
    Fault::new(
        format!("/{member}"),
        "read_only",
        format!(
            "`{member}` belongs to the program for this rule; leave it out: of rules that came with the program `severity` and `is_enabled` can be set"
        ),
    )
}

/// The rule as it stays until the transaction ends, where the caller may change it and expects this version.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ManagedRule> {
    tx.allow_everywhere()?;
    store::connection::lock(tx.conn, "hygiene_rules", id)?;
    let rule = find(tx, id)?;
    expected.check(rule.stored.version)?;
    Ok(rule)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedRule> {
    let stored = store::hygiene_rules::find(tx.conn, id)?
        .ok_or_else(|| Error::not_found(Resource::HygieneRule, id))?;
    let rule_set = store::hygiene_rules::current(tx.conn)?.version;
    Ok(ManagedRule { stored, rule_set })
}
