//! Defines an effect as faces show it, with what helps a person to find out what became of it.

use serde::{Deserialize, Serialize};

use crate::domain::effect::{Action, EffectKey};
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// One act on the outside world, as journalled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectRow {
    /// Its name across runs and crashes.
    pub key: EffectKey,
    /// Its world; a confirmed effect of the dry one is shown as simulated.
    pub mode: Mode,
    /// What was done.
    pub action: Action,
    /// By which layer.
    pub layer: Layer,
    /// What it concerns.
    pub entity: String,
    /// Which act on the entity.
    pub version: String,
    /// What is known of it.
    pub state: EffectState,
    /// The unit that asked for it.
    pub unit: UnitId,
    /// What was sent, in one line: `mail to a@b.example: Your listing`.
    pub summary: String,
    /// The receiver's name for it.
    pub reference: Option<String>,
    /// Why it is unknown or was refused, or who said what became of it.
    #[serde(default)]
    pub evidence: Option<String>,
    /// What was to be written about it after its unit had passed to another holder, oldest first.
    #[serde(default)]
    pub late_writes: Vec<LateWriteRow>,
    /// When it was last sent, on the mode's clock.
    pub sent_at: Moment,
    /// The same on the wall clock.
    pub sent_wall: Moment,
}

/// A write about an effect that was refused because it came too late: it changed nothing, and what its
/// writer knew is often all that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LateWriteRow {
    /// When it was refused, on the wall clock.
    pub refused_wall: Moment,
    /// Who wrote.
    pub owner: String,
    /// What was to be written: `effect result`.
    pub command: String,
    /// Who had the lease by then.
    pub held_by: Option<String>,
    /// What the writer knew: `not_sent`, `confirmed`, `rejected` or `unknown`.
    pub fate: Option<String>,
    /// The receiver's name for it, when it was confirmed.
    pub reference: Option<String>,
    /// The same in words.
    pub knew: String,
}

/// What the header, the list and `--json` call what is known of an effect.
impl EffectRow {
    /// Returns what helps a person to find out what became of it, a line each: why it is unknown, and
    /// what came too late to be written.
    pub fn clues(&self) -> Vec<String> {
        let why = self.evidence.clone().filter(|_| self.state == EffectState::Unknown);
        let late = self.late_writes.iter().map(|late| {
            let at = late.refused_wall;
            format!("{} said too late, at {at}: {}", late.owner, late.knew)
        });
        why.into_iter().chain(late).collect()
    }

    /// Returns the word for its state: `simulated` is the dry world's `confirmed`.
    pub const fn word(&self) -> &'static str {
        match (self.mode, self.state) {
            (Mode::Dry, EffectState::Confirmed) => "simulated",
            (_, state) => state.as_column(),
        }
    }
}
