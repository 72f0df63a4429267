//! SQL on the rules of the check for injected text.

use diesel::prelude::*;

use super::connection::{Conn, insert_rows};
use crate::error::{Error, Result};
use crate::models::hygiene::{Boundary, HygieneRule, RuleKind, Severity, SpamClass, StoredRule};
use crate::models::json::Doc;
use crate::models::time::Ts;
use crate::schema::{hygiene_rule_sets, hygiene_rules};

/// Which set of rules holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleSetVersion {
    /// Its version; 0 where there is none yet.
    pub version: i64,
    /// The version of the program's rules in it.
    pub shipped: i64,
    /// Since when it holds. A version that a transaction took back may come again with other rules, but not at the same time.
    pub since: Option<Ts>,
}

/// The set of rules that holds.
pub fn current(conn: &mut Conn) -> Result<RuleSetVersion> {
    let found: Option<(i64, i64, Ts)> = hygiene_rule_sets::table
        .select((
            hygiene_rule_sets::version,
            hygiene_rule_sets::shipped,
            hygiene_rule_sets::created_at,
        ))
        .order(hygiene_rule_sets::version.desc())
        .first(conn)
        .optional()?;
    Ok(
        found.map_or_else(RuleSetVersion::default, |(version, shipped, since)| {
            RuleSetVersion {
                version,
                shipped,
                since: Some(since),
            }
        }),
    )
}

