//! Links that show a revision to people without an account. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};

use super::Desk;
use crate::error::Error;
use crate::http::body::JsonBody;
use crate::http::links::Links;
use crate::http::path::IdPath;
use crate::http::preview_token::PreviewKey;
use crate::http::problem::{CreateProblems, ManagedItemProblems, Problem};
use crate::http::query::{NoQuery, Query};
use crate::http::v1::dto::preview::{PreviewBody, PreviewCreate};
use crate::json::editorial;
use crate::models::access::Operation;
use crate::models::record::PreviewRecord;
use crate::models::reply::Reply;
use crate::service::management::{Work, previews};

/// The work of `createPreview`.
fn create(id: i64, wanted: PreviewRecord, key: Data<PreviewKey>, links: Data<Links>) -> Work {
    Work::new(Operation::CreatePreview, move |tx| {
        let preview = previews::create(tx, id, wanted)?;
        let token = key.encode(&preview)?;
        let location = format!("/api/v1/preview/{token}");
        let body = PreviewBody::new(preview, token, links.absolute(&location));
        Ok(Reply {
            status: 201,
            body: serde_json::to_string(&body).map_err(|e| Error::Internal(e.into()))?,
            headers: vec![("Location".to_owned(), location)],
        })
    })
}

/// Create a preview link
///
/// Whoever has the link sees this one revision as readers would see it, whatever its state and without an account, until
/// `expires_at`. Later saves do not change what it shows. It ends early only where the article or the revision is deleted, so send it to nobody who
/// should not see that revision. This changes nothing and needs no `If-Match`; the audit log has who asked for it, and not the link.
#[utoipa::path(operation_id = "createPreview", tag = "management", params(IdPath), request_body = PreviewCreate,
    security(("bearer" = [])),
    responses((status = 201, description = "The link", body = PreviewBody), CreateProblems, ManagedItemProblems))]
#[post("/articles/{id}/previews")]
pub async fn create_preview(
    desk: Desk,
    id: IdPath,
    key: Data<PreviewKey>,
    links: Data<Links>,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let wanted = body.read(editorial::preview)?;
    desk.write(create(id.0, wanted, key, links), body.bytes())
        .await
}
