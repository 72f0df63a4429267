//! Entries of the audit log on the wire.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
use utoipa::openapi::{RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

use super::total;
use crate::http::pagination::CountKind;
use crate::models::audit::{Entry, NewEntry};
use crate::models::page::Page;
use crate::models::time::Ts;

/// Members of a thing as they were or are; which ones, depends on the kind of thing.
#[derive(Debug, Clone, Serialize)]
pub struct AuditedMembers(Map<String, Value>);

impl AuditedMembers {
    /// The members of an object; anything else has none.
    fn of(value: Option<Value>) -> Option<Self> {
        match value {
            Some(Value::Object(members)) => Some(Self(members)),
            _ => None,
        }
    }
}

impl PartialSchema for AuditedMembers {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(
                "Members of a thing as they were or are; which ones, depends on the kind of thing. Long texts are cut.",
            ))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
            .into()
    }
}

impl ToSchema for AuditedMembers {
    fn name() -> std::borrow::Cow<'static, str> {
        "AuditedMembers".into()
    }
}

/// Something that somebody did.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditEntryBody {
    /// Its id; later ones have higher ids.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 4711)]
    id: i64,
    /// When it happened (RFC 3339, UTC).
    #[schema(max_length = 32, format = "date-time")]
    at: String,
    /// What was done: the operation in small letters, such as `update_article`, or `sign_in` and the like.
    #[schema(max_length = 64, example = "update_article")]
    action: String,
    /// What kind of thing it was done to.
    #[schema(max_length = 64, example = "article")]
    resource: String,
    /// Which one.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 42)]
    resource_id: Option<i64>,
    /// Slug of the site it belongs to; `null` also where the site is gone.
    #[schema(max_length = 200, example = "demo")]
    site: Option<String>,
    /// The account that did it.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    user_id: Option<i64>,
    /// The API key that did it.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 3)]
    api_key_id: Option<i64>,
    /// How they were called then.
    #[schema(max_length = 1000, example = "li.na@example.org")]
    actor: String,
    /// Where they called from: equal addresses have equal hashes, and no hash leads back to one.
    #[schema(max_length = 64, example = "9f86d081884c7d659a2feaa0c55ad015")]
    address_hash: Option<String>,
    /// The trace under which the request is logged.
    #[schema(max_length = 64, example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: Option<String>,
    /// What changed, as it was; `null` for what was made.
    before: Option<AuditedMembers>,
    /// What changed, as it was afterwards; `null` for what was deleted.
    after: Option<AuditedMembers>,
}

impl From<Entry> for AuditEntryBody {
    fn from(entry: Entry) -> Self {
        let Entry { id, site, noted } = entry;
        let NewEntry {
            at,
            action,
            resource,
            resource_id,
            site_id: _,
            user_id,
            api_key_id,
            actor,
            address_hash,
            trace_id,
            before,
            after,
        } = noted;
        Self {
            id,
            at: at.to_rfc3339(),
            action,
            resource,
            resource_id,
            site,
            user_id,
            api_key_id,
            actor,
            address_hash,
            trace_id,
            before: AuditedMembers::of(before),
            after: AuditedMembers::of(after),
        }
    }
}

/// A page of the audit log.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditEntryPage)]
pub struct AuditEntryPageBody {
    /// The entries, the newest first.
    #[schema(max_items = 100)]
    items: Vec<AuditEntryBody>,
    /// Where the next page starts; `null` on the last one.
    #[schema(max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    total: Option<i64>,
    /// How `total` was found.
    total_kind: CountKind,
}

impl AuditEntryPageBody {
    /// A page, and the cursor of the next one.
    pub fn new(page: Page<Entry, (Ts, i64)>, next_cursor: Option<String>) -> Self {
        let (total, total_kind) = total(page.total);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor,
            total,
            total_kind,
        }
    }
}
