//! Defines what Self-Learning (layer 9) knows: variants and who was written to with which, insights
//! and proposals, and the changes it may write.

mod evidence;
mod pattern;
mod proposal;

pub use evidence::{ArmDay, ArmOutcomes, tally};
pub use pattern::{Comparison, Contacts, Dimension, EarlierLooks, Look, look};
pub use proposal::{
    Measure, MeasuredEffect, Proposal, ProposalEvent, ProposalState, ProposedChange, Setting,
    SettingKey, SettingOverride, StoredProposal, Verdict, judge,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::column::{self, UnknownWord};
use super::draw::Seed;
use super::ids::ProposalId;
use super::stats::{Arm, Odds};

/// Whether a variant may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariantState {
    /// It may.
    Live,
    /// A guard or a person stopped it; the reason says which.
    Stopped,
}

impl VariantState {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Live, Self::Stopped];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Stopped => "stopped",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("variant state", word, &Self::ALL, Self::as_column)
    }
}

/// One arm of the bandit: a way to write a pitch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name in the templates.
    pub arm: String,
    /// Contacts that booked within the window.
    pub successes: u64,
    /// Contacts whose window closed without a booking.
    pub failures: u64,
    /// The successes, old ones weighing less.
    pub weighted_successes: f64,
    /// The failures, old ones weighing less.
    pub weighted_failures: f64,
    /// Whether it may be chosen.
    pub state: VariantState,
    /// Why it was stopped.
    pub reason: Option<String>,
}

impl Variant {
    /// Returns it as the draw takes it.
    pub fn arm(&self) -> Arm {
        Arm {
            name: self.arm.clone(),
            successes: self.weighted_successes,
            failures: self.weighted_failures,
        }
    }
}

/// Which variant a recipient is written to with, in one campaign: it stays, whatever is learned
/// later, so that follow-ups and repeated work say the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The prospect.
    pub entity: String,
    /// The campaign.
    pub campaign: String,
    /// The variant.
    pub arm: String,
    /// The probability with which it was drawn.
    pub propensity: f64,
    /// The seed of the draw.
    pub seed: u64,
    /// The question of the draw: with seed and counts it gives the same variant again.
    pub draw_key: String,
}

/// Returns the variant that a recipient of a campaign, `(entity, campaign)`, is written to with;
/// `None` when every one of `arms` is stopped.
///
/// The one that was drawn before stays, unless it has been stopped since. Otherwise one is drawn
/// among those of `arms` that are not stopped; a variant without a row has no evidence yet.
pub fn assign(
    (entity, campaign): (&str, &str),
    pinned: Option<&Assignment>,
    arms: &[&str],
    variants: &[Variant],
    floor: f64,
    seed: Seed,
) -> Option<Assignment> {
    let row = |arm: &str| variants.iter().find(|variant| variant.arm == arm);
    let stopped = |arm: &str| row(arm).is_some_and(|one| one.state == VariantState::Stopped);
    if let Some(pinned) = pinned.filter(|pinned| !stopped(&pinned.arm)) {
        return Some(pinned.clone());
    }
    let unknown = |arm: &str| Arm { name: arm.to_owned(), successes: 0.0, failures: 0.0 };
    let live = arms.iter().filter(|arm| !stopped(arm));
    let live = live.map(|arm| row(arm).map_or_else(|| unknown(arm), Variant::arm)).collect();
    let draw_key = format!("{entity}/{campaign}");
    let choice = Odds::of(live, floor).choose(seed, &draw_key)?;
    Some(Assignment {
        entity: entity.to_owned(),
        campaign: campaign.to_owned(),
        arm: choice.arm,
        propensity: choice.propensity,
        seed: seed.0,
        draw_key,
    })
}

/// The first and the last row of something that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRange {
    /// Least id.
    pub from: i64,
    /// Greatest id.
    pub to: i64,
}

impl RowRange {
    /// Returns the range that holds both.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }
}

/// How far prospects came; each pair counts only those whose fate in the step is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// Worth a pitch.
    pub qualified: u64,
    /// Of the qualified, no channel reaches them.
    pub unreachable: u64,
    /// Contacted, and the outreach has ended.
    pub concluded: u64,
    /// Of the concluded, booked a call.
    pub booked: u64,
    /// Meetings whose time has come and whose outcome was noted.
    pub meetings: u64,
    /// Of these, held.
    pub held: u64,
    /// Held, and decided one way or the other.
    pub decided: u64,
    /// Of the decided, won.
    pub won: u64,
    /// The rows of `prospects` that were counted.
    pub prospects: Option<RowRange>,
    /// The rows of `meetings` that were counted.
    pub calls: Option<RowRange>,
}

/// Messages of one channel that wait for their turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// The channel's word.
    pub channel: String,
    /// How many.
    pub planned: u64,
    /// Their rows of `messages`.
    pub rows: RowRange,
}

/// Something the numbers show, with the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Insight {
    /// The learning period, `2026-W06`.
    pub period: String,
    /// `variant`, `bottleneck`, `gap`, `look`, `pattern` or `effect`.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// How many observations it rests on.
    pub n: u64,
    /// One sentence for a person.
    pub text: String,
    /// The figures.
    pub evidence: Value,
}

/// A row that layers 2 and 9 write about learning.
#[derive(Clone, Debug, PartialEq)]
pub enum LearningChange {
    /// Notes with which variant a recipient is written to; it replaces one whose variant stopped.
    Assignment(Assignment),
    /// Inserts or updates a variant.
    Variant(Variant),
    /// Inserts an insight; the same period, kind and subject are written once.
    Insight(Insight),
    /// Inserts a proposal; one that exists is left to people.
    Proposal(Proposal),
    /// Notes the effect of an applied proposal; the first stays.
    Effect {
        /// Which proposal.
        proposal: ProposalId,
        /// What was measured.
        effect: MeasuredEffect,
    },
}
