//! What runs by itself beside the server.

use std::time::Duration;

use crate::service::Services;

/// How often category counts are rolled up.
const ROLL_UP_EVERY: Duration = Duration::from_secs(60);

/// Runs the jobs until the runtime ends.
pub async fn run(services: Services) {
    let mut ticks =
        tokio::time::interval_at(tokio::time::Instant::now() + ROLL_UP_EVERY, ROLL_UP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = services.upkeep.roll_up_counts().await {
            tracing::warn!(
                error = error.chain(),
                "rolling up category counts failed; it is tried again"
            );
        }
    }
}
