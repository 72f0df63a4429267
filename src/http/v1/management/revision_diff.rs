//! What is different between two revisions of an article. Knows no SQL.

use actix_web::get;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, View};
use crate::http::path::RevisionPath;
use crate::http::problem::{ManagedItemProblems, Problem};
use crate::http::query::{Query, RecordId};
use crate::http::v1::dto::revision_diff::{DiffUnit, RevisionDiffBody};
use crate::models::access::Operation;
use crate::service::management::revision_diff;

/// What to compare a revision with, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevisionDiffQuery {
    /// The number of the revision to compare it with, older or newer. Without it that is the last one before it that is kept.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991_u64, example = 1)]
    against: Option<RecordId>,
    /// What to compare texts by: `word`, where each Han character counts as one, or `character`.
    #[serde(default)]
    #[param(inline = false)]
    unit: DiffUnit,
}

/// Compare two revisions
///
/// Which fields differ, and how: texts run by run, lists item by item, with as few moves as tell the order. Texts that have
/// next to nothing in common are shown as one that was replaced by the other. The first revision that is kept is compared with
/// nothing: all it says is new.
#[utoipa::path(operation_id = "diffRevision", tag = "management", params(RevisionPath, RevisionDiffQuery), security(("bearer" = [])),
    responses((status = 200, description = "What is different", body = RevisionDiffBody), ManagedItemProblems))]
#[get("/articles/{id}/revisions/{number}/diff")]
pub async fn diff_revision(
    desk: Desk,
    place: RevisionPath,
    query: Query<RevisionDiffQuery>,
) -> Result<View<RevisionDiffBody>, Problem> {
    let RevisionPath { id, number } = place;
    let RevisionDiffQuery { against, unit } = query.into_inner();
    let against = against.map(RecordId::get);
    let difference = desk
        .read_long(Operation::DiffRevision, move |tx| {
            revision_diff::diff(tx, id, number, against, unit.into())
        })
        .await?;
    Ok(View::page(
        RevisionDiffBody::new(difference, unit),
        String::new(),
    ))
}
