//! Plans the next try of a failed unit: full jitter, a cap, and two ends (tries and total time).

use crate::domain::draw::Seed;
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::time::{Moment, SECOND_MS};

/// How often and how long a unit is retried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Upper end of the first back-off, milliseconds.
    pub base_ms: i64,
    /// Growth of the upper end from one try to the next.
    pub factor: f64,
    /// Upper end of every back-off, milliseconds.
    pub cap_ms: i64,
    /// Tries in all, the first included.
    pub max_tries: u32,
    /// Total time from the first failure, milliseconds; no try is planned after it.
    pub deadline_ms: i64,
}

/// What follows a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Another try.
    Retry {
        /// When.
        at: Moment,
        /// Why then.
        why: String,
    },
    /// No more tries.
    GiveUp {
        /// Why not.
        why: String,
    },
}

/// Decides what follows the failure `error` of the try number `tries` (1 is the first).
///
/// The back-off is drawn from [0, min(cap, base·factor^(tries−1))] by the unit's own key, so that units
/// that failed together do not come back together, and the plan is the same wherever it is made.
/// A receiver's `Retry-After` is a floor. The result is rounded up to the second.
pub fn after_failure(
    policy: &RetryPolicy,
    seed: Seed,
    unit_key: &str,
    tries: u32,
    first_failed_at: Moment,
    error: &WorkError,
    now: Moment,
) -> AfterFailure {
    let retryable = error.class.is_retryable() || error.class == ErrorClass::Indeterminate;
    if !retryable {
        return AfterFailure::GiveUp {
            why: format!("{}: another try cannot help", error.class.as_column()),
        };
    }
    if tries >= policy.max_tries {
        return AfterFailure::GiveUp { why: format!("{tries} of {} tries used", policy.max_tries) };
    }
    let growth = policy.factor.powi(i32::try_from(tries.saturating_sub(1)).unwrap_or(i32::MAX));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "back-offs are far below 2^53 ms, and a float beyond i64 saturates to the cap"
    )]
    let ceiling = ((policy.base_ms as f64 * growth) as i64).min(policy.cap_ms);
    // At least a second: a retry in the same instant would meet the same fault.
    let jitter =
        seed.between(&["backoff", unit_key, &tries.to_string()], SECOND_MS, ceiling.max(SECOND_MS));
    let mut at = now.plus_ms(jitter);
    let mut why = format!("try {} of {}, back-off with jitter", tries + 1, policy.max_tries);
    if let Some(floor) = error.retry_after
        && floor > at
    {
        at = floor;
        why = format!("try {} of {}, the receiver's Retry-After", tries + 1, policy.max_tries);
    }
    let at = at.ceil_to(SECOND_MS);
    if at > first_failed_at.plus_ms(policy.deadline_ms) {
        return AfterFailure::GiveUp {
            why: format!(
                "the next try would be {} h after the first failure",
                policy.deadline_ms / 3_600_000
            ),
        };
    }
    AfterFailure::Retry { at, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        base_ms: 30_000,
        factor: 2.0,
        cap_ms: 600_000,
        max_tries: 5,
        deadline_ms: 86_400_000,
    };
    const NOW: Moment = Moment(1_000_000_000);

    fn plan(tries: u32, error: &WorkError) -> AfterFailure {
        after_failure(&POLICY, Seed(1), "3|a|m", tries, NOW, error, NOW)
    }

    fn transient() -> WorkError {
        WorkError::new(ErrorClass::Transient, "refused", "connection refused")
    }

    #[test]
    fn a_back_off_stays_between_a_second_and_its_ceiling() {
        for tries in 1..5 {
            let AfterFailure::Retry { at, .. } = plan(tries, &transient()) else {
                panic!("try {tries} gave up")
            };
            let ceiling = 30_000 * (1 << (tries - 1)) + SECOND_MS;
            assert!(at.since(NOW) >= SECOND_MS && at.since(NOW) <= ceiling, "{tries}: {at}");
        }
    }

    #[test]
    fn a_receivers_retry_after_is_a_floor() {
        let mut error = transient();
        error.class = ErrorClass::RateLimited;
        error.retry_after = Some(NOW.plus_ms(3_600_000));
        let AfterFailure::Retry { at, why } = plan(1, &error) else { panic!("gave up") };
        assert_eq!(at, NOW.plus_ms(3_600_000));
        assert!(why.contains("Retry-After"));
    }

    #[test]
    fn tries_and_total_time_both_end_it() {
        assert!(matches!(plan(5, &transient()), AfterFailure::GiveUp { .. }));
        let late = NOW.plus_ms(POLICY.deadline_ms);
        let after = after_failure(&POLICY, Seed(1), "u", 1, NOW, &transient(), late);
        assert!(matches!(after, AfterFailure::GiveUp { .. }));
    }

    #[test]
    fn a_permanent_error_is_not_tried_again() {
        assert!(matches!(
            plan(1, &WorkError::permanent("5.1.1", "no such user")),
            AfterFailure::GiveUp { .. }
        ));
    }
}
