//! Defines what is answered about units that failed: a list by cause, and one with all its attempts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Care, EffectRow};
use crate::app::snapshot::NextDue;
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::event::Event;
use crate::domain::ids::{AttemptId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// A unit in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitRow {
    /// Its row.
    pub id: UnitId,
    /// Its world.
    pub mode: Mode,
    /// Its layer.
    pub layer: Layer,
    /// What it concerns.
    pub entity: String,
    /// Which of the entity's works.
    pub version: String,
    /// The layer's word for it.
    pub kind: String,
    /// One line for a person.
    pub label: String,
    /// Where it is.
    pub state: UnitState,
    /// Tries spent.
    pub tries: u32,
    /// Tries allowed.
    pub tries_max: u32,
    /// When it goes on, on the mode's clock.
    pub run_at: Option<Moment>,
    /// Who works it now: `w3 pid 412@host`.
    #[serde(default)]
    pub worker: Option<String>,
    /// Why it is where it is: the cause of a wait, a skip, a hold.
    pub why: Option<String>,
    /// The unit it is blocked on, in the column form of a name.
    pub blocked_on: Option<String>,
    /// Its latest error, in one line.
    pub last_error: Option<String>,
    /// When it last changed, on the wall clock.
    pub changed_wall: Moment,
}

/// All units whose latest error has one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorGroup {
    /// What they share.
    pub fingerprint: String,
    /// Their layer.
    pub layer: Layer,
    /// Their class.
    pub class: ErrorClass,
    /// Their code.
    pub code: String,
    /// The latest message: the cause, in the row.
    pub message: String,
    /// How many of them will be tried again.
    pub retrying: u64,
    /// How many gave up.
    pub dead: u64,
    /// How many are held.
    pub held: u64,
    /// When it first happened, on the wall clock.
    pub first_wall: Moment,
    /// When it last happened, on the wall clock.
    pub last_wall: Moment,
    /// The next retry among them, on the mode's clock.
    pub next_retry: Option<Moment>,
    /// The units, the latest first, at most 100.
    pub units: Vec<UnitId>,
    /// Who looks after it, and what was noted on it.
    #[serde(default)]
    pub care: Care,
}

impl ErrorGroup {
    /// Returns how many units share the cause.
    pub const fn count(&self) -> u64 {
        self.retrying + self.dead + self.held
    }
}

/// The error card: enough to act without the logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// The unit.
    pub unit: UnitRow,
    /// Its latest error; `None` when it never failed.
    pub error: Option<WorkError>,
    /// The error's fingerprint.
    pub fingerprint: Option<String>,
    /// How many units share it, this one included.
    pub same: u64,
    /// Who looks after its cause, and what was noted on it.
    #[serde(default)]
    pub care: Care,
    /// Who works it at this moment.
    #[serde(default)]
    pub worked_by: Option<WorkedBy>,
    /// What it stops: blocked units, a client's onboarding.
    pub impact: String,
    /// Every attempt, the first one first.
    pub attempts: Vec<AttemptRow>,
    /// The retry ahead of it.
    pub next_retry: Option<NextDue>,
    /// Its effects, the latest first.
    pub effects: Vec<EffectRow>,
    /// What happens when nobody does anything.
    pub if_nothing: String,
    /// Its input, with secrets taken out.
    pub input: Value,
    /// The events of this unit, newest last.
    pub events: Vec<Event>,
}

/// Who works a unit, and for how long nobody else may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkedBy {
    /// The process with the layer's lease: `serve pid 412@host`.
    pub owner: String,
    /// When its lease ends unless renewed, on the wall clock.
    pub until: Moment,
}

/// One try of a unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// Its row.
    pub id: AttemptId,
    /// Which try, from 1.
    pub number: u32,
    /// How it ended.
    pub state: AttemptState,
    /// When it started, on the mode's clock.
    pub started_at: Moment,
    /// When it started, on the wall clock.
    pub started_wall: Moment,
    /// How long it took; `None` while it runs.
    pub duration_ms: Option<u64>,
    /// What it failed with.
    pub error: Option<WorkError>,
    /// The pause that followed it.
    pub backoff_ms: Option<i64>,
    /// Where that pause came from: `back-off 2^2, jitter`, `Retry-After 60 s`, `permanent`.
    pub backoff_why: Option<String>,
    /// Who worked it: `w3 pid 412@host`.
    pub worker: String,
}
