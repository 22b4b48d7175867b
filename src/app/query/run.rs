//! Defines a run in full, and an effect in full: what stands behind a row of their lists.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EffectRow, UnitRow};
use crate::app::snapshot::{RunView, UnitCounts};
use crate::domain::error::ErrorClass;
use crate::domain::event::Event;
use crate::domain::ids::{AttemptId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::time::Moment;

/// A run with what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunDetail {
    /// The run as its list shows it.
    pub run: RunView,
    /// Why it ended as it did.
    pub why: Option<String>,
    /// The source it was given.
    pub input: Option<String>,
    /// Most businesses to take from it.
    pub input_limit: Option<u32>,
    /// When it started, on the mode's clock.
    pub started_at: Moment,
    /// When it ended, on the mode's clock.
    pub ended_at: Option<Moment>,
    /// The units that it worked, layer by layer, in the states in which they are now.
    pub layers: Vec<RunLayer>,
    /// How many attempts it made.
    pub attempts: u64,
    /// Whether it made more than were looked at.
    pub cut: bool,
    /// What failed in it, the most frequent first.
    pub causes: Vec<RunCause>,
    /// The last value of Φ_sync that it stored.
    pub phi: Option<RunPhi>,
    /// Its latest events, newest last.
    pub events: Vec<Event>,
}

/// One layer's part of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLayer {
    /// Which.
    pub layer: Layer,
    /// Its units by state.
    pub units: UnitCounts,
}

/// One cause of failed attempts in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCause {
    /// In which layer.
    pub layer: Layer,
    /// Of what class.
    pub class: ErrorClass,
    /// Its code.
    pub code: String,
    /// The latest message.
    pub message: String,
    /// How many attempts failed so.
    pub attempts: u64,
    /// How many units that were.
    pub units: u64,
    /// The latest of them.
    pub unit: UnitId,
}

/// A value of Φ_sync.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPhi {
    /// The value; `None` when a container was unknown.
    pub value: Option<f64>,
    /// When, on the mode's clock.
    pub at: Moment,
}

/// An effect with all that the journal has of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectDetail {
    /// The effect as its list shows it.
    pub effect: EffectRow,
    /// What the receiver allows when an answer was lost: `idempotent`, `queryable`, `at_most_once`.
    pub recovery: String,
    /// Whom it calls.
    pub host: String,
    /// How many times it was sent.
    pub sends: u32,
    /// When it was first sent of all the sends that may have happened, on the mode's clock.
    pub first_sent_at: Moment,
    /// When its fate was settled, on the mode's clock.
    pub settled_at: Option<Moment>,
    /// The process that last sent it.
    pub owner: String,
    /// The attempt that last sent it.
    pub attempt: AttemptId,
    /// What the receiver answered.
    pub receipt: Option<Value>,
    /// What was sent, with secrets taken out.
    pub payload: Value,
    /// The unit that asked for it.
    pub unit: Option<UnitRow>,
}
