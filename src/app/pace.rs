//! Paces jumps of dry time on a screen, and lets a person steer them.
//!
//! A jump first waits in real time so that its countdown can be seen. The demo divides its time
//! over all jumps by their length; every other run waits the length itself, but not for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::command::DemoControl;
use super::snapshot::Jump;
use crate::domain::time::{DAY_MS, MINUTE_MS, Moment, SECOND_MS};
use crate::engines::orchestrator::engine::Pace;
use crate::runtime::clock::Clock;

/// How long a jump outside the demo waits at most.
const JUMP_MS_MAX: i64 = 5 * SECOND_MS;

/// Real time that the demo spends on waiting for what was planned. With the work itself and the
/// retries it shows it stays below three minutes.
const DEMO_MS: i64 = 130 * SECOND_MS;

/// A jump of the demo no longer than this leads to a retry.
const RETRY_MS: i64 = 2 * MINUTE_MS;

/// How long a retry's countdown is seen in the demo.
const RETRY_SHOWN_MS: i64 = 2 * SECOND_MS;

/// How many retries the demo shows like that. Their share of its time would be no time at all, and
/// a fault that a person injects is to be seen waiting; with many faults the rest goes at once.
const RETRIES_SHOWN_MAX: u32 = 12;

/// The fastest pace; beyond it a person cannot tell it from skipping.
const SPEED_MAX: u32 = 64;

/// What decides how long a jump waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// No waiting.
    AtOnce,
    /// As long as the jump, but not longer than a glance.
    Glance,
    /// A share of the demo's time, for a path of so many days.
    Demo {
        /// The length of the whole path.
        days: u32,
    },
}

/// What a person has made of the pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Control {
    /// Whether jumps stand still.
    pub(super) paused: bool,
    /// How many times the usual pace.
    pub(super) speed: u32,
    /// Whether nothing waits any more.
    pub(super) skip: bool,
    /// How many single steps were asked for.
    pub(super) steps: u64,
}

/// The pace of this process's dry runs.
pub(super) struct ScreenPace {
    rule: Rule,
    clock: Arc<dyn Clock>,
    control: watch::Sender<Control>,
    jump: watch::Sender<Option<Jump>>,
    /// How many retries of the demo were shown.
    retries_shown: AtomicU32,
}

impl ScreenPace {
    pub(super) fn new(rule: Rule, clock: Arc<dyn Clock>) -> Self {
        let control = Control { paused: false, speed: 1, skip: false, steps: 0 };
        Self {
            rule,
            clock,
            control: watch::Sender::new(control),
            jump: watch::Sender::new(None),
            retries_shown: AtomicU32::new(0),
        }
    }

    /// Does what a key of the demo strip says; injecting a fault is not the pace's business.
    pub(super) fn steer(&self, control: DemoControl) {
        self.control.send_modify(|state| match control {
            DemoControl::Pause => state.paused = true,
            DemoControl::Resume => state.paused = false,
            DemoControl::Step => {
                state.paused = true;
                state.steps += 1;
            }
            DemoControl::Faster => state.speed = (state.speed * 2).min(SPEED_MAX),
            DemoControl::Skip => {
                state.skip = true;
                state.paused = false;
            }
            DemoControl::InjectFault => {}
        });
    }

    /// Returns the jump that waits to be seen, and word of each change.
    pub(super) fn jump(&self) -> watch::Receiver<Option<Jump>> {
        self.jump.subscribe()
    }

    /// Returns what a person has made of the pace, and word of each change.
    pub(super) fn control(&self) -> watch::Receiver<Control> {
        self.control.subscribe()
    }

    fn wait_ms(&self, length_ms: i64, control: Control) -> i64 {
        let whole = match self.rule {
            Rule::AtOnce => 0,
            Rule::Glance => length_ms.min(JUMP_MS_MAX),
            Rule::Demo { .. } if self.shows_retry(length_ms) => length_ms.min(RETRY_SHOWN_MS),
            Rule::Demo { days } => {
                let path_ms = (i64::from(days) * DAY_MS).max(1);
                i64::try_from(i128::from(length_ms) * i128::from(DEMO_MS) / i128::from(path_ms))
                    .unwrap_or(JUMP_MS_MAX)
            }
        };
        if control.skip { 0 } else { whole / i64::from(control.speed.max(1)) }
    }
}

