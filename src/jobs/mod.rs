//! What runs by itself beside the server.

use std::time::Duration;

use crate::error::Result;
use crate::service::Services;

/// How often everything here runs.
const EVERY: Duration = Duration::from_secs(60);

/// Runs the jobs until the runtime ends.
pub async fn run(services: Services) {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let counts = services.upkeep.roll_up_counts().await;
        report("rolling up category counts", counts);
        report(
            "tending the signing keys",
            services.access.tend_keys().await,
        );
        report("cleaning up", services.upkeep.clean_up().await);
        report("forgetting visitors", services.counting.clean_up().await);
        report("sweeping incoming files", services.media.sweep().await);
        report(
            "retiring revisions",
            services.upkeep.retire_revisions().await,
        );
    }
}

/// A job that fails is tried again with the next tick.
fn report(job: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(error = error.chain(), "{job} failed; it is tried again");
    }
}
