//! Decides when the screen wakes up: at once for a key, at most ten times a second for data, once
//! a second while something on it counts, once a minute otherwise.

use super::model::Model;
use super::page::Page;
use super::screen::Screen;
use crate::app::snapshot::RunView;
use crate::domain::mode::Mode;
use crate::domain::time::{MINUTE_MS, SECOND_MS};

/// The least time between two frames that nobody asked for. Ten a second look live, and cost
/// 30 kB/s when every event scrolls.
pub const GAP_MIN_MS: i64 = 100;

/// The most time between them on a slow link.
pub const GAP_MAX_MS: i64 = SECOND_MS;

/// A frame that took longer than this to write shows that the link is slow.
const SLOW_WRITE_US: u64 = 50_000;

/// How much the gap shrinks with each frame that was written fast.
const RECOVERY_MS: i64 = 10;

/// The pace of frames that nobody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacing {
    gap_ms: i64,
    least_ms: i64,
}

impl Pacing {
    /// Starts at full pace, or at the slowest for a link known to be slow.
    pub const fn new(low_bandwidth: bool) -> Self {
        let least_ms = if low_bandwidth { GAP_MAX_MS } else { GAP_MIN_MS };
        Self { gap_ms: least_ms, least_ms }
    }

    /// The time between two frames.
    pub const fn gap_ms(self) -> i64 {
        self.gap_ms
    }

    /// Learns from how long a frame took to write: twice the gap after a slow one, a little less
    /// after each fast one. A slow link loses freshness, never keys.
    pub fn wrote(&mut self, took_us: u64) {
        self.gap_ms = if took_us > SLOW_WRITE_US {
            (self.gap_ms * 2).min(GAP_MAX_MS)
        } else {
            (self.gap_ms - RECOVERY_MS).max(self.least_ms)
        };
    }
}

/// Returns milliseconds until the clock changes something on screen.
pub fn next_tick_ms(model: &Model) -> i64 {
    let step = if counts_seconds(model) { SECOND_MS } else { MINUTE_MS };
    let boundary = step - model.now.0.rem_euclid(step);
    model
        .toast
        .as_ref()
        .map(|toast| toast.until.since(model.now))
        .into_iter()
        .chain(model.asks_again_in_ms())
        .fold(boundary, i64::min)
        .max(1)
}

/// Whether something on screen changes every second.
fn counts_seconds(model: &Model) -> bool {
    let snapshot = model.snapshot();
    let runs = model.latest().run.as_ref().is_some_and(RunView::is_active);
    let jumps = snapshot.dry_clock.jump.is_some_and(|jump| jump.wall_at > model.now);
    let near = |at| {
        let left = model.left_ms(at);
        model.viewed() == Mode::Live && (0..=MINUTE_MS).contains(&left)
    };
    let due = snapshot
        .layers
        .iter()
        .filter_map(|row| row.next_retry.as_ref().or(row.next_planned.as_ref()))
        .any(|due| near(due.run_at));
    let card =
        model.card().and_then(|card| card.next_retry.as_ref()).is_some_and(|d| near(d.run_at));
    runs || jumps || due || card || matches!(model.screen(), Screen::Page(Page::Logs(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::snapshot::Snapshot;
    use crate::tui::fixture;

    #[test]
    fn an_idle_screen_wakes_at_the_minute_and_a_run_at_the_second() {
        let idle = fixture::model(Snapshot { run: None, ..fixture::troubled() }, (80, 24));
        assert_eq!(next_tick_ms(&idle), 29_000, "12:04:31 to 12:05:00");
        let busy = fixture::model(fixture::troubled(), (80, 24));
        assert_eq!(next_tick_ms(&busy), 1_000);
    }

    #[test]
    fn a_countdown_in_live_wakes_each_second_in_its_last_minute() {
        let mut snapshot = Snapshot { run: None, mode: Mode::Live, ..fixture::troubled() };
        let due = snapshot.layers[4].next_retry.as_mut().unwrap();
        due.run_at = fixture::NOW.plus_ms(8_000);
        assert_eq!(next_tick_ms(&fixture::model(snapshot.clone(), (80, 24))), 1_000);
        snapshot.layers[4].next_retry.as_mut().unwrap().run_at = fixture::NOW.plus_ms(3_600_000);
        assert_eq!(next_tick_ms(&fixture::model(snapshot, (80, 24))), 29_000);
    }

    #[test]
    fn a_slow_link_gets_fewer_frames_and_recovers_slowly() {
        let mut pacing = Pacing::new(false);
        for _ in 0..9 {
            pacing.wrote(80_000);
        }
        assert_eq!(pacing.gap_ms(), GAP_MAX_MS);
        pacing.wrote(100);
        assert_eq!(pacing.gap_ms(), GAP_MAX_MS - RECOVERY_MS);
        for _ in 0..200 {
            pacing.wrote(100);
        }
        assert_eq!(pacing.gap_ms(), GAP_MIN_MS);
    }
}
