//! Taking articles from one state to another. Knows no rule of the workflow.

use actix_web::{HttpResponse, post};

use super::{Desk, IfMatch, changing};
use crate::http::body::JsonBody;
use crate::http::path::IdPath;
use crate::http::problem::{ChangeProblems, Problem};
use crate::http::query::{NoQuery, Query};
use crate::http::v1::dto::article_request::TransitionRequest;
use crate::http::v1::dto::managed_article::ManagedArticleBody;
use crate::json::editorial;
use crate::models::access::Operation;
use crate::models::managed::Expected;
use crate::service::management::{Work, transitions};

/// The work of `transitionArticle`.
pub fn transition(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(editorial::transition)?;
    let (comment, reason) = (record.comment.clone(), record.reason.clone());
    Ok(changing(Operation::TransitionArticle, move |tx| {
        transitions::transition(tx, id, &expected, record)
    })
    .remarked("comment", comment)
    .remarked("reason", reason))
}

/// Take an article to another state
///
/// Authors submit their own drafts (`in_review`) and may take them back; reviewers approve them (`approved`) or send them back
/// (`draft`); editors publish, schedule, archive and retract. A way that does not exist is 409 and says which ones do. `published`
/// without `publish_at` means now where the article was never dated or is dated ahead; with one ahead it is `scheduled`. Scheduled articles appear, and
/// those with `unpublish_at` vanish, to the second. `retracted` leaves a tombstone: readers get 410 with `reason`. `draft`, `in_review` or `approved` on what is there already is a
/// remark, a comment alone; `retracted` on what is retracted says the reason anew. Each transition is a revision. `published` or `scheduled` of
/// what injected text holds back is 409 with the code `held_back`, the number of findings, and the header `Link` (`rel="related"`) to them.
#[utoipa::path(operation_id = "transitionArticle", tag = "management", params(IdPath), request_body = TransitionRequest,
    security(("bearer" = [])),
    responses((status = 200, description = "The article as it is now", body = ManagedArticleBody), ChangeProblems))]
#[post("/articles/{id}/transitions")]
pub async fn transition_article(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(transition(id.0, expected.0, &body)?, body.bytes())
        .await
}
