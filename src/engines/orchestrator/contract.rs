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
use crate::effects::gate::{EffectOrder, Gate};
use crate::store::Store;

use crate::runtime::wave::Turn;

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

/// A message from outside, raw as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDelivery {
    /// `calendly`, `stripe`, `mailbox`, `person` or `profile`.
    pub provider: &'static str,
    /// What duplicates of one delivery share.
    pub delivery_id: String,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The bytes that were signed.
    pub body: Vec<u8>,
}

/// An effect that the receiver confirmed: what the simulated world reacts to.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfirmedEffect {
    /// Its place in the journal.
    pub id: i64,
    /// Its key.
    pub key: EffectKey,
    /// The unit that performed it, by its natural name.
    pub unit: crate::domain::unit::UnitName,
    /// What was done.
    pub action: Action,
    /// To what.
    pub entity: String,
    /// Which of several.
    pub version: String,
    /// What was sent.
    pub effect: Effect,
    /// What the receiver answered.
    pub receipt: Receipt,
    /// When, on the mode's clock.
    pub settled_at: Moment,
}

/// Something a counterparty does because of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// When, on the mode's clock.
    pub due: Moment,
    /// Whether it answers a waiting unit, and so may settle after the horizon.
    pub settles: bool,
    /// What arrives.
    pub delivery: RawDelivery,
}

/// Those who answer in dry mode: prospects, clients, payers, reviewers, our own people.
///
/// Pure: the same effect always has the same consequences, so nothing is lost when a process dies
/// before delivering them.
pub trait Counterparties: Send + Sync {
    /// Returns everything that follows from one confirmed effect, at any time.
    fn consequences(&self, effect: &ConfirmedEffect) -> Vec<Consequence>;
}

/// The one entry for deliveries; `app::receive` implements it.
#[async_trait]
pub trait Receive: Send + Sync {
    /// Verifies, stores and queues a delivery; a duplicate changes nothing.
    async fn receive(
        &self,
        mode: Mode,
        now: Moment,
        delivery: RawDelivery,
    ) -> Result<(), WorkError>;
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
