//! Defines units as data: what a layer asks to be done, and what a worker is given.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::hours::ContactHours;
use super::ids::{Epoch, RunId, UnitId};
use super::layer::Layer;
use super::lifecycle::unit::UnitState;
use super::mode::Mode;
use super::quota::Quota;
use super::text;
use super::time::Moment;

/// Characters of a unit's line; the names in it are longer than any screen is wide before that.
const LABEL_CHARS_MAX: usize = 300;

/// The natural name of a unit inside one mode. Two units with one name are one unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnitName {
    /// The layer that works it.
    pub layer: Layer,
    /// What it concerns: `osm:node/123`, a Stripe id, client + period.
    pub entity: String,
    /// Which of the entity's works: `pitch`, `message/1`, `task/contract`.
    pub version: String,
}

impl UnitName {
    /// Makes a name.
    pub fn new(layer: Layer, entity: impl Into<String>, version: impl Into<String>) -> Self {
        Self { layer, entity: entity.into(), version: version.into() }
    }

    /// The one-column form in which `units.blocked_on` stores it.
    pub fn as_column(&self) -> String {
        format!("{}|{}|{}", self.layer.number(), self.entity, self.version)
    }

    /// Reads the one-column form; an entity may hold the separator, a version may not.
    pub fn from_column(text: &str) -> Option<Self> {
        let (layer, rest) = text.split_once('|')?;
        let (entity, version) = rest.rsplit_once('|')?;
        let layer = Layer::from_number(layer.parse().ok()?)?;
        Some(Self::new(layer, entity, version))
    }
}

/// A place in daily quotas that a planned unit takes when it is written.
///
/// The first day with room is found and counted in the same transaction that inserts the unit, so
/// a capped message is planned once and never woken only to be put off again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRequest {
    /// The quotas, all of which must have room on the day.
    pub quotas: Vec<Quota>,
    /// IANA zone whose days are counted and in which the hours are kept.
    pub zone: String,
    /// When the unit may run.
    pub hours: ContactHours,
}

/// A unit that a layer asks for. Inserting one whose name exists changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewUnit {
    /// Its natural name.
    pub name: UnitName,
    /// The layer's own word for what it is: `message`, `audit`.
    pub kind: String,
    /// One line for a person: `e-mail 1 to A Dental`.
    pub label: String,
    /// Its input, as the layer's own type in JSON.
    pub payload: Value,
    /// Earliest time; `None` is now.
    pub run_at: Option<Moment>,
    /// When it should be done by.
    pub due_at: Option<Moment>,
    /// Units that must be done first, all of them.
    pub blocked_on: Vec<UnitName>,
    /// The quotas it takes a place in.
    pub slot: Option<SlotRequest>,
}

impl NewUnit {
    /// Makes a unit that is ready at once; fields say otherwise where needed.
    pub fn ready(name: UnitName, kind: &str, label: impl Into<String>, payload: Value) -> Self {
        Self {
            name,
            kind: kind.to_owned(),
            label: text::clean(&label.into(), LABEL_CHARS_MAX),
            payload,
            run_at: None,
            due_at: None,
            blocked_on: Vec::new(),
            slot: None,
        }
    }

    /// Plans it for `at`, rounded up to the quarter hour as all plans are.
    #[must_use]
    pub fn at(mut self, at: Moment) -> Self {
        self.run_at = Some(at.ceil_quarter_hour());
        self
    }

    /// Makes it wait for another unit, and for any that it waits for already.
    #[must_use]
    pub fn after(mut self, blocker: UnitName) -> Self {
        self.blocked_on.push(blocker);
        self
    }

    /// Says when it should be done by.
    #[must_use]
    pub fn due(mut self, at: Moment) -> Self {
        self.due_at = Some(at);
        self
    }

    /// Takes a place in daily quotas.
    #[must_use]
    pub fn in_slot(mut self, slot: SlotRequest) -> Self {
        self.slot = Some(slot);
        self
    }
}

/// A unit as a worker gets it: claimed, under an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// Row id.
    pub id: UnitId,
    /// The world it belongs to.
    pub mode: Mode,
    /// Its natural name.
    pub name: UnitName,
    /// The layer's own word for what it is.
    pub kind: String,
    /// One line for a person.
    pub label: String,
    /// Its input.
    pub payload: Value,
    /// What the person or counterparty it waited for answered; the last answer wins.
    pub answer: Option<Value>,
    /// Where it is.
    pub state: UnitState,
    /// Grows with each claim; every write of the worker carries it.
    pub epoch: Epoch,
    /// Attempts so far that spent a try.
    pub tries: u32,
    /// When it should be done by.
    pub due_at: Option<Moment>,
    /// When its first failure was: the start of its retry deadline.
    pub first_failed_at: Option<Moment>,
    /// The run it belongs to.
    pub run_id: Option<RunId>,
}

/// Units of one kind that are planned for later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedUnits {
    /// Their layer.
    pub layer: Layer,
    /// Their layer's word for them.
    pub kind: String,
    /// How many.
    pub n: u64,
    /// When the first is planned.
    pub first: Moment,
    /// When the last is planned.
    pub last: Moment,
}
