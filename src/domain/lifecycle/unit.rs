//! Defines the lifecycle of a unit, the smallest piece of one layer's work.
//!
//! ```text
//! blocked ──unblocked──▶ scheduled ──due──▶ ready ──claimed──▶ leased ──finished──▶ done
//!    │                    ▲      ▲            ▲                  │
//!    │                    │      └─deferred───┼──────────────────┤
//!    │                    │                   │ due              ├─failed──▶ retry_wait
//!    │                    │                   ├◀── retry_wait ◀──┘
//!    │                    │                   ├◀── waiting ◀─────┤ handed to a person
//!    │                    │                   ├◀── held    ◀─────┤ effect unknown
//!    │                    │                   ├◀── dead    ◀─────┤ gave up
//!    │                    │                   └◀── lease lost ───┤
//!    └────────────────────┴── skipped, cancelled ◀───────────────┘
//! ```
//!
//! What a crash leaves: a unit is `leased` while a worker has it and in every other state nobody
//! has. So a dead process leaves only `leased` rows behind, and recovery is the one event
//! `LeaseLost`, which spends no retry.

use serde::{Deserialize, Serialize};

use super::IllegalTransition;
use crate::domain::column::{self, UnknownWord};

/// Where a unit is. The instants and reasons that go with a state are columns of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitState {
    /// Waits for another unit to be done; the row names it.
    Blocked,
    /// Has a planned time that has not come.
    Scheduled,
    /// May be claimed now.
    Ready,
    /// A worker has it, under the epoch in the row.
    Leased,
    /// Failed, and will be tried again at the row's `run_at`, for the row's reason.
    RetryWait,
    /// Handed to a person, whose answer makes it ready.
    Waiting,
    /// An effect of it is unknown; only evidence or a person lets it go on.
    Held,
    /// Ended: its outcome is committed.
    Done,
    /// Ended: gave up, with the cause in its attempts; a command can revive it.
    Dead,
    /// Ended: not worth doing, by a rule or by a person, with the reason in the row.
    Skipped,
    /// Ended: stopped by a person before it was done.
    Cancelled,
}

/// What can happen to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnitEvent {
    /// The unit it was blocked on is done.
    Unblocked,
    /// Its planned time, or the end of its back-off, has come.
    Due,
    /// A worker took it.
    Claimed,
    /// Its outcome was committed.
    Finished,
    /// It asked for a later time without having failed (gate refusal, planned slot).
    Deferred,
    /// Its attempt failed and another one is planned.
    Failed,
    /// It was handed to a person.
    HandedOver,
    /// The person answered.
    Answered,
    /// An effect of it is unknown and its class does not allow a blind repeat.
    EffectUnknown,
    /// The unknown effect is known to have had no effect, so the unit may run again.
    ReleasedToRetry,
    /// The unknown effect is known to have happened, and a person declared the unit done.
    ResolvedAsDone,
    /// No attempt is left, or the error cannot be cured by one.
    GaveUp,
    /// A person revived a dead unit.
    Revived,
    /// A rule or a person decided against it.
    Skipped,
    /// A person stopped it.
    Cancelled,
    /// The worker's process died or lost its lease.
    LeaseLost,
}

impl UnitState {
    /// All states, in the order in which screens list them.
    pub const ALL: [Self; 11] = [
        Self::Blocked,
        Self::Scheduled,
        Self::Ready,
        Self::Leased,
        Self::RetryWait,
        Self::Waiting,
        Self::Held,
        Self::Done,
        Self::Dead,
        Self::Skipped,
        Self::Cancelled,
    ];

