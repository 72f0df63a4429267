//! SQL on what the check for injected text found.

use diesel::dsl::count;
use diesel::prelude::*;

use super::COUNTED;
use super::connection::{Conn, Db, insert_rows};
use super::fragments::any_of;
use crate::error::{Error, Result};
use crate::models::hygiene::{Finding, Found, Place, Reason, RecordKind, Severity, SpamClass};
use crate::models::json::Doc;
use crate::models::page::Total;
use crate::models::repair::{FindingFilters, ListedFinding, VisibleFindings};
use crate::models::time::Ts;
use crate::schema::{articles, findings, sites};

#[derive(Insertable)]
#[diesel(table_name = findings, treat_none_as_default_value = false)]
struct Row<'a> {
    kind: &'a str,
    record_id: i64,
    site_id: Option<i64>,
    rule: &'a str,
    rule_version: i64,
    class: &'a str,
    severity: &'a str,
    reasons: Doc<Vec<&'static str>>,
    locale: Option<&'a str>,
    field: &'a str,
    place: &'a str,
    byte_offset: i64,
    byte_length: i64,
    found: &'a str,
    is_stored: bool,
    is_dismissed: bool,
    found_at: Ts,
}

/// Adds findings, whose own ids do not count.
pub fn insert(conn: &mut Conn, new: &[Finding]) -> Result<()> {
    let rows: Vec<Row<'_>> = new
        .iter()
        .map(|finding| {
            let Finding {
                id: _,
                kind,
                record_id,
                site_id,
                rule_version,
                found,
                is_dismissed,
                found_at,
            } = finding;
            let Found {
                rule,
                class,
                severity,
                reasons,
                locale,
                field,
                place,
                offset,
                length,
                text,
                is_stored,
            } = found;
            Row {
                kind: kind.as_str(),
                record_id: *record_id,
                site_id: *site_id,
                rule,
                rule_version: *rule_version,
                class: class.as_str(),
                severity: severity.as_str(),
                reasons: Doc(reasons.iter().map(|reason| reason.as_str()).collect()),
                locale: locale.as_deref(),
                field,
                place: place.as_str(),
                byte_offset: i64::try_from(*offset).unwrap_or(i64::MAX),
                byte_length: i64::try_from(*length).unwrap_or(i64::MAX),
                found: text,
                is_stored: *is_stored,
                is_dismissed: *is_dismissed,
                found_at: *found_at,
            }
        })
        .collect();
    insert_rows!(conn, findings::table, &rows)?;
    Ok(())
}

/// Removes findings.
pub fn delete(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    if !ids.is_empty() {
        diesel::delete(findings::table.filter(any_of(findings::id, ids))).execute(conn)?;
    }
    Ok(())
}

/// Removes what was found in records that are gone.
pub fn delete_of(conn: &mut Conn, kind: RecordKind, record_ids: &[i64]) -> Result<()> {
    diesel::delete(
        findings::table
            .filter(findings::kind.eq(kind.as_str()))
            .filter(any_of(findings::record_id, record_ids)),
    )
    .execute(conn)?;
    Ok(())
}

/// Says of findings whether what they found may stay.
pub fn set_dismissed(conn: &mut Conn, ids: &[i64], is_dismissed: bool) -> Result<()> {
    diesel::update(findings::table.filter(any_of(findings::id, ids)))
        .set(findings::is_dismissed.eq(is_dismissed))
        .execute(conn)?;
    Ok(())
}

/// The columns of a [`StoredRow`], in its order.
macro_rules! columns {
    () => {
        (
            (
                findings::id,
                findings::kind,
                findings::record_id,
                findings::site_id,
                findings::rule_version,
                findings::is_dismissed,
                findings::found_at,
            ),
            (
                findings::rule,
                findings::class,
                findings::severity,
                findings::reasons,
                findings::locale,
                findings::field,
                findings::place,
                findings::byte_offset,
                findings::byte_length,
                findings::found,
                findings::is_stored,
            ),
        )
    };
}

/// A finding as the database has it.
pub(super) type StoredRow = (
    (i64, String, i64, Option<i64>, i64, bool, Ts),
    (
        String,
        String,
        String,
        Doc<Vec<String>>,
        Option<String>,
        String,
        String,
        i64,
        i64,
        String,
        bool,
    ),
);

/// The finding in a row.
pub(super) fn open(row: StoredRow) -> Result<Finding> {
    let (
        (id, kind, record_id, site_id, rule_version, is_dismissed, found_at),
        (rule, class, severity, reasons, locale, field, place, offset, length, text, is_stored),
    ) = row;
    let unknown = |what: &str, word: &str| {
        Error::internal(format!("the database holds the unknown {what} `{word}`"))
    };
    Ok(Finding {
        id,
        kind: RecordKind::parse(&kind).ok_or_else(|| unknown("kind", &kind))?,
        record_id,
        site_id,
        rule_version,
        is_dismissed,
        found_at,
        found: Found {
            rule,
            class: SpamClass::parse(&class).ok_or_else(|| unknown("class", &class))?,
            severity: Severity::parse(&severity).ok_or_else(|| unknown("severity", &severity))?,
            reasons: reasons
                .0
                .iter()
                .filter_map(|word| Reason::parse(word))
                .collect(),
            locale,
            field,
            place: Place::parse(&place).ok_or_else(|| unknown("place", &place))?,
            offset: usize::try_from(offset).unwrap_or_default(),
            length: usize::try_from(length).unwrap_or_default(),
            text,
            is_stored,
        },
    })
}

