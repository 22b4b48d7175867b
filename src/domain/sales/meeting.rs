//! Defines meetings: how they came about and what became of them.

use serde::{Deserialize, Serialize};

use crate::domain::column::{self, UnknownWord};
use crate::domain::time::Moment;

/// Where a meeting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingState {
    /// Is going to happen.
    Booked,
    /// Is not.
    Cancelled,
    /// Has happened.
    Held,
    /// The prospect did not come.
    NoShow,
}

impl MeetingState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Booked, Self::Cancelled, Self::Held, Self::NoShow];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Cancelled => "cancelled",
            Self::Held => "held",
            Self::NoShow => "no_show",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("meeting state", word, &Self::ALL, Self::as_column)
    }
}

/// What a held meeting led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingOutcome {
    /// A contract.
    Won,
    /// A no.
    Lost,
    /// Nothing yet.
    Undecided,
}

impl MeetingOutcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Won, Self::Lost, Self::Undecided];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Undecided => "undecided",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("meeting outcome", word, &Self::ALL, Self::as_column)
    }
}

/// Which side gave a call up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Canceler {
    /// We did.
    Host,
    /// The other side did.
    Invitee,
}

impl Canceler {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Host, Self::Invitee];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Invitee => "invitee",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("canceler", word, &Self::ALL, Self::as_column)
    }
}

/// A booked call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meeting {
    /// Invitee URI of the first booking of the chain of reschedules.
    pub entity: String,
    /// Whose it is, if anybody matched.
    pub prospect: Option<String>,
    /// The current invitee.
    pub invitee_uri: String,
    /// Invitee's address.
    pub email: String,
    /// Invitee's name.
    pub name: String,
    /// Start.
    pub starts_at: Moment,
    /// End.
    pub ends_at: Moment,
    /// Invitee's time zone.
    pub zone: String,
    /// SEQUENCE of the last invite.
    pub sequence: i64,
    /// Where it is.
    pub state: MeetingState,
    /// What it led to.
    pub outcome: Option<MeetingOutcome>,
    /// The plan that was sold.
    pub plan: Option<String>,
    /// When a person noted how it went.
    pub noted_at: Option<Moment>,
    /// When a no-show was taken back: how the call went is asked again since then.
    pub asked_again_at: Option<Moment>,
    /// Which side cancelled it.
    pub cancelled_by: Option<Canceler>,
    /// Why it was cancelled.
    pub reason: Option<String>,
}
