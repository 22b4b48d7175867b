//! Works the units of layer 2, Pitch Generator.

use serde_json::json;

use super::unknown_kind;
use crate::domain::error::WorkError;
use crate::domain::layer::Layer;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, LayerContext};

/// Makes the unit that writes a qualified prospect's pitch for a campaign.
pub fn unit(prospect: &str, name: &str, campaign: &str) -> NewUnit {
    let unit = UnitName::new(Layer::PitchGenerator, prospect, format!("pitch/{campaign}"));
    let payload = json!({ "campaign": campaign });
    NewUnit::ready(unit, "pitch", format!("pitch for {name}"), payload)
}

/// Returns work that time or earlier rows call for.
pub fn discover(_ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    Ok(Vec::new())
}

/// Works one unit.
#[expect(clippy::unused_async, reason = "every layer has the same signature")]
pub async fn run_layer(_ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    Err(unknown_kind(unit))
}
