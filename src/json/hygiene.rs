//! Which members the bodies of requests about the check for injected text have, its rules and its runs, and which rule each of them keeps. It sees one
//! text at a time.

use super::fields::{Faults, Fields, Path, Read, array, boolean, text, understood, word};
use super::records::Form;
use super::tree::Value;
use crate::models::hygiene::{Boundary, RuleKind, Severity, SpamClass};
use crate::models::hygiene_change::{HygieneRuleRecord, KEY, ScanRecord, TEXT, TEXTS};
use crate::models::patch::Patch;
use crate::models::rules::{self, Verdict};

/// Kinds of rules that can be made; signals come with the program.
const KINDS: [RuleKind; 3] = [RuleKind::Term, RuleKind::Vocabulary, RuleKind::Pattern];

/// A rule.
pub fn rule(fields: &mut Fields<'_, '_>, form: Form) -> HygieneRuleRecord {
    fields.read_only(&[
        "id",
        "version",
        "rule_set",
        "is_shipped",
        "created_at",
        "updated_at",
    ]);
    let key = match form {
        Form::Update => {
            fields.read_only(&["key"]);
            String::new()
        }
        Form::Line | Form::Create => fields.required("key", text(rule_key)).unwrap_or_default(),
    };
    HygieneRuleRecord {
        key,
        kind: due(fields, form, "kind", understood(kind)),
        class: due(
            fields,
            form,
            "spam_class",
            word(SpamClass::ALL, SpamClass::as_str),
        ),
        severity: due(
            fields,
            form,
            "severity",
            word(Severity::ALL, Severity::as_str),
        ),
        boundary: fields.firm("boundary", word(Boundary::ALL, Boundary::as_str)),
        texts: due(fields, form, "texts", texts),
        description: fields.patch("description", text(rules::subtitle)),
        is_enabled: fields.firm("is_enabled", boolean),
    }
}

/// A run.
pub fn scan(fields: &mut Fields<'_, '_>) -> ScanRecord {
    let is_dry = fields.optional("dry_run", boolean);
    let rule = fields.optional("rule", draft);
    if rule.is_some() && is_dry == Some(false) {
        fields.fault(
            "dry_run",
            "conflict",
            "must be true beside `rule`: a rule is only tried here; POST /api/v1/manage/hygiene-rules has it hold",
        );
    }
    ScanRecord {
        is_dry: is_dry.unwrap_or(rule.is_some()),
        rule: rule.map(HygieneRuleRecord::into_rule),
        site: fields.optional("site", text(rules::slug)),
    }
}

fn draft(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<HygieneRuleRecord> {
    let mut fields = Fields::open(value, path, faults)?;
    let record = rule(&mut fields, Form::Create);
    fields.close();
    Some(record)
}

/// A member that a new rule must have.
fn due<'v, T>(
    fields: &mut Fields<'_, 'v>,
    form: Form,
    name: &'static str,
    read: impl Read<'v, T>,
) -> Patch<T> {
    match form {
        Form::Update => fields.firm(name, read),
        Form::Line | Form::Create => fields.required(name, read).map_or(Patch::Keep, Patch::Set),
    }
}

fn kind(given: &str) -> Result<RuleKind, String> {
    match RuleKind::parse(given) {
        Some(RuleKind::Signal) => Err(
            "is `signal`, but signals come with the program: they can be switched and weighed, not made; make it `term`, `vocabulary` or `pattern`"
                .to_owned(),
        ),
        Some(kind) => Ok(kind),
        None => {
            let known: Vec<&str> = KINDS.into_iter().map(RuleKind::as_str).collect();
            Err(format!(
                "is `{}`, but must be one of `{}`",
                rules::excerpt(given),
                known.join("`, `")
            ))
        }
    }
}

/// Small letters and digits, words of them joined by `-`.
fn rule_key(value: &str) -> Verdict {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    match value.len() <= KEY && value.split('-').all(is_word) {
        true => Ok(()),
        false => Err(format!(
            "must be words of small letters a-z and digits with `-` between them, {KEY} characters at most, such as `lottery-tips`"
        )),
    }
}

fn rule_text(value: &str) -> Verdict {
    rules::not_blank(value)?;
    if value.chars().any(char::is_control) {
        return Err("contains a control character; remove it".to_owned());
    }
    match value.chars().count() > TEXT {
        true => Err(format!(
            "has more than {TEXT} characters; make it several texts"
        )),
        false => Ok(()),
    }
}

fn texts(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<Vec<String>> {
    let items = array(value, path, faults)?;
    if items.is_empty() || items.len() > TEXTS {
        let reason = format!(
            "has {} texts, but must have 1 to {TEXTS}; make it several rules where there are more",
            items.len()
        );
        faults.add(path, "out_of_range", reason);
        return None;
    }
    let read = text(rule_text);
    let items = items.into_iter().enumerate();
    Some(
        items
            .filter_map(|(index, item)| read(item, &Path::Item(path, index), faults))
            .collect(),
    )
}
