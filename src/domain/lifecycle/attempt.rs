//! Defines the lifecycle of an attempt, one try of a unit. Attempts are never overwritten.
//!
//! `started` is committed with the claim, one of the outcomes with the unit's next state. A crash
//! leaves `started`; recovery turns it into `lost`, which spends no retry, but three in a row make
//! the unit dead (poison).

use serde::{Deserialize, Serialize};

use super::IllegalTransition;
use crate::domain::column::{self, UnknownWord};

/// How many attempts lost in a row make a unit dead. Two crashes can be bad luck around a unit;
/// after three the unit itself is the likeliest cause.
pub const POISON_AFTER_LOST: u32 = 3;

/// Where an attempt is: running, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// A worker is on it.
    Started,
    /// Ended with a committed outcome.
    Ok,
    /// Ended with an error.
    Failed,
    /// Ended by its time limit.
    TimedOut,
    /// The gate or the layer put it off; nothing failed.
    Deferred,
    /// Stopped by a person or by shutdown.
    Cancelled,
    /// Its process died.
    Lost,
    /// Its lease had passed to another holder, and its writes were refused.
    Fenced,
}

impl AttemptState {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Started,
        Self::Ok,
        Self::Failed,
        Self::TimedOut,
        Self::Deferred,
        Self::Cancelled,
        Self::Lost,
        Self::Fenced,
    ];

    /// Returns the end of an attempt: the outcome itself, but only from `started`.
    ///
    /// # Errors
    /// An attempt that has ended cannot end again, and none can go back to `started`.
    pub fn end(self, outcome: Self) -> Result<Self, IllegalTransition> {
        if self == Self::Started && outcome != Self::Started {
            Ok(outcome)
        } else {
            Err(IllegalTransition {
                what: "attempt",
                from: self.as_column(),
                event: outcome.as_column(),
            })
        }
    }

    /// Whether Φ_sync counts the attempt, and as what: `Some(true)` is an error.
    pub const fn counts_as_error(self) -> Option<bool> {
        match self {
            Self::Ok => Some(false),
            Self::Failed | Self::TimedOut | Self::Lost => Some(true),
            Self::Started | Self::Deferred | Self::Cancelled | Self::Fenced => None,
        }
    }

    /// Whether the attempt used up one of the unit's tries.
    pub const fn spends_a_try(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut)
    }

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Deferred => "deferred",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
            Self::Fenced => "fenced",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("attempt state", word, &Self::ALL, Self::as_column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_ends_once() {
        for outcome in AttemptState::ALL {
            assert_eq!(
                AttemptState::Started.end(outcome).is_ok(),
                outcome != AttemptState::Started
            );
            assert!(outcome == AttemptState::Started || outcome.end(AttemptState::Ok).is_err());
        }
    }
}
