//! Defines how receivers are called: how often, how again after a failure, and when not at all.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::resilience::backoff::RetryPolicy;
use crate::domain::resilience::breaker::BreakerPolicy;
use crate::domain::resilience::bucket::RateLimit;
use crate::domain::resilience::budget::BudgetPolicy;
use crate::domain::time::{HOUR_MS, SECOND_MS};

/// How failed work is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Retry {
    /// Seconds; the first back-off is drawn from zero to this.
    pub base_s: u32,
    /// Growth of the back-off from one try to the next, at least 1.
    pub factor: f64,
    /// Seconds; the longest back-off.
    pub cap_s: u32,
    /// Tries in all.
    pub max_tries: u32,
    /// Hours from the first failure after which no try is made.
    pub deadline_h: u32,
    /// How much of what a receiver is sent may be sent again.
    pub budget: RetryBudget,
}

/// How much of what a receiver is sent may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RetryBudget {
    /// Retries for each first send, 0–1.
    pub share: f64,
    /// Retries a minute besides.
    pub per_minute: u32,
    /// Retries that can be saved up.
    pub burst: u32,
}

impl RetryBudget {
    /// Returns the same as the budget's value takes it.
    pub fn policy(self) -> BudgetPolicy {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "validated to lie between 0 and 1"
        )]
        let percent = (self.share * 100.0).round() as u32;
        let free = RateLimit { per_minute: self.per_minute, burst: self.burst };
        BudgetPolicy { percent, free }
    }
}

impl Retry {
    /// Returns the same as the planner takes it.
    pub fn policy(self) -> RetryPolicy {
        RetryPolicy {
            base_ms: i64::from(self.base_s) * SECOND_MS,
            factor: self.factor,
            cap_ms: i64::from(self.cap_s) * SECOND_MS,
            max_tries: self.max_tries,
            deadline_ms: i64::from(self.deadline_h) * HOUR_MS,
        }
    }
}

/// Token buckets per receiver.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// For receivers without their own.
    pub default: Bucket,
    /// By host.
    pub hosts: BTreeMap<String, Bucket>,
}

impl Rate {
    /// Returns the bucket of `host`.
    pub fn of(&self, host: &str) -> Bucket {
        self.hosts.get(host).copied().unwrap_or(self.default)
    }
}

/// One token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bucket {
    /// Tokens per second.
    pub per_s: f64,
    /// Tokens it holds.
    pub burst: u32,
}

impl Bucket {
    /// Returns the same as the bucket's value takes it: whole tokens per minute.
    pub fn limit(self) -> RateLimit {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "validated to lie between 0.001 and 100,000"
        )]
        let per_minute = (self.per_s * 60.0).round().max(1.0) as u32;
        RateLimit { per_minute, burst: self.burst }
    }
}

/// Circuit breakers, the same for every receiver.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Breaker {
    /// Share of failed calls at which it opens, 0–1.
    pub failure_ratio: f64,
    /// Calls that are looked at.
    pub min_calls: u32,
    /// Seconds until a probe is let through.
    pub open_s: u32,
}

impl Breaker {
    /// Returns the same as the breaker's value takes it.
    pub fn policy(self) -> BreakerPolicy {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "validated to lie between 0.01 and 1"
        )]
        let failure_percent = (self.failure_ratio * 100.0).round() as u32;
        BreakerPolicy {
            failure_percent,
            calls: self.min_calls.min(64),
            open_ms: i64::from(self.open_s) * SECOND_MS,
        }
    }
}
