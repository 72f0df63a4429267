//! Which members the bodies have that mend injected text, or say that it may stay. It sees one text at a time.

use std::collections::BTreeSet;

use super::fields::{Faults, Fields, Path, Read, array, boolean, number, string, text};
use super::records::comment;
use super::tree::Value;
use crate::models::repair::{DismissalRecord, FINDINGS, PAIRS, PHRASE, RepairRecord, RepairTarget};
use crate::models::rules;

/// What is to be mended, and how. Where the request does not say, it is a dry run.
pub fn repair(fields: &mut Fields<'_, '_>) -> Option<RepairRecord> {
    let article_id = fields.optional("article_id", number(rules::id));
    let site = fields.optional("site", text(rules::not_blank));
    let replace = fields.optional("replace", pairs).unwrap_or_default();
    let cut = fields.optional("cut", ids()).unwrap_or_default();
    let is_dry = fields.optional("dry_run", boolean).unwrap_or(true);
    let target = match (article_id, site) {
        (Some(id), None) => Some(RepairTarget::Article(id)),
        (None, Some(site)) => Some(RepairTarget::Site(site)),
        (Some(_), Some(_)) => {
            fields.fault(
                "site",
                "invalid",
                "stands beside `article_id`; leave one of them out: a repair is of one article, or of a site with what belongs to it",
            );
            None
        }
        (None, None) => {
            fields.fault(
                "article_id",
                "required",
                "is required, or else `site`: a repair is of one article, or of a site with what belongs to it",
            );
            None
        }
    };
    if replace.is_empty() && cut.is_empty() {
        fields.fault(
            "replace",
            "required",
            "is required, or else `cut`: say what is to be replaced, or which findings are to be cut",
        );
    }
    Some(RepairRecord {
        target: target?,
        replace,
        cut,
        is_dry,
    })
}

/// Whether what was found may stay.
pub fn dismissal(fields: &mut Fields<'_, '_>) -> DismissalRecord {
    let ids = fields.required("ids", ids());
    if ids.as_ref().is_some_and(Vec::is_empty) {
        fields.fault("ids", "required", "must name at least one finding");
    }
    DismissalRecord {
        ids: ids.unwrap_or_default(),
        is_dismissed: fields.required("is_dismissed", boolean).unwrap_or(false),
        comment: comment(fields),
    }
}

/// Ids of findings, each once.
fn ids<'v>() -> impl Read<'v, Vec<i64>> {
    move |value: Value<'v>, path: &Path<'_>, faults: &mut Faults| {
        let items = array(value, path, faults)?;
        if items.len() > FINDINGS {
            let reason = format!(
                "has {} entries, at most {FINDINGS} are allowed",
                items.len()
            );
            faults.add(path, "too_many", reason);
            return None;
        }
        let read = number(rules::id);
        let mut seen = BTreeSet::new();
        let mut ids = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let place = Path::Item(path, index);
            let Some(id) = read(item, &place, faults) else {
                continue;
            };
            match seen.insert(id) {
                true => ids.push(id),
                false => faults.add(
                    &place,
                    "duplicate",
                    format!("is `{id}` again; name each finding once"),
                ),
            }
        }
        Some(ids)
    }
}

/// Phrases with what is to stand in their places.
fn pairs(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Vec<(String, String)>> {
    let object = match value {
        Value::Object(object) => object,
        other => {
            let reason = format!(
                "must be an object from phrases to what is to stand in their places, not {}",
                other.kind()
            );
            faults.add(path, "wrong_type", reason);
            return None;
        }
    };
    for name in &object.repeated {
        faults.add(
            &Path::Member(path, &rules::excerpt(name)),
            "duplicate",
            "is there twice; give each phrase once",
        );
    }
    if object.members.len() > PAIRS {
        let reason = format!(
            "has {} phrases, at most {PAIRS} are allowed",
            object.members.len()
        );
        faults.add(path, "too_many", reason);
        return None;
    }
    let mut pairs = Vec::with_capacity(object.members.len());
    for (phrase, with) in object.members {
        let shown = rules::excerpt(&phrase);
        let place = Path::Member(path, &shown);
        if let Err(reason) = phrase_rule(&phrase) {
            faults.add(
                &place,
                "invalid",
                format!("is no phrase to look for: it {reason}"),
            );
            continue;
        }
        let Some(with) = string(with, &place, faults) else {
            continue;
        };
        match phrase_rule(&with) {
            Ok(()) => pairs.push((phrase.into_owned(), with.into_owned())),
            Err(reason) => {
                let reason = format!(
                    "{reason}; to take text out without anything in its place name the findings in `cut`"
                );
                faults.add(&place, "invalid", reason);
            }
        }
    }
    Some(pairs)
}

/// What a phrase may be, and what stands in its place.
fn phrase_rule(text: &str) -> rules::Verdict {
    rules::not_blank(text)?;
    if text.chars().count() > PHRASE {
        return Err(format!("must have at most {PHRASE} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not have control characters or line breaks".to_owned());
    }
    Ok(())
}
