//! Defines the lifecycle of an effect, one act on the outside world.
//!
//! ```text
//! sending ──confirmed──▶ confirmed
//!   │ ▲ ├───rejected───▶ rejected ──sent again──▶ sending
//!   │ │ └──lost sight──▶ unknown  ──reconciled──▶ confirmed | rejected
//!   │ └───────────────── unknown  ──replayed────▶ sending   (idempotent, within retention)
//!   │                    rejected ──doubted─────▶ unknown   (the database was restored)
//! ```
//!
//! What a crash leaves: `sending` is committed before the call and the result after it, so a dead
//! process leaves `sending` rows whose fate only the receiver knows. The gate calls them `unknown`
//! as soon as it meets one whose owner is gone; it never assumes.

use serde::{Deserialize, Serialize};

use super::IllegalTransition;
use crate::domain::column::{self, UnknownWord};

/// What is known about an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectState {
    /// Committed as intended; a call may be under way.
    Sending,
    /// The receiver said yes. Screens say `simulated` for it in dry mode.
    Confirmed,
    /// The receiver said no: definitely no effect.
    Rejected,
    /// A call may or may not have had an effect.
    Unknown,
}

/// What can happen to an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EffectEvent {
    /// The receiver accepted.
    Confirmed,
    /// The receiver refused, or the call never left.
    Rejected,
    /// No answer that can be trusted: time-out, reset, 5xx, or a dead sender.
    LostSight,
    /// The next attempt sends a rejected effect again.
    SentAgain,
    /// An idempotent effect is repeated under the same key, within the receiver's retention.
    Replayed,
    /// The receiver's own records show it happened.
    FoundDone,
    /// The receiver's own records show it did not.
    FoundAbsent,
    /// The row comes from a backup, and the effect may have been sent again since.
    Doubted,
}

impl EffectState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Sending, Self::Confirmed, Self::Rejected, Self::Unknown];

    /// Returns the state that follows `event`.
    ///
    /// # Errors
    /// Every pair that the diagram does not have; above all, nothing leaves `confirmed`.
    pub fn next(self, event: EffectEvent) -> Result<Self, IllegalTransition> {
        use EffectEvent as E;
        match (self, event) {
            (Self::Sending, E::Confirmed) | (Self::Unknown, E::FoundDone) => Ok(Self::Confirmed),
            (Self::Sending, E::Rejected) | (Self::Unknown, E::FoundAbsent) => Ok(Self::Rejected),
            (Self::Sending, E::LostSight) | (Self::Rejected, E::Doubted) => Ok(Self::Unknown),
            (Self::Rejected, E::SentAgain) | (Self::Unknown, E::Replayed) => Ok(Self::Sending),
            (from, event) => Err(IllegalTransition {
                what: "effect",
                from: from.as_column(),
                event: event.name(),
            }),
        }
    }

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("effect state", word, &Self::ALL, Self::as_column)
    }
}

impl EffectEvent {
    /// All events.
    pub const ALL: [Self; 8] = [
        Self::Confirmed,
        Self::Rejected,
        Self::LostSight,
        Self::SentAgain,
        Self::Replayed,
        Self::FoundDone,
        Self::FoundAbsent,
        Self::Doubted,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::LostSight => "lost sight",
            Self::SentAgain => "sent again",
            Self::Replayed => "replayed",
            Self::FoundDone => "found done",
            Self::FoundAbsent => "found absent",
            Self::Doubted => "doubted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_confirmed() {
        for event in EffectEvent::ALL {
            assert!(EffectState::Confirmed.next(event).is_err(), "{event:?}");
        }
    }

    #[test]
    fn an_unknown_effect_is_never_simply_sent_again() {
        assert!(EffectState::Unknown.next(EffectEvent::SentAgain).is_err());
        assert_eq!(EffectState::Unknown.next(EffectEvent::Replayed), Ok(EffectState::Sending));
    }

    #[test]
    fn a_stored_word_reads_back_as_the_state_that_wrote_it() {
        for state in EffectState::ALL {
            assert_eq!(EffectState::from_column(state.as_column()), Ok(state));
        }
    }
}
