//! Works the units of layer 9, Self-Learning.

use super::unknown_kind;
use crate::domain::error::WorkError;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::unit::{NewUnit, Unit};
use crate::engines::orchestrator::contract::{Discover, LayerContext};

/// Returns work that time or earlier rows call for.
pub fn discover(_ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    Ok(Vec::new())
}

/// Works one unit.
#[expect(clippy::unused_async, reason = "every layer has the same signature")]
pub async fn run_layer(_ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    Err(unknown_kind(unit))
}
