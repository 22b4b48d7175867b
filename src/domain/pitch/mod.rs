//! Defines how a pitch is written and what it may say: four channels, and no sentence that rests on
//! nothing.
//!
//! A pitch may say of a business only what an audit observed. Every sentence of every text, whoever
//! wrote it, is traced to an observation, to our own offer, or to what states nothing about the
//! business (a question, a greeting, a link); a sentence that is none of these refuses the text.
//! Lengths are counted on what the recipient gets, footer and links included.

mod book;
mod claims;
mod proof;
mod sentence;
mod trace;
mod words;

use std::collections::BTreeMap;

use serde_json::json;

pub use book::{Book, LANGUAGES, TemplateFault, TemplateFile};
pub use claims::{Claim, UnsupportedClaim};
pub use proof::proof;
pub use sentence::{Kind, Names, Sentence};
pub use trace::Ground;

use self::book::Values;
use self::sentence::is_ours;
use super::sales::{ByHand, Channel, Pitch, Prospect};
use super::sender::Sender;
use super::text::clean;

/// Observations that one pitch names at most; a longer list reads like a reproach.
const CLAIMS_MAX: usize = 4;
/// Characters and words of a business's, a person's or the agency's name in a pitch.
const NAME_MAX: (usize, usize) = (60, 8);
/// Characters and words of a town's name in a pitch.
const CITY_MAX: (usize, usize) = (40, 5);
/// Characters of a text that a person brings; the longest channel holds 200 words.
const TEXT_CHARS_MAX: usize = 4_000;

/// The writer's name in the pitch's row when a template wrote it.
pub const TEMPLATE_WRITER: &str = "template";

/// The parts of a pitch, as sections of a template are named: the subject, then each channel.
pub const PART_NAMES: [&str; 5] = ["subject", "email", "linkedin", "phone", "sms"];

/// Every sentence of every part, with what it rests on.
pub type Trace = BTreeMap<String, Vec<Sentence>>;

/// Why there is no pitch, or no such text.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PitchFault {
    /// Nothing was observed that a pitch could speak of.
    #[error("no observed gap to speak of")]
    NothingToSay,
    /// A text says more than was observed.
    #[error(transparent)]
    Claim(#[from] UnsupportedClaim),
    /// A text is too long for its channel.
    #[error("the {channel} text has {words} words as it goes out, more than {words_max}")]
    TooLong {
        /// Which.
        channel: &'static str,
        /// How many it has, footer and links included.
        words: usize,
        /// How many it may have.
        words_max: usize,
    },
    /// A text is empty.
    #[error("the {0} text is empty")]
    Empty(&'static str),
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateFault),
}

/// Most words of a text on `channel`, as the recipient gets it.
pub const fn words_max(channel: Channel) -> usize {
    match channel {
        Channel::Email => 150,
        Channel::Linkedin => 100,
        Channel::Phone => 200,
        Channel::Sms => 50,
    }
}

/// Everything that writing and checking the pitch of one prospect needs.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The templates.
    pub book: &'a Book,
    /// To whom.
    pub prospect: &'a Prospect,
    /// What may be said of it, the most valuable first.
    pub observed: &'a [Claim],
    /// Who writes.
    pub sender: &'a Sender,
}

/// The values of one pitch, bounded and made safe.
struct Bounded {
    business: String,
    town: String,
    sender: String,
    agency: String,
    booking_url: String,
}

impl Bounded {
    fn names(&self) -> Names<'_> {
        Names {
            business: &self.business,
            town: &self.town,
            sender: &self.sender,
            agency: &self.agency,
            booking_url: &self.booking_url,
        }
    }
}

