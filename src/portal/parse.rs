//! Which record a line holds. What members each kind has is for `json::records` to say.

use crate::json::fields::{Faults, Fields, Flaw, Path, number, string};
use crate::json::records::{self, Form};
use crate::json::tree::Value;
use crate::models::rules;

use super::record::{LineFault, Record};

/// The types a line may have.
const TYPES: &str =
    "portal, site, source, category, menu, link_group, script_phrase, topic, media, article";

/// The record of a parsed line.
pub(super) fn record(value: Value<'_>, line: u64) -> Result<Record, Vec<LineFault>> {
    let mut faults = Faults::default();
    let record = read_record(value, &mut faults);
    faults.or(record).map_err(|flaws| {
        flaws
            .into_iter()
            .map(|flaw| {
                let Flaw { member, reason, .. } = flaw;
                LineFault {
                    line,
                    member,
                    reason,
                }
            })
            .collect()
    })
}

fn read_record(value: Value<'_>, faults: &mut Faults) -> Option<Record> {
    let mut fields = Fields::open(value, &Path::Root, faults)?;
    let kind = fields.required("type", string)?;
    let record = match kind.as_ref() {
        "portal" => portal(&mut fields),
        "site" => Record::Site(Box::new(records::site(&mut fields, Form::Line))),
        "source" => Record::Source(records::source(&mut fields, Form::Line)),
        "category" => Record::Category(records::category(&mut fields)),
        "menu" => Record::Menu(records::menu(&mut fields, Form::Line)),
        "link_group" => Record::LinkGroup(records::link_group(&mut fields, Form::Line)),
        "script_phrase" => Record::ScriptPhrase(records::script_phrase(&mut fields, Form::Line)),
        "topic" => Record::Topic(records::topic(&mut fields, Form::Line)),
        "media" => Record::Media(records::file(&mut fields)),
        "article" => Record::Article(Box::new(records::article(&mut fields, Form::Line))),
        other => {
            fields.fault(
                "type",
                "invalid",
                format!("is `{}`, but must be one of {TYPES}", rules::excerpt(other)),
            );
            return None;
        }
    };
    fields.close();
    Some(record)
}

fn portal(fields: &mut Fields<'_, '_>) -> Record {
    fields.required(
        "version",
        number(|version| match version {
            1 => Ok(()),
            _ => Err("must be 1, the only version of the format".to_owned()),
        }),
    );
    Record::Portal
}
