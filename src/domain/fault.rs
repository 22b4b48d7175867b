//! Defines planned faults of the simulated world: when calls fail, and how.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a simulated call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection is refused: nothing happened.
    Refused,
    /// Too many calls: nothing happened, and the receiver says when to come back.
    RateLimited,
    /// No answer: it may have happened.
    TimedOut,
    /// No answer, and the line stays open: it may have happened, and whoever asked waits.
    Silent,
    /// The receiver says no for good: nothing happened.
    Rejected,
}

/// A fault that is planned instead of drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedFault {
    /// Only calls of this layer.
    pub layer: u8,
    /// Only the first so many sends of each effect.
    pub sends: u32,
    /// How they fail.
    pub kind: FaultKind,
}

/// When calls fail.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FaultPlan {
    /// Share of calls that fail, 0–1.
    pub rate: f64,
    /// Another share for single layers.
    pub by_layer: BTreeMap<u8, f64>,
    /// Faults that are planned.
    pub script: Vec<ScriptedFault>,
}
