//! Stores Φ_sync from time to time while a run is watched, so that its trend can be seen.
//!
//! Headless runs store it at their end alone: what they leave must not depend on how fast they were.

use super::{Owner, slot};
use crate::domain::mode::Mode;
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::store::coherence;

/// How far apart stored values are, on the mode's clock. A rehearsal passes a day in seconds.
const fn apart_ms(mode: Mode) -> i64 {
    match mode {
        Mode::Dry => DAY_MS,
        Mode::Live => HOUR_MS,
    }
}

impl Owner {
    /// Stores Φ_sync of each world with a run under way whose latest value is old enough.
    pub(super) async fn keep_trend(&mut self) {
        if !self.shared.watched {
            return;
        }
        for mode in Mode::ALL {
            let Some(run) = self.running[slot(mode)].as_ref().map(|running| running.id) else {
                continue;
            };
            let Ok(now) = self.now(mode).await else { continue };
            let kept = &mut self.trend_at[slot(mode)];
            if kept.is_some_and(|at| now.since(at) < apart_ms(mode)) {
                continue;
            }
            *kept = Some(now);
            let wall = self.parts.clock.wall();
            let stored = self
                .parts
                .store
                .write("keep the trend", move |tx| {
                    coherence::record(tx, mode, Some(run), now, wall)
                })
                .await;
            if let Err(error) = stored {
                tracing::warn!(%error, "Φ_sync was not stored for the trend");
            }
        }
    }
}
