//! Several writes in one request: each is the work that its own operation would do, found by method and path.

use actix_web::http::header::ETAG;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::IntoParams;

use super::dto::batch::{BatchItem, BatchReport, BatchRequest};
use super::management::{self as managed, Desk, IfMatch};
use crate::error::{Error, Fault, Result as ServiceResult};
use crate::http::body::JsonBody;
use crate::http::path::{RevisionPath, TranslationPath};
use crate::http::problem::{CreateProblems, Problem, ProblemBody, ProblemCode};
use crate::http::query::{MAX_ID, NoQuery, Query, positive};
use crate::http::request::Edge;
use crate::json::Fields;
use crate::json::fields::{Faults, Path, boolean, list, text};
use crate::json::tree::Value;
use crate::models::managed::Expected;
use crate::models::reply::Reply;
use crate::models::rules;
use crate::service::management::Work;

/// The most operations of one request.
const MAX: usize = 500;

/// Whether all operations stand and fall together.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BatchQuery {
    /// `true` (default): all operations or none. `false`: each for itself, with a report of each. The body may say it instead.
    atomic: Option<bool>,
}

/// One operation as it was sent.
struct Operation<'b> {
    method: String,
    path: String,
    if_match: Option<String>,
    body: &'b str,
}

/// Write several things
///
/// Up to 500 operations in order, each with the `method` and `path` of its own operation, such as `PATCH` and
/// `/manage/articles/42`. With `atomic=true` all are done or none: the first that fails decides the answer, and pointers begin
/// with its place, such as `/operations/3/body/title`. With `atomic=false` each is done for itself and the answer reports on each.
/// Accounts, API keys and new files are written one by one.
#[utoipa::path(operation_id = "runBatch", tag = "management", params(BatchQuery), request_body = BatchRequest, security(("bearer" = [])),
    responses((status = 200, description = "What became of each operation", body = BatchReport), BatchProblems))]
#[post("/batch")]
pub async fn run_batch(
    desk: Desk,
    req: HttpRequest,
    edge: Data<Edge>,
    query: Query<BatchQuery>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let (said, operations) = read(&body)?;
    let atomic = match (query.into_inner().atomic, said) {
        (Some(asked), Some(said)) if asked != said => {
            return Err(Problem::bad_parameter(vec![Fault::new(
                "/atomic",
                "conflict",
                "`atomic` says something else in the body; say it once",
            )]));
        }
        (asked, said) => asked.or(said).unwrap_or(true),
    };
    if atomic {
        let works = operations
            .iter()
            .enumerate()
            .map(|(index, operation)| work(operation).map_err(|problem| problem.in_batch(index)))
            .collect::<Result<Vec<Work>, Problem>>()?;
        return desk.write_all(works, body.bytes(), report).await;
    }
    let mut works = Vec::with_capacity(operations.len());
    let mut refused = Vec::new();
    for (index, operation) in operations.iter().enumerate() {
        match work(operation) {
            Ok(work) => works.push(work),
            Err(problem) => refused.push((index, problem)),
        }
    }
    let public_url = edge.public_url.clone();
    let paths: Vec<String> = operations.into_iter().map(|o| o.path).collect();
    let trace_id = desk.trace_id().to_owned();
    let path = req.path().to_owned();
    let sum = move |replies: Vec<ServiceResult<Reply>>| {
        let mut replies = replies.into_iter();
        let mut refused = refused.into_iter().peekable();
        let items = paths.iter().enumerate().map(|(index, _)| {
            let reply = match refused.next_if(|(place, _)| *place == index) {
                Some((_, problem)) => Err(problem),
                None => match replies.next() {
                    Some(reply) => reply.map_err(Problem::from),
                    None => Err(Problem::internal("an operation without an outcome")),
                },
            };
            item(reply, |problem| {
                Some(problem.body(&public_url, &path, &trace_id))
            })
        });
        answer(items.collect())
    };
    desk.write_each(works, body.bytes(), sum).await
}

/// What became of operations that all succeeded.
fn report(replies: Vec<Reply>) -> ServiceResult<Reply> {
    let items = replies
        .into_iter()
        .map(|reply| item(Ok(reply), |_| None))
        .collect();
    answer(items)
}

