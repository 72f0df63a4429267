//! The one source of now. Its value is bound into every query; SQL never asks the database for the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// Tells the time: the system's, or in tests one that is set by hand.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    fixed_micros: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `at` until [`Clock::set`] moves it.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self {
            fixed_micros: Some(Arc::new(AtomicI64::new(at.timestamp_micros()))),
        }
    }

    /// Moves a fixed clock, and every clone of it, to `at`. The system's clock is not affected.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(fixed) = &self.fixed_micros {
            fixed.store(at.timestamp_micros(), Ordering::SeqCst);
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    /// The present time in whole microseconds, as both databases keep it.
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match &self.fixed_micros {
            Some(fixed) => fixed.load(Ordering::SeqCst),
            None => Utc::now().timestamp_micros(),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }
}
