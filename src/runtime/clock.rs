//! Defines `Clock`: wall time, monotonic time and waiting, as a value that can be replaced.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::domain::time::Moment;

/// Where time comes from.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Returns the wall-clock time; it may jump.
    fn wall(&self) -> Moment;

    /// Returns microseconds since some fixed instant; it never goes back.
    fn monotonic_us(&self) -> u64;

    /// Waits for `duration` of real time.
    async fn pause(&self, duration: Duration);
}

/// The real clock.
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Starts counting monotonic time now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads real time")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads real time")]
    fn wall(&self) -> Moment {
        Moment::from(jiff::Timestamp::now())
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still until it is told to move; `pause` moves it instead of waiting.
pub struct ManualClock {
    now: Mutex<Moment>,
}

impl ManualClock {
    /// Starts at `now`.
    pub const fn at(now: Moment) -> Self {
        Self { now: Mutex::new(now) }
    }

    /// Moves forward by `ms`.
    pub fn advance_ms(&self, ms: i64) {
        let mut now = self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.plus_ms(ms);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn wall(&self) -> Moment {
        *self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.wall().0).unwrap_or(0) * 1_000
    }

    async fn pause(&self, duration: Duration) {
        self.advance_ms(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
    }
}