/// What was found in these records, by id.
pub fn of_records(conn: &mut Conn, kind: RecordKind, record_ids: &[i64]) -> Result<Vec<Finding>> {
    if record_ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<StoredRow> = findings::table
        .filter(findings::kind.eq(kind.as_str()))
        .filter(any_of(findings::record_id, record_ids))
        .select(columns!())
        .order(findings::id)
        .load(conn)?;
    rows.into_iter().map(open).collect()
}

/// The findings that pass filters, with what they are in: selected and ordered by those who ask.
macro_rules! listed {
    ($filters:expr) => {{
        let FindingFilters {
            site_id,
            kind,
            record_id,
            severity,
            rule,
            is_dismissed,
            visible,
        } = $filters;
        let mut listed = findings::table
            .left_join(sites::table.on(findings::site_id.eq(sites::id.nullable())))
            .left_join(
                articles::table.on(findings::kind
                    .eq(RecordKind::Article.as_str())
                    .and(articles::id.eq(findings::record_id))),
            )
            .into_boxed::<Db>();
        if let Some(id) = site_id {
            listed = listed.filter(findings::site_id.eq(*id));
        }
        if let Some(kind) = kind {
            listed = listed.filter(findings::kind.eq(kind.as_str()));
        }
        if let Some(id) = record_id {
            listed = listed.filter(findings::record_id.eq(*id));
        }
        if let Some(severity) = severity {
            listed = listed.filter(findings::severity.eq(severity.as_str()));
        }
        if let Some(rule) = rule {
            listed = listed.filter(findings::rule.eq(rule.as_str()));
        }
        if let Some(is_dismissed) = is_dismissed {
            listed = listed.filter(findings::is_dismissed.eq(*is_dismissed));
        }
        if let Some(VisibleFindings {
            whole_sites,
            categories,
            sites,
        }) = visible
        {
            let is_article = findings::kind.eq(RecordKind::Article.as_str());
            let other = findings::kind.ne(RecordKind::Article.as_str());
            listed = listed.filter(
                is_article
                    .and(
                        any_of(articles::site_id, whole_sites)
                            .or(any_of(articles::category_id, categories)),
                    )
                    .or(other.and(
                        findings::site_id
                            .is_null()
                            .or(any_of(findings::site_id, sites)),
                    )),
            );
        }
        listed
    }};
}

/// Up to `limit` findings before the id `before`, the newest first, past `offset` of them.
pub fn page(
    conn: &mut Conn,
    filters: &FindingFilters,
    before: Option<i64>,
    offset: i64,
    limit: i64,
) -> Result<Vec<ListedFinding>> {
    let mut page = listed!(filters);
    if let Some(id) = before {
        page = page.filter(findings::id.lt(id));
    }
    let rows: Vec<(StoredRow, Option<String>)> = page
        .select((columns!(), sites::slug.nullable()))
        .order(findings::id.desc())
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    rows.into_iter().map(with_site).collect()
}

/// How many findings pass filters, up to `COUNTED`; then it says so.
pub fn count_all(conn: &mut Conn, filters: &FindingFilters) -> Result<Total> {
    let counted: Vec<i64> = listed!(filters)
        .select(findings::id)
        .order(findings::id.desc())
        .limit(COUNTED + 1)
        .load(conn)?;
    let n = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    Ok(match n > COUNTED {
        true => Total::Estimated(n),
        false => Total::Exact(n),
    })
}

/// Findings by their ids; those that there are not are left out.
pub fn find(conn: &mut Conn, ids: &[i64]) -> Result<Vec<ListedFinding>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(StoredRow, Option<String>)> = findings::table
        .left_join(sites::table.on(findings::site_id.eq(sites::id.nullable())))
        .filter(any_of(findings::id, ids))
        .select((columns!(), sites::slug.nullable()))
        .order(findings::id)
        .load(conn)?;
    rows.into_iter().map(with_site).collect()
}

fn with_site((row, site): (StoredRow, Option<String>)) -> Result<ListedFinding> {
    Ok(ListedFinding {
        finding: open(row)?,
        site,
    })
}

/// Up to `limit` ids above `after` of articles of a site in which something was found that nobody dismissed.
pub fn open_articles(conn: &mut Conn, site_id: i64, after: i64, limit: i64) -> Result<Vec<i64>> {
    Ok(findings::table
        .filter(findings::site_id.eq(site_id))
        .filter(findings::kind.eq(RecordKind::Article.as_str()))
        .filter(findings::is_dismissed.eq(false))
        .filter(findings::record_id.gt(after))
        .select(findings::record_id)
        .distinct()
        .order(findings::record_id)
        .limit(limit)
        .load(conn)?)
}

/// How many such articles there are above `after`.
pub fn count_open_articles(conn: &mut Conn, site_id: i64, after: i64) -> Result<i64> {
    Ok(findings::table
        .filter(findings::site_id.eq(site_id))
        .filter(findings::kind.eq(RecordKind::Article.as_str()))
        .filter(findings::is_dismissed.eq(false))
        .filter(findings::record_id.gt(after))
        .select(count(findings::record_id).aggregate_distinct())
        .first(conn)?)
}

/// The other records of a site in which something was found that nobody dismissed.
pub fn open_records(conn: &mut Conn, site_id: i64) -> Result<Vec<(RecordKind, i64)>> {
    let rows: Vec<(String, i64)> = findings::table
        .filter(findings::site_id.eq(site_id))
        .filter(findings::kind.ne(RecordKind::Article.as_str()))
        .filter(findings::is_dismissed.eq(false))
        .select((findings::kind, findings::record_id))
        .distinct()
        .load(conn)?;
    let kinds = rows.into_iter();
    Ok(kinds
        .filter_map(|(kind, id)| Some((RecordKind::parse(&kind)?, id)))
        .collect())
}
