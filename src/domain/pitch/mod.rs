//! Defines how a pitch is written: one template, four channels, and no claim without a fact.
//!
//! A pitch may say of a business only what an audit observed, in the words that
//! `profile::Opportunity` gives it. The text, whoever wrote it, then goes through `claims::check`:
//! a sentence that speaks of the business's profile without an observation behind it sends the
//! whole text back.

mod claims;
mod template;

use serde::{Deserialize, Serialize};
use serde_json::json;

pub use claims::{Claim, UnsupportedClaim, check};
pub use template::{TemplateFault, VARIANTS};

use super::sales::{Channel, Pitch, Prospect};
use super::sender::Sender;
use super::text::clean;

/// Observations that one pitch names at most; a longer list reads like a reproach.
const CLAIMS_MAX: usize = 4;
/// Characters of a business's name in a pitch.
const NAME_CHARS_MAX: usize = 60;
/// Characters of a town's name in a pitch.
const CITY_CHARS_MAX: usize = 40;

/// The writer's name in the pitch's row when a template wrote it.
pub const TEMPLATE_WRITER: &str = "template";

/// A text in each channel, before or after it was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchTexts {
    /// Subject of the e-mail.
    pub subject: String,
    /// E-mail.
    pub email: String,
    /// LinkedIn message.
    pub linkedin: String,
    /// What a person says on the phone.
    pub phone: String,
    /// Text message.
    pub sms: String,
}

/// Why there is no pitch.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PitchFault {
    /// Nothing was observed that a pitch could speak of.
    #[error("no observed gap to speak of")]
    NothingToSay,
    /// A text says more than was observed.
    #[error(transparent)]
    Claim(#[from] UnsupportedClaim),
    /// A text is too long for its channel.
    #[error("the {channel} text has {words} words, more than {words_max}")]
    TooLong {
        /// Which.
        channel: &'static str,
        /// How many it has.
        words: usize,
        /// How many it may have.
        words_max: usize,
    },
    /// The template cannot be rendered.
    #[error(transparent)]
    Template(#[from] TemplateFault),
}

/// Most words of a text on `channel`.
pub const fn words_max(channel: Channel) -> usize {
    match channel {
        Channel::Email => 150,
        Channel::Linkedin => 100,
        Channel::Phone => 200,
        Channel::Sms => 50,
    }
}

impl PitchTexts {
    /// Returns the text for `channel`.
    pub fn of(&self, channel: Channel) -> &str {
        match channel {
            Channel::Email => &self.email,
            Channel::Linkedin => &self.linkedin,
            Channel::Phone => &self.phone,
            Channel::Sms => &self.sms,
        }
    }

    /// Refuses texts that are too long or say more than was observed, and returns each claim found
    /// with the sentence that makes it. Texts of every writer come through here.
    pub fn checked(
        &self,
        language: &str,
        observed: &[Claim],
        names: &[&str],
    ) -> Result<Vec<Claim>, PitchFault> {
        for channel in Channel::ALL {
            let words = self.of(channel).split_whitespace().count();
            let words_max = words_max(channel);
            if words > words_max {
                return Err(PitchFault::TooLong { channel: channel.as_column(), words, words_max });
            }
        }
        let mut found: Vec<Claim> = Vec::new();
        let texts = Channel::ALL.map(|channel| self.of(channel));
        for text in std::iter::once(self.subject.as_str()).chain(texts) {
            for claim in check(text, language, observed, names)? {
                if !found.contains(&claim) {
                    found.push(claim);
                }
            }
        }
        Ok(found)
    }
}

/// Writes the pitch for `prospect` with a template `variant`, about what was `observed`, the most
/// valuable first.
///
/// # Errors
/// When there is nothing to say, or the template is broken or says too much.
pub fn compose(
    prospect: &Prospect,
    campaign: &str,
    (variant, propensity): (&str, f64),
    observed: &[Claim],
    sender: &Sender,
) -> Result<Pitch, PitchFault> {
    if observed.is_empty() {
        return Err(PitchFault::NothingToSay);
    }
    let named = &observed[..observed.len().min(CLAIMS_MAX)];
    let name = clean(&prospect.name, NAME_CHARS_MAX);
    let city = prospect.city.as_deref().map(|city| clean(city, CITY_CHARS_MAX));
    let values = template::Values {
        name: &name,
        city: city.as_deref().unwrap_or_default(),
        claims: named.iter().map(|claim| claim.sentence.as_str()).collect(),
        sender: &clean(&sender.from_name, NAME_CHARS_MAX),
        agency: &clean(&sender.agency, NAME_CHARS_MAX),
        booking_url: &sender.booking_link(&prospect.entity),
    };
    let texts = template::render(&prospect.language, variant, &values)?;
    let names = [values.name, values.city, values.sender, values.agency, values.booking_url];
    let claims = texts.checked(&prospect.language, named, &names)?;
    Ok(Pitch {
        entity: prospect.entity.clone(),
        campaign: campaign.to_owned(),
        variant: variant.to_owned(),
        propensity,
        writer: TEMPLATE_WRITER.to_owned(),
        subject: texts.subject,
        email: texts.email,
        linkedin: texts.linkedin,
        phone: texts.phone,
        sms: texts.sms,
        claims: json!(claims),
    })
}

#[cfg(test)]
mod tests;