fn item(
    reply: Result<Reply, Problem>,
    body: impl FnOnce(&Problem) -> Option<ProblemBody>,
) -> BatchItem {
    match reply {
        Ok(reply) => BatchItem::done(reply),
        Err(problem) => {
            if let Some(cause) = problem.cause_chain() {
                tracing::error!(cause, "an operation of a batch failed");
            }
            let etag = problem.header(&ETAG).map(str::to_owned);
            BatchItem::failed(problem.code().status().as_u16(), etag, body(&problem))
        }
    }
}

fn answer(items: Vec<BatchItem>) -> ServiceResult<Reply> {
    Ok(Reply {
        status: 200,
        headers: Vec::new(),
        body: serde_json::to_string(&BatchReport::new(items))
            .map_err(|e| Error::Internal(e.into()))?,
    })
}

/// The bodies alone, as they were written.
#[derive(Deserialize)]
struct Raw<'b> {
    #[serde(borrow)]
    operations: Vec<RawOperation<'b>>,
}

#[derive(Deserialize)]
struct RawOperation<'b> {
    #[serde(borrow)]
    body: Option<&'b RawValue>,
}

/// What the body says about `atomic`, and the operations.
fn read(body: &JsonBody) -> Result<(Option<bool>, Vec<Operation<'_>>), Problem> {
    type Head = (String, String, Option<String>);
    let (atomic, heads): (Option<bool>, Vec<Head>) = body.read(|fields| {
        let atomic = fields.optional("atomic", boolean);
        let heads = fields
            .required("operations", list(head))
            .unwrap_or_default();
        if heads.len() > MAX {
            fields.fault(
                "operations",
                "too_many",
                format!("has {} entries, at most {MAX} are allowed", heads.len()),
            );
        }
        (atomic, heads)
    })?;
    let raw: Raw<'_> = serde_json::from_slice(body.bytes())
        .map_err(|e| Problem::internal(format!("a body that was read already: {e}")))?;
    let operations = heads
        .into_iter()
        .zip(raw.operations)
        .map(|((method, path, if_match), raw)| Operation {
            method,
            path,
            if_match,
            body: raw.body.map_or("", RawValue::get),
        })
        .collect();
    Ok((atomic, operations))
}

fn head(
    value: Value<'_>,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<(String, String, Option<String>)> {
    let mut fields = Fields::open(value, path, faults)?;
    let method = fields.required("method", text(rules::key));
    let address = fields.required("path", text(rules::summary));
    let if_match = fields.optional("if_match", text(rules::summary));
    fields.optional(
        "body",
        |_: Value<'_>, _: &Path<'_>, _: &mut Faults| Some(()),
    );
    fields.close();
    Some((method?, address?, if_match))
}

/// The work that an operation asks for.
fn work(operation: &Operation<'_>) -> Result<Work, Problem> {
    let Operation {
        method,
        path,
        if_match,
        body,
    } = operation;
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let segments: Vec<&str> = path
        .strip_prefix("/manage/")
        .map(|rest| rest.split('/').collect())
        .unwrap_or_default();
    let request = Request {
        if_match: if_match.as_deref(),
        body,
        query,
    };
    request.work(&method.to_ascii_uppercase(), &segments)
}

/// What of an operation is not its address.
struct Request<'b> {
    if_match: Option<&'b str>,
    body: &'b str,
    query: &'b str,
}