    /// Returns the state that follows `event`, or an error that names the impossible step.
    ///
    /// # Errors
    /// Every pair that the diagram does not have.
    pub fn next(self, event: UnitEvent) -> Result<Self, IllegalTransition> {
        use UnitEvent as E;
        match (self, event) {
            (Self::Blocked, E::Unblocked) | (Self::Leased, E::Deferred) => Ok(Self::Scheduled),
            (Self::Scheduled | Self::RetryWait, E::Due)
            | (Self::Waiting, E::Answered)
            | (Self::Held, E::ReleasedToRetry)
            | (Self::Dead, E::Revived)
            | (Self::Leased, E::LeaseLost) => Ok(Self::Ready),
            (Self::Ready, E::Claimed) => Ok(Self::Leased),
            (Self::Leased, E::Finished) | (Self::Held, E::ResolvedAsDone) => Ok(Self::Done),
            (Self::Leased, E::Failed) => Ok(Self::RetryWait),
            (Self::Leased, E::HandedOver) => Ok(Self::Waiting),
            (Self::Leased, E::EffectUnknown) => Ok(Self::Held),
            (Self::Leased, E::GaveUp) => Ok(Self::Dead),
            (
                Self::Blocked
                | Self::Scheduled
                | Self::Ready
                | Self::Leased
                | Self::RetryWait
                | Self::Waiting
                | Self::Held
                | Self::Dead,
                E::Skipped,
            ) => Ok(Self::Skipped),
            (
                Self::Blocked
                | Self::Scheduled
                | Self::Ready
                | Self::Leased
                | Self::RetryWait
                | Self::Waiting,
                E::Cancelled,
            ) => Ok(Self::Cancelled),
            (from, event) => {
                Err(IllegalTransition { what: "unit", from: from.as_column(), event: event.name() })
            }
        }
    }

    /// Whether the unit has ended; an ended unit has `ended_at`, and no other has.
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Done | Self::Dead | Self::Skipped | Self::Cancelled)
    }

    /// The stored word, and the key in JSON.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Leased => "leased",
            Self::RetryWait => "retry_wait",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("unit state", word, &Self::ALL, Self::as_column)
    }
}

impl UnitEvent {
    /// All events, for tests that must try every pair.
    pub const ALL: [Self; 16] = [
        Self::Unblocked,
        Self::Due,
        Self::Claimed,
        Self::Finished,
        Self::Deferred,
        Self::Failed,
        Self::HandedOver,
        Self::Answered,
        Self::EffectUnknown,
        Self::ReleasedToRetry,
        Self::ResolvedAsDone,
        Self::GaveUp,
        Self::Revived,
        Self::Skipped,
        Self::Cancelled,
        Self::LeaseLost,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Unblocked => "unblocked",
            Self::Due => "due",
            Self::Claimed => "claimed",
            Self::Finished => "finished",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::HandedOver => "handed over",
            Self::Answered => "answered",
            Self::EffectUnknown => "effect unknown",
            Self::ReleasedToRetry => "released to retry",
            Self::ResolvedAsDone => "resolved as done",
            Self::GaveUp => "gave up",
            Self::Revived => "revived",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::LeaseLost => "lease lost",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_state() -> impl Strategy<Value = UnitState> {
        prop::sample::select(UnitState::ALL.to_vec())
    }

    fn any_event() -> impl Strategy<Value = UnitEvent> {
        prop::sample::select(UnitEvent::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn no_event_leaves_a_final_state(event in any_event()) {
            for state in [UnitState::Done, UnitState::Skipped, UnitState::Cancelled] {
                prop_assert!(state.next(event).is_err());
            }
        }

        #[test]
        fn only_a_leased_unit_can_finish_fail_or_be_held(state in any_state()) {
            use UnitEvent::{EffectUnknown, Failed, Finished, GaveUp, HandedOver};
            for event in [Finished, Failed, EffectUnknown, HandedOver, GaveUp] {
                prop_assert_eq!(state.next(event).is_ok(), state == UnitState::Leased);
            }
        }

        #[test]
        fn every_walk_from_ready_stays_inside_the_diagram(
            events in prop::collection::vec(any_event(), 0..64)
        ) {
            let mut state = UnitState::Ready;
            for event in events {
                if let Ok(next) = state.next(event) {
                    prop_assert!(state != UnitState::Dead || !next.is_ended() || next == UnitState::Skipped);
                    state = next;
                }
            }
        }
    }

    #[test]
    fn a_stored_word_reads_back_as_the_state_that_wrote_it() {
        for state in UnitState::ALL {
            assert_eq!(UnitState::from_column(state.as_column()), Ok(state));
        }
        assert!(UnitState::from_column("gone").is_err());
    }

    #[test]
    fn a_dead_unit_comes_back_only_by_a_command() {
        let out: Vec<_> = UnitEvent::ALL
            .into_iter()
            .filter(|&event| UnitState::Dead.next(event).is_ok())
            .collect();
        assert_eq!(out, [UnitEvent::Revived, UnitEvent::Skipped]);
    }
}
