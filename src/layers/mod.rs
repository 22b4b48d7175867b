//! Provides the nine layers, joined by one exhaustive match.
//!
//! Every layer reads the same way: `discover` finds work that time calls for, `run_layer` takes one
//! unit through gather (reads) → decide (pure) → perform (at most one effect, through the gate) →
//! outcome (everything to write, as a value). No layer writes a row itself.

pub mod booking_handler;
pub mod finance_tracker;
pub mod gbp_optimizer;
pub mod onboarding_flow;
pub mod outreach_engine;
pub mod pitch_generator;
pub mod prospect_research;
pub mod reporting_engine;
pub mod self_learning;
mod withdrawal;

use async_trait::async_trait;

use crate::domain::error::WorkError;
use crate::domain::layer::Layer;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::unit::{NewUnit, Unit};
use crate::engines::orchestrator::contract::{Discover, LayerContext, Layers};

/// All nine layers.
pub struct NineLayers;

#[async_trait]
impl Layers for NineLayers {
    fn discover(&self, layer: Layer, ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
        match layer {
            Layer::ProspectResearch => prospect_research::discover(ctx),
            Layer::PitchGenerator => pitch_generator::discover(ctx),
            Layer::OutreachEngine => outreach_engine::discover(ctx),
            Layer::BookingHandler => booking_handler::discover(ctx),
            Layer::OnboardingFlow => onboarding_flow::discover(ctx),
            Layer::GbpOptimizer => gbp_optimizer::discover(ctx),
            Layer::ReportingEngine => reporting_engine::discover(ctx),
            Layer::FinanceTracker => finance_tracker::discover(ctx),
            Layer::SelfLearning => self_learning::discover(ctx),
        }
    }

    async fn run(&self, ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
        if unit.kind == withdrawal::KIND {
            return withdrawal::run(ctx, unit).await;
        }
        match unit.name.layer {
            Layer::ProspectResearch => prospect_research::run_layer(ctx, unit).await,
            Layer::PitchGenerator => pitch_generator::run_layer(ctx, unit).await,
            Layer::OutreachEngine => outreach_engine::run_layer(ctx, unit).await,
            Layer::BookingHandler => booking_handler::run_layer(ctx, unit).await,
            Layer::OnboardingFlow => onboarding_flow::run_layer(ctx, unit).await,
            Layer::GbpOptimizer => gbp_optimizer::run_layer(ctx, unit).await,
            Layer::ReportingEngine => reporting_engine::run_layer(ctx, unit).await,
            Layer::FinanceTracker => finance_tracker::run_layer(ctx, unit).await,
            Layer::SelfLearning => self_learning::run_layer(ctx, unit).await,
        }
    }
}

/// A unit of a kind that its layer does not know: another version wrote it.
fn unknown_kind(unit: &Unit) -> Stop {
    Stop::Failed(
        WorkError::bug(
            "unknown_kind",
            format!("layer {} knows no {:?}", unit.name.layer, unit.kind),
        )
        .hint("use the version of cep that wrote this unit"),
    )
}

/// Reads a unit's input in its layer's own shape.
fn payload<T: serde::de::DeserializeOwned>(unit: &Unit) -> Result<T, WorkError> {
    serde_json::from_value(unit.payload.clone()).map_err(|error| {
        WorkError::permanent("bad_payload", format!("the input of {} cannot be read", unit.label))
            .caused_by(&error)
            .hint("the input was written by another version, or the delivery is broken; skip it")
    })
}
