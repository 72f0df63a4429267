//! Writing what editors want instead of what the dictionaries say when texts are put into the other Chinese script.

use super::Tx;
use crate::error::{Error, Fault, Resource, Result};
use crate::hygiene::pieces;
use crate::models::managed::{Change, Expected, Managed};
use crate::models::page::{Count, Page, PageQuery, Total};
use crate::models::record::ScriptPhraseRecord;
use crate::models::rules;
use crate::models::script_phrase::{PhraseDirection, ScriptPhrase};
use crate::store;

type ManagedPhrase = Managed<ScriptPhrase>;

/// A page of a site's phrases in the order they were made; an empty one of a site that the caller sees nothing of.
pub fn page(
    tx: &mut Tx<'_>,
    site: &str,
    query: PageQuery<i64>,
) -> Result<Page<ManagedPhrase, i64>> {
    tx.allow_somewhere()?;
    let Some(site_id) = tx.visible_site(site)? else {
        return Ok(Page::empty(query.count));
    };
    let items = store::script_phrases::managed_page(
        tx.conn,
        site_id,
        query.after().unwrap_or(0),
        query.offset(),
        query.limit + 1,
    )?;
    let total = match query.count {
        Count::None => Total::Unknown,
        Count::Exact | Count::Estimated => {
            Total::Exact(store::script_phrases::count(tx.conn, site_id)?)
        }
    };
    Ok(Page::cut(
        items,
        query.limit,
        |phrase| phrase.value.id,
        total,
    ))
}

/// One phrase.
pub fn get(tx: &mut Tx<'_>, id: i64) -> Result<ManagedPhrase> {
    let phrase = find(tx, id)?;
    tx.allow_to_see(phrase.value.site_id, || missing(id))?;
    Ok(phrase)
}

/// Makes a phrase.
pub fn create(tx: &mut Tx<'_>, record: ScriptPhraseRecord) -> Result<Change<ManagedPhrase>> {
    let site_id = tx.site_id(&record.site)?;
    tx.allow_in_site(site_id)?;
    let mut phrase = ScriptPhrase {
        id: 0,
        site_id,
        hans: String::new(),
        hant: String::new(),
        direction: PhraseDirection::Both.as_str().to_owned(),
        note: None,
    };
    apply(record, &mut phrase);
    expect_new(tx, &phrase)?;
    tx.expect_clean(site_id, &pieces::of_script_phrase(&phrase))?;
    if store::script_phrases::count(tx.conn, site_id)? >= rules::SCRIPT_PHRASES {
        return Err(Error::Conflict(format!(
            "the site has {} script phrases, and more are not allowed; delete some that are not needed",
            rules::SCRIPT_PHRASES
        )));
    }
    let id = store::script_phrases::insert(tx.conn, &phrase, tx.now)?;
    tx.touch(Some(site_id))?;
    Ok(Change::created(find(tx, id)?))
}

/// Changes a phrase.
pub fn update(
    tx: &mut Tx<'_>,
    id: i64,
    expected: &Expected,
    record: ScriptPhraseRecord,
) -> Result<Change<ManagedPhrase>> {
    let before = locked(tx, id, expected)?;
    let mut phrase = before.value.clone();
    apply(record, &mut phrase);
    if phrase == before.value {
        return Ok(Change::updated(before.clone(), before));
    }
    expect_new(tx, &phrase)?;
    tx.expect_clean(phrase.site_id, &pieces::of_script_phrase(&phrase))?;
    store::script_phrases::update(tx.conn, &phrase, tx.now)?;
    tx.touch(Some(phrase.site_id))?;
    let after = find(tx, id)?;
    Ok(Change::updated(before, after))
}

/// Deletes a phrase.
pub fn delete(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<Change<ManagedPhrase>> {
    let before = locked(tx, id, expected)?;
    store::script_phrases::delete(tx.conn, id)?;
    tx.touch(Some(before.value.site_id))?;
    Ok(Change::deleted(before))
}

/// Changes what the record names.
fn apply(record: ScriptPhraseRecord, phrase: &mut ScriptPhrase) {
    let ScriptPhraseRecord {
        site: _,
        hans,
        hant,
        direction,
        note,
    } = record;
    // All but the note are never cleared.
    hans.apply_or_default(&mut phrase.hans);
    hant.apply_or_default(&mut phrase.hant);
    direction
        .map(|direction| direction.as_str().to_owned())
        .apply_or_default(&mut phrase.direction);
    note.apply_to(&mut phrase.note);
}

/// Fails where the site has another phrase with these texts.
fn expect_new(tx: &mut Tx<'_>, phrase: &ScriptPhrase) -> Result<()> {
    let ScriptPhrase {
        id,
        site_id,
        hans,
        hant,
        ..
    } = phrase;
    let found = store::script_phrases::find(tx.conn, *site_id, hans, hant)?;
    match found.filter(|found| found.id != *id) {
        Some(found) => Err(Error::Taken(Fault::new(
            "/hans",
            "taken",
            format!(
                "`hans` is taken together with `hant`: the site has this phrase already, with the id {}; change that one",
                found.id
            ),
        ))),
        None => Ok(()),
    }
}

/// The phrase as it stays until the transaction ends, where the caller may change it and expects this version.
fn locked(tx: &mut Tx<'_>, id: i64, expected: &Expected) -> Result<ManagedPhrase> {
    store::connection::lock(tx.conn, "script_phrases", id)?;
    let phrase = get(tx, id)?;
    tx.allow_in_site(phrase.value.site_id)?;
    expected.check(phrase.version)?;
    Ok(phrase)
}

fn find(tx: &mut Tx<'_>, id: i64) -> Result<ManagedPhrase> {
    store::script_phrases::find_managed(tx.conn, id)?.ok_or_else(|| missing(id))
}

fn missing(id: i64) -> Error {
    Error::not_found(Resource::ScriptPhrase, id)
}
