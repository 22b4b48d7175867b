//! Defines what Sales (layers 1–4) knows: prospects, pitches, messages, meetings, and the changes
//! that its layers may write.

mod change;
mod returns;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::column::{self, UnknownWord};
use super::effect::EffectKey;
use super::time::Moment;
pub use change::SalesChange;
pub use returns::{InviteReply, SoftBounce};

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

/// A pitch in four channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pitch {
    /// The prospect.
    pub entity: String,
    /// The campaign it was written for.
    pub campaign: String,
    /// Which template variant.
    pub variant: String,
    /// Probability with which the variant was chosen.
    pub propensity: f64,
    /// `template`, or the model's name.
    pub writer: String,
    /// E-mail subject.
    pub subject: String,
    /// At most 150 words.
    pub email: String,
    /// At most 100 words.
    pub linkedin: String,
    /// At most 200 words.
    pub phone: String,
    /// At most 50 words.
    pub sms: String,
    /// Each sentence of each part with what it rests on, as `domain::pitch::Trace` writes it.
    pub claims: Value,
    /// What a person did to it.
    pub by_hand: ByHand,
}

impl Pitch {
    /// Returns the text of a channel, without the footer of a mail.
    pub fn text(&self, channel: Channel) -> &str {
        match channel {
            Channel::Email => &self.email,
            Channel::Linkedin => &self.linkedin,
            Channel::Sms => &self.sms,
            Channel::Phone => &self.phone,
        }
    }
}

/// What a person did to a pitch. A pitch with anything by hand teaches nothing about its variant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// Channels whose text a person wrote; the subject belongs to the e-mail.
    pub edited: Vec<Channel>,
    /// Whether a person chose the variant.
    pub chosen: bool,
}

/// The word for a variant that a person chose.
const CHOSEN: &str = "variant";

impl ByHand {
    /// The stored words, such as `email,variant`; empty when the machine did it all.
    pub fn as_column(&self) -> String {
        let channels = self.edited.iter().map(|channel| channel.as_column());
        channels.chain(self.chosen.then_some(CHOSEN)).collect::<Vec<_>>().join(",")
    }

    /// Reads the stored words.
    pub fn from_column(words: &str) -> Result<Self, UnknownWord> {
        let mut read = Self::default();
        for word in words.split(',').filter(|word| !word.is_empty()) {
            if word == CHOSEN {
                read.chosen = true;
            } else {
                read.edited.push(Channel::from_column(word)?);
            }
        }
        Ok(read)
    }

    /// Notes that a person wrote the text of `channel`.
    pub fn edit(&mut self, channel: Channel) {
        if !self.edited.contains(&channel) {
            self.edited.push(channel);
        }
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
