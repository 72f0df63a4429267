//! What runs by itself beside the server.

use std::time::Duration;

use crate::error::Result;
use crate::service::Services;

/// How often everything here runs.
const EVERY: Duration = Duration::from_secs(60);

/// How long articles that are to be indexed, and segments that are to be merged, wait for others of their kind.
const GATHERING: Duration = Duration::from_secs(1);

/// Runs the jobs until the runtime ends.
pub async fn run(services: Services) {
    tokio::join!(
        keep_index(services.clone()),
        keep_clean(services.clone()),
        keep_house(services)
    );
}

/// Tends the search index as soon as there is something to do; once a minute for what other processes leave.
async fn keep_index(services: Services) {
    loop {
        let wanted = tokio::time::timeout(EVERY, services.indexing.wanted());
        if wanted.await.is_ok() {
            tokio::time::sleep(GATHERING).await;
        }
        report("tending the search index", services.indexing.tend().await);
    }
}

/// Looks for injected text in what is there already as soon as that is asked for; from time to time for what other processes were asked for, and for
/// what came behind the back of all of them.
async fn keep_clean(services: Services) {
    loop {
        let wanted = tokio::time::timeout(services.scanning.pause(), services.scanning.wanted());
        if wanted.await.is_ok() {
            // Who asks has not committed yet.
            tokio::time::sleep(GATHERING).await;
        }
        report("looking for injected text", services.scanning.tend().await);
    }
}

async fn keep_house(services: Services) {
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
        report(
            "forgetting unused keywords",
            services.upkeep.forget_unused_keywords().await,
        );
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