impl Desk<'_> {
    /// Writes the pitch with the templates of a `variant`. It names fewer observations where all of
    /// them would make a text too long.
    ///
    /// # Errors
    /// When there is nothing to say, or the template is broken, too long or says too much.
    pub fn compose(
        &self,
        campaign: &str,
        variant: &str,
        propensity: f64,
    ) -> Result<Pitch, PitchFault> {
        let most = self.observed.len().min(CLAIMS_MAX);
        let mut written = Err(PitchFault::NothingToSay);
        for n in (1..=most).rev() {
            written = self.written(variant, &self.observed[..n]);
            if !matches!(written, Err(PitchFault::TooLong { .. })) {
                break;
            }
        }
        let (mut texts, trace) = written?;
        let mut take = |part: &str| texts.remove(part).unwrap_or_default();
        Ok(Pitch {
            entity: self.prospect.entity.clone(),
            campaign: campaign.to_owned(),
            variant: variant.to_owned(),
            propensity,
            writer: TEMPLATE_WRITER.to_owned(),
            subject: take("subject"),
            email: take("email"),
            linkedin: take("linkedin"),
            phone: take("phone"),
            sms: take("sms"),
            claims: json!(trace),
            by_hand: ByHand::default(),
        })
    }

    /// Checks a text in anybody's words as the text of a channel, or as the subject of the e-mail
    /// for `None`, and returns it cleaned with its sentences traced.
    ///
    /// # Errors
    /// The first sentence that rests on nothing, or the length.
    pub fn check(
        &self,
        channel: Option<Channel>,
        text: &str,
    ) -> Result<(String, Vec<Sentence>), PitchFault> {
        let part = channel.map_or("subject", Channel::as_column);
        let text = match channel {
            Some(_) => lines_cleaned(text),
            None => clean(text, TEXT_CHARS_MAX),
        };
        if text.is_empty() {
            return Err(PitchFault::Empty(part));
        }
        let bounded = self.bounded();
        let known = self.known(&bounded);
        let ground = Ground {
            language: &self.prospect.language,
            observed: self.observed,
            names: bounded.names(),
            known: &known,
        };
        let traced = in_place(part, ground.trace(&text)?)?;
        if let Some(channel) = channel {
            self.fits(channel, &text)?;
        }
        Ok((text, traced))
    }

    fn written(
        &self,
        variant: &str,
        claims: &[Claim],
    ) -> Result<(BTreeMap<&'static str, String>, Trace), PitchFault> {
        let bounded = self.bounded();
        let ground = Ground {
            language: &self.prospect.language,
            observed: claims,
            names: bounded.names(),
            known: &[],
        };
        let mut texts = BTreeMap::new();
        let mut trace = Trace::new();
        for part in PART_NAMES {
            let pieces = self.pieces(variant, part, claims, &bounded)?;
            let text: String = pieces.iter().map(|(_, text)| text.as_str()).collect();
            let traced = ground
                .trace_pieces(&pieces)
                .and_then(|traced| in_place(part, traced))
                .map_err(|unsupported| self.blamed(variant, part, &unsupported))?;
            trace.insert(part.to_owned(), traced);
            texts.insert(part, tidy(&text));
        }
        for channel in Channel::ALL {
            self.fits(channel, &texts[channel.as_column()])?;
        }
        Ok((texts, trace))
    }

    fn pieces(
        &self,
        variant: &str,
        part: &str,
        claims: &[Claim],
        bounded: &Bounded,
    ) -> Result<Vec<trace::Piece>, TemplateFault> {
        let language = &self.prospect.language;
        let first = claims.first();
        let joined = match claims {
            [one, other, ..] => Claim::joined(one, other, language),
            _ => first.map(|claim| claim.sentence.clone()),
        };
        let values = Values {
            names: bounded.names(),
            claims,
            joined: &joined.unwrap_or_default(),
            on_map: first.is_some_and(Claim::is_of_the_map),
        };
        self.book.render((language, &self.prospect.category, variant), part, &values)
    }

    /// The sentences of all variants as they read for this prospect.
    fn known(&self, bounded: &Bounded) -> Vec<Sentence> {
        let claims = &self.observed[..self.observed.len().min(CLAIMS_MAX)];
        let mut known = Vec::new();
        for variant in self.book.variants(&self.prospect.language, &self.prospect.category) {
            for part in PART_NAMES {
                // A template that cannot be rendered is a matter of writing, not of checking.
                for (kind, text) in self.pieces(variant, part, claims, bounded).unwrap_or_default()
                {
                    known.extend(
                        bounded.names().sentences(&text).into_iter().map(|text| Sentence {
                            text,
                            kind,
                            rests_on: Vec::new(),
                        }),
                    );
                }
            }
        }
        known
    }

    fn bounded(&self) -> Bounded {
        Bounded {
            business: bounded(&self.prospect.name, NAME_MAX),
            town: self
                .prospect
                .city
                .as_deref()
                .map(|city| bounded(city, CITY_MAX))
                .unwrap_or_default(),
            sender: bounded(&self.sender.from_name, NAME_MAX),
            agency: bounded(&self.sender.agency, NAME_MAX),
            booking_url: self.sender.booking_link(&self.prospect.entity),
        }
    }

    /// Counts words as the recipient gets them: everything between two blanks is one, a link too.
    fn fits(&self, channel: Channel, text: &str) -> Result<(), PitchFault> {
        let text = self.as_it_goes_out(channel, text, "https://unsubscribe");
        let (words, words_max) = (text.split_whitespace().count(), words_max(channel));
        if words <= words_max {
            return Ok(());
        }
        Err(PitchFault::TooLong { channel: channel.as_column(), words, words_max })
    }

    /// Returns a text as its recipient gets it: a mail has a footer with a link to end it.
    pub fn as_it_goes_out(&self, channel: Channel, text: &str, unsubscribe_link: &str) -> String {
        match channel {
            Channel::Email => self.sender.letter(text, &self.prospect.language, unsubscribe_link),
            Channel::Linkedin | Channel::Sms | Channel::Phone => text.to_owned(),
        }
    }

    /// Makes a sentence that a template should not say the template's fault.
    fn blamed(&self, variant: &str, part: &str, unsupported: &UnsupportedClaim) -> PitchFault {
        let key = (self.prospect.language.as_str(), self.prospect.category.as_str(), variant);
        let (file, line) = self.book.place_of(key, part).unwrap_or_default();
        PitchFault::Template(TemplateFault {
            file,
            section: Some(part.to_owned()),
            line: Some(line),
            why: unsupported.to_string(),
            hint: "say it as an observation, as what we offer, or leave it out".to_owned(),
        })
    }
}

