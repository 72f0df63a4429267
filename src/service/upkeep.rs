//! What runs by itself: nothing here changes an answer, it keeps answers cheap.

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::models::time::Ts;
use crate::store::{self, Store};

/// Use cases without a user.
#[derive(Clone)]
pub struct Upkeep {
    store: Store,
    clock: Clock,
}

impl Upkeep {
    pub(super) fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Folds the changes of category counts that are old enough into the counts.
    pub async fn roll_up_counts(&self) -> Result<()> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || {
            let now = Ts::from(this.clock.now());
            this.store
                .write_blocking(|conn| store::counts::roll_up(conn, now))
        })
        .await
        .map_err(|e| Error::Internal(e.into()))?
    }
}
