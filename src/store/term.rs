//! Defines `Term`: until when a holder may act under its leases, as last committed.
//!
//! Whoever is about to act reads it without a lock. It is never longer than what the rows say, because
//! only a committed renewal puts it off. A process that has to stop cuts its term short.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tokio::sync::Notify;

use crate::domain::time::Uptime;

/// How long the leases of one holder still run.
#[derive(Debug)]
pub struct Term {
    ends: AtomicI64,
    lost: AtomicBool,
    cut: AtomicBool,
    news: Notify,
}

impl Term {
    /// A term of leases that were just committed with this end.
    pub fn until(ends: Uptime) -> Self {
        Self {
            ends: AtomicI64::new(ends.0),
            lost: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            news: Notify::new(),
        }
    }

    /// Notes that the leases were committed with a later end.
    pub fn put_off(&self, ends: Uptime) {
        self.ends.fetch_max(ends.0, Ordering::AcqRel);
        self.news.notify_waiters();
    }

    /// Notes that somebody else has a lease: nothing may be begun any more.
    pub fn lose(&self) {
        self.lost.store(true, Ordering::Release);
        self.news.notify_waiters();
    }

    /// Whether somebody else has a lease.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Ends the term now, because this process is to stop: nothing is called any more, and nobody waits
    /// for an answer any longer.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.news.notify_waiters();
    }

    /// Whether the term was cut.
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Waits until the term is cut.
    pub async fn until_cut(&self) {
        self.when(|| self.is_cut()).await;
    }

    /// Whether something that takes up to `for_ms` would end before the leases do.
    pub fn covers(&self, now: Uptime, for_ms: i64) -> bool {
        !self.is_lost() && now.plus_ms(for_ms).0 < self.ends.load(Ordering::Acquire)
    }

    /// Waits until the term is long enough, or lost; returns at once if it is either.
    pub async fn settled(&self, now: impl Fn() -> Uptime, for_ms: i64) {
        self.when(|| self.is_lost() || self.covers(now(), for_ms)).await;
    }

    async fn when(&self, is_so: impl Fn() -> bool) {
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            // From here on no news is missed.
            news.as_mut().enable();
            if is_so() {
                return;
            }
            news.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_could_outlive_the_lease_is_not_covered() {
        let term = Term::until(Uptime(60_000));
        assert!(term.covers(Uptime(39_999), 20_000));
        assert!(!term.covers(Uptime(40_000), 20_000), "it may end in the instant of the lease");
        term.put_off(Uptime(90_000));
        assert!(term.covers(Uptime(40_000), 20_000));
        term.put_off(Uptime(70_000));
        assert!(term.covers(Uptime(69_000), 20_000), "an answer that comes late shortens nothing");
        term.lose();
        assert!(!term.covers(Uptime(0), 0));
    }
}