impl ScreenPace {
    /// Whether a jump leads to a retry that the demo shows.
    fn shows_retry(&self, length_ms: i64) -> bool {
        length_ms <= RETRY_MS && self.retries_shown.load(Ordering::Relaxed) < RETRIES_SHOWN_MAX
    }

    /// Counts a jump that was made; what is shown is decided before.
    fn made(&self, length_ms: i64) {
        if length_ms <= RETRY_MS {
            self.retries_shown.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Takes the countdown off the screen, however the wait ends.
struct Shown<'a>(&'a watch::Sender<Option<Jump>>);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.0.send_replace(None);
    }
}

#[async_trait]
impl Pace for ScreenPace {
    async fn before_jump(&self, from: Moment, to: Moment) {
        self.wait_to_be_seen(from, to).await;
        self.made(to.since(from));
    }
}

impl ScreenPace {
    /// Waits as long as the jump is to be seen, or until a person steps or skips.
    async fn wait_to_be_seen(&self, from: Moment, to: Moment) {
        let shown = Shown(&self.jump);
        let mut control = self.control.subscribe();
        let steps = control.borrow().steps;
        let mut waited_ms = 0;
        loop {
            let now = *control.borrow_and_update();
            if now.steps > steps {
                return;
            }
            let left_ms = self.wait_ms(to.since(from), now) - waited_ms;
            if !now.paused && left_ms <= 0 {
                return;
            }
            if now.paused {
                shown.0.send_replace(None);
                if control.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let wall_at = self.clock.wall().plus_ms(left_ms);
            shown.0.send_replace(Some(Jump { to, wall_at }));
            let began_us = self.clock.monotonic_us();
            let pause = Duration::from_millis(left_ms.unsigned_abs());
            tokio::select! {
                () = self.clock.pause(pause) => return,
                _ = control.changed() => {}
            }
            let gone_us = self.clock.monotonic_us().saturating_sub(began_us);
            waited_ms += i64::try_from(gone_us / 1_000).unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;
    use crate::runtime::clock::ManualClock;

    fn pace(rule: Rule) -> (Arc<ManualClock>, ScreenPace) {
        let clock = Arc::new(ManualClock::at(Moment(0)));
        (Arc::clone(&clock), ScreenPace::new(rule, clock))
    }

    #[tokio::test]
    async fn a_long_jump_waits_no_longer_than_a_glance() {
        let (clock, pace) = pace(Rule::Glance);
        pace.before_jump(Moment(0), Moment(DAY_MS)).await;
        assert_eq!(clock.wall(), Moment(JUMP_MS_MAX));
    }

    #[tokio::test]
    async fn the_waits_of_the_demo_add_up_to_its_time_whatever_the_jumps_are() {
        let (clock, pace) = pace(Rule::Demo { days: 45 });
        for hour in 0..45 * 24 {
            pace.before_jump(Moment(hour * HOUR_MS), Moment((hour + 1) * HOUR_MS)).await;
        }
        assert!((120..=130).contains(&(clock.wall().0 / SECOND_MS)), "{}", clock.wall().0);
    }

    #[tokio::test]
    async fn the_demo_shows_the_first_retries_and_lets_the_others_go_at_once() {
        let (clock, pace) = pace(Rule::Demo { days: 45 });
        for _ in 0..100 {
            pace.before_jump(Moment(0), Moment(8 * SECOND_MS)).await;
        }
        assert_eq!(clock.wall(), Moment(i64::from(RETRIES_SHOWN_MAX) * RETRY_SHOWN_MS));
    }

    #[tokio::test]
    async fn a_paused_demo_makes_one_jump_for_each_step() {
        let (_clock, pace) = pace(Rule::Demo { days: 45 });
        pace.steer(DemoControl::Pause);
        let mut jump = Box::pin(pace.before_jump(Moment(0), Moment(DAY_MS)));
        assert!(futures::poll!(&mut jump).is_pending());
        pace.steer(DemoControl::Step);
        assert!(futures::poll!(&mut jump).is_ready());
        let mut next = Box::pin(pace.before_jump(Moment(0), Moment(DAY_MS)));
        assert!(futures::poll!(&mut next).is_pending());
    }

    #[tokio::test]
    async fn skipping_goes_through_the_rest_without_waiting() {
        let (clock, pace) = pace(Rule::Demo { days: 45 });
        pace.steer(DemoControl::Skip);
        pace.before_jump(Moment(0), Moment(45 * DAY_MS)).await;
        assert_eq!(clock.wall(), Moment(0));
    }
}
