//! Defines messages, and addresses that get none any more.

use serde::{Deserialize, Serialize};

use crate::domain::column::{self, UnknownWord};
use crate::domain::effect::EffectKey;
use crate::domain::time::Moment;

/// A way to reach a prospect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By e-mail, sent by the machine.
    Email,
    /// By LinkedIn, done by a person.
    Linkedin,
    /// By SMS; off by default.
    Sms,
    /// By phone, done by a person.
    Phone,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Email, Self::Linkedin, Self::Sms, Self::Phone];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Linkedin => "linkedin",
            Self::Sms => "sms",
            Self::Phone => "phone",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("channel", word, &Self::ALL, Self::as_column)
    }
}

/// Where a message of a sequence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Has a time.
    Planned,
    /// Confirmed, or done by a person.
    Sent,
    /// Not sent, because the sequence ended; the reason says why.
    Stopped,
    /// Could not be sent.
    Failed,
}

impl MessageState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Planned, Self::Sent, Self::Stopped, Self::Failed];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("message state", word, &Self::ALL, Self::as_column)
    }
}

/// Why an address must not be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionReason {
    /// Asked for it.
    OptedOut,
    /// Does not exist.
    Bounced,
    /// Reported us.
    Complained,
    /// Put there by a person.
    ByHand,
}

impl SuppressionReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OptedOut, Self::Bounced, Self::Complained, Self::ByHand];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::OptedOut => "opted_out",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::ByHand => "by_hand",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("suppression reason", word, &Self::ALL, Self::as_column)
    }
}

/// One step of a sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The prospect.
    pub entity: String,
    /// The campaign.
    pub campaign: String,
    /// 1 to 4.
    pub step: u32,
    /// How.
    pub channel: Channel,
    /// When it is due.
    pub planned_at: Moment,
    /// When it was confirmed.
    pub sent_at: Option<Moment>,
    /// Where it is.
    pub state: MessageState,
    /// Why it was stopped or failed.
    pub reason: Option<String>,
    /// The effect that carried it.
    pub effect_key: Option<EffectKey>,
}

/// An address that must not be written to; it outlives the prospect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suppression {
    /// Lower-case e-mail address or E.164 number.
    pub address: String,
    /// Why.
    pub reason: SuppressionReason,
    /// What it rests on.
    pub evidence: String,
    /// Since when.
    pub at: Moment,
}
