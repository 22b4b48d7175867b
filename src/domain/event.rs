//! Defines events: append-only facts in a person's words, which feed every screen.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::column::{self, UnknownWord};
use super::ids::{EventId, RunId, UnitId};
use super::layer::Layer;
use super::mode::Mode;
use super::text;
use super::time::Moment;

/// Characters of an event's line; a screen shows some hundred of them.
const TEXT_CHARS_MAX: usize = 1_000;

/// How much attention an event wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The machine does what it should.
    Info,
    /// Somebody may want to know.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// All levels, calm first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warn, Self::Error];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("level", word, &Self::ALL, Self::as_column)
    }
}

/// An event as a layer or the engine states it; mode, time, unit and run are added when it is
/// committed together with the change it tells of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// How much attention it wants.
    pub level: Level,
    /// A stable word: `prospect_qualified`, `attempt_failed`.
    pub kind: String,
    /// One line for a person, free of control characters.
    pub text: String,
    /// Details for machines.
    pub data: Option<Value>,
}

impl NewEvent {
    /// Makes an event of the calm kind.
    pub fn info(kind: &str, text: impl Into<String>) -> Self {
        let text = text::clean(&text.into(), TEXT_CHARS_MAX);
        Self { level: Level::Info, kind: kind.to_owned(), text, data: None }
    }

    /// Makes an event that somebody may want to know of.
    pub fn warn(kind: &str, text: impl Into<String>) -> Self {
        Self { level: Level::Warn, ..Self::info(kind, text) }
    }

    /// Makes an event about a failure.
    pub fn error(kind: &str, text: impl Into<String>) -> Self {
        Self { level: Level::Error, ..Self::info(kind, text) }
    }

    /// Adds details for machines.
    #[must_use]
    pub fn with(mut self, data: Value) -> Self {
        self.data = Some(text::clean_value(data));
        self
    }
}

/// An event as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the stream; ids only grow.
    pub id: EventId,
    /// The world it happened in.
    pub mode: Mode,
    /// When, on the mode's clock.
    pub at: Moment,
    /// When, on the wall clock.
    pub wall_at: Moment,
    /// How much attention it wants.
    pub level: Level,
    /// The layer concerned, if one is.
    pub layer: Option<Layer>,
    /// The unit concerned, if one is.
    pub unit_id: Option<UnitId>,
    /// The run it happened in, if in one.
    pub run_id: Option<RunId>,
    /// A stable word.
    pub kind: String,
    /// One line for a person.
    pub text: String,
    /// Details for machines.
    pub data: Option<Value>,
}
