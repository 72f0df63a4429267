//! When what waits is added up: in small steps beside the counting, so that no request waits long for it, and yet soon enough.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::store::Conn;
use crate::store::counting::fold::{self, Place};

/// How soon after one sweep the next begins; with [`TAKES`] less than the five seconds that numbers in lists may be old.
const EVERY: Duration = Duration::from_millis(1_000);

/// How long a sweep takes under load.
const TAKES: Duration = Duration::from_millis(1_500);

/// The smallest step that is worth its statements, and the largest.
const STEP: (i64, i64) = (24, 2_000);

/// Rows of a step while nobody waits.
pub const AT_REST: i64 = 1_000;

/// A sweep under way.
#[derive(Debug, Clone, Copy)]
struct Sweep {
    at: Place,
    /// Rows that waited when it began.
    rows: i64,
    /// When its last step was.
    stepped: Instant,
}

/// Plans sweeps through what waits.
#[derive(Debug, Clone, Copy)]
pub struct Sweeper {
    sweep: Option<Sweep>,
    ended: Instant,
}

impl Sweeper {
    /// Begins with the first chance.
    pub fn new() -> Self {
        Self {
            sweep: None,
            ended: Instant::now(),
        }
    }

    /// Does what is due, as part of a transaction that counts.
    pub fn step(&mut self, conn: &mut Conn) -> Result<()> {
        let now = Instant::now();
        let Some(sweep) = &mut self.sweep else {
            if now.duration_since(self.ended) >= EVERY {
                self.sweep = Some(Sweep {
                    at: Place::default(),
                    rows: fold::waiting(conn)?,
                    stepped: now,
                });
            }
            return Ok(());
        };
        let share = now.duration_since(sweep.stepped).as_millis();
        let share = i64::try_from(share).unwrap_or(i64::MAX);
        let whole = i64::try_from(TAKES.as_millis()).unwrap_or(i64::MAX);
        let rows = sweep.rows.max(1).saturating_mul(share) / whole;
        let (least, most) = STEP;
        if rows < least.min(sweep.rows) {
            return Ok(());
        }
        sweep.stepped = now;
        match fold::fold(conn, sweep.at, rows.clamp(least, most))? {
            Some(next) => sweep.at = next,
            None => {
                self.sweep = None;
                self.ended = now;
            }
        }
        Ok(())
    }
}