/// What is said to a caller must not go out as a letter.
fn in_place(part: &str, traced: Vec<Sentence>) -> Result<Vec<Sentence>, UnsupportedClaim> {
    let misplaced = traced
        .iter()
        .find(|sentence| sentence.kind == Kind::Instruction && part != Channel::Phone.as_column());
    match misplaced {
        Some(sentence) => Err(UnsupportedClaim {
            sentence: sentence.text.clone(),
            why: "it speaks to the caller, not to the business".to_owned(),
        }),
        None => Ok(traced),
    }
}

/// Cleans a value from outside and bounds its characters and words.
fn bounded(raw: &str, (chars_max, words_max): (usize, usize)) -> String {
    let line: String = clean(raw, chars_max).chars().filter(|&c| !is_ours(c)).collect();
    line.split_whitespace().take(words_max).collect::<Vec<_>>().join(" ")
}

/// Cleans each line of a text from outside and keeps its line ends.
fn lines_cleaned(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| clean(line, TEXT_CHARS_MAX).chars().filter(|&c| !is_ours(c)).collect())
        .collect();
    tidy(&lines.join("\n"))
}

/// Takes blanks at line ends and blank lines beyond one away.
fn tidy(text: &str) -> String {
    let mut tidied = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    while tidied.contains("\n\n\n") {
        tidied = tidied.replace("\n\n\n", "\n\n");
    }
    tidied.trim().to_owned()
}

#[cfg(test)]
mod tests;
