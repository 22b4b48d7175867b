//! Defines pitches, and what a person has written into one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Channel;
use crate::domain::column::UnknownWord;

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
