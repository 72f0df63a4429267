//! What editors want instead of what the dictionaries say when texts are put into the other Chinese script. Knows no SQL.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Desk, IfMatch, Resource, View, changing};
use crate::http::body::JsonBody;
use crate::http::pagination::{Address, CountKind, CursorKey, Fingerprint, Paging};
use crate::http::parameters::SiteSlug;
use crate::http::path::IdPath;
use crate::http::problem::{
    ChangeProblems, CreateProblems, FreeDeleteProblems, ManagedItemProblems, ManagedListProblems,
    Problem,
};
use crate::http::query::{Limit, NoQuery, PageNumber, Query};
use crate::http::v1::dto::script_phrase::{
    ScriptPhraseBody, ScriptPhraseCreate, ScriptPhrasePageBody, ScriptPhraseUpdate,
};
use crate::json::records::{self, Form};
use crate::models::access::Operation;
use crate::models::managed::{Expected, Managed};
use crate::models::script_phrase::ScriptPhrase;
use crate::service::management::{Work, script_phrases};

impl Resource for Managed<ScriptPhrase> {
    const NAME: &'static str = "script_phrase";
    const PATH: &'static str = "/api/v1/manage/script-phrases";
    type Body = ScriptPhraseBody;

    fn id(&self) -> i64 {
        self.value.id
    }

    fn site_id(&self) -> Option<i64> {
        Some(self.value.site_id)
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// The work of `createScriptPhrase`.
pub fn create(body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::script_phrase(fields, Form::Create))?;
    Ok(changing(Operation::CreateScriptPhrase, |tx| {
        script_phrases::create(tx, record)
    }))
}

/// The work of `updateScriptPhrase`.
pub fn update(id: i64, expected: Expected, body: &JsonBody) -> Result<Work, Problem> {
    let record = body.read(|fields| records::script_phrase(fields, Form::Update))?;
    Ok(changing(Operation::UpdateScriptPhrase, move |tx| {
        script_phrases::update(tx, id, &expected, record)
    }))
}

/// The work of `deleteScriptPhrase`.
pub fn delete(id: i64, expected: Expected) -> Work {
    changing(Operation::DeleteScriptPhrase, move |tx| {
        script_phrases::delete(tx, id, &expected)
    })
}

/// Whose phrases, and how to page through them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScriptPhrasesQuery {
    /// Slug of the site.
    #[param(value_type = String, max_length = 200, example = "demo")]
    site: SiteSlug,
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
    /// Whether to count all phrases of the site: `none`, `exact`, `estimated`.
    #[serde(default)]
    #[param(inline = false)]
    count: CountKind,
}

/// List script phrases
///
/// What the editors of a site want instead of what the dictionaries say when an article is shown in the other Chinese script
/// (`locale=zh-Hant` of one that there is in `zh-Hans` only), in the order they were made.
#[utoipa::path(operation_id = "listScriptPhrases", tag = "management", params(ScriptPhrasesQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of phrases", body = ScriptPhrasePageBody), ManagedListProblems))]
#[get("/script-phrases")]
pub async fn list_script_phrases(
    desk: Desk,
    key: Data<CursorKey>,
    here: Address,
    query: Query<ScriptPhrasesQuery>,
) -> Result<View<ScriptPhrasePageBody>, Problem> {
    let ScriptPhrasesQuery {
        site,
        limit,
        cursor,
        page,
        count,
    } = query.into_inner();
    let SiteSlug(site) = site;
    let paging = Paging {
        limit,
        cursor,
        page: page.map(PageNumber::get),
        count,
    };
    let list = Fingerprint::of("script_phrases", &[Some(site.clone())]);
    let place = paging.resolve(&key, list)?;
    let page = desk
        .read_long(Operation::ListScriptPhrases, move |tx| {
            script_phrases::page(tx, &site, place)
        })
        .await?;
    let next = page.next.as_ref().map(|place| key.encode(list, place));
    let links = paging.links(&here, next.as_deref(), page.total);
    Ok(View::page(ScriptPhrasePageBody::new(page, next), links))
}

/// Create a script phrase
///
/// Where a text has the phrase, the other text of the pair stands for it, whatever the dictionaries say; of several the longest wins.
/// A pair of equal texts keeps them as they are. A site may have 2,000. Derived articles have another `ETag` at once.
#[utoipa::path(operation_id = "createScriptPhrase", tag = "management", request_body = ScriptPhraseCreate, security(("bearer" = [])),
    responses((status = 201, description = "The new phrase", body = ScriptPhraseBody), CreateProblems))]
#[post("/script-phrases")]
pub async fn create_script_phrase(
    desk: Desk,
    _query: Query<NoQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(create(&body)?, body.bytes()).await
}

/// Fetch a script phrase
///
/// Its ETag is what `If-Match` takes when it is changed.
#[utoipa::path(operation_id = "getScriptPhrase", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 200, description = "The phrase", body = ScriptPhraseBody), ManagedItemProblems))]
#[get("/script-phrases/{id}")]
pub async fn get_script_phrase(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
) -> Result<View<ScriptPhraseBody>, Problem> {
    let script_phrase = desk
        .read(Operation::GetScriptPhrase, move |tx| {
            script_phrases::get(tx, id.0)
        })
        .await?;
    Ok(View::of(script_phrase))
}

/// Change a script phrase
///
/// A merge patch (RFC 7396): members that are left out stay, `null` clears the note.
#[utoipa::path(operation_id = "updateScriptPhrase", tag = "management", params(IdPath), request_body = ScriptPhraseUpdate, security(("bearer" = [])),
    responses((status = 200, description = "The phrase as it is now", body = ScriptPhraseBody), ChangeProblems))]
#[patch("/script-phrases/{id}")]
pub async fn update_script_phrase(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    desk.write(update(id.0, expected.0, &body)?, body.bytes())
        .await
}

/// Delete a script phrase
///
/// The dictionaries are right again.
#[utoipa::path(operation_id = "deleteScriptPhrase", tag = "management", params(IdPath), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), FreeDeleteProblems))]
#[delete("/script-phrases/{id}")]
pub async fn delete_script_phrase(
    desk: Desk,
    id: IdPath,
    _query: Query<NoQuery>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    desk.write(delete(id.0, expected.0), b"").await
}
