//! Defines the token bucket: how many calls a host gets per minute, and how many at once.

use serde::{Deserialize, Serialize};

use crate::domain::time::{Moment, SECOND_MS};

/// How fast a host may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Calls per minute in the long run.
    pub per_minute: u32,
    /// Calls at once after a pause.
    pub burst: u32,
}

/// The state of a bucket, in thousandths of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// What is in it.
    pub millitokens: i64,
    /// When that was counted.
    pub counted_at: Moment,
}

const TOKEN: i64 = 1_000;

/// One token per minute is this many milliseconds per millitoken.
const SECONDS: i64 = 60;

impl Bucket {
    /// Makes a full bucket.
    pub fn full(limit: RateLimit, now: Moment) -> Self {
        Self { millitokens: i64::from(limit.burst) * TOKEN, counted_at: now }
    }

    /// Returns how many whole tokens are in it at `now`.
    pub fn left(self, limit: RateLimit, now: Moment) -> u32 {
        u32::try_from(self.filled(limit, now) / TOKEN).unwrap_or(0)
    }

    /// Returns what is in it at `now`, in thousandths of a token.
    fn filled(self, limit: RateLimit, now: Moment) -> i64 {
        let elapsed_ms = now.since(self.counted_at).max(0);
        let refill = elapsed_ms.saturating_mul(i64::from(limit.per_minute)) / SECONDS;
        self.millitokens.saturating_add(refill).min(i64::from(limit.burst.max(1)) * TOKEN)
    }

    /// Takes a token, or says when there will be one.
    ///
    /// # Errors
    /// The time at which the next token is there, rounded up to the second.
    pub fn take(self, limit: RateLimit, now: Moment) -> Result<Self, Moment> {
        let filled = self.filled(limit, now);
        if filled >= TOKEN {
            // Processes that share it read the time each for itself; what one has refilled, the other's
            // earlier moment must not refill once more.
            let counted_at = self.counted_at.max(now);
            return Ok(Self { millitokens: filled - TOKEN, counted_at });
        }
        let rate = i64::from(limit.per_minute.max(1));
        let wait_ms = ((TOKEN - filled) * SECONDS + rate - 1) / rate;
        Err(now.plus_ms(wait_ms).ceil_to(SECOND_MS))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: RateLimit = RateLimit { per_minute: 120, burst: 3 };

    #[test]
    fn what_is_left_grows_with_time_up_to_the_burst() {
        let limit = RateLimit { per_minute: 60, burst: 3 };
        let bucket = Bucket { millitokens: 0, counted_at: Moment(0) };
        let left = [0, 999, 1_000, 2_500, 90_000].map(|ms| bucket.left(limit, Moment(ms)));
        assert_eq!(left, [0, 0, 1, 2, 3]);
    }

    #[test]
    fn a_burst_passes_and_the_next_call_is_told_when() {
        let now = Moment(10_000);
        let mut bucket = Bucket::full(LIMIT, now);
        for _ in 0..3 {
            bucket = bucket.take(LIMIT, now).unwrap();
        }
        assert_eq!(bucket.take(LIMIT, now), Err(Moment(11_000)));
        assert!(bucket.take(LIMIT, Moment(11_000)).is_ok());
    }

    #[test]
    fn a_process_that_is_behind_in_time_refills_nothing_twice() {
        let (now, behind) = (Moment(10_000), Moment(9_000));
        let bucket = Bucket { millitokens: 2 * TOKEN, counted_at: now };
        let bucket = bucket.take(LIMIT, behind).unwrap().take(LIMIT, now).unwrap();
        assert!(bucket.take(LIMIT, now).is_err());
    }

    proptest! {
        #[test]
        fn no_window_sees_more_than_burst_plus_rate(steps in prop::collection::vec(0_i64..400, 1..200)) {
            let mut now = Moment(0);
            let mut bucket = Bucket::full(LIMIT, now);
            let mut passed = 0_i64;
            for step in steps {
                now = now.plus_ms(step);
                if let Ok(next) = bucket.take(LIMIT, now) {
                    bucket = next;
                    passed += 1;
                }
            }
            prop_assert!(passed <= 3 + 2 * now.0 / 1_000 + 1);
        }
    }
}
