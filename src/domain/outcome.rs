//! Defines what a unit's work returns: changes, events, new units and the unit's own next state.
//!
//! Layers do not write the database. They return a `StepOutcome`, and the engine commits all of it
//! in one transaction with the unit's next state and its attempt.

use serde_json::Value;

use super::change::Change;
use super::effect::EffectKey;
use super::error::WorkError;
use super::event::NewEvent;
use super::text;
use super::time::Moment;
use super::unit::{NewUnit, UnitName};

/// Characters of a reason: a sentence that may quote a name or an address.
const REASON_CHARS_MAX: usize = 500;

/// The complete result of one attempt that did not fail.
#[derive(Clone, Debug, PartialEq)]
pub struct StepOutcome {
    /// What becomes of the unit itself.
    pub next: Next,
    /// Rows to write.
    pub changes: Vec<Change>,
    /// Facts to append.
    pub events: Vec<NewEvent>,
    /// Work that follows from it, here or in another layer.
    pub units: Vec<NewUnit>,
    /// Waiting units that it answers.
    pub answers: Vec<(UnitName, Value)>,
    /// Planned units that it makes pointless, with the rule's reason.
    pub stops: Vec<(UnitName, String)>,
}

/// What becomes of the unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// It is done.
    Done,
    /// A rule says it is not worth doing: `duplicate of osm:node/1`.
    Skipped(String),
    /// It goes on later, without having failed.
    Scheduled {
        /// When.
        at: Moment,
        /// Why then.
        why: String,
    },
    /// It was handed to a person or counterparty and goes on when they answer.
    Waiting {
        /// Who and for what: `client: documents`.
        why: String,
    },
}

impl StepOutcome {
    /// Makes the outcome of a finished unit, to which changes and events are added.
    pub const fn done() -> Self {
        Self::with(Next::Done)
    }

    /// Makes the outcome of a unit that a rule ends.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::with(Next::Skipped(text::clean(&reason.into(), REASON_CHARS_MAX)))
    }

    /// Makes an outcome with another next state.
    pub const fn with(next: Next) -> Self {
        Self {
            next,
            changes: Vec::new(),
            events: Vec::new(),
            units: Vec::new(),
            answers: Vec::new(),
            stops: Vec::new(),
        }
    }

    /// Adds a row to write.
    #[must_use]
    pub fn change(mut self, change: impl Into<Change>) -> Self {
        self.changes.push(change.into());
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn event(mut self, event: NewEvent) -> Self {
        self.events.push(event);
        self
    }

    /// Adds work that follows.
    #[must_use]
    pub fn unit(mut self, unit: NewUnit) -> Self {
        self.units.push(unit);
        self
    }

    /// Answers a waiting unit.
    #[must_use]
    pub fn answer(mut self, name: UnitName, answer: Value) -> Self {
        self.answers.push((name, answer));
        self
    }

    /// Stops a planned unit by rule.
    #[must_use]
    pub fn stop(mut self, name: UnitName, reason: impl Into<String>) -> Self {
        self.stops.push((name, reason.into()));
        self
    }
}

/// Why an attempt ended without an outcome. `?` carries it from the gate to the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The gate puts the effect off; nothing failed and no try is spent.
    Deferred {
        /// Until when, on the mode's clock.
        until: Moment,
        /// Which limit, in a person's words.
        why: String,
    },
    /// The gate forbids the effect for good: opted out, suppressed.
    Refused {
        /// Which rule, in a person's words.
        why: String,
    },
    /// An effect may or may not have happened.
    Unknown {
        /// Its key.
        key: EffectKey,
        /// What is known about it.
        error: Box<WorkError>,
    },
    /// The attempt failed.
    Failed(WorkError),
}

impl From<WorkError> for Stop {
    fn from(error: WorkError) -> Self {
        Self::Failed(error)
    }
}
