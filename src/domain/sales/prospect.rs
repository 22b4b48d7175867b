//! Defines prospects: how far each has come, and what was found out about it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::column::{self, UnknownWord};
use crate::domain::time::Moment;

/// Where a business stands in the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Read from a source, not yet judged.
    Found,
    /// Not a prospect at all: chain, closed, duplicate, no name; the reason says which.
    LeftOut,
    /// Judged, and its profile needs no help or too little is known of it.
    NotQualified,
    /// Worth a pitch.
    Qualified,
    /// Has a pitch.
    Pitched,
    /// Qualified, but no channel reaches it.
    NoChannel,
    /// At least one message was sent.
    Contacted,
    /// Has booked a call.
    Booked,
    /// Has signed.
    Client,
    /// Outreach ended without a contract.
    Lost,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Found,
        Self::LeftOut,
        Self::NotQualified,
        Self::Qualified,
        Self::Pitched,
        Self::NoChannel,
        Self::Contacted,
        Self::Booked,
        Self::Client,
        Self::Lost,
    ];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::LeftOut => "left_out",
            Self::NotQualified => "not_qualified",
            Self::Qualified => "qualified",
            Self::Pitched => "pitched",
            Self::NoChannel => "no_channel",
            Self::Contacted => "contacted",
            Self::Booked => "booked",
            Self::Client => "client",
            Self::Lost => "lost",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("stage", word, &Self::ALL, Self::as_column)
    }

    /// Whether a prospect that is at `from` may move here: forward, or to another word of the same
    /// step. A lost prospect that books after all is booked again; a client stays one.
    pub const fn may_follow(self, from: Self) -> bool {
        self.step() >= from.step()
    }

    const fn step(self) -> u8 {
        match self {
            Self::Found => 0,
            Self::LeftOut | Self::NotQualified | Self::Qualified => 1,
            Self::Pitched => 2,
            Self::NoChannel | Self::Contacted => 3,
            Self::Booked | Self::Lost => 4,
            Self::Client => 5,
        }
    }
}

/// How weak the public profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Score below 30.
    Hot,
    /// Score below 60.
    Warm,
    /// Score below 80.
    Cold,
}

impl Tier {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hot, Self::Warm, Self::Cold];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("tier", word, &Self::ALL, Self::as_column)
    }
}

/// How the outreach to a prospect ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The prospect booked a call.
    Booked,
    /// The prospect said no.
    Declined,
    /// No such address.
    Bounced,
    /// The prospect wants no more messages.
    OptedOut,
    /// The first message could not be sent at all.
    FirstContactDead,
    /// Seven days after the last step nothing had come back.
    Expired,
}

impl Conclusion {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Booked,
        Self::Declined,
        Self::Bounced,
        Self::OptedOut,
        Self::FirstContactDead,
        Self::Expired,
    ];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Declined => "declined",
            Self::Bounced => "bounced",
            Self::OptedOut => "opted_out",
            Self::FirstContactDead => "first_contact_dead",
            Self::Expired => "expired",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("conclusion", word, &Self::ALL, Self::as_column)
    }
}

/// A business found in a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prospect {
    /// Natural key: `osm:node/123`, `csv:acme-dental`.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// Our category (`dental`), or the source's own tag (`shop=bakery`) where we have none.
    pub category: String,
    /// Street and number.
    pub address: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// Postal code.
    pub postcode: Option<String>,
    /// ISO 3166-1 alpha-2, if known.
    pub country: Option<String>,
    /// IANA time zone in which its quiet hours are kept.
    pub zone: String,
    /// Language of its pitch, `en` or `de`.
    pub language: String,
    /// Degrees north.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
    /// E.164.
    pub phone: Option<String>,
    /// Lower-cased address.
    pub email: Option<String>,
    /// Own web site, normalised URL.
    pub website: Option<String>,
    /// Profile URL.
    pub linkedin: Option<String>,
    /// Where it was read: `overpass-json`, `csv`.
    pub source: String,
    /// What must be shown wherever it is shown.
    pub attribution: String,
    /// Where it stands.
    pub stage: Stage,
    /// Why it was left out or lost.
    pub reason: Option<String>,
    /// Profile score 0–100; `None` when too little is knowable.
    pub score: Option<f64>,
    /// Share of the score's weights that the source lets us know, 0–100.
    pub coverage: Option<f64>,
    /// How weak the profile is.
    pub tier: Option<Tier>,
}

/// One audit of one public profile, as observed at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileAudit {
    /// The business.
    pub entity: String,
    /// Where it was observed: `overpass-json`, `gbp`.
    pub source: String,
    /// Which audit: `found`, `before`, `after`.
    pub version: String,
    /// When.
    pub observed_at: Moment,
    /// The observed facts, as `domain::profile` writes them.
    pub facts: Value,
    /// 0–100, `None` below the least coverage.
    pub score: Option<f64>,
    /// 0–100.
    pub coverage: f64,
    /// Earned points and weight of each signal.
    pub signals: Value,
}
