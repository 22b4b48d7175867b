//! Defines what Self-Learning (layer 9) knows: variants, insights and proposals, and the changes it
//! may write.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::column::{self, UnknownWord};
use super::time::Moment;

/// Whether a variant may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariantState {
    /// It may.
    Live,
    /// A guard stopped it; the reason says which.
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

/// Where a proposal is. Only people move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Waits for a person.
    Open,
    /// A person wants it.
    Approved,
    /// It is in force.
    Applied,
    /// A person does not want it.
    Rejected,
    /// It was in force and is not any more.
    RolledBack,
}

impl ProposalState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Approved, Self::Applied, Self::Rejected, Self::RolledBack];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("proposal state", word, &Self::ALL, Self::as_column)
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
    /// Whether it may be chosen.
    pub state: VariantState,
    /// Why it was stopped.
    pub reason: Option<String>,
}

/// What became of one variant's contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmOutcomes {
    /// The variant.
    pub arm: String,
    /// Prospects contacted with it.
    pub contacts: u64,
    /// Of these, booked within the window.
    pub successes: u64,
    /// Of these, the window closed without a booking. The rest is pending.
    pub failures: u64,
    /// Of these, wanted no more messages.
    pub opted_out: u64,
    /// Of these, reported us.
    pub complained: u64,
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
}

/// Something the numbers show, with the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Insight {
    /// The learning period, `2026-W06`.
    pub period: String,
    /// `variant`, `bottleneck` or `gap`.
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

/// A change that a person may approve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Natural key.
    pub entity: String,
    /// What to change, and why.
    pub text: String,
    /// The figures.
    pub evidence: Value,
    /// Where it is.
    pub state: ProposalState,
    /// When it was made.
    pub at: Moment,
}

/// A row that layer 9 writes.
#[derive(Clone, Debug, PartialEq)]
pub enum LearningChange {
    /// Inserts or updates a variant.
    Variant(Variant),
    /// Inserts an insight; the same period, kind and subject are written once.
    Insight(Insight),
    /// Inserts a proposal; one that exists is left to people.
    Proposal(Proposal),
}
