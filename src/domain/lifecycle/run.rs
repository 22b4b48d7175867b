//! Defines the lifecycle of a run, one execution of a layer or of all of them.
//!
//! ```text
//! planned ──▶ running ⇄ paused
//!               │  ▲        │
//!               ▼  │        ▼
//!            draining ──▶ interrupted ──▶ running
//! running | draining ──▶ succeeded | partially_failed | failed | cancelled
//! ```
//!
//! What a crash leaves: `running`, `paused` or `draining` with a dead owner. The next start takes
//! such a run as `interrupted`, and its units go on where they were.

use serde::{Deserialize, Serialize};

use super::IllegalTransition;
use crate::domain::column::{self, UnknownWord};

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Written, not yet started.
    Planned,
    /// Units are claimed and worked.
    Running,
    /// Nothing new is claimed until a person resumes it.
    Paused,
    /// Nothing new is claimed; what is in flight is being finished.
    Draining,
    /// Its process stopped before the end.
    Interrupted,
    /// Ended with everything done or skipped by rule.
    Succeeded,
    /// Ended with some units dead or held.
    PartiallyFailed,
    /// Ended without being able to do its work.
    Failed,
    /// Ended by a person.
    Cancelled,
}

/// What can happen to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunEvent {
    /// A process starts to work on it.
    Started,
    /// A person pauses it.
    Paused,
    /// A person resumes it, or a process takes an interrupted one up again.
    Resumed,
    /// Its process was asked to stop.
    DrainAsked,
    /// Its process stopped, or was found dead.
    Interrupted,
    /// Nothing is left to do, and nothing is dead or held.
    Succeeded,
    /// Nothing is left to do, but units are dead or held.
    PartiallyFailed,
    /// The work could not be done at all.
    Failed,
    /// A person cancelled it.
    Cancelled,
}

impl RunState {
    /// All states.
    pub const ALL: [Self; 9] = [
        Self::Planned,
        Self::Running,
        Self::Paused,
        Self::Draining,
        Self::Interrupted,
        Self::Succeeded,
        Self::PartiallyFailed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Returns the state that follows `event`.
    ///
    /// # Errors
    /// Every pair that the diagram does not have.
    pub fn next(self, event: RunEvent) -> Result<Self, IllegalTransition> {
        use RunEvent as E;
        match (self, event) {
            (Self::Planned, E::Started) | (Self::Paused | Self::Interrupted, E::Resumed) => {
                Ok(Self::Running)
            }
            (Self::Running, E::Paused) => Ok(Self::Paused),
            (Self::Running | Self::Paused, E::DrainAsked) => Ok(Self::Draining),
            (Self::Running | Self::Paused | Self::Draining, E::Interrupted) => {
                Ok(Self::Interrupted)
            }
            (Self::Running | Self::Draining, E::Succeeded) => Ok(Self::Succeeded),
            (Self::Running | Self::Draining, E::PartiallyFailed) => Ok(Self::PartiallyFailed),
            (Self::Planned | Self::Running | Self::Draining, E::Failed) => Ok(Self::Failed),
            (
                Self::Planned | Self::Running | Self::Paused | Self::Draining | Self::Interrupted,
                E::Cancelled,
            ) => Ok(Self::Cancelled),
            (from, event) => {
                Err(IllegalTransition { what: "run", from: from.as_column(), event: event.name() })
            }
        }
    }

    /// Whether the run has ended.
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::PartiallyFailed | Self::Failed | Self::Cancelled)
    }

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Draining => "draining",
            Self::Interrupted => "interrupted",
            Self::Succeeded => "succeeded",
            Self::PartiallyFailed => "partially_failed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("run state", word, &Self::ALL, Self::as_column)
    }
}

impl RunEvent {
    /// All events.
    pub const ALL: [Self; 9] = [
        Self::Started,
        Self::Paused,
        Self::Resumed,
        Self::DrainAsked,
        Self::Interrupted,
        Self::Succeeded,
        Self::PartiallyFailed,
        Self::Failed,
        Self::Cancelled,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::DrainAsked => "drain asked",
            Self::Interrupted => "interrupted",
            Self::Succeeded => "succeeded",
            Self::PartiallyFailed => "partially failed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_event_leaves_an_ended_run() {
        for state in RunState::ALL.into_iter().filter(|state| state.is_ended()) {
            for event in RunEvent::ALL {
                assert!(state.next(event).is_err(), "{state:?} took {event:?}");
            }
        }
    }

    #[test]
    fn a_killed_run_can_always_be_taken_up_again() {
        for state in [RunState::Running, RunState::Paused, RunState::Draining] {
            let interrupted = state.next(RunEvent::Interrupted).unwrap();
            assert_eq!(interrupted.next(RunEvent::Resumed), Ok(RunState::Running));
        }
    }
}
