//! Works the units of layer 8, Finance Tracker.

use super::unknown_kind;
use crate::domain::error::WorkError;
use crate::domain::layer::Layer;
use crate::domain::operations::Client;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, LayerContext};

/// Returns work that time or earlier rows call for.
pub fn discover(_ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    Ok(Vec::new())
}

/// Returns the unit that starts a client's subscription; layer 5 plans it at go-live.
pub fn subscription_unit(client: &Client) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::FinanceTracker, &client.entity, "subscription"),
        "subscription",
        format!("subscription of {}", client.name),
        serde_json::json!({}),
    )
}

/// Works one unit.
#[expect(clippy::unused_async, reason = "every layer has the same signature")]
pub async fn run_layer(_ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    Err(unknown_kind(unit))
}
