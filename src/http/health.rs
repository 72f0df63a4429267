//! Whether the process runs, and whether it can serve. Asks the health service; knows no database.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Json};
use actix_web::{Responder, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Fault;
use crate::http::problem::{Problem, ServerProblems};
use crate::service::Services;

/// The one state in which these answers have status 200.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// All is well.
    Ok,
}

/// The process runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    /// Always `ok`.
    pub status: HealthStatus,
}

/// The process can serve requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Always `ok`; anything else is answered 503.
    pub status: HealthStatus,
    /// What was looked at.
    #[schema(max_items = 32)]
    pub checks: Vec<ReadinessCheck>,
}

/// One thing that serving depends on.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadinessCheck {
    /// What was looked at.
    #[schema(max_length = 64, example = "database")]
    pub name: &'static str,
    /// Whether it works.
    pub ok: bool,
}

/// Tell whether the process runs
///
/// Answers as long as the process does; it looks at nothing else. Restart the process where this fails.
#[utoipa::path(operation_id = "getLiveness", tag = "health",
    responses((status = 200, description = "The process runs", body = Liveness), ServerProblems))]
#[get("/livez")]
pub async fn get_liveness() -> impl Responder {
    uncached(Liveness {
        status: HealthStatus::Ok,
    })
}

/// Tell whether requests can be served
///
/// Looks at everything that serving depends on. While this answers 503, send requests to another instance; `errors` names what is missing.
#[utoipa::path(operation_id = "getReadiness", tag = "health",
    responses((status = 200, description = "Requests can be served", body = Readiness), ServerProblems))]
#[get("/readyz")]
pub async fn get_readiness(services: Data<Services>) -> Result<impl Responder, Problem> {
    let checks = services.health.check().await;
    let broken = checks.iter().filter(|check| !check.ok);
    let (faults, causes): (Vec<Fault>, Vec<String>) = broken
        .map(|check| {
            let fault = Fault::new(
                format!("/checks/{}", check.name),
                "not_ready",
                format!("`{}` is not ready", check.name),
            );
            let cause = check.detail.as_deref().unwrap_or("not ready");
            (fault, format!("{}: {cause}", check.name))
        })
        .unzip();
    if !faults.is_empty() {
        return Err(Problem::unavailable(causes.join("; ")).with_errors(faults));
    }
    let checks = checks
        .into_iter()
        .map(|check| ReadinessCheck {
            name: check.name,
            ok: check.ok,
        })
        .collect();
    Ok(uncached(Readiness {
        status: HealthStatus::Ok,
        checks,
    }))
}

fn uncached<T: Serialize>(body: T) -> impl Responder {
    Json(body)
        .customize()
        .insert_header((CACHE_CONTROL, "no-store"))
}
