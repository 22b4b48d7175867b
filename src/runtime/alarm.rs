//! Waits by one timer of the system, so that who waits for a minute wakes once.
//!
//! The timer of the async runtime looks at a long wait several times before it ends, and wakes the
//! runtime once more whenever one begins. That is nothing for work, and all that an idle screen does.

use std::io;
use std::sync::Arc;

use super::clock::Clock;

/// Returns a clock that waits by a timer of its own, and is the given one in all else. Only one wait may
/// be under way at a time. Where the system has no such timer the clock is returned as it is.
///
/// # Errors
/// The process has no file descriptor left.
pub fn with_alarm(clock: Arc<dyn Clock>) -> io::Result<Arc<dyn Clock>> {
    #[cfg(target_os = "linux")]
    return Ok(Arc::new(linux::AlarmClock::new(clock)?));
    #[cfg(not(target_os = "linux"))]
    return Ok(clock);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use crate::domain::time::{Moment, Uptime};
    use crate::runtime::clock::Clock;

    /// A wait of nothing would stop the timer.
    const SHORTEST: Duration = Duration::from_nanos(1);

    pub(super) struct AlarmClock {
        clock: Arc<dyn Clock>,
        timer: AsyncFd<OwnedFd>,
    }

    impl AlarmClock {
        #[expect(
            deprecated,
            reason = "sound for a descriptor we own, and what replaces it is unsafe"
        )]
        pub(super) fn new(clock: Arc<dyn Clock>) -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Ok(Self { clock, timer: AsyncFd::with_interest(timer, Interest::READABLE)? })
        }

        async fn wait(&self, duration: Duration) -> io::Result<()> {
            let none = Timespec { tv_sec: 0, tv_nsec: 0 };
            let end = Timespec::try_from(duration.max(SHORTEST)).map_err(io::Error::other)?;
            // A wait that was given up ends here: what its end left to read is gone, too.
            let once = Itimerspec { it_interval: none, it_value: end };
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
            loop {
                let mut ready = self.timer.readable().await?;
                let read = ready.try_io(|timer| Ok(rustix::io::read(timer, &mut [0; 8])?));
                if let Ok(read) = read {
                    // There is nothing more to read before the next end.
                    ready.clear_ready();
                    return read.map(drop);
                }
            }
        }
    }

    #[async_trait]
    impl Clock for AlarmClock {
        fn wall(&self) -> Moment {
            self.clock.wall()
        }

        fn monotonic_us(&self) -> u64 {
            self.clock.monotonic_us()
        }

        fn uptime(&self) -> Uptime {
            self.clock.uptime()
        }

        async fn pause(&self, duration: Duration) {
            if let Err(error) = self.wait(duration).await {
                tracing::debug!(%error, "the screen's own timer failed");
                self.clock.pause(duration).await;
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use futures::FutureExt as _;

        use super::*;
        use crate::runtime::clock::SystemClock;

        #[tokio::test]
        async fn a_wait_ends_and_one_that_was_given_up_ends_no_other() {
            let clock = AlarmClock::new(Arc::new(SystemClock::new())).unwrap();
            for span in [Duration::ZERO, Duration::from_millis(2)] {
                let began = clock.monotonic_us();
                clock.pause(span).await;
                assert!(u128::from(clock.monotonic_us() - began) + 1 >= span.as_micros());
            }
            assert_eq!(clock.pause(Duration::from_millis(1)).now_or_never(), None);
            let began = clock.monotonic_us();
            clock.pause(Duration::from_millis(5)).await;
            assert!(clock.monotonic_us() - began + 1 >= 5_000, "the wait before has not ended it");
        }
    }
}