impl Request<'_> {
    fn work(&self, method: &str, segments: &[&str]) -> Result<Work, Problem> {
        match (method, segments) {
            ("DELETE", ["categories", id]) => {
                let query = Query::parse(self.query)?;
                let expected = self.expected()?;
                return Ok(managed::categories::delete(self::id(id)?, expected, query));
            }
            _ => Query::<NoQuery>::parse(self.query)?,
        };
        macro_rules! resource {
            ($module:ident) => {
                resource!(@arms $module, ("DELETE", [_, id]) => {
                    Ok(managed::$module::delete(self::id(id)?, self.expected()?))
                })
            };
            (@arms $module:ident $(, $more:pat => $work:expr)*) => {
                match (method, segments) {
                    ("POST", [_]) => managed::$module::create(&self.body()?),
                    ("PATCH", [_, id]) => {
                        managed::$module::update(self::id(id)?, self.expected()?, &self.body()?)
                    }
                    $($more => $work,)*
                    _ => Err(unknown(method)),
                }
            };
        }
        match segments {
            ["articles", id, "translations", locale] => {
                let place = TranslationPath::parse(id, locale).ok_or_else(Problem::not_found)?;
                self.translation(method, place)
            }
            ["findings", "repair"] if method == "POST" => managed::findings::repair(&self.body()?),
            ["findings", "dismiss"] if method == "POST" => {
                managed::findings::dismiss(&self.body()?)
            }
            ["articles", id, "transitions"] if method == "POST" => {
                managed::transitions::transition(self::id(id)?, self.expected()?, &self.body()?)
            }
            ["articles", id, "revisions", number] if method == "PATCH" => {
                let place = RevisionPath::parse(id, number).ok_or_else(Problem::not_found)?;
                managed::revisions::update(place, self.expected()?, &self.body()?)
            }
            ["articles", id, "revisions", number, "restore"] if method == "POST" => {
                let place = RevisionPath::parse(id, number).ok_or_else(Problem::not_found)?;
                managed::revisions::restore(place, self.expected()?, &self.body()?)
            }
            ["sources", id, "merge"] if method == "POST" => {
                managed::sources::merge(self::id(id)?, self.expected()?, &self.body()?)
            }
            ["articles", ..] => resource!(articles),
            ["categories", ..] => resource!(@arms categories),
            ["hygiene-rules", ..] => resource!(hygiene_rules),
            ["link-groups", ..] => resource!(link_groups),
            ["script-phrases", ..] => resource!(script_phrases),
            // Files come in forms of their own, one a request.
            ["media", id] => match method {
                "PATCH" => managed::media::update(self::id(id)?, self.expected()?, &self.body()?),
                "DELETE" => Ok(managed::media::delete(self::id(id)?, self.expected()?)),
                _ => Err(unknown(method)),
            },
            ["menus", ..] => resource!(menus),
            ["sites", ..] => resource!(sites),
            ["sources", ..] => resource!(sources),
            ["topics", ..] => resource!(topics),
            _ => Err(unknown(method)),
        }
    }

    fn translation(&self, method: &str, place: TranslationPath) -> Result<Work, Problem> {
        let expected = || self.expected();
        match method {
            "PUT" => managed::articles::put_translation_work(place, expected()?, &self.body()?),
            "DELETE" => Ok(managed::articles::delete_translation_work(
                place,
                expected()?,
            )),
            _ => Err(unknown(method)),
        }
    }

    fn body(&self) -> Result<JsonBody, Problem> {
        if self.body.is_empty() {
            let missing = Fault::new("", "required", "`body` is required");
            return Err(Error::Invalid(vec![missing]).into());
        }
        Ok(JsonBody::of(self.body.to_owned()))
    }

    fn expected(&self) -> Result<Expected, Problem> {
        self.if_match.map(IfMatch::parse).ok_or_else(|| {
            Problem::new(ProblemCode::PreconditionRequired).with_detail(
                "Changes need `if_match` with the ETag of what they change, or `*` for any version.",
            )
        })
    }
}

fn id(segment: &str) -> Result<i64, Problem> {
    positive(segment)
        .filter(|id| *id <= MAX_ID)
        .ok_or_else(Problem::not_found)
}

fn unknown(method: &str) -> Problem {
    Problem::not_found().with_detail(format!(
        "There is no write `{}` under this path; accounts, API keys, files and previews are made one by one.",
        rules::excerpt(method)
    ))
}

/// What a batch may answer: [`CreateProblems`], and with `atomic=true` whatever one of its operations may.
struct BatchProblems;

impl utoipa::IntoResponses for BatchProblems {
    fn responses()
    -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        let mut all = crate::http::problem::ChangeProblems::responses();
        all.extend(CreateProblems::responses());
        all
    }
}
