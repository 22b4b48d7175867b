//! Defines the circuit breaker: it stops calls to a host that keeps failing, and lets one probe out
//! from time to time to see whether it is back.

use serde::{Deserialize, Serialize};

use crate::domain::time::Moment;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerPolicy {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open before one probe is let out, milliseconds.
    pub open_ms: i64,
}

/// The state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Breaker {
    /// Calls pass.
    Closed {
        /// Failures since the last success.
        failures: u32,
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
        Self::Closed { failures: 0 }
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

    /// Notes a call that the host answered, whatever the answer was.
    #[must_use]
    pub const fn succeeded(self) -> Self {
        Self::new()
    }

    /// Notes a call that the host did not answer.
    #[must_use]
    pub fn failed(self, policy: BreakerPolicy, now: Moment) -> Self {
        match self {
            Self::Closed { failures } if failures + 1 < policy.failures => {
                Self::Closed { failures: failures + 1 }
            }
            Self::Closed { .. } | Self::HalfOpen { .. } => {
                Self::Open { until: now.plus_ms(policy.open_ms) }
            }
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

    const POLICY: BreakerPolicy = BreakerPolicy { failures: 3, open_ms: 60_000 };

    fn open_at(now: Moment) -> Breaker {
        (0..3).fold(Breaker::new(), |breaker, _| breaker.failed(POLICY, now))
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_a_success_starts_the_count_again() {
        let now = Moment(0);
        let two = Breaker::new().failed(POLICY, now).failed(POLICY, now);
        assert!(two.admit(POLICY, now).is_ok());
        assert_eq!(two.succeeded(), Breaker::new());
        assert_eq!(open_at(now).admit(POLICY, now), Err(Moment(60_000)));
    }

    #[test]
    fn one_probe_goes_out_when_the_time_is_over_and_the_others_wait_for_it() {
        let later = Moment(60_000);
        let probing = open_at(Moment(0)).admit(POLICY, later).unwrap();
        assert!(probing.admit(POLICY, later).is_err());
        assert_eq!(probing.succeeded(), Breaker::new());
        assert!(matches!(probing.failed(POLICY, later), Breaker::Open { .. }));
    }

    #[test]
    fn a_lost_probe_does_not_close_the_way_for_ever() {
        let probing = open_at(Moment(0)).admit(POLICY, Moment(60_000)).unwrap();
        assert!(probing.admit(POLICY, Moment(120_000)).is_ok());
    }
}
