//! Defines the circuit breaker: it stops calls to a host that keeps failing, and lets one probe out
//! from time to time to see whether it is back.

use serde::{Deserialize, Serialize};

use crate::domain::time::Moment;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerPolicy {
    /// Share of failed calls, in percent, at which it opens.
    pub failure_percent: u32,
    /// How many of the last calls are looked at, at most 64; fewer prove nothing.
    pub calls: u32,
    /// How long it stays open before one probe is let out, milliseconds.
    pub open_ms: i64,
}

/// The state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Breaker {
    /// Calls pass.
    Closed {
        /// The last calls, the newest in the lowest bit; a set bit is a failure.
        history: u64,
        /// How many calls the history holds.
        n: u32,
    },
    /// No call passes before `until`.
    Open {
        /// When a probe may go out.
        until: Moment,
    },
    /// One probe is out; nobody else passes before it is back, or before `until`, when it is taken
    /// for lost.
    HalfOpen {
        /// When another probe may go out.
        until: Moment,
    },
}

impl Breaker {
    /// A breaker that has seen nothing.
    pub const fn new() -> Self {
        Self::Closed { history: 0, n: 0 }
    }

    /// Lets a call pass, or says until when none does.
    ///
    /// # Errors
    /// The time before which no call passes.
    pub fn admit(self, policy: BreakerPolicy, now: Moment) -> Result<Self, Moment> {
        match self {
            Self::Closed { .. } => Ok(self),
            Self::Open { until } | Self::HalfOpen { until } if until <= now => {
                Ok(Self::HalfOpen { until: now.plus_ms(policy.open_ms) })
            }
            Self::Open { until } | Self::HalfOpen { until } => Err(until),
        }
    }

    /// Whether the call that was just admitted is the one probe.
    pub const fn is_probing(self) -> bool {
        matches!(self, Self::HalfOpen { .. })
    }

    /// Takes back a probe that was not sent after all, so that the next call can be it.
    #[must_use]
    pub const fn without_probe(self, now: Moment) -> Self {
        match self {
            Self::HalfOpen { .. } => Self::Open { until: now },
            Self::Closed { .. } | Self::Open { .. } => self,
        }
    }

    /// Notes a call that the host answered, whatever the answer was.
    #[must_use]
    pub fn succeeded(self, policy: BreakerPolicy) -> Self {
        match self {
            Self::Closed { history, n } => {
                Self::Closed { history: history << 1, n: (n + 1).min(policy.calls.min(64)) }
            }
            // The probe came back, or a call that started before it opened: the host is alive.
            Self::Open { .. } | Self::HalfOpen { .. } => Self::new(),
        }
    }

    /// Notes a call that the host did not answer.
    #[must_use]
    pub fn failed(self, policy: BreakerPolicy, now: Moment) -> Self {
        let open = Self::Open { until: now.plus_ms(policy.open_ms) };
        match self {
            Self::Closed { history, n } => {
                let calls = policy.calls.clamp(1, 64);
                let history = history << 1 | 1;
                let n = (n + 1).min(calls);
                let seen = history & (u64::MAX >> (64 - n));
                if n == calls && seen.count_ones() * 100 >= policy.failure_percent * calls {
                    open
                } else {
                    Self::Closed { history, n }
                }
            }
            Self::HalfOpen { .. } => open,
            // A call that started before the breaker opened: it is open already.
            Self::Open { .. } => self,
        }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy { failure_percent: 75, calls: 4, open_ms: 60_000 };

    fn open_at(now: Moment) -> Breaker {
        (0..4).fold(Breaker::new(), |breaker, _| breaker.failed(POLICY, now))
    }

    #[test]
    fn it_opens_when_most_of_the_last_calls_failed_and_not_on_few_calls() {
        let now = Moment(0);
        let three = (0..3).fold(Breaker::new(), |breaker, _| breaker.failed(POLICY, now));
        assert!(three.admit(POLICY, now).is_ok(), "three calls prove nothing");
        assert_eq!(open_at(now).admit(POLICY, now), Err(Moment(60_000)));
        let mixed = Breaker::new()
            .failed(POLICY, now)
            .succeeded(POLICY)
            .failed(POLICY, now)
            .succeeded(POLICY)
            .failed(POLICY, now);
        assert!(mixed.admit(POLICY, now).is_ok(), "two of the last four failed");
    }

    #[test]
    fn one_probe_goes_out_when_the_time_is_over_and_the_others_wait_for_it() {
        let later = Moment(60_000);
        let probing = open_at(Moment(0)).admit(POLICY, later).unwrap();
        assert!(probing.admit(POLICY, later).is_err());
        assert_eq!(probing.succeeded(POLICY), Breaker::new());
        assert!(matches!(probing.failed(POLICY, later), Breaker::Open { .. }));
    }

    #[test]
    fn a_probe_that_was_not_sent_after_all_leaves_its_place_to_the_next_call() {
        let now = Moment(60_000);
        let probing = open_at(Moment(0)).admit(POLICY, now).unwrap();
        assert!(probing.is_probing() && probing.admit(POLICY, now).is_err());
        assert!(probing.without_probe(now).admit(POLICY, now).unwrap().is_probing());
        assert_eq!(Breaker::new().without_probe(now), Breaker::new());
    }

    #[test]
    fn a_lost_probe_does_not_close_the_way_for_ever() {
        let probing = open_at(Moment(0)).admit(POLICY, Moment(60_000)).unwrap();
        assert!(probing.admit(POLICY, Moment(120_000)).is_ok());
    }
}
