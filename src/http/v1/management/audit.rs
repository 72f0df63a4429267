//! The audit log: who changed what, when and from where. It is read only here, and never changed. Knows no SQL.

use actix_web::get;
use actix_web::web::Data;
use chrono::{NaiveTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use super::{Desk, View};
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::{SiteSlug, When};
use crate::http::problem::{ManagedListProblems, Problem};
use crate::http::query::{Limit, PageNumber, Query, RecordId};
use crate::http::v1::dto::audit_entry::AuditEntryPageBody;
use crate::models::access::Operation;
use crate::models::time::Ts;
use crate::service::articles::Moment;
use crate::service::management::audit::{self, Wanted};

/// A name of the log: small letters and `_`.
#[derive(Debug, Clone)]
pub struct Word(String);

impl Word {
    const MAX: usize = 64;
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_word = (1..=Self::MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        match is_word {
            true => Ok(Self(text)),
            false => Err(D::Error::custom(
                "must be a name as entries have it: 1 to 64 small letters and `_`, such as `update_article`",
            )),
        }
    }
}

/// Which entries, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only entries of this action.
    #[param(value_type = Option<String>, min_length = 1, max_length = 64, pattern = "^[a-z_]+$", example = "update_article")]
    action: Option<Word>,
    /// Only entries on things of this kind.
    #[param(value_type = Option<String>, min_length = 1, max_length = 64, pattern = "^[a-z_]+$", example = "article")]
    resource: Option<Word>,
    /// Only entries on the thing with this id; needs `resource`.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    resource_id: Option<RecordId>,
    /// Only entries of this site, by slug.
    #[param(value_type = Option<String>, max_length = 200, example = "demo")]
    site: Option<SiteSlug>,
    /// Only entries by this account.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64)]
    user_id: Option<RecordId>,
    /// Only entries of then or later: a date-time (RFC 3339), or a date, which begins at midnight in UTC.
    #[param(value_type = Option<String>, min_length = 10, max_length = 40, example = "2026-01-01")]
    at_from: Option<When>,
    /// Only entries of before then, so `2026-02-01` ends with January: a date-time or a date, as above.
    #[param(value_type = Option<String>, min_length = 10, max_length = 40)]
    at_to: Option<When>,
    /// Most items of the page.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    #[serde(default)]
    limit: Limit,
    /// Where the page starts: `next_cursor` of the page before, with the same filters.
    #[param(pattern = "^[A-Za-z0-9_-]+$", max_length = 1000)]
    cursor: Option<String>,
    /// Number of the page, from 1; reaches the first 10,000 items. Not together with `cursor`.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 10000)]
    page: Option<PageNumber>,
    /// Whether to count all entries of the list: `none`, `exact`, `estimated`. More than 10,000 are estimated.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

impl AuditQuery {
    /// The filters, and the paging.
    fn split(self) -> (Wanted, Paging) {
        let Self {
            action,
            resource,
            resource_id,
            site,
            user_id,
            at_from,
            at_to,
            limit,
            cursor,
            page,
            count,
        } = self;
        let wanted = Wanted {
            action: action.map(|word| word.0),
            resource: resource.map(|word| word.0),
            resource_id: resource_id.map(RecordId::get),
            site: site.map(|site| site.0),
            user_id: user_id.map(RecordId::get),
            from: at_from.map(instant),
            until: at_to.map(instant),
        };
        let paging = Paging {
            limit,
            cursor,
            page: page.map(PageNumber::get),
            count,
        };
        (wanted, paging)
    }
}

fn instant(when: When) -> Ts {
    match when.0 {
        Moment::At(at) => at,
        Moment::Day(day) => Ts(day
            .and_time(NaiveTime::MIN)
            .and_local_timezone(Utc)
            .single()
            .unwrap_or_default()),
    }
}

fn fingerprint(wanted: &Wanted) -> Fingerprint {
    let Wanted {
        action,
        resource,
        resource_id,
        site,
        user_id,
        from,
        until,
    } = wanted;
    let id = |id: &Option<i64>| id.map(|id| id.to_string());
    let at = |at: &Option<Ts>| at.map(|at| at.to_rfc3339());
    Fingerprint::of(
        "audit_log",
        &[
            action.clone(),
            resource.clone(),
            id(resource_id),
            site.clone(),
            id(user_id),
            at(from),
            at(until),
        ],
    )
}

/// Read the audit log
///
/// One entry for every write and every sign-in, the newest first, with the members that changed, before and after. It cannot be
/// changed.
#[utoipa::path(operation_id = "listAuditEntries", tag = "audit", params(AuditQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of the audit log", body = AuditEntryPageBody), ManagedListProblems))]
#[get("/audit-log")]
pub async fn list_audit_entries(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<AuditQuery>,
) -> Result<View<AuditEntryPageBody>, Problem> {
    let (wanted, paging) = query.into_inner().split();
    let list = fingerprint(&wanted);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListAuditEntries, move |tx| {
            audit::page(tx, wanted, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(AuditEntryPageBody::new(page, next), links))
}
