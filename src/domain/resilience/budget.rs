//! Defines the retry budget of a host: how much of what it is sent may be sent again.
//!
//! Back-off spreads the retries of one unit; it does not bound those of a thousand. When most calls to
//! a host fail, sending all of them again only adds to what it cannot bear. So retries are earned by
//! first sends, with a small allowance for hosts that get little.

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, RateLimit};
use crate::domain::time::Moment;

/// How retries are earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetPolicy {
    /// Retries that a hundred first sends earn.
    pub percent: u32,
    /// Retries a minute that need not be earned, and how many can be saved up.
    pub free: RateLimit,
}

/// What a host's retries have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Budget(Bucket);

/// Millitokens that one first send earns at one percent.
const EARNED: i64 = 10;

impl Budget {
    /// A budget of which nothing has been spent.
    pub fn full(policy: BudgetPolicy, now: Moment) -> Self {
        Self(Bucket::full(policy.free, now))
    }

    /// Notes a first send.
    #[must_use]
    pub fn earned(self, policy: BudgetPolicy) -> Self {
        let most = i64::from(policy.free.burst.max(1)) * 1_000;
        let millitokens = self.0.millitokens + i64::from(policy.percent) * EARNED;
        // What has been saved up beyond the most stays as it is: it was counted by an older policy.
        Self(Bucket { millitokens: millitokens.min(most.max(self.0.millitokens)), ..self.0 })
    }

    /// Takes a retry out of it, or says when the next one can be taken.
    ///
    /// # Errors
    /// The time of the next free retry.
    pub fn spend(self, policy: BudgetPolicy, now: Moment) -> Result<Self, Moment> {
        self.0.take(policy.free, now).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::MINUTE_MS;

    const POLICY: BudgetPolicy =
        BudgetPolicy { percent: 20, free: RateLimit { per_minute: 2, burst: 4 } };

    fn spent(mut budget: Budget, now: Moment) -> (Budget, u32) {
        let mut retries = 0;
        while let Ok(next) = budget.spend(POLICY, now) {
            (budget, retries) = (next, retries + 1);
        }
        (budget, retries)
    }

    #[test]
    fn ten_first_sends_earn_two_retries_and_time_a_few_more() {
        let now = Moment(0);
        let (empty, saved) = spent(Budget::full(POLICY, now), now);
        assert_eq!(saved, 4);
        let earned = (0..10).fold(empty, |budget, _| budget.earned(POLICY));
        assert_eq!(spent(earned, now).1, 2);
        assert_eq!(empty.spend(POLICY, now), Err(Moment(30_000)));
        assert_eq!(spent(empty, Moment(MINUTE_MS)).1, 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn retries_never_exceed_what_was_saved_earned_and_free(
            steps in prop::collection::vec((any::<bool>(), 0_i64..20_000), 1..200)
        ) {
            let (mut now, mut firsts, mut retries) = (Moment(0), 0_i64, 0_i64);
            let mut budget = Budget::full(POLICY, now);
            for (is_retry, pause) in steps {
                now = now.plus_ms(pause);
                if is_retry {
                    if let Ok(next) = budget.spend(POLICY, now) {
                        budget = next;
                        retries += 1;
                    }
                } else {
                    budget = budget.earned(POLICY);
                    firsts += 1;
                }
            }
            prop_assert!(retries <= 4 + firsts / 5 + 2 * now.0 / MINUTE_MS + 1);
        }
    }
}
