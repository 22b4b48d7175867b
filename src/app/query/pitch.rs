//! Defines what is asked and answered about pitches and the campaigns that send them.

use serde::{Deserialize, Serialize};

use crate::domain::mode::Mode;
use crate::domain::pitch::Sentence;
use crate::domain::sales::{Channel, Stage};
use crate::domain::time::Moment;

/// Which pitches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchFilter {
    /// Which world.
    pub mode: Mode,
    /// Only prospects at these stages; all when empty.
    pub stages: Vec<Stage>,
    /// At most so many.
    pub limit: u32,
}

/// A pitch in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchRow {
    /// The prospect.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: String,
    /// The language it is written to in.
    pub language: String,
    /// Where it stands.
    pub stage: Stage,
    /// The campaign.
    pub campaign: String,
    /// The variant.
    pub variant: String,
    /// How it sounds; `None` when the templates have it no more.
    pub tone: Option<String>,
    /// `template`, or the model's name.
    pub writer: String,
    /// Channels whose text a person wrote.
    pub edited: Vec<Channel>,
    /// Whether a person chose the variant.
    pub chosen_by_person: bool,
    /// Subject of the e-mail.
    pub subject: String,
}

/// A pitch as it goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchView {
    /// What a list shows of it.
    pub row: PitchRow,
    /// The subject's sentences, with what they rest on.
    pub subject: Vec<Sentence>,
    /// Each channel.
    pub parts: Vec<PitchPart>,
    /// What was observed, in the words in which it may be said.
    pub may_say: Vec<String>,
}

/// One channel of a pitch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchPart {
    /// Which.
    pub channel: Channel,
    /// The text as its recipient gets it, with the footer of a mail.
    pub text: String,
    /// How many words that is.
    pub words: usize,
    /// How many it may be.
    pub words_max: usize,
    /// Whether a person wrote it.
    pub edited: bool,
    /// Why it cannot be changed any more; `None` while it can.
    pub begun: Option<String>,
    /// Each sentence with what it rests on; the footer's are the law's.
    pub sentences: Vec<Sentence>,
}

/// A campaign and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignRow {
    /// Its name.
    pub name: String,
    /// Prospects that it has planned anything for.
    pub prospects: u64,
    /// Messages that have a time.
    pub planned: u64,
    /// Messages that went out.
    pub sent: u64,
    /// Messages that a rule stopped.
    pub stopped: u64,
    /// Messages that could not be sent.
    pub failed: u64,
    /// When its last message went out, on the mode's clock.
    pub last_sent: Option<Moment>,
    /// Why a receiver's policy has stopped it, if one has.
    pub stopped_because: Option<String>,
    /// Since when, on the mode's clock.
    pub stopped_at: Option<Moment>,
}
