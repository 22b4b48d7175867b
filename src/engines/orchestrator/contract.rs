//! Defines the contract between the orchestrator and what it drives.
//!
//! The orchestrator owns these types; layers and the simulated world implement them. It names no
//! layer's code, and a layer names no more of it than this file.

use std::sync::Arc;

use async_trait::async_trait;

use crate::config::Settings;
use crate::domain::draw::Seed;
use crate::domain::effect::{Action, Audience, Effect, EffectKey, Receipt};
use crate::domain::error::WorkError;
use crate::domain::ids::AttemptId;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, Unit};
use crate::effects::counterparty::{Counterparties, RawDelivery};
use crate::effects::gate::{EffectOrder, Gate};
use crate::store::term::Term;
use crate::store::wave::Turn;
use crate::store::{Store, Write};

/// What `discover` may look at.
pub struct Discover<'a> {
    /// The world.
    pub mode: Mode,
    /// The mode's time.
    pub now: Moment,
    /// Reads only.
    pub store: &'a Store,
    /// What the operator configured.
    pub settings: &'a Settings,
    /// What the run was given, for layer 1.
    pub input: Option<&'a RunInput>,
}

/// What a run was given to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInput {
    /// A file's path, or `demo-town`.
    pub source: String,
    /// How many contactable, qualified prospects to take at most.
    pub limit: Option<u32>,
}

/// An effect that a layer wants, in business terms.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectRequest {
    /// What is done.
    pub action: Action,
    /// To what: a natural key.
    pub entity: String,
    /// Which of several on that entity (see the table of actions).
    pub version: String,
    /// Whom it reaches.
    pub audience: Audience,
    /// Everything the receiver needs.
    pub effect: Effect,
}

/// What a unit's work may look at and act through.
pub struct LayerContext<'a> {
    /// The world.
    pub mode: Mode,
    /// The mode's time.
    pub now: Moment,
    /// Reads only; everything to write is returned in the outcome.
    pub store: &'a Store,
    /// What the operator configured.
    pub settings: &'a Settings,
    /// The seed of keyed draws.
    pub seed: Seed,
    pub(super) gate: &'a Gate,
    pub(super) unit: &'a Unit,
    pub(super) attempt: AttemptId,
    pub(super) turn: &'a Turn,
    pub(super) term: &'a Term,
}

impl LayerContext<'_> {
    /// Performs an effect through the gate, or returns the receipt it already has.
    ///
    /// # Errors
    /// Every way in which the effect did not, or may not have, come about; `?` hands it to the
    /// orchestrator, which knows what follows.
    pub async fn perform(&self, request: EffectRequest) -> Result<Receipt, Stop> {
        self.gate
            .perform(
                EffectOrder {
                    mode: self.mode,
                    layer: self.unit.name.layer,
                    unit: self.unit.id,
                    epoch: self.unit.epoch,
                    attempt: self.attempt,
                    entity: request.entity,
                    action: request.action,
                    version: request.version,
                    audience: request.audience,
                    effect: request.effect,
                    now: self.now,
                },
                self.turn,
                self.term,
            )
            .await
    }

    /// Returns the key that an effect of this unit's layer has or will have.
    pub fn effect_key(&self, entity: &str, action: Action, version: &str) -> EffectKey {
        EffectKey::new(self.mode, self.unit.name.layer, entity, action, version)
    }
}

/// The nine layers, as the orchestrator sees them.
#[async_trait]
pub trait Layers: Send + Sync {
    /// Returns work that time or earlier rows call for. Names that exist are ignored.
    fn discover(&self, layer: Layer, ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError>;

    /// Works one unit.
    async fn run(&self, ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop>;
}

/// The one entry for deliveries; `app::receive` implements it.
pub trait Receive: Send + Sync {
    /// Verifies a delivery and returns what stores it and queues its work; a duplicate changes
    /// nothing. It is acknowledged when that is committed.
    ///
    /// # Errors
    /// A delivery that is not taken in: forged, or without work that anybody knows.
    fn receive(&self, mode: Mode, now: Moment, delivery: RawDelivery) -> Result<Write, WorkError>;
}

/// What the orchestrator drives, joined in one value by `app::wiring`.
#[derive(Clone)]
pub struct Driven {
    /// The nine layers.
    pub layers: Arc<dyn Layers>,
    /// The simulated counterparties; `None` in live mode, where the real ones answer.
    pub counterparties: Option<Arc<dyn Counterparties>>,
    /// The entry for deliveries.
    pub receive: Arc<dyn Receive>,
}
