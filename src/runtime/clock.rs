//! Defines `Clock`: wall time, monotonic time, uptime and waiting, as a value that can be replaced.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::domain::time::{Moment, Uptime};

/// One instant on the two clocks that leases are kept by: people read the wall clock, and leases end
/// by the uptime, which nobody can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// On the wall clock.
    pub wall: Moment,
    /// Since the machine booted.
    pub uptime: Uptime,
}

/// Where time comes from.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Returns the wall-clock time; it may jump.
    fn wall(&self) -> Moment;

    /// Returns microseconds since some fixed instant; it never goes back.
    fn monotonic_us(&self) -> u64;

    /// Returns the time since boot. It never goes back, nobody can set it, all processes of a machine
    /// read the same, and it goes on while the machine is suspended.
    fn uptime(&self) -> Uptime;

    /// Returns this instant on the clocks that leases are kept by.
    fn now(&self) -> Now {
        Now { wall: self.wall(), uptime: self.uptime() }
    }

    /// Waits for `duration` of real time.
    async fn pause(&self, duration: Duration);
}

/// `Instant` stands still while the machine is suspended, and a lease must not.
#[cfg(target_os = "linux")]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

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

    fn uptime(&self) -> Uptime {
        let read = rustix::time::clock_gettime(SINCE_BOOT);
        Uptime(read.tv_sec.saturating_mul(1_000).saturating_add(read.tv_nsec / 1_000_000))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still until it is told to move; `pause` moves it instead of waiting.
pub struct ManualClock {
    now: Mutex<Now>,
}

impl ManualClock {
    /// Starts at `now`, right after a boot.
    pub const fn at(now: Moment) -> Self {
        Self { now: Mutex::new(Now { wall: now, uptime: Uptime(0) }) }
    }

    /// Lets `ms` pass.
    pub fn advance_ms(&self, ms: i64) {
        let mut now = self.read();
        now.uptime = now.uptime.plus_ms(ms);
        now.wall = now.wall.plus_ms(ms);
    }

    /// Sets the wall clock forward by `ms`, or back by a negative number, in no time.
    pub fn set_wall_by_ms(&self, ms: i64) {
        let mut now = self.read();
        now.wall = now.wall.plus_ms(ms);
    }

    fn read(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn wall(&self) -> Moment {
        self.read().wall
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.uptime().0).unwrap_or(0) * 1_000
    }

    fn uptime(&self) -> Uptime {
        self.read().uptime
    }

    async fn pause(&self, duration: Duration) {
        self.advance_ms(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
    }
}
