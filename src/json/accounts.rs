//! Which members the bodies of accounts and API keys have, and which rule each of them keeps. It sees one text at a time.

use super::fields::{
    Faults, Fields, Path, Read, boolean, distinct, list, number, text, understood, word,
};
use super::records::Form;
use super::tree::Value;
use crate::models::access::{Role, Scope};
use crate::models::account::{ApiKeyRecord, GrantRecord, UserRecord};
use crate::models::patch::Patch;
use crate::models::rules;
use crate::models::time::Ts;

/// Members of answers that no request has.
const READ_ONLY: [&str; 4] = ["id", "version", "created_at", "updated_at"];

/// A member that a new one must have.
fn due<'v, T>(
    fields: &mut Fields<'_, 'v>,
    form: Form,
    name: &'static str,
    read: impl Read<'v, T>,
) -> Patch<T> {
    match form {
        Form::Create => fields.required(name, read).map_or(Patch::Keep, Patch::Set),
        Form::Line | Form::Update => fields.firm(name, read),
    }
}

/// An account.
pub fn user(fields: &mut Fields<'_, '_>, form: Form) -> UserRecord {
    fields.read_only(&READ_ONLY);
    fields.read_only(&["has_password", "signed_in_at"]);
    UserRecord {
        email: due(fields, form, "email", text(rules::email)),
        name: due(fields, form, "name", text(rules::title)),
        role: fields.patch("role", word(Role::ALL, Role::as_str)),
        grants: fields.patch("grants", list(grant)),
        is_active: fields.firm("is_active", boolean),
        external_subject: fields.patch("external_subject", text(rules::key)),
        password: fields.patch("password", text(rules::new_password)),
    }
}

fn grant(value: Value<'_>, path: &Path<'_>, faults: &mut Faults) -> Option<GrantRecord> {
    let mut fields = Fields::open(value, path, faults)?;
    let role = fields.required("role", word(Role::ALL, Role::as_str));
    let site = fields.required("site", text(rules::slug));
    let category_path = fields.optional("category_path", text(rules::category_path));
    fields.close();
    Some(GrantRecord {
        role: role?,
        site: site?,
        category_path,
    })
}

/// An API key.
pub fn api_key(fields: &mut Fields<'_, '_>, form: Form) -> ApiKeyRecord {
    fields.read_only(&READ_ONLY);
    fields.read_only(&["prefix", "key", "last_used_at", "revoked_at"]);
    let mut record = ApiKeyRecord {
        name: due(fields, form, "name", text(rules::title)),
        scopes: due(
            fields,
            form,
            "scopes",
            distinct(
                "",
                |scope: &Scope| Some(scope.as_str()),
                word(Scope::ALL, Scope::as_str),
            ),
        ),
        expires_at: fields.patch(
            "expires_at",
            understood(|text| rules::instant(text).map(|at| Ts::from(at.to_utc()))),
        ),
        ..ApiKeyRecord::default()
    };
    if let Patch::Set(scopes) = &record.scopes
        && scopes.is_empty()
    {
        fields.fault("scopes", "required", "must name at least one scope");
    }
    if form == Form::Create {
        record.user_id = fields.optional("user_id", number(rules::id));
        return record;
    }
    fields.read_only(&["user_id"]);
    if let Patch::Set(is_revoked) = fields.firm("is_revoked", boolean) {
        record.is_revoked = is_revoked;
        if !is_revoked {
            fields.fault(
                "is_revoked",
                "invalid",
                "can only become true: what was revoked stays so; make a new key",
            );
        }
    }
    record
}