/// Notes that the rules are others now; returns the version of the set.
pub fn advance(conn: &mut Conn, shipped: i64, now: Ts) -> Result<i64> {
    let version = current(conn)?.version + 1;
    diesel::insert_into(hygiene_rule_sets::table)
        .values((
            hygiene_rule_sets::version.eq(version),
            hygiene_rule_sets::shipped.eq(shipped),
            hygiene_rule_sets::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(version)
}

/// The columns of a [`StoredRow`], in its order.
macro_rules! columns {
    () => {
        (
            hygiene_rules::id,
            hygiene_rules::key,
            hygiene_rules::kind,
            hygiene_rules::class,
            hygiene_rules::severity,
            hygiene_rules::boundary,
            hygiene_rules::texts,
            hygiene_rules::description,
            hygiene_rules::is_enabled,
            hygiene_rules::is_shipped,
            hygiene_rules::version,
            hygiene_rules::created_at,
            hygiene_rules::updated_at,
        )
    };
}

type StoredRow = (
    i64,
    String,
    String,
    String,
    String,
    String,
    Doc<Vec<String>>,
    String,
    bool,
    bool,
    i64,
    Ts,
    Ts,
);

fn open(row: StoredRow) -> Result<StoredRule> {
    let (
        id,
        key,
        kind,
        class,
        severity,
        boundary,
        texts,
        description,
        is_enabled,
        is_shipped,
        version,
        created_at,
        updated_at,
    ) = row;
    let unknown = |what: &str, word: &str| {
        Error::internal(format!("the database holds the unknown {what} `{word}`"))
    };
    Ok(StoredRule {
        id,
        rule: HygieneRule {
            key,
            kind: RuleKind::parse(&kind).ok_or_else(|| unknown("kind", &kind))?,
            class: SpamClass::parse(&class).ok_or_else(|| unknown("class", &class))?,
            severity: Severity::parse(&severity).ok_or_else(|| unknown("severity", &severity))?,
            boundary: Boundary::parse(&boundary).ok_or_else(|| unknown("boundary", &boundary))?,
            texts: texts.0,
            description,
            is_enabled,
        },
        is_shipped,
        version,
        created_at,
        updated_at,
    })
}

/// The rule with `id`.
pub fn find(conn: &mut Conn, id: i64) -> Result<Option<StoredRule>> {
    let found: Option<StoredRow> = hygiene_rules::table
        .find(id)
        .select(columns!())
        .first(conn)
        .optional()?;
    found.map(open).transpose()
}

/// The id of the rule with this key.
pub fn find_id(conn: &mut Conn, key: &str) -> Result<Option<i64>> {
    Ok(hygiene_rules::table
        .filter(hygiene_rules::key.eq(key))
        .select(hygiene_rules::id)
        .first(conn)
        .optional()?)
}

/// Up to `limit` rules with an id above `after`, by id.
pub fn page(conn: &mut Conn, after: i64, offset: i64, limit: i64) -> Result<Vec<StoredRule>> {
    let rows: Vec<StoredRow> = hygiene_rules::table
        .filter(hygiene_rules::id.gt(after))
        .select(columns!())
        .order(hygiene_rules::id)
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    rows.into_iter().map(open).collect()
}

/// How many rules there are.
pub fn count(conn: &mut Conn) -> Result<i64> {
    Ok(hygiene_rules::table.count().get_result(conn)?)
}

/// How many rules there are that did not come with the program.
pub fn count_own(conn: &mut Conn) -> Result<i64> {
    Ok(hygiene_rules::table
        .filter(hygiene_rules::is_shipped.eq(false))
        .count()
        .get_result(conn)?)
}

/// Every rule, by id.
pub fn all(conn: &mut Conn) -> Result<Vec<StoredRule>> {
    let rows: Vec<StoredRow> = hygiene_rules::table
        .select(columns!())
        .order(hygiene_rules::id)
        .load(conn)?;
    rows.into_iter().map(open).collect()
}

#[derive(Insertable)]
#[diesel(table_name = hygiene_rules)]
struct Row<'a> {
    key: &'a str,
    kind: &'a str,
    class: &'a str,
    severity: &'a str,
    boundary: &'a str,
    texts: Doc<&'a [String]>,
    description: &'a str,
    is_enabled: bool,
    is_shipped: bool,
    created_at: Ts,
    updated_at: Ts,
}

impl<'a> Row<'a> {
    fn new(rule: &'a HygieneRule, is_shipped: bool, now: Ts) -> Self {
        let HygieneRule {
            key,
            kind,
            class,
            severity,
            boundary,
            texts,
            description,
            is_enabled,
        } = rule;
        Self {
            key,
            kind: kind.as_str(),
            class: class.as_str(),
            severity: severity.as_str(),
            boundary: boundary.as_str(),
            texts: Doc(texts),
            description,
            is_enabled: *is_enabled,
            is_shipped,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Adds a rule of one's own; returns its id.
pub fn insert(conn: &mut Conn, rule: &HygieneRule, now: Ts) -> Result<i64> {
    Ok(diesel::insert_into(hygiene_rules::table)
        .values(Row::new(rule, false, now))
        .returning(hygiene_rules::id)
        .get_result(conn)?)
}

/// Adds rules that come with the program.
pub fn insert_shipped(conn: &mut Conn, rules: &[HygieneRule], now: Ts) -> Result<()> {
    let rows: Vec<Row<'_>> = rules.iter().map(|rule| Row::new(rule, true, now)).collect();
    insert_rows!(conn, hygiene_rules::table, &rows)?;
    Ok(())
}

/// Makes a stored rule equal to `rule`.
pub fn update(conn: &mut Conn, id: i64, rule: &HygieneRule, now: Ts) -> Result<()> {
    let HygieneRule {
        key: _,
        kind,
        class,
        severity,
        boundary,
        texts,
        description,
        is_enabled,
    } = rule;
    diesel::update(hygiene_rules::table.find(id))
        .set((
            hygiene_rules::kind.eq(kind.as_str()),
            hygiene_rules::class.eq(class.as_str()),
            hygiene_rules::severity.eq(severity.as_str()),
            hygiene_rules::boundary.eq(boundary.as_str()),
            hygiene_rules::texts.eq(Doc(texts.clone())),
            hygiene_rules::description.eq(description),
            hygiene_rules::is_enabled.eq(is_enabled),
            hygiene_rules::version.eq(hygiene_rules::version + 1),
            hygiene_rules::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes a rule.
pub fn delete(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::delete(hygiene_rules::table.find(id)).execute(conn)?;
    Ok(())
}
